"""The heart's own works as pieces: remontoire, star and detent, cam, fly, follower lever, bellows, reeds, artery.

Profile of the cam, arm of the lever, area of the bellows, size of the reeds, vanes of the fly and travel of the artery
all follow from the design's pump; what a lumped design does not say (modules, where things stand) is chosen here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heartwright.design import Design
from heartwright.design.pump import Pump, Reed, Remontoire
from heartwright.studio.drawing.escapement import arbor, contact
from heartwright.studio.drawing.going import pinion, wheel
from heartwright.studio.drawing.pieces import (
    TWO_PI,
    Floats,
    Piece,
    bar,
    circle,
    drive,
    extrude,
    jewel,
    screw,
    special,
    turned,
)
from heartwright.studio.drawing.teeth import Mesh, phase_of_driven, phase_of_driver
from heartwright.works import heart, pump

MODULE = 0.2e-3  # of remontoire and fly [m]
LEAVES, FLY_RATIO = 8, 8
FLY_ARM = 10e-3  # mean radius of its vanes [m]
AIR, VANE_DRAG = 1.2, 1.16  # density [kg/m3], drag coefficient of a flat plate across the stream (Hoerner 1965)
ARTERY_AREA = 1e-4  # of the sprung bellows that is the artery [m2]
#: Reeds lift tenths of a millimetre: drawn so many times as far, and said so in the scene.
REED_LIFT_DRAWN = 3.0
ARBOR, BELLOWS = "arbor_angle", "bellows"


@dataclass(frozen=True, slots=True)
class Heights:
    """Heights of the heart's layers [m]."""

    cam: float
    remontoire: float
    fly: float
    star: float
    vanes: float
    sheet: float
    back: float  # inner face of the back plate
    bridge: float  # the plate between cam and train


def pump_drive(ratio: float, offset: float = 0.0) -> Piece:
    """What turns `ratio` times as far as the pump arbor, which goes clockwise."""
    return drive(ARBOR, -ratio, offset, extra=True)


# ----------------------------------------------------------------------------------------- remontoire and release


def remontoire_mesh(spring: Remontoire) -> Mesh:
    """Pump arbor's second pinion with the remontoire wheel."""
    return Mesh(round(LEAVES * spring.ratio), LEAVES, MODULE)


def remontoire(design: Design, escape: tuple[float, float], pump_at: tuple[float, float], start: float,
               h: Heights) -> list[Piece]:  # fmt: skip
    """Remontoire wheel about the escape arbor, its pinion and its spiral spring."""
    spring = design.remontoire
    assert spring is not None
    mesh = remontoire_mesh(spring)
    direction = math.atan2(pump_at[1] - escape[1], pump_at[0] - escape[0])
    ratio = 1.0 / spring.ratio
    phase = phase_of_driven(mesh, direction, 0.0, ratio, -1.0)
    turn = drive(ARBOR, ratio, phase, extra=True)
    outer = 0.76 * mesh.wheel_radius
    anchor = drive(ARBOR, ratio, start + heart.START_AT + spring.prewind, extra=True)
    wheel_ = wheel("remontoire wheel", mesh, at=(*escape, h.remontoire), depth=0.8 * h.sheet, turn=turn,
                   label="remontoire wheel", arms=4, bore=0.9e-3)  # fmt: skip
    return [
        wheel_,
        pinion("remontoire pinion", mesh, at=(*pump_at, h.remontoire - 0.6 * h.sheet), depth=2.0 * h.sheet,
               turn=pump_drive(1.0)),
        special("spiral", "remontoire spring", "blued", at=(*escape, h.remontoire + 1.1 * h.sheet),
                label="remontoire", inner=0.14 * outer, outer=outer, turns=5.0, thickness=0.022 * outer,
                height=0.8 * h.sheet, outer_at=0.0, turn=drive("escape wheel"),
                outer_turn=anchor),
        extrude("remontoire stud", "steel", circle(0.05 * outer, 12, (outer, 0.0)),
                at=(*escape, h.remontoire + 0.8 * h.sheet), depth=1.3 * h.sheet,
                turn=anchor),
    ]  # fmt: skip


