"""`heartwright room [PLAN]`: run a room of works on their shelves, and print its loads, sags and books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from heartwright.cli import options
from heartwright.cli.console import NO_READING, OK, Refused, answers, print_json, under_way
from heartwright.cli.options import bounded

if TYPE_CHECKING:
    from heartwright.design.room import RoomPlan
    from heartwright.works.coupled import Coupled

_LEAST_SHARE = 0.02  # of all that is spent: what spends less is not named


def room(
    plan: Annotated[str, typer.Argument(help="A bundled room or a .toml file.")] = "workshop",
    seconds: Annotated[float, typer.Option("--seconds", help="How long to run.")] = 20.0,
    tilt_deg: Annotated[
        float, typer.Option("--tilt-deg", help="Tilt the floor after a quarter of the time, + anticlockwise.")
    ] = 0.0,
    temperature_c: Annotated[float | None, typer.Option("--temperature-c", help="Of the air, from the start.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the shelves' groans; works have their own.")] = 1,
    toml: Annotated[bool, typer.Option("--toml", help="Print the plan's TOML, to begin an own one.")] = False,
    json: options.AsJson = False,
) -> None:
    """Run a room: works on shelves that bend and sway, on a floor that gives and can tilt.

    \b
      heartwright room
      heartwright room workshop --seconds 20 --tilt-deg 1
      heartwright room workshop --toml > mine.toml
      heartwright room mine.toml --json

    Prints what each shelf bears, how each work does, and the books of the whole room: what drove it, where it went,
    what is left unexplained. Exit status: 0, 3 where a shelf would break, 2 for bad input.
    """
    bounded("--seconds", seconds, 0.1, 3600.0, "20")
    bounded("--tilt-deg", tilt_deg, -30.0, 30.0, "1")
    bounded("--temperature-c", temperature_c, -20.0, 50.0, "5")
    bounded("--seed", seed, 0, 2**53, "3")
    declared = _load(plan)
    if toml:
        print(declared.to_toml(), end="")
        return
    built = _built(declared, seed, quiet=json)
    if temperature_c is not None:
        built.temperature_c = temperature_c
    with under_way(f"Running {len(built.works)} works for {seconds:g} s", quiet=json) as share:
        if tilt_deg:
            built.advance(0.25 * seconds, progress=lambda done: share(0.25 * done))
            built.tilt(tilt_deg, seconds=min(4.0, 0.25 * seconds))
            built.advance(0.75 * seconds, progress=lambda done: share(0.25 + 0.75 * done))
        else:
            built.advance(seconds, progress=share)
    if json:
        print_json(told(declared, built))
    else:
        _say(declared, built)
    raise typer.Exit(NO_READING if built.status == "broken" else OK)


def _load(name: str) -> RoomPlan:
    from heartwright.design import DesignError
    from heartwright.design.room import RoomPlan

    try:
        return RoomPlan.load(name)
    except DesignError as error:
        raise Refused(str(error)) from None


def _built(declared: RoomPlan, seed: int, *, quiet: bool) -> Coupled:
    from heartwright.works.room import build

    try:
        with under_way(f"Building {len(declared.works)} works (kernels compile once)", quiet=quiet) as share:
            return build(declared, seed=seed, progress=share)
    except ValueError as error:
        raise Refused(str(error)) from None


def told(declared: RoomPlan, built: Coupled) -> dict[str, Any]:
    """The object that `heartwright room --json` prints."""
    books = built.ledger()
    shelves = [
        {"name": s.shelf, "load_kg": s.load_kg, "sag_m": s.sag, "stress_pa": s.stress, "use": s.use, "status": s.status,
         "creaks": len(built.groans[s.shelf].lately)}
        for s in built.statics()
    ]  # fmt: skip
    works = [
        {"name": name, "kind": work.kind, "mass_kg": work.mass, "status": work.status, "light": work.light,
         "figures": {k: {"value": f.value, "unit": f.unit} for k, f in work.figures().items()}}
        for name, work in built.works.items()
    ]  # fmt: skip
    return _finite(
        {
            "title": declared.title, "seconds": built.time, "status": built.status, "advice": built.advice,
            "shelves": shelves, "works": works,
            "books": {"drive_j": books.drive_j, "stand_j": books.stand_j, "spent_j": books.spent_j,
                      "stored_j": books.stored_j, "residual_j": books.residual_j, "residual_share": share_of(books)},
        }
    )  # fmt: skip


def share_of(books: Any) -> float:
    """What is unexplained, over all that passed through the room's books."""
    passed = max(abs(books.drive_j) + abs(books.stand_j), sum(books.spent_j.values()))
    return float(abs(books.residual_j) / passed) if passed else 0.0


def _finite(value: Any) -> Any:
    import math

    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    if isinstance(value, str) or value is None or isinstance(value, (bool, int)):
        return value
    return float(value) if math.isfinite(value) else None


def _say(declared: RoomPlan, built: Coupled) -> None:
    from rich.table import Table

    console = answers()
    console.print(f"{declared.title}: {len(built.works)} works, {built.time:.3g} s, {built.status}", markup=False)
    table = Table("shelf", "bears", "sags", "of its strength", "", box=None, pad_edge=False, header_style="dim")
    for s in built.statics():
        creaks = len(built.groans[s.shelf].lately)
        heard = f"{s.status}, {creaks} creaks" if creaks else s.status
        table.add_row(s.shelf, f"{s.load_kg:.3g} kg", f"{1e3 * s.sag:.2f} mm", f"{100 * s.use:.2g} %", heard)
    console.print(table)
    works = Table("work", "kind", "mass", "", "figures", box=None, pad_edge=False, header_style="dim")
    for name, work in built.works.items():
        figures = ", ".join(f"{k} {f.value:.4g} {f.unit}".strip() for k, f in list(work.figures().items())[:3])
        works.add_row(name, work.kind, f"{work.mass:.3g} kg", work.status, figures)
    console.print(works)
    _books(built)
    for line in filter(None, (built.advice, *(w.advice for w in built.works.values()))):
        console.print(f"  - {line}", markup=False)


def _books(built: Coupled) -> None:
    console, books = answers(), built.ledger()
    console.print("books of the room", markup=False)
    whole = sum(books.spent_j.values())
    lines = [("drive", books.drive_j), ("who tilts the floor", books.stand_j)]
    named = {k: v for k, v in books.spent_j.items() if v > _LEAST_SHARE * whole or k == "shelves and floor"}
    lines += [(f"spent: {name}", value) for name, value in named.items()]
    rest = len(books.spent_j) - len(named)
    if rest:
        lines.append((f"spent: {rest} others", whole - sum(named.values())))
    lines += [("change of what is stored", books.stored_j), ("unexplained", books.residual_j)]
    for name, value in lines:
        console.print(f"  {name:28} {1e3 * value:12.5g} mJ", markup=False)
    console.print(f"  {'unexplained, of what passed':28} {100 * share_of(books):12.2g} %", markup=False)
