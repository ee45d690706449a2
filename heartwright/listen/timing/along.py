"""Faint beats, timed by their loudest sound along the course that all of them keep (`course`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heartwright.listen.beat.track import Chain
from heartwright.listen.timing import coherent, course, locked
from heartwright.listen.timing.coherent import Heard
from heartwright.listen.timing.course import Learnt
from heartwright.listen.timing.locked import Sounds
from heartwright.listen.timing.onset import means
from heartwright.listen.timing.shape import SLOWEST_LEVER_S
from heartwright.records import Floats

FEWEST_A_SIDE = 8
LEAST_GAIN = 20.0  # log likelihood of faint beats' waveforms over that of noise below which they are none
STANDS = 6.0  # sigmas by which the energy of a side's mean stands out of noise, or none of its beats is told by it
OFF_COURSE_S = (120e-6, 1e-3)  # how far from the course that all keep a faint beat of a watch, of a clock is believed
MISPLACED_S = 0.5e-3  # by which a side whose waveform does not show may be off the other's sound [one sigma]


def time(samples: Floats, rate_hz: float, chain: Chain, quiet: Floats) -> Sounds | None:
    """Sharpen beats that were found together by their loudest sound's waveform; None where that does not show.

    Single beats stand where the chain has them to a fraction of a millisecond or worse. The course that they keep is
    learnt first; a beat that then stands off it is noise's as likely as its own, and is not timed. Where one side alone
    shows its waveform, the other's beats keep the chain's scatter, at the same sound. A slow clock's may be anywhere
    then: of nine such made ones (0 to 5 dB, seeds of 9,700 and on) four had the other side 9 to 73 ms off.
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
    start = means.starts(heard, modes, unsure, rate_hz, quiet, locked.spans_s(chain.beat_s, quick))
    sides = [side.beats for side, h in zip(known.sides, tried, strict=True) if h is not None]
    own = np.full(len(heard), locked.OWN_BEATS * chain.beat_s if quick else np.inf)
    told = locked.by_locks(chain, sides, heard, start, rate_hz, quiet, own, modes, unsure)
    if len(heard) == 2:
        return told
    shown, hidden = known.sides[::-1] if tried[0] is None else known.sides
    after_s = float(np.nanmedian(told.lock_s[shown.beats] - shown.course_s))
    at = chain.time_s[hidden.beats]
    told.lock_s[hidden.beats] = at + after_s + float(np.median(hidden.course_s - at))
    told.sigma_s[hidden.beats] = chain.sigma_s[hidden.beats]
    return replace(told, common_s=MISPLACED_S, lock_common_s=MISPLACED_S, one_side=not quick)


def _on_course(samples: Floats, rate_hz: float, chain: Chain, quiet: Floats, side: Learnt) -> Heard | None:
    """The beats of a side that stand near their course; None where they are few, or noise hides what they have in
    common."""
    quick = chain.beat_s < SLOWEST_LEVER_S
    first_s = locked.OWN_BEATS * chain.beat_s if quick else np.inf
    most = OFF_COURSE_S[int(not quick)]
    off = np.clip(side.time_s - side.course_s, -most, most)
    for window in (locked.LOCK if quick else locked.ALONE, course.WINDOW):  # there is less noise in a shorter one
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
