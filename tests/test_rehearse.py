"""Rehearsal: odds with intervals, leaving it alone beside them, over processes, cancelled; the work untouched."""

from __future__ import annotations

import pytest

from heartwright.design import Design
from heartwright.records import Trace
from heartwright.repair import outcome, rehearse
from heartwright.repair.hand import Hand
from heartwright.repair.outcome import OUTCOMES, Scale, Told
from heartwright.works.live import Live

CALM, PANIC = Hand("wrist", 10.0, 0.1), Hand("none", 1.0, 0.9)


@pytest.fixture(scope="module", name="heart")
def _heart() -> Live:
    live = Live(Design.load("heart-of-the-dream"), seed=1, wind=0.35, poses_hz=0.0)
    live.advance(4.0)
    return live


def test_wilsons_interval_is_the_published_one() -> None:
    found = rehearse.wilson(2, 10)  # Newcombe 1998, table: 0.0567 to 0.5098
    assert (found.low, found.high) == (pytest.approx(0.0567, abs=1e-3), pytest.approx(0.5098, abs=1e-3))
    assert rehearse.wilson(0, 60).high == pytest.approx(0.0602, abs=1e-3)
    assert rehearse.wilson(0, 0).high == 1.0


def test_outcomes_follow_the_figure_that_moved_farthest() -> None:
    scale = Scale.of([{"amplitude_deg": 270.0 + d, "late_percent": 0.0} for d in (-0.5, 0.0, 0.5)])
    assert scale.verdict(Told({"amplitude_deg": 271.0, "late_percent": 0.0}, "")) == "unchanged"
    assert scale.verdict(Told({"amplitude_deg": 280.0, "late_percent": 0.0}, "")) == "better"
    assert scale.verdict(Told({"amplitude_deg": 280.0, "late_percent": 50.0}, "")) == "worse"
    assert scale.verdict(Told({"amplitude_deg": 280.0}, "it has stopped")) == "ruined"


def test_odds_fill_as_trials_come_and_the_work_is_not_touched(heart: Live) -> None:
    before, seen = (heart.design, heart.time, heart.status), []
    odds = rehearse.rehearse(
        heart, "close the crack", None, PANIC, trials=10, seconds=4.0, seed=3, workers=1, progress=seen.append
    )
    assert (heart.design, heart.time, heart.status) == before
    assert odds.finished and odds.done == odds.total == len(odds.dots) == 10
    assert [o.done for o in seen] == sorted(o.done for o in seen) and seen[-1].done == 10
    assert sum(s.value for s in odds.shares.values()) == pytest.approx(1.0)
    assert set(odds.shares) == set(odds.alone) == set(OUTCOMES)
    assert odds.shares["ruined"].value > 0.2 and odds.alone["ruined"].value == 0.0
    assert all(s.low <= s.value <= s.high for s in odds.shares.values())
    assert odds.worth < odds.alone_worth
    assert odds.as_json()["dots"][0]["outcome"] in OUTCOMES


def test_the_same_seed_gives_the_same_odds_and_processes_agree(heart: Live) -> None:
    kw = {"trials": 4, "seconds": 3.0, "seed": 5}
    try:
        here = rehearse.rehearse(heart, "press the follower", 1.0, CALM, workers=1, **kw)  # type: ignore[arg-type]
        there = rehearse.rehearse(heart, "press the follower", 1.0, CALM, workers=2, **kw)  # type: ignore[arg-type]
    finally:
        rehearse.close()
    assert sorted(d.force_n for d in here.dots) == sorted(d.force_n for d in there.dots)
    assert here.shares == there.shares


def test_a_rehearsal_can_be_cancelled(heart: Live) -> None:
    odds = rehearse.rehearse(heart, "wind", 0.3, CALM, trials=40, seconds=2.0, workers=1, cancel=lambda: True)
    assert odds.cancelled and not odds.finished and odds.done < 40


def test_other_ticks_are_to_come_and_the_teeth_stay(heart: Live) -> None:
    def ahead(seed: int | None) -> Trace:
        twin = heart.copy()
        if seed is not None:
            twin.other_ticks(seed)
        return twin.advance(3.0)

    same, other = ahead(None), ahead(1)
    assert ahead(1).amplitude_deg == other.amplitude_deg != same.amplitude_deg
    assert set(outcome.figures(other)) >= {"amplitude_deg", "bleeds_percent", "slips_back_percent", "late_percent"}


def test_what_is_not_allowed_is_said_before_a_trial(heart: Live) -> None:
    with pytest.raises(ValueError, match="there are"):
        rehearse.rehearse(heart, "sing to it", None, CALM)
    with pytest.raises(ValueError, match="trials"):
        rehearse.rehearse(heart, "wind", None, CALM, trials=0)
