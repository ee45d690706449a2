"""Whether what repeats does so at every third turn only.

A faint beat, its noise and some luck make a comb of a third of its period stand out a little: of three teeth one holds
the beat. Of three turns one then holds it all; where each turn is a beat, or both of an oscillation, all three hold as
much of it. (Halves are weighed in `odds`, where a beat of each side may differ.)
"""

from __future__ import annotations

import numpy as np

from heartwright.listen.beat import cycle
from heartwright.listen.beat.onsets import Singles

STANDS = 1.5  # sigmas of the fold that a block of the beat's filter stands out by
# What the fuller of the two others holds, as a share of the fullest: where each turn is a beat 0.81 and more in 70 made
# takes of 3 dB (speech and clicks among them), where one in three is 0.22.
EMPTY = 0.5


def alone(strength: Singles, period: float) -> bool:
    """Whether of three turns of `period` [blocks] one alone holds a beat."""
    bins = max(24, int(period))
    place = cycle.place(len(strength), 3.0 * period, 3 * bins)
    count = np.maximum(np.bincount(place, minlength=3 * bins), 1)
    turns = (np.bincount(place, weights=strength, minlength=3 * bins) / np.sqrt(count)).reshape(3, bins)
    beat = turns.sum(axis=0)
    beat = np.convolve(np.concatenate([beat[-1:], beat, beat[:1]]), [0.25, 0.5, 0.25], "valid")
    beat -= np.median(beat)
    kernel = np.maximum(beat - STANDS * 1.4826 * float(np.median(np.abs(beat))), 0.0)
    held = np.sort((turns - np.median(turns, axis=1, keepdims=True)) @ kernel)
    return bool(held[1] < EMPTY * held[2])
