"""The same Graham here, in MuJoCo and in pymunk: cost against error, over step sizes and contact options.

    make bench NAME=graham_vs_peers            about ten minutes
    make bench NAME=graham_vs_peers QUICK=1    within a minute

Cost is CPU seconds for each simulated second; error that of the mean period against an integration independent of all
three (`reference.py`). A run is clean where one tooth passes in each period and the periods' jitter is below 10 us. All
run in one process, warm. Points and a picture are left in `out/`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import astuple, fields, replace
from pathlib import Path

from benchmarks.common import bar, calibration_s, metric, quick
from benchmarks.graham_vs_peers import engines
from benchmarks.graham_vs_peers.engines import MujocoOptions, Span
from benchmarks.graham_vs_peers.reference import Parameters, steady
from benchmarks.graham_vs_peers.scene import Point, Scene, agrees, scene

OUT = Path("out")
SPEED_RATIO = 50.0
ERROR_RATIO = 0.1
STEPS_OURS = (1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4)
STEPS_FIXED = (2e-4, 1e-4, 5e-5, 2e-5)
STEPS_MUJOCO = (4e-4, 3e-4, 2e-4, 1e-4, 5e-5)
STEPS_PYMUNK = (4e-4, 2e-4, 1e-4, 5e-5)
SWEEP_STEP = 2e-4
#: One option changed at a time from the default, which is the best of an earlier search by hand.
SWEEP: tuple[dict[str, object], ...] = (
    {"integrator": "Euler"},
    {"integrator": "implicit"},
    {"integrator": "RK4"},
    {"cone": "pyramidal"},
    {"impratio": 1.0},
    {"impratio": 100.0},
    {"time_constant": 1.0},
    {"time_constant": 3.0},
    {"time_constant": 5.0},
    {"damping_ratio": 0.5},
    {"damping_ratio": 2.0},
    {"impedance": (0.9, 0.95, 1e-3)},
    {"impedance": (0.999, 0.9999, 1e-6)},
    {"impedance": (0.9999, 0.9999, 1e-5)},
)


def run_all(work: Iterable[Callable[[], Point]]) -> list[Point]:
    """Run and print points; nothing where the engine is not installed."""
    points = []
    for job in work:
        try:
            point = job()
        except ImportError as missing:
            print(f"skipped: {missing.name} is not installed (make bench installs it)", flush=True)
            return points
        print(point, flush=True)
        points.append(point)
    return points


def mujoco_points(place: Scene, span: Span, period: float, *, short: bool) -> list[Point]:
    """Steps at the default options, the sweep, then the best of the sweep over steps."""

    def job(step: float, options: MujocoOptions) -> Callable[[], Point]:
        return lambda: engines.in_mujoco(place, step, span, period, options)

    default = MujocoOptions()
    points = run_all(job(step, default) for step in ((2e-4, 1e-4) if short else STEPS_MUJOCO))
    if short or not points:
        return points
    tried = [replace(default, **change) for change in SWEEP]  # type: ignore[arg-type]
    swept = run_all(job(SWEEP_STEP, options) for options in tried)
    clean = [(p.error_s_per_day, o) for p, o in zip(swept, tried, strict=True) if p.clean]
    best = [o for _, o in sorted(clean, key=lambda pair: pair[0])[:2]]
    return points + swept + run_all(job(step, o) for o in best for step in STEPS_MUJOCO if step != SWEEP_STEP)


def fastest(points: list[Point], error: float) -> Point | None:
    """The fastest clean point with no more than `error`."""
    good = [p for p in points if p.clean and p.error_s_per_day <= error]
    return min(good, key=lambda p: p.cost, default=None)


def most_exact(points: list[Point], cost: float) -> Point | None:
    """The clean point of least error among those that cost no more than `cost`."""
    good = [p for p in points if p.clean and p.cost <= cost]
    return min(good, key=lambda p: p.error_s_per_day, default=None)


def compare(name: str, mine: list[Point], theirs: list[Point]) -> tuple[float, float] | None:
    """Ratio of speeds at their best clean error, and of errors at their speed there; prints both."""
    best = most_exact(theirs, float("inf"))
    if best is None:
        return None
    metric(f"{name}_best_clean_error_s_per_day", best.error_s_per_day)
    metric(f"{name}_speed_at_best", 1.0 / best.cost)
    quicker, finer = fastest(mine, best.error_s_per_day), most_exact(mine, best.cost)
    speed = best.cost / quicker.cost if quicker else 0.0
    error = finer.error_s_per_day / best.error_s_per_day if finer else float("inf")
    metric(f"ours_over_{name}_speed", speed)
    metric(f"ours_over_{name}_error", error)
    return speed, error


def draw(points: list[Point], path: Path) -> None:
    """The picture: cost against error, open marks where a run is not clean."""
    try:
        import matplotlib
    except ImportError:
        print("no picture: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 5), dpi=150)
    looks = {"ours-located": ("#b5651d", "o"), "ours-fixed": ("#d9a441", "s"), "mujoco": ("#2b6777", "^"),
             "pymunk": ("#7a4988", "v")}  # fmt: skip
    for engine, (colour, mark) in looks.items():
        for clean in (True, False):
            some = [p for p in points if p.engine == engine and p.clean == clean and p.error_s_per_day < 1e5]
            if some:
                axes.loglog(
                    [p.cost for p in some], [p.error_s_per_day for p in some], mark, color=colour, markersize=6,
                    markerfacecolor=colour if clean else "none", label=f"{engine}{'' if clean else ', not clean'}",
                )  # fmt: skip
    axes.set_xlabel("cost: CPU seconds for each simulated second")
    axes.set_ylabel("error of the mean period, s/d")
    axes.set_title("One Graham dead-beat in three engines", loc="left")
    axes.grid(True, which="major", color="0.9")
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def main() -> None:
    short = quick()
    span = Span(12.0, 32.0) if short else Span(120.0, 120.0)
    assert agrees(Parameters()), "the bundled Graham and the reference describe different scenes"
    truth = steady(Parameters())
    period, place = truth.period_s, scene(truth.amplitude_rad)
    metric("calibration_loop_s", calibration_s())
    metric("reference_period_less_2_us", (period - 2.0) * 1e6)
    engines.ours(place, 1e-3, Span(1.0, 1.0), period)  # warm
    engines.ours(place, 1e-3, Span(1.0, 1.0), period, located=False)

    def own(step: float, located: bool) -> Callable[[], Point]:
        return lambda: engines.ours(place, step, span, period, located=located)

    def pymunk(step: float, mode: str) -> Callable[[], Point]:
        return lambda: engines.in_pymunk(place, step, span, period, mode=mode)

    mine = run_all(own(step, True) for step in STEPS_OURS)
    mine += run_all(own(step, False) for step in STEPS_FIXED[: 2 if short else None])
    theirs = mujoco_points(place, span, period, short=short)
    modes = (("torque", (2e-4, 1e-4)),) if short else (("torque", STEPS_PYMUNK), ("natural", STEPS_PYMUNK))
    others = run_all(pymunk(step, mode) for mode, steps in modes for step in steps)
    OUT.mkdir(exist_ok=True)
    points = [*mine, *theirs, *others]
    with (OUT / "graham_vs_peers.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([f.name for f in fields(Point)])
        rows.writerows(astuple(p) for p in points)
    draw(points, OUT / "graham_vs_peers.png")
    compare("pymunk", mine, others)
    ratios = compare("mujoco", mine, theirs)
    if ratios is None:
        print("bar speed short: no clean run of MuJoCo to compare with")
        print("bar error short: no clean run of MuJoCo to compare with")
        return
    bar("speed", ratios[0] >= SPEED_RATIO, f"{ratios[0]:.3g} times MuJoCo's, {SPEED_RATIO:g} wanted")
    bar("error", ratios[1] <= ERROR_RATIO, f"{ratios[1]:.3g} of MuJoCo's, {ERROR_RATIO:g} wanted")


if __name__ == "__main__":
    main()
