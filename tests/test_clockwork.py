"""A movement on a stand that moves: what it feels, what it gives back, its books; what a `Work` must be able to do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from heartwright.design import Design
from heartwright.work import STILL, G, Ground, Work
from heartwright.works import pump
from heartwright.works.clockwork import AXES, TICK_PA, Clockwork

GRAHAM, WATCH, HEART = (Design.load(n) for n in ("graham", "watch-2824", "heart"))


def shaken(clock: Clockwork, seconds: float, step: float, ground) -> list:
    """The reactions on a stand that moves as ground(time) says."""
    out = []
    for _ in range(round(seconds / step)):
        out.append(clock.advance(step, ground(clock.time + 0.5 * step)))
    return out


@pytest.mark.parametrize("design", [GRAHAM, WATCH, HEART], ids=lambda d: d.name)
def test_it_is_a_work(design):
    clock = Clockwork(design, seed=2)
    assert isinstance(clock, Work) and clock.kind == "clockwork" and clock.name == design.name
    for _ in range(30):
        clock.advance(0.25)
    assert clock.status == "running" and clock.time == pytest.approx(7.5)
    assert clock.seen().shape == (len(clock.rotors),) and clock.seen().dtype == np.float32
    assert 0.5 < clock.light <= 1.0
    sound = clock.heard(4_800, 48_000)
    assert sound.shape == (4_800,) and sound.dtype == np.float32
    assert 0.0 < np.abs(sound).max() < 5 * TICK_PA.get(design.kind, 0.0005)
    assert len(clock.heard(77, 48_000)) == 77
    assert abs(clock.ledger().residual_ratio) < 1e-3
    assert {"wind", "rate", "amplitude", "beat_error"} <= set(clock.figures())


def test_figures_are_those_of_the_last_twenty_seconds_however_often_it_is_heard():
    clock = Clockwork(WATCH, dirt=False)
    for _ in range(90):
        clock.advance(1600 / 48_000)
        clock.heard(1_600, 48_000)
    found = clock.figures()
    assert found["rate"].value == pytest.approx(clock.live.advance(2.0).rate_s_per_day, abs=0.3)
    assert found["rate"].low < found["rate"].value < found["rate"].high
    assert found["amplitude"].value == pytest.approx(clock.live.advance(2.0).amplitude_deg, abs=2.0)


def test_same_seed_same_bits():
    ends = []
    for _ in range(2):
        clock = Clockwork(WATCH, seed=5)
        shaken(clock, 0.5, 0.004, lambda t: Ground(turning=(0.0, 50.0 * math.sin(9 * t), 0.0)))
        ends.append(clock.seen())
    assert np.array_equal(*ends)


def test_a_shaken_pendulum_keeps_its_books():
    """Sway, tilt and turning at once: drive + stand = spent + stored, and the stand's share is not small."""
    clock = Clockwork(GRAHAM, dirt=False)

    def ground(t):
        return Ground((0.3 * math.sin(3 * t), 0.1 * math.cos(5 * t), 0.0), (0, 0, 2e-3 * math.sin(2 * t)),
                      (0, 0, -8e-3 * math.sin(2 * t)))  # fmt: skip

    shaken(clock, 6.0, 0.01, ground)
    books = clock.ledger()
    assert abs(books.stand_j) > books.drive_j
    assert abs(books.residual_j) < 1e-4 * abs(books.stand_j)


def test_a_pendulum_gives_back_m_l_w2_a():
    """First harmonic of the sideways force, and its moment about the mount at the height of the bob."""
    clock = Clockwork(GRAHAM, dirt=False)
    w = 2 * math.pi / 2.0
    t0 = clock.time
    given = shaken(clock, 8.0, 0.01, lambda t: STILL)
    at = t0 + 0.01 * (np.arange(len(given)) + 0.5)
    waves = np.exp(-1j * w * at) * 2 / len(given)
    force = abs(np.sum(waves * [r.force[0] for r in given]))
    swing = np.concatenate([clock._tell().beats.amplitude_rad, *(p.beats.amplitude_rad for p in clock._pieces)]).mean()
    osc = GRAHAM.oscillator
    assert force == pytest.approx(osc.mass * osc.length * w**2 * swing, rel=0.01)
    assert abs(np.mean([r.force[0] for r in given])) < 1e-3 * force
    bob = clock.loose[1][1]
    inertial = np.array([r.moment[2] for r in given]) + bob * np.array([r.force[0] for r in given])
    weight = osc.mass * G * osc.length * swing  # of the bob, moved aside
    assert abs(np.sum(waves * inertial)) == pytest.approx(weight, rel=0.02)


