"""The gyroscope against closed forms: top, free body, gimbals; its friction, hands, stand, books and sound."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special
from scipy.interpolate import CubicSpline

from heartwright.work import STILL, G, Ground, Work
from heartwright.works.gyroscope import RPM, Gyroscope
from heartwright.works.gyroscope import hands as hands
from heartwright.works.gyroscope import motion as K
from heartwright.works.gyroscope import rings as R
from heartwright.works.gyroscope import top as top
from heartwright.works.gyroscope.body import Build, air_drag, read
from heartwright.works.gyroscope.figures import motion_of, ring_nutation
from heartwright.works.gyroscope.mounts import InGimbals, OnPoint

BARE = {"friction": False, "imbalance": 0.0, "skew": 0.0}


def _point(**options: object) -> tuple[Gyroscope, OnPoint]:
    work = Gyroscope(**options)  # type: ignore[arg-type]
    assert isinstance(work.held, OnPoint)
    return work, work.held


def _gimbals(**options: object) -> tuple[Gyroscope, InGimbals]:
    work = Gyroscope(mount="gimbals", **options)  # type: ignore[arg-type]
    assert isinstance(work.held, InGimbals)
    return work, work.held


def _seen_motion(t: np.ndarray, u: np.ndarray, heading: np.ndarray) -> tuple[float, float]:
    """Nutation period and mean precession of a motion that was watched, between its lowest places."""
    i = np.flatnonzero((u[1:-1] < u[:-2]) & (u[1:-1] <= u[2:])) + 1
    bend = u[i - 1] - 2.0 * u[i] + u[i + 1]
    low = t[i] + 0.5 * (u[i - 1] - u[i + 1]) / bend * (t[1] - t[0])
    turned = CubicSpline(t, np.unwrap(heading))
    return float((low[-1] - low[0]) / (len(low) - 1)), float((turned(low[-1]) - turned(low[0])) / (low[-1] - low[0]))


def _watch(held: OnPoint, nutation_s: float, periods: int = 8, per: int = 300) -> tuple[np.ndarray, ...]:
    rows = [held.axis]
    for _ in range(per * periods):
        held.advance(nutation_s / per, STILL)
        rows.append(held.axis)
    a = np.array(rows)
    return nutation_s / per * np.arange(len(a)), a[:, 1], np.arctan2(-a[:, 2], a[:, 0])


# ------------------------------------------------------------------------------------------ closed forms


def test_the_top_s_closed_form_is_that_of_its_integrals() -> None:
    # nutation period and precession by quadrature of dt = du / sqrt f(u), and by scipy's elliptic integral
    across, pull, axial, lean = 2e-4, 0.05, 0.01, 0.8
    upright, energy = axial * math.cos(lean), pull * math.cos(lean)
    found = top.top_motion(across=across, pull=pull, axial=axial, vertical=upright, energy=energy)
    u1, u2 = math.cos(found.lean_high), math.cos(found.lean_low)
    alpha, beta, a, b = 2 * energy / across, 2 * pull / across, upright / across, axial / across

    def f(u: float) -> float:
        return (alpha - beta * u) * (1 - u * u) - (a - b * u) ** 2

    u3 = max(np.roots([beta, -(alpha + b * b), 2 * a * b - beta, alpha - a * a]).real)

    def at(s: float) -> tuple[float, float]:  # u = u1 + (u2 - u1) sin^2 s takes the ends' poles out
        u = u1 + (u2 - u1) * math.sin(s) ** 2
        return u, 2.0 / math.sqrt(beta * (u3 - u))

    period = 2 * integrate.quad(lambda s: at(s)[1], 0, math.pi / 2, epsabs=1e-14)[0]
    turned = 2 * integrate.quad(lambda s: at(s)[1] * (a - b * at(s)[0]) / (1 - at(s)[0] ** 2), 0, math.pi / 2)[0]
    assert abs(f(u1)) < 1e-7 * alpha and abs(f(u2)) < 1e-7 * alpha
    assert found.nutation_s == pytest.approx(period, rel=1e-10)
    assert found.precession == pytest.approx(turned / period, rel=1e-8)
    k2 = (u2 - u1) / (u3 - u1)
    assert found.nutation_s == pytest.approx(2 * special.ellipk(k2) / math.sqrt(beta * (u3 - u1) / 4), rel=1e-10)


@pytest.mark.parametrize(("rpm", "lean_deg"), [(8000, 60), (2500, 60), (1800, 40), (-4000, 100)])
def test_precession_and_nutation_are_those_of_the_heavy_top(rpm: float, lean_deg: float) -> None:
    _, held = _point(rpm=rpm, lean_deg=lean_deg, release="rest", **BARE)
    want = motion_of(held)
    assert want is not None
    t, u, heading = _watch(held, want.nutation_s)
    nutation, precession = _seen_motion(t, u, heading)
    assert nutation == pytest.approx(want.nutation_s, rel=1e-9)  # 1e-4 is asked for
    assert precession == pytest.approx(want.precession, rel=1e-9)
    assert math.acos(u.min()) == pytest.approx(want.lean_high, abs=1e-9)


def test_its_nod_follows_jacobi_s_sine() -> None:
    _, held = _point(rpm=2500, release="rest", **BARE)
    want = motion_of(held)
    assert want is not None
    t, u, _ = _watch(held, want.nutation_s, periods=2)
    u1, u2 = math.cos(want.lean_high), math.cos(want.lean_low)
    # it starts at its highest: u = u1 + (u2 - u1) sn^2(K + rate t)
    a, pull = held.across, held.pull
    alpha, beta = 2 * pull * math.cos(math.radians(60)) / a, 2 * pull / a
    b = held.axial / a
    u3 = max(np.roots([beta, -(alpha + b * b), 2 * b * b * math.cos(math.radians(60)) - beta,
                       alpha - (b * math.cos(math.radians(60))) ** 2]).real)  # fmt: skip
    k2 = (u2 - u1) / (u3 - u1)
    sn = special.ellipj(special.ellipk(k2) + 0.5 * math.sqrt(beta * (u3 - u1)) * t, k2)[0]
    assert np.allclose(u, u1 + (u2 - u1) * sn**2, atol=1e-9)


def test_energy_does_not_drift_in_a_hundred_thousand_turns() -> None:
    for pieces, options in ((50, BARE), (5, {"friction": False})):  # in balance; as toys are, for a tenth of it
        _, held = _point(rpm=8000, release="rest", **options)
        start, upright = held.energy, held.state[K.PY]
        worst = 0.0
        for _ in range(pieces):
            held.advance(15.0, STILL)  # 2,000 turns
            worst = max(worst, abs(held.energy / start - 1.0))
        assert worst < 1e-8
        assert held.state[K.PY] == upright  # to the last bit: gravity has no moment about the upright


def test_momentum_of_a_free_body_stands_to_the_last_bit() -> None:
    _, held = _point(**{"rpm": 600.0, "lean_deg": 0.0, "friction": False, "moments": (1e-5, 2e-5, 3e-5)})
    held.state[K.PX : K.PZ + 1] = [2e-6, 1e-3, -1e-6]
    start, energy = held.state[K.PX : K.PZ + 1].copy(), held.energy
    for _ in range(20):
        held.advance(0.5, STILL)
    assert np.array_equal(held.state[K.PX : K.PZ + 1], start)
    assert held.energy == pytest.approx(energy, rel=1e-10)


def test_the_middle_axis_flips_when_its_closed_form_says() -> None:
    moments = (1e-5, 2e-5, 3e-5)
    rate = 600.0 * RPM
    work = Gyroscope.free_body(moments, rpm=600.0)
    held = work.held
    held.state[K.PX : K.PZ + 1] = [1e-3 * rate * moments[0], rate * moments[1], 0.0]
    want = top.flip_period(moments, (1e-3 * rate, rate, 0.0))
    step, spins = want / 400, [rate]
    for _ in range(2000):
        held.advance(step, STILL)
        spins.append(held.spin)
    s = np.array(spins)
    k = np.flatnonzero(s[1:] * s[:-1] < 0)
    flips = step * (k + s[k] / (s[k] - s[k + 1]))
    assert len(flips) >= 4
    assert np.diff(flips) == pytest.approx(np.full(len(flips) - 1, want), rel=1e-5)


def test_the_flip_s_closed_form_on_either_side_of_the_separatrix() -> None:
    # by integrating Euler's equations with an independent solver
    moments = np.array([1.0, 2.0, 3.0])
    for rates in ((0.1, 2.0, 0.02), (0.02, 2.0, 0.1)):

        def euler(_: float, w: np.ndarray) -> np.ndarray:
            return np.cross(moments * w, w) / moments

        def crosses(_: float, w: np.ndarray) -> float:
            return float(w[1])

        run = integrate.solve_ivp(euler, (0, 40), rates, method="DOP853", rtol=1e-11, atol=1e-13, events=crosses)
        flips = run.t_events[0]
        assert np.diff(flips) == pytest.approx(
            np.full(len(flips) - 1, top.flip_period(tuple(moments), rates)), rel=1e-6
        )


@pytest.mark.parametrize(("share", "sleeps"), [(0.99, False), (1.01, True)])
def test_an_upright_top_sleeps_above_its_threshold(share: float, sleeps: bool) -> None:
    work = Gyroscope.heavy_top(friction=False, lean_deg=0.01)
    held = work.held
    assert isinstance(held, OnPoint)
    threshold = top.sleeping_spin(across=held.across, along=held.along, pull=held.pull)
    held.let_go(share * threshold, math.radians(0.01), steady=False)
    worst = 0.0
    for _ in range(500):
        held.advance(0.02, STILL)
        worst = max(worst, held.lean)
    assert (math.degrees(worst) < 0.2) == sleeps


def test_gimbals_without_rings_are_a_heavy_top() -> None:
    weight = 2e-3
    _, held = _gimbals(outer_ring=0.0, inner_ring=0.0, overweight=weight, rpm=2500, lean_deg=60, release="rest", **BARE)
    pull = weight * G
    want = top.top_motion(
        across=held.body[R.A],
        pull=pull,
        axial=held.state[R.PS],
        vertical=held.state[R.PF],
        energy=pull * math.cos(math.radians(60)),
    )
    rows = [(0.0, *held.state[:2])]
    for k in range(8 * 300):
        held.advance(want.nutation_s / 300, STILL)
        rows.append(((k + 1) * want.nutation_s / 300, *held.state[:2]))
    t, theta, phi = np.array(rows).T
    nutation, precession = _seen_motion(t, np.cos(theta), phi)
    assert nutation == pytest.approx(want.nutation_s, rel=1e-8)
    assert precession == pytest.approx(want.precession, rel=1e-8)


def test_the_rings_inertia_makes_a_nodding_gyroscope_walk() -> None:
    # action of the nod x d(its frequency)/d(momentum about the upright)
    work, held = _gimbals(rpm=8000, lean_deg=60, release="rest", **BARE)
    b, theta = held.body, float(held.state[R.THETA])
    s, c = math.sin(theta), math.cos(theta)
    level = (b[R.ACROSS] + 2 * b[R.INNER]) * s * s + b[R.INNER] * c * c + b[R.OUTER]
    hz, swing = ring_nutation(held), 0.01
    held.state[R.PT] = b[R.A] * swing * 2 * math.pi * hz
    rows = [(0.0, *held.state[:2])]
    for k in range(30 * 200):
        held.advance(1 / hz / 200, STILL)
        rows.append(((k + 1) / hz / 200, *held.state[:2]))
    t, nod, phi = np.array(rows).T
    period, walk = _seen_motion(t, -nod, phi)
    slope = 2 * (b[R.ACROSS] + b[R.INNER]) * s * c
    action = 0.5 * b[R.A] * swing**2 * 2 * math.pi * hz
    want = (
        -action
        / (held.state[R.PS] * s)
        * held.state[R.PS]
        / math.sqrt(b[R.A])
        * (c / math.sqrt(level) - 0.5 * s * slope / level**1.5)
    )
    assert 1 / period == pytest.approx(hz, rel=1e-3)
    assert walk == pytest.approx(want, rel=0.01)
    assert work.figures()["nutation"].value == pytest.approx(hz, rel=1e-3)


# ------------------------------------------------------------------------------------------ friction and hands


def test_air_slows_it_by_the_drag_of_a_disc() -> None:
    build = Build(bearing_friction=0.0, bearing_viscous=0.0, pivot_friction=0.0, imbalance=0.0, skew=0.0)
    work = Gyroscope(build, rpm=6000.0, lean_deg=0.0)
    laminar, _ = air_drag(build)
    for _ in range(100):
        work.advance(0.1)
    # laminar: dw/dt = -k w^1.5 / C
    want = (math.sqrt(1 / (6000 * RPM)) + 0.5 * laminar / build.axial * 10.0) ** -2
    assert work.spin == pytest.approx(want, rel=1e-4)
    reynolds = 600.0 * build.rotor_radius**2 / 1.54e-5
    torque = 0.5 * 1.19 * 600.0**2 * build.rotor_radius**5 * 3.87 / math.sqrt(reynolds)
    assert laminar * 600.0**1.5 == pytest.approx(torque, rel=1e-3)


def test_a_dry_and_a_viscous_bearing_slow_it_by_their_torques() -> None:
    still_air = {"air": 0.0, "imbalance": 0.0, "skew": 0.0, "frame_mass": 10.0}  # a frame that does not turn
    dry = Gyroscope(rpm=3000.0, lean_deg=0.0, bearing_viscous=0.0, **still_air)  # type: ignore[arg-type]
    wet = Gyroscope(rpm=3000.0, lean_deg=0.0, bearing_friction=0.0, bearing_viscous=1e-6, **still_air)  # type: ignore[arg-type]
    for _ in range(50):
        dry.advance(0.1)
        wet.advance(0.1)
    build = dry.build
    torque = build.bearing_friction * build.bearing_radius * build.rotor_mass * G
    assert dry.spin == pytest.approx(3000 * RPM - 5.0 * torque / build.axial, rel=1e-5)
    assert wet.spin == pytest.approx(3000 * RPM * math.exp(-5.0 * 1e-6 / build.axial), rel=1e-3)


def test_the_point_s_friction_slows_a_plain_top_and_fells_it() -> None:
    work = Gyroscope.heavy_top(rpm=2000.0, lean_deg=5.0, pivot_friction=0.3, pivot_radius=1e-3, air=0.0)
    build = work.build
    torque = 0.3 * 1e-3 * build.rotor_mass * G
    for _ in range(20):
        work.advance(0.1)
    assert work.spin == pytest.approx(2000 * RPM - 2.0 * torque / build.axial, rel=0.01)
    forecast = work.figures()["topples_in"].value + work.time
    while work.status == "running" and work.time < 200.0:
        work.advance(0.05)
    assert work.status == "fallen" and "cord" in work.advice
    assert work.time == pytest.approx(forecast, rel=0.05)
    assert work.ledger().residual_ratio < 1e-6
    work.do("cord")
    work.advance(3.0)
    assert work.status == "running" and work.spin > 100.0


def test_a_toy_topples_about_when_its_figures_say() -> None:
    work = Gyroscope(rpm=6000.0, lean_deg=60.0)
    forecast = work.figures()["topples_in"].value
    while work.status == "running" and work.time < 900.0:
        work.advance(0.1)
    assert work.status == "fallen"
    assert work.time == pytest.approx(forecast, rel=0.2)


def test_the_cord_gives_its_force_times_its_length() -> None:
    work = Gyroscope(rpm=0.0, friction=False)
    assert work.status == "stopped" and work.light == 0.0
    work.do("cord", force_n=20.0, length_m=0.8)
    for _ in range(1500):
        work.advance(0.002)
    assert work.status == "running"
    lifted = work.held.energy - 0.5 * work.build.axial * work.spin**2
    assert work.ledger().drive_j == pytest.approx(16.0, rel=2e-3)
    assert 0.5 * work.build.axial * work.spin**2 == pytest.approx(16.0, rel=2e-3)
    assert abs(lifted) < 0.1 and work.light > 0.2


def test_the_motor_follows_its_line() -> None:
    work = Gyroscope(rpm=0.0, friction=False, motor_no_load=1000.0, motor_stall=0.02)
    work.do("motor", seconds=3.0)
    work.advance(2.5)
    want = 1000.0 * (1.0 - math.exp(-0.02 / 1000.0 / work.build.axial * 2.5))
    assert work.spin == pytest.approx(want, rel=1e-3)


def test_a_finger_brakes_and_a_tap_nods() -> None:
    work = Gyroscope(rpm=3000.0, friction=False)
    work.do("brake", force_n=2.0, seconds=0.5)
    for _ in range(300):
        work.advance(0.002)
    torque = hands.FINGER * 2.0 * work.build.rotor_radius
    assert work.spin == pytest.approx(3000 * RPM - 0.5 * torque / work.build.axial, rel=1e-3)
    before = work.figures()["nutation_amplitude"].value
    work.do("tap", impulse_ns=2e-3)
    assert work.figures()["nutation_amplitude"].value > before + 0.1
    assert work.do("lean", lean_deg=30.0).startswith("Set")
    assert work.figures()["lean"].value == pytest.approx(30.0, abs=1e-6)
    work.do("hold", seconds=1.0)
    assert work.advance(0.01).force == (0.0, 0.0, 0.0)


def test_a_viscous_point_and_the_rings_bearings_slow_by_their_torques() -> None:
    work = Gyroscope.heavy_top(rpm=2000.0, lean_deg=0.0, air=0.0, pivot_friction=0.0, pivot_viscous=1e-5)
    for _ in range(20):
        work.advance(0.1)
    assert work.spin == pytest.approx(2000 * RPM * math.exp(-2.0 * 1e-5 / work.build.axial), rel=1e-3)
    # the rings alone turn, the rotor stands: dry and viscous friction at the outer ring, then at the inner
    for at in (R.PF, R.PT):
        _, held = _gimbals(rpm=0.0, lean_deg=90.0, air=0.0, imbalance=0.0, ring_friction=2e-5, ring_viscous=1e-5,
                           bearing_friction=0.0, bearing_viscous=0.0)  # fmt: skip
        b = held.body
        inertia = b[R.ACROSS] + 2 * b[R.INNER] + b[R.OUTER] if at == R.PF else b[R.A]
        held.state[at] = 20.0 * inertia
        held.advance(1.0, STILL)
        slowed = R.rates(held.state, b)[1 if at == R.PF else 0]
        ease = inertia / 1e-5
        want = (20.0 + 2.0) * math.exp(-1.0 / ease) - 2.0  # dry over viscous: 2 rad/s
        assert slowed == pytest.approx(want, rel=1e-2)


# ------------------------------------------------------------------------------------------ stand, books, sight, sound


@pytest.mark.parametrize("mount", ["point", "gimbals"])
def test_its_books_close_on_a_stand_that_shakes(mount: str) -> None:
    work = Gyroscope(mount=mount, rpm=5000.0, lean_deg=70.0, overweight=1e-3 if mount == "gimbals" else 0.0)
    for k in range(2000):
        t = 0.002 * k
        tilt = 0.03 * math.sin(3 * t)
        turning = -0.27 * math.sin(3 * t)
        work.advance(0.002, Ground((0.5 * math.sin(20 * t), 0.2 * math.cos(17 * t), 0.0), (0.0, 0.0, tilt),
                                   (0.0, 0.0, turning)))  # fmt: skip
    work.do("tap")
    work.do("cord")
    for _ in range(600):
        work.advance(0.002)
    books = work.ledger()
    assert abs(books.stand_j) > 1e-6
    assert books.drive_j + books.stand_j == pytest.approx(
        sum(books.spent_j.values()) + books.stored_j + books.residual_j, abs=1e-12
    )
    assert abs(books.residual_j) < 1e-5 * books.drive_j
    assert all(joules >= 0.0 for joules in books.spent_j.values())


@pytest.mark.parametrize("mount", ["point", "gimbals"])
def test_the_stand_s_work_is_what_a_shaken_gyroscope_gains(mount: str) -> None:
    work = Gyroscope(mount=mount, rpm=1500.0, lean_deg=70.0, overweight=2e-3 if mount == "gimbals" else 0.0, **BARE)
    for k in range(500):
        work.advance(0.002, Ground((2.0 * math.sin(0.02 * k), 0.5 * math.cos(0.05 * k), 1.0)))
    books = work.ledger()
    assert abs(books.stand_j) > 1e-5
    assert books.stored_j == pytest.approx(books.stand_j, rel=1e-4)


def test_a_stand_that_starts_leaves_the_top_behind() -> None:
    # an upright one at rest: about the point m l a t; a stand that turns moves the point by its height
    for ground, pushed in ((Ground((0.5, 0.0, 0.0)), 0.5), (Ground(turning=(0.0, 0.0, -4.0)), 4.0 * Build().height)):
        work, held = _point(rpm=0.0, lean_deg=0.0, **BARE)
        work.advance(0.005, ground)
        assert held.state[K.PZ] == pytest.approx(held.body[K.ML] * pushed * 0.005, rel=2e-3)
        assert held.state[K.PX] == pytest.approx(0.0, abs=1e-12)


def test_steady_precession_pulls_its_stand_round() -> None:
    work, held = _point(rpm=6000.0, lean_deg=90.0, **BARE)
    slow = work.figures()["precession"].value * math.pi / 180.0
    axis = np.array(held.axis)
    reaction = work.advance(1e-4)
    build = work.build
    # the centre goes round: the stand feels m l w^2 outwards, and its moment about the foot; the weight's is none
    outwards = build.moving_mass * build.pivot_to_centre * slow**2 * axis
    assert np.array(reaction.force) == pytest.approx(outwards, abs=2e-4 * float(np.linalg.norm(outwards)))
    assert np.array(reaction.moment) == pytest.approx(np.cross([0, build.height, 0], reaction.force), abs=1e-9)


def test_imbalance_shakes_the_stand_once_a_turn() -> None:
    rpm, offset = 3000.0, 2e-5
    work = Gyroscope(mount="gimbals", rpm=rpm, lean_deg=0.0, imbalance=offset, skew=0.0, friction=False,
                     outer_ring=1.0, inner_ring=1.0)  # fmt: skip
    force = np.array([work.advance(1e-4).force for _ in range(1000)])
    assert np.hypot(force[:, 0], force[:, 2]).mean() == pytest.approx(
        work.build.rotor_mass * offset * (rpm * RPM) ** 2, rel=2e-3
    )


@pytest.mark.parametrize("mount", ["point", "gimbals"])
def test_its_momentum_is_that_of_its_moving_centre(mount: str) -> None:
    # off its centre and skew: the wobble that a skew rotor gives the frame moves the centre as well
    work = Gyroscope(mount=mount, rpm=8000.0, lean_deg=60.0, imbalance=2e-5, skew=2e-3, friction=False)
    at, held = K if mount == "point" else R, work.held
    before = np.array(at.first_moment(held.state, held.body))
    for _ in range(300):
        started = np.array(at.momentum(held.state, held.body))
        work.advance(2e-5)
        moment = np.array(at.first_moment(held.state, held.body))
        mean = 0.5 * (started + np.array(at.momentum(held.state, held.body)))
        assert (moment - before) / 2e-5 == pytest.approx(mean, abs=2e-4 * np.linalg.norm(mean))
        before = moment


def test_momentum_that_it_loses_its_stand_gains() -> None:
    work, held = _point(rpm=3000.0, lean_deg=50.0, release="rest")
    before = np.array(K.momentum(held.state, held.body))
    impulse = np.zeros(3)
    for k in range(200):
        impulse += 0.002 * np.array(work.advance(0.002, Ground((0.3 * math.sin(k), 0.0, 0.0))).force)
    assert impulse == pytest.approx(before - np.array(K.momentum(held.state, held.body)), abs=1e-12)


def test_a_gyroscope_in_gimbals_feels_its_stand_turn() -> None:
    # the stand turns about the inner ring's level axis: spin momentum x rate turns the outer ring (a rate gyroscope)
    work, held = _gimbals(rpm=8000.0, lean_deg=90.0, release="rest", **BARE)
    momentum, rate, seconds = held.state[R.PS], 0.02, 0.05
    for k in range(50):
        t = seconds * (k + 1) / 50
        work.advance(seconds / 50, Ground(tilt=(0.0, 0.0, -rate * t)))
    # it keeps its direction in space while the stand turns under it, about the axis across shaft and upright
    assert held.lean == pytest.approx(math.pi / 2 - rate * seconds, abs=2e-4)
    assert momentum == pytest.approx(held.state[R.PS], rel=1e-3)


def test_a_turning_stand_feels_the_gyroscope_s_moment() -> None:
    # an upright shaft that a stand, turning about z, takes along: w x L along -x is the stand's to give, so + x on it
    work, held = _gimbals(rpm=8000.0, lean_deg=0.0, release="rest", **BARE)
    momentum = held.state[R.PS]
    work.advance(1e-4)
    moment = work.advance(1e-4, Ground(tilt=(0.0, 0.0, 1e-6))).moment
    assert moment == pytest.approx((momentum * 1e-2, 0.0, 0.0), abs=1e-3 * momentum * 1e-2)


def test_a_stand_that_turns_faster_takes_the_rings_along() -> None:
    # about the upright only the outer ring's bearing could take them: they stay, and so turn back against the stand
    _, held = _gimbals(rpm=0.0, lean_deg=90.0, release="rest", **BARE)
    held.advance(0.1, Ground(turning=(0.0, 3.0, 0.0)))
    assert R.rates(held.state, held.body)[1] == pytest.approx(-0.3, rel=1e-6)


def test_it_is_a_work_and_is_seen() -> None:
    for mount in ("point", "gimbals"):
        work = Gyroscope(mount=mount, seed=4)
        assert isinstance(work, Work)
        work.advance(0.01)
        seen = work.seen()
        assert seen.shape == (9,) and seen.dtype == np.float32
        assert np.linalg.norm(seen[:4]) == pytest.approx(1.0, abs=1e-6)
        w, x, y, z = seen[:4]
        axis = np.array([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)])
        assert math.degrees(math.acos(axis[1])) == pytest.approx(work.figures()["lean"].value, abs=1e-3)
        assert seen[5] == pytest.approx(work.spin, rel=1e-6)
        assert seen[6:] == pytest.approx(work.pivot_to_centre * axis, abs=1e-6)


def test_the_same_seed_gives_the_same_bits() -> None:
    def run(seed: int) -> tuple[np.ndarray, np.ndarray]:
        work = Gyroscope(seed=seed)
        work.advance(0.05)
        return work.seen(), work.heard(2400, 48_000)

    for one, other in zip(run(3), run(3), strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(run(3)[1], run(4)[1])


def test_its_whirr_follows_the_spin() -> None:
    def spectrum(rpm: float, **measures: object) -> tuple[np.ndarray, float]:
        work = Gyroscope(rpm=rpm, friction=False, **measures)  # type: ignore[arg-type]
        work.advance(1.0)
        heard = work.heard(48_000, 48_000)
        return np.abs(np.fft.rfft(heard)) / 24_000 / math.sqrt(2), float(np.sqrt(np.mean(heard.astype(float) ** 2)))

    quiet = {"air": 0.0, "balls": 0, "bearing_friction": 0.0}
    lines, _ = spectrum(6000.0, imbalance=2e-5, **quiet)
    assert np.argmax(lines) == 100  # once a turn [Hz]
    twice, _ = spectrum(6000.0, imbalance=4e-5, **quiet)
    skewless = spectrum(6000.0, imbalance=2e-5, skew=0.0, **quiet)[0][100]
    assert spectrum(6000.0, imbalance=4e-5, skew=0.0, **quiet)[0][100] == pytest.approx(2 * skewless, rel=1e-3)
    assert twice[100] > lines[100] > skewless
    # m e w^2 by the foot's mass, rho S / 2 pi, and its felt
    build = Build()
    force = build.rotor_mass * 2e-5 * (200 * math.pi) ** 2
    x = 100.0 / 60.0
    felt = x * x / math.hypot(1 - x * x, x / 3.0)
    want = 1.19 * math.pi * build.stand_radius**2 * force / build.stand_mass / (2 * math.pi) * felt
    assert skewless == pytest.approx(want, rel=0.01)
    # balls pass 3.5 x 0.7 times a turn; the air's power goes as the sixth power of the spin
    balls, _ = spectrum(6000.0, air=0.0, imbalance=0.0, skew=0.0)
    assert np.argmax(balls) == 245
    air = {"imbalance": 0.0, "skew": 0.0, "balls": 0, "bearing_friction": 0.0}
    slow, fast = spectrum(4000.0, **air)[1], spectrum(8000.0, **air)[1]
    assert fast / slow == pytest.approx(8.0, rel=0.1)


def test_a_tap_rings_the_frame_and_dies_away() -> None:
    work = Gyroscope(rpm=100.0, air=0.0)
    before = work.heard(4800, 48_000)
    work.do("tap")
    ring = work.heard(4800, 48_000)
    assert np.abs(ring).max() > 20 * np.abs(before).max()
    later = [work.heard(48_000, 48_000) for _ in range(3)][-1]
    assert np.abs(later).max() < 0.01 * np.abs(ring).max()


# ------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    "given",
    [
        {"mount": "string"},
        {"rotor_mass": 0.0},
        {"rotor_mass": float("nan")},
        {"rotor_radius": 26.5},
        {"moments": (1.0, 1.0, 3.0)},
        {"rpm": float("inf")},
        {"lean_deg": 120.0},
        {"release": "thrown"},
        {"order": 3},
        {"weight": 1.0},
        {"imbalance": 0.1},
    ],
)
def test_measures_that_no_gyroscope_has_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Gyroscope(**given)  # type: ignore[arg-type]


def test_deeds_and_files_are_checked(tmp_path) -> None:  # type: ignore[no-untyped-def]
    work = Gyroscope()
    with pytest.raises(ValueError, match="cord"):
        work.do("polish")
    with pytest.raises(ValueError, match="allowed"):
        work.do("cord", force_n=1e6)
    with pytest.raises(ValueError):
        work.advance(0.0)
    with pytest.raises(ValueError):
        top.flip_period((2.0, 1.0, 3.0), (1.0, 1.0, 1.0))
    file = tmp_path / "toy.toml"
    file.write_text("rotor_mass = 0.2\nballs = 9\n")
    assert read(file).rotor_mass == 0.2 and Gyroscope.read(file).build.balls == 9
    file.write_text("rotor_mas = 0.2\n")
    with pytest.raises(ValueError, match="rotor_mass"):
        read(file)
    file.write_text("rotor_mass = '200 g'\n")
    with pytest.raises(ValueError, match="SI"):
        read(file)
    file.write_text("rotor_mass =")
    with pytest.raises(ValueError, match="TOML"):
        read(file)
