"""Escapement and oscillator as pieces, from the engine's own solids (`heartwright.geometry`).

Frame: the escape arbor stands at `at`; the line of centres points up (+y), as in the engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heartwright.design import Design
from heartwright.design.escapement import Graham, SwissLever
from heartwright.design.works import Balance
from heartwright.geometry.graham import GrahamGeometry, graham
from heartwright.geometry.shapes import Solid
from heartwright.geometry.swiss_lever import LeverGeometry, swiss_lever
from heartwright.studio.drawing.pieces import (
    TWO_PI,
    Floats,
    Piece,
    Place,
    arc,
    band,
    bar,
    circle,
    crossings,
    drive,
    extrude,
    special,
    turned,
    turned_by,
)

#: A balance's rim: mean radius over radius of gyration (arms and staff lie inside), and its width over that.
RIM_OVER_GYRATION, RIM_WIDTH = 1.143, 0.16


@dataclass(frozen=True, slots=True)
class Levels:
    """Heights along z of an escapement's layers, and their thickness [m]."""

    wheel: float
    sheet: float
    roller: float
    balance: float
    spring: float
    low: float  # ends of the arbors
    high: float


def arbor(name: str, at: tuple[float, float], low: float, high: float, radius: float, turn: Piece) -> Piece:
    """A steel arbor with pivots, from low to high."""
    pivot, cone = 0.45 * radius, min(1.2 * radius, 0.2 * (high - low))
    span = high - low
    profile = [(0, 0), (pivot, 0), (pivot, cone), (radius, 1.5 * cone), (radius, span - 1.5 * cone),
               (pivot, span - cone), (pivot, span), (0, span)]  # fmt: skip
    return turned(name, "steel", profile, at=(*at, low), turn=turn)


# ------------------------------------------------------------------------------------------------ escape wheel


def _wheel(teeth: list[Floats], root: float, *, arms: int, at: Place, depth: float, turn: Piece) -> Piece:
    """An escape wheel from the outlines of its teeth, each beginning and ending on the root circle."""
    outer = np.concatenate(teeth)
    rim, hub = 0.86 * root, 0.26 * root
    holes = [*crossings(arms, hub, rim, 0.13 * root), circle(0.09 * root, 16)]
    return extrude("escape wheel", "steel", outer, holes=holes, at=at, depth=depth, bevel=0.012 * root,
                   label="escape wheel", turn=turn)  # fmt: skip


def _teeth(esc: SwissLever | Graham, one: Floats) -> list[Floats]:
    """Copies of one tooth (counter-clockwise, root to root), bent ones turned, missing ones left out as a bare root."""
    out = []
    for k in range(esc.teeth):
        if k in esc.missing_teeth:
            out.append(turned_by(one[[0, -1]], k * esc.pitch))
        else:
            body = turned_by(one[1:-1], k * esc.pitch + esc.bent_teeth.get(k, 0.0))
            ends = turned_by(one[[0, -1]], k * esc.pitch)
            out.append(np.concatenate([ends[:1], body, ends[1:]]))
    return out


def club_tooth(esc: SwissLever, g: LeverGeometry) -> Floats:
    """The club tooth with its foot: back and heel, toe and front from the engine's solid."""
    toe, heel, back, front = g.tooth.outline
    r = esc.wheel_radius
    root = 0.72 * r
    foot_back = math.atan2(back[1], back[0]) - 0.10 * esc.pitch
    foot_front = math.atan2(front[1], front[0]) + 0.015 * esc.pitch
    waist = 0.80 * r
    lean = math.atan2(back[1], back[0]) - 0.03 * esc.pitch
    return np.concatenate([arc(root, foot_back, foot_back, 1), arc(waist, lean, lean, 1), [back, heel, toe, front],
                           arc(root, foot_front, foot_front, 1)])  # fmt: skip


