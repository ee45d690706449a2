"""`heartwright listen FILE`: a reading of a recording."""

from __future__ import annotations

from typing import Annotated

import typer

from heartwright.cli import hearing, options, payload, say
from heartwright.cli.console import BAD_INPUT, NO_READING, OK, answers, print_json
from heartwright.cli.files import check_writable, write_text
from heartwright.records import Reading


def listen(
    file: Annotated[str, typer.Argument(help="A recording: WAV, FLAC, OGG, MP3, M4A, MP4, MOV; or demo.")],
    bph: options.Bph = None,
    lift_deg: options.LiftDeg = None,
    movement: options.MovementName = None,
    train: options.TrainText = None,
    escapement: options.Escapement = None,
    clock_ppm: options.ClockPpm = "0,30",
    channel: options.Channel = "",
    beats: options.BeatsFile = None,
    report: options.ReportFile = None,
    json: options.AsJson = False,
) -> None:
    """Listen to a recording: rate, beat error, amplitude, each with its 95 % interval.

    \b
      heartwright listen demo --lift-deg 44
      heartwright listen my-watch.m4a --movement nh35 --report watch.html
      heartwright listen clock.wav --beats beats.csv
      heartwright listen watch.wav --clock-ppm 12.5,1 --json
      heartwright listen two-watches.wav --channel right
      heartwright listen watch.wav --train "centre 80/12, third 60/10, fourth 70/8, escape 15/7"

    Record for 60 s with the phone's microphone on the crown, in a quiet room, lossless or as a voice memo with
    enhancement off. Of two channels the clearer is taken, unless --channel says which. Watches, clocks (1,800 to 72,000
    beats an hour) and stopwatches (90,000 to 400,000) are read by their beats; a tuning fork watch by its tone, which
    gives a rate and nothing else. Exit status: 0 for a reading, 3 for an answer without one, 2 for bad input.
    """
    told = hearing.known(
        bph=bph,
        lift_deg=lift_deg,
        movement=movement,
        clock=clock_ppm,
        train=train,
        escapement=escapement,
        channel=channel,
    )
    for path in (beats, report):
        if path is not None:
            check_writable(path)
    reading, recording = hearing.hear(file, told, quiet=json)
    reading = hearing.at_wheels(reading, told)
    if beats is not None and reading.table is not None:
        write_text(beats, say.beats_csv(reading.table))
    if report is not None and recording is not None:
        from heartwright.cli.reporting import write_report

        write_report(report, reading=reading, recording=recording)
    if json:
        print_json(payload.reading(reading))
    else:
        say.reading(reading, answers(), name=file)
        say.written(answers(), beats if reading.table is not None else None, report if recording is not None else None)
    raise typer.Exit(exit_status(reading))


def exit_status(reading: Reading) -> int:
    """0 for a reading, 2 where the input could not be read, 3 for an answer without a reading."""
    return {"ok": OK, "tone": OK, "unreadable": BAD_INPUT}.get(reading.status, NO_READING)
