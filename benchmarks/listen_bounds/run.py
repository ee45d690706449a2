"""How near do the onsets come to what is possible at all?

    make bench NAME=listen_bounds             unlocking, impulse, lock and a pendulum's one sound, 0 to 40 dB
    QUICK=1 make bench NAME=listen_bounds     fewer takes, within a minute
    python benchmarks/listen_bounds/run.py --kept    the figures of what has been measured so far
    python benchmarks/listen_bounds/run.py --seeds 9700 9780 --plans clock --snr 2 3.5    other takes than the bars'

Takes of 30 s are made from event times (`takes`), each a movement of its own, and listened to as a user would. Each
onset that is timed is held against its true time; the mean error of a side's beats is what "onset" means for that
sound (a convention, and shared by all its beats): it is reported as bias and taken out, the rest is random error. It is
compared as rms over beats and takes, in steps of landmark SNR 10 log10(2E/N0), with the rms of the bound over the same
beats (`onset_bounds`): from 15 dB the Cramer-Rao bound, from 0 to 15 dB the Ziv-Zakai bound for a time anywhere within
+-2 ms. What the takes draw from blow to blow is in the Cramer-Rao bound as noise of known covariance: the mixture of
modes, and, for impulse and lock, the times of the blows that follow them within their ringing. Onsets that the listener
does not time ("not separable") do not count; the share timed is reported.

The rate's error is that of `rate_s_per_day` against the rate the take was made with, over the bound of that rate, with
the drawn scatter of the beats in it; the same two ranges, by the landmark SNR of the sound that timed the beats.

Of other takes than the bars' those sides are counted that stand beyond five times their bound, and the error of the
rest is told too: what is worked on is worked on with them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
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

PLANS = {
    "plain": takes.Plan(bph=21_600.0, case="plain", lock_lead=0.035),
    "watch": takes.Plan(bph=28_800.0, case="watch", amplitude_deg=290.0, lock_lead=0.035),
    "dull": takes.Plan(bph=18_000.0, case="dull", amplitude_deg=240.0, lock_lead=0.035),
    "clock": takes.Plan(kind="pendulum", case="clock", bph=3600.0, beat_error_ms=10.0, jitter_s=50e-6, walk_s=10e-6),
}
SNR_DB = {"lever": (40.0, 34.0, 28.0, 22.0, 16.0, 10.0, 4.0), "pendulum": (30.0, 20.0, 12.0, 6.0, 0.0, -4.0)}
SEEDS, QUICK_SEEDS = 12, 1
KEPT, KEPT_OTHERS = Path("out/listen_bounds.jsonl"), Path("out/listen_bounds_others.jsonl")
HIGH_DB, STEP_DB, PRIOR_S = 15.0, 5.0, 2e-3
MOST_HIGH, MOST_LOW = 1.3, 1.5
FEWEST = 60  # onsets in a step of SNR that is judged
WILD = 5.0  # times its bound beyond which a side's sounds were taken for others
# Blows in the order of a beat that ring into a landmark: (contact, strength) of itself first.
RINGS = {
    "unlocking": (("notch", 0.18),),
    "impulse": (("stone", 0.45), ("notch", 0.60)),
    "lock": (("stone", 1.00), ("banking", 0.27), ("stone", 0.24)),
    "pendulum": (("stone", 1.0),),
}


def one(work: tuple[str, float, int]) -> dict[str, Any]:
    """One take: per landmark and side the errors of its onsets beside both bounds."""
    name, snr_db, seed = work
    plan = PLANS[name]
    number = 7_000_000 + 1000 * seed + int(10 * (snr_db + 10))
    take = takes.make(plan, seed=number)
    audio = takes.record(take, snr_db=snr_db, seed=number)
    reading = listen.measure(audio, bph=plan.bph, clock_ppm=(0.0, 0.0))
    out: dict[str, Any] = {"take": [name, snr_db, seed], "status": reading.status, "onsets": []}
    table = reading.table
    if reading.status != "ok" or table is None:
        return out
    noise = 10 ** (-snr_db / 20) / takes.white_gain()
    case = takes.Case.of(plan.case, number)
    fine = np.where(np.isfinite(table.sigma_s), table.time_s, np.nan)
    if plan.kind == "pendulum":
        found = {"pendulum": (fine, take.landmark_s)}
    elif reading.beat_timed == "unlocking":
        found = {
            "unlocking": (fine, take.landmark_s),
            "impulse": (table.impulse_s, take.impulse_s),
            "lock": (table.lock_s, take.lock_s),
        }
    else:
        found = {"lock": (fine, take.lock_s)}
    beat = 3600.0 / plan.bph
    near = np.round((table.time_s - take.landmark_s[0]) / beat).astype(int)
    for landmark, (time_s, true_s) in found.items():
        for side in range(2):
            rows = (near >= 0) & (near < len(true_s))
            rows[rows] = take.side[near[rows]] == side
            error = time_s[rows] - true_s[near[rows]]
            out["onsets"].append(_side(take, case, landmark, side, noise, error))
    value = reading.rate_s_per_day
    timed = "pendulum" if plan.kind == "pendulum" else ("unlocking" if reading.beat_timed == "unlocking" else "lock")
    mine = [o for o in out["onsets"] if o["landmark"] == timed]
    if value is not None:
        single = float(np.sqrt(np.mean([o["cramer_rao_s"] ** 2 for o in mine])))
        least = rate_bound(plan, take.side, single)
        out["rate"] = [float(np.mean([o["snr_db"] for o in mine])), value.value - plan.rate_s_per_day, least]
    return out


def _side(
    take: takes.Take, case: takes.Case, landmark: str, side: int, noise: float, error: np.ndarray
) -> dict[str, Any]:
    """Random errors of one landmark of one side, and what bounds them."""
    plan = take.plan
    waves, drawn = [], []
    offset = [0.0, *_offsets(take, landmark)]
    jitter = [0.0, plan.tooth_s, plan.tooth_s * np.sqrt(2.0)]
    for (contact, strength), at, move in zip(RINGS[landmark], offset, jitter, strict=False):
        gains = strength * case.pattern(contact, side) / take.scale
        parts = np.stack([_rung(case, g, at) for g in np.diag(gains)])
        waves.append(parts.sum(axis=0))
        drawn.extend(plan.shape_sd * parts)
        if move:
            drawn.append(move * onset_bounds.slope(waves[-1]))
    alone = onset_bounds.snr(waves[0], noise)
    known = sum(waves)
    ok = np.isfinite(error)
    random = error[ok] - np.mean(error[ok]) if ok.any() else error[ok]
    return {
        "landmark": landmark,
        "snr_db": float(10 * np.log10(alone)),
        "count": int(ok.sum()),
        "of": len(error),
        "bias_s": float(np.mean(error[ok])) if ok.any() else None,
        "square_s2": float(np.sum(random**2)) * ok.sum() / max(ok.sum() - 1, 1),
        "cramer_rao_s": onset_bounds.cramer_rao(np.asarray(known), noise, np.array(drawn)),
        "ziv_zakai_s": onset_bounds.ziv_zakai(waves[0], noise, PRIOR_S),
    }


def _offsets(take: takes.Take, landmark: str) -> tuple[float, ...]:
    """How long after a landmark the blows that ring into it come [s]."""
    plan = take.plan
    span = float(np.mean(take.bank_s - take.landmark_s)) if plan.kind == "lever" else 0.0
    if landmark == "impulse":
        half = 0.5 * plan.lift_deg / plan.amplitude_deg
        swing = 3600.0 / plan.bph / np.pi
        return (float(swing * (np.arcsin(takes.SECOND_AT * half) - np.arcsin(takes.IMPULSE_AT * half))),)
    if landmark == "lock":
        lead = float(np.mean(take.bank_s - take.lock_s))
        return lead, lead + takes.BOUNCE_AFTER * span
    return ()


def _rung(case: takes.Case, gains: np.ndarray, at_s: float) -> np.ndarray:
    lead = 48
    return case.ring(np.array([lead / takes.RATE_HZ + at_s]), gains[None], lead + 960).astype(np.float64)


def rate_bound(plan: takes.Plan, side: np.ndarray, single_s: float) -> float:
    """Least standard deviation of the rate [s/d] of a take whose beats are timed to `single_s`."""
    period, _error = onset_bounds.line(np.arange(len(side)), side, takes.scatter(plan, len(side), single_s))
    return float(period * plan.bph / 3600.0 * takes.DAY_S)


def asked() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kept", action="store_true", help="the figures of what has been measured so far")
    parser.add_argument("--seeds", nargs=2, type=int, metavar=("FIRST", "END"), help="other seeds than the bars'")
    parser.add_argument("--plans", nargs="+", choices=list(PLANS), default=list(PLANS), help="of these (with --seeds)")
    parser.add_argument("--snr", nargs="+", type=float, metavar="DB", help="SNR of the takes (with --seeds)")
    return parser.parse_args()


def takes_of(names: list[str], seeds: range, snr_db: list[float] | None) -> list[tuple[str, float, int]]:
    """Plan, SNR and seed of each take."""
    return [(name, snr, seed) for seed in seeds for name in names for snr in snr_db or SNR_DB[PLANS[name].kind]]


def measured(wanted: list[tuple[str, float, int]], where: Path) -> list[dict[str, Any]]:
    """All takes, the missing ones made now on two processes."""
    done = kept(where, "take")
    left = [w for w in wanted if json.dumps(list(w)) not in done]
    where.parent.mkdir(exist_ok=True)
    with multiprocessing.get_context("spawn").Pool(2) as pool, where.open("a") as file:
        for row in pool.imap_unordered(one, left, chunksize=2):
            done[json.dumps(row["take"])] = row
            file.write(json.dumps(row) + "\n")
            file.flush()
    return [done[json.dumps(list(w))] for w in wanted]


def figures(rows: list[dict[str, Any]]) -> None:
    """Print errors over bounds in steps of landmark SNR, and the bars."""
    metric("calibration_s", calibration_s())
    metric("takes", len(rows))
    onsets = [o for row in rows for o in row["onsets"]]
    for landmark in RINGS:
        mine = [o for o in onsets if o["landmark"] == landmark]
        high, low = [], []
        for step in np.arange(0.0, 50.0, STEP_DB):
            some = [o for o in mine if step <= o["snr_db"] < step + STEP_DB and o["count"]]
            count = sum(o["count"] for o in some)
            if count < FEWEST:
                continue
            bound = "cramer_rao_s" if step >= HIGH_DB else "ziv_zakai_s"
            error = np.sqrt(sum(o["square_s2"] for o in some) / count)
            least = np.sqrt(sum(o["count"] * o[bound] ** 2 for o in some) / count)
            name = f"{landmark}_{step:.0f}_dB"
            metric(f"{name}_timed", count / sum(o["of"] for o in some))
            metric(f"{name}_error_us", 1e6 * error)
            metric(f"{name}_bound_us", 1e6 * least)
            metric(f"{name}_over_bound", error / least)
            metric(f"{name}_bias_us", 1e6 * float(np.mean([o["bias_s"] for o in some])))
            (high if step >= HIGH_DB else low).append(float(error / least))
        judge(f"{landmark}_over_cramer_rao", high, MOST_HIGH)
        judge(f"{landmark}_over_ziv_zakai", low, MOST_LOW)
    rate_bars([row["rate"] for row in rows if "rate" in row])


def rate_bars(rates: list[list[float]]) -> None:
    """The rate's error over its bound, rms over takes."""
    for name, inside, most in (("high", lambda s: s >= HIGH_DB, MOST_HIGH), ("low", lambda s: s < HIGH_DB, MOST_LOW)):
        ratio = [error / least for snr, error, least in rates if inside(snr)]
        if ratio:
            metric(f"rate_{name}_takes", len(ratio))
            judge(f"rate_over_bound_{name}", [float(np.sqrt(np.mean(np.square(ratio))))], most)


