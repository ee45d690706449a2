"""What phones and messengers do to a recording: gates, low sample rates, codecs. The beat must come through."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from listen_takes import LIFT_DEG, watch
from scipy import signal

from heartwright import listen
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
