"""What `heartwright reference` prints and draws: one clear answer, the drift of the phase, the Allan deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from heartwright.cli.report_svg import Plane, padded

if TYPE_CHECKING:
    from rich.console import Console

    from heartwright.records import Interval
    from heartwright.works.reference import Against

_WIDE, _HIGH = 64, 9
_MARGIN = (86.0, 16.0, 20.0, 26.0)
_PHASE = "phase against the reference"
_ALLAN = "log Allan deviation against log of the time in s, with its 95 % bounds"
_STYLE = (
    "<style>.grid{stroke:#ccc;stroke-width:.5}.line{fill:none;stroke:#357;stroke-width:1}.thin{stroke:#bbb}"
    ".dots{fill:none;stroke:#357;stroke-width:3;stroke-linecap:round}.tick{font:10px sans-serif;fill:#555}</style>"
)


def say(out: Console, found: Against, *, name: str) -> None:
    """Print the answer."""
    out.print(f"{name} against {found.reference}: {_headline(found)}", style="bold", markup=False)
    if found.status == "ok":
        for line in _lines(found):
            out.print(f"  {line}", markup=False)
        for line in drawn(found.time_s, found.drift_beats):
            out.print(f"  {line}", markup=False)
    for line in found.advice:
        out.print(f"  - {line}", markup=False)


def _headline(found: Against) -> str:
    if found.status != "ok":
        return {"no_beat": "no beats", "too_short": "too few beats"}.get(found.status, found.status)
    if found.simple is None:
        return "no simple ratio"
    n, m = found.simple
    verdict = {"locked": "locked", "free": "free, not locked", "undecided": "undecided"}[found.lock]
    return f"{verdict} at {n}:{m}, {found.beats:,} beats in {found.seconds:,.0f} s"


def _lines(found: Against) -> list[str]:
    out = []
    if found.ratio is not None:
        out.append(f"ratio          {_within(found.ratio, '', 9)}")
    if found.rate_s_per_day is not None:
        out.append(f"gains          {_within(found.rate_s_per_day, 's/d', 4)}")
    if found.phase_beats is not None and found.phase_s is not None:
        out.append(f"phase, at end  {_within(found.phase_beats, 'beats', 4)}, {1e3 * found.phase_s.value:.4g} ms")
    if found.p is not None:
        out.append(f"by chance      {found.p:.2g} of free pairs ({found.spread_ppm:g} ppm apart) stay so near")
    if found.locking_value is not None:
        out.append(f"phase locking  {_within(found.locking_value, '', 5)}")
    if found.slips is not None:
        at = ", ".join(f"{t:.0f}" for t in found.slip_times_s[:6])
        more = " ..." if len(found.slip_times_s) > 6 else ""
        out.append(f"slips          {found.slips}" + (f", at {at}{more} s" if at else ""))
    if found.pull is not None and found.pull.p < 0.01:
        out.append(f"pull (Adler)   {1e6 * found.pull.pull.value:.3g} ppm (chance: {found.pull.p:.1g})")
    if found.allan is not None:
        k = int(np.argmin(found.allan.deviation))
        out.append(f"Allan          least {found.allan.deviation[k]:.2g} at {found.allan.tau_s[k]:.3g} s")
    return out


def _within(interval: Interval, unit: str, digits: int) -> str:
    low, high = f"{interval.low:.{digits}g}", f"{interval.high:.{digits}g}"
    return f"{interval.value:.{digits}g} {unit}".rstrip() + f"  ({low} to {high})"


def drawn(time_s: np.ndarray, drift: np.ndarray) -> list[str]:
    """The phase over time in characters: rows from top to bottom, the scale with the first and last."""
    if len(time_s) < 2:
        return []
    low, high = float(drift.min()), float(drift.max())
    span = max(high - low, 1e-9)
    rows = [[" "] * _WIDE for _ in range(_HIGH)]
    for t, x in zip(time_s - time_s[0], drift, strict=True):
        column = min(int(t / (time_s[-1] - time_s[0]) * (_WIDE - 1)), _WIDE - 1)
        rows[_HIGH - 1 - round((x - low) / span * (_HIGH - 1))][column] = "."
    out = [f"{'':10}|{''.join(row)}" for row in rows]
    out[0] = f"{high:+10.3g}|{''.join(rows[0])}"
    out[-1] = f"{low:+10.3g}|{''.join(rows[-1])} beats over {time_s[-1] - time_s[0]:.0f} s"
    return out


def svg(found: Against) -> str:
    """Phase over time, and below it the Allan deviation with its bounds, both as one SVG."""
    t, x = found.time_s, found.drift_beats
    upper = Plane((float(t[0]), float(t[-1])), padded(x.tolist(), least=1e-4), _PHASE, margin=_MARGIN)
    upper.text(_MARGIN[0], 10.0, _PHASE, anchor="start")
    upper.axes(x_unit=" s", y_unit=" beats")
    upper.dots(t, x, "steel")
    parts = [f"<g>{''.join(upper.parts)}</g>"]
    if found.allan is not None:
        tau = np.log10(found.allan.tau_s)
        rows = [np.log10(getattr(found.allan, name)) for name in ("deviation", "low", "high")]
        flat = [float(v) for row in rows for v in row]
        lower = Plane((float(tau[0]), float(tau[-1]) + 1e-9), padded(flat, least=1.0), _ALLAN, margin=_MARGIN)
        lower.text(_MARGIN[0], 10.0, _ALLAN, anchor="start")
        lower.axes()
        for row, kind in zip(rows, ("steel", "thin", "thin"), strict=True):
            lower.line(tau, row, kind)
        parts.append(f'<g transform="translate(0 220)">{"".join(lower.parts)}</g>')
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 440" role="img" aria-label="Against a reference">'
    return f"{head}{_STYLE}{''.join(parts)}</svg>\n"
