"""The parts of the studio that need no server: frames, people, commands, takes, instruments, guards."""

from __future__ import annotations

import asyncio
import json
import math
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from heartwright.cli import main
from heartwright.design import Design
from heartwright.edit import EditError
from heartwright.records import Beats, Interval, Trace
from heartwright.sound import render
from heartwright.studio import care, desk, guard, instruments, messages, takes, uploads
from heartwright.studio.clients import FRAMES_MOST, WORDS_MOST, Client, text_of
from heartwright.studio.frames import Poses, read_sound, sound_block
from heartwright.studio.hearing import Hearing
from heartwright.studio.people import LINKS_MOST, RIGHTS, ROLES, People, clean_text
from heartwright.studio.recorded import Recorded
from heartwright.works.live import Live


@pytest.fixture(scope="module", name="pieces")
def _pieces() -> list[Trace]:
    live = Live(Design.load("heart"), seed=1, poses_hz=240.0)
    return [live.advance(1.0 / 30.0) for _ in range(150)]


# ------------------------------------------------------------------------------------------ frames


def test_a_frame_of_poses_comes_back_as_it_went() -> None:
    values = np.arange(24, dtype=np.float32).reshape(8, 3)
    sent = Poses(7, 2, 1.5e9, 12.25, 1.0 / 240.0, 0.01, values)
    frame = sent.pack()
    assert len(frame) == 44 + 4 * 24
    back = Poses.unpack(frame)
    assert (back.work, back.n_rotor, back.sent_s, back.t0_s, back.dt_s) == (7, 2, 1.5e9, 12.25, 1.0 / 240.0)
    assert back.speed == pytest.approx(0.01)
    assert np.array_equal(back.values, values)


def test_a_frame_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="bytes"):
        Poses.unpack(b"\x01\x01")
    with pytest.raises(ValueError, match="version"):
        Poses.unpack(b"\x01\x02" + bytes(60))


def test_a_block_of_sound_comes_back() -> None:
    block = sound_block(2**32 + 5, 48_000, 3.5, np.array([[0.0, 0.5, -2.0], [1.0, 0.0, 0.25]]))
    sequence, rate, at, samples = read_sound(block)
    assert (sequence, rate, at) == (5, 48_000, 3.5)
    assert samples.tolist() == [[0, 32767], [16384, 0], [-32767, 8192]]
    with pytest.raises(ValueError, match="bytes"):
        read_sound(block[:20])
    with pytest.raises(ValueError, match="version 1"):
        read_sound(block[:1] + b"\x01" + block[2:])


# ------------------------------------------------------------------------------------------ people


def test_links_cannot_be_guessed_and_hold_their_role() -> None:
    people = People()
    tokens = {role: people.invite(role) for role in ROLES}
    assert all(len(token) >= 40 for token in tokens.values())
    assert {role: people.role_of(token, local=False) for role, token in tokens.items()} == {r: r for r in ROLES}
    assert people.role_of("x" * 43, local=True) is None
    assert people.role_of(None, local=True) == "maker"
    assert people.role_of("", local=False) is None
    assert People(open_here=False).role_of(None, local=True) is None


def test_links_are_bounded_and_short_tokens_refused() -> None:
    people = People()
    with pytest.raises(ValueError, match="guessed"):
        people.admit("secret", "maker")
    for _ in range(LINKS_MOST):
        people.invite("onlooker")
    with pytest.raises(ValueError, match="most"):
        people.invite("onlooker")


def test_rights_grow_from_onlooker_to_maker() -> None:
    assert RIGHTS["onlooker"] < RIGHTS["critic"] < RIGHTS["maker"]
    assert not RIGHTS["onlooker"] & {"touch", "fault", "speed", "place", "dream", "upload", "invite"}
    assert set(messages.KNOWN) | {"upload"} == RIGHTS["maker"]
    assert {kind.model_fields["do"].annotation.__args__[0] for kind in desk.DOERS} == set(messages.KNOWN)  # type: ignore


def test_names_are_one_clean_line() -> None:
    assert clean_text("  a\u202eb\n\tc\x00" + "x" * 99, 10) == "a b c xxxx"


# ------------------------------------------------------------------------------------------ commands


def test_commands_are_read_and_bounded() -> None:
    assert messages.read('{"do":"speed","id":3,"value":0.01}').id == 3
    for text, says in (
        ('{"do":"speed","value":21}', "20"),
        ('{"do":"speed","value":NaN}', "finite"),
        ('{"do":"fly"}', "no such command"),
        ('{"do":"halt","more":1}', "more"),
        ("[1, 2", "JSON"),
        ("[" * 5000, "JSON"),
        ("7", "object"),
        (json.dumps({"do": "blind", "text": "x" * 9999}), "2000"),
    ):
        with pytest.raises(messages.NotUnderstood, match=says):
            messages.read(text)


