"""The drift of a lever's timed sound against the middle of its swing, told by how the other sounds of the fold move."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.beat import stretch
from heartwright.listen.timing.landmarks import Landmarks

RATE_HZ, BEAT_S, BEATS = 1500.0, 0.25, 158
IMPULSE_S, LOCK_S = 6.3e-3, 21e-3  # after an unlocking that noise hides


def take(growth: float, timed_s: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Onset strength of 40 s whose sounds lie further apart by `growth` at the end, and the times of one of them, about
    a middle that keeps time."""
    rng = np.random.default_rng(seed)
    number = np.arange(BEATS)
    wide = 1.0 + growth * ((number - number.mean()) / np.ptp(number))
    unlocking = 0.1 + BEAT_S * number - 0.5 * LOCK_S * (wide - 1.0)
    strength = rng.standard_normal(int(RATE_HZ * (BEAT_S * BEATS + 0.5)))
    block = np.arange(len(strength))
    for after, height in ((IMPULSE_S, 2.5), (LOCK_S, 4.0)):
        for at in (unlocking + wide * after) * RATE_HZ - 1.0:
            near = slice(int(at) - 3, int(at) + 5)
            strength[near] += height * np.exp(-0.5 * (block[near] - at) ** 2)
    return strength.astype(np.float32), unlocking + wide * timed_s


@pytest.mark.parametrize("growth", [0.05, -0.03, 0.0])
@pytest.mark.parametrize("timed_s", [IMPULSE_S, LOCK_S], ids=["impulse", "lock"])
def test_a_sound_drifts_from_the_middle_of_the_swing(growth: float, timed_s: float) -> None:
    number = np.arange(BEATS)
    found = []
    for seed in range(6):
        strength, time_s = take(growth, timed_s, seed)
        told = stretch.told(strength, RATE_HZ, (number, number % 2, time_s), BEAT_S)
        assert told is not None
        assert abs(told.share - growth) < 4.0 * told.sigma
        found.append(told.drift_s)
    day = 86_400.0 / BEAT_S
    assert day * np.mean(found) == pytest.approx(day * growth * (timed_s - 0.5 * LOCK_S) / (BEATS - 1), abs=0.25)


def test_one_sound_alone_tells_no_drift() -> None:
    number = np.arange(BEATS)
    strength = np.random.default_rng(1).standard_normal(int(RATE_HZ * (BEAT_S * BEATS + 0.5))).astype(np.float32)
    time_s = 0.1 + BEAT_S * number
    strength[np.round(time_s * RATE_HZ).astype(int) - 1] += 6.0
    told = stretch.told(strength, RATE_HZ, (number, number % 2, time_s), BEAT_S)
    assert told is not None and told.drift_s == 0.0


def test_few_beats_tell_no_drift() -> None:
    number = np.arange(2 * stretch.FEWEST - 2)
    strength, time_s = take(0.05, LOCK_S, 1)
    assert stretch.told(strength, RATE_HZ, (number, number % 2, time_s[: len(number)]), BEAT_S) is None


def test_what_follows_a_lock_no_longer_draws_it_along() -> None:
    """Beats seem later by a twentieth of what the blows behind them do; as the amplitude falls, these come later."""
    number, apart = np.arange(BEATS), stretch.Stretch(0.04, 0.01, np.nan, BEATS - 1)
    true_s = BEAT_S * number
    nothing = np.full(BEATS, np.nan)
    seen_s = true_s + 90e-6 * 0.04 * (number - number.mean()) / (BEATS - 1)
    marks = Landmarks(seen_s, np.full(BEATS, 3e-6), nothing, nothing, nothing, False, seen_s, sway_s=90e-6)
    told = marks.unswayed(number, apart)
    assert told.time_s == pytest.approx(true_s, abs=1e-12)
    assert told.trend_sigma_s == pytest.approx(np.hypot(90e-6 * 0.01, 20e-6 * 0.04) / (BEATS - 1))


def test_a_sway_without_bound_is_not_believed() -> None:
    """What follows a blow is told by modes; where these do not decay it weighs beyond all measure."""
    number, nothing = np.arange(BEATS), np.full(BEATS, np.nan)
    time_s = BEAT_S * number
    marks = Landmarks(time_s, np.full(BEATS, 3e-6), nothing, nothing, nothing, False, time_s, sway_s=-5e21)
    assert marks.unswayed(number, stretch.Stretch(0.04, 0.01, np.nan, BEATS - 1)) is marks
