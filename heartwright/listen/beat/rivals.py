"""Another clock in the room.

Once a pulse is found, the moments at which its beats sound are struck out and what is left is searched again. Whichever
of two clocks is louder is the one listened to, by the peaks of their loudest sounds above 3 kHz, as the field's SNR has
it. Peaks are the median over the beats, less what the noise alone reaches in as long a stretch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen import filters
from heartwright.listen.beat import cycle, deep, onsets, pulse, seek, track
from heartwright.listen.beat.onsets import Singles
from heartwright.records import Floats

SOUNDS_Z = 3.0  # sigmas of the fold from which a block belongs to a beat
AROUND = 3  # blocks struck out beside it
MOST_SHARE = 0.7  # of the take that may be struck out
LEAST_Z, PERHAPS_Z = 9.5, 6.0  # noise alone reaches 8
SURE_COUNT = 0.8
SHORTEST_S, FEWEST_CYCLES = 12.0, 12  # a shorter take, or fewer oscillations, prove no second clock
RELATED = (1, 2, 3)  # a ratio of periods that times one of these is a whole number is the first clock's own
NEAR_RATIO = 1e-4  # a comb tells a period to some 1e-5, and what is the first clock's own wanders with it
PERHAPS_RATIO = 5e-4  # a slower one so near may be its own too, as a codec's frames make it, and is not the louder
LEAST_SHARE = 0.05  # of the first comb's height; a clock that shows less is not the louder one
FAINTEST_DB = -20.0  # what is softer against a loud clock among knocks and words is made of what is left of these
DEEP_Z = 8.0  # the same of a fold, of which noise alone, clicks and syllables reach 7.5
# Height of the first clock's fold [noise's mean energy] between which the take is folded for a second one that no comb
# shows: some 3 to 10 dB. Beside a fainter clock no fold showed one half as loud either (made takes).
FOLDED = (0.45, 2.0)
SOFTEST = 10.0 ** (-26.0 / 10.0)  # share of the first's energy in the fold below which it surely is that soft
LOUDEST_SHARE = 0.998  # quantile of the energy beyond which a block is a knock
PEAKS_HZ = 3000.0
PEAK_S, QUIET = 4e-3, 0.3  # about the loudest moment; quantile of stretches that are noise


@dataclass(frozen=True, slots=True)
class Heard:
    """The clock listened to, the onset strength that shows it, and others: (beats an hour, level against it [dB])."""

    strength: Singles
    pulse: pulse.Pulse | None
    others: tuple[tuple[float, float], ...] = ()


def listen(strike: onsets.Onsets, told: float | None = None) -> Heard:
    """The loudest clock of a take, and a second one if there is."""
    strength, first = seek.find(strike, told)
    if first is None or first.z < LEAST_Z:
        return Heard(strength, first)
    second, shown = _second(strike, strength, first) if strike.seconds > SHORTEST_S else (None, strength)
    if second is None:
        return Heard(strength, first)
    high = onsets.high_pass(strike.filtered, strike.rate_hz, PEAKS_HZ)
    ratio = level_db(strike, second, high) - level_db(strike, first, high)
    louder = ratio > 0.0 and told is None and second.z > LEAST_SHARE * first.z
    if louder and not (second.period_s > first.period_s and related(first, second, PERHAPS_RATIO)):
        rate = strike.block_rate_hz
        if _singly(shown, rate, second) or not _singly(strength, rate, first):  # else it is made of knocks
            return Heard(shown, second, _told(first, -ratio))
    return Heard(strength, first, _told(second, ratio))


def _singly(strength: Singles, block_rate_hz: float, found: pulse.Pulse) -> bool:
    """Whether single beats of a pulse are heard, and come evenly."""
    chain = track.follow(strength, block_rate_hz, found)
    return chain is not None and not chain.faint and chain.looseness < track.LOOSE


def _told(other: pulse.Pulse, level: float) -> tuple[tuple[float, float], ...]:
    """Beats an hour and level [dB] of another clock, if it is loud enough to be one."""
    return ((7200.0 / other.period_s, level),) if level > FAINTEST_DB else ()


def _second(strike: onsets.Onsets, strength: Singles, first: pulse.Pulse) -> tuple[pulse.Pulse | None, onsets.Singles]:
    """The pulse of what the first leaves, and the onset strength that shows it (both clocks in it)."""
    rate, energy = strike.block_rate_hz, _energy(strike)
    loud = _stands(_fold(energy, rate, first))
    lags_s = pulse.LAGS_S[:1] if first.z > seek.PLAIN_Z else pulse.LAGS_S
    rest = without(strength, rate, first)
    second = pulse.find(rest, rate, lags_s=lags_s, least_z=PERHAPS_Z)
    if first.z < seek.PLAIN_Z and (second is None or second.z < LEAST_Z):  # it may live in other bands
        every = without(strike.strength, rate, first)
        other = pulse.find(every, rate, lags_s=lags_s, least_z=PERHAPS_Z)
        if other is not None and (second is None or other.z > second.z):
            rest, second = every, other
    if second is not None and related(first, second):
        return None, strength
    if second is not None and _stands(_fold(energy, rate, second, rest)) >= SOFTEST * loud:
        shown = onsets.strength(strike.bands, rate, seek.weighed(strike, rest, second))
        again = pulse.find(without(shown, rate, first), rate, lags_s=lags_s, least_z=LEAST_Z)
        sure = None if again is None else _sure(strike, shown, first, again)
        if sure is not None:
            return sure, shown
    return _deep(strike, strength, first) if FOLDED[0] < loud < FOLDED[1] else (None, strength)


def _deep(strike: onsets.Onsets, strength: Singles, first: pulse.Pulse) -> tuple[pulse.Pulse | None, onsets.Singles]:
    """The same by the fold of the whole take: beside a faint clock one half as loud makes no comb that stands out."""
    bands, rate = strike.bands, strike.block_rate_hz

    def rest(weights: Singles) -> Singles:
        return without(onsets.even_strength(bands, rate, weights), rate, first)

    best, weights = None, np.zeros(0, np.float32)
    for some in _parts(bands.shape[1]):
        found = deep.find(rest(some), rate)
        if found is not None and (best is None or found.z > best.z):
            best, weights = found, some
    if best is None:
        return None, strength
    for _turn in range(2):
        some = seek.weighed(strike, without(onsets.strength(bands, rate, weights), rate, first), best)
        found = deep.near(rest(some), rate, best.comb_s * rate)
        if found.z <= best.z:
            break
        best, weights = found, some
    shown = onsets.strength(bands, rate, weights)
    sure = _sure(strike, shown, first, best) if best.z > DEEP_Z else None
    return (None, strength) if sure is None else (sure, shown)


def _parts(count: int) -> list[Singles]:
    """Weights of all bands and of those from 4 to 11 kHz.

    One of the two shows 14 of 15 second clocks up to 6 dB below one of 6 dB that no comb shows (made takes).
    """
    out = [np.full(count, 1.0 / count, np.float32), np.zeros(count, np.float32)]
    low, high = count // 6, (count + 1) // 2
    out[1][low:high] = 1.0 / (high - low)
    return out


def _sure(strike: onsets.Onsets, shown: Singles, first: pulse.Pulse, second: pulse.Pulse) -> pulse.Pulse | None:
    """The second pulse with its beats counted in all bands; None where they are not, or are the first's own."""
    rate = strike.block_rate_hz
    found = seek.recounted(strike, without(shown, rate, first), second)
    if found.counts[0][1] < SURE_COUNT or related(first, found):
        return None
    return found if strike.seconds > FEWEST_CYCLES * found.period_s else None


