"""Series of a take by the number of the beat, and their average over a period.

Each series is freed of what is not a wheel's: the two sides' own means (the beat error), and for an average cycle the
slow rest, by a running mean over just one period, which leaves a part of that period as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.records import BeatTable, Floats, Interval, Ints

_FEWEST = 0.5  # share of the beats whose span must have been heard
_MOST_STEPS = 60
_FLAGGED = ("missed",)


@dataclass(frozen=True, slots=True)
class Series:
    """Values by beat [n], NaN where not heard; `of` is "rate", "amplitude" or "landing".

    `made_of` is what was timed for it: two series made of the same say the same.
    """

    of: str
    unit: str
    values: Floats
    made_of: str


@dataclass(frozen=True, slots=True)
class Turn:
    """The average over a period in equal steps with its one sigma [n_step], and every turn [n_turn, n_step]."""

    mean: Floats
    sigma: Floats
    raster: Floats


def beat_s(table: BeatTable) -> float:
    """The mean beat [s], by the numbers of the first and the last beat that were heard."""
    heard = np.flatnonzero(~np.isin(table.flag, _FLAGGED) & np.isfinite(table.time_s))
    if len(heard) < 2:
        return float("nan")
    return float((table.time_s[heard[-1]] - table.time_s[heard[0]]) / (heard[-1] - heard[0]))


def series(table: BeatTable) -> tuple[Series, ...]:
    """The series of a table: rate [ms]; amplitude [deg, or % of the swing]; landing [ms]; in this order."""
    heard = ~np.isin(table.flag, _FLAGGED) & np.isfinite(table.residual_ms)
    out = [Series("rate", "ms", _sided(np.where(heard, table.residual_ms, np.nan), table.side), "beats")]
    landing = table.lock_s - table.time_s if table.faint_span_s is None else table.faint_span_s
    lock = np.where(heard, 1e3 * landing, np.nan)
    bank = np.where(heard, 1e3 * (table.bank_s - table.time_s), np.nan)
    banks = bool(np.isfinite(bank).mean() >= _FEWEST)
    span, made_of = (bank, "bankings") if banks else (lock, "locks")
    swing = np.where(heard, table.amplitude_deg, np.nan)
    if np.isfinite(swing).mean() >= _FEWEST:
        out.append(Series("amplitude", "deg", _sided(swing, table.side), made_of))
    elif np.isfinite(span).mean() >= _FEWEST:
        # the amplitude goes with 1 / span as long as the span is short against the beat
        out.append(Series("amplitude", "%", _sided(-100.0 * (span / np.nanmedian(span) - 1.0), table.side), made_of))
    if np.isfinite(lock).mean() >= _FEWEST:
        out.append(Series("landing", "ms", _sided(lock, table.side), "locks"))
    return tuple(out)


def _sided(values: Floats, side: Ints) -> Floats:
    """Values less the median of their own side."""
    out = np.array(values, float)
    for s in (1, -1):
        own = side == s
        if np.isfinite(out[own]).any():
            out[own] -= np.nanmedian(out[own])
    return out


def average(values: Floats, beats: float) -> Turn:
    """The average cycle over a period of so many beats."""
    held = _still(values, beats)
    steps = int(min(max(round(beats), 2), _MOST_STEPS))
    turn, phase = np.divmod(np.arange(len(held)) / beats, 1.0)
    row, column = turn.astype(np.int64), np.minimum((phase * steps + 1e-9).astype(np.int64), steps - 1)
    heard = np.isfinite(held)
    cell = row[heard] * steps + column[heard]
    shape = (int(row[-1]) + 1, steps)
    total = np.bincount(cell, held[heard], shape[0] * steps)
    count = np.bincount(cell, minlength=shape[0] * steps)
    raster = np.where(count > 0, total / np.maximum(count, 1), np.nan).reshape(shape)
    known = np.isfinite(raster)
    number = known.sum(axis=0)
    mean = np.where(number > 0, np.where(known, raster, 0.0).sum(axis=0) / np.maximum(number, 1), np.nan)
    spread = np.where(known, (raster - mean) ** 2, 0.0).sum(axis=0) / np.maximum(number - 1, 1)
    return Turn(mean, np.sqrt(spread / np.maximum(number, 1)), raster)


def size(values: Floats, beats: float, frequency: Floats) -> Interval:
    """Half of the range of the fitted cycle, with the 95 % interval of its first harmonic's error.

    The fit is of the harmonics at `frequency` to the values without their slow rest; chance widens a range, so that the
    expected widening is taken off.
    """
    held = _still(values, beats)
    heard = np.isfinite(held)
    k = np.flatnonzero(heard)
    y = held[heard] - held[heard].mean()
    limit = 6.0 * 1.4826 * float(np.median(np.abs(y))) or np.inf
    y = np.clip(y, -limit, limit)
    angle = 2.0 * np.pi * np.outer(k, frequency)
    basis = np.hstack([np.cos(angle), np.sin(angle)])
    gram = basis.T @ basis
    gram[np.diag_indices_from(gram)] *= 1.0 + 1e-9
    weight = np.linalg.solve(gram, basis.T @ y)
    variance = float(np.var(y - basis @ weight)) * 2.0 / len(y)  # of each weight
    power = weight[: len(frequency)] ** 2 + weight[len(frequency) :] ** 2
    shrink = np.sqrt(np.maximum(1.0 - 2.0 * variance / np.maximum(power, 1e-300), 0.0))
    weight = weight * np.r_[shrink, shrink]
    grid = 2.0 * np.pi * np.outer(np.linspace(0.0, beats, 240, endpoint=False), frequency)
    wave = np.hstack([np.cos(grid), np.sin(grid)]) @ weight
    half = 0.5 * float(wave.max() - wave.min())
    sigma = float(np.sqrt(variance * max(1, int((shrink > 0).sum()))))
    return Interval(half, max(half - 1.96 * sigma, 0.0), half + 1.96 * sigma)


def _still(values: Floats, beats: float) -> Floats:
    """Values less their running mean over one period (gaps left out)."""
    width = max(3, int(round(beats)) | 1)
    known = np.isfinite(values)
    if width >= len(values):
        return np.asarray(values - np.nanmean(values))
    sums = _running(np.where(known, values, 0.0), width)
    count = _running(known.astype(float), width)
    return np.asarray(np.where(known, values - sums / np.maximum(count, 1.0), np.nan))


def _running(values: Floats, width: int) -> Floats:
    """Sums over `width` neighbours, the window kept within the ends."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    n = len(values)
    start = np.clip(np.arange(n) - width // 2, 0, n - width)
    return np.asarray(total[start + width] - total[start])
