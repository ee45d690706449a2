"""The sounds of each beat of a take at 50 kHz and below, each timed by its own waveform (`coherent`).

Such a take has not the bandwidth to part the banking from the lock, but unlocking, impulse and lock stand in windows of
their own. The lock is timed first; the unlocking is looked for where the mean beat has it before the lock, the impulse
between them. What is not heard is not timed: where too few beats show an unlocking, the beats are timed by the lock
alone, and a beat in which a sound is lost in the noise has none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.beat.track import Chain
from heartwright.listen.timing import coherent, locked
from heartwright.listen.timing.coherent import Heard, Window
from heartwright.listen.timing.joint import timed, unravel
from heartwright.listen.timing.joint.struck import Side
from heartwright.listen.timing.joint.timed import Timed
from heartwright.listen.timing.locked import Sounds
from heartwright.listen.timing.modal import Complexes
from heartwright.listen.timing.onset import means
from heartwright.listen.timing.onset.origin import Origin
from heartwright.listen.timing.peaks import neighbours
from heartwright.listen.timing.shape import SLOWEST_LEVER_S, Shape
from heartwright.records import Floats, Ints

FEWEST_A_SIDE = 8
HEARD, CLEARLY = 0.6, 0.9  # share of the beats that must show a sound, and one that they are timed by
# How far a beat stands from its neighbours [s; of most beats'] beyond which it is looked for where they have it.
ODD_S, ODD = 100e-6, 8.0
AWAY = 14.0  # twice the log odds against a beat that comes so far from its neighbours, as in `peaks`
FAINTEST = 5.0  # height of most unlockings' correlation, in sigmas, below which beats are not timed by them
MOST_LEFT = 0.35  # spread about the neighbours beyond which a sound is noise [of what noise alone would show]
IMPULSE = Window(reach_s=0.35e-3, before_s=0.3e-3, after_s=0.9e-3)
IMPULSE_OWN_S = 0.18e-3
IMPULSES = 64  # beats a side that tell where the impulses are
UNLOCK_REACH = 0.12  # how far the span from unlocking to lock wanders [share of the span]
MOST_DOUBT_S = 12e-6  # of the onset of the mean unlocking, beyond which it is none
# Height of a lock [sigmas] and what is left of its blows (1: noise) beyond and below which it is never better alone
# (made takes of three cases, seeds of 1,000 and on).
LOUD, SURELY_LEFT = 100.0, 1.15


def time(samples: Floats, rate_hz: float, chain: Chain, shape: Shape, quiet: Floats) -> Sounds | None:
    """Time the sounds of all beats that lie whole in the take; None where the beats have no waveform in common."""
    usable = _whole(samples, rate_hz, shape)
    sides = [usable[chain.side[usable] == s] for s in range(2)]
    if min(len(s) for s in sides) < FEWEST_A_SIDE:
        return None
    quick = chain.beat_s < SLOWEST_LEVER_S  # then it may be a lever's cluster, whatever else the noise hides
    window = locked.LOCK if quick else locked.ALONE
    alone = np.full(2, locked.OWN_BEATS * chain.beat_s if quick else np.inf)
    own = -locked.LOCK_OWN_SPANS * shape.first_s if shape.lever else alone
    locks = []
    for beats, first in zip(sides, own, strict=True):
        heard = coherent.hear(samples, rate_hz, shape.time_s[beats], window, quiet, first_s=float(first))
        if heard is None or np.isfinite(heard.time_s).mean() < HEARD:
            return None
        locks.append(_sought(samples, rate_hz, chain, beats, window, quiet, float(first), heard))
    kept = _unlocks(samples, rate_hz, shape, sides, locks, quiet) if shape.lever else None
    unlocks = kept if kept is not None and all(_clear(heard) for heard in kept) else None
    modes, unsure = means.modes(locks, rate_hz, quiet, quick)
    start = None if unlocks is None else means.starts(unlocks, modes, unsure, rate_hz, quiet, ())
    if start is not None and max(o.sigma_s for o in start) > MOST_DOUBT_S:
        start = None
    spans_s = (-float(np.mean(shape.first_s)),) if shape.lever else locked.spans_s(chain.beat_s, quick)
    lock_start = means.starts(locks, modes, unsure, rate_hz, quiet, spans_s)
    if start is None or unlocks is None:
        found = locked.by_locks(chain, sides, locks, lock_start, rate_hz, quiet, own, modes, unsure)
        return found if kept is None else replace(found, faint_span_s=_spans(len(chain), sides, kept, locks))
    heard_sides = [_HeardSide(sides[s], unlocks[s], locks[s], start[s], lock_start[s], float(own[s])) for s in range(2)]
    return _by_unlockings(samples, rate_hz, chain, shape, quiet, heard_sides, modes.pole, unsure)


def _sought(
    samples: Floats,
    rate_hz: float,
    chain: Chain,
    beats: Ints,
    window: Window,
    quiet: Floats,
    first_s: float,
    heard: Heard,
) -> Heard:
    """The beats, with those that stand far from their neighbours looked for where these have them, too.

    Where energy had a beat wrongly its place may lie out of reach, and what is found is another part of it.
    """
    place = heard.time_s - chain.time_s[beats[0]] - chain.beat_s * (chain.number[beats] - chain.number[beats[0]])
    half = len(place) // 2
    place = place - float(np.nanmedian(place[half:] - place[:-half])) / half * np.arange(len(place))
    ok = np.isfinite(place)
    off = np.full(len(place), np.nan)
    off[ok] = place[ok] - neighbours(place[ok])
    odd = np.abs(off) > ODD_S + ODD * float(np.nanmedian(np.abs(off)))
    if not odd.any():
        return heard
    known = heard.time_s - np.where(odd, off, 0.0)
    lag = float(np.nanmedian(known - heard.rows.expected_s))
    expected = np.where(odd, known - lag, heard.rows.expected_s)
    known = np.where(ok, known - expected, lag)
    again = coherent.hear(samples, rate_hz, expected, window, quiet, first_s=first_s, known_s=known)
    if again is None:
        return heard
    better = again.score**2 + AWAY > heard.score**2
    moved = float(np.nanmedian(again.time_s - heard.time_s))
    time_s = np.where(odd & ~better, heard.time_s + moved, np.where(ok, again.time_s, np.nan))
    sigma_s = np.where(odd & ~better, heard.sigma_s, again.sigma_s)
    return replace(again, time_s=time_s, sigma_s=np.where(np.isfinite(time_s), sigma_s, np.nan))


@dataclass(frozen=True, slots=True)
class _HeardSide:
    """What was heard of a side's beats, where its mean waveforms begin, and how long its lock is alone [s]."""

    beats: Ints
    unlock: Heard
    lock: Heard
    start: Origin
    lock_start: Origin
    own_s: float


