"""Onset strengths written down directly: unit noise with a pulse of three blocks at each beat."""

from __future__ import annotations

import numpy as np

RATE_HZ = 1500.0


def strength(
    *,
    seconds: float = 40.0,
    bph: float = 18_000.0,
    height: float = 1.0,
    error_s: float = 0.0,
    weaker: float = 1.0,
    dropped: tuple[int, ...] = (),
    drift_s: float = 0.0,
    seed: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """(strength [n], beats' times [s]); `weaker` is the second side's height, `drift_s` a quadratic wander's end."""
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(int(seconds * RATE_HZ)).astype(np.float32)
    beat = 3600.0 / bph
    count = int((seconds - 0.3) / beat)
    time = 0.15 + beat * np.arange(count) + 0.5 * error_s * (-1.0) ** np.arange(count)
    time += drift_s * (np.arange(count) / count) ** 2
    for k in range(count):
        if k in dropped:
            continue
        at = time[k] * RATE_HZ - 1.0
        near = np.arange(int(at) - 5, int(at) + 7)
        near = near[(near >= 0) & (near < len(out))]
        out[near] += height * (weaker if k % 2 else 1.0) * np.exp(-0.5 * ((near - at) / 1.2) ** 2)
    return out - out.mean(), time
