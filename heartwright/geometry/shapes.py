"""Solids: intersections of faces, with the vertices that may touch other solids.

A face row is (0, nx, ny, d, 0) for the half-plane n.x <= d, or (1, cx, cy, r, s) for a disc (s = +1) or its complement
(s = -1). A vertex row is (x, y, radius, ux, uy): a point, a full disc (u = 0), or a half disc about the axis u.
Lengths in m, each solid in the frame of its own rotor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Solid:
    """Faces [n, 5], vertices [n, 5] and an outline [n, 2] to draw."""

    faces: Floats
    vertices: Floats
    outline: Floats

    def scaled(self, factor: float) -> Solid:
        """The same shape, `factor` times as large."""
        faces = self.faces.copy()
        plane = faces[:, 0] == 0
        faces[plane, 3] *= factor
        faces[~plane, 1:4] *= factor
        vertices = self.vertices.copy()
        vertices[:, :3] *= factor
        return replace(self, faces=faces, vertices=vertices, outline=self.outline * factor)


def rotate(angle: float, point: ArrayLike) -> Floats:
    """`point` turned by `angle` about the origin."""
    c, s = math.cos(angle), math.sin(angle)
    x, y = np.asarray(point, float)
    return np.array([c * x - s * y, s * x + c * y])


def polar(radius: float, angle: float) -> Floats:
    """The point at `radius` in the direction `angle`."""
    return np.array([radius * math.cos(angle), radius * math.sin(angle)])


def half_plane(a: ArrayLike, b: ArrayLike, inside: ArrayLike) -> list[float]:
    """The face through a and b that holds `inside`."""
    a, b, inside = (np.asarray(p, float) for p in (a, b, inside))
    t = (b - a) / np.linalg.norm(b - a)
    n = np.array([t[1], -t[0]])
    if n @ (inside - a) > 0:
        n = -n
    return [0.0, float(n[0]), float(n[1]), float(n @ a), 0.0]


def disc(centre: ArrayLike, radius: float, *, hole: bool = False) -> list[float]:
    """The face of a disc, or of the plane outside it."""
    x, y = np.asarray(centre, float)
    return [1.0, float(x), float(y), float(radius), -1.0 if hole else 1.0]


def polygon(points: Sequence[ArrayLike], *, edges: Iterable[int], corners: Iterable[int]) -> Solid:
    """A convex polygon of which only some edges can be met, and only some corners can meet."""
    pts = [np.asarray(p, float) for p in points]
    middle = sum(pts[1:], pts[0]) / len(pts)
    n = len(pts)
    faces = [half_plane(pts[i], pts[(i + 1) % n], middle) for i in edges]
    vertices = [[*pts[i], 0.0, 0.0, 0.0] for i in corners]
    return solid(faces, vertices, pts)


def solid(faces: Sequence[Sequence[float]], vertices: Sequence[Sequence[float]], outline: Sequence[ArrayLike]) -> Solid:
    """A solid from rows."""
    return Solid(
        np.array(faces, float).reshape(-1, 5),
        np.array(vertices, float).reshape(-1, 5),
        np.array([np.asarray(p, float) for p in outline], float).reshape(-1, 2),
    )
