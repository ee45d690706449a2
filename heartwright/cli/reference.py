"""`heartwright reference TAKE --against utc`: what a take's beats do against a rhythm."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from heartwright.cli import hearing, options, payload
from heartwright.cli.console import BAD_INPUT, NO_READING, OK, Refused, answers, print_json
from heartwright.cli.files import check_writable, write_text
from heartwright.cli.options import bounded

if TYPE_CHECKING:
    from heartwright.works.reference import Against, Beats, Reference

_TABLES = (".csv", ".txt")


def reference(
    take: Annotated[
        str, typer.Argument(help="A recording, demo, or a CSV of beats (its column time_s, else the first).")
    ],
    against: Annotated[
        str, typer.Option("--against", help="utc, metronome:BPM, or another recording or CSV of beats.")
    ] = "utc",
    ratio: Annotated[
        str | None, typer.Option("--ratio", metavar="N:M", help="N beats to M of the reference; found if not told.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="When the take began, e.g. 2026-11-26T10:00:00.25+00:00.")
    ] = None,
    start_sigma_s: Annotated[
        float, typer.Option("--start-sigma-s", help="How well that is known, one sigma [s]; NTP gives 0.01.")
    ] = 0.05,
    spread_ppm: Annotated[
        float, typer.Option("--spread-ppm", help="How far two free clocks of this kind stand apart, one sigma.")
    ] = 100.0,
    bph: options.Bph = None,
    clock_ppm: options.ClockPpm = "0,30",
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Write phase and Allan deviation to this SVG file.")
    ] = None,
    json: options.AsJson = False,
) -> None:
    """Hold a take's beats against a rhythm: ratio, phase, lock, slips, Allan deviation.

    \b
      heartwright reference demo --against utc
      heartwright reference clock.wav --against metronome:60
      heartwright reference watch.wav --against demo --ratio 1:1 --json
      heartwright reference watch.wav --clock-ppm 12.5,1 --plot drift.svg
      heartwright reference watch.wav --start 2026-11-26T10:00:00.25+00:00 --start-sigma-s 0.01

    A lock is said where free clocks would seldom look so (1 in 100): the longer the take and the better its clock is
    known, the sooner. Phase is told where the moments of both are known: for utc with --start, for a metronome from the
    take's first sample, for two CSV files on one time. Exit status: 0, 3 where there are too few beats, 2 for bad
    input.
    """
    from heartwright.works import reference as references

    bounded("--spread-ppm", spread_ppm, 1e-3, 1e5, "100")
    bounded("--start-sigma-s", start_sigma_s, 0.0, 3600.0, "0.05")
    if plot is not None:
        check_writable(plot)
    simple = _ratio(ratio)
    rhythm, reason = _rhythm(against, start, start_sigma_s, clock_ppm, one_time=_is_table(take), quiet=json)
    if rhythm is None:
        _nothing(against, reason, json)
        raise typer.Exit(_status(reason))
    beats, reason = _beats(take, bph, clock_ppm, quiet=json)
    if beats is None:
        _nothing(take, reason, json)
        raise typer.Exit(_status(reason))
    try:
        found = references.against(beats, rhythm, simple=simple, spread_ppm=spread_ppm)
    except ValueError as error:
        raise Refused(f"{take}: {error}.") from None
    if plot is not None and found.status == "ok":
        from heartwright.cli.reference_say import svg

        write_text(plot, svg(found))
    if json:
        print_json(_payload(found))
    else:
        from heartwright.cli.reference_say import say

        say(answers(), found, name=take)
        if plot is not None and found.status == "ok":
            answers().print(f"wrote {plot}", markup=False)
    raise typer.Exit(OK if found.status == "ok" else NO_READING)


def _ratio(text: str | None) -> tuple[int, int] | None:
    """N:M. Raises Refused."""
    if text is None:
        return None
    told = re.fullmatch(r"\s*(\d{1,5})\s*[:/]\s*(\d{1,5})\s*", text)
    if told is None or not (int(told[1]) and int(told[2])):
        raise Refused(f"--ratio {text!r}: N:M in whole numbers is wanted, e.g. 5:1 for five beats to one.")
    return int(told[1]), int(told[2])


def _is_table(name: str) -> bool:
    return Path(name).suffix.lower() in _TABLES


def _beats(name: str, bph: float | None, clock: str, *, quiet: bool) -> tuple[Beats | None, tuple[str, str]]:
    """The beats of a file, or status and reason why there are none. Raises Refused."""
    from heartwright.works import reference as references

    if _is_table(name):
        return references.of_times(_column(Path(name)), name=Path(name).name), ("", "")
    told = hearing.known(bph=bph, lift_deg=None, movement=None, clock=clock)
    reading, _ = hearing.hear(name, told, quiet=quiet)
    if reading.table is None:
        return None, (reading.status, " ".join(reading.advice) or "no beat was heard")
    return references.of_table(reading.table, name=Path(name).name, clock_ppm=told.clock_ppm), ("", "")


def _column(path: Path) -> list[float]:
    """The moments in a CSV file: its column time_s, else its first. Raises Refused."""
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except OSError as error:
        raise Refused(f"{path}: {error.strerror or error}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise Refused(f"{path}: not a CSV of beats; one moment in seconds a row is wanted.") from None
    rows = [row for row in rows if row and any(cell.strip() for cell in row)]
    at = 0
    if rows and not _number(rows[0][0]):
        head = [cell.strip().lower() for cell in rows[0]]
        at = head.index("time_s") if "time_s" in head else 0
        rows = rows[1:]
    out = []
    for k, row in enumerate(rows):
        if len(row) > at and row[at].strip() == "":
            continue
        if len(row) <= at or not _number(row[at]):
            raise Refused(f"{path}: row {k + 1}: {row[at] if len(row) > at else row!r} is no moment in seconds.")
        out.append(float(row[at]))
    return out


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rhythm(
    told: str, start: str | None, sigma_s: float, clock: str, *, one_time: bool, quiet: bool
) -> tuple[Reference | None, tuple[str, str]]:
    """The reference that was named, or why there is none. Raises Refused."""
    from heartwright.works.reference import Reference

    if told.lower() == "utc":
        return Reference.utc(_moment(start), uncertainty_s=sigma_s), ("", "")
    kind, _, bpm = told.partition(":")
    if kind.lower() == "metronome":
        try:
            return Reference.metronome(float(bpm or "nan"), start_s=0.0), ("", "")
        except ValueError:
            raise Refused(f"--against {told!r}: metronome:BPM is wanted, 1 to 100,000, e.g. metronome:60.") from None
    beats, reason = _beats(told, None, clock, quiet=quiet)
    if beats is None:
        return None, reason
    try:
        return Reference.of_beats(beats, placed=one_time and _is_table(told)), ("", "")
    except ValueError as error:
        raise Refused(f"{error}.") from None


def _moment(text: str | None) -> float | None:
    """ISO 8601 to the system's seconds; without a zone it is UTC. Raises Refused."""
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"--start {text!r}: e.g. 2026-11-26T10:00:00.25+00:00 is wanted.") from None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


