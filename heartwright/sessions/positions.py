"""Positions of a watch: CH dial up, CB dial down, and the verticals by the hour that is up.

Conventions: 12H, 3H (crown up), 6H (crown left) and 9H (crown down) name the hour that is up; between them stand
"1.5H" or "45 deg", the direction that is up, clockwise on the dial from twelve.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FLAT = ("CH", "CB")
UPRIGHT = ("12H", "3H", "6H", "9H")
STANDARD = (*FLAT, "3H", "6H", "9H", "12H")
ISO = ("6H", "3H", "9H", "CB", "CH")  # ISO 3159, in its order
ALLOWED = "CH (dial up), CB (dial down), 12H, 3H (crown up), 6H, 9H (that hour up), between them 1.5H or 45 deg"

_OTHER_NAMES = {
    "DU": "CH", "DIALUP": "CH", "DD": "CB", "DIALDOWN": "CB", "FH": "CB", "CROWNUP": "3H", "CROWNLEFT": "6H",
    "CROWNDOWN": "9H", "CROWNRIGHT": "12H",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Position:
    """One position: its name, and the direction that is up [deg clockwise from twelve], None where it lies flat."""

    name: str
    up_deg: float | None

    @property
    def flat(self) -> bool:
        return self.up_deg is None

    @property
    def standard(self) -> bool:
        """Whether it is one of the six that X, D, DVH and Di are made of."""
        return self.name in STANDARD

    @classmethod
    def read(cls, text: str) -> Position:
        """The position that `text` names. Raises ValueError for any other word."""
        bare = re.sub(r"\s|(?<=[A-Za-z])[-_](?=[A-Za-z])", "", text).upper()
        bare = _OTHER_NAMES.get(bare, bare)
        if bare in FLAT:
            return cls(bare, None)
        found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)(H|DEG|°)", bare)
        if found:
            number, hours = float(found[1]), found[2] == "H"
            if (0.0 <= number <= 12.0) if hours else (0.0 <= number <= 360.0):
                return cls.at(number * 30.0 if hours else number)
        raise ValueError(f"position {text[:40]!r} is not known; allowed: {ALLOWED}")

    @classmethod
    def at(cls, up_deg: float) -> Position:
        """The vertical whose direction `up_deg` [deg clockwise from twelve] is up."""
        angle = round(up_deg % 360.0, 3) % 360.0
        hour = angle / 30.0
        name = f"{12 if hour == 0 else int(hour)}H" if hour == int(hour) else f"{angle:g} deg"
        return cls(name, angle)
