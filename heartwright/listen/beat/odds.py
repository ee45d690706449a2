"""One beat or two in the period: the count weighed.

The take is folded over a period at which it repeats, odd and even cycles apart. What stands out there once is one beat,
so that the oscillation is twice the period; what stands out twice, more than a quarter apart, is both beats of one
oscillation. The beat of the even cycles is the filter for the odd ones and the other way round, so that its own noise
does not flatter it. Odds: a second beat of 0.1 to 1.3 of the first's strength, near the middle of the period rather
than far from it (beat errors of a tenth of the oscillation are common in clocks on a wall, of a quarter just possible),
against none; the fold's noise is its own scatter, and clutter (other sounds, an echo) of 0.03 of the first beat. And a
period of one beat alternates: its even cycles are one pallet's, its odd ones the other's.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, rfft

from heartwright.listen import filters
from heartwright.listen.beat import cycle
from heartwright.listen.beat.onsets import Singles
from heartwright.records import Floats

NEAREST, ALIKE_NEAREST = 0.37, 0.27  # two beats lie this share of the oscillation apart, or this if they sound alike
ALIKE = (0.85, 1.18)  # how strong the second then is against the first
SECOND = np.geomspace(0.1, 1.3, 40)  # strength of the second beat, as a share of the first's
USUAL, RANGE = 0.7, 0.5  # its middle and its one-sigma range (log)
UNLIKE = 0.3  # one-sigma difference of strength between the two beats of an oscillation, as a share
ALTERNATES = (-1.5, 6.0)  # bounds of what their alternation may say (log)
CLUTTER = 0.03
FLANK = 0.06  # what stands this near to something higher is a sound of the same beat [oscillations]
OUT_OF_BEAT, ANYWHERE = 0.06, 0.3  # one sigma of the second beat's place [oscillations], and the share drawn evenly
BEFORE, AFTER = 0.1, 0.14  # reach of one beat round its loudest moment [oscillations]
WIDTH_S = 2.7e-3  # a beat is looked for with a window this wide
STANDS = 1.5  # sigmas of the fold that a block of the beat's filter stands out by


def fold(strength: Singles, period: float, bins: int) -> Floats:
    """Mean strength over even and odd cycles of `period` [blocks], over its own noise (unit scatter), shape [2, bins].

    Bin 0 begins at block 0.
    """
    index = cycle.place(len(strength), 2.0 * period, 2 * bins)
    count = np.maximum(np.bincount(index, minlength=2 * bins), 1)
    return (np.bincount(index, weights=strength, minlength=2 * bins) / np.sqrt(count)).reshape(2, bins)


def second_beat(strength: Singles, block_rate_hz: float, period: float) -> tuple[float, float, float]:
    """(place of the first beat [blocks], second beat's place after it [share of the period], its probability)."""
    bins = max(24, int(period))
    halves = fold(strength, period, bins)
    halves -= np.median(halves, axis=1, keepdims=True)
    width = max(1, round(WIDTH_S * block_rate_hz * bins / period)) | 1
    top = loudest(halves, width)
    matched = answers(np.roll(halves, -top, axis=1), width)
    a, b = int(np.ceil(ALIKE_NEAREST * bins)), int((1.0 - ALIKE_NEAREST) * bins)
    place = np.arange(a, b + 1) / bins
    noise = filters.mad(matched) or 1e-12
    unit = float(np.hypot(noise, CLUTTER * matched[0]))
    stands, first = of_its_own(matched, a, b) / unit, max(float(matched[0]) / unit, 0.0)
    prior = place_prior(place)
    second = first * SECOND[:, None]
    usual = np.exp(-0.5 * (np.log(SECOND / USUAL) / RANGE) ** 2)
    ratio = usual / usual.sum() @ np.exp(np.minimum(second * stands - 0.5 * second**2, 300.0)) * prior
    total = float(ratio.sum()) * float(np.exp(-_alternation(np.roll(halves, -top, axis=1), width)))
    return (top + 0.5) * period / bins, float(place[int(np.argmax(ratio))]), total / (1.0 + total)


def loudest(halves: Floats, width: int) -> int:
    """Bin where the beat is loudest."""
    return int(np.argmax(_around(halves.sum(axis=0), np.ones(width))))


def place_prior(place: Floats) -> Floats:
    """How likely the second beat is at each place [share of the period], of sum 1."""
    near = np.exp(-0.5 * ((place - 0.5) / OUT_OF_BEAT) ** 2)
    return np.asarray((1.0 - ANYWHERE) * near / near.sum() + ANYWHERE / len(place))


def of_its_own(matched: Floats, a: int, b: int) -> Floats:
    """`matched` from bin a to b, without what only is the flank of something higher or further from the middle.

    Beyond `NEAREST` a second beat is believed only as the like of the first.
    """
    bins = len(matched)
    middle = slice(int(np.ceil(NEAREST * bins)), int((1.0 - NEAREST) * bins) + 1)
    flank = max(1, int(FLANK * bins))
    out = matched.copy()
    for part, outside in (
        (slice(middle.start, middle.start + flank), matched[max(middle.start - flank, 1) : middle.start]),
        (slice(middle.stop - flank, middle.stop), matched[middle.stop : middle.stop + flank]),
    ):
        edge = matched[part]
        out[part] = np.where(edge < outside.max(), np.minimum(edge, 0.0), edge)
    far = np.ones(bins, dtype=bool)
    far[middle] = False
    alike = (matched > ALIKE[0] * matched[0]) & (matched < ALIKE[1] * matched[0])
    out[far & ~alike] = np.minimum(out[far & ~alike], 0.0)
    return out[a : b + 1]


def _around(values: Floats, kernel: Floats) -> Floats:
    """Circular convolution with a centred kernel of odd length, along the last axis."""
    half = len(kernel) // 2
    wide = np.concatenate([values[-half:], values, values[:half]]) if half else values
    return np.convolve(wide, kernel, "valid")


def beat_of(half: Floats, width: int) -> Floats:
    """The filter that one half makes, its beat at bin 0; shape [bins]."""
    bins = len(half)
    inside = np.zeros(bins, dtype=bool)
    inside[: int(AFTER * bins)] = True
    inside[bins - int(BEFORE * bins) :] = True
    soft = _around(half, np.hanning(width + 2)[1:-1])
    noise = filters.mad(soft) or 1e-12
    return np.asarray(np.where(inside, np.maximum(soft - STANDS * noise, 0.0), 0.0))


def answers(halves: Floats, width: int) -> Floats:
    """Each half, its first beat at bin 0, against the beat of the other half; shape [bins]."""
    total = np.zeros(halves.shape[1])
    for mine, other in ((0, 1), (1, 0)):
        total += irfft(rfft(halves[mine]) * np.conj(rfft(beat_of(halves[other], width))), len(total))
    return total


def _alternation(halves: Floats, width: int) -> float:
    """Log likelihood ratio that even and odd cycles are two kinds of beat, from how strong each is."""
    soft = np.array([_around(half, np.hanning(width + 2)[1:-1]) for half in halves])
    beat = soft.sum(axis=0)
    near = np.r_[0 : int(AFTER * len(beat)), len(beat) - int(BEFORE * len(beat)) : len(beat)]
    noise = filters.mad(beat) or 1e-12
    kernel = np.zeros(len(beat))
    kernel[near] = np.maximum(beat[near] - STANDS * noise, 0.0)
    answer = irfft(rfft(halves, axis=1) * np.conj(rfft(kernel)), len(beat), axis=1)
    scatter = filters.mad(answer.ravel()) or 1e-12
    even, odd = answer[:, 0] / scatter
    apart, expected = float(even - odd) / np.sqrt(2.0), UNLIKE * max(float(even + odd), 0.0) / np.sqrt(2.0)
    wide = 1.0 + expected**2
    return float(np.clip(0.5 * apart**2 * (1.0 - 1.0 / wide) - 0.5 * np.log(wide), *ALTERNATES))