def release_angle(design: Design, start: float) -> float:
    """Angle of the escape wheel at which the star first lets the train go; `start`: where the engine starts it."""
    assert design.remontoire is not None
    return start + heart.START_AT + design.remontoire.star_offset


def star_and_detent(design: Design, escape: tuple[float, float], pump_at: tuple[float, float], start: float,
                    h: Heights) -> tuple[list[Piece], list[Piece]]:  # fmt: skip
    """The star on the escape arbor, the detent it pushes, and the stop finger on the pump arbor."""
    spring = design.remontoire
    assert spring is not None
    points, tip, root = spring.points, 4.6e-3, 2.9e-3
    t = np.arange(points) * TWO_PI / points
    hollow = t + 0.30 * TWO_PI / points
    ring = np.stack([tip * np.cos(t), tip * np.sin(t), root * np.cos(hollow), root * np.sin(hollow)], 1).reshape(-1, 2)
    at = math.radians(-24.0)  # where the star meets the detent
    offset = at - release_angle(design, start)
    beak = np.array(escape) + tip * np.array([math.cos(at), math.sin(at)])
    pivot = np.array(escape) + np.array([8.6e-3, -8.2e-3])
    finger = np.array(pump_at) + 4.3e-3 * np.array([math.cos(-0.8), math.sin(-0.8)])
    pitch, window = TWO_PI / points, spring.release_window
    first = release_angle(design, start) % pitch
    x = [first - pitch, first - window, first, first + 0.02 * pitch]
    push = {"period": pitch, "x": [round(v, 6) for v in x], "y": [0.0, 0.0, -0.075, 0.0]}
    turn = drive("escape wheel") | {"shape": push}
    local = [(p - pivot) for p in (beak, finger)]
    ends = [p * (1.0 - 0.25e-3 / float(np.hypot(*p))) for p in local]
    pieces = [
        extrude("star", "steel", ring, at=(*escape, h.star), depth=0.7 * h.sheet, holes=[circle(0.5e-3, 12)],
                bevel=0.05e-3, label="star", turn=drive("escape wheel", 1.0, offset)),
        *(extrude(f"detent arm {i + 1}", "blued", bar((0, 0), end, 1.7e-3, 0.7e-3), at=(*pivot, h.star),
                  depth=0.7 * h.sheet, bevel=0.06e-3, label="detent" if i == 0 else "", turn=turn)
          for i, end in enumerate(ends)),
        extrude("stop finger", "steel", bar((0, 0), 4.2e-3 * np.array([math.cos(-0.8), math.sin(-0.8)]), 1.8e-3,
                0.7e-3), at=(*pump_at, h.star), depth=0.7 * h.sheet, bevel=0.06e-3, label="stop", turn=pump_drive(1.0)),
        arbor("detent arbor", (float(pivot[0]), float(pivot[1])), h.bridge, h.star + 2.5 * h.sheet, 0.4e-3, turn),
        jewel("detent jewel", (float(pivot[0]), float(pivot[1]), h.star + 2.5 * h.sheet), 0.5e-3),
    ]  # fmt: skip
    z = h.star + 0.7 * h.sheet
    return pieces, [
        contact("release", float(beak[0]), float(beak[1]), z),
        contact("stop", float(finger[0]), float(finger[1]), z),
    ]


# ----------------------------------------------------------------------------------------- cam, lever, fly


