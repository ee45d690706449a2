"""Series made whole: gaps and wild values lie where their neighbours have them, all else stays as it was."""

from __future__ import annotations

from dataclasses import replace

import beat_tables as hand
import numpy as np
import pytest

from heartwright.listen.periods import trains, wheels
from heartwright.listen.periods.whole import whole
from heartwright.records import Floats

TRAIN = trains.read("centre 80/12, third 60/10, fourth 70/8, escape 15/7")
COUNT = 3000
SIDES = np.where(np.arange(COUNT) % 2 == 0, 1.0, -1.0)[:, None]


def _swing(rng: np.random.Generator) -> Floats:
    """A level with a memory of 70 beats and a scatter of one."""
    memory = np.exp(-1.0 / 70.0)
    drawn = rng.standard_normal(COUNT + 700) * np.sqrt(1.0 - memory**2)
    return np.asarray(np.convolve(drawn, memory ** np.arange(700), "full")[700 : 700 + COUNT])


def _wild(rng: np.random.Generator, share: float) -> Floats:
    """What is wrong with so many of the odd beats: 2 too small each."""
    return np.where((np.arange(COUNT) % 2 == 1) & (rng.random(COUNT) < share), -2.0, 0.0)


def test_wild_values_of_one_side_and_gaps_are_put_where_neighbours_have_them() -> None:
    rng = np.random.default_rng(1)
    level, noise = _swing(rng), 0.1 * rng.standard_normal(COUNT)
    wild, gap = _wild(rng, 0.4), rng.random(COUNT) < 0.1
    made = whole(np.where(gap, np.nan, level + noise + wild), SIDES)
    right = (wild == 0.0) & ~gap
    off = made - level - noise
    off -= np.where(np.arange(COUNT) % 2 == 1, np.median(off[1::2]), np.median(off[::2]))
    assert np.mean(np.abs(off[right]) < 1e-6 + 0.02) > 0.9  # what is right stays, but for its side's own mean
    assert np.std(off[wild != 0.0]) < 0.35 and np.abs(np.mean(off[wild != 0.0])) < 0.8  # of 2
    assert np.std((made - level)[gap]) < 0.35  # its level is known no better than two neighbours tell it


def test_wild_values_are_no_wheel() -> None:
    named = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        table = hand.table(seed=seed)
        span = table.bank_s - table.time_s + 1.7e-4 * 0.5 * _wild(rng, 0.4)
        nothing = np.full(len(table), np.nan)
        faint = replace(table, lock_s=nothing, bank_s=nothing, amplitude_deg=nothing, faint_span_s=span)
        named += [part.wheel for part in wheels.find(faint, train=TRAIN, alarm=0.02).parts]
    assert not named  # of twelve takes one in 0.2 would have something; a level that follows what recurs names eight


def test_series_without_scatter_are_an_answer() -> None:
    flat = np.zeros(COUNT)
    assert np.all(whole(flat, SIDES) == 0.0)
    flat[::7] = np.nan
    assert np.all(whole(flat + 3.0, np.ones((COUNT, 1))) == pytest.approx(3.0))
    assert np.all(np.isfinite(whole(np.where(np.arange(COUNT) == 5, np.nan, hand.ripple(1.0, 300.0)), SIDES)))


def test_a_wheel_shows_though_a_side_is_often_heard_wrongly() -> None:
    rng = np.random.default_rng(3)
    table = hand.table(swing_deg=hand.ripple(3.0, 300.0))
    nothing = np.full(len(table), np.nan)
    span = table.bank_s - table.time_s + 1.7e-4 * 0.5 * _wild(rng, 0.4)
    span[rng.random(len(span)) < 0.1] = np.nan
    faint = replace(table, lock_s=nothing, bank_s=nothing, impulse_s=nothing, amplitude_deg=nothing, faint_span_s=span)
    assert {part.wheel for part in wheels.find(faint, train=TRAIN).parts} == {"fourth wheel"}
