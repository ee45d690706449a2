"""The windows of a side's beats, white, and the blows that have been found in them.

Unlocking and lock stand where they were timed before; the impulse stands where it is expected between them, since what
was heard of it may have been the second blow of its beat. Conventions: as in `bank`; times of `Side` in seconds.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from scipy.fft import rfft

from heartwright.listen.timing.coherent import Heard, Rows, Window
from heartwright.listen.timing.joint.bank import Bank, Circle, Mean
from heartwright.listen.timing.joint.volley import Fit
from heartwright.records import Floats, Ints

FEWEST = 12  # beats of a side
LEARNT_FROM = 48  # beats from which what is usual is learnt
IMPULSE = Window(reach_s=60e-6, before_s=0.35e-3, after_s=1.2e-3)
LOCK_S = 2.0e-3  # of the lock's window, after its zero
RINGS_S = 0.7e-3  # after the lock the case rings freely


@dataclass(frozen=True, slots=True)
class Side:
    """What a side's beats are timed by so far.

    `begun_s` is the onset of the unlocking after its zero; `impulse_s` [n_beat] is where the impulse is expected,
    `aligned_s` where it was heard (NaN where not), `alone_s` how long impulse and lock are alone, `after_s` [2] how
    much later than the lock the blows after it come.
    """

    unlock: Heard
    lock: Heard
    begun_s: float
    impulse_s: Floats
    aligned_s: Floats
    alone_s: tuple[float, float]
    after_s: Floats

    def whole(self) -> Ints:
        """Which beats are timed by all of their sounds."""
        return np.flatnonzero(
            np.isfinite(self.unlock.time_s) & np.isfinite(self.lock.time_s) & np.isfinite(self.impulse_s)
        )


class Beats:
    """Beats of a side: windows and what has been found in them. Times of blows [beat, blow] are samples of the take."""

    def __init__(self, side: Side, samples: Floats, rate_hz: float, quiet: Floats, circle: Circle) -> None:
        self.side, self.rate_hz, self.circle = side, rate_hz, circle
        self.samples, self.quiet = samples, quiet
        self.ok = side.whole()
        self.some = np.arange(len(self.ok))  # of these
        self.blows: list[tuple[Floats, Floats]] = []
        rows, lock = side.unlock.rows, side.lock.rows
        self.unlock = self._white(rows, side.unlock.time_s, rows.length)
        self.lock = self._white(lock, side.lock.time_s, lock.length)
        self.ring = self.lock.mean(axis=0)[lock.before + int(RINGS_S * rate_hz) :]
        self.lock = self.lock[:, : lock.before + int(LOCK_S * rate_hz)]
        off = (side.aligned_s - side.impulse_s)[self.ok]
        self.heard = np.flatnonzero(np.isfinite(off))
        self.expected = np.full(len(side.impulse_s), np.nan)
        self.hears = len(self.heard) >= FEWEST
        if self.hears:
            self.middle = float(np.nanmedian(off))
            near = np.where(np.abs(off - self.middle) < IMPULSE.reach_s, off, self.middle)
            self.expected[self.ok] = side.impulse_s[self.ok] + self.middle
            self._look()
            self.aligned = (near - self.middle) * rate_hz

    def _look(self) -> None:
        """Cuts the windows of the impulses where these are expected."""
        self.rows = Rows(self.samples, self.rate_hz, self.expected[self.ok], IMPULSE, self.quiet)
        self.impulse = white(self.rows, self.circle, None, self.rows.length)

    def earlier(self, by_s: float) -> Beats:
        """The same with impulses that are expected earlier."""
        out = copy(self)
        out.blows, out.expected = [], self.expected - by_s
        out._look()
        return out

    def part(self, count: int) -> Beats:
        """Some of the beats, evenly, of those whose impulses are heard."""
        at = self.heard[places(len(self.heard), count)] if self.hears else places(len(self.ok), count)
        out = copy(self)
        out.blows, out.ok, out.some = [], self.ok[at], self.some[at]
        out.unlock, out.lock = self.unlock[at], self.lock[at]
        if self.hears:
            out.impulse, out.aligned = self.impulse[at], self.aligned[at]
        return out

    def _white(self, rows: Rows, time_s: Floats, length: int) -> Floats:
        return white(rows, self.circle, (time_s - rows.expected_s)[self.ok] * self.rate_hz, length, self.ok)

    def less_older(self, windows: Floats, start_s: Floats, zero: int, own: Bank) -> Floats:
        """`windows` [beat, n], zero at `start_s`, without what the blows found so far leave ringing in them."""
        for time, gain in self.blows:
            behind = time - (start_s[self.ok] * self.rate_hz - zero)[:, None]
            windows = windows - own.ringing(behind, gain, windows.shape[1])
        return windows

    def alike_less_older(self, own: Bank) -> Floats:
        """The impulses aligned where they were heard, without what blows before them leave ringing."""
        start_s = self.expected.copy()
        start_s[self.ok] += self.aligned / self.rate_hz
        alike = white(self.rows, self.circle, self.aligned, self.rows.length, self.some)
        return self.less_older(alike, start_s, self.rows.before, own)

    def add(self, start_s: Floats, found: Fit) -> None:
        self.blows.append((start_s[self.ok][:, None] * self.rate_hz + found.time, found.gain))


def white(rows: Rows, circle: Circle, at: Floats | None, length: int, some: Ints | None = None) -> Floats:
    """White windows [beat, length] of beats, or `some`, that come `at` samples after where they are expected."""
    whitens = rfft(circle.predictor, rows.noise.size).astype(np.complex64)
    return rows.shifted((rows.plain if some is None else rows.plain[some]) * whitens, at, length).astype(np.float64)


def mean(windows: Floats, zero: int) -> Mean:
    """The mean of windows [beat, n]."""
    values = windows.mean(axis=0)
    return Mean(values - values[: zero // 2].mean(), zero, 1.0 / len(windows))


def places(size: int, count: int) -> Ints:
    """Some of `size` places, evenly."""
    return np.linspace(0, size - 1, min(count, size)).astype(np.int64)
