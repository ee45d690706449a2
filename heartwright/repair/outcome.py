"""Better, unchanged, worse or ruined: decided from the state and the figures of the work, in this one place.

Ruined: it has stopped or jammed, or metal has gone that did not go by intention (a reed torn, a spring off its hook).
Otherwise the figures of the time after are held against those of the same work left alone, many times over with other
ticks. A figure has moved where it differs from that mean by more than three of its own standard deviations there, and
by no less than a floor below which nobody would call it a change:
- amplitude 4 degrees: healthy beats scatter by 3 to 11, the mean of fifty by half a degree or more;
- beat error 0.15 ms: the trade is content below 0.5;
- rate 10 s/d: what a minute on a timing machine repeats to is 2, a dozen seconds to about 10;
- what it bleeds 3 per cent; what slips back through the outlet 1 per cent of what goes out;
- late strokes 10 per cent of the strokes.
The verdict follows the figure that moved farthest, in units of its own bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from heartwright.damage.reed import is_torn
from heartwright.design import Design
from heartwright.records import Trace
from heartwright.works.regulation import beat_error_ms

BETTER, UNCHANGED, WORSE, RUINED = OUTCOMES = ("better", "unchanged", "worse", "ruined")
SIGMAS: Final = 3.0
LATE_STROKE: Final = 1.25  # of the nominal stroke period
#: figure -> (floor of a change, whether more of it is better)
FIGURES: Final[dict[str, tuple[float, bool]]] = {
    "amplitude_deg": (4.0, True),
    "beat_error_ms": (0.15, False),
    "rate_off_s_per_day": (10.0, False),
    "bleeds_percent": (3.0, True),
    "slips_back_percent": (1.0, False),
    "late_percent": (10.0, False),
}
NOMINAL_STROKE_CM3: Final = 0.1417  # what a healthy heart delivers a stroke (docs/benchmarks.md)


@dataclass(frozen=True, slots=True)
class Told:
    """How one trial ended: its figures, and the reason where it is ruined."""

    figures: dict[str, float]
    ruined: str


def figures(piece: Trace) -> dict[str, float]:
    """The figures of a stretch of time; those that cannot be had are left out."""
    out: dict[str, float] = {}
    b = piece.beats
    if len(b) >= 8:
        out["amplitude_deg"] = float(np.degrees(np.nanmean(b.amplitude_rad)))
        out["beat_error_ms"] = abs(beat_error_ms(piece))
        out["rate_off_s_per_day"] = abs(piece.rate_s_per_day)
    waves = {w.name: w.value for w in piece.waveforms}
    if len(waves.get("load_flow", ())):
        out["bleeds_percent"] = 100.0 * 1e6 * float(np.mean(waves["load_flow"])) / NOMINAL_STROKE_CM3
        flow = waves["outlet_flow"]
        forward = float(np.sum(flow[flow > 0.0]))
        out["slips_back_percent"] = 100.0 * float(-np.sum(flow[flow < 0.0])) / forward if forward > 0.0 else 100.0
        out["late_percent"] = 100.0 * late_strokes(piece)
    return {k: v for k, v in out.items() if np.isfinite(v)}


def stroke_times(piece: Trace, kind: str = "landing") -> np.ndarray:
    """When each stroke ended: the follower lands on the cam once a stroke [s]."""
    return np.array([h.time_s for h in piece.happenings if h.kind == kind])


def late_strokes(piece: Trace, period_s: float = 1.0) -> float:
    """Share of the strokes due that ended more than a quarter of a period late (or not at all)."""
    ends = stroke_times(piece)
    due = max(piece.seconds / period_s, 1.0)
    if len(ends) < 2:
        return 1.0
    return float(np.sum(np.diff(ends) > LATE_STROKE * period_s)) / due


def ruin(design: Design, before: Design, piece: Trace) -> str:
    """Why it is ruined, or nothing."""
    if piece.status != "running":
        return f"it has {piece.status}"
    if design.pump is not None and before.pump is not None:
        for which in ("outlet", "inlet"):
            if is_torn(getattr(design.pump, which)) and not is_torn(getattr(before.pump, which)):
                return f"the {which} reed is torn"
        if design.pump.spring_force == 0.0 < before.pump.spring_force:
            return "the bellows' spring is off its hook"
    return ""


@dataclass(frozen=True, slots=True)
class Scale:
    """The work left alone: mean and bar (what a change must exceed) of each figure."""

    mean: dict[str, float]
    bar: dict[str, float]

    @classmethod
    def of(cls, alone: Sequence[dict[str, float]]) -> Scale:
        """From the figures of many runs of the work left alone."""
        mean, bar = {}, {}
        for name, (floor, _) in FIGURES.items():
            values = np.array([f[name] for f in alone if name in f])
            if len(values):
                mean[name] = float(values.mean())
                bar[name] = max(floor, SIGMAS * float(values.std(ddof=1)) if len(values) > 1 else floor)
        return cls(mean, bar)

    def gain(self, found: dict[str, float]) -> tuple[float, str]:
        """The farthest move among the figures in units of its bar, + for the better, and the figure's name."""
        moves = [(0.0, "")]
        for name, value in found.items():
            if name in self.mean:
                sign = 1.0 if FIGURES[name][1] else -1.0
                moves.append((sign * (value - self.mean[name]) / self.bar[name], name))
        return max(moves, key=lambda m: abs(m[0]))

    def verdict(self, told: Told) -> str:
        """One of OUTCOMES."""
        if told.ruined:
            return RUINED
        gain, _ = self.gain(told.figures)
        return BETTER if gain > 1.0 else WORSE if gain < -1.0 else UNCHANGED
