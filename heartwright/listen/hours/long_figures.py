"""Figures of a long run: vario, trend, windows, what goes with a second column, Allan deviation.

Conventions: rate in s/d against the nominal beat (of the run's own mean where none is known), + gains; beat error
signed, (t1 - t2)/2 with t1 after a beat of even number; amplitude the mean over both sides; intervals 95 %. The mean
rate comes from the count; its interval allows for timing, wander and the recorder's clock, as that of a short take
does. The trend's interval allows for wander.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from heartwright.listen.findings import allan, steady
from heartwright.listen.hours.long import Beats, Run, clock_time
from heartwright.listen.hours.wander import Fit, regress
from heartwright.listen.take.decode import Unreadable
from heartwright.listen.take.streaming import csv_rows, moment
from heartwright.records import Allan, Floats, Interval

DAY_S, HOUR_S = 86_400.0, 3600.0
PPM_TO_S_PER_DAY = 0.0864
_MOST_MARKS = 2000
FEWEST = 12  # beats in a run, or a window, that gives figures
_LENGTHS_S = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0)
_MOST_WINDOWS = 300
_TOGETHER = 0.95  # a second column that goes so closely with time cannot be told from a trend


@dataclass(frozen=True, slots=True)
class Windows:
    """Running figures, arrays [n]; NaN where a window gave none."""

    from_s: Floats
    to_s: Floats
    beats: Floats
    missed: Floats  # beats of the count that were not heard, within stretches
    rate_s_per_day: Floats
    rate_sigma: Floats
    beat_error_ms: Floats
    beat_error_sigma: Floats
    amplitude_deg: Floats
    amplitude_sigma: Floats
    beside: Floats  # mean of the second column, NaN without one

    @property
    def middle_s(self) -> Floats:
        return 0.5 * (self.from_s + self.to_s)


@dataclass(frozen=True, slots=True)
class Vario:
    """A figure over the windows: mean, least and greatest with their times of the run [s], standard deviation."""

    mean: float
    low: float
    low_s: float
    high: float
    high_s: float
    sd: float
    trend_per_hour: Interval | None  # with wander allowed for


@dataclass(frozen=True, slots=True)
class Beside:
    """A second column: values over time of the run, e.g. a temperature."""

    name: str
    time_s: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class Follows:
    """How the rate goes with a second column: s/d for each unit of it, with wander allowed for."""

    name: str
    slope: Interval
    low: float
    high: float  # the range that the column covered
    with_time: float  # its correlation with time


@dataclass(frozen=True, slots=True)
class LongReading:
    """What a long run came to. Fields that could not be measured are None; `advice` says why."""

    status: str  # "ok", or "no_beat" where no piece gave a beat
    advice: tuple[str, ...]
    duration_s: float
    heard_s: float  # of the pieces that gave a beat
    beats: int
    missed: int  # beats of the count, within its sure stretches, that were not heard
    nominal_bph: float | None
    beat_rate_bph: Interval | None
    rate_s_per_day: Interval | None  # the mean over the run, by the count
    rate_low_repeat: float | None  # its interval with the recorder's clock left out
    rate_high_repeat: float | None
    vario: dict[str, Vario]  # "rate_s_per_day", "beat_error_ms", "amplitude_deg"
    windows: Windows
    follows: Follows | None
    run: Run
    allan: Allan | None = None  # over the longest stretch whose count is sure


def summarise(run: Run, *, window_s: float | None = None, beside: Beside | None = None) -> LongReading:
    """The figures of a run, in windows of `window_s` (else so that there are at most 300, a minute or longer)."""
    beats = run.beats
    heard = sum(p.to_s - p.from_s for p in run.pieces if p.status == "ok")
    mean = mean_beat(beats) if len(beats) >= FEWEST else None
    if mean is None:
        return _nothing(run, heard)
    beat_s, sigma = mean
    bph = HOUR_S / beat_s * (1.0 + 1e-6 * run.clock_ppm[0])
    nominal = run.nominal_bph or bph
    length = window_s or _length(run.duration_s)
    windows = _windows(beats, nominal, 1e-6 * run.clock_ppm[0], length, beside)
    whole = float(np.hypot(sigma, 1e-6 * run.clock_ppm[1]))
    rate = (bph / nominal - 1.0) * DAY_S
    return LongReading(
        status="ok",
        advice=_advice(run),
        duration_s=run.duration_s,
        heard_s=heard,
        beats=len(beats),
        missed=int(_missed(beats)),
        nominal_bph=run.nominal_bph,
        beat_rate_bph=Interval.from_sigma(bph, bph * whole),
        rate_s_per_day=Interval.from_sigma(rate, DAY_S * whole) if run.nominal_bph else None,
        rate_low_repeat=rate - 1.96 * DAY_S * sigma if run.nominal_bph else None,
        rate_high_repeat=rate + 1.96 * DAY_S * sigma if run.nominal_bph else None,
        vario=_varios(windows),
        windows=windows,
        follows=_follows(windows, beside),
        run=run,
        allan=_allan(beats),
    )


def _nothing(run: Run, heard_s: float) -> LongReading:
    """A run in which too few beats were heard."""
    none = np.zeros(0)
    windows = Windows(*(none for _ in Windows.__slots__))
    statuses = sorted({p.status.replace("_", " ") for p in run.pieces}) or ["no sound"]
    advice = (
        f"{len(run.beats)} beats were heard in {clock_time(run.duration_s)} ({', '.join(statuses)}); {FEWEST} or more "
        "are needed: is the microphone on the watch?",
    )
    return LongReading(
        "no_beat", (*_advice(run)[: int(run.interrupted)], *advice), run.duration_s, heard_s, len(run.beats), 0,
        run.nominal_bph, None, None, None, None, {}, windows, None, run,
    )  # fmt: skip


def mean_beat(beats: Beats) -> tuple[float, float] | None:
    """The mean beat by the count [s] and its relative one-sigma uncertainty (timing and wander), over all stretches.

    None where no stretch has ten beats. The count between the first and the last beats of one side gives the mean, so
    that it is that of the run however the rate moved; every so many beats between show the wander.
    """
    span = total = variance = 0.0
    for stretch in np.unique(beats.stretch):
        own = beats.part(beats.stretch == stretch)
        every = 2 * max(1, len(own) // (2 * _MOST_MARKS))
        even = own.part(own.number % every == own.number[0] % every)
        if len(even) < 5:
            continue
        step = (even.number - even.number[0]) // every
        pace = steady.measure(step, even.time_s, np.zeros(len(even), np.int64))
        if pace is None:
            continue
        length, count, sigma = _ends(own.part(own.number % 2 == own.number[0] % 2), pace.beat_s / every)
        span, total = span + length, total + count
        variance += (length * pace.beat_sigma_s / pace.beat_s) ** 2 + sigma**2
    return (span / total, float(np.sqrt(variance)) / span) if span > 0.0 else None


def _ends(side: Beats, beat_s: float) -> tuple[float, float, float]:
    """Time between the mean of the first and of the last nine beats of a side [s], beats between, one sigma [s]."""
    ends = min(9, len(side) // 2)
    first, last = side.part(np.arange(len(side)) < ends), side.part(np.arange(len(side)) >= len(side) - ends)
    off = [end.time_s - beat_s * end.number for end in (first, last)]
    sigma = float(np.sqrt(sum(float(np.var(o)) for o in off) / ends))
    return (
        float(np.mean(last.time_s) - np.mean(first.time_s)),
        float(np.mean(last.number) - np.mean(first.number)),
        sigma,
    )


def _allan(beats: Beats) -> Allan | None:
    """The Allan deviation of the longest stretch, the sides freed of their own means."""
    stretch, count = np.unique(beats.stretch, return_counts=True)
    own = beats.part(beats.stretch == stretch[np.argmax(count)])
    row = own.number - own.number[0]
    beat_s = float((own.time_s[-1] - own.time_s[0]) / row[-1])
    residual = own.time_s - own.time_s[0] - beat_s * row
    for side in (1, -1):
        residual[own.side == side] -= np.median(residual[own.side == side])
    out = np.full(int(row[-1]) + 1, np.nan)
    out[row] = residual
    sigma = own.sigma_s[np.isfinite(own.sigma_s)]
    return allan.of_residuals(out, beat_s, timing_noise_s=float(np.median(sigma)) if len(sigma) else 0.0)


def _missed(beats: Beats) -> float:
    """Beats of the count between the first and the last of each stretch that have no row."""
    total = 0.0
    for stretch in np.unique(beats.stretch):
        number = beats.number[beats.stretch == stretch]
        total += float(number[-1] - number[0] + 1 - len(number))
    return total


def _length(duration_s: float) -> float:
    return next((s for s in _LENGTHS_S if duration_s / s <= _MOST_WINDOWS), _LENGTHS_S[-1])


def _windows(beats: Beats, nominal_bph: float, clock: float, length_s: float, beside: Beside | None) -> Windows:
    """Figures of windows of `length_s` from the beginning of the run to its last beat."""
    end = float(beats.time_s[-1]) if len(beats) else 0.0
    count = max(int(np.ceil(end / length_s)), 1) if len(beats) else 0
    edges = np.arange(count + 1) * length_s
    cuts = np.searchsorted(beats.time_s, edges)
    rows = np.full((count, 11), np.nan)
    rows[:, 0], rows[:, 1] = edges[:-1], np.minimum(edges[1:], end)
    for k, (a, b) in enumerate(zip(cuts[:-1], cuts[1:], strict=True)):
        part = Beats(*(getattr(beats, name)[a:b] for name in beats.__slots__))
        rows[k, 2], rows[k, 3] = b - a, _missed(part) if b > a else 0.0
        rows[k, 4:8] = _pace(part, nominal_bph, clock)
        rows[k, 8:10] = _swing(part.amplitude_deg)
    if beside is not None and len(beside.time_s):
        at = rows[:, :1] + (rows[:, 1:2] - rows[:, :1]) * (np.arange(20) + 0.5) / 20.0
        rows[:, 10] = np.interp(at, beside.time_s, beside.value, left=np.nan, right=np.nan).mean(axis=1)
    return Windows(*rows.T)


def _pace(part: Beats, nominal_bph: float, clock: float) -> tuple[float, float, float, float]:
    """Rate [s/d], beat error [ms] of a window, each followed by its one-sigma uncertainty; NaN where it has too few."""
    found = []
    for stretch in np.unique(part.stretch):
        own = part.part(part.stretch == stretch)
        if len(own) >= FEWEST:
            pace = steady.measure(own.number, own.time_s, (own.side < 0).astype(np.int64))
            if pace is not None:
                found.append((pace.beat_s, pace.beat_sigma_s, pace.error_s, pace.error_sigma_s))
    if not found:
        return np.nan, np.nan, np.nan, np.nan
    beat, beat_sigma, error, error_sigma = np.array(found).T
    weight, error_weight = 1.0 / beat_sigma**2, 1.0 / error_sigma**2
    mean = float(weight @ beat / weight.sum())
    rate = (HOUR_S / mean * (1.0 + clock) / nominal_bph - 1.0) * DAY_S
    return (
        rate,
        DAY_S / mean / float(np.sqrt(weight.sum())),
        1e3 * float(error_weight @ error / error_weight.sum()),
        1e3 / float(np.sqrt(error_weight.sum())),
    )


def _swing(amplitude_deg: np.ndarray) -> tuple[float, float]:
    """Mean amplitude of a window [deg] and its one-sigma uncertainty; neighbouring beats are alike, so few count."""
    values = amplitude_deg[np.isfinite(amplitude_deg)].astype(np.float64)
    if len(values) < FEWEST:
        return np.nan, np.nan
    off = values - values.mean()
    power = float(np.mean(off**2))
    alike = min(max(float(np.mean(off[1:] * off[:-1])) / power, 0.0), 0.99) if power > 0.0 else 0.0
    return float(values.mean()), float(np.sqrt(power / len(values) * (1.0 + alike) / (1.0 - alike)))


def _varios(windows: Windows) -> dict[str, Vario]:
    """The vario of each figure that was measured in two windows or more."""
    out = {}
    for name, sigma in (
        ("rate_s_per_day", windows.rate_sigma),
        ("beat_error_ms", windows.beat_error_sigma),
        ("amplitude_deg", windows.amplitude_sigma),
    ):
        value = getattr(windows, name)
        good = np.flatnonzero(np.isfinite(value))
        if len(good) < 2:
            continue
        low, high = good[np.argmin(value[good])], good[np.argmax(value[good])]
        middle = windows.middle_s
        fit = regress(value, middle / HOUR_S, middle / HOUR_S, sigma=sigma)
        out[name] = Vario(
            float(value[good].mean()),
            float(value[low]),
            float(middle[low]),
            float(value[high]),
            float(middle[high]),
            float(value[good].std(ddof=1)),
            fit.interval(1) if fit is not None else None,
        )
    return out


def _follows(windows: Windows, beside: Beside | None) -> Follows | None:
    """The regression of the rate against the second column."""
    if beside is None:
        return None
    value, middle = windows.beside, windows.middle_s
    fit: Fit | None = regress(windows.rate_s_per_day, middle / HOUR_S, value, sigma=windows.rate_sigma)
    if fit is None:
        return None
    both = np.isfinite(value) & np.isfinite(windows.rate_s_per_day)
    with_time = float(np.corrcoef(value[both], middle[both])[0, 1])
    return Follows(beside.name, fit.interval(1), float(value[both].min()), float(value[both].max()), with_time)


def _advice(run: Run) -> tuple[str, ...]:
    """What limits the figures."""
    lines = []
    if run.interrupted:
        lines.append(f"Interrupted: the figures are of the first {clock_time(run.duration_s)}.")
    for doubt in run.doubts[:8]:
        where = f"Between {clock_time(doubt.from_s)} and {clock_time(doubt.to_s)}"
        lines.append(f"{where} the count is not sure: {doubt.why}. No figure reaches across.")
    if len(run.doubts) > 8:
        lines.append(f"The count is not sure at {len(run.doubts) - 8} more places.")
    if run.leaps:
        first, often = run.leaps[0], "once" if len(run.leaps) == 1 else f"{len(run.leaps)} times"
        size = f"{abs(first.early_ms):.1f} ms {'early' if first.early_ms > 0 else 'late'}"
        lines.append(
            f"The beat leaps {often}, first at {clock_time(first.time_s)} ({size}): sound was lost or given twice, or "
            "the movement was jolted. The figures reach across."
        )
    lost = [p for p in run.pieces if p.status != "ok"]
    if lost:
        lines.append(
            f"{len(lost)} of {len(run.pieces)} pieces gave no beat, first at {clock_time(lost[0].from_s)} "
            f"({lost[0].status.replace('_', ' ')})."
        )
    if run.nominal_bph is None:
        lines.append("The beat is near no standard rate: say the nominal one (--bph) for a rate in seconds a day.")
    if run.slips:
        lines.append(f"In {run.slips} pieces the numbering of the beats was mended by their times.")
    return tuple(lines)


def together(follows: Follows) -> bool:
    """Whether the second column went so closely with time that its effect is not to be told from a trend."""
    return abs(follows.with_time) > _TOGETHER


def read_beside(path: str | os.PathLike[str], *, start_utc_s: float | None = None) -> Beside:
    """A CSV of time and value: time in seconds of the run, or dates and times where `start_utc_s` (epoch) is known.

    A header names the value ("time_s,temperature_c"). Raises Unreadable.
    """
    rows = csv_rows(path)
    name = "value"
    if rows and len(rows[0]) >= 2 and moment(rows[0][0]) is None:
        name, rows = rows[0][1] or name, rows[1:]
    time_s, value = [], []
    for row in rows:
        at = moment(row[0])
        try:
            given = float(row[1])
        except (IndexError, ValueError):
            continue
        if at is None:
            raise Unreadable(f"{path}: {row[0]!r} is no time; write seconds of the run, or 2026-11-26T08:00:00")
        time_s.append(at)
        value.append(given)
    if len(time_s) < 2:
        raise Unreadable(f"{path}: fewer than two rows time,value in it, e.g. 0,21.5 and 600,21.7")
    times = np.array(time_s)
    if times.min() > 1e8:
        if start_utc_s is None:
            raise Unreadable(f"{path}: it has dates, and the run's beginning is not known: give it with --start")
        times = times - start_utc_s
    order = np.argsort(times, kind="stable")
    return Beside(name, times[order], np.array(value)[order])
