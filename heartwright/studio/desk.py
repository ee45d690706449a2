"""The desk: what each command does to the session. Who may ask for it stands in `people.RIGHTS`."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from heartwright.studio import care
from heartwright.studio import messages as m
from heartwright.studio.microphone import Told
from heartwright.studio.people import NAME_MOST, RIGHTS, Person, clean_text

if TYPE_CHECKING:
    from heartwright.studio.session import Session


class Refused(ValueError):
    """A command that is understood and not done: why, and what would be allowed."""

    def __init__(self, reason: str, allowed: str | list[str] | None = None) -> None:
        super().__init__(reason)
        self.allowed = allowed


_LOG = logging.getLogger("heartwright")
_NOT_DREAMT = ("slider", "fault", "repair", "undo", "nudge", "place", "verdict")
Answer = dict[str, Any] | None
Doer = Callable[["Session", Person, Any], Awaitable[Answer]]


async def do(session: Session, person: Person, command: m.AnyCommand) -> dict[str, Any]:
    """Do a command; the answer carries its id. Refusals are answers too."""
    try:
        if not person.may(command.do):
            who: list[str] = [role for role, rights in RIGHTS.items() if command.do in rights]
            raise Refused(f"{person.role}s may not {command.do} here", who)
        if command.do in _NOT_DREAMT:
            session.dreaming.refuse_here(command.do)
        answer = await DOERS[type(command)](session, person, command)
    except Refused as why:
        return _refused(command, str(why), why.allowed)
    except ValueError as why:  # an edit that does not fit, a name that is not known, a value out of its range
        return _refused(command, str(why), None)
    except Exception as why:  # a fault of ours: it is told and written down, and the line stays
        _LOG.exception("%s went wrong", command.do)
        return _refused(command, f"this went wrong inside the bench: {why}", None)
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
    session.beat_until = work.time + 1.0 / work.live.design.beat_hz
    session.halted = False
    session.changed()
    return {"until_s": session.beat_until}


async def _focus(session: Session, person: Person, command: m.Focus) -> Answer:
    if not session.shelf.has(command.work):
        raise Refused(f"there is no work {command.work} in the room", [str(i) for i in session.shelf.ids()])
    session.focus_on(command.work)
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


async def _slider(session: Session, person: Person, command: m.Slider) -> Answer:
    values = {name: value for name in care.SLIDERS if (value := getattr(command, name)) is not None}
    if not values:
        raise Refused("no slider was moved", list(care.SLIDERS))
    return _did(session, care.slide(work_of(session), values))


async def _fault(session: Session, person: Person, command: m.Fault) -> Answer:
    return _did(session, care.fault(work_of(session), command.name, command.severity))


async def _repair(session: Session, person: Person, command: m.Repair) -> Answer:
    return _did(session, care.repair(work_of(session), command.name))


async def _undo(session: Session, person: Person, command: m.Undo) -> Answer:
    done = work_of(session).undo()
    if done is None:
        raise Refused("nothing was done to it yet")
    return _did(session, done)


async def _nudge(session: Session, person: Person, command: m.Nudge) -> Answer:
    """Start the work in focus by hand, from its healthy swing."""
    work = work_of(session)
    work.live.nudge(math.degrees(work.healthy_rad) or 60.0)
    work.since_s = work.live.time
    session.changed()
    return {"time_s": work.time}


def _did(session: Session, done: Any) -> Answer:
    """What changed the work in focus: it is shown with the next frame and listened to once there is enough of it."""
    session.changed()
    session.hearing.want(session.focus)
    return {"text": done.text, "time_s": work_of(session).time, "edits": [str(edit) for edit in done.edits]}


async def _verdict(session: Session, person: Person, command: m.Verdict) -> Answer:
    """Listen to a going work, or say again what was heard of a recording."""
    id = session.focus if command.work is None else command.work
    if id in session.shelf.recordings:
        if id not in session.hearing.heard:
            raise Refused("it is still being listened to, or could not be")
        session.send(session.hearing.message(id))
    elif id in session.shelf.going:
        session.hearing.want(id)
    else:
        raise Refused(f"there is no work {id} that can be listened to", [str(i) for i in session.shelf.ids()])
    return None


async def _blind(session: Session, person: Person, command: m.Blind) -> Answer:
    """Keep a judgement that was written before the verdict."""
    text = clean_text(command.text, m.TEXT_MOST)
    if not text:
        raise Refused("nothing was written")
    session.hearing.write_blind(session.focus, f"{person.name}: {text}")
    return {"work": session.focus}


async def _touch(session: Session, person: Person, command: m.Touch) -> Answer:
    """Touch the work in focus with the hand as it is."""
    session.dreaming.allow("touch")
    work, hand = work_of(session), session.dreaming.hand(command.support, command.magnification)
    told, done = care.touch(work, command.name, command.amount, hand, session.next_seed())
    session.dreaming.touched(done, hand)
    session.send(told)
    session.changed()
    if not session.dreaming.on:
        session.hearing.want(session.focus)
    return {"text": told["text"], "slip": told["slip"], "force_n": told["force_n"]}


async def _rehearse(session: Session, person: Person, command: m.Rehearse) -> Answer:
    """Try a touch on copies; the room stands still meanwhile."""
    session.dreaming.allow("rehearse")
    work, hand = work_of(session), session.dreaming.hand(command.support, command.magnification)
    seed = session.next_seed() if command.seed is None else command.seed
    session.rehearsing.begin(work, command.name, command.amount, hand, trials=command.trials, seed=seed)
    return {"trials": command.trials}


async def _contest(session: Session, person: Person, command: m.Contest) -> Answer:
    """A counter-claim, tested against what was heard."""
    ruling = session.dreaming.contest(command.claim)
    told = {"answer": ruling.sentence, "text": ruling.sentence, "ruling": ruling.ruling, "figures": ruling.figures}
    upheld = {"upheld": True, "sustained": False}.get(ruling.ruling)
    session.send({"type": "contested", "work": session.focus, "claim": ruling.claim, "upheld": upheld, **told})
    return told


async def _breathe(session: Session, person: Person, command: m.Breathe) -> Answer:
    session.dreaming.breathe()
    return None


async def _dream(session: Session, person: Person, command: m.Dream) -> Answer:
    """Begin a dream; one that is under way is left."""
    if session.work is None:
        raise Refused("the engine is still starting: wait until the heart runs")
    if session.rehearsing.on:
        raise Refused("a rehearsal is under way; cancel it first")
    await session.dreaming.begin(command.scenario, command.seed, command.critic or None)
    return None


async def _act(session: Session, person: Person, command: m.Act) -> Answer:
    session.dreaming.act(command.name, command.more)
    session.changed()
    return None


def _told_of(command: m.Listen | m.ToldOfIt) -> Told:
    about = clean_text(command.movement, 64)
    return Told(command.bph, command.movement_bph, tuple(command.lifts_deg), about, command.clock_ppm)


async def _listen(session: Session, person: Person, command: m.Listen) -> Answer:
    """Open a microphone; the ticket is for the line that carries its sound."""
    told = _told_of(command)
    mic = session.microphones.begin(person, command.rate_hz, told, command.device, tuple(command.processing))
    return {"mic": mic.id, "ticket": mic.ticket}


async def _told(session: Session, person: Person, command: m.ToldOfIt) -> Answer:
    """What is known of the watch under a microphone, or was put right."""
    session.microphones.numbered(command.mic).told = _told_of(command)
    return None


async def _enough(session: Session, person: Person, command: m.Enough) -> Answer:
    """Close a microphone; a take that is kept becomes a work on the shelf."""
    mic = session.microphones.numbered(command.mic)
    words = {"name": command.name, "intent": command.intent}
    work = await session.microphones.end(mic, keep=command.keep, words={k: v for k, v in words.items() if v})
    return {"work": work, "take_s": mic.take_s}


async def _deed(session: Session, person: Person, command: m.Do) -> Answer:
    """Do something to a standing work; what came of it, in its own words."""
    id = session.focus if command.work is None else command.work
    work = session.gallery.works.get(id)
    if work is None:
        others = [str(i) for i in session.gallery.works]
        raise Refused(f"work {id} takes no deeds: it stands on no shelf", others or None)
    said = await asyncio.wrap_future(session.gallery.ask(lambda: work.do(command.name, dict(command.amounts))))
    session.changed(works=True)
    return {"text": said, "work": id, "time_s": work.work.time}


async def _cancel(session: Session, person: Person, command: m.Cancel) -> Answer:
    if not session.rehearsing.on:
        raise Refused("no rehearsal is under way")
    session.rehearsing.stop.set()
    return None


DOERS: dict[type, Doer] = {
    m.Speed: _speed,
    m.Halt: _halt,
    m.Go: _go,
    m.Beat: _beat,
    m.Focus: _focus,
    m.Place: _place,
    m.Slider: _slider,
    m.Fault: _fault,
    m.Repair: _repair,
    m.Undo: _undo,
    m.Nudge: _nudge,
    m.Verdict: _verdict,
    m.Blind: _blind,
    m.Touch: _touch,
    m.Rehearse: _rehearse,
    m.Cancel: _cancel,
    m.SetName: _name,
    m.Invite: _invite,
    m.Contest: _contest,
    m.Breathe: _breathe,
    m.Dream: _dream,
    m.Act: _act,
    m.Listen: _listen,
    m.ToldOfIt: _told,
    m.Enough: _enough,
    m.Do: _deed,
}
