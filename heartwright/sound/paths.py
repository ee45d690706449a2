"""The kernels of `space`: what sources said, kept in rings, through the delays and FIRs of every path to two ears.

Everything is 32 bits, one sample of output after another in the same order of additions however it is cut into
stretches (no reassociation), so that the bits of the output depend on the samples alone.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heartwright.records import Ints
from heartwright.sound.ears import Singles

Bools = NDArray[np.bool_]
GRID = 128  # samples: filters change at whole multiples of it


@njit(cache=True, nogil=True)
def write(x: Singles, clock: int, ring: Singles) -> None:
    """x [S, n] into ring [S, 2 size], twice, so that a stretch is never cut; size a power of two."""
    size = ring.shape[1] // 2
    for s in range(x.shape[0]):
        for i in range(x.shape[1]):
            at = (clock + i) & (size - 1)
            ring[s, at] = x[s, i]
            ring[s, at + size] = x[s, i]


@njit(cache=True, nogil=True)
def add_paths(
    ring: Singles, clock: int, live: Bools, offset: Ints, taps: Singles, start: Ints, length: Ints, out: Singles
) -> None:
    """out [E, n] += every path of every live source. offset [2, S, P, E]; taps [2, S, P, E, T]; start, length [S].

    n is a whole number of `GRID`s, and what was not asked for is left by the caller: so each sample is made in one way.
    """
    size = ring.shape[1] // 2
    n_tap = taps.shape[4]
    a, b = np.zeros(GRID, np.float32), np.zeros(GRID, np.float32)
    for first in range(0, out.shape[1], GRID):
        now = clock + first
        for s in range(offset.shape[1]):
            if not live[s]:
                continue
            for p in range(offset.shape[2]):
                for e in range(offset.shape[3]):
                    begin = (now - offset[0, s, p, e] - n_tap + 1) & (size - 1)
                    old = ring[s, begin : begin + GRID + n_tap - 1]
                    if length[s] == 0:
                        fir(old, taps[0, s, p, e], out[e, first : first + GRID])
                        continue
                    a[:] = 0.0
                    b[:] = 0.0
                    fir(old, taps[0, s, p, e], a)
                    begin = (now - offset[1, s, p, e] - n_tap + 1) & (size - 1)
                    fir(ring[s, begin : begin + GRID + n_tap - 1], taps[1, s, p, e], b)
                    for i in range(GRID):
                        share = np.float32(min(1.0, (now + i - start[s]) / length[s]))
                        out[e, first + i] += a[i] + share * (b[i] - a[i])


@njit(cache=True, nogil=True, fastmath={"contract"})
def fir(x: Singles, h: Singles, out: Singles) -> None:
    """out [GRID] += sum over k of h[k] x[n_tap - 1 - k + i], eight taps at a time, which divides n_tap."""
    n_tap = h.shape[0]
    for k in range(0, n_tap, 8):
        h0, h1, h2, h3, h4, h5, h6, h7 = h[k], h[k + 1], h[k + 2], h[k + 3], h[k + 4], h[k + 5], h[k + 6], h[k + 7]
        y = x[n_tap - 8 - k : n_tap - 1 - k + GRID]
        for i in range(GRID):
            out[i] += ((h0 * y[i + 7] + h1 * y[i + 6]) + (h2 * y[i + 5] + h3 * y[i + 4])) + (
                (h4 * y[i + 3] + h5 * y[i + 2]) + (h6 * y[i + 1] + h7 * y[i])
            )
