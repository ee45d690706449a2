"""Which galaxies an orb can be made with, and how finely they are stepped."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final

import numpy as np

from heartwright.records import Floats
from heartwright.works.galaxy.disc import disc
from heartwright.works.galaxy.force import Forces
from heartwright.works.galaxy.spheres import PLUMMER_SCALE, Bodies, hernquist, plummer, uniform

MODELS: Final[dict[str, Callable[..., Bodies]]] = {
    "plummer": plummer,
    "hernquist": hernquist,
    "uniform": uniform,
    "disc": disc,
}
FEWEST, MOST = 2, 200_000
#: Share of the softening that is best for a smooth sphere: cusps and thin discs want less, and steps as much shorter.
SHARPER: Final = {"hernquist": 0.75, "disc": 0.75}
#: Step over softening: longer where there is no cusp.
STEP_OF_SOFTENING: Final = 0.5
LONGEST: Final = 0.045
LONGER: Final = {"plummer": 0.65, "uniform": 0.65, "disc": 0.65}
#: Radius of the glass [m], the same in virial radii, mass of all bodies [kg], the map's pulse [s], a first pulse as a
#: share of the velocities, step [Henon units].
BOUNDS: Final = {
    "radius": (1e-3, 100.0), "wall": (0.1, 1e3), "mass": (1e-6, 1e6), "pulse_s": (1e-2, 1e5), "pulse": (-0.9, 2.0),
    "step": (1e-5, 1.0),
}  # fmt: skip
HARD: Final = 1e-3  # stands for no softening where the two are compared


def made(model: str, n: int, *, wall: float, seed: int, soft: float | None = None, **options: Any) -> Bodies:
    """Bodies of a model, their centre at rest in the middle; soft: the softening. Raises ValueError."""
    if model not in MODELS:
        near = get_close_matches(model, MODELS, 1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"model {model!r} is not known; there are {', '.join(MODELS)}{guess}")
    if not FEWEST <= n <= MOST:
        raise ValueError(f"n={n}: {FEWEST} to {MOST} bodies are allowed; 2000 go on live")
    if not 0.1 <= wall <= 1e3:
        raise ValueError(f"wall={wall:g} virial radii: 0.1 to 1000 is allowed, 4 is usual")
    known = {"halo", "toomre_q"} if model == "disc" else set()
    for name in options:
        if name not in known:
            raise ValueError(
                f"model {model!r} takes no {name!r}; it takes: {', '.join(sorted(known)) or 'nothing more'}"
            )
    if model == "disc":
        options["soft"] = softening("disc", n) if soft is None else soft
    return MODELS[model](n, wall, np.random.default_rng([seed, 0x6A1A]), **options).at_rest()


def bounded(**given: float | None) -> None:
    """Raises ValueError for a number out of its bounds; None is passed over."""
    for name, value in given.items():
        low, high = BOUNDS[name]
        if value is not None and not low <= value <= high:
            raise ValueError(f"{name}={value:g}: {low:g} to {high:g} is allowed")


def check(bodies: Bodies, *, softening: float | None) -> None:
    """Raises ValueError for bodies that cannot go on: none, not finite, without mass, too many, two in one place."""
    n = len(bodies)
    if not FEWEST <= n <= MOST:
        raise ValueError(f"{n} bodies: {FEWEST} to {MOST} are allowed; take part of a larger snapshot (n=20000)")
    for what, values in (("mass", bodies.mass), ("place", bodies.place), ("velocity", bodies.velocity)):
        bad = ~np.isfinite(values).reshape(n, -1).all(axis=1)
        if bad.any():
            raise ValueError(f"{what} of body {int(np.argmax(bad)) + 1} is not a finite number")
    if not (bodies.mass > 0.0).all():
        k = int(np.argmax(bodies.mass <= 0.0))
        raise ValueError(f"mass of body {k + 1} is {bodies.mass[k]:g}; masses above 0 are allowed: leave it out")
    if softening is not None and not 0.0 <= softening <= 10.0:
        raise ValueError(f"softening={softening:g} virial radii: 0 to 10 is allowed, 0.02 to 0.1 is usual")
    if softening == 0.0 and (pair := coincident(bodies.place)) is not None:
        i, j = pair
        raise ValueError(
            f"bodies {i + 1} and {j + 1} are in one place, where the pull without softening is infinite; "
            "give a softening (0.01), or move or merge them"
        )


def coincident(place: Floats) -> tuple[int, int] | None:
    """Two bodies in one place, by their numbers from 0; None where there are none."""
    order = np.lexsort(place.T)
    same = np.all(place[order][1:] == place[order][:-1], axis=1)
    if not same.any():
        return None
    k = int(np.argmax(same))
    i, j = sorted((int(order[k]), int(order[k + 1])))
    return i, j


def softening(model: str, n: int) -> float:
    """The softening [virial radii] with which the field of `n` bodies is nearest that of a smooth Plummer sphere.

    0.98 n^-0.26 Plummer scales [merritt1996, athanassoula2000]; sharper for a cusp or a disc.
    """
    return float(SHARPER.get(model, 1.0) * 0.98 * PLUMMER_SCALE * n**-0.26)


def step(soft: float, model: str = "") -> float:
    """Step of the leapfrog in Henon units: at the usual speed, 0.7, a body flies less than half a softening.

    As [rodionov2005] ask; and never longer than a tenth of 1/w of a swing through the centre of a Plummer sphere.
    """
    return min(LONGER.get(model, STEP_OF_SOFTENING) * soft, LONGEST) if soft > 0.0 else 0.005


def softened(bodies: Bodies, forces: Forces) -> Bodies:
    """A sphere with velocities slower by the root of what the softening takes of the virial, so that it balances."""
    if forces.softening <= 0.0:
        return bodies
    hard = Forces(min(HARD, forces.softening), forces.way, forces.opening, forces.threads)
    soft_pull, hard_pull = (
        float(np.sum(bodies.mass[:, None] * bodies.place * f.of(bodies.mass, bodies.place)[:, :3]))
        for f in (forces, hard)
    )
    return Bodies(bodies.mass, bodies.place, np.sqrt(soft_pull / hard_pull) * bodies.velocity, bodies.group)


def roomy(bodies: Bodies) -> float:
    """A wall [virial radii] that holds all bodies with a little room, or the inner 98 % where some lie far out."""
    r = np.linalg.norm(bodies.place, axis=1)
    return float(np.clip(1.1 * min(r.max(), 1.5 * np.quantile(r, 0.98)), 1.0, 100.0))


def within(bodies: Bodies, wall: float) -> tuple[Bodies, tuple[str, ...]]:
    """The bodies inside the wall, and a note where some are left out. Raises ValueError where hardly one is inside."""
    inside = np.sum(bodies.place**2, axis=1) < wall**2
    out = int((~inside).sum())
    if not out:
        return bodies, ()
    if len(bodies) - out < FEWEST:
        raise ValueError(f"wall={wall:g} virial radii: {out} of {len(bodies)} bodies lie beyond it; make it wider")
    kept = Bodies(bodies.mass[inside], bodies.place[inside], bodies.velocity[inside], bodies.group[inside])
    return kept, (f"{out} of {len(bodies)} bodies lie beyond the glass and are left out",)
