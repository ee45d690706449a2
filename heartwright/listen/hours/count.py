"""The count of beats carried from piece to piece: it never slips, and says when it cannot know.

Method: every piece numbers its own beats. The number of its first beat in the whole follows from time and rate: the
phase of its first beats against that of the last beats before it, over the beat. How far that is from a whole number,
against its uncertainty (the rate's over the time between, the start's where a gap was told, the beats' own scatter),
gives the odds of each number; the sides, where a beat error tells them apart, weigh in. Over an overlap nothing is in
doubt; over a silence the odds fall, and below 999 in 1,000 the count is marked as ambiguous there, a new stretch
begins, and no figure reaches across.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from heartwright.records import BeatTable, Floats, Ints

SURE = 0.999
SEAM_TOLERANCE = 0.08  # phase by which segments that should join may miss each other before a gap is seen [beats]
_NEAR = 9  # beats on either side whose median phase counts
_RATE_FLOOR = 12e-6  # what the rate may differ by between two pieces beyond what both show (1 s a day)
_RATE_DRIFT = 4e-6  # what it may drift by from piece to piece, one sigma (0.35 s a day)
_SCATTER_FLOOR_S = 0.1e-3
_ERROR_FLOOR_S = 0.15e-3  # what the beat error may differ by between two pieces
_FLAGS = {"": 0, "missed": 1, "late": 2, "early": 3, "double": 4}


@dataclass(frozen=True, slots=True)
class Doubt:
    """Where the count became ambiguous: between two times of the run [s], the odds that the number taken is right."""

    from_s: float
    to_s: float
    odds: float
    why: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Numbered beats of a piece; arrays [n]. `side` is +1 for even numbers of its stretch, -1 for odd ones."""

    number: Ints
    time_s: Floats
    side: Ints
    sigma_s: Floats
    amplitude_deg: Floats
    flag: Ints  # 0 "", 2 late, 3 early, 4 double; beats that were missed have no row


