"""The Typer application and its front door, `main`, which turns every expected failure into an exit status."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from heartwright.cli import payload
from heartwright.cli.clock import clock
from heartwright.cli.console import BAD_INPUT, INTERRUPTED, Refused, messages, print_json
from heartwright.cli.designs import designs
from heartwright.cli.dream import dream
from heartwright.cli.galaxy import galaxy
from heartwright.cli.gyroscope import gyroscope
from heartwright.cli.hearing import unreadable
from heartwright.cli.huygens import huygens
from heartwright.cli.judge import judge
from heartwright.cli.lift import lift
from heartwright.cli.listen import listen
from heartwright.cli.live import live
from heartwright.cli.long import long
from heartwright.cli.movements import movements
from heartwright.cli.reference import reference
from heartwright.cli.room import room
from heartwright.cli.run import run
from heartwright.cli.session import session
from heartwright.cli.studio import studio
from heartwright.cli.symphony import symphony
from heartwright.cli.web import web

# Typer carries click or a copy of it, by version; its usage errors are reached through the one class it exports.
_USAGE_ERROR: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

_HELP = """\b
A workbench for things that beat: watches, clocks, and the clockwork heart.

\b
Start here:
  heartwright studio                            the heart on a page: it beats, is heard, can be asked
  heartwright listen demo                       a reading of a synthetic watch
  heartwright listen my-watch.m4a --movement nh35
  heartwright judge my-watch.m4a --report watch.html
  heartwright run heart --judge                 simulate the heart, listen, judge
  heartwright designs                           what can be run
  heartwright room workshop                     heart, clocks, gyroscopes, orbs and a web on one floor
  heartwright huygens                           two clocks on one beam, as Huygens saw them
"""

app = typer.Typer(
    name="heartwright", help=_HELP, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
)
for command, short in (
    (listen, "A reading of a recording: rate, beat error, amplitude."),
    (live, "A timegrapher in the terminal, from the microphone."),
    (long, "Hours of sound: vario, trend, windows, a second column."),
    (judge, "A verdict on a recording or a design, with evidence."),
    (run, "Simulate a design tooth by tooth, with sound and report."),
    (designs, "What can be run; one design with its landmarks."),
    (clock, "How fast the recorder's clock runs."),
    (lift, "The lift angle, from a swing that was seen."),
    (movements, "Lift angle and beat rate of real movements."),
    (dream, "The short dream as text, by hand or by a rule."),
    (studio, "The live bench: the heart beats on a page, is heard, asked, changed."),
    (reference, "Beats against UTC, a metronome, a recording: phase, lock."),
    (room, "A room of works on their shelves: loads, sags, books."),
    (symphony, "A room of works heard where one stands, to a file."),
    (huygens, "Two pendulum clocks on one beam: what becomes of them."),
    (gyroscope, "A top or gyroscope: precession, nutation, spin-down, whirr."),
    (galaxy, "A galaxy in a glass orb: gravity, its pulse, its throb."),
    (web, "A web of thread from a graph or notes: modes, hum."),
):
    app.command(short_help=short)(command)
app.add_typer(session, short_help="Readings by position: X, D, DVH, Di, poise, hands, a report.")
_COMMANDS = (
    "listen",
    "judge",
    "run",
    "designs",
    "movements",
    "dream",
    "studio",
    "lift",
    "session",
    "long",
    "clock",
    "live",
    "reference",
    "room",
    "symphony",
    "huygens",
    "gyroscope",
    "galaxy",
    "web",
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        from heartwright import __version__

        print(f"heartwright {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status: 0, 3 (no reading), 2 (bad input), 130 (interrupted)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a degree sign is no reason to fail
    try:
        status = int(app(args=given, prog_name="heartwright", standalone_mode=False) or 0)
    except Refused as error:
        return _refuse(given, str(error))
    except _USAGE_ERROR as error:
        reason = error.format_message().rstrip(".?")
        command = _command(given) if _command(given) in _COMMANDS else ""
        return _refuse(given, f"{reason}. See: {' '.join(f'heartwright {command} --help'.split())}")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _refuse(given, f"{where}{error.strerror or error}. Free some space, or check the folder's permissions.")
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    if status == INTERRUPTED:
        messages().print("Interrupted. Nothing half-written was left behind.")
    return status


def _refuse(given: list[str], reason: str) -> int:
    """Say what was wrong: on standard error, and as the command's object where JSON was asked for."""
    messages().print(reason, markup=False, style="bold")
    if "--json" in given:
        refused = unreadable(reason)
        shapes = {"listen": payload.reading, "judge": payload.unjudged}
        shape = shapes.get(_command(given))
        print_json(shape(refused) if shape else {"status": "refused", "advice": [reason]})
    return BAD_INPUT


def _command(given: list[str]) -> str:
    return next((word for word in given if not word.startswith("-")), "")
