"""One beat or two in the period, asked of every band by itself.

Two pallets strike the same case, but each excites its modes in a mixture of its own: what is loud in a band on one side
may be all but silent there on the other. So a second beat is sought in each band with its own strength, and the even
and odd cycles of a period that holds one beat differ band by band and block by block (a beat error moves them apart as
well), where those of a period that holds both beats differ by noise alone.

All of it is in logarithms of energies over their floor, so that a knock counts little more than a beat. What swells in
all bands at once (speech) makes one witness of them; by as much as it does, the onset strength of all together, which
is cut at a typical tick, is asked as well (`odds`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, rfft

from heartwright.listen.beat import cycle, odds, onsets
from heartwright.listen.beat.onsets import Singles
from heartwright.records import Floats

UNLIKE = np.array([0.1, 0.2, 0.4, 0.8])  # relative difference of the two sides in a cell, one sigma
UNLIKE_SHARE = np.array([0.05, 0.15, 0.4, 0.4])  # how often sides are that unlike
STANDS = 3.0  # sigmas from which a cell of the fold belongs to the beat
LEVEL = np.geomspace(0.3, 1.4, 5)  # strength of the second beat in all bands, as a share of the first's
USUAL, RANGE = 0.7, 0.4  # its middle and its one-sigma range (log)
SHARE = np.geomspace(0.02, 4.0, 18)  # and what a band adds of its own
BAND_RANGE = 0.9
LEAST = 0.06  # a second beat may be heard where the first is not: as this share of the first in its loudest band
ALTERNATES = (-3.0, 12.0)  # bounds of what that may say (log): sides may be alike, and a fault may alternate too
CUT = 4.0  # sigmas of the noise beyond which something is no noise
SPREAD = 1.5  # the largest eigenvalue that independent bands show
MOST_WHOLE = 12.0  # log odds of all bands' strength beyond which nothing is added
MOST = 300.0  # log likelihood beyond which nothing is added


@dataclass(frozen=True, slots=True)
class Folds:
    """Mean log energy over even and odd cycles, and the variance of one cycle's about it.

    `mean` has shape [n_band, 2, n_bin], `variance` [n_band, n_bin], `cycles` (how many were averaged) [2, n_bin].
    """

    mean: Floats
    variance: Floats
    cycles: Floats

    @classmethod
    def of(cls, bands: Singles, block_rate_hz: float, period: float) -> Folds:
        """Fold `bands` [n_block, n_band] at `period` [blocks]."""
        bins = max(24, int(period))
        place = cycle.place(len(bands), 2.0 * period, 2 * bins)
        count = np.maximum(np.bincount(place, minlength=2 * bins), 1).astype(np.float64)
        local = int(onsets.LOCAL_S * block_rate_hz) | 1
        level = [row - onsets.local_mean(row, local) for row in np.log1p(bands.T)]
        sums = np.array([np.bincount(place, row, 2 * bins) for row in level])
        squares = np.array([np.bincount(place, row * row, 2 * bins) for row in level])
        within = (squares - sums**2 / count).reshape(len(sums), 2, bins).sum(axis=1)
        cycles = count.reshape(2, bins)
        mean = (sums / count).reshape(len(sums), 2, bins)
        mean -= np.median(mean, axis=2, keepdims=True)
        return cls(mean, within / np.maximum(cycles.sum(axis=0) - 2.0, 1.0), cycles)


def two_beats(bands: Singles, strength: Singles, block_rate_hz: float, period: float) -> tuple[float, float]:
    """Log odds that `period` [blocks] holds both beats of an oscillation and not one, and the second's place in it.

    The place is that after the first beat, as a share of the period.
    """
    folds = Folds.of(bands, block_rate_hz, period)
    gain, place, alone = second(folds, strength, block_rate_hz, period)
    two = float(np.clip(odds.second_beat(strength, block_rate_hz, period)[2], 1e-12, 1.0 - 1e-12))
    whole = float(np.clip(np.log(two / (1.0 - two)), -MOST_WHOLE, MOST_WHOLE))
    return gain - float(np.clip(alternation(folds), *ALTERNATES)) + (1.0 - alone) * whole, place


def alternation(folds: Folds) -> float:
    """Log likelihood ratio that even and odd cycles are two kinds of beat, against that they differ by noise.

    The noise of a cell is what its cycles scatter by, or what the cells without a beat differ by, whichever is more.
    """
    weight = 1.0 / folds.cycles[0] + 1.0 / folds.cycles[1]
    mean = folds.mean.mean(axis=1)
    soft = _softened(mean)
    scatter = 1.4826 * np.median(np.abs(soft - np.median(soft, axis=1, keepdims=True)), axis=1, keepdims=True)
    beat = soft > STANDS * scatter
    apart = (folds.mean[:, 0] - folds.mean[:, 1]) / np.sqrt(weight)
    still = np.maximum((~beat).sum(axis=1, keepdims=True), 1)
    usual = np.sum(np.where(beat, 0.0, apart**2), axis=1, keepdims=True) / still
    noise = np.maximum(np.maximum(usual, folds.variance), 1e-12)
    square = (apart**2 / noise)[beat]
    loud = (np.maximum(soft, 0.0) ** 2 / (weight * noise))[beat]
    more = (2.0 * UNLIKE[:, None]) ** 2 * loud
    gain = 0.5 * np.sum(square * more / (1.0 + more) - np.log1p(more), axis=1)
    rest = np.where(beat, 0.0, apart / np.sqrt(noise))
    return _log_mean(_alone(rest) * gain, UNLIKE_SHARE)


def second(folds: Folds, strength: Singles, block_rate_hz: float, period: float) -> tuple[float, float, float]:
    """Log likelihood ratio of a second beat somewhere in the period against none, its likeliest place, and what share
    of independent bands' worth the bands had."""
    halves = odds.fold(strength, period, folds.mean.shape[2])
    halves -= np.median(halves, axis=1, keepdims=True)
    bins = halves.shape[1]
    width = max(1, round(odds.WIDTH_S * block_rate_hz * bins / period)) | 1
    top = odds.loudest(halves, width)
    halves = np.roll(halves, -top, axis=1)
    a, b = int(np.ceil(odds.ALIKE_NEAREST * bins)), int((1.0 - odds.ALIKE_NEAREST) * bins)
    whole = odds.answers(halves, width)
    aside = odds.of_its_own(whole, a, b) != whole[a : b + 1]
    answer = _answers(np.roll(folds.mean, -top, axis=2), halves, width)
    noise = 1.4826 * np.median(np.abs(answer - np.median(answer, axis=1, keepdims=True)), axis=1)
    first = np.maximum(answer[:, 0], 0.0)
    unit = np.maximum(np.hypot(noise, odds.CLUTTER * first), 1e-12)
    uneven = _unevenness(np.roll(folds.variance, -top, axis=1), halves, width)[:, a : b + 1]
    stands = answer[:, a : b + 1] / np.maximum(unit[:, None], noise[:, None] * uneven)
    stands = np.where(aside, np.minimum(stands, 0.0), stands)
    place = np.arange(a, b + 1) / bins
    alone = _alone(stands)
    gain = alone * _gain(stands, first / unit)
    prior = odds.place_prior(place)
    return _log_mean(gain, prior), float(place[int(np.argmax(gain + np.log(prior)))]), alone


