"""What a blow on the case sounds like in samples: damped modes behind a filter that ends the band.

A blow starts the modes as sines, in continuous time; a sampled take holds of that only what lies below its anti-alias
filter, whose phase bends the nearer to its edge. Both show in the first samples of a sound, where its onset is told.
So answers are made where they are simple, as spectra: that of a damped sine is known in closed form, the filter's phase
is one odd power of frequency (what is linear in it is a delay, and common to all sounds), and above `EDGE` of the rate
nothing is used, in answers and takes alike. Conventions: times in seconds, waveforms with their zero at sample `zero`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from heartwright.listen.timing.modal import Complexes
from heartwright.records import Floats

EDGE = (0.33, 0.42)  # of the rate: below the first all is used, above the second nothing
BEND_AT = 0.25  # of the rate: where the phase is bent by `bend` [rad]
PERIOD_S, RUNG_OUT = (10e-3, 32e-3), 7.0  # of the transforms: the slowest mode has fallen by this much by then [e]
FADE = 8  # samples over which a waveform is faded in and out before it is filtered


@dataclass(frozen=True, slots=True)
class Answers:
    """Spectra of the answers of modes with `pole` [m].

    `omega` [k] of the transform, `sine` and `quarter` (a quarter turn ahead) [m, k], and `through` [k], what the filter
    lets through of a blow.
    """

    pole: Complexes
    omega: Floats
    through: Complexes
    sine: Complexes
    quarter: Complexes
    size: int
    rate_hz: float

    @classmethod
    def of(cls, pole: Complexes, bend: float, rate_hz: float) -> Answers:
        """Of modes with `pole` [m] behind a filter that bends phases by `bend` [rad]."""
        size = next_fast_len(period(pole, rate_hz), real=True)
        omega = 2.0 * np.pi * rfftfreq(size, 1.0 / rate_hz)
        omega = omega[omega < 2.0 * np.pi * EDGE[1] * rate_hz]
        through = _through(omega / (2.0 * np.pi * rate_hz)) * np.exp(1j * bend * cube(omega, rate_hz)) * rate_hz
        one, two = 1.0 / (1j * omega - pole[:, None]), 1.0 / (1j * omega - pole.conj()[:, None])
        return cls(pole, omega, through, (one - two) / 2j * through, 0.5 * (one + two) * through, size, rate_hz)

    def blurred(self, blur_s: float) -> Answers:
        """Of the mean of blows that scatter by `blur_s` (one sigma)."""
        less = np.exp(-0.5 * (self.omega * blur_s) ** 2)
        return replace(self, through=self.through * less, sine=self.sine * less, quarter=self.quarter * less)

    def rings(self, spectra: Complexes, n: int, zero: int, starts_s: Floats) -> Floats:
        """Waveforms [start, m, n] of blows at `starts_s`, with `spectra` [m, k]; single precision serves."""
        late = np.exp(-1j * self.omega * (starts_s + zero / self.rate_hz)[:, None]).astype(np.complex64)
        return np.asarray(irfft(spectra.astype(np.complex64) * late[:, None], self.size, axis=2)[:, :, :n])

    def slid(self, n: int, zero: int, first_s: float, count: int, finer: int) -> Floats:
        """Waveforms [count, m, n] of blows at `first_s` and later, `finer` to a sample: those of a few, moved."""
        whole = (count - 1) // finer
        few = self.rings(self.sine, n + whole, zero + whole, first_s + np.arange(finer) / (finer * self.rate_hz))
        every = np.arange(count)
        moved = np.lib.stride_tricks.sliding_window_view(few, n, axis=2)  # [finer, m, whole + 1, n]
        return np.asarray(moved[every % finer, :, whole - every // finer])

    def kicks(self) -> Complexes:
        """Spectra of a blow itself and of its derivative over the greatest frequency, [2, k]."""
        return np.stack([self.through, self.through * (1j * self.omega / self.omega[-1])])

    def bent(self, sine: Floats, quarter: Floats, kick: Floats, second: Floats) -> Floats:
        """Change of `sine` [.., m, n] per radian of bend: its third derivative, the answers to `kicks` in it."""
        pole = self.pole[:, None]
        third = (pole**3).imag * quarter + (pole**3).real * sine
        third = third + (pole**2).imag * kick + pole.imag * second * self.omega[-1]
        return np.asarray(-third / (2.0 * np.pi * BEND_AT * self.rate_hz) ** 3)


def period(pole: Complexes, rate_hz: float) -> int:
    """Samples in which modes with `pole` [m] ring out."""
    return int(float(np.clip(RUNG_OUT / np.abs(pole.real).min(), *PERIOD_S)) * rate_hz)


def cube(omega: Floats, rate_hz: float) -> Floats:
    """The law of the filter's phase."""
    return np.asarray((omega / (2.0 * np.pi * BEND_AT * rate_hz)) ** 3)


def within_band(wave: Floats) -> Floats:
    """A waveform [n] without what lies above the band of answers."""
    n = len(wave)
    faded = wave.copy()
    faded[:FADE] *= np.linspace(0.0, 1.0, FADE)
    faded[n - FADE :] *= np.linspace(1.0, 0.0, FADE)
    size = next_fast_len(n + 128, real=True)
    return np.asarray(irfft(rfft(faded, size) * _through(rfftfreq(size)), size)[:n])


def _through(frequency: Floats) -> Floats:
    """Share of a frequency [of the rate] that is used."""
    fall = np.clip((frequency - EDGE[0]) / (EDGE[1] - EDGE[0]), 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * fall))
