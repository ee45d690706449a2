"""Touches: what a person can do to a going work, through a hand that is never quite where it means to be.

A touch has an aim, an amount that is meant, a tool, and neighbours. The hand's path decides what is really done: its
error along the tool adds to the press, across it the tool lands elsewhere or meets a neighbour. Every force is what the
contact makes of it: a tool of 1,000 N/m against what it meets; nothing is drawn but the path. What breaks, breaks by
the formulas of `heartwright.damage`.

The places of neighbours are chosen from the proportions of the bundled designs, before any odds were computed. The
follower is pressed in the running pump (`Live.hand`); elsewhere the work goes on for the time of the touch and the edit
is made at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from heartwright.damage import parts, reed
from heartwright.design import Design
from heartwright.edit import Edit
from heartwright.records import Floats, Trace
from heartwright.repair.hand import STIFFNESS_N_M, Hand
from heartwright.works.live import Live

PATH_HZ: Final = 200.0


@dataclass(frozen=True, slots=True)
class Amount:
    """What is meant: its range, in `unit`."""

    name: str
    unit: str
    low: float
    high: float
    default: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Something beside the aim: how far off [m], in which direction across the tool, how stiff [N/m], what it suffers.

    spoil(design, force [N]) gives the edits that arise; `says` names them for people.
    """

    name: str
    away: float
    direction: tuple[float, float]
    stiffness: float
    spoil: Callable[[Design, float], tuple[Edit, ...]]
    says: str

    def force(self, path: Floats, tool: float = STIFFNESS_N_M) -> float:
        """Largest force of a path [n, 3] on it [N]."""
        deep = float(np.max(path[:, :2] @ np.array(self.direction))) - self.away
        return max(deep, 0.0) * tool * self.stiffness / (tool + self.stiffness)


@dataclass(frozen=True, slots=True)
class Done:
    """What the touch itself did, neighbours left out."""

    edits: tuple[Edit, ...] = ()
    force_n: float = 0.0
    amount: float = 0.0  # what was really done, in the amount's unit
    slip: str = ""
    pieces: tuple[Trace, ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """What a touch came to. `pieces` are the traces of the time it took (the work went on)."""

    touch: str
    meant: float
    amount: float
    edits: tuple[Edit, ...]
    force_n: float
    slip: str
    path: Floats
    seconds: float
    pieces: tuple[Trace, ...] = field(default=(), repr=False)

    def as_json(self) -> dict[str, Any]:
        changed = [{"path": e.path, "text": str(e), "undoable": e.reversible} for e in self.edits]
        figures = {"touch": self.touch, "meant": self.meant, "amount": self.amount, "force_n": self.force_n}
        return {**figures, "slip": self.slip, "seconds": self.seconds, "edits": changed}


Act = Callable[[Live, float, Floats, float], Done]


@dataclass(frozen=True, slots=True)
class Touch:
    """One kind of touch. `seconds` is what a calm hand takes for it."""

    name: str
    title: str
    tool: str
    kinds: tuple[str, ...]
    amount: Amount
    seconds: float
    act: Act
    neighbours: Callable[[Design], tuple[Neighbour, ...]]

    def perform(self, live: Live, amount: float | None, hand: Hand, seed: int) -> Touched:
        """Touch the live work. Raises ValueError for a kind without this part, or an amount out of range."""
        if live.design.kind not in self.kinds:
            raise ValueError(f"{self.name}: for {', '.join(self.kinds)}; {live.design.name} is a {live.design.kind}")
        a = self.amount
        meant = a.default if amount is None else amount
        if not a.low <= meant <= a.high:
            raise ValueError(f"{self.name}: {a.name} {meant:g} {a.unit}; {a.low:g} to {a.high:g} is allowed")
        seconds = self.seconds * hand.slowness
        path = hand.path(seconds, PATH_HZ, seed)
        design = live.design
        done = self.act(live, meant, path, seconds)
        edits, slips, force = list(done.edits), [done.slip] if done.slip else [], done.force_n
        changed = live.design
        for neighbour in self.neighbours(design):
            push = neighbour.force(path)
            force = max(force, push)
            spoiled = neighbour.spoil(changed, push) if push > 0.0 else ()
            if spoiled:
                live.change(spoiled)
                changed = live.design
                edits += spoiled
                slips.append(neighbour.says)
        slip = " and ".join(slips)
        return Touched(self.name, meant, done.amount, tuple(edits), force, slip, path, seconds, done.pieces)

    def as_json(self) -> dict[str, Any]:
        a = self.amount
        amount = {"name": a.name, "unit": a.unit, "low": a.low, "high": a.high, "default": a.default}
        words = {"name": self.name, "title": self.title, "tool": self.tool}
        return {**words, "kinds": list(self.kinds), "amount": amount}


def no_neighbours(design: Design) -> tuple[Neighbour, ...]:
    """Nothing near."""
    return ()


def spring_hook(design: Design) -> tuple[Neighbour, ...]:
    """The hook of the bellows' return spring stands a millimetre beside the follower's pad."""
    return (Neighbour("spring hook", 1.0e-3, (1.0, 0.0), 2_000.0, parts.lost_spring, "the spring pinged off its hook"),)


def next_tooth(design: Design) -> tuple[Neighbour, ...]:
    """An escape tooth beside the pallet stone, a tenth of a pitch away; far stiffer than the tool."""
    esc = design.escapement

    def spoil(changed: Design, force: float) -> tuple[Edit, ...]:
        return parts.bent_tooth(changed, 0, force, STIFFNESS_N_M)

    away = 0.1 * esc.pitch * esc.wheel_radius
    return (Neighbour("escape tooth", away, (0.0, 1.0), parts.tooth_stiffness(design), spoil, "a tooth is bent"),)


def ramp(u: float) -> float:
    """A movement from 0 to 1 of least jerk, the way hands move."""
    u = min(max(u, 0.0), 1.0)
    return u**3 * (10.0 - 15.0 * u + 6.0 * u * u)


def tear_said(design: Design, before: Design, edits: tuple[Edit, ...]) -> str:
    """What of the reeds is worth saying after edits arose."""
    for which in ("outlet", "inlet"):
        a, b = getattr(design.pump, which), getattr(before.pump, which)
        if reed.is_torn(a) and not reed.is_torn(b):
            return f"the {which} reed tore"
    return "a reed keeps a fold" if edits else ""
