"""What each mode of a case sounds like behind the microphone, learnt from blows of a take.

A blow starts the modes as sines; every one of them passes the same microphone, anti-alias filter and converter. So mode
m is heard as f * s_m, s_m the sine of its pole (known from the ringing, `modal.poles`) and f one short filter that all
modes, blows and sides share. The filter is not assumed but learnt: mean waveforms of several blows, each with a mixture
of its own, leave only one f that explains them all. Filter, mixtures, onsets and small corrections of the poles follow
together by damped least squares (Levenberg 1944; Marquardt 1963). A delay and a level that all share are left as they
come: no difference between two onsets depends on them.

Everything is in the domain of a prediction-error filter that makes the take's noise white (Kay 1993, section 3.11):
noise has unit variance a sample, and looks back only. Transforms run on a circle somewhat inside the unit circle, so
that a ring longer than they are does not come round again.

Conventions: times in samples; poles per sample; waveforms [mode, n] with the blow at column `zero`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.fft import irfft, rfft
from scipy.linalg import solve_toeplitz

from heartwright.listen.timing.coherent import Singles
from heartwright.listen.timing.modal import Complexes
from heartwright.records import Floats, Ints

SIZE, DAMPED = 256, 8.0  # of the transforms, and by how much rings are damped over it [nepers]
FINE = 32  # steps a sample at which waveforms are kept: between them a slope is exact to 4e-4 at 14 of 48 kHz
LEAD = 64  # samples kept before a blow
TAPS, EARLY = 40, 3  # of the filter, and how many of them come before the blow
FILTER_FALLS = 12.0  # samples in which the filter's taps are taken to fall by e
# Phase by which the end of the band is later, to begin with [rad], and how it grows with frequency: converters delay
# all alike or (elliptic filters) the end by some radians more. From none, modes near the end are told wrongly there.
LATER_BAND, LATER_POWER = 2.0, 4
BAND = (0.40, 0.50)  # of the rate: where the filter's band ends for sure
PREDICTS = 16  # samples from which the noise is predicted
# How far poles may be from what the ringing tells [of the frequency, one sigma], at best and for each part of noise in
# the loudest of the waveforms they are of: twice what most are (made takes of 10 to 40 dB, seeds of 3,000), since a
# tenth of them, those of near modes, are further off.
POLE_LEAST, POLE_SHARE = 5e-4, 0.25
MISSED_Q, MISSED_SHARE, MISSED_FROM = 20.0, 0.02, 0.6  # of a mode that the ringing did not tell; its lowest frequency
SLOW = 3  # highest power of time of the drift, which means nothing
DAMPING, MOST_TRIES, LEAST_GAIN = 1e-2, 6, 3e-3


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean waveform, white: values [n], its zero, and the variance of each value."""

    values: Floats
    zero: int
    variance: float


@dataclass(frozen=True, slots=True)
class Poles:
    """Poles as the ringing tells them: `value` [m] and how far their real and imaginary parts may be off, `sigma` [m]
    [per sample]."""

    value: Complexes
    sigma: Floats

    @classmethod
    def of(cls, value: Complexes, unsure: float) -> Poles:
        """Of waveforms of which `unsure` is noise [share of the peak]."""
        return cls(value, float(np.hypot(POLE_LEAST, POLE_SHARE * unsure)) * value.imag)

    def __len__(self) -> int:
        return len(self.value)

    def joined(self, frequency: float) -> Poles:
        """With a mode of `frequency` [rad per sample] that rings out too soon to have been told."""
        value = np.append(self.value, frequency * complex(-0.5 / MISSED_Q, 1.0))
        return Poles(value, np.append(self.sigma, MISSED_SHARE * frequency))


@dataclass(frozen=True, slots=True)
class Blow:
    """Onset of a mean waveform [samples after its zero] and mixture of modes [n_mode]."""

    time: float
    gain: Floats


