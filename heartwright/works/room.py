"""From the plan of a room to the room: every work made by its kind, standing on one support.

room = build(RoomPlan.load("workshop"))
room.advance(10.0)
print(room.ledger())
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from heartwright.design import Design
from heartwright.design.room import RoomPlan, Standing
from heartwright.edit import Edit, apply
from heartwright.work import Work
from heartwright.works.coupled import Coupled, On
from heartwright.works.support import Support


def build(plan: RoomPlan, *, seed: int = 1, progress: Callable[[float], None] | None = None) -> Coupled:
    """The room of a plan, ready to go. `progress` is called with the share of works that are made.

    Raises ValueError where a work cannot be made: which, and why. A shelf that is loaded past its strength is no error
    but the room's status, with advice.
    """
    works = []
    for i, standing in enumerate(plan.works):
        works.append(On(make(plan, standing), standing.shelf, standing.along))
        if progress:
            progress((i + 1) / len(plan.works))
    return Coupled(works, Support.of(plan), seed=seed, temperature_c=plan.temperature_c)


def make(plan: RoomPlan, standing: Standing) -> Work:
    """One work of a plan. Raises ValueError, naming it."""
    try:
        return _MAKERS[standing.kind](plan, standing)
    except TypeError as error:
        raise ValueError(f"{standing.name!r}: {error}; look at its [works.options]") from error
    except (ValueError, OSError) as error:
        raise ValueError(f"{standing.name!r}: {error}") from error


def changed(design: Design, changes: dict[str, Any]) -> Design:
    """A design with values changed by path. Raises EditError for a path or value that does not fit."""
    return apply([Edit.of(design, path, value) for path, value in changes.items()], design)


def _clockwork(plan: RoomPlan, standing: Standing) -> Work:
    from heartwright.works.clockwork import Clockwork

    source = standing.design or ""
    if source.endswith(".toml") and plan.folder is not None:
        source = str(plan.folder / source)
    design = changed(Design.load(source), dict(standing.changes))
    return Clockwork(design, seed=standing.seed, name=standing.name, **_options(standing))


def _gyroscope(plan: RoomPlan, standing: Standing) -> Work:
    from heartwright.works.gyroscope import Gyroscope

    if standing.file:
        return Gyroscope.read(plan.path_of(standing.name), seed=standing.seed, name=standing.name, **_options(standing))
    return Gyroscope(seed=standing.seed, name=standing.name, **_options(standing))


def _galaxy(plan: RoomPlan, standing: Standing) -> Work:
    from heartwright.works.galaxy import Galaxy

    if standing.file:
        return Galaxy.read(plan.path_of(standing.name), seed=standing.seed, name=standing.name, **_options(standing))
    return Galaxy(seed=standing.seed, name=standing.name, **_options(standing))


def _web(plan: RoomPlan, standing: Standing) -> Work:
    from heartwright.works.web import Web

    return Web.read(plan.path_of(standing.name), seed=standing.seed, name=standing.name, **_options(standing))


def _recording(plan: RoomPlan, standing: Standing) -> Work:
    from heartwright.works.playing import Playing

    return Playing.read(plan.path_of(standing.name), name=standing.name, **_options(standing))


def _options(standing: Standing) -> dict[str, Any]:
    return dict(standing.options)


_MAKERS: dict[str, Callable[[RoomPlan, Standing], Work]] = {
    "clockwork": _clockwork,
    "gyroscope": _gyroscope,
    "galaxy": _galaxy,
    "web": _web,
    "recording": _recording,
}
