"""A regulator put together: plates, train on its plan, Graham dead-beat above, pendulum before the wall."""

from __future__ import annotations

import math

import numpy as np

from heartwright.design import Design
from heartwright.design.works import Pendulum
from heartwright.studio.drawing import escapement, frame, going, plan
from heartwright.studio.drawing.escapement import Levels
from heartwright.studio.drawing.pieces import Piece, bar, circle, drive, extrude, turned

#: Driver seen from what it drives, from the drum down.
PREFERRED = tuple(math.radians(a) for a in (-90.0, -60.0, -130.0))


def pieces(design: Design) -> tuple[list[Piece], list[Piece], dict[str, Piece]]:
    """Pieces, contact places and views of a clock."""
    assert isinstance(design.oscillator, Pendulum)
    meshes = plan.train_meshes(design)
    count = len(meshes)
    unit = 0.035 * meshes[0].wheel_radius
    heights = [0.0, *(unit * (2.0 + 2.6 * k) for k in range(count - 1))]
    drum = heights[-1] + 2.4 * unit  # drum and great wheel lie above the other wheels
    heights[0] = drum + 7.0 * unit
    top = heights[0] + 2.6 * unit
    levels = Levels(wheel=top, sheet=unit, roller=top, balance=top, spring=top, low=0.0, high=top + 4.0 * unit)
    parts, contacts, g = escapement.dead_beat(design, (0.0, 0.0), levels)
    suspension = (0.0, g.centre_distance)
    posts = [plan.Post(*suspension, 2.0 * unit)]
    preferred = [PREFERRED[max(len(PREFERRED) - count + k, 0)] for k in range(count)]
    places = plan.lay_out(meshes, (0.0, 0.0), preferred, posts, going.drum_radius(meshes[0]))
    front = top + 3.2 * unit
    # an arbor too near the escape wheel ends below it, in a cock of its own
    near = design.escapement.wheel_radius + 3.0 * unit
    high = [front if math.hypot(*at) > near else top - 0.8 * unit for at in places[:-1]]
    layers = going.Layers(wheels=heights, sheets=[unit] * count, low=[0.0] * count, high=high, drum_low=drum)
    parts += going.train(design, meshes, places, layers, going.Source("escape wheel", extra=False, sense=1.0))
    parts.append(escapement.arbor("escape arbor", (0.0, 0.0), 0.0, front, 0.45 * meshes[-1].pinion_radius,
                                  drive("escape wheel")))  # fmt: skip
    parts += _plates(places, suspension, front, unit, meshes[0].wheel_tip)
    parts += _pendulum(design, suspension, -5.0 * unit, unit)
    length = design.oscillator.length
    views = _views(places, suspension, top, length, meshes[0].wheel_tip)
    return parts, contacts, views


def _plates(places: list[tuple[float, float]], suspension: tuple[float, float], front: float, unit: float,
            great: float) -> list[Piece]:  # fmt: skip
    """Back plate and a skeleton front plate through the arbors, pillars at the corners."""
    xs = [p[0] for p in places]
    low = min(p[1] for p in places) - 0.55 * great
    high, half = suspension[1] + 4 * unit, 0.62 * great
    middle = 0.5 * (min(xs) + max(xs))
    plate = np.array(
        [
            (middle - half, low),
            (middle + half, low),
            (middle + half, high - 6 * unit),
            (middle + 0.5 * half, high),
            (middle - 0.5 * half, high),
            (middle - half, high - 6 * unit),
        ]
    )
    parts = [extrude("back plate", "plate", plate, at=(0, 0, -2 * unit), depth=1.6 * unit, bevel=0.3 * unit)]
    spots = [suspension, (0.0, 0.0), *reversed(places[:-1])]
    parts += frame.bridge("front plate", spots, front, width=3.2 * unit, depth=1.1 * unit,
                          stones=[suspension, (0.0, 0.0), *places[1:-1]], stone=0.7 * unit)  # fmt: skip
    for k, (sx, y) in enumerate(((-1.0, low + 2 * unit), (1.0, low + 2 * unit), (-1.0, high - 8 * unit),
                                 (1.0, high - 8 * unit))):  # fmt: skip
        x = middle + 0.92 * sx * half
        parts += frame.pillar(f"pillar {k + 1}", (x, y), -0.4 * unit, front, 1.3 * unit)
    return parts


def _pendulum(design: Design, at: tuple[float, float], z: float, unit: float) -> list[Piece]:
    """Rod and lens bob, its centre at the length of the simple pendulum."""
    assert isinstance(design.oscillator, Pendulum)
    long = design.oscillator.length
    bob = 0.062 * math.sqrt(design.oscillator.mass)  # a brass lens of 1 kg is about 12 cm across
    turn = drive("pendulum")
    profile = [(0, -0.20 * bob), (0.5 * bob, -0.17 * bob), (0.85 * bob, -0.09 * bob), (bob, 0),
               (0.85 * bob, 0.09 * bob), (0.5 * bob, 0.17 * bob), (0, 0.20 * bob)]  # fmt: skip
    lens = turned("bob", "brass", profile, at=(*at, z), label="pendulum bob", turn=turn)
    lens["shift"] = [0.0, -round(long, 6)]
    return [
        lens,
        extrude("rod", "steel", bar((0, 0), (0, -long - 1.25 * bob), 1.6 * unit), at=(*at, z - 0.4 * unit),
                depth=0.8 * unit, bevel=0.1 * unit, label="pendulum rod", turn=turn),
        extrude("rating nut", "gilt", circle(2.4 * unit, 16, (0.0, -long - 1.1 * bob)), at=(*at, z - 1.2 * unit),
                depth=2.4 * unit, bevel=0.2 * unit, label="rating nut", turn=turn),
        extrude("crutch", "steel", bar((0, 0), (0, -0.14 * long), 1.2 * unit, 0.8 * unit), at=(*at, z + 1.4 * unit),
                depth=0.7 * unit, bevel=0.1 * unit, label="crutch", turn=turn),
    ]  # fmt: skip


def _views(places: list[tuple[float, float]], suspension: tuple[float, float], top: float, length: float,
           great: float) -> dict[str, Piece]:  # fmt: skip
    def view(x: float, y: float, r: float) -> Piece:
        return {"x": round(x, 6), "y": round(y, 6), "z": round(top, 6), "radius": round(r, 6)}

    low = min(p[1] for p in places)
    middle = 0.5 * (suspension[1] + low)
    return {
        "whole": view(0.0, suspension[1] - 0.5 * length, 0.62 * length),
        "escapement": view(0.0, 0.5 * suspension[1], 1.1 * suspension[1]),
        "train": view(0.0, middle, 0.7 * (suspension[1] - low)),
        "barrel": view(*places[0], 1.2 * great),
    }
