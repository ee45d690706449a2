"""How the blows of a landmark follow each other on both sides of a take.

Both pallets are struck by the same tooth and held by the same pins, so the blows of both sides follow each other nearly
alike, and what one side shows is tried on the other. Where they do not, or one is told badly, the blows are looked for
wherever they may be. Conventions: as in `bank`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from heartwright.listen.timing.joint import unravel
from heartwright.listen.timing.joint.bank import Bank
from heartwright.listen.timing.joint.struck import Beats
from heartwright.listen.timing.joint.unravel import Found, Survey
from heartwright.records import Floats

SCATTER_S = 15e-6  # by which blows on uneven teeth scatter
SECOND, GRID = (60e-6, 500e-6), 0.5  # how much later than the impulse the second blow comes; steps [samples]
LATER_SPANS = (0.007, 0.075)  # when the blows after a lock come [spans from unlocking to lock]
SHOWN, ALIKE, RIVAL = 3, 0.5, 8.0  # times that a side is shown the other's delays, if apart [samples] and it does worse
# Left of a side (1: noise), how much more than the other's, and how unlike the delays of both are (four sigmas of what
# uneven teeth make of some beats), beyond which blows are looked for everywhere.
UNSURE_LEFT, UNEQUAL, UNLIKE_S = 2.5, 1.25, 20e-6


def struck(beats: list[Beats], own: Bank) -> list[Found | None]:
    """How impulse and second blow follow each other on each side."""
    surveys, tried, rate = [], [], beats[0].rate_hz
    later = SECOND[0] * rate, SECOND[1] * rate
    banks = [own, own.blurred(SCATTER_S * rate)]
    for b in beats:
        if not b.hears:
            continue
        zero = b.rows.before
        windows = b.less_older(b.impulse, b.expected, zero, own)
        n = windows.shape[1]
        size = next_fast_len(n + 64, real=True)
        turn = np.exp(2j * np.pi * rfftfreq(size) * b.aligned[:, None])
        windows = irfft(rfft(windows, size, axis=1) * turn, size, axis=1)[:, :n]
        seen = unravel.survey(windows, zero, banks, b.side.alone_s[0] * rate)
        surveys.append(seen)
        tried.append(unravel.seconds(seen, (*later, GRID)))
    out = _shown(surveys, tried, own)
    _everywhere(surveys, out, own, UNLIKE_S * rate, lambda seen: unravel.pairs(seen, later))
    found = iter(out)
    return [next(found) if b.hears else None for b in beats]


def after_the_second(found: list[Found | None], rate_hz: float) -> tuple[int, float] | None:
    """The side whose impulses may have been taken for those that come second, and how much sooner they then are [s].

    That is where both sides are told, but not alike: the worse told one.
    """
    told = [f for f in found if f is not None]
    if len(told) < 2 or len(told) < len(found):
        return None
    behind = [float(f.volley.behind[0]) / rate_hz for f in told]
    worse = int(np.argmax([f.left for f in told]))
    return (worse, behind[1 - worse]) if abs(behind[1] - behind[0]) > 2.0 * UNLIKE_S else None


def locked(beats: list[Beats], windows: list[Floats], own: Bank) -> list[Found | None]:
    """How lock, banking and bounce follow each other on each side, in its `windows` [beat, n]."""
    if any(len(b.side.after_s) != 2 for b in beats):
        return [None for _ in beats]
    rate = beats[0].rate_hz
    banks = [own, own.blurred(SCATTER_S * rate), own.blurred(SCATTER_S * rate * float(np.sqrt(2.0)))]
    surveys = [
        unravel.survey(rows, b.side.lock.rows.before, banks, b.side.alone_s[1] * rate)
        for b, rows in zip(beats, windows, strict=True)
    ]
    out = _shown(surveys, [[np.sort(b.side.after_s) * rate] for b in beats], own)
    span = float(np.mean([np.median((b.side.lock.time_s - b.side.unlock.time_s)[b.ok]) for b in beats])) * rate
    later = LATER_SPANS[0] * span, LATER_SPANS[1] * span
    _everywhere(surveys, out, own, UNLIKE_S * rate, lambda seen: unravel.triples(seen, later))
    return out


def _shown(surveys: list[Survey], tried: list[list[Floats]], own: Bank) -> list[Found | None]:
    """How blows follow each other on the sides surveyed; what one side shows is tried on the other."""
    out = [unravel.judged(seen, own, some, None) for seen, some in zip(surveys, tried, strict=True)]
    side = int(len(out) == 2 and np.argmax([np.inf if f is None else f.score for f in out]))
    for _turn in range(SHOWN if len(out) == 2 else 0):
        other, mine = out[1 - side], out[side]
        if other is not None:
            behind = other.volley.behind
            if mine is None or (mine.score > other.score + RIVAL and np.abs(mine.volley.behind - behind).max() > ALIKE):
                out[side] = unravel.judged(surveys[side], own, [behind], mine)
        side = 1 - side
    return [None if f is None else unravel.settled(seen, own, f) for seen, f in zip(surveys, out, strict=True)]


def _everywhere(
    surveys: list[Survey],
    out: list[Found | None],
    own: Bank,
    unlike: float,
    likely: Callable[[Survey], list[tuple[float, Floats]]],
) -> None:
    """Looks for all blows wherever they may be on sides of `out` that are told badly, until both sides are alike.

    First for those that follow as on the other side, then for `likely` ones. Sides are `unlike` if their delays differ
    by more than that [samples].
    """
    for s in sorted(range(len(out)), key=lambda s: -_left(out[s])):
        for others in (True, False):
            if _sure(out, unlike):
                return
            known, seen = out[s], surveys[s]
            shown = [f.volley.behind for f in out if f is not None and f is not known]
            tried = [one for delay in shown for one in unravel.firsts(seen, delay)] if others else likely(seen)
            found = known
            for first, delay in tried:
                found = unravel.judged(replace(seen, firsts=[first]), own, [delay], found)
            if found is not None and found is not known:
                found = unravel.settled(seen, own, found)
                margin = 0.0 if others else RIVAL  # what goes with the other side needs no more than to be likelier
                out[s] = found if known is None or found.score < known.score - margin else known


def _left(found: Found | None) -> float:
    return np.inf if found is None else found.left


def _sure(out: list[Found | None], unlike: float) -> bool:
    """Whether all sides are told, well, and alike."""
    left = [_left(f) for f in out]
    behind = np.array([f.volley.behind for f in out if f is not None])
    return max(left) < min(UNSURE_LEFT, UNEQUAL * min(left)) and float(np.ptp(behind, axis=0).max()) < unlike
