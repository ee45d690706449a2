"""One time step of all threads and nodes, over and over: leapfrog, with losses and forces booked as they act.

State: displacements u at a time step and w = u - (u one step before), of points and of nodes. With w+ the next w and
w' = (w + w+)/2, every term's work over a step is its force times w', so that

    E = sum M w^2 / (2 h^2) + V(u, u - w)      (V the bilinear elastic energy)

changes by exactly what was booked (Greenspan's identity for leapfrog; bilbao2009, ch. 2).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heartwright.records import Floats, Ints

Flags = NDArray[np.bool_]

PLUCK, THOUGHT = 0, 1  # shapes of a force in time


@njit(cache=True)
def force_of(shape: int, share: float) -> float:
    """A force at `share` 0..1 of its duration: a finger draws and lets go; a thought goes to and fro."""
    if shape == PLUCK:
        return 0.5 - 0.5 * np.cos(np.pi * share)
    return np.sin(2.0 * np.pi * share)


@njit(cache=True, fastmath=True)
def points_step(
    u: Floats, w: Floats, pull: Floats, bend: Floats, mass: Floats, push: Floats, lag: float, drag: float,
    u_next: Floats, w_next: Floats,
) -> float:  # fmt: skip
    """Threads' own points one step on; arrays [n_point]. lag = eta/h, drag = sigma h; returns what was lost [kg m2].

    Neighbours are views, not sums of indices, so that the loop runs several points at a time.
    """
    keep, take = (1.0 - drag) / (1.0 + drag), 1.0 / (1.0 + drag)
    n = u.shape[0] - 4
    u0, u1, u2, u3, u4 = u[:n], u[1 : n + 1], u[2 : n + 2], u[3 : n + 3], u[4 : n + 4]
    w0, w1, w2, w3, w4 = w[:n], w[1 : n + 1], w[2 : n + 2], w[3 : n + 3], w[4 : n + 4]
    pulls, bends, masses, pushes = pull[2:], bend[2:], mass[2:], push[2:]
    u_out, w_out = u_next[2:], w_next[2:]
    lost = 0.0
    for i in range(n):
        near, far = pulls[i] + 4.0 * bends[i], bends[i]
        mid = -2.0 * pulls[i] - 6.0 * bends[i]
        elastic = mid * u2[i] + near * (u1[i] + u3[i]) - far * (u0[i] + u4[i])
        viscous = lag * (mid * w2[i] + near * (w1[i] + w3[i]) - far * (w0[i] + w4[i]))
        new = keep * w2[i] + take * (elastic + viscous + pushes[i])
        mean = 0.5 * (w2[i] + new)
        lost += masses[i] * mean * (2.0 * drag * mean - viscous)
        w_out[i] = new
        u_out[i] = u2[i] + new
    return lost


@njit(cache=True)
def nodes_step(
    u: Floats, w: Floats, node_u: Floats, node_w: Floats, node_push: Floats, node_mass: Floats, anchored: Flags,
    ends: Ints, first: Ints, segments: Ints, spring: Floats, hinge: Floats, ear: Floats,
    step: float, lag: float, drag: float, pulls: Floats, u_next: Floats, w_next: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Nodes one step on, in place, and their copies in u_next, w_next; returns (lost [kg m2], what is heard [N]).

    Goes through threads in order, as their points lie in memory. pulls [n_node, 2] is room to add up forces in.
    """
    keep, take = (1.0 - drag) / (1.0 + drag), 1.0 / (1.0 + drag)
    one, two = np.uint64(1), np.uint64(2)  # unsigned, so that no index is looked at for a sign
    pulls[:] = 0.0
    for j in range(segments.shape[0]):
        if segments[j] > 0:
            a, z = np.uint64(first[j] + 1), np.uint64(first[j] + 1 + segments[j])
            k, b, p, q = spring[j], hinge[j], np.uint64(ends[j, 0]), np.uint64(ends[j, 1])
            pulls[p, 0] += k * (u[a + one] - u[a])
            pulls[p, 1] += k * (w[a + one] - w[a])
            pulls[q, 0] += k * (u[z - one] - u[z])
            pulls[q, 1] += k * (w[z - one] - w[z])
            if b != 0.0:
                pulls[p, 0] -= b * (u[a + two] - 2.0 * u[a + one] + u[a])
                pulls[p, 1] -= b * (w[a + two] - 2.0 * w[a + one] + w[a])
                pulls[q, 0] -= b * (u[z - two] - 2.0 * u[z - one] + u[z])
                pulls[q, 1] -= b * (w[z - two] - 2.0 * w[z - one] + w[z])
    lost = heard = 0.0
    for i in range(node_u.shape[0]):
        elastic, viscous = pulls[i, 0], lag * pulls[i, 1]
        if anchored[i]:
            heard += ear[i] * (elastic + viscous)
        elif node_mass[i] > 0.0:
            scale = step * step / node_mass[i]
            new = keep * node_w[i] + take * (scale * (elastic + viscous) + node_push[i])
            mean = 0.5 * (node_w[i] + new)
            lost += mean * (2.0 * drag * node_mass[i] * mean - step * step * viscous)
            node_w[i] = new
            node_u[i] += new
    for j in range(segments.shape[0]):
        if segments[j] > 0:
            a, z = np.uint64(first[j] + 1), np.uint64(first[j] + 1 + segments[j])
            p, q = np.uint64(ends[j, 0]), np.uint64(ends[j, 1])
            u_next[a], w_next[a], u_next[z], w_next[z] = node_u[p], node_w[p], node_u[q], node_w[q]
            if hinge[j] != 0.0:  # ghosts that leave both ends free of bending
                u_next[a - one] = 2.0 * node_u[p] - u_next[a + one]
                w_next[a - one] = 2.0 * node_w[p] - w_next[a + one]
                u_next[z + one] = 2.0 * node_u[q] - u_next[z - one]
                w_next[z + one] = 2.0 * node_w[q] - w_next[z - one]
    return lost, heard


