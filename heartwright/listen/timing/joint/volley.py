"""Blows that ring into each other, timed together in every beat.

Model of a beat: the sum of some blows, each at a time of its own and with a mixture of modes near its usual one, in
white noise and a slow drift that means nothing. Times enter through the phase of the modes, so that what a later blow
does to an earlier one cannot be told by any fixed set of directions once it scatters by more than a radian of the
highest mode. So the times of the later blows are first looked for on a grid, all combinations of them at once, with
what the mixtures may do taken out; from there all times and mixtures go to the most likely ones together
(Gauss-Newton; Kay 1993, sections 8.9 and 11.5). The error of the first time is that of the whole posterior.

Conventions: as in `bank`; beats are rows, their windows are white.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen import filters
from heartwright.listen.timing.coherent import Singles
from heartwright.listen.timing.joint.bank import FINE, SLOW, Bank, drift
from heartwright.records import Floats, Ints

TURNS, SURE_TURNS = 3, 2  # turns, and those that do where blows are known and have been looked for
SEEN = FINE // 4  # steps between the times that are tried [of `FINE` a sample]
FAR = 3.0  # samples by which later blows are looked for about where they mostly come
LEVEL = 0.3  # by which the level of a beat may differ from the others', all its blows together
MOST_STEP = 1.0  # samples that a blow moves in one turn
LEAST_SPREAD = 0.15  # samples
DOUBTFUL = 2.5  # sigmas by which a beat's cost exceeds most beats', beyond which it is looked for elsewhere
LEAST_LEVEL = 0.1  # of a blow, below which its time is not moved more [of most beats']
RULED_OUT = 1e12  # cost of times that are not to be tried again
AT_ONCE = 512  # beats, to bound what is held of a long take
IN_CACHE = 256  # blows whose waveforms are looked up at a time
MIXED, MIXED_LEAST = 0.12, 0.01  # by which a mode differs from beat to beat [share of itself, of the blow's mean mode]
# Samples by which the first blow may be beside where its beats are aligned, while the others are looked for.
FIRST = 0.3


@dataclass(frozen=True, slots=True)
class Volley:
    """How blows follow each other in the beats of a side.

    `time` [k] of each after the windows' zero and its `spread` [k] about that, for the later ones about the first;
    `gain` [k, m] with `share` [k, m], the one-sigma difference of each beat's from it.
    """

    time: Floats
    spread: Floats
    gain: Floats
    share: Floats

    @property
    def behind(self) -> Floats:
        """How much later than the first the others come, [k - 1]."""
        return np.asarray(self.time[1:] - self.time[0])


@dataclass(frozen=True, slots=True)
class Fit:
    """Blows of beats: `time` and `sigma` [beat, k], `gain` [beat, k, m]; `left` [beat] of each value (1: noise), `off`
    [beat] squares by which mixtures differ from the usual ones, in sigmas."""

    time: Floats
    sigma: Floats
    gain: Floats
    left: Floats
    off: Floats
    rest: Floats

    @property
    def values(self) -> int:
        """Values of a beat, its drift taken out."""
        return self.rest.shape[1] - SLOW - 1

    def cost(self) -> Floats:
        """Twice the negative log posterior but for its constant and the times' own, [beat]."""
        return np.asarray(self.left * self.values + self.off)

    @property
    def doubt(self) -> float:
        """By how many sigmas most beats cost more than blows do that are what they are taken for."""
        over = float(np.median(self.cost())) - self.values
        return over / float(np.sqrt(2.0 * self.values / len(self.rest)))

    def volley(self, before: Volley) -> Volley:
        """As these beats have it."""
        gain = filters.medians(self.gain.reshape(len(self.gain), -1)).reshape(self.gain.shape[1:])
        behind = self.time - self.time[:, :1]
        middle = filters.medians(behind)
        spread = np.clip(1.4826 * filters.medians(np.abs(behind - middle)), LEAST_SPREAD, 0.5 * FAR)
        spread[0] = before.spread[0]
        return Volley(filters.median(self.time[:, 0]) + middle, spread, gain, usual(gain))


FIELDS = ("time", "sigma", "gain", "left", "off", "rest")


