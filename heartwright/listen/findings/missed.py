"""Did it miss a beat? A test on times of beats or strokes, with the probability that chance alone would say so.

An event is late by as much as it comes after the steady beat of its neighbours (a running median, so that a drift does
not pass for it). Null model: lateness is independent from event to event and follows a Student's t law of six degrees,
heavier in its tails than a healthy work's, scaled by the median absolute deviation of the take itself and by no less
than the timing noise. An interval above 1.7 beats is told as *missed* (an event was left out) where it is near a whole
number of them, else as *late*. The p-value of the latest event is Bonferroni's over all events of the take, so the
false-alarm probability holds for the whole take, whatever its length: at most a share `alarm` of healthy takes exceeds
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from heartwright.listen import filters
from heartwright.records import BeatTable, Floats, Recording

FREEDOM: Final = 6.0
NEAR: Final = 5  # neighbours on either side
LEFT_OUT: Final = 1.7  # beats: above it an event may have been left out
FEWEST: Final = 6
LEAST_SHARE: Final = 0.04  # of an interval: a gap below this is never told
_ROBUST: Final = 1.4826


@dataclass(frozen=True, slots=True)
class Gap:
    """One interval that is too long: when it began, how long it is, and how often chance would give one in a take."""

    time_s: float
    interval_s: float
    excess_s: float
    kind: str  # missed | late
    p: float


@dataclass(frozen=True, slots=True)
class Missed:
    """The answer: `found` at the false-alarm probability asked for, the smallest p, the gaps, and what was weighed."""

    found: bool
    p: float
    alarm: float
    gaps: tuple[Gap, ...]
    intervals: int
    period_s: float
    scatter_s: float
    reason: str

    @property
    def sentence(self) -> str:
        """The answer in one line."""
        if self.intervals < FEWEST:
            return f"Whether it missed a beat cannot be said: {self.reason}."
        chance = "chance would do so in fewer than one of 10,000 takes" if self.p < 1e-4 else (
            f"chance would do so in {100.0 * self.p:.2g} of 100 takes"
        )  # fmt: skip
        if self.found:
            first = self.gaps[0]
            what = "one was left out" if first.kind == "missed" else "one came late"
            return f"It did: at {first.time_s:.1f} s {what} ({first.interval_s:.2f} s; {chance})."
        longest = f"the longest of {self.intervals} intervals is within their own scatter"
        return f"Not that one can tell: {longest} ({chance})."


def missed(table: BeatTable, *, alarm: float = 0.01) -> Missed:
    """The test on a table of ticks; each side's intervals are freed of the beat error first."""
    heard = table.flag != "missed"
    times, side = table.time_s[heard], table.side[heard]
    return of_times(times, alarm=alarm, sides=side, noise_s=float(np.nanmedian(table.sigma_s)) if len(times) else 0.0)


def of_times(times_s: Floats, *, alarm: float = 0.01, sides: Floats | None = None, noise_s: float = 0.0) -> Missed:
    """The test on times [s] of events that should come steadily; `sides` (+1, -1) where two kinds alternate.

    `alarm` is the false-alarm probability of one take. Raises ValueError for one outside 0..1.
    """
    if not 0.0 < alarm < 1.0:
        raise ValueError(f"alarm={alarm:g}: the false-alarm probability of a take lies between 0 and 1, e.g. 0.01")
    times = np.asarray(times_s, float)
    keep = np.isfinite(times)
    times = times[keep]
    if len(times) < FEWEST + 1:
        return Missed(False, 1.0, alarm, (), max(len(times) - 1, 0), 0.0, 0.0, f"{len(times)} beats were heard")
    gap = np.diff(times)
    period = float(np.median(gap))
    late = _lateness(times, gap, period, None if sides is None else np.asarray(sides)[keep])
    scatter = max(_ROBUST * float(np.median(np.abs(late - np.median(late)))), noise_s, 1e-6 * period)
    # scale of the t law whose median absolute deviation this is
    scale = scatter / (_ROBUST * filters.student_quantile(0.75, FREEDOM))
    p = np.minimum(1.0, filters.student_tail(late / scale, FREEDOM) * len(times))
    left_out = np.r_[False, gap > LEFT_OUT * period]
    p[left_out] = np.minimum(p[left_out], _left_out_p(gap[left_out[1:]], period, scale, len(times)))
    told = (p < alarm) & ((late > LEAST_SHARE * period) | left_out)
    gaps = [_gap(times[i - 1], gap[i - 1], period, float(p[i])) for i in np.flatnonzero(told) if i > 0]
    gaps.sort(key=lambda g: g.p)
    return Missed(bool(gaps), float(p[1:].min()), alarm, tuple(gaps), len(gap), period, scatter, "")


