"""What phones and messengers do to a recording: gates, hum, pauses, knocks, low sample rates, codecs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from listen_takes import LIFT_DEG, pendulum, watch
from scipy import signal

from heartwright import listen
from heartwright.listen.beat import onsets
from heartwright.listen.take import gate, mains
from heartwright.listen.take.quality import inspect
from heartwright.listen.thin import low_band
from heartwright.records import Recording


def gated(take: Recording, hold_s: float) -> Recording:
    """Digital silence where nothing was loud within the last `hold_s`."""
    samples = np.asarray(take.samples, float)
    sharp = signal.sosfilt(signal.butter(2, 2000, "highpass", fs=take.rate_hz, output="sos"), samples)
    loud = (np.abs(sharp) > 0.1 * np.abs(sharp).max()).astype(float)
    opened = np.convolve(loud, np.ones(int(hold_s * take.rate_hz)), "full")[: len(samples)] > 0.5
    return replace(take, samples=np.where(opened, samples, 0.0).astype(np.float32))


@pytest.mark.parametrize("hold_s", [0.01, 0.03])
def test_a_beat_is_heard_through_a_gate_that_is_mostly_shut(hold_s: float) -> None:
    heard = gated(watch(bph=18_000, rate_hz=48_000.0, snr_db=35.0).recording, hold_s)
    assert np.mean(heard.samples == 0.0) > 0.7
    reading = listen.measure(heard, lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0))
    assert reading.status == "ok"
    assert reading.rate_s_per_day is not None
    assert abs(reading.rate_s_per_day.value) < 2.0
    assert any(w.startswith("noise gate") for w in reading.warnings)


def at_rate(take: Recording, down: int) -> Recording:
    samples = signal.resample_poly(np.asarray(take.samples, float), 1, down)
    return replace(take, samples=samples.astype(np.float32), rate_hz=take.rate_hz / down)


def test_a_take_of_24_khz_tells_what_one_of_48_does() -> None:
    take = watch(rate_hz=48_000.0, snr_db=35.0, beat_error_ms=1.3, seconds=15.0, seed=7)
    reading = listen.measure(at_rate(take.recording, 2), lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0))
    assert reading.amplitude_deg is not None and reading.beat_error_ms is not None
    assert abs(reading.amplitude_deg.value - np.mean(take.amplitude_deg)) < 4.0
    assert abs(reading.beat_error_ms.value - 1.3) < 0.03


@pytest.mark.parametrize(("down", "usual_ms"), [(3, 0.3), (6, 0.5)])
def test_beat_errors_of_takes_of_few_khz_lie_in_their_bounds(down: int, usual_ms: float) -> None:
    widths = []
    for seed in range(5):
        true = 0.5 + 0.4 * seed
        take = watch(rate_hz=48_000.0, snr_db=28.0, beat_error_ms=true, seconds=15.0, seed=100 + seed)
        told = listen.measure(at_rate(take.recording, down), lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0)).beat_error_ms
        assert told is not None and told.low < true < told.high
        widths.append(0.5 * (told.high - told.low))
    assert np.median(widths) < usual_ms


def test_a_voice_message_is_told_and_its_bounds_are_wider(tmp_path: Path) -> None:
    take = watch(rate_hz=48_000.0, snr_db=35.0, beat_error_ms=1.3, seconds=15.0, seed=7).recording
    loud = np.asarray(take.samples) / (2.0 * np.abs(take.samples).max())
    path = tmp_path / "message.ogg"
    soundfile.write(path, loud, 48_000, format="OGG", subtype="OPUS", compression_level=1.0)
    recording = listen.load(path)
    assert 8 * path.stat().st_size / recording.seconds < 48_000
    assert any("voice codec" in note for note in recording.notes)
    told = listen.measure(recording, lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0)).beat_error_ms
    assert told is not None and told.low < 1.3 < told.high and told.high - told.low > 0.3
    soundfile.write(tmp_path / "whole.flac", loud, 48_000)
    assert listen.load(tmp_path / "whole.flac").smear_s == 0.0


def ticking(seconds: float = 20.0, seed: int = 7) -> Recording:
    return watch(rate_hz=48_000.0, snr_db=30.0, beat_error_ms=1.3, seconds=seconds, seed=seed).recording


@pytest.mark.parametrize("tail", ["rounded", "fading"])
def test_a_gate_that_shuts_wholly_hides_no_beat_error_and_withholds_amplitude(tail: str) -> None:
    """What it shuts on fades to nothing in a file of floats, and to zeros in one of 16 bits; neither is a sound."""
    take = ticking()
    samples = np.asarray(take.samples, float)
    loud = np.abs(signal.sosfilt(signal.butter(2, 2000, "highpass", fs=48_000, output="sos"), samples))
    opened = np.convolve(loud > 0.12 * loud.max(), np.ones(1500), "full")[: len(samples)] > 0.5
    samples *= signal.lfilter([0.01], [1, -0.99], opened.astype(float))
    if tail == "rounded":
        samples = np.round(samples * 32_767.0) / 32_767.0
    reading = listen.measure(replace(take, samples=samples.astype(np.float32)), lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0))
    assert reading.warnings[0].startswith("noise gate")
    assert reading.rate_s_per_day is not None and abs(reading.rate_s_per_day.value) < 1.0
    assert reading.beat_error_ms is not None and reading.beat_error_ms.low < 1.3 < reading.beat_error_ms.high
    assert reading.amplitude_deg is None and any("noise gate" in line for line in reading.advice)


def test_shut_stretches_are_filled_with_the_noise_of_the_open_gate() -> None:
    take = ticking()
    samples = np.asarray(take.samples, np.float32)
    shut = (np.arange(len(samples)) // 4800) % 2 == 1
    gated_samples = np.where(shut, np.float32(0.0), samples)
    high = onsets.high_pass(gated_samples, 48_000.0, 1000.0)
    found = gate.find(gate.levels(high, 240))
    assert found is not None and found.silent == pytest.approx(0.5, abs=0.05)
    filled = gate.opened(gated_samples, high, 48_000.0, found)
    assert np.allclose(filled[~shut][:4000], samples[~shut][:4000], atol=1e-6)
    floor = [gate.levels(onsets.high_pass(x, 48_000.0, 1000.0)[4900:9500], 48) for x in (samples, filled)]
    assert np.median(floor[1]) == pytest.approx(np.median(floor[0]), abs=1.5)


def test_a_floor_that_climbs_again_is_automatic_gain_and_no_gate() -> None:
    rng, blocks = np.random.default_rng(1), np.arange(4000)
    noise = rng.normal(0.0, 0.4, len(blocks))
    flat = -20.0 - 10.0 * (blocks % 200 > 100)
    climbs = -30.0 + 10.0 * np.clip((blocks % 200 - 20) / 100.0, 0.0, 1.0)
    shut, rises = gate.find(flat + noise), gate.find(climbs + noise)
    assert shut is not None and shut.below_db == pytest.approx(-25.0, abs=0.5) and rises is None


def test_a_recording_that_falls_silent_now_and_then_proves_no_missed_beat() -> None:
    take = ticking()
    samples = np.array(take.samples)
    for begin, end in ((5.0, 5.6), (12.0, 13.1)):
        samples[int(begin * 48_000) : int(end * 48_000)] = 0.0
    reading = listen.measure(replace(take, samples=samples), lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0))
    (told,) = reading.warnings
    assert told.startswith("the recording falls silent 2 times, first at 5.0 s, for 1.7 s in all")
    missed = [mark for mark in reading.marks if mark.kind == "missed"]
    assert len(missed) >= 8 and all(mark.p == 1.0 for mark in missed)
    assert reading.amplitude_deg is not None and reading.rate_s_per_day is not None
    assert abs(reading.rate_s_per_day.value) < 1.0


def hum(n: int, hertz: float) -> np.ndarray:
    """A line and its harmonics of peak 1 or so [n], that drifts by 0.02 Hz in a minute."""
    time = np.arange(n) / 48_000.0
    turn = 2.0 * np.pi * (hertz * time + 0.5 * 0.02 / 60.0 * time**2)
    return np.asarray(sum(np.sin(k * turn + k) / k for k in (1, 2, 3, 5, 7)))


@pytest.mark.parametrize("hertz", [50.03, 59.96])
def test_hum_louder_than_the_ticks_changes_no_figure(hertz: float) -> None:
    take = ticking()
    samples = np.asarray(take.samples, float)
    loud = samples + 6.0 * np.abs(samples).max() * hum(len(samples), hertz)
    humming = replace(take, samples=(loud / np.abs(loud).max()).astype(np.float32))
    clean, reading = (listen.measure(r, lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0)) for r in (take, humming))
    assert any(line.startswith(f"mains hum at {round(hertz, -1):.0f} Hz") for line in reading.warnings)
    for name, near in (("rate_s_per_day", 0.1), ("beat_error_ms", 2e-3), ("amplitude_deg", 1.0)):
        one, other = getattr(clean, name), getattr(reading, name)
        assert other is not None and abs(other.value - one.value) < near


def test_hum_is_taken_off_and_nothing_else() -> None:
    take = ticking()
    samples = np.asarray(take.samples, np.float32)
    assert mains.find(low_band(samples, 48_000.0)) is None
    loud = samples + (0.5 * hum(len(samples), 50.02)).astype(np.float32)
    low = low_band(loud, 48_000.0)
    found = mains.find(low)
    assert found is not None and found.mains_hz == 50.0
    rest = mains.without(loud, 48_000.0, low, found) - samples
    inner = slice(24_000, -24_000)
    assert np.std(rest[inner]) < 3e-3 * np.std(loud[inner])


def test_knocks_louder_than_a_slow_clock_change_neither_sides_nor_beat_error() -> None:
    take = pendulum(seconds=40.0, beat_error_ms=20.0, snr_db=30.0, seed=5)
    rng, rate = np.random.default_rng(3), take.recording.rate_hz
    samples, time = np.array(take.recording.samples, float), np.arange(int(0.2 * rate)) / rate
    for at in np.cumsum(rng.exponential(2.0, 60)):
        if at > 39.0:
            break
        ring = sum(np.exp(-time * f / 20.0) * np.sin(2 * np.pi * f * time) for f in rng.uniform(300.0, 4000.0, 5))
        samples[int(at * rate) :][: len(time)] += 3.0 * np.abs(take.recording.samples).max() * ring
    knocked = replace(take.recording, samples=(samples / np.abs(samples).max()).astype(np.float32))
    reading = listen.measure(knocked, clock_ppm=(0.0, 0.0))
    assert reading.beat_error_ms is not None and abs(reading.beat_error_ms.value - 20.0) < 0.5
    assert reading.beat_error_heard_ms is not None
    assert abs(reading.beat_error_heard_ms.value - 20.0) < 0.5


def test_a_take_that_hisses_and_clips_is_called_clipped() -> None:
    """In noise hardly two samples in a row stand at the top: what tells is that so many stand exactly there."""
    samples = np.asarray(watch(rate_hz=48_000.0, snr_db=15.0, seconds=10.0).recording.samples, float)
    driven = np.clip(3.0 * samples / np.abs(samples).max(), -1.0, 1.0).astype(np.float32)
    told = inspect(Recording(driven, 48_000.0))
    assert any(line.startswith("clipping") for line in told)
    assert not any(line.startswith("clipping") for line in inspect(Recording(samples.astype(np.float32), 48_000.0)))
