"""The bodies in their glass, in Henon units: leapfrog, wall, books, and what is measured at every step.

Kick-drift-kick with one fixed step for all. Between two kicks the bodies fly straight (`wall.fly`) and may be looked
at, or the glass moved, at any moment; forces are found once a step. The frame does not accelerate and does not turn:
places are counted from the middle of the glass, velocities are not. A uniform acceleration of the whole, gravity
included, moves bodies and frame alike and cannot be felt; so all that the glass's own motion does, it does by its wall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats
from heartwright.works.galaxy.force import PHI, Forces
from heartwright.works.galaxy.look import Look, look
from heartwright.works.galaxy.spheres import Bodies
from heartwright.works.galaxy.wall import REFLECTS, fly

TOLD = 5  # numbers that a flight adds to: see `wall.fly`


@dataclass(slots=True)
class Books:
    """Energy since the start, in Henon units."""

    drive: float = 0.0
    stand: float = 0.0
    let_go: float = 0.0


@dataclass(slots=True)
class Cluster:
    """Bodies that go on. `mass` of one that was let go is 0; `inside` [n] says which are left."""

    mass: Floats
    place: Floats
    velocity: Floats
    wall: float
    step: float
    forces: Forces
    way: int = REFLECTS
    time: float = 0.0
    glass: Floats = field(default_factory=lambda: np.zeros(3))  # velocity of the glass
    inside: NDArray[np.bool_] = field(init=False)
    alike: bool = field(init=False)  # whether all masses are equal
    field_: Floats = field(init=False)
    books: Books = field(default_factory=Books)
    closed: Books = field(default_factory=Books)  # the books at the end of the last step
    looks: list[Look] = field(default_factory=list)  # since they were last taken
    pressed: float = 0.0  # 3 P V times time, since the start
    now: Look = field(init=False)  # at the end of the last step
    start: float = field(init=False)  # energy at the start
    _out: NDArray[np.int64] = field(init=False)  # bodies at the open wall
    _into: float = 0.0  # flown since the last kick
    _pending: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inside = np.ones(len(self.mass), bool)
        self.alike = bool(np.all(self.mass == self.mass[0]))
        self._out = np.empty(len(self.mass), np.int64)
        self.field_ = self.forces.of(self.mass, self.place)
        self.now = self._look()
        self.start = self.energy

    @classmethod
    def of(cls, bodies: Bodies, *, wall: float, step: float, forces: Forces, way: int = REFLECTS) -> Cluster:
        """From bodies, which are copied."""
        return cls(bodies.mass.copy(), bodies.place.copy(), bodies.velocity.copy(), wall, step, forces, way)

    @property
    def energy(self) -> float:
        """Kinetic and potential energy at the end of the last step."""
        return self.now.kinetic + self.now.potential

    @property
    def residual(self) -> float:
        """What the books of the last step's end do not account for."""
        b = self.closed
        return b.drive + b.stand - b.let_go - (self.energy - self.start)

    def advance(self, seconds: float, acceleration: Floats) -> Floats:
        """Go on by `seconds`, the glass accelerated so; the momentum given to the bodies by the wall, shape (3,)."""
        given = np.zeros(3)
        left = seconds
        while left > 1e-12 * self.step:
            if self._into == 0.0:
                self.velocity += 0.5 * self.step * self.field_[:, :3]
            part = min(left, self.step - self._into)
            given += self._fly(part, acceleration)
            self.time += part
            self._into += part
            left -= part
            if self._into >= self.step * (1.0 - 1e-12):
                self._close()
        return given

    def carry_out(self, deed: Callable[[], None]) -> bool:
        """Do something to the velocities now or, in the middle of a step, at its end; whether it is done."""
        if self._into > 0.0:
            self._pending.append(deed)
            return False
        self._do(deed)
        self.now = self._look()
        return True

    def gather(self, bodies: Bodies) -> bool:
        """Put all bodies where these are, at rest with the glass as a whole; what it takes is drive. As `carry_out`."""

        def put_back() -> None:
            held = self.field_potential()
            self.mass[:], self.place[:], self.velocity[:] = bodies.mass, bodies.place, bodies.velocity + self.glass
            self.inside[:] = True
            self.field_ = self.forces.of(self.mass, self.place)
            self.books.drive += self.field_potential() - held

        return self.carry_out(put_back)

    def field_potential(self) -> float:
        """Potential energy, as the last forces were found."""
        return 0.5 * float(self.mass @ self.field_[:, PHI])

    def momentum(self) -> Floats:
        """Total momentum, shape (3,)."""
        return self.mass @ self.velocity

    def spin(self) -> Floats:
        """Total angular momentum about the middle of the glass, shape (3,)."""
        return self.mass @ np.cross(self.place, self.velocity)

    def _fly(self, seconds: float, acceleration: Floats) -> Floats:
        told = np.zeros(TOLD)
        out = self._out
        mean = self.glass + 0.5 * seconds * acceleration
        early = self._into - 0.5 * self.step
        left = fly(
            self.place, self.velocity, self.field_[:, :3], self.mass, self.inside,
            seconds, early, mean, self.wall, self.way, told, out,
        )  # fmt: skip
        self.glass = self.glass + seconds * acceleration
        self.books.stand += told[3]
        self.pressed += told[4]
        for body in out[:left]:
            self._let_go(int(body))
        return told[:3]

    def _let_go(self, body: int) -> None:
        """Take out a body at the open wall.

        A free one takes its energy with it. One that is still bound would come back: it is lifted out, and what that
        takes is drive.
        """
        m, v = self.mass[body], self.velocity[body]
        self.mass[body] = 0.0
        apart = np.sum((self.place - self.place[body]) ** 2, axis=1) + self.forces.softening**2
        apart[body] = 1.0
        energy = m * (0.5 * float(v @ v) - float(self.mass @ apart**-0.5))
        self.books.let_go += max(energy, 0.0)
        self.books.drive += max(-energy, 0.0)
        self.inside[body] = False
        self.velocity[body] = 0.0

    def _close(self) -> None:
        """The end of a step: forces, the second half of the kick, what is measured, what was asked for meanwhile."""
        self.field_ = self.forces.of(self.mass, self.place)
        self.field_[~self.inside] = 0.0
        self.velocity += 0.5 * self.step * self.field_[:, :3]
        self._into = 0.0
        for deed in self._pending:
            self._do(deed)
        self._pending.clear()
        self.now = self._look()
        self.looks.append(self.now)
        self.closed = Books(self.books.drive, self.books.stand, self.books.let_go)

    def _do(self, deed: Callable[[], None]) -> None:
        before = self._kinetic()
        deed()
        self.velocity[~self.inside] = 0.0
        self.books.drive += self._kinetic() - before
        self.closed.drive = self.books.drive

    def _kinetic(self) -> float:
        return 0.5 * float(self.mass @ np.einsum("ij,ij->i", self.velocity, self.velocity))

    def _look(self) -> Look:
        return look(self.time, self.mass, self.place, self.velocity, self.field_, alike=self.alike)
