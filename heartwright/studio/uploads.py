"""Recordings that are dropped: refused by size before they are read, checked by the decoder before they are kept."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request

from heartwright.studio.listening import Heard, check_file, hear_file
from heartwright.studio.people import clean_text

if TYPE_CHECKING:
    from heartwright.studio.session import Session

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


async def put(session: Session, path: Path, words: dict[str, str]) -> RecordedWork:
    """A checked file becomes a work on the shelf and is listened to. Raises ValueError with what is wrong with it."""
    try:
        seconds, notes = await asyncio.to_thread(check_file, path)
    except ValueError as why:
        path.unlink(missing_ok=True)
        raise ValueError(str(why).replace(path.name, _clean(words)["name"] or "the file")) from None
    return shelve(session, path, words, seconds, notes)


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
