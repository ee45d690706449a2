"""What metal does when it is asked too much: pure functions from a trace or a force to the edits that arise."""
