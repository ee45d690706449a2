"""Simulated limits of health: dirty healthy twins are run, heard and measured; their percentiles become limits.

    make bench NAME=limits            a hundred twins of each design; about an hour, resumes where it was stopped
    make bench NAME=limits QUICK=1    one of each
    python benchmarks/limits/run.py --twins 100 --write    and put the rows into heartwright/judge/limits.toml

Each twin has its own seed (dirt, microphone, noise), a wind of 60 to 100 per cent (each fourth is fully wound) and a
noise 30 to 45 dB below the beat. Its dirt is the design's times 1 to 3: measured watches scatter by 3 to 11 deg of
amplitude from beat to beat (data/movements.csv), and that is what the 6497 then spans. A twin that stops or scatters
by more is not healthy, and a take that was heard wrongly is left out; both are counted. A limit is the 99th
percentile (the 1st where less is worse) over the twins of a kind, or what their number can vouch for if that is
wider. Twins that have been measured are kept in out/limits.jsonl; delete it when a design, the engine or the
listening has changed. The rows are left in out/limits.toml. The bar: of the twins that were heard rightly no more
than one in fifty is given a word that holds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.common import bar, metric, quick
from heartwright import judge, listen, sound
from heartwright.design import Design
from heartwright.edit import Edit
from heartwright.judge import features
from heartwright.records import Reading, Trace
from heartwright.works import movement, train

DESIGNS = ("watch-6497", "watch-21600", "watch-2824", "graham", "heart")
SECONDS = 60.0
DIRT = (1.0, 3.0)  # factors of the design's own dirt
FALSE_WORDS = 0.02  # share of healthy twins that may be given a word
MISTIMED = 0.02  # share of beats from which a take was not heard rightly, and says nothing of its movement
WORST_DEG = 11.0  # most scatter of amplitude that was measured in a watch in use
RISING = ("beat_scatter_ms", "wander_s_per_day", "tooth_pattern_ms")
FALLING = ("reserve_scatters", "s1_over_s2_db")
KEPT = Path("out/limits.jsonl")
LIMITS = Path(features.__file__).with_name("limits.toml")
MARK = "# ------------------------------------------------------------------------ simulated"


def twin(design: Design, seed: int, stopping_deg: float | None) -> dict[str, float | str | int]:
    """Run, render and measure one dirty healthy twin."""
    rng = np.random.default_rng([seed, len(design.name)])
    wind, snr, dirt = (
        (1.0 if seed % 4 == 0 else float(rng.uniform(0.6, 1.0))),
        float(rng.uniform(30.0, 45.0)),
        float(rng.uniform(*DIRT)),
    )
    design = dirtier(design, dirt)
    trace = movement.run(design, seconds=SECONDS, seed=seed, wind=wind)
    recording = sound.render(trace, rate_hz=96_000, body=design, snr_db=snr, seed=seed)
    reading = listen.measure(recording, lift_deg=design.lift_deg, clock_ppm=(0.0, 0.0))
    row: dict[str, float | str | int] = {"design": design.name, "kind": design.kind, "seed": seed, "dirt": dirt}
    healthy = trace.status == "running" and float(np.nanstd(np.degrees(trace.beats.amplitude_rad))) <= WORST_DEG
    row["status"] = reading.status if healthy else "not healthy"
    if row["status"] != "ok":
        return row
    words = judge.weigh(reading, design=design, position="CH", wind="full").words
    row["mistimed"] = mistimed(reading, trace)
    row["held"] = sum(word.holds is True for word in words.values())
    return row | _statistics(reading, design, stopping_deg)


def mistimed(reading: Reading, trace: Trace) -> float:
    """Share of the beats that were timed more than a millisecond beside their true sound."""
    if reading.table is None:
        return 1.0
    truth = trace.beats.unlock_s if np.isfinite(trace.beats.unlock_s).any() else trace.beats.lock_s
    truth = np.sort(truth[np.isfinite(truth)])
    heard = reading.table.time_s[np.isfinite(reading.table.time_s)]
    after = np.clip(np.searchsorted(truth, heard), 1, len(truth) - 1)
    error = np.where(truth[after] - heard < heard - truth[after - 1], heard - truth[after], heard - truth[after - 1])
    return float(np.mean(np.abs(error - np.median(error)) > 1e-3))


def misheard(row: dict[str, float | str | int]) -> bool:
    """Whether a twin's take was timed so wrongly that it says nothing of the movement."""
    ends = 2.0 / float(row.get("beats", 1))  # the first and the last beat of a take may lack a partner
    return float(row.get("mistimed", 0.0)) - ends > MISTIMED