def test_a_turning_stand_leaves_the_balance_behind():
    """A steady angular acceleration about the balance's axis moves its rest by alpha / w2; the fork stays banked."""
    alpha = 5.0
    clock = Clockwork(WATCH, dirt=False)
    osc = WATCH.oscillator
    shift = alpha * osc.inertia / osc.stiffness
    for _ in range(10):
        clock.advance(0.5, Ground(turning=(0.0, alpha, 0.0)))
    clock._tell()
    beats = [p.beats for p in clock._pieces]
    times, sides = (np.concatenate([getattr(b, n) for b in beats]) for n in ("centre_s", "side"))
    swing = np.concatenate([b.amplitude_rad for b in beats]).mean()
    steps = np.diff(times)
    error = 0.5 * (steps[sides[1:] > 0].mean() - steps[sides[1:] < 0].mean())
    w = math.sqrt(osc.stiffness / osc.inertia)
    assert error == pytest.approx(2 * math.asin(shift / swing) / w, rel=0.03)
    upright = Clockwork(WATCH, dirt=False, position="12H")
    upright.advance(1.0, Ground(turning=(0.0, alpha, 0.0)))
    assert upright.stand_j == 0.0, "turning about another axis than the balance's does nothing here"


def test_a_turning_stand_moves_a_pendulum_by_the_height_of_its_bob():
    """A steady angular acceleration about z pulls at the bob's own height: a tilt of alpha (h - l) / g."""
    alpha = 0.3
    clock = Clockwork(GRAHAM, dirt=False)
    for _ in range(60):
        clock.advance(0.5, Ground(turning=(0.0, 0.0, alpha)))
    clock._tell()
    beats = [p.beats for p in clock._pieces]
    times, sides = (np.concatenate([getattr(b, n) for b in beats]) for n in ("centre_s", "side"))
    steps, swing = np.diff(times), np.concatenate([b.amplitude_rad for b in beats]).mean()
    error = 0.5 * (steps[sides[1:] > 0].mean() - steps[sides[1:] < 0].mean())
    aside = alpha * clock.loose[1][1] / G
    assert abs(error) == pytest.approx(2 * math.asin(aside / swing) / math.pi, rel=0.02)
    assert error < 0.0, "to the other side than a tilt of the same sign"


def test_a_balance_gives_back_its_moment_about_its_own_axis():
    for position, axis in (("CH", 1), ("CB", 1), ("12H", 2), ("3H", 2)):
        clock = Clockwork(WATCH, dirt=False, position=position)
        given = np.array([clock.advance(0.004).moment for _ in range(250)])
        largest = np.abs(given).max(axis=0)
        assert int(np.argmax(largest)) == axis
        assert np.sum(largest > 1e-12) == 1
    w, swing = 2 * math.pi * 4.0, math.radians(clock.live.advance(1.0).amplitude_deg)
    assert largest[2] == pytest.approx(WATCH.oscillator.inertia * w**2 * swing, rel=0.02)


def test_axes_are_right_handed_and_agree_with_the_engines_positions():
    from heartwright.works.build import gravity

    for position, rows in AXES.items():
        x, y, z = np.array(rows, float)
        assert np.allclose(np.cross(x, y), z)
        assert np.allclose([x[1] * -G, y[1] * -G], gravity(position, 0.0, upright=False))


def test_gravity_changes_in_place_and_nothing_is_built_anew():
    clock = Clockwork(GRAHAM, dirt=False)
    model = clock._built.model
    shaken(clock, 1.0, 0.01, lambda t: Ground(acceleration=(0.2 * math.sin(t), 0.0, 0.0), tilt=(0, 0, 1e-3 * t)))
    assert clock._built.model is model


def test_cold_thickens_the_hearts_oil():
    warm, cold = Clockwork(HEART, dirt=False), Clockwork(HEART, dirt=False)
    for _ in range(12):
        warm.advance(0.5)
        cold.advance(0.5, Ground(temperature_c=-2.0))
    assert cold.live.temperature_c == -2.0 and abs(cold.ledger().residual_ratio) < 2e-3
    halving = HEART.pump.viscosity_halving
    ratio = cold.live._going.pp[pump.MU] / warm.live._going.pp[pump.MU]
    assert ratio == pytest.approx(2.0 ** (25.0 / halving))
    assert cold.ledger().spent_j["load"] > 1.1 * warm.ledger().spent_j["load"], "the pressure rises"


def test_deeds():
    clock = Clockwork(GRAHAM, start_deg=0.3)
    for _ in range(20):
        clock.advance(0.5)
    assert clock.status == "stopped" and "start it by hand" in clock.advice
    assert "2" in clock.do("nudge", start_deg=2.0)
    for _ in range(10):
        clock.advance(0.5)
    assert clock.status == "running"
    assert clock.do("wind", wind=0.5) == "Wound to 50 %."
    assert clock.live.wind == pytest.approx(0.5, abs=1e-3)
    assert abs(clock.ledger().residual_ratio) < 1e-3


def test_bad_input_is_refused():
    clock = Clockwork(GRAHAM)
    with pytest.raises(ValueError, match="'shake' cannot be done to it; what can: nudge, wind"):
        clock.do("shake")
    with pytest.raises(ValueError, match="start_deg=50 deg: 0.1 to 8 deg is allowed"):
        clock.do("nudge", start_deg=50.0)
    with pytest.raises(ValueError, match="it must hold the oscillator's 1 kg at least"):
        Clockwork(GRAHAM, mass=0.5)
    with pytest.raises(ValueError, match="position 'XH' is not known"):
        Clockwork(WATCH, position="XH")
