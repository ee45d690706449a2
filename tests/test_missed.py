"""The missed beat: what it finds, and that it cries wolf no more often than it says."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.findings import missed
from heartwright.records import BeatTable


def _times(rng: np.random.Generator, n: int = 60, period: float = 1.0, scatter: float = 0.02) -> np.ndarray:
    return np.cumsum(period + scatter * rng.standard_normal(n))


@pytest.mark.parametrize("alarm", [0.01, 0.05])
@pytest.mark.parametrize("law", ["normal", "heavy"])
def test_false_alarms_stay_below_what_was_asked(alarm: float, law: str) -> None:
    rng = np.random.default_rng(5)
    takes = 1500
    wrong = 0
    for _ in range(takes):
        noise = rng.standard_normal(60) if law == "normal" else rng.standard_t(4.0, 60) / np.sqrt(2.0)
        wrong += missed.of_times(np.cumsum(1.0 + 0.05 * noise), alarm=alarm).found
    assert wrong / takes < alarm + 3.0 * np.sqrt(alarm / takes) + (0.02 if law == "heavy" else 0.0)


def test_a_left_out_beat_is_found_and_named() -> None:
    times = np.delete(_times(np.random.default_rng(1)), 30)
    answer = missed.of_times(times)
    assert answer.found and answer.gaps[0].kind == "missed" and answer.p < 1e-4
    assert answer.gaps[0].time_s == pytest.approx(times[29])
    assert answer.sentence.startswith("It did: at")


def test_a_late_beat_is_called_late() -> None:
    times = _times(np.random.default_rng(2), scatter=0.005)
    times[30:] += 0.3
    answer = missed.of_times(times)
    assert answer.found and answer.gaps[0].kind == "late"
    assert answer.gaps[0].excess_s == pytest.approx(0.3, abs=0.05)


def test_paired_strokes_are_found_where_a_healthy_scatter_is_not() -> None:
    steady = _times(np.random.default_rng(3), n=20, scatter=0.03)
    assert not missed.of_times(steady).found
    steady[10] += 0.53
    assert missed.of_times(steady).found


def test_a_beat_error_is_no_missed_beat() -> None:
    n, rng = 80, np.random.default_rng(4)
    side = np.where(np.arange(n) % 2, -1, 1)
    time = 0.25 * np.arange(n) + 0.004 * (side > 0) + 2e-5 * rng.standard_normal(n)
    table = BeatTable(
        time, side, *(np.full(n, np.nan) for _ in range(3)), np.full(n, 1e-5), np.full(n, np.nan), np.zeros(n),
        np.full(n, 30.0), np.full(n, "", dtype="<U8"),
    )  # fmt: skip
    answer = missed.missed(table)
    assert not answer.found and answer.intervals == n - 1


def test_too_few_beats_decide_nothing() -> None:
    answer = missed.of_times(np.arange(4.0))
    assert not answer.found and "cannot be said" in answer.sentence


def test_an_alarm_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="alarm"):
        missed.of_times(np.arange(10.0), alarm=0.0)
