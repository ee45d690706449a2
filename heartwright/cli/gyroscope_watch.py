"""Watching a gyroscope go: its lean and heading sampled, and what they say of precession, nutation and spin-down."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from heartwright.cli.report_svg import Plane, padded

if TYPE_CHECKING:
    from heartwright.works.gyroscope import Gyroscope

_A_NUTATION = 24  # samples
_MOST = 60_000
_MARGIN = (86.0, 16.0, 20.0, 26.0)
_STYLE = (
    "<style>.grid{stroke:#ccc;stroke-width:.5}.line{fill:none;stroke:#357;stroke-width:1}"
    ".tick{font:10px sans-serif;fill:#555}</style>"
)


@dataclass(slots=True)
class Watched:
    """Samples of a run: time [s], lean and unwrapped heading [rad], spin [rad/s]; the closed form at its start."""

    step_s: float
    samples: int
    nutation_hz: float | None
    precession: float | None
    rows: list[tuple[float, float, float, float]] = field(default_factory=list)

    @classmethod
    def of(cls, work: Gyroscope, seconds: float) -> Watched:
        """Ready to watch it for so long, often enough for its nutation."""
        told = work.figures()
        hz = told["nutation"].value if "nutation" in told else None
        step = 1.0 / (_A_NUTATION * hz) if hz else 0.01
        samples = int(min(max(math.ceil(seconds / min(step, 0.02)), 8), _MOST))
        form = math.radians(told["precession"].value) if "precession" in told and work.mount == "point" else None
        watched = cls(seconds / samples, samples, hz if work.mount == "point" else None, form)
        watched.look(work)
        return watched

    def look(self, work: Gyroscope) -> None:
        """One sample of where it is now."""
        w, x, y, z = work.held.pose((0.0, 0.0, 0.0))[:4]
        ax, ay, az = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
        heading = math.atan2(-az, ax)
        if self.rows:
            heading += 2.0 * math.pi * round((self.rows[-1][2] - heading) / (2.0 * math.pi))
        self.rows.append((work.time, math.acos(max(-1.0, min(1.0, ay))), heading, work.spin))

    def figures(self) -> dict[str, dict[str, Any]]:
        """Precession, nutation and spin-down as watched: value, low, high (95 %), unit, closed form at the start.

        Nutation, and precession with it, are those of the nods before they have died to a fifth.
        """
        t, lean, heading, spin = np.array(self.rows).T
        nods, half = _nods(t, lean)
        out: dict[str, dict[str, Any]] = {}
        if len(nods) >= 3:
            gaps = np.diff(nods)
            out["nutation"] = _row(1.0 / gaps.mean(), _error(1.0 / gaps), "Hz", self.nutation_hz)
            turned = np.diff(np.interp(nods, t, heading)) / gaps
            form = None if self.precession is None else math.degrees(self.precession)
            out["precession"] = _row(math.degrees(turned.mean()), math.degrees(_error(turned)), "deg/s", form)
            out["nutation_amplitude"] = _row(float(half[0]), float(abs(np.diff(half[:2]).sum())), "deg", None)
        elif len(t) > 2 and abs(heading[-1] - heading[0]) > 1e-6:
            rate = np.diff(heading) / np.diff(t)
            form = None if self.precession is None else math.degrees(self.precession)
            out["precession"] = _row(math.degrees(rate.mean()), math.degrees(_error(rate)), "deg/s", form)
        loss = np.diff(spin) / np.diff(t) * 30.0 / math.pi
        out["spin_down"] = _row(float(loss.mean()), _error(loss), "rpm/s", None)
        return out

    def csv(self) -> str:
        """One row a sample: time_s, lean_deg, heading_deg, spin_rpm."""
        out = io.StringIO()
        out.write("time_s,lean_deg,heading_deg,spin_rpm\n")
        for t, lean, heading, spin in self.rows:
            out.write(f"{t:.6f},{math.degrees(lean):.6f},{math.degrees(heading):.6f},{spin * 30.0 / math.pi:.4f}\n")
        return out.getvalue()

    def svg(self) -> str:
        """Lean, heading and spin against time, one below the other."""
        t, lean, heading, spin = np.array(self.rows).T
        panels = (
            ("lean", np.degrees(lean), "°", 0.01),
            ("heading", np.degrees(heading), "°", 1.0),
            ("spin", spin * 30.0 / math.pi, " rpm", 1.0),
        )
        drawn = []
        for k, (title, values, unit, least) in enumerate(panels):
            plane = Plane((float(t[0]), float(t[-1])), padded(values.tolist(), least=least), title, margin=_MARGIN)
            plane.text(_MARGIN[0], 10.0, title, anchor="start")
            plane.axes(x_unit=" s", y_unit=unit)
            plane.line(t, values, "steel")
            drawn.append(f'<g transform="translate(0 {220 * k})">{"".join(plane.parts)}</g>')
        head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 660" role="img" aria-label="A gyroscope">'
        return f"{head}{_STYLE}{''.join(drawn)}</svg>\n"


def _nods(t: np.ndarray, lean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Moments of greatest lean [s], while it nods by a fifth of its first nod or more, and half of each swing [deg]."""
    nods = _turning(t, lean)
    at = np.searchsorted(t, nods)
    swings = np.array([0.5 * np.degrees(np.ptp(lean[a:b])) for a, b in zip(at, at[1:], strict=False) if b > a])
    if len(swings) == 0 or swings[0] < 1e-5:
        return np.zeros(0), np.zeros(0)
    small = np.flatnonzero(swings < 0.2 * swings[0])
    kept = int(small[0]) if len(small) else len(swings)
    return nods[: kept + 1], swings[:kept]


def _turning(t: np.ndarray, lean: np.ndarray) -> np.ndarray:
    """Moments at which the lean is greatest, to a fraction of a sample; none where it does not nod."""
    if len(t) < 8 or np.ptp(lean) < 1e-7:
        return np.zeros(0)
    i = np.flatnonzero((lean[1:-1] > lean[:-2]) & (lean[1:-1] >= lean[2:])) + 1
    bend = lean[i - 1] - 2.0 * lean[i] + lean[i + 1]
    return np.asarray(t[i] + 0.5 * (lean[i - 1] - lean[i + 1]) / bend * (t[1] - t[0]))


def _error(values: np.ndarray) -> float:
    """Standard error of the mean, by means of eight stretches (they hold drift and slow change too)."""
    if len(values) < 2:
        return 0.0
    parts = np.array([p.mean() for p in np.array_split(values, min(8, len(values)))])
    return float(parts.std(ddof=1) / math.sqrt(len(parts)))


def _row(value: float, sigma: float, unit: str, form: float | None) -> dict[str, Any]:
    wide = 2.365 * sigma  # Student's t of seven
    row: dict[str, Any] = {"value": float(value), "low": float(value - wide), "high": float(value + wide), "unit": unit}
    row["closed_form"] = None if form is None else float(form)
    return row
