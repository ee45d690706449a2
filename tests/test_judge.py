"""The judge: figures in plain words, the three words or why not, causes that sum to one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic_reading as made

from heartwright import judge
from heartwright.judge.features import displaced, tooth_pattern, wander
from heartwright.judge.limits import Limits
from heartwright.records import Interval, Reading, Verdict

OWN_LIMITS = """
[[limit]]
quantity = "beat_scatter_ms"
kind = "modern lever"
position = "any"
wind = "any"
median = 0.05
high = 0.10
origin = "simulated"
source = "made for this test"

[[limit]]
quantity = "displaced_per_thousand"
kind = "modern lever"
position = "any"
wind = "any"
median = 0.0
high = 0.5
origin = "simulated"
source = "made for this test"

[[limit]]
quantity = "s1_over_s2_db"
kind = "heart"
position = "any"
wind = "any"
median = -3.0
low = -4.0
origin = "simulated"
source = "made for this test"
"""


@pytest.fixture
def limits(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(OWN_LIMITS, encoding="utf-8")
    return path


def said(verdict: Verdict, part: str) -> str:
    """The one sentence that holds `part`."""
    found = [s.text for s in verdict.sentences if part in s.text]
    assert len(found) == 1, [s.text for s in verdict.sentences]
    return found[0]


def moved(index: int, shift_ms: float) -> Reading:
    """The healthy watch with one tick moved."""
    table = made.beat_table()
    residual, time = table.residual_ms.copy(), table.time_s.copy()
    residual[index] += shift_ms
    time[index] += 1e-3 * shift_ms
    return made.watch(table=replace(table, residual_ms=residual, time_s=time))


def test_figures_come_first_and_carry_their_intervals() -> None:
    verdict = judge.weigh(made.watch(), kind="modern lever", position="CH", wind="full")
    texts = [s.text for s in verdict.sentences]
    assert texts[0].startswith("It beats 18,000 times an hour")
    assert texts[1] == "It gains 4.2 s a day (-0.3 to +8.7), within the -5 to +15 s a day of health."
    assert "uneven by 0.10 ms (beat error, 0.08 to 0.12)" in texts[2]
    assert "279 degrees to either side (amplitude, 278 to 280)" in texts[3]
    assert "lying flat and fully wound" in texts[3]
    assert verdict.sentences[1].figures["limit_high"] == 15.0


@pytest.mark.parametrize("kind", ["modern lever", "vintage lever", "pin-pallet", "pendulum", "heart", None])
def test_causes_sum_to_one_and_hold_the_three_answers(kind: str | None) -> None:
    verdict = judge.weigh(made.watch(), kind=kind)
    names = [c.sound_class for c in verdict.causes]
    assert {"healthy", "undecided", "none_of_these"} <= set(names)
    assert sum(c.probability for c in verdict.causes) == pytest.approx(1.0, abs=1e-9)
    assert all(0.0 <= c.probability <= 1.0 for c in verdict.causes)


def test_one_moved_tick_has_a_sentence_with_its_time() -> None:
    verdict = judge.weigh(moved(57, 4.0))
    sentence = next(s for s in verdict.sentences if "one beat came" in s.text)
    assert "At 11.50 s one beat came" in sentence.text
    assert "late" in sentence.text
    assert sentence.figures["shift_ms"] == pytest.approx(4.0, abs=0.3)
    assert sentence.evidence_s == (sentence.figures["time_s"],)
    assert not [s for s in judge.weigh(made.watch()).sentences if "one beat came" in s.text]


def test_one_moved_tick_alone_is_not_hesitation(limits: Path) -> None:
    word = judge.weigh(moved(57, -4.0), kind="modern lever", limits=limits).words["hesitant"]
    assert word.holds is False
    assert word.high == 1.0
    assert len(word.evidence_s) == 1


def test_scatter_beyond_twice_the_limit_holds(limits: Path) -> None:
    reading = made.watch(beat_scatter_ms=Interval(0.31, 0.28, 0.34))
    verdict = judge.weigh(reading, kind="modern lever", limits=limits)
    word = verdict.words["hesitant"]
    assert word.score == 1.0
    assert word.holds is True
    assert verdict.conviction is False
    assert "0.31 (0.28 to 0.34) ms, where health allows 0.10 (simulated)" in said(verdict, "It hesitates")


def test_score_is_nought_at_the_median_and_half_at_the_limit(limits: Path) -> None:
    for value, score in ((0.05, 0.0), (0.10, 0.5), (0.125, 0.75), (0.02, 0.0)):
        reading = made.watch(beat_scatter_ms=Interval(value, value, value), table=None)
        reading = replace(reading, table=None)
        word = judge.weigh(reading, kind="modern lever", limits=limits).words["hesitant"]
        assert word.score == pytest.approx(score)


def test_an_untold_kind_asks_to_be_told(limits: Path) -> None:
    word = judge.weigh(made.watch(), limits=limits).words["hesitant"]
    assert word.score is None
    assert word.reason == "healthy scatter is known for a modern lever only; say its kind (--kind) if it is one"


def test_without_a_lift_amplitude_and_its_words_are_not_measurable() -> None:
    verdict = judge.weigh(made.watch(amplitude_deg=None, lift_deg=None), kind="modern lever", wind="full")
    assert "--lift-deg 52" in said(verdict, "Amplitude not measurable")
    for name in ("forced", "hollow"):
        word = verdict.words[name]
        assert (word.score, word.low, word.high, word.holds) == (None, None, None, None)
        assert "--lift-deg" in word.reason
    assert "gains 4.2 s a day" in said(verdict, "s a day (")


def test_a_short_take_says_so() -> None:
    reading = made.watch(amplitude_deg=None, duration_s=3.0, lift_deg=52.0)
    verdict = judge.weigh(reading)
    assert "only 3.0 s long" in verdict.words["forced"].reason
    assert "only 3.0 s long" in verdict.words["hollow"].reason


def test_a_buried_third_sound_is_the_reason_that_listening_gave() -> None:
    reading = made.watch(amplitude_deg=None, advice=("No amplitude: the third sound is buried in the noise.",))
    assert "none: the third sound is buried in the noise" in judge.weigh(reading).words["forced"].reason


def test_unknown_wind_leaves_the_reserve_unmeasured() -> None:
    word = judge.weigh(made.watch(), kind="modern lever").words["hollow"]
    assert word.score is None
    assert word.reason == "reserve not measured: wind fully and listen again, or listen in a vertical position"


def test_low_swing_a_day_after_winding_is_hollow() -> None:
    reading = made.watch(amplitude_deg=Interval(188.0, 186.0, 190.0))
    verdict = judge.weigh(reading, kind="modern lever", position="CH", wind="24 h")
    assert verdict.words["hollow"].holds is True
    assert "it is spent" in said(verdict, "it is spent")


def test_knocking_is_forced() -> None:
    reading = made.watch(amplitude_deg=Interval(352.0, 350.0, 354.0))
    verdict = judge.weigh(reading, kind="modern lever")
    assert verdict.words["forced"].holds is True
    assert verdict.conviction is False
    assert next(c for c in verdict.causes if c.members).sound_class == "too much drive"


def test_a_cracked_reed_is_hollow_and_cites_both_valves(limits: Path) -> None:
    healthy = judge.weigh(made.heart(), limits=limits)
    cracked = judge.weigh(made.heart(first_db=-44.9), limits=limits)
    assert healthy.words["hollow"].holds is False
    assert cracked.words["hollow"].holds is True
    assert len(cracked.words["hollow"].evidence_s) == 3
    text = said(cracked, "It is hollow")
    assert "S1, the first valve, sounds at -44.9 dB" in text
    assert "does not bleed" in text
    probability = {c.sound_class: c.probability for c in cracked.causes}
    assert probability["valve of the pump"] > probability["healthy"]


def test_a_heart_without_its_second_voice_is_not_measurable() -> None:
    word = judge.weigh(made.heart(voice=None), kind="heart").words["hollow"]
    assert word.score is None
    assert "valves were not heard" in word.reason


def test_a_silent_first_valve_is_said_and_paired_strokes_are_told() -> None:
    whole = made.heart().voice
    assert whole is not None
    reading = made.heart(voice=replace(whole, period_s=Interval(2.0, 1.999, 2.001), sounds=whole.sounds[1:]))
    verdict = judge.weigh(reading)
    assert "S2 was heard and S1 was not" in verdict.words["hollow"].reason
    assert "every 2.00 s, where health asks 1.00 s" in said(verdict, "second voice")
    shares = {c.sound_class: c.probability for c in verdict.causes}
    assert shares["train comes late"] > shares["healthy"]


def test_pendulum_beat_error_is_weighed_in_per_cent() -> None:
    rate = Interval(3600.0, 3599.9, 3600.1)
    reading = made.watch(nominal_bph=3600.0, beat_rate_bph=rate, beat_error_ms=Interval(80.0, 79.0, 81.0))
    verdict = judge.weigh(reading)
    assert "16.0 per cent of a beat, outside the 10 per cent of health" in said(verdict, "per cent of a beat")
    assert "amplitude" not in " ".join(s.text for s in verdict.sentences).lower()


@pytest.mark.parametrize("status", ["unreadable", "no_beat", "too_short", "too_noisy"])
def test_nothing_heard_passes_through_with_its_advice(status: str) -> None:
    verdict = judge.weigh(Reading(status=status, advice=("put the microphone on the crown",), duration_s=4.0))
    assert verdict.status == status
    assert verdict.conviction is None
    assert all(w.score is None and "microphone" in w.reason for w in verdict.words.values())
    assert any("microphone on the crown" in s.text for s in verdict.sentences)
    assert sum(c.probability for c in verdict.causes) == pytest.approx(1.0)


def test_a_spoilt_recording_makes_the_recorder_likelier() -> None:
    clean = {c.sound_class: c.probability for c in judge.weigh(made.watch(), kind="modern lever").causes}
    clipped = made.watch(warnings=("clipping: 40 samples stand at the top of the scale",))
    spoilt = {c.sound_class: c.probability for c in judge.weigh(clipped, kind="modern lever").causes}
    assert spoilt["not the watch"] > clean["not the watch"]


def test_wander_takes_the_timing_noise_out() -> None:
    still = made.watch(table=made.beat_table(scatter_ms=0.02), timing_noise_ms=0.02)
    found = wander(still)
    assert found is not None
    assert found.value < 0.3
    table = made.beat_table(scatter_ms=0.02)
    slow = table.residual_ms + 2.0 * np.sin(2 * np.pi * table.time_s / 30.0)
    drifting = wander(made.watch(table=replace(table, residual_ms=slow)))
    assert drifting is not None
    assert drifting.low > found.high


def test_a_bent_tooth_comes_back_with_every_turn() -> None:
    table = made.beat_table()
    bent = table.residual_ms.copy()
    bent[7::30] += 0.4
    found = tooth_pattern(made.watch(table=replace(table, residual_ms=bent)), 15)
    assert found is not None
    assert found[0].value == pytest.approx(0.4, abs=0.06)
    assert len(found[1]) == 10


def test_displaced_beats_are_none_in_health() -> None:
    for seed in range(20):
        assert displaced(made.watch(table=made.beat_table(seed=seed))) == ()


def test_a_beat_cut_by_the_end_of_a_take_is_not_displaced() -> None:
    assert displaced(moved(0, 4.0)) == ()
    assert displaced(moved(299, 4.0)) == ()


def test_the_slips_of_a_faint_take_are_not_told() -> None:
    table = made.beat_table()
    residual = table.residual_ms.copy()
    residual[10:-10:20] += 5.0
    loud = made.watch(table=replace(table, residual_ms=residual))
    assert len(displaced(loud)) == 14
    assert displaced(replace(loud, snr_db=14.0)) == ()


def test_bundled_limits_are_sourced() -> None:
    for row in Limits.load().rows:
        assert row.origin in ("published", "derived", "simulated")
        assert len(row.source) > 10


@pytest.mark.parametrize(
    ("change", "message"), [("high = 0.10", "neither low nor high"), ('kind = "modern lever"', "kind is None")]
)
def test_a_bad_table_of_limits_names_the_row_and_the_key(tmp_path: Path, change: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(OWN_LIMITS.replace(change, "", 1), encoding="utf-8")
    with pytest.raises(judge.LimitsError, match=f"row 1: {message}"):
        judge.weigh(made.watch(), limits=path)


def test_words_that_are_not_known_name_what_is_allowed() -> None:
    with pytest.raises(judge.LimitsError, match=r"kind 'quartz' is not known; allowed: modern lever"):
        judge.weigh(made.watch(), kind="quartz")
    with pytest.raises(judge.LimitsError, match=r"position 'up' is not known; allowed: flat, CH"):
        judge.weigh(made.watch(), position="up")
    with pytest.raises(judge.LimitsError, match=r"wind 'half' is not known; allowed: full, 24 h"):
        judge.weigh(made.watch(), wind="half")
