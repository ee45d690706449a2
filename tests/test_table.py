"""The table's flags on takes whose beats were moved, dropped and doubled by hand."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from listen_takes import watch

from heartwright import listen

CLIPS = os.environ.get("HEARTWRIGHT_RECORDINGS", "")


def test_moved_and_dropped_beats_are_flagged_and_marked() -> None:
    take = watch(seconds=20.0, moved={40: 1.5e-3, 80: -1.5e-3}, dropped=(60,), seed=4)
    reading = listen.measure(take.recording, lift_deg=44.0)
    assert reading.table is not None
    kinds = {mark.kind: mark for mark in reading.marks}
    assert set(kinds) == {"late", "early", "missed"}
    assert kinds["late"].off_ms == pytest.approx(1.5, abs=0.2)
    assert kinds["early"].off_ms == pytest.approx(-1.5, abs=0.2)
    assert max(mark.p for mark in reading.marks) < 0.01
    flagged = reading.table.time_s[reading.table.flag != ""]
    assert np.allclose(sorted(mark.time_s for mark in reading.marks), flagged)


def test_a_step_of_the_phase_is_marked_once() -> None:
    steps = dict.fromkeys(range(50, 118), 1.5e-3)
    take = watch(seconds=20.0, moved=steps, seed=5)
    reading = listen.measure(take.recording, lift_deg=44.0)
    assert [mark.kind for mark in reading.marks] == ["leap"]
    assert reading.marks[0].off_ms == pytest.approx(1.5, abs=0.1)
    assert take.unlock_s[49] < reading.marks[0].time_s < take.unlock_s[50]


def test_a_healthy_take_has_no_marks() -> None:
    for seed in range(3):
        assert listen.measure(watch(seconds=15.0, seed=seed).recording).marks == ()


@pytest.mark.skipif(not CLIPS, reason="HEARTWRIGHT_RECORDINGS names no folder of real clips")
def test_the_short_interval_of_a_real_mantel_clock_is_marked() -> None:
    """One interval of about 631 ms among 661, where the clip was put together: it falls silent just before."""
    reading = listen.measure(listen.load(Path(CLIPS) / "2-140147-A.ogg"))
    early = [mark for mark in reading.marks if mark.kind == "early"]
    assert len(early) == 1 and early[0].p < 0.01
    assert early[0].off_ms == pytest.approx(-31.0, abs=3.0)
    assert any(line.startswith("the recording falls silent once, first at 3.1 s") for line in reading.warnings)
