"""How fast the heart runs, and that what it pumps is what its design's margins say.

Speed is the whole call of `movement.run` for 60 s, warm, on one core, settling included. The margins move one thing
at a time on a clean twin at the nominal torque of the pump arbor (4.8e-5 N m): the load, the torque, the oil.
What each must show is a published figure of the heart's prototype (docs/theory.md, "The heart"),
allowed 5 %. `QUICK=1` leaves the margins that take minutes of simulated time out.
"""

from __future__ import annotations

import math

from benchmarks.common import bar, calibration_s, least_cpu, metric, quick
from heartwright.design import Design
from heartwright.edit import Edit
from heartwright.records import Trace
from heartwright.works import movement

NOMINAL = 4.8e-5
SECONDS = 60.0
TIMES_REAL_TIME = 100.0
ALLOWED = 0.05
#: Prototype's figures: (margin, figure, value).
PUBLISHED = (
    ("nominal", "stroke_cm3", 0.1417),
    ("nominal", "mean_pressure_pa", 453.0),
    ("nominal", "peak_chamber_pa", 626.0),
    ("nominal", "s1_ms", 79.0),
    ("nominal", "s2_ms", 448.0),
    ("nominal", "stop_ms", 504.0),
    ("nominal", "drive_per_stroke_uj", 302.0),
    ("nominal", "load_per_stroke_uj", 65.3),
    ("load_1.5", "s2_ms", 600.0),
    ("load_1.5", "mean_pressure_pa", 672.0),
    ("load_1.6", "s2_ms", 690.0),
    ("torque_5.6e-5", "s2_ms", 373.0),
    ("torque_4.2e-5", "s2_ms", 563.0),
    ("torque_3.8e-5", "s2_ms", 787.0),
    ("oil_1.25", "s2_ms", 501.0),
    ("oil_1.5", "s2_ms", 604.0),
)
#: Where the train comes late and where the heart stops: (margin, runs).
LATE = (("load_1.75", True), ("load_2", True), ("torque_3.5e-5", True), ("torque_3.2e-5", True), ("load_2.5", False),
        ("load_3", False), ("torque_2.8e-5", False), ("torque_2.4e-5", False), ("oil_2.5", False))  # fmt: skip


def run_margin(design: Design, margin: str, seconds: float) -> Trace:
    """Run the clean heart with one thing moved: "load_2", "torque_3.5e-5", "oil_1.5" or "nominal"."""
    kind, _, size = margin.partition("_")
    torque, temperature = NOMINAL, 23.0
    if kind == "load":
        edit = Edit.of(design, "pump.capillary", design.pump.capillary * float(size))
        design = edit.apply(design)
    elif kind == "torque":
        torque = float(size)
    elif kind == "oil":
        temperature -= design.pump.viscosity_halving * math.log2(float(size))
    return movement.run(design, seconds=seconds, torque=torque, temperature_c=temperature, dirt=False)


def main() -> None:
    design = Design.load("heart")
    movement.run(design, seconds=1.0)  # warm
    metric("calibration_loop_s", calibration_s())
    cpu, trace = least_cpu(lambda: movement.run(design, seconds=SECONDS), times=3 if quick() else 7)
    metric("cpu_s", cpu)
    metric("times_real_time", SECONDS / cpu)
    for name, value in sorted(trace.figures.items()):
        metric(name, value)
    metric("amplitude_deg", trace.amplitude_deg)
    metric("rate_s_per_day", trace.rate_s_per_day)
    metric("ledger_residual_ratio", trace.ledger.residual_ratio)
    worst, where = 0.0, ""
    runs: dict[str, Trace] = {}
    for margin, figure, published in PUBLISHED:
        if margin not in runs:
            runs[margin] = run_margin(design, margin, 30.0)
        off = runs[margin].figures[figure] / published - 1.0
        metric(f"{margin}_{figure}", runs[margin].figures[figure])
        if abs(off) > abs(worst):
            worst, where = off, f"{margin} {figure}"
    wrong = []
    if not quick():
        for margin, goes_on in LATE:
            late = run_margin(design, margin, 120.0)
            metric(f"{margin}_seconds", late.seconds)
            if (late.status == "running") is not goes_on:
                wrong.append(f"{margin} {late.status}")
    blocked = run_margin(design, "load_1000", 60.0)
    metric("blocked_stops_after_s", blocked.seconds)
    bar("speed", SECONDS / cpu >= TIMES_REAL_TIME, f"{SECONDS / cpu:.0f} times real time, {TIMES_REAL_TIME:.0f} wanted")
    bar("amplitude", 270.0 <= trace.amplitude_deg <= 285.0, f"{trace.amplitude_deg:.1f} deg, 270 to 285 wanted")
    stroke = trace.figures["stroke_cm3"]
    bar("stroke", 0.13 <= stroke <= 0.15, f"{stroke:.4f} cm3, 0.13 to 0.15 wanted")
    mass = trace.figures["mass_residual"]
    bar("mass", mass < 1e-9, f"{mass:.1e} of the volume moved, 1e-9 wanted")
    residual = trace.ledger.residual_ratio
    bar("ledger", residual < 2e-4, f"{residual:.1e} of the drive, 2e-4 wanted")
    bar("margins", abs(worst) <= ALLOWED, f"{where} off by {100 * worst:.1f} %, 5 % allowed")
    if not quick():
        bar("lateness", not wrong, ", ".join(wrong) or "late and stopping where they should")
    stops = blocked.status == "stopped" and 5.0 < blocked.seconds < 20.0
    bar("blocked", stops, f"{blocked.status} after {blocked.seconds:.0f} s, about ten wanted")


if __name__ == "__main__":
    main()
