"""Blows of the mean waveforms of both sides, explained together.

The sides share what rings (poles, and the phase of the microphone's filter) and, of a cluster, how it goes: the banking
after the lock, then the bounce of the tooth, which strikes what the lock struck and so has its mixture of modes. A
single waveform can be put down to other modes and a little delay; both together cannot. All is fitted at once by
Gauss-Newton (Kay 1993, section 8.9): onsets, gaps, poles, phase, the bounce's restitution, and the mixtures, which are
linear. Errors are those of the fit's own covariance, times what it leaves over.

Conventions: times in seconds after a waveform's zero; blow 0 of it begins at its start, the others `gap_s` later.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.timing.modal import Complexes
from heartwright.listen.timing.onset import answers
from heartwright.listen.timing.onset.answers import Answers
from heartwright.records import Floats

TURNS = 14
MOST_STEP_US, STILL_US, GAP_STILL_US = 8.0, 0.1, 2.0
BLUR_S = 15e-6  # scatter of later blows against the first, as teeth are uneven [one sigma]
# Variance a mode's amplitude may have [of what each has where they share the peak's square evenly]. With seven times as
# much, modes may cancel one another before a faint sound begins (made takes of 1 to 10 dB, seeds of 70,000 and on:
# 0.2 to 0.5 serve alike).
LOOSE = 0.3
# How well poles are known beforehand [share, one sigma], at best and for each part of noise in the waveform they are
# of (measured on made takes of 10 to 40 dB, seeds of 6,000).
FREQUENCY, DECAY = (0.003, 1.0), (0.05, 12.0)
BEND = 0.5  # how much the filter may bend phases [rad, one sigma]
ECHO = (0.2, 0.15)  # restitution of steel on ruby, 0.1..0.35, of the blow after the second
MOST_ECHO = 0.6
# How much of what an end explains less than another counts against it, and up to which share of what all ends weigh the
# interval reaches (made takes of levers, 1 to 10 dB, seeds of 70,000 and on: it holds 93 in 100 of 464 pairs of sides).
SURE, WEIGHED = 0.15, 0.98
NEAR_US = 100.0  # how near the first guess an onset is
TIED_US, TIED_ECHO = 5.0, 0.05  # how alike gaps and restitution are on both sides
BEFORE_S, CLEAN_S = 0.35e-3, 0.25e-3  # of a waveform before it begins, and after that without what is not modelled
IMPULSE, IMPULSE_SPANS = 0.5, 0.7  # of the lock's peak, and how long before the lock [spans]
SLOW = 0.03  # of the peak: what is slower than the window (hum, rumble, where its zero is) [one sigma]
LEAST_OLDER = 1e-3  # what rings on less is not thought of [of the peak]
KEPT = 0.75  # share of the band that answers use: the noise of a sample is that much of an independent one


@dataclass(frozen=True, slots=True)
class Wave:
    """A mean waveform [n]: its zero at sample `zero`, its one-sigma noise, and what of it lies `within` the band."""

    values: Floats
    zero: int
    noise: float
    within: Floats

    @classmethod
    def of(cls, values: Floats, zero: int, noise: float) -> Wave:
        """A waveform as it was found."""
        return cls(values, zero, noise, answers.within_band(values))


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a waveform, within the band and white: values [n], loudest value (as it was), zero's sample.

    `white` [n, n] is what makes such waveforms white.
    """

    values: Floats
    white: Floats
    peak: float
    zero: int

    @property
    def whole(self) -> float:
        """Squares of the waveform in sigmas."""
        return float(self.values @ self.values)

    @classmethod
    def of(
        cls, wave: Wave, rate_hz: float, begun_s: float, after_s: float, share: tuple[float, float], older: Complexes
    ) -> Part:
        """Of a waveform, from `BEFORE_S` before to `after_s` after `begun_s` [s].

        `share` of the peak is what the model may leave of it in its first quarter of a millisecond and later; `older`
        [m, n or more] are rings of sounds before that may be in it (one sigma, in shares of the peak).
        """
        within = wave.within
        last = max(len(within) - answers.FADE, 1)
        first = min(max(wave.zero + int((begun_s - BEFORE_S) * rate_hz), 0), last - 1)
        last = min(max(wave.zero + int((begun_s + after_s) * rate_hz), first + 1), last)
        values, time = within[first:last], (np.arange(first, last) - wave.zero) / rate_hz
        peak = max(float(np.abs(values).max()), 1e-30)
        sigma = np.hypot(wave.noise, np.where(time < begun_s + CLEAN_S, *share) * peak)
        ringing = older[:, : last - first] * peak / sigma
        slow = SLOW * np.array([np.ones(len(values)), np.linspace(-1.0, 1.0, len(values))]) * peak / sigma
        white = whitener(np.concatenate([ringing.real, ringing.imag, slow])) / sigma
        return cls(white @ values, white, peak, wave.zero - first)


