"""Damaged sound files and session files: no crash, no hang, nothing half-written, memory bounded.

100,000 damaged sound files go through `listen.load` (a share through `listen.measure` and as long runs), 10,000 damaged
session files through the loader and every verb of `heartwright session`, in worker processes that are watched: one that
dies, or works more than ten seconds over a file, is noted and replaced. Then writing is broken off by kills and full
disks.

`make bench NAME=fuzz`; `QUICK=1` tries one case in a hundred. An interrupted run goes on from out/fuzz-*; delete those
when the program has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.common import bar, metric, quick
from benchmarks.fuzz import endings
from benchmarks.fuzz.trials import BAD, LOADED, MEASURED, REFUSED
from benchmarks.fuzz.worker import UNDER_WAY

SEED = 20261126
COUNTS = {"audio": 100_000, "sessions": 10_000}
WORKERS = 2
HANG_S, WAIT_S = 10.0, 90.0  # work over one file, and time over it, whatever else the machine does
MOST_MB = 1500.0
OUT = Path("out")


def run(kind: str, count: int, seed: int, out: Path, *, workers: int = WORKERS) -> dict[str, float]:
    """Try `count` cases of a kind; return how they ended."""
    state = out / f"fuzz-{kind}-{seed}-{count}.state"
    if not state.exists() or state.stat().st_size != count:
        for old in out.glob(f"{state.stem}.*"):
            old.unlink()
        state.write_bytes(bytes(count))
    marks = np.memmap(state, dtype=np.uint8, mode="r+")
    marks[marks == UNDER_WAY] = 0
    began, peak = time.perf_counter(), 0.0
    with tempfile.TemporaryDirectory(prefix="heartwright-fuzz-") as folder:
        peak = _watch(kind, seed, state, Path(folder), marks, workers)
    found = Counter(int(m) for m in np.asarray(marks))
    rows = _rows(state)
    return {
        "tried": count - found[0],
        "refused": found[REFUSED],
        "loaded": found[LOADED] + found[MEASURED],
        "measured": found[MEASURED],
        "bad": found[BAD],
        "slow": sum("slow_s" in r for r in rows),
        "peak_mb": max([peak, *(r["peak_mb"] for r in rows if "peak_mb" in r)]),
        "seconds": time.perf_counter() - began,
    }


def _watch(kind: str, seed: int, state: Path, folder: Path, marks: np.ndarray, count: int) -> float:
    """Keep the workers going until every case was tried; return the most memory that one of them held [MB]."""
    running: dict[int, subprocess.Popen[bytes]] = {}
    since: dict[int, tuple[int, float, float]] = {}
    peak, told = 0.0, 0.0
    lanes = [k for k in range(count) if (marks[k::count] == 0).any()]
    while lanes:
        for lane in list(lanes):
            worker = running.get(lane)
            if worker is None:
                running[lane] = _start(kind, seed, state, folder, lane, count)
                since[lane] = (-1, time.perf_counter(), 0.0)
                continue
            peak = max(peak, _held_mb(worker.pid))
            if worker.poll() is not None:
                _buried(state, folder, marks, lane, count, f"died with {worker.returncode}")
                del running[lane]
                if not (marks[lane::count] == 0).any():
                    lanes.remove(lane)
            elif _stuck(marks[lane::count], lane, since, _worked_s(worker.pid)):
                worker.kill()
                worker.wait()
                _buried(state, folder, marks, lane, count, "took too long")
                del running[lane]
        if time.perf_counter() - told > 1.0 and sys.stderr.isatty():
            told = time.perf_counter()
            print(f"\r{kind} {np.count_nonzero(marks):,}/{len(marks):,}", end="", file=sys.stderr, flush=True)
        time.sleep(0.1)
    return peak


def _start(kind: str, seed: int, state: Path, folder: Path, lane: int, count: int) -> subprocess.Popen[bytes]:
    own = folder / str(lane)
    own.mkdir(exist_ok=True)
    words = [
        sys.executable,
        "-m",
        "benchmarks.fuzz.worker",
        kind,
        str(seed),
        str(state),
        str(own),
        str(lane),
        str(count),
    ]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    with (folder / f"{lane}.err").open("wb") as errors:
        return subprocess.Popen(words, stdout=errors, stderr=errors, env=environment)


def _stuck(mine: np.ndarray, lane: int, since: dict[int, tuple[int, float, float]], worked_s: float) -> bool:
    """Whether a worker has worked at one case for more than HANG_S, or been at it for more than WAIT_S."""
    at = np.flatnonzero(mine == UNDER_WAY)
    case = int(at[0]) if len(at) else -1
    if case < 0 or case != since[lane][0]:
        since[lane] = (case, time.perf_counter(), worked_s)
    _, began, before = since[lane]
    return case >= 0 and (worked_s - before > HANG_S or time.perf_counter() - began > WAIT_S)


def _worked_s(pid: int) -> float:
    """CPU seconds of a running process; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def _buried(state: Path, folder: Path, marks: np.ndarray, lane: int, count: int, what: str) -> None:
    """Note the case at which a worker died or stuck."""
    at = np.flatnonzero(marks[lane::count] == UNDER_WAY) * count + lane
    if not len(at):
        if "died with 0" not in what:
            raise SystemExit(f"a worker {what} between cases: {(folder / f'{lane}.err').read_text('utf-8', 'replace')}")
        return
    marks[at] = BAD
    last = (folder / f"{lane}.err").read_text("utf-8", "replace")[-800:]
    with state.with_suffix(".parent.jsonl").open("a", encoding="utf-8") as told:
        for case in at:
            print(json.dumps({"case": int(case), "what": f"the process {what}", "trace": last.splitlines()}), file=told)


