"""Teeth of wheels and pinions as clockmakers cut them: cycloidal, meshing at a constant ratio after the centre.

A wheel's addendum is the epicycloid of a circle half as large as its pinion, which meets the pinion's radial flank
exactly; its root is radial. A pinion has radial flanks and half-round tips. Thicknesses at the pitch circle follow
NIHS 20-02 in kind: wheel 1.57 modules, leaf 1.05 (to 10 leaves) or 1.25; what is left of a pitch is backlash.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heartwright.studio.drawing.pieces import TWO_PI, Floats

WHEEL_THICKNESS = 1.57  # modules, at the pitch circle
CLEARANCE = 0.40  # modules between a tip and the root it dips into
FLANK_GAP = 0.04  # modules left between driving flanks in the drawing
OGIVE = 0.88  # share of half a tooth's thickness that the addendum uses up before it is rounded off


@dataclass(frozen=True, slots=True)
class Mesh:
    """A wheel and a pinion at their centre distance. Lengths in m."""

    wheel: int
    pinion: int
    module: float

    @property
    def wheel_radius(self) -> float:
        """Pitch radius of the wheel."""
        return 0.5 * self.module * self.wheel

    @property
    def pinion_radius(self) -> float:
        """Pitch radius of the pinion."""
        return 0.5 * self.module * self.pinion

    @property
    def distance(self) -> float:
        """Centre distance."""
        return self.wheel_radius + self.pinion_radius

    @property
    def leaf(self) -> float:
        """Thickness of a leaf at the pitch circle."""
        return (1.05 if self.pinion <= 10 else 1.25) * self.module

    @property
    def backlash(self) -> float:
        """Play at the pitch circle."""
        return math.pi * self.module - WHEEL_THICKNESS * self.module - self.leaf

    @property
    def wheel_tip(self) -> float:
        """Radius of the wheel's tips."""
        return float(np.hypot(*_addendum(self)[-1])) + 0.03 * self.module

    @property
    def pinion_tip(self) -> float:
        """Radius of the pinion's tips."""
        return self.pinion_radius + 0.5 * self.leaf


def _addendum(mesh: Mesh, n: int = 4) -> Floats:
    """Right flank of a wheel's tooth above the pitch circle, [n, 2], in the frame of the flank's root."""
    big, small = mesh.wheel_radius, 0.5 * mesh.pinion_radius
    t = np.linspace(0.0, 1.2 * small / big, 400)
    x = (big + small) * np.cos(t) - small * np.cos((big + small) / small * t)
    y = (big + small) * np.sin(t) - small * np.sin((big + small) / small * t)
    used = np.arctan2(y, x) * big / (0.5 * WHEEL_THICKNESS * mesh.module)
    last = int(np.searchsorted(used, OGIVE))
    keep = np.unique(np.round(np.linspace(0.0, 1.0, n) ** 0.8 * min(last, len(t) - 1)).astype(int))
    return np.column_stack([x, y])[keep]


def _spread(right: Floats, teeth: int) -> Floats:
    """A whole outline from the right half of one tooth (root to tip, tooth centred on +x)."""
    left = right[::-1] * np.array([1.0, -1.0])
    left = left[1:] if abs(right[-1, 1]) < 1e-12 else left
    tooth = np.concatenate([right, left])
    turns = np.arange(teeth) * TWO_PI / teeth
    c, s = np.cos(turns), np.sin(turns)
    x = c[:, None] * tooth[:, 0] - s[:, None] * tooth[:, 1]
    y = s[:, None] * tooth[:, 0] + c[:, None] * tooth[:, 1]
    return np.stack([x, y], axis=2).reshape(-1, 2)


def wheel_outline(mesh: Mesh) -> Floats:
    """Outline of the wheel, a tooth centred on +x, counter-clockwise."""
    half = 0.5 * WHEEL_THICKNESS * mesh.module / mesh.wheel_radius
    flank = _addendum(mesh)
    r, a = np.hypot(flank[:, 0], flank[:, 1]), np.arctan2(flank[:, 1], flank[:, 0]) - half
    root = mesh.wheel_radius - 0.5 * mesh.leaf - CLEARANCE * mesh.module
    r, a = np.concatenate([[root], r, [r[-1] + 0.03 * mesh.module]]), np.concatenate([[-half], a, [0.0]])
    return _spread(np.column_stack([r * np.cos(a), r * np.sin(a)]), mesh.wheel)


def pinion_outline(mesh: Mesh) -> Floats:
    """Outline of the pinion, a leaf centred on +x, counter-clockwise."""
    half = 0.5 * mesh.leaf / mesh.pinion_radius
    root = max(mesh.pinion_radius - (mesh.wheel_tip - mesh.wheel_radius) - 0.5 * CLEARANCE * mesh.module,
               0.35 * mesh.pinion_radius)  # fmt: skip
    round_ = 0.5 * mesh.leaf
    t = np.linspace(-math.pi / 2, 0.0, 4)
    tip = np.column_stack([mesh.pinion_radius * math.cos(half) + round_ * np.cos(t), round_ * np.sin(t)])
    right = np.concatenate([[[root * math.cos(half), -root * math.sin(half)]], tip])
    right[1, 1] = -mesh.pinion_radius * math.sin(half)
    return _spread(right, mesh.pinion)


def phase_of_driver(mesh: Mesh, at: float, pinion_offset: float, ratio_driver: float, ratio_driven: float) -> float:
    """Offset of a wheel so that it meshes with its pinion for good.

    Both turn as ratio x source + offset. `at`: direction from wheel to pinion. A tooth of the wheel stands on the line
    of centres when a space of the pinion does, moved back by half the backlash, so that the driving flanks meet.
    """
    return _phase(mesh, at, pinion_offset, ratio_driver, ratio_driven, pinion_drives=False)


def phase_of_driven(mesh: Mesh, at: float, pinion_offset: float, ratio_wheel: float, ratio_pinion: float) -> float:
    """The same where the pinion drives the wheel (remontoire): offset of the wheel."""
    return _phase(mesh, at, pinion_offset, ratio_wheel, ratio_pinion, pinion_drives=True)


def _phase(mesh: Mesh, at: float, pinion_offset: float, wheel: float, pinion: float, *, pinion_drives: bool) -> float:
    play = 0.5 * mesh.backlash - FLANK_GAP * mesh.module
    behind = math.copysign(play / mesh.pinion_radius, wheel if not pinion_drives else pinion)
    space = at + math.pi + math.pi / mesh.pinion + behind
    source = (space - pinion_offset) / pinion
    return (at - wheel * source) % (TWO_PI / mesh.wheel)


def ratios(meshes: list[Mesh]) -> list[float]:
    """Turns of each driver for one turn of the last arbor, signs by external meshing; [-1] is the last arbor's 1."""
    out = [1.0]
    for mesh in reversed(meshes):
        out.insert(0, -out[0] * mesh.pinion / mesh.wheel)
    return out


def meshes_of(wheels: list[tuple[int, float]], pinions: list[int]) -> list[Mesh]:
    """Pair wheels (teeth, module) with the pinions they drive."""
    return [Mesh(teeth, leaves, module) for (teeth, module), leaves in zip(wheels, pinions, strict=True)]
