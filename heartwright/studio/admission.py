"""Admission: who asks, by which link, and whether a page of this bench is speaking."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from heartwright.studio import guard
from heartwright.studio.clients import finite
from heartwright.studio.people import RIGHTS, Role


def role_of(connection: HTTPConnection) -> Role:
    """The role of who asks. Raises HTTPException 403 for a foreign page or host, 401 without a right token."""
    state = connection.app.state
    why = guard.refusal(connection.headers, loopback=state.loopback)
    if why:
        raise HTTPException(403, why)
    client = connection.client
    local = state.loopback and (client is None or guard.is_loopback(client.host) or client.host == "testclient")
    role: Role | None = state.session.people.role_of(connection.query_params.get("token"), local=local)
    if role is None:
        raise HTTPException(401, "this link is not one of this bench's: ask its maker for a new one")
    return role


def role_that_may(connection: HTTPConnection, command: str) -> Role:
    """The role of who asks for something. Raises HTTPException 403 where that role may not have it."""
    role = role_of(connection)
    if command not in RIGHTS[role]:
        raise HTTPException(403, f"{role}s may not {command} here")
    return role


def json_of(value: Any) -> JSONResponse:
    """JSON in which what is not finite is null."""
    return JSONResponse(finite(value))
