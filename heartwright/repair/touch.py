"""The touches that there are: press or knock the follower, close the crack, set the beat, oil, wind, straighten.

touch = named("press the follower");  touched = touch.perform(live, 1.0, Hand(arousal=0.8), seed=3)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from heartwright.damage import parts, reed
from heartwright.design import Design
from heartwright.design.works import Balance
from heartwright.edit import Edit
from heartwright.records import Floats
from heartwright.repair.faults import ALL, HEART, edits_of
from heartwright.repair.hand import DAMPING_N_S_M, STIFFNESS_N_M
from heartwright.repair.touching import (
    PATH_HZ,
    Amount,
    Done,
    Neighbour,
    Touch,
    next_tooth,
    no_neighbours,
    ramp,
    spring_hook,
    tear_said,
)
from heartwright.works.live import Live

REEDS: Final[tuple[reed.Which, ...]] = ("outlet", "inlet")
PRESS_S: Final = 0.25  # a calm finger takes so long for its way in, and as long again for its way out
KNOCK_FROM_M, KNOCK_TO_M = 2e-3, 2.5e-3  # a knock comes from so far off, and follows so far
REED_AT_M: Final = 3e-3  # where the tweezers press the outlet reed, from its root
STONE_SHARE: Final = 0.02  # half width of a pallet stone's face, in radii of the wheel
FRESH_FRICTION: Final = 0.10  # of an oiled pallet, as the bundled designs have it
KEY_M: Final = 10e-3  # arm of the winding key


def _follow(live: Live, at: Callable[[float], float], seconds: float) -> Done:
    """A finger on the follower for `seconds`, its place counted from where it met it; what the reeds keep of it."""
    before = live.design
    live.hand(stiffness=STIFFNESS_N_M, damping=DAMPING_N_S_M, at=at)
    piece = live.advance(seconds)
    live.hand(at=None)
    edits: tuple[Edit, ...] = ()
    for which in REEDS:
        arisen = reed.overload(live.design, piece, which)
        if arisen:
            live.change(arisen)
            edits += arisen
    force = next((float(np.max(w.value, initial=0.0)) for w in piece.waveforms if w.name == "hand_force"), 0.0)
    return Done(edits, force, 0.0, tear_said(live.design, before, edits), (piece,))


def _into(path: Floats, seconds: float) -> float:
    """How far a hand is in [m], `seconds` after it met the part, beyond what it means to be."""
    return float(np.interp(seconds, np.arange(len(path)) / PATH_HZ, path[:, 2])) - float(path[0, 2])


def _bellows(live: Live) -> tuple[float, Done]:
    """Where the bellows are now [m], looked at for a millisecond."""
    piece = live.advance(2e-3)
    wave = next(w for w in piece.waveforms if w.name == "bellows")
    return (float(wave.value[-1]) if len(wave.value) else 0.0), Done(pieces=(piece,))


def _press(live: Live, amount: float, path: Floats, seconds: float) -> Done:
    start, looked = _bellows(live)
    t0, way = live.time, PRESS_S * seconds / (2.0 * PRESS_S + 0.2)

    def at(t: float) -> float:
        now = t - t0
        shape = ramp(now / way) - ramp((now - (seconds - way)) / way)
        return start + 1e-3 * amount * shape + _into(path, now)

    done = _follow(live, at, seconds)
    return Done(
        done.edits, done.force_n, amount + 1e3 * float(path[:, 2].max()), done.slip, looked.pieces + done.pieces
    )


def _knock(live: Live, amount: float, path: Floats, seconds: float) -> Done:
    start, looked = _bellows(live)
    t0, there = live.time, (KNOCK_FROM_M + KNOCK_TO_M) / amount

    def at(t: float) -> float:
        now = t - t0
        forth = -KNOCK_FROM_M + amount * min(now, there) - amount * max(now - there, 0.0)
        return start + forth + _into(path, now)

    done = _follow(live, at, seconds)
    return Done(done.edits, done.force_n, amount, done.slip, looked.pieces + done.pieces)


def _close_crack(live: Live, amount: float, path: Floats, seconds: float) -> Done:
    before, piece = live.design, live.advance(seconds)
    assert before.pump is not None
    outlet = before.pump.outlet
    if float(np.abs(path[:, 0]).max()) > 0.5 * outlet.width:
        return Done((), 0.0, 0.0, "the tweezers slid off the reed", (piece,))
    deepest = int(np.argmax(path[:, 2]))
    travel = 1e-3 * amount + float(path[deepest, 2] - path[0, 2])
    found = reed.by_tool(before, "outlet", travel=travel, at=REED_AT_M + float(path[deepest, 1]), tool=STIFFNESS_N_M)
    if found.edits:
        live.change(found.edits)
    slip = "the outlet reed tore" if reed.is_torn(live.design.pump.outlet) else ""  # type: ignore[union-attr]
    return Done(found.edits, found.force_n, 1e3 * travel, slip, (piece,))


def _arm(design: Design) -> float:
    """Arm of the stud carrier [m]: a little under half the balance's radius of gyration (a crutch: its length's)."""
    osc = design.oscillator
    if isinstance(osc, Balance):
        return 0.45 * math.sqrt(osc.inertia / osc.mass)
    return 0.15 * osc.length


def _set_beat(live: Live, amount: float, path: Floats, seconds: float) -> Done:
    piece, design = live.advance(seconds), live.design
    real = math.radians(amount) + float(path[-1, 0]) / _arm(design)
    balance = isinstance(design.oscillator, Balance)
    name = "collet_offset" if balance else "crutch_offset"
    edits = edits_of(design, [(f"oscillator.{name}", getattr(design.oscillator, name) + real)])
    live.change(edits)
    return Done(edits, 0.0, math.degrees(real), "", (piece,))


def _oil(live: Live, amount: float, path: Floats, seconds: float) -> Done:
    """A drop lands where the oiler's tip is at the end; only what lands on the stone oils it."""
    piece, design = live.advance(seconds), live.design
    half = STONE_SHARE * design.escapement.wheel_radius
    off = float(np.hypot(*path[-1, :2]))
    share = amount / 100.0 * math.exp(-0.5 * (off / half) ** 2)
    now = design.escapement.pallet_friction
    fresh = now - share * max(now - FRESH_FRICTION, 0.0)
    edits = edits_of(design, [("escapement.pallet_friction", fresh)]) if fresh < now else ()
    if edits:
        live.change(edits)
    return Done(edits, 0.0, 100.0 * share, "" if share > 0.2 * amount / 100.0 else "the drop fell beside it", (piece,))


