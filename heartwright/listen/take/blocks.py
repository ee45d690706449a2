"""A sound file of any length and format as a stream of blocks, in bounded memory.

libsndfile reads what it knows; the rest comes through a pipe from FFmpeg or PyAV. Where a file breaks off, what came
before is kept and a note is made.
"""

from __future__ import annotations

import importlib.util
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import soundfile

from heartwright.listen.take import decode
from heartwright.listen.take.decode import Samples, Unreadable

LONGEST_S = 30 * 86_400.0
_BLOCK = 1 << 16  # samples asked of libsndfile at a time, whatever the number of channels that a header claims


class Blocks(Protocol):
    """Frames in order. `frames` is how many there will be, 0 where that is not known before the end."""

    rate_hz: float
    channels: int
    frames: int
    notes: list[str]

    def read(self, count: int) -> Samples:
        """The next `count` frames [n, n_channel]; fewer only at the end."""
        ...


@contextmanager
def open_blocks(path: Path) -> Iterator[Blocks]:
    """Open the file at `path`. Raises Unreadable, saying what would mend it."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as problem:
        raise Unreadable(f"{path}: cannot be read ({problem.strerror}); give the path of a sound file") from None
    if decode.is_media(head) or path.suffix.lower() in decode.MEDIA_SUFFIXES:
        with _piped(path) as piped:
            yield piped
        return
    try:
        sound = soundfile.SoundFile(str(path))
    except soundfile.SoundFileError as problem:
        raise Unreadable(decode.explain(path, head, str(problem))) from None
    with sound:
        yield _Sound(sound)


class _Sound:
    """A file that libsndfile reads."""

    def __init__(self, file: soundfile.SoundFile) -> None:
        self._file = file
        self.rate_hz = float(file.samplerate)
        self.channels = int(file.channels)
        self.frames = int(file.frames) if file.frames < (1 << 62) else 0
        self.notes: list[str] = []
        self._ended = False
        self._read = 0

    def read(self, count: int) -> Samples:
        parts: list[Samples] = []
        size = max(256, _BLOCK // self.channels)
        while count > 0 and not self._ended:
            try:
                block = self._file.read(min(count, size), dtype="float32", always_2d=True)
            except soundfile.SoundFileError:
                block = np.zeros((0, self.channels), np.float32)
            self._ended = len(block) < min(count, size)
            self._read += len(block)
            count -= len(block)
            parts.append(block)
        if self._ended and self._read + 1 < self.frames and not self.notes:
            there = self._read / self.rate_hz
            self.notes.append(f"breaks off after {there:.1f} s of {self.frames / self.rate_hz:.1f}; copy it again")
        return np.concatenate(parts) if parts else np.zeros((0, self.channels), np.float32)


class _Pipe:
    """The output of a decoder that writes Sun AU."""

    def __init__(self, out: IO[bytes], path: Path) -> None:
        head = out.read(24)
        if len(head) < 24 or head[:4] != b".snd":
            raise Unreadable(
                f"{path.name}: its sound could not be decoded; allowed are {decode.ALLOWED}; usual fix: export as WAV"
            )
        offset, _, _, rate, channels = struct.unpack_from(">5I", head, 4)
        out.read(max(offset - 24, 0))
        self._out = out
        self.rate_hz, self.channels = float(rate), max(int(channels), 1)
        self.frames = 0
        self.notes: list[str] = []

    def read(self, count: int) -> Samples:
        width = 4 * self.channels
        data = self._out.read(count * width)
        frames = len(data) // width
        return np.frombuffer(data, ">f4", frames * self.channels).reshape(frames, self.channels).astype(np.float32)


@contextmanager
def _piped(path: Path) -> Iterator[_Pipe]:
    program = shutil.which("ffmpeg")
    if program is not None:
        command = decode.ffmpeg_command(path, program, LONGEST_S)
    elif importlib.util.find_spec("av") is not None:
        command = decode.pyav_command(path, LONGEST_S)
    else:
        raise decode.undecodable(path)
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        assert running.stdout is not None
        try:
            yield _Pipe(running.stdout, path)
        finally:
            running.kill()
