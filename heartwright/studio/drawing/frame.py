"""Plates, bridges, pillars, dials and pipes: what carries the works."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from heartwright.studio.drawing.pieces import (
    TWO_PI,
    Floats,
    Piece,
    arc,
    bar,
    circle,
    extrude,
    jewel,
    screw,
    tube,
    turned,
    turned_by,
)

Spot = tuple[float, float]


def heart_curve(size: float, n: int = 150) -> Floats:
    """The heart x = 16 sin^3 t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t, `size` times, counter-clockwise."""
    t = -np.linspace(0.0, TWO_PI, n, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return size * np.column_stack([x, y])


def heart_within(size: float, by: float, n: int = 150) -> Floats:
    """The same heart drawn in by `by`: its right half moved along its normals and round the notch, what crosses the
    middle left out, and mirrored."""
    t = np.linspace(0.0, math.pi, 2001)[1:-1]
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    right = size * np.column_stack([x, y])
    along = np.gradient(right, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    moved = right + by * np.column_stack([along[:, 1], -along[:, 0]])
    about = np.linspace(-0.5 * math.pi, 0.0, 40)[:-1]  # round the notch, from straight below it to its right
    notch = right[0] + by * np.column_stack([np.cos(about), np.sin(about)])
    moved = np.concatenate([notch, moved[moved[:, 0] > 0.0]])
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(moved, axis=0), axis=1))])
    at = np.linspace(0.0, way[-1], n // 2)
    half = np.column_stack([np.interp(at, way, moved[:, i]) for i in range(2)])  # from the notch down to the apex
    return np.concatenate([half[::-1], half * np.array([-1.0, 1.0])])


def heart_frame(size: float, width: float, back: float, front: float,
                keep_off: Sequence[tuple[float, float, float]] = ()) -> list[Piece]:  # fmt: skip
    """Back plate and front ring in the shape of a heart, and pillars between them but for discs (x, y, radius)."""
    outer = heart_curve(size)
    inner = heart_within(size, width)
    plate = heart_within(size, 0.35 * width)
    pieces = [
        extrude("back plate", "plate", plate, at=(0, 0, back - 2.4e-3), depth=2.4e-3, bevel=0.5e-3),
        extrude("back rim", "brass", outer, holes=[heart_within(size, 0.45 * width)], at=(0, 0, back - 3.0e-3),
                depth=3.4e-3, bevel=0.6e-3),
        extrude("front ring", "gilt", outer, holes=[inner], at=(0, 0, front), depth=3.0e-3, bevel=0.7e-3,
                label="frame"),
    ]  # fmt: skip
    middle = heart_within(size, 0.5 * width)
    middle = np.concatenate([middle[len(middle) // 2 :], middle[: len(middle) // 2]])  # from the notch on
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(middle, axis=0), axis=1))])
    for k, share in enumerate((0.035, 0.15, 0.27, 0.385, 0.5, 0.615, 0.73, 0.85, 0.965)):
        x, y = (float(np.interp(share * along[-1], along, middle[:, i])) for i in range(2))
        if all(math.dist((x, y), (cx, cy)) > r for cx, cy, r in keep_off):
            pieces += pillar(f"pillar {k + 1}", (x, y), back, front, 0.3 * width)
        pieces.append(screw(f"frame screw {k + 1}", (x, y, front + 3.0e-3), 0.26 * width, 0.4 + 1.7 * k))
    return pieces


def pillar(name: str, at: Spot, low: float, high: float, radius: float) -> list[Piece]:
    """A turned pillar."""
    h = high - low
    profile = [(0, 0), (1.5 * radius, 0), (1.5 * radius, 0.03 * h), (radius, 0.09 * h), (0.72 * radius, 0.2 * h),
               (0.9 * radius, 0.5 * h), (0.72 * radius, 0.8 * h), (radius, 0.91 * h), (1.5 * radius, 0.97 * h),
               (1.5 * radius, h), (0, h)]  # fmt: skip
    return [turned(name, "brass", profile, at=(*at, low))]


def bridge(name: str, spots: Sequence[Spot], z: float, *, width: float, depth: float, stones: Sequence[Spot] = (),
           stone: float = 0.6e-3, material: str = "gilt", feet: Sequence[Spot] = (),
           low: float = 0.0) -> list[Piece]:  # fmt: skip
    """A bridge as bars from spot to spot, bosses at its stones, screws and legs at its feet."""
    pieces = [extrude(f"{name} {k + 1}", material, bar(a, b, width), at=(0, 0, z), depth=depth, bevel=0.12 * depth)
              for k, (a, b) in enumerate(zip(spots, spots[1:], strict=False))]  # fmt: skip
    for k, (x, y) in enumerate(stones):
        pieces.append(turned(f"{name} boss {k + 1}", material, [(0, 0), (0.75 * width, 0), (0.75 * width, 0.9 * depth),
                             (0.66 * width, 1.12 * depth), (0, 1.12 * depth)], at=(x, y, z)))  # fmt: skip
        pieces.append(jewel(f"{name} jewel {k + 1}", (x, y, z + 1.12 * depth), stone))
    for k, (x, y) in enumerate(feet):
        pieces += pillar(f"{name} leg {k + 1}", (x, y), low, z, 0.36 * width)
        pieces.append(screw(f"{name} screw {k + 1}", (x, y, z + depth), 0.36 * width, 0.7 + 1.9 * k))
    return pieces


def cock(name: str, staff: Spot, foot: Spot, z: float, *, width: float, depth: float, stone: float,
         low: float) -> list[Piece]:  # fmt: skip
    """A cock: a bar from a foot out over a staff, tapering, with jewel and regulator index."""
    a, b = np.asarray(foot), np.asarray(staff)
    pieces = [
        extrude(name, "gilt", bar(a, b, 1.9 * width, width), at=(0, 0, z), depth=depth, bevel=0.14 * depth, label=name),
        turned(f"{name} boss", "gilt", [(0, 0), (0.8 * width, 0), (0.8 * width, depth), (0.66 * width, 1.2 * depth),
               (0, 1.2 * depth)], at=(*staff, z)),
        jewel(f"{name} jewel", (*staff, z + 1.2 * depth), stone),
        screw(f"{name} screw", (*foot, z + depth), 0.42 * width, 2.2),
    ]  # fmt: skip
    index = math.atan2(b[1] - a[1], b[0] - a[0]) + math.pi / 2
    needle = turned_by(bar((0.5 * width, 0), (2.1 * width, 0), 0.34 * width, 0.12 * width), index) + b
    pieces.append(
        extrude(f"{name} index", "steel", needle, at=(0, 0, z + depth), depth=0.25 * depth, label="regulator")
    )
    pieces += pillar(f"{name} foot", foot, low, z, 0.55 * width)
    return pieces


def dial_ring(name: str, at: Spot, z: float, radius: float, width: float, marks: int = 12) -> list[Piece]:
    """A thin enamel ring with marks, twelve o'clock up."""
    pieces = [
        extrude(name, "enamel", circle(radius, 72), holes=[circle(radius - width, 72)], at=(*at, z), depth=0.5e-3,
                bevel=0.1e-3, label=name),
        extrude(f"{name} bezel", "gilt", circle(radius + 0.5e-3, 72), holes=[circle(radius - 0.1e-3, 72)],
                at=(*at, z - 0.2e-3), depth=1.0e-3, bevel=0.15e-3),
    ]  # fmt: skip
    shapes = []
    for k in range(marks):
        a = math.pi / 2 + k * TWO_PI / marks
        long = 0.75 if k % 3 == 0 else 0.45
        tick = bar((radius - 0.14 * width, 0), (radius - (0.14 + long) * width, 0), 0.10 * width)
        shapes.append(turned_by(tick, a))
    ticks = extrude(f"{name} marks", "dark", shapes[0], at=(*at, z + 0.5e-3), depth=0.06e-3)
    ticks["shapes"] = [{"outer": [round(float(v), 7) for v in s.ravel()], "holes": []} for s in shapes]
    return [*pieces, ticks]


