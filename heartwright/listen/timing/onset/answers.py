"""What a blow on the case sounds like in samples: damped modes behind a filter that ends the band.

A blow starts the modes as sines, in continuous time; a sampled take holds of that only what lies below its anti-alias
filter, whose phase bends the nearer to its edge. Both show in the first samples of a sound, where its onset is told.
So answers are made where they are simple, as spectra: that of a damped sine is known in closed form, the filter's phase
is one odd power of frequency (what is linear in it is a delay, and common to all sounds), and above `EDGE` of the rate
nothing is used, in answers and takes alike. Conventions: times in seconds, waveforms with their zero at sample `zero`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
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
        omega, share, law = _band(size, rate_hz)
        through = share * np.exp(1j * bend * law)
        rise = 1j * omega - pole.real[:, None]  # of a damped sine w / (rise^2 + w^2), a quarter ahead rise over that
        quarter = through / (rise * rise + pole.imag[:, None] ** 2)
        return cls(pole, omega, through, pole.imag[:, None] * quarter, rise * quarter, size, rate_hz)

    def rings(self, spectra: Complexes, n: int, zero: int, starts_s: Floats, blur_s: Floats | float = 0.0) -> Floats:
        """Waveforms [start, m, n] of blows at `starts_s`, with `spectra` [m, k]; single precision serves.

        With `blur_s` [start] they are the means of blows that scatter by that (one sigma).
        """
        angle = np.multiply.outer(starts_s + zero / self.rate_hz, self.omega / (-2.0 * np.pi))
        turn = (2.0 * np.pi * (angle - np.rint(angle))).astype(np.float32)
        fall = np.exp(-0.5 * np.multiply.outer(np.square(blur_s), self.omega**2)).astype(np.float32)
        late = np.empty(turn.shape, np.complex64)
        late.real, late.imag = fall * np.cos(turn), fall * np.sin(turn)
        told = (spectra.astype(np.complex64) * late[:, None]).reshape(-1, len(self.omega)).view(np.float32)
        return np.asarray(told @ _back(self.size, len(self.omega), n)).reshape(len(late), -1, n)

    def slid(
        self, n: int, zero: int, first_s: float, count: int, finer: int, *, step: int = 1, blur_s: float = 0.0
    ) -> Floats:
        """Waveforms [count, m, n] of blows at `first_s` and later, `step` of `finer` to a sample: of few, moved.

        `blur_s` as in `rings`.
        """
        every = step * np.arange(count)
        whole = int(every[-1]) // finer
        starts = first_s + np.arange(finer) / (finer * self.rate_hz)
        few = self.rings(self.sine, n + whole, zero + whole, starts, blur_s)
        moved = np.lib.stride_tricks.sliding_window_view(few, n, axis=2)  # [finer, m, whole + 1, n]
        return np.asarray(moved[every % finer, :, whole - every // finer])

    def kicks(self) -> Complexes:
        """Spectra of a blow itself and of its derivative over the greatest frequency, [2, k]."""
        return np.stack([self.through, self.through * (1j * self.omega / self.omega[-1])])

    def every(self) -> Complexes:
        """Spectra of sines, quarter turns ahead and `kicks`, [2 m + 2, k]."""
        return np.concatenate([self.sine, self.quarter, self.kicks()])

    def changes(self) -> Floats:
        """What of `every` is added to each mode by a microsecond's delay, and by a radian of bend, [2, m, 2 m + 2].

        A bend adds the third derivative, and with it the answers to `kicks`.
        """
        pole, m = self.pole, len(self.pole)
        square = pole * pole
        third, mode, out = square * pole, np.arange(m), np.zeros((2, m, 2 * m + 2))
        out[0, mode, mode], out[0, mode, m + mode] = pole.real, pole.imag
        out[1, mode, mode], out[1, mode, m + mode] = third.real, third.imag
        out[1, :, -2], out[1, :, -1] = square.imag, pole.imag * self.omega[-1]
        return out * np.array([-1e-6, -((2.0 * np.pi * BEND_AT * self.rate_hz) ** -3)])[:, None, None]


def period(pole: Complexes, rate_hz: float) -> int:
    """Samples in which modes with `pole` [m] ring out."""
    return int(min(max(RUNG_OUT / float(np.abs(pole.real).min()), PERIOD_S[0]), PERIOD_S[1]) * rate_hz)


def cube(omega: Floats, rate_hz: float) -> Floats:
    """The law of the filter's phase."""
    return np.asarray((omega / (2.0 * np.pi * BEND_AT * rate_hz)) ** 3)


@lru_cache(maxsize=64)
def _band(size: int, rate_hz: float) -> tuple[Floats, Floats, Floats]:
    """Frequencies of the band [rad/s], what of a sample of a blow lies at each, and the law of the filter's phase."""
    omega = 2.0 * np.pi * rfftfreq(size, 1.0 / rate_hz)
    omega = omega[omega < 2.0 * np.pi * EDGE[1] * rate_hz]
    return omega, _through(omega / (2.0 * np.pi * rate_hz)) * rate_hz, cube(omega, rate_hz)


@lru_cache(maxsize=64)
def _back(size: int, count: int, n: int) -> NDArray[np.float32]:
    """From the first `count` of a spectrum (real and imaginary parts by turns) to the first `n` of `size` samples.

    They are so few that one product of matrices costs less than the transforms.
    """
    turn = 2.0 * np.pi / size * np.outer(np.arange(count), np.arange(n))
    out = np.stack([np.cos(turn), -np.sin(turn)], axis=1) * (2.0 / size)
    out[0] *= 0.5  # the mean is there once
    return np.asarray(out.reshape(2 * count, n), dtype=np.float32)


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
