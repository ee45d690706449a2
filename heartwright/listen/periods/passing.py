"""Something that happened once: a stretch of beats that differs from all others, too slow or too rare to be a period.

A damaged tooth of a slow wheel shows once an hour. In a shorter take that is an event, and no wheel can be named. The
whitened series is summed over windows of 8, 16, 32 ... beats; the largest sum in units of its scatter is weighed
against all windows there are (Bonferroni: windows overlap, so this errs on the side of saying nothing).
"""

from __future__ import annotations

import numpy as np

from heartwright.listen.periods.lines import White, chance
from heartwright.records import BeatTable, Passing

_SHORTEST = 8  # beats
_FEWEST = 1200  # beats: in a shorter take a swing's own memory passes for an event
_MOST = 3


def find(white: White, of: str, table: BeatTable, alarm: float) -> tuple[Passing, ...]:
    """Up to three stretches of a series that chance does not make at the false-alarm probability `alarm`, in order."""
    if white.count < _FEWEST:
        return ()
    total = np.concatenate([[0.0], np.cumsum(white.values - white.values.mean())])
    widths = [w for w in (_SHORTEST << k for k in range(12)) if w <= white.count // 16]
    hits = []
    for width in widths:
        # a window of so many beats hears most of what has half a cycle in it
        half = np.array([1.0 / (2.0 * width)])
        floor = float(np.interp(half * white.count, np.arange(len(white.floor)), white.floor)[0])
        z = (total[width:] - total[:-width]) / np.sqrt(floor * width * (1.0 - width / white.count))
        p = chance(0.5 * z**2, np.array(0.5), white.freedom(half)) * (white.count / width * 4.0) * len(widths)
        for start in np.flatnonzero(p < alarm):
            hits.append((float(p[start]), int(start), int(start) + width))
    kept: list[tuple[float, int, int]] = []
    for hit in sorted(hits):
        if all(hit[2] <= k[1] or hit[1] >= k[2] for k in kept) and len(kept) < _MOST:
            kept.append(hit)
    kept.sort(key=lambda hit: hit[1])
    return tuple(Passing(float(table.time_s[a]), float(table.time_s[b - 1]), of, p) for p, a, b in kept)
