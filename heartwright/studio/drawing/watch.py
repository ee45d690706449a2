"""A watch movement put together: round plate, train on its plan, lever escapement, balance under its cock."""

from __future__ import annotations

import math

from heartwright.design import Design
from heartwright.design.works import Balance
from heartwright.studio.drawing import escapement, frame, going, plan
from heartwright.studio.drawing.escapement import Levels
from heartwright.studio.drawing.pieces import Piece, drive

#: Driver seen from what it drives, from the barrel down.
PREFERRED = tuple(math.radians(a) for a in (40.0, -20.0, -80.0, -180.0))


def pieces(design: Design) -> tuple[list[Piece], list[Piece], dict[str, Piece]]:
    """Pieces, contact places and views of a watch."""
    assert isinstance(design.oscillator, Balance)
    meshes = plan.train_meshes(design)
    unit = 0.045 * meshes[0].wheel_radius  # thickness of a sheet
    rim = escapement.balance_radius(design.oscillator)
    count = len(meshes)
    # from the plate up: the last wheel, back to the third, then barrel, centre wheel and escapement
    heights = [0.0] * count
    for k in range(2, count):
        heights[k] = unit * (2.0 + 2.2 * (count - 1 - k))
    heights[0] = unit * (2.0 + 2.2 * (count - 2) + 0.4)
    heights[1] = heights[0] + 2.4 * unit
    top = heights[1] + 2.4 * unit
    levels = Levels(wheel=top, sheet=unit, roller=top + 1.7 * unit, balance=top + 4.4 * unit, spring=top + 7.6 * unit,
                    low=0.0, high=top + 11.0 * unit)  # fmt: skip
    parts, contacts, g = escapement.lever(design, (0.0, 0.0), levels)
    fork = (0.0, g.centre_wheel_fork)
    staff = (0.0, g.centre_wheel_fork + g.centre_fork_staff)
    posts = [plan.Post(*fork, 0.6 * unit), plan.Post(*staff, 0.6 * unit)]
    preferred = [PREFERRED[max(len(PREFERRED) - count + k, 0)] for k in range(count)]
    places = plan.lay_out(meshes, (0.0, 0.0), preferred, posts, going.drum_radius(meshes[0]))
    bridge = top + 3.0 * unit
    layers = going.Layers(wheels=heights, sheets=[unit] * count, low=[0.0] * count, high=[bridge] * count,
                          drum_low=unit)  # fmt: skip
    parts += going.train(design, meshes, places, layers, going.Source("escape wheel", extra=False, sense=1.0))
    parts.append(escapement.arbor("escape arbor", (0.0, 0.0), 0.0, bridge, 0.5 * meshes[-1].pinion_radius,
                                  drive("escape wheel")))  # fmt: skip
    discs = [(*at, mesh.wheel_tip) for at, mesh in zip(places, meshes, strict=False)]
    centre, radius = _enclosing([*discs, (*staff, rim), (0.0, 0.0, design.escapement.wheel_radius)])
    radius *= 1.1
    parts += _plates(places, staff, fork, centre, radius, bridge, unit, levels)
    views = _views(places, staff, centre, radius, top, meshes[0].wheel_tip, rim)
    return parts, contacts, views


def _enclosing(discs: list[tuple[float, float, float]]) -> tuple[tuple[float, float], float]:
    """A small circle round discs (x, y, radius): the middle drawn step by step towards the farthest (Badoiu 2003)."""
    cx, cy = discs[0][0], discs[0][1]

    def reach(disc: tuple[float, float, float]) -> float:
        return math.dist((cx, cy), disc[:2]) + disc[2]

    for k in range(400):
        x, y, r = max(discs, key=reach)
        away = math.dist((cx, cy), (x, y)) or 1.0
        share = (away + r) / away / (k + 2)
        cx, cy = cx + share * (x - cx), cy + share * (y - cy)
    return (cx, cy), max(map(reach, discs))


def _plates(places: list[tuple[float, float]], staff: tuple[float, float], fork: tuple[float, float],
            centre: tuple[float, float], radius: float, bridge: float, unit: float,
            levels: Levels) -> list[Piece]:  # fmt: skip
    def foot(at: tuple[float, float], share: float) -> tuple[float, float]:
        a = math.atan2(at[1] - centre[1], at[0] - centre[0])
        return (centre[0] + share * radius * math.cos(a), centre[1] + share * radius * math.sin(a))

    wide, deep = 3.4 * unit, 1.2 * unit
    parts = frame.round_plate("main plate", centre, radius, -2.0 * unit, 2.0 * unit)
    for k, at in enumerate(places[1:]):
        name = "last bridge" if k == len(places) - 2 else f"bridge {k + 1}"
        stones = [at]
        parts += frame.bridge(name, [foot(at, 0.93), at], bridge, width=wide, depth=deep, stones=stones,
                              stone=0.75 * unit, feet=[foot(at, 0.93)])  # fmt: skip
    parts += frame.bridge("pallet cock", [(fork[0] + 7 * unit, fork[1] - 4 * unit), fork], levels.roller + 1.4 * unit,
                          width=0.55 * wide, depth=0.5 * deep, stones=[fork], stone=0.55 * unit)  # fmt: skip
    parts += frame.cock("balance cock", staff, foot(staff, 0.93),
                        levels.high - unit, width=1.25 * wide, depth=1.3 * deep, stone=1.1 * unit, low=0.0)  # fmt: skip
    return parts


def _views(places: list[tuple[float, float]], staff: tuple[float, float], centre: tuple[float, float], radius: float,
           top: float, great: float, rim: float) -> dict[str, Piece]:  # fmt: skip
    def view(x: float, y: float, r: float) -> Piece:
        return {"x": round(x, 7), "y": round(y, 7), "z": round(top, 7), "radius": round(r, 7)}

    middle = places[len(places) // 2]
    return {
        "whole": view(*centre, 1.1 * radius),
        "escapement": view(0.0, 0.45 * staff[1], 0.9 * staff[1]),
        "train": view(*middle, 0.7 * radius),
        "barrel": view(*places[0], 1.2 * great),
    }
