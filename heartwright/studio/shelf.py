"""The works of the room: the going designs, the heart first, what stands on shelves, and the recordings dropped."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartwright.design import Design
from heartwright.design.model import bundled
from heartwright.studio.aside import aside
from heartwright.studio.furnishing import Movement, build, in_turn, movements, shelves, standing
from heartwright.studio.standing import Label, StandingWork
from heartwright.studio.uploads import RecordedWork

if TYPE_CHECKING:
    from heartwright.design.room import RoomPlan
    from heartwright.studio.work import GoingWork

ON_THE_STAND = "heart"
LEFT_OUT = ("heart-of-the-dream",)  # it has its own door
WORKS_MOST = 64


class Shelf:
    """Works by id; 0 is the one on the stand."""

    def __init__(self, *, seed: int = 1, designs: tuple[str, ...] | None = None, plan: RoomPlan | None = None) -> None:
        self.plan = plan
        self.movements = tuple(Movement(name) for name in _designs(designs)) if designs else ()
        self.movements = self.movements or (movements(plan) if plan else ())
        self.movements = self.movements or tuple(Movement(name) for name in _designs(None))
        self.seed = seed
        self.going: dict[int, GoingWork] = {}
        self.standing: dict[int, StandingWork] = {}
        self.recordings: dict[int, RecordedWork] = {}
        self.first_standing = len(self.movements)
        self._next = self.first_standing + len(standing(plan))
        self.boards = shelves(plan)

    async def open(self) -> AsyncIterator[GoingWork]:
        """Start the movements one after the other, each in a thread."""
        for id, movement in enumerate(self.movements):
            seed = self.seed + id if movement.seed is None else movement.seed + self.seed - 1
            work = await aside(_start, id, movement, seed)
            self.going[id] = work
            yield work

    async def furnish(self) -> AsyncIterator[StandingWork | str]:
        """Build what the plan puts on shelves, each in a thread; a work that cannot be made is told by its reason."""
        if self.plan is None:
            return
        for id, declared in in_turn(self.plan, self.first_standing):
            try:
                yield await aside(build, self.plan, declared, id)
            except Exception as why:
                yield f"{declared.name} could not be made: {why}"

    def new_id(self) -> int:
        """An id for another work. Raises ValueError where the shelves are full."""
        if len(self.going) + len(self.recordings) + len(self.standing) >= WORKS_MOST:
            raise ValueError(f"the shelves hold {WORKS_MOST} works, and that is the most; start the studio anew")
        self._next += 1
        return self._next - 1

    def design_name(self, id: int) -> str | None:
        """The name of the design that a work is of."""
        if id in self.going:
            return self.going[id].before.name
        return self.movements[id].design if 0 <= id < len(self.movements) else None

    def ids(self) -> list[int]:
        return [*self.going, *self.standing, *self.recordings]

    def has(self, id: int) -> bool:
        return id in self.going or id in self.standing or id in self.recordings

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
        """All works, also movements that are still to come."""
        out = [
            self.going[id].as_json() if id in self.going else _to_come(id, movement)
            for id, movement in enumerate(self.movements)
        ]
        out += [work.as_json() for id, work in self.going.items() if id >= len(self.movements)]
        out += [work.as_json() for _, work in sorted(self.standing.items())]
        return out + [work.as_json() for work in self.recordings.values()]


def _designs(names: tuple[str, ...] | None) -> tuple[str, ...]:
    """The designs of a bench without a plan: the heart and all that are bundled, but for those that have a door."""
    if names is not None:
        return names
    return (ON_THE_STAND, *(name for name in bundled() if name != ON_THE_STAND and name not in LEFT_OUT))


def _start(id: int, movement: Movement, seed: int) -> GoingWork:
    """Build a work; the engine is imported here, in the thread, not before the server answers."""
    from heartwright.studio.work import GoingWork

    work = GoingWork.start(id, movement.load(), seed=seed)
    work.title, work.label = movement.title or work.title, movement.label or work.label
    return work


def _to_come(id: int, movement: Movement) -> dict[str, Any]:
    """A design whose engine is not there yet, from its file alone."""
    design = Design.load(movement.design)
    lever = design.escapement.type == "swiss-lever"
    return {
        "id": id,
        "kind": "design",
        "design": movement.design,
        "title": movement.title or design.title or movement.design,
        "live": False,
        "movement_kind": design.kind,
        "rotors": ["escape wheel", "fork", "balance"] if lever else ["escape wheel", "pendulum"],
        "extras": [],
        "lift_deg": design.lift_deg,
        "nominal_bph": design.nominal_bph,
        **(movement.label or Label("heartwright", intent=design.notes)).as_json(),
        "status": "starting",
    }
