"""What is wrong with a recording, in sentences with their cure.

Looked for: a dead microphone, DC, clipping, automatic gain, a noise gate, noise suppression, mains hum, and a codec
that cuts the treble. Each test compares the take with itself (the floor between its ticks, its ticks, its spectrum), so
none needs a level that is right for one microphone only. A clean take gives no sentence.

Facts used: the power of Gaussian noise in one cell of a short-time spectrum is exponentially distributed, so its level
scatters by 5.57 dB; spectral subtraction leaves holes and lone peaks, which scatter more [ephraim1984]. A gate switches
the floor between two levels; automatic gain lets it rise between ticks, or moves floor and ticks together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.fft import rfft

from heartwright.listen import filters
from heartwright.listen.take.decode import Samples
from heartwright.listen.take.files import Reach, clipped_samples
from heartwright.listen.thin import LOW_RATE_HZ, low_band
from heartwright.records import Floats, Recording

_LONGEST_S = 30.0
_BLOCK_S = 5e-3
_HIGHPASS_HZ = 500.0
_PATCHY_DB = 6.8
_FRAMES = 600  # short-time spectra that the floor's patchiness is taken from
_CODEC_S = 8.0
_TICKS = 160  # between which the floor's climb is looked at
_HUM_HZ = 500.0  # up to which lines of hum are looked for


@dataclass(frozen=True, slots=True)
class _Take:
    """A take prepared once: samples and their DC, level of blocks of 5 ms above 500 Hz or so [dB re full scale]."""

    samples: Samples
    offset: np.float32
    rate_hz: float
    low: Floats  # the samples at 2 kHz
    block: int  # samples in a block
    level_db: Floats
    ticks: NDArray[np.int64]  # block of each tick's loudest part
    quiet: NDArray[np.bool_]  # blocks well clear of any tick


def inspect(
    recording: Recording, *, reach: Reach | None = None, high: Samples | None = None, low: Floats | None = None
) -> tuple[str, ...]:
    """What would spoil or bias a reading of this take, each with its cure; empty for a clean one.

    `reach` is that of its samples, `high` are they behind a high-pass of 500 to 1,000 Hz and `low` is their `low_band`
    where the caller has them.
    """
    samples = np.asarray(recording.samples)
    if len(samples) < 0.2 * recording.rate_hz:
        return ()
    reach = reach or Reach.of(samples)
    if not np.isfinite(reach.mean):
        samples = np.nan_to_num(samples, posinf=0.0, neginf=0.0)
        reach = Reach.of(samples)
    offset = reach.mean
    swing = max(float(reach.highest.max()) - offset, offset - float(reach.lowest.min()))
    if swing < 1e-4:
        return ("the microphone gave silence: check that it is connected, allowed and not muted, then record again",)
    told = [_dc(samples, offset), _clipping(samples, reach)]
    first = np.asarray(samples[: int(_LONGEST_S * recording.rate_hz)], np.float32)
    take = _prepare(first, np.float32(offset), recording.rate_hz, high, low)
    gated = _gate(take)
    told += [gated, None if gated else _suppression(take), _gain(take), _hum(take), _codec(take)]
    return tuple(sentence for sentence in told if sentence)


def _prepare(samples: Samples, offset: np.float32, rate_hz: float, high: Samples | None, low: Floats | None) -> _Take:
    if high is None:
        high = filters.apply(filters.butter(4, _HIGHPASS_HZ, "high", rate_hz=rate_hz), samples - offset)
    if low is None:
        low = low_band(samples - offset, rate_hz)
    low = low[: int(len(samples) / rate_hz * LOW_RATE_HZ)]
    size = max(8, round(_BLOCK_S * rate_hz))
    count = len(samples) // size
    rows = high[: count * size].reshape(count, size)
    power = np.asarray(np.einsum("ij,ij->i", rows, rows), dtype=np.float64) / size
    level = 10.0 * np.log10(power + 1e-16)
    middle = filters.median(level)
    ticks = filters.peaks(level, height=middle + 8.0, prominence=8.0, distance=round(0.06 / _BLOCK_S))
    loud = level > middle + 6.0
    near = np.convolve(loud, np.ones(round(0.02 / _BLOCK_S)), "full")[: len(loud)] > 0
    near |= np.concatenate([loud[1:], [False]])
    return _Take(samples, offset, rate_hz, low, size, level, ticks.astype(np.int64), ~near)


def _dc(samples: Samples, offset: float) -> str | None:
    if abs(offset) < 0.01 or abs(float(np.median(samples))) < 0.5 * abs(offset):
        return None
    return (
        f"DC offset of {100 * offset:+.1f} % of full scale: it takes away headroom; use another input or a recorder "
        "with a high-pass"
    )


def _clipping(samples: Samples, reach: Reach) -> str | None:
    count = clipped_samples(samples, reach)
    if not count:
        return None
    return f"clipping: {count} samples stand at the top of the scale; lower the recording level and record again"


def _gate(take: _Take) -> str | None:
    """Digital silence beside sound, or a floor that steps between two plateaus."""
    level = take.level_db
    silent = level < max(-130.0, float(np.max(level, where=np.isfinite(level), initial=-160.0)) - 110.0)
    share = float(np.mean(silent))
    cure = "switch noise cancelling or voice enhancement off (use a plain recorder app), then record again"
    if share > 0.05 and share < 0.999:
        return f"noise gate: {100 * share:.0f} % of the take is digital silence between sounds; {cure}"
    steps = _plateau_steps(level)
    seconds = len(level) * _BLOCK_S
    if len(steps) >= 3 and len(steps) / seconds > 0.25:
        size = float(np.median(steps))
        return f"noise gate: the floor steps by {size:.0f} dB {len(steps)} times in {seconds:.0f} s; {cure}"
    return None


def _plateau_steps(level: Floats) -> Floats:
    """Sizes [dB] of falls from one flat floor to another, at least 8 dB within 20 ms.

    Flat is 40 ms without a trend: the decay of a ring or a room is not. The upper floor must be the same each time.
    """
    half, gap = 4, 4
    n = len(level) - 4 * half - gap
    if n < 1:
        return np.zeros(0)
    mean = np.convolve(level, np.full(half, 1.0 / half), "valid")
    early, late = mean[:n], mean[half : half + n]
    soon, later = mean[2 * half + gap : 2 * half + gap + n], mean[3 * half + gap : 3 * half + gap + n]
    wide = np.lib.stride_tricks.sliding_window_view(level, 2 * half)
    calm = np.ptp(wide.T, axis=0) < 6.0
    flat = (np.abs(early - late) < 1.5) & (np.abs(soon - later) < 1.5) & calm[:n] & calm[2 * half + gap :][:n]
    found = np.flatnonzero(flat & (late - soon > 8.0))
    if len(found) == 0:
        return np.zeros(0)
    starts = found[np.concatenate([[True], np.diff(found) > 2 * half])]
    upper = late[starts]
    same = np.abs(upper - np.median(upper)) < 3.0
    return np.asarray((late - soon)[starts][same])


def _suppression(take: _Take) -> str | None:
    """A floor whose short-time spectrum is patchier than noise can be."""
    spread = _patchiness_db(take)
    if spread is None or spread < _PATCHY_DB:
        return None
    return (
        f"noise suppression: the floor's spectrum scatters by {spread:.1f} dB where noise gives 5.5 (holes, or a low "
        "bit rate), soft sounds may be gone as well; switch enhancement off and record lossless"
    )


def _patchiness_db(take: _Take) -> float | None:
    """Spread of the level of single cells of the quiet floor round their neighbourhood, 0.7-7 kHz [dB].

    A cell's power is exponential for any Gaussian noise, whatever its colour and slow swell: 5.57 dB. None where there
    is too little quiet.
    """
    size = 1 << int(np.log2(0.012 * take.rate_hz))
    hop = size // 2
    count = (len(take.samples) - size) // hop
    if count < 50:
        return None
    first = np.arange(count) * hop // take.block
    last = np.minimum((np.arange(count) * hop + size) // take.block, len(take.quiet) - 1)
    clear = np.concatenate([[0], np.cumsum(take.quiet)])
    quiet = np.flatnonzero(clear[last + 1] - clear[first] == last + 1 - first)
    quiet = quiet[:: max(1, len(quiet) // _FRAMES)][:_FRAMES] if len(quiet) > 2 * _FRAMES else quiet[:_FRAMES]
    frequency = np.fft.rfftfreq(size, 1.0 / take.rate_hz)
    band = (frequency > 700.0) & (frequency < min(7_000.0, 0.4 * take.rate_hz))
    if len(quiet) < 40 or np.count_nonzero(band) < 16:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(take.samples, size)[::hop][quiet]
    power = _power(rfft((frames - take.offset) * np.blackman(size).astype(np.float32), axis=1)[:, band])
    if filters.median(power[::8].ravel()) < 1e-16:
        return None
    level = 10.0 * np.log10(power + 1e-30)
    level -= ndimage.uniform_filter(level, (7, 15), mode="nearest")
    return float(np.std(level - np.mean(level, axis=0)))


def _power(spectrum: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(spectrum.real**2 + spectrum.imag**2)


def _gain(take: _Take) -> str | None:
    """Automatic gain: the floor climbs between ticks, or floor and ticks move together."""
    if len(take.ticks) < 6:
        return None
    cure = "switch automatic gain off (a voice memo with enhancement off, or a recorder with a fixed level)"
    climb = _climb_db(take)
    if climb is not None and climb > 2.0:
        return f"automatic gain: the floor climbs by {climb:.1f} dB between ticks; {cure}"
    edges = np.arange(0, len(take.level_db), round(1.0 / _BLOCK_S))
    ticks, floor = [], []
    for a, b in pairwise(edges):
        inside = take.ticks[(take.ticks >= a) & (take.ticks < b)]
        hush = take.level_db[a:b][take.quiet[a:b]]
        if len(inside) and len(hush) > 10:
            ticks.append(filters.median(take.level_db[inside]))
            floor.append(filters.median(hush))
    if len(ticks) < 6:
        return None
    swing = min(float(np.ptp(np.array(ticks))), float(np.ptp(np.array(floor))))
    if swing > 4.0 and float(np.corrcoef(ticks, floor)[0, 1]) > 0.8:
        return f"automatic gain: ticks and floor rise and fall together by {swing:.0f} dB; {cure}"
    return None


def _climb_db(take: _Take) -> float | None:
    """Median over intervals between ticks of the floor's rise from their second quarter to their end [dB]."""
    ticks = take.ticks[:_TICKS]
    quiet = np.flatnonzero(take.quiet)
    edge = np.searchsorted(quiet, ticks)
    told = (np.diff(edge) >= 8) & (np.diff(ticks) <= 2.0 / _BLOCK_S)
    first, last = edge[:-1][told], edge[1:][told]
    if len(first) < 5:
        return None
    third = (last - first) // 3
    total = np.concatenate([[0.0], np.cumsum(take.level_db[quiet])])
    rises = (total[last] - total[last - third] - total[first + third] + total[first]) / third
    middle = float(np.median(rises))
    spread = float(np.median(np.abs(rises - middle))) * 1.4826 / np.sqrt(len(rises)) * 1.25
    return float(middle - 2.0 * spread)


