"""Level of the beat over the noise, as the field defines it.

SNR = 20 log10(median over beats of the peak of the beat's loudest sound / noise rms), both after a 4th-order 3 kHz
high-pass at 48 kHz. The noise is taken where the folded beat is quietest. At most 48 beats are looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from heartwright.listen import filters
from heartwright.records import Floats

RATE_HZ = 48_000
CUT_HZ = 3000.0
MOST_BEATS = 48
_SETTLE_S = 2e-3  # the filter's start is thrown away


@dataclass(frozen=True, slots=True)
class Level:
    """SNR [dB] and where in the beat it is quiet: seconds after the beat's reference, start and end."""

    snr_db: float
    quiet_s: tuple[float, float]


def quiet_stretch(axis_s: Floats, fold: Floats, beat_s: float) -> tuple[float, float]:
    """The tenth of a beat (5 ms or more) where the fold of both sides is quietest [s after the reference]."""
    step = axis_s[1] - axis_s[0]
    width = max(3, int(max(0.1 * beat_s, 5e-3) / step))
    total = fold.sum(axis=0)
    if len(total) <= width:
        return float(axis_s[0]), float(axis_s[-1])
    sums = np.convolve(total, np.ones(width), "valid")
    k = int(np.argmin(sums))
    return float(axis_s[k]), float(axis_s[k + width - 1])


def measure(samples: Floats, rate_hz: float, time_s: Floats, axis_s: Floats, fold: Floats, beat_s: float) -> Level:
    """SNR of the beats at `time_s` of cleaned samples."""
    quiet = quiet_stretch(axis_s, fold, beat_s)
    chosen = time_s[np.unique(np.linspace(0, len(time_s) - 1, MOST_BEATS).astype(np.int64))]
    ratio = Fraction(RATE_HZ / rate_hz).limit_denominator(1000)
    kernel = filters.butter(4, CUT_HZ, "high", rate_hz=RATE_HZ)
    begin, size = float(axis_s[0]) - _SETTLE_S, int((float(axis_s[-1] - axis_s[0]) + _SETTLE_S) * rate_hz)
    first = ((chosen + begin) * rate_hz).astype(np.int64)
    first = first[(first >= 0) & (first + size <= len(samples))]
    if not len(first) or size < 2:
        return Level(float("nan"), quiet)
    rows = np.asarray(np.lib.stride_tricks.sliding_window_view(samples, size)[first], dtype=np.float32)
    if ratio != 1:
        rows = np.array([filters.resample(row, ratio.numerator, ratio.denominator) for row in rows])
    high = np.abs(filters.apply(kernel, rows, axis=1))
    clock = np.arange(high.shape[1]) / RATE_HZ + begin
    still = (clock >= quiet[0]) & (clock <= quiet[1])
    if not still.any():
        return Level(float("nan"), quiet)
    peaks = high[:, int(np.argmax(clock >= axis_s[0])) :].max(axis=1)
    powers = np.mean(high[:, still] ** 2, axis=1)
    if np.median(powers) <= 0.0:
        return Level(float("nan"), quiet)
    return Level(float(20 * np.log10(np.median(peaks) / np.sqrt(np.median(powers)))), quiet)
