"""The chain at the command line: a design is run, its sound written, heard and judged, as promised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from heartwright.cli import main

RUN_FIELDS = {
    "status", "advice", "design", "kind", "seconds", "seed", "nominal_bph", "beats", "rate_s_per_day", "amplitude_deg",
    "ledger", "figures", "cpu_s", "edits", "sound", "truth",
}  # fmt: skip


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_run_writes_sound_and_truth(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = tmp_path / f"out{suffix}"
    assert main(["run", "watch-6497", "--seconds", "6", "--seed", "3", "--sound", str(sound), "--json"]) == 0
    found = _json(capsys)
    assert set(found) == RUN_FIELDS
    assert (found["status"], found["design"], found["seed"]) == ("running", "watch-6497", 3)
    assert found["beats"] == pytest.approx(30, abs=3)
    assert found["ledger"]["residual_ratio"] < 1e-5
    assert found["truth"] == str(tmp_path / "out.truth.json")
    assert json.loads((tmp_path / "out.truth.json").read_text("utf-8"))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([sound.name, "out.truth.json"])


def test_same_seed_same_bits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, seed in (("a.wav", "7"), ("b.wav", "7"), ("c.wav", "8")):
        assert main(["run", "watch-2824", "--seconds", "2", "--seed", seed, "--sound", str(tmp_path / name)]) == 0
    capsys.readouterr()
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert (tmp_path / "a.wav").read_bytes() != (tmp_path / "c.wav").read_bytes()


def test_a_run_is_heard_and_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An edit of the collet by 2 deg is heard as beat error and said in a sentence: 2 asin(d/A)/w, some 0.9 ms."""
    report = tmp_path / "r.html"
    change = ["--edit", "oscillator.collet_offset=2 deg"]
    sound = ["--sound", str(tmp_path / "out.wav")]
    assert (
        main(["run", "watch-6497", "--seconds", "20", *change, *sound, "--judge", "--report", str(report), "--json"])
        == 0
    )
    found = _json(capsys)["verdict"]
    assert found["reading"]["nominal_bph"] == 18000
    assert found["reading"]["beat_error_ms"]["value"] == pytest.approx(0.95, abs=0.15)
    assert found["intricacy"]["meshes"] == 4
    assert any("beat error" in sentence["text"] for sentence in found["sentences"])
    assert "<html" in report.read_text("utf-8")[:500]


def test_listening_again_gives_the_same_reading(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = str(tmp_path / "out.flac")
    assert main(["run", "watch-2824", "--seconds", "10", "--sound", sound]) == 0
    capsys.readouterr()
    beats = tmp_path / "beats.csv"
    assert main(["listen", sound, "--clock-ppm", "0,0", "--beats", str(beats), "--json"]) == 0
    first = _json(capsys)
    assert main(["listen", sound, "--clock-ppm", "0,0", "--json"]) == 0
    assert _json(capsys) == first
    assert first["nominal_bph"] == 28800
    assert first["amplitude_deg"] is None
    assert any("--lift-deg" in line for line in first["advice"])
    assert len(beats.read_text("utf-8").splitlines()) == first["beats"] + 1
    assert main(["listen", sound, "--clock-ppm", "0,30", "--json"]) == 0
    wide = _json(capsys)["rate_s_per_day"]
    assert wide["high"] - wide["low"] > 2 * 1.9 * 30 * 0.0864


def test_regulating_brings_the_rate_home(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "watch-6497", "--seconds", "20", "--clean", "--regulate", "--json"]) == 0
    found = _json(capsys)
    assert abs(found["rate_s_per_day"]) < 5.0
    assert found["edits"][0]["path"].startswith("oscillator.")


def test_run_down_is_an_answer_without_a_reading(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "watch-6497", "--seconds", "300", "--wind", "0", "--json"]) == 3
    found = _json(capsys)
    assert found["status"] == "stopped"
    assert found["advice"]


def test_a_design_prints_its_landmarks(capsys: pytest.CaptureFixture[str]) -> None:
    """Lever of reference geometry: the banking gives back the geometric lift of 44 deg, drop and lock give less, and
    the order drop, lock, banking holds in motion."""
    assert main(["designs", "watch-21600", "--json"]) == 0
    marks = _json(capsys)["landmarks"]
    assert (marks["lock_deg"], marks["run_deg"], marks["draw_entry_deg"]) == pytest.approx((1.75, 0.95, 13.5))
    assert marks["lift_bank_deg"] == pytest.approx(44.0, abs=0.3)
    assert marks["lift_drop_deg"] < marks["lift_lock_deg"] < marks["lift_bank_deg"]
    assert marks["drop_to_lock_us"] > 50.0
    assert marks["lock_to_bank_us"] > 50.0
    assert main(["designs", "graham", "--json"]) == 0
    assert _json(capsys)["landmarks"]["lock_deg"] == pytest.approx(0.5)
