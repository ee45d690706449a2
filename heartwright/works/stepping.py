"""The arithmetic of one step of `Coupled`, compiled: it is small, and done a thousand times a second.

Shapes: q coordinates of the support, state z [2 q] (places, then velocities); m works, `mounts` [m, 6, q] takes the
coordinates to a stand's motion and turning; `due` [k] are the works whose step it is. Units are SI.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from heartwright.records import Floats, Ints


@njit(cache=True)
def tell(
    phi: Floats, gamma: Floats, z: Floats, given: Floats, mounts: Floats, believed: Floats, due: Ints, dt: float
) -> tuple[Floats, Floats]:
    """Acceleration [k, 6] and mean tilt [k, 3] of the stands over the step ahead; `believed` moves on with it."""
    q = given.shape[0]
    ahead = phi @ z + gamma @ given
    told, tilt = np.empty((due.shape[0], 6)), np.zeros((due.shape[0], 3))
    for k, i in enumerate(due):
        for c in range(6):
            going = 0.0
            for j in range(q):
                going += mounts[i, c, j] * ahead[q + j]
            told[k, c] = (going - believed[i, c]) / dt
            believed[i, c] = going
        for c in range(3):
            for j in range(q):
                tilt[k, c] += mounts[i, 3 + c, j] * 0.5 * (z[j] + ahead[j])
    return told, tilt


@njit(cache=True)
def take_back(
    force: Floats, told: Floats, mounts: Floats, hanging: Floats, loose: Floats, due: Ints, dt: float,
    given: Floats, kept: Floats, momentum: Floats,
) -> None:  # fmt: skip
    """Put what works gave back, `force` [k, 6], into their rows of `given` [m, q], `kept` and `momentum` [m, 6].

    What hangs loose (`hanging` [m, 4]: mass, x, y, z) is left behind by its stand: its own inertia pulls on `loose`
    [m, q]. Momentum follows straight forces only; moments hold weights too.
    """
    for k, i in enumerate(due):
        pull = hanging[i, 0] * (told[k, 0] + told[k, 4] * hanging[i, 3] - told[k, 5] * hanging[i, 2])
        for j in range(given.shape[1]):
            total = -pull * loose[i, j]
            for c in range(6):
                total += force[k, c] * mounts[i, c, j]
            given[i, j] = total
        for c in range(6):
            kept[i, c] = force[k, c]
        for c in range(3):
            momentum[i, c] -= force[k, c] * dt


@njit(cache=True)
def follow(
    phi: Floats, gamma: Floats, z: Floats, given: Floats, light: Floats, stiffness: Floats, mounts: Floats,
    force: Floats, on_support: Floats,
) -> tuple[Floats, float]:  # fmt: skip
    """The support a step further under `given` [q], and what it spent [J]; the works' shares go to `on_support` [m]."""
    q = given.shape[0]
    then = phi @ z + gamma @ given
    moved = then[:q] - z[:q]
    spent = float(given @ moved) - (energy(then, light, stiffness) - energy(z, light, stiffness))
    for i in range(mounts.shape[0]):
        for c in range(6):
            way = 0.0
            for j in range(q):
                way += mounts[i, c, j] * moved[j]
            on_support[i] += way * force[i, c]
    return then, spent


@njit(cache=True)
def energy(z: Floats, light: Floats, stiffness: Floats) -> float:
    """Energy of the bare support [J]."""
    q = z.shape[0] // 2
    x, v = z[:q], z[q:]
    return float(0.5 * (v @ (light @ v) + x @ (stiffness @ x)))
