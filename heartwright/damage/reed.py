"""A reed asked too much: bending stress at its root, what stays bent, what tears, and the edits that say so.

The tongue is a cantilever of length L and thickness h [m]. Nominal stress at the root [Pa]:
- its tip lifted by x: 1.5 E h x / L^2, times the softening of a crack (the same law as in `works.pump`);
- under a pressure p: 3 p (L/h)^2 while it is free; propped by the lift stop, 0.75 p (L/h)^2 of what is over;
- under a force F at a distance s from the root: 6 F s / (b h^2).
Above first yield the root keeps a set (elastic, perfectly plastic section); at a cracked root the set is a hinge a few
thicknesses long, whose angle opens or closes the slit and lifts or lowers the tongue. Under a pressure a cracked root
that reaches net-section collapse tears; under a tool, which follows and does not chase, it tears when the hinge has
turned by the tearing angle. Beam formulas are used far beyond small deflection, as in docs/theory.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from heartwright.damage import material
from heartwright.damage.crack import SECONDS_A_YEAR, collapse_stress, first_yield, grown
from heartwright.damage.material import BRASS, SHAPE_FACTOR, Metal
from heartwright.design import Design
from heartwright.design.pump import Pump, Reed
from heartwright.edit import Edit
from heartwright.records import Floats, Trace

Which = Literal["inlet", "outlet"]
_SLICES = 400


@dataclass(frozen=True, slots=True)
class Peak:
    """The hardest moment of a reed in a piece of trace."""

    stress: float  # nominal, at the root [Pa]
    time_s: float
    lift_m: float
    pressure_pa: float  # across it, opening


def softening(reed: Reed) -> float:
    """Stiffness of the reed over that of the same reed without its crack."""
    if reed.crack <= 0.0:
        return 1.0
    share = 1.0 - (1.0 - min(1.0, reed.crack * reed.width / reed.length)) ** 3
    return 1.0 / (1.0 + share * reed.crack / max(1.0 - reed.crack, 1e-6))


def tip_stiffness(pump: Pump, reed: Reed) -> float:
    """Tip stiffness of the reed without its crack [N/m]."""
    return pump.young_modulus * reed.width * reed.thickness**3 / (4.0 * reed.length**3)


def pressed_area(reed: Reed) -> float:
    """Area through which a pressure works on the tip's lift [m2]."""
    return 0.375 * reed.slot * reed.length


def preset(pump: Pump, reed: Reed) -> float:
    """How far the tip of the free tongue would stand below its seat [m]."""
    return reed.opening_pressure * pressed_area(reed) / tip_stiffness(pump, reed)


def lift_stress(pump: Pump, reed: Reed, lift: Floats | float) -> Floats:
    """Nominal root stress [Pa] of a tip lifted by `lift` [m] from the seat; the set counts."""
    x = np.asarray(lift) + preset(pump, reed)
    return np.asarray(1.5 * pump.young_modulus * reed.thickness * x / reed.length**2 * softening(reed))


def pressure_stress(reed: Reed, pressure: Floats | float, *, propped: bool) -> Floats:
    """Nominal root stress [Pa] under a pressure [Pa]: of a free tongue, or of one propped at its tip."""
    factor = 0.75 if propped else 3.0
    return np.asarray(factor * np.asarray(pressure) * (reed.length / reed.thickness) ** 2)


def stress(pump: Pump, reed: Reed, lift: Floats, pressure: Floats) -> Floats:
    """Nominal root stress [Pa] from lift [m] and opening pressure [Pa] together."""
    bent = lift_stress(pump, reed, lift)
    at_stop = lift >= 0.999 * pump.lift_stop
    carried = tip_stiffness(pump, reed) * softening(reed) * (lift + preset(pump, reed)) / pressed_area(reed)
    over = np.where(at_stop, np.maximum(pressure - carried, 0.0), 0.0)
    return np.asarray(bent + pressure_stress(reed, over, propped=True))


