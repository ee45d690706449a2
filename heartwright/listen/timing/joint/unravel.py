"""How the blows of a landmark follow each other, found in its mean waveform and proved on some of its beats.

The mean is aligned at its first blow; the later ones come at ever other times and are blurred in it. The onset of the
first is looked for before the others come, that of a second in single beats over all of a grid, mixtures free. Where
that fails, the mean tells: of all blows wherever they may be, it leaves the first hardly any room, and the others some
hundreds of likely places. What is likely is polished in the mean, and the volley whose blows are then found best in
single beats is believed. Conventions as in `bank` and `volley`.
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
TOPS, PROVED, SOME = 2, 10, 16  # delays tried on some beats, volleys fitted to them; beats
# Where blows may be anywhere: steps of the first [of the highest mode's radian], and of the others at first and beside
# a likely first, at least [samples], in how many of them at most; how far the others are apart at least; combinations
# that are polished at first and then, and within how much firsts, and whole combinations, are the same then [samples].
FIRST_STEP, ROUGH, FINER, LEAST_APART = 0.6, 1.0, 0.5, 2.0
MOST_ROUGH, MOST_FINER = 24, 64
TRIED, TRIED_FINER, FIRST_NEAR, SAME = 24, 64, 0.3, 0.3
POLISH_MORE, LIKELY = 8, 40  # turns, and combinations that single beats judge
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
    gain = np.max([_gained(seen, first, grid) for first in seen.firsts], axis=0)
    return [grid[[g]] for g in _tops(gain)]


def shown(seen: Survey, delay: Floats) -> list[Volley]:
    """Volleys whose later blows come `delay` [k - 1] after the likely onsets of the first."""
    time = np.array([np.concatenate([[at], at + delay]) for at in seen.firsts])
    turns = (0, POLISH) if seen.many else (POLISH,)
    return [volley for n in turns for volley in _polished(seen.mean, time, n).volleys()]


def everywhere(seen: Survey, later: tuple[float, float], known: list[Floats]) -> list[Volley]:
    """Volleys that explain the mean best, the first blow wherever it may be, the others `later` (from, to) than it.

    The first is had from a rough grid of all onsets and delays; beside the likeliest, delays are tried on a finer one,
    and those that are `known` [k - 1] from elsewhere.
    """
    mean, wide = seen.mean, later[1] - later[0]
    firsts = np.arange(*seen.begun, FIRST_STEP / float(mean.banks[0].pole.imag.max()))
    rough = _polished(mean, _likeliest(mean, firsts, later, max(ROUGH, wide / MOST_ROUGH), TRIED), POLISH_MORE)
    first = rough.time[_apart(rough.time[:, :1], rough.left, (FIRST_NEAR,), FIRSTS), 0]
    finer = max(FINER, wide / MOST_FINER)
    tried = [_likeliest(mean, at[None], later, finer, TRIED_FINER) for at in first]
    given = [np.concatenate([[at], at + delay])[None] for at in first for delay in known]
    found = _polished(mean, np.concatenate(given + tried), POLISH_MORE)
    likely = _apart(found.time, found.left, (SAME,) * found.time.shape[1], LIKELY)
    volleys = found.volleys()
    return [volleys[i] for i in sorted({*range(len(given)), *likely})]


def _tops(gain: Floats) -> list[int]:
    """Places where most is gained, no two neighbours."""
    out: list[int] = []
    for g in np.argsort(-gain).tolist():
        if all(abs(g - taken) > NEAR for taken in out):
            out.append(g)
        if len(out) == TOPS:
            break
    return out


def judged(seen: Survey, bank: Bank, tried: list[Volley]) -> list[Found]:
    """The best of the volleys `tried`, best first, as single beats tell."""
    zero, some = seen.mean.zero, seen.some
    ranked = []
    for one in tried:
        start, squares = volley.look(some, zero, bank, one, seen.far)
        ranked.append((float(np.median(squares)), one, start))
    ranked.sort(key=lambda r: r[0])
    near = [r for r in ranked[:PROVED] if r[0] < ranked[0][0] + CLEARLY]
    return sorted((_found(some, zero, bank, one, start) for _rank, one, start in near), key=lambda f: f.score)


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


def _gained(seen: Survey, first: float, grid: Floats) -> Floats:
    """What a blow `grid` [g] after one at `first` explains with it of single beats.

    In squares, the mean of the beats; each beat may have its first blow a little beside.
    """
    mean, bank = seen.mean, seen.mean.banks[0]
    n, m = seen.some.shape[1], len(bank)
    sigma = float(np.hypot(1.0, mean.sigma))
    begun = np.array([round(first * FINE)])
    waves = [bank.wave(begun, n, mean.zero), FIRST_OFF * bank.slope(begun, n, mean.zero)]
    own = np.concatenate([part.reshape(-1, n) for part in waves])
    own, right = steady(own.astype(np.float64) / sigma), steady(seen.some / sigma)
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


@dataclass(frozen=True, slots=True)
class _Tried:
    """Times [c, k] and mixtures [c, k, m] of blows, and what they leave of the mean [c] (squares, in its errors)."""

    time: Floats
    gain: Floats
    left: Floats

    def volleys(self) -> list[Volley]:
        """As single beats are looked at with them."""
        spread = np.full(self.time.shape[1], SPREAD)
        spread[0] = volley.FIRST if len(spread) > 2 else SPREAD
        return [Volley(time, spread, gain, _wide(gain)) for time, gain in zip(self.time, self.gain, strict=True)]


def _polished(mean: _Mean, time: Floats, turns: int) -> _Tried:
    """Times and mixtures that explain the mean best near `time` [c, k] (Gauss-Newton)."""
    n, (count, k) = len(mean.right), time.shape
    m = len(mean.banks[0])
    held = np.diag(np.concatenate([np.full(k * m, mean.ridge), np.ones(k)]))
    for turn in range(turns + 1):
        at = [bank.at(time[:, b], n, mean.zero) for b, bank in enumerate(mean.banks)]
        flat = np.concatenate([wave + behind[:, None, None] * slope for wave, slope, behind in at], axis=1) / mean.sigma
        normal = flat @ flat.transpose(0, 2, 1) + held[: k * m, : k * m]
        gain = np.linalg.solve(normal, flat @ mean.right[:, None])[:, :, 0]
        rest = mean.right - (gain[:, None] @ flat)[:, 0]
        if turn == turns:
            break
        mixture = gain.reshape(count, k, 1, m)
        moved = [(mixture[:, b] @ slope)[:, 0] / mean.sigma for b, (_wave, slope, _behind) in enumerate(at)]
        block = np.concatenate([flat, np.stack(moved, axis=1)], axis=1)
        toward = (block @ rest[:, :, None])[:, :, 0]
        toward[:, : k * m] -= mean.ridge * gain
        step = np.linalg.solve(block @ block.transpose(0, 2, 1) + held, toward[:, :, None])[:, k * m :, 0]
        time = time + np.clip(step, -0.3, 0.3)
    return _Tried(np.asarray(time), np.asarray(gain.reshape(count, k, m)), np.einsum("cn,cn->c", rest, rest))


def _likeliest(mean: _Mean, first: Floats, later: tuple[float, float], step: float, most: int) -> Floats:
    """Times [c, k] on a grid that explain the mean best: the first blow at one of `first`, the others `later` (from,
    to) than it, every `step`."""
    m, others = len(mean.banks[0]), len(mean.banks) - 1
    grid = np.arange(first[0] + later[0], first[-1] + later[1], step)
    places = [first, *[grid] * others]
    waves = [mean.wave(b, np.rint(at * FINE).astype(np.int64)) for b, at in enumerate(places)]
    flat = np.concatenate([wave.reshape(-1, wave.shape[2]) for wave in waves])
    normal, toward = flat @ flat.T, flat @ mean.right
    begin = np.cumsum([0, *[len(at) for at in places[:-1]]])
    if others == 1:
        after = np.arange(len(grid))[:, None]
    else:
        after = np.stack(np.triu_indices(len(grid), int(np.ceil(LEAST_APART / step))), axis=1)
    times, gained = [], []
    for f, at in enumerate(first.tolist()):
        behind = grid[after] - at
        some = after[(behind[:, 0] >= later[0]) & (behind[:, -1] <= later[1])]
        place = np.concatenate([np.full((len(some), 1), f), begin[1:] + some], axis=1)
        index = (place[:, :, None] * m + np.arange(m)).reshape(len(some), -1)
        own = toward[index]
        inner = normal[index[:, :, None], index[:, None, :]] + mean.ridge * np.eye(index.shape[1])
        gained.append(np.einsum("ci,ci->c", own, np.linalg.solve(inner, own[:, :, None])[:, :, 0]))
        times.append(np.concatenate([np.full((len(some), 1), at), grid[some]], axis=1))
    time, gain = np.concatenate(times), np.concatenate(gained)
    return np.asarray(time[_apart(time, -gain, (0.7, 2.0 * step, 2.0 * step), most)])


def _apart(time: Floats, cost: Floats, near: tuple[float, ...], most: int) -> list[int]:
    """The best of `time` [c, k] by `cost` [c], at `most`, no two of them within `near` [k] in all blows."""
    left = np.argsort(cost)
    out: list[int] = []
    while len(left) and len(out) < most:
        out.append(int(left[0]))
        off = np.abs(time[left] - time[left[0]])
        left = left[(off > np.array(near[: time.shape[1]])).any(axis=1)]
    return out


def _wide(gain: Floats) -> Floats:
    """By how much mixtures [k, m] may differ while they are hardly known."""
    return WIDE * np.abs(gain) + WIDE_LEAST * np.sqrt(np.mean(gain**2, axis=1, keepdims=True))
