"""Faults as hypothetical edits with a severity, and the repairs that answer them.

    fault = named("bent tooth");  live.change(fault.edits(live.design, 1.0))
    repair = repairs(live.design, before)[0];  live.change(repair.edits(live.design, before))

A repair puts a part back as it was before (cleaned, straightened, or a new one), so its edits are asked of the design
as it stands and the design as it was. What metal cannot undo is mended here by another part, not by undoing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from heartwright.design import Design
from heartwright.design.works import Balance
from heartwright.edit import Edit

LEVERS: Final = ("modern lever", "vintage lever", "pin-pallet", "heart")
ALL: Final = (*LEVERS, "pendulum")
HEART: Final = ("heart",)
Changes = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Severity:
    """The range of a severity, in `unit`."""

    low: float
    high: float
    default: float
    unit: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `says` is a sentence for people, `sign` what of it can be heard."""

    name: str
    title: str
    says: str
    sign: str
    kinds: tuple[str, ...]
    severity: Severity
    repairs: tuple[str, ...]
    changes: Callable[[Design, float], Changes]

    def edits(self, design: Design, severity: float | None = None) -> tuple[Edit, ...]:
        """The fault's edits. Raises ValueError for a kind it cannot happen to or a severity out of range."""
        if design.kind not in self.kinds:
            raise ValueError(f"{self.name}: happens to {', '.join(self.kinds)}; {design.name} is a {design.kind}")
        s, size = self.severity, self.severity.default if severity is None else severity
        if not s.low <= size <= s.high:
            raise ValueError(f"{self.name}: severity {size:g} {s.unit}; {s.low:g} to {s.high:g} is allowed")
        return edits_of(design, self.changes(design, size))

    def as_json(self) -> dict[str, Any]:
        s = self.severity
        words = {"name": self.name, "title": self.title, "says": self.says, "sign": self.sign}
        ranges = {"low": s.low, "high": s.high, "default": s.default, "unit": s.unit}
        return {**words, "kinds": list(self.kinds), "severity": ranges, "repairs": list(self.repairs)}


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair: the paths that it puts back."""

    name: str
    title: str
    paths: tuple[str, ...]

    def edits(self, design: Design, before: Design) -> tuple[Edit, ...]:
        """Edits that bring this repair's paths back to what they were in `before`; none where nothing differs."""
        now, then = design.model_dump(), before.model_dump()
        changes: Changes = []
        for path in self.paths:
            a, b = _at(now, path), _at(then, path)
            if path == "escapement.bent_teeth":
                changes += [(f"{path}.{k}", b.get(k, 0.0)) for k in a if a[k] != b.get(k, 0.0)]
            elif a != b:
                changes.append((path, b))
        return edits_of(design, changes)


def edits_of(design: Design, changes: Changes, *, reversible: bool = True) -> tuple[Edit, ...]:
    """Edits for (path, new value) in their order, each fitting on the one before."""
    made = []
    for path, value in changes:
        edit = Edit.of(design, path, value, reversible=reversible)
        made.append(edit)
        design = edit.apply(design)
    return tuple(made)


def named(name: str) -> Fault:
    """The fault of that name. Raises ValueError with those there are."""
    for fault in CATALOGUE:
        if fault.name == name:
            return fault
    raise ValueError(f"fault {name!r}: there are {', '.join(f.name for f in CATALOGUE)}")


def fitting(design: Design) -> tuple[Fault, ...]:
    """The faults that can happen to a design."""
    return tuple(f for f in CATALOGUE if design.kind in f.kinds)


def repairs(design: Design, before: Design) -> tuple[Repair, ...]:
    """The repairs that would change anything, `design` as it stands and `before` as it was."""
    return tuple(r for r in REPAIRS if r.edits(design, before))


def repair_named(name: str) -> Repair:
    """The repair of that name. Raises ValueError with those there are."""
    for repair in REPAIRS:
        if repair.name == name:
            return repair
    raise ValueError(f"repair {name!r}: there are {', '.join(r.name for r in REPAIRS)}")


def _at(data: dict[str, Any], path: str) -> Any:
    here: Any = data
    for step in path.split("."):
        here = here.get(step) if isinstance(here, dict) else None
    return here


def _out_of_beat(design: Design, degrees: float) -> Changes:
    if isinstance(design.oscillator, Balance):
        return [("oscillator.collet_offset", design.oscillator.collet_offset + math.radians(degrees))]
    return [("oscillator.crutch_offset", design.oscillator.crutch_offset + math.radians(degrees))]