def _lateness(times: Floats, gap: Floats, period: float, sides: Floats | None) -> Floats:
    """By how much each event comes after the beat that its neighbours keep [s]; an event left out counts as a beat."""
    number = np.r_[0, np.cumsum(np.where(gap > LEFT_OUT * period, np.maximum(np.round(gap / period), 1), 1))]
    phase = times - period * number
    half = len(times) // 2
    phase -= float(np.median((phase[half:] - phase[: len(times) - half]) / half)) * number
    if sides is not None:
        for s in (1, -1):
            if np.sum(sides == s) >= 3:
                phase[sides == s] -= float(np.median(phase[sides == s]))
    out = np.empty(len(phase))
    for i in range(len(phase)):
        near = np.r_[phase[max(0, i - NEAR) : i], phase[i + 1 : i + 1 + NEAR]]
        out[i] = phase[i] - float(np.median(near))
    return out


def _left_out_p(gap: Floats, period: float, scale: float, count: int) -> Floats:
    """Chance that a take holds such a gap without an event left out: two events would have to conspire."""
    excess = (gap - period) / (np.sqrt(2.0) * scale)
    return np.asarray(np.minimum(1.0, filters.student_tail(excess, FREEDOM) * count))


def _gap(start: float, interval: float, period: float, p: float) -> Gap:
    beats = interval / period
    kind = "missed" if beats > 1.5 and abs(beats - round(beats)) < 0.25 else "late"
    return Gap(float(start), float(interval), float(interval - period), kind, p)


_BAND_HZ: Final = (50.0, 400.0)
_LOW_RATE_HZ: Final = 2_000
_SMOOTH_S: Final = 0.02
_APART_S: Final = 0.3  # two strokes are never nearer
_CLEAR: Final = 0.25  # of the typical stroke's height


def strokes(recording: Recording) -> Floats:
    """Times [s] of the strokes of a pump under the ticks: the loudest moment of each, in 50-400 Hz; empty where none.

    A valve or a follower that lands is heard low, where the escapement is nearly silent.
    """
    if recording.rate_hz < _LOW_RATE_HZ or recording.seconds < 3.0:
        return np.zeros(0)
    samples = np.nan_to_num(np.asarray(recording.samples, np.float64))
    ratio = Fraction(_LOW_RATE_HZ / recording.rate_hz).limit_denominator(2000)
    low = filters.resample(samples - samples.mean(), ratio.numerator, ratio.denominator)
    kernel = filters.butter(2, _BAND_HZ, "band", rate_hz=_LOW_RATE_HZ)
    window = np.hanning(round(_SMOOTH_S * _LOW_RATE_HZ) + 2)[1:-1]
    power = np.convolve(filters.both_ways(kernel, low) ** 2, window / window.sum(), "same")
    typical = float(np.quantile(power, 0.99))
    if typical <= 0.0 or typical < 4.0 * float(np.median(power)):
        return np.zeros(0)
    at = filters.peaks(power, height=_CLEAR * typical, distance=round(_APART_S * _LOW_RATE_HZ))
    return at / _LOW_RATE_HZ
