"""Regression of a series that wanders: a slope's interval that a random walk of the rate does not fool.

Model: y = columns . beta + white noise (of known relative size) + random walk in time. The share of the walk is not
plugged in but integrated over on a grid, its scale by Jeffreys' prior, as in `steady`; the restricted likelihood allows
for the columns. Least squares would take slow wander for a trend: over a day of a watch its interval is some ten times
too narrow.
Source: restricted maximum likelihood (Patterson and Thompson 1971); noise of clocks as in [riley2008].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen.calm import one_thread
from heartwright.listen.filters import student_quantile
from heartwright.records import Floats, Interval

MOST = 400  # rows; more are averaged in neighbours first
_SHARES = np.concatenate(([0.0], 10.0 ** np.arange(-5.0, 4.01, 0.3)))


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients of the columns (the constant first) with their one-sigma uncertainties and degrees of freedom.

    `walk` is the one-sigma step of the wander over the mean spacing, `white` the mean one-sigma white noise.
    """

    value: Floats
    sigma: Floats
    freedom: float
    white: float
    walk: float

    def interval(self, index: int) -> Interval:
        """The 95 % interval of a coefficient."""
        half = student_quantile(0.975, self.freedom) * float(self.sigma[index])
        value = float(self.value[index])
        return Interval(value, value - half, value + half)


def regress(y: Floats, at: Floats, *columns: Floats, sigma: Floats | None = None) -> Fit | None:
    """Fit y [n] at times `at` [n] by a constant and `columns` (each [n]); `sigma` [n] is the relative white noise.

    Rows with anything not finite are left out; None with fewer than three more rows than coefficients, or where the
    columns cannot be told apart.
    """
    weight = np.ones(len(y)) if sigma is None else np.asarray(sigma, float) ** 2
    rows = np.column_stack([y, at, weight, *columns]).astype(float)
    rows = _averaged(rows[np.isfinite(rows).all(axis=1)])
    n, m = len(rows), 1 + len(columns)
    if n < m + 3:
        return None
    y, at, weight = rows[:, 0], rows[:, 1], np.maximum(rows[:, 2], 1e-12 * rows[:, 2].max())
    x = np.column_stack([np.ones(n), rows[:, 3:]])
    if np.linalg.matrix_rank(x / np.abs(x).max(axis=0).clip(1e-300)) < m:
        return None
    scale = float(weight.mean())
    spacing = max(float(at[-1] - at[0]) / (n - 1), 1e-12)
    walk = np.minimum.outer(at - at[0], at - at[0]) / spacing
    with one_thread():
        found = [_solve(np.diag(weight / scale) + share * walk, y, x) for share in _SHARES]
    score = np.array([f[3] for f in found])
    share = np.exp(score - score.max())
    share /= share.sum()
    beta = np.array([f[0] for f in found])
    mean = share @ beta
    within = share @ np.array([f[1] for f in found])
    spread = share @ (beta - mean) ** 2
    white = np.array([f[2] for f in found])
    return Fit(
        mean,
        np.sqrt(within + spread),
        float(n - m),
        float(np.sqrt(share @ white)),
        float(np.sqrt(share @ (white * _SHARES))),
    )


def _solve(covariance: Floats, y: Floats, x: Floats) -> tuple[Floats, Floats, float, float]:
    """Coefficients, their variances, the white variance and the restricted log-likelihood at one share of walk."""
    from scipy.linalg import solve_triangular

    n, m = x.shape
    root = np.linalg.cholesky(covariance)
    both = solve_triangular(root, np.column_stack([y, x]), lower=True, check_finite=False)
    white_y, white_x = both[:, 0], both[:, 1:]
    normal = white_x.T @ white_x
    inverse = np.linalg.inv(normal)
    beta = inverse @ (white_x.T @ white_y)
    squares = max(float(np.sum((white_y - white_x @ beta) ** 2)), 1e-300)
    free = n - m
    score = -np.log(np.diag(root)).sum() - 0.5 * np.linalg.slogdet(normal)[1] - 0.5 * free * np.log(squares)
    variance = squares / free
    return beta, variance * np.diag(inverse), variance, float(score)


def _averaged(rows: Floats) -> Floats:
    """At most `MOST` rows: means of neighbours in time; the white variance (third column) falls as they are joined."""
    rows = rows[np.argsort(rows[:, 1], kind="stable")]
    join = -(-len(rows) // MOST)
    if join <= 1:
        return rows
    edges = np.arange(0, len(rows), join)
    count = np.diff(np.append(edges, len(rows)))[:, None]
    mean = np.add.reduceat(rows, edges, axis=0) / count
    mean[:, 2] /= count[:, 0]
    return np.asarray(mean)
