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
from functools import cache

import numpy as np

from heartwright.listen.timing.joint.bank import FINE, Bank
from heartwright.records import Floats

TURNS, SURE_TURNS = 3, 2  # turns, and those that do where blows are known and have been looked for
SLOW = 3  # highest power of time of the drift
SEEN = FINE // 4  # steps between the times that are tried [of `FINE` a sample]
FAR = 3.0  # samples by which later blows are looked for about where they mostly come
LEVEL = 0.3  # by which the level of a beat may differ from the others', all its blows together
MOST_STEP = 1.0  # samples that a blow moves in one turn
LEAST_SPREAD = 0.15  # samples
DOUBTFUL = 2.5  # sigmas by which a beat's cost exceeds most beats', beyond which it is looked for elsewhere
RULED_OUT = 1e12  # cost of times that are not to be tried again
AT_ONCE = 512  # beats, to bound what is held of a long take
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

    def cost(self) -> Floats:
        """Twice the negative log posterior but for its constant and the times' own, [beat]."""
        return np.asarray(self.left * (self.rest.shape[1] - SLOW - 1) + self.off)

    def volley(self, before: Volley) -> Volley:
        """As these beats have it."""
        gain = np.median(self.gain, axis=0)
        behind = self.time - self.time[:, :1]
        middle = np.median(behind, axis=0)
        spread = np.clip(1.4826 * np.median(np.abs(behind - middle), axis=0), LEAST_SPREAD, 0.5 * FAR)
        spread[0] = before.spread[0]
        return Volley(float(np.median(self.time[:, 0])) + middle, spread, gain, usual(gain))


FIELDS = ("time", "sigma", "gain", "left", "off", "rest")


def usual(gain: Floats) -> Floats:
    """By how much mixtures [k, m] mostly differ from beat to beat."""
    return MIXED * np.abs(gain) + MIXED_LEAST * np.sqrt(np.mean(gain**2, axis=1, keepdims=True))


@cache
def drift(n: int) -> Floats:
    """Slow waveforms of norm 1 at right angles, [SLOW + 1, n]."""
    slow = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, n), SLOW)
    return np.asarray(np.linalg.qr(slow)[0].T)


def settled(white: Floats, zero: int, bank: Bank, volley: Volley, first: float) -> Fit:
    """The blows of windows [beat, n], looked for and fitted; those that fit badly are looked for elsewhere too."""
    parts = [_settled(white[at : at + AT_ONCE], zero, bank, volley, first) for at in range(0, len(white), AT_ONCE)]
    return Fit(*(np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS))


def _settled(white: Floats, zero: int, bank: Bank, volley: Volley, first: float) -> Fit:
    start, _left = look(white, zero, bank, volley, first)
    found = fit(white, zero, bank, volley, start, SURE_TURNS)
    cost = found.cost()
    middle = float(np.median(cost))
    odd = np.flatnonzero(cost > middle + DOUBTFUL * float(np.sqrt(2.0 * middle)))
    if len(odd):
        start, _left = look(white[odd], zero, bank, volley, first, found.time[odd])
        other = fit(white[odd], zero, bank, volley, start, SURE_TURNS)
        better = other.cost() < cost[odd]
        for name in FIELDS:
            getattr(found, name)[odd[better]] = getattr(other, name)[better]
    return found


