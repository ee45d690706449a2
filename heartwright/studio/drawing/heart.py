"""The clockwork heart put together: escapement and train on the plan, the pump beneath, pipes about, a heart for frame.

Millimetre constants are places and heights chosen for the drawing; sizes, counts and distances are the design's.
"""

from __future__ import annotations

import math

import numpy as np

from heartwright.design import Design
from heartwright.geometry.swiss_lever import LeverGeometry
from heartwright.studio.drawing import escapement, frame, going, plan, pumpworks
from heartwright.studio.drawing.escapement import Levels, contact
from heartwright.studio.drawing.pieces import Piece, drive, extrude, screw, tube, turned
from heartwright.studio.drawing.teeth import Mesh

MM = 1e-3
ESCAPE = (38.0 * MM, 0.8 * MM)
PUMP_SEEN = math.radians(-135.0)  # pump arbor seen from the escape arbor
#: Driver seen from what it drives, from the barrel down.
PREFERRED = tuple(math.radians(a) for a in (143.0, 120.0, -171.0, -166.0, -166.0))
FLY_SEEN = math.radians(-60.0)
#: Height of each mesh's wheel from the barrel down, those of the rest, thickness of the wheels [mm].
WHEELS, SHEETS = (17.5, 20.0, 15.0, 13.0, 11.0), (1.2, 0.8, 0.7, 0.65, 0.6)
BACK, FRONT, FRAME_SIZE, FRAME_WIDTH = -1.0 * MM, 25.5 * MM, 4.6 * MM, 7.0 * MM
LEVELS = Levels(wheel=19.4 * MM, sheet=0.9 * MM, roller=20.9 * MM, balance=23.6 * MM, spring=26.4 * MM, low=9.2 * MM,
                high=30.6 * MM)  # fmt: skip
HEIGHTS = pumpworks.Heights(cam=2.4 * MM, remontoire=13.2 * MM, fly=15.6 * MM, star=17.0 * MM, vanes=23.5 * MM,
                            sheet=0.9 * MM, back=BACK, bridge=8.0 * MM)  # fmt: skip


def pieces(design: Design) -> tuple[list[Piece], list[Piece], dict[str, Piece]]:
    """Pieces, contact places and views of a heart."""
    assert design.pump is not None and design.remontoire is not None
    parts, contacts, g = escapement.lever(design, ESCAPE, LEVELS)
    mesh = pumpworks.remontoire_mesh(design.remontoire)
    pump_at = _away(ESCAPE, mesh.distance, PUMP_SEEN)
    staff = (ESCAPE[0], ESCAPE[1] + g.centre_wheel_fork + g.centre_fork_staff)
    places = arbors(design, g, pump_at)
    parts += _train(design, places)
    start = g.exit_direction % g.pitch - math.radians(15.0 / design.escapement.teeth)
    parts += pumpworks.remontoire(design, ESCAPE, pump_at, start, HEIGHTS)
    star, star_contacts = pumpworks.star_and_detent(design, ESCAPE, pump_at, start, HEIGHTS)
    cam = pumpworks.cam_outline(design)
    lever, lever_contacts, level = pumpworks.cam_and_lever(design.pump, cam, pump_at, 0.0, HEIGHTS)
    parts += [*star, *lever, *pumpworks.fly(design.pump, pump_at, FLY_SEEN, HEIGHTS)]
    parts += _arbors_of_the_heart(pump_at)
    pump_parts, pump_contacts, foot = _pump(design, level)
    parts += pump_parts
    parts += _circulation(design, foot)
    parts += _frames(design, places, pump_at, staff, g)
    return parts, [*contacts, *star_contacts, *lever_contacts, *pump_contacts], _views(design, places, staff, foot)


def _away(at: tuple[float, float], distance: float, direction: float) -> tuple[float, float]:
    return (at[0] + distance * math.cos(direction), at[1] + distance * math.sin(direction))


