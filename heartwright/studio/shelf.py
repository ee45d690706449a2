"""The works of the room: the going designs, the heart first, and the recordings that were dropped."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartwright.design import Design
from heartwright.design.model import bundled
from heartwright.studio.aside import aside
from heartwright.studio.uploads import RecordedWork

if TYPE_CHECKING:
    from heartwright.studio.work import GoingWork

ON_THE_STAND = "heart"
LEFT_OUT = ("heart-of-the-dream",)  # it has its own door
WORKS_MOST = 40


class Shelf:
    """Works by id; 0 is the one on the stand."""

    def __init__(self, *, seed: int = 1, designs: tuple[str, ...] | None = None) -> None:
        others = tuple(name for name in bundled() if name != ON_THE_STAND and name not in LEFT_OUT)
        self.names = (ON_THE_STAND, *others) if designs is None else designs
        self.seed = seed
        self.going: dict[int, GoingWork] = {}
        self.recordings: dict[int, RecordedWork] = {}
        self._next = len(self.names)

    async def open(self) -> AsyncIterator[GoingWork]:
        """Start the works one after the other, each in a thread."""
        for id, name in enumerate(self.names):
            work = await aside(_start, id, name, self.seed + id)
            self.going[id] = work
            yield work

    def new_id(self) -> int:
        """An id for another work. Raises ValueError where the shelves are full."""
        if len(self.going) + len(self.recordings) >= WORKS_MOST:
            raise ValueError(f"the shelves hold {WORKS_MOST} works, and that is the most; start the studio anew")
        self._next += 1
        return self._next - 1

    def design_name(self, id: int) -> str | None:
        """The name of the design that a work is of."""
        if id in self.going:
            return self.going[id].before.name
        return self.names[id] if 0 <= id < len(self.names) else None

    def ids(self) -> list[int]:
        return [*self.going, *self.recordings]

    def has(self, id: int) -> bool:
        return id in self.going or id in self.recordings

    def why_recorded(self) -> str:
        """What to say while the recorded heart plays."""
        cache = Path(os.environ.get("NUMBA_CACHE_DIR", ""))
        if cache.is_dir() and any(cache.rglob("*.nbc")):
            return "The engine is starting. Until then you see and hear a recording of the heart."
        return (
            "The engine is being compiled for this machine: once, about a minute. Until then you see and hear a "
            "recording of the heart."
        )

    def as_json(self) -> list[dict[str, Any]]:
        """All works, also those that are still to come."""
        out = [
            self.going[id].as_json() if id in self.going else _to_come(id, name) for id, name in enumerate(self.names)
        ]
        out += [work.as_json() for id, work in self.going.items() if id >= len(self.names)]
        return out + [work.as_json() for work in self.recordings.values()]


def _start(id: int, name: str, seed: int) -> GoingWork:
    """Build a work; the engine is imported here, in the thread, not before the server answers."""
    from heartwright.studio.work import GoingWork

    return GoingWork.start(id, Design.load(name), seed=seed)


def _to_come(id: int, name: str) -> dict[str, Any]:
    """A design whose engine is not there yet, from its file alone."""
    design = Design.load(name)
    lever = design.escapement.type == "swiss-lever"
    return {
        "id": id,
        "kind": "design",
        "design": name,
        "title": design.title or name,
        "live": False,
        "movement_kind": design.kind,
        "rotors": ["escape wheel", "fork", "balance"] if lever else ["escape wheel", "pendulum"],
        "extras": [],
        "lift_deg": design.lift_deg,
        "nominal_bph": design.nominal_bph,
        "author": "heartwright",
        "date": "",
        "intent": design.notes,
        "weakness": "",
        "status": "starting",
    }
