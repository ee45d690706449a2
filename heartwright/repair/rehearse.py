"""Rehearsal: the same touch by the same hand, many times on copies of the going work, beside leaving it alone.

    odds = rehearse(live, named("press the follower"), 1.0, Hand(), trials=60, seed=7)

A copy has the work's teeth and train but other ticks to come, so a rehearsal is no prophecy. Trials are spread over
worker processes (spawned once and kept); with one worker they run here. Shares carry Wilson's 95 % intervals.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, Final

import numpy as np

from heartwright.records import Interval
from heartwright.repair.hand import Hand
from heartwright.repair.outcome import OUTCOMES, Scale, Told, figures, ruin
from heartwright.repair.touch import named
from heartwright.repair.touching import Touch
from heartwright.works.live import Live

CHUNK: Final = 4  # trials told at a time
ALONE_SHARE: Final = 0.25  # trials of leaving it alone, beside the touched ones
FEWEST_ALONE: Final = 8
SETTLE_S: Final = (
    4.0  # after the touch, before it is measured: what a hand pumped into the artery has drained (RC 1.5 s)
)


@dataclass(frozen=True, slots=True)
class Dot:
    """One trial of the picture: how it ended, and why."""

    outcome: str
    figures: dict[str, float]
    force_n: float
    slip: str


@dataclass(frozen=True, slots=True)
class Odds:
    """What a touch is worth, so far."""

    touch: str
    amount: float
    done: int
    total: int
    shares: dict[str, Interval]
    expected: dict[str, Interval]
    alone: dict[str, Interval]
    alone_expected: dict[str, Interval]
    dots: tuple[Dot, ...] = field(repr=False)
    finished: bool = False
    cancelled: bool = False

    @property
    def worth(self) -> float:
        """Share of better less shares of worse and (twice) ruined: a plain order among touches, not a probability."""
        s = self.shares
        return s["better"].value - s["worse"].value - 2.0 * s["ruined"].value

    @property
    def alone_worth(self) -> float:
        """The same of leaving it alone."""
        s = self.alone
        return s["better"].value - s["worse"].value - 2.0 * s["ruined"].value

    def as_json(self) -> dict[str, Any]:
        def plain(found: dict[str, Interval]) -> dict[str, dict[str, float]]:
            return {name: interval.as_json() for name, interval in found.items()}

        dots = [{"outcome": d.outcome, "figures": d.figures, "force_n": d.force_n, "slip": d.slip} for d in self.dots]
        head = {"touch": self.touch, "amount": self.amount, "done": self.done, "total": self.total}
        shares = {"shares": plain(self.shares), "alone": plain(self.alone)}
        expected = {"expected": plain(self.expected), "alone_expected": plain(self.alone_expected)}
        ends = {"finished": self.finished, "cancelled": self.cancelled}
        return {**head, **shares, **expected, "dots": dots, **ends}


def wilson(count: int, total: int) -> Interval:
    """Share of `count` in `total` with Wilson's 95 % interval."""
    if total == 0:
        return Interval(0.0, 0.0, 1.0)
    z2, p = 1.96**2, count / total
    middle = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = 1.96 / (1 + z2 / total) * np.sqrt(p * (1 - p) / total + z2 / (4 * total**2))
    return Interval(p, max(float(middle - half), 0.0), min(float(middle + half), 1.0))


