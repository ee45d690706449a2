"""The binary frames: poses of one work, what is seen of another, and blocks of sound. Little endian.

Poses: kind u8 = 1, version u8 = 1, work u16, n_sample u16, n_rotor u16, n_extra u16, reserved u16, sent_s f64 (the
server's clock), t0_s f64 and dt_s f64 (the work's time), speed f32 (work seconds a second, 0 halted), pad f32, then f32
[n_sample][n_rotor + n_extra].

Seen: kind u8 = 2, version u8 = 1, work u16, n_coarse u32, n_fine u32, light f32, sent_s f64, time_s f64 (the work's),
speed f32, scale f32, then f32 [n_fine], then i16 [n_coarse]. The numbers are those of `Work.seen`: the coarse ones,
each i16 / 32,767 times the scale, then the fine ones.

Sound: kind u8 = 3, version u8 = 2, channels u16 = 2, sequence u32, rate u32, reserved u32, time f64 (the work's, of the
first sample), then i16 [n_sample][channels]: left, right.

Receipt, from the page: kind u8 = 4, version u8 = 1, reserved u16, count u32: how many frames of kind Seen it has taken
up since it came.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

POSES, SEEN, SOUND, RECEIPT, VERSION, SOUND_VERSION = 1, 2, 3, 4, 1, 2
_POSES = struct.Struct("<BBHHHHHdddff")
_SEEN = struct.Struct("<BBHIIfddff")
_FULL = 32_767  # of an i16
_SOUND = struct.Struct("<BBHIIId")
_RECEIPT = struct.Struct("<BBHI")
SAMPLES_MOST = 4096
RATE_HZ = 48_000  # of the sound
BLOCK = 1024  # samples
POSES_HZ = 240.0  # samples of pose a second of the page's clock


@dataclass(frozen=True, slots=True)
class Poses:
    """What a frame of poses holds; `values` [n_sample, n_rotor + n_extra], angles in rad, extras in SI units."""

    work: int
    n_rotor: int
    sent_s: float
    t0_s: float
    dt_s: float
    speed: float
    values: NDArray[np.float32]

    def pack(self) -> bytes:
        values = np.ascontiguousarray(self.values[:SAMPLES_MOST], "<f4")
        n_sample, n_column = values.shape
        head = _POSES.pack(
            POSES, VERSION, self.work, n_sample, self.n_rotor, n_column - self.n_rotor, 0,
            self.sent_s, self.t0_s, self.dt_s, self.speed, 0.0,
        )  # fmt: skip
        return head + values.tobytes()

    @classmethod
    def unpack(cls, frame: bytes) -> Poses:
        """Read a frame. Raises ValueError for another kind, another version, or a frame cut short."""
        if len(frame) < _POSES.size:
            raise ValueError(f"a frame of {len(frame)} bytes: {_POSES.size} are the least")
        kind, version, work, n_sample, n_rotor, n_extra, _, sent, t0, dt, speed, _ = _POSES.unpack_from(frame)
        if (kind, version) != (POSES, VERSION):
            raise ValueError(f"a frame of kind {kind}, version {version}: {POSES}, {VERSION} are known")
        values = np.frombuffer(frame, "<f4", n_sample * (n_rotor + n_extra), _POSES.size)
        return cls(work, n_rotor, sent, t0, dt, speed, values.reshape(n_sample, n_rotor + n_extra))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a standing work is drawn by at one moment: `values`, of which the first `n_coarse` are sent as i16.

    A coarse number is off by at most half of the largest of them / 32,767.
    """

    work: int
    n_coarse: int
    light: float
    sent_s: float
    time_s: float
    speed: float
    values: NDArray[np.float32]

    def pack(self) -> bytes:
        coarse, fine = self.values[: self.n_coarse], self.values[self.n_coarse :]
        scale = float(np.max(np.abs(coarse), initial=0.0))
        if not math.isfinite(scale):
            coarse = np.nan_to_num(coarse, nan=0.0, posinf=0.0, neginf=0.0)
            scale = float(np.max(np.abs(coarse), initial=0.0))
        head = _SEEN.pack(
            SEEN, VERSION, self.work, len(coarse), len(fine), self.light, self.sent_s, self.time_s, self.speed, scale
        )
        grains = np.rint(coarse * (_FULL / scale if scale > 0.0 else 0.0)).astype("<i2")
        return head + np.ascontiguousarray(fine, "<f4").tobytes() + grains.tobytes()

    @classmethod
    def unpack(cls, frame: bytes) -> Seen:
        """Read a frame. Raises ValueError for another kind, another version, or a frame cut short."""
        if len(frame) < _SEEN.size:
            raise ValueError(f"a frame of {len(frame)} bytes: {_SEEN.size} are the least")
        kind, version, work, n_coarse, n_fine, light, sent, now, speed, scale = _SEEN.unpack_from(frame)
        if (kind, version) != (SEEN, VERSION):
            raise ValueError(f"a frame of kind {kind}, version {version}: {SEEN}, {VERSION} are known")
        fine = np.frombuffer(frame, "<f4", n_fine, _SEEN.size)
        grains = np.frombuffer(frame, "<i2", n_coarse, _SEEN.size + fine.nbytes)
        coarse = grains.astype(np.float32) * np.float32(scale / _FULL)
        return cls(work, n_coarse, light, sent, now, speed, np.concatenate([coarse, fine]))


def sound_block(sequence: int, rate_hz: int, time_s: float, ears: NDArray[np.float32]) -> bytes:
    """A block of sound; `ears` [2, n] in -1..1, the left one first."""
    pcm = np.clip(np.rint(ears.T * 32767.0), -32767, 32767).astype("<i2")
    head = _SOUND.pack(SOUND, SOUND_VERSION, pcm.shape[1], sequence & 0xFFFFFFFF, rate_hz, 0, time_s)
    return head + pcm.tobytes()


def read_sound(block: bytes) -> tuple[int, int, float, NDArray[np.int16]]:
    """Sequence, rate [Hz], time [s] and samples [n, channel] of a block. Raises ValueError for what is none."""
    if len(block) < _SOUND.size:
        raise ValueError(f"a block of {len(block)} bytes: {_SOUND.size} are the least")
    kind, version, channels, sequence, rate, _, time_s = _SOUND.unpack_from(block)
    if (kind, version) != (SOUND, SOUND_VERSION):
        raise ValueError(f"a block of kind {kind}, version {version}: {SOUND}, {SOUND_VERSION} are known")
    return sequence, rate, time_s, np.frombuffer(block, "<i2", offset=_SOUND.size).reshape(-1, channels)


def receipt(count: int) -> bytes:
    """What a page that has taken up so many pictures sends."""
    return _RECEIPT.pack(RECEIPT, VERSION, 0, count)


def read_receipt(frame: bytes) -> int:
    """How many pictures were taken up. Raises ValueError for what is no receipt."""
    if len(frame) != _RECEIPT.size:
        raise ValueError(f"a frame of {len(frame)} bytes: a receipt has {_RECEIPT.size}")
    kind, version, _, count = _RECEIPT.unpack(frame)
    if (kind, version) != (RECEIPT, VERSION):
        raise ValueError(f"a frame of kind {kind}, version {version}: {RECEIPT}, {VERSION} are known")
    return int(count)
