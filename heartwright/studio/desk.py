"""The desk: what each command does to the session. Who may ask for it stands in `people.RIGHTS`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from heartwright.edit import EditError
from heartwright.studio import messages as m
from heartwright.studio.people import NAME_MOST, RIGHTS, Person, clean_text

if TYPE_CHECKING:
    from heartwright.studio.session import Session


class Refused(ValueError):
    """A command that is understood and not done: why, and what would be allowed."""

    def __init__(self, reason: str, allowed: str | list[str] | None = None) -> None:
        super().__init__(reason)
        self.allowed = allowed


Answer = dict[str, Any] | None
Doer = Callable[["Session", Person, Any], Awaitable[Answer]]


async def do(session: Session, person: Person, command: m.AnyCommand) -> dict[str, Any]:
    """Do a command; the answer carries its id. Refusals are answers too."""
    try:
        if not person.may(command.do):
            who = [role for role, rights in RIGHTS.items() if command.do in rights]
            raise Refused(f"{person.role}s may not {command.do} here", who)
        answer = await DOERS[type(command)](session, person, command)
    except Refused as why:
        return _refused(command, str(why), why.allowed)
    except EditError as why:
        return _refused(command, str(why), None)
    return {"type": "done", "id": command.id, "of": command.do} | (answer or {})


def _refused(command: m.AnyCommand, reason: str, allowed: object) -> dict[str, Any]:
    return {"type": "refused", "id": command.id, "of": command.do, "reason": reason, "allowed": allowed}


def work_of(session: Session) -> Any:
    """The going work in focus. Raises Refused while there is none."""
    work = session.work
    if work is None:
        raise Refused("what is in focus does not run here: it is a recording, or its engine is still starting")
    return work


async def _speed(session: Session, person: Person, command: m.Speed) -> Answer:
    session.speed = command.value
    for work in session.going:
        work.at_speed(command.value)
    session.changed()
    return None


async def _halt(session: Session, person: Person, command: m.Halt) -> Answer:
    session.halted, session.beat_until = True, None
    session.changed()
    return None


async def _go(session: Session, person: Person, command: m.Go) -> Answer:
    session.halted, session.beat_until = False, None
    session.changed()
    return None


async def _beat(session: Session, person: Person, command: m.Beat) -> Answer:
    """One beat of the work in focus, then halt."""
    work = work_of(session)
    session.beat_until = work.live.time + 1.0 / work.live.design.beat_hz
    session.halted = False
    session.changed()
    return {"until_s": session.beat_until}


async def _focus(session: Session, person: Person, command: m.Focus) -> Answer:
    if not session.shelf.has(command.work):
        raise Refused(f"there is no work {command.work} in the room", [str(i) for i in session.shelf.ids()])
    session.focus = command.work
    session.changed()
    return None


async def _place(session: Session, person: Person, command: m.Place) -> Answer:
    """Tilt, temperature and wind of the room: every work feels them."""
    session.place(tilt_deg=command.tilt_deg, temperature_c=command.temperature_c, wind=command.wind)
    return None


async def _name(session: Session, person: Person, command: m.SetName) -> Answer:
    person.name = clean_text(command.name, NAME_MOST) or person.name
    session.changed()
    return {"name": person.name}


async def _invite(session: Session, person: Person, command: m.Invite) -> Answer:
    try:
        token = session.people.invite(command.role)
    except ValueError as why:
        raise Refused(str(why)) from None
    return {"type": "invite", "role": command.role, "url": f"{session.address}/?token={token}"}


async def _not_yet(session: Session, person: Person, command: Any) -> Answer:
    raise Refused("this bench does not have it yet")


DOERS: dict[type, Doer] = {
    m.Speed: _speed,
    m.Halt: _halt,
    m.Go: _go,
    m.Beat: _beat,
    m.Focus: _focus,
    m.Place: _place,
    m.SetName: _name,
    m.Invite: _invite,
} | {
    kind: _not_yet
    for kind in (m.Slider, m.Fault, m.Repair, m.Undo, m.Nudge, m.Verdict, m.Blind, m.Contest, m.Touch, m.Rehearse, m.Cancel,
                 m.Breathe, m.Dream, m.Act)
}  # fmt: skip