def related(first: pulse.Pulse, second: pulse.Pulse, near: float = NEAR_RATIO) -> bool:
    """Whether the second pulse is a part or a multiple of the first, within a share `near`."""
    ratio = second.period_s / first.period_s
    ratio = max(ratio, 1.0 / ratio)
    return any(abs(k * ratio / round(k * ratio) - 1.0) < near for k in RELATED)


def without(strength: Singles, block_rate_hz: float, found: pulse.Pulse) -> Singles:
    """An onset strength with the moments of a pulse's beats struck out, and what is left of its period taken off."""
    period = found.period_s * block_rate_hz
    bins = max(24, int(period))
    place = cycle.place(len(strength), period, bins)
    count = np.maximum(np.bincount(place, minlength=bins), 1)
    mean = np.bincount(place, weights=strength, minlength=bins) / count
    shape: Floats = mean * np.sqrt(count)
    shape = np.convolve(np.concatenate([shape[-1:], shape, shape[:1]]), [1.0, 1.0, 1.0], "valid")
    level = shape - filters.median(shape)
    noise = 1.4826 * filters.median(np.abs(level)) or 1e-12
    sounds = level > SOUNDS_Z * noise
    kernel = np.ones(2 * AROUND + 1)
    wide = np.convolve(np.concatenate([sounds[-AROUND:], sounds, sounds[:AROUND]]), kernel, "valid") > 0
    if np.mean(wide) > MOST_SHARE:
        wide = level > np.quantile(level, 1.0 - MOST_SHARE)
    kept, mean = (~wide).astype(np.float32), mean.astype(np.float32)
    return np.asarray(kept[place] * (strength - mean[place]))


