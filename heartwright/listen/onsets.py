"""From sound to onset strength: what every later step of listening stands on.

Aim: a slow signal that rises where something strikes, whatever the loudness of the take, and is blind to what is not a
tick (hum, speech, the 20-200 Hz of a pump). Method: causal 4th-order high-pass, energy in blocks of half a millisecond,
logarithm over the take's own floor, rectified rise over a few blocks (the log-energy novelty of Klapuri 1999).
Conventions: times in seconds from the first sample; block k covers `[k, k + 1) * hop` samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from heartwright.records import Floats, Recording

HIGH_PASS_HZ = 1000.0  # below every tick, two octaves above every pump sound
SNR_HIGH_PASS_HZ = 3000.0  # the SNR's definition
BLOCK_S = 0.5e-3


@dataclass(frozen=True, slots=True)
class Onsets:
    """Onset strength of a take.

    `energy` is the mean square per block, `strength` the rectified rise of its logarithm, both shape [n_block];
    `filtered` the high-passed samples, shape [n].
    """

    filtered: Floats
    rate_hz: float
    energy: Floats
    strength: Floats
    block_rate_hz: float
    floor: float


def clean(recording: Recording) -> Floats:
    """Samples as finite floats without their mean, NaN and infinities set to zero [full scale +-1]."""
    samples = np.asarray(recording.samples, dtype=np.float64).ravel()
    if not len(samples):
        return samples
    finite = np.isfinite(samples)
    if not finite.all():
        samples = np.where(finite, samples, 0.0)
    return samples - samples.mean()


def high_pass(samples: Floats, rate_hz: float, cut_hz: float) -> Floats:
    """Causal 4th-order Butterworth high-pass; a cut above 0.4 of the rate is lowered to that (8 kHz takes)."""
    cut = min(cut_hz, 0.4 * rate_hz)
    return np.asarray(sosfilt(butter(4, cut, "high", fs=rate_hz, output="sos"), samples))


def find(samples: Floats, rate_hz: float) -> Onsets:
    """Onset strength of cleaned samples."""
    filtered = high_pass(samples, rate_hz, HIGH_PASS_HZ)
    hop = max(1, round(BLOCK_S * rate_hz))
    n_block = len(filtered) // hop
    blocks = filtered[: n_block * hop].reshape(n_block, hop)
    energy = np.einsum("ij,ij->i", blocks, blocks) / hop
    floor = noise_floor(energy)
    return Onsets(filtered, rate_hz, energy, rise(energy, floor), rate_hz / hop, floor)


def noise_floor(energy: Floats) -> float:
    """Mean square of the quiet between the beats: the lower quartile, digital silence left out."""
    loud = energy[energy > 1e-6 * energy.max()] if len(energy) else energy
    return float(np.quantile(loud, 0.25)) if len(loud) else 0.0


def rise(energy: Floats, floor: float) -> Floats:
    """Rectified rise of log(1 + energy/floor) against the mean of the 3 ms before, shape [n_block]."""
    if floor <= 0.0 or len(energy) < 16:
        return np.zeros(len(energy))
    level = np.log1p(energy / floor)
    before = 6
    total = np.concatenate(([0.0], np.cumsum(level)))
    past = np.empty_like(level)
    past[before:] = (total[before:-1] - total[: -before - 1]) / before
    past[:before] = level[:before]
    return np.maximum(level - past, 0.0)


def smooth(values: Floats, width: int) -> Floats:
    """Hann-weighted running mean over `width` blocks (odd), same length."""
    if width <= 1:
        return values
    kernel = np.hanning(width + 2)[1:-1]
    return np.convolve(values, kernel / kernel.sum(), "same")


def longest_gap(mask: NDArray[np.bool_]) -> int:
    """Length of the longest run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
