"""What can be done to the work in focus: sliders, faults, repairs, touches through a hand, and their rehearsal."""

from __future__ import annotations

import asyncio
import functools
import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from heartwright.design import Design, DesignError
from heartwright.design.escapement import SwissLever
from heartwright.edit import Edit, EditError
from heartwright.studio.aside import aside

if TYPE_CHECKING:
    from heartwright.repair.hand import Hand
    from heartwright.repair.rehearse import Odds
    from heartwright.repair.touching import Touched
    from heartwright.studio.session import Session
    from heartwright.studio.work import Done, GoingWork

SLIDERS = {
    "lock_deg": ("escapement.lock",),
    "draw_deg": ("escapement.draw_entry", "escapement.draw_exit"),
    "drop_deg": ("escapement.drop",),
}
_SLIDE = {"lock_deg": "lock", "draw_deg": "draw", "drop_deg": "drop"}
_SPREAD = (0.4, 1.8)  # ends of a slider over the design's own value
WORKERS = 2
AIR = {
    "wind": {"low": 0.0, "high": 1.0, "default": 1.0, "unit": ""},
    "tilt_deg": {"low": -30.0, "high": 30.0, "default": 0.0, "unit": "deg"},
    "temperature_c": {"low": -10.0, "high": 45.0, "default": 23.0, "unit": "C"},
}


def edits_for(design: Design, values: dict[str, float]) -> tuple[Edit, ...]:
    """The edits that set sliders [deg] on a design. Raises EditError where the parts would not fit."""
    edits: list[Edit] = []
    for name, degrees in values.items():
        for path in SLIDERS[name]:
            if path.startswith("escapement.draw") and not isinstance(design.escapement, SwissLever):
                raise EditError(f"{design.name} has no draw: a {design.escapement.type} holds by its dead faces")
            try:
                edit = Edit.of(design, path, math.radians(degrees))
            except DesignError as why:
                raise EditError(str(why)) from None
            design = edit.apply(design)
            edits.append(edit)
    return tuple(edits)


def sliders(now: Design, before: Design) -> dict[str, dict[str, Any]]:
    """The sliders that a design has: its range round what it was, and where it is [deg]."""
    out = {}
    for name, paths in SLIDERS.items():
        key = paths[0].rsplit(".", 1)[1]
        if hasattr(before.escapement, key):
            was = math.degrees(getattr(before.escapement, key))
            value = math.degrees(getattr(now.escapement, key))
            low, high = (round(share * was, 2) for share in _SPREAD)
            out[name] = {"low": low, "high": high, "default": round(value, 3), "unit": "deg"}
    return out


def lists(work: GoingWork | None) -> dict[str, Any]:
    """All faults and touches, with the kinds that they are for; repairs and sliders of the work in focus."""
    from heartwright.repair import faults, hand, touch

    return {
        "faults": [f.as_json() for f in faults.CATALOGUE],
        "repairs": repairs(work),
        "touches": [t.as_json() for t in touch.TOUCHES],
        "supports": [{"name": name, "title": _SUPPORTS.get(name, name)} for name in hand.SUPPORT],
        "sliders": sliders(work.live.design, work.before) if work else {},
        "air": AIR,
    }


_SUPPORTS = {"none": "free in the air", "wrist": "wrist at rest", "braced": "braced on the work"}


def repairs(work: GoingWork | None) -> list[dict[str, str]]:
    """The repairs that would change anything on the work as it stands."""
    from heartwright.repair import faults

    if work is None:
        return []
    return [{"name": r.name, "title": r.title} for r in faults.repairs(work.live.design, work.before)]


def slide(work: GoingWork, values: dict[str, float]) -> Done:
    """Move sliders on the going work."""
    ranges = sliders(work.live.design, work.before)
    for key, value in values.items():
        if key in ranges and not ranges[key]["low"] <= value <= ranges[key]["high"]:
            raise ValueError(f"{key} {value:g}: {ranges[key]['low']:g} to {ranges[key]['high']:g} deg is allowed")
    name = " and ".join(_SLIDE[key] for key in values)
    return work.slide(edits_for(work.live.design, values), f"{name} by the sliders")


