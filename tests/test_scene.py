"""The scene of a design: simple outlines, trains that mesh without overlap, arbors where the engine has them."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest

from heartwright.design import Design
from heartwright.design.model import bundled
from heartwright.edit import Edit
from heartwright.geometry.graham import graham
from heartwright.geometry.swiss_lever import swiss_lever
from heartwright.studio.drawing import going, plan, pumpworks, teeth
from heartwright.studio.drawing.pieces import area, turned_by
from heartwright.studio.scene import extent, scene
from heartwright.works import pump, train
from heartwright.works.build import WHEEL
from heartwright.works.live import Live

DESIGNS = bundled()
Floats = np.ndarray


def _crosses(p: Floats, q: Floats, *, same: bool = False) -> bool:
    """Whether any edge of one closed outline crosses one of the other (or, `same`, of itself)."""
    a, b, c, d = p[:, None], np.roll(p, -1, axis=0)[:, None], q[None], np.roll(q, -1, axis=0)[None]

    def side(o: Floats, s: Floats, t: Floats) -> Floats:
        return (s[..., 0] - o[..., 0]) * (t[..., 1] - o[..., 1]) - (s[..., 1] - o[..., 1]) * (t[..., 0] - o[..., 0])

    hit = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
    if same:
        np.fill_diagonal(hit, False)
    return bool(hit.any())


@pytest.fixture(scope="module")
def scenes() -> dict[str, dict[str, Any]]:
    return {name: scene(Design.load(name)) for name in DESIGNS}


def _part(made: dict[str, Any], name: str) -> dict[str, Any]:
    return next(p for p in made["parts"] if p["name"] == name)


def _outline(part: dict[str, Any], value: float) -> Floats:
    """Outline of a turning extrusion in the plane, its source at `value`."""
    turn = part["turn"]
    points = np.reshape(part["shapes"][0]["outer"], (-1, 2))
    return turned_by(points, turn["ratio"] * value + turn["offset"]) + np.array([part["x"], part["y"]])


@pytest.mark.parametrize("name", DESIGNS)
def test_scene_is_small_plain_json(scenes: dict[str, dict[str, Any]], name: str) -> None:
    text = json.dumps(scenes[name], separators=(",", ":"), allow_nan=False)
    assert len(text) < 400_000
    assert json.loads(text)["design"] == name


@pytest.mark.parametrize("name", DESIGNS)
def test_outlines_are_simple_and_holes_lie_within(scenes: dict[str, dict[str, Any]], name: str) -> None:
    for part in scenes[name]["parts"]:
        for shape in part.get("shapes", []):
            outer = np.reshape(shape["outer"], (-1, 2))
            assert abs(area(outer)) > 0.0, part["name"]
            assert not _crosses(outer, outer, same=True), part["name"]
            for hole in shape["holes"]:
                inner = np.reshape(hole, (-1, 2))
                assert not _crosses(inner, inner, same=True), part["name"]
                assert not _crosses(outer, inner), part["name"]
                assert abs(area(inner)) < abs(area(outer)), part["name"]


@pytest.mark.parametrize("name", DESIGNS)
def test_arbors_stand_at_their_centre_distance(scenes: dict[str, dict[str, Any]], name: str) -> None:
    design, made = Design.load(name), scenes[name]
    names = ["great wheel", *(f"{a.name} wheel" for a in design.train.arbors)]
    pinions = [*(f"{a.name} pinion" for a in design.train.arbors), "last pinion"]
    for mesh, wheel, pinion in zip(plan.train_meshes(design), names, pinions, strict=True):
        a, b = _part(made, wheel), _part(made, pinion)
        apart = math.hypot(a["x"] - b["x"], a["y"] - b["y"])
        assert apart == pytest.approx(0.5 * mesh.module * (mesh.wheel + mesh.pinion), abs=2e-7)
        assert len(a["shapes"][0]["outer"]) % mesh.wheel == 0
        assert a["turn"]["ratio"] / b["turn"]["ratio"] == pytest.approx(-mesh.pinion / mesh.wheel)


@pytest.mark.parametrize("name", DESIGNS)
def test_meshing_teeth_never_overlap(scenes: dict[str, dict[str, Any]], name: str) -> None:
    design, made = Design.load(name), scenes[name]
    pairs = list(
        zip(
            ["great wheel", *(f"{a.name} wheel" for a in design.train.arbors)],
            [*(f"{a.name} pinion" for a in design.train.arbors), "last pinion"],
            strict=True,
        )
    )
    if design.kind == "heart":
        pairs += [("remontoire wheel", "remontoire pinion"), ("fly wheel", "fly pinion")]
    for wheel, pinion in pairs:
        a, b = _part(made, wheel), _part(made, pinion)
        teeth_ = len(a["shapes"][0]["outer"])
        pitch = 2 * math.pi / max(teeth_ // 22, 1)
        for phase in np.linspace(0.0, 1.0, 9):
            value = 3.0 + phase * pitch / abs(a["turn"]["ratio"])
            assert not _crosses(_outline(a, value), _outline(b, value)), (wheel, pinion, phase)
        value = 3.0
        middle = np.array([b["x"] - a["x"], b["y"] - a["y"]])
        reach_a = np.hypot(*np.reshape(a["shapes"][0]["outer"], (-1, 2)).T).max()
        reach_b = np.hypot(*np.reshape(b["shapes"][0]["outer"], (-1, 2)).T).max()
        assert reach_a + reach_b > np.hypot(*middle), f"{wheel} does not reach into {pinion}"


@pytest.mark.parametrize("name", DESIGNS)
def test_what_turns_keeps_off_other_arbors_and_wheels(scenes: dict[str, dict[str, Any]], name: str) -> None:
    """Discs and rods of the train and its company: no two on different arbors share height and place."""
    made = scenes[name]
    bodies = []
    for part in made["parts"]:
        if part["type"] == "extrude" and ("wheel" in part["name"] or "pinion" in part["name"]) and "turn" in part:
            r = float(np.hypot(*np.reshape(part["shapes"][0]["outer"], (-1, 2)).T).max())
            bodies.append((part["name"], part["x"], part["y"], r, part["z"], part["z"] + part["depth"]))
        elif part["type"] == "turned" and part["name"].endswith("arbor"):
            profile = np.reshape(part["profile"], (-1, 2))
            bodies.append(
                (part["name"], part["x"], part["y"], profile[:, 0].max(), part["z"], part["z"] + profile[:, 1].max())
            )
        elif part["name"] == "drum":
            profile = np.reshape(part["profile"], (-1, 2))
            bodies.append(
                ("drum", part["x"], part["y"], profile[:, 0].max(), part["z"], part["z"] + profile[:, 1].max())
            )
    assert len(bodies) > 8
    for (n, x, y, r, low, high), (m, u, v, s, down, up) in itertools.combinations(bodies, 2):
        apart = math.hypot(x - u, y - v)
        shared = min(high, up) - max(low, down)
        if apart < 1e-6 or shared <= 0.0:
            continue
        if {"wheel", "pinion"} <= {n.split()[-1], m.split()[-1]} and apart > 0.9 * (r + s):
            continue  # a mesh: tips reach into roots, held by the test of teeth
        assert apart > r + s - 1e-6, f"{n} and {m} run into each other"


def test_escapement_is_the_engines() -> None:
    design = Design.load("watch-6497")
    made, g = scene(design), swiss_lever(design.escapement)
    live = Live(design, poses_hz=0)
    wheel, stone, jewel = (_part(made, n) for n in ("escape wheel", "entry stone", "impulse jewel"))
    assert (stone["x"] - wheel["x"], stone["y"] - wheel["y"]) == pytest.approx((0.0, g.centre_wheel_fork), abs=1e-7)
    assert jewel["y"] - stone["y"] == pytest.approx(g.centre_fork_staff, abs=2e-7)
    drawn = np.reshape(stone["shapes"][0]["outer"], (-1, 2))
    assert sorted(map(tuple, np.round(drawn, 6))) == sorted(map(tuple, np.round(g.entry.outline, 6)))
    assert made["rotors"] == list(live.rotors)


def test_teeth_of_the_escape_wheel_lock_where_the_engine_locks_them() -> None:
    """With the fork banked on the exit stone, a toe of the drawn wheel lies at the drawn stone's locking face."""
    design = Design.load("heart")
    made, g = scene(design), swiss_lever(design.escapement)
    landing = g.exit_direction % g.pitch
    stone = turned_by(np.reshape(_part(made, "exit stone")["shapes"][0]["outer"], (-1, 2)), g.bank)
    stone = stone + np.array([0.0, g.centre_wheel_fork])
    wheel = np.reshape(_part(made, "escape wheel")["shapes"][0]["outer"], (-1, 2))
    toes = wheel[np.hypot(*wheel.T) > 0.999 * g.toe_radius]
    nearest = min(np.linalg.norm(turned_by([toe], landing)[0] - corner) for toe in toes for corner in stone)
    assert nearest < 0.06 * g.toe_radius