def ratchet_tooth(esc: Graham, g: GrahamGeometry) -> Floats:
    """The pointed tooth of the dead-beat."""
    tip, front, back = g.tooth.outline
    return np.array([back, back * 1.001, tip, front * 1.001, front])


# ------------------------------------------------------------------------------------------------ Swiss lever


def _stone_holder(stone: Solid, width: float) -> Floats:
    """The tip of the pallet arm: a bar over the outer half of the stone."""
    corner, edge, top_edge, top_corner = stone.outline
    middle, top = 0.5 * (corner + edge), 0.5 * (top_edge + top_corner)
    return bar(middle + 0.62 * (top - middle), top, width)


def _fork(esc: SwissLever, g: LeverGeometry, at: Place, depth: float, turn: Piece) -> list[Piece]:
    wide = 1.6 * float(np.hypot(*(g.entry.outline[1] - g.entry.outline[0])))
    pieces = []
    arm: list[Floats] = []
    for name, stone in (("entry", g.entry), ("exit", g.exit)):
        pieces.append(extrude(f"{name} stone", "ruby", stone.outline[_ccw(stone.outline)], at=(at[0], at[1], at[2]),
                              depth=depth, bevel=0.02 * wide, label=f"{name} stone", turn=turn))  # fmt: skip
        holder = _stone_holder(stone, wide)
        low, high = at[2] - 0.35 * depth, at[2] + depth
        for part, z in (("below", low), ("above", high)):
            pieces.append(extrude(f"{name} arm {part}", "steel", holder, at=(at[0], at[1], z), depth=0.35 * depth,
                                  turn=turn))  # fmt: skip
        arm.append(0.5 * (stone.outline[2] + stone.outline[3]))
    hub = 0.28 * float(np.hypot(*arm[0]))
    bend = np.array([0.0, 0.35 * hub])
    t = np.linspace(0.0, 1.0, 17)[:, None]
    curve = (1 - t) ** 2 * arm[0] + 2 * t * (1 - t) * (2 * bend - 0.5 * (arm[0] + arm[1])) + t**2 * arm[1]
    pieces.append(extrude("pallet arms", "steel", band(curve, 0.85 * wide), at=at, depth=depth, bevel=0.02 * wide,
                          label="fork", turn=turn))  # fmt: skip
    notch = float(g.prong_left.outline[0][1])
    wall = abs(float(g.prong_left.outline[0][0]))
    tail = abs(float(g.prong_left.outline[-1][0]))
    lever = np.array([(-0.5 * hub, 0), (0.5 * hub, 0), (0.8 * wall, 0.72 * notch), (tail, 0.90 * notch), (tail, notch),
                      (-tail, notch), (-tail, 0.90 * notch), (-0.8 * wall, 0.72 * notch)])  # fmt: skip
    pieces.append(extrude("lever", "steel", lever, at=at, depth=depth, bevel=0.02 * wide, turn=turn))
    pieces.append(extrude("fork hub", "steel", circle(0.62 * hub, 24), at=(at[0], at[1], at[2] - 0.2 * depth),
                          depth=1.4 * depth, turn=turn))  # fmt: skip
    for name, prong in (("horn left", g.prong_left), ("horn right", g.prong_right)):
        outline = prong.outline[_ccw(prong.outline)]
        pieces.append(extrude(name, "steel", outline, at=at, depth=depth, turn=turn))
    tip = float(g.dart.vertices[0][1])
    dart = bar((0.0, 0.86 * notch), (0.0, tip), 1.4 * wall, 2 * esc.guard_tip_radius)
    pieces.append(extrude("guard pin", "gilt", dart, at=(at[0], at[1], at[2] + 1.35 * depth), depth=0.4 * depth,
                          label="guard pin", turn=turn))  # fmt: skip
    return pieces


def _ccw(outline: Floats) -> slice:
    p, q = outline, np.roll(outline, -1, axis=0)
    return slice(None) if np.sum(p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]) > 0 else slice(None, None, -1)


