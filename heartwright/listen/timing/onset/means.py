"""Mean waveforms of a sound of both sides: what rings in them, where they begin, and how well that is told."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from heartwright.listen.timing import modal
from heartwright.listen.timing.coherent import Heard
from heartwright.listen.timing.modal import Modes
from heartwright.listen.timing.onset import blows, origin
from heartwright.listen.timing.onset.origin import Origin
from heartwright.listen.timing.onset.strikes import Wave
from heartwright.records import Floats, Ints

RINGS_S = 0.7e-3  # after the lock the case rings freely
RING_SPAN_S, LOW_RING_SPAN_S = 0.9e-3, 2.0e-3  # subspace lengths for the poles of a lever and of one sound
FAR_MOVED = 6.0  # of most beats' moves: farther ones were elsewhere before
# What the model leaves of all beats of a side in common [samples] (made takes of 40 dB err by that, 0.06 us).
LEAST_COMMON = 0.003
COARSE_COMMON_S = 30e-6  # where the modes explain nothing
# What leaves so much over is another blow than the model's, or one that the band (16 kHz takes) does not part from its
# neighbours: then its beginning is that far off (made takes at 16 kHz, seeds of 6,000 and on). Where the band is wide,
# loud takes leave more before it is mislaid (at 48 kHz, seeds of 5,000 and on).
BADLY = 3.0  # what a fit leaves over beyond which another span is tried (1: what is expected)
NARROW_HZ, MISLAID, MISLAID_S = 20e3, (8.0, 40.0), 90e-6
# Where noise is this share of the loudest of the mean locks or more (of a lever's third sound, of one blow), what is
# left with more than that over (1: what is expected) may begin a turn or two of a mode elsewhere (made takes of 1 to
# 10 dB, seeds of 70,000 and on).
FAINT, FAINTLY_BADLY = (0.06, 0.1), (1.5, 2.0)
ALONE = 8.0  # times as much of single blows, of which a third of that share of the peak is expected to be left


def modes(locks: list[Heard], rate_hz: float, quiet: Floats, lever: bool) -> tuple[Modes, float]:
    """What rings after the mean locks of both sides, and the share of noise in them."""
    rings = [lock.wave[lock.before + int(RINGS_S * rate_hz) :] for lock in locks]
    size = min(len(r) for r in rings)
    slow = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, size), 1)
    rows = np.array([r[:size] for r in rings])
    rows = rows - np.linalg.lstsq(slow, rows.T, rcond=None)[0].T @ slow.T
    noise = float(np.mean(quiet**2)) / min(np.isfinite(lock.time_s).sum() for lock in locks)
    span, lowest = (RING_SPAN_S, modal.LOWEST_HZ) if lever else (LOW_RING_SPAN_S, 600.0)
    loud = min(float(np.abs(lock.wave).max()) for lock in locks)
    return Modes.plain(modal.poles(rows, rate_hz, noise, span_s=span, lowest_hz=lowest)), float(np.sqrt(noise)) / loud


def starts(
    heard: list[Heard], modes: Modes, unsure: float, rate_hz: float, quiet: Floats, spans_s: tuple[float, ...]
) -> list[Origin]:
    """Where the mean waveforms of both sides begin; where the modes do not tell, where they are first loud.

    `unsure` is the share of noise in the waveforms that the modes are of.

    With `spans_s` from unlocking to lock several blows ring into each other in them, and the first is meant. Another
    span than the first is tried where that ends badly.
    """
    waves = []
    for h in heard:
        noise = float(np.sqrt(np.mean(quiet**2) / max(int(np.isfinite(h.time_s).sum()), 1)))
        waves.append(Wave.of(h.wave - h.wave[: h.before // 2].mean(), h.before, noise))
    found = None if spans_s else origin.find(waves, modes, rate_hz, unsure)
    for span_s in spans_s:
        other = blows.find(waves, modes, rate_hz, span_s, unsure)
        if found is None or (other is not None and other[0].left < found[0].left):
            found = other
        if found is None or found[0].left < BADLY:
            break
    if found is None:
        nothing = np.zeros(len(modes))
        begins = [begun(h, rate_hz) for h in heard]
        return [Origin(at, COARSE_COMMON_S, np.inf, modes, nothing, apart_s=COARSE_COMMON_S) for at in begins]
    return _doubted(found, unsure, not spans_s)


def _doubted(found: list[Origin], unsure: float, single: bool) -> list[Origin]:
    """Onsets, of `single` blows or of a lever's third sound, less sure where a faint take leaves too much over.

    `unsure` as in `starts`: of a lever's unlockings, too, it is the share of noise in the locks.
    """
    if unsure < FAINT[single] or found[0].left < FAINTLY_BADLY[single]:
        return found
    return [
        replace(o, sigma_s=math.hypot(o.sigma_s, MISLAID_S), apart_s=math.hypot(o.apart_s, MISLAID_S)) for o in found
    ]


def begun(heard: Heard, rate_hz: float) -> float:
    """Where the mean waveform first reaches a third of its peak [s after its zero]."""
    size = np.abs(heard.wave)
    return float(int(np.argmax(size > 0.33 * size.max())) - heard.before) / rate_hz


def held(time_s: Floats, sides: list[Ints], heard: list[Heard], starts: list[Origin]) -> Floats:
    """`time_s` [n] with each side's beats moved together to where they were while their mean waveform was taken.

    Where that begins was asked of those times. Beats that went far from theirs are not asked.
    """
    out = time_s.copy()
    for beats, h, start in zip(sides, heard, starts, strict=True):
        off = time_s[beats] - h.time_s - start.start_s
        away = np.abs(off - np.nanmedian(off))
        near = away <= FAR_MOVED * float(np.nanmedian(away))
        out[beats] -= float(np.mean(off[near])) if near.any() else 0.0
    return out


def common(starts: list[Origin], sides: list[Ints], sigma_s: Floats, rate_hz: float) -> float:
    """One-sigma error of the difference between the sides beyond that of their beats [s].

    Beats that stand late in the mean make their mean waveform begin early: what both come to together is the error of
    where that begins, whatever beats were aligned by. So what the beats' own errors come to is taken out, and together
    they come to what the model leaves at least.
    """
    most = MISLAID[int(rate_hz >= NARROW_HZ)]
    mislaid = [most * (1.0 if s.later else ALONE) < s.left < np.inf for s in starts]
    doubts = [np.hypot(s.apart_s, MISLAID_S if m else 0.0) for s, m in zip(starts, mislaid, strict=True)]
    single = [
        float(np.nanmean(sigma_s[beats] ** 2)) / max(int(np.isfinite(sigma_s[beats]).sum()), 1) for beats in sides
    ]
    both = max(float(np.sum(np.square(doubts))), (LEAST_COMMON / rate_hz) ** 2)
    return float(np.sqrt(max(both - sum(single), 0.0)))
