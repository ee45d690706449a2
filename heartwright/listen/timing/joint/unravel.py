"""How the blows of a landmark follow each other, found in its mean waveform and proved on some of its beats.

The mean is aligned at its first blow; the later ones come at ever other times and are blurred in it. The onset of the
first is looked for before the others come. That of a second is looked for in single beats over all of a grid, mixtures
free, and that of a third beside the two. What is likely is polished in the mean, and the volley whose blows are
then found best in single beats is believed. Conventions as in `bank` and `volley`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.timing.joint import volley
from heartwright.listen.timing.joint.bank import FINE, Bank, steady
from heartwright.listen.timing.joint.volley import Volley
from heartwright.records import Floats, Ints

BEGUN, MODEL = 0.01, 0.01  # share of the energy by which a sound has begun; what the bank leaves [share of the peak]
LOOSE = 2.0  # variance a mode's amplitude may have [of what each has where they share the peak's square evenly]
# Where about there its first blow begins [samples], and how much sooner it may [periods of the lowest mode]: the soft
# beginning of a low mode holds little of its energy.
LOOK, STEP = (-7.0, 2.0), 0.125
SOONER = 0.5
FIRSTS, RIVAL = 2, 60.0  # onsets of the first that are followed, and how much less likely they may be (twice the log)
TRIED, PROVED, SOME = 2, 2, 16  # combinations tried on some beats, and those fitted to them; beats
ROUGH, FEW, PAIRS = 0.5, 8, 3  # steps [samples] and beats by which all pairs of blows are tried, and pairs believed
CLEARLY = 30.0  # squares by which a combination does worse than the best before it is fitted, to be left
NEAR = 2  # grid steps by which combinations are the same
POLISH = 4
SETTLES, SETTLED_LEFT, PAYS = 3, 1.1, 2.0  # turns of single beats, what is left when none is needed, what one must gain
FIRST_FAR = 2.0  # samples about its onset in which the first of two blows is looked for in each beat
FIRST_OFF = 0.3  # samples by which the first blow of a beat may be beside where the mean has it
EASED = 2.5  # sigmas of their spread by which later blows are beside where most are
WIDE, WIDE_LEAST = 0.3, 0.15  # by which mixtures may differ while they are hardly known [of a mode, of the mean mode]
SPREAD = 0.8  # samples by which later blows scatter, while it is not known


@dataclass(frozen=True, slots=True)
class Found:
    """A volley and how well it does: `left` of most beats (1: noise), `score` (less is better)."""

    volley: Volley
    left: float
    score: float


@dataclass(frozen=True, slots=True)
class _Mean:
    """The mean waveform over its error, and what it is looked at with."""

    right: Floats
    sigma: float
    zero: int
    ridge: float
    banks: list[Bank]

    def wave(self, blow: int, step: Ints) -> Floats:
        return self.banks[blow].wave(step, len(self.right), self.zero).astype(np.float64) / self.sigma


@dataclass(frozen=True, slots=True)
class Survey:
    """What may follow the first blow of a side: `some` of its beats, their mean, likely onsets of the first blow, and
    between which it is for sure (`begun`)."""

    some: Floats
    mean: _Mean
    begun: tuple[float, float]
    firsts: list[float]

    @property
    def many(self) -> bool:
        """Whether two blows follow the first: then it is not looked for as well."""
        return len(self.mean.banks) > 2

    @property
    def far(self) -> float:
        """How far about its onset the first blow of a beat is looked for [samples]."""
        return 0.0 if self.many else FIRST_FAR


def survey(white: Floats, zero: int, banks: list[Bank], alone: float) -> Survey:
    """Of the windows [beat, n] of a side, whose first blow is alone for `alone` samples.

    `banks` [k] are what the modes of each blow sound like in the mean of the beats, blurred as they scatter.
    """
    mean = white.mean(axis=0)
    mean = mean - mean[: zero // 2].mean()
    peak = float(np.abs(mean).max())
    sigma = float(np.hypot(1.0 / np.sqrt(len(white)), MODEL * peak))
    bank = banks[0]
    held = _Mean(mean / sigma, sigma, zero, len(bank) / (LOOSE * peak**2), banks)
    some = white[np.linspace(0, len(white) - 1, min(SOME, len(white))).astype(np.int64)]
    energy = np.cumsum(np.maximum(mean**2 - 1.0 / len(white), 0.0))
    begun = int(np.argmax(energy > BEGUN * energy[-1]))
    sooner = min(LOOK[0], -SOONER * 2.0 * np.pi / float(bank.pole.imag.min()))
    between = begun - zero + max(sooner, -float(begun)), begun - zero + LOOK[1]
    end = min(begun + int(alone), len(mean))
    return Survey(some, held, between, _firsts(held, np.arange(*between, STEP), end))


def seconds(seen: Survey, later: tuple[float, float, float]) -> list[Floats]:
    """Delays, of `later` (from, to, step), at which a second blow explains most."""
    grid = np.arange(*later)
    gain = np.max([_gained(seen, np.array([first]), grid, SOME) for first in seen.firsts], axis=0)
    return [grid[[g]] for g in _tops(gain)]


def pairs(seen: Survey, later: tuple[float, float]) -> list[tuple[float, Floats]]:
    """Onsets of a first blow and delays, of `later` (from, to), of a second that explain most, wherever both may be."""
    grid = np.arange(*later, ROUGH)
    tried = [(first, _gained(seen, np.array([first]), grid, FEW)) for first in np.arange(*seen.begun, ROUGH).tolist()]
    tried.sort(key=lambda t: -float(t[1].max()))
    out: list[tuple[float, Floats]] = []
    for first, gain in tried:
        if all(abs(first - taken) > 2.0 * NEAR * ROUGH for taken, _delay in out):
            out.append((first, grid[[int(np.argmax(gain))]]))
    return out[:PAIRS]


def triples(seen: Survey, later: tuple[float, float]) -> list[tuple[float, Floats]]:
    """The same with two later blows: the third is what explains most beside a pair."""
    grid = np.arange(*later, ROUGH)
    out = []
    for first, second in pairs(seen, later):
        gain = _gained(seen, np.concatenate([[first], first + second]), grid, FEW)
        for third in _tops(gain):
            delay = np.sort(np.concatenate([second, grid[[third]]]))
            if delay[1] - delay[0] > 2.0 * NEAR * ROUGH:
                out.append((first, delay))
    return out


def firsts(seen: Survey, delay: Floats) -> list[tuple[float, Floats]]:
    """Onsets of a first blow with which others, `delay` [k - 1] after it, explain most, wherever it may be."""
    grid = delay[-1] + ROUGH * np.arange(-2, 3)
    tried = [
        (float(_gained(seen, np.concatenate([[first], first + delay[:-1]]), grid, FEW).max()), first)
        for first in np.arange(*seen.begun, ROUGH).tolist()
    ]
    return [(first, delay) for _gain, first in sorted(tried, reverse=True)[:PAIRS]]


def _tops(gain: Floats) -> list[int]:
    """Places where most is gained, no two neighbours."""
    out: list[int] = []
    for g in np.argsort(-gain).tolist():
        if all(abs(g - taken) > NEAR for taken in out):
            out.append(g)
        if len(out) == TRIED:
            break
    return out


def judged(seen: Survey, bank: Bank, tried: list[Floats], known: Found | None) -> Found | None:
    """The best of the volleys with delays `tried` [k - 1] after the first and what is `known`, as single beats tell."""
    zero, some = seen.mean.zero, seen.some
    ranked = []
    for delay in tried:
        for at in seen.firsts:
            for turns in (0, POLISH) if seen.many else (POLISH,):
                one = _polished(seen.mean, np.concatenate([[at], at + delay]), turns)
                start, squares = volley.look(some, zero, bank, one, seen.far)
                ranked.append((float(np.median(squares)), one, start))
    ranked.sort(key=lambda r: r[0])
    best = known
    for rank, one, start in ranked[:PROVED]:
        if rank > ranked[0][0] + CLEARLY:
            break
        found = _found(some, zero, bank, one, start)
        if best is None or found.score < best.score:
            best = found
    return best


def settled(seen: Survey, bank: Bank, found: Found) -> Found:
    """`found` once more by what single beats then told, until that pays no longer.

    The mean hides what high modes do in later blows, since these scatter; single beats tell it.
    """
    for _turn in range(SETTLES):
        if found.left < SETTLED_LEFT:
            break
        start, _squares = volley.look(seen.some, seen.mean.zero, bank, found.volley, seen.far)
        better = _found(seen.some, seen.mean.zero, bank, found.volley, start)
        if better.score > found.score - PAYS:
            break
        found = better
    return found


def _found(some: Floats, zero: int, bank: Bank, one: Volley, start: Floats) -> Found:
    """What some beats are like, looked at with a volley from `start` [beat, k]."""
    fit = volley.fit(some, zero, bank, one, start)
    left = float(np.median(fit.left))
    now = fit.volley(one)
    return Found(replace(now, share=_wide(now.gain)), left, left * some.shape[1] + float(np.median(fit.off)))


def _firsts(mean: _Mean, grid: Floats, end: int) -> list[float]:
    """Likely onsets of the first blow, of those of `grid`, from what comes before the others: `end` samples."""
    wave = mean.wave(0, np.rint(grid * FINE).astype(np.int64))[:, :, :end]
    normal = wave @ wave.transpose(0, 2, 1) + np.eye(wave.shape[1]) * mean.ridge
    toward = wave @ mean.right[:end]
    value = np.linalg.slogdet(normal)[1] - np.einsum(
        "gm,gm->g", toward, np.linalg.solve(normal, toward[:, :, None])[:, :, 0]
    )
    low = np.flatnonzero((value[1:-1] <= value[:-2]) & (value[1:-1] <= value[2:])) + 1
    low = low if len(low) else np.array([int(np.argmin(value))])
    low = low[np.argsort(value[low])][:FIRSTS]
    return [float(grid[i]) for i in low if value[i] < value[low[0]] + RIVAL]


def _gained(seen: Survey, known: Floats, grid: Floats, count: int) -> Floats:
    """What a blow `grid` [g] after a first one explains with it and others, all `known`, of `count` single beats.

    In squares, the mean of the beats; each beat may have all of its blows a little beside.
    """
    mean, bank = seen.mean, seen.mean.banks[0]
    some = seen.some[:: max(1, len(seen.some) // count)]
    n, m = some.shape[1], len(bank)
    sigma = float(np.hypot(1.0, mean.sigma))
    begun = np.rint(known * FINE).astype(np.int64)
    beside = np.where(np.arange(len(known)) == 0, FIRST_OFF, SPREAD)[:, None, None]
    waves = [bank.wave(begun, n, mean.zero), beside * bank.slope(begun, n, mean.zero)]
    own = np.concatenate([part.reshape(-1, n) for part in waves])
    first = float(known[0])
    own, right = steady(own.astype(np.float64) / sigma), steady(some / sigma)
    inside = np.linalg.solve(own @ own.T + mean.ridge * np.eye(len(own)), own)
    rest = right - (right @ inside.T) @ own
    wave = bank.wave(np.rint((first + grid) * FINE).astype(np.int64), n, mean.zero).astype(np.float64) / sigma
    flat = wave.reshape(-1, n)
    less = steady(flat)
    less = (less - (less @ inside.T) @ own).reshape(wave.shape)
    normal = wave @ less.transpose(0, 2, 1) + mean.ridge * np.eye(m)
    toward = wave @ rest.T
    gain = np.einsum("gmk,gmk->gk", toward, np.linalg.solve(normal, toward))
    before = float(np.mean(np.einsum("ij,ij->i", right, right - rest)))
    return np.asarray(before + _eased(gain, float(grid[1] - grid[0])).mean(axis=1))


def _eased(gain: Floats, step: float) -> Floats:
    """The most that is gained near each place of a grid [g, k], less what it costs to be beside it."""
    out = gain.copy()
    for by in range(1, int(EASED * SPREAD / step) + 1):
        cost = (by * step / SPREAD) ** 2
        out[:-by] = np.maximum(out[:-by], gain[by:] - cost)
        out[by:] = np.maximum(out[by:], gain[:-by] - cost)
    return out


def _polished(mean: _Mean, time: Floats, turns: int) -> Volley:
    """Times and mixtures that explain the mean best near `time` [k] (Gauss-Newton)."""
    n, k = len(mean.right), len(time)
    m = len(mean.banks[0])
    held = np.concatenate([np.full(k * m, mean.ridge), np.ones(k)])
    gain: Floats = np.zeros(k * m)
    for turn in range(turns + 1):
        at = [bank.at(time[b : b + 1], n, mean.zero) for b, bank in enumerate(mean.banks)]
        flat = np.concatenate([(wave + behind * slope)[0] for wave, slope, behind in at]) / mean.sigma
        gain = np.asarray(np.linalg.solve(flat @ flat.T + np.eye(k * m) * mean.ridge, flat @ mean.right))
        if turn == turns:
            break
        moved = [gain[b * m : (b + 1) * m] @ slope[0] / mean.sigma for b, (_w, slope, _l) in enumerate(at)]
        block = np.concatenate([flat, np.stack(moved)])
        toward = block @ (mean.right - gain @ flat)
        toward[: k * m] -= mean.ridge * gain
        step = np.linalg.solve(block @ block.T + np.diag(held), toward)[k * m :]
        time = time + np.clip(step, -0.3, 0.3)
    mixture = gain.reshape(k, m)
    spread = np.full(k, SPREAD)
    spread[0] = volley.FIRST if k > 2 else SPREAD
    return Volley(np.asarray(time), spread, mixture, _wide(mixture))


def _wide(gain: Floats) -> Floats:
    """By how much mixtures [k, m] may differ while they are hardly known."""
    return WIDE * np.abs(gain) + WIDE_LEAST * np.sqrt(np.mean(gain**2, axis=1, keepdims=True))
