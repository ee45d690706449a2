"""The second voice: a slower pattern under the ticks, as of a heart whose pump makes a stroke every few beats.

`find` looks in the low band (20-400 Hz), where a valve that shuts is heard as a thump and the escapement is nearly
silent. A stroke is released by a tick, so its period is a whole number k of beats; k is the least for which the
envelope, freed of what every tick brings, repeats after k beats. The cycles are then laid over one another twice: by
their ticks, and by their loudest sound, which moves from stroke to stroke with the train's torque and creeps as a train
tires. What stands out in the median cycle is a sound, measured where it is sharper (S1 keeps with the tick, S2 and stop
move together). S2 and stop are a doublet some 50 ms apart, S1 precedes them by a third of a second.

Conventions. Times count from the tick (its first sound) that released the stroke and are those of the centre of a
sound's power; levels are the power of a sound in 20-200 Hz over the noise, as if spread over 0.1 s [dB re full scale].
Intervals: bootstrap over cycles [efron1993], widened by Student's t for few of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from heartwright.listen import filters
from heartwright.listen.thin import LOW_RATE_HZ, low_band
from heartwright.records import Floats, Interval, Recording, Voice, VoiceSound

_STEP_S = 2e-3
_FIND_BAND_HZ = (50.0, 400.0)
_LEVEL_BAND_HZ = (20.0, 200.0)
_LEVEL_SPAN_S = 0.1
_FEWEST_CYCLES = 4
_FEWEST_BEATS, _MOST_BEATS = 3, 16
_SHORTEST_S, _LONGEST_S = 0.4, 5.0
_CLEAR_Z = 5.0
_DOUBLET_S = (0.025, 0.1)
_BOOTSTRAPS = 200
_OFF_TICK_S = 0.03
_ALIKE = 0.75  # height from which the envelope repeats as well as where it does best


@dataclass(frozen=True, slots=True)
class _Cycles:
    """Cycles laid over one another: power [n_cycle, n_bin] in the finding and in the level band.

    `shift_s` [n_cycle] is by how much each cycle was moved to bring its loudest sound to one place (zeros: by ticks).
    """

    find: Floats
    level: Floats
    shift_s: Floats
    period_s: float
    beats: int


@dataclass(frozen=True, slots=True)
class _Peak:
    """Something that stands out: time in the cycle [s], height over the floor, and the cycles that show it best."""

    time_s: float
    height: float
    cycles: _Cycles


def find(
    recording: Recording, tick_period_s: float, tick_times_s: Floats, *, low: Floats | None = None
) -> Voice | None:
    """The slower pattern under the ticks of `recording`, or None where there is none.

    `tick_period_s` is the mean interval of beats [s], `tick_times_s` [n_beat] their first sounds (NaN where missed);
    `low` is the recording's `low_band` where the caller has it.
    """
    times = np.asarray(tick_times_s, float)
    times = times[np.isfinite(times)]
    shortest = _FEWEST_CYCLES * _SHORTEST_S
    if len(times) < 8 or not tick_period_s > 0.0 or recording.rate_hz < LOW_RATE_HZ or recording.seconds < shortest:
        return None
    number = np.round((times - times[0]) / tick_period_s)
    beat_s, first_s = np.polyfit(number, times, 1)
    low = _slow(recording) if low is None else low
    power = _power(low, _FIND_BAND_HZ, 0.012, first_s)
    if len(power) * _STEP_S < shortest or not np.any(power > 0.0):
        return None
    envelope = _without_ticks(power, beat_s)
    found = _period_in_beats(envelope, beat_s)
    if found is None:
        return None
    beats, ticks = found
    laid = _lay_over(envelope, _power(low, _LEVEL_BAND_HZ, 0.004, first_s), beats, beat_s, follow=not ticks)
    if not laid:
        return None
    residual = float(np.std(times - np.polyval((beat_s, first_s), number)))
    return _voice(laid, beat_s, beats * residual / np.sqrt(len(times) ** 3 / 12.0))


# ------------------------------------------------------------------------------------------ the low band


def _slow(recording: Recording) -> Floats:
    """The recording at 2 kHz."""
    samples = np.asarray(recording.samples, np.float32)
    if not np.isfinite(samples).all():
        samples = np.nan_to_num(samples)
    return low_band(samples - np.float32(np.mean(samples, dtype=np.float64)), recording.rate_hz)


def _power(low: Floats, band_hz: tuple[float, float], width_s: float, first_s: float) -> Floats:
    """Power of `low` in a band every `_STEP_S` from `first_s` on, smoothed by a Hann window of `width_s`.

    Zero-phase, so that times are kept; between samples of `low` it is interpolated.
    """
    kernel = filters.butter(2, band_hz, "band", rate_hz=LOW_RATE_HZ)
    size = max(3, round(width_s * LOW_RATE_HZ))
    window = np.hanning(size + 2)[1:-1] / (0.5 * (size + 1))
    count = max(int((len(low) / LOW_RATE_HZ - first_s) / _STEP_S), 0)
    whole, part = divmod(max(first_s, 0.0) * LOW_RATE_HZ, 1.0)
    weights = (1.0 - part) * np.append(window, 0.0) + part * np.append(0.0, window)
    padded = np.pad(filters.both_ways(kernel, low.astype(np.float32)) ** 2, (size // 2, size))
    step = round(_STEP_S * LOW_RATE_HZ)
    each = np.lib.stride_tricks.sliding_window_view(padded, size + 1)[int(whole) :: step][:count]
    return np.einsum("ij,j->i", each, weights)


def _without_ticks(envelope: Floats, beat_s: float) -> Floats:
    """`envelope` less what is common to the ticks of each side: the third decile at each moment after a tick.

    A stroke every four beats is in every other tick of a side: a median would take half of it away.
    """
    pair = 2.0 * beat_s / _STEP_S
    bins = int(pair)
    count = int(len(envelope) / pair)
    if count < 3:
        return envelope
    at = (np.arange(count)[:, None] * pair + np.arange(bins)[None, :]).astype(np.int64)
    rows = np.sort(envelope[np.minimum(at, len(envelope) - 1)], axis=0)
    k, part = divmod(0.3 * (count - 1), 1.0)
    common = (1.0 - part) * rows[int(k)] + part * rows[int(k) + 1]
    extra = common - filters.quantile(envelope, 0.3)
    extra[extra < 2.0 * filters.median(np.abs(extra))] = 0.0
    number = np.arange(len(envelope))
    phase = np.minimum((number - (number / pair).astype(np.int64) * pair).astype(np.int64), bins - 1)
    return np.asarray(np.maximum(envelope - np.maximum(extra, 0.0)[phase], 0.0))


# ------------------------------------------------------------------------------------------- the period


def _period_in_beats(envelope: Floats, beat_s: float) -> tuple[int, bool] | None:
    """The least number of beats after which the envelope repeats, and whether it mostly does so with the ticks (after
    two beats already); None where it does not.

    The autocovariance of the compressed envelope at k beats is held against that at lags that are no whole number of
    half beats; noise, hum and lone knocks leave it within their scatter.
    """
    floor = max(filters.median(envelope), 3e-3 * filters.quantile(envelope, 0.99), 1e-20)
    level = np.log1p(envelope / floor)
    level -= np.mean(level)
    size = len(level)
    most = min(_MOST_BEATS, int(size * _STEP_S / beat_s / _FEWEST_CYCLES), int(_LONGEST_S / beat_s))
    least = max(_FEWEST_BEATS, int(np.ceil(_SHORTEST_S / beat_s)))
    if most < least:
        return None
    candidates = np.arange(least, most + 1)
    reach = round(0.012 / _STEP_S)
    lags = min(int((most + 1) * beat_s / _STEP_S) + reach + 1, size)
    length = next_fast_len(size + lags, True)
    spectrum = rfft(level, length)
    covariance = irfft(spectrum * np.conj(spectrum), length)[:lags] / (size - np.arange(lags))

    def height(after: Floats) -> Floats:
        lag = np.round(after * beat_s / _STEP_S).astype(np.int64)
        return np.asarray(covariance[lag[:, None] + np.arange(-reach, reach + 1)].max(axis=1))

    heights = height(candidates.astype(np.float64))
    null = height((candidates[:, None] + np.array([0.2, 0.3, 0.4, 0.6, 0.7, 0.8])).ravel())
    spread = 1.4826 * filters.median(np.abs(null - filters.median(null))) + 1e-12
    best = float(np.max(heights))
    if best < filters.median(null) + _CLEAR_Z * spread or best < 0.05 * covariance[0]:
        return None
    ticks = float(height(np.array([2.0]))[0]) > _ALIKE * best
    return int(candidates[np.flatnonzero(heights > _ALIKE * best)[0]]), ticks


# ------------------------------------------------------------------------------------------- the cycles


def _lay_over(envelope: Floats, level: Floats, beats: int, beat_s: float, *, follow: bool) -> list[_Cycles]:
    """Cut into cycles of `beats` beats: by ticks, and where it moves also by the loudest sound. Empty if too few.

    Not to `follow` that sound saves time where it is a tick.
    """
    period = beats * beat_s
    bins = round(period / _STEP_S)
    count = int(len(envelope) * _STEP_S / period) - 1
    if count < _FEWEST_CYCLES:
        return []
    starts = np.arange(count, dtype=np.float64) * (period / _STEP_S)
    shift = _follow(_rows(envelope, starts, bins)) if follow else np.zeros(count)
    shifts = [np.zeros(count), shift] if np.std(shift) * _STEP_S > 0.003 else [np.zeros(count)]
    return [
        _Cycles(_rows(envelope, starts + s, bins), _rows(level, starts + s, bins), s * _STEP_S, period, beats)
        for s in shifts
    ]


def _rows(values: Floats, starts: Floats, bins: int) -> Floats:
    at = np.clip(np.round(starts)[:, None] + np.arange(bins)[None, :], 0, len(values) - 1).astype(np.int64)
    return np.asarray(values[at])


def _follow(rows: Floats) -> Floats:
    """Shift of each cycle [bins] that follows its loudest sounds, less its mean.

    First the loudest moment is followed, then twice the shape found about it, so that of S2 and the stop the one is
    never taken for the other. Zeros where that sound does not stand clear of the floor in most cycles.
    """
    count, bins = rows.shape
    every = rows.ravel()
    floor = max(filters.median(every), 3e-3 * filters.quantile(every, 0.99), 1e-20)
    gain = np.log1p(rows / floor)
    path, at = _path(gain)
    if filters.median(gain[np.arange(count), at]) < np.log(6.0):
        return np.zeros(count)
    span = np.arange(round(-0.08 / _STEP_S), round(0.12 / _STEP_S))
    for _ in range(2):
        shape = filters.medians(gain[np.arange(count)[:, None], (at[:, None] + span) % bins])
        shape = shape - np.mean(shape)
        kernel = np.zeros(bins)
        kernel[span % bins] = shape / 3.0
        path, at = _path(irfft(rfft(gain, axis=1) * np.conj(rfft(kernel)), bins, axis=1))
    return np.asarray(path - np.mean(path))


def _path(gain: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The path through cycles [n_cycle, n_bin] of most `gain` with steps of some 15 ms, unwrapped, and its bins."""
    count, bins = gain.shape
    reach = round(0.09 / _STEP_S)
    steps = np.arange(reach, -reach - 1, -1)
    cost = (0.5 * (steps * _STEP_S / 0.015) ** 2).astype(np.float32)
    gain = gain.astype(np.float32)
    total, came = gain[0].copy(), np.zeros((count, bins), np.int64)
    wide, before = np.empty(bins + 2 * reach, np.float32), np.empty((bins, len(steps)), np.float32)
    around = np.lib.stride_tricks.sliding_window_view(wide, len(steps))
    turn, row = np.arange(-reach, bins + reach) % bins, np.arange(bins)
    for n in range(1, count):
        wide[:] = total[turn]
        np.subtract(around, cost, out=before)
        best = np.argmax(before, axis=1)
        came[n] = steps[best]
        total = before[row, best] + gain[n]
        total -= total.max()  # single precision tells what is near the best path
    path = np.zeros(count)
    at = np.zeros(count, np.int64)
    at[-1] = int(np.argmax(total))
    for n in range(count - 1, 0, -1):
        path[n - 1] = path[n] - came[n][at[n]]
        at[n - 1] = (at[n] - came[n][at[n]]) % bins
    return path, at


