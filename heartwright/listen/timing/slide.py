"""Rows of beats slid along a template: how well each fits at every shift, by one product of matrices.

A template changes many times while beats are aligned, the rows do not: they are cut once with room on both sides, their
running powers are kept, and each new template meets them at all shifts at once. Single precision serves: the answer is
a whole block, or a parabola through correlation coefficients.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats, Ints

Singles = NDArray[np.float32]


def rows(signal: Singles, at: Ints, lead: int, tail: int) -> Singles:
    """Rows from `lead` before to `tail` after each of `at`, zero beyond the ends, [n, lead + tail + 1]."""
    size = lead + tail + 1
    if len(signal) < size:
        signal, at = np.pad(signal, (0, size - len(signal))), np.clip(at, 0, len(signal) - 1)
    first = np.clip(at, 0, len(signal) - 1) - lead
    inside = np.clip(first, 0, len(signal) - size)
    out = np.lib.stride_tricks.sliding_window_view(signal, size)[inside]
    for k in np.flatnonzero(first != inside):  # few: those cut by an end of the signal
        part = signal[max(first[k], 0) : first[k] + size]
        out[k] = 0.0
        out[k, max(-first[k], 0) :][: len(part)] = part
    return np.asarray(out)


def thinned(signal: Singles, by: int) -> Singles:
    """Means of `by` neighbours."""
    whole = signal[: len(signal) // by * by].reshape(-1, by)
    return np.asarray(whole @ np.full(by, 1.0 / by, np.float32))


class Slide:
    """Beats at `at` [n] of a signal, to be slid by up to `margin` either way."""

    def __init__(self, signal: Singles, at: Ints, lead: int, tail: int, margin: int) -> None:
        self.at, self.margin = at, margin
        size = lead + tail + 1
        reach = lead + 2 * margin, tail + 2 * margin
        self.room = rows(signal, at, *reach)
        wide = self.room[:, margin : self.room.shape[1] - margin]
        self.size, self.wide = size, wide
        sums = _running(wide, size)
        power = _running(wide * wide, size) - sums**2 / size
        self.power = np.sqrt(np.maximum(power, 1e-30)).astype(np.float32)

    def rows(self, shift: Ints) -> Singles:
        """The rows after `shift` [n]."""
        first = np.clip(2 * self.margin + shift, 0, self.room.shape[1] - self.size)
        beat = np.arange(len(first))
        return np.asarray(np.lib.stride_tricks.sliding_window_view(self.room, self.size, axis=1)[beat, first])

    def fit(self, template: Singles) -> Singles:
        """Correlation coefficient with the template at shifts -margin..margin, [n, 2 margin + 1]."""
        shape = template - template.mean()
        shape = (shape / (np.linalg.norm(shape) or 1.0)).astype(np.float32)
        length, last = self.wide.shape[1], 2 * self.margin
        padded = np.zeros(length + last, np.float32)
        padded[last : last + self.size] = shape
        slid = np.lib.stride_tricks.sliding_window_view(padded, length)[::-1]  # [shift, length]
        return np.asarray((self.wide @ np.ascontiguousarray(slid).T) / self.power)


def _running(values: Singles, size: int) -> Floats:
    """Sums of `size` neighbours along rows: the first, and what each step on adds and leaves behind."""
    steps = np.empty((values.shape[0], values.shape[1] - size + 1))
    steps[:, 0] = values[:, :size].sum(axis=1, dtype=np.float64)
    np.subtract(values[:, size:], values[:, : steps.shape[1] - 1], out=steps[:, 1:])
    return np.cumsum(steps, axis=1, out=steps)


def best(score: Singles, shift: Ints, margin: int, reach: int) -> tuple[Ints, Floats]:
    """The best shift within `reach` of `shift` [n] and its score."""
    low = np.clip(margin + shift - reach, 0, score.shape[1] - 2 * reach - 1)
    near = np.take_along_axis(score, low[:, None] + np.arange(2 * reach + 1), axis=1)
    top = np.argmax(near, axis=1)
    return low + top - margin, near[np.arange(len(top)), top].astype(np.float64)
