"""Loading: every format, every kind of bad input, and a few thousand damaged files without a crash."""

from __future__ import annotations

import io
import os
import random
import stat
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from heartwright.listen.take import decode
from heartwright.listen.take.files import Unreadable, load

RATE = 48_000


def ticks(seconds: float = 2.0, rate: int = RATE, level: float = 0.5) -> np.ndarray:
    """Damped 6 kHz rings five times a second in soft noise, shape [n]."""
    t = np.arange(int(seconds * rate)) / rate
    u = np.mod(t, 0.2)
    noise = 1e-3 * np.random.default_rng(1).standard_normal(len(t))
    return (level * np.exp(-u / 1e-3) * np.sin(2 * np.pi * min(6e3, rate / 8) * u) + noise).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "kind", "subtype"),
    [
        ("a.wav", "WAV", "PCM_16"),
        ("a.wav", "WAV", "PCM_24"),
        ("a.wav", "WAV", "FLOAT"),
        ("a.flac", "FLAC", "PCM_24"),
        ("a.ogg", "OGG", "VORBIS"),
        ("a.mp3", "MP3", "MPEG_LAYER_III"),
        ("a.aiff", "AIFF", "PCM_16"),
        ("a.caf", "CAF", "ALAC_16"),
    ],
)
def test_the_base_reads(tmp_path: Path, name: str, kind: str, subtype: str) -> None:
    x = ticks()
    soundfile.write(tmp_path / name, x, RATE, format=kind, subtype=subtype)
    recording = load(tmp_path / name)
    assert recording.rate_hz == RATE and recording.source == name and recording.notes == ()
    assert recording.samples.dtype == np.float32 and recording.samples.ndim == 1
    assert recording.seconds == pytest.approx(2.0, abs=0.1)
    n = min(len(x), len(recording.samples))
    assert np.corrcoef(x[:n], recording.samples[:n])[0, 1] > (0.5 if kind == "MP3" else 0.98)


def write_media(path: Path, x: np.ndarray, codec: str, container: str) -> None:
    av = pytest.importorskip("av", reason="needs the media extra")
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(x[None], format="fltp", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.m4a", "aac", "ipod"),
        ("a.aac", "aac", "adts"),
        ("a.mp4", "aac", "mp4"),
        ("a.mov", "aac", "mov"),
        ("a.3gp", "aac", "3gp"),
        ("lossless.m4a", "alac", "ipod"),
        ("named.wav", "aac", "mp4"),  # what is inside counts, not the name
    ],
)
def test_what_phones_make_is_read_by_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, codec: str, container: str
) -> None:
    x = ticks()
    write_media(tmp_path / name, x, codec, container)
    monkeypatch.setattr(decode.shutil, "which", lambda _: None)
    recording = load(tmp_path / name)
    assert recording.rate_hz == RATE
    assert recording.seconds == pytest.approx(2.0, abs=0.15)
    power = np.abs(recording.samples) > 0.1
    assert np.count_nonzero(np.diff(np.flatnonzero(power)) > 4000) in (8, 9)  # ten ticks


def fake_ffmpeg(folder: Path, script: str) -> None:
    program = folder / "ffmpeg"
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(program.stat().st_mode | stat.S_IEXEC)


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for ffmpeg")
def test_ffmpeg_on_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x = ticks()
    soundfile.write(tmp_path / "sound.au", x, RATE, format="AU", subtype="FLOAT", endian="BIG")
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0")
    fake_ffmpeg(tmp_path, f'echo "$@" > "{tmp_path}/asked"\ncat "{tmp_path}/sound.au"\n')
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    recording = load(tmp_path / "a.m4a")
    assert recording.rate_hz == RATE and np.allclose(recording.samples, x)
    assert "-map 0:a:0" in (tmp_path / "asked").read_text()


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for ffmpeg")
def test_what_ffmpeg_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0")
    fake_ffmpeg(tmp_path, "echo 'moov atom not found' >&2\nexit 1\n")
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    with pytest.raises(Unreadable, match=r"moov atom not found.*usual fix: copy the file again"):
        load(tmp_path / "a.m4a")


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for ffmpeg")
def test_a_hanging_ffmpeg_is_left(tmp_path: Path) -> None:
    (tmp_path / "a.m4a").write_bytes(b"x")
    fake_ffmpeg(tmp_path, "exec sleep 20\n")
    with pytest.raises(Unreadable, match="did not finish within"):
        decode.by_ffmpeg(tmp_path / "a.m4a", str(tmp_path / "ffmpeg"), patience_s=0.2)


