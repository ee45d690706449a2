"""`heartwright designs [NAME]`: what can be run, and what one of them is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from heartwright.cli import options, payload
from heartwright.cli.chain import load
from heartwright.cli.console import answers, compiling, print_json, under_way

if TYPE_CHECKING:
    from heartwright.design import Design


def designs(
    name: Annotated[str | None, typer.Argument(help="One design: its construction and landmarks.")] = None,
    toml: Annotated[bool, typer.Option("--toml", help="Print the design's TOML, to begin an own one.")] = False,
    json: options.AsJson = False,
) -> None:
    """List the bundled designs, or show one with its lock, draw, drop, run and acoustic lifts.

    \b
      heartwright designs
      heartwright designs watch-6497
      heartwright designs watch-6497 --toml > mine.toml
    """
    if name is None:
        from heartwright.design import bundled

        found = [load(each) for each in bundled()]
        if json:
            print_json({"designs": [payload.design(d) for d in found]})
        else:
            answers().print(_table(found))
        return
    design = load(name)
    if toml:
        print(design.to_toml(), end="")
        return
    with compiling(design.kind), under_way(f"Running {design.name} for its landmarks", quiet=json):
        from heartwright.works import figures

        marks = figures.on_paper(design) | figures.in_motion(design)
    if json:
        print_json(payload.design(design) | {"landmarks": payload.plain(marks)})
        return
    console = answers()
    console.print(_table([design]))
    if design.notes:
        console.print(design.notes, markup=False)
    for key, value in marks.items():
        console.print(f"  {_spoken(key):34} {value:.4g}", markup=False)


def _spoken(key: str) -> str:
    """lift_lock_deg -> lift lock [deg]."""
    for ending, unit in (("_s_per_day", "s/d"), ("_deg", "deg"), ("_us", "us")):
        if key.endswith(ending):
            return f"{key.removesuffix(ending).replace('_', ' ')} [{unit}]"
    return key.replace("_", " ")


def _table(found: list[Design]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "bph", "teeth", "lift", "what it is"):
        table.add_column(column, justify="right" if column in ("bph", "teeth", "lift") else "left", overflow="fold")
    for d in found:
        lift = "" if d.lift_deg is None else f"{d.lift_deg:.0f}°"
        table.add_row(d.name, f"{d.nominal_bph:,.0f}", str(d.escapement.teeth), lift, d.title)
    return table