@dataclass(frozen=True, slots=True)
class Lesson:
    """Means of the same blows, which are later than the zeros of the means, each beat's by its own time, by the mean
    phases `late` [mean, blow, frequency] on top of the times of `blows`."""

    means: list[Mean]
    blows: list[Blow]
    late: Complexes

    @classmethod
    def of(cls, mean: Mean, blow: Blow) -> Lesson:
        """Of one blow at which its mean is aligned."""
        return cls([mean], [blow], np.ones((1, 1, SIZE // 2 + 1), dtype=np.complex128))


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


def learn(
    circle: Circle, lessons: list[Lesson], known: Poles, begun: Bank | None, turns: int
) -> tuple[Bank, list[Blow], float]:
    """The bank that explains `lessons`, their blows, and what is left over of each value (1: noise).

    It is looked for from what has `begun` it, or, without, from a filter of no more than a phase; the blows begin with
    no more than their times where they have no mixtures.
    """
    fit = _Fit(circle, lessons, known)
    taps, pole = (_begun(), known.value) if begun is None else (begun.taps, begun.pole)
    blows = [blow for lesson in lessons for blow in lesson.blows]
    start = np.array([blow.time for blow in blows])
    told = len(blows[0].gain)
    return fit.run(taps, np.array([b.gain for b in blows]) if told else fit.mixtures(taps, start), start, pole, turns)


@cache
def _begun() -> Floats:
    """The filter [TAPS] from which one is looked for: it lets all pass, the end of the band later than the rest."""
    omega = np.linspace(0.0, np.pi, SIZE // 2 + 1)
    phase = LATER_BAND * (omega / np.pi) ** LATER_POWER + omega * (SIZE // 2)
    return np.asarray(irfft(np.exp(-1j * phase), SIZE)[SIZE // 2 - EARLY :][:TAPS])


def missed(bank: Bank, means: list[Mean], blows: list[Blow], highest: float) -> float:
    """Where most is left over of `means`, of frequencies to `highest` [rad per sample]."""
    power = np.zeros(SIZE // 2 + 1)
    for mean, blow in zip(means, blows, strict=True):
        wave, slope, behind = bank.at(np.array([blow.time]), len(mean.values), mean.zero)
        left = steady(mean.values - blow.gain @ (wave + behind[:, None, None] * slope)[0])
        power += np.abs(rfft(left * np.hanning(len(left)), SIZE)) ** 2 / mean.variance
    omega = bank.circle.omega
    inside = (omega > MISSED_FROM * bank.pole.imag.min()) & (omega < highest)
    return float(omega[int(np.argmax(np.where(inside, power, 0.0)))])


@dataclass(frozen=True, slots=True)
class _Part:
    """A mean without its drift, and its blows: from `first` on, `late` [blow, frequency]."""

    mean: Mean
    first: int
    late: Complexes

    @property
    def blows(self) -> slice:
        """Which of all blows."""
        return slice(self.first, self.first + len(self.late))


class _Fit:
    """Least squares for taps, mixtures, onsets and poles; unknowns in that order."""

    def __init__(self, circle: Circle, lessons: list[Lesson], known: Poles) -> None:
        self.circle, self.first, self.spread = circle, known.value, known.sigma
        self.parts: list[_Part] = []
        self.m, self.k = len(known), 0
        for lesson in lessons:
            for mean, late in zip(lesson.means, lesson.late, strict=True):
                self.parts.append(_Part(replace(mean, values=steady(mean.values)), self.k, late))
            self.k += len(lesson.blows)
        peak = max(float(np.abs(part.mean.values).max()) for part in self.parts)
        self.loose = self.m / (8.0 * peak**2)
        fall = np.exp(np.abs(np.arange(TAPS) - EARLY) / FILTER_FALLS)
        ones, onset = np.ones(self.m), np.full(self.k, 1e-2)
        self.held = np.concatenate([fall**2, np.full(self.k * self.m, self.loose), onset, ones, ones])

    def mixtures(self, taps: Floats, start: Floats) -> Floats:
        """Mixtures alone, [k, m], of means of one blow each."""
        spectra = self.circle.heard(self.first, taps)
        out = []
        for part in self.parts:
            wave = self._cut(self.circle.waves(spectra * self._late(part, start)), part.mean)
            normal = wave @ wave.T / part.mean.variance + np.eye(self.m) * 4.0 * self.loose
            out.append(np.linalg.solve(normal, wave @ part.mean.values / part.mean.variance))
        return np.array(out)

    def run(
        self, taps: Floats, gain: Floats, at: Floats, pole: Complexes, turns: int
    ) -> tuple[Bank, list[Blow], float]:
        """Damped steps until they no longer pay."""
        damping = DAMPING
        m, k = self.m, self.k
        cost, normal, toward = self._turn(taps, gain, at, pole)
        for turn in range(turns):
            better = False
            for _try in range(MOST_TRIES):
                step = np.linalg.solve(normal + np.diag(damping * np.diag(normal)), toward)
                new_taps, new_gain = taps + step[:TAPS], gain + step[TAPS : TAPS + k * m].reshape(k, m)
                rest = step[TAPS + k * m :]
                new_at = at + np.clip(rest[:k], -0.5, 0.5)
                new_pole = pole + (rest[k : k + m] + 1j * rest[k + m :]) * self.spread
                new_cost = self._cost(new_taps, new_gain, new_at, new_pole) if new_pole.real.max() < 0.0 else np.inf
                if new_cost < cost:
                    better = True
                    break
                damping = max(damping, 1e-5) * 8.0
            if not better:
                break
            gained, damping = cost - new_cost, max(damping / 8.0, 1e-7)
            taps, gain, at, pole = _levelled(new_taps, new_gain, new_at, new_pole)
            cost = new_cost
            if gained < LEAST_GAIN * cost or turn == turns - 1:
                break
            cost, normal, toward = self._turn(taps, gain, at, pole)
        left = cost / sum(len(part.mean.values) - SLOW - 1 for part in self.parts)
        blows = [Blow(float(t), g) for t, g in zip(at, gain, strict=True)]
        return Bank.of(self.circle, pole, taps), blows, left

    def _cut(self, waves: Floats, mean: Mean) -> Floats:
        first = LEAD - mean.zero
        return steady(waves[..., first : first + len(mean.values)])

    def _off(self, taps: Floats, gain: Floats, pole: Complexes) -> Floats:
        """How far all unknowns are from where they are held."""
        away = (pole - self.first) / self.spread
        return np.concatenate([taps, gain.ravel(), np.zeros(self.k), away.real, away.imag])

    def _late(self, part: _Part, at: Floats) -> Complexes:
        """By what the blows of a mean are late, [blow, frequency]."""
        return np.asarray(part.late * np.exp(-at[part.blows, None] * self.circle.at))

    def _cost(self, taps: Floats, gain: Floats, at: Floats, pole: Complexes) -> float:
        struck = gain @ self.circle.heard(pole, taps)
        spectra = [(struck[part.blows] * self._late(part, at)).sum(axis=0) for part in self.parts]
        waves = self.circle.waves(np.array(spectra))
        cost = float(self.held @ self._off(taps, gain, pole) ** 2)
        for wave, part in zip(waves, self.parts, strict=True):
            left = part.mean.values - self._cut(wave, part.mean)
            cost += float(left @ left) / part.mean.variance
        return cost

    def _turn(self, taps: Floats, gain: Floats, at: Floats, pole: Complexes) -> tuple[float, Floats, Floats]:
        """Cost, normal matrix and right side."""
        c, m, k = self.circle, self.m, self.k
        through = (taps @ c.taps) * c.band
        sines, (decay, turn) = c.sines(pole), c.by_pole(pole)
        heard, bare = sines * through, sines * c.band
        decay, turn = decay * self.spread[:, None] * through, turn * self.spread[:, None] * through
        normal, toward = np.diag(self.held), -self.held * self._off(taps, gain, pole)
        cost = float(self.held @ self._off(taps, gain, pole) ** 2)
        for part in self.parts:
            late, own = self._late(part, at), gain[part.blows]
            count = len(own)
            struck = own.T @ late  # what strikes each mode [m, frequency]
            modes = late[:, None] * heard
            moved = -c.at * np.einsum("bm,bmk->bk", own, modes)
            every = (
                (struck * bare).sum(axis=0)[None],
                modes.reshape(count * m, -1),
                moved,
                decay * struck,
                turn * struck,
            )
            waves = c.waves(np.concatenate(every))
            n, first = len(part.mean.values), LEAD - part.mean.zero
            # what a tap adds is the bare wave, later by the tap's place
            padded = np.concatenate([np.zeros(TAPS), waves[0]])
            later = padded.strides[0]
            tap: Floats = np.ndarray((TAPS, n), padded.dtype, padded, (TAPS + first + EARLY) * later, (-later, later))
            block = np.concatenate([steady(tap), self._cut(waves[1:], part.mean)]) / np.sqrt(part.mean.variance)
            left = part.mean.values / np.sqrt(part.mean.variance) - own.ravel() @ block[TAPS : TAPS + count * m]
            gains = TAPS + part.first * m + np.arange(count * m)
            onsets = TAPS + k * m + part.first + np.arange(count)
            index = np.concatenate([np.arange(TAPS), gains, onsets, TAPS + k * m + k + np.arange(2 * m)])
            normal[np.ix_(index, index)] += block @ block.T
            toward[index] += block @ left
            cost += float(left @ left)
        return cost, normal, toward


def _levelled(taps: Floats, gain: Floats, at: Floats, pole: Complexes) -> tuple[Floats, Floats, Floats, Complexes]:
    """The same with the filter's answers to the modes of size one in the middle."""
    through = np.abs(taps @ np.exp(-(np.arange(TAPS) - EARLY)[:, None] * pole))
    size = float(np.median(through))
    return taps / size, gain * size, at, pole
