"""The recorder's clock against true time: from a log of moments, or from a quartz watch recorded beside.

Convention: offset in parts per million, > 0 where the recorder runs fast (it counts more samples than true seconds
hold, so that its takes seem longer and a watch seems slow); one-sigma uncertainty beside it. This is what
`listen.measure(clock_ppm=...)` and `--clock-ppm` take.

Log: pairs of recorder time and true time (the computer's clock, where NTP disciplines it). The offset is the slope of
their difference; its interval allows for scatter of the stamps and for wander of either clock (`wander.regress`).
Quartz: the steps of a quartz watch come at 1 a second to its own rate, which is known to so much (15 s a month is 5.7
ppm); the recorder's offset is the step's measured length, less that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heartwright.listen.hours.wander import regress
from heartwright.listen.take.decode import Unreadable
from heartwright.listen.take.streaming import csv_rows, moment
from heartwright.records import Floats, Recording

QUARTZ_S_PER_DAY = (0.0, 0.285)  # within 15 s a month, any rate as likely: 15 / 30.4 / sqrt(3)
PPM_TO_S_PER_DAY = 0.0864
STEP_BPH = 3600.0
_FEWEST = 2
_STAMP_SIGMA_S = 0.01  # of a stamp, where there are too few to show it
_FAR = 6.0  # robust sigmas beyond which a stamp was late


@dataclass(frozen=True, slots=True)
class Calibration:
    """Offset and one-sigma uncertainty of a recorder's clock [ppm], how it was found, and over how long [s]."""

    offset_ppm: float
    sigma_ppm: float
    source: str
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def clock_ppm(self) -> tuple[float, float]:
        return self.offset_ppm, self.sigma_ppm

    def to_json(self) -> str:
        """What `read` reads."""
        kept = {name: getattr(self, name) for name in ("offset_ppm", "sigma_ppm", "source", "seconds")}
        return json.dumps({"clock": kept}, indent=2) + "\n"


def read(path: str | os.PathLike[str]) -> tuple[float, float]:
    """(offset, sigma) [ppm] of a calibration that was kept. Raises Unreadable."""
    try:
        kept = json.loads(Path(path).read_text(encoding="utf-8"))["clock"]
        offset, sigma = float(kept["offset_ppm"]), float(kept["sigma_ppm"])
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as problem:
        raise Unreadable(f"{path}: no kept clock ({problem}); make one: heartwright clock ... --save {path}") from None
    if not (np.isfinite(offset) and np.isfinite(sigma) and sigma >= 0.0 and abs(offset) < 1e4):
        raise Unreadable(f"{path}: offset {offset:g} and sigma {sigma:g} ppm; both must be finite, sigma not negative")
    return offset, sigma


# ------------------------------------------------------------------------------------------------- from a log


def from_log(recorder_s: Sequence[float] | Floats, true_s: Sequence[float] | Floats) -> Calibration:
    """The offset from pairs of recorder time and true time [s], arrays [n]. Raises ValueError for fewer than two."""
    own, true = np.asarray(recorder_s, float), np.asarray(true_s, float)
    good = np.isfinite(own) & np.isfinite(true)
    own, true = own[good], true[good]
    order = np.argsort(true, kind="stable")
    own, true = own[order] - own[order][:1], true[order] - true[order][:1]
    span = float(true[-1]) if len(true) else 0.0
    if len(true) < _FEWEST or span <= 0.0:
        raise ValueError(f"{len(true)} usable pairs over {span:g} s; two or more at different times are needed")
    late = own - true
    kept = _without_late(true, late)
    notes = [f"{int((~kept).sum())} stamps that came late were left out"] if not kept.all() else []
    fit = regress(late[kept], true[kept], true[kept]) if kept.sum() > 5 else None
    if fit is None:
        slope = float(late[kept][-1] - late[kept][0]) / float(true[kept][-1] - true[kept][0])
        sigma = np.sqrt(2.0) * _STAMP_SIGMA_S / span
        notes.append(f"few pairs: each stamp is taken to be good to {1e3 * _STAMP_SIGMA_S:.0f} ms")
    else:
        slope, sigma = float(fit.value[1]), fit.interval(1).half_width / 1.96
    return Calibration(1e6 * slope, 1e6 * float(sigma), f"log of {int(kept.sum())} pairs", span, tuple(notes))


def _without_late(true: Floats, late: Floats) -> np.ndarray:
    """Which pairs lie within six robust sigmas of the line through them (a stamp taken late lies far off)."""
    if len(true) < 8:
        return np.ones(len(true), dtype=bool)
    half = len(true) // 2
    slope = float(np.median((late[half:] - late[: len(late) - half]) / (true[half:] - true[: len(true) - half])))
    off = late - slope * true
    off -= np.median(off)
    spread = 1.4826 * float(np.median(np.abs(off)))
    return np.asarray(np.abs(off) <= max(_FAR * spread, 1e-6))


def read_log(path: str | os.PathLike[str], *, rate_hz: float | None = None) -> tuple[Floats, Floats]:
    """A CSV of pairs: recorder, true. Returns recorder and true seconds.

    The first column is the time in the file [s], or with the header "sample" (or a `rate_hz` given) the index of a
    sample; the second a date and time (UTC unless it says so) or seconds. Raises Unreadable.
    """
    rows = csv_rows(path)
    header = bool(rows) and (len(rows[0]) < 2 or moment(rows[0][1]) is None)
    by_sample = header and rows[0][0].lower().startswith("sample")
    if by_sample and rate_hz is None:
        raise Unreadable(f"{path}: it counts samples; say how many a second (--rate-hz 48000)")
    own, true = [], []
    for number, row in enumerate(rows[1:] if header else rows, start=2 if header else 1):
        a, b = (moment(row[0]), moment(row[1])) if len(row) >= 2 else (None, None)
        if a is None or b is None:
            raise Unreadable(
                f"{path}: row {number}: {','.join(row)!r}; write file_s,utc, e.g. 600,2026-11-26T08:10:00.012"
            )
        own.append(a / rate_hz if rate_hz else a)
        true.append(b)
    return np.array(own), np.array(true)


# ---------------------------------------------------------------------------------------------- from a quartz


def from_steps(
    step_s: float, sigma_s: float, seconds: float, *, quartz_s_per_day: tuple[float, float] = QUARTZ_S_PER_DAY
) -> Calibration:
    """The offset from the measured length of a quartz watch's step of a second and its one-sigma uncertainty [s].

    `quartz_s_per_day` is the quartz's own rate and its one-sigma uncertainty, + gains.
    """
    own_ppm = quartz_s_per_day[0] / PPM_TO_S_PER_DAY
    offset = 1e6 * (step_s * (1.0 + 1e-6 * own_ppm) - 1.0)
    sigma = float(np.hypot(1e6 * sigma_s, quartz_s_per_day[1] / PPM_TO_S_PER_DAY))
    return Calibration(offset, sigma, "steps of a quartz watch", seconds)


def without_beats(recording: Recording, time_s: Floats, *, lead_s: float = 4e-3, tail_s: float = 40e-3) -> Recording:
    """A take with the beats at `time_s` replaced by the quiet before each, so that a second clock is heard alone."""
    rate = recording.rate_hz
    samples = np.array(recording.samples)
    before, after = int(lead_s * rate), int(tail_s * rate)
    length = before + after
    for t in time_s[np.isfinite(time_s)]:
        a = int(t * rate) - before
        if a - length >= 0 and a + length <= len(samples):
            samples[a : a + length] = samples[a - length : a][::-1]
    return Recording(samples, rate, source=recording.source, notes=recording.notes)
