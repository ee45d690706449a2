"""The truth of the Graham scene, independent of every engine: smooth arcs integrated at eighth order between events.

Two degrees of freedom, mirrored against the package (the wheel turns clockwise, the entry pallet is on the left) and
constructed here from the escapement's definition. A beat is a chain of smooth pieces:

    dead     the tip rests on the dead arc, which is centred on the anchor's pivot: the wheel stands, friction brakes
    flight   the tip is free: off the corner until the wheel catches up with the receding impulse face, or dropping
    impulse  the tip slides along the impulse face, both bodies coupled by the constraint and its Coulomb friction

joined by plastic impacts (e = 0) with Coulomb friction. Pieces are integrated by DOP853 (Hairer, Norsett and Wanner
1993) with their ends located as events. At a turning point on a dead face the only coordinate is the amplitude, so the
steady state is the fixed point of a map of one number, found by secant steps: nothing has to settle.

Checked against an older program of the same scene in C, with penalty contacts: its period of 2.0010756 s at a contact
stiffness of 2e5 N/m becomes 2.0010786 at 2e6 and 2.0010789 at 2e7; this integration, whose contacts are rigid, gives
2.00107885 s.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

Vector = NDArray[np.float64]
G = 9.80665
DEG = math.pi / 180
STEP_FLIGHT = 1e-4


@dataclass(frozen=True, slots=True)
class Parameters:
    """The scene, SI and rad."""

    teeth: int = 30
    radius: float = 0.025
    span: float = 7.5
    drop: float = 1.5 * DEG
    lift: float = 2.0 * DEG
    lock: float = 0.5 * DEG
    mass: float = 1.0
    length: float = G / math.pi**2
    q: float = 200.0
    wheel_inertia: float = 3e-6
    torque: float = 1.5e-3
    friction: float = 0.1


@dataclass(frozen=True, slots=True)
class Pallet:
    """One pallet in the anchor's frame."""

    way: float  # direction of the anchor's swing that this pallet's impulse helps
    tip_at: float  # direction of the resting tip from the wheel's centre
    dead: float  # radius of the dead arc about the anchor's pivot
    outside: float  # +1 where the tip lies outside the dead arc, -1 inside
    corner: Vector
    along: Vector  # unit vector from the corner to the release edge
    normal: Vector  # out of the pallet
    face: float  # length of the impulse face
    leaves: float  # anchor angle at which the resting tip meets the corner


def _turn(angle: float, p: Vector) -> Vector:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([c * p[0] - s * p[1], s * p[0] + c * p[1]])


def _quarter(p: Vector) -> Vector:
    return np.array([-p[1], p[0]])


def _polar(r: float, a: float) -> Vector:
    return np.array([r * math.cos(a), r * math.sin(a)])


