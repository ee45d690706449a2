"""What is measured of the bodies at the end of every step: energies, virial, tensor, half-mass radius, density."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from heartwright.records import Floats
from heartwright.works.galaxy.force import PHI, RHO

#: Sums over bodies: mass, centre (3), momentum (3), kinetic and potential energy.
SUMS = 9
#: About the centre of mass: twice the kinetic energy, as a tensor (xx, yy, zz, xy, xz, yz); m x a, the same; m x^2.
TENSORS = 13


@dataclass(frozen=True, slots=True)
class Look:
    """In Henon units."""

    time: float
    kinetic: float  # in the frame that does not accelerate
    potential: float
    inner: float  # kinetic energy about the centre of mass
    pull: float  # sum of m x . a, Clausius' virial of the bodies' own gravity, < 0
    inertia: float  # sum of m x^2 about the centre of mass
    swell: float  # half the second derivative of `inertia`, the wall's press left out
    stretch: float  # the same of the traceless part of the tensor, its norm
    half_mass: float
    dense: float  # density that 1 % of the bodies exceed


def look(time: float, mass: Floats, place: Floats, velocity: Floats, field: Floats, *, alike: bool) -> Look:
    """Measure bodies; mass 0 where one was let go; alike: whether all masses were equal at the start."""
    sums, tensors, r2 = np.zeros(SUMS), np.zeros(TENSORS), np.empty(len(mass))
    moments(mass, place, velocity, field, sums, tensors, r2)
    if sums[0] <= 0.0:
        return Look(time, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    swell = tensors[:6] + tensors[6:12]
    trace = float(swell[:3].sum())
    apart = swell[:3] - trace / 3.0
    left = mass > 0.0
    rho = field[:, RHO] if left.all() else field[left, RHO]
    few = len(rho) - 1 - len(rho) // 100
    return Look(
        time=time,
        kinetic=float(sums[7]),
        potential=float(sums[8]),
        inner=0.5 * float(tensors[:3].sum()),
        pull=float(tensors[6:9].sum()),
        inertia=float(tensors[12]),
        swell=trace,
        stretch=float(np.sqrt(apart @ apart + 2.0 * swell[3:] @ swell[3:])),
        half_mass=half_mass(r2[left], mass[left], alike=alike),
        dense=float(np.partition(rho, few)[few]),
    )


def half_mass(r2: Floats, mass: Floats, *, alike: bool = False) -> float:
    """Radius that holds half the mass, from squared radii [n]."""
    if alike:
        middle = (len(r2) - 1) // 2
        return float(np.sqrt(np.partition(r2, middle)[middle]))
    order = np.argsort(r2)
    held = np.cumsum(mass[order])
    return float(np.sqrt(r2[order[np.searchsorted(held, 0.5 * held[-1])]]))


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def moments(mass: Any, place: Any, velocity: Any, field: Any, sums: Any, tensors: Any, r2: Any) -> None:
    """sums [SUMS], tensors [TENSORS] += of bodies [n], [n, 3]; r2 [n]: squared radii about the centre of mass."""
    n = mass.shape[0]
    for i in range(n):
        m = mass[i]
        sums[0] += m
        speed2 = 0.0
        for k in range(3):
            sums[1 + k] += m * place[i, k]
            sums[4 + k] += m * velocity[i, k]
            speed2 += velocity[i, k] * velocity[i, k]
        sums[7] += 0.5 * m * speed2
        sums[8] += 0.5 * m * field[i, PHI]
    if sums[0] <= 0.0:
        return
    for i in range(n):
        m = mass[i]
        x, y, z = place[i, 0] - sums[1] / sums[0], place[i, 1] - sums[2] / sums[0], place[i, 2] - sums[3] / sums[0]
        u, v, w = (
            velocity[i, 0] - sums[4] / sums[0],
            velocity[i, 1] - sums[5] / sums[0],
            velocity[i, 2] - sums[6] / sums[0],
        )
        a, b, c = field[i, 0], field[i, 1], field[i, 2]
        tensors[0] += m * u * u
        tensors[1] += m * v * v
        tensors[2] += m * w * w
        tensors[3] += m * u * v
        tensors[4] += m * u * w
        tensors[5] += m * v * w
        tensors[6] += m * x * a
        tensors[7] += m * y * b
        tensors[8] += m * z * c
        tensors[9] += 0.5 * m * (x * b + y * a)
        tensors[10] += 0.5 * m * (x * c + z * a)
        tensors[11] += 0.5 * m * (y * c + z * b)
        r2[i] = x * x + y * y + z * z
        tensors[12] += m * r2[i]
