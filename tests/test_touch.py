"""Touches: what is meant, what the hand makes of it, what the contact makes of that; faults and their repairs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from heartwright.damage import reed
from heartwright.design import Design
from heartwright.edit import apply, undo
from heartwright.repair import faults, touch
from heartwright.repair.hand import Hand
from heartwright.works.live import Live

SURE = Hand("wrist", 10.0, 0.0, error=0.0)
PANIC = Hand("none", 1.0, 0.8)
CALM = Hand("wrist", 10.0, 0.1)


@pytest.fixture(scope="module", name="still_heart")
def _still_heart() -> Live:
    live = Live(Design.load("heart-of-the-dream"), seed=2, wind=0.35, poses_hz=0.0)
    live.advance(4.0)
    return live


@pytest.fixture(name="heart")
def _heart(still_heart: Live) -> Live:
    return still_heart.copy()


@pytest.fixture(scope="module", name="still_watch")
def _still_watch() -> Live:
    return Live(Design.load("watch-6497"), seed=2, poses_hz=0.0)


def test_every_fault_fits_its_kinds_and_every_repair_answers_it() -> None:
    assert len(faults.CATALOGUE) >= 6
    for name in ("heart", "watch-6497", "graham"):
        design = Design.load(name)
        for fault in faults.fitting(design):
            edits = fault.edits(design)
            assert edits, fault.name
            broken = apply(edits, design)
            assert apply(undo(edits), broken) == design, fault.name
            answered = [r.name for r in faults.repairs(broken, design)]
            assert set(fault.repairs) <= set(answered), (fault.name, answered)
            mended = apply(faults.repair_named(fault.repairs[0]).edits(broken, design), broken)
            assert not faults.repairs(mended, design), fault.name


def test_a_fault_out_of_range_or_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed"):
        faults.named("out of beat").edits(Design.load("heart"), 90.0)
    with pytest.raises(ValueError, match="happens to"):
        faults.named("thick pump oil").edits(Design.load("watch-6497"))
    with pytest.raises(ValueError, match="there are"):
        faults.named("rust")


def test_a_torn_reed_is_answered_by_a_new_one() -> None:
    design = Design.load("heart-of-the-dream")
    torn = apply(reed.torn(design), design)
    mended = apply(faults.repair_named("new outlet reed").edits(torn, design), torn)
    assert mended == design


def test_pressing_gently_does_nothing_and_force_is_what_the_contact_makes(heart: Live) -> None:
    done = touch.named("press the follower").perform(heart, 1.0, SURE, seed=1)
    assert done.edits == () and done.slip == ""
    assert 0.01 < done.force_n < 0.1  # the oil gives way: a slow finger meets its pressure and little else
    assert done.pieces and heart.status == "running"


def test_the_follower_breaks_the_reed_by_speed_not_by_travel(heart: Live) -> None:
    slow = touch.named("knock the follower").perform(heart.copy(), 0.1, SURE, seed=1)
    fast = touch.named("knock the follower").perform(heart.copy(), 1.0, SURE, seed=1)
    assert slow.edits == () and slow.force_n < fast.force_n
    assert 0.4 < fast.force_n < 3.0
    assert fast.edits and not fast.edits[0].reversible


def test_the_crack_closes_under_a_sure_hand_and_tears_under_a_heavy_one(heart: Live) -> None:
    close = touch.named("close the crack")
    sure = heart.copy()
    close.perform(sure, 0.75, SURE, seed=1)
    assert sure.design.pump.outlet.gape < 0.007  # type: ignore[union-attr]
    done = close.perform(heart, 1.5, SURE, seed=1)
    assert done.slip == "the outlet reed tore" and reed.is_torn(heart.design.pump.outlet)  # type: ignore[union-attr]
    assert heart.advance(3.0).beats.centre_s.size >= 10  # it beats on, and it does not bleed


def test_panic_tears_what_a_calm_supported_hand_spares(still_heart: Live) -> None:
    close = touch.named("close the crack")

    def torn(hand: Hand) -> int:
        return sum("tore" in close.perform(still_heart.copy(), None, hand, seed=s).slip for s in range(12))

    assert torn(CALM) == 0 and torn(PANIC) >= 3
    assert torn(Hand("none", 1.0, 0.8, error=0.0)) == 0  # the law of the hand cut: nothing is left to tear it


def test_a_neighbour_suffers_what_the_path_reaches(heart: Live) -> None:
    neighbour = touch.named("press the follower").neighbours(heart.design)[0]
    path = np.zeros((10, 3))
    assert neighbour.force(path) == 0.0
    path[5, 0] = neighbour.away + 0.6e-3
    force = neighbour.force(path)
    assert force == pytest.approx(0.6e-3 * 1000.0 * neighbour.stiffness / (1000.0 + neighbour.stiffness))
    lost = neighbour.spoil(heart.design, force)
    heart.change(lost)
    assert heart.design.pump.spring_force == 0.0  # type: ignore[union-attr]
    flow = next(w for w in heart.advance(8.0).waveforms if w.name == "outlet_flow").value
    assert float(np.mean(flow[-2000:])) < 0.5 * 0.14e-6  # without its spring the bellows does not fill


def test_setting_the_beat_is_as_good_as_the_hand(still_watch: Live) -> None:
    turn = touch.named("set the beat")
    sure = still_watch.copy()
    turn.perform(sure, 1.5, SURE, seed=1)
    assert math.degrees(sure.design.oscillator.collet_offset) == pytest.approx(1.5)  # type: ignore[union-attr]
    errors = [turn.perform(still_watch.copy(), 1.0, CALM, seed=s).amount - 1.0 for s in range(8)]
    assert 0.1 < float(np.std(errors)) < 20.0


def test_oil_and_wind_and_a_tooth(still_watch: Live) -> None:
    watch = still_watch.copy()
    watch.change(faults.named("dry oil").edits(watch.design, 0.5))
    dry = watch.design.escapement.pallet_friction
    touch.named("oil the pallets").perform(watch, 100.0, SURE, seed=1)
    assert watch.design.escapement.pallet_friction < dry
    watch.place(wind=0.5)
    touch.named("wind").perform(watch, 0.3, SURE, seed=1)
    assert watch.wind == pytest.approx(0.8, abs=0.01)
    watch.change(faults.named("bent tooth").edits(watch.design, 0.4))
    touch.named("straighten a tooth").perform(watch, -0.4, SURE, seed=1)
    assert watch.design.escapement.bent_teeth[3] == pytest.approx(0.0, abs=1e-9)


def test_a_touch_that_does_not_fit_is_refused_before_it_is_done(still_watch: Live) -> None:
    watch = still_watch.copy()
    with pytest.raises(ValueError, match="is a modern lever"):
        touch.named("close the crack").perform(watch, None, CALM, seed=1)
    with pytest.raises(ValueError, match="allowed"):
        touch.named("set the beat").perform(watch, 45.0, CALM, seed=1)
    with pytest.raises(ValueError, match="there are"):
        touch.named("kiss it")
    assert watch.time == still_watch.time
