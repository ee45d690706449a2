"""Movements as wholes: landmarks and order of a beat, beat error, starting, stopping, jamming, faults, positions.

Landmarks are held against an independent program of the same two levers (design A is watch-21600, B watch-2824), whose
contact runs gave the tables below at an amplitude of 280 deg with frictionless pivots.
"""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from heartwright.design import Design
from heartwright.edit import apply
from heartwright.records import Trace
from heartwright.works import movement
from heartwright.works.regulation import beat_error_ms
from tests.rigs import edited

WATCHES = ("watch-6497", "watch-2824", "watch-21600")
FRICTIONLESS = {"oscillator.pivot_friction": 0.0}
#: ms after sound 1 of: tooth on impulse face, drop, lock, banking; first the beat in which the exit stone unlocks.
LANDMARKS = {
    "watch-21600": (8.5234438e-7, ((2.325, 7.718, 8.142, 8.359), (2.736, 7.714, 8.230, 8.355))),
    "watch-2824": (5.8756644e-7, ((2.127, 6.535, 6.894, 7.127), (2.365, 6.534, 6.938, 7.125))),
}


def clean(name: str, seconds: float, values: dict | None = None, **options: object) -> Trace:
    return movement.run(edited(name, values or {}), seconds=seconds, dirt=False, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", LANDMARKS)
def test_landmarks_of_a_beat(name: str) -> None:
    """Within 3 us of the table everywhere; drop before lock before banking.

    At the table's torque the steady swing is 279.87 and 279.91 deg, whatever the step; times go with its inverse.
    """
    torque, table = LANDMARKS[name]
    trace = clean(name, 5.0, FRICTIONLESS, torque=torque, step=1e-5)
    assert trace.amplitude_deg == pytest.approx(280.0, abs=0.15)
    b = trace.beats
    for side, want in ((1, table[0]), (-1, table[1])):
        rows = b.side == side
        rows[:4] = False
        marks = [x[rows] - b.unlock_s[rows] for x in (b.impulse_s, b.drop_s, b.lock_s, b.bank_s)]
        found = 1e3 * np.array([np.mean(m) for m in marks])
        np.testing.assert_allclose(found * trace.amplitude_deg / 280.0, want, atol=3e-3)
        assert all(np.std(m) < 2e-6 for m in marks), "the beat is periodic"
        assert np.all(np.diff(found) > 0.1)


@pytest.mark.parametrize("name", LANDMARKS)
@pytest.mark.parametrize("amplitude", [180.0, 230.0, 310.0])
def test_order_holds_where_torque_sets_the_amplitude(name: str, amplitude: float) -> None:
    """All times scale with the balance's speed, so that drop, lock and banking keep their order and their angles."""
    torque, table = LANDMARKS[name]
    trace = clean(name, 4.0, FRICTIONLESS, torque=torque * (amplitude / 280.0) ** 2)
    assert trace.amplitude_deg == pytest.approx(amplitude, rel=3e-3)
    b = trace.beats
    late = slice(4, None)
    assert np.all(b.drop_s[late] < b.lock_s[late]) and np.all(b.lock_s[late] < b.bank_s[late])
    rows = b.side[late] == 1
    lock_angle = 1e3 * np.mean((b.lock_s - b.unlock_s)[late][rows]) * trace.amplitude_deg
    assert lock_angle == pytest.approx(table[0][2] * 280.0, rel=0.02)


@pytest.mark.parametrize("name", LANDMARKS)
def test_energy_of_a_beat(name: str) -> None:
    """nJ a beat at 280 deg by the independent program: drive 178.68 / 92.38, balance viscous 96.96 / 49.46."""
    drive, viscous = {"watch-21600": (178.68, 96.96), "watch-2824": (92.38, 49.46)}[name]
    trace = clean(name, 10.0, FRICTIONLESS, torque=LANDMARKS[name][0])
    beats = trace.seconds * trace.nominal_bph / 3600.0
    assert 1e9 * trace.ledger.drive_j / beats == pytest.approx(drive, rel=0.02)
    assert 1e9 * trace.ledger.spent_j["air and spring"] / beats == pytest.approx(viscous, rel=0.02)


@pytest.mark.parametrize("name", LANDMARKS)
@pytest.mark.parametrize("offset_deg", [0.0, 1.0, 2.0, 5.0])
def test_beat_error(name: str, offset_deg: float) -> None:
    """Closed form 2 asin(d/A) / w for a collet offset d, to 1.5 us at the centre and 8 us at the unlocking."""
    values = {**FRICTIONLESS, "oscillator.collet_offset": math.radians(offset_deg)}
    trace = clean(name, 4.0, values, torque=LANDMARKS[name][0])
    osc = Design.load(name).oscillator
    w = math.sqrt(osc.stiffness / osc.inertia)  # type: ignore[union-attr]
    exact = 2e3 * math.asin(offset_deg / trace.amplitude_deg) / w
    gaps = np.diff(trace.beats.centre_s[4:])
    n = len(gaps) // 2 * 2
    centre = 0.5e3 * abs(gaps[:n:2].mean() - gaps[1:n:2].mean())
    assert centre == pytest.approx(exact, abs=1.6e-3)
    assert abs(beat_error_ms(trace)) == pytest.approx(exact, abs=8e-3)


# --------------------------------------------------------------------------------------------- as bundled


@pytest.mark.parametrize("name", WATCHES)
def test_bundled_watches_are_regulated_and_lively(name: str) -> None:
    """Dial up at full wind: within 5 s/d of nominal, beat error below 0.1 ms, 250 to 315 deg."""
    trace = movement.run(Design.load(name), seconds=60.0, seed=1)
    assert trace.status == "running"
    assert abs(trace.rate_s_per_day) < 5.0
    assert 250.0 < trace.amplitude_deg < 315.0
    assert abs(beat_error_ms(trace)) < 0.1
    spread = float(np.degrees(np.std(trace.beats.amplitude_rad)))
    assert 0.5 < spread < 5.0, "the twin is as dirty as life, and no dirtier"


def test_regulate_brings_a_design_back() -> None:
    design = edited("watch-21600", {"oscillator.collet_offset": math.radians(2.0)})
    design = edited(
        "watch-21600",
        {"oscillator.collet_offset": math.radians(2.0), "oscillator.stiffness": design.oscillator.stiffness * 1.002},
    )  # type: ignore[union-attr]
    before = movement.run(design, seconds=20.0, dirt=False)
    assert abs(before.rate_s_per_day) > 50.0 and abs(beat_error_ms(before)) > 0.5
    after = movement.run(apply(movement.regulate(design), design), seconds=20.0, dirt=False)
    assert abs(after.rate_s_per_day) < 0.5
    assert abs(beat_error_ms(after)) < 0.01


def test_regulate_to_a_wanted_rate() -> None:
    design = Design.load("graham")
    fast = apply(movement.regulate(design, rate=5.0), design)
    trace = movement.run(fast, seconds=60.0, dirt=False)
    assert trace.rate_s_per_day == pytest.approx(5.0, abs=0.5)


# --------------------------------------------------------------------------------------------- starting and stopping


@pytest.mark.parametrize("name", WATCHES)
def test_starts_from_a_nudge(name: str) -> None:
    trace = movement.run(Design.load(name), seconds=20.0, seed=1, start_deg=30.0)
    assert trace.status == "running"
    amplitude = np.degrees(trace.beats.amplitude_rad)
    assert amplitude[:3].mean() < 120.0
    assert amplitude[-10:].mean() > 200.0


@pytest.mark.parametrize("name", [*WATCHES, "graham"])
def test_run_down_it_stops_as_a_value(name: str) -> None:
    trace = movement.run(Design.load(name), seconds=60.0, wind=0.0, start_deg=3.0 if name == "graham" else 200.0)
    assert trace.status == "stopped"
    assert "Wind it" in trace.advice


def test_a_lever_with_both_stones_too_deep_jams_as_a_value() -> None:
    """Static limit: +21.9 um on both stones takes the whole run; at +15 um the watch still goes."""
    goes = clean("watch-21600", 5.0, {"escapement.entry_depth": 15e-6, "escapement.exit_depth": 15e-6})
    assert goes.status == "running"
    started = time.process_time()
    jams = clean("watch-21600", 10.0, {"escapement.entry_depth": 30e-6, "escapement.exit_depth": 30e-6})
    assert jams.status in ("jammed", "stopped")
    assert "lock" in jams.advice
    assert time.process_time() - started < 30.0, "a jam is a value, not a hang"


def test_bad_requests_say_what_is_allowed() -> None:
    design = Design.load("watch-6497")
    with pytest.raises(ValueError, match="positive time"):
        movement.run(design, seconds=0.0)
    with pytest.raises(ValueError, match="allowed: CH"):
        movement.run(design, seconds=1.0, position="7H")


# --------------------------------------------------------------------------------------------- faults and positions


def test_a_missing_tooth_sends_the_hands_ahead_and_leaves_the_beat() -> None:
    """The gap comes by at both stones: the wheel falls through twice a turn, 13 teeth lock for 15. The beat stays."""
    whole = clean("watch-21600", 20.0)
    broken = clean("watch-21600", 20.0, {"escapement.missing_teeth": (3,)})
    assert broken.status == "running"
    ratio = broken.figures["wheel_turns"] / whole.figures["wheel_turns"]
    assert ratio == pytest.approx(15 / 13, rel=0.02)
    assert abs(broken.rate_s_per_day) < 60.0
    assert 3 not in set(broken.impacts.tooth[broken.impacts.pair < 2].tolist())


def test_a_bent_tooth_shows_once_a_turn() -> None:
    """Its lock comes earlier or later by its own angle; all others stay."""
    bent = clean("watch-21600", 12.0, {"escapement.bent_teeth.5": math.radians(0.3)})
    b = bent.beats
    delay = 1e3 * (b.lock_s - b.unlock_s)
    for side in (1, -1):
        rows = delay[(b.side == side) & np.isfinite(delay)][2:]
        odd = np.abs(rows - np.median(rows)) > 0.03
        assert 1 <= odd.sum() <= len(rows) / 15 + 2


@pytest.mark.parametrize("name", WATCHES)
def test_vertical_positions_swing_lower(name: str) -> None:
    """Pivots rub on their sides: 20 to 60 deg in the trade's experience."""
    design = Design.load(name)
    flat, up = (movement.run(design, seconds=15.0, position=p).amplitude_deg for p in ("CH", "6H"))
    assert 10.0 < flat - up < 70.0


def test_poise_shows_in_the_verticals() -> None:
    """A heavy side down at rest gains below 219.5 deg, up loses (the first zero of the Bessel function J1). Without
    unpoise all verticals agree."""
    low = {"train.barrel.curve_torque": tuple(0.65 * t for t in Design.load("watch-6497").train.barrel.curve_torque)}
    poised = [clean("watch-6497", 8.0, low, position=p).rate_s_per_day for p in ("12H", "6H")]
    assert poised[0] == pytest.approx(poised[1], abs=0.05)
    # unpoise_angle is counted from six o'clock: the heavy side hangs down with twelve o'clock up
    heavy = {**low, "oscillator.unpoise": 0.5e-9}
    runs = [clean("watch-6497", 8.0, heavy, position=p) for p in ("12H", "6H")]
    assert all(120.0 < run.amplitude_deg < 210.0 for run in runs)
    down, up = (run.rate_s_per_day for run in runs)
    assert down > poised[0] + 1.0 > up + 2.0


def test_wind_and_train() -> None:
    """Less wind, less swing; a train with its meshes gives about the swing of the lumped one."""
    design = Design.load("watch-6497")
    full = movement.run(design, seconds=15.0).amplitude_deg
    low = movement.run(design, seconds=15.0, wind=0.3).amplitude_deg
    meshed = movement.run(edited("watch-6497", {"train.model": "meshes"}), seconds=15.0)
    assert low < full - 5.0
    assert meshed.amplitude_deg == pytest.approx(full, abs=8.0)
    assert meshed.ledger.spent_j["meshes"] > 0.0
