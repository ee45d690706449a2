"""Sensory dissonance: how rough a set of partials, or a stretch of sound, is to the ear.

Two pure tones f1 < f2 of amplitudes a1, a2 are as dissonant as Plomp and Levelt's listeners found them, in Sethares'
fit [plomp1965, sethares1993]:

    d = min(a1, a2) (exp(-3.5 s (f2 - f1)) - exp(-5.75 s (f2 - f1))),   s = 0.24 / (0.0207 f1 + 18.96)

with nothing at unison, most near a quarter of the critical band, and little beyond one band. A set's dissonance is the
sum over its pairs. `of_sound` takes the partials from the peaks of a spectrum and divides by the sum of amplitudes, so
that it does not depend on level: 0 for a pure tone.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import signal

from heartwright.records import Floats

RISE, FALL = 3.5, 5.75
WIDEST, SLOPE, OFFSET = 0.24, 0.0207, 18.96
LOW_HZ, HIGH_HZ = 20.0, 8_000.0  # above some kHz two tones no longer beat in the ear
MOST_PARTIALS: Final = 40
FAINTEST: Final = 0.02  # of the strongest


def pair(f1: Floats | float, f2: Floats | float, a1: Floats | float = 1.0, a2: Floats | float = 1.0) -> Floats:
    """Dissonance of two pure tones: frequencies [Hz] and amplitudes."""
    low = np.minimum(f1, f2)
    apart = np.abs(np.asarray(f2) - np.asarray(f1)) * WIDEST / (SLOPE * low + OFFSET)
    return np.asarray(np.minimum(a1, a2) * (np.exp(-RISE * apart) - np.exp(-FALL * apart)))


def of_partials(frequency: Floats, amplitude: Floats) -> float:
    """Dissonance of partials [Hz] with their amplitudes: the sum over pairs, in the units of an amplitude."""
    f, a = np.asarray(frequency, float), np.asarray(amplitude, float)
    if f.shape != a.shape or f.ndim != 1:
        raise ValueError(f"frequencies {f.shape} and amplitudes {a.shape} must be two lists of one length")
    i, j = np.triu_indices(len(f), 1)
    return float(np.sum(pair(f[i], f[j], a[i], a[j])))


def partials(samples: Floats, rate_hz: float) -> tuple[Floats, Floats]:
    """Frequencies [Hz] and amplitudes of the spectral peaks of a stretch of sound, the strongest forty at most.

    Peaks of a Blackman-Harris spectrum (its side lobes lie 92 dB down, so none passes for a partial), their place and
    height by a parabola through three lines of the logarithm.
    """
    x = np.asarray(samples, float)
    if len(x) < 64:
        return np.zeros(0), np.zeros(0)
    n = 1 << int(np.ceil(np.log2(len(x))))
    window = signal.windows.blackmanharris(len(x))
    spectrum = np.abs(np.fft.rfft((x - x.mean()) * window, 2 * n)) * 2.0 / window.sum()
    step = rate_hz / (2 * n)
    strongest = float(spectrum.max(initial=0.0))
    if strongest <= 0.0:
        return np.zeros(0), np.zeros(0)
    apart = max(1, int(4.0 * rate_hz / len(x) / step))  # half the window's main lobe
    at, _ = signal.find_peaks(spectrum, height=FAINTEST * strongest, distance=apart)
    at = at[(at * step >= LOW_HZ) & (at * step <= HIGH_HZ) & (at > 0) & (at < len(spectrum) - 1)]
    at = np.sort(at[np.argsort(spectrum[at])[::-1][:MOST_PARTIALS]])
    y0, y1, y2 = (np.log(np.maximum(spectrum[at + k], 1e-30)) for k in (-1, 0, 1))
    shift = 0.5 * (y0 - y2) / np.minimum(y0 - 2.0 * y1 + y2, -1e-12)
    return (at + shift) * step, np.exp(y1 - 0.25 * (y0 - y2) * shift)


def of_sound(samples: Floats, rate_hz: float) -> float:
    """Dissonance of a stretch of sound over the sum of its partials' amplitudes: 0 for a pure tone or silence."""
    f, a = partials(samples, rate_hz)
    total = float(a.sum())
    return of_partials(f, a) / total if total > 0.0 else 0.0


def of_hums(hum_hz: Floats, loudness: Floats) -> float:
    """Dissonance of works that hum at their own pitches [Hz], over the sum of their loudness."""
    a = np.asarray(loudness, float)
    return of_partials(np.asarray(hum_hz, float), a) / float(a.sum()) if a.sum() > 0.0 else 0.0
