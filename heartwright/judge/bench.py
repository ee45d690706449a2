"""What the judge knows besides the reading: kind, position, wind, design and the limits that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from heartwright.judge.limits import Limit, Limits, checked_kind, checked_wind, position_class
from heartwright.judge.phrase import listed
from heartwright.records import Reading

if TYPE_CHECKING:
    from heartwright.design import Design

_LEVER_WATCHES = ("modern lever", "vintage lever")


@dataclass(frozen=True, slots=True)
class Bench:
    """The circumstances of one weighing. `kinds` holds one kind where it is known, else all that it may be."""

    kinds: tuple[str, ...]
    told: bool  # whether the kind was told (or stands in the design)
    position: str | None  # flat | vertical
    wind: str | None  # full | 24 h
    limits: Limits
    design: Design | None

    @classmethod
    def lay(
        cls,
        reading: Reading,
        *,
        design: Design | None,
        kind: str | None,
        position: str | None,
        wind: str | None,
        limits: str | Path | None,
    ) -> Bench:
        """Check what was told and infer the kind where it was not. Raises LimitsError for words that are not known."""
        told = kind if kind is not None else (design.kind if design is not None else None)
        return cls(
            kinds=(checked_kind(told),) if told is not None else _kinds_heard(reading),
            told=told is not None,
            position=position_class(position),
            wind=checked_wind(wind),
            limits=Limits.load(limits),
            design=design,
        )

    def limit(self, quantity: str) -> Limit | None:
        """The limit of `quantity` here; None where none is known for every kind that this may be."""
        return self.limits.find(quantity, kinds=self.kinds, position=self.position, wind=self.wind)

    def knows(self, kind: str, quantity: str) -> bool:
        """Whether there is a limit of `quantity` for this kind."""
        return self.limits.find(quantity, kinds=(kind,), position=self.position, wind=self.wind) is not None

    def kind_is(self, kind: str) -> bool:
        return self.kinds == (kind,)

    @property
    def named(self) -> str:
        """ "modern lever", or "modern or vintage lever" where it was not told."""
        if self.kinds == _LEVER_WATCHES:
            return "modern or vintage lever"
        return listed(self.kinds, joint="or")


def _kinds_heard(reading: Reading) -> tuple[str, ...]:
    """Kinds that the beat leaves open: a second voice is a heart's, a slow beat a pendulum's, a fast one modern."""
    if reading.voice is not None:
        return ("heart",)
    rate = reading.nominal_bph or (reading.beat_rate_bph.value if reading.beat_rate_bph is not None else 0.0)
    if rate and rate < 9_500.0:
        return ("pendulum",)
    if rate >= 27_000.0:
        return ("modern lever",)
    if rate >= 17_000.0:
        return _LEVER_WATCHES
    return ("vintage lever", "pin-pallet", "pendulum")
