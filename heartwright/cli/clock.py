"""`heartwright clock FILE`: how fast the recorder's clock runs, for `--clock-ppm`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartwright.cli import hearing, options
from heartwright.cli.console import NO_READING, Refused, answers, print_json, under_way
from heartwright.cli.files import check_writable, write_text

if TYPE_CHECKING:
    from heartwright.listen.hours.clock import Calibration
    from heartwright.listen.take.streaming import Piece


_OTHER_CRYSTAL = (
    "this is the machine's crystal, and most sound cards have their own: add --same-crystal where it is the card's "
    "too, else take stamps (heartwright live --save take.flac --stamps stamps.csv) and give this log beside them: --ntp"
)


def clock(
    file: Annotated[
        str,
        typer.Argument(
            help="A log (CSV of recorder time and true time), a recording of a quartz watch, or the machine's NTP log."
        ),
    ],
    rate_hz: Annotated[
        float | None, typer.Option("--rate-hz", help="Samples a second, where the log counts samples.")
    ] = None,
    channel: Annotated[
        str, typer.Option("--channel", help="The quartz watch's channel: left, right or a number.")
    ] = "",
    under: Annotated[
        bool, typer.Option("--under", help="The quartz is the softer of two watches in the same channel.")
    ] = False,
    quartz_s_per_day: Annotated[
        str,
        typer.Option(
            "--quartz-s-per-day", metavar="RATE,SIGMA", help="The quartz's own rate and how well it is known."
        ),
    ] = "0,0.285",
    ntp: Annotated[
        Path | None, typer.Option("--ntp", help="Beside a log of stamps: the NTP log of the computer that wrote them.")
    ] = None,
    same_crystal: Annotated[
        bool, typer.Option("--same-crystal", help="The sound card runs on the machine's own crystal (few do).")
    ] = False,
    save: Annotated[Path | None, typer.Option("--save", help="Keep it in this file, for --clock-ppm FILE.")] = None,
    json: options.AsJson = False,
) -> None:
    """Calibrate the recorder's clock, by a log of true time or by a quartz watch that was recorded beside.

    \b
      heartwright clock stamps.csv --rate-hz 48000 --save phone.json
      heartwright clock stamps.csv --rate-hz 48000 --ntp /var/log/chrony/tracking.log
      heartwright clock both.flac --channel right
      heartwright clock /var/log/ntpsec/loopstats --same-crystal
      heartwright listen watch.wav --clock-ppm phone.json

    A log is made by heartwright live --save take.flac --stamps stamps.csv, or by hand: rows of file time in seconds
    and UTC. A common quartz keeps within 15 s a month, which is 0,0.285 (one sigma); one that was checked against
    radio time for a month can be given as it is. NTP logs are chrony's tracking.log, what chronyc tracking prints,
    ntpd's loopstats, and what ntpq -c rv prints. They tell of the machine's crystal, which is the recorder's only where
    the sound card has none of its own, and of how far the computer's clock was from UTC while stamps were taken.
    Exit status: 0, 3 where no step of a second is heard, 2 for bad input.
    """
    if save is not None:
        check_writable(save)
    quartz = _pair(quartz_s_per_day)
    path = hearing.find(file)
    if _is_ntp(path):
        _machine(path, file, same_crystal, save, json)
        return
    is_log = path.suffix.lower() in (".csv", ".txt", ".log")
    found = _by_log(path, rate_hz) if is_log else _by_quartz(path, channel, under, quartz, quiet=json)
    if found is None:
        reason = (
            "no step once a second was heard: is a quartz watch on the microphone, and on this channel (--channel)?"
        )
        if json:
            print_json({"status": "no_beat", "advice": [reason]})
        else:
            answers().print(f"{file}: {reason}", markup=False)
        raise typer.Exit(NO_READING)
    if ntp is not None and is_log:
        found = _within(found, ntp)
    if save is not None:
        write_text(save, found.to_json())
    _tell(found, file, save, json)


def _is_ntp(path: Path) -> bool:
    from heartwright.listen.hours import ntp

    return path.is_file() and ntp.recognised(path)


def _machine(path: Path, file: str, same_crystal: bool, save: Path | None, json: bool) -> None:
    """From the machine's NTP log; for --clock-ppm only where the card runs on its crystal. Raises Refused."""
    from dataclasses import replace

    from heartwright.listen import Unreadable
    from heartwright.listen.hours import ntp

    if save is not None and not same_crystal:
        raise Refused(f"--save: {_OTHER_CRYSTAL}.")
    try:
        found = ntp.machine(ntp.read(path))
    except Unreadable as error:
        raise Refused(str(error)) from None
    if not same_crystal:
        found = replace(found, notes=(*found.notes, _OTHER_CRYSTAL))
    if save is not None:
        write_text(save, found.to_json())
    _tell(found, file, save, json, what="recorder" if same_crystal else "machine's crystal")


