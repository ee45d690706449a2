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
from heartwright.listen.take import gate, mains
from heartwright.listen.take.decode import Samples
from heartwright.listen.take.files import Reach, clipped_samples
from heartwright.listen.thin import LOW_RATE_HZ, low_band
from heartwright.records import Floats, Recording

_LONGEST_S = 30.0
_HIGHPASS_HZ = 500.0
_PATCHY_DB = 6.8
_FRAMES = 600  # short-time spectra that the floor's patchiness is taken from
_CODEC_S = 8.0
_TICKS = 160  # between which the floor's climb is looked at


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
    return tuple(faults(recording, reach=reach, high=high, low=low).values())


def faults(
    recording: Recording, *, reach: Reach | None = None, high: Samples | None = None, low: Floats | None = None
) -> dict[str, str]:
    """The sentences of `inspect` by name: silence, dc, clipping, gate, pauses, suppression, gain, hum, codec."""
    samples = np.asarray(recording.samples)
    if len(samples) < 0.2 * recording.rate_hz:
        return {}
    reach = reach or Reach.of(samples)
    if not np.isfinite(reach.mean):
        samples = np.nan_to_num(samples, posinf=0.0, neginf=0.0)
        reach = Reach.of(samples)
    offset = reach.mean
    swing = max(float(reach.highest.max()) - offset, offset - float(reach.lowest.min()))
    if swing < 1e-4:
        silence = "the microphone gave silence: check that it is connected, allowed and not muted, then record again"
        return {"silence": silence}
    first = np.asarray(samples[: int(_LONGEST_S * recording.rate_hz)], np.float32)
    take = _prepare(first, np.float32(offset), recording.rate_hz, high, low)
    gated = _gate(take)
    told = {
        "dc": _dc(samples, offset),
        "clipping": _clipping(samples, reach),
        "gate": gated,
        "pauses": None if gated else _pauses(take),
        "suppression": None if gated else _suppression(take),
        "gain": _gain(take),
        "hum": _hum(take),
        "codec": _codec(take),
    }
    return {name: sentence for name, sentence in told.items() if sentence}


def _prepare(samples: Samples, offset: np.float32, rate_hz: float, high: Samples | None, low: Floats | None) -> _Take:
    if high is None:
        high = filters.apply(filters.butter(4, _HIGHPASS_HZ, "high", rate_hz=rate_hz), samples - offset)
    if low is None:
        low = low_band(samples - offset, rate_hz)
    low = low[: int(len(samples) / rate_hz * LOW_RATE_HZ)]
    size = max(8, round(gate.BLOCK_S * rate_hz))
    level = gate.levels(high[: len(samples)], size)
    middle = filters.median(level)
    ticks = filters.peaks(level, height=middle + 8.0, prominence=8.0, distance=round(0.06 / gate.BLOCK_S))
    loud = level > middle + 6.0
    near = np.convolve(loud, np.ones(round(0.02 / gate.BLOCK_S)), "full")[: len(loud)] > 0
    near |= np.concatenate([loud[1:], [False]]) | (level < gate.bottom_db(level))
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
    found = gate.find(take.level_db)
    if found is None:
        return None
    cure = "switch noise cancelling or voice enhancement off (use a plain recorder app), then record again"
    if found.silent:
        return f"noise gate: {100 * found.silent:.0f} % of the take is digital silence between sounds; {cure}"
    size, seconds = float(np.median(found.steps_db)), len(take.level_db) * gate.BLOCK_S
    return f"noise gate: the floor steps by {size:.0f} dB {len(found.steps_db)} times in {seconds:.0f} s; {cure}"


def _pauses(take: _Take) -> str | None:
    """Digital silence now and then."""
    pauses = gate.pauses_s(take.level_db)
    if not len(pauses):
        return None
    often, seconds = "once" if len(pauses) == 1 else f"{len(pauses)} times", float(np.ptp(pauses, axis=1).sum())
    return (
        f"the recording falls silent {often}, first at {pauses[0, 0]:.1f} s, for {seconds:.1f} s in all: beats "
        "there are counted, not heard; close other programs, or record on the device itself"
    )


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
    edges = np.arange(0, len(take.level_db), round(1.0 / gate.BLOCK_S))
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
    told = (np.diff(edge) >= 8) & (np.diff(ticks) <= 2.0 / gate.BLOCK_S)
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
    hum = mains.find(take.low)
    if hum is None:
        return None
    return (
        f"mains hum at {hum.mains_hz:.0f} Hz ({hum.height_db:.0f} dB over its surroundings): it is taken off before "
        "the beats are timed, but hides soft low sounds; keep away from chargers and lamps, record on battery"
    )


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
