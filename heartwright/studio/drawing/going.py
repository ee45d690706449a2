"""The going train as pieces: wheels, pinions and arbors that turn at their exact ratios; the barrel and its spring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heartwright.design import Design
from heartwright.studio.drawing.escapement import arbor
from heartwright.studio.drawing.pieces import Piece, circle, crossings, drive, extrude, screw, special, turned
from heartwright.studio.drawing.teeth import Mesh, phase_of_driver, pinion_outline, wheel_outline

PINION_LENGTH = 2.6  # over the thickness of the wheel that drives it


@dataclass(frozen=True, slots=True)
class Source:
    """What the last arbor's angle is read from: value x sense."""

    name: str
    extra: bool
    sense: float  # +1: counter-clockwise as the value rises
    offset: float = 0.0  # phase of the last pinion

    def drive(self, ratio: float, offset: float) -> Piece:
        """A drive for an arbor that makes `ratio` turns (signed) per turn of the last one."""
        return drive(self.name, self.sense * ratio, offset, extra=self.extra)


@dataclass(frozen=True, slots=True)
class Layers:
    """Height of each mesh's wheel, thickness of each wheel, ends of the arbors [m]."""

    wheels: Sequence[float]
    sheets: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    drum_low: float


def wheel(name: str, mesh: Mesh, *, at: tuple[float, float, float], depth: float, turn: Piece, label: str = "",
          arms: int = 5, material: str = "brass", bore: float | None = None) -> Piece:  # fmt: skip
    """A toothed wheel with its crossings."""
    root = mesh.wheel_radius - 1.6 * mesh.module
    hub = 0.24 * root if bore is None else bore + 0.1 * root
    width = max(0.085 * root, 1.4 * mesh.module)
    holes = crossings(arms, hub, root - 1.6 * mesh.module, width)
    holes.append(circle(0.05 * root if bore is None else bore, 24))
    return extrude(name, material, wheel_outline(mesh), holes=holes, at=at, depth=depth, bevel=0.12 * mesh.module,
                   label=label, turn=turn)  # fmt: skip


def pinion(name: str, mesh: Mesh, *, at: tuple[float, float, float], depth: float, turn: Piece) -> Piece:
    """A pinion of leaves."""
    return extrude(name, "steel", pinion_outline(mesh), at=at, depth=depth, bevel=0.05 * mesh.module, turn=turn)


def train(design: Design, meshes: Sequence[Mesh], places: Sequence[tuple[float, float]], layers: Layers,
          source: Source) -> list[Piece]:  # fmt: skip
    """Wheels, pinions and arbors from the barrel to the last pinion."""
    names = ["great wheel", *(f"{a.name} wheel" for a in design.train.arbors)]
    pinions = [*(f"{a.name} pinion" for a in design.train.arbors), "last pinion"]
    pieces: list[Piece] = []
    ratio, offset = 1.0, source.offset  # of the driven arbor, going back from the last
    arms = {0: 6, 1: 5}
    for k in range(len(meshes) - 1, -1, -1):
        mesh, driver, driven = meshes[k], places[k], places[k + 1]
        z, sheet = layers.wheels[k], layers.sheets[k]
        length = PINION_LENGTH * sheet
        pieces.append(pinion(pinions[k], mesh, at=(*driven, z - 0.5 * (length - sheet)), depth=length,
                             turn=source.drive(ratio, offset)))  # fmt: skip
        before = -ratio * mesh.pinion / mesh.wheel
        direction = math.atan2(driven[1] - driver[1], driven[0] - driver[0])
        phase = phase_of_driver(mesh, direction, offset, source.sense * before, source.sense * ratio)
        turn = source.drive(before, phase)
        bore = 0.12 * mesh.wheel_radius if k == 0 else None
        pieces.append(wheel(names[k], mesh, at=(*driver, z), depth=sheet, turn=turn, label=names[k],
                            arms=arms.get(k, 4), bore=bore))  # fmt: skip
        radius = 0.16 * mesh.wheel_radius if k == 0 else 0.55 * meshes[k - 1].pinion_radius
        pieces.append(arbor(f"{names[k].removesuffix(' wheel')} arbor", driver, layers.low[k], layers.high[k], radius,
                            turn))  # fmt: skip
        ratio, offset = before, 0.0
    pieces += barrel(design, meshes[0], places[0], layers, source.drive(ratio, 0.0), source)
    return pieces


def drum_radius(great: Mesh) -> float:
    """Outer radius of the barrel's drum under the great wheel [m]."""
    return great.wheel_radius - 3.2 * great.module


def barrel(design: Design, great: Mesh, at: tuple[float, float], layers: Layers, turn: Piece,
           source: Source) -> list[Piece]:  # fmt: skip
    """Drum (open towards the great wheel's crossings), arbor with its square, mainspring or the weight's cord drum."""
    outer, low, high = drum_radius(great), layers.drum_low, layers.wheels[0]
    wall = 0.05 * outer
    weight = design.kind == "pendulum"
    cup = [(0, 0), (outer, 0), (outer, high - low), (outer - wall, high - low), (outer - wall, wall), (0, wall)]
    solid = [(0, 0), (0.82 * outer, 0), (0.82 * outer, 0.06 * outer), (0.7 * outer, 0.08 * outer),
             (0.7 * outer, high - low - 0.02 * outer), (0.82 * outer, high - low), (0, high - low)]  # fmt: skip
    pieces = [turned("drum", "gilt" if weight else "brass", solid if weight else cup, at=(*at, low),
                     label="drum" if weight else "barrel", turn=turn)]  # fmt: skip
    top = high + layers.sheets[0]
    square = 0.11 * outer
    pieces.append(extrude("winding square", "steel", circle(1.35 * square, 4), at=(*at, top), depth=2.2 * square,
                          bevel=0.1 * square))  # fmt: skip
    pieces.append(turned("ratchet", "steel", [(0, 0), (0.30 * outer, 0), (0.30 * outer, 0.03 * outer), (0.27 * outer,
                         0.05 * outer), (0, 0.05 * outer)], at=(*at, top + 0.02 * outer)))  # fmt: skip
    pieces += [screw(f"ratchet screw {i}", (at[0] + 0.2 * outer * math.cos(a), at[1] + 0.2 * outer * math.sin(a),
                     top + 0.07 * outer), 0.045 * outer, 0.4 + i) for i, a in enumerate((0.4, 2.5, 4.6))]  # fmt: skip
    if not weight:
        turns = design.train.barrel.turns
        wind = turn | {"ratio": -abs(turn["ratio"]) / (2.0 * math.pi * turns), "offset": 1.0}
        pieces.append(special("mainspring", "mainspring", "blued", at=(*at, low + 2 * wall), label="mainspring",
                              inner=0.24 * outer, outer=outer - 1.3 * wall, turns=11.0, thickness=0.011 * outer,
                              height=high - low - 3 * wall, turn=turn, wind=wind))  # fmt: skip
    return pieces
