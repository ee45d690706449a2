"""The smooth part of a spectrum: what a line must stand out of, and how well that is known where few bins tell it.

A floor is that of a memory and noise (`colour`) times what the take has beside: a curve whose logarithm is zero but for
a scatter that reaches over two knots (Matern 3/2), drawn in straight pieces between knots that stand each half as far
again as the one before until they are a twelfth of the band apart. Both are found together by Whittle's likelihood (a
generalised linear model with gamma errors and logarithmic link). How much there is beside is not assumed: for scatters
from 3 % to a factor of seven the likelihood integrated over all curves (Laplace's way) says how well each is borne out,
and floors and the variances of their logarithms are averaged by that. Where memory and noise are all there is, few
numbers tell the floor and it is known well; where they are not, no more is claimed than the bins nearby tell.

The same curve whitens a series: of all filters with its inverse as power the one that looks back only (minimum phase,
by the cepstrum: Oppenheim & Schafer 1975, chapter 10), as an autoregression would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen.periods import colour
from heartwright.records import Floats, Ints

LOWEST = 3  # bins below hold what drifts
HIGHEST = 0.48  # cycles a beat: what is faster belongs to the beat error
_APART = 1.5  # a knot's distance from zero over that of the one before
_BAND, _LEAST = 12, 8.0  # knots stand at most so manieth of the bins apart, but so many bins at least
_SCATTERS = (0.03, 0.12, 0.5, 2.0)  # of the logarithm beside memory and noise
_REACH = 2.0  # knots
_CELLS = 16  # bins are taken together over so manieth of their distance from zero
_LINE = 7.0  # a bin so many times above the floor is a line
_SHORT = 1.0 - _LINE * np.exp(-_LINE) / (1.0 - np.exp(-_LINE))  # mean of an exponential law that ends there
_TURNS, _STEPS = 4, 30


@dataclass(frozen=True, slots=True)
class Smooth:
    """A floor at the bins of a series' FFT and the variance of its logarithm there."""

    level: Floats
    doubt: Floats

    def freedom(self, bins: Floats) -> Floats:
        """Degrees of freedom of a chi-squared law that is known no better than the floor at `bins`."""
        return 2.0 / np.asarray(np.interp(bins, np.arange(len(self.doubt)), self.doubt))


@dataclass(frozen=True, slots=True)
class _Bins:
    """Cells of a periodogram: mean power and number of their bins [n], sines, and shares of the knots [n, n_knot]."""

    power: Floats
    number: Floats
    sine: Floats
    hats: Floats

    def logarithm(self, told: Floats) -> Floats:
        return np.asarray(colour.logarithm(told[:4], self.sine) + self.hats @ told[4:])

    def slopes(self, told: Floats) -> Floats:
        return np.hstack([colour.slopes(told[:4], self.sine), self.hats])

    def likely(self, told: Floats) -> float:
        logs = self.logarithm(told)
        return -float(np.sum(self.number * (logs + self.power * np.exp(-logs))))

    def within(self, cell: Ints, asked: np.ndarray) -> _Bins:
        """Means over the bins of each cell that are asked."""
        number = np.bincount(cell[asked], minlength=int(cell[-1]) + 1).astype(np.float64)
        there = number > 0.0

        def mean(values: Floats) -> Floats:
            return np.asarray(np.bincount(cell[asked], values[asked], len(number))[there] / number[there])

        hats = np.stack([mean(column) for column in self.hats.T], axis=1)
        return _Bins(mean(self.power), number[there], mean(self.sine), hats)


def smooth(power: Floats, leave: Ints) -> Smooth:
    """The floor of a periodogram [n // 2 + 1] of noise of all colours; bins `leave` are not asked."""
    last = len(power) - 1
    knots = _knots(last)
    bins = np.maximum(np.arange(last + 1), LOWEST)
    every = _Bins(np.maximum(power, 1e-300), np.ones(last + 1), colour.sines(bins, last), _hats(bins, knots))
    cell = _cells(last)
    asked = np.ones(last + 1, dtype=bool)
    asked[:LOWEST] = asked[int(2.0 * HIGHEST * last) + 1 :] = False
    asked[leave[(leave >= 0) & (leave <= last)]] = False
    own = every.within(cell, asked)
    told = np.r_[colour.begin(own.power, own.number, own.sine), np.zeros(len(knots))]
    logs = doubt = np.zeros(0)
    for _turn in range(_TURNS):
        logs, doubt, told = _averaged(own, every, told)
        kept = asked & (power < _LINE * np.exp(logs))
        if np.array_equal(kept, asked):
            break
        asked = kept
        own = every.within(cell, asked)
    return Smooth(np.exp(logs) / _SHORT, doubt)


