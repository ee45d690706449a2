"""`heartwright judge FILE|DESIGN`: a verdict on a recording, or on a design's own beat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartwright.cli import chain, hearing, options, payload, say
from heartwright.cli.console import BAD_INPUT, NO_READING, OK, Refused, answers, print_json
from heartwright.cli.files import check_writable
from heartwright.cli.listen import exit_status
from heartwright.records import Recording, Trace, Verdict

if TYPE_CHECKING:
    from heartwright.design import Design


def judge(
    what: Annotated[
        str, typer.Argument(metavar="FILE|DESIGN", help="A recording, or a design to run, hear and judge.")
    ],
    design: Annotated[str | None, typer.Option("--design", help="The design of the watch in FILE.")] = None,
    kind: options.Kind = None,
    position: options.Position = None,
    wind: options.Wind = None,
    limits: Annotated[
        Path | None, typer.Option("--limits", help="Own limits, as in heartwright/judge/limits.toml.")
    ] = None,
    bph: options.Bph = None,
    lift_deg: options.LiftDeg = None,
    movement: options.MovementName = None,
    clock_ppm: options.ClockPpm = "0,30",
    channel: options.Channel = "",
    report: options.ReportFile = None,
    json: options.AsJson = False,
) -> None:
    """Judge a rhythm in plain sentences that carry their figures and their evidence.

    \b
      heartwright judge my-watch.m4a --movement nh35 --position CH --wind full
      heartwright judge heart.wav --design heart --report heart.html
      heartwright judge watch-2824              a design: it is run for 60 s and heard
      heartwright judge demo --json

    The standard figures come first, then the three words (hesitant, forced, hollow): each a score with its interval,
    or not measurable, with what would make it so. Exit status: 0, 3 without a reading, 2 for bad input.
    """
    if report is not None:
        check_writable(report)
    told = hearing.known(bph=bph, lift_deg=lift_deg, movement=movement, clock=clock_ppm, channel=channel)
    plan: Design | None
    recording: Recording | None
    trace: Trace | None = None
    if _is_design(what):
        done = chain.run_and_judge(
            chain.load(what), told=told, kind=kind, position=position, wind=wind, limits=limits, quiet=json
        )
        verdict, recording, trace, plan = done.verdict, done.recording, done.trace, done.design
    else:
        plan = chain.load(design) if design else None
        reading, recording = hearing.hear(what, chain.with_design(told, plan), quiet=json)
        verdict = chain.weigh(reading, plan, kind=kind, position=position, wind=wind, limits=limits)
    if report is not None and recording is not None:
        from heartwright.cli.reporting import write_report

        write_report(report, reading=verdict.reading, verdict=verdict, recording=recording, trace=trace, design=plan)
    if json:
        print_json(payload.verdict(verdict))
    else:
        say.reading(verdict.reading, answers(), name=what)
        say.verdict(verdict, answers())
        say.written(answers(), report if recording is not None else None)
    raise typer.Exit(_exit_status(verdict))


def _exit_status(verdict: Verdict) -> int:
    if verdict.reading.table is None and verdict.reading.status in ("ok", "tone"):  # read, but nothing to judge
        return NO_READING
    return {OK: OK, BAD_INPUT: BAD_INPUT}.get(exit_status(verdict.reading), NO_READING)


def _is_design(what: str) -> bool:
    from heartwright.design import bundled

    if what.endswith(".toml"):
        return True
    known = what in bundled() and not Path(what).is_file()
    if not known and what != hearing.DEMO and not Path(what).exists():
        raise Refused(
            f"{what}: neither a file nor a bundled design. Designs: {', '.join(bundled())}; or give a recording, "
            "a .toml file, or demo."
        )
    return known
