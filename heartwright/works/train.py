"""The train: what pushes the escape wheel, lumped into a torque or with every mesh."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from heartwright.design import Design
from heartwright.engine.system import System

MESH_DAMPING_RATIO = 0.15
#: A mesh's torque wave: once a turn of its driver, and (with this share of it) once a leaf of its pinion.
LEAF_SHARE = 0.5


def barrel_torque(design: Design, wind: float) -> float:
    """Torque at the barrel [N m] with the share `wind` (0..1) of its development still wound."""
    barrel = design.train.barrel
    return float(np.interp(wind * barrel.turns, barrel.curve_turns, barrel.curve_torque))


def last_arbor_torque(design: Design, wind: float) -> float:
    """Torque at the escape wheel (the heart: at the pump arbor), mesh losses taken off [N m]."""
    return barrel_torque(design, wind) / design.train.ratio * design.train.efficiency


def unwound(design: Design, wind: float, turns: float) -> float:
    """The wind left after the last arbor has made `turns`."""
    return max(wind - turns / design.train.ratio / design.train.barrel.turns, 0.0)


def ratios(design: Design) -> list[float]:
    """Turns of barrel and arbors for one turn of the last arbor, from the barrel down."""
    train = design.train
    wheels = [train.barrel.teeth, *(arbor.wheel for arbor in train.arbors)]
    pinions = [*(arbor.pinion for arbor in train.arbors), train.escape_pinion]
    out = [1.0]
    for wheel, pinion in zip(reversed(wheels), reversed(pinions), strict=True):
        out.insert(0, out[0] * pinion / wheel)
    return out[:-1]


def torque_waves(design: Design, rng: np.random.Generator) -> NDArray[np.float64]:
    """Torque waves of the meshes at the last arbor: rows of (cycles a turn, relative amplitude, phase).

    A ripple declared of an arbor takes the place of the drawn one, once a turn of that arbor.
    """
    train = design.train
    pinions = [*(arbor.pinion for arbor in train.arbors), train.escape_pinion]
    turning = [*ratios(design), 1.0]
    declared = [0.0, *(arbor.ripple for arbor in train.arbors)]
    rows = []
    for i, pinion in enumerate(pinions):
        once, leaf = rng.normal(0.0, 1.0, 2)
        phases = rng.uniform(0.0, 2 * math.pi, 2)
        rows.append((turning[i], declared[i] or train_wave(design) * once, phases[0]))
        rows.append((turning[i + 1] * pinion, train_wave(design) * LEAF_SHARE * leaf, phases[1]))
    return np.array(rows)


def declared_waves(design: Design) -> NDArray[np.float64]:
    """The torque waves that are declared of arbors, without any that are drawn; rows as of `torque_waves`."""
    rows = [(turns, arbor.ripple, 0.0) for turns, arbor in zip(ratios(design)[1:], design.train.arbors, strict=True)]
    return np.array([row for row in rows if row[1] > 0.0]).reshape(-1, 3)


def train_wave(design: Design) -> float:
    """Standard deviation of the relative amplitude of one mesh's torque wave."""
    return design.dirt.mesh_torque


def add_meshes(system: System, design: Design, escape: int, wind: float) -> int:
    """Add barrel and arbors behind the escape wheel, with their meshes; the barrel's index.

    Every rotor counts its angle positive the way it is driven.
    """
    train = design.train
    torque = barrel_torque(design, wind)
    barrel = system.rotor("barrel", train.barrel.inertia, torque=torque)
    chain = [(barrel, train.barrel.inertia)]
    for arbor in train.arbors:
        chain.append((system.rotor(arbor.name, arbor.inertia), arbor.inertia))
    chain.append((escape, escape_inertia(design)))
    wheels = [(train.barrel.teeth, train.barrel.module), *((a.wheel, a.module) for a in train.arbors)]
    pinions = [*(a.pinion for a in train.arbors), train.escape_pinion]
    for ((driver, i_a), (driven, i_b)), (teeth, module), leaves in zip(pairwise(chain), wheels, pinions, strict=True):
        ra, rb = 0.5 * module * teeth, 0.5 * module * leaves
        mass = 1.0 / (ra * ra / i_a + rb * rb / i_b)
        system.mesh(
            driver,
            driven,
            radius_driver=ra,
            radius_driven=rb,
            backlash=train.backlash,
            stiffness=train.mesh_stiffness,
            damping=2.0 * MESH_DAMPING_RATIO * math.sqrt(train.mesh_stiffness * mass),
            efficiency=train.mesh_efficiency,
            error=design.dirt.mesh_error,
            harmonic=float(teeth),
        )
    return barrel


def escape_inertia(design: Design) -> float:
    """Inertia of the escape wheel alone: the lumped one less the train reflected to it [kg m2]."""
    inertias = [design.train.barrel.inertia, *(arbor.inertia for arbor in design.train.arbors)]
    reflected = sum(i * r * r for i, r in zip(inertias, ratios(design), strict=True))
    return max(design.escapement.wheel_inertia - reflected, 0.3 * design.escapement.wheel_inertia)
