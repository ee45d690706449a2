"""The judge at the end of the chain: a simulated take, damaged in known ways, and the sentence that must follow."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from heartwright import judge, listen, sound
from heartwright.design import Design
from heartwright.edit import Edit
from heartwright.records import Reading, Recording, Trace, Verdict
from heartwright.works import movement

RATE_HZ = 96_000


@cache
def take(name: str = "watch-6497", seconds: float = 30.0, crack: float = 0.0) -> tuple[Design, Trace, Recording]:
    """A bundled design, run for a while, as a microphone hears it."""
    design = Design.load(name)
    if crack:
        design = Edit.of(design, "pump.outlet.crack", crack).apply(design)
    trace = movement.run(design, seconds=seconds, seed=4)
    return design, trace, sound.render(trace, rate_hz=RATE_HZ, body=design, snr_db=40, seed=4)


def heard(recording: Recording, design: Design) -> tuple[Reading, Verdict]:
    reading = listen.measure(recording, lift_deg=design.lift_deg, clock_ppm=(0.0, 0.0))
    return reading, judge.weigh(reading, design=design, position="CH", wind="full")


def texts(verdict: Verdict) -> str:
    return " ".join(s.text for s in verdict.sentences)


def test_a_tick_moved_by_four_milliseconds_is_told_with_its_time() -> None:
    design, trace, recording = take()
    _, untouched = heard(recording, design)
    assert "one beat came" not in texts(untouched)
    at = float(trace.beats.unlock_s[70])
    first, last, shift = (round(x * RATE_HZ) for x in (at - 0.003, at + 0.030, 0.004))
    samples = recording.samples.copy()
    tick = samples[first:last].copy()
    samples[first:last] = samples[first + RATE_HZ // 16 : last + RATE_HZ // 16]  # the quiet after the beat
    samples[first + shift : last + shift] = tick
    _, verdict = heard(replace(recording, samples=samples), design)
    sentence = next(s for s in verdict.sentences if "one beat came" in s.text)
    assert sentence.text.endswith("ms late.")
    assert sentence.figures["shift_ms"] == pytest.approx(4.0, abs=0.3)
    assert sentence.evidence_s[0] == pytest.approx(at + 0.004, abs=0.02)


def test_three_seconds_leave_the_amplitude_out_and_everything_else_in() -> None:
    design, _, recording = take()
    reading, verdict = heard(replace(recording, samples=recording.samples[: round(3.05 * RATE_HZ)]), design)
    assert reading.amplitude_deg is None
    assert "Amplitude not measurable: the take is only 3.0 s long" in texts(verdict)
    for name in ("forced", "hollow"):
        assert verdict.words[name].score is None
        assert "3.0 s" in verdict.words[name].reason
    assert "times an hour" in texts(verdict)
    assert "Tick and tock" in texts(verdict)


def test_a_buried_third_sound_leaves_the_amplitude_out_and_everything_else_in() -> None:
    design, trace, recording = take()
    rng = np.random.default_rng(0)
    samples = recording.samples.copy()
    loud = 0.6 * float(np.max(np.abs(samples)))
    for time in trace.beats.lock_s[np.isfinite(trace.beats.lock_s)]:
        first, last = (round((time + x) * RATE_HZ) for x in (-0.004, 0.012))
        samples[max(0, first) : last] += loud * rng.normal(size=len(samples[max(0, first) : last])).astype(np.float32)
    reading, verdict = heard(replace(recording, samples=samples), design)
    assert reading.amplitude_deg is None
    assert "Amplitude not measurable" in texts(verdict)
    assert verdict.words["forced"].score is None
    assert verdict.words["hollow"].score is None
    assert reading.rate_s_per_day is not None
    assert "a day (" in texts(verdict)


def test_a_cracked_reed_leaves_the_tick_alone_and_makes_the_heart_hollow() -> None:
    sound_heart, cracked = (heard(take("heart", 40.0, crack)[2], take("heart", 40.0, crack)[0]) for crack in (0.0, 0.4))
    for figure in ("rate_s_per_day", "amplitude_deg", "beat_error_ms"):
        before, after = getattr(sound_heart[0], figure), getattr(cracked[0], figure)
        assert before.low <= after.value <= before.high, figure
    assert sound_heart[1].words["hollow"].holds is False
    word = cracked[1].words["hollow"]
    assert word.holds is True
    assert "S1, the first valve" in word.reason
    assert word.evidence_s
    likeliest = next(c for c in cracked[1].causes if c.sound_class not in ("undecided", "healthy"))
    assert likeliest.sound_class == "valve of the pump"
