"""The gaze: over the works from the oldest to the newest, where it settles; and how much of it the maker feels.

gaze = Gaze(works);  gaze.at("sweep", 0.4)  ->  (work, dwell share)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: How much of a full gaze the maker of the heart feels; chosen. A look at another's work is still a look in the room.
FELT: Final = {"none": 0.0, "away": 0.2, "other": 0.3, "heart": 1.0}


@dataclass(frozen=True, slots=True)
class Gaze:
    """`works`: their ids from the oldest to the newest; the last is the one it settles on."""

    works: Sequence[int]
    settle_share: float = 0.4  # of a sweep, on the newest

    def at(self, kind: str, share: float) -> tuple[int | None, float]:
        """Work looked at when `share` (0..1) of a phase is over, and how long (share of the phase) it has been."""
        if kind in ("none", "away") or not self.works:
            return None, 0.0
        if kind == "heart" or len(self.works) == 1:
            return self.works[-1], share
        others = self.works[:-1]
        span = (1.0 - self.settle_share) / len(others)
        i = int(share / span)
        if i < len(others):
            return others[i], share - i * span
        return self.works[-1], share - span * len(others)

    def felt(self, kind: str, share: float) -> float:
        """0..1: what arousal feels of it."""
        if kind in ("none", "away"):
            return FELT[kind]
        work, _ = self.at(kind, share)
        return FELT["heart"] if self.works and work == self.works[-1] else FELT["other"]
