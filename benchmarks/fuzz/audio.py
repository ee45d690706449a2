"""Sound files to be damaged, and the ways of damaging them. Case `i` of a seed is always the same bytes."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import soundfile

SUFFIXES = ("wav", "flac", "ogg", "mp3", "aiff", "caf", "w64", "au", "bin", "txt")
MOST_BYTES = 600_000
SHARE_PHONE = 1000  # one case in so many is a phone's M4A, each decoded in a process of its own
# container, coding, channels, rate [Hz], seconds
_SEEDS = (
    ("WAV", "PCM_16", 1, 48_000, 0.3), ("WAV", "PCM_16", 2, 44_100, 0.2), ("WAV", "PCM_24", 1, 96_000, 0.1),
    ("WAV", "PCM_U8", 1, 8_000, 1.0), ("WAV", "FLOAT", 1, 48_000, 0.2), ("WAV", "DOUBLE", 2, 16_000, 0.3),
    ("WAV", "ULAW", 1, 8_000, 1.5), ("WAV", "IMA_ADPCM", 1, 44_100, 0.5), ("WAV", "MS_ADPCM", 2, 44_100, 0.5),
    ("WAV", "GSM610", 1, 8_000, 2.0), ("WAV", "ALAW", 1, 8_000, 0.5), ("WAVEX", "PCM_16", 6, 48_000, 0.1),
    ("RF64", "PCM_16", 1, 48_000, 0.2), ("W64", "PCM_16", 1, 48_000, 0.2), ("FLAC", "PCM_16", 1, 48_000, 0.5),
    ("FLAC", "PCM_24", 2, 96_000, 0.2), ("FLAC", "PCM_16", 1, 44_100, 3.0), ("OGG", "VORBIS", 1, 44_100, 1.0),
    ("OGG", "VORBIS", 2, 48_000, 0.5), ("OGG", "OPUS", 1, 48_000, 1.0), ("MP3", "MPEG_LAYER_III", 1, 44_100, 1.0),
    ("MP3", "MPEG_LAYER_III", 2, 48_000, 0.5), ("AIFF", "PCM_16", 1, 44_100, 0.3), ("AIFF", "FLOAT", 2, 48_000, 0.1),
    ("CAF", "PCM_16", 1, 48_000, 0.3), ("CAF", "ALAC_16", 1, 44_100, 0.5), ("CAF", "FLOAT", 1, 48_000, 0.2),
    ("AU", "PCM_16", 1, 22_050, 0.5), ("WAV", "PCM_16", 1, 16_000, 6.0), ("FLAC", "PCM_16", 1, 48_000, 5.0),
)  # fmt: skip
_ODD = (0, 1, 2, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 10_000_000_000, 2**63, 2**64 - 1)


@dataclass(frozen=True, slots=True)
class Case:
    """Bytes of one damaged file, the suffix of its name, and how it was made."""

    data: bytes
    suffix: str
    made: str


@lru_cache(maxsize=1)
def seeds() -> tuple[tuple[str, bytes], ...]:
    """The sound files before they are damaged: (suffix, bytes)."""
    made = []
    for i, (container, coding, channels, rate, seconds) in enumerate(_SEEDS):
        held = io.BytesIO()
        soundfile.write(held, _ticks(channels, rate, seconds, i), rate, format=container, subtype=coding)
        made.append((container.lower().replace("wavex", "wav").replace("rf64", "wav"), held.getvalue()))
    return tuple(made)


def _ticks(channels: int, rate: int, seconds: float, seed: int) -> np.ndarray:
    """A watch of 18,000 beats an hour in noise, shape [n, channels]."""
    rng = np.random.default_rng(seed)
    n = int(rate * seconds)
    time = np.arange(n) / rate
    ring = np.exp(-600.0 * (time % 0.2)) * np.sin(2.0 * np.pi * min(0.2 * rate, 6_000.0) * time)
    return np.clip(0.5 * ring[:, None] + 0.01 * rng.standard_normal((n, channels)), -1.0, 1.0)


@lru_cache(maxsize=1)
def phone() -> bytes | None:
    """A phone's voice memo (AAC in M4A); None where the media extra is not installed."""
    try:
        import av
    except ImportError:
        return None
    held = io.BytesIO()
    with av.open(held, "w", format="ipod") as container:
        stream = container.add_stream("aac", rate=44_100, bit_rate=96_000, layout="mono")
        samples = _ticks(1, 44_100, 1.0, 99)[:, 0].astype(np.float32)
        for start in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024].copy(), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44_100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return held.getvalue()


def case(seed: int, number: int) -> Case:
    """Case `number` of the run `seed`."""
    rng = np.random.default_rng([seed, number])
    suffix, data = seeds()[int(rng.integers(len(_SEEDS)))]
    memo = phone() if number % SHARE_PHONE == 0 else None
    if memo is not None:
        suffix, data = "m4a", memo
    if rng.random() < 0.02:
        data, names = _rubbish(rng), ["rubbish"]
    else:
        names = []
        for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
            change = _CHANGES[int(rng.integers(len(_CHANGES)))]
            data = change(data, rng)
            names.append(change.__name__.strip("_"))
    if rng.random() < 0.1:
        suffix = SUFFIXES[int(rng.integers(len(SUFFIXES)))]
    return Case(data[:MOST_BYTES], suffix, "+".join(names))


