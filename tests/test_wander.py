"""Regression with wander: intervals that cover, of a series that walks and of one that does not."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.hours.wander import regress

AT = np.linspace(0.0, 12.0, 60)


@pytest.mark.parametrize(("walk", "white"), [(0.3, 0.1), (0.02, 0.3), (0.0, 0.3)])
def test_the_slope_is_covered(walk: float, white: float) -> None:
    """Of 120 intervals of 95 %, 107 to 120 hold the slope (all but 1 in 1,000 draws)."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(120):
        y = 1.0 - 0.2 * AT + np.cumsum(rng.normal(0, walk, len(AT))) + rng.normal(0, white, len(AT))
        fit = regress(y, AT, AT)
        assert fit is not None
        held += fit.interval(1).low < -0.2 < fit.interval(1).high
    assert 107 <= held <= 120


def test_noise_of_known_size_weighs_and_gaps_are_left_out() -> None:
    rng = np.random.default_rng(5)
    sigma = np.where(np.arange(len(AT)) % 2 == 0, 0.01, 3.0)
    y = 2.0 + 0.5 * AT + rng.normal(0, sigma)
    y[7] = np.nan
    fit = regress(y, AT, AT, sigma=sigma)
    assert fit is not None and fit.interval(1).half_width < 0.01
    assert fit.interval(1).low < 0.5 < fit.interval(1).high


def test_too_little_is_none() -> None:
    assert regress(np.arange(4.0), np.arange(4.0), np.arange(4.0)) is None
    assert regress(np.arange(9.0), np.arange(9.0), np.ones(9)) is None


def test_long_series_are_joined() -> None:
    at = np.linspace(0, 1, 3000)
    fit = regress(3.0 * at + np.random.default_rng(1).normal(0, 0.1, 3000), at, at)
    assert fit is not None and fit.interval(1).low < 3.0 < fit.interval(1).high
