"""Whatever a phone records: takes of known beats after what phones, recorders and messengers do to them.

    make bench NAME=listen_phones            # 680 takes of 30 s, kept in out/listen_phones.jsonl (resumes)
    QUICK=1 make bench NAME=listen_phones    # two takes of each kind

Levers (three of four) and pendulum clocks of any rate at 15 to 35 dB, each spoilt in one way (spoils.py). Asked of
each: is the rate right (2 s/d), did the count keep step with the true beats, do the 95 % intervals of beat error and
amplitude hold, and is what spoilt the take named. Truth is that of the beats heard. The bars were set before the first
run: right in 98 of 100, none settled and wrong by more than 10 s/d, no slip, beat error and amplitude held in 93 of
100, spoils named in 90 of 100, no more than 2 of 100 clean takes warned of.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # one take a core

import numpy as np  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
import takes  # noqa: E402
from common import bar, kept, measured, metric, quick  # noqa: E402
from spoils import SPOILS, Spoilt  # noqa: E402

from heartwright import listen  # noqa: E402
from heartwright.records import Floats, Interval, Ints, Reading  # noqa: E402

KEPT = Path("out/listen_phones.jsonl")
EACH, QUICK_EACH = 40, 2
FRESH = 50_000  # first seed: the ear was developed on others
LEVERS = (14_400.0, 18_000.0, 19_800.0, 21_600.0, 25_200.0, 28_800.0, 36_000.0, 16_266.0)
CLOCKS = (3_600.0, 4_800.0, 5_444.0, 7_200.0, 9_000.0)
RIGHT_S_PER_DAY, WRONG_SETTLED_S_PER_DAY = 2.0, 10.0
NEAR_BEATS = 0.15  # of its true moment a beat of the table is that one
Case = tuple[str, int]
Row = dict[str, Any]


def draw(seed: int) -> takes.Plan:
    """A movement with its own rate, amplitude, beat error and sound."""
    rng = np.random.default_rng(seed)
    clock = rng.random() < 0.25
    bph = float(rng.choice(CLOCKS if clock else LEVERS)) * (1.0 + rng.uniform(-200.0, 200.0) / takes.DAY_S)
    error = rng.uniform(0.0, 40.0 if clock else 4.0)
    return takes.Plan(
        kind="pendulum" if clock else "lever",
        case="clock" if clock else str(rng.choice(["plain", "watch", "dull"])),
        bph=bph,
        beat_error_ms=float(error * rng.choice([-1.0, 1.0])),
        amplitude_deg=float(rng.uniform(190.0, 310.0)),
        scatter_deg=float(rng.uniform(1.0, 4.0)),
    )


def take(case: Case) -> Row:
    """Draw, spoil and measure one take."""
    kind, number = case
    seed = FRESH + 1000 * list(SPOILS).index(kind) + number
    plan, rng = draw(seed), np.random.default_rng((seed, 1))
    true = takes.make(plan, seed=seed)
    snr_db = float(rng.uniform(15.0, 35.0))
    spoilt = SPOILS[kind][0](takes.record(true, snr_db=snr_db, seed=seed + 500), rng)
    lift = plan.lift_deg if plan.kind == "lever" else None
    row: Row = {"case": list(case), "snr_db": snr_db, "plan": plan.kind}
    try:
        reading = listen.measure(spoilt.recording, lift_deg=lift, clock_ppm=(0.0, 0.0))
    except Exception as error:  # a crash is a row of its own
        return row | {"status": "crashed", "settled": False, "warnings": [repr(error)]}
    return row | heard(reading, true, spoilt)


def heard(reading: Reading, true: takes.Take, spoilt: Spoilt) -> Row:
    """What is judged."""
    row: Row = {"status": reading.status, "settled": reading.settled, "warnings": list(reading.warnings)}
    if reading.table is None or reading.beat_rate_bph is None:
        return row
    number, slipped = numbers(reading, true, spoilt)
    plain = np.isin(reading.table.flag, ["", "double"]) & np.isfinite(reading.table.sigma_s)
    rows = np.flatnonzero((number >= 0) & plain)
    number = number[rows]
    if len(number) < 8:
        return row | {"off_s_per_day": np.inf, "slipped": slipped}
    beat, error = pace(timed_sound(reading, true, number, reading.table.time_s[rows]), number, true.side[number])
    told = 3600.0 / reading.beat_rate_bph.value
    return row | {
        "off_s_per_day": (beat / told - 1.0) * takes.DAY_S,
        "slipped": slipped,
        "found": len(number) / len(true.side),
        "error_held": _holds(reading.beat_error_heard_ms, 1e3 * abs(error)),
        "error_off_ms": _off(reading.beat_error_heard_ms, 1e3 * abs(error)),
        "error_half_ms": reading.beat_error_heard_ms and reading.beat_error_heard_ms.half_width,
        "amplitude_held": _holds(reading.amplitude_deg, float(np.mean(true.amplitude_deg[number]))),
        "amplitude_half_deg": reading.amplitude_deg and reading.amplitude_deg.half_width,
        "leaps": [[x.time_s, x.early_ms] for x in reading.leaps],
        "cut": [list(c) for c in spoilt.cut],
    }


def pace(time_s: Floats, number: Ints, side: Ints) -> tuple[float, float]:
    """Beat and signed beat error [s] of true times, least squares."""
    design = np.stack([np.ones(len(number)), number, side], axis=1)
    _start, beat, error = np.linalg.lstsq(design, time_s, rcond=None)[0]
    return float(beat), float(error)


def timed_sound(reading: Reading, true: takes.Take, number: Ints, time_s: Floats) -> Floats:
    """True times of the sound that times the beats `number`: told by name, or, of impulse and lock, the more alike."""
    if true.plan.kind == "pendulum" or reading.beat_timed == "unlocking":
        return true.landmark_s[number]
    if reading.beat_timed == "lock":
        return true.lock_s[number]
    return min((true.impulse_s[number], true.lock_s[number]), key=lambda t: float(np.std(np.diff(time_s - t))))


def numbers(reading: Reading, true: takes.Take, spoilt: Spoilt) -> tuple[Ints, bool]:
    """The true number of each row of the table (-1: none), and whether the count left step with them.

    A codec's delay is allowed for. Across a cut the count goes on in whole oscillations, as it should; what stands
    between two cuts is held against each other.
    """
    table, beat = reading.table, 3600.0 / true.plan.bph
    assert table is not None
    sound = true.landmark_s if true.plan.kind == "pendulum" else true.lock_s
    number, slipped = np.full(len(table.flag), -1), False
    heard = (table.flag != "missed") & np.isfinite(table.time_s)
    for (begin, end), early_s in zip(pieces(spoilt), joined(reading, spoilt), strict=True):
        mine = np.flatnonzero((sound >= begin) & (sound < end))
        at = sound[mine] - early_s
        if len(mine) < 4:
            continue
        rows = np.flatnonzero(heard & (table.time_s > at[0] - 0.3 * beat) & (table.time_s < at[-1] + 0.3 * beat))
        if len(rows) < 2:
            continue
        time_s = table.time_s[rows]
        near = np.abs(time_s[:, None] - at).argmin(axis=1)
        delay = float(np.angle(np.exp(2j * np.pi * (time_s - at[near]) / beat).mean())) / (2.0 * np.pi) * beat
        near = np.abs(time_s[:, None] - delay - at).argmin(axis=1)
        fits = np.abs(time_s - delay - at[near]) < NEAR_BEATS * beat
        number[rows[fits]] = mine[near[fits]]
        slipped |= bool((np.diff(mine[near[fits]]) != np.diff(rows[fits])).any())
    return number, slipped


def pieces(spoilt: Spoilt) -> list[tuple[float, float]]:
    """Stretches of the take's own time that the file holds one after the other."""
    edges = [(at, at + lost_s) for at, lost_s in spoilt.cut]
    begins = [-np.inf, *(end for _, end in edges)]
    return list(zip(begins, [*(begin for begin, _ in edges), np.inf], strict=True))


