"""How fast a machine's clock runs, by the log of the program that keeps it on NTP time.

Read are chrony's `tracking.log` and what `chronyc tracking` prints, ntpd's `loopstats` and what `ntpq -c rv` prints.
Each gives the frequency error of the machine's crystal as the program corrects it, and how far the clock was from UTC.

Signs: chrony says fast or slow, in its log + is fast [chrony.conf(5), tracking]. ntpd writes the correction it applies,
so that its + is slow (RFC 5905, 11.3: the offset is the server's time less the local one, the frequency follows it).

What it means: the crystal is the machine's. A sound card of its own crystal (USB, most sound chips) is not calibrated
by it; stamps of the machine's clock on the card's samples are (`clock.from_log`), and how far that clock was from UTC
meanwhile is then in the uncertainty (`within`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from heartwright.listen.hours.clock import Calibration
from heartwright.listen.take.decode import Unreadable

ALLOWED = "chrony's tracking.log or chronyc tracking, ntpd's loopstats or ntpq -c rv"
FASTEST_PPM = 500.0  # no clock that NTP can hold is further off
WANDER_PPM = 0.1  # one sigma of a crystal's in a room, where a single report shows none
_DAY_S = 86_400.0
_UNSURE = 10.0  # times the usual uncertainty of the frequency: the clock was settling


@dataclass(frozen=True, slots=True)
class Discipline:
    """Reports of a clock, arrays [n]: time [s], by how much its crystal is fast, one sigma [ppm], time off UTC [s]."""

    source: str
    time_s: np.ndarray
    fast_ppm: np.ndarray
    sigma_ppm: np.ndarray
    offset_s: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        return float(np.ptp(self.time_s)) if len(self.time_s) else 0.0


def recognised(path: str | os.PathLike[str]) -> bool:
    """Whether a file looks like one of these logs."""
    try:
        with Path(path).open("rb") as file:
            head = file.read(4096).decode("ascii")
    except (OSError, UnicodeDecodeError):
        return False
    return _kind(head.splitlines()) is not None


def read(path: str | os.PathLike[str]) -> Discipline:
    """The reports in a log. Raises Unreadable where it is none, or tells of a clock that NTP does not hold."""
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise Unreadable(f"{path}: cannot be read as text ({problem}); give {ALLOWED}") from None
    kind = _kind(lines)
    if kind is None:
        raise Unreadable(f"{path}: no report of a clock in it; give {ALLOWED}")
    source, take = kind
    rows, left = take(lines, str(path))
    if not rows:
        raise Unreadable(
            f"{path}: {source}, but not one report of a clock that NTP holds; is it synchronised? (chronyc sources, "
            "ntpq -p; it takes some minutes)"
        )
    table = np.array(rows)
    if not np.isfinite(table).all() or np.abs(table[:, 1]).max() > FASTEST_PPM or table[:, 2].min() < 0.0:
        raise Unreadable(
            f"{path}: a frequency of {table[np.argmax(np.abs(table[:, 1])), 1]:g} ppm; NTP holds none beyond "
            f"{FASTEST_PPM:g}; is the file whole?"
        )
    sure = table[:, 2] <= _UNSURE * np.median(table[:, 2])
    notes = [f"{left} lines that are no report were left out"] if left else []
    if not sure.all():
        notes.append(f"{int((~sure).sum())} reports of a clock that was settling were left out")
    time_s, fast, sigma, offset = table[sure].T
    return Discipline(source, time_s, fast, sigma, offset, tuple(notes))


def machine(log: Discipline) -> Calibration:
    """The machine's crystal: mean of the reports, and as sigma how far it wandered and how well it was known."""
    spread = float(np.std(log.fast_ppm, ddof=1)) if len(log.fast_ppm) > 1 else WANDER_PPM
    notes = list(log.notes)
    if len(log.fast_ppm) < 2:
        notes.append(f"one report shows no wander: {WANDER_PPM:g} ppm are allowed for it, as in a room")
    sigma = float(np.hypot(spread, np.median(log.sigma_ppm)))
    count = f"{len(log.fast_ppm)} report{'s' if len(log.fast_ppm) > 1 else ''}"
    return Calibration(float(np.mean(log.fast_ppm)), sigma, f"{log.source}, {count}", log.seconds, tuple(notes))


