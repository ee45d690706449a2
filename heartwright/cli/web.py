"""`heartwright web PATH`: a web of thread made of a graph or of notes: its modes, its figures, its sound, its page."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from heartwright.cli import options
from heartwright.cli.chain import check_sound
from heartwright.cli.console import NO_READING, OK, Refused, answers, compiling, messages, print_json, under_way
from heartwright.cli.files import check_writable, unwritable, write_text
from heartwright.cli.options import bounded

if TYPE_CHECKING:
    from heartwright.work import Figure
    from heartwright.works.web import Modes, Web

_RATE_HZ = 48_000
_CHUNK_S = 0.02
_NODE = "by name or number"


def web(
    path: Annotated[
        Path, typer.Argument(help="GraphML, an edge list, a folder of Markdown notes, or thoughts (bundled).")
    ],
    pluck: Annotated[list[str] | None, typer.Option("--pluck", metavar="NODE", help=f"Pluck a node, {_NODE}.")] = None,
    thought: Annotated[
        list[str] | None, typer.Option("--thought", metavar="NODE", help=f"Let a thought leave a node, {_NODE}.")
    ] = None,
    cut: Annotated[list[int] | None, typer.Option("--cut", metavar="THREAD", help="Cut a thread first.")] = None,
    tighten: Annotated[float, typer.Option("--tighten", help="Times the tension of all threads, first.")] = 1.0,
    seconds: Annotated[float, typer.Option("--seconds", help="How long it goes on.")] = 4.0,
    modes: Annotated[int, typer.Option("--modes", help="How many of the lowest modes to find.")] = 12,
    size: Annotated[float | None, typer.Option("--size", help="Its width [m]; 0.6 to 1.2 if not told.")] = None,
    surface: Annotated[str, typer.Option("--surface", help="dome or plane.")] = "dome",
    tension: Annotated[float, typer.Option("--tension", help="Mean of the threads [N].")] = 1.0,
    thinking_hz: Annotated[float, typer.Option("--thinking-hz", help="Thoughts a second that it has itself.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same web.")] = 1,
    sound: Annotated[Path | None, typer.Option("--sound", help="Write its sound to this WAV or FLAC file.")] = None,
    hum: Annotated[
        Path | None, typer.Option("--hum", help="Write the ring of a pluck as the sum of its modes (WAV, FLAC).")
    ] = None,
    report: options.ReportFile = None,
    json: options.AsJson = False,
) -> None:
    """String a graph as a web of thread and hear it: normal modes, plucks, and thoughts that travel.

    \b
      heartwright web thoughts --thought 33 --sound thought.wav
      heartwright web notes/ --thought "Ideas"
      heartwright web graph.graphml --pluck 12 --report web.html
      heartwright web edges.csv --modes 100 --pluck 3 --hum hum.wav --json

    A thought is a pulse that runs along threads at sqrt(T/mu) and splits at nodes by impedance. Exit status: 0, 3 where
    every thread is cut, 2 for bad input.
    """
    bounded("--seconds", seconds, 0.0, 600.0, "4")
    bounded("--modes", modes, 1, 2_000, "12")
    bounded("--thinking-hz", thinking_hz, 0.0, 100.0, "0.5")
    bounded("--seed", seed, 0, 2**63 - 1, "1")
    for file in (sound, hum):
        check_sound(file)
    if report is not None:
        check_writable(report)
    given = {"seed": seed, "size": size, "surface": surface, "tension": tension, "thinking_hz": thinking_hz}
    net = made(path, given, quiet=json)
    said = prepared(net, cut or [], tighten)
    with under_way(f"Finding {modes} modes of {len(net.threads):,} threads", quiet=json):
        low = net.modes(modes)
    said += begun(net, pluck or [], thought or [])
    heard, energy = run(net, seconds, quiet=json)
    notes = [
        f"{name}: full scale is {db:g} dB SPL, 1 m away" for name, db in written(net, low, heard, sound, hum, pluck)
    ]
    if report is not None:
        from heartwright.cli.web_page import page

        write_text(report, page(net, low, heard, energy, said))
    if json:
        print_json(payload(net, low, said, notes))
    else:
        say(net, low, [*said, *notes])
        for file in (sound, hum, report):
            if file is not None:
                answers().print(f"wrote {file}", markup=False)
    raise typer.Exit(OK if net.status == "running" else NO_READING)


def made(path: Path, given: dict[str, Any], *, quiet: bool) -> Web:
    """The web that was asked for. Raises Refused."""
    from heartwright.works.web import Web

    try:
        with compiling("web"), under_way(f"Stringing {path.name}", quiet=quiet):
            bundled = Path(str(files("heartwright") / "rooms" / f"{path.name}.edges"))
            own = path.exists() or path.name != str(path) or not bundled.exists()
            return Web.read(path if own else bundled, **given)
    except ValueError as error:
        raise Refused(str(error)) from None


def prepared(net: Web, cut: list[int], tighten: float) -> list[str]:
    """Cut and tighten; what came of it. Raises Refused."""
    try:
        said = [net.do("cut", thread=thread) for thread in cut]
        return said + ([net.do("tighten", factor=tighten)] if tighten != 1.0 else [])
    except ValueError as error:
        raise Refused(str(error)) from None


def begun(net: Web, pluck: list[str], thought: list[str]) -> list[str]:
    """Pluck and think; what came of it. Raises Refused."""
    try:
        said = [net.do("pluck", node=named(net, name)) for name in pluck]
        return said + [net.do("thought", node=named(net, name)) for name in thought]
    except ValueError as error:
        raise Refused(str(error)) from None


def named(net: Web, name: str) -> int:
    """A node by its name, else by its number. Raises ValueError."""
    whole = name.strip().isdecimal() and name not in net.names
    return net.node(int(name) if whole else name)


def run(net: Web, seconds: float, *, quiet: bool) -> tuple[np.ndarray, np.ndarray]:
    """Go on; its sound [Pa], and (time [s], energy [J]) as it went, shape [n, 2]."""
    chunks = max(1, round(seconds / _CHUNK_S)) if seconds else 0
    heard, energy = [], [(net.time, net.energy)]
    with under_way(f"{net.name} goes on for {seconds:g} s", quiet=quiet) as tell:
        for k in range(chunks):
            net.advance(seconds / chunks)
            upto = [round(seconds * i / chunks * _RATE_HZ) for i in (k, k + 1)]
            heard.append(net.heard(upto[1] - upto[0], _RATE_HZ))
            energy.append((net.time, net.energy))
            tell((k + 1) / chunks)
    return np.concatenate(heard) if heard else np.zeros(0, np.float32), np.array(energy)


def written(
    net: Web, low: Modes, heard: np.ndarray, sound: Path | None, hum: Path | None, pluck: list[str] | None
) -> list[tuple[str, float]]:
    """Write what was asked for; the names and what full scale stands for in each. Raises Refused."""
    from heartwright.works.web.voice import radiated

    wanted = [(sound, heard)] if sound is not None else []
    if hum is not None:
        node = named(net, pluck[0]) if pluck else int(np.argmin(net.anchored))
        force = next(d for d in net.deeds if d.name == "pluck").amounts["force"].default
        ring = low.hum(low.plucked(force, node=node), 4 * _RATE_HZ, _RATE_HZ)
        wanted.append((hum, radiated(ring.astype(np.float32), _RATE_HZ, np.zeros(2))))
    return [(path.name, _write(path, samples, net.name)) for path, samples in wanted]


def _write(path: Path, pressure: np.ndarray, name: str) -> float:
    """Write pressure [Pa], 6 dB below full scale; what full scale stands for [dB SPL]. Raises Refused."""
    from heartwright import sound
    from heartwright.records import Recording
    from heartwright.sound.loudness import Scale

    scale = Scale.for_peak(float(np.max(np.abs(pressure), initial=0.0)))
    samples = scale.apply(np.asarray(pressure, float)).astype(np.float32)
    try:
        sound.write(path, Recording(samples, float(_RATE_HZ), source=f"web {name}"))
    except OSError as error:
        raise Refused(unwritable(path, error)) from None
    return scale.full_scale_spl


def say(net: Web, low: Modes, said: list[str]) -> None:
    """Print figures and modes."""
    out = answers()
    out.print(f"{net.name}: {net.time:.3g} s", markup=False, style="bold")
    for name, figure in net.figures().items():
        if not name.startswith("mode "):
            out.print(f"  {name:10}{text(figure)}", markup=False)
    books = net.ledger()
    spent = sum(books.spent_j.values())
    out.print(f"  {'books':10}drive {1e3 * books.drive_j:.3g} mJ, spent {1e3 * spent:.3g} mJ, stored "
              f"{1e3 * books.stored_j:.3g} mJ, residual {1e3 * books.residual_j:.1e} mJ", markup=False)  # fmt: skip
    for i in range(len(low)):
        where = net.names[int(np.argmax(np.abs(low.node_shape[i])))]
        head = "modes" if i == 0 else ""
        out.print(f"  {head:10}{i + 1:4d} {low.frequency_hz[i]:9.3f} Hz   1/e in {1.0 / low.decay[i]:.3g} s, most at "
                  f"{where}" if low.decay[i] > 0.0 else f"  {head:10}{i + 1:4d} {low.frequency_hz[i]:9.3f} Hz",
                  markup=False)  # fmt: skip
    for line in said:
        out.print(f"  {line}", markup=False)
    for line in (*net.told, *([net.advice] if net.advice else [])):
        messages().print(f"  - {line}", markup=False)


def text(figure: Figure) -> str:
    """A figure with its unit and what is said of it."""
    value = f"{figure.value:,.0f}" if not figure.unit else f"{figure.value:.3g} {figure.unit}"
    return f"{value}, {figure.says}" if figure.says else value


def payload(net: Web, low: Modes, said: list[str], notes: list[str]) -> dict[str, Any]:
    """The object that `--json` prints."""
    books = net.ledger()
    return {
        "status": net.status,
        "advice": [line for line in (*net.told, net.advice) if line],
        "name": net.name,
        "seconds": net.time,
        "said": said,
        "notes": notes,
        "figures": {name: {"value": f.value, "unit": f.unit, "says": f.says} for name, f in net.figures().items()},
        "modes": [{"hz": float(f), "decay_1_s": float(d)} for f, d in zip(low.frequency_hz, low.decay, strict=True)],
        "ledger": {
            "drive_j": books.drive_j, "stand_j": books.stand_j, "spent_j": books.spent_j, "stored_j": books.stored_j,
            "residual_j": books.residual_j,
        },
    }  # fmt: skip
