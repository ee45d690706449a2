"""Graham dead-beat escapement: tangential anchor whose dead faces are arcs about its own pivot.

Frames: wheel centre O = (0, 0), turning counter-clockwise (+); anchor pivot A = (0, D) above it. The entry pallet is on
the right: its dead face is an arc of its outer radius; the exit pallet's, on the left, of its inner radius. With the
anchor at theta < 0 the entry pallet is deep in the wheel. Impulse runs over the lift, half a lock off centre, so that a
tooth lands one lock above the corner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heartwright.design.escapement import Graham
from heartwright.geometry.shapes import Floats, Solid, disc, half_plane, polar, polygon, solid


@dataclass(frozen=True, slots=True)
class GrahamGeometry:
    """Parts in their own frames, and where the wheel stands. SI, rad."""

    pitch: float
    centre_distance: float
    entry_direction: float  # middle of the entry impulse seen from the wheel
    exit_direction: float
    start_angle: float  # a tooth tip on the entry dead face with the anchor deep in entry (theta < 0)
    tooth: Solid
    entry: Solid
    exit: Solid


def graham(esc: Graham) -> GrahamGeometry:
    """Construct the dead-beat of a design's escapement (`Design.escapement` of type graham)."""
    r, half = esc.wheel_radius, 0.5 * esc.span * esc.pitch
    d = r / math.cos(half)
    impulse = 0.5 * (0.5 * esc.pitch - esc.drop)  # half of the wheel's turn during an impulse
    entry_at, exit_at = math.pi / 2 - half, math.pi / 2 + half
    first, last = 0.5 * (esc.lift - esc.lock), -0.5 * (esc.lift + esc.lock)

    def from_anchor(at: float) -> tuple[float, float]:
        x, y = r * math.cos(at), r * math.sin(at) - d
        return math.hypot(x, y), math.atan2(y, x)

    outer, a = from_anchor(entry_at - impulse)
    inner, b = from_anchor(entry_at + impulse)
    entry = _pallet(outer, a + first, inner, b + last, esc.rest, side=+1)
    inner, a = from_anchor(exit_at - impulse)
    outer, b = from_anchor(exit_at + impulse)
    exit_ = _pallet(inner, a - first, outer, b - last, esc.rest, side=-1)
    root = esc.root_ratio * r
    tip = np.array([r, 0.0])
    tooth = polygon([tip, polar(root, -esc.tooth_undercut), polar(root, -esc.tooth_back)], edges=(0, 2), corners=(0,))
    return GrahamGeometry(
        pitch=esc.pitch,
        centre_distance=d,
        entry_direction=entry_at,
        exit_direction=exit_at,
        start_angle=entry_at - impulse,
        tooth=tooth,
        entry=entry,
        exit=exit_,
    )


def _pallet(dead: float, corner_at: float, release: float, release_at: float, rest: float, *, side: int) -> Solid:
    """A pallet in the anchor's frame: dead face at radius `dead`, impulse face from its corner to the release edge.

    `side` +1: the body lies at larger angles than the corner (entry), -1 at smaller ones (exit).
    """
    corner, edge = polar(dead, corner_at), polar(release, release_at)
    inside = polar(0.5 * (dead + release), corner_at + 0.05 * side)
    outer = dead > release
    faces = [disc((0, 0), dead, hole=not outer), half_plane(corner, edge, inside), disc((0, 0), release, hole=outer)]
    arc = [polar(dead, corner_at + side * t) for t in np.linspace(0.0, rest, 13)]
    back: list[Floats] = [polar(release, corner_at + side * t) for t in np.linspace(rest, 0.0, 13)]
    return solid(faces, [[*corner, 0, 0, 0], [*edge, 0, 0, 0]], [edge, *arc, *back])
