"""The table of real movements (data/movements.csv): lift angle, beat rate, reserve; disputed values are all kept."""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from heartwright.cli.console import Refused


@dataclass(frozen=True, slots=True)
class Movement:
    """One row. `lifts_deg` and `rates_bph` hold every value that a source gives, the first-named first."""

    name: str
    rates_bph: tuple[float, ...]
    lifts_deg: tuple[float, ...]
    reserve_h: str
    amplitude_deg: str  # at full wind, as the source gives it
    train: str
    source: str
    notes: str

    @property
    def disputed(self) -> tuple[str, ...]:
        """Names of the values on which the sources differ."""
        pairs = (("lift", self.lifts_deg), ("beat rate", self.rates_bph))
        return tuple(name for name, values in pairs if len(values) > 1)


@lru_cache(maxsize=1)
def movements() -> tuple[Movement, ...]:
    """All rows of the table, in its order."""
    text = (resources.files("heartwright") / "data" / "movements.csv").read_text("utf-8")
    return tuple(_movement(row) for row in csv.DictReader(text.splitlines()))


def search(query: str) -> tuple[Movement, ...]:
    """The movements whose names hold every word of `query`; case, spaces and dashes do not matter."""
    words = [_bare(word) for word in query.split()]
    return tuple(m for m in movements() if all(word in _bare(m.name) for word in words))


def one(query: str) -> Movement:
    """The movement that `query` names. Raises Refused where none or several different ones do."""
    found = search(query)
    if not found:
        raise Refused(f"--movement {query!r}: not in the table.{_nearest(query)} List it with: heartwright movements")
    if len({(m.lifts_deg, m.rates_bph) for m in found}) > 1:
        names = "; ".join(m.name for m in found[:6])
        raise Refused(f"--movement {query!r} fits {len(found)} movements: {names}. Write more of the name.")
    return found[0]


def _nearest(query: str) -> str:
    parts = {_bare(part): m.name for m in movements() for part in re.split(r"[\s/]+", m.name) if len(part) > 2}
    near = difflib.get_close_matches(_bare(query), list(parts), n=1, cutoff=0.6)
    return f" Did you mean {parts[near[0]]!r}?" if near else ""


def _movement(row: dict[str, str]) -> Movement:
    steps = ("centre", "third", "fourth", "escape")
    train = ", ".join(
        f"{step} {row[f'{step}_wheel'] or '?'}/{row[f'{step}_pinion'] or '?'}"
        for step in steps
        if row[f"{step}_wheel"] or row[f"{step}_pinion"]
    )
    return Movement(
        name=row["movement"],
        rates_bph=_numbers(row["bph"], 1_000.0, 100_000.0),
        lifts_deg=_numbers(row["lift_angle_deg"], 20.0, 90.0),
        reserve_h=row["power_reserve_h"],
        amplitude_deg=row["amplitude_full_wind_deg"],
        train=train,
        source=row["source"],
        notes=row["confidence_notes"],
    )


def _numbers(text: str, low: float, high: float) -> tuple[float, ...]:
    """The different numbers within bounds that a cell names, in order: "49 or 50" -> (49, 50)."""
    values = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
    return tuple(dict.fromkeys(value for value in values if low <= value <= high))


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
