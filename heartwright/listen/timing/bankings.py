"""Bankings of both sides together: where they come, and whether anything else explains the sound as well.

The banking follows the jewel: it comes equally long after the unlocking on both sides, but for the slow change of
amplitude. So each possible mean span is tried on a few beats of both sides together; those that explain their sound
about equally well are followed through all beats, and the one that does so best is believed. What else follows a lock
(its bounce) follows the escape wheel and jumps from beat to beat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen.timing import modal
from heartwright.listen.timing.cluster import WINDOW_S, Cluster, Timed
from heartwright.listen.timing.modal import Modes
from heartwright.listen.timing.windows import Windows, running_median
from heartwright.records import Floats, Ints

# Mean time from lock to banking, in spans from sound 1 to the lock: healthy levers have 0.012 to 0.045.
BANK_SPANS, BANK_STEP = (0.009, 0.050), 0.0025
TRY = 20  # beats a side on which mean spans are tried
POOL = 15  # beats of both sides whose spans are pooled
RIVAL = 15.0  # log odds (of a mean beat of each side) within which another span is followed too
MOST_RIVALS = 3
APART = 4e-3  # spans nearer than this are the same banking [share of the span]


@dataclass(frozen=True, slots=True)
class Banked:
    """Locks, timed again, and bankings of both sides; `margin` is the log odds against the best other span."""

    locks: list[Timed]
    banks: list[Timed]
    margin: float


def time_banks(
    windows: Windows,
    quiet: Floats,
    modes: Modes,
    sides: list[Ints],
    locks: list[Timed],
    unlocks: list[Timed],
    power: Floats,
) -> Banked:
    """Find the bankings of all beats and time the locks again without them."""
    when = np.concatenate([u.time_s for u in unlocks])
    order = np.argsort(when)
    spans = [lock.time_s - unlock.time_s for lock, unlock in zip(locks, unlocks, strict=True)]
    swing = np.concatenate([span - np.median(span) for span in spans])[order]
    swing = np.interp(when, when[order], running_median(swing, 2 * POOL + 1))
    parts = np.split(swing, [len(spans[0])])
    middle = float(np.mean([np.median(span) for span in spans]))
    tasks = [
        _cluster(windows, quiet, modes, beats, lock, unlock.time_s, power)
        for beats, lock, unlock in zip(sides, locks, unlocks, strict=True)
    ]
    tried = [_follow(tasks, [guess + part for part in parts], when, order) for guess in _guesses(tasks, parts, middle)]
    value = [sum(task.likelihood for task in end) for end, _expected in tried]
    mean = [float(np.mean([np.median(task.span_s) for task in end])) for end, _expected in tried]
    best = int(np.argmax(value))
    others = [v for v, m in zip(value, mean, strict=True) if abs(m - mean[best]) > APART * middle]
    margin = value[best] - max(others) if others else np.inf
    ends = [task.settle(e, 3) for task, e in zip(*tried[best], strict=True)]
    return Banked([task.lock for task in ends], [task.banked() for task in ends], float(margin))


def _guesses(tasks: list[Cluster], parts: list[Floats], middle: float) -> list[float]:
    """Mean spans [s] that explain some beats of both sides well, the best first."""
    spans = middle * (1.0 + np.arange(*BANK_SPANS, BANK_STEP))
    score = np.zeros(len(spans))
    for task, part in zip(tasks, parts, strict=True):
        few, rows = task.part(TRY)
        score += few.attempts([span + part[rows] for span in spans])
    padded = np.concatenate([[-np.inf], score, [-np.inf]])
    peak = (score >= padded[:-2]) & (score > padded[2:]) & (score > score.max() - RIVAL)
    at = sorted(np.flatnonzero(peak), key=lambda k: -score[k])[:MOST_RIVALS]
    out = []
    for k in at:
        low = int(np.clip(k - 1, 0, len(spans) - 3))
        three = slice(low, low + 3)
        out.append(float(modal.peak(score[three, None], spans[three])[0][0]))
    return out


def _follow(
    tasks: list[Cluster], expected: list[Floats], when: Floats, order: Ints
) -> tuple[list[Cluster], list[Floats]]:
    """Bankings of all beats from where they are expected, and where the neighbours of both sides expect them then."""
    count = len(expected[0])
    for turn in range(3):
        tasks = [task.settle(e, turn) for task, e in zip(tasks, expected, strict=True)]
        pooled = np.concatenate([task.span_s for task in tasks])[order]
        expected = np.split(np.interp(when, when[order], running_median(pooled, POOL)), [count])
    return tasks, expected


def _cluster(
    windows: Windows, quiet: Floats, modes: Modes, beats: Ints, lock: Timed, unlock_s: Floats, power: Floats
) -> Cluster:
    """The third sounds of some beats, cut wide enough to move the lock by 0.4 ms."""
    rate = windows.rate_hz
    before, after = (int((w + 0.4e-3) * rate) for w in WINDOW_S)
    column = np.floor(lock.time_s * rate - windows.first[beats]).astype(np.int64)
    column = np.clip(column, before, windows.rows.shape[1] - after)
    rows = windows.cut(beats, column, before, after)
    return Cluster(rows, (windows.first[beats] + column - before) / rate, rate, quiet, modes, lock, unlock_s, power)
