"""The engine by itself: closed forms, the impact law, order of convergence, seeds, jumps, the JIT off."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ellipk

from heartwright.engine import layout as L
from heartwright.engine.simulate import Simulation
from heartwright.engine.system import Options
from heartwright.works import movement
from tests.rigs import clean, edited, rotor, run_far, run_until

G = 9.80665
ROOT = Path(__file__).parents[1]
PERIOD_S_PER_DAY = 2e-3
TORQUE_A = 8.53e-7  # drives design A at 280 deg with frictionless pivots


# --------------------------------------------------------------------------------------------- circular error


def pendulum_period(amplitude: float, step: float, *, located: bool = True) -> float:
    """Period of the engine's free pendulum of 2 s at small swing."""
    length = G / math.pi**2
    sim = rotor(Options(step=step, gravity=(0.0, -G)), inertia=length**2, moment=(0.0, -length), located=located)
    sim.state.angle[0] = -amplitude
    sim.run(12.0 * (1.0 + amplitude**2 / 16))
    rows = sim.written().crossing
    up = rows[rows[:, L.C_W] > 0, L.C_T]
    return float(np.diff(up).mean())


@pytest.mark.parametrize("amplitude_deg", [0.5, 2.0, 6.0, 45.0, 90.0])
def test_circular_error(amplitude_deg: float) -> None:
    """Exact: T/T0 = 2 K(sin^2(A/2)) / pi (e.g. Baker and Blackburn, The Pendulum, 2005); 6.580 s/d at 2 deg."""
    amplitude = math.radians(amplitude_deg)
    exact = 2.0 * (2.0 / math.pi) * ellipk(math.sin(0.5 * amplitude) ** 2)
    assert pendulum_period(amplitude, 1e-4) == pytest.approx(exact, rel=3e-9 + 2e-9 * amplitude**2)


def test_circular_error_of_two_degrees_is_6_58_seconds_a_day() -> None:
    loss = (pendulum_period(math.radians(2.0), 1e-4) / 2.0 - 1.0) * 86400
    assert loss == pytest.approx(6.5802, abs=1e-3)


@pytest.mark.parametrize("located", [True, False])
def test_both_steppers_are_second_order_on_a_smooth_arc(located: bool) -> None:
    amplitude = math.radians(90.0)
    exact = 2.0 * (2.0 / math.pi) * ellipk(0.5)
    errors = [abs(pendulum_period(amplitude, h, located=located) - exact) for h in (8e-3, 4e-3, 2e-3)]
    orders = [math.log2(a / b) for a, b in zip(errors, errors[1:], strict=False)]
    assert min(orders) > 1.9, (errors, orders)


# --------------------------------------------------------------------------------------------- clocks with closed forms


@pytest.mark.parametrize(("dry", "kick"), [(0.05, 0.5), (0.1, 0.6), (0.02, 0.3)])
@pytest.mark.parametrize("flies", [True, False])
def test_andronov_clock(dry: float, kick: float, flies: bool) -> None:
    """q'' + m sgn(q') + q = 0, kicked to v^2 + h^2 at q = -m upward: v* = h^2/(8m) + 2m just after the kick.

    Andronov, Vitt and Khaikin, Theory of Oscillators (1966), ch. III. Where the oscillator flies, its arcs are in
    closed form and only the stretch about the centre is stepped.
    """
    options = Options(step=1e-3, window=0.3 if flies else 0.0, sleep=flies)
    sim = rotor(options, stiffness=1.0, dry=dry)
    state = sim.state
    state.angle[0], state.speed[0] = -dry, 1.0
    speeds = []
    for _ in range(120):
        sim.run(sim.time + 4.0)  # past the upper turning point, on the way down or near the lower one
        while state.angle[0] > -dry or state.speed[0] < 0.0:
            sim.run(sim.time + 0.05)
        if state.angle[0] > -dry:
            pytest.fail("the kick was missed")
        run_until(sim, -dry)
        state.speed[0] = math.sqrt(state.speed[0] ** 2 + kick**2)
        speeds.append(float(state.speed[0]))
    assert speeds[-1] == pytest.approx(kick**2 / (8 * dry) + 2 * dry, rel=1e-6 if flies else 1e-5)


