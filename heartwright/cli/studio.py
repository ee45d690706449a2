"""`heartwright studio`: serve the live bench, and open it where there is a desktop."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import webbrowser
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heartwright.cli.console import Refused, answers
from heartwright.cli.options import bounded

if TYPE_CHECKING:
    from heartwright.design import Design
    from heartwright.design.room import RoomPlan
    from heartwright.studio.listening import Heard


def studio(
    port: Annotated[int, typer.Option("--port", help="Port; where it is taken, one of the next ten. 0: any.")] = 8765,
    host: Annotated[
        str, typer.Option("--host", help="Address to answer at; beyond this machine only with a token.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option("--token", help="The maker's token, 16 characters or more; 'new' makes one.", metavar="TOKEN"),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", help="Certificate (PEM) to serve https with.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its key (PEM).")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
    room: Annotated[
        str, typer.Option("--room", help="Plan of the room: a bundled name, a TOML file, or 'none'.", metavar="ROOM")
    ] = "studio",
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same dirt, same beats.")] = 1,
) -> None:
    """Serve the live bench: the heart beats, is seen and heard, and can be asked, changed and repaired.

    \b
      heartwright studio                     at this machine only; prints the address and opens it
      heartwright studio --no-open --port 0
      heartwright studio --room workshop     two regulators on one beam, gyroscopes, orbs and a web beside the heart
      heartwright studio --host 0.0.0.0 --token new --tls-cert bench.pem --tls-key bench.key

    Ctrl-C stops it. Beyond this machine a token is asked for; without https a browser gives another machine neither
    sound nor microphone. The maker invites critics and onlookers by links from the page.
    """
    bounded("--port", port, 0, 65_535, "8765")
    bounded("--seed", seed, 0, 2**63 - 1, "1")
    _check_files(tls_cert, tls_key)
    plan = _plan(room)
    from heartwright.studio import app, guard, serve
    from heartwright.studio.people import People
    from heartwright.studio.session import Session

    loopback = guard.is_loopback(host)
    if not loopback and token is None:
        raise Refused(f"--host {host}: beyond this machine a token is needed. Add --token new, and best --tls-cert.")
    people = People(open_here=token is None)
    if token == "new":
        token = people.invite("maker")
    elif token is not None:
        try:
            people.admit(token, "maker")
        except ValueError as why:
            raise Refused(f"--token: {why}. Say --token new to have one made.") from None
    try:
        bound = serve.bind(host, port)
    except OSError as error:
        raise Refused(f"--host {host} --port {port}: {error.strerror or error}. Try another, e.g. --port 0.") from None
    place = serve.Place(host, bound.getsockname()[1], tls_cert, tls_key)
    session = Session(people, seed=seed, plan=plan)
    session.address = f"{place.scheme}://{_shown(host)}:{place.port}"
    address = f"{session.address}/?token={token}" if token else f"{session.address}/"

    def answering() -> None:
        _say(address, loopback=loopback, tls=tls_cert is not None)
        if not no_open and _desktop():
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    server = serve.server(
        app.create(session, loopback=loopback, report=_report, movements=_movements), place, answering
    )
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it is closed
        server.run(sockets=[bound])
    answers().print("The bench is closed.")


def _plan(room: str) -> RoomPlan | None:
    """The plan of the room that is asked for. Raises Refused."""
    from heartwright.design import DesignError
    from heartwright.design.room import RoomPlan

    if room == "none":
        return None
    try:
        return RoomPlan.load(room)
    except DesignError as why:
        raise Refused(f"--room {why}") from None


def _report(heard: Heard, design: Design | None) -> str:
    """The report page of what was heard in the studio."""
    from heartwright import listen
    from heartwright.cli import report

    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "take.wav"
        clip.write_bytes(heard.clip)
        recording = replace(listen.load(clip), source=heard.reading.source)
    return report.page(
        reading=heard.reading, verdict=heard.verdict, recording=recording, trace=heard.trace, design=design
    )


def _movements() -> list[dict[str, object]]:
    """The table of movements for the page: names, beats, lifts."""
    from heartwright.cli import catalogue

    return [{"name": row.name, "rates_bph": row.rates_bph, "lifts_deg": row.lifts_deg} for row in catalogue.movements()]


def _check_files(cert: Path | None, key: Path | None) -> None:
    """Raises Refused for half a certificate or files that are not there."""
    if (cert is None) != (key is None):
        raise Refused("--tls-cert and --tls-key belong together: give both, or none.")
    for name, path in (("--tls-cert", cert), ("--tls-key", key)):
        if path is not None and not path.is_file():
            raise Refused(f"{name} {path}: no such file. Give a PEM file.")


def _say(address: str, *, loopback: bool, tls: bool) -> None:
    answers().print(f"The bench is open at {address}", markup=False)
    if not loopback and not tls:
        answers().print("Without https a browser gives other machines neither sound nor microphone: add --tls-cert.")
    answers().print("Ctrl-C closes it.")
    sys.stdout.flush()


def _shown(host: str) -> str:
    """The host as it stands in an address that others can open."""
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _desktop() -> bool:
    """Whether there is somebody at a desktop to open a browser for."""
    if os.environ.get("CI") or not sys.stdout.isatty():
        return False
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