def usual(gain: Floats) -> Floats:
    """By how much mixtures [k, m] mostly differ from beat to beat."""
    return MIXED * np.abs(gain) + MIXED_LEAST * np.sqrt(np.mean(gain**2, axis=1, keepdims=True))


def settled(white: Floats, zero: int, bank: Bank, volley: Volley, first: float) -> Fit:
    """The blows of windows [beat, n], looked for and fitted; those that fit badly are looked for elsewhere too."""
    parts = [looked(white[at : at + AT_ONCE], zero, bank, volley, first) for at in range(0, len(white), AT_ONCE)]
    found = Fit(*(np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS))
    cost = found.cost()
    middle = filters.median(cost)
    odd = np.flatnonzero(cost > middle + DOUBTFUL * float(np.sqrt(2.0 * middle)))
    if len(odd):
        start, _left = look(white[odd], zero, bank, volley, first, found.time[odd])
        other = fit(white[odd], zero, bank, volley, start, SURE_TURNS)
        better = other.cost() < cost[odd]
        for name in FIELDS:
            getattr(found, name)[odd[better]] = getattr(other, name)[better]
    return found


def looked(white: Floats, zero: int, bank: Bank, volley: Volley, first: float) -> Fit:
    """The blows of windows [beat, n], looked for once and fitted: enough to learn from most of them."""
    start, _left = look(white, zero, bank, volley, first)
    return fit(white, zero, bank, volley, start, SURE_TURNS)


