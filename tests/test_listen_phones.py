"""What phones and messengers do to a recording: gates, low sample rates, codecs. The beat must come through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
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
