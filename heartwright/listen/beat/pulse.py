"""The beat's period, found without being told and never snapped to a list.

Aim: the period of one full oscillation (two beats) and where within it the second beat falls, from the whole take at
once: at 0 dB no single beat can be heard, three hundred together can. Method: the autocorrelation of the onset strength
summed over a comb of all multiples of a trial period up to a longest lag, in units of its own scatter; first with lags
up to 6 s, with longer ones where that is not clear, then sharpened on ever longer lags. Of equal length a comb has the
more teeth the shorter its period, so multiples of the true period score less by the root of the factor, and parts of
it less still.

The comb's period holds one beat or two; `odds` weighs which. All onsets of one beat lie within a quarter of the
oscillation, those of two beats further apart (a beat error of nearly half a beat).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import fft, ifft, irfft, next_fast_len, rfft

from heartwright.listen import filters
from heartwright.listen.beat import odds
from heartwright.listen.beat.onsets import Singles
from heartwright.records import Floats

SLOWEST_BPH, FASTEST_BPH = 1800.0, 72000.0
LAGS_S = (6.0, 20.0)
CLEAR_Z = 14.0  # beyond, short lags are enough to begin with
KERNEL = np.array([0.25, 0.5, 0.5, 0.5, 0.25])  # over neighbouring lags: beats scatter by a millisecond
SHARE = 0.7  # longest lag as a share of the take
ROWS = 256  # of the table that an onset strength is transformed in
FEW = 64  # periods up to which all teeth of their combs are looked up at once


@dataclass(frozen=True, slots=True)
class Pulse:
    """Two beats [s], the interval from a beat of the first side to the next of the other [s], and how sure.

    `zero_s` is the time of a beat of the first side; `z` the comb's height over its scatter (noise alone reaches 5.7 in
    a take of 40 s); `counts` the beats an hour that the comb's period could mean, each with its probability; `comb_s`
    that period [s].
    """

    period_s: float
    first_s: float
    zero_s: float
    z: float
    counts: tuple[tuple[float, float], ...] = ()
    comb_s: float = 0.0


def autocorrelation(strength: Singles, lags: int) -> tuple[Floats, Floats]:
    """Sum of products at lags 0..lags, and the number of products, both shape [lags + 1].

    By transforms of the columns and rows of a table of `ROWS` rows, which cost two thirds of one of its whole length
    (Gentleman & Sande 1966); the spectrum's order does not matter to its power.
    """
    count = len(strength)
    width = next_fast_len(-(-(count + lags) // ROWS))
    table = np.zeros((ROWS, width), np.float32)
    table.ravel()[:count] = strength
    step = np.float32(-2.0 * np.pi / table.size) * np.arange(ROWS // 2 + 1, dtype=np.float32)
    phase = np.multiply.outer(step, np.arange(width, dtype=np.float32))
    turn = np.empty(phase.shape, np.complex64)
    np.cos(phase, out=turn.real)
    np.sin(phase, out=turn.imag)
    spectrum = fft(rfft(table, axis=0) * turn, axis=1, overwrite_x=True)
    columns = ifft(spectrum.real**2 + spectrum.imag**2, axis=1) * np.conj(turn)
    total = np.asarray(irfft(columns, ROWS, axis=0).ravel()[: lags + 1], dtype=np.float64)
    return total, count - np.arange(lags + 1.0)


@dataclass(frozen=True, slots=True)
class Comb:
    """Smoothed autocorrelation by lag [blocks], the products behind each lag, and the scatter of one product."""

    sums: Floats
    products: Floats
    scatter: float

    @classmethod
    def of(cls, strength: Singles, lags: int) -> Comb:
        """From an onset strength."""
        sums, products = autocorrelation(strength, lags)
        sums = np.convolve(sums, KERNEL, "same")
        each = sums[16:] / np.sqrt(products[16:])
        return cls(sums, products, filters.mad(each) or 1e-12)

    def height(self, period: Floats, longest: int) -> Floats:
        """Height of the comb at each of rising periods [blocks], over its scatter; lags up to `longest` [blocks]."""
        longest = min(longest, len(self.sums) - 1)
        most = int(longest / period[0])
        if most < 1:
            return np.zeros(len(period))
        teeth = np.arange(1, most + 1)
        ends = np.searchsorted(period, longest / teeth, side="right")
        count = most - np.cumsum(np.bincount(ends, minlength=len(period)))[: len(period)]  # teeth of each period
        weight = count * (self.products[0] - 0.5 * (count + 1) * period) + 1e-9
        if len(period) <= FEW:
            at = np.minimum(teeth[:, None] * period + 0.5, longest).astype(np.intp)
            total = np.where(np.arange(len(period)) < ends[:, None], self.sums[at], 0.0).sum(axis=0)
        else:
            total, place = np.zeros(len(period)), np.full(len(period), 0.5)
            for end in ends.tolist():  # tooth after tooth
                place[:end] += period[:end]
                total[:end] += self.sums.take(place[:end].astype(np.intp), mode="clip")
        return np.asarray(total / np.sqrt(weight) / self.scatter)


def find(
    strength: Singles,
    block_rate_hz: float,
    bph: float | None = None,
    *,
    lags_s: tuple[float, ...] = LAGS_S,
    least_z: float = 0.0,
) -> Pulse | None:
    """The pulse of an onset strength, or None where it shows none of at least `least_z`.

    `bph`, if told, narrows the search to +-5 %; `lags_s` are the longest lags of the combs tried [s].
    """
    most = int(SHARE * len(strength))
    ends = bounds(block_rate_hz, most)
    if ends is None or not np.any(strength):
        return None
    low, high = ends
    comb = Comb.of(strength, most)
    best, z, longest = 0.0, 0.0, 0
    for longest_s in lags_s:
        longest = min(int(longest_s * block_rate_hz), most)
        period = np.exp(np.arange(np.log(low), np.log(high), 1.5 / longest))
        inside = allowed(period / block_rate_hz, bph)
        if not inside.any():
            return None
        height = np.where(inside, comb.height(period, longest), -np.inf)
        best, z = float(period[int(np.argmax(height))]), float(height.max())
        if z > CLEAR_Z or longest == most:
            break
    best, z = _sharpen(comb, best, z, longest, most)
    return counted(strength, block_rate_hz, best, z, bph) if z >= least_z else None


def bounds(block_rate_hz: float, most: int) -> tuple[float, float] | None:
    """Shortest and longest period of a comb with lags up to `most` [blocks], None where there is no room."""
    low, high = 3600.0 / FASTEST_BPH * block_rate_hz, min(7200.0 / SLOWEST_BPH * block_rate_hz, most / 1.05)
    return (low, high) if high > low else None


def allowed(period_s: Floats, bph: float | None) -> np.ndarray:
    """Which periods of a comb may be those of a clock told to beat `bph` an hour, or twice that; None: all."""
    if bph is None:
        return np.ones(len(period_s), dtype=bool)
    told = 3600.0 / bph
    return (np.abs(period_s / told - 1) < 0.05) | (np.abs(period_s / told - 2) < 0.1)


def _sharpen(comb: Comb, period: float, z: float, longest: int, most: int) -> tuple[float, float]:
    """The period on combs of ever longer lags, as far as they grow higher (a clock that drifts ends that)."""
    while longest < most:
        further = min(2 * longest, most)
        near = period * (1.0 + np.arange(-2.0, 2.01, 0.25) / longest)
        height = comb.height(near, further)
        if height.max() < z:
            break
        period, z, longest = float(near[int(np.argmax(height))]), float(height.max()), further
    near = period * (1.0 + np.arange(-1.0, 1.01, 0.1) / longest)
    height = np.maximum(comb.height(near, longest), 0.0)
    weight = np.where(height > 0.8 * height.max(), height, 0.0)
    return float((near @ weight) / weight.sum()), z


def counted(
    strength: Singles,
    block_rate_hz: float,
    period: float,
    z: float,
    bph: float | None,
    weighed: tuple[float, float] | None = None,
) -> Pulse:
    """The pulse whose comb has its height at `period` [blocks]: one beat, or both of an oscillation.

    `weighed` are log odds of the second and its place where they are known better than from `strength` alone.
    """
    zero, place, two = odds.second_beat(strength, block_rate_hz, period)
    if weighed is not None:
        two, place = float(1.0 / (1.0 + np.exp(-weighed[0]))), weighed[1]
    seconds = period / block_rate_hz
    if bph is not None:
        two = float(abs(seconds * bph / 3600.0 - 2.0) < 0.2)
    elif 2.0 * seconds > 7200.0 / SLOWEST_BPH:
        two = 1.0
    elif seconds < 0.99 * 7200.0 / FASTEST_BPH:
        two = 0.0
    zero_s = (zero + 1.0) / block_rate_hz  # a block is centred on its end
    counts = ((7200.0 / seconds, two), (3600.0 / seconds, 1.0 - two))
    if two >= 0.5:
        return Pulse(seconds, place * seconds, zero_s, z, counts, seconds)
    return Pulse(2.0 * seconds, seconds, zero_s, z, counts[::-1], seconds)
