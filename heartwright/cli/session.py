"""`heartwright session VERB`: readings of one watch in several positions, and the figures that need them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from heartwright.cli import hearing, options, session_say
from heartwright.cli import session_steps as steps
from heartwright.cli.console import NO_READING, Refused, answers, print_json

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
    watch = steps.guarded(
        lambda: sessions.Watch(
            name=name,
            owner=owner,
            serial=serial,
            movement=steps.full_name(movement),
            nominal_bph=known.bph or known.movement_bph,
            lift_deg=None if known.lifts_deg else known.lift_deg,
            inertia_kg_m2=steps.inertia(inertia),
        )
    )
    begun = steps.guarded(lambda: sessions.new(watch, work=work))
    steps.guarded(lambda: sessions.save(begun, file, overwrite=False))
    if json:
        print_json(session_say.payload(begun))
    else:
        answers().print(
            f"Began {file}. Next: heartwright session add {file} TAKE --position CH --wind full", markup=False
        )


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
    from heartwright import sessions

    held = steps.load(file)
    around = steps.circumstances(position, wind, temperature, waited, note)
    if sum(x is not None for x in (take, rate, live)) != 1:
        raise Refused("Give a recording, or --live 60, or --rate with figures from another timer: one of the three.")
    if rate is not None:
        reading = steps.told(rate, within, amplitude_deg, held)
    else:
        known = steps.known(held, bph=bph, lift_deg=lift_deg, clock=clock_ppm)
        reading = steps.heard(take, live, known, settle_s=waited, device=device, quiet=json)
    if reading.rate_s_per_day is None:
        steps.no_rate(reading, take or "live", json=json)
    made = steps.guarded(
        lambda: sessions.entry(reading, recorder=recorder or (_ANOTHER if rate is not None else ""), **around)
    )
    now = steps.load(file)  # again: it may have been added to while a minute was listened to
    after = steps.guarded(lambda: now.with_entry(made))
    steps.save(after, file)
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
    held = steps.load(file)
    after = steps.guarded(lambda: held.without(number))
    steps.save(after, file)
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
    held = steps.load(file)
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

    held = steps.load(file)
    found = sessions.poise(held, inertia_kg_m2=steps.inertia(inertia))
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

    held = steps.load(file)
    if shown is not None or fast is not None:
        held = steps.guarded(lambda: held.with_dial(steps.dial_reading(shown, true, fast, within)))
        steps.save(held, file)
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
    held = steps.load(file)
    earlier = steps.load(before) if before is not None else None
    steps.write_page(page, held, earlier)
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
    first, second = steps.load(before), steps.load(after)
    if page is not None:
        steps.write_page(page, second, first)
    if json:
        print_json(session_say.compared_payload(first, second))
    else:
        session_say.compared(first, second, answers())
        if page is not None:
            answers().print(f"  wrote {page}", markup=False)