def hand(name: str, at: Spot, z: float, length: float, turn: Piece) -> list[Piece]:
    """A blued hand, pointing up at zero turn."""
    tip = np.array([(-0.045, 0), (-0.075, 0.30), (-0.012, 0.97), (0, 1.0), (0.012, 0.97), (0.075, 0.30), (0.045, 0)])
    tail = np.array([(0.03, -0.05), (0.055, -0.26), (-0.055, -0.26), (-0.03, -0.05)])
    outline = length * np.concatenate([tip[::-1], tail[::-1]])
    return [
        extrude(name, "blued", outline, at=(*at, z), depth=0.3e-3, bevel=0.08e-3, label=name, turn=turn),
        turned(f"{name} boss", "blued", [(0, 0), (0.11 * length, 0), (0.09 * length, 0.7e-3), (0, 0.8e-3)],
               at=(*at, z - 0.1e-3), turn=turn),
    ]  # fmt: skip


def smooth(points: Sequence[tuple[float, float, float]], n: int = 40) -> Floats:
    """A Catmull-Rom curve through points, n of them."""
    p = np.asarray(points, float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    out = []
    spans = len(p) - 3
    for u in np.linspace(0.0, spans, n):
        k = min(int(u), spans - 1)
        t = u - k
        a, b, c, d = p[k : k + 4]
        out.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.array(out)


def pipe(name: str, points: Sequence[tuple[float, float, float]], radius: float, *, material: str = "copper",
         label: str = "", n: int = 40) -> list[Piece]:  # fmt: skip
    """A pipe with a collar at each end."""
    path = smooth(points, n)
    pieces = [tube(name, material, path, radius, label=label)]
    for i, (a, b) in enumerate(((path[0], path[1]), (path[-2], path[-1]))):
        along = (b - a) / np.linalg.norm(b - a)
        middle = a if i == 0 else b
        collar = np.array([middle - 0.45 * radius * along, middle + 0.45 * radius * along])
        pieces.append(tube(f"{name} collar {i + 1}", "brass", collar, 1.35 * radius))
    return pieces


def coil(at: tuple[float, float, float], radius: float, pitch: float, turns: float, n: int) -> Floats:
    """A helix about the x axis from `at` on."""
    t = np.linspace(0.0, turns * TWO_PI, n)
    return np.column_stack([at[0] + pitch * t / TWO_PI, at[1] + radius * np.cos(t), at[2] + radius * np.sin(t)])


def round_plate(name: str, centre: Spot, radius: float, z: float, depth: float) -> list[Piece]:
    """A round plate with a polished rim."""
    return [
        extrude(name, "plate", circle(radius, 96), at=(*centre, z), depth=depth, bevel=0.15 * depth),
        extrude(f"{name} rim", "gilt", circle(1.03 * radius, 96), holes=[circle(0.97 * radius, 96)],
                at=(*centre, z - 0.2 * depth), depth=1.5 * depth, bevel=0.15 * depth),
    ]  # fmt: skip


def sector(inner: float, outer: float, first: float, last: float, n: int = 24) -> Floats:
    """A sector of a ring."""
    return np.concatenate([arc(outer, first, last, n), arc(inner, last, first, n)])
