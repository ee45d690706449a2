"""Bad input at the front door: each is a clear answer with its exit status, and nothing half-written is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from heartwright.cli import main
from heartwright.cli.hearing import find

Make = Callable[[Path], None]


def _demo() -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(find("demo"), dtype="float64")
    return samples, int(rate)


def _write(change: Callable[[np.ndarray, int], tuple[np.ndarray, int]], subtype: str = "PCM_16") -> Make:
    def make(path: Path) -> None:
        samples, rate = change(*_demo())
        soundfile.write(path, samples, rate, subtype=subtype)

    return make


def _truncated(path: Path) -> None:
    _write(lambda x, r: (x, r))(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _to_8_khz(x: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    from scipy.signal import resample_poly

    return resample_poly(x, 80, rate // 100), 8000


def _nan(x: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    x = x.copy()
    x[1000:1200] = np.nan
    return x, rate


def _noise(x: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    return 0.1 * np.random.default_rng(1).standard_normal(len(x)), rate


CASES: dict[str, tuple[Make, set[str]]] = {
    "empty": (lambda path: path.write_bytes(b"") and None, {"unreadable"}),
    "text": (lambda path: path.write_text("dear watchmaker, please find\n" * 40) and None, {"unreadable"}),
    "header only": (lambda path: path.write_bytes(b"RIFF\x24\x00\x00\x00WAVE") and None, {"unreadable"}),
    "truncated": (_truncated, {"ok"}),
    "silence": (_write(lambda x, r: (0.0 * x, r)), {"no_beat"}),
    "DC": (_write(lambda x, r: (0.0 * x + 0.5, r)), {"no_beat"}),
    "noise": (_write(_noise), {"no_beat", "too_noisy"}),
    "clipping": (_write(lambda x, r: (np.clip(20.0 * x / np.max(np.abs(x)), -1, 1), r)), {"ok"}),
    "NaN": (_write(_nan, "FLOAT"), {"ok"}),
    "all NaN": (_write(lambda x, r: (x * np.nan, r), "FLOAT"), {"no_beat", "unreadable"}),
    "1 s": (_write(lambda x, r: (x[:r], r)), {"too_short"}),
    "no samples": (_write(lambda x, r: (x[:0], r)), {"too_short", "unreadable"}),
    "8 bit": (_write(lambda x, r: (x, r), "PCM_U8"), {"ok"}),
    "8 kHz": (_write(_to_8_khz), {"ok", "too_noisy", "no_beat"}),
    "one dead channel": (_write(lambda x, r: (np.stack([x, 0.0 * x], axis=1), r)), {"ok"}),
}


@pytest.mark.parametrize("name", CASES)
def test_each_bad_recording_gets_a_clear_answer(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, allowed = CASES[name]
    path = tmp_path / "take.wav"
    make(path)
    written = ["--beats", str(tmp_path / "b.csv"), "--report", str(tmp_path / "r.html")]
    status = main(["listen", str(path), "--json", *written])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["status"] in allowed
    assert status == {"ok": 0, "unreadable": 2}.get(found["status"], 3)
    assert found["status"] == "ok" or found["advice"]
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".") or ".part" in p.name]


@pytest.mark.parametrize("name", ["empty", "silence", "1 s"])
def test_each_bad_recording_is_judged_without_words(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "take.wav"
    CASES[name][0](path)
    status = main(["judge", str(path), "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert status in (2, 3)
    assert all(word["score"] is None and word["reason"] for word in found["words"].values())
    assert found["conviction"] is None


def test_a_geometry_that_jams_is_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    """Both stones pushed in by 40 um leave no tooth room to pass: an answer with advice, not a hang."""
    depth = ["--edit", "escapement.entry_depth=40 um", "--edit", "escapement.exit_depth=40 um"]
    assert main(["run", "watch-6497", "--seconds", "5", "--json", *depth]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["status"] in ("jammed", "stopped")
    assert found["advice"]


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    desk = tmp_path / "desk"
    desk.mkdir()
    command = ["run", "watch-6497", "--seconds", "2", "--sound"]
    assert main([*command, str(tmp_path / "room.wav")]) == 0  # kernels are compiled and kept while there is room
    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(Path, "replace", full)
    assert main([*command, str(desk / "out.wav")]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert list(desk.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "heartwright.cli", "run", "watch-6497", "--seconds", "20000", "--sound", "out.wav"]
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background jobs
    )
    time.sleep(5.0)
    assert running.poll() is None, "the run ended before it could be interrupted"
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130, said
    assert b"Traceback" not in said
    assert b"Interrupted" in said
    assert list(tmp_path.iterdir()) == []
