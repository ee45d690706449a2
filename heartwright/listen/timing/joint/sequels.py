"""How the blows of a landmark follow each other on both sides of a take, and those of impulses in particular.

Both pallets are struck by the same tooth and held by the same pins, so the blows of both sides follow each other nearly
alike, and what one side shows is tried on the other. Where they do not, or one is told badly, the blows are looked for
wherever they may be. Conventions: as in `bank`.
"""

from __future__ import annotations

import numpy as np

from heartwright.listen.timing.joint import unravel
from heartwright.listen.timing.joint.bank import Bank
from heartwright.listen.timing.joint.struck import Beats
from heartwright.listen.timing.joint.unravel import Found, Survey
from heartwright.listen.timing.joint.volley import Volley
from heartwright.records import Floats

SCATTER_S = 15e-6  # by which blows on uneven teeth scatter
SECOND, GRID = (60e-6, 500e-6), 0.5  # how much later than the impulse the second blow comes; steps [samples]
SHOWN, ALIKE, RIVAL = 3, 0.5, 8.0  # times that a side is shown the other's delays, if apart [samples] and it does worse
# Left of a side (1: noise), and how unlike the delays of both are (four sigmas of what uneven teeth make of some
# beats), beyond which blows are looked for everywhere.
UNSURE_LEFT, UNLIKE_S = 1.2, 20e-6


def struck(beats: list[Beats], own: Bank) -> list[Found | None]:
    """How impulse and second blow follow each other on each side."""
    heard = [b for b in beats if b.hears]
    surveys = [_survey(b, own) for b in heard]
    tried = [unravel.seconds(seen, (*_later(b), GRID)) for b, seen in zip(heard, surveys, strict=True)]
    out = shown(surveys, tried, own)
    _everywhere(surveys, out, own, UNLIKE_S * beats[0].rate_hz, _later(beats[0]))
    found = iter(out)
    return [next(found) if b.hears else None for b in beats]


def others(b: Beats, own: Bank) -> list[Found]:
    """How impulse and second blow of a side may follow each other wherever they are, the likeliest first."""
    if not b.hears:
        return []
    seen = _survey(b, own)
    return unravel.judged(seen, own, unravel.everywhere(seen, _later(b), []))


def _survey(b: Beats, own: Bank) -> Survey:
    banks = [own, own.blurred(SCATTER_S * b.rate_hz)]
    return unravel.survey(b.alike_less_older(own), b.rows.before, banks, b.side.alone_s[0] * b.rate_hz)


def _later(b: Beats) -> tuple[float, float]:
    """How much later than the impulse the second blow comes [samples]."""
    return SECOND[0] * b.rate_hz, SECOND[1] * b.rate_hz


def after_the_second(found: list[Found | None], rate_hz: float) -> list[tuple[int, float]]:
    """Sides whose impulses may have been taken for those that come second, and how much sooner they then are [s].

    That is either side where both are told, but not alike; the worse told one first.
    """
    told = [f for f in found if f is not None]
    if len(told) < 2 or len(told) < len(found):
        return []
    behind = [float(f.volley.behind[0]) / rate_hz for f in told]
    if abs(behind[1] - behind[0]) <= 2.0 * UNLIKE_S:
        return []
    return [(side, behind[1 - side]) for side in reversed(order(found))]


def shown(surveys: list[Survey], tried: list[list[Floats]], own: Bank) -> list[Found | None]:
    """How blows follow each other on the sides surveyed; what one side shows is tried on the other."""
    out = [
        _best(seen, own, [one for delay in some for one in unravel.shown(seen, delay)])
        for seen, some in zip(surveys, tried, strict=True)
    ]
    side = int(len(out) == 2 and np.argmax([np.inf if f is None else f.score for f in out]))
    for _turn in range(SHOWN if len(out) == 2 else 0):
        other, mine = out[1 - side], out[side]
        if other is not None:
            behind = other.volley.behind
            if mine is None or (mine.score > other.score + RIVAL and np.abs(mine.volley.behind - behind).max() > ALIKE):
                out[side] = _best(surveys[side], own, unravel.shown(surveys[side], behind), mine)
        side = 1 - side
    return [None if f is None else unravel.settled(seen, own, f) for seen, f in zip(surveys, out, strict=True)]


def _best(seen: Survey, own: Bank, tried: list[Volley], known: Found | None = None) -> Found | None:
    """The best of what is tried and `known`."""
    found = unravel.judged(seen, own, tried)
    return found[0] if found and (known is None or found[0].score < known.score) else known


def _everywhere(
    surveys: list[Survey], out: list[Found | None], own: Bank, unlike: float, later: tuple[float, float]
) -> None:
    """Looks for all blows wherever they may be on sides of `out` that are told badly, until both sides are alike.

    Sides are `unlike` if their delays differ by more than that [samples].
    """
    for s in reversed(order(out)):
        if _sure(out, unlike):
            return
        known, seen = out[s], surveys[s]
        others = [f.volley.behind for f in out if f is not None and f is not known]
        found = _best(seen, own, unravel.everywhere(seen, later, others), known)
        if found is not None and found is not known:
            found = unravel.settled(seen, own, found)
            out[s] = found if known is None or found.score < known.score - RIVAL else known


def order(found: list[Found | None]) -> list[int]:
    """The sides, the best told one first."""
    return sorted(range(len(found)), key=lambda s: _left(found[s]))


def _left(found: Found | None) -> float:
    return np.inf if found is None else found.left


def _sure(out: list[Found | None], unlike: float) -> bool:
    """Whether all sides are told, well, and alike."""
    left = [_left(f) for f in out]
    behind = np.array([f.volley.behind for f in out if f is not None])
    return max(left) < UNSURE_LEFT and float(np.ptp(behind, axis=0).max()) < unlike
