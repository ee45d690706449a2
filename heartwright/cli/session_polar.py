"""The verticals on a dial: the direction that is up against the rate, with the first harmonic, as SVG text."""

from __future__ import annotations

import math

from heartwright.cli.report_svg import number, ticks
from heartwright.sessions import Poise, Position, Summary
from heartwright.sessions.figures import Cell

_SIZE, _INNER, _OUTER = 320.0, 30.0, 120.0
_MIDDLE = _SIZE / 2


def dial(found: Summary, balance: Poise) -> str:
    """Rate against direction: twelve o'clock above, clockwise; "" where fewer than two verticals are there."""
    wind = balance.wind or found.wind
    cells = [c for c in found.cells if c.wind == wind and not Position.read(c.position).flat]
    if len(cells) < 2:
        return ""
    scale = _scale(cells)
    parts = [_rings(scale)]
    if balance.mean_s_per_day is not None:
        parts.append(_ring(scale.radius(balance.mean_s_per_day), "mean"))
    parts.append(_curve(balance, scale))
    parts += [_point(c, scale) for c in cells]
    if balance.heavy_deg is not None:
        x, y = _at(balance.heavy_deg.value, _OUTER + 13.0)
        parts.append(
            f'<circle class="heavy" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>heavy side, at rest</title></circle>'
        )
    parts += [_label(hour) for hour in (12, 3, 6, 9)]
    head = (
        f'<svg class="dial" viewBox="0 0 {_SIZE:g} {_SIZE:g}" role="img" aria-label="Rate by the direction that is up">'
    )
    return f"{head}{''.join(parts)}</svg>"


class _Scale:
    """Rates [s/d] to radii."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def radius(self, rate: float) -> float:
        share = (rate - self.low) / (self.high - self.low)
        return _INNER + min(max(share, 0.0), 1.0) * (_OUTER - _INNER)


def _scale(cells: list[Cell]) -> _Scale:
    low = min(c.rate_s_per_day.low for c in cells)
    high = max(c.rate_s_per_day.high for c in cells)
    air = max(0.15 * (high - low), 0.5)
    return _Scale(low - air, high + air)


def _at(up_deg: float, radius: float) -> tuple[float, float]:
    angle = math.radians(up_deg)
    return _MIDDLE + radius * math.sin(angle), _MIDDLE - radius * math.cos(angle)


def _ring(radius: float, kind: str) -> str:
    return f'<circle class="{kind}" cx="{_MIDDLE:g}" cy="{_MIDDLE:g}" r="{radius:.1f}"/>'


def _rings(scale: _Scale) -> str:
    parts = []
    for value in ticks(scale.low, scale.high, most=3):
        radius = scale.radius(value)
        x, y = _at(45.0, radius)
        parts.append(_ring(radius, "ring"))
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" dy=".32em" text-anchor="middle">{number(value)}</text>')
    return "".join(parts)


def _curve(balance: Poise, scale: _Scale) -> str:
    if balance.fastest_up_deg is None or balance.size_s_per_day is None or balance.mean_s_per_day is None:
        return ""
    points = []
    for up in range(0, 361, 4):
        rate = balance.mean_s_per_day + balance.size_s_per_day.value * math.cos(
            math.radians(up - balance.fastest_up_deg.value)
        )
        points.append("{:.1f} {:.1f}".format(*_at(up, scale.radius(rate))))
    return f'<path class="fit" d="M{"L".join(points)}Z"/>'


def _point(cell: Cell, scale: _Scale) -> str:
    up = Position.read(cell.position).up_deg or 0.0
    rate = cell.rate_s_per_day
    (x1, y1), (x2, y2), (x, y) = (_at(up, scale.radius(v)) for v in (rate.low, rate.high, rate.value))
    whisker = f'<path class="reach" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'
    return f'{whisker}<circle class="at" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'


def _label(hour: int) -> str:
    x, y = _at(30.0 * hour, _OUTER + 26.0)
    return f'<text class="label" x="{x:.1f}" y="{y:.1f}" dy=".32em" text-anchor="middle">{hour}H</text>'
