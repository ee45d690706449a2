"""Beats too faint to be heard one by one, timed all the same.

Aim: a time for every beat whose error is plain noise, so that whatever is fitted to the times, and the scatter left of
it, is as good and as honest as if each beat had been heard. Method: the slope of the filter's answer where the beat is
expected, over the mean curvature of all beats there, is how late the beat is, in the first order (one step of Fisher's
scoring). It is linear in the sound: nothing is sought, so nothing is drawn to a chance peak or to the expectation. What
the beats have in common (phase, period, beat error) is moved until they are late by nothing on average.

The filter of the even oscillations is the fold of the odd ones and the other way round: a filter that holds the very
noise that it meets would call the beats sharper than they are. Both sides share it, so that its shape does not enter
the beat error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from heartwright.listen.beat.onsets import Singles
from heartwright.records import Floats, Ints

STANDS = 1.5  # sigmas of the fold that a block of the filter stands out by
WIDTH = 3  # blocks over which the filter is smoothed
TURNS = 6
LEAST_SIGMAS = 2.5  # of the curvature: below it there is no beat to be timed


class Matcher(Protocol):
    """What answers to a filter whose block `lead` is laid on each block of the take."""

    def matched(self, kernel: Floats, lead: int) -> Singles:
        """Answer at every block."""


@dataclass(frozen=True, slots=True)
class Faint:
    """Moment [blocks] and answer of every beat, shape [n], the moments' scatter, and all beats over the noise."""

    at: Floats
    sigma: float
    answer: Floats
    evidence: float


def late(answer: Singles, at: Floats) -> tuple[Floats, Floats, Floats]:
    """Value, slope and curvature of `answer` at the moments `at` [blocks], by the parabola through three blocks."""
    near = np.clip(np.round(at).astype(np.int64), 1, len(answer) - 2)
    part = at - near
    a, b, c = (answer[near + k].astype(np.float64) for k in (-1, 0, 1))
    bend = a - 2.0 * b + c
    return b + part * (0.5 * (c - a) + 0.5 * part * bend), 0.5 * (c - a) + part * bend, bend


def kernel(strength: Singles, at: Floats, lead: int, tail: int) -> Floats:
    """Filter from the fold of the beats at `at` [blocks], shape [lead + tail + 1]."""
    padded = np.pad(strength, (lead + 1, tail + 2))
    index = np.clip(np.round(at).astype(np.int64), 0, len(strength) - 1)
    mean = padded[index[:, None] + np.arange(lead + tail + 3)].mean(axis=0)
    smooth = np.hanning(WIDTH + 2)[1:-1]
    mean = np.convolve(mean, smooth / smooth.sum(), "valid")
    level = mean - np.median(mean)
    noise = 1.4826 * float(np.median(np.abs(level)))
    return np.asarray(np.maximum(level - STANDS * noise, 0.0))


def time(spectrum: Matcher, strength: Singles, at: Floats, side: Ints, reach: tuple[int, int]) -> Faint | None:
    """Times of the beats expected at `at` [blocks]; None where all of them together do not stand out."""
    number = np.arange(len(at))
    half = ((number + side) // 2) % 2
    design = np.stack([np.ones(len(at)), number - number.mean(), side - 0.5], axis=1)
    at = at.copy()
    for turn in range(TURNS):
        value, slope, bend = (np.zeros(len(at)) for _ in range(3))
        curved, noise = np.zeros(len(at)), np.zeros(2)
        for h in range(2):
            mine = half == h
            answer = spectrum.matched(kernel(strength, at[~mine], *reach), reach[0])
            noise[h] = 1.4826 * float(np.median(np.abs(answer - np.median(answer)))) or 1e-12
            value[mine], slope[mine], bend[mine] = (v / noise[h] for v in late(answer, at[mine]))
            curved[mine] = -float(bend[mine].mean())
        sure = float(bend.std()) / np.sqrt(len(at))
        if curved.min() <= 0.0 or curved.mean() < LEAST_SIGMAS * sure:
            return None
        off = slope / curved
        found = np.linalg.lstsq(design, off, rcond=None)[0]
        step = np.clip(design @ found, -1.5, 1.5)
        if turn == TURNS - 1 or np.abs(step).max() < 0.02:
            break
        at += step
    rest = off - design @ found
    sigma = float(np.sqrt(rest @ rest / max(len(at) - 3, 1)))
    return Faint(at + off, sigma, value, float(value.sum() / np.sqrt(len(at))))