def verge_period(torque: float, friction: float, flip: float) -> float:
    """Exact period of phi'' + lambda phi' = +-mu with flips at +-phi0."""

    def half(v: float) -> tuple[float, float]:
        limit = torque / friction

        def place(t: float) -> float:
            return -flip + limit * t - (v + limit) * (1.0 - math.exp(-friction * t)) / friction

        turn, far = math.log((v + limit) / limit) / friction, 1.0
        while place(far) < flip:
            far *= 2.0
        t = float(brentq(lambda t: place(t) - flip, turn, far, xtol=1e-14))
        return t, limit - (v + limit) * math.exp(-friction * t)

    speed = float(brentq(lambda v: half(v)[1] - v, 1e-12, 1e3 * (1 + torque), xtol=1e-14))
    return 2.0 * half(speed)[0]


@pytest.mark.parametrize(("torque", "table"), [(0.1, 44.0), (1.0, 7.84472), (10.0, 2.84725), (100.0, 1.25909)])
def test_verge_and_foliot(torque: float, table: float) -> None:
    """phi'' + lambda phi' = +-mu, the sign flipping at +-phi0: Hoyng and Nieuwenhuizen's model, Horological Science
    Newsletter 2016; periods rise from 4 (3 phi0/lambda)^(1/3) mu^(-1/3) to 4 phi0 lambda/mu."""
    exact = verge_period(torque, 1.0, 1.0)
    assert exact == pytest.approx(table, abs=6e-6)
    sim = rotor(Options(step=2e-4 * table), viscous=1.0)
    state, way, flips = sim.state, 1.0, []
    state.angle[0] = -1.0
    for _ in range(24):
        state.drive[0, L.TORQUE] = way * torque
        flips.append(run_until(sim, way, step=2e-3 * table) if state.angle[0] * way < 1.0 else sim.time)
        way = -way
    assert flips[-1] - flips[-3] == pytest.approx(exact, rel=2e-6)


# --------------------------------------------------------------------------------------------- impacts


WILD = [
    {},
    {"escapement.pallet_restitution": 0.6, "escapement.notch_restitution": 0.6, "escapement.banking_restitution": 0.6},
    {"escapement.pallet_restitution": 0.8, "escapement.notch_restitution": 0.1, "escapement.banking_restitution": 0.8,
     "escapement.pallet_friction": 0.3, "escapement.notch_friction": 0.3},
    {"escapement.pallet_restitution": 0.1, "escapement.notch_restitution": 0.8, "escapement.banking_restitution": 0.1,
     "escapement.pallet_friction": 0.3, "escapement.notch_friction": 0.3},
    {"escapement.pallet_restitution": 0.9, "escapement.notch_restitution": 0.9, "escapement.banking_restitution": 0.9,
     "escapement.pallet_friction": 0.4, "escapement.notch_friction": 0.4},
]  # fmt: skip


@pytest.mark.parametrize("change", WILD)
@pytest.mark.parametrize("name", ["watch-21600", "watch-2824"])
def test_no_impact_creates_energy(name: str, change: dict[str, float]) -> None:
    """Newton's law contact by contact can (Kane and Levinson 1985): 31 of 11,617 impacts of design A, e 0.9, mu 0.4."""
    _, sim = clean(edited(name, change), step=4e-5, start=-4.0)
    sim.run(3.0)
    rows = sim.written().impact
    assert len(rows) > 100
    assert rows[:, L.I_MAX_GAIN].max() <= 1e-20
    assert rows[:, L.I_PN].min() >= 0.0


@pytest.mark.parametrize("change", WILD)
def test_no_step_of_the_fixed_stepper_creates_energy_at_contacts(change: dict[str, float]) -> None:
    """Work of all contacts of one step, which is what the impact law bounds there."""
    _, sim = clean(edited("watch-21600", change), step=4e-5, start=-4.0)
    sim.located = False
    sim.run(3.0)
    rows = sim.written().impact
    assert len(rows) > 100
    _, step = np.unique(rows[:, L.I_T], return_inverse=True)
    assert np.bincount(step, weights=rows[:, L.I_LOSS]).min() >= -1e-20


