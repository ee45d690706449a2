"""Wheels: what recurs is named, what does not is not, and the odds hold for the whole take."""

from __future__ import annotations

from dataclasses import replace

import beat_tables as hand
import numpy as np
import pytest

from heartwright.listen.periods import cycles, floor, lines, trains, wheels

TRAIN = trains.read("centre 80/12, third 60/10, fourth 70/8, escape 15/7")


def _names(found: wheels.Wheels) -> set[str]:
    return {part.wheel for part in found.parts}


def test_periods_of_a_train_follow_from_its_tooth_counts() -> None:
    periods = {p.name: p.beats for p in trains.periods(TRAIN)}
    assert periods["escape wheel"] == 30.0
    assert periods["fourth wheel"] == pytest.approx(300.0)  # a turn a minute at 18,000
    assert periods["third wheel"] == pytest.approx(2250.0)
    assert periods["centre wheel"] == pytest.approx(18_000.0)  # a turn an hour
    assert periods["escape pinion, each leaf"] == pytest.approx(30.0 / 7.0)
    assert list(periods.values()) == sorted(periods.values())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fourth 70/8", "no escape wheel"),
        ("escape 15/7, escape 15", "twice"),
        ("fork 15/7", "no wheel of a train"),
        ("escape 1500", "allowed"),
        ("centre 80/12, fourth 70/8, escape 15/7", "third"),
        ("escape fifteen", "is no wheel"),
    ],
)
def test_wrong_tooth_counts_are_refused_with_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(trains.TrainError, match=says):
        trains.read(text)


def test_a_bent_tooth_is_named_and_nothing_else() -> None:
    table = hand.table(landing_ms=hand.tooth(0.04, 15), lost=(100, 101, 1500))
    found = wheels.find(table, train=TRAIN)
    assert _names(found) == {"escape wheel"}
    part = found.parts[0]
    assert part.of == "landing" and part.period_beats == 30.0 and part.p < 1e-6
    assert part.raster.shape == (100, 30)
    assert np.argsort(-part.cycle)[:2].tolist() in ([8, 9], [9, 8])  # the fourth tooth, on both pallets
    assert part.size.low < 0.02 < part.size.high + 0.004


def test_a_rippling_fourth_wheel_is_named_and_its_size_measured() -> None:
    found = wheels.find(hand.table(swing_deg=hand.ripple(3.0, 300.0)), train=TRAIN)
    assert "fourth wheel" in _names(found)
    part = next(p for p in found.parts if p.wheel == "fourth wheel" and p.of == "amplitude")
    assert part.unit == "deg" and part.period_s == pytest.approx(60.0, rel=1e-3)
    assert part.size.low < 3.0 < part.size.high
    assert _names(found) == {"fourth wheel"}


def test_gaps_shift_nothing_as_the_number_of_the_beat_counts() -> None:
    lost = tuple(range(700, 760))
    found = wheels.find(hand.table(landing_ms=hand.tooth(0.04, 15), lost=lost), train=TRAIN)
    assert _names(found) == {"escape wheel"}


def test_healthy_takes_name_nothing_more_often_than_was_asked() -> None:
    takes, alarm = 30, 0.05
    wrong = sum(bool(wheels.find(hand.table(seed=s, beats=1500), train=TRAIN, alarm=alarm).parts) for s in range(takes))
    assert wrong <= 5  # 1.5 expected at most; more than 5 in fewer than one of 100


def test_the_odds_of_a_sum_of_harmonics_hold_under_wander() -> None:
    rng = np.random.default_rng(3)
    frequency = np.arange(1, 8) / 30.0
    p = []
    for _ in range(200):
        wander = np.convolve(rng.standard_normal(1700), 0.97 ** np.arange(200), "full")[200:1700]
        white = lines.whiten(wander + 2.0 * rng.standard_normal(1500), beside=frequency)
        assert white is not None
        p.append(float(lines.chance(white.ratio(frequency).sum(), 7, float(white.freedom(frequency).mean()))))
    assert np.mean(np.array(p) < 0.05) < 0.09
    assert 0.3 < np.mean(p) < 0.7


def test_without_tooth_counts_the_likeliest_wheel_is_named() -> None:
    found = wheels.find(hand.table(landing_ms=hand.tooth(0.04, 20)))
    assert _names(found) == {"escape wheel of 20 teeth"}
    found = wheels.find(hand.table(swing_deg=hand.ripple(4.0, 300.0)))
    assert _names(found) == {"fourth wheel (a turn a minute)"}
    odd = wheels.find(hand.table(swing_deg=hand.ripple(3.0, 67.3)))
    assert next(p.period_beats for p in odd.parts if p.of == "amplitude") == pytest.approx(67.3, rel=0.005)
    assert all(p.wheel.startswith("no usual wheel") for p in odd.parts)


def test_what_happened_once_is_told_without_a_wheel() -> None:
    push = np.where((np.arange(3000) > 1400) & (np.arange(3000) < 1500), 50.0, 0.0)
    found = wheels.find(
        hand.table(swing_deg=np.convolve(push, np.exp(-np.arange(300) / 70.0) / 70.0)[:3000]), train=TRAIN
    )
    assert found.passings and not found.parts
    assert any(270.0 < hit.start_s < 300.0 for hit in found.passings)
    assert any(line.startswith("centre wheel: 5 h") for line in found.untested)


def test_few_beats_are_an_answer() -> None:
    found = wheels.find(hand.table(beats=40), train=TRAIN)
    assert not found.parts and found.advice
    with pytest.raises(ValueError, match="alarm"):
        wheels.find(hand.table(beats=40), alarm=0.0)


