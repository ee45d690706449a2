"""Sounds timed by their own waveform: errors and what they are said to be, missing sounds, late beats, both sides."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from listen_takes import pendulum, watch

from heartwright import listen
from heartwright.listen.timing import coherent, sounds
from heartwright.listen.timing.coherent import Window
from heartwright.records import Floats

RATE_HZ = 48_000.0


def _struck(
    at_s: Floats, *, seconds: float, later_s: Floats | None = None, noise: float = 0.02, seed: int = 1
) -> Floats:
    """Blows that ring three modes, each followed by a softer one where `later_s` says; noise of that rms."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    out = noise * rng.standard_normal(len(time))
    for when, share in ((at_s, 1.0), (later_s if later_s is not None else np.zeros(0), 0.5)):
        for t in when:
            first = int(np.ceil(t * RATE_HZ))
            after = time[first : first + 400] - t
            for f, q in ((3000.0, 15.0), (5200.0, 17.0), (8100.0, 18.0)):
                out[first : first + 400] += share * np.exp(-np.pi * f / q * after) * np.sin(2 * np.pi * f * after)
    return out


def _quiet(noise: float = 0.02) -> Floats:
    return noise * np.random.default_rng(9).standard_normal((120, 168))


def test_times_are_as_sure_as_they_say() -> None:
    rng = np.random.default_rng(2)
    at = 0.05 + 0.1 * np.arange(100) + rng.normal(0, 40e-6, 100)
    for noise in (0.1, 0.4):  # the blows are not band-limited: with less noise that would tell
        heard = coherent.hear(
            _struck(at, seconds=10.2, noise=noise),
            RATE_HZ,
            at + rng.normal(0, 50e-6, 100),
            Window(0.6e-3, 0.4e-3, 1.5e-3),
            _quiet(noise),
        )
        assert heard is not None
        error = heard.time_s - at
        error -= np.mean(error)
        assert np.std(error / heard.sigma_s) == pytest.approx(1.0, abs=0.25)
        assert np.std(error) < 40e-6 * noise


def test_a_late_beat_is_found_late_and_a_missing_one_not_at_all() -> None:
    at = 0.05 + 0.1 * np.arange(100)
    moved = at.copy()
    moved[40] += 0.5e-3
    heard = coherent.hear(
        _struck(np.delete(moved, 70), seconds=10.2), RATE_HZ, at, Window(0.8e-3, 0.4e-3, 1.5e-3), _quiet()
    )
    assert heard is not None
    error = heard.time_s - at
    assert error[40] - np.nanmedian(error) == pytest.approx(0.5e-3, abs=3e-6)
    assert np.flatnonzero(np.isnan(error)).tolist() == [70]


def test_a_later_blow_that_comes_unevenly_does_not_draw_the_first() -> None:
    rng = np.random.default_rng(3)
    at = 0.05 + 0.1 * np.arange(120)
    later = at + 0.25e-3 + rng.normal(0, 20e-6, 120)
    samples = _struck(at, seconds=12.2, later_s=later)
    plain = coherent.hear(samples, RATE_HZ, at, Window(0.6e-3, 0.4e-3, 1.5e-3), _quiet())
    parted = coherent.hear(samples, RATE_HZ, at, Window(0.6e-3, 0.4e-3, 1.5e-3), _quiet(), first_s=0.2e-3)
    assert plain is not None and parted is not None
    assert np.std(parted.time_s - at) < 0.5 * np.std(plain.time_s - at)
    assert np.std(parted.time_s - at) < 1e-6


def test_noise_alone_has_no_sound() -> None:
    at = 0.05 + 0.1 * np.arange(100)
    samples = 0.02 * np.random.default_rng(4).standard_normal(int(10.2 * RATE_HZ))
    heard = coherent.hear(samples, RATE_HZ, at, Window(0.6e-3, 0.4e-3, 1.5e-3), _quiet())
    assert heard is None or np.isfinite(heard.time_s).mean() < sounds.HEARD or np.median(heard.score) < sounds.FAINTEST


@pytest.mark.parametrize("snr_db", [40.0, 28.0])
def test_a_watch_at_48_khz_is_timed_to_microseconds(snr_db: float) -> None:
    take = watch(rate_hz=48_000, seconds=30, snr_db=snr_db, bph=28_800)
    reading = listen.measure(take.recording, lift_deg=44.0, clock_ppm=(0.0, 0.0))
    assert reading.beat_timed == "unlocking" and reading.table is not None
    near = np.argmin(np.abs(reading.table.time_s[:, None] - take.unlock_s), axis=1)
    error = reading.table.time_s - take.unlock_s[near]
    fine = np.isfinite(reading.table.sigma_s)
    assert fine.mean() > 0.95
    assert np.std(error[fine]) < 5e-6
    heard, wide = reading.rate_heard_s_per_day, reading.rate_s_per_day
    assert heard is not None and wide is not None and heard.half_width < 0.1 * wide.half_width
    index = np.arange(len(take.unlock_s))
    design = np.stack([np.ones(len(index)), index, index % 2], axis=1)[near[fine]]
    beat = float(np.linalg.lstsq(design, take.unlock_s[near[fine]], rcond=None)[0][1])
    assert heard.value == pytest.approx((3600.0 / 28_800 / beat - 1.0) * 86400.0, abs=2 * heard.half_width)


def test_the_amplitude_of_each_side_and_its_prior() -> None:
    take = watch(rate_hz=48_000, seconds=20, snr_db=40)
    reading = listen.measure(take.recording, lift_deg=44.0)
    swing, sides = reading.amplitude_deg, reading.amplitude_sides_deg
    assert swing is not None and sides is not None and reading.amplitude_timed == "lock or banking"
    assert swing.low < take.amplitude_deg.mean() < swing.high
    assert swing.half_width / swing.value == pytest.approx(0.475 * 0.03, rel=0.06)
    assert np.mean([s.value for s in sides]) == pytest.approx(swing.value, abs=0.01)


def test_a_buried_unlocking_is_not_timed() -> None:
    take = watch(rate_hz=48_000, seconds=20, snr_db=14)
    reading = listen.measure(take.recording, lift_deg=44.0)
    assert reading.status == "ok" and reading.beat_timed in ("lock", "loudest")
    assert reading.amplitude_deg is None
    assert reading.timing_noise_ms is not None and reading.timing_noise_ms < 0.02


def test_a_pendulum_at_48_khz() -> None:
    take = pendulum(seconds=40)
    wide = take.recording
    narrow = SimpleNamespace(samples=wide.samples[::2], rate_hz=48_000.0)  # its modes end at 14 kHz
    reading = listen.measure(type(wide)(narrow.samples, narrow.rate_hz), bph=3600, clock_ppm=(0.0, 0.0))
    assert reading.beat_error_heard_ms is not None and reading.beat_error_heard_ms.half_width < 0.01
    offset = np.diff(np.array([take.unlock_s[s::2][:19].mean() - s for s in range(2)]))[0] * 1e3
    assert reading.beat_error_heard_ms.value == pytest.approx(abs(offset), abs=0.02)
