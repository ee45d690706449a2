"""Quality: every fault of a recording is told when it is there, and nothing is told of a clean one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from heartwright.listen.take.files import Reach, load
from heartwright.listen.take.quality import inspect
from heartwright.records import Recording

RATE = 48_000
Sound = np.ndarray


def watch(
    *,
    seconds: float = 12.0,
    bph: float = 21600.0,
    rate: int = RATE,
    snr_db: float = 40.0,
    seed: int = 1,
    ring: float = 1.0,
) -> Recording:
    """A watch heard by a good microphone: three rings a beat in noise that rises gently below 500 Hz."""
    rng = np.random.default_rng(seed)
    n = int(seconds * rate)
    t = np.arange(n) / rate
    clean = np.zeros(n)
    for start in np.arange(0.05, seconds - 0.05, 3600.0 / bph):
        for after, size in ((0.0, 0.15), (2.3e-3, 0.2), (8.2e-3, 0.8)):
            k = int((start + after) * rate)
            u = t[k : k + int(0.02 * rate * ring)] - start - after
            level = size * 10 ** (rng.normal(0.0, 1.5) / 20)
            for f, tau, g in ((3.4e3, 1.2e-3, 0.5), (5.6e3, 1.0e-3, 1.0), (8.1e3, 0.8e-3, 0.8), (12.4e3, 0.6e-3, 0.4)):
                clean[k : k + len(u)] += 0.25 * level * g * np.exp(-u / tau / ring) * np.sin(2 * np.pi * f * u)
    white = rng.standard_normal(n)
    noise = white + 4.0 * signal.lfilter([0.05], [1.0, -0.95], white)
    noise *= 0.25 * 10 ** (-snr_db / 20) / np.std(white)
    return Recording((clean + noise).astype(np.float32), float(rate))


def changed(recording: Recording, samples: Sound) -> Recording:
    return replace(recording, samples=samples.astype(np.float32))


@pytest.mark.parametrize("bph", [3600, 7200, 14400, 18000, 21600, 28800, 36000])
@pytest.mark.parametrize("snr_db", [20.0, 40.0, 55.0])
def test_a_clean_watch_gives_no_warning(bph: float, snr_db: float) -> None:
    for seed in (1, 2):
        assert inspect(watch(bph=bph, snr_db=snr_db, seed=seed)) == ()


@pytest.mark.parametrize("rate", [44_100, 96_000, 192_000])
def test_a_clean_watch_gives_no_warning_at_any_rate(rate: int) -> None:
    assert inspect(watch(rate=rate, seconds=20.0, bph=36_000)) == ()


def test_a_clock_that_rings_long_gives_no_warning() -> None:
    assert inspect(watch(bph=7200, ring=12.0)) == ()


def test_noise_alone_gives_no_warning() -> None:
    noise = 0.01 * np.random.default_rng(5).standard_normal(10 * RATE)
    assert inspect(Recording(noise.astype(np.float32), RATE)) == ()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_samples_beyond_all_measure_are_looked_at_all_the_same() -> None:
    """Their squares are infinite in single precision."""
    loud = watch()
    samples = loud.samples.copy()
    samples[2 * RATE : 2 * RATE + 200] = 1e25
    told = inspect(replace(loud, samples=samples))
    assert len(told) == 1 and told[0].startswith("clipping")


def test_a_dead_microphone_is_told() -> None:
    for samples in (np.zeros(RATE), np.full(RATE, 0.3), np.random.default_rng(1).integers(-1, 2, RATE) / 32768):
        told = inspect(Recording(samples.astype(np.float32), RATE))
        assert len(told) == 1 and told[0].startswith("the microphone gave silence")


def test_dc_is_told() -> None:
    take = watch()
    assert [s[:9] for s in inspect(changed(take, take.samples + 0.1))] == ["DC offset"]


@pytest.mark.parametrize("drive", [4.0, 8.0])
def test_clipping_is_told(drive: float) -> None:
    take = watch()
    told = inspect(changed(take, np.clip(take.samples * drive, -0.9, 0.9)))
    assert any(s.startswith("clipping") for s in told)


@pytest.mark.parametrize("closed_db", [-15.0, -25.0, -200.0])
def test_a_noise_gate_is_told(closed_db: float) -> None:
    take = watch(snr_db=35.0)
    x = take.samples.astype(float)
    loud = np.abs(signal.sosfilt(signal.butter(2, 2000, "highpass", fs=RATE, output="sos"), x)) > 0.05
    hold = int(0.07 * RATE)
    open_ = np.convolve(loud, np.ones(hold), "full")[: len(x)] > 0
    gain = signal.lfilter([0.005], [1, -0.995], np.where(open_, 1.0, 10 ** (closed_db / 20)))
    gain[gain < 1e-6] = 0.0
    told = inspect(changed(take, x * gain))
    assert any(s.startswith("noise gate") for s in told), told


@pytest.mark.parametrize("snr_db", [25.0, 40.0])
def test_noise_suppression_is_told(snr_db: float) -> None:
    """Spectral subtraction (Boll 1979) with a floor of -30 dB, as voice apps do."""
    take = watch(snr_db=snr_db)
    _, _, z = signal.stft(take.samples, RATE, nperseg=1024)
    level = np.median(np.abs(z), axis=1, keepdims=True) * 1.2
    kept = np.maximum(1.0 - 2.0 * (level / np.maximum(np.abs(z), 1e-12)) ** 2, 10 ** (-30 / 20))
    _, y = signal.istft(z * kept, RATE, nperseg=1024)
    told = inspect(changed(take, y[: len(take.samples)]))
    assert any(s.startswith(("noise suppression", "noise gate")) for s in told), told


@pytest.mark.parametrize("release_s", [0.08, 0.3])
def test_fast_automatic_gain_is_told(release_s: float) -> None:
    take = watch(snr_db=30.0, bph=18000)
    x = take.samples.astype(float)
    gain, level = np.empty(len(x)), 0.0
    fall = np.exp(-1.0 / (release_s * RATE))
    for k, v in enumerate(np.abs(x)):
        level = max(v, fall * level)
        gain[k] = 0.3 / (level + 0.02)
    told = inspect(changed(take, np.clip(x * gain * 0.3, -1, 1)))
    assert any(s.startswith("automatic gain") for s in told), told


def test_slow_automatic_gain_is_told() -> None:
    """A knock turns the gain down by 12 dB; it comes back within seconds, and ticks and floor with it."""
    take = watch(seconds=20.0, snr_db=30.0)
    t = np.arange(len(take.samples)) / RATE
    gain_db = -12.0 * np.exp(-np.maximum(t - 5.0, 0.0) / 4.0) * (t > 5.0) - 8.0 * np.exp(-t / 1.5)
    told = inspect(changed(take, take.samples * 10 ** (gain_db / 20)))
    assert [s[:14] for s in told] == ["automatic gain"]


def test_a_watch_that_moves_on_the_microphone_is_not_automatic_gain() -> None:
    take, still = watch(seconds=20.0, snr_db=200.0), watch(seconds=20.0, snr_db=30.0)
    t = np.arange(len(take.samples)) / RATE
    noise = still.samples - take.samples
    moved = take.samples * 10 ** (-6.0 * np.sin(t / 3.0) / 20) + noise
    assert inspect(changed(take, moved)) == ()


@pytest.mark.parametrize("mains", [50.0, 60.0])
@pytest.mark.parametrize("bph", [18000.0, 21600.0])
def test_hum_is_told_and_named(mains: float, bph: float) -> None:
    take = watch(bph=bph)
    t = np.arange(len(take.samples)) / RATE
    hum = sum(0.02 / k * np.sin(2 * np.pi * mains * 1.0004 * k * t + k) for k in (1, 2, 3, 5))
    told = inspect(changed(take, take.samples + hum))
    assert len(told) == 1 and told[0].startswith(f"mains hum at {mains:.0f} Hz")


@pytest.mark.parametrize("cut", [8_000.0, 12_000.0, 16_000.0])
def test_a_codec_that_cuts_the_treble_is_told(cut: float) -> None:
    take = watch()
    taps = signal.firwin(801, cut, fs=RATE)
    told = inspect(changed(take, np.convolve(take.samples, taps, "same")))
    assert len(told) == 1 and told[0].startswith("nothing above")
    assert float(told[0].split()[2]) == pytest.approx(cut / 1000, abs=0.6)


def test_a_microphone_that_falls_off_gently_is_not_a_codec() -> None:
    take = watch()
    sos = signal.butter(2, 9_000, "lowpass", fs=RATE, output="sos")
    assert inspect(changed(take, signal.sosfilt(sos, take.samples))) == ()


def test_half_a_second_is_too_short_to_say_much() -> None:
    assert inspect(Recording(np.zeros(100, np.float32), RATE)) == ()


@pytest.mark.skipif("HEARTWRIGHT_RECORDINGS" not in os.environ, reason="HEARTWRIGHT_RECORDINGS names no folder")
def test_real_clocks_give_no_false_alarm() -> None:
    """Clips of real clocks: no gate, gain, clipping or hum in their plots; three or four have no treble.

    2-140147-A is put together of pieces: it is silent for 0.1 s, and the floor of one is patchy like a denoised one.
    """
    for path in sorted(Path(os.environ["HEARTWRIGHT_RECORDINGS"]).glob("*.ogg")):
        pieced = ("noise suppression", "the recording falls silent once") if path.stem == "2-140147-A" else ()
        allowed = ("nothing above", *pieced)
        told = inspect(load(path))
        assert all(s.startswith(allowed) for s in told), (path.name, told)


@pytest.mark.parametrize("n", [1, 4_097, 300_001])
def test_reach_is_that_of_all_samples(n: int) -> None:
    x = np.random.default_rng(n).standard_normal(n).astype(np.float32)
    reach = Reach.of(x)
    assert reach.mean == pytest.approx(float(x.astype(np.float64).mean()), abs=1e-6)
    assert (reach.highest.max(), reach.lowest.min()) == (x.max(), x.min())
    np.testing.assert_array_equal(reach.highest, [part.max() for part in np.split(x, range(4_096, n, 4_096))])


def test_silence_of_no_length_has_a_reach() -> None:
    assert Reach.of(np.zeros(0, np.float32)).mean == 0.0
