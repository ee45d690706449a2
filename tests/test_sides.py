"""One beat or two, asked of every band: sides that sound unlike, alike, late, and syllables in all bands at once."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.beat import onsets, pulse, seek, sides

BLOCKS, RATE_HZ, BANDS, PERIOD = 60_000, 1500.0, 13, 600.4  # 40 s; two beats in 600.4 blocks (18,000 an hour)
LOW, HIGH = np.eye(BANDS)[1] + np.eye(BANDS)[3], np.eye(BANDS)[6] + np.eye(BANDS)[8]


def take(first: np.ndarray, second: np.ndarray, *, late: float = 0.0, common: float = 0.0, seed: int = 1) -> np.ndarray:
    """Energies over the floor [BLOCKS, BANDS] of a clock whose sides have the spectra given, the second's beats `late`
    blocks after the middle; noise of a share `common` swells in all bands at once."""
    rng = np.random.default_rng(seed)
    level = np.ones((BLOCKS, BANDS))
    for spectrum, begin in ((first, 100.0), (second, 100.0 + 0.5 * PERIOD + late)):
        at = np.round(np.arange(begin, BLOCKS - 4, PERIOD)).astype(int)
        for later, part in enumerate((1.0, 0.6, 0.3)):
            level[at + later] += part * spectrum
    swell = np.exp(common * np.repeat(rng.standard_normal(BLOCKS // 6 + 1), 6)[:BLOCKS, None])
    return np.asarray(rng.exponential(1.0, (BLOCKS, BANDS)) * level * swell, dtype=np.float32)


def log_odds(bands: np.ndarray, period: float, weights: np.ndarray | None = None) -> float:
    shown = onsets.strength(bands, RATE_HZ, weights)
    return sides.two_beats(bands, shown, RATE_HZ, period)[0]


@pytest.mark.parametrize("seed", range(3))
def test_sides_heard_in_other_bands_are_two(seed: int) -> None:
    bands = take(2.0 * LOW, 2.0 * HIGH, seed=seed)
    only_low = (LOW / LOW.sum()).astype(np.float32)  # the ear that listens where the first side is loud
    odds, place = sides.two_beats(bands, onsets.strength(bands, RATE_HZ, only_low), RATE_HZ, PERIOD)
    assert odds > 8.0
    assert place == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_half_the_period_of_unlike_sides_is_one_beat(seed: int) -> None:
    bands = take(2.0 * LOW + HIGH, LOW + 2.0 * HIGH, seed=seed)
    assert log_odds(bands, 0.5 * PERIOD) < -10.0
    assert log_odds(bands, PERIOD) > 10.0


def test_a_beat_error_alone_tells_even_from_odd() -> None:
    alike, late = take(3.0 * LOW, 3.0 * LOW), take(3.0 * LOW, 3.0 * LOW, late=2.0)
    half = 0.5 * PERIOD
    told = [sides.alternation(sides.Folds.of(bands, RATE_HZ, half)) for bands in (alike, late)]
    assert told[0] < 1.0 and told[1] > 20.0


def test_what_swells_in_all_bands_at_once_is_no_second_beat() -> None:
    told = []
    for seed in range(5):
        bands = take(3.0 * LOW, 0.0 * LOW, common=0.5, seed=seed)
        folds = sides.Folds.of(bands, RATE_HZ, PERIOD)
        told.append(sides.second(folds, onsets.strength(bands, RATE_HZ), RATE_HZ, PERIOD)[0])
    assert np.mean(told) < 1.5  # taken for 13 witnesses the bands say 6


def test_noise_that_swells_in_all_bands_counts_once() -> None:
    rng = np.random.default_rng(5)
    apart = rng.standard_normal((BANDS, 2000))
    together = np.repeat(rng.standard_normal((1, 2000)), BANDS, axis=0)
    assert sides._alone(apart) == 1.0
    assert sides._alone(together) == pytest.approx(sides.SPREAD / BANDS, rel=0.1)


def test_the_ear_tells_the_rate_of_a_clock_whose_sides_share_no_band() -> None:
    bands = take(2.5 * LOW, 2.5 * HIGH, seed=7)
    strike = onsets.Onsets(np.zeros(0), 48_000.0, bands, onsets.strength(bands, RATE_HZ), RATE_HZ)
    _, found = seek.find(strike)
    assert found is not None
    assert 7200.0 / found.period_s == pytest.approx(7200.0 * RATE_HZ / PERIOD, rel=1e-4)
    assert found.counts[0][1] > 0.998


def test_one_side_heard_twice_is_not_taken_for_both() -> None:
    bands = take(2.0 * LOW, 1.2 * HIGH, seed=3)
    shown = onsets.strength(bands, RATE_HZ)
    strike = onsets.Onsets(np.zeros(0), 48_000.0, bands, shown, RATE_HZ)
    twice = pulse.counted(shown, RATE_HZ, 2.0 * PERIOD, 20.0, None)  # a comb at two oscillations
    found = seek.recounted(strike, shown, twice)
    assert found.counts[0][0] == pytest.approx(7200.0 * RATE_HZ / PERIOD, rel=1e-3)
    assert sum(share for _, share in found.counts) == pytest.approx(1.0)


def test_a_few_knocks_at_one_place_are_no_second_beat() -> None:
    """A pendulum of 44 beats, one every 0.9 s, and knocks of one ring, of which four fall halfway between two beats."""
    rng = np.random.default_rng(2)
    period, level = 1355.3, np.ones((BLOCKS, BANDS))
    at = np.round(np.arange(100.0, BLOCKS - 800, period)).astype(int)
    for later, part in enumerate((1.0, 0.6, 0.3)):
        level[at + later] += 4.0 * part * LOW
        level[at[[3, 14, 15, 30]] + 678 + later] += 60.0 * part * HIGH
    bands = (rng.exponential(1.0, (BLOCKS, BANDS)) * level).astype(np.float32)
    assert log_odds(bands, period) < -5.0


def test_bands_that_all_say_one_thing_leave_the_word_to_their_strength() -> None:
    told = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        period, level = 1355.3, np.ones(BLOCKS)
        at = np.round(np.arange(100.0, BLOCKS - 800, period)).astype(int)
        for later, part in enumerate((12.0, 7.2, 3.6)):
            level[at + later] += part
        noise = rng.exponential(1.0, BLOCKS) * level
        told.append(log_odds((noise[:, None] + rng.exponential(0.3, (BLOCKS, BANDS))).astype(np.float32), period))
    assert max(told) < -2.0  # the bands by themselves reach 0.6: two beats
