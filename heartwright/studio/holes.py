"""Holes: stretches of exact nought that a browser puts into the sound when it is too busy to hand it over in time.

Sound of a microphone is never exactly nought for long; a browser that has nothing to give yet gives a frame or more of
noughts, and what comes after is late by as much. Seen: 441 samples at 44.1 kHz, at any place, some a minute on a busy
machine. Where noughts are common they are no holes but a noise gate, or a microphone that is dead: the ear says so.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LEAST, MOST_S = 100, 0.5  # samples of a hole; seconds
COMMON, WITHIN_S = 0.05, 5.0  # share of noughts, in the last seconds, beyond which they are no holes


@dataclass(slots=True)
class Holes:
    """Looks for holes in blocks of a stream. Numbers are those of the stream's samples."""

    rate_hz: float
    at: int = 0  # the next sample
    trailing: int = 0  # noughts at the end of what came
    sounded: bool = False
    noughts: deque[tuple[int, int]] = field(default_factory=deque)  # of each block: its first sample, how many

    def look(self, samples: NDArray[np.float32]) -> list[tuple[int, int]]:
        """First sample and end of each hole that ends in this block, shape [n]."""
        still = samples == 0.0
        count = int(np.count_nonzero(still))
        self._remember(count)
        out: list[tuple[int, int]] = []
        if count + self.trailing >= LEAST:
            edge = np.diff(np.concatenate([[False], still, [False]]).astype(np.int8))
            for first, end in zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1), strict=True):
                begun = self.at + int(first) - (self.trailing if first == 0 else 0)
                length = self.at + int(end) - begun
                before = self.sounded or first > 0
                if before and end < len(samples) and LEAST <= length <= MOST_S * self.rate_hz and not self._common():
                    out.append((begun, self.at + int(end)))
        sound = np.flatnonzero(~still)
        self.trailing = len(samples) - 1 - int(sound[-1]) if len(sound) else self.trailing + len(samples)
        self.sounded |= len(sound) > 0
        self.at += len(samples)
        return out

    def _remember(self, count: int) -> None:
        self.noughts.append((self.at, count))
        while self.noughts[0][0] < self.at - WITHIN_S * self.rate_hz:
            self.noughts.popleft()

    def _common(self) -> bool:
        return sum(count for _, count in self.noughts) > COMMON * WITHIN_S * self.rate_hz


def longest(seams: list[tuple[int, int]], length: int) -> tuple[int, int]:
    """First sample and end of the longest stretch of `length` samples that no seam (first, end) touches."""
    begins = [0, *(min(end, length) for _, end in seams)]
    ends = [*(min(first, length) for first, _ in seams), length]
    return max(zip(begins, ends, strict=True), key=lambda piece: piece[1] - piece[0])
