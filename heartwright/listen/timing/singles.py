"""Lock and unlocking of each beat: the two sounds of a lever that stand alone in their windows.

Their mixture of modes is learnt from the take, per side, and then serves as the template. What rings, and with what
phase behind the microphone, is learnt with them.
"""

from __future__ import annotations

import numpy as np

from heartwright.listen import filters
from heartwright.listen.timing import modal
from heartwright.listen.timing.cluster import Timed
from heartwright.listen.timing.modal import Modes, Prior, Whitener
from heartwright.listen.timing.shape import Shape
from heartwright.listen.timing.windows import Windows, running_median
from heartwright.records import Floats, Ints

# At 48 kHz and below the sound has not the bandwidth to part lock and banking surely, nor modes as high as these.
NARROW_HZ = 50_000.0
HIGH_HZ, HIGH_PASS_HZ = 17e3, 12e3  # modes above are heard only right after a lock
HIGH_S, HIGH_SPAN_S = (0.08e-3, 0.7e-3), 0.25e-3  # where they ring after the lock, and their subspace length
WANDER = 0.12  # how far the span from sound 1 to the lock wanders within a take [share of the span]
NEIGHBOURS, NEAR_S = 9, 0.15e-3  # beats of a side whose median tells where sound 1 should be, how near [one sigma]


def time_singles(
    windows: Windows, quiet: Floats, modes: Modes, sides: list[Ints], shape: Shape
) -> tuple[Modes, list[Timed], list[Timed]]:
    """Locks and unlockings of both sides, first with sines, then with the modes and phases that their averages show."""
    for turn in range(2):
        locks = [_time_lock(windows, quiet, modes, beats) for beats in sides]
        power = np.mean([lock.prior.mean**2 for lock in locks], axis=0)
        unlocks = [
            _time_unlock(windows, quiet, modes, beats, lock, float(first), power)
            for beats, lock, first in zip(sides, locks, shape.first_s, strict=True)
        ]
        if turn == 0:
            heard = []
            for beats, lock, unlock in zip(sides, locks, unlocks, strict=True):
                heard.append(_average(windows, quiet, beats, lock.time_s, 0.08e-3))
                heard.append(_average(windows, quiet, beats, unlock.time_s, 0.26e-3))
            modes = modal.turned(_with_high(windows, quiet, modes, sides, locks), heard)
    return modes, locks, unlocks


def _with_high(windows: Windows, quiet: Floats, modes: Modes, sides: list[Ints], locks: list[Timed]) -> Modes:
    """`modes` with those above `HIGH_HZ` taken from the mean locks of both sides.

    High modes are silent before the free decay of a beat begins. In the mean over beats aligned at the lock they ring
    clear from its start, since banking and bounces come at ever other times.
    """
    rate = windows.rate_hz
    if rate < NARROW_HZ:
        return modes
    before, after = int(0.3e-3 * rate), int(HIGH_S[1] * rate)
    kernel = filters.butter(4, HIGH_PASS_HZ, "high", rate_hz=rate)
    rows = [windows.mean(beats, lock.time_s, before, after) for beats, lock in zip(sides, locks, strict=True)]
    high = filters.apply(kernel, np.array(rows), axis=1)[:, before + int(HIGH_S[0] * rate) :]
    noise = float(np.mean(filters.apply(kernel, quiet, axis=1)[:, before:] ** 2)) / min(len(s) for s in sides)
    found = modal.poles(high, rate, noise, span_s=HIGH_SPAN_S, lowest_hz=HIGH_HZ)
    kept = modes.pole[modes.pole.imag < 2 * np.pi * HIGH_HZ]
    return Modes.plain(np.concatenate([kept, found])) if len(kept) and len(found) else modes


def _average(
    windows: Windows, quiet: Floats, beats: Ints, at_s: Floats, after_s: float
) -> tuple[Floats, Floats, float]:
    """Mean waveform of a sound with its time axis and one-sigma error."""
    rate = windows.rate_hz
    before, after = int(0.1e-3 * rate), max(6, int(after_s * rate))
    mean = windows.mean(beats, at_s, before, after)
    sigma = float(np.sqrt(np.mean(quiet**2) / len(beats) + (0.01 * np.abs(mean).max()) ** 2))
    return np.arange(-before, after) / rate, mean, sigma


