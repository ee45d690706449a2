"""Beats that only a fold shows: found in noise that hides them from a comb, and not found in noise alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from heartwright.listen.beat import cycle, deep, onsets, pulse

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


def test_skew_noise_is_evened_as_a_gamma_is() -> None:
    for cycles in (16.0, 40.0):
        gamma = stats.gamma(cycles)
        for rare in (1e-3, 1e-6, 1e-9):
            height = (gamma.isf(rare) - cycles) / np.sqrt(cycles)
            told = deep.even(np.array([height]), np.array([2.0 / np.sqrt(cycles)]))
            assert told[0] == pytest.approx(stats.norm.isf(rare), abs=0.1)


@pytest.mark.parametrize("seed", range(2))
def test_bursts_that_come_at_no_set_time_do_not_stand_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bursts = np.repeat(rng.exponential(1.0, BLOCKS // 6) ** 1.5, 6).astype(np.float32)  # syllables' peaks
    found = deep.find(bursts - bursts.mean(), RATE_HZ)
    assert found is None or found.z < deep.CLEAR_Z


def test_cube_roots_of_energies_are_even() -> None:
    bands = np.random.default_rng(2).exponential(1.0, (BLOCKS, 13)).astype(np.float32)
    for count in (1, 7, 13):
        weights = np.zeros(13, np.float32)
        weights[:count] = 1.0 / count
        level = onsets.even_strength(bands, RATE_HZ, weights).astype(float)
        assert abs(float(stats.skew(level))) < 0.25
    assert stats.skew(onsets.strength(bands, RATE_HZ, np.eye(13, dtype=np.float32)[0])) > 0.5


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
    for blocks, recurs in ((BLOCKS, True), (BLOCKS // 2, False)):  # 17 and 9 times
        strength = noise(7)[:blocks]
        strength[np.arange(100, blocks, 3500)] += 8.0
        found = deep.find(strength, RATE_HZ)
        assert found is not None
        assert (abs(found.comb_s * RATE_HZ - 3500.0) < 3.5) == recurs
