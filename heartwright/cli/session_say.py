"""Sessions in plain text for a terminal, and as the JSON objects that outsiders may rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from heartwright.cli.payload import interval, number
from heartwright.records import Interval, Reading

if TYPE_CHECKING:
    from heartwright.sessions import Entry, Hands, Poise, Session, Summary

Json = dict[str, Any]
NAMES = {
    "x": ("X", "mean of the positions"),
    "d": ("D", "greatest minus least"),
    "dvh": ("DVH", "verticals minus flat"),
    "di": ("Di", "24 h minus full wind"),
}


# -------------------------------------------------------------------------------------------------- payloads


def payload(held: Session) -> Json:
    """The object that `heartwright session show --json` prints."""
    from heartwright.sessions import summary

    found = summary(held)
    return {
        "status": "ok",
        "advice": list(found.advice),
        "remarks": list(found.remarks),
        "watch": held.watch.model_dump(mode="json"),
        "work": held.work,
        "created": held.created.isoformat(),
        "readings": [entry(e) for e in held.reading],
        "figures": figures_payload(found),
    }


def figures_payload(found: Summary) -> Json:
    """X, D, DVH, Di [s/d], each null or with its interval."""
    return {
        "label": found.label,
        "wind": found.wind,
        "x_s_per_day": interval(found.x),
        "d_s_per_day": interval(found.d),
        "dvh_s_per_day": interval(found.dvh),
        "di_s_per_day": interval(found.di),
        "x_positions": list(found.x_positions),
        "di_positions": list(found.di_positions),
        "repeat_sigma_s_per_day": number(found.repeat_sigma_s_per_day),
        "positions": [
            {
                "position": cell.position,
                "wind": cell.wind,
                "readings": cell.readings,
                "rate_s_per_day": interval(cell.rate_s_per_day),
                "amplitude_deg": interval(cell.amplitude_deg),
                "beat_error_ms": interval(cell.beat_error_ms),
            }
            for cell in found.cells
        ],
    }


def entry(held: Entry) -> Json:
    """One reading of a session."""
    out: Json = held.model_dump(mode="json")
    return out


def poise_payload(found: Poise) -> Json:
    """The object that `heartwright session poise --json` prints."""
    return {
        "status": found.status,
        "advice": list(found.advice),
        "positions": list(found.positions),
        "wind": found.wind,
        "mean_s_per_day": number(found.mean_s_per_day),
        "harmonic_s_per_day": interval(found.size_s_per_day),
        "fastest_up_deg": interval(found.fastest_up_deg),
        "heavy_side_deg": interval(found.heavy_deg),
        "amplitude_deg": number(found.amplitude_deg),
        "unbalance_kg_m": interval(found.unbalance_kg_m),
        "residual_chi2": number(found.left_chi2),
        "residual_free": found.left_free,
        "residual_p": number(found.left_p),
    }


def hands_payload(found: Hands, held: Session) -> Json:
    """The object that `heartwright session dial --json` prints."""
    return {
        "status": "ok" if found.hand_rate_s_per_day is not None else "too_few",
        "advice": list(found.advice),
        "dial": [d.model_dump(mode="json") for d in held.dial],
        "hand_rate_s_per_day": interval(found.hand_rate_s_per_day),
        "beat_rate_s_per_day": interval(found.beat_rate_s_per_day),
        "difference_s_per_day": interval(found.difference_s_per_day),
        "differs": found.differs,
        "over_s": number(found.over_s),
        "meaning": list(found.meaning),
    }


def compared_payload(before: Session, after: Session) -> Json:
    """The object that `heartwright session compare --json` prints."""
    from heartwright.sessions import summary

    first, second = summary(before), summary(after)
    return {
        "status": "ok",
        "advice": [],
        "work": after.work,
        "before": figures_payload(first),
        "after": figures_payload(second),
        "changes_s_per_day": {key: interval(change(first, second, key)) for key in NAMES},
    }


def change(before: Summary, after: Summary, key: str) -> Interval | None:
    """After minus before of one figure [s/d]; None where one of them is wanting."""
    old, new = getattr(before, key), getattr(after, key)
    if old is None or new is None:
        return None
    middle = new.value - old.value
    down = ((new.value - new.low) ** 2 + (old.high - old.value) ** 2) ** 0.5
    up = ((new.high - new.value) ** 2 + (old.value - old.low) ** 2) ** 0.5
    return Interval(middle, middle - down, middle + up)


# ------------------------------------------------------------------------------------------------------ text


def watch_line(held: Session) -> str:
    """ "Seiko NH35, of A. Harrison, no. 123"."""
    w = held.watch
    name = w.name or w.movement or "a watch"
    parts = [name, w.movement if w.movement and w.movement != name else "", f"of {w.owner}" if w.owner else ""]
    return ", ".join(p for p in (*parts, f"no. {w.serial}" if w.serial else "") if p)


def show(held: Session, console: Console) -> None:
    """Print the readings and the figures."""
    from heartwright.sessions import summary

    found = summary(held)
    console.print(f"{watch_line(held)}: {len(held.reading)} readings, begun {held.created:%Y-%m-%d}", markup=False)
    if held.work:
        console.print(f"  done before: {held.work}", markup=False)
    if held.reading:
        console.print(_table(held))
    _figures(found, console)
    for line in (*found.remarks, *found.advice):
        console.print(f"  - {line}", markup=False)


def _table(held: Session) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("no.", "position", "wind", "rate, s/d", "amplitude, °", "beat error, ms", "°C", "time"):
        table.add_column(name, justify="left" if name in ("position", "time") else "right")
    for i, e in enumerate(held.reading, 1):
        table.add_row(
            str(i),
            e.position,
            wind_text(e.wind_h),
            within(e.rate_repeat.interval, sign=True),
            _amplitude(e),
            within(e.beat_error_ms.interval) if e.beat_error_ms else "-",
            f"{e.temperature_c:g}" if e.temperature_c is not None else "-",
            f"{e.time.astimezone():%d %b %H:%M}",
        )
    return table


def _amplitude(e: Entry) -> str:
    """ "270.1 ±1.2", "~262 ±32" where the lift is not known, or "-"."""
    if e.amplitude_deg is not None:
        return within(e.amplitude_deg.interval)
    loose = e.amplitude_any_lift_deg
    return "-" if loose is None else f"~{loose.value:.0f} ±{loose.interval.half_width:.0f}"


def _figures(found: Summary, console: Console) -> None:
    if found.x_positions:
        at = {"full": "full wind", "wind not told": "wind not told"}.get(found.wind, found.wind)
        console.print(f"{found.label}; {at}, {' '.join(found.x_positions)}:", markup=False)
    for key, (name, meaning) in NAMES.items():
        value: Interval | None = getattr(found, key)
        shown = "not measured" if value is None else span(value, sign=key != "d") + " s/d"
        console.print(f"  {name:4} {shown:28} {meaning}", markup=False)
    if found.repeat_sigma_s_per_day is not None:
        console.print(f"  a position repeats within {found.repeat_sigma_s_per_day:.2g} s/d (one sigma)", markup=False)


def span(value: Interval, *, sign: bool = False) -> str:
    """ "+3.2 (2.9 to 3.5)" to two figures of the half width."""
    from heartwright.cli.say import decimals

    digits = decimals(value.half_width)
    plus = "+" if sign else ""
    middle, low, high = (f"{round(x, digits) + 0.0:{plus},.{digits}f}" for x in (value.value, value.low, value.high))
    return f"{middle} ({low} to {high})"


def within(value: Interval, *, sign: bool = False) -> str:
    """ "+3.20 ±0.35", for tables; two figures of the half width."""
    from heartwright.cli.say import decimals

    digits = decimals(value.half_width)
    return f"{round(value.value, digits) + 0.0:{'+' if sign else ''},.{digits}f} ±{value.half_width:.{digits}f}"


def wind_text(hours: float | None) -> str:
    """ "full", "24 h" or "-"."""
    return "-" if hours is None else "full" if hours == 0 else f"{hours:g} h"


def added(made: Entry, reading: Reading, console: Console) -> None:
    """Say what was added."""
    swing = f", amplitude {span(made.amplitude_deg.interval)} deg" if made.amplitude_deg else ""
    rate = span(made.rate_repeat.interval, sign=True)
    console.print(f"Added {made.position}, wind {wind_text(made.wind_h)}: rate {rate} s/d{swing}", markup=False)
    if made.waited_s is None:
        console.print("  - Did it settle for 20-60 s after the turn? Note it with --waited 30.", markup=False)
    for line in (*reading.warnings, *reading.advice):
        console.print(f"  - {line}", markup=False)


def poise(found: Poise, console: Console) -> None:
    """Print the poise, or why it cannot be told."""
    if found.status == "declined":
        console.print("No poise from these readings.", markup=False)
    elif found.size_s_per_day is not None:
        console.print(
            f"First harmonic of {len(found.positions)} verticals ({' '.join(found.positions)}): "
            f"{span(found.size_s_per_day)} s/d about their mean of {found.mean_s_per_day:+.1f} s/d",
            markup=False,
        )
        for line in poise_lines(found):
            console.print(f"  {line}", markup=False)
    for line in found.advice:
        console.print(f"  - {line}", markup=False)


def poise_lines(found: Poise) -> list[str]:
    """What the harmonic says: where it is fastest, which side is heavy, how much, and whether that is all."""
    lines = []
    if found.fastest_up_deg is not None:
        lines.append(f"fastest with {direction(found.fastest_up_deg)} up")
    if found.heavy_deg is not None and found.amplitude_deg is not None:
        gains = "gains" if found.amplitude_deg < 219.5 else "loses"
        lines.append(
            f"heavy side, balance at rest: {direction(found.heavy_deg)} seen from the dial (at "
            f"{found.amplitude_deg:.0f} deg of amplitude the heavy side {gains} when it is down)"
        )
    if found.unbalance_kg_m is not None:
        u = found.unbalance_kg_m
        lines.append(f"unbalance {span(Interval(1e12 * u.value, 1e12 * u.low, 1e12 * u.high))} ug mm")
    if found.left_p is not None:
        enough = "suffices" if found.left_p >= 0.01 else "does not suffice"
        test = f"chi-square {found.left_chi2:.2g}, {found.left_free} free, p {found.left_p:.2g}"
        lines.append(f"the first harmonic {enough}: {test}")
    return lines


def direction(angle: Interval) -> str:
    """ "4.6 h (138 ±7 deg from twelve)"."""
    turned = angle.value % 360.0
    hour = turned / 30.0
    return f"{hour if hour >= 0.05 else 12.0:.1f} h ({turned:.0f} ±{angle.half_width:.0f} deg from twelve)"


def hands(found: Hands, held: Session, console: Console) -> None:
    """Print the dial's readings, hand rate, beat rate and what their difference means."""
    for d in held.dial:
        at = f"{d.time.astimezone():%Y-%m-%d %H:%M:%S}"
        console.print(f"  {at}  {d.shown_s:+.1f} s  (+-{d.within_s:g})", markup=False)
    for name, value in (
        ("hand rate", found.hand_rate_s_per_day),
        ("beat rate", found.beat_rate_s_per_day),
        ("difference", found.difference_s_per_day),
    ):
        console.print(f"{name:11} {'not measured' if value is None else span(value, sign=True) + ' s/d'}", markup=False)
    for line in (*found.meaning, *found.advice):
        console.print(f"  - {line}", markup=False)


