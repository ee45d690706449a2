"""From timed beats to what a reading says: figures, the table, odd beats, other sounds and other movements."""