# ------------------------------------------------------------------------------------------- the sounds


def _voice(laid: list[_Cycles], beat_s: float, tick_sigma_s: float) -> Voice | None:
    period = laid[0].period_s
    peaks = _sharper([peak for cycles in laid for peak in _peaks(cycles, beat_s)], period)
    if not any(_off_tick_s(p.time_s, beat_s) > _OFF_TICK_S for p in peaks):
        return None
    strokes = _name(peaks, period)
    if not strokes:
        return None
    start = _release(strokes, beat_s)
    named = sorted(
        ((name, float(np.mod(p.time_s - start, period)), p) for name, p in strokes), key=lambda item: item[1]
    )
    edges = [t for _, t, _ in named]
    quiet = _quiet(laid[0], peaks, beat_s)
    sounds = []
    for i, (name, after, peak) in enumerate(named):
        gap_before = after - edges[i - 1] if i else after - edges[-1] + period
        gap_after = edges[i + 1] - after if i + 1 < len(edges) else edges[0] - after + period
        shift, level_db = _measure(peak, quiet, min(0.5 * gap_before, 0.045), min(0.5 * gap_after, 0.055))
        sounds.append(VoiceSound(name, Interval(*(after + v for v in shift)), Interval(*level_db)))
    return Voice(_period(laid, tick_sigma_s), tuple(sounds))


