"""Allan deviation against the published values of NIST SP 1065's test suite of 1,000 points."""

from __future__ import annotations

import beat_tables as hand
import numpy as np
import pytest

from heartwright.listen.findings import allan


def _nist_residuals() -> np.ndarray:
    """Time residuals of the suite's frequencies: n(i+1) = 16807 n(i) mod 2147483647, n(0) = 1234567890."""
    n, frequency = 1234567890, []
    for _ in range(1000):
        frequency.append(n / 2147483647.0)
        n = 16807 * n % 2147483647
    assert np.mean(frequency) == pytest.approx(4.897745e-01, rel=1e-6)  # SP 1065, table 31
    return np.concatenate([[0.0], np.cumsum(frequency)])


@pytest.mark.parametrize(("m", "published"), [(1, 2.922319e-01), (10, 9.159953e-02), (100, 3.241343e-02)])
def test_overlapping_deviation_is_that_of_the_published_suite(
    m: int, published: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allan, "_steps", lambda n: np.array([1, 10, 100]))
    found = allan.of_residuals(_nist_residuals(), 1.0)
    assert found is not None
    assert found.deviation[list(found.tau_s).index(m)] == pytest.approx(published, rel=1e-6)


def test_bounds_hold_the_truth_for_white_and_walking_rates() -> None:
    rng = np.random.default_rng(2)
    for walks in (False, True):
        inside = []
        for _ in range(120):
            rate = rng.standard_normal(1000)
            if walks:
                rate = np.cumsum(rate) * 0.05
            found = allan.of_residuals(np.concatenate([[0.0], np.cumsum(rate)]), 1.0)
            assert found is not None
            m = found.tau_s
            truth = 0.05 * np.sqrt((2.0 * m**2 + 1.0) / (6.0 * m)) if walks else 1.0 / np.sqrt(m)
            inside.append((found.low <= truth) & (truth <= found.high))
        covered = np.mean(inside, axis=0)
        assert 0.88 < covered.mean() < 0.99
        assert covered.min() > 0.75


def test_white_timing_noise_lies_on_its_floor_and_a_beat_error_does_not_show() -> None:
    found = allan.of_table(hand.table(walk_ms=0.0, error_ms=5.0, noise_ms=0.05))
    assert found is not None
    assert np.abs(found.deviation[:8] / found.floor[:8] - 1.0).max() < 0.1
    assert found.tau_s[-1] <= 0.25 * 3000 * hand.BEAT_S * 1.001


def test_gaps_and_short_takes() -> None:
    whole, holed = allan.of_table(hand.table()), allan.of_table(hand.table(lost=tuple(range(500, 560))))
    assert whole is not None and holed is not None
    assert holed.deviation[:10] == pytest.approx(whole.deviation[:10], rel=0.1)
    assert allan.of_table(hand.table(beats=10)) is None
