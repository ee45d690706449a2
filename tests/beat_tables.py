"""Tables of beats made by hand for the tests of wheels, wander and odd beats: no engine, no sound."""

from __future__ import annotations

import numpy as np

from heartwright.records import BeatTable, Floats

BEAT_S = 0.2


def table(
    *,
    beats: int = 3000,
    seed: int = 1,
    swing_deg: Floats | float = 0.0,
    landing_ms: Floats | float = 0.0,
    late_ms: Floats | float = 0.0,
    noise_ms: float = 0.02,
    walk_ms: float = 0.01,
    scatter_deg: float = 3.0,
    error_ms: float = 0.6,
    lost: tuple[int, ...] = (),
) -> BeatTable:
    """A lever's table: amplitude with a memory of 70 beats, times that wander; parts are added beat by beat."""
    rng = np.random.default_rng(seed)
    k = np.arange(beats)
    side = np.where(k % 2 == 0, 1, -1)
    memory, drawn = np.exp(-1.0 / 70.0), scatter_deg * rng.standard_normal(beats)
    swing = np.empty(beats)
    value = drawn[0]
    for i in range(beats):
        value = memory * value + np.sqrt(1.0 - memory**2) * drawn[i]
        swing[i] = 270.0 + value
    swing = swing + swing_deg
    off = np.cumsum(walk_ms * rng.standard_normal(beats)) + late_ms + 0.5 * error_ms * side
    time = BEAT_S * k + 1e-3 * (off + noise_ms * rng.standard_normal(beats))
    span = 2.0 * BEAT_S / np.pi * np.arcsin(22.0 / swing)
    bank = time + span + 1e-3 * noise_ms * rng.standard_normal(beats)
    lock = bank + 1e-3 * (-0.2 + landing_ms + noise_ms * rng.standard_normal(beats))
    flag = np.full(beats, "", dtype="<U8")
    flag[list(lost)] = "missed"
    gone = flag == "missed"
    residual = 1e3 * (time - BEAT_S * k)
    residual = residual - np.median(residual)

    def heard(values: Floats) -> Floats:
        return np.where(gone, np.nan, values)

    amplitude = 44.0 / (2.0 * np.sin(np.pi * (bank - time) / (2.0 * BEAT_S)))
    return BeatTable(
        time_s=time,
        side=side,
        impulse_s=heard(time + 0.4 * span),
        lock_s=heard(lock),
        bank_s=heard(bank),
        sigma_s=np.full(beats, 1e-3 * noise_ms),
        amplitude_deg=heard(amplitude),
        residual_ms=heard(residual),
        level_db=heard(20.0 + 1.5 * rng.standard_normal(beats)),
        flag=flag,
    )


def ripple(size: float, period: float, beats: int = 3000, phase: float = 0.7) -> Floats:
    """A sine of so many beats."""
    return np.asarray(size * np.sin(2.0 * np.pi * np.arange(beats) / period + phase))


def tooth(size: float, teeth: int, beats: int = 3000, which: int = 4) -> Floats:
    """One tooth's step on both pallets, once a turn of an escape wheel."""
    k = np.arange(beats) % (2 * teeth)
    return np.where((k == 2 * which) | (k == 2 * which + 1), size, 0.0)
