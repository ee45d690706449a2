"""Drawing: a plane with axes that turns data into SVG text. Colours and type sizes belong to report.css."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from heartwright.records import Floats

MOST_POINTS = 6000  # a chart keeps no more than this


@dataclass
class Plane:
    """A chart area: data ranges `x`, `y` on `width` x `height` user units with margins (left, right, top, bottom)."""

    x: tuple[float, float]
    y: tuple[float, float]
    title: str
    width: float = 640.0
    height: float = 220.0
    margin: tuple[float, float, float, float] = (46.0, 16.0, 12.0, 26.0)
    timed: bool = False  # whether x is the time of the take [s], so that a click can be heard
    parts: list[str] = field(default_factory=list)

    def at_x(self, value: float) -> float:
        left, right, _, _ = self.margin
        return left + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.width - left - right)

    def at_y(self, value: float) -> float:
        _, _, top, bottom = self.margin
        return self.height - bottom - (value - self.y[0]) / (self.y[1] - self.y[0]) * (self.height - top - bottom)

    def axes(self, *, x_unit: str = "", y_unit: str = "", y_ticks: Sequence[float] | None = None) -> None:
        """Ticks and hairlines; the unit stands with the last figure of each axis."""
        left, right, _, bottom = self.margin
        rows = list(ticks(*self.y) if y_ticks is None else y_ticks)
        for value in rows:
            y = self.at_y(value)
            self.parts.append(f'<path class="grid" d="M{left:.1f} {y:.1f}H{self.width - right:.1f}"/>')
            self.text(left - 7, y, number(value) + (y_unit if value == rows[-1] else ""), anchor="end")
        columns = ticks(*self.x, most=7)
        for value in columns:
            self.text(
                self.at_x(value), self.height - bottom + 15, number(value) + (x_unit if value == columns[-1] else "")
            )

    def dots(self, x: Floats, y: Floats, kind: str) -> None:
        """One dot for each finite pair, all in one path."""
        x, y = _thinned(x, y)
        moves = "".join(f"M{self.at_x(a):.1f} {self.at_y(b):.1f}h0" for a, b in zip(x, y, strict=True))
        if moves:
            self.parts.append(f'<path class="dots {kind}" d="{moves}"/>')

    def line(self, x: Floats, y: Floats, kind: str, *, to: float | None = None) -> None:
        """A polyline; filled down to the value `to` where that is given."""
        x, y = _thinned(x, y)
        if len(x) < 2:
            return
        points = "L".join(f"{self.at_x(a):.1f} {self.at_y(b):.1f}" for a, b in zip(x, y, strict=True))
        if to is None:
            self.parts.append(f'<path class="line {kind}" d="M{points}"/>')
        else:
            base = self.at_y(to)
            start, end = self.at_x(float(x[0])), self.at_x(float(x[-1]))
            self.parts.append(f'<path class="area {kind}" d="M{start:.1f} {base:.1f}L{points}L{end:.1f} {base:.1f}Z"/>')

    def upright(self, x: float, kind: str, *, low: float | None = None, high: float | None = None) -> None:
        """A vertical hairline, from the floor to the ceiling unless told."""
        foot = self.at_y(self.y[0] if low is None else low)
        head = self.at_y(self.y[1] if high is None else high)
        self.parts.append(f'<path class="{kind}" d="M{self.at_x(x):.1f} {foot:.1f}V{head:.1f}"/>')

    def band(self, low: float, high: float, kind: str) -> None:
        """A horizontal band over the whole width."""
        left, right, _, _ = self.margin
        top, foot = self.at_y(min(high, self.y[1])), self.at_y(max(low, self.y[0]))
        size = f'width="{self.width - left - right:.1f}" height="{max(0.0, foot - top):.1f}"'
        self.parts.append(f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" {size}/>')

    def ring(self, x: float, y: float, kind: str) -> None:
        self.parts.append(f'<circle class="{kind}" cx="{self.at_x(x):.1f}" cy="{self.at_y(y):.1f}" r="7"/>')

    def text(self, x: float, y: float, said: str, *, anchor: str = "middle", kind: str = "tick") -> None:
        """Text at user units; the anchor is start, middle or end."""
        place = f'x="{x:.1f}" y="{y:.1f}" dy=".32em" text-anchor="{anchor}"'
        self.parts.append(f'<text class="{kind}" {place}>{escape(said)}</text>')

    def svg(self) -> str:
        """The finished drawing."""
        left, right, top, bottom = self.margin
        label = escape(self.title, quote=True)
        head = f'<svg viewBox="0 0 {self.width:g} {self.height:g}" role="img" aria-label="{label}"'
        tail = ""
        if self.timed:
            span = f'data-from="{self.x[0]:.4f}" data-to="{self.x[1]:.4f}"'
            head += (
                f' class="timed" {span} data-left="{left / self.width:.5f}" data-right="{1 - right / self.width:.5f}"'
            )
            tail = f'<path class="playhead" d="M0 {top:.1f}V{self.height - bottom:.1f}"/>'
        return f"{head}>{''.join(self.parts)}{tail}</svg>"


def ticks(low: float, high: float, *, most: int = 5) -> list[float]:
    """Round values between `low` and `high`, no more than about `most`."""
    span = high - low
    if not span > 0.0 or not math.isfinite(span):
        return [low]
    rough = span / max(1, most)
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next((m * scale for m in (1.0, 2.0, 5.0) if m * scale >= rough), 10.0 * scale)
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value: float) -> str:
    """A tick's label: as short as it can be, with a true minus."""
    text = f"{0.0 if abs(value) < 1e-12 else value:.10g}"
    return text.replace("-", "−")


def padded(values: Iterable[float], *, least: float, share: float = 0.12) -> tuple[float, float]:
    """A range that holds the finite ones of `values` with some air, never narrower than `least`."""
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return (-0.5 * least, 0.5 * least)
    low, high = min(finite), max(finite)
    air = max(share * (high - low), 0.5 * (least - (high - low)), 0.0)
    return (low - air, high + air)


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = np.asarray(x, dtype=float)[keep], np.asarray(y, dtype=float)[keep]
    step = max(1, -(-len(x) // MOST_POINTS))
    return x[::step], y[::step]
