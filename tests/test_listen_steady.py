"""Intervals of beat and beat error cover under white noise, a walk of the phase, and both."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.findings import steady

BEAT = 1.0 / 6.0


def _beats(rng: np.random.Generator, count: int, white_s: float, walk_s: float) -> np.ndarray:
    wander = np.cumsum(walk_s * rng.standard_normal(count))
    return BEAT * np.arange(count) + 1e-4 * (-1.0) ** np.arange(count) + white_s * rng.standard_normal(count) + wander


@pytest.mark.parametrize(("white_s", "walk_s"), [(2e-6, 5e-6), (1e-4, 1e-5), (5e-6, 5e-6)])
def test_intervals_cover(white_s: float, walk_s: float) -> None:
    """Seeded; 200 takes of 180 beats. A share of 0.95 strays to 0.905..0.985 once in some thousand."""
    rng = np.random.default_rng(11)
    number = np.arange(180)
    hits = np.zeros(2)
    for _ in range(200):
        pace = steady.measure(number, _beats(rng, 180, white_s, walk_s), number % 2)
        assert pace is not None
        hits += (
            abs(pace.beat_s - BEAT) < 1.96 * pace.beat_sigma_s,
            abs(pace.error_s + 2e-4) < 1.96 * pace.error_sigma_s,
        )
    assert ((hits / 200 > 0.905) & (hits / 200 <= 1.0)).all()


def test_a_displaced_beat_and_a_gap_do_not_move_the_rate() -> None:
    rng = np.random.default_rng(2)
    time = _beats(rng, 200, 2e-6, 1e-6)
    time[70] += 4e-3
    keep = np.delete(np.arange(200), [20, 21, 120])
    pace = steady.measure(keep, time[keep], keep % 2)
    assert pace is not None
    assert pace.beat_s == pytest.approx(BEAT, rel=3e-6)


def test_a_step_of_phase_is_set_aside() -> None:
    time = _beats(np.random.default_rng(4), 100, 2e-6, 0.0)
    time[50:] -= 0.01
    number = np.arange(100)
    pace = steady.measure(number, time, number % 2)
    assert pace is not None
    assert pace.beat_s == pytest.approx(BEAT, rel=1e-5)


def test_too_few_beats_give_none() -> None:
    number = np.arange(4)
    assert steady.measure(number, BEAT * number, number % 2) is None
    nothing = np.full(12, np.nan)
    assert steady.measure(np.arange(12), nothing, np.arange(12) % 2) is None


def test_the_beat_is_the_mean_of_those_heard() -> None:
    """Of a balance whose amplitude swells slowly a weighed beat was up to 2 s/d off the mean; least squares are not."""
    rng = np.random.default_rng(1004)
    for _take in range(12):
        swell = np.zeros(320)
        for k in range(1, 320):
            swell[k] = 0.993 * swell[k - 1] + 1.2e-5 * rng.standard_normal()
        number = np.arange(320)
        time = _beats(rng, 320, 2e-5, 1e-5) + swell
        design = np.stack([np.ones(320), number, number % 2], axis=1)
        mean = np.linalg.lstsq(design, time, rcond=None)[0][1]
        pace = steady.measure(number, time, number % 2)
        assert pace is not None
        assert 86_400 * abs(pace.beat_s / mean - 1.0) < 0.02
