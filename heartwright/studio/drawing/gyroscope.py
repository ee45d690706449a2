"""A gyroscope as plain data: the page turns rotor and axle, and draws stand or gimbals round them."""

from __future__ import annotations

from typing import Any

from heartwright.studio.drawing.pieces import Piece

NOTES = (
    "Stand, gimbals and spokes are the drawing's; rotor, axle and their motion the run's.",
    "Above a turn between two pictures the spokes are drawn as the blur that an eye would see.",
)


def scene(work: Any) -> Piece:
    """Sizes [m] and what holds it up: a point below it, or gimbals about its middle."""
    return {
        "type": "gyroscope",
        "rotor_radius": round(float(work.rotor_radius), 6),
        "rotor_thickness": round(float(work.rotor_thickness), 6),
        "pivot_to_centre": round(float(work.pivot_to_centre), 6),
        "mount": str(work.mount),
        "notes": list(NOTES),
    }
