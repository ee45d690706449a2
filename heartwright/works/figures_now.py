"""What an ideal ear reads off a going movement: rate, amplitude, beat error over its latest beats, as `Figure`s."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from heartwright.design import Design
from heartwright.records import Floats, Trace
from heartwright.work import Figure

LEAST_BEATS = 5


def now(design: Design, pieces: Sequence[Trace], *, wind: float) -> dict[str, Figure]:
    """Figures from the latest pieces of a run, oldest first; those that need more beats are left out."""
    centre = np.concatenate([np.zeros(0), *(p.beats.centre_s for p in pieces)])
    side = np.concatenate([np.zeros(0), *(p.beats.side for p in pieces)])
    swing = np.concatenate([np.zeros(0), *(p.beats.amplitude_rad for p in pieces)])
    out = {"wind": Figure(100.0 * wind, "%", says="of the spring still wound")}
    if len(centre) >= LEAST_BEATS:
        beat_s = 1.0 / design.beat_hz
        rate, low, high = _rate(centre, side, beat_s)
        out["rate"] = Figure(rate, "s/d", low, high, "+ gains")
        out["amplitude"] = Figure(math.degrees(float(np.nanmean(swing))), "deg")
        error = abs(_beat_error_s(centre, side)) * 1e3
        out["beat_error"] = Figure(error, "ms", says="from the passage through the line of centres")
    seconds = sum(p.seconds for p in pieces)
    if design.kind == "heart" and seconds > 0.0:
        closes = sum(1 for p in pieces for h in p.happenings if h.kind == "release")
        out["strokes"] = Figure(60.0 * closes / seconds, "1/min")
    return out


def _rate(centre: Floats, side: Floats, beat_s: float) -> tuple[float, float, float]:
    """Gain [s/d] by least squares over the beats' times, both sides with a centre of their own, and its 95 %."""
    n = np.round((centre - centre[0]) / beat_s)
    columns = np.column_stack([n, side > 0, side <= 0])
    columns = columns[:, [True, bool((side > 0).any()), bool((side <= 0).any())]].astype(float)
    found, *_ = np.linalg.lstsq(columns, centre, rcond=None)
    left = centre - columns @ found
    spare = max(len(centre) - columns.shape[1], 1)
    sigma = math.sqrt(float(left @ left) / spare / max(float(np.sum((n - n.mean()) ** 2)), 1e-30))
    scale = 86400.0 / beat_s
    rate = (beat_s / float(found[0]) - 1.0) * 86400.0
    return rate, rate - 1.96 * sigma * scale, rate + 1.96 * sigma * scale


def _beat_error_s(centre: Floats, side: Floats) -> float:
    """Half the difference between beats of one side and of the other [s]."""
    steps = np.diff(centre)
    up, down = steps[side[1:] > 0], steps[side[1:] <= 0]
    return 0.5 * (float(np.median(up)) - float(np.median(down))) if len(up) and len(down) else 0.0
