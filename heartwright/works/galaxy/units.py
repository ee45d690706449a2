"""The map between Henon's units inside an orb and the metres, seconds and kilograms outside.

Inside, G = 1, the galaxy's mass is 1 and its energy -1/4, so its virial radius is 1. Outside, the glass has its radius
in metres, the bodies their mass in kilograms, and a pulse takes some seconds. The gravity that this asks for is not
ours: `gravity` says how many times Newton's constant it is. That is the one liberty taken: an orb with our own G would
take three hours for a beat.
"""

from __future__ import annotations

from dataclasses import dataclass

NEWTON = 6.674_30e-11  # [m3 / (kg s2)]
PULSE = 9.0  # what the map takes a pulse to last, in Henon's unit of time: near the first beat of the usual spheres


@dataclass(frozen=True, slots=True)
class Scale:
    """One Henon unit of length [m], time [s] and mass [kg]."""

    metre: float
    second: float
    kilogram: float

    @classmethod
    def of(cls, *, radius: float, wall: float, pulse_s: float, mass: float) -> Scale:
        """For a glass of `radius` [m] at `wall` virial radii, a pulse of `pulse_s` [s], bodies of `mass` [kg]."""
        return cls(radius / wall, pulse_s / PULSE, mass)

    @property
    def speed(self) -> float:
        return self.metre / self.second

    @property
    def acceleration(self) -> float:
        return self.metre / self.second**2

    @property
    def momentum(self) -> float:
        return self.kilogram * self.speed

    @property
    def joule(self) -> float:
        return self.kilogram * self.speed**2

    @property
    def gravity(self) -> float:
        """The orb's constant of gravity, in Newton's."""
        return self.metre**3 / (self.kilogram * self.second**2) / NEWTON
