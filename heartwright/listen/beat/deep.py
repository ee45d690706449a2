"""Beats that only the fold of the whole take shows.

Why: a comb of the autocorrelation gathers the noise of all blocks, the fold only that of those where a beat sounds, and
of a slow pendulum those are few. But a fold needs a period exact to a block in the take, and there are some 30,000 of
those to try. The Fourier coefficients of a fold are those of the take at the harmonics of its rate; so one transform of
the take, whitened, serves all of them, and each costs an inverse transform of one beat (as pulsars are searched for,
coherently: Ransom, Eikenberry and Middleditch 2002).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from heartwright.listen.beat import odds, pulse
from heartwright.listen.beat.onsets import Singles
from heartwright.records import Floats

SHORTEST_S, LONGEST_S = 0.2, 2.5  # periods folded; of shorter ones the comb hears as much
REACH_HZ = 250.0  # harmonics beyond it are not heard: beats ring for 2 ms
STEP = 0.6  # between trials, of the period's error that turns the highest harmonic by a cycle in the take
MOST_S = 60.0  # of a take that are searched; the period found is sharpened on the rest
WHITE_HZ = 4.0  # stretches of the spectrum that are made equally strong
BOTH_Z = 4.5  # sigmas from which the other beat of an oscillation is looked for as well
TONE = 3.5  # a coefficient that stands out further is a hum's: a faint beat spreads over hundreds
LEAST_SKEW = 0.01
ROWS = 256  # trials folded at a time
NEAR = np.arange(-0.6, 0.61, 0.15)  # the same, tried about a period that is known
CLEAR_Z, SURE_Z, PLAIN_Z = 7.0, 9.0, 12.0  # noise reaches less than the first; beyond the last no other bands are tried
FEWEST = 16  # cycles of a fold: of fewer, a few syllables stand out as a beat would


def find(strength: Singles, block_rate_hz: float, bph: float | None = None) -> pulse.Pulse | None:
    """The pulse whose fold stands out most; its `z` is that of the fold's highest place. None where none is tried."""
    head = strength[: int(MOST_S * block_rate_hz)]
    most = int(pulse.SHARE * len(head))
    ends = pulse.bounds(block_rate_hz, most)
    if ends is None or not np.any(head):
        return None
    low = max(ends[0], SHORTEST_S * block_rate_hz)
    high = min(ends[1], LONGEST_S * block_rate_hz, len(head) / FEWEST)
    step = STEP * block_rate_hz / (REACH_HZ * len(head))
    period = np.exp(np.arange(np.log(low), np.log(high), step)) if high > low else np.zeros(0)
    period = period[pulse.allowed(period / block_rate_hz, bph)]
    if not len(period):
        return None
    shown = heights(head, block_rate_hz, period)
    found = near(head, block_rate_hz, float(period[int(np.argmax(shown))]), bph)
    while len(head) < len(strength):
        head = strength[: 2 * len(head)]
        further = near(head, block_rate_hz, found.comb_s * block_rate_hz, bph)
        if further.z < found.z:
            break
        found = further
    return found


def near(strength: Singles, block_rate_hz: float, period: float, bph: float | None = None) -> pulse.Pulse:
    """The pulse whose fold stands out most, of periods that differ from `period` [blocks] by a block in the take."""
    some = period * (1.0 + block_rate_hz * NEAR / (REACH_HZ * len(strength)))
    shown = heights(strength, block_rate_hz, some)
    top = int(np.argmax(shown))
    return pulse.counted(strength, block_rate_hz, float(some[top]), float(shown[top]), bph)


def heights(strength: Singles, block_rate_hz: float, period: Floats) -> Floats:
    """How far the fold at each of rising periods [blocks] stands out, in sigmas of a fold of noise; shape of `period`.

    Its highest place, or that and the highest opposite it together, which for two beats stand out further. Of few
    cycles of a skew noise (syllables, clicks) the sigmas are those of an even one that are as seldom.
    """
    size = next_fast_len(2 * len(strength), real=True)
    wave = _white(strength, size, block_rate_hz)
    out = np.empty(len(period))
    for first in range(0, len(period), ROWS):
        out[first : first + ROWS] = _folded(wave, size, period[first : first + ROWS], REACH_HZ / block_rate_hz)
    double = strength.astype(np.float64)
    skew = float(np.mean(double**3)) / max(float(np.mean(double**2)) ** 1.5, 1e-30)
    return even(out, max(skew, LEAST_SKEW) / np.sqrt(len(strength) / period))


def even(height: Floats, skew: Floats) -> Floats:
    """Sigmas of an even noise that are as seldom as `height` sigmas of one with `skew` (Wilson and Hilferty 1931)."""
    return np.asarray(6.0 / skew * (np.cbrt(0.5 * skew * height + 1.0) - 1.0) + skew / 6.0)


def _white(strength: Singles, size: int, block_rate_hz: float) -> NDArray[np.complex64]:
    """Transform of the take, its middle at time 0, every stretch of the spectrum of mean square 1, tones cut."""
    wave = rfft(np.asarray(strength, dtype=np.float32), size)
    half = 0.5 * (len(strength) - 1)
    wave *= np.exp(2j * np.pi * half / size * np.arange(len(wave))).astype(np.complex64)
    width = max(8, int(WHITE_HZ * size / block_rate_hz))
    count = len(wave) // width
    power = np.median(np.abs(wave[: count * width].reshape(count, width)) ** 2, axis=1) / np.log(2.0)
    place = (np.arange(count) + 0.5) * width
    level = np.interp(np.arange(len(wave)), place, np.maximum(power, 1e-9 * max(float(power.max()), 1e-30)))
    wave /= np.sqrt(level).astype(np.float32)
    return np.asarray(wave * np.minimum(1.0, TONE / np.maximum(np.abs(wave), 1e-9)), dtype=np.complex64)


def _folded(wave: NDArray[np.complex64], size: int, period: Floats, reach: float) -> Floats:
    """How far each of some folds stands out, of harmonics up to `reach` [of the block rate]."""
    most = max(4, int(reach * period[-1]))
    harmonic = np.arange(1, most + 1, dtype=np.float32)
    weight = np.cos(0.5 * np.pi * harmonic / (most + 1)).astype(np.float32)
    at = (harmonic * (size / period[:, None]).astype(np.float32) + np.float32(0.5)).astype(np.int32)
    rows = np.zeros((len(period), most + 1), np.complex64)
    np.multiply(wave.take(at, mode="clip"), weight, out=rows[:, 1:])
    fold = irfft(rows, next_fast_len(3 * most, real=True), axis=1)
    unit = fold.shape[1] / np.sqrt(2.0 * float(weight @ weight))
    shown = fold.max(axis=1).astype(np.float64) * unit
    some = np.flatnonzero(shown > BOTH_Z)
    if len(some):
        shown[some] = np.maximum(shown[some], (shown[some] + _opposite(fold[some]) * unit) / np.sqrt(2.0))
    return shown


def _opposite(fold: NDArray[np.float32]) -> Floats:
    """Highest place of each fold near half a period from its highest of all, shape [n_row]."""
    bins = fold.shape[1]
    apart = np.arange(int(np.ceil(odds.NEAREST * bins)), int((1.0 - odds.NEAREST) * bins) + 1)
    at = (np.argmax(fold, axis=1)[:, None] + apart) % bins
    return np.take_along_axis(fold, at, axis=1).max(axis=1).astype(np.float64)
