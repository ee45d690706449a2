"""A watch heard from the page: a real browser with a made-up microphone, or with none, or with one that is denied."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from test_page import CHROMIUM, FLAGS, PAGE, ROOT, VIEW, opened, press, until

TRUE_RATE_S_PER_DAY, TRUE_ERROR_MS = 12.0, 0.6
FAKE = "--use-fake-device-for-media-stream"
WILLING = "--use-fake-ui-for-media-stream"  # the browser's question is answered with yes
TOKEN = "a-token-for-these-tests"
SETTINGS = "{ echoCancellation: false, noiseSuppression: true }"
TRACK = "heartwright.app.microphone.stream.getAudioTracks()[0]"
MIC = "heartwright.state().microphone"


@contextlib.contextmanager
def serving(*more: str) -> Iterator[str]:
    """Port of a bench that runs meanwhile."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (uv sync --group dev)")
    if not CHROMIUM:
        pytest.skip("there is no chromium here")
    if not (PAGE / "dist" / "main.js").exists():
        pytest.skip("the page is not bundled: make web")
    command = [sys.executable, "-m", "heartwright.cli", "studio", "--no-open", "--port", "0", "--room", "none", *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        found = next(filter(None, (re.search(r"http://[^:/]+:(\d+)/", line) for line in server.stdout)))
        try:
            yield found[1]
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="module", name="bench")
def _bench() -> Iterator[str]:
    with serving() as port:
        yield f"http://127.0.0.1:{port}/"


@contextlib.contextmanager
def browsing(*flags: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, headless=True, args=[*FLAGS, *flags])
        yield browser
        browser.close()


@pytest.fixture(scope="module", name="watch")
def _watch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lever watch of 28,800 that gains 12 s a day, 0.6 ms out of beat, 45 s at 48 kHz."""
    rng = np.random.default_rng(3)
    hz, seconds = 48_000, 45.0
    beat = 0.125 / (1.0 + TRUE_RATE_S_PER_DAY / 86_400.0)
    sound = rng.normal(0.0, 0.0015, int(seconds * hz))
    for k in range(int((seconds - 0.1) / beat)):
        for after, size, tone_hz, tau in (
            (0.0, 0.1, 6100, 6e-4),
            (2.4e-3, 0.06, 5200, 5e-4),
            (7.6e-3, 0.35, 4300, 9e-4),
        ):
            at = 0.05 + k * beat + 0.5e-3 * TRUE_ERROR_MS * (1 - 2 * (k % 2)) + after
            first = int(np.ceil(at * hz))
            t = (np.arange(first, first + 288)) / hz - at
            sound[first : first + 288] += (
                size * np.exp(-t / tau) * np.sin(2 * np.pi * tone_hz * t) * (1 - np.exp(-t / 5e-5))
            )
    path = tmp_path_factory.mktemp("sound") / "watch.wav"
    soundfile.write(path, sound.astype(np.float32), hz, subtype="PCM_16")
    return path


def at_the_watch(page: Any) -> None:
    """Through the door, to the panel."""
    press(page, "#door-watch")
    page.wait_for_selector('#sheet[data-panel="watch"] #listen-watch')


def says(page: Any, selector: str) -> str:
    return str(page.evaluate(f"document.querySelector('{selector}')?.textContent ?? ''"))


def test_a_watch_is_heard_from_the_page(bench: str, watch: Path) -> None:
    """Door, consent, figures, trace, a broken line, the shelf: the rate on the page is the watch's."""
    with browsing(FAKE, WILLING, f"--use-file-for-fake-audio-capture={watch}") as browser:
        page = opened(browser, bench)
        at_the_watch(page)
        page.fill("#movement", "2824-2")
        page.dispatch_event("#movement", "change")
        until(page, "/28800 beats.*lift 50/.test(document.getElementById('sheet').textContent)", 10)
        press(page, "#listen-watch")
        until(page, f"{MIC}.state === 'open' && {MIC}.linked", 20)
        given = page.evaluate(f"{MIC}.given")
        assert given["kept"] == [] and given["rate_hz"] >= 44_100
        assert "noise suppression off" in says(page, "#given")
        first = until(page, f"{MIC}.reading?.rate_s_per_day && {MIC}.reading", 30)
        assert first["mic"] == page.evaluate(f"{MIC}.mic")
        settled = until(page, f"{MIC}.reading?.settled && {MIC}.reading.beat_error_ms && {MIC}.reading", 120)
        assert settled["rate_low_repeat"] - 1.0 < TRUE_RATE_S_PER_DAY < settled["rate_high_repeat"] + 1.0
        assert settled["rate_s_per_day"]["low"] < TRUE_RATE_S_PER_DAY < settled["rate_s_per_day"]["high"]
        assert settled["beat_error_ms"]["value"] == pytest.approx(TRUE_ERROR_MS, abs=0.1)
        assert settled["nominal_bph"] == 28_800
        until(page, "document.getElementById('ear-standing').dataset.kind === 'settled'", 10)
        assert says(page, '[data-figure="rate"] b').startswith("+1")
        assert page.evaluate(f"{MIC}.dots") > 20
        assert "beats" in page.get_attribute("canvas.paper", "aria-label")
        until(page, "/dB/.test(document.querySelector('.levels .note:last-child').textContent)", 10)
        page.evaluate("heartwright.app.microphone.drop()")
        until(page, f"!{MIC}.linked", 10)
        until(page, f"{MIC}.linked", 20)
        lost = until(page, f"{MIC}.reading?.linked && {MIC}.reading", 20)["lost_s"]
        assert lost == 0.0
        press(page, "#keep-take")
        work = until(page, f"{MIC}.kept", 60)
        assert page.evaluate(f"{MIC}.state") == "shut"
        assert "FLAC" in says(page, "#kept")
        said = until(page, f"heartwright.state().sentences[{work}]", 120)
        assert (
            said["reading"]["rate_s_per_day"]["low"] < TRUE_RATE_S_PER_DAY < said["reading"]["rate_s_per_day"]["high"]
        )
        assert not page.errors
        page.context.close()


