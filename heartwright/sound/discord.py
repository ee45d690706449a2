"""Sensory dissonance: how rough a set of partials, or a stretch of sound, is to the ear.

Two pure tones are as dissonant as Plomp and Levelt's listeners found them [plomp1965]: not at all at unison, most a
quarter of a critical band apart, and hardly from a whole band on. With y their distance in critical bands,

    g(y) = (e (y / 0.25) exp(-y / 0.25))^2, 0 beyond y = 1.2;   band = 1.72 f^0.65 [Hz] at their mean frequency f [Hz]

the band as Hutchinson and Knopoff have it, the curve in the form of Parncutt that stands for their table
[hutchinson1978, mashinter2006]. A set's dissonance is theirs, the sum of a_i a_j g over its pairs over that of a_i^2:
it does not depend on level, is 0 for a pure tone and 0.5 for two equal ones at their worst.

What sounds holds more than partials. A spectral line is taken for one where it stands out of the noise about it more
than noise does by chance (1 in 1,000 stretches has one such line), and where it is there all the time: in frames of
10 ms the sound about it is even (the mean of its power squared is below 3 times the square of its mean; sums of
partials have 2 at most), or the quieter half of the frames still holds it. So noise has no discord, nor have clicks,
whose lines are there for some milliseconds in every beat. A tone that glides or sways has many lines and does not beat:
neighbouring lines whose common envelope is as good as even are one partial.

A chamber's own modes pick lines out of noise, and spread a tick over the time to the next: near the source, or before
the chamber, is where to measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from heartwright.records import Floats, Interval, Ints

WORST, BEYOND = 0.25, 1.2  # where two tones are roughest, and where they no longer are [critical bands]
LOW_HZ, HIGH_HZ = 20.0, 8_000.0  # above some kHz two tones no longer beat in the ear
MOST_PARTIALS: Final = 40
FAINTEST: Final = 0.02  # of the strongest
CHANCE: Final = 1e-3  # that noise alone shows a line, in a whole stretch
EVEN: Final = 3.0  # mean of the power squared over its squared mean: 1 for a tone, 2 for noise, 10 for clicks
HELD: Final = 0.1  # of a line's amplitude that the quieter half of the frames must hold
WINDOW_S, HOP_S = 1.0, 0.5  # of `over_time`
NEIGHBOURS_HZ: Final = 15.0  # lines nearer than this may be one tone that glides or sways
BEATS: Final = 0.4  # of the unevenness that steady partials would have, least that is heard as beating
_FRAME_S = 0.010
_OVER_NOISE = 4.0
_FLOOR_HZ, _FLOOR_OCTAVE = 60.0, 1.0 / 3.0  # width over which the noise about a line is looked at, the wider of both
_ENOUGH_HZ = 20_000.0  # rate that is enough for HIGH_HZ


def critical_band(hertz: Floats | float) -> Floats:
    """Width of the ear's critical band about a frequency [Hz], by Hutchinson and Knopoff."""
    return np.asarray(1.72 * np.asarray(hertz, float) ** 0.65)


def pair(f1: Floats | float, f2: Floats | float, a1: Floats | float = 1.0, a2: Floats | float = 1.0) -> Floats:
    """Dissonance of two pure tones: frequencies [Hz] and amplitudes; 1 for amplitudes of 1 at their worst."""
    low, high = np.minimum(f1, f2), np.maximum(f1, f2)
    apart = (high - low) / np.maximum(critical_band(0.5 * (low + high)), 1e-9)
    rough = np.square(np.e * apart / WORST * np.exp(-apart / WORST))
    return np.asarray(np.where(apart > BEYOND, 0.0, np.multiply(a1, a2) * rough))


