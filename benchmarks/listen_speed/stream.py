"""Hours of a watch as a stream of pieces, made as they are asked for, with every beat's true time and number.

    python benchmarks/listen_speed/stream.py HOURS    one JSON line: what following it cost, whether the count slipped

Beats of 28,800 an hour ring five modes at three moments (unlocking, impulse, lock); 32 beats a side, each at 16
fractions of a sample, are made once and laid where the beats fall. The rate swings by 3 s/d over six hours and walks
at random; every half hour there is a minute that nothing can be heard through (noise as loud as the ticks), every two
hours a knock stops the sound for four seconds. It runs by itself, so that its memory is that of listening.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator

import numpy as np

from heartwright.listen.hours import long, long_figures
from heartwright.listen.take.streaming import OVERLAP_S, PIECE_S, Piece
from heartwright.records import Recording

RATE_HZ, BPH = 48_000, 28_800.0
LIFT_DEG = 52.0
_SWING_S_PER_DAY, _SWING_H, _WALK = 3.0, 6.0, 4e-6  # the last: one-sigma step of the phase a beat [s]
_SHAPES, _PHASES, _LENGTH = 32, 16, 1_200
_MODES = ((3300.0, 16.0, 0.6), (5100.0, 18.0, 1.0), (7400.0, 19.0, 0.9), (10300.0, 20.0, 0.7), (14100.0, 22.0, 0.5))
_IMPACTS_S = ((0.0, 0.25), (2.6e-3, 0.6), (6.9e-3, 1.0))  # of an amplitude of some 280 deg
_NOISE = 3e-3
_DEAF_EVERY_S, _DEAF_S = 1800.0, 60.0
_HUSH_EVERY_S, _HUSH_S = 7200.0, 4.0


class Stream:
    """The stream: `pieces()` yields sound, `time_s` is every beat's true time [n]."""

    def __init__(self, hours: float, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.seconds = 3600.0 * hours
        count = int(self.seconds * BPH / 3600.0)
        beat = 3600.0 / BPH
        hour = np.arange(count) * beat / 3600.0
        gain = _SWING_S_PER_DAY * np.sin(2 * np.pi * hour / _SWING_H) / 86_400.0
        self.time_s = 0.5 + np.cumsum(beat * (1.0 - gain)) + np.cumsum(rng.normal(0, _WALK, count))
        self._bank = np.array([[_beats(side, shape) for shape in range(_SHAPES)] for side in range(2)], np.float32)
        self._rng = rng
        self._hiss = (_NOISE * rng.standard_normal(int(120 * RATE_HZ))).astype(np.float32)

    def pieces(self) -> Iterator[Piece]:
        """Pieces of a minute that overlap by two seconds; what overlaps is the same sound."""
        step = int((PIECE_S - OVERLAP_S) * RATE_HZ)
        total = int(self.seconds * RATE_HZ)
        tail = self._made(0, int(OVERLAP_S * RATE_HZ))
        for first in range(0, total - int(OVERLAP_S * RATE_HZ), step):
            stop = min(first + int(PIECE_S * RATE_HZ), total)
            fresh = self._made(first + len(tail), stop)
            samples = np.concatenate([tail, fresh])
            last = stop == total
            yield Piece(Recording(samples, RATE_HZ), first / RATE_HZ, 0, first == 0, last)
            tail = samples[-int(OVERLAP_S * RATE_HZ) :].copy()
            if last:
                return

    def _made(self, first: int, stop: int) -> np.ndarray:
        """Samples of the stream from `first` to `stop`; a beat that reaches over the end goes on in the next call."""
        shift = int(self._rng.integers(0, len(self._hiss) - (stop - first)))
        out = self._hiss[shift : shift + stop - first].copy()
        low, high = np.searchsorted(self.time_s, [first / RATE_HZ - _LENGTH / RATE_HZ, stop / RATE_HZ])
        for k in range(low, high):
            at = self.time_s[k] * RATE_HZ
            whole = int(np.ceil(at))
            phase = int((whole - at) * _PHASES)
            ring = self._bank[k % 2, k * 7919 % _SHAPES, phase]
            a, b = max(whole, first), min(whole + _LENGTH, stop)
            if a < b:
                out[a - first : b - first] += ring[a - whole : b - whole]
        self._spoil(out, first)
        return out

    def _spoil(self, out: np.ndarray, first: int) -> None:
        at = (first + np.arange(len(out))) / RATE_HZ
        if self.seconds > _DEAF_EVERY_S:
            deaf = (at % _DEAF_EVERY_S > _DEAF_EVERY_S - _DEAF_S) & (at < self.seconds - 2 * _DEAF_S)
            out[deaf] = 0.3 * self._rng.standard_normal(int(deaf.sum())).astype(np.float32)
        hush = (at % _HUSH_EVERY_S > _HUSH_EVERY_S / 2) & (at % _HUSH_EVERY_S < _HUSH_EVERY_S / 2 + _HUSH_S)
        out[hush] *= 0.01


def _beats(side: int, shape: int) -> np.ndarray:
    """One beat at every fraction of a sample, shape [phase, sample]."""
    rng = np.random.default_rng(1000 * side + shape)
    level = 10 ** (rng.normal(0, 1.0) / 20)
    mixture = np.roll([1.0, -0.7, 1.2, 0.8, -1.1], side) * (1 + 0.1 * rng.standard_normal(5))
    time_s = (np.arange(_LENGTH)[None, :] + (np.arange(_PHASES)[:, None] + 0.5) / _PHASES) / RATE_HZ
    out = np.zeros((_PHASES, _LENGTH))
    for impact, (after, strength) in enumerate(_IMPACTS_S):
        u = time_s - after * (1 + 0.004 * rng.standard_normal())
        for (frequency, q, gain), share in zip(_MODES, np.roll(mixture, impact), strict=True):
            ring = np.exp(-np.pi * frequency / q * u) * np.sin(2 * np.pi * frequency * u)
            out += np.where(u >= 0.0, 0.1 * level * strength * gain * share * ring, 0.0)
    return out


def measured(hours: float) -> dict[str, float]:
    """Follow a stream; what it cost and how the count came out."""
    stream = Stream(hours)
    follower = long.Follower(lift_deg=LIFT_DEG)
    spent = heard_s = 0.0
    for piece in stream.pieces():
        begun = time.process_time()
        follower.add(piece)
        spent += time.process_time() - begun
        heard_s += piece.recording.seconds
    begun = time.process_time()
    run = follower.run()
    reading = long_figures.summarise(run)
    spent += time.process_time() - begun
    beats = run.beats
    near = np.clip(np.searchsorted(stream.time_s, beats.time_s), 1, len(stream.time_s) - 1)
    near -= beats.time_s - stream.time_s[near - 1] < stream.time_s[near] - beats.time_s
    slips = 0
    ahead = near - beats.number
    for stretch in np.unique(beats.stretch):
        slips += int(np.count_nonzero(np.diff(ahead[beats.stretch == stretch])))
    truth = (len(stream.time_s) - 1) * 3600.0 / BPH / (stream.time_s[-1] - stream.time_s[0])
    rate = reading.rate_s_per_day
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "hours": hours,
        "cpu_s": spent,
        "cpu_per_s": spent / heard_s,
        "peak_mb": peak / (1024.0**2 if sys.platform == "darwin" else 1024.0),
        "beats": float(len(beats)),
        "beats_true": float(len(stream.time_s)),
        "slips": float(slips),
        "doubts": float(len(run.doubts)),
        "pieces_not_heard": float(sum(p.status != "ok" for p in run.pieces)),
        "rate_error_s_per_day": rate.value - (truth - 1.0) * 86_400.0 if rate is not None else float("nan"),
        "stamp_error_us": 1e6 * float(np.median(np.abs(beats.time_s - stream.time_s[near]))),
    }


if __name__ == "__main__":
    print(json.dumps(measured(float(sys.argv[1]))))
