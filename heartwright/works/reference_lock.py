"""Is it locked? Chance, slips, the phase-locking value, and the pull of Adler's equation.

Two free clocks can stand near each other for a while. How often they would is the false-alarm probability: free pairs
are drawn whose rates differ as such clocks' do (`spread`, stated) and whose phases walk and scatter as this one does at
short times; counted are those whose phase stays within as narrow a place as was seen. Locked is said where that is
rare, the drift's interval holds zero and nothing slipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from heartwright.records import Floats, Interval
from heartwright.works.reference_phase import Fit

DRAWS = 2000
RARE = 0.01
_SLIP = 0.75  # a slip is told once the phase is nearer to the next place by so much more [beats]


@dataclass(frozen=True, slots=True)
class Pull:
    """Adler's equation fitted to a phase that goes round, rate = drift - pull x sin: as shares of the beat's rate."""

    drift: float
    pull: Interval
    p: float  # how often a phase without pull would seem to be pulled so


def chance(fit: Fit, *, beat_hz: float, spread: float, seed: int = 0) -> float:
    """How often a free pair would keep its phase within so narrow a place; `spread` of the rates, relative."""
    rng = np.random.default_rng([seed, 0xADE])
    n = len(fit.phase)
    seen = float(np.var(fit.phase))
    pick = rng.choice(len(fit.weights), size=DRAWS, p=fit.weights)
    # noise and walk are known no better than their degrees of freedom allow
    scale = np.sqrt(fit.freedom / rng.chisquare(fit.freedom, DRAWS))
    step = np.diff(fit.time_s, prepend=fit.time_s[0])
    walk = np.cumsum(rng.standard_normal((DRAWS, n)) * np.sqrt(step), axis=1) * (fit.walk[pick] * scale)[:, None]
    noise = rng.standard_normal((DRAWS, n)) * (fit.noise[pick] * scale)[:, None]
    drift = rng.standard_normal(DRAWS)[:, None] * (spread * beat_hz) * fit.time_s
    narrow = int(np.sum(np.var(walk + noise + drift, axis=1) <= seen))
    return (narrow + 1.0) / (DRAWS + 1.0)


def slips(time_s: Floats, phase: Floats) -> tuple[Floats, Floats]:
    """Moments at which the phase [beats] left its place for the next, and which way (+1: a beat gained), arrays [n]."""
    place = float(np.median(phase[: max(3, len(phase) // 20)]))
    when, way = [], []
    for t, value in zip(time_s.tolist(), phase.tolist(), strict=True):
        while abs(value - place) > _SLIP:
            sign = 1.0 if value > place else -1.0
            place += sign
            when.append(t)
            way.append(sign)
    return np.array(when), np.array(way)


def locking_value(phase: Floats) -> Interval:
    """Phase-locking value |mean exp 2 pi i phase|, 0 to 1, with an interval that allows for correlation (lachaux1999).

    While the phase stays about one place, -2 ln R is the variance of its angle; its interval is that of chi-square with
    as many degrees of freedom as the correlation leaves, the sum of its squares (bartlett1946).
    """
    turn = np.exp(2j * np.pi * phase)
    mean = turn.mean()
    value = float(abs(mean))
    off = np.angle(turn * np.conj(mean))
    own, squared = _times(off)
    n = len(phase)
    freedom = max(n / squared - 1.0, 1.0)
    variance = -2.0 * np.log(max(value, 1e-12)) / max(1.0 - own / n, 0.1)
    low = variance * freedom / special.chdtri(freedom, 0.025)
    high = variance * freedom / special.chdtri(freedom, 0.975)
    return Interval(value, float(np.exp(-0.5 * high)), float(np.exp(-0.5 * low)))


def _times(x: Floats) -> tuple[float, float]:
    """Sums of the correlation and of its square over all lags, up to where it is lost in chance (sokal1997)."""
    n = len(x)
    x = x - x.mean()
    size = 1 << (2 * n - 1).bit_length()
    power = np.abs(np.fft.rfft(x, size)) ** 2
    lagged = np.fft.irfft(power, size)[:n]
    if lagged[0] <= 0.0:
        return 1.0, 1.0
    rho = lagged / lagged[0]
    total = squares = 1.0
    for lag in range(1, n // 2):
        total += 2.0 * rho[lag]
        squares += 2.0 * rho[lag] ** 2
        if lag >= 6.0 * max(total, 1.0):
            break
    return max(total, 1.0), max(squares, 1.0)


def pulled(time_s: Floats, phase: Floats, *, beat_hz: float) -> Pull | None:
    """The pull of a phase that goes round (adler1946), from its steps between blocks; None under two rounds."""
    if abs(phase[-1] - phase[0]) < 2.0 or len(phase) < 12:
        return None
    gap = np.diff(time_s)
    rate = np.diff(phase) / gap
    middle = 2.0 * np.pi * 0.5 * (phase[1:] + phase[:-1])
    x = np.column_stack([np.ones(len(rate)), np.cos(middle), np.sin(middle)])
    # steps of a walk are independent, those of timing noise are not: the noise left is taken from their own sum
    line, *_ = np.linalg.lstsq(x, rate, rcond=None)
    left = rate - x @ line
    freedom = len(rate) - 3
    s2 = float(left @ left) / freedom
    inverse = np.linalg.inv(x.T @ x)
    size = float(np.hypot(line[1], line[2]))
    f = float(line[1:] @ np.linalg.solve(inverse[1:, 1:] * s2, line[1:])) / 2.0 if s2 > 0.0 else np.inf
    p = float(special.fdtrc(2, freedom, f)) if np.isfinite(f) else 0.0
    toward = np.array([line[1], line[2]]) / max(size, 1e-300)
    sigma = float(np.sqrt(s2 * toward @ inverse[1:, 1:] @ toward))
    wide = float(special.stdtrit(freedom, 0.975)) * sigma
    pull = Interval(size / beat_hz, max(size - wide, 0.0) / beat_hz, (size + wide) / beat_hz)
    return Pull(float(line[0]) / beat_hz, pull, p)
