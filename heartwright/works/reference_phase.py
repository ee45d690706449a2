"""Phase of beats against a reference as a line, a walk and timing noise: rate and phase with intervals that cover.

The phase, in blocks of beats, is a + b t + walk + noise, Var(walk) = q s^2 per block, Var(noise) = s^2. Line and s^2
are integrated out, the ratio q by its restricted likelihood on a grid (patterson1971), so that no noise has to be told;
what is said of rate and phase is the mixture over the grid of Student's t. A walk of phase is white noise of the
frequency, as independent kicks make it (allan1966); flicker and a walk of the frequency itself are wider than what is
said here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, special

from heartwright.records import Floats, Interval

MOST_BLOCKS = 128
_GRID = np.geomspace(1e-5, 1e4, 37)


@dataclass(frozen=True, slots=True)
class Fit:
    """The phase's line and walk. Phases in beats, times in s from the first block; weights [n_grid] add up to one.

    `line` [n_grid, 2] is phase at the middle and slope per second, `spread` [n_grid, 2] their scales; `end` and
    `end_spread` the true phase at the end; `noise` [n_grid] s per block, `walk` [n_grid] of the phase per root second.
    """

    time_s: Floats
    phase: Floats
    weights: Floats
    line: Floats
    spread: Floats
    end: Floats
    end_spread: Floats
    noise: Floats
    walk: Floats
    freedom: int

    @property
    def slope(self) -> Interval:
        """Beats that the phase gains a second."""
        return mixture(self.line[:, 1], self.spread[:, 1], self.weights, self.freedom)

    @property
    def last(self) -> Interval:
        """Phase at the end, the timing noise taken out [beats]."""
        return mixture(self.end, self.end_spread, self.weights, self.freedom)


def blocks(time_s: Floats, phase: Floats, *, most: int = MOST_BLOCKS) -> tuple[Floats, Floats, int]:
    """Means over equal numbers of beats, at most `most` of them, and that number; left over are beats of the start."""
    per = -(-len(phase) // most)
    n = len(phase) // per
    skip = len(phase) - n * per
    shape = (n, per)
    return time_s[skip:].reshape(shape).mean(axis=1), phase[skip:].reshape(shape).mean(axis=1), per


def fit(time_s: Floats, phase: Floats, *, per: int = 1, until_s: float | None = None) -> Fit:
    """Line, walk and noise of a phase [beats] at the times of 8 blocks or more [s].

    `per`: beats in a block, over which a walk has been smoothed; `until_s`: moment of the last beat.
    """
    n = len(phase)
    if n < 8:
        raise ValueError(f"{n} blocks of beats given; 8 at least are wanted: a longer take")
    t = time_s - time_s[0]
    step = t[-1] / (n - 1)
    late = max(until_s - time_s[-1], 0.0) / step if until_s is not None else 0.0
    x = np.column_stack([np.ones(n), (t - t.mean()) / step])
    # a walk's mean over a block varies by a sixth of the block less than the walk at its middle
    walk = np.minimum.outer(t, t) / step - (1.0 - 1.0 / per**2) / 6.0 * np.eye(n) + 1.0
    # in the walk's own axes every member of the grid is diagonal
    size, axes = linalg.eigh(walk)
    x0, y0, near = axes.T @ x, axes.T @ phase, axes.T @ (t / step + 1.0)
    grid = np.concatenate([[0.0], _GRID])
    own = 1.0 + np.outer(grid, np.maximum(size, 0.0))
    whole = np.einsum("ni,gn,nj->gij", x0, 1.0 / own, x0)
    inverse = np.linalg.inv(whole)
    line = np.einsum("gij,gj->gi", inverse, np.einsum("ni,gn,n->gi", x0, 1.0 / own, y0))
    left = y0[None] - line @ x0.T
    s2 = np.maximum((left**2 / own).sum(axis=1) / (n - 2), 1e-300)
    likely = -0.5 * (np.log(own).sum(axis=1) + np.linalg.slogdet(whole)[1] + (n - 2) * np.log(s2))
    weights = np.exp(likely - likely.max())
    weights /= weights.sum()
    last = np.array([1.0, x[-1, 1] + late])
    end, over = _end(last, x0, near, grid, own, line, left, inverse, float(t[-1] / step + late + 1.0))
    return Fit(
        time_s=t,
        phase=phase,
        weights=weights,
        line=line / np.array([1.0, step]),
        spread=np.sqrt(s2[:, None] * np.diagonal(inverse, axis1=1, axis2=2)) / np.array([1.0, step]),
        end=end,
        end_spread=np.sqrt(s2 * over),
        noise=np.sqrt(s2),
        walk=np.sqrt(grid * s2 / step),
        freedom=n - 2,
    )


def _end(
    at: Floats, x0: Floats, near: Floats, grid: Floats, own: Floats, line: Floats, left: Floats, inverse: Floats,
    walked: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """The true phase at the end for each of the grid, and its variance over s^2 (universal kriging)."""
    pull = grid[:, None] * near[None] / own
    end = line @ at + (pull * left).sum(axis=1)
    off = at[None] - pull @ x0
    variance = grid * walked - grid * (pull * near[None]).sum(axis=1) + np.einsum("gi,gij,gj->g", off, inverse, off)
    return end, np.maximum(variance, 0.0)


def mixture(middle: Floats, spread: Floats, weights: Floats, freedom: int) -> Interval:
    """Mean and 95 % interval of a mixture of Student's t."""
    mean = float(weights @ middle)
    wide = float(np.sqrt(weights @ (spread**2 + (middle - mean) ** 2)))
    if wide <= 0.0:
        return Interval(mean, mean, mean)
    safe = np.maximum(spread, 1e-12 * wide)

    def below(value: float) -> float:
        return float(weights @ special.stdtr(freedom, (value - middle) / safe))

    ends = []
    for share in (0.025, 0.975):
        low, high = mean - 60.0 * wide, mean + 60.0 * wide
        for _ in range(50):
            half = 0.5 * (low + high)
            low, high = (half, high) if below(half) < share else (low, half)
        ends.append(0.5 * (low + high))
    return Interval(mean, ends[0], ends[1])
