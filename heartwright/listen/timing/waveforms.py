"""Mean waveforms and what beats differ from them by: noise taken out, slopes, directions of variation.

Conventions: waveforms are whitened (noise of unit variance a sample), rows are beats.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.linalg import lapack

from heartwright.records import Floats

Singles = NDArray[np.float32]

MOST_DIRECTIONS, ITERATIONS = 8, 3
SURELY = 2.0  # noise is taken to be this much stronger where it is taken out
NEAR, AROUND = np.full(5, 1.0 / 5.0), np.full(13, 1.0 / 13.0)  # of frequencies and samples that are looked at together


def less_noise(wave: NDArray[np.floating], variance: float, surely: float = SURELY) -> Floats:
    """A mean waveform less its noise, of `variance` a sample, by Wiener's rule in frequency and then in time.

    Noise is as strong at the top of the band, where little of a dull sound is; left in, its slope would pass for the
    sound's.
    """
    n = next_fast_len(len(wave) + 64, real=True)
    spectrum = rfft(wave, n)
    power = np.convolve(spectrum.real**2 + spectrum.imag**2, NEAR, "same")
    kept = np.maximum(1.0 - surely * len(wave) * variance / np.maximum(power, 1e-30), 0.0)
    clean = irfft(spectrum * kept, n)[: len(wave)]
    energy = np.convolve(clean**2, AROUND, "same")
    return np.asarray(clean * np.maximum(1.0 - surely * variance / np.maximum(energy, 1e-30), 0.0))


def slope(wave: Floats) -> Floats:
    """Derivative per sample of a band-limited waveform (Fourier, padded)."""
    n = next_fast_len(len(wave) + 64, real=True)
    return np.asarray(irfft(rfft(wave, n) * _rise(n), n)[: len(wave)])


@cache
def _rise(n: int) -> NDArray[np.complex128]:
    """What a derivative per sample does to a spectrum of `n` samples."""
    return np.asarray(2j * np.pi * rfftfreq(n))


def directions(left: Singles) -> tuple[Floats, Floats]:
    """Variances (noise 1) and directions [n, k] in which what is left of the beats varies beyond the noise.

    The strongest `MOST_DIRECTIONS` of them by subspace iteration (Halko, Martinsson & Tropp 2011).
    """
    count, n = left.shape
    some = min(MOST_DIRECTIONS + 4, count, n)
    basis = left[np.linspace(0, count - 1, some).astype(np.int64)].T
    for _turn in range(ITERATIONS):
        basis = _orthogonal(left.T @ (left @ basis))
    small = left @ basis
    values, turn = np.linalg.eigh((small.T @ small).astype(np.float64) / count)
    keep = np.flatnonzero(values > limit(n, count))[-MOST_DIRECTIONS:]
    return values[keep], basis @ turn[:, keep]


def _orthogonal(rows: Singles) -> Singles:
    """Columns of norm 1 at right angles that span those of `rows` [n, k]; numpy's own take three times as long."""
    turned, scale, _work, _failed = lapack.sgeqrf(rows)
    return np.ascontiguousarray(lapack.sorgqr(turned, scale, overwrite_a=True)[0])


def limit(n: int, count: int) -> float:
    """Variance that the strongest direction of pure noise does not reach (Marchenko & Pastur 1967, and 15 %)."""
    return 1.15 * (1.0 + float(np.sqrt(n / count))) ** 2


def unit(wave: NDArray[np.floating]) -> NDArray[np.float32]:
    """A waveform [n] at norm 1."""
    return np.asarray(wave / max(float(np.linalg.norm(wave)), 1e-30), dtype=np.float32)
