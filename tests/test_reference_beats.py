"""Beats of works that do not tick: a gyroscope's precession, an orb's pulse, a web's lowest mode, and any swings."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from heartwright.works.galaxy import Galaxy
from heartwright.works.gyroscope import Gyroscope
from heartwright.works.reference import Reference, against
from heartwright.works.reference_beats import Rhythm, of_swings
from heartwright.works.web import Web


def test_a_gyroscope_s_beats_are_the_turns_of_its_precession() -> None:
    """Free of friction it keeps the closed form's pace, in step with a metronome of that pace."""
    toy = Gyroscope(seed=1001, rpm=6000.0, lean_deg=60.0, friction=False, imbalance=0.0, skew=0.0)
    turns_hz = abs(toy.figures()["precession"].value) / 360.0
    rhythm = Rhythm(toy)
    for _ in range(round(18.0 / turns_hz / 0.02)):
        toy.advance(0.02)
        rhythm.look()
    found = against(rhythm.beats(), Reference.metronome(60.0 * turns_hz))
    assert found.status == "ok" and 17 <= found.beats <= 19 and found.simple == (1, 1)
    assert found.ratio is not None and found.ratio.value == pytest.approx(1.0, abs=1e-4)
    assert found.allan is not None


def test_an_orb_s_beats_are_its_pulses() -> None:
    """A uniform sphere pulses on at the exact period of its energy [sridhar1989]."""
    orb = Galaxy("uniform", 800, 1002, pulse=0.08)
    period = 2.0 * np.pi * (0.3 / -orb._cluster.energy) ** 1.5 * orb.scale.second
    rhythm = Rhythm(orb)
    for _ in range(100):
        orb.advance(0.055 * period)
        rhythm.look()
    beats = rhythm.beats().time_s
    assert 5 <= len(beats) <= 6 and np.mean(np.diff(beats)) == pytest.approx(period, rel=0.03)


def test_a_web_s_beats_are_those_of_its_lowest_mode() -> None:
    places = np.c_[np.linspace(-0.3, 0.3, 7), np.zeros((7, 2))]
    web = Web(nx.path_graph(7), places=places, anchors=[0, 6], thinking_hz=0.0, tension=2.0, uneven=0.0)
    web.do("pluck")
    lowest = float(web.modes(1).frequency_hz[0])
    rhythm = Rhythm(web)
    for _ in range(round(40.0 * 20)):
        web.advance(1.0 / lowest / 20.0)
        rhythm.look()
    found = against(rhythm.beats(), Reference.metronome(60.0 * lowest))
    assert found.ratio is not None and found.ratio.value == pytest.approx(1.0, abs=0.01)


def test_swings_are_timed_between_looks_and_ripple_makes_no_beats() -> None:
    t = np.arange(0.0, 40.0, 0.05)
    beats = of_swings(t, 3.0 + 0.5 * np.sin(2 * np.pi * (t - 0.3)), name="swing")
    assert beats.name == "swing" and len(beats.time_s) == 40
    assert beats.time_s - np.round(beats.time_s - 0.3) == pytest.approx(0.3, abs=3e-3)
    rippled = of_swings(t, np.sin(2 * np.pi * (t - 0.3)) + 0.15 * np.sin(2 * np.pi * 9.0 * t))
    assert len(rippled.time_s) == 40 and np.all(np.abs(np.diff(rippled.time_s) - 1.0) < 0.1)


def test_what_stands_still_has_no_beats_and_bad_lists_are_refused() -> None:
    assert len(of_swings(np.arange(10.0), np.full(10, 2.0)).time_s) == 0
    assert len(of_swings(np.zeros(0), np.zeros(0)).time_s) == 0
    found = against(of_swings(np.arange(10.0), np.ones(10)), Reference.metronome(60.0))
    assert found.status == "no_beat"
    with pytest.raises(ValueError, match="one length"):
        of_swings(np.arange(3.0), np.arange(4.0))
