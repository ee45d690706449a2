"""Stopwatches that beat quicker than any watch: 1/50 and 1/100 s, 180,000 and 360,000 beats an hour.

Their sounds run into each other, so that no beat is timed by itself. What repeats is the loudness of the take: found by
the comb over its autocorrelation, as a beat is, with periods from 9 to 40 ms. Any multiple of the period makes a comb
too, and a watch that beats slower makes none at its parts; so the quick one is believed where it stands clearly above
all slower ones, and only where a search for an ordinary beat came to none or to one of less than 0.1 s.

Rate: the phase of the loudness at the harmonic of the beat that tells most of its time, followed as that of a fork's
tone is (`tone.slope`). Beat error: the mean loudness of the even beats laid on that of the odd ones, by parts of the
take; withheld where they are too unlike to be laid on one another. A dimmer or a charger buzzes 100 times a second as
well: a beat on the grid of the mains whose low hum is louder than its ticks is taken for such.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import irfft, rfft

from heartwright.listen import advice, tone
from heartwright.listen.beat import onsets, pulse
from heartwright.listen.findings import figures
from heartwright.listen.thin import thin
from heartwright.records import Floats, Interval, Reading

SHORTEST_S, LONGEST_S = 9e-3, 40e-3  # of a beat
SLOWEST_BPH, FASTEST_BPH = 3600.0 / LONGEST_S, 3600.0 / SHORTEST_S  # 90,000 to 400,000
SLOWEST_S = 0.26  # combs that a quick one is held against
STANDARD_BPH = (108_000.0, 144_000.0, 180_000.0, 216_000.0, 360_000.0)
_CLEAR_Z, _SURELY, _LAGS_S = 14.0, 1.1, 2.0
_FINE_HZ = 10_000.0
_AS_TOLD = 0.05
_PARTS = 8  # of the take, whose beat errors are compared
_STUDENT = 2.365  # 95 % of Student's t with 7 degrees of freedom
_ALIKE = 0.9  # correlation of even and odd beats that can be laid on one another
_COURSE, _WEAKEST = 0.7, 0.1  # correlation and strength of a second beat against the first
_UNLIKE_S = 25e-6  # one sigma of the beat error of made takes whose two beats sound unlike
_HARMONICS, _SHARE = 12, 0.05  # a period is a part's many where less than this share of its power is its own
_BLOCKS, _FEWEST_BLOCKS = 48, 12
_FOLLOWS = 0.12  # turns: scatter of a phase from block to block that cannot slip
_BINS = 120  # of a beat
_WANDER = np.logspace(-8.0, -2.0, 31)  # one sigma of the take's rate, relative
_HUM_HZ, _LOW_HZ, _HUM_SHARE = 250.0, 1200.0, 0.5  # hum is below; of what repeats, as a share of what does above 1 kHz


@dataclass(frozen=True, slots=True)
class Quick:
    """Beat [s] by the recorder's clock, its one-sigma share, beat error with its half 95 % interval [s] or None."""

    beat_s: float
    relative: float
    error_s: tuple[float, float] | None
    grid_hz: float | None  # of the mains, where the beat stands on it


def find(samples: Floats, strike: onsets.Onsets) -> Quick | None:
    """The quick beat of a take; None where there is none."""
    beat_s = _comb(strike)
    if beat_s is None:
        return None
    energy, fine_hz = _energy(strike)
    followed = _followed(energy, fine_hz, beat_s)
    if followed is None:
        return None
    if followed[0] > 2.0 * SHORTEST_S and _twice(energy, followed[2]):
        followed = _followed(energy, fine_hz, 0.5 * followed[0]) or followed
    beat_s, relative, place = followed
    grid = next((m for m in tone.MAINS_HZ if abs(1.0 / beat_s / m - round(1.0 / beat_s / m)) < 0.01), None)
    if grid is not None and _hums(samples, strike, beat_s, grid, place):
        return None
    error = _beat_error(energy, place)
    if error is not None:
        error = error[0] * beat_s, float(np.hypot(error[1] * beat_s, 1.96 * _UNLIKE_S))
    return Quick(beat_s, relative, error, grid)


