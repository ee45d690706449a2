"""The dream: a test for each of its laws that fails when the law is cut; endings by state; records that replay."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from heartwright.cli import main
from heartwright.damage import reed
from heartwright.dream import (
    Critic,
    Laws,
    Play,
    Refused,
    Scenario,
    ScenarioError,
    bundled,
    hearing,
    heart,
    policy,
    replay,
)
from heartwright.dream.ending import NAMES, decide
from heartwright.dream.gaze import Gaze
from heartwright.records import Trace
from heartwright.sound import discord
from heartwright.works.live import Live


@pytest.fixture(scope="module", name="begun")
def _begun() -> Live:
    return heart(4, poses_hz=0.0)


def _scenario(*phases: dict[str, Any]) -> Scenario:
    return Scenario.model_validate({"name": "t", "title": "t", "phase": list(phases)})


CALM = {"name": "calm", "seconds": 4.0}
WATCHED = {"name": "watched", "seconds": 40.0, "critic": True, "gaze": "heart",
           "choices": ["breathe", "touch", "contest", "wait", "leave"]}  # fmt: skip


def _go(play: Play, seconds: float) -> list[Trace]:
    out: list[Trace] = []
    until = play.time + seconds
    while play.time < until - 1e-9 and play.ending is None:
        out += play.step(0.5)
    return out


def _wave(pieces: list[Trace], name: str) -> np.ndarray:
    return np.concatenate([w.value for p in pieces for w in p.waveforms if w.name == name])


# ------------------------------------------------------------------------------------------------------ the laws


def _leaning(live: Live, phase: dict[str, Any], laws: Laws) -> list[Trace]:
    play = Play(live.copy(), _scenario(CALM, phase), critic="", ears=False, laws=laws)
    return _go(play, 4.0 + phase["seconds"] - 0.5)


def test_the_floor_tilts_and_the_oil_stands_against_its_pump(begun: Live) -> None:
    tilted = {"name": "tilt", "seconds": 5.0, "tilt_deg": 12.0}
    flat = _wave(_leaning(begun, {"name": "tilt", "seconds": 5.0}, Laws()), "artery_pressure")
    leans = _wave(_leaning(begun, tilted, Laws()), "artery_pressure")
    cut = _wave(_leaning(begun, tilted, Laws(tilt=0.0)), "artery_pressure")
    assert float(np.abs(leans - flat).max()) > 15.0  # 3 cm of oil at 12 degrees are 49 Pa
    assert float(np.abs(cut - flat).max()) < 1e-6


def test_the_cold_thickens_the_oil_and_the_stroke_comes_later(begun: Live) -> None:
    cold = {"name": "cold", "seconds": 6.0, "temperature_c": 16.0}

    def landed(laws: Laws, phase: dict[str, Any]) -> float:
        ends = [h.time_s for p in _leaning(begun, phase, laws) for h in p.happenings if h.kind == "landing"]
        return ends[-1]

    warm = landed(Laws(), {"name": "cold", "seconds": 6.0})
    assert landed(Laws(), cold) > warm + 0.02
    assert landed(Laws(cold=0.0), cold) == pytest.approx(warm, abs=1e-9)


def test_the_gaze_raises_arousal_and_arousal_the_hand(begun: Live) -> None:
    def dreamt(laws: Laws, critic: str | None = None) -> Play:
        play = Play(begun.copy(), _scenario(CALM, WATCHED), critic=critic, ears=False, laws=laws)
        _go(play, 34.0)
        return play

    watched, cut, alone = dreamt(Laws()), dreamt(Laws(gaze=0.0)), dreamt(Laws(), critic="")
    assert watched.arousal > 0.5 and cut.arousal == pytest.approx(0.05, abs=0.01) == alone.arousal
    assert watched.hand().rms_m() > 1.3 * cut.hand().rms_m()
    assert watched.hand().slowness > 1.4
    assert not dreamt(Laws(hand=0.0)).hand().path(1.0, 100.0, 1).any()


def _torn_by(begun: Live, laws: Laws, seeds: range) -> int:
    count = 0
    for seed in seeds:
        play = Play(begun.copy(), _scenario(CALM, WATCHED), seed=seed, ears=False, laws=laws)
        _go(play, 30.0 if seed == seeds[0] else 5.0)
        play.level = play.level.__class__(0.7)
        count += "tore" in play.act("touch", touch="close the crack").slip
    return count


def test_a_hand_without_error_breaks_nothing(begun: Live) -> None:
    assert _torn_by(begun, Laws(), range(6)) >= 1
    assert _torn_by(begun, Laws(hand=0.0), range(6)) == 0


def test_a_reed_that_cannot_break_does_not_end_it(begun: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def ending(seed: int) -> str:
        play = Play(begun.copy(), _scenario(CALM, {**WATCHED, "seconds": 12.0}), seed=seed, ears=False)
        _go(play, 6.0)
        play.act("touch", touch="close the crack", amount=1.5)
        _go(play, 30.0)
        assert play.ending is not None
        return play.ending.name

    assert ending(1) == "broken"
    monkeypatch.setattr(reed, "by_tool", lambda *a, **k: reed.Pressed(0.3, 3e-4, 0.0, ()))
    assert ending(1) != "broken"


def test_discord_is_measured_on_what_was_heard(begun: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    live = begun.copy()
    pieces = [live.advance(2.0) for _ in range(6)]
    heard = hearing.listen_to(pieces, live.design, seconds=12.0, lift_deg=50.0)
    block = np.asarray(heard.recording.samples[-round(4.0 * hearing.RATE_HZ) :], np.float64)
    play = Play(live, _scenario(CALM), critic="", ears=False)
    play.heard = heard
    assert play.room["discord"] == discord.of_sound(block, hearing.RATE_HZ) == 0.0  # it ticks; no hum is rough
    assert heard.verdict.sentences and heard.missed.intervals > 5
    t = np.arange(len(block)) / hearing.RATE_HZ
    buzzing = block + 0.1 * (np.sin(2 * np.pi * 300.0 * t) + np.sin(2 * np.pi * 320.0 * t))
    assert discord.of_sound(buzzing, hearing.RATE_HZ) > 0.01
    monkeypatch.setattr(discord, "pair", lambda f1, f2, a1=1.0, a2=1.0: np.zeros(np.shape(f1)))
    assert discord.of_sound(buzzing, hearing.RATE_HZ) == 0.0


def test_light_follows_the_energy_of_the_heart(begun: Live) -> None:
    play = Play(begun.copy(), _scenario({"name": "calm", "seconds": 60.0}), critic="", ears=False)
    _go(play, 25.0)
    going = play.room["light"]
    play.live.change(reed.torn(play.live.design))
    _go(play, 25.0)
    assert play.room["light"] < going - 0.1


# -------------------------------------------------------------------------------------------- throat, choice, gaze


def test_nothing_can_be_explained_until_the_throat_opens(begun: Live) -> None:
    play = Play(begun.copy(), _scenario(CALM, {**WATCHED, "seconds": 200.0}), ears=False)
    _go(play, 50.0)
    assert not play.throat_open
    with pytest.raises(Refused, match="throat"):
        play.act("contest")
    for _ in range(4):
        play.act("breathe")
    _go(play, 40.0)
    assert play.throat_open
    with pytest.raises(Refused, match="nothing was heard"):
        play.act("contest")


def test_an_act_out_of_its_time_is_refused(begun: Live) -> None:
    play = Play(begun.copy(), _scenario(CALM, WATCHED), ears=False)
    with pytest.raises(Refused, match="not now"):
        play.act("touch")
    with pytest.raises(Refused, match="no act"):
        play.act("pray")


def test_the_gaze_goes_from_the_oldest_to_the_newest_and_settles() -> None:
    gaze = Gaze([7, 8, 9])
    seen = [gaze.at("sweep", s)[0] for s in np.linspace(0.0, 0.99, 50)]
    assert list(dict.fromkeys(seen)) == [7, 8, 9]
    assert seen.count(9) > seen.count(7)
    assert gaze.at("heart", 0.5) == (9, 0.5) and gaze.at("none", 0.5) == (None, 0.0)
    assert gaze.felt("sweep", 0.9) > gaze.felt("sweep", 0.1) > 0.0 == gaze.felt("none", 0.1)


# ------------------------------------------------------------------------------------------------- scenario, critic


def test_the_bundled_dream_lasts_about_five_minutes_and_asks_its_question() -> None:
    scenario = Scenario.load("the-short-dream")
    assert 240.0 <= scenario.seconds <= 360.0
    assert any(p.question for p in scenario.phase) and any(p.verdict for p in scenario.phase)
    assert any(p.tilt_deg for p in scenario.phase) and min(p.temperature_c for p in scenario.phase) < 20.0
    assert {Critic.load(name).name for name in bundled("critics")}


def test_a_scenario_sets_nothing_inside_a_work(tmp_path: Any) -> None:
    bad = tmp_path / "bad.toml"
    for key in ("pump.outlet.crack = 0.9", "edits = []", "ending = 'broken'", "arousal_now = 1"):
        bad.write_text(f"name = 'x'\ntitle = 'x'\n[[phase]]\nname = 'a'\nseconds = 5\n{key}\n")
        with pytest.raises(ScenarioError, match="nothing inside a work"):
            Scenario.load(bad)
    bad.write_text("name = ")
    with pytest.raises(ScenarioError, match="not TOML"):
        Scenario.load(bad)
    with pytest.raises(ScenarioError, match="none of the bundled"):
        Critic.load("nobody")
    with pytest.raises(ScenarioError, match="no critic"):
        bad.write_text("name = 'x'\ntitle = 'x'\n[[phase]]\nname = 'a'\nseconds = 5\ngaze = 'heart'\n")
        Scenario.load(bad)


# ----------------------------------------------------------------------------------------------- endings, the record


def _piece(status: str = "running") -> Trace:
    live = heart(1, poses_hz=0.0)
    piece = live.advance(0.1)
    return (
        piece
        if status == "running"
        else Trace(**{n: getattr(piece, n) if n != "status" else status for n in Trace.__slots__})
    )


def test_every_ending_follows_from_a_state() -> None:
    live = heart(1, poses_hz=0.0)
    design, piece = live.design, live.advance(0.1)
    good = {"amplitude_deg": 280.0, "slips_back_percent": 3.0, "late_percent": 0.0}
    low = {**good, "late_percent": 40.0}
    torn = design
    for edit in reed.torn(design):
        torn = edit.apply(torn)

    def name(last: dict[str, float], *, now: Any = design, middle: dict[str, float] = good, of: Trace = piece) -> str:
        return decide(now, design, of, {"first": good, "low": middle, "last": last}, (), (), 0.5).name

    assert name(good) == "unchanged"
    assert name(good, middle=low) == "restored"
    assert name({**good, "slips_back_percent": 1.0}) == "truer than before"
    assert name(low) == "worse"
    assert name(good, now=torn) == "broken"
    assert name(good, of=_piece("stopped")) == "stopped"
    assert set(NAMES) == {"stopped", "broken", "worse", "unchanged", "restored", "truer than before"}


SHORT = (
    {"name": "before", "seconds": 6.0},
    {"name": "watched", "seconds": 8.0, "critic": True, "gaze": "heart", "choices": ["breathe", "touch", "wait"]},
    {"name": "after", "seconds": 8.0},
)


def test_a_record_dreams_the_same_dream_again() -> None:
    play = Play(heart(3, poses_hz=0.0), _scenario(*SHORT), seed=11, ears=False)
    _go(play, 8.0)
    play.act("breathe")
    _go(play, 1.0)
    play.act("touch", touch="close the crack", support="wrist", magnification=10.0)
    _go(play, 60.0)
    kept = json.loads(json.dumps(play.record()))
    again = replay(kept)
    assert again.record() == play.record() and again.ending == play.ending
    with pytest.raises(ValueError, match="version"):
        replay({**kept, "version": 0})


def test_policies_differ_by_hand_and_choice_alone(begun: Live) -> None:
    """Up to the touch all policies, and the control without a critic, have the very same heart."""
    long = _scenario(*SHORT)
    waves = []
    for name in policy.POLICIES:
        choose, critic = policy.chosen(name)
        play = Play(begun.copy(), long, seed=2, critic=critic, ears=False)
        waves.append(_wave(_go(play, 6.0), "chamber_pressure"))
        assert callable(choose)
    assert all(np.array_equal(waves[0], w) for w in waves[1:])
    with pytest.raises(ValueError, match="there are"):
        policy.chosen("brave")


def test_panic_touches_and_still_does_not(begun: Live) -> None:
    for name, touches in (("panic", 1), ("still", 0)):
        choose, critic = policy.chosen(name)
        play = policy.finish(Play(begun.copy(), _scenario(*SHORT), seed=2, critic=critic, ears=False), choose)
        assert len(play.told.touches) == touches and play.ending is not None
        assert 0.0 <= play.ending.composure <= 1.0


def test_a_fork_goes_its_own_way(begun: Live) -> None:
    play = Play(begun.copy(), _scenario(*SHORT), seed=2, ears=False)
    _go(play, 7.0)
    twin = play.fork()
    twin.act("touch", touch="close the crack", amount=1.5)
    assert not play.told.touches and play.live.design != twin.live.design
    assert play.as_json()["choices"] and json.dumps(play.as_json())


def test_a_heart_stepped_outside_is_followed(begun: Live) -> None:
    live = begun.copy()
    play = Play(live, _scenario(*SHORT), ears=False, places=False)
    while play.ending is None:
        play.step(0.25, [live.advance(0.25)])
    assert play.time == pytest.approx(22.0) and play.ending.name in NAMES


def test_the_command_dreams_a_file_and_keeps_its_record(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    file, kept = tmp_path / "short.toml", tmp_path / "kept.json"
    text = "name = 't'\ntitle = 't'\n[[phase]]\nname = 'a'\nseconds = 5\n"
    text += "[[phase]]\nname = 'b'\nseconds = 5\ncritic = true\ngaze = 'heart'\nchoices = ['touch']\n"
    file.write_text(text)
    assert main(["dream", str(file), "--policy", "panic", "--seed", "2", "--deaf", "--record", str(kept)]) == 0
    said = capsys.readouterr().out
    assert "You pressed the crack" in said or "You knocked" in said
    assert main(["dream", "--replay", str(kept), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again["ending"]["name"] == json.loads(kept.read_text())["ending"]["name"]
    assert main(["dream", "no-such-dream"]) == 2
    assert main(["dream", "--policy", "brave"]) == 2
