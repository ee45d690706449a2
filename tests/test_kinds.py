"""Other movements than levers: what is withheld, what is recognised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from listen_takes import watch

from heartwright import listen
from heartwright.listen.findings import kinds
from heartwright.records import Interval, Reading, Recording

RATE = 48_000.0


def _clock(times: np.ndarray, seconds: float, *, alike: bool, seed: int = 1) -> Recording:
    """Steps that each ring three modes; `alike` False gives every other one another mixture and a second knock."""
    rng = np.random.default_rng(seed)
    sound = 1e-4 * rng.standard_normal(int(seconds * RATE))
    t = np.arange(int(0.04 * RATE)) / RATE
    rings = [np.exp(-t * np.pi * f / 20.0) * np.sin(2 * np.pi * f * t) for f in (2100.0, 4300.0, 7900.0)]
    one = rings[0] + 0.7 * rings[1] + 0.4 * rings[2]
    other = one if alike else 0.3 * rings[0] - 0.9 * rings[1] + np.roll(rings[2], 300) * (t > 300 / RATE)
    for k, at in enumerate(times):
        n = int(round(at * RATE))
        if n + len(t) < len(sound):
            sound[n : n + len(t)] += 0.2 * (one if k % 2 else other)
    return Recording(sound.astype(np.float32), RATE)


@pytest.mark.parametrize("step", [1.0, 0.5])
def test_a_quartz_is_recognised_by_its_steps(step: float) -> None:
    times = 0.3 + step * (1.0 + 2e-6) * np.arange(int(28 / step))
    reading = listen.measure(_clock(times, 29.0, alike=True))
    assert reading.escapement == "quartz"
    assert reading.beat_error_ms is None and reading.amplitude_deg is None
    assert any("no beat to judge" in line for line in reading.advice)
    assert reading.rate_s_per_day is not None and abs(reading.rate_s_per_day.value) < 1.0


def test_a_seconds_pendulum_is_no_quartz() -> None:
    rng = np.random.default_rng(2)
    k = np.arange(28)
    good = 0.3 + k + 0.004 * (k % 2) + 3e-4 * rng.standard_normal(28)
    assert listen.measure(_clock(good, 29.0, alike=False)).escapement == ""
    # as regular as a quartz, but its sides sound unlike: not said either
    assert listen.measure(_clock(0.3 + 1.0 * k, 29.0, alike=False)).escapement == ""
    # a quartz that is off by more than any quartz is a clock
    assert listen.measure(_clock(0.3 + 1.003 * k, 29.5, alike=True)).escapement == ""


@pytest.mark.parametrize("name", ["cylinder", "duplex", "detent", "co-axial", "verge"])
def test_an_amplitude_is_withheld_with_its_reason(name: str) -> None:
    heard = listen.measure(watch(seconds=12.0).recording, lift_deg=44.0)
    assert heard.amplitude_deg is not None
    told = kinds.told(heard, name)
    assert told.amplitude_deg is None and told.escapement == name
    assert told.table is not None and np.isnan(told.table.amplitude_deg).all()
    assert told.rate_s_per_day == heard.rate_s_per_day and told.beat_error_ms == heard.beat_error_ms
    assert sum("No amplitude" in line for line in told.advice) == 1


def test_a_lever_and_a_pin_pallet_keep_their_amplitude() -> None:
    heard = Reading("ok", (), 30.0, beats=100, amplitude_deg=Interval(270.0, 268.0, 272.0))
    assert kinds.told(heard, "lever").amplitude_deg == heard.amplitude_deg
    assert kinds.told(heard, "Pin Pallet").amplitude_deg == heard.amplitude_deg


def test_a_detent_heard_at_every_other_swing_has_its_rate_against_the_whole() -> None:
    heard = Reading(
        "ok", (), 60.0, beats=120, nominal_bph=14_400.0, beat_rate_bph=Interval(7_200.5, 7_200.4, 7_200.6),
        rate_s_per_day=Interval(-43_000.0, -43_001.0, -42_999.0),
    )  # fmt: skip
    told = kinds.told(heard, "detent")
    assert told.rate_s_per_day is not None
    assert told.rate_s_per_day.value == pytest.approx(86_400 * 0.5 / 7200.0, rel=1e-6)
    assert any("every other swing" in line for line in told.advice)
    whole = replace(heard, beat_rate_bph=Interval(14_400.5, 14_400.4, 14_400.6))
    assert kinds.told(whole, "detent").rate_s_per_day == whole.rate_s_per_day


def test_an_unknown_escapement_is_refused_with_those_there_are() -> None:
    with pytest.raises(kinds.KindError, match="cylinder"):
        kinds.told(Reading("ok", (), 1.0), "anchor of hope")
