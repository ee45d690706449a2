"""Where the nodes of a web hang: distances along the graph laid in a plane, loosened by springs, bent to a dome.

Each piece is placed by pivot scaling (a few dozen breadth-first searches stand for all distances), then by forces:
threads pull, near nodes push, found through a grid of cells, so that a round costs time by the number of nodes.

Sources: brandes2007 (pivot MDS), fruchterman1991 (forces, the grid variant).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from heartwright.records import Floats, Ints
from heartwright.works.web.net import Net

PIVOTS = 40
ROUNDS = 120
REACH = 3.0  # nodes nearer than this many thread lengths push each other
SURFACES = ("dome", "plane")
DOME_RAD = 1.0  # how far a dome bends at its rim


def flat(net: Net, seed: int) -> Floats:
    """Places of all nodes in the unit disc, shape [n_node, 2]."""
    rng = np.random.default_rng(seed)
    places = np.zeros((len(net.names), 2))
    discs = []
    for piece in range(net.pieces):
        nodes = np.flatnonzero(net.piece == piece) if net.pieces > 1 else np.arange(len(net.names))
        spread = _piece(len(nodes), _ends_within(net, nodes), rng)
        discs.append((nodes, spread, 1.1 * float(np.max(np.hypot(*spread.T))) + 0.3))
    for (nodes, spread, _), centre in zip(discs, _packed([radius for _, _, radius in discs]), strict=True):
        places[nodes] = spread + centre
    places -= 0.5 * (places.max(0) + places.min(0))
    unit: Floats = places / float(np.max(np.hypot(*places.T)))
    return unit


def hung(disc: Floats, *, size: float, surface: str) -> tuple[Floats, Floats]:
    """Places [n, 3] and unit normals [n, 3] of nodes given in the unit disc; `size` is the width [m].

    The web stands upright on its mount and faces the viewer; a dome's middle stands out towards the viewer.
    """
    if surface not in SURFACES:
        raise ValueError(f"surface {surface!r}: {' or '.join(SURFACES)} is allowed")
    half = 0.5 * size
    places, normals = np.zeros((len(disc), 3)), np.zeros((len(disc), 3))
    if surface == "plane":
        places[:, :2], normals[:, 2] = half * disc, 1.0
    else:
        out = np.hypot(*disc.T)
        bend = DOME_RAD * out
        radius = half / np.sin(DOME_RAD)
        aside = np.divide(disc, out[:, None], out=np.zeros_like(disc), where=out[:, None] > 0.0)
        normals[:, :2], normals[:, 2] = np.sin(bend)[:, None] * aside, np.cos(bend)
        places[:] = radius * (normals - np.array([0.0, 0.0, np.cos(DOME_RAD)]))
    places[:, 1] += half
    return places, normals


def outermost(disc: Floats, piece: Ints) -> Ints:
    """Which nodes are anchored where nobody says: in each piece the farthest out in each of some directions."""
    chosen = []
    for p in range(int(piece.max()) + 1):
        nodes = np.flatnonzero(piece == p)
        off = disc[nodes] - disc[nodes].mean(0)
        sectors = int(np.clip(round(0.75 * np.sqrt(len(nodes))), 2, 24))
        turn = np.angle(off @ np.array([1.0, 1j])) / (2.0 * np.pi)
        sector = np.floor((turn % 1.0) * sectors).astype(int) % sectors
        far = np.hypot(*off.T)
        for s in range(sectors):
            here = np.flatnonzero(sector == s)
            if len(here):
                chosen.append(nodes[here[np.argmax(far[here])]])
        if len(nodes) == 2:
            chosen.extend(nodes)
    return np.unique(np.array(chosen, np.int64))


def _ends_within(net: Net, nodes: Ints) -> Ints:
    if net.pieces == 1:
        return net.ends
    place = np.full(len(net.names), -1)
    place[nodes] = np.arange(len(nodes))
    found: Ints = place[net.ends[net.piece[net.ends[:, 0]] == net.piece[nodes[0]]]]
    return found


def _piece(n: int, ends: Ints, rng: np.random.Generator) -> Floats:
    """One connected piece, in thread lengths about its middle, shape [n, 2]."""
    if n == 2:
        return np.array([[-0.5, 0.0], [0.5, 0.0]])
    ones = np.ones(len(ends))
    linked = coo_matrix((ones, (ends[:, 0], ends[:, 1])), shape=(n, n)).tocsr()
    pivots = rng.choice(n, min(PIVOTS, n), replace=False)
    far = dijkstra(linked, directed=False, indices=pivots, unweighted=True).T ** 2
    centred = -0.5 * (far - far.mean(0) - far.mean(1)[:, None] + far.mean())
    strength, axes = np.linalg.eigh(centred.T @ centred)
    spread = centred @ axes[:, [-1, -2]]
    spread /= np.maximum(strength[[-1, -2]], 1e-12) ** 0.25
    spread /= max(float(np.mean(np.hypot(*(spread[ends[:, 0]] - spread[ends[:, 1]]).T))), 1e-9)
    spread += 0.1 * rng.standard_normal((n, 2))
    _loosen(spread, ends, ROUNDS, REACH)
    middle: Floats = spread - 0.5 * (spread.max(0) + spread.min(0))
    return middle


@njit(cache=True)
def _loosen(places: Floats, ends: Ints, rounds: int, reach: float) -> None:
    """Move places [n, 2] by pulls along ends [m, 2] (d^2) and pushes between near nodes (1/d), cooling as it goes."""
    n = places.shape[0]
    force = np.empty((n, 2))
    order = np.empty(n, np.int64)
    cell = np.empty(n, np.int64)
    for turn in range(rounds):
        warm = 0.5 * (1.0 - turn / rounds) + 0.01
        force[:] = 0.0
        left, low = places[:, 0].min(), places[:, 1].min()
        wide = min(int((places[:, 0].max() - left) / reach) + 1, 1000)
        high = min(int((places[:, 1].max() - low) / reach) + 1, 1000)
        start = np.zeros(wide * high + 1, np.int64)
        for i in range(n):
            x = min(int((places[i, 0] - left) / reach), wide - 1)
            y = min(int((places[i, 1] - low) / reach), high - 1)
            cell[i] = x * high + y
            start[cell[i] + 1] += 1
        for c in range(wide * high):
            start[c + 1] += start[c]
        filled = start[:-1].copy()
        for i in range(n):
            order[filled[cell[i]]] = i
            filled[cell[i]] += 1
        for i in range(n):
            x, y = cell[i] // high, cell[i] % high
            for cx in range(max(0, x - 1), min(wide, x + 2)):
                for cy in range(max(0, y - 1), min(high, y + 2)):
                    for s in range(start[cx * high + cy], start[cx * high + cy + 1]):
                        j = order[s]
                        dx, dy = places[i, 0] - places[j, 0], places[i, 1] - places[j, 1]
                        d2 = dx * dx + dy * dy
                        if j != i and d2 < reach * reach:
                            push = 1.0 / max(d2, 1e-4)
                            force[i, 0] += push * dx
                            force[i, 1] += push * dy
        for t in range(ends.shape[0]):
            a, b = ends[t, 0], ends[t, 1]
            dx, dy = places[a, 0] - places[b, 0], places[a, 1] - places[b, 1]
            pull = np.sqrt(dx * dx + dy * dy)
            force[a, 0] -= pull * dx
            force[a, 1] -= pull * dy
            force[b, 0] += pull * dx
            force[b, 1] += pull * dy
        for i in range(n):
            size = np.sqrt(force[i, 0] ** 2 + force[i, 1] ** 2)
            if size > 0.0:
                step = min(0.2 * size, warm) / size
                places[i, 0] += step * force[i, 0]
                places[i, 1] += step * force[i, 1]


def _packed(radii: list[float]) -> Floats:
    """Centres for discs given from the largest down: the first in the middle, the rest in rings about it."""
    centres = np.zeros((len(radii), 2))
    inner, turn, thick = radii[0], 0.0, 0.0
    for i, radius in enumerate(radii[1:], start=1):
        if not thick:
            thick = radius
        half = np.arcsin(min(1.0, radius / (inner + thick)))
        if turn + 2.0 * half > 2.0 * np.pi and turn > 0.0:
            inner, turn, thick = inner + 2.0 * thick, 0.0, radius
            half = np.arcsin(min(1.0, radius / (inner + thick)))
        centres[i] = (inner + thick) * np.array([np.cos(turn + half), np.sin(turn + half)])
        turn += 2.0 * half
    return centres
