"""The same heavy top by others: MuJoCo, scipy's DOP853, and the integrator of Lee, Leok and McClamroch (2005).

Each is a function (top, step, steps, every) -> axis [n, 3] after every `every` steps, the first at the start; y is up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.integrate import solve_ivp

from heartwright.records import Floats
from heartwright.work import G


@dataclass(frozen=True, slots=True)
class Top:
    """A heavy symmetric top, let go from rest at a lean: SI."""

    mass: float
    arm: float
    across: float  # about the point
    along: float
    lean: float
    spin: float

    @property
    def start(self) -> Floats:
        """Attitude at the start, columns the body's axes; y is the shaft."""
        s, c = math.sin(self.lean), math.cos(self.lean)
        return np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])


def mujoco(top: Top, step: float, steps: int, every: int) -> Floats:
    """MuJoCo with a ball joint, RK4."""
    import mujoco as mj

    own = top.across - top.mass * top.arm**2
    half = 0.5 * top.lean
    model = mj.MjModel.from_xml_string(f"""
<mujoco><option timestep="{step}" integrator="RK4" gravity="0 -{G} 0"><flag contact="disable"/></option><worldbody>
<body><joint type="ball"/>
<inertial pos="0 {top.arm} 0" mass="{top.mass}" diaginertia="{own} {top.along} {own}"/></body></worldbody></mujoco>""")
    data = mj.MjData(model)
    data.qpos[:] = math.cos(half), 0.0, 0.0, -math.sin(half)
    data.qvel[1] = top.spin  # of a ball joint, in the body's frame
    out = []
    mj.mj_forward(model, data)
    for k in range(steps + 1):
        if k % every == 0:
            w, x, y, z = data.qpos
            out.append((2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)))
        mj.mj_step(model, data)
    return np.array(out)


def dop853(top: Top, step: float, steps: int, every: int) -> Floats:
    """scipy's DOP853 at a relative tolerance of 1e-10, on shaft and momentum (the spin's angle left out)."""
    pull, axial = top.mass * G * top.arm, top.along * top.spin

    def rates(_: float, y: Floats) -> Floats:
        a, p = y[:3], y[3:]
        return np.array(
            [
                (p[1] * a[2] - p[2] * a[1]) / top.across,
                (p[2] * a[0] - p[0] * a[2]) / top.across,
                (p[0] * a[1] - p[1] * a[0]) / top.across,
                pull * a[2],
                0.0,
                -pull * a[0],
            ]
        )

    at = step * every * np.arange(steps // every + 1)
    axis = top.start[:, 1]
    run = solve_ivp(rates, (0.0, at[-1]), [*axis, *(axial * axis)], "DOP853", at, rtol=1e-10, atol=1e-13)
    return np.asarray(run.y[:3].T)


def lee_leok_mcclamroch(top: Top, step: float, steps: int, every: int) -> Floats:
    """Their implicit equation by Newton's method, at the same step."""
    inertia = np.array([top.across, top.along, top.across])
    momentum = np.array([0.0, top.along * top.spin, 0.0])
    return _llm(top.start, momentum, inertia, top.mass * G * top.arm, step, steps, every)


@njit(cache=True)
def _pulled(r: Floats, pull: float) -> Floats:
    """Moment of the weight in the body's frame: arm e_y x R' (0, -pull, 0)."""
    return np.array([-pull * r[1, 2], 0.0, pull * r[1, 0]])


@njit(cache=True)
def _llm(r: Floats, p: Floats, inertia: Floats, pull: float, h: float, steps: int, every: int) -> Floats:
    """Attitude r [3, 3], momentum p [3] and inertia [3] in the body's frame; returns the shaft [n, 3]."""
    r, p = r.copy(), p.copy()
    out = np.empty((steps // every + 1, 3))
    out[0] = r[:, 1]
    moment = _pulled(r, pull)
    f = h * p / inertia
    for k in range(1, steps + 1):
        want = h * p + 0.5 * h * h * moment
        for _ in range(8):
            n = math.sqrt(f @ f)
            s, c = math.sin(n) / n, (1.0 - math.cos(n)) / n**2
            jf = inertia * f
            cross = np.array([f[1] * jf[2] - f[2] * jf[1], f[2] * jf[0] - f[0] * jf[2], f[0] * jf[1] - f[1] * jf[0]])
            left = want - s * jf - c * cross
            ds, dc = (math.cos(n) - s) / n**2, (math.sin(n) / n - 2.0 * c) / n**2
            slope = np.empty((3, 3))
            for j in range(3):
                e = np.zeros(3)
                e[j] = 1.0
                je = inertia * e
                one = np.array([e[1] * jf[2] - e[2] * jf[1], e[2] * jf[0] - e[0] * jf[2], e[0] * jf[1] - e[1] * jf[0]])
                two = np.array([f[1] * je[2] - f[2] * je[1], f[2] * je[0] - f[0] * je[2], f[0] * je[1] - f[1] * je[0]])
                slope[:, j] = s * je + ds * f[j] * jf + c * (one + two) + dc * f[j] * cross
            change = np.linalg.solve(slope, left)
            f = f + change
            if change @ change < 1e-30:
                break
        n = math.sqrt(f @ f)
        s, c = math.sin(n) / n, (1.0 - math.cos(n)) / n**2
        hat = np.array([[0.0, -f[2], f[1]], [f[2], 0.0, -f[0]], [-f[1], f[0], 0.0]])
        turn = np.eye(3) + s * hat + c * (hat @ hat)
        r = r @ turn
        p = turn.T @ (p + 0.5 * h * moment)
        moment = _pulled(r, pull)
        p = p + 0.5 * h * moment
        if k % every == 0:
            out[k // every] = r[:, 1]
    return out
