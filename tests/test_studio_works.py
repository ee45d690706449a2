"""Standing works on the bench: seen, heard, told, done to, dropped; who may; and what breaks takes nothing with it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import math
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from standing_fakes import Fake, FakeGyroscope, FakeOrb, FakeWeb
from studio_bench import Bench, wait_for

from heartwright.studio import dropped
from heartwright.studio.clients import UNDER_WAY, Client
from heartwright.studio.drawing import standing as drawing
from heartwright.studio.frames import Seen, read_receipt, read_sound, receipt
from heartwright.studio.gallery import AHEAD, SHELF_KEY, SPARE, Gallery, Tick
from heartwright.studio.standing import Label, StandingWork
from heartwright.work import Work

TICK = 1600
EDGES = "a,b\nb,c\nc,a\nc,d\n"


def run(gallery: Gallery, ticks: int, *, speed: float = 1.0, focus: int = 0) -> None:
    """Let the gallery go on, without its thread."""
    for _ in range(ticks):
        gallery._step(Tick(TICK, speed, focus, seen=True))


def with_works(*works: Fake) -> Gallery:
    gallery = Gallery()
    for id, work in enumerate(works):
        gallery._put(StandingWork(id, work, f"work {id}"))
    return gallery


# ------------------------------------------------------------------------------------------ frames


def test_a_clock_is_asked_for_three_ticks_of_sound_at_once_and_none_is_lost() -> None:
    fake = Fake()
    fake.kind = "clockwork"
    work = StandingWork(1, fake)
    heard = []
    for _ in range(6):
        work.listen(100)
        heard.append(work.hear(100))
    assert fake._heard == 600
    assert not np.any(heard[0]) and not np.any(heard[1])  # two ticks later than it is seen
    assert np.array_equal(np.concatenate(heard[2:]), Fake().heard(400, 48_000))


def test_what_is_seen_survives_the_wire() -> None:
    """Coarse numbers to half of the largest / 32,767, fine ones and the head as they are."""
    values = np.random.default_rng(1).normal(0.0, 0.4, 300).astype(np.float32)
    frame = Seen(7, 252, 0.25, 12.5, 3.25, 0.5, values).pack()
    assert len(frame) == 40 + 2 * 252 + 4 * 48
    back = Seen.unpack(frame)
    assert (back.work, back.light, back.sent_s, back.time_s, back.speed) == (7, 0.25, 12.5, 3.25, 0.5)
    assert np.array_equal(back.values[252:], values[252:])
    assert np.max(np.abs(back.values[:252] - values[:252])) <= 0.51 * np.max(np.abs(values[:252])) / 32_767


def test_three_orbs_are_cheap_on_the_wire() -> None:
    """Three orbs of 2,000 bodies, 15 times a second: at most 600 kB a second."""
    orb = StandingWork(1, FakeOrb(2_000))
    assert 3 * 15 * len(orb.shown(1.0)) <= 600_000


def test_bad_frames_are_refused_and_numbers_that_are_none_sent_as_nought() -> None:
    frame = Seen(1, 2, 0.5, 0.0, 0.0, 1.0, np.array([np.nan, 1.0, 2.0], np.float32)).pack()
    assert Seen.unpack(frame).values.tolist() == [0.0, 1.0, 2.0]
    for bad in (b"", frame[:20], b"\x01" + frame[1:]):
        with pytest.raises(ValueError, match="frame"):
            Seen.unpack(bad)


def test_a_slow_line_gets_the_newest_picture_of_each() -> None:
    client = Client()
    for k in range(500):
        client.picture(k % 2, bytes([k % 250]))
    client.tell("word")
    assert set(client.pictures) == {0, 1}
    assert client.lost == 498


def test_a_page_that_is_slow_has_few_pictures_on_their_way_and_then_the_newest() -> None:
    """What it has not taken up counts as under way; the rest is replaced; words go all the same."""

    async def look() -> None:
        client = Client()
        for n in range(3):
            client.picture(n, b"first")
        assert await client.next() == [b"first"]
        client.took(1)
        for k in range(400):  # the page has begun to tell, and then draws for long
            for n in range(3):
                client.picture(n, b"%d" % k)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(client.next(), 0.001 if client.sent == 1 + UNDER_WAY else None)
        assert client.sent - 1 == UNDER_WAY
        client.tell("word")
        assert await client.next() == ["word"]
        client.took(client.sent)
        assert [await client.next() for _ in range(3)] == [[b"399"]] * 3
        client.took(10**9)
        assert client.taken == client.sent

    asyncio.run(look())


def test_what_waits_behind_a_picture_on_its_way_is_replaced() -> None:
    async def look() -> None:
        client = Client()
        for n in range(2):
            client.picture(n, b"old")
        assert await client.next() == [b"old"]
        client.picture(1, b"new")
        assert await client.next() == [b"new"]

    asyncio.run(look())


def test_a_receipt_is_read_and_what_is_none_refused() -> None:
    assert read_receipt(receipt(2**32 - 1)) == 2**32 - 1
    for bad in (b"", receipt(1)[:7], b"\x02" + receipt(1)[1:]):
        with pytest.raises(ValueError, match="frame"):
            read_receipt(bad)


# ------------------------------------------------------------------------------------------ going on


def test_works_go_on_with_the_room() -> None:
    """A second of the session is a second of each, within a step of its shelf; at half speed half."""
    gallery = with_works(FakeGyroscope(), FakeOrb(), FakeWeb())
    run(gallery, 30)
    for work in gallery.works.values():
        work.settle()
        assert work.work.time == pytest.approx(1.0, abs=0.02)
    run(gallery, 30, speed=0.5)
    assert gallery.works[0].work.time == pytest.approx(1.5, abs=0.02)
    gallery.tick(TICK, 20.0, 0, seen=False)
    assert not gallery._ticks  # nothing waits before the thread has begun


def test_a_room_that_stands_still_does_not_move() -> None:
    gallery = with_works(FakeGyroscope())
    run(gallery, 10)
    then = gallery.works[0].work.time
    run(gallery, 10, speed=0.0)
    assert gallery.works[0].work.time == then


def test_each_says_what_it_says_by_its_id() -> None:
    """Pascals 1 m away, `AHEAD` ticks late; silence of who says nothing is not told."""
    gallery = with_works(FakeGyroscope(), FakeOrb())
    assert gallery.hear() == {}
    run(gallery, AHEAD + 2)
    said = gallery.hear()
    assert set(said) == {"0", "1"}
    assert np.max(np.abs(said["0"])) == pytest.approx(2e-3, rel=0.02)
    assert said["0"].shape == (TICK,)


def test_a_shelf_that_groans_is_heard() -> None:
    """Half its strength and more: it creaks when it is loaded, and falls silent."""
    heavy = FakeGyroscope()
    heavy.mass = 900.0
    gallery = with_works(heavy)
    assert 0.5 < gallery.shelves[0]["share"] < 1.0
    run(gallery, 60)
    groaning = [said[SHELF_KEY + SPARE] for said in gallery._sound if SHELF_KEY + SPARE in said]
    assert groaning
    assert 1e-4 < np.max(np.abs(groaning)) < 0.1


def test_a_work_that_breaks_takes_nobody_with_it() -> None:
    breaks, goes = FakeGyroscope(), FakeGyroscope()
    gallery = with_works(breaks, goes)
    run(gallery, 5)
    breaks.breaks = True
    run(gallery, 25)
    assert gallery.works[0].failed == "its axle broke"
    assert goes.time == pytest.approx(1.0, abs=0.02)
    told = [m for m in gallery.news().words if m["type"] == "refused"]
    assert len(told) == 1
    assert "axle" in told[0]["reason"]


def test_a_thread_that_is_late_gives_time_up_and_says_so() -> None:
    gallery = Gallery()
    gallery._thread = object()  # type: ignore[assignment]  # one that never comes to it
    for _ in range(30):
        gallery.tick(TICK, 1.0, 0, seen=False)
    assert gallery.late_s == pytest.approx(1.0 - 0.4, abs=0.05)


def test_the_tilt_and_the_cold_of_the_room_are_felt() -> None:
    top = FakeGyroscope()
    gallery = with_works(top)
    gallery._air = (5.0, 3.0)
    gallery._lean()
    run(gallery, 60)
    ground = top.grounds[-1]
    assert ground.tilt[2] == pytest.approx(math.radians(5.0), abs=1e-3)
    assert ground.temperature_c == 3.0


def test_shelves_bear_what_stands_on_them_and_refuse_too_much() -> None:
    gallery = with_works(FakeGyroscope())
    assert gallery.shelves[0]["name"] == SPARE
    assert gallery.shelves[0]["load_kg"] == pytest.approx(0.3)
    heavy = FakeGyroscope()
    heavy.mass = 5_000.0
    with pytest.raises(ValueError, match="break"):
        gallery._put(StandingWork(9, heavy, "anvil"))
    assert 9 not in gallery.works


def test_the_shelf_of_new_works_is_finite() -> None:
    gallery = with_works(*(FakeGyroscope() for _ in range(12)))
    with pytest.raises(ValueError, match="most"):
        gallery._put(StandingWork(20, FakeGyroscope(), "one more"))


# ------------------------------------------------------------------------------------------ drawing and telling


def test_scenes_hold_what_the_page_draws() -> None:
    top, orb, web = (drawing.scene(work) for work in (FakeGyroscope(), FakeOrb(), FakeWeb()))
    assert (top["mount"], top["pivot_to_centre"]) == ("point", 0.05)
    assert len(orb["group"]) == len(orb["brightness"]) == orb["n"] == 200
    assert len(web["places"]) == len(web["normals"]) == 3 * web["nodes"] == 39
    assert max(web["threads"]) < web["nodes"] == len(web["names"])
    strange = Fake()
    strange.kind = "sundial"
    with pytest.raises(ValueError, match="sundial"):
        drawing.scene(strange)


def test_figures_and_books_are_told() -> None:
    work = StandingWork(3, FakeWeb(), "web", Label("ada"))
    told = work.message()
    assert told["figures"]["spin"] == {"value": 1.0, "unit": "rev/s", "says": "turns a second", "low": 0.9, "high": 1.1}
    assert "low" not in told["figures"]["taps"]
    assert told["ledger"]["residual_ratio"] == 0.0
    assert work.as_json()["author"] == "ada"
    assert work.as_json()["deeds"][0]["amounts"]["force"]["high"] == 2.0


# ------------------------------------------------------------------------------------------ over the sockets


@pytest.fixture(scope="module", name="bench")
def _bench() -> Iterator[Bench]:
    """A bench whose movement never comes: the room's clock runs, and works stand on its shelves."""
    bench = Bench(("heart",))
    session = bench.session

    async def nothing() -> Any:
        for none in tuple[Any]():
            yield none

    session.shelf.open = nothing  # type: ignore[method-assign]
    session.recorded.playing = False
    bench.start()
    for work in (FakeGyroscope(), FakeOrb(), FakeWeb()):
        id = session.shelf.new_id()
        session.gallery.put(StandingWork(id, work, f"a {work.kind}", Label("ada", "1815", "to be tried"))).result(60)
    yield bench
    bench.stop()


