"""Beat and beat error with intervals that allow for correlated beats.

Model: the time of beat k is `start + k T + s_k c + wander_k + noise_k`; the noise is white (onset noise, and what a
tooth does to one beat), the wander a random walk (each impulse kicks the phase) whose steps may themselves wander
(amplitude, hence rate, drifts). First differences have the covariance w L + q I + f L^-1, L = tridiag(-1, 2, -1), which
a sine transform (DST-I) diagonalises: the likelihood of the three variances costs one transform. The variances are not
plugged in but integrated over on a grid (scale by Jeffreys' prior), so that a short take gets the tails it deserves.

The beat itself is that of least squares on the moments of the beats, whatever the noise: weighed by a wander of the
rate it would be that of a few beats at the ends, seconds a day off the mean of those heard, and no nearer the clock's
own (of made takes with white noise, walks and slow swells the weighed beat was never nearer, mostly farther).

Source of the noise model: Allan's classification (white PM, white FM, random-walk FM), as in Riley 2008.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import dst

from heartwright.listen import filters
from heartwright.records import Floats, Ints

_FAR = 6.0  # robust sigmas beyond which an interval is set aside
_LEAST_BEATS = 5e-3  # and never nearer than this share of a beat


@dataclass(frozen=True, slots=True)
class Steady:
    """Beat [s] and half the difference of the two intervals [s] with one-sigma uncertainties and shares of noise.

    `white_s` is the one-sigma white timing noise of a beat, `walk_s` the one-sigma step of the wander per beat.
    """

    beat_s: float
    beat_sigma_s: float
    error_s: float  # (t1 - t2)/2, t1 the interval that follows a beat of side 0
    error_sigma_s: float
    white_s: float
    walk_s: float
    white_sigma_s: float
    walk_sigma_s: float
    freedom: float


def measure(number: Ints, time_s: Floats, side: Ints) -> Steady | None:
    """Beat and beat error from numbered beats, gaps in the numbering allowed; None with fewer than 4 intervals.

    Intervals next to a displaced or missed beat are set aside: only their sum counts. Single steps are left out.
    The beat is the mean of those heard; its error is that against the clock's own.
    """
    if not np.isfinite(time_s).any():
        return None
    interval, sign, used = intervals(number, time_s, side)
    n = len(interval)
    if used.sum() < 4:
        return None
    fill = _centre(interval, sign, used)
    values = fill[0] + sign * fill[1] + _bridged(interval - fill[0] - sign * fill[1], used, _LEAST_BEATS * fill[0])
    design = np.stack([np.ones(n), sign.astype(np.float64)])
    y = np.asarray(dst(values, type=1, norm="ortho"))
    x = np.asarray(dst(design, type=1, norm="ortho", axis=1))
    gain = 2.0 - 2.0 * np.cos(np.pi * np.arange(1, n + 1) / (n + 1))
    pace = _integrate(y, x, gain, n, int(used.sum()))
    return replace(pace, beat_s=fill[0] + _mean(values - fill[0], sign))


def heard(number: Ints, time_s: Floats, side: Ints, sigma_s: Floats) -> tuple[float, float, float, float] | None:
    """Beat and half the difference of the intervals of the very beats heard, each with its one-sigma error [s].

    Least squares on their times, gaps allowed. How the beats themselves scatter is what was heard and no error of it:
    the errors are those of the times alone. None with fewer than 2 beats of a side.
    """
    ok = np.isfinite(time_s) & np.isfinite(sigma_s)
    if min(int((ok & (side == s)).sum()) for s in range(2)) < 2:
        return None
    count = number[ok].astype(np.float64)
    design = np.stack([np.ones(len(count)), count - count.mean(), side[ok] - 0.5], axis=1)
    weights = np.linalg.solve(design.T @ design, design.T)
    found = weights @ (time_s[ok] - time_s[ok].mean())
    sigma = np.sqrt(weights**2 @ sigma_s[ok] ** 2)
    return float(found[1]), float(sigma[1]), float(found[2]), float(sigma[2])


def intervals(number: Ints, time_s: Floats, side: Ints) -> tuple[Floats, Ints, np.ndarray]:
    """Intervals on a gapless grid [s], the sign of each (+1 after side 0), and which are trusted; shape [n - 1].

    A gap of m beats is spread evenly and not trusted, as are intervals far from the others of their side.
    """
    ok = np.isfinite(time_s)
    number, time_s, side = number[ok], time_s[ok], side[ok]
    grid = np.arange(number[0], number[-1] + 1)
    full = np.interp(grid, number, time_s)
    known = np.zeros(len(grid), dtype=bool)
    known[number - number[0]] = True
    parity = (grid - number[0] + side[0]) % 2
    interval = np.diff(full)
    sign = np.where(parity[:-1] == 0, 1, -1)
    used = known[:-1] & known[1:]
    if used.sum() >= 4:
        centre = _centre(interval, sign, used)
        off = interval - centre[0] - sign * centre[1]
        spread = 1.4826 * filters.median(np.abs(off[used]))
        used &= np.abs(off) < max(_FAR * spread, _LEAST_BEATS * centre[0])
    return interval, sign, used


def _bridged(off: Floats, used: np.ndarray, least: float) -> Floats:
    """Departures from the steady beat, those over a stretch not trusted spread evenly over it: the phase is known at
    both its ends, and only what lies between is not. A stretch that ends out of phase (a leap) has none."""
    out = np.where(used, off, 0.0)
    spread = 1.4826 * filters.median(np.abs(off[used]))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (~used).astype(np.int8), [0]))))
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        whole = float(off[a:b].sum())
        if abs(whole) < max(_FAR * spread, least):
            out[a:b] = whole / (b - a)
    return out


def _mean(interval: Floats, sign: Ints) -> float:
    """The interval of least squares on the moments that the intervals lead to, the sides apart [s]."""
    moment = np.concatenate(([0.0], np.cumsum(interval)))
    count = np.arange(len(moment))
    design = np.stack([np.ones(len(moment)), count - count.mean(), np.append(sign, -sign[-1])], axis=1)
    return float(np.linalg.solve(design.T @ design, design.T @ moment)[1])


def _centre(interval: Floats, sign: Ints, used: np.ndarray) -> tuple[float, float]:
    up, down = interval[used & (sign > 0)], interval[used & (sign < 0)]
    if not len(up) or not len(down):
        return filters.median(interval[used]), 0.0
    a, b = filters.median(up), filters.median(down)
    return 0.5 * (a + b), 0.5 * (a - b)


def _log_sum(rows: Floats) -> Floats:
    """Sum of the logarithms along rows [n_row, n] of positive numbers, by those of products of eight."""
    whole = rows.shape[1] // 8 * 8
    products = rows[:, :whole].reshape(len(rows), 8, -1).prod(axis=1)
    return np.asarray(np.log(products).sum(axis=1) + np.log(rows[:, whole:]).sum(axis=1))


def _integrate(y: Floats, x: Floats, gain: Floats, n: int, used: int) -> Steady:
    """Integrate beat and error over the shares of white noise, walk and wandering walk."""
    walk = np.concatenate(([0.0], 10.0 ** np.arange(-5.0, 3.01, 0.25)))
    drift = np.concatenate(([0.0], 10.0 ** np.arange(-9.0, 0.01, 0.75)))
    q, f = (a.ravel() for a in np.meshgrid(walk, drift, indexing="ij"))
    variance = (walk[:, None, None] + (gain + drift[:, None] / gain)).reshape(-1, n)  # [grid, n]
    sums = (1.0 / variance) @ np.stack([x[0] * x[0], x[0] * x[1], x[1] * x[1], *(x * y), y * y], axis=1)
    one, both, two, right = sums[:, 0], sums[:, 1], sums[:, 2], sums[:, 3:5]  # of the normal matrices, 2 by 2
    size = one * two - both * both
    inverse = np.stack([two, -both, -both, one], axis=1).reshape(-1, 2, 2) / size[:, None, None]
    beta = (inverse @ right[:, :, None])[:, :, 0]
    squares = np.maximum(sums[:, 5] - (beta * right).sum(axis=1), 1e-40)
    freedom = max(used - 2, 2)
    score = -0.5 * (_log_sum(variance) + np.log(size) + freedom * np.log(squares))
    share = np.exp(score - score.max())
    share /= share.sum()
    scale = squares / max(freedom - 2, 1)  # posterior mean of the white variance
    mean = share @ beta
    within = np.einsum("g,g,gii->i", share, scale, inverse)
    spread = share @ (beta - mean) ** 2
    sigma = np.sqrt((within + spread) * n / max(used, 1))
    white = float(share @ scale)
    walked = float(share @ (scale * q))
    relative = np.sqrt(2.0 / freedom)
    white_sd = float(np.sqrt(share @ (scale - white) ** 2) + relative * white)
    walked_sd = float(np.sqrt(share @ (scale * q - walked) ** 2) + relative * walked)
    return Steady(
        float(mean[0]),
        float(sigma[0]),
        float(mean[1]),
        float(sigma[1]),
        float(np.sqrt(white)),
        float(np.sqrt(walked)),
        0.5 * white_sd / max(float(np.sqrt(white)), 1e-12),
        0.5 * walked_sd / max(float(np.sqrt(walked)), 1e-12),
        float(freedom),
    )
