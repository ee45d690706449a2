"""How the bank of a case's modes is learnt from mean waveforms of blows.

Means of several blows, each with a mixture of its own, leave only one filter that explains them all. Filter, mixtures,
onsets and small corrections of the poles follow together by damped least squares (Levenberg 1944; Marquardt 1963).
Blows that ring into each other may share a mean: how much later than its zero each of them comes is known beat by beat,
and so is the mean of what that does to every frequency. A delay and a level that all share are left as they come: no
difference between two onsets depends on them. Conventions: as in `bank`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.fft import irfft, rfft

from heartwright.listen.timing.joint.bank import EARLY, LEAD, SIZE, SLOW, TAPS, Bank, Blow, Circle, Mean, Poles, steady
from heartwright.listen.timing.modal import Complexes
from heartwright.records import Floats

FILTER_FALLS = 12.0  # samples in which the filter's taps are taken to fall by e
# Of a filter that few faint beats tell: how many times as near to one that lets all pass it is taken to be (errors of
# 180 sides of made clocks of 1 to 5 dB, seeds of 9,700 and on, were as small at 30 times, up to a tenth larger at 5).
CLOSE = 10.0
# Phase by which the end of the band is later, to begin with [rad], and how it grows with frequency: converters delay
# all alike or (elliptic filters) the end by some radians more. From none, modes near the end are told wrongly there.
LATER_BAND, LATER_POWER = 2.0, 4
DAMPING, MOST_TRIES, LEAST_GAIN = 1e-2, 6, 3e-3
MISSED_FROM = 0.6  # lowest frequency at which missed modes are looked for [of the lowest mode's]


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


def shows(lessons: list[Lesson], known: Poles, own: Bank) -> Floats:
    """By how much each mode of the bank that `lessons` taught shows in their blows: squares of sigmas, [m]."""
    fit = _Fit(own.circle, lessons, known)
    blows = [blow for lesson in lessons for blow in lesson.blows]
    gain = np.array([blow.gain for blow in blows])
    normal = fit.turn(own.taps, gain, np.array([blow.time for blow in blows]), own.pole)[1]
    k, m = gain.shape
    spread = np.linalg.inv(normal)[TAPS : TAPS + k * m, TAPS : TAPS + k * m].reshape(k, m, k, m)
    return np.array([gain[:, j] @ np.linalg.solve(spread[:, j, :, j], gain[:, j]) for j in range(m)])


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
        self.circle, self.first, self.spread, self.decays = circle, known.value, known.sigma, known.decay_sigma
        self.usual = _begun() if known.few else np.zeros(TAPS)
        self.parts: list[_Part] = []
        self.m, self.k = len(known), 0
        for lesson in lessons:
            for mean, late in zip(lesson.means, lesson.late, strict=True):
                self.parts.append(_Part(replace(mean, values=steady(mean.values)), self.k, late))
            self.k += len(lesson.blows)
        peak = max(float(np.abs(part.mean.values).max()) for part in self.parts)
        self.loose = self.m / (8.0 * peak**2)
        fall = np.exp(np.abs(np.arange(TAPS) - EARLY) / FILTER_FALLS) * (CLOSE if known.few else 1.0)
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
        cost, normal, toward = self.turn(taps, gain, at, pole)
        for turn in range(turns):
            better = False
            for _try in range(MOST_TRIES):
                step = np.linalg.solve(normal + np.diag(damping * np.diag(normal)), toward)
                new_taps, new_gain = taps + step[:TAPS], gain + step[TAPS : TAPS + k * m].reshape(k, m)
                rest = step[TAPS + k * m :]
                new_at = at + np.clip(rest[:k], -0.5, 0.5)
                new_pole = pole + rest[k : k + m] * self.decays + 1j * rest[k + m :] * self.spread
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
            cost, normal, toward = self.turn(taps, gain, at, pole)
        left = cost / sum(len(part.mean.values) - SLOW - 1 for part in self.parts)
        blows = [Blow(float(t), g) for t, g in zip(at, gain, strict=True)]
        return Bank.of(self.circle, pole, taps), blows, left

    def _cut(self, waves: Floats, mean: Mean) -> Floats:
        first = LEAD - mean.zero
        return steady(waves[..., first : first + len(mean.values)])

    def _off(self, taps: Floats, gain: Floats, pole: Complexes) -> Floats:
        """How far all unknowns are from where they are held."""
        away = pole - self.first
        poles = away.real / self.decays, away.imag / self.spread
        return np.concatenate([taps - self.usual, gain.ravel(), np.zeros(self.k), *poles])

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

    def turn(self, taps: Floats, gain: Floats, at: Floats, pole: Complexes) -> tuple[float, Floats, Floats]:
        """Cost, normal matrix and right side."""
        c, m, k = self.circle, self.m, self.k
        through = (taps @ c.taps) * c.band
        sines, (decay, turn) = c.sines(pole), c.by_pole(pole)
        heard, bare = sines * through, sines * c.band
        decay, turn = decay * self.decays[:, None] * through, turn * self.spread[:, None] * through
        off = self._off(taps, gain, pole)
        design = np.zeros((len(self.held), sum(len(part.mean.values) for part in self.parts)))
        over, end = np.empty(design.shape[1]), 0
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
            n, first, sigma = len(part.mean.values), LEAD - part.mean.zero, float(np.sqrt(part.mean.variance))
            # what a tap adds is the bare wave, later by the tap's place
            padded = np.concatenate([np.zeros(TAPS), waves[0]])
            later = padded.strides[0]
            tap: Floats = np.ndarray((TAPS, n), padded.dtype, padded, (TAPS + first + EARLY) * later, (-later, later))
            block = steady(np.concatenate([tap, waves[1:, first : first + n]]) / sigma)
            begin, end = end, end + n
            gains, onsets = TAPS + part.first * m, TAPS + k * m + part.first
            of_gains, of_onsets = TAPS + count * m, TAPS + count * (m + 1)
            over[begin:end] = part.mean.values / sigma - own.ravel() @ block[TAPS:of_gains]
            design[:TAPS, begin:end] = block[:TAPS]
            design[gains : gains + count * m, begin:end] = block[TAPS:of_gains]
            design[onsets : onsets + count, begin:end] = block[of_gains:of_onsets]
            design[-2 * m :, begin:end] = block[of_onsets:]
        normal, toward = design @ design.T, design @ over - self.held * off
        normal.ravel()[:: len(normal) + 1] += self.held
        return float(self.held @ (off * off)) + float(over @ over), normal, toward


def _levelled(taps: Floats, gain: Floats, at: Floats, pole: Complexes) -> tuple[Floats, Floats, Floats, Complexes]:
    """The same with the filter's answers to the modes of size one in the middle."""
    through = np.abs(taps @ np.exp(-(np.arange(TAPS) - EARLY)[:, None] * pole))
    size = float(np.median(through))
    return taps / size, gain * size, at, pole
