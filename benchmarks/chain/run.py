"""Simulate, then listen: how near the reading comes to the trace, and whether its intervals cover.

    make bench NAME=chain            420 takes (about half an hour on two cores); resumes where it was stopped
    QUICK=1 make bench NAME=chain    15 takes, within a minute
    python benchmarks/chain/run.py --kept    the figures of what has been measured so far
    python benchmarks/chain/run.py --narrow  60 takes more with microphones that end at 15 to 20 kHz, and their figures

Each take has its own seed (dirt and noise) and microphone (reaching to 24-42 kHz); torque at the escape wheel or
friction of the balance (its Q) is set, the other left as designed. 96 kHz, 40 dB, the recorder's clock known. The lift
is the one each design has at its banking: 2 A sin(pi t / T) of a run without dirt at designed torque and friction.

A take is cut out of a longer run, so that every beat heard is one that the trace describes.

Truths: the amplitude is the trace's mean over the beats heard, beat by beat; so is the beat error of its bar. Rate and
beat error whose intervals are tried are the watch's own, the mean over the traces of the other seeds under the same
condition, since their intervals say what a repeat would find.
Takes are kept in out/chain.jsonl; delete it when a design, the engine or the listener has changed.
"""

from __future__ import annotations

import json
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
from common import bar, calibration_s, kept, metric, quick  # noqa: E402

from heartwright import listen, sound  # noqa: E402
from heartwright.design import Design  # noqa: E402
from heartwright.edit import Edit  # noqa: E402
from heartwright.records import Beats, Interval, Recording, Trace  # noqa: E402
from heartwright.sound.body import Body  # noqa: E402
from heartwright.works import movement, train  # noqa: E402
from heartwright.works.figures import banking_lift_deg  # noqa: E402

LEVERS = ("watch-21600", "watch-2824", "watch-6497")
TORQUE = (0.46, 0.58, 0.70, 0.82, 0.94, 1.06, 1.16)
FRICTION = (0.40, 0.50, 0.62, 0.75, 0.88, 1.05, 1.30)
GRAHAM_TORQUE = (0.85, 1.0, 1.2)
SECONDS = {"graham": 60.0}
LEVER_SECONDS = 30.0
EDGE_S = 1.5  # of the run before and after the take
WIDE_HZ, NARROW_HZ = (24e3, 42e3), (15e3, 20e3)  # where the microphones end
SEEDS, GRAHAM_SEEDS = 9, 14
KEPT, KEPT_NARROW = Path("out/chain.jsonl"), Path("out/chain-narrow.jsonl")
RATE_HZ = 96_000
Case = tuple[str, str, float, int]


def cases(narrow: bool) -> list[Case]:
    """(design, what is varied, factor, seed) of every take, seed by seed."""
    if narrow:
        some = [("torque", 0.58), ("torque", 1.06), ("friction", 0.50), ("friction", 0.88)]
        return [(name, *c, seed) for seed in range(5) for name in LEVERS for c in some]
    if quick():
        some = [("watch-21600", "torque", 1.06), ("watch-2824", "torque", 0.58), ("watch-6497", "friction", 0.62)]
        return [(*c, seed) for seed in range(4) for c in some] + [("graham", "torque", 1.0, s) for s in range(3)]
    out: list[Case] = []
    for seed in range(GRAHAM_SEEDS):
        for name in LEVERS if seed < SEEDS else ():
            out += [(name, "torque", f, seed) for f in TORQUE] + [(name, "friction", f, seed) for f in FRICTION]
        out += [("graham", "torque", f, seed) for f in GRAHAM_TORQUE]
    return out


def condition(name: str, kind: str, factor: float) -> tuple[Design, float]:
    """The design and the torque at its escape wheel [N m]."""
    design = Design.load(name)
    torque = train.last_arbor_torque(design, 1.0)
    if kind == "torque":
        return design, torque * factor
    q = float(design.oscillator.q) * factor
    return Edit.of(design, "oscillator.q", q).apply(design), torque


