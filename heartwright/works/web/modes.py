"""Normal modes of a web, by Lanczos iteration on the inverse (ARPACK), and what it sounds like by them.

Modes are those of a mesh with a time step h of its own: leapfrog swings at (2/h) asin(h sqrt(lambda)/2) where the
mesh's own eigenvalue is lambda. That undoes what cutting threads into points does to the pitch, all of it at Courant
number 1, and where that is below 1 all but a share (1 - C^2)(w h)^2/24.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread

import numpy as np
from numba import njit
from scipy.sparse import diags
from scipy.sparse.linalg import LinearOperator, eigsh, splu

from heartwright.records import Floats, Ints
from heartwright.works.web.mesh import Mesh, matrices

FEW = 400  # below this many rows the whole problem is solved at once


@dataclass(frozen=True, slots=True)
class Modes:
    """The lowest modes, from the lowest up. Shapes have unit modal mass: sum M shape^2 = 1 kg.

    frequency_hz [k]; decay [k] amplitudes fall as exp(-decay t) [1/s]; node_shape [k, n_node]; ear [k] the anchors'
    weighted force for one unit of the mode [N]; points [p] and shape [k, p], where threads' own points move.
    """

    frequency_hz: Floats
    decay: Floats
    node_shape: Floats
    ear: Floats
    points: Ints
    shape: Floats

    def __len__(self) -> int:
        return len(self.frequency_hz)

    def plucked(self, force: float, *, node: int) -> Floats:
        """How far each mode is drawn by a steady force [N] at a node, shape [k]."""
        there = self.node_shape.take(node, axis=1)
        drawn: Floats = force * there / (2.0 * np.pi * self.frequency_hz) ** 2
        return drawn

    def hum(self, drawn: Floats, n: int, rate_hz: float) -> Floats:
        """Modal synthesis: `n` samples of the anchors' weighted force [N] after letting go of modes drawn so [k]."""
        out = np.zeros(n)
        kept = self.frequency_hz < 0.5 * rate_hz
        _ring(self.ear[kept] * drawn[kept], self.frequency_hz[kept], self.decay[kept], 1.0 / rate_hz, out)
        return out


class Aside:
    """Modes found on a thread of their own, while the web goes on: started, and asked for later."""

    def __init__(self) -> None:
        self._of: Mesh | None = None
        self._found: tuple[Mesh, Modes] | None = None

    def find(self, mesh: Mesh, how: Callable[[], Modes]) -> None:
        """Start, unless those of this mesh are being found already."""
        if self._of is not mesh:
            self._of = mesh
            Thread(target=self._keep, args=(mesh, how), daemon=True).start()

    def found(self, mesh: Mesh) -> Modes | None:
        """The modes of this mesh, None while they are being found."""
        return self._found[1] if self._found is not None and self._found[0] is mesh else None

    def _keep(self, mesh: Mesh, how: Callable[[], Modes]) -> None:
        self._found = (mesh, how())


def modes(mesh: Mesh, ends: Ints, ear: Floats, *, most: int, drag: float, viscosity: float, seed: int) -> Modes:
    """The lowest `most` modes; fewer where the mesh has not so many. drag is sigma [1/s], viscosity eta [s]."""
    stiffness, mass, free, points = matrices(mesh, ends)
    most = min(most, len(mass))
    root = diags(1.0 / np.sqrt(mass))
    scaled = (root @ stiffness @ root).tocsc()
    if len(mass) <= FEW or most > len(mass) // 3:
        square, shape = np.linalg.eigh(scaled.toarray())
        square, shape = square[:most], shape[:, :most]
    else:
        factor = splu(scaled, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        inverse = LinearOperator(scaled.shape, matvec=factor.solve, dtype=float)
        start = np.random.default_rng(seed).standard_normal(len(mass))
        square, shape = eigsh(scaled, k=most, sigma=0.0, OPinv=inverse, v0=start, ncv=min(len(mass), 2 * most + 20))
        order = np.argsort(square)
        square, shape = square[order], shape[:, order]
    shape = (shape / np.sqrt(mass)[:, None]).T
    node_shape = np.zeros((most, len(mesh.anchored)))
    node_shape[:, free] = shape[:, : len(free)]
    own = np.ascontiguousarray(shape[:, len(free) :])
    omega = 2.0 / mesh.step * np.arcsin(np.minimum(1.0, 0.5 * mesh.step * np.sqrt(np.maximum(square, 0.0))))
    decay = drag + 0.5 * viscosity * square
    heard = _heard(mesh, ends, ear, node_shape, points, own)
    return Modes(omega / (2.0 * np.pi), decay, node_shape, heard, points, own)


def _heard(mesh: Mesh, ends: Ints, ear: Floats, node_shape: Floats, points: Ints, shape: Floats) -> Floats:
    """The anchors' weighted force of each mode at unit amplitude [N], shape [k]."""
    heard = np.zeros(len(node_shape))
    column = np.full(mesh.first[-1], -1)
    column[points] = np.arange(len(points))
    for i in np.flatnonzero(mesh.anchored):
        for s in range(mesh.tips[i], mesh.tips[i + 1]):
            j, p, way = mesh.tip_thread[s], mesh.tip[s], mesh.tip_way[s]
            far = int(ends[j, 1] if way > 0 else ends[j, 0])
            first = shape[:, column[p + way]] if column[p + way] >= 0 else node_shape[:, far]
            force = mesh.spring[j] * first
            if mesh.hinge[j]:
                second = shape[:, column[p + 2 * way]] if column[p + 2 * way] >= 0 else node_shape[:, far]
                force = force - mesh.hinge[j] * (second - 2.0 * first)
            heard += ear[i] * force
    return heard


@njit(cache=True)
def _ring(level: Floats, frequency_hz: Floats, decay: Floats, dt: float, out: Floats) -> None:
    """out [n] += sum of level cos(2 pi f t) exp(-decay t), all [k], by a two-term recursion each."""
    for m in range(level.shape[0]):
        fall = np.exp(-decay[m] * dt)
        turn = 2.0 * np.pi * frequency_hz[m] * dt
        a, b = 2.0 * fall * np.cos(turn), -fall * fall
        now, before = level[m], level[m] * np.cos(turn) / fall
        for i in range(out.shape[0]):
            out[i] += now
            before, now = now, a * now + b * before
