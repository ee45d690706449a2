"""Unlocking, impulse and lock of a lever's beats, each timed against all that rings with it.

The unlockings, which stand alone, first teach the bank of the case's modes (`bank`); with it the impulse parts from the
second blow on the jewel (`unravel`, `volley`), whose rings teach the bank better; then the lock parts from banking and
bounce. What earlier blows of a beat leave ringing is taken out of each window as it was found. What does not bear (too
few beats or modes, a bank that leaves too much of the means, blows that leave too much of the beats) gives no times.
Conventions: as in `bank`; times of the interface in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from heartwright.listen.timing.coherent import Heard
from heartwright.listen.timing.joint import bank, lessons, locks, sequels, volley
from heartwright.listen.timing.joint.bank import Bank, Blow, Circle, Poles
from heartwright.listen.timing.joint.learning import Lesson
from heartwright.listen.timing.joint.struck import FEWEST, LEARNT_FROM, Beats, Side, mean, white
from heartwright.listen.timing.joint.unravel import Found
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
# Turns in which impulses teach, left of them beyond which they do not, and what must be left after a turn to go on.
TAUGHT_TURNS, TEACHES_LEFT, TAUGHT_PAYS = 3, 20.0, 0.98
# Of beats told together: 1 + FITTED / SNR times the variance. About so many numbers are fitted to a beat (level,
# mixture, drift); on the same takes errors were 1.19, 1.10, 1.04, 1.05, 1.01 and 1.02 times those told at 16, 18, 20,
# 24, 28 and 33 dB.
FITTED = 13.0
# Left of the means of unlockings and impulses beyond which the impulses were parted wrongly (of 180 made takes of three
# cases at 16 to 40 dB, seeds of 7,000 and on: 0.4 to 0.95 where they were parted well, else 1.1 and more), and what
# must be left of it to part them otherwise.
LEARNT_LEFT, LEARNT_PAYS = 0.9, 0.8
# Ways of a side that teach, those that are paired with the other's, and what it costs to be unlike.
WAYS, LIKELY, UNLIKE_COSTS = 6, 4, 0.1
BANK_LEFT, TAUGHT_LEFT = 6.0, 3.0  # left of the means that teach it beyond which it is none, with more no better


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
    begun = lessons.first(circle, means, [at * rate_hz for at in begun_s], Poles.of(pole, unsure))
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
    beats, few = _impulses(beats, begun.bank, begun.poles, usual)
    own = few.bank
    unlocked = [_unlocked(b, own, v) for b, v in zip(beats, few.usual, strict=True)]
    impulses = [
        _impulse(b, own, found, volley.settled, locks.LOOSE_LEFT) for b, found in zip(beats, few.struck, strict=True)
    ]
    windows = [b.less_older(b.lock, b.side.lock.time_s, b.side.lock.rows.before, own) for b in beats]
    found = locks.fitted(beats, windows, own, few.lessons, begun.poles)
    out = []
    for s, b in enumerate(beats):
        fits = (b.side.unlock.time_s, unlocked[s]), (b.expected, impulses[s]), (b.side.lock.time_s, found[s])
        out.append(
            [
                None if fit is None else Timed.of(fit, b.ok, at, rate_hz, most)
                for (at, fit), most in zip(fits, MOST_LEFT, strict=True)
            ]
        )
    return out


def _impulses(beats: list[Beats], own: Bank, poles: Poles, usual: list[Volley]) -> tuple[list[Beats], _Learnt]:
    """Beats with their impulses where they are, and what some of them teach."""
    rate = beats[0].rate_hz
    best = beats, _Learnt.of([b.part(LEARNT_FROM) for b in beats], own, poles, usual)
    for side, sooner_s in sequels.after_the_second(best[1].struck, rate):
        moved = [b.earlier(sooner_s) if s == side else b for s, b in enumerate(beats)]
        few = _Learnt.of([b.part(LEARNT_FROM) for b in moved], own, poles, usual)
        alike = all(f is not None for f in few.struck) and not sequels.after_the_second(few.struck, rate)
        if alike and few.left < max(best[1].left, LEARNT_LEFT):
            best = moved, few
            if few.left < LEARNT_LEFT:
                break
    return best


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What some beats teach: the bank, how unlockings mostly are (`usual`), how the blows of impulses follow, the
    lessons it was learnt from, and what it leaves of them (1: noise)."""

    bank: Bank
    usual: list[Volley]
    struck: list[Found | None]
    lessons: list[Lesson]
    left: float

    @classmethod
    def of(cls, beats: list[Beats], own: Bank, poles: Poles, usual: list[Volley]) -> _Learnt:
        """From some beats of each side. Where the bank leaves much of the impulses, they are looked at again with what
        they taught, until that pays no longer."""
        over, before, taught_left = np.inf, own, np.inf
        sure: list[Lesson] = []
        for _turn in range(TAUGHT_TURNS):
            now = [_unlocked(b, own, v) for b, v in zip(beats, usual, strict=True)]
            found = sequels.struck(beats, own)
            left = [f.left for f in found if f is not None]
            if sum(left) > TAUGHT_PAYS * over:
                own = own if sum(left) < over else before
                break
            over, before, unlocked, struck = sum(left), own, now, found
            impulses = [_impulse(b, own, f, volley.looked, TEACHES_LEFT) for b, f in zip(beats, struck, strict=True)]
            if all(fit is None for fit in impulses):
                break
            sure = [lessons.of(fit, b.side.unlock.rows.before, own) for b, fit in zip(beats, unlocked, strict=True)]
            sides = [
                None if fit is None else lessons.of(fit, b.rows.before, own)
                for b, fit in zip(beats, impulses, strict=True)
            ]
            taught, agree = lessons.chosen(own, poles, sure, sides)
            if taught.left > LEARNT_LEFT and not np.isfinite(taught_left):
                tried = _likeliest(beats, own, poles, sure)
                again, fit_in = lessons.chosen(own, poles, sure, [None if one is None else one.lesson for one in tried])
                if again.left < LEARNT_PAYS * taught.left:
                    taught, agree = again, fit_in
                    struck = [None if one is None else one.found for one in tried]
                    impulses = [None if one is None else one.fit for one in tried]
                    sides = [None if one is None else one.lesson for one in tried]
            sure += [lesson for s, lesson in enumerate(sides) if lesson is not None and s in agree]
            taught_left = taught.left
            well = max(left) < sequels.UNSURE_LEFT
            own = own if well and taught.left > TAUGHT_LEFT else taught.bank
            if well:
                break
        usual = [fit.volley(v) for fit, v in zip(unlocked, usual, strict=True)]
        follow = [
            None if fit is None or found is None else replace(found, volley=fit.volley(found.volley))
            for fit, found in zip(impulses, struck, strict=True)
        ]
        return cls(own, usual, follow, sure, taught_left)


