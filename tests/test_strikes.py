"""Mean waveforms of blows made by oversampling, with a bent phase: where they begin, and what follows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.fft import irfft, rfft, rfftfreq

from heartwright.listen.timing import modal
from heartwright.listen.timing.modal import Modes
from heartwright.listen.timing.onset import answers, blows, origin, strikes
from heartwright.listen.timing.onset.answers import Answers
from heartwright.listen.timing.onset.strikes import Wave
from heartwright.records import Floats

RATE_HZ, FINER = 48_000.0, 32
POLE = np.array([-600.0 + 2j * np.pi * 3300, -900.0 + 2j * np.pi * 5100, -1200.0 + 2j * np.pi * 7400])
LOCKS = np.array([0.6, 1.0, -0.8]), np.array([1.0, -0.5, 0.4])
BANKS = np.array([0.2, -0.3, 0.2]), np.array([-0.3, -0.15, 0.1])
BANK_S, BOUNCE_S, SPAN_S = 0.24e-3, 0.39e-3, 8e-3
ZERO, LENGTH, BEND, NOISE = 20, 170, -0.4, 1e-3


def wave(start_s: float, struck: list[tuple[float, Floats]], noise: float, seed: int) -> Wave:
    """A waveform of blows at `start_s` and later as a take has it: nothing above half the rate, phases bent."""
    size = 1024
    time = np.arange(size * FINER) / (FINER * RATE_HZ) - ZERO / RATE_HZ
    fine = sum((modal.ring(Modes.plain(POLE), time, start_s + late) @ gains for late, gains in struck), np.zeros(1))
    frequency = rfftfreq(size * FINER, 1.0 / (FINER * RATE_HZ))
    spectrum = rfft(fine)[: size // 2 + 1] / FINER
    turn = np.exp(1j * BEND * answers.cube(2.0 * np.pi * frequency[: size // 2 + 1], RATE_HZ))
    values = irfft(spectrum * turn, size)[:LENGTH]
    return Wave.of(values + noise * np.random.default_rng(seed).standard_normal(LENGTH), ZERO, noise)


def test_answers_are_what_an_oversampled_blow_gives() -> None:
    exact = Answers.of(POLE, BEND, RATE_HZ)
    for start in (-31e-6, 4e-6):
        made = answers.within_band(wave(start, [(0.0, LOCKS[0])], 0.0, 0).values)
        told = LOCKS[0] @ exact.rings(exact.sine, LENGTH, ZERO, np.array([start]))[0]
        assert np.abs(made - told)[10:-20].max() < 2e-3


def test_slid_answers_are_those_at_each_start() -> None:
    exact = Answers.of(POLE, 0.0, RATE_HZ)
    starts = -50e-6 + np.arange(11) / (4.0 * RATE_HZ)
    slid = exact.slid(80, ZERO, float(starts[0]), 11, 4)
    assert np.abs(slid - exact.rings(exact.sine, 80, ZERO, starts)).max() < 5e-6  # single precision


def test_a_mean_of_scattered_blows_is_a_blurred_one() -> None:
    exact = Answers.of(POLE, 0.0, RATE_HZ)
    off, share = np.polynomial.hermite_e.hermegauss(12)
    each = exact.rings(exact.sine, 80, ZERO, 15e-6 * off)
    blurred = exact.rings(exact.sine, 80, ZERO, np.zeros(1), np.full(1, 15e-6))[0]
    assert np.abs(np.tensordot(share / share.sum(), each, 1) - blurred).max() < 1e-4 * np.abs(blurred).max()


def test_what_is_whitened_is_white() -> None:
    rings = np.random.default_rng(4).standard_normal((5, 40)) * np.array([30.0, 3.0, 1.0, 0.1, 0.0])[:, None]
    white = strikes.whitener(rings)
    np.testing.assert_allclose(white @ (np.eye(40) + rings.T @ rings) @ white.T, np.eye(40), atol=1e-9)


def test_onsets_of_single_blows_are_told_to_a_fraction_of_a_microsecond() -> None:
    starts = -13e-6, 21e-6
    waves = [wave(start, [(0.0, gains)], NOISE, s) for s, (start, gains) in enumerate(zip(starts, LOCKS, strict=True))]
    found = origin.find(waves, Modes.plain(POLE * 1.002), RATE_HZ, NOISE)
    assert found is not None
    apart = found[1].start_s - found[0].start_s - (starts[1] - starts[0])
    assert abs(apart) < 4.0 * np.sqrt(2.0) * found[0].apart_s
    assert abs(apart) < 0.5e-6 and found[0].left < 4.0


@pytest.mark.parametrize("seed", range(3))
def test_a_lock_is_told_from_the_banking_and_the_bounce_that_ring_into_it(seed: int) -> None:
    starts = -24e-6, -38e-6
    waves = [
        wave(start, [(0.0, lock), (BANK_S, bank), (BOUNCE_S, 0.24 * lock)], 5.0 * NOISE, 10 * seed + s)
        for s, (start, lock, bank) in enumerate(zip(starts, LOCKS, BANKS, strict=True))
    ]
    found = blows.find(waves, Modes.plain(POLE * 1.002), RATE_HZ, SPAN_S, 5.0 * NOISE)
    assert found is not None
    apart = found[1].start_s - found[0].start_s - (starts[1] - starts[0])
    assert abs(apart) < 4.0 * np.sqrt(2.0) * found[0].apart_s
    assert abs(apart) < 1.5e-6
    for side in found:
        assert [late - side.start_s for late, _gains in side.later] == pytest.approx([BANK_S, BOUNCE_S], abs=10e-6)


def test_noise_before_a_faint_sound_is_not_its_beginning() -> None:
    lead = 80  # samples of noise before it
    made = wave(0.0, [(0.0, LOCKS[0])], 0.0, 0).values
    loud = float(np.abs(made).max())
    for seed in range(20):
        noise = 0.1 * loud * np.random.default_rng(seed).standard_normal(lead + LENGTH)
        values = noise + np.concatenate([np.zeros(lead), made])
        told = origin.begun(Wave.of(values, lead + ZERO, 0.1 * loud), RATE_HZ, origin.BEGUN)
        assert -0.05e-3 < told < 0.15e-3


def test_onsets_that_are_as_likely_widen_what_is_told_between_the_sides() -> None:
    first = strikes.Strikes.guessed(POLE, np.array([0.0, 10e-6]), np.zeros(0), 0.1)
    best, other = (
        replace(first, start_s=first.start_s + np.array([0.0, late]), rest=1.0, cost=30.0) for late in (0.0, 130e-6)
    )
    assert strikes.between(strikes.unsettled([best])) == 0.0
    as_likely = strikes.between(strikes.unsettled([best, other]))
    assert 1.96 * np.sqrt(as_likely) >= 130e-6
    less_likely = strikes.between(strikes.unsettled([best, replace(other, cost=70.0)]))  # but not by chance alone
    assert 1.96 * np.sqrt(less_likely) >= 0.999 * 130e-6
    unlikely = strikes.between(strikes.unsettled([best, replace(other, cost=400.0)]))
    assert unlikely < (1e-6) ** 2


def test_one_mode_tells_no_onset() -> None:
    waves = [wave(0.0, [(0.0, LOCKS[0])], NOISE, s) for s in range(2)]
    assert origin.find(waves, Modes.plain(POLE[:1]), RATE_HZ, NOISE) is None
    assert blows.find(waves, Modes.plain(POLE[:1]), RATE_HZ, SPAN_S, NOISE) is None
