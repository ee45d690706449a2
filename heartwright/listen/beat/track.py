"""Which moments are the beats: a count that never slips.

Aim: every beat of the take with its number and side, beats that were not heard left as gaps in the numbering. Method:
the pulse says when each beat should come; the folded beat of each side is a filter, and its answer at every lag about
the expected moment is a log likelihood ratio, cut at both ends so that neither a knock nor a lost beat outweighs its
neighbours. The phase is the path of most likelihood through the beats (Viterbi): a step of a block costs a little, a
leap as much as a beat proves. The numbers are the pulse's own, so nothing can shift them. The fold is then remade along
the path. Each beat is then sought near the path; where single beats are too faint for that, `faint` times them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen import filters
from heartwright.listen.beat import apart, faint
from heartwright.listen.beat.onsets import Singles
from heartwright.listen.beat.pulse import Pulse
from heartwright.listen.beat.spectrum import Spectrum
from heartwright.records import Floats, Ints

LEAD_BEATS, TAIL_BEATS = 0.22, 0.34  # reach of the folded beat
REACH_BEATS, LEAST_REACH = 0.12, 8  # how far the phase may leave the pulse [beats; blocks]
STANDS = 2.0  # sigmas of the fold that a block of the filter stands out by
LOST, PROVED = -4.0, 8.0  # bounds of one beat's log likelihood ratio
STEP_COST, FARTHEST, LEAP_COST = 2.0, 2, 15.0
MOVES, MOVES_A_BEAT = 25.0, 0.15  # a path that wanders must be this much likelier than one that does not
SINGLE_Z = 7.0  # sigmas of a typical beat from which single beats are heard
NEAR = 3  # blocks about the path within which a beat is sought
FAR_Z, FAR_SHARE = 10.0, 0.6  # a beat displaced further must be heard as plainly as this: sigmas, share of the typical
ALONE = 0.6  # and nothing else in its surroundings comes near it
HEARD_Z, HEARD_SHARE = 4.0, 0.35  # a beat is heard above both: sigmas, share of the typical beat
LOOSE = 0.05  # scatter of a chain beyond which its count is not trusted [beats]
STRAY_SHARE, STRAY_BEATS = 0.7, 0.25


@dataclass(frozen=True, slots=True)
class Chain:
    """Beats found: number (gaps = not heard), side 0/1, time [s], score (1 = typical), sigma [s]; shape [n].

    `stray_s` are onsets as strong as a beat that stand clear of the chain. `lead_s` and `tail_s` say how far the folded
    beat reaches before and after its time. `clear_z` is how far a typical beat stands over the noise by itself;
    where that is too little to hear single beats, `faint` is set and the times are those of `faint.time`.
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
    sigma_s: Floats
    clear_z: float = 0.0
    faint: bool = False

    def __len__(self) -> int:
        return len(self.number)

    @property
    def looseness(self) -> float:
        """Robust scatter of the intervals about their two means [beats]."""
        step = np.diff(self.number) == 1
        gap = np.diff(self.time_s)[step]
        side = self.side[:-1][step]
        off = [gap[side == s] - np.median(gap[side == s]) for s in range(2) if (side == s).any()]
        return float(1.4826 * np.median(np.abs(np.concatenate(off)))) / self.beat_s if off else 1.0


@dataclass(frozen=True, slots=True)
class Expected:
    """When beats should come: side and moment [blocks], shape [n]; numbers are 0, 1, 2, ..."""

    side: Ints
    at: Floats
    beat: float

    @classmethod
    def of(cls, pulse: Pulse, blocks: int, block_rate_hz: float) -> Expected:
        """All beats of a pulse within a take."""
        period, first = pulse.period_s * block_rate_hz, pulse.first_s * block_rate_hz
        zero = pulse.zero_s * block_rate_hz - 1.0
        turn = np.arange(np.floor(-zero / period) - 1, np.ceil((blocks - zero) / period) + 1)
        at = (zero + turn[:, None] * period + np.array([0.0, first])).ravel()
        side = np.tile(np.arange(2), len(turn))
        inside = (at >= 0) & (at <= blocks - 1)
        return cls(side[inside], at[inside], 0.5 * period)


