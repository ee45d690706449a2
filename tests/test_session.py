"""Sessions: positions, the file, X, D, DVH, Di and their intervals, the dial, the commands and the page."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heartwright import sessions
from heartwright.cli import main, session_report
from heartwright.records import Interval, Reading
from heartwright.sessions import Position, SessionError, store

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
START = datetime(2026, 11, 26, 8, tzinfo=UTC)


def take(rate: float, *, within: float = 0.4, clock: float = 5.0, amplitude: float | None = 270.0) -> Reading:
    """A reading with a repeat interval of +-`within` and `clock` added in square [s/d]."""
    whole = float(np.hypot(within, clock))
    return Reading(
        "ok",
        (),
        60.0,
        beats=300,
        nominal_bph=18_000.0,
        settled=True,
        rate_s_per_day=Interval(rate, rate - whole, rate + whole),
        rate_low_repeat=rate - within,
        rate_high_repeat=rate + within,
        amplitude_deg=Interval(amplitude, amplitude - 2.0, amplitude + 2.0) if amplitude else None,
    )


def session_of(*readings: tuple[str, float, float | None], **kind: Any) -> sessions.Session:
    """A session of (position, wind in hours, rate)."""
    made = [sessions.entry(take(r, **kind), position=p, wind_h=w, time=START) for p, w, r in _swap(readings)]
    return sessions.Session(created=START, reading=made)


def _swap(readings: tuple[tuple[str, float, float | None], ...]) -> list[tuple[str, float | None, float]]:
    return [(p, w, r) for p, r, w in readings]


SIX = (("CH", 3.0, 0.0), ("CB", 5.0, 0.0), ("3H", -2.0, 0.0), ("6H", -6.0, 0.0), ("9H", 0.0, 0.0), ("12H", 4.0, 0.0))
DAY = (("CH", 1.0, 24.0), ("6H", -9.0, 24.0))


# ------------------------------------------------------------------------------------------------ positions


@pytest.mark.parametrize(
    ("text", "name", "up"),
    [
        ("CH", "CH", None),
        ("dial down", "CB", None),
        ("3h", "3H", 90.0),
        ("crown down", "9H", 270.0),
        ("12H", "12H", 0.0),
        ("0H", "12H", 0.0),
        ("1.5H", "45 deg", 45.0),
        ("45deg", "45 deg", 45.0),
        ("180°", "6H", 180.0),
        ("360 deg", "12H", 0.0),
    ],
)
def test_positions_are_read(text: str, name: str, up: float | None) -> None:
    found = Position.read(text)
    assert (found.name, found.up_deg) == (name, up)
    assert Position.read(found.name) == found


@pytest.mark.parametrize("text", ["13H", "", "H", "361 deg", "up", "-3H", "9" * 200])
def test_other_words_are_no_positions(text: str) -> None:
    with pytest.raises(ValueError, match="allowed: CH"):
        Position.read(text)


# -------------------------------------------------------------------------------------------------- figures


def test_figures_follow_their_definitions() -> None:
    found = sessions.summary(session_of(*SIX, *DAY))
    assert found.x is not None and found.d is not None and found.dvh is not None and found.di is not None
    assert found.x.value == pytest.approx(4.0 / 6.0)
    assert found.d.value == pytest.approx(11.0)
    assert found.dvh.value == pytest.approx(-1.0 - 4.0)
    assert found.di.value == pytest.approx((1.0 - 9.0) / 2 - (3.0 - 6.0) / 2)
    assert found.di_positions == ("CH", "6H")
    assert "not a certificate" in found.label


def test_the_recorders_clock_cancels_in_differences_and_stays_in_x() -> None:
    found = sessions.summary(session_of(*SIX, *DAY, clock=5.0))
    assert found.x is not None and found.dvh is not None and found.di is not None
    assert found.x.half_width == pytest.approx(np.hypot(5.0, 0.4 / 6**0.5), rel=1e-6)
    assert found.dvh.half_width == pytest.approx(0.4 * (1 / 2 + 1 / 4) ** 0.5, rel=1e-6)
    assert found.di.half_width == pytest.approx(0.4, rel=1e-6)


def test_two_recorders_do_not_cancel() -> None:
    one = sessions.entry(take(0.0), position="CH", wind_h=0.0, recorder="phone")
    two = sessions.entry(take(8.0), position="6H", wind_h=0.0, recorder="laptop")
    found = sessions.summary(sessions.Session(created=START, reading=[one, two]))
    assert found.d is not None and found.d.high - found.d.value > 7.0
    assert any("Several recorders" in line for line in found.remarks)


def test_a_position_twice_tells_how_it_repeats_and_counts_once() -> None:
    found = sessions.summary(session_of(*SIX, ("CH", 7.0, 0.0)))
    assert found.repeat_sigma_s_per_day == pytest.approx((8.0 - (0.4 / 1.96) ** 2) ** 0.5, rel=1e-6)
    assert found.x is not None and found.x.value == pytest.approx((5 + 5 - 2 - 6 + 0 + 4) / 6)
    assert found.x.half_width > 10.0  # one repeat alone says little of the spread


@pytest.mark.parametrize("spread", [0.0, 0.3, 6.0])
def test_the_interval_of_d_holds_the_true_difference(spread: float) -> None:
    rng = np.random.default_rng(7)
    true = spread * np.array([0.0, 0.5, -1.0, 0.2, 0.9, -0.4])
    held = 0
    for _ in range(200):
        heard = true + rng.normal(0.0, 0.4 / 1.96, 6)
        rows = [(p, float(r), 0.0) for p, r in zip(("CH", "CB", "3H", "6H", "9H", "12H"), heard, strict=True)]
        found = sessions.summary(session_of(*rows)).d
        assert found is not None
        held += found.low <= np.ptp(true) <= found.high
    assert held >= 182  # 95 % of 200, less two and a half standard deviations


def test_what_is_missing_is_none_with_advice() -> None:
    found = sessions.summary(session_of(("CH", 1.0, 0.0)))
    assert (found.x, found.d, found.dvh, found.di) == (None, None, None, None)
    said = " ".join(found.advice)
    assert "X and D need two positions" in said and "6H" in said and "24 h" in said
    empty = sessions.summary(sessions.Session(created=START))
    assert "wind fully" in empty.advice[0]


def test_an_angle_between_is_kept_and_stays_out_of_x() -> None:
    found = sessions.summary(session_of(*SIX, ("1.5H", 90.0, 0.0)))
    assert found.d is not None and found.d.value == pytest.approx(11.0)
    assert [c.position for c in found.cells][-1] == "45 deg"


def test_a_reading_without_a_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="no rate"):
        sessions.entry(Reading("no_beat", ("Nothing beats.",), 3.0), position="CH")


# ----------------------------------------------------------------------------------------------------- file


def test_a_session_comes_back_as_it_was(tmp_path: Path) -> None:
    held = session_of(*SIX).with_dial(sessions.DialReading(time=START, shown_s=-3.25))
    sessions.save(held, tmp_path / "watch.toml")
    assert sessions.load(tmp_path / "watch.toml") == held
    assert [p.name for p in tmp_path.iterdir()] == ["watch.toml"]
    with pytest.raises(SessionError, match="there already"):
        sessions.save(held, tmp_path / "watch.toml", overwrite=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t[: len(t) // 2], "damaged"),
        (lambda t: t.replace("version = 1", "version = 2"), "newer"),
        (lambda t: t.replace("heartwright session", "shopping"), "not a session"),
        (lambda t: t.replace("value = 3.0", "value = nan"), "reading.1"),
        (lambda t: t.replace('"CH"', '"upstairs"'), "not known"),
        (lambda t: t.replace("value = 3.0", "value = 99.0"), "outside its interval"),
        (lambda t: t + "\nx = " + "[" * 20_000, "nested"),
        (lambda t: t + "\nsecret = 1", "damaged"),
        (lambda t: "", "not a session"),
    ],
)
def test_a_damaged_file_is_told_and_kept(change: Any, said: str, tmp_path: Path) -> None:
    path = tmp_path / "watch.toml"
    sessions.save(session_of(*SIX), path)
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    before = path.read_bytes()
    with pytest.raises(SessionError, match=said):
        sessions.load(path)
    assert main(["session", "add", str(path), "--rate", "1", "--position", "CH"]) == 2
    assert path.read_bytes() == before


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "watch.toml"
    path.write_bytes(b"\xff\xfe\x00rubbish")
    with pytest.raises(SessionError, match="not text"):
        sessions.load(path)


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "watch.toml"
    sessions.save(session_of(*SIX), path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(SessionError, match="No space left"):
        sessions.save(session_of(*SIX, *DAY), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["watch.toml"]


_WRITER = """
import sys
from heartwright import sessions
held = sessions.load(sys.argv[1])
print("ready", flush=True)
while True:
    held = held.with_dial(sessions.DialReading(time=held.created, shown_s=1.0)) if len(held.dial) < 900 else held
    sessions.save(held, sys.argv[1])
