"""Regulating a design: the edits that bring its rate and beat error to what is wanted, found on clean runs."""

from __future__ import annotations

import math

import numpy as np

from heartwright.design import Design
from heartwright.design.works import Balance
from heartwright.edit import Edit
from heartwright.records import Trace

ROUNDS = 3
BEATS = 120
PROBE = math.radians(0.5)


def beat_error_ms(trace: Trace) -> float:
    """Beat error (t1 - t2) / 2 with its sign, from the unlocking (a pendulum: from the landing) [ms].

    t1 is the interval that ends with a swing of rising angle.
    """
    b = trace.beats
    times = b.lock_s if np.all(np.isnan(b.unlock_s)) else b.unlock_s
    gap, rising = np.diff(times), b.side[1:] > 0
    ok = np.isfinite(gap) & (b.side[1:] != b.side[:-1])
    if not (ok & rising).any() or not (ok & ~rising).any():
        return float("nan")
    return float(0.5e3 * (gap[ok & rising].mean() - gap[ok & ~rising].mean()))


def regulate(
    design: Design, rate: float = 0.0, beat: float = 0.0, *, position: str = "CH", wind: float = 1.0
) -> tuple[Edit, ...]:
    """Edits after which a clean run gains `rate` [s/d] with a beat error of `beat` [ms].

    A watch is regulated at its hairspring and collet, a pendulum at its length and crutch. A design that does not run
    has nothing to regulate: ValueError, with its advice.
    """
    balance = isinstance(design.oscillator, Balance)
    offset_path = "oscillator.collet_offset" if balance else "oscillator.crutch_offset"
    offset, spring = getattr(design.oscillator, offset_path.rsplit(".", 1)[1]), _spring(design)
    slope = _offset_slope(design, offset_path, offset, position, wind)
    now = design
    for _ in range(ROUNDS):
        trace = _clean(now, position, wind)
        offset += (beat - beat_error_ms(trace)) / slope
        gain = 1.0 + (rate - trace.rate_s_per_day) / 86400.0
        spring *= gain**2 if balance else gain**-2
        now = _set(design, {offset_path: offset, _spring_path(design): spring})
    edits = (Edit.of(design, offset_path, offset), Edit.of(design, _spring_path(design), spring))
    return tuple(e for e in edits if e.new != e.old)


def _spring_path(design: Design) -> str:
    return "oscillator.stiffness" if isinstance(design.oscillator, Balance) else "oscillator.length"


def _spring(design: Design) -> float:
    return float(getattr(design.oscillator, _spring_path(design).rsplit(".", 1)[1]))


def _set(design: Design, values: dict[str, float]) -> Design:
    for path, value in values.items():
        design = Edit.of(design, path, value).apply(design)
    return design


def _offset_slope(design: Design, path: str, offset: float, position: str, wind: float) -> float:
    """Beat error for a radian of offset [ms/rad]."""
    low = beat_error_ms(_clean(design, position, wind))
    step = PROBE if isinstance(design.oscillator, Balance) else 0.02 * PROBE
    high = beat_error_ms(_clean(_set(design, {path: offset + step}), position, wind))
    return (high - low) / step


def _clean(design: Design, position: str, wind: float) -> Trace:
    from heartwright.works import movement

    trace = movement.run(design, seconds=BEATS / design.beat_hz, dirt=False, position=position, wind=wind)
    if trace.status != "running" or len(trace.beats) < 8:
        raise ValueError(f"{design.name} does not run, so there is nothing to regulate. {trace.advice}")
    return trace
