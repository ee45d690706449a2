"""Swiss lever escapement (club tooth) from the trade's construction.

Frames: wheel centre O = (0, 0), fork pivot P = (0, C), balance staff B = (0, C + D). The wheel turns counter-clockwise
(+). Fork angle psi: -bank = entry stone (right) locked, +bank = exit stone (left) locked. Balance angle phi: impulse
jewel on the line of centres at 0.

Construction: both lock corners lie on the toe circle at +-span/2 pitches (equidistant lock, tangent centre distance);
the heel circle follows from the entry stone's release at the end of impulse; locking faces are radial lines of the toe
turned forward by the draw with the fork banked; tooth width and a small shift of the exit corner are iterated until
both true drops (release of the heel to landing on the locking face) equal the drop asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from heartwright.design.escapement import SwissLever
from heartwright.geometry.shapes import Floats, Solid, disc, polar, polygon, rotate, solid

#: Faces of a stone, in the order of its solid: impulse face, back, locking face.
STONE_IMPULSE, STONE_BACK, STONE_LOCK = range(3)
#: Vertices of a tooth and of a stone.
TOE, HEEL = range(2)


@dataclass(frozen=True, slots=True)
class LeverGeometry:
    """Parts in their own frames, and the figures that follow from the construction. SI, rad."""

    pitch: float
    centre_wheel_fork: float  # C
    centre_fork_staff: float  # D
    entry_direction: float  # of the entry lock corner seen from the wheel
    exit_direction: float
    unlock_at: float  # fork angle at which the tooth leaves the locking face (towards the impulse), < 0 before centre
    impulse_end: float  # fork angle at the release of the heel
    bank: float  # fork angle on the banking
    bank_drawn: float  # the same before banking_shift
    drop_exit: float  # true static drop onto the exit stone [rad of wheel]
    drop_entry: float
    tooth_width: float
    toe_radius: float
    heel_radius: float
    lock_arm: float
    roller_lift: float
    guard_shake: float
    tooth: Solid
    entry: Solid
    exit: Solid
    prong_left: Solid
    prong_right: Solid
    jewel: Solid
    dart: Solid
    roller: Solid

    @property
    def lock(self) -> float:
        """Lock at landing [rad of fork]."""
        return self.unlock_at + self.impulse_end


@dataclass(frozen=True, slots=True)
class _Pallets:
    """One pass of the wheel-and-stone construction."""

    pitch: float
    c: float
    beta: float
    entry_at: float
    exit_at: float
    heel: Floats
    entry: Solid
    exit: Solid
    tooth: Solid
    arm: float


def swiss_lever(esc: SwissLever) -> LeverGeometry:
    """Construct the lever of a design's escapement (`Design.escapement` of type swiss-lever)."""
    lift = esc.lift_stone + esc.lift_tooth
    end, start = 0.5 * (lift + esc.lock), 0.5 * (esc.lock - lift)
    bank = end + esc.run
    width, shift = esc.pitch / 2 - esc.stone_width - esc.drop, 0.0
    for _ in range(10):
        p = _pallets(esc, start, end, bank, width, shift)
        onto_exit = (_landing(esc, p, p.exit, p.exit_at, end) - (p.entry_at + esc.stone_width + width)) % p.pitch
        onto_entry = (_landing(esc, p, p.entry, p.entry_at, -end) - (p.exit_at + esc.stone_width + width)) % p.pitch
        width += 0.5 * (onto_exit + onto_entry) - esc.drop
        shift -= 0.5 * (onto_exit - onto_entry)
    entry = _moved(p.entry, esc.entry_depth, esc.entry_tilt)
    exit_ = _moved(p.exit, esc.exit_depth, esc.exit_tilt)
    fork = _fork(esc, bank)
    return LeverGeometry(
        pitch=p.pitch,
        centre_wheel_fork=p.c,
        entry_direction=p.entry_at,
        exit_direction=p.exit_at,
        unlock_at=start,
        impulse_end=end,
        bank=bank + esc.banking_shift,
        bank_drawn=bank,
        drop_exit=onto_exit,
        drop_entry=onto_entry,
        tooth_width=width,
        toe_radius=esc.wheel_radius,
        heel_radius=float(np.hypot(*p.heel)),
        lock_arm=p.arm,
        roller_lift=esc.lift_roller,
        tooth=p.tooth,
        entry=entry,
        exit=exit_,
        **fork,
    )