def test_a_decoder_that_crashes_does_not_take_us_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0")
    fake_ffmpeg(tmp_path, "kill -SEGV $$\n")
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    with pytest.raises(Unreadable, match="ffmpeg could not decode it"):
        load(tmp_path / "a.m4a")


def test_without_a_decoder_the_one_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A \0\0\0\0")
    monkeypatch.setattr(decode.shutil, "which", lambda _: None)
    monkeypatch.setattr(decode.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unreadable, match=r'M4A sound needs a decoder.*usual fix: pip install "heartwright\[media\]"'):
        load(tmp_path / "a.m4a")


# -------------------------------------------------------------------------------------------- bad input


def wav_bytes(x: np.ndarray, subtype: str = "PCM_16", rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, x, rate, format="WAV", subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.wav", b"", r"empty \(0 bytes\); allowed are WAV.*usual fix"),
        ("note.wav", b"Dear watchmaker,\nplease listen to this.\n", r"text is inside.*allowed.*usual fix"),
        ("page.mp3", b"<!DOCTYPE html><html><body>404</body></html>", r"text is inside.*web page"),
        ("page.m4a", b"<!DOCTYPE html><html><body>404</body></html>", r"text is inside.*web page"),
        ("head.wav", wav_bytes(ticks())[:30], r"damaged or truncated.*usual fix: copy or export it again"),
        ("bytes.wav", bytes(range(256)) * 40, r"no known sound format.*allowed.*usual fix: export it as WAV"),
        ("none.wav", wav_bytes(ticks()[:0]), r"holds no sound \(0 samples\)"),
        ("slow.wav", wav_bytes(ticks(), rate=2000), r"sample rate 2000 Hz; 4000 to 1e\+06 Hz are allowed"),
    ],
)
def test_bad_files_are_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable, match=told):
        load(tmp_path / name)


def test_missing_files_and_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no such file"):
        load(tmp_path / "nowhere.wav")
    with pytest.raises(Unreadable, match="a folder"):
        load(tmp_path)


def test_zero_channels_are_told(tmp_path: Path) -> None:
    content = bytearray(wav_bytes(ticks()))
    struct.pack_into("<H", content, content.find(b"fmt ") + 10, 0)
    (tmp_path / "zero.wav").write_bytes(bytes(content))
    with pytest.raises(Unreadable, match="0 channels"):
        load(tmp_path / "zero.wav")


