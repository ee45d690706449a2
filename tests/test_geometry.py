"""Constructions against the figures of an independent constructor of the same two levers, and of the same Graham.

Design A is the bundled watch-21600 (and 6497), design B the watch-2824. The expected lengths were printed by a separate
static program: corners by analytic geometry, contact found by bisection.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from heartwright.design import Design
from heartwright.design.escapement import Graham, SwissLever
from heartwright.geometry import shapes
from heartwright.geometry.graham import graham
from heartwright.geometry.swiss_lever import STONE_LOCK, LeverGeometry, swiss_lever
from tests.rigs import edited

MM = 1e3
EXPECTED = {
    "watch-21600": {
        "heel_radius": 2.707, "centre_wheel_fork": 3.0022, "centre_fork_staff": 3.8963, "lock_arm": 1.5011,
        "bank_deg": 6.825, "guard_shake_deg": 0.69, "tooth_width_deg": 4.99, "drop_deg": 1.25,
        "tooth": [(2.6, 0.0), (2.6960, -0.2434), (2.3594, -0.2130), (2.2962, -0.1482)],
        "entry": [(1.3506, -0.6551), (1.0478, -0.6431), (1.2008, 0.2540), (1.4817, 0.1138)],
        "exit": [(-1.3520, -0.6557), (-1.4950, -0.9667), (-2.0389, -0.2371), (-1.8182, -0.0304)],
    },
    "watch-2824": {
        "heel_radius": 2.292, "centre_wheel_fork": 2.5802, "centre_fork_staff": 3.4003, "lock_arm": 1.3482,
        "bank_deg": 6.75, "guard_shake_deg": 0.73, "tooth_width_deg": 3.69, "drop_deg": 1.0,
        "tooth": [(2.2, 0.0), (2.2869, -0.1520), (2.0015, -0.1330), (1.9429, -0.1254)],
        "entry": [(1.1931, -0.6277), (0.9816, -0.6398), (1.1319, 0.1154), (1.3219, 0.0196)],
        "exit": [(-1.1946, -0.6285), (-1.2687, -0.8583), (-1.7458, -0.2539), (-1.6036, -0.1105)],
    },
}  # fmt: skip


def lever(name: str) -> tuple[SwissLever, LeverGeometry]:
    escapement = Design.load(name).escapement
    assert isinstance(escapement, SwissLever)
    return escapement, swiss_lever(escapement)


@pytest.mark.parametrize("name", EXPECTED)
def test_lever_lengths(name: str) -> None:
    _, g = lever(name)
    want = EXPECTED[name]
    assert g.heel_radius * MM == pytest.approx(want["heel_radius"], abs=6e-4)
    for key in ("centre_wheel_fork", "centre_fork_staff", "lock_arm"):
        assert getattr(g, key) * MM == pytest.approx(want[key], abs=6e-5), key
    assert math.degrees(g.bank) == pytest.approx(want["bank_deg"], abs=1e-6)
    assert math.degrees(g.guard_shake) == pytest.approx(want["guard_shake_deg"], abs=6e-3)
    assert math.degrees(g.tooth_width) == pytest.approx(want["tooth_width_deg"], abs=6e-3)
    assert math.degrees(g.drop_exit) == pytest.approx(want["drop_deg"], abs=1e-3)
    assert math.degrees(g.drop_entry) == pytest.approx(want["drop_deg"], abs=1e-3)
    for part in ("tooth", "entry", "exit"):
        np.testing.assert_allclose(getattr(g, part).outline * MM, want[part], atol=6e-5, err_msg=part)


@pytest.mark.parametrize("name", EXPECTED)
def test_roller_lift_is_drawn_by_the_fork(name: str) -> None:
    """With the fork banked the jewel lies on the far notch wall at half the roller lift."""
    esc, g = lever(name)
    slack = 0.5 * esc.notch_shake
    at = 0.5 * esc.lift_roller
    across = g.centre_fork_staff * math.sin(g.bank) - esc.jewel_circle_radius * math.sin(at + g.bank)
    assert across == pytest.approx(slack, abs=1e-12)


@pytest.mark.parametrize("name", EXPECTED)
def test_draw_pulls_the_fork_to_its_banking(name: str) -> None:
    """The locking face, met at the toe, leans by the draw against the toe's radius with the fork banked."""
    esc, g = lever(name)
    for stone, at, psi, draw in (
        (g.entry, g.entry_direction, -g.bank, esc.draw_entry),
        (g.exit, g.exit_direction, g.bank, esc.draw_exit),
    ):
        normal = shapes.rotate(psi, stone.faces[STONE_LOCK, 1:3])
        lean = math.acos(abs(float(normal @ shapes.polar(1.0, at + math.pi / 2))))
        assert math.degrees(lean) == pytest.approx(math.degrees(draw), abs=1e-6)


