"""The live room's sound: each from its place, in stereo, with the chamber; the desk; who walks; the thread."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from standing_fakes import Fake

from heartwright.design.room import RoomPlan
from heartwright.sound.loudness import spl_db
from heartwright.studio.gallery import SPARE
from heartwright.studio.hall import FADE_S, LOUDEST, WALK_MOST_S, Hall, Voice
from heartwright.studio.mixing import BEHIND, Mixed, Mixing
from heartwright.studio.standing import StandingWork
from heartwright.work import Vector
from heartwright.works.symphony import Apart, Symphony

TICK, RATE = 1600, 48_000
PASCAL = 2e-3
LEFT, MIDDLE, RIGHT = (-2.5, 1.5, -1.0), (0.0, 1.5, -1.0), (2.5, 1.5, -1.0)


def tone(ticks: int, hz: float = 440.0) -> np.ndarray:
    return (PASCAL * np.sin(2.0 * np.pi * hz * np.arange(ticks * TICK) / RATE)).astype(np.float32)


def heard(hall: Hall, key: str, sound: np.ndarray) -> np.ndarray:
    """What two ears hear of a sound, tick by tick, in pascals [2, n]."""
    parts = [hall.mix({key: sound[k : k + TICK]}, TICK) for k in range(0, len(sound), TICK)]
    return np.concatenate(parts, axis=1) / hall.scale.per_pascal


def levels(ears: np.ndarray) -> tuple[float, float]:
    """Level at the left and the right ear [dB], once it is steady."""
    return spl_db(ears[0, 4 * TICK :]), spl_db(ears[1, 4 * TICK :])


def hall_with(place: Vector, shelf: str = "", desk: float = 1.0) -> Hall:
    hall = Hall()
    hall.stand("1", Voice(place, shelf, desk=desk), middle=place)
    return hall


@pytest.mark.parametrize(("place", "sign"), [(LEFT, 1.0), (MIDDLE, 0.0), (RIGHT, -1.0)])
@pytest.mark.parametrize("shelf", ["", "shelf"])
def test_what_stands_on_the_left_is_heard_on_the_left(place: Vector, sign: float, shelf: str) -> None:
    hiss = PASCAL * np.random.default_rng(1004).standard_normal(12 * TICK).astype(np.float32)
    left, right = levels(heard(hall_with(place, shelf), "1", hiss))
    assert (left - right) * sign > 1.2 if sign else abs(left - right) < 1.0


def test_what_falls_silent_rings_on_in_the_chamber() -> None:
    """Half a second after a knock the chamber still sounds; after three it does not."""
    knock = np.zeros(90 * TICK, np.float32)
    knock[100:140] = 1e-2
    ears = heard(hall_with(LEFT, "shelf"), "1", knock)
    later = [np.abs(ears[:, k * RATE // 2 : k * RATE // 2 + TICK]).max() for k in range(6)]
    assert later[0] > 10.0 * later[1] > 0.0
    assert later[5] < 0.01 * later[1]


def test_one_steps_up_to_what_is_in_focus_and_walks_there() -> None:
    """As loud as it is at 1 m, but for the chamber; and no step of the way is heard as a click."""
    hall = hall_with(LEFT)
    far = np.mean(levels(heard(hall, "1", tone(12))))
    hall.attend("1")
    way = heard(hall, "1", tone(int(WALK_MOST_S * 30) + 2))
    near = np.mean(levels(heard(hall, "1", tone(12))))
    assert np.linalg.norm(np.subtract(hall.space.listener.place, LEFT)) == pytest.approx(1.0, abs=1e-6)
    assert near == pytest.approx(20.0 * np.log10(PASCAL / np.sqrt(2.0) / 2e-5), abs=3.0)
    assert near - far > 6.0
    assert np.abs(np.diff(way)).max() < 2.0 * np.abs(np.diff(heard(hall, "1", tone(12)))).max()
    hall.attend("nobody")
    heard(hall, "1", tone(int(WALK_MOST_S * 30) + 2))
    assert hall.space.listener.place == hall.home


def test_the_desk_lowers_what_is_not_in_focus() -> None:
    plain, lowered = hall_with(MIDDLE), hall_with(MIDDLE, desk=0.1)
    apart = np.subtract(levels(heard(plain, "1", tone(12))), levels(heard(lowered, "1", tone(12))))
    assert apart == pytest.approx([20.0, 20.0], abs=0.1)
    for hall in (plain, lowered):
        hall.attend("1")
        heard(hall, "1", tone(int(max(WALK_MOST_S, FADE_S) * 30) + 2))
    apart = np.subtract(levels(heard(plain, "1", tone(12))), levels(heard(lowered, "1", tone(12))))
    assert apart == pytest.approx([0.0, 0.0], abs=0.1)


def test_what_would_be_too_loud_is_turned_down_as_a_whole() -> None:
    hall = hall_with(MIDDLE)
    for k in range(10):
        ears = hall.mix({"1": 200.0 * tone(1)}, TICK)
        assert np.abs(ears).max() <= 1.0, k
    assert np.abs(ears).max() == pytest.approx(LOUDEST, abs=0.05)


def test_a_sudden_knock_is_turned_down_before_it_is_bent() -> None:
    hall = hall_with(MIDDLE)
    heard(hall, "1", tone(3))
    knock = np.zeros(TICK, np.float32)
    knock[300:340] = 100.0 * PASCAL
    top = max(float(np.abs(hall.mix({"1": part}, TICK)).max()) for part in (knock, 0.0 * knock))
    assert top == pytest.approx(LOUDEST, abs=0.02) and hall.scale.over == 0


def test_what_a_plan_sets_beyond_the_walls_is_heard_from_before_them() -> None:
    hall = hall_with((-40.0, 1.0, -2.0))
    assert hall.space.place_of("1")[0] == pytest.approx(hall.space.chamber.low[0] + 0.05)


def test_the_discord_is_told_of_what_is_heard_without_the_chamber() -> None:
    hall = hall_with(MIDDLE, "shelf")
    sound = tone(2)
    heard(hall, "1", sound)
    assert hall.plain == pytest.approx(hall.space.gain_of("1") * sound[TICK:], rel=1e-4, abs=1e-9)


def test_voices_stand_where_the_plan_has_them() -> None:
    from heartwright.studio import voices

    plan = RoomPlan.load("workshop")
    work = StandingWork(7, None, "orb", shelf="orb shelf", along=0.4)  # type: ignore[arg-type]
    voice, middle = voices.of_standing(plan, work)
    assert voice.place == plan.place_of("first orb")
    assert middle == (2.7, 1.1, -2.0)
    assert voice.desk == pytest.approx(10.0 ** (plan.shelf("orb shelf").mix_db / 20.0))
    assert voice.near == pytest.approx(10.0 ** (plan.shelf("orb shelf").mix_db / 40.0))
    assert voices.of_shelf(plan, "orb shelf")[0].place == middle
    assert voices.of_shelf(plan, "orb shelf")[0].desk == 1.0
    heart = voices.of_movement(plan, "heart", "heart", -1)
    assert heart.place == plan.place_of("heart")
    assert heart.pascals == pytest.approx(0.005 / 10.0 ** (-9.0 / 20.0))
    watch = voices.of_movement(None, "a watch", "watch", 2)
    assert watch.pascals == pytest.approx(0.0005 / 10.0 ** (-9.0 / 20.0))
    assert (watch.desk, watch.near, watch.place) == (1.0, 10.0, voices.BENCH[2])
    assert voices.of_movement(None, "a clock", "pendulum", 0).place == voices.WALL[0]
    assert voices.of_movement(None, "a heart", "heart", -1).place == voices.STAND
    assert voices.of_standing(None, StandingWork(9, None, shelf=SPARE, along=0.5))[0].place == (-0.7, 1.0, -2.0)  # type: ignore[arg-type]


def test_a_symphony_of_a_plan_has_its_desk() -> None:
    """Twelve decibels off a shelf are twelve off what stands on it; off nothing else."""

    def loud(db: float) -> float:
        shelf = {"name": "shelf", "place": (0.0, 1.0, -1.0), "length": 1.0, "mix_db": db}
        work = {"kind": "recording", "name": "fake", "shelf": "shelf", "along": 0.5, "file": "none.wav"}
        plan = RoomPlan.from_dict({"title": "a room", "shelves": [shelf], "works": [work]})
        symphony = Symphony.of_room(Apart([Fake()]), plan)
        symphony.pressures(RATE // 10)
        level = symphony.levels()["fake"]
        assert level.desk_db == db
        return level.spl_db

    assert loud(0.0) - loud(-12.0) == pytest.approx(12.0, abs=1e-6)
    with pytest.raises(ValueError, match="mix_db"):
        loud(40.0)


def test_the_thread_mixes_in_order_and_leaves_out_what_it_cannot_do() -> None:
    async def play() -> tuple[list[Mixed], int]:
        got: list[Mixed] = []
        mixing = Mixing(None, got.append)
        mixing.open()
        end = time.monotonic() + 300.0
        while not mixing.ready and time.monotonic() < end:
            await asyncio.sleep(0.01)
        mixing.stand("1", Voice(MIDDLE))
        mixing.attend("1")
        for k in range(BEHIND + 3):
            mixing.send({"1": tone(1)}, TICK, time_s=float(k), speed=1.0)
        while len(got) < BEHIND and time.monotonic() < end:
            await asyncio.sleep(0.01)
        mixing.close()
        return got, mixing.left_out

    got, left_out = asyncio.run(play())
    assert [m.time_s for m in got] == list(range(BEHIND))
    assert left_out == 3
    assert got[-1].ears.shape == (2, TICK)
    assert np.abs(got[-1].ears).max() > 0.01