def follow(strength: Singles, block_rate_hz: float, pulse: Pulse) -> Chain | None:
    """The chain of beats of an onset strength, or None where no two beats follow the pulse."""
    expected = Expected.of(pulse, len(strength), block_rate_hz)
    count = len(expected.at)
    if count < 3:
        return None
    lead, tail = int(LEAD_BEATS * expected.beat), int(TAIL_BEATS * expected.beat)
    reach = max(LEAST_REACH, int(REACH_BEATS * expected.beat))
    spectrum = Spectrum.of(strength, lead + tail + 1)
    path, index = np.zeros(count, dtype=np.int64), np.arange(count)
    for _turn in range(2):
        folded = fold(strength, expected.at + path, expected.side, lead, tail)
        answer, typical = filtered(spectrum, folded, lead, expected.side)
        at = np.round(expected.at).astype(np.int64)
        rows = windows(answer, at, expected.side, reach)
        gain = likelihood(rows, typical[expected.side][:, None])
        steady = np.full(count, int(np.argmax(gain.sum(axis=0))) - reach)
        before, path = path, steady
        least = gain[index, steady + reach].sum() + MOVES + MOVES_A_BEAT * count
        if gain.max(axis=1).sum() >= least:  # else no path is that much likelier
            moving = best_path(gain)
            path = moving if gain[index, moving + reach].sum() >= least else steady
        if np.array_equal(path, before):  # the fold would be the same
            break
    near = np.clip(path[:, None] + reach + np.arange(-1, 2), 0, 2 * reach)
    frame = Frame(folded, lead, tail, block_rate_hz)
    if np.median(rows[index[:, None], near].max(axis=1)) < SINGLE_Z:
        tried = [
            faint.time(spectrum, strength, at, expected.side, (lead, tail))
            for at in _laid(expected.at + steady, expected.side, apart.blocks(folded))
        ]
        known = [dim for dim in tried if dim is not None]
        return _together(max(known, key=lambda dim: dim.evidence), expected, frame) if known else None
    return _singly(spectrum, strength, answer, path, typical, expected, frame)


def _laid(at: Floats, side: Ints, later: int) -> list[Floats]:
    """Beats as they are expected and, where the folds of the sides lie apart, each side on the other's like."""
    return [at, at + later * (side - 0.5)] if abs(later) >= NEAR else [at]


def fold(strength: Singles, at: Floats, side: Ints, lead: int, tail: int) -> Floats:
    """Mean strength round the beats of each side, shape [2, lead + tail + 1]."""
    out = np.zeros((2, lead + tail + 1))
    padded = np.lib.stride_tricks.sliding_window_view(np.pad(strength, (lead, tail + 1)), lead + tail + 1)
    index = np.clip(np.round(at).astype(np.int64), 0, len(strength) - 1)
    for s in range(2):
        rows = index[side == s]
        if len(rows):
            out[s] = padded[rows].mean(axis=0)
    return out


def filtered(spectrum: Spectrum, folded: Floats, lead: int, side: Ints) -> tuple[Singles, Floats]:
    """Answer to the filter of each side over its noise, shape [2, n_block], and the typical beat's, shape [2]."""
    answer, typical = np.empty((2, spectrum.count), np.float32), np.ones(2)
    for s in range(2):
        level = folded[s] - np.median(folded[s])
        noise = min(1.4826 * float(np.median(np.abs(level))), 1.0 / np.sqrt(max(1, int((side == s).sum()))))
        kernel = np.maximum(level - STANDS * noise, 0.0)
        answer[s] = spectrum.matched(kernel, lead)
        scatter = filters.mad(answer[s, ::3]) or 1e-12
        answer[s] /= scatter
        typical[s] = float(kernel @ folded[s]) / scatter
    return answer, np.maximum(typical, 1e-3)


def windows(answer: Singles, at: Ints, side: Ints, reach: int) -> Singles:
    """Each beat's answer at lags -reach..reach, shape [n_beat, 2 reach + 1]."""
    padded = np.pad(answer, ((0, 0), (reach, reach)))
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=1)[side, at])


def likelihood(rows: Singles, typical: Floats) -> Floats:
    """Log likelihood ratio of a beat at each lag, within bounds: what a typical beat may show, and no more."""
    most = np.minimum(0.5 * typical**2 + typical, PROVED)
    return np.minimum(np.maximum(typical * rows - 0.5 * typical**2, LOST), most)


