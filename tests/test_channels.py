"""Which channel is listened to: the one asked for, the mean of all, or the one in which ticks stand out most."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from heartwright.cli import main
from heartwright.listen import Unreadable, load
from heartwright.listen.take import channels, streaming

RATE = 48_000


def ticks(period_s: float, seconds: float, seed: int) -> np.ndarray:
    """Damped 6 kHz rings in soft noise, shape [n]."""
    since = np.mod(np.arange(int(seconds * RATE)) / RATE, period_s)
    noise = 1e-3 * np.random.default_rng(seed).standard_normal(len(since))
    return (0.3 * np.exp(-since / 1e-3) * np.sin(2 * np.pi * 6e3 * since) + noise).astype(np.float32)


@pytest.fixture(scope="module", name="pair")
def _pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A watch of 18,000 on the left, one of 28,800, softer, on the right."""
    path = tmp_path_factory.mktemp("pair") / "two.wav"
    both = np.stack([ticks(0.2, 12.0, 1001), 0.3 * ticks(0.125, 12.0, 1002)], axis=1)
    soundfile.write(path, both, RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize("asked, index", [("left", 0), ("Right", 1), ("1", 0), ("2", 1)])
def test_the_channel_asked_for_is_used(pair: Path, asked: str, index: int) -> None:
    whole, _ = soundfile.read(pair, dtype="float32")
    recording = load(pair, channel=asked)
    assert np.array_equal(recording.samples, whole[:, index])
    assert f"2 channels, {('left', 'right')[index]} used (asked for)" in recording.notes


def test_mid_is_the_mean_of_all(pair: Path) -> None:
    whole, _ = soundfile.read(pair, dtype="float32")
    recording = load(pair, channel="mid")
    assert np.allclose(recording.samples, whole.mean(axis=1), atol=1e-7)
    assert "2 channels, their mean used (asked for)" in recording.notes


def test_left_alone_the_clearest_is_used_and_why_is_told() -> None:
    clear, hissing = ticks(0.2, 4.0, 1003), ticks(0.2, 4.0, 1003)
    hissing += 0.01 * np.random.default_rng(1004).standard_normal(len(hissing)).astype(np.float32)
    found = channels.choose(np.stack([hissing, clear], axis=1), RATE)
    assert found.used == (1,)
    assert "right used (its ticks stand highest over the noise, by " in found.notes[0]
    lead_db = float(found.notes[0].split("by ")[1].split(" dB")[0])
    assert lead_db == pytest.approx(20.0, abs=2.0)


def test_one_microphone_twice_is_told() -> None:
    once = ticks(0.2, 4.0, 1005)
    found = channels.choose(np.stack([once, once], axis=1), RATE)
    assert found.used == (0,) and found.notes == ("2 channels, left used (ticks stand equally high in each)",)


@pytest.mark.parametrize("asked", ["middle", "0", "-1", "1.5", "²"])
def test_what_names_no_channel_is_refused(pair: Path, asked: str, capsys: Any) -> None:
    with pytest.raises(Unreadable, match="allowed are left, right, mid"):
        load(pair, channel=asked)
    assert main(["listen", str(pair), "--channel", asked]) == 2
    assert f"--channel {asked!r}" in capsys.readouterr().err


def test_a_channel_that_is_not_there_is_refused(pair: Path, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="'3' asked for; the sound has 2 channels"):
        load(pair, channel="3")
    soundfile.write(tmp_path / "mono.wav", ticks(0.2, 1.0, 1), RATE)
    with pytest.raises(Unreadable, match="'right' asked for; the sound has 1 channel;"):
        load(tmp_path / "mono.wav", channel="right")
    assert load(tmp_path / "mono.wav", channel="mid").notes == ()


def test_listening_and_judging_take_the_channel(pair: Path, capsys: Any) -> None:
    for asked, bph in (("left", 18_000.0), ("right", 28_800.0)):
        for command in ("listen", "judge"):
            main([command, str(pair), "--channel", asked, "--json"])
            told = json.loads(capsys.readouterr().out)
            reading = told if command == "listen" else told["reading"]
            assert reading["beat_rate_bph"]["value"] == pytest.approx(bph, rel=1e-4)


def test_a_long_run_takes_the_channel(pair: Path) -> None:
    whole, _ = soundfile.read(pair, dtype="float32")
    for asked, sound in (("right", whole[:, 1]), ("mid", whole.mean(axis=1))):
        source = streaming.Source([streaming.Segment(pair)], channel=asked, piece_s=5.0, overlap_s=1.0)
        for piece in source.pieces():
            at = round(piece.start_s * RATE)
            assert np.allclose(piece.recording.samples, sound[at : at + len(piece.recording.samples)], atol=1e-6)
        assert "asked for" in source.notes[0]


def test_a_long_run_of_unlike_segments_takes_what_is_there(pair: Path, tmp_path: Path) -> None:
    """A segment of fewer channels than the first gives its last."""
    soundfile.write(tmp_path / "mono.wav", ticks(0.125, 3.0, 1006), RATE, subtype="FLOAT")
    segments = [streaming.Segment(pair), streaming.Segment(tmp_path / "mono.wav")]
    last = list(streaming.Source(segments, channel="mid").pieces())[-1]
    assert np.allclose(last.recording.samples, ticks(0.125, 3.0, 1006))