def test_the_worklet_does_where_a_browser_gives_no_frames(bench: str, watch: Path) -> None:
    """As in browsers that hand a page no frames of a track: an AudioWorklet takes the sound. What such a browser would
    not switch off is told; unplugged and plugged in again, it goes on."""
    with browsing(FAKE, WILLING, f"--use-file-for-fake-audio-capture={watch}") as browser:
        page = opened(browser, f"{bench}?microphone=worklet")
        page.evaluate(f"MediaStreamTrack.prototype.getSettings = () => ({SETTINGS})")
        at_the_watch(page)
        press(page, "#listen-watch")
        told = until(page, f"{MIC}.reading?.rate_s_per_day && {MIC}.reading", 60)
        assert told["rate_s_per_day"]["low"] < TRUE_RATE_S_PER_DAY < told["rate_s_per_day"]["high"]
        stubborn = "noise suppression on, and not to be switched off"
        until(page, f"document.querySelector('#given')?.textContent.includes('{stubborn}')", 20)
        assert "automatic gain not told by the browser" in says(page, "#given")
        assert "would not switch noise suppression off" in until(
            page, "document.querySelector('.troubles').textContent", 9
        )
        page.evaluate(f"{TRACK}.dispatchEvent(new Event('ended'))")
        until(page, f"{MIC}.state === 'unplugged'", 10)
        assert "unplugged" in says(page, ".troubles") and "Plug it in again" in says(page, ".troubles")
        page.evaluate("heartwright.app.microphone.again()")
        until(page, f"{MIC}.state === 'open'", 20)
        until(page, f"{MIC}.reading?.rate_s_per_day", 60)
        press(page, "#leave-take")
        until(page, f"{MIC}.state === 'shut' && {MIC}.kept === null", 20)
        until(page, f"{MIC}.reading === null", 20)
        assert not page.errors
        page.context.close()


@pytest.mark.parametrize(
    ("flags", "what", "cure"),
    [((FAKE,), "denied", "allow the microphone"), ((WILLING,), "No microphone was found", "Plug one in")],
)
def test_a_microphone_that_cannot_be_had_is_explained(bench: str, flags: tuple[str, ...], what: str, cure: str) -> None:
    """Denied, and none there: the reason and the cure stand on the page; asking again is possible."""
    with browsing(*flags) as browser:
        page = opened(browser, bench)
        at_the_watch(page)
        press(page, "#listen-watch")
        until(page, f"{MIC}.trouble !== null && {MIC}.state === 'shut'", 20)
        told = says(page, ".troubles")
        assert what in told and cure in told
        assert not page.evaluate("document.getElementById('listen-watch').disabled")
        assert page.evaluate(f"{MIC}.mic") == 0
        assert not page.errors
        page.context.close()


def test_an_onlooker_finds_no_door_to_a_microphone(bench: str) -> None:
    with browsing(FAKE, WILLING) as browser:
        maker = opened(browser, bench)
        link = maker.evaluate("heartwright.send('invite', { role: 'onlooker' })")["url"]
        page = opened(browser, link)
        assert page.evaluate("document.querySelectorAll('#door-watch').length") == 0
        page.evaluate("heartwright.shell.open('watch')")
        page.wait_for_selector('#sheet[data-panel="watch"]')
        assert not page.is_visible("#listen-watch")
        assert page.evaluate("heartwright.send('listen', { rate_hz: 48000 })") is None
        assert "onlooker" in page.evaluate("heartwright.state().refusals.at(-1)")
        page.context.close()
        maker.context.close()


def test_plain_http_from_elsewhere_is_explained() -> None:
    """No secure context, no microphone: the page says how to get one, with the command to type."""
    with (
        serving("--host", "0.0.0.0", "--token", TOKEN) as port,
        browsing(FAKE, WILLING, "--host-resolver-rules=MAP bench.example 127.0.0.1") as browser,
    ):
        page = browser.new_context(viewport=VIEW).new_page()
        page.goto(f"http://bench.example:{port}/?token={TOKEN}&quality=low")
        until(page, "!!(window.heartwright && heartwright.state().role)", 20)
        assert not page.evaluate("isSecureContext")
        at_the_watch(page)
        told = until(page, "document.querySelector('.troubles').textContent", 20)
        assert f"ssh -L {port}:localhost:{port} bench.example" in told
        assert f"http://localhost:{port}" in told
        until(page, "document.getElementById('listen-watch').disabled", 20)
        page.context.close()
