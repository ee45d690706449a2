"""Listening: the beat without being told, landmarks and amplitude, intervals, and bad input as values."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from listen_takes import LIFT_DEG, pendulum, watch

from heartwright import listen
from heartwright.listen.beat import onsets, pulse, track
from heartwright.listen.timing import shape
from heartwright.records import Reading, Recording


def _read(take_samples: np.ndarray, rate_hz: float = 48_000.0) -> Reading:
    return listen.measure(Recording(np.asarray(take_samples, dtype=np.float32), rate_hz))


@pytest.mark.parametrize(
    ("bph", "error_ms"), [(18_000, 0.0), (19_340, 1.2), (28_800, 0.3), (36_000, 2.5), (12_233, 8.0)]
)
def test_finds_the_beat_untold(bph: float, error_ms: float) -> None:
    take = watch(bph=bph, beat_error_ms=error_ms, rate_hz=48_000, seconds=12, snr_db=30)
    reading = listen.measure(take.recording)
    assert reading.status == "ok"
    assert reading.beat_rate_bph is not None and reading.beat_error_ms is not None
    assert reading.beat_rate_bph.value == pytest.approx(bph, rel=2e-5)
    assert reading.beat_rate_bph.low <= bph <= reading.beat_rate_bph.high
    assert reading.beat_error_ms.value == pytest.approx(error_ms, abs=0.05)
    assert reading.beats == len(take.unlock_s)


def test_nominal_is_never_snapped_to() -> None:
    reading = listen.measure(watch(bph=19_340, rate_hz=48_000, seconds=8).recording)
    assert reading.nominal_bph is None and reading.rate_s_per_day is None
    assert any("--bph" in line for line in reading.advice)
    assert listen.measure(watch(bph=18_050, rate_hz=48_000, seconds=8).recording).nominal_bph == 18_000


@pytest.mark.parametrize("amplitude_deg", [190.0, 240.0, 290.0])
def test_amplitude_is_timed_to_the_banking(amplitude_deg: float) -> None:
    take = watch(amplitude_deg=amplitude_deg)
    reading = listen.measure(take.recording, lift_deg=LIFT_DEG)
    assert reading.amplitude_timed == "banking"
    assert reading.amplitude_deg is not None
    assert reading.amplitude_deg.value == pytest.approx(float(take.amplitude_deg.mean()), abs=0.5)
    assert reading.amplitude_scatter_deg is not None
    assert reading.amplitude_scatter_deg.low <= float(np.std(take.amplitude_deg)) <= reading.amplitude_scatter_deg.high


def test_sound_1_is_timed_within_microseconds() -> None:
    take = watch(beat_error_ms=0.8)
    reading = listen.measure(take.recording, lift_deg=LIFT_DEG)
    assert reading.table is not None and reading.beat_error_ms is not None
    away = reading.table.time_s - take.unlock_s
    assert float(np.std(away)) < 3e-6
    assert reading.beat_error_ms.value == pytest.approx(0.8, abs=0.02)
    assert [name for name, _ in reading.fold_marks_ms][:3] == ["1 unlocking", "2 impulse", "3a lock"]
    assert reading.fold_envelope is not None and reading.fold_time_ms is not None
    assert reading.fold_envelope.shape == (2, len(reading.fold_time_ms))


def test_the_sides_of_a_pendulum_are_timed_alike() -> None:
    """Each pallet rings the case in its own mixture; the onset they share is timed, not the energy."""
    take = pendulum()
    reading = listen.measure(take.recording)
    table = reading.table
    assert table is not None and len(table) == len(take.unlock_s)
    assert not any("lift" in line for line in reading.advice)
    away = table.time_s - take.unlock_s
    assert float(np.std(away)) < 2e-6
    assert abs(float(np.mean(away[::2]) - np.mean(away[1::2]))) < 2e-6


def test_a_side_that_the_chain_hears_by_halves_on_two_sounds_is_aligned() -> None:
    take = watch(bph=18_000, rate_hz=48_000)
    strike = onsets.find(onsets.clean(take.recording), 48_000.0)
    found = pulse.find(strike.strength, strike.block_rate_hz)
    assert found is not None
    chain = track.follow(strike.strength, strike.block_rate_hz, found)
    assert chain is not None
    mine = np.random.default_rng(2).permutation(np.flatnonzero(chain.side == 1))
    time = chain.time_s.copy()
    time[mine[: len(mine) * 55 // 100]] -= 7.05e-3  # on sound 2
    moved = replace(chain, time_s=time)
    energy, fine_hz = shape.fine_energy(strike.filtered, 48_000.0)
    folded = shape.fold(energy, fine_hz, moved)
    plain = shape.fold(energy, fine_hz, chain)
    assert folded.lever
    assert np.allclose(folded.time_s, plain.time_s, atol=1.5e-4)


def test_no_amplitude_without_a_lift() -> None:
    reading = listen.measure(watch(seconds=8).recording)
    assert reading.amplitude_deg is None
    assert any("--lift-deg 52" in line and "heartwright movements" in line for line in reading.advice)


def test_three_seconds_give_rate_but_no_amplitude() -> None:
    reading = listen.measure(watch(seconds=3.2).recording, lift_deg=LIFT_DEG)
    assert reading.status == "ok" and reading.beat_rate_bph is not None and reading.beat_error_ms is not None
    assert reading.amplitude_deg is None
    assert any("No amplitude" in line for line in reading.advice)


def test_a_third_sound_buried_in_noise_takes_only_the_amplitude() -> None:
    reading = listen.measure(watch(snr_db=15).recording, lift_deg=LIFT_DEG)
    assert reading.status == "ok" and reading.rate_s_per_day is not None
    assert reading.amplitude_deg is None
    assert any("buried" in line for line in reading.advice)


@pytest.mark.parametrize(("shift_s", "flag"), [(0.004, "late"), (-0.004, "early")])
def test_a_moved_tick_is_flagged(shift_s: float, flag: str) -> None:
    take = watch(moved={60: shift_s})
    table = listen.measure(take.recording).table
    assert table is not None
    flagged = np.flatnonzero(table.flag != "")
    assert list(flagged) == [60]
    assert table.flag[60] == flag
    assert table.time_s[60] == pytest.approx(take.unlock_s[60], abs=3e-4)


def test_the_count_does_not_slip_over_missed_beats() -> None:
    take = watch(dropped=(40, 41, 80))
    reading = listen.measure(take.recording)
    assert reading.table is not None
    assert list(np.flatnonzero(reading.table.flag == "missed")) == [40, 41, 80]
    assert reading.beats == len(take.unlock_s) - 3
    assert reading.rate_s_per_day is not None and abs(reading.rate_s_per_day.value) < 1.0


def test_a_beat_that_sounds_twice_is_flagged() -> None:
    take = watch()
    twice = float(take.unlock_s[50]) + 0.08
    table = listen.measure(watch(extra_s=(twice,)).recording).table
    assert table is not None
    assert list(np.flatnonzero(table.flag == "double")) == [50]


def test_a_pump_under_the_tick_does_not_disturb() -> None:
    take = watch(bph=14_400, seconds=15)
    time = np.arange(len(take.recording.samples)) / take.recording.rate_hz
    thump = 0.4 * np.sin(2 * np.pi * 60 * time) * np.exp(-((time % 1.0 - 0.2) ** 2) / (2 * 0.03**2))
    loud = Recording((take.recording.samples + thump).astype(np.float32), take.recording.rate_hz)
    plain, pumped = listen.measure(take.recording), listen.measure(loud)
    assert plain.rate_s_per_day is not None and pumped.rate_s_per_day is not None
    assert pumped.rate_s_per_day.value == pytest.approx(plain.rate_s_per_day.value, abs=0.5)
    assert pumped.beats == plain.beats


def test_the_recorders_clock_enters_the_rate() -> None:
    recording = watch(seconds=10, rate_hz=48_000).recording
    plain = listen.measure(recording, clock_ppm=(0.0, 0.0)).rate_s_per_day
    usual = listen.measure(recording)
    fast = listen.measure(recording, clock_ppm=(20.0, 0.0)).rate_s_per_day
    assert plain is not None and usual.rate_s_per_day is not None and fast is not None
    assert usual.rate_s_per_day.half_width > 1.96 * 30 * 0.0864
    assert usual.rate_low_repeat == pytest.approx(plain.low, abs=0.01)
    assert fast.value - plain.value == pytest.approx(20 * 0.0864, abs=0.01)


def test_snr_is_the_fields() -> None:
    reading = listen.measure(watch(seconds=10, snr_db=30, rate_hz=48_000).recording)
    assert reading.snr_db == pytest.approx(30.0, abs=2.5)  # peak and noise behind 3 kHz, not the full band


SECOND = 48_000


@pytest.mark.parametrize(
    ("samples", "status"),
    [
        (np.zeros(5 * SECOND), "no_beat"),
        (np.full(5 * SECOND, 0.3), "no_beat"),
        (np.full(5 * SECOND, np.nan), "no_beat"),
        (np.zeros(0), "no_beat"),
        (np.random.default_rng(3).standard_normal(10 * SECOND) * 0.1, "no_beat"),
        (np.sin(np.arange(5 * SECOND) * 0.05), "no_beat"),
        (np.ones(10), "no_beat"),
    ],
    ids=["silence", "dc", "nan", "empty", "noise", "tone", "ten samples"],
)
def test_what_holds_no_beat_is_a_status(samples: np.ndarray, status: str) -> None:
    reading = _read(samples)
    assert reading.status == status
    assert reading.advice and reading.beat_rate_bph is None and reading.table is None


def test_one_second_is_too_short() -> None:
    reading = listen.measure(watch(seconds=1.0, rate_hz=48_000).recording)
    assert reading.status == "too_short" and "3 s" in reading.advice[0]


@pytest.mark.parametrize("fault", ["clipped", "8-bit", "8 kHz", "nan", "dc"])
def test_a_bad_take_still_gives_its_rate(fault: str) -> None:
    take = watch(seconds=12, rate_hz=8_000 if fault == "8 kHz" else 48_000)
    samples = np.array(take.recording.samples, dtype=np.float64)
    if fault == "clipped":
        samples = np.clip(4 * samples, -0.3, 0.3)
    elif fault == "8-bit":
        samples = np.round(samples * 127) / 127
    elif fault == "nan":
        samples[1000:1100] = np.nan
    elif fault == "dc":
        samples = samples + 0.4
    reading = _read(samples, take.recording.rate_hz)
    assert reading.status == "ok"
    assert reading.rate_s_per_day is not None and abs(reading.rate_s_per_day.value) < 6.0


@pytest.mark.parametrize(
    "options", [{"lift_deg": 0.9}, {"bph": 5.0}, {"clock_ppm": (0.0, -1.0)}], ids=["lift in rad", "hertz", "sigma"]
)
def test_what_cannot_be_meant_is_an_error(options: dict) -> None:
    with pytest.raises(ValueError, match="allowed|sigma"):
        listen.measure(watch(seconds=4, rate_hz=48_000).recording, **options)


CLIPS = os.environ.get("HEARTWRIGHT_RECORDINGS", "")


@pytest.mark.skipif(not CLIPS, reason="HEARTWRIGHT_RECORDINGS names no folder of real clips")
def test_real_clips() -> None:
    """Beat rate within 0.3 % and beat error within 3 ms of what was measured in each clip by hand."""
    with (Path(CLIPS) / "MANIFEST.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9
    for row in rows:
        reading = listen.measure(listen.load(Path(CLIPS) / row["file"]))
        assert reading.status == "ok", row["file"]
        assert reading.beat_rate_bph is not None and reading.beat_error_ms is not None
        assert reading.beat_rate_bph.value == pytest.approx(float(row["apparent_bph"]), rel=3e-3), row["file"]
        assert reading.beat_error_ms.value == pytest.approx(float(row["apparent_beat_error_ms"]), abs=3.0), row["file"]
