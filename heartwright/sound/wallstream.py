"""Pressure on the walls of a pump, heard on and on: `walls.radiate` for a work that does not end.

The model, the grid and the filters are those of `walls`. The backward pass of the low-pass looks `_AHEAD` grid steps
into what is still to come, in which its answer has fallen by 1e-6.
"""

from __future__ import annotations

import numpy as np
from scipy import signal
from scipy.interpolate import PchipInterpolator

from heartwright.records import Floats, Trace
from heartwright.sound.body import Body
from heartwright.sound.walls import GRID_HZ

_AHEAD = 32  # grid steps
_SLOWEST, _FASTEST = 0.2, 5.0  # speeds between which a pressure wave is followed; outside it is not audible as such


class WallStream:
    """The running sound of the pressures that `body` gives an area."""

    def __init__(self, body: Body, *, rate_hz: float) -> None:
        self.body, self.rate_hz = body, rate_hz
        self.low = signal.butter(2, body.wall_low_hz, "highpass", fs=GRID_HZ, output="sos")
        self.high = signal.butter(2, body.wall_high_hz, "lowpass", fs=GRID_HZ, output="sos")
        self.low_state, self.high_state = np.zeros((1, 2)), np.zeros((1, 2))
        self.settled = signal.sosfilt_zi(self.high)
        self.knots, self.force = np.zeros(0), np.zeros(0)  # [s of sound], [N]
        self.first = 0.0
        self.ahead = np.zeros(0)  # filtered forwards, not yet backwards; ends at grid step `grid`
        self.done = np.zeros(4)  # finished, not yet all heard; ends at grid step `grid` - len(ahead)
        self.grid = 0  # grid steps evaluated
        self.clock = 0  # samples heard of

    def add(self, out: Floats, n: int, piece: Trace | None, *, latency: int) -> None:
        """Hear `n` more samples and add what is finished to out [latency + n]: its last `n` belong to the clock's end.

        `out` begins `latency` samples before the clock.
        """
        self._follow(n, piece)
        start, self.clock = self.clock, self.clock + n
        if not len(self.knots):
            return
        self._filter()
        # the `n` samples that leave the buffer next begin at start - latency
        at = (np.arange(start - latency, start - latency + n) / self.rate_hz) * GRID_HZ
        base = self.grid - len(self.ahead) - len(self.done)
        x = np.clip(at - base, 1.0, len(self.done) - 3.0)
        k = x.astype(np.int64)
        u = x - k
        p0, p1, p2, p3 = (self.done[k + i] for i in (-1, 0, 1, 2))
        smooth = p1 + 0.5 * u * (p2 - p0 + u * (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3 + u * (3.0 * (p1 - p2) + p3 - p0)))
        out[:n] += np.where(at >= 0.0, self.body.wall_gain * smooth, 0.0)
        self.done = self.done[max(0, int(at[-1] - base) - 3) :]

    def _follow(self, n: int, piece: Trace | None) -> None:
        """Append the wave's knots, in the sound's time; a work that stands holds its last force."""
        begin, end = self.clock / self.rate_hz, (self.clock + n) / self.rate_hz
        times, force = self._of(piece)
        speed = piece.seconds / (end - begin) if piece is not None else 0.0
        if len(times) > 1 and piece is not None and _SLOWEST <= speed <= _FASTEST:
            at = begin + (times - piece.figures.get("started_s", 0.0)) / speed
            fresh = at > (self.knots[-1] + 1e-9 if len(self.knots) else -np.inf)
            at, force = at[fresh], force[fresh]
        elif len(self.knots):
            at = np.arange(self.knots[-1] + 1e-3, end, 1e-3)
            force = np.full(len(at), self.force[-1])
        else:
            return
        if not len(self.knots) and len(force):
            self.first = float(force[0])
            self.grid = int(np.ceil(at[0] * GRID_HZ))
        self.knots, self.force = np.concatenate([self.knots, at]), np.concatenate([self.force, force])

    def _of(self, piece: Trace | None) -> tuple[Floats, Floats]:
        """Times [s of the work] and force on the walls [N] of a piece; empty without waves."""
        times, force = np.zeros(0), np.zeros(0)
        for wave in piece.waveforms if piece is not None else ():
            area = self.body.wall_area_m2.get(wave.name, 0.0)
            if area > 0.0 and len(wave.time_s):
                times = wave.time_s
                force = area * wave.value + (force if len(force) == len(wave.value) else 0.0)
        return times, force

    def _filter(self) -> None:
        """Take the force on to the grid as far as it is known, through both filters."""
        if len(self.knots) < 4:
            return
        last = int(np.floor(self.knots[-2] * GRID_HZ))  # the slope at the last knot is not known yet
        if last >= self.grid:
            at = np.arange(self.grid, last + 1) / GRID_HZ
            force = PchipInterpolator(self.knots, self.force)(np.clip(at, self.knots[0], None)) - self.first
            self.knots, self.force = self._kept(at[-1])
            swung, self.low_state = signal.sosfilt(self.low, force, zi=self.low_state)
            forward, self.high_state = signal.sosfilt(self.high, swung, zi=self.high_state)
            self.ahead = np.concatenate([self.ahead, forward])
            self.grid = last + 1
        ready = len(self.ahead) - _AHEAD
        if ready > 0:
            back, _ = signal.sosfilt(self.high, self.ahead[::-1], zi=self.settled * self.ahead[-1])
            self.done = np.concatenate([self.done, back[::-1][:ready]])
            self.ahead = self.ahead[ready:]

    def _kept(self, until: float) -> tuple[Floats, Floats]:
        """The knots that later slopes still need."""
        first = max(0, int(np.searchsorted(self.knots, until)) - 3)
        return self.knots[first:], self.force[first:]
