"""Designs: the bundled ones, saving, and each way in which a file can be wrong."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from heartwright.design import Design, DesignError, bundled

TRAINS = {"watch-6497": (600, 15), "watch-21600": (720, 15), "watch-2824": (720, 20), "graham": (60, 30)}


@pytest.fixture(name="text")
def _text() -> str:
    import heartwright

    return (Path(heartwright.__file__).parent / "designs" / "watch-6497.toml").read_text("utf-8")


@pytest.mark.parametrize("name", bundled())
def test_bundled_designs_load_and_survive_a_save(name: str, tmp_path: Path) -> None:
    design = Design.load(name)
    assert design.name == name
    design.save(tmp_path / "copy.toml")
    assert Design.load(tmp_path / "copy.toml") == design
    assert [p.name for p in tmp_path.iterdir()] == ["copy.toml"]


@pytest.mark.parametrize("name", sorted(TRAINS))
def test_the_train_counts_the_beats(name: str) -> None:
    """From the centre wheel (one turn an hour) the counts give the beat rate: 2 x teeth x turns of the escape wheel."""
    design = Design.load(name)
    turns = design.train.ratio / (design.train.barrel.teeth / design.train.arbors[0].pinion)
    assert (turns, design.escapement.teeth) == TRAINS[name]
    assert 2 * design.escapement.teeth * turns == pytest.approx(design.nominal_bph, rel=1e-12)


def test_the_heart_counts_a_stroke_a_second() -> None:
    """14,400 bph on 16 teeth turn the escape wheel once in 8 s: an 8-point star releases once a second."""
    heart = Design.load("heart")
    assert heart.remontoire is not None
    assert heart.beat_hz / (2 * heart.escapement.teeth) * heart.remontoire.points == pytest.approx(1.0)
    assert heart.train.ratio == 14400


def test_values_are_si() -> None:
    design = Design.load("watch-6497")
    assert design.escapement.wheel_radius == pytest.approx(2.6e-3)
    assert design.escapement.type == "swiss-lever" and design.escapement.lock == pytest.approx(math.radians(1.75))
    assert design.nominal_bph == pytest.approx(18000.0) and design.lift_deg == pytest.approx(44.0)
    assert Design.load("graham").lift_deg is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('inertia = "16 mg cm2"', 'inertia = "-16 mg cm2"', ("oscillator.inertia", "'-16 mg cm2'", "greater than 0")),
        ("stone_width", "stone_widht", ("escapement.stone_widht", "Did you mean 'stone_width'")),
        ('"6 deg"', '"6 dergees"', ("escapement.stone_width", "unknown unit 'dergees'", "1.75 deg")),
        ('"6 deg"', "6", ("escapement.stone_width = 6", "with its unit")),
        ('"6 deg"', '"11 deg"', ("teeth cannot mesh", "half a pitch of 12 deg")),
        ('lock = "1.75 deg"', 'lock = "12 deg"', ("teeth cannot mesh", "lift 10 deg")),
        ("span = 2.5", "span = 3", ("span 3 pitches", "2.5 for 15 teeth")),
        ('undercut = "26 deg"', 'undercut = "9 deg"', ("undercut", "exceed the draw")),
        ('horn_end = "62 deg"', 'horn_end = "12 deg"', ("horn_end", "lift_roller")),
        ("teeth = 15", "teeth = 15.5", ("escapement.teeth = 15.5", "whole numbers")),
        ("teeth = 15", "missing_teeth = [17]\nteeth = 15", ("tooth 17", "0 to 14")),
        ('"swiss-lever"', '"duplex"', ("escapement.type", "'duplex'", "'swiss-lever', 'graham'")),
        ('type = "balance"', "", ("oscillator.type", "missing")),
        ('kind = "modern lever"', 'kind = "modern"', ("kind = 'modern'", "'modern lever'")),
        ('kind = "modern lever"', 'kind = "pendulum"', ("do not go together",)),
        ('kind = "modern lever"', 'kind = "heart"', ("[remontoire]",)),
        ("q = 220", "q = nan", ("oscillator.q", "finite")),
        ("[dirt]", "[dirty]", ("dirty", "Did you mean 'dirt'")),
        ("wheel = 70", "wheel = 70\nwhel = 3", ("train.arbors.2.whel", "Did you mean 'wheel'")),
        ('beat_rate = "18000 bph"', 'beat_rate = "2.5 Hz"', ("beat_rate", "21600 bph")),
        ("[sound]", "[sound", ("not TOML", "line")),
        ("curve_turns = [0, 0.5,", "curve_turns = [0,", ("curve_turns has 8 values",)),
        ("turns = 7.0", "turns = 9.0", ("before the development of 9",)),
        ('low = "60 Hz"', 'low = "60 kHz"', ("low 60000 Hz",)),
        ('lock = "1.75 deg"', "", ("escapement.lock: missing", "Add lock =")),
    ],
)
def test_a_wrong_file_is_told_by_file_key_value_and_cure(
    text: str, tmp_path: Path, old: str, new: str, said: tuple[str, ...]
) -> None:
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(DesignError) as caught:
        Design.load(path)
    for part in (str(path), *said):
        assert part in str(caught.value)


def test_missing_files_and_names() -> None:
    with pytest.raises(DesignError, match="no bundled design of that name. There are: graham, heart"):
        Design.load("hart")
    with pytest.raises(DesignError, match="cannot be read: No such file"):
        Design.load("nowhere/hart.toml")


def test_a_binary_file_is_not_a_design(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00RIFF")
    with pytest.raises(DesignError, match="not a text file"):
        Design.load(tmp_path / "a.toml")


def test_a_design_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Design.load("heart").title = "mine"  # type: ignore[misc]


def test_a_failing_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    design = Design.load("heart")
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        design.save(tmp_path / "heart.toml")
    assert list(tmp_path.iterdir()) == []