def joined(reading: Reading, spoilt: Spoilt) -> list[float]:
    """By how much the beats of each piece come earlier in the ear's table than in the take [s]."""
    out = [0.0]
    told = np.array([[leap.time_s, leap.early_ms] for leap in reading.leaps]).reshape(-1, 2)
    early = 0.0
    for at, lost_s in spoilt.cut:
        early += lost_s
        mended = 1e-3 * told[told[:, 0] + early - lost_s < at + 1.0, 1].sum()
        out.append(early - float(mended))
    return out


def _off(interval: Interval | None, true: float) -> float | None:
    return None if interval is None else interval.value - true


def _holds(interval: Interval | None, true: float) -> bool | None:
    return None if interval is None else bool(interval.low <= true <= interval.high)


def cases() -> list[Case]:
    """(spoil, number) of every take."""
    return [(kind, number) for number in range(QUICK_EACH if quick() else EACH) for kind in SPOILS]


def share(rows: Iterable[Row], test: Callable[[Row], bool | None]) -> float:
    """Share of rows that pass `test`, those left out for which it is None; NaN of none."""
    found = [x for x in map(test, rows) if x is not None]
    return float(np.mean(found)) if found else float("nan")


def right(row: Row) -> bool:
    return row["status"] == "ok" and abs(row.get("off_s_per_day", np.inf)) <= RIGHT_S_PER_DAY