def fault(work: GoingWork, name: str, severity: float | None) -> Done:
    """Do a fault to the going work. Raises ValueError or EditError where it does not fit."""
    from heartwright.repair import faults

    chosen = faults.named(name)
    size = chosen.severity.default if severity is None else severity
    return work.change(chosen.edits(work.live.design, size), f"{chosen.title} ({size:g} {chosen.severity.unit})")


def repair(work: GoingWork, name: str) -> Done:
    """Do a repair. Raises ValueError where there is nothing to repair by it."""
    from heartwright.repair import faults

    chosen = faults.repair_named(name)
    edits = chosen.edits(work.live.design, work.before)
    if not edits:
        raise ValueError(f"{chosen.title.lower()}: nothing there is to be mended by it")
    return work.change(edits, chosen.title)


def touch(work: GoingWork, name: str, amount: float | None, hand: Hand, seed: int) -> tuple[dict[str, Any], Touched]:
    """Touch the going work through a hand; what happens meanwhile is then seen at its own pace."""
    from heartwright.repair import touch as touches

    chosen = touches.named(name)
    done = chosen.perform(work.live, amount, hand, seed)
    work.ahead += [piece for piece in done.pieces if piece.seconds > 0.0]
    meant = f"{done.meant:g} {chosen.amount.unit} meant, {done.amount:.3g} done"
    text = f"{chosen.title}: {meant}" + (f"; {done.slip}" if done.slip else "")
    if done.edits or chosen.tool == "key":
        work.note(done.edits, text)
    return {"type": "touched", "work": work.id, "text": text, **done.as_json()}, done


@dataclass(slots=True)
class Rehearsing:
    """The one rehearsal that may be under way."""

    session: Session
    stop: threading.Event = field(default_factory=threading.Event)
    task: asyncio.Task[None] | None = None

    @property
    def on(self) -> bool:
        return self.task is not None and not self.task.done()

    def begin(self, work: GoingWork, name: str, amount: float | None, hand: Hand, *, trials: int, seed: int) -> None:
        """Try a touch on copies, in other processes; the odds so far go out as they come. Raises ValueError."""
        from heartwright.repair import rehearse, touch

        if self.on:
            raise ValueError("a rehearsal is under way; cancel it first")
        chosen = touch.named(name)
        if work.live.design.kind not in chosen.kinds:
            raise ValueError(f"{chosen.title}: not for a {work.live.design.kind}")
        self.stop.clear()
        loop = asyncio.get_running_loop()

        def progress(odds: Odds) -> None:
            loop.call_soon_threadsafe(self._tell, odds)

        job = functools.partial(
            rehearse.rehearse, work.live.copy(), chosen, amount, hand, trials=trials, seed=seed, workers=WORKERS,
            progress=progress, cancel=self.stop.is_set,
        )  # fmt: skip
        self.task = asyncio.create_task(self._run(job, hand), name="rehearsal")
        self.session.changed()

    async def _run(self, job: functools.partial[Odds], hand: Hand) -> None:
        try:
            odds = await aside(job)
            self._tell(odds)
            self.session.dreaming.rehearsed(odds, hand)
        except Exception as why:
            self.session.refuse("rehearse", f"the rehearsal broke off: {why}")

    def _tell(self, odds: Odds) -> None:
        told = odds.as_json()
        alone = {"shares": told.pop("alone"), "expected": told.pop("alone_expected")}
        self.session.send({"type": "rehearsal", **told, "alone": alone})

    async def close(self) -> None:
        """End it and its processes."""
        self.stop.set()
        if self.task is not None and self.on:
            await asyncio.wait([self.task], timeout=1.0)
        from heartwright.repair import rehearse

        rehearse.close(at_once=True)  # whoever waits for the server to stop does not wait for trials