def test_what_is_no_command_still_tells_its_name() -> None:
    assert messages.what_it_was('{"do":"speed","id":4,"value":99}') == (4, "speed")
    assert messages.what_it_was("[[[") == (0, "message")
    assert messages.what_it_was('{"id":true,"do":3}') == (0, "message")


def test_a_slow_line_loses_old_frames_and_never_words() -> None:
    async def go() -> None:
        client = Client()
        for i in range(FRAMES_MOST + 20):
            client.show(bytes([i]))
        client.tell("word")
        got = await client.next()
        assert got[0] == "word"
        assert got[1] == bytes([20])
        assert client.lost == 20
        for _ in range(WORDS_MOST + 1):
            client.tell("word")
        assert client.closed
        assert await client.next() == []

    asyncio.run(go())


def test_messages_hold_no_number_that_json_has_not() -> None:
    assert text_of({"a": [1.0, math.nan, {"b": math.inf}]}) == '{"a":[1.0,null,{"b":null}]}'


# ------------------------------------------------------------------------------------------ takes


def test_pieces_joined_are_the_run(pieces: list[Trace]) -> None:
    take = takes.joined(pieces[30:])
    assert take.seconds == pytest.approx(4.0)
    assert take.figures["started_s"] == pytest.approx(1.0)
    assert take.impacts.time_s[0] >= 0.0
    assert np.all(np.diff(take.impacts.time_s) >= 0.0)
    assert len(take.beats) == 16
    assert np.all(np.diff(take.waveforms[0].time_s) > 0.0)
    assert len(render(take, rate_hz=48_000).samples) == 192_000


def test_a_piece_cut_and_joined_again_is_the_piece(pieces: list[Trace]) -> None:
    whole = takes.merged(pieces[:60])
    first, rest = takes.cut(whole, 0.777)
    assert first.seconds == pytest.approx(0.777)
    assert takes.started(rest) == pytest.approx(0.777)
    again = takes.merged([first, rest])
    assert np.array_equal(again.impacts.time_s, whole.impacts.time_s)
    assert np.array_equal(again.poses, whole.poses)
    assert again.happenings == whole.happenings
    assert np.array_equal(again.waveforms[2].value, whole.waveforms[2].value)
    with pytest.raises(ValueError, match="no pieces"):
        takes.merged([])


# ------------------------------------------------------------------------------------------ instruments


def _beats(times: np.ndarray) -> Beats:
    n, none = len(times), np.full(len(times), np.nan)
    side = np.where(np.arange(n) % 2, -1, 1)
    return Beats(times, side, np.full(n, 4.9), times, none, none, none, none)


def test_the_tape_reads_rate_and_beat_error_back() -> None:
    """A clock that gains 86.4 s a day (1e-3) with a beat error of 3 ms, and one beat missed."""
    k = np.arange(120)
    times = 5.0 + 0.25 / 1.001 * k + 1.5e-3 * np.where(k % 2, -1, 1)
    tape = instruments.Tape(0.25)
    tape.add(_beats(times[:60]))
    kept = _beats(times[61:])
    tape.add(replace(kept, side=np.where(np.arange(59) % 2, 1, -1)))
    assert [row[0] for row in tape.rows][58:62] == [58, 59, 61, 62]
    found = instruments.figures_of(tape.since(-np.inf), 0.25)
    rate, error = found["rate_s_per_day"], found["beat_error_ms"]
    assert isinstance(rate, Interval) and isinstance(error, Interval)
    assert rate.value == pytest.approx(86.4, abs=0.01)
    assert error.value == pytest.approx(3.0, abs=0.01)


def test_the_tape_draws_against_one_origin() -> None:
    tape = instruments.Tape(0.25)
    for i in range(20):
        tape.add(_beats(0.2501 * (100 * i + np.arange(100))))
    dots = tape.dots(all_of_them=True)
    assert dots[-1][1] == pytest.approx(1999 * 0.1, abs=1e-3)  # ms behind the nominal beat since the first
    assert len(tape.dots()) == len(dots)
    assert tape.dots() == []


def test_too_few_beats_have_no_figures() -> None:
    tape = instruments.Tape(0.25)
    tape.add(_beats(0.25 * np.arange(5)))
    assert set(instruments.figures_of(tape.since(-1.0), 0.25).values()) == {None}


# ------------------------------------------------------------------------------------------ sliders, uploads, guard


