"""Lines in a series of beats: is there a period, and how often would chance show one?

A series (times of the beats, or their swing) wanders, so that its spectrum is far from flat. It is made whole: gaps and
wild values lie where their neighbours have them (`whole`). Where lines may be is known and set aside, the smooth rest
of the spectrum is measured and whitens the series (`floor`), what sticks out of the innovations is clipped, and the
power at a period's own frequencies is set against what is left of the floor there.
The mean ratio over H harmonics follows an F law of 2 H degrees under chance (schuster1898; summed harmonics as in the
Z-squared test of buccheri1983), and of as many more as the floor itself is known by: near zero few bins tell it. The
index of a series is the number of the beat, never the row: a beat that was not heard is a gap, not a shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import fdtrc

from heartwright.listen.periods.floor import Smooth, smooth, whitened
from heartwright.listen.periods.whole import whole
from heartwright.records import Floats

_CLIP = 3.5  # robust sigmas beyond which an innovation is clipped
_SLOW = 5
_SLOWEST = 2.2  # cycles in the take below which a wave is one of what drifts
_BESIDE = 0.75  # bins from a line within which the floor does not learn
_MOST_LEFT = 0.25  # bins of lines [of the beats] beyond which too few are left to tell the floor (half of them)


@dataclass(frozen=True, slots=True)
class White:
    """A whitened series of unit scatter, gaps filled, and the floor of its spectrum at the frequencies of its FFT."""

    values: Floats
    smooth: Smooth

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def floor(self) -> Floats:
        return self.smooth.level

    def freedom(self, frequency: Floats) -> Floats:
        """Degrees of freedom of the floor at `frequency` [cycles a beat]."""
        return self.smooth.freedom(frequency * self.count)

    def ratio(self, frequency: Floats, wave: Floats | None = None) -> Floats:
        """Power over the floor at `frequency` [cycles a beat], mean 1 under chance; `wave`: its `waves`, if at hand."""
        basis = waves(self.count, frequency) if wave is None else wave
        both = self.values @ basis
        power = (both[: len(frequency)] ** 2 + both[len(frequency) :] ** 2) / self.count
        return np.asarray(power / np.interp(frequency * self.count, np.arange(len(self.floor)), self.floor))

    def without(self, wave: Floats) -> White:
        """The series with its part along `wave` (as of `waves`) taken out; its floor never held it."""
        return White(_less(self.values, wave), self.smooth)


def whiten(series: Floats, *, walks: bool = False, beside: Floats | None = None) -> White | None:
    """Whiten a series [n] with NaN for gaps; None where too few beats are there or nothing varies.

    `walks`: its steps are what is steady (the time of a beat adds up all rates before), so they are whitened. `beside`:
    frequencies [cycles a beat] that the floor must not learn, lest it whiten away what is looked for.
    """
    heard = np.isfinite(series)
    n = len(series)
    if heard.sum() < max(60, n // 2):
        return None
    known = np.unique(np.asarray(() if beside is None else beside, dtype=np.float64))
    known = known[known * n > _SLOWEST]
    near = np.floor(n * known)[:, None] + np.arange(2)
    leave = np.unique(near[np.abs(near - n * known[:, None]) < _BESIDE].astype(np.int64))
    if len(leave) > _MOST_LEFT * n:
        known, leave = known[:0], leave[:0]
    slow, lines = _slow(n), waves(n, known)
    drifts = np.hstack([slow, slow * _sides(n)])
    y = whole(series, drifts)
    if walks:
        y = np.diff(y, prepend=2.0 * y[0] - y[1])
    y = _clipped(_less(y, drifts), 8.0)
    if not np.any(y):
        return None
    level = smooth(_power(_less(y, np.hstack([drifts, lines])) * _taper(n)), leave).level
    found = _clipped(whitened(level, y), _CLIP)
    found = _less(found / (float(np.std(found)) or 1.0), whitened(level, drifts))
    again = smooth(_power(_less(found, lines)) * level, leave)
    return White(found, Smooth(again.level / level, again.doubt))


def _power(values: Floats) -> Floats:
    """Their periodogram, of mean one a bin for white noise of unit scatter (a taper takes of that)."""
    return np.asarray(np.abs(np.fft.rfft(values)) ** 2 / len(values))


def _slow(n: int) -> Floats:
    """Level, and cosines of up to two cycles in the take: what drifts, columns [n, 5]."""
    return np.asarray(np.cos(np.pi * np.outer(np.arange(n) + 0.5, np.arange(_SLOW)) / n))


def _sides(n: int) -> Floats:
    """One and minus one by turns, [n, 1]."""
    return np.where(np.arange(n) % 2 == 0, 1.0, -1.0)[:, None]


def waves(n: int, frequency: Floats) -> Floats:
    """Cosines and sines at frequencies [cycles a beat], columns [n, 2 n_frequency]."""
    angle = 2.0 * np.pi * np.outer(np.arange(n), frequency)
    return np.hstack([np.cos(angle), np.sin(angle)])


def _less(values: Floats, basis: Floats) -> Floats:
    """Values less their fit by a basis [n, m]; columns that say the same are taken once."""
    gram = basis.T @ basis
    gram[np.diag_indices_from(gram)] *= 1.0 + 1e-9
    return np.asarray(values - basis @ np.linalg.solve(gram, basis.T @ values))


def chance(total: Floats | float, harmonics: Floats | int, freedom: Floats | float) -> Floats:
    """How often chance makes the sum of ratios over so many harmonics as large as `total`."""
    return np.asarray(fdtrc(2.0 * np.asarray(harmonics), freedom, np.asarray(total) / np.asarray(harmonics)))


def _clipped(values: Floats, sigmas: float) -> Floats:
    """Values held within so many robust sigmas of their median."""
    middle = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - middle)))
    if spread <= 0.0:
        spread = float(np.std(values)) or 1.0
    return np.clip(values, middle - sigmas * spread, middle + sigmas * spread) - middle


def _taper(n: int) -> Floats:
    """One, with a tenth at either end fading as a cosine."""
    edge = max(1, n // 10)
    fade = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    return np.r_[fade, np.ones(n - 2 * edge), fade[::-1]]