def dirtier(design: Design, factor: float) -> Design:
    """The design with all its dirt of torque, friction and teeth times `factor`."""
    for key in ("tooth_pitch", "torque_tick", "friction_tick", "mesh_torque"):
        design = Edit.of(design, f"dirt.{key}", factor * getattr(design.dirt, key)).apply(design)
    return design


def _statistics(reading: Reading, design: Design, stopping_deg: float | None) -> dict[str, float | int]:
    pattern = features.tooth_pattern(reading, design.escapement.teeth)
    found = {
        "beat_scatter_ms": reading.beat_scatter_ms,
        "wander_s_per_day": features.wander(reading),
        "tooth_pattern_ms": pattern[0] if pattern is not None else None,
        "s1_over_s2_db": features.first_over_second(reading),
        "reserve_scatters": features.reserve(reading, stopping_deg) if stopping_deg is not None else None,
    }
    row: dict[str, float | int] = {name: x.value for name, x in found.items() if x is not None}
    return row | {"beats": reading.beats, "displaced": features.counted(reading, features.displaced(reading))}


def stopping(design: Design) -> float | None:
    """Lowest amplitude at which the movement still ran [deg]: torque is taken away until it stops within 30 s."""
    if design.kind in ("pendulum", "heart"):
        return None
    full = train.last_arbor_torque(design, 1.0)
    lowest = None
    for share in (0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03):
        trace = movement.run(design, seconds=30.0, seed=1, torque=share * full)
        amplitude = np.degrees(trace.beats.amplitude_rad)
        if trace.status != "running" or len(amplitude) < 50:
            break
        lowest = float(np.mean(amplitude[-20:]))
    return lowest


def rows(found: list[dict[str, float | str | int]], stops: dict[str, float]) -> Iterator[str]:
    """TOML rows of the limits, by kind."""
    today = time.strftime("%Y-%m-%d")
    for kind in dict.fromkeys(str(f["kind"]) for f in found):
        own = [f for f in found if f["kind"] == kind and "beats" in f and not misheard(f)]
        names = ", ".join(dict.fromkeys(str(f["design"]) for f in own))
        left = sum(f["kind"] == kind and misheard(f) for f in found)
        told = (
            f"{len(own)} dirty healthy twins of {SECONDS:.0f} s ({names}; {left} misheard), benchmarks/limits, {today}"
        )
        for name in RISING + FALLING:
            values = np.array([f[name] for f in own if name in f], dtype=float)
            if len(values) < 5 or np.ptp(values) == 0.0:
                continue
            share = 0.99 if name in RISING else 0.01
            side, sign = ("high", 1.0) if name in RISING else ("low", -1.0)
            plain = float(np.quantile(values, share, method="median_unbiased"))
            edge = sign * max(sign * plain, sign * _vouched(values, sign))
            yield _row(name, kind, {"median": float(np.median(values)), side: edge}, f"{told}; {len(values)} had it")
        yield from _strayed_row(own, kind, told)
        if kind in stops:
            yield _row(
                "stopping_deg",
                kind,
                {"median": stops[kind], "high": stops[kind] + 1.0},
                f"torque lowered until it stopped, {names}, {today}",
            )


