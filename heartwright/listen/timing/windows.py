"""Beats cut out of a take: windows round their sounds, and the stillest stretches between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from heartwright.listen import filters
from heartwright.listen.beat.level import Level
from heartwright.listen.beat.track import Chain
from heartwright.listen.timing import modal
from heartwright.listen.timing.shape import Shape
from heartwright.records import Floats, Ints

LEAD_S, TAIL_S = 1.8e-3, 5.2e-3  # window before sound 1 and after the lock
MARGIN = 16  # samples that a shift by a fraction of a sample spoils at each end


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of the beats: `rows` [n_beat, n], the sample of column `zero` is the coarse lock."""

    rows: Floats
    first: Ints  # sample index of column 0, [n_beat]
    zero: int
    rate_hz: float

    @classmethod
    def of(cls, samples: Floats, rate_hz: float, shape: Shape) -> Windows:
        """Windows from before sound 1 to after the lock; beats cut by an end of the take are NaN."""
        before = int((LEAD_S - float(np.nanmin(shape.first_s))) * rate_hz)
        after = int(TAIL_S * rate_hz)
        first = np.round(shape.time_s * rate_hz).astype(np.int64) - before
        inside = (first >= 0) & (first + before + after < len(samples))
        rows = samples[np.clip(first, 0, len(samples) - before - after - 1)[:, None] + np.arange(before + after)]
        rows = rows - rows.mean(axis=1, keepdims=True, dtype=np.float64)
        rows[~inside] = np.nan
        return cls(rows, first, before, rate_hz)

    def cut(self, beats: Ints, centre: Ints, before: int, after: int) -> Floats:
        """Rows of `beats` from `before` samples before `centre` (columns) to `after` after it."""
        return np.take_along_axis(self.rows[beats], centre[:, None] + np.arange(-before, after), axis=1)

    def mean(self, beats: Ints, at_s: Floats, before: int, after: int) -> Floats:
        """Mean waveform of a sound, its beats aligned at `at_s` to fractions of a sample, shape [before + after]."""
        exact = at_s * self.rate_hz - self.first[beats]
        low, high = before + MARGIN, self.rows.shape[1] - after - MARGIN - 1
        column = np.clip(np.floor(exact).astype(np.int64), low, high)
        rows = self.cut(beats, column, before + MARGIN, after + MARGIN)
        return np.asarray(modal.shift_rows(rows, exact - column)[:, MARGIN:-MARGIN].mean(axis=0))


def band_end_hz(waves: list[Floats], quiet: Floats, rate_hz: float, count: int) -> float:
    """Highest frequency at which mean waveforms of `count` beats each stand 10 dB over what is left of the noise."""
    size = min(min(len(wave) for wave in waves), quiet.shape[1])
    fade = np.ones(size)
    fade[size // 2 :] = 0.5 * (1.0 + np.cos(np.pi * np.linspace(0.0, 1.0, size - size // 2)))
    heard = np.mean([np.abs(np.fft.rfft(wave[:size] * fade)) ** 2 for wave in waves], axis=0)
    noise = np.mean(np.abs(np.fft.rfft(quiet[:, :size] * fade, axis=1)) ** 2, axis=0) / count
    over = np.flatnonzero(np.convolve(heard, np.ones(3) / 3, "same") > 10.0 * noise)
    return float(over[-1] * rate_hz / size) if len(over) else 0.0


def usable(windows: Windows, chain: Chain, shape: Shape) -> Ints:
    """Beats that lie whole in the take, near where their neighbours put them, and about as loud as the others."""
    rows = windows.rows
    whole = shape.good & np.isfinite(rows[:, 0])
    near = slice(windows.zero, windows.zero + int(1e-3 * windows.rate_hz))
    loud = np.sqrt(np.mean(rows[:, near] ** 2, axis=1))
    for s in range(2):
        mine = whole & (chain.side == s)
        if mine.sum() < 4:
            continue
        off = shape.time_s[mine] - chain.number[mine] * chain.beat_s
        off = off - running_median(off, 9)
        typical = filters.median(loud[mine])
        whole[mine] = (np.abs(off) < 0.8e-3) & (loud[mine] > 0.3 * typical) & (loud[mine] < 4.0 * typical)
    return np.flatnonzero(whole)


def quiet_rows(samples: Floats, rate_hz: float, shape: Shape, level: Level) -> Floats | None:
    """Rows of the stillest stretch of some beats, [n, n_quiet]; None where no beat has one in the take."""
    size, margin = int(3.5e-3 * rate_hz), int(0.7e-3 * rate_hz)
    middle = 0.5 * sum(level.quiet_s)
    at = np.round((shape.time_s + middle) * rate_hz).astype(np.int64) - size // 2 - margin
    at = at[(at >= 0) & (at + size + 2 * margin < len(samples))][:200]
    if not len(at):
        return None
    rows = samples[at[:, None] + np.arange(size + 2 * margin)]
    rows = rows[:, margin:-margin] - rows[:, margin:-margin].mean(axis=1, keepdims=True, dtype=np.float64)
    power = (np.diff(rows, axis=1) ** 2).mean(axis=1)
    return rows[power <= filters.quantile(power, 0.8)]


def running_median(values: Floats, width: int) -> Floats:
    """Median over `width` neighbours (odd), same length."""
    return np.asarray(ndimage.median_filter(values, width, mode="mirror" if len(values) > width // 2 else "nearest"))
