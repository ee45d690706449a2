"""`Coupled`: works of any kind on one support, each stepped at its own rate, with one set of books.

    room = Coupled([On(clock, "beam", 0.5), On(other, "beam", 1.3)], support)
    room.advance(1.0)
    room.ledger()                       # drive + stand = spent + stored + residual, of the whole room

The works go first, the support follows: a work is advanced over its own step on a ground that is predicted from the
support and from the forces of the steps before; the support then goes through that step under the mean force that the
work gave back, exactly (matrix exponential). A work whose force turns faster than the exchange (a rotor out of balance)
foretells it, and only its answer to the ground is taken from the step before. The velocity that a work has been told is
kept, and the next prediction makes up what it lacked: no blow is lost, and the exchange is of second order in the step.
What hangs loose in a work (a pendulum) does not ride on the support sideways: its own inertia is taken out of the
support's and out of its force, so that what is predicted hardly changes in a step. docs/support.md derives it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from heartwright.records import Floats, Ledger
from heartwright.work import Ground, Work, turned
from heartwright.works import stepping
from heartwright.works.groan import Groans
from heartwright.works.seats import LONGEST_STEP, Seat, Told, load_of, momentum_of, propagator, step_of, total_of
from heartwright.works.seats import On as On
from heartwright.works.support import Load, Statics, Support
from heartwright.works.tilting import STILL as TILT_STILL
from heartwright.works.tilting import Moved, Tilting

STRAIN_EVERY = 0.05  # [s]


class Coupled:
    """Works on a support. `status` is "running" or "broken" (a shelf past its strength: nothing goes on).

    step: the longest step of the exchange [s], for convergence studies; each work else asks for its own (`coupling_s`).
    Raises ValueError for a work that stands on no shelf or beside it, or two of one name.
    """

    def __init__(
        self,
        works: Sequence[On],
        support: Support,
        *,
        seed: int = 1,
        temperature_c: float = 23.0,
        step: float = LONGEST_STEP,
    ) -> None:
        self.support, self.seed, self.temperature_c = support, seed, temperature_c
        self.time, self._asked, self._longest = 0.0, 0.0, step
        self.tilting = Tilting()
        self._seats: list[Seat] = []
        self._strained = 0.0  # when the shelves last felt their stress move
        self._changed = 0.0  # energy in support and joints at the start, and what comings and goings have changed [J]
        self._books0: dict[str, tuple[float, float, float]] = {}
        self._spent = self._outside = 0.0
        self._gone = np.zeros(3)  # drive, spent and stored of works that were taken away
        self.groans = {shelf.name: Groans(shelf, seed=seed + i) for i, shelf in enumerate(support.shelves)}
        self._place(list(works), np.zeros(0))

    # ------------------------------------------------------------------------------------------ what it is now

    @property
    def works(self) -> dict[str, Work]:
        """The works by name."""
        return {seat.on.work.name: seat.on.work for seat in self._seats}

    @property
    def status(self) -> str:
        return "broken" if any(s.status == "broken" for s in self.statics()) else "running"

    @property
    def advice(self) -> str:
        return " ".join(s.advice for s in self.statics() if s.advice)

    def statics(self) -> tuple[Statics, ...]:
        """Sag, stress and state of each shelf under what stands on it."""
        return self._statics

    def ground(self, name: str) -> Ground:
        """How the stand of a work moved over its latest step."""
        return self._ground[name]

    def stand(self, name: str) -> tuple[Floats, Floats]:
        """Where the stand of a work is from its rest, and its velocity: motion (3) and turning (3) [m, rad]."""
        mounts = self._frame.mounts[self._index(name)]
        n = len(self._z) // 2
        return mounts @ self._z[:n], mounts @ self._z[n:]

    def _index(self, name: str) -> int:
        names = list(self.works)
        if name not in names:
            raise ValueError(f"there is no work {name!r}; there are: {', '.join(names) or 'none'}")
        return names.index(name)

    # ------------------------------------------------------------------------------------------ who stands where

    def add(self, on: On) -> Statics:
        """Put one more work on its shelf while all goes on; the shelf's state with it.

        A shelf that would break refuses it: the status says so, and nothing is changed. Raises ValueError as on making.
        """
        would = self.support.statics(on.shelf, [*(s.load for s in self._seats), load_of(on)])
        if would.status != "broken":
            self._place([*(s.on for s in self._seats), on], self._z)
        return would

    def remove(self, name: str) -> Work:
        """Take a work off its shelf; it is handed back."""
        i = self._index(name)
        taken = self._seats[i].on
        now, then = total_of(taken.work.ledger()), self._books0.pop(name)
        self._gone = self._gone + np.array(now) - then
        self._place([s.on for k, s in enumerate(self._seats) if k != i], self._z)
        return taken.work

    def _place(self, works: list[On], z: Floats) -> None:
        """Make the support's matrices for these works, the motion carried on; the books stay whole."""
        names = [on.work.name for on in works]
        twice = [n for n in names if names.count(n) > 1]
        if twice:
            raise ValueError(f"two works of the name {twice[0]!r}: each needs a name of its own")
        loads = [load_of(on) for on in works]
        frame = self.support.frame(loads)
        old = {s.on.work.name: s for s in self._seats}
        held = self._stored() if len(z) else 0.0
        steps = [step_of(on.work, self._longest) for on in works]
        self._dt = min(steps, default=self._longest)
        every = [2 ** int(math.log2(step / self._dt) + 1e-9) for step in steps]
        n = len(frame.names)
        self._frame, self._z = frame, z if len(z) else np.zeros(2 * n)
        self._seats = [
            old.get(on.work.name)
            or Seat(on, load, k, self._where(load), *(hasattr(on.work, part) for part in ("momentum", "foretold")))
            for on, load, k in zip(works, loads, every, strict=True)
        ]
        for seat, k in zip(self._seats, every, strict=True):
            seat.every = k
        self._told = self._carried(list(old))
        self._loose = np.array([(s.load.loose, *s.load.loose_at) for s in self._seats]).reshape(-1, 4)
        self._due = {k: [i for i, seat in enumerate(self._seats) if seat.every == k] for k in set(every)}
        self._foretelling = {k: [i for i in due if self._seats[i].foretells] for k, due in self._due.items()}
        self._propagators = {k: propagator(frame, k * self._dt) for k in {1, *every}}
        self._tick = 0
        self._given = self._told.given.sum(axis=0)
        self._ground = {name: Ground(temperature_c=self.temperature_c) for name in names}
        self._changed += self._stored() - held
        for i, seat in enumerate(self._seats):
            if seat.on.work.name not in old:
                books = seat.on.work.ledger()
                self._books0[seat.on.work.name] = total_of(books)
                seat.joint0, seat.stand0 = self._joint(i), books.stand_j
        self._statics = tuple(self.support.statics(s.name, loads) for s in self.support.shelves)
        self._bending = np.array([self.support.bending(s.shelf, s.sag_at) for s in self._statics])[:, frame.moving]
        self._stress = self._bending @ self._z[:n]
        for state in self._statics:
            self.groans[state.shelf].load(state.use)

    def _carried(self, before: list[str]) -> Told:
        """What was told and given, carried over to the works that stand here now."""
        n, k = len(self._frame.names), len(self._seats)
        fresh = Told(
            self._frame.mounts @ self._z[n:], np.zeros((k, 6)), np.zeros((k, n)), np.zeros((k, 6)),
            np.array([momentum_of(seat.on.work) for seat in self._seats]).reshape(-1, 6), np.zeros(k),
        )  # fmt: skip
        for i, seat in enumerate(self._seats):
            if seat.on.work.name in before:
                was = before.index(seat.on.work.name)
                for part in Told.__slots__:
                    getattr(fresh, part)[i] = getattr(self._told, part)[was]
        return fresh

    def _where(self, load: Load) -> Floats:
        x, y, z = self.support.shelf(load.shelf).place
        return np.array((x + load.along, y, z))

    # ------------------------------------------------------------------------------------------ going on

    def tilt(self, degrees: float, *, seconds: float = 4.0) -> None:
        """Tilt the whole floor about z, + anticlockwise as the viewer sees it, smoothly over `seconds`."""
        self.tilting.turn(math.radians(degrees), seconds, self.time)

    def advance(self, seconds: float, *, progress: Callable[[float], None] | None = None) -> None:
        """Go on by `seconds`, to the nearest step of the exchange (what is over or short is made up the next time).

        A room with a broken shelf stands.
        """
        if self.status == "broken":
            return
        started, self._asked = self._asked, self._asked + seconds
        while self.time < self._asked - 0.5 * self._dt:
            self._step()
            if self.time >= self._strained + STRAIN_EVERY:
                self._creak()
            if progress:
                progress(min(max((self.time - started) / seconds, 0.0), 1.0))

    def _step(self) -> None:
        """One base step: the works whose time has come, then the support."""
        now = [k for k in self._due if self._tick % k == 0]
        for k in now:
            self._foretell(self._foretelling[k], k)
        for k in now:
            self._works_go(self._due[k], k)
        self._support_follows()
        self._tick += 1
        self.time += self._dt

    def _foretell(self, due: list[int], k: int) -> None:
        """What these works will do by themselves, in place of what they did: only their answer to the stand is held."""
        if not due:
            return
        rows = np.array([self._seats[i].on.work.foretold(k * self._dt) for i in due])  # type: ignore[attr-defined]
        change = (rows - self._told.foretold[due])[:, None, :] @ self._frame.mounts[due]
        self._given = self._given + change.sum(axis=(0, 1))
        self._told.foretold[due] = rows

    def _works_go(self, due: list[int], k: int) -> None:
        """Take these works through their step, on a ground foretold."""
        dt, books, frame = k * self._dt, self._told, self._frame
        rows, seats = np.array(due), [self._seats[i] for i in due]
        told, tilts = stepping.tell(*self._propagators[k], self._z, self._given, frame.mounts, books.believed, rows, dt)
        imposed = self.tilting.over(self.time, dt)
        moved = [imposed.motion(seat.place) for seat in seats] if imposed.leaning else [TILT_STILL] * len(due)
        forces = []
        for seat, shaken, tilt, leant in zip(seats, told.tolist(), tilts.tolist(), moved, strict=True):
            ground = self._ground_of(shaken, tilt, leant)
            reaction = seat.on.work.advance(dt, ground)
            self._ground[seat.on.work.name] = ground
            forces.append((*reaction.force, *reaction.moment))
        force, was = np.array(forces), books.momentum[rows]
        stepping.take_back(
            force, told, frame.mounts, self._loose, frame.loose, rows, dt, books.given, books.force, books.momentum
        )
        for i, seat in zip(due, seats, strict=True):
            if seat.knows:
                books.momentum[i] = momentum_of(seat.on.work)
        self._given = books.given.sum(axis=0)
        if imposed.moving:
            for row, leant, mean in zip(force, moved, 0.5 * (was + books.momentum[due]), strict=True):
                self._outside += leant.cost(row, mean, dt)

    def _creak(self) -> None:
        """Let the shelves feel how their stress has moved, and creak."""
        passed, self._strained = self.time - self._strained, self.time
        stress = self._bending @ self._z[: len(self._z) // 2]
        for groans, moved in zip(self.groans.values(), stress - self._stress, strict=True):
            groans.strain(float(moved))
            groans.advance(passed)
        self._stress = stress

    def _ground_of(self, told: list[float], tilt: list[float], moved: Moved) -> Ground:
        """What a work is told: the support's motion, and the tilting's, in whose frame the support's is."""
        ax, ay, az, rx, ry, rz = told
        if moved is TILT_STILL:
            return Ground((ax, ay, az), (tilt[0], tilt[1], tilt[2]), (rx, ry, rz), self.temperature_c)
        lean = moved.tilt
        mx, my, mz = moved.acceleration.tolist()
        shaken = turned((ax + mx, ay + my, az + mz), (0.0, 0.0, lean))
        return Ground(shaken, (tilt[0], tilt[1], tilt[2] + lean), (rx, ry, rz + moved.turning), self.temperature_c)

    def _support_follows(self) -> None:
        frame, books = self._frame, self._told
        self._z, spent = stepping.follow(
            *self._propagators[1], self._z, self._given, frame.light, frame.stiffness, frame.mounts, books.force,
            books.on_support,
        )  # fmt: skip
        self._spent += spent

    # ------------------------------------------------------------------------------------------ the books

    def _support_energy(self) -> float:
        return float(stepping.energy(self._z, self._frame.light, self._frame.stiffness))

    def _joint(self, i: int) -> float:
        """Energy that a work's motion shares with its stand's [J]: v . P, and what hangs loose riding along."""
        seat, n = self._seats[i], len(self._z) // 2
        v = self._frame.mounts[i] @ self._z[n:]
        hung = float(self._frame.loose[i] @ self._z[n:])
        return float(v @ self._told.momentum[i]) + 0.5 * seat.load.loose * hung**2

    def _stored(self) -> float:
        """Energy in support and joints [J]; the works' own is in their ledgers."""
        return self._support_energy() + sum(self._joint(i) for i in range(len(self._seats)))

    def ledger(self) -> Ledger:
        """The books of the whole room: spent by work, and by shelves and floor; the stand is who tilts the floor."""
        spent = {"shelves and floor": self._spent}
        drive, gone, stored = (float(v) for v in self._gone)
        if gone:
            spent["works taken away"] = gone
        for name, work in self.works.items():
            now, then = total_of(work.ledger()), self._books0[name]
            drive, stored = drive + now[0] - then[0], stored + now[2] - then[2]
            spent[name] = now[1] - then[1]
        stored += self._stored() - self._changed
        residual = drive + self._outside - sum(spent.values()) - stored
        return Ledger(drive, spent, stored, residual, self._outside)

    def exchange(self, name: str) -> dict[str, float]:
        """A work's books with its stand [J]: what the stand did on it by its own account, what it did on the support,
        and what is stored between them; the sum of the three is what the exchange has lost."""
        i = self._index(name)
        seat = self._seats[i]
        by_stand = seat.on.work.ledger().stand_j - seat.stand0
        return {
            "stand": by_stand,
            "on the support": float(self._told.on_support[i]),
            "between": self._joint(i) - seat.joint0,
        }
