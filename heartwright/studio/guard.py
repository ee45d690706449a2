"""Who may speak to the server at all: host and origin, headers, and how fast.

A page of another site must not reach a server on this machine: the Origin of a WebSocket or a POST must be the address
the browser asked for, and on loopback that address must itself be of this machine (else a foreign name could be pointed
here). A program that sends no Origin is no browser and is let through to the token.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_loopback(host: str) -> bool:
    """Whether a host name or address (with or without port) is this machine's own."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def refusal(headers: Mapping[str, str], *, loopback: bool) -> str:
    """Why a request is refused by its host or origin; empty where it is not."""
    host = headers.get("host", "")
    if loopback and not is_loopback(host):
        return f"this bench answers at this machine's own address only, and was asked for at {host[:80]!r}"
    origin = headers.get("origin")
    if origin is None:
        return ""
    if origin == "null" or urlsplit(origin).netloc.lower() != host.lower():
        return f"a page from {origin[:80]!r} may not speak to this bench; open the address that it printed"
    return ""


@dataclass(slots=True)
class Pace:
    """A bucket of tokens: `a_second` on the long run, `burst` at once."""

    a_second: float
    burst: float
    left: float = -1.0
    at: float = 0.0

    def take(self, amount: float = 1.0) -> bool:
        """Whether there was room for `amount` more."""
        now = time.monotonic()
        self.left = self.burst if self.left < 0.0 else min(self.burst, self.left + (now - self.at) * self.a_second)
        self.at = now
        if self.left < amount:
            return False
        self.left -= amount
        return True


class Headers:
    """ASGI middleware: the headers that every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)
