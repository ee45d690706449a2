"""Lines in a series of beats: is there a period, and how often would chance show one?

A series (times of the beats, or their swing) wanders, so that its spectrum is far from flat. It is whitened by an
autoregression (Yule-Walker), what sticks out of the innovations is clipped, and the power at a period's own frequencies
is set against a floor taken from its neighbours: the mean of the lower nine tenths of some hundred of them. The mean
ratio over H harmonics follows an F law of 2 H and about 2 n degrees under chance (schuster1898, with an estimated
floor; summed harmonics as in the Z-squared test of buccheri1983). The index of a series is the number of the
beat, never the row: a beat that was not heard is a gap, not a shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from heartwright.records import Floats, Ints

_CLIP = 3.5  # robust sigmas beyond which an innovation is clipped
_TRIM = 0.9  # share of the neighbours, from the lowest, that the floor is the mean of
_TRIM_MEAN = 0.7441  # what that mean is for exponential powers of mean one
_ORDER = 48
# Near zero the autoregression leaves more than the floor says, by 10 to 20 % at ten cycles in the take (simulated).
_UNSURE = 1.5
_SLOW, _SLOW_BINS = 5, 3
_NEAR = 4
_HALF, _LINE = 7, 6.0  # a bin so many times above its surroundings is a line, not noise
_LEAST, _MOST = 24, 120  # neighbours on either side, by the length of the series


@dataclass(slots=True)
class White:
    """A whitened series of unit scatter, gaps at zero, and the floor of its spectrum at the frequencies of its FFT."""

    values: Floats
    floor: Floats

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the floor, where it rests on the fewest neighbours."""
        return 2.0 * _TRIM * min(2 * _LEAST + 1, len(self.floor) - _SLOW_BINS)

    def ratio(self, frequency: Floats, wave: Floats | None = None) -> Floats:
        """Power over the floor at `frequency` [cycles a beat], mean 1 under chance; `wave`: its `waves`, if at hand."""
        basis = waves(self.count, frequency) if wave is None else wave
        both = self.values @ basis
        power = (both[: len(frequency)] ** 2 + both[len(frequency) :] ** 2) / self.count
        return np.asarray(power / np.interp(frequency * self.count, np.arange(len(self.floor)), self.floor))

    def without(self, wave: Floats) -> White:
        """The series with its part along `wave` (as of `waves`) taken out."""
        return of_white(_less(self.values, wave))


