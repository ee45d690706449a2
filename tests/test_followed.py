"""A blow that others follow is timed against them: made beats of three blows, the later ones at ever other times."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.timing import coherent, followed, modal
from heartwright.listen.timing.coherent import Heard, Window
from heartwright.listen.timing.modal import Modes
from heartwright.listen.timing.onset.origin import Origin
from heartwright.records import Floats

RATE_HZ = 48_000.0
NOISE = 0.01
MODES = Modes.plain(np.array([-600.0 + 2j * np.pi * 3300, -900.0 + 2j * np.pi * 5100, -1200.0 + 2j * np.pi * 7400]))
OWN = np.array([0.6, 1.0, -0.8])
LATER = ((0.34e-3, np.array([0.2, -0.3, 0.2])), (0.50e-3, 0.24 * OWN))  # banking and bounce
ALONE_S = 0.25e-3


def made(slips: int = 0) -> tuple[Heard, Floats]:
    """Lock-like beats as `coherent` has them, `slips` of them a cycle early, and their true times."""
    rng = np.random.default_rng(4242)
    count = 120
    true = 0.1 + 0.2 * np.arange(count) + rng.uniform(0.0, 1.0, count) / RATE_HZ
    samples = NOISE * rng.standard_normal(int((true[-1] + 0.2) * RATE_HZ))
    for at in true:
        first = int(at * RATE_HZ) - 2
        time = (first + np.arange(480)) / RATE_HZ - at
        for after, gains in ((0.0, OWN), *LATER):
            start = after + (20e-6 * rng.standard_normal() if after else 0.0)
            mixture = gains * (1.0 + 0.1 * rng.standard_normal(3))
            samples[first : first + 480] += modal.ring(MODES, time, start) @ mixture
    window = Window(reach_s=0.6e-3, before_s=0.4e-3, after_s=2.0e-3)
    heard = coherent.hear(samples, RATE_HZ, true, window, quiet(), first_s=ALONE_S)
    assert heard is not None
    heard.time_s[:slips] -= 1.0 / 5100.0
    return heard, true


def quiet() -> Floats:
    return NOISE * np.random.default_rng(4243).standard_normal((60, 168))


def origin(heard: Heard, true: Floats) -> Origin:
    return Origin(float(np.median(true - heard.time_s)), 1e-6, 1.0, MODES, OWN)


def scatter(time_s: Floats, true: Floats) -> float:
    return float(np.std(time_s - true))


@pytest.fixture(scope="module")
def beats() -> tuple[Heard, Floats]:
    return made()


def test_what_follows_no_longer_moves_the_blow(beats: tuple[Heard, Floats]) -> None:
    heard, true = beats
    after = followed.refined(heard, quiet(), origin(heard, true), 0.1, ALONE_S)
    assert scatter(after.time_s, true) < 0.6 * scatter(heard.time_s, true)
    assert scatter(after.time_s, true) < 1.5 * float(np.median(after.sigma_s))


def test_a_beat_that_slipped_a_cycle_is_caught(beats: tuple[Heard, Floats]) -> None:
    true = beats[1]
    heard = made(slips=4)[0]
    after = followed.refined(heard, quiet(), origin(heard, true), 0.1, ALONE_S)
    assert scatter(after.time_s, true) < 5.0e-6


def test_too_few_beats_are_left_as_they_are(beats: tuple[Heard, Floats]) -> None:
    heard, true = beats
    few = Heard(np.where(np.arange(len(true)) < 8, heard.time_s, np.nan), *(getattr(heard, n) for n in NAMES))
    assert followed.refined(few, quiet(), origin(heard, true), 0.1, ALONE_S) is few


NAMES = ("sigma_s", "score", "level", "wave", "before", "weights", "varied", "rows")


def test_slope_of_a_ring_is_its_derivative_by_the_start() -> None:
    time = np.arange(60) / RATE_HZ
    unit, slope = modal.ring_and_slope(MODES, time, 2.0e-4)
    step = (modal.ring(MODES, time, 2.0e-4 + 1e-8) - modal.ring(MODES, time, 2.0e-4 - 1e-8)) / 2e-8
    assert np.allclose(unit, modal.ring(MODES, time, 2.0e-4))
    assert np.allclose(slope, step, rtol=1e-3, atol=10.0)
