"""What every benchmark prints: `metric value` lines, a fixed calibration loop, and bars that are met or short.

The calibration loop is the same work on every machine, so that times of two machines can be compared as ratios.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numba import njit

CALIBRATION_STEPS = 20_000_000
Result = TypeVar("Result")


def quick() -> bool:
    """Whether `QUICK=1` asks for a run that ends within a minute."""
    return os.environ.get("QUICK", "") not in ("", "0")


def metric(name: str, value: float) -> None:
    """Print one figure as `name value`."""
    print(f"{name} {value:.6g}", flush=True)


def bar(name: str, met: bool, why: str) -> None:
    """Print whether a bar is met; `why` carries the figures."""
    print(f"bar {name} {'met' if met else f'short: {why}'}", flush=True)


def kept(file: Path, key: str) -> dict[str, dict[str, Any]]:
    """Rows measured so far, one JSON object a line, by what stands under `key`."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    rows = [json.loads(line) for line in lines if line.strip()]
    return {json.dumps(row[key]): row for row in rows}


def measured(file: Path, key: str, wanted: Sequence[Any], one: Callable[[Any], dict[str, Any]]) -> list[dict[str, Any]]:
    """The row of every case `wanted`, from the kept file where it is there, else made by `one` now on two cores."""
    file.parent.mkdir(exist_ok=True)
    have = kept(file, key)
    todo = [case for case in wanted if json.dumps(list(case)) not in have]
    with multiprocessing.Pool(min(2, os.cpu_count() or 1)) as pool, file.open("a", encoding="utf-8") as out:
        for done, row in enumerate(pool.imap_unordered(one, todo), 1):
            print(json.dumps(row), file=out, flush=True)
            print(f"\r{done}/{len(todo)} takes", end="", file=sys.stderr, flush=True)
    have = kept(file, key)
    return [have[json.dumps(list(case))] for case in wanted]


def cpu(work: Callable[[], Result]) -> tuple[float, Result]:
    """CPU seconds of this process that `work` took, and what it returned."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def least_cpu(work: Callable[[], Result], *, times: int) -> tuple[float, Result]:
    """Least CPU seconds over several calls (what others do on the machine only adds), and the last result."""
    runs = [cpu(work) for _ in range(times)]
    return min(seconds for seconds, _ in runs), runs[-1][1]


@njit(cache=False)
def _oscillate(steps: int) -> float:
    """A fixed number of steps of a damped, kicked oscillator: additions, multiplications and one root a step."""
    x, w = 1.0, 0.0
    for i in range(steps):
        w -= 1e-3 * x + 1e-6 * w
        x += 1e-3 * w
        if i % 1000 == 0:
            w += 1e-6 * np.sqrt(1.0 + x * x)
    return x


def calibration_s() -> float:
    """CPU seconds of the calibration loop on this machine now (least of five)."""
    _oscillate(10)
    return least_cpu(lambda: _oscillate(CALIBRATION_STEPS), times=5)[0]


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far (nan where the system does not tell)."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return float("nan")
    fields = stat.read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
