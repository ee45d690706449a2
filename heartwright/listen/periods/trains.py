"""Tooth counts: which periods a train can put into the beat.

    train = trains.read("centre 80/12, third 60/10, fourth 70/8, escape 15/7")
    trains.periods(train)     # escape wheel: 30 beats; fourth wheel: 300; a leaf of the escape pinion: 4.29; ...

A pair is wheel/pinion of one arbor, as in the tables of the trade. Everything is counted in beats: one tooth of the
escape wheel passes in two of them, whatever the rate does, so that a wheel's period is exact in beats where it is not
in seconds. The tooth's own period, two beats, is the beat error and is no wheel's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ORDER: Final = ("barrel", "great", "centre", "third", "fourth", "fifth", "escape")
_OTHER_NAMES: Final = {"center": "centre", "seconds": "fourth", "second": "centre", "escapement": "escape"}
SHORTEST_BEATS: Final = 2.5  # faster ones cannot be told from the beat itself
_COUNT: Final = (4, 400)


class TrainError(ValueError):
    """Tooth counts that do not make a train; the message says what is wrong and how they are written."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """One arbor: the teeth of its wheel, the leaves of its pinion (0: not known, or none)."""

    name: str
    teeth: int
    leaves: int = 0


@dataclass(frozen=True, slots=True)
class Train:
    """The arbors from the slowest known to the escape wheel."""

    wheels: tuple[Wheel, ...]

    @property
    def text(self) -> str:
        """The counts as they are read."""
        return ", ".join(f"{w.name} {w.teeth}" + (f"/{w.leaves}" if w.leaves else "") for w in self.wheels)


@dataclass(frozen=True, slots=True)
class Period:
    """A period that a train can put into the beat. `kind` is "turn" of a wheel or "leaf" (a mesh, tooth by tooth)."""

    name: str
    beats: float
    kind: str


def read(text: str) -> Train:
    """Tooth counts from text: names with wheel/pinion, separated by commas. Raises TrainError."""
    wheels = []
    for part in filter(None, (piece.strip() for piece in re.split(r"[,;\n]", text))):
        found = re.fullmatch(r"([a-z]+)(?:\s+wheel)?\s+(\d+)(?:\s*/\s*(\d+))?", part.lower())
        if not found:
            raise TrainError(
                f"{part!r} is no wheel: a name, its teeth and, after a stroke, the leaves of the pinion on the same "
                'arbor, e.g. "centre 80/12, third 60/10, fourth 70/8, escape 15/7"'
            )
        name = _OTHER_NAMES.get(found[1], found[1])
        if name not in ORDER:
            raise TrainError(f"{found[1]!r} is no wheel of a train; there are {', '.join(ORDER)}")
        teeth, leaves = int(found[2]), int(found[3] or 0)
        for count in filter(None, (teeth, leaves)):
            if not _COUNT[0] <= count <= _COUNT[1]:
                raise TrainError(f"{part!r}: {count} teeth; {_COUNT[0]} to {_COUNT[1]} are allowed")
        wheels.append(Wheel(name, teeth, leaves))
    return _checked(wheels, text)


def _checked(wheels: list[Wheel], text: str) -> Train:
    names = [w.name for w in wheels]
    if "escape" not in names:
        raise TrainError(f"{text!r} has no escape wheel: its teeth are what counts the beats, e.g. escape 15/7")
    if len(set(names)) < len(names):
        raise TrainError(f"{text!r} names a wheel twice")
    going = [name in names for name in ("centre", "third", "fourth")]
    if going in ([True, False, True],):
        raise TrainError(f"{text!r} leaves out the third wheel, which stands between the centre and the fourth")
    return Train(tuple(sorted(wheels, key=lambda w: ORDER.index(w.name))))


def periods(train: Train) -> tuple[Period, ...]:
    """Every period of a train, the fastest first; a pinion that is not known ends the list on the slow side."""
    turn = 2.0 * train.wheels[-1].teeth
    out = [Period("escape wheel", turn, "turn")]
    for driver, driven in zip(reversed(train.wheels[:-1]), reversed(train.wheels[1:]), strict=True):
        if not driven.leaves:
            break
        out.append(Period(f"{driven.name} pinion, each leaf", turn / driven.leaves, "leaf"))
        turn *= driver.teeth / driven.leaves
        out.append(Period(driver.name if driver.name == "barrel" else f"{driver.name} wheel", turn, "turn"))
    return tuple(sorted((p for p in out if p.beats >= SHORTEST_BEATS), key=lambda p: p.beats))


#: Escape wheels without tooth counts told, by how common they are.
_ESCAPE_TEETH: Final = (15, 20, 30, 21, 16, 18)
#: Turns of the other wheels of most movements [s]: seconds hand, third, centre.
_TURNS_S: Final = (
    ("fourth wheel (a turn a minute)", 60.0),
    ("third wheel (eight turns an hour)", 450.0),
    ("third wheel (7.5 turns an hour)", 480.0),
    ("centre wheel (a turn an hour)", 3600.0),
)


def usual(beat_s: float) -> tuple[Period, ...]:
    """What the wheels of common movements would show, without tooth counts: the fastest first."""
    out = [Period(f"escape wheel of {teeth} teeth", 2.0 * teeth, "turn") for teeth in _ESCAPE_TEETH]
    out += [Period(name, seconds / beat_s, "turn") for name, seconds in _TURNS_S]
    return tuple(sorted(out, key=lambda p: p.beats))
