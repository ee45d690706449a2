"""The lift angle: unknown, over all of its kind; measured, from a swing that was seen."""

from __future__ import annotations

import json

import numpy as np
import pytest
from listen_takes import LIFT_DEG, watch

from heartwright import listen
from heartwright.cli import main
from heartwright.listen.findings import lift
from heartwright.records import Interval


def test_the_prior_is_the_tables() -> None:
    vintage, modern = lift.prior(18_000.0), lift.prior(28_800.0)
    assert vintage is not None and modern is not None and lift.prior(3_600.0) is None
    assert vintage.weight.sum() == pytest.approx(1.0) and vintage.movements > 20
    assert 38.0 <= vintage.reach_deg[0] < 45.0 < 52.0 < vintage.reach_deg[1] <= 56.0
    assert modern.reach_deg[0] >= 45.0


def test_over_all_lifts_is_the_mixture() -> None:
    lifts = lift.Lifts("test", np.array([40.0, 50.0]), np.array([0.5, 0.5]), 2)
    found = lift.over_all(Interval(250.0, 248.0, 252.0), 50.0, lifts)
    rng = np.random.default_rng(1)
    drawn = rng.choice([200.0, 250.0], 200_000) * (1.0 + rng.normal(0.0, 2.0 / 250.0 / 1.96, 200_000))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (found.low, found.high) == (pytest.approx(low, abs=0.1), pytest.approx(high, abs=0.1))
    alone = lift.Lifts("test", np.array([50.0]), np.array([1.0]), 1)
    assert lift.over_all(Interval(250.0, 248.0, 252.0), 50.0, alone).high == pytest.approx(252.0, abs=1e-3)


def test_a_lift_is_that_of_the_swing() -> None:
    found = lift.from_swing(Interval(200.0, 199.0, 201.0), 50.0, 180.0, 0.0)
    assert found.value == pytest.approx(45.0) and found.half_width == pytest.approx(45.0 / 200.0)
    wide = lift.from_swing(Interval(200.0, 199.999, 200.001), 50.0, 180.0, 3.0)
    assert wide.half_width == pytest.approx(45.0 * 3.0 / 180.0, rel=1e-3)


def test_a_take_without_a_lift_has_an_amplitude_over_all() -> None:
    take = watch(seconds=20.0, amplitude_deg=270.0)
    reading = listen.measure(take.recording)
    found = reading.amplitude_any_lift_deg
    assert reading.amplitude_deg is None and found is not None
    assert found.low < 270.0 < found.high and found.half_width > 20.0
    assert any("Lift unknown: over the" in line for line in reading.advice)
    told = listen.measure(take.recording, lift_deg=LIFT_DEG)
    assert told.amplitude_any_lift_deg is None and told.amplitude_deg is not None


def test_the_lift_of_a_take_is_measured() -> None:
    take = watch(seconds=30.0, amplitude_deg=180.0)
    heard = listen.measure(take.recording, lift_deg=lift.TRIAL_DEG).amplitude_deg
    assert heard is not None
    found = lift.from_swing(heard, lift.TRIAL_DEG, float(np.mean(take.amplitude_deg)), 0.5)
    assert found.low <= LIFT_DEG <= found.high and found.half_width < 2.0


def test_the_command_says_lift_and_advice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lift", "demo", "--amplitude-deg", "265", "--pm", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["lift_deg"]["low"] <= 44.0 <= found["lift_deg"]["high"]
    assert main(["lift", "demo", "--amplitude-deg", "170"]) == 0
    assert "built in no lever" in capsys.readouterr().out
    assert main(["lift", "demo", "--amplitude-deg", "900", "--json"]) == 2
    assert main(["lift", "nowhere.wav", "--json"]) == 2
