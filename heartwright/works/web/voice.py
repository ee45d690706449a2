"""What anchors' forces sound like: kept step by step, handed on at any sample rate, through the web's frame.

The frame is a sounding board of one resonance: below it its stiffness, above it its mass withstands a force, and what
it radiates goes as its acceleration [fletcher1998]. Little is heard of modes far below the resonance.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heartwright.records import Floats

BOARD_HZ, BOARD_Q = 110.0, 2.0
LOUD_PA_N = 0.3  # pressure at 1 m over the force, far above the resonance
HALF = 12  # steps on each side that a sample is made from: so many steps is the sound late
FINE = 256  # how finely the time between two steps is tabled
KEPT_S = 2.0


class Voice:
    """A ring of the last steps' sound, read at any rate by a windowed sinc below the steps' own band."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.ring = np.zeros(int(KEPT_S / step) + 4 * HALF)
        self.written = 0  # steps since the start
        self.rate_hz, self.table = 0, np.zeros((0, 0))
        self._board = np.zeros(2)
        self.read_s = -HALF * step  # where reading stands

    def write(self, sound: Floats) -> None:
        """Keep the newest steps' sound, shape [n]."""
        sound = sound[-len(self.ring) :]
        at = (self.written + np.arange(len(sound))) % len(self.ring)
        self.ring[at] = sound
        self.written += len(sound)

    def read(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        """The next `n` samples of pressure at 1 m [Pa]; what was not asked for in good time is passed over."""
        ready = (self.written - HALF) * self.step
        behind = ready - self.read_s - n / rate_hz
        if behind > 0.1:
            self.read_s += behind
        out = np.zeros(n, np.float32)
        if rate_hz != self.rate_hz:
            self.rate_hz, self.table = rate_hz, _table(0.9 * min(1.0, rate_hz * self.step))
        _read(self.ring, self.written, self.read_s / self.step, 1.0 / (rate_hz * self.step), self.table, out)
        self.read_s = min(self.read_s + n / rate_hz, ready)
        return radiated(out, rate_hz, self._board)


def radiated(force: NDArray[np.float32], rate_hz: float, state: Floats) -> NDArray[np.float32]:
    """Pressure at 1 m [Pa] of forces on the frame [N], shape [n]; state [2] is carried on from block to block."""
    out = np.empty(len(force), np.float32)
    turn = np.tan(np.pi * BOARD_HZ / rate_hz)  # bilinear, bent so that the resonance stays in place
    _board(force, turn, BOARD_Q, LOUD_PA_N, state, out)
    return out


@njit(cache=True)
def _board(
    force: NDArray[np.float32], turn: float, q: float, loud: float, state: Floats, out: NDArray[np.float32]
) -> None:
    """out [n] = loud s^2 / (s^2 + s/q + 1) of force [n], s in units of the resonance; transposed direct form II."""
    whole = 1.0 + turn / q + turn * turn
    a1, a2, b = 2.0 * (turn * turn - 1.0) / whole, (1.0 - turn / q + turn * turn) / whole, loud / whole
    one, two = state[0], state[1]
    for i in range(force.shape[0]):
        x = b * force[i]
        y = x + one
        one = two - 2.0 * x - a1 * y
        two = x - a2 * y
        out[i] = y
    state[0], state[1] = one, two


def _table(cutoff: float) -> Floats:
    """Windowed sincs by how far past a step they stand, [FINE + 1, 2 HALF]; cutoff in shares of the steps' band."""
    x = np.linspace(0.0, 1.0, FINE + 1)[:, None] + np.arange(HALF - 1, -HALF - 1, -1)
    table: Floats = cutoff * np.sinc(cutoff * x) * (0.5 + 0.5 * np.cos(np.pi * np.clip(x / HALF, -1.0, 1.0)))
    return table


@njit(cache=True)
def _read(ring: Floats, written: int, start: float, stride: float, table: Floats, out: NDArray[np.float32]) -> None:
    """out [n] from ring at steps start, start + stride, ..; nothing is there before step 0 or after `written`."""
    fine, taps = table.shape[0] - 1, table.shape[1]
    for i in range(out.shape[0]):
        at = start + i * stride
        step = int(np.floor(at))
        row = min(int((at - step) * fine), fine - 1)
        part = (at - step) * fine - row
        first = step - taps // 2 + 1
        total = 0.0
        for k in range(max(first, 0, written - ring.shape[0]), min(first + taps, written)):
            weight = table[row, k - first]
            weight += part * (table[row + 1, k - first] - weight)
            total += weight * ring[k % ring.shape[0]]
        out[i] = total