@pytest.fixture(name="top")
def _top(bench: Bench) -> tuple[int, Fake]:
    id = next(i for i, w in bench.session.shelf.standing.items() if w.title == "a gyroscope")
    return id, bench.session.shelf.standing[id].work  # type: ignore[return-value]


def _seen(line: Any, n: int) -> list[Seen]:
    out: list[Seen] = []
    while len(out) < n:
        got = line.socket.recv(30)
        if isinstance(got, bytes) and got[0] == 2:
            out.append(Seen.unpack(got))
    return out


def test_all_of_them_are_greeted_and_seen_moving(bench: Bench) -> None:
    with bench.line() as line:
        hello = line.message("hello")
        stands = {w["movement_kind"]: w for w in hello["works"] if w["kind"] == "standing"}
        assert set(stands) >= {"gyroscope", "galaxy", "web"}
        assert stands["galaxy"]["date"] == "1815"
        assert hello["shelves"][-1]["name"] == SPARE
        frames = _seen(line, 60)
    for kind in ("gyroscope", "galaxy", "web"):
        mine = [f for f in frames if f.work == stands[kind]["id"]]
        assert len(mine) >= 8
        assert all(b.time_s >= a.time_s for a, b in zip(mine, mine[1:], strict=False))
        assert np.max(np.abs(mine[-1].values - mine[0].values)) > 1e-4


