"""The running sound: what `render` makes of a whole run, made of its pieces."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.design import Design
from heartwright.records import Trace
from heartwright.sound import render
from heartwright.sound.microphone import Hiss, above_3_khz, self_noise
from heartwright.sound.stream import LATENCY_S, Stream
from heartwright.studio import takes
from heartwright.works.live import Live

RATE = 48_000
LATE = round(LATENCY_S * RATE)


def _pieces(name: str, n: int, each_s: float) -> tuple[Design, list[Trace]]:
    design = Design.load(name)
    live = Live(design, seed=1, poses_hz=240.0)
    return design, [live.advance(each_s) for _ in range(n)]


def _streamed(stream: Stream, pieces: list[Trace]) -> np.ndarray:
    parts = [stream.block(round(p.seconds * RATE), p) for p in pieces]
    return np.concatenate([*parts, stream.block(LATE)])[LATE:]


@pytest.mark.parametrize("name", ["heart", "watch-6497", "graham"])
def test_a_stream_is_the_rendered_whole(name: str) -> None:
    """Impacts, draws for each tick, blows of the pump and waves on its walls: to 1e-3 of the sound's own rms."""
    design, pieces = _pieces(name, 100, 1.0 / 30.0)
    whole = takes.joined(pieces)
    rendered = render(whole, rate_hz=RATE, body=design, snr_db=None, seed=1).samples
    stream = Stream(design, kind=design.kind, seed=1, snr_db=None)
    stream.level = 1e-3
    streamed = _streamed(stream, pieces)
    n = min(len(streamed), len(rendered)) - LATE  # the whole's last smoothing looks at nothing, the stream's at rest
    a, b = rendered[:n].astype(np.float64), streamed[:n].astype(np.float64)
    gain = float(a @ b / (b @ b))
    assert np.std(a - gain * b) < 1e-3 * np.std(a)


def test_the_size_of_blocks_is_not_heard() -> None:
    design, pieces = _pieces("heart", 40, 0.05)
    merged = [takes.merged(pieces[i : i + 4]) for i in range(0, 40, 4)]
    heard = []
    for cut in (pieces, merged):
        stream = Stream(design, kind=design.kind, seed=1, snr_db=None)
        stream.level = 1e-3
        heard.append(_streamed(stream, cut).astype(np.float64))
    assert np.max(np.abs(heard[0] - heard[1])) < 1e-4 * np.max(np.abs(heard[0]))


def test_the_level_is_set_once_and_nothing_clips() -> None:
    design, pieces = _pieces("watch-6497", 60, 0.05)
    stream = Stream(design, kind=design.kind, seed=1)
    stream.set_level(takes.merged(pieces[:20]))
    level = stream.level
    sound = _streamed(stream, pieces)
    peaks = np.abs(sound).reshape(-1, 2400).max(axis=1)
    assert stream.level == level
    assert np.max(np.abs(sound)) < 1.0
    assert 0.2 < np.median(peaks[peaks > 0.05]) < 0.6  # -9 dBFS is 0.35
    quiet = Stream(design, kind=design.kind, seed=1, snr_db=None)
    quiet.level = level
    assert np.max(np.abs(_streamed(quiet, pieces) - sound)) < 0.03  # the microphone's own noise


def test_slow_motion_moves_ticks_apart_and_keeps_their_pitch() -> None:
    design, pieces = _pieces("watch-6497", 20, 0.05)
    spectra, gaps = [], []
    for slower in (1, 4):
        stream = Stream(design, kind=design.kind, seed=1, snr_db=None)
        stream.level = 1e-3
        sound = np.concatenate([stream.block(slower * 2400, p) for p in pieces]).astype(np.float64)
        loud = np.flatnonzero(np.abs(sound) > 0.3 * np.max(np.abs(sound)))
        starts = loud[np.diff(loud, prepend=-RATE) > 0.05 * RATE]
        gaps.append(float(np.median(np.diff(starts))))
        spectrum = np.abs(np.fft.rfft(sound)) ** 2
        spectra.append(float(np.sum(spectrum * np.fft.rfftfreq(len(sound), 1 / RATE)) / np.sum(spectrum)))
    assert gaps[1] / gaps[0] == pytest.approx(4.0, rel=0.05)
    assert spectra[1] == pytest.approx(spectra[0], rel=0.1)


def test_a_work_that_stands_rings_out_to_nothing() -> None:
    design, pieces = _pieces("heart", 20, 0.05)
    stream = Stream(design, kind=design.kind, seed=1, snr_db=None)
    stream.level = 1e-3
    last = _streamed(stream, pieces)
    rest = np.concatenate([stream.block(4800) for _ in range(10)])
    assert np.max(np.abs(rest[-4800:])) < 1e-3 * np.max(np.abs(last))


def test_the_endless_hiss_is_the_other_one_in_pieces() -> None:
    whole = self_noise(24_000, corner_hz=500.0, rate_hz=RATE, rng=np.random.default_rng(1))
    hiss = Hiss(corner_hz=500.0, rate_hz=RATE, rng=np.random.default_rng(1))
    assert np.allclose(np.concatenate([hiss.take(4000) for _ in range(6)]), whole, atol=1e-9)
    assert hiss.rms_above_3_khz() == pytest.approx(np.std(above_3_khz(whole, RATE)), rel=0.05)
