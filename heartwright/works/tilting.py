"""The floor tilted by an outside hand: an angle about z that goes smoothly from one value to the next.

The motion is a smooth step (10 s^3 - 15 s^4 + 6 s^5) about the middle of the floor. Over a step of the coupling it is
given as what a work is told: mean tilt, and the mean accelerations, so that they add up to the velocities.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heartwright.records import Floats


@dataclass(frozen=True, slots=True)
class Moved:
    """What the tilting does to one mount over a step, in the tilted frame: mean acceleration [m/s2], mean tilt [rad],
    mean angular acceleration [rad/s2], and how far it moved and turned [m, rad]."""

    acceleration: Floats
    tilt: float
    turning: float
    moved: Floats
    turned: float
    inwards: Floats  # centripetal part of the acceleration

    def cost(self, force: Floats, momentum: Floats, dt: float) -> float:
        """What it costs who tilts, where a work gives back this force and moment (6) and has this momentum (6) [J].

        The momentum is carried round with the floor, which takes a force of its own.
        """
        against = float(force[:3] @ self.moved) + float(force[5]) * self.turned
        return -against - float(self.inwards @ momentum[:3]) * dt


@dataclass(frozen=True, slots=True)
class Over:
    """The tilting over a step of the coupling."""

    tilt: tuple[float, float]
    rate: tuple[float, float]
    dt: float

    @property
    def moving(self) -> bool:
        return self.rate != (0.0, 0.0)

    @property
    def leaning(self) -> bool:
        return self.moving or self.tilt != (0.0, 0.0)

    def motion(self, place: Floats) -> Moved:
        """What it does to a mount at this place in the room [m]."""
        if not self.leaning:
            return STILL
        x, y = float(place[0]), float(place[1])
        arm = np.array([-y, x, 0.0])
        mean, turned = 0.5 * (self.tilt[0] + self.tilt[1]), self.tilt[1] - self.tilt[0]
        turning = (self.rate[1] - self.rate[0]) / self.dt
        inwards = 0.5 * (self.rate[0] ** 2 + self.rate[1] ** 2)
        centripetal = -inwards * np.array([x, y, 0.0])
        return Moved(turning * arm + centripetal, mean, turning, turned * arm, turned, centripetal)


STILL = Moved(np.zeros(3), 0.0, 0.0, np.zeros(3), 0.0, np.zeros(3))


class Tilting:
    """The tilt of the floor as a function of time."""

    def __init__(self) -> None:
        self._from = self._to = 0.0
        self._start, self._seconds = 0.0, 1.0

    def turn(self, to: float, seconds: float, now: float) -> None:
        """Turn from where it is to this tilt [rad], from now on [s]. ValueError for no time, or more than 30 deg."""
        if not seconds > 0.0:
            raise ValueError(f"seconds={seconds!r}: a tilt takes a positive time, e.g. 4")
        if not abs(to) <= math.radians(30.0):
            raise ValueError(f"a tilt of {math.degrees(to):g} deg: up to 30 deg either way is allowed")
        self._from = self.at(now)[0]
        self._to, self._start, self._seconds = to, now, seconds

    def at(self, time: float) -> tuple[float, float]:
        """Tilt and its rate at a moment [rad, rad/s]."""
        s = min(max((time - self._start) / self._seconds, 0.0), 1.0)
        way = self._to - self._from
        return self._from + way * s**3 * (10 - 15 * s + 6 * s * s), way * 30 * s * s * (1 - s) ** 2 / self._seconds

    def over(self, time: float, dt: float) -> Over:
        """The tilting from `time` on over dt."""
        (a, u), (b, v) = self.at(time), self.at(time + dt)
        return Over((a, b), (u, v), dt)