def _within(found: Calibration, log: Path) -> Calibration:
    """With what the computer's clock was off UTC. Raises Refused."""
    from heartwright.listen import Unreadable
    from heartwright.listen.hours import ntp

    try:
        return ntp.within(found, ntp.read(log))
    except Unreadable as error:
        raise Refused(str(error)) from None


def _tell(found: Calibration, file: str, save: Path | None, json: bool, *, what: str = "recorder") -> None:
    option = f"--clock-ppm {found.offset_ppm:.2f},{found.sigma_ppm:.2f}" if what == "recorder" else None
    if json:
        print_json(
            {
                "status": "ok",
                "advice": list(found.notes),
                "offset_ppm": found.offset_ppm,
                "sigma_ppm": found.sigma_ppm,
                "source": found.source,
                "seconds": found.seconds,
                "option": option,
            }
        )
        return
    console = answers()
    pace = "fast" if found.offset_ppm >= 0 else "slow"
    day = 0.0864 * found.offset_ppm
    console.print(f"{file}: {found.source}, {found.seconds:,.0f} s", markup=False, style="bold")
    console.print(
        f"  the {what} runs {abs(found.offset_ppm):.2f} ppm {pace} (+-{1.96 * found.sigma_ppm:.2f}, 95 %): "
        f"{abs(day):.2f} s/d, within {0.0864 * 1.96 * found.sigma_ppm:.2f}"
    )
    if option is not None:
        console.print(f"  use: {option}" + (f", or --clock-ppm {save}" if save else ""), markup=False)
    for note in found.notes:
        console.print(f"  - {note}", markup=False)


def _pair(text: str) -> tuple[float, float]:
    """RATE,SIGMA. Raises Refused."""
    try:
        rate, sigma = (float(part) for part in text.split(","))
    except ValueError:
        raise Refused(f"--quartz-s-per-day {text!r}: two numbers are wanted, RATE,SIGMA, e.g. 0,0.285.") from None
    if not (abs(rate) < 100.0 and 0.0 <= sigma < 100.0):
        raise Refused(f"--quartz-s-per-day {text!r}: SIGMA must be 0 or more, and both below 100 s a day.")
    return rate, sigma


def _by_log(path: Path, rate_hz: float | None) -> Calibration:
    """From a log. Raises Refused."""
    from heartwright.listen import Unreadable
    from heartwright.listen.hours import clock as clocks

    try:
        own, true = clocks.read_log(path, rate_hz=rate_hz)
        return clocks.from_log(own, true)
    except Unreadable as error:
        raise Refused(str(error)) from None
    except ValueError as error:
        raise Refused(f"{path}: {error}.") from None


def _by_quartz(
    path: Path, channel: str, under: bool, quartz: tuple[float, float], *, quiet: bool
) -> Calibration | None:
    """From a recording of any length; None where no step of a second is heard. Raises Refused."""
    from heartwright.listen import Unreadable
    from heartwright.listen.hours import clock as clocks
    from heartwright.listen.hours import long, long_figures
    from heartwright.listen.take import streaming

    source = streaming.Source([streaming.Segment(path)], channel=channel)
    pieces = _bared(source.pieces()) if under else source.pieces()
    with under_way(f"Listening to {path.name}", quiet=quiet) as progress:
        try:
            first = next(pieces, None)
            if first is None or not _steps(first):
                return None
            run = long.follow(chain([first], pieces), bph=clocks.STEP_BPH, tell=lambda: progress(source.done))
        except Unreadable as error:
            raise Refused(str(error)) from None
    mean = long_figures.mean_beat(run.beats)
    if mean is None or abs(mean[0] - 1.0) > 2e-3:
        return None
    beat_s, relative = mean
    return clocks.from_steps(beat_s, beat_s * relative, run.duration_s, quartz_s_per_day=quartz)


def _steps(piece: Piece) -> bool:
    """Whether the beat of a piece, not told, is one a second (a watch of 18,000 has it too, among others)."""
    from heartwright.listen import measure
    from heartwright.listen.hours import clock as clocks

    rate = measure(piece.recording).beat_rate_bph
    return rate is not None and abs(rate.value / clocks.STEP_BPH - 1.0) < 0.01


def _bared(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Pieces without the beats of the louder watch."""
    from dataclasses import replace

    from heartwright.listen import measure
    from heartwright.listen.hours import clock as clocks

    for piece in pieces:
        table = measure(piece.recording).table
        bare = piece.recording if table is None else clocks.without_beats(piece.recording, table.time_s)
        yield replace(piece, recording=bare)
