"""Unlockings too faint to time beats by: the beats are timed by the lock, and their spans are followed all the same."""

from __future__ import annotations

import numpy as np
from listen_takes import watch

from heartwright import listen


def test_spans_are_followed_where_the_amplitude_is_withheld() -> None:
    take = watch(rate_hz=48_000, seconds=60, snr_db=24, bph=28_800, seed=2)
    reading = listen.measure(take.recording, lift_deg=44.0)
    table = reading.table
    assert reading.beat_timed == "lock" and reading.amplitude_deg is None and table is not None
    assert not np.isfinite(table.amplitude_deg).any() and table.faint_span_s is not None
    heard = np.isfinite(table.faint_span_s)
    assert 0.6 < heard.mean() < 1.0
    lock = 1.0 / (np.pi * 8.0) * np.arcsin(20.9 / take.amplitude_deg)
    unlock = 1.0 / (np.pi * 8.0) * np.arcsin(22.0 / take.amplitude_deg)
    near = np.argmin(np.abs(table.time_s[:, None] - (take.unlock_s + unlock + lock)), axis=1)
    off = (table.faint_span_s - (unlock + lock)[near])[heard]
    for side in (1, -1):
        own = table.side[heard] == side
        off[own] -= np.median(off[own])
    assert 1.4826 * np.median(np.abs(off)) < 25e-6  # the take's own jitter between its sounds is 15


def test_clear_unlockings_time_the_beats_themselves() -> None:
    take = watch(rate_hz=48_000, seconds=20, snr_db=40, bph=28_800)
    table = listen.measure(take.recording, lift_deg=44.0).table
    assert table is not None and table.faint_span_s is None
