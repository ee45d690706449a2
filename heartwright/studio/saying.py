"""What the session says of itself: the greeting, the state, the room, and what a late comer has missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartwright import __version__
from heartwright.studio import care, dreaming, instruments
from heartwright.studio.frames import BLOCK, RATE_HZ
from heartwright.studio.people import Person, Role

if TYPE_CHECKING:
    from heartwright.studio.session import Session
    from heartwright.studio.work import GoingWork


def lists() -> dict[str, Any]:
    """Scenarios, critics and contests; to be called in a thread first, for what it imports."""
    from heartwright.studio import telling  # noqa: F401

    care.lists(None)  # this and the line above for what they import
    return dreaming.lists()


def hello(session: Session, role: Role, person: Person | None) -> dict[str, Any]:
    """All that somebody who comes in needs to know."""
    return {
        "type": "hello",
        "role": role,
        "name": person.name if person else "",
        "people": session.people.as_json(),
        "works": session.shelf.as_json(),
        "shelves": session.shelf.boards,
        "focus": session.focus,
        "speed": session.speed,
        "sample_rate": RATE_HZ,
        "block": BLOCK,
        "compiling": session.compiling,
        **session.lists,
        **care.lists(session.work),
        "version": __version__,
    }


def news(session: Session) -> list[dict[str, Any]]:
    """What somebody who comes in late has missed: the figures so far, what was heard and is being heard."""
    out = [instruments.message(session.work, all_of_them=True)] if session.work else []
    out += [session.hearing.message(id) for id in session.hearing.heard]
    out += session.microphones.messages()
    return out + ([session.dreaming.message()] if session.dreaming.play else [])


def state(session: Session) -> dict[str, Any]:
    """What goes out twice a second, and where something changed."""
    work = session.work
    standing = session.gallery.works.get(session.focus)
    return {
        "type": "state",
        "time_s": standing.work.time if standing else work.time if work else session.recorded.time,
        "speed": session.speed,
        "halted": session.halted,
        "focus": session.focus,
        "status": _status(session),
        "advice": _advice(session),
        "room": room(session),
        "arousal": session.dreaming.arousal,
        "throat_open": session.dreaming.throat_open,
        "rehearsing": session.rehearsing.on,
        "dreaming": session.dreaming.on,
        "repairs": care.repairs(work),
        "edits": [done.as_json() for done in work.done] if work else [],
        "people": session.people.as_json(),
        "compiling": session.compiling,
        "shelves": session.gallery.shelves,
        "standing": _standing(session),
    }


def _standing(session: Session) -> dict[str, Any] | None:
    """How it goes with the works on the shelves, and with the sound; None where none stands there."""
    if not session.gallery.works:
        return None
    state = session.gallery.state()
    return state | {"gaps": state["gaps"] + session.mixing.left_out}


def _status(session: Session) -> str:
    """How it stands with the work in focus."""
    work, standing = session.work, session.gallery.works.get(session.focus)
    if standing is not None:
        return standing.status
    if work is None:
        return "recorded"
    return "failed" if work.failed else work.live.status


def _advice(session: Session) -> str:
    """What to do where the work in focus does not go."""
    work, standing = session.work, session.gallery.works.get(session.focus)
    if standing is not None:
        return standing.failed or standing.work.advice
    return work.failed or work.live.advice if work else ""


def lately(session: Session) -> dict[str, Any]:
    """What the state carries only where it changed."""
    if not session.works_changed:
        return {}
    session.works_changed = False
    work = session.work
    sliders = care.sliders(work.live.design, work.before) if work else {}
    return {"works": session.shelf.as_json(), "sliders": sliders}


def light(session: Session) -> float:
    """Light follows energy; in a dream it is also the scenario's."""
    play = session.dreaming.play
    if play is not None and session.dreaming.on:
        return float(play.room["light"])
    work = _by_the_lamp(session)
    return instruments.light(work) if work else 1.0


def room(session: Session) -> dict[str, Any]:
    """Tilt, temperature, wind, light and discord."""
    work = _by_the_lamp(session)
    live = work.live if work else None
    return {
        "tilt_deg": live.tilt_deg if live else 0.0,
        "temperature_c": live.temperature_c if live else 23.0,
        "wind": live.wind if live else 1.0,
        "light": light(session),
        "discord": session.discord,
    }


def _by_the_lamp(session: Session) -> GoingWork | None:
    """The movement that the room's air is told of: the one in focus, else the one on the stand."""
    return session.work or session.shelf.going.get(0)


def contacts(piece: Any) -> list[list[Any]]:
    """Rows of time, pair, tooth, impulse."""
    i = piece.impacts
    return [
        [round(float(t), 6), piece.pairs[int(p)], int(k), float(f"{j:.4g}")]
        for t, p, k, j in zip(i.time_s, i.pair, i.tooth, i.impulse_ns, strict=True)
    ]