def reading(base: Reading, found: Quick, told: float | None, clock_ppm: tuple[float, float]) -> Reading:
    """The reading of a stopwatch; `told` is its nominal beat [beats/h], `clock_ppm` as `listen.measure` has it."""
    bph = 3600.0 / found.beat_s * (1.0 + 1e-6 * clock_ppm[0])
    whole = float(np.hypot(found.relative, 1e-6 * clock_ppm[1]))
    near = min(STANDARD_BPH, key=lambda s: abs(s / bph - 1.0))
    nominal = near if abs(bph / near - 1.0) <= figures.NEAR_STANDARD else None
    lines = _advice(found, bph)
    if told is not None and abs(bph / told - 1.0) < _AS_TOLD:
        nominal = told
    elif told is not None:
        lines = (advice.told_otherwise(told, bph), *lines)
    half = 1.96 * found.relative * figures.DAY_S
    if half > figures.SETTLED_S_PER_DAY:
        lines = (*lines, advice.unsettled(half))
    out = replace(
        base,
        status="ok",
        beats=int(base.duration_s / found.beat_s),
        nominal_bph=nominal,
        beat_rate_bph=Interval.from_sigma(bph, bph * whole),
        settled=half <= figures.SETTLED_S_PER_DAY,
        count_odds=((bph, 1.0),),
        advice=lines,
    )
    if found.error_s is not None:
        size, half = 1e3 * abs(found.error_s[0]), 1e3 * found.error_s[1]
        out = replace(out, beat_error_ms=Interval(size, max(0.0, size - half), size + half))
    if nominal is None:
        return out
    slope = bph / nominal * figures.DAY_S
    rate, repeat = slope - figures.DAY_S, 1.96 * slope * found.relative
    return replace(
        out,
        rate_s_per_day=Interval.from_sigma(rate, slope * whole),
        rate_low_repeat=rate - repeat,
        rate_high_repeat=rate + repeat,
    )


def _advice(found: Quick, bph: float) -> tuple[str, ...]:
    lines = [
        f"A stopwatch of {1.0 / found.beat_s:.0f} beats a second: its sounds run into each other, so that no beat is "
        "timed by itself. Amplitude is withheld: it needs the first and third sound of a beat apart."
    ]
    if found.error_s is None:
        lines.append("Beat error is withheld: its two beats sound too unlike to be laid on one another.")
    if found.grid_hz is not None:
        lines.append(
            f"{bph / 3600:.0f} a second is also a multiple of the mains' {found.grid_hz:g} Hz: if the sound goes on "
            "when the watch is stopped, it is the buzz of a dimmer or a charger."
        )
    return tuple(lines)


# ------------------------------------------------------------------------------------------------------ finding


def _comb(strike: onsets.Onsets) -> float | None:
    """Beat [s] of a comb that stands clearly above those of all slower periods; None where none does."""
    rate = strike.block_rate_hz
    longest = min(int(_LAGS_S * rate), int(pulse.SHARE * len(strike.strength)))
    if longest < 2.0 * SLOWEST_S * rate or not np.any(strike.strength):
        return None
    period = np.exp(np.arange(np.log(SHORTEST_S * rate), np.log(SLOWEST_S * rate), 1.0 / longest))
    height = pulse.Comb.of(strike.strength, longest).height(period, longest)
    quick = period < LONGEST_S * rate
    top = int(np.argmax(np.where(quick, height, -np.inf)))
    if height[top] < _CLEAR_Z or height[top] < _SURELY * height[~quick].max():
        return None
    return float(period[top]) / rate


def _energy(strike: onsets.Onsets) -> tuple[Floats, float]:
    """Loudness of the high-passed take in blocks of about 0.1 ms, and their rate [Hz]."""
    hop = max(1, round(strike.rate_hz / _FINE_HZ))
    rows = strike.filtered[: len(strike.filtered) // hop * hop].reshape(-1, hop)
    loud = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / hop)
    return loud - loud.mean(), strike.rate_hz / hop


def _followed(loud: Floats, fine_hz: float, beat_s: float) -> tuple[float, float, Floats] | None:
    """Beat [s], its one-sigma share, and the place of each block of loudness [beats]; None where it does not hold."""
    turn, _, block_s = _turns(loud, fine_hz, 1.0 / beat_s)
    if len(turn) < _FEWEST_BLOCKS:
        return None
    for _ in range(2):  # the comb's period is good to some 1e-4
        drift = float(np.polyfit(np.arange(len(turn)), turn, 1)[0]) / block_s
        beat_s /= 1.0 + drift * beat_s
        turn, _, block_s = _turns(loud, fine_hz, 1.0 / beat_s)
    phase = _sharpest(loud, fine_hz, beat_s)
    if phase is None:
        return None
    white = float(np.var(np.diff(phase, 2))) / 6.0  # that of white noise is six times its own
    share = beat_s / block_s
    off, relative = tone.slope(phase * share, white * share**2, _WANDER)
    at = np.arange(len(loud)) / fine_hz
    middle = (np.arange(len(phase)) + 0.5) * block_s
    return beat_s / (1.0 + off), relative, at / beat_s + np.interp(at, middle, phase)