def whitener(rings: Floats) -> Floats:
    """What makes white noise of unit scatter [n] white again to which `rings` [m, n] are added, each as it may be.

    The inverse root of their covariance `1 + rings' rings`, by the few directions in which that is not 1.
    """
    power, turn = np.linalg.eigh(rings @ rings.T)
    whole = np.sqrt(1.0 + np.maximum(power, 0.0))
    along = turn.T @ rings
    return np.asarray(np.eye(rings.shape[1]) - (along.T / (whole * (1.0 + whole))) @ along)


def older(pole: Complexes, rate_hz: float, span_s: float) -> Complexes:
    """What rings on from an impulse before a lock that ends a span of `span_s` [s], in shares of the lock's peak."""
    left = IMPULSE * np.exp(-IMPULSE_SPANS * span_s * np.abs(pole.real)) / np.sqrt(len(pole))
    time = np.arange(answers.period(pole, rate_hz)) / rate_hz
    return np.asarray(left[:, None] * np.exp(pole[:, None] * time))[left > LEAST_OLDER]


@dataclass(frozen=True, slots=True)
class Strikes:
    """What explains some waveforms: onsets [side], gaps [side, later], echo [side], and what rings (`pole`, known
    beforehand as `before` [m] from waveforms of which `unsure` is noise).

    `amplitude` [side, blow, m]; `covariance` [side, side] of the onsets [s^2], `rest` what is left over (1: what was
    expected), `cost` twice the negative log posterior but for what is known of mixtures (`LOOSE`).
    """

    start_s: Floats
    gap_s: Floats
    echo: Floats
    pole: Complexes
    before: Complexes
    unsure: float
    bend: float
    amplitude: Floats
    covariance: Floats
    rest: float = 1.0
    cost: float = np.inf

    @property
    def left(self) -> float:
        """What is left over, at least what was expected."""
        return max(self.rest, 1.0)

    @property
    def spread(self) -> tuple[Floats, Floats]:
        """One-sigma of decays and frequencies beforehand [1/s]."""
        decay, frequency = (math.hypot(least, share * self.unsure) for least, share in (DECAY, FREQUENCY))
        return decay * np.abs(self.before.real), frequency * self.before.imag

    @classmethod
    def guessed(cls, pole: Complexes, start_s: Floats, gap_s: Floats, unsure: float) -> Strikes:
        """To begin a fit with; `gap_s` [later] of all sides, `unsure` as in `Strikes`."""
        side, later = len(start_s), len(gap_s)
        gaps = np.tile(gap_s, (side, 1)).reshape(side, later)
        nothing = np.zeros((side, later + 1, len(pole)))
        return cls(start_s, gaps, np.full(side, ECHO[0]), pole, pole, unsure, 0.0, nothing, np.eye(side))

    def with_modes(self, before: Complexes) -> Strikes:
        """The same blows with all modes known beforehand [m], of which they had some."""
        missing = before[~np.isin(before, self.before)]
        known = np.concatenate([self.before, missing])
        nothing = np.zeros((*self.amplitude.shape[:2], len(known)))
        return replace(self, pole=np.concatenate([self.pole, missing]), before=known, amplitude=nothing)


def ranked(ends: Iterable[Strikes]) -> list[Strikes]:
    """The likeliest first."""
    return sorted(ends, key=lambda end: end.cost)


