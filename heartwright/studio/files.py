"""What is asked for once, over HTTP: a dense beat, a report, the sound of a take; and recordings that are put in."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, Response

from heartwright.studio import uploads
from heartwright.studio.admission import json_of, role_of, role_that_may
from heartwright.studio.guard import Pace
from heartwright.studio.people import RIGHTS
from heartwright.studio.session import Session

_NOT_HEARD = "it was not listened to yet: ask for the verdict first"


def _session(request: Request) -> Session:
    session: Session = request.app.state.session
    return session


def paces() -> dict[str, Pace]:
    """How fast what costs something may be asked for, by everybody together."""
    return {"uploads": Pace(a_second=0.2, burst=8.0), "heavy": Pace(a_second=4.0, burst=12.0)}


def _in_time(request: Request, pace: str, why: str = "that was asked for too often: wait a second") -> None:
    """Raises HTTPException 429 for what comes too fast."""
    if not request.app.state.paces[pace].take():
        raise HTTPException(429, why)


async def beat(request: Request) -> Response:
    """One beat of a going work, dense."""
    role_of(request)
    _in_time(request, "heavy")
    work = _session(request).shelf.going.get(request.path_params["work"])
    if work is None:
        raise HTTPException(404, "this work does not run here")
    from heartwright.studio import beat as dense

    twin = work.live.copy()
    try:
        return json_of(await asyncio.to_thread(dense.record, twin))
    except dense.NoBeat as why:
        raise HTTPException(409, str(why)) from None


async def take(request: Request) -> Response:
    """The sound that a sentence was said of."""
    role_of(request)
    path: Path = _session(request).hearing.clip(request.path_params["work"])
    if not path.is_file():
        raise HTTPException(404, _NOT_HEARD)
    return FileResponse(path, media_type="audio/wav")


async def report(request: Request) -> Response:
    """The listening report of a work, as one page."""
    role_of(request)
    _in_time(request, "heavy")
    session, id = _session(request), request.path_params["work"]
    make, heard = request.app.state.report, session.hearing.heard.get(id)
    if make is None:
        raise HTTPException(404, "this bench writes no reports")
    if heard is None:
        raise HTTPException(404, _NOT_HEARD)
    work = session.shelf.going.get(id)
    page = await asyncio.to_thread(make, heard, work.live.design if work else None)
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; media-src data:"
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


async def movements(request: Request) -> Response:
    """The table of movements, for who listens to a watch; the ear gets ready meanwhile."""
    if "listen" in RIGHTS[role_of(request)]:
        _session(request).microphones.ready()
    return json_of(await asyncio.to_thread(request.app.state.movements))


async def original(request: Request) -> Response:
    """A recording as it was put in, a microphone's take as FLAC."""
    role_of(request)
    _in_time(request, "heavy")
    work = _session(request).shelf.recordings.get(request.path_params["work"])
    if work is None or not work.path.is_file():
        raise HTTPException(404, "no such recording on the shelf")
    return FileResponse(work.path, media_type="application/octet-stream", filename=f"{work.title}{work.path.suffix}")


async def put(request: Request) -> Response:
    """A file for the shelf: who may, how large, then its bytes, then whether a work can be made of it."""
    role_that_may(request, "upload")
    why = uploads.refused_size(request.headers.get("content-length"))
    if why:
        await uploads.let_pass(request)
        raise HTTPException(413, why, headers={"Connection": "close"})
    _in_time(request, "uploads", "recordings come too fast: wait some seconds between them")
    session = _session(request)
    words = {key: value for key, value in request.query_params.items() if key != "token"}
    try:
        path = await uploads.receive(request, Path(session.hearing.folder.name), words.get("name", ""))
        answer = await uploads.put(session, path, words)
    except uploads.TooLarge as error:
        raise HTTPException(413, str(error), headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise HTTPException(400, "the recording broke off on its way") from None
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    return json_of(answer)
