"""The twin's dirt: what parts a real movement from paper, drawn per tooth and per tick, never per step.

A finer run therefore sees the same dirt, and a longer one the same beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heartwright.design import Design
from heartwright.works import train

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Dirt:
    """Drawn dirt: pitch errors per escape tooth [rad], (torque, friction) factors per tick, waves of the train."""

    pitch_error: Floats
    tick: Floats
    wave: Floats


def draw(design: Design, *, seed: int, ticks: int, on: bool) -> Dirt:
    """Draw a design's dirt. With `on` False only what is declared of single teeth and arbors remains."""
    esc, sizes = design.escapement, design.dirt
    teeth, waves, tick = (np.random.default_rng([seed, stream]) for stream in range(3))
    pitch_error = sizes.tooth_pitch * teeth.standard_normal(esc.teeth) * on
    for index, angle in esc.bent_teeth.items():
        pitch_error[index] += angle
    if not on:
        return Dirt(pitch_error, np.zeros((0, 2)), train.declared_waves(design))
    factors = tick.standard_normal((ticks, 2)) * (sizes.torque_tick, sizes.friction_tick)
    return Dirt(pitch_error, np.clip(factors, -0.9, 3.0), train.torque_waves(design, waves))