def _turns(loud: Floats, fine_hz: float, hz: float) -> tuple[Floats, float, float]:
    """Phase of what repeats at `hz`, block by block [turns], its power, and the length of a block [s]."""
    rest, hop_s = tone.at_rest(loud, fine_hz, hz)
    size = max(1, len(rest) // _BLOCKS)
    blocks = rest[: len(rest) // size * size].reshape(-1, size).mean(axis=1)
    return np.unwrap(np.angle(blocks)) / (2.0 * np.pi), float(np.mean(np.abs(blocks) ** 2)), size * hop_s


def _sharpest(loud: Floats, fine_hz: float, beat_s: float) -> Floats | None:
    """Phase of the beat in each block [beats] by the harmonic that tells it best; None where a part of it repeats."""
    power, found = np.zeros(_HARMONICS + 1), []
    for times in range(1, min(_HARMONICS, int(0.4 * fine_hz * beat_s)) + 1):
        turn, power[times], _ = _turns(loud, fine_hz, times / beat_s)
        scatter = float(np.std(np.diff(turn)))
        if scatter < _FOLLOWS:
            found.append((scatter / times, turn / times))
    many = [power[part::part].sum() > (1.0 - _SHARE) * power.sum() for part in range(2, _HARMONICS + 1)]
    return min(found, key=lambda f: f[0])[1] if found and not any(many) else None


def _folded(loud: Floats, place: Floats, parts: int) -> Floats:
    """Mean loudness over even and odd beats of each part of the take, the loudest moment in the middle of a beat."""
    index = (place % 2.0 * _BINS).astype(np.int64)
    part = np.minimum(np.arange(len(loud)) * parts // len(loud), parts - 1)
    index += part * 2 * _BINS
    total, count = (np.bincount(index, w, 2 * _BINS * parts) for w in (loud, None))
    fold = (total / np.maximum(count, 1)).reshape(parts, 2 * _BINS)
    both = fold.mean(axis=0).reshape(2, _BINS).sum(axis=0)
    return np.roll(fold, _BINS // 2 - int(np.argmax(both)), axis=1).reshape(parts, 2, _BINS)


def _twice(loud: Floats, place: Floats) -> bool:
    """Whether what was taken for one beat is two, unlike in strength: its halves have the same course."""
    profile = np.roll(_folded(loud, place, 1)[0].mean(axis=0), -_BINS // 4)
    first, second = profile[: _BINS // 2], profile
    at = range(_BINS // 2 - _BINS // 10, _BINS // 2 + _BINS // 10 + 1)
    laid = [np.corrcoef(first, np.roll(second, -k)[: _BINS // 2])[0, 1] for k in at]
    return max(laid) > _COURSE and float(np.ptp(profile[_BINS // 2 :])) > _WEAKEST * float(np.ptp(first))


def _beat_error(loud: Floats, place: Floats) -> tuple[float, float] | None:
    """Half the difference of the two intervals and half its 95 % interval [beats]; None where they are too unlike."""
    fold = _folded(loud, place, _PARTS)
    late = np.array([_later(part) for part in fold])
    even, odd = (side - side.mean() for side in fold.mean(axis=0))
    steps = np.arange(_BINS)
    laid = np.interp((steps + late.mean() * _BINS) % _BINS, np.append(steps, _BINS), np.append(odd, odd[0]))
    if not np.corrcoef(even, laid)[0, 1] > _ALIKE:
        return None
    return float(late.mean()), _STUDENT * float(np.std(late, ddof=1)) / np.sqrt(_PARTS)


def _later(sides: Floats) -> float:
    """By how much the second of two profiles [2, n] comes later than the first, of a whole [-0.5, 0.5]."""
    fine = 16 * sides.shape[1]
    even, odd = rfft(sides, axis=1)
    match = irfft(odd * np.conj(even), fine)
    top = int(np.argmax(match))
    left, middle, right = match[[top - 1, top, (top + 1) % fine]]
    bend = left - 2.0 * middle + right
    return float(((top + 0.5 * (left - right) / bend) / fine + 0.5) % 1.0 - 0.5) if bend < 0.0 else 0.0


def _hums(samples: Floats, strike: onsets.Onsets, beat_s: float, grid_hz: float, place: Floats) -> bool:
    """Whether the take hums on the beat's grid louder than it ticks."""
    step = max(1, int(strike.rate_hz // _LOW_HZ))
    low, own = thin(samples, step), 1.0 / beat_s / round(1.0 / beat_s / grid_hz)
    hum = 0.0
    for times in range(1, int(_HUM_HZ / grid_hz) + 1):
        rest, _ = tone.at_rest(low, strike.rate_hz / step, times * own)
        hum += 2.0 * float(np.abs(rest).mean()) ** 2
    hop = max(1, round(strike.rate_hz / _FINE_HZ))
    rows = strike.filtered[: len(place) * hop].reshape(-1, hop)
    profile = _folded(np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / hop, place, 1)
    return hum > _HUM_SHARE * float(profile.mean() - np.quantile(profile, 0.1))
