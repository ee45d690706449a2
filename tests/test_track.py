"""The tracker: a count that does not slip, and beats heard only together timed with honest errors."""

from __future__ import annotations

import numpy as np
import pytest
from strengths import RATE_HZ, strength

from heartwright.listen.beat import pulse, track


def followed(wave: np.ndarray) -> track.Chain:
    """The chain of a strength."""
    found = pulse.find(wave, RATE_HZ)
    assert found is not None
    chain = track.follow(wave, RATE_HZ, found)
    assert chain is not None
    return chain


def test_every_beat_is_found_where_it_is() -> None:
    wave, time = strength(height=25.0, error_s=0.004)
    chain = followed(wave)
    assert not chain.faint and len(chain) == len(time)
    assert np.abs(chain.time_s - time - np.median(chain.time_s - time)).max() < 0.4e-3
    assert chain.beat_s == pytest.approx(0.2, rel=1e-5)


def test_the_count_holds_over_a_gap_of_thirty_beats() -> None:
    gap = tuple(range(60, 90))
    wave, time = strength(height=25.0, dropped=gap)
    chain = followed(wave)
    assert sorted(set(range(len(time))) - set(chain.number.tolist())) == list(gap)


def test_the_count_holds_while_the_rate_drifts() -> None:
    wave, time = strength(height=25.0, drift_s=0.02)
    chain = followed(wave)
    assert len(chain) > 0.97 * len(time)
    assert np.abs(chain.time_s - time[chain.number + len(time) - 1 - chain.number[-1]]).max() < 1.5e-3


def test_knocks_do_not_draw_the_count() -> None:
    wave, time = strength(height=25.0)
    rng = np.random.default_rng(5)
    for at in rng.integers(0, len(wave) - 12, 80):
        wave[at : at + 10] += 25.0
    chain = followed(wave)
    assert len(chain) > 0.95 * len(time)
    off = chain.time_s - time[chain.number]
    assert np.median(np.abs(off - np.median(off))) < 0.3e-3
    assert len(chain.stray_s) > 10


def test_one_beat_out_of_place_is_left_where_it_is() -> None:
    wave, time = strength(height=25.0, dropped=(77,))
    at = round((time[77] + 0.012) * RATE_HZ) - 1
    wave[at - 1 : at + 2] += 25.0
    chain = followed(wave)
    moved = chain.time_s[chain.number == 77]
    assert len(moved) == 1 and moved[0] - time[77] == pytest.approx(0.012, abs=1e-3)


def slope(chain: track.Chain) -> tuple[float, float]:
    """Least-squares beat [s] and its one-sigma error from the chain's own sigma."""
    x = np.stack([np.ones(len(chain)), chain.number - chain.number.mean(), chain.side - 0.5], axis=1)
    inverse = np.linalg.inv(x.T @ x)
    return float((inverse @ x.T @ chain.time_s)[1]), float(np.sqrt(inverse[1, 1])) * float(chain.sigma_s.mean())


def test_faint_beats_are_timed_together_with_honest_errors() -> None:
    pulls = []
    for seed in range(16):
        chain = followed(strength(height=1.0, seed=seed)[0])
        assert chain.faint and len(chain) > 195
        beat, sigma = slope(chain)
        pulls.append((beat - 0.2) / sigma)
    assert abs(float(np.mean(pulls))) < 0.9
    assert 0.5 < float(np.std(pulls)) < 1.6


def test_faint_times_scatter_as_they_say() -> None:
    wave, time = strength(height=1.2, seed=4)
    chain = followed(wave)
    assert chain.faint
    near = np.abs(chain.time_s[:, None] - time).argmin(axis=1)
    off = (chain.time_s - time[near])[(near > 0) & (near < len(time) - 1)]
    assert float(np.std(off)) == pytest.approx(float(chain.sigma_s.mean()), rel=0.4)


def test_noise_has_no_chain() -> None:
    wave = np.random.default_rng(2).standard_normal(60_000).astype(np.float32)
    found = pulse.find(wave, RATE_HZ)
    assert found is not None
    assert track.follow(wave, RATE_HZ, found) is None
