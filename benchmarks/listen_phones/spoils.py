"""What phones, recorders and messengers do to a take: each spoil draws its own measure from the seed.

A spoil takes sound [n] at 48 kHz and gives sound and its rate; those that lose or repeat samples leave the take's own
time behind, which `Spoilt.time_s` gives for every beat.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

from heartwright import listen
from heartwright.records import Floats, Recording

RATE = 48_000
BUFFERS = (128, 256, 512, 960, 1024, 2048, 4096)  # samples that recorders and browsers hand on at once
APART_S = 2.0
Sound = NDArray[np.float32]
Draw = np.random.Generator


@dataclass(frozen=True)
class Spoilt:
    """A take as it comes to the ear; `cut` are (time of the take [s], seconds lost there, fewer than 0 where given
    twice)."""

    recording: Recording
    cut: tuple[tuple[float, float], ...] = ()


def _kept(take: Recording, samples: Floats | Sound, rate_hz: float | None = None) -> Spoilt:
    return Spoilt(replace(take, samples=np.asarray(samples, np.float32), rate_hz=rate_hz or take.rate_hz))


def clean(take: Recording, _rng: Draw) -> Spoilt:
    """Nothing at all."""
    return Spoilt(take)


def lost(take: Recording, rng: Draw) -> Spoilt:
    """One to six buffers lost."""
    return _jumped(take, rng, 1)


def twice(take: Recording, rng: Draw) -> Spoilt:
    """One to three buffers given twice."""
    return _jumped(take, rng, -1)


def _jumped(take: Recording, rng: Draw, sign: int) -> Spoilt:
    samples = np.asarray(take.samples)
    count = int(rng.integers(1, 7 if sign > 0 else 4))
    room = take.seconds - 2 * APART_S - (count - 1) * APART_S
    at = APART_S + np.sort(rng.uniform(0.0, room, count)) + APART_S * np.arange(count)
    parts, begin, cut = [], 0, []
    for time in at:
        size = int(rng.choice(BUFFERS))
        place = int(time * RATE)
        parts.append(samples[begin:place])
        begin = place + sign * size
        cut.append((float(time), sign * size / RATE))
    return Spoilt(replace(take, samples=np.concatenate([*parts, samples[begin:]])), tuple(cut))


def trimmed(take: Recording, rng: Draw) -> Spoilt:
    """A stretch of 0.5 to 4 s cut out in the middle, as an editor or a messenger does."""
    samples, size = np.asarray(take.samples), int(rng.uniform(0.5, 4.0) * RATE)
    place = int(rng.uniform(8.0, take.seconds - 12.0) * RATE)
    whole = np.concatenate([samples[:place], samples[place + size :]])
    return Spoilt(replace(take, samples=whole), ((place / RATE, size / RATE),))


def pauses(take: Recording, rng: Draw) -> Spoilt:
    """One to three stretches of 0.2 to 1.5 s silenced; time goes on."""
    samples = np.array(take.samples)
    for _ in range(int(rng.integers(1, 4))):
        begin = int(rng.uniform(1.0, take.seconds - 3.0) * RATE)
        samples[begin : begin + int(rng.uniform(0.2, 1.5) * RATE)] = 0.0
    return _kept(take, samples)


def gate(take: Recording, rng: Draw) -> Spoilt:
    """Shut 20 to 80 ms after anything louder than the noise, by 20 dB or wholly."""
    samples = np.asarray(take.samples, float)
    sharp = np.abs(signal.sosfilt(signal.butter(2, 2000, "high", fs=RATE, output="sos"), samples))
    hold = int(rng.uniform(0.02, 0.08) * RATE)
    loud = sharp > max(0.15 * np.quantile(sharp, 0.9995), 4.5 * 1.4826 * np.median(sharp))
    opened = np.convolve(loud, np.ones(hold), "full")[: len(samples)] > 0.5
    shut = float(rng.choice([0.0, 0.1]))
    return _kept(take, samples * signal.lfilter([0.01], [1, -0.99], np.where(opened, 1.0, shut)))


def gain(take: Recording, rng: Draw) -> Spoilt:
    """Automatic gain: down within 2 ms, up again within 0.1 to 0.4 s, by 20 dB at most."""
    samples = np.asarray(take.samples, float)
    size = RATE // 1000
    rows = np.abs(samples[: len(samples) // size * size]).reshape(-1, size).max(axis=1)
    fall, level, held = np.exp(-1e-3 / rng.uniform(0.1, 0.4)), 0.0, np.empty(len(rows))
    for k, value in enumerate(rows):
        level = max(float(value), fall * level)
        held[k] = level
    each = np.interp(np.arange(len(samples)) / size, np.arange(len(rows)), held)
    out = samples / (each + 0.1 * rows.max())
    return _kept(take, 0.5 * out / np.abs(out).max())


def suppression(take: Recording, _rng: Draw) -> Spoilt:
    """Spectral subtraction (Boll 1979) with a floor of -25 dB."""
    samples = np.asarray(take.samples)
    _, _, cells = signal.stft(samples, RATE, nperseg=1024)
    level = np.median(np.abs(cells), axis=1, keepdims=True) * 1.2
    kept = np.maximum(1.0 - 2.0 * (level / np.maximum(np.abs(cells), 1e-12)) ** 2, 10 ** (-25 / 20))
    return _kept(take, signal.istft(cells * kept, RATE, nperseg=1024)[1][: len(samples)])


def clipping(take: Recording, rng: Draw) -> Spoilt:
    """6 to 14 dB beyond full scale."""
    samples = np.asarray(take.samples, float)
    drive = 10 ** (rng.uniform(6.0, 14.0) / 20) / np.quantile(np.abs(samples), 0.9995)
    return _kept(take, np.clip(drive * samples, -1.0, 1.0))


def hum(take: Recording, rng: Draw) -> Spoilt:
    """50 or 60 Hz and harmonics, as loud as the ticks or up to 20 dB louder."""
    samples = np.asarray(take.samples, float)
    base, time = float(rng.choice([50.0, 60.0])) * (1 + 1e-3 * rng.standard_normal()), np.arange(len(samples)) / RATE
    tones = sum(np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6.3)) / k for k in (1, 2, 3, 5, 7))
    out = samples + 10 ** (rng.uniform(0.0, 20.0) / 20) * np.abs(samples).max() * tones
    return _kept(take, 0.9 * out / np.abs(out).max())


def knocks(take: Recording, rng: Draw) -> Spoilt:
    """A table that is knocked against, every two seconds or so, up to 20 dB louder than the ticks."""
    samples = np.array(take.samples, float)
    loud, time = np.abs(samples).max(), np.arange(int(0.15 * RATE)) / RATE
    for at in np.cumsum(rng.exponential(2.0, int(take.seconds))):
        place = int(at * RATE)
        if place + len(time) >= len(samples):
            break
        for hertz in np.exp(rng.uniform(np.log(200.0), np.log(6000.0), 6)):
            decay = rng.uniform(5.0, 20.0) / hertz
            samples[place : place + len(time)] += (
                10 ** (rng.uniform(-6, 20) / 20) * 0.4 * loud * np.exp(-time / decay) * np.sin(6.2832 * hertz * time)
            )
    return _kept(take, 0.9 * samples / np.abs(samples).max())


def at_rate(rate_hz: int) -> Callable[[Recording, Draw], Spoilt]:
    """Resampled, as telephony and old recorders do."""
    part = Fraction(rate_hz, RATE)

    def spoil(take: Recording, _rng: Draw) -> Spoilt:
        samples = signal.resample_poly(np.asarray(take.samples, float), part.numerator, part.denominator)
        return _kept(take, samples, float(rate_hz))

    return spoil


def opus(take: Recording, rng: Draw) -> Spoilt:
    """A voice message: Opus at some 20 to 40 kbit/s."""
    return _coded(take, "ogg", lambda path, x: soundfile.write(
        path, x, RATE, format="OGG", subtype="OPUS", compression_level=float(rng.uniform(0.9, 1.0))))  # fmt: skip


def mp3(take: Recording, _rng: Draw) -> Spoilt:
    """MP3 of middling quality."""
    return _coded(take, "mp3", lambda path, x: soundfile.write(path, x, RATE, format="MP3", compression_level=0.6))


def aac(take: Recording, rng: Draw) -> Spoilt:
    """A voice memo: AAC at 32 to 96 kbit/s."""

    def write(path: Path, samples: Sound) -> None:
        with av.open(str(path), "w") as file:
            stream = file.add_stream("aac", rate=RATE, layout="mono")
            stream.bit_rate = int(rng.choice([32_000, 64_000, 96_000]))
            for begin in range(0, len(samples) - 1023, 1024):
                frame = av.AudioFrame.from_ndarray(samples[None, begin : begin + 1024], "fltp", "mono")
                frame.sample_rate, frame.pts = RATE, begin
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))

    return _coded(take, "m4a", write)


def _coded(take: Recording, ending: str, write: Callable[[Path, Sound], None]) -> Spoilt:
    samples = np.asarray(take.samples)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"take.{ending}"
        write(path, (0.5 * samples / np.abs(samples).max()).astype(np.float32))
        return Spoilt(listen.load(path))


# Each spoil, and how a warning that names it begins ("" where nothing need be said).
SPOILS: dict[str, tuple[Callable[[Recording, Draw], Spoilt], tuple[str, ...]]] = {
    "clean": (clean, ()),
    "lost": (lost, ("the beat leaps",)),
    "twice": (twice, ("the beat leaps",)),
    "trimmed": (trimmed, ("the beat leaps",)),
    "pauses": (pauses, ()),
    "gate": (gate, ("noise gate",)),
    "gain": (gain, ("automatic gain", "noise gate")),
    "suppression": (suppression, ("noise suppression", "noise gate")),
    "clipping": (clipping, ("clipping",)),
    "hum": (hum, ("mains hum",)),
    "knocks": (knocks, ()),
    "24 kHz": (at_rate(24_000), ()),
    "16 kHz": (at_rate(16_000), ()),
    "8 kHz": (at_rate(8_000), ()),
    "opus": (opus, ("a voice codec",)),
    "mp3": (mp3, ()),
    "aac": (aac, ()),
}
