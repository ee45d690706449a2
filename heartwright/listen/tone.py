"""Watches that hum: a tuning fork's tone instead of beats.

Aim: the rate of a tuning fork watch (Accutron 360 Hz; others 300, 440, 480) from its tone, and never a tone where there
is none. Found in the spectrum of the first minute: one narrow line within 0.2 % of a nominal pitch, which no line near
it comes close to (the beats of a clock are a comb of lines), there all the time and steady in phase. Mains hum also
stands at 300, 360 and 480 Hz: a line on the grid of 50 or 60 Hz whose sisters are heard is none of a watch.

Rate: the tone is brought down to rest and its phase taken in blocks; the rate is the phase's slope. The noise of the
phase is white, of the size that the spectrum beside the line tells, and it walks at random by so much that the
frequency of the take wanders by 1e-9 to 1e-4, any size as likely: the slope and its interval are averaged over what the
blocks say of that; so is more noise than the spectrum tells, of clicks or a line beside it. A cosine transform
diagonalises it all. Where nothing wanders, the variance of the frequency is bounded by 12 / ((2 pi T)^2 N SNR), SNR
that of a sample, N of them [rife1974].
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, next_fast_len, rfft

from heartwright.listen.thin import thin
from heartwright.records import Floats, Interval, Reading, Tone

NOMINAL_HZ = (300.0, 360.0, 440.0, 480.0)
MAINS_HZ = (50.0, 60.0)
SHORTEST_S = 3.0
NEAR = 2e-3  # of the nominal pitch: 173 s/d
_THIN_HZ = 2400.0  # rate at which tones are looked at, or little above
_SEARCH_S = 60.0
_STANDS, _ALONE = 126.0, 16.0  # power of the line over the noise in its bin, and over any other line near
_AROUND_HZ, _LINE_HZ = 20.0, 0.3  # near, and how wide the line itself is at least
_SISTER, _SISTERS = 20.0, 2  # power of a line of the mains over the noise, and how many prove them
_MAINS_OFF = 5e-3  # how far the mains' frequency is looked for
_PIECE_S = 0.05  # half a Hann window, in which the tone is brought down
_FEWEST, _MOST, _BLOCK_S, _BLOCK_SNR = 12, 24, 0.25, 8.0
_WANDER = np.logspace(-9.0, -4.0, 26)  # one sigma of the take's frequency, relative
_MORE = 4.0 ** np.arange(6)  # times the white noise that the spectrum tells, each as much less likely
_PARTS, _THERE = 8, 0.35  # least level of an eighth of the take, as a share of the median
_STEADY_RAD = 0.3  # rms wander of the phase over a minute that a fork does not show and the mains do
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Hum:
    """A fork's tone: frequency by the recorder's clock [Hz] and its one-sigma share, amplitude [full scale], SNR [dB].

    `snr_db` is against the noise in the 20 Hz about it.
    """

    frequency_hz: float
    relative: float
    nominal_hz: float
    amplitude: float
    snr_db: float


@dataclass(frozen=True, slots=True)
class Masked:
    """A line at a fork's pitch [Hz] on the grid of the mains [Hz]: their hum, or a fork that it covers."""

    frequency_hz: float
    mains_hz: float