def whiten(series: Floats, *, walks: bool = False, beside: Floats | None = None) -> White | None:
    """Whiten a series with NaN for gaps; None where too few beats are there or nothing varies.

    `walks`: its steps are what is steady (the time of a beat adds up all rates before), so they are whitened. `beside`:
    frequencies [cycles a beat] that the autoregression must not learn, lest it whiten away what is looked for.
    """
    heard = np.isfinite(series)
    n = len(series)
    if heard.sum() < max(60, n // 2):
        return None
    index = np.arange(n)
    y = np.interp(index, index[heard], series[heard])
    if walks:
        y = np.diff(y, prepend=2.0 * y[0] - y[1])
        heard = heard & np.r_[True, heard[:-1]]
    y = _clipped(_less(y, _slow(n)), 8.0)
    if not np.any(y):
        return None
    out = np.unique(np.round(n * np.asarray(() if beside is None else beside)).astype(np.int64))
    found = _foretold(y, _weights(y, int(np.clip(n // 25, 2, _ORDER)), out))
    found[~heard] = 0.0
    found = _clipped(found, _CLIP)
    return of_white(found / (float(np.std(found[heard])) or 1.0))


def _slow(n: int) -> Floats:
    """Level, and cosines of up to two cycles in the take: what drifts, columns [n, 5]."""
    return np.asarray(np.cos(np.pi * np.outer(np.arange(n) + 0.5, np.arange(_SLOW)) / n))


def waves(n: int, frequency: Floats) -> Floats:
    """Cosines and sines at frequencies [cycles a beat], columns [n, 2 n_frequency]."""
    angle = 2.0 * np.pi * np.outer(np.arange(n), frequency)
    return np.hstack([np.cos(angle), np.sin(angle)])


def _less(values: Floats, basis: Floats) -> Floats:
    """Values less their fit by a basis [n, m]; columns that say the same are taken once."""
    gram = basis.T @ basis
    gram[np.diag_indices_from(gram)] *= 1.0 + 1e-9
    return np.asarray(values - basis @ np.linalg.solve(gram, basis.T @ values))


def of_white(values: Floats) -> White:
    """A white series with the floor of its spectrum."""
    power = np.abs(np.fft.rfft(values)) ** 2 / len(values)
    last = len(power) - 1
    most = int(min(np.clip(len(values) // 50, _LEAST, _MOST), (last - _SLOW_BINS) // 2))
    centres, floors = [], []
    at = float(_SLOW_BINS)
    while at < last:
        half = int(np.clip(at, min(_LEAST, most), most))
        first = int(np.clip(at - half, _SLOW_BINS, last - 2 * half))
        near = power[first : first + 2 * half + 1]
        keep = max(1, int(_TRIM * len(near)))
        centres.append(at)
        floors.append(float(np.partition(near, keep - 1)[:keep].mean()) / _TRIM_MEAN)
        at += max(4.0, 0.25 * half)
    bins = np.arange(len(power))
    floor = np.interp(bins, centres, floors) * (1.0 + _UNSURE / np.maximum(bins, 1))
    return White(values, np.maximum(floor, 1e-12))


def chance(total: Floats | float, harmonics: Floats | int, freedom: float) -> Floats:
    """How often chance makes the sum of ratios over so many harmonics as large as `total`."""
    return np.asarray(fdtrc(2.0 * np.asarray(harmonics), freedom, np.asarray(total) / np.asarray(harmonics)))


def _clipped(values: Floats, sigmas: float) -> Floats:
    """Values held within so many robust sigmas of their median."""
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle)))
    if spread <= 0.0:
        spread = float(np.std(values)) or 1.0
    return np.clip(values, middle - sigmas * spread, middle + sigmas * spread) - middle


def _weights(y: Floats, order: int, leave: Ints) -> Floats:
    """The autoregression of that order (Yule-Walker), from a periodogram whose bins `leave` are as their neighbours.

    So are the lowest: a drift is not of the noise.
    """
    n = len(y)
    power = np.abs(np.fft.rfft(y * _taper(n))) ** 2
    kept = np.ones(len(power), dtype=bool)
    kept[:_SLOW_BINS] = False
    kept[_SLOW_BINS:] = power[_SLOW_BINS:] < _LINE * _about(power[_SLOW_BINS:])
    for shift in (-1, 0, 1):
        at = leave + shift
        kept[at[(at >= 0) & (at < len(power))]] = False
    good, bins = np.flatnonzero(kept), np.arange(len(power))
    # mean of the nearest bins that are kept, four on either side
    right = np.clip(np.searchsorted(good, bins[~kept]), _NEAR, len(good) - _NEAR)
    total = np.concatenate([[0.0], np.cumsum(power[good])])
    power[~kept] = (total[right + _NEAR] - total[right - _NEAR]) / (2 * _NEAR)
    lag = np.fft.irfft(power, n)[: order + 1]
    lag[0] *= 1.0 + 1e-9
    return np.asarray(np.linalg.solve(lag[np.abs(np.subtract.outer(np.arange(order), np.arange(order)))], lag[1:]))


def _about(power: Floats) -> Floats:
    """What each bin's surroundings hold: the running median of 15 bins, as a mean."""
    padded = np.pad(power, _HALF, mode="reflect") if len(power) > _HALF else np.pad(power, _HALF, mode="edge")
    rows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _HALF + 1)
    return np.asarray(np.median(rows, axis=1) / np.log(2.0))


def _taper(n: int) -> Floats:
    """One, with a tenth at either end fading as a cosine."""
    edge = max(1, n // 10)
    fade = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    return np.r_[fade, np.ones(n - 2 * edge), fade[::-1]]


def _foretold(y: Floats, weights: Floats) -> Floats:
    """What the autoregression does not foresee; the first values are foreseen by their mean."""
    out = y - np.convolve(np.r_[0.0, y], np.r_[0.0, weights])[1 : len(y) + 1]
    out[: len(weights)] = 0.0
    return np.asarray(out)
