"""What each mode of a case sounds like behind the microphone.

A blow starts the modes as sines; every one of them passes the same microphone, anti-alias filter and converter. So mode
m is heard as f * s_m, s_m the sine of its pole (known from the ringing, `modal.poles`) and f one short filter that all
modes, blows and sides share. The filter is not assumed but learnt (`learning`).

Everything is in the domain of a prediction-error filter that makes the take's noise white (Kay 1993, section 3.11):
noise has unit variance a sample, and looks back only. Transforms run on a circle somewhat inside the unit circle, so
that a ring longer than they are does not come round again.

Conventions: times in samples; poles per sample; waveforms [mode, n] with the blow at column `zero`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.fft import irfft
from scipy.linalg import solve_toeplitz

from heartwright.listen.timing.coherent import Singles
from heartwright.listen.timing.modal import Complexes
from heartwright.records import Floats, Ints

SIZE, DAMPED = 256, 8.0  # of the transforms, and by how much rings are damped over it [nepers]
FINE = 32  # steps a sample at which waveforms are kept: between them a slope is exact to 4e-4 at 14 of 48 kHz
LEAD = 64  # samples kept before a blow
TAPS, EARLY = 40, 3  # of the filter, and how many of them come before the blow
BAND = (0.40, 0.50)  # of the rate: where the filter's band ends for sure
PREDICTS = 16  # samples from which the noise is predicted
# How far poles may be from what the ringing tells [of the frequency, one sigma], at best and for each part of noise in
# the loudest of the waveforms they are of: twice what most are (made takes of 10 to 40 dB, seeds of 3,000), since a
# tenth of them, those of near modes, are further off.
POLE_LEAST, POLE_SHARE = 5e-4, 0.25
FEW_DECAYS = 0.25  # how far decays may be off that few beats tell [share]; errors are alike from an eighth to a half
MISSED_Q, MISSED_SHARE = 20.0, 0.02  # of a mode that the ringing did not tell
SLOW = 3  # highest power of time of the drift, which means nothing


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean waveform, white: values [n], its zero, and the variance of each value."""

    values: Floats
    zero: int
    variance: float


@dataclass(frozen=True, slots=True)
class Poles:
    """Poles as the ringing tells them: `value` [m] and how far their real and imaginary parts may be off, `sigma` [m]
    [per sample].

    Where `few` faint beats alone can tell better, decays are taken to be off by no more than a share of them.
    """

    value: Complexes
    sigma: Floats
    few: bool = False

    @classmethod
    def of(cls, value: Complexes, unsure: float) -> Poles:
        """Of waveforms of which `unsure` is noise [share of the peak]."""
        return cls(value, float(np.hypot(POLE_LEAST, POLE_SHARE * unsure)) * value.imag)

    def __len__(self) -> int:
        return len(self.value)

    @property
    def decay_sigma(self) -> Floats:
        """How far their real parts may be off, [m]."""
        return np.minimum(self.sigma, -FEW_DECAYS * self.value.real) if self.few else self.sigma

    def joined(self, frequency: float) -> Poles:
        """With a mode of `frequency` [rad per sample] that rings out too soon to have been told."""
        value = np.append(self.value, frequency * complex(-0.5 / MISSED_Q, 1.0))
        return replace(self, value=value, sigma=np.append(self.sigma, MISSED_SHARE * frequency))

    def without(self, mode: int) -> Poles:
        """Without one of them."""
        return replace(self, value=np.delete(self.value, mode), sigma=np.delete(self.sigma, mode))


@dataclass(frozen=True, slots=True)
class Blow:
    """Onset of a mean waveform [samples after its zero] and mixture of modes [n_mode]."""

    time: float
    gain: Floats