def find(samples: NDArray[np.floating], rate_hz: float) -> Hum | Masked | None:
    """The tone of a tuning fork watch in samples [n]; None where there is none."""
    step = max(1, int(rate_hz // _THIN_HZ))
    low, rate = thin(samples, step), rate_hz / step
    if len(low) < SHORTEST_S * rate or rate < 2.5 * NOMINAL_HZ[-1]:
        return None
    power, bin_hz = _spectrum(low[: int(_SEARCH_S * rate)], rate)
    lines = [line for nominal in NOMINAL_HZ if (line := _line(power, bin_hz, nominal)) is not None]
    if not lines:
        return None
    nominal, frequency, stands = max(lines, key=lambda line: line[2])
    mains = _on_the_mains(power, bin_hz, frequency)
    if mains is not None:
        return Masked(frequency, mains)
    return _followed(low, rate, nominal, frequency, stands)


def instead(
    samples: NDArray[np.floating], rate_hz: float, base: Reading, clock_ppm: tuple[float, float], *, beats: bool
) -> Reading | None:
    """The reading of a take without a beat of its own that holds a fork's tone; None where it holds none.

    `beats` says that something may beat in it after all, so that a line of the mains is not worth telling of.
    """
    found = find(samples, rate_hz)
    if isinstance(found, Hum):
        return reading(base, found, clock_ppm)
    return replace(base, advice=(_masked_advice(found),)) if found is not None and not beats else None


def reading(base: Reading, hum: Hum, clock_ppm: tuple[float, float]) -> Reading:
    """The reading of a tuning fork watch; `clock_ppm` as `listen.measure` has it."""
    frequency = hum.frequency_hz * (1.0 + 1e-6 * clock_ppm[0])
    whole = float(np.hypot(hum.relative, 1e-6 * clock_ppm[1]))
    slope = frequency / hum.nominal_hz * DAY_S
    level = 20.0 * float(np.log10(max(hum.amplitude, 1e-9)))
    repeat = 1.96 * slope * hum.relative
    return replace(
        base,
        status="tone",
        beats=0,
        snr_db=hum.snr_db,
        settled=repeat <= 2.0,
        tone=Tone(Interval.from_sigma(frequency, frequency * whole), hum.nominal_hz, level),
        escapement="tuning fork",
        rate_s_per_day=Interval.from_sigma(slope - DAY_S, slope * whole),
        rate_low_repeat=slope - DAY_S - repeat,
        rate_high_repeat=slope - DAY_S + repeat,
        advice=_advice(hum),
    )


def _advice(hum: Hum) -> tuple[str, ...]:
    first = (
        f"A tuning fork watch: a steady tone near {hum.nominal_hz:g} Hz and no beats. Beat error and amplitude are "
        "those of a balance: they are withheld. What can be read is the rate of its tone, in each position (a fork's "
        "changes with them), and from one battery to the next its level, if the microphone lies in the same place."
    )
    if hum.nominal_hz != 440.0:
        return (first,)
    return first, "440 Hz is also what a tuner or an orchestra's A gives: is there one in the room?"


def _masked_advice(found: Masked) -> str:
    """What to say of a line on the grid of the mains."""
    times = round(found.frequency_hz / found.mains_hz)
    return (
        f"A steady tone at {found.frequency_hz:.2f} Hz is {times} times the mains' {found.mains_hz:g} Hz, whose hum is "
        "there too: hum, or a tuning fork that it covers. Record on battery, away from chargers and lamps."
    )


# ------------------------------------------------------------------------------------------------- the spectrum


def _spectrum(low: Floats, rate: float) -> tuple[Floats, float]:
    """Power under a Hann window, padded to twice the length, and the width of a bin [Hz]."""
    size = next_fast_len(2 * len(low), real=True)
    return np.abs(rfft((low - low.mean()) * np.hanning(len(low)), size)) ** 2, rate / size


def _line(power: Floats, bin_hz: float, nominal: float) -> tuple[float, float, float] | None:
    """(nominal, frequency [Hz], power over the noise) of a line that stands alone near a nominal pitch."""
    a, b = int(nominal * (1.0 - NEAR) / bin_hz), int(nominal * (1.0 + NEAR) / bin_hz) + 2
    top = a + int(np.argmax(power[a:b]))
    frequency = _centre(power, top) * bin_hz
    width = max(8, int(_LINE_HZ / bin_hz))  # 8 bins hold the main lobe
    reach = int(_AROUND_HZ / bin_hz)
    beside = np.concatenate([power[top - reach : top - width], power[top + width + 1 : top + reach]])
    noise = float(np.median(beside)) / np.log(2.0)
    stands = float(power[top]) / max(noise, 1e-30)
    if stands < _STANDS or power[top] < _ALONE * beside.max() or not a < top < b - 1:
        return None
    return nominal, frequency, stands


def _centre(power: Floats, top: int) -> float:
    """Place of a peak [bins], by a parabola through its logarithm."""
    left, middle, right = np.log(power[top - 1 : top + 2] + 1e-300)
    bend = left - 2.0 * middle + right
    return top + (0.5 * float(left - right) / float(bend) if bend < 0.0 else 0.0)


def _on_the_mains(power: Floats, bin_hz: float, frequency: float) -> float | None:
    """The mains [Hz] on whose grid a line stands, its sisters heard; None where on none."""
    for mains in MAINS_HZ:
        found: list[tuple[int, float]] = []
        for times in (1, 2, 3, 4):
            middle = mains * times / bin_hz
            a, b = int(middle * (1.0 - _MAINS_OFF)), int(middle * (1.0 + _MAINS_OFF)) + 2
            top = a + int(np.argmax(power[a:b]))
            around = power[int(middle - 8.0 / bin_hz) : int(middle + 8.0 / bin_hz)]
            if power[top] > _SISTER * float(np.median(around)) / np.log(2.0):
                found.append((times, _centre(power, top) * bin_hz))
        if len(found) < _SISTERS:
            continue
        times, at = found[-1]  # the highest tells the mains' frequency best
        off = abs(frequency - round(frequency / mains) * at / times)
        if off < 8.0 * bin_hz + bin_hz * round(frequency / mains) / times:
            return mains
    return None


# --------------------------------------------------------------------------------------------------- the phase


def _followed(low: Floats, rate: float, nominal: float, frequency: float, stands: float) -> Hum | None:
    """The tone followed through the take by its phase; None where it comes and goes, or wanders as no fork does."""
    rest, hop_s = at_rest(low, rate, frequency)
    seconds = len(rest) * hop_s
    snr = stands * 1.5 * seconds / min(seconds, _SEARCH_S)  # a Hann window takes 1.5 times the noise of none
    count = int(np.clip(min(seconds / _BLOCK_S, snr / _BLOCK_SNR), _FEWEST, _MOST))
    size = len(rest) // count
    blocks = rest[: count * size].reshape(count, size).mean(axis=1)
    phase = np.unwrap(np.angle(blocks))
    if not _there(blocks, phase) or not _calm(phase, count / snr, size * hop_s):
        return None
    turn = 2.0 * np.pi * frequency * size * hop_s
    off, relative = slope(phase / turn, 0.5 * count / snr / turn**2)
    amplitude = float(np.median(np.abs(blocks)))
    noise = amplitude**2 / snr * seconds * _AROUND_HZ  # snr: of a tone over the noise of a bin of 1 / seconds
    snr_db = 10.0 * float(np.log10(amplitude**2 / max(noise, 1e-30)))
    return Hum(frequency * (1.0 + off), relative, nominal, 2.0 * amplitude, snr_db)


def at_rest(low: Floats, rate: float, frequency: float) -> tuple[NDArray[np.complex128], float]:
    """Half the tone's complex amplitude against `frequency`, in overlapping Hann windows, and their spacing [s]."""
    hop = round(_PIECE_S * rate)
    rows = np.lib.stride_tricks.sliding_window_view(low, 2 * hop)[::hop]
    place = np.arange(2 * hop)
    kernel = np.hanning(2 * hop + 1)[:-1] / hop * np.exp(-2j * np.pi * frequency / rate * place)
    turn = np.exp(-2j * np.pi * frequency * hop / rate * np.arange(len(rows)))
    return np.asarray((rows @ kernel) * turn), hop / rate


def slope(phase: Floats, white: float, wander: Floats = _WANDER) -> tuple[float, float]:
    """Slope a block of phases [n] in white noise of variance `white` and a random walk, and its one-sigma error.

    `wander` are the sizes of that walk tried, each as likely: what the slope of the whole wanders by, one sigma. A walk
    that is averaged over blocks steps by less from one to the next, by a third where it steps to and fro.
    """
    n = len(phase)
    y, x = (np.asarray(dct(v, norm="ortho"))[1:] for v in (phase, np.arange(float(n))))
    angle = np.pi * np.arange(1, n) / n
    walk = (2.0 + np.cos(angle)) / 3.0 / (2.0 - 2.0 * np.cos(angle))
    more, steps = (grid.ravel()[:, None] for grid in np.meshgrid(_MORE, wander))
    variance = more * white + steps**2 * n * walk
    normal = (x**2 / variance).sum(axis=1)
    tilt = (x * y / variance).sum(axis=1) / normal
    score = -0.5 * (np.log(variance) + (y - tilt[:, None] * x) ** 2 / variance).sum(axis=1)
    score -= 0.5 * np.log(normal) + np.log(more[:, 0])
    share = np.exp(score - score.max())
    share /= share.sum()
    mean = float(share @ tilt)
    return mean, float(np.sqrt(share @ (1.0 / normal + (tilt - mean) ** 2)))


def _there(blocks: NDArray[np.complex128], phase: Floats) -> bool:
    """Whether the tone sounds through all of the take."""
    number = np.arange(len(blocks))
    line = np.polyval(np.polyfit(number, phase, min(3, len(blocks) // 4)), number)
    level = np.real(blocks * np.exp(-1j * line))
    parts = np.array([part.mean() for part in np.array_split(level, _PARTS)])
    return bool(parts.min() > _THERE * float(np.median(parts)))


def _calm(phase: Floats, variance: float, block_s: float) -> bool:
    """Whether the phase of the first minute keeps to a line, but for noise of half `variance` [rad^2]."""
    first = phase[: max(_FEWEST, int(_SEARCH_S / block_s))]
    number = np.arange(len(first))
    off = first - np.polyval(np.polyfit(number, first, 1), number)
    return float(np.mean(off**2)) < _STEADY_RAD**2 + 2.0 * variance
