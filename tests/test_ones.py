"""A clock's one sound, timed by the modes that ring in it: few faint beats of two sides, each in its own mixture."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.timing import coherent, modal
from heartwright.listen.timing.coherent import Heard, Window
from heartwright.listen.timing.joint import timed
from heartwright.listen.timing.modal import Modes
from heartwright.records import Floats

RATE_HZ = 48_000.0
FREQUENCY_HZ, QUALITY = np.array([1400.0, 2300.0, 3600.0, 5900.0]), np.array([14.0, 18.0, 20.0, 22.0])
MODES = Modes.plain(np.asarray(2.0 * np.pi * FREQUENCY_HZ * (1j - 0.5 / QUALITY)))
MIXTURES = np.array([[0.8, 1.0, -0.7, 0.5], [-0.6, 0.9, 0.8, -0.7]])
WINDOW = Window(reach_s=1.2e-3, before_s=0.6e-3, after_s=4.0e-3)
NOISE = 0.55  # then the beats stand some 18 dB out of it, 10 log10 2E/N0
COUNT = 15


def side(mixture: Floats, seed: int) -> tuple[Heard, Floats, Floats]:
    """Beats of a side as `coherent` has them, their true times, and their waveform."""
    rng = np.random.default_rng(seed)
    true = 0.2 + 0.5 * np.arange(COUNT) + rng.uniform(0.0, 1.0, COUNT) / RATE_HZ
    samples = NOISE * rng.standard_normal(int((true[-1] + 0.4) * RATE_HZ))
    for at in true:
        first = int(at * RATE_HZ) - 2
        ring = modal.ring(MODES, (first + np.arange(600)) / RATE_HZ - at, 0.0)
        samples[first : first + 600] += ring @ (mixture * (1.0 + 0.1 * rng.standard_normal(4)))
    quiet = NOISE * np.random.default_rng(seed + 1).standard_normal((60, 260))
    heard = coherent.hear(samples, RATE_HZ, true + 30e-6 * rng.standard_normal(COUNT), WINDOW, quiet)
    assert heard is not None
    return heard, true, quiet


def bound_s(mixture: Floats) -> float:
    """The Cramer-Rao bound of one beat's time, its waveform known."""
    time = np.arange(-2, 600) / RATE_HZ
    step = 1e-7
    slope = (modal.ring(MODES, time, step) - modal.ring(MODES, time, -step)) @ mixture / (2.0 * step)
    return float(NOISE / np.sqrt(slope @ slope))


@pytest.fixture(scope="module")
def told() -> tuple[Floats, Floats, Floats]:
    """Errors of single beats over their bound, by their mean waveform and by modes, and the errors told for these."""
    rows = []
    for seed in range(6):
        both = [side(mixture, 100 * seed + 10 * s) for s, mixture in enumerate(MIXTURES)]
        heard, quiet = [one[0] for one in both], both[0][2]
        begun = [float(np.nanmedian(true - h.time_s)) for h, true, _quiet in both]
        for mixture, (h, true, _quiet), one in zip(
            MIXTURES, both, timed.ones(heard, begun, RATE_HZ, quiet, MODES.pole, 0.05), strict=True
        ):
            assert one is not None
            ok = np.isfinite(one.time_s)
            off = [(time - true)[ok] - np.mean((time - true)[ok]) for time in (h.time_s, one.time_s)]
            rows.append(np.array([*off, one.sigma_s[ok]]) / bound_s(mixture))
    waveform, modes, sigma = np.concatenate(rows, axis=1)
    return waveform, modes, sigma


def test_modes_time_few_faint_beats_better_than_their_mean_does(told: tuple[Floats, Floats, Floats]) -> None:
    waveform, modes, _sigma = told
    assert np.sqrt(np.mean(modes**2)) < 0.97 * np.sqrt(np.mean(waveform**2))
    assert np.sqrt(np.mean(modes**2)) < 1.3


def test_errors_are_as_large_as_they_are_told(told: tuple[Floats, Floats, Floats]) -> None:
    """To the first order: what is fitted to a beat adds to it at this loudness (`locked`)."""
    _waveform, modes, sigma = told
    assert 0.9 < np.sqrt(np.mean(modes**2) / np.mean(sigma**2)) < 1.35


def test_too_few_beats_tell_nothing() -> None:
    heard, true, quiet = side(MIXTURES[0], 7)
    few = Heard(*(getattr(heard, name) for name in Heard.__slots__))
    few.time_s[timed.ONE_FEWEST - 1 :] = np.nan
    begun = [float(np.nanmedian(true - heard.time_s))] * 2
    assert timed.ones([few, few], begun, RATE_HZ, quiet, MODES.pole, 0.05) == [None, None]
