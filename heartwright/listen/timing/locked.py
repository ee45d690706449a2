"""Beats of which the lock, or a clock's one sound, is timed: against what follows it, and how well.

The mean beats tell where sounds begin and what rings; how beats differ, by their mixture of modes and by when later
blows come, is in the errors or taken out. Conventions as in `coherent`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.beat.track import Chain
from heartwright.listen.timing import coherent, followed
from heartwright.listen.timing.coherent import Heard, Window
from heartwright.listen.timing.joint import timed
from heartwright.listen.timing.joint.timed import Timed
from heartwright.listen.timing.modal import Modes
from heartwright.listen.timing.onset import means
from heartwright.listen.timing.onset.origin import Origin
from heartwright.records import Floats, Ints

LOCK = Window(reach_s=1.2e-3, before_s=0.4e-3, after_s=3.2e-3)
LOCK_OWN_SPANS = 0.022  # the banking follows the lock later than this [spans from unlocking to lock]
OWN_BEATS = 1.2e-3  # the same where the span is not known [beats]
SPAN_BEATS = OWN_BEATS / LOCK_OWN_SPANS  # which is then taken for this, or, at a small amplitude, for more [times]
SMALL = 1.8
ALONE = Window(reach_s=1.2e-3, before_s=0.6e-3, after_s=4.0e-3)
FITS = 20.0  # what is left of a mean waveform beyond which its modes are not believed (1: what is expected)
MIXTURE = 0.12  # by which the modes of a blow differ from beat to beat at most [share]
UNEVEN_S = 15e-6  # by which later blows come at other times after the first [one sigma]
# How much further beats lie from where the fit has them than it thinks: its waveform is learnt from the same beats, and
# blows move against each other. Measured on made takes of 24 kinds, other ones than those of the benchmark (numbers and
# seeds from 6,100 and 1,100 on): of a lever 42,000 beats in 450 sides, of a clock 4,500 in 210.
SURER, SLOW_SURER = 1.13, 1.04
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
    one_side: bool = False  # a slow clock's other side shows no sound, and may be elsewhere


def spans_s(beat_s: float, quick: bool) -> tuple[float, ...]:
    """How long a lever's lock may come after its unlocking, if that is not heard; nothing of slow beats [s]."""
    return (SPAN_BEATS * beat_s, SMALL * SPAN_BEATS * beat_s) if quick else ()


def by_locks(
    chain: Chain,
    sides: list[Ints],
    locks: list[Heard],
    start: list[Origin],
    rate_hz: float,
    quiet: Floats,
    own_s: Floats,
    modes: Modes,
    unsure: float,
) -> Sounds:
    """Beats of which only the lock, or a clock's one sound, is heard; it is alone for `own_s` [side].

    `unsure` is the share of noise in the waveforms that `modes` ring in.
    """
    ones: list[Timed | None] = [None for _ in locks]
    if not np.isfinite(own_s).any():
        ones = timed.ones(locks, [o.start_s for o in start], rate_hz, quiet, modes.pole, unsure)
    lock_s, sigma_s, nothing = (np.full(len(chain), np.nan) for _ in range(3))
    sway = []
    for beats, lock, begun, alone_s, one in zip(sides, locks, start, own_s.tolist(), ones, strict=True):
        if np.isfinite(alone_s):
            told, sigma_s[beats] = parted(lock, begun, quiet, rate_hz, alone_s)
            sway.append(_sway(lock, begun, rate_hz) if told is lock else told.sway_s)
        else:
            told = refined(lock, begun, rate_hz)
            sigma_s[beats] = sigma(told, begun, rate_hz, SLOW_SURER)
            if one is not None:
                told, sigma_s[beats] = _joined(told, sigma_s[beats], one)
        lock_s[beats] = told.time_s + begun.start_s
    lock_s = means.held(lock_s, sides, locks, start)
    common = means.common(start, sides, sigma_s, rate_hz)
    swayed = float(np.mean(sway)) if sway else 0.0
    return Sounds(nothing, nothing.copy(), lock_s, sigma_s, sigma_s, False, common, common, sway_s=swayed)


def _joined(heard: Heard, sigma_s: Floats, one: Timed) -> tuple[Heard, Floats]:
    """Beats where their modes have them, the others where they would be if they, too, were timed by these."""
    told = np.isfinite(one.time_s)
    rest = heard.time_s + float(np.nanmedian(one.time_s - heard.time_s))
    surer = one.second_order(heard)
    return replace(heard, time_s=np.where(told, one.time_s, rest)), np.where(told, surer.sigma_s, sigma_s)


def _sway(heard: Heard, start: Origin, rate_hz: float) -> float:
    """By how much beats seem later [s] where what follows, not taken out whole, comes later by as much again."""
    if not start.later:
        return 0.0
    stretched = start.stretched(len(heard.weights), heard.before, rate_hz)
    return -float(heard.moved_by(stretched[None])[0]) / rate_hz


def parted(heard: Heard, start: Origin, quiet: Floats, rate_hz: float, own_s: float) -> tuple[Heard, Floats]:
    """Beats timed against what follows their blow, where its modes are known, and their one-sigma errors [s].

    That moves them by no more than they were wrong by before; if it does, something else was taken for the followers.
    Nor does it make them surer without bound: where few beats hold much that varies, all of it can be explained.
    """
    alone_s = sigma(heard, start, rate_hz)
    if not np.isfinite(start.left) or float(np.nanmedian(heard.score)) < PARTED:
        return heard, alone_s
    told = followed.refined(heard, quiet, start, min(float(np.sqrt(heard.varied)), MIXTURE), own_s)
    usual_s = float(np.nanmedian(alone_s))
    moved_s, left_s = float(np.nanstd(told.time_s - heard.time_s)), float(np.nanmedian(told.sigma_s))
    if moved_s > MOVED * usual_s or left_s < SURER_THAN * usual_s:
        return heard, alone_s
    return told, SURER * told.sigma_s


def refined(heard: Heard, start: Origin, rate_hz: float) -> Heard:
    """The beats of a sound that is one blow, timed again with its mixture of modes allowed for."""
    if not start.left < FITS:
        return heard
    share = min(float(np.sqrt(heard.varied)), MIXTURE)
    return coherent.refined(heard, share * start.parts(len(heard.weights), heard.before, rate_hz))


def sigma(heard: Heard, start: Origin, rate_hz: float, surer: float = SURER) -> Floats:
    """One-sigma errors of beats from the noise, the mixture of modes and the times of later blows that differ [s]."""
    if not np.isfinite(start.left):
        return surer * heard.sigma_s
    n, zero = len(heard.weights), heard.before
    mixed = min(np.sqrt(heard.varied), MIXTURE) * heard.moved_by(start.parts(n, zero, rate_hz))
    moving = 1e6 * UNEVEN_S * start.moving(n, zero, rate_hz)
    uneven = heard.moved_by(moving[heard.hidden(moving)])  # the others have been taken out
    return surer * np.hypot(heard.sigma_s, float(np.linalg.norm(np.concatenate([mixed, uneven]))) / rate_hz)
