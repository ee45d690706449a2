"""A noise gate: whether a take went through one, and the take with its shut stretches filled.

A gate switches the floor between two levels, or to nothing. What is timed by waveforms is held against the noise
between the beats; behind a gate that is none, and every rounding would seem a sound. So shut stretches are filled with
noise of the level and colour that the floor has while the gate is open; the soft sounds they held are lost either way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from heartwright.records import Floats

BLOCK_S = 5e-3
SILENT_SHARE = 0.05  # of blocks, from which digital silence is a gate's
OFTEN_HZ = 0.25  # a floor that falls less often is no gate's
PAUSE_S = 0.05  # of digital silence, from which it is a pause
MOST_BETWEEN = 0.15  # of blocks midway between the two floors: what climbs from one to the other is automatic gain
TICK_DB = 6.0  # over the floor, from which something sounds
FINE_S = 1e-3
SHUT_DB, FLOOR_DB = 5.0, 1.5  # below the usual level of an open gate it is shutting; what near it is floor
COLOUR = 128  # samples of a short-time spectrum


@dataclass(frozen=True, slots=True)
class Gate:
    """The share of digital silence, or steps of the floor; `below_db` is a level that the shut floor is under and the
    open one over [dB re full scale]."""

    silent: float
    steps_db: Floats
    below_db: float


def levels(high: NDArray[np.floating], size: int) -> Floats:
    """Level of each block of `size` samples of high-passed sound [dB re full scale]."""
    rows = high[: len(high) // size * size].reshape(-1, size)
    power = np.asarray(np.einsum("ij,ij->i", rows, rows), dtype=np.float64) / size
    return np.asarray(10.0 * np.log10(power + 1e-16))


def bottom_db(level_db: Floats) -> float:
    """The level below which blocks hold digital silence [dB re full scale]."""
    return max(-130.0, float(np.max(level_db, where=np.isfinite(level_db), initial=-160.0)) - 110.0)


def pauses_s(level_db: Floats) -> Floats:
    """Stretches of digital silence within a take, shape [n, 2]: from when and until when [s]."""
    silent = np.concatenate([[False], level_db < bottom_db(level_db), [False]])
    edges = np.flatnonzero(np.diff(silent.astype(np.int8))).reshape(-1, 2)
    inside = (edges[:, 0] > 0) & (edges[:, 1] < len(level_db))
    return np.asarray(BLOCK_S * edges[inside & (np.ptp(edges, axis=1) * BLOCK_S > PAUSE_S)])


def find(level_db: Floats) -> Gate | None:
    """The gate that levels of blocks of `BLOCK_S` show; None where there is none."""
    if not len(level_db):
        return None
    bottom = bottom_db(level_db)
    silent = level_db < bottom
    share, falls = float(np.mean(silent)), int(np.count_nonzero(np.diff(silent.astype(np.int8)) > 0))
    seconds = len(level_db) * BLOCK_S
    if SILENT_SHARE < share < 0.999 and falls > OFTEN_HZ * seconds:
        return Gate(share, np.zeros(0), bottom)
    steps, upper = _steps(level_db)
    if len(steps) < 3 or len(steps) <= OFTEN_HZ * seconds:
        return None
    top, size = float(np.median(upper)), float(np.median(steps))
    between = np.abs(level_db - (top - 0.5 * size)) < 0.2 * size
    return Gate(0.0, steps, top - 0.5 * size) if np.mean(between) < MOST_BETWEEN else None


def opened(samples: NDArray[np.float32], high: NDArray[np.floating], rate_hz: float, gate: Gate) -> NDArray[np.float32]:
    """`samples` [n] with the shut stretches filled; `high` are they behind a high-pass."""
    size = max(8, round(FINE_S * rate_hz))
    level = levels(high, size)
    above = level[level > gate.below_db]
    if not len(above):
        return samples
    count, edge = np.histogram(above, np.arange(np.floor(above.min()), above.max() + 2.0))
    floor_db = float(edge[int(np.argmax(np.convolve(count, np.ones(3), "same")))] + 0.5)
    shut, floor = level < floor_db - SHUT_DB, np.abs(level - floor_db) < FLOOR_DB
    return np.asarray(samples + _noise(samples, np.flatnonzero(floor) * size, shut, size), dtype=np.float32)


def _noise(samples: NDArray[np.float32], floor: NDArray[np.int64], shut: NDArray[np.bool_], size: int) -> Floats:
    """Noise of the colour of the stretches that begin at `floor`, in the `shut` blocks alone [n_sample]."""
    from scipy.signal import oaconvolve  # its import costs a quarter of a second

    at = floor[floor + COLOUR < len(samples)][:2000]
    rows = samples[at[:, None] + np.arange(COLOUR)].astype(np.float64)
    window = np.hanning(COLOUR + 1)[:-1]
    power = (np.abs(rfft((rows - rows.mean(axis=1, keepdims=True)) * window, axis=1)) ** 2).mean(axis=0)
    answer = np.roll(irfft(np.sqrt(power / (window @ window))), COLOUR // 2)
    white = np.random.default_rng(0).standard_normal(len(samples))
    inside = np.zeros(len(samples))
    inside[: len(shut) * size] = np.repeat(shut, size)
    return np.asarray(oaconvolve(white, answer, mode="same") * inside)


def _steps(level: Floats) -> tuple[Floats, Floats]:
    """Sizes of falls from one flat floor to another, at least 8 dB within 20 ms, and the floors they fall from [dB].

    Flat is 40 ms without a trend: the decay of a ring or a room is not. The upper floor must be the same each time, and
    no sound may stand between the two: what falls by a sound is automatic gain.
    """
    half, gap = 4, 4
    n = len(level) - 4 * half - gap
    if n < 1:
        return np.zeros(0), np.zeros(0)
    mean = np.convolve(level, np.full(half, 1.0 / half), "valid")
    early, late = mean[:n], mean[half : half + n]
    soon, later = mean[2 * half + gap : 2 * half + gap + n], mean[3 * half + gap : 3 * half + gap + n]
    wide = np.lib.stride_tricks.sliding_window_view(level, 2 * half)
    calm = np.ptp(wide.T, axis=0) < 6.0
    flat = (np.abs(early - late) < 1.5) & (np.abs(soon - later) < 1.5) & calm[:n] & calm[2 * half + gap :][:n]
    between = np.lib.stride_tricks.sliding_window_view(level, gap)[2 * half :][:n].max(axis=1)
    found = np.flatnonzero(flat & (late - soon > 8.0) & (between < late + TICK_DB))
    if len(found) == 0:
        return np.zeros(0), np.zeros(0)
    starts = found[np.concatenate([[True], np.diff(found) > 2 * half])]
    upper = late[starts]
    same = np.abs(upper - np.median(upper)) < 3.0
    return np.asarray((late - soon)[starts][same]), np.asarray(upper[same])