def within(found: Calibration, log: Discipline) -> Calibration:
    """A calibration by stamps of this machine's clock, with what that clock was off UTC in its uncertainty."""
    off_s = float(np.sqrt(np.mean(log.offset_s**2)))
    more = 1e6 * np.sqrt(2.0) * off_s / found.seconds
    note = (
        f"the computer's clock was within {1e3 * off_s:.2g} ms of UTC (rms, {log.source}): {more:.2g} ppm over "
        f"{found.seconds:,.0f} s"
    )
    return replace(found, sigma_ppm=float(np.hypot(found.sigma_ppm, more)), notes=(*found.notes, note))


# ------------------------------------------------------------------------------------------------- the formats

_Rows = tuple[list[tuple[float, float, float, float]], int]  # time, fast, sigma, offset; and lines left out


def _kind(lines: Sequence[str]) -> tuple[str, Callable[[Sequence[str], str], _Rows]] | None:
    """Name and reader of the format, None where it is none of them."""
    text = "\n".join(lines[:200])
    if re.search(r"^Frequency\s*:.*ppm", text, re.MULTILINE):
        return "chronyc tracking", _chronyc
    if re.search(r"\bfrequency=", text):
        return "ntpq -c rv", _ntpq
    if re.search(r"^\s*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\s+\S+\s+\d+\s", text, re.MULTILINE):
        return "chrony's tracking.log", _tracking
    if re.search(r"^\s*[45678]\d{4}\s+\d+(\.\d+)?\s+\S+\s+\S+\s+\S+", text, re.MULTILINE):
        return "ntpd's loopstats", _loopstats
    return None


def _tracking(lines: Sequence[str], path: str) -> _Rows:
    """Rows of date, time, source, stratum, ppm fast, its error, offset (+ fast), leap status (? not held)."""
    rows, left = [], 0
    for line in lines:
        cells = line.split()
        if len(cells) < 8 or not re.match(r"\d{4}-", cells[0]):
            left += bool(cells) and cells[0][0] not in "=D"  # rulers and headings
            continue
        try:
            moment = datetime.fromisoformat(f"{cells[0]}T{cells[1]}").replace(tzinfo=UTC).timestamp()
            fast, sigma, offset = (float(cell) for cell in cells[4:7])
        except ValueError:
            left += 1
            continue
        if cells[7] != "?":
            rows.append((moment, fast, sigma, offset))
    return rows, left


def _loopstats(lines: Sequence[str], path: str) -> _Rows:
    """Rows of modified Julian day, second, offset, ppm of correction, jitter [s], wander [ppm], time constant."""
    rows, left = [], 0
    for line in lines:
        try:
            day, second, offset, ppm, _, wander = (float(cell) for cell in line.split()[:6])
        except ValueError:
            left += bool(line.strip())
            continue
        rows.append((day * _DAY_S + second, -ppm, wander, offset))
    return rows, left


def _chronyc(lines: Sequence[str], path: str) -> _Rows:
    """One report: lines of name and value."""
    told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if told.get("Leap status", "").startswith("Not"):
        return [], 0
    ppm = _number(told.get("Frequency"), path, "Frequency")
    fast = -ppm if "slow" in told["Frequency"] else ppm
    skew = _number(told.get("Skew"), path, "Skew")
    offset = _number(told.get("RMS offset", told.get("Last offset")), path, "RMS offset")
    return [(0.0, fast, skew, offset)], 0


def _ntpq(lines: Sequence[str], path: str) -> _Rows:
    """One report: name=value, offset in milliseconds."""
    text = " ".join(lines)
    told = dict(re.findall(r"(\w+)=([^,\s]+)", text))
    if "leap_alarm" in text or "sync_unspec" in text:
        return [], 0
    ppm = _number(told.get("frequency"), path, "frequency")
    wander = _number(told.get("clk_wander"), path, "clk_wander")
    offset = np.hypot(_number(told.get("offset"), path, "offset"), _number(told.get("sys_jitter", "0"), path, "jitter"))
    return [(0.0, -ppm, wander, 1e-3 * float(offset))], 0


def _number(text: str | None, path: str, name: str) -> float:
    try:
        return float((text or "").split()[0])
    except (ValueError, IndexError):
        raise Unreadable(f"{path}: its {name} is {text!r}, not a number; give the whole of what was printed") from None
