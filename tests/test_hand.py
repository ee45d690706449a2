"""The hand: its spectra, its size, and what arousal, support and magnification make of it; the law of arousal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from heartwright.repair.arousal import BREATHING_FALL_S, FALL_S, FLOOR, RISE_S, THROAT, Arousal
from heartwright.repair.hand import ACTING_M, STILL_M, TREMOR_M, Hand

CALM = Hand("wrist", 10.0, 0.0)


def _rms(hand: Hand, *, acting: bool = True, seeds: int = 40) -> float:
    square = [np.sum(hand.path(16.0, 100.0, s, acting=acting) ** 2, axis=1).mean() for s in range(seeds)]
    return math.sqrt(float(np.mean(square)))


def test_sizes_are_those_measured_at_the_microscope() -> None:
    assert CALM.rms_m(acting=True) == pytest.approx(ACTING_M)
    assert CALM.rms_m(acting=False) == pytest.approx(STILL_M)
    assert _rms(CALM, acting=True) == pytest.approx(ACTING_M, rel=0.08)
    assert _rms(CALM, acting=False) == pytest.approx(STILL_M, rel=0.08)


def test_drift_lies_below_2_hz_and_tremor_between_8_and_12() -> None:
    power = np.zeros(1601)
    for seed in range(20):
        path = CALM.path(32.0, 100.0, seed) * np.hanning(3200)[:, None]
        power += np.sum(np.abs(np.fft.rfft(path, axis=0)) ** 2, axis=1)
    hz = np.fft.rfftfreq(3200, 0.01)
    share = power / power.sum()
    slow, tremor = share[hz < 2.1].sum(), share[(hz > 7.9) & (hz < 12.1)].sum()
    assert slow + tremor > 0.999
    assert math.sqrt(tremor) * ACTING_M == pytest.approx(TREMOR_M, rel=0.15)
    assert 9.0 < hz[(hz > 5)][np.argmax(share[hz > 5])] < 11.0


def test_same_seed_same_path_and_other_seed_other_path() -> None:
    assert np.array_equal(CALM.path(2.0, 200.0, 7), CALM.path(2.0, 200.0, 7))
    assert not np.array_equal(CALM.path(2.0, 200.0, 7), CALM.path(2.0, 200.0, 8))
    longer = CALM.path(4.0, 200.0, 7)[:400]
    assert np.allclose(longer, CALM.path(2.0, 200.0, 7))  # a longer look at the same hand


def test_support_magnification_and_arousal_each_move_it() -> None:
    assert Hand("none", 10.0, 0.0).rms_m() == pytest.approx(2.67 * CALM.rms_m())
    assert Hand("braced", 10.0, 0.0).rms_m() < CALM.rms_m()
    assert Hand("wrist", 1.0, 0.0).tremor_m == CALM.tremor_m
    assert Hand("wrist", 1.0, 0.0).drift_m() == pytest.approx(2.0 * CALM.drift_m())
    assert Hand("wrist", 40.0, 0.0).rms_m() == CALM.rms_m()  # beyond ten nothing is gained
    aroused = Hand("wrist", 10.0, 1.0)
    assert aroused.tremor_m == pytest.approx(2.74 * CALM.tremor_m)
    assert aroused.drift_m() > CALM.drift_m() and aroused.slowness == 2.0


def test_a_hand_without_error_stays_where_it_means_to_be() -> None:
    assert not np.any(Hand("none", 1.0, 1.0, error=0.0).path(1.0, 200.0, 3))


@pytest.mark.parametrize(
    "bad", [{"support": "cushion"}, {"magnification": 0.5}, {"arousal": 1.5}, {"magnification": 1000.0}]
)
def test_a_hand_that_cannot_be_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        Hand(**bad)  # type: ignore[arg-type]


def test_arousal_rises_under_the_gaze_and_falls_with_breath() -> None:
    watched = Arousal(FLOOR).after(60.0, gaze=1.0)
    assert watched.level > THROAT and not watched.throat_open
    breathing = watched.after(30.0, breathing=True)
    assert breathing.throat_open
    assert breathing.level < watched.after(30.0).level
    assert Arousal(FLOOR).after(1e4).level == pytest.approx(FLOOR)


def test_the_law_of_arousal_does_not_depend_on_the_step() -> None:
    once, often = Arousal(0.3).after(30.0, gaze=0.7), Arousal(0.3)
    for _ in range(300):
        often = often.after(0.1, gaze=0.7)
    assert often.level == pytest.approx(once.level, rel=1e-9)
    assert RISE_S < BREATHING_FALL_S * 2 < FALL_S
