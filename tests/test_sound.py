"""Sound: impacts at their exact times, the heart's pressures, the microphone's noise, and files written whole."""

from __future__ import annotations

import errno
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from handmade import heart_trace, watch_trace
from scipy import signal

from heartwright import sound
from heartwright.design import Design
from heartwright.records import Impacts
from heartwright.sound import microphone
from heartwright.sound.body import FORCE_RAD_S, WATCH, Body, Mode, mode_pattern
from heartwright.sound.modes import bank, strike


@pytest.mark.parametrize("contact_s", [5e-6, 60e-6, 1e-3])
def test_a_ring_is_the_response_of_the_chain_to_an_impact(contact_s: float) -> None:
    """The closed form equals scipy's simulation of mode, contact and filter."""
    rate = 96_000.0
    mode = Mode(6_000.0, 18.0, -3.0)
    answer = bank((mode,), contact_s=contact_s, high_hz=40_000.0, rate_hz=rate)
    out = np.zeros(400)
    strike(
        out,
        answer,
        time_s=np.array([1e-3]),
        impulse_ns=np.array([1.0]),
        gains=np.ones((1, 1)),
        row=np.zeros(1, np.int64),
        rate_hz=rate,
    )
    z, p, k = signal.ellip(8, 0.1, 80.0, 2 * np.pi * 40_000.0, analog=True, output="zpk")
    w = 2 * np.pi * mode.frequency_hz
    a = w / (2 * mode.q)
    wd = np.sqrt(w * w - a * a)
    system = signal.ZerosPolesGain(
        z, np.append(p, [-a + 1j * wd, -a - 1j * wd]), k * FORCE_RAD_S * 10 ** (-3 / 20) * wd
    )
    fine = np.arange(0, 3e-3, 1 / rate / 64)
    force = np.where(fine < contact_s, np.pi / (2 * contact_s) * np.sin(np.pi * fine / contact_s), 0.0)
    _, y, _ = signal.lsim(system.to_ss(), force, fine)
    t = np.arange(400) / rate - 1e-3 + answer.delay_s
    expected = np.interp(t, fine, y, left=0.0)
    seen = t < 2.9e-3
    assert np.max(np.abs(out - expected)[seen]) < 0.01 * np.max(np.abs(expected))


def test_times_are_never_rounded_to_samples() -> None:
    """Moving an impact by a tenth of a sample moves its sound by a tenth of a sample, to -55 dB."""
    rate = 48_000.0
    answer = bank(WATCH.modes, contact_s=5e-6, high_hz=40_000.0, rate_hz=rate)
    n = 4096
    frequency = np.fft.rfftfreq(n, 1 / rate)

    def ring(at: float) -> np.ndarray:
        out = np.zeros(n)
        strike(
            out,
            answer,
            time_s=np.array([at]),
            impulse_ns=np.array([1.0]),
            gains=np.ones((1, len(answer.residues))),
            row=np.zeros(1, np.int64),
            rate_hz=rate,
        )
        return out

    still = np.fft.rfft(ring(0.02))
    for shift in (0.1, 0.37, 0.5, 0.9):
        moved = ring(0.02 + shift / rate)
        expected = np.fft.irfft(still * np.exp(-2j * np.pi * frequency * shift / rate), n)
        error = np.sqrt(np.mean((moved - expected) ** 2) / np.mean(expected**2))
        assert 20 * np.log10(error) < -55.0


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 192_000])
def test_snr_is_what_was_asked_at_every_rate(rate: int) -> None:
    trace = watch_trace(seconds=4.0)
    clean = sound.render(trace, rate_hz=rate, snr_db=None, seed=3)
    noisy = sound.render(trace, rate_hz=rate, snr_db=40.0, seed=3)
    assert noisy.rate_hz == rate and len(noisy.samples) == 4 * rate
    noise = noisy.samples.astype(float) - clean.samples
    edges = np.concatenate([trace.beats.centre_s - 0.08, [4.0]])
    peak = microphone.median_peak(microphone.above_3_khz(clean.samples.astype(float), rate), edges)
    rms = np.std(microphone.above_3_khz(noise, rate))
    assert 20 * np.log10(peak / rms) == pytest.approx(40.0, abs=0.3)


def test_same_seed_same_bits_and_another_seed_another_sound() -> None:
    trace = watch_trace(seconds=2.0)
    one, two, other = (sound.render(trace, seed=s).samples for s in (5, 5, 6))
    assert one.tobytes() == two.tobytes() != other.tobytes()


def test_a_finer_run_is_heard_with_the_same_variation() -> None:
    """Micro-bounces added by a finer step must not shift the draw of any tick."""
    plain = sound.render(watch_trace(seconds=3.0), snr_db=None, seed=4).samples
    finer = sound.render(watch_trace(seconds=3.0, bounces=3), snr_db=None, seed=4).samples
    assert np.corrcoef(plain, finer)[0, 1] > 0.95


def test_levels_follow_the_impulses() -> None:
    """Without dirt the lock's ring stands over the banking's by the ratio of their impulses and coupling, no more."""
    answer = bank(WATCH.modes, contact_s=5e-6, high_hz=40e3, rate_hz=96e3)
    peaks = {}
    for pair, impulse in (("exit stone", 3.3e-7), ("banking", 8e-8)):
        out = np.zeros(960)
        strike(
            out,
            answer,
            time_s=np.array([1e-3]),
            impulse_ns=np.array([impulse]),
            gains=mode_pattern(pair, len(answer.residues))[None, :],
            row=np.zeros(1, np.int64),
            rate_hz=96e3,
        )
        peaks[pair] = np.max(np.abs(out))
    assert 7.0 < 20 * np.log10(peaks["exit stone"] / peaks["banking"]) < 17.0


