"""One time step of all threads and nodes, over and over: leapfrog, with losses and forces booked as they act.

State: displacements u at a time step and w = u - (u one step before), of points and of nodes. With w+ the next w and
w' = (w + w+)/2, every term's work over a step is its force times w', so that

    E = sum M w^2 / (2 h^2) + V(u, u - w)      (V the bilinear elastic energy)

changes by exactly what was booked (Greenspan's identity for leapfrog; bilbao2009, ch. 2).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from heartwright.records import Floats, Ints

PLUCK, THOUGHT = 0, 1  # shapes of a force in time


@njit(cache=True)
def force_of(shape: int, share: float) -> float:
    """A force at `share` 0..1 of its duration: a finger draws (half a cosine, then lets go); a thought swings to and fro."""
    if shape == PLUCK:
        return 0.5 - 0.5 * np.cos(np.pi * share)
    return np.sin(2.0 * np.pi * share)


@njit(cache=True, fastmath=True)
def points_step(
    u: Floats, w: Floats, pull: Floats, bend: Floats, mass: Floats, push: Floats, lag: float, drag: float,
    u_next: Floats, w_next: Floats,
) -> float:  # fmt: skip
    """Threads' own points one step on; all arrays [n_point]. lag = eta/h, drag = sigma h; returns what was lost [kg m2]."""
    keep, take = (1.0 - drag) / (1.0 + drag), 1.0 / (1.0 + drag)
    lost = 0.0
    for i in range(2, u.shape[0] - 2):
        near, far = pull[i] + 4.0 * bend[i], bend[i]
        mid = -2.0 * pull[i] - 6.0 * bend[i]
        elastic = mid * u[i] + near * (u[i - 1] + u[i + 1]) - far * (u[i - 2] + u[i + 2])
        viscous = lag * (mid * w[i] + near * (w[i - 1] + w[i + 1]) - far * (w[i - 2] + w[i + 2]))
        new = keep * w[i] + take * (elastic + viscous + push[i])
        mean = 0.5 * (w[i] + new)
        lost += mass[i] * mean * (2.0 * drag * mean - viscous)
        w_next[i] = new
        u_next[i] = u[i] + new
    return lost


@njit(cache=True)
def nodes_step(
    u: Floats, w: Floats, node_u: Floats, node_w: Floats, node_push: Floats, spring: Floats, hinge: Floats,
    node_mass: Floats, anchored: Floats, tips: Ints, tip: Ints, tip_thread: Ints, tip_way: Ints, ear: Floats,
    step: float, lag: float, drag: float, u_next: Floats, w_next: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Nodes one step on, in place, and their copies in u_next, w_next; returns (lost [kg m2], what the ear gets [N])."""
    keep, take = (1.0 - drag) / (1.0 + drag), 1.0 / (1.0 + drag)
    lost = heard = 0.0
    for i in range(node_u.shape[0]):
        elastic = viscous = 0.0
        for s in range(tips[i], tips[i + 1]):
            p, way, k, b = tip[s], tip_way[s], spring[tip_thread[s]], hinge[tip_thread[s]]
            q, r = p + way, p + 2 * way
            elastic += k * (u[q] - u[p])
            viscous += k * (w[q] - w[p])
            if b != 0.0:
                elastic -= b * (u[r] - 2.0 * u[q] + u[p])
                viscous -= b * (w[r] - 2.0 * w[q] + w[p])
        if anchored[i]:
            heard += ear[i] * (elastic + lag * viscous)
        elif tips[i + 1] > tips[i]:
            scale = step * step / node_mass[i]
            viscous *= lag * scale
            new = keep * node_w[i] + take * (scale * elastic + viscous + node_push[i])
            mean = 0.5 * (node_w[i] + new)
            lost += node_mass[i] * mean * (2.0 * drag * mean - viscous)
            node_w[i] = new
            node_u[i] += new
        for s in range(tips[i], tips[i + 1]):
            p, way = tip[s], tip_way[s]
            u_next[p], w_next[p] = node_u[i], node_w[i]
    for i in range(node_u.shape[0]):
        for s in range(tips[i], tips[i + 1]):
            p, way = tip[s], tip_way[s]
            u_next[p - way] = 2.0 * u_next[p] - u_next[p + way]
            w_next[p - way] = 2.0 * w_next[p] - w_next[p + way]
    return lost, heard


@njit(cache=True, nogil=True)
def run(
    steps: int, since: int, u: Floats, w: Floats, node_u: Floats, node_w: Floats, push: Floats, node_push: Floats,
    pull: Floats, bend: Floats, mass: Floats, spring: Floats, hinge: Floats, node_mass: Floats, anchored: Floats,
    tips: Ints, tip: Ints, tip_thread: Ints, tip_way: Ints, ear: Floats, step: float, lag: float, drag: float,
    forces: Floats, u_next: Floats, w_next: Floats, sound: Floats,
) -> tuple[float, float]:  # fmt: skip
    """`steps` steps on; returns (lost [J], work of forces [J]). State in u, w [n_point] and node_u, node_w [n_node].

    push, node_push: accelerations times h^2 that hold all the while [m]. forces [n, 5]: shape, its point (a node n as
    -1 - n), size [N], first step, number of steps. sound [steps] gets the anchors' forces weighted by ear [n_node].
    """
    lost = work = 0.0
    for k in range(steps):
        for f in range(forces.shape[0]):
            share = (since + k + 0.5 - forces[f, 3]) / forces[f, 4]
            size = forces[f, 2] * force_of(int(forces[f, 0]), share) if 0.0 < share < 1.0 else 0.0
            where = int(forces[f, 1])
            if where < 0:
                node_push[-1 - where] += size * step * step / node_mass[-1 - where]
                work += size * 0.5 * node_w[-1 - where]
            else:
                push[where] += size * step * step / mass[where]
                work += size * 0.5 * w[where]
        more = points_step(u, w, pull, bend, mass, push, lag, drag, u_next, w_next)
        node_lost, sound[k] = nodes_step(
            u, w, node_u, node_w, node_push, spring, hinge, node_mass, anchored, tips, tip, tip_thread, tip_way, ear,
            step, lag, drag, u_next, w_next,
        )  # fmt: skip
        lost += more + node_lost
        u, u_next = u_next, u
        w, w_next = w_next, w
        for f in range(forces.shape[0]):
            share = (since + k + 0.5 - forces[f, 3]) / forces[f, 4]
            size = forces[f, 2] * force_of(int(forces[f, 0]), share) if 0.0 < share < 1.0 else 0.0
            where = int(forces[f, 1])
            if where < 0:
                node_push[-1 - where] -= size * step * step / node_mass[-1 - where]
                work += size * 0.5 * node_w[-1 - where]
            else:
                push[where] -= size * step * step / mass[where]
                work += size * 0.5 * w[where]
    if steps % 2 == 1:
        u_next[:] = u
        w_next[:] = w
    return lost / (step * step), work


@njit(cache=True)
def energies(
    u: Floats, w: Floats, node_w: Floats, first: Ints, segments: Ints, mass: Floats, spring: Floats, hinge: Floats,
    node_mass: Floats, tips: Ints, step: float, by_thread: Floats, middle: Floats,
) -> float:  # fmt: skip
    """Energy of the whole web [J]; by_thread [m] gets each thread's own, middle [m] where along it that is centred (0..1)."""
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
        if tips[i + 1] > tips[i]:
            total += 0.5 * node_mass[i] * node_w[i] ** 2 / (step * step)
    return total
