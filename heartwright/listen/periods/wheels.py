"""Which wheel recurs: periodic parts of the beat, found at the periods of a train or anywhere.

    found = wheels.find(reading.table, train=trains.read("centre 80/12, third 60/10, fourth 70/8, escape 15/7"))
    found.parts[0].wheel, found.parts[0].p          # "escape wheel", 3e-7

Aim: to say where to look. A period that is found belongs to a wheel, not to a fault: a healthy escape wheel shows its
own pattern too. Method: three series are weighed: the time of the beat (rate), the swing (amplitude, or the span from
sound 1 to the banking or lock), and the landing (from sound 1 to the lock). Each is whitened (`lines`), and the ratios
of power to floor are summed over the first one, the first three and all of a wheel's own harmonics; a harmonic that a
faster wheel shares is that one's. What is found is taken out and the rest weighed again. The false-alarm probability
holds for the whole take: Bonferroni with shares over all wheels, series and sums; series made of the same times count
once. A wheel that the take holds fewer than five turns of is not judged; what happened once (`passings`) is told
without a wheel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen.periods import cycles, passing, trains
from heartwright.listen.periods.lines import White, chance, waves, whiten
from heartwright.listen.periods.search import anywhere
from heartwright.listen.periods.trains import Period, Train
from heartwright.records import BeatTable, Floats, Part, Passing, Wheels

ALARM = 0.01
FEWEST_TURNS = 5.0
HIGHEST = 0.48  # cycles a beat: what is faster belongs to the beat error
# Shares of the false-alarm probability. A ripple of torque is one sine and shows in the swing; a bad tooth is a pattern
# of many harmonics and shows where it lands.
_SUMS = ((1, 0.6), (3, 0.15), (32, 0.25))  # harmonics summed, and their share
_LEAF_SUMS = ((1, 0.7), (2, 0.3))
_SERIES_SHARE = {"amplitude": 0.5, "landing": 0.3, "rate": 0.2}
_KIND_SHARE = {"turn": 2.0, "leaf": 1.0}
_MOST_PARTS = 12
_FAST_BEATS = 64.0
_OWN_RIGHT = 5e-3  # a leaf must stand out of its wheel's pattern at this p, or it is one harmonic of that
_TOO_FEW = "Too few beats for any wheel: an escape wheel of 15 teeth needs five turns of 30 beats; 10 min are good."
_NO_SPANS = "Only the times of the beats were weighed: lock and swing were not heard (no lever, or too much noise)."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A period, its harmonics that are weighed and all of them [cycles a beat], and its waves over the take."""

    period: Period
    frequency: Floats
    wave: Floats
    gone: Floats  # the waves that are taken out once it is found
    share: float
    around: Floats  # a leaf: frequencies of its wheel's pattern beside it

    @property
    def sums(self) -> tuple[tuple[int, float], ...]:
        return _SUMS if self.period.kind == "turn" else _LEAF_SUMS


@dataclass(frozen=True, slots=True)
class Hit:
    """A period found in one series, with its p within that series."""

    name: str
    beats: float
    p: float
    frequency: Floats


def find(table: BeatTable, *, train: Train | None = None, alarm: float = ALARM) -> Wheels:
    """The periodic parts of a table of beats; without a train any period is searched, and the likeliest wheel named.

    `alarm` is the false-alarm probability of the whole take. Raises ValueError for one outside 0..1.
    """
    if not 0.0 < alarm < 1.0:
        raise ValueError(f"alarm={alarm:g}: the false-alarm probability of a take lies between 0 and 1, e.g. 0.01")
    count, beat_s = len(table), cycles.beat_s(table)
    every = trains.periods(train) if train is not None else trains.usual(beat_s)
    tested = _candidates([p for p in every if count / p.beats >= FEWEST_TURNS], count, alone=train is None)
    slow = [p for p in every if count / p.beats < FEWEST_TURNS]
    parts: list[Part] = []
    passings: list[Passing] = []
    series: list[str] = []
    near = _beside(tested, slow)
    whites = [(one, whiten(one.values, walks=one.of == "rate", beside=near)) for one in cycles.series(table)]
    weighed = [(one, white) for one, white in whites if white is not None]
    shares = _shares([one for one, _ in weighed])
    for (one, white), share in zip(weighed, shares, strict=True):
        series.append(one.of)
        hits, rest = _named(white, tested, alarm * share)
        if train is None:
            more, rest = _anywhere(rest, 0.5 * alarm * share, beat_s)
            hits = [Hit(h.name, h.beats, 2.0 * h.p, h.frequency) for h in (*hits, *more)]
        parts += [_part(one, hit, hit.p / share, beat_s, tested) for hit in hits if hit.p < alarm * share]
        passings += passing.find(rest, one.of, table, alarm * share)
    lines = (_TOO_FEW,) if not series else () if "landing" in series else (_NO_SPANS,)
    return Wheels(
        train="" if train is None else train.text,
        parts=tuple(sorted(parts, key=lambda part: part.p)),
        passings=tuple(passings),
        tested=tuple(c.period.name for c in tested) if series else (),
        untested=tuple(_needs(p, beat_s) for p in slow) if train is not None else (),
        alarm=alarm,
        advice=lines,
    )


def _shares(series: list[cycles.Series]) -> list[float]:
    """The share of each series: those that are there have all of it, those made of the same have theirs together."""
    total = sum(_SERIES_SHARE[one.of] for one in series)
    return [sum(_SERIES_SHARE[o.of] for o in series if o.made_of == one.made_of) / total for one in series]