def _bankings(esc: SwissLever, g: LeverGeometry, at: Place, depth: float) -> list[Piece]:
    """Two pins that the lever meets at its banking angles."""
    notch, wall = float(g.prong_left.outline[0][1]), abs(float(g.prong_left.outline[0][0]))
    hub = 0.28 * float(np.hypot(*(0.5 * (g.entry.outline[2] + g.entry.outline[3]))))
    share = min(esc.banking_arm / (0.72 * notch), 1.0)
    half = 0.5 * hub + share * (0.8 * wall - 0.5 * hub)
    pin = 0.10 * esc.banking_arm
    out = []
    for name, side in (("banking left", 1), ("banking right", -1)):
        x, y = turned_by([(-side * (half + pin), esc.banking_arm)], side * g.bank)[0]
        height = 2.2 * depth
        profile = [(0, 0), (pin, 0), (pin, height - 0.3 * pin), (0.7 * pin, height), (0, height)]
        out.append(turned(name, "steel", profile, at=(at[0] + x, at[1] + y, at[2] - 0.8 * depth), label="banking pin"))
    return out


def balance_radius(osc: Balance) -> float:
    """Outer radius of the balance's rim, from inertia and mass [m]."""
    mean = RIM_OVER_GYRATION * math.sqrt(osc.inertia / osc.mass)
    return mean * (1.0 + 0.5 * RIM_WIDTH)


def _roller(g: LeverGeometry, n: int = 60) -> Floats:
    """The safety roller with its crescent, from the engine's two faces."""
    radius, (_, cx, cy, bite, _) = float(g.roller.faces[0][3]), g.roller.faces[1]
    t = np.linspace(-math.pi / 2, 1.5 * math.pi, n, endpoint=False)
    pts = radius * np.column_stack([np.cos(t), np.sin(t)])
    centre = np.array([cx, cy])
    away = pts - centre
    far = np.hypot(away[:, 0], away[:, 1])
    inside = far < bite
    keep = pts[~inside]
    # the crescent's own arc between the two points where the circles cross
    half = math.acos(max(-1.0, min(1.0, 1 - bite**2 / (2 * radius**2))))
    first, last = (
        radius * np.array([math.sin(half), -math.cos(half)]),
        radius * np.array([-math.sin(half), -math.cos(half)]),
    )
    a, b = (math.atan2(*(p - centre)[::-1]) for p in (last, first))
    crescent = centre + arc(bite, a, b, 9)
    return np.concatenate([keep, crescent])