def _period(laid: list[_Cycles], tick_sigma_s: float) -> Interval:
    """A whole number of beats, or where the strokes creep clearly against the ticks, that and the creep."""
    shift = laid[-1].shift_s
    n = np.arange(len(shift)) - 0.5 * (len(shift) - 1)
    creep = float(n @ shift / (n @ n))
    left = shift - creep * n
    rough = float(np.std(left)) * np.sqrt(len(shift) / (n @ n))
    roll = float(left[1:] @ left[:-1] / max(float(left @ left), 1e-30)) if np.any(left) else 0.0
    rough *= float(np.sqrt((1.0 + max(roll, 0.0)) / max(1.0 - max(roll, 0.0), 0.05)))
    if abs(creep) * len(shift) < max(0.05, 4.0 * float(np.std(left))):
        return Interval.from_sigma(laid[0].period_s, max(tick_sigma_s, 1e-7))
    return Interval.from_sigma(laid[0].period_s + creep, max(float(rough), tick_sigma_s))


def _sharper(peaks: list[_Peak], period_s: float) -> list[_Peak]:
    """One peak for each sound: of two within 40 ms, seen in differently laid cycles, the higher."""
    kept: list[_Peak] = []
    for peak in sorted(peaks, key=lambda p: -p.height):
        near = [
            k for k in kept if abs(np.mod(peak.time_s - k.time_s + 0.5 * period_s, period_s) - 0.5 * period_s) < 0.04
        ]
        if not any(k.cycles is not peak.cycles for k in near):
            kept.append(peak)
    return kept