def arbors(design: Design, g: LeverGeometry, pump_at: tuple[float, float]) -> list[tuple[float, float]]:
    """Places of the train's arbors, barrel first, pump arbor last."""
    meshes = plan.train_meshes(design)
    fork = (ESCAPE[0], ESCAPE[1] + g.centre_wheel_fork)
    staff = (ESCAPE[0], fork[1] + g.centre_fork_staff)
    posts = [plan.Post(x, y, 0.6 * MM) for x, y in (ESCAPE, fork, staff)]
    return plan.lay_out(meshes, pump_at, PREFERRED, posts, going.drum_radius(meshes[0]))


def _train(design: Design, places: list[tuple[float, float]]) -> list[Piece]:
    meshes = plan.train_meshes(design)
    count = len(meshes)
    wheels = [WHEELS[k] * MM for k in range(count)]
    sheets = [SHEETS[k] * MM for k in range(count)]
    low = [BACK] * (count - 1) + [9.4 * MM]
    high = [h * MM for h in (22.5, 24.8, 22.6, 24.8, 14.4)]
    layers = going.Layers(wheels=wheels, sheets=sheets, low=low, high=high, drum_low=1.2 * MM)
    source = going.Source(pumpworks.ARBOR, extra=True, sense=-1.0)
    parts = going.train(design, meshes, places, layers, source)
    return parts + _hands(design, meshes, places, parts)


def _hands(design: Design, meshes: list[Mesh], places: list[tuple[float, float]], parts: list[Piece]) -> list[Piece]:
    """A minute hand on the centre arbor and a seconds hand on the fourth, each over its ring."""
    out: list[Piece] = []
    for name, wheel, radius in (("minutes", "centre wheel", 10.6), ("seconds", "fourth wheel", 7.6)):
        turning = next((p for p in parts if p["name"] == wheel), None)
        if turning is None:
            continue
        at = (turning["x"], turning["y"])
        out += frame.dial_ring(name, at, 23.2 * MM, radius * MM, 1.7 * MM)
        turn = turning["turn"] | {"offset": 0.0}
        out += frame.hand(f"{name} hand", at, 24.4 * MM, (radius - 1.2) * MM, turn)
    return out


def _arbors_of_the_heart(pump_at: tuple[float, float]) -> list[Piece]:
    turn = pumpworks.pump_drive(1.0)
    escape = drive("escape wheel")
    return [
        escapement.arbor("pump arbor", pump_at, BACK, 18.6 * MM, 0.42 * MM, turn),
        escapement.arbor("escape arbor", ESCAPE, 9.2 * MM, 21.6 * MM, 0.42 * MM, escape),
    ]


def _pump(design: Design, level: float) -> tuple[list[Piece], list[Piece], float]:
    """Bellows, chamber with its two reeds, and where they strike."""
    p = design.pump
    assert p is not None
    z = HEIGHTS.cam + 1.0 * MM
    parts, foot = pumpworks.bellows(p, 0.0, level, z)
    top, low = foot, foot - p.inlet.length - 12.5 * MM
    wide = 2.05 * p.inlet.width + 4.6 * MM
    block = np.array([(-0.62 * wide, low), (0.62 * wide, low), (wide, top - 5 * MM), (wide, top), (-wide, top),
                      (-wide, top - 5 * MM)])  # fmt: skip
    face = z + 5.6 * MM
    parts.append(extrude("chamber", "gilt", block, at=(0, 0, z - 5.0 * MM), depth=face - z + 3.9 * MM, bevel=0.8 * MM,
                         label="chamber"))  # fmt: skip
    for i, (sx, sy) in enumerate(
        ((-0.86 * wide, top - 2.6 * MM), (0.86 * wide, top - 2.6 * MM), (0.0, low + 1.9 * MM))
    ):
        parts.append(screw(f"chamber screw {i + 1}", (sx, sy, face - 1.1 * MM), 1.1 * MM, 0.3 + i))
    contacts = []
    for name, side, reed in (("inlet", -1.0, p.inlet), ("outlet", 1.0, p.outlet)):
        root = (side * 1.02 * reed.width, top - 6.4 * MM)
        parts += pumpworks.reed(name, reed, root, face, f"{name}_lift")
        contacts.append(contact(f"{name}_closes", root[0], root[1] - reed.length, face))
    return parts, contacts, foot


