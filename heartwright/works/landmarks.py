"""From the engine's logs to beats: which impact was which sound of which beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heartwright.engine import layout as L
from heartwright.engine.simulate import Written
from heartwright.geometry.swiss_lever import STONE_LOCK
from heartwright.records import Beats, Impacts

Floats = NDArray[np.float64]
TOOTH_FEATURES = 5  # features below this are vertices of the tooth


def impacts(written: Written, pairs: tuple[str, ...]) -> Impacts:
    """The impact log as a record; contacts with a banking get the index behind the last pair."""
    rows = written.impact
    pair = rows[:, L.I_PAIR].astype(np.int64)
    return Impacts(
        time_s=rows[:, L.I_T].copy(),
        pair=np.where(pair < 0, len(pairs), pair),
        tooth=rows[:, L.I_TOOTH].astype(np.int64),
        impulse_ns=rows[:, L.I_PN].copy(),
        speed_m_s=np.maximum(rows[:, L.I_V], 0.0),
        loss_j=rows[:, L.I_LOSS].copy(),
        oscillator_rad=rows[:, L.I_OSC].copy(),
    )


def beats(written: Written, *, lever: bool, half_period: float) -> Beats:
    """One row per passage through the line of centres that has a turning point on both sides."""
    rows = written.crossing
    if len(rows) < 3:
        empty = np.zeros(0)
        return Beats(empty, np.zeros(0, np.int64), *(empty,) * 6)
    centre, peak = rows[1:-1, L.C_T], 0.5 * (rows[1:-1, L.C_PEAK] + rows[2:, L.C_PEAK])
    side = np.where(rows[1:-1, L.C_W] > 0, 1, -1)
    lo = 0.5 * (rows[:-2, L.C_T] + rows[1:-1, L.C_T])
    hi = 0.5 * (rows[1:-1, L.C_T] + rows[2:, L.C_T])
    # where a beat is overlong (missed), do not look further than half a beat to either side
    lo, hi = np.maximum(lo, centre - half_period), np.minimum(hi, centre + half_period)
    marks = _lever_marks(written, side, lo, hi) if lever else _pendulum_marks(written, lo, hi)
    return Beats(centre, side, peak, *marks)


def _first(times: Floats, after: Floats, before: Floats) -> Floats:
    """The first of `times` (sorted) at or after each `after` and before `before`, NaN where there is none."""
    out = np.full(len(after), np.nan)
    if not len(times):
        return out
    i = np.searchsorted(times, np.nan_to_num(after, nan=np.inf))
    ok = i < len(times)
    found = times[np.minimum(i, len(times) - 1)]
    ok &= found < before
    out[ok] = found[ok]
    return out


def _last(times: Floats, after: Floats, before: Floats) -> Floats:
    """The last of `times` (sorted) after `after` and before each `before`, NaN where there is none."""
    out = np.full(len(after), np.nan)
    if not len(times):
        return out
    i = np.searchsorted(times, np.nan_to_num(before, nan=-np.inf)) - 1
    found = times[np.maximum(i, 0)]
    ok = (i >= 0) & (found >= np.nan_to_num(after, nan=np.inf))
    out[ok] = found[ok]
    return out


def _lever_marks(written: Written, side: NDArray[np.int64], lo: Floats, hi: Floats) -> tuple[Floats, ...]:
    hit, gone = written.impact, written.opening
    out = [np.full(len(side), np.nan) for _ in range(5)]
    for way, unlocking, landing, wall, bank in ((1, 1, 0, 3, 0), (-1, 0, 1, 2, 1)):
        rows = side == way
        a, b = lo[rows], hi[rows]
        pair, t = hit[:, L.I_PAIR], hit[:, L.I_T]
        unlock = _first(t[pair == wall], a, b)
        on_lock = (hit[:, L.I_FEATURE] < TOOTH_FEATURES) & (hit[:, L.I_FACE] == STONE_LOCK)
        lock = _first(t[pair == landing], unlock, b)
        bank_at = _first(t[(pair == L.LIMIT_PAIR) & (hit[:, L.I_FEATURE] == bank)], unlock, b)
        impulse = _first(t[(pair == unlocking) & ~on_lock], unlock, b)
        leaving = np.sort(np.concatenate([gone[gone[:, L.O_PAIR] == unlocking, L.O_T], t[pair == unlocking]]))
        drop = _last(leaving, unlock, lock)
        for column, values in zip(out, (unlock, impulse, drop, lock, bank_at), strict=True):
            column[rows] = values
    return tuple(out)


def _pendulum_marks(written: Written, lo: Floats, hi: Floats) -> tuple[Floats, ...]:
    """The landing is the strongest impact of the beat; the drop the last opening before it."""
    hit, gone = written.impact, written.opening
    none = np.full(len(lo), np.nan)
    lock = none.copy()
    start, stop = np.searchsorted(hit[:, L.I_T], lo), np.searchsorted(hit[:, L.I_T], hi)
    for i, (a, b) in enumerate(zip(start, stop, strict=True)):
        if b > a:
            lock[i] = hit[a + int(np.argmax(hit[a:b, L.I_PN])), L.I_T]
    drop = _last(gone[:, L.O_T], lo, lock)
    return none, none.copy(), drop, lock, none.copy()