def look(
    white: Floats, zero: int, bank: Bank, volley: Volley, first: float, apart: Floats | None = None
) -> tuple[Floats, Floats]:
    """Times [beat, k] of the blows of windows [beat, n] on a grid, and what is left there (squares) [beat].

    The first blow is tried within +-`first` samples, or where 0 not at all; one or two blows are looked for. Where all
    of them are within a sample of `apart` [beat, k] is left out.
    """
    count, n = white.shape
    gain, heard = volley.gain.astype(np.float32), white.astype(np.float32)
    steps = np.rint(volley.time * FINE).astype(np.int64)
    waves = bank.wave(steps, n, zero)
    flat = waves.reshape(-1, n)
    parts = [volley.share.reshape(-1, 1) * flat, LEVEL * (volley.gain.ravel() @ flat)[None]]
    if first == 0.0:
        parts.append(FIRST * (volley.gain[0] @ bank.slope(steps[:1], n, zero)[0])[None])
        heard = heard - gain[0] @ waves[0]
    reach = [first, *[FAR] * (len(steps) - 1)]
    free = [k for k, far in enumerate(reach) if far > 0.0]
    tried = [_tried(reach[k]) for k in free]
    blow, end = np.repeat(free, [len(some) for some in tried]), len(tried[0])
    place = np.concatenate(tried) + steps[blow]
    tables = (gain[blow, None] @ bank.wave(place, n, zero))[:, 0]
    rows = _Free.of(np.concatenate(parts)).rows(np.concatenate([heard, tables]))
    right, tables = rows[:count], rows[count:]
    own = np.einsum("ij,ij->i", right, right)
    ones = np.einsum("gj,gj->g", tables, tables) - right @ (2.0 * tables).T
    grid = place / FINE
    off = (grid - volley.time[blow]).astype(np.float32)
    out = np.tile(volley.time, (count, 1))
    if len(free) == 1:
        value = ones + (off / volley.spread[free[0]]) ** 2
        if apart is not None:
            value = value + RULED_OUT * (np.abs(grid - apart[:, free[0], None]) < 1.0)
        best = np.argmin(value, axis=1)
        out[:, free[0]] = grid[best]
        return out, own + value.min(axis=1)
    a, b = free
    both = (2.0 * tables[:end]) @ tables[end:].T
    tied = [float(volley.spread[k]) for k in free]
    if a == 0:
        both += ((off[None, end:] - off[:end, None]) / tied[1]) ** 2
    else:
        both += (off[:end, None] / tied[0]) ** 2 + (off[None, end:] / tied[1]) ** 2
    value = ones[:, :end, None] + both
    value += ones[:, None, end:]
    if apart is not None:
        near = np.abs(grid - apart[:, blow]) < 1.0
        value = value + RULED_OUT * (near[:, :end, None] & near[:, None, end:])
    value = value.reshape(count, -1)
    best = np.argmin(value, axis=1)
    out[:, a], out[:, b] = grid[best // (len(grid) - end)], grid[end + best % (len(grid) - end)]
    return out, own + value[np.arange(count), best]


def _tried(far: float) -> Ints:
    """Steps within `far` samples that are tried."""
    count = int(np.ceil(far * FINE / SEEN))
    return SEEN * np.arange(-count, count + 1)


@dataclass(frozen=True, slots=True)
class _Free:
    """Rows of white noise, freed of the drift and, as far as their size allows, of parts [p, n], each in shares of one
    sigma.

    What is left and the shares, side by side, are the row with all that it may hold projected out of it. So products of
    such rows are those under the inverse covariance of noise and parts.

    `known` [SLOW + 1 + p, n] are drift and parts at right angles to it, `share` those by which a row tells its shares.
    """

    known: Singles
    share: Singles

    @classmethod
    def of(cls, parts: Floats) -> _Free:
        """Of some parts."""
        slow = drift(parts.shape[1])
        parts = parts - (parts @ slow.T) @ slow
        share = np.linalg.inv(parts @ parts.T + np.eye(len(parts))) @ parts
        return cls(*(np.concatenate([slow, part]).astype(np.float32) for part in (parts, share)))

    def rows(self, rows: Singles) -> Singles:
        """Rows [k, n] with what is left of them and their shares of the parts, [k, n + p]."""
        n = rows.shape[1]
        held = rows @ self.share.T
        out = np.empty((len(rows), n + held.shape[1] - SLOW - 1), np.float32)
        np.subtract(rows, held @ self.known, out=out[:, :n])
        out[:, n:] = held[:, SLOW + 1 :]
        return out


def fit(white: Floats, zero: int, bank: Bank, volley: Volley, start: Floats, turns: int = TURNS) -> Fit:
    """The blows of windows [beat, n], from `start` [beat, k]."""
    count, n = white.shape
    k, m = volley.gain.shape
    slow = drift(n).astype(np.float32)
    white = white.astype(np.float32)
    white = white - (white @ slow.T) @ slow
    held, usual_at = _held(volley)
    now = np.concatenate([start, np.tile(usual_at[k:], (count, 1))], axis=1)
    low, high = volley.time - FAR - MOST_STEP, volley.time + FAR + MOST_STEP
    block = np.empty((count, k + k * m + 1, n), dtype=np.float32)  # slopes by the times, waveforms, what is left
    waves, rest = block[:, :-1], block[:, -1]
    moved, mixed = block[:, :k, None], block[:, k:-1].reshape(count, k, m, n)
    alone = _Alone.of(bank, volley, n, zero, held) if k == 1 else None
    variance, piece = np.zeros((count, k)), max(1, IN_CACHE // k)
    for turn in range(turns + 1):
        struck = now.astype(np.float32)
        for begin in range(0, count, piece):
            some = slice(begin, begin + piece)
            wave, slope, behind = bank.at(now[some, :k].ravel(), n, zero)
            mixed[some] = wave.reshape(-1, k, m, n)
            struck[some, :k] = behind.reshape(-1, k)
            np.matmul(struck[some, k:].reshape(-1, k, 1, m), slope.reshape(-1, k, m, n), out=moved[some])
        np.subtract(white, (struck[:, None] @ waves)[:, 0], out=rest)
        rest -= (rest @ slow.T) @ slow
        if turn == turns:
            break
        if alone is not None:
            toward = (waves @ rest[:, :, None])[:, :, 0] - (now - usual_at) @ held
            step, variance = alone.step(toward, now[:, 1:])
        else:
            inner = _inner(block, slow)
            toward = inner[:, -1] - (now - usual_at) @ held
            step, variance = _stepped(inner[:, :-1] + held, toward, k if turn == turns - 1 else 0)
        move = np.minimum(np.maximum(step[:, :k], -MOST_STEP), MOST_STEP)
        now[:, :k] = np.minimum(np.maximum(now[:, :k] + move, low), high)
        now[:, k:] += step[:, k:]
    off = now[:, k:] - usual_at[k:]
    squares = ((off @ held[k:, k:]) * off).sum(axis=1)
    over = rest.astype(np.float64)
    left = np.einsum("ij,ij->i", over, over) / (n - SLOW - 1)
    sigma = np.sqrt(np.maximum(variance, 0.0))
    return Fit(now[:, :k].copy(), sigma, now[:, k:].reshape(count, k, m).copy(), left, squares, over)


def _held(volley: Volley) -> tuple[Floats, Floats]:
    """Precision of times [samples] and mixtures beforehand, times first, and where they mostly are."""
    k, m = volley.gain.shape
    mean = volley.gain.ravel()
    held = np.zeros((k + k * m, k + k * m))
    apart = volley.share.ravel() ** -2  # the inverse of mixtures of their own, less what a common level frees
    level = LEVEL * apart * mean
    held[k:, k:] = np.diag(apart) - np.outer(level, level / (1.0 + LEVEL * float(level @ mean)))
    for b in range(1, k):
        tied = volley.spread[b] ** -2
        held[b, b] += tied
        held[0, 0] += tied
        held[0, b] -= tied
        held[b, 0] -= tied
    held[0, 0] += 1e-4
    return held, np.concatenate([volley.time - volley.time[0], mean])


def _inner(block: Singles, slow: Singles) -> Singles:
    """Products of the rows of `block` [a, j + 1, n] with all but the last, the drift taken out, [a, j + 1, j].

    The last row makes it a general product, which costs less than half of a symmetric one.
    """
    drifted = block @ slow.T
    inner = block @ block[:, :-1].transpose(0, 2, 1)
    inner -= drifted @ drifted[:, :-1].transpose(0, 2, 1)
    return np.asarray(inner)


def _stepped(normal: Floats, toward: Floats, told: int) -> tuple[Floats, Floats]:
    """The step of each beat [beat, j], and the variances of its first `told` unknowns."""
    right = np.zeros((*toward.shape, 1 + told))
    right[:, :, 0] = toward
    for j in range(told):
        right[:, j, 1 + j] = 1.0
    solved = np.asarray(np.linalg.solve(normal, right), dtype=np.float64)
    return solved[:, :, 0], solved[:, :told, 1:].diagonal(axis1=1, axis2=2)


@dataclass(frozen=True, slots=True)
class _Alone:
    """What one blow alone answers to a force: the `inverse` [1 + m, 1 + m] of its normal matrix where it begins and is
    struck as usual. It serves all beats, since neither depends much on where in the window the blow is.

    A louder blow moves less by the same force; `gram` [m, m], products of the modes' slopes, tells how loud it is.
    """

    inverse: Floats
    gram: Floats
    usual: float

    @classmethod
    def of(cls, bank: Bank, volley: Volley, n: int, zero: int, held: Floats) -> _Alone:
        """From how it mostly is."""
        wave, slope, _behind = bank.at(volley.time, n, zero)
        gain = volley.gain[0]
        block = np.concatenate([gain.astype(np.float32) @ slope, wave[0], np.zeros((1, n), np.float32)])[None]
        gram = (slope[0] @ slope[0].T).astype(np.float64)
        inverse = np.linalg.inv(_inner(block, drift(n).astype(np.float32))[0, :-1] + held)
        return cls(np.asarray(inverse, dtype=np.float64), gram, float(np.sqrt(gain @ gram @ gain)))

    def _level(self, gain: Floats) -> Floats:
        return np.maximum(np.sqrt(((gain @ self.gram) * gain).sum(axis=1)) / self.usual, LEAST_LEVEL)

    def step(self, toward: Floats, gain: Floats) -> tuple[Floats, Floats]:
        """The step of each beat [beat, 1 + m] and the variance of its time [beat, 1]; `gain` [beat, m] as they are."""
        force = toward.copy()
        force[:, 0] /= self._level(gain)
        step = force @ self.inverse
        level = self._level(gain + step[:, 1:])
        step[:, 0] /= level
        return step, np.asarray(self.inverse[0, 0] / level[:, None] ** 2)
