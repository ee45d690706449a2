"""Extra sounds: found where they are put, named by their place, and not found in takes without them."""

from __future__ import annotations

import numpy as np
import pytest
from listen_takes import LIFT_DEG, watch

from heartwright import listen
from heartwright.listen.findings import extras
from heartwright.records import Reading, Recording

BEAT_S = 3600.0 / 21600.0


def _with_sounds(at_s: float, *, every: int = 1, level: float = 0.1, seed: int = 3) -> Recording:
    """A watch of 30 dB whose beats of one side carry a short ring so long after their first sound."""
    take = watch(seconds=30.0, rate_hz=48_000.0, snr_db=34.0, seed=seed)
    samples = np.array(take.recording.samples, float)
    t = np.arange(int(2.5e-3 * 48_000)) / 48_000
    ring = level * np.abs(samples).max() * np.exp(-t / 6e-4) * np.sin(2 * np.pi * 6100.0 * t)
    for unlock in take.unlock_s[:-1:2][::every]:
        n = round((unlock + at_s) * 48_000)
        samples[n : n + len(ring)] += ring
    return Recording(samples.astype(np.float32), 48_000.0)


@pytest.mark.parametrize(
    ("at_s", "kind"), [(0.5 * BEAT_S + 4e-3, "knocking"), (0.80 * BEAT_S, "guard"), (0.024, "extra")]
)
def test_a_sound_is_named_by_its_place(at_s: float, kind: str) -> None:
    found = listen.measure(_with_sounds(at_s), lift_deg=LIFT_DEG).extras
    assert [extra.kind for extra in found] == [kind]
    assert found[0].at_ms == pytest.approx(1e3 * at_s, abs=2.0)
    assert found[0].p < 1e-6 and found[0].level_db is not None and found[0].level_db > 3.0


def test_a_sound_of_one_beat_in_five_is_found_with_its_moments() -> None:
    found = listen.measure(_with_sounds(0.75 * BEAT_S, every=5, level=0.2), lift_deg=LIFT_DEG).extras
    assert [extra.kind for extra in found] == ["guard"]
    assert 18 <= int(found[0].text.split(" of 100 beats")[0].split()[-1]) <= 25 and len(found[0].evidence_s) == 6


def test_takes_without_extra_sounds_have_none() -> None:
    for seed in range(4):
        take = watch(seconds=20.0, rate_hz=48_000.0, snr_db=28.0 + 4.0 * seed, seed=seed)
        assert listen.measure(take.recording, lift_deg=LIFT_DEG).extras == ()


def test_rubbing_is_a_noise_that_rises_again() -> None:
    take = watch(seconds=30.0, rate_hz=48_000.0, snr_db=36.0, seed=6)
    samples = np.array(take.recording.samples, float)
    rng = np.random.default_rng(1)
    for unlock in take.unlock_s[:-1]:
        a, b = round((unlock + 0.72 * BEAT_S) * 48_000), round((unlock + 0.92 * BEAT_S) * 48_000)
        samples[a:b] += 0.02 * np.abs(samples).max() * rng.standard_normal(b - a)
    found = listen.measure(Recording(samples.astype(np.float32), 48_000.0), lift_deg=LIFT_DEG).extras
    assert "rubbing" in {extra.kind for extra in found}


def test_a_first_sound_that_is_not_heard_is_weak_at_low_level_and_odd_at_high() -> None:
    def told(snr_db: float) -> str:
        heard = Reading("ok", (), 60.0, beats=300, lift_deg=52.0, snr_db=snr_db)
        return extras._first_sound(heard, 0.2)[0].text

    assert "likelier a weak signal" in told(14.0)
    assert "though the take is clear" in told(40.0)
    assert extras._first_sound(Reading("ok", (), 60.0, beats=300, snr_db=40.0), 0.2) == ()
