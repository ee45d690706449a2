"""`heartwright live`: a timegrapher in the terminal, from a microphone or from a file played as if it were one."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartwright.cli import hearing, options, payload, say
from heartwright.cli.console import OK, Refused, answers, messages, print_json
from heartwright.cli.files import check_writable, write_text
from heartwright.cli.listen import exit_status

if TYPE_CHECKING:
    from heartwright.cli.live_keep import Stamps, Take
    from heartwright.cli.live_screen import Screen
    from heartwright.listen.hours.live import Live
    from heartwright.listen.take.microphone import Block, Listening
    from heartwright.records import Reading

_SOURCE = "Where the sound comes from"
_OUTPUT = "Output"


def live(
    bph: options.Bph = None,
    lift_deg: options.LiftDeg = None,
    movement: options.MovementName = None,
    clock_ppm: options.ClockPpm = "0,30",
    device: Annotated[
        str | None,
        typer.Option("--device", help="Number or part of the name; else the system's.", rich_help_panel=_SOURCE),
    ] = None,
    devices: Annotated[bool, typer.Option("--devices", help="List what can record.", rich_help_panel=_SOURCE)] = False,
    rate_hz: Annotated[float, typer.Option("--rate-hz", help="Samples a second.", rich_help_panel=_SOURCE)] = 48_000.0,
    file: Annotated[
        str | None, typer.Option("--from", help="Play a file as if it were live; or demo.", rich_help_panel=_SOURCE)
    ] = None,
    speed: Annotated[
        float,
        typer.Option("--speed", help="How fast to play the file; 0: as fast as it goes.", rich_help_panel=_SOURCE),
    ] = 1.0,
    window_s: Annotated[float, typer.Option("--window-s", help="What a reading covers at most.")] = 40.0,
    seconds: Annotated[float | None, typer.Option("--seconds", help="Stop by itself after so much sound.")] = None,
    save: Annotated[
        Path | None, typer.Option("--save", help="Keep the sound: FLAC or WAV.", rich_help_panel=_OUTPUT)
    ] = None,
    stamps: Annotated[
        Path | None,
        typer.Option("--stamps", help="Keep a log for heartwright clock: CSV sample,utc.", rich_help_panel=_OUTPUT),
    ] = None,
    json: options.AsJson = False,
) -> None:
    """Listen to the microphone: first figures after two seconds, renewed each second, with the trace. Ctrl-C ends it.

    \b
      heartwright live --movement nh35
      heartwright live --devices
      heartwright live --from demo --speed 4 --lift-deg 44
      heartwright live --save take.flac --stamps stamps.csv

    The microphone needs: pip install "heartwright[live]" (and on Linux the package libportaudio2). A figure is marked
    as settled when more listening would not change it. The last reading is printed at the end. Exit status: 0 for a
    reading, 3 without one, 2 where there is no microphone.
    """
    if devices:
        _list_devices(json)
        return
    told = hearing.known(bph=bph, lift_deg=lift_deg, movement=movement, clock=clock_ppm)
    options.bounded("--window-s", window_s, 5.0, 600.0, "40")
    options.bounded("--speed", speed, 0.0, 1000.0, "4")
    if stamps is not None and file is not None:
        raise Refused("--stamps: a file that is played has no true time; leave out --from, or --stamps.")
    for path in (save, stamps):
        if path is not None:
            check_writable(path)
    from heartwright.cli.live_keep import Stamps, Take
    from heartwright.cli.live_screen import Screen

    with _source(file, speed, device, rate_hz) as source:
        ear = hearing.live(source.rate_hz, told, window_s=window_s)
        log = Stamps(source.rate_hz) if stamps is not None else None
        keep: AbstractContextManager[Take | None] = nullcontext(None) if save is None else Take(save, source.rate_hz)
        with keep as take, Screen(source.name, quiet=json) as screen:
            _hear(source, ear, screen, take, log, seconds)
            ear.finish()
    if stamps is not None and log is not None:
        write_text(stamps, log.csv())
    _close(ear.reading(), told, ear.trouble(), file or source.name, save, stamps, json)


def _source(file: str | None, speed: float, device: str | None, rate_hz: float) -> AbstractContextManager[Listening]:
    from heartwright.listen.take import microphone

    if file is not None:
        return _refusing(microphone.from_file(hearing.find(file), speed=speed))
    return _refusing(microphone.from_device(device, rate_hz=rate_hz))


class _refusing(AbstractContextManager):  # type: ignore[type-arg]
    """A source whose failure to open is a refusal."""

    def __init__(self, inner: AbstractContextManager[Listening]) -> None:
        self._inner = inner

    def __enter__(self) -> Listening:
        from heartwright.listen import Unreadable
        from heartwright.listen.take.microphone import NoMicrophone

        try:
            return self._inner.__enter__()
        except (NoMicrophone, Unreadable) as error:
            raise Refused(f"{error}.") from None

    def __exit__(self, *what: object) -> bool | None:
        return self._inner.__exit__(*what)  # type: ignore[arg-type]


def _hear(
    source: Listening, ear: Live, screen: Screen, take: Take | None, log: Stamps | None, seconds: float | None
) -> None:
    """Until the sound ends, so many seconds have been heard, or Ctrl-C."""
    try:
        for block in source.blocks:
            _add(block, ear, take, log)
            if ear.due:
                ear.reading()
            screen.show(ear, block.at_s)
            if seconds is not None and ear.seconds >= seconds:
                return
    except KeyboardInterrupt:
        return


def _add(block: Block, ear: Live, take: Take | None, log: Stamps | None) -> None:
    if block.lost:
        ear.lost()
    if not len(block.samples):
        return
    ear.add(block.samples, at_s=block.at_s)
    if take is not None:
        take.write(block.samples)
    if log is not None:
        log.add(len(block.samples), time.time())


def _close(
    reading: Reading | None, told: hearing.Known, trouble: tuple[str, ...], name: str, save: Path | None,
    stamps: Path | None, json: bool,
) -> None:  # fmt: skip
    """Print the last reading and end with its exit status."""
    from dataclasses import replace

    if reading is None:
        from heartwright.records import Reading as Empty

        reading = Empty("too_short", ("Too little was heard: two seconds are needed for a first figure.",), 0.0)
    reading = hearing.over_lifts(replace(reading, warnings=tuple(dict.fromkeys((*reading.warnings, *trouble)))), told)
    if json:
        print_json(payload.reading(reading))
    else:
        say.reading(reading, answers(), name=name)
        say.written(answers(), save, stamps)
    raise typer.Exit(exit_status(reading))


def _list_devices(json: bool) -> None:
    from heartwright.listen.take import microphone

    try:
        found = microphone.devices()
    except microphone.NoMicrophone as error:
        raise Refused(f"{error}.") from None
    if json:
        print_json({"devices": [{"number": d.number, "name": d.name, "channels": d.channels, "rate_hz": d.rate_hz,
                                 "default": d.default} for d in found]})  # fmt: skip
        return
    if not found:
        messages().print("No device here can record: plug in a microphone.")
    for d in found:
        mark = "*" if d.default else " "
        answers().print(f"{mark} {d.number:3d}  {d.name}  ({d.channels} ch, {d.rate_hz:g} Hz)", markup=False)
    raise typer.Exit(OK)
