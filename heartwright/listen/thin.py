"""Every n-th sample of a sound, for what is heard low: pumps, hum.

One matrix product instead of a resampler: rows of n samples meet the parts of a windowed-sinc low-pass, and what they
give is summed along the diagonals. It costs one pass over the sound.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from heartwright.listen import filters
from heartwright.records import Floats

LOW_RATE_HZ = 2_000
_HALF_ROWS = 4  # half the low-pass's length in samples of the low rate


def low_band(samples: NDArray[np.floating], rate_hz: float) -> Floats:
    """Samples without their mean at 2 kHz, whatever their rate."""
    ratio = Fraction(LOW_RATE_HZ / rate_hz).limit_denominator(2000)
    if ratio.numerator == 1:
        return thin(samples, ratio.denominator)
    return np.asarray(filters.resample(samples, ratio.numerator, ratio.denominator), dtype=np.float64)


def thin(samples: NDArray[np.floating], step: int) -> Floats:
    """Sample 0, `step`, 2 `step`, ... behind a low-pass at half the new rate (-6 dB; -70 dB at 0.8 of it), float64.

    Half a sample of the old rate early, which is nothing to what is heard so low.
    """
    taps = 2 * _HALF_ROWS * step
    place = np.arange(taps) - 0.5 * (taps - 1)
    kernel = np.sinc(place / step) * np.blackman(taps)
    parts = (kernel / kernel.sum()).reshape(2 * _HALF_ROWS, step).astype(np.float32)
    count = len(samples) // step
    met = np.asarray(samples[: count * step], dtype=np.float32).reshape(count, step) @ parts.T
    padded = np.zeros(count + 2 * _HALF_ROWS - 1)
    for j in range(2 * _HALF_ROWS):
        padded[2 * _HALF_ROWS - 1 - j :][:count] += met[:, j]
    return padded[_HALF_ROWS - 1 :][:count]
