"""What `space` keeps of its sources: where they glide, and the filters of their paths, old and new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.records import Floats, Ints
from heartwright.sound.ears import Singles
from heartwright.sound.paths import Bools, add_paths


@dataclass(slots=True)
class Glide:
    """A way from one place to another, in samples of the clock."""

    start: int
    end: int
    origin: Floats
    goal: Floats

    def at(self, clock: int) -> Floats:
        share = min(1.0, max(0.0, (clock - self.start) / max(1, self.end - self.start)))
        return self.origin + share * (self.goal - self.origin)


class Group:
    """Paths of one kind: [A or B, source, path, ear]. A source that fades goes from A to B over `length` samples."""

    def __init__(self, n_source: int, n_path: int, n_tap: int, *, step: int, ears: int = 2) -> None:
        self.offset = np.zeros((2, n_source, n_path, ears), np.int64)
        self.taps = np.zeros((2, n_source, n_path, ears, n_tap), np.float32)
        self.start, self.length = np.zeros(n_source, np.int64), np.zeros(n_source, np.int64)
        self.until = np.zeros(n_source, np.int64)  # time for which B was made
        self.stale = np.zeros(n_source, bool)  # B is to be made anew when the fade is over
        self.sounds = np.zeros(n_source, bool)  # whether A or B is more than silence
        self.step = step  # between two filters of a source that glides

    @property
    def n_tap(self) -> int:
        return int(self.taps.shape[-1])

    def settle(self, who: Ints) -> None:
        """Their fade is over: B is what is heard."""
        self.offset[0, who], self.taps[0, who], self.length[who] = self.offset[1, who], self.taps[1, who], 0
        self.sounds[who] = self.taps[1, who].any(axis=(1, 2, 3))

    def adopt(self, s: int, other: Group, was: int) -> None:
        """Take over a source's paths, fades and all."""
        for mine, old in ((self.offset, other.offset), (self.taps, other.taps)):
            mine[:, s] = old[:, was]
        self.start[s], self.length[s] = other.start[was], other.length[was]
        self.until[s], self.stale[s], self.sounds[s] = other.until[was], other.stale[was], other.sounds[was]

    def add(self, ring: Singles, clock: int, live: Bools, out: Singles) -> None:
        add_paths(ring, clock, live & self.sounds, self.offset, self.taps, self.start, self.length, out)
