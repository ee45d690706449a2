"""One microphone of somebody's browser: what comes from it, block by block, and the take that is kept of it.

A block, little endian: u8 kind 2, u8 version 1, u16 flags (1: the sound broke off before it), u32 how many samples,
f64 number of its first sample since the microphone was opened, then f32 samples, mono, full scale 1. The number of a
sample is its time: what is lost on the way is a stretch of silence of the same length, so that the count of beats goes
on across it; what comes twice is taken once. All samples of the take go to a file as they come, the newest also to the
ear; in memory there is never more than `WAITING_MOST_S` of them.
"""

from __future__ import annotations

import struct
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.studio.holes import Holes

HEAD = struct.Struct("<BBHId")
KIND, VERSION, BROKE_OFF = 2, 1, 1
RATE_LEAST_HZ, RATE_MOST_HZ = 8_000.0, 96_000.0
SAMPLES_MOST = 8_192  # in a block
BROKE_OFF_S = 4.0  # it is noticed so late at most
SEAMS_MOST = 1_000
VALUE_MOST = 16.0  # beyond full scale; more is no sound
WAITING_MOST_S = 40.0  # for an ear that is behind
LOST_MOST_S = 30.0  # filled with silence; more is a new beginning
TAKE_MOST_S = 1_200.0  # kept of a take: the listening itself goes on
LEVEL_EVERY_S = 0.1
LATELY = 50  # levels: five seconds
FULL = 0.999  # a sample this high was clipped
FLOOR_DB = -140.0


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of the watch: beat [1/h] as typed, or that of a movement; lifts [deg], several where the table of
    movements is in dispute; the movement's name."""

    bph: float | None = None
    movement_bph: float | None = None
    lifts_deg: tuple[float, ...] = ()
    movement: str = ""
    clock_ppm: tuple[float, float] = (0.0, 30.0)  # of the sound card: how fast it runs, and one sigma

    def as_json(self) -> dict[str, Any]:
        return {
            "bph": self.bph,
            "movement_bph": self.movement_bph,
            "lifts_deg": list(self.lifts_deg),
            "movement": self.movement,
            "clock_ppm": list(self.clock_ppm),
        }


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it came: `first` is the number of its first sample."""

    first: int
    samples: NDArray[np.float32]
    broke_off: bool = False

    def pack(self) -> bytes:
        head = HEAD.pack(KIND, VERSION, BROKE_OFF * self.broke_off, len(self.samples), float(self.first))
        return head + self.samples.astype("<f4").tobytes()


def read_block(frame: bytes) -> Block:
    """The block that a frame holds. Raises ValueError with what is wrong with it."""
    if len(frame) < HEAD.size:
        raise ValueError(f"{len(frame)} bytes are no block")
    kind, version, flags, count, first = HEAD.unpack_from(frame)
    if (kind, version) != (KIND, VERSION):
        raise ValueError(f"kind {kind} version {version}: {KIND} and {VERSION} are read here")
    if not 0 < count <= SAMPLES_MOST or len(frame) != HEAD.size + 4 * count:
        raise ValueError(f"{count} samples in {len(frame)} bytes")
    if not (0.0 <= first < 2.0**53 and first == int(first)):
        raise ValueError(f"{first:g} is no number of a sample")
    samples = np.frombuffer(frame, "<f4", count, HEAD.size)
    if not (np.abs(samples) <= VALUE_MOST).all():  # also what is not a number
        raise ValueError("values that are no sound")
    return Block(int(first), samples, bool(flags & BROKE_OFF))


@dataclass(slots=True)
class Level:
    """Peak and mean power of what came since it was last told."""

    peak: float = 0.0
    power: float = 0.0
    samples: int = 0
    clipped: int = 0

    def add(self, samples: NDArray[np.float32]) -> None:
        size = np.abs(samples)
        self.peak = max(self.peak, float(size.max()))
        self.power += float(np.dot(samples, samples))
        self.clipped += int(np.count_nonzero(size >= FULL))
        self.samples += len(samples)

    def as_json(self) -> dict[str, Any]:
        """In dB re full scale."""
        rms = (self.power / max(1, self.samples)) ** 0.5
        return {"peak_db": _db(self.peak), "rms_db": _db(rms), "clipped": self.clipped}


@dataclass(slots=True, eq=False)
class Microphone:
    """A microphone that somebody opened. `ticket` lets its line come back; `next` is the sample that is awaited."""

    id: int
    person: int
    name: str  # of the person
    ticket: str
    rate_hz: float
    raw: Path
    told: Told
    device: str = ""
    processing: tuple[str, ...] = ()  # what the browser would not switch off
    next: int = 0
    kept: int = 0  # samples in the file
    dropped: int = 0  # frames that were no block
    lost: int = 0  # samples that never came
    breaks: int = 0  # new beginnings
    holes: int = 0  # that the browser left
    seams: list[tuple[int, int]] = field(default_factory=list)  # of the take, where it does not hang together
    hole: Holes = field(init=False)
    linked: bool = False
    over: bool = False
    last: float = field(default_factory=time.monotonic)
    level: Level = field(default_factory=Level)
    lately: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=LATELY))  # peak [dB], clipped samples
    said: dict[str, Any] | None = None  # the newest figures
    fresh: deque[NDArray[np.float32]] = field(default_factory=deque)
    waiting: int = 0

    def __post_init__(self) -> None:
        self.hole = Holes(self.rate_hz)

    @property
    def seconds(self) -> float:
        """Length of what came so far [s]."""
        return self.next / self.rate_hz

    @property
    def take_s(self) -> float:
        return self.kept / self.rate_hz

    def take(self, frame: bytes) -> bool:
        """Take a frame in; False where it was no block and was dropped."""
        try:
            block = read_block(frame)
        except ValueError:
            self.dropped += 1
            return False
        gap = block.first - self.next
        if gap > LOST_MOST_S * self.rate_hz:
            self.dropped += 1
            return False
        if block.broke_off:
            self._seam(max(0, self.next - int(BROKE_OFF_S * self.rate_hz)), self.next)
            self.begin_anew()
        samples = block.samples[max(0, -gap) :]
        self.last = time.monotonic()
        if not len(samples):  # it was here before
            return True
        if gap > 0:
            self.lost += gap
            self._seam(self.next, self.next + gap)
            self.hole = Holes(self.rate_hz, self.next + gap)
            self._append(np.zeros(gap, np.float32))
        self.level.add(samples)
        self._append(samples)
        self._look_for_holes(samples)
        return True

    def _look_for_holes(self, samples: NDArray[np.float32]) -> None:
        """After a hole the sound is late: the count cannot be carried across it."""
        found = self.hole.look(samples)
        for first, end in found:
            self._seam(first, end)
        if found:
            self.holes += len(found)
            self.begin_anew()
            rest = samples[len(samples) - (self.next - found[-1][1]) :]
            self.fresh.append(rest)
            self.waiting = len(rest)

    def _seam(self, first: int, end: int) -> None:
        if len(self.seams) < SEAMS_MOST:
            self.seams.append((first, end))

    def begin_anew(self) -> None:
        """What comes next does not belong to what came: the ear starts again."""
        self.breaks += 1
        self.fresh.clear()
        self.waiting = 0

    def to_hear(self) -> NDArray[np.float32]:
        """What the ear has not had yet."""
        out = np.concatenate(self.fresh) if self.fresh else np.zeros(0, np.float32)
        self.fresh.clear()
        self.waiting = 0
        return out

    def level_due(self) -> dict[str, Any] | None:
        """The level, where enough came since it was last told."""
        if self.level.samples < LEVEL_EVERY_S * self.rate_hz:
            return None
        out = self.level.as_json()
        self.level = Level()
        self.lately.append((out["peak_db"], out["clipped"]))
        return {"type": "level", "mic": self.id, **out}

    def as_json(self) -> dict[str, Any]:
        return {
            "type": "microphone",
            "mic": self.id,
            "person": self.person,
            "name": self.name,
            "device": self.device,
            "rate_hz": self.rate_hz,
            "seconds": self.seconds,
            "take_s": self.take_s,
            "linked": self.linked,
            "over": self.over,
            "dropped": self.dropped,
            "lost_s": self.lost / self.rate_hz,
            "told": self.told.as_json(),
            **(self.said or {"status": "opening", "troubles": [], "trace": None}),
        }

    def _append(self, samples: NDArray[np.float32]) -> None:
        self.next += len(samples)
        room = int(TAKE_MOST_S * self.rate_hz) - self.kept
        if room > 0:
            with self.raw.open("ab") as file:
                file.write(samples[:room].astype("<f4").tobytes())
            self.kept += min(room, len(samples))
        self.fresh.append(samples)
        self.waiting += len(samples)
        if self.waiting > WAITING_MOST_S * self.rate_hz:  # the ear is too far behind: it starts again from here
            self.begin_anew()


def _db(value: float) -> float:
    return round(max(FLOOR_DB, 20.0 * float(np.log10(max(value, 1e-7)))), 1)