def _gain(stands: Floats, first: Floats) -> Floats:
    """Log likelihood ratio of a second beat at each place, of answers in sigmas [n_band, n_place]; shape [n_place]."""
    expected = np.maximum(first, LEAST * first.max())
    usual = np.exp(-0.5 * (np.log(LEVEL / USUAL) / RANGE) ** 2)
    own = np.exp(-0.5 * (np.log(SHARE) / BAND_RANGE) ** 2)
    total = np.zeros((len(LEVEL), stands.shape[1]))
    for row, most in zip(stands, expected, strict=True):
        for k, level in enumerate(LEVEL):
            second = level * SHARE[:, None] * most
            gain = np.minimum(second * row - 0.5 * second**2, MOST)
            total[k] += np.log(own / own.sum() @ np.exp(gain))
    top = total.max(axis=0)
    return np.asarray(top + np.log(usual / usual.sum() @ np.exp(total - top)))


def _answers(folded: Floats, halves: Floats, width: int) -> Floats:
    """Each band's even and odd cycles against the beat of the other half, shape [n_band, bins]."""
    bins = halves.shape[1]
    out = np.zeros((len(folded), bins))
    for mine, other in ((0, 1), (1, 0)):
        out += irfft(rfft(folded[:, mine], axis=1) * np.conj(rfft(odds.beat_of(halves[other], width))), bins, axis=1)
    return out


def _unevenness(variance: Floats, halves: Floats, width: int) -> Floats:
    """How much more a band's answer at a place scatters from cycle to cycle than usual, [n_band, bins].

    A beat comes in every cycle. A few knocks that fall on one place raise its mean as a beat does, but its scatter too.
    """
    kernel = np.sum([odds.beat_of(half, width) ** 2 for half in halves], axis=0)
    square = irfft(rfft(variance, axis=1) * np.conj(rfft(kernel)), variance.shape[1], axis=1)
    usual = np.maximum(np.median(square, axis=1, keepdims=True), 1e-30)
    return np.asarray(np.sqrt(np.maximum(square / usual, 1.0)))


def _alone(rows: Floats) -> float:
    """What share of independent bands' worth the bands' noise `rows` [n_band, n] (sigmas) has, 0..1.

    A syllable is loud in all bands at once, so that what all of them say is said once.
    """
    noise = rows[:, np.abs(rows).max(axis=0) < CUT]
    if noise.shape[1] <= len(rows):
        return 1.0
    return min(1.0, SPREAD / max(float(np.linalg.eigvalsh(np.cov(noise))[-1]), 1e-12))


def _softened(rows: Floats) -> Floats:
    return 0.5 * rows + 0.25 * (np.roll(rows, 1, axis=1) + np.roll(rows, -1, axis=1))


def _log_mean(gain: Floats, share: Floats) -> float:
    """Log of the mean of exp(gain), weighed by `share` of sum 1."""
    top = float(gain.max())
    return top + float(np.log(np.sum(share * np.exp(gain - top))))
