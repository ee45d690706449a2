"""Filters met by an onset strength that is transformed by pieces."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.beat import onsets
from heartwright.listen.beat.spectrum import Spectrum


@pytest.mark.parametrize("count", [50, 1024, 3001])
@pytest.mark.parametrize(("lead", "tail"), [(3, 5), (41, 63), (500, 800)])
def test_the_answer_is_that_of_a_plain_correlation(count: int, lead: int, tail: int) -> None:
    """Of takes shorter and longer than a piece, and up to their ends, where the strength is nought beyond."""
    rng = np.random.default_rng(count + lead)
    strength = rng.standard_normal(count).astype(np.float32)
    kernel = rng.standard_normal(lead + tail + 1)
    plain = np.correlate(np.pad(strength, (lead, tail)).astype(np.float64), kernel, "valid")
    answer = Spectrum.of(strength, lead + tail + 1).matched(kernel, lead)
    assert answer.shape == plain.shape
    np.testing.assert_allclose(answer, plain, atol=2e-6 * np.linalg.norm(kernel) * np.sqrt(len(kernel)))


@pytest.mark.parametrize("width", [1, 3, 61])
@pytest.mark.parametrize("count", [16, 40, 61, 200])
def test_a_local_mean_is_of_what_lies_within_the_take(count: int, width: int) -> None:
    values = np.random.default_rng(count).standard_normal(count).astype(np.float32)
    half = width // 2
    plain = [values[max(0, k - half) : k + half + 1].mean(dtype=np.float64) for k in range(count)]
    np.testing.assert_allclose(onsets.local_mean(values, width), plain, atol=1e-6)
