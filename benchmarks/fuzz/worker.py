"""A process that tries cases one after the other, and says by one byte a case how far it is.

Run as `python -m benchmarks.fuzz.worker KIND SEED STATE FOLDER FIRST STEP`. The state file has a byte for each case: 0
not tried, 1 refused, 2 loaded, 3 measured, 9 bad, 255 under way. A case that kills the process leaves its 255 behind;
the parent sees that, writes 9, and starts another worker.
"""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import resource
import sys
import time
import traceback
from pathlib import Path

from benchmarks.fuzz import trials

UNDER_WAY = 255
MOST_ADDRESSES = 6 << 30  # what a header promises is never fetched: 6 GB of address space are all there is
SLOW_S = 2.0


def work(kind: str, seed: int, state: Path, folder: Path, first: int, step: int) -> None:
    """Try the cases first, first + step, ... that were not tried yet."""
    faulthandler.enable()
    trials.prepare()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESSES, MOST_ADDRESSES))
    parent = os.getppid()
    attempt = {"audio": trials.hear, "sessions": trials.keep}[kind]
    notes = state.with_suffix(f".{first}.jsonl")
    with state.open("r+b") as file, mmap.mmap(file.fileno(), 0) as marks, notes.open("a", encoding="utf-8") as told:
        for number in range(first, len(marks), step):
            if marks[number] != 0:
                continue
            if os.getppid() != parent:
                return  # nobody watches any more
            marks[number] = UNDER_WAY
            began = time.process_time()
            try:
                marks[number] = attempt(seed, number, folder)
            except BaseException as wrong:  # every way of going wrong is what this bench looks for
                if isinstance(wrong, KeyboardInterrupt):
                    marks[number] = 0
                    raise
                marks[number] = trials.BAD
                row = {"case": number, "what": f"{type(wrong).__name__}: {wrong}"[:300], "trace": _last(wrong)}
                print(json.dumps(row), file=told, flush=True)
            seconds = time.process_time() - began
            if seconds > SLOW_S:
                print(json.dumps({"case": number, "slow_s": round(seconds, 2)}), file=told, flush=True)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        print(json.dumps({"peak_mb": round(peak, 1)}), file=told, flush=True)


def _last(wrong: BaseException) -> list[str]:
    return [
        f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in traceback.extract_tb(wrong.__traceback__)[-6:]
    ]


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6]))