def unsettled(ends: list[Strikes]) -> Floats:
    """Covariance of the onsets [s^2] by ends that explain the waveforms nearly as well as the first of them.

    It is at least so wide that 1.96 sigmas of the difference between two sides hold nearly all that the ends weigh.
    """
    best = ends[0]
    ends = [end for end in ends if np.isfinite(end.cost)] or [best]
    off = np.array([end.start_s for end in ends]) - best.start_s
    share = np.exp(-0.5 * SURE * (np.array([end.cost for end in ends]) - best.cost) / best.left)
    share /= share.sum()
    out = np.asarray((off.T * share) @ off)
    apart = np.abs(off[:, -1] - off[:, 0])
    order = np.argsort(apart)
    last = int(np.searchsorted(np.cumsum(share[order]), WEIGHED))
    wide = (float(apart[order][min(last, len(ends) - 1)]) / 1.96) ** 2
    return out + 0.5 * max(wide - between(out), 0.0) * np.eye(len(out))


def between(covariance: Floats) -> float:
    """Variance of the difference between the first side and the last."""
    return float(covariance[0, 0] + covariance[-1, -1] - 2.0 * covariance[0, -1])


def fitted(parts: list[Part], rate_hz: float, first: Strikes, turns: int = TURNS) -> Strikes:
    """The blows that explain `parts` best, from where `first` has them."""
    now, held = first, _held(first)
    each = 1 + now.gap_s.shape[1]
    for turn in range(turns + 1):
        now, step, normal = _turn(parts, rate_hz, now, held)
        local = np.abs(step[: len(parts) * each]).reshape(-1, each)
        if turn == turns or (float(local[:, 0].max()) < STILL_US and float(local.max()) < GAP_STILL_US):
            break
        now = _moved(now, step)
    at = np.arange(len(parts)) * each
    own = np.linalg.solve(normal, np.eye(len(normal))[:, at])[at]
    return replace(now, covariance=np.asarray(own * now.left * 1e-12, np.float64))


def _turn(parts: list[Part], rate_hz: float, now: Strikes, held: Floats) -> tuple[Strikes, Floats, Floats]:
    """Mixtures and remainder where the blows are now, the step of all else, and the normal matrix.

    Unknowns: of each side start and gaps [us], of each side the echo, then bend, decays and frequencies [sigmas], then
    the mixtures of each side. `held` is what is known of all but the mixtures beforehand.
    """
    side, later = now.gap_s.shape
    m, count = len(now.pole), len(held)
    sharp = Answers.of(now.pole, now.bend, rate_hz)
    begun = now.start_s[:, None] + np.concatenate([np.zeros((side, 1)), now.gap_s], axis=1)
    late = begun + np.array([part.zero for part in parts])[:, None] / rate_hz
    blur = np.where(np.arange(late.size) % (1 + later), BLUR_S, 0.0)
    n = max(len(part.values) for part in parts)
    every = sharp.rings(sharp.every(), n, 0, late.ravel(), blur).astype(np.float64).reshape(side, 1 + later, -1, n)
    changes, after = sharp.changes(), np.maximum(np.arange(n) / rate_hz - late[:, :, None], 0.0)
    spread = np.array(now.spread)[:, :, None]
    free = min(later + 1, 2) * m
    normal = np.zeros((count + side * free, count + side * free))
    right = np.zeros(len(normal))
    amplitude, squares = np.zeros_like(now.amplitude), 0.0
    for s, part in enumerate(parts):
        linear, other, amplitude[s], rest = _side(part, now, s, every[s], changes, after[s], spread)
        design = np.zeros((len(rest), len(normal)))
        at = slice(count + s * free, count + (s + 1) * free)
        design[:, :count], design[:, at] = other, linear
        ridge = m / (LOOSE * part.peak**2)
        normal += design.T @ design
        normal[at, at] += np.eye(free) * ridge
        right += design.T @ rest
        right[at] -= ridge * amplitude[s, :2].ravel()
        squares += float(rest @ rest)
    off = _off(now)
    normal[:count, :count] += held
    right[:count] -= held @ off
    samples = sum(len(part.values) for part in parts)
    rest = squares / max(KEPT * (samples - side * free) - side * (1 + later), 8.0)
    now = replace(now, amplitude=amplitude, rest=rest, cost=squares + float(off @ held @ off))
    return now, np.asarray(np.linalg.solve(normal, right), dtype=np.float64), normal


