"""A comb of a third of the period, told from one of the whole."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.beat import thirds

BEAT = 415.3  # blocks


def _strength(beat: float, seed: int, height: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    strength = rng.standard_normal(60_000)
    for at in np.arange(50.0, len(strength) - 10, beat):
        strength[int(at) : int(at) + 5] += height
    return strength.astype(np.float32)


@pytest.mark.parametrize("seed", range(6))
def test_a_beat_at_every_third_turn_is_alone(seed: int) -> None:
    assert thirds.alone(_strength(BEAT, seed), BEAT / 3.0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("turns", [1.0, 2.0, 0.5])
def test_a_beat_at_every_turn_is_not(seed: int, turns: float) -> None:
    """Nor both beats of an oscillation at every turn, nor a beat at every other turn."""
    assert not thirds.alone(_strength(BEAT * turns, seed), BEAT)
