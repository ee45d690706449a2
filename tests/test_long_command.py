"""`heartwright long`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from listen_takes import watch

from heartwright.cli import long_page, long_say, main
from heartwright.listen.hours import long_figures

RATE = 48_000


@pytest.fixture(scope="module", name="night")
def _night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("night") / "night.flac"
    take = watch(seconds=60.0, rate_hz=RATE, snr_db=30.0, bph=21_600.0 * 1.0001)
    soundfile.write(path, take.recording.samples, RATE)
    return path


def test_everything_is_written(night: Path, tmp_path: Path, capsys: Any) -> None:
    warm = tmp_path / "warm.csv"
    warm.write_text("time_s,temperature_c\n" + "".join(f"{t},{20 + np.sin(t / 4):.3f}\n" for t in range(0, 60, 2)))
    windows, beats, report = (tmp_path / name for name in ("windows.csv", "beats.csv", "night.html"))
    given = ["long", str(night), "--lift-deg", "44", "--window-s", "10", "--piece-s", "20", "--beside", str(warm)]
    given += ["--windows", str(windows), "--beats", str(beats), "--report", str(report)]
    assert main(given) == 0
    out = capsys.readouterr().out
    assert re.search(r"  rate +\+[78]\.\d\d  ", out) and "trend" in out and "goes with      temperature_c" in out
    rows = list(csv.DictReader(windows.read_text().splitlines()))
    assert len(rows) == 6 and float(rows[1]["beats"]) == 60 and abs(float(rows[1]["rate_s_per_day"]) - 8.64) < 3.0
    ticks = list(csv.DictReader(beats.read_text().splitlines()))
    assert [int(r["number"]) for r in ticks] == list(range(len(ticks))) and ticks[0]["side"] == "1"
    page = report.read_text("utf-8")
    assert page.count("<svg") == 5 and "http" not in page.replace("http://www.w3.org", "")
    assert "The rate and temperature_c" in page and "The wander" in page


def test_json_is_one_finite_object(night: Path, capsys: Any) -> None:
    assert main(["long", str(night), "--piece-s", "20", "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(name))
    assert found["status"] == "ok" and found["doubts"] == [] and found["interrupted"] is False
    assert len(found["windows"]["from_s"]) == 1 and len(found["allan"]["tau_s"]) > 3
    documented = (Path(__file__).resolve().parent.parent / "docs" / "commands.md").read_text("utf-8")
    section = documented.split("\n## long\n")[1].split("\n## ")[0]
    assert all(f"`{key}`" in section for key in found)


def test_an_interrupted_run_says_so(night: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heartwright.listen.take.streaming.Source.pieces", _stopped(night))
    assert main(["long", str(night), "--json"]) == 130
    found = json.loads(capsys.readouterr().out)
    assert found["interrupted"] is True and found["status"] == "ok" and found["advice"][0].startswith("Interrupted")


def _stopped(night: Path) -> Any:
    from heartwright.listen.take.streaming import Segment, Source

    first = next(iter(Source([Segment(night)], piece_s=20.0).pieces()))

    def pieces(self: Any) -> Any:
        yield first
        raise KeyboardInterrupt

    return pieces


def test_what_cannot_be_read_is_refused(tmp_path: Path, night: Path, capsys: Any) -> None:
    assert main(["long", str(tmp_path)]) == 2
    assert "no sound file in this folder" in capsys.readouterr().err
    (tmp_path / "a.wav").write_text("hello")
    assert main(["long", str(tmp_path / "a.wav")]) == 2
    assert main(["long", str(night), "--channel", "right"]) == 2
    assert "the sound has 1" in capsys.readouterr().err
    assert main(["long", str(night), "--start", "noon"]) == 2
    assert main(["long", str(night), "--beside", str(tmp_path / "none.csv")]) == 2
    assert main(["long", str(night), "--report", str(tmp_path / "no" / "a.html")]) == 2


def test_silence_has_a_page_too() -> None:
    from heartwright.listen.hours import long

    reading = long_figures.summarise(long.follow([]))
    assert "No beat was heard" in long_page.page(reading, name="silence.flac")
    assert long_say.windows_csv(reading.windows).count("\n") == 1