@njit(cache=True)
def _forced(
    sign: float, at: float, forces: Floats, push: Floats, node_push: Floats, mass: Floats, node_mass: Floats,
    w: Floats, node_w: Floats, step: float,
) -> float:  # fmt: skip
    """Lay forces on (sign 1) or take them off again (-1) at time `at` [steps]; half of their work over the step [J]."""
    work = 0.0
    for f in range(forces.shape[0]):
        share = (at - forces[f, 3]) / forces[f, 4]
        if 0.0 < share < 1.0:
            size = forces[f, 2] * force_of(int(forces[f, 0]), share)
            where = int(forces[f, 1])
            if where < 0:
                node_push[-1 - where] += sign * size * step * step / node_mass[-1 - where]
                work += 0.5 * size * node_w[-1 - where]
            else:
                push[where] += sign * size * step * step / mass[where]
                work += 0.5 * size * w[where]
    return work


@njit(cache=True, nogil=True)
def run(
    steps: int, since: int, u: Floats, w: Floats, node_u: Floats, node_w: Floats, push: Floats, node_push: Floats,
    pull: Floats, bend: Floats, mass: Floats, node_mass: Floats, anchored: Flags,
    ends: Ints, first: Ints, segments: Ints, spring: Floats, hinge: Floats, ear: Floats,
    step: float, lag: float, drag: float, forces: Floats, u_next: Floats, w_next: Floats, sound: Floats,
) -> tuple[float, float]:  # fmt: skip
    """`steps` steps on; returns (lost [J], work of forces [J]). State in u, w [n_point] and node_u, node_w [n_node].

    push, node_push: accelerations times h^2 that hold all the while [m]. forces [n, 5]: shape, its point (node n as
    -1 - n), size [N], first step, number of steps. sound [steps] gets the anchors' forces weighted by ear [n_node].
    """
    lost = work = 0.0
    pulls = np.empty((node_u.shape[0], 2))
    for k in range(steps):
        at = since + k + 0.5
        work += _forced(1.0, at, forces, push, node_push, mass, node_mass, w, node_w, step)
        lost += points_step(u, w, pull, bend, mass, push, lag, drag, u_next, w_next)
        node_lost, sound[k] = nodes_step(
            u, w, node_u, node_w, node_push, node_mass, anchored, ends, first, segments, spring, hinge, ear,
            step, lag, drag, pulls, u_next, w_next,
        )  # fmt: skip
        lost += node_lost
        u, u_next = u_next, u
        w, w_next = w_next, w
        work += _forced(-1.0, at, forces, push, node_push, mass, node_mass, w, node_w, step)
    if steps % 2 == 1:
        u_next[:] = u
        w_next[:] = w
    return lost / (step * step), work


