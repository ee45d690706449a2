"""A bench for tests: the real server on a free port, in a thread, with real WebSockets to it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from websockets.sync.client import ClientConnection, connect

from heartwright.studio import app, serve
from heartwright.studio.frames import Poses, Seen
from heartwright.studio.people import People
from heartwright.studio.session import Session

PATIENCE_S = 600.0  # kernels may still have to be compiled


class Bench:
    """A server under test."""

    def __init__(self, designs: tuple[str, ...] = ("heart",), people: People | None = None) -> None:
        self.bound = serve.bind("127.0.0.1", 0)
        self.port = int(self.bound.getsockname()[1])
        self.session = Session(people, designs=designs)
        self.session.address = f"http://127.0.0.1:{self.port}"
        self.server = serve.server(app.create(self.session, report=lambda heard, design: "<p>report"), serve.Place())
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.bound]}, daemon=True)

    def start(self) -> Bench:
        self.thread.start()
        wait_for(lambda: self.server.started)
        return self

    def stop(self) -> float:
        """Stop it; how long that took [s]."""
        began = time.monotonic()
        self.server.should_exit = True
        self.thread.join(10.0)
        assert not self.thread.is_alive(), "the server did not stop"
        return time.monotonic() - began

    @contextlib.contextmanager
    def line(self, path: str = "/live", token: str = "", origin: str | None = None) -> Iterator[Line]:
        address = f"ws://127.0.0.1:{self.port}{path}" + (f"?token={token}" if token else "")
        how: dict[str, Any] = {"origin": origin, "open_timeout": 60, "close_timeout": 0.2, "compression": None}
        with connect(address, max_size=2**24, ping_timeout=120.0, **how) as socket:
            yield Line(socket)


class Line:
    """One line to the server."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.asked = 0

    def next(self, timeout: float = PATIENCE_S) -> dict[str, Any] | Poses | Seen:
        """The next message, pose frame or picture of a standing work."""
        got = self.socket.recv(timeout)
        if isinstance(got, str):
            told: dict[str, Any] = json.loads(got)
            return told
        return Seen.unpack(got) if got[0] == 2 else Poses.unpack(got)

    def block(self) -> bytes:
        """The next block of sound."""
        got = self.socket.recv(PATIENCE_S)
        assert isinstance(got, bytes)
        return got

    def until(self, fits: Callable[[Any], bool], timeout: float = PATIENCE_S) -> Any:
        """The next of all that comes that fits."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            got = self.next(max(0.01, end - time.monotonic()))
            if fits(got):
                return got
        raise AssertionError("nothing fitting came in time")

    def message(self, kind: str, timeout: float = PATIENCE_S, **wanted: Any) -> dict[str, Any]:
        """The next message of this type whose fields are as wanted."""
        found = self.until(
            lambda got: (
                isinstance(got, dict)
                and got["type"] == kind
                and all(got.get(key) == value for key, value in wanted.items())
            ),
            timeout,
        )
        return dict(found)

    def poses(self, work: int = 0) -> Poses:
        found: Poses = self.until(lambda got: isinstance(got, Poses) and got.work == work)
        return found

    def ask(self, do: str, *, patience: float = 120.0, **given: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self.asked += 1
        self.socket.send(json.dumps({"do": do, "id": self.asked, **given}))
        return dict(self.until(lambda got: isinstance(got, dict) and got.get("id") == self.asked, patience))

    def live(self) -> dict[str, Any]:
        """Wait until the engine runs."""
        return self.message("state", status="running")


def wait_for(fits: Callable[[], bool], timeout: float = 30.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + timeout
    while not fits():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)
