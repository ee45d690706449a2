"""How well a sound of known waveform can be timed at all: the Cramer-Rao and the Ziv-Zakai bound.

Landmark SNR: 2E/N0, E the energy of the sound, N0/2 the noise's two-sided density; in white noise of rms s a sample it
is sum(w^2) / s^2. The noise of the takes is white.

Cramer-Rao (Kay 1993, Fundamentals of Statistical Signal Processing I, sections 3.11, 3.14): for a waveform a w(t - t0)
with the amplitude a unknown, var(t0) >= 1 / (SNR B^2), B^2 the mean square of the angular bandwidth, which is what
sum(w'^2) / sum(w^2) comes to once the part of w' along w is taken out. Where the takes draw the mixture of modes for
each blow, the drawn part is noise with a known covariance D, and the bound becomes 1 / (w'^T C^-1 w'), C = I s^2 + D
(Gaussian, the mean's part alone: van Trees 1968, section 2.4).

Ziv-Zakai (Chazan, Zakai & Ziv 1975; Bell, Steinberg, Ephraim & van Trees 1997, eq. 6): for a prior even over T,

    mse >= 1/T  int_0^T  h V{ (T - h) Pmin(h) } dh,    Pmin(h) = Q( sqrt(SNR (1 - r(h)) / 2) ),

r the waveform's normalised autocorrelation, V the valley filling (a function made non-increasing from the right). Two
known signals a w(t) and a w(t - h) are a distance sqrt(2 SNR (1 - r)) apart, of which half is what noise must bridge.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfc
from takes import RATE_HZ, Case

from heartwright.records import Floats

FINER = 8  # steps a sample of the autocorrelation


def pulse(case: Case, gains: Floats) -> Floats:
    """The waveform of one blow at a whole sample, gains [n_mode], from 1 ms before it on."""
    lead = 48
    return case.ring(np.array([lead / RATE_HZ]), gains[None], lead + 960).astype(np.float64)


def slope(wave: Floats) -> Floats:
    """Derivative of a band-limited waveform [1/s]."""
    n = 2 * len(wave)
    return np.fft.irfft(np.fft.rfft(wave, n) * 2j * np.pi * np.fft.rfftfreq(n, 1 / RATE_HZ), n)[: len(wave)]


def snr(wave: Floats, noise: float) -> float:
    """2E/N0 of a waveform in white noise of rms `noise` a sample (a ratio, not dB)."""
    return float(wave @ wave) / noise**2


def cramer_rao(wave: Floats, noise: float, drawn: Floats | None = None) -> float:
    """Least standard deviation of the time of a waveform of unknown level [s].

    `drawn` [k, n] are waveforms that each blow holds in normal shares of one standard deviation.
    """
    basis = np.stack([wave, slope(wave)])
    dual = basis / noise**2
    if drawn is not None:  # Woodbury: C^-1 without an n by n matrix
        small = np.eye(len(drawn)) + drawn @ drawn.T / noise**2
        dual = dual - np.linalg.solve(small, drawn @ dual.T).T @ drawn / noise**2
    return float(np.sqrt(np.linalg.inv(basis @ dual.T)[1, 1]))


def ziv_zakai(wave: Floats, noise: float, prior_s: float) -> float:
    """Least rms error of the time of a waveform, whose prior is even over +-`prior_s` [s]."""
    wide = 2.0 * prior_s
    size = 1 << int(np.ceil(np.log2(2 * len(wave) + wide * RATE_HZ)))
    power = np.abs(np.fft.rfft(wave, size)) ** 2
    fine = np.fft.irfft(power, size * FINER) * FINER
    step = 1.0 / (RATE_HZ * FINER)
    count = int(wide / step)
    alike = fine[: count + 1] / fine[0]
    lag = np.arange(count + 1) * step
    error = 0.5 * erfc(np.sqrt(np.maximum(snr(wave, noise) * (1.0 - alike) / 2.0, 0.0)) / np.sqrt(2.0))
    filled = np.maximum.accumulate(((wide - lag) * error)[::-1])[::-1]
    return float(np.sqrt(np.sum(lag * filled) * step / wide))


def line(number: Floats, side: Floats, covariance: Floats) -> tuple[float, float]:
    """Least standard deviations of the beat and of the difference between the sides [units of the times].

    Times of beats `number` with any covariance [n, n]: (X^T V^-1 X)^-1 of start, beat and side.
    """
    design = np.stack([np.ones(len(number)), number - number.mean(), side - 0.5], axis=1)
    inverse = np.linalg.inv(design.T @ np.linalg.solve(covariance, design))
    return float(np.sqrt(inverse[1, 1])), float(np.sqrt(inverse[2, 2]))