def cam_outline(design: Design, n: int = 240) -> Floats:
    """The cam in its own frame: what no place of the roller covers. Its follower lies below, at -90 degrees."""
    p, spring = design.pump, design.remontoire
    assert p is not None and spring is not None
    pp = pump.parameters(p, spring, torque=0.0, wheel=0.0, star=0.0, temperature_c=23.0, head=0.0)
    turns = np.linspace(0.0, TWO_PI, 1440, endpoint=False)
    travel = np.array([pump.cam.py_func(pp, a)[0] for a in turns])
    centre = p.cam_base_radius + p.roller_radius + p.lever_ratio * travel
    seen = turns - math.pi / 2
    angles = np.linspace(0.0, TWO_PI, n, endpoint=False)
    away = (angles[:, None] - seen[None, :] + math.pi) % TWO_PI - math.pi
    across = centre * np.sin(away)
    met = (np.abs(across) < p.roller_radius) & (np.abs(away) < math.pi / 2)
    reach = centre * np.cos(away) - np.sqrt(np.where(met, p.roller_radius**2 - across**2, 0.0))
    radius = np.min(np.where(met, reach, np.inf), axis=1)
    return np.column_stack([radius * np.cos(angles), radius * np.sin(angles)])


def lever_arm(pump_at: tuple[float, float], bellows_x: float) -> float:
    """Arm of the bellows on the follower lever [m]: the roller stands under the cam, the pivot on the other side."""
    return pump_at[0] - bellows_x


def cam_and_lever(p: Pump, cam: Floats, pump_at: tuple[float, float], bellows_x: float,
                  h: Heights) -> tuple[list[Piece], list[Piece], float]:  # fmt: skip
    """Cam, roller and 2:1 follower lever; contact places; height of the lever's axis at rest."""
    arm = lever_arm(pump_at, bellows_x)
    level = pump_at[1] - p.cam_base_radius - p.roller_radius
    pivot = (pump_at[0] - p.lever_ratio * arm, level)
    turn = drive(BELLOWS, -1.0 / arm, 0.0, extra=True)
    thick = 2.6e-3
    holes = [circle(0.9e-3, 20), *(circle(1.7e-3, 20, 4.9e-3 * np.array([math.cos(a), math.sin(a)]))
                                   for a in np.arange(5) * TWO_PI / 5 + 0.3)]  # fmt: skip
    reach = p.lever_ratio * arm
    pieces = [
        extrude("cam", "brass", cam, holes=holes, at=(*pump_at, h.cam), depth=thick, bevel=0.15e-3, label="cam",
                turn=pump_drive(1.0)),
        extrude("roller", "steel", circle(p.roller_radius, 48), holes=[circle(0.28 * p.roller_radius, 20)],
                at=(pump_at[0], level, h.cam + 0.3e-3), depth=2.0e-3, bevel=0.15e-3, label="roller",
                slide={"x": 0.0, "y": -1.0, "drive": drive(BELLOWS, p.lever_ratio, 0.0, extra=True)}),
        extrude("roller pin", "steel", circle(0.26 * p.roller_radius, 20), at=(*pivot, h.cam - 0.6e-3), depth=3.6e-3,
                turn=turn),
        extrude("follower lever", "steel", bar((0, 0), (reach, 0), 5.2e-3, 3.0e-3), at=(*pivot, h.cam - 1.6e-3),
                depth=1.6e-3, bevel=0.2e-3, label="follower lever", turn=turn),
        extrude("lever boss", "brass", circle(2.9e-3, 32), at=(*pivot, h.cam - 2.2e-3), depth=4.0e-3, bevel=0.2e-3,
                turn=turn),
        screw("lever screw", (*pivot, h.cam + 1.8e-3), 1.6e-3, 0.8),
    ]  # fmt: skip
    pieces[2] |= {"x": pieces[1]["x"], "y": pieces[1]["y"], "slide": pieces[1]["slide"]}
    del pieces[2]["turn"]
    meets = contact("landing", pump_at[0], pump_at[1] - p.cam_base_radius, h.cam + thick)
    return pieces, [meets], level


def vane_area(p: Pump) -> float:
    """Area of one vane [m2] whose drag at FLY_ARM is what the design declares at the pump arbor."""
    return p.fly / (2.0 * 0.5 * AIR * VANE_DRAG * FLY_ARM**3 * FLY_RATIO**3)


