"""The search for a beat: which bands to listen in, and what they say.

Aim: the pulse of a take and the onset strength that shows it best. A tick fills a few of the bands; noise fills all. So
once a pulse is found its fold says in which bands it lives, and these are weighed by what they show of it; where
nothing stands out of all bands together, single periods are folded, and low, middle and high bands searched alone.
Last, all bands are asked whether the period holds one beat or two.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heartwright.listen.beat import cycle, deep, odds, onsets, pulse, sides, thirds
from heartwright.records import Floats

PLAIN_Z, PLAIN_COUNT = 300.0, 0.9999  # a comb this high, of a count this likely, needs no better ear
FAINT_Z = 40.0  # below it a comb may be one of a part of the period
DOUBTFUL_Z = 14.0  # below it parts of the spectrum are searched alone
SEEMS_Z = 7.0  # below it bands are not weighed by what a pulse shows: noise would raise itself
DEEP_S, SURELY = 12.0, 1.05  # in takes longer than that they are folded; how much better than a comb that must do
LOUDEST = 12.0  # energy over the floor beyond which a block says no more about its band
SINGLE = 8  # bands that are searched one by one
LEAST_Z = 1.0  # a band that shows less of the beat is left out


def find(strike: onsets.Onsets, bph: float | None = None) -> tuple[onsets.Singles, pulse.Pulse | None]:
    """The onset strength that shows the beat best, and its pulse; `bph` as in `pulse.find`."""
    strength, found = _find(strike, bph)
    if found is None or (found.z > PLAIN_Z and found.counts[0][1] > PLAIN_COUNT):
        return strength, found
    if bph is None and found.z < FAINT_Z and 3.0 * found.comb_s <= 7200.0 / pulse.SLOWEST_BPH:
        rate, period = strike.block_rate_hz, found.comb_s * strike.block_rate_hz
        if thirds.alone(strength, period):
            found = pulse.counted(strength, rate, 3.0 * period, found.z, bph)
    return strength, recounted(strike, strength, found, bph)


def recounted(
    strike: onsets.Onsets, strength: onsets.Singles, found: pulse.Pulse, bph: float | None = None
) -> pulse.Pulse:
    """The pulse with its count weighed by all bands, where it recurs often enough to tell how its cycles differ."""
    rate, period = strike.block_rate_hz, found.comb_s * strike.block_rate_hz
    if strike.bands.shape[1] < 2 or len(strength) < deep.FEWEST * period:
        return found
    two = sides.two_beats(strike.bands, strength, rate, period)
    if two[0] > 0.0 and bph is None and 0.5 * found.comb_s >= 7200.0 / pulse.FASTEST_BPH:
        both = sides.two_beats(strike.bands, strength, rate, 0.5 * period)
        if both[0] > 0.0:  # what seemed the two beats is one of them, twice
            return pulse.counted(strength, rate, 0.5 * period, found.z, None, both)
        found = pulse.counted(strength, rate, period, found.z, None, two)
        told, sure = found.counts[0]
        twice = float(np.exp(both[0]) / (1.0 + np.exp(both[0])))
        return replace(found, counts=((told, sure * (1.0 - twice)), (2.0 * told, sure * twice), *found.counts[1:]))
    return pulse.counted(strength, rate, period, found.z, bph, two)


def _find(strike: onsets.Onsets, bph: float | None) -> tuple[onsets.Singles, pulse.Pulse | None]:
    rate = strike.block_rate_hz
    strength, found = strike.strength, pulse.find(strike.strength, rate, bph)
    count = strike.bands.shape[1]
    if found is not None and found.z > PLAIN_Z:
        return strength, found
    if (found is None or found.z < DOUBTFUL_Z) and count >= 6:
        if strike.seconds > DEEP_S:
            before = found
            strength, found = _deep(strike, bph, strength, before)
            if found is not None and found is not before and found.z > deep.SURE_Z:
                return strength, found
        for weights in _parts(count):
            strength, found = _better(strike, weights, bph, strength, found)
    if found is None or found.z < SEEMS_Z:
        return strength, found
    for _turn in range(2):
        before = found
        strength, found = _better(strike, weighed(strike, strength, found), bph, strength, before)
        if found is None or found is before:
            break
    return strength, found


def _parts(count: int) -> list[onsets.Singles]:
    """Weights of low, middle and high bands alone."""
    out = []
    for low, high in ((0, count // 3), (count // 4, (2 * count) // 3), (count // 2, count)):
        weights = np.zeros(count, np.float32)
        weights[low:high] = 1.0 / (high - low)
        out.append(weights)
    return out


def _deep(
    strike: onsets.Onsets, bph: float | None, strength: onsets.Singles, found: pulse.Pulse | None
) -> tuple[onsets.Singles, pulse.Pulse | None]:
    """What the fold of the whole take shows, in low bands and in all; else what was found."""
    bands, rate, best = strike.bands, strike.block_rate_hz, None
    for some, enough in [(w, deep.PLAIN_Z) for w in _low(strike)] + [(w, deep.SURE_Z) for w in _single(strike)]:
        if best is not None and best.z > enough:
            break
        other = deep.find(onsets.even_strength(bands, rate, some), rate, bph)
        if other is not None and other.z > (deep.CLEAR_Z if best is None else best.z):
            weights, best = some, other
    if best is None:
        return strength, found
    for _turn in range(2):
        some = weighed(strike, onsets.strength(bands, rate, weights), best)
        other = deep.near(onsets.even_strength(bands, rate, some), rate, best.comb_s * rate, bph)
        if other.z <= best.z:
            break
        weights, best = some, other
    if found is not None and deep.near(strength, rate, found.comb_s * rate, bph).z * SURELY > best.z:
        return strength, found
    return onsets.strength(bands, rate, weights), best


def _low(strike: onsets.Onsets) -> list[onsets.Singles]:
    """Weights of the bands up to 10 kHz, up to 6 kHz, and of all: slow clocks hiss little."""
    count = strike.bands.shape[1]
    out = []
    for high in ((count + 1) // 2, count // 3, count):
        weights = np.zeros(count, np.float32)
        weights[:high] = 1.0 / high
        out.append(weights)
    return out


def _single(strike: onsets.Onsets) -> list[onsets.Singles]:
    """Weights of each band up to 12 kHz by itself: a case may ring in one alone."""
    return list(np.eye(strike.bands.shape[1], dtype=np.float32)[:SINGLE])


def _better(
    strike: onsets.Onsets,
    weights: onsets.Singles,
    bph: float | None,
    strength: onsets.Singles,
    found: pulse.Pulse | None,
) -> tuple[onsets.Singles, pulse.Pulse | None]:
    """What bands weighed by `weights` show, if that is more than what was found."""
    trial = onsets.strength(strike.bands, strike.block_rate_hz, weights)
    other = pulse.find(trial, strike.block_rate_hz, bph)
    if other is not None and (found is None or other.z > found.z):
        return trial, other
    return strength, found


def weighed(strike: onsets.Onsets, strength: onsets.Singles, found: pulse.Pulse) -> onsets.Singles:
    """Weights of the bands by what each shows of the pulse that `strength` shows, shape [n_band], of sum 1."""
    period = found.period_s * strike.block_rate_hz
    bins = max(24, int(period))
    beat: Floats = odds.fold(strength, period, bins).sum(axis=0)
    beat = np.convolve(np.concatenate([beat[-1:], beat, beat[:1]]), [0.25, 0.5, 0.25], "valid")
    beat -= np.median(beat)
    noise = 1.4826 * float(np.median(np.abs(beat)))
    beat = np.maximum(beat - 1.5 * noise, 0.0)
    wave = beat[cycle.place(len(strength), period, bins)].astype(np.float32)
    wave -= wave.mean()
    shown = wave @ np.minimum(strike.bands, np.float32(LOUDEST))
    scatter = float(np.linalg.norm(wave)) or 1.0
    weights = np.maximum(shown / scatter - LEAST_Z, 0.0)
    if not weights.any():
        return np.full(len(weights), 1.0 / len(weights), np.float32)
    return np.asarray(weights / weights.sum(), dtype=np.float32)
