"""Blows of the mean waveforms of both sides, explained together.

The sides share what rings (poles, and the phase of the microphone's filter) and, of a cluster, how it goes: the banking
after the lock, then the bounce of the tooth, which strikes what the lock struck and so has its mixture of modes. A
single waveform can be put down to other modes and a little delay; both together cannot. All is fitted at once by
Gauss-Newton (Kay 1993, section 8.9): onsets, gaps, poles, phase, the bounce's restitution, and the mixtures, which are
linear. Errors are those of the fit's own covariance, times what it leaves over.

Conventions: times in seconds after a waveform's zero; blow 0 of it begins at its start, the others `gap_s` later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.timing.modal import Complexes
from heartwright.listen.timing.onset import answers
from heartwright.listen.timing.onset.answers import Answers
from heartwright.records import Floats

TURNS = 14
MOST_STEP_US, STILL_US, GAP_STILL_US = 8.0, 0.1, 2.0
BLUR_S = 15e-6  # scatter of later blows against the first, as teeth are uneven [one sigma]
LOOSE = 2.0  # variance a mode's amplitude may have [of what each has where they share the peak's square evenly]
# How well poles are known beforehand [share, one sigma], at best and for each part of noise in the waveform they are
# of (measured on made takes of 10 to 40 dB, seeds of 6,000).
FREQUENCY, DECAY = (0.003, 1.0), (0.05, 12.0)
BEND = 0.5  # how much the filter may bend phases [rad, one sigma]
ECHO = (0.2, 0.15)  # restitution of steel on ruby, 0.1..0.35, of the blow after the second
MOST_ECHO = 0.6
NEAR_US = 100.0  # how near the first guess an onset is
TIED_US, TIED_ECHO = 5.0, 0.05  # how alike gaps and restitution are on both sides
BEFORE_S, CLEAN_S = 0.35e-3, 0.25e-3  # of a waveform before it begins, and after that without what is not modelled
IMPULSE, IMPULSE_SPANS = 0.5, 0.7  # of the lock's peak, and how long before the lock [spans]
SLOW = 0.03  # of the peak: what is slower than the window (hum, rumble, where its zero is) [one sigma]
LEAST_OLDER = 1e-3  # what rings on less is not thought of [of the peak]
KEPT = 0.75  # share of the band that answers use: the noise of a sample is that much of an independent one


@dataclass(frozen=True, slots=True)
class Wave:
    """A mean waveform [n]: its zero at sample `zero` and its one-sigma noise."""

    values: Floats
    zero: int
    noise: float


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
        within = answers.within_band(wave.values)
        last = max(len(within) - answers.FADE, 1)
        first = int(np.clip(wave.zero + int((begun_s - BEFORE_S) * rate_hz), 0, last - 1))
        last = int(np.clip(wave.zero + int((begun_s + after_s) * rate_hz), first + 1, last))
        values, time = within[first:last], (np.arange(first, last) - wave.zero) / rate_hz
        peak = max(float(np.abs(values).max()), 1e-30)
        sigma = np.hypot(wave.noise, np.where(time < begun_s + CLEAN_S, *share) * peak)
        ringing = older[:, : last - first] * peak / sigma
        slow = SLOW * np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, len(values)), 1).T * peak / sigma
        rings: Floats = np.concatenate([ringing.real, ringing.imag, slow])
        factor = np.linalg.cholesky(np.eye(len(values)) + rings.T @ rings)
        white = np.asarray(np.linalg.inv(factor) / sigma, dtype=np.float64)
        return cls(white @ values, white, peak, wave.zero - first)


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
    expected), `cost` twice the negative log posterior.
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


def fitted(parts: list[Part], rate_hz: float, first: Strikes, turns: int = TURNS) -> Strikes:
    """The blows that explain `parts` best, from where `first` has them."""
    now = first
    each = 1 + now.gap_s.shape[1]
    for turn in range(turns + 1):
        now, step, normal = _turn(parts, rate_hz, now)
        local = np.abs(step[: len(parts) * each]).reshape(-1, each)
        if turn == turns or (float(local[:, 0].max()) < STILL_US and float(local.max()) < GAP_STILL_US):
            break
        now = _moved(now, step)
    at = np.arange(len(parts)) * each
    return replace(now, covariance=np.asarray(np.linalg.inv(normal)[np.ix_(at, at)] * now.left * 1e-12, np.float64))


def _spread(now: Strikes) -> tuple[Floats, Floats]:
    """One-sigma of decays and frequencies beforehand [1/s]."""
    decay, frequency = (float(np.hypot(least, share * now.unsure)) for least, share in (DECAY, FREQUENCY))
    return decay * np.abs(now.before.real), frequency * now.before.imag


def _turn(parts: list[Part], rate_hz: float, now: Strikes) -> tuple[Strikes, Floats, Floats]:
    """Mixtures and remainder where the blows are now, the step of all else, and the normal matrix.

    Unknowns: of each side start and gaps [us], of each side the echo, then bend, decays and frequencies [sigmas], then
    the mixtures of each side.
    """
    side, later = now.gap_s.shape
    m, shared = len(now.pole), side * (1 + later) + side
    count = shared + 1 + 2 * m
    sharp = Answers.of(now.pole, now.bend, rate_hz)
    soft = sharp.blurred(BLUR_S)
    free = min(later + 1, 2) * m
    normal = np.zeros((count + side * free, count + side * free))
    right = np.zeros(len(normal))
    amplitude, squares = np.zeros_like(now.amplitude), 0.0
    for s, part in enumerate(parts):
        linear, other, amplitude[s], rest = _side(part, now, s, sharp, soft, count)
        at = slice(count + s * free, count + (s + 1) * free)
        ridge = m / (LOOSE * part.peak**2)
        both = np.concatenate([other, linear], axis=1)
        inner, toward = both.T @ both, both.T @ rest
        normal[:count, :count] += inner[:count, :count]
        normal[:count, at], normal[at, :count] = inner[:count, count:], inner[count:, :count]
        normal[at, at] = inner[count:, count:] + np.eye(free) * ridge
        right[:count] += toward[:count]
        right[at] = toward[count:] - ridge * amplitude[s, :2].ravel()
        squares += float(rest @ rest)
    held, off = _prior(now)
    normal[:count, :count] += held
    right[:count] -= held @ off
    samples = sum(len(part.values) for part in parts)
    rest = squares / max(KEPT * (samples - side * free) - side * (1 + later), 8.0)
    now = replace(now, amplitude=amplitude, rest=rest, cost=squares + float(off @ held @ off))
    return now, np.asarray(np.linalg.solve(normal, right), dtype=np.float64), normal


def _side(
    part: Part, now: Strikes, s: int, sharp: Answers, soft: Answers, count: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Of one side, in sigmas: what mixtures add [n, free], what all else adds [n, count], mixtures, remainder [n]."""
    side, later = now.gap_s.shape
    m, n = len(now.pole), len(part.values)
    begun = now.start_s[s] + np.concatenate([[0.0], now.gap_s[s]])
    sine, quarter, bent = (
        np.concatenate(rows)
        for rows in zip(
            *(_told(a, n, part.zero, at) for a, at in ((sharp, begun[:1]), (soft, begun[1:])) if len(at)), strict=True
        )
    )  # [blow, m, n]
    blows = [sine[0] + now.echo[s] * sine[2], sine[1]] if later > 1 else list(sine)
    linear = part.white @ np.concatenate(blows).T
    right = part.values
    ridge = m / (LOOSE * part.peak**2)
    mixture = np.linalg.solve(linear.T @ linear + np.eye(linear.shape[1]) * ridge, linear.T @ right)
    amplitude = mixture.reshape(-1, m)
    if later > 1:
        amplitude = np.concatenate([amplitude, now.echo[s] * amplitude[:1]])
    other = np.zeros((n, count))
    pole = now.pole[:, None]
    slope = -(pole.imag * quarter + pole.real * sine)
    moved = np.einsum("bm,bmn->nb", amplitude, slope) * 1e-6
    first = s * (1 + later)
    other[:, first] = moved.sum(axis=1)
    other[:, first + 1 : first + 1 + later] = moved[:, 1:]
    shared = side * (2 + later)
    if later > 1:
        other[:, side * (1 + later) + s] = amplitude[0] @ sine[2]
    other[:, shared] = np.einsum("bm,bmn->n", amplitude, bent)
    after = np.maximum((np.arange(n) - part.zero) / sharp.rate_hz - begun[:, None], 0.0)
    after = after[:, None] * amplitude[:, :, None]
    decays, frequencies = _spread(now)
    other[:, shared + 1 : shared + 1 + m] = (after * sine).sum(axis=0).T * decays
    other[:, shared + 1 + m :] = (after * quarter).sum(axis=0).T * frequencies
    return linear, part.white @ other, amplitude, right - linear @ mixture


