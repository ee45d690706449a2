"""The instruments beside the work: what an ideal ear reads from the run itself, beat by beat.

The model of the beats is t_k = a + T k + b s_k with s = +-1, fitted by least squares over the last half minute since
the last change: rate = T0 / T - 1, beat error = 2 |b|, their intervals from the residuals as white noise of the beats.
The microphone's view is `listening`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heartwright.records import Beats, Floats, Interval, Trace

WINDOW_S = 30.0
FEWEST = 8
WAVE_MOST = 600  # samples of the pump's waves sent at a time
DOTS_MOST = 1_200
_WAVES = {"chamber_pa": "chamber_pressure", "artery_pa": "artery_pressure", "flow_cm3_s": "outlet_flow"}


@dataclass(slots=True)
class Tape:
    """The beats of a going work: number, time of the timed sound [s], side, amplitude [rad]."""

    nominal_s: float
    rows: deque[tuple[int, float, int, float]] = field(default_factory=lambda: deque(maxlen=DOTS_MOST))
    told: float = -np.inf  # beats up to here were sent
    origin: tuple[int, float] | None = None  # number and time of the first beat: residuals count from it

    def add(self, beats: Beats) -> None:
        for t, side, amplitude in zip(timed(beats), beats.side, beats.amplitude_rad, strict=True):
            k = 0
            if self.rows:
                before = self.rows[-1]
                k = before[0] + max(1, round((float(t) - before[1]) / self.nominal_s))
            if self.origin is None:
                self.origin = (k, float(t))
            self.rows.append((k, float(t), int(side), float(amplitude)))

    def since(self, time_s: float) -> Floats:
        """Rows [n, 4] after `time_s`."""
        return np.array([row for row in self.rows if row[1] > time_s], np.float64).reshape(-1, 4)

    def dots(self, *, all_of_them: bool = False) -> list[list[float | int]]:
        """Beats not sent yet: time, residual against the nominal beat [ms], side, amplitude [deg]."""
        rows = self.since(-np.inf if all_of_them else self.told)
        if not len(rows) or self.origin is None:
            return []
        k0, t0 = self.origin
        residual = 1e3 * (rows[:, 1] - t0 - (rows[:, 0] - k0) * self.nominal_s)
        if not all_of_them:
            self.told = float(rows[-1, 1])
        return [
            [round(t, 5), round(r, 4), int(side), round(float(np.degrees(a)), 2)]
            for (_, t, side, a), r in zip(rows.tolist(), residual.tolist(), strict=True)
        ]


def timed(beats: Beats) -> Floats:
    """The time of each beat: sound 1, else the landing, else the passage through the centre [s]."""
    first = np.where(np.isfinite(beats.unlock_s), beats.unlock_s, beats.lock_s)
    return np.asarray(np.where(np.isfinite(first), first, beats.centre_s))


def figures_of(rows: Floats, nominal_s: float) -> dict[str, Interval | None]:
    """Rate [s/d], beat error [ms] and amplitude [deg] with 95 % intervals of beats [n, 4]; None for too few."""
    if len(rows) < FEWEST:
        return {"rate_s_per_day": None, "beat_error_ms": None, "amplitude_deg": None}
    k, t, side = rows[:, 0] - rows[0, 0], rows[:, 1] - rows[0, 1], rows[:, 2]
    model = np.column_stack([np.ones(len(k)), k, side])
    fitted, *_ = np.linalg.lstsq(model, t, rcond=None)
    sigma2 = float(np.sum((t - model @ fitted) ** 2)) / (len(k) - 3)
    spread = np.sqrt(np.maximum(np.diag(np.linalg.pinv(model.T @ model)) * sigma2, 0.0))
    rate = Interval.from_sigma((nominal_s / fitted[1] - 1.0) * 86_400.0, spread[1] / fitted[1] * 86_400.0)
    amplitude = np.degrees(rows[:, 3])
    amplitude = amplitude[np.isfinite(amplitude)]
    swing = Interval.from_sigma(float(amplitude.mean()), float(amplitude.std(ddof=1)) / np.sqrt(len(amplitude)))
    error, wide = 2e3 * abs(float(fitted[2])), 1.96 * 2e3 * float(spread[2])
    return {
        "rate_s_per_day": rate,
        "beat_error_ms": Interval(error, max(0.0, error - wide), error + wide),
        "amplitude_deg": swing,
    }


def message(work: Any, *, all_of_them: bool = False) -> dict[str, Any]:
    """The figures of a going work, as the page is told them twice a second."""
    tape = work.tape
    rows = tape.since(max(work.since_s, work.time - WINDOW_S))
    last: Trace | None = work.history[-1] if work.history else None
    out: dict[str, Any] = {
        "type": "figures",
        "work": work.id,
        "time_s": work.time,
        "window_s": min(WINDOW_S, work.time - work.since_s),
        **{name: value and value.as_json() for name, value in figures_of(rows, tape.nominal_s).items()},
        "beats": tape.dots(all_of_them=all_of_them),
        "happenings": [[round(h.time_s, 5), h.kind] for piece in work.untold for h in piece.happenings],
        "waves": waves(work.untold),
    }
    if last is not None:
        books = last.ledger
        out["ledger"] = {
            "drive_j": books.drive_j,
            "spent": books.spent_j,
            "stored_j": books.stored_j,
            "residual_ratio": books.residual_ratio,
        }
        out["more"] = {k: v for k, v in last.figures.items() if k != "started_s"}
    if not all_of_them:
        work.untold.clear()
    return out


def waves(pieces: Sequence[Trace]) -> dict[str, Any] | None:
    """The pump's pressures and flow of the last pieces; None without a pump."""
    found: dict[str, Any] = {}
    for told, name in _WAVES.items():
        parts = [w for p in pieces for w in p.waveforms if w.name == name]
        if not parts:
            return None
        times = np.concatenate([w.time_s for w in parts])
        step = max(2, -(-len(times) // WAVE_MOST))
        values = np.concatenate([w.value for w in parts])[::step] * (1e6 if told == "flow_cm3_s" else 1.0)
        times = times[::step]
        if len(times) < 2:
            return None
        found |= {"t0": float(times[0]), "dt": float(times[1] - times[0])}
        found[told] = [float(f"{v:.4g}") for v in values]
    return found


def light(work: Any) -> float:
    """Light follows energy: that of the swing over what it was when the work came, 0 where it stands."""
    rows = work.tape.since(work.time - 3.5 * work.tape.nominal_s)
    if not len(rows) or not np.isfinite(rows[-1, 3]) or work.healthy_rad <= 0.0:
        return 0.0
    return float(np.clip((rows[-1, 3] / work.healthy_rad) ** 2, 0.0, 1.0))