def test_no_impact_creates_energy_from_random_states() -> None:
    """Parts thrown against each other at random speeds, in every posture of a beat."""
    design = edited("watch-21600", WILD[4])
    built, sim = clean(design, step=4e-5, start=-4.0)
    rng = np.random.default_rng(1)
    sim.run(1.0)
    gains = []
    for _ in range(400):
        sim.forget()
        sim.state.number[L.T_NOW] = 0.0
        sim.run(float(rng.uniform(1e-3, 0.05)))
        sim.state.speed[0] += rng.normal(0.0, 30.0)
        sim.state.speed[1] += rng.normal(0.0, 20.0)
        sim.state.speed[2] *= rng.uniform(0.8, 1.2)
        before = len(sim.written().impact)
        if sim.run(sim.time + 2e-3) != L.REACHED:
            built, sim = clean(design, step=4e-5, start=-4.0)
            sim.run(1.0)
            continue
        gains.extend(sim.written().impact[before:, L.I_MAX_GAIN])
    assert len(gains) > 500
    assert max(gains) <= 1e-20


# --------------------------------------------------------------------------------------------- convergence


def passages(start: float, step: float, *, located: bool = True) -> np.ndarray:
    """First ten passages through the centre of the Graham let go at `start` [rad]."""
    _, sim = clean(edited("graham", {}), step=step, torque=1.5e-3, start=start)
    sim.located = located
    run_far(sim, 10.6)
    return sim.written().crossing[:10, L.C_T]


@pytest.mark.parametrize(
    ("located", "steps", "order", "error_s"),
    [(True, (5e-3, 2.5e-3, 1.25e-3, 6.25e-4), 1.2, 5e-7), (False, (4e-4, 2e-4, 1e-4, 5e-5), 0.8, 1e-5)],
)
def test_order_of_convergence(located: bool, steps: tuple[float, ...], order: float, error_s: float) -> None:
    """Root mean square over beats and starting amplitudes, on orbits without grazing.

    The located stepper is of second order between events and limited by its gap tolerance below a few nanoseconds a
    beat; the fixed one of first order in the times of impacts.
    """
    starts = (-0.0325, -0.0331, -0.0338, -0.0345)
    truth = [passages(start, 5e-5) for start in starts]
    errors = []
    for step in steps:
        found = [passages(start, step, located=located) for start in starts]
        errors.append(float(np.sqrt(np.mean(np.square(np.array(found) - np.array(truth))))))
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert slope > order, errors
    assert errors[0] < error_s, errors


def test_mean_period_of_the_graham() -> None:
    """2.0010788477 s: an eighth-order integration of rigid contacts, benchmarks/graham_vs_peers/reference.py.

    Friction reverses at every turning point and must be cut there: full friction taken over the whole step would leave
    0.06 s/d at 5 ms.
    """
    for step in (5e-3, 1e-3):
        error = graham_period(step) / 2.0010788477 - 1.0
        assert abs(error) * 86400 < PERIOD_S_PER_DAY


def graham_period(step: float) -> float:
    """Mean period of the Graham at 1.5 mN m, from its steady amplitude of 1.931006 deg."""
    _, sim = clean(edited("graham", {}), step=step, torque=1.5e-3, start=-math.radians(1.931006))
    run_far(sim, 100.0)
    rows = sim.written().crossing
    up = rows[(rows[:, L.C_W] > 0) & (rows[:, L.C_T] > 40.0), L.C_T]
    assert np.std(np.diff(up)) < 1e-5
    return float(np.diff(up).mean())


# --------------------------------------------------------------------------------------------- jumps, seeds, orders


def test_a_free_arc_jumped_equals_one_stepped() -> None:
    """The same second with and without sleep, of a lever without dry friction."""
    crossings = []
    for sleep in (True, False):
        design = edited("watch-21600", {"oscillator.pivot_friction": 0.0})
        _, sim = clean(design, step=1e-5, torque=TORQUE_A, start=-4.8, sleep=sleep)
        sim.run(1.0)
        assert (sim.state.counter[L.JUMPS] > 5) == sleep
        crossings.append(sim.written().crossing)
    jumped, stepped = crossings
    np.testing.assert_allclose(jumped[:, L.C_T], stepped[:, L.C_T], atol=2e-8)
    np.testing.assert_allclose(jumped[1:, L.C_PEAK], stepped[1:, L.C_PEAK], atol=2e-6)


