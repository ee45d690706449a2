"""The command line: one command for each verb. `heartwright --help` teaches.

    heartwright run heart --sound heart.wav --judge --report heart.html
    heartwright listen my-watch.m4a --movement nh35

Exit status: 0 for an answer, 3 for an answer without a reading (too short, no beat, stopped), 2 for bad input. With
`--json` one object stands on standard output in each of these cases; messages and progress go to standard error.
"""

import os

# Listening solves many small systems: a second thread of the linear algebra only waits, and where other programs use
# the cores it waits for long (measured on two busy cores: 2 s with one thread, 26 s with two). Before numpy is there.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from heartwright.cli.app import main

__all__ = ["main"]
