"""Amplitude of the beats heard: the mean, its interval, and how it varies.

A = lift / (2 sin(pi t / T)), t from sound 1 to the banking (the lift is then the geometric one, whatever torque and
friction are), T two beats; the mean of the sides' means. The figure is the mean over the beats heard, so the wander of
the amplitude itself does not enter its interval; timing does, and the formula's own error: the impulse makes the swing
not quite a sine, so that the banking's lift varies by some 0.2 % between a torque and a friction that give the same
amplitude.

Where only the lock is timed, how long it comes before the banking is not known for the watch at hand. It is taken from
the levers it was measured on: anything from `LOCK_EARLY[0]` to `LOCK_EARLY[1]` of the span, evenly. The interval is
then the middle 95 % of what that and the errors of timing and formula leave open, not the whole range with 1.96 sigmas
on top: the lead is even, the normal errors are folded into it, and the ends of the middle 95 % go through the formula
themselves, which is why the interval is not the same to both sides of the figure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen import filters
from heartwright.listen.timing.landmarks import Landmarks
from heartwright.records import Floats, Interval, Ints

# Relative error of the formula on exact times: rms over three levers, torque 0.46 to 1.16 and friction 0.4 to 1.3 of
# the designed (torque alone: 5e-5).
FORMULA_SIGMA = 4.3e-4
# The lock comes 2.6 % (torque sets the amplitude) to 4.5 % (friction does) of the span before the banking on levers as
# designed, less where the run to banking is short.
LOCK_EARLY = (0.015, 0.045)
FEWEST_A_SIDE = 8
MOST_REACH = 0.5  # beyond which a span's error is no longer told: the swing is not known [share of the span]


@dataclass(frozen=True, slots=True)
class Swing:
    """Mean amplitude with its interval and the standard deviation of single beats with its own [deg]."""

    amplitude_deg: Interval
    scatter_deg: Interval
    sides_deg: tuple[Interval, Interval]


def spans(marks: Landmarks) -> Floats:
    """Time from unlocking to banking of each beat, by the lock where no banking is told from it [s]."""
    if marks.timed == "banking" or not np.isfinite(marks.lock_s).any():
        return np.asarray(marks.bank_s - marks.time_s)
    return np.asarray((marks.lock_s - marks.time_s) / (1.0 - float(np.mean(LOCK_EARLY))))


def measure(marks: Landmarks, side: Ints, beat_s: float, lift_deg: float) -> Swing | None:
    """The swing of timed beats; None where fewer than 8 a side are timed."""
    span = spans(marks)
    ok = np.isfinite(span)
    if min((ok & (side == s)).sum() for s in range(2)) < FEWEST_A_SIDE:
        return None
    cleaned = _cleaned(span, side)
    swing = lift_deg / (2.0 * np.sin(np.pi * cleaned / (2.0 * beat_s)))
    means = [float(np.nanmean(swing[side == s])) for s in range(2)]
    mean = float(np.mean(means))
    typical = float(np.nanmean(cleaned))
    single = float(np.hypot(np.nanmedian(marks.sigma_s), marks.bank_sigma_s))
    middle = float(np.mean(LOCK_EARLY))
    # The span told over the true one is (1 - lead) / (1 - the middle lead): even, as the lead is.
    early = 0.0 if marks.timed == "banking" else 0.5 * (LOCK_EARLY[1] - LOCK_EARLY[0]) / (1.0 - middle)
    angle = np.pi * typical / (2.0 * beat_s)
    intervals = []
    for value, share in zip((mean, *means), (1.0, 2.0, 2.0), strict=True):
        common = float(np.hypot(marks.span_common_s, single * np.sqrt(share / ok.sum())))
        reach = min(_reach(early, float(np.hypot(common / typical, FORMULA_SIGMA))), MOST_REACH)
        low, high = (value * np.sin(angle) / np.sin(angle / (1.0 + end)) for end in (-reach, reach))
        intervals.append(Interval(value, float(low), float(high)))
    scatter = _scatter(swing[np.isfinite(swing)], mean * single / typical)
    return Swing(intervals[0], scatter, (intervals[1], intervals[2]))


def _reach(even: float, sigma: float) -> float:
    """Half the width of the middle 95 % of an even spread over +-`even` and a normal error of `sigma` together."""
    if even <= 0.0:
        return 1.96 * sigma
    x, sigma = np.linspace(0.0, even + 5.0 * sigma, 1001), max(sigma, 1e-4 * even)
    high, low = (x + even) / sigma, (x - even) / sigma

    def below(z: Floats) -> Floats:
        """The normal law's chance below z, summed over z."""
        return np.asarray(z * filters.normal_tail(-z) + np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi))

    return float(np.interp(0.975, sigma / (2.0 * even) * (below(high) - below(low)), x))


def _cleaned(span: Floats, side: Ints) -> Floats:
    """Spans with those far from their neighbours of the same side put on the neighbours' median."""
    out = span.copy()
    for s in range(2):
        mine = np.flatnonzero((side == s) & np.isfinite(span))
        values = span[mine]
        half = min(4, len(values) - 1)
        padded = np.pad(values, half, mode="reflect")
        local = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)
        off = values - local
        limit = max(5.0 * 1.4826 * float(np.median(np.abs(off))), 5e-6)
        out[mine] = np.where(np.abs(off) > limit, local, values)
    return out


def _scatter(swing: Floats, noise_deg: float) -> Interval:
    """Standard deviation of the beats' amplitude [deg], timing noise taken out; neighbours are alike, so few count."""
    centred = swing - swing.mean()
    power = float(np.mean(centred**2))
    alike = float(np.mean(centred[1:] * centred[:-1])) / power if power > 0 else 0.0
    free = max(3.0, len(swing) * (1.0 - alike) / (1.0 + alike)) if alike > 0 else float(len(swing))
    own = power * free / max(free - 1.0, 1.0)
    low, high = (own * free / filters.chi2_quantile(p, free) for p in (0.975, 0.025))
    value, low, high = (float(np.sqrt(max(v - noise_deg**2, 0.0))) for v in (own, low, high))
    return Interval(value, low, high)
