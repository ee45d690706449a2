"""Simulate a fault of a wheel, listen for ten minutes, and see whether that wheel is named.

    make bench NAME=wheels            300 takes of 10 min (some hours of CPU on two cores); resumes where it was stopped
    QUICK=1 make bench NAME=wheels    9 takes from event times, within a minute
    python benchmarks/wheels/run.py --events   the 300 takes from the trace's event times with timing noise, no sound
    python benchmarks/wheels/run.py --kept     the figures of what has been measured so far
    python benchmarks/wheels/run.py --design watch-6497    another lever: figures, no bars

Twins of bundled levers, each with its own dirt and microphone, ten minutes at 48 kHz and 20 dB: `bent`, an escape tooth
off by 0.3 deg; `fourth`, a torque ripple of 2 % once a turn of the fourth wheel (in place of the drawn one); `still`,
the same dirt from tick to tick but no wheel that recurs at all (no pitch errors, no mesh waves). `bent` is tried on
watch-6497, whose 15 teeth let it run (one in five twins of watch-2824, with 20 teeth, jams on such a tooth); the others
on watch-2824 (28,800 bph: 4,800 beats). A twin that jams or stops is counted and left out.
The dirt of the first two has periods of its own: pitch errors of 0.05 deg, torque waves of 3 % (leaves 1.5 %), drawn
for each twin. A wheel that is named is therefore wrong where the twin's own wave at it is below 0.4 % of the torque.
The dirt's 15 % of torque from tick to tick is the limit: 2 % in 4,800 ticks is 6.5 sigma, in the 3,000 of an 18,000 bph
movement 5.2, of which fewer than 95 of 100 are found at a false alarm of 1 % of a take.
Takes are kept in out/wheels.jsonl; delete it when a design, the engine or the listener has changed.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # one take a core

import multiprocessing  # noqa: E402

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from common import bar, kept, metric, quick  # noqa: E402

from heartwright import listen, sound  # noqa: E402
from heartwright.design import Design  # noqa: E402
from heartwright.edit import Edit  # noqa: E402
from heartwright.listen.periods import trains, wheels  # noqa: E402
from heartwright.records import BeatTable, Trace, Wheels  # noqa: E402
from heartwright.sound.body import Body  # noqa: E402
from heartwright.works import dirt, movement  # noqa: E402

LEVERS = {"bent": "watch-6497", "fourth": "watch-2824", "still": "watch-2824"}
SECONDS, RATE_HZ, SNR_DB = 600.0, 48_000, 20.0
BENT_DEG, RIPPLE = 0.3, 0.02
KINDS = ("bent", "fourth", "still")
PLANTED = {"bent": "escape wheel", "fourth": "fourth wheel"}
WRONG_BELOW = 0.004  # of the torque
RUNS, QUICK_RUNS = 100, 3
NAMED, WRONG = 0.95, 0.01
NOISE_S = {"unlock": 25e-6, "lock": 60e-6, "bank": 80e-6}  # of single sounds in such takes, for --events
KEPT = Path("out/wheels.jsonl")
Case = tuple[str, str, str, int]  # chain | events, design, kind, seed


def twin(name: str, kind: str) -> Design:
    """The design of a kind of twin."""
    design = Design.load(name)
    changes: dict[str, list[tuple[str, float]]] = {
        "bent": [("escapement.bent_teeth.3", math.radians(BENT_DEG))],
        "fourth": [("train.arbors.2.ripple", RIPPLE)],
        "still": [("dirt.tooth_pitch", 0.0), ("dirt.mesh_torque", 0.0)],
    }
    for path, value in changes[kind]:
        design = Edit.of(design, path, value).apply(design)
    return design


def train_of(design: Design) -> trains.Train:
    arbors = [f"{arbor.name} {arbor.wheel}/{arbor.pinion}" for arbor in design.train.arbors]
    return trains.read(", ".join([*arbors, f"escape {design.escapement.teeth}/{design.train.escape_pinion}"]))


def waves(design: Design, seed: int) -> dict[str, float]:
    """The twin's own torque waves by the names that listening uses; of the escape wheel 1 where its pitch errs."""
    drawn = dirt.draw(design, seed=seed, ticks=10, on=True)
    names = [arbor.name for arbor in design.train.arbors]
    rows = np.abs(drawn.wave[:, 1]) if len(drawn.wave) else np.zeros(2 * len(names) + 2)
    found = {}
    for i, (driver, driven) in enumerate(zip(["barrel", *names], [*names, "escape"], strict=True)):
        found[driver if driver == "barrel" else f"{driver} wheel"] = float(rows[2 * i])
        found[f"{driven} pinion, each leaf"] = float(rows[2 * i + 1])
    found["escape wheel"] = float(np.any(drawn.pitch_error != 0.0))
    return found


def heard(trace: Trace, design: Design, seed: int) -> tuple[BeatTable | None, float]:
    """The table of the take through the whole chain, and its SNR."""
    rng = np.random.default_rng([seed, 77])
    body = Body.of(design, kind=design.kind)
    high = float(np.exp(rng.uniform(*np.log((18e3, 42e3)))))
    body = replace(body, microphone=replace(body.microphone, low_hz=float(rng.uniform(20, 200)), high_hz=high))
    recording = sound.render(trace, rate_hz=RATE_HZ, body=body, snr_db=SNR_DB, seed=seed)
    reading = listen.measure(recording, lift_deg=design.lift_deg, clock_ppm=(0.0, 0.0))
    return reading.table, float(reading.snr_db or np.nan)


