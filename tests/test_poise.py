"""Poise: the closed form, the fit of the first harmonic, when it declines, and a contact-level twin."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from heartwright import sessions
from heartwright.records import Interval, Reading
from heartwright.sessions.poise import ZERO_DEG, G, gain_factor

START = datetime(2026, 11, 26, 8, tzinfo=UTC)
INERTIA, BPH = 1.6e-9, 18_000.0
FOUR = (0.0, 90.0, 180.0, 270.0)


def rate_of(up_deg: float, heavy_deg: float, unbalance_kg_m: float, amplitude_deg: float) -> float:
    """The rate of an unpoised balance by quadrature of its equation's first-order average [s/d]."""
    omega = math.pi * BPH / 3600.0
    a = math.radians(amplitude_deg)
    from_down = math.radians(heavy_deg - (up_deg + 180.0))
    phase = (np.arange(4096) + 0.5) * 2.0 * math.pi / 4096
    torque = -unbalance_kg_m * G / INERTIA * np.sin(a * np.cos(phase) + from_down)
    shift = -float(np.mean(torque * np.cos(phase))) / (omega * a)
    return 86_400.0 * shift / omega


def session_of(
    heavy_deg: float,
    unbalance_kg_m: float,
    amplitude_deg: float | None,
    *,
    ups: tuple[float, ...] = FOUR,
    noise: float = 0.0,
    within: float = 0.4,
    second: float = 0.0,
    seed: int = 1,
) -> sessions.Session:
    """Verticals of an unpoised balance; `second` adds a second harmonic [s/d]."""
    rng = np.random.default_rng(seed)
    made = []
    for up in ups:
        rate = 5.0 + rate_of(up, heavy_deg, unbalance_kg_m, amplitude_deg or 160.0)
        rate += second * math.cos(math.radians(2.0 * up)) + float(rng.normal(0.0, noise))
        a = amplitude_deg
        reading = Reading(
            "ok",
            (),
            60.0,
            nominal_bph=BPH,
            rate_s_per_day=Interval(rate, rate - 5.0, rate + 5.0),
            rate_low_repeat=rate - within,
            rate_high_repeat=rate + within,
            amplitude_deg=Interval(a, a - 2.0, a + 2.0) if a is not None else None,
        )
        made.append(sessions.entry(reading, position=f"{up:g} deg", wind_h=0.0, time=START))
    return sessions.Session(created=START, reading=made)


def turned(angle: float, other: float) -> float:
    """Difference of two directions [deg], within +-180."""
    return (angle - other + 180.0) % 360.0 - 180.0


def test_the_zero_is_that_of_j1() -> None:
    assert gain_factor(np.array([ZERO_DEG]))[0] == pytest.approx(0.0, abs=1e-5)
    assert gain_factor(np.array([160.0]))[0] > 0.0 > gain_factor(np.array([270.0]))[0]
    assert gain_factor(np.array([0.001]))[0] == pytest.approx(0.5)


@pytest.mark.parametrize("amplitude", [145.0, 170.0, 195.0, 260.0, 300.0])
@pytest.mark.parametrize("heavy", [10.0, 137.0, 290.0])
def test_the_heavy_side_and_the_unbalance_are_found(amplitude: float, heavy: float) -> None:
    found = sessions.poise(session_of(heavy, 1e-10, amplitude), inertia_kg_m2=INERTIA)
    assert found.status == "ok" and found.heavy_deg is not None and found.unbalance_kg_m is not None
    assert turned(found.heavy_deg.value, heavy) == pytest.approx(0.0, abs=0.05)
    assert found.unbalance_kg_m.value == pytest.approx(1e-10, rel=1e-3)
    assert any("hairspring" in line for line in found.advice)
    assert any("140 to 180" in line for line in found.advice) == (not 140.0 <= amplitude <= 180.0)


def test_intervals_of_size_and_direction_hold() -> None:
    sigma, size_held, side_held = 1.0, 0, 0
    truth = 86_400.0 * 4e-11 * G / (INERTIA * (math.pi * BPH / 3600.0) ** 2) * float(gain_factor(np.array([160.0]))[0])
    for seed in range(200):
        found = sessions.poise(session_of(200.0, 4e-11, 160.0, noise=sigma, within=1.96 * sigma, seed=seed))
        assert found.size_s_per_day is not None
        size_held += found.size_s_per_day.low <= truth <= found.size_s_per_day.high
        side = found.heavy_deg
        side_held += side is not None and abs(turned(side.value, 200.0)) <= side.half_width
    assert size_held >= 182 and side_held >= 182


