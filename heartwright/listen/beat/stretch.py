"""How far a lever's sounds drift from the middle of its swing while the amplitude swells or falls.

A beat is the shorter the further the balance swings: all its sounds lie at angles of their own, so that they draw
together and apart in one proportion, the unlocking before and the lock after the middle by about as much. What keeps
time is the middle: while a slow beat's amplitude wanders by a few degrees in a take, its lock runs 1 s/d fast or slow
against it and its unlocking the other way. No single faint beat shows it, all beats together do: the trend of the
folded beat over the take is the stretch times the fold's own slope, and least squares on it give the stretch.

Conventions: times in seconds; a stretch of 0.01 means that the sounds lie 1 % further apart at the take's end than at
its beginning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen.beat.onsets import Singles
from heartwright.records import Floats, Ints

SPAN_BEATS = (0.018, 0.24)  # where the other loud sound lies, from the one timed [beats]; lift 30..60, 370..90 deg
STANDS = 2.5  # sigmas of the fold from which it is a sound
LEAST_SHARE = 0.15  # of the loudest, by which another sound is loud
IMPULSE = 0.3  # of the way from the unlocking to the lock the impulse begins
PRIOR = 0.05  # one sigma of the stretch: 12 deg of 240
DOUBT = 2.0  # the stretch is that much less sure than the noise of the fold has it: echoes and other sounds
FEWEST = 24
SLOPE = np.array([-1.0, 8.0, 0.0, -8.0, 1.0]) / 12.0  # of a sound two blocks wide a plain difference is too flat


@dataclass(frozen=True, slots=True)
class Fold:
    """Mean strength about the beats of one side, its trend over the take, and that one's variance, shape [n]."""

    mean: Floats
    trend: Floats
    variance: Floats

    @classmethod
    def of(cls, rows: Floats, turn: Floats) -> Fold:
        """From rows [n_beat, n] and where in the take each beat is [-0.5..0.5]."""
        turn = turn - turn.mean()
        mean = rows.mean(axis=0)
        square = float(turn @ turn)
        return cls(mean - float(np.median(mean)), turn @ (rows - mean) / square, rows.var(axis=0) / square)

    def sounds(self) -> Floats:
        """The mean where it stands out, elsewhere 0."""
        return np.asarray(np.where(self.mean > STANDS * 1.4826 * float(np.median(np.abs(self.mean))), self.mean, 0.0))


@dataclass(frozen=True, slots=True)
class Stretch:
    """By how much the sounds of a take's `beats` draw apart (`share`, with its one-sigma error `sigma`), and where the
    middle of the swing lies from the sound timed [s] (NaN where nothing tells)."""

    share: float
    sigma: float
    middle_s: float
    beats: int

    @property
    def drift_s(self) -> float:
        """By how much each beat the sound timed falls behind the middle of the swing [s]; 0 where nothing tells."""
        return 0.0 if np.isnan(self.middle_s) else -self.share * self.middle_s / self.beats


def told(
    strength: Singles,
    block_rate_hz: float,
    beats: tuple[Ints, Ints, Floats],
    beat_s: float,
    first_s: float | None = None,
) -> Stretch | None:
    """The stretch of a take; None of few beats.

    `beats` are numbers, sides and times [s] (NaN where not timed), `beat_s` a beat, `first_s` where the unlocking lies
    from the sound timed, which is the lock (None: both are told from the other loud sound of the fold).
    """
    timed = np.isfinite(beats[2])
    number, side, time_s = beats[0][timed], beats[1][timed], beats[2][timed]
    if min(int((side == s).sum()) for s in range(2)) < FEWEST:
        return None
    reach = int(SPAN_BEATS[1] * beat_s * block_rate_hz)
    lag = np.arange(-reach, reach + 1)
    rows = _rows(strength, time_s * block_rate_hz - 1.0, lag)
    turn = (number - number.mean()) / np.ptp(number)
    folds = [Fold.of(rows[side == s], turn[side == s]) for s in range(2)]
    middle = _middle(folds, lag, beat_s * block_rate_hz) if first_s is None else 0.5 * first_s * block_rate_hz
    middle_s = np.nan if middle is None else middle / block_rate_hz
    return Stretch(*_stretch(folds, lag), middle_s, int(np.ptp(number)))


def _rows(strength: Singles, at: Floats, lag: Ints) -> Floats:
    """Strength about moments [blocks], between blocks by the straight line, shape [n_beat, n_lag]."""
    first = np.floor(at).astype(np.int64)
    part = (at - first)[:, None]
    padded = np.pad(strength, (lag[-1] + 1, lag[-1] + 2))
    index = np.clip(first, -1, len(strength) - 1)[:, None] + lag + lag[-1] + 1
    return np.asarray(padded[index] * (1.0 - part) + padded[index + 1] * part, dtype=np.float64)


def _stretch(folds: list[Fold], lag: Ints) -> tuple[float, float]:
    """The stretch over the take and its one-sigma error, under its prior."""
    slope = [-lag * np.convolve(fold.sounds(), SLOPE, "same") for fold in folds]
    square = sum(float(g @ g) for g in slope)
    if square <= 0.0:
        return 0.0, PRIOR
    found = sum(float(g @ fold.trend) for g, fold in zip(slope, folds, strict=True)) / square
    variance = DOUBT**2 * sum(float(g**2 @ fold.variance) for g, fold in zip(slope, folds, strict=True)) / square**2
    share = PRIOR**2 / (PRIOR**2 + variance)
    return found * share, float(np.sqrt(variance * share))


def _middle(folds: list[Fold], lag: Ints, beat: float) -> float | None:
    """Where the middle of the swing lies from the sound timed [blocks], told by the other of impulse and lock; None: by
    none."""
    both = np.asarray(np.sum([fold.sounds() for fold in folds], axis=0))
    far = np.abs(lag) > max(SPAN_BEATS[0] * beat, 3.0)
    other = np.where(far, both, 0.0)
    at = int(np.argmax(other))
    if other[at] <= LEAST_SHARE * float(both[~far].max()):
        return None
    apart = float(lag[at] - lag[~far][int(np.argmax(both[~far]))])
    return abs(apart) / (1.0 - IMPULSE) * (-0.5 if apart < 0.0 else 0.5 - IMPULSE)