def _status(reason: tuple[str, str]) -> int:
    return BAD_INPUT if reason[0] == "unreadable" else NO_READING


def _nothing(name: str, reason: tuple[str, str], json: bool) -> None:
    """Say that there are no beats."""
    if json:
        print_json({"status": reason[0], "advice": [reason[1]]})
    else:
        answers().print(f"{name}: {reason[1]}", markup=False)


def _payload(found: Against) -> dict[str, Any]:
    allan = found.allan
    return {
        "status": found.status,
        "advice": list(found.advice),
        "reference": found.reference,
        "beats": found.beats,
        "seconds": found.seconds,
        "ratio": payload.interval(found.ratio),
        "simple": list(found.simple) if found.simple else None,
        "rate_s_per_day": payload.interval(found.rate_s_per_day),
        "phase_beats": payload.interval(found.phase_beats),
        "phase_s": payload.interval(found.phase_s),
        "lock": found.lock or None,
        "p": payload.number(found.p),
        "spread_ppm": found.spread_ppm,
        "locking_value": payload.interval(found.locking_value),
        "slips": found.slips,
        "slip_times_s": list(found.slip_times_s),
        "pull": None
        if found.pull is None
        else {"drift": found.pull.drift, "pull": payload.interval(found.pull.pull), "p": found.pull.p},
        "allan": None
        if allan is None
        else {name: _list(getattr(allan, name)) for name in ("tau_s", "deviation", "low", "high", "floor")},
    }


def _list(values: np.ndarray) -> list[float]:
    return [float(v) for v in values]
