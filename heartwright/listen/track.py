"""Which onsets are the beats: a chain that never loses the count.

Aim: every beat of the take with its number and side, beats that were not heard left as gaps in the numbering. Method:
the onset strength is correlated with the folded beat of each side, its peaks are nodes, and the best chain of nodes
(dynamic programming, as in Ellis 2007) pays for each departure from the pulse and for each beat it steps over. The
fold is then remade from the chain, twice. A beat that comes early or late stays in the chain; a noise between beats
does not fit it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen import filters
from heartwright.listen.onsets import smooth
from heartwright.listen.pulse import Pulse
from heartwright.records import Floats, Ints

SLACK = 0.05  # one-sigma departure from the pulse that costs as much as half a beat's worth [beats]
STEP_COST = 0.6  # for each beat stepped over [share of a typical beat's score]
REACH = 6  # beats looked back


@dataclass(frozen=True, slots=True)
class Chain:
    """Beats found: number (gaps = not heard), side 0/1, time [s], score (1 = typical); shape [n].

    `stray_s` are onsets as strong as a beat that stand clear of the chain. `lead_s` and `tail_s` say how far the folded
    beat reaches before and after its time.
    """

    number: Ints
    side: Ints
    time_s: Floats
    score: Floats
    stray_s: Floats
    template: Floats  # [2, n] onset strength of the folded beat
    lead_s: float
    tail_s: float
    beat_s: float
    first_s: float  # from side 0 to the next of side 1 [s]

    def __len__(self) -> int:
        return len(self.number)


def follow(strength: Floats, block_rate_hz: float, pulse: Pulse) -> Chain | None:
    """The chain of beats of an onset strength, or None where no two beats follow the pulse."""
    beat = 0.5 * pulse.period_s * block_rate_hz
    first = pulse.first_s * block_rate_hz
    width = max(3, int(0.03 * beat)) | 1
    lead = tail = width // 2
    templates = np.tile(np.hanning(width + 2)[1:-1], (2, 1))
    chain: tuple[Ints, Ints, Ints, Floats] | None = None
    detection = np.zeros((2, len(strength)))
    nodes = np.zeros(0, dtype=np.int64)
    soft = smooth(strength, max(1, int(0.002 * block_rate_hz)) | 1)
    for turn in range(3):
        detection = _detect(soft if turn else strength, templates, lead)
        nodes = _peaks(detection.max(axis=0), max(2, int(0.06 * beat)))
        chain = _best_chain(detection, nodes, beat, first)
        if chain is None or len(chain[0]) < 3:
            return None
        number, side, node, _ = chain
        chain = number, side, node, _ = _resync(number, side, node, chain[3], nodes, beat, first)
        if len(number) < 3:
            return None
        first = _first(number, side, nodes[node], beat, first)
        lead, tail = int(0.22 * beat), int(0.34 * beat)
        templates = _fold(soft, nodes[node], side, lead, tail)
    assert chain is not None
    number, side, node, score = chain
    at = nodes[node]
    time = np.array([_vertex(detection[s], int(n)) for s, n in zip(side, at, strict=True)]) / block_rate_hz
    stray = _strays(detection, nodes, node, beat, float(np.median(score)))
    scale = float(np.median(score)) or 1.0
    beat = _slope(number, at, beat)
    return Chain(
        number,
        side,
        time,
        score / scale,
        nodes[stray] / block_rate_hz,
        templates,
        lead / block_rate_hz,
        tail / block_rate_hz,
        beat / block_rate_hz,
        first / block_rate_hz,
    )


def _detect(strength: Floats, templates: Floats, lead: int) -> Floats:
    """Correlation of the strength with each side's template, shape [2, n]."""
    out = np.empty((2, len(strength)))
    for s in range(2):
        kernel = templates[s] - (templates[s].mean() if templates.shape[1] > 4 * lead // 3 else 0.0)
        kernel = kernel / (np.linalg.norm(kernel) or 1.0)
        full = filters.convolve(strength, kernel[::-1])
        start = len(kernel) - 1 - lead
        out[s] = full[start : start + len(strength)]
    return out


def _peaks(curve: Floats, apart: int) -> Ints:
    """Local maxima above the median plus twice the spread, the highest within +-`apart`."""
    floor = np.median(curve)
    spread = 1.4826 * np.median(np.abs(curve - floor))
    peak = np.flatnonzero((curve[1:-1] >= curve[:-2]) & (curve[1:-1] > curve[2:])) + 1
    peak = peak[curve[peak] > floor + 2.0 * spread]
    order = peak[np.argsort(-curve[peak], kind="stable")]
    free = np.ones(len(curve), dtype=bool)
    kept = []
    for p in order:
        if free[p]:
            kept.append(int(p))
            free[max(0, p - apart) : p + apart + 1] = False
    return np.array(sorted(kept), dtype=np.int64)


def _best_chain(detection: Floats, nodes: Ints, beat: float, first: float) -> tuple[Ints, Ints, Ints, Floats] | None:
    """Numbers, sides, node indices and raw scores of the best chain."""
    n = len(nodes)
    if n < 2:
        return None
    value = detection[:, nodes]
    scale = _typical(value.max(axis=0), nodes, beat)
    gain = np.clip(value / scale, -0.5, 1.3)
    best = np.maximum(gain, 0.0) - 0.0
    back = np.full((2, n), -1)
    jump = np.zeros((2, n), dtype=np.int64)
    steps = np.arange(1, REACH + 1)
    # expected[s, m - 1]: from the beat m before to a beat of side s
    into = np.array([2 * beat - first, first])
    expected = np.empty((2, REACH))
    for s in range(2):
        expected[s] = (steps // 2) * 2 * beat + (steps % 2) * into[s]
    cost = STEP_COST * (steps - 1)
    for j in range(1, n):
        low = int(np.searchsorted(nodes, nodes[j] - (REACH + 0.4) * beat))
        if low >= j:
            low = j - 1  # a long silence: step over it
        gap = (nodes[j] - nodes[low:j]).astype(np.float64)
        far = gap > (REACH + 0.4) * beat
        for s in range(2):
            off = (gap[:, None] - expected[s]) / (SLACK * beat)
            pay = 0.5 * np.minimum(off**2, 60.0 + off * 0) * 0.5 + cost
            source = np.where(steps % 2 == 1, 1 - s, s)
            total = best[source][:, low:j].T - pay
            if far.any():
                total[far] = -np.inf
                m = int(round(gap[0] / beat))
                t = s if m % 2 == 0 else 1 - s
                rest = best[t, low] - STEP_COST * REACH
                if far[0] and rest > 0 and rest + gain[s, j] > best[s, j]:
                    best[s, j], back[s, j], jump[s, j] = rest + gain[s, j], low * 2 + t, m
            k = int(np.argmax(total))
            i, m_index = divmod(k, REACH)
            if total.flat[k] > 0 and total.flat[k] + gain[s, j] > best[s, j]:
                best[s, j] = total.flat[k] + gain[s, j]
                back[s, j] = (low + i) * 2 + source[m_index]
                jump[s, j] = steps[m_index]
    return _unwind(best, back, jump, value)


def _typical(value: Floats, nodes: Ints, beat: float) -> float:
    """Score of a typical beat: the median of the highest node in each stretch of a beat and a half."""
    bins = (nodes / (1.5 * beat)).astype(np.int64)
    top: dict[int, float] = {}
    for b, v in zip(bins.tolist(), value.tolist(), strict=True):
        top[b] = max(top.get(b, 0.0), v)
    return float(np.median(list(top.values()))) or 1.0


def _unwind(best: Floats, back: Ints, jump: Ints, value: Floats) -> tuple[Ints, Ints, Ints, Floats]:
    s, j = divmod(int(np.argmax(best)), best.shape[1])
    rows = [(0, s, j)]
    total = 0
    while back[s, j] >= 0:
        total += int(jump[s, j])
        j, s = divmod(int(back[s, j]), 2)
        rows.append((total, s, j))
    rows.reverse()
    number = np.array([total - r[0] for r in rows])
    side = np.array([r[1] for r in rows])
    node = np.array([r[2] for r in rows])
    return number, side, node, value[side, node]


def _resync(
    number: Ints, side: Ints, node: Ints, score: Floats, nodes: Ints, beat: float, first: float
) -> tuple[Ints, Ints, Ints, Floats]:
    """Number the beats by the phase that their neighbours share, and drop those that do not share it.

    In noise a chain may creep over a beat by wrong peaks; the phase of twenty neighbours together does not.
    """
    if len(number) < 12:
        return number, side, node, score
    turns = (nodes[node] - side * first) / (2.0 * beat)
    unit = np.exp(2j * np.pi * turns) * np.clip(score, 0.0, None)
    width = min(41, len(unit) // 2 * 2 - 1)
    kernel = np.hanning(width + 2)[1:-1]
    shared = np.unwrap(np.angle(np.convolve(unit, kernel, "same"))) / (2 * np.pi)
    away = turns - shared
    keep = np.abs(away - np.round(away)) < 0.06
    count = 2 * np.round(away).astype(np.int64) + side
    keep &= np.concatenate(([True], np.diff(np.maximum.accumulate(count)) > 0))
    return count[keep] - int(count[keep][0]), side[keep], node[keep], score[keep]


def _first(number: Ints, side: Ints, at: Ints, beat: float, first: float) -> float:
    """First-to-second interval [blocks] from the chain (medians)."""
    step = np.diff(number) == 1
    gap = np.diff(at)
    up, down = gap[step & (side[:-1] == 0)], gap[step & (side[:-1] == 1)]
    if not len(up) or not len(down):
        return first
    return beat + 0.5 * float(np.median(up) - np.median(down))


def _slope(number: Ints, at: Ints, beat: float) -> float:
    """Beat [blocks] over the whole chain (median over far pairs)."""
    half = len(number) // 2 // 2 * 2
    if half < 2:
        return beat
    steps = number[half:] - number[:-half]
    even = steps % 2 == 0
    if not even.any():
        return beat
    return float(np.median((at[half:] - at[:-half])[even] / steps[even]))


def _fold(strength: Floats, at: Ints, side: Ints, lead: int, tail: int) -> Floats:
    """Mean strength round the beats of each side, shape [2, lead + tail + 1]."""
    out = np.zeros((2, lead + tail + 1))
    padded = np.pad(strength, (lead, tail + 1))
    for s in range(2):
        rows = at[side == s]
        if len(rows):
            out[s] = padded[rows[:, None] + np.arange(lead + tail + 1)].mean(axis=0)
    return out


def _vertex(curve: Floats, at: int) -> float:
    """Position of a maximum by the parabola through three points."""
    low = max(1, at - 3)
    at = low + int(np.argmax(curve[low : at + 4]))
    if at >= len(curve) - 1:
        return float(at)
    a, b, c = curve[at - 1 : at + 2]
    bend = a - 2 * b + c
    return at + (0.5 * (a - c) / bend if bend < 0 else 0.0)


def _strays(detection: Floats, nodes: Ints, chain: Ints, beat: float, typical: float) -> Ints:
    """Nodes as strong as a beat, a quarter of a beat or more from every beat of the chain."""
    times = nodes[chain]
    strong = np.flatnonzero(detection.max(axis=0)[nodes] > 0.7 * typical)
    if not len(strong) or not len(times):
        return strong[:0]
    near = np.clip(np.searchsorted(times, nodes[strong]), 1, len(times) - 1)
    away = np.minimum(np.abs(nodes[strong] - times[near]), np.abs(nodes[strong] - times[near - 1]))
    return strong[away > 0.25 * beat]
