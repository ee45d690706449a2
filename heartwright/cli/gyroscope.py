"""`heartwright gyroscope`: spin one up, let it go, and read its precession and nutation off it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from heartwright.cli import options
from heartwright.cli.console import NO_READING, OK, Refused, answers, print_json, under_way
from heartwright.cli.files import check_writable, unwritable, write_text
from heartwright.cli.options import bounded

if TYPE_CHECKING:
    from heartwright.cli.gyroscope_watch import Watched
    from heartwright.works.gyroscope import Gyroscope

_SOUND_HZ = 48_000
_MEASURES = "Measures, SI units (the rest in --build FILE)"


def gyroscope(
    build: Annotated[Path | None, typer.Option("--build", help="Its measures: a TOML file, see --measures.")] = None,
    rpm: Annotated[float, typer.Option("--rpm", help="Spin at the start, turns a minute; - turns the other way.")] = (
        8000.0
    ),
    lean_deg: Annotated[
        float, typer.Option("--lean-deg", help="The shaft from the upright; 0 stands, 90 lies.")
    ] = 60.0,
    release: Annotated[str, typer.Option("--release", help="rest (it nods) or steady (it precesses only).")] = "rest",
    seconds: Annotated[float, typer.Option("--seconds", help="How long to run.")] = 20.0,
    cord: Annotated[
        str | None, typer.Option("--cord", metavar="FORCE,LENGTH", help="First pull a cord, N and m.")
    ] = None,
    motor: Annotated[float | None, typer.Option("--motor", help="First hold it against the motor so long [s].")] = None,
    mount: Annotated[str | None, typer.Option("--mount", help="point or gimbals.", rich_help_panel=_MEASURES)] = None,
    rotor_mass: Annotated[float | None, typer.Option("--rotor-mass", rich_help_panel=_MEASURES)] = None,
    rotor_radius: Annotated[float | None, typer.Option("--rotor-radius", rich_help_panel=_MEASURES)] = None,
    pivot_to_centre: Annotated[float | None, typer.Option("--pivot-to-centre", rich_help_panel=_MEASURES)] = None,
    imbalance: Annotated[
        float | None, typer.Option("--imbalance", help="Centre of mass off the shaft.", rich_help_panel=_MEASURES)
    ] = None,
    frictionless: Annotated[bool, typer.Option("--frictionless", help="Leave all friction out.")] = False,
    measures: Annotated[bool, typer.Option("--measures", help="Print all measures as TOML, to begin an own file.")] = (
        False
    ),
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same imbalance and sound.")] = 1,
    sound: Annotated[Path | None, typer.Option("--sound", help="Write its whirr to this WAV or FLAC file.")] = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Write its lean and turning to this SVG file.")] = None,
    record: Annotated[Path | None, typer.Option("--record", help="Write one row a sample to this CSV file.")] = None,
    json: options.AsJson = False,
) -> None:
    """Spin up a gyroscope, let it go, and say how it precesses, nods and runs down.

    \b
      heartwright gyroscope
      heartwright gyroscope --rpm 3000 --lean-deg 40 --frictionless
      heartwright gyroscope --rpm 0 --cord 20,0.8 --seconds 30 --sound whirr.wav
      heartwright gyroscope --mount gimbals --lean-deg 80 --json
      heartwright gyroscope --measures > toy.toml

    Change what you like in toy.toml, and run it with --build toy.toml.

    A fast one at a lean goes round slowly (it precesses, m g l / (C spin)) and, let go from rest, nods quickly on the
    way (nutation, C spin / A); as friction slows it, it goes round faster, sinks, and falls. What is measured in the
    run stands beside the closed form of the heavy symmetric top. Exit status: 0, 3 where it fell or stands still, 2 for
    bad input.
    """
    from heartwright.works.gyroscope import body as bodies

    bounded("--seconds", seconds, 0.05, 7200.0, "20")
    bounded("--motor", motor, 0.1, 60.0, "6")
    bounded("--seed", seed, 0, 2**53, "3")
    for path in (sound, plot, record):
        if path is not None:
            check_writable(path)
    if sound is not None and sound.suffix.lower() not in (".wav", ".flac"):
        raise Refused(f"{sound}: .wav or .flac is wanted.")
    given = {
        "mount": mount, "rotor_mass": rotor_mass, "rotor_radius": rotor_radius, "pivot_to_centre": pivot_to_centre,
        "imbalance": imbalance,
    }  # fmt: skip
    try:
        whole = bodies.changed(
            bodies.read(build) if build else bodies.Build(), {k: v for k, v in given.items() if v is not None}
        )
        if measures:
            print(_toml(whole), end="")
            return
        work = _made(whole, rpm, lean_deg, release, frictionless, seed, cord, motor)
    except ValueError as error:
        raise Refused(str(error)) from None
    except OSError as error:
        raise Refused(f"{build}: {error.strerror or error}. Begin one with: heartwright gyroscope --measures") from None
    watched, heard = _run(work, seconds, sounding=sound is not None, quiet=json)
    if sound is not None:
        _write_sound(sound, heard)
    if plot is not None:
        write_text(plot, watched.svg())
    if record is not None:
        write_text(record, watched.csv())
    if json:
        print_json(_payload(work, watched))
    else:
        _say(work, watched)
        for path in (sound, plot, record):
            if path is not None:
                answers().print(f"wrote {path}", markup=False)
    raise typer.Exit(OK if work.status == "running" else NO_READING)


def _made(
    build: Any, rpm: float, lean_deg: float, release: str, frictionless: bool, seed: int, cord: str | None,
    motor: float | None,
) -> Gyroscope:  # fmt: skip
    """The gyroscope, spun up. Raises ValueError."""
    from heartwright.works.gyroscope import Gyroscope

    work = Gyroscope(build, rpm=rpm, lean_deg=lean_deg, release=release, friction=not frictionless, seed=seed)
    if cord is not None:
        try:
            force, length = (float(part) for part in cord.split(","))
        except ValueError:
            raise ValueError(f"--cord {cord!r}: two numbers are wanted, FORCE,LENGTH in N and m, e.g. 20,0.8") from None
        work.do("cord", force_n=force, length_m=length)
    if motor is not None:
        work.do("motor", seconds=motor)
    while work.in_hands and work.time < 120.0:
        work.advance(0.01)
    return work


def _run(work: Gyroscope, seconds: float, *, sounding: bool, quiet: bool) -> tuple[Watched, np.ndarray]:
    """Go on by `seconds`, watched often enough for its nutation."""
    from heartwright.cli.gyroscope_watch import Watched

    watched = Watched.of(work, seconds)
    heard = []
    done = 0
    with under_way(f"Running it for {seconds:g} s", quiet=quiet) as tell:
        for k in range(watched.samples):
            work.advance(watched.step_s)
            watched.look(work)
            if sounding:
                upto = round((k + 1) * watched.step_s * _SOUND_HZ)
                heard.append(work.heard(upto - done, _SOUND_HZ))
                done = upto
            if k % 200 == 0:
                tell((k + 1) / watched.samples)
    return watched, np.concatenate(heard) if heard else np.zeros(0, np.float32)


def _write_sound(path: Path, samples: np.ndarray) -> None:
    """Pressure at 1 m, 1 Pa at full scale, whole or not at all. Raises Refused."""
    from heartwright import sound
    from heartwright.records import Recording

    try:
        sound.write(path, Recording(samples, float(_SOUND_HZ), source="gyroscope"))
    except OSError as error:
        raise Refused(unwritable(path, error)) from None


def _toml(build: Any) -> str:
    from dataclasses import fields

    rows = []
    for f in fields(build):
        value = getattr(build, f.name)
        if value is None:
            continue
        rows.append(f'{f.name} = "{value}"' if isinstance(value, str) else f"{f.name} = {value!r}")
    return "\n".join(rows) + "\n"


def _payload(work: Gyroscope, watched: Watched) -> dict[str, Any]:
    books = work.ledger()
    return {
        "status": work.status,
        "advice": [work.advice] if work.advice else [],
        "seconds": work.time,
        "measured": watched.figures(),
        "figures": {name: {"value": float(f.value), "unit": f.unit} for name, f in work.figures().items()},
        "ledger": {
            "drive_j": books.drive_j,
            "spent_j": books.spent_j,
            "stored_j": books.stored_j,
            "residual_j": books.residual_j,
        },
    }


def _say(work: Gyroscope, watched: Watched) -> None:
    out = answers()
    out.print(f"gyroscope {'on a point' if work.mount == 'point' else 'in gimbals'}, {work.time:.1f} s", style="bold")
    for name, row in watched.figures().items():
        form = f"   closed form at the start {row['closed_form']:.6g}" if row["closed_form"] is not None else ""
        within = f"({row['low']:.6g} to {row['high']:.6g})"
        out.print(f"  {name.replace('_', ' '):20} {row['value']:.6g} {row['unit']}  {within}{form}", markup=False)
    for name, figure in work.figures().items():
        if name in ("spin", "lean", "sleeping", "topples_in"):
            says = f"   {figure.says}" if figure.says else ""
            out.print(f"  {name.replace('_', ' '):20} {figure.value:.5g} {figure.unit}{says}", markup=False)
    books = work.ledger()
    spent = ", ".join(f"{name} {joules:.3g}" for name, joules in books.spent_j.items())
    out.print(f"  spent [J]            {spent or 'nothing'}; books close to {books.residual_ratio:.1g}", markup=False)
    if work.advice:
        out.print(f"  {work.status}: {work.advice}", markup=False)
