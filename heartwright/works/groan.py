"""A shelf that groans: creaks of a joint that sticks and slips, more and louder the nearer the wood is to its strength.

The law, after acoustic emission in loaded wood (few events below half the strength, then a steep rise; a burst after each
change of load that dies away): a change of stress d(use) owes N |d(use)| r(use) creaks, r = ((use - 0.5) / 0.5)^2 above a
use of 0.5 and 0 below; what is owed is let go at a rate owed / tau, tau = 3 s, drawn at random (Poisson). A creak slips
20 to 60 times, 40 to 120 times a second, and each slip rings the board; its level grows with use^2. N, tau and the level
are this project's own: nothing published gives them for a shelf.
"""

from __future__ import annotations

import math
from collections import deque
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


@dataclass(frozen=True, slots=True)
class Creak:
    """One creak: when it began [s], how many slips, how many a second, and the peak of each 1 m away [Pa]."""

    time_s: float
    slips: int
    slip_hz: float
    peak_pa: float


class Groans:
    """The groaning of one shelf."""

    def __init__(self, shelf: Shelf, *, seed: int = 1) -> None:
        self.shelf, self.use, self.owed = shelf, 0.0, 0.0
        self.heard_of: deque[Creak] = deque(maxlen=200)
        self._random = np.random.default_rng([seed, 0x6A0A])
        self._ahead = np.zeros(0)

    def load(self, use: float) -> None:
        """The shelf's stress is now this share of its strength."""
        nearest = max(use, self.use)
        self.owed += OWED * abs(use - self.use) * rise(nearest)
        self.use = use

    def strain(self, change: float) -> None:
        """Its stress has gone to and fro by this much in all, as a share of its strength."""
        self.owed += OWED * change * rise(self.use)

    def advance(self, seconds: float, now: float) -> tuple[Creak, ...]:
        """Let go of what is due in the next `seconds`; the creaks."""
        due = self.owed * (1.0 - math.exp(-seconds / TAU))
        if due <= 0.0:
            return ()
        self.owed -= due
        out = []
        for at in np.sort(self._random.uniform(0.0, seconds, self._random.poisson(due))):
            peak = LEVEL_PA * min(max(self.use, FROM), 1.0) ** 2 * float(self._random.lognormal(-0.3, 0.6))
            slips, hertz = int(self._random.integers(20, 60)), float(self._random.uniform(40.0, 120.0))
            out.append(Creak(now + float(at), slips, hertz, peak))
        self.heard_of.extend(out)
        return tuple(out)


def rise(use: float) -> float:
    """How readily the wood creaks at this share of its strength, 0 to 1."""
    return min(max((use - FROM) / (1.0 - FROM), 0.0), 1.0) ** 2


def sound(
    creaks: tuple[Creak, ...], *, began: float, n: int, rate_hz: int, ahead: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """`n` samples from `began` [s] on with these creaks, 1 m away [Pa], and what still rings after them."""
    slip = _slip(rate_hz)
    longest = max((round(c.slips / c.slip_hz * rate_hz) for c in creaks), default=0)
    out = np.zeros(max(n + longest + len(slip) + 1, len(ahead)))
    out[: len(ahead)] = ahead
    for creak in creaks:
        first = max(round((creak.time_s - began) * rate_hz), 0)
        for k in range(creak.slips):
            at = first + round(k / creak.slip_hz * rate_hz)
            if at + len(slip) > len(out):
                break
            out[at : at + len(slip)] += creak.peak_pa * math.sin(math.pi * (k + 0.5) / creak.slips) * slip
    return out[:n].astype(np.float32), out[n:]


def _slip(rate_hz: int) -> NDArray[np.float64]:
    """The board's ring after one slip, its peak 1."""
    t = np.arange(round(5 * RING_S * rate_hz)) / rate_hz
    ring = sum(np.sin(2 * math.pi * hertz * t) / (k + 1) for k, hertz in enumerate(RING_HZ)) * np.exp(-t / RING_S)
    return np.asarray(ring / np.max(np.abs(ring)))
