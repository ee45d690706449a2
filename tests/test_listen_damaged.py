"""Takes that something happened to: each is read with figures that hold together, or refused with a reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from listen_takes import LIFT_DEG, watch

from heartwright import listen
from heartwright.records import Floats, Recording

RATE_HZ = 48_000.0
Hurt = Callable[[Floats, np.random.Generator], Floats]


def _patched(sound: Floats, rng: np.random.Generator) -> Floats:
    out = sound.copy()
    for at in rng.integers(0, len(out) - 2000, 20):
        out[at : at + rng.integers(1, 2000)] = 0.0
    return out


def _spiked(sound: Floats, rng: np.random.Generator) -> Floats:
    out = sound.copy()
    out[rng.integers(0, len(out), 50)] = 1.0
    return out


DAMAGE: dict[str, Hurt] = {
    "clipped": lambda sound, _: np.clip(40.0 * sound, -1.0, 1.0),
    "silent in the middle": lambda sound, _: np.where(np.abs(np.linspace(-1, 1, len(sound))) < 0.3, 0.0, sound),
    "full of holes": _patched,
    "of six bits": lambda sound, _: np.round(32.0 * sound) / 32.0,
    "backwards": lambda sound, _: sound[::-1].copy(),
    "faded in": lambda sound, _: sound * np.linspace(0.0, 1.0, len(sound)) ** 3,
    "with sparks": _spiked,
    "begun anew": lambda sound, _: np.concatenate([sound, sound[: len(sound) // 2]]),
    "differentiated": lambda sound, _: np.diff(sound, prepend=0.0),
    "with an echo": lambda sound, rng: sound + 0.3 * np.roll(sound, int(rng.integers(10, 4000))),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("bph", [16_266.0, 28_800.0])
def test_a_damaged_take_is_read_or_refused(damage: str, bph: float) -> None:
    rng = np.random.default_rng(len(damage))
    sound = np.asarray(watch(seconds=9.0, bph=bph, rate_hz=RATE_HZ, seed=2).recording.samples, float)
    reading = listen.measure(Recording(DAMAGE[damage](sound, rng), RATE_HZ), lift_deg=LIFT_DEG)
    assert reading.status in ("ok", "too_noisy", "no_beat")
    assert reading.status == "ok" or reading.advice
    for figure in (reading.beat_rate_bph, reading.rate_s_per_day, reading.beat_error_ms, reading.amplitude_deg):
        assert figure is None or figure.low <= figure.value <= figure.high


@pytest.mark.parametrize(("seed", "seconds"), [(3, 8.0), (4, 12.0)])
def test_a_take_that_begins_anew_is_joined(seed: int, seconds: float) -> None:
    """Its first half comes again after its end, out of step."""
    sound = np.asarray(watch(seconds=seconds, bph=16_266.0, rate_hz=RATE_HZ, seed=seed).recording.samples, float)
    recording = Recording(np.concatenate([sound, sound[: len(sound) // 2]]), RATE_HZ)
    reading = listen.measure(recording, clock_ppm=(0.0, 0.0))
    assert len(reading.leaps) == 1 and reading.leaps[0].time_s == pytest.approx(seconds, abs=0.3)
    assert reading.beat_rate_bph is not None and reading.beat_rate_bph.low < 16_266.0 < reading.beat_rate_bph.high
    assert reading.duration_s == recording.seconds
