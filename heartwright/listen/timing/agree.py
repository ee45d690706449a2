"""Landmarks held against the count.

Where noise comes in bursts, the energy of a syllable or a knock can draw the finer timing of a beat away from where the
tracker has it, by more than a beat is ever out of place against its neighbours. Such beats keep the tracker's time and
count as not timed finely; where most beats scatter so, and fit one another badly, the tracker's times stand for all.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heartwright.listen.beat.track import Chain
from heartwright.listen.timing import together
from heartwright.listen.timing.landmarks import Landmarks
from heartwright.records import Floats

LEAST_S, SIGMAS = 1.0e-3, 6.0  # a beat is drawn away beyond both
MOST_SCATTER_S, MOST_SHARE = 0.5e-3, 0.3
DROWNED = 0.58  # a quarter of the beats fits its side no better: noise decides where they are aligned
NEIGHBOURS = 9
CLEARLY_A_BEAT = 0.85  # correlation with the mean of the side, reached where little noise is
STRAY_SIGMAS, STRAY_LEAST_S = 4.0, 0.2e-3


def held(marks: Landmarks, chain: Chain, match: Floats) -> Landmarks:
    """`marks` with the beats set aside that were drawn away from the chain.

    A beat whose sound is that of the others (`match` with its side, near 1) was out of place, and not drawn away.
    """
    off = marks.rough_s - chain.time_s
    middle = np.array([np.median(off[chain.side == s]) if (chain.side == s).any() else 0.0 for s in range(2)])
    rest = np.abs(off - middle[chain.side])
    scatter = 1.4826 * float(np.median(rest))
    away = rest > max(LEAST_S, SIGMAS * scatter)
    away &= match < CLEARLY_A_BEAT
    if (scatter > MOST_SCATTER_S or np.mean(away) > MOST_SHARE) and np.quantile(match, 0.25) < DROWNED:
        coarse = together.landmarks(chain)
        return replace(coarse, time_s=np.where(strays(chain), np.nan, coarse.time_s))
    if not away.any():
        return marks
    rough = np.where(away, chain.time_s + middle[chain.side], marks.rough_s)
    return replace(marks.without(away), rough_s=rough)


def strays(chain: Chain) -> np.ndarray:
    """Which beats leave the middle of their neighbours of the same side by far, shape [n]."""
    out = np.zeros(len(chain), dtype=bool)
    for s in range(2):
        mine = np.flatnonzero(chain.side == s)
        if len(mine) < NEIGHBOURS:
            continue
        phase = chain.time_s[mine] - chain.number[mine] * chain.beat_s
        half = NEIGHBOURS // 2
        wide = np.pad(phase, half, mode="reflect")
        off = np.abs(phase - np.median(np.lib.stride_tricks.sliding_window_view(wide, NEIGHBOURS), axis=1))
        out[mine] = off > max(STRAY_SIGMAS * 1.4826 * float(np.median(off)), STRAY_LEAST_S)
    return out
