"""The interval of the amplitude where only the lock is timed: its lead over the banking is anything within a range."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.findings import swing
from heartwright.listen.timing.landmarks import Landmarks

BEAT_S, LIFT_DEG = 1.0 / 6.0, 50.0


def told(amplitude_deg: float, lead: float, *, common_s: float = 0.0, beats: int = 40) -> swing.Swing:
    """What is told of beats that swing alike, their lock by `lead` of the span before the banking."""
    span = 2.0 * BEAT_S / np.pi * np.arcsin(0.5 * LIFT_DEG / amplitude_deg)
    unlock = BEAT_S * np.arange(beats)
    nothing = np.full(beats, np.nan)
    marks = Landmarks(
        unlock,
        np.full(beats, 1e-9),
        nothing,
        unlock + span * (1.0 - lead),
        nothing,
        True,
        unlock,
        "lock or banking",
        span_common_s=common_s,
    )
    found = swing.measure(marks, np.arange(beats) % 2, BEAT_S, LIFT_DEG)
    assert found is not None
    return found


@pytest.mark.parametrize("amplitude_deg", [150.0, 310.0])
def test_of_even_leads_95_in_100_are_within(amplitude_deg: float) -> None:
    leads = np.linspace(*swing.LOCK_EARLY, 400)
    ends = [told(amplitude_deg, float(lead)).amplitude_deg for lead in leads]
    within = [end.low < amplitude_deg < end.high for end in ends]
    assert np.mean(within) == pytest.approx(0.95, abs=0.006)
    below, above = ([amplitude_deg >= end.high for end in ends], [amplitude_deg <= end.low for end in ends])
    assert np.mean(below) == pytest.approx(np.mean(above), abs=0.006)


def test_errors_of_timing_make_it_wider_and_never_endless() -> None:
    narrow, wide, lost = (told(270.0, 0.03, common_s=s).amplitude_deg for s in (0.0, 1e-4, 1.0))
    assert narrow.half_width < wide.half_width < 3.0 * narrow.half_width
    assert 0.0 < lost.low < 270.0 < lost.high < 1000.0
