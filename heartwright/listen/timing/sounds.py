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
from heartwright.listen.timing import coherent, course, followed
from heartwright.listen.timing.coherent import Heard, Window
from heartwright.listen.timing.course import Learnt
from heartwright.listen.timing.joint import timed, unravel
from heartwright.listen.timing.joint.struck import Side
from heartwright.listen.timing.joint.timed import Timed
from heartwright.listen.timing.modal import Complexes
from heartwright.listen.timing.onset import means
from heartwright.listen.timing.onset.origin import Origin
from heartwright.listen.timing.peaks import neighbours
from heartwright.listen.timing.shape import SLOWEST_LEVER_S, Shape
from heartwright.records import Floats, Ints

FEWEST_A_SIDE = 8
HEARD, CLEARLY = 0.6, 0.9  # share of the beats that must show a sound, and one that they are timed by
LEAST_GAIN = 20.0  # log likelihood of faint beats' waveforms over that of noise below which they are none
STANDS = 6.0  # sigmas by which the energy of a side's mean stands out of noise, or none of its beats is told by it
OFF_COURSE_S = (120e-6, 1e-3)  # how far from the course that all keep a faint beat of a watch, of a clock is believed
# How far a beat stands from its neighbours [s; of most beats'] beyond which it is looked for where they have it.
ODD_S, ODD = 100e-6, 8.0
AWAY = 14.0  # twice the log odds against a beat that comes so far from its neighbours, as in `peaks`
MISPLACED_S = 0.5e-3  # by which a side whose waveform does not show may be off the other's sound [one sigma]
FAINTEST = 5.0  # height of most unlockings' correlation, in sigmas, below which beats are not timed by them
MOST_LEFT = 0.35  # spread about the neighbours beyond which a sound is noise [of what noise alone would show]
LOCK = Window(reach_s=1.2e-3, before_s=0.4e-3, after_s=3.2e-3)
LOCK_OWN_SPANS = 0.022  # the banking follows the lock later than this [spans from unlocking to lock]
OWN_BEATS = 1.2e-3  # the same where the span is not known [beats]
SPAN_BEATS = OWN_BEATS / LOCK_OWN_SPANS  # which is then taken for this, or, at a small amplitude, for more [times]
SMALL = 1.8
ALONE = Window(reach_s=1.2e-3, before_s=0.6e-3, after_s=4.0e-3)
IMPULSE = Window(reach_s=0.35e-3, before_s=0.3e-3, after_s=0.9e-3)
IMPULSE_OWN_S = 0.18e-3
IMPULSES = 64  # beats a side that tell where the impulses are
UNLOCK_REACH = 0.12  # how far the span from unlocking to lock wanders [share of the span]
FITS = 20.0  # what is left of a mean waveform beyond which its modes are not believed (1: what is expected)
MIXTURE = 0.12  # by which the modes of a blow differ from beat to beat at most [share]
UNEVEN_S = 15e-6  # by which later blows come at other times after the first [one sigma]
MOST_DOUBT_S = 12e-6  # of the onset of the mean unlocking, beyond which it is none
# How much further beats lie from where the fit has them than it thinks: its waveform is learnt from the same beats, and
# blows move against each other. Measured on made takes of 24 kinds, other ones than those of the benchmark (numbers and
# seeds from 6,100 and 1,100 on): of a lever 42,000 beats in 450 sides, of a clock 4,500 in 210.
SURER, SLOW_SURER = 1.13, 1.04
# Of beats told together: 1 + FITTED / SNR times the variance. About so many numbers are fitted to a beat (level,
# mixture, drift); on the same takes errors were 1.19, 1.10, 1.04, 1.05, 1.01 and 1.02 times those told at 16, 18, 20,
# 24, 28 and 33 dB.
FITTED = 13.0
# Height of a lock [sigmas] and what is left of its blows (1: noise) beyond and below which it is never better alone
# (made takes of three cases, seeds of 1,000 and on).
LOUD, SURELY_LEFT = 100.0, 1.15
# Height of a lock [sigmas] below which what follows it is not told well enough to be taken out (made takes of three
# cases, seeds of 2,000 and on: at 25 dB and more it errs by a tenth less, at 20 dB by a half more).
PARTED = 17.0
# By how much more than their error alone beats may move when they are timed against what follows (238 sides of made
# takes, seeds of 2,000 and 4,000 and on: of the two, the better one in all but 4 of 100).
MOVED = 1.1
SURER_THAN = 0.2  # what is left of their error then, at least (of the same takes: 0.3 and more)


@dataclass(frozen=True, slots=True)
class Sounds:
    """Times of the sounds of the chain's beats [n], NaN where not timed, and what the sides' beats have in common."""

    unlock_s: Floats
    impulse_s: Floats
    lock_s: Floats
    sigma_s: Floats  # of the unlocking, or of the lock where no unlocking is heard
    lock_sigma_s: Floats
    unlocks: bool
    common_s: float
    lock_common_s: float
    faint_span_s: Floats | None = None  # from unlockings too faint to time beats by to the locks, up to a constant
    sway_s: float = 0.0  # by how much locks seem later where what follows them comes later by as much again


