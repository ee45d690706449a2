"""The chain of the verbs as the commands walk it: design, run, sound, reading, verdict, with progress and errors."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartwright.cli import hearing
from heartwright.cli.console import Refused, compiling, under_way
from heartwright.cli.files import check_writable, unwritable
from heartwright.records import Reading, Recording, Trace, Verdict

if TYPE_CHECKING:  # pydantic takes longer to import than the rest of a command: within the functions
    from heartwright.design import Design
    from heartwright.edit import Edit

POSITIONS = ("CH", "CB", "3H", "6H", "9H", "12H")


@dataclass(frozen=True, slots=True)
class Room:
    """Where and how a movement is run."""

    position: str = "CH"
    wind: float = 1.0
    temperature_c: float = 23.0
    dirt: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """A design run, heard and judged."""

    design: Design
    trace: Trace
    recording: Recording
    verdict: Verdict


def load(name: str) -> Design:
    """Read a design. Raises Refused."""
    from heartwright.design import Design, DesignError

    try:
        return Design.load(name)
    except DesignError as error:
        raise Refused(str(error)) from None


def edited(design: Design, changes: list[str]) -> Design:
    """Apply PATH=VALUE texts in their order. Raises Refused."""
    from heartwright.design import DesignError
    from heartwright.edit import Edit, EditError

    for change in changes:
        path, equals, text = change.partition("=")
        if not equals:
            raise Refused(f'--edit {change!r}: write PATH=VALUE, e.g. --edit "escapement.lock=2 deg".')
        try:
            design = Edit.of(design, path.strip(), _value(text.strip())).apply(design)
        except (EditError, DesignError) as error:
            raise Refused(f"--edit {change!r}: {error}") from None
    return design


def simulate(design: Design, *, seconds: float, seed: int, room: Room, quiet: bool = False) -> Trace:
    """Run a design. Raises Refused for a position that does not exist."""
    if room.position not in POSITIONS:
        raise Refused(f"--position {room.position!r}: allowed are {', '.join(POSITIONS)}.")
    from heartwright.works import movement

    running = under_way(f"Running {design.name} for {seconds:g} s", quiet=quiet)
    with compiling(design.kind), running as tell, _refusing(design.name):
        return movement.run(
            design,
            seconds=seconds,
            seed=seed,
            dirt=room.dirt,
            position=room.position,
            wind=room.wind,
            temperature_c=room.temperature_c,
            progress=tell,
        )


def regulating(design: Design, room: Room) -> tuple[Edit, ...]:
    """The edits that bring rate and beat error of a clean run to zero. Raises Refused where it does not run."""
    from heartwright.works import movement

    with compiling(design.kind), under_way(f"Regulating {design.name}"), _refusing(design.name):
        return movement.regulate(design, position=room.position, wind=room.wind)


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn a value that a verb will not take into a refusal that names the design."""
    try:
        yield
    except ValueError as error:
        raise Refused(f"{name}: {error}") from None


def hear_design(trace: Trace, design: Design, *, rate_hz: float = 96_000.0, snr_db: float = 40.0) -> Recording:
    """The sound of a run through its own case and microphone."""
    from heartwright import sound

    return sound.render(trace, rate_hz=rate_hz, body=design, snr_db=snr_db)


def check_sound(path: Path | None) -> None:
    """Raises Refused before the run if the sound could not be written afterwards."""
    if path is None:
        return
    if path.suffix.lower() not in (".wav", ".flac"):
        raise Refused(f"--sound {path}: .wav or .flac is allowed, e.g. --sound {path.stem or 'out'}.wav.")
    check_writable(path)


def write_sound(path: Path, recording: Recording, trace: Trace) -> Path | None:
    """Write sound and truth whole or not at all; return the truth's path. Raises Refused."""
    from heartwright import sound

    try:
        return sound.write(path, recording, trace)
    except OSError as error:
        raise Refused(unwritable(path, error)) from None


def with_design(told: hearing.Known, design: Design | None, *, run: bool = False) -> hearing.Known:
    """Fill in what a design knows and the user did not say: its lift and its beat rate.

    Where the design has been `run`, its lift is the acoustic one of the banking, found by running it once more, clean.
    """
    if design is None:
        return told
    lift = told.lift_deg if told.lift_deg is not None else design.lift_deg
    if run and told.lift_deg is None:
        from heartwright.works import figures

        lift = figures.banking_lift_deg(design)
    return replace(told, bph=told.bph or design.nominal_bph, lift_deg=lift)


def weigh(
    reading: Reading,
    design: Design | None = None,
    *,
    kind: str | None = None,
    position: str | None = None,
    wind: str | None = None,
    limits: Path | None = None,
) -> Verdict:
    """Judge a reading. Raises Refused for words that are not known."""
    from heartwright import judge

    try:
        return judge.weigh(reading, design=design, kind=kind, position=position, wind=wind, limits=limits)
    except judge.LimitsError as error:
        raise Refused(str(error)) from None


def run_and_judge(
    design: Design,
    *,
    told: hearing.Known,
    kind: str | None = None,
    position: str | None = None,
    wind: str | None = None,
    limits: Path | None = None,
    quiet: bool = False,
) -> Judged:
    """Run a design for 60 s at full wind, listen to its sound and judge that. Raises Refused."""
    at = position if position in POSITIONS else "6H" if position == "vertical" else "CH"
    trace = simulate(design, seconds=60.0, seed=1, room=Room(position=at), quiet=quiet)
    recording = hear_design(trace, design)
    reading = hearing.measure(recording, with_design(replace(told, clock_ppm=(0.0, 0.0)), design, run=True))
    verdict = weigh(reading, design, kind=kind, position=position or at, wind=wind or "full", limits=limits)
    return Judged(design, trace, recording, verdict)


def _value(text: str) -> Any:
    """What stands right of the sign, as TOML would read it (3, [3], true), else the text with its unit."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return None if text.lower() == "none" else text
