"""The table of beats: one row a beat of the count, missed ones included, with flags."""

from __future__ import annotations

import numpy as np

from heartwright.listen.beat.level import Level
from heartwright.listen.beat.track import Chain
from heartwright.listen.findings import oddities
from heartwright.listen.findings.steady import Steady
from heartwright.listen.findings.swing import spans
from heartwright.listen.timing.landmarks import Landmarks
from heartwright.listen.timing.shape import Shape
from heartwright.records import BeatTable, Floats

ALARM = 0.01  # of a take: how often chance alone may mark a beat of it
_STANDS_OUT = 8.0  # robust sigmas
_LEAST_MS = 0.5  # a displacement below this is never flagged
_LEAST_BEATS = 4e-3


def amplitude_deg(span_s: Floats | float, beat_s: float, lift_deg: float) -> Floats:
    """A = lift / (2 sin(pi t / T)) [deg], T two beats."""
    return np.asarray(lift_deg / (2.0 * np.sin(np.pi * np.asarray(span_s) / (2.0 * beat_s))))


def lay(chain: Chain, marks: Landmarks, shape: Shape, level: Level, pace: Steady, lift_deg: float | None) -> BeatTable:
    """Rows for every beat from the first heard to the last."""
    grid = np.arange(chain.number[0], chain.number[-1] + 1)
    row = chain.number - chain.number[0]
    n = len(grid)

    def spread(values: Floats) -> Floats:
        out = np.full(n, np.nan)
        out[row] = values
        return out

    side = np.where((grid - grid[0] + chain.side[0]) % 2 == 0, 1, -1)
    time = spread(marks.time_s)
    rough = spread(marks.rough_s)
    steady_time, local = _expected(grid, time, side, pace)
    time = np.where(np.isfinite(time), time, rough)
    heard = np.isfinite(time)
    residual = 1e3 * (time - steady_time)
    flag = _flags(time, residual, side, heard, pace, float(np.nanmedian(marks.sigma_s)))
    flag = _doubles(flag, np.where(heard, time, local), chain, pace)
    if lift_deg is None or not marks.lever:
        swing = np.full(n, np.nan)
    else:
        swing = spread(amplitude_deg(spans(marks), pace.beat_s, lift_deg))
    peak = np.sqrt(np.maximum(chain.score, 1e-3))
    return BeatTable(
        time_s=np.where(heard, time, local),
        side=side,
        impulse_s=spread(marks.impulse_s),
        lock_s=spread(marks.lock_s),
        bank_s=spread(marks.bank_s),
        sigma_s=spread(marks.sigma_s),
        amplitude_deg=swing,
        residual_ms=residual,
        level_db=spread(level.snr_db + 20 * np.log10(peak)),
        flag=flag,
        faint_span_s=None if marks.faint_span_s is None else spread(marks.faint_span_s),
    )


def _expected(grid: Floats, time: Floats, side: Floats, pace: Steady) -> tuple[Floats, Floats]:
    """Times of the best steady beat, and times expected from the neighbours of each beat."""
    ideal = grid * pace.beat_s
    own = 0.5 * side * -pace.error_s
    start = float(np.nanmedian(time - ideal))
    ok = np.isfinite(time)
    drift = np.interp(grid, grid[ok], (time - ideal - own)[ok])
    return start + ideal, drift + ideal + own


def _flags(time: Floats, residual: Floats, side: Floats, heard: np.ndarray, pace: Steady, noise_s: float) -> np.ndarray:
    """ "missed", "late", "early" or ""; a beat is displaced when it leaves the running median of its neighbours."""
    flag = np.full(len(time), "", dtype="<U8")
    flag[~heard] = "missed"
    clean = residual + 0.5e3 * side * pace.error_s
    index = np.flatnonzero(heard)
    if len(index) < oddities.FEWEST:
        return flag
    values = clean[index]
    off = oddities.displaced(values)
    spread = 1.4826 * float(np.median(np.abs(off)))
    limit = max(_STANDS_OUT * spread, _LEAST_MS, 1e3 * _LEAST_BEATS * pace.beat_s)
    step = np.abs(np.diff(values)) > 0.7 * limit
    far = (np.abs(off) > limit) & np.r_[False, step]
    far &= oddities.displaced_p(off, 1e3 * noise_s) < ALARM
    flag[index[far & (off > 0)]] = "late"
    flag[index[far & (off < 0)]] = "early"
    for i in _jumps(values, limit):
        if not any(flag[index[k]] in ("late", "early") for k in range(max(0, i - 1), min(i + 2, len(index)))):
            flag[index[i]] = "late" if values[i] > values[i - 1] else "early"
    return flag


def _jumps(values: Floats, limit: float) -> list[int]:
    """Beats at which the phase steps and stays: medians of three before and after differ by more than `limit`."""
    out = []
    for i in np.flatnonzero(np.abs(np.diff(values)) > limit) + 1:
        before, after = values[max(0, i - 3) : i], values[i : i + 3]
        if len(after) >= 2 and len(before) >= 2 and abs(np.median(after) - np.median(before)) > limit:
            out.append(int(i))
    return out


def _doubles(flag: np.ndarray, time: Floats, chain: Chain, pace: Steady) -> np.ndarray:
    """Mark the beat before each stray onset as sounded twice; strays at every other beat are the beat's own pattern."""
    if len(chain.stray_s) > max(2, 0.15 * len(chain)):
        return flag
    for stray in chain.stray_s:
        i = int(np.searchsorted(time, stray)) - 1
        if 0 <= i < len(flag) and flag[i] == "":
            flag[i] = "double"
    return flag