def _pallets(esc: SwissLever, start: float, end: float, bank: float, width: float, shift: float) -> _Pallets:
    pitch, r = esc.pitch, esc.wheel_radius
    beta = 0.5 * esc.span * pitch
    c = r / math.cos(beta)
    pivot = np.array([0.0, c])
    entry_at, exit_at = math.pi / 2 - beta, math.pi / 2 + beta + shift

    def in_fork(psi: float, q: Floats) -> Floats:
        return rotate(-psi, q - pivot)

    entry_corner = in_fork(start, polar(r, entry_at))
    entry_edge = in_fork(start + esc.lift_stone, polar(r, entry_at + esc.stone_width))
    # the heel coincides with the entry stone's edge at the end of impulse, the wheel advanced by stone and tooth
    heel = rotate(-(entry_at + esc.stone_width + width), pivot + rotate(end, entry_edge))
    heel_radius, heel_at = float(np.hypot(*heel)), math.atan2(heel[1], heel[0])
    exit_corner = in_fork(-start, polar(r, exit_at))
    exit_edge = in_fork(-end, polar(heel_radius, exit_at + esc.stone_width + width + heel_at))

    def stone(corner: Floats, edge: Floats, at: float, draw: float, psi: float) -> Solid:
        u, t = rotate(-psi, polar(1.0, at)), rotate(-psi, polar(1.0, at + math.pi / 2))  # radial at the locked toe
        along = u * math.cos(draw) + t * math.sin(draw)
        length = 0.30 * r
        outline = [corner, edge, edge + (length + 0.05 * r) * along, corner + length * along]
        return polygon(outline, edges=(0, 1, 3), corners=(0, 1))

    toe, depth = np.array([r, 0.0]), 0.13 * r
    front = toe + depth * np.array([-math.cos(esc.undercut), -math.sin(esc.undercut)])
    back = heel + depth * polar(1.0, heel_at + math.pi)
    return _Pallets(
        pitch=pitch,
        c=c,
        beta=beta,
        entry_at=entry_at,
        exit_at=exit_at,
        heel=heel,
        entry=stone(entry_corner, entry_edge, entry_at, esc.draw_entry, -bank),
        exit=stone(exit_corner, exit_edge, exit_at, esc.draw_exit, bank),
        tooth=polygon([toe, heel, back, front], edges=(0, 1, 3), corners=(0, 1)),
        arm=float(np.hypot(*entry_corner)),
    )


def _landing(esc: SwissLever, p: _Pallets, stone: Solid, near: float, psi: float) -> float:
    """Wheel direction of a toe that lands on the locking face of `stone` with the fork at psi."""
    face = stone.faces[STONE_LOCK]
    n = rotate(psi, face[1:3])
    distance = face[3] + n @ np.array([0.0, p.c])
    b, c = math.atan2(n[1], n[0]), math.acos(float(np.clip(distance / esc.wheel_radius, -1, 1)))
    return min(((b - c) % (2 * math.pi), (b + c) % (2 * math.pi)), key=lambda a: abs(a - near))


def _moved(stone: Solid, depth: float, tilt: float) -> Solid:
    """A stone pushed in along its length by `depth` and turned by `tilt` about its lock corner."""
    if depth == 0.0 and tilt == 0.0:
        return stone
    corners = stone.outline
    axis = corners[3] - corners[0]
    axis = axis / np.linalg.norm(axis)
    pts = [p - depth * axis for p in corners]
    return polygon([pts[0] + rotate(tilt, p - pts[0]) for p in pts], edges=(0, 1, 3), corners=(0, 1))


