"""The sides of a beat: their sounds are the same, so no side may be timed by one sound and the other by another."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.beat import apart, faint, track
from heartwright.listen.timing import shape

SOUNDS = ((40, 1.0), (58, 2.5), (61, 2.0), (90, 5.0), (98, 2.0))  # block and height


def folds(later: int, seed: int, noise: float) -> np.ndarray:
    """Both sides of a beat of five sounds, each side with its own loudness."""
    rng = np.random.default_rng(seed)
    out = noise * rng.standard_normal((2, 200))
    for side, shift in enumerate((0, later)):
        for block, height in SOUNDS:
            out[side, block + shift] += height * rng.uniform(0.4, 1.6)
    return out


@pytest.mark.parametrize("later", [-30, -7, 0, 1, 12, 41])
def test_the_sides_lie_apart_by_what_they_were_moved(later: int) -> None:
    for seed in range(5):
        assert apart.blocks(folds(later, seed, 0.3)) == later


def test_louder_sounds_do_not_outvote_their_places() -> None:
    """The loudest of one side is another sound than the loudest of the other."""
    mean = np.zeros((2, 200))
    for block, first, second in ((40, 1.0, 1.0), (58, 9.0, 2.0), (90, 3.0, 9.0), (98, 1.0, 1.0)):
        mean[:, block] = first, second
    assert apart.blocks(mean) == 0


def test_faint_sides_are_laid_on_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats begun 8 blocks out on one side come to the same sound of both; without the second beginning they stay."""
    rng = np.random.default_rng(3)
    beat, count = 214.0, 120
    at = 150.0 + beat * np.arange(count)
    strength = rng.standard_normal(int(beat * (count + 2))).astype(np.float32)
    for moment in at.astype(int):
        for block, height in SOUNDS:
            strength[moment + block - 70] += 0.5 * height
    side = np.arange(count) % 2
    begun = at + 9.0 * (side - 0.5)
    spectrum = track.Spectrum.of(strength, 256)
    folded = track.fold(strength, begun, side, 60, 60)
    later = apart.blocks(folded)
    tried = [faint.time(spectrum, strength, moments, side, (60, 60)) for moments in track._laid(begun, side, later)]
    off = [float(np.diff([np.mean((dim.at - at)[side == s]) for s in range(2)])[0]) for dim in tried if dim is not None]
    best = max((dim for dim in tried if dim is not None), key=lambda dim: dim.evidence)
    assert best is tried[-1] and abs(off[-1]) < 1.0 < abs(off[0])


@pytest.mark.parametrize(("later", "lock"), [(0, 240), (18, 258)])
def test_both_sides_are_timed_by_the_same_of_their_blows(later: int, lock: int) -> None:
    """Lock and bounce of the second side rise alike; where the first side has its lock tells which is which."""
    first = [shape.Rise(40.0, 8.0, 10.0, 9.0), shape.Rise(240.0, 10.0, 30.0, 20.0)]
    second = [shape.Rise(t, r, 30.0, 12.0) for t, r in ((40.0, 8.0), (58.0, 8.0), (240.0, 10.0), (258.0, 10.0))]
    found = shape._lever([first, second], 2000.0, later)
    assert found is not None
    assert (found[0][1], found[1][1]) == (240, lock)