def landmark(beats: Beats) -> np.ndarray:
    """The time of the beat's landmark: sound 1, of a pendulum the tooth on the dead face [s]."""
    return beats.lock_s if np.isnan(beats.unlock_s).all() else beats.unlock_s


def pace(beats: Beats, nominal_bph: float) -> tuple[float, float]:
    """Rate [s/d] and signed beat error [ms] of a trace's beats."""
    time_s = landmark(beats)
    ok = np.isfinite(time_s)
    number = np.round((beats.centre_s - beats.centre_s[0]) * nominal_bph / 3600.0)
    design = np.stack([np.ones(ok.sum()), number[ok], beats.side[ok]], axis=1)
    found = np.linalg.lstsq(design, time_s[ok], rcond=None)[0]
    return float((3600.0 / nominal_bph / found[1] - 1.0) * 86400.0), float(2e3 * found[2])


def heard_beats(beats: Beats, time_s: np.ndarray, beat_s: float) -> Beats:
    """The beats whose landmarks were heard at `time_s`."""
    mark = np.where(np.isfinite(landmark(beats)), landmark(beats), -1e9)
    after = np.clip(np.searchsorted(mark, time_s), 1, len(mark) - 1)
    near = np.where(time_s - mark[after - 1] < mark[after] - time_s, after - 1, after)
    keep = np.unique(near[np.abs(mark[near] - time_s) < 0.2 * beat_s])
    fields = ("centre_s", "side", "amplitude_rad", "unlock_s", "impulse_s", "drop_s", "lock_s", "bank_s")
    return Beats(*(getattr(beats, name)[keep] for name in fields))


def recorded(trace: Trace, design: Design, number: int, narrow: bool) -> Recording:
    """What a microphone heard of the run, its first and last `EDGE_S` cut off."""
    rng = np.random.default_rng(number)
    body = Body.of(design, kind=design.kind)
    high = float(np.exp(rng.uniform(*np.log(NARROW_HZ if narrow else WIDE_HZ))))
    body = replace(body, microphone=replace(body.microphone, low_hz=float(rng.uniform(20, 200)), high_hz=high))
    whole = sound.render(trace, rate_hz=RATE_HZ, body=body, snr_db=40.0, seed=number)
    edge = round(EDGE_S * RATE_HZ)
    return replace(whole, samples=whole.samples[edge:-edge])


def take(work: tuple[Case, float | None, bool]) -> dict[str, Any]:
    """Run, render and measure one take."""
    (name, kind, factor, seed), lift, narrow = work
    design, torque = condition(name, kind, factor)
    number = 1 + seed * 1000 + int(1000 * factor) + (500_000 if kind == "friction" else 0)
    seconds = SECONDS.get(name, LEVER_SECONDS) + 2 * EDGE_S
    trace = movement.run(design, seconds=seconds, seed=number, torque=torque)
    out: dict[str, Any] = {"case": [name, kind, factor, seed], "run": trace.status}
    if trace.status != "running":
        return out
    audio = recorded(trace, design, number, narrow)
    started = time.process_time()
    reading = listen.measure(audio, lift_deg=lift, bph=design.nominal_bph, clock_ppm=(0.0, 0.0))
    out |= {"cpu_s": time.process_time() - started, "status": reading.status, "timed": reading.amplitude_timed}
    table = reading.table
    if reading.status != "ok" or table is None:
        return out
    heard = heard_beats(trace.beats, table.time_s[table.flag != "missed"] + EDGE_S, 3600.0 / trace.nominal_bph)
    rate, error = pace(heard, trace.nominal_bph)
    out |= {
        "beats": reading.beats,
        "missed": int((table.flag == "missed").sum()),
        "unknown": reading.beats - len(heard),
        "true_rate_heard": rate,
        "true_error_ms_heard": error,
        "true_amplitude": float(np.degrees(np.nanmean(heard.amplitude_rad))),
        "rate": _plain(reading.rate_s_per_day),
        "rate_repeat": [reading.rate_low_repeat, reading.rate_high_repeat],
        "error_ms": _plain(reading.beat_error_ms),
        "error_signed_ms": reading.beat_error_signed_ms,
        "amplitude": _plain(reading.amplitude_deg),
    }
    return out


