"""Where the beat leaps: sound that a recorder lost or gave twice, or a movement that was jolted.

After a leap every beat comes early or late by the same time, up to half an oscillation (more cannot be told from less
by whole oscillations). A fold of the whole take then shows each beat at two places, and a chain that follows it hears
the beats of both. So the beats are folded in the few seconds that show them best, and each beat of the take is laid on
that fold at all lags of an oscillation: the path of most likelihood may leap, at a cost. A leap is believed where the
path is that much likelier than the best one without, and where nothing beats on at the old place after it, nor at the
new one before: a second clock that grows louder beats on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.beat import odds, track
from heartwright.listen.beat.onsets import Singles
from heartwright.listen.beat.pulse import Pulse
from heartwright.listen.beat.spectrum import Spectrum
from heartwright.records import Floats, Ints

FEWEST = 24  # beats of a take in which leaps are looked for
MOST = 4_000_000  # beats times lags (some 20 minutes of a watch); longer runs are heard piece by piece
WINDOW_S, WINDOW_BEATS = 4.0, 12  # of the fold that shows the beats best, at least
LEAP_COST, SURELY = 22.0, 20.0  # of each leap; of all together against the best path without
LEAST_S = 1.7e-3  # what leaps by less is followed as a step
AROUND = 2  # blocks within which a beat is at its place
HEARD_SHARE = 0.5  # of what the plainest beat shows, by which a beat is heard
SOUNDS = 0.02  # of the louder side's power, from which a side sounds
SILENT = -1.0  # mean log likelihood ratio of beats at a place where there are none


@dataclass(frozen=True, slots=True)
class Leap:
    """The beats after `from_s`, the last one before, are early by `early_s` (late where it is negative); the leap is
    before `to_s`."""

    from_s: float
    to_s: float
    early_s: float


def find(strength: Singles, block_rate_hz: float, pulse: Pulse) -> tuple[Leap, ...]:
    """The leaps of a take, in order of time; none where the beats are too few or too faint to tell.

    A leap is told as the least that leads to what follows, by whole oscillations, and by single beats where the sides
    are alike.
    """
    period = pulse.period_s * block_rate_hz
    if len(strength) < 0.5 * FEWEST * period:
        return ()
    window = _clearest(strength, block_rate_hz, period)
    expected = track.Expected.of(_pulse(strength, block_rate_hz, pulse, window), len(strength), block_rate_hz)
    lead, tail = int(track.LEAD_BEATS * expected.beat), int(track.TAIL_BEATS * expected.beat)
    half = int(period / 2)
    spectrum = Spectrum.of(strength, lead + tail + 1)
    clear = (expected.at >= window.start) & (expected.at < window.stop)
    folded = track.fold(strength, expected.at[clear], expected.side[clear], lead, tail)
    expected = _sounding(expected, folded)
    count = len(expected.at)
    if count * (2 * half + 1) > MOST:
        return ()
    at, index = np.round(expected.at).astype(np.int64), np.arange(count)
    path = np.zeros(count, dtype=np.int64)
    for turn in range(2):
        answer, typical = track.filtered(spectrum, folded, lead, expected.side)
        rows = track.windows(answer, at, expected.side, half)
        gain = track.likelihood(rows, typical[expected.side][:, None])
        usual = int(np.argmax(gain.sum(axis=0)))
        if turn == 0 and gain.max(axis=1).sum() - _near(gain, usual).sum() < LEAP_COST + SURELY:
            return ()
        path = track.best_path(gain, LEAP_COST)
        if turn == 0:
            folded = track.fold(strength, expected.at + path, expected.side, lead, tail)
    steady = track.best_path(gain, np.inf)
    own, places = gain[index, path + half], np.flatnonzero(np.abs(np.diff(path)) > track.FARTHEST)
    better = own.sum() - _cost(path) - (gain[index, steady + half].sum() - _cost(steady))
    if not len(places) or better < SURELY:
        return ()
    moment, heard = (at + path + 1.0) / block_rate_hz, own > HEARD_SHARE * gain.max()
    bounds, found, shift = [0, *(places + 1).tolist(), count], [], 0.0
    for start, turn, end in zip(bounds[:-2], bounds[1:-1], bounds[2:], strict=True):
        before, after = slice(start, turn), slice(turn, end)
        old, new = int(path[turn - 1]), int(path[turn])
        sure = min(
            _sure(gain[some], at[some], lag, period, len(strength)) for some, lag in ((before, old), (after, new))
        )
        whole = period if sure > SURELY else 0.5 * period
        step = new - old - shift
        step -= whole * round(step / whole)
        shift += step - (new - old)
        ends = moment[before][heard[before]][-1:], moment[after][heard[after]][:1]
        if abs(step) < LEAST_S * block_rate_hz or not len(ends[0]) or not len(ends[1]):
            continue
        if max(_near(gain[after], old + half).mean(), _near(gain[before], new + half).mean()) < SILENT:
            first, last = float(ends[0][0]), float(ends[1][0])
            if step < 0.0:  # a beat of the other side may sound before the first one of this
                last = min(last, first + 0.5 * expected.beat / block_rate_hz)
            found.append(Leap(first, last, -step / block_rate_hz))
    return tuple(found)


def _sounding(expected: track.Expected, folded: Floats) -> track.Expected:
    """The beats of the sides that sound in the fold of each: a period that holds one beat has one."""
    level = np.maximum(folded - np.median(folded, axis=1, keepdims=True), 0.0)
    power = (level**2).sum(axis=1)
    keep = (power > SOUNDS * power.max())[expected.side]
    return track.Expected(expected.side[keep], expected.at[keep], expected.beat)


def _cost(path: Ints) -> float:
    """What the moves of a path cost."""
    step = np.abs(np.diff(path))
    return float(np.where(step > track.FARTHEST, LEAP_COST, track.STEP_COST * step).sum())


def _sure(gain: Floats, at: Ints, lag: int, period: float, count: int) -> float:
    """By how much likelier beats about `at` [blocks] are at a lag than with the sides changed over.

    What would lie beyond the `count` blocks of the take says nothing.
    """
    half = gain.shape[1] // 2
    other = round(lag + half + 0.5 * period) % gain.shape[1]
    places = at[:, None] + np.array([lag, other - half])
    inside = ((places >= 0) & (places < count)).all(axis=1)
    return float((_near(gain, lag + half) - _near(gain, other))[inside].sum())


def _near(gain: Floats, column: int) -> Floats:
    """The best of each row about a column, which goes round, shape [n_row]."""
    columns = np.arange(column - AROUND, column + AROUND + 1) % gain.shape[1]
    return np.asarray(gain[:, columns].max(axis=1))


def _clearest(strength: Singles, rate: float, period: float) -> slice:
    """The stretch of the take whose fold stands highest: one that holds no leap [blocks]."""
    size = min(len(strength), int(max(WINDOW_S * rate, 0.5 * WINDOW_BEATS * period)))
    bins, begins = max(24, int(period)), np.arange(0, len(strength) - size + 1, max(size // 2, 1))
    height = []
    for begin in begins.tolist():
        level = odds.fold(strength[begin : begin + size], period, bins).sum(axis=0)
        height.append(float(np.sum(np.maximum(level - np.median(level), 0.0) ** 2)))
    best = int(begins[int(np.argmax(height))])
    return slice(best, best + size)


def _pulse(strength: Singles, rate: float, pulse: Pulse, window: slice) -> Pulse:
    """The pulse as the stretch `window` alone has it: that of the whole may have taken a beat of before a leap and one
    of after it for the two of an oscillation."""
    zero, place, _two = odds.second_beat(strength[window], rate, pulse.period_s * rate)
    first_s = place * pulse.period_s if pulse.comb_s > 0.75 * pulse.period_s else pulse.first_s
    return replace(pulse, first_s=first_s, zero_s=(zero + window.start + 1.0) / rate)
