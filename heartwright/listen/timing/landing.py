"""When the one loud sound of a beat began: the tooth on the dead face of a pendulum clock.

A beat that is no lever's is timed by its loudest sound. Its energy finds that to a few tens of microseconds, and not
equally on both sides, since each pallet rings the case in its own mixture. Here the sound is a blow that starts the
case's modes together (`modal`): the mixture of each side is learnt from all its beats, and the common onset of the
modes is what is timed. Where the modes explain too little of the sound the energy's times stand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen.beat.track import Chain
from heartwright.listen.timing import modal
from heartwright.listen.timing.modal import Modes, Prior, Whitener
from heartwright.listen.timing.shape import Shape
from heartwright.records import Floats, Ints

FEWEST_A_SIDE = 8
LOWEST_HZ = 300.0
REACH_S = (2.5e-3, 1.0e-3)  # how far before and after the energy's time the onset is looked for
BEFORE_S, AFTER_S = 1.0e-3, 2.5e-3  # window round the onset
DECAY_S = (1.5e-3, 11e-3)  # where the modes ring freely, after the energy's time
SPAN_S = 3.0e-3  # subspace length for the poles
MOST_DECAYS = 60
MOST_LEFT = 0.3  # share of a sound's energy that the modes may leave
COARSE_S = 50e-6  # what the sides' onsets differ by where the modes explain nothing [one sigma]
NEAR_S = 60e-6  # how far single onsets lie from where their side has them [one sigma]


@dataclass(frozen=True, slots=True)
class Landing:
    """Onsets of some beats: index into the chain, time [s], one-sigma [s]; `common_s` what a side's beats share."""

    beats: Ints
    time_s: Floats
    sigma_s: Floats
    common_s: float


def time_landings(samples: Floats, rate_hz: float, chain: Chain, shape: Shape, quiet: Floats) -> Landing | None:
    """Onset of the loudest sound of each beat, or None where it cannot be had from the modes."""
    usable = _whole(samples, rate_hz, shape)
    sides = [usable[chain.side[usable] == s] for s in range(2)]
    if min(len(s) for s in sides) < FEWEST_A_SIDE:
        return None
    modes = _modes(samples, rate_hz, shape.time_s[usable], float(np.mean(quiet**2)))
    if len(modes) < 2:
        return None
    found = [_side(samples, rate_hz, shape.time_s[beats], quiet, modes) for beats in sides]
    left = max(f[2] for f in found)
    if left > MOST_LEFT:
        return None
    time, sigma = (np.concatenate([f[k] for f in found]) for k in range(2))
    return Landing(np.concatenate(sides), time, sigma, float(np.hypot(0.5 / rate_hz, COARSE_S * np.sqrt(left))))


def _whole(samples: Floats, rate_hz: float, shape: Shape) -> Ints:
    """Beats that lie whole in the take."""
    at = shape.time_s
    early, late = at - REACH_S[0] - BEFORE_S - 1e-3, at + DECAY_S[1] + 1e-3
    return np.flatnonzero(shape.good & (early > 0) & (late * rate_hz < len(samples)))


def _cut(samples: Floats, first: Ints, size: int) -> Floats:
    return samples[first[:, None] + np.arange(size)].astype(np.float64)


def _modes(samples: Floats, rate_hz: float, time_s: Floats, noise: float) -> Modes:
    """What rings freely after the landings of both sides."""
    few = np.linspace(0, len(time_s) - 1, min(len(time_s), MOST_DECAYS)).astype(np.int64)
    first = np.round((time_s[few] + DECAY_S[0]) * rate_hz).astype(np.int64)
    rows = _cut(samples, first, int((DECAY_S[1] - DECAY_S[0]) * rate_hz))
    slow = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, rows.shape[1]), 5)
    rows = rows - np.linalg.lstsq(slow, rows.T, rcond=None)[0].T @ slow.T
    return Modes.plain(modal.poles(rows, rate_hz, noise, span_s=SPAN_S, lowest_hz=LOWEST_HZ))


def _side(samples: Floats, rate_hz: float, time_s: Floats, quiet: Floats, modes: Modes) -> tuple[Floats, Floats, float]:
    """Onsets of one side's beats [s], their one-sigma [s] and the share of energy that the modes leave."""
    before, after = int(BEFORE_S * rate_hz), int(AFTER_S * rate_hz)
    time = np.arange(-before, after) / rate_hz
    whiten = Whitener.of(modal.noise_covariance(quiet, len(time)))
    centre = _centred(samples, rate_hz, time_s, quiet, modes)
    prior = _broad(_cut(samples, centre - before, len(time)), modes)
    grid = np.arange(-0.25e-3, 0.25e-3, 0.5 / rate_hz)
    answers = modal.white_rings(whiten, modal.rings(modes, time, grid))
    at = np.zeros(len(centre))
    for turn in range(4):
        centre = centre + int(round(float(np.median(at)) * rate_hz))
        look = _cut(samples, centre - before, len(time)).T
        likelihood, amplitude = modal.scan(whiten(look), answers, prior)
        if turn:
            likelihood = likelihood - 0.5 * (grid[:, None] / NEAR_S) ** 2
        at, k, sigma = modal.peak(likelihood, grid)
        own = amplitude[k, :, np.arange(len(at))]
        mean = np.median(own, axis=0)
        prior = Prior.about(mean, shape=0.3, level=0.3, floor=0.05 * np.full(len(modes), np.mean(mean**2)))
    return centre / rate_hz + at, sigma, _left(whiten, look, modal.rings(modes, time, at) @ own[:, :, None])


def _centred(samples: Floats, rate_hz: float, time_s: Floats, quiet: Floats, modes: Modes) -> Ints:
    """Samples of the onsets as the energy puts them, moved together to where a free mixture begins on most beats."""
    before, after = int((BEFORE_S + REACH_S[0]) * rate_hz), int(AFTER_S * rate_hz)
    time = np.arange(-before, after) / rate_hz
    centre = np.round(time_s * rate_hz).astype(np.int64)
    few = centre[np.linspace(0, len(centre) - 1, min(len(centre), 40)).astype(np.int64)]
    look = _cut(samples, few - before, len(time))
    grid = np.arange(-REACH_S[0], REACH_S[1], 2.0 / rate_hz)
    whiten = Whitener.of(modal.noise_covariance(quiet, len(time)))
    answers = modal.white_rings(whiten, modal.rings(modes, time, grid))
    likelihood, _amplitude = modal.scan(whiten(look.T), answers, _broad(look, modes))
    return centre + int(round(float(np.median(grid[np.argmax(likelihood, axis=0)])) * rate_hz))


def _broad(look: Floats, modes: Modes) -> Prior:
    """Any mixture as loud as the windows [n_beat, n]."""
    return Prior.broad(np.full(len(modes), 2.0 * float(np.mean(np.max(look**2, axis=1))) / len(modes)))


def _left(whiten: Whitener, look: Floats, told: Floats) -> float:
    """Share of the windows' energy over the noise that the model `told` [n_beat, n, 1] leaves."""
    white = whiten(look)
    noise = white.size
    left = float(np.sum((white - whiten(told[:, :, 0].T)) ** 2)) - noise
    return max(left, 0.0) / max(float(np.sum(white**2)) - noise, 1.0)