def _side(
    part: Part, now: Strikes, s: int, every: Floats, changes: Floats, after_s: Floats, spread: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Of one side, in sigmas: what mixtures add [n, free], what all else adds [n, count], mixtures, remainder [n].

    `every` [blow, 2 m + 2, n or more] are the answers to its blows, `changes` as in `Answers`, and `after_s`
    [blow, n or more] the time since each blow; `spread` [2, m, 1] is that of decays and frequencies beforehand.
    """
    side, later = now.gap_s.shape
    m, n = len(now.pole), len(part.values)
    every, after_s = every[:, :, :n], after_s[:, :n]
    blows = every[:, :m].copy()
    if later > 1:
        blows[0] += now.echo[s] * blows[2]
    linear = part.white @ blows[:2].reshape(-1, n).T
    ridge = m / (LOOSE * part.peak**2)
    normal = linear.T @ linear + np.eye(linear.shape[1]) * ridge
    mixture = np.asarray(np.linalg.solve(normal, linear.T @ part.values), dtype=np.float64)
    amplitude = mixture.reshape(-1, m)
    if later > 1:
        amplitude = np.concatenate([amplitude, now.echo[s] * amplitude[:1]])
    first, shared = s * (1 + later), side * (2 + later)
    other = np.zeros((shared + 1 + 2 * m, n))
    moved, bent = ((amplitude @ changes).transpose(1, 0, 2) @ every).transpose(1, 0, 2)
    other[first : first + 1 + later] = moved
    other[first] = moved.sum(axis=0)
    if later > 1:
        other[side * (1 + later) + s] = amplitude[0] @ every[2, :m]
    other[shared] = bent.sum(axis=0)
    after = after_s[:, None] * amplitude[:, :, None]
    rung = (after[:, None] * every[:, : 2 * m].reshape(-1, 2, m, n)).sum(axis=0)
    other[shared + 1 :] = (rung * spread).reshape(-1, n)
    return linear, part.white @ other.T, amplitude, part.values - linear @ mixture


def _held(now: Strikes) -> Floats:
    """What is known of all but the mixtures beforehand: precision [count, count]."""
    side, later = now.gap_s.shape
    own = side * (1 + later)
    echo = np.full(side, ECHO[1] ** -2)
    held = np.diag(np.concatenate([np.full(own, NEAR_US**-2), echo, [BEND**-2], np.ones(2 * len(now.before))]))
    for g in range(later + 1 if side == 2 else 0):
        a, b = (1 + g, 2 + later + g) if g < later else (own, own + 1)
        tied = 0.5 / (TIED_US if g < later else TIED_ECHO) ** 2
        held[a, a], held[b, b] = held[a, a] + tied, held[b, b] + tied
        held[a, b] = held[b, a] = -tied
    return held


def _off(now: Strikes) -> Floats:
    """How far off that it is now [count]: gaps from those of both sides."""
    gaps = 1e6 * (now.gap_s - now.gap_s.mean(axis=0))
    local = np.concatenate([np.zeros((len(gaps), 1)), gaps], axis=1).ravel()
    (decays, frequencies), off = now.spread, now.pole - now.before
    return np.concatenate([local, now.echo - ECHO[0], [now.bend], off.real / decays, off.imag / frequencies])


def _moved(now: Strikes, step: Floats) -> Strikes:
    """After a step of Gauss-Newton."""
    side, later = now.gap_s.shape
    m, own = len(now.pole), side * (1 + later)
    local = step[:own].clip(-MOST_STEP_US, MOST_STEP_US).reshape(side, 1 + later) * 1e-6
    echo = (now.echo + step[own : own + side].clip(-0.1, 0.1)).clip(0.0, MOST_ECHO)
    bend, poles = float(step[own + side]), step[own + side + 1 : own + side + 1 + 2 * m].clip(-1.0, 1.0)
    decays, frequencies = now.spread
    pole = now.pole + poles[:m] * decays + 1j * poles[m:] * frequencies
    return replace(
        now,
        start_s=now.start_s + local[:, 0],
        gap_s=now.gap_s + local[:, 1:],
        echo=echo,
        pole=pole,
        bend=now.bend + min(max(bend, -0.3), 0.3),
    )
