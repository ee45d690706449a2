"""An exponential disc, bare or in a halo of bodies: near equilibrium by its moments.

The disc's surface density is exp(-R/L), its layers sech^2(y/z) with z = 0.15 L; it lies in the x-z plane and turns
about y, then is tipped a little towards the viewer. Circular speed: from the pull of the bodies themselves, softened as
they go on, taken round in rings [hernquist1993]; Freeman's for an infinitely thin disc [freeman1970] is the check.
Radial dispersion from a constant Toomre Q, sigma_R = 3.36 Q S / kappa [toomre1964], held down in the middle; across, by
the epicycle's ratio kappa / 2 W; up, that of a sheet, pi S z; mean turning by the asymmetric drift [hernquist1993]. The
halo is a Hernquist sphere whose speeds are Eddington's in the potential of both, the disc's taken round.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from heartwright.records import Floats
from heartwright.works.galaxy.force import Forces
from heartwright.works.galaxy.spheres import Bodies, Random, Speeds, directions

THIN = 0.15  # height over scale length
DISC_SHARE = 0.35  # of the mass, in a halo
HALO_SCALE = 2.5  # of the halo in scale lengths of the disc
EDGE = 5.0  # scale lengths where the disc ends
TIPPED = 0.4  # about x [rad]
HOTTEST = 0.6  # radial dispersion over circular speed
#: Scale length with which the energy is near -1/4 [virial radii]: in a halo, bare (checked by the tests).
LENGTH_IN_HALO, LENGTH_BARE = 0.222, 0.531


def disc(n: int, wall: float, random: Random, *, soft: float, halo: bool = True, toomre_q: float = 1.3) -> Bodies:
    """A disc of `n` bodies, or a disc of half and a halo of the other half; soft: the softening. Raises ValueError."""
    if not 0.0 < toomre_q <= 10.0:
        raise ValueError(f"toomre_q={toomre_q:g}: above 0 to 10 is allowed; below 1 it breaks up, 1.3 is usual")
    length = LENGTH_IN_HALO if halo else LENGTH_BARE
    share = DISC_SHARE if halo else 1.0
    halo_n = n // 2 if halo else 0
    thin_n = n - halo_n
    edge = min(EDGE, 0.95 * wall / length)
    round_ = _halo_bodies(halo_n, wall, 1.0 - share, HALO_SCALE * length, share, length, random)
    r, turn, y, within = _layers(thin_n, length, edge, random)
    flat = np.stack([r * np.cos(turn), y, -r * np.sin(turn)], axis=1)
    mass = np.concatenate([np.full(thin_n, share * within / max(thin_n, 1)), round_[0]])
    place = np.concatenate([flat, round_[1]])
    pull = Forces(soft).of(mass, place)[:thin_n, :3]
    inward = -(pull[:, 0] * np.cos(turn) - pull[:, 2] * np.sin(turn))
    swift = _speeds(r, turn, np.maximum(r * inward, 0.0), share, length, edge, toomre_q, random)
    velocity = np.concatenate([swift, round_[2]])
    c, s = np.cos(TIPPED), np.sin(TIPPED)
    tip = np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    return Bodies(mass, place @ tip.T, velocity @ tip.T, np.repeat([0, 1], [thin_n, halo_n]))


def circular2(radius: Floats, length: float, mass: float, halo_scale: float, halo_mass: float) -> Floats:
    """Squared circular speed in the plane at radii > 0: Freeman's disc and the halo's mass inside."""
    y = radius / (2.0 * length)
    bessel = special.i0e(y) * special.k0e(y) - special.i1e(y) * special.k1e(y)
    out: Floats = 2.0 * mass / length * y**2 * bessel + halo_mass * radius / (radius + halo_scale) ** 2
    return out


def _layers(n: int, length: float, edge: float, random: Random) -> tuple[Floats, Floats, Floats, float]:
    """Radius, angle and height of bodies, and the share of the disc's mass inside its edge [scale lengths]."""
    x = np.linspace(0.0, edge, 2_000)
    inside = 1.0 - (1.0 + x) * np.exp(-x)
    r = length * np.interp(random.random(n) * inside[-1], inside, x)
    turn = 2.0 * np.pi * random.random(n)
    y = THIN * length * np.arctanh(np.clip(2.0 * random.random(n) - 1.0, -0.9999, 0.9999))
    return r, turn, y, float(inside[-1])


def _speeds(
    r: Floats, turn: Floats, speed2: Floats, mass: float, length: float, edge: float, q: float, random: Random
) -> Floats:
    """Velocities by the moments; speed2 [n]: r times the pull inwards at each body, whose ring's mean is taken."""
    n = len(r)
    grid = np.linspace(0.02, edge + 1.0, 600) * length
    v2 = _ringed(r, speed2, grid)
    turn2 = v2 / grid**2
    kappa2 = np.clip(grid * np.gradient(turn2, grid) + 4.0 * turn2, turn2, 4.0 * turn2)
    surface = mass / (2.0 * np.pi * length**2) * np.exp(-grid / length)
    radial = np.minimum(3.36 * q * surface / np.sqrt(kappa2), HOTTEST * np.sqrt(v2))
    around = radial * np.sqrt(kappa2 / (4.0 * turn2))
    drift = radial**2 * (1.0 - kappa2 / (4.0 * turn2) + np.gradient(np.log(surface * radial**2), np.log(grid)))
    mean = np.sqrt(np.maximum(v2 + drift, 0.0))

    def at(table: Floats) -> Floats:
        return np.interp(r, grid, table)

    u = at(radial) * random.standard_normal(n)
    w = at(mean) + at(around) * random.standard_normal(n)
    up = np.sqrt(np.pi * at(surface) * THIN * length) * random.standard_normal(n)
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([u * c - w * s, up, -u * s - w * c], axis=1)


def _ringed(r: Floats, speed2: Floats, grid: Floats) -> Floats:
    """Squared circular speed on a grid of radii: a smooth curve through the bodies', 0 in the middle.

    v^2 = x (b0 + b1 x + ...) / (1 + x)^2 with x = r in units of the median, least squares: no ring is empty.
    """
    size = float(np.median(r))
    x = r / size
    terms = np.stack([x**k / (1.0 + x) ** (k + 1) for k in range(2, 7)], axis=1)
    b = np.linalg.lstsq(terms, speed2, rcond=None)[0]
    x = grid / size
    curve = np.stack([x**k / (1.0 + x) ** (k + 1) for k in range(2, 7)], axis=1) @ b
    out: Floats = np.maximum(curve, 1e-3 * float(np.max(curve)))
    return out


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
