"""The glass: a smooth, hard sphere that the bodies bounce off, or go through.

Bodies fly straight between two kicks of the leapfrog. The glass moves under them; where one meets it, the part of its
velocity along the normal is turned round as the glass sees it, which hands the glass twice its momentum. A smooth
sphere takes no hold of what slides along it: it cannot turn the bodies, and its own turning does not move them. Nor
does it pull: a spherical shell has no gravity inside [newton1687].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

REFLECTS, LETS_GO = 0, 1


@njit(cache=True, nogil=True, error_model="numpy")
def fly(
    place: Any, velocity: Any, pull: Any, mass: Any, inside: Any,
    seconds: float, early: float, glass: Any, radius: float, way: int, told: Any, out: Any,
) -> int:  # fmt: skip
    """Fly on by `seconds`; the number of bodies that came to an open wall, listed in `out` [n], as they were there.

    place, velocity, pull [n, 3]: from the glass's centre; of the kick's middle, in a frame that does not accelerate;
    the acceleration of the last kick. inside [n]: bool. early: the start of this flight after the kick's middle, < 0
    before. glass [3]: its velocity over this flight. told [5] += momentum given to the bodies [3], work of the glass on
    them, and the sum of m |dv| R: 3 P V times time, the wall's share in the virial.
    """
    left = 0
    for i in range(place.shape[0]):
        if not inside[i]:
            continue
        rest = seconds
        for _bounce in range(6):
            ux = velocity[i, 0] - glass[0]
            uy = velocity[i, 1] - glass[1]
            uz = velocity[i, 2] - glass[2]
            x, y, z = place[i, 0], place[i, 1], place[i, 2]
            nx, ny, nz = x + ux * rest, y + uy * rest, z + uz * rest
            if nx * nx + ny * ny + nz * nz <= radius * radius:
                place[i, 0], place[i, 1], place[i, 2] = nx, ny, nz
                break
            u2 = ux * ux + uy * uy + uz * uz
            b = x * ux + y * uy + z * uz
            c = x * x + y * y + z * z - radius * radius
            hit = 0.0  # it may stand on the glass or, where a snapshot put it there, beyond
            if c < 0.0:
                hit = min((-b + np.sqrt(max(b * b - u2 * c, 0.0))) / u2, rest)
            x, y, z = x + ux * hit, y + uy * hit, z + uz * hit
            r = np.sqrt(x * x + y * y + z * z)
            nx, ny, nz = x / r, y / r, z / r
            r = min(r, radius)
            place[i, 0], place[i, 1], place[i, 2] = r * nx, r * ny, r * nz
            since = early + (seconds - rest) + hit  # the moment, after the kick's middle
            if way == LETS_GO:
                for k in range(3):
                    velocity[i, k] += pull[i, k] * since
                out[left] = i
                left += 1
                break
            # the velocity at this very moment, not that of the kick's middle, is turned round
            along = (ux + pull[i, 0] * since) * nx + (uy + pull[i, 1] * since) * ny + (uz + pull[i, 2] * since) * nz
            rest -= hit
            if along > 0.0:
                jump = -2.0 * along
                velocity[i, 0] += jump * nx
                velocity[i, 1] += jump * ny
                velocity[i, 2] += jump * nz
                told[0] += mass[i] * jump * nx
                told[1] += mass[i] * jump * ny
                told[2] += mass[i] * jump * nz
                told[3] += mass[i] * jump * (nx * glass[0] + ny * glass[1] + nz * glass[2])
                told[4] -= mass[i] * jump * radius
            elif ux * nx + uy * ny + uz * nz > 0.0:
                break  # it slides along the glass for the rest of this flight
    return left
