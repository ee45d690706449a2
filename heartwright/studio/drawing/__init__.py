"""Static geometry of works for the room: outlines, places and what turns them, all from the design and the engine's faces."""
