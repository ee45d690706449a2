"""A take whose beats are heard only together: its shape and landmarks straight from the chain.

Aligning single beats would fit the noise, so the beats stay where the chain has them, the fold is that of the onset
bands, one sound a beat is timed, and the errors are those of the chain.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heartwright.listen.beat.level import Level, quiet_stretch
from heartwright.listen.beat.onsets import Onsets
from heartwright.listen.beat.track import Chain
from heartwright.listen.timing.landmarks import Landmarks
from heartwright.listen.timing.shape import SLOWEST_LEVER_S, Shape
from heartwright.records import Floats, Interval, Ints, Reading

DAY_S = 86_400.0
STRETCHES = 8  # whose means tell whether the beats wander more than their noise does
FAR = 5.0  # robust sigmas
UNEVEN = 3.0  # spread of one side's beats over the other's beyond which they do not count alike
# Of a lever the loudest sound is heard, not the middle of its swing. While an amplitude of 240 deg slowly wanders by 7
# (movements do by 3 to 11), the one moves against the other by (24 deg / 240 deg^2) (7 deg) / pi of a beat.
AMPLITUDE_BEATS = 9.3e-4
COMMON_S = 2e-4  # one-sigma error that all beats of a side share: sides that sound unlike one another
PEAK_DB = 7.0  # loudest peak over its mean square in one block (6, 3 and 0 dB are then told as 6.4, 5.9 and -0.3)


def shape(strike: Onsets, chain: Chain) -> Shape:
    """The folded beat of each side, in units of the noise's mean square."""
    energy = strike.bands.mean(axis=1, dtype=np.float64)
    rate = strike.block_rate_hz
    lead, tail = int(chain.lead_s * rate), int(chain.tail_s * rate)
    at = np.clip(np.round(chain.time_s * rate - 1.0).astype(np.int64), 0, len(energy) - 1)
    rows = np.pad(energy, (lead, tail + 1), mode="edge")[at[:, None] + np.arange(lead + tail + 1)]
    fold = np.array([rows[chain.side == s].mean(axis=0) for s in range(2)])
    missing = np.full(2, np.nan)
    every = np.ones(len(chain), dtype=bool)
    axis = np.arange(-lead, tail + 1) / rate
    return Shape(chain.time_s, every, chain.score, axis, fold, 1.0, False, missing, missing, True)


def level(found: Shape, beat_s: float) -> Level:
    """SNR [dB] from the loudest block of the fold."""
    excess = max(float(found.fold.mean(axis=0).max()) - float(np.median(found.fold)), 1e-3)
    return Level(10.0 * float(np.log10(excess)) + PEAK_DB, quiet_stretch(found.axis_s, found.fold, beat_s))


def landmarks(chain: Chain) -> Landmarks:
    """One sound a beat, timed by the chain."""
    nothing: Floats = np.full(len(chain), np.nan)
    return Landmarks(
        chain.time_s, chain.sigma_s, nothing, nothing, nothing, False, chain.time_s, common_s=COMMON_S, buried=True
    )


def rated(reading: Reading, chain: Chain, time_s: Floats, clock_ppm: tuple[float, float]) -> Reading:
    """`reading` with the mean rate of the beats heard by least squares on their times [n] (NaN where not timed).

    Where the noise of single beats drowns how the beats wander, a likelihood that allows for any wander gives most of
    the take away. The interval is that of the noise, widened where stretches of the take wander beyond it, and by what
    a wandering amplitude does to the sound that is heard.
    """
    heard = np.isfinite(time_s)
    if reading.beat_rate_bph is None or heard.sum() < STRETCHES + 4:
        return reading
    beat_s, sigma_s = slope(chain.number[heard], chain.side[heard], time_s[heard])
    if beat_s < SLOWEST_LEVER_S:
        sigma_s = float(np.hypot(sigma_s, AMPLITUDE_BEATS * beat_s / np.ptp(chain.number[heard])))
    bph = 3600.0 / beat_s * (1.0 + 1e-6 * clock_ppm[0])
    relative = sigma_s / beat_s
    whole = float(np.hypot(relative, 1e-6 * clock_ppm[1]))
    out = replace(reading, beat_rate_bph=Interval.from_sigma(bph, bph * whole))
    if reading.nominal_bph is None:
        return out
    day = bph / reading.nominal_bph * DAY_S
    return replace(
        out,
        rate_s_per_day=Interval.from_sigma(day - DAY_S, day * whole),
        rate_low_repeat=day - DAY_S - 1.96 * day * relative,
        rate_high_repeat=day - DAY_S + 1.96 * day * relative,
    )


def slope(number: Ints, side: Ints, time_s: Floats) -> tuple[float, float]:
    """Mean beat [s] by least squares, with its one-sigma error [s].

    Times far from the line are left out, and sides that scatter by more count by less.
    """
    design = np.stack([np.ones(len(number)), number - number.mean(), side - 0.5], axis=1)
    time = time_s - time_s[0]
    off = time - design @ np.linalg.lstsq(design, time, rcond=None)[0]
    spread = np.array([1.4826 * float(np.median(np.abs(off[side == s]))) + 1e-12 for s in range(2)])
    if spread.max() > UNEVEN * spread.min():  # one side alone is told by its waveform
        design, time, off = (x / spread[side].reshape(-1, *[1] * (x.ndim - 1)) for x in (design, time, off))
    near = np.abs(off - np.median(off)) < FAR * 1.4826 * float(np.median(np.abs(off - np.median(off)))) + 1e-9
    design, time = design[near], time[near]
    inverse = np.linalg.pinv(design.T @ design)
    found = inverse @ design.T @ time
    off = time - design @ found
    variance = float(off @ off) / max(len(time) - 3, 1)
    parts = np.array_split(off, STRETCHES)
    wander = sum(len(part) * float(part.mean()) ** 2 for part in parts) / max(variance * (STRETCHES - 2), 1e-30)
    return float(found[1]), float(np.sqrt(inverse[1, 1] * variance * max(1.0, wander)))
