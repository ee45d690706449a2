"""The page of the live bench in a real browser: asked by state and by what can be read, never by frames a second.

The browser is Chromium with WebGL in software; where it, Playwright or the bundle is missing, the tests skip
and say so.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "heartwright" / "studio" / "page"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
FLAGS = ["--no-sandbox", "--use-gl=angle", "--use-angle=gl-egl", "--ignore-gpu-blocklist"]
CLIPS = os.environ.get("HEARTWRIGHT_RECORDINGS", "")
VIEW = {"width": 640, "height": 360}
IDLE = "HEARTWRIGHT_IDLE" in os.environ
#: Bounds are those of a machine that has nothing else to do, and held there; elsewhere they only tell what hangs.
PATIENCE = 1.0 if IDLE else 8.0


def test_the_guided_route_names_tests_that_exist() -> None:
    """Each stop says which test holds its claim, or that it is a simplification."""
    source = (PAGE / "src" / "route.ts").read_text("utf-8")
    named = re.findall(r'held: \{\s*test: "([\w/.]+)::(\w+)"', source)
    assert len(named) >= 6
    simple = re.findall(r"held: \{\s*simplification:", source)
    assert len(named) + len(simple) == source.count(' title: "')
    for path, test in named:
        assert f"def {test}(" in (ROOT / path).read_text("utf-8"), f"{path}::{test} is not there"


# ------------------------------------------------------------------------------------------------- in the browser


@pytest.fixture(scope="module")
def bench() -> Iterator[str]:
    """Address of a bench that runs for these tests."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (uv sync --group dev)")
    if not CHROMIUM:
        pytest.skip("there is no chromium here")
    if not (PAGE / "dist" / "main.js").exists():
        pytest.skip("the page is not bundled: make web")
    command = [sys.executable, "-m", "heartwright.cli", "studio", "--no-open", "--port", "0", "--room", "none"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        said = ""
        for line in server.stdout:
            said += line
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            if found:
                break
        else:
            pytest.fail(f"the bench did not open: {said}")
        yield found[0]
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def browser(bench: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(scope="module")
def maker(browser: Any, bench: str) -> Iterator[Any]:
    """The maker's page, once the heart goes."""
    page = opened(browser, bench)
    until(page, "heartwright.state().works.some(w => w.id === 0 && w.live)", 90)
    yield page
    page.context.close()


def opened(browser: Any, address: str) -> Any:
    page = browser.new_context(viewport=VIEW).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(address + ("&" if "?" in address else "?") + "quality=low")
    until(page, "!!(window.heartwright && heartwright.state().role)", 20)
    return page


def until(page: Any, condition: str, seconds: float) -> Any:
    """Wait for a condition of the page, `PATIENCE` times the seconds.

    The content security policy leaves Playwright's own waiting no eval.
    """
    seconds *= PATIENCE
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = page.evaluate(condition)
        if found:
            return found
        page.wait_for_timeout(100)
    says = page.evaluate("JSON.stringify([window.heartwright?.state().state, window.heartwright?.state().refusals])")
    pytest.fail(f"not within {seconds:g} s: {condition}; the bench says {says}")


def ask(page: Any, command: str, **args: Any) -> Any:
    return page.evaluate("([c, a]) => heartwright.send(c, a)", [command, args])


def press(page: Any, what: str) -> None:
    """A real click. Playwright's wait for two equal frames is left out: drawing in software may take long for one."""
    page.wait_for_selector(what, state="visible")
    page.click(what, force=True)


def panel(page: Any, name: str) -> None:
    page.evaluate("name => heartwright.shell.open(name)", name)
    page.wait_for_selector(f'#sheet[data-panel="{name}"]')


def test_it_paints_at_once_and_the_heart_is_seen_and_heard(browser: Any, bench: str) -> None:
    """First paint within 2 s; poses, and sound after one press of Listen, within 5 s; what was played is no silence."""
    page = opened(browser, bench)
    paint = until(page, "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0", 5)
    assert paint < 2000 * PATIENCE
    until(page, "heartwright.state().frames > 10", 5)
    assert page.evaluate("heartwright.state().sound") == "silent"
    press(page, "#listen")
    until(page, "heartwright.heard().then(h => !!h && h.blocks > 4)", 5)
    until(page, "heartwright.heard().then(h => h.played >= 48000)", 10)
    loud, flat = page.evaluate(
        "heartwright.heard().then(h => [Math.max(...h.tap.map(Math.abs)), h.tap.every(x => x === h.tap[0])])"
    )
    assert loud > 1e-3 and not flat
    assert not page.errors
    page.context.close()


def test_the_room_shows_the_poses(maker: Any) -> None:
    """The balance of the heart turns in the room as the server says."""
    until(maker, "(heartwright.state().room?.works ?? []).some(w => w.id === 0 && w.framesReceived > 5)", 30)
    assert maker.evaluate("document.querySelectorAll('#dock button').length") == 10
    assert not maker.errors


def test_one_beat_is_taken_out_and_gone_through(maker: Any) -> None:
    panel(maker, "time")
    press(maker, "#take-beat")
    until(maker, "heartwright.panels.time.beat?.contacts.length > 3", 20)
    names = maker.evaluate("heartwright.panels.time.beat.landmarks.map(l => l.name)")
    assert {"unlock", "impulse", "drop", "lock"} <= set(names)
    maker.evaluate("heartwright.shell.close()")


def test_a_fault_is_heard_mended_and_undone(maker: Any) -> None:
    """Out of beat by four degrees: the sentence names it; the collet is turned back; both are taken back."""
    until(maker, "heartwright.state().sentence?.text", 150)
    ask(maker, "speed", value=6)
    panel(maker, "bench")
    maker.evaluate("document.querySelector('[data-fault=\"out of beat\"]').closest('details').open = true")
    slider = maker.locator("details[open] input[type=range]")
    slider.fill("4")
    press(maker, '[data-fault="out of beat"]')
    until(maker, "heartwright.state().state.edits.length === 1", 10)
    until(maker, "/out of beat|beat error/i.test(heartwright.state().sentence?.text ?? '')", 150)
    press(maker, '[data-repair="set in beat"]')
    until(maker, "heartwright.state().state.edits.length === 2", 10)
    for left in (1, 0):
        press(maker, "#undo")
        until(maker, f"heartwright.state().state.edits.length === {left}", 10)
    ask(maker, "speed", value=1)
    maker.evaluate("heartwright.shell.close()")
    assert not maker.errors


def test_sixty_trials_fill_the_picture(maker: Any) -> None:
    panel(maker, "touch")
    press(maker, "#rehearse-now")
    until(maker, "heartwright.state().rehearsal?.finished && heartwright.state().rehearsal.done === 60", 90)
    counts = maker.evaluate("heartwright.state().odds")
    assert sum(counts.values()) == 60
    shares = maker.evaluate("heartwright.state().rehearsal.shares")
    assert {name: round(60 * s["value"]) for name, s in shares.items()} == counts
    assert "60 of 60 trials" in maker.get_attribute("canvas.odds", "aria-label")
    maker.evaluate("heartwright.shell.close()")


def test_an_onlooker_sees_the_same_and_touches_nothing(browser: Any, maker: Any) -> None:
    panel(maker, "people")
    press(maker, '[data-invite="onlooker"]')
    link = until(maker, "document.querySelector('#sheet input[readonly]')?.value", 10)
    page = opened(browser, link)
    assert page.evaluate("heartwright.state().role") == "onlooker"
    assert page.evaluate("document.querySelectorAll('.door').length") == 0
    shown = page.evaluate("[...document.querySelectorAll('#dock button')].map(b => b.dataset.panel)")
    assert not {"touch", "bench", "dream"} & set(shown)
    assert ask(page, "fault", name="dry oil") is None
    assert "onlooker" in page.evaluate("heartwright.state().refusals.at(-1)")
    ask(maker, "speed", value=2)
    until(page, "heartwright.state().state?.speed === 2", 5)
    ask(maker, "speed", value=1)
    page.context.close()
    maker.evaluate("heartwright.shell.close()")


def test_a_critic_asks_and_touches_nothing(browser: Any, maker: Any) -> None:
    panel(maker, "people")
    links = "[...document.querySelectorAll('#sheet input[readonly]')].map(i => i.value)"
    old = maker.evaluate(f"JSON.stringify({links})")
    press(maker, '[data-invite="critic"]')
    link = until(maker, f"{links}.find(l => !{old}.includes(l))", 10)
    page = opened(browser, link)
    assert page.evaluate("heartwright.state().role") == "critic"
    assert ask(page, "touch", name="wind", amount=0.1) is None
    assert "critic" in page.evaluate("heartwright.state().refusals.at(-1)")
    before = len(page.evaluate("heartwright.state().refusals"))
    ask(page, "focus", work=1)
    until(page, "heartwright.state().state?.focus === 1", 10)
    ask(page, "focus", work=0)
    assert len(page.evaluate("heartwright.state().refusals")) == before
    assert not page.errors
    page.context.close()
    maker.evaluate("heartwright.shell.close()")


def test_a_picture_and_a_clip_are_kept(maker: Any) -> None:
    """Both come as files that hold something: a PNG, and a film of some seconds."""
    panel(maker, "shelf")
    for what, starts, wait_s in (("#save-picture", b"\x89PNG", 60), ("#save-clip", b"\x1aE\xdf\xa3", 90)):
        with maker.expect_download(timeout=1000 * wait_s) as coming:
            press(maker, what)
        kept = Path(coming.value.path()).read_bytes()
        assert kept.startswith(starts) and len(kept) > 10_000, f"{what}: {len(kept)} bytes"
    maker.evaluate("heartwright.shell.close()")
    assert not maker.errors


def test_a_wrong_link_is_told(browser: Any, bench: str) -> None:
    page = browser.new_context(viewport=VIEW).new_page()
    page.goto(bench + "?token=wrong-and-long-enough&quality=low")
    until(page, "/link/.test(document.getElementById('standing').textContent)", 20)
    page.context.close()


DROP = """async ([name, data]) => {
  const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0)), carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  const words = {bubbles: true, cancelable: true, dataTransfer: carried};
  for (const kind of ["dragenter", "drop"]) document.body.dispatchEvent(new DragEvent(kind, words));
}"""


def drop(page: Any, name: str, data: bytes) -> None:
    page.evaluate(DROP, [name, base64.b64encode(data).decode()])
    page.wait_for_selector("dialog[open]")


def test_what_is_no_sound_is_refused_plainly(maker: Any) -> None:
    drop(maker, "poem.wav", b"tick tock, said the clock" * 40)
    press(maker, "dialog button[type=submit]")
    said = until(maker, "document.querySelector('dialog .hint[data-kind=refused]')?.textContent", 20)
    assert len(said) > 10
    maker.keyboard.press("Escape")
    assert maker.evaluate("heartwright.state().linked")


@pytest.mark.skipif(not CLIPS, reason="HEARTWRIGHT_RECORDINGS names no folder of real clips")
def test_a_recording_is_dropped_and_read(maker: Any) -> None:
    clip = sorted(Path(CLIPS).glob("*.ogg"))[0]
    drop(maker, clip.name, clip.read_bytes())
    maker.fill("dialog input[name=intent]", "to be heard")
    press(maker, "dialog button[type=submit]")
    id = until(maker, "heartwright.state().works.find(w => w.kind === 'recording')?.id", 20)
    said = until(maker, f"heartwright.state().sentences[{id}]?.text", 150)
    assert len(said) > 10
    assert maker.evaluate(f"heartwright.state().works.find(w => w.id === {id}).intent") == "to be heard"


def test_a_broken_connection_comes_back(maker: Any) -> None:
    maker.evaluate("heartwright.app.net.drop()")
    until(maker, "!heartwright.state().linked", 5)
    until(maker, "heartwright.state().linked", 15)
    before = maker.evaluate("heartwright.state().frames")
    until(maker, f"heartwright.state().frames > {before + 5}", 10)


@pytest.mark.parametrize(("deed", "ended"), [("leave", "unchanged"), ("touch", "broken")])
def test_the_dream_is_played_to_two_endings(maker: Any, deed: str, ended: str) -> None:
    """Twenty times as fast until there is something to choose: one leaves it alone, the other presses the cracked reed
    as hard as tweezers can. Awake, the heart that stood there before stands there again."""
    ask(maker, "speed", value=20)
    panel(maker, "dream")
    maker.fill('#sheet input[type="number"]', "7")
    press(maker, "#begin-dream")
    begun = "heartwright.state().dream?.lines.length > 0 && !heartwright.state().dream.ending"
    until(maker, f"{begun} && !document.getElementById('dream').hidden", 60)
    until(maker, "['tilt', 'chill', 'missed', 'urge'].includes(heartwright.state().dream.phase)", 150)
    ask(maker, "speed", value=4)  # at 20 the choice is offered for 3 s, which a busy machine may take for one click
    until(maker, f"heartwright.state().dream.choices.some(c => c.name === '{deed}')", 150)
    ask(maker, "speed", value=1)
    if deed == "leave":
        press(maker, '#dream [data-act="leave"]')
    else:
        ask(maker, "touch", name="close the crack", amount=1.5)
        ask(maker, "speed", value=20)
    ending = until(maker, "heartwright.state().dream?.ending", 150)
    assert ending["name"] == ended and ending["record"]["seed"] == 7
    maker.wait_for_selector(".ending #keep-record")
    press(maker, "#wake")
    until(maker, "document.getElementById('dream').hidden && heartwright.state().works[0].design === 'heart'", 20)
    ask(maker, "speed", value=1)
    assert not maker.errors


@pytest.mark.skipif(not IDLE, reason="HEARTWRIGHT_IDLE is not set: nothing else may run")
def test_a_minute_of_sound_has_no_gap(browser: Any, bench: str) -> None:
    """On an idle machine, with the room drawn beside it: no underrun and no block lost in 60 s."""
    page = opened(browser, bench)
    press(page, "#listen")
    until(page, "heartwright.heard().then(h => !!h && h.played > 0)", 10)
    page.wait_for_timeout(60_000)
    under, lost, played = page.evaluate("heartwright.heard().then(h => [h.under, h.lost, h.played])")
    assert (under, lost) == (0, 0) and played > 59 * 48_000
    page.context.close()