def test_scenes_come_over_http(bench: Bench, top: tuple[int, Fake]) -> None:
    answer = httpx.get(f"http://127.0.0.1:{bench.port}/api/scene/{top[0]}", timeout=30)
    assert answer.json()["type"] == "gyroscope"


def test_what_stands_is_put_in_focus_and_tells_of_itself(bench: Bench, top: tuple[int, Fake]) -> None:
    with bench.line() as line, bench.line("/sound") as ear:
        assert line.ask("focus", work=top[0])["type"] == "done"
        told = line.message("figures", work=top[0])
        assert told["figures"]["spin"]["unit"] == "rev/s"
        state = line.message("state", focus=top[0], status="running")
        assert state["shelves"][0]["load_kg"] > 0.0
        assert state["standing"]["books"]["residual_ratio"] < 0.01
        wait_for(lambda: bench.session.mixing.ready, 300.0)
        loud = max(int(np.max(np.abs(read_sound(ear.block())[3].astype(int)))) for _ in range(120))
        assert loud > 1_000
        line.ask("focus", work=0)


def test_who_tells_of_pictures_and_takes_none_up_gets_no_more(bench: Bench) -> None:
    """Receipts go beside the commands' pace; pictures come again with the next."""
    with bench.line() as line:
        _seen(line, 10)
        line.socket.send(receipt(10))
        assert len(_seen(line, UNDER_WAY)) == UNDER_WAY
        until, more = time.monotonic() + 0.5, 0
        while time.monotonic() < until:
            got = line.socket.recv(1.0)
            more += isinstance(got, bytes) and got[0] == 2
        assert more == 0
        line.socket.send(receipt(10 + UNDER_WAY))
        assert len(_seen(line, 5)) == 5


