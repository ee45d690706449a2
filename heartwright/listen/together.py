"""A take whose beats are heard only together: its shape and landmarks straight from the chain.

Aligning single beats would fit the noise, so the beats stay where the chain has them, the fold is that of the onset
bands, one sound a beat is timed, and the errors are those of the chain.
"""

from __future__ import annotations

import numpy as np

from heartwright.listen.landmarks import Landmarks
from heartwright.listen.level import Level, quiet_stretch
from heartwright.listen.onsets import Onsets
from heartwright.listen.shape import Shape
from heartwright.listen.track import Chain
from heartwright.records import Floats

COMMON_S = 2e-4  # one-sigma error that all beats of a side share: sides that sound unlike one another
PEAK_DB = 7.0  # peak of the loudest sound over its mean square in one block (measured on takes of known SNR)


def shape(strike: Onsets, chain: Chain) -> Shape:
    """The folded beat of each side, in units of the noise's mean square."""
    energy = strike.bands.mean(axis=1, dtype=np.float64)
    rate = strike.block_rate_hz
    lead, tail = int(chain.lead_s * rate), int(chain.tail_s * rate)
    at = np.clip(np.round(chain.time_s * rate - 1.0).astype(np.int64), 0, len(energy) - 1)
    rows = np.pad(energy, (lead, tail + 1), mode="edge")[at[:, None] + np.arange(lead + tail + 1)]
    fold = np.array([rows[chain.side == s].mean(axis=0) for s in range(2)])
    missing = np.full(2, np.nan)
    every = np.ones(len(chain), dtype=bool)
    axis = np.arange(-lead, tail + 1) / rate
    return Shape(chain.time_s, every, chain.score, axis, fold, 1.0, False, missing, missing, True)


def level(found: Shape, beat_s: float) -> Level:
    """SNR [dB] from the loudest block of the fold."""
    excess = max(float(found.fold.mean(axis=0).max()) - float(np.median(found.fold)), 1e-3)
    return Level(10.0 * float(np.log10(excess)) + PEAK_DB, quiet_stretch(found.axis_s, found.fold, beat_s))


def landmarks(chain: Chain) -> Landmarks:
    """One sound a beat, timed by the chain."""
    nothing: Floats = np.full(len(chain), np.nan)
    return Landmarks(
        chain.time_s, chain.sigma_s, nothing, nothing, nothing, False, chain.time_s, common_s=COMMON_S, buried=True
    )