def best_path(gain: Floats, leap_cost: float = LEAP_COST) -> Ints:
    """The lag of each beat along the path of most likelihood, counted from the middle; shape [n_beat]."""
    count, width = gain.shape
    total = np.full((count, width + 2 * FARTHEST), -np.inf)
    inner = total[:, FARTHEST : FARTHEST + width]
    inner[0] = gain[0]
    moves = [k for k in range(-FARTHEST, FARTHEST + 1) if k]
    best, other = np.empty(width), np.empty(width)
    for n in range(1, count):
        before = inner[n - 1]
        np.maximum(before, before.max() - leap_cost, out=best)
        for k in moves:
            np.subtract(total[n - 1, FARTHEST + k : FARTHEST + k + width], STEP_COST * abs(k), out=other)
            np.maximum(best, other, out=best)
        np.add(best, gain[n], out=inner[n])
    return _traced(total, inner, leap_cost) - width // 2


def _traced(total: Floats, inner: Floats, leap_cost: float) -> Ints:
    """The path that ends highest, from the end back: of the moves into each place the one that was best."""
    cost = STEP_COST * np.abs(np.arange(-FARTHEST, FARTHEST + 1))
    at = int(np.argmax(inner[-1]))
    path = np.empty(len(inner), dtype=np.int64)
    path[-1] = at
    for n in range(len(inner) - 1, 0, -1):
        near = total[n - 1, at : at + 2 * FARTHEST + 1] - cost
        step = int(np.argmax(near))
        far = int(np.argmax(inner[n - 1]))
        at = far if inner[n - 1, far] - leap_cost > near[step] else at + step - FARTHEST
        path[n - 1] = at
    return path


@dataclass(frozen=True, slots=True)
class Frame:
    """The folded beat [2, lead + tail + 1] and its scale."""

    folded: Floats
    lead: int
    tail: int
    block_rate_hz: float


@dataclass(frozen=True, slots=True)
class Choice:
    """Which lag each beat is taken at (a column of its window), whether it is heard, the typical beat; shape [n]."""

    column: Ints
    heard: np.ndarray
    displaced: np.ndarray
    clear: Floats


def choose(rows: Singles, path: Ints, typical: Floats, side: Ints) -> Choice:
    """Each beat near the path, or, where nothing is heard there, displaced and plainly heard."""
    reach, index = rows.shape[1] // 2, np.arange(len(path))
    off = np.abs(np.arange(-reach, reach + 1) - path[:, None])
    near = np.argmax(np.where(off <= NEAR, rows - 0.02 * typical.mean() * off, -np.inf), axis=1)
    by_side = [float(np.median(rows[index, near][side == s])) for s in range(2) if (side == s).any()]
    clear = np.array(by_side * 2)[:2][side]
    far = np.argmax(rows, axis=1)
    apart = np.abs(np.arange(rows.shape[1]) - far[:, None]) > 2 * NEAR
    alone = np.where(apart, rows, -np.inf).max(axis=1) < ALONE * rows[index, far]
    displaced = (rows[index, near] < HEARD_SHARE * clear) & alone
    displaced &= rows[index, far] > np.maximum(FAR_Z, FAR_SHARE * clear)
    column = np.where(displaced, far, near)
    heard = rows[index, column] > np.maximum(HEARD_Z, HEARD_SHARE * clear)
    return Choice(column, heard, displaced, clear)


