"""How the blows of a landmark follow each other, found in its mean waveform and proved on some of its beats.

The mean is aligned at its first blow; the later ones come at ever other times and are blurred in it. The onset of the
first is looked for before the others come, theirs then two at a time over all of a grid, mixtures free; the best few
combinations are polished, and those whose blows are then found best in single beats are believed. Conventions as in
`bank` and `volley`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.timing import volley
from heartwright.listen.timing.bank import FINE, Bank
from heartwright.listen.timing.volley import Volley
from heartwright.records import Floats, Ints

BEGUN, MODEL = 0.01, 0.01  # share of the energy by which a sound has begun; what the bank leaves [share of the peak]
LOOSE = 2.0  # variance a mode's amplitude may have [of what each has where they share the peak's square evenly]
LOOK, STEP = (-7.0, 2.0), 0.125  # where about there its first blow begins [samples]
FIRSTS, RIVAL = 3, 60.0  # onsets of the first that are followed, and how much less likely they may be (twice the log)
TRIED, PROVED, SOME = 6, 4, 16  # combinations that are tried on some beats, and those fitted to them; beats
NEAR = 2  # grid steps by which combinations are the same
POLISH = 5
FIRST_OFF = 0.15  # samples by which the first blow of a beat may be beside where the mean has it
EASED = 2.5  # sigmas of their spread by which later blows are beside where most are
WIDE, WIDE_LEAST = 0.3, 0.15  # by which mixtures may differ while they are hardly known [of a mode, of the mean mode]
SPREAD = 0.8  # samples by which later blows scatter, while it is not known


@dataclass(frozen=True, slots=True)
class Plan:
    """What blows may follow each other: `alone` samples of the first, blur [k] of each in the mean [samples], and how
    much later each is than the one before it (from, to, step) [samples]."""

    alone: float
    blur: tuple[float, ...]
    later: tuple[tuple[float, float, float], ...]


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
        return self.banks[blow].wave(step, len(self.right), self.zero) / self.sigma


def find(
    white: Floats, zero: int, bank: Bank, plan: Plan, known: Found | None = None, also: Floats | None = None
) -> Found | None:
    """The volley of windows [beat, n].

    `also` [k - 1] are delays that are tried too, after what is `known`.
    """
    mean = white.mean(axis=0)
    mean = mean - mean[: zero // 2].mean()
    peak = float(np.abs(mean).max())
    sigma = float(np.hypot(1.0 / np.sqrt(len(white)), MODEL * peak))
    banks = [bank.blurred(b) for b in plan.blur]
    held = _Mean(mean / sigma, sigma, zero, len(bank) / (LOOSE * peak**2), banks)
    firsts = _firsts(held, plan.alone, len(white))
    some = white[np.linspace(0, len(white) - 1, min(SOME, len(white))).astype(np.int64)]
    if also is not None:
        tried = [np.concatenate([[t], t + also]) for t in firsts] * 2
    else:
        likely = [row for t in firsts for row in _later(some, held, t, plan)]
        tried = [row for _gain, row in sorted(likely, key=lambda r: -r[0])[: 3 * TRIED]]
    first = 0.0 if len(plan.blur) > 2 else 2.0
    ranked = []
    for i, time in enumerate(tried):
        one = _polished(held, time, 0 if also is not None and i < len(firsts) else POLISH)
        start, squares = volley.look(some, zero, bank, one, first)
        ranked.append((float(np.median(squares)), one, start))
    best = known
    for _rank, one, start in sorted(ranked, key=lambda r: r[0])[:PROVED]:
        fit = volley.fit(some, zero, bank, one, start)
        left = float(np.median(fit.left))
        score = left * white.shape[1] + float(np.median(fit.off))
        if best is None or score < best.score:
            found = fit.volley(one)
            best = Found(replace(found, share=_wide(found.gain)), left, score)
    return best


def _firsts(mean: _Mean, alone: float, count: int) -> list[float]:
    """Likely onsets of the first blow, from what comes before the others."""
    energy = np.cumsum(np.maximum((mean.right * mean.sigma) ** 2 - 1.0 / count, 0.0))
    begun = int(np.argmax(energy > BEGUN * energy[-1]))
    grid = begun - mean.zero + np.arange(*LOOK, STEP)
    end = min(begun + int(alone), len(mean.right))
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


def _later(white: Floats, mean: _Mean, first: float, plan: Plan) -> list[tuple[float, Floats]]:
    """Times [k] of the blows that explain single beats `white` [beat, n] best and what they explain, the first of them
    at `first`; each beat may have the later ones a little beside where most do."""
    n, m, bank = white.shape[1], len(mean.banks[0]), mean.banks[0]
    sigma = float(np.hypot(1.0, mean.sigma))
    right = white / sigma
    begun = np.array([round(first * FINE)])
    own = np.concatenate([bank.wave(begun, n, mean.zero)[0], FIRST_OFF * bank.slope(begun, n, mean.zero)[0]]) / sigma
    slow = volley.drift(n)
    own = own - (own @ slow.T) @ slow
    right = right - (right @ slow.T) @ slow
    inside = np.linalg.solve(own @ own.T + mean.ridge * np.eye(2 * m), own)
    rest = right - (right @ inside.T) @ own
    gained = float(np.mean(np.einsum("ij,ij->i", right, right - rest)))
    low, high, step = plan.later[0]
    grid = np.arange(low, sum(to for _from, to, _step in plan.later) + 1e-9, step)
    wave = bank.wave(np.rint((first + grid) * FINE).astype(np.int64), n, mean.zero) / sigma
    flat = wave.reshape(-1, n)
    less = flat - (flat @ slow.T) @ slow
    less = less - (less @ inside.T) @ own
    across = (flat @ less.T).reshape(len(grid), m, len(grid), m).transpose(0, 2, 1, 3)
    toward = (flat @ rest.T).reshape(len(grid), m, -1)
    at = np.arange(len(grid))
    alone = np.linalg.inv(across[at, at] + mean.ridge * np.eye(m))
    pulled = alone @ toward
    gain = np.einsum("gmk,gmk->gk", toward, pulled)
    if len(plan.blur) == 2:
        value = _eased(gain, step, 0).mean(axis=1)
        places: list[tuple[int, ...]] = [(int(g),) for g in np.argsort(-value)]
    else:
        count, near, far = round((high - low) / step) + 1, *(round(x / step) for x in plan.later[1][:2])
        pairs = np.array([(i, j) for i in range(count) for j in range(i + near, min(i + far, len(grid)))])
        i, j = pairs.T
        between = across[i, j]
        turned = between.transpose(0, 2, 1)
        left = across[j, j] + mean.ridge * np.eye(m) - turned @ alone[i] @ between
        then = toward[j] - turned @ pulled[i]
        both = np.full((count, len(grid), len(white)), -np.inf)
        both[i, j] = gain[i] + np.einsum("gmk,gmk->gk", then, np.linalg.solve(left, then))
        value = _eased(_eased(both, step, 0), step, 1).mean(axis=2)
        places = [(int(g) // len(grid), int(g) % len(grid)) for g in np.argsort(-value, axis=None)[: len(pairs)]]
    out: list[tuple[float, Floats]] = []
    taken: list[Ints] = []
    for place in places:
        here = np.array(place)
        if all(np.abs(here - t).max() > NEAR for t in taken):
            taken.append(here)
            out.append((gained + float(value[place]), np.concatenate([[first], first + grid[here]])))
        if len(out) == TRIED:
            break
    return out


def _eased(gain: Floats, step: float, axis: int) -> Floats:
    """The most that is gained near each place of a grid along `axis`, less what it costs to be beside it."""
    out = gain.copy()
    size = gain.shape[axis]
    for by in range(1, int(EASED * SPREAD / step) + 1):
        cost = (by * step / SPREAD) ** 2
        here, there = [slice(None)] * gain.ndim, [slice(None)] * gain.ndim
        here[axis], there[axis] = slice(0, size - by), slice(by, size)
        low, high = tuple(here), tuple(there)
        out[low] = np.maximum(out[low], gain[high] - cost)
        out[high] = np.maximum(out[high], gain[low] - cost)
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
