"""Unlocking, impulse and lock of a lever's beats, each timed against all that rings with it.

The unlockings, which stand alone, first teach the bank of the case's modes (`bank`); with it the impulse parts from the
second blow on the jewel (`unravel`, `volley`), whose rings teach the bank better; then the lock parts from banking and
bounce. What earlier blows of a beat leave ringing is taken out of each window as it was found. What does not bear (too
few beats or modes, a bank that leaves too much of the means, blows that leave too much of the beats) gives no times.
Conventions: as in `bank`; times of the interface in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.timing.joint import bank, lessons, sequels, volley
from heartwright.listen.timing.joint.bank import Bank, Circle, Mean, Poles
from heartwright.listen.timing.joint.lessons import Lesson
from heartwright.listen.timing.joint.struck import FEWEST, Beats, Side, places
from heartwright.listen.timing.joint.unravel import Found
from heartwright.listen.timing.joint.volley import Fit, Volley
from heartwright.listen.timing.modal import Complexes
from heartwright.records import Floats

LOWEST_RATE_HZ = 40e3  # below it blows a tenth of a millisecond apart are not parted
LEAST_RING = 1.0  # energy of a mode in the ringing of the mean locks, below which it is none [of a sample's noise]
TWIN = 0.5  # how near poles are that are one mode [of its decay]
LEARNT_FROM = 48  # beats from which what is usual is learnt
# What is left of the beats (1: noise) beyond which blows are not followed further, and beyond which unlocking and
# impulse, and lock, are not believed: of loud locks, the bank leaves as much as the noise.
LOOSE_LEFT, MOST_LEFT = 3.0, (1.3, 1.3, 2.0)
# Turns in which mixtures are told, first with much room, then with as much as they mostly need, at least and at most;
# what must be left of a turn's cost to take another.
KNOWN_TURNS, KNOWN_PAYS = (2, 8), 0.995
TEACHES_MORE = 1.05  # left of locks beyond which they teach the bank
TAUGHT_TURNS, TAUGHT_PAYS = 4, 0.99  # how often at most, and what must be left of it to go on
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
    means = [_mean(b.unlock, b.side.unlock.rows.before) for b in beats]
    begun = lessons.first(circle, means, [b.side.begun_s * rate_hz for b in beats], poles)
    if begun.left > BANK_LEFT:
        return None
    usual = [Volley(np.array([b.time]), np.ones(1), b.gain[None], volley.usual(b.gain[None])) for b in begun.blows]
    beats, few = _impulses(beats, begun.bank, begun.poles, usual)
    own = few.bank
    unlocked = [_unlocked(b, own, v) for b, v in zip(beats, few.usual, strict=True)]
    impulses = [_impulse(b, own, found, volley.settled) for b, found in zip(beats, few.struck, strict=True)]
    windows = [b.less_older(b.lock, b.side.lock.time_s, b.side.lock.rows.before, own) for b in beats]
    locks = _locks(beats, windows, own, sequels.locked(beats, windows, own), few.lessons, begun.poles)
    out = []
    for s, b in enumerate(beats):
        fits = (b.side.unlock.time_s, unlocked[s]), (b.expected, impulses[s]), (b.side.lock.time_s, locks[s])
        out.append(
            [None if fit is None else _timed(b, at, fit, most) for (at, fit), most in zip(fits, MOST_LEFT, strict=True)]
        )
    return out


def _impulses(beats: list[Beats], own: Bank, poles: Poles, usual: list[Volley]) -> tuple[list[Beats], _Learnt]:
    """Beats with their impulses where they are, and what some of them teach."""
    few = _Learnt.of([b.part(LEARNT_FROM) for b in beats], own, poles, usual)
    late = sequels.after_the_second(few.struck, beats[0].rate_hz)
    if late is None:
        return beats, few
    moved = [b.earlier(late[1]) if s == late[0] else b for s, b in enumerate(beats)]
    again = _Learnt.of([b.part(LEARNT_FROM) for b in moved], own, poles, usual)
    alike = (
        all(f is not None for f in again.struck) and sequels.after_the_second(again.struck, beats[0].rate_hz) is None
    )
    return (moved, again) if alike else (beats, few)


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What some beats teach: the bank, how unlockings mostly are (`usual`), how the blows of impulses follow, and the
    lessons it was learnt from."""

    bank: Bank
    usual: list[Volley]
    struck: list[Found | None]
    lessons: list[Lesson]

    @classmethod
    def of(cls, beats: list[Beats], own: Bank, poles: Poles, usual: list[Volley]) -> _Learnt:
        """From some beats of each side. Where one side's impulses do not go with what else is heard, they are looked at
        again with what else is heard."""
        for again in (False, True):
            unlocked = [_unlocked(b, own, v) for b, v in zip(beats, usual, strict=True)]
            struck = sequels.struck(beats, own)
            impulses = [_impulse(b, own, found, volley.looked) for b, found in zip(beats, struck, strict=True)]
            heard = [s for s, fit in enumerate(impulses) if fit is not None]
            sure: list[Lesson] = []
            if not heard:
                break
            for b, fit in zip(beats, unlocked, strict=True):
                sure += lessons.of(fit, b.side.unlock.rows.before, own)
            sides = [
                [] if fit is None else lessons.of(fit, b.rows.before, own)
                for b, fit in zip(beats, impulses, strict=True)
            ]
            taught, agree = lessons.chosen(own, poles, sure, sides)
            sure += [lesson for s in agree for lesson in sides[s]]
            own = taught.bank if taught.left < TAUGHT_LEFT else own
            if again or agree == heard:
                break
        usual = [fit.volley(v) for fit, v in zip(unlocked, usual, strict=True)]
        follow = [
            None if fit is None or found is None else replace(found, volley=fit.volley(found.volley))
            for fit, found in zip(impulses, struck, strict=True)
        ]
        return cls(own, usual, follow, sure)


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


