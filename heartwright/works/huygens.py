"""Huygens' experiment: two pendulum clocks on one beam or cart, tooth by tooth, and what becomes of them.

    fate = huygens.run(Design.load("graham"), Cart(mass=100.0, damping=300.0), seconds=600)
    print(fate)                               # anti-phase, locked after 214 s

The clocks run on the contact engine, exchanged with the cart every 10 ms (`pair`). The regimes are those of the
published accounts: opposed phases, equal phases, beating death (one clock stops), no lock. Sources: Huygens 1665;
Bennett, Schatz, Rockwood and Wiesenfeld 2002; Oliveira and Melo 2015. docs/support.md sets this beside a reduced model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heartwright.design import Design
from heartwright.design.works import Pendulum
from heartwright.engine import layout as L
from heartwright.records import Floats
from heartwright.work import G
from heartwright.works import huygens_reduced as reduced
from heartwright.works import pair
from heartwright.works.clockwork import Clockwork
from heartwright.works.movement import Going

STEP_S = 0.010  # of the exchange
ENGINE_STEP_S = (
    0.0025  # longest of the engine: rate and amplitude of the Graham move by 1e-3 s/d and 2e-5 deg from 0.25 ms
)
LOCKED_RAD = 0.1  # within this of its end the phase counts as locked
NEAR_RAD = 0.6  # of 0 or half a turn
CHUNK_S = 20.0
DEAD_SHARE = 0.5  # of the last minute's beats, below which a clock has stopped
REGIMES = ("anti-phase", "in-phase", "locked between", "no lock", "beating death")


@dataclass(frozen=True, slots=True)
class Cart:
    """What the clocks stand on: mass with clocks and bobs [kg], stiffness to the ground [N/m], damping [N s/m]."""

    mass: float
    stiffness: float = 0.0
    damping: float = 0.0

    def coupling(self, design: Design) -> complex:
        """The reduced model's k [1/s]."""
        osc = design.oscillator
        assert isinstance(osc, Pendulum)
        w = math.sqrt(G / osc.length)
        return reduced.coupling(osc.mass, w, mass=self.mass, stiffness=self.stiffness, damping=self.damping)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of two clocks. phase: the second's less the first's, unwrapped [rad]; lock_s: nan without a lock."""

    regime: str
    lock_s: float
    time: Floats
    phase: Floats
    amplitude: Floats  # [n, 2] rad
    alive: tuple[bool, bool]
    residual: float  # of the books, over the drive

    def __str__(self) -> str:
        if self.regime in ("anti-phase", "in-phase", "locked between"):
            return f"{self.regime} ({math.degrees(self.phase[-1]) % 360:.0f} deg), locked after {self.lock_s:.0f} s"
        if self.regime == "beating death":
            return "beating death: " + " and ".join(
                f"the {which} stopped" for which, goes in zip(("first", "second"), self.alive, strict=True) if not goes
            )
        turns = (self.phase[-1] - self.phase[0]) / (2 * math.pi)
        return f"no lock: the second {'gained' if turns > 0 else 'lost'} {abs(turns):.2f} swings"


def slower(design: Design, seconds_per_day: float) -> Design:
    """The design with its pendulum longer, so that it loses so much [s/d]."""
    from heartwright.works.room import changed

    osc = design.oscillator
    assert isinstance(osc, Pendulum)
    return changed(design, {"oscillator.length": osc.length * (1.0 + seconds_per_day / 86400.0) ** 2})


class TwoClocks:
    """Two clocks on a cart, going. phase: how far the second is ahead at the start [rad]."""

    def __init__(
        self,
        design: Design,
        cart: Cart,
        *,
        other: Design | None = None,
        phase: float = 0.5 * math.pi,
        dirt: bool = False,
        seed: int = 1,
        step: float = STEP_S,
    ) -> None:
        designs = (design, other or design)
        self.clocks = tuple(Clockwork(d, seed=seed + i, dirt=dirt, step=ENGINE_STEP_S) for i, d in enumerate(designs))
        bobs = [c.loose[0] for c in self.clocks]
        if not cart.mass > sum(bobs):
            raise ValueError(
                f"a cart of {cart.mass:g} kg in all cannot carry bobs of {sum(bobs):g} kg: the mass is that of cart, "
                "clocks and bobs together"
            )
        self.cart, self.step = cart, step
        self._state = np.zeros(pair.N_CART)
        self._p = pair.coefficients(
            step, light=cart.mass - sum(bobs), stiffness=cart.stiffness, damping=cart.damping,
            loose=(bobs[0], bobs[1]),
        )  # fmt: skip
        self.time = 0.0
        share = (phase / (2 * math.pi)) % 1.0
        self.clocks[1].live.go(share * 2.0 / design.beat_hz)
        self._books0 = [c.ledger() for c in self.clocks]
        self._zero = [c._built.state.number[L.T_NOW] for c in self.clocks]
        for c in self.clocks:
            c.live._going.sim.take()
        self._crossings: list[list[Floats]] = [[], []]

    def run(self, seconds: float) -> bool:
        """Go on; whether both could."""
        left = round(seconds / self.step)
        while left > 0:
            parts = []
            for clock in self.clocks:
                built, sim = clock._built, clock.live._going.sim
                parts += [built.model, built.state, sim.scratch, sim.log]
            code, done = pair.run_pair(*parts, self._state, self._p, left)
            left -= done
            self.time += done * self.step
            for i, clock in enumerate(self.clocks):
                going = clock.live._going
                going.sim.gather()
                rows = going.sim.take().crossing
                self._crossings[i].append(rows)
                if isinstance(going, Going):
                    going._unwind()
            if code not in (L.REACHED, L.LOG_FULL):
                return False
        return True

    def crossings(self, i: int) -> Floats:
        """Passages through the middle: time since the start [s], speed, peak before [rad]."""
        rows = np.concatenate([np.zeros((0, 3)), *self._crossings[i]])
        out = rows.copy()
        out[:, 0] -= self._zero[i]
        return out

    def books(self) -> dict[str, float]:
        """Energy of clocks and cart since the start [J]: drive, spent, lost in the cart, stored, residual."""
        drive = spent = stored = 0.0
        for clock, then in zip(self.clocks, self._books0, strict=True):
            now = clock.ledger()
            drive += now.drive_j - then.drive_j
            spent += sum(now.spent_j.values()) - sum(then.spent_j.values())
            stored += now.stored_j - then.stored_j
        s, p = self._state, self._p
        stored += 0.5 * p[pair.LIGHT] * s[pair.V] ** 2 + 0.5 * p[pair.SPRING] * s[pair.X] ** 2 + s[pair.MOVING]
        lost = float(s[pair.LOST])
        return {
            "drive": drive, "spent": spent, "cart": lost, "stored": float(stored),
            "residual": float(drive - spent - lost - stored),
        }  # fmt: skip


def run(
    design: Design,
    cart: Cart,
    *,
    seconds: float,
    other: Design | None = None,
    phase: float = 0.5 * math.pi,
    dirt: bool = False,
    seed: int = 1,
    step: float = STEP_S,
    progress: Callable[[float], None] | None = None,
) -> Fate:
    """Two clocks on a cart for `seconds`, and what became of them."""
    two = TwoClocks(design, cart, other=other, phase=phase, dirt=dirt, seed=seed, step=step)
    wheels = [_wheel(c) for c in two.clocks]
    marks = [(0.0, *wheels)]
    while two.time < seconds - 0.5 * step:
        if not two.run(min(CHUNK_S, seconds - two.time)):
            break
        marks.append((two.time, *(_wheel(c) for c in two.clocks)))
        if progress:
            progress(min(two.time / seconds, 1.0))
    books = two.books()
    time, turned, swings = followed(two)
    alive = _alive(np.array(marks), design)
    return judged(time, turned, swings, alive=alive, residual=abs(books["residual"]) / max(abs(books["drive"]), 1e-30))


def _wheel(clock: Clockwork) -> float:
    return float(clock._built.state.angle[0]) / clock._built.wheel_pitch


def _alive(marks: Floats, design: Design) -> tuple[bool, bool]:
    """Whether each escape wheel still goes, by the last minute."""
    late = marks[marks[:, 0] >= marks[-1, 0] - 60.0]
    expected = max(0.5 * design.beat_hz * (late[-1, 0] - late[0, 0]), 1e-9)
    share = (late[-1, 1:] - late[0, 1:]) / expected
    return bool(share[0] > DEAD_SHARE), bool(share[1] > DEAD_SHARE)


def followed(two: TwoClocks) -> tuple[Floats, Floats, Floats]:
    """Times [s], phase difference [rad] and amplitudes [rad] at each swing of the first clock."""
    rows = [two.crossings(i) for i in (0, 1)]
    ups = [r[(r[:, 1] > 0) & (r[:, 0] > 0)] for r in rows]
    last = min(r[-1, 0] if len(r) else 0.0 for r in ups)
    if min(len(r) for r in ups) < 3:
        return np.zeros(0), np.zeros(0), np.zeros((0, 2))
    first = ups[0][:, 0]
    time = first[(first >= max(r[0, 0] for r in ups)) & (first <= last)]
    phases = [2 * math.pi * np.interp(time, r[:, 0], np.arange(len(r))) for r in ups]
    apart = phases[1] - phases[0]
    apart = apart - 2 * math.pi * round(float(apart[0]) / (2 * math.pi)) if len(apart) else apart
    swings = np.column_stack([np.interp(time, r[:, 0], np.abs(r[:, 2])) for r in rows])
    return time, apart, swings


def judged(time: Floats, phase: Floats, amplitude: Floats, *, alive: tuple[bool, bool], residual: float = 0.0) -> Fate:
    """Which regime it is, and how long the lock took. The same for the engine and for the reduced model."""
    if not all(alive) or len(time) < 10:
        return Fate("beating death", math.nan, time, phase, amplitude, alive, residual)
    end = float(np.mean(phase[time >= 0.9 * time[-1]]))
    if float(np.ptp(phase[time >= 0.6 * time[-1]])) > 2 * LOCKED_RAD:
        return Fate("no lock", math.nan, time, phase, amplitude, alive, residual)
    off = np.abs(phase - end) > LOCKED_RAD
    lock_s = float(time[np.nonzero(off)[0][-1] + 1]) if off.any() else 0.0
    turned = abs((end + math.pi) % (2 * math.pi) - math.pi)
    regime = "in-phase" if turned < NEAR_RAD else "anti-phase" if turned > math.pi - NEAR_RAD else "locked between"
    return Fate(regime, lock_s, time, phase, amplitude, alive, residual)


def foretold(
    design: Design, cart: Cart, *, seconds: float, other: Design | None = None, phase: float = 0.5 * math.pi
) -> Fate:
    """The same by the reduced model."""
    swings = (reduced.Swing.of(design), reduced.Swing.of(other or design))
    slow = reduced.run(swings, cart.coupling(design), seconds=seconds, phase=phase)
    late = slow.time >= slow.time[-1] - 60.0
    alive = tuple(bool(np.mean(slow.amplitude[late, i]) > swings[i].ends) for i in (0, 1))
    return judged(slow.time, slow.phase, slow.amplitude, alive=(alive[0], alive[1]))
