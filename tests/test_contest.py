"""The contest of a beat error: a steady one is upheld, a creeping or wandering one is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heartwright.judge.contest import CLAIMS, contest
from heartwright.records import BeatTable, Interval, Reading


def _reading(
    error_ms: float = 2.0, *, creep_ms: float = 0.0, wander_ms: float = 0.0, with_swing: float = 0.0, n: int = 240,
    noise_ms: float = 0.02, seed: int = 1,
) -> Reading:  # fmt: skip
    rng = np.random.default_rng(seed)
    side = np.where(np.arange(n) % 2, 1, -1)
    swing = 270.0 + np.cumsum(rng.standard_normal(n)) * 0.4
    block = np.repeat(rng.standard_normal(n // 16 + 1), 16)[:n]
    error = error_ms + creep_ms * np.arange(n) / n + wander_ms * block + with_swing * (swing - swing.mean())
    error = error + 2.0 * (0.0 if with_swing else 1.0) * (270.0 / swing - 1.0)
    # t1 - t2 = 2 x the beat error: every interval that ends with a rising swing is longer by it
    gap = 250.0 + error * side
    time = np.cumsum(gap) + noise_ms * rng.standard_normal(n)
    nan = np.full(n, np.nan)
    table = BeatTable(
        1e-3 * time, side, nan, nan, nan, np.full(n, 1e-5), swing, np.zeros(n), np.full(n, 30.0),
        np.full(n, "", dtype="<U8"),
    )  # fmt: skip
    return Reading("ok", (), 60.0, beats=n, beat_error_ms=Interval.from_sigma(error_ms, 0.01), table=table)


def test_a_steady_beat_error_may_be_meant() -> None:
    ruling = contest(_reading())
    assert ruling.ruling == "upheld" and ruling.sentence.startswith("Upheld")
    assert ruling.figures["beat_error_ms"] == pytest.approx(2.0, abs=0.05)


def test_one_that_creeps_or_wanders_or_goes_with_the_swing_is_not() -> None:
    assert "creeps" in contest(_reading(creep_ms=1.0)).reason
    assert contest(_reading(wander_ms=0.4)).ruling == "sustained"
    assert contest(_reading(with_swing=0.2)).ruling == "sustained"


def test_a_steady_one_is_refused_about_as_rarely_as_it_says() -> None:
    refused = sum(contest(_reading(seed=s)).ruling == "sustained" for s in range(120))
    assert refused <= 12  # three tests at 1 %, and standard errors that are themselves estimates


def test_what_cannot_be_decided_is_not() -> None:
    assert contest(_reading(n=40)).ruling == "undecided"
    assert contest(replace(_reading(), table=None)).ruling == "undecided"
    none = replace(_reading(error_ms=0.0), beat_error_ms=Interval(0.0, -0.01, 0.01))
    assert contest(none).ruling == "undecided"


def test_an_unknown_claim_is_refused() -> None:
    with pytest.raises(ValueError, match="claim"):
        contest(_reading(), "the heart is not mine")
    assert len(CLAIMS) == 1