def _fork(esc: SwissLever, bank: float) -> dict[str, Any]:
    """Notch, horns, jewel, guard and safety roller, with the centre distance that gives the roller lift."""
    rf, half_jewel = esc.jewel_circle_radius, 0.5 * esc.jewel_width
    wall = half_jewel + 0.5 * esc.notch_shake
    slack = wall - half_jewel
    lam = esc.lift_roller
    d = (slack + rf * math.sin(lam / 2 + bank)) / math.sin(bank)
    horn = math.hypot(rf, half_jewel) + esc.horn_clearance
    reach_x, reach_y = d * math.sin(bank), d * math.cos(bank)
    mouth = reach_y - math.sqrt(horn**2 - (wall + reach_x) ** 2)
    bottom = reach_y - rf * math.cos(lam / 2 + bank) - 0.3 * rf

    def prong(sign: int) -> Solid:
        centre = np.array([-sign * reach_x, reach_y])  # staff seen from the fork banked on that side
        x_end = horn * math.sin(esc.horn_end) - reach_x
        y_end = centre[1] - math.sqrt(max(horn**2 - (x_end + reach_x) ** 2, 0.0))
        faces = [[0.0, -sign, 0.0, -wall, 0.0], disc(centre, horn, hole=True), [0.0, sign, 0.0, x_end, 0.0]]
        vertices = [[sign * wall, mouth, 0, 0, 0], [sign * x_end, y_end, 0, 0, 0]]
        xs = np.linspace(wall, x_end, 9)
        top = [(sign * x, centre[1] - math.sqrt(max(horn**2 - (x + reach_x) ** 2, 0))) for x in xs]
        return solid(faces, vertices, [(sign * wall, bottom), *top, (sign * x_end, bottom)])

    jewel = solid(
        [[0.0, 0.0, -1.0, rf, 0.0], disc((0.0, -rf), half_jewel)],
        [[0.0, -rf, half_jewel, 0.0, 1.0]],
        [(half_jewel * math.cos(t), -rf + half_jewel * math.sin(t)) for t in np.linspace(0, math.pi, 25)],
    )
    guard = _guard(esc, d, bank, rf, slack)
    return {"centre_fork_staff": d, "prong_left": prong(-1), "prong_right": prong(+1), "jewel": jewel, **guard}


def _guard(esc: SwissLever, d: float, bank: float, rf: float, slack: float) -> dict[str, Any]:
    """Guard dart, safety roller with its crescent, and the shake between them."""
    roller, tip = esc.roller_ratio * rf, esc.guard_tip_radius
    reach = roller + esc.guard_clearance + tip
    y = d * math.cos(bank) - math.sqrt(reach**2 - (d * math.sin(bank)) ** 2)
    lam = esc.lift_roller

    def clearance(psi: float) -> float:
        return math.sqrt(d * d + y * y - 2 * d * y * math.cos(psi)) - roller - tip

    shake = bank - _bisect(clearance, 0.0, bank)
    # follow the jewel on both notch walls: d sin(psi) + rf sin(phi - psi) = -+ slack, clipped to the bankings
    phi = np.tile(np.linspace(-lam, lam, 401), 2)
    wall = np.repeat([slack, -slack], 401)
    along, across = d - rf * np.cos(phi), rf * np.sin(phi)
    psi = np.arcsin(wall / np.hypot(along, across)) - np.arctan2(across, along)
    psi = np.clip(psi, -bank, bank)
    x, y_tip = -y * np.sin(psi), y * np.cos(psi) - d
    dart = np.array([np.cos(phi) * x + np.sin(phi) * y_tip, -np.sin(phi) * x + np.cos(phi) * y_tip])
    inside = np.hypot(*dart) - tip < roller + 0.5 * esc.guard_clearance
    need = float(np.max(np.hypot(dart[0], dart[1] + roller)[inside], initial=0.0)) + tip * bool(inside.any())
    crescent = need + esc.horn_clearance
    angles = np.linspace(0, 2 * math.pi, 17)
    return {
        "guard_shake": shake,
        "dart": solid([], [[0.0, y, tip, 0.0, 0.0]], [(tip * math.cos(t), y + tip * math.sin(t)) for t in angles]),
        "roller": solid(
            [disc((0, 0), roller), disc((0, -roller), crescent, hole=True)],
            [],
            [(roller * math.cos(t), roller * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 73)],
        ),
    }


def _bisect(f: Callable[[float], float], lo: float, hi: float) -> float:
    """Root of a rising f in [lo, hi], clipped to the ends."""
    if f(lo) > 0:
        return lo
    if f(hi) < 0:
        return hi
    for _ in range(60):
        mid = 0.5 * (lo + hi)
        if f(mid) > 0:
            hi = mid
        else:
            lo = mid
    return 0.5 * (lo + hi)
