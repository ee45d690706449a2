"""A shelf that groans: creaks of a joint that sticks and slips, more and louder the nearer the wood is to its strength.

The law, after acoustic emission in loaded wood (few events below half the strength, then a steep rise; a burst after
each change of load that dies away): a change of stress, as a share d of the strength, owes N |d| r(use) creaks, with
r = ((use - 0.5) / 0.5)^2 above a use of 0.5 and 0 below; what is owed is let go at a rate owed / tau, tau = 3 s, drawn
at random (Poisson). A creak slips 20 to 60 times, 40 to 120 times a second, and each slip rings the board; its level
grows with use^2. N, tau and the level are this project's own: nothing published gives them for a shelf.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heartwright.design.room import Shelf

OWED = 400.0  # creaks that a change of stress by the whole strength would cost, close to it
TAU = 3.0  # [s]
FROM = 0.5  # share of the strength
LEVEL_PA = 0.02  # peak of a slip 1 m away, at the strength [Pa]
RING_HZ = (190.0, 430.0, 980.0)
RING_S = 0.02
MOST_UNHEARD = 400


@dataclass(frozen=True, slots=True)
class Creak:
    """One creak: when it began [s], how many slips, how many a second, and the peak of each 1 m away [Pa]."""

    time_s: float
    slips: int
    slip_hz: float
    peak_pa: float


class Groans:
    """The groaning of one shelf. `time` is the room's [s]; `lately` holds the latest creaks."""

    def __init__(self, shelf: Shelf, *, seed: int = 1) -> None:
        self.shelf, self.use, self.owed, self.time = shelf, 0.0, 0.0, 0.0
        self.lately: deque[Creak] = deque(maxlen=200)
        self._random = np.random.default_rng([seed, 0x6A0A])
        self._unheard: list[Creak] = []
        self._heard_at = 0.0
        self._ahead = np.zeros(0)

    def load(self, use: float) -> None:
        """The shelf's stress at rest is now this share of its strength."""
        self.owed += OWED * abs(use - self.use) * rise(max(use, self.use))
        self.use = use

    def strain(self, change: float) -> None:
        """Its stress has moved by this much, as a share of its strength."""
        self.owed += OWED * abs(change) * rise(self.use)

    def advance(self, seconds: float) -> tuple[Creak, ...]:
        """Let go of what is due in the next `seconds`; the creaks."""
        began, self.time = self.time, self.time + seconds
        due = self.owed * (1.0 - math.exp(-seconds / TAU))
        if due <= 0.0:
            return ()
        self.owed -= due
        out = []
        for at in np.sort(self._random.uniform(0.0, seconds, self._random.poisson(due))):
            peak = LEVEL_PA * min(max(self.use, FROM), 1.0) ** 2 * float(self._random.lognormal(-0.3, 0.6))
            slips, hertz = int(self._random.integers(20, 60)), float(self._random.uniform(40.0, 120.0))
            out.append(Creak(began + float(at), slips, hertz, peak))
        self.lately.extend(out)
        self._unheard = [*self._unheard, *out][-MOST_UNHEARD:]
        return tuple(out)

    def heard(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        """The next `n` samples 1 m away [Pa]: of all that creaked since it was last asked."""
        out, self._ahead = sound(self._unheard, began=self._heard_at, n=n, rate_hz=rate_hz, ahead=self._ahead)
        self._unheard, self._heard_at = [], self.time
        return out


def rise(use: float) -> float:
    """How readily the wood creaks at this share of its strength, 0 to 1."""
    return min(max((use - FROM) / (1.0 - FROM), 0.0), 1.0) ** 2


def sound(
    creaks: Sequence[Creak], *, began: float, n: int, rate_hz: int, ahead: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """`n` samples from `began` [s] on with these creaks, 1 m away [Pa], and what still rings after them."""
    if not creaks and not len(ahead):
        return np.zeros(n, np.float32), ahead
    slip = _slip(rate_hz)
    lasting = max((round(c.slips / c.slip_hz * rate_hz) for c in creaks), default=0)
    out = np.zeros(max(n + lasting + len(slip) + 1, len(ahead)))
    out[: len(ahead)] = ahead
    for creak in creaks:
        first = min(max(round((creak.time_s - began) * rate_hz), 0), n)
        for k in range(creak.slips):
            at = first + round(k / creak.slip_hz * rate_hz)
            strength = creak.peak_pa * math.sin(math.pi * (k + 0.5) / creak.slips)
            out[at : at + len(slip)] += strength * slip[: len(out) - at]
    return out[:n].astype(np.float32), np.trim_zeros(out[n:], "b")


def _slip(rate_hz: int) -> NDArray[np.float64]:
    """The board's ring after one slip, its peak 1."""
    t = np.arange(round(5 * RING_S * rate_hz)) / rate_hz
    ring = sum(np.sin(2 * math.pi * hertz * t) / (k + 1) for k, hertz in enumerate(RING_HZ)) * np.exp(-t / RING_S)
    return np.asarray(ring / np.max(np.abs(ring)))