def _mean(windows: Floats, zero: int) -> Mean:
    values = windows.mean(axis=0)
    return Mean(values - values[: zero // 2].mean(), zero, 1.0 / len(windows))


def _unlocked(b: Beats, own: Bank, usual: Volley) -> Fit:
    b.blows.clear()
    start = np.tile(usual.time, (len(b.unlock), 1))
    found = volley.fit(b.unlock, b.side.unlock.rows.before, own, usual, start)
    b.add(b.side.unlock.time_s, found)
    return found


def _impulse(
    b: Beats, own: Bank, found: Found | None, how: Callable[[Floats, int, Bank, Volley, float], Fit]
) -> Fit | None:
    if found is None or found.left > LOOSE_LEFT:
        return None
    windows = b.less_older(b.impulse, b.expected, b.rows.before, own)
    fit = how(windows, b.rows.before, own, found.volley, volley.FAR)
    b.add(b.expected, fit)
    return fit


def _locks(
    beats: list[Beats], windows: list[Floats], own: Bank, found: list[Found | None], known: list[Lesson], poles: Poles
) -> list[Fit | None]:
    """The locks of each side; loud ones that leave much teach the bank too, with the lessons it has had (`known`)."""
    zero = [b.side.lock.rows.before for b in beats]
    usual = [None if f is None or f.left > LOOSE_LEFT else f.volley for f in found]
    some = [rows[places(len(rows), LEARNT_FROM)] for rows in windows]

    def few(bank_now: Bank, now: list[Volley | None]) -> list[Fit | None]:
        return [
            None if v is None else volley.looked(rows, z, bank_now, v, 0.0)
            for rows, z, v in zip(some, zero, now, strict=True)
        ]

    over = np.inf
    for turn in range(KNOWN_TURNS[1]):
        fits = few(own, usual)
        usual = [None if f is None or v is None else f.volley(v) for f, v in zip(fits, usual, strict=True)]
        cost = sum(float(np.median(f.cost())) for f in fits if f is not None)
        if turn >= KNOWN_TURNS[0] and cost > KNOWN_PAYS * over:
            break
        over = cost
    for _turn in range(TAUGHT_TURNS):
        left = [float(np.median(f.left)) for f in fits if f is not None]
        if not left or max(left) < TEACHES_MORE:
            break
        heard = [(fit, z) for fit, z in zip(fits, zero, strict=True) if fit is not None]
        new = [lesson for fit, z in heard for lesson in lessons.of(fit, z, own)]
        better = lessons.again(own, poles, known + new).bank
        again = few(better, usual)
        if sum(float(np.median(f.left)) for f in again if f is not None) > TAUGHT_PAYS * sum(left):
            break
        own, fits = better, again
        usual = [None if f is None or v is None else f.volley(v) for f, v in zip(fits, usual, strict=True)]
    return [
        None if v is None else volley.settled(rows, z, own, v, 0.0)
        for rows, z, v in zip(windows, zero, usual, strict=True)
    ]


def _timed(b: Beats, start_s: Floats, found: Fit, most: float) -> Timed | None:
    """Times of the first blow of all beats."""
    left = float(np.median(found.left))
    if left > most:
        return None
    time_s, sigma_s = np.full((2, len(start_s)), np.nan)
    begun = float(np.median(found.time[:, 0]))
    cost = found.cost()
    middle = float(np.median(cost))
    good = cost < middle + lessons.ODD * float(np.sqrt(2.0 * middle))
    at = b.ok[good]
    time_s[at] = start_s[at] + (found.time[good, 0] - begun) / b.rate_hz
    sigma_s[at] = found.sigma[good, 0] * np.sqrt(max(left, 1.0)) / b.rate_hz
    return Timed(time_s, sigma_s, begun / b.rate_hz, left)
