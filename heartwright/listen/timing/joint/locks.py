"""How lock, banking and bounce follow each other on each side, and their times in every beat.

They are looked for at first where the banking is heard. Twice the negative log posterior of a beat, at its least, is on
average no more than the beat has values, where the model is right and blows differ no more than its priors say. Locks
that cost more, or follow otherwise on one side than on the other, are looked for wherever their blows may be, and the
likeliest volleys are told in full until one costs no more. Conventions: as in `bank`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen.timing.joint import lessons, sequels, unravel, volley
from heartwright.listen.timing.joint.bank import Bank, Poles
from heartwright.listen.timing.joint.learning import Lesson
from heartwright.listen.timing.joint.struck import LEARNT_FROM, Beats, places
from heartwright.listen.timing.joint.unravel import Found, Survey
from heartwright.listen.timing.joint.volley import Fit, Volley
from heartwright.records import Floats

LATER_SPANS = (0.007, 0.075)  # when the blows after a lock come [spans from unlocking to lock]
LOOSE_LEFT = 3.0  # what is left of the beats (1: noise) beyond which blows are not followed further
# Turns in which mixtures are told, first with much room, then with as much as they mostly need, at least and at most;
# what must be left of a turn's cost to take another.
TOLD_TURNS, TOLD_PAYS = (3, 8), 0.995
DOUBT = 3.0  # sigmas by which most beats cost more than they should, beyond which they are doubted
TAUGHT_TURNS, TAUGHT_PAYS = (
    4,
    0.99,
)  # how often locks teach the bank at most, and what must be left of their cost to go on


@dataclass(frozen=True, slots=True)
class _Told:
    """How blows of a side follow each other as some of its beats tell, these beats, and what they mostly cost."""

    volley: Volley
    fit: Fit
    cost: float

    @classmethod
    def of(cls, rows: Floats, zero: int, own: Bank, found: Volley) -> _Told:
        """From how they were found; mixtures are told until that pays no longer."""
        out = cls.by(rows, zero, own, found)
        for turn in range(1, TOLD_TURNS[1]):
            before = out.cost
            out = cls.by(rows, zero, own, out.volley)
            if turn >= TOLD_TURNS[0] - 1 and out.cost > TOLD_PAYS * before:
                break
        return out

    @classmethod
    def by(cls, rows: Floats, zero: int, own: Bank, found: Volley) -> _Told:
        """As windows [beat, n] that are looked at with the volley `found` have it."""
        fit = volley.looked(rows, zero, own, found, 0.0)
        return cls(fit.volley(found), fit, float(np.median(fit.cost())))


def fitted(
    beats: list[Beats], windows: list[Floats], own: Bank, known: list[Lesson], poles: Poles, holds: bool
) -> list[Fit | None]:
    """The locks of each side in its `windows` [beat, n]; doubtful ones teach the bank too, with the lessons it has had
    (`known`). What locks cost says no more where the model does not hold (`holds`) for unlockings, either."""
    if any(len(b.side.after_s) != 2 for b in beats):
        return [None for _ in beats]
    zero = [b.side.lock.rows.before for b in beats]
    some = [rows[places(len(rows), LEARNT_FROM)] for rows in windows]
    told, own = _taught(some, zero, own, _followed(beats, windows, some, own, holds), known, poles)
    return [
        None if one is None else volley.settled(rows, z, own, one.volley, 0.0)
        for rows, z, one in zip(windows, zero, told, strict=True)
    ]


def _followed(
    beats: list[Beats], windows: list[Floats], some: list[Floats], own: Bank, holds: bool
) -> list[_Told | None]:
    """How the blows of each side follow, as `some` of its windows tell."""
    rate = beats[0].rate_hz
    banks = [own, own.blurred(sequels.SCATTER_S * rate), own.blurred(sequels.SCATTER_S * rate * float(np.sqrt(2.0)))]
    surveys = [
        unravel.survey(rows, b.side.lock.rows.before, banks, b.side.alone_s[1] * rate)
        for b, rows in zip(beats, windows, strict=True)
    ]
    found = sequels.shown(surveys, [[np.sort(b.side.after_s) * rate] for b in beats], own)
    span = float(np.mean([np.median((b.side.lock.time_s - b.side.unlock.time_s)[b.ok]) for b in beats])) * rate
    later = LATER_SPANS[0] * span, LATER_SPANS[1] * span
    told: list[_Told | None] = [None for _ in beats]
    for s in sequels.order(found):
        shown = [one.volley.behind for one in told if one is not None]
        told[s] = _best(surveys[s], some[s], own, found[s], shown, later, sequels.UNLIKE_S * rate, holds)
    return told


def _best(
    seen: Survey,
    rows: Floats,
    own: Bank,
    found: Found | None,
    shown: list[Floats],
    later: tuple[float, float],
    unlike: float,
    holds: bool,
) -> _Told | None:
    """The likeliest of what was `found` and, where that is doubtful, of volleys whose blows may be anywhere.

    Delays that differ by more than `unlike` [samples] from what the other side has `shown` must be likelier by what is
    doubtful.
    """
    zero = seen.mean.zero

    def doubt(one: _Told) -> float:
        apart = max((float(np.abs(one.volley.behind - behind).max()) for behind in shown), default=0.0)
        return one.fit.doubt + (DOUBT if apart > unlike else 0.0)

    best = None if found is None else _Told.of(rows, zero, own, found.volley)
    if best is None or (holds and doubt(best) > DOUBT):
        for other in unravel.judged(seen, own, unravel.everywhere(seen, later, shown)):
            one = _Told.of(rows, zero, own, other.volley)
            best = one if best is None or doubt(one) < doubt(best) else best
            if doubt(best) < DOUBT:
                break
    return best if best is not None and float(np.median(best.fit.left)) < LOOSE_LEFT else None


def _taught(
    some: list[Floats], zero: list[int], own: Bank, told: list[_Told | None], known: list[Lesson], poles: Poles
) -> tuple[list[_Told | None], Bank]:
    """The same with what doubtful locks teach the bank, and the bank."""
    for _turn in range(TAUGHT_TURNS):
        heard = [(s, one) for s, one in enumerate(told) if one is not None]
        if not heard or max(one.fit.doubt for _s, one in heard) < DOUBT:
            break
        new = [lessons.of(one.fit, zero[s], own) for s, one in heard]
        better = lessons.again(own, poles, known + new).bank
        again = [_Told.by(some[s], zero[s], better, one.volley) for s, one in heard]
        if sum(one.cost for one in again) > TAUGHT_PAYS * sum(one.cost for _s, one in heard):
            break
        own = better
        for (s, _one), one in zip(heard, again, strict=True):
            told[s] = one
    return told, own