def _rubbish(rng: np.random.Generator) -> bytes:
    size = int(rng.choice([0, 1, 3, 12, 44, 1000, 20_000]))
    kind = int(rng.integers(3))
    if kind == 0:
        return rng.bytes(size)
    head = (b"RIFF", b"fLaC", b"OggS", b"ID3\x03", b"FORM", b"caff", b".snd", b"riff")[int(rng.integers(8))]
    return (head + rng.bytes(size)) if kind == 1 else b"<html>" * (size // 6)


def _flip(data: bytes, rng: np.random.Generator) -> bytes:
    """Bits anywhere."""
    out = bytearray(data)
    for _ in range(int(rng.choice([1, 4, 16, 64, 512]))) if out else ():
        out[int(rng.integers(len(out)))] ^= 1 << int(rng.integers(8))
    return bytes(out)


def _flip_head(data: bytes, rng: np.random.Generator) -> bytes:
    """Bits of the first 128 bytes."""
    return _flip(data[:128], rng) + data[128:]


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    """The end is missing, often nearly all."""
    return data[: int(len(data) * rng.random() ** float(rng.choice([1.0, 4.0, 20.0])))]


def _behead(data: bytes, rng: np.random.Generator) -> bytes:
    return data[int(rng.integers(1, 200)) :]


def _splice(data: bytes, rng: np.random.Generator) -> bytes:
    """The head of one file and the tail of another."""
    other = seeds()[int(rng.integers(len(_SEEDS)))][1]
    at = int(len(data) * rng.random() ** 3)
    return data[:at] + other[int(len(other) * rng.random() ** 3) :]


def _shuffle(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch doubled, taken out, or moved."""
    a, b, c = sorted(int(x) for x in rng.integers(0, len(data) + 1, 3))
    return (data[:b] + data[a:], data[:a] + data[b:], data[:a] + data[b:c] + data[a:b] + data[c:])[int(rng.integers(3))]


def _blot(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch of zeros, ones or noise."""
    a = int(len(data) * rng.random() ** 2)
    size = int(rng.choice([4, 64, 1024, 9_000]))
    ink = (bytes(size), b"\xff" * size, rng.bytes(size))[int(rng.integers(3))]
    return data[:a] + ink + data[a + (size if rng.random() < 0.7 else 0) :]


def _lie(data: bytes, rng: np.random.Generator) -> bytes:
    """An odd number of 1 to 8 bytes in the head: channels, rates, sizes, counts."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 4))):
        width = int(rng.choice([1, 2, 3, 4, 8]))
        value = _ODD[int(rng.integers(len(_ODD)))] & ((1 << 8 * width) - 1)
        at = int(rng.integers(0, max(1, min(len(out), 160) - width)))
        out[at : at + width] = value.to_bytes(width, "little" if rng.random() < 0.5 else "big")
    return bytes(out)


def _wav_field(data: bytes, rng: np.random.Generator) -> bytes:
    """One field of a WAV's own header: format, channels, rate, byte rate, alignment, bits, size of the data."""
    at, body = data.find(b"fmt "), data.find(b"data")
    if at < 0 or len(data) < at + 24:
        return _lie(data, rng)
    offset, form = ((8, "<H"), (10, "<H"), (12, "<I"), (16, "<I"), (20, "<H"), (22, "<H"), (4, "<I"))[
        int(rng.integers(7))
    ]
    out = bytearray(data)
    place = at + offset if rng.random() < 0.8 or body < 0 else body + 4
    form = form if place == at + offset else "<I"
    value = _ODD[int(rng.integers(len(_ODD)))] & (0xFFFF if form == "<H" else 0xFFFFFFFF)
    if place + struct.calcsize(form) <= len(out):
        struct.pack_into(form, out, place, value)
    return bytes(out)


def _not_numbers(data: bytes, rng: np.random.Generator) -> bytes:
    """Floats that are no numbers, infinite, huge or tiny in a WAV of floats, its head whole."""
    base = seeds()[4 if rng.random() < 0.5 else 5][1]
    form = "<f4" if base == seeds()[4][1] else "<f8"
    start = base.find(b"data") + 8
    samples = np.frombuffer(base[start:], form, (len(base) - start) // int(form[-1])).copy()
    bad = np.array([np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-42, 65504.0])
    where = rng.random(len(samples)) < float(rng.choice([0.001, 0.1, 1.0]))
    samples[where] = rng.choice(bad, int(where.sum()))
    return base[:start] + samples.tobytes()


_CHANGES = (_flip, _flip_head, _cut, _behead, _splice, _shuffle, _blot, _lie, _lie, _wav_field, _not_numbers)
