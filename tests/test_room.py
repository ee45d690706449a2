"""Rooms built from plans, and the commands that run them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from heartwright.cli.huygens import huygens
from heartwright.cli.room import room, share_of
from heartwright.design.room import RoomPlan
from heartwright.work import Work
from heartwright.works.playing import FULL_SCALE_PA, Playing
from heartwright.works.room import build, make

PLAIN = """
title = "A small room"

[[shelves]]
name = "left"
place = ["-1.5 m", "1 m", "-1 m"]
length = "1.2 m"

[[shelves]]
name = "right"
place = ["0.3 m", "1 m", "-1 m"]
length = "1.2 m"

[[works]]
kind = "clockwork"
name = "clock"
design = "graham"
shelf = "left"
along = "0.4 m"
changes = { "oscillator.q" = 150 }

[[works]]
kind = "gyroscope"
name = "top"
shelf = "left"
along = "0.9 m"

[[works]]
kind = "galaxy"
name = "orb"
shelf = "right"
along = "0.3 m"
options = { n = 60 }

[[works]]
kind = "web"
name = "web"
file = "small.edges"
shelf = "right"
along = "0.8 m"

[[works]]
kind = "recording"
name = "song"
file = "song.wav"
shelf = "right"
along = "1.1 m"
"""


@pytest.fixture
def small(tmp_path):
    """A small room with one work of each kind, in a file."""
    import soundfile

    (tmp_path / "small.edges").write_text("a b\nb c\nc d\nd a\n")
    soundfile.write(tmp_path / "song.wav", 0.5 * np.sin(np.arange(8_000) * 0.2), 8_000)
    (tmp_path / "small.toml").write_text(PLAIN)
    return tmp_path / "small.toml"


def test_every_kind_of_work_is_built_and_goes_on_one_support(small):
    built = build(RoomPlan.load(small), seed=1)
    assert list(built.works) == ["clock", "top", "orb", "web", "song"]
    assert all(isinstance(work, Work) and work.name == name for name, work in built.works.items())
    assert built.works["clock"].design.oscillator.q == 150
    built.advance(0.5)
    assert all(work.time == pytest.approx(0.5, abs=0.02) for work in built.works.values())
    books = built.ledger()
    assert set(books.spent_j) == {"shelves and floor", *built.works}
    assert share_of(books) < 1e-3
    moved, speed = built.stand("orb")
    assert np.abs(speed).max() > 0.0, "the orb's shelf is shaken by the others through the floor"


def test_a_room_is_repeatable(small):
    ends = []
    for _ in range(2):
        built = build(RoomPlan.load(small))
        built.advance(0.2)
        ends.append(np.concatenate([w.seen() for w in built.works.values()]))
    assert np.array_equal(*ends)


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ('design = "graham"', 'design = "grham"', "'clock': .*no bundled design of that name"),
        ("options = { n = 60 }", "options = { m = 60 }", "'orb': "),
        ("small.edges", "none.edges", "'web': "),
        ("song.wav", "none.wav", "'song': there is no recording"),
        ("oscillator.q", "oscillator.quality", "'clock': "),
    ],
)
def test_what_cannot_be_made_is_named(small, was, now, said):
    small.write_text(PLAIN.replace(was, now))
    plan = RoomPlan.load(small)
    with pytest.raises(ValueError, match=said):
        for standing in plan.works:
            make(plan, standing)


def test_a_recording_plays_round_and_round(tmp_path):
    song = Playing(np.sin(np.arange(800) * 0.3), 8_000)
    out = song.heard(9_600, 48_000)
    assert np.abs(out).max() == pytest.approx(FULL_SCALE_PA, rel=0.05)
    assert np.allclose(out[:4_800], out[4_800:], atol=1e-9)
    song.do("level", db=-20.0)
    assert np.abs(song.heard(4_800, 48_000)).max() == pytest.approx(0.1 * FULL_SCALE_PA, rel=0.05)
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(ValueError, match="no sound file that can be read"):
        Playing.read(tmp_path / "text.wav")
    with pytest.raises(ValueError, match="finite numbers"):
        Playing(np.array([0.0, np.nan]), 8_000)


# ---------------------------------------------------------------------------------------------- the commands


def said(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command("room")(room)
    app.command("huygens")(huygens)
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output + (str(result.exception) if result.exception else "")


def test_the_room_command_prints_loads_and_books(small):
    code, text = said("room", str(small), "--seconds", "0.3", "--tilt-deg", "0.5")
    assert code == 0
    for word in ("A small room: 5 works", "left", "clock", "who tilts the floor", "unexplained, of what passed"):
        assert word in text


def test_the_room_command_as_json_and_as_toml(small):
    code, text = said("room", str(small), "--seconds", "0.1", "--json")
    found = json.loads(text)
    assert code == 0 and [s["status"] for s in found["shelves"]] == ["holds", "holds"]
    assert {"drive_j", "stand_j", "spent_j", "stored_j", "residual_j", "residual_share"} == set(found["books"])
    assert "the workshop" in said("room", "--toml")[1].lower()


def test_a_room_whose_shelf_would_break_says_so(small):
    small.write_text(PLAIN.replace("changes = {", "options = { mass = 600.0 }\nchanges = {"))
    code, text = said("room", str(small), "--seconds", "0.1")
    assert code == 3 and "would break" in text and "broken" in text


def test_the_commands_refuse_bad_input():
    assert "no bundled room of that name" in said("room", "workshup")[1]
    assert "--tilt-deg 90: -30 to 30 is allowed" in said("room", "--tilt-deg", "90")[1]
    assert "no pendulum with a Graham escapement" in said("huygens", "watch-6497")[1]
    assert "cannot carry bobs of 2 kg" in said("huygens", "--mass", "1", "--seconds", "30")[1]


def test_the_huygens_command_says_what_they_did(tmp_path):
    picture = tmp_path / "two.svg"
    code, text = said("huygens", "--mass", "33", "--damping", "3", "--seconds", "120", "--plot", str(picture))
    assert code == 0 and "two clocks, 120 s: " in text and "the reduced model" in text
    assert picture.read_text().startswith("<svg") and "Phase" not in picture.read_text()[:100]
    code, text = said("huygens", "--seconds", "40", "--json")
    assert set(json.loads(text)) == {"fate", "reduced_model", "residual_share"}
