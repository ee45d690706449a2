"""Amplitude of the beats heard: the mean, its interval, and how it varies.

A = lift / (2 sin(pi t / T)), t from sound 1 to the banking (the lift is then the geometric one, whatever torque and
friction are), T two beats; the mean of the sides' means. The figure is the mean over the beats heard, so the wander of
the amplitude itself does not enter its interval; timing does, and the formula's own error: the impulse makes the swing
not quite a sine, so that the banking's lift varies by some 0.2 % between a torque and a friction that give the same
amplitude.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen import filters
from heartwright.listen.landmarks import Landmarks
from heartwright.records import Floats, Interval, Ints

# Relative error of the formula on exact times: rms over three levers, torque 0.46 to 1.16 and friction 0.4 to 1.3 of
# the designed (torque alone: 5e-5).
FORMULA_SIGMA = 4.3e-4
# The lock comes 2.6 % (torque sets the amplitude) to 4.5 % (friction does) of the span before the banking.
LOCK_EARLY = (0.015, 0.045)


@dataclass(frozen=True, slots=True)
class Swing:
    """Mean amplitude with its interval and the standard deviation of single beats with its own [deg]."""

    amplitude_deg: Interval
    scatter_deg: Interval


def measure(marks: Landmarks, side: Ints, beat_s: float, lift_deg: float) -> Swing | None:
    """The swing of timed beats; None where fewer than 8 a side are timed."""
    banked = marks.timed == "banking"
    span = (marks.bank_s if banked else marks.lock_s) - marks.time_s
    if not banked:
        span = span * (1.0 + float(np.mean(LOCK_EARLY)))
    ok = np.isfinite(span)
    if min((ok & (side == s)).sum() for s in range(2)) < 8:
        return None
    cleaned = _cleaned(span, side)
    swing = lift_deg / (2.0 * np.sin(np.pi * cleaned / (2.0 * beat_s)))
    mean = float(np.mean([np.nanmean(swing[side == s]) for s in range(2)]))
    typical = float(np.nanmean(cleaned))
    single = float(np.hypot(np.nanmedian(marks.sigma_s), marks.bank_sigma_s))
    common = float(np.hypot(marks.span_common_s, single / np.sqrt(ok.sum())))
    sigma = mean * float(np.hypot(common / typical, FORMULA_SIGMA))
    if banked:
        amplitude = Interval.from_sigma(mean, sigma)
    else:
        reach = 0.5 * (LOCK_EARLY[1] - LOCK_EARLY[0]) * mean + 1.96 * sigma
        amplitude = Interval(mean, mean - reach, mean + reach)
    return Swing(amplitude, _scatter(swing[np.isfinite(swing)], mean * single / typical))


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
