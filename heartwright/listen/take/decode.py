"""Bytes of a sound file to samples: libsndfile in the base, FFmpeg or PyAV for what phones make.

libsndfile (through soundfile) reads WAV, FLAC, OGG, MP3, AIFF and CAF. AAC, ALAC and the rest of MP4, MOV, M4A and 3GP
need the `ffmpeg` program on the PATH, or the `media` extra (PyAV). Each decoder returns what it could read, with notes,
or raises `Unreadable`, which says what was given, what is allowed and what usually mends it.
"""

from __future__ import annotations

import importlib.util
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]

ALLOWED = "WAV, FLAC, OGG, MP3, AIFF and CAF, and with a decoder M4A, AAC, MP4, MOV and 3GP"
MEND = 'pip install "heartwright[media]"'
LONGEST_S = 3600.0
MEDIA_SUFFIXES = frozenset({".m4a", ".aac", ".mp4", ".mov", ".3gp", ".3g2", ".amr", ".m4b", ".qta", ".webm", ".wma"})
_BLOCK_SAMPLES = 1 << 14  # small, for what is read of a block that breaks off is lost
_PATIENCE_S = 120.0


class Unreadable(ValueError):
    """The file holds no sound that can be read; the message says what would mend it."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Samples [n_frame, n_channel] with their rate and what was met on the way."""

    samples: Samples
    rate_hz: float
    notes: tuple[str, ...] = ()


def decode(path: Path) -> Decoded:
    """The samples of the file at `path`, by whichever decoder knows it."""
    with path.open("rb") as file:
        head = file.read(4096)
    if is_media(head) or (path.suffix.lower() in MEDIA_SUFFIXES and not _is_text(head)):
        return _by_media(path)
    try:
        return by_soundfile(path, head)
    except soundfile.SoundFileError as problem:
        raise Unreadable(explain(path, head, str(problem))) from None


def is_media(head: bytes) -> bool:
    """Whether a file that begins with `head` needs FFmpeg: ISO media, Matroska, AMR, ASF or ADTS."""
    iso = head[4:8] in (b"ftyp", b"moov", b"wide", b"mdat", b"free", b"skip")
    adts = len(head) > 6 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0
    return iso or adts or head.startswith((b"\x1aE\xdf\xa3", b"#!AMR", b"0&\xb2u"))


def _is_text(head: bytes) -> bool:
    if not head or b"\0" in head:
        return False
    printable = sum(32 <= b < 127 or b in (9, 10, 13) for b in head)
    return printable > 0.95 * len(head)


def explain(path: Path, head: bytes, problem: str) -> str:
    """What to say of a file that begins with `head` and that libsndfile will not read."""
    if _is_text(head):
        what = f"text is inside, it begins {head[:24].decode('ascii', 'replace')!r}"
        mend = "the download may be a web page or a note: fetch the sound itself"
    elif head[:4] == b"RIFF" and _wav_channels(head) == 0:
        what, mend = "a WAV of 0 channels", "record again with one channel or two"
    elif head[:4] in (b"RIFF", b"fLaC", b"OggS"):
        what, mend = f"a damaged or truncated file ({problem.rstrip('.')})", "copy or export it again"
    else:
        what, mend = f"no known sound format ({problem.rstrip('.')})", "export it as WAV"
    return f"{path.name}: {what}; allowed are {ALLOWED}; usual fix: {mend}"


def _wav_channels(head: bytes) -> int | None:
    at = head.find(b"fmt ")
    return None if at < 0 or len(head) < at + 12 else int(struct.unpack_from("<H", head, at + 10)[0])


# ------------------------------------------------------------------------------------------- libsndfile


def by_soundfile(path: Path, head: bytes) -> Decoded:
    """Read with libsndfile, block by block, keeping what was read where the file breaks off."""
    notes: list[str] = []
    with soundfile.SoundFile(str(path)) as file:
        if file.channels < 1 or file.samplerate < 1:
            raise Unreadable(f"{path.name}: {file.channels} channels at {file.samplerate} Hz; one or two are allowed")
        if file.subtype in ("PCM_U8", "PCM_S8"):
            notes.append("8-bit: noise of rounding at -50 dB hides soft sounds; record 16 bit or 24 bit")
        longest = int(LONGEST_S * file.samplerate)
        blocks, broken = _read_blocks(file, longest)
        if file.frames > longest:
            notes.append(_only_the_first())
        promised = max(_promised_frames(path, head, file), 0)
        samples = np.concatenate(blocks) if blocks else np.zeros((0, file.channels), np.float32)
        if broken or (promised > len(samples) + 1 and len(samples) < longest):
            there = len(samples) / file.samplerate
            notes.append(f"truncated: only {there:.2f} s could be read; copy or export the file again")
        return Decoded(samples, float(file.samplerate), tuple(notes))