def time(samples: Floats, rate_hz: float, chain: Chain, shape: Shape, quiet: Floats) -> Sounds | None:
    """Time the sounds of all beats that lie whole in the take; None where the beats have no waveform in common."""
    usable = _whole(samples, rate_hz, shape)
    sides = [usable[chain.side[usable] == s] for s in range(2)]
    if min(len(s) for s in sides) < FEWEST_A_SIDE:
        return None
    quick = chain.beat_s < SLOWEST_LEVER_S  # then it may be a lever's cluster, whatever else the noise hides
    window = LOCK if quick else ALONE
    own = -LOCK_OWN_SPANS * shape.first_s if shape.lever else np.full(2, OWN_BEATS * chain.beat_s if quick else np.inf)
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
    spans_s = (-float(np.mean(shape.first_s)),) if shape.lever else _spans_s(chain.beat_s, quick)
    lock_start = means.starts(locks, modes, unsure, rate_hz, quiet, spans_s)
    if start is None or unlocks is None:
        by_locks = _by_locks(chain, sides, locks, lock_start, rate_hz, quiet, own)
        return by_locks if kept is None else replace(by_locks, faint_span_s=_spans(len(chain), sides, kept, locks))
    heard_sides = [_HeardSide(sides[s], unlocks[s], locks[s], start[s], lock_start[s], float(own[s])) for s in range(2)]
    return _by_unlockings(samples, rate_hz, chain, shape, quiet, heard_sides, modes.pole, unsure)


def _spans_s(beat_s: float, quick: bool) -> tuple[float, ...]:
    """How long a lever's lock may come after its unlocking, if that is not heard; nothing of slow beats [s]."""
    return (SPAN_BEATS * beat_s, SMALL * SPAN_BEATS * beat_s) if quick else ()


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


def _by_locks(
    chain: Chain,
    sides: list[Ints],
    locks: list[Heard],
    start: list[Origin],
    rate_hz: float,
    quiet: Floats,
    own_s: Floats,
) -> Sounds:
    """Beats of which only the lock, or a clock's one sound, is heard; it is alone for `own_s` [side]."""
    lock_s, sigma, nothing = (np.full(len(chain), np.nan) for _ in range(3))
    sway = []
    for beats, lock, begun, alone_s in zip(sides, locks, start, own_s.tolist(), strict=True):
        if np.isfinite(alone_s):
            told, sigma[beats] = _parted(lock, begun, quiet, rate_hz, alone_s)
            sway.append(_sway(lock, begun, rate_hz) if told is lock else told.sway_s)
        else:
            told = _refined(lock, begun, rate_hz)
            sigma[beats] = _sigma(told, begun, rate_hz, SLOW_SURER)
        lock_s[beats] = told.time_s + begun.start_s
    lock_s = means.held(lock_s, sides, locks, start)
    common = means.common(start, sides, sigma, rate_hz)
    swayed = float(np.mean(sway)) if sway else 0.0
    return Sounds(nothing, nothing.copy(), lock_s, sigma, sigma, False, common, common, sway_s=swayed)


def _sway(heard: Heard, start: Origin, rate_hz: float) -> float:
    """By how much beats seem later [s] where what follows, not taken out whole, comes later by as much again."""
    if not start.later:
        return 0.0
    late_us = np.array([at - start.start_s for at, _size in start.later]) * 1e6
    moving = start.moving(len(heard.weights), heard.before, rate_hz)[1:]
    return -float(heard.moved_by((late_us @ moving)[None])[0]) / rate_hz


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
    refined = [_refined(side.unlock, side.start, rate_hz) for side in sides]
    ringing = []
    for s, (side, unlock) in enumerate(zip(sides, refined, strict=True)):
        beats, lock = side.beats, side.lock
        lock_s[beats] = lock.time_s + side.lock_start.start_s
        unlock_s[beats], sigma[beats] = unlock.time_s + side.start.start_s, _sigma(unlock, side.start, rate_hz)
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
        [_less_sure(unlock, side.unlock), impulse, _less_sure(lock, side.lock)]
        for side, (unlock, impulse, lock) in zip(sides, told, strict=True)
    ]
    for s, (side, (unlock_told, impulse_told, lock_told)) in enumerate(zip(sides, told, strict=True)):
        beats = side.beats
        _taken(unlock_told, refined[s], side.start, unlock_s, sigma, beats)
        if _sure(lock_told, side.lock):
            lock_sigma[beats] = _sigma(side.lock, side.lock_start, rate_hz)
        else:
            lock, lock_sigma[beats] = _parted(side.lock, side.lock_start, quiet, rate_hz, side.own_s)
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


