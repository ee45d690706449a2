"""Timing the sounds of each beat: folded beats, landmarks, waveforms and modes."""
