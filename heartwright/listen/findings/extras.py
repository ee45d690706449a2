"""Sounds that are none of the three of a lever's beat: knocking, guard, rubbing; and a first sound that is not heard.

The energy of the high-passed take is laid out beat by beat in blocks of a millisecond. A block is loud where it exceeds
what only one quiet block in a thousand does; an extra sound is a place in the beat where more beats are loud than just
before it, so that the case's ringing, which only falls, is none. p is the Poisson chance of so many loud blocks, over
all places of both sides. Rubbing is a noise that rises again after the beat has rung out, before the next begins.

What a place means: the swing turns half a beat after its middle. A sound there is the jewel knocking on the outside of
the fork (the swing is too large); elsewhere between the beats something touches: guard pin, horn, or a loose part. In
the first 30 ms after the lock it may be an echo of the room.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.special import gammainc

from heartwright.listen import filters
from heartwright.listen.timing.shape import SLOWEST_LEVER_S
from heartwright.records import BeatTable, Extra, Floats, Ints, Reading

ALARM = 0.01
_BLOCK_S = 1e-3
_MOST_BEATS = 400
_AT_ONCE = 8  # beats laid out at a time: they stay in the cache
_FEWEST_BEATS = 20  # a side
_LOUD = 1e-3  # share of quiet blocks that are louder
_LOUD_AT_MOST = 4e-3  # what that share may truly be: it is estimated from few blocks, and the quietest were chosen
_BACK = 8  # blocks before, of which the quietest is the comparison
_AFTER_S, _BEFORE_S = 4e-3, 4e-3  # kept clear of the beat's own sounds
_TURN_BEATS = 0.17  # about the end of the swing
_ECHO_S = 0.03
_LEAST_SHARE = 0.05  # of the beats of a side
_LEAST_RISE_DB = 1.5
_KNOCK_DB = 6.0  # over the quiet floor
_QUIET_SPAN = 0.1  # of a beat
_FIRST_BELOW_DB, _FIRST_SPREAD_DB = 16.0, 5.0  # sound 1 below the loudest of a lever's beat, as takes and twins show


def find(filtered: Floats, rate_hz: float, reading: Reading, *, alarm: float = ALARM) -> tuple[Extra, ...]:
    """Extra sounds of a take [n samples, high-passed] whose beats have been timed; none where it is no lever."""
    table = reading.table
    if reading.status != "ok" or table is None or reading.beat_rate_bph is None:
        return ()
    beat_s = 3600.0 / reading.beat_rate_bph.value
    if not reading.fold_marks_ms:
        return _between(filtered, rate_hz, reading, beat_s, alarm) or _first_sound(reading, beat_s)
    span_s = 1e-3 * max(at for _, at in reading.fold_marks_ms)
    begin, end = span_s + _AFTER_S, beat_s - _BEFORE_S - 2e-3
    laid = [_rows(filtered, rate_hz, table, side, begin, end) for side in (1, -1)]
    if any(len(rows) < _FEWEST_BEATS or rows.shape[1] < 3 * _BACK for rows, _ in laid):
        return ()
    out = [
        found
        for (rows, when), side in zip(laid, ("tick", "tock"), strict=True)
        for found in _sounds(rows, when, begin, beat_s, side, 0.4 * alarm, span_s)
    ]
    rub = _rubbing(np.concatenate([rows for rows, _ in laid]), beat_s, begin, 0.2 * alarm)
    return (*out, *rub)


def _between(filtered: Floats, rate_hz: float, reading: Reading, beat_s: float, alarm: float) -> tuple[Extra, ...]:
    """No lever's pattern, but a second sound half a beat from the loudest: one of the two is the knock."""
    table = reading.table
    if table is None or beat_s > SLOWEST_LEVER_S:
        return ()
    begin, out = (0.5 - _TURN_BEATS) * beat_s, []
    for side, name in ((1, "tick"), (-1, "tock")):
        rows, when = _rows(filtered, rate_hz, table, side, begin - _BACK * _BLOCK_S, (0.5 + _TURN_BEATS) * beat_s)
        if len(rows) < _FEWEST_BEATS or rows.shape[1] < 3 * _BACK:
            return ()
        found = _sounds(rows, when, begin - _BACK * _BLOCK_S, beat_s, name, 0.5 * alarm, 0.0)
        out += [extra for extra in found if extra.kind == "knocking"]
    text = (
        "Two sounds half a beat apart at every beat, and no lever's pattern: the jewel knocks on the fork's outside at "
        "the end of each swing (too much torque), or the train strikes something."
    )
    strong = [extra for extra in out if extra.level_db is not None and extra.level_db > _KNOCK_DB]
    return tuple(replace(extra, text=text) for extra in strong[:1]) if len(strong) > 1 else ()