def time_faint(samples: Floats, rate_hz: float, chain: Chain, quiet: Floats) -> Sounds | None:
    """Sharpen beats that were found together by their loudest sound's waveform; None where that does not show.

    Single beats stand where the chain has them to a fraction of a millisecond or worse. The course that they keep is
    learnt first; a beat that then stands off it is noise's as likely as its own, and is not timed. Where one side alone
    shows its waveform, the other's beats keep the chain's scatter, at the same sound.
    """
    quick = chain.beat_s < SLOWEST_LEVER_S
    known = course.learn(samples, rate_hz, chain, quiet, not quick)
    if known is None or known.gain < LEAST_GAIN:
        return None
    tried = [_on_course(samples, rate_hz, chain, quiet, side) for side in known.sides]
    heard = [h for h in tried if h is not None]
    if not heard:
        return None
    modes, unsure = means.modes(heard, rate_hz, quiet, quick)
    start = means.starts(heard, modes, unsure, rate_hz, quiet, _spans_s(chain.beat_s, quick))
    sides = [side.beats for side, h in zip(known.sides, tried, strict=True) if h is not None]
    own = np.full(len(heard), OWN_BEATS * chain.beat_s if quick else np.inf)
    told = _by_locks(chain, sides, heard, start, rate_hz, quiet, own)
    if len(heard) == 2:
        return told
    shown, hidden = known.sides[::-1] if tried[0] is None else known.sides
    after_s = float(np.nanmedian(told.lock_s[shown.beats] - shown.course_s))
    at = chain.time_s[hidden.beats]
    told.lock_s[hidden.beats] = at + after_s + float(np.median(hidden.course_s - at))
    told.sigma_s[hidden.beats] = chain.sigma_s[hidden.beats]
    return replace(told, common_s=MISPLACED_S, lock_common_s=MISPLACED_S)


def _on_course(samples: Floats, rate_hz: float, chain: Chain, quiet: Floats, side: Learnt) -> Heard | None:
    """The beats of a side that stand near their course; None where they are few, or noise hides what they have in
    common."""
    quick = chain.beat_s < SLOWEST_LEVER_S
    first_s = OWN_BEATS * chain.beat_s if quick else np.inf
    most = OFF_COURSE_S[int(not quick)]
    off = np.clip(side.time_s - side.course_s, -most, most)
    for window in (LOCK if quick else ALONE, course.WINDOW):  # there is less noise in a shorter one
        at_s = side.course_s
        heard = coherent.hear(samples, rate_hz, at_s, window, quiet, first_s=first_s, known_s=off, course=True)
        if heard is None:
            continue
        away = heard.time_s - side.course_s
        near = np.abs(away - np.nanmedian(away)) < most
        if near.sum() >= FEWEST_A_SIDE and heard.stands() > STANDS:
            time_s, sigma_s = (np.where(near, x, np.nan) for x in (heard.time_s, heard.sigma_s))
            return replace(heard, time_s=time_s, sigma_s=sigma_s)
    return None


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


def _less_sure(told: Timed | None, heard: Heard) -> Timed | None:
    """With errors to the second order: noise bends every shape that is fitted to a beat, and with it its slope."""
    if told is None:
        return None
    return replace(told, sigma_s=told.sigma_s * np.sqrt(1.0 + FITTED / float(np.nanmedian(heard.score)) ** 2))


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


def _parted(heard: Heard, start: Origin, quiet: Floats, rate_hz: float, own_s: float) -> tuple[Heard, Floats]:
    """Beats timed against what follows their blow, where its modes are known, and their one-sigma errors [s].

    That moves them by no more than they were wrong by before; if it does, something else was taken for the followers.
    Nor does it make them surer without bound: where few beats hold much that varies, all of it can be explained.
    """
    alone_s = _sigma(heard, start, rate_hz)
    if not np.isfinite(start.left) or float(np.nanmedian(heard.score)) < PARTED:
        return heard, alone_s
    told = followed.refined(heard, quiet, start, min(float(np.sqrt(heard.varied)), MIXTURE), own_s)
    usual_s = float(np.nanmedian(alone_s))
    moved_s, left_s = float(np.nanstd(told.time_s - heard.time_s)), float(np.nanmedian(told.sigma_s))
    if moved_s > MOVED * usual_s or left_s < SURER_THAN * usual_s:
        return heard, alone_s
    return told, SURER * told.sigma_s


def _refined(heard: Heard, start: Origin, rate_hz: float) -> Heard:
    """The beats of a sound that is one blow, timed again with its mixture of modes allowed for."""
    if not start.left < FITS:
        return heard
    share = min(float(np.sqrt(heard.varied)), MIXTURE)
    return coherent.refined(heard, share * start.parts(len(heard.weights), heard.before, rate_hz))


def _sigma(heard: Heard, start: Origin, rate_hz: float, surer: float = SURER) -> Floats:
    """One-sigma errors of beats from the noise, the mixture of modes and the times of later blows that differ [s]."""
    if not np.isfinite(start.left):
        return surer * heard.sigma_s
    n, zero = len(heard.weights), heard.before
    mixed = min(np.sqrt(heard.varied), MIXTURE) * heard.moved_by(start.parts(n, zero, rate_hz))
    moving = 1e6 * UNEVEN_S * start.moving(n, zero, rate_hz)
    uneven = heard.moved_by(moving[heard.hidden(moving)])  # the others have been taken out
    return surer * np.hypot(heard.sigma_s, float(np.linalg.norm(np.concatenate([mixed, uneven]))) / rate_hz)
