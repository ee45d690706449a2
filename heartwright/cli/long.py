"""`heartwright long FILE...`: hours of sound, one file or many segments, to one reading."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartwright.cli import hearing, options
from heartwright.cli.console import INTERRUPTED, NO_READING, OK, Refused, answers, print_json, under_way
from heartwright.cli.files import check_writable, write_text

if TYPE_CHECKING:
    from heartwright.listen.hours.long import Run
    from heartwright.listen.hours.long_figures import Beside, LongReading
    from heartwright.listen.take.streaming import Source

_OUTPUT = "Output"
_SEGMENTS = "The sound"


def long(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Sound files in any number, or their folder.")],
    bph: options.Bph = None,
    lift_deg: options.LiftDeg = None,
    movement: options.MovementName = None,
    clock_ppm: options.ClockPpm = "0,30",
    starts: Annotated[
        Path | None,
        typer.Option("--starts", help="CSV name,start: when each segment began.", rich_help_panel=_SEGMENTS),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", help="When the first began, e.g. 2026-11-26T08:00.", rich_help_panel=_SEGMENTS),
    ] = None,
    channel: options.Channel = "",
    beside: Annotated[
        Path | None,
        typer.Option("--beside", help="CSV time,value beside the sound, e.g. a temperature: the rate against it."),
    ] = None,
    window_s: Annotated[
        float | None, typer.Option("--window-s", help="Length of the windows of running figures.")
    ] = None,
    piece_s: Annotated[float, typer.Option("--piece-s", help="Length of what is measured at a time.")] = 60.0,
    windows: Annotated[
        Path | None, typer.Option("--windows", help="Write one row a window to this CSV.", rich_help_panel=_OUTPUT)
    ] = None,
    beats: options.BeatsFile = None,
    report: options.ReportFile = None,
    json: options.AsJson = False,
) -> None:
    """Listen for hours: mean, vario and trend of rate, amplitude and beat error, and what they go with.

    \b
      heartwright long night.flac --lift-deg 52 --report night.html
      heartwright long segments --starts starts.csv --windows windows.csv
      heartwright long night.flac --beside warm.csv --json

    The sound is read piece by piece, so its length does not matter. Segments are taken in the order of the times in
    their names, or of their names; without times they are taken to join, and where the beat shows that sound is
    missing the count says so and begins anew. Ctrl-C ends the run and gives the figures as far as it went.
    Exit status: 0, 3 without a reading, 130 for the figures of an interrupted run, 2 for bad input.
    """
    from heartwright.cli import long_say

    told = hearing.known(bph=bph, lift_deg=lift_deg, movement=movement, clock=clock_ppm, channel=channel)
    options.bounded("--piece-s", piece_s, 10.0, 600.0, "60")
    options.bounded("--window-s", window_s, 10.0, 86_400.0, "600")
    for path in (windows, beats, report):
        if path is not None:
            check_writable(path)
    source = _source(files, starts, told.channel, piece_s)
    column = _beside(beside, source, start)
    run = _follow(source, told, quiet=json)
    from heartwright.listen.hours import long_figures

    reading = long_figures.summarise(run, window_s=window_s, beside=column)
    notes = (*source.notes, *told.remarks)
    name = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    _write(reading, notes, name, windows, beats, report)
    if json:
        print_json(long_say.payload(reading, notes))
    else:
        long_say.reading(reading, answers(), name=name, notes=notes)
        long_say.written(answers(), windows, beats, report)
    raise typer.Exit(INTERRUPTED if run.interrupted else OK if reading.status == "ok" else NO_READING)


def _source(files: list[str], starts: Path | None, channel: str, piece_s: float) -> Source:
    """The segments in order. Raises Refused."""
    from heartwright.listen import Unreadable
    from heartwright.listen.take import streaming

    try:
        table = streaming.read_starts(starts) if starts is not None else None
        found, utc = streaming.segments([hearing.find(f) for f in files], starts=table)
    except Unreadable as error:
        raise Refused(str(error)) from None
    return streaming.Source(found, channel=channel, piece_s=piece_s, start_utc=utc)


def _beside(path: Path | None, source: Source, start: str | None) -> Beside | None:
    """The second column. Raises Refused."""
    from heartwright.listen import Unreadable
    from heartwright.listen.hours import long_figures
    from heartwright.listen.take import streaming

    begun: float | None = source.start_utc.timestamp() if source.start_utc is not None else None
    if start is not None:
        begun = streaming.moment(start)
        if begun is None:
            now = datetime.now().strftime("%Y-%m-%dT%H:%M:%S")
            raise Refused(f"--start {start!r}: a date and time is wanted (UTC unless it says so), e.g. {now}.")
    if path is None:
        return None
    try:
        return long_figures.read_beside(path, start_utc_s=begun)
    except Unreadable as error:
        raise Refused(str(error)) from None


def _follow(source: Source, told: hearing.Known, *, quiet: bool) -> Run:
    """Listen to all of it, with a bar of progress. Raises Refused where the sound cannot be read."""
    from heartwright.listen import Unreadable
    from heartwright.listen.hours.long import follow

    with under_way("Listening", quiet=quiet) as progress:
        try:
            return follow(
                source.pieces(),
                bph=told.bph,
                lift_deg=told.lift_deg,
                movement_bph=told.movement_bph,
                clock_ppm=told.clock_ppm,
                overlap_s=source.overlap_s,
                tell=lambda: progress(source.done),
            )
        except Unreadable as error:
            raise Refused(str(error)) from None


def _write(
    reading: LongReading, notes: tuple[str, ...], name: str, windows: Path | None, beats: Path | None,
    report: Path | None,
) -> None:  # fmt: skip
    from heartwright.cli import long_say

    if windows is not None:
        write_text(windows, long_say.windows_csv(reading.windows))
    if beats is not None:
        write_text(beats, long_say.beats_csv(reading.run.beats))
    if report is not None:
        from heartwright.cli import long_page

        write_text(report, long_page.page(reading, name=name, notes=notes))
