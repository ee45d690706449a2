"""How far apart the folded beats of the two sides lie.

Both sides make the same sounds at the same distances, if not equally loud; so the roots of their energies (or of their
onset strengths) correlate best where each sound lies on its like. A chain whose sides sit on two sounds of a beat would
tell a beat error that is the distance of these sounds.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from heartwright.records import Floats

FARTHEST = 0.35  # of a fold, by which its sides may lie apart


def blocks(folded: Floats) -> int:
    """By how many blocks the fold of the second side is later than that of the first, [2, n]."""
    root = np.sqrt(np.maximum(folded - np.median(folded, axis=1, keepdims=True), 0.0))
    root -= root.mean(axis=1, keepdims=True)
    n = folded.shape[1]
    size = next_fast_len(2 * n, real=True)
    alike = irfft(rfft(root[1], size) * np.conj(rfft(root[0], size)), size)
    most = int(FARTHEST * n)
    return int(np.argmax(np.concatenate([alike[-most:], alike[: most + 1]]))) - most
