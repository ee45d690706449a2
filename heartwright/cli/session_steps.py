"""The steps that the verbs of `heartwright session` share, with their refusals in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from heartwright.cli import hearing, options
from heartwright.cli.console import NO_READING, Refused, answers, messages, print_json
from heartwright.cli.files import check_writable, write_text

if TYPE_CHECKING:
    from heartwright.records import Reading
    from heartwright.sessions import Session


def load(file: Path) -> Session:
    """The session in `file`. Raises Refused."""
    from heartwright import sessions

    loaded: Session = guarded(lambda: sessions.load(file))
    return loaded


def save(held: Session, file: Path) -> None:
    from heartwright import sessions

    guarded(lambda: sessions.save(held, file))


def guarded(work: Any) -> Any:
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


def write_page(page: Path, held: Session, earlier: Session | None) -> None:
    from heartwright.cli import session_report

    check_writable(page)
    write_text(page, session_report.page(held, before=earlier))


def full_name(movement: str | None) -> str:
    """The movement as the table spells it, where the name fits one row only."""
    from heartwright.cli import catalogue

    found = catalogue.search(movement) if movement else ()
    return found[0].name if len(found) == 1 else movement or ""


def known(held: Session, *, bph: float | None, lift_deg: float | None, clock: str) -> hearing.Known:
    """What the session knows of the watch, and what was told here."""
    watch = held.watch
    return hearing.known(
        bph=bph or watch.nominal_bph,
        lift_deg=lift_deg or watch.lift_deg,
        movement=watch.movement if watch.movement and not watch.lift_deg else None,
        clock=clock,
    )


def heard(
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
    return session_live.hear(live or 60.0, known, settle_s=settle_s or 0.0, device=device, quiet=quiet)


def told(rate: float, within: float, amplitude_deg: float | None, held: Session) -> Reading:
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


def no_rate(reading: Reading, take: str, *, json: bool) -> None:
    """Say why a take gives no rate, and leave."""
    from heartwright.cli import say
    from heartwright.cli.listen import exit_status

    if json:
        print_json({"status": reading.status, "advice": list(reading.advice), "added": None})
    else:
        say.reading(reading, answers(), name=take)
        messages().print("Nothing was added: this take gives no rate.")
    raise typer.Exit(exit_status(reading) or NO_READING)


def circumstances(
    position: str, wind: str | None, temperature: float | None, waited: float | None, note: str
) -> dict[str, Any]:
    """What `sessions.entry` wants beside a reading, checked before a minute is listened to. Raises Refused."""
    from heartwright import sessions

    if not position:
        raise Refused("--position is wanted, e.g. --position CH (dial up) or --position 3H (crown up).")
    options.bounded("--temperature", temperature, -60.0, 120.0, "23")
    options.bounded("--waited", waited, 0.0, 3600.0, "30")
    return {
        "position": guarded(lambda: sessions.Position.read(position)).name,
        "wind_h": _wind(wind),
        "temperature_c": temperature,
        "waited_s": waited,
        "note": note,
    }


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


def inertia(text: str | None) -> float | None:
    """Raises Refused for what is no inertia."""
    from heartwright import units

    try:
        return units.parse(text, "inertia") if text is not None else None
    except units.UnitError as problem:
        raise Refused(f"--inertia {text!r}: {problem}") from None


def dial_reading(shown: str | None, true: str | None, fast: float | None, within: float) -> Any:
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