def test_missing_and_bent_teeth_are_drawn() -> None:
    design = Design.load("watch-6497")
    gone = Edit.of(design, "escapement.missing_teeth", [3]).apply(design)
    faulty = Edit.of(gone, "escapement.bent_teeth.5", 0.03).apply(gone)
    whole, broken = (
        np.reshape(_part(scene(d), "escape wheel")["shapes"][0]["outer"], (-1, 2)) for d in (design, faulty)
    )
    far = 0.995 * design.escapement.wheel_radius
    tips_whole, tips_broken = (p[np.hypot(*p.T) > far] for p in (whole, broken))
    assert len(tips_broken) < len(tips_whole)
    assert np.abs(tips_broken[:, None] - tips_whole[None]).sum(axis=2).min(axis=1).max() > 0.02 * far


def test_graham_pendulum_hangs_from_the_anchors_pivot() -> None:
    design = Design.load("graham")
    made, g = scene(design), graham(design.escapement)
    bob, wheel, pallet = (_part(made, n) for n in ("bob", "escape wheel", "entry pallet"))
    assert pallet["y"] - wheel["y"] == pytest.approx(g.centre_distance, abs=1e-7)
    assert (bob["x"], bob["y"]) == (pallet["x"], pallet["y"])
    assert bob["shift"] == [0.0, -round(design.oscillator.length, 6)]


