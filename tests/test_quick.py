"""Stopwatches of 1/50 and 1/100 s: found, rated, their beat error; and never an ordinary watch for one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from listen_takes import watch

from heartwright import listen
from heartwright.cli import main
from heartwright.listen import quick
from heartwright.listen.beat import onsets
from heartwright.listen.hours import long
from heartwright.listen.take.streaming import Piece
from heartwright.records import Floats, Reading, Recording

RATE = 48_000.0
DAY_S = 86_400.0
MODES = ((4100.0, 9.0, 1.0), (6300.0, 10.0, 0.8), (9900.0, 12.0, 0.5))
SOUNDS = ((0.0, 0.5), (1.1e-3, 0.7), (2.7e-3, 1.0))  # after the first of a beat [s], and strength


def stopwatch(
    *,
    seconds: float = 10.0,
    bph: float = 360_000.0,
    beat_error_ms: float = 0.0,
    snr_db: float = 20.0,
    unlike: float = 0.3,
    seed: int = 1000,
) -> Recording:
    """Three rings a beat, each side in its own mixture of modes, the beats scattered by 30 us."""
    rng = np.random.default_rng(seed)
    beat = 3600.0 / bph
    count = int((seconds - 0.05) / beat)
    at = 0.02 + beat * np.arange(count) - 0.5e-3 * beat_error_ms * (-1.0) ** np.arange(count)
    at += rng.normal(0.0, 30e-6, count)
    sound, length = np.zeros(int(seconds * RATE)), int(6e-3 * RATE)
    for side in range(2):
        mixture = np.array([1.0, 0.8, 0.6]) + unlike * rng.standard_normal(3)
        for later, strength in SOUNDS:
            blow = at[side::2] + later
            first = np.ceil(blow * RATE).astype(int)
            since = (first[:, None] + np.arange(length)) / RATE - blow[:, None]
            ring: Floats = sum(
                gain * share * np.exp(-np.pi * hz / q * since) * np.sin(2 * np.pi * hz * since)
                for (hz, q, gain), share in zip(MODES, mixture, strict=True)
            )
            drawn = strength * (1.0 + 0.15 * rng.standard_normal((len(blow), 1)))
            np.add.at(sound, np.minimum(first[:, None] + np.arange(length), len(sound) - 1), drawn * ring)
    sound *= 0.3 / np.abs(sound).max()
    sound += 0.3 * 10.0 ** (-snr_db / 20.0) * rng.standard_normal(len(sound))
    return Recording(sound.astype(np.float32), RATE)


def found(recording: Recording) -> quick.Quick | None:
    samples = onsets.clean(recording)
    return quick.find(samples, onsets.find(samples, recording.rate_hz))


@pytest.mark.parametrize("bph", [108_000.0, 180_000.0, 216_000.0, 360_000.0])
def test_a_stopwatch_is_rated(bph: float) -> None:
    true_bph = bph * (1.0 + 60e-6)
    reading = listen.measure(stopwatch(bph=true_bph, seed=1010), lift_deg=50.0)
    assert reading.status == "ok" and reading.nominal_bph == bph
    assert reading.settled == (bph > 150_000.0)  # ten seconds of 1/30 s are few beats
    assert reading.beat_rate_bph is not None and reading.beat_rate_bph.low < true_bph < reading.beat_rate_bph.high
    assert reading.rate_low_repeat is not None and reading.rate_high_repeat is not None
    assert reading.rate_low_repeat - 0.5 < 60e-6 * DAY_S < reading.rate_high_repeat + 0.5
    assert reading.rate_high_repeat - reading.rate_low_repeat < (3.0 if reading.settled else 6.0)
    assert reading.beats == pytest.approx(10.0 * bph / 3600.0, rel=1e-3)
    assert reading.amplitude_deg is None and "Amplitude is withheld" in reading.advice[0]


def test_intervals_of_the_rate_cover() -> None:
    inside = 0
    for seed in range(1100, 1120):
        take = found(stopwatch(seconds=8.0, snr_db=15.0, seed=seed))
        assert take is not None
        inside += abs(take.beat_s / 0.01 - 1.0) < 1.96 * take.relative
    assert inside >= 17  # of 20: a true 95 % has fewer in 1.6 of 100 runs


@pytest.mark.parametrize("error_ms", [-1.5, 0.0, 0.8])
def test_beat_error_by_laying_the_sides_on_one_another(error_ms: float) -> None:
    take = found(stopwatch(beat_error_ms=error_ms, seed=1200))
    assert take is not None and take.error_s is not None
    value, half = take.error_s
    assert abs(abs(1e3 * value) - abs(error_ms)) < 1.5e3 * half and half < 1.2e-4


def test_sides_of_unlike_strength_are_two_beats_and_not_one() -> None:
    for seed in (1311, 1312):
        take = found(stopwatch(unlike=0.5, seed=seed))
        assert take is not None and take.beat_s == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize("bph", [3600.0, 18_000.0, 28_800.0, 36_000.0, 43_200.0, 72_000.0])
def test_an_ordinary_watch_is_no_stopwatch(bph: float) -> None:
    """Not even where every take were searched for one."""
    for seed, error_ms, snr_db in ((1400, 0.0, 40.0), (1401, 0.6, 10.0)):
        take = watch(seconds=12.0, bph=bph, rate_hz=RATE, beat_error_ms=error_ms, snr_db=snr_db, seed=seed)
        assert found(take.recording) is None


def test_an_ordinary_take_is_not_even_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "find", lambda *_: pytest.fail("an ordinary take was searched for a stopwatch"))
    for bph in (18_000.0, 28_800.0, 36_000.0):
        assert listen.measure(watch(seconds=8.0, bph=bph, rate_hz=RATE, seed=1402).recording).status == "ok"


def test_noise_is_no_stopwatch() -> None:
    for seed in range(1500, 1508):
        noise = np.random.default_rng(seed).standard_normal(int(8 * RATE))
        assert found(Recording((0.1 * noise).astype(np.float32), RATE)) is None


CLIPS = os.environ.get("HEARTWRIGHT_RECORDINGS")


@pytest.mark.skipif(CLIPS is None, reason="needs the recordings: HEARTWRIGHT_RECORDINGS")
def test_real_recordings_are_no_stopwatch() -> None:
    for path in sorted(Path(CLIPS or ".").glob("*.ogg")):
        assert found(listen.load(path)) is None, path.name


def test_a_buzz_with_its_hum_is_no_stopwatch_and_the_mains_are_told() -> None:
    recording = stopwatch(seed=1600)
    take = found(recording)
    assert take is not None and take.grid_hz == 50.0
    seconds = np.arange(len(recording.samples)) / RATE
    hum = 0.1 * np.sin(2 * np.pi * 100.0 * seconds)
    assert found(Recording((recording.samples + hum).astype(np.float32), RATE)) is None
    assert "when the watch is stopped" in listen.measure(recording).advice[1]


def test_what_is_quicker_still_is_not_called_by_a_multiple() -> None:
    """2 ms a beat, 1.8 million an hour, repeats every 10 ms too."""
    since = np.mod(np.arange(int(8 * RATE)) / RATE, 2e-3)
    noise = 3e-3 * np.random.default_rng(1700).standard_normal(len(since))
    sound = 0.3 * np.exp(-since / 3e-4) * np.sin(2 * np.pi * 6e3 * since) + noise
    assert found(Recording(sound.astype(np.float32), RATE)) is None


def told_of_hum(reading: Reading) -> bool:
    return any(line.startswith("mains hum") for line in reading.warnings)


def test_it_is_not_judged_by_the_limits_of_watches(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "stopwatch.wav"
    soundfile.write(path, stopwatch(seed=1800, beat_error_ms=0.4).samples, int(RATE))
    assert main(["judge", str(path), "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["sentences"][0]["text"].startswith("No verdict on beats: a stopwatch")
    assert told["reading"]["beat_error_ms"] is not None and told["conviction"] is None
    assert all(word["score"] is None for word in told["words"].values())


def test_told_beats(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "stopwatch.wav"
    soundfile.write(path, stopwatch(seed=1800).samples, int(RATE))
    assert main(["listen", str(path), "--bph", "360000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["nominal_bph"] == 360_000.0 and abs(told["rate_s_per_day"]["value"]) < 1.0
    assert not told_of_hum(listen.measure(stopwatch(seed=1800)))
    reading = listen.measure(stopwatch(seed=1800), bph=180_000.0)
    assert reading.nominal_bph == 360_000.0 and "Told 180,000" in reading.advice[0]
    with pytest.raises(ValueError, match="90,000 to 400,000 of a stopwatch"):
        listen.measure(stopwatch(seconds=3.0), bph=80_000.0)


def test_a_long_run_sets_it_aside() -> None:
    """It has no beats to number; the run says that none was heard rather than failing."""
    run = long.follow([Piece(stopwatch(seed=1900), 0.0, 0, True, True)])
    assert [piece.status for piece in run.pieces] == ["too quick"] and not len(run.beats)