def _held_mb(pid: int) -> float:
    """Most memory a running process has held so far [MB]; 0 where the system does not tell."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((float(line.split()[1]) / 1024.0 for line in text.splitlines() if line.startswith("VmHWM")), 0.0)


def _rows(state: Path) -> list[dict[str, float]]:
    return [json.loads(line) for p in sorted(state.parent.glob(f"{state.stem}.*.jsonl")) for line in p.open()]


def main() -> None:
    """Run what is left of both kinds, then the endings; print the bars."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--share", type=int, default=100 if quick() else 1, help="one case in so many")
    parser.add_argument("--only", choices=[*COUNTS, "endings"])
    told = parser.parse_args()
    share = told.share
    OUT.mkdir(exist_ok=True)
    for kind, count in COUNTS.items():
        if told.only not in (None, kind):
            continue
        found = run(kind, count // share, told.seed, OUT, workers=told.workers)
        for name, value in found.items():
            metric(f"{kind}_{name}", value)
        state = OUT / f"fuzz-{kind}-{told.seed}-{count // share}.state"
        for row in [r for r in _rows(state) if "what" in r][:20]:
            print(f"  case {row['case']}: {row['what']}  {row.get('trace')}")
        well = found["bad"] == 0 and found["peak_mb"] <= MOST_MB
        bar(f"fuzz_{kind}", well, f"{found['bad']} of {found['tried']} went wrong, {found['peak_mb']:.0f} MB at most")
    if told.only in (None, "endings"):
        times = 1000 // share + 10
        with tempfile.TemporaryDirectory(prefix="heartwright-fuzz-") as folder:
            rooms = [Path(folder) / name for name in ("kills", "disks")]
            for room in rooms:
                room.mkdir()
            wrong = endings.killed(rooms[0], times, told.seed)
            refused = endings.full(rooms[1], times, told.seed)
        metric("kills", times)
        metric("full_disks", times)
        bar("fuzz_endings", not wrong and not refused, "; ".join([*wrong, *refused][:5]))


if __name__ == "__main__":
    main()
