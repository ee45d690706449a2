"""Edits: apply, undo, compose, and what they refuse."""

from __future__ import annotations

import math

import pytest

from heartwright import Design, Edit, edit


@pytest.fixture(name="design", scope="module")
def _design() -> Design:
    return Design.load("watch-6497")


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("escapement.lock", "2 deg"),
        ("train.arbors.2.pinion", 9),
        ("train.barrel.curve_torque.8", "3.3 mN m"),
        ("escapement.bent_teeth.3", "0.3 deg"),
        ("escapement.missing_teeth", (2,)),
        ("sound.gains.entry stone", "-3 dB"),
        ("beat_rate", "18100 bph"),
        ("title", "another"),
    ],
)
def test_undo_is_the_inverse(design: Design, path: str, new: object) -> None:
    change = Edit.of(design, path, new)
    changed = change.apply(design)
    assert changed != design
    assert change.undo().apply(changed) == design


def test_values_may_be_text_or_si(design: Design) -> None:
    by_text = Edit("escapement.lock", "1.75 deg", "2 deg").apply(design)
    by_number = Edit("escapement.lock", math.radians(1.75), math.radians(2.0)).apply(design)
    assert by_text.escapement == by_number.escapement


def test_apply_checks_the_old_value(design: Design) -> None:
    with pytest.raises(edit.EditError, match="the edit expects"):
        Edit("escapement.lock", "1.5 deg", "2 deg").apply(design)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("escapement.lok", "Did you mean 'lock'"),
        ("escapment.lock", "Did you mean 'escapement'"),
        ("train.arbors.7.pinion", "0 to 2"),
        ("escapement.lock.deep", "nothing lies below"),
        ("train..arbors", "not a path"),
        ("", "not a path"),
    ],
)
def test_unknown_paths(design: Design, path: str, said: str) -> None:
    with pytest.raises(edit.EditError) as caught:
        Edit.of(design, path, 1)
    assert said in str(caught.value)


def test_the_result_is_validated(design: Design) -> None:
    with pytest.raises(ValueError, match="teeth cannot mesh"):
        Edit.of(design, "escapement.lock", "20 deg")
    with pytest.raises(ValueError, match="must be greater than 0"):
        Edit.of(design, "oscillator.inertia", -1e-9)


def test_metal_cannot_be_undone(design: Design) -> None:
    filed = Edit.of(design, "escapement.entry_depth", "-10 um", reversible=False)
    with pytest.raises(edit.EditError, match="cannot be undone"):
        filed.undo()


def test_compose_merges_and_drops(design: Design) -> None:
    deeper = Edit.of(design, "escapement.lock", "2 deg")
    deepest = Edit.of(deeper.apply(design), "escapement.lock", "2.2 deg")
    softer = Edit.of(design, "oscillator.q", 200)
    merged = edit.compose([deeper, softer, deepest])
    assert [e.path for e in merged] == ["escapement.lock", "oscillator.q"]
    assert edit.apply(merged, design) == edit.apply([deeper, softer, deepest], design)
    assert edit.compose([deeper, deeper.undo()]) == ()
    assert edit.apply(edit.undo(merged), edit.apply(merged, design)) == design
    with pytest.raises(edit.EditError, match="do not join"):
        edit.compose([deeper, Edit.of(design, "escapement.lock", "3 deg")])