def test_sliders_are_edits_and_refuse_what_does_not_fit() -> None:
    design = Design.load("watch-6497")
    (edit,) = care.edits_for(design, {"lock_deg": 2.0})
    assert edit.new == pytest.approx(math.radians(2.0))
    assert len(care.edits_for(design, {"draw_deg": 13.0})) == 2
    with pytest.raises(EditError, match="lock"):
        care.edits_for(design, {"lock_deg": 40.0})
    with pytest.raises(EditError, match="draw"):
        care.edits_for(Design.load("graham"), {"draw_deg": 12.0})
    assert set(care.sliders(design, design)) == {"lock_deg", "draw_deg", "drop_deg"}
    assert set(care.sliders(Design.load("graham"), Design.load("graham"))) == {"lock_deg", "drop_deg"}


def test_sizes_are_refused_by_what_they_declare() -> None:
    assert uploads.refused_size(None) == "" == uploads.refused_size("1000")
    assert "200 MB" in uploads.refused_size(str(200 * 2**20))
    assert "cannot be" in uploads.refused_size("-5")


@pytest.mark.parametrize(
    ("headers", "loopback", "refused"),
    [
        ({"host": "127.0.0.1:8765"}, True, False),
        ({"host": "localhost:8765", "origin": "http://localhost:8765"}, True, False),
        ({"host": "[::1]:8765", "origin": "http://[::1]:8765"}, True, False),
        ({"host": "127.0.0.1:8765", "origin": "http://evil.example"}, True, True),
        ({"host": "127.0.0.1:8765", "origin": "http://127.0.0.1:9999"}, True, True),
        ({"host": "127.0.0.1:8765", "origin": "null"}, True, True),
        ({"host": "evil.example", "origin": "http://evil.example"}, True, True),
        ({"host": "bench.example", "origin": "https://bench.example"}, False, False),
        ({"host": "bench.example", "origin": "https://evil.example"}, False, True),
        ({}, True, True),
    ],
)
def test_hosts_and_origins(headers: dict[str, str], loopback: bool, refused: bool) -> None:
    assert bool(guard.refusal(headers, loopback=loopback)) is refused


def test_the_pace_is_kept() -> None:
    pace = guard.Pace(a_second=1e-6, burst=5.0)
    assert [pace.take() for _ in range(7)] == [True] * 5 + [False] * 2


# ------------------------------------------------------------------------------------------ the recorded heart


def test_the_recorded_heart_goes_on_and_needs_no_kernel() -> None:
    recorded = Recorded()
    assert recorded.seconds == pytest.approx(8.0)
    table, times = [], []
    for _ in range(int(9.0 * 30)):
        t0, dt, values, samples = recorded.next(1.0 / 30.0, 1600)
        assert len(samples) == 1600
        times += [t0 + i * dt for i in range(len(values))]
        table.append(values)
    angles = np.concatenate(table)
    assert np.allclose(np.diff(times), 1.0 / 240.0)
    wheel = angles[:, recorded.rotors.index("escape wheel")]
    assert np.max(np.abs(np.diff(wheel))) < 0.3, "the wheel jumps where the loop begins again"
    assert wheel[-1] - wheel[0] == pytest.approx(36 * math.pi / 16, rel=0.02)  # 36 beats of a wheel of 16 teeth
    assert not len(recorded.next(0.0, 1600)[2])


def test_the_recorded_heart_is_the_engines() -> None:
    made = (Path(__file__).parent.parent / "examples" / "make_recorded_heart.py").read_text("utf-8")
    assert 'GoingWork.start(0, Design.load("heart"), seed=SEED)' in made


def test_every_option_and_command_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent / "docs" / "studio.md").read_text("utf-8")
    assert main(["studio", "--help"]) == 0
    for option in re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE):
        assert option == "--help" or f"`{option}`" in page, option
    for command in messages.KNOWN:
        assert f"`{command}`" in page, command


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--host", "0.0.0.0"], "token"),
        (["--token", "short"], "guessed"),
        (["--tls-cert", "bench.pem"], "both"),
        (["--tls-cert", "no.pem", "--tls-key", "no.key"], "no such file"),
        (["--port", "99999"], "65535"),
        (["--host", "192.0.2.1", "--token", "new"], "Try another"),
    ],
)
def test_what_the_command_refuses(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["studio", "--no-open", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_a_change_during_a_listening_is_listened_to_afterwards() -> None:
    session = SimpleNamespace(shelf=SimpleNamespace(going={0: SimpleNamespace(since_s=5.0)}))
    hearing = Hearing(session)  # type: ignore[arg-type]
    hearing.under_way[0] = 5.0
    hearing.want(0)
    assert hearing.wanted == set(), "it is being listened to as it is"
    session.shelf.going[0].since_s = 7.0
    hearing.want(0)
    hearing.look()
    assert hearing.wanted == {0}
    hearing.folder.cleanup()
