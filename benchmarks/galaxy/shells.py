"""A collisionless sphere as concentric shells: an integration that shares no code with the package.

A shell is followed by one of its bodies, pulled to the centre by the mass inside its radius, half the shell's own
included; sorting by radius gives the mass. N shells in a smooth potential have none of the pair noise of N bodies, and
no softening. Leapfrog, G = 1.
"""

from __future__ import annotations

import numpy as np

Table = np.ndarray


def pulsed(
    place: Table, velocity: Table, mass: Table, *, wall: float, step: float, end: float
) -> tuple[Table, Table, Table]:
    """Times, half-mass radii and moments of inertia of bodies [n, 3] taken as shells inside a reflecting wall."""
    x, v = place.copy(), velocity.copy()
    r, pull = _pull(x, mass)
    rows = [(0.0, float(np.median(r)), float(mass @ r**2))]
    for k in range(round(end / step)):
        v += 0.5 * step * pull
        x += step * v
        _reflect(x, v, wall)
        r, pull = _pull(x, mass)
        v += 0.5 * step * pull
        rows.append(((k + 1) * step, float(np.median(r)), float(mass @ r**2)))
    times, radii, inertia = np.array(rows).T
    return times, radii, inertia


def virial(place: Table, mass: Table) -> float:
    """|W| of bodies taken as shells: the sum of m r g."""
    pull = _pull(place, mass)[1]
    return -float(mass @ np.einsum("ij,ij->i", place, pull))


def _reflect(x: Table, v: Table, wall: float) -> None:
    """Turn back what has passed the wall, in place."""
    out = np.flatnonzero(np.einsum("ij,ij->i", x, x) > wall**2)
    r = np.linalg.norm(x[out], axis=1)[:, None]
    up = x[out] / r
    x[out] = (2.0 * wall - r) * up
    v[out] -= 2.0 * np.einsum("ij,ij->i", v[out], up)[:, None] * up


def _pull(x: Table, mass: Table) -> tuple[Table, Table]:
    r = np.sqrt(np.einsum("ij,ij->i", x, x))
    order = np.argsort(r)
    inside = np.empty_like(r)
    inside[order] = np.cumsum(mass[order]) - 0.5 * mass[order]
    return r, -(inside / r**3)[:, None] * x
