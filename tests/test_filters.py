"""Filters: the same numbers as scipy.signal and scipy.stats, which they stand in for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal, stats

from heartwright.listen import filters

RNG = np.random.default_rng(7)


@pytest.mark.parametrize(
    ("order", "cut", "kind"), [(4, 1000.0, "high"), (4, 12e3, "high"), (3, 500.0, "low"), (2, (50.0, 400.0), "band")]
)
@pytest.mark.parametrize("n", [3, 700, 200_000])
def test_a_butterworth_filter_is_the_recursive_one(order: int, cut: float, kind: filters.Kind, n: int) -> None:
    x = RNG.standard_normal(n)
    sos = signal.butter(order, cut, {"band": "bandpass"}.get(kind, kind), fs=48_000, output="sos")
    ours = filters.butter(order, cut, kind, rate_hz=48_000)
    np.testing.assert_allclose(filters.apply(ours, x), signal.sosfilt(sos, x), atol=1e-7)


def test_single_precision_stays() -> None:
    x = RNG.standard_normal(100_000).astype(np.float32)
    ours = filters.butter(4, 1000.0, "high", rate_hz=48_000)
    sos = signal.butter(4, 1000.0, "high", fs=48_000, output="sos")
    found = filters.apply(ours, x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, signal.sosfilt(sos, x.astype(float)), atol=1e-5)


def test_rows_and_columns() -> None:
    x = RNG.standard_normal((900, 2))
    ours = filters.butter(2, 3000.0, "high", rate_hz=48_000)
    sos = signal.butter(2, 3000.0, "high", fs=48_000, output="sos")
    np.testing.assert_allclose(filters.apply(ours, x, axis=0), signal.sosfilt(sos, x, axis=0), atol=1e-9)
    np.testing.assert_allclose(filters.apply(ours, x.T, axis=1), signal.sosfilt(sos, x.T, axis=1), atol=1e-9)
    assert filters.apply(ours, np.zeros(0)).shape == (0,)


def test_both_ways_delays_nothing() -> None:
    x = np.cumsum(RNG.standard_normal(5_000))
    sos = signal.butter(2, (50.0, 400.0), "bandpass", fs=2_000, output="sos")
    ours = filters.both_ways(filters.butter(2, (50.0, 400.0), "band", rate_hz=2_000), x)
    theirs = signal.sosfiltfilt(sos, x)
    np.testing.assert_allclose(ours[200:-200], theirs[200:-200], atol=1e-6)


@pytest.mark.parametrize(("up", "down"), [(1, 24), (160, 147), (20, 441), (3, 1), (1, 2), (2, 3), (48, 48)])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_resampling_is_polyphase(up: int, down: int, kind: type) -> None:
    x = RNG.standard_normal(4_800).astype(kind)
    ours = filters.resample(x, up, down)
    theirs = signal.resample_poly(x, up, down)
    assert ours.dtype == kind and len(ours) == len(theirs)
    np.testing.assert_allclose(ours, theirs, atol=1e-5 if kind is np.float32 else 1e-11)


@pytest.mark.parametrize("n", [5, 1_000, 150_000])
def test_convolution(n: int) -> None:
    x, k = RNG.standard_normal(n), RNG.standard_normal(301)
    np.testing.assert_allclose(filters.convolve(x, k), signal.fftconvolve(x, k), atol=1e-9)


@pytest.mark.parametrize(
    "asked",
    [{}, {"height": 0.5}, {"distance": 30}, {"prominence": 1.5}, {"height": 0.2, "prominence": 1.0, "distance": 9}],
)
def test_peaks(asked: dict) -> None:
    x = np.convolve(RNG.standard_normal(3_000), np.ones(5), "same")
    x[100:110] = 20.0  # a flat top
    assert filters.peaks(x, **asked).tolist() == signal.find_peaks(x, **asked)[0].tolist()
    assert filters.peaks(np.zeros(2)).tolist() == [] and filters.peaks(np.zeros(50)).tolist() == []


def test_an_infinite_peak_is_one() -> None:
    x = RNG.standard_normal(500)
    x[[40, 300]] = np.inf, -np.inf
    assert filters.peaks(x, height=100.0, prominence=8.0, distance=6).tolist() == [40]
    x[200] = np.nan
    assert 200 not in filters.peaks(x)


def test_distributions() -> None:
    assert filters.student_quantile(0.975, 7) == pytest.approx(stats.t.ppf(0.975, 7))
    np.testing.assert_allclose(filters.student_tail([-2.0, 0.0, 5.0], 4.5), stats.t.sf([-2.0, 0.0, 5.0], 4.5))
    assert filters.chi2_quantile(0.025, 11.3) == pytest.approx(stats.chi2.ppf(0.025, 11.3))


@pytest.mark.parametrize("n", [1, 2, 3, 1_000, 1_001])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_median_and_robust_scatter(n: int, kind: type) -> None:
    x = RNG.standard_normal(n).astype(kind)
    assert filters.median(x) == pytest.approx(float(np.median(x)), abs=1e-7)
    assert filters.mad(x) == pytest.approx(1.4826 * float(np.median(np.abs(x - np.median(x)))), abs=1e-6)


@pytest.mark.parametrize("n", [8_193, 20_000, 50_001])
@pytest.mark.parametrize("share", [0.0, 1e-5, 0.25, 0.7, 1.0])
def test_ranks_of_long_sequences_are_exact(n: int, share: float) -> None:
    """Where some of the values tell which others to look at, and where these tell wrongly or all are alike."""
    noise = np.random.default_rng(n).standard_normal(n)
    step = n // filters._SOME
    beating = np.where(np.arange(n) % step == 0, 9.0, noise)  # the values looked at first are none of the others
    for x in (noise, np.cumsum(noise), beating, np.arange(n) * 1.0, np.round(noise), np.ones(n)):
        assert filters.median(x) == float(np.median(x))
        assert filters.quantile(x, share) == pytest.approx(float(np.quantile(x, share)), abs=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.998, 1.0])
@pytest.mark.parametrize("n", [1, 2, 7, 1_000])
def test_quantiles_and_medians_of_columns(n: int, share: float) -> None:
    x = np.random.default_rng(n).standard_normal((n, 5))
    assert filters.quantile(x[:, 0], share) == pytest.approx(float(np.quantile(x[:, 0], share)), abs=1e-12)
    np.testing.assert_allclose(filters.medians(x), np.median(x, axis=0), atol=1e-12)


def test_the_normal_law() -> None:
    np.testing.assert_allclose(filters.normal_tail([-3.0, 0.0, 1.96, 8.0]), stats.norm.sf([-3.0, 0.0, 1.96, 8.0]))


def test_a_filter_keeps_its_exactness_over_many_rows_and_poles_on_the_real_axis() -> None:
    x = RNG.standard_normal((3, 6_401)) + 100.0
    ours = filters.butter(3, 20.0, "high", rate_hz=48_000)
    sos = signal.butter(3, 20.0, "high", fs=48_000, output="sos")
    np.testing.assert_allclose(filters.apply(ours, x), signal.sosfilt(sos, x, axis=1), atol=1e-8)
