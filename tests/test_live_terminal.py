"""`heartwright live`: files played as a microphone, a stand-in for PortAudio, what is kept, what is refused."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from listen_takes import watch
from rich.console import Console

from heartwright.cli import live_screen, main
from heartwright.cli.live_keep import Stamps, Take
from heartwright.listen.hours import clock
from heartwright.listen.hours.live import Live, Tape
from heartwright.listen.take import microphone

RATE = 48_000


@pytest.fixture(scope="module", name="sound")
def _sound() -> np.ndarray:
    return np.asarray(watch(seconds=6.0, rate_hz=RATE, snr_db=30.0, bph=21_600.0).recording.samples)


def test_a_file_is_played_and_kept(tmp_path: Path, sound: np.ndarray, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "watch.wav", sound, RATE, subtype="PCM_24")
    kept = tmp_path / "take.flac"
    given = ["live", "--from", str(tmp_path / "watch.wav"), "--speed", "0", "--lift-deg", "44", "--save", str(kept)]
    assert main(given) == 0
    out = capsys.readouterr().out
    shown = out.splitlines()
    first = next(line for line in shown if "rate" in line)
    assert float(first.split()[0]) < 3.0 and "settled" in first
    assert "amplitude" in out and f"wrote {kept}" in out and not list(tmp_path.glob(".*"))
    again, rate = soundfile.read(kept, dtype="float32")
    assert rate == RATE and np.abs(again - sound).max() < 1e-6


def test_json_is_one_object_and_seconds_stop_it(tmp_path: Path, sound: np.ndarray, capsys: Any) -> None:
    soundfile.write(tmp_path / "watch.wav", sound, RATE)
    assert main(["live", "--from", str(tmp_path / "watch.wav"), "--speed", "0", "--seconds", "4", "--json"]) == 0
    reading = json.loads(capsys.readouterr().out)
    assert reading["duration_s"] == pytest.approx(4.0, abs=0.11) and reading["status"] == "ok"
    assert main(["live", "--from", str(tmp_path / "watch.wav"), "--speed", "0", "--seconds", "1", "--json"]) == 3
    assert "Too little was heard" in json.loads(capsys.readouterr().out)["advice"][0]


def test_speed_is_kept(tmp_path: Path, sound: np.ndarray) -> None:
    soundfile.write(tmp_path / "watch.wav", sound[: 2 * RATE], RATE)
    begun = time.monotonic()
    with microphone.from_file(tmp_path / "watch.wav", speed=8.0) as source:
        total = sum(len(block.samples) for block in source.blocks)
    assert total == 2 * RATE and 0.24 < time.monotonic() - begun < 2.0


# ------------------------------------------------------------------------------------- a stand-in for PortAudio


class PortAudioError(Exception):
    pass


def stand_in(blocks: list[np.ndarray], *, opens: Any = None, own_hz: float = 44_100.0) -> Any:
    """A module like sounddevice with one microphone that gives `blocks`; `opens(rate)` may refuse a rate."""

    class InputStream:
        def __init__(self, *, samplerate: float, callback: Any, **_: Any) -> None:
            if opens is not None and not opens(samplerate):
                raise PortAudioError("Invalid sample rate")
            self.device, self._callback = 0, callback

        def __enter__(self) -> InputStream:
            for k, block in enumerate(blocks):
                self._callback(block[:, None], len(block), None, SimpleNamespace(input_overflow=k == 2))
            return self

        def __exit__(self, *what: object) -> None:
            return None

    def query_devices(device: Any = None, kind: str | None = None) -> Any:
        known = {"name": "Built-in", "max_input_channels": 1, "default_samplerate": own_hz}
        if kind is None:
            return [known, {**known, "name": "Speakers", "max_input_channels": 0}]
        if device not in (None, 0, "Built"):
            raise ValueError(f"No input device matching {device!r}")
        return known

    usual = SimpleNamespace(device=(0, 1))
    return SimpleNamespace(
        InputStream=InputStream, query_devices=query_devices, PortAudioError=PortAudioError, default=usual
    )


def test_a_microphone_is_heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sound: np.ndarray, capsys: Any) -> None:
    blocks = [sound[k * 4_800 : (k + 1) * 4_800] for k in range(58)]
    monkeypatch.setitem(sys.modules, "sounddevice", stand_in(blocks))
    kept, stamps = tmp_path / "take.wav", tmp_path / "stamps.csv"
    given = ["live", "--device", "0", "--save", str(kept), "--stamps", str(stamps), "--seconds", "5.6"]
    assert main(given) == 0
    out = capsys.readouterr().out
    assert "Built-in: " in out and "sound was lost once" in out  # the third block had lost sound before it
    assert soundfile.info(kept).frames == 56 * 4_800
    own, true = clock.read_log(stamps, rate_hz=RATE)
    assert len(own) == len(true) >= 1


def test_the_devices_own_rate_is_taken_where_it_refuses_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    module = stand_in([np.zeros(10, np.float32)], opens=lambda rate: rate == 44_100.0)
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    with microphone.from_device() as source:
        assert source.rate_hz == 44_100.0 and source.name == "Built-in"
        assert len(next(source.blocks).samples) == 10
        assert len(next(source.blocks).samples) == 0  # none came for half a second


def test_what_keeps_it_from_listening_is_explained(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert main(["live"]) == 2
    assert 'pip install "heartwright[live]"' in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "sounddevice", stand_in([], opens=lambda rate: False))
    assert main(["live"]) == 2
    assert "allow the terminal the microphone" in capsys.readouterr().err
    assert main(["live", "--device", "Bluetooth"]) == 2
    assert "heartwright live --devices" in capsys.readouterr().err
    assert main(["live", "--devices"]) == 0
    assert "*   0  Built-in" in capsys.readouterr().out
    assert main(["live", "--from", "nothing.wav"]) == 2
    assert main(["live", "--from", "demo", "--stamps", "a.csv"]) == 2
    assert main(["live", "--from", "demo", "--save", "a.mp3"]) == 2
    assert ".flac or .wav is allowed" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------ what is kept


def test_a_take_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Take(tmp_path / "a.flac", RATE) as take:
        take.write(np.zeros(100, np.float32))
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt), Take(tmp_path / "a.flac", RATE) as take:
        take.write(np.zeros(100, np.float32))
        raise KeyboardInterrupt
    assert [p.name for p in tmp_path.iterdir()] == ["a.flac"] and soundfile.info(tmp_path / "a.flac").frames == 100


def test_stamps_calibrate(tmp_path: Path) -> None:
    """An hour of blocks that come 5 to 60 ms late from a recorder 25 ppm fast."""
    rng = np.random.default_rng(1)
    log = Stamps(RATE)
    for k in range(1, 36_001):
        log.add(4_800, 1.7e9 + k * 0.1 / (1 + 25e-6) + 0.005 + rng.exponential(0.01))
    (tmp_path / "stamps.csv").write_text(log.csv())
    found = clock.from_log(*clock.read_log(tmp_path / "stamps.csv", rate_hz=RATE))
    assert abs(found.offset_ppm - 25.0) < 2.6 * found.sigma_ppm < 1.0


# ------------------------------------------------------------------------------------------------- the screen


def test_the_trace_climbs_to_the_right_where_the_watch_gains() -> None:
    time_s = np.arange(0.0, 30.0, 0.2)
    side = np.where(np.arange(len(time_s)) % 2 == 0, 1, -1)
    tape = Tape(time_s, side, 0.05 * (time_s - 15.0), 0.2)
    lines = [text.plain for text in live_screen.trace(tape, 30.0, 80)]
    at = [(row, column) for row, line in enumerate(lines[:-1]) for column, c in enumerate(line) if c > "⠀"]
    rows, columns = np.array(at).T
    assert len(at) > 20 and np.corrcoef(rows, columns)[0, 1] < -0.95
    assert lines[0].strip().startswith("+") and lines[-1].rstrip().endswith("now")


def test_the_screen_shows_figures_and_trouble(sound: np.ndarray) -> None:
    ear = Live(RATE)
    ear.add(sound)
    ear.reading()
    console = Console(width=90)
    with console.capture() as shown:
        console.print(live_screen.draw(ear, "mic", ear.seconds, 90))
    text = shown.get()
    assert "rate, s/d" in text and "beats an hour" in text and "╶" in text
    ear.add(np.zeros(3 * RATE))
    with console.capture() as shown:
        console.print(live_screen.draw(ear, "mic", ear.seconds, 90))
    assert "only zeros" in shown.get()
