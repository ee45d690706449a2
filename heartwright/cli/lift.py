"""`heartwright lift FILE --amplitude-deg 180`: the lift angle from a swing that was seen."""

from __future__ import annotations

from typing import Annotated

import typer

from heartwright.cli import hearing, options, payload, say
from heartwright.cli.console import NO_READING, answers, print_json
from heartwright.cli.listen import exit_status


def lift(
    file: Annotated[str, typer.Argument(help="A recording made while the balance swung that far; or demo.")],
    amplitude_deg: Annotated[
        float, typer.Option("--amplitude-deg", help="The swing to each side that was seen while recording.")
    ] = 180.0,
    pm: Annotated[float, typer.Option("--pm", help="How surely, as half of a 95 % interval, in degrees.")] = 5.0,
    bph: options.Bph = None,
    json: options.AsJson = False,
) -> None:
    """Measure an unknown lift angle by the 180-degree method.

    \b
      heartwright lift watch.wav --amplitude-deg 180 --pm 3
      heartwright lift demo --amplitude-deg 265 --json

    Let the watch run down, dial down, and look at the balance under a good light. When it swings just 180 degrees to
    each side, each arm stops, at both turning points, in one and the same place: half a turn from where it rests, so
    that a balance of two arms seems to stand still where it rests. Above 180 the two places part, one beyond the
    other; below, they have not met. Record 30 s or more while they meet. A stroke of a soft pencil on the rim helps.
    Then use what it says: heartwright listen FILE --lift-deg ...
    Exit status: 0, 3 where the take gives no amplitude, 2 for bad input.
    """
    from heartwright.listen.findings import lift as lifts

    options.bounded("--amplitude-deg", amplitude_deg, 60.0, 340.0, "180")
    options.bounded("--pm", pm, 0.0, 60.0, "3")
    told = hearing.known(bph=bph, lift_deg=lifts.TRIAL_DEG, movement=None, clock="0,30")
    reading, _ = hearing.hear(file, told, quiet=json)
    heard = reading.amplitude_deg
    found = lifts.from_swing(heard, lifts.TRIAL_DEG, amplitude_deg, pm) if heard is not None else None
    odd = found is not None and not lifts.PLAUSIBLE_DEG[0] <= found.value <= lifts.PLAUSIBLE_DEG[1]
    advice = (_odd(found.value, amplitude_deg),) if found is not None and odd else ()
    if json:
        print_json(
            {
                "status": reading.status,
                "advice": [*advice, *_without_lift(reading.advice)],
                "lift_deg": payload.interval(found),
                "amplitude_deg": amplitude_deg,
                "within_deg": pm,
                "timed": reading.amplitude_timed,
            }
        )
    elif found is None:
        say.reading(reading, answers(), name=file)
    else:
        answers().print(
            f"lift {found.value:.1f} deg  ({found.low:.1f} to {found.high:.1f}), timed at the "
            f"{reading.amplitude_timed}, for a swing of {amplitude_deg:g} +- {pm:g} deg",
            markup=False,
        )
        for line in (*advice, *_without_lift(reading.advice)):
            answers().print(f"  - {line}", markup=False)
    if found is None:
        raise typer.Exit(exit_status(reading) or NO_READING)


def _odd(lift_deg: float, amplitude_deg: float) -> str:
    return (
        f"A lift of {lift_deg:.0f} deg is built in no lever of the table (38-56): was the swing really "
        f"{amplitude_deg:g} deg to each side?"
    )


def _without_lift(advice: tuple[str, ...]) -> list[str]:
    """The advice without what speaks of the trial lift."""
    return [line for line in advice if "lift" not in line.lower()]
