"""Beats that only a fold shows: found in noise that hides them from a comb, and not found in noise alone."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.beat import cycle, deep, pulse

BLOCKS, RATE_HZ, PERIOD = 60_000, 1500.0, 1801.3  # 40 s of a pendulum of 5,996 beats an hour


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(BLOCKS).astype(np.float32)


def slow_clock(seed: int, height: float) -> np.ndarray:
    out = noise(seed)
    for first in (200.0, 200.0 + 0.47 * PERIOD):
        at = np.round(np.arange(first, BLOCKS - 2, PERIOD)).astype(int)
        out[at] += height
        out[at + 1] += 0.6 * height
    return out


def test_places_are_those_of_a_remainder() -> None:
    place = cycle.place(BLOCKS, PERIOD, 900)
    phase = np.arange(BLOCKS) / PERIOD % 1.0
    assert place.min() == 0 and place.max() == 899
    inside = np.abs(phase * 900 - np.round(phase * 900)) > 1e-6  # away from the edges of bins
    assert (place == (phase * 900).astype(int))[inside].all()


@pytest.mark.parametrize("seed", range(4))
def test_a_fold_finds_what_a_comb_does_not(seed: int) -> None:
    strength = slow_clock(seed, 3.0)
    comb = pulse.find(strength, RATE_HZ)
    found = deep.find(strength, RATE_HZ)
    assert found is not None and found.z > deep.CLEAR_Z
    assert found.period_s == pytest.approx(PERIOD / RATE_HZ, rel=1e-4)
    assert comb is None or comb.z < found.z


@pytest.mark.parametrize("seed", range(4))
def test_noise_alone_does_not_stand_out(seed: int) -> None:
    found = deep.find(noise(100 + seed), RATE_HZ)
    assert found is None or found.z < deep.CLEAR_Z


def test_a_period_that_recurs_too_seldom_is_not_folded() -> None:
    strength = noise(7)
    strength[np.arange(100, BLOCKS, 5000)] += 50.0  # twelve times in the take
    found = deep.find(strength, RATE_HZ)
    assert found is None or found.z < 0.85 * deep.stands_out(strength.astype(np.float64), 5000.0)
