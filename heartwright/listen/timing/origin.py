"""Where the mean waveform of a sound begins.

Beats timed against a waveform learnt from the take keep its zero in common; where the sound begins before or after that
zero is a question to the mean waveform alone, which stands some 20 dB further out of the noise than any beat. Method:
the blow starts the case's modes as sines (`modal`); for each onset of a grid their amplitudes follow by least squares,
and the likelihood of the onset is what is left. The microphone turns the modes' phases by one number that all sounds
share (`modal.turned`). Conventions: times in seconds after the waveform's zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen.timing import modal
from heartwright.listen.timing.modal import Modes
from heartwright.records import Floats

STEP_S = 2e-6
BEFORE_S, AFTER_S = 0.15e-3, 0.8e-3  # part of the waveform that is fitted, about where its energy begins
LOOK_S = (0.25e-3, 0.15e-3)  # how far before and after there its onset is looked for
CLEAN_S = 0.25e-3  # the sound's own bounce may come later than this
OWN, LATER = 0.01, 0.04  # what the model leaves of a sound before and after that [share of its peak]
LOOSE = 2.0  # variance a mode's amplitude may have [of what each has where they share the peak's square evenly]
# What the model leaves over is no white noise: it moves the onset this much more than noise as strong would (measured
# on made takes whose microphone ends at 20 kHz).
COHERENT = 3.5
RISE = 0.04  # share of its energy by which a sound has begun


@dataclass(frozen=True, slots=True)
class Wave:
    """A mean waveform [n]: its zero at sample `zero` and its one-sigma noise."""

    values: Floats
    zero: int
    noise: float


@dataclass(frozen=True, slots=True)
class Origin:
    """Onset of a waveform [s after its zero], one-sigma error and what is left over (1: what was expected).

    `modes` with `amplitude` [n_mode] make the waveform, with what `later` blows (onset, amplitude) add to it.
    """

    start_s: float
    sigma_s: float
    left: float
    modes: Modes
    amplitude: Floats
    later: tuple[tuple[float, Floats], ...] = ()

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


def find(waves: list[Wave], modes: Modes, rate_hz: float) -> list[Origin] | None:
    """Onsets of waveforms that share `modes`; None where there are too few modes."""
    if len(modes) < 2:
        return None
    parts = [_part(wave, rate_hz) for wave in waves]
    rough = [_scan(modes, *part) for part in parts]
    heard = [(time - start.start_s, values, sigma) for (time, values, sigma), start in zip(parts, rough, strict=True)]
    modes = modal.turned(modes, [(t, v, float(s.min())) for t, v, s in heard])
    return [_scan(modes, *part) for part in parts]


def _part(wave: Wave, rate_hz: float) -> tuple[Floats, Floats, Floats]:
    """Times [s after the zero], values and one-sigma errors of the part of a waveform that is fitted."""
    time = (np.arange(len(wave.values)) - wave.zero) / rate_hz
    energy = np.cumsum(np.maximum(wave.values**2 - wave.noise**2, 0.0))
    begun = time[int(np.argmax(energy > RISE * energy[-1]))]
    keep = (time > begun - LOOK_S[0] - BEFORE_S) & (time < begun + AFTER_S)
    peak = float(np.abs(wave.values[keep]).max())
    share = np.where(time[keep] < begun + CLEAN_S, OWN, LATER)
    return time[keep], wave.values[keep], np.hypot(wave.noise, share * peak)


def _scan(modes: Modes, time_s: Floats, values: Floats, sigma: Floats) -> Origin:
    """The likeliest onset, amplitudes free within what the peak allows."""
    peak = float(np.abs(values).max())
    loud = int(np.argmax(np.abs(values) > 0.3 * peak))
    grid = np.arange(time_s[loud] - LOOK_S[0], time_s[loud] + LOOK_S[1], STEP_S)
    unit = modal.rings(modes, time_s, grid) / sigma[:, None]
    right = values / sigma
    normal = unit.transpose(0, 2, 1) @ unit + np.eye(len(modes)) * (len(modes) / (LOOSE * peak**2))
    toward = np.einsum("gnm,n->gm", unit, right)
    amplitude = np.linalg.solve(normal, toward[:, :, None])[:, :, 0]
    left = float(right @ right) - (toward * amplitude).sum(axis=1)
    scale = max(float(left.min()) / max(len(values) - len(modes) - 1, 4), 1.0)
    at, k, own = modal.peak(-0.5 * left[:, None], grid)
    doubt = float(own[0] * np.sqrt(1.0 + COHERENT**2 * (scale - 1.0)))
    return Origin(float(at[0]), doubt, scale, modes, amplitude[int(k[0])])
