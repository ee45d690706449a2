"""Unlocking, impulse and lock of a lever's beats, each timed against all that rings with it.

The unlockings, which stand alone, first teach the bank of the case's modes (`bank`); with it the impulse parts from the
second blow on the jewel (`unravel`, `volley`), whose rings teach the bank better; then the lock parts from banking and
bounce. What earlier blows of a beat leave ringing is taken out of each window as it was found. What does not bear (too
few beats or modes, a bank that leaves too much of the means, blows that leave too much of the beats) gives no times.
Conventions: as in `bank`; times of the interface in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.timing.coherent import Heard
from heartwright.listen.timing.joint import bank, impulses, lessons, locks, volley
from heartwright.listen.timing.joint.bank import Blow, Circle, Poles
from heartwright.listen.timing.joint.struck import FEWEST, Beats, Side, mean, white
from heartwright.listen.timing.joint.volley import Fit, Volley
from heartwright.listen.timing.modal import Complexes
from heartwright.records import Floats, Ints

LOWEST_RATE_HZ = 40e3  # below it blows a tenth of a millisecond apart are not parted
# How long a clock's one sound is looked at, turns in which it is fitted, and beats of a side that tell what it is like.
ONE_S, ONE_TURNS, ONE_FEWEST = 2.5e-3, 6, 8
LEAST_RING = 1.0  # energy of a mode in the ringing of the mean locks, below which it is none [of a sample's noise]
TWIN = 0.5  # how near poles are that are one mode [of its decay]
# What is left of the beats (1: noise) beyond which unlocking, impulse and lock are not believed: of loud locks, the
# bank leaves as much as the noise.
MOST_LEFT = (1.3, 1.3, 2.0)
# Of beats told together: 1 + FITTED / SNR times the variance. About so many numbers are fitted to a beat (level,
# mixture, drift); on the same takes errors were 1.19, 1.10, 1.04, 1.05, 1.01 and 1.02 times those told at 16, 18, 20,
# 24, 28 and 33 dB.
FITTED = 13.0
BANK_LEFT = 6.0  # left of the means that teach it beyond which it is none


@dataclass(frozen=True, slots=True)
class Timed:
    """One landmark of a side's beats: `time_s` and `sigma_s` [n_beat], NaN where it was not told; `begun_s` is its
    onset after the zero of what it was timed by before, up to a delay that all landmarks of the take share, `left` what
    is left over of each value (1: noise)."""

    time_s: Floats
    sigma_s: Floats
    begun_s: float
    left: float

    @classmethod
    def of(cls, found: Fit, ok: Ints, start_s: Floats, rate_hz: float, most: float) -> Timed | None:
        """The first blow of the beats `ok` as they were `found` after `start_s` [n_beat]; None beyond `most` left."""
        left = float(np.median(found.left))
        if left > most:
            return None
        time_s, sigma_s = np.full((2, len(start_s)), np.nan)
        begun = float(np.median(found.time[:, 0]))
        cost = found.cost()
        middle = float(np.median(cost))
        good = cost < middle + lessons.ODD * float(np.sqrt(2.0 * middle))
        at = ok[good]
        time_s[at] = start_s[at] + (found.time[good, 0] - begun) / rate_hz
        sigma_s[at] = found.sigma[good, 0] * np.sqrt(max(left, 1.0)) / rate_hz
        return cls(time_s, sigma_s, begun / rate_hz, left)

    def second_order(self, heard: Heard) -> Timed:
        """With errors to the second order: noise bends every shape that is fitted to a beat, and with it its slope."""
        return replace(self, sigma_s=self.sigma_s * np.sqrt(1.0 + FITTED / float(np.nanmedian(heard.score)) ** 2))


def time(
    sides: list[Side], samples: Floats, rate_hz: float, quiet: Floats, pole: Complexes, unsure: float
) -> list[list[Timed | None]]:
    """Unlocking, impulse and lock of each side; None where they are not told.

    `pole` [m] are those of the ringing [1/s], `unsure` is the share of noise in it.
    """
    try:
        told = _time(sides, samples, rate_hz, quiet, pole, unsure) if rate_hz >= LOWEST_RATE_HZ else None
    except np.linalg.LinAlgError:  # sound of which no bank can be made
        told = None
    return told or [[None, None, None] for _ in sides]


def ones(
    heard: list[Heard], begun_s: list[float], rate_hz: float, quiet: Floats, pole: Complexes, unsure: float
) -> list[Timed | None]:
    """The one sound of a clock's beats of each side, which begins `begun_s` [side] after the zero of its mean.

    The modes, learnt from the means of both sides, tell what of these is sound and what noise. None where not told.
    """
    try:
        told = _ones(heard, begun_s, rate_hz, quiet, pole, unsure) if rate_hz >= LOWEST_RATE_HZ else None
    except np.linalg.LinAlgError:  # sound of which no bank can be made
        told = None
    return told or [None for _ in heard]


def _ones(
    heard: list[Heard], begun_s: list[float], rate_hz: float, quiet: Floats, pole: Complexes, unsure: float
) -> list[Timed | None] | None:
    oks = [np.flatnonzero(np.isfinite(h.time_s)) for h in heard]
    pole = pole[pole.imag < 2.0 * np.pi * lessons.HIGHEST * rate_hz] / rate_hz
    if min(len(ok) for ok in oks) < ONE_FEWEST or len(pole) < 2:
        return None
    circle = Circle(bank.predictor(quiet))
    windows, zero = [], [h.before for h in heard]
    for h, ok in zip(heard, oks, strict=True):
        at = (h.time_s - h.rows.expected_s)[ok] * rate_hz
        windows.append(white(h.rows, circle, at, h.before + int(ONE_S * rate_hz), ok))
    means = [mean(rows, z) for rows, z in zip(windows, zero, strict=True)]
    begun = lessons.few(circle, means, [at * rate_hz for at in begun_s], Poles.of(pole, unsure))
    out = []
    for h, ok, rows, z, blow in zip(heard, oks, windows, zero, begun.blows, strict=True):
        usual = _usual(blow)
        start, _left = volley.look(rows, z, begun.bank, usual, volley.FAR)
        fit = volley.fit(rows, z, begun.bank, usual, start, ONE_TURNS)
        out.append(Timed.of(fit, ok, h.time_s, rate_hz, MOST_LEFT[0]))
    return out


def _usual(blow: Blow) -> Volley:
    """How beats of one blow mostly are."""
    gain = blow.gain[None]
    return Volley(np.array([blow.time]), np.ones(1), gain, volley.usual(gain))


def _time(
    sides: list[Side], samples: Floats, rate_hz: float, quiet: Floats, pole: Complexes, unsure: float
) -> list[list[Timed | None]] | None:
    if min(len(side.whole()) for side in sides) < FEWEST:
        return None
    circle = Circle(bank.predictor(quiet))
    beats = [Beats(side, samples, rate_hz, quiet, circle) for side in sides]
    poles = Poles.of(_ringing(pole / rate_hz, beats), unsure)
    if len(poles) < 2:
        return None
    means = [mean(b.unlock, b.side.unlock.rows.before) for b in beats]
    begun = lessons.first(circle, means, [b.side.begun_s * rate_hz for b in beats], poles)
    if begun.left > BANK_LEFT:
        return None
    usual = [_usual(blow) for blow in begun.blows]
    beats, few = impulses.learnt(beats, begun.bank, begun.poles, usual)
    own = few.bank
    unlocked = [impulses.unlocked(b, own, v) for b, v in zip(beats, few.usual, strict=True)]
    struck = [impulses.fitted(b, own, found) for b, found in zip(beats, few.struck, strict=True)]
    windows = [b.less_older(b.lock, b.side.lock.time_s, b.side.lock.rows.before, own) for b in beats]
    found = locks.fitted(beats, windows, own, few.lessons, begun.poles, few.doubt < locks.DOUBT)
    out = []
    for s, b in enumerate(beats):
        fits = (b.side.unlock.time_s, unlocked[s]), (b.expected, struck[s]), (b.side.lock.time_s, found[s])
        out.append(
            [
                None if fit is None else Timed.of(fit, b.ok, at, rate_hz, most)
                for (at, fit), most in zip(fits, MOST_LEFT, strict=True)
            ]
        )
    return out


def _ringing(pole: Complexes, beats: list[Beats]) -> Complexes:
    """The poles that ring on after the locks, each mode once."""
    pole = pole[pole.imag < 2.0 * np.pi * lessons.HIGHEST]
    energy = np.zeros(len(pole))
    for b in beats:
        turning = np.exp(pole[:, None] * np.arange(len(b.ring)))
        basis = np.concatenate([turning.real, turning.imag, bank.drift(len(b.ring))])
        amplitude = np.linalg.lstsq(basis.T, b.ring, rcond=1e-9)[0][: 2 * len(pole)]
        energy += (amplitude.reshape(2, -1) ** 2).sum(axis=0) / (-4.0 * pole.real)
    order = [int(i) for i in np.argsort(-energy) if energy[i] > LEAST_RING]
    apart: list[int] = []
    for i in order:
        if all(abs(pole[i] - pole[j]) > -TWIN * pole[j].real for j in apart):
            apart.append(i)
    return pole[np.sort(apart).astype(np.int64)]