def _read_blocks(file: soundfile.SoundFile, longest: int) -> tuple[list[Samples], bool]:
    """Blocks [n, n_channel] up to `longest` frames, and whether reading broke off with an error."""
    size = max(256, _BLOCK_SAMPLES // file.channels)
    blocks: list[Samples] = []
    read = 0
    while read < longest:
        try:
            block = file.read(min(size, longest - read), dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, MemoryError):
            return blocks, True
        if len(block) == 0:
            break
        blocks.append(block)
        read += len(block)
    return blocks, read < min(longest, file.frames) and file.frames < (1 << 62)


def _only_the_first() -> str:
    return f"only the first {LONGEST_S / 60:.0f} min are read; heartwright long reads all of it"


def _promised_frames(path: Path, head: bytes, file: soundfile.SoundFile) -> int:
    """Frames that a WAV's own header promises (0 where it promises nothing)."""
    at = head.find(b"data", 12)
    if head[:4] != b"RIFF" or at < 0 or len(head) < at + 8:
        return 0
    size = int(struct.unpack_from("<I", head, at + 4)[0])
    fmt = head.find(b"fmt ")
    align = int(struct.unpack_from("<H", head, fmt + 20)[0]) if 0 <= fmt <= len(head) - 22 else 0
    streamed = size in (0, 0xFFFFFFFF)
    return 0 if streamed or align == 0 or at + 8 + size <= path.stat().st_size else size // align


# --------------------------------------------------------------------------------------------- FFmpeg


def _by_media(path: Path) -> Decoded:
    program = shutil.which("ffmpeg")
    if program is not None:
        return by_ffmpeg(path, program)
    if importlib.util.find_spec("av") is not None:
        return by_pyav(path)
    raise undecodable(path)


def undecodable(path: Path) -> Unreadable:
    """What to say where no decoder is installed."""
    return Unreadable(
        f"{path.name}: {path.suffix.lstrip('.').upper() or 'this'} sound needs a decoder and none is installed; "
        f"WAV, FLAC, OGG and MP3 need none; usual fix: {MEND}"
    )


def by_ffmpeg(path: Path, program: str, *, patience_s: float = _PATIENCE_S) -> Decoded:
    """Decode the first sound stream with the `ffmpeg` program, as 32-bit floats at the file's own rate."""
    return _from_process(path, "ffmpeg", ffmpeg_command(path, program, LONGEST_S), patience_s)


def ffmpeg_command(path: Path, program: str, longest_s: float) -> list[str]:
    """What decodes at most `longest_s` of a file to Sun AU on the standard output, with the `ffmpeg` program."""
    return [
        program, "-nostdin", "-v", "error", "-t", f"{longest_s:.0f}", "-i", f"file:{path.absolute()}",
        "-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "-",
    ]  # fmt: skip


def by_pyav(path: Path, *, patience_s: float = _PATIENCE_S) -> Decoded:
    """Decode the first sound stream with PyAV in a process of its own, as 32-bit floats at the file's own rate."""
    return _from_process(path, "PyAV", pyav_command(path, LONGEST_S), patience_s)


def pyav_command(path: Path, longest_s: float) -> list[str]:
    """The same with PyAV."""
    worker = Path(__file__).with_name("pyav_stream.py")
    return [sys.executable, "-P", str(worker), str(path.absolute()), f"{longest_s:.0f}"]


def _from_process(path: Path, name: str, command: list[str], patience_s: float) -> Decoded:
    """Run a decoder that writes Sun AU to its output; what came before it failed is kept."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=patience_s, check=False)
    except subprocess.TimeoutExpired:
        raise Unreadable(
            f"{path.name}: {name} did not finish within {patience_s:.3g} s; usual fix: export a shorter WAV"
        ) from None
    except OSError as problem:
        raise Unreadable(f"{path.name}: {name} does not run ({problem}); usual fix: {MEND}") from None
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    said = lines[-1] if lines else "it crashed" if done.returncode < 0 else "no sound in it"
    if len(done.stdout) < 24 or done.stdout[:4] != b".snd":
        raise Unreadable(
            f"{path.name}: {name} could not decode it ({said}); allowed are {ALLOWED}; "
            "usual fix: copy the file again, or export it as WAV"
        )
    offset, _, _, rate, channels = struct.unpack_from(">5I", done.stdout, 4)
    frames = max(len(done.stdout) - offset, 0) // (4 * channels) if channels else 0
    samples = np.frombuffer(done.stdout, ">f4", frames * channels, offset if frames else 0)
    seconds = frames / max(rate, 1)
    notes: tuple[str, ...] = ()
    if done.returncode:
        notes = (f"damaged: only {seconds:.2f} s could be read, then {name} said {said!r}; copy or export it again",)
    elif seconds >= LONGEST_S:
        notes = (_only_the_first(),)
    return Decoded(samples.reshape(frames, max(channels, 1)).astype(np.float32), float(rate), notes)