def test_a_design_gives_its_modes_dirt_and_pump() -> None:
    heart = Design.load("heart")
    body = Body.of(heart)
    assert [m.frequency_hz for m in body.modes] == [m.frequency for m in heart.sound.modes]
    assert body.level_sd_db == heart.dirt.sound_level and body.shape_sd == heart.dirt.sound_shape
    assert heart.pump is not None and body.wall_area_m2["chamber_pressure"] == heart.pump.bellows_area
    assert Body.of(None, kind="pendulum").modes[0].frequency_hz < 1000.0


def test_the_heart_sounds_in_the_low_band_at_its_valves() -> None:
    trace = heart_trace(seconds=12.0)
    audio = sound.render(trace, rate_hz=48_000, snr_db=50.0, seed=2)
    low = signal.sosfiltfilt(
        signal.butter(2, [20, 200], "bandpass", fs=48_000, output="sos"), audio.samples.astype(float)
    )
    power = low[2640 : 2640 + 10 * 48_000].reshape(10, 48_000) ** 2
    folded = power.mean(axis=0)
    level = [folded[int(48_000 * a) : int(48_000 * b)].mean() for a, b in ((0.07, 0.12), (0.44, 0.49), (0.25, 0.40))]
    assert level[0] > 10 * level[2] and level[1] > 10 * level[2]


def test_a_weaker_s1_changes_nothing_of_the_tick() -> None:
    loud, soft = (sound.render(heart_trace(seconds=5.0, s1=s), snr_db=None, seed=2) for s in (1.0, 0.5))
    high = signal.butter(4, 3000, "highpass", fs=96_000, output="sos")
    a, b = (signal.sosfilt(high, r.samples.astype(float)) for r in (loud, soft))
    assert np.max(np.abs(a - b)) < 2e-3 * np.max(np.abs(a))


def test_a_trace_without_a_beat_is_quiet_noise() -> None:
    still = watch_trace(seconds=2.0)
    none = Impacts(*(np.zeros(0, getattr(still.impacts, f).dtype) for f in still.impacts.__dataclass_fields__))
    audio = sound.render(replace(still, impacts=none), seed=1)
    assert 0.0 < np.std(audio.samples) < 0.01


def test_rates_outside_the_range_are_told() -> None:
    with pytest.raises(ValueError, match=r"8000 Hz given; 44100 to 192000 Hz allowed"):
        sound.render(watch_trace(seconds=1.0), rate_hz=8000)


def test_a_minute_is_rendered_within_seconds() -> None:
    trace = watch_trace(seconds=60.0, bounces=8)
    sound.render(watch_trace(seconds=1.0))
    start = time.process_time()
    audio = sound.render(trace)
    assert audio.seconds == 60.0
    assert time.process_time() - start < 6.0  # 1-2 s on an idle core; the bound is for a busy machine


# ------------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_files_hold_24_bits_and_the_truth_lies_beside_them(tmp_path: Path, suffix: str) -> None:
    trace = heart_trace(seconds=3.0)
    audio = sound.render(trace, rate_hz=48_000, seed=1)
    truth_path = sound.write(tmp_path / f"beat{suffix}", audio, trace)
    info = soundfile.info(tmp_path / f"beat{suffix}")
    assert (info.samplerate, info.subtype, info.channels) == (48_000, "PCM_24", 1)
    back, _ = soundfile.read(tmp_path / f"beat{suffix}")
    assert np.max(np.abs(back - audio.samples)) < 2.0**-22
    assert truth_path == tmp_path / "beat.truth.json"
    told = json.loads(truth_path.read_text())
    assert np.allclose(told["beats"]["lock_s"], trace.beats.lock_s, atol=1e-9)
    assert {h["kind"] for h in told["happenings"]} >= {"release", "inlet_closes", "outlet_closes", "stop"}
    assert told["amplitude_deg"] == pytest.approx(280.0)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([f"beat{suffix}", "beat.truth.json"])


def test_a_recording_over_full_scale_is_turned_down_not_clipped(tmp_path: Path) -> None:
    audio = sound.render(watch_trace(seconds=1.0), seed=1)
    sound.write(tmp_path / "loud.wav", replace(audio, samples=audio.samples * 5.0))
    back, _ = soundfile.read(tmp_path / "loud.wav")
    assert np.max(np.abs(back)) < 1.0
    assert np.corrcoef(back, audio.samples)[0, 1] > 0.9999


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'.mp3' given; .wav or .flac allowed"):
        sound.write(tmp_path / "x.mp3", sound.render(watch_trace(seconds=1.0)))


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    old = tmp_path / "beat.wav"
    old.write_bytes(b"old")
    trace = watch_trace(seconds=1.0)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(sound.NotWritten, match="No space left on device; nothing was written; free some space"):
        sound.write(old, sound.render(trace), trace)
    assert [p.name for p in tmp_path.iterdir()] == ["beat.wav"] and old.read_bytes() == b"old"


def test_ctrl_c_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    trace = watch_trace(seconds=1.0)
    audio = sound.render(trace)
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sound.write(tmp_path / "beat.wav", audio, trace)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(sound.NotWritten, match="nothing was written"):
        sound.write(tmp_path / "nowhere" / "beat.wav", sound.render(watch_trace(seconds=1.0)))
