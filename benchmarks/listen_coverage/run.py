"""Do the intervals hold? 24 cells of movement and noise, 400 takes of 30 s each, made from event times.

    make bench NAME=listen_coverage             9,600 takes (about half an hour on two cores); resumes where it stopped
    QUICK=1 make bench NAME=listen_coverage     a few takes of some cells, within a minute
    python benchmarks/listen_coverage/run.py --kept    the figures of what has been measured so far
    python benchmarks/listen_coverage/run.py --numbers 7000 7005 --snr 2 4 6 8    other takes of the cells, at other SNR

The cells are fixed here before the first run; each take draws a movement of its own (`takes`). The recorder's clock is
known (0, 0). Truth is the trace's mean over the beats heard: rate and beat error by least squares on the true times of
the sound that the reading says it timed, of the beats it timed; amplitude the mean of those beats. So the tried
intervals are `rate_heard_s_per_day`, `beat_error_heard_ms` and `amplitude_deg`. What a repeat would find is another
question: `rate_s_per_day` and `beat_error_ms` against the rate and beat error the take was made with are shown too.

Where only the lock is timed its lead over the banking is drawn for each take from the prior that the listener states
(evenly from 0.015 to 0.045 of the span), as is the formula's own error; the bound of the amplitude includes both.

Width is tried against the bound: the least standard deviation at which any ear could tell the figure, with the beats'
drawn scatter in it (`onset_bounds`).
Takes are kept in out/listen_coverage.jsonl, other ones in out/listen_coverage_others.jsonl; delete both when the
listener has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # one take a core

import multiprocessing  # noqa: E402

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import onset_bounds  # noqa: E402
import takes  # noqa: E402
from common import bar, calibration_s, kept, metric, quick  # noqa: E402

from heartwright import listen  # noqa: E402
from heartwright.records import Interval, Reading  # noqa: E402

TAKES, QUICK_TAKES, QUICK_CELLS = 400, 6, (0, 6, 13, 19)
KEPT, KEPT_OTHERS = Path("out/listen_coverage.jsonl"), Path("out/listen_coverage_others.jsonl")
POOLED, CELL, WORST, MOST_OUTSIDE = (0.94, 0.96), (0.92, 0.98), (0.905, 0.988), 1 / 20
MOST_WIDTH = 2.0
OTHERS_DB = (2.0, 4.0, 6.0, 8.0)
FIGURES = {"rate": "s_per_day", "error": "ms", "amplitude": "deg"}  # with their units


@dataclass(frozen=True, slots=True)
class Cell:
    """One movement in one noise."""

    kind: str
    case: str
    bph: float
    amplitude_deg: float
    beat_error_ms: float
    snr_db: float

    def plan(self) -> takes.Plan:
        """What a take of the cell holds; pendulums scatter as clocks do."""
        scatter = {"jitter_s": 50e-6, "walk_s": 10e-6} if self.kind == "pendulum" else {}
        return takes.Plan(
            kind=self.kind,
            case=self.case,
            bph=self.bph,
            amplitude_deg=self.amplitude_deg,
            beat_error_ms=self.beat_error_ms,
            **scatter,
        )


CELLS = (
    Cell("lever", "plain", 18_000.0, 270.0, 0.4, 30.0),
    Cell("lever", "plain", 18_000.0, 150.0, 2.0, 25.0),
    Cell("lever", "plain", 21_600.0, 310.0, 0.0, 40.0),
    Cell("lever", "plain", 21_600.0, 220.0, 5.0, 20.0),
    Cell("lever", "plain", 28_800.0, 290.0, 0.8, 30.0),
    Cell("lever", "watch", 28_800.0, 320.0, 0.2, 35.0),
    Cell("lever", "watch", 28_800.0, 250.0, 1.5, 15.0),
    Cell("lever", "watch", 36_000.0, 280.0, 0.6, 25.0),
    Cell("lever", "watch", 36_000.0, 200.0, 3.0, 40.0),
    Cell("lever", "watch", 21_600.0, 180.0, 10.0, 30.0),
    Cell("lever", "watch", 19_800.0, 300.0, 0.0, 20.0),
    Cell("lever", "watch", 25_200.0, 260.0, 6.0, 10.0),
    Cell("lever", "dull", 14_400.0, 210.0, 4.0, 25.0),
    Cell("lever", "dull", 18_000.0, 160.0, 8.0, 15.0),
    Cell("lever", "dull", 18_000.0, 240.0, 1.0, 35.0),
    Cell("lever", "dull", 16_200.0, 280.0, 0.3, 20.0),
    Cell("lever", "dull", 12_233.0, 230.0, 7.0, 30.0),
    Cell("lever", "dull", 18_000.0, 200.0, 2.0, 10.0),
    Cell("pendulum", "clock", 3_600.0, 0.0, 0.0, 40.0),
    Cell("pendulum", "clock", 3_600.0, 0.0, 158.0, 25.0),
    Cell("pendulum", "clock", 7_200.0, 0.0, -40.0, 15.0),
    Cell("pendulum", "clock", 9_000.0, 0.0, 10.0, 10.0),
    Cell("pendulum", "clock", 3_600.0, 0.0, -90.0, 20.0),
    Cell("pendulum", "clock", 5_000.0, 0.0, 5.0, 30.0),
)


def one(work: tuple[int, int] | tuple[int, int, float]) -> dict[str, Any]:
    """Make and measure one take: of a cell, its number, and an SNR [dB] that is not the cell's."""
    cell, number, *other_db = work
    at = replace(CELLS[cell], snr_db=other_db[0]) if other_db else CELLS[cell]
    plan = at.plan()
    seed = 100_000 * (cell + 1) + number
    take = takes.make(plan, seed=seed)
    audio = takes.record(take, snr_db=at.snr_db, seed=seed)
    lift = plan.lift_deg if plan.kind == "lever" else None
    started = time.process_time()
    reading = listen.measure(audio, bph=plan.bph, lift_deg=lift, clock_ppm=(0.0, 0.0))
    out: dict[str, Any] = {"take": list(work), "cpu_s": time.process_time() - started, "status": reading.status}
    if reading.status != "ok" or reading.table is None:
        return out
    return out | compared(take, reading)


