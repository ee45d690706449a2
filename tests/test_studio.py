"""The server of the studio, over real sockets: who is let in, what is refused and survived, what everybody sees."""

from __future__ import annotations

import json
import math
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from studio_bench import Bench, Line, wait_for
from websockets.exceptions import ConnectionClosed, InvalidStatus

from heartwright.cli.hearing import find
from heartwright.studio import uploads
from heartwright.studio.frames import Poses, read_sound
from heartwright.studio.guard import Pace
from heartwright.studio.people import People


@pytest.fixture(scope="module", name="bench")
def _bench() -> Iterator[Bench]:
    bench = Bench(("heart", "watch-6497")).start()
    with bench.line() as line:
        line.live()
    wait_for(lambda: len(bench.session.shelf.going) == 2, 600.0)
    yield bench
    bench.stop()


@pytest.fixture(name="quiet")
def _quiet(bench: Bench) -> Iterator[Bench]:
    """The bench with everything put back afterwards."""
    yield bench
    with bench.line() as line:
        line.ask("speed", value=1.0)
        line.ask("go")
        line.ask("focus", work=0)
        while line.ask("undo")["type"] == "done":
            pass


def _get(bench: Bench, path: str, **more: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{bench.port}{path}", headers=more, timeout=30.0)


# ------------------------------------------------------------------------------------------ coming in


def test_the_greeting_says_all_that_there_is(bench: Bench) -> None:
    with bench.line() as line:
        hello = line.message("hello")
    assert (hello["role"], hello["focus"], hello["sample_rate"], hello["block"]) == ("maker", 0, 48_000, 1024)
    assert [work["design"] for work in hello["works"]] == ["heart", "watch-6497"]
    assert len(hello["faults"]) >= 5
    assert len(hello["touches"]) >= 5
    assert {"lock_deg", "draw_deg", "drop_deg"} == set(hello["sliders"])
    assert hello["scenarios"][0]["name"] == "the-short-dream"
    assert _get(bench, "/api/session").json()["works"] == hello["works"]


def test_poses_of_the_work_in_focus_come_without_gaps(bench: Bench) -> None:
    with bench.line() as line:
        line.live()
        frames = [line.poses(0) for _ in range(12)]
    for a, b in zip(frames, frames[1:], strict=False):
        assert a.dt_s == pytest.approx(1.0 / 240.0)
        assert b.t0_s == pytest.approx(a.t0_s + len(a.values) * a.dt_s, abs=1e-9)
        assert np.max(np.abs(b.values[0, :3] - a.values[-1, :3])) < 1.0
    assert frames[0].values.shape[1] == 3 + 10


def test_sound_comes_in_order_and_in_time(bench: Bench) -> None:
    with bench.line("/sound") as line:
        blocks = [read_sound(line.block()) for _ in range(40)]
    assert [b[0] for b in blocks] == list(range(blocks[0][0], blocks[0][0] + 40))
    steps = np.diff([b[2] for b in blocks]) * 48_000 / 1024
    assert steps.min() > 0.999  # a machine that others load gives time up: then a block begins later
    assert np.mean(steps < 1.001) > 0.8
    loud = np.concatenate([b[3] for b in blocks])
    assert 3_000 < np.max(np.abs(loud)) < 32_767


def test_foreign_pages_are_turned_away(bench: Bench) -> None:
    with pytest.raises(InvalidStatus), bench.line(origin="http://evil.example"):
        pass
    with bench.line(origin=f"http://127.0.0.1:{bench.port}") as line:
        assert line.message("hello")["role"] == "maker"
    assert _get(bench, "/api/session", origin="http://evil.example").status_code == 403
    assert _get(bench, "/", host="evil.example").status_code == 403
    posted = httpx.post(
        f"http://127.0.0.1:{bench.port}/api/recordings", content=b"x", headers={"origin": "http://evil.example"}
    )
    assert posted.status_code == 403


def test_a_wrong_token_is_told_and_let_go(bench: Bench) -> None:
    with bench.line(token="x" * 43) as line:
        assert "link" in line.message("refused")["reason"]
        with pytest.raises(ConnectionClosed):
            line.next()
    assert _get(bench, "/api/session?token=wrong").status_code == 401


def test_a_bench_with_a_token_asks_for_it_here_too() -> None:
    people = People(open_here=False)
    token = people.invite("maker")
    bench = Bench(("heart",), people).start()
    try:
        assert _get(bench, "/api/session").status_code == 401
        assert _get(bench, f"/api/session?token={token}").json()["role"] == "maker"
    finally:
        bench.stop()


def test_headers_keep_the_page_to_itself(bench: Bench) -> None:
    answer = _get(bench, "/")
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert _get(bench, "/static/../app.py").status_code == 404
    assert _get(bench, "/static/.stamp").status_code == 404
    assert _get(bench, "/static/%2e%2e%2fapp.py").status_code == 404


# ------------------------------------------------------------------------------------------ roles


def test_an_onlooker_sees_and_cannot_touch(bench: Bench) -> None:
    with bench.line() as maker:
        asked = maker.ask("invite", role="onlooker")
        assert asked["type"] == "invite"
        token = asked["url"].split("token=")[1]
        with bench.line(token=token) as line:
            assert line.message("hello")["role"] == "onlooker"
            for do, given in (
                ("touch", {"name": "press the follower"}),
                ("fault", {"name": "dry oil"}),
                ("speed", {"value": 2.0}),
                ("halt", {}),
                ("place", {"tilt_deg": 5.0}),
                ("dream", {}),
                ("invite", {"role": "maker"}),
                ("verdict", {}),
            ):
                answer = line.ask(do, **given)
                assert (answer["type"], answer["of"]) == ("refused", do)
                assert "maker" in answer["allowed"]
            assert line.ask("name", name="  Ada\n")["name"] == "Ada"
            assert line.ask("blind", text="it limps")["type"] == "done"
        posted = httpx.post(f"http://127.0.0.1:{bench.port}/api/recordings?token={token}", content=b"x")
        assert posted.status_code == 403


def test_a_critic_may_ask_for_the_verdict_and_no_more(bench: Bench) -> None:
    token = bench.session.people.invite("critic")
    with bench.line(token=token) as line:
        assert line.ask("verdict")["type"] == "done"
        assert line.ask("fault", name="dry oil")["type"] == "refused"


def test_two_onlookers_see_the_same(bench: Bench) -> None:
    tokens = [bench.session.people.invite("onlooker") for _ in range(2)]
    with bench.line(token=tokens[0]) as one, bench.line(token=tokens[1]) as two:
        seen: list[dict[float, bytes]] = [{}, {}]
        for line, frames in zip((one, two), seen, strict=True):
            line.live()
            for _ in range(15):
                frame = line.poses(0)
                frames[frame.t0_s] = frame.values.tobytes()
        common = set(seen[0]) & set(seen[1])
        assert len(common) > 5
        assert all(seen[0][t] == seen[1][t] for t in common)
        assert len(one.message("state")["people"]) >= 2


# ------------------------------------------------------------------------------------------ time


def test_time_is_slowed_halted_and_beaten_once(quiet: Bench) -> None:
    with quiet.line() as line:
        line.live()
        line.ask("speed", value=0.01)
        frame = line.until(lambda got: isinstance(got, Poses) and got.work == 0 and got.speed == pytest.approx(0.01))
        assert frame.dt_s == pytest.approx(0.01 / 240.0)
        line.ask("speed", value=1.0)
        line.ask("halt")
        before = line.message("state", halted=True)["time_s"]
        until = line.ask("beat")["until_s"]
        assert until == pytest.approx(before + 0.25, abs=0.1)
        after = line.message("state", halted=True)
        assert after["time_s"] == pytest.approx(until, abs=1e-6)
        assert line.message("state")["time_s"] == pytest.approx(until, abs=1e-6)


# ------------------------------------------------------------------------------------------ changing


def test_an_edit_shows_with_the_next_frames(quiet: Bench) -> None:
    """By state, not by the clock: the change is in the work before the answer, and in the second frame after it."""
    with quiet.line() as line:
        line.live()
        done = line.ask("fault", name="weak mainspring", severity=0.5)
        assert done["type"] == "done"
        frames = [line.poses(0) for _ in range(3)]
        ends = [f.t0_s + len(f.values) * f.dt_s for f in frames]
        assert ends[1] > done["time_s"]
        state = line.message("state")
        assert state["edits"][-1]["text"] == "Weak mainspring (0.5 of its torque lost)"
        assert state["repairs"] == [{"name": "new mainspring", "title": "Fit a new mainspring"}]


def test_a_fault_is_mended_and_undone(quiet: Bench) -> None:
    session = quiet.session
    with quiet.line() as line:
        line.live()
        before = session.shelf.going[0].live.design
        line.ask("fault", name="cracked outlet reed", severity=0.5)
        cracked = session.shelf.going[0].live.design
        assert cracked.pump is not None and cracked.pump.outlet.crack == 0.5
        line.ask("repair", name="new outlet reed")
        assert session.shelf.going[0].live.design == before
        line.ask("undo")
        assert session.shelf.going[0].live.design == cracked
        line.ask("undo")
        assert session.shelf.going[0].live.design == before
        for given in ({"name": "hiccups"}, {"name": "dry oil", "severity": 9.0}):
            answer = line.ask("fault", **given)
            assert answer["type"] == "refused"
            assert answer["reason"]


def test_sliders_move_the_escapement_as_one_thing_to_undo(quiet: Bench) -> None:
    with quiet.line() as line:
        line.live()
        for lock in (1.6, 1.7, 1.8):
            assert line.ask("slider", lock_deg=lock)["type"] == "done"
        assert len(line.message("state")["edits"]) == 1
        assert "is allowed" in line.ask("slider", lock_deg=9.9)["reason"]
        assert line.ask("slider")["type"] == "refused"


def test_a_touch_takes_its_time_and_tells_its_force(quiet: Bench) -> None:
    with quiet.line() as line:
        line.live()
        line.asked += 1
        line.socket.send(json.dumps({"do": "touch", "id": line.asked, "name": "press the follower", "amount": 1.5}))
        touched = line.message("touched")
        assert touched["force_n"] > 0.01
        work = quiet.session.shelf.going[0]
        assert touched["seconds"] > 0.5
        seen = [line.poses(0) for _ in range(8)]
        assert all(b.t0_s > a.t0_s for a, b in zip(seen, seen[1:], strict=False))
        assert seen[-1].t0_s < work.live.time, "what happens in a touch is seen at its own pace"
        wait_for(lambda: not work.ahead)


# ------------------------------------------------------------------------------------------ hearing


def test_the_sentence_names_what_was_heard(bench: Bench) -> None:
    with bench.line() as line:
        line.live()
        line.ask("blind", text="I hear nothing wrong")
        line.ask("verdict", work=1)
        told = line.message("sentence", work=1)
    assert told["text"].endswith(".")
    assert told["figures"]
    assert told["evidence_s"]
    assert set(told["words"]) == {"hesitant", "forced", "hollow"}
    assert len(told["reading"]["beats_table"]) > 80
    assert len(told["reading"]["fold"]["envelope"]) == 2
    clip = _get(bench, told["sound"])
    assert clip.content[:4] == b"RIFF"
    assert _get(bench, told["sound"], range="bytes=0-43").status_code == 206
    assert _get(bench, "/api/report/1").text == "<p>report"


def test_a_recording_is_taken_in_and_read(bench: Bench) -> None:
    with bench.line() as line:
        line.live()
        answer = httpx.post(
            f"http://127.0.0.1:{bench.port}/api/recordings",
            params={"name": "grandfather's.flac", "author": "Ada", "intent": "to keep time", "lift_deg": "44"},
            content=find("demo").read_bytes(),
            timeout=60.0,
        )
        assert answer.status_code == 200
        id = answer.json()["work"]
        works = line.message("state", works=bench.session.shelf.as_json())["works"]
        assert next(work for work in works if work["id"] == id)["author"] == "Ada"
        told = line.message("sentence", work=id)
        assert told["reading"]["amplitude_deg"]["value"] > 200.0
        assert line.ask("focus", work=id)["type"] == "done"
        assert line.ask("fault", name="dry oil")["type"] == "refused"
        assert line.ask("focus", work=0)["type"] == "done"


def test_what_is_no_sound_is_refused_with_the_reason(bench: Bench) -> None:
    for name, content in (("notes.wav", b"dear diary " * 400), ("empty.wav", b""), ("x" * 300, bytes(2000))):
        answer = httpx.post(
            f"http://127.0.0.1:{bench.port}/api/recordings", params={"name": name}, content=content, timeout=60.0
        )
        assert answer.status_code == 422
        assert len(answer.text) > 20
        assert "upload-" not in answer.text


def test_two_hundred_megabytes_are_refused_before_they_are_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what it declares: a part of it is let pass, so that the refusal can be read, and nothing of it is kept."""
    kept: list[object] = []
    monkeypatch.setattr(uploads, "LET_PASS", 2**20)
    monkeypatch.setattr(uploads, "receive", lambda *given: kept.append(given))
    head = f"POST /api/recordings?name=big.wav HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {200 * 2**20}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", bench.port), timeout=30.0) as line:
        line.sendall(head.encode() + bytes(2**20 + 2**17))
        answer = line.makefile("rb").readline()
    assert b" 413 " in answer
    assert not kept


def test_a_body_that_hides_its_length_is_cut_off(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 2**20)
    answer = httpx.post(
        f"http://127.0.0.1:{bench.port}/api/recordings?name=big.wav",
        content=(bytes(2**18) for _ in range(8)),
        timeout=30.0,
    )
    assert answer.status_code == 413


# ------------------------------------------------------------------------------------------ what is survived


def test_ten_thousand_random_messages_are_survived(bench: Bench) -> None:
    rng = random.Random(7)
    seeds = ['{"do":"speed","value":1}', '{"do":"halt"', "[]", "{}", "null", '{"do":"touch","name":"\\ud800"}', "\x00"]
    with bench.line() as line:
        line.live()
        for i in range(10_000):
            if i % 3 == 0:
                line.socket.send(rng.randbytes(rng.randrange(1, 60)))
            elif i % 3 == 1:
                text = rng.choice(seeds)
                line.socket.send(text[: rng.randrange(len(text) + 1)] + chr(rng.randrange(32, 0x2000)))
            else:
                line.socket.send(json.dumps({"do": "".join(rng.choices("abcdefgh", k=5)), "id": i}))
        line.until(lambda got: isinstance(got, dict) and "left out" in got.get("reason", ""))
        line.asked = 20_000
        wait_for(lambda: _answers(line), 120.0)
    assert _get(bench, "/api/session").status_code == 200


def _answers(line: Line) -> bool:
    """Whether a command is done now; one that comes behind too many others may be left out unanswered."""
    try:
        return bool(line.ask("name", patience=1.0, name="still here")["type"] == "done")
    except (TimeoutError, AssertionError):
        return False


def test_a_message_that_is_too_long_cuts_the_line_and_no_other(bench: Bench) -> None:
    with bench.line() as other, bench.line() as line:
        line.live()
        with pytest.raises(ConnectionClosed):
            line.socket.send("x" * 200_000)
            for _ in range(2000):
                line.next()
        assert other.ask("name", name="unmoved")["type"] == "done"


def test_a_dropped_line_loses_nothing(quiet: Bench) -> None:
    with quiet.line() as line:
        line.live()
        line.ask("fault", name="out of beat", severity=2.0)
        line.socket.socket.close()  # the cable, not the handshake
    with quiet.line() as line:
        state = line.live()
        assert [edit["text"] for edit in state["edits"]] == ["Out of beat (2 deg)"]
    wait_for(lambda: len(quiet.session.people.here) == 0)


def test_a_work_that_cannot_go_on_leaves_the_others_alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seconds: float) -> None:
        raise RuntimeError("the log is full")

    work = bench.session.shelf.going[1]
    with bench.line() as line:
        line.live()
        monkeypatch.setattr(work.live, "advance", broken)
        assert "the log is full" in line.message("refused", of="going on")["reason"]
        before = line.poses(0).t0_s
        assert line.poses(0).t0_s > before
    monkeypatch.undo()
    work.failed = ""


def test_what_a_late_comer_missed_is_told(bench: Bench) -> None:
    with bench.line() as line:
        figures = line.message("figures")
    assert len(figures["beats"]) > 50


def test_the_server_stops_cleanly_with_people_in_it() -> None:
    bench = Bench(("heart",)).start()
    folder = bench.session.hearing.folder.name
    with bench.line() as line, bench.line("/sound") as sound:
        line.live()
        sound.block()
        assert bench.stop() < 5.0
        with pytest.raises(ConnectionClosed):
            for _ in range(1000):
                line.next()
    assert not Path(folder).exists()


# ------------------------------------------------------------------------------------------ the dream


def test_a_dream_takes_the_stand_and_is_left(quiet: Bench) -> None:
    session = quiet.session
    with quiet.line() as line:
        line.live()
        before = session.shelf.going[0]
        assert line.ask("dream", scenario="../../etc/passwd")["type"] == "refused"
        assert line.ask("dream", scenario="the-short-dream", seed=3, critic="the-old-clockmaker")["type"] == "done"
        assert session.shelf.going[0].live.design.name == "heart-of-the-dream"
        assert line.message("dream")["phase"] == "silence"
        for do, given in (("fault", {"name": "dry oil"}), ("touch", {"name": "wind"}), ("place", {"tilt_deg": 5.0})):
            assert line.ask(do, **given)["type"] == "refused"
        play = session.dreaming.play
        assert play is not None and play.gaze["work"] is None
        play.time, play._phase_at, play._phase = 95.0, 95.0, 3  # the verdict: the presence looks at the heart
        line.message("dream", phase="verdict")
        assert line.ask("breathe")["type"] == "done"
        assert line.ask("act", name="wait")["type"] == "done"
        assert line.ask("act", name="leave")["type"] == "refused"  # not offered under the first gaze
        session.dreaming.play._end()  # type: ignore[union-attr]
        told = line.until(lambda got: isinstance(got, dict) and got.get("type") == "dream" and got.get("ending"))
        assert told["ending"]["record"]["seed"] == 3
        assert line.ask("act", name="wake")["type"] == "done"
        assert session.shelf.going[0] is before


def test_a_contest_needs_something_heard(quiet: Bench) -> None:
    with quiet.line() as line:
        line.live()
        quiet.session.hearing.heard.pop(0, None)
        assert "heard" in line.ask("contest", finding="beat error")["reason"]
        assert line.ask("breathe")["type"] == "done"


def test_a_rehearsal_stills_the_room_and_can_be_cancelled(quiet: Bench) -> None:
    with quiet.line() as line:
        line.live()
        assert line.ask("rehearse", name="press the follower", trials=400)["type"] == "done"
        still = line.message("state", rehearsing=True)
        assert line.message("state", rehearsing=True)["time_s"] == pytest.approx(still["time_s"], abs=0.05)
        assert line.ask("rehearse", name="wind")["type"] == "refused"
        line.message("rehearsal")
        assert line.ask("cancel")["type"] == "done"
        told = line.message("rehearsal", cancelled=True)
        assert told["total"] == 400
        assert set(told["alone"]["shares"]) == {"better", "unchanged", "worse", "ruined"}
        line.message("state", rehearsing=False)


# ------------------------------------------------------------------------------------------ the dense beat


def test_a_beat_is_told_dense_with_its_contacts(bench: Bench) -> None:
    told = _get(bench, "/api/beat/1").json()
    assert len(told["angles"]) > 1000
    names = [mark["name"] for mark in told["landmarks"]]
    assert names == ["unlock", "impulse", "drop", "lock", "bank", "draw"]
    times = [mark["t"] for mark in told["landmarks"]]
    assert times == sorted(times)
    assert all(told["t0"] - 1e-3 <= c["t"] <= told["t0"] + told["dt"] * len(told["angles"]) for c in told["contacts"])
    assert {"entry stone", "exit stone"} & {c["pair"] for c in told["contacts"]}
    stones = [math.hypot(c["x_m"], c["y_m"]) for c in told["contacts"] if "stone" in c["pair"]]
    radius = bench.session.shelf.going[1].live.design.escapement.wheel_radius
    assert np.allclose(stones, radius)
    assert _get(bench, "/api/beat/77").status_code == 404
    assert _get(bench, "/api/scene/0").json()["kind"] == "heart"


def test_a_fault_of_the_bench_is_told_and_the_line_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(work: object) -> None:
        raise RuntimeError("out of brass")

    monkeypatch.setattr(bench.session, "focus_on", broken)
    with bench.line() as line:
        assert "out of brass" in line.ask("focus", work=0)["reason"]
        assert line.ask("name", name="still here")["type"] == "done"


def test_what_costs_something_is_paced(bench: Bench) -> None:
    paces = bench.server.config.app.state.paces  # type: ignore[union-attr]
    kept, paces["heavy"] = paces["heavy"], Pace(a_second=1e-6, burst=3.0)
    codes = [_get(bench, "/api/report/77").status_code for _ in range(5)]
    paces["heavy"] = kept
    assert codes == [404, 404, 404, 429, 429]
