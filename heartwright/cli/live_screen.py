"""The terminal as a timegrapher: large figures, the scrolling trace, what is wrong and its cure."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.text import Text

from heartwright.cli.console import answers
from heartwright.listen.hours.live import Live, Tape
from heartwright.records import Interval, Reading

_STEP_S = 0.25  # the screen is drawn anew at most this often in sound
_TAPES_MS = (2.0, 4.0, 10.0, 20.0, 40.0, 100.0, 200.0, 400.0, 1000.0)
_ROWS = 12
_SIDES = ("blue", "yellow")
_DIGITS = {
    "0": ("╭─╮", "│ │", "╰─╯"), "1": (" ╷ ", " │ ", " ╵ "), "2": ("╶─╮", "╭─╯", "╰─╴"), "3": ("╶─╮", " ─┤", "╶─╯"),
    "4": ("╷ ╷", "╰─┤", "  ╵"), "5": ("╭─╴", "╰─╮", "╶─╯"), "6": ("╭─╴", "├─╮", "╰─╯"), "7": ("╶─╮", "  │", "  ╵"),
    "8": ("╭─╮", "├─┤", "╰─╯"), "9": ("╭─╮", "╰─┤", "╶─╯"), "+": ("   ", "╶┼╴", "   "), "-": ("   ", "╶─╴", "   "),
    ".": (" ", " ", "."), " ": (" ", " ", " "),
}  # fmt: skip


class Screen:
    """Shows a `Live` in the terminal; where the output is no terminal, a line each second of sound."""

    def __init__(self, name: str, *, quiet: bool = False, console: Console | None = None) -> None:
        self._name, self._quiet = name, quiet
        self._console = console or answers()
        self._live: Any = None
        self._shown_s = -float("inf")

    def __enter__(self) -> Screen:
        if self._console.is_terminal and not self._quiet:
            from rich.live import Live as Drawn

            self._live = Drawn(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, ear: Live, now_s: float) -> None:
        """Draw what is known now, if enough has changed."""
        step = _STEP_S if self._live is not None else 1.0
        if self._quiet or now_s - self._shown_s < step:
            return
        self._shown_s = now_s
        if self._live is not None:
            self._live.update(draw(ear, self._name, now_s, max(40, self._console.width)), refresh=True)
        else:
            self._console.print(line(ear, now_s), markup=False)


def line(ear: Live, now_s: float) -> str:
    """One line of what is known: time, figures, whether settled, the first trouble."""
    reading = ear.newest
    parts = [f"{ear.seconds:6.1f} s"]
    if reading is not None and reading.status in ("ok", "tone"):
        parts += [f"{name} {_spread(value, form)} {unit}" for name, value, unit, form in _figures(reading) if value]
        parts.append("settled" if reading.settled else "not settled")
    elif reading is not None:
        parts.append(reading.status.replace("_", " "))
    else:
        parts.append("listening")
    parts += [f"! {trouble.split(':')[0]}" for trouble in ear.trouble(now_s)[:1]]
    return "  ".join(parts)


def draw(ear: Live, name: str, now_s: float, width: int) -> RenderableType:
    """The whole screen."""
    reading = ear.newest
    level = ear.level_dbfs
    meter = f"peak {level:.0f} dB" if np.isfinite(level) else "silent"
    head = Text(f"{name}   {ear.seconds:.0f} s   {meter}   Ctrl-C ends", style="dim")
    tape = trace(ear.trace(), ear.seconds, width - 2)
    said = [Text(f"! {trouble}", style="bold red") for trouble in ear.trouble(now_s)]
    if reading is not None and reading.status != "ok":
        said += [Text(f"- {advice}") for advice in reading.advice[:2]]
    return Group(head, _large(reading), *tape, *said)


def _large(reading: Reading | None) -> RenderableType:
    """The figures in three rows of line-drawn digits, with their names and intervals under them."""
    if reading is None or reading.status not in ("ok", "tone"):
        return Text("\n" + ("listening ..." if reading is None else reading.status.replace("_", " ")) + "\n\n\n")
    rows = ["", "", "", "", ""]
    for name, value, unit, form in _figures(reading):
        shown = f"{value.value:{form}}" if value is not None else "-"
        glyphs = [_DIGITS.get(c, (c, c, c)) for c in shown]
        block = ["".join(g[k] for g in glyphs) for k in range(3)]
        under = [f"{name}, {unit}", f"+-{value.half_width:{form.lstrip('+')}}" if value is not None else "not measured"]
        wide = max(len(part) for part in (*block, *under)) + 4
        rows = [row + part.ljust(wide) for row, part in zip(rows, (*block, *under), strict=True)]
    style = "bold green" if reading.settled else "bold"
    rate = f"{reading.beat_rate_bph.value:,.1f} beats an hour" if reading.beat_rate_bph is not None else ""
    state = f"settled   {rate}" if reading.settled else f"not settled yet   {rate}"
    return Group(
        *(Text(row, style=style) for row in rows[:3]), *(Text(row, style="dim") for row in rows[3:]), Text(state)
    )


def _figures(reading: Reading) -> tuple[tuple[str, Interval | None, str, str], ...]:
    return (
        ("rate", reading.rate_s_per_day, "s/d", "+.1f"),
        ("beat error", reading.beat_error_ms, "ms", ".2f"),
        ("amplitude", reading.amplitude_deg, "deg", ".0f"),
    )


def _spread(value: Interval | None, form: str) -> str:
    return "-" if value is None else f"{value.value:{form}} (+-{value.half_width:{form.lstrip('+')}})"


def trace(tape: Tape, now_s: float, width: int, *, rows: int = _ROWS) -> list[Text]:
    """The tape as lines of braille dots, newest at the right; up is early, so a line that climbs gains."""
    columns = max(20, width - 9)
    paper_ms, seconds = paper(tape, columns)
    at = (tape.time_s - (now_s - seconds)) / seconds * 2 * columns
    wrapped = (tape.early_ms + 0.5 * paper_ms) % paper_ms
    height = (1.0 - wrapped / paper_ms) * 4 * rows
    cells = np.zeros((2, rows, columns), dtype=np.int64)
    bits = np.array([[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]])
    for x, y, side in zip(at, height, tape.side, strict=True):
        if 0 <= x < 2 * columns and np.isfinite(y):
            column, row = int(x), min(int(y), 4 * rows - 1)
            cells[0 if side > 0 else 1, row // 4, column // 2] |= bits[column % 2, row % 4]
    lines = []
    labels = {0: f"{0.5 * paper_ms:+g} ms", rows // 2: "0", rows - 1: f"{-0.5 * paper_ms:+g} ms"}
    for row in range(rows):
        text = Text(f"{labels.get(row, ''):>8} ", style="dim")
        for column in range(columns):
            tick, tock = cells[0, row, column], cells[1, row, column]
            style = "white" if tick and tock else _SIDES[0] if tick else _SIDES[1]
            text.append(chr(0x2800 + int(tick | tock)) if tick | tock else " ", style=style)
        lines.append(text)
    lines.append(Text(f"{'':9}{f'-{seconds:.0f} s':<{columns - 4}}now", style="dim"))
    return lines


def paper(tape: Tape, columns: int) -> tuple[float, float]:
    """Width of the paper [ms] and the time it shows [s]: so wide that both lines and their wander fit."""
    seconds = max(20.0, min(120.0, 0.5 * columns))
    if not len(tape.time_s):
        return _TAPES_MS[2], seconds
    seen = tape.early_ms[tape.time_s > tape.time_s[-1] - seconds]
    reach = float(np.ptp(np.percentile(seen, [2.0, 98.0]))) if len(seen) > 4 else 1.0
    most = 1e3 * tape.beat_s
    return next((w for w in _TAPES_MS if w >= 1.6 * reach or w >= most), _TAPES_MS[-1]), seconds