def _singly(
    spectrum: Spectrum,
    strength: Singles,
    answer: Singles,
    path: Ints,
    typical: Floats,
    expected: Expected,
    frame: Frame,
) -> Chain | None:
    """Every beat that is heard by itself; the fold is remade once where beats were found displaced."""
    at, side, lead, tail = np.round(expected.at).astype(np.int64), expected.side, frame.lead, frame.tail
    reach = max(LEAST_REACH, int(REACH_BEATS * expected.beat))
    rows = windows(answer, at, side, reach)
    choice = choose(rows, path, typical, side)
    if choice.displaced.any() and choice.heard.sum() >= 3:
        place = (at + choice.column - reach)[choice.heard]
        folded = fold(strength, place, side[choice.heard], lead, tail)
        answer, typical = filtered(spectrum, folded, lead, side)
        rows = windows(answer, at, side, reach)
        choice = choose(rows, path, typical, side)
        frame = Frame(folded, lead, tail, frame.block_rate_hz)
    heard = choice.heard
    if heard.sum() < 3:
        return None
    z = rows[np.arange(len(at)), choice.column][heard]
    number, side = np.flatnonzero(heard), side[heard]
    time = _vertex(answer, side, at[heard] + choice.column[heard] - reach)
    mean = frame.folded.mean(axis=0)
    sharp = float(np.sqrt(np.sum(np.diff(mean) ** 2) / max(np.sum(mean**2), 1e-12)))
    clear = [float(choice.clear[expected.side == s][:1].sum()) or 1.0 for s in range(2)]
    strays = _strays(answer / np.array(clear, np.float32)[:, None], time, expected.beat)
    sigma = 1.0 / np.maximum(z * sharp, 1e-3)
    typical_z = float(np.median(choice.clear))
    return _chain(number, side, time, z / choice.clear[heard], sigma, expected, frame, typical_z, strays, False)


def _together(dim: faint.Faint, expected: Expected, frame: Frame) -> Chain:
    """All beats, heard together alone."""
    number, clear = np.arange(len(dim.at)), float(np.mean(dim.answer))
    sigma = np.full(len(dim.at), dim.sigma)
    score = dim.answer / (clear or 1.0)
    return _chain(number, expected.side, dim.at, score, sigma, expected, frame, clear, np.zeros(0), True)


def _chain(
    number: Ints,
    side: Ints,
    time: Floats,
    score: Floats,
    sigma: Floats,
    expected: Expected,
    frame: Frame,
    clear: float,
    strays: Floats,
    dim: bool,
) -> Chain:
    """The chain of beats timed in blocks."""
    next_to = np.diff(number) == 1
    gap, even = np.diff(time)[next_to], side[:-1][next_to] == 0
    first = expected.beat
    if even.any() and not even.all():
        first += 0.5 * float(np.median(gap[even]) - np.median(gap[~even]))
    rate = frame.block_rate_hz
    return Chain(
        number - number[0],
        side,
        (time + 1.0) / rate,
        score,
        (strays + 1.0) / rate,
        frame.folded,
        frame.lead / rate,
        frame.tail / rate,
        _slope(number, time, expected.beat) / rate,
        first / rate,
        sigma / rate,
        clear,
        dim,
    )


def _vertex(answer: Singles, side: Ints, at: Ints) -> Floats:
    """Positions of maxima by the parabola through three points, shape of `at`."""
    at = np.clip(at, 1, answer.shape[1] - 2)
    a, b, c = (answer[side, at + k].astype(np.float64) for k in (-1, 0, 1))
    bend = a - 2 * b + c
    part = np.where(bend < 0, 0.5 * (a - c) / np.where(bend < 0, bend, -1.0), 0.0)
    return at + np.clip(part, -1.0, 1.0)


def _slope(number: Ints, time: Floats, beat: float) -> float:
    """Beat [blocks] over the whole chain (median over far pairs)."""
    half = len(number) // 2 // 2 * 2
    if half < 2:
        return beat
    steps = number[half:] - number[:-half]
    even = steps % 2 == 0
    return float(np.median((time[half:] - time[:-half])[even] / steps[even])) if even.any() else beat


def _strays(answer: Singles, time: Floats, beat: float) -> Floats:
    """Onsets [blocks] as strong as a beat, a quarter of a beat or more from every beat of the chain."""
    curve = answer.max(axis=0)
    loud = np.flatnonzero(curve > STRAY_SHARE)
    if not len(loud):
        return np.zeros(0)
    after = np.clip(np.searchsorted(time, loud), 1, len(time) - 1)
    away = np.minimum(np.abs(loud - time[after]), np.abs(loud - time[after - 1]))
    loud = loud[away > STRAY_BEATS * beat]
    if not len(loud):
        return np.zeros(0)
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 0.06 * beat) + 1)
    return np.array([float(g[int(np.argmax(curve[g]))]) for g in groups])
