"""Static geometry of works for the room: outlines, places and what turns them, from design and engine."""
