"""What may be done to a web: pluck it, let it have a thought, cut and tighten its threads.

A pluck is a finger that draws for 20 ms and lets go; a thought swings a node once to and fro within 3 ms, which sends a
pulse of a raised cosine of height A along each of its threads: the force is pi A sum(Z) / 3 ms. Both act on the state
that lives, so that they are heard, seen and booked as what they do. For a cut, or another tension, the mesh is laid
anew, the state carried over and the jump of energy booked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from heartwright.work import Deed, Span
from heartwright.works.web import waves
from heartwright.works.web.mesh import Threads, mesh, moved
from heartwright.works.web.net import count

if TYPE_CHECKING:
    from heartwright.works.web.web import Web

PLUCK_S, THOUGHT_S = 0.02, 0.003
LEAST_STEPS = 8.0  # of a force
THOUGHT_M = 1e-3  # height of a thought of strength 1
MOST_FORCES = 64  # at a time; the oldest give way


def known(web: Web) -> tuple[Deed, ...]:
    """The deeds and their amounts."""
    n, m = len(web.names) - 1, len(web.threads) - 1
    node = Span(0, n, float(np.argmin(web.anchored)))
    thread = Span(-1, m, -1)
    return (
        Deed("pluck", "Pluck", "Draw a node aside, or the middle of a thread, and let go.",
             {"node": node, "thread": thread, "force": Span(0.0, 1.0, 0.1, "N")}),
        Deed("thought", "Have a thought", "A pulse leaves a node along all its threads.",
             {"node": node, "strength": Span(0.0, 5.0, 1.0)}),
        Deed("cut", "Cut", "Part a thread for good.", {"thread": Span(0, m, 0)}),
        Deed("tighten", "Tighten", "Change the tension of a thread, or (-1) of all.",
             {"thread": thread, "factor": Span(0.25, 4.0, 1.2)}),
    )  # fmt: skip


def do(web: Web, deed: str, given: Mapping[str, float]) -> str:
    """Carry out a deed whose amounts were checked. Raises ValueError where it cannot be done there."""
    thread = round(given.get("thread", -1))
    if thread >= 0 and not web.strings.alive[thread]:
        raise ValueError(f"thread {thread} is cut already; choose another")
    if deed == "pluck":
        return pluck(web, round(given["node"]), thread, given["force"])
    if deed == "thought":
        return think(web, round(given["node"]), given["strength"])
    return cut(web, thread) if deed == "cut" else tighten(web, thread, given["factor"])


def fast(web: Web) -> NDArray[np.bool_]:
    """Nodes that cannot be moved: anchored, or without a thread."""
    return web.anchored | (web.mesh.node_mass == 0.0)


def pluck(web: Web, node: int, thread: int, force: float) -> str:
    """Draw the middle of a thread, or (thread -1) a node, and let go."""
    m = web.mesh
    if thread >= 0 and m.segments[thread] > 1:
        where, what = float(m.first[thread] + 1 + m.segments[thread] // 2), web.between(thread)
    else:
        if thread >= 0:  # a thread without a point of its own is plucked at an end
            node = next((int(end) for end in web.threads[thread] if not web.anchored[end]), node)
        _must_move(web, node)
        where, what = float(-1 - node), web.names[node]
    _push(web, waves.PLUCK, where, force, PLUCK_S)
    return f"{what} is drawn with {force:.3g} N and let go"


def think(web: Web, node: int, strength: float) -> str:
    """Let a pulse leave a node along all its threads."""
    _must_move(web, node)
    threads = web.mesh.tip_thread[web.mesh.tips[node] : web.mesh.tips[node + 1]]
    impedance = float(np.sum(np.sqrt(web.strings.tension[threads] * web.strings.density)))
    _push(web, waves.THOUGHT, float(-1 - node), np.pi * strength * THOUGHT_M * impedance / THOUGHT_S, THOUGHT_S)
    return f"a thought leaves {web.names[node]} along {count(len(threads), 'thread')}"


def _must_move(web: Web, node: int) -> None:
    if fast(web)[node]:
        why = "is anchored" if web.anchored[node] else "hangs on no thread"
        raise ValueError(f"{web.names[node]} (node {node}) {why}; choose another node")


def _push(web: Web, shape: int, where: float, force: float, seconds: float) -> None:
    web.forces = [f for f in web.forces if f[3] + f[4] > web.done][-MOST_FORCES + 1 :]
    steps = max(LEAST_STEPS, float(round(seconds / web.step)))
    web.forces.append((float(shape), where, force, float(web.done), steps))


def cut(web: Web, thread: int) -> str:
    """Part a thread: its energy is spent; what then hangs on no anchor falls, and its energy too."""
    alive = web.strings.alive.copy()
    alive[thread] = False
    fallen = alive & ~_held(web, alive)
    alive &= ~fallen
    before = web.energy
    _lay(web, replace(web.strings, alive=alive))
    web.spent_j["cut"] += before - web.energy
    more = f"; with it fell {int(np.sum(fallen)):,} that hung on no anchor" if np.any(fallen) else ""
    return f"{web.between(thread)} is cut{more}"


def tighten(web: Web, thread: int, factor: float) -> str:
    """Change tension; the vibration's share of the work is booked as drive (the stretch itself is not in the books)."""
    tension = web.strings.tension.copy()
    which = slice(None) if thread < 0 else slice(thread, thread + 1)
    tension[which] *= factor
    strings = replace(web.strings, tension=tension)
    quick = strings.alive & (strings.segments(web.step) < 1)
    if np.any(quick):
        raise ValueError(
            f"factor={factor:g}: {int(np.sum(quick)):,} threads would be too tight to be followed; take less"
        )
    before = web.energy
    _lay(web, strings)
    web.drive_j += web.energy - before
    what = "every thread" if thread < 0 else web.between(thread)
    return f"{what} is at {factor:.3g} times its tension"


def _held(web: Web, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which threads hang on an anchor, if need be through others."""
    n, ends = len(web.names), web.threads[alive]
    linked = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    _, piece = connected_components(linked, directed=False)
    held: NDArray[np.bool_] = np.isin(piece, piece[web.anchored])[web.threads[:, 0]]
    return held


def _lay(web: Web, strings: Threads) -> None:
    new = mesh(strings, web.bead, web.anchored, web.step)
    web.u, web.w = moved(web.mesh, new, web.u), moved(web.mesh, new, web.w)
    bare = new.node_mass == 0.0
    web.node_u[bare] = web.node_w[bare] = 0.0
    web.forces = [f for f in web.forces if f[1] < 0 and not bare[int(-1 - f[1])]]
    web.strings, web.stale = strings, True
    web.follow(new)
