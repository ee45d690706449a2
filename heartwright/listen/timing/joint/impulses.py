"""How impulse and second blow follow each other on each side, as some beats tell, and what they teach.

What they teach is the bank, and whether it goes together with what the unlockings teach tells whether the impulses were
parted well. Where not, other ways in which they may be struck are tried; where one side's second blow was taken for its
first, its windows move. Conventions: as in `bank`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from heartwright.listen.timing.joint import lessons, locks, sequels, volley
from heartwright.listen.timing.joint.bank import Bank, Poles
from heartwright.listen.timing.joint.learning import Lesson
from heartwright.listen.timing.joint.lessons import Taught
from heartwright.listen.timing.joint.struck import LEARNT_FROM, Beats
from heartwright.listen.timing.joint.unravel import Found
from heartwright.listen.timing.joint.volley import Fit, Volley

# Turns in which impulses teach, left of them beyond which they do not, and what must be left after a turn to go on.
TAUGHT_TURNS, TEACHES_LEFT, TAUGHT_PAYS = 3, 20.0, 0.98
# Left of the means of unlockings and impulses beyond which the impulses were parted wrongly (of 180 made takes of three
# cases at 16 to 40 dB, seeds of 7,000 and on: 0.4 to 0.95 where they were parted well, else 0.94 and more), and what
# must be left of it to part them otherwise.
LEARNT_LEFT, LEARNT_PAYS = 0.9, 0.8
# Ways of a side that teach, those that are paired with the other's, and what it costs to be unlike.
WAYS, LIKELY, UNLIKE_COSTS = 6, 4, 0.1
TAUGHT_LEFT = 3.0  # left of the means that teach the bank with more beyond which it is no better


@dataclass(frozen=True, slots=True)
class Learnt:
    """What some beats teach: the bank, how unlockings mostly are (`usual`), how the blows of impulses follow, the
    lessons it was learnt from, what it leaves of them (1: noise), and by how much the worse side's unlockings cost more
    than they should (`doubt` [sigmas])."""

    bank: Bank
    usual: list[Volley]
    struck: list[Found | None]
    lessons: list[Lesson]
    left: float
    doubt: float

    @classmethod
    def of(cls, beats: list[Beats], own: Bank, poles: Poles, usual: list[Volley]) -> Learnt:
        """From some beats of each side. Where the bank leaves much of the impulses, they are looked at again with what
        they taught, until that pays no longer."""
        over, before, taught_left = np.inf, own, np.inf
        sure: list[Lesson] = []
        for _turn in range(TAUGHT_TURNS):
            now = [unlocked(b, own, v) for b, v in zip(beats, usual, strict=True)]
            found = sequels.struck(beats, own)
            left = [f.left for f in found if f is not None]
            if sum(left) > TAUGHT_PAYS * over:
                own = own if sum(left) < over else before
                break
            over, before, unlocks = sum(left), own, now
            ways = [_Way.of(b, own, f) for b, f in zip(beats, found, strict=True)]
            if all(way is None for way in ways):
                break
            sure = [lessons.of(fit, b.side.unlock.rows.before, own) for b, fit in zip(beats, unlocks, strict=True)]
            taught, agree = _chosen(own, poles, sure, ways)
            if taught.left > LEARNT_LEFT and not np.isfinite(taught_left):
                others = _likeliest(beats, own, poles, sure)
                again, also = _chosen(own, poles, sure, others)
                if again.left < LEARNT_PAYS * taught.left:
                    taught, agree, ways = again, also, others
            sure += [way.lesson for s, way in enumerate(ways) if way is not None and s in agree]
            taught_left = taught.left
            well = max(left) < sequels.UNSURE_LEFT
            own = own if well and taught.left > TAUGHT_LEFT else taught.bank
            if well:
                break
        usual = [fit.volley(v) for fit, v in zip(unlocks, usual, strict=True)]
        struck = [None if way is None else replace(way.found, volley=way.fit.volley(way.found.volley)) for way in ways]
        return cls(own, usual, struck, sure, taught_left, max(fit.doubt for fit in unlocks))


def learnt(beats: list[Beats], own: Bank, poles: Poles, usual: list[Volley]) -> tuple[list[Beats], Learnt]:
    """Beats with their impulses where they are, and what some of them teach."""
    rate = beats[0].rate_hz
    best = beats, Learnt.of([b.part(LEARNT_FROM) for b in beats], own, poles, usual)
    for side, sooner_s in sequels.after_the_second(best[1].struck, rate):
        moved = [b.earlier(sooner_s) if s == side else b for s, b in enumerate(beats)]
        few = Learnt.of([b.part(LEARNT_FROM) for b in moved], own, poles, usual)
        alike = all(f is not None for f in few.struck) and not sequels.after_the_second(few.struck, rate)
        if alike and few.left < max(best[1].left, LEARNT_LEFT):
            best = moved, few
            if few.left < LEARNT_LEFT:
                break
    return best


def unlocked(b: Beats, own: Bank, usual: Volley) -> Fit:
    """The unlockings of beats, the first of their blows."""
    b.blows.clear()
    start = np.tile(usual.time, (len(b.unlock), 1))
    found = volley.fit(b.unlock, b.side.unlock.rows.before, own, usual, start)
    b.add(b.side.unlock.time_s, found)
    return found


def fitted(b: Beats, own: Bank, found: Found | None) -> Fit | None:
    """The impulses of beats, as they were `found` to be struck."""
    if found is None or found.left > locks.LOOSE_LEFT:
        return None
    windows = b.less_older(b.impulse, b.expected, b.rows.before, own)
    fit = volley.settled(windows, b.rows.before, own, found.volley, volley.FAR)
    b.add(b.expected, fit)
    return fit


@dataclass(frozen=True, slots=True)
class _Way:
    """How impulses of a side may be struck, the beats fitted so, and what they teach."""

    found: Found
    fit: Fit
    lesson: Lesson

    @classmethod
    def of(cls, b: Beats, own: Bank, found: Found | None) -> _Way | None:
        """Of beats whose impulses were `found`; None where these leave too much."""
        if found is None or found.left > TEACHES_LEFT:
            return None
        windows = b.less_older(b.impulse, b.expected, b.rows.before, own)
        fit = volley.looked(windows, b.rows.before, own, found.volley, volley.FAR)
        return cls(found, fit, lessons.of(fit, b.rows.before, own))


def _chosen(own: Bank, poles: Poles, sure: list[Lesson], ways: list[_Way | None]) -> tuple[Taught, list[int]]:
    """The bank that `sure` lessons teach with those of the sides, and the sides that go with them."""
    return lessons.chosen(own, poles, sure, [None if way is None else way.lesson for way in ways])


def _likeliest(beats: list[Beats], own: Bank, poles: Poles, sure: list[Lesson]) -> list[_Way | None]:
    """The ways in which impulses may be struck whose lessons go best with `sure` ones, sides alike if they can be."""
    unlike = sequels.UNLIKE_S * beats[0].rate_hz

    def dear(pair: Iterable[tuple[float, _Way | None]]) -> float:
        behind = [way.found.volley.behind[0] for _dear, way in pair if way is not None]
        apart = np.ptp(behind) if behind else 0.0
        return sum(dear for dear, _way in pair) + (UNLIKE_COSTS if apart > unlike else 0.0)

    each = [_ways(b, own, poles, sure)[:LIKELY] or [(0.0, None)] for b in beats]
    return [way for _dear, way in min(product(*each), key=dear)]


def _ways(b: Beats, own: Bank, poles: Poles, sure: list[Lesson]) -> list[tuple[float, _Way | None]]:
    """Likely ways in which a side's impulses may be struck, and how dear they are, the least dear first.

    That is what is left of all lessons, and what most beats cost [of what noise would be, each].
    """
    out: list[tuple[float, _Way | None]] = []
    for found in sequels.others(b, own)[:WAYS]:
        way = _Way.of(b, own, found)
        if way is not None:
            left = lessons.again(own, poles, [*sure, way.lesson]).left
            out.append((left + float(np.median(way.fit.cost())) / way.fit.values, way))
    return sorted(out, key=lambda one: one[0])