def compared(take: takes.Take, reading: Reading) -> dict[str, Any]:
    """The reading's figures beside the truth of the beats it heard."""
    table = reading.table
    assert table is not None
    time_s = table.time_s[np.isfinite(table.sigma_s)]
    true_s = timed_sound(take, time_s)
    near = np.argmin(np.abs(true_s[None] - time_s[:, None]), axis=1)
    heard = np.zeros(len(true_s), dtype=bool)
    heard[near] = True
    number = np.flatnonzero(heard)
    design = np.stack([np.ones(len(number)), number, take.side[number]], axis=1)
    _start, beat, error = np.linalg.lstsq(design, true_s[number], rcond=None)[0]
    plan = take.plan
    swing = float(np.mean(take.amplitude_deg[number]))
    return {
        "timed": reading.beat_timed,
        "beats": len(number),
        "off_us": float(1e6 * np.sqrt(np.mean((time_s - true_s[near]) ** 2))),
        "rate": _plain(reading.rate_heard_s_per_day, (3600.0 / plan.bph / beat - 1.0) * takes.DAY_S),
        "error": _plain(reading.beat_error_heard_ms, abs(1e3 * error)),
        "amplitude": _plain(reading.amplitude_deg, swing),
        "own_rate": _plain(reading.rate_s_per_day, plan.rate_s_per_day),
        "own_error": _plain(reading.beat_error_ms, abs(plan.beat_error_ms)),
    }


def timed_sound(take: takes.Take, time_s: np.ndarray) -> np.ndarray:
    """True times of the sound that was timed: of unlocking, impulse and lock the one nearest to most beats."""
    if take.plan.kind == "pendulum":
        return take.landmark_s
    sounds = (take.landmark_s, take.impulse_s, take.lock_s)
    away = [float(np.median(np.min(np.abs(s[None] - time_s[:, None]), axis=1))) for s in sounds]
    return sounds[int(np.argmin(away))]


def _plain(value: Interval | None, true: float) -> list[float] | None:
    return None if value is None else [value.value, value.low, value.high, true]


