"""The smooth part of a spectrum: what a line must stand out of, and how well that is known where few bins tell it.

The logarithm of the spectrum is drawn in straight pieces between knots, each half as far again as the one before until
they stand a twelfth of the band apart: near zero, where a swing's memory bends the spectrum within an octave, it is
drawn finely, and few bins tell it. Powers about it follow an exponential law, so the pieces are found by its likelihood
(a generalised linear model with gamma errors and logarithmic link; Whittle 1953), bends between pieces held to what a
memory makes. The covariance of that fit says by how much the floor may be off at each bin.

The same curve whitens a series: of all filters with its inverse as power the one that looks back only (minimum phase,
by the cepstrum: Oppenheim & Schafer 1975, chapter 10), as an autoregression would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.records import Floats, Ints

LOWEST = 3  # bins below hold what drifts
_APART = 1.5  # a knot's distance from zero over that of the one before
_BAND, _LEAST = 12, 8.0  # knots stand at most so manieth of the bins apart, but so many bins at least
# A memory (a first-order autoregression) bends log S against log f by at most one at its corner, by ln(1.5)^2 a knot.
_BEND = float(np.log(_APART) ** 2)
_MISFIT = 0.15  # of the floor, where a memory bends it and noise levels it off (made series, lines set aside)
_LINE = 7.0  # a bin so many times above the floor is a line
_SHORT = 1.0 - _LINE * np.exp(-_LINE) / (1.0 - np.exp(-_LINE))  # mean of an exponential law that ends there
_TURNS, _STEPS = 3, 25
_EULER = 0.5772  # what the mean logarithm of an exponential law is below that of its mean


@dataclass(frozen=True, slots=True)
class Smooth:
    """A floor at the bins of a series' FFT and the variance of its logarithm there."""

    level: Floats
    doubt: Floats

    def freedom(self, bins: Floats) -> Floats:
        """Degrees of freedom of a chi-squared law that is known no better than the floor at `bins`."""
        return 2.0 / np.asarray(np.interp(bins, np.arange(len(self.doubt)), self.doubt))


def smooth(power: Floats, leave: Ints) -> Smooth:
    """The floor of a periodogram [n // 2 + 1] of noise of all colours; bins `leave` are not asked."""
    last = len(power) - 1
    knots = _knots(last)
    basis = _hats(np.maximum(np.arange(last + 1), LOWEST), knots)
    bends = np.diff(np.eye(len(knots)), 2, axis=0) / _BEND
    prior = bends.T @ bends + 1e-6 * np.eye(len(knots))
    asked = np.ones(last + 1, dtype=bool)
    asked[:LOWEST] = asked[-1] = False
    asked[leave[(leave >= 0) & (leave <= last)]] = False
    own = basis[asked]
    gram = np.asarray(own.T @ own + prior, dtype=np.float64)
    weight = np.asarray(np.linalg.solve(gram, own.T @ (np.log(np.maximum(power[asked], 1e-300)) + _EULER)))
    for _turn in range(_TURNS):
        weight = _likeliest(own, power[asked], gram, prior, weight)
        kept = asked & (power < _LINE * np.exp(basis @ weight))
        if np.array_equal(kept, asked):
            break
        asked, own = kept, basis[kept]
        gram = np.asarray(own.T @ own + prior, dtype=np.float64)
    doubt = np.einsum("ij,jk,ik->i", basis, np.linalg.inv(gram), basis)
    return Smooth(np.exp(basis @ weight) / _SHORT, np.asarray(doubt + _MISFIT**2))


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


def _likeliest(basis: Floats, power: Floats, gram: Floats, prior: Floats, weight: Floats) -> Floats:
    """Weights of the pieces by Fisher's scoring."""
    for _step in range(_STEPS):
        over = power * np.exp(-basis @ weight) - 1.0
        step = np.clip(np.linalg.solve(gram, basis.T @ over - prior @ weight), -1.0, 1.0)
        weight = weight + step
        if float(np.abs(step).max()) < 1e-4:
            break
    return weight


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
