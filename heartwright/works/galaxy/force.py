"""What every body feels from all the others: field, potential and density, softened.

Each body is smeared out as a Plummer sphere of scale `softening` (e), the same for all [aarseth1963]:

    a_i = sum_j m_j d / (d^2 + e^2)^(3/2),   phi_i = - sum_j m_j / (d^2 + e^2)^(1/2),
    rho_i = 3 e^2 / (4 pi) sum_j m_j / (d^2 + e^2)^(5/2)

so the density is the very one whose gravity is felt, for nothing: `brightness` is made from it. Units: G = 1.

Two ways, one answer. `direct` sums over all pairs in single precision (a sum errs by some 1e-6), vectorised by the
compiler; it wins to some thousands of bodies (see the galaxy benchmark). Beyond, `tree` (see its module).
Both take a range of targets, so that `Forces` can share them out over threads: kernels let go of the interpreter's
lock, every body's sum is made by one thread in one order, and the bits do not depend on how many there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit

from heartwright.records import Floats

#: From so many bodies on the tree is quicker than the direct sum (measured: `make bench NAME=galaxy`).
TREE_FROM: Final = 6_000
#: From so many bodies on the work is shared out over the cores; below, handing it over costs more than it saves.
SHARE_FROM: Final = 5_000
#: Columns of a field: acceleration (three), potential, density.
AX, AY, AZ, PHI, RHO = range(5)
_fast: Final[dict[str, Any]] = {"cache": True, "fastmath": True, "nogil": True, "error_model": "numpy"}


@njit(**_fast)
def direct(
    x: Any, y: Any, z: Any, m: Any, softening2: Any, first: int, last: int, field: Floats
) -> None:  # all [n] float32
    """field [n, 5]: of bodies first..last by all, each body's own share in potential and density left in."""
    one, zero = np.float32(1.0), np.float32(0.0)
    for i in range(first, last):
        xi, yi, zi = x[i], y[i], z[i]
        ax = ay = az = phi = rho = zero
        for j in range(x.shape[0]):
            dx = x[j] - xi
            dy = y[j] - yi
            dz = z[j] - zi
            r2 = dx * dx + dy * dy + dz * dz + softening2
            u = one / np.sqrt(r2) if r2 > zero else zero
            w = m[j] * u
            u2 = u * u
            f = w * u2
            ax += f * dx
            ay += f * dy
            az += f * dz
            phi += w
            rho += f * u2
        field[i, 0] = ax
        field[i, 1] = ay
        field[i, 2] = az
        field[i, 3] = -phi
        field[i, 4] = rho


@dataclass(slots=True)
class Forces:
    """How forces are found: "direct", "tree", or whichever is quicker for the number of bodies ("").

    `opening` is the tree's angle: a group of bodies is taken as one where its size is less than `opening` times its
    distance. `threads`: over how many cores a large sum is shared out (all where 0).
    """

    softening: float
    way: str = ""
    opening: float = 0.7
    threads: int = 0

    def of(self, mass: Floats, place: Floats) -> Floats:
        """Field at every body, [n, 5]: acceleration, potential, density; its own share left out."""
        n = len(mass)
        if (self.way or ("direct" if n < TREE_FROM else "tree")) == "direct":
            field = self._direct(mass, place)
        else:
            from heartwright.works.galaxy.tree import Tree

            tree = Tree.of(mass, place)
            field = np.empty((n, 5))
            self._share(n, tree.groups, lambda a, b: tree.walk(self.softening, self.opening, a, b, field))
        e = self.softening
        if e > 0.0:
            field[:, PHI] += mass / e
            field[:, RHO] -= mass / e**5
        field[:, RHO] *= 3.0 * e * e / (4.0 * np.pi)
        np.maximum(field[:, RHO], 0.0, out=field[:, RHO])
        return field

    def _direct(self, mass: Floats, place: Floats) -> Floats:
        columns = [np.ascontiguousarray(place[:, k], np.float32) for k in range(3)]
        field = np.empty((len(mass), 5))
        weight = mass.astype(np.float32)
        e2 = np.float32(self.softening**2)
        self._share(len(mass), len(mass), lambda a, b: direct(*columns, weight, e2, a, b, field))
        return field

    def _share(self, bodies: int, pieces: int, part: Callable[[int, int], None]) -> None:
        cores = self.threads or os.cpu_count() or 1
        if bodies < SHARE_FROM or cores == 1:
            part(0, pieces)
            return
        edges = np.linspace(0, pieces, 8 * cores + 1).astype(int)
        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(part, edges[:-1].tolist(), edges[1:].tolist()))