def _peaks(cycles: _Cycles, beat_s: float) -> list[_Peak]:
    """What stands out in the median cycle and in most cycles."""
    middle = filters.medians(cycles.find)
    floor = filters.median(middle)
    if floor <= 0.0:
        return []
    spread = 1.4826 * filters.medians(np.abs(cycles.find - middle)) * 1.25 / np.sqrt(len(cycles.find))
    noise = max(filters.median(spread), 1e-3 * floor)
    around = np.concatenate([middle, middle, middle])
    n = len(middle)
    found = filters.peaks(10 * np.log10(around + 1e-20), prominence=1.2, distance=round(0.025 / _STEP_S))
    beats = np.arange(1, cycles.beats) * beat_s / _STEP_S
    result = []
    for p in found[(found >= n) & (found < 2 * n)] - n:
        height = float(middle[p] / floor)
        share = float(np.mean(cycles.find[:, p] > 1.2 * floor))
        others = np.array([np.max(around[n + round(p - b) - 4 : n + round(p - b) + 5]) for b in beats])
        if _off_tick_s(p * _STEP_S, beat_s) < _OFF_TICK_S and middle[p] < 4.0 * float(np.median(others)):
            continue  # what every tick brings, left over
        if (middle[p] - floor) / noise > 6.0 and height > 1.4 and share > 0.6:
            result.append(_Peak(float(p * _STEP_S), height, cycles))
    return result


def _off_tick_s(t: float, beat_s: float) -> float:
    """Distance [s] of a time in the cycle from the middle of the nearest tick, 8 ms after its first sound."""
    return float(abs(np.mod(t - 0.008 + 0.5 * beat_s, beat_s) - 0.5 * beat_s))


def _name(peaks: list[_Peak], period_s: float) -> list[tuple[str, _Peak]]:
    """(name, peak) of the sounds: every doublet is S2 and stop, the loudest sound 0.15-0.75 s before it S1."""

    def after(one: _Peak, other: _Peak) -> float:
        return float(np.mod(one.time_s - other.time_s, period_s))

    loud = [p for p in peaks if p.height > 0.02 * max(q.height for q in peaks)]
    pairs = [(t, u) for t in loud for u in loud if _DOUBLET_S[0] <= after(u, t) <= _DOUBLET_S[1]]
    taken: list[tuple[_Peak, _Peak]] = []
    for t, u in sorted(pairs, key=lambda pair: -min(pair[0].height, pair[1].height)):
        if all(0.25 < after(t, s) < period_s - 0.25 for s, _ in taken):
            taken.append((t, u))
    named: list[tuple[str, _Peak]] = []
    for t, u in taken:
        named += [("S2", t), ("stop", u)]
        room = min([0.75, *(after(t, s) - 0.1 for s, _ in taken if s is not t)])
        before = [p for p in peaks if 0.15 <= after(t, p) <= room and all(p not in pair for pair in taken)]
        if before:
            named.append(("S1", max(before, key=lambda p: p.height)))
    return named


