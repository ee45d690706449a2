"""Where the mean waveform of a sound begins.

Beats timed against a waveform learnt from the take keep its zero in common; where the sound begins before or after that
zero is a question to the mean waveform alone, which stands some 20 dB further out of the noise than any beat. Method:
the blow starts the case's modes as sines (`answers`). For each onset of a grid their amplitudes follow by least
squares; from the likeliest onsets on, the waveforms of both sides are fitted together (`strikes`), and the likeliest
end is believed; others as likely widen its errors. Conventions: times in seconds after the waveform's zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from heartwright.listen.timing import modal
from heartwright.listen.timing.modal import Complexes, Modes
from heartwright.listen.timing.onset import answers, strikes
from heartwright.listen.timing.onset.answers import Answers
from heartwright.listen.timing.onset.strikes import Part, Strikes, Wave
from heartwright.records import Floats, Ints

FINER = 4  # onsets tried for each sample
AFTER_S = 0.9e-3  # part of the waveform that is fitted after its energy begins; a sound's own bounce may be in it
LOOK_S = (0.25e-3, 0.15e-3)  # how far before and after there its onset is looked for
# What the model leaves of a sound in its first quarter of a millisecond and later [share of the peak]: with it errors
# are what they are said to be on made takes of 20 to 40 dB (140 of them, seeds from 7,000).
LEFT = (0.002, 0.005)
BEGUN = 0.02  # share of its energy by which a sound has begun
CHANCE = 3.0  # one-sigma scatters of the noise's energy that are not taken for it
HIGHEST = 0.47  # of the rate: modes above are not used
RIVALS, NEARLY = 2, 0.05  # onsets of a side that are fitted, if they explain as much but for a share of the whole


@dataclass(frozen=True, slots=True)
class Origin:
    """Onset of a waveform [s after its zero], one-sigma error and what is left over (1: what was expected).

    `apart_s` is the waveform's share of the one-sigma error of the difference between the sides: what they have in
    common is no part of it. `modes` with `amplitude` [n_mode] make the waveform, with what `later` blows (onset,
    amplitude) add to it.
    """

    start_s: float
    sigma_s: float
    left: float
    modes: Modes
    amplitude: Floats
    later: tuple[tuple[float, Floats], ...] = ()
    apart_s: float = 0.0

    def parts(self, n: int, zero: int, rate_hz: float) -> Floats:
        """What each mode of each blow adds to the waveform, [n_part, n], its zero at sample `zero`."""
        time = (np.arange(n) - zero) / rate_hz
        blows = ((self.start_s, self.amplitude), *self.later)
        return np.concatenate([(modal.ring(self.modes, time, start) * size).T for start, size in blows])

    def moving(self, n: int, zero: int, rate_hz: float) -> Floats:
        """What a microsecond's delay of each later blow adds to the waveform, [n_later, n]."""
        time = (np.arange(n) - zero) / rate_hz
        out = [np.zeros(n)]
        for start, size in self.later:
            step = modal.ring(self.modes, time, start + 0.5e-6) - modal.ring(self.modes, time, start - 0.5e-6)
            out.append(step @ size)
        return np.array(out)

    def stretched(self, n: int, zero: int, rate_hz: float) -> Floats:
        """What it adds to the waveform that all later blows come later by as much again, [n]."""
        late_us = np.array([at - self.start_s for at, _size in self.later]) * 1e6
        return np.asarray(late_us @ self.moving(n, zero, rate_hz)[1:])


def find(waves: list[Wave], modes: Modes, rate_hz: float, unsure: float) -> list[Origin] | None:
    """Onsets of waveforms of one blow each that share `modes`; None where there are too few modes.

    `unsure` is the share of noise in the waveforms that the modes are of.
    """
    pole = heard(modes, rate_hz)
    if len(pole) < 2:
        return None
    sharp = Answers.of(pole, 0.0, rate_hz)
    parts, starts = [], []
    for wave in waves:
        at = begun(wave, rate_hz, BEGUN)
        part = Part.of(wave, rate_hz, at, AFTER_S, LEFT, pole[:0, None])
        grid, gain, _amplitude = single(part, sharp, at - LOOK_S[0], at + LOOK_S[1])
        parts.append(part)
        starts.append(grid[tops(gain, RIVALS, NEARLY * part.whole)])
    guesses = [Strikes.guessed(pole, np.array(start), np.zeros(0), unsure) for start in product(*starts)]
    ends = strikes.ranked(strikes.fitted(parts, rate_hz, guess) for guess in guesses)
    return origins(replace(ends[0], covariance=ends[0].covariance + strikes.unsettled(ends)), rate_hz)


def heard(modes: Modes, rate_hz: float) -> Complexes:
    """Poles of the modes that lie within the band of answers."""
    return np.asarray(modes.pole[modes.pole.imag < 2.0 * np.pi * HIGHEST * rate_hz])


def begun(wave: Wave, rate_hz: float, share: float) -> float:
    """When a share of a waveform's energy has been heard, beyond what noise may have by chance [s]."""
    energy = np.cumsum(wave.values**2 - wave.noise**2)
    chance = CHANCE * wave.noise**2 * np.sqrt(2.0 * np.arange(1, len(energy) + 1))
    return float(int(np.argmax(energy > share * energy[-1] + chance)) - wave.zero) / rate_hz


def single(part: Part, sharp: Answers, first_s: float, last_s: float) -> tuple[Floats, Floats, Floats]:
    """Onsets of one blow that are tried [start], squares (in sigmas) that each explains, and its mixture [start, m]."""
    starts = np.arange(first_s, last_s, 1.0 / (FINER * sharp.rate_hz))
    unit = sharp.slid(len(part.values), part.zero, first_s, len(starts), FINER) @ part.white.T
    m = unit.shape[1]
    normal = unit @ unit.transpose(0, 2, 1) + np.eye(m) * (m / (strikes.LOOSE * part.peak**2))
    toward = unit @ part.values
    amplitude = np.linalg.solve(normal, toward[:, :, None])[:, :, 0]
    return starts, (toward * amplitude).sum(axis=1), amplitude


def tops(gain: Floats, most: int, within: float) -> Ints:
    """The highest local maxima, the highest first, down to `within` below it."""
    padded = np.concatenate([[-np.inf], gain, [-np.inf]])
    peak = np.flatnonzero((gain >= padded[:-2]) & (gain > padded[2:]) & (gain >= gain.max() - within))
    return np.asarray(peak[np.argsort(-gain[peak])][:most])


def origins(found: Strikes, rate_hz: float) -> list[Origin]:
    """The onsets of what explains the waveforms, a side each."""
    turn = np.exp(1j * found.bend * answers.cube(found.pole.imag, rate_hz))
    modes = Modes(found.pole, turn)
    sides = range(len(found.start_s))
    apart = float(np.sqrt(max(strikes.between(found.covariance), 0.0) / 2.0))
    out = []
    for s in sides:
        start = float(found.start_s[s])
        later = tuple((start + float(gap), a) for gap, a in zip(found.gap_s[s], found.amplitude[s, 1:], strict=True))
        sigma = float(np.sqrt(found.covariance[s, s]))
        out.append(Origin(start, sigma, found.left, modes, found.amplitude[s, 0], later, apart))
    return out
