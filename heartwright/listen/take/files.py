"""`load`: a sound file to one clean channel, with notes of what was met.

Whatever is wrong with a file is either mended and noted, or told as `Unreadable`: nothing else leaves here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from heartwright.listen.take import channels
from heartwright.listen.take.decode import ALLOWED, Decoded, Samples, Unreadable, decode
from heartwright.records import Recording

__all__ = ["Reach", "Unreadable", "clipped_samples", "load"]

_LOWEST_HZ, _HIGHEST_HZ = 4_000.0, 1_000_000.0
_ENOUGH_HZ = 20_000.0
_SAME, _FEWEST_SAME = 1.0 - 2e-5, 16  # of the extreme, by which samples are at it; how many at least
_PIECE = 4096  # samples looked through at a time for those at the top of the scale
_AT_ONCE = 32 * _PIECE  # samples gone over at a time
_LOSSLESS = (".flac", ".caf")
# Bits a second and channel below which AAC and Opus move where a tick begins, and by how much [one sigma]: beat errors
# of made watches sent through them at 16 to 32 kbit/s are off by 15 to 40 us in the middle and by 200 in one of ten; at
# 64 kbit/s by 2 and 9.
_VOICE_BITS, SMEAR_S = 48_000.0, 100e-6


def load(path: str | os.PathLike[str], *, channel: str = "") -> Recording:
    """Read the recording at `path`: one channel, not-a-numbers replaced, faults noted.

    `channel` is "left", "right", "mid" (the mean of all) or a number from 1; "" takes the one in which ticks stand
    highest over the noise, and a note says so. Raises Unreadable (a ValueError) that says what was given, what is
    allowed and the usual fix.
    """
    source, asked = Path(path), channels.check(channel)
    if not source.exists():
        raise Unreadable(f"{source}: no such file; give the path of a sound file ({ALLOWED}); is the name spelt right?")
    if source.is_dir():
        raise Unreadable(
            f"{source}: a folder; give one sound file ({ALLOWED}); usual fix: name a file inside it, or hear them all: "
            f"heartwright long {source}"
        )
    if not source.is_file():
        raise Unreadable(f"{source}: neither file nor folder; give a sound file ({ALLOWED}); usual fix: record to one")
    try:
        size = source.stat().st_size
        if size == 0:
            raise Unreadable(f"{source.name}: empty (0 bytes); allowed are {ALLOWED}; usual fix: copy or record again")
        decoded = decode(source)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise Unreadable(f"{source}: cannot be read ({reason}); usual fix: check its permissions") from None
    return _coded(_clean(source, decoded, asked), 8.0 * size, decoded.samples)


def _coded(recording: Recording, bits: float, samples: Samples) -> Recording:
    """`recording` with what a voice codec does to it, told by how few bits the file spends on a second of a channel."""
    rate = bits / recording.seconds / samples.shape[1]
    if rate >= _VOICE_BITS or recording.source.lower().endswith(_LOSSLESS):
        return recording
    note = (
        f"a voice codec ({rate / 1000:.0f} kbit/s) smears the sounds of a tick: beat error and amplitude have wider "
        "bounds; send the file itself, or record WAV or FLAC"
    )
    return replace(recording, smear_s=SMEAR_S, notes=(*recording.notes, note))


def _clean(source: Path, decoded: Decoded, asked: str) -> Recording:
    """One finite channel of a plausible rate from what a decoder returned."""
    if len(decoded.samples) == 0:
        raise Unreadable(f"{source.name}: holds no sound (0 samples); 3 s or more are needed; usual fix: record again")
    check_rate(source, decoded.rate_hz)
    notes = list(decoded.notes)
    if decoded.rate_hz < _ENOUGH_HZ:
        notes.append(
            f"{decoded.rate_hz:g} Hz: too low for the sounds within a tick (1, 2 and 3), which lie above "
            f"{decoded.rate_hz / 2000:g} kHz; record at 44100 or 48000 Hz"
        )
    samples, replaced = _finite(decoded.samples)
    if replaced:
        notes.append(f"{replaced} samples were not numbers and were replaced by silence; export the file again")
    channel = channels.choose(samples, decoded.rate_hz, asked)
    notes += channel.notes
    mono = channel.of(samples)
    top = float(np.max(np.abs(mono)))
    if top > 4.0:
        mono = mono / np.float32(top)
        notes.append(f"samples reached {top:.3g} times full scale and were scaled to it")
    clipped = sum(clipped_samples(samples[:, i]) for i in channel.used)
    if clipped:
        notes.append(f"clipped: {clipped} samples stand at the top of the scale; lower the recording level")
    return Recording(mono, decoded.rate_hz, source=source.name, notes=tuple(notes))


def check_rate(source: Path, rate_hz: float) -> None:
    """Raises Unreadable for a sample rate that no recording of a beat has."""
    if not _LOWEST_HZ <= rate_hz <= _HIGHEST_HZ:
        raise Unreadable(
            f"{source.name}: sample rate {rate_hz:g} Hz; {_LOWEST_HZ:g} to {_HIGHEST_HZ:g} Hz are allowed; "
            "usual fix: record at 44100 or 48000 Hz"
        )


def _finite(samples: Samples) -> tuple[Samples, int]:
    bad = ~np.isfinite(samples)
    count = int(np.count_nonzero(bad))
    return (np.where(bad, np.float32(0.0), samples), count) if count else (samples, 0)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far samples go: their mean, and the `highest` and `lowest` of each `_PIECE` of them."""

    mean: float
    highest: Samples
    lowest: Samples

    @classmethod
    def of(cls, mono: Samples) -> Reach:
        """Of samples [n], by as many at a time as stay in the cache."""
        if not len(mono):
            return cls(0.0, mono, mono)
        total, ends = 0.0, []
        for at in range(0, len(mono), _AT_ONCE):
            some = mono[at : at + _AT_ONCE]
            begin = np.arange(0, len(some), _PIECE)
            ends.append((np.maximum.reduceat(some, begin), np.minimum.reduceat(some, begin)))
            total += float(some.sum())
        highest, lowest = (np.concatenate(end) for end in zip(*ends, strict=True))
        return cls(total / len(mono), highest, lowest)


def clipped_samples(mono: Samples, reach: Reach | None = None) -> int:
    """Samples at the extreme of the recording, 0 where the extreme is only touched.

    Clipped sound has most of its loudest samples (within 1 % of the extreme) at the extreme itself or, where it was
    coded since, in runs within 0.1 % of it; of a sine a third are, of a decaying ring there is one. A take softer than
    -20 dBFS is not called clipped. `reach` is that of the samples where the caller has it.
    """
    if not len(mono):
        return 0
    reach = reach or Reach.of(mono)
    begin, highest, lowest = np.arange(0, len(mono), _PIECE), reach.highest, reach.lowest
    top = max(float(highest.max()), -float(lowest.min()))
    if top < 0.1:
        return 0
    count = 0
    for sign, extreme in ((1.0, highest), (-1.0, -lowest)):
        loud = [at + np.flatnonzero(sign * mono[at : at + _PIECE] >= 0.99 * top) for at in begin[extreme >= 0.99 * top]]
        near = np.concatenate(loud) if loud else np.zeros(0, np.int64)
        same = int(np.count_nonzero(sign * mono[near] >= _SAME * top))
        if same >= _FEWEST_SAME and same > 0.5 * len(near):
            count += same
            continue
        high = near[sign * mono[near] >= 0.999 * top]
        pair = np.diff(high) == 1
        found = int(np.count_nonzero(np.append(pair, False) | np.append(False, pair)))
        if found >= 8 and found > 0.5 * len(near):
            count += found
    return count