def _hum(take: _Take) -> str | None:
    """Lines at multiples of 50 or 60 Hz that stand over every other line near them (a beat's own lines included)."""
    size = min(len(take.low), 4 * LOW_RATE_HZ)
    if size < 2 * LOW_RATE_HZ:
        return None
    frequency, power = _spectrum(take.low, size)
    decibel = 10.0 * np.log10(power + 1e-30)
    for mains in (50.0, 60.0):
        heights = []
        for harmonic in range(1, 9):
            away = np.abs(frequency - mains * harmonic)
            line = float(np.max(decibel[away < 0.6]))
            others = decibel[(away > 1.4) & (away < 14.0)]
            heights.append(line - float(np.max(others)))
        standing = sum(h > 8.0 for h in heights)
        if heights[0] > 20.0 or heights[1] > 20.0 or standing >= 3:
            return (
                f"mains hum at {mains:.0f} Hz ({max(heights):.0f} dB over its surroundings): keep away from chargers "
                "and lamps, record on battery; it hides the soft low sounds"
            )
    return None


def _spectrum(low: Floats, size: int) -> tuple[Floats, Floats]:
    """Frequencies to 500 Hz and the median over half-overlapping pieces of their power, of sound at 2 kHz [Hz,
    arbitrary unit]."""
    pieces = np.lib.stride_tricks.sliding_window_view(low, size)[:: size - size // 2]
    pieces = ((pieces - pieces.mean(axis=1, keepdims=True)) * np.hanning(size + 1)[:-1]).astype(np.float32)
    frequency = np.fft.rfftfreq(size, 1.0 / LOW_RATE_HZ)
    frequency = frequency[frequency < _HUM_HZ]
    power, count = np.sort(_power(rfft(pieces, axis=1)[:, : len(frequency)]), axis=0), len(pieces)
    middle = power[(count - 1) // 2 : count // 2 + 1].mean(axis=0)
    return np.asarray(frequency), np.asarray(middle / (LOW_RATE_HZ * size))


def _codec(take: _Take) -> str | None:
    """A cliff in the spectrum: 20 dB and more within 1 kHz, with nothing above it."""
    if take.rate_hz < 32_000:
        return None
    size = 1 << int(np.log2(take.rate_hz / 50.0))
    count = int(_CODEC_S * take.rate_hz) // size
    pieces = take.samples[: min(count, len(take.samples) // size) * size].reshape(-1, size)
    pieces = (pieces - pieces.mean(axis=1, keepdims=True)) * np.hanning(size + 1)[:-1].astype(np.float32)
    frequency = np.fft.rfftfreq(size, 1.0 / take.rate_hz)
    parts = rfft(pieces, axis=1).view(np.float32)  # real and imaginary by turns
    power = np.einsum("ij,ij->j", parts, parts).reshape(-1, 2).sum(axis=1) / (len(parts) * take.rate_hz * size)
    decibel = 10.0 * np.log10(power + 1e-30)
    edges = np.arange(3_400.0, min(19_300.0, 0.44 * take.rate_hz), 100.0)
    ends = np.searchsorted(frequency, edges[:, None] + np.array([-1_000.0, -200.0, 200.0, 1_000.0]))
    total = np.append(0.0, np.cumsum(decibel, dtype=np.float64))[ends]
    mean = np.diff(total, axis=1)[:, ::2] / np.maximum(np.diff(ends, axis=1)[:, ::2], 1)
    worst, at = 0.0, 0.0
    for k in np.flatnonzero(mean[:, 0] - mean[:, 1] >= 9.0):  # no median of so few falls by 18 dB elsewhere
        edge, (a, b, c, d) = edges[k], ends[k].tolist()
        below, above = decibel[a:b], decibel[c:d]
        rest = decibel[d : np.searchsorted(frequency, 0.48 * take.rate_hz)]
        middle = filters.median(below)
        drop = middle - filters.median(above)
        if drop > worst and (len(rest) == 0 or float(np.max(rest)) < middle - 12.0):
            worst, at = drop, float(edge)
    if worst < 18.0:
        return None
    return (
        f"nothing above {at / 1000:.1f} kHz: a lossy codec or a telephone path cut the treble, which blurs the sounds "
        "of a tick; record WAV, FLAC or lossless (ALAC)"
    )
