"""The support: shelves as beams on brackets, on a floor that is a rigid plate on springs.

    support = Support.of(RoomPlan.load("workshop"))
    support.statics("beam", [Load("clock", "beam", 0.5, 7.0)]).sag        # deepest deflection [m]
    frame = support.frame(loads)                                          # mass, stiffness, damping, places

A shelf is an Euler-Bernoulli beam of rectangular section. At rest it bends under its own weight and what stands on it
(closed forms); about that rest it moves in a few Ritz shapes (the bare beam's own), and as a whole sideways on its
brackets, along its length and along its depth. A floor heaves, sways both ways and rocks about both axes. Works are
point masses where they stand; what hangs loose in them (a pendulum) is carried where it hangs. Linear about rest: the
turning of weights that comes with a rocking stand is left out against its springs.

Sources: Timoshenko, Strength of Materials I (deflections); Blevins, Formulas for Natural Frequency and Mode Shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heartwright.design.room import Chamber, Floor, RoomPlan, Shelf, check_place
from heartwright.records import Floats
from heartwright.work import G

SHAPES = 3  # Ritz shapes of a beam
FLOOR = 5  # coordinates of the floor: x, y, z, about x, about z
STATIONS = 40  # Gauss points along a beam
GROANS_FROM = 0.5  # share of its strength from which a shelf groans
#: Roots of cos b cosh b = -1: a cantilever's own shapes.
CANTILEVER = (1.8751040687119611, 4.694091132974175, 7.854757438237613)
STATUS = ("holds", "groans", "broken")


@dataclass(frozen=True, slots=True)
class Load:
    """A work on a shelf: its whole mass [kg], of which `loose` hangs at `loose_at` from the mount [m], and where."""

    name: str
    shelf: str
    along: float
    mass: float
    loose: float = 0.0
    loose_at: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Statics:
    """A shelf at rest under its loads. `use` is stress over strength; status: holds, groans or broken."""

    shelf: str
    load_kg: float
    sag: float  # deepest [m]
    sag_at: float  # where, from its left end [m]
    stress: float  # greatest bending stress [Pa]
    use: float
    status: str
    advice: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The support with its loads: M q'' + C q' + K q = sum of J' (force, moment).

    mass holds all loads; light leaves out what hangs loose, along x (it is what a loose load's own force acts on).
    """

    mass: Floats  # [n, n]
    light: Floats  # [n, n]
    damping: Floats  # [n, n]
    stiffness: Floats  # [n, n]
    mounts: Floats  # J of each load: its mount's motion (3) and turning (3) for each coordinate, [n_load, 6, n]
    loose: Floats  # motion along x of what hangs loose in each load, [n_load, n]
    names: tuple[str, ...]  # of the coordinates
    moving: NDArray[np.bool_]  # which of all the support's coordinates these are

    @property
    def frequencies(self) -> Floats:
        """Natural frequencies, everything riding along [Hz], lowest first."""
        from scipy.linalg import eigh

        return np.asarray(np.sqrt(np.maximum(eigh(self.stiffness, self.mass, eigvals_only=True), 0.0)) / (2 * math.pi))


