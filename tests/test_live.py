"""Works that go on: stepped in pieces they do what one run does; changes carry over; a finger meets its own law."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from heartwright.design import Design
from heartwright.edit import Edit, EditError
from heartwright.records import Trace
from heartwright.works import movement
from heartwright.works.live import Live


def pieces(live: Live, seconds: float, step: float = 1 / 30) -> list[Trace]:
    return [live.advance(step) for _ in range(round(seconds / step))]


def beats(told: list[Trace], name: str = "centre_s") -> np.ndarray:
    return np.concatenate([getattr(piece.beats, name) for piece in told])


@pytest.mark.parametrize(("name", "seconds"), [("heart", 6.0), ("watch-2824", 4.0), ("graham", 10.0)])
def test_pieces_are_one_run(name: str, seconds: float) -> None:
    """Every beat, impact and pose of a run in one go is told once, at the same time (to the stepper's error)."""
    told = pieces(Live(Design.load(name), seed=3), seconds)
    whole = movement.run(Design.load(name), seconds=seconds, seed=3, poses_hz=240.0)
    centre = beats(told)
    assert len(whole.beats) - 1 <= len(centre) <= len(whole.beats)
    np.testing.assert_allclose(centre, whole.beats.centre_s[: len(centre)], atol=1e-6)
    np.testing.assert_allclose(beats(told, "lock_s"), whole.beats.lock_s[: len(centre)], atol=3e-5)
    assert sum(len(p.impacts) for p in told) == pytest.approx(len(whole.impacts), rel=0.01)
    poses = np.concatenate([p.poses for p in told])
    np.testing.assert_allclose(np.diff(poses[:, 0]), 1 / 240, atol=6e-4)  # a pose falls on the end of a step
    assert told[-1].ledger.residual_ratio < 2e-4
    if name == "heart":
        waves = {w.name: w for w in told[100].waveforms}
        assert len(waves["chamber_pressure"].value) in (33, 34)
        assert told[-1].figures["strokes"] == pytest.approx(seconds, abs=1)


def test_a_change_carries_over_and_is_undone() -> None:
    """Out of beat by a collet, deeper by a stone, a tooth bent, and back: it keeps going and its books hold."""
    live = Live(Design.load("watch-6497"), seed=1)
    pieces(live, 1.0)
    edits = [
        Edit.of(live.design, "oscillator.collet_offset", "6 deg"),
        Edit.of(live.design, "escapement.lock", "2 deg"),
        Edit.of(live.design, "escapement.bent_teeth.3", "0.4 deg"),
    ]
    before = live.design
    live.change(edits)
    told = pieces(live, 4.0)
    unlock = beats(told, "unlock_s")[4:]
    side = beats(told, "side")[4:]
    later = np.diff(unlock)
    uneven = 0.5 * (later[side[1:] > 0].mean() - later[side[1:] < 0].mean())
    amplitude = beats(told, "amplitude_rad").mean()
    want = 2 * np.arcsin(np.radians(6.0) / amplitude) / (np.pi * live.design.beat_hz)
    assert abs(uneven) == pytest.approx(want, rel=0.06), "design section 6: 2 asin(d / A) / w"
    live.change([edit.undo() for edit in reversed(edits)])
    assert live.design == before
    assert live.status == "running"
    told = pieces(live, 2.0)
    assert told[-1].ledger.residual_ratio < 1e-4


def test_an_edit_that_does_not_fit_leaves_it_untouched() -> None:
    live = Live(Design.load("watch-6497"), seed=1)
    with pytest.raises(EditError):
        live.change([Edit("escapement.locks", 0.0, 1.0)])
    with pytest.raises(ValueError, match="follower"):
        live.hand(stiffness=1e3, at=lambda t: 0.0)
    assert len(beats(pieces(live, 1.0))) == 3


def test_cold_oil_stops_the_heart_and_warmth_lets_it_go_on() -> None:
    """At -40 C the oil is five times as thick: strokes come late, then the remontoire is spent."""
    live = Live(Design.load("heart"), seed=1)
    pieces(live, 1.0)
    live.place(temperature_c=-40.0)
    told = pieces(live, 60.0, 0.5)
    assert live.status == "stopped"
    assert "oil" in live.advice
    assert not len(told[-1].impacts)
    assert len(told[-1].poses) == 120, "it is still seen, standing"
    live.place(temperature_c=23.0)
    live.nudge(200.0)
    told = pieces(live, 8.0, 0.5)
    assert live.status == "running"
    assert len(beats(told)) > 24


def test_tilt_turns_gravity_under_a_pendulum() -> None:
    """Out of beat by the angle of the tilt, as its geometry says: beat error 2 asin(d/A)/w, halved for (t1 - t2)/2."""
    live = Live(Design.load("graham"), seed=1, dirt=False)
    pieces(live, 2.0)
    live.place(tilt_deg=0.2)
    told = pieces(live, 40.0, 0.5)
    centre, amplitude = beats(told, "centre_s"), np.mean(beats(told, "amplitude_rad"))
    gaps = np.diff(centre[6:])
    uneven = 0.5 * abs(gaps[::2].mean() - gaps[1::2].mean())
    want = 2 * np.arcsin(np.radians(0.2) / amplitude) / np.pi
    assert uneven == pytest.approx(want, rel=0.03)


def test_a_finger_presses_with_what_the_contact_makes_of_it() -> None:
    """Held against the bellows at rest the force is stiffness x depth; its work is in the books; lifted, it is gone."""
    live = Live(Design.load("heart"), seed=1)
    pieces(live, 0.5)
    begun = live.time

    def tip(t: float) -> float:
        return -1e-3 + 5e-3 * min((t - begun) / 0.2, 1.0)  # from above the follower to 4 mm, beyond the cam's 2.5

    live.hand(stiffness=800.0, damping=2.0, at=tip)
    told = pieces(live, 0.6)
    force = np.concatenate([w.value for p in told for w in p.waveforms if w.name == "hand_force"])
    bellows = np.concatenate([w.value for p in told for w in p.waveforms if w.name == "bellows"])
    pressure = np.concatenate([w.value for p in told for w in p.waveforms if w.name == "chamber_pressure"])
    assert force[0] == 0.0
    assert force[-50:].mean() == pytest.approx(800.0 * (4e-3 - bellows[-50:].mean()), rel=0.02)
    assert pressure.max() > 850.0, "by itself the pump makes 660 Pa at most"
    assert told[-1].ledger.residual_ratio < 1e-3
    live.hand(at=None)
    quiet = pieces(live, 0.5)
    assert max(w.value.max() for p in quiet for w in p.waveforms if w.name == "hand_force") == 0.0


def test_a_twin_is_independent_and_travels() -> None:
    live = Live(Design.load("watch-6497"), seed=1)
    pieces(live, 1.0)
    twin = pickle.loads(pickle.dumps(live.copy(poses_hz=0.0)))
    told = pieces(twin, 2.0)
    assert live.time == pytest.approx(1.0)
    assert not len(told[0].poses)
    np.testing.assert_allclose(beats(pieces(live, 2.0)), beats(told), atol=1e-6)


def test_tilt_sets_the_oil_against_its_pump() -> None:
    """The artery stands higher by 3 cm x sin(tilt), 78 Pa a cm: the stroke ends later, and the lift is in the books."""
    level, tilted = (
        movement.run(Design.load("heart"), seconds=12.0, seed=1, tilt_deg=tilt, dirt=False) for tilt in (0.0, 20.0)
    )
    assert level.ledger.spent_j["fall from the artery"] == 0.0
    lifted = (
        tilted.figures["stroke_cm3"]
        * 1e-6
        * tilted.figures["strokes"]
        * 800.0
        * 9.80665
        * 0.03
        * np.sin(np.radians(20))
    )
    assert tilted.ledger.spent_j["fall from the artery"] == pytest.approx(lifted, rel=0.03)
    assert 8.0 < tilted.figures["stop_ms"] - level.figures["stop_ms"] < 30.0
    assert tilted.ledger.residual_ratio < 2e-4
