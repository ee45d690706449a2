"""Where in its cycle each block falls: what every fold is made with."""

from __future__ import annotations

import numpy as np

from heartwright.records import Ints

_TURN = 32  # bits of the phase that are kept


def place(count: int, period: float, bins: int) -> Ints:
    """Bin (of `bins`) that each of `count` blocks has in a cycle of `period` blocks; block 0 begins bin 0, [count].

    The phase is a 64-bit integer that wraps once a cycle: faster than a remainder, and exact however long the take is.
    """
    turn = np.arange(count, dtype=np.uint64) * np.uint64(round(2.0**64 / period))
    return np.asarray((turn >> np.uint64(_TURN)) * np.uint64(bins) >> np.uint64(64 - _TURN), dtype=np.int64)