def written(trace: Trace, design: Design, seed: int) -> BeatTable:
    """The table as event times with the timing noise of such takes."""
    rng = np.random.default_rng([seed, 78])
    beats, n = trace.beats, len(trace.beats)
    unlock, lock, bank = (
        getattr(beats, f"{name}_s") + sigma * rng.standard_normal(n) for name, sigma in NOISE_S.items()
    )
    beat_s = 1.0 / design.beat_hz
    number = np.arange(n)
    ok = np.isfinite(unlock)
    line = np.polyval(np.polyfit(number[ok], unlock[ok], 1), number)
    swing = design.lift_deg / (2.0 * np.sin(np.pi * (bank - unlock) / (2.0 * beat_s)))
    flag = np.where(ok, "", "missed")
    side = beats.side.astype(np.int64)
    noise, level = np.full(n, NOISE_S["unlock"]), np.full(n, SNR_DB)
    return BeatTable(
        unlock, side, beats.impulse_s, lock, bank, noise, swing, 1e3 * (unlock - line), level, flag.astype("<U8")
    )


def take(case: Case) -> dict[str, Any]:
    """One take: what was planted, what was named."""
    variant, name, kind, seed = case
    design, started = twin(name, kind), time.process_time()
    trace = movement.run(design, seconds=SECONDS, seed=seed)
    ran = time.process_time() - started
    snr, table = SNR_DB, None
    if trace.status == "running":
        table, snr = heard(trace, design, seed) if variant == "chain" else (written(trace, design, seed), SNR_DB)
    row: dict[str, Any] = {"case": list(case), "run": trace.status, "snr_db": snr, "cpu_run_s": ran}
    told: Wheels | None = None if table is None else wheels.find(table, train=train_of(design))
    blind: Wheels | None = None if table is None else wheels.find(table)
    row["told"] = [] if told is None else [[p.wheel, p.of, p.p, p.period_s, p.size.value] for p in told.parts]
    row["blind"] = [] if blind is None else [[p.wheel, p.of, p.p, p.period_s] for p in blind.parts]
    row["passings"] = 0 if told is None else len(told.passings)
    row["waves"] = waves(design, seed)
    row["cpu_s"] = time.process_time() - started
    return row


def measured(wanted: list[Case]) -> list[dict[str, Any]]:
    """Every take, from the kept file where it is there, else measured now on two cores."""
    KEPT.parent.mkdir(exist_ok=True)
    have = kept(KEPT, "case")
    todo = [case for case in wanted if json.dumps(list(case)) not in have]
    if todo and "--kept" not in sys.argv:
        with multiprocessing.Pool(min(2, os.cpu_count() or 1)) as pool, KEPT.open("a", encoding="utf-8") as file:
            for done, row in enumerate(pool.imap(take, todo), 1):
                print(json.dumps(row), file=file, flush=True)
                print(f"\r{done}/{len(todo)} takes", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        have = kept(KEPT, "case")
    return [row for case in wanted if (row := have.get(json.dumps(list(case)))) is not None]


def figures(rows: list[dict[str, Any]], *, bars: bool) -> None:
    """Print how often the planted wheel was named and a wrong one, and the bars."""
    for kind in KINDS:
        mine = [row for row in rows if row["case"][2] == kind]
        metric(f"{kind}_jammed", sum(row["run"] != "running" for row in mine))
        mine = [row for row in mine if row["run"] == "running"]
        if not mine:
            continue
        metric(f"{kind}_takes", len(mine))
        metric(f"{kind}_snr_db", float(np.median([row["snr_db"] for row in mine])))
        metric(f"{kind}_cpu_s", float(np.median([row["cpu_s"] for row in mine])))
        named = [{part[0] for part in row["told"]} for row in mine]
        wrong = [{n for n in ns if row["waves"].get(n, 0.0) < WRONG_BELOW} for ns, row in zip(named, mine, strict=True)]
        share_wrong = float(np.mean([bool(w) for w in wrong]))
        metric(f"{kind}_wrong_wheel", share_wrong)
        metric(f"{kind}_passings", float(np.mean([row["passings"] > 0 for row in mine])))
        for name in sorted(set().union(*named)):
            metric(
                f"{kind}_named_{name.replace(', ', '_').replace(' ', '_')}", float(np.mean([name in n for n in named]))
            )
        if kind in PLANTED:
            planted(kind, mine, named, bars=bars)
        if bars:
            what = "false_alarms" if kind == "still" else "wrong_wheels"
            bar(f"{kind}_{what}", share_wrong <= WRONG, f"{share_wrong:.3f} of {len(mine)} takes, {WRONG} is allowed")


def planted(kind: str, mine: list[dict[str, Any]], named: list[set[str]], *, bars: bool) -> None:
    """How often the planted wheel was named with its tooth counts told, named first, and without them."""
    wheel = PLANTED[kind]
    share = float(np.mean([wheel in names for names in named]))
    metric(f"{kind}_named", share)
    metric(f"{kind}_named_first", float(np.mean([bool(r["told"]) and r["told"][0][0] == wheel for r in mine])))
    start = wheel.split()[0]
    metric(
        f"{kind}_named_without_counts", float(np.mean([any(p[0].startswith(start) for p in r["blind"]) for r in mine]))
    )
    if bars:
        bar(f"{kind}_named", share >= NAMED, f"{share:.3f} of {len(mine)} takes, {NAMED} is wanted")


def main() -> None:
    """Measure and print."""
    own = sys.argv[sys.argv.index("--design") + 1] if "--design" in sys.argv else ""
    variant = "events" if "--events" in sys.argv or quick() else "chain"
    seeds = range(QUICK_RUNS if quick() else RUNS)
    wanted: list[Case] = [(variant, own or LEVERS[kind], kind, seed) for seed in seeds for kind in KINDS]
    figures(measured(wanted), bars=not own and not quick())


if __name__ == "__main__":
    main()
