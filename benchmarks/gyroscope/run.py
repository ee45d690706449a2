"""How exactly and how fast a gyroscope goes: closed forms, drift, cost, and the same top by others in the same run.

Tops are let go from rest; nutation period and mean precession are read off the motion between its lowest places and
held against the closed form with elliptic integrals. `QUICK=1` turns 10,000 times instead of 100,000 and watches fewer
nods.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicSpline

from benchmarks.common import bar, calibration_s, least_cpu, metric, quick
from benchmarks.gyroscope import peers
from heartwright.records import Floats
from heartwright.work import STILL, G, Ground
from heartwright.works.gyroscope import RPM, Gyroscope
from heartwright.works.gyroscope import motion as K
from heartwright.works.gyroscope import top as forms
from heartwright.works.gyroscope.figures import motion_of
from heartwright.works.gyroscope.mounts import OnPoint

CLOSED_FORM = 1e-4
DRIFT = 1e-8
CPU_S = 0.15
BARE = {"friction": False, "imbalance": 0.0, "skew": 0.0, "release": "rest"}
TOPS = {"fast": (8000.0, 60.0), "slow": (2500.0, 60.0), "slower": (1800.0, 40.0), "hanging": (-4000.0, 100.0)}
PER = 200  # samples a nutation


def read(step: float, axis: Floats) -> tuple[float, float]:
    """Nutation period [s] and mean precession [rad/s] of a shaft sampled every `step`, between its lowest places."""
    t, u = step * np.arange(len(axis)), axis[:, 1]
    i = np.flatnonzero((u[1:-1] < u[:-2]) & (u[1:-1] <= u[2:])) + 1
    low = t[i] + 0.5 * (u[i - 1] - u[i + 1]) / (u[i - 1] - 2.0 * u[i] + u[i + 1]) * step
    turned = CubicSpline(t, np.unwrap(np.arctan2(-axis[:, 2], axis[:, 0])))
    span = low[-1] - low[0]
    return float(span / (len(low) - 1)), float((turned(low[-1]) - turned(low[0])) / span)


def point(**options: object) -> OnPoint:
    held = Gyroscope(**options).held  # type: ignore[arg-type]
    assert isinstance(held, OnPoint)
    return held


def tops(nods: int) -> None:
    """Precession and nutation against the closed form."""
    worst = 0.0
    for name, (rpm, lean) in TOPS.items():
        held = point(rpm=rpm, lean_deg=lean, **BARE)
        want = motion_of(held)
        assert want is not None
        step, rows = want.nutation_s / PER, [held.axis]
        for _ in range(nods * PER):
            held.advance(step, STILL)
            rows.append(held.axis)
        nutation, precession = read(step, np.array(rows))
        off = abs(nutation / want.nutation_s - 1.0), abs(precession / want.precession - 1.0)
        metric(f"{name}_nutation_error", off[0])
        metric(f"{name}_precession_error", off[1])
        worst = max(worst, *off)
    bar("closed_form", worst < CLOSED_FORM, f"{worst:.2g}, {CLOSED_FORM:g} wanted")


def drift(turns: int) -> None:
    """Energy over many turns: in balance, and as toys are."""
    for name, options in (("balanced", BARE), ("imbalanced", {"friction": False, "release": "rest"})):
        held = point(rpm=8000.0, **options)
        start, upright, worst = held.energy, held.state[K.PY], 0.0
        for _ in range(200):
            held.advance(turns / 200 * 60.0 / 8000.0, STILL)
            worst = max(worst, abs(held.energy / start - 1.0))
        metric(f"{name}_turns", turns)
        metric(f"{name}_energy_error", worst)
        metric(f"{name}_upright_momentum_change", abs(held.state[K.PY] - upright))
        bar(f"{name}_energy", worst < DRIFT, f"{worst:.2g}, {DRIFT:g} wanted")


def flips() -> None:
    """A free body about its middle axis."""
    moments, rate = (1e-5, 2e-5, 3e-5), 600.0 * RPM
    held = Gyroscope.free_body(moments, rpm=600.0).held
    assert isinstance(held, OnPoint)
    held.state[K.PX : K.PZ + 1] = [1e-3 * rate * moments[0], rate * moments[1], 0.0]
    start = held.state[K.PX : K.PZ + 1].copy()
    want = forms.flip_period(moments, (1e-3 * rate, rate, 0.0))
    step, spins = want / 400, [rate]
    for _ in range(8 * 400):
        held.advance(step, STILL)
        spins.append(held.spin)
    s = np.array(spins)
    k = np.flatnonzero(s[1:] * s[:-1] < 0.0)
    at = step * (k + s[k] / (s[k] - s[k + 1]))
    off = abs(float(np.diff(at).mean()) / want - 1.0)
    metric("flip_s", want)
    metric("flip_error", off)
    metric("free_momentum_change", float(np.abs(held.state[K.PX : K.PZ + 1] - start).max()))
    bar("flip", off < CLOSED_FORM, f"{off:.2g}, {CLOSED_FORM:g} wanted")


def sleeping() -> None:
    """The spin below which an upright top wakes, by halving, against its closed form."""
    held = Gyroscope.heavy_top(friction=False, lean_deg=0.01).held
    assert isinstance(held, OnPoint)
    want = forms.sleeping_spin(across=held.across, along=held.along, pull=held.pull)
    low, high = 0.9 * want, 1.1 * want
    for _ in range(9):
        spin = 0.5 * (low + high)
        held.let_go(spin, math.radians(0.001), steady=False)
        worst = 0.0
        for _ in range(400):
            held.advance(0.05, STILL)
            worst = max(worst, held.lean)
        low, high = (spin, high) if math.degrees(worst) > 0.05 else (low, spin)
    metric("sleeping_error", abs(0.5 * (low + high) / want - 1.0))
    bar("sleeping", abs(0.5 * (low + high) / want - 1.0) < 2e-3, f"{low / want:.5f} to {high / want:.5f}")


def cost(seconds: float) -> None:
    """CPU of twelve, in steps of the coupling of 2 ms, with sound, on a stand that moves a little."""
    works = [Gyroscope(seed=k, rpm=6000.0 + 250.0 * k, lean_deg=40.0 + 3.0 * k) for k in range(12)]

    def go() -> None:
        for k in range(round(seconds / 0.002)):
            ground = Ground((1e-3 * math.sin(0.3 * k), 0.0, 0.0))
            for work in works:
                work.advance(0.002, ground)
                work.heard(96, 48_000)

    go()
    took = least_cpu(go, times=3)[0] / seconds
    loop = calibration_s()
    metric("twelve_cpu_s_per_s", took)
    metric("twelve_cpu_over_calibration", took / loop)
    bar("twelve_cpu", took < CPU_S, f"{took:.3g} s a second, {CPU_S} wanted")
    held = works[0].held
    assert isinstance(held, OnPoint)
    n = 100_000
    step_s = least_cpu(lambda: K.go(held.state, held.body, held.books, held.weights, n, 1e-4, (0.0, -G, 0.0),
                                    (0.0, 1.0, 0.0)), times=3)[0] / n  # fmt: skip
    metric("step_ns", 1e9 * step_s)


def beside_others(nods: int) -> None:
    """The same slow top at steps of 1 ms, 0.3 ms and 0.1 ms by others and here: error of precession, CPU a second."""
    held = point(rpm=2500.0, lean_deg=60.0, frame_mass=0.0, **BARE)
    build = Gyroscope(frame_mass=0.0, **BARE).build  # type: ignore[arg-type]
    top = peers.Top(build.rotor_mass, build.pivot_to_centre, held.across, held.along, math.radians(60.0), held.spin)
    want = motion_of(held)
    assert want is not None
    ways: dict[str, Callable[[peers.Top, float, int, int], Floats]] = {
        "heartwright": _ours,
        "lee_leok_mcclamroch": peers.lee_leok_mcclamroch,
        "mujoco": peers.mujoco,
        "dop853": peers.dop853,
    }
    for near in (1e-3, 3e-4, 1e-4):
        every = max(1, round(want.nutation_s / PER / near))
        step = want.nutation_s / (PER if every > 1 else round(want.nutation_s / near)) / every
        steps = every * math.ceil(nods * want.nutation_s / (step * every))
        for name, way in ways.items():
            if name == "dop853" and near != 1e-3:
                continue  # it chooses its own step
            way(top, step, every, every)
            took, axis = least_cpu(lambda way=way, step=step, steps=steps, every=every: way(top, step, steps, every),
                                   times=1)  # type: ignore[misc]  # fmt: skip
            nutation, precession = read(step * every, axis)
            label = name if name == "dop853" else f"{name}_{near * 1e6:.0f}us"
            metric(f"{label}_nutation_error", abs(nutation / want.nutation_s - 1.0))
            metric(f"{label}_precession_error", abs(precession / want.precession - 1.0))
            metric(f"{label}_cpu_s_per_s", took / (steps * step))


def _ours(top: peers.Top, step: float, steps: int, every: int) -> Floats:
    """Here, at the same steps."""
    held = point(rpm=2500.0, lean_deg=60.0, frame_mass=0.0, **BARE)
    out = [held.axis]
    for _ in range(steps // every):
        K.go(held.state, held.body, held.books, held.weights, every, step, (0.0, -G, 0.0), (0.0, 1.0, 0.0))
        out.append(held.axis)
    return np.array(out)


def main() -> None:
    short = quick()
    metric("calibration_loop_s", calibration_s())
    tops(10 if short else 50)
    drift(10_000 if short else 100_000)
    flips()
    sleeping()
    cost(1.0 if short else 4.0)
    beside_others(10 if short else 40)


if __name__ == "__main__":
    main()
