"""Sensory dissonance against Plomp and Levelt's curve."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.sound import discord

RATE = 48_000.0


def _tone(*hz: float, seconds: float = 1.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * f * t) for f in hz)  # type: ignore[return-value]


def test_a_pure_tone_and_silence_have_none() -> None:
    assert discord.of_partials(np.array([440.0]), np.array([1.0])) == 0.0
    assert discord.of_sound(_tone(440.0), RATE) == pytest.approx(0.0, abs=1e-3)
    assert discord.of_sound(np.zeros(4800), RATE) == 0.0


@pytest.mark.parametrize("centre", [250.0, 500.0, 1000.0, 2000.0])
def test_two_tones_are_roughest_near_a_quarter_of_the_critical_band(centre: float) -> None:
    apart = np.linspace(0.5, 600.0, 4000)
    curve = discord.pair(centre, centre + apart)
    worst = float(apart[np.argmax(curve)])
    band = 94.0 + 71.0 * (centre / 1000.0) ** 1.5  # Zwicker and Terhardt's critical band, rounded [Hz]
    assert 0.15 * band < worst < 0.40 * band
    assert float(curve.max()) == pytest.approx(0.182, abs=0.01)  # of the fit: e^-3.5x - e^-5.75x at its top
    assert curve[-1] < 0.1 * curve.max() or centre > 1000.0
    assert float(discord.pair(centre, centre)) == 0.0


def test_intervals_of_harmonic_tones_stand_in_their_order() -> None:
    partials, amplitude = np.arange(1, 8), 0.88 ** np.arange(7)

    def of(ratio: float) -> float:
        f = 261.63 * partials
        return discord.of_partials(np.r_[f, ratio * f], np.r_[amplitude, amplitude])

    octave, fifth, fourth, third, tritone, second = (of(r) for r in (2.0, 1.5, 4 / 3, 1.25, 45 / 32, 16 / 15))
    assert octave < fifth < fourth < third < tritone < second


def test_the_sound_agrees_with_its_partials_and_not_with_its_level() -> None:
    rough = discord.of_sound(_tone(440.0, 470.0), RATE)
    assert rough == pytest.approx(discord.of_partials(np.array([440.0, 470.0]), np.ones(2)) / 2.0, rel=0.05)
    assert discord.of_sound(0.01 * _tone(440.0, 470.0), RATE) == pytest.approx(rough, rel=1e-6)
    assert discord.of_sound(_tone(440.0, 880.0), RATE) < 0.1 * rough


def test_works_that_hum_apart_are_rough_and_in_octaves_smooth() -> None:
    assert discord.of_hums(np.array([200.0, 212.0]), np.ones(2)) > 5 * discord.of_hums(
        np.array([200.0, 400.0]), np.ones(2)
    )


def test_lists_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        discord.of_partials(np.array([1.0, 2.0]), np.array([1.0]))
