"""`heartwright symphony ROOM`: what a room sounds like where one stands, as a file and in figures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heartwright.cli import options
from heartwright.cli.console import NO_READING, Refused, answers, compiling, print_json, under_way
from heartwright.cli.files import check_writable
from heartwright.cli.options import bounded

if TYPE_CHECKING:
    from heartwright.works.performance import Performance
    from heartwright.works.symphony import Symphony

LONGEST_S = 3600.0


def symphony(
    room: Annotated[str, typer.Argument(help="A bundled room, or a TOML file.")] = "workshop",
    seconds: Annotated[float, typer.Option("--seconds", help="How long it plays.")] = 30.0,
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this WAV or FLAC file, 24 bit.")] = None,
    stems: Annotated[Path | None, typer.Option("--stems", help="Write each work by itself to this folder.")] = None,
    headphones: Annotated[
        bool, typer.Option("--headphones/--speakers", help="For two ears, or for loudspeakers at 60 degrees.")
    ] = True,
    full_scale_db: Annotated[
        float | None, typer.Option("--full-scale-db", help="Sound pressure level that full scale stands for.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Same room and seed, same sound.")] = 1,
    json: options.AsJson = False,
) -> None:
    """Let all works of a room play together, heard where its listener stands.

    \b
      heartwright symphony workshop --seconds 30 --out symphony.flac
      heartwright symphony workshop --out symphony.wav --stems stems --speakers
      heartwright symphony mine.toml --full-scale-db 80 --json

    Each work is heard from its place, by its distance, direction and delay, with the chamber's echoes. Full scale is
    set once and said; --full-scale-db makes two files comparable. Discord is sensory dissonance, 0 for a pure tone, and
    it is said between which works it is. Exit status: 0 where all goes, 3 where a work is in trouble, 2 for bad
    input.
    """
    bounded("--seconds", seconds, 0.5, LONGEST_S, "30")
    bounded("--full-scale-db", full_scale_db, -20.0, 160.0, "80")
    bounded("--seed", seed, 0, 2**53, "1")
    for path in (out, stems):
        if path is not None:
            check_writable(path)
    played = _play(room, seconds, out, stems, headphones, full_scale_db, seed, quiet=json)
    if json:
        print_json(as_json(played, room))
    else:
        _say(played, room)
    if played.troubles:
        raise typer.Exit(NO_READING)


def _play(
    name: str, seconds: float, out: Path | None, stems: Path | None, headphones: bool, full_scale_db: float | None,
    seed: int, *, quiet: bool,
) -> Performance:  # fmt: skip
    from heartwright.works.performance import perform

    try:
        with compiling("room"):
            made = _make(name, headphones, stems is not None, seed, quiet=quiet)
        with under_way(f"{name} plays {seconds:g} s", quiet=quiet) as progress:
            return perform(made, seconds, out=out, stems=stems, full_scale_spl=full_scale_db, progress=progress)
    except ValueError as error:
        raise Refused(str(error)) from None


def _make(name: str, headphones: bool, stems: bool, seed: int, *, quiet: bool) -> Symphony:
    from heartwright.design.room import RoomPlan
    from heartwright.works.room import build
    from heartwright.works.symphony import Symphony

    plan = RoomPlan.load(name)
    with under_way(f"{name}: making {len(plan.works)} works", quiet=quiet) as progress:
        room = build(plan, seed=seed, progress=progress)
        if room.status != "running":
            raise Refused(f"{name}: {room.status}. {room.advice}")
        return Symphony.of_room(room, plan, ears="headphones" if headphones else "speakers", stems=stems)


def as_json(played: Performance, room: str) -> dict[str, Any]:
    """The performance as one object; levels that are not there are null."""
    one, other, share = played.shares.worst()
    return {
        "status": "ok" if not played.troubles else "troubled",
        "advice": [f"{name}: {why}" for name, why in played.troubles.items()] + _told(played),
        "room": room,
        "seconds": played.seconds,
        "sound": str(played.path) if played.path else None,
        "stems": [str(p) for p in played.stems],
        "spl_db": _finite(played.spl_db),
        "spl_a_db": _finite(played.spl_a_db),
        "peak_spl_db": _finite(played.peak_db),
        "lufs": _finite(played.lufs),
        "full_scale_spl_db": played.scale.full_scale_spl,
        "calibration_dbfs_of_94_db": played.scale.calibration_dbfs,
        "bent_samples": played.scale.over,
        "discord": played.discord.as_json(),
        "discord_over_time": [[float(t), float(v)] for t, v in zip(*played.discord_s, strict=True)],
        "discord_between": [one, other],
        "discord_share": share,
        "works": {
            name: {"spl_db": _finite(v.spl_db), "peak_spl_db": _finite(v.peak_db), "gain": v.gain, "desk_db": v.desk_db}
            for name, v in played.levels.items()
        },
        "reverberation_s": {f"{hz:g}": t for hz, t in played.reverberation_s.items()},
        "light": {"start": played.light[0], "end": played.light[1]},
    }


def _say(played: Performance, room: str) -> None:
    console = answers()
    console.print(f"{room}: {played.seconds:g} s", markup=False, style="bold")
    console.print(
        f"  loudness    {_db(played.spl_a_db)} dB(A), {_db(played.spl_db)} dB SPL, peaks {_db(played.peak_db)}; "
        f"{_db(played.lufs)} LUFS in the file"
    )
    console.print(
        f"  level       full scale is {played.scale.full_scale_spl:g} dB SPL, set once "
        f"(94 dB SPL: {played.scale.calibration_dbfs:+g} dBFS)"
    )
    console.print(
        f"  discord     {played.discord.value:.3f} ({played.discord.low:.3f} to {played.discord.high:.3f}). "
        f"{played.shares.told()}",
        markup=False,
    )
    echo = played.reverberation_s
    console.print(
        "  echo        " + ", ".join(f"{echo[hz]:.2f} s at {hz:g} Hz" for hz in (125.0, 500.0, 1000.0, 4000.0))
    )
    console.print(f"  light       {100 * played.light[0]:.0f} % at the start, {100 * played.light[1]:.0f} % at the end")
    for name, level in sorted(played.levels.items(), key=lambda row: -row[1].spl_db):
        desk = f" (desk {level.desk_db:+g} dB)" if level.desk_db else ""
        console.print(f"  {_db(level.spl_db):>5} dB  peaks {_db(level.peak_db):>5}  {name}{desk}", markup=False)
    for line in [f"{name}: {why}" for name, why in played.troubles.items()] + _told(played):
        console.print(f"  - {line}", markup=False)
    if played.path:
        console.print(f"  written: {played.path}", markup=False)
    if played.stems:
        console.print(f"  written: {len(played.stems)} stems in {played.stems[0].parent}", markup=False)


def _told(played: Performance) -> list[str]:
    return [told] if (told := played.scale.told()) else []


def _db(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "silent"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
