"""The microphone: its low corner, its self-noise, and the signal-to-noise ratio of the field.

SNR here and everywhere in heartwright: 20 log10(median over beats of the peak of the beat's loudest sound / rms of the
noise), both after a fourth-order 3 kHz high-pass at 48 kHz.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import signal

from heartwright.records import Floats

SNR_RATE_HZ = 48_000
SNR_HIGHPASS_HZ = 3_000.0


def above_3_khz(sound: Floats, rate_hz: float) -> Floats:
    """`sound` [n] at 48 kHz behind a fourth-order 3 kHz high-pass."""
    ratio = Fraction(SNR_RATE_HZ / rate_hz).limit_denominator(1000)
    if ratio != 1:
        sound = signal.resample_poly(sound, ratio.numerator, ratio.denominator)
    high: Floats = signal.sosfilt(signal.butter(4, SNR_HIGHPASS_HZ, "highpass", fs=SNR_RATE_HZ, output="sos"), sound)
    return high


def median_peak(high: Floats, edges_s: Floats) -> float:
    """Median over beats of the peak of `high` (at 48 kHz); beats lie between successive `edges_s`."""
    edges = np.unique(np.clip(np.round(edges_s * SNR_RATE_HZ).astype(np.int64), 0, len(high)))
    if len(edges) < 2:
        return 0.0
    peaks = np.maximum.reduceat(np.abs(high[: edges[-1]]), edges[:-1])
    return float(np.median(peaks))


def low_corner(sound: Floats, low_hz: float, rate_hz: float) -> Floats:
    """`sound` behind the microphone's second-order low corner."""
    heard: Floats = signal.sosfilt(signal.butter(2, low_hz, "highpass", fs=rate_hz, output="sos"), sound)
    return heard


def self_noise(n: int, *, corner_hz: float, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Noise [n] that is white above `corner_hz` (rms 1 there) and rises by about 3 dB an octave below it, to 20 Hz.

    Pink noise is made as a sum of low-passed white noise with corners two octaves apart.
    """
    white = rng.standard_normal(n, dtype=np.float32)
    octaves = int(max(0.0, np.log2(corner_hz / 20.0)) // 2)
    corners = corner_hz * 4.0 ** -np.arange(octaves + 1)
    poles = np.exp(-2.0 * np.pi * corners / rate_hz)
    weights = 2.0 ** np.arange(octaves + 1, dtype=np.float64)
    out = np.empty(n)
    _colour(white, poles, weights, out)
    return out


@njit(cache=True)
def _colour(white: NDArray[np.float32], poles: Floats, weights: Floats, out: Floats) -> None:
    """out [n] = white + sum_k weights[k] * one-pole low-pass of white with pole poles[k]."""
    state = np.zeros(poles.shape[0])
    for i in range(out.shape[0]):
        total = white[i]
        for k in range(poles.shape[0]):
            state[k] += (1.0 - poles[k]) * (white[i] - state[k])
            total += weights[k] * state[k]
        out[i] = total


class Hiss:
    """The same noise without an end; rms 1 where it is white."""

    def __init__(self, *, corner_hz: float, rate_hz: float, rng: np.random.Generator) -> None:
        octaves = int(max(0.0, np.log2(corner_hz / 20.0)) // 2)
        self.poles = np.exp(-2.0 * np.pi * corner_hz * 4.0 ** -np.arange(octaves + 1) / rate_hz)
        self.state = np.zeros(octaves + 1)
        self.rate_hz, self.rng = rate_hz, rng

    def take(self, n: int) -> Floats:
        """The next `n` samples."""
        white = self.rng.standard_normal(n, dtype=np.float32).astype(np.float64)
        out = white.copy()
        for k, pole in enumerate(self.poles):
            low, state = signal.lfilter([1.0 - pole], [1.0, -pole], white, zi=self.state[k : k + 1])
            self.state[k] = state[0]
            out += 2.0**k * low
        return out

    def rms_above_3_khz(self) -> float:
        """What the SNR is defined by, of a second of it from a fixed seed."""
        second = Hiss(corner_hz=1.0, rate_hz=self.rate_hz, rng=np.random.default_rng(0))
        second.poles, second.state = self.poles, np.zeros(len(self.poles))
        return float(np.sqrt(np.mean(above_3_khz(second.take(round(self.rate_hz)), self.rate_hz) ** 2)))
