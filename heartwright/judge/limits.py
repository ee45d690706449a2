"""What is healthy, by kind, position and wind: the sourced table `limits.toml` and its look-up.

A limit is published, derived from published ones, or simulated from dirty healthy twins; its source travels with it.
Where position, wind or kind is unknown the widest of the rows that may apply is taken: ignorance never condemns.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from heartwright.records import Interval

KINDS: Final = ("modern lever", "vintage lever", "pin-pallet", "pendulum", "heart")
FLAT: Final = ("flat", "CH", "CB")
VERTICAL: Final = ("vertical", "3H", "6H", "9H", "12H")
WINDS: Final = ("full", "24 h")
_TEXT_KEYS: Final = ("quantity", "kind", "position", "wind", "origin", "source")
_NUMBER_KEYS: Final = ("low", "high", "median")


class LimitsError(ValueError):
    """A table of limits, or a question to it, that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The healthy range of one quantity, in the unit that its name ends with."""

    quantity: str
    kind: str
    position: str
    wind: str
    low: float | None
    high: float | None
    median: float | None
    origin: str  # published | derived | simulated
    source: str

    def distance(self, value: float) -> float:
        """How far `value` is from the healthy middle: 0 there, +1 at the upper limit, -1 at the lower one."""
        middle = self._middle()
        edge = self.high if value >= middle else self.low
        if edge is None or edge == middle:
            return 0.0
        return (value - middle) / abs(edge - middle)

    def unhealthy(self, figure: Interval) -> bool | None:
        """True where the whole interval is outside, False where the whole is inside, None where it straddles."""
        below = -float("inf") if self.low is None else self.low
        above = float("inf") if self.high is None else self.high
        if figure.low > above or figure.high < below:
            return True
        return False if below <= figure.low and figure.high <= above else None

    def _middle(self) -> float:
        if self.median is not None:
            return self.median
        if self.low is not None and self.high is not None:
            return 0.5 * (self.low + self.high)
        return 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """All rows, the user's own ahead of the bundled ones."""

    rows: tuple[Limit, ...]

    @classmethod
    def load(cls, path: str | Path | None = None) -> Limits:
        """The bundled table, with the rows of `path` (same form) in place of those they share four keys with.

        Raises LimitsError for a file that is not a table of limits, saying which row and key.
        """
        own = _read(Path(path)) if path is not None else ()
        taken = {_key(row) for row in own}
        bundled = _read(Path(__file__).with_name("limits.toml"))
        return cls(own + tuple(row for row in bundled if _key(row) not in taken))

    def find(self, quantity: str, *, kinds: tuple[str, ...], position: str | None, wind: str | None) -> Limit | None:
        """The limit that holds whatever is unknown may be: the envelope of the rows that may apply; None without one.

        Several kinds mean "one of these": a kind without a row leaves the question open, hence None.
        """
        found: list[Limit] = []
        for kind in kinds:
            rows = [r for r in self.rows if r.quantity == quantity and r.kind == kind and _may(r, position, wind)]
            if not rows:
                return None
            found.extend(rows)
        return _envelope(found)


def position_class(position: str | None) -> str | None:
    """ "flat" or "vertical" of a position's name (CH, CB; 3H, 6H, 9H, 12H); None stays None.

    Raises LimitsError for any other word.
    """
    if position is None:
        return None
    if position in FLAT:
        return "flat"
    if position in VERTICAL:
        return "vertical"
    raise LimitsError(
        f"position {position!r} is not known; allowed: {', '.join(FLAT + VERTICAL)} "
        "(CH is dial up, CB dial down, 3H crown up; leave it out where you do not know)"
    )


def checked_wind(wind: str | None) -> str | None:
    """`wind` as the table spells it. Raises LimitsError for any other word."""
    if wind is None:
        return None
    plain = wind.strip().lower().replace("24h", "24 h")
    if plain in WINDS:
        return plain
    raise LimitsError(f"wind {wind!r} is not known; allowed: {', '.join(WINDS)} (leave it out where you do not know)")


def checked_kind(kind: str) -> str:
    """`kind` as the table spells it. Raises LimitsError for any other word."""
    plain = kind.strip().lower()
    if plain in KINDS:
        return plain
    raise LimitsError(f"kind {kind!r} is not known; allowed: {', '.join(KINDS)}")


def _may(row: Limit, position: str | None, wind: str | None) -> bool:
    return (position is None or row.position in ("any", position)) and (wind is None or row.wind in ("any", wind))


def _envelope(rows: list[Limit]) -> Limit:
    if len(rows) == 1:
        return rows[0]
    lows = [r.low for r in rows]
    highs = [r.high for r in rows]
    medians = [r.median for r in rows]
    return replace(
        rows[0],
        kind=" or ".join(dict.fromkeys(r.kind for r in rows)),
        position=" or ".join(dict.fromkeys(r.position for r in rows)),
        wind=" or ".join(dict.fromkeys(r.wind for r in rows)),
        low=None if None in lows else min(x for x in lows if x is not None),
        high=None if None in highs else max(x for x in highs if x is not None),
        median=None if None in medians else sum(x for x in medians if x is not None) / len(medians),
        source="; ".join(dict.fromkeys(r.source for r in rows)),
    )


def _key(row: Limit) -> tuple[str, str, str, str]:
    return (row.quantity, row.kind, row.position, row.wind)


def _read(path: Path) -> tuple[Limit, ...]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LimitsError(f"{path}: not a readable table of limits ({error})") from error
    rows = table.get("limit")
    if not isinstance(rows, list) or set(table) != {"limit"}:
        raise LimitsError(f"{path}: a table of limits holds [[limit]] rows and nothing else")
    return tuple(_row(row, f"{path}: row {number}") for number, row in enumerate(rows, start=1))


def _row(row: dict[str, Any], where: str) -> Limit:
    for key in _TEXT_KEYS:
        if not isinstance(row.get(key), str):
            raise LimitsError(f"{where}: {key} is {row.get(key)!r}; a text is needed")
    for key in sorted(set(row) - set(_TEXT_KEYS)):
        if key not in _NUMBER_KEYS:
            raise LimitsError(f"{where}: key {key!r} is not known; allowed: {', '.join(_TEXT_KEYS + _NUMBER_KEYS)}")
        if isinstance(row[key], bool) or not isinstance(row[key], int | float):
            raise LimitsError(f"{where}: {key} is {row[key]!r}; a number without a unit is needed")
    checked_kind(row["kind"])
    if row["position"] not in ("flat", "vertical", "any"):
        raise LimitsError(f"{where}: position is {row['position']!r}; allowed: flat, vertical, any")
    if row["wind"] not in (*WINDS, "any"):
        raise LimitsError(f"{where}: wind is {row['wind']!r}; allowed: {', '.join(WINDS)}, any")
    low, high = row.get("low"), row.get("high")
    if low is None and high is None:
        raise LimitsError(f"{where}: neither low nor high is given; a limit needs one of them")
    if low is not None and high is not None and low >= high:
        raise LimitsError(f"{where}: low {low} is not below high {high}")
    quantity, kind, position, wind, origin, source = (str(row[key]) for key in _TEXT_KEYS)
    below, above, median = (None if row.get(key) is None else float(row[key]) for key in _NUMBER_KEYS)
    return Limit(quantity, kind, position, wind, below, above, median, origin, source)
