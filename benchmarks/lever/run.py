"""How fast and how exactly the bundled watches run, with the train lumped and with every mesh.

Each watch runs for 60 s, warm, on one core; its time is the least CPU time of several whole calls of `movement.run`,
the start from rehearsed amplitude included. Exactness is the difference from a run at a tenth of the step with the same
seed, hence the same dirt. `QUICK=1` compares over 20 s and times fewer repeats.
"""

from __future__ import annotations

from benchmarks.common import bar, calibration_s, least_cpu, metric, quick
from heartwright.design import Design
from heartwright.edit import Edit
from heartwright.records import Trace
from heartwright.works import movement

WATCHES = ("watch-6497", "watch-2824", "watch-21600")
SECONDS = 60.0
FINER = 10.0
CPU_S = {"lumped": 0.25, "meshes": 0.75}
RATE_S_PER_DAY = 0.1
AMPLITUDE_DEG = 0.2
RESIDUAL = 1e-5


def measure(design: Design, name: str, *, repeats: int, compared_s: float) -> dict[str, float]:
    """Time a design and hold it against a finer run; prints its figures."""
    movement.run(design, seconds=1.0)  # warm
    seconds, trace = least_cpu(lambda: movement.run(design, seconds=SECONDS), times=repeats)
    _must_run(trace)
    coarse = trace if compared_s == SECONDS else movement.run(design, seconds=compared_s)
    fine = movement.run(design, seconds=compared_s, step=movement.longest_step(design) / FINER)
    _must_run(fine)
    found = {
        "cpu_s": seconds,
        "stepping_cpu_s": trace.cpu_s,
        "times_real_time": SECONDS / seconds,
        "rate_difference_s_per_day": coarse.rate_s_per_day - fine.rate_s_per_day,
        "amplitude_difference_deg": coarse.amplitude_deg - fine.amplitude_deg,
        "residual_ratio": trace.ledger.residual_ratio,
        "amplitude_deg": trace.amplitude_deg,
        "rate_s_per_day": trace.rate_s_per_day,
    }
    for key, value in found.items():
        metric(f"{name}_{key}", value)
    return found


def _must_run(trace: Trace) -> None:
    if trace.status != "running":
        raise SystemExit(f"{trace.design_name} {trace.status}: {trace.advice}")


def main() -> None:
    repeats, compared_s = (3, 20.0) if quick() else (7, SECONDS)
    metric("calibration_loop_s", calibration_s())
    rows: dict[str, list[dict[str, float]]] = {"lumped": [], "meshes": []}
    for watch in WATCHES:
        for train, found in rows.items():
            plain = Design.load(watch)
            design = Edit.of(plain, "train.model", train).apply(plain)
            found.append(measure(design, f"{watch}_{train}", repeats=repeats, compared_s=compared_s))
    for train, found in rows.items():
        slowest = max(row["cpu_s"] for row in found)
        bar(f"{train}_cpu", slowest < CPU_S[train], f"{slowest:.3f} s for 60 s, {CPU_S[train]} wanted")
    every = [row for found in rows.values() for row in found]
    for name, key, most in (
        ("rate", "rate_difference_s_per_day", RATE_S_PER_DAY),
        ("amplitude", "amplitude_difference_deg", AMPLITUDE_DEG),
        ("residual", "residual_ratio", RESIDUAL),
    ):
        worst = max(abs(row[key]) for row in every)
        bar(name, worst < most, f"{key} {worst:.3g}, {most:g} wanted")


if __name__ == "__main__":
    main()