def _plain(value: Interval | None) -> list[float] | None:
    return None if value is None else [value.value, value.low, value.high]


def measured(narrow: bool) -> list[dict[str, Any]]:
    """Every take, from the kept file where it is there, else measured now on all cores."""
    path = KEPT_NARROW if narrow else KEPT
    path.parent.mkdir(exist_ok=True)
    wanted, have = cases(narrow), kept(path, "case")
    lifts = {name: banking_lift_deg(Design.load(name)) for name in {c[0] for c in wanted}}
    todo = [(c, lifts[c[0]], narrow) for c in wanted if json.dumps(list(c)) not in have]
    with multiprocessing.Pool(min(2, os.cpu_count() or 1)) as pool, path.open("a", encoding="utf-8") as file:
        for done, row in enumerate(pool.imap(take, todo), 1):
            print(json.dumps(row), file=file, flush=True)
            print(f"\r{done}/{len(todo)} takes", end="", file=sys.stderr, flush=True)
    have = kept(path, "case")
    return [have[json.dumps(list(c))] for c in wanted]


def with_truth(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that were read, with rate and beat error of the other seeds under the same condition."""
    good = [r for r in rows if r.get("status") == "ok" and "true_rate_heard" in r]
    out = []
    for row in good:
        others = [r for r in good if r["case"][:3] == row["case"][:3] and r is not row]
        if len(others) >= 2:
            rate = float(np.mean([r["true_rate_heard"] for r in others]))
            error = float(np.mean([r["true_error_ms_heard"] for r in others]))
            out.append(row | {"true_rate": rate, "true_error_ms": error})
    return out


def figures(rows: list[dict[str, Any]]) -> None:
    """Print figures and bars."""
    metric("calibration_s", calibration_s())
    ran = [r for r in rows if r["run"] == "running"]
    good = with_truth(ran)
    metric("takes", len(rows))
    metric("takes_running", len(ran))
    metric("takes_read", len(good))
    metric("beats_missed", sum(r["missed"] for r in good))
    metric("beats_unknown_to_the_trace", sum(r["unknown"] for r in good))
    metric("listen_cpu_s_per_s", float(np.median([r["cpu_s"] for r in good])) / LEVER_SECONDS)
    lever = [r for r in good if r["case"][0] != "graham"]
    swing = [r for r in lever if r["amplitude"] is not None]
    metric("amplitude_measured", len(swing) / max(len(lever), 1))
    metric("banking_timed", float(np.mean([r["timed"] == "banking" for r in lever])))
    within_bars(swing, ran)
    coverage("amplitude", *columns(swing, "amplitude", "true_amplitude"))
    rate_error = columns(good, "rate", "true_rate")
    coverage("rate", *rate_error)
    heard = np.array([r["rate"][0] - r["true_rate_heard"] for r in good])
    metric("rate_error_sd_heard", float(np.std(heard)))
    value, low, high, true = columns(good, "error_ms", "true_error_ms")
    coverage("beat_error", value, low, high, np.abs(true))


def within_bars(swing: list[dict[str, Any]], ran: list[dict[str, Any]]) -> None:
    """Largest errors and remaining bias; "lock or banking" must hold the truth in its interval."""
    error = np.array([r["amplitude"][0] - r["true_amplitude"] for r in swing])
    told = np.array([r["timed"] == "banking" for r in swing])
    held = np.array([r["amplitude"][1] <= r["true_amplitude"] <= r["amplitude"][2] for r in swing])
    metric("amplitude_error_sd_deg", float(error.std()))
    metric("amplitude_error_largest_deg", float(np.abs(error).max()))
    largest = float(np.abs(error[told]).max()) if told.any() else 0.0
    metric("amplitude_error_largest_banking_deg", largest)
    open_held = int((held & ~told).sum())
    metric("amplitude_lock_or_banking", int((~told).sum()))
    metric("amplitude_lock_or_banking_held", open_held)
    met = len(swing) > 0 and largest <= 1.0 and open_held == int((~told).sum())
    why = f"largest {largest:.2f} deg, {(np.abs(error[told]) > 1).sum()} of {told.sum()} beyond; "
    bar("amplitude_within_1_deg", met, why + f"lock or banking: {open_held} of {(~told).sum()} held")
    worst = 0.0
    for kind in ("torque", "friction"):
        mine = np.array([r["case"][1] == kind for r in swing])
        true = np.array([r["true_amplitude"] for r in swing])
        for low in range(180, 310, 26):
            inside = mine & (true >= low) & (true < low + 26)
            if inside.sum() >= (1 if quick() else 5):
                worst = max(worst, abs(float(error[inside].mean())))
        metric(f"amplitude_bias_{kind}_deg", float(error[mine].mean()))
    metric("amplitude_bias_worst_deg", worst)
    bar("amplitude_bias_below_0.5_deg", worst < 0.5, f"{worst:.2f} deg")
    beat_error_bar(ran)


def beat_error_bar(ran: list[dict[str, Any]]) -> None:
    """Beat error against the beats heard, levers and pendulum."""
    known = [r for r in ran if r.get("error_signed_ms") is not None]
    beat = np.array([_signless(r["error_signed_ms"], r["true_error_ms_heard"]) for r in known])
    pendulum = np.array([r["case"][0] == "graham" for r in known])
    metric("beat_error_error_sd_us_heard", 1e3 * float(beat.std()))
    for name, mine in (("lever", ~pendulum), ("graham", pendulum)):
        if mine.any():
            metric(f"beat_error_error_largest_us_heard_{name}", 1e3 * float(np.abs(beat[mine]).max()))
    bar("beat_error_within_0.02_ms", float(np.abs(beat).max()) <= 0.02, f"largest {1e3 * np.abs(beat).max():.1f} us")


def _signless(found: float, true: float) -> float:
    """The error of a beat error whose side has no name in the sound."""
    return min(found - true, found + true, key=abs)


def columns(rows: list[dict[str, Any]], found: str, true: str) -> tuple[np.ndarray, ...]:
    """Value, low, high and truth of the rows that have the figure."""
    have = [r for r in rows if r.get(found) is not None]
    return (*(np.array([r[found][k] for r in have]) for k in range(3)), np.array([r[true] for r in have]))


def coverage(name: str, value: np.ndarray, low: np.ndarray, high: np.ndarray, true: np.ndarray) -> None:
    """How often the interval holds the truth, and its width against the errors' own spread."""
    share = float(np.mean((low <= true) & (true <= high)))
    spread = float(np.std(value - true))
    width = float(np.mean(high - low))
    metric(f"{name}_coverage", share)
    metric(f"{name}_error_sd", spread)
    metric(f"{name}_width", width)
    metric(f"{name}_width_ratio", width / (1.96 * spread))
    sure = 1.96 * float(np.sqrt(0.95 * 0.05 / len(true)))
    metric(f"{name}_coverage_chance", sure)
    bar(f"{name}_coverage", 0.925 <= share <= 0.975, f"{share:.3f}")
    bar(f"{name}_width", width <= 4 * 1.96 * spread, f"{width:.3g} is {width / (1.96 * spread):.2f} x 1.96 sd")


if __name__ == "__main__":
    _narrow = "--narrow" in sys.argv
    figures(list(kept(KEPT, "case").values()) if "--kept" in sys.argv else measured(_narrow))