def _circulation(design: Design, foot: float) -> list[Piece]:
    """Aorta to the artery on the right, capillary coil behind, reservoir on the left, vein back to the inlet."""
    p = design.pump
    assert p is not None
    artery = (90.0 * MM, 4.0 * MM, 2.0 * MM)
    parts = pumpworks.artery(p, artery)
    z = -9.0 * MM
    parts += frame.pipe(
        "aorta",
        [(5 * MM, foot - 22 * MM, -3 * MM), (9 * MM, foot - 20 * MM, z), (13 * MM, -12 * MM, z), (9 * MM, 22 * MM, z),
         (9 * MM, 50 * MM, z), (20 * MM, 72 * MM, -6 * MM), (48 * MM, 82 * MM, -3 * MM), (78 * MM, 75 * MM, 1 * MM),
         (90 * MM, 56 * MM, 2 * MM), (90 * MM, 44 * MM, 2 * MM)],
        4.6 * MM, label="aorta", n=64,
    )  # fmt: skip
    tank = (-90.0 * MM, 2.0 * MM, 2.0 * MM)
    parts += frame.pipe(
        "vein",
        [(-5 * MM, foot - 22 * MM, -3 * MM), (-9 * MM, foot - 20 * MM, z), (-13 * MM, -12 * MM, z),
         (-9 * MM, 22 * MM, z), (-10 * MM, 46 * MM, z), (-23 * MM, 65 * MM, -6 * MM), (-50 * MM, 73 * MM, -3 * MM),
         (-78 * MM, 66 * MM, 1 * MM), (-90 * MM, 50 * MM, 2 * MM), (-90 * MM, 40 * MM, 2 * MM)],
        3.6 * MM, material="brass", label="vein", n=64,
    )  # fmt: skip
    parts += _reservoir(tank)
    turns = 11.0
    coil = frame.coil((-28 * MM, -26 * MM, -18 * MM), 6 * MM, 5.1 * MM, turns, 170)
    ends = [(90 * MM, 4 * MM, 2 * MM), (90 * MM, -8 * MM, -2 * MM), (72 * MM, -22 * MM, -16 * MM), tuple(coil[-1])]
    back = [tuple(coil[0]), (-70 * MM, -20 * MM, -16 * MM), (-90 * MM, -9 * MM, -2 * MM), (-90 * MM, 2 * MM, 2 * MM)]
    thin = 1.1 * MM
    parts.append(tube("capillary", "copper", coil, thin, label="capillary"))
    parts.append(tube("capillary from artery", "copper", frame.smooth(ends, 24), thin))
    parts.append(tube("capillary to reservoir", "copper", frame.smooth(back, 24), thin))
    for name, side in (("right", 1.0), ("left", -1.0)):
        arm = [(side * 69 * MM, 14 * MM, 4 * MM), (side * 79 * MM, 2 * MM, 2 * MM), (side * 90 * MM, 0.6 * MM, 2 * MM)]
        parts.append(tube(f"bracket {name}", "brass", frame.smooth(arm, 14), 1.8 * MM))
    return parts