def test_lock_and_total_lock() -> None:
    esc, g = lever("watch-21600")
    assert g.lock == pytest.approx(esc.lock)
    assert math.degrees(g.bank - g.impulse_end) == pytest.approx(math.degrees(esc.run))
    assert g.guard_shake < esc.lock + esc.run, "the guard must hold before the lock is lost"


def test_a_stone_pushed_in_deepens_the_lock_by_its_arm() -> None:
    """1 deg of fork at the lock corner is 26.2 um on design A."""
    _, g = lever("watch-21600")
    deep = swiss_lever(edited("watch-21600", {"escapement.entry_depth": 10e-6}).escapement)  # type: ignore[arg-type]
    moved = np.linalg.norm(deep.entry.outline[0] - g.entry.outline[0])
    assert moved == pytest.approx(10e-6)
    assert math.radians(1.0) * g.lock_arm == pytest.approx(26.2e-6, abs=0.05e-6)


def test_graham_is_tangential() -> None:
    """Thirty teeth, span 7.5: a right angle at the wheel, the pivot at R sqrt 2, mean pallet radius R."""
    esc = Design.load("graham").escapement
    assert isinstance(esc, Graham)
    g = graham(esc)
    assert g.centre_distance == pytest.approx(esc.wheel_radius * math.sqrt(2))
    assert g.entry_direction == pytest.approx(math.pi / 4)
    assert g.exit_direction == pytest.approx(3 * math.pi / 4)
    for pallet in (g.entry, g.exit):
        radii = np.hypot(*pallet.vertices[:, :2].T)
        assert float(radii.mean()) == pytest.approx(esc.wheel_radius, rel=2e-3)
        turn = np.diff(np.unwrap(np.arctan2(pallet.vertices[:, 1], pallet.vertices[:, 0])))[0]
        wheel = 0.5 * esc.pitch - esc.drop
        # the impulse face spans the lift plus what the tip's own way past the pivot takes
        assert abs(turn) == pytest.approx(abs(_seen_from_pivot(g.centre_distance, esc, wheel, pallet)), abs=1e-9)


def _seen_from_pivot(distance: float, esc: Graham, wheel: float, pallet: shapes.Solid) -> float:
    side = 1.0 if pallet.vertices[0, 0] > 0 else -1.0
    at = math.pi / 2 - side * 0.5 * esc.span * esc.pitch

    def direction(angle: float) -> float:
        x, y = shapes.polar(esc.wheel_radius, angle) - np.array([0.0, distance])
        return math.atan2(y, x)

    turned = direction(at + wheel / 2) - direction(at - wheel / 2)
    turned = (turned + math.pi) % (2 * math.pi) - math.pi
    return turned - side * esc.lift


def gap(solid: shapes.Solid, point: NDArray[np.float64]) -> float:
    """Gap of a point to a solid, as the definition says: the largest of its gaps to the faces."""
    gaps = []
    for kind, a, b, c, s in solid.faces:
        gaps.append(a * point[0] + b * point[1] - c if kind == 0 else s * (math.hypot(point[0] - a, point[1] - b) - c))
    return max(gaps)


def test_shapes() -> None:
    square = shapes.polygon([(0, 0), (2, 0), (2, 2), (0, 2)], edges=range(4), corners=range(4))
    assert gap(square, np.array([1.0, 1.0])) == pytest.approx(-1.0)
    assert gap(square, np.array([3.0, 1.0])) == pytest.approx(1.0)
    ring = shapes.solid([shapes.disc((0, 0), 2.0), shapes.disc((0, 0), 1.0, hole=True)], [], [(0, 0)])
    assert gap(ring, np.array([1.5, 0.0])) == pytest.approx(-0.5)
    assert gap(ring, np.array([0.0, 0.25])) == pytest.approx(0.75)
    twice = square.scaled(2.0)
    assert gap(twice, np.array([5.0, 2.0])) == pytest.approx(1.0)
    np.testing.assert_allclose(shapes.rotate(math.pi / 2, (1.0, 0.0)), (0.0, 1.0), atol=1e-15)


@pytest.mark.parametrize("name", EXPECTED)
def test_parts_do_not_overlap_at_rest(name: str) -> None:
    """Fork banked on the exit stone, jewel far out: no vertex lies inside another part."""
    _, g = lever(name)
    pivot = np.array([0.0, g.centre_wheel_fork])
    toe_at = g.exit_direction
    for k in range(-4, 5):
        for x, y in g.tooth.vertices[:, :2]:
            world = shapes.rotate(toe_at + k * g.pitch, (x, y))
            for stone in (g.entry, g.exit):
                # the toe of tooth 0 lies on the locking face; a hair's breadth either way is construction
                assert gap(stone, shapes.rotate(-g.bank, world - pivot)) > -25e-6
