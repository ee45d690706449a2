"""Files that are dropped: refused by size before they are read, and read whole before they become a work."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request

from heartwright.studio import dropped
from heartwright.studio.aside import aside
from heartwright.studio.listening import Heard, check_file, hear_file
from heartwright.studio.people import clean_text
from heartwright.studio.standing import Label, StandingWork

if TYPE_CHECKING:
    from heartwright.design import Design
    from heartwright.studio.session import Session
    from heartwright.studio.work import GoingWork

LARGEST = 100 * 2**20  # bytes
WORDS_MOST = 200
LET_PASS, LET_PASS_S = 4 * LARGEST, 20.0  # of a refused body
_NUMBERS = itertools.count(1)
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")


class TooLarge(ValueError):
    """More bytes than are taken."""


@dataclass(slots=True)
class RecordedWork:
    """A recording on the shelf, with what its maker says of it."""

    id: int
    path: Path
    title: str
    author: str
    date: str
    intent: str
    weakness: str
    seconds: float
    notes: tuple[str, ...] = ()
    status: str = "being heard"

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": "recording",
            "design": "",
            "title": self.title,
            "live": False,
            "movement_kind": "",
            "rotors": [],
            "extras": [],
            "lift_deg": None,
            "nominal_bph": None,
            "author": self.author,
            "date": self.date,
            "intent": self.intent,
            "weakness": self.weakness,
            "status": self.status,
            "duration_s": self.seconds,
            "notes": list(self.notes),
        }


def refused_size(length: str | None) -> str:
    """Why a body of this declared length is refused before a byte of it is read; empty where it is not."""
    if length is None:
        return ""
    if not length.isdigit():
        return f"a length of {length[:20]!r} bytes cannot be"
    if int(length) > LARGEST:
        mega = 2**20
        return (
            f"{int(length) / mega:.0f} MB: up to {LARGEST / mega:.0f} MB are taken. A minute of sound is enough; "
            "cut it, or save it as FLAC"
        )
    return ""


async def let_pass(request: Request) -> None:
    """Throw away what comes of a refused body, kept nowhere, so that the refusal can be read at the other end."""
    passed = 0
    with contextlib.suppress(ClientDisconnect, TimeoutError):
        async with asyncio.timeout(LET_PASS_S):
            async for chunk in request.stream():
                passed += len(chunk)
                if passed > LET_PASS:
                    return


async def receive(request: Request, folder: Path, name: str) -> Path:
    """The body in a file. Raises TooLarge as soon as there is too much of it, ClientDisconnect where it breaks off."""
    found = _SUFFIX.search(name)
    path = folder / f"upload-{next(_NUMBERS)}{found[0].lower() if found else ''}"
    size = 0
    try:
        with path.open("wb") as file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > LARGEST:
                    raise TooLarge(refused_size(str(size)))
                file.write(chunk)
    except (TooLarge, ClientDisconnect):
        path.unlink(missing_ok=True)
        raise
    return path


async def put(session: Session, path: Path, words: dict[str, str]) -> dict[str, Any]:
    """A checked file becomes a work on the shelf; what it is. Raises ValueError with what is wrong with it.

    A recording is listened to; a graph, a snapshot or measures stand and go; a design runs.
    """
    kind = await asyncio.to_thread(dropped.kind_of, path)
    try:
        if kind == "recording":
            seconds, notes = await asyncio.to_thread(check_file, path)
            work = shelve(session, path, words, seconds, notes)
            return {"work": work.id, "kind": kind, "title": work.title, "duration_s": seconds, "notes": list(notes)}
        return await _standing(session, path, kind, words)
    except ValueError as why:
        path.unlink(missing_ok=True)
        told = _clean(words)["name"] or "the file"
        raise ValueError(str(why).replace(str(path), told).replace(path.name, told)) from None


async def _standing(session: Session, path: Path, kind: str, words: dict[str, str]) -> dict[str, Any]:
    """A file that describes a work becomes that work."""
    told = _clean(words)
    title = _SUFFIX.sub("", told["name"]) or "what was dropped"
    label = Label(told["author"], told["date"], told["intent"], told["weakness"])
    design = await asyncio.to_thread(dropped.design_of, path) if kind == "toml" else None
    seed = session.next_seed()
    if design is not None:
        going = await aside(_going, session.shelf.new_id(), design, seed)
        going.title, going.label = design.title or title, label
        going.at_speed(session.speed)
        session.shelf.going[going.id] = going
        session.changed(works=True)
        return {"work": going.id, "kind": "design", "title": going.title, "notes": []}
    work, notes = await aside(functools.partial(dropped.work_of, path, kind, title, seed=seed))
    standing = StandingWork(session.shelf.new_id(), work, title, label, notes=notes)
    await asyncio.wrap_future(session.gallery.put(standing))
    session.changed(works=True)
    return {"work": standing.id, "kind": work.kind, "title": title, "notes": list(notes)}


def _going(id: int, design: Design, seed: int) -> GoingWork:
    from heartwright.studio.work import GoingWork

    return GoingWork.start(id, design, seed=seed)


def shelve(session: Session, path: Path, words: dict[str, str], seconds: float, notes: tuple[str, ...]) -> RecordedWork:
    """A file that can be read becomes a work on the shelf and is listened to. Raises ValueError for full shelves."""
    told = _clean(words)
    title = _SUFFIX.sub("", told["name"]) or "a recording"
    about = (told["author"], told["date"], told["intent"], told["weakness"])
    work = RecordedWork(session.shelf.new_id(), path, title, *about, seconds, notes)
    session.shelf.recordings[work.id] = work
    session.changed(works=True)
    session.hearing.start(listen(session, work, words), work.id)
    return work


async def listen(session: Session, work: RecordedWork, words: dict[str, str]) -> None:
    """Listen to a recording and tell what was heard."""
    session.send({"type": "heard", "work": work.id, "what": f"listening to {work.title}", "share": None})
    known = [_number(words.get(key), low, high) for key, low, high in (("bph", 1800, 72000), ("lift_deg", 10, 90))]
    try:
        found: Heard = await session.hearing.ear.ask(hear_file, work.path, work.title, *known)
    except Exception:
        work.status = "not heard"
        raise
    work.status = found.reading.status
    found = replace(found, notes=tuple(dict.fromkeys((*work.notes, *found.notes))))
    session.changed(works=True)
    session.hearing.keep(work.id, found)


def _clean(words: dict[str, str]) -> dict[str, str]:
    """What was written of a recording, as single lines."""
    return {key: clean_text(words.get(key, ""), WORDS_MOST) for key in ("name", "author", "date", "intent", "weakness")}


def _number(text: str | None, low: float, high: float) -> float | None:
    """A number within bounds that a person typed, else None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if low <= value <= high else None
