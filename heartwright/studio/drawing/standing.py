"""The scene of a standing work, by its kind, as plain data."""

from __future__ import annotations

from heartwright.studio.drawing import gyroscope, orb, web
from heartwright.studio.drawing.pieces import Piece
from heartwright.work import Work

VERSION = 1
_SCENES = {"gyroscope": gyroscope.scene, "galaxy": orb.scene, "web": web.scene}


def scene(work: Work) -> Piece:
    """What the room needs to draw it. Raises ValueError for a kind that it does not know."""
    if work.kind == "clockwork":
        from heartwright.studio import scene as movement

        return movement.scene(work.design)  # type: ignore[attr-defined]
    draw = _SCENES.get(work.kind)
    if draw is None:
        raise ValueError(f"a {work.kind} cannot be drawn; what can: {', '.join(_SCENES)}")
    return {"version": VERSION, "standing": True, "kind": work.kind, "title": work.name, **draw(work)}