class Circle:
    """Frequencies of the transforms, damped, and what makes the noise white."""

    def __init__(self, predictor: Floats) -> None:
        self.omega = 2.0 * np.pi * np.arange(SIZE // 2 + 1) / SIZE
        self.at = np.asarray(1j * self.omega + DAMPED / SIZE, dtype=np.complex128)
        part = np.clip((self.omega / (2.0 * np.pi) - BAND[0]) / (BAND[1] - BAND[0]), 0.0, 1.0)
        self.predictor = predictor
        white = predictor @ np.exp(-np.arange(len(predictor))[:, None] * self.at)
        self.band = np.asarray((0.5 + 0.5 * np.cos(np.pi * part)) * white, dtype=np.complex128)
        self.taps = np.asarray(np.exp(-(np.arange(TAPS) - EARLY)[:, None] * self.at), dtype=np.complex128)
        self.grown = np.exp(np.arange(SIZE) * DAMPED / SIZE)
        self.later = np.asarray(np.exp(-LEAD * self.at), dtype=np.complex128)

    def sines(self, pole: Complexes) -> Complexes:
        """Spectra of damped sines, [m, k]."""
        p = pole[:, None]
        return np.asarray(p.imag / ((self.at - p) * (self.at - p.conj())))

    def heard(self, pole: Complexes, taps: Floats) -> Complexes:
        """Spectra of damped sines behind a filter, [m, k]."""
        return np.asarray(self.sines(pole) * ((taps @ self.taps) * self.band))

    def by_pole(self, pole: Complexes) -> tuple[Complexes, Complexes]:
        """Derivatives of `sines` by decay and by frequency, [m, k] each."""
        p = pole[:, None]
        one, two = -0.5j / (self.at - p) ** 2, 0.5j / (self.at - p.conj()) ** 2
        return one + two, 1j * (one - two)

    def phases(self, late: Floats) -> Complexes:
        """Mean phases of what comes `late` [beat] samples late."""
        return np.asarray(np.exp(-late[:, None] * self.at).mean(axis=0))

    def waves(self, spectra: Complexes) -> Floats:
        """Waveforms [k, SIZE] that begin `LEAD` samples before their blows."""
        return np.asarray(irfft(spectra * self.later, SIZE, axis=-1) * self.grown)


@dataclass(frozen=True, slots=True)
class Bank:
    """Modes behind the microphone: `pole` [m], `taps` of the filter, and their waveforms at `FINE` steps a sample.

    `both` [step, 2 m, SIZE] holds waveforms, and then their derivatives by the onset, of a blow `step / FINE` samples
    late; `tail` [m] is the complex amplitude with which each mode rings on.
    """

    circle: Circle
    pole: Complexes
    taps: Floats
    both: Singles
    tail: Complexes

    @classmethod
    def of(cls, circle: Circle, pole: Complexes, taps: Floats) -> Bank:
        """From poles and filter."""
        spectra = circle.heard(pole, taps)
        # a ring on the pole passes the filters by their answers at the pole
        through = taps @ np.exp(-(np.arange(TAPS) - EARLY)[:, None] * pole)
        white = circle.predictor @ np.exp(-np.arange(len(circle.predictor))[:, None] * pole)
        return cls(circle, pole, taps, _fine(circle, spectra), np.asarray(through * white, dtype=np.complex128))

    def __len__(self) -> int:
        return len(self.pole)

    def blurred(self, sigma: float) -> Bank:
        """Modes as the mean of blows that scatter by `sigma` samples has them."""
        if sigma == 0.0:
            return self
        circle = self.circle
        spectra = circle.heard(self.pole, self.taps) * np.exp(0.5 * (sigma * circle.at) ** 2)
        return Bank(circle, self.pole, self.taps, _fine(circle, spectra), self.tail)

    def at(self, time: Floats, n: int, zero: int) -> tuple[Singles, Singles, Floats]:
        """Waveforms and slopes [k, m, n] of blows near `time` [k], and how much later these are [samples, k]."""
        step = np.rint(time * FINE).astype(np.int64)
        m = len(self)
        both = self._cut(0, 2 * m, step, n, zero)
        return both[:, :m], both[:, m:], np.asarray(time - step / FINE)

    def wave(self, step: Ints, n: int, zero: int) -> Singles:
        """Waveforms [k, m, n] of blows `step / FINE` samples after column `zero`."""
        return self._cut(0, len(self), step, n, zero)

    def slope(self, step: Ints, n: int, zero: int) -> Singles:
        """Their derivatives by the onset, [k, m, n]."""
        return self._cut(len(self), len(self), step, n, zero)

    def _cut(self, row: int, count: int, step: Ints, n: int, zero: int) -> Singles:
        """`count` of the rows of `both` from `row` on, of blows `step / FINE` samples after column `zero`."""
        if len(step) == 1:
            late, phase = divmod(int(step[0]), FINE)
            begin = min(max(LEAD - zero - late, 0), SIZE - n)
            return self.both[None, phase, row : row + count, begin : begin + n]
        whole = step // FINE
        first = np.minimum(np.maximum(LEAD - zero - whole, 0), SIZE - n)
        a, b, c = self.both.strides
        # all windows at all steps, as numpy's as_strided has them in a fifth of its time
        shape, strides = (FINE, SIZE - n + 1, count, n), (a, c, b, c)
        views: Singles = np.ndarray(shape, np.float32, self.both, row * b, strides)
        return np.asarray(views[step - whole * FINE, first])

    def ringing(self, time: Floats, gain: Floats, n: int) -> Floats:
        """What blows of some beats at `time` [beat, blow], long before column 0, with `gain` [beat, blow, m] still add.

        Shape [beat, n].
        """
        early = np.exp(-self.pole * time[:, :, None])
        amplitude = np.einsum("kbm,kbm->km", gain, early) * self.tail
        return np.asarray((amplitude @ np.exp(self.pole[:, None] * np.arange(n))).imag)


def _fine(circle: Circle, spectra: Complexes) -> Singles:
    """Waveforms and slopes at all steps."""
    late = np.exp(-np.arange(FINE)[:, None] / FINE * circle.at)[:, None]
    return circle.waves(late * np.concatenate([spectra, -circle.at * spectra])).astype(np.float32)


@cache
def drift(n: int) -> Floats:
    """Slow waveforms of norm 1 at right angles, [SLOW + 1, n]."""
    slow = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, n), SLOW)
    return np.asarray(np.linalg.qr(slow)[0].T)


def steady(rows: Floats) -> Floats:
    """`rows` [..., n] without their drift."""
    slow = drift(rows.shape[-1])
    return np.asarray(rows - (rows @ slow.T) @ slow)


def predictor(quiet: Floats) -> Floats:
    """The filter [PREDICTS + 1] that makes the noise of `quiet` [n_row, n] white with unit variance."""
    rows = quiet - quiet.mean(axis=1, keepdims=True)
    n = rows.shape[1]
    lags = np.array([float(np.mean(np.einsum("ij,ij->i", rows[:, : n - k], rows[:, k:]))) for k in range(PREDICTS + 1)])
    lags /= n
    lags[0] = lags[0] * 1.001 + 1e-30
    known = solve_toeplitz(lags[:-1], lags[1:])
    power = float(lags[0] - known @ lags[1:])
    return np.asarray(np.concatenate([[1.0], -known]) / np.sqrt(max(power, 1e-30)))
