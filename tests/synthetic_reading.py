"""Readings made by hand for the tests of judge and report: known figures, a plausible beat table, no sound behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from heartwright.records import (
    Beats,
    BeatTable,
    Happening,
    Impacts,
    Interval,
    Ledger,
    Reading,
    Recording,
    Trace,
    Voice,
    VoiceSound,
    Waveform,
)


def beat_table(
    *,
    bph: float = 18_000.0,
    seconds: float = 60.0,
    scatter_ms: float = 0.05,
    error_ms: float = 0.1,
    amplitude: float = 279.0,
    seed: int = 3,
) -> BeatTable:
    """A table of steady beats with white scatter and sounds at the places that the amplitude gives for a lift of 52."""
    rng = np.random.default_rng(seed)
    beat = 3600.0 / bph
    n = int(seconds / beat)
    side = np.where(np.arange(n) % 2 == 0, 1, -1)
    residual = rng.normal(0.0, scatter_ms, n) + side * error_ms / 2.0
    time = 0.1 + beat * np.arange(n) + 1e-3 * residual
    swing = amplitude + rng.normal(0.0, 4.0, n)
    lift_s = 2 * beat / np.pi * np.arcsin(52.0 / (2.0 * swing))
    return BeatTable(
        time_s=time,
        side=side,
        impulse_s=time + 0.45 * lift_s,
        lock_s=time + lift_s - 0.0002,
        bank_s=time + lift_s,
        sigma_s=np.full(n, 2e-5),
        amplitude_deg=swing,
        residual_ms=residual,
        level_db=rng.normal(38.0, 1.0, n),
        flag=np.full(n, "", dtype="<U6"),
    )


def fold() -> dict[str, Any]:
    """An averaged beat of both sides with its four sounds."""
    axis = np.linspace(-4.0, 24.0, 1400)
    rows = []
    for gain in (1.0, 0.9):
        row = np.full(len(axis), 0.02)
        for at, size in ((0.0, 0.35), (4.6, 0.5), (10.8, 1.0), (11.0, 0.3)):
            after = np.clip(axis - at, 0.0, None)
            row = row + gain * size * (axis >= at) * np.exp(-after / 0.6) * (1.0 - np.exp(-after / 0.05))
        rows.append(row)
    marks = (("1", 0.0), ("2", 4.6), ("3a", 10.8), ("3b", 11.0))
    return {"fold_time_ms": axis, "fold_envelope": np.array(rows), "fold_marks_ms": marks}


def watch(**changes: Any) -> Reading:
    """A healthy 18,000 watch of sixty seconds."""
    table = changes.pop("table", None) or beat_table()
    healthy = Reading(
        status="ok",
        advice=(),
        duration_s=60.2,
        beats=len(table),
        snr_db=41.0,
        nominal_bph=18_000.0,
        settled=True,
        beat_rate_bph=Interval(18_000.9, 17_999.9, 18_001.8),
        rate_s_per_day=Interval(4.2, -0.3, 8.7),
        rate_low_repeat=3.6,
        rate_high_repeat=4.8,
        beat_error_ms=Interval(0.10, 0.08, 0.12),
        beat_error_signed_ms=0.10,
        beat_error_drop_ms=Interval(0.11, 0.08, 0.14),
        amplitude_deg=Interval(279.0, 278.0, 280.0),
        amplitude_timed="banking",
        lift_deg=52.0,
        beat_scatter_ms=Interval(0.045, 0.040, 0.050),
        amplitude_scatter_deg=Interval(4.0, 3.5, 4.5),
        timing_noise_ms=0.02,
        table=table,
        source="my-watch.flac",
        **fold(),
    )
    return replace(healthy, **changes)


def heart(*, first_db: float = -41.0, second_db: float = -38.0, **changes: Any) -> Reading:
    """A healthy clockwork heart with its second voice."""
    table = beat_table(bph=14_400.0, amplitude=278.0, scatter_ms=0.02)
    sounds = (
        VoiceSound("S1", Interval(0.088, 0.087, 0.089), Interval(first_db, first_db - 0.2, first_db + 0.2)),
        VoiceSound("S2", Interval(0.448, 0.447, 0.449), Interval(second_db, second_db - 0.2, second_db + 0.2)),
        VoiceSound("stop", Interval(0.504, 0.503, 0.505), Interval(-30.0, -30.2, -29.8)),
    )
    base = {
        "nominal_bph": 14_400.0,
        "beat_rate_bph": Interval(14_399.3, 14_398.8, 14_399.8),
        "rate_s_per_day": Interval(-4.4, -7.4, -1.4),
        "amplitude_deg": Interval(278.4, 277.6, 279.2),
        "voice": Voice(Interval(1.00004, 1.00002, 1.00006), sounds),
        "source": "heart.flac",
    }
    return watch(table=table, **{**base, **changes})


def heart_trace(seconds: float = 10.0) -> Trace:
    """The truth behind a made-up heart: no beats, but a ledger and the pressures of its pump."""
    none, index = np.zeros(0), np.zeros(0, dtype=np.int64)
    time = np.arange(0.0, seconds, 0.005)
    phase = (time - 0.2) % 1.0
    chamber = np.where(phase < 0.45, 620.0 * np.sin(np.pi * phase / 0.45) ** 2, -120.0 * (phase < 0.5))
    artery = 453.0 + 100.0 * np.sin(2 * np.pi * (phase - 0.2))
    spent = {"load": 65.3, "valves": 31.6, "bellows and reeds": 9.3, "cam and pivots": 19.6, "fly": 71.0, "stop": 47.5}
    spent |= {"balance": 31.2, "escapement": 26.1, "detent": 0.4, "guard": 0.1}
    joules = {name: 1e-6 * seconds * size for name, size in spent.items()}
    return Trace(
        design_name="heart",
        kind="heart",
        seconds=seconds,
        seed=1,
        status="running",
        advice="",
        nominal_bph=14_400.0,
        beats=Beats(none, index, none, none, none, none, none, none),
        impacts=Impacts(none, index, index, none, none, none, none),
        pairs=(),
        ledger=Ledger(sum(joules.values()) + 2e-8, joules, 0.0, 2e-8),
        poses=np.zeros((0, 1)),
        rotors=(),
        waveforms=(Waveform("chamber_pressure", "Pa", time, chamber), Waveform("artery_pressure", "Pa", time, artery)),
        happenings=tuple(Happening(0.2 + k, "release", 1e-6) for k in range(int(seconds))),
    )


def ticking(reading: Reading, *, rate_hz: float = 48_000.0) -> Recording:
    """A sound for the beats of a reading's table: short decaying bursts in a little noise."""
    rng = np.random.default_rng(5)
    samples = rng.normal(0.0, 0.004, int(reading.duration_s * rate_hz))
    burst_t = np.arange(int(0.004 * rate_hz)) / rate_hz
    table = reading.table
    assert table is not None
    for times, size in ((table.time_s, 0.3), (table.impulse_s, 0.45), (table.lock_s, 0.9)):
        for t in times[np.isfinite(times)]:
            i = int(t * rate_hz)
            if 0 <= i < len(samples) - len(burst_t):
                tone = np.sin(2 * np.pi * (5200.0 + 1800.0 * size) * burst_t) * np.exp(-burst_t / 0.0006)
                samples[i : i + len(burst_t)] += size * tone
    return Recording(samples.astype(np.float32), rate_hz, source=reading.source)