@dataclass(frozen=True, slots=True)
class _Tried:
    """How impulses of a side may be struck, the beats fitted so, what they teach, and how `dear` that is: what is left
    of all lessons, and what most beats cost [of what noise would be, each]."""

    found: Found
    fit: Fit
    lesson: Lesson
    dear: float


def _likeliest(beats: list[Beats], own: Bank, poles: Poles, sure: list[Lesson]) -> list[_Tried | None]:
    """The ways in which impulses may be struck whose lessons go best with `sure` ones, sides alike if they can be."""
    unlike = sequels.UNLIKE_S * beats[0].rate_hz

    def dear(ways: Iterable[_Tried | None]) -> float:
        told = [way for way in ways if way is not None]
        apart = np.ptp([way.found.volley.behind[0] for way in told]) if told else 0.0
        return sum(way.dear for way in told) + (UNLIKE_COSTS if apart > unlike else 0.0)

    each: list[list[_Tried | None]] = []
    for b in beats:
        ways = sorted(_ways(b, own, poles, sure), key=lambda way: way.dear)
        each.append([*ways[:LIKELY]] or [None])
    return list(min(product(*each), key=dear))


def _ways(b: Beats, own: Bank, poles: Poles, sure: list[Lesson]) -> list[_Tried]:
    """All likely ways in which a side's impulses may be struck."""
    del b.blows[1:]  # all but the unlockings
    out = []
    for found in sequels.others(b, own)[:WAYS]:
        fit = _fitted(b, own, found, volley.looked)
        lesson = lessons.of(fit, b.rows.before, own)
        left = lessons.again(own, poles, [*sure, lesson]).left
        out.append(_Tried(found, fit, lesson, left + float(np.median(fit.cost())) / fit.values))
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


def _unlocked(b: Beats, own: Bank, usual: Volley) -> Fit:
    b.blows.clear()
    start = np.tile(usual.time, (len(b.unlock), 1))
    found = volley.fit(b.unlock, b.side.unlock.rows.before, own, usual, start)
    b.add(b.side.unlock.time_s, found)
    return found


def _impulse(
    b: Beats, own: Bank, found: Found | None, how: Callable[[Floats, int, Bank, Volley, float], Fit], most: float
) -> Fit | None:
    if found is None or found.left > most:
        return None
    fit = _fitted(b, own, found, how)
    b.add(b.expected, fit)
    return fit


def _fitted(b: Beats, own: Bank, found: Found, how: Callable[[Floats, int, Bank, Volley, float], Fit]) -> Fit:
    windows = b.less_older(b.impulse, b.expected, b.rows.before, own)
    return how(windows, b.rows.before, own, found.volley, volley.FAR)
