"""Strength of a reed, tooth and hook against closed forms, and the edits that arise."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from heartwright.damage import crack, parts, reed
from heartwright.damage.material import BRASS, HINGE_LENGTH, TEARING_ANGLE
from heartwright.design import Design
from heartwright.edit import Edit, EditError, apply
from heartwright.works.live import Live

HEART = Design.load("heart")
FLAWED = apply([Edit.of(HEART, "pump.outlet.crack", 0.4)], HEART)


def test_stress_intensity_of_a_short_edge_crack_is_the_half_planes() -> None:
    a = 1e-5
    assert crack.intensity(1e8, a, 5e-3) == pytest.approx(1.122 * 1e8 * math.sqrt(math.pi * a), rel=0.01)


@pytest.mark.parametrize(("share", "factor"), [(0.2, 1.367), (0.4, 2.108), (0.5, 2.827), (0.6, 4.035)])
def test_shape_factor_is_tadas(share: float, factor: float) -> None:
    """Brown and Srawley's polynomial for the same case, 0.5 % for a/b up to 0.6, stands beside Tada's formula."""
    b = share
    polynomial = 1.12 - 0.231 * b + 10.55 * b**2 - 21.72 * b**3 + 30.39 * b**4
    assert crack.shape_factor(share) == pytest.approx(factor, rel=0.01)
    assert crack.shape_factor(share) == pytest.approx(polynomial, rel=0.015)


def test_paris_growth_is_the_closed_form_where_the_factor_is_constant() -> None:
    a0, width, stress = 2e-5, 1.0, 4e8  # a crack so short that F = 1.12 all along
    end = crack.grown(a0, width, stress, 2e4)
    m, c = BRASS.paris_m, BRASS.paris_c
    rate = c * (1.122 * stress / 1e6 * math.sqrt(math.pi)) ** m
    power = 1.0 - 0.5 * m
    closed = (a0**power + power * rate * 2e4) ** (1.0 / power)
    assert end == pytest.approx(closed, rel=0.02)


def test_the_declared_hairline_is_stable_for_ever_and_a_longer_one_is_not() -> None:
    working = 6.5e6
    assert crack.grown(2e-3, 5e-3, working, 3e9) == 2e-3
    assert math.isinf(crack.years_to(0.8, 2e-3, 5e-3, working))
    assert crack.years_to(0.8, 3.2e-3, 5e-3, working) < 0.2
    assert reed.aged(FLAWED, "outlet", stress_range=working, years=100.0) == ()
    long = apply([Edit.of(FLAWED, "pump.outlet.crack", 0.64)], FLAWED)
    (grown,) = reed.aged(long, "outlet", stress_range=working, years=0.05)
    assert grown.new > 0.64 and not grown.reversible


def test_root_stress_is_that_of_a_cantilever() -> None:
    pump = HEART.pump
    assert pump is not None
    k = reed.tip_stiffness(pump, pump.outlet)
    x = 1e-3 - reed.preset(pump, pump.outlet)
    force = k * 1e-3
    closed = 6.0 * force * pump.outlet.length / (pump.outlet.width * pump.outlet.thickness**2)
    assert float(reed.lift_stress(pump, pump.outlet, x)) == pytest.approx(closed)
    by_moment = 100.0 * pump.outlet.length**2 / 2.0 * 6.0 / pump.outlet.thickness**2
    assert float(reed.pressure_stress(pump.outlet, 100.0, propped=False)) == pytest.approx(by_moment)


def test_below_yield_nothing_stays_then_it_folds_then_a_cracked_one_tears() -> None:
    yields, breaks = crack.first_yield(0.4), crack.collapse_stress(0.4)
    assert breaks == pytest.approx(405e6)
    assert reed.by_pressure(FLAWED, 0.99 * yields, "outlet") == ()
    folded = apply(reed.by_pressure(FLAWED, 0.9 * breaks, "outlet"), FLAWED)
    assert folded.pump.outlet.gape > FLAWED.pump.outlet.gape and not reed.is_torn(folded.pump.outlet)  # type: ignore[union-attr]
    torn = reed.by_pressure(FLAWED, 1.01 * breaks, "outlet")
    assert reed.is_torn(apply(torn, FLAWED).pump.outlet)  # type: ignore[union-attr]
    assert reed.by_pressure(HEART, 1.01 * breaks, "outlet") == ()  # a sound one bears it


def test_a_sound_reed_folds_and_does_not_part() -> None:
    folded = apply(reed.by_pressure(HEART, 700e6, "outlet"), HEART)
    assert folded.pump.outlet.opening_pressure == 0.0 and folded.pump.outlet.leak_gap > 0.0  # type: ignore[union-attr]
    assert folded.pump.outlet.crack == 0.0  # type: ignore[union-attr]


def test_what_metal_keeps_cannot_be_undone() -> None:
    edits = reed.torn(FLAWED)
    assert edits and not any(e.reversible for e in edits)
    with pytest.raises(EditError, match="cannot be undone"):
        edits[0].undo()


def test_a_tool_bends_elastically_then_closes_the_crack_then_overbends_then_tears() -> None:
    def press(mm: float) -> reed.Pressed:
        return reed.by_tool(FLAWED, "outlet", travel=1e-3 * mm, at=3e-3, tool=1000.0)

    soft = press(0.3)
    assert soft.edits == () and soft.force_n < 1000.0 * 0.3e-3
    closed = apply(press(0.8).edits, FLAWED)
    assert closed.pump.outlet.gape < 0.5 * FLAWED.pump.outlet.gape  # type: ignore[union-attr]
    over = apply(press(1.0).edits, FLAWED)
    assert over.pump.outlet.opening_pressure > 5.0 * FLAWED.pump.outlet.opening_pressure  # type: ignore[union-attr]
    torn = press(1.4)
    assert torn.hinge_rad > TEARING_ANGLE and reed.is_torn(apply(torn.edits, FLAWED).pump.outlet)  # type: ignore[union-attr]
    assert HINGE_LENGTH > 0.0


def test_the_heart_does_not_overload_its_own_valve() -> None:
    live = Live(FLAWED, seed=2, poses_hz=0.0)
    found = reed.peak(FLAWED, live.advance(4.0))
    assert 3e6 < found.stress < 20e6
    assert reed.overload(FLAWED, live.advance(2.0)) == ()


def test_a_reed_that_cannot_break_does_not() -> None:
    hard = replace(BRASS, yield_stress=1e15)
    assert reed.by_pressure(FLAWED, 5e9, "outlet", metal=hard) == ()
    assert reed.by_tool(FLAWED, "outlet", travel=5e-3, at=3e-3, tool=1000.0, metal=hard).edits == ()


def test_a_tooth_bends_beyond_its_own_force_and_the_way_it_was_pushed() -> None:
    yields = parts.tooth_yield_n(HEART)
    assert 0.5 < yields < 5.0
    assert parts.bent_tooth(HEART, 4, 0.9 * yields, 1000.0) == ()
    forth, back = (parts.bent_tooth(HEART, 4, s * 1.5 * yields, 1000.0)[0] for s in (1.0, -1.0))
    assert forth.new == pytest.approx(-back.new) and forth.new > 0.0
    assert forth.new == pytest.approx(0.5 * yields / 1000.0 / HEART.escapement.wheel_radius)


def test_the_spring_comes_off_its_hook() -> None:
    assert parts.lost_spring(HEART, 0.2) == ()
    lost = apply(parts.lost_spring(HEART, 0.5), HEART)
    assert lost.pump.spring_force == 0.0 and lost.pump.spring_rate == 0.0  # type: ignore[union-attr]
    assert parts.lost_spring(lost, 0.5) == ()


def test_a_watch_has_no_reed() -> None:
    with pytest.raises(ValueError, match="no pump"):
        reed.torn(Design.load("watch-6497"))
    assert np.isfinite(parts.tooth_yield_n(Design.load("watch-6497")))
