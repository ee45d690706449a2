"""How a gyroscope is held: on a point, or in two gimbal rings. Both speak alike to `Gyroscope`.

`advance` goes on freely; `rest` stops all but the spin, as hands do that seize the frame; `let_go` sets it free again.
A body on a point moves in the room (a tilted stand does not turn it), one in gimbals on its stand; what they do to the
stand is told in the stand's own frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from heartwright.records import Floats
from heartwright.work import ZERO, G, Ground, Vector, turned
from heartwright.works.gyroscope import motion as K
from heartwright.works.gyroscope import rings as R
from heartwright.works.gyroscope.body import Build, air_drag, frame_across, point_body
from heartwright.works.gyroscope.top import steady_precession

TURN_A_STEP = 0.6  # how far the fastest turning goes in a step on a point [rad]: energy within 1e-11
RINGS_A_STEP = 0.3
LONGEST = 2e-3  # [s]
DOWN: Vector = (0.0, -G, 0.0)
Four = tuple[float, float, float, float]


def hold(build: Build, *, direction: float, order: int, friction: bool) -> OnPoint | InGimbals:
    """The gyroscope in its mount, at rest and upright; `direction` of its imbalance [rad], `order` 2 or 4."""
    weights = K.WEIGHTS if order == 4 else K.SECOND_ORDER
    kind = OnPoint if build.mount == "point" else InGimbals
    return kind(build, direction, weights, friction=friction)


class OnPoint:
    """A rotor in a light frame, or a plain top, on a point."""

    def __init__(self, build: Build, direction: float, weights: Floats, *, friction: bool) -> None:
        self.build, self.weights = build, weights
        self.body = point_body(build, direction, friction=friction)
        self.state = np.zeros(K.N_STATE)
        self.state[K.QW] = 1.0
        self.books = np.zeros(K.N_BOOK)
        self.stand_j, self.touched, self.spin = 0.0, False, 0.0
        self._done = np.zeros(9)

    @property
    def axis(self) -> tuple[float, float, float]:
        """The shaft, in the room."""
        w, x, y, z = self.state[: K.QZ + 1].tolist()
        return 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)

    @property
    def axial(self) -> float:
        """Momentum about the shaft, the frame's too [N m s]."""
        return float(self.state[K.PX : K.PZ + 1] @ self.axis)

    @property
    def along(self) -> float:
        return float(self.body[K.C])

    @property
    def across(self) -> float:
        """Inertia about the point, across the shaft [kg m2]."""
        return float(self.body[K.A])

    @property
    def pull(self) -> float:
        """m g l [N m]."""
        return float(self.body[K.ML] * G)

    @property
    def lean(self) -> float:
        return math.acos(max(-1.0, min(1.0, self.axis[1])))

    @property
    def energy(self) -> float:
        """Kinetic energy and that of its height over the point [J]."""
        return K.kinetic(self.state, self.body) + G * K.first_moment(self.state, self.body)[1]

    @property
    def spent(self) -> dict[str, float]:
        names = ("bearing", "air", "pivot")
        return {name: float(self.books[k]) for k, name in enumerate(names)}

    def advance(self, seconds: float, ground: Ground) -> tuple[Vector, Vector]:
        """Go on; force [N] and moment about the point [N m] on the stand, as means. Sets `touched` where it fell."""
        out, pushed = self._done, self._point(ground)
        K.advance(
            self.state, self.body, self.books, self.weights, seconds, TURN_A_STEP, LONGEST, pushed, ground.tilt, out
        )
        fx, fy, fz, mx, my, mz, work, touched, self.spin = out.tolist()
        self.stand_j += work
        self.touched = touched > 0.0
        return (fx, fy, fz), (mx, my, mz)

    def foretold(self, seconds: float, tilt: Vector) -> tuple[Vector, Vector]:
        """Force [N] and moment about the point [N m] over the next `seconds` [s] on a stand that stands still."""
        fx, fy, fz = K.foretold(self.state, self.body, seconds, TURN_A_STEP, LONGEST)
        tx, ty, tz = tilt
        # turned into the stand's frame to first order: what that leaves out is made up with the answer to the ground
        return (fx - ty * fz + tz * fy, fy - tz * fx + tx * fz, fz - tx * fy + ty * fx), ZERO

    def _point(self, ground: Ground) -> Vector:
        """Acceleration of the point: the foot's, and what the stand's turning adds at its height."""
        if ground.turning == ZERO:
            return ground.acceleration
        ax, ay, az = ground.acceleration
        tx, _, tz = ground.turning
        height = self.build.height
        return ax - tz * height, ay, az + tx * height

    def rest(self) -> float:
        """Stop all but the spin; the joules that the hands take."""
        before = self.energy
        self._spin_about(self.axis, self.spin)
        return before - self.energy

    def _spin_about(self, axis: Vector, spin: float) -> None:
        self.spin = spin
        self.state[K.P] = 0.0
        for k in range(3):
            self.state[K.PX + k] = self.body[K.C] * spin * axis[k]

    def let_go(self, spin: float, lean: float | None, *, steady: bool) -> None:
        """Free at that spin [rad/s] and lean [rad] (None: where it is), at rest or in its slow precession."""
        s = self.state
        if lean is not None:
            a = self.axis
            s[: K.QZ + 1] = _leant(lean, math.atan2(-a[2], a[0]) if abs(a[0]) + abs(a[2]) > 1e-12 else 0.0)
        axis = self.axis
        self._spin_about(axis, spin)
        slow = None
        if steady:
            slow = steady_precession(across=self.across, pull=self.pull, axial=self.axial, lean=self.lean)
        if slow is not None:
            for k, up in enumerate((0.0, 1.0, 0.0)):
                s[K.PX + k] += self.body[K.A] * slow * (up - axis[1] * axis[k])
        self.touched = False

    def respin(self, spin: float) -> None:
        """Another spin, in the held frame."""
        self._spin_about(self.axis, spin)

    def turn(self, angle: float) -> None:
        """The rotor turns in the held frame."""
        self.state[K.PSI] = (self.state[K.PSI] + angle) % (2.0 * math.pi)

    def tap(self, impulse: float, direction: float) -> None:
        """A blow [N s] on the end of the shaft, level, towards `direction` (0: x, pi/2: away from the viewer)."""
        reach = self.build.pivot_to_centre + self.build.frame_radius
        ax, ay, az = self.axis
        jx, jz = impulse * math.cos(direction), -impulse * math.sin(direction)
        px, py, pz = reach * ay * jz, reach * (az * jx - ax * jz), -reach * ay * jx
        along = px * ax + py * ay + pz * az
        self.state[K.PX : K.PZ + 1] += (px - along * ax, py - along * ay, pz - along * az)

    def pose(self, tilt: Vector) -> tuple[float, ...]:
        """The frame's attitude, the spin's angle and rate, and the centre, on the stand (9 numbers)."""
        s = self.state
        half = 0.5 * s[K.TURN]
        q = _product(s[: K.QZ + 1].tolist(), (math.cos(half), 0.0, math.sin(half), 0.0))
        size = math.sqrt(tilt[0] ** 2 + tilt[1] ** 2 + tilt[2] ** 2)
        if size > 0.0:
            sh = -math.sin(0.5 * size) / size
            q = _product((math.cos(0.5 * size), sh * tilt[0], sh * tilt[1], sh * tilt[2]), q)
        w, x, y, z = q
        reach = self.build.pivot_to_centre
        centre = (reach * 2.0 * (x * y - w * z), reach * (1.0 - 2.0 * (x * x + z * z)), reach * 2.0 * (y * z + w * x))
        return (*q, float(s[K.PSI] - s[K.TURN]) % (2.0 * math.pi), self.spin, *centre)