def test_deeds_are_done_and_what_is_not_allowed_is_told(bench: Bench, top: tuple[int, Fake]) -> None:
    id, work = top
    with bench.line() as line:
        done = line.ask("deed", work=id, name="tap", amounts={"force": 1.25})
        assert (done["type"], work.taps[-1]) == ("done", 1.25)
        assert line.ask("deed", work=id, name="stop")["text"].startswith("stop at")
        for wrong, why in (
            ({"name": "kick"}, "cannot be done"),
            ({"name": "tap", "amounts": {"force": 50.0}}, "allowed"),
            ({"name": "tap", "amounts": {"colour": 1.0}}, "takes no"),
            ({"name": "tap", "work": 65_000}, "stands on no shelf"),
            ({"name": "tap", "amounts": {"force": "much"}}, "number"),
        ):
            refused = line.ask("deed", **({"work": id} | wrong))
            assert refused["type"] == "refused"
            assert why in refused["reason"]
    assert list(bench.session.shelf.standing[id].done)[-1].startswith("Stop it")


def test_an_onlooker_sees_and_does_nothing(bench: Bench, top: tuple[int, Fake]) -> None:
    token = bench.session.people.invite("onlooker")
    with bench.line(token=token) as line:
        assert _seen(line, 3)
        refused = line.ask("deed", work=top[0], name="stop")
        assert refused["type"] == "refused"
        assert refused["allowed"] == ["maker"]


# ------------------------------------------------------------------------------------------ what is dropped


def _post(bench: Bench, name: str, data: bytes, **words: str) -> httpx.Response:
    address = f"http://127.0.0.1:{bench.port}/api/recordings"
    return httpx.post(address, params={"name": name} | words, content=data, timeout=120.0)


