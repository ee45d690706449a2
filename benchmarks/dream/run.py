"""Shares of the dream's endings by policy, and how often the heart really stuttered when it was asked.

For each seed one dream is dreamt to the moment when a hand may touch; from there *panic*, *patient* and *still* go on
as forks of it, so they differ in hand and choice alone. *control* dreams the same seed with no critic and does what
panic does. Listening is left out: it changes nothing in the heart, and the endings rest on its state.

Rows are kept in `out/dream.jsonl` and are not computed again (delete the file to begin anew). `QUICK=1`: few seeds.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from benchmarks.common import bar, metric, quick
from heartwright.dream.ending import NAMES
from heartwright.dream.heart import heart
from heartwright.dream.play import QUANTUM_S, Play
from heartwright.dream.policy import POLICIES, chosen, finish
from heartwright.repair.rehearse import wilson

SEEDS, QUICK_SEEDS = 100, 2
OUT = Path("out")


def rows_of(seed: int) -> list[dict[str, object]]:
    """One row a policy for a seed."""
    play = Play(heart(seed, poses_hz=0.0), seed=seed, ears=False)
    alone = Play(heart(seed, poses_hz=0.0), seed=seed, critic="", ears=False)
    found = []
    calm: Play | None = None  # patient breathes before it may touch, so it has a fork of its own from the verdict on
    while "touch" not in play.choices:
        if calm is None and "breathe" in play.choices:
            calm = play.fork()
        play.step(QUANTUM_S)
    starts = {"panic": play.fork(), "patient": calm or play.fork(), "still": play.fork(), "control": alone}
    for policy in POLICIES:
        began = time.process_time()
        end = finish(starts[policy], chosen(policy)[0])
        found.append(_row(policy, seed, end, time.process_time() - began))
    return found


def _row(policy: str, seed: int, play: Play, cpu_s: float) -> dict[str, object]:
    assert play.ending is not None
    touches = [{"touch": t.touch, "force_n": t.force_n, "slip": t.slip} for t in play.told.touches]
    worth = [{"touch": o.touch, "worth": o.worth, "alone": o.alone_worth} for o in play.told.odds]
    return {
        "policy": policy, "seed": seed, "ending": play.ending.name, "text": play.ending.text,
        "composure": play.ending.composure, "stuttered": play.stuttered, "touches": touches, "worth": worth,
        "figures": play.ending.figures, "cpu_s": cpu_s,
    }  # fmt: skip


def main() -> None:
    seeds = QUICK_SEEDS if quick() else int(os.environ.get("SEEDS", SEEDS))
    OUT.mkdir(exist_ok=True)
    kept = OUT / ("dream-quick.jsonl" if quick() else "dream.jsonl")
    rows = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []
    done = {row["seed"] for row in rows}
    for seed in range(1, seeds + 1):
        if seed in done:
            continue
        fresh = rows_of(seed)
        with kept.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in fresh)
        rows += fresh
    tell([row for row in rows if row["seed"] <= seeds], quick_run=quick())


def tell(rows: list[dict[str, object]], *, quick_run: bool) -> None:
    """Print the shares with their intervals, and the bars."""
    for policy in POLICIES:
        mine = [row for row in rows if row["policy"] == policy]
        metric(f"{policy}_dreams", len(mine))
        for name in NAMES:
            share = wilson(sum(row["ending"] == name for row in mine), len(mine))
            key = f"{policy}_{name.replace(' ', '_')}"
            metric(key, share.value)
            metric(f"{key}_low", share.low)
            metric(f"{key}_high", share.high)
        metric(f"{policy}_composure", sum(float(str(row["composure"])) for row in mine) / max(len(mine), 1))
        metric(f"{policy}_touched", sum(bool(row["touches"]) for row in mine) / max(len(mine), 1))
    asked = [row for row in rows if row["policy"] == "still"]
    really = sum(bool(row["stuttered"]) for row in asked)
    metric("it_really_stuttered", really)
    metric("it_was_imagined", len(asked) - really)
    if quick_run:
        return
    bar("both_answers", 0 < really < len(asked), f"{really} of {len(asked)} really stuttered")
    bar("dreams", all(sum(r["policy"] == p for r in rows) >= SEEDS for p in POLICIES), f"{SEEDS} of each wanted")
    kinds = {str(row["ending"]) for row in rows}
    bar("endings", len(kinds) >= 2, f"only {kinds}")


if __name__ == "__main__":
    main()
