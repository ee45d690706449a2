"""What listening costs: CPU, memory over a day, start-up, and how soon a live figure comes.

    make bench NAME=listen_speed            with 24 h of sound
    QUICK=1 make bench NAME=listen_speed    with one hour

CPU is that of this process for each second of 48 kHz mono, after start-up and decoding: the least over six rounds of
calls (a shared machine is slow for seconds at a time), for takes of 60 s of three rates at 20 and 40 dB, with
amplitude; the worst of them counts. Memory and count are those of a process of its own (stream.py), which makes its
sound as it goes. Start-up is the wall time of `heartwright listen demo` (24 s of sound), the least of seven, and of the
same program told only to print its help.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import takes  # noqa: E402
from common import bar, calibration_s, cpu, metric, quick  # noqa: E402

from heartwright import listen  # noqa: E402
from heartwright.listen.hours.live import Live  # noqa: E402

CPU_BAR, MEMORY_BAR_MB, START_BAR_S, FIRST_BAR_S = 0.004, 500.0, 1.5, 3.0
SECONDS = 60.0
CASES = ((18_000.0, 20.0), (18_000.0, 40.0), (21_600.0, 40.0), (28_800.0, 20.0), (28_800.0, 40.0))


def take(bph: float, snr_db: float, seconds: float, seed: int) -> listen.ear.Recording:
    made = takes.make(takes.Plan(bph=bph, seconds=seconds), seed=seed)
    return takes.record(made, snr_db=snr_db, seed=seed + 1)


def cpu_per_second() -> None:
    recordings = [take(bph, snr_db, SECONDS, seed) for seed, (bph, snr_db) in enumerate(CASES)]
    least = np.full(len(CASES), np.inf)
    for _round in range(2 if quick() else 6):
        for k, recording in enumerate(recordings):
            spent, reading = cpu(lambda r=recording: listen.measure(r, lift_deg=52.0))
            assert reading.status == "ok"
            least[k] = min(least[k], spent / SECONDS)
    for (bph, snr_db), each in zip(CASES, least, strict=True):
        metric(f"cpu_per_s_{bph:.0f}_{snr_db:.0f}db", each)
    worst = float(least.max())
    metric("cpu_per_s", worst)
    bar("cpu", worst <= CPU_BAR, f"{worst:.4f} s for each second of sound, at most {CPU_BAR} wanted")


def long_run(hours: float) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "stream.py"), str(hours)], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    for name, value in found.items():
        metric(f"long_{name}", value)
    bar("memory", found["peak_mb"] <= MEMORY_BAR_MB, f"{found['peak_mb']:.0f} MB over {hours:g} h, at most 500 wanted")
    whole = found["slips"] == 0.0 and found["doubts"] == 0.0
    bar("count", whole, f"{found['slips']:.0f} slips, {found['doubts']:.0f} doubts over {hours:g} h; none wanted")


def start_up() -> None:
    for name, words in (("listen_demo", ["listen", "demo"]), ("listen_help", ["listen", "--help"])):
        command = [sys.executable, "-m", "heartwright.cli", *words]
        walls, cpus = [], []
        for _ in range(4 if quick() else 8):
            begun, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            walls.append(time.perf_counter() - begun)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        metric(f"{name}_wall_s", min(walls[1:]))
        metric(f"{name}_cpu_s", min(cpus[1:]))
        if name == "listen_demo":
            bar("start_up", min(walls[1:]) < START_BAR_S, f"{min(walls[1:]):.2f} s with 24 s heard, under 1.5 wanted")


def first_figure() -> None:
    """Sound until the first figure, in blocks of a tenth of a second, and the CPU of the second that follows."""
    latest = 0.0
    for seed, (bph, snr_db) in enumerate(CASES):
        samples = take(bph, snr_db, 5.0, 40 + seed).samples
        ear = Live(48_000.0, lift_deg=52.0)
        for at in range(0, len(samples), 4_800):
            ear.add(samples[at : at + 4_800])
            reading = ear.reading() if ear.due else None
            if reading is not None and reading.status == "ok":
                break
        latest = max(latest, ear.seconds if ear.newest is not None and ear.newest.status == "ok" else np.inf)
    metric("live_first_figure_s", latest)
    bar("live", latest < FIRST_BAR_S, f"the first figure after {latest:.1f} s of sound, under 3 wanted")


if __name__ == "__main__":
    metric("calibration_loop_s", calibration_s())
    with contextlib.redirect_stderr(io.StringIO()):
        listen.measure(take(18_000.0, 40.0, 5.0, 99))  # imports and caches
    cpu_per_second()
    first_figure()
    start_up()
    long_run(1.0 if quick() else 24.0)
