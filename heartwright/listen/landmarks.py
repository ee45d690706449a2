"""When each sound of each beat happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen.level import Level
from heartwright.listen.shape import Shape
from heartwright.listen.track import Chain
from heartwright.records import Floats


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Times of the sounds of the chain's beats, shape [n], NaN where not timed.

    `time_s` is the beat's landmark (sound 1 of a lever, else the loudest sound) and `sigma_s` its random one-sigma
    error; `common_s` is the one-sigma error that all beats of a side share (it enters the beat error),
    `span_common_s` that of the span from sound 1 to the banking. `timed` names what ends the span.
    """

    time_s: Floats
    sigma_s: Floats
    impulse_s: Floats
    lock_s: Floats
    bank_s: Floats
    lever: bool
    timed: str = ""
    common_s: float = 0.0
    span_common_s: float = 0.0


def time_sounds(samples: Floats, rate_hz: float, chain: Chain, shape: Shape, level: Level) -> Landmarks:
    """Time the sounds of every beat of cleaned samples."""
    nothing = np.full(len(chain), np.nan)
    time = np.where(shape.good, shape.time_s, np.nan)
    sigma = np.where(shape.good, 1e-4, np.nan)
    return Landmarks(time, sigma, nothing, nothing, nothing, False)
