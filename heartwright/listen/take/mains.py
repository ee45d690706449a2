"""Mains hum: whether a take has it, and the take without.

Hum is a series of lines at multiples of 50 or 60 Hz that stand over every other line near them (a beat has lines of its
own). Where they do, each second of sound is fitted by them under a Hann window, by least squares, and what the windows
say in turn is taken off: a line may swell, fade and drift, and what is taken from a tick is the few hertz about each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from heartwright.listen.thin import LOW_RATE_HZ
from heartwright.records import Floats

MAINS_HZ = (50.0, 60.0)
HIGHEST_HZ = 500.0  # up to which lines are looked for
LOUD_DB, STANDS_DB, FEWEST = 20.0, 8.0, 3  # of one of the first two lines, or of so many
PIECE_S, SPAN_S = 4.0, 1.0  # of a spectrum; of a fit
REMOVED_HZ = 3000.0  # up to which lines are fitted
DRIFT = 0.005  # of the mains, as a share


@dataclass(frozen=True, slots=True)
class Hum:
    """Nominal mains [Hz], and by how much its plainest line stands over its surroundings [dB]."""

    mains_hz: float
    height_db: float


def find(low: Floats) -> Hum | None:
    """The hum of sound at 2 kHz [n]; None where there is none or the take is under 2 s."""
    size = min(len(low), round(PIECE_S * LOW_RATE_HZ))
    if size < 2 * LOW_RATE_HZ:
        return None
    frequency, power = _spectrum(low, size)
    decibel = 10.0 * np.log10(power + 1e-30)
    for mains in MAINS_HZ:
        heights = []
        for harmonic in range(1, 9):
            away = np.abs(frequency - mains * harmonic)
            line = float(np.max(decibel[away < 0.6]))
            others = decibel[(away > 1.4) & (away < 14.0)]
            heights.append(line - float(np.max(others)))
        if max(heights[:2]) > LOUD_DB or sum(h > STANDS_DB for h in heights) >= FEWEST:
            return Hum(mains, max(heights))
    return None


def without(samples: NDArray[np.float32], rate_hz: float, low: Floats, hum: Hum) -> NDArray[np.float32]:
    """`samples` [n] less the lines of `hum`; `low` is their `low_band`."""
    mains = _own(low, hum.mains_hz)
    hop = round(0.5 * SPAN_S * rate_hz)
    window = np.hanning(2 * hop + 1)[:-1].astype(np.float32)
    count = int(min(REMOVED_HZ, 0.4 * rate_hz) / mains)
    turn = 2.0 * np.pi * mains / rate_hz * np.outer(np.arange(2 * hop), np.arange(1, count + 1))
    waves = np.concatenate([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    inverse = np.linalg.inv((waves * window[:, None]).T @ waves).astype(np.float32)
    padded = np.pad(samples, (hop, 2 * hop + (-len(samples)) % hop))
    rows = np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]
    told = padded.copy()
    for k, row in enumerate(rows):
        fit = waves @ (inverse @ ((row * window) @ waves))
        told[k * hop : (k + 2) * hop] -= window * fit
    return told[hop : hop + len(samples)]


def _own(low: Floats, mains_hz: float) -> float:
    """The mains' own frequency in the take [Hz]: of the whole take's lines, each by its parabola, the plainest."""
    level = np.log(np.abs(rfft(low * np.hanning(len(low) + 1)[:-1])) + 1e-30)
    step = LOW_RATE_HZ / len(low)
    best, height = mains_hz, -np.inf
    for harmonic in range(1, int(HIGHEST_HZ / mains_hz) + 1):
        ends = (np.array([1.0 - DRIFT, 1.0 + DRIFT]) * mains_hz * harmonic / step).astype(int)
        near = level[max(ends[0], 1) : ends[1] + 2]
        top = int(np.argmax(near)) + max(int(ends[0]), 1)
        a, b, c = level[top - 1 : top + 2]
        bend = a - 2.0 * b + c
        if b + np.log(harmonic) > height and bend < 0.0:  # a higher line tells it the more finely
            best, height = (top + 0.5 * (a - c) / bend) * step / harmonic, float(b + np.log(harmonic))
    return float(best)


def _spectrum(low: Floats, size: int) -> tuple[Floats, Floats]:
    """Frequencies to 500 Hz and the median over half-overlapping pieces of their power, of sound at 2 kHz [Hz,
    arbitrary unit]."""
    pieces = np.lib.stride_tricks.sliding_window_view(low, size)[:: size - size // 2]
    pieces = ((pieces - pieces.mean(axis=1, keepdims=True)) * np.hanning(size + 1)[:-1]).astype(np.float32)
    frequency = np.fft.rfftfreq(size, 1.0 / LOW_RATE_HZ)
    frequency = frequency[frequency < HIGHEST_HZ]
    parts = rfft(pieces, axis=1)[:, : len(frequency)]
    power, count = np.sort(parts.real**2 + parts.imag**2, axis=0), len(pieces)
    middle = power[(count - 1) // 2 : count // 2 + 1].mean(axis=0)
    return np.asarray(frequency), np.asarray(middle / (LOW_RATE_HZ * size))