def _wind(live: Live, amount: float, path: Floats, seconds: float) -> Done:
    piece = live.advance(seconds)
    turns = live.design.train.barrel.turns
    real = amount + float(path[-1, 0]) / KEY_M / (2.0 * math.pi) / turns
    live.place(wind=min(max(live.wind + real, 0.0), 1.0))
    return Done((), 0.0, real, "", (piece,))


def _straighten(live: Live, amount: float, path: Floats, seconds: float) -> Done:
    """Bend the tooth that is bent most; the tool's place at the tip decides the angle."""
    piece, design = live.advance(seconds), live.design
    bent = design.escapement.bent_teeth
    tooth = max(bent, key=lambda k: abs(bent[k])) if bent else 0
    real = math.radians(amount) + float(path[-1, 0]) / design.escapement.wheel_radius
    held = bent.get(tooth, 0.0)
    path_ = f"escapement.bent_teeth.{tooth}"
    edits = (Edit.of(design, path_, held + real, reversible=False),)
    live.change(edits)
    return Done(edits, parts.tooth_yield_n(design), math.degrees(real), "", (piece,))


def _coil(design: Design) -> tuple[Neighbour, ...]:
    """The hairspring's outer coil beside the stud: pushed too far it keeps a bend, which turns the rest position."""
    arm = _arm(design)

    def spoil(changed: Design, force: float) -> tuple[Edit, ...]:
        if force <= COIL_YIELD_N or not isinstance(changed.oscillator, Balance):
            return ()
        turned = (force - COIL_YIELD_N) / COIL_N_M / arm
        return (
            Edit.of(changed, "oscillator.collet_offset", changed.oscillator.collet_offset + turned, reversible=False),
        )

    return (Neighbour("outer coil", 0.1 * arm, (0.0, 1.0), COIL_N_M, spoil, "the outer coil is bent"),)


COIL_N_M: Final = 20.0  # a coil pushed sideways near its stud, chosen
COIL_YIELD_N: Final = 0.01  # half a millimetre of it, chosen

TOUCHES: Final = (
    Touch(
        "press the follower", "Press the follower with a finger", "finger", HEART,
        Amount("travel", "mm", 0.2, 2.5, 1.0), 0.7, _press, spring_hook,
    ),
    Touch(
        "knock the follower", "Knock at the follower", "finger", HEART,
        Amount("speed of the fingertip", "m/s", 0.05, 1.0, 0.2), 0.3, _knock, spring_hook,
    ),
    Touch(
        "close the crack", "Press the outlet reed's crack together", "tweezers", HEART,
        Amount("press", "mm", 0.2, 1.5, 0.65), 1.0, _close_crack, no_neighbours,
    ),
    Touch(
        "set the beat", "Turn the stud", "tweezers", ALL,
        Amount("turn", "deg", -6.0, 6.0, 1.0), 1.0, _set_beat, _coil,
    ),
    Touch(
        "oil the pallets", "Oil the pallet stones", "oiler", ALL,
        Amount("drop", "per cent of a full one", 10.0, 100.0, 60.0), 1.0, _oil, next_tooth,
    ),
    Touch(
        "wind", "Wind it, or let it down", "key", ALL,
        Amount("wind", "of its full wind", -1.0, 1.0, 0.3), 2.0, _wind, no_neighbours,
    ),
    Touch(
        "straighten a tooth", "Straighten the bent escape tooth", "pliers", ALL,
        Amount("turn of the tooth", "deg", -3.0, 3.0, -0.4), 1.0, _straighten, next_tooth,
    ),
)  # fmt: skip


def named(name: str) -> Touch:
    """The touch of that name. Raises ValueError with those there are."""
    for touch in TOUCHES:
        if touch.name == name:
            return touch
    raise ValueError(f"touch {name!r}: there are {', '.join(t.name for t in TOUCHES)}")


def fitting(design: Design) -> tuple[Touch, ...]:
    """The touches that a design has the parts for."""
    return tuple(t for t in TOUCHES if design.kind in t.kinds)
