"""The static scene of a design: what there is to see, where it stands, and what turns it.

    scene(Design.load("heart"))["parts"]     # extrusions, turned parts, springs ... as plain data for JSON

Outlines of escapement and stones are those of the engine's solids; trains are laid out and phased so that they mesh;
lengths in m, angles in rad. Frame: x right, y up (twelve o'clock, as gravity in the engine), z towards the viewer.
A drive names a rotor of the trace or, for the heart, a column of the pump's record, in the order given here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heartwright.design import Design
from heartwright.design.escapement import SwissLever
from heartwright.studio.drawing import clock, heart, watch
from heartwright.studio.drawing.pieces import Piece, turned_by
from heartwright.studio.drawing.pumpworks import REED_LIFT_DRAWN
from heartwright.works import pump

VERSION = 1
#: What stands before the escapement and is seen through when one looks at it.
COVERS = {
    "heart": ("escape bridge", "balance cock", "balance", "timing screw", "vane", "fly arm"),
    "watch": ("balance cock", "pallet cock", "last bridge", "balance", "timing screw"),
    "clock": ("front plate",),
}
#: Rotors that swing a little only, and how far a box allows for [rad].
SWINGS, SWINGS_FAR = ("fork", "pendulum"), 0.12


def scene(design: Design) -> dict[str, Any]:
    """Everything the room needs to draw a design, as plain data. Raises ValueError where its train has no plan."""
    mount = {"heart": "heart", "pendulum": "clock"}.get(design.kind, "watch")
    build = {"heart": heart.pieces, "clock": clock.pieces, "watch": watch.pieces}[mount]
    parts, contacts, views = build(design)
    lever = isinstance(design.escapement, SwissLever)
    for part in parts:
        if part["name"].startswith(COVERS[mount]) and not {"leg", "foot", "staff", "hub"} & set(part["name"].split()):
            part["cover"] = True
    return {
        "version": VERSION,
        "design": design.name,
        "title": design.title,
        "kind": design.kind,
        "rotors": ["escape wheel", "fork", "balance"] if lever else ["escape wheel", "pendulum"],
        "extras": list(pump.RECORD) if mount == "heart" else [],
        "box": _box(parts),
        "parts": parts,
        "contacts": contacts,
        "views": views,
        "mount": mount,
        "enlarged": {"lift of the reeds": REED_LIFT_DRAWN} if mount == "heart" else {},
        "notes": _notes(mount),
    }


def _notes(mount: str) -> list[str]:
    """What the drawing simplifies."""
    notes = [
        "The train's wheels follow the last arbor by their tooth counts; the engine carries the train as one inertia.",
        "Teeth of the train are cycloidal after the trade's proportions; the design gives counts and modules.",
    ]
    if mount == "heart":
        notes.append(
            "Places of arbors, frame and pipes are the drawing's; distances, cam, reeds and bellows the design's."
        )
        notes.append(f"The lift of the reeds is drawn {REED_LIFT_DRAWN:g} times as large as it is.")
    return notes


def _box(parts: list[Piece]) -> list[float]:
    """Corners of everything [m]: low x, y, z, high x, y, z."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for part in parts:
        a, b = extent(part)
        low, high = np.minimum(low, a), np.maximum(high, b)
    return [round(float(v), 6) for v in (*low, *high)]


def extent(part: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a part in the scene, whatever way it is turned [m]."""
    at = np.array([part["x"], part["y"], part["z"]])
    if part["type"] == "extrude":
        points = np.concatenate([np.reshape(s["outer"], (-1, 2)) for s in part["shapes"]])
        if part.get("turn", {}).get("name") in SWINGS:
            points = np.concatenate([turned_by(points, a) for a in (-SWINGS_FAR, SWINGS_FAR)])
        elif "turn" in part:
            r = float(np.hypot(points[:, 0], points[:, 1]).max())
            points = np.array([(-r, -r), (r, r)])
        low, high = points.min(axis=0), points.max(axis=0)
        return at + np.array([*low, 0.0]), at + np.array([*high, part["depth"]])
    if part["type"] == "tube":
        path = np.reshape(part["path"], (-1, 3))
        return at + path.min(axis=0) - part["radius"], at + path.max(axis=0) + part["radius"]
    if part["type"] == "turned":
        profile = np.reshape(part["profile"], (-1, 2))
        r, low_h, high_h = profile[:, 0].max(), profile[:, 1].min(), profile[:, 1].max()
        dx, dy = part.get("shift", (0.0, 0.0))
        axis = "xyz".index(part["axis"])
        low, high = np.full(3, -r), np.full(3, r)
        low[axis], high[axis] = low_h, high_h
        return at + low + [dx, dy, 0.0], at + high + [dx, dy, 0.0]
    r = max(float(part[key]) for key in ("outer", "radius", "length") if key in part)
    return at - r, at + r
