"""Where everything that sounds in the live room stands, and how loud it is: the voices of the hall.

Keys are a work's id as text, and "shelf NAME" for what creaks in a shelf. A movement of the plan stands where the plan
has it; what comes without a plan stands where the page draws it: the first on the stand, watches to its right and left,
clocks on the wall. A movement's samples are those of the microphone that lies under it; `works.clockwork` says how many
pascals its tick is 1 m away. To a watch one bends down: in focus it is heard as from 10 cm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartwright.sound.mix import TICK_LEVEL
from heartwright.studio.gallery import SPARE, SPARE_M, SPARE_PLACE
from heartwright.studio.hall import Voice
from heartwright.work import Vector
from heartwright.works.clockwork import TICK_PA, WATCH_TICK_PA

if TYPE_CHECKING:
    from heartwright.design.room import RoomPlan
    from heartwright.studio.standing import StandingWork

STAND: Vector = (0.0, 0.95, 0.0)
BENCH: tuple[Vector, ...] = tuple((x, 0.95, -0.1) for x in (0.4, -0.35, 0.6, -0.6, 0.35, 0.75, -0.75, 0.75))
WALL: tuple[Vector, ...] = ((1.6, 1.6, -1.6), (-1.7, 1.6, -1.8), (0.8, 1.7, -2.6), (-0.8, 1.7, -2.6))
BENT_DOWN = 10.0  # from 1 m to 10 cm


def of_movement(plan: RoomPlan | None, title: str, kind: str, nth: int) -> Voice:
    """The voice of a movement of the session's own: the first of all (`nth` -1), or the nth clock or watch."""
    pascals = TICK_PA.get(kind, WATCH_TICK_PA) / TICK_LEVEL
    near = 1.0 if kind in TICK_PA else BENT_DOWN
    planned = next((w for w in plan.works if w.name == title), None) if plan else None
    if planned is not None and plan is not None:
        desk = _desk(plan, planned.shelf)
        return Voice(plan.place_of(planned.name), pascals=pascals, desk=desk, near=near * desk**0.5)
    spots = WALL if kind == "pendulum" else BENCH
    place = STAND if nth < 0 else spots[nth % len(spots)]
    return Voice(place, pascals=pascals, near=near)


def of_standing(plan: RoomPlan | None, work: StandingWork) -> tuple[Voice, Vector]:
    """The voice of a work on a shelf, and the middle of the shelf."""
    (x, y, z), middle = _shelf(plan, work.shelf)
    desk = _desk(plan, work.shelf)
    return Voice((x + work.along, y, z), work.shelf, desk=desk, near=desk**0.5), middle


def of_shelf(plan: RoomPlan | None, shelf: str) -> tuple[Voice, Vector]:
    """The voice of a shelf that creaks, from its middle; the desk leaves it as it is."""
    _, middle = _shelf(plan, shelf)
    return Voice(middle, shelf), middle


def _shelf(plan: RoomPlan | None, name: str) -> tuple[Vector, Vector]:
    """Left end and middle of a shelf's top."""
    if plan is None or name == SPARE:
        (x, y, z), length = SPARE_PLACE, SPARE_M
    else:
        (x, y, z), length = plan.shelf(name).place, plan.shelf(name).length
    return (x, y, z), (x + 0.5 * length, y, z)


def _desk(plan: RoomPlan | None, shelf: str) -> float:
    """What the mixing desk makes of what stands on a shelf."""
    return 10.0 ** (plan.shelf(shelf).mix_db / 20.0) if plan is not None and shelf != SPARE else 1.0