def test_an_average_cycle_keeps_its_part_and_loses_the_drift() -> None:
    values = hand.ripple(1.0, 50.0, 1000, 0.0) + np.linspace(-20.0, 20.0, 1000)
    turn = cycles.average(values, 50.0)
    assert turn.raster.shape == (20, 50)
    assert np.abs(turn.mean - hand.ripple(1.0, 50.0, 50, 0.0)).max() < 0.15


def test_a_ripple_shows_in_spans_from_unlockings_too_faint_to_time_beats_by() -> None:
    table = hand.table(swing_deg=hand.ripple(3.0, 300.0))
    nothing = np.full(len(table), np.nan)
    span = table.bank_s - table.time_s
    span[::9] = np.nan
    blind = replace(table, lock_s=nothing, bank_s=nothing, impulse_s=nothing, amplitude_deg=nothing)
    found = wheels.find(replace(blind, faint_span_s=span), train=TRAIN)
    part = next(p for p in found.parts if p.of == "amplitude")
    assert _names(found) == {"fourth wheel"} and part.unit == "%" and not found.advice
    assert part.size.low < 100.0 * 3.0 / 270.0 < part.size.high
    assert not wheels.find(blind, train=TRAIN).parts  # the times of the beats alone do not show it


def test_a_floor_follows_a_memory_as_closely_as_it_says() -> None:
    rng = np.random.default_rng(5)
    n, memory, bins = 3000, np.exp(-1.0 / 100.0), np.array([8, 30, 300])
    truth = np.log(1.0 / np.abs(1.0 - memory * np.exp(-2j * np.pi * bins / n)) ** 2)
    off = []
    for _ in range(40):
        drawn = rng.standard_normal(n + 800)
        series = np.convolve(drawn, memory ** np.arange(800), "full")[800 : 800 + n]
        tapered = series * np.hanning(n + 2)[1:-1] * np.sqrt(8.0 / 3.0)
        found = floor.smooth(np.abs(np.fft.rfft(tapered)) ** 2 / n, np.array([8, 9]))
        # a Hann taper leaves about half as many independent bins as are counted
        off.append((np.log(found.level[bins]) - truth) / np.sqrt(2.0 * found.doubt[bins]))
    assert np.all(np.abs(np.mean(off, axis=0)) < 0.8)
    assert np.all(np.sqrt(np.mean(np.square(off), axis=0)) < 1.5)
    white = floor.whitened(found.level, series)
    power = np.abs(np.fft.rfft(white)) ** 2 / n
    assert np.mean(power[5:50]) == pytest.approx(1.0, abs=0.45)
    assert np.mean(power[700:]) == pytest.approx(1.0, abs=0.1)


def test_a_line_is_neither_learnt_by_the_floor_nor_lowered_by_it() -> None:
    rng = np.random.default_rng(6)
    series = rng.standard_normal(3000)
    lines_at = np.array([10.0, 13.3]) / 3000.0
    clear = lines.whiten(series, beside=lines_at)
    loud = lines.whiten(series + hand.ripple(0.2, 300.0) + hand.ripple(0.2, 3000.0 / 13.3), beside=lines_at)
    assert clear is not None and loud is not None
    assert loud.floor[5:40] == pytest.approx(clear.floor[5:40], rel=0.1)
    assert loud.ratio(lines_at)[0] == pytest.approx(0.2**2 * 3000 / 4.0, rel=0.5)
    assert float(loud.freedom(lines_at[:1])[0]) < float(loud.freedom(np.array([0.1]))[0])


def test_a_floor_is_known_the_better_the_more_of_it_memory_and_noise_explain() -> None:
    rng = np.random.default_rng(7)
    bins, at = np.arange(2401), [10, 20, 60, 200]
    memory = 1.0 / (1.0 + (bins / 10.0) ** 2) + 1e-3
    bump = memory * (1.0 + 12.0 * np.exp(-0.5 * (np.log(np.maximum(bins, 1) / 60.0) / 0.3) ** 2))
    plain, beside = [], []
    for drawn in rng.exponential(size=(20, len(bins))):
        for truth, found in ((memory, plain), (bump, beside)):
            told = floor.smooth(truth * drawn, np.array([10]))
            found.append((np.log(told.level / truth)[at], told.doubt[at]))
    off, doubt = np.mean(plain, axis=0)
    assert doubt[0] < 0.06 and doubt[1] < 0.02  # of pieces alone bins nearby would tell 0.05 to 0.06 at both
    assert np.all(np.std([one[0] for one in plain], axis=0) < 1.3 * np.sqrt(doubt)) and np.all(np.abs(off) < 0.15)
    off, doubt = np.mean(beside, axis=0)
    assert doubt[1] > 0.04 and np.all(np.abs(off) < 0.4)  # of a factor of six at bin 60


def test_a_span_that_serves_twice_is_counted_once() -> None:
    table = hand.table(swing_deg=hand.ripple(3.0, 300.0))
    nothing = np.full(len(table), np.nan)
    locks = replace(table, bank_s=nothing, amplitude_deg=nothing)
    p = {part.of: part.p for part in wheels.find(locks, train=TRAIN).parts if part.wheel == "fourth wheel"}
    assert p["amplitude"] == pytest.approx(p["landing"], rel=1e-6)
    both = {part.of: part.p for part in wheels.find(table, train=TRAIN).parts if part.wheel == "fourth wheel"}
    assert both["amplitude"] != pytest.approx(both["landing"], rel=1e-6)