def _averaged(own: _Bins, every: _Bins, told: Floats) -> tuple[Floats, Floats, Floats]:
    """The logarithm of the floor at every bin, its variance, and the parameters of what is borne out best."""
    evidence, logs, doubts, tolds = [], [], [], []
    for memory, within in colour.MEMORIES:
        middle = np.r_[told[0], colour.corner(memory), told[2:4], np.zeros(len(told) - 4)]
        at = told
        for scatter in _SCATTERS:
            prior = _prior(len(told) - 4, within, scatter)
            at, gram = _likeliest(own, middle, prior, at)
            volume = np.linalg.slogdet(prior)[1] - np.linalg.slogdet(gram)[1]
            evidence.append(own.likely(at) - 0.5 * float((at - middle) @ prior @ (at - middle)) + 0.5 * volume)
            slopes = every.slopes(at)
            logs.append(every.logarithm(at))
            doubts.append(np.einsum("ij,ij->i", slopes @ np.linalg.inv(gram), slopes))
            tolds.append(at)
    weight = np.exp(np.array(evidence) - max(evidence))
    weight /= weight.sum()
    mean = weight @ np.array(logs)
    doubt = weight @ (np.array(doubts) + (np.array(logs) - mean) ** 2)
    return mean, doubt, tolds[int(np.argmax(evidence))]


def _likeliest(own: _Bins, middle: Floats, prior: Floats, told: Floats) -> tuple[Floats, Floats]:
    """The likeliest parameters by Fisher's scoring from `told` on, and the inverse of their covariance."""

    def worth(at: Floats) -> float:
        return own.likely(at) - 0.5 * float((at - middle) @ prior @ (at - middle))

    have = worth(told)
    for _step in range(_STEPS):
        slopes = own.slopes(told)
        over = own.number * (own.power * np.exp(-own.logarithm(told)) - 1.0)
        gram = slopes.T @ (own.number[:, None] * slopes) + prior
        step = np.linalg.solve(gram, slopes.T @ over - prior @ (told - middle))
        step *= min(1.0, 2.0 / float(np.abs(step).max() + 1e-12))
        while (now := worth(told + step)) < have and float(np.abs(step).max()) > 1e-4:
            step *= 0.5
        if now < have + 1e-3:
            break
        told, have = told + step, now
    slopes = own.slopes(told)
    return told, np.asarray(slopes.T @ (own.number[:, None] * slopes) + prior)


def _prior(knots: int, within: float, scatter: float) -> Floats:
    """Inverse covariance of the four parameters of the colour and of what is beside, at the knots."""
    apart = np.sqrt(3.0) / _REACH * np.abs(np.subtract.outer(np.arange(knots), np.arange(knots)))
    cover = scatter**2 * ((1.0 + apart) * np.exp(-apart) + 1e-6 * np.eye(knots))
    out = np.zeros((knots + 4, knots + 4))
    out[:4, :4] = np.diag([colour.LOOSE**-2, within**-2, colour.LOOSE**-2, colour.LOOSE**-2])
    out[4:, 4:] = np.linalg.inv(cover)
    return out


def whitened(level: Floats, series: Floats) -> Floats:
    """A series [n] or columns [n, m] whose spectrum is `level` [n // 2 + 1], made white by a filter that looks back."""
    n = len(series)
    bins = 0.5 * np.arange(n + 1)  # room for the filter behind the series
    cepstrum = np.fft.irfft(-0.5 * np.interp(bins, np.arange(len(level)), np.log(level)), 2 * n)
    cepstrum[1:n] *= 2.0
    cepstrum[n + 1 :] = 0.0
    response = np.exp(np.fft.rfft(cepstrum))
    columns = series.reshape(n, -1)
    return np.asarray(np.fft.irfft(np.fft.rfft(columns, 2 * n, axis=0) * response[:, None], 2 * n, axis=0)[:n]).reshape(
        series.shape
    )


def _cells(last: int) -> Ints:
    """Cell of each bin: single ones near zero, a sixteenth of their distance from it wide beyond."""
    first = [0]
    while first[-1] <= last:
        first.append(first[-1] + max(1, first[-1] // _CELLS))
    return np.asarray(np.searchsorted(first, np.arange(last + 1), side="right") - 1)


def _knots(last: int) -> Floats:
    """Bins from `LOWEST` to beyond the last."""
    most = max(last / _BAND, _LEAST)
    out = [float(LOWEST)]
    while out[-1] < last:
        out.append(out[-1] + min((_APART - 1.0) * out[-1], most))
    return np.array(out)


def _hats(bins: Ints, knots: Floats) -> Floats:
    """Shares of the knots on either side of each bin, [n_bin, n_knot]."""
    left = np.clip(np.searchsorted(knots, bins, side="right") - 1, 0, len(knots) - 2)
    share = (bins - knots[left]) / (knots[left + 1] - knots[left])
    out = np.zeros((len(bins), len(knots)))
    row = np.arange(len(bins))
    out[row, left], out[row, left + 1] = 1.0 - share, share
    return out
