"""A galaxy in an orb as plain data: how many bodies, of which group, how bright each is."""

from __future__ import annotations

from typing import Any

import numpy as np

from heartwright.studio.drawing.pieces import Piece, rounded

NOTES = (
    "Each point is a body of the run, at its place in the glass; colours tell the groups that it was made of.",
    "How bright a point is follows the density about it when it was first drawn; the glow follows the densest part.",
)


def scene(work: Any) -> Piece:
    """Bodies [n] with group and brightness 0 to 1, and the radius of the glass [m]."""
    return {
        "type": "galaxy",
        "n": int(work.n),
        "radius": round(float(work.radius), 6),
        "group": np.asarray(work.group, int).tolist(),
        "brightness": rounded(np.clip(np.nan_to_num(work.brightness()), 0.0, 1.0), 3),
        "notes": list(NOTES),
    }
