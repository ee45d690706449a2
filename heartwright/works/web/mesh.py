"""Threads cut into points, so that waves run along them at their own speed.

A thread of length L, tension T, line density mu and bending stiffness EI is n equal segments of length L/n, with
n the most that the time step h allows:

    (L/n)^2 >= (c^2 h^2 q + sqrt(c^4 h^4 q^2 + 16 k^2 h^2 q)) / 2,    c^2 = T/mu, k^2 = EI/mu, q = 1 + 2 eta/h

At equality, without stiffness and loss, the scheme is d'Alembert's solution itself: a digital waveguide, and its nodes
scatter by impedance exactly [bilbao2009, smith1992]. A node carries its bead and half a segment of each of its threads;
a thread passes a node no moment (hinged). Points move along the web's normal only; in its surface the web holds them.

Points of thread j stand together: a ghost, the copy of its first node, n - 1 points of its own, the copy of its
second node, a ghost. A thread that was cut has none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from heartwright.records import Floats, Ints


@dataclass(frozen=True, slots=True)
class Threads:
    """What threads are: ends [m, 2], length [m], tension [N], each [m]; alive [m]; the material is one for all."""

    ends: Ints
    length: Floats
    tension: Floats
    alive: NDArray[np.bool_]
    density: float  # [kg/m]
    bending: float  # EI [N m2]
    viscosity: float  # eta [s]: elastic forces E become E + eta dE/dt

    @property
    def speed(self) -> Floats:
        """Of waves, stiffness left out [m/s]."""
        return np.sqrt(self.tension / self.density)

    def shortest(self, step: float, tighter: float = 1.0) -> Floats:
        """The shortest segment of each thread that a step `step` [s] allows, at `tighter` times its tension [m]."""
        q = 1.0 + 2.0 * self.viscosity / step
        run = tighter * self.speed**2 * step**2 * q
        least: Floats = np.sqrt(0.5 * (run + np.sqrt(run**2 + 16.0 * (self.bending / self.density) * step**2 * q)))
        return least

    def segments(self, step: float) -> Ints:
        """How many segments each thread may have at time step `step` [s]; below 1 it is too quick for the step."""
        return np.floor(self.length / self.shortest(step) * (1.0 + 1e-9)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Mesh:
    """Points of all threads [n_point], nodes [n_node], and how each node's thread ends are found (CSR over `tip`)."""

    step: float  # h [s]
    segments: Ints  # [m], 0 for a cut thread
    first: Ints  # [m + 1] where each thread's points begin
    pull: Floats  # [n_point] (c h / dx)^2, 0 but at a thread's own points
    bend: Floats  # [n_point] k^2 h^2 / dx^4, likewise
    mass: Floats  # [n_point] [kg], likewise
    spring: Floats  # [m] T/dx [N/m]
    hinge: Floats  # [m] EI/dx^3 [N/m]
    node_mass: Floats  # [n_node] [kg], 0 where no thread is left
    anchored: NDArray[np.bool_]  # [n_node]
    tips: Ints  # [n_node + 1] CSR
    tip: Ints  # [2 m] the point that is the node's copy
    tip_thread: Ints  # [2 m]
    tip_way: Ints  # [2 m] +1 or -1: which way the thread lies from there


def mesh(threads: Threads, bead: Floats, anchored: NDArray[np.bool_], step: float) -> Mesh:
    """Cut threads into points. Raises ValueError where one is too quick for the step."""
    n = np.where(threads.alive, threads.segments(step), 0)
    quick = threads.alive & (n < 1)
    if np.any(quick):
        worst = int(np.argmax(quick))
        raise ValueError(f"thread {worst} is too quick for a step of {step:.3g} s; take less tension")
    size = np.where(n > 0, n + 3, 0)
    first = np.concatenate([[0], np.cumsum(size)])
    dx = threads.length / np.maximum(n, 1)
    own = np.zeros(first[-1], bool)
    for k in range(2, 1 + int(n.max(initial=0))):
        own[first[:-1][n >= k] + k] = True
    thread = np.repeat(np.arange(len(n)), size)

    def at(values: Floats) -> Floats:
        return np.where(own, values[thread], 0.0)

    node_mass = np.array(bead, float)
    for side in (0, 1):
        half = np.where(n > 0, 0.5 * threads.density * dx, 0.0)
        node_mass += np.bincount(threads.ends[:, side], half, len(bead))
    node_mass[np.bincount(threads.ends[threads.alive].ravel(), minlength=len(bead)) == 0] = 0.0
    tips, tip, tip_thread, way = _tips(threads.ends, n, first, len(bead))
    spring = np.where(n > 0, threads.tension / dx, 0.0)
    hinge = np.where(n > 1, threads.bending / dx**3, 0.0)
    return Mesh(
        step=step,
        segments=n,
        first=first,
        pull=at(threads.tension / threads.density * (step / dx) ** 2),
        bend=at(threads.bending / threads.density * step**2 / dx**4),
        mass=at(threads.density * dx),
        spring=spring,
        hinge=hinge,
        node_mass=node_mass,
        anchored=anchored,
        tips=tips,
        tip=tip,
        tip_thread=tip_thread,
        tip_way=way,
    )


