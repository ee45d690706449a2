"""From a file and what is known of it to a reading: the part that the commands share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from heartwright.cli import catalogue
from heartwright.cli.console import Refused, under_way
from heartwright.cli.options import bounded, clock_ppm
from heartwright.records import Interval, Reading, Recording

if TYPE_CHECKING:
    from heartwright.listen.hours.live import Live
    from heartwright.listen.periods.trains import Train

DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Known:
    """What the user told of the watch and of the recorder, checked."""

    bph: float | None = None
    lift_deg: float | None = None
    lifts_deg: tuple[float, ...] = ()  # all that the table gives, where it is disputed
    movement_bph: float | None = None
    clock_ppm: tuple[float, float] = (0.0, 30.0)
    remarks: tuple[str, ...] = ()
    train: Train | None = None
    escapement: str | None = None
    channel: str = ""  # of the recording; "" the clearest


def known(
    *,
    bph: float | None,
    lift_deg: float | None,
    movement: str | None,
    clock: str,
    train: str | None = None,
    escapement: str | None = None,
    channel: str = "",
) -> Known:
    """Check the options and look the movement up. Raises Refused."""
    bounded("--bph", bph, 600.0, 400_000.0, "21600")
    bounded("--lift-deg", lift_deg, 10.0, 120.0, "52")
    ppm = clock_ppm(clock)
    wheels = None if train is None else _train(train)
    kind = None if escapement is None else _kind(escapement)
    side = _channel(channel) if channel else ""
    if movement is None:
        return Known(bph=bph, lift_deg=lift_deg, clock_ppm=ppm, train=wheels, escapement=kind, channel=side)
    row = catalogue.one(movement)
    remarks = []
    rate = row.rates_bph[0] if len(row.rates_bph) == 1 else None
    if len(row.rates_bph) > 1:
        remarks.append(f"The beat rate of {row.name} is disputed ({_list(row.rates_bph)} bph): the one heard is taken.")
    lifts: tuple[float, ...] = ()
    if lift_deg is None and row.lifts_deg:
        lift_deg = row.lifts_deg[0]
        lifts = row.lifts_deg if len(row.lifts_deg) > 1 else ()
        if lifts:
            remarks.append(
                f"The lift of {row.name} is disputed ({_list(lifts)} deg): the amplitude is that of {lift_deg:g} deg, "
                "its interval covers all. Decide with --lift-deg."
            )
    elif lift_deg is None:
        remarks.append(f"The table gives no lift for {row.name}: no amplitude. Add --lift-deg if you know it.")
    wheels = wheels or _train_of(row)
    return Known(bph, lift_deg, lifts, rate, ppm, tuple(remarks), wheels, kind, side)


def _train(text: str) -> Train:
    from heartwright.cli import trains_of

    return trains_of.told(text)


def _train_of(row: catalogue.Movement) -> Train | None:
    from heartwright.cli import trains_of

    return trains_of.of_movement(row) if row.train else None


def _kind(name: str) -> str:
    """The escapement of that name. Raises Refused."""
    from heartwright.listen.findings import kinds

    try:
        return kinds.named(name).name
    except kinds.KindError as error:
        raise Refused(f"--escapement: {error}.") from None


def _channel(name: str) -> str:
    """A channel that some recording may have. Raises Refused."""
    from heartwright.listen import Unreadable
    from heartwright.listen.take import channels

    try:
        return channels.check(name)
    except Unreadable as error:
        raise Refused(f"--{error}.") from None


def find(name: str) -> Path:
    """The recording called `name`: a file, or the one that comes with the package ("demo")."""
    path = Path(name)
    if name == DEMO and not path.exists():
        with resources.as_file(resources.files("heartwright") / "data" / "demo-watch.flac") as bundled:
            return bundled
    return path


def hear(name: str, told: Known, *, quiet: bool = False) -> tuple[Reading, Recording | None]:
    """Load and measure. An unreadable file is a reading of status "unreadable", without a recording."""
    from heartwright import listen

    with under_way(f"Listening to {name}", quiet=quiet):
        try:
            recording = listen.load(find(name), channel=told.channel)
        except listen.Unreadable as error:
            return unreadable(str(error), source=name), None
        return measure(recording, told), recording


def live(rate_hz: float, told: Known, *, window_s: float) -> Live:
    """An ear for sound as it comes, with what is known of it."""
    from heartwright.listen.hours.live import Live

    return Live(
        rate_hz,
        bph=told.bph,
        lift_deg=told.lift_deg,
        movement_bph=told.movement_bph,
        clock_ppm=told.clock_ppm,
        window_s=window_s,
    )


def measure(recording: Recording, told: Known) -> Reading:
    """Measure a recording with what is known of it; where nothing beats at the rate told, at any rate, and say so."""
    reading = _measure(recording, told)
    rate = told.bph or told.movement_bph
    if reading.status in ("no_beat", "too_noisy") and rate:
        free = _measure(recording, replace(told, bph=None, movement_bph=None))
        if free.status == "ok" and free.beat_rate_bph is not None:
            heard = f"It beats {free.beat_rate_bph.value:,.0f} times an hour, not {rate:,.0f}: another movement?"
            reading = replace(free, advice=(heard, *free.advice))
    reading = over_lifts(reading, told)
    if told.escapement is None:
        return reading
    from heartwright.listen.findings import kinds

    return kinds.told(reading, told.escapement)


def at_wheels(reading: Reading, told: Known) -> Reading:
    """The reading with what recurs at the wheels of the train, where one is known."""
    if told.train is None or reading.table is None or reading.escapement == "quartz":
        return reading
    from heartwright.listen.periods import wheels

    return replace(reading, wheels=wheels.find(reading.table, train=told.train))


def _measure(recording: Recording, told: Known) -> Reading:
    from heartwright import listen

    return listen.measure(
        recording, bph=told.bph, lift_deg=told.lift_deg, movement_bph=told.movement_bph, clock_ppm=told.clock_ppm
    )


def unreadable(reason: str, *, source: str = "") -> Reading:
    """The reading of something that could not be read."""
    return Reading(status="unreadable", advice=(reason,), duration_s=0.0, source=source)


def over_lifts(reading: Reading, told: Known) -> Reading:
    """Widen the amplitude's interval over the lifts that the sources give; amplitude goes with the lift."""
    advice = reading.advice + told.remarks
    amplitude = reading.amplitude_deg
    if amplitude is not None and told.lifts_deg and told.lift_deg:
        low = amplitude.low * min(told.lifts_deg) / told.lift_deg
        high = amplitude.high * max(told.lifts_deg) / told.lift_deg
        amplitude = Interval(amplitude.value, low, high)
    return replace(reading, advice=advice, amplitude_deg=amplitude)


def _list(values: tuple[float, ...]) -> str:
    return " or ".join(f"{value:g}" for value in values)
