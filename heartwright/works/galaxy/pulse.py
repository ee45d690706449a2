"""The pulse: what the half-mass radius does, and how long one beat of it lasts.

A sphere out of virial balance breathes. Were it to keep its shape, the virial theorem would give w^2 = |W| / I
[chandrasekhar1972]; a uniform sphere does so, exactly and for ever [sridhar1989]. Others mix their orbits' phases, and
the pulse dies in a few beats [straub2024]; then only the noise of finitely many bodies is left. So a damped cosine is
fitted to the record since the last disturbance, and a period is told only where one stands out of that noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from heartwright.records import Floats

LEAST_CYCLES = 1.6  # of a large swing, which is no cosine, fewer give wrong periods and dampings
NEAREST = 1.5  # by which a pulse may be quicker than the frequency that it is looked for about
FEW = 24  # samples below which nothing is fitted
CLEAR = 4.5  # amplitude over its standard error below which no pulse is told


@dataclass(frozen=True, slots=True)
class Pulse:
    """A damped cosine: angular frequency and its standard error, damping rate, amplitude (in units of the mean)."""

    omega: float
    omega_error: float
    damping: float
    damping_error: float
    amplitude: float

    @property
    def period(self) -> float:
        return 2.0 * np.pi / self.omega

    @property
    def period_error(self) -> float:
        return self.period * self.omega_error / self.omega


def homologous(potential: float, inertia: float) -> float:
    """Angular frequency of a pulse that keeps its shape, sqrt(|W| / I)."""
    return float(np.sqrt(abs(potential) / inertia)) if inertia > 0.0 else float("nan")


def measure(time: Floats, radius: Floats, *, near: float) -> Pulse | None:
    """The pulse in a record of radii, about the angular frequency `near`; None where no pulse is clear.

    Errors are those of the fit with residuals that keep their sign for as long as they do: the number of samples is
    taken to be the number of independent ones, from the residuals' autocorrelation.
    """
    least = 2.0 * np.pi * LEAST_CYCLES
    if len(time) < FEW or (time[-1] - time[0]) * near * NEAREST < least:
        return None
    t = time - time[0]
    y = radius / radius.mean()
    start = _nearest(t, y, near)
    found = least_squares(lambda p: _rest(t, y, p[0], p[1])[0], start, x_scale=(near, near), method="lm")
    omega, damping = (float(v) for v in found.x)
    rest, terms = _rest(t, y, omega, damping)
    amplitude = float(np.hypot(terms[0], terms[1]))
    spread = _spread(rest, t, omega, damping, terms)
    if not (0.4 * near < omega < 2.5 * near and abs(damping) < omega) or not np.all(np.isfinite(spread)):
        return None
    if amplitude < CLEAR * spread[2] or omega * t[-1] < least:
        return None
    return Pulse(omega, float(spread[0]), damping, float(spread[1]), amplitude)


def _nearest(t: Floats, y: Floats, near: float) -> tuple[float, float]:
    """The best of a grid of frequencies and dampings, by the normal equations of all at once."""
    omega, damping = (
        a.ravel() for a in np.meshgrid(near * np.geomspace(0.5, 2.2, 24), near * np.array([0.0, 0.08, 0.3]))
    )
    wave = np.exp(np.outer(1j * omega - damping, t))
    ones = np.ones((len(omega), len(t)))
    basis = np.stack([wave.real, wave.imag, ones, ones * (t / t[-1])], axis=1)
    left, right = basis @ basis.transpose(0, 2, 1), basis @ y
    terms = np.linalg.solve(left + 1e-9 * np.eye(4), right[..., None])[..., 0]
    off = np.sum((y - np.einsum("gk,gkn->gn", terms, basis)) ** 2, axis=1)
    best = int(np.argmin(off))
    return float(omega[best]), float(damping[best])


def _rest(t: Floats, y: Floats, omega: float, damping: float) -> tuple[Floats, Floats]:
    """Residuals and the linear terms (cosine, sine, level, slope) of the best curve with this frequency and damping."""
    fall = np.exp(-np.clip(damping * t, -3.0, 60.0))
    basis = np.stack([fall * np.cos(omega * t), fall * np.sin(omega * t), np.ones_like(t), t], axis=1)
    terms = np.linalg.lstsq(basis, y, rcond=None)[0]
    return y - basis @ terms, terms


def _spread(rest: Floats, t: Floats, omega: float, damping: float, terms: Floats) -> Floats:
    """Standard errors of frequency, damping and amplitude."""
    a, b = terms[:2]
    fall = np.exp(-np.clip(damping * t, -3.0, 60.0))
    c, s = fall * np.cos(omega * t), fall * np.sin(omega * t)
    wave = a * c + b * s
    by = np.stack(
        [t * (b * c - a * s), -t * wave, wave / max(np.hypot(a, b), 1e-30), b * c - a * s, np.ones_like(t), t], axis=1
    )
    freedom = max(len(t) - 6, 1)
    variance = float(rest @ rest) / freedom * _stretched(rest)
    covariance = np.linalg.pinv(by.T @ by) * variance
    return np.sqrt(np.maximum(np.diag(covariance), 0.0))[:3]


def _stretched(rest: Floats) -> float:
    """How many samples count as one: 1 + 2 sum of the autocorrelation up to its first zero."""
    n = len(rest)
    power = np.abs(np.fft.rfft(rest - rest.mean(), 2 * n)) ** 2
    r = np.fft.irfft(power)[:n]
    if r[0] <= 0.0:
        return 1.0
    r = r / r[0]
    negative = np.flatnonzero(r < 0.0)
    return float(1.0 + 2.0 * r[1 : negative[0] if len(negative) else n].sum())
