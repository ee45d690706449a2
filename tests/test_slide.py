"""Rows cut out of a signal and slid along a template."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.timing import slide

RNG = np.random.default_rng(1_004)


@pytest.mark.parametrize(("lead", "tail"), [(3, 2), (40, 90), (400, 500)])
def test_rows_are_zero_beyond_the_ends(lead: int, tail: int) -> None:
    signal = RNG.standard_normal(600).astype(np.float32)
    at = np.array([-4, 0, 1, 50, 300, 580, 599, 700])
    padded = np.concatenate([np.zeros(lead), signal, np.zeros(tail)])
    expected = [padded[k : k + lead + tail + 1] for k in np.clip(at, 0, 599)]
    np.testing.assert_array_equal(slide.rows(signal, at, lead, tail), expected)


@pytest.mark.parametrize("by", [1, 2, 4])
def test_thinned_is_the_mean_of_neighbours(by: int) -> None:
    signal = RNG.standard_normal(103).astype(np.float32)
    expected = signal[: 103 // by * by].reshape(-1, by).mean(axis=1)
    np.testing.assert_allclose(slide.thinned(signal, by), expected, rtol=1e-5)


def test_a_signal_fits_itself_where_it_lies() -> None:
    signal = RNG.standard_normal(2_000).astype(np.float32)
    wide = slide.Slide(signal, np.array([500, 1_203]), 30, 50, 12)
    template = signal[505 - 30 : 505 + 51]
    score = wide.fit(template)
    assert int(np.argmax(score[0])) - 12 == 5 and score[0].max() == pytest.approx(1.0, abs=1e-5)
