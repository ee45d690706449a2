"""What anchors' forces sound like: kept step by step, and handed on at any sample rate."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heartwright.records import Floats

HALF = 12  # steps on each side that a sample is made from: so many steps is the sound late
KEPT_S = 2.0


class Voice:
    """A ring of the last steps' sound, read at any rate by a windowed sinc below the steps' own band."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.ring = np.zeros(int(KEPT_S / step) + 4 * HALF)
        self.written = 0  # steps since the start
        self.read_s = -HALF * step  # where reading stands

    def write(self, sound: Floats) -> None:
        """Keep the newest steps' sound, shape [n]."""
        sound = sound[-len(self.ring) :]
        at = (self.written + np.arange(len(sound))) % len(self.ring)
        self.ring[at] = sound
        self.written += len(sound)

    def read(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        """The next `n` samples; what was not asked for in good time is passed over."""
        ready = (self.written - HALF) * self.step
        behind = ready - self.read_s - n / rate_hz
        if behind > 0.1:
            self.read_s += behind
        out = np.zeros(n, np.float32)
        cutoff = min(0.9, 0.9 * rate_hz * self.step)
        _read(self.ring, self.written, self.read_s / self.step, 1.0 / (rate_hz * self.step), cutoff, HALF, out)
        self.read_s = min(self.read_s + n / rate_hz, ready)
        return out


@njit(cache=True)
def _read(
    ring: Floats, written: int, start: float, stride: float, cutoff: float, half: int, out: NDArray[np.float32]
) -> None:
    """out [n] from ring at steps start, start + stride, ..; nothing is there before step 0 or after `written`."""
    for i in range(out.shape[0]):
        at = start + i * stride
        middle = int(np.floor(at))
        total = 0.0
        for k in range(middle - half + 1, middle + half + 1):
            if 0 <= k < written and written - k <= ring.shape[0]:
                x = at - k
                weight = 0.5 + 0.5 * np.cos(np.pi * x / half)
                turn = np.pi * cutoff * x
                total += ring[k % ring.shape[0]] * cutoff * weight * (np.sin(turn) / turn if turn != 0.0 else 1.0)
        out[i] = total
