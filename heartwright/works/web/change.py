"""Cutting and tightening a web that goes on: the mesh is laid anew, the state carried over, the jump booked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from heartwright.works.web.mesh import Threads, mesh, moved
from heartwright.works.web.net import count

if TYPE_CHECKING:
    from heartwright.works.web.web import Web


def cut(web: Web, thread: int) -> str:
    """Part a thread: its energy is spent; what then hangs on no anchor falls, and its energy too."""
    alive = web.strings.alive.copy()
    alive[thread] = False
    fallen = alive & ~_held(web, alive)
    alive &= ~fallen
    before = web.energy
    _lay(web, replace(web.strings, alive=alive))
    web.spent_j["cut"] += before - web.energy
    web.stale = True
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
    web.stale = True
    what = "every thread" if thread < 0 else web.between(thread)
    return f"{what} is at {factor:.3g} times its tension"


def _held(web: Web, alive: np.ndarray) -> np.ndarray:
    """Which threads hang on an anchor, if need be through others."""
    n, ends = len(web.names), web.threads[alive]
    linked = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n))
    _, piece = connected_components(linked, directed=False)
    held: np.ndarray = np.isin(piece, piece[web.anchored])[web.threads[:, 0]]
    return held


def _lay(web: Web, strings: Threads) -> None:
    new = mesh(strings, web.bead, web.anchored, web.step)
    web.u, web.w = moved(web.mesh, new, web.u), moved(web.mesh, new, web.w)
    bare = np.diff(new.tips) == 0
    web.node_u[bare] = web.node_w[bare] = 0.0
    web.forces = [f for f in web.forces if f[1] < 0 and not bare[int(-1 - f[1])]]
    web.strings, web.mesh = strings, new
    web._laid()
