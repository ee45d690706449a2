"""The microphones of a session: who opened one, the ear that hears them, and what becomes of a take.

A maker opens a microphone by a command and gets a ticket; the line that carries the sound shows it, and shows it again
when it comes back after a break. What is heard goes to everybody, as all figures of the bench do; the sound to nobody.
Measuring is done in a process of its own, so that neither frames nor recordings wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartwright.studio import attending, uploads
from heartwright.studio.clients import Client, text_of
from heartwright.studio.holes import longest
from heartwright.studio.listening import Ear
from heartwright.studio.microphone import LATELY, Microphone, Told
from heartwright.studio.people import Person, clean_text

if TYPE_CHECKING:
    from heartwright.studio.session import Session

MOST = 4  # at a time, of everybody
EARLY_S, EVERY_S = 0.2, 1.0  # between looks at what came: before there is a figure, and then
RESUME_S = 30.0  # a line that broke may come back for so long
KEEP_LEAST_S = 10.0  # of a take whose maker is gone
SILENT_S = 2.0  # without a block, where there is a line
LISTEN_MOST_S = 4 * 3600.0
FAILURES_MOST = 3
NICE = 5  # it works every second, and no frame is to wait for it
QUIET_DB, DEAD_DB = -60.0, -130.0  # peaks of a microphone that is too far away, and of one that gives nothing
_LOG = logging.getLogger("heartwright")
_CURE = {
    "echo cancellation": "it takes away whatever sounds alike again and again, which a tick does",
    "noise suppression": "it takes ticks for noise",
    "automatic gain": "it lifts the noise between ticks and bends the amplitude",
}


@dataclass(slots=True)
class Microphones:
    """All that are open, by ticket."""

    session: Session
    ear: Ear = field(default_factory=lambda: Ear(NICE))
    open: dict[str, Microphone] = field(default_factory=dict)
    lines: dict[int, Client] = field(default_factory=dict)  # of each microphone, the line that carries its sound
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _next: int = 1

    def ready(self) -> None:
        """Somebody looks at the panel: have the ear's process there before there is a sound."""
        self.ear.submit(attending.ready)

    def begin(self, person: Person, rate_hz: float, told: Told, device: str, processing: tuple[str, ...]) -> Microphone:
        """Open a microphone for a person. Raises ValueError where that is one too many."""
        if any(mic.person == person.id for mic in self.open.values()):
            raise ValueError("your microphone is open already: one at a time; stop it first")
        if len(self.open) >= MOST:
            raise ValueError(f"{MOST} microphones are open on this bench, and that is the most")
        self.ready()
        raw = Path(self.session.hearing.folder.name) / f"microphone-{self._next}.raw"
        about = (clean_text(device, 80), tuple(sorted(set(processing))))
        mic = Microphone(self._next, person.id, person.name, secrets.token_urlsafe(24), rate_hz, raw, told, *about)
        self._next += 1
        self.open[mic.ticket] = mic
        self._start(self._attend(mic))
        return mic

    def of(self, ticket: str | None) -> Microphone | None:
        """The microphone whose ticket is shown."""
        return self.open.get(ticket or "")

    def numbered(self, id: int) -> Microphone:
        """An open microphone. Raises ValueError where there is none of that number."""
        for mic in self.open.values():
            if mic.id == id:
                return mic
        raise ValueError("this microphone is not open any more")

    def link(self, mic: Microphone, client: Client) -> None:
        """A line carries its sound from now on; an older one of the same microphone is cut."""
        before = self.lines.get(mic.id)
        if before is not None:
            before.close()
        self.lines[mic.id], mic.linked, mic.last = client, True, time.monotonic()
        client.tell(text_of({"type": "open", "mic": mic.id, "next": mic.next}))
        self.tell(mic)

    def unlink(self, mic: Microphone, client: Client) -> None:
        """A line is gone; it may come back."""
        if self.lines.get(mic.id) is client:
            del self.lines[mic.id]
            mic.linked, mic.last = False, time.monotonic()
            if not mic.over:
                self.tell(mic)

    async def end(self, mic: Microphone, *, keep: bool, words: dict[str, str]) -> int | None:
        """Close a microphone; its take becomes a work on the shelf, whose id this is. Raises ValueError."""
        mic.over = True
        self.open.pop(mic.ticket, None)
        if mic.id in self.lines:
            self.lines.pop(mic.id).close()
        mic.linked = False
        try:
            return await self._keep(mic, words) if keep and mic.kept else None
        finally:
            with contextlib.suppress(OSError):
                mic.raw.unlink()
            with contextlib.suppress(Exception):
                self.ear.submit(attending.let_go, mic.id)
            self.tell(mic)

    async def close(self) -> None:
        """The bench closes: so do all lines and the ear."""
        for client in self.lines.values():
            client.close()
        for task in tuple(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        self.ear.close()

    def tell(self, mic: Microphone) -> None:
        """What is known of a microphone, to everybody."""
        self.session.send(self.message(mic))

    def messages(self) -> list[dict[str, Any]]:
        """For who comes in late."""
        return [self.message(mic) for mic in self.open.values()]

    def message(self, mic: Microphone) -> dict[str, Any]:
        out = mic.as_json()
        return out | {"troubles": [*browser_troubles(mic), *level_troubles(mic, out["troubles"]), *out["troubles"]]}

    # ------------------------------------------------------------------------------------------ listening

    async def _attend(self, mic: Microphone) -> None:
        """Listen to it until it ends."""
        failures = 0
        while not mic.over:
            settled_down = mic.said is not None and mic.said["status"] == "ok"
            await asyncio.sleep(EVERY_S if settled_down else EARLY_S)
            if mic.over:
                return
            if self._gone(mic) or mic.seconds > LISTEN_MOST_S:
                await self._end_alone(mic)
                return
            try:
                await self._hear(mic)
                failures = 0
            except BrokenProcessPool:
                failures += 1
                self.ear.close()
                mic.begin_anew()
            except Exception as why:
                failures += 1
                _LOG.exception("microphone %d", mic.id)
                self.session.refuse("listen", f"the microphone could not be listened to: {why}")
            if failures >= FAILURES_MOST:
                await self._end_alone(mic)
                return

    async def _hear(self, mic: Microphone) -> None:
        """Give the ear what came, and tell what it makes of it."""
        if not mic.waiting:
            if mic.linked and time.monotonic() - mic.last > EVERY_S:
                self.tell(mic)
            return
        turn, before_s = mic.breaks, (mic.next - mic.waiting) / mic.rate_hz
        samples = mic.to_hear()
        said = await self.ear.ask(attending.attend, mic.id, turn, mic.rate_hz, mic.told, samples, before_s)
        if not mic.over and mic.breaks == turn:
            mic.said = said
            self.tell(mic)

    def _gone(self, mic: Microphone) -> bool:
        return not mic.linked and time.monotonic() - mic.last > RESUME_S

    async def _end_alone(self, mic: Microphone) -> None:
        """Close a microphone that nobody closed; what is worth it is kept."""
        try:
            await self.end(mic, keep=mic.take_s >= KEEP_LEAST_S, words={})
        except ValueError as why:
            self.session.refuse("enough", str(why))

    async def _keep(self, mic: Microphone, words: dict[str, str]) -> int:
        path = mic.raw.with_suffix(".flac")
        piece = longest(mic.seams, mic.kept)
        seconds = await self.ear.ask(attending.store, mic.raw, path, mic.rate_hz, piece)
        told = mic.told
        known = {"bph": told.bph or told.movement_bph, "lift_deg": told.lifts_deg[0] if told.lifts_deg else None}
        words = {key: f"{value:g}" for key, value in known.items() if value} | words
        words.setdefault("name", f"{told.movement or 'Your watch'}, {time.strftime('%H h %M')}")
        words.setdefault("date", time.strftime("%Y-%m-%d"))
        words.setdefault("author", mic.name)
        try:
            return uploads.shelve(self.session, path, words, seconds, notes_of(mic)).id
        except ValueError:
            path.unlink(missing_ok=True)
            raise

    def _start(self, job: Any) -> None:
        task = asyncio.create_task(job, name="microphone")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def browser_troubles(mic: Microphone) -> list[str]:
    """What the line and the browser do to the sound, each with its cure."""
    out = [
        f"the browser would not switch {name} off: {_CURE[name]}; choose another microphone, or another browser"
        for name in mic.processing
    ]
    silent_s = time.monotonic() - mic.last
    if mic.linked and mic.next and silent_s > SILENT_S:
        out.append(
            f"no sound has come for {silent_s:.0f} s: the microphone was unplugged, or the page sleeps; "
            "plug it in again, keep the page in front"
        )
    if not mic.linked and not mic.over:
        out.append(f"the line to the page broke; it comes back by itself (within {RESUME_S:g} s the take goes on)")
    if mic.holes:
        out.append(
            f"the browser was too busy {mic.holes} times and left holes in the sound: the count began anew each time; "
            "close other pages and programs, or let this page be smaller"
        )
    if mic.lost > 0.02 * mic.rate_hz:
        out.append(
            f"{mic.lost / mic.rate_hz:.1f} s of sound were lost on the way and stand as silence: close other pages and "
            "programs, or come nearer to the network's antenna"
        )
    return out


def level_troubles(mic: Microphone, heard: list[str]) -> list[str]:
    """Too loud or too soft, where the ear has not said so already (`heard`)."""
    clipped = sum(count for _, count in mic.lately)
    if clipped and not any(line.startswith("clipping") for line in heard):
        return [
            f"too loud: {clipped} samples of the last seconds stand at the top of the scale; lower the microphone's "
            "level in the system's sound settings, or hold it less close"
        ]
    peak_db = max((peak for peak, _ in mic.lately), default=0.0)
    answered = mic.said is not None and mic.said["status"] == "ok"
    if len(mic.lately) == LATELY and DEAD_DB < peak_db < QUIET_DB and not answered:
        return [
            f"too quiet: the loudest of the last seconds is {peak_db:.0f} dB; raise the microphone's level in the "
            "system's sound settings, and bring it to the crown or against the back of the case"
        ]
    return []


def notes_of(mic: Microphone) -> tuple[str, ...]:
    """What a take's reader should know of how it was made."""
    notes = [f"heard by {mic.device or 'a microphone'} in a browser, at {mic.rate_hz:g} Hz"]
    notes += [f"{name} could not be switched off" for name in mic.processing]
    if mic.lost:
        notes.append(f"{mic.lost / mic.rate_hz:.2f} s were lost on the way and are silent")
    if mic.breaks:
        notes.append(f"the count began anew {mic.breaks} times")
    if mic.seams:
        first, end = longest(mic.seams, mic.kept)
        notes.append(f"the longest stretch without a break was kept, {(end - first) / mic.rate_hz:.0f} s")
    if mic.next > mic.kept:
        notes.append(f"the first {mic.take_s:.0f} s of {mic.seconds:.0f} s were kept")
    return tuple(notes)
