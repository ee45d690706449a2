"""`heartwright movements [QUERY]`: lift angle and beat rate of real movements."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from heartwright.cli import catalogue, options
from heartwright.cli.catalogue import Movement
from heartwright.cli.console import NO_READING, answers, messages, print_json


def movements(
    query: Annotated[list[str] | None, typer.Argument(help="Part of a name, e.g. nh35, 2824, omega.")] = None,
    json: options.AsJson = False,
) -> None:
    """Look a movement up: its lift angle (for --lift-deg), beat rate, reserve; disputed values are all given.

    \b
      heartwright movements nh35
      heartwright movements omega 861
      heartwright movements
    """
    text = " ".join(query or [])
    found = catalogue.search(text)
    if json:
        print_json({"movements": [_payload(m) for m in found]})
    elif found:
        answers().print(_table(found))
        disputed = [m for m in found if m.disputed]
        for m in disputed[: 5 if text else 0]:
            answers().print(f"{m.name}: sources differ on the {' and the '.join(m.disputed)}.", markup=False)
        if len(found) <= 5:
            disputed_too = " (disputed: the interval covers all)" if disputed else ""
            name = text if len(found) == 1 and len(text.split()) == 1 else "NAME"
            answers().print(f"Use it with: heartwright listen FILE --movement {name}{disputed_too}", markup=False)
    if not found:
        messages().print(f"No movement called {text!r}. All of them: heartwright movements", markup=False)
        raise typer.Exit(NO_READING)


def _table(found: tuple[Movement, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("movement", overflow="fold")
    for column in ("bph", "lift, deg", "reserve, h", "amplitude, deg"):
        table.add_column(column, justify="right")
    for m in found:
        mark = "*" if m.disputed else ""
        table.add_row(m.name, _list(m.rates_bph), _list(m.lifts_deg) + mark, m.reserve_h, m.amplitude_deg)
    return table


def _payload(m: Movement) -> dict[str, object]:
    return {
        "name": m.name,
        "bph": list(m.rates_bph),
        "lift_deg": list(m.lifts_deg),
        "disputed": list(m.disputed),
        "reserve_h": m.reserve_h,
        "amplitude_full_wind_deg": m.amplitude_deg,
        "train": m.train,
        "source": m.source,
        "notes": m.notes,
    }


def _list(values: tuple[float, ...]) -> str:
    return " or ".join(f"{value:g}" for value in values) or "-"