def _time_lock(windows: Windows, quiet: Floats, modes: Modes, beats: Ints) -> Timed:
    """The lock: coarse search on a few beats for the common shift, then all beats, then with the learnt mixture."""
    rate = windows.rate_hz
    before, after = int(0.5e-3 * rate), int(1.5e-3 * rate)
    time = np.arange(-before, after) / rate
    noise = modal.noise_covariance(quiet, len(time))
    centre = np.full(len(beats), windows.zero)
    few = beats[np.linspace(0, len(beats) - 1, min(len(beats), 40)).astype(np.int64)]
    look = windows.cut(few, np.full(len(few), windows.zero), before, after).T
    older = modal.decay(modes, time)
    power = float(np.mean(look[: before // 2] ** 2)) + noise[0, 0]
    later = modal.stacked(modal.rings(modes, time, np.arange(60e-6, 600e-6, 40e-6)))
    spread = 0.1 * float(np.mean(np.max(look**2, axis=0))) / len(modes)
    clutter = spread * (len(modes) / later.shape[1]) * later @ later.T
    whiten = Whitener.of(noise + power * older @ older.T + clutter)
    broad = Prior.broad(np.full(len(modes), 2.0 * float(np.mean(np.max(look**2, axis=0))) / len(modes)))
    grid = np.arange(-0.35e-3, 0.45e-3, 8e-6)
    likelihood, _a = modal.scan(whiten(look), modal.white_rings(whiten, modal.rings(modes, time, grid)), broad)
    shift = float(np.median(grid[np.argmax(likelihood, axis=0)]))
    centre = centre + int(round(shift * rate))
    look = windows.cut(beats, centre, before, after).T
    prior = broad
    grid = np.arange(-0.16e-3, 0.16e-3, 0.5 / rate)
    answers = modal.white_rings(whiten, modal.rings(modes, time, grid))
    at = np.zeros(len(beats))
    for turn in range(3):
        if turn:
            move = int(round(float(np.median(at)) * rate))
            centre = np.clip(centre + move, before, windows.rows.shape[1] - after - 1)
            look = windows.cut(beats, centre, before, after).T
        likelihood, amplitude = modal.scan(whiten(look), answers, prior)
        if turn:  # a period away it may fit as well: keep near where the side's other beats have it
            likelihood = likelihood - 0.5 * (grid[:, None] / 25e-6) ** 2
        at, k, sigma = modal.peak(likelihood, grid)
        mean = np.median(amplitude[k, :, np.arange(len(beats))], axis=0)
        prior = Prior.about(mean, shape=0.25, level=0.15, floor=0.05 * np.full(len(modes), np.mean(mean**2)))
    start = windows.first[beats] + centre
    return Timed(start / rate + at, sigma, prior)


def _time_unlock(
    windows: Windows, quiet: Floats, modes: Modes, beats: Ints, lock: Timed, first_s: float, power: Floats
) -> Timed:
    """Sound 1: wide search with a free mixture, then a narrow one that ends before its own bounce."""
    column, prior = _find_unlock(windows, quiet, modes, beats, lock, first_s, power)
    rate = windows.rate_hz
    before, after = int(0.35e-3 * rate), int(0.24e-3 * rate)
    column = np.clip(column, before, windows.rows.shape[1] - after - 1)
    time = np.arange(-before, after) / rate
    look = windows.cut(beats, column, before, after).T
    whiten = Whitener.of(modal.noise_covariance(quiet, len(time)))
    grid = np.arange(-7.0, 7.01, 0.25) / rate
    white, answers = whiten(look), modal.white_rings(whiten, modal.rings(modes, time, grid))
    for _turn in range(2):
        likelihood, amplitude = modal.scan(white, answers, prior)
        at, k, sigma = modal.peak(likelihood, grid)
        mean = np.mean(amplitude[k, :, np.arange(len(beats))], axis=0)
        prior = Prior.about(mean, shape=0.2, level=0.2, floor=0.05 * np.full(len(modes), np.mean(mean**2)))
    start = windows.first[beats] + column
    gain = likelihood.max(axis=0) - _nothing(look, prior)
    return Timed(start / rate + at, sigma, prior, float(np.mean(gain)))


def _find_unlock(
    windows: Windows, quiet: Floats, modes: Modes, beats: Ints, lock: Timed, first_s: float, power: Floats
) -> tuple[Ints, Prior]:
    """Columns of sound 1 to a sample or so, and its mixture.

    The span to the lock follows the amplitude, so the search reaches over the share of it by which a swing wanders; a
    second pass keeps near where the neighbours of each beat have it.
    """
    rate = windows.rate_hz
    reach = max(0.8e-3, WANDER * abs(first_s))
    before, after = int((reach + 0.1e-3) * rate), int((reach + 0.3e-3) * rate)
    time = np.arange(-before, after) / rate
    column = np.round((lock.time_s + first_s) * rate).astype(np.int64) - windows.first[beats]
    column = np.clip(column, before, windows.rows.shape[1] - after - 1)
    look = windows.cut(beats, column, before, after).T
    whiten = Whitener.of(modal.noise_covariance(quiet, len(time)))
    prior = Prior.broad(0.06 * power + 0.02 * power.mean())
    grid = np.arange(-reach, reach, 1.0 / rate)
    white, answers = whiten(look), modal.white_rings(whiten, modal.rings(modes, time, grid))
    at = np.zeros(len(beats))
    for turn in range(2):
        likelihood, amplitude = modal.scan(white, answers, prior)
        if turn:
            likelihood = likelihood - 0.5 * ((grid[:, None] - running_median(at, NEIGHBOURS)) / NEAR_S) ** 2
        at, k, _sigma = modal.peak(likelihood, grid)
        mean = np.median(amplitude[k, :, np.arange(len(beats))], axis=0)
        prior = Prior.about(mean, shape=0.3, level=0.3, floor=0.05 * np.full(len(modes), np.mean(mean**2)))
    return column + np.round(at * rate).astype(np.int64), prior


def _nothing(look: Floats, prior: Prior) -> Floats:
    """Log-likelihood of no blow at all on the scale of `modal.scan`, [n_beat]."""
    inverse = np.linalg.inv(prior.covariance)
    right = inverse @ prior.mean
    value = 0.5 * right @ prior.covariance @ right - 0.5 * np.linalg.slogdet(inverse)[1]
    return np.full(look.shape[1], float(value))
