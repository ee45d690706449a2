"""The WebSockets: `/live` for messages and poses, `/sound` for blocks of sound, `/microphone` for somebody's own."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.exceptions import HTTPException
from starlette.websockets import WebSocket, WebSocketDisconnect

from heartwright.studio import frames, messages, saying
from heartwright.studio.admission import role_of
from heartwright.studio.clients import Client, text_of
from heartwright.studio.guard import Pace
from heartwright.studio.microphone import Microphone
from heartwright.studio.people import RIGHTS
from heartwright.studio.session import Session

COMMANDS_A_SECOND, COMMANDS_AT_ONCE = 30.0, 60.0
TOLD_A_SECOND = 20.0  # of those that came too fast
RECEIPTS_A_SECOND = 60.0
TEXT_MOST = 16_384  # characters of one message
MICROPHONE_PACE, MICROPHONE_AT_ONCE_S = 1.5, 30.0  # times its own rate; after a break more comes at once
CONNECTIONS_MOST = 64
REFUSED = 1008  # WebSocket close code: policy


async def _admitted(socket: WebSocket) -> str | None:
    """The role of who connects; None after the socket was closed with the reason."""
    session: Session = socket.app.state.session
    try:
        role = role_of(socket)
        if len(session.lookers) + len(session.listeners) >= 2 * CONNECTIONS_MOST:
            raise HTTPException(503, f"{CONNECTIONS_MOST} are here, and that is the most")
    except HTTPException as error:
        if error.status_code == 403:  # a foreign page is not even answered
            await socket.close(REFUSED)
            return None
        await socket.accept()
        await socket.send_text(text_of({"type": "refused", "of": "coming in", "reason": error.detail, "allowed": None}))
        await socket.close(REFUSED, error.detail[:120])
        return None
    await socket.accept()
    return role


async def look(socket: WebSocket) -> None:
    """Somebody who sees and asks."""
    role = await _admitted(socket)
    if role is None:
        return
    session: Session = socket.app.state.session
    await session.greet()
    client = Client(session.people.come(role))  # type: ignore[arg-type]
    assert client.person is not None
    client.tell(text_of(saying.hello(session, client.person.role, client.person)))
    for message in saying.news(session):
        client.tell(text_of(message))
    session.lookers.add(client)
    session.changed()
    try:
        await _both(_send(socket, client), _receive(socket, client, session))
    finally:
        session.lookers.discard(client)
        session.people.leave(client.person)
        session.changed()


async def sound_wire(socket: WebSocket) -> None:
    """Somebody who listens."""
    if await _admitted(socket) is None:
        return
    session: Session = socket.app.state.session
    client = Client()
    session.listeners.add(client)
    try:
        await _both(_send(socket, client), _ignore(socket))
    finally:
        session.listeners.discard(client)


async def microphone_wire(socket: WebSocket) -> None:
    """The sound of somebody's microphone, and nothing else."""
    role = await _admitted(socket)
    if role is None:
        return
    session: Session = socket.app.state.session
    mic = session.microphones.of(socket.query_params.get("ticket"))
    if "listen" not in RIGHTS[role] or mic is None:  # type: ignore[index]
        reason = f"{role}s may not listen here" if mic is not None else "this microphone is not open any more"
        await socket.send_text(text_of({"type": "refused", "of": "listen", "reason": reason, "allowed": None}))
        await socket.close(REFUSED, reason)
        return
    client = Client()
    session.microphones.link(mic, client)
    try:
        await _both(_send(socket, client), _take_sound(socket, session, mic))
    finally:
        session.microphones.unlink(mic, client)


async def _take_sound(socket: WebSocket, session: Session, mic: Microphone) -> None:
    """Take blocks at the pace of their rate; what is none, or too much, is left out and counted."""
    a_second = 4.0 * mic.rate_hz
    pace = Pace(MICROPHONE_PACE * a_second, MICROPHONE_AT_ONCE_S * a_second)
    while not mic.over:
        got = await socket.receive()
        if got["type"] == "websocket.disconnect":
            return
        frame = got.get("bytes")
        if frame is None or not pace.take(len(frame)):
            mic.dropped += 1
            await asyncio.sleep(0)
            continue
        if mic.take(frame):
            level = mic.level_due()
            if level is not None:
                session.send(level)


async def _both(*jobs: object) -> None:
    """Run until one of the jobs ends, then end the others."""
    tasks = [asyncio.ensure_future(job) for job in jobs]  # type: ignore[call-overload]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for done in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(done, Exception) and not isinstance(done, (WebSocketDisconnect, RuntimeError, OSError)):
                raise done


async def _send(socket: WebSocket, client: Client) -> None:
    while waiting := await client.next():
        for item in waiting:
            if isinstance(item, str):
                await socket.send_text(item)
            else:
                await socket.send_bytes(item)
    with contextlib.suppress(RuntimeError):
        await socket.close(1001)


async def _ignore(socket: WebSocket) -> None:
    """Nothing is to be said on the sound's line."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        await asyncio.sleep(0.05)


async def _receive(socket: WebSocket, client: Client, session: Session) -> None:
    """Take commands, at a measured pace; what is none is refused, what comes too fast is left out and told once."""
    pace, telling, left_out = Pace(COMMANDS_A_SECOND, COMMANDS_AT_ONCE), Pace(TOLD_A_SECOND, TOLD_A_SECOND), 0
    receipts = Pace(RECEIPTS_A_SECOND, RECEIPTS_A_SECOND)
    while True:
        got = await socket.receive()
        if got["type"] == "websocket.disconnect":
            return
        if receipts.take() and _is_receipt(got.get("bytes"), client):
            continue
        if not pace.take():
            left_out += 1
            if telling.take():
                text = (got.get("text") or "")[:TEXT_MOST]
                many = "this came too fast and was" if left_out == 1 else f"{left_out} messages came too fast and were"
                allowed = f"{COMMANDS_A_SECOND:g} a second"
                _refuse(client, *messages.what_it_was(text), f"{many} left out", allowed)
                left_out = 0
            await asyncio.sleep(0)
            continue
        text = got.get("text")
        if text is None or len(text) > TEXT_MOST:
            _refuse(client, 0, "message", "neither text nor short enough", f"JSON text of {TEXT_MOST} characters")
            continue
        try:
            command = messages.read(text)
        except messages.NotUnderstood as error:
            _refuse(client, *messages.what_it_was(text), str(error), "see docs/studio.md")
            continue
        assert client.person is not None
        answer = await session.do(client.person, command)
        client.tell(text_of(answer))


def _is_receipt(frame: bytes | None, client: Client) -> bool:
    """Whether this was a receipt for pictures, which is then noted."""
    if frame is None:
        return False
    try:
        client.took(frames.read_receipt(frame))
    except ValueError:
        return False
    return True


def _refuse(client: Client, id: int, of: str, reason: str, allowed: str) -> None:
    client.tell(text_of({"type": "refused", "id": id, "of": of, "reason": reason, "allowed": allowed}))
