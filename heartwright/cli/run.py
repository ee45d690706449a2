"""`heartwright run DESIGN`: simulate a movement, and on request write its sound, listen to it and judge it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heartwright.cli import chain, hearing, options, payload, say
from heartwright.cli.console import NO_READING, OK, answers, print_json
from heartwright.cli.files import check_writable
from heartwright.cli.listen import exit_status
from heartwright.cli.options import bounded
from heartwright.edit import apply


def run(
    design: Annotated[str, typer.Argument(help="A bundled design (see: heartwright designs) or a .toml file.")],
    seconds: Annotated[float, typer.Option("--seconds", help="How long to run.")] = 60.0,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same dirt, same beat.")] = 1,
    edit: Annotated[
        list[str] | None, typer.Option("--edit", metavar="PATH=VALUE", help="Change a value first; may be repeated.")
    ] = None,
    position: Annotated[str, typer.Option("--position", help="CH, CB, 3H, 6H, 9H or 12H.")] = "CH",
    wind: Annotated[float, typer.Option("--wind", help="Wind at the start, 1 = full.")] = 1.0,
    temperature_c: Annotated[float, typer.Option("--temperature-c", help="Room temperature.")] = 23.0,
    clean: Annotated[bool, typer.Option("--clean", help="Without the dirt of life.")] = False,
    regulate: Annotated[bool, typer.Option("--regulate", help="Bring rate and beat error to zero first.")] = False,
    sound: Annotated[Path | None, typer.Option("--sound", help="Write WAV or FLAC, and .truth.json beside it.")] = None,
    rate_hz: Annotated[float, typer.Option("--rate-hz", help="Sample rate of the sound, 44100 to 192000.")] = 96_000.0,
    snr_db: Annotated[float, typer.Option("--snr-db", help="Signal to noise of the microphone.")] = 40.0,
    judged: Annotated[bool, typer.Option("--judge", help="Listen to the sound and judge it.")] = False,
    report: options.ReportFile = None,
    json: options.AsJson = False,
) -> None:
    """Simulate a design tooth by tooth.

    \b
      heartwright run heart
      heartwright run watch-6497 --seconds 60 --seed 1 --sound out.wav --json
      heartwright run watch-2824 --edit "oscillator.collet_offset=1 deg" --judge
      heartwright run mine.toml --sound mine.flac --report mine.html

    Beside out.wav stands out.truth.json with the time of every event. Exit status: 0 where it runs, 3 where it stops or
    jams, 2 for bad input.
    """
    bounded("--seconds", seconds, 0.1, 86_400.0, "60")
    bounded("--wind", wind, 0.0, 1.0, "1")
    bounded("--rate-hz", rate_hz, 44_100.0, 192_000.0, "96000")
    bounded("--snr-db", snr_db, -20.0, 120.0, "40")
    bounded("--seed", seed, 0, 2**63 - 1, "1")
    chain.check_sound(sound)
    if report is not None:
        check_writable(report)
    plan = chain.edited(chain.load(design), edit or [])
    room = chain.Room(position=position, wind=wind, temperature_c=temperature_c, dirt=not clean)
    arisen = chain.regulating(plan, room) if regulate else ()
    plan = apply(arisen, plan)
    trace = chain.simulate(plan, seconds=seconds, seed=seed, room=room, quiet=json)
    listening = judged or report is not None
    recording = chain.hear_design(trace, plan, rate_hz=rate_hz, snr_db=snr_db) if sound or listening else None
    truth = chain.write_sound(sound, recording, trace) if sound and recording else None
    verdict = None
    if listening and recording is not None:
        told = chain.with_design(hearing.Known(clock_ppm=(0.0, 0.0)), plan, run=True)
        if sound is not None:
            reading, recording = hearing.hear(str(sound), told, quiet=json)
        else:
            reading = hearing.measure(recording, told)
        verdict = chain.weigh(reading, plan, position=position, wind="full" if wind > 0.95 else None)
    if report is not None and verdict is not None:
        from heartwright.cli.reporting import write_report

        write_report(report, reading=verdict.reading, verdict=verdict, recording=recording, trace=trace, design=plan)
    if json:
        told_verdict = {"verdict": payload.verdict(verdict)} if verdict else {}
        print_json(payload.run(trace, sound=sound, truth=truth, edits=arisen) | told_verdict)
    else:
        say.edits(arisen, answers())
        say.trace(trace, plan, answers())
        if verdict is not None:
            say.reading(verdict.reading, answers(), name=str(sound or "its sound"))
            say.verdict(verdict, answers())
        say.written(answers(), sound, truth, report)
    if trace.status != "running":
        raise typer.Exit(NO_READING)
    raise typer.Exit(exit_status(verdict.reading) if verdict else OK)
