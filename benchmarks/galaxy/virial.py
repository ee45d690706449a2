"""How a Plummer sphere's moment of inertia pulses, from the virial theorem and closed forms.

All velocities made a share e larger, the theorem of Lagrange and Jacobi, I'' / 2 = 2 K + W - 3 P V, gives at once
I'' = 4 e |W|: what a pulse that keeps its shape does, I = I0 (1 + 4 e (1 - cos w t)), w^2 = |W| / I0
[chandrasekhar1972]. Two derivatives more tell how long that goes on: energy is kept, so the fourth of I / 2 is -W'',
and W'' = 2 e Q just after (Q = int g^2 dM: bodies cross the field faster, the field is still that of balance). So

    I = I0 + 2 e |W| t^2 (1 - s^2 t^2 / 12 + ...),        s^2 = Q / |W|.

A uniform sphere has s = w and keeps its shape. A Plummer sphere's inner parts, which make Q, are quicker than its outer
parts, which make I: s is twice w, and its pulse soon falls behind. G = 1, whole mass 1 before it is cut at `wall`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Plummer:
    """|W|, moment of inertia I, int g^2 dM and the wall's press 3 P V of a Plummer sphere cut at a wall."""

    pull: float
    inertia: float
    force2: float
    press: float

    @classmethod
    def cut(cls, wall: float, scale: float) -> Plummer:
        """By closed forms, with r = scale tan(t); wall and scale in one unit."""
        t = np.arctan(wall / scale)
        s = np.sin(t)
        pull = t / 16.0 - np.sin(4.0 * t) / 64.0 - np.sin(2.0 * t) ** 3 / 48.0
        inertia = np.arcsinh(wall / scale) - s - s**3 / 3.0
        force2 = s**5 / 5.0 - 2.0 * s**7 / 7.0 + s**9 / 9.0
        press = 0.5 * scale**2 * wall**3 / (wall**2 + scale**2) ** 3
        return cls(
            3.0 / scale * float(pull), 3.0 * scale**2 * float(inertia), 3.0 / scale**4 * float(force2), float(press)
        )

    @property
    def homologous(self) -> float:
        """Angular frequency w of a pulse that keeps its shape."""
        return float(np.sqrt(self.pull / self.inertia))

    @property
    def quick(self) -> float:
        """s, by which the pulse departs."""
        return float(np.sqrt(self.force2 / self.pull))
