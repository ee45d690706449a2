"""The command line: one command for each verb. `heartwright --help` teaches.

    heartwright run heart --sound heart.wav --judge --report heart.html
    heartwright listen my-watch.m4a --movement nh35

Exit status: 0 for an answer, 3 for an answer without a reading (too short, no beat, stopped), 2 for bad input. With
`--json` one object stands on standard output in each of these cases; messages and progress go to standard error.
"""

from heartwright.cli.app import main

__all__ = ["main"]
