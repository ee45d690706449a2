"""Allan deviation of the beats: over which time it wanders how much.

The overlapping estimate of the time residuals x by the number of the beat, at tau = m T up to a quarter of the beats:
sigma^2 = <(x[k + 2m] - 2 x[k + m] + x[k])^2> / (2 tau^2), over all k where the three were heard. Sides are freed of
their own means first, or the beat error would show at every odd m. Bounds are of chi-square with the degrees of
freedom of the power-law noise that the local slope comes nearest to (riley2008, section 5.4).
The floor is what white timing noise of the take alone would give: sqrt(3) times its sigma over tau.
"""

from __future__ import annotations

import numpy as np

from heartwright.records import Allan, BeatTable, Floats, Ints

FEWEST = 16  # beats
_A_DECADE = 8  # values of tau
_LEAST_PAIRS = 4
_Z = 1.959964


def of_table(table: BeatTable, *, timing_noise_s: float | None = None) -> Allan | None:
    """The Allan deviation of a table's beats; None with fewer than 16 of them."""
    heard = (table.flag != "missed") & np.isfinite(table.residual_ms)
    number = np.flatnonzero(heard)
    if len(number) < FEWEST:
        return None
    x = np.where(heard, 1e-3 * table.residual_ms, np.nan)
    for side in (1, -1):
        own = (table.side == side) & heard
        if own.any():
            x[own] -= np.median(x[own])
    beat_s = float((table.time_s[number[-1]] - table.time_s[number[0]]) / (number[-1] - number[0]))
    if timing_noise_s is None:
        timing_noise_s = float(np.nanmedian(table.sigma_s))
    return of_residuals(x[number[0] : number[-1] + 1], beat_s, timing_noise_s=timing_noise_s)


def of_residuals(x_s: Floats, beat_s: float, *, timing_noise_s: float = 0.0) -> Allan | None:
    """The Allan deviation of time residuals [s], NaN for gaps, one a beat of `beat_s`; None with fewer than 16."""
    n = len(x_s)
    if n < FEWEST:
        return None
    steps, deviation, kept = _steps(n), [], []
    for m in steps:
        second = x_s[2 * m :] - 2.0 * x_s[m:-m] + x_s[: n - 2 * m]
        second = second[np.isfinite(second)]
        if len(second) >= _LEAST_PAIRS:
            kept.append(m)
            deviation.append(float(np.sqrt(0.5 * np.mean(second**2))) / (m * beat_s))
    if not kept:
        return None
    m, sigma = np.array(kept), np.maximum(np.array(deviation), 1e-300)
    freedom = np.maximum(_freedom(n, m, _slopes(n, m, sigma)), 1.0)
    return Allan(
        tau_s=m * beat_s,
        deviation=sigma,
        low=sigma * np.sqrt(freedom / _chi_square(freedom, _Z)),
        high=sigma * np.sqrt(freedom / _chi_square(freedom, -_Z)),
        floor=np.sqrt(3.0) * timing_noise_s / (m * beat_s),
    )


def _steps(n: int) -> Ints:
    """The numbers of beats m that are taken: eight a decade from one to a quarter of all."""
    most = n // 4
    count = int(np.ceil(_A_DECADE * np.log10(most))) + 1
    return np.unique(np.round(np.geomspace(1, most, count)).astype(np.int64))


def _slopes(n: int, m: Ints, sigma: Floats) -> Floats:
    """Local slope of log sigma over log tau, over about half a decade; beyond n / 16, where it is chance, the last."""
    if len(m) < 2:
        return np.full(len(m), -1.0)
    x, y = np.log(m), np.log(sigma)
    out = np.empty(len(m))
    sure = max(int(np.searchsorted(m, n // 16, side="right")), 2)
    for i in range(len(m)):
        k = min(i, sure - 1)
        near = slice(max(0, k - 2), min(k + 3, sure))
        dx = x[near] - x[near].mean()
        out[i] = float(dx @ (y[near] - y[near].mean()) / (dx @ dx))
    return out


def _freedom(n: int, m: Ints, slope: Floats) -> Floats:
    """Degrees of freedom of the overlapping estimate from n residuals, by the noise of that slope (NIST SP 1065)."""
    white_phase = (n + 1.0) * (n - 2 * m) / (2.0 * (n - m))
    white_rate = (1.5 * (n - 1) / m - 2.0 * (n - 2) / n) * 4.0 * m**2 / (4.0 * m**2 + 5.0)
    flicker_rate = np.where(m == 1, 2.0 * (n - 2.0) / (2.3 * n - 4.9) * (n - 2), 1.25 * n**2 / (m * (n + 3.0 * m)))
    walk_rate = (n - 2.0) / m * ((n - 1.0) ** 2 - 3.0 * m * (n - 1.0) + 4.0 * m**2) / (n - 3.0) ** 2
    return np.select([slope < -0.75, slope < -0.25, slope < 0.25], [white_phase, white_rate, flicker_rate], walk_rate)


def _chi_square(freedom: Floats, z: float) -> Floats:
    """Quantile of chi-square at the normal quantile z (wilson1931)."""
    a = 2.0 / (9.0 * freedom)
    return np.asarray(freedom * np.maximum(1.0 - a + z * np.sqrt(a), 0.02) ** 3)