def of_partials(frequency: Floats, amplitude: Floats) -> float:
    """Dissonance of partials [Hz] with their amplitudes: the sum over pairs, over that of their squares."""
    f, a = np.asarray(frequency, float), np.asarray(amplitude, float)
    if f.shape != a.shape or f.ndim != 1:
        raise ValueError(f"frequencies {f.shape} and amplitudes {a.shape} must be two lists of one length")
    i, j = np.triu_indices(len(f), 1)
    level = float(a @ a)
    return float(np.sum(pair(f[i], f[j], a[i], a[j]))) / level if level > 0.0 else 0.0


# ------------------------------------------------------------------------------------------ partials of a sound


def partials(samples: Floats | NDArray[np.float32], rate_hz: float) -> tuple[Floats, Floats]:
    """Frequencies [Hz] and amplitudes of the steady partials of a stretch of sound, the strongest forty at most.

    Peaks of a Blackman-Harris spectrum (its side lobes lie 92 dB down, so none passes for a partial), their place and
    height by a parabola through three lines of the logarithm. Two partials nearer than 4 / length are one. Raises
    ValueError for what is not finite.
    """
    x, rate_hz = _thinned(np.asarray(samples, float), rate_hz)
    if len(x) < 64:
        return np.zeros(0), np.zeros(0)
    size = 2 << int(np.ceil(np.log2(len(x))))
    window = signal.windows.blackmanharris(len(x))
    spectrum = np.abs(np.fft.rfft((x - x.mean()) * window, size)) * 2.0 / window.sum()
    step = rate_hz / size
    if float(spectrum.max(initial=0.0)) <= 0.0:
        return np.zeros(0), np.zeros(0)
    floor = _floor(spectrum, step)
    at = _lines(spectrum, floor, step, apart_hz=4.0 * rate_hz / len(x))
    y0, y1, y2 = (np.log(np.maximum(spectrum[at + k], 1e-300)) for k in (-1, 0, 1))
    shift = 0.5 * (y0 - y2) / np.minimum(y0 - 2.0 * y1 + y2, -1e-12)
    f, a = (at + shift) * step, np.exp(y1 - 0.25 * (y0 - y2) * shift)
    there = _there(x, rate_hz, f, a, floor[at])
    f, a = _one_where_it_glides(x, rate_hz, f[there], a[there])
    strong = np.sort(np.argsort(a)[::-1][:MOST_PARTIALS])
    strong = strong[a[strong] >= FAINTEST * a.max(initial=0.0)]
    return f[strong], a[strong]


