"""Two Graham clocks on one cart: what becomes of them, by mass ratio and coupling, beside the reduced model.

    make bench NAME=huygens            two maps, 65 runs tooth by tooth (some 15 min); resumes where it was stopped
    QUICK=1 make bench NAME=huygens    one run of each regime
    python benchmarks/huygens/run.py --kept     the figures and the picture of what has been measured so far

The second clock loses 20 s/d against the first and starts a quarter of a swing ahead. `mu` is a bob's mass over all
that moves with the cart, `eta` = B / (M w) its damping, `rho` = K / (M w^2) its stiffness. First map: a free cart
(rho 0), mu against eta (Bennett et al. 2002 had such a cart). Second map: a beam on springs with little damping
(eta = 0.02), mu against rho: with the cart's resonance below the clocks' (rho < 1) or above (rho > 1) its answer
changes sign. Each run goes on for 12 time constants of the weak-coupling lock, 1,500 to 6,000 s. Regime and time to
lock are judged by the same rule in both.
Rows are kept in out/huygens.jsonl; the picture is written to docs/images/huygens.svg (full run only).
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from common import bar, kept, metric, quick  # noqa: E402
from picture import draw  # noqa: E402

from heartwright.design import Design  # noqa: E402
from heartwright.works import huygens, huygens_reduced  # noqa: E402
from heartwright.works.huygens import Cart, Fate  # noqa: E402

LOSES = 20.0  # s/d
MU = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
ETA = (0.03, 0.1, 0.3, 1.0, 3.0)
RHO = (0.3, 2.0, 4.0, 10.0, 30.0)
MU_SPRUNG = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
ETA_SPRUNG = 0.02
QUICK_CASES = ((1e-4, 1.0, 0.0), (1e-3, 1.0, 0.0), (3e-2, 0.03, 0.0), (1e-2, ETA_SPRUNG, 4.0))
LEAST_S, MOST_S, CONSTANTS = 1_500.0, 6_000.0, 12.0
AGREE, MEDIAN, SPREAD = 0.9, 0.05, 0.15
KEPT = Path("out/huygens.jsonl")
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "huygens.svg"
Case = tuple[float, float, float]  # mu, eta, rho


def cart_of(case: Case, design: Design) -> Cart:
    """The cart of a case."""
    mu, eta, rho = case
    w = huygens_reduced.Swing.of(design).frequency
    mass = design.oscillator.mass / mu
    return Cart(mass, rho * mass * w * w, eta * mass * w)


def seconds_for(case: Case, design: Design) -> float:
    """How long a case is run [s]."""
    swing = huygens_reduced.Swing.of(design)
    pace = abs(huygens_reduced.adler(swing, cart_of(case, design).coupling(design)))
    return float(np.clip(CONSTANTS / max(pace, 1e-9), LEAST_S, MOST_S))


def measure(case: Case) -> dict[str, Any]:
    """One case, by the engine and by the reduced model."""
    design = Design.load("graham")
    other, cart, seconds = huygens.slower(design, LOSES), cart_of(case, design), seconds_for(case, design)
    began = time.process_time()
    fate = huygens.run(design, cart, seconds=seconds, other=other)
    cpu = time.process_time() - began
    told = huygens.foretold(design, cart, seconds=seconds, other=other)
    row: dict[str, Any] = {"case": case, "seconds": seconds, "cpu_s": cpu, "residual": fate.residual}
    for name, one in (("engine", fate), ("reduced", told)):
        end = math.degrees(one.phase[-1]) % 360.0 if len(one.phase) else None
        row[name] = {"regime": one.regime, "lock_s": _number(one), "phase_deg": end, "says": str(one)}
    return row


def _number(fate: Fate) -> float | None:
    return fate.lock_s if math.isfinite(fate.lock_s) else None


def cases() -> list[Case]:
    if quick():
        return list(QUICK_CASES)
    return [(m, e, 0.0) for e in ETA for m in MU] + [(m, ETA_SPRUNG, r) for r in RHO for m in MU_SPRUNG]


def tell(rows: list[dict[str, Any]]) -> None:
    """Figures and bars."""
    for row in rows:
        mu, eta, rho = row["case"]
        print(f"mu {mu:g} eta {eta:g} rho {rho:g}: {row['engine']['says']} | reduced: {row['reduced']['says']}")
    same = [row["engine"]["regime"] == row["reduced"]["regime"] for row in rows]
    both = [(r["engine"]["lock_s"], r["reduced"]["lock_s"]) for r, s in zip(rows, same, strict=True) if s]
    ratios = np.array([a / b for a, b in both if a and b])
    regimes = {row["engine"]["regime"] for row in rows}
    metric("runs", len(rows))
    for regime in huygens.REGIMES:
        metric(f"engine_{regime.replace(' ', '_')}", sum(row["engine"]["regime"] == regime for row in rows))
    metric("same_regime_share", float(np.mean(same)))
    metric("largest_residual_of_books", max(row["residual"] for row in rows))
    metric("times_real_time", sum(r["seconds"] for r in rows) / sum(r["cpu_s"] for r in rows))
    if len(ratios):
        metric("lock_time_over_reduced_median", float(np.median(ratios)))
        metric("lock_time_over_reduced_least", float(ratios.min()))
        metric("lock_time_over_reduced_most", float(ratios.max()))
        near = float(np.mean(np.abs(ratios - 1.0) <= SPREAD))
        bar("time_to_lock", abs(float(np.median(ratios)) - 1.0) <= MEDIAN and near >= AGREE, f"{near:.2f} within 15 %")
    wanted = {"anti-phase", "in-phase", "no lock", "beating death"}
    bar("regimes_of_the_published_accounts", wanted <= regimes, f"missing: {', '.join(sorted(wanted - regimes))}")
    bar("same_regime", float(np.mean(same)) >= AGREE, f"{np.mean(same):.2f}")
    bar("books_within_1_percent", max(row["residual"] for row in rows) <= 0.01, "see above")


def main() -> None:
    file = KEPT.with_name("huygens-quick.jsonl") if quick() else KEPT
    file.parent.mkdir(exist_ok=True)
    if quick():
        file.unlink(missing_ok=True)
    have = kept(file, "case")
    for i, case in enumerate(todo := cases()):
        if json.dumps(list(case)) in have or "--kept" in sys.argv:
            continue
        row = measure(case)
        have[json.dumps(list(case))] = row
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
        if sys.stderr.isatty():
            print(f"\r{i + 1} of {len(todo)}", end="", file=sys.stderr)
    rows = [have[key] for case in todo if (key := json.dumps(list(case))) in have]
    if not quick():
        draw(rows, PICTURE, eta=ETA, mu=MU, rho=RHO, mu_sprung=MU_SPRUNG, eta_sprung=ETA_SPRUNG)
    tell(rows)


if __name__ == "__main__":
    main()
