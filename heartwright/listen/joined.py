"""A take whose beat leaps, joined so that it does not: sound put in where some was lost, cut out where it came twice.

The leaps that `beat.leaps` finds are good to a block of the onset strength. A first listening to the take so joined
times its beats, and these tell each leap to some microseconds (`findings.steps`), whether it was one beat more or less,
and smaller leaps that the strength does not show. Steps are rounded to whole samples, for sound is lost in whole
samples; then the joined take is listened to anew. What the leaps are in doubt by goes into the intervals of rate and
beat error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heartwright.listen import filters
from heartwright.listen.beat.leaps import Leap
from heartwright.listen.findings import steps
from heartwright.records import BeatTable, Floats, Ints, Leapt, Mark, Reading, Recording

FEWEST = 8  # beats between two seams, below which all of them are needed
COARSE_S = 3e-4  # error of a leap by the onset strength alone [one sigma]
ROUNDED = 0.3  # of a sample
FREEDOM, LEAST_P = 6.0, 1e-12  # of the law that a mark's chance is told by; the least chance told
LEAST_SNR_DB = 3.0  # of a take whose leaps are told: words leap from beat to beat in a fainter one
MARGIN_S = 10e-3  # beside a seam in which no beat is called out of the ordinary
TURNS, NEW_TURNS = 4, 2  # listenings at most, and after how many of them new seams are looked for
AS_SURE = 1.5  # how much surer seams must have become for one more listening
CURE = "close other programs, record on the device itself and leave the movement alone"


@dataclass(frozen=True, slots=True)
class Seam:
    """`missing` samples are put in at sample `at` of the take, or cut out from there on where it is negative."""

    at: int
    missing: int
    sigma_s: float = COARSE_S

    @classmethod
    def of(cls, leap: Leap, rate_hz: float) -> Seam:
        """Midway between the beats that the leap lies between."""
        missing, middle = round(leap.early_s * rate_hz), 0.5 * (leap.from_s + leap.to_s) * rate_hz
        return cls(max(0, round(middle + 0.5 * min(missing, 0))), missing)


def measured(
    recording: Recording, found: Reading | tuple[Leap, ...], listen: Callable[[Recording, tuple[Seam, ...]], Reading]
) -> Reading:
    """What was `found` of a take, or, where its beat leaps, the reading of the take joined there.

    `listen` measures a joined take with its seams.
    """
    rate = recording.rate_hz
    reading = None if isinstance(found, tuple) else found
    seams = tuple(Seam.of(leap, rate) for leap in found) if isinstance(found, tuple) else ()
    looks = NEW_TURNS
    for _turn in range(TURNS):
        before = seams
        if reading is not None and reading.table is not None and reading.beat_rate_bph is not None:
            seams = _better(seams, reading.table, 3600.0 / reading.beat_rate_bph.value, rate, new=looks > 0)
            looks -= 1
        if reading is not None and _same(seams, before):
            break
        reading = listen(join(recording, seams), seams)
    assert reading is not None
    if seams and (reading.status != "ok" or reading.snr_db is None or reading.snr_db < LEAST_SNR_DB):
        return listen(recording, ())  # noise may have beaten there
    if not seams:
        return reading
    leapt = tuple(Leapt(s.at / rate, 1e3 * s.missing / rate, 1.96e3 * s.sigma_s) for s in seams)
    marks = [mark for mark in reading.marks if not _explained(mark, seams, reading, rate)]
    for seam, time_s in zip(seams, times_s(seams, rate).tolist(), strict=True):
        early_s = seam.missing / rate
        p = 2.0 * reading.beats * float(filters.student_tail(abs(early_s) / seam.sigma_s, FREEDOM))
        marks.append(Mark(time_s, "leap", float(np.clip(p, LEAST_P, 1.0)), -1e3 * early_s))
    marks.sort(key=lambda mark: mark.time_s)
    return replace(reading, duration_s=recording.seconds, leaps=leapt, marks=tuple(marks))


def _same(seams: tuple[Seam, ...], before: tuple[Seam, ...]) -> bool:
    """Whether a listening with the seams `before` had them where they are, and as sure."""
    if len(seams) != len(before):
        return False
    pairs = zip(seams, before, strict=True)
    return all(s.missing == b.missing and b.sigma_s < AS_SURE * s.sigma_s for s, b in pairs)


def join(recording: Recording, seams: tuple[Seam, ...]) -> Recording:
    """The take with its seams mended; what is put in goes straight from the sample before to the one after."""
    samples = np.asarray(recording.samples)
    parts, begin = [], 0
    for seam in seams:
        at = min(max(seam.at, begin), len(samples) - 1)
        parts.append(samples[begin:at])
        if seam.missing > 0:
            ends = samples[max(at - 1, 0)], samples[at]
            parts.append(np.linspace(*ends, seam.missing + 2, dtype=samples.dtype)[1:-1])
        begin = at - min(seam.missing, 0)
    return replace(recording, samples=np.concatenate([*parts, samples[begin:]]))


def times_s(seams: tuple[Seam, ...], rate_hz: float) -> Floats:
    """Where the seams lie in the joined take [s], shape [n]."""
    missing = np.array([seam.missing for seam in seams])
    before = np.cumsum(missing) - missing
    return np.asarray((np.array([seam.at for seam in seams]) + before + np.maximum(missing, 0) / 2) / rate_hz)


def doubts_s(seams: tuple[Seam, ...], rate_hz: float, beats: tuple[Ints, Ints, Floats]) -> tuple[float, float]:
    """What the seams leave in doubt of the beat and of the beat error of `beats`, number, side and time [s], each [n]
    [s, one sigma]: what a line of least squares through the beats, the sides apart, makes of their steps."""
    number, side, time_s = (column[np.isfinite(beats[2])] for column in beats)
    if not seams or len(number) < 4 or len(np.unique(side)) < 2:
        return 0.0, 0.0
    design = np.stack([np.ones(len(number)), number - number.mean(), side - 0.5], axis=1)
    drawn = (time_s[:, None] > times_s(seams, rate_hz)) * np.array([seam.sigma_s for seam in seams])
    turned = np.linalg.lstsq(design, drawn, rcond=None)[0]
    beat_s, error_s = np.linalg.norm(turned[1:], axis=1)
    return float(beat_s), float(error_s)


def beside(seams: tuple[Seam, ...], rate_hz: float, time_s: Floats) -> NDArray[np.bool_]:
    """Which beats at `time_s` [n] stand next to a seam, where a sound may be cut; of few between two seams none."""
    out = np.zeros(len(time_s), dtype=bool)
    stretch = np.searchsorted(times_s(seams, rate_hz), time_s)
    for k in range(len(seams) + 1):
        mine = np.flatnonzero(stretch == k)
        if len(mine) > FEWEST:
            out[mine[:1]] |= k > 0
            out[mine[-1:]] |= k < len(seams)
    return out


def sentence(leaps: tuple[Leapt, ...]) -> str:
    """What leapt, how the take was joined, and the usual cure."""
    first = leaps[0]
    often = "once" if len(leaps) == 1 else f"{len(leaps)} times, first"
    what = "early: sound was lost there" if first.early_ms > 0 else "late: sound was given twice there"
    return (
        f"the beat leaps {often} at {first.time_s:.2f} s, where it comes {abs(first.early_ms):.1f} ms {what}, or the "
        f"movement was jolted; beats are counted and timed across it. If you can, {CURE}"
    )


def _better(seams: tuple[Seam, ...], table: BeatTable, beat_s: float, rate_hz: float, *, new: bool) -> tuple[Seam, ...]:
    """The seams to the sample, by the beats of the take that they joined, without those that these no longer show, and
    if asked with `new` ones where they step and stay."""
    timed = (table.flag != "missed") & np.isfinite(table.time_s) & np.isfinite(table.sigma_s)
    rows = np.flatnonzero(timed)
    at = times_s(seams, rate_hz)
    places: list[steps.Place] = [(float(t), k) for k, t in enumerate(at)]
    found = steps.told(table, rows, at)
    if new and not any(step is not None and step[2] for step in found):  # else every beat seems to step
        places, found = steps.shown(table, rows, steps.places(table, rows, at))
    out = []
    for (place, known), step in zip(places, found, strict=True):
        seam = seams[known] if known is not None else None
        if step is None:
            out += [seam] if seam is not None else []
            continue
        early_s, sigma_s, changed = step
        sigma_s = float(np.hypot(sigma_s, ROUNDED / rate_hz))
        if seam is None:
            fresh = Seam.of(Leap(place, place, early_s), rate_hz)
            shifted = sum(other.missing for other, t in zip(seams, at, strict=True) if t < place)
            out.append(replace(fresh, at=max(0, fresh.at - shifted), sigma_s=sigma_s))
            continue
        early_s += seam.missing / rate_hz
        if not steps.proved(early_s, sigma_s):
            continue
        place = seam.at
        if changed:  # and what is put in now belongs right after the last beat before, what is cut out in the middle
            early_s -= float(np.copysign(beat_s, early_s))
            place = max(0, place - round(float(np.copysign(0.25 * beat_s, early_s)) * rate_hz))
        out.append(replace(seam, at=place, missing=round(early_s * rate_hz), sigma_s=sigma_s))
    return tuple(sorted((seam for seam in out if seam.missing), key=lambda seam: seam.at))


def _explained(mark: Mark, seams: tuple[Seam, ...], reading: Reading, rate_hz: float) -> bool:
    """Whether what was put in or cut at a seam made a mark: a sound cut there, or a beat that was in what was lost."""
    beat_s = 3600.0 / reading.beat_rate_bph.value if reading.beat_rate_bph is not None else 0.0
    margin = beat_s if mark.kind == "missed" else MARGIN_S
    reach = 0.5 * np.abs([seam.missing for seam in seams]) / rate_hz + margin
    return bool((np.abs(times_s(seams, rate_hz) - mark.time_s) < reach).any())