def _by_unlockings(
    samples: Floats,
    rate_hz: float,
    chain: Chain,
    shape: Shape,
    quiet: Floats,
    sides: list[_HeardSide],
    pole: Complexes,
    unsure: float,
) -> Sounds:
    """Beats whose unlockings are heard: all their sounds, together where that tells more than each alone."""
    unlock_s, impulse_s, lock_s, sigma, lock_sigma = (np.full(len(chain), np.nan) for _ in range(5))
    refined = [locked.refined(side.unlock, side.start, rate_hz) for side in sides]
    ringing = []
    for s, (side, unlock) in enumerate(zip(sides, refined, strict=True)):
        beats, lock = side.beats, side.lock
        lock_s[beats] = lock.time_s + side.lock_start.start_s
        unlock_s[beats], sigma[beats] = unlock.time_s + side.start.start_s, locked.sigma(unlock, side.start, rate_hz)
        some = beats[np.linspace(0, len(beats) - 1, min(IMPULSES, len(beats))).astype(np.int64)]
        impulse_s[some] = _impulses(samples, rate_hz, shape, s, unlock_s[some], lock_s[some], quiet)
        after_s = np.array([at - side.lock_start.start_s for at, _size in side.lock_start.later])
        expected = _between(shape, s, unlock.time_s, lock.time_s)
        alone_s = IMPULSE_OWN_S, side.own_s
        ringing.append(Side(unlock, lock, side.start.start_s, expected, impulse_s[beats], alone_s, after_s))
    told = timed.time(ringing, samples, rate_hz, quiet, pole, unsure)
    late = [side.start.start_s - t[0].begun_s for side, t in zip(sides, told, strict=True) if t[0] is not None]
    late_s = float(np.mean(late)) if late else 0.0
    told = [
        [
            None if unlock is None else unlock.second_order(side.unlock),
            impulse,
            None if lock is None else lock.second_order(side.lock),
        ]
        for side, (unlock, impulse, lock) in zip(sides, told, strict=True)
    ]
    for s, (side, (unlock_told, impulse_told, lock_told)) in enumerate(zip(sides, told, strict=True)):
        beats = side.beats
        _taken(unlock_told, refined[s], side.start, unlock_s, sigma, beats)
        if _sure(lock_told, side.lock):
            lock_sigma[beats] = locked.sigma(side.lock, side.lock_start, rate_hz)
        else:
            lock, lock_sigma[beats] = locked.parted(side.lock, side.lock_start, quiet, rate_hz, side.own_s)
            lock_s[beats] = lock.time_s + side.lock_start.start_s
        _taken(lock_told, side.lock, side.lock_start, lock_s, lock_sigma, beats)
        if impulse_told is not None:
            impulse_s[beats] = impulse_told.time_s + impulse_told.begun_s + late_s
        elif unlock_told is not None:
            impulse_s[beats] = np.nan  # all else could be told together: they cannot be parted
        else:
            impulse_s[beats] = _impulses(samples, rate_hz, shape, s, unlock_s[beats], lock_s[beats], quiet)
    whole, start, lock_start = ([getattr(side, name) for side in sides] for name in ("beats", "start", "lock_start"))
    unlock_s = means.held(unlock_s, whole, [side.unlock for side in sides], start)
    lock_s = means.held(lock_s, whole, [side.lock for side in sides], lock_start)
    commons = means.common(start, whole, sigma, rate_hz), means.common(lock_start, whole, lock_sigma, rate_hz)
    return Sounds(unlock_s, impulse_s, lock_s, sigma, lock_sigma, True, *commons)


