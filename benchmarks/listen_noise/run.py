"""Right rates in noise: clocks of every rate under white, pink, speech-like noise, clicks and a second clock.

    make bench NAME=listen_noise            # 1,000 takes and more of 40 s, kept in out/listen_noise.jsonl (resumes)
    QUICK=1 make bench NAME=listen_noise    # a minute

SNR as the field defines it: median over beats of the peak of the loudest sound over the noise's rms, both behind a
4th-order 3 kHz high-pass at 48 kHz. Clicks and a second clock come with white noise at that SNR; a second clock is
6 to 14 dB weaker than the first ("clock"), or less than 6 dB ("near"), where both rates or `too_noisy` are asked for.
"Alone" are the same noises without a clock. The recorder's clock is exact. Truth is the beats' own mean rate.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import bar, calibration_s, kept, measured, metric, quick
from benchmarks.listen_noise import scene
from heartwright import listen
from heartwright.records import Interval, Reading, Recording

KEPT = Path("out/listen_noise.jsonl")
SNR_DB = (30.0, 20.0, 15.0, 10.0, 6.0, 3.0, 0.0, -3.0, -6.0)
SEEDS, QUICK_SEEDS = 23, 1
ALONE_SEEDS, NEAR_SEEDS = 25, 12
FRESH = 50_000  # first seed: takes that the ear was developed on had seeds below
RIGHT_S_PER_DAY, WRONG_SETTLED_S_PER_DAY = 2.0, 10.0
OUTSIDE = 3.29 / 1.96  # of the half width: the 99.9 % interval
DAY_S = 86_400.0
Case = tuple[str, float, int]


def cases() -> list[Case]:
    """(noise, SNR, seed) of every take."""
    few = quick()
    seeds = range(QUICK_SEEDS if few else SEEDS)
    out = [(noise, snr, seed) for seed in seeds for snr in SNR_DB for noise in scene.NOISES]
    out += [("near", snr, s) for s in range(1 if few else NEAR_SEEDS) for snr in (30.0, 15.0, 6.0)]
    alone = [f"alone-{noise}" for noise in scene.NOISES if noise != "clock"]
    return out + [(noise, 6.0, s) for s in range(1 if few else ALONE_SEEDS) for noise in alone]


def take(case: Case) -> dict[str, Any]:
    """Draw and measure one take."""
    noise, snr_db, seed = case
    if noise == "near":
        drawn = scene.draw("clock", snr_db, 2 * FRESH + seed, rival_db=(-5.5, -0.5))
    else:
        drawn = scene.draw(noise, snr_db, FRESH + seed)
    started = time.process_time()
    reading = listen.measure(Recording(drawn.samples, float(scene.RATE_HZ)), clock_ppm=(0.0, 0.0))
    seconds = time.process_time() - started
    return {"case": list(case), "cpu_s": seconds, "true_bph": drawn.bph, "rival": drawn.rival} | heard(reading)


def heard(reading: Reading) -> dict[str, Any]:
    """What the reading says that is judged."""
    rate = reading.beat_rate_bph
    return {
        "status": reading.status,
        "bph": None if rate is None else [rate.value, rate.low, rate.high],
        "repeat": _repeat(reading),
        "settled": reading.settled,
        "snr_db": reading.snr_db,
        "beats": reading.beats,
        "rivals": [list(r) for r in reading.rivals],
        "leaps": len(reading.leaps),
    }


def _repeat(reading: Reading) -> float | None:
    """Half width of the rate's repeat interval [s/d]; the recorder's clock is exact here, so it is the whole."""
    rate: Interval | None = reading.beat_rate_bph
    return None if rate is None else DAY_S * rate.half_width / rate.value


def off(row: dict[str, Any], true_bph: float | None = None) -> float:
    """Error of the rate [s/d]."""
    return float((row["bph"][0] / (true_bph or row["true_bph"]) - 1.0) * DAY_S)


def right(row: dict[str, Any]) -> bool:
    """Whether the take was answered with the right rate."""
    return row["status"] == "ok" and abs(off(row)) <= RIGHT_S_PER_DAY


def share(rows: Iterable[dict[str, Any]], test: Any) -> float:
    """Share of rows that pass `test`; NaN of none."""
    found = [bool(test(r)) for r in rows]
    return float(np.mean(found)) if found else float("nan")


def outside(row: dict[str, Any]) -> bool:
    """Whether the truth lies outside the 99.9 % interval."""
    return abs(off(row)) > OUTSIDE * row["repeat"]


def figures(rows: list[dict[str, Any]]) -> None:
    """Print figures and bars."""
    metric("calibration_s", calibration_s())
    main = [r for r in rows if r["case"][0] in scene.NOISES]
    metric("takes", len(rows))
    metric("takes_with_a_clock", len(main))
    metric("takes_told_to_leap", sum(r.get("leaps", 0) > 0 for r in main))  # none does
    answered = [r for r in main if r["status"] == "ok"]
    for noise in scene.NOISES:
        for snr in SNR_DB:
            mine = [r for r in main if r["case"][0] == noise and r["case"][1] == snr]
            name = f"{noise}_{snr:g}_db"
            metric(f"right_{name}", share(mine, right))
            metric(f"answered_{name}", share(mine, lambda r: r["status"] == "ok"))
            wrong = [r for r in mine if r["status"] == "ok" and outside(r)]
            metric(f"outside_{name}", len(wrong))
    for snr in SNR_DB:
        mine = [r for r in main if r["case"][1] == snr]
        good = [r for r in mine if r["status"] == "ok"]
        metric(f"right_{snr:g}_db", share(mine, right))
        metric(f"answered_{snr:g}_db", len(good) / max(len(mine), 1))
        metric(f"half_width_{snr:g}_db_s_per_day", float(np.median([r["repeat"] for r in good])) if good else np.nan)
        metric(f"cpu_{snr:g}_db_s_per_s", float(np.median([r["cpu_s"] for r in mine])) / scene.SECONDS)
    bars(main, answered)
    others(rows)


def bars(main: list[dict[str, Any]], answered: list[dict[str, Any]]) -> None:
    """The bars of takes that hold a clock, and one weaker by 6 dB and more."""
    for snr, least in ((6.0, 0.99), (3.0, 0.95)):
        found = share([r for r in main if r["case"][1] == snr], right)
        bar(f"right_rate_at_{snr:g}_db", found >= least, f"{found:.3f} of {least}")
    at_zero = share([r for r in main if r["case"][1] == 0.0], lambda r: r["status"] == "ok")
    bar("answered_at_0_db", at_zero >= 0.6, f"{at_zero:.3f} of 0.6")
    beyond = [r for r in answered if outside(r)]
    least_takes = quick() or len(main) >= 1000
    few = len(beyond) <= 0.004 * len(answered) + (1 if quick() else 0)
    bar("outside_the_99.9_interval", few and least_takes, f"{len(beyond)} of {len(answered)}")
    wrong = [r for r in answered if r["settled"] and abs(off(r)) > WRONG_SETTLED_S_PER_DAY]
    bar("settled_and_wrong", not wrong, f"{len(wrong)} takes")
    for row in beyond:
        print(f"# outside: {row['case']} by {off(row):.1f} s/d, half width {row['repeat']:.2f}", flush=True)


def others(rows: list[dict[str, Any]]) -> None:
    """A second clock nearer than 6 dB, and noise alone."""
    near = [r for r in rows if r["case"][0] == "near"]
    ok = [r for r in near if r["status"] != "ok" or _both(r)]
    bar("nearer_clock_both_or_too_noisy", len(ok) == len(near), f"{len(ok)} of {len(near)}")
    metric("nearer_clock_both_rates", share(near, lambda r: r["status"] == "ok" and _both(r)))
    alone = [r for r in rows if r["case"][0].startswith("alone-")]
    false = [r for r in alone if r["status"] == "ok"]
    metric("answered_without_a_clock", len(false))
    bar("silent_without_a_clock", not false, f"{len(false)} of {len(alone)}")


def _both(row: dict[str, Any]) -> bool:
    """Whether both clocks' rates were told, whichever as the first."""
    told = [row["bph"][0], *(r[0] for r in row["rivals"])]
    return all(any(abs(t / true - 1.0) < 1e-3 for t in told) for true in (row["true_bph"], row["rival"][0]))


if __name__ == "__main__":
    figures(list(kept(KEPT, "case").values()) if "--kept" in sys.argv else measured(KEPT, "case", cases(), take))