def test_train_follows_the_last_arbor() -> None:
    """The great wheel makes train.ratios(...)[0] of a turn for one of the last arbor."""
    for name in DESIGNS:
        design = Design.load(name)
        turn = _part(scene(design), "great wheel")["turn"]
        assert abs(turn["ratio"]) == pytest.approx(train.ratios(design)[0])


def test_the_hearts_extras_are_the_records_columns(scenes: dict[str, dict[str, Any]]) -> None:
    made = scenes["heart"]
    assert tuple(made["extras"]) == pump.RECORD
    for part in made["parts"]:
        for key in ("turn", "outer_turn", "squeeze", "lift", "wind"):
            if key in part:
                known = made["extras"] if part[key]["source"] == "extra" else made["rotors"]
                assert part[key]["name"] in known, (part["name"], key)


def test_cam_holds_the_roller_where_the_pump_says(scenes: dict[str, dict[str, Any]]) -> None:
    """The roller's disc, at the height that the engine's cam law asks for, touches the drawn cam and cuts into none."""
    design = Design.load("heart")
    p = design.pump
    assert p is not None and design.remontoire is not None
    cam = pumpworks.cam_outline(design)
    pp = pump.parameters(p, design.remontoire, torque=0.0, wheel=0.0, star=0.0, temperature_c=23.0, head=0.0)
    for angle in np.linspace(0.0, 2 * math.pi, 25):
        lift = p.lever_ratio * pump.cam.py_func(pp, angle)[0]
        centre = np.array([0.0, -(p.cam_base_radius + p.roller_radius + lift)])
        gap = np.hypot(*(turned_by(cam, -angle) - centre).T).min() - p.roller_radius
        assert -2e-6 < gap < 0.15e-3


