"""How a graph becomes a hung web: places, anchors, threads with their tension, and the time step that suits them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats
from heartwright.works.web import layout
from heartwright.works.web.mesh import Threads
from heartwright.works.web.net import Net, count

BUDGET = 5e7  # points times steps a second that a web may cost,
PER_THREAD = 13  # where a thread costs as much as so many points besides its own
SLOWEST_HZ, QUICKEST_HZ = 2_000.0, 48_000.0
LEAST_STEPS = 1.5  # that a wave takes for the median thread
SHORTEST = 0.25  # no thread is shorter than this share of the median one,
WIDTH_M, WIDEST_M = 0.6, 1.2  # of a web where nobody says: so wide that its median thread is as long as
USUAL_M = 0.01  # this, within these bounds
TIGHTER = 1.5  # nor than what waves run in a step where the tension is that much higher


@dataclass(frozen=True, slots=True)
class Hung:
    """Where nodes hang: places [n, 3] [m], normals [n, 3], anchored [n]; told for people."""

    places: Floats
    normals: Floats
    anchored: NDArray[np.bool_]
    told: tuple[str, ...]


def hang(
    net: Net, *, seed: int, size: float | None, surface: str, places: Floats | None, anchors: Sequence[Any] | None,
    node: Callable[[Any], int],
) -> Hung:  # fmt: skip
    """Lay a net out, unless places are given, and anchor it; `node` finds a named anchor. Raises ValueError."""
    n = len(net.names)
    if places is None:
        disc = layout.flat(net, seed)
        if size is None:
            a, b = disc[net.ends.T]
            size = float(np.clip(2.0 * USUAL_M / np.median(np.hypot(*(a - b).T)), WIDTH_M, WIDEST_M))
        at, normals = layout.hung(disc, size=size, surface=surface)
    else:
        at = np.array(places, float)
        if at.shape != (n, 3) or not np.all(np.isfinite(at)):
            raise ValueError(f"places of shape {at.shape}; ({n}, 3) finite numbers [m] are wanted")
        disc = at[:, :2] - at[:, :2].mean(0)
        normals = np.tile([0.0, 0.0, 1.0], (n, 1))
    told: tuple[str, ...] = ()
    if anchors is None:
        chosen = layout.outermost(disc, net.piece)
    else:
        chosen = np.array([node(a) for a in anchors], np.int64)
        without = np.setdiff1d(np.arange(net.pieces), net.piece[chosen])
        far = np.hypot(*disc.T)
        more = [int(np.argmax(np.where(net.piece == p, far, -1.0))) for p in without]
        if more:
            told = (f"{count(len(more), 'piece')} without an anchor: anchored at the outermost node",)
        chosen = np.concatenate([chosen, np.array(more, np.int64)])
    anchored = np.zeros(n, bool)
    anchored[chosen] = True
    return Hung(at, normals, anchored, told)


def string(
    net: Net, places: Floats, *, seed: int, tension: float, uneven: float, density: float, bending: float,
    viscosity: float, step: float | None,
) -> tuple[Threads, float, tuple[str, ...]]:  # fmt: skip
    """Threads between placed nodes, their time step, what is to be told. Raises ValueError where none has a length."""
    a, b = net.ends.T
    length = np.linalg.norm(places[a] - places[b], axis=1)
    if np.median(length) <= 0.0:
        raise ValueError("most threads have no length; give places that differ, or none")
    weight = np.clip(net.weight / np.median(net.weight), 0.25, 4.0)
    scatter = np.clip(1.0 + uneven * np.random.default_rng([seed, 79]).standard_normal(len(a)), 0.2, 3.0)
    tensions = tension * weight * scatter
    time = np.maximum(length, SHORTEST * float(np.median(length))) / np.sqrt(tensions / density)
    step = step_for(time) if step is None else step
    threads = Threads(net.ends, length, tensions, np.ones(len(a), bool), density, bending, viscosity)
    least = np.maximum(SHORTEST * float(np.median(length)), threads.shortest(step, TIGHTER))
    short = int(np.sum(length < least))
    much = f"{count(short, 'thread')} would be under {1e3 * float(np.median(least)):.2g} mm or so: laid as long as that"
    return replace(threads, length=np.maximum(length, least)), step, (much,) if short else ()


def step_for(time: Floats) -> float:
    """The time step [s] for threads that waves pass in `time` [m]: as many points as the budget allows."""
    whole, besides = float(np.sum(time)), 0.5 * PER_THREAD * len(time)
    rate = (np.sqrt(besides**2 + whole * BUDGET) - besides) / whole  # rate (whole rate + 2 besides) = BUDGET
    rate = max(float(rate), LEAST_STEPS / float(np.median(time)), SLOWEST_HZ)
    return 1.0 / min(rate, QUICKEST_HZ)
