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
    strength = slow_clock(seed, 2.0)
    comb = pulse.find(strength, RATE_HZ)
    found = deep.find(strength, RATE_HZ)
    assert found is not None and found.z > deep.CLEAR_Z
    assert found.period_s == pytest.approx(PERIOD / RATE_HZ, rel=1e-4)
    assert comb is None or comb.z < 0.9 * found.z


def test_a_fold_of_noise_has_the_sigma_it_says() -> None:
    period = np.linspace(900.0, 960.0, 500)
    shown = deep.heights(noise(3), RATE_HZ, period)
    # the highest of some 2 x 250 Hz x 0.62 s places of unit noise, by its own quantiles
    assert 2.6 < np.median(shown) < 3.4
    assert shown.max() < 5.5


def test_a_hum_does_not_stand_out_of_a_fold() -> None:
    hum = 3.0 * np.sin(2 * np.pi * 50.0 * np.arange(BLOCKS) / RATE_HZ).astype(np.float32)
    found = deep.find(noise(11) + hum, RATE_HZ)
    assert found is None or found.z < deep.CLEAR_Z


def test_a_told_rate_narrows_the_fold() -> None:
    found = deep.find(slow_clock(2, 3.0), RATE_HZ, 7200.0 * RATE_HZ / PERIOD)
    assert found is not None and found.period_s == pytest.approx(PERIOD / RATE_HZ, rel=1e-4)
    other = deep.find(slow_clock(2, 3.0), RATE_HZ, 8500.0)
    assert other is None or other.z < 0.7 * found.z


@pytest.mark.parametrize("seed", range(4))
def test_noise_alone_does_not_stand_out(seed: int) -> None:
    found = deep.find(noise(100 + seed), RATE_HZ)
    assert found is None or found.z < deep.CLEAR_Z


def test_a_period_that_recurs_too_seldom_is_not_folded() -> None:
    strength = noise(7)
    strength[np.arange(100, BLOCKS, 5000)] += 50.0  # twelve times in the take
    found = deep.find(strength, RATE_HZ)
    told = deep.heights(strength, RATE_HZ, np.array([5000.0]))
    assert found is None or found.z < 0.85 * told[0]
