"""A work that goes on: stepped a little at a time, seen and heard as it goes, changed while it goes.

    live = Live(Design.load("heart"), seed=1)
    piece = live.advance(0.05)                    # a Trace of what happened in these 50 ms
    live.change([Edit.of(live.design, "pump.outlet.crack", 0.4)])
    twin = live.copy()                            # rehearse on it

A change is carried out on the going work: the new design is built and takes over every angle, speed, pressure and
account. Where the change moves a face, it waits until the balance is out on its free arc, and what would overlap is
moved apart; the jump of stored energy that a change makes is kept out of the books.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from heartwright.design import Design
from heartwright.edit import Edit, EditError, apply
from heartwright.engine import layout as L
from heartwright.engine.simulate import Written
from heartwright.records import Beats, Trace
from heartwright.works import landmarks
from heartwright.works.build import free, same_shapes
from heartwright.works.heart import GoingHeart
from heartwright.works.movement import Going, Setting

HORIZON = 600.0  # dirt is drawn for so long and then comes round again [s]
LOG_ROWS = 6_000
HAND_STEP = 1e-3  # a pressing finger moves in straight lines between moments so far apart [s]
STANDS_AFTER = 2.5  # a work is looked at so often for standing still [s]
OUT = math.radians(60.0)  # the balance is on its free arc beyond
KEPT_CROSSINGS = 3  # rows kept to tell the next beat from


class Live:
    """One going work. `time` counts from its start [s]; times in its pieces do too."""

    def __init__(
        self,
        design: Design,
        *,
        seed: int = 1,
        dirt: bool = True,
        position: str = "CH",
        tilt_deg: float = 0.0,
        temperature_c: float = 23.0,
        wind: float = 1.0,
        poses_hz: float = 240.0,
        start_deg: float | None = None,
        step: float | None = None,
    ) -> None:
        self.seed, self.time = seed, 0.0
        self.status, self.advice = "running", ""
        self.tilt_deg, self.temperature_c, self.position = tilt_deg, temperature_c, position
        self._setting = Setting(
            HORIZON, seed, dirt, position, math.radians(tilt_deg), wind, step=step, start_deg=start_deg,
            poses_hz=poses_hz, rows=LOG_ROWS,
        )  # fmt: skip
        self._going = self._build(design, self._setting)
        self._going.start()
        self._rows = self._going.sim.take()
        self._mark = (0.0, float(self._going.built.state.angle[0]))
        self._at: Callable[[float], float] | None = None
        self._finger = (0.0, 0.0)
        self._frozen = False

    # ------------------------------------------------------------------------------------------ what it is now

    @property
    def design(self) -> Design:
        """The design as it is now."""
        return self._going.design

    @property
    def rotors(self) -> tuple[str, ...]:
        """Names of the rotors, in the order of a pose."""
        return self._going.built.rotors

    @property
    def pairs(self) -> tuple[str, ...]:
        """Names of the pairs of parts that can touch."""
        return (*self._going.built.pairs, "banking")

    @property
    def wind(self) -> float:
        """Share of the mainspring that is still wound."""
        return self._going.wind

    @property
    def angles(self) -> np.ndarray:
        """Angles of the rotors now [rad]."""
        return np.array(self._going.built.state.angle)

    # ------------------------------------------------------------------------------------------ going on

    def advance(self, seconds: float) -> Trace:
        """Go on by `seconds`; what happened in them.

        A beat belongs to the piece in which it ends; the ledger is that of the whole run; figures hold "started_s", and
        for a heart strokes and volumes since the start. A stopped or jammed work stands, and time goes on.
        """
        started = self.time
        self.go(seconds)
        return self.piece(started)

    def go(self, seconds: float) -> None:
        """Go on by `seconds` and tell nothing yet; `piece` tells what happened."""
        self.time += seconds
        while not self._frozen and self._going.sim.time < self.time - 1e-9:
            code = self._step(self.time - self._going.sim.time)
            self._look(code)

    def _step(self, seconds: float) -> int:
        going = self._going
        if self._at is not None and isinstance(going, GoingHeart):
            seconds = min(seconds, HAND_STEP)
            now = going.sim.time
            here, there = self._at(now), self._at(now + seconds)
            going.press(*self._finger, here, (there - here) / seconds)
        return going.run(min(seconds, 1.0))

    def _look(self, code: int) -> None:
        """Stopped, jammed, or going again?"""
        going, (t0, wheel) = self._going, self._mark
        now = going.sim.time
        if code != L.REACHED:
            self.status, self.advice = going.why(code)
            self._frozen = True
        elif now - t0 > max(STANDS_AFTER, 2.5 / self.design.beat_hz):
            stands = going.stands(wheel, now - t0)
            self.status, self.advice = going.why(code) if stands else ("running", "")
            self._mark = (now, float(going.built.state.angle[0]))

    # ------------------------------------------------------------------------------------------ changing

    def change(self, edits: Iterable[Edit]) -> None:
        """Go on with the edits done. Raises EditError where one does not fit; the work is then untouched."""
        self._go_on(apply(edits, self.design), self._setting)

    def place(
        self,
        *,
        tilt_deg: float | None = None,
        temperature_c: float | None = None,
        wind: float | None = None,
        position: str | None = None,
    ) -> None:
        """Put it elsewhere: tilted in its plane [deg], in another temperature [C] or position, or wound (0 to 1)."""
        self.tilt_deg = self.tilt_deg if tilt_deg is None else tilt_deg
        self.temperature_c = self.temperature_c if temperature_c is None else temperature_c
        self.position = self.position if position is None else position
        wound = self._setting.wind if wind is None else wind
        self._go_on(
            self.design,
            replace(self._setting, position=self.position, tilt=math.radians(self.tilt_deg), wind=wound),
            rewound=wind is not None,
        )

    def nudge(self, start_deg: float) -> None:
        """Start it by hand: the fork banked, the balance released from `start_deg` on its other side [deg].

        A pendulum is released from there.
        """
        built = self._going.built
        state, rotor = built.state, built.model.rotor
        held = self._going.stored()
        state.speed[:] = 0.0
        for b in range(len(rotor)):
            if rotor[b, L.LIMIT_ARM] != 0.0:
                state.angle[b] = rotor[b, L.LIMIT_HI]
        state.angle[built.oscillator] = -math.radians(start_deg)
        state.number[L.PEAK] = math.radians(start_deg)
        free(built)
        self._going.revive()
        self._going.before += self._going.stored() - held
        self._going_again()

    def hand(self, *, stiffness: float = 0.0, damping: float = 0.0, at: Callable[[float], float] | None = None) -> None:
        """Press the pump's follower with a finger or tool of this stiffness [N/m] and damping [N s/m].

        at(time) is where its tip would be, in bellows travel [m], + further in; the force is what the contact makes of
        it (waveform "hand_force"). None lifts it. Raises ValueError for a work without a pump.
        """
        if not isinstance(self._going, GoingHeart):
            raise ValueError(f"{self.design.name} has no follower to press; a heart has")
        self._at, self._finger = at, (stiffness, damping)
        if at is None:
            self._going.press(0.0, 0.0, 0.0, 0.0)

    def copy(self, *, poses_hz: float | None = None) -> Live:
        """An independent twin in the same state, without the finger."""
        twin = copy.copy(self)
        twin._at, twin._finger = None, (0.0, 0.0)
        twin._going = copy.deepcopy(self._going, {id(self.design): self.design, id(self._setting): self._setting})
        if poses_hz is not None:
            twin._setting = replace(self._setting, poses_hz=poses_hz)
            twin._going.setting = twin._setting
            twin._going.sim.pose_every(1.0 / poses_hz if poses_hz > 0 else 0.0)
        if isinstance(twin._going, GoingHeart):
            twin._going.press(0.0, 0.0, 0.0, 0.0)
        return twin

    def other_ticks(self, seed: int) -> None:
        """Have other ticks from now on: those that it would have at another time, its teeth and train kept."""
        by = int(np.random.default_rng([seed, 0x71C]).integers(1, 1 << 30))
        for rows in self._going.ticks():
            rows[:] = np.roll(rows, by % max(len(rows), 1), axis=0)

    def _build(self, design: Design, setting: Setting) -> Going | GoingHeart:
        if design.kind == "heart":
            return GoingHeart(design, setting, self.temperature_c)
        return Going(design, setting)

    def _go_on(self, design: Design, setting: Setting, *, rewound: bool = False) -> None:
        fresh = self._build(design, setting)
        if fresh.built.rotors != self.rotors:
            raise EditError(f"{design.name}: parts cannot be added or removed while it goes; run the new design anew.")
        if not same_shapes(fresh.built.model, self._going.built.model):
            self._wait_until_out()
        fresh.adopt(self._going, rewound=rewound)  # type: ignore[arg-type]
        self._going, self._setting = fresh, setting
        if self._frozen:
            self._going.revive()
        self._going_again()

    def _going_again(self) -> None:
        """Look at it afresh: a change may have freed it."""
        self._frozen = False
        self._mark = (self._going.sim.time, float(self._going.built.state.angle[0]))

    def _wait_until_out(self) -> None:
        """Run on until the balance is out on its free arc, for a period at most."""
        going = self._going
        if "balance" not in self.rotors or self._frozen:
            return
        built, quarter = going.built, 0.125 / self.design.beat_hz
        for _ in range(16):
            if abs(built.state.angle[built.oscillator]) > OUT:
                return
            if going.run(quarter) != L.REACHED:
                return

    # ------------------------------------------------------------------------------------------ telling

    def piece(self, started: float) -> Trace:
        """What happened from `started` [s] until now; all before must have been told."""
        going, design = self._going, self.design
        rows = self._rows = _joined(self._rows, going.sim.take())
        now = _picked(rows, lambda t: (t > started) & (t <= self.time))
        beats = _ended(rows, started, self.time, lever="balance" in self.rotors, half_period=0.5 / design.beat_hz)
        self._forget_told()
        waves, events = going.take_pump(started, self.time) if isinstance(going, GoingHeart) else ((), ())
        return Trace(
            design_name=design.name,
            kind=design.kind,
            seconds=self.time - started,
            seed=self.seed,
            status=self.status,
            advice=self.advice,
            nominal_bph=design.nominal_bph,
            beats=beats,
            impacts=landmarks.impacts(now, going.built.pairs),
            pairs=self.pairs,
            ledger=going.ledger(),
            poses=now.pose if not self._frozen else self._standing(started),
            rotors=self.rotors,
            waveforms=waves,
            happenings=events,
            figures={"started_s": started, "wind": going.wind} | going.volumes(),
            cpu_s=going.sim.cpu_s,
        )

    def _forget_told(self) -> None:
        """Drop rows that no later piece or beat needs."""
        rows = self._rows
        told = rows.crossing[rows.crossing[:, L.C_T] <= self.time, L.C_T]
        since = told[-KEPT_CROSSINGS] if len(told) > KEPT_CROSSINGS else -math.inf
        kept = _picked(rows, lambda t: t >= since)
        self._rows = replace(kept, pose=rows.pose[rows.pose[:, 0] > self.time])

    def _standing(self, started: float) -> np.ndarray:
        """Poses of a work that stands."""
        hz = self._setting.poses_hz
        if hz <= 0.0:
            return np.zeros((0, 1 + len(self.rotors)))
        t = np.arange(math.floor(started * hz) + 1, math.floor(self.time * hz) + 1) / hz
        return np.column_stack([t, np.tile(self.angles, (len(t), 1))])


def _joined(old: Written, new: Written) -> Written:
    def both(name: str) -> np.ndarray:
        return np.concatenate([getattr(old, name), getattr(new, name)])

    return Written(both("impact"), both("opening"), both("crossing"), both("pose"), new.ledger)


def _picked(rows: Written, which: Callable[[np.ndarray], np.ndarray]) -> Written:
    """The rows whose times, their first column, are asked for."""

    def some(part: np.ndarray) -> np.ndarray:
        return part[which(part[:, 0])]

    return Written(some(rows.impact), some(rows.opening), some(rows.crossing), some(rows.pose), rows.ledger)


def _ended(rows: Written, after: float, until: float, *, lever: bool, half_period: float) -> Beats:
    """Beats that ended in (after, until]: the next passage through the centre was then."""
    known = rows.crossing[rows.crossing[:, L.C_T] <= until]
    ends = known[2:, L.C_T]
    now = ends > after
    beats = landmarks.beats(replace(rows, crossing=known), lever=lever, half_period=half_period)
    if not now.any():
        now = np.zeros(len(beats), bool)
    return Beats(*(getattr(beats, name)[now] for name in Beats.__slots__))