def _thinned(x: Floats, rate_hz: float) -> tuple[Floats, float]:
    """The sound at no higher rate than is needed."""
    if not np.isfinite(x).all():
        raise ValueError("the sound holds NaN or infinity: mend what made it, or leave that stretch out")
    by = int(rate_hz // _ENOUGH_HZ)
    if by > 1 and len(x) >= 64 * by:
        return np.asarray(signal.resample_poly(x, 1, by)), rate_hz / by
    return x, rate_hz


def _lines(spectrum: Floats, floor: Floats, step: float, *, apart_hz: float) -> Ints:
    """Where the spectrum has lines that noise of the level about them would not show, the strongest at most."""
    inside = np.arange(len(spectrum)) * step
    tries = max(1.0, (min(HIGH_HZ, inside[-1]) - LOW_HZ) / step)  # two to a line: nothing stands out between them
    over = np.sqrt(np.log(tries / CHANCE) / np.log(2.0))  # of a peak over the median, of an exponential power
    at, _ = signal.find_peaks(spectrum, distance=max(1, int(apart_hz / step)))
    at = at[(inside[at] >= LOW_HZ) & (inside[at] <= HIGH_HZ) & (at > 0) & (at < len(spectrum) - 1)]
    at = at[spectrum[at] > over * floor[at]]
    return np.sort(at[np.argsort(spectrum[at])[::-1][: 2 * MOST_PARTIALS]])


def _floor(spectrum: Floats, step: float) -> Floats:
    """Median of the spectrum about each of its lines: of the noise, as long as partials are few."""
    edges = [0.0]
    top = len(spectrum) * step
    while edges[-1] < top:
        edges.append(edges[-1] + max(_FLOOR_HZ, (2.0**_FLOOR_OCTAVE - 1.0) * edges[-1]))
    cut = np.unique(np.minimum((np.array(edges) / step).astype(np.int64), len(spectrum)))
    middle = 0.5 * (cut[1:] + cut[:-1])
    level = [float(np.median(spectrum[a:b])) for a, b in zip(cut, cut[1:], strict=False)]
    return np.interp(np.arange(len(spectrum)), middle, level)


def _there(x: Floats, rate_hz: float, f: Floats, a: Floats, floor: Floats) -> NDArray[np.bool_]:
    """Whether each line, of frequency f [Hz] and amplitude a, is there all the time, and not in blows only."""
    long = round(_FRAME_S * rate_hz)
    hop = long // 2
    count = (len(x) - long) // hop + 1
    if count < 16 or len(f) == 0:
        return np.ones(len(f), bool)
    frames = np.lib.stride_tricks.sliding_window_view(x, long)[::hop][:count]
    turn = -2j * np.pi * f / rate_hz
    window = signal.windows.hann(long)
    waves = (2.0 * window / window.sum())[:, None] * np.exp(np.arange(long)[:, None] * turn)
    seen = (frames @ waves.real + 1j * (frames @ waves.imag)) * np.exp(np.arange(count)[:, None] * hop * turn)
    power = np.abs(seen) ** 2
    uneven = (power**2).mean(axis=0) / np.maximum(power.mean(axis=0) ** 2, 1e-300)
    quiet = power <= np.median(power, axis=0)
    held = np.abs((seen * quiet).sum(axis=0)) / quiet.sum(axis=0)
    return np.asarray((uneven < EVEN) | ((held >= HELD * a) & (held >= _OVER_NOISE * floor)))


def _one_where_it_glides(x: Floats, rate_hz: float, f: Floats, a: Floats) -> tuple[Floats, Floats]:
    """Neighbouring lines made one where they do not beat: the tone's mean frequency and amplitude."""
    if len(f) < 2:
        return f, a
    groups = np.split(np.arange(len(f)), np.flatnonzero(np.diff(f) > NEIGHBOURS_HZ) + 1)
    kept_f, kept_a = [], []
    for group in groups:
        power = a[group] ** 2
        if len(group) > 1:
            middle, wide = float(f[group] @ power / power.sum()), float(np.ptp(f[group]))
            seen = _envelope(x, rate_hz, middle, 1.2 / (0.5 * wide + NEIGHBOURS_HZ))
            steady = 1.0 - float((power**2).sum() / power.sum() ** 2)  # of the unevenness above 1
            if len(seen) >= 8 and (seen**2).mean() / seen.mean() ** 2 - 1.0 < BEATS * steady:
                kept_f.append(middle)
                kept_a.append(float(np.sqrt(seen.mean())))
                continue
        kept_f += f[group].tolist()
        kept_a += a[group].tolist()
    return np.array(kept_f), np.array(kept_a)


def _envelope(x: Floats, rate_hz: float, hertz: float, frame_s: float) -> Floats:
    """Squared amplitude about a frequency, in frames that overlap by three quarters."""
    long = round(frame_s * rate_hz)
    if len(x) < long:
        return np.zeros(0)
    frames = np.lib.stride_tricks.sliding_window_view(x, long)[:: max(1, long // 4)]
    window = signal.windows.hann(long)
    wave = 2.0 * window / window.sum() * np.exp(-2j * np.pi * hertz / rate_hz * np.arange(long))
    return np.asarray(np.square(frames @ wave.real) + np.square(frames @ wave.imag))


# ------------------------------------------------------------------------------------------ of a sound, over time


def of_sound(samples: Floats, rate_hz: float) -> float:
    """Dissonance of the partials of a stretch of sound; 0 for a tone, noise or silence."""
    return of_partials(*partials(samples, rate_hz))


def over_time(samples: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """Middles [s] of windows of a second, half a second apart, and the dissonance of each."""
    window, hop = round(WINDOW_S * rate_hz), round(HOP_S * rate_hz)
    starts = np.arange(0, max(1, len(samples) - window + 1), hop)
    values = np.array([of_sound(samples[s : s + window], rate_hz) for s in starts])
    middles = np.asarray((starts + 0.5 * min(window, len(samples))) / rate_hz, float)
    return middles, values


def steady(values: Floats) -> Interval:
    """Mean of the windows of `over_time` with its 95 % interval, their overlap and spread allowed for."""
    x = np.asarray(values, float)
    mean = float(x.mean()) if len(x) else 0.0
    if len(x) < 4:
        return Interval(mean, float(x.min(initial=0.0)), float(x.max(initial=0.0)))
    half = 1.96 * float(x.std(ddof=1)) / np.sqrt(0.5 * len(x))
    return Interval(mean, max(0.0, mean - half), mean + half)


# ------------------------------------------------------------------------------------------ who is it


@dataclass(frozen=True, slots=True)
class Shares:
    """Dissonance by pairs of works: `table` [n, n] is symmetric, a work with itself on the diagonal; sums to `total`.

    Off the diagonal each pair stands twice with half of its share.
    """

    names: tuple[str, ...]
    table: Floats
    total: float

    def worst(self) -> tuple[str, str, float]:
        """The two works (one and the same where it is rough by itself) that add most, and their share [0..1]."""
        if self.total <= 0.0 or not self.names:
            return "", "", 0.0
        whole = np.triu(self.table) + np.tril(self.table, -1).T
        i, j = np.unravel_index(int(np.argmax(whole)), whole.shape)
        return self.names[i], self.names[j], float(whole[i, j] / self.total)

    def told(self) -> str:
        """The worst of it in words."""
        one, other, share = self.worst()
        if not one:
            return "Nothing in it is rough."
        if one == other:
            return f"The buzz is in {one} itself ({100 * share:.0f} % of it)."
        return f"The buzz is between {one} and {other} ({100 * share:.0f} % of it)."


def between(voices: Mapping[str, tuple[Floats, Floats]]) -> Shares:
    """Shares of works given by their partials: name to (frequencies [Hz], amplitudes)."""
    names = tuple(voices)
    f = np.concatenate([np.zeros(0), *(np.asarray(voices[n][0], float) for n in names)])
    a = np.concatenate([np.zeros(0), *(np.asarray(voices[n][1], float) for n in names)])
    whose = np.repeat(np.arange(len(names)), [len(voices[n][0]) for n in names])
    table = np.zeros((len(names), len(names)))
    level = float(a @ a)
    if level > 0.0:
        i, j = np.triu_indices(len(f), 1)
        rough = 0.5 * pair(f[i], f[j], a[i], a[j]) / level
        np.add.at(table, (whose[i], whose[j]), rough)
        np.add.at(table, (whose[j], whose[i]), rough)
    return Shares(names, table, float(table.sum()))


def by_work(sounds: Floats | NDArray[np.float32], names: Sequence[str], rate_hz: float) -> Shares:
    """Shares of works given by what is heard of each, [n_work, n]; partials below 0.02 of the loudest do not count."""
    found = {n: partials(row, rate_hz) for n, row in zip(names, sounds, strict=True)}
    loudest = max((float(a.max(initial=0.0)) for _, a in found.values()), default=0.0)
    return between({n: (f[a >= FAINTEST * loudest], a[a >= FAINTEST * loudest]) for n, (f, a) in found.items()})


def pooled(parts: Sequence[Shares]) -> Shares:
    """The mean of shares of successive stretches of the same works."""
    if not parts:
        return Shares((), np.zeros((0, 0)), 0.0)
    table = np.mean([p.table for p in parts], axis=0)
    return Shares(parts[0].names, table, float(table.sum()))
