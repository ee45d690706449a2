"""A long run in plain text, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from heartwright.cli.payload import interval, number
from heartwright.listen.hours.long import Beats, clock_time
from heartwright.listen.hours.long_figures import Follows, LongReading, Vario, Windows, together
from heartwright.records import Allan, Interval

_WIDTH = 14
FIGURES = (
    ("rate_s_per_day", "rate", "s/d", "+.2f"),
    ("amplitude_deg", "amplitude", "deg", ".1f"),
    ("beat_error_ms", "beat error", "ms", ".3f"),
)
_FLAGS = ("", "missed", "late", "early", "double")


def reading(record: LongReading, console: Console, *, name: str, notes: Iterable[str]) -> None:
    """Print mean, vario and trend of each figure, then what was met."""
    heard = f", {clock_time(record.heard_s)} of it heard" if record.heard_s < 0.98 * record.duration_s else ""
    console.print(f"{name}: {clock_time(record.duration_s)}{heard}, {record.beats:,} beats", markup=False, style="bold")
    if record.beat_rate_bph is not None:
        nominal = f"   nominal {record.nominal_bph:,.0f}" if record.nominal_bph else ""
        _line(console, "beat rate", f"{span(record.beat_rate_bph, ',.3f')} bph{nominal}")
    if record.rate_s_per_day is not None:
        clockless = ""
        if record.rate_low_repeat is not None and record.rate_high_repeat is not None:
            low, high = record.rate_low_repeat, record.rate_high_repeat
            clockless = f"   without the recorder's clock {low:+.3f} to {high:+.3f}"
        _line(console, "rate", f"{span(record.rate_s_per_day, '+.2f')} s/d{clockless}")
    if record.vario:
        length = record.windows.to_s[0] - record.windows.from_s[0]
        console.print(f"  in windows of {length:g} s:")
    for key, short, unit, form in FIGURES:
        if key in record.vario:
            _line(console, short, vario(record.vario[key], unit, form))
            trend = record.vario[key].trend_per_hour
            if trend is not None:
                _line(console, "", f"trend {span(trend, '+.3g')} {unit} an hour")
    if record.follows is not None:
        _line(console, "goes with", follows(record.follows))
    if record.allan is not None:
        _line(console, "wander", wander(record.allan))
    for line in (*record.run.warnings, *notes, *record.advice):
        console.print(f"  - {line}", markup=False)


def _line(console: Console, name: str, text: str) -> None:
    console.print(f"  {name:{_WIDTH}} {text}", markup=False)


def span(value: Interval, form: str) -> str:
    """A value with its 95 % interval."""
    return f"{value.value:{form}}  ({value.low:{form}} to {value.high:{form}})"


def vario(found: Vario, unit: str, form: str) -> str:
    """Mean, least, greatest and spread of a figure."""
    low = f"{found.low:{form}} at {clock_time(found.low_s)}"
    high = f"{found.high:{form}} at {clock_time(found.high_s)}"
    return f"mean {found.mean:{form}} {unit}, from {low} to {high}, sd {found.sd:{form.lstrip('+')}}"


def follows(found: Follows) -> str:
    """The rate against the second column, and whether that can be told from a trend."""
    text = f"{found.name}: {span(found.slope, '+.3g')} s/d for each 1, over {found.low:g} to {found.high:g}"
    if together(found):
        text += "; it went with time all along, so this may as well be a trend"
    return text


def wander(found: Allan) -> str:
    """Where the Allan deviation is least, and what it is at its longest time."""
    day, best = 86_400.0 * found.deviation, int(np.argmin(found.deviation))
    return (
        f"Allan deviation least, {day[best]:.2g} s/d, over {found.tau_s[best]:.3g} s; "
        f"{day[-1]:.2g} s/d over {found.tau_s[-1]:.3g} s"
    )


def written(console: Console, *paths: Path | None) -> None:
    """Say which files were written."""
    for path in paths:
        if path is not None:
            console.print(f"  wrote {path}", markup=False)


def payload(record: LongReading, notes: Iterable[str]) -> dict[str, Any]:
    """The object that `heartwright long --json` prints."""
    run = record.run
    return {
        "status": record.status,
        "advice": list(record.advice),
        "warnings": [*run.warnings, *notes],
        "interrupted": run.interrupted,
        "duration_s": number(record.duration_s),
        "heard_s": number(record.heard_s),
        "beats": record.beats,
        "missed": record.missed,
        "nominal_bph": number(record.nominal_bph),
        "beat_rate_bph": interval(record.beat_rate_bph),
        "rate_s_per_day": interval(record.rate_s_per_day),
        "rate_low_repeat": number(record.rate_low_repeat),
        "rate_high_repeat": number(record.rate_high_repeat),
        "vario": {name: _vario(found) for name, found in record.vario.items()},
        "follows": None if record.follows is None else {
            "name": record.follows.name,
            "slope": interval(record.follows.slope),
            "low": number(record.follows.low),
            "high": number(record.follows.high),
            "correlation_with_time": number(record.follows.with_time),
        },
        "allan": None if record.allan is None else {
            name: [number(float(v)) for v in getattr(record.allan, name)] for name in Allan.__slots__
        },
        "doubts": [
            {"from_s": number(d.from_s), "to_s": number(d.to_s), "odds": number(d.odds), "why": d.why}
            for d in run.doubts
        ],
        "windows": {
            name: [number(float(v)) for v in getattr(record.windows, name)] for name in Windows.__slots__
        },
    }  # fmt: skip


def _vario(found: Vario) -> dict[str, Any]:
    plain = {name: number(getattr(found, name)) for name in ("mean", "low", "low_s", "high", "high_s", "sd")}
    return {**plain, "trend_per_hour": interval(found.trend_per_hour)}


def windows_csv(windows: Windows) -> str:
    """One row a window; empty cells where it gave no figure."""
    return _csv(Windows.__slots__, [getattr(windows, name) for name in Windows.__slots__], digits=6)


def beats_csv(beats: Beats) -> str:
    """One row a beat heard."""
    flags = np.array(_FLAGS)[beats.flag.astype(np.int64)]
    columns = [beats.number, beats.time_s, beats.side, beats.sigma_s, beats.amplitude_deg, flags, beats.stretch]
    return _csv(Beats.__slots__, columns, digits=9)


def _csv(names: Iterable[str], columns: list[np.ndarray], *, digits: int) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in zip(*columns, strict=True):
        writer.writerow([_cell(value, digits) for value in row])
    return out.getvalue()


def _cell(value: Any, digits: int) -> str:
    if not isinstance(value, (float, np.floating)):
        return str(value)
    if not np.isfinite(value):
        return ""
    return f"{float(value):.{digits}g}" if -1e3 < float(value) < 1e3 else f"{float(value):.{digits}f}"
