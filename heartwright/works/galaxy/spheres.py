"""Spheres in equilibrium: Plummer's, Hernquist's, and the uniform one of Polyachenko and Shukhman.

Henon units: G = 1, mass 1, energy -1/4, so the virial radius is 1 [heggie1986]. What of a model would lie outside the
glass is left out: a shell has no gravity inside, and a smooth wall turns orbits back as the missing bodies would have
come in, so that the part inside stays in equilibrium, pressed by the wall.

Speeds of any isotropic sphere come from Eddington's formula, f(e) = (1 / (sqrt 8 pi^2)) d/de int rho'(psi) dpsi /
sqrt(e - psi) [binney2008, eq. 4.46]; Plummer's by the classic rejection of [aarseth1974].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats, Ints

PLUMMER_SCALE = 3.0 * np.pi / 16.0  # of a Plummer sphere of virial radius 1
HERNQUIST_SCALE = 1.0 / 3.0
UNIFORM_RADIUS = 1.2
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Bodies:
    """mass [n], place [n, 3], velocity [n, 3] in Henon units; group [n]: of which part each is (for its colour)."""

    mass: Floats
    place: Floats
    velocity: Floats
    group: Ints

    def __len__(self) -> int:
        return len(self.mass)

    def at_rest(self) -> Bodies:
        """The same with its centre of mass at rest in the middle."""
        share = self.mass / self.mass.sum()
        return Bodies(self.mass, self.place - share @ self.place, self.velocity - share @ self.velocity, self.group)


def plummer(n: int, wall: float, random: Random) -> Bodies:
    """Plummer's sphere, `n` bodies inside `wall` [virial radii]."""
    a = PLUMMER_SCALE
    within = (1.0 + (a / wall) ** 2) ** -1.5
    r = a / np.sqrt((within * _open_uniform(random, n)) ** (-2.0 / 3.0) - 1.0)
    share = np.empty(n)
    todo = np.arange(n)
    while len(todo):
        q, height = random.random((2, len(todo)))
        taken = 0.1 * height < q * q * (1.0 - q * q) ** 3.5
        share[todo[taken]] = q[taken]
        todo = todo[~taken]
    speed = share * np.sqrt(2.0) * (r * r + a * a) ** -0.25
    return _sphere(within, r, speed[:, None] * directions(random, n), random)


def hernquist(n: int, wall: float, random: Random) -> Bodies:
    """Hernquist's sphere [hernquist1990], `n` bodies inside `wall` [virial radii]."""
    a = HERNQUIST_SCALE
    within = (wall / (wall + a)) ** 2
    root = np.sqrt(within * _open_uniform(random, n))
    r = a * root / (1.0 - root)
    radius = np.geomspace(1e-5, 1e6, 1_500) * a
    speeds = Speeds.of(radius, a / (2.0 * np.pi * radius * (radius + a) ** 3), 1.0 / (radius + a))
    return _sphere(within, r, speeds.draw(r, random)[:, None] * directions(random, n), random)


def uniform(n: int, wall: float, random: Random) -> Bodies:
    """The uniform sphere whose f = const / sqrt(R^2 W^2 + (r x v)^2/R^2 - W^2 r^2 - v^2) [polyachenko1973].

    Perturbed in its velocities by a common factor it pulses without end, as in [sridhar1989].
    """
    if wall < 1.5 * UNIFORM_RADIUS:
        raise ValueError(
            f"wall={wall:g} virial radii: the uniform sphere, 1.2 in radius, needs 1.8 or more to pulse in"
        )
    big, turn = UNIFORM_RADIUS, UNIFORM_RADIUS**-1.5
    r = big * np.cbrt(_open_uniform(random, n))
    # in the scaled velocity w = (v_r, v_t sqrt(1 - r^2/R^2)) the density is 1 / sqrt(s^2 - w^2)
    inner = np.sqrt(1.0 - (r / big) ** 2)
    size = big * turn * inner * np.sqrt(random.beta(1.5, 0.5, n))
    w = size[:, None] * directions(random, n)
    velocity = w / np.stack([np.ones(n), inner, inner], axis=1)
    place, frame = _placed(r, random)
    return Bodies(np.full(n, 1.0 / n), place, np.einsum("nij,ni->nj", frame, velocity), np.zeros(n, np.int64))


@dataclass(frozen=True, slots=True)
class Speeds:
    """Speeds of an isotropic sphere at any radius: tables of radius, binding potential psi and f."""

    radius: Floats
    psi: Floats
    energy: Floats  # rising
    f: Floats

    @classmethod
    def of(cls, radius: Floats, density: Floats, psi: Floats) -> Speeds:
        """From density and binding potential (> 0, falling to 0) at rising radii that span many decades."""
        p, rho = psi[::-1], density[::-1]
        slope = np.gradient(rho, p, edge_order=2)
        energy = np.geomspace(p[2], p[-1] * (1.0 - 1e-9), 400)
        # psi = e (1 - c^2), dpsi / sqrt(e - psi) = 2 sqrt(e) dc
        c = np.linspace(0.0, 1.0, 1_200)
        inner = np.interp(energy[:, None] * (1.0 - c[None, :] ** 2), p, slope)
        whole = 2.0 * np.sqrt(energy) * np.trapezoid(inner, c, axis=1)
        f = np.gradient(whole, energy) / (np.sqrt(8.0) * np.pi**2)
        return cls(radius, psi, energy, np.maximum(f, 0.0))

    def draw(self, r: Floats, random: Random) -> Floats:
        """One speed at each radius [n]: by the inverse of its distribution, v^2 f(psi - v^2 / 2)."""
        out = np.empty(len(r))
        x = np.linspace(0.0, 1.0, 201)
        for first in range(0, len(r), 4_096):
            part = slice(first, first + 4_096)
            psi = np.exp(np.interp(np.log(r[part]), np.log(self.radius), np.log(self.psi)))
            f = np.interp(psi[:, None] * (1.0 - x**2), self.energy, self.f, left=0.0)
            rising = np.cumsum(0.5 * (x[1:] ** 2 * f[:, 1:] + x[:-1] ** 2 * f[:, :-1]), axis=1)
            rising = np.concatenate([np.zeros((len(psi), 1)), rising], axis=1)
            at = random.random(len(psi)) * rising[:, -1]
            k = np.minimum((rising < at[:, None]).sum(axis=1), len(x) - 1)
            low, high = (
                np.take_along_axis(rising, (k - 1)[:, None], 1)[:, 0],
                np.take_along_axis(rising, k[:, None], 1)[:, 0],
            )
            share = np.where(high > low, (at - low) / np.maximum(high - low, 1e-300), 0.0)
            out[part] = np.sqrt(2.0 * psi) * (x[k - 1] + share * (x[1] - x[0]))
        return out


def directions(random: Random, n: int) -> Floats:
    """Unit vectors in all directions alike, [n, 3]."""
    v = random.standard_normal((n, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def _open_uniform(random: Random, n: int) -> Floats:
    return 1.0 - random.random(n)  # never 0, whose body would lie in the very centre


def _sphere(mass: float, r: Floats, velocity: Floats, random: Random) -> Bodies:
    n = len(r)
    return Bodies(np.full(n, mass / n), r[:, None] * directions(random, n), velocity, np.zeros(n, np.int64))


def _placed(r: Floats, random: Random) -> tuple[Floats, NDArray[np.float64]]:
    """Places in all directions, and there a radial and two tangential unit vectors [n, 3, 3], the rows."""
    out = directions(random, len(r))
    side = np.cross(out, directions(random, len(r)))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    return r[:, None] * out, np.stack([out, side, np.cross(out, side)], axis=1)
