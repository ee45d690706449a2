"""Hand-made takes for the tests of listening: a lever watch written down in closed form, apart from the sound module.

Landmarks are balance angles of a lever of 44 deg lift at the sound's own impacts; times follow from a swing that is a
sine. Each impact rings five modes, each contact in its own mixture. The amplitude wanders as an AR(1) with the memory
of Q = 220.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.records import Floats, Recording

LIFT_DEG = 44.0
# balance angle after the line of centres [deg], strength, contact
IMPACTS = (
    (-22.0, 0.18, "notch"),
    (-9.8, 0.45, "stone"),
    (-8.6, 0.60, "notch"),
    (20.9, 1.00, "stone"),
    (22.0, 0.27, "banking"),
    (22.7, 0.24, "stone"),
)
MODES = ((3300.0, 16.0, 0.6), (5100.0, 18.0, 1.0), (7400.0, 19.0, 0.9), (10300.0, 20.0, 0.7), (14100.0, 22.0, 0.5))
MIXTURES = {
    "notch": (1.0, -0.7, 1.2, 0.8, -1.1),
    "stone": (-0.8, 1.1, 0.9, -1.2, 0.7),
    "banking": (1.1, 0.9, -0.8, 1.0, 1.2),
}


@dataclass(frozen=True)
class Take:
    """A recording and its truth: times of sound 1 [s], amplitude of each beat [deg]."""

    recording: Recording
    unlock_s: Floats
    amplitude_deg: Floats
    bph: float
    beat_error_ms: float


def watch(
    *,
    seconds: float = 20.0,
    bph: float = 21600.0,
    rate_hz: float = 96_000.0,
    amplitude_deg: float = 270.0,
    scatter_deg: float = 3.0,
    beat_error_ms: float = 0.4,
    snr_db: float = 40.0,
    seed: int = 1,
    moved: dict[int, float] | None = None,
    dropped: tuple[int, ...] = (),
    extra_s: tuple[float, ...] = (),
) -> Take:
    """A watch; `moved` shifts beats by seconds, `dropped` beats are silent, `extra_s` adds beats at those times."""
    rng = np.random.default_rng(seed)
    beat = 3600.0 / bph
    count = int((seconds - 0.3) / beat)
    centre = 0.15 + beat * np.arange(count) + 0.5e-3 * beat_error_ms * (-1.0) ** np.arange(count)
    swing = np.empty(count)
    memory, value = np.exp(-np.pi / (2 * 220.0)), float(rng.normal(0, scatter_deg))
    for k in range(count):
        value = memory * value + scatter_deg * np.sqrt(1 - memory**2) * float(rng.standard_normal())
        swing[k] = amplitude_deg + value
    for k, shift in (moved or {}).items():
        centre[k] += shift
    sound = np.zeros(int(seconds * rate_hz))
    omega = np.pi / beat
    for k in range(count):
        if k not in dropped:
            _beat(sound, rate_hz, centre[k], swing[k], omega, k % 2, rng)
    for at in extra_s:
        _beat(sound, rate_hz, at, amplitude_deg, omega, 0, rng)
    noise = rng.standard_normal(len(sound)) * np.abs(sound).max() * 10 ** (-snr_db / 20)
    noise *= np.sqrt(max(rate_hz / 48_000.0, 1.0))
    unlock = centre - np.arcsin(0.5 * LIFT_DEG / swing) / omega
    samples = (0.3 * (sound + noise) / np.abs(sound).max()).astype(np.float32)
    return Take(Recording(samples, rate_hz, source="hand-made"), unlock, swing, bph, beat_error_ms)


def _beat(
    out: Floats, rate_hz: float, centre: float, swing: float, omega: float, side: int, rng: np.random.Generator
) -> None:
    level = 10 ** (rng.normal(0, 1.0) / 20)
    for angle, strength, contact in IMPACTS:
        jitter = rng.normal(0, 15e-6) if contact == "stone" else 0.0
        at = centre + np.arcsin(angle / swing) / omega + jitter
        _ring(out, rate_hz, at, strength * level, np.roll(MIXTURES[contact], side), rng)


def _ring(out: Floats, rate_hz: float, at: float, strength: float, mixture: Floats, rng: np.random.Generator) -> None:
    first = int(np.ceil(at * rate_hz))
    if first < 0 or first + 10 >= len(out):
        return
    time = np.arange(first, min(len(out), first + int(0.012 * rate_hz))) / rate_hz - at
    for (frequency, q, gain), share in zip(MODES, mixture, strict=True):
        if frequency < 0.45 * rate_hz:
            drawn = strength * gain * share * (1 + 0.1 * rng.standard_normal())
            ringing = np.exp(-np.pi * frequency / q * time) * np.sin(2 * np.pi * frequency * time)
            out[first : first + len(time)] += drawn * ringing


def pendulum(*, seconds: float = 40.0, beat_error_ms: float = 0.3, snr_db: float = 40.0, seed: int = 1) -> Take:
    """A seconds pendulum at 96 kHz: one blow a beat, each side in its own mixture, the beats scattered by 0.1 ms."""
    rng = np.random.default_rng(seed)
    count = int(seconds)
    at = 0.5 + np.arange(count) + 0.5e-3 * beat_error_ms * (-1.0) ** np.arange(count) + rng.normal(0, 1e-4, count)
    sound = np.zeros(int(seconds * 96_000))
    for k in range(count):
        level = 10 ** (rng.normal(0, 1.0) / 20)
        _ring(sound, 96_000, at[k], level, np.roll(MIXTURES["stone"], 2 * (k % 2)), rng)
    noise = rng.standard_normal(len(sound)) * np.abs(sound).max() * 10 ** (-snr_db / 20) * np.sqrt(2.0)
    samples = (0.3 * (sound + noise) / np.abs(sound).max()).astype(np.float32)
    return Take(Recording(samples, 96_000, source="hand-made"), at, np.full(count, np.nan), 3600.0, beat_error_ms)