def test_star_lets_go_where_the_engine_releases(scenes: dict[str, dict[str, Any]]) -> None:
    """At the release a point of the star stands where it meets the detent, whose push there is greatest."""
    design, made = Design.load("heart"), scenes["heart"]
    assert design.remontoire is not None
    live = Live(design, poses_hz=0)
    g = swiss_lever(design.escapement)
    start = g.exit_direction % g.pitch - math.radians(15.0 / design.escapement.teeth)
    release = pumpworks.release_angle(design, start)
    star, detent = _part(made, "star"), _part(made, "detent arm 1")
    shape = detent["turn"]["shape"]
    assert shape["period"] == pytest.approx(2 * math.pi / design.remontoire.points)
    at = (release - 1e-5 - shape["x"][0]) % shape["period"] + shape["x"][0]  # just before it falls
    assert np.interp(at, shape["x"], shape["y"]) == pytest.approx(min(shape["y"]), rel=2e-3)
    meets = next(c for c in made["contacts"] if c["pair"] == "release")
    seen = math.atan2(meets["y"] - star["y"], meets["x"] - star["x"])
    off = (release + star["turn"]["offset"] - seen) / shape["period"]
    assert off == pytest.approx(round(off), abs=1e-4)
    assert live.rotors[WHEEL] == "escape wheel"


def test_fly_and_artery_follow_from_the_design() -> None:
    p = Design.load("heart").pump
    assert p is not None
    drag = 2 * 0.5 * pumpworks.AIR * pumpworks.VANE_DRAG * pumpworks.vane_area(p) * pumpworks.FLY_ARM**3
    assert drag * pumpworks.FLY_RATIO**3 == pytest.approx(p.fly)


def test_crack_is_drawn_as_long_as_it_is() -> None:
    design = Design.load("heart")
    cracked = Edit.of(design, "pump.outlet.crack", 0.6).apply(design)
    outline = np.reshape(_part(scene(cracked), "outlet crack")["shapes"][0]["outer"], (-1, 2))
    assert np.ptp(outline[:, 0]) == pytest.approx(0.6 * cracked.pump.outlet.width)  # type: ignore[union-attr]


def test_a_train_without_a_plan_is_refused() -> None:
    meshes = [teeth.Mesh(80, 10, 0.2e-3), teeth.Mesh(12, 12, 0.1e-3), teeth.Mesh(120, 8, 0.2e-3)]
    with pytest.raises(ValueError, match="no plan for this train"):
        plan.lay_out(meshes, (0.0, 0.0), [0.0, 0.0, 0.0], [], going.drum_radius(meshes[0]))


@pytest.mark.parametrize("name", DESIGNS)
def test_every_part_lies_in_the_box_and_every_view_looks_into_it(scenes: dict[str, dict[str, Any]], name: str) -> None:
    made = scenes[name]
    box = np.array(made["box"])
    for part in made["parts"]:
        low, high = extent(part)
        assert (low >= box[:3] - 1e-6).all() and (high <= box[3:] + 1e-6).all(), part["name"]
    for view in made["views"].values():
        at = np.array([view["x"], view["y"], view["z"]])
        assert (at >= box[:3]).all() and (at <= box[3:]).all()
        assert 0.0 < view["radius"] < 2.0
    pairs = {c["pair"] for c in made["contacts"]}
    design = Design.load(name)
    wanted = {"entry pallet", "exit pallet"} if design.kind == "pendulum" else {"entry stone", "exit stone", "banking"}
    assert wanted <= pairs
