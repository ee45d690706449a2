"""The server: HTTP for the page, its scenes and its files, WebSockets for what goes on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from heartwright.design import Design
from heartwright.studio import files, guard, saying
from heartwright.studio.admission import json_of, role_of
from heartwright.studio.listening import Heard
from heartwright.studio.session import Session
from heartwright.studio.wires import look, microphone_wire, sound_wire

Reporter = Callable[[Heard, Design | None], str]
PAGE = Path(__file__).parent / "page" / "dist"
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".txt": "text/plain",
    ".map": "application/json",
}
_NOT_BUILT = """<!doctype html><meta charset="utf-8"><title>Heartwright</title>
<body style="font:16px/1.5 serif;background:#0c0907;color:#d8c7a6;max-width:36em;margin:15vh auto;padding:0 1em">
<h1>The page is not built yet</h1><p>The server runs, and the heart beats in it. What is missing is the bundle of the
page: in the clone, run <code>make web</code> (it needs the npm registry once), then reload.</p>"""


def create(
    session: Session,
    *,
    loopback: bool = True,
    report: Reporter | None = None,
    movements: Callable[[], list[dict[str, Any]]] = list,
    page: Path = PAGE,
) -> Starlette:
    """The application. `loopback`: it answers at this machine only; `report` makes the HTML of a listening report,
    `movements` gives the table of movements: `name`, `rates_bph`, `lifts_deg`."""

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        await session.start()
        try:
            yield
        finally:
            await session.stop()

    app = Starlette(
        routes=[
            Route("/", _page),
            Route("/static/{name}", _static),
            Route("/api/session", _session),
            Route("/api/scene/{work:int}", _scene),
            Route("/api/beat/{work:int}", files.beat),
            Route("/api/report/{work:int}", files.report),
            Route("/api/takes/{work:int}/sound.wav", files.take),
            Route("/api/recordings/{work:int}/sound.wav", files.take),
            Route("/api/recordings/{work:int}/original", files.original),
            Route("/api/recordings", files.put, methods=["POST"]),
            Route("/api/movements", files.movements),
            WebSocketRoute("/live", look),
            WebSocketRoute("/sound", sound_wire),
            WebSocketRoute("/microphone", microphone_wire),
        ],
        middleware=[Middleware(guard.Headers)],
        exception_handlers={HTTPException: _plainly},
        lifespan=life,
    )
    app.state.session, app.state.loopback, app.state.report, app.state.page = session, loopback, report, page
    app.state.paces, app.state.movements = files.paces(), movements
    return app


async def _plainly(request: Request, error: Exception) -> Response:
    """An error as one line of text."""
    assert isinstance(error, HTTPException)
    return PlainTextResponse(error.detail, error.status_code, headers=error.headers)


async def _page(request: Request) -> Response:
    """The page, or how to build it. Its address is the only thing served to who has no token."""
    why = guard.refusal(request.headers, loopback=request.app.state.loopback)
    if why:
        raise HTTPException(403, why)
    index = request.app.state.page / "index.html"
    if not index.is_file():
        return HTMLResponse(_NOT_BUILT, 200)
    return FileResponse(index, media_type="text/html")


async def _static(request: Request) -> Response:
    """A file of the bundle."""
    name = request.path_params["name"]
    path = request.app.state.page / name
    kind = _TYPES.get(path.suffix)
    if kind is None or "/" in name or name.startswith(".") or not path.is_file():
        raise HTTPException(404, f"no file {name[:80]!r} in the page; build it with: make web")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "no-cache"})


async def _session(request: Request) -> Response:
    role, session = role_of(request), request.app.state.session
    await session.greet()
    return json_of(saying.hello(session, role, None))


async def _scene(request: Request) -> Response:
    """The geometry of a design, from the engine's own faces, or what a standing work is drawn from."""
    role_of(request)
    session: Session = request.app.state.session
    stands = session.shelf.standing.get(request.path_params["work"])
    if stands is not None:
        from heartwright.studio.drawing import standing

        return json_of(await asyncio.to_thread(standing.scene, stands.work))
    name = session.shelf.design_name(request.path_params["work"])
    if name is None:
        raise HTTPException(404, "no such design on the shelves")
    from heartwright.studio import scene

    work = session.shelf.going.get(request.path_params["work"])
    planned = session.shelf.movements
    design = work.live.design if work else planned[request.path_params["work"]].load()
    return json_of(await asyncio.to_thread(scene.scene, design))
