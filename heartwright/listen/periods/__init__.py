"""What recurs in the beats at the periods of wheels."""
