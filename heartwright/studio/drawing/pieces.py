"""The pieces a scene is made of, as plain data: drives, extrusions, turned parts, springs; and a few outlines.

Lengths in m, angles in rad; an outline is [n, 2], counter-clockwise. Numbers are rounded to 0.1 um (1e-5 rad).
The page's `room/types.ts` names the same fields.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Piece = dict[str, Any]
Place = tuple[float, float, float]
TWO_PI = 2.0 * math.pi


def rounded(values: ArrayLike, digits: int = 7) -> list[float]:
    """Flat list of rounded numbers (-0.0 written as 0.0)."""
    return [round(float(v), digits) + 0.0 for v in np.ravel(np.asarray(values, float))]


def drive(name: str, ratio: float = 1.0, offset: float = 0.0, *, extra: bool = False) -> Piece:
    """What turns a part: ratio x (angle of the rotor, or value of the extra) + offset."""
    return {"source": "extra" if extra else "rotor", "name": name, "ratio": float(ratio), "offset": round(offset, 6)}


def _placed(kind: str, name: str, material: str, at: Place, label: str, more: Piece) -> Piece:
    x, y, z = rounded(at)
    piece: Piece = {"type": kind, "name": name, "label": label, "material": material, "x": x, "y": y, "z": z}
    piece |= {key: value for key, value in more.items() if value is not None}
    return piece


def extrude(
    name: str,
    material: str,
    outer: ArrayLike,
    *,
    at: Place,
    depth: float,
    holes: Sequence[ArrayLike] = (),
    bevel: float = 0.0,
    label: str = "",
    turn: Piece | None = None,
    slide: Piece | None = None,
) -> Piece:
    """An outline with holes drawn out along z from at[2] to at[2] + depth."""
    shape = {"outer": rounded(outer), "holes": [rounded(hole) for hole in holes]}
    more = {"depth": round(depth, 7), "bevel": round(bevel, 7), "shapes": [shape], "turn": turn, "slide": slide}
    return _placed("extrude", name, material, at, label, more)


def turned(
    name: str,
    material: str,
    profile: ArrayLike,
    *,
    at: Place,
    axis: str = "z",
    label: str = "",
    turn: Piece | None = None,
    slide: Piece | None = None,
) -> Piece:
    """A profile of (radius, height) turned about an axis."""
    return _placed(
        "turned", name, material, at, label, {"axis": axis, "profile": rounded(profile), "turn": turn, "slide": slide}
    )


def tube(name: str, material: str, path: ArrayLike, radius: float, *, at: Place = (0, 0, 0), label: str = "") -> Piece:
    """A round tube along points (x, y, z)."""
    return _placed("tube", name, material, at, label, {"path": rounded(path), "radius": round(radius, 7)})


def jewel(name: str, at: Place, radius: float) -> Piece:
    """A pierced ruby in a gold setting, radius of the stone."""
    return _placed("jewel", name, "ruby", at, "", {"radius": round(radius, 7)})


def screw(name: str, at: Place, radius: float, slot: float = 0.6, *, material: str = "blued") -> Piece:
    """A slotted screw head."""
    return _placed("screw", name, material, at, "", {"radius": round(radius, 7), "slot": round(slot, 3)})


def special(kind: str, name: str, material: str, *, at: Place, label: str = "", **more: Any) -> Piece:
    """A part of its own kind: spiral, mainspring, bellows, reed."""
    numbers = {k: round(v, 7) if isinstance(v, float) else v for k, v in more.items()}
    return _placed(kind, name, material, at, label, numbers)


# ------------------------------------------------------------------------------------------------- outlines


def circle(radius: float, n: int = 48, centre: ArrayLike = (0.0, 0.0)) -> Floats:
    """A circle as n points."""
    t = np.linspace(0.0, TWO_PI, n, endpoint=False)
    return np.asarray(centre, float) + radius * np.column_stack([np.cos(t), np.sin(t)])


def arc(radius: float, first: float, last: float, n: int = 9) -> Floats:
    """Points on an arc about the origin, ends included."""
    t = np.linspace(first, last, n)
    return radius * np.column_stack([np.cos(t), np.sin(t)])


def turned_by(points: ArrayLike, angle: float, about: ArrayLike = (0.0, 0.0)) -> Floats:
    """Points [n, 2] turned by `angle` about a point."""
    c, s = math.cos(angle), math.sin(angle)
    centre = np.asarray(about, float)
    return (np.asarray(points, float) - centre) @ np.array([[c, s], [-s, c]]) + centre


def bar(a: ArrayLike, b: ArrayLike, width_a: float, width_b: float | None = None, n: int = 9) -> Floats:
    """A bar from a to b with round ends; widths are whole, and may differ."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    ra, rb = 0.5 * width_a, 0.5 * (width_a if width_b is None else width_b)
    along = math.atan2(b[1] - a[1], b[0] - a[0])
    lean = math.asin(max(-1.0, min(1.0, (ra - rb) / max(float(np.hypot(*(b - a))), 1e-12))))
    end = b + arc(rb, along - math.pi / 2 + lean, along + math.pi / 2 - lean, n)
    start = a + arc(ra, along + math.pi / 2 - lean, along + 3 * math.pi / 2 + lean, n)
    return np.concatenate([end, start])


def band(path: ArrayLike, width: float) -> Floats:
    """A band of constant width along a path, square at its ends."""
    p = np.asarray(path, float)
    t = np.gradient(p, axis=0)
    t /= np.linalg.norm(t, axis=1, keepdims=True)
    normal = 0.5 * width * np.column_stack([-t[:, 1], t[:, 0]])
    return np.concatenate([p - normal, (p + normal)[::-1]])


def crossings(arms: int, inner: float, outer: float, width: float) -> list[Floats]:
    """The windows between the arms of a wheel, arms of constant width, one window an outline."""
    if arms < 2 or outer - inner < 2 * width:
        return []
    holes = []
    for k in range(arms):
        first, last = k * TWO_PI / arms, (k + 1) * TWO_PI / arms
        a, b = math.asin(min(0.5 * width / outer, 1.0)), math.asin(min(0.5 * width / inner, 1.0))
        if last - first - 2 * b < 0.05:
            return []
        rim = arc(outer, first + a, last - a, 13)
        hub = arc(inner, last - b, first + b, 7)
        holes.append(np.concatenate([rim, hub]))
    return holes


def area(outline: ArrayLike) -> float:
    """Signed area [m2], positive counter-clockwise."""
    p = np.asarray(outline, float).reshape(-1, 2)
    q = np.roll(p, -1, axis=0)
    return 0.5 * float(np.sum(p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]))