"""


def test_a_kill_in_the_middle_of_writing_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "watch.toml"
    sessions.save(session_of(*SIX), path)
    for wait in (0.02, 0.09, 0.2):
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
        assert len(sessions.load(path).reading) == 6
    for part in tmp_path.glob(".watch.toml.*.part"):
        os.utime(part, (0.0, 0.0))
    sessions.save(session_of(*SIX), path)
    assert [p.name for p in tmp_path.iterdir()] == ["watch.toml"]


# ----------------------------------------------------------------------------------------------------- dial


def dialled(gain_s_per_day: float, *, days: float = 2.0, rate: float = 0.0) -> sessions.Hands:
    held = session_of(("CH", rate, 0.0), ("6H", rate + 1.0, 0.0))
    for d in (0.0, days):
        held = held.with_dial(sessions.DialReading(time=START + timedelta(days=d), shown_s=gain_s_per_day * d))
    return sessions.hands(held)


def test_hand_rate_is_the_gain_between_two_readings_of_the_dial() -> None:
    found = dialled(4.0)
    assert found.hand_rate_s_per_day is not None
    assert found.hand_rate_s_per_day.value == pytest.approx(4.0)
    assert found.hand_rate_s_per_day.half_width == pytest.approx(2.0**0.5 / 2.0)
    assert found.differs is False and "agree" in found.meaning[0]


def test_hands_that_fall_behind_mean_the_cannon_pinion() -> None:
    found = dialled(-900.0)
    assert found.differs and "cannon pinion" in found.meaning[0]


def test_hands_that_run_ahead_count_the_teeth() -> None:
    found = dialled(86_400.0 * 2.0 / 13.0, days=0.5)
    assert found.differs and "tooth" in found.meaning[0]
    assert "missing of 15 " in found.meaning[1]


def test_one_reading_of_the_dial_is_too_few() -> None:
    held = session_of(*SIX).with_dial(sessions.DialReading(time=START, shown_s=0.0))
    found = sessions.hands(held)
    assert found.hand_rate_s_per_day is None and "twice" in found.advice[0]


def test_a_missing_tooth_gives_the_beats_a_turn_that_the_hands_are_told_by() -> None:
    """2 n - 4 beats a turn, on the contact-level twin."""
    from heartwright.design import Design
    from heartwright.edit import Edit
    from heartwright.works import movement

    design = Edit.of(Design.load("watch-6497"), "escapement.missing_teeth", (3,)).apply(Design.load("watch-6497"))
    trace = movement.run(design, seconds=12.0, seed=1, poses_hz=100.0)
    wheel = np.abs(trace.poses[:, 1 + list(trace.rotors).index("escape wheel")])
    first = 200  # past the start
    last = int(np.searchsorted(wheel, wheel[first] + 2.0 * np.pi))
    heard = trace.beats.centre_s
    beats = int(np.sum((heard > trace.poses[first, 0]) & (heard <= trace.poses[last, 0])))
    assert beats in (25, 26, 27)  # whichever beat the turn begins with; 28 were one tooth's two beats


# ------------------------------------------------------------------------------------------- commands, page


def _run(capsys: pytest.CaptureFixture[str], *words: object, status: int = 0) -> Any:
    assert main([str(w) for w in words]) == status
    return json.loads(capsys.readouterr().out)


def test_the_verbs_make_a_session(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "w.toml"
    begun = _run(capsys, "session", "new", path, "--movement", "nh35", "--owner", "A. <b>", "--json")
    assert begun["watch"]["nominal_bph"] == 21_600.0 and begun["watch"]["lift_deg"] == 53.0
    told = ("--wind", "full", "--within", "0.4", "--amplitude-deg", "165", "--json")
    for position, rate in (("CH", 3), ("CB", 4), ("3H", -1), ("6H", -6), ("9H", 1), ("12H", 6)):
        _run(capsys, "session", "add", path, "--position", position, f"--rate={rate}", *told)
    heard = _run(
        capsys, "session", "add", path, "demo", "--position", "CH", "--wind", "24", "--bph", "18000",
        "--lift-deg", "44", "--waited", "40", "--json",
    )  # fmt: skip
    assert heard["added"]["rate_s_per_day"]["value"] == pytest.approx(-8.2, abs=1.5)
    shown = _run(capsys, "session", "show", path, "--json")
    assert shown["figures"]["d_s_per_day"]["value"] == pytest.approx(12.0)
    assert shown["figures"]["di_s_per_day"] is None and len(shown["readings"]) == 7
    found = _run(capsys, "session", "poise", path, "--inertia", "10 mg cm2", "--json")
    assert found["status"] == "ok" and found["unbalance_kg_m"]["value"] > 0.0
    for at, shows in (("2026-11-25T10:00:00", "10:00:03"), ("2026-11-26T10:00:00", "10:00:07.5")):
        dial = _run(capsys, "session", "dial", path, "--shown", shows, "--true", at, "--json")
    assert dial["hand_rate_s_per_day"]["value"] == pytest.approx(4.5)
    assert _run(capsys, "session", "remove", path, 7, "--json")["figures"]["positions"][0]["readings"] == 1
    page = tmp_path / "w.html"
    assert _run(capsys, "session", "report", path, page, "--before", path, "--json")["report"] == str(page)
    changes = _run(capsys, "session", "compare", path, path, "--json")["changes_s_per_day"]
    assert changes["x"]["value"] == 0.0 and changes["di"] is None
    text = page.read_text("utf-8")
    assert "A. &lt;b&gt;" in text and "<b>" not in text
    for verb in (["show"], ["poise"], ["dial"]):
        assert main(["session", *verb, str(path)]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "nowhere.toml"], "session new"),
        (["add", "{}", "demo"], "--position"),
        (["add", "{}", "--position", "CH"], "one of the three"),
        (["add", "{}", "demo", "--position", "13H"], "allowed: CH"),
        (["add", "{}", "--rate", "1", "--position", "CH", "--wind", "lots"], "hours since"),
        (["add", "{}", "--rate", "1e9", "--position", "CH"], "--rate"),
        (["add", "{}", "--rate", "nan", "--position", "CH"], "--rate"),
        (["add", "{}", "--rate", "1", "--position", "CH", "--temperature", "1000"], "temperature"),
        (["remove", "{}", "9"], "1 to 6"),
        (["poise", "{}", "--inertia", "10 mm"], "--inertia"),
        (["dial", "{}", "--shown", "ten"], "10:08:30"),
        (["dial", "{}", "--fast", "1", "--true", "noon"], "--true"),
        (["dial", "{}", "--fast", "nan"], "finite"),
        (["report", "{}", "no-folder/x.html"], "no folder"),
        (["new", "{}"], "there already"),
        (["new", "x.toml", "--movement", "nh353"], "Did you mean"),
    ],
)
def test_bad_input_is_refused_in_plain_words(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.toml"
    sessions.save(session_of(*SIX), path)
    before = path.read_bytes()
    found = _run(capsys, "session", *(w.format(path) for w in words), "--json", status=2)
    assert found["status"] == "refused" and said in found["advice"][0]
    assert path.read_bytes() == before


def test_a_take_without_a_rate_adds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import soundfile

    path, noise = tmp_path / "w.toml", tmp_path / "noise.wav"
    sessions.save(session_of(*SIX), path)
    soundfile.write(noise, 0.1 * np.random.default_rng(1).standard_normal(48_000 * 5), 48_000)
    found = _run(capsys, "session", "add", path, noise, "--position", "CH", "--json", status=3)
    assert found["added"] is None and found["advice"]
    assert len(sessions.load(path).reading) == 6


def test_the_page_holds_what_the_owner_asks_for() -> None:
    held = session_of(*SIX, *DAY, amplitude=165.0)
    held = held.model_copy(update={"work": "Cleaned, oiled, poised."})
    text = session_report.page(held, before=session_of(*SIX))
    for part in ("not a certificate", "DVH", "Cleaned, oiled", 'class="dial"', "Before and after", "Heavy side"):
        assert part in text
    assert "http" not in text.replace("http://www.w3.org", "") and "<script" not in text
    empty = session_report.page(sessions.Session(created=START))
    assert "Too few positions" in empty


@pytest.mark.skipif(not CHROMIUM, reason="there is no chromium here")
def test_the_page_prints_on_one_sheet(tmp_path: Path) -> None:
    held = session_of(*SIX, *DAY, amplitude=165.0)
    held = held.model_copy(update={"work": "Taken down, cleaned, oiled. Balance poised, regulator set."})
    for day in (0, 1):
        held = held.with_dial(sessions.DialReading(time=START + timedelta(days=day), shown_s=2.0 * day))
    page, sheet = tmp_path / "page.html", tmp_path / "page.pdf"
    page.write_text(session_report.page(held, before=session_of(*SIX)), "utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    subprocess.run([*command, f"--print-to-pdf={sheet}", page.as_uri()], check=True, capture_output=True, timeout=60)
    assert len(re.findall(rb"/Type\s*/Page[^s]", sheet.read_bytes())) == 1


def test_a_reading_comes_live_from_the_microphone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from heartwright.cli.hearing import find
    from heartwright.listen.take import microphone

    monkeypatch.setattr(microphone, "from_device", lambda _: microphone.from_file(find("demo"), speed=0.0))
    path = tmp_path / "w.toml"
    sessions.save(sessions.Session(created=START), path)
    words = ("--live", "12", "--lift-deg", "44", "--position", "CB", "--wind", "full", "--json")
    added = _run(capsys, "session", "add", path, *words)["added"]
    assert added["source"] == "live" and 11.0 < added["duration_s"] < 13.0
    assert added["rate_s_per_day"]["value"] == pytest.approx(-8.2, abs=3.0)
    assert len(sessions.load(path).reading) == 1
