"""Bands over their floors, the search among them, a second clock, and low bands thinned."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.beat import onsets, pulse, rivals, seek
from heartwright.listen.thin import thin
from heartwright.listen.timing import together

RATE_HZ = 24_000.0


def ticks(rng: np.random.Generator, bph: float, seconds: float, level: float, hertz: float = 6_000.0) -> np.ndarray:
    """A clock of one ring a beat."""
    out = np.zeros(int(seconds * RATE_HZ))
    time = np.arange(int(0.004 * RATE_HZ)) / RATE_HZ
    ring = level * np.exp(-time / 6e-4) * np.sin(2 * np.pi * hertz * time)
    for at in np.arange(rng.uniform(0.05, 0.1), seconds - 0.05, 3600.0 / bph):
        first = round(at * RATE_HZ)
        out[first : first + len(ring)] += ring * rng.uniform(0.8, 1.2)
    return out


def test_noise_of_any_level_and_swell_is_of_one_strength() -> None:
    rng = np.random.default_rng(1)
    time = np.arange(int(20 * RATE_HZ)) / RATE_HZ
    swell = 10 ** (0.3 * np.sin(2 * np.pi * time / 6.0))
    energy, rate = onsets.band_energies(swell * rng.standard_normal(len(time)), RATE_HZ)
    bands = onsets.over_floor(energy, rate)
    means = bands[: len(bands) // 20 * 20].reshape(20, -1, bands.shape[1]).mean(axis=(1, 2))
    assert np.abs(means - 1.0).max() < 0.25


def test_a_pump_under_the_ticks_does_not_leak_into_the_bands() -> None:
    time = np.arange(int(4 * RATE_HZ)) / RATE_HZ
    hiss = 1e-3 * np.random.default_rng(2).standard_normal(len(time))
    plain, _ = onsets.band_energies(hiss, RATE_HZ)
    pumped, _ = onsets.band_energies(hiss + np.sin(2 * np.pi * 60.0 * time), RATE_HZ)
    assert float(np.median(pumped[:, 1:]) / np.median(plain[:, 1:])) == pytest.approx(1.0, abs=0.1)


def test_the_bands_of_the_tick_are_weighed() -> None:
    rng = np.random.default_rng(3)
    sound = ticks(rng, 18_000.0, 30.0, 1.0) + 0.7 * rng.standard_normal(int(30 * RATE_HZ))
    strike = onsets.find(sound, RATE_HZ)
    strength, found = seek.find(strike)
    assert found is not None and 7200.0 / found.period_s == pytest.approx(18_000.0, rel=1e-4)
    weights = seek.weighed(strike, strength, found)
    assert int(np.argmax(weights)) == 3  # 6 kHz is the fourth band
    assert float(weights.sum()) == pytest.approx(1.0, abs=1e-5)


def test_the_louder_of_two_clocks_is_listened_to_and_the_other_told() -> None:
    rng = np.random.default_rng(4)
    sound = ticks(rng, 18_000.0, 30.0, 1.0) + ticks(rng, 20_300.0, 30.0, 0.6, 4_600.0)
    heard = rivals.listen(onsets.find(sound + 0.05 * rng.standard_normal(len(sound)), RATE_HZ))
    assert heard.pulse is not None and 7200.0 / heard.pulse.period_s == pytest.approx(18_000.0, rel=1e-4)
    assert [round(bph, -1) for bph, _ in heard.others] == [20_300.0]
    assert -9.0 < heard.others[0][1] < 0.0


def test_a_second_clock_beside_a_faint_one_is_heard_by_its_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    sound = ticks(rng, 18_000.0, 40.0, 1.0) + ticks(rng, 20_300.0, 40.0, 0.5, 4_600.0)
    strike = onsets.find(sound + 0.5 * rng.standard_normal(len(sound)), RATE_HZ)
    assert [round(bph, -1) for bph, _ in rivals.listen(strike).others] == [20_300.0]
    monkeypatch.setattr(rivals, "FOLDED", (0.0, 0.0))
    assert rivals.listen(strike).others == ()


def test_what_is_far_softer_than_the_clock_is_no_other() -> None:
    rng = np.random.default_rng(4)
    sound = ticks(rng, 18_000.0, 30.0, 1.0) + ticks(rng, 20_300.0, 30.0, 0.05, 4_600.0)
    heard = rivals.listen(onsets.find(sound + 0.002 * rng.standard_normal(len(sound)), RATE_HZ))
    assert heard.pulse is not None and 7200.0 / heard.pulse.period_s == pytest.approx(18_000.0, rel=1e-4)
    assert heard.others == ()


def test_one_clock_has_no_rival() -> None:
    rng = np.random.default_rng(5)
    sound = ticks(rng, 21_600.0, 30.0, 1.0) + 0.1 * rng.standard_normal(int(30 * RATE_HZ))
    assert rivals.listen(onsets.find(sound, RATE_HZ)).others == ()


def test_the_faint_mean_rate_comes_with_its_error() -> None:
    pulls = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        number = np.arange(200)
        time = 0.2 * number + rng.normal(0.0, 5e-4, 200)
        beat, sigma = together.slope(number, number % 2, time)
        pulls.append((beat - 0.2) / sigma)
    assert 0.6 < float(np.std(pulls)) < 1.25


def test_thinning_keeps_what_is_low_and_drops_what_would_fold() -> None:
    time = np.arange(48_000) / 48_000.0
    low = thin(np.sin(2 * np.pi * 100.0 * time).astype(np.float32), 24)
    assert np.abs(low[10:-10] - np.sin(2 * np.pi * 100.0 * np.arange(2000) / 2000.0)[10:-10]).max() < 0.02
    high = thin(np.sin(2 * np.pi * 1_950.0 * time).astype(np.float32), 24)
    assert np.abs(high[10:-10]).max() < 2e-3


@pytest.mark.parametrize(
    ("ratio", "own"),
    [
        (7.0, True),
        (0.5, True),
        (1.5, True),
        (4.0 / 3.0, True),
        (7.23, False),
        (1.07, False),
        (7.506, False),
        (3.6656, False),
    ],
)
def test_parts_and_multiples_of_a_clock_are_its_own(ratio: float, own: bool) -> None:
    first = pulse.Pulse(0.4, 0.2, 0.0, 100.0)
    assert rivals.related(first, pulse.Pulse(0.4 * ratio, 0.2 * ratio, 0.0, 20.0)) is own


def test_a_slower_clock_that_is_nearly_a_multiple_is_not_taken_for_the_louder() -> None:
    """Frames of a codec make every fifth beat unlike, at a period that a comb tells a little off."""
    first, second = pulse.Pulse(0.4, 0.2, 0.0, 100.0), pulse.Pulse(2.0003, 1.0, 0.0, 20.0)
    assert not rivals.related(first, second)
    assert rivals.related(first, second, rivals.PERHAPS_RATIO)


def test_what_does_not_come_evenly_is_not_louder_than_a_clock_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few loud knocks make a comb of their own."""
    rng = np.random.default_rng(5)
    strike = onsets.find(ticks(rng, 14_400.0, 20.0, 1.0) + 0.01 * rng.standard_normal(int(20 * RATE_HZ)), RATE_HZ)
    knocks = pulse.Pulse(2.3008, 0.9754, 0.911, 23.0)
    monkeypatch.setattr(rivals, "LEAST_SHARE", 0.0)
    monkeypatch.setattr(rivals, "_second", lambda strike, strength, first: (knocks, strength))
    monkeypatch.setattr(rivals, "level_db", lambda strike, found, high: 20.0 if found is knocks else 0.0)
    for evenly, wanted in ((lambda found: found is not knocks, 0.5), (lambda found: True, 2.3008)):
        monkeypatch.setattr(rivals, "_singly", lambda strength, rate, found, evenly=evenly: evenly(found))
        told = rivals.listen(strike)
        assert told.pulse is not None and told.pulse.period_s == pytest.approx(wanted, rel=1e-3)


def test_of_two_clocks_the_level_is_that_of_their_peaks() -> None:
    rate_hz, rng = 48_000.0, np.random.default_rng(3)
    high = 0.01 * rng.standard_normal(int(20 * rate_hz)).astype(np.float32)
    loud, soft = np.arange(0.3, 19.0, 0.5), np.arange(0.45, 19.0, 0.7)
    high[np.round(loud * rate_hz).astype(int)] += 1.0
    high[np.round(soft * rate_hz).astype(int)] += 0.25
    ratio = rivals._peak(high, rate_hz, soft) / rivals._peak(high, rate_hz, loud)
    assert 20.0 * np.log10(ratio) == pytest.approx(-12.0, abs=0.5)