def fly(p: Pump, pump_at: tuple[float, float], direction: float, h: Heights) -> list[Piece]:
    """The fan that governs the stroke: wheel on the pump arbor, pinion, two vanes at FLY_ARM."""
    mesh = Mesh(LEAVES * FLY_RATIO, LEAVES, MODULE)
    at = (pump_at[0] + mesh.distance * math.cos(direction), pump_at[1] + mesh.distance * math.sin(direction))
    phase = phase_of_driver(mesh, direction, 0.0, -1.0, float(FLY_RATIO))
    turn = drive(ARBOR, FLY_RATIO, 0.0, extra=True)
    width = 7.5e-3
    tall = vane_area(p) / width
    near, far = FLY_ARM - 0.5 * width, FLY_ARM + 0.5 * width
    thin = 0.25e-3
    vanes = [extrude(f"vane {i + 1}", "gilt", s * np.array([(near, -thin), (far, -thin), (far, thin), (near, thin)]),
                     at=(*at, h.vanes), depth=tall, label="fly" if i == 0 else "", turn=turn)
             for i, s in enumerate((1.0, -1.0))]  # fmt: skip
    arm = np.array([(-near - 1e-3, -0.35e-3), (near + 1e-3, -0.35e-3), (near + 1e-3, 0.35e-3), (-near - 1e-3, 0.35e-3)])
    return [
        wheel("fly wheel", mesh, at=(*pump_at, h.fly), depth=0.6 * h.sheet, turn=pump_drive(1.0, phase), arms=4,
              bore=0.8e-3),
        pinion("fly pinion", mesh, at=(*at, h.fly - 0.5 * h.sheet), depth=1.8 * h.sheet, turn=turn),
        *vanes,
        extrude("fly arm low", "steel", arm, at=(*at, h.vanes + 0.2 * tall), depth=0.6e-3, turn=turn),
        extrude("fly arm high", "steel", arm, at=(*at, h.vanes + 0.8 * tall), depth=0.6e-3, turn=turn),
        arbor("fly arbor", at, h.fly - 1.2e-3, h.vanes + tall + 1e-3, 0.4e-3, turn),
    ]  # fmt: skip


# ----------------------------------------------------------------------------------------- bellows, reeds, artery


def bellows(p: Pump, x: float, level: float, z: float) -> tuple[list[Piece], float]:
    """The bellows under the lever, and the height of its foot."""
    radius = math.sqrt(p.bellows_area / math.pi)
    rest = 5.2 * p.cam_lift / p.lever_ratio
    top = level - 4.2e-3
    slide = {"x": 0.0, "y": -1.0, "drive": drive(BELLOWS, 1.0, 0.0, extra=True)}
    lid = [(0, 0), (1.18 * radius, 0), (1.18 * radius, 0.7e-3), (0.35 * radius, 1.2e-3), (0.22 * radius, 4.2e-3),
           (0, 4.2e-3)]  # fmt: skip
    foot = [(0, 0), (1.25 * radius, 0), (1.25 * radius, 0.9e-3), (0, 0.9e-3)]
    return [
        special("bellows", "bellows", "leather", at=(x, top - rest, z), label="bellows", radius=radius, rest=rest,
                pleats=7, squeeze=drive(BELLOWS, 1.0, 0.0, extra=True)),
        turned("bellows lid", "brass", lid, at=(x, top, z), axis="y", slide=slide),
        turned("bellows foot", "brass", foot, at=(x, top - rest - 0.9e-3, z), axis="y"),
    ], top - rest - 0.9e-3  # fmt: skip