def _whole(samples: Floats, rate_hz: float, shape: Shape) -> Ints:
    """Beats whose windows lie whole in the take."""
    first = float(np.nanmin(shape.first_s)) if shape.lever else 0.0
    early, late = shape.time_s + first * (1.0 + UNLOCK_REACH) - 3e-3, shape.time_s + 7e-3
    return np.flatnonzero(shape.good & (early > 0) & (late * rate_hz < len(samples)))


def _unlocks(
    samples: Floats, rate_hz: float, shape: Shape, sides: list[Ints], locks: list[Heard], quiet: Floats
) -> list[Heard] | None:
    """Unlockings of both sides, or None where they keep no place."""
    out = []
    for s, (beats, lock) in enumerate(zip(sides, locks, strict=True)):
        span, gap = -float(shape.first_s[s]), float(shape.impulse_s[s] - shape.first_s[s])
        reach = float(np.clip(UNLOCK_REACH * span, 0.3e-3, max(0.45 * gap, 0.3e-3)))
        window = Window(reach, 0.35e-3, float(np.clip(gap - reach - 0.1e-3, 0.3e-3, 1.2e-3)))
        expected = np.where(np.isfinite(lock.time_s), lock.time_s, shape.time_s[beats]) - span
        heard = coherent.hear(samples, rate_hz, expected, window, quiet)
        if heard is None or not _steady(heard, expected, reach):
            return None
        out.append(heard)
    return out