def judge(name: str, ratios: list[float], most: float) -> None:
    """A bar over the worst of some ratios."""
    if ratios:
        metric(f"{name}_worst", max(ratios))
        bar(name, max(ratios) <= most, f"{max(ratios):.2f}, allowed {most}")


def without_wild(rows: list[dict[str, Any]]) -> None:
    """Figures of each landmark's sides that were told for what they are, and how many were not."""
    onsets = [o for row in rows for o in row["onsets"] if o["count"]]
    for landmark in RINGS:
        for step in np.arange(HIGH_DB, 50.0, STEP_DB):
            some = [o for o in onsets if o["landmark"] == landmark and step <= o["snr_db"] < step + STEP_DB]
            tame = [o for o in some if o["square_s2"] < o["count"] * (WILD * o["cramer_rao_s"]) ** 2]
            if sum(o["count"] for o in tame) < FEWEST:
                continue
            error, least = sum(o["square_s2"] for o in tame), sum(o["count"] * o["cramer_rao_s"] ** 2 for o in tame)
            metric(f"{landmark}_{step:.0f}_dB_wild_sides", len(some) - len(tame))
            metric(f"{landmark}_{step:.0f}_dB_tame_sides", len(tame))
            metric(f"{landmark}_{step:.0f}_dB_tame_over_bound", np.sqrt(error / least))


def main() -> None:
    """Measure the bars' takes, or others."""
    want = asked()
    if want.seeds is not None:
        rows = measured(takes_of(want.plans, range(*want.seeds), want.snr), KEPT_OTHERS)
        figures(rows)
        without_wild(rows)
    elif want.kept:
        figures(list(kept(KEPT, "take").values()))
    else:
        figures(measured(takes_of(list(PLANS), range(QUICK_SEEDS if quick() else SEEDS), None), KEPT))


if __name__ == "__main__":
    main()