class InGimbals:
    """A rotor in two rings; the outer turns about the stand's upright."""

    def __init__(self, build: Build, direction: float, weights: Floats, *, friction: bool) -> None:
        self.build, self.weights = build, weights
        on, offset = float(friction), build.rotor_mass * build.imbalance
        air = air_drag(build)
        self.body = R.ring_body(
            across=build.across + frame_across(build),
            along=build.axial,
            inner=build.inner_ring,
            outer=build.outer_ring,
            overweight=build.overweight,
            imbalance=(offset * math.cos(direction), offset * math.sin(direction)),
            bearing=(
                on * build.bearing_viscous,
                on * build.bearing_friction * build.bearing_radius * build.rotor_mass * G,
            ),
            air=(on * air[0], on * air[1]),
            rings=(on * build.ring_viscous, on * build.ring_friction),
        )
        self.state = np.zeros(R.N_STATE)
        self.books = np.zeros(R.N_BOOK)
        self.touched = False
        self._tilt: Vector = (0.0, 0.0, 0.0)
        self._g: Vector = DOWN
        self._tilted_j = 0.0

    @property
    def spin(self) -> float:
        return float(self.state[R.PS] / self.body[R.C])

    @property
    def along(self) -> float:
        return float(self.body[R.C])

    @property
    def lean(self) -> float:
        theta = float(self.state[R.THETA]) % (2.0 * math.pi)
        return min(theta, 2.0 * math.pi - theta)

    @property
    def energy(self) -> float:
        """Kinetic energy and that of the weights over the centre, on the stand as it is tilted [J]."""
        m = R.first_moment(self.state, self.body)
        return R.kinetic(self.state, self.body) - (m[0] * self._g[0] + m[1] * self._g[1] + m[2] * self._g[2])

    @property
    def stand_j(self) -> float:
        return float(self.books[R.STAND]) + self._tilted_j

    @property
    def spent(self) -> dict[str, float]:
        names = ("bearing", "air", "rings")
        return {name: float(self.books[k]) for k, name in enumerate(names)}

    def advance(self, seconds: float, ground: Ground) -> tuple[Vector, Vector]:
        """Go on; force [N] and moment about the centre [N m] on the stand, as means."""
        state, body, books = self.state, self.body, self.books
        turning = self._turn_stand(seconds, ground)
        g = DOWN if ground.tilt == (0.0, 0.0, 0.0) == ground.acceleration else _vector(ground.gravity())
        pushed = (g[0] - self._g[0], g[1] - self._g[1], g[2] - self._g[2])
        n = self._steps(seconds)
        b0, v0, m0 = books[R.JX :].copy(), R.momentum(state, body), R.first_moment(state, body)
        l0 = R.turning_momentum(state, body)
        R.go(state, body, books, self.weights, n, seconds / n, g, turning, ground.turning)
        v1, m1 = R.momentum(state, body), R.first_moment(state, body)
        l1 = R.turning_momentum(state, body)
        self._tilted_j += sum(pushed[k] * (m1[k] - m0[k]) for k in range(3))
        k = 1.0 / seconds
        coriolis = np.cross(turning, np.add(l0, l1) * 0.5) if turning != (0.0, 0.0, 0.0) else (0.0, 0.0, 0.0)
        j = (books[R.JX :] - b0).tolist()
        return (
            ((v0[0] - v1[0]) * k, (v0[1] - v1[1]) * k, (v0[2] - v1[2]) * k),
            _vector((j[i] + l0[i] - l1[i]) * k - coriolis[i] for i in range(3)),
        )

    def foretold(self, seconds: float, tilt: Vector) -> tuple[Vector, Vector]:
        """Force [N] and moment about the centre [N m] over the next `seconds` [s] on a stand that stands still."""
        state, body, books = self.state.copy(), self.body, np.zeros(R.N_BOOK)
        n = self._steps(seconds)
        g = turned(DOWN, _opposite(tilt))
        v0, l0 = R.momentum(state, body), R.turning_momentum(state, body)
        R.go(state, body, books, K.SECOND_ORDER, n, seconds / n, g, ZERO, ZERO)
        v1, l1 = R.momentum(state, body), R.turning_momentum(state, body)
        j, k = books[R.JX :].tolist(), 1.0 / seconds
        return _vector((v0[i] - v1[i]) * k for i in range(3)), _vector((j[i] + l0[i] - l1[i]) * k for i in range(3))

    def _steps(self, seconds: float) -> int:
        fast = abs(self.spin) + math.sqrt(2.0 * R.kinetic(self.state, self.body) / self.body[R.A])
        return max(1, math.ceil(seconds * max(fast / RINGS_A_STEP, 1.0 / LONGEST)))

    def _turn_stand(self, seconds: float, ground: Ground) -> Vector:
        """How fast the stand turns [rad/s], by its tilt then and now; what that does to the weights is its work."""
        if ground.tilt == self._tilt:
            return (0.0, 0.0, 0.0)
        then, now = self._tilt, ground.tilt
        m = R.first_moment(self.state, self.body)
        g = turned(DOWN, _opposite(now))
        self._tilted_j -= sum(m[k] * (g[k] - self._g[k]) for k in range(3))
        self._tilt, self._g = now, g
        return ((now[0] - then[0]) / seconds, (now[1] - then[1]) / seconds, (now[2] - then[2]) / seconds)

    def rest(self) -> float:
        """Stop all but the spin; the joules that the hands take."""
        before, spin = self.energy, self.spin
        self._still(spin)
        return before - self.energy

    def _still(self, spin: float) -> None:
        """The rings stand, the rotor turns."""
        s = self.state
        s[R.PT], s[R.PS] = 0.0, self.body[R.C] * spin
        s[R.PF] = s[R.PS] * math.cos(s[R.THETA])

    def let_go(self, spin: float, lean: float | None, *, steady: bool) -> None:
        """Free at that spin [rad/s] and lean [rad] (None: where it is), the rings at rest or in slow precession."""
        s = self.state
        if lean is not None:
            s[R.THETA] = lean
        self._still(spin)
        if steady and s[R.PS] != 0.0:
            slow = self.body[R.ML] * G / s[R.PS]
            st, ct = math.sin(s[R.THETA]), math.cos(s[R.THETA])
            b = (self.body[R.ACROSS] + 2.0 * self.body[R.INNER]) * st * st
            s[R.PF] += (b + self.body[R.INNER] * ct * ct + self.body[R.OUTER]) * slow

    def respin(self, spin: float) -> None:
        """Another spin, in the held rings."""
        self._still(spin)

    def turn(self, angle: float) -> None:
        """The rotor turns in the held rings."""
        self.state[R.PSI] = (self.state[R.PSI] + angle) % (2.0 * math.pi)

    def tap(self, impulse: float, direction: float) -> None:
        """A blow [N s] on the end of the shaft, level, towards `direction` (0: x, pi/2: away from the viewer)."""
        s, reach = self.state, self.build.frame_radius
        jx, jz = impulse * math.cos(direction), -impulse * math.sin(direction)
        st, ct, sf, cf = (f(s[k]) for k in (R.THETA, R.PHI) for f in (math.sin, math.cos))
        ax, ay, az = st * cf, ct, -st * sf
        tx, ty, tz = reach * ay * jz, reach * (az * jx - ax * jz), -reach * ay * jx
        s[R.PT] -= tx * sf + tz * cf
        s[R.PF] += ty

    def pose(self, tilt: Vector) -> tuple[float, ...]:
        """The inner ring's attitude, the spin's angle and rate, and the centre, on the stand (9 numbers)."""
        s = self.state
        q = _leant(float(s[R.THETA]), float(s[R.PHI]))
        return (*q, float(s[R.PSI]) % (2.0 * math.pi), self.spin, 0.0, 0.0, 0.0)


def _leant(lean: float, heading: float) -> Four:
    """The attitude of a shaft leant by `lean` from the upright towards `heading` (0: x), as a quaternion."""
    c, s = math.cos(0.5 * heading), math.sin(0.5 * heading)
    return _product((c, 0.0, s, 0.0), (math.cos(0.5 * lean), 0.0, 0.0, -math.sin(0.5 * lean)))


def _product(p: Sequence[float], q: Sequence[float]) -> Four:
    """Product of two quaternions."""
    a, b, c, d = p
    w, x, y, z = q
    return (
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    )


def _opposite(vector: Vector) -> Vector:
    return (-vector[0], -vector[1], -vector[2])


def _vector(values: Iterable[float]) -> Vector:
    x, y, z = values
    return (float(x), float(y), float(z))
