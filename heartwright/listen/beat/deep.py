"""Beats that only the fold of the whole take shows.

Why: a comb of the autocorrelation gathers the noise of all blocks, the fold only that of those where a beat sounds, and
of a slow pendulum those are few. But a fold needs a period exact to a block in the take, and there are too many of
those to try. So the highest places of the comb, though none stands out, are tried one by one.
"""

from __future__ import annotations

import numpy as np

from heartwright.listen.beat import cycle, pulse
from heartwright.listen.beat.onsets import Singles
from heartwright.records import Floats

PLACES = 64  # of the comb that are tried
LAGS_S = 20.0
NEAR = np.arange(-1.0, 1.01, 0.5)  # periods tried about each, in blocks over the comb's longest lag
CLEAR_Z = 8.5  # white and pink noise and clicks alone reach 5.9, speech-like noise 8.5 (40 takes of 40 s)
FEWEST = 16  # cycles of a fold: of fewer, a few syllables stand out as a beat would


def find(strength: Singles, block_rate_hz: float, bph: float | None = None) -> pulse.Pulse | None:
    """The pulse whose fold stands out most; its `z` is that of the fold's highest place. None where none does."""
    most = int(pulse.SHARE * len(strength))
    bounds = pulse.bounds(block_rate_hz, most)
    if bounds is None or not np.any(strength):
        return None
    comb = pulse.Comb.of(strength, most)
    longest = min(int(LAGS_S * block_rate_hz), most)
    period = np.exp(np.arange(np.log(bounds[0]), np.log(bounds[1]), 1.5 / longest))
    period = period[period * FEWEST < len(strength)]
    if len(period) < 3:
        return None
    height = np.where(pulse.allowed(period / block_rate_hz, bph), comb.height(period, longest), -np.inf)
    top = np.flatnonzero((height[1:-1] >= height[:-2]) & (height[1:-1] > height[2:]) & np.isfinite(height[1:-1])) + 1
    top = top[np.argsort(-height[top])][:PLACES]
    tried: Floats = (period[top][:, None] * (1.0 + NEAR / longest)).ravel()
    if not len(tried):
        return None
    double = strength.astype(np.float64)
    shown = np.array([stands_out(double, float(p)) for p in tried])
    best = int(np.argmax(shown))
    return pulse.counted(strength, block_rate_hz, float(tried[best]), float(shown[best]), bph)


def stands_out(strength: Floats, period: float) -> float:
    """Highest place of the fold of `strength` (float64) at `period` [blocks], in sigmas of a fold of noise."""
    bins = max(24, int(period))
    place = cycle.place(len(strength), period, bins)
    count = np.maximum(np.bincount(place, minlength=bins), 1)
    beat = np.bincount(place, weights=strength, minlength=bins) / np.sqrt(count)
    middle = float(np.median(beat))
    return (float(beat.max()) - middle) / (1.4826 * float(np.median(np.abs(beat - middle))) or np.inf)
