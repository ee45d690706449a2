"""Options that several commands share, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heartwright.cli.console import Refused

_HEARING = "What is known of the watch or clock"
_OUTPUT = "Output"

Bph = Annotated[
    float | None,
    typer.Option("--bph", help="Nominal beats per hour, e.g. 21600; found if not told.", rich_help_panel=_HEARING),
]
LiftDeg = Annotated[
    float | None,
    typer.Option("--lift-deg", help="Lift angle, e.g. 52: needed for the amplitude.", rich_help_panel=_HEARING),
]
MovementName = Annotated[
    str | None,
    typer.Option("--movement", help="Take lift and beat rate from the table, e.g. nh35.", rich_help_panel=_HEARING),
]
TrainText = Annotated[
    str | None,
    typer.Option(
        "--train",
        metavar="COUNTS",
        help='Tooth counts, wheel/pinion of each arbor ("fourth 70/8, escape 15/7"), or a design: look at each wheel.',
        rich_help_panel=_HEARING,
    ),
]
Escapement = Annotated[
    str | None,
    typer.Option(
        "--escapement",
        help="lever, pin-pallet, co-axial, cylinder, duplex, detent, verge, pendulum or quartz.",
        rich_help_panel=_HEARING,
    ),
]
ClockPpm = Annotated[
    str,
    typer.Option(
        "--clock-ppm",
        metavar="OFFSET,SIGMA",
        help="The recorder's clock in ppm, OFFSET > 0: it runs fast; or the file that heartwright clock kept.",
        rich_help_panel=_HEARING,
    ),
]
Channel = Annotated[
    str,
    typer.Option(
        "--channel",
        metavar="NAME",
        help="left, right, mid (their mean) or a number from 1; else the one whose ticks stand out most.",
        rich_help_panel="The sound",
    ),
]
BeatsFile = Annotated[
    Path | None, typer.Option("--beats", help="Write one row a beat to this CSV file.", rich_help_panel=_OUTPUT)
]
ReportFile = Annotated[
    Path | None,
    typer.Option("--report", help="Write a self-contained page to this HTML file.", rich_help_panel=_OUTPUT),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.", rich_help_panel=_OUTPUT)]
Position = Annotated[
    str | None, typer.Option("--position", help="CH dial up, CB dial down, 3H, 6H, 9H or 12H up, flat, vertical.")
]
Wind = Annotated[str | None, typer.Option("--wind", help="full, or 24 h.")]
Kind = Annotated[str | None, typer.Option("--kind", help="modern lever, vintage lever, pin-pallet, pendulum or heart.")]


def clock_ppm(text: str) -> tuple[float, float]:
    """Read OFFSET,SIGMA in parts per million, or the file that `heartwright clock` kept. Raises Refused."""
    if "," not in text and Path(text).is_file():
        from heartwright.listen import Unreadable
        from heartwright.listen.hours import clock

        try:
            return clock.read(text)
        except Unreadable as error:
            raise Refused(str(error)) from None
    try:
        offset, sigma = (float(part) for part in text.split(","))
    except ValueError:
        raise Refused(
            f"--clock-ppm {text!r}: two numbers are wanted, OFFSET,SIGMA, e.g. 0,30 or 12.5,2; or a kept file."
        ) from None
    if not (abs(offset) <= 10_000 and 0.0 <= sigma <= 10_000):
        raise Refused(f"--clock-ppm {text!r}: SIGMA must be 0 or more, and both below 10000, e.g. 0,30.")
    return offset, sigma


def bounded(name: str, value: float | None, low: float, high: float, example: str) -> float | None:
    """A number within bounds, or None. Raises Refused."""
    if value is not None and not low <= value <= high:
        raise Refused(f"{name} {value:g}: {low:g} to {high:g} is allowed, e.g. {name} {example}.")
    return value
