"""Where the beats of a table step: all that follow come early or late by the same time.

A step is told by least squares: a straight line through the beats about it, the sides apart, with steps at all moments
about it where the beats may step. One that differs between the sides says that these are changed over from there on.
"""

from __future__ import annotations

import numpy as np

from heartwright.records import BeatTable, Floats, Ints

NEAR = 40  # beats on either side that a step is told from
BETWEEN, AT_ENDS = 2, 4  # beats from one step to the next, at least, and to the ends of a take for a new one
SPARE = 3  # beats more than a fit has unknowns
FEWEST = 4  # of each side before and after, by which it shows whether they were changed over
CHANGED_Z = 5.0  # sigmas by which the sides' steps must differ to have been changed over
FAR = 5.0  # robust sigmas beyond which a beat is displaced by itself
SURELY, LEAST_S = 8.0, 4e-4  # by how many sigmas a step must show that no leap was, and its least size
FEW, TAKEN_BACK = 8, 0.5  # beats, and the share of a step that may be left when another takes it back
SHOWS, MOST = 6.0, 24  # robust sigmas of the steps between beats beyond which one is looked at; how many are
Place = tuple[float, int | None]  # a moment of the joined take [s], and the number of its seam
Step = tuple[float, float, bool]  # by how much beats come early [s], one sigma, and whether the sides are changed over


def proved(early_s: float, sigma_s: float) -> bool:
    """Whether a step is large enough, and larger than chance makes it."""
    return abs(early_s) >= max(LEAST_S, SURELY * sigma_s)


def shown(table: BeatTable, rows: Ints, at: list[Place]) -> tuple[list[Place], list[Step | None]]:
    """The places that have a seam or show a step that stays, and their steps.

    The others are left out until all show, since one that does not may have taken up what another seems to show; and so
    are two of which the second takes back the first within a few beats, which were displaced by themselves.
    """
    while True:
        found = told(table, rows, np.array([place for place, _ in at]))
        show = [
            seam is not None or (step is not None and proved(*step[:2]))
            for (_, seam), step in zip(at, found, strict=True)
        ]
        for k in range(len(at) - 1):
            if at[k][1] is None and at[k + 1][1] is None and show[k] and show[k + 1]:
                beats = int(np.diff(np.searchsorted(table.time_s[rows], [at[k][0], at[k + 1][0]]))[0])
                one, two = found[k], found[k + 1]
                if beats < FEW and one and two and abs(one[0] + two[0]) < TAKEN_BACK * abs(one[0]):
                    show[k] = show[k + 1] = False
        if all(show):
            return at, found
        at = [place for place, shows in zip(at, show, strict=True) if shows]


def places(table: BeatTable, rows: Ints, at: Floats) -> list[Place]:
    """Moments at which the beats may step, in order, each with the number of its seam `at` [s] (None: of none yet)."""
    out: list[Place] = [(float(t), k) for k, t in enumerate(at)]
    time_s, step = table.time_s[rows], 1e-3 * np.diff(table.residual_ms[rows])
    if not len(step):
        return out
    for side in (1, -1):
        own = table.side[rows[:-1]] == side
        step[own] -= np.median(step[own]) if own.any() else 0.0
    step = np.abs(step)
    far = np.flatnonzero(step > max(SHOWS * 1.4826 * float(np.median(step)), LEAST_S))
    for place in far[np.argsort(step[far])[::-1]][:MOST].tolist():  # the largest first
        stretch = np.searchsorted(sorted(t for t, _ in out), time_s)
        mine = stretch[place]
        before, after = (stretch[: place + 1] == mine).sum(), (stretch[place + 1 :] == mine).sum()
        if before >= (AT_ENDS if mine == 0 else BETWEEN) and after >= (AT_ENDS if mine == stretch[-1] else BETWEEN):
            out.append((0.5 * float(time_s[place] + time_s[place + 1]), None))
    return sorted(out, key=lambda pair: pair[0])


def told(table: BeatTable, rows: Ints, at: Floats) -> list[Step | None]:
    """By how much the beats `rows` come early after each moment `at` [s], its sigma, and whether the sides are changed
    over from there on; None where the beats are too few.

    A straight line through the beats about a moment, the sides apart, with steps at all moments there.
    """
    stretch, time_s, side = np.searchsorted(at, table.time_s[rows]), table.time_s[rows], 0.5 * table.side[rows]
    out: list[Step | None] = []
    for k in range(len(at)):
        place = int(np.searchsorted(stretch, k + 1))
        some = slice(max(0, place - NEAR), place + NEAR)
        inside = stretch[some]
        if min(int((inside == k).sum()), int((inside == k + 1).sum())) < BETWEEN:
            out.append(None)
            continue
        later = [inside > j for j in range(int(inside[0]), int(inside[-1]))]
        own = k - int(inside[0])
        both = [int(((inside == j) & (side[some] == s)).sum()) for j in (k, k + 1) for s in (0.5, -0.5)]
        sided = min(both) >= FEWEST
        lines = [np.ones(len(inside)), rows[some] - rows[place], side[some], *later]
        lines += [side[some] * later[own]] if sided else []
        found = _fitted(np.stack(lines, axis=1), time_s[some] - time_s[place])
        if found is None:
            out.append(None)
            continue
        value, sigma = found
        changed = False
        if sided:
            changed = abs(value[-1]) > CHANGED_Z * sigma[-1] and abs(value[-1] + 2.0 * value[2]) < abs(value[-1])
        out.append((-float(value[3 + own]), float(sigma[3 + own]), bool(changed)))
    return out


def _fitted(design: Floats, values: Floats) -> tuple[Floats, Floats] | None:
    """Least squares and one-sigma errors, values far off left out; None where too few are left."""
    kept = np.ones(len(values), dtype=bool)
    for _turn in range(3):
        if kept.sum() < design.shape[1] + SPARE:
            return None
        found, _, rank, _ = np.linalg.lstsq(design[kept], values[kept], rcond=None)
        if rank < design.shape[1]:
            return None
        rest = values - design @ found
        used, kept = kept, np.abs(rest) <= FAR * 1.4826 * float(np.median(np.abs(rest)))
    spare = int(used.sum()) - design.shape[1]
    variance = float(rest[used] @ rest[used]) / spare
    sigma = np.sqrt(variance * np.diag(np.linalg.inv(design[used].T @ design[used])))
    return np.asarray(found), np.asarray(sigma)
