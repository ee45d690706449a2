"""Arousal, 0 (calm) to 1 (as far as it goes): one law, in one place.

    da/dt = (gaze (1 - a)) / RISE - (a - floor) / FALL,   FALL shorter while breathing slowly

A gaze is 0 (nobody looks) to 1 (it rests on your own work). That being watched or threatened raises arousal and
unsteadies the hand, and that slow breathing lowers arousal, is measured [noteboom2001, mccaul1979, cappo1984]; the time
constants are *chosen* so that a scene of five minutes holds both (skin conductance answers within seconds and recovers
over tens of seconds to minutes). Frozen before any share of endings was computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

RISE_S: Final = 25.0  # under a full gaze, chosen
FALL_S: Final = 90.0  # left alone, chosen
BREATHING_FALL_S: Final = 20.0  # breathing slowly (about six breaths a minute), chosen
FLOOR: Final = 0.05  # chosen
THROAT: Final = 0.6  # above it nothing can be explained (the contest is shut), chosen
TREMOR_GAIN: Final = 1.74  # tremor x 2.74 at 1: mean of isoproterenol in normal subjects, 1.85 to 3.50 [young1975]
DRIFT_GAIN: Final = 1.0  # drift x 2 at 1: chosen; that steadiness suffers is measured [noteboom2001]
SLOW_GAIN: Final = 1.0  # a movement takes twice as long at 1: chosen ("heavy, clumsy hands")


@dataclass(frozen=True, slots=True)
class Arousal:
    """A level that follows gaze and breath."""

    level: float = FLOOR

    def after(self, seconds: float, *, gaze: float = 0.0, breathing: bool = False) -> Arousal:
        """The level after `seconds` of a steady gaze; the law is linear, so this is exact for any step."""
        up, down = gaze / RISE_S, 1.0 / (BREATHING_FALL_S if breathing else FALL_S)
        rest = (up + FLOOR * down) / (up + down)
        return replace(self, level=rest + (self.level - rest) * math.exp(-(up + down) * seconds))

    @property
    def throat_open(self) -> bool:
        """Whether words come: a finding can be contested."""
        return self.level <= THROAT


def tremor_factor(level: float) -> float:
    """What arousal makes of the tremor's amplitude; its frequency stays [tyrer1974]."""
    return 1.0 + TREMOR_GAIN * level


def drift_factor(level: float) -> float:
    """What arousal makes of the slow drift's amplitude."""
    return 1.0 + DRIFT_GAIN * level


def slowness(level: float) -> float:
    """How much longer a movement takes."""
    return 1.0 + SLOW_GAIN * level
