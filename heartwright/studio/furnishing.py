"""Furnishing: what a plan of a room puts on the bench and on the shelves, built one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from heartwright.studio.gallery import SPARE, SPARE_M, SPARE_PLACE
from heartwright.studio.standing import Label, StandingWork

if TYPE_CHECKING:
    from heartwright.design import Design
    from heartwright.design.room import RoomPlan, Standing


@dataclass(frozen=True, slots=True)
class Movement:
    """A design that runs on the bench or on a wall; `seed` None: the session's own."""

    design: str
    title: str = ""
    seed: int | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    label: Label | None = None

    def load(self) -> Design:
        """The design, with the plan's changes. Raises DesignError."""
        from heartwright.design import Design

        design = Design.load(self.design)
        if self.changes:
            from heartwright.works.room import changed

            design = changed(design, self.changes)
        return design


def movements(plan: RoomPlan) -> tuple[Movement, ...]:
    """What of the plan stands on the bench, the session's own: its heart."""
    of = [w for w in plan.works if _on_the_bench(w)]
    return tuple(Movement(w.design or "", w.name, w.seed, dict(w.changes), _label(w)) for w in of)


def shelves(plan: RoomPlan | None) -> list[dict[str, Any]]:
    """The shelves as the page draws them: name, length and the middle's place to the right of the room's [m], and the
    kinds that stand on each."""
    out = [
        {
            "name": s.name,
            "length_m": s.length,
            "x_m": s.place[0] + 0.5 * s.length,
            "kinds": [w.kind for w in standing(plan) if w.shelf == s.name],
        }
        for s in (plan.shelves if plan else ())
    ]
    return [*out, {"name": SPARE, "length_m": SPARE_M, "x_m": SPARE_PLACE[0] + 0.5 * SPARE_M, "kinds": []}]


def standing(plan: RoomPlan | None) -> tuple[Standing, ...]:
    """What of the plan stands on shelves."""
    kinds = ("clockwork", "gyroscope", "galaxy", "web")
    return tuple(w for w in plan.works if w.kind in kinds and not _on_the_bench(w)) if plan else ()


def _on_the_bench(declared: Standing) -> bool:
    return declared.kind == "clockwork" and declared.design == "heart"


def build(plan: RoomPlan, declared: Standing, id: int) -> StandingWork:
    """Build a work of the plan. Raises ValueError for what it cannot be made from."""
    from heartwright.works.room import make

    work = make(plan, declared)  # what it is made of is imported here, in a thread
    return StandingWork(id, work, declared.name, _label(declared), shelf=declared.shelf, along=declared.along)


def _label(declared: Standing) -> Label:
    return Label(declared.author or "heartwright", declared.date, declared.intent, declared.weakness)


def in_turn(plan: RoomPlan, first: int) -> Iterator[tuple[int, Standing]]:
    """What stands on shelves with its ids, one of each kind before the rest: there is soon something of everything."""
    declared = standing(plan)
    seen: set[str] = set()
    first_of: list[tuple[int, Standing]] = []
    rest: list[tuple[int, Standing]] = []
    for at, work in enumerate(declared):
        (rest if work.kind in seen else first_of).append((first + at, work))
        seen.add(work.kind)
    yield from first_of
    yield from rest