def _balance(design: Design, g: LeverGeometry, at: Place, levels: Levels, turn: Piece) -> list[Piece]:
    esc, osc = design.escapement, design.oscillator
    assert isinstance(osc, Balance) and isinstance(esc, SwissLever)
    outer = balance_radius(osc)
    inner = outer * (1 - RIM_WIDTH / (1 + 0.5 * RIM_WIDTH))
    x, y = at[0], at[1]
    thick = 2.0 * levels.sheet
    rim = extrude("balance", "gilt", circle(outer, 96), holes=[circle(inner, 96)], at=(x, y, levels.balance),
                  depth=thick, bevel=0.018 * outer, label="balance", turn=turn)  # fmt: skip
    arms = [extrude(f"balance arm {k + 1}", "gilt", bar(turned_by([(0, 0)], a)[0], turned_by([(inner * 1.02, 0)], a)[0],
                    0.20 * outer, 0.12 * outer), at=(x, y, levels.balance + 0.25 * thick), depth=0.5 * thick,
                    bevel=0.01 * outer, turn=turn)
            for k, a in enumerate((math.pi / 6, math.pi / 6 + TWO_PI / 3, math.pi / 6 + 2 * TWO_PI / 3))]  # fmt: skip
    screws = [_timing_screw(k, outer, levels.balance + 0.5 * thick, x, y, turn) for k in range(16)]
    hub = turned("balance hub", "steel", [(0, 0), (0.16 * outer, 0), (0.16 * outer, 0.5 * thick), (0.10 * outer, thick),
                 (0, thick)], at=(x, y, levels.balance + 0.2 * thick), turn=turn)  # fmt: skip
    jewel_depth = levels.sheet * 2.0
    table = 1.28 * esc.jewel_circle_radius
    pieces = [
        rim, *arms, *screws, hub,
        arbor("balance staff", (x, y), levels.low, levels.high, 0.055 * outer, turn),
        extrude("roller table", "steel", circle(table, 48), at=(x, y, levels.roller + 1.2 * levels.sheet),
                depth=0.5 * levels.sheet, bevel=0.01 * outer, label="roller", turn=turn),
        extrude("safety roller", "steel", _roller(g), at=(x, y, levels.roller), depth=0.6 * levels.sheet, turn=turn),
        extrude("impulse jewel", "ruby", g.jewel.outline, at=(x, y, levels.wheel - 0.2 * levels.sheet),
                depth=levels.roller + 1.2 * levels.sheet - levels.wheel + 0.2 * levels.sheet, label="impulse jewel",
                turn=turn),
        special("spiral", "hairspring", "blued", at=(x, y, levels.spring), label="hairspring", inner=0.11 * outer,
                outer=0.60 * outer, turns=9.0 if design.kind == "heart" else 11.0, thickness=0.011 * outer,
                height=1.1 * levels.sheet, outer_at=math.pi / 2, turn=turn),
        extrude("stud", "steel", circle(0.035 * outer, 16),
                at=(x, y + 0.61 * outer, levels.spring - 0.2 * levels.sheet), depth=2.4 * levels.sheet, label="stud"),
        extrude("collet", "steel", circle(0.115 * outer, 24), at=(x, y, levels.spring), depth=1.2 * levels.sheet,
                turn=turn),
    ]  # fmt: skip
    assert jewel_depth > 0
    return pieces


def _timing_screw(k: int, outer: float, z: float, x: float, y: float, turn: Piece) -> Piece:
    """A screw in the rim, its head outside: drawn flat as a small block turned with the balance."""
    a = (k + 0.5) * TWO_PI / 16
    size = 0.05 * outer
    block = np.array(
        [(outer * 0.99, -size), (outer + 1.7 * size, -size), (outer + 1.7 * size, size), (outer * 0.99, size)]
    )
    return extrude(f"timing screw {k + 1}", "steel" if k % 4 == 0 else "gilt", turned_by(block, a),
                   at=(x, y, z - size), depth=2 * size, bevel=0.25 * size, turn=turn)  # fmt: skip


def lever(design: Design, at: tuple[float, float], levels: Levels) -> tuple[list[Piece], list[Piece], LeverGeometry]:
    """Pieces and contact places of a Swiss lever with its balance; and the geometry they come from."""
    esc, osc = design.escapement, design.oscillator
    assert isinstance(esc, SwissLever) and isinstance(osc, Balance)
    g = swiss_lever(esc)
    x, y = at
    fork, staff = (x, y + g.centre_wheel_fork, levels.wheel), (x, y + g.centre_wheel_fork + g.centre_fork_staff, 0.0)
    wheel_turn, fork_turn, balance_turn = drive("escape wheel"), drive("fork"), drive("balance")
    pieces = [
        _wheel(_teeth(esc, club_tooth(esc, g)), 0.72 * esc.wheel_radius, arms=4, at=(x, y, levels.wheel),
               depth=levels.sheet, turn=wheel_turn),
        *_fork(esc, g, fork, levels.sheet, fork_turn),
        arbor("pallet arbor", (fork[0], fork[1]), levels.low, levels.roller + levels.sheet,
              0.07 * esc.wheel_radius, fork_turn),
        *_bankings(esc, g, fork, levels.sheet),
        *_balance(design, g, staff, levels, balance_turn),
    ]  # fmt: skip
    middle = levels.wheel + 0.5 * levels.sheet
    places: dict[str, tuple[float, float]] = {
        "entry stone": (esc.wheel_radius * math.cos(g.entry_direction), esc.wheel_radius * math.sin(g.entry_direction)),
        "exit stone": (esc.wheel_radius * math.cos(g.exit_direction), esc.wheel_radius * math.sin(g.exit_direction)),
        "notch left": (-0.5 * esc.jewel_width, staff[1] - y - esc.jewel_circle_radius),
        "notch right": (0.5 * esc.jewel_width, staff[1] - y - esc.jewel_circle_radius),
        "guard": (0.0, g.centre_wheel_fork + float(g.dart.vertices[0][1])),
        "banking": (0.0, g.centre_wheel_fork + esc.banking_arm),
    }
    contacts = [contact(name, x + dx, y + dy, middle) for name, (dx, dy) in places.items()]
    return pieces, contacts, g


