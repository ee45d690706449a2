"""The recorder's clock: from a log and from a quartz watch, with the uncertainty that leaves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from listen_takes import watch

from heartwright.cli import main
from heartwright.listen import Unreadable
from heartwright.listen.hours import clock

RATE = 48_000


@pytest.mark.parametrize("wander", [0.0, 2e-3])
def test_a_log_gives_offset_and_sigma(wander: float) -> None:
    """Of 60 logs of an hour, stamps good to 3 ms, 50 or more intervals hold the true 18 ppm (all but 1 in 1,000)."""
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(60):
        true = np.arange(0.0, 3600.0, 30.0)
        own = true * (1.0 + 18e-6) + rng.normal(0, 3e-3, len(true)) + np.cumsum(rng.normal(0, wander, len(true)))
        found = clock.from_log(own, true)
        held += abs(found.offset_ppm - 18.0) < 1.96 * found.sigma_ppm
    assert 50 <= held <= 60
    assert found.sigma_ppm < 1.0 or wander > 0.0


def test_a_fast_recorder_has_a_positive_offset_and_late_stamps_are_left_out() -> None:
    true = np.arange(0.0, 3600.0, 10.0)
    own = true * (1.0 + 50e-6) + np.random.default_rng(1).normal(0, 1e-3, len(true))
    own[40] -= 0.5
    found = clock.from_log(own, true)
    assert found.offset_ppm == pytest.approx(50.0, abs=1.0) and "1 stamps that came late" in found.notes[0]
    two = clock.from_log([0.0, 1000.05], [0.0, 1000.0])
    assert two.offset_ppm == pytest.approx(50.0) and two.sigma_ppm == pytest.approx(14.1, abs=0.1)
    with pytest.raises(ValueError, match="two or more"):
        clock.from_log([1.0], [1.0])


def test_logs_are_read(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text("sample,utc\n0,2026-11-26T08:00:00.000\n48000,2026-11-26T08:00:01.000\n")
    own, true = clock.read_log(file, rate_hz=48_000)
    assert own.tolist() == [0.0, 1.0] and np.diff(true).tolist() == [1.0]
    with pytest.raises(Unreadable, match="--rate-hz"):
        clock.read_log(file)
    file.write_text("0,0\n600,oops\n")
    with pytest.raises(Unreadable, match="row 2"):
        clock.read_log(file)


def test_a_quartz_counts_with_its_own_rate() -> None:
    """A recorder 20 ppm fast hears a quartz that gains 0.5 s/d (5.79 ppm)."""
    step = (1.0 + 20e-6) / (1.0 + 0.5 / 86_400.0)
    found = clock.from_steps(step, 1e-7, 600.0, quartz_s_per_day=(0.5, 0.1))
    assert found.offset_ppm == pytest.approx(20.0, abs=0.01)
    assert found.sigma_ppm == pytest.approx(np.hypot(0.1, 0.1 / 0.0864), abs=0.01)


def quartz(seconds: float, *, step_s: float, level: float) -> np.ndarray:
    """Steps of a quartz watch: short rings of 3 and 7 kHz, one a second."""
    out = np.zeros(int(seconds * RATE))
    t = np.arange(int(0.006 * RATE)) / RATE
    for k in range(int(seconds / step_s) - 1):
        at = 0.37 + k * step_s
        first = int(np.ceil(at * RATE))
        u = t + first / RATE - at
        out[first : first + len(t)] += (
            level * np.exp(-u / 8e-4) * (np.sin(2 * np.pi * 3.1e3 * u) + np.sin(2 * np.pi * 7.3e3 * u))
        )
    return out


@pytest.mark.parametrize("same", [False, True])
def test_the_command_prints_the_option(tmp_path: Path, capsys: pytest.CaptureFixture[str], same: bool) -> None:
    """A recorder 40 ppm fast; the quartz on the right, or softer than a watch in one channel."""
    take = watch(seconds=60.0, rate_hz=RATE, snr_db=35.0, bph=21_600.0 * 1.0003)
    steps = quartz(60.0, step_s=1.0 + 40e-6, level=0.08 if same else 0.2)
    noise = np.random.default_rng(3).normal(0, 2e-3, len(steps))
    sound = take.recording.samples + steps if same else np.column_stack([take.recording.samples, steps + noise])
    soundfile.write(tmp_path / "both.flac", np.clip(sound, -1, 1), RATE)
    asked = ["--under"] if same else ["--channel", "right"]
    kept = tmp_path / "phone.json"
    assert main(["clock", str(tmp_path / "both.flac"), *asked, "--json", "--save", str(kept)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert abs(found["offset_ppm"] - 40.0) < 2.6 * found["sigma_ppm"] < 25.0
    assert found["option"].startswith("--clock-ppm ")
    assert clock.read(kept) == (pytest.approx(found["offset_ppm"]), pytest.approx(found["sigma_ppm"]))
    if not same:
        assert main(["long", str(tmp_path / "both.flac"), "--channel", "left", "--clock-ppm", str(kept), "--json"]) == 0
        rate = json.loads(capsys.readouterr().out)["rate_s_per_day"]
        assert rate["low"] < (1.0003 * (1.0 + 40e-6) - 1.0) * 86_400 < rate["high"]


def test_what_is_no_clock_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "phone.json"
    kept.write_text("{}")
    assert main(["listen", "demo", "--clock-ppm", str(kept)]) == 2
    assert "no kept clock" in capsys.readouterr().err
    assert main(["clock", "demo"]) == 3
    assert "no step once a second" in capsys.readouterr().out
    (tmp_path / "a.csv").write_text("0,0\n")
    assert main(["clock", str(tmp_path / "a.csv")]) == 2
    assert main(["clock", "demo", "--quartz-s-per-day", "x"]) == 2
