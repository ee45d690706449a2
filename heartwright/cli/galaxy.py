"""`heartwright galaxy MODEL|FILE`: a self-gravitating galaxy in a glass orb, its figures, sound and page."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from heartwright.cli import options
from heartwright.cli.chain import check_sound
from heartwright.cli.console import NO_READING, OK, Refused, answers, messages, print_json, under_way
from heartwright.cli.files import check_writable, unwritable, write_text
from heartwright.cli.options import bounded

if TYPE_CHECKING:
    from heartwright.work import Figure
    from heartwright.works.galaxy import Galaxy

_CHUNKS = 200
_SOUND_HZ = 48_000
_LOUD = 1.0  # a sound pressure of 1 Pa is written as full scale
_NAMES = {
    "virial_ratio": "virial ratio",
    "half_mass_radius": "half-mass radius",
    "pulse_period": "pulse",
    "pulse_damping": "its damping",
    "crossing_time": "crossing time",
    "relaxation_time": "relaxation time",
    "bodies_let_go": "bodies let go",
    "energy_error": "energy error",
}


def galaxy(
    model: Annotated[str, typer.Argument(help="plummer, hernquist, uniform, disc, or a .csv or .hdf5 snapshot.")],
    n: Annotated[int, typer.Option("--n", help="Bodies; of a snapshot, so many by chance.")] = 0,
    seconds: Annotated[float, typer.Option("--seconds", help="How long to run.")] = 30.0,
    pulse: Annotated[float, typer.Option("--pulse", help="A first pulse: all velocities larger by this share.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same galaxy.")] = 1,
    pulse_s: Annotated[float, typer.Option("--pulse-s", help="The map of time: what a pulse lasts, about.")] = 8.0,
    wall: Annotated[float | None, typer.Option("--wall", help="Radius of the glass in virial radii.")] = None,
    lets_go: Annotated[bool, typer.Option("--lets-go", help="The glass is open: what comes to it is gone.")] = False,
    softening: Annotated[float | None, typer.Option("--softening", help="In virial radii; by N if not told.")] = None,
    step: Annotated[float | None, typer.Option("--step", help="Of the leapfrog, in Henon's unit of time.")] = None,
    g: Annotated[float | None, typer.Option("--g", help="Constant of gravity in a snapshot's own units.")] = None,
    bare: Annotated[bool, typer.Option("--bare", help="A disc without its halo.")] = False,
    toomre_q: Annotated[float | None, typer.Option("--toomre-q", help="How hot a disc is; 1.3 if not told.")] = None,
    sound: Annotated[Path | None, typer.Option("--sound", help="Write its throb to this WAV or FLAC file.")] = None,
    record: Annotated[Path | None, typer.Option("--record", help="Write one row a step to this CSV file.")] = None,
    bodies: Annotated[Path | None, typer.Option("--bodies", help="Write the bodies at the end to this CSV.")] = None,
    report: options.ReportFile = None,
    json: options.AsJson = False,
) -> None:
    """Run a galaxy in a glass orb: gravity by every body on every other.

    \b
      heartwright galaxy plummer
      heartwright galaxy uniform --pulse 0.1 --seconds 40 --sound orb.wav
      heartwright galaxy disc --n 3000 --seconds 10 --report disc.html

    A snapshot is a CSV with a header m,x,y,z,vx,vy,vz, or Gadget's or SWIFT's HDF5 (bodies.csv --g 43007.1). Exit
    status: 0, 3 where all bodies have left, 2 for bad input.
    """
    bounded("--seconds", seconds, 0.0, 86_400.0, "30")
    bounded("--seed", seed, 0, 2**63 - 1, "1")
    check_sound(sound)
    for path in (record, bodies, report):
        if path is not None:
            check_writable(path)
    given: dict[str, Any] = {
        "seed": seed, "pulse": pulse, "pulse_s": pulse_s, "softening": softening, "step": step, "lets_go": lets_go,
    }  # fmt: skip
    if wall is not None:
        given["wall"] = wall
    disc = {"halo": False if bare else None, "toomre_q": toomre_q}
    orb = made(model, n, g=g, given=given, disc={k: v for k, v in disc.items() if v is not None})
    heard = run(orb, seconds, sound=sound is not None, quiet=json)
    if sound is not None:
        write_sound(sound, heard, orb.name)
    if record is not None:
        write_text(record, _table(orb.record()))
    if bodies is not None:
        write_text(bodies, _table(orb.henon()))
    if report is not None:
        from heartwright.cli.galaxy_page import page

        write_text(report, page(orb))
    if json:
        print_json(payload(orb))
    else:
        say(orb)
        for path in (sound, record, bodies, report):
            if path is not None:
                answers().print(f"wrote {path}", markup=False)
    raise typer.Exit(OK if orb.status == "running" else NO_READING)


def made(model: str, n: int, *, g: float | None, given: dict[str, Any], disc: dict[str, Any]) -> Galaxy:
    """The galaxy that was asked for. Raises Refused."""
    from heartwright.works.galaxy import Galaxy

    try:
        if Path(model).suffix:
            if disc:
                raise ValueError("--bare and --toomre-q are for the model disc, not for a snapshot")
            return Galaxy.read(model, thin=n or None, g=g, **given)
        if g is not None:
            raise ValueError("--g is for a snapshot; a model has Henon's units, G = 1")
        return Galaxy(model, n or 2_000, **given, **disc)
    except (ValueError, MemoryError) as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(
            f"{model}: {error.strerror or error}. Give a model's name, or a snapshot that is there."
        ) from None


def run(orb: Galaxy, seconds: float, *, sound: bool, quiet: bool) -> np.ndarray:
    """Go on by `seconds`; its sound, empty where not asked for."""
    with under_way(f"Running {orb.name}, {orb.n} bodies, for {seconds:g} s", quiet=quiet) as tell:
        edges = np.linspace(0.0, seconds, _CHUNKS + 1)
        heard = []
        for k in range(_CHUNKS):
            orb.advance(float(edges[k + 1] - edges[k]))
            if sound:
                upto = [round(float(e) * _SOUND_HZ) for e in edges[k : k + 2]]
                heard.append(orb.heard(upto[1] - upto[0], _SOUND_HZ))
            tell((k + 1) / _CHUNKS)
    return np.concatenate(heard) if heard else np.zeros(0, np.float32)


def write_sound(path: Path, samples: np.ndarray, name: str) -> None:
    """Write pressure at 1 m, 1 Pa at full scale, whole or not at all. Raises Refused."""
    from heartwright import sound
    from heartwright.records import Recording

    try:
        sound.write(path, Recording((samples / _LOUD).astype(np.float32), float(_SOUND_HZ), source=f"galaxy {name}"))
    except OSError as error:
        raise Refused(unwritable(path, error)) from None


def say(orb: Galaxy) -> None:
    """Print the figures, each with its 95 % interval where it has one."""
    out, scale = answers(), orb.scale
    out.print(f"[bold]{orb.name}[/bold]: {orb.n} bodies, {orb.time:.1f} s")
    for name, figure in orb.figures().items():
        out.print(f"  {_NAMES[name]:18}{text(figure)}", markup=False)
    if "pulse_period" not in orb.figures():
        out.print(f"  {'pulse':18}none clear of the noise: give one (--pulse 0.1), or run longer", markup=False)
    books = orb.ledger()
    out.print(f"  {'books':18}drive {books.drive_j:.3g} J, stored {books.stored_j:.3g} J, let go "
              f"{books.spent_j['let go']:.3g} J, residual {books.residual_j:.1e} J", markup=False)  # fmt: skip
    out.print(f"  {'map':18}1 virial radius = {scale.metre * 1e3:.3g} mm, 1 Henon time = {scale.second:.3g} s, "
              f"G = {scale.gravity:.2g} Newton's", markup=False)  # fmt: skip
    for line in (*orb.notes, *([orb.advice] if orb.advice else [])):
        messages().print(f"  - {line}", markup=False)


def text(figure: Figure) -> str:
    """A figure with unit and interval, rounded to two digits of the interval."""
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3g} {figure.unit}".rstrip()
    half = 0.5 * (figure.high - figure.low)
    digits = min(max(1 - math.floor(math.log10(half)), 0), 9) if half > 0.0 else 3
    unit = f" {figure.unit}" if figure.unit else ""
    return f"{figure.value:.{digits}f}{unit} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def payload(orb: Galaxy) -> dict[str, Any]:
    """The object that `--json` prints."""
    books, scale = orb.ledger(), orb.scale
    return {
        "status": orb.status,
        "advice": [line for line in (*orb.notes, orb.advice) if line],
        "name": orb.name,
        "bodies": orb.n,
        "left": orb.left,
        "seconds": orb.time,
        "figures": {
            name: {"value": f.value, "unit": f.unit, "low": f.low, "high": f.high} for name, f in orb.figures().items()
        },
        "ledger": {
            "drive_j": books.drive_j, "stand_j": books.stand_j, "spent_j": books.spent_j, "stored_j": books.stored_j,
            "residual_j": books.residual_j,
        },
        "map": {
            "metre": scale.metre, "second": scale.second, "kilogram": scale.kilogram, "gravity": scale.gravity,
        },
    }  # fmt: skip


def _table(columns: dict[str, np.ndarray]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*(values.tolist() for values in columns.values()), strict=True))
    return out.getvalue()