def measured(wanted: Sequence[tuple[int, int] | tuple[int, int, float]], where: Path) -> list[dict[str, Any]]:
    """All takes, the missing ones made now on two processes."""
    done = kept(where, "take")
    left = [w for w in wanted if json.dumps(list(w)) not in done]
    where.parent.mkdir(exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(2) as pool, where.open("a") as file:
        for k, row in enumerate(pool.imap_unordered(one, left, chunksize=4)):
            done[json.dumps(row["take"])] = row
            file.write(json.dumps(row) + "\n")
            file.flush()
            if k % 400 == 399:
                print(f"{k + 1} of {len(left)} takes", file=sys.stderr, flush=True)
    return [done[json.dumps(list(w))] for w in wanted]


def bound(cell: Cell) -> dict[str, float]:
    """Half widths of the narrowest 95 % intervals of a cell's figures, the drawn scatter in them (mean of 6 takes)."""
    plan = cell.plan()
    rows = []
    for seed in range(6):
        take = takes.make(plan, seed=900_000 + seed)
        case = takes.Case.of(plan.case, 900_000 + seed)
        noise = 10 ** (-cell.snr_db / 20) / takes.white_gain()
        contact, strength = ("notch", 0.18) if plan.kind == "lever" else ("stone", 1.0)
        gains = np.stack([strength * case.pattern(contact, s) for s in range(2)]) / take.scale
        single = np.sqrt(np.mean([onset_bounds.cramer_rao(onset_bounds.pulse(case, g), noise) ** 2 for g in gains]))
        count = len(take.side)
        covariance = takes.scatter(plan, count, float(single))
        period, error = onset_bounds.line(np.arange(count), take.side, covariance)
        beat = 3600.0 / plan.bph
        rows.append((1.96 * period / beat * takes.DAY_S, 1.96e3 * error))
    rate, error = np.mean(rows, axis=0)
    lead = 0.475 * 0.03
    swing = plan.amplitude_deg * float(np.hypot(lead, 1.96 * plan.formula_sigma))
    return {"rate": float(rate), "error": float(error), "amplitude": swing}


def figures(rows: list[dict[str, Any]]) -> None:
    """Print coverage and width of every cell and pooled, and the bars."""
    metric("calibration_s", calibration_s())
    good = [r for r in rows if r["status"] == "ok"]
    metric("takes", len(rows))
    metric("answered", len(good) / max(len(rows), 1))
    metric("cpu_s_per_take", float(np.mean([r["cpu_s"] for r in rows])))
    least = {cell: bound(CELLS[cell]) for cell in sorted({r["take"][0] for r in good})}
    for name in (*FIGURES, "own_rate", "own_error"):
        shares, widths, hits = [], [], []
        for cell, narrow in least.items():
            mine = np.array([r[name] for r in good if r["take"][0] == cell and r[name] is not None])
            if not len(mine):
                continue
            value, low, high, true = mine.T
            inside = (low <= true) & (true <= high)
            shares.append(float(inside.mean()))
            hits.extend(inside.tolist())
            metric(f"cell_{cell + 1}_{name}_count", len(mine))
            metric(f"cell_{cell + 1}_{name}_coverage", shares[-1])
            metric(f"cell_{cell + 1}_{name}_error_sd", float(np.std(value - true)))
            width = float(np.mean(_full(value, low, high))) / (2.0 * narrow[name.removeprefix("own_")])
            metric(f"cell_{cell + 1}_{name}_width_over_bound", width)
            widths.append(width)
        if hits and name in FIGURES:
            bars(name, np.array(shares), np.array(widths), float(np.mean(hits)), len(hits))
        elif hits:
            metric(f"{name}_coverage", float(np.mean(hits)))


def _full(value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Widths of intervals that may have been folded at zero."""
    return np.where(low <= 0.0, 2.0 * (high - value), high - low)


def bars(name: str, shares: np.ndarray, widths: np.ndarray, pooled: float, count: int) -> None:
    """The bars of one figure."""
    metric(f"{name}_coverage", pooled)
    metric(f"{name}_count", count)
    metric(f"{name}_width_over_bound", float(widths.max()))
    outside = (shares < CELL[0]) | (shares > CELL[1])
    told = f"cells from {shares.min():.3f} to {shares.max():.3f}, {int(outside.sum())} of {len(shares)} outside {CELL}"
    bar(f"{name}_coverage_pooled", POOLED[0] <= pooled <= POOLED[1], f"{pooled:.4f}")
    bar(f"{name}_coverage_cells", float(outside.mean()) <= MOST_OUTSIDE, told)
    bar(f"{name}_coverage_worst", WORST[0] <= shares.min() and shares.max() <= WORST[1], told)
    bar(f"{name}_width", float(widths.max()) <= MOST_WIDTH, f"{widths.max():.2f} of the bound's")


def others(rows: list[dict[str, Any]]) -> None:
    """Print how many intervals held at each SNR, of levers and of clocks, and how wide they were."""
    for kind in ("lever", "pendulum"):
        mine = [r for r in rows if CELLS[r["take"][0]].kind == kind]
        for snr_db in sorted({r["take"][2] for r in mine}):
            here = [r for r in mine if r["take"][2] == snr_db]
            metric(f"{kind}_{snr_db:g}_db_answered", sum(r["status"] == "ok" for r in here))
            for name, unit in FIGURES.items():
                told = np.array([r[name] for r in here if r.get(name)]).reshape(-1, 4)
                if not len(told):
                    continue
                value, low, high, true = told.T
                at = f"{kind}_{snr_db:g}_db_{name}"
                metric(f"{at}_told", len(told))
                metric(f"{at}_held", int(((low <= true) & (true <= high)).sum()))
                metric(f"{at}_median_half_width_{unit}", float(np.median(_full(value, low, high))) / 2)


def asked() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--kept", action="store_true", help="the figures of what has been measured so far")
    either.add_argument(
        "--numbers", nargs=2, type=int, metavar=("FIRST", "END"), help="other takes than the bars', END not among them"
    )
    parser.add_argument("--snr", nargs="+", type=float, metavar="DB", help="their SNR (with --numbers; 2 4 6 8)")
    want = parser.parse_args()
    if want.snr and want.numbers is None:
        parser.error("--snr given without --numbers; the bars' takes have their own: add, say, --numbers 7000 7005")
    return want


def main() -> None:
    """Measure the bars' takes, or others."""
    want = asked()
    every = range(len(CELLS))
    if want.numbers is not None:
        wanted = [(c, n, snr_db) for n in range(*want.numbers) for c in every for snr_db in want.snr or OTHERS_DB]
        others(measured(wanted, KEPT_OTHERS))
    elif want.kept:
        figures(list(kept(KEPT, "take").values()))
    else:
        count, cells = (QUICK_TAKES, QUICK_CELLS) if quick() else (TAKES, every)
        figures(measured([(cell, number) for number in range(count) for cell in cells], KEPT))


if __name__ == "__main__":
    main()