def _reservoir(at: tuple[float, float, float]) -> list[Piece]:
    """A glass of oil."""
    x, y, z = at
    body = [(0.5 * MM, 0), (9 * MM, 0.4 * MM), (12.6 * MM, 5 * MM), (13 * MM, 14 * MM), (10 * MM, 22 * MM),
            (5.4 * MM, 27 * MM), (5.0 * MM, 34 * MM)]  # fmt: skip
    oil = [(0.3 * MM, 0.8 * MM), (8.6 * MM, 1.1 * MM), (12.0 * MM, 5.2 * MM), (12.3 * MM, 13 * MM), (0, 13 * MM)]
    base = [(0, 0), (10 * MM, 0), (10 * MM, 1.0 * MM), (8 * MM, 2.0 * MM), (0, 2.0 * MM)]
    cap = [(0, 0), (6.2 * MM, 0), (6.4 * MM, 1.4 * MM), (4.6 * MM, 3.6 * MM), (0, 4.2 * MM)]
    return [
        turned("reservoir base", "brass", base, at=(x, y - 2.0 * MM, z), axis="y"),
        turned("reservoir oil", "oil", oil, at=at, axis="y", label="reservoir"),
        turned("reservoir", "glass", body, at=at, axis="y"),
        turned("reservoir cap", "brass", cap, at=(x, y + 34 * MM, z), axis="y"),
    ]


def _frames(design: Design, places: list[tuple[float, float]], pump_at: tuple[float, float],
            staff: tuple[float, float], g: LeverGeometry) -> list[Piece]:  # fmt: skip
    """Heart-shaped frame; the bridge between cam and train; train bridge; balance cock."""
    great = plan.train_meshes(design)[0]
    parts = frame.heart_frame(FRAME_SIZE, FRAME_WIDTH, BACK, FRONT, [(*places[0], great.wheel_tip + 3.2 * MM)])
    fork = (ESCAPE[0], ESCAPE[1] + g.centre_wheel_fork)
    parts += frame.bridge("main bridge", [places[-2], pump_at, ESCAPE, fork, staff], HEIGHTS.bridge, width=3.6 * MM,
                          depth=1.2 * MM, feet=[_away(staff, 17 * MM, 0.9), _away(places[-2], 5 * MM, -2.0)],
                          low=BACK, material="brass")  # fmt: skip
    parts += frame.bridge("arm", [staff, _away(staff, 17 * MM, 0.9)], HEIGHTS.bridge, width=3.6 * MM, depth=1.2 * MM,
                          material="brass")  # fmt: skip
    stones = [ESCAPE, fork]
    foot = _away(ESCAPE, 15.5 * MM, math.radians(-8.0))
    parts += frame.bridge("escape bridge", [foot, ESCAPE, fork], 21.8 * MM, width=2.2 * MM, depth=0.8 * MM,
                          stones=stones, stone=0.5 * MM, feet=[foot], low=BACK)  # fmt: skip
    foot = _away(places[2], 19 * MM, math.radians(-62.0))
    parts += frame.bridge("third bridge", [foot, places[2]], 22.0 * MM, width=2.6 * MM, depth=1.0 * MM,
                          stones=[places[2]], feet=[foot], low=BACK)  # fmt: skip
    parts += frame.cock("balance cock", staff, _away(staff, 25 * MM, math.radians(46.0)), 29.4 * MM, width=3.2 * MM,
                        depth=1.4 * MM, stone=0.9 * MM, low=BACK)  # fmt: skip
    return parts


def _views(design: Design, places: list[tuple[float, float]], staff: tuple[float, float],
           foot: float) -> dict[str, Piece]:  # fmt: skip
    def view(x: float, y: float, z: float, radius: float) -> Piece:
        return {"x": round(x, 6), "y": round(y, 6), "z": round(z, 6), "radius": round(radius, 6)}

    barrel = places[0]
    return {
        "whole": view(0, 3 * MM, 8 * MM, 90 * MM),
        "escapement": view(ESCAPE[0], 0.5 * (ESCAPE[1] + staff[1]) - 3 * MM, 20 * MM, 19 * MM),
        "pump": view(4 * MM, foot + 8 * MM, 6 * MM, 36 * MM),
        "train": view(-2 * MM, 2 * MM, 16 * MM, 36 * MM),
        "reeds": view(0, foot - 14 * MM, 8 * MM, 14 * MM),
        "barrel": view(barrel[0], barrel[1], 16 * MM, 28 * MM),
    }
