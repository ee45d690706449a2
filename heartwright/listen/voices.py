"""The second voice: a slower pattern under the ticks, as of a heart whose pump makes a stroke every few beats.

`find` looks in the low band (20-400 Hz), where a valve that shuts is heard as a thump and the escapement is nearly
silent. A stroke is released by a tick, so its period is a whole number k of beats; k is the least for which the
envelope, freed of what every tick brings, repeats after k beats. The cycles are then laid over one another (following a
slow drift of the loudest sound, for a train that tires is late a little more each stroke), and what stands out in the
median cycle is a sound. S2 and the stop are a doublet some 50 ms apart, S1 precedes them by a third of a second.

Conventions. Times count from the tick (its first sound) that released the stroke and are those of the centre of a
sound's power; levels are the power of a sound in 20-200 Hz over the noise, as if spread over 0.1 s [dB re full scale].
Intervals: bootstrap over cycles [efron1993], widened by Student's t for few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import signal, stats

from heartwright.records import Floats, Interval, Recording, Voice, VoiceSound

_LOW_RATE_HZ = 2_000
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


@dataclass(frozen=True, slots=True)
class _Cycles:
    """Cycles laid on a common axis: power [n_cycle, n_bin] in the finding and in the level band, `step_s` apart.

    `start_s` [n_cycle] is the time of each cycle's first bin after its drift, `drift_s` that drift.
    """

    find: Floats
    level: Floats
    drift_s: Floats
    period_s: float
    beats: int


def find(recording: Recording, tick_period_s: float, tick_times_s: Floats) -> Voice | None:
    """The slower pattern under the ticks of `recording`, or None where there is none.

    `tick_period_s` is the mean interval of beats [s], `tick_times_s` [n_beat] their first sounds (NaN where missed).
    """
    times = np.asarray(tick_times_s, float)
    times = times[np.isfinite(times)]
    shortest = _FEWEST_CYCLES * _SHORTEST_S
    if len(times) < 8 or not tick_period_s > 0.0 or recording.rate_hz < _LOW_RATE_HZ or recording.seconds < shortest:
        return None
    number = np.round((times - times[0]) / tick_period_s)
    beat_s, first_s = np.polyfit(number, times, 1)
    first_s += (number[0] - max(0.0, np.floor(first_s / beat_s))) * beat_s if first_s > beat_s else 0.0
    low = _slow(recording)
    power = _power(low, _FIND_BAND_HZ, 0.012)
    grid = first_s + np.arange(int((len(low) / _LOW_RATE_HZ - first_s) / _STEP_S)) * _STEP_S
    if len(grid) * _STEP_S < shortest or not np.any(power > 0.0):
        return None
    envelope = _without_ticks(np.interp(grid * _LOW_RATE_HZ, np.arange(len(power)), power), beat_s)
    beats = _period_in_beats(envelope, beat_s)
    if beats is None:
        return None
    fine = _power(low, _LEVEL_BAND_HZ, 0.004)
    slow = np.interp(grid * _LOW_RATE_HZ, np.arange(len(fine)), fine)
    cycles = _lay_over(envelope, slow, beats, beat_s)
    return None if cycles is None else _voice(cycles, beat_s, len(times), times, number)


# ------------------------------------------------------------------------------------------ the low band


def _slow(recording: Recording) -> Floats:
    """The recording at 2 kHz."""
    samples = np.nan_to_num(np.asarray(recording.samples, np.float64))
    ratio = Fraction(_LOW_RATE_HZ / recording.rate_hz).limit_denominator(2000)
    return np.asarray(signal.resample_poly(samples - np.mean(samples), ratio.numerator, ratio.denominator))


def _power(low: Floats, band_hz: tuple[float, float], width_s: float) -> Floats:
    """Power of `low` in a band, smoothed by a Hann window of `width_s`; zero-phase, so that times are kept."""
    sos = signal.butter(2, band_hz, "bandpass", fs=_LOW_RATE_HZ, output="sos")
    window = np.hanning(max(3, round(width_s * _LOW_RATE_HZ)) + 2)[1:-1]
    power = np.convolve(signal.sosfiltfilt(sos, low) ** 2, window / window.sum(), "same")
    return np.asarray(np.maximum(power, 0.0))


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
    common = np.quantile(envelope[np.minimum(at, len(envelope) - 1)], 0.3, axis=0)
    extra = common - np.quantile(envelope, 0.3)
    extra[extra < 2.0 * float(np.median(np.abs(extra)))] = 0.0
    phase = np.minimum(np.mod(np.arange(len(envelope)), pair).astype(np.int64), bins - 1)
    return np.asarray(np.maximum(envelope - np.maximum(extra, 0.0)[phase], 0.0))


# ------------------------------------------------------------------------------------------- the period


def _period_in_beats(envelope: Floats, beat_s: float) -> int | None:
    """The least number of beats after which the envelope repeats, None where it does not.

    The autocovariance of the compressed envelope at k beats is held against that at lags that are no whole number of
    half beats; noise, hum and lone knocks leave it within their scatter.
    """
    level = np.log1p(envelope / max(float(np.median(envelope)), 1e-20))
    level -= np.mean(level)
    size = len(level)
    spectrum = np.fft.rfft(level, 2 * size)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2)[:size] / np.arange(size, 0, -1)
    most = min(_MOST_BEATS, int(size * _STEP_S / beat_s / _FEWEST_CYCLES), int(_LONGEST_S / beat_s))
    least = max(_FEWEST_BEATS, int(np.ceil(_SHORTEST_S / beat_s)))
    if most < least:
        return None
    candidates = np.arange(least, most + 1)
    reach = round(0.012 / _STEP_S)
    heights = np.array(
        [np.max(covariance[(lag := round(k * beat_s / _STEP_S)) - reach : lag + reach + 1]) for k in candidates]
    )
    off = np.concatenate([(candidates + part) * beat_s for part in (0.2, 0.3, 0.4, 0.6, 0.7, 0.8)])
    null = np.array([np.max(covariance[(lag := round(s / _STEP_S)) - reach : lag + reach + 1]) for s in off])
    spread = 1.4826 * float(np.median(np.abs(null - np.median(null)))) + 1e-12
    best = float(np.max(heights))
    if best < np.median(null) + _CLEAR_Z * spread or best < 0.05 * covariance[0]:
        return None
    return int(candidates[np.flatnonzero(heights > 0.75 * best)[0]])


# ------------------------------------------------------------------------------------------- the cycles


def _lay_over(envelope: Floats, level: Floats, beats: int, beat_s: float) -> _Cycles | None:
    """Cut into cycles of `beats` beats, moved by the drift of their loudest sound."""
    period = beats * beat_s
    bins = round(period / _STEP_S)
    count = int(len(envelope) * _STEP_S / period) - 1
    if count < _FEWEST_CYCLES:
        return None
    starts = np.arange(count, dtype=np.float64) * (period / _STEP_S)
    plain = _rows(envelope, starts, bins)
    drift = _drift(plain)
    starts = np.asarray(starts + drift, np.float64)
    return _Cycles(_rows(envelope, starts, bins), _rows(level, starts, bins), drift * _STEP_S, period, beats)


def _rows(values: Floats, starts: Floats, bins: int) -> Floats:
    at = np.clip(np.round(starts)[:, None] + np.arange(bins)[None, :], 0, len(values) - 1).astype(np.int64)
    return np.asarray(values[at])


def _drift(rows: Floats) -> Floats:
    """Shift of each cycle [bins] that follows its loudest sound: the best path with small steps, less its start.

    Zeros where the sound does not move by more than 12 ms over the take: then the ticks are the better clock.
    """
    count, bins = rows.shape
    floor = max(float(np.median(rows)), 1e-20)
    gain = np.log1p(rows / floor)
    reach = round(0.03 / _STEP_S)
    steps = np.arange(-reach, reach + 1)
    cost = 0.5 * (steps * _STEP_S / 0.008) ** 2
    total, came = gain[0].copy(), np.zeros((count, bins), np.int64)
    for n in range(1, count):
        before = np.stack([np.roll(total, s) - c for s, c in zip(steps, cost, strict=True)])
        best = np.argmax(before, axis=0)
        came[n] = steps[best]
        total = before[best, np.arange(bins)] + gain[n]
    path = np.zeros(count, np.int64)
    here = int(np.argmax(total))
    for n in range(count - 1, 0, -1):
        path[n - 1] = path[n] - came[n][here]
        here = (here - came[n][here]) % bins
    moved = signal.medfilt(path.astype(float), 3) if count > 4 else path.astype(float)
    moved = moved - np.median(moved)
    strong = float(np.median(gain[np.arange(count), (here + path - path[0]) % bins])) > np.log(8.0)
    if not strong or np.ptp(moved) * _STEP_S < 0.012:
        return np.zeros(count)
    return np.asarray(moved)


# ------------------------------------------------------------------------------------------- the sounds


def _voice(cycles: _Cycles, beat_s: float, count: int, times: Floats, number: Floats) -> Voice | None:
    peaks = _peaks(cycles, beat_s)
    strokes = _name(peaks, cycles.period_s)
    if not strokes:
        return None
    start = _release(strokes, beat_s)
    named = [(name, float(np.mod(t - start, cycles.period_s)), t) for name, t in strokes]
    named.sort(key=lambda item: item[1])
    edges = [t for _, t, _ in named]
    quiet = _quiet(cycles, [t for t, _ in peaks], beat_s)
    sounds = []
    for i, (name, after, at) in enumerate(named):
        gap_before = after - edges[i - 1] if i else after - edges[-1] + cycles.period_s
        gap_after = edges[i + 1] - after if i + 1 < len(edges) else edges[0] - after + cycles.period_s
        time_s, level_db = _measure(cycles, quiet, at, min(0.5 * gap_before, 0.045), min(0.5 * gap_after, 0.055))
        sounds.append(VoiceSound(name, Interval(*(v - at + after for v in time_s)), Interval(*level_db)))
    residual = times - np.polyval(np.polyfit(number, times, 1), number)
    spread = float(np.std(residual)) / np.sqrt(max(count, 3) ** 3 / 12.0) * cycles.beats
    wander = 0.0
    if np.any(cycles.drift_s):
        wander = float(np.polyfit(np.arange(len(cycles.drift_s)), cycles.drift_s, 1)[0])
    sigma = max(spread, float(np.std(np.diff(cycles.drift_s))) / len(cycles.drift_s), 1e-7)
    return Voice(Interval.from_sigma(cycles.period_s + wander, sigma), tuple(sounds))


def _peaks(cycles: _Cycles, beat_s: float) -> list[tuple[float, float]]:
    """Times [s] and heights over the floor of what stands out in the median cycle and in most cycles."""
    middle = np.median(cycles.find, axis=0)
    floor = float(np.median(middle))
    if floor <= 0.0:
        return []
    spread = 1.4826 * np.median(np.abs(cycles.find - middle), axis=0) * 1.25 / np.sqrt(len(cycles.find))
    noise = max(float(np.median(spread)), 1e-3 * floor)
    around = np.concatenate([middle, middle, middle])
    n = len(middle)
    found, _ = signal.find_peaks(10 * np.log10(around + 1e-20), prominence=1.2, distance=round(0.025 / _STEP_S))
    beats = np.arange(1, cycles.beats) * beat_s / _STEP_S
    result = []
    for p in found[(found >= n) & (found < 2 * n)] - n:
        height = float(middle[p] / floor)
        share = float(np.mean(cycles.find[:, p] > 1.2 * floor))
        others = np.array([np.max(around[n + round(p - b) - 4 : n + round(p - b) + 5]) for b in beats])
        if _off_tick_s(p * _STEP_S, beat_s) < _OFF_TICK_S and middle[p] < 4.0 * float(np.median(others)):
            continue  # what every tick brings, left over
        if (middle[p] - floor) / noise > 6.0 and height > 1.4 and share > 0.6:
            result.append((float(p * _STEP_S), height))
    return result if any(_off_tick_s(t, beat_s) > _OFF_TICK_S for t, _ in result) else []


def _off_tick_s(t: float, beat_s: float) -> float:
    """Distance [s] of a time in the cycle from the middle of the nearest tick, 8 ms after its first sound."""
    return float(abs(np.mod(t - 0.008 + 0.5 * beat_s, beat_s) - 0.5 * beat_s))


def _name(peaks: list[tuple[float, float]], period_s: float) -> list[tuple[str, float]]:
    """(name, time) of the sounds: every doublet is S2 and stop, the loudest sound 0.15-0.75 s before it S1."""
    if len(peaks) < 2:
        return []
    loudest = max(h for _, h in peaks)
    pairs: list[tuple[float, float, float]] = []
    for t, h in peaks:
        for u, g in peaks:
            gap = np.mod(u - t, period_s)
            if _DOUBLET_S[0] <= gap <= _DOUBLET_S[1] and h > 0.02 * loudest and g > 0.02 * loudest:
                pairs.append((min(h, g), t, u))
    pairs.sort(reverse=True)
    taken: list[tuple[float, float]] = []
    for _, t, u in pairs:
        apart = [abs(np.mod(t - s + 0.5 * period_s, period_s) - 0.5 * period_s) for s, _ in taken]
        if all(a > 0.25 for a in apart):
            taken.append((t, u))
    named: list[tuple[str, float]] = []
    for t, u in taken:
        named += [("S2", t), ("stop", u)]
        before = [
            (h, s) for s, h in peaks if 0.15 <= np.mod(t - s, period_s) <= 0.75 and all(s not in p for p in taken)
        ]
        nearest = [np.mod(t - s, period_s) for s, _ in taken if s != t]
        before = [(h, s) for h, s in before if all(np.mod(t - s, period_s) < gap - 0.05 for gap in nearest)]
        if before:
            named.append(("S1", max(before)[1]))
    return named


def _release(named: list[tuple[str, float]], beat_s: float) -> float:
    """Time of the tick that released the first stroke: the last one 40 ms and more before S1 (0.3 s before S2)."""
    first = [t for name, t in named if name == "S1"]
    at = min(first) - 0.04 if first else min(t for name, t in named if name == "S2") - 0.3
    return float(np.floor(at / beat_s) * beat_s)


def _quiet(cycles: _Cycles, peaks_s: list[float], beat_s: float) -> NDArray[np.bool_]:
    """Bins of the cycle [n_bin] clear of its sounds and of the ticks; all but the sounds where nothing is left."""
    t = np.arange(cycles.level.shape[1]) * _STEP_S
    near = np.zeros(len(t), bool)
    for p in peaks_s:
        near |= np.mod(t - p + 0.05, cycles.period_s) < 0.15
    tick = np.mod(t + 0.015, beat_s) < 0.06
    return ~(near | tick) if np.mean(near | tick) < 0.9 else ~near


def _measure(
    cycles: _Cycles, quiet: NDArray[np.bool_], at_s: float, before_s: float, after_s: float
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Centre in time [s] and level [dB] of the sound at `at_s`, each as value, low, high."""
    n, bins = cycles.level.shape
    span = np.arange(round(-before_s / _STEP_S), round(after_s / _STEP_S) + 1)
    whole = cycles.level[:, np.mod(round(at_s / _STEP_S) + span, bins)]
    rng = np.random.default_rng(0)
    weights = rng.multinomial(n, np.full(n, 1.0 / n), _BOOTSTRAPS) / n
    weights = np.vstack([np.full(n, 1.0 / n), weights])
    noise = weights @ cycles.level[:, quiet].mean(axis=1)
    energy = ((weights @ whole).sum(axis=1) - len(span) * noise) * _STEP_S / _LEVEL_SPAN_S
    shift = _centre_s(weights @ cycles.find, at_s, weights @ cycles.find[:, quiet].mean(axis=1))
    wide = float(stats.t.ppf(0.975, n - 1)) * np.sqrt(n / (n - 1))
    time_s = float(at_s + shift[0])
    half = max(wide * float(np.std(shift[1:])), 0.075 * _STEP_S)
    spread = wide * float(np.std(energy[1:]))
    least = 1e-3 * max(float(noise[0]), 1e-20)
    level = [10.0 * np.log10(max(v, least)) for v in (energy[0], energy[0] - spread, energy[0] + spread)]
    return (time_s, time_s - half, time_s + half), (float(level[0]), float(level[1]), float(level[2]))


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
