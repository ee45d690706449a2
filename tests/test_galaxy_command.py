"""`heartwright galaxy`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer

from heartwright.cli.console import Refused
from heartwright.cli.galaxy import galaxy

APP = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
APP.command()(galaxy)
SHORT = ("--n", "120", "--seconds", "1")


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit status, and what was printed."""
    status = APP(list(words), standalone_mode=False)
    return int(status or 0), capsys.readouterr().out


def test_it_prints_figures_with_their_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = said(capsys, "plummer", *SHORT)
    assert status == 0
    for word in ("virial ratio", "half-mass radius", " to ", "crossing time", "none clear of the noise", "map"):
        assert word in out


def test_it_writes_sound_record_bodies_and_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {name: tmp_path / name for name in ("orb.wav", "orb.csv", "bodies.csv", "orb.html")}
    options = ("--sound", "--record", "--bodies", "--report")
    words = [str(w) for pair in zip(options, files.values(), strict=True) for w in pair]
    status, _ = said(capsys, "uniform", "--pulse", "0.2", *SHORT, *words)
    assert status == 0
    samples, rate = soundfile.read(files["orb.wav"])
    assert rate == 48_000 and len(samples) == 48_000 and np.abs(samples).max() > 1e-3
    with files["orb.csv"].open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) > 5 and float(rows[-1]["half_mass_radius_m"]) > 0.0
    page = files["orb.html"].read_text("utf-8")
    assert "Half-mass radius" in page and "<svg" in page and "http" not in page.replace("http://www.w3.org", "")
    status, out = said(capsys, str(files["bodies.csv"]), "--seconds", "0.2", "--json")
    told = json.loads(out)
    assert status == 0 and told["bodies"] == 120 and told["figures"]["virial_ratio"]["low"] > 0.0


def test_an_empty_glass_is_told_by_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    status, out = said(capsys, "plummer", "--n", "8", "--pulse", "2", "--lets-go", "--seconds", "40")
    assert status == 3 and "bodies let go     8" in out


@pytest.mark.parametrize(
    "words, told",
    [
        (["plumer"], "did you mean"),
        (["none.csv"], "none.csv"),
        (["plummer", "--seconds", "-1"], "--seconds"),
        (["plummer", "--g", "2"], "--g"),
        (["plummer", "--bare"], "halo"),
        (["plummer", "--sound", "orb.mp3"], ".wav or .flac"),
        (["plummer", "--n", "1"], "2 to 200000"),
        (["plummer", "--record", "no/such/folder/x.csv"], "no folder"),
    ],
)
def test_bad_input_is_refused(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Refused, match=told):
        APP(words, standalone_mode=False)
