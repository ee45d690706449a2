"""A series without gaps and wild values: what was not heard is put where its neighbours have it.

A faint sound may be taken for another part of its beat, on one side of a lever more than on the other. The series is
seen as a level that walks from beat to beat, what drifts beside it, and the errors of each side. All are found by turns
as the likeliest under errors with the tails of a t law (lange1989): wild values, and a side that errs much, then hardly
weigh. What is heard is held within 3.5 sigmas of the errors of the better side, what is not is put on the level. What
a wheel makes recur must be no part of what values are held about: what chance makes recur would then stand out.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solveh_banded

from heartwright.records import Floats

_HELD = 3.5  # sigmas of its side's errors
_TAILS = 4.0  # degrees of freedom of the t law
_TURNS = 4
_NEAR = 7  # beats on either side whose median a level begins at
_APART = (2, 16)  # beats: steps of one side that tell how a level walks
_LEAST_WALK = 1e-4  # of the variance of steps
_LEAST_ERROR = 0.01  # of the variance of the other side's errors
_MOST_OWN = 0.9  # share of a value in its own level
_NOTHING = 1e-9  # of the mean square: the least variance of an error
_FEWEST = 8  # values that tell a variance


def whole(series: Floats, basis: Floats) -> Floats:
    """A series [n] with NaN for gaps, made whole; `basis` [n, m] is what drifts beside its level."""
    n = len(series)
    heard = np.isfinite(series)
    if not np.any(series[heard]):
        return np.zeros(n)
    values = np.interp(np.arange(n), np.flatnonzero(heard), series[heard])
    there, least = _median(values), _NOTHING * float(np.mean(values**2))
    known, reach, own = np.zeros(n), np.inf, np.zeros(2)
    for _turn in range(_TURNS):
        error = np.array([_variance((values - there)[side::2][heard[side::2]]) for side in range(2)]) / (1.0 - own)
        error = np.maximum(error, max(_LEAST_ERROR * float(error.max()), least))
        variance = error[np.arange(n) % 2]
        weight = heard * (_TAILS + 1.0) / (_TAILS + (values - there) ** 2 / variance) / variance
        level = there - known
        known = _fit(values - level, weight, basis)
        reach = _HELD * float(np.sqrt(error.min()))
        walk = _walk(np.where(heard, np.clip(values - known, level - reach, level + reach), np.nan))
        own = _own(1.0 / error, walk)
        level = _level(values - known, weight, walk)
        there = known + level
    return np.asarray(np.where(heard, np.clip(values, there - reach, there + reach), there))


def _median(values: Floats) -> Floats:
    """The running median."""
    half = min(_NEAR, len(values) - 1)
    padded = np.pad(values, half, mode="reflect")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1))


def _fit(values: Floats, weight: Floats, basis: Floats) -> Floats:
    """The fit of values by a basis, weighed."""
    own = basis * weight[:, None]
    gram = basis.T @ own
    gram[np.diag_indices_from(gram)] *= 1.0 + 1e-9
    return np.asarray(basis @ np.linalg.solve(gram, own.T @ values))


def _level(values: Floats, weight: Floats, walk: float) -> Floats:
    """The likeliest level of values, each of a variance of 1 / weight, that walks by `walk` a beat [variance]."""
    bands = np.zeros((2, len(values)))
    bands[0, 1:] = -1.0 / walk
    bands[1] = weight + 2.0 * (1.0 + 1e-9) / walk
    bands[1, [0, -1]] -= 1.0 / walk
    return np.asarray(solveh_banded(bands, weight * values))


def _own(weight: Floats, walk: float) -> Floats:
    """The share that a value of either side has in its own level (of beats without end, their weights by turns)."""
    mean = float(np.mean(weight))
    return np.minimum(weight / np.sqrt(mean**2 + 4.0 * mean / walk), _MOST_OWN)


def _walk(values: Floats) -> float:
    """Variance of the level's step from beat to beat: errors weigh alike in steps over two beats and over sixteen."""
    near, far = (_variance(values[apart:] - values[:-apart]) for apart in _APART)
    return max((far - near) / (_APART[1] - _APART[0]), _LEAST_WALK * (far or float(np.nanvar(values)) or 1.0))


def _variance(values: Floats) -> float:
    """Robust variance; zero where there are few values."""
    known = values[np.isfinite(values)]
    if len(known) < _FEWEST:
        return 0.0
    return float((1.4826 * np.median(np.abs(known - np.median(known)))) ** 2)