def level_db(strike: onsets.Onsets, found: pulse.Pulse, high: Singles) -> float:
    """Peak of a pulse's loudest sound over the noise [dB of an arbitrary reference], of samples `high` above 3 kHz."""
    shape = _fold(_energy(strike), strike.block_rate_hz, found)
    loudest = (int(np.argmax(shape)) + 0.5) / len(shape) * found.period_s
    time_s = np.asarray(loudest + np.arange(int(strike.seconds / found.period_s)) * found.period_s, dtype=np.float64)
    return 20.0 * float(np.log10(max(_peak(high, strike.rate_hz, time_s), 1e-9)))


def _energy(strike: onsets.Onsets) -> Singles:
    """Mean energy of the bands over their floor, knocks cut, [n_block]."""
    energy = strike.bands @ np.full(strike.bands.shape[1], 1.0 / strike.bands.shape[1], np.float32)
    return np.asarray(np.minimum(energy, np.float32(filters.quantile(energy, LOUDEST_SHARE))))


def _fold(energy: Singles, block_rate_hz: float, found: pulse.Pulse, rest: Singles | None = None) -> Floats:
    """Mean energy over the cycles of a pulse, by place in its period [n_bin]; only of blocks where `rest` is not 0."""
    period = found.period_s * block_rate_hz
    bins = max(24, int(period))
    place = cycle.place(len(energy), period, bins)
    if rest is not None:
        energy, place = energy[rest != 0.0], place[rest != 0.0]
    return np.bincount(place, weights=energy, minlength=bins) / np.maximum(np.bincount(place, minlength=bins), 1)


def _stands(shape: Floats) -> float:
    """How far the loudest moment of a fold stands over its middle [noise's mean energy]."""
    return float(shape.max()) - filters.median(shape)


def _peak(high: Singles, rate_hz: float, time_s: Floats) -> float:
    """Median peak within `PEAK_S` of `time_s`, in power over that of stretches of the same length that are quiet."""
    reach = int(PEAK_S * rate_hz)
    first = np.round(time_s * rate_hz).astype(np.int64) - reach
    first = first[(first >= 0) & (first + 2 * reach <= len(high))]
    if not len(first):
        return 0.0
    count = len(high) // (2 * reach)
    tops = np.abs(high[: count * 2 * reach].reshape(count, 2 * reach)).max(axis=1)
    top = np.abs(high[first[:, None] + np.arange(2 * reach)]).max(axis=1)
    return float(np.sqrt(max(float(np.median(top)) ** 2 - float(np.quantile(tops, QUIET)) ** 2, 0.0)))
