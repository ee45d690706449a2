"""A microphone of the page, at the server: what is taken of it, who may open one, what is said, what is kept."""

from __future__ import annotations

import contextlib
import io
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from studio_bench import Bench, Line, wait_for
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from heartwright import listen
from heartwright.cli.hearing import find
from heartwright.records import Interval, Reading
from heartwright.studio import attending, guard, microphone, microphones
from heartwright.studio.holes import Holes, longest
from heartwright.studio.microphone import HEAD, Block, Microphone, Told, read_block

RATE = 44_100.0
TRUE_RATE_S_PER_DAY = -7.9  # of the demo, see data/demo-watch.truth.json
N = 2048


@pytest.fixture(scope="module", name="watch")
def _watch() -> NDArray[np.float32]:
    """The demo: 24 s of a lever watch."""
    return listen.load(find("demo")).samples


@pytest.fixture(scope="module", name="bench")
def _bench() -> Iterator[Bench]:
    """A bench without works of its own: nothing has to be compiled for these tests."""
    bench = Bench(()).start()
    yield bench
    bench.stop()


@pytest.fixture(name="maker")
def _maker(bench: Bench) -> Iterator[Line]:
    with bench.line() as line:
        line.message("hello")
        yield line
    session = bench.session
    wait_for(lambda: all(not mic.linked for mic in session.microphones.open.values()))
    for mic in tuple(session.microphones.open.values()):
        with bench.line() as line:
            line.ask("enough", mic=mic.id, keep=False)


def opened(line: Line, **told: Any) -> tuple[int, str]:
    answer = line.ask("listen", rate_hz=RATE, **told)
    assert answer["type"] == "done", answer
    return answer["mic"], answer["ticket"]


@contextlib.contextmanager
def wire(bench: Bench, ticket: str, token: str = "") -> Iterator[ClientConnection]:
    """The line that carries the sound, once the server has taken it."""
    more = f"&token={token}" if token else ""
    address = f"ws://127.0.0.1:{bench.port}/microphone?ticket={ticket}{more}"
    with connect(address, compression=None, close_timeout=0.5, ping_timeout=120.0) as socket:
        yield socket


def feed(socket: ClientConnection, samples: NDArray[np.float32], first: int = 0) -> int:
    """Send samples as blocks; the number of the next one."""
    for at in range(0, len(samples), N):
        socket.send(Block(first + at, samples[at : at + N]).pack())
    return first + len(samples)


def mic_of(bench: Bench, id: int) -> Microphone:
    return bench.session.microphones.numbered(id)


def said(line: Line, mic: int, status: str = "ok", **wanted: Any) -> dict[str, Any]:
    return line.message("microphone", 60.0, mic=mic, status=status, **wanted)


# ------------------------------------------------------------------------------------------ blocks


def test_a_block_comes_back_as_it_went() -> None:
    block = Block(2**40 + 3, np.linspace(-1, 1, 77, dtype=np.float32), True)
    back = read_block(block.pack())
    assert (back.first, back.broke_off) == (block.first, True)
    assert np.array_equal(back.samples, block.samples)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x02\x01",
        Block(0, np.zeros(9, np.float32)).pack()[:-1],
        Block(0, np.zeros(9, np.float32)).pack() + b"x",
        HEAD.pack(1, 1, 0, 2, 0.0) + bytes(8),
        HEAD.pack(2, 9, 0, 2, 0.0) + bytes(8),
        HEAD.pack(2, 1, 0, 0, 0.0),
        HEAD.pack(2, 1, 0, 8193, 0.0) + bytes(4 * 8193),
        HEAD.pack(2, 1, 0, 2, -1.0) + bytes(8),
        HEAD.pack(2, 1, 0, 2, 0.5) + bytes(8),
        HEAD.pack(2, 1, 0, 2, float("nan")) + bytes(8),
        HEAD.pack(2, 1, 0, 2, float("inf")) + bytes(8),
        Block(0, np.full(4, np.nan, np.float32)).pack(),
        Block(0, np.full(4, np.inf, np.float32)).pack(),
        Block(0, np.full(4, 17.0, np.float32)).pack(),
    ],
)
def test_what_is_no_block_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError, match=r"bytes|version|sample|sound"):
        read_block(frame)