def look(
    white: Floats, zero: int, bank: Bank, volley: Volley, first: float, apart: Floats | None = None
) -> tuple[Floats, Floats]:
    """Times [beat, k] of the blows of windows [beat, n] on a grid, and what is left there (squares) [beat].

    The first blow is tried within +-`first` samples, or where 0 not at all; one or two blows are looked for. Where all
    of them are within a sample of `apart` [beat, k] is left out.
    """
    count, n = white.shape
    steps = np.rint(volley.time * FINE).astype(np.int64)
    waves = bank.wave(steps, n, zero)
    parts = [(volley.share[:, :, None] * waves).reshape(-1, n)]
    parts.append(LEVEL * np.einsum("km,kmn->n", volley.gain, waves)[None])
    if first == 0.0:
        parts.append(FIRST * (volley.gain[0] @ bank.slope(steps[:1], n, zero)[0])[None])
    root = _metric(np.concatenate(parts), n).astype(np.float32)
    right = white.astype(np.float32) @ root
    reach = [first, *[FAR] * (len(steps) - 1)]
    grids, tables, free = [], [], []
    for k, far in enumerate(reach):
        far_steps = int(np.ceil(far * FINE / SEEN))
        grid = steps[k] + SEEN * np.arange(-far_steps, far_steps + 1)
        table = (volley.gain[k].astype(np.float32) @ bank.wave(grid, n, zero)) @ root
        if len(grid) == 1:
            right = right - table
        else:
            free.append(k)
            grids.append(grid / FINE)
            tables.append(table)
    out = np.tile(volley.time, (count, 1))
    own = np.einsum("ij,ij->i", right, right)
    ones = [-2.0 * right @ t.T + np.einsum("gj,gj->g", t, t) for t in tables]
    off = [g - volley.time[k] for g, k in zip(grids, free, strict=True)]
    if len(free) == 1:
        value = ones[0] + (off[0] / volley.spread[free[0]]) ** 2
        if apart is not None:
            value = value + RULED_OUT * (np.abs(grids[0] - apart[:, free[0], None]) < 1.0)
        best = np.argmin(value, axis=1)
        out[:, free[0]] = grids[0][best]
        return out, own + value.min(axis=1)
    a, b = free
    both = 2.0 * tables[0] @ tables[1].T
    if a == 0:
        both = both + ((off[1][None, :] - off[0][:, None]) / volley.spread[b]) ** 2
    else:
        both = both + (off[0][:, None] / volley.spread[a]) ** 2 + (off[1][None, :] / volley.spread[b]) ** 2
    value = ones[0][:, :, None] + ones[1][:, None, :] + both
    if apart is not None:
        near = [np.abs(g - apart[:, k, None]) < 1.0 for g, k in zip(grids, free, strict=True)]
        value = value + RULED_OUT * (near[0][:, :, None] & near[1][:, None, :])
    value = value.reshape(count, -1)
    best = np.argmin(value, axis=1)
    out[:, a], out[:, b] = grids[0][best // len(grids[1])], grids[1][best % len(grids[1])]
    return out, own + value[np.arange(count), best]


def _metric(parts: Floats, n: int) -> Floats:
    """A root [n, n] of the precision of white noise, the drift and `parts` [k, n] in shares of one sigma."""
    slow = drift(n)
    parts = parts - (parts @ slow.T) @ slow
    turn, size, _rest = np.linalg.svd(parts.T, full_matrices=False)
    keep = 1.0 - 1.0 / np.sqrt(1.0 + size**2)
    return np.asarray(np.eye(n) - (turn * keep) @ turn.T - slow.T @ slow)


def fit(white: Floats, zero: int, bank: Bank, volley: Volley, start: Floats, turns: int = TURNS) -> Fit:
    """The blows of windows [beat, n], from `start` [beat, k]."""
    count, n = white.shape
    k, m = volley.gain.shape
    slow = drift(n).astype(np.float32)
    white = white.astype(np.float32)
    white = white - (white @ slow.T) @ slow
    mean = volley.gain.ravel()
    held = np.zeros((k + k * m, k + k * m))
    held[k:, k:] = np.linalg.inv(np.diag(volley.share.ravel() ** 2) + LEVEL**2 * np.outer(mean, mean))
    usual_at = np.zeros(k + k * m)
    usual_at[k:] = mean
    usual_at[:k] = volley.time - volley.time[0]
    for b in range(1, k):
        tied = volley.spread[b] ** -2
        held[b, b] += tied
        held[0, 0] += tied
        held[0, b] -= tied
        held[b, 0] -= tied
    held[0, 0] += 1e-4
    now = np.concatenate([start, np.tile(mean, (count, 1))], axis=1)
    low, high = volley.time - FAR - MOST_STEP, volley.time + FAR + MOST_STEP
    block = np.empty((count, k + k * m, n), dtype=np.float32)
    right = np.zeros((count, k + k * m, k + 1))
    right[:, np.arange(k), np.arange(k) + 1] = 1.0
    for turn in range(turns + 1):
        whole = np.zeros((count, n), dtype=np.float32)
        for b in range(k):
            wave, slope, behind = bank.at(now[:, b], n, zero)
            gain = now[:, k + b * m : k + (b + 1) * m].astype(np.float32)
            moved = (gain[:, None] @ slope)[:, 0]
            whole += (gain[:, None] @ wave)[:, 0] + behind.astype(np.float32)[:, None] * moved
            block[:, b] = moved
            block[:, k + b * m : k + (b + 1) * m] = wave
        rest = white - whole
        along = rest @ slow.T
        rest = rest - along @ slow
        if turn == turns:
            break
        drifted = block @ slow.T
        normal = (block @ block.transpose(0, 2, 1) - drifted @ drifted.transpose(0, 2, 1)).astype(np.float64) + held
        right[:, :, 0] = (block @ rest[:, :, None])[:, :, 0] - (now - usual_at) @ held
        wanted = right if turn == turns - 1 else right[:, :, :1]  # the last turn tells errors too
        solved = np.linalg.solve(normal, wanted)
        step = solved[:, :, 0]
        now[:, :k] = np.clip(now[:, :k] + np.clip(step[:, :k], -MOST_STEP, MOST_STEP), low, high)
        now[:, k:] += step[:, k:]
    mixture = now[:, k:].reshape(count, k, m)
    sigma = np.sqrt(np.maximum(np.einsum("ijj->ij", solved[:, :k, 1:]), 0.0))
    off = now[:, k:] - mean
    squares = np.einsum("ij,jk,ik->i", off, held[k:, k:], off)
    rest = rest.astype(np.float64)
    left = np.einsum("ij,ij->i", rest, rest) / (n - SLOW - 1)
    return Fit(now[:, :k].copy(), sigma, mixture, left, squares, rest)
