"""A mean waveform taken apart into the blows that follow one another in it.

Lock, banking and bounce ring into each other. In the mean of all beats they stand so far out of the noise that the
onset of the first can be told all the same: each blow starts the case's modes as sines (`modal`), amplitudes are
linear, the onset of the first is scanned as in `origin`, each later one is put where it explains most of what is left,
and then all onsets move together (Gauss-Newton). Which of the later ones is the banking this does not tell.
Conventions as in `origin`.
"""

from __future__ import annotations

import numpy as np

from heartwright.listen.timing import modal
from heartwright.listen.timing.modal import Modes
from heartwright.listen.timing.origin import Origin, Wave
from heartwright.records import Floats

LATER_S = (50e-6, 420e-6)  # how long after the one before it a blow is looked for
STEP_S = 8e-6
TURNS = 6
MOST_STEP_S, STILL_S = 6e-6, 0.05e-6
LOOSE = 2.0  # variance a mode's amplitude may have [of what each has where they share the peak's square evenly]
BLOWS = 3
BEFORE_S, AFTER_S = 0.3e-3, 0.9e-3  # part of the waveform that is fitted, about where its energy begins
LOOK_S = (0.15e-3, 0.06e-3)  # how far before and after there the first onset is looked for
BEGUN = 0.01  # share of its energy by which a sound has begun
CLEAN_S, OWN, LATER = 0.25e-3, 0.01, 0.03  # what the model leaves up to then and later [share of the peak]
# What the model leaves is no white noise, and later blows may stand for what it lacks: how much surer than it is the
# fit thinks itself, and the least error (measured on made takes of two cases whose microphone ends at 20 kHz).
COHERENT, LEAST_S = 2.0, 2.5e-6


def find(wave: Wave, modes: Modes, rate_hz: float) -> Origin:
    """Onset of the first blow in a waveform."""
    time = (np.arange(len(wave.values)) - wave.zero) / rate_hz
    energy = np.cumsum(np.maximum(wave.values**2 - wave.noise**2, 0.0))
    begun = float(time[int(np.argmax(energy > BEGUN * energy[-1]))])
    keep = (time > begun - BEFORE_S) & (time < begun + AFTER_S)
    share = np.where(time[keep] < begun + CLEAN_S, OWN, LATER)
    sigma = np.hypot(wave.noise, share * float(np.abs(wave.values).max()))
    first_s = np.arange(begun - LOOK_S[0], begun + LOOK_S[1], 0.5 * STEP_S)
    return _parted(modes, time[keep], wave.values[keep], sigma, first_s)


def _parted(modes: Modes, time_s: Floats, values: Floats, sigma: Floats, first_s: Floats) -> Origin:
    """The blows one by one, then all together."""
    peak = float(np.abs(values).max())
    ridge = len(modes) / (LOOSE * peak**2)
    starts = [_best(modes, time_s, values, sigma, [], first_s, ridge)]
    for _more in range(1, BLOWS):
        later = starts[-1] + np.arange(*LATER_S, STEP_S)
        starts.append(_best(modes, time_s, values, sigma, starts, later, ridge))
    return _polished(modes, time_s, values, sigma, np.array(starts), ridge)


def _best(
    modes: Modes, time_s: Floats, values: Floats, sigma: Floats, known: list[float], tried_s: Floats, ridge: float
) -> float:
    """The onset of one more blow that leaves least."""
    right = values / sigma
    new = modal.rings(modes, time_s, tried_s) / sigma[:, None]
    rest = new
    if known:  # what the blows known already can explain is taken out of all that is tried at once
        fixed = np.concatenate([modal.ring(modes, time_s, s) for s in known], axis=1) / sigma[:, None]
        inside = np.linalg.solve(fixed.T @ fixed + np.eye(fixed.shape[1]) * ridge, fixed.T)
        rest = (np.eye(len(right)) - fixed @ inside) @ new
    across = rest.transpose(0, 2, 1)
    normal = across @ new + np.eye(len(modes)) * ridge
    toward = across @ right
    gain = (toward * np.linalg.solve(normal, toward[:, :, None])[:, :, 0]).sum(axis=1)
    return float(tried_s[int(np.argmax(gain))])


def _polished(modes: Modes, time_s: Floats, values: Floats, sigma: Floats, start: Floats, ridge: float) -> Origin:
    """All onsets and amplitudes together."""
    count, m = len(start), len(modes)
    right = values / sigma
    amplitude: Floats = np.zeros((count, m))
    inverse: Floats = np.eye(1)
    scale = 1.0
    for turn in range(TURNS + 1):
        pairs = [modal.ring_and_slope(modes, time_s, s) for s in start]
        flat = np.concatenate([unit for unit, _slope in pairs], axis=1) / sigma[:, None]
        amplitude = np.asarray(
            np.linalg.solve(flat.T @ flat + np.eye(count * m) * ridge, flat.T @ right), dtype=np.float64
        ).reshape(count, m)
        left = right - flat @ amplitude.ravel()
        slopes = [slope @ a * 1e-6 / sigma for (_unit, slope), a in zip(pairs, amplitude, strict=True)]
        block = np.concatenate([flat, np.stack(slopes, axis=1)], axis=1)
        keep = np.concatenate([np.full(count * m, ridge), np.full(count, 1.0 / 30.0**2)])
        inverse = np.asarray(np.linalg.inv(block.T @ block + np.diag(keep)), dtype=np.float64)
        scale = max(float(left @ left) / max(len(values) - count * (m + 1), 4), 1.0)
        toward = block.T @ left
        toward[: count * m] -= ridge * amplitude.ravel()
        step = (inverse @ toward)[count * m :] * 1e-6
        if turn == TURNS or float(np.abs(step).max()) < STILL_S:
            break
        start = start + np.clip(step, -MOST_STEP_S, MOST_STEP_S)
    doubt = COHERENT * float(np.sqrt(inverse[count * m, count * m] * scale)) * 1e-6
    after = tuple((float(s), a) for s, a in zip(start[1:], amplitude[1:], strict=True))
    return Origin(float(start[0]), float(np.hypot(doubt, LEAST_S)), scale, modes, amplitude[0], after)