def contact(pair: str, x: float, y: float, z: float) -> Piece:
    """Where a pair of parts meets."""
    return {"pair": pair, "x": round(x, 7), "y": round(y, 7), "z": round(z, 7)}


# ------------------------------------------------------------------------------------------------ Graham


def dead_beat(
    design: Design, at: tuple[float, float], levels: Levels
) -> tuple[list[Piece], list[Piece], GrahamGeometry]:
    """Pieces and contact places of a Graham dead-beat; the anchor turns with the pendulum."""
    esc = design.escapement
    assert isinstance(esc, Graham)
    g = graham(esc)
    x, y = at
    turn = drive("pendulum")
    root = esc.root_ratio * esc.wheel_radius
    anchor = (x, y + g.centre_distance, levels.wheel)
    pieces = [
        _wheel(_teeth(esc, ratchet_tooth(esc, g)), root, arms=6, at=(x, y, levels.wheel), depth=levels.sheet,
               turn=drive("escape wheel")),
        *_anchor(g, anchor, levels.sheet, turn),
        arbor("anchor arbor", (anchor[0], anchor[1]), levels.low, levels.high, 0.06 * esc.wheel_radius, turn),
    ]  # fmt: skip
    middle = levels.wheel + 0.5 * levels.sheet
    r = esc.wheel_radius
    contacts = [
        contact("entry pallet", x + r * math.cos(g.entry_direction), y + r * math.sin(g.entry_direction), middle),
        contact("exit pallet", x + r * math.cos(g.exit_direction), y + r * math.sin(g.exit_direction), middle),
    ]
    return pieces, contacts, g


def _anchor(g: GrahamGeometry, at: Place, depth: float, turn: Piece) -> list[Piece]:
    pieces = []
    ends = []
    for name, pallet in (("entry pallet", g.entry), ("exit pallet", g.exit)):
        outline = pallet.outline[_ccw(pallet.outline)]
        pieces.append(extrude(name, "steel", outline, at=at, depth=1.3 * depth, bevel=0.0, label=name, turn=turn))
        ends.append(pallet.outline[len(pallet.outline) // 2 - 1 : len(pallet.outline) // 2 + 2].mean(axis=0))
    t = np.linspace(0.0, 1.0, 25)[:, None]
    top = np.array([0.0, 0.25 * abs(ends[0][1])])
    control = 2 * top - 0.5 * (ends[0] + ends[1])
    curve = (1 - t) ** 2 * ends[0] + 2 * t * (1 - t) * control + t**2 * ends[1]
    width = 0.16 * g.centre_distance
    pieces.append(extrude("anchor", "steel", band(curve, 0.7 * width), at=at, depth=depth, bevel=0.05 * width,
                          label="anchor", turn=turn))  # fmt: skip
    pieces.append(extrude("anchor hub", "steel", bar((0, 0), top * 1.1, width, width), at=at, depth=1.2 * depth,
                          bevel=0.04 * width, turn=turn))  # fmt: skip
    return pieces