def reed(name: str, r: Reed, root: tuple[float, float], z: float, source: str) -> list[Piece]:
    """A reed on its plate, root up, tip down; the slot under it, its clamp."""
    x, y = root
    long = r.length
    plate = np.array([(-1.0 * r.width, 4.5e-3), (-1.0 * r.width, -long - 2.2e-3), (1.0 * r.width, -long - 2.2e-3),
                      (1.0 * r.width, 4.5e-3)]) * np.array([0.72, 1.0])  # fmt: skip
    slot = np.array([(-0.5, 0.0), (-0.5, -1.0), (0.5, -1.0), (0.5, 0.0)]) * np.array([r.slot, long - 0.2e-3])
    clamp = np.array([(-0.62, 0.3e-3), (0.62, 0.3e-3), (0.62, 3.8e-3), (-0.62, 3.8e-3)]) * np.array([r.width, 1.0])
    pieces = [
        extrude(f"{name} plate", "steel", plate, holes=[slot[::-1]], at=(x, y, z - 1.0e-3), depth=1.0e-3, bevel=0.1e-3),
        extrude(f"{name} glow", "oil", slot, at=(x, y, z - 1.6e-3), depth=0.2e-3),
        special("reed", f"{name} reed", "brass", at=(x, y, z), label=f"{name} reed", width=r.width, length=long,
                thickness=r.thickness, direction=-math.pi / 2,
                lift=drive(source, REED_LIFT_DRAWN, 0.0, extra=True)),
        extrude(f"{name} clamp", "steel", clamp[::-1], at=(x, y, z + r.thickness), depth=0.9e-3, bevel=0.1e-3),
        *(screw(f"{name} plate screw {i}", (x + s * 0.58 * r.width, y - long - 1.2e-3, z), 0.6e-3, 1.1 + s)
          for i, s in enumerate((-1.0, 1.0))),
        *(screw(f"{name} screw {i}", (x + s * 0.34 * r.width, y + 2.05e-3, z + 0.95e-3), 0.85e-3, 0.5 + s)
          for i, s in enumerate((-1.0, 1.0))),
    ]  # fmt: skip
    if r.crack > 0.0:
        half = 0.5 * r.width
        tear = np.array([(-half, -0.15e-3), (-half + r.crack * r.width, 0.0), (-half, 0.15e-3)])
        pieces.append(extrude(f"{name} crack", "dark", tear, at=(x, y - 0.35e-3, z + 1.2 * r.thickness), depth=0.05e-3,
                              label="crack"))  # fmt: skip
    return pieces


def artery(p: Pump, at: tuple[float, float, float]) -> list[Piece]:
    """The artery: a sprung bellows in a glass, whose top rises with the pressure as its compliance says."""
    x, y, z = at
    radius = math.sqrt(ARTERY_AREA / math.pi)
    lift = drive("artery_pressure", p.artery_compliance / ARTERY_AREA, 0.0, extra=True)
    squeeze = lift | {"ratio": -lift["ratio"]}
    rest = 14e-3
    glass, tall = 1.75 * radius, 34e-3
    slide = {"x": 0.0, "y": 1.0, "drive": lift}
    base = [(0, 0), (1.25 * glass, 0), (1.25 * glass, 1.2e-3), (1.05 * glass, 2.4e-3), (0, 2.4e-3)]
    cap = [(0, 0), (1.1 * glass, 0), (1.14 * glass, 1.4e-3), (0.8 * glass, 3.0e-3), (0.42 * glass, 5.0e-3), (0, 5.4e-3)]
    wall = [(glass, 0), (glass, tall)]
    return [
        special("bellows", "artery", "leather", at=(x, y + 2.4e-3, z), label="artery", radius=radius, rest=rest,
                pleats=8, squeeze=squeeze),
        turned("artery lid", "brass", [(0, 0), (1.15 * radius, 0), (1.15 * radius, 0.8e-3), (0.2 * radius, 1.4e-3),
               (0.12 * radius, 6e-3), (0, 6e-3)], at=(x, y + 2.4e-3 + rest, z), axis="y", slide=slide),
        turned("artery base", "brass", base, at=at, axis="y"),
        turned("artery glass", "glass", wall, at=(x, y + 2.0e-3, z), axis="y"),
        turned("artery cap", "brass", cap, at=(x, y + tall + 1.2e-3, z), axis="y"),
    ]  # fmt: skip