@njit(cache=True)
def lay_on(
    load: Floats, arm: Floats, anchored: Flags, ends: Ints, first: Ints, segments: Ints, push: Floats, node_push: Floats
) -> None:
    """push, node_push from a load [6] taken at nodes by arm [n_node, 6] and carried linearly along threads."""
    for i in range(node_push.shape[0]):
        node_push[i] = 0.0
        for k in range(6):
            node_push[i] += arm[i, k] * load[k]
    for j in range(segments.shape[0]):
        start, slope = node_push[ends[j, 0]], node_push[ends[j, 1]] - node_push[ends[j, 0]]
        for i in range(1, segments[j]):
            push[first[j] + 1 + i] = start + slope * i / segments[j]
    for i in range(node_push.shape[0]):
        if anchored[i]:
            node_push[i] = 0.0


@njit(cache=True, fastmath=True)
def moments(
    u: Floats, node_u: Floats, arm: Floats, anchored: Flags, ends: Ints, first: Ints, segments: Ints, mass: Floats,
    node_mass: Floats, out: Floats,
) -> None:  # fmt: skip
    """out [6] = sum of mass times arm times u over all that moves, arms carried linearly along threads."""
    out[:] = 0.0
    for j in range(segments.shape[0]):
        n = segments[j]
        if n > 1:
            own = u[first[j] + 2 : first[j] + 1 + n]
            whole = far = 0.0
            for i in range(n - 1):
                whole += own[i]
                far += own[i] * (i + 1)
            m = mass[first[j] + 2]
            far *= m / n
            near = m * whole - far
            for k in range(6):
                out[k] += near * arm[ends[j, 0], k] + far * arm[ends[j, 1], k]
    for i in range(node_u.shape[0]):
        if not anchored[i]:
            for k in range(6):
                out[k] += node_mass[i] * node_u[i] * arm[i, k]


@njit(cache=True)
def energies(
    u: Floats, w: Floats, node_w: Floats, first: Ints, segments: Ints, mass: Floats, spring: Floats, hinge: Floats,
    node_mass: Floats, step: float, by_thread: Floats, middle: Floats,
) -> float:  # fmt: skip
    """Energy of the whole web [J]; by_thread [m] gets each thread's own, middle [m] where it is centred (0..1)."""
    total = 0.0
    for j in range(segments.shape[0]):
        n, a = segments[j], first[j] + 1
        own = weighed = 0.0
        for i in range(n):
            du = u[a + i + 1] - u[a + i]
            here = 0.5 * spring[j] * du * (du - w[a + i + 1] + w[a + i])
            if i > 0:
                here += 0.5 * mass[a + i] * w[a + i] ** 2 / (step * step)
                bent = u[a + i - 1] - 2.0 * u[a + i] + u[a + i + 1]
                here += 0.5 * hinge[j] * bent * (bent - (w[a + i - 1] - 2.0 * w[a + i] + w[a + i + 1]))
            own += here
            weighed += (i + 0.5) * here
        by_thread[j] = own
        middle[j] = min(max(weighed / (own * n), 0.0), 1.0) if own > 0.0 else 0.0
        total += own
    for i in range(node_w.shape[0]):
        total += 0.5 * node_mass[i] * node_w[i] ** 2 / (step * step)
    return total