class Graham:
    """The scene with its two pallets."""

    def __init__(self, p: Parameters) -> None:
        self.p = p
        half_span = p.span * math.pi / p.teeth
        self.above = np.array([0.0, p.radius / math.cos(half_span)])  # the anchor's pivot
        impulse = 0.5 * (math.pi / p.teeth - p.drop)
        first, last = 0.5 * (p.lift - p.lock), -0.5 * (p.lift + p.lock)
        self.entry = self._pallet(math.pi / 2 + half_span, impulse, first, last, way=-1.0, outside=1.0)
        self.exit = self._pallet(math.pi / 2 - half_span, impulse, -first, -last, way=1.0, outside=-1.0)
        self.inertia = p.mass * p.length**2
        self.weight = p.mass * G * p.length
        self.drag = self.inertia * math.sqrt(G / p.length) / p.q

    def _pallet(self, at: float, impulse: float, first: float, last: float, *, way: float, outside: float) -> Pallet:
        start, end = _polar(self.p.radius, at + impulse) - self.above, _polar(self.p.radius, at - impulse) - self.above
        corner, edge = _turn(-first, start), _turn(-last, end)
        along = (edge - corner) / np.linalg.norm(edge - corner)
        normal = _quarter(along)
        dead = float(np.linalg.norm(corner))
        inside = _turn(0.05 * way, corner) * (1.0 + np.linalg.norm(edge) / dead) / 2
        if normal @ (inside - corner) > 0:
            normal = -normal
        face = float(np.linalg.norm(edge - corner))
        return Pallet(way, at + impulse, dead, outside, corner, along, normal, face, first)

    # ------------------------------------------------------------------------------------------ kinematics

    def gap(self, pallet: Pallet, y: Vector) -> tuple[float, Vector, Vector, float, float]:
        """Gap of the tip to the impulse line, its gradient, the sliding gradient, the bend of the gap along the motion,
        and the place along the face. y = (anchor, its speed, tip, its speed)."""
        tip = _polar(self.p.radius, y[2])
        q = _turn(-y[0], tip - self.above)
        by_anchor, by_wheel = -_quarter(q), _turn(-y[0], _quarter(tip))
        n, t = pallet.normal, pallet.along
        bend = -q * y[1] ** 2 - _turn(-y[0], tip) * y[3] ** 2 - 2.0 * _quarter(by_wheel) * y[1] * y[3]
        return (
            float(n @ (q - pallet.corner)),
            np.array([n @ by_anchor, n @ by_wheel]),
            np.array([t @ by_anchor, t @ by_wheel]),
            float(n @ bend),
            float(t @ (q - pallet.corner)),
        )

    def free(self, y: Vector) -> Vector:
        """Accelerations without contact."""
        return np.array(
            [(-self.weight * math.sin(y[0]) - self.drag * y[1]) / self.inertia, -self.p.torque / self.p.wheel_inertia]
        )

    # ------------------------------------------------------------------------------------------ the pieces

    def dead(self, pallet: Pallet, swing: float) -> tuple[float, float]:
        """Friction torque on the anchor while the tip rests and the anchor moves with the sign `swing`, and the torque
        per unit of wheel impulse at a landing: both from the wheel's balance about its centre."""
        tip = _polar(self.p.radius, pallet.tip_at)
        arm = tip - self.above
        n = pallet.outside * arm / np.linalg.norm(arm)
        slip = -swing * _quarter(arm) / np.linalg.norm(arm)  # of the tip over the pallet
        force = n - self.p.friction * slip
        turning = tip[0] * force[1] - tip[1] * force[0]
        per_torque = -(arm[0] * force[1] - arm[1] * force[0]) / turning
        return self.p.torque * per_torque, per_torque

    def rest(self, pallet: Pallet, t: float, y: Vector) -> tuple[float, Vector, list[tuple[float, float]]]:
        """On the dead face from y until the corner: out to the turning point and back. Also the turning points."""
        turns = []
        while True:
            outward = y[1] * pallet.way < 0
            swing = math.copysign(1.0, y[1]) if y[1] != 0 else pallet.way
            brake = self.dead(pallet, swing)[0]

            def rate(_: float, u: Vector, brake: float = brake) -> Vector:
                return np.array([u[1], (-self.weight * math.sin(u[0]) - self.drag * u[1] + brake) / self.inertia])

            if outward:
                t, u = self._until(rate, t, y[:2], lambda _, u: u[1], pallet.way, 0.02)
                turns.append((t, float(u[0])))
                y = np.array([u[0], 0.0, y[2], 0.0])
            else:
                t, u = self._until(rate, t, y[:2], lambda _, u: u[0] - pallet.leaves, pallet.way, 0.02)
                return t, np.array([u[0], u[1], y[2], 0.0]), turns

    def catch_up(self, pallet: Pallet, t: float, y: Vector) -> tuple[float, Vector]:
        """From the corner, free until the tip meets the impulse face; plastic impact."""
        t, y = self._until(self._flying, t, y, lambda _, y: self.gap(pallet, y)[0], -1.0, STEP_FLIGHT)
        _, j, s, _, _ = self.gap(pallet, y)
        w, inverse = y[[1, 3]], np.array([1 / self.inertia, 1 / self.p.wheel_inertia])
        slide = math.copysign(1.0, s @ w)
        force = j - self.p.friction * slide * s
        w = w - (j @ w) / (j @ (inverse * force)) * inverse * force
        assert slide * (s @ w) > 0, "the tip would stick"
        return t, np.array([y[0], w[0], y[2], w[1]])

    def push(self, pallet: Pallet, t: float, y: Vector) -> tuple[float, Vector]:
        """Along the impulse face to the release edge."""
        inverse = np.array([1 / self.inertia, 1 / self.p.wheel_inertia])

        def rate(_: float, y: Vector) -> Vector:
            _, j, s, bend, _ = self.gap(pallet, y)
            slide = math.copysign(1.0, s @ y[[1, 3]])
            force = j - self.p.friction * slide * s
            a = self.free(y)
            pressure = -(j @ a + bend) / (j @ (inverse * force))
            assert pressure > 0, "the tip would leave the face"
            a = a + pressure * inverse * force
            return np.array([y[1], a[0], y[3], a[1]])

        return self._until(rate, t, y, lambda _, y: self.gap(pallet, y)[4] - pallet.face, 1.0, 0.005)

    def fall(self, pallet: Pallet, t: float, y: Vector) -> tuple[float, Vector]:
        """Free until the next tip lands on the dead face of `pallet`; plastic impact."""
        pitch = 2 * math.pi / self.p.teeth
        tip = pallet.tip_at + (y[2] - pallet.tip_at) % pitch  # wheel turns clockwise: the tip that comes next
        y = np.array([y[0], y[1], tip, y[3]])
        t, y = self._until(self._flying, t, y, lambda _, y: y[2] - pallet.tip_at, -1.0, STEP_FLIGHT)
        per_torque = self.dead(pallet, math.copysign(1.0, y[1]))[1]
        anchor = y[1] + per_torque * -y[3] * self.p.wheel_inertia / self.inertia
        return t, np.array([y[0], anchor, pallet.tip_at, 0.0])

    def _flying(self, _: float, y: Vector) -> Vector:
        a = self.free(y)
        return np.array([y[1], a[0], y[3], a[1]])

    @staticmethod
    def _until(
        rate: Callable[[float, Vector], Vector],
        t: float,
        y: Vector,
        event: Callable[[float, Vector], float],
        direction: float,
        step: float,
    ) -> tuple[float, Vector]:
        def end(t: float, y: Vector) -> float:
            return event(t, y)

        end.terminal, end.direction = True, direction  # type: ignore[attr-defined]
        out = solve_ivp(rate, (t, t + 2.0), y, method="DOP853", rtol=1e-12, atol=1e-14, max_step=step, events=end)
        if not len(out.t_events[0]):
            raise RuntimeError("the scene does not run: a piece of the beat has no end")
        return float(out.t_events[0][0]), out.y_events[0][0]

    # ------------------------------------------------------------------------------------------ the beat

    def period(self, amplitude: float) -> tuple[float, float]:
        """One period from rest at `amplitude` on the entry pallet: its length and the amplitude after it."""
        y, t = np.array([amplitude, 0.0, self.entry.tip_at, 0.0]), 0.0
        turns: list[tuple[float, float]] = []
        for here, there in ((self.entry, self.exit), (self.exit, self.entry)):
            t, y, found = self.rest(here, t, y)
            turns += found
            t, y = self.catch_up(here, t, y)
            t, y = self.push(here, t, y)
            t, y = self.fall(there, t, y)
        t, _, found = self.rest(self.entry, t, y)
        return found[0]


@dataclass(frozen=True, slots=True)
class Steady:
    """The steady state."""

    period_s: float
    amplitude_rad: float  # on the entry side
    contraction: float  # of a small difference of amplitude over one period


def steady(p: Parameters) -> Steady:
    """Fixed point of the map of amplitudes, by secant steps."""
    scene = Graham(p)
    a, b = 1.93 * DEG, 1.94 * DEG
    fa = scene.period(a)[1] - a
    for _ in range(12):
        period, after = scene.period(b)
        fb = after - b
        if abs(fb) < 1e-14:
            break
        slope = (fb - fa) / (b - a)
        a, fa, b = b, fb, b - fb / slope
    return Steady(period, b, 1.0 + slope)


if __name__ == "__main__":
    found = steady(Parameters())
    print(f"period {found.period_s:.10f} s, amplitude {found.amplitude_rad / DEG:.6f} deg, {found.contraction:.6f}")
