"""Beats of works that do not tick: each time that what sways in them rises through its middle.

    rhythm = Rhythm(orb)
    for _ in range(20_000):
        orb.advance(0.01)
        rhythm.look()
    against(rhythm.beats(), Reference.metronome(7.5))

A gyroscope's shaft leans to the right once in a turn of its precession, an orb's half-mass radius swells once a pulse,
a web swings as a whole in its lowest modes: each tells its `sway`. Clocks and hearts tell their beats by a trace.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from heartwright.records import Floats
from heartwright.works.reference import Beats

CLEAR = 0.25  # of the usual swing, that must be passed on either side between two beats


class Swaying(Protocol):
    """A work in which something goes to and fro: `sway` in units of its own, at its time [s]."""

    @property
    def name(self) -> str: ...
    @property
    def time(self) -> float: ...
    @property
    def sway(self) -> float: ...


class Rhythm:
    """Follows a work: `look` after every step of it (ten times a beat or more), then `beats`."""

    def __init__(self, work: Swaying) -> None:
        self.work = work
        self._seen: list[tuple[float, float]] = []

    def look(self) -> None:
        """Note where it is now; a second look at one moment is passed over."""
        if not self._seen or self.work.time > self._seen[-1][0]:
            self._seen.append((self.work.time, self.work.sway))

    def beats(self) -> Beats:
        """Its beats so far."""
        rows = np.array(self._seen).reshape(-1, 2)
        return of_swings(rows[:, 0], rows[:, 1], name=self.work.name)


def of_swings(time_s: Floats, value: Floats, *, name: str = "") -> Beats:
    """A beat each time that a value rises through its mean, between two times by a line; none where it stands still.

    Between two beats it must have been clear of the mean on both sides, so that a ripple near it makes no beats. Raises
    ValueError for two lists of unlike length.
    """
    t, x = np.asarray(time_s, float), np.asarray(value, float)
    if t.shape != x.shape or t.ndim != 1:
        raise ValueError(f"times {t.shape} and values {x.shape} must be two lists of one length")
    if len(t) < 2 or float(x.std()) <= 1e-12 * float(np.abs(x).max()):
        return Beats(np.zeros(0), name)
    x = x - x.mean()
    clear = CLEAR * float(np.sqrt(2.0) * x.std())
    sure = np.flatnonzero(np.abs(x) > clear)
    turns = np.flatnonzero((x[sure[:-1]] < 0.0) & (x[sure[1:]] > 0.0))
    moments = []
    for low, high in zip(sure[turns], sure[turns + 1], strict=True):
        k = low + int(np.flatnonzero(x[low:high] <= 0.0)[-1])  # the last time before it stays above
        moments.append(t[k] - x[k] * (t[k + 1] - t[k]) / (x[k + 1] - x[k]))
    return Beats(np.array(moments), name)
