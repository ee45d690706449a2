"""Closed forms of spinning bodies: the heavy symmetric top, and the free body of three unequal moments.

The top's lean obeys u'^2 = f(u), u = cos(lean), a cubic with roots u1 <= u2 <= 1 <= u3; so u = u1 + (u2 - u1) sn^2 and
the nutation's period is 2 K(k) / rate (goldstein2002, section 5.7; whittaker1937, section 71). Precession over one
nutation is a complete integral of the third kind, taken here by equal nodes over the angle whose sine is sn: the
integrand is analytic and periodic there, so that few nodes reach rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class TopMotion:
    """How a heavy symmetric top moves: leans [rad], nutation period [s], mean precession [rad/s]."""

    lean_low: float
    lean_high: float
    nutation_s: float
    precession: float

    @property
    def nutation_hz(self) -> float:
        return 1.0 / self.nutation_s

    @property
    def amplitude(self) -> float:
        """Half of the lean's swing [rad]."""
        return 0.5 * (self.lean_high - self.lean_low)


def top_motion(*, across: float, pull: float, axial: float, vertical: float, energy: float) -> TopMotion:
    """The motion of a top of inertia `across` about its point [kg m2] and moment of weight `pull` = m g l [N m].

    `axial` and `vertical` are its momenta about shaft and vertical [N m s]; `energy` [J] is that of leaning and
    precessing, |P_perp|^2 / 2 A + m g l u, the spin's own left out. Raises ValueError for constants that no motion has.
    """
    alpha, beta = 2.0 * energy / across, 2.0 * pull / across
    a, b = vertical / across, axial / across
    # f(u) = (alpha - beta u)(1 - u^2) - (a - b u)^2
    roots = _three_roots(beta, -(alpha + b * b), 2.0 * a * b - beta, alpha - a * a)
    if roots is None:
        raise ValueError(
            f"no top moves so: momenta {axial:g} and {vertical:g} N m s with {energy:g} J and m g l = {pull:g} N m; "
            "energy must be that of leaning and precessing, without the spin"
        )
    u1, u2, u3 = roots
    k2 = (u2 - u1) / (u3 - u1)
    rate = 0.5 * math.sqrt(beta * (u3 - u1))
    period = 2.0 * _complete(k2) / rate
    return TopMotion(math.acos(u2), math.acos(u1), period, _mean_precession(a, b, u1, u2, u3))


def _three_roots(c3: float, c2: float, c1: float, c0: float) -> tuple[float, float, float] | None:
    """Roots of the top's cubic, u1 <= u2 in [-1, 1] and u3 >= 1; None where there are none."""
    if c3 <= 0.0:
        return None

    def f(u: float) -> float:
        return ((c3 * u + c2) * u + c1) * u + c0

    # by Viete's cosines; polished by Newton
    shift = c2 / (3.0 * c3)
    p = c1 / c3 - 3.0 * shift * shift
    q = 2.0 * shift**3 - shift * c1 / c3 + c0 / c3
    if p >= 0.0:
        return None
    size = 2.0 * math.sqrt(-p / 3.0)
    angle = math.acos(max(-1.0, min(1.0, 3.0 * q / (p * size)))) / 3.0
    roots = sorted(size * math.cos(angle - 2.0 * math.pi * k / 3.0) - shift for k in range(3))
    for i in range(3):
        for _ in range(3):
            slope = (3.0 * c3 * roots[i] + 2.0 * c2) * roots[i] + c1
            step = f(roots[i]) / slope if slope != 0.0 else 0.0
            if abs(step) < 1e-4 * size:
                roots[i] -= step
    u1, u2, u3 = roots
    if u1 < -1.0 - 1e-9 or u2 > 1.0 + 1e-9 or u2 < -1.0:
        return None
    return max(u1, -1.0), min(u2, 1.0), max(u3, 1.0)


def _complete(k2: float) -> float:
    """Complete elliptic integral of the first kind by the arithmetic-geometric mean."""
    a, g = 1.0, math.sqrt(1.0 - k2)
    while abs(a - g) > 1e-15 * a:
        a, g = 0.5 * (a + g), math.sqrt(a * g)
    return math.pi / (a + g)


def _mean_precession(a: float, b: float, u1: float, u2: float, u3: float, *, nodes: int = 400) -> float:
    """Mean of (a - b u)/(1 - u^2) over a nutation, each angle of sn weighed by the time it takes [rad/s]."""
    angle = (np.arange(nodes) + 0.5) * 0.5 * np.pi / nodes
    sn2 = np.sin(angle) ** 2
    u = u1 + (u2 - u1) * sn2
    time = 1.0 / np.sqrt(1.0 - (u2 - u1) / (u3 - u1) * sn2)
    return float(np.sum(time * (a - b * u) / ((1.0 - u) * (1.0 + u))) / np.sum(time))


def steady_precession(*, across: float, pull: float, axial: float, lean: float) -> float | None:
    """The slow rate at which a top precesses without nutation at that lean [rad/s]; None where it spins too slowly."""
    c = across * math.cos(lean)
    room = axial * axial - 4.0 * c * pull
    if room < 0.0 or axial == 0.0:
        return None
    return 2.0 * pull / (axial + math.copysign(math.sqrt(room), axial))


def sleeping_spin(*, across: float, along: float, pull: float) -> float:
    """The spin below which an upright top wakes and falls, 2 sqrt(A m g l) / C [rad/s] (goldstein2002, section 5.7)."""
    return 2.0 * math.sqrt(max(across * pull, 0.0)) / along


def flip_period(moments: tuple[float, float, float], rates: tuple[float, float, float]) -> float:
    """Time between two flips of a body spun about its middle axis [s] (Dzhanibekov).

    `moments` I1 < I2 < I3 [kg m2] and the angular velocity about each now [rad/s]. Its second component goes as sn, and
    turns over every 2 K(k) / rate (landau1976, section 37). Raises ValueError for moments out of order.
    """
    i1, i2, i3 = moments
    if not 0.0 < i1 < i2 < i3:
        raise ValueError(f"moments {moments} given; three unequal ones, smallest first, are wanted")
    energy2 = sum(i * w * w for i, w in zip(moments, rates, strict=True))
    momentum2 = sum((i * w) ** 2 for i, w in zip(moments, rates, strict=True))
    if momentum2 < energy2 * i2:  # the polhode is about the first axis: swap the ends
        i1, i3 = i3, i1
    rate = math.sqrt((i3 - i2) * (momentum2 - energy2 * i1) / (i1 * i2 * i3))
    k2 = (i2 - i1) * (energy2 * i3 - momentum2) / ((i3 - i2) * (momentum2 - energy2 * i1))
    return 2.0 * _complete(k2) / rate
