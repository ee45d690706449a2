"""A take's onset strength, transformed once, to be met by many short filters.

A filter is a beat long, the take many: by pieces a few filters long a filter's answer costs a sixth of what one
transform of the whole take does, since the filter is transformed at a piece's length too (overlap-save: Oppenheim and
Schafer, ch. 8).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from heartwright.listen.beat.onsets import Singles
from heartwright.records import Floats

SHORTEST, FILTERS = 1024, 4  # a piece is at least so many blocks long, and so many times the longest filter


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Transforms of pieces of an onset strength of `count` blocks, for filters of up to `longest` blocks.

    Pieces are `size` blocks long and begin `size - longest` after one another, the first `longest` before the take.
    """

    values: NDArray[np.complex64]
    size: int
    longest: int
    count: int

    @classmethod
    def of(cls, strength: Singles, longest: int) -> Spectrum:
        """Transform `strength`."""
        size = next_fast_len(max(SHORTEST, FILTERS * longest), real=True)
        step = size - longest
        pieces = -(-(len(strength) + longest) // step)
        padded = np.zeros(pieces * step + longest, np.float32)
        padded[longest : longest + len(strength)] = strength
        rows = np.lib.stride_tricks.sliding_window_view(padded, size)[::step]
        return cls(rfft(rows, axis=1), size, longest, len(strength))

    def matched(self, kernel: Floats, lead: int) -> Singles:
        """Sum over j of strength[n + j - lead] kernel[j] at every n, shape [n_block]; `lead` up to the longest."""
        padded = np.zeros(self.size, np.float32)
        padded[: len(kernel)] = kernel
        answer = irfft(self.values * np.conj(rfft(padded)), self.size, axis=1)[:, : self.size - self.longest].ravel()
        return np.asarray(answer[self.longest - lead :][: self.count])
