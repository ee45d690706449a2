"""Standing works on the page, in a real browser: seen moving, heard, done something to; a dropped graph becomes one.

The works are plain ones whose motion can be foretold (`standing_fakes`); the server, its sockets and the page are real.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from test_page import CHROMIUM, FLAGS, PAGE, PATIENCE, ROOT, drop, opened, panel, press, until

KINDS = ("gyroscope", "galaxy", "web")
SERVER = """
import sys
sys.path.insert(0, sys.argv[1])
from standing_fakes import FakeGyroscope, FakeOrb, FakeWeb
from heartwright.studio import app, serve
from heartwright.studio.session import Session
from heartwright.studio.standing import Label, StandingWork

async def nothing():
    for none in ():
        yield none

async def works():
    for work in (FakeGyroscope(), FakeOrb(), FakeWeb()):
        label = Label("ada", "1815", "to be tried", "it is made up")
        yield StandingWork(session.shelf.new_id(), work, f"a {work.kind}", label)

session = Session()
session.shelf.open, session.shelf.furnish = nothing, works
session.recorded.playing = False
bound = serve.bind("127.0.0.1", 0)
place = serve.Place("127.0.0.1", bound.getsockname()[1])
says = lambda: print(f"http://127.0.0.1:{place.port}/", flush=True)
serve.server(app.create(session), place, says).run(sockets=[bound])
"""


@pytest.fixture(scope="module")
def bench() -> Iterator[str]:
    """Address of a bench with one work of each kind and no movement."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (uv sync --group dev)")
    if not CHROMIUM:
        pytest.skip("there is no chromium here")
    if not (PAGE / "dist" / "main.js").exists():
        pytest.skip("the page is not bundled: make web")
    command = [sys.executable, "-c", SERVER, str(ROOT / "tests")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        found = next(filter(None, (re.search(r"http://\S+/", line) for line in server.stdout)))
        yield found[0]
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def maker(bench: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        page = patient(opened(browser, bench))
        until(page, "heartwright.state().room?.standing.length >= 3", 30)
        yield page
        browser.close()


def patient(page: Any) -> Any:
    """Playwright's own waiting as patient as `until`: drawing in software may keep a busy machine long."""
    page.set_default_timeout(15_000 * PATIENCE)
    return page


def id_of(page: Any, kind: str) -> int:
    return int(page.evaluate(f"heartwright.state().works.find(w => w.movement_kind === '{kind}').id"))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_seen_moving(maker: Any, kind: str) -> None:
    """What the room shows of it changes with the pictures that come."""
    told = f"heartwright.state().room.standing.find(w => w.kind === '{kind}')"
    until(maker, f"{told}.framesReceived > 4", 10)
    before = maker.evaluate(f"JSON.stringify({told}.told.slice(0, 5))")
    until(maker, f"JSON.stringify({told}.told.slice(0, 5)) !== '{before}'", 10)
    assert not maker.errors


def test_it_is_put_in_focus_read_heard_and_tapped(maker: Any) -> None:
    """From the list of works: its figures stand there, its hum is in the loudspeaker, and a deed is done and told."""
    id = id_of(maker, "gyroscope")
    panel(maker, "shelf")
    press(maker, f'#sheet [data-work="{id}"]')
    until(maker, f"heartwright.state().focus === {id}", 10)
    until(maker, "/rev.s/.test(document.querySelector('#sheet .figures')?.textContent ?? '')", 10)
    assert "it is made up" in maker.inner_text("#sheet .about")
    press(maker, "#listen")
    until(
        maker, "heartwright.heard().then(h => !!h && h.played >= 24000 && Math.max(...h.tap.map(Math.abs)) > 0.05)", 20
    )
    until(  # in stereo, once the hall is there
        maker,
        "heartwright.heard().then(h => h.right.length === h.tap.length && h.right.some((x, i) => x !== h.tap[i]))",
        20,
    )
    maker.evaluate("document.querySelector('[data-deed=\"tap\"]').closest('details').open = true")
    maker.locator("#sheet details[open] input[type=range]").first.fill("1.5")
    press(maker, '[data-deed="tap"]')
    until(maker, "/tap at/.test(document.querySelector('#sheet .answer').textContent)", 10)
    until(maker, "/tap at/.test(document.querySelector('#sheet .edits')?.textContent ?? '')", 10)
    assert not maker.errors


def test_a_click_in_the_room_puts_what_it_meets_in_focus(maker: Any) -> None:
    maker.evaluate("heartwright.shell.close()")
    orb = id_of(maker, "galaxy")
    maker.evaluate(f"heartwright.send('focus', {{work: {orb}}})")
    until(maker, f"heartwright.state().room.focus.work === {orb}", 10)
    box = maker.evaluate("[document.getElementById('room').clientWidth, document.getElementById('room').clientHeight]")
    until(maker, f"heartwright.room.pick({box[0] / 2}, {box[1] / 2}) === {orb}", 30)


def test_an_onlooker_gets_no_deeds(maker: Any) -> None:
    answer = maker.evaluate("heartwright.app.net.send('invite', {role: 'onlooker'})")
    page = patient(opened(maker.context.browser, _here(maker, answer["url"])))
    panel(page, "shelf")
    assert page.evaluate("document.querySelectorAll('#sheet [data-deed]').length") == 0
    page.context.close()


def _here(page: Any, path: str) -> str:
    """The address of an invitation, which a session without an address of its own gives as a path."""
    return str(page.evaluate("path => new URL(path, location.origin).href", path))


def test_a_dropped_graph_becomes_a_work(maker: Any) -> None:
    drop(maker, "ties.csv", b"heart,pump\npump,valve\nvalve,heart\nvalve,artery\n")
    maker.fill("dialog input[name=intent]", "to show what hangs on what")
    press(maker, "dialog button[type=submit]")
    id = until(maker, "heartwright.state().works.find(w => w.title === 'ties')?.id", 120)
    until(maker, f"heartwright.state().room.standing.some(w => w.id === {id} && w.framesReceived > 2)", 30)
    until(maker, f"heartwright.state().focus === {id}", 10)
    assert maker.evaluate(f"heartwright.state().works.find(w => w.id === {id}).intent") == "to show what hangs on what"
    assert not maker.errors


def test_a_graph_without_threads_is_refused_in_words(maker: Any) -> None:
    drop(maker, "empty.graphml", b"<graphml><graph edgedefault='undirected'></graph></graphml>")
    press(maker, "dialog button[type=submit]")
    said = until(maker, "document.querySelector('dialog .hint[data-kind=refused]')?.textContent", 30)
    assert len(said) > 10
    maker.keyboard.press("Escape")