@dataclass
class Counter:
    """Numbers the beats of one piece after another. `stretch` counts the runs of beats whose count is sure."""

    beat_s: float = 0.0
    stretch: int = 0
    slips: int = 0  # pieces in which a piece's own numbering had to be mended
    doubts: list[Doubt] = field(default_factory=list)
    astray: float | None = None  # by how much of a beat the last piece was off, where it was set aside
    _beat_sigma: float = 0.0  # relative
    _error_s: float = 0.0
    _error_sigma_s: float = 0.0
    _scatter_s: float = _SCATTER_FLOOR_S
    _first: int = 0
    _last: tuple[Ints, Floats] = field(default_factory=lambda: (np.zeros(0, np.int64), np.zeros(0)))

    @property
    def last_s(self) -> float:
        """Time of the last beat numbered [s], -inf before the first."""
        return float(self._last[1][-1]) if len(self._last[1]) else -np.inf

    def forget(self) -> None:
        """Begin to count anew with the next piece, from the number after the last."""
        self.beat_s = 0.0
        self._first = int(self._last[0][-1]) + 2 if len(self._last[0]) else 0
        self._last = np.zeros(0, np.int64), self._last[1]

    def part(self, why: str) -> None:
        """Begin a new stretch with the next piece, for a reason."""
        self._doubt(self.last_s, self.last_s, 0.0, why)

    def place(
        self,
        table: BeatTable,
        start_s: float,
        *,
        beat_s: float,
        beat_sigma_s: float,
        error_s: float = 0.0,
        error_sigma_s: float = 1.0,
        keep_s: tuple[float, float] = (-np.inf, np.inf),
        sigma_s: float = 0.0,
        joined: bool = True,
        continuing: bool = False,
    ) -> Counted | None:
        """Number the beats of a piece's `table`, whose times count from `start_s` of the run; None where none is new.

        `beat_s` and the signed beat error `error_s` are the piece's, with one-sigma uncertainties. Beats outside
        `keep_s` are left to the neighbouring pieces. `sigma_s` is how surely the start is known; `joined` whether no
        sound should be missing before it, `continuing` whether none can be: then a piece whose beat is off by part of a
        beat is set aside (`astray`) until the next one agrees with it.
        """
        own, rows = self._own_numbers(table, beat_s)
        time_s = table.time_s[rows] + start_s
        if len(rows) < 2:
            return None
        middle = time_s + 0.5 * error_s * np.where((own - own[0]) % 2 == 0, 1, -1) * table.side[rows[0]]
        offset = self._offset(own, middle, beat_s, beat_sigma_s, error_s * table.side[rows[0]], error_sigma_s, sigma_s,
                              joined, continuing)  # fmt: skip
        if offset is None:
            return None
        number = own + offset
        self.beat_s, self._beat_sigma = self._pooled(beat_s, beat_sigma_s / beat_s)
        self._beat_sigma = float(np.hypot(self._beat_sigma, _RATE_DRIFT))
        first_is_even = 1 if number[0] % 2 == 0 else -1
        self._error_s = error_s * float(table.side[rows[0]]) * first_is_even
        self._error_sigma_s = error_sigma_s
        near = middle - beat_s * number
        self._scatter_s = max(1.4826 * float(np.median(np.abs(np.diff(near)))) / np.sqrt(2.0), _SCATTER_FLOOR_S)
        new = (time_s >= keep_s[0]) & (time_s < keep_s[1]) & (time_s > self.last_s + 0.5 * beat_s)
        if not new.any():
            return None
        self._last = number[new][-_NEAR:], middle[new][-_NEAR:]
        rows = rows[new]
        return Counted(
            number[new],
            time_s[new],
            np.where(number[new] % 2 == 0, 1, -1),
            table.sigma_s[rows],
            table.amplitude_deg[rows],
            np.array([_FLAGS.get(str(f), 0) for f in table.flag[rows]], dtype=np.int64),
        )

    def _pooled(self, beat_s: float, sigma: float) -> tuple[float, float]:
        """The beat by what was before and by a piece [s], weighed by their relative sigmas; the sigma of both.

        A piece half drowned in noise has a poor rate: it hardly moves what the pieces before have shown.
        """
        if not self.beat_s:
            return beat_s, sigma
        before, new = max(self._beat_sigma, 1e-9) ** -2.0, max(sigma, 1e-9) ** -2.0
        pooled = (before * self.beat_s + new * beat_s) / (before + new)
        apart = abs(self.beat_s - beat_s) / pooled
        both = (before + new) ** -0.5
        unlike = max(apart**2 - before**-1.0 - new**-1.0, 0.0) ** 0.5  # beyond what their sigmas allow
        return pooled, float(np.hypot(both, unlike * min(before, new) / (before + new)))

    def _own_numbers(self, table: BeatTable, beat_s: float) -> tuple[Ints, Ints]:
        """The piece's own numbers of its heard beats, and their rows; mended where they contradict the times."""
        rows = np.flatnonzero((table.flag != "missed") & np.isfinite(table.time_s))
        if len(rows) < 2:
            return rows, rows
        phase = table.time_s[rows] / beat_s
        by_time = np.concatenate(([0], np.cumsum(np.round(np.diff(phase) - _uneven(table, rows, phase)))))
        by_time = by_time.astype(np.int64)
        by_row = rows - rows[0]
        if (by_time != by_row).any():
            self.slips += 1
        return by_time, rows

    def _offset(
        self, own: Ints, middle: Floats, beat_s: float, beat_sigma_s: float, error_s: float, error_sigma_s: float,
        sigma_s: float, joined: bool, continuing: bool,
    ) -> int | None:  # fmt: skip
        """What to add to a piece's own numbers, and a doubt where it is not sure; None where it is set aside."""
        number, time_s = self._last
        if not len(number):
            return self._first
        pace, pace_sigma = self._pooled(beat_s, beat_sigma_s / beat_s)
        shared = middle <= time_s[-1] + 0.25 * pace
        at = slice(0, _NEAR) if not shared.any() else shared
        new_phase = float(np.median(middle[at] - own[at] * pace))
        old_phase = float(np.median(time_s - number * pace))
        between = max(float(middle[at][0] - time_s[-1]), 0.0)
        beats = (new_phase - old_phase) / pace
        rate_sigma = float(np.hypot(pace_sigma, _RATE_FLOOR))
        sigma = np.hypot(between * rate_sigma, np.hypot(sigma_s, 2.0 * self._scatter_s)) / pace
        choice = int(np.round(beats)) + np.arange(-3, 4)
        score = -0.5 * ((choice - beats) / max(float(sigma), 1e-4)) ** 2
        flipped = np.where((choice + own[0]) % 2 == 0, 1.0, -1.0) * error_s
        spread = np.hypot(np.hypot(self._error_sigma_s, error_sigma_s), _ERROR_FLOOR_S + 0.1 * abs(error_s))
        score -= 0.5 * np.minimum(((flipped - self._error_s) / spread) ** 2, 30.0)
        odds = np.exp(score - score.max())
        odds /= odds.sum()
        best = int(np.argmax(odds))
        chosen, sure = int(choice[best]), float(odds[best])
        off = float(beats - chosen)
        if continuing and abs(off) > max(SEAM_TOLERANCE, 5.0 * float(sigma)):
            seen, self.astray = self.astray, off
            if seen is None or abs(off - seen) > SEAM_TOLERANCE:
                return None
            self._doubt(time_s[-1], middle[at][0], 0.0, f"the beat jumped by {off:+.2f} of a beat")
            self.astray = None
            return chosen
        self.astray = None
        away = abs(off)
        if joined and between < 60.0 and sigma < SEAM_TOLERANCE < away:
            self._doubt(
                time_s[-1], middle[at][0], sure, f"the beat is off by {away:.2f} of a beat: sound is missing here"
            )
        elif sure < SURE:
            self._doubt(time_s[-1], middle[at][0], sure, _silence(between, float(sigma)))
        return chosen

    def _doubt(self, from_s: float, to_s: float, odds: float, why: str) -> None:
        self.stretch += 1
        self.doubts.append(Doubt(float(from_s), float(to_s), odds, why))


def _silence(between_s: float, sigma: float) -> str:
    return f"nothing was heard for {between_s:.0f} s, after which the count is sure to +-{1.96 * sigma:.2f} beats only"


def _uneven(table: BeatTable, rows: Ints, phase: Floats) -> Floats:
    """How much longer than whole beats each interval is because of the beat error [beats], shape [n - 1]."""
    gap, side = np.diff(phase), table.side[rows[:-1]]
    single = np.diff(rows) == 1
    up, down = gap[single & (side > 0)], gap[single & (side < 0)]
    if not len(up) or not len(down):
        return np.zeros(len(gap))
    return np.asarray(np.where(np.diff(rows) % 2 == 1, 0.5 * side * (np.median(up) - np.median(down)), 0.0))