def _rows(
    filtered: Floats, rate_hz: float, table: BeatTable, side: int, begin_s: float, end_s: float
) -> tuple[Floats, Floats]:
    """Mean squares of the blocks from `begin_s` to `end_s` after each beat of a side, and the beats' times."""
    times = table.time_s[(table.side == side) & (table.flag == "") & np.isfinite(table.time_s)]
    times = times[np.unique(np.linspace(0, len(times) - 1, min(len(times), _MOST_BEATS)).astype(np.int64))]
    block = max(1, round(_BLOCK_S * rate_hz))
    count = max(int((end_s - begin_s) * rate_hz) // block, 0)
    first = np.round((times + begin_s) * rate_hz).astype(np.int64)
    inside = (first >= 0) & (first + count * block <= len(filtered))
    rows = np.empty((int(inside.sum()), count))
    if len(rows):
        every = np.lib.stride_tricks.sliding_window_view(filtered, count * block)
        for at in range(0, len(rows), _AT_ONCE):
            some = every[first[inside][at : at + _AT_ONCE]].reshape(-1, count, block)
            rows[at : at + _AT_ONCE] = np.einsum("kij,kij->ki", some, some) / block
    return rows, times[inside]


def _quiet(rows: Floats) -> tuple[int, int]:
    """Columns of the quietest stretch of the beat."""
    width = max(_BACK, int(_QUIET_SPAN * rows.shape[1]))
    level = filters.medians(rows)
    start = int(np.argmin(np.convolve(level, np.ones(width), "valid")))
    return start, start + width


def _sounds(
    rows: Floats, when: Floats, begin_s: float, beat_s: float, side: str, alarm: float, span_s: float
) -> list[Extra]:
    """Places of a side where more beats are loud than just before."""
    first, last = _quiet(rows)
    quiet = rows[:, first:last].ravel()
    limit, floor = filters.quantile(quiet, 1.0 - _LOUD), filters.median(quiet) or 1e-30
    loud = rows > limit
    count = loud.sum(axis=0)
    past = np.concatenate([np.full(_BACK, len(rows)), count[:-1]])
    before = np.lib.stride_tricks.sliding_window_view(past, _BACK).min(axis=1)
    expected = np.maximum(before, _LOUD_AT_MOST * len(rows)).astype(float)
    p = np.where(count > before, gammainc(np.maximum(count, 1), expected), 1.0) * 2.0 * len(count)
    p[:2] = 1.0
    least = max(3, int(_LEAST_SHARE * len(rows)))
    places = _peaks(count, (p < alarm) & (count - before >= least))
    out = []
    for k in places:
        at = begin_s + (k + 0.5) * _BLOCK_S
        beats = np.flatnonzero(loud[:, k])
        level = 10.0 * math.log10(float(np.mean(rows[beats, k])) / floor)
        share = len(beats) / len(rows)
        kind, text = _means(at, beat_s, span_s, side, share)
        chosen = beats[np.argsort(-rows[beats, k])[:6]]
        moments = tuple(float(t) for t in np.sort(when[chosen] + at))
        out.append(Extra(kind, text, 1e3 * at, level, float(np.clip(p[k], 1e-12, 1.0)), moments))
    return out


def _peaks(count: Ints, chosen: np.ndarray) -> list[int]:
    """The most often loud block of each run of chosen ones."""
    out: list[int] = []
    index = np.flatnonzero(chosen)
    for run in np.split(index, np.flatnonzero(np.diff(index) > _BACK) + 1) if len(index) else []:
        out.append(int(run[np.argmax(count[run])]))
    return out


def _means(at_s: float, beat_s: float, span_s: float, side: str, share: float) -> tuple[str, str]:
    """Kind and sentence of a sound at a place of the beat."""
    often = "every beat" if share > 0.9 else f"{100.0 * share:.0f} of 100 beats"
    where = f"{1e3 * at_s:.0f} ms after the first sound of the {side}, in {often}"
    middle = 0.5 * span_s
    if abs(at_s - middle - 0.5 * beat_s) < _TURN_BEATS * beat_s:
        return "knocking", f"A sound near the end of the swing, {where}: the jewel may knock on the fork's outside."
    if at_s - span_s < _ECHO_S:
        return "extra", f"A sound soon after the lock, {where}: an echo of the room, or a part that is loose."
    return "guard", f"A sound between the beats, {where}: guard pin or horn may touch, or a part is loose."


def _rubbing(rows: Floats, beat_s: float, begin_s: float, alarm: float) -> tuple[Extra, ...]:
    """Noise that rises again between the quietest stretch and the next beat."""
    first, last = _quiet(rows)
    width = last - first
    if rows.shape[1] - last < width:
        return ()
    still = np.log(rows[:, first:last].mean(axis=1) + 1e-30)
    starts = np.arange(last, rows.shape[1] - width + 1, max(1, width // 2))
    total = np.cumsum(np.concatenate([np.zeros((len(rows), 1)), rows], axis=1), axis=1)
    rise = (np.log((total[:, starts + width] - total[:, starts]) / width + 1e-30) - still[:, None]).T
    mean, spread = rise.mean(axis=1), rise.std(axis=1) / np.sqrt(len(rows))
    k = int(np.argmax(mean))
    level = 10.0 / np.log(10.0) * float(mean[k])
    # the quietest of all stretches was chosen as the comparison: each place it might have been counts as a try
    tries = len(starts) * rows.shape[1] / width
    p = float(np.clip(np.exp(-0.5 * (mean[k] / max(spread[k], 1e-12)) ** 2) * tries, 1e-12, 1.0))
    if level < _LEAST_RISE_DB or p >= alarm:
        return ()
    at = begin_s + (starts[k] + 0.5 * width) * _BLOCK_S
    text = (
        f"Between the beats the noise rises again by {level:.1f} dB, most {1e3 * at:.0f} ms after the first sound: "
        "something may rub (hairspring, rim, guard), or the recorder's gain follows the beat."
    )
    return (Extra("rubbing", text, 1e3 * at, level, p),)


def _first_sound(reading: Reading, beat_s: float) -> tuple[Extra, ...]:
    """A lever was told, and its first sound is not heard: is the signal weak, or the sound missing?"""
    snr = reading.snr_db
    if reading.lift_deg is None or snr is None or reading.beats < 2 * _FEWEST_BEATS or beat_s > SLOWEST_LEVER_S:
        return ()
    # averaging over the beats of a side brings the noise of the fold down
    margin = snr + 5.0 * np.log10(0.5 * reading.beats) - _FIRST_BELOW_DB - 6.0
    p = float(np.clip(0.5 * np.exp(-(np.maximum(margin, 0.0) ** 2) / (2.0 * _FIRST_SPREAD_DB**2)), 1e-6, 1.0))
    if p > 0.05:
        text = (
            f"The first sound is not heard: at {snr:.0f} dB over the noise that is likelier a weak signal than a fault."
        )
    else:
        text = (
            f"The first sound is not heard though the take is clear ({snr:.0f} dB over the noise): another escapement "
            "(--escapement), a microphone that hears one sound only, or a worn jewel or notch."
        )
    return (Extra("first sound", text, None, None, p),)