def compared(before: Session, after: Session, console: Console) -> None:
    """Print two sessions side by side."""
    from heartwright.sessions import summary

    first, second = summary(before), summary(after)
    console.print(f"{watch_line(after)}: {before.created:%Y-%m-%d} and {after.created:%Y-%m-%d}", markup=False)
    if after.work:
        console.print(f"  done between: {after.work}", markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("s/d", "before", "after", "change", ""):
        table.add_column(name, justify="right" if name in ("before", "after", "change") else "left")
    for key, (name, _) in NAMES.items():
        old, new, gone = getattr(first, key), getattr(second, key), change(first, second, key)
        row = [within(v, sign=True) if v is not None else "-" for v in (old, new, gone)]
        inside = gone is not None and gone.low <= 0.0 <= gone.high
        table.add_row(name, *row, "within the intervals" if inside else "")
    for position in sorted({c.position for c in first.cells} & {c.position for c in second.cells}):
        olds = [c for c in first.cells if c.position == position and c.wind == first.wind]
        news = [c for c in second.cells if c.position == position and c.wind == second.wind]
        if olds and news:
            rates = [within(c.rate_s_per_day, sign=True) for c in (olds[0], news[0])]
            table.add_row(position, *rates)
    console.print(table)
    console.print(f"  {first.label}", markup=False)
