"""The beat's period, found without being told and never snapped to a list.

Aim: the period of one full oscillation (two beats) and where within it the second beat falls. The autocorrelation of
the onset strength has its comb at the full period whatever the beat error; at the beat itself only where both sides
sound alike and the beat error is small. So the comb gives a fundamental, and the pattern inside one fundamental says
whether it holds one beat or two: the sounds of one beat lie within a third of it (amplitude >= lift), those of two
beats further apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from heartwright.listen.onsets import smooth
from heartwright.records import Floats

SLOWEST_BPH, FASTEST_BPH = 1800.0, 72000.0
SEGMENT_S = 60.0
# Two beats lie at least this share of the oscillation apart: a beat error above a quarter of the beat would need an
# offset of 0.38 of the amplitude, (2/pi) asin(d/A), and a clock that far out of beat no longer unlocks on one side.
NEAREST = 0.375


@dataclass(frozen=True, slots=True)
class Pulse:
    """Two beats [s], the interval from a beat of the first side to the next of the other [s], and how sure."""

    period_s: float
    first_s: float
    strength: float  # comb height over R(0)
    z: float  # comb height over the spread of the autocorrelation


def autocorrelation(strength: Floats, block_rate_hz: float, longest_s: float) -> Floats:
    """Unbiased autocorrelation over its zero lag, means of segments of at most a minute, up to `longest_s`."""
    size = int(SEGMENT_S * block_rate_hz)
    pieces = max(1, len(strength) // size)
    length = len(strength) // pieces
    lags = min(int(longest_s * block_rate_hz), length - 2)
    total = np.zeros(lags + 1)
    for k in range(pieces):
        piece = strength[k * length : (k + 1) * length]
        piece = piece - piece.mean()
        spectrum = rfft(piece, next_fast_len(length + lags + 1))
        total += irfft(np.abs(spectrum) ** 2)[: lags + 1] / (length - np.arange(lags + 1))
    return total / total[0] if total[0] > 0 else total


def comb(correlation: Floats, lag: Floats, teeth: int) -> Floats:
    """Mean of the correlation at 1..teeth multiples of each lag (linear interpolation), shape of `lag`."""
    total = np.zeros(len(lag))
    count = np.zeros(len(lag))
    index = np.arange(len(correlation))
    for k in range(1, teeth + 1):
        at = k * lag
        inside = at < len(correlation) - 1
        total += np.where(inside, np.interp(at, index, correlation), 0.0)
        count += inside
    return total / np.maximum(count, 1)


def find(strength: Floats, block_rate_hz: float, bph: float | None = None) -> Pulse | None:
    """The pulse of an onset strength, or None where it shows none; `bph`, if told, narrows the search to +-5 %."""
    seconds = len(strength) / block_rate_hz
    slowest = 2.0 * 3600.0 / SLOWEST_BPH
    correlation = autocorrelation(strength, block_rate_hz, min(0.8 * seconds, 2.6 * slowest))
    width = int(0.006 * block_rate_hz) | 1
    soft = smooth(correlation, width)
    low, high = 3600.0 / FASTEST_BPH, min(slowest, 0.5 * seconds)
    if high <= low:
        return None
    lag = np.exp(np.arange(np.log(low), np.log(high), 1e-3)) * block_rate_hz
    height = comb(soft, lag, 8)
    spread = float(1.4826 * np.median(np.abs(height - np.median(height)))) or 1e-12
    allowed = _allowed(lag / block_rate_hz, bph)
    if not allowed.any():
        return None
    top = float(height[allowed].max())
    z = (top - float(np.median(height))) / spread
    fundamental = _fundamental(lag, height, allowed, top)
    if fundamental is None:
        return None
    fundamental = _polish(correlation, fundamental, width)
    return _sides(correlation, soft, fundamental, block_rate_hz, bph, top, z)


def _allowed(period_s: Floats, bph: float | None) -> np.ndarray:
    if bph is None:
        return np.ones(len(period_s), dtype=bool)
    told = 3600.0 / bph
    return (np.abs(period_s / told - 1) < 0.05) | (np.abs(period_s / told - 2) < 0.1)


def _fundamental(lag: Floats, height: Floats, allowed: np.ndarray, top: float) -> float | None:
    """The smallest lag whose comb comes near the highest."""
    peak = np.zeros(len(lag), dtype=bool)
    peak[1:-1] = (height[1:-1] >= height[:-2]) & (height[1:-1] > height[2:])
    good = peak & allowed & (height >= 0.72 * top)
    return float(lag[good][0]) if good.any() and top > 0 else None


def _polish(correlation: Floats, lag: float, width: int) -> float:
    """Sharpen a lag on ever later multiples of itself."""
    k = 1
    while True:
        at = k * lag
        reach = max(2, min(width, int(0.2 * lag)))
        if at + reach + 2 >= len(correlation):
            return lag
        low = int(round(at)) - reach
        part = smooth(correlation[low : low + 2 * reach + 1], 5)
        top = int(np.argmax(part))
        if 0 < top < len(part) - 1:
            a, b, c = part[top - 1 : top + 2]
            shift = 0.5 * (a - c) / (a - 2 * b + c) if a - 2 * b + c < 0 else 0.0
            lag = (low + top + shift) / k
        k *= 2


def _sides(
    correlation: Floats, soft: Floats, lag: float, rate: float, bph: float | None, top: float, z: float
) -> Pulse:
    """Whether `lag` holds one beat or two, and where the second one falls."""
    delta = np.arange(NEAREST, 0.5005, 0.0005) * lag
    index = np.arange(len(soft))
    total, count = np.zeros(len(delta)), 0
    for k in range(0, 6):
        for at in (k * lag + delta, (k + 1) * lag - delta):
            if at.max() < len(soft) - 1:
                total += np.interp(at, index, soft)
                count += 1
    inner = total / max(count, 1)
    best = int(np.argmax(inner))
    two = inner[best] > 0.22 * top
    if bph is not None:
        two = abs(lag / rate / (3600.0 / bph) - 2) < 0.2
    if two and lag / rate <= 2 * 3600.0 / SLOWEST_BPH:
        return Pulse(lag / rate, float(delta[best]) / rate, top, z)
    return Pulse(2 * lag / rate, lag / rate, top, z)