def _clear(heard: Heard) -> bool:
    """Whether unlockings stand so clearly out of the noise that beats are timed by them."""
    return bool(np.isfinite(heard.time_s).mean() >= CLEARLY and np.median(heard.score) >= FAINTEST)


def _spans(count: int, sides: list[Ints], unlocks: list[Heard], locks: list[Heard]) -> Floats:
    """From unlocking to lock where both are heard [s]; where the two waveforms begin is not asked."""
    out = np.full(count, np.nan)
    for beats, unlock, lock in zip(sides, unlocks, locks, strict=True):
        out[beats] = lock.time_s - unlock.time_s
    return out


def _steady(heard: Heard, expected_s: Floats, reach_s: float) -> bool:
    """Whether a sound is heard in most beats and keeps its place among its neighbours better than noise would."""
    ok = np.isfinite(heard.time_s)
    if ok.mean() < HEARD:
        return False
    off = (heard.time_s - expected_s)[ok]
    return float(np.median(np.abs(np.diff(off)))) < MOST_LEFT * 0.59 * reach_s  # evenly in +-r: median 0.59 r


def _impulses(
    samples: Floats, rate_hz: float, shape: Shape, side: int, unlock_s: Floats, lock_s: Floats, quiet: Floats
) -> Floats:
    """Impulses of one side's beats, between unlocking and lock where the mean beat has them."""
    expected = _between(shape, side, unlock_s, lock_s)
    ok = np.flatnonzero(np.isfinite(expected))
    out = np.full(len(expected), np.nan)
    if len(ok) >= FEWEST_A_SIDE:
        heard = coherent.hear(samples, rate_hz, expected[ok], IMPULSE, quiet, first_s=IMPULSE_OWN_S)
        if heard is not None and _steady(heard, expected[ok], IMPULSE.reach_s):
            out[ok] = heard.time_s + means.begun(heard, rate_hz)
    return out


def _between(shape: Shape, side: int, unlock_s: Floats, lock_s: Floats) -> Floats:
    """Where between unlocking and lock the mean beat of a side has its impulse."""
    share = float((shape.impulse_s[side] - shape.first_s[side]) / -shape.first_s[side])
    return np.asarray(unlock_s + share * (lock_s - unlock_s))


def _fault(told: Timed, heard: Heard) -> float:
    """What blows told together leave of the beats over what noise and a bank that is a hundredth off would."""
    return told.left / (1.0 + (unravel.MODEL * float(np.nanmedian(heard.score))) ** 2 / heard.rows.length)


def _sure(told: Timed | None, heard: Heard) -> bool:
    """Whether a sound is so loud, and so well told together with what follows, that nothing else need be tried."""
    return told is not None and _fault(told, heard) < SURELY_LEFT and float(np.nanmedian(heard.score)) > LOUD


def _taken(told: Timed | None, heard: Heard, start: Origin, time_s: Floats, sigma_s: Floats, beats: Ints) -> None:
    """Puts what is told of the beats together into `time_s` and `sigma_s`, if it tells them as well as each alone.

    Errors of blows that are parted wrongly are larger than they seem; so what is left counts twice. Beats that are not
    told together stand where they would if they, too, were timed by what others are.
    """
    if told is None:
        return
    doubt = _fault(told, heard) ** 2 * float(np.nanmedian(told.sigma_s))
    if _sure(told, heard) or doubt < float(np.nanmedian(sigma_s[beats])):
        one = np.isfinite(told.time_s)
        together = told.time_s + start.start_s
        time_s[beats[~one]] += float(np.nanmedian(together - time_s[beats]))
        time_s[beats[one]], sigma_s[beats[one]] = together[one], told.sigma_s[one]