def _zip(**notes: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in notes.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # of 1980: the same bytes at any time
    return packed.getvalue()


def test_a_graph_that_is_dropped_becomes_a_web(bench: Bench) -> None:
    words = {"author": "ada", "date": "1843", "intent": "to think", "weakness": "four knots only"}
    answer = _post(bench, "notes.csv", EDGES.encode(), **words)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["kind"] == "web"
    work = bench.session.shelf.standing[told["work"]].as_json()
    assert {key: work[key] for key in words} == words
    assert (work["shelf"], work["title"]) == (SPARE, "notes")
    scene = httpx.get(f"http://127.0.0.1:{bench.port}/api/scene/{told['work']}", timeout=30).json()
    assert sorted(scene["names"]) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.graphml", b"<graphml><graph edgedefault='undirected'></graph></graphml>"),
        ("broken.graphml", b"<graphml><graph"),
        ("none.zip", _zip(picture="not a note")),
        ("torn.zip", _zip(**{"a.md": "[[b]]"})[:40]),
        ("nan.csv", b"m,x,y,z,vx,vy,vz\n" + b"1,nan,0,0,0,0,0\n" * 30),
        ("not.hdf5", b"tick tock" * 50),
        ("bad.toml", b"title = "),
        ("room.toml", b"shelves = []"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_no_work_can_be_made_of_is_refused_in_words(tmp_path: Path, name: str, data: bytes) -> None:
    """By the readers themselves; the page is told their words."""
    path = tmp_path / name
    path.write_bytes(data)
    kind = dropped.kind_of(path)
    with pytest.raises(ValueError, match=r"\w{3,}") as told:
        if kind == "toml":
            dropped.design_of(path)
        else:
            dropped.work_of(path, kind, "it", seed=1)
    assert len(str(told.value)) > 15


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.csv", "from,to\na,b\n", "web"),
        ("a.csv", "M, X ,y,z,vx,vy,vz\n1,2,3,4,5,6,7\n", "snapshot"),
        ("a.graphml", "", "web"),
        ("a.zip", "", "notes"),
        ("a.h5", "", "snapshot"),
        ("a.toml", "", "toml"),
        ("a.wav", "", "recording"),
        ("a", "", "recording"),
        ("a.csv", "", "web"),
    ],
)
def test_a_file_is_taken_for_what_it_holds(tmp_path: Path, name: str, text: str, kind: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    assert dropped.kind_of(path) == kind


def test_an_archive_writes_nothing_outside_of_its_folder(tmp_path: Path) -> None:
    """Members that point out of it, absolute ones, links and hidden files are passed over."""
    path = tmp_path / "notes.zip"
    link = zipfile.ZipInfo("link.md")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("../out.md", "/abs.md", "a/../../out2.md", "C:/win.md", "..\\back.md", ".hidden/x.md", "ok/in.md"):
            archive.writestr(name, "[[in]]")
        archive.writestr(link, "/etc/passwd")
    folder = dropped.unpacked(path)
    assert [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()] == ["ok/in.md"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.notes", "notes.zip"]


def test_an_archive_that_swells_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is what comes out, not what the archive says of itself."""
    monkeypatch.setattr(dropped, "UNPACKED_MOST", 10_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(20):
            archive.writestr(f"{k}.md", "a" * 1_000)
    with pytest.raises(ValueError, match="more than"):
        dropped.unpacked(path)


def test_a_real_gyroscope_orb_and_web_go_on_together() -> None:
    """The real ones, in the gallery's own thread: seen, heard and in balance within 1 %."""
    from heartwright.works.galaxy import Galaxy
    from heartwright.works.gyroscope import Gyroscope
    from heartwright.works.web import Web

    gallery = Gallery()
    ring = [(k, (k + 1) % 9) for k in range(9)] + [(k, 9) for k in range(9)]
    works: tuple[Work, ...] = (Gyroscope(seed=3), Galaxy(n=64, seed=4), Web(ring, seed=5))
    for id, work in enumerate(works):
        gallery.put(StandingWork(id, work, f"work {id}")).result(600)
    for _ in range(20):
        gallery.tick(TICK, 1.0, 0, seen=True)
        wait_for(lambda: not gallery._ticks, 60.0)
        said = gallery.hear()
    wait_for(lambda: len(gallery._news.pictures) == 3, 60.0)
    end = time.monotonic() + 30.0
    while gallery.works[1].work.time < 0.3 and time.monotonic() < end:
        time.sleep(0.01)
    assert set(said) == {"0", "1", "2"}
    assert np.max(np.abs(said["0"])) > 1e-3
    assert not any(w.failed for w in gallery.works.values())
    assert gallery.room is not None
    assert gallery.ask(gallery.room.ledger).result(30).residual_ratio < 0.01
    gallery.close()
