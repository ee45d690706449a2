"""`Work`: what everything that stands in the room has in common, whatever it is made of.

A work goes on by itself, is seen and heard, loads what it stands on and is shaken by it, and keeps its books.

    reaction = work.advance(0.002, Ground(acceleration=(0.01, 0.0, 0.0)))
    work.heard(96, rate_hz=48_000)        # what these 2 ms sound like, 1 m away [Pa]

One frame for works and room alike: x right, y up, z towards the viewer. SI units throughout.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats, Ledger

G = 9.80665  # [m/s2]
Vector = tuple[float, float, float]
ZERO: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Ground:
    """How the stand under a work moves, held over one step of the coupling.

    acceleration: of the stand [m/s2], gravity left out; tilt: how far the stand is turned, as a rotation vector [rad]
    (+ about z: anticlockwise as the viewer sees it); turning: its angular acceleration [rad/s2]; temperature_c: of the
    air about it.
    """

    acceleration: Vector = ZERO
    tilt: Vector = ZERO
    turning: Vector = ZERO
    temperature_c: float = 23.0

    def gravity(self) -> Floats:
        """What a plumb line feels in the work's own frame, acceleration of the stand included [m/s2], shape (3,)."""
        ax, ay, az = self.acceleration
        tx, ty, tz = self.tilt
        return rotated(np.array([-ax, -G - ay, -az]), np.array([-tx, -ty, -tz]))


STILL = Ground()


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a work did to its stand over a step, as means over the step.

    The stand carries the work's whole mass as if its parts stood still in it; `force` [N] is what their motion adds,
    the rate of change of their momentum relative to the stand with the sign turned; `moment` [N m] is the same for
    angular momentum about the mount, with the moment of weights that have moved aside.
    """

    force: Vector = ZERO
    moment: Vector = ZERO


@dataclass(frozen=True, slots=True)
class Span:
    """What an amount may be, and what it is where nobody says."""

    low: float
    high: float
    default: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a person may do to a work: its name, what people read, and the amounts it takes."""

    name: str
    title: str
    says: str = ""
    amounts: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a work now; `low` and `high` hold it with 95 % where it is uncertain."""

    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    says: str = ""


@runtime_checkable
class Work(Protocol):
    """What the room asks of a work. `status` is "running" while it goes; `advice` says what to do where it does not."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def mass(self) -> float:
        """All that it lays on its stand [kg]."""
        ...

    @property
    def time(self) -> float:
        """Since its start [s]."""
        ...

    @property
    def status(self) -> str: ...
    @property
    def advice(self) -> str: ...
    @property
    def light(self) -> float:
        """How bright it glows, 0 to 1: from its energy (for an orb, from its densest part)."""
        ...

    @property
    def deeds(self) -> tuple[Deed, ...]: ...

    def advance(self, seconds: float, ground: Ground = STILL) -> Reaction:
        """Go on by `seconds` [s] on a stand that moves so."""
        ...

    def seen(self) -> NDArray[np.float32]:
        """The numbers that it is drawn by now; each class says what they are."""
        ...

    def heard(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        """The next `n` samples of its sound, 1 m away [Pa]: of all that went on since it was last asked."""
        ...

    def ledger(self) -> Ledger:
        """The books since the start: all of its own drive, of what was done to it, and of its stand's work on it."""
        ...

    def figures(self) -> dict[str, Figure]:
        """What people in its field would read off it now."""
        ...

    def do(self, deed: str, **amounts: float) -> str:
        """Do something to it; what came of it, in words. Raises ValueError for what it does not know or allow."""
        ...


def rotated(vector: Floats | Vector, by: Floats | Vector) -> Floats:
    """A vector turned by a rotation vector [rad], shape (3,) (Rodrigues)."""
    x, y, z = (float(v) for v in vector)
    a, b, c = (float(v) for v in by)
    return np.array(turned((x, y, z), (a, b, c)))


def turned(vector: Vector, by: Vector) -> Vector:
    """The same of plain numbers: what is done thousands of times a second has no time for arrays of three."""
    x, y, z = vector
    a, b, c = by
    angle = math.sqrt(a * a + b * b + c * c)
    if angle == 0.0:
        return vector
    a, b, c = a / angle, b / angle, c / angle
    cosine, sine = math.cos(angle), math.sin(angle)
    along = (1.0 - cosine) * (a * x + b * y + c * z)
    return (
        cosine * x + sine * (b * z - c * y) + along * a,
        cosine * y + sine * (c * x - a * z) + along * b,
        cosine * z + sine * (a * y - b * x) + along * c,
    )


def amounts_of(deeds: tuple[Deed, ...], deed: str, given: Mapping[str, float]) -> dict[str, float]:
    """The amounts of a deed, filled up and checked. Raises ValueError: what was given, what is allowed."""
    known = {d.name: d for d in deeds}
    if deed not in known:
        raise ValueError(f"{deed!r} cannot be done to it; what can: {', '.join(known) or 'nothing'}")
    spans = known[deed].amounts
    for name in given:
        if name not in spans:
            raise ValueError(f"{deed} takes no {name!r}; it takes: {', '.join(spans) or 'nothing'}")
    out = {}
    for name, span in spans.items():
        value = float(given.get(name, span.default))
        if not span.low <= value <= span.high:
            raise ValueError(f"{name}={value:g} {span.unit}: {span.low:g} to {span.high:g} {span.unit} is allowed")
        out[name] = value
    return out