def peak(design: Design, trace: Trace, which: Which = "outlet") -> Peak:
    """The hardest moment of a reed in a trace with the pump's waveforms (zero stress where it has none)."""
    waves = {w.name: w for w in trace.waveforms}
    if design.pump is None or f"{which}_lift" not in waves or len(waves[f"{which}_lift"].value) == 0:
        return Peak(0.0, trace.seconds, 0.0, 0.0)
    lift, chamber = waves[f"{which}_lift"], waves["chamber_pressure"].value
    across = chamber - waves["artery_pressure"].value if which == "outlet" else -chamber
    found = stress(design.pump, getattr(design.pump, which), lift.value, across)
    i = int(np.argmax(found))
    return Peak(float(found[i]), float(lift.time_s[i]), float(lift.value[i]), float(across[i]))


def overload(design: Design, trace: Trace, which: Which = "outlet", *, metal: Metal = BRASS) -> tuple[Edit, ...]:
    """What a reed keeps of the pressures and lifts of a trace: nothing, a fold, or a tear."""
    if design.pump is None:
        return ()
    return by_pressure(design, peak(design, trace, which).stress, which, metal=metal)


def by_pressure(design: Design, found: float, which: Which, *, metal: Metal = BRASS) -> tuple[Edit, ...]:
    """What a reed keeps of a nominal root stress [Pa] that a pressure held: nothing, a fold, or a tear."""
    reed = _reed(design, which)
    ratio = found / first_yield(reed.crack, metal)
    if ratio <= 1.0:
        return ()
    if found >= collapse_stress(reed.crack, metal):
        return torn(design, which) if reed.crack > 0.0 else bent(design, which, _whole_fold(reed, metal))
    return bent(design, which, _moment_set(ratio, reed, metal))


@dataclass(frozen=True, slots=True)
class Pressed:
    """A tool on a tongue: force at the tool [N], deflection under it [m], and what stays (edits)."""

    force_n: float
    deflection_m: float
    hinge_rad: float
    edits: tuple[Edit, ...]


def by_tool(design: Design, which: Which, *, travel: float, at: float, tool: float, metal: Metal = BRASS) -> Pressed:
    """A tool of stiffness `tool` [N/m] pressed by `travel` [m] onto the tongue `at` [m] from its root, closing it.

    The tongue bends between root and tool, the root yields as a hinge, and the tool yields as a spring.
    """
    reed = _reed(design, which)
    assert design.pump is not None
    at = min(max(at, reed.thickness), reed.length)
    e, h = design.pump.young_modulus, reed.thickness
    yields = first_yield(reed.crack, metal)
    # travel for a curvature of the hinge, rho times first yield: the moment follows it and never passes collapse
    rho = np.concatenate([np.linspace(0.0, 1.0, 50), 1.0 + np.geomspace(1e-3, 400.0, _SLICES)])
    moment = np.where(rho <= 1.0, rho, SHAPE_FACTOR - 0.5 / np.maximum(rho, 1.0) ** 2)
    plastic = np.maximum(rho - moment, 0.0)
    curvature = 2.0 * metal.yield_stress / (e * h)
    turn = plastic * curvature * material.HINGE_LENGTH * h
    force = moment * yields * reed.width * h * h / (6.0 * at)
    bending = moment * yields * at**2 / (1.5 * e * h) / softening(reed)
    deflection = bending + turn * at
    need = deflection + force / tool
    angle, push, moved = (float(np.interp(travel, need, v)) for v in (turn, force, deflection))
    if travel <= 0.0:
        return Pressed(0.0, 0.0, 0.0, ())
    if reed.crack > 0.0 and angle >= material.TEARING_ANGLE:
        return Pressed(push, moved, angle, torn(design, which))
    return Pressed(push, moved, angle, bent(design, which, -angle) if angle > 1e-5 else ())


