"""The report's charts of what recurs and what wanders: average cycle, raster, Allan deviation, and what stands out."""

from __future__ import annotations

from html import escape

import numpy as np

from heartwright.cli import oddly
from heartwright.cli.report_svg import Plane, padded
from heartwright.records import Allan, Part, Reading

_MOST_CELLS = 6000
_ABOUT_CYCLE = (
    "The average over one period, with one sigma; lines of the raster below are its turns, one after another."
)
_ABOUT_ALLAN = (
    "How much the rate wanders over which time, with 95 % bounds; the straight line is what the timing noise of the "
    "take alone would show. Where the curve lies on it, the microphone was measured, not the watch."
)


def sections(reading: Reading) -> list[tuple[str, str, str]]:
    """(title, about, body) of each section that has something to show."""
    out = []
    told = oddly.lines(reading)
    if told:
        lines = (f"{label}: {text}" if label else text for label, text in told)
        rows = "".join(f"<li>{escape(line.replace('+-', '±'))}</li>" for line in lines)
        out.append(("What stands out", "", f'<ul class="notes">{rows}</ul>'))
    if reading.wheels is not None:
        for part in reading.wheels.parts[:6]:
            title = f"{part.wheel[:1].upper()}{part.wheel[1:]}: {part.of}"
            out.append((title, _ABOUT_CYCLE, cycle(part) + raster(part)))
    if reading.allan is not None and len(reading.allan.tau_s) > 2:
        out.append(("Wander", _ABOUT_ALLAN, allan(reading.allan)))
    return out


def cycle(part: Part) -> str:
    """The average cycle of a part, with one sigma."""
    steps = len(part.cycle)
    at = (np.arange(steps) + 0.5) * part.period_s / steps
    low, high = part.cycle - part.cycle_sigma, part.cycle + part.cycle_sigma
    spread = [float(v) for v in (*low, *high) if np.isfinite(v)]
    title = f"Average cycle of {part.period_s:.3g} s"
    plane = Plane((0.0, part.period_s), padded(spread, least=1e-6), title, height=190.0)
    plane.axes(x_unit=" s", y_unit=f" {'°' if part.unit == 'deg' else part.unit}")
    for t, a, b in zip(at, low, high, strict=True):
        if np.isfinite(a) and np.isfinite(b):
            plane.upright(float(t), "whisker", low=float(a), high=float(b))
    plane.line(at, part.cycle, "mean")
    plane.dots(at, part.cycle, "points")
    return plane.svg()


def raster(part: Part) -> str:
    """Every turn as a row of cells, the first at the top: what recurs stands as a column."""
    rows = part.raster
    most = max(1, _MOST_CELLS // max(rows.shape[1], 1))
    step = -(-len(rows) // most)
    if step > 1:  # neighbouring turns are averaged rather than left out
        whole = len(rows) // step * step
        block = rows[:whole].reshape(-1, step, rows.shape[1])
        known = np.isfinite(block)
        count = known.sum(axis=1)
        rows = np.where(count > 0, np.where(known, block, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)
    finite = rows[np.isfinite(rows)]
    if not len(finite):
        return ""
    scale = float(np.quantile(np.abs(finite), 0.97)) or 1.0
    plane = Plane(
        (0.0, part.period_s), (float(len(rows) * step), 0.0), "Every turn", height=30.0 + min(4.0 * len(rows), 240)
    )
    plane.axes(x_unit=" s")
    width = (plane.at_x(part.period_s) - plane.at_x(0.0)) / rows.shape[1]
    height = (plane.at_y(float(len(rows) * step)) - plane.at_y(0.0)) / len(rows)
    for i, row in enumerate(rows):
        y = plane.at_y(float(i * step))
        for sign, kind in ((1.0, "tick-side"), (-1.0, "tock-side")):
            strength = np.clip(sign * row / scale, 0.0, 1.0)
            for j in np.flatnonzero(np.nan_to_num(strength) > 0.12):
                shade = 0.9 * float(strength[j])
                x = plane.at_x(0.0) + j * width
                plane.parts.append(
                    f'<rect class="area {kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
                    f'style="opacity:{shade:.2f}"/>'
                )
    return plane.svg()


def allan(found: Allan) -> str:
    """Allan deviation over tau, both in powers of ten, with its bounds and the floor of the timing noise."""
    tau = np.log10(found.tau_s)
    names = ("deviation", "low", "high", "floor")
    day = {name: np.log10(np.maximum(getattr(found, name) * 86_400.0, 1e-9)) for name in names}
    spread = [float(v) for name in ("low", "high", "floor") for v in day[name] if v > -8.0]
    reach = padded(spread, least=0.5, share=0.06)
    plane = Plane((float(tau[0]), float(tau[-1])), reach, "Allan deviation", height=230.0)
    left, right, _, bottom = plane.margin
    for power in range(int(np.ceil(reach[0])), int(np.floor(reach[1])) + 1):
        y = plane.at_y(power)
        plane.parts.append(f'<path class="grid" d="M{left:.1f} {y:.1f}H{plane.width - right:.1f}"/>')
        plane.text(left - 7, y, f"{10.0**power:g}", anchor="end")
    plane.text(left, 8.0, "s/d", anchor="start")
    marks = [
        v
        for v in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
        if tau[0] <= np.log10(v) <= tau[-1]
    ]
    for value in marks:
        unit = " s" if value == marks[-1] else ""
        plane.text(plane.at_x(float(np.log10(value))), plane.height - bottom + 15, f"{value:g}{unit}")
    for t, a, b in zip(tau, day["low"], day["high"], strict=True):
        plane.upright(float(t), "whisker", low=float(a), high=float(b))
    if np.any(found.floor > 0.0):
        plane.line(tau, day["floor"], "tock-side thin")
    plane.line(tau, day["deviation"], "mean")
    plane.dots(tau, day["deviation"], "points")
    return plane.svg()