@pytest.mark.parametrize("amplitude", [205.0, 219.5, 234.0])
def test_near_the_zero_it_declines(amplitude: float) -> None:
    found = sessions.poise(session_of(30.0, 1e-10, amplitude))
    assert found.status == "declined" and found.heavy_deg is None
    assert "219.5" in found.advice[0]


def test_too_few_or_crowded_verticals_decline() -> None:
    three = sessions.poise(session_of(30.0, 1e-10, 160.0, ups=FOUR[:3]))
    assert three.status == "declined" and "9H" in three.advice[0]
    crowded = sessions.poise(session_of(30.0, 1e-10, 160.0, ups=(0.0, 10.0, 20.0, 30.0)))
    assert crowded.status == "declined" and "close together" in crowded.advice[0]


def test_without_an_amplitude_there_is_no_side() -> None:
    found = sessions.poise(session_of(30.0, 1e-10, None))
    assert found.status == "no_side" and found.heavy_deg is None and found.size_s_per_day is not None


@pytest.mark.parametrize(("reach", "status"), [((131.0, 190.0), "ok"), ((170.0, 240.0), "no_side")])
def test_an_unknown_lift_tells_the_side_where_every_lift_agrees(reach: tuple[float, float], status: str) -> None:
    held = session_of(30.0, 1e-10, None)
    loose = sessions.model.Span(value=165.0 if status == "ok" else 200.0, low=reach[0], high=reach[1])
    entries = [e.model_copy(update={"amplitude_any_lift_deg": loose}) for e in held.reading]
    found = sessions.poise(sessions.Session(created=START, reading=entries), inertia_kg_m2=INERTIA)
    assert found.status == status and found.unbalance_kg_m is None
    if found.heavy_deg is not None:
        assert turned(found.heavy_deg.value, 30.0) == pytest.approx(0.0, abs=0.05)


def test_a_balanced_balance_is_not_accused() -> None:
    accused = sum(sessions.poise(session_of(0.0, 0.0, 160.0, noise=0.2, seed=s)).status == "ok" for s in range(200))
    assert accused <= 20  # 5 % of 200, plus more than three standard deviations


def test_more_than_a_first_harmonic_is_said() -> None:
    found = sessions.poise(session_of(30.0, 1e-10, 160.0, second=3.0))
    assert found.left_p is not None and found.left_p < 0.01
    assert any("More than a first harmonic" in line for line in found.advice)
    plain = sessions.poise(session_of(30.0, 1e-10, 160.0))
    assert plain.left_p is not None and plain.left_p > 0.5


def test_eight_angles_leave_five_free() -> None:
    found = sessions.poise(session_of(111.0, 1e-10, 160.0, ups=tuple(45.0 * k for k in range(8))))
    assert found.left_free == 5 and found.heavy_deg is not None
    assert turned(found.heavy_deg.value, 111.0) == pytest.approx(0.0, abs=0.05)


def test_the_contact_level_twin_agrees() -> None:
    """An unpoised balance on the simulated lever watch: heavy towards nine o'clock, found from its four rates."""
    from heartwright.design import Design
    from heartwright.edit import Edit
    from heartwright.works import movement

    design = Design.load("watch-6497")
    design = Edit.of(design, "oscillator.unpoise", 2e-10).apply(design)
    design = Edit.of(design, "oscillator.unpoise_angle", math.radians(-90.0)).apply(design)
    made = []
    for position in ("12H", "3H", "6H", "9H"):
        trace = movement.run(design, seconds=12.0, seed=1, wind=0.45, position=position)
        rate, swing = trace.rate_s_per_day, trace.amplitude_deg
        heard = Reading(
            "ok",
            (),
            12.0,
            nominal_bph=design.nominal_bph,
            rate_s_per_day=Interval(rate, rate - 0.4, rate + 0.4),
            amplitude_deg=Interval(swing, swing - 1.0, swing + 1.0),
        )
        made.append(sessions.entry(heard, position=position, wind_h=0.0, time=START))
    found = sessions.poise(sessions.Session(created=START, reading=made), inertia_kg_m2=design.oscillator.inertia)
    assert found.status == "ok" and found.heavy_deg is not None and found.unbalance_kg_m is not None
    assert turned(found.heavy_deg.value, 270.0) == pytest.approx(0.0, abs=1.0)
    assert found.unbalance_kg_m.value == pytest.approx(2e-10, rel=0.02)