def _dry_oil(design: Design, share: float) -> Changes:
    esc, q = design.escapement, design.oscillator.q
    friction = min(esc.pallet_friction + 0.15 * share, 1.0)
    return [("escapement.pallet_friction", friction), ("oscillator.q", q * (1.0 - 0.4 * share))]


def _weak_mainspring(design: Design, share: float) -> Changes:
    return [("train.barrel.curve_torque", [t * (1.0 - share) for t in design.train.barrel.curve_torque])]


def _bent_tooth(design: Design, degrees: float) -> Changes:
    held = design.escapement.bent_teeth.get(3, 0.0)
    return [("escapement.bent_teeth.3", held + math.radians(degrees))]


def _cracked(design: Design, share: float) -> Changes:
    assert design.pump is not None
    return [("pump.outlet.crack", max(share, design.pump.outlet.crack))]


def _thick_oil(design: Design, times: float) -> Changes:
    pump = design.pump
    assert pump is not None
    return [("pump.oil_viscosity", pump.oil_viscosity * times), ("pump.capillary", pump.capillary * times)]


def _leaking_inlet(design: Design, microns: float) -> Changes:
    return [("pump.inlet.leak_width", 2e-3), ("pump.inlet.leak_gap", 1e-6 * microns)]


CATALOGUE: Final = (
    Fault(
        "out of beat", "Out of beat", "The collet is turned: the jewel does not rest on the line of centres.",
        "tick and tock become uneven, the amplitude stays", ALL, Severity(-6.0, 6.0, 2.0, "deg"),
        ("set in beat",), _out_of_beat,
    ),
    Fault(
        "dry oil", "Dry oil", "The oil on pallets and pivots has dried: they rub, and the balance swings less freely.",
        "the amplitude falls and the rate with it", ALL, Severity(0.05, 1.0, 0.5, "of quite dry"),
        ("clean and oil",), _dry_oil,
    ),
    Fault(
        "weak mainspring", "Weak mainspring", "The spring has set: it gives less torque at every turn.",
        "the amplitude falls; a heart's S2 and stop come later", ALL, Severity(0.05, 0.6, 0.25, "of its torque lost"),
        ("new mainspring",), _weak_mainspring,
    ),
    Fault(
        "bent tooth", "Bent escape tooth", "One tooth of the escape wheel stands out of its place.",
        "once a turn of the wheel beats come early and late", ALL, Severity(-0.8, 0.8, 0.4, "deg"),
        ("straighten the tooth",), _bent_tooth,
    ),
    Fault(
        "cracked outlet reed", "Cracked outlet reed", "The outlet reed is cracked at its root: it yields and leaks.",
        "S1 falls and comes at another time; the tick is untouched", HEART, Severity(0.1, 0.9, 0.5, "of its width"),
        ("new outlet reed",), _cracked,
    ),
    Fault(
        "thick pump oil", "Thick pump oil", "The oil of the pump has thickened: the same stroke needs more pressure.",
        "S2 and stop come later; above 1.7 times the train comes late", HEART, Severity(1.05, 3.0, 1.5, "times"),
        ("fresh pump oil",), _thick_oil,
    ),
    Fault(
        "leaking inlet reed", "Leaking inlet reed", "Dirt under the inlet reed: it no longer closes.",
        "S1 and S2 fall, the stop comes early, less is delivered", HEART, Severity(10.0, 100.0, 50.0, "um"),
        ("lap the inlet seat",), _leaking_inlet,
    ),
)  # fmt: skip

REPAIRS: Final = (
    Repair("set in beat", "Turn the collet back", ("oscillator.collet_offset", "oscillator.crutch_offset")),
    Repair("clean and oil", "Clean and oil", ("escapement.pallet_friction", "oscillator.q")),
    Repair("new mainspring", "Fit a new mainspring", ("train.barrel.curve_torque",)),
    Repair("straighten the tooth", "Straighten the tooth, or fit a new wheel", ("escapement.bent_teeth",)),
    Repair(
        "new outlet reed", "Fit a new outlet reed",
        tuple(f"pump.outlet.{k}" for k in ("crack", "gape", "opening_pressure", "leak_width", "leak_gap")),
    ),
    Repair("fresh pump oil", "Fill with fresh oil", ("pump.oil_viscosity", "pump.capillary")),
    Repair(
        "lap the inlet seat", "Lap the inlet seat",
        tuple(f"pump.inlet.{k}" for k in ("leak_width", "leak_gap", "opening_pressure")),
    ),
    Repair("hook the spring", "Hook the bellows' spring in again", ("pump.spring_force", "pump.spring_rate")),
)  # fmt: skip