class Support:
    """Floor and shelves. `rigid_floor` leaves the floor's motion out."""

    def __init__(
        self,
        shelves: Sequence[Shelf],
        *,
        floor: Floor | None = None,
        chamber: Chamber | None = None,
        rigid_floor: bool = False,
    ) -> None:
        self.shelves = tuple(shelves)
        self.floor, self.chamber = floor or Floor(), chamber or Chamber()
        self.rigid_floor = rigid_floor

    @classmethod
    def of(cls, plan: RoomPlan) -> Support:
        """The support of a room."""
        return cls(plan.shelves, floor=plan.floor, chamber=plan.chamber)

    def shelf(self, name: str) -> Shelf:
        """A shelf by name. Raises ValueError, naming those that there are."""
        for shelf in self.shelves:
            if shelf.name == name:
                return shelf
        raise ValueError(f"there is no shelf {name!r}; there are: {', '.join(s.name for s in self.shelves) or 'none'}")

    def check(self, load: Load) -> None:
        """Raise ValueError where a load stands on no shelf, or beside it."""
        check_place(load.name, load.along, self.shelf(load.shelf))

    # ------------------------------------------------------------------------------------------ at rest

    def statics(self, name: str, loads: Sequence[Load]) -> Statics:
        """Sag and stress of a shelf under those of `loads` that stand on it."""
        shelf = self.shelf(name)
        on_it = [load for load in loads if load.shelf == name]
        x = np.unique(np.concatenate([np.linspace(0.0, shelf.length, 401), [load.along for load in on_it]]))
        down, moment = own_weight(shelf, x)
        for load in on_it:
            more, bend = point_load(shelf, load.along, load.mass * G, x)
            down, moment = down + more, moment + bend
        deepest = int(np.argmax(down))
        stress = float(np.max(np.abs(moment))) * 0.5 * shelf.thickness / second_moment(shelf)
        use = stress / shelf.strength
        status = STATUS[0] if use < GROANS_FROM else STATUS[1] if use < 1.0 else STATUS[2]
        mass = sum(load.mass for load in on_it)
        return Statics(
            name, mass, float(down[deepest]), float(x[deepest]), stress, use, status, _advice(name, use, mass)
        )

    # ------------------------------------------------------------------------------------------ in motion

    def frame(self, loads: Sequence[Load]) -> Frame:
        """The support in motion, with what stands on it. Raises ValueError for a load that stands on no shelf."""
        for load in loads:
            self.check(load)
        names = self._names()
        mass, stiffness = self._floor_matrices(len(names))
        for i, shelf in enumerate(self.shelves):
            self._add_shelf(i, shelf, mass, stiffness)
        for load in loads:
            j = self.jacobian(load.shelf, load.along)[:3]
            hung = self.jacobian(load.shelf, load.along, load.loose_at)[:3]
            mass += (load.mass - load.loose) * j.T @ j + load.loose * hung.T @ hung
        loose = np.array([self.jacobian(load.shelf, load.along, load.loose_at)[0] for load in loads]).reshape(
            -1, len(names)
        )
        light = mass - sum(
            (load.loose * np.outer(row, row) for load, row in zip(loads, loose, strict=True)), np.zeros_like(mass)
        )
        mounts = np.array([self.jacobian(load.shelf, load.along) for load in loads]).reshape(-1, 6, len(names))
        damping = np.diag(2.0 * self._shares() * np.sqrt(np.diag(mass) * np.diag(stiffness)))
        free = np.ones(len(names), bool)
        if self.rigid_floor:
            free[:FLOOR] = False
        some = np.ix_(free, free)
        return Frame(
            mass[some], light[some], damping[some], stiffness[some], mounts[:, :, free], loose[:, free],
            tuple(n for n, f in zip(names, free, strict=True) if f), free,
        )  # fmt: skip

    def jacobian(self, name: str, along: float, above: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Floats:
        """Motion (3) and turning (3) of a point fixed to a shelf at `along`, `above` from its top, shape [6, n]."""
        i = [s.name for s in self.shelves].index(name)
        shelf = self.shelves[i]
        at = np.array(shelf.place) + np.array((along, 0.0, 0.0))
        out = np.zeros((6, len(self._names())))
        out[0, 0] = out[1, 1] = out[2, 2] = 1.0
        out[3, 3] = out[5, 4] = 1.0
        k = self._first(i)
        out[0, k] = out[2, k + 1] = 1.0
        out[1, k + 2 : k + 2 + SHAPES], out[5, k + 2 : k + 2 + SHAPES] = (
            [f(np.array(along)) for f in part] for part in shapes(shelf)[:2]
        )
        for row in (3, 5):  # turnings carry the point along
            axis = np.zeros(3)
            axis[row - 3] = 1.0
            about_floor, about_mount = np.cross(axis, at + np.array(above)), np.cross(axis, above)
            out[:3, 3 if row == 3 else 4] += about_floor
            own = out[row].copy()
            own[:FLOOR] = 0.0
            out[:3] += np.outer(about_mount, own)
        return out

    def bending(self, name: str, at: float) -> Floats:
        """Bending stress at `at` on a shelf for each coordinate, as a share of its strength, shape [n]."""
        i = [s.name for s in self.shelves].index(name)
        shelf, out = self.shelves[i], np.zeros(len(self._names()))
        k = self._first(i) + 2
        curved = np.array([f(np.array(at)) for f in shapes(shelf)[2]])
        out[k : k + SHAPES] = 0.5 * shelf.young_modulus * shelf.thickness / shelf.strength * curved
        return out

    def _first(self, i: int) -> int:
        return FLOOR + i * (2 + SHAPES)

    def _names(self) -> tuple[str, ...]:
        floor = [f"floor {part}" for part in ("sway x", "heave", "sway z", "rock x", "rock z")]
        parts = ("sway", "depth", *(f"bend {k + 1}" for k in range(SHAPES)))
        return (*floor, *(f"{shelf.name} {part}" for shelf in self.shelves for part in parts))

    def _shares(self) -> Floats:
        """Damping as a share of critical, by coordinate."""
        each = [[self.floor.damping] * FLOOR, *([s.damping] * (2 + SHAPES) for s in self.shelves)]
        return np.concatenate([np.array(part, float) for part in each])

    def _floor_matrices(self, n: int) -> tuple[Floats, Floats]:
        floor, room = self.floor, self.chamber
        inertia = floor.mass * np.array([1.0, 1.0, 1.0, room.depth**2 / 12, room.width**2 / 12])
        hertz = np.array([floor.sway, floor.heave, floor.sway, floor.rock, floor.rock])
        mass, stiffness = np.zeros((n, n)), np.zeros((n, n))
        mass[range(FLOOR), range(FLOOR)] = inertia
        stiffness[range(FLOOR), range(FLOOR)] = inertia * (2 * math.pi * hertz) ** 2
        return mass, stiffness

    def _add_shelf(self, i: int, shelf: Shelf, mass: Floats, stiffness: Floats) -> None:
        k = self._first(i)
        stiffness[k, k], stiffness[k + 1, k + 1] = shelf.sway_stiffness, shelf.depth_stiffness
        nodes, weights = np.polynomial.legendre.leggauss(STATIONS)
        x, w = 0.5 * shelf.length * (nodes + 1.0), 0.5 * shelf.length * weights
        for at, share in zip(x, w, strict=True):
            j = self.jacobian(shelf.name, float(at))[:3]
            mass += line_mass(shelf) * share * j.T @ j
        bends = np.array([f(x) for f in shapes(shelf)[2]])
        own = slice(k + 2, k + 2 + SHAPES)
        stiffness[own, own] = shelf.young_modulus * second_moment(shelf) * (bends * w) @ bends.T


def second_moment(shelf: Shelf) -> float:
    """Second moment of area of the section [m4]."""
    return shelf.depth * shelf.thickness**3 / 12.0


def line_mass(shelf: Shelf) -> float:
    """Mass for each metre [kg/m]."""
    return shelf.density * shelf.depth * shelf.thickness


def own_weight(shelf: Shelf, x: Floats) -> tuple[Floats, Floats]:
    """Deflection [m] and bending moment [N m] at x under the beam's own weight."""
    w, length, ei = line_mass(shelf) * G, shelf.length, shelf.young_modulus * second_moment(shelf)
    if shelf.held == "ends":
        return w * x * (length**3 - 2 * length * x**2 + x**3) / (24 * ei), 0.5 * w * x * (length - x)
    return w * x**2 * (6 * length**2 - 4 * length * x + x**2) / (24 * ei), -0.5 * w * (length - x) ** 2


def point_load(shelf: Shelf, at: float, force: float, x: Floats) -> tuple[Floats, Floats]:
    """Deflection [m] and bending moment [N m] at x under a force at `at` [N]."""
    length, ei = shelf.length, shelf.young_modulus * second_moment(shelf)
    if shelf.held == "wall":
        near = np.minimum(x, at)
        return force * near**2 * (3 * np.maximum(x, at) - near) / (6 * ei), -force * np.maximum(at - x, 0.0)
    left = x <= at
    b = np.where(left, length - at, at)
    u = np.where(left, x, length - x)
    return force * b * u * (length**2 - b**2 - u**2) / (6 * ei * length), force * b * u / length


def shapes(shelf: Shelf) -> tuple[list[Callable[[Floats], Floats]], ...]:
    """The Ritz shapes of a beam, their slopes and their second derivatives."""
    return tuple(
        [_shape(shelf.length, k, order, wall=shelf.held == "wall") for k in range(SHAPES)] for order in range(3)
    )


def _shape(length: float, k: int, order: int, *, wall: bool) -> Callable[[Floats], Floats]:
    """Shape k of the bare beam, derived `order` times."""
    if not wall:
        b = (k + 1) * math.pi / length
        return lambda x: b**order * np.sin(b * x + 0.5 * order * math.pi)
    beta = CANTILEVER[k]
    b = beta / length
    ratio = (math.cosh(beta) + math.cos(beta)) / (math.sinh(beta) + math.sin(beta))

    def shape(x: Floats) -> Floats:
        even = np.cosh(b * x) if order % 2 == 0 else np.sinh(b * x)
        odd = np.sinh(b * x) if order % 2 == 0 else np.cosh(b * x)
        turn = 0.5 * order * math.pi
        wave = np.cos(b * x + turn) - ratio * np.sin(b * x + turn)
        return np.asarray(0.5 * b**order * (even - ratio * odd - wave))

    return shape


def _advice(name: str, use: float, mass: float) -> str:
    if use < GROANS_FROM:
        return ""
    if use < 1.0:
        return (
            f"The shelf {name!r} groans: {mass:.3g} kg bend it to {100 * use:.0f} % of its strength. Move works nearer "
            "to its supports, or to another shelf."
        )
    return (
        f"The shelf {name!r} would break: {mass:.3g} kg bend it to {100 * use:.0f} % of its strength. Take works off, "
        "move them nearer to its supports, or make it thicker (strength goes with the square of the thickness)."
    )
