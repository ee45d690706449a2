"""Finding the beat: onset strength, the pulse, the count, other clocks in the room."""
