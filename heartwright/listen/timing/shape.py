"""The folded beat of each side, and which of its sounds is which.

Aim: beats aligned to a tenth of a millisecond by their loudest sound, the mean energy of each side, the onsets in it,
and the decision whether they are a lever's unlocking, impulse and lock. Conventions: fold time 0 is the beat's
reference (the lock of a lever, else the loudest sound); energies are mean squares in blocks of 0.1 ms.

A lever is believed where both sides show a first sound and a loud last one with the same span, and the span means an
amplitude between 90 and 370 degrees for some lift between 30 and 60. Else one sound a beat is timed, the loudest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen import filters
from heartwright.listen.beat import apart
from heartwright.listen.beat.track import Chain
from heartwright.listen.timing import slide
from heartwright.listen.timing.slide import Singles, Slide
from heartwright.records import Floats, Ints

FINE_S = 1e-4
SPAN_BEATS = (0.026, 0.24)  # sound 1 to lock, in beats: lift 30..60 deg at amplitude 370..90 deg
SLOWEST_LEVER_S = 0.36  # 10,000 bph
STANDS_OUT = 3.5  # robust sigmas of the quiet fold's own rises
SURE_TOGETHER = 9.0  # of both sides
LEAST_RISE_DB = 0.4
FEWEST = 13  # beats a side below which no pattern is believed
SEEDS, CLEARLY = 3, 0.02  # single beats tried as a beginning, and the correlation by which they must do better
SOME = 48  # beats on which they are tried first
AT_ONCE = 16_384  # blocks found at a time: they stay in the cache
EVERY = 7  # of the blocks, of which the floor is taken
APART_BLOCKS, UNLIKE = 3, 2.0  # how well their distance is known, and what each block beyond costs a pair of locks
FEW_BEATS = 0.25  # of the loudest median, below which a loud sound is not that of most beats
LOCK_WITHIN_DB = 12.0  # the lock is never this far below the loudest sound


@dataclass(frozen=True, slots=True)
class Rise:
    """An onset in a fold: time [s], rise over the millisecond before [dB], level [dB over the floor]."""

    time_s: float
    rise_db: float
    level_db: float
    score: float  # rise in robust sigmas


@dataclass(frozen=True, slots=True)
class Shape:
    """Aligned beats. `time_s` [n] of each beat's reference, `fold` [2, m] mean square, `axis_s` [m].

    `lever` tells whether sounds 1 and 3 are known; `first_s` and `impulse_s` [2] are the mean times of sounds 1 and 2
    before the lock (negative; NaN where not found).
    """

    time_s: Floats
    good: np.ndarray
    match: Floats
    axis_s: Floats
    fold: Floats
    floor: float
    lever: bool
    first_s: Floats
    impulse_s: Floats
    buried: bool  # a lever whose first sound may hide in the noise


def fine_energy(filtered: Floats, rate_hz: float) -> tuple[Floats, float]:
    """Mean square in blocks of about 0.1 ms and the block rate [Hz]."""
    hop = max(1, round(FINE_S * rate_hz))
    n = len(filtered) // hop
    blocks = filtered[: n * hop].reshape(n, hop)
    out, each = np.empty(n, dtype=filtered.dtype), np.ones(hop, dtype=filtered.dtype)
    for at in range(0, n, AT_ONCE):
        np.matmul(blocks[at : at + AT_ONCE] ** 2, each, out=out[at : at + AT_ONCE])
    out /= hop
    return out, rate_hz / hop


def fold(energy: Floats, block_rate_hz: float, chain: Chain) -> Shape:
    """Align and fold the beats of a chain and name their sounds."""
    root = np.sqrt(energy).astype(np.float32, copy=False)
    lead = int(round(min(chain.lead_s, 0.15) * block_rate_hz))
    tail = int(round(min(chain.tail_s, 0.25) * block_rate_hz))
    at = np.round(chain.time_s * block_rate_hz).astype(np.int64)
    far_s = min(0.07 * chain.beat_s, 0.025)
    far, near = int(far_s * block_rate_hz), int(0.002 * block_rate_hz)
    at, match = _align(root, at, chain.side, lead, tail, far=far, near=near)
    mean = _mean(energy, at, chain.side, lead, tail)
    some = energy[::EVERY]
    some = some if some.min() > 0 else some[some > 0]
    floor = filters.quantile(some, 0.25) if len(some) else 0.0
    count = [int((chain.side == s).sum()) for s in range(2)]
    found = [rises(mean[s], floor) for s in range(2)]
    lever = min(count) >= FEWEST and chain.beat_s < SLOWEST_LEVER_S
    later = apart.blocks(mean) if lever else 0
    marks = _lever(found, chain.beat_s * block_rate_hz, later) if lever else None
    buried = marks is not None and any(_hidden(mean[s], marks[s][1], marks[s][0]) for s in range(2))
    if marks is None or buried:
        if marks:
            reference = [m[1] for m in marks]
        else:
            usual = mean if lever else _median(energy, at, chain.side, lead, tail)
            reference = _loudest_of_both(mean, later) if lever else _loudest_usual(mean, usual, near)
        marks = None
        first = np.full(2, np.nan)
        impulse = np.full(2, np.nan)
    else:
        reference = [marks[s][1] for s in range(2)]
        first = np.array([marks[s][0] - marks[s][1] for s in range(2)]) / block_rate_hz
        impulse = np.array([marks[s][2] - marks[s][1] for s in range(2)]) / block_rate_hz
    at = at + np.array([reference[s] - lead for s in chain.side])
    before, after = int(0.0006 * block_rate_hz), int(0.0016 * block_rate_hz)
    if marks is None:
        before, after = int(0.003 * block_rate_hz), int(0.008 * block_rate_hz)
    time, match, good = _refine(root, at, chain.side, before, after, int(0.0012 * block_rate_hz))
    out = np.round(time).astype(np.int64)
    wide = max(lead, max(reference)) + int(0.002 * block_rate_hz)
    mean = _mean(energy, out, chain.side, wide, tail)
    axis = np.arange(-wide, tail + 1) / block_rate_hz
    return Shape(
        (time + 0.5) / block_rate_hz, good, match, axis, mean, floor, marks is not None, first, impulse, buried
    )


def _mean(energy: Floats, at: Ints, side: Ints, lead: int, tail: int) -> Floats:
    """Mean of each side's beats with the loudest twentieth left out (a chime is not the beat), [2, lead+tail+1]."""
    out = np.zeros((2, lead + tail + 1))
    single = energy.astype(np.float32, copy=False)
    for s in range(2):
        rows = slide.rows(single, at[side == s], lead, tail)
        if len(rows) >= 20:
            rows = np.sort(rows, axis=0)[: len(rows) - len(rows) // 20]
        if len(rows):
            out[s] = rows.mean(axis=0, dtype=np.float64)
    return out


def _median(energy: Floats, at: Ints, side: Ints, lead: int, tail: int) -> Floats:
    """Median of each side's beats, [2, lead + tail + 1]."""
    single = energy.astype(np.float32, copy=False)
    rows = [slide.rows(single, at[side == s], lead, tail) for s in range(2)]
    return np.array([np.median(r, axis=0) if len(r) else np.zeros(lead + tail + 1) for r in rows])


def _align(root: Singles, at: Ints, side: Ints, lead: int, tail: int, *, far: int, near: int) -> tuple[Ints, Floats]:
    """Shift each beat to fit its side: by up to `far` blocks twice (the chain may sit on another sound of the same
    beat), on blocks four times as long, then by up to `near` blocks three times, on blocks twice as long.

    The far shifts begin from the mean of the side, or from single beats where those bring the side to fit clearly
    better: where the chain sits on two sounds by halves, the mean holds both, and each half would stay where it is.
    """
    match = np.zeros(len(at))
    quarter, half = slide.thinned(root, 4), slide.thinned(root, 2)
    for s in range(2):
        mine = np.flatnonzero(side == s)
        if not len(mine):
            continue
        reach = max(1, far // 4)
        wide = Slide(quarter, at[mine] // 4, lead // 4, tail // 4, 2 * reach)
        shift, fit = _fit(wide, None, reach, 2)
        unmoved, every = wide.rows(np.zeros(len(mine), np.int64)), max(1, len(mine) // SOME)
        some = Slide(quarter, wide.at[::every], lead // 4, tail // 4, 2 * reach) if every > 1 else wide
        for seed in np.unique(np.linspace(0, len(mine) - 1, SEEDS + 2).astype(np.int64)[1:-1]):
            if filters.median(fit) + CLEARLY > 1.0:
                break
            few = _fit(some, unmoved[seed], reach, 2)[1]
            if filters.median(few) < filters.median(fit[::every]) + 0.5 * CLEARLY:
                continue
            other = _fit(wide, unmoved[seed], reach, 2)
            if filters.median(other[1]) > filters.median(fit) + CLEARLY:
                shift, fit = other
        begun = at[mine] + 4 * shift
        reach = max(2, near // 2)
        fine = Slide(half, begun // 2, lead // 2, tail // 2, 2 * reach)
        shift, match[mine] = _fit(fine, None, reach, 3)
        at[mine] = begun + 2 * shift
    return at, match


def _fit(wide: Slide, template: Singles | None, reach: int, turns: int) -> tuple[Ints, Floats]:
    """Shifts by which beats of one side fit `template` (None: their mean), then the mean of that; and the fit."""
    shift = np.zeros(len(wide.at), dtype=np.int64)
    match, given = np.zeros(len(shift)), template
    for _turn in range(turns):
        if template is None:
            rows = wide.rows(shift)
            template = np.minimum(rows, np.float32(4.0 * filters.median(rows.max(axis=1)))).mean(axis=0)
        moved, match = slide.best(wide.fit(template), shift, wide.margin, reach)
        before, shift = shift, moved - round(filters.median(moved - shift))
        if given is None and np.array_equal(shift, before):  # the mean would be the same
            break
        template = given = None
    return shift, match


def _refine(root: Singles, at: Ints, side: Ints, lead: int, tail: int, reach: int) -> tuple[Floats, Floats, np.ndarray]:
    """Fractional block position of each beat's reference sound by correlation with its side's mean."""
    time = at.astype(np.float64)
    match = np.zeros(len(at))
    for s in range(2):
        mine = np.flatnonzero(side == s)
        if not len(mine):
            continue
        wide = Slide(root, at[mine], lead, tail, 2 * reach)
        shift = np.zeros(len(mine), dtype=np.int64)
        for turn in range(3):
            rows = wide.rows(shift)
            template = filters.medians(rows) if len(mine) > 4 else rows.mean(axis=0)
            score = wide.fit(template)
            moved, match[mine] = slide.best(score, shift, wide.margin, reach if turn == 0 else max(3, reach // 2))
            k = np.clip(moved + wide.margin, 1, score.shape[1] - 2)
            row = np.arange(len(mine))
            a, b, c = (score[row, k + d].astype(np.float64) for d in (-1, 0, 1))
            bend = a - 2 * b + c
            part = np.where(bend < -1e-12, 0.5 * (a - c) / np.where(bend < -1e-12, bend, -1.0), 0.0)
            before, shift = shift, moved - round(filters.median(moved - shift))
            time[mine] = at[mine] + shift + np.clip(part, -0.5, 0.5)
            if turn and np.array_equal(shift, before):  # the mean would be the same
                break
    return time, match, match > 0.4 * filters.median(match)


def _loudest(mean: Floats) -> int:
    """Block of the onset of the loudest sound of a fold: where its last steep rise to the peak begins."""
    soft = np.convolve(mean, np.ones(5) / 5, "same")
    top = int(np.argmax(soft))
    return top


def _loudest_usual(mean: Floats, usual: Floats, near: int) -> list[int]:
    """The loudest sound of each side; where that is a few beats' alone, as a knock is, the loudest of the medians."""
    found = []
    for mine, median in zip(mean, usual, strict=True):
        top, other = _loudest(mine), _loudest(median)
        there = float(median[max(0, top - near) : top + near + 1].max())
        found.append(top if there > FEW_BEATS * median[other] else other)
    return found


def _loudest_of_both(mean: Floats, later: int) -> list[int]:
    """The same sound of both sides, the loudest of their sum: of two about as loud the noise may raise either."""
    n = mean.shape[1]
    first, second = max(0, -later), max(0, later)
    size = n - abs(later)
    both = mean[0, first : first + size] + mean[1, second : second + size]
    at = _loudest(both)
    return [first + at, second + at]


def rises(mean: Floats, floor: float) -> list[Rise]:
    """Onsets of a fold, in order; `time_s` in blocks here.

    A rise compares the blocks ahead with those behind, at two scales; it counts when it stands out of the rises that
    the fold shows where it is quiet.
    """
    noise = max(min(floor, filters.quantile(mean, 0.1) * 1.5), 1e-30)
    level = 10 * np.log10(np.maximum(mean, 0.25 * noise) / noise)
    rise, score = np.zeros(len(mean)), np.zeros(len(mean))
    for ahead, behind in ((3, 6), (6, 12)):
        step = _rise(mean, 0.25 * noise, ahead, behind)
        quiet = step[mean <= filters.quantile(mean, 0.5)]
        z = step / max(1.4826 * filters.median(np.abs(quiet - filters.median(quiet))), 0.05)
        better = z > score
        rise, score = np.where(better, step, rise), np.maximum(z, score)
    out: list[Rise] = []
    strong = (score > STANDS_OUT) & (rise > LEAST_RISE_DB)
    peak = np.flatnonzero((score[1:-1] >= score[:-2]) & (score[1:-1] > score[2:]) & strong[1:-1]) + 1
    for p in peak:
        entry = Rise(float(p), float(rise[p]), float(level[p : p + 12].max()), float(score[p]))
        if out and p - out[-1].time_s < 6:
            if entry.rise_db > out[-1].rise_db:
                out[-1] = entry
        else:
            out.append(entry)
    return out


def _rise(mean: Floats, least: float, ahead: int, behind: int) -> Floats:
    """Mean of `ahead` blocks from each block on, over the mean of the `behind` blocks before [dB]."""
    total = np.concatenate(([0.0], np.cumsum(mean)))
    k = np.arange(behind + 1, len(mean) - ahead)
    front = (total[k + ahead] - total[k]) / ahead
    back = (total[k - 1] - total[k - 1 - behind]) / behind
    out = np.zeros(len(mean))
    out[k] = 10 * np.log10(np.maximum(front, least) / np.maximum(back, least))
    return out


def _lever(found: list[list[Rise]], beat: float, later: int) -> list[tuple[int, int, int]] | None:
    """(sound 1, lock, sound 2) in blocks for both sides, or None where the pattern is not a lever's.

    The lock is the last loud steep rise; sound 1 the earliest rise that both sides show equally long before it. The
    sounds of the second side lie `later` in its fold than those of the first.
    """
    loud = []
    for side in found:
        if len(side) < 2:
            return None
        top = max(r.level_db for r in side)
        loud.append([r for r in side if r.level_db > top - LOCK_WITHIN_DB and r.rise_db > 2.0])
    best, score = None, -np.inf
    for c0 in loud[0]:
        for c1 in loud[1]:
            first = _earliest(found, (c0, c1), beat)
            if first is None:
                continue
            x, y = c0.time_s - first[0].time_s, c1.time_s - first[1].time_s
            value = _as_lock(found[0], c0) + _as_lock(found[1], c1) - abs(x - y) / (0.03 * x + 2)
            value -= UNLIKE * max(0.0, abs(c1.time_s - c0.time_s - later) - APART_BLOCKS)
            if value > score:
                best, score = ((first[0], c0), (first[1], c1)), value
    if best is None:
        return None
    return [(int(a.time_s), int(c.time_s), _impulse(found[s], a, c)) for s, (a, c) in enumerate(best)]


def _earliest(found: list[list[Rise]], lock: tuple[Rise, Rise], beat: float) -> tuple[Rise, Rise] | None:
    """The earliest pair of rises equally long before the locks of their sides, sure together."""
    for a0 in found[0]:
        x = lock[0].time_s - a0.time_s
        if not SPAN_BEATS[0] * beat < x < SPAN_BEATS[1] * beat:
            continue
        for a1 in found[1]:
            y = lock[1].time_s - a1.time_s
            near = abs(x - y) < 0.03 * (x + y) / 2 + 2 and SPAN_BEATS[0] * beat < y < SPAN_BEATS[1] * beat
            if near and a0.score + a1.score > SURE_TOGETHER:
                return a0, a1
    return None


def _as_lock(side: list[Rise], lock: Rise) -> float:
    """How well a rise serves as the lock: steep, loud, nothing loud after it."""
    after = sum(
        max(0.0, min(10.0, r.level_db - lock.level_db + 8.0)) * min(1.0, max(0.0, (r.rise_db - 3.0) / 3.0))
        for r in side
        if r.time_s > lock.time_s + 8  # modes that beat make rises of 1-3 dB as they ring down
    )
    return 0.3 * min(lock.rise_db, 20.0) + 0.1 * lock.level_db - after


def _hidden(mean: Floats, lock: int, first: int) -> bool:
    """Whether a first sound 26 dB below the lock (power in a tenth of a millisecond) could hide in the fold's noise.

    What was taken for it may then be the second. A rise well below the lock is the first all the same: the second is
    nearly as loud as the lock.
    """
    quiet = np.sort(mean)[: len(mean) // 2]
    floor = filters.median(quiet)
    limit = 4.5 * 1.4826 * filters.median(np.abs(quiet - floor)) / np.sqrt(4.0)  # a rise looks at 4 blocks and more
    loud = float(mean[lock : lock + 8].max())
    soft = float(mean[first : first + 8].max()) < 10**-0.9 * loud
    return limit > 10**-2.65 * loud and not soft


def _impulse(side: list[Rise], first: Rise, lock: Rise) -> int:
    """Sound 2: the loudest rise between the first and the lock (a third way between them where none shows)."""
    end = lock.time_s - max(5.0, 0.15 * (lock.time_s - first.time_s))  # later, the lock's own rise
    inside = [r for r in side if first.time_s + 5 < r.time_s < end]
    if not inside:
        return int(first.time_s + 0.3 * (lock.time_s - first.time_s))
    return int(max(inside, key=lambda r: r.rise_db + 0.5 * r.level_db).time_s)
