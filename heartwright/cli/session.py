"""`heartwright session VERB`: readings of one watch in several positions, and the figures that need them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heartwright.cli import hearing, options, session_say
from heartwright.cli.console import NO_READING, Refused, answers, messages, print_json
from heartwright.cli.files import check_writable, write_text

if TYPE_CHECKING:
    from heartwright.records import Reading
    from heartwright.sessions import Entry, Session

_HELP = """\b
Readings of one watch by position and wind: X, D, DVH, Di, poise, hand rate, a report to keep.

\b
  heartwright session new my-watch.toml --movement nh35 --owner "A. Harrison"
  heartwright session add watch.toml ch.wav --position CH --wind full --temperature 23
  heartwright session add watch.toml 6h.wav --position 6H --wind full
  heartwright session show watch.toml
  heartwright session poise watch.toml --inertia "10 mg cm2"
  heartwright session dial watch.toml --shown 10:08:30
  heartwright session report watch.toml watch.html
  heartwright session compare before.toml after.toml --report work.html

Wind fully. Lay the watch in a position, let it settle for 20-60 s, record 60 s; turn it, and so on: CH and CB, then
3H, 6H, 9H (and 12H); again after 24 h. The figures are ISO-style figures, not a certificate.
"""
session = typer.Typer(
    name="session", help=_HELP, invoke_without_command=True, rich_markup_mode=None, pretty_exceptions_enable=False
)

_ANOTHER = "another timer"

File = Annotated[Path, typer.Argument(metavar="SESSION", help="The session's file, e.g. watch.toml.")]
Inertia = Annotated[
    str | None, typer.Option("--inertia", help='Of the balance, e.g. "10 mg cm2": gives the unbalance as m r.')
]
Work = Annotated[str, typer.Option("--work", help="What was done to the watch before.")]


@session.callback()
def _verbs(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@session.command("new", short_help="Begin a session: one readable TOML file.")
def new(
    file: File,
    name: Annotated[str, typer.Option("--name", help="What the watch is called.")] = "",
    owner: Annotated[str, typer.Option("--owner", help="Whose it is.")] = "",
    serial: Annotated[str, typer.Option("--serial", help="Its number.")] = "",
    movement: options.MovementName = None,
    bph: options.Bph = None,
    lift_deg: options.LiftDeg = None,
    inertia: Inertia = None,
    work: Work = "",
    json: options.AsJson = False,
) -> None:
    """Begin a session. A file that is there is never written over.

    \b
      heartwright session new speedy.toml --movement 1861 --owner "M. Breguet" --work "cleaned and oiled"
      heartwright session new pocket.toml --name "Grandfather's" --lift-deg 48 --bph 18000
    """
    from heartwright import sessions

    known = hearing.known(bph=bph, lift_deg=lift_deg, movement=movement, clock="0,30")
    watch = _guarded(
        lambda: sessions.Watch(
            name=name,
            owner=owner,
            serial=serial,
            movement=_full_name(movement),
            nominal_bph=known.bph or known.movement_bph,
            lift_deg=None if known.lifts_deg else known.lift_deg,
            inertia_kg_m2=_inertia(inertia),
        )
    )
    begun = _guarded(lambda: sessions.new(watch, work=work))
    _guarded(lambda: sessions.save(begun, file, overwrite=False))
    if json:
        print_json(session_say.payload(begun))
    else:
        answers().print(f"Began {file}. Next: heartwright session add {file} TAKE --position CH --wind full")


@session.command("add", short_help="Add a reading: a take, or figures from another instrument.")
def add(
    file: File,
    take: Annotated[str | None, typer.Argument(help="A recording (or demo); or give --rate.")] = None,
    position: Annotated[
        str, typer.Option("--position", help="CH dial up, CB dial down; 3H, 6H, 9H, 12H up; between: 1.5H, 45deg.")
    ] = "",
    wind: Annotated[str | None, typer.Option("--wind", help="full, or hours since it was fully wound: 24.")] = None,
    temperature: Annotated[float | None, typer.Option("--temperature", help="deg C.")] = None,
    waited: Annotated[
        float | None, typer.Option("--waited", help="Seconds it settled for after the turn; 20-60 are good.")
    ] = None,
    recorder: Annotated[
        str, typer.Option("--recorder", help="Which phone or microphone, where several are used.")
    ] = "",
    note: Annotated[str, typer.Option("--note", help="Anything worth keeping.")] = "",
    live: Annotated[
        float | None, typer.Option("--live", help="Instead of a take: listen to the microphone for so many seconds.")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="With --live: which microphone.")] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Instead of a take: s/d, from another timer.")] = None,
    within: Annotated[float, typer.Option("--within", help="Half of the 95 % interval of --rate, s/d.")] = 1.0,
    amplitude_deg: Annotated[float | None, typer.Option("--amplitude-deg", help="With --rate.")] = None,
    bph: options.Bph = None,
    lift_deg: options.LiftDeg = None,
    clock_ppm: options.ClockPpm = "0,30",
    json: options.AsJson = False,
) -> None:
    """Add a reading in one position. Movement, beat and lift are the session's own unless told here.

    \b
      heartwright session add watch.toml watch.wav --position 6H --wind full --temperature 23 --waited 40
      heartwright session add watch.toml watch.wav --position 1.5H --wind 24 --json
      heartwright session add watch.toml --position 3H --wind full --rate 4.5 --within 1 --amplitude-deg 272

    With --live 60 --waited 30 it waits for 30 s while the watch settles, then listens for 60 s.
    """
    held = load(file)
    if not position:
        raise Refused("--position is wanted, e.g. --position CH (dial up) or --position 3H (crown up).")
    if sum(x is not None for x in (take, rate, live)) != 1:
        raise Refused("Give a recording, or --live 60, or --rate with figures from another timer: one of the three.")
    if rate is not None:
        reading = _told(rate, within, amplitude_deg, held)
    else:
        known = _known(held, bph=bph, lift_deg=lift_deg, clock=clock_ppm)
        reading = _heard(take, live, known, settle_s=waited, device=device, quiet=json)
    if reading.rate_s_per_day is None:
        _no_rate(reading, take or "live", json=json)
    made = _entry(
        reading, position, wind, temperature, waited, recorder or (_ANOTHER if rate is not None else ""), note
    )
    now = load(file)  # again: it may have been added to while a minute was listened to
    after = _guarded(lambda: now.with_entry(made))
    _save(after, file)
    if json:
        print_json({"status": "ok", "advice": list(reading.advice), "added": session_say.entry(made)})
    else:
        session_say.added(made, reading, answers())


@session.command("remove", short_help="Take a reading out again.")
def remove(
    file: File,
    number: Annotated[int, typer.Argument(help="Its number, as `show` lists it.")],
    json: options.AsJson = False,
) -> None:
    """Take a reading out again, by its number.

    \b
      heartwright session remove watch.toml 1
    """
    held = load(file)
    after = _guarded(lambda: held.without(number))
    _save(after, file)
    if json:
        print_json(session_say.payload(after))
    else:
        answers().print(f"Removed reading {number} ({held.reading[number - 1].position}) from {file}.", markup=False)


@session.command("show", short_help="The readings, and X, D, DVH, Di.")
def show(file: File, json: options.AsJson = False) -> None:
    """Show the readings and the ISO-style figures, each with its 95 % interval, and what to record next.

    \b
      heartwright session show watch.toml
      heartwright session show watch.toml --json
    """
    held = load(file)
    if json:
        print_json(session_say.payload(held))
    else:
        session_say.show(held, answers())


@session.command("poise", short_help="The heavy side of the balance, from four verticals.")
def poise(file: File, inertia: Inertia = None, json: options.AsJson = False) -> None:
    """Find the balance's heavy side from four verticals or more, at 140-180 deg of amplitude.

    \b
      heartwright session poise watch.toml
      heartwright session poise watch.toml --inertia "4.8 mg cm2" --json

    Let the watch run down until it swings 140-180 deg (never near 219.5, where poise leaves the rate alone), then
    record 12H, 3H, 6H and 9H. Exit status 3 where no heavy side can be told.
    """
    from heartwright import sessions

    held = load(file)
    found = sessions.poise(held, inertia_kg_m2=_inertia(inertia))
    if json:
        print_json(session_say.poise_payload(found))
    else:
        session_say.poise(found, answers())
    if found.status != "ok":
        raise typer.Exit(NO_READING)


@session.command("dial", short_help="Read the dial: hand rate beside beat rate.")
def dial(
    file: File,
    shown: Annotated[str | None, typer.Option("--shown", help="What it shows at the true time: 10:08:30.")] = None,
    true: Annotated[
        str | None, typer.Option("--true", help="The true local time, 2026-11-26T10:08:12; else this computer's.")
    ] = None,
    fast: Annotated[
        float | None, typer.Option("--fast", help="Instead of --shown: seconds it is fast (negative: slow).")
    ] = None,
    within: Annotated[float, typer.Option("--within", help="How well the dial was read, in seconds (95 %).")] = 1.0,
    json: options.AsJson = False,
) -> None:
    """Read the dial now, and some days later again: the hand rate, beside the beat rate of the takes.

    \b
      heartwright session dial watch.toml --shown 10:08:30 --within 0.5
      heartwright session dial watch.toml --fast 12 --true 2026-11-27T10:08:00
      heartwright session dial watch.toml

    Without --shown or --fast the figures are printed. Exit status 3 where two readings are wanting.
    """
    from heartwright import sessions

    held = load(file)
    if shown is not None or fast is not None:
        held = _guarded(lambda: held.with_dial(_dial_reading(shown, true, fast, within)))
        _save(held, file)
    found = sessions.hands(held)
    if json:
        print_json(session_say.hands_payload(found, held))
    else:
        session_say.hands(found, held, answers())
    if found.hand_rate_s_per_day is None and shown is None and fast is None:
        raise typer.Exit(NO_READING)


@session.command("report", short_help="A page that the owner can keep.")
def report(
    file: File,
    page: Annotated[Path, typer.Argument(help="The HTML file to write.")],
    before: Annotated[Path | None, typer.Option("--before", help="The session before the work.")] = None,
    json: options.AsJson = False,
) -> None:
    """Write a self-contained page, one sheet when printed: positions, figures, poise, what was done.

    \b
      heartwright session report watch.toml watch.html
      heartwright session report after.toml watch.html --before watch.toml
    """
    held = load(file)
    earlier = load(before) if before is not None else None
    _write_page(page, held, earlier)
    if json:
        print_json({"status": "ok", "advice": [], "report": str(page)})
    else:
        answers().print(f"Wrote {page}", markup=False)


@session.command("compare", short_help="Two sessions, before and after.")
def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="The session before the work.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="The session after it.")],
    page: options.ReportFile = None,
    json: options.AsJson = False,
) -> None:
    """Set two sessions of a watch side by side: what changed, and whether more than the intervals allow.

    \b
      heartwright session compare watch.toml after.toml
      heartwright session compare watch.toml after.toml --report work.html
    """
    first, second = load(before), load(after)
    if page is not None:
        _write_page(page, second, first)
    if json:
        print_json(session_say.compared_payload(first, second))
    else:
        session_say.compared(first, second, answers())
        if page is not None:
            answers().print(f"  wrote {page}", markup=False)


# ---------------------------------------------------------------------------------------------- shared steps


def load(file: Path) -> Session:
    """The session in `file`. Raises Refused."""
    from heartwright import sessions

    loaded: Session = _guarded(lambda: sessions.load(file))
    return loaded


def _save(held: Session, file: Path) -> None:
    from heartwright import sessions

    _guarded(lambda: sessions.save(held, file))


def _guarded(work: Any) -> Any:
    """What `work()` returns; bad values and sessions are refused in plain words."""
    from pydantic import ValidationError

    try:
        return work()
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(f"{where}: {first['msg']}".removeprefix(": ").replace("Value error, ", "")) from None
    except ValueError as problem:
        raise Refused(str(problem)) from None


def _write_page(page: Path, held: Session, earlier: Session | None) -> None:
    from heartwright.cli import session_report

    check_writable(page)
    write_text(page, session_report.page(held, before=earlier))


def _full_name(movement: str | None) -> str:
    """The movement as the table spells it, where the name fits one row only."""
    from heartwright.cli import catalogue

    found = catalogue.search(movement) if movement else ()
    return found[0].name if len(found) == 1 else movement or ""


def _known(held: Session, *, bph: float | None, lift_deg: float | None, clock: str) -> hearing.Known:
    """What the session knows of the watch, and what was told here."""
    watch = held.watch
    return hearing.known(
        bph=bph or watch.nominal_bph,
        lift_deg=lift_deg or watch.lift_deg,
        movement=watch.movement if watch.movement and not watch.lift_deg else None,
        clock=clock,
    )


def _heard(
    take: str | None,
    live: float | None,
    known: hearing.Known,
    *,
    settle_s: float | None,
    device: str | None,
    quiet: bool,
) -> Reading:
    """The reading of a take, or of the microphone."""
    if take is not None:
        return hearing.hear(take, known, quiet=quiet)[0]
    from heartwright.cli import session_live

    options.bounded("--live", live, 5.0, 600.0, "60")
    options.bounded("--waited", settle_s, 0.0, 3600.0, "30")
    return session_live.hear(live or 60.0, known, settle_s=settle_s or 0.0, device=device, quiet=quiet)


def _told(rate: float, within: float, amplitude_deg: float | None, held: Session) -> Reading:
    """A reading of figures that another timer gave."""
    from heartwright.records import Interval, Reading

    options.bounded("--rate", rate, -86_400.0, 86_400.0, "4.5")
    options.bounded("--within", within, 0.0, 86_400.0, "1")
    options.bounded("--amplitude-deg", amplitude_deg, 10.0, 360.0, "272")
    swing = Interval(amplitude_deg, amplitude_deg - 5.0, amplitude_deg + 5.0) if amplitude_deg is not None else None
    return Reading(
        status="ok",
        advice=(),
        duration_s=0.0,
        settled=True,
        nominal_bph=held.watch.nominal_bph,
        rate_s_per_day=Interval(rate, rate - within, rate + within),
        rate_low_repeat=rate - within,
        rate_high_repeat=rate + within,
        amplitude_deg=swing,
        source="told",
    )


def _no_rate(reading: Reading, take: str, *, json: bool) -> None:
    """Say why a take gives no rate, and leave."""
    from heartwright.cli import say
    from heartwright.cli.listen import exit_status

    if json:
        print_json({"status": reading.status, "advice": list(reading.advice), "added": None})
    else:
        say.reading(reading, answers(), name=take)
        messages().print("Nothing was added: this take gives no rate.")
    raise typer.Exit(exit_status(reading) or NO_READING)


def _entry(
    reading: Reading,
    position: str,
    wind: str | None,
    temperature: float | None,
    waited: float | None,
    recorder: str,
    note: str,
) -> Entry:
    from heartwright import sessions

    made: Entry = _guarded(
        lambda: sessions.entry(
            reading,
            position=position,
            wind_h=_wind(wind),
            temperature_c=temperature,
            waited_s=waited,
            recorder=recorder,
            note=note,
        )
    )
    return made


def _wind(text: str | None) -> float | None:
    """Hours since full wind: "full", "24", "24 h", or None. Raises Refused."""
    if text is None:
        return None
    if text.strip().lower() == "full":
        return 0.0
    try:
        hours = float(text.strip().lower().removesuffix("h"))
    except ValueError:
        raise Refused(f"--wind {text!r}: full, or hours since it was fully wound, e.g. --wind 24.") from None
    return options.bounded("--wind", hours, 0.0, 2000.0, "24")


def _inertia(text: str | None) -> float | None:
    """Raises Refused for what is no inertia."""
    from heartwright import units

    try:
        return units.parse(text, "inertia") if text is not None else None
    except units.UnitError as problem:
        raise Refused(f"--inertia {text!r}: {problem}") from None


def _dial_reading(shown: str | None, true: str | None, fast: float | None, within: float) -> Any:
    """A reading of the dial; a dial of twelve hours leaves the nearest difference. Raises ValueError, Refused."""
    from datetime import datetime, time

    from heartwright import sessions

    if shown is not None and fast is not None:
        raise Refused("Give --shown or --fast, not both.")
    try:
        at = (datetime.fromisoformat(true) if true else datetime.now()).astimezone()
    except (ValueError, OverflowError):
        raise Refused(f"--true {true!r}: a date and time is wanted, e.g. --true 2026-11-26T10:08:12.") from None
    if fast is None:
        try:
            face = time.fromisoformat(shown or "")
        except ValueError:
            raise Refused(f"--shown {shown!r}: hours, minutes, seconds are wanted, e.g. --shown 10:08:30.") from None
        gap = _seconds(face) - _seconds(at.time())
        fast = (gap + 21_600.0) % 43_200.0 - 21_600.0
    return sessions.DialReading(time=at, shown_s=round(fast, 3), within_s=within)


def _seconds(of: Any) -> float:
    return float(3600 * of.hour + 60 * of.minute + of.second + 1e-6 * of.microsecond)
