"""Driving the kernels from Python: run a model for a while, in chunks, and gather what was written down."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heartwright.engine import layout as L
from heartwright.engine.fast import advance_fixed
from heartwright.engine.located import advance

Floats = NDArray[np.float64]
LOG_ROWS = 60_000
CROSSING_ROWS = 8_192


@dataclass(slots=True)
class Written:
    """What a run has written down so far; rows as in `layout`."""

    impact: Floats
    opening: Floats
    crossing: Floats
    pose: Floats
    ledger: Floats


@dataclass(slots=True)
class Simulation:
    """A model being run. `located` chooses the event-located stepper, else the fixed one; `rows` of log at a time."""

    model: L.Model
    state: L.State
    located: bool = True
    pose_dt: float = 0.0
    rows: int = LOG_ROWS
    cpu_s: float = 0.0
    _scratch: L.Scratch = field(init=False)
    _log: L.Log = field(init=False)
    _kept: dict[str, list[Floats]] = field(init=False)

    def __post_init__(self) -> None:
        n_rotor, n_pair = len(self.model.rotor), len(self.model.pair_i)
        self._scratch = L.new_scratch(n_rotor, n_pair, len(self.model.mesh))
        poses = self.rows if self.pose_dt > 0 else 0
        self._log = L.new_log(
            n_pair, impacts=self.rows, crossings=CROSSING_ROWS, poses=poses, n_rotor=n_rotor, pose_dt=self.pose_dt
        )
        self._kept = {"impact": [], "opening": [], "crossing": [], "pose": []}

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        return float(self.state.number[L.T_NOW])

    @property
    def log(self) -> L.Log:
        """The kernels' own log, for works that step the engine themselves; `gather` it after each call."""
        return self._log

    @property
    def scratch(self) -> L.Scratch:
        return self._scratch

    def run(self, until: float, *, step: Callable[[float], int] | None = None) -> int:
        """Run to `until`; why it came back (a code of `layout`). `step` replaces the stepper."""
        started = time.process_time()
        go = step or self._step
        code = L.LOG_FULL
        while code == L.LOG_FULL:
            target = until
            if self.pose_dt > 0:
                target = min(until, self.time + 0.5 * self.rows * self.pose_dt)
            code = go(target)
            self.gather()
            if code == L.REACHED and target < until:
                code = L.LOG_FULL
        self.cpu_s += time.process_time() - started
        return code

    def _step(self, until: float) -> int:
        stepper = advance if self.located else advance_fixed
        return int(stepper(self.model, self.state, self._scratch, self._log, until))

    def gather(self) -> None:
        """Move what is in the kernels' log to the kept rows."""
        for i, name in enumerate(("impact", "opening", "crossing", "pose")):
            n = int(self._log.count[i])
            if n:
                self._kept[name].append(getattr(self._log, name)[:n].copy())
        self._log.count[:] = 0

    def restart(self, angles: Floats) -> None:
        """Put the rotors at these angles, at rest and touching nothing, with clock and books anew."""
        state = self.state
        state.angle[:], state.speed[:] = angles, 0.0
        state.counter[: L.CLIPPED] = 0
        state.counter[L.CHATTER] = 0
        state.number[: L.STEP_NOW] = 0.0
        state.number[L.PEAK] = abs(state.angle[self.model.option_i[L.OSC]])
        state.budget[:] = -1.0
        self.forget()

    def forget(self) -> None:
        """Start the clock and the books anew from the present state."""
        for rows in self._kept.values():
            rows.clear()
        self._log.ledger[:] = 0.0
        self._log.pose_at[0] = 0.0
        self.state.number[L.T_NOW] = 0.0
        self.state.counter[L.CLIPPED] = self.state.counter[L.ORDERED] = 0
        self.cpu_s = 0.0

    def carry_on(self, other: Simulation) -> None:
        """Go on with the books and the pose clock of `other`, which ran the same rotors until now."""
        self._log.ledger[:] = other.log.ledger
        self._log.pose_at[0] = other.log.pose_at[0]
        self._kept, self.cpu_s = other._kept, other.cpu_s

    def pose_every(self, seconds: float) -> None:
        """Write poses so far apart from now on (0: none) [s]. Raises ValueError where none were asked for before."""
        if seconds > 0.0 and not len(self._log.pose):
            raise ValueError("poses cannot be added to a run that was begun without")
        self.pose_dt = self._log.pose_at[1] = seconds
        self._log.pose_at[0] = min(self._log.pose_at[0], self.time + seconds)

    def take(self) -> Written:
        """All rows since the last take, which are then forgotten; the ledger is that of the whole run."""
        rows = self.written()
        for kept in self._kept.values():
            kept.clear()
        return rows

    def written(self) -> Written:
        """All rows so far."""

        def rows(name: str) -> Floats:
            width = getattr(self._log, name).shape[1]
            return np.concatenate([np.zeros((0, width)), *self._kept[name]])

        impact, opening, crossing, pose = (rows(name) for name in ("impact", "opening", "crossing", "pose"))
        return Written(impact, opening, crossing, pose, self._log.ledger.copy())
