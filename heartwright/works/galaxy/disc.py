"""An exponential disc, bare or in a halo of bodies: near equilibrium by its moments.

The disc's surface density is exp(-R/L), its layers sech^2(y/z) with z = 0.15 L; it lies in the x-z plane and turns
about y, then is tipped a little towards the viewer. Circular speed: Freeman's for the disc [freeman1970], the mass
inside for the halo. Radial dispersion from a constant Toomre Q, sigma_R = 3.36 Q S / kappa [toomre1964]; across, by the
epicycle's ratio kappa / 2 W; up, that of a sheet, pi S z; mean turning by the asymmetric drift [hernquist1993]. The halo
is a Hernquist sphere whose speeds are Eddington's in the potential of both, the disc's taken round.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from heartwright.records import Floats
from heartwright.works.galaxy.spheres import Bodies, Random, Speeds, directions

THIN = 0.15  # height over scale length
DISC_SHARE = 0.35  # of the mass, in a halo
HALO_SCALE = 2.5  # of the halo in scale lengths of the disc
EDGE = 5.0  # scale lengths where the disc ends
TIPPED = 0.4  # about x [rad]
#: Scale length with which the energy is near -1/4 [virial radii]: in a halo, bare (checked by the tests).
LENGTH_IN_HALO, LENGTH_BARE = 0.244, 0.437


def disc(n: int, wall: float, random: Random, *, halo: bool = True, toomre_q: float = 1.3) -> Bodies:
    """A disc of `n` bodies, or a disc of half and a halo of the other half. Raises ValueError."""
    if not 0.0 < toomre_q <= 10.0:
        raise ValueError(f"toomre_q={toomre_q:g}: above 0 to 10 is allowed; below 1 it breaks up, 1.3 is usual")
    length = LENGTH_IN_HALO if halo else LENGTH_BARE
    share = DISC_SHARE if halo else 1.0
    halo_n = n // 2 if halo else 0
    edge = min(EDGE, 0.95 * wall / length)
    thin = _disc_bodies(n - halo_n, share, length, edge, HALO_SCALE * length, 1.0 - share, toomre_q, random)
    round_ = _halo_bodies(halo_n, wall, 1.0 - share, HALO_SCALE * length, share, length, random)
    c, s = np.cos(TIPPED), np.sin(TIPPED)
    tip = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    place, velocity = (np.concatenate([a @ tip.T, b]) for a, b in zip(thin[1:3], round_[1:3], strict=True))
    group = np.repeat([0, 1], [n - halo_n, halo_n])
    return Bodies(np.concatenate([thin[0], round_[0]]), place, velocity, group)


def circular2(radius: Floats, length: float, mass: float, halo_scale: float, halo_mass: float) -> Floats:
    """Squared circular speed in the plane at radii > 0: Freeman's disc and the halo's mass inside."""
    y = radius / (2.0 * length)
    bessel = special.i0e(y) * special.k0e(y) - special.i1e(y) * special.k1e(y)
    out: Floats = 2.0 * mass / length * y**2 * bessel + halo_mass * radius / (radius + halo_scale) ** 2
    return out


def _disc_bodies(
    n: int, mass: float, length: float, edge: float, halo_scale: float, halo_mass: float, q: float, random: Random
) -> tuple[Floats, Floats, Floats]:
    grid = np.linspace(0.02, edge + 1.0, 600) * length
    v2 = circular2(grid, length, mass, halo_scale, halo_mass)
    turn2 = v2 / grid**2
    kappa2 = np.maximum(grid * np.gradient(turn2, grid) + 4.0 * turn2, 1e-12)
    surface = mass / (2.0 * np.pi * length**2) * np.exp(-grid / length)
    radial = np.minimum(3.36 * q * surface / np.sqrt(kappa2), 0.7 * np.sqrt(v2))
    around = radial * np.sqrt(kappa2 / (4.0 * turn2))
    drift = radial**2 * (1.0 - kappa2 / (4.0 * turn2) + np.gradient(np.log(surface * radial**2), np.log(grid)))
    mean = np.sqrt(np.maximum(v2 + drift, 0.0))
    # radii: 1 - (1 + x) exp(-x), turned round
    x = np.linspace(0.0, edge, 2_000)
    inside = 1.0 - (1.0 + x) * np.exp(-x)
    r = length * np.interp(random.random(n) * inside[-1], inside, x)
    turn = 2.0 * np.pi * random.random(n)
    height = THIN * length
    y = height * np.arctanh(np.clip(2.0 * random.random(n) - 1.0, -0.9999, 0.9999))
    c, s = np.cos(turn), np.sin(turn)
    at = lambda table: np.interp(r, grid, table)  # noqa: E731
    u = at(radial) * random.standard_normal(n)
    w = at(mean) + at(around) * random.standard_normal(n)
    up = np.sqrt(np.pi * at(surface) * height) * random.standard_normal(n)
    place = np.stack([r * c, y, -r * s], axis=1)
    velocity = np.stack([u * c - w * s, up, -u * s - w * c], axis=1)
    return np.full(n, mass * inside[-1] / max(n, 1)), place, velocity


def _halo_bodies(
    n: int, wall: float, mass: float, scale: float, disc_mass: float, length: float, random: Random
) -> tuple[Floats, Floats, Floats]:
    if n == 0:
        return np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3))
    within = (wall / (wall + scale)) ** 2
    root = np.sqrt(within * (1.0 - random.random(n)))
    r = scale * root / (1.0 - root)
    radius = np.geomspace(1e-4, 1e6, 1_500) * scale
    x = radius / length
    disc_inside = disc_mass * (-np.expm1(-x) - x * np.exp(-x))
    shells = np.concatenate([[0.0], np.cumsum(0.5 * (1.0 / radius[1:] + 1.0 / radius[:-1]) * np.diff(disc_inside))])
    psi = mass / (radius + scale) + disc_inside / radius + (shells[-1] - shells)
    speeds = Speeds.of(radius, mass * scale / (2.0 * np.pi * radius * (radius + scale) ** 3), psi)
    velocity = speeds.draw(r, random)[:, None] * directions(random, n)
    return np.full(n, mass * within / n), r[:, None] * directions(random, n), velocity