def _told(a: Answers, n: int, zero: int, start_s: Floats) -> tuple[Floats, Floats, Floats]:
    """Answers to blows at `start_s`, a quarter turn ahead, and their change by a radian of bend, [blow, m, n] each."""
    every = a.rings(np.concatenate([a.sine, a.quarter, a.kicks()]), n, zero, start_s)
    m = len(a.sine)
    sine, quarter, kick, second = every[:, :m], every[:, m : 2 * m], every[:, 2 * m, None], every[:, 2 * m + 1, None]
    return sine, quarter, a.bent(sine, quarter, kick, second)


def _prior(now: Strikes) -> tuple[Floats, Floats]:
    """What is known of all but the mixtures beforehand: precision [count, count], and how far off that is now."""
    side, later = now.gap_s.shape
    decays, frequencies = _spread(now)
    off = now.pole - now.before
    local = np.concatenate([np.zeros((side, 1)), now.gap_s * 1e6], axis=1).ravel()
    values = [local, now.echo - ECHO[0], np.array([now.bend]), off.real / decays, off.imag / frequencies]
    own = side * (1 + later)
    echo = np.full(side, ECHO[1] ** -2)
    held = np.diag(np.concatenate([np.full(own, NEAR_US**-2), echo, [BEND**-2], np.ones(2 * len(now.before))]))
    away: Floats = np.concatenate(values)
    for g in range(later + 1 if side == 2 else 0):
        a, b = (1 + g, 2 + later + g) if g < later else (own, own + 1)
        if g < later:
            middle = 0.5 * (away[a] + away[b])
            away[a], away[b] = away[a] - middle, away[b] - middle
        tied = 0.5 / (TIED_US if g < later else TIED_ECHO) ** 2
        held[a, a], held[b, b] = held[a, a] + tied, held[b, b] + tied
        held[a, b] = held[b, a] = -tied
    if side == 1:
        away[: 1 + later] = 0.0
    return held, away


def _moved(now: Strikes, step: Floats) -> Strikes:
    """After a step of Gauss-Newton."""
    side, later = now.gap_s.shape
    m, own = len(now.pole), side * (1 + later)
    local = np.clip(step[:own], -MOST_STEP_US, MOST_STEP_US).reshape(side, 1 + later) * 1e-6
    echo = np.clip(now.echo + np.clip(step[own : own + side], -0.1, 0.1), 0.0, MOST_ECHO)
    bend, poles = float(step[own + side]), np.clip(step[own + side + 1 : own + side + 1 + 2 * m], -1.0, 1.0)
    decays, frequencies = _spread(now)
    pole = now.pole + poles[:m] * decays + 1j * poles[m:] * frequencies
    return replace(
        now,
        start_s=now.start_s + local[:, 0],
        gap_s=now.gap_s + local[:, 1:],
        echo=echo,
        pole=pole,
        bend=now.bend + float(np.clip(bend, -0.3, 0.3)),
    )