@pytest.mark.parametrize("name", ["watch-2824", "graham"])
def test_same_seed_same_bits(name: str) -> None:
    one, two, other = (movement.run(edited(name, {}), seconds=6.0, seed=seed) for seed in (5, 5, 6))
    for field in ("centre_s", "amplitude_rad", "lock_s"):
        assert getattr(one.beats, field).tobytes() == getattr(two.beats, field).tobytes()
    for field in ("time_s", "impulse_ns", "loss_j", "tooth"):
        assert getattr(one.impacts, field).tobytes() == getattr(two.impacts, field).tobytes()
    assert one.ledger == two.ledger
    assert not np.array_equal(one.beats.centre_s[:10], other.beats.centre_s[:10])


def test_a_finer_run_sees_the_same_dirt() -> None:
    """Amplitudes of single beats differ by less than a hundredth of their own scatter."""
    design = edited("watch-6497", {})
    coarse = movement.run(design, seconds=20.0, seed=3)
    fine = movement.run(design, seconds=20.0, seed=3, step=movement.longest_step(design) / 5)
    a, b = np.degrees(coarse.beats.amplitude_rad), np.degrees(fine.beats.amplitude_rad)
    assert len(a) == len(b)
    assert np.std(a) > 0.5
    assert np.abs(a - b).max() < 0.01 * np.std(a)


def test_order_of_simultaneous_impacts() -> None:
    """Impacts taken one at a time in a random order: the spread between orders is small, and not nothing."""
    design = edited("watch-21600", {})
    together = movement.run(design, seconds=10.0, dirt=False)
    orders = [movement.run(design, seconds=10.0, dirt=False, sequential=True, seed=seed) for seed in (1, 2, 3)]
    assert together.figures["ordered_impacts"] == 0
    assert all(run.figures["ordered_impacts"] > 50 for run in orders)
    amplitudes = np.array([run.amplitude_deg for run in orders])
    rates = np.array([run.rate_s_per_day for run in orders])
    assert 0.0 < np.ptp(amplitudes) < 0.5
    assert np.ptp(rates) < 0.1
    assert abs(amplitudes.mean() - together.amplitude_deg) < 0.5
    assert abs(rates.mean() - together.rate_s_per_day) < 0.1


SHORT_RUN = """
import json, sys, warnings
from tests.rigs import clean, edited
for name, start in (("watch-21600", -0.45), ("graham", -0.0337)):
    built, sim = clean(edited(name, {}), step=5e-5, start=start)
    sim.state.speed[built.oscillator] = 60.0 if name != "graham" else 0.0
    sim.run(0.015)
    print(json.dumps([*sim.state.angle, *sim.state.speed, *sim.written().ledger[:5], len(sim.written().impact)]))
"""


def test_kernels_run_without_the_jit() -> None:
    """The same short run compiled and interpreted."""

    def rows(jit_off: str) -> np.ndarray:
        out = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SHORT_RUN], cwd=ROOT, capture_output=True, text=True, timeout=120,
            env={**os.environ, "NUMBA_DISABLE_JIT": jit_off, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert out.returncode == 0, out.stderr
        return np.array([json.loads(line) for line in out.stdout.splitlines()], object)

    for compiled, plain in zip(rows("0"), rows("1"), strict=True):
        np.testing.assert_allclose(np.array(plain, float), np.array(compiled, float), rtol=1e-12, atol=1e-15)
        assert plain[-1] > 0 or len(plain) < 10


def test_a_simulation_goes_on_where_it_was() -> None:
    """One call or many, the same path to the tolerance of the steps they cut."""
    ends = []
    for calls in (1, 7):
        built, sim = clean(edited("watch-21600", {}), step=2e-5, start=-4.5)
        for i in range(calls):
            assert sim.run((i + 1) * 0.7 / calls) == L.REACHED
        ends.append(float(sim.state.angle[built.oscillator]))
    assert ends[0] == pytest.approx(ends[1], abs=1e-5)


def test_logs_hold_what_happened() -> None:
    built, sim = clean(edited("watch-21600", {}), step=4e-5, start=-4.5)
    assert isinstance(sim, Simulation)
    sim.run(2.0)
    rows = sim.written()
    assert np.all(np.diff(rows.impact[:, L.I_T]) >= 0.0)
    assert np.all(np.diff(rows.crossing[:, L.C_T]) > 0.0)
    names = {*built.pairs}
    assert {"entry stone", "exit stone", "notch left", "notch right"} <= names
    assert -1 in rows.impact[:, L.I_PAIR], "no banking was hit"