def _vouched(values: np.ndarray, sign: float) -> float:
    """What 99 of 100 stay within with 95 % confidence, were they log-normal (normal where they have signs).

    Median and median absolute deviation in place of mean and deviation; factor of the one-sided tolerance bound [1].
    [1] Hahn & Meeker 1991, Statistical Intervals, section 4.6.
    """
    n, positive = len(values), bool((values > 0.0).all())
    scaled = np.log(values) if positive else values
    middle = float(np.median(scaled))
    spread = 1.4826 * float(np.median(np.abs(scaled - middle)))
    factor = float(stats.nct.ppf(0.95, n - 1, stats.norm.ppf(0.99) * np.sqrt(n))) / np.sqrt(n)
    edge = middle + sign * factor * spread
    return float(np.exp(edge)) if positive else edge


def _strayed_row(own: list[dict[str, float | str | int]], kind: str, told: str) -> Iterator[str]:
    """Displaced beats: the 99th percentile of the twins, at least what the beats of all together can exclude."""
    beats = sum(int(f["beats"]) for f in own)
    if not beats:
        return
    strayed = sum(int(f["displaced"]) for f in own)
    each = np.array([1000.0 * int(f["displaced"]) / int(f["beats"]) for f in own])
    bound = 1000.0 / beats * 0.5 * float(stats.chi2.ppf(0.99, 2 * strayed + 2))
    high = max(bound, float(np.quantile(each, 0.99, method="median_unbiased")))
    source = f"{told}; {strayed} of {beats} beats"
    yield _row("displaced_per_thousand", kind, {"median": float(np.median(each)), "high": high}, source)


def _row(quantity: str, kind: str, numbers: dict[str, float], source: str) -> str:
    lines = [f'quantity = "{quantity}"', f'kind = "{kind}"', 'position = "any"', 'wind = "any"']
    lines += [f"{key} = {value:.4g}" if value % 1 else f"{key} = {value:.1f}" for key, value in numbers.items()]
    return "\n".join(["[[limit]]", *lines, 'origin = "simulated"', f'source = "{source}"', ""])


def _report(found: list[dict[str, float | str | int]]) -> None:
    """Metric lines and the bar."""
    print()
    metric("twins", len(found))
    metric("twins_not_healthy", sum(f["status"] == "not healthy" for f in found))
    metric("twins_misheard", sum(misheard(f) for f in found))
    weighed = [int(f["held"]) for f in found if "held" in f and not misheard(f)]
    accused = sum(held > 0 for held in weighed)
    metric("twins_weighed", len(weighed))
    metric("twins_with_a_word", accused)
    bar(
        "limits",
        accused <= FALSE_WORDS * len(weighed),
        f"{accused} of {len(weighed)} healthy twins have a word that holds",
    )


def main() -> None:
    """Measure the twins that are missing, then print or write the limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--twins", type=int, default=100, help="twins of each design")
    parser.add_argument("--designs", nargs="*", default=list(DESIGNS))
    parser.add_argument("--write", action="store_true", help="put the rows into limits.toml")
    told = parser.parse_args()
    twins = 1 if quick() else told.twins
    KEPT.parent.mkdir(exist_ok=True)
    found = [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []
    done = {(f["design"], f["seed"]) for f in found}
    stops: dict[str, float] = {}
    with KEPT.open("a", encoding="utf-8") as file:
        for name in told.designs:
            design = Design.load(name)
            lowest = stopping(design)
            if lowest is not None:
                stops[design.kind] = max(lowest, stops.get(design.kind, 0.0))
            for seed in range(1, twins + 1):
                if (name, seed) not in done:
                    row = twin(design, seed, lowest)
                    found.append(row)
                    print(json.dumps(row), file=file, flush=True)
                    print(f"\r{name} {seed}/{twins} {row['status']}", end="", flush=True)
    text = "\n".join(rows(found, stops))
    KEPT.with_suffix(".toml").write_text(text, encoding="utf-8")
    _report(found)
    if told.write:
        head = LIMITS.read_text(encoding="utf-8").split(MARK)[0]
        LIMITS.write_text(f"{head}{MARK}: written by benchmarks/limits/run.py\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
