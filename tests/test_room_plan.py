"""The plan of a room: what it holds, where things stand, and what it says of bad input."""

from __future__ import annotations

import tomllib
from importlib import resources

import numpy as np
import pytest

from heartwright.design import DesignError
from heartwright.design.room import RoomPlan, rooms


def plain() -> dict:
    """The bundled workshop as plain data."""
    return tomllib.loads((resources.files("heartwright") / "rooms" / "workshop.toml").read_text("utf-8"))


def problem(**change: object) -> str:
    """What is said of a room whose first work is changed so."""
    data = plain()
    data["works"] = [{**data["works"][0], **change}]
    with pytest.raises(DesignError) as caught:
        RoomPlan.from_dict(data, source="room.toml", from_text=True)
    return str(caught.value)


def test_the_workshop_holds_what_the_dream_asks_for():
    plan = RoomPlan.load("workshop")
    kinds = [work.kind for work in plan.works]
    assert {k: kinds.count(k) for k in set(kinds)} == {"clockwork": 3, "gyroscope": 12, "galaxy": 3, "web": 1}
    assert [w.options["n"] for w in plan.works if w.kind == "galaxy"] == [2000] * 3
    assert sum(1 for line in plan.path_of("web of thoughts").read_text().splitlines() if line[0] != "#") == 1000
    assert plan.work("first regulator").shelf == plan.work("second regulator").shelf


def test_a_work_stands_on_its_shelf():
    plan = RoomPlan.load("workshop")
    shelf, work = plan.shelf("beam"), plan.work("second regulator")
    assert plan.place_of("second regulator") == (shelf.place[0] + work.along, shelf.place[1], shelf.place[2])


def test_a_plan_reads_back_as_it_was_written(tmp_path):
    plan = RoomPlan.load("workshop")
    plan.save(tmp_path / "mine.toml")
    back = RoomPlan.load(tmp_path / "mine.toml")
    assert back.model_dump() == plan.model_dump()
    assert back.path_of("web of thoughts") == tmp_path.resolve() / "thoughts.edges"


def test_every_bundled_room_is_read():
    assert "workshop" in rooms()
    for name in rooms():
        assert RoomPlan.load(name).works


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"kind": "clokwork"},
            "kind 'clokwork' is not known (did you mean 'clockwork'?); allowed: clockwork, gyroscope",
        ),
        ({"shelf": "bnch"}, "there is no shelf 'bnch' (did you mean 'bench'?); there are: bench, beam"),
        ({"along": "3 m"}, "would stand 3 m along the shelf 'bench', which is 2 m long; 0 to 2 m is allowed"),
        ({"along": "-1 m"}, "works.0.along = '-1 m': it must be greater than or equal to 0"),
        ({"along": 1}, "write the length with its unit, in quotes"),
        ({"design": None}, "a clockwork needs design"),
        ({"kind": "gyroscope", "changes": {"a": 1}}, "changes are edits of a design"),
        ({"colour": "red"}, "works.0.colour: unknown key"),
    ],
)
def test_bad_works_are_explained(change, said):
    assert said in problem(**change)


def test_two_of_a_name_are_refused():
    data = plain()
    data["works"].append(data["works"][0])
    with pytest.raises(DesignError, match="two of the name 'heart': each work needs a name of its own"):
        RoomPlan.from_dict(data, from_text=True)


def test_an_unknown_room_is_refused(tmp_path):
    with pytest.raises(DesignError, match=r"no bundled room of that name. There are: .*workshop"):
        RoomPlan.load("workshup")
    with pytest.raises(DesignError, match="cannot be read"):
        RoomPlan.load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("title = ")
    with pytest.raises(DesignError, match="not TOML"):
        RoomPlan.load(tmp_path / "bad.toml")


def test_the_tops_of_the_workshop_whirr_in_an_octave_and_a_twelfth():
    """Their turning, as one hears it, is no discord; three speeds that were not chosen are one."""
    from heartwright.sound.discord import of_partials
    from heartwright.works.gyroscope.body import Build
    from heartwright.works.gyroscope.whirr import Whirr

    def rough(speeds):
        heard = [Whirr(Build(), seed=1).partials(rpm * np.pi / 30.0) for rpm in sorted(set(speeds))]
        return of_partials(*np.concatenate([(row[0] / (2.0 * np.pi), row[1]) for row in heard], axis=1))

    speeds = [w.options["rpm"] for w in RoomPlan.load("workshop").works if w.kind == "gyroscope"]
    assert (len(speeds), sorted(set(speeds))) == (12, [4000.0, 8000.0, 12000.0])
    assert rough(speeds) < 0.02 < 0.2 < rough([7000.0, 8000.0, 9300.0])


def test_the_desk_of_the_workshop_leaves_heart_and_clocks_as_they_are():
    desk = {shelf.name: shelf.mix_db for shelf in RoomPlan.load("workshop").shelves}
    assert desk["bench"] == desk["beam"] == 0.0
    assert max(desk["long shelf"], desk["orb shelf"], desk["web shelf"]) < -10.0