def named(row: Row) -> bool:
    beginnings = SPOILS[row["case"][0]][1]
    return any(w.startswith(beginnings) for w in row["warnings"])


def figures(rows: list[Row]) -> None:
    """Print figures and bars."""
    for kind, (_, beginnings) in SPOILS.items():
        mine, name = [r for r in rows if r["case"][0] == kind], kind.replace(" ", "_")
        metric(f"answered_{name}", share(mine, lambda r: r["status"] == "ok"))
        metric(f"right_{name}", share(mine, right))
        metric(f"slipped_{name}", sum(r.get("slipped", False) for r in mine))
        for figure, unit in (("error", "ms"), ("amplitude", "deg")):
            metric(f"{figure}_held_{name}", share(mine, lambda r, f=figure: r.get(f"{f}_held")))
            half = [r[f"{figure}_half_{unit}"] for r in mine if r.get(f"{figure}_half_{unit}") is not None]
            metric(f"{figure}_half_{unit}_{name}", float(np.median(half)) if half else np.nan)
            metric(f"{figure}_told_{name}", len(half) / len(mine))
        if beginnings:
            metric(f"named_{name}", share(mine, named))
        else:
            metric(f"warned_{name}", share(mine, lambda r: bool(r["warnings"])))
    bars(rows)


def bars(rows: list[Row]) -> None:
    """The bars, set before the first run."""
    few = 0.06 if quick() else 0.0
    found = share(rows, right)
    bar("right_rate", found >= 0.98 - few, f"{found:.3f} of 0.98")
    crashed = [r["case"] for r in rows if r["status"] == "crashed"]
    bar("no_crash", not crashed, f"{crashed}")
    wrong = [r for r in rows if r["settled"] and abs(r["off_s_per_day"]) > WRONG_SETTLED_S_PER_DAY]
    bar("settled_and_wrong", not wrong, f"{[r['case'] for r in wrong]}")
    slips = [r["case"] for r in rows if r.get("slipped")]
    bar("count", not slips, f"{slips}")
    for figure in ("error", "amplitude"):
        held = share(rows, lambda r, f=figure: r.get(f"{f}_held"))
        bar(f"{figure}_held", held >= 0.93 - few, f"{held:.3f} of 0.93")
    told = share([r for r in rows if SPOILS[r["case"][0]][1]], named)
    bar("named", told >= 0.9 - few, f"{told:.3f} of 0.9")
    false = share([r for r in rows if r["case"][0] == "clean"], lambda r: bool(r["warnings"]))
    bar("clean_not_warned", false <= 0.02, f"{false:.3f}, at most 0.02")


if __name__ == "__main__":
    figures(list(kept(KEPT, "case").values()) if "--kept" in sys.argv else measured(KEPT, "case", cases(), take))
