"""Traces made by hand, with the times and impulses of a healthy movement, for tests that need no engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heartwright.records import Beats, Happening, Impacts, Ledger, Trace, Waveform

PAIRS = ("entry stone", "exit stone", "notch left", "notch right", "guard", "banking")
# sound, time after sound 1 [ms], impulse [N s] at 280 deg of a 21,600 bph lever
SOUNDS = (
    ("notch left", 0.0, 5.4e-8),
    ("entry stone", 2.3, 8e-8),
    ("exit stone", 8.15, 3.3e-7),
    ("banking", 8.34, 8e-8),
)


def watch_trace(*, seconds: float = 10.0, bph: float = 21600.0, bounces: int = 0, beat_error_s: float = 0.0) -> Trace:
    """A watch that beats with the impacts of a swiss lever at 280 deg, made by hand."""
    n = int(seconds * bph / 3600.0)
    unlock = 0.05 + np.arange(n) * 3600.0 / bph + np.where(np.arange(n) % 2 == 0, 0.0, beat_error_s)
    rows = [(u + ms * 1e-3, PAIRS.index(p), j) for u in unlock for p, ms, j in SOUNDS]
    rows += [(t + 30e-6 * (k + 1), p, j * 0.1 ** (k + 1)) for t, p, j in list(rows) for k in range(bounces)]
    rows.sort()
    t, p, j = (np.array(c) for c in zip(*rows, strict=True))
    zero = np.zeros(len(t))
    impacts = Impacts(t, p.astype(np.int64), zero.astype(np.int64), j, zero, zero, zero)
    side = np.where(np.arange(n) % 2 == 0, 1, -1)
    beats = Beats(
        unlock + 4e-3,
        side,
        np.full(n, np.radians(280.0)),
        unlock,
        unlock + 2.3e-3,
        unlock + 7.7e-3,
        unlock + 8.15e-3,
        unlock + 8.34e-3,
    )
    return Trace(
        "by hand",
        "modern lever",
        seconds,
        1,
        "running",
        "",
        bph,
        beats,
        impacts,
        PAIRS,
        Ledger(1.0, {}, 0.0, 0.0),
        np.zeros((0, 1)),
        (),
    )


def heart_trace(*, seconds: float = 20.0, s1: float = 1.0, paired: bool = False) -> Trace:
    """A heart made by hand: ticks four a second, a stroke a second released 5 ms after a tick.

    After the release the chamber's pressure steps up at 79-98 ms (times `s1`), climbs, falls at 448 ms, the bellows
    land at 502 ms and the stop strikes at 504 ms. `paired`: strokes come 0.47 and 1.53 s apart.
    """
    watch = watch_trace(seconds=seconds, bph=14400.0)
    watch = replace(watch, impacts=replace(watch.impacts, impulse_ns=watch.impacts.impulse_ns * 60.0))
    t = np.arange(0.0, seconds, 1e-3)
    release = np.arange(0.055, seconds - 0.7, 1.0)
    if paired:
        release = release + np.where(np.arange(len(release)) % 2 == 0, 0.0, -0.53)
    pressure = np.zeros_like(t)
    for r in release:
        pressure += s1 * 400.0 * _smooth(t - r - 0.079, 0.019) * (t < r + 0.4485)
        pressure += (200.0 + 400.0 * (1.0 - s1)) * np.clip((t - r - 0.098) / 0.35, 0.0, 1.0) * (t < r + 0.4485)
        pressure -= 150.0 * ((t >= r + 0.4485) & (t < r + 0.5016))
    happenings = tuple(
        Happening(r + after, kind, strength)
        for r in release
        for after, kind, strength in (
            (0.0, "release", 0.0),
            (0.079, "inlet_closes", 4e-8),
            (0.4477, "outlet_closes", 9e-7),
            (0.5016, "landing", 1e-4),
            (0.5036, "stop", 5e-6),
        )
    )
    return replace(
        watch, kind="heart", waveforms=(Waveform("chamber_pressure", "Pa", t, pressure),), happenings=happenings
    )


def _smooth(x: np.ndarray, width: float) -> np.ndarray:
    u = np.clip(x / width, 0.0, 1.0)
    return u * u * (3.0 - 2.0 * u)
