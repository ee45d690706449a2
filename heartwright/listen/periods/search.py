"""A period that nobody named: all of them are tried."""

from __future__ import annotations

import numpy as np

from heartwright.listen.periods.lines import White, chance

_SUMS = ((1, 0.5), (3, 0.25), (8, 0.25))  # harmonics summed, and their share of the false-alarm probability


def anywhere(white: White, *, lowest: float, highest: float) -> tuple[float, float]:
    """The fundamental whose harmonics stand out most, between two frequencies [cycles a beat], and its p.

    The p holds for all frequencies tried: twice oversampled, their maxima count as that many independent ones.
    """
    n = white.count
    spectrum = np.abs(np.fft.rfft(white.values, 2 * n)) ** 2 / n
    axis = np.arange(len(spectrum)) / 2.0
    ratio = spectrum / np.interp(axis, np.arange(len(white.floor)), white.floor)
    first, last = int(np.ceil(2 * n * lowest)), int(2 * n * highest)
    if last <= first:
        return highest, 1.0
    best, least = first, 1.0
    for harmonics, share in _SUMS:
        base = np.arange(first, last // harmonics + 1)
        if not len(base):
            continue
        total = np.sum([ratio[h * base] for h in range(1, harmonics + 1)], axis=0)
        p = chance(total, harmonics, white.freedom(base / (2.0 * n))) * (last - first) / share
        k = int(np.argmin(p))
        if p[k] < least:
            best, least = int(base[k]), float(p[k])
    fine = (best + np.linspace(-1.0, 1.0, 41)) / (2.0 * n)
    return float(fine[int(np.argmax(white.ratio(fine)))]), least