def rehearse(
    live: Live,
    touch: Touch | str,
    amount: float | None,
    hand: Hand,
    *,
    trials: int = 60,
    seconds: float = 12.0,
    seed: int = 1,
    workers: int = 2,
    progress: Callable[[Odds], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Odds:
    """Try a touch `trials` times on copies of `live` and watch each for `seconds`; the live work is not touched.

    Raises ValueError as `Touch.perform` does. Called back with the odds so far after every few trials; `cancel` is
    asked as often, and what was done by then is returned.
    """
    touch = named(touch) if isinstance(touch, str) else touch
    meant = touch.amount.default if amount is None else amount
    if trials < 1:
        raise ValueError(f"trials={trials}: one and more are allowed, e.g. 60")
    touch.perform(live.copy(poses_hz=0.0), meant, hand, seed)  # what is not allowed is said here, not by a worker
    blob = pickle.dumps(live.copy(poses_hz=0.0))
    alone_n = max(FEWEST_ALONE, round(ALONE_SHARE * trials))
    jobs: list[Job] = [(None, meant, hand, range(seed + i, seed + min(i + CHUNK, alone_n)), seconds)
                       for i in range(0, alone_n, CHUNK)]  # fmt: skip
    jobs += [(touch.name, meant, hand, range(seed + i, seed + min(i + CHUNK, trials)), seconds)
             for i in range(0, trials, CHUNK)]  # fmt: skip
    alone: list[Told] = []
    touched: list[Row] = []
    cancelled = False
    for name, rows in _spread(blob, jobs, workers, cancel):
        if name is None:
            alone += [row[0] for row in rows]
        else:
            touched += rows
        if progress and len(alone) >= min(alone_n, FEWEST_ALONE):
            progress(_odds(touch.name, meant, trials, alone, touched))
        cancelled = bool(cancel and cancel())
        if cancelled:
            break
    return _odds(touch.name, meant, trials, alone, touched, finished=not cancelled, cancelled=cancelled)


Row = tuple[Told, float, str]
Job = tuple[str | None, float, Hand, range, float]


def trial(live: Live, touch: str | None, amount: float, hand: Hand, seed: int, seconds: float) -> Row:
    """One trial on a copy of `live`: the touch (or none), other ticks, and how it went."""
    twin = live.copy(poses_hz=0.0)
    before, force, slip, wait = twin.design, 0.0, "", SETTLE_S
    if touch is not None:
        done = named(touch).perform(twin, amount, hand, seed)
        force, slip = done.force_n, done.slip
    twin.other_ticks(seed)
    twin.advance(wait)
    piece = twin.advance(seconds)
    return Told(figures(piece), ruin(twin.design, before, piece)), force, slip


def _run(blob: bytes, job: Job) -> list[Row]:
    live: Live = pickle.loads(blob)
    touch, amount, hand, seeds, seconds = job
    return [trial(live, touch, amount, hand, seed, seconds) for seed in seeds]


_pools: dict[int, ProcessPoolExecutor] = {}


def warm(workers: int = 2) -> None:
    """Start the worker processes now, so that the first rehearsal does not wait for them."""
    for done in [_pool(workers).submit(_compile) for _ in range(workers)]:
        done.result()


def close(*, at_once: bool = False) -> None:
    """End the worker processes; `at_once` without waiting for the trials they are at."""
    while _pools:
        pool = _pools.popitem()[1]
        for process in list((pool._processes or {}).values()) if at_once else ():
            process.terminate()
        pool.shutdown(cancel_futures=True)


def _compile() -> str:
    return __name__  # a worker that can say so has imported the kernels


def _pool(workers: int) -> ProcessPoolExecutor:
    if workers not in _pools:
        _pools[workers] = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    return _pools[workers]


def _spread(
    blob: bytes, jobs: list[Job], workers: int, cancel: Callable[[], bool] | None
) -> Iterator[tuple[str | None, list[Row]]]:
    """Results of the jobs as they come, with the touch they were of."""
    if workers <= 1:
        for job in jobs:
            yield job[0], _run(blob, job)
        return
    futures = {}
    try:
        futures = {_pool(workers).submit(_run, blob, job): job for job in jobs}
        for future in as_completed(list(futures)):
            yield futures.pop(future)[0], future.result()
    except BrokenProcessPool:
        with contextlib.suppress(KeyError):
            _pools.pop(workers).shutdown(wait=False)
        raise RuntimeError("a worker of the rehearsal died; try again, or with workers=1") from None
    finally:
        for future in futures:
            future.cancel()


def _odds(touch: str, amount: float, total: int, alone: list[Told], rows: list[Row], **ends: bool) -> Odds:
    scale = Scale.of([told.figures for told in alone if not told.ruined])
    dots = tuple(Dot(scale.verdict(told), told.figures, force, slip) for told, force, slip in rows)
    return Odds(
        touch, amount, len(rows), total,
        _shares([d.outcome for d in dots]), _expected([told for told, _, _ in rows]),
        _shares([scale.verdict(told) for told in alone]), _expected(alone), dots, **ends,
    )  # fmt: skip


def _shares(outcomes: list[str]) -> dict[str, Interval]:
    return {name: wilson(outcomes.count(name), len(outcomes)) for name in OUTCOMES}


def _expected(rows: list[Told]) -> dict[str, Interval]:
    """Median of each figure among the trials with the ends between which 95 % of them lie."""
    names = sorted({name for told in rows for name in told.figures})
    found = {}
    for name in names:
        values = [told.figures[name] for told in rows if name in told.figures]
        low, middle, high = np.quantile(values, (0.025, 0.5, 0.975))
        found[name] = Interval(float(middle), float(low), float(high))
    return found
