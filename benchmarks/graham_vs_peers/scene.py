"""The scene that every engine is given: one Graham, its parts as convex polygons, and how a run is scored.

The parts come from the package's own construction; engines that know no arcs get them as chords of a quarter degree.
The exit pallet, whose dead face is hollow, is a chain of pieces that overlap, so that no inner edge is exposed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.graham_vs_peers.reference import Parameters
from heartwright.design import Design
from heartwright.design.escapement import Graham
from heartwright.design.works import Pendulum
from heartwright.geometry.graham import GrahamGeometry, graham

Floats = NDArray[np.float64]
TORQUE = 1.5e-3  # at the escape wheel [N m]
G = 9.80665
CHORD = math.radians(0.25)
JITTER_S = 1e-5


@dataclass(frozen=True, slots=True)
class Scene:
    """Parts and numbers, SI; polygons as lists of points about the own pivot."""

    pitch: float
    teeth: int
    centre_distance: float
    start_wheel: float
    start_pendulum: float
    inertia: float
    mass: float
    length: float
    damping: float
    wheel_inertia: float
    friction: float
    tooth: Floats
    pallets: list[Floats]

    @property
    def weight(self) -> float:
        """Torque of gravity for each radian of swing [N m]."""
        return self.mass * G * self.length


def scene(amplitude: float) -> Scene:
    """The Graham at rest at `amplitude` [rad], a tip just above the entry dead face."""
    design = Design.load("graham")
    esc, osc = design.escapement, design.oscillator
    assert isinstance(esc, Graham) and isinstance(osc, Pendulum)
    g = graham(esc)
    return Scene(
        pitch=esc.pitch,
        teeth=esc.teeth,
        centre_distance=g.centre_distance,
        start_wheel=g.start_angle - math.radians(0.05),
        start_pendulum=-amplitude,
        inertia=osc.inertia,
        mass=osc.mass,
        length=osc.length,
        damping=osc.inertia * math.sqrt(G / osc.length) / osc.q,
        wheel_inertia=esc.wheel_inertia,
        friction=esc.pallet_friction,
        tooth=g.tooth.outline,
        pallets=_pallets(g, esc),
    )


def agrees(p: Parameters) -> bool:
    """Whether the reference was asked about the same scene."""
    design = Design.load("graham")
    esc, osc = design.escapement, design.oscillator
    assert isinstance(esc, Graham) and isinstance(osc, Pendulum)
    ours = (esc.teeth, esc.wheel_radius, esc.span, esc.drop, esc.lift, esc.lock, osc.mass, osc.length, osc.q,
            esc.wheel_inertia, TORQUE, esc.pallet_friction, esc.pallet_restitution)  # fmt: skip
    theirs = (p.teeth, p.radius, p.span, p.drop, p.lift, p.lock, p.mass, p.length, p.q, p.wheel_inertia, p.torque,
              p.friction, 0.0)  # fmt: skip
    return bool(np.allclose(ours, theirs, rtol=1e-8, atol=1e-15))


def _pallets(g: GrahamGeometry, esc: Graham) -> list[Floats]:
    """Convex pieces of both pallets in the anchor's frame."""
    n = round(esc.rest / CHORD)

    def arcs(solid_corner: Floats, radius: float, side: int) -> Floats:
        at = math.atan2(solid_corner[1], solid_corner[0]) + side * CHORD * np.arange(n + 1)
        return np.column_stack([radius * np.cos(at), radius * np.sin(at)])

    def ends(vertices: Floats) -> tuple[Floats, Floats, float, float]:
        corner, edge = vertices[0, :2], vertices[1, :2]
        return corner, edge, float(np.hypot(*corner)), float(np.hypot(*edge))

    corner, edge, outer, inner = ends(g.entry.vertices)
    dead, back = arcs(corner, outer, +1), arcs(corner, inner, +1)
    pieces = [np.vstack([edge, dead, back[-1]])]
    corner, edge, inner, outer = ends(g.exit.vertices)
    dead, back = arcs(corner, inner, -1), arcs(corner, outer, -1)
    pieces.append(np.vstack([dead[0], edge, back[1], dead[1]]))
    for k in range(1, n):
        chord = dead[k + 1] - dead[k]
        before, after = 0.95 * min(k, 4), 0.95 * min(n - 1 - k, 4)
        pieces.append(np.vstack([dead[k] - before * chord, back[k], back[k + 1], dead[k + 1] + after * chord]))
    return pieces


@dataclass(frozen=True, slots=True)
class Point:
    """One run of one engine, scored."""

    engine: str
    setting: str
    step_s: float
    cost: float  # CPU s for each simulated s
    error_s_per_day: float
    jitter_s: float
    clean: bool  # one tooth a period and jitter below JITTER_S

    def __str__(self) -> str:
        return (
            f"{self.engine:8s} {self.setting:52s} step {self.step_s:.1e} s  speed {1 / self.cost:7.1f} x  error "
            f"{self.error_s_per_day:9.4f} s/d  jitter {self.jitter_s:.1e} s  {'clean' if self.clean else 'NOT CLEAN'}"
        )


def score(
    engine: str, setting: str, step: float, *, cost: float, ups: Floats, teeth: float, window: float, period: float
) -> Point:
    """Score a run by its passages `ups` through the centre with rising angle [s] and the `teeth` that went by.

    Both are counted over the `window` seconds after settling; `period` is the reference [s].
    """
    periods = np.diff(ups)
    if len(periods) < 8:
        return Point(engine, setting, step, cost, math.inf, math.inf, False)
    jitter = float(np.std(np.diff(periods), ddof=1) / math.sqrt(2.0))
    regular = abs(teeth - window / float(np.mean(periods))) <= 1.0  # it goes by jumps
    error = abs(float(np.mean(periods)) / period - 1.0) * 86400.0
    return Point(engine, setting, step, cost, error, jitter, regular and jitter < JITTER_S)


def rising(t: Floats, x: Floats, w: Floats) -> Floats:
    """Times at which x passes zero upward, by cubic Hermite between samples."""
    at = np.nonzero((x[:-1] < 0.0) & (x[1:] >= 0.0))[0]
    h = t[at + 1] - t[at]
    y0, y1, d0, d1 = x[at], x[at + 1], w[at] * h, w[at + 1] * h
    f = y0 / (y0 - y1)
    for _ in range(6):
        y = ((2 * y0 - 2 * y1 + d0 + d1) * f + (-3 * y0 + 3 * y1 - 2 * d0 - d1)) * f * f + d0 * f + y0
        slope = (3 * (2 * y0 - 2 * y1 + d0 + d1) * f + 2 * (-3 * y0 + 3 * y1 - 2 * d0 - d1)) * f + d0
        f = np.clip(f - y / slope, 0.0, 1.0)
    return t[at] + f * h