def bent(design: Design, which: Which, angle: float) -> tuple[Edit, ...]:
    """The edits of a root that keeps a set `angle` [rad], + away from the seat: the tongue and its slit follow it."""
    reed = _reed(design, which)
    pump = design.pump
    assert pump is not None
    tip = angle * reed.length
    stands = preset(pump, reed) - tip
    pressure = max(stands, 0.0) * tip_stiffness(pump, reed) / pressed_area(reed)
    edits = [(f"pump.{which}.opening_pressure", pressure)]
    if reed.crack > 0.0:
        edits.append((f"pump.{which}.gape", max(reed.gape + angle, 0.0)))
    if stands < 0.0:  # it no longer reaches its seat: on the mean over its length, three eighths of the tip's gap
        edits.append((f"pump.{which}.leak_width", reed.slot + 0.3456 * reed.length))
        edits.append((f"pump.{which}.leak_gap", reed.leak_gap - 0.375 * stands))
    return _edits(design, edits)


def torn(design: Design, which: Which = "outlet") -> tuple[Edit, ...]:
    """The edits of a root that has torn: the tongue hangs by a corner and stands off its seat."""
    reed = _reed(design, which)
    return _edits(
        design,
        [
            (f"pump.{which}.crack", max(1.0 - material.HANGS_BY, reed.crack)),
            (f"pump.{which}.gape", max(material.TORN_GAPE, reed.gape)),
            (f"pump.{which}.opening_pressure", 0.0),
        ],
    )


def is_torn(reed: Reed) -> bool:
    """Whether a tongue hangs by a corner only."""
    return reed.crack >= 1.0 - material.HANGS_BY - 1e-9


def _edits(design: Design, changes: list[tuple[str, float]]) -> tuple[Edit, ...]:
    """Edits that metal cannot undo, each fitting on the one before; those that change nothing left out."""
    made = []
    for path, value in changes:
        edit = Edit.of(design, path, value, reversible=False)
        if not math.isclose(float(edit.old), float(edit.new), rel_tol=1e-9, abs_tol=1e-15):
            made.append(edit)
            design = edit.apply(design)
    return tuple(made)


def _reed(design: Design, which: Which) -> Reed:
    if design.pump is None:
        raise ValueError(f"{design.name} has no pump, so no {which} reed")
    found: Reed = getattr(design.pump, which)
    return found


def _moment_set(ratio: float, reed: Reed, metal: Metal) -> float:
    """Angle [rad] that stays at a root loaded to `ratio` times first yield by a moment that falls to the tip."""
    curvature = 2.0 * metal.yield_stress / (metal.young * reed.thickness)
    if reed.crack > 0.0:
        left = 1.0 / math.sqrt(3.0 - 2.0 * min(ratio, 1.4999)) - ratio
        return left * curvature * material.HINGE_LENGTH * reed.thickness
    along = np.linspace(0.0, 1.0, _SLICES)
    m = np.minimum(ratio * (1.0 - along), 1.4999)
    left_ = np.where(m > 1.0, 1.0 / np.sqrt(3.0 - 2.0 * m) - m, 0.0)
    return float(np.trapezoid(left_, along) * reed.length * curvature)


def _whole_fold(reed: Reed, metal: Metal) -> float:
    """Angle that a whole tongue keeps when it folds: what its first yield would lift it by, held for good; chosen."""
    return metal.yield_stress * reed.length / (1.5 * metal.young * reed.thickness)


def aged(
    design: Design, which: Which, *, stress_range: float, years: float, hz: float = 1.0, metal: Metal = BRASS
) -> tuple[Edit, ...]:
    """What `years` of strokes at a nominal stress range [Pa] make of a reed's crack: it grows, or it does not."""
    reed = _reed(design, which)
    if reed.crack <= 0.0:
        return ()
    longer = grown(reed.crack * reed.width, reed.width, stress_range, years * hz * SECONDS_A_YEAR, metal=metal)
    return _edits(design, [(f"pump.{which}.crack", longer / reed.width)])