def _candidates(periods: list[Period], count: int, *, alone: bool) -> list[Candidate]:
    """What is tested in so many beats, the fastest first. `alone`: guesses of which one is right, not one train."""
    total = sum(_KIND_SHARE[p.kind] for p in periods)
    out = []
    for index, period in enumerate(periods):
        harmonic = np.arange(1, _SUMS[-1][0] + 1) / period.beats
        harmonic = harmonic[harmonic < HIGHEST]
        if period.kind == "leaf":
            harmonic = harmonic[: _LEAF_SUMS[-1][0]]
        own = harmonic
        if not alone:
            for faster in periods[:index]:
                order = own * faster.beats
                shared = (np.abs(order - np.round(order)) < 0.8 * faster.beats / count) & (np.round(order) >= 1)
                own = own[~shared]
        if len(own):
            share = _KIND_SHARE[period.kind] / total
            wave = waves(count, own)
            gone = waves(count, harmonic) if alone else wave
            out.append(Candidate(period, own, wave, gone, share, _around(period, periods, own)))
    return out


def _around(period: Period, periods: list[Period], own: Floats) -> Floats:
    """Harmonics of the wheel that a leaf's pinion sits on, four on either side of the leaf's own, leaves left out."""
    arbor = next((p for p in periods if p.kind == "turn" and p.name.split()[0] == period.name.split()[0]), None)
    if period.kind != "leaf" or arbor is None:
        return np.zeros(0)
    leaves = round(arbor.beats / period.beats)
    order = np.arange(max(1, leaves - 4), leaves + 5)
    frequency = order[order % leaves != 0] / arbor.beats
    return np.asarray(frequency[frequency < HIGHEST])


def _beside(tested: list[Candidate], slow: list[Period]) -> Floats:
    """Where wheels may show [cycles a beat]: the first harmonic of each, all of a fast one."""
    near = [c.frequency if c.period.beats < _FAST_BEATS else c.frequency[:1] for c in tested]
    return np.concatenate([np.zeros(0), *near, np.array([1.0 / p.beats for p in slow])])


def _weigh(white: White, one: Candidate, pattern: Floats) -> float:
    """Smallest p over the sums of a period's harmonics, each divided by its share.

    `pattern` holds the ratios of a leaf's wheel beside it, before anything was taken out.
    """
    ratio = white.ratio(one.frequency, one.wave)
    p = 1.0
    for harmonics, share in one.sums:
        part = ratio[:harmonics]
        freedom = 1.0 / float(np.mean(1.0 / white.freedom(one.frequency[:harmonics])))
        p = min(p, float(chance(part.sum(), len(part), freedom)) / share)
    if p < _OWN_RIGHT and len(pattern):
        level = max(float(np.mean(pattern)), 1.0)
        if chance(float(ratio.max()) / level, 1, 2.0 * len(pattern)) > _OWN_RIGHT:
            return 1.0
    return p / one.share


def _named(white: White, tested: list[Candidate], alarm: float) -> tuple[list[Hit], White]:
    """Periods found in one series, the surest first, and what is left of it; p within this series."""
    out: list[Hit] = []
    left = list(tested)
    patterns = {c.period.name: white.ratio(c.around) for c in tested}
    while left and len(out) < _MOST_PARTS:
        weighed = [_weigh(white, c, patterns[c.period.name]) for c in left]
        best = int(np.argmin(weighed))
        if weighed[best] >= alarm:
            break
        found = left.pop(best)
        out.append(Hit(found.period.name, found.period.beats, weighed[best], found.frequency))
        white = white.without(found.gone)
    return out, white


def _anywhere(white: White, alarm: float, beat_s: float) -> tuple[list[Hit], White]:
    """Periods of no usual wheel, found by searching them all."""
    out: list[Hit] = []
    while len(out) < _MOST_PARTS // 3:
        frequency, p = anywhere(white, lowest=FEWEST_TURNS / white.count, highest=HIGHEST)
        if p >= alarm:
            break
        own = frequency * np.arange(1.0, 17.0)
        own = np.asarray(own[own < HIGHEST])
        out.append(Hit(f"no usual wheel ({beat_s / frequency:.4g} s)", 1.0 / frequency, p, own))
        white = white.without(waves(white.count, own))
    return out, white


def _part(one: cycles.Series, hit: Hit, p: float, beat_s: float, tested: list[Candidate]) -> Part:
    turn = cycles.average(one.values, hit.beats)
    apart = 1.0 / len(one.values)
    near = [c.period for c in tested if c.period.name != hit.name]
    return Part(
        wheel=hit.name,
        period_beats=hit.beats,
        period_s=hit.beats * beat_s,
        of=one.of,
        unit=one.unit,
        size=cycles.size(one.values, hit.beats, hit.frequency),
        p=min(p, 1.0),
        cycles=len(one.values) / hit.beats,
        cycle=turn.mean,
        cycle_sigma=turn.sigma,
        raster=turn.raster,
        rivals=tuple(p.name for p in near if abs(1.0 / p.beats - 1.0 / hit.beats) < apart),
    )


def _needs(period: Period, beat_s: float) -> str:
    """What a slow wheel would need, in words."""
    seconds = FEWEST_TURNS * period.beats * beat_s
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds > 1.5 * size:
            return f"{period.name}: {np.ceil(10.0 * seconds / size) / 10.0:g} {unit} needed"
    return f"{period.name}: {np.ceil(seconds):.0f} s needed"
