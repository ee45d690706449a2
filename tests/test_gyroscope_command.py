"""`heartwright gyroscope`: words, JSON, files, refusals."""

from __future__ import annotations

import json
import tomllib

import numpy as np
import pytest
import soundfile

from heartwright.cli import app as cli
from heartwright.cli.gyroscope import gyroscope as command


@pytest.fixture(name="run")
def _run(capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    if "gyroscope" not in {c.callback.__name__ for c in cli.app.registered_commands if c.callback}:
        cli.app.command()(command)

    def run(*words: str) -> tuple[int, str, str]:
        status = cli.main(["gyroscope", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_it_says_precession_and_nutation_beside_the_closed_form(run) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = run("--rpm", "3000", "--lean-deg", "40", "--frictionless", "--imbalance", "0", "--seconds", "2",
                         "--json")  # fmt: skip
    told = json.loads(out)
    assert status == 0 and told["status"] == "running"
    for name in ("precession", "nutation"):
        row = told["measured"][name]
        assert row["value"] == pytest.approx(row["closed_form"], rel=2e-4)
        assert row["low"] <= row["value"] <= row["high"]
    status, out, _ = run("--seconds", "1")
    assert status == 0 and "closed form at the start" in out and "topples in" in out


def test_it_writes_sound_plot_record_and_measures(run, tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = [tmp_path / name for name in ("whirr.wav", "way.svg", "rows.csv")]
    words = [w for pair in zip(("--sound", "--plot", "--record"), map(str, files), strict=True) for w in pair]
    status, _, _ = run("--rpm", "0", "--cord", "20,0.8", "--seconds", "0.5", *words)
    assert status == 0
    samples, rate = soundfile.read(files[0])
    assert rate == 48_000 and len(samples) == 24_000 and np.ptp(samples) > 0.0
    assert files[1].read_text().startswith("<svg")
    assert files[2].read_text().splitlines()[0] == "time_s,lean_deg,heading_deg,spin_rpm"
    status, out, _ = run("--measures", "--rotor-mass", "0.2")
    assert status == 0 and tomllib.loads(out)["rotor_mass"] == 0.2
    own = tmp_path / "own.toml"
    own.write_text(out)
    assert run("--build", str(own), "--seconds", "0.2")[0] == 0


def test_one_that_falls_or_stands_has_a_status_of_its_own(run) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = run("--rpm", "300", "--lean-deg", "80", "--seconds", "3", "--json")
    assert status == 3 and json.loads(out)["status"] == "fallen"
    assert run("--rpm", "0", "--mount", "gimbals", "--seconds", "0.2", "--json")[0] == 3


@pytest.mark.parametrize(
    "words",
    [
        ("--rpm", "1e9"),
        ("--lean-deg", "200"),
        ("--seconds", "0"),
        ("--cord", "20"),
        ("--cord", "1e5,1"),
        ("--mount", "wall"),
        ("--release", "thrown"),
        ("--build", "none.toml"),
        ("--rotor-radius", "26"),
        ("--sound", "whirr.mp3"),
        ("--plot", "nowhere/at/all.svg"),
    ],
)
def test_bad_input_is_refused(words: tuple[str, ...], run) -> None:  # type: ignore[no-untyped-def]
    status, _, err = run(*words)
    assert status == 2 and err
