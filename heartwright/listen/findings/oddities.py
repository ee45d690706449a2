"""Beats out of the ordinary, each with how often chance alone would mark it.

A beat is displaced by as much as it leaves the running median of its neighbours, its side's own place taken off. Null
model: displacements are independent and follow a Student's t law of six degrees (fewer in a short take), scaled by the
take's own median absolute deviation and by no less than its timing noise; p is Bonferroni's over the take. A beat that
was not heard is judged by level: how often a sound of this take's loudness and scatter would sink into the noise. Only
where that is rare, and nothing sounds where the beat should be, was a beat missed; else it was not timed. A second
sound within a beat is judged by how often noise alone would be as loud; a knock in the room is as loud too, and the
mark does not say whose sound it was.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heartwright.listen import filters
from heartwright.records import BeatTable, Floats, Mark

NEAR = 4  # neighbours on either side
_HEARD_DB = 6.0  # a sound whose peak is less over the noise is not heard
_LEAST_SCATTER_DB = 1.5
_NOISE_S = 1e-3  # noise peaks are independent so far apart
_LEAST_P = 1e-12
SURE = 0.05  # a missed beat above this p was more likely not heard
FEWEST = 5
_SILENT_SHARE = 1e-5  # of the beats' loudness, below which there was no sound at all
_THERE_BEATS, _THERE_SHARE = 0.08, 0.25  # how near a missed beat something sounds, and how loud against the others


def freedom(count: int) -> float:
    """Degrees of the t law: the scale of few beats is itself uncertain (set on simulated takes of chance alone)."""
    return 3.0 if count < 8 else 4.0 if count < 12 else 6.0


def displaced(values: Floats) -> Floats:
    """By how much each of the values leaves the median of up to four before and four after it."""
    n = len(values)
    padded = np.pad(values, NEAR, constant_values=np.nan)
    rows = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEAR + 1)
    out = np.empty(n)
    inner = slice(NEAR, n - NEAR)
    if n > 2 * NEAR:
        out[inner] = values[inner] - np.median(np.delete(rows[inner], NEAR, axis=1), axis=1)
    for i in (*range(min(NEAR, n)), *range(max(NEAR, n - NEAR), n)):
        near = np.r_[values[max(0, i - NEAR) : i], values[i + 1 : i + 1 + NEAR]]
        out[i] = values[i] - np.median(near)
    return out


def displaced_p(off: Floats, noise: float) -> Floats:
    """How often chance displaces a beat of a take so far; `noise` in the unit of `off`."""
    n = len(off)
    law = freedom(n)
    middle = float(np.median(np.abs(off - np.median(off))))
    scale = max(middle / filters.student_quantile(0.75, law), noise, 1e-12)
    return np.clip(2.0 * n * filters.student_tail(np.abs(off) / scale, law), _LEAST_P, 1.0)


def marks(table: BeatTable) -> tuple[Mark, ...]:
    """The marks of a table's flags, in order of time."""
    flagged = np.flatnonzero(table.flag != "")
    if not len(flagged):
        return ()
    heard = (table.flag != "missed") & np.isfinite(table.residual_ms)
    off = np.full(len(table), np.nan)
    chance = np.ones(len(table))
    if heard.sum() >= FEWEST:
        index = np.flatnonzero(heard)
        clean = np.array(table.residual_ms[index])
        for side in (1, -1):
            own = table.side[index] == side
            if own.any():
                clean[own] -= np.median(clean[own])
        chance[index] = displaced_p(displaced(clean), 1e3 * float(np.nanmedian(table.sigma_s)))
        for i in np.flatnonzero((table.flag[index] != "") & (np.arange(len(index)) > 0)):
            # told against the beats before, so that a step of the phase has its whole size
            off[index[i]] = clean[i] - np.median(clean[max(0, i - NEAR) : i])
    level = table.level_db[heard & np.isfinite(table.level_db)]
    missed, double = _missed_p(level, int(heard.sum())), _double_p(level, table)
    out = []
    for i in flagged:
        kind = str(table.flag[i])
        p = missed if kind == "missed" else double if kind == "double" else float(chance[i])
        shift = float(off[i]) if kind in ("late", "early") and np.isfinite(off[i]) else None
        out.append(Mark(float(table.time_s[i]), kind, p, shift))
    return tuple(out)


def held_against(found: tuple[Mark, ...], table: BeatTable, high: Floats, rate_hz: float) -> tuple[Mark, ...]:
    """Marks with the missed beats held against the sound `high` (high-passed, [n]) where they should have been.

    Where something sounds there nearly as loud as the beats that were heard, or the recording itself is silent, a beat
    was not missed: it was not timed.
    """
    heard = table.time_s[(table.flag != "missed") & np.isfinite(table.level_db)]
    if len(heard) < FEWEST or not any(mark.kind == "missed" for mark in found):
        return found
    reach = round(_THERE_BEATS * float(np.median(np.diff(heard))) * rate_hz)
    usual = float(np.median(_tops(high, heard, reach, rate_hz)))
    tops = _tops(high, np.array([mark.time_s for mark in found]), reach, rate_hz)
    there = (tops > _THERE_SHARE * usual) | (tops < _SILENT_SHARE * usual)
    return tuple(
        replace(mark, p=1.0) if mark.kind == "missed" and excused else mark
        for mark, excused in zip(found, there, strict=True)
    )


def _tops(high: Floats, time_s: Floats, reach: int, rate_hz: float) -> Floats:
    """Highest magnitude within `reach` samples of each time, shape [n]."""
    middle = np.round(time_s * rate_hz).astype(np.int64)
    parts = [np.abs(high[max(0, m - reach) : m + reach + 1]) for m in middle]
    return np.array([float(part.max()) if len(part) else 0.0 for part in parts])


def missed_text(found: tuple[Mark, ...]) -> str:
    """Whether the missed beats of a take were missed or only not heard; "" where there is none."""
    lost = [mark for mark in found if mark.kind == "missed"]
    if not lost:
        return ""
    number = f"{len(lost)} beats were" if len(lost) > 1 else "One beat was"
    if max(mark.p for mark in lost) > SURE:
        return f"{number} not timed: too soft, or under another sound, which is likelier than a beat left out."
    return f"{number} missing where the others are loud and even: the movement or the recording paused there."


def _missed_p(level_db: Floats, count: int) -> float:
    """How often a beat of a take would be too soft to be heard, by the scatter of the levels of those that were."""
    if len(level_db) < FEWEST:
        return 1.0
    middle = float(np.median(level_db))
    law = freedom(len(level_db))
    scatter = float(np.median(np.abs(level_db - middle))) / filters.student_quantile(0.75, law)
    deep = (middle - _HEARD_DB) / max(scatter, _LEAST_SCATTER_DB)
    return float(np.clip(count * filters.student_tail(deep, law), _LEAST_P, 1.0))


def _double_p(level_db: Floats, table: BeatTable) -> float:
    """How often noise alone would be as loud as a beat somewhere in the take."""
    if not len(level_db):
        return 1.0
    tries = max(float(table.time_s[-1] - table.time_s[0]), 1.0) / _NOISE_S
    over = 10.0 ** (float(np.median(level_db)) / 20.0)  # peak over rms
    return float(np.clip(2.0 * tries * np.exp(-0.5 * min(over, 30.0) ** 2), _LEAST_P, 1.0))
