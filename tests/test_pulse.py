"""The pulse: any rate, none where there is none, and the count with its odds."""

from __future__ import annotations

import numpy as np
import pytest
from strengths import RATE_HZ, strength

from heartwright.listen.beat import odds, pulse


@pytest.mark.parametrize("bph", [1_800.0, 3_600.0, 5_444.0, 12_233.0, 16_266.0, 28_800.0, 36_000.0, 72_000.0])
def test_any_rate_is_found_and_none_snapped_to(bph: float) -> None:
    wave, _ = strength(bph=bph, height=5.0, error_s=0.06 * 3600.0 / bph)
    found = pulse.find(wave, RATE_HZ)
    assert found is not None
    assert 7200.0 / found.period_s == pytest.approx(bph, rel=1e-4)
    assert found.counts[0][0] == pytest.approx(bph, rel=1e-4)
    assert found.counts[0][1] > 0.95


def test_beats_are_heard_together_that_no_one_hears_singly() -> None:
    wave, _ = strength(height=1.0)
    found = pulse.find(wave, RATE_HZ)
    assert found is not None and found.z > 12.0
    assert 7200.0 / found.period_s == pytest.approx(18_000.0, rel=5e-5)


def test_noise_alone_reaches_no_height() -> None:
    heights = []
    for seed in range(12):
        found = pulse.find(np.random.default_rng(seed).standard_normal(60_000).astype(np.float32), RATE_HZ)
        heights.append(found.z if found is not None else 0.0)
    assert max(heights) < 8.0


def test_silence_and_a_scrap_have_no_pulse() -> None:
    assert pulse.find(np.zeros(60_000, np.float32), RATE_HZ) is None
    assert pulse.find(np.ones(20, np.float32), RATE_HZ) is None


def test_a_told_rate_narrows_the_search() -> None:
    wave, _ = strength(bph=18_000.0, height=4.0)
    found = pulse.find(wave, RATE_HZ, 18_000.0)
    assert found is not None and 7200.0 / found.period_s == pytest.approx(18_000.0, rel=1e-4)
    other = pulse.find(wave, RATE_HZ, 25_000.0)
    assert other is None or other.z < 0.5 * found.z


@pytest.mark.parametrize("error_s", [0.0, 0.158, 0.4, -0.45])
def test_a_pendulum_far_out_of_beat_is_one_clock(error_s: float) -> None:
    wave, _ = strength(bph=3_600.0, height=4.0, error_s=error_s, seconds=60.0)
    found = pulse.find(wave, RATE_HZ)
    assert found is not None and found.period_s == pytest.approx(2.0, rel=1e-4)
    off = min(abs(found.first_s - (1.0 + error_s)), abs(found.first_s - (1.0 - error_s)))
    assert off < 0.01


def test_a_weak_second_side_is_counted() -> None:
    wave, _ = strength(height=3.0, error_s=0.02, weaker=0.35)
    found = pulse.find(wave, RATE_HZ)
    assert found is not None and 7200.0 / found.period_s == pytest.approx(18_000.0, rel=1e-4)
    assert found.counts[0][1] > 0.95


def test_odds_of_two_counts_sum_to_one_and_say_when_they_cannot_tell() -> None:
    wave, _ = strength(bph=9_000.0, height=0.9, seconds=20.0)
    _, _, two = odds.second_beat(wave, RATE_HZ, 0.4 * RATE_HZ)
    assert 0.0 <= two <= 1.0
    noise = np.random.default_rng(3).standard_normal(30_000).astype(np.float32)
    _, _, blind = odds.second_beat(noise, RATE_HZ, 0.4 * RATE_HZ)
    assert 0.02 < blind < 0.98


def test_a_comb_is_the_sum_of_its_teeth_few_periods_or_many() -> None:
    wave, _ = strength(height=2.0)
    comb = pulse.Comb.of(wave, 9_000)
    period = np.exp(np.linspace(np.log(80.0), np.log(4_000.0), 300))
    expected = []
    for p in period:
        teeth = np.arange(1, int(9_000 / p) + 1)
        weight = np.sum(comb.products[0] - teeth * p)
        expected.append(comb.sums[(teeth * p + 0.5).astype(int)].sum() / np.sqrt(weight) / comb.scatter)
    np.testing.assert_allclose(comb.height(period, 9_000), expected, rtol=1e-9)
    np.testing.assert_allclose(comb.height(period[-20:], 9_000), expected[-20:], rtol=1e-9)
    np.testing.assert_array_equal(comb.height(period[:3] + 9_000.0, 9_000), 0.0)


def test_a_comb_that_is_too_low_is_none() -> None:
    wave, _ = strength(height=1.0)
    found = pulse.find(wave, RATE_HZ)
    assert found is not None
    assert pulse.find(wave, RATE_HZ, least_z=found.z - 0.1) == found
    assert pulse.find(wave, RATE_HZ, least_z=found.z + 0.1) is None


@pytest.mark.parametrize(("n", "lags"), [(200, 140), (4_500, 3_150), (9_001, 12)])
def test_autocorrelation_is_the_sum_of_products(n: int, lags: int) -> None:
    strength = np.random.default_rng(n).standard_normal(n).astype(np.float32)
    sums, products = pulse.autocorrelation(strength, lags)
    exact = [float(strength[: n - k].astype(np.float64) @ strength[k:]) for k in range(lags + 1)]
    np.testing.assert_allclose(sums, exact, atol=1e-6 * n)
    np.testing.assert_array_equal(products, n - np.arange(lags + 1))