def test_of_a_truncated_wav_what_is_there_is_read(tmp_path: Path) -> None:
    content = wav_bytes(ticks(4.0))
    (tmp_path / "cut.wav").write_bytes(content[: len(content) // 2])
    recording = load(tmp_path / "cut.wav")
    assert recording.seconds == pytest.approx(2.0, abs=0.01)
    assert any("truncated: only 2.00 s could be read" in note for note in recording.notes)


@pytest.mark.parametrize(("kind", "suffix"), [("FLAC", "flac"), ("OGG", "ogg"), ("MP3", "mp3")])
def test_of_a_truncated_compressed_file_what_is_there_is_read(tmp_path: Path, kind: str, suffix: str) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, ticks(8.0), RATE, format=kind)
    content = buffer.getvalue()
    (tmp_path / f"cut.{suffix}").write_bytes(content[: len(content) * 6 // 10])
    recording = load(tmp_path / f"cut.{suffix}")
    assert 1.0 < recording.seconds < 7.0


def test_values_that_are_not_numbers_are_replaced_and_noted(tmp_path: Path) -> None:
    x = ticks()
    x[100:110] = np.nan
    x[200] = np.inf
    (tmp_path / "nan.wav").write_bytes(wav_bytes(x, "FLOAT"))
    recording = load(tmp_path / "nan.wav")
    assert np.all(np.isfinite(recording.samples))
    assert any("11 samples were not numbers" in note for note in recording.notes)


def test_8_bit_and_8_khz_are_noted(tmp_path: Path) -> None:
    (tmp_path / "8bit.wav").write_bytes(wav_bytes(ticks(), "PCM_U8"))
    assert any(note.startswith("8-bit") for note in load(tmp_path / "8bit.wav").notes)
    (tmp_path / "8k.wav").write_bytes(wav_bytes(ticks(rate=8000), rate=8000))
    assert any("8000 Hz: too low" in note for note in load(tmp_path / "8k.wav").notes)


def test_clipping_is_noted(tmp_path: Path) -> None:
    (tmp_path / "loud.wav").write_bytes(wav_bytes(np.clip(ticks(level=5.0), -1, 1)))
    assert any(note.startswith("clipped") for note in load(tmp_path / "loud.wav").notes)


@pytest.mark.parametrize("live", [0, 1])
def test_the_live_channel_is_used(tmp_path: Path, live: int) -> None:
    pair = np.zeros((2 * RATE, 2), np.float32)
    pair[:, live] = ticks()
    (tmp_path / "stereo.wav").write_bytes(wav_bytes(pair, "FLOAT"))
    recording = load(tmp_path / "stereo.wav")
    assert np.array_equal(recording.samples, ticks())
    dead, used = (("right", "left"), ("left", "right"))[live]
    assert recording.notes == (f"{dead} silent, {used} used",)


def test_the_better_of_two_live_channels_is_used(tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(2).standard_normal(2 * RATE)
    pair = np.stack([ticks() * 0.2 + noise, ticks() * 0.2], axis=1).astype(np.float32)
    (tmp_path / "stereo.wav").write_bytes(wav_bytes(pair, "FLOAT"))
    recording = load(tmp_path / "stereo.wav")
    assert np.array_equal(recording.samples, pair[:, 1]) and "right used" in recording.notes[0]


def test_silence_and_dc_are_values_not_errors(tmp_path: Path) -> None:
    for level in (0.0, 0.5):
        (tmp_path / "flat.wav").write_bytes(wav_bytes(np.full(RATE, level, np.float32), "FLOAT"))
        assert load(tmp_path / "flat.wav").seconds == 1.0


# ------------------------------------------------------------------------------------------------- fuzz


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Flip, cut, repeat or insert a few bytes, mostly near the header."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        reach = min(len(data), 64 if rng.random() < 0.6 else len(data))
        at = rng.randrange(max(reach, 1))
        what = rng.randrange(5)
        if what == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif what == 1:
            data[at : at + rng.randint(1, 8)] = rng.choice([b"\0", b"\xff"]) * rng.randint(1, 8)
        elif what == 2:
            del data[at : at + rng.randint(1, 64)]
        elif what == 3:
            data[at:at] = rng.randbytes(rng.randint(1, 16))
        else:
            del data[rng.randrange(len(data) + 1) :]
    return bytes(data)


@pytest.mark.parametrize(
    ("suffix", "kind", "count"), [("wav", "WAV", 1500), ("flac", "FLAC", 500), ("ogg", "OGG", 500), ("mp3", "MP3", 300)]
)
def test_damaged_files_are_read_or_told(tmp_path: Path, suffix: str, kind: str, count: int) -> None:
    buffer = io.BytesIO()
    soundfile.write(buffer, ticks(0.3), RATE, format=kind)
    rng = random.Random(2026)
    for _ in range(count):
        path = tmp_path / f"fuzz.{suffix}"
        path.write_bytes(mutate(buffer.getvalue(), rng))
        try:
            recording = load(path)
        except Unreadable as told:
            assert "fuzz" in str(told)
        else:
            assert recording.samples.ndim == 1 and np.all(np.isfinite(recording.samples))


def test_damaged_phone_files_are_read_or_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_media(tmp_path / "whole.m4a", ticks(0.3), "aac", "ipod")
    monkeypatch.setattr(decode.shutil, "which", lambda _: None)
    whole, rng = (tmp_path / "whole.m4a").read_bytes(), random.Random(2026)
    for _ in range(30):
        (tmp_path / "fuzz.m4a").write_bytes(mutate(whole, rng))
        try:
            assert np.all(np.isfinite(load(tmp_path / "fuzz.m4a").samples))
        except Unreadable as told:
            assert "fuzz" in str(told)
