"""The seats of a coupled room: a work and where it stands, what it was told and gave back, how the support goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.records import Floats, Ledger
from heartwright.work import Work
from heartwright.works.support import Frame, Load

USUAL_STEP = 0.008  # of a work that does not say [s]
STEP_OF_KIND = {"gyroscope": 0.002, "galaxy": 0.016, "web": 0.004}
LEAST_STEP, LONGEST_STEP = 2.5e-4, 0.016


@dataclass(frozen=True, slots=True)
class On:
    """A work and where it stands: on which shelf, how far along it [m]."""

    work: Work
    shelf: str
    along: float


@dataclass(slots=True)
class Seat:
    """What the coupling keeps of a work: where it stands, its step, and its books with the stand at the start."""

    on: On
    load: Load
    every: int  # base steps
    place: Floats  # in the room [m]
    knows: bool  # whether it tells its momentum
    foretells: bool  # whether it tells what it will do next
    joint0: float = 0.0
    stand0: float = 0.0


@dataclass(slots=True)
class Told:
    """What was told to and given back by each work, a row each."""

    believed: Floats  # velocity that it was told [m/s, rad/s], [n_work, 6]
    force: Floats  # mean over its step, [n_work, 6]
    given: Floats  # the same on the support's coordinates, [n_work, n]
    foretold: Floats  # what it said beforehand that force would be on a stand that stood still, [n_work, 6]
    momentum: Floats  # [n_work, 6]
    on_support: Floats  # work done on the support [J], [n_work]


def propagator(frame: Frame, dt: float) -> tuple[Floats, Floats]:
    """(Phi, Gamma): state after dt is Phi (q, q') + Gamma Q, for generalised forces Q held over dt; exact."""
    from scipy.linalg import expm

    n = len(frame.names)
    inverse = np.linalg.inv(frame.light)
    a = np.zeros((3 * n, 3 * n))
    a[:n, n : 2 * n] = np.eye(n)
    a[n : 2 * n, :n], a[n : 2 * n, n : 2 * n] = -inverse @ frame.stiffness, -inverse @ frame.damping
    a[n : 2 * n, 2 * n :] = inverse
    e = expm(a * dt)
    return np.ascontiguousarray(e[: 2 * n, : 2 * n]), np.ascontiguousarray(e[: 2 * n, 2 * n :])


def step_of(work: Work, longest: float) -> float:
    """The step of the exchange that a work asks for, within bounds [s]."""
    asked = float(getattr(work, "coupling_s", STEP_OF_KIND.get(work.kind, USUAL_STEP)))
    return min(max(asked, LEAST_STEP), longest)


def momentum_of(work: Work) -> Floats:
    """A work's momentum and angular momentum relative to its stand, 0 where it does not tell, shape (6,)."""
    known = getattr(work, "momentum", None)
    return np.zeros(6) if known is None else np.asarray(known, float)


def load_of(on: On) -> Load:
    loose, at = getattr(on.work, "loose", (0.0, (0.0, 0.0, 0.0)))
    return Load(on.work.name, on.shelf, on.along, on.work.mass, loose, at)


def total_of(books: Ledger) -> tuple[float, float, float]:
    return books.drive_j, sum(books.spent_j.values()), books.stored_j