def _tips(ends: Ints, n: Ints, first: Ints, n_node: int) -> tuple[Ints, Ints, Ints, Ints]:
    alive = np.flatnonzero(n > 0)
    node = np.concatenate([ends[alive, 0], ends[alive, 1]])
    point = np.concatenate([first[alive] + 1, first[alive] + 1 + n[alive]])
    way = np.repeat(np.array([1, -1]), len(alive))
    order = np.argsort(node, kind="stable")
    tips = np.concatenate([[0], np.cumsum(np.bincount(node, minlength=n_node))])
    return tips, point[order], np.concatenate([alive, alive])[order], way[order]


def moved(old: Mesh, new: Mesh, u: Floats) -> Floats:
    """Points' values [n_point of old] carried to another cut of the same threads, linearly in between."""
    out = np.zeros(new.first[-1])
    alike = (new.segments > 0) & (new.segments == old.segments)
    size = new.segments[alike] + 3
    within = _counted(size)
    out[np.repeat(new.first[:-1][alike], size) + within] = u[np.repeat(old.first[:-1][alike], size) + within]
    for j in np.flatnonzero((new.segments > 0) & ~alike):
        n, m = old.segments[j], new.segments[j]
        was = u[old.first[j] + 1 : old.first[j] + n + 2]
        grid = np.interp(np.linspace(0.0, 1.0, m + 1), np.linspace(0.0, 1.0, n + 1), was)
        out[new.first[j] + 1 : new.first[j] + m + 2] = grid
    return ghosted(new, out)


def ghosted(mesh: Mesh, u: Floats) -> Floats:
    """The same values with ghosts that make both ends of each thread free of bending."""
    a = mesh.first[:-1][mesh.segments > 0]
    b = a + mesh.segments[mesh.segments > 0] + 1
    u[a], u[b + 1] = 2.0 * u[a + 1] - u[a + 2], 2.0 * u[b] - u[b - 1]
    return u


def matrices(mesh: Mesh, ends: Ints) -> tuple[csr_matrix, Floats, Ints, Ints]:
    """Stiffness [N/m] and masses [kg] of all that can move: free nodes, then threads' own points.

    Returns K [f, f] sparse, M [f], the free nodes [.] and the points [.] that the rest of the rows are.
    """
    free = np.flatnonzero(~mesh.anchored & (np.diff(mesh.tips) > 0))
    points = np.flatnonzero(mesh.mass > 0.0)
    row = np.full(mesh.first[-1], -1)  # of each point; a copy of a node has its node's
    row[points] = len(free) + np.arange(len(points))
    row_of_node = np.full(len(mesh.anchored), -1)
    row_of_node[free] = np.arange(len(free))
    row[mesh.tip] = row_of_node[np.repeat(np.arange(len(mesh.anchored)), np.diff(mesh.tips))]
    n = mesh.segments
    start = np.repeat(mesh.first[:-1], n) + 1 + _counted(n)
    links = _quadratic([row[start], row[start + 1]], [-1.0, 1.0], np.repeat(mesh.spring, n))
    inner = np.maximum(n - 1, 0)
    mid = np.repeat(mesh.first[:-1], inner) + 2 + _counted(inner)
    bends = _quadratic([row[mid - 1], row[mid], row[mid + 1]], [1.0, -2.0, 1.0], np.repeat(mesh.hinge, inner))
    size = len(free) + len(points)
    rows, columns, values = (np.concatenate(pair) for pair in zip(links, bends, strict=True))
    stiffness = csr_matrix((values, (rows, columns)), shape=(size, size))
    stiffness.sum_duplicates()
    return stiffness, np.concatenate([mesh.node_mass[free], mesh.mass[points]]), free, points


def _counted(n: Ints) -> Ints:
    """0, 1, .., n[0] - 1, 0, 1, .., n[1] - 1, .."""
    return np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)


def _quadratic(rows: list[Ints], signs: list[float], strength: Floats) -> tuple[Ints, Ints, Floats]:
    """Entries of the matrix of sum strength (sum sign u[row])^2 / 2; a row of -1 does not move."""
    parts = []
    for r, s in zip(rows, signs, strict=True):
        for c, t in zip(rows, signs, strict=True):
            kept = (r >= 0) & (c >= 0) & (strength != 0.0)
            parts.append((r[kept], c[kept], s * t * strength[kept]))
    i, j, v = (np.concatenate(part) for part in zip(*parts, strict=True))
    return i, j, v
