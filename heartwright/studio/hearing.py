"""Hearing for the session: when a work is listened to, what was heard of each, and what people wrote before."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartwright.studio.listening import TAKE_LEAST_S, TAKE_S, Ear, Heard, hear_work

if TYPE_CHECKING:
    from heartwright.studio.session import Session
    from heartwright.studio.work import GoingWork

STOPPED_LEAST_S = 3.0  # a work that stands will not give more
TELL_EVERY = 30  # ticks between words of progress
BLIND_MOST = 12


@dataclass(slots=True)
class Hearing:
    """The ear of a session. A work is in `wanted` until its take is long enough, then in `under_way`;
    changed meanwhile, it is wanted again."""

    session: Session
    ear: Ear = field(default_factory=Ear)
    heard: dict[int, Heard] = field(default_factory=dict)
    blind: dict[int, list[str]] = field(default_factory=dict)
    wanted: set[int] = field(default_factory=set)
    under_way: dict[int, float] = field(default_factory=dict)  # work: its last change when the listening began
    folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="heartwright-", ignore_cleanup_errors=True)
    )
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def want(self, work: int) -> None:
        """Listen to a going work as soon as there is enough of it since its last change."""
        going = self.session.shelf.going.get(work)
        if going is not None and self.under_way.get(work) != going.since_s:
            self.wanted.add(work)

    def look(self) -> None:
        """Each tick: start what is ready, tell of what is not."""
        for id in tuple(self.wanted):
            work = self.session.shelf.going.get(id)
            if work is None:
                self.wanted.discard(id)
                continue
            if id in self.under_way:
                continue
            has = work.time - max(work.since_s, work.time - TAKE_S)
            least = STOPPED_LEAST_S if work.live.status != "running" else TAKE_LEAST_S
            if has >= least - 1e-6:
                self.wanted.discard(id)
                self.start(self._listen(work), id, since=work.since_s)
            elif self.session.ticks % TELL_EVERY == 0:
                text = f"listening: {has:.0f} of {least:.0f} s since the last change"
                self.session.send({"type": "heard", "work": id, "what": text, "share": has / least})

    def start(self, job: Any, id: int, *, since: float = 0.0) -> None:
        """Run a job of listening to work `id`; what goes wrong is told, not lost."""
        self.under_way[id] = since
        task = asyncio.create_task(self._told(job, id), name=f"hearing {id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told(self, job: Any, id: int) -> None:
        try:
            await job
        except asyncio.CancelledError:
            raise
        except Exception as why:
            self.session.refuse("verdict", f"it could not be listened to: {why}", work=id)
        finally:
            self.under_way.pop(id, None)

    async def _listen(self, work: GoingWork) -> None:
        from heartwright.studio.takes import joined

        since = work.since_s
        self.session.send({"type": "heard", "work": work.id, "what": "listening to the last seconds", "share": 1.0})
        trace = joined(work.take(TAKE_S))
        live = work.live
        found = await self.ear.ask(hear_work, trace, live.design, live.position, live.wind)
        if self.session.shelf.going.get(work.id) is not work:
            return
        self.keep(work.id, found, changed_since=work.since_s != since)

    def keep(self, id: int, found: Heard, *, changed_since: bool = False) -> None:
        """Keep what was heard, its clip on the disk, and tell everybody."""
        self.clip(id).write_bytes(found.clip)
        self.heard[id] = found
        self.session.send(self.message(id) | {"changed_since": changed_since})

    def message(self, id: int) -> dict[str, Any]:
        """The sentence about a work that was heard."""
        from heartwright.studio.telling import sentence

        return sentence(id, self.heard[id], sound=f"/api/takes/{id}/sound.wav", blind="\n".join(self.blind.get(id, ())))

    def forget(self, id: int) -> None:
        """Another work stands in this place."""
        self.heard.pop(id, None)
        self.wanted.discard(id)

    def clip(self, id: int) -> Path:
        """Where the take of a work is kept."""
        return Path(self.folder.name) / f"take-{id}.wav"

    def write_blind(self, id: int, line: str) -> None:
        """Keep what somebody thought before the verdict."""
        self.blind[id] = [*self.blind.get(id, ()), line][-BLIND_MOST:]

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        self.ear.close()
        self.folder.cleanup()
