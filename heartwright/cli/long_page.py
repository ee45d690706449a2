"""The report page of a long run: figures, the traces of rate, amplitude and beat error, and what was met."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape
from pathlib import Path

import numpy as np

from heartwright.cli import long_say
from heartwright.cli.report_parts import told
from heartwright.cli.report_svg import Plane, padded
from heartwright.listen.hours.long import clock_time
from heartwright.listen.hours.long_figures import LongReading, Vario, Windows
from heartwright.records import Floats, Interval

_HOUR_S = 3600.0
_MOST_ROWS = 60
_TITLES = {"rate_s_per_day": "The rate", "amplitude_deg": "The swing", "beat_error_ms": "The beat error"}
_SIGMAS = {
    "rate_s_per_day": "rate_sigma", "amplitude_deg": "amplitude_sigma", "beat_error_ms": "beat_error_sigma",
}  # fmt: skip
_LEAST = {"rate_s_per_day": 2.0, "amplitude_deg": 10.0, "beat_error_ms": 0.1}


def page(reading: LongReading, *, name: str, notes: Iterable[str] = ()) -> str:
    """The page as text."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    title = Path(name).name or "A long run"
    said = [*reading.run.warnings, *notes, *reading.advice]
    notes_list = f'<ul class="notes">{"".join(f"<li>{told(line)}</li>" for line in said)}</ul>' if said else ""
    body = [
        f'<p class="maker">heartwright &middot; a long run</p><h1>{escape(title)}</h1>',
        f'<p class="facts">{_facts(reading)}</p><p class="lead">{told(_lead(reading))}</p>',
        _figures(reading),
        notes_list,
        *(_trace(reading, key) for key in _TITLES),
        _beside(reading),
        _wander(reading),
        _section("The windows", "The first of them; all are in the CSV.", _table(reading.windows)),
        _section("How it was measured", "", _method(reading)),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    head += f'<title>{escape(title)}</title><meta name="color-scheme" content="light dark"><style>{style}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{"".join(body)}</main></body></html>\n'


def _facts(reading: LongReading) -> str:
    found = [datetime.now().astimezone().strftime("%-d %B %Y, %H:%M"), f"{clock_time(reading.duration_s)} of sound"]
    found.append(f"{reading.beats:,} beats")
    if reading.missed:
        found.append(f"{reading.missed:,} not heard")
    return " &middot; ".join(escape(f) for f in found)


def _lead(reading: LongReading) -> str:
    """The page's one large sentence."""
    if reading.rate_s_per_day is None:
        return "It was heard; no nominal beat is known, so no rate is given." if reading.beats else "No beat was heard."
    rate = reading.rate_s_per_day.value
    found = reading.vario.get("rate_s_per_day")
    text = f"On the mean it {'gains' if rate >= 0 else 'loses'} {abs(rate):.1f} s a day"
    if found is not None:
        text += f", between {found.low:+.1f} and {found.high:+.1f} from window to window"
        trend = found.trend_per_hour
        if trend is not None:
            sure = trend.low > 0.0 or trend.high < 0.0
            moved = "climbs" if trend.value > 0 else "falls"
            text += f"; it {moved} by {abs(trend.value):.2g} s a day each hour" if sure else "; no trend is sure"
    return f"{text}."


def _figures(reading: LongReading) -> str:
    cells = []
    if reading.rate_s_per_day is not None:
        cells.append(_figure("Rate", reading.rate_s_per_day, "s/d", "+.2f"))
    for key, short, unit, form in long_say.FIGURES[1:]:
        if key in reading.vario:
            found = reading.vario[key]
            shown = f'<div class="value">{told(f"{found.mean:{form}}")}<small>{unit}</small></div>'
            reach = told(f"{found.low:{form}} to {found.high:{form}}, sd {found.sd:{form}}")
            cells.append(f'<div class="figure"><div class="name">{short.capitalize()}</div>{shown}'
                         f'<div class="span">{reach}</div></div>')  # fmt: skip
    if reading.beat_rate_bph is not None:
        cells.append(_figure("Beats an hour", reading.beat_rate_bph, "", ".2f"))
    return f'<div class="figures">{"".join(cells)}</div>' if cells else ""


def _figure(name: str, found: Interval, unit: str, form: str) -> str:
    shown = f'<div class="value">{told(f"{found.value:{form}}")}<small>{unit}</small></div>'
    reach = told(f"{found.low:{form}} to {found.high:{form}}")
    return f'<div class="figure"><div class="name">{name}</div>{shown}<div class="span">{reach}</div></div>'


def _section(title: str, about: str, body: str) -> str:
    said = f'<p class="about">{told(about)}</p>' if about else ""
    return f"<section><h2>{escape(title)}</h2>{said}{body}</section>" if body else ""


def _trace(reading: LongReading, key: str) -> str:
    """A figure over time with the 95 % interval of each window."""
    found = reading.vario.get(key)
    if found is None:
        return ""
    windows = reading.windows
    value, sigma = getattr(windows, key), getattr(windows, _SIGMAS[key])
    _, _, unit, form = next(f for f in long_say.FIGURES if f[0] == key)
    scale, time_unit = (_HOUR_S, " h") if windows.to_s[-1] > 1.5 * _HOUR_S else (60.0, " min")
    y = padded([*(value - 2 * sigma), *(value + 2 * sigma)], least=_LEAST[key])
    plane = Plane((0.0, float(windows.to_s[-1]) / scale), y, f"{_TITLES[key]} over time", height=200.0)
    plane.axes(x_unit=time_unit, y_unit="°" if unit == "deg" else f" {unit}")
    _whiskers(plane, windows.middle_s / scale, value, sigma)
    return _section(_TITLES[key], _about(found, unit, form), plane.svg())


def _whiskers(plane: Plane, at: Floats, value: Floats, sigma: Floats) -> None:
    for t, v, s in zip(at, value, sigma, strict=True):
        if np.isfinite(v) and np.isfinite(s):
            plane.upright(float(t), "whisker", low=float(v - 1.96 * s), high=float(v + 1.96 * s))
    plane.line(at, value, "mean")
    plane.dots(at, value, "points")


def _about(found: Vario, unit: str, form: str) -> str:
    text = f"Window by window, with 95 % intervals: {long_say.vario(found, unit, form)}."
    if found.trend_per_hour is not None:
        text += f" Trend, wander allowed for: {long_say.span(found.trend_per_hour, '+.3g')} {unit} an hour."
    return text


def _beside(reading: LongReading) -> str:
    """The rate against the second column."""
    found, windows = reading.follows, reading.windows
    if found is None:
        return ""
    y = padded(windows.rate_s_per_day, least=2.0)
    plane = Plane(padded(windows.beside, least=0.1), y, f"Rate against {found.name}", height=220.0)
    plane.axes(y_unit=" s/d")
    plane.dots(windows.beside, windows.rate_s_per_day, "points")
    x = np.array([found.low, found.high])
    middle = float(np.nanmean(windows.rate_s_per_day)) - found.slope.value * float(np.nanmean(windows.beside))
    plane.line(x, middle + found.slope.value * x, "tick-side")
    return _section(f"The rate and {found.name}", f"{long_say.follows(found)}.", plane.svg())


def _wander(reading: LongReading) -> str:
    """The Allan deviation over the averaging time, both logarithmic, with the floor of white timing noise."""
    found = reading.allan
    if found is None or len(found.tau_s) < 3:
        return ""
    tau, day = np.log10(found.tau_s), np.log10(86_400.0 * found.deviation)
    low, high = np.log10(86_400.0 * found.low), np.log10(86_400.0 * found.high)
    plane = Plane((float(tau[0]), float(tau[-1])), padded([*low, *high], least=1.0), "Allan deviation", height=230.0)
    _decades(plane)
    for t, a, b in zip(tau, low, high, strict=True):
        plane.upright(float(t), "whisker", low=float(a), high=float(b))
    floor = np.log10(np.maximum(86_400.0 * found.floor, 1e-9))
    seen = floor > plane.y[0]
    plane.line(tau[seen], floor[seen], "tock-side")
    plane.line(tau, day, "mean")
    plane.dots(tau, day, "points")
    about = (
        "How much the rate differs from one stretch to the next, in seconds a day, by the length of the stretch in "
        f"seconds. The falling line is what the timing noise alone would show. {long_say.wander(found)}."
    )
    return _section("The wander", about, plane.svg())


def _decades(plane: Plane) -> None:
    """Logarithmic axes: a hairline and a label at each power of ten."""
    left, right, _, bottom = plane.margin
    for k in range(int(np.ceil(plane.y[0])), int(np.floor(plane.y[1])) + 1):
        y = plane.at_y(k)
        plane.parts.append(f'<path class="grid" d="M{left:.1f} {y:.1f}H{plane.width - right:.1f}"/>')
        plane.text(left - 7, y, f"{10.0**k:g}", anchor="end")
    for k in range(int(np.ceil(plane.x[0])), int(np.floor(plane.x[1])) + 1):
        plane.text(plane.at_x(k), plane.height - bottom + 15, f"{10.0**k:g} s")


def _table(windows: Windows) -> str:
    heads = ("from", "beats", "not heard", "rate, s/d", "±", "amplitude, °", "beat error, ms")
    rows = []
    for k in range(min(len(windows.from_s), _MOST_ROWS)):
        cells = (
            clock_time(float(windows.from_s[k])),
            f"{windows.beats[k]:.0f}",
            f"{windows.missed[k]:.0f}",
            _cell(windows.rate_s_per_day[k], "+.2f"),
            _cell(1.96 * windows.rate_sigma[k], ".2f"),
            _cell(windows.amplitude_deg[k], ".1f"),
            _cell(windows.beat_error_ms[k], ".3f"),
        )
        rows.append(f"<tr>{''.join(f'<td>{told(c)}</td>' for c in cells)}</tr>")
    head = "".join(f"<th>{h}</th>" for h in heads)
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>' if rows else ""


def _cell(value: float, form: str) -> str:
    return f"{value:{form}}" if np.isfinite(value) else "–"


def _method(reading: LongReading) -> str:
    run = reading.run
    pieces = "one piece" if len(run.pieces) == 1 else f"{len(run.pieces)} overlapping pieces"
    said = [
        f"The sound was measured in {pieces}, and the beats were numbered through by "
        "time and rate; where a number would not have been sure the count began anew and no figure reaches across.",
        "The mean rate comes from the count. Intervals are 95 %; those of the rate allow for wander and for the "
        f"recorder's clock ({run.clock_ppm[0]:+g} ppm known to {run.clock_ppm[1]:g}, one sigma).",
        "The trend's interval allows for a random walk of the figure. Beat error is signed: half of tick minus tock.",
    ]
    if run.lift_deg is not None and "amplitude_deg" in reading.vario:
        said.append(f"Amplitude with a lift of {run.lift_deg:g} degrees, timed at the {run.amplitude_timed or 'lock'}.")
    return f'<p class="small">{told(" ".join(said))}</p>'
