"""What stands out, in text, as JSON and on the page; and which train a user means."""

from __future__ import annotations

import json

import beat_tables as hand
import pytest

from heartwright.cli import catalogue, oddly, report_wheels, trains_of
from heartwright.cli.console import Refused
from heartwright.listen.findings import allan
from heartwright.listen.periods import trains, wheels
from heartwright.records import Extra, Leapt, Mark, Reading

TRAIN = trains.read("centre 80/12, third 60/10, fourth 70/8, escape 15/7")


def _reading() -> Reading:
    table = hand.table(beats=1600, landing_ms=hand.tooth(0.06, 15, 1600))
    return Reading(
        "ok", (), 320.0, beats=1600, table=table, escapement="lever", allan=allan.of_table(table),
        wheels=wheels.find(table, train=TRAIN), marks=(Mark(12.0, "late", 1e-6, 1.5), Mark(40.0, "missed", 0.4)),
        extras=(Extra("guard", "A sound between the beats.", 80.0, 4.0, 1e-3, (1.0, 2.0)),),
    )  # fmt: skip


def test_the_lines_name_wheel_period_and_chance() -> None:
    text = "\n".join(f"{label} {line}" for label, line in oddly.lines(_reading()))
    assert "escape wheel, 6 s (30 beats): landing" in text and "where to look" in text
    assert "a beat 1.5 ms late at 12.00 s (chance: below 1 in 10,000 takes)" in text
    assert "likelier than a beat left out" in text and "At 40.0 s" in text
    assert "too short for" in text and "centre wheel: 5 h needed" in text
    assert oddly.lines(Reading("ok", (), 1.0)) == []


def test_a_leap_is_told_of_all_beats_after_it() -> None:
    marks, leaps = (Mark(9.0, "leap", 1e-9, -21.3),), (Leapt(8.9, 21.3, 0.02),)
    reading = Reading("ok", (), 20.0, marks=marks, leaps=leaps)
    ((_, text),) = oddly.lines(reading)
    assert text.startswith("all beats from 9.00 s on 21.3 ms early")
    assert oddly.payload(reading)["leaps"] == [{"time_s": 8.9, "early_ms": 21.3, "half_width_ms": 0.02}]


def test_the_object_is_plain_json_with_its_keys() -> None:
    found = json.loads(json.dumps(oddly.payload(_reading()), allow_nan=False))
    assert found["wheels"]["parts"][0]["wheel"] == "escape wheel"
    assert len(found["wheels"]["parts"][0]["cycle"]) == 30
    assert len(found["allan"]["tau_s"]) == len(found["allan"]["floor"])
    assert found["marks"][1] == {"time_s": 40.0, "kind": "missed", "p": 0.4, "off_ms": None}
    assert oddly.payload(Reading("ok", (), 1.0))["wheels"] is None


def test_the_page_shows_cycle_raster_and_wander() -> None:
    titles = {title: body for title, _, body in report_wheels.sections(_reading())}
    assert set(titles) == {"What stands out", "Escape wheel: landing", "Wander"}
    assert titles["Escape wheel: landing"].count("<svg") == 2
    assert "±" in titles["What stands out"]
    assert report_wheels.sections(Reading("ok", (), 1.0)) == []


def test_a_train_comes_from_counts_a_design_or_the_table() -> None:
    assert trains_of.told("escape 15/7").text == "escape 15/7"
    assert trains_of.told("watch-6497").text == TRAIN.text
    with pytest.raises(Refused, match="neither tooth counts"):
        trains_of.told("my-watch")
    with pytest.raises(Refused, match="no escape wheel"):
        trains_of.told("fourth 70/8")
    found = {m.name: trains_of.of_movement(m) for m in catalogue.movements()}
    assert found["ETA/Unitas 6497-1 / 6498-1"] == TRAIN
    assert found["ETA 2824-2"] is None