def _release(named: list[tuple[str, _Peak]], beat_s: float) -> float:
    """Time of the tick that released the first stroke: the last one 40 ms and more before S1 (0.3 s before S2)."""
    first = [p.time_s for name, p in named if name == "S1"]
    at = min(first) - 0.04 if first else min(p.time_s for name, p in named if name == "S2") - 0.3
    return float(np.floor(at / beat_s) * beat_s)


def _quiet(cycles: _Cycles, peaks: list[_Peak], beat_s: float) -> NDArray[np.bool_]:
    """Bins of the cycle [n_bin] clear of its sounds and ticks; of the sounds alone where nothing is left, else all."""
    t = np.arange(cycles.level.shape[1]) * _STEP_S
    near = np.zeros(len(t), bool)
    for p in peaks:
        loose = 2.0 * float(np.std(p.cycles.shift_s))
        near |= np.mod(t - p.time_s + 0.05 + loose, cycles.period_s) < 0.15 + 2.0 * loose
    tick = np.mod(t + 0.015, beat_s) < 0.06
    if near.all():  # sounds so loose in time that they fill the cycle
        return ~np.zeros(len(t), bool)
    return ~(near | tick) if np.mean(near | tick) < 0.9 else ~near


def _measure(
    peak: _Peak, quiet: NDArray[np.bool_], before_s: float, after_s: float
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Centre of the sound against its peak [s] and its level [dB], each as value, low, high."""
    cycles, at_s = peak.cycles, peak.time_s
    n, bins = cycles.level.shape
    span = np.arange(round(-before_s / _STEP_S), round(after_s / _STEP_S) + 1)
    whole = cycles.level[:, np.mod(round(at_s / _STEP_S) + span, bins)]
    rng = np.random.default_rng(0)
    weights = rng.multinomial(n, np.full(n, 1.0 / n), _BOOTSTRAPS) / n
    weights = np.vstack([np.full(n, 1.0 / n), weights])
    noise = weights @ cycles.level[:, quiet].mean(axis=1)
    energy = ((weights @ whole).sum(axis=1) - len(span) * noise) * _STEP_S / _LEVEL_SPAN_S
    shift = weights @ cycles.shift_s + _centre_s(
        weights @ cycles.find, at_s, weights @ cycles.find[:, quiet].mean(axis=1)
    )
    wide = filters.student_quantile(0.975, n - 1) * np.sqrt(n / (n - 1))
    half = max(wide * float(np.std(shift[1:])), 0.075 * _STEP_S)
    spread = wide * float(np.std(energy[1:]))
    least = 1e-3 * max(float(noise[0]), 1e-20)
    level = [10.0 * np.log10(max(v, least)) for v in (energy[0], energy[0] - spread, energy[0] + spread)]
    centre = float(shift[0])
    return (centre, centre - half, centre + half), (float(level[0]), float(level[1]), float(level[2]))


def _centre_s(rows: Floats, at_s: float, noise: Floats) -> Floats:
    """Centre of the power over the noise within 25 ms of `at_s`, for each of `rows` [n, n_bin], as a shift [s].

    The window is first centred on the sound itself: a soft step has two corners, and its centre lies between.
    """
    reach, bins = round(0.025 / _STEP_S), rows.shape[1]
    span = np.arange(-reach, reach + 1)
    middle = at_s / _STEP_S
    for _ in range(3):
        whole = round(middle)
        power = np.maximum(rows[0, np.mod(whole + span, bins)] - noise[0], 0.0)
        middle = whole + float(np.sum(power * span) / max(float(np.sum(power)), 1e-30))
    whole = round(middle)
    power = rows[:, np.mod(whole + span, bins)] - noise[:, None]
    total = np.sum(power, axis=1)
    total = np.where(total > 0.1 * total[0], total, 0.1 * abs(total[0]) + 1e-30)
    return np.asarray((whole + np.clip((power @ span) / total, -reach, reach)) * _STEP_S - at_s)