def a_microphone(folder: Path, **more: Any) -> Microphone:
    return Microphone(1, 1, "Ada", "ticket", 1000.0, folder / "take.raw", Told(), **more)


def ramp(first: int, count: int) -> Block:
    return Block(first, (np.arange(first, first + count) % 997 / 1000.0).astype(np.float32))


def kept(mic: Microphone) -> NDArray[np.float32]:
    return np.fromfile(mic.raw, "<f4")


def test_samples_are_taken_once_and_gaps_are_silence(tmp_path: Path) -> None:
    """Sent twice, overlapping, or lost on the way: sample n of the take is always sample n of the microphone."""
    mic = a_microphone(tmp_path)
    for block in (ramp(0, 100), ramp(0, 100), ramp(50, 100), ramp(200, 100)):
        assert mic.take(block.pack())
    wanted = ramp(0, 300).samples.copy()
    wanted[150:200] = 0.0
    assert np.array_equal(kept(mic), wanted)
    assert np.array_equal(mic.to_hear(), wanted)
    assert (mic.next, mic.lost, mic.dropped) == (300, 50, 0)


def test_a_jump_too_far_ahead_is_dropped(tmp_path: Path) -> None:
    mic = a_microphone(tmp_path)
    assert not mic.take(ramp(31_000, 100).pack())
    assert not mic.take(b"noise")
    assert (mic.next, mic.dropped) == (0, 2)
    assert mic.take(ramp(29_000, 100).pack())
    assert mic.lost == 29_000


