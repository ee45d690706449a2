"""Where live sound comes from: a microphone, or a file played as if it were one.

Each source is a context that yields blocks. The microphone needs the optional `sounddevice` (PortAudio), which is
imported only here; whatever keeps it from listening is told as `NoMicrophone`, with the usual cure.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.listen.take import channels
from heartwright.listen.take.blocks import open_blocks
from heartwright.listen.take.files import check_rate

BLOCK_S = 0.1
RATE_HZ = 48_000.0
_PATIENCE_S = 0.5  # how long a block is waited for before the source says that none came
_MEND = 'pip install "heartwright[live]"'


class NoMicrophone(RuntimeError):
    """No sound can be had; the message says why and what would mend it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Mono sound, shape [n], and when it came (steady clock of the source [s]); empty: none came for half a second.

    `lost` says that sound before it is missing.
    """

    samples: NDArray[np.float32]
    at_s: float
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device that can record."""

    number: int
    name: str
    channels: int
    rate_hz: float
    default: bool


@dataclass(frozen=True, slots=True)
class Listening:
    """An open source: blocks at a rate, until the caller stops asking or a file ends."""

    name: str
    rate_hz: float
    blocks: Iterator[Block]


# ------------------------------------------------------------------------------------------------------ a file


@contextmanager
def from_file(path: Path, *, speed: float = 1.0, block_s: float = BLOCK_S) -> Iterator[Listening]:
    """Play a file as if it were a microphone, `speed` times as fast as it sounds (0: as fast as it can be heard)."""
    with open_blocks(path) as opened:
        rate = opened.rate_hz
        check_rate(path, rate)

        def play() -> Iterator[Block]:
            channel, read, begun = None, 0, time.monotonic()
            while len(block := opened.read(max(1, int(block_s * rate)))):
                if channel is None:
                    channel = channels.clearest(block, rate)
                read += len(block)
                if speed > 0.0:
                    time.sleep(max(0.0, begun + read / rate / speed - time.monotonic()))
                yield Block(channel.of(block), read / rate)

        yield Listening(path.name, rate, play())


# ------------------------------------------------------------------------------------------------ a microphone


def devices() -> tuple[Device, ...]:
    """Every device that can record. Raises NoMicrophone where the library is missing."""
    sound = _library()
    usual = sound.default.device[0]
    return tuple(
        Device(i, str(d["name"]), int(d["max_input_channels"]), float(d["default_samplerate"]), i == usual)
        for i, d in enumerate(sound.query_devices())
        if d["max_input_channels"] > 0
    )


@contextmanager
def from_device(
    device: str | None = None, *, rate_hz: float = RATE_HZ, block_s: float = BLOCK_S
) -> Iterator[Listening]:
    """Listen to a device (a number or a part of its name; None: the system's own). Raises NoMicrophone.

    One channel is taken, at `rate_hz`, or at the device's own rate where it refuses that.
    """
    sound = _library()
    chosen: int | str | None = int(device) if device is not None and device.isdigit() else device
    came: queue.SimpleQueue[Block] = queue.SimpleQueue()

    def take(samples: Any, frames: int, moment: Any, status: Any) -> None:
        came.put(Block(np.array(samples[:, 0]), time.monotonic(), bool(status.input_overflow)))

    stream, rate = _opened(sound, chosen, rate_hz, block_s, take)
    with stream:
        name = str(sound.query_devices(stream.device, "input")["name"])
        yield Listening(name, rate, _waiting(came))


def _waiting(came: queue.SimpleQueue[Block]) -> Iterator[Block]:
    while True:
        try:
            yield came.get(timeout=_PATIENCE_S)
        except queue.Empty:
            yield Block(np.zeros(0, np.float32), time.monotonic())


def _opened(sound: Any, device: int | str | None, rate_hz: float, block_s: float, take: Any) -> tuple[Any, float]:
    """A started stream and its rate."""
    try:
        own = float(sound.query_devices(device, "input")["default_samplerate"])
    except (ValueError, sound.PortAudioError) as problem:
        raise NoMicrophone(_no_device(device, str(problem))) from None
    reason = ""
    for rate in dict.fromkeys((rate_hz, own)):
        try:
            stream = sound.InputStream(
                samplerate=rate,
                blocksize=int(block_s * rate),
                device=device,
                channels=1,
                dtype="float32",
                callback=take,
            )
            return stream, rate
        except (ValueError, sound.PortAudioError) as problem:
            reason = str(problem)
    raise NoMicrophone(
        f"the microphone does not open ({reason.strip()}): another program may hold it, or this one may not use it; "
        "close other recorders, and allow the terminal the microphone (macOS: System Settings, Privacy & Security, "
        "Microphone; Windows: Settings, Privacy, Microphone, desktop apps)"
    )


def _no_device(device: int | str | None, problem: str) -> str:
    if device is None:
        return (
            "no microphone is there: plug one in, or choose one (heartwright live --devices), or play a file (--from)"
        )
    return f"no microphone {str(device)!r} ({problem.strip()}): see heartwright live --devices"


def _library() -> Any:
    try:
        import sounddevice
    except ImportError:
        raise NoMicrophone(
            f"listening to a microphone needs the library sounddevice, which is not installed: {_MEND}"
        ) from None
    except OSError:
        raise NoMicrophone(
            "the library sounddevice finds no PortAudio: on Debian and Ubuntu install it with sudo apt install "
            "libportaudio2; on Fedora, sudo dnf install portaudio"
        ) from None
    return sounddevice
