"""A web of thread as plain data: where its nodes hang, which way they swing, which threads join them, their names."""

from __future__ import annotations

from typing import Any

import numpy as np

from heartwright.studio.drawing.pieces import Piece, rounded

THOUGHTS = 16  # shown at once
NAMES_MOST = 6_000
NOTES = (
    "Nodes swing along their own normals; how far is drawn larger than it is, by the scale that the work gives.",
    "A thread's brightness is its share of the sound's energy; a spark is a pulse on its way.",
)


def scene(work: Any) -> Piece:
    """Places [n, 3] and normals [n, 3] of the nodes, flat; threads [m, 2], flat; names of the nodes."""
    places = np.asarray(work.places, float)
    return {
        "type": "web",
        "nodes": len(places),
        "places": rounded(places, 5),
        "normals": rounded(work.normals, 4),
        "threads": np.asarray(work.threads, int).ravel().tolist(),
        "names": [str(name)[:80] for name in work.names][:NAMES_MOST],
        "shown_scale": float(work.shown_scale),
        "thoughts": THOUGHTS,
        "notes": list(NOTES),
    }