def test_memory_and_take_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ear that is far behind gets only what came lately; a take stops growing, the listening does not."""
    monkeypatch.setattr(microphone, "TAKE_MOST_S", 30.0)
    mic = a_microphone(tmp_path)
    for first in range(0, 100_000, 500):
        mic.take(ramp(first, 500).pack())
        assert mic.waiting <= 40_000
        assert sum(map(len, mic.fresh)) == mic.waiting
    assert mic.breaks > 0
    assert (mic.next, mic.kept, len(kept(mic))) == (100_000, 30_000, 30_000)
    assert "the first 30 s of 100 s were kept" in microphones.notes_of(mic)


def test_sound_that_broke_off_begins_anew(tmp_path: Path) -> None:
    mic = a_microphone(tmp_path)
    mic.take(ramp(0, 100).pack())
    mic.take(Block(100, ramp(100, 100).samples, broke_off=True).pack())
    assert mic.breaks == 1
    assert len(mic.to_hear()) == 100


def noise(count: int, seed: int = 1) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0.0, 0.1, count).astype(np.float32)


@pytest.mark.parametrize("size", [2048, 441, 128, 7])
def test_holes_of_a_busy_browser_are_found_however_they_are_cut(size: int) -> None:
    """Two frames of 10 ms at odd places, found to the sample; runs of a few noughts are sound."""
    samples = noise(30_000)
    wanted = [(5_003, 5_444), (17_000, 17_882)]
    for first, end in [*wanted, (9_000, 9_050)]:
        samples[first:end] = 0.0
    found, seen = [], Holes(44_100.0)
    for at in range(0, len(samples), size):
        found += seen.look(samples[at : at + size])
    assert found == wanted


def test_silence_that_is_common_is_no_hole() -> None:
    """A noise gate between ticks, a microphone that wakes up: the ear speaks of these."""
    gated = noise(10 * 44_100)
    gated.reshape(100, -1)[:, 1_000:] = 0.0
    seen = Holes(44_100.0)
    found = [hole for at in range(0, len(gated), 2_048) for hole in seen.look(gated[at : at + 2_048])]
    assert len(found) <= 3  # until they are known to be common
    assert not Holes(44_100.0).look(np.concatenate([np.zeros(4_410, np.float32), noise(4_410)]))


def test_a_hole_begins_the_count_anew_and_parts_the_take(tmp_path: Path) -> None:
    mic = a_microphone(tmp_path)
    samples = noise(4_000)
    samples[1_500:1_650] = 0.0
    for at in range(0, 4_000, 500):
        mic.take(Block(at, samples[at : at + 500]).pack())
    assert (mic.holes, mic.breaks, mic.seams) == (1, 1, [(1_500, 1_650)])
    assert np.array_equal(mic.to_hear(), samples[1_650:])
    assert np.array_equal(kept(mic), samples)
    assert longest(mic.seams, mic.kept) == (1_650, 4_000)
    assert any("too busy" in line for line in microphones.browser_troubles(mic))
    assert any("longest stretch" in note for note in microphones.notes_of(mic))


def test_the_longest_stretch_is_found() -> None:
    assert longest([], 70) == (0, 70)
    assert longest([(20, 25), (60, 60)], 70) == (25, 60)
    assert longest([(20, 25), (900, 950)], 100) == (25, 100)


def test_the_level_is_told_with_what_was_clipped(tmp_path: Path) -> None:
    mic = a_microphone(tmp_path)
    assert mic.level_due() is None
    mic.take(Block(0, np.tile(np.float32([0.5, -0.5]), 99)).pack())
    told = mic.level_due()
    assert told is not None
    assert (told["peak_db"], told["rms_db"], told["clipped"]) == (pytest.approx(-6.0, abs=0.05), told["peak_db"], 0)
    mic.take(Block(198, np.ones(200, np.float32)).pack())
    told = mic.level_due()
    assert told is not None
    assert (told["peak_db"], told["clipped"]) == (0.0, 200)
    mic.take(Block(398, np.zeros(200, np.float32)).pack())
    told = mic.level_due()
    assert told is not None
    assert told["peak_db"] < -130.0


def test_too_loud_and_too_soft_are_told_with_their_cure(tmp_path: Path) -> None:
    mic = a_microphone(tmp_path)
    noise = np.random.default_rng(1).normal(0.0, 1.0, 100).astype(np.float32)
    for scale, says in ((1e-5, "raise the microphone"), (0.1, ""), (3.0, "lower the microphone")):
        for _ in range(microphone.LATELY):
            assert mic.take(Block(mic.next, np.clip(scale * noise, -1.0, 1.0)).pack())
            assert mic.level_due() is not None
        told = microphones.level_troubles(mic, [])
        assert (says in told[0]) if says else not told
    assert not microphones.level_troubles(mic, ["clipping: 9 samples"])


# ------------------------------------------------------------------------------------------ the ear


def test_the_ear_says_more_and_more(watch: NDArray[np.float32]) -> None:
    """A first figure before 3 s, then an amplitude; what is told of the watch counts from the next second on."""
    told, first_s, out = Told(), None, {}
    for at in range(0, int(12 * RATE), int(0.5 * RATE)):
        piece = watch[at : at + int(0.5 * RATE)]
        if at >= int(8 * RATE):
            told = Told(lifts_deg=(44.0,), movement="6497")
        out = attending.attend(901, 0, RATE, told, piece, at / RATE)
        if first_s is None and out["rate_s_per_day"]:
            first_s = (at + len(piece)) / RATE
            assert out["amplitude_deg"] is None and out["beat_error_ms"] is None
    assert first_s is not None and first_s < 3.0
    assert out["rate_s_per_day"]["low"] < TRUE_RATE_S_PER_DAY < out["rate_s_per_day"]["high"]
    assert out["beat_error_ms"] is not None
    assert out["amplitude_deg"]["low"] < 266.9 < out["amplitude_deg"]["high"]
    dots = np.array(out["trace"]["dots"])
    assert len(dots) > 50 and set(dots[:, 2]) == {-1.0, 1.0}
    assert np.ptp(dots[:, 1]) < 5.0
    attending.let_go(901)


def test_a_new_beginning_keeps_the_time(watch: NDArray[np.float32]) -> None:
    """After the sound broke off the dots go on at the time of the microphone, not at nought."""
    piece = watch[: int(4 * RATE)]
    attending.attend(902, 0, RATE, Told(), piece, 0.0)
    out = attending.attend(902, 1, RATE, Told(), piece, 60.0)
    assert out["trace"]["dots"][0][0] > 60.0
    attending.let_go(902)


def test_a_dead_microphone_is_told_with_its_cure() -> None:
    out = attending.attend(903, 0, RATE, Told(), np.zeros(int(3 * RATE), np.float32), 0.0)
    assert out["rate_s_per_day"] is None
    assert any("zeros" in t and "unmute" in t for t in out["troubles"])
    attending.let_go(903)


def test_hum_clipping_and_gain_are_told(watch: NDArray[np.float32]) -> None:
    """What the recorder did to a take is known by its sound; the browser need not confess."""
    take = watch[: int(10 * RATE)]
    time_s = np.arange(len(take)) / RATE
    loud = np.clip(take / np.max(np.abs(take)) * 3.0, -1.0, 1.0)
    hum = take + 0.2 * np.max(np.abs(take)) * np.sin(2 * np.pi * 50.0 * time_s).astype(np.float32)
    for mic, samples, says in ((904, loud, "clip"), (905, hum, "hum")):
        out = attending.attend(mic, 0, RATE, Told(), samples.astype(np.float32), 0.0)
        assert any(says in t for t in out["troubles"]), (says, out["troubles"])
        attending.let_go(mic)


def test_lifts_in_dispute_widen_the_amplitude() -> None:
    reading = Reading("ok", (), 30.0, amplitude_deg=Interval(260.0, 258.0, 262.0), lift_deg=51.0)
    both = attending.over_lifts(reading, Told(lifts_deg=(51.0, 52.0))).amplitude_deg
    assert both is not None
    assert (both.value, both.low, both.high) == (260.0, 258.0, pytest.approx(262.0 * 52.0 / 51.0))
    assert attending.over_lifts(reading, Told(lifts_deg=(51.0,))) is reading


def test_a_take_is_stored_without_loss(tmp_path: Path) -> None:
    """24 bits: as fine as any sound card."""
    raw = tmp_path / "take.raw"
    samples = np.random.default_rng(1).normal(0.0, 0.1, 300_000).astype("<f4")
    raw.write_bytes(samples.tobytes())
    assert attending.store(raw, tmp_path / "take.flac", 48_000.0, (6_000, 300_000)) == pytest.approx(6.125)
    back, rate = soundfile.read(tmp_path / "take.flac")
    assert rate == 48_000
    assert np.max(np.abs(back - samples[6_000:])) <= 2.0**-23
    assert not raw.exists()


def test_what_the_browser_does_is_told_with_its_cure(tmp_path: Path) -> None:
    mic = a_microphone(tmp_path, processing=("automatic gain", "noise suppression"), linked=True)
    told = microphones.browser_troubles(mic)
    assert len(told) == 2
    assert all("another microphone" in line for line in told)
    assert "noise suppression could not be switched off" in microphones.notes_of(mic)
    mic.take(ramp(0, 10).pack())
    mic.last -= 5.0
    assert any("unplugged" in line for line in microphones.browser_troubles(mic))
    mic.linked = False
    assert any("comes back by itself" in line for line in microphones.browser_troubles(mic))


# ------------------------------------------------------------------------------------------ over the wire


def test_the_first_figure_needs_under_three_seconds_of_sound(bench: Bench, maker: Line, watch: Any) -> None:
    """Given 2.5 s and nothing more, there is a figure."""
    mic, ticket = opened(maker)
    with wire(bench, ticket) as socket:
        feed(socket, watch[: int(2.5 * RATE)])
        told = said(maker, mic)
    assert told["rate_s_per_day"]["low"] < TRUE_RATE_S_PER_DAY < told["rate_s_per_day"]["high"]
    assert not told["settled"]
    assert told["seconds"] < 3.0


def test_a_take_is_heard_kept_and_judged(bench: Bench, maker: Line, watch: Any) -> None:
    """As a dropped recording is: a work on the shelf, a sentence, its sound to be saved."""
    mic, ticket = opened(
        maker, lifts_deg=[44.0], movement="6497", device="Contact\x07 mic", processing=["automatic gain"]
    )
    with wire(bench, ticket) as socket:
        feed(socket, watch)
        assert -60.0 < maker.message("level", 30.0, mic=mic)["peak_db"] < 0.0
        wait_for(lambda: (mic_of(bench, mic).said or {}).get("heard_s", 0.0) > 20.0)
        told = said(maker, mic)
        while told["heard_s"] <= 20.0:  # the first figures, after 2 s, may wait in the line
            told = said(maker, mic)
        assert told["amplitude_deg"]["value"] == pytest.approx(267.0, abs=6.0)
        assert any("automatic gain" in t for t in told["troubles"])
        answer = maker.ask("enough", mic=mic, name="grandfather's", intent="to keep time")
        with pytest.raises(ConnectionClosed):
            for _ in range(9):
                socket.recv(5.0)
    work = answer["work"]
    assert answer["take_s"] == pytest.approx(len(watch) / RATE)
    sentence = maker.message("sentence", 120.0, work=work)
    assert sentence["reading"]["amplitude_deg"]["value"] == pytest.approx(267.0, abs=6.0)
    assert "automatic gain could not be switched off" in sentence["notes"]
    assert any("Contact mic" in note for note in sentence["notes"])
    shelved = bench.session.shelf.recordings[work]
    assert (shelved.title, shelved.intent) == ("grandfather's", "to keep time")
    address = f"http://127.0.0.1:{bench.port}/api/recordings/{work}"
    flac = httpx.get(f"{address}/original", timeout=30.0)
    assert "grandfather" in flac.headers["content-disposition"]
    back, rate = soundfile.read(io.BytesIO(flac.content))
    assert rate == RATE
    assert np.max(np.abs(back - np.clip(watch, -1, 1))) < 1e-6
    assert httpx.get(f"{address}/sound.wav", timeout=30.0).content[:4] == b"RIFF"
    assert httpx.get(f"http://127.0.0.1:{bench.port}/api/recordings/99/original").status_code == 404
    assert not list(Path(bench.session.hearing.folder.name).glob("*.raw"))


def test_a_take_that_is_left_leaves_nothing(bench: Bench, maker: Line, watch: Any) -> None:
    before = dict(bench.session.shelf.recordings)
    mic, ticket = opened(maker)
    with wire(bench, ticket) as socket:
        feed(socket, watch[:N])
        wait_for(lambda: mic_of(bench, mic).kept == N)
        raw = mic_of(bench, mic).raw
        assert maker.ask("enough", mic=mic, keep=False)["work"] is None
    assert bench.session.shelf.recordings == before
    assert not raw.exists()
    assert "not open" in maker.ask("enough", mic=mic)["reason"]
    assert "not open" in maker.ask("told", mic=mic)["reason"]


def test_an_onlooker_feeds_nobody_s_microphone(bench: Bench, maker: Line, watch: Any) -> None:
    """Neither by the command nor by a ticket that was come by; he sees what is heard."""
    mic, ticket = opened(maker)
    for role in ("onlooker", "critic"):
        token = bench.session.people.invite(role)
        with bench.line(token=token) as line:
            line.message("hello")
            assert said(line, mic, "opening")["name"]
            for do, given in (("listen", {"rate_hz": RATE}), ("told", {"mic": mic}), ("enough", {"mic": mic})):
                answer = line.ask(do, **given)
                assert (answer["type"], answer["allowed"]) == ("refused", ["maker"])
            with wire(bench, ticket, token) as socket:
                assert "may not listen" in str(socket.recv(5.0))
                with pytest.raises(ConnectionClosed):
                    feed(socket, watch[: 4 * N])
                    socket.recv(5.0)
            assert mic_of(bench, mic).next == 0
    with wire(bench, ticket) as socket:
        feed(socket, watch[: 4 * N])
        wait_for(lambda: mic_of(bench, mic).next == 4 * N)


@pytest.mark.parametrize("ticket", ["", "wrong", "x" * 5000])
def test_without_a_ticket_there_is_no_line(bench: Bench, maker: Line, ticket: str) -> None:
    with wire(bench, ticket) as socket:
        assert "not open" in str(socket.recv(5.0))
        with pytest.raises(ConnectionClosed):
            socket.recv(5.0)


def test_a_foreign_page_gets_no_line(bench: Bench, maker: Line) -> None:
    _, ticket = opened(maker)
    address = f"ws://127.0.0.1:{bench.port}/microphone?ticket={ticket}"
    with pytest.raises(Exception, match="403"), connect(address, origin="http://evil.example"):  # type: ignore[arg-type]
        pass


def test_one_microphone_a_person_and_four_in_all(bench: Bench, maker: Line) -> None:
    opened(maker)
    assert "one at a time" in maker.ask("listen", rate_hz=RATE)["reason"]
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(bench.line()) for _ in range(microphones.MOST)]
        answers = [line.ask("listen", rate_hz=RATE) for line in others]
    assert [a["type"] for a in answers] == ["done"] * (microphones.MOST - 1) + ["refused"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"rate_hz": 4_000},
        {"rate_hz": 1e6},
        {"rate_hz": RATE, "bph": 5},
        {"rate_hz": RATE, "lifts_deg": [9]},
        {"rate_hz": RATE, "lifts_deg": [50] * 9},
        {"rate_hz": RATE, "clock_ppm": [0, -1]},
        {"rate_hz": RATE, "processing": ["magic"]},
    ],
)
def test_what_cannot_be_is_refused(maker: Line, given: dict[str, Any]) -> None:
    assert maker.ask("listen", **given)["type"] == "refused"


def test_two_thousand_frames_that_are_no_sound_are_dropped_and_counted(bench: Bench, maker: Line, watch: Any) -> None:
    rng = random.Random(7)
    good = Block(0, watch[:N]).pack()
    mic, ticket = opened(maker)
    with wire(bench, ticket) as socket:
        for i in range(2_000):
            if i % 3 == 0:
                socket.send(rng.randbytes(rng.randrange(0, 80)))
            elif i % 3 == 1:
                at = rng.randrange(12)  # kind, version or count are spoiled, or the number of the sample
                socket.send(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 : 1 + rng.randrange(len(good))])
            else:
                socket.send("x" * rng.randrange(90))
        wait_for(lambda: mic_of(bench, mic).dropped == 2_000)
        assert mic_of(bench, mic).next == 0
        feed(socket, watch[:N])
        wait_for(lambda: mic_of(bench, mic).next == N)
        assert said(maker, mic, "too_short")["dropped"] == 2_000


def test_more_than_a_microphone_can_give_is_left_out(bench: Bench, maker: Line) -> None:
    """A minute in a moment: what fits the pace is taken, the rest is counted; nothing piles up."""
    mic, ticket = opened(maker)
    with wire(bench, ticket) as socket:
        feed(socket, np.zeros(int(60 * RATE), np.float32))
        wait_for(lambda: mic_of(bench, mic).dropped > 0)
        here = mic_of(bench, mic)
        assert here.waiting <= microphone.WAITING_MOST_S * RATE
        assert here.seconds < 62.0
    with bench.line() as line:
        assert line.ask("name", name="still here")["type"] == "done"


def test_a_line_that_broke_goes_on_where_it_was(bench: Bench, maker: Line, watch: Any) -> None:
    """The server says which sample it awaits; sent again from before it, the take has no seam."""
    mic, ticket = opened(maker)
    with wire(bench, ticket) as socket:
        assert '"next":0' in str(socket.recv(5.0))
        feed(socket, watch[: 100 * N])
        wait_for(lambda: mic_of(bench, mic).next == 100 * N)
        socket.socket.close()  # the cable, not the handshake
    maker.message("microphone", 30.0, mic=mic, linked=False)
    assert mic_of(bench, mic).name
    with wire(bench, ticket) as socket:
        assert f'"next":{100 * N}' in str(socket.recv(5.0))
        feed(socket, watch[90 * N : 200 * N], 90 * N)
        wait_for(lambda: mic_of(bench, mic).next == 200 * N)
    here = mic_of(bench, mic)
    assert (here.lost, here.breaks, here.dropped) == (0, 0, 0)
    assert np.array_equal(kept(here), watch[: 200 * N])


def test_a_second_line_of_a_microphone_takes_the_first_one_s_place(bench: Bench, maker: Line, watch: Any) -> None:
    mic, ticket = opened(maker)
    with wire(bench, ticket) as old, wire(bench, ticket) as new:
        feed(new, watch[:N])
        with pytest.raises(ConnectionClosed):
            for _ in range(9):
                old.recv(5.0)
        wait_for(lambda: mic_of(bench, mic).next == N)
        assert mic_of(bench, mic).linked


def test_a_line_that_stays_away_leaves_its_take_on_the_shelf(
    bench: Bench, maker: Line, watch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microphones, "RESUME_S", 0.5)
    before = set(bench.session.shelf.recordings)
    mic, ticket = opened(maker)
    with wire(bench, ticket) as socket:
        feed(socket, watch[: int(11 * RATE)])
        wait_for(lambda: mic_of(bench, mic).seconds > 10.9)
    over = maker.message("microphone", 60.0, mic=mic, over=True)
    assert over["take_s"] > 10.9
    assert len(set(bench.session.shelf.recordings) - before) == 1


def test_an_ear_that_dies_is_begun_anew(bench: Bench, maker: Line, watch: Any) -> None:
    mic, ticket = opened(maker)
    with wire(bench, ticket) as socket:
        next = feed(socket, watch[: int(4 * RATE)])
        said(maker, mic)
        pool = bench.session.microphones.ear._pool
        assert pool is not None
        for process in pool._processes.values():
            process.terminate()
        feed(socket, watch[next : int(12 * RATE)], next)
        wait_for(lambda: mic_of(bench, mic).breaks > 0)
        next = feed(socket, watch[int(12 * RATE) : int(16 * RATE)], int(12 * RATE))
        told = maker.until(
            lambda got: isinstance(got, dict) and got.get("mic") == mic and got.get("beats", 0) > 5, 60.0
        )
    assert told["take_s"] > 4.0


def test_a_late_comer_sees_what_is_being_heard(bench: Bench, maker: Line, watch: Any) -> None:
    mic, ticket = opened(maker)
    with wire(bench, ticket) as socket:
        feed(socket, watch[: int(5 * RATE)])
        said(maker, mic)
        with bench.line() as line:
            assert line.message("microphone", 10.0, mic=mic)["trace"]["dots"]


def test_listening_does_not_make_the_room_wait(bench: Bench, maker: Line, watch: Any) -> None:
    """While 20 s are taken in and measured the session keeps its ticks: nothing of it is done on its loop."""
    mic, ticket = opened(maker)
    session = bench.session
    before, began = session.late_s, time.monotonic()
    with wire(bench, ticket) as socket:
        feed(socket, watch[: int(20 * RATE)])
        wait_for(lambda: (mic_of(bench, mic).said or {}).get("heard_s", 0.0) > 15.0)
    assert session.late_s - before < 0.2 * (time.monotonic() - began)


def test_the_table_of_movements_is_given_and_readies_the_ear(bench: Bench) -> None:
    answer = httpx.get(f"http://127.0.0.1:{bench.port}/api/movements", timeout=30.0)
    assert answer.status_code == 200
    assert isinstance(answer.json(), list)
    assert bench.session.microphones.ear._pool is not None


def test_the_pace_of_a_microphone_lets_half_a_minute_catch_up() -> None:
    """After a break the page sends what it kept: that is not too much at once."""
    from heartwright.studio import wires

    pace = guard.Pace(wires.MICROPHONE_PACE * 4 * RATE, wires.MICROPHONE_AT_ONCE_S * 4 * RATE)
    assert pace.take(29.0 * 4 * RATE)
    assert not pace.take(5.0 * 4 * RATE)
