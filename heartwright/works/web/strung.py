"""How a graph becomes a hung web: places, anchors, threads with their tension, and the time step that suits them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats
from heartwright.works.web import layout
from heartwright.works.web.mesh import Threads
from heartwright.works.web.net import Net, count

BUDGET = 8e7  # points times steps a second that a web may cost,
PER_THREAD = 13  # where a thread costs as much as so many points besides its own
SLOWEST_HZ, QUICKEST_HZ = 2_000.0, 48_000.0
SHORTEST = 0.25  # no thread is shorter than this share of the median one
TIGHTER = 2.0  # the step is short enough for tensions that much higher


@dataclass(frozen=True, slots=True)
class Hung:
    """Where nodes hang: places [n, 3] [m], normals [n, 3], anchored [n]; told for people."""

    places: Floats
    normals: Floats
    anchored: NDArray[np.bool_]
    told: tuple[str, ...]


def hang(
    net: Net, *, seed: int, size: float, surface: str, places: Floats | None, anchors: Sequence[Any] | None,
    node: Callable[[Any], int],
) -> Hung:  # fmt: skip
    """Lay a net out, unless places are given, and anchor it; `node` finds a named anchor. Raises ValueError."""
    n = len(net.names)
    if places is None:
        disc = layout.flat(net, seed)
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
    viscosity: float,
) -> tuple[Threads, tuple[str, ...]]:  # fmt: skip
    """Threads between placed nodes, and what is to be told. Raises ValueError where they have no length."""
    a, b = net.ends.T
    length = np.linalg.norm(places[a] - places[b], axis=1)
    least = SHORTEST * float(np.median(length))
    if least <= 0.0:
        raise ValueError("most threads have no length; give places that differ, or none")
    short = int(np.sum(length < least))
    told = (f"{count(short, 'thread')} would be under {1e3 * least:.1f} mm: laid as long as that",) if short else ()
    weight = np.clip(net.weight / np.median(net.weight), 0.25, 4.0)
    scatter = np.clip(1.0 + uneven * np.random.default_rng([seed, 79]).standard_normal(len(a)), 0.2, 3.0)
    threads = Threads(
        net.ends, np.maximum(length, least), tension * weight * scatter, np.ones(len(a), bool), density, bending,
        viscosity,
    )  # fmt: skip
    return threads, told


def step_for(threads: Threads) -> float:
    """The time step [s]: as many points as the budget allows, and short enough for tighter threads."""
    time = threads.length / threads.speed
    whole, besides = float(np.sum(time)), 0.5 * PER_THREAD * len(time)
    rate = (np.sqrt(besides**2 + whole * BUDGET) - besides) / whole  # rate (whole rate + 2 besides) = BUDGET
    rate = float(np.clip(rate, SLOWEST_HZ, QUICKEST_HZ))
    step = min(1.0 / rate, float(time.min()) / np.sqrt(TIGHTER))
    while np.any(threads.segments(step) < 1):
        step *= 0.9
    return step
