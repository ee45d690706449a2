"""The one session: it owns the works, moves their time, and sends what is seen and heard to everybody alike.

A beat of the session is `TICK_S`. In each, every work goes on by `TICK_S` times the speed, poses go out, and what was
said goes to be mixed (`mixing`), from where blocks of sound come back. All of this happens on the event loop, so
nothing needs a lock; what takes long (mixing, listening, judging, rehearsing) is done elsewhere and comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from heartwright.studio import care, desk, frames, instruments, saying
from heartwright.studio.aside import aside
from heartwright.studio.clients import Client, text_of
from heartwright.studio.dreaming import Dreaming
from heartwright.studio.frames import BLOCK, RATE_HZ
from heartwright.studio.gallery import FASTEST, SHELF_KEY, Gallery
from heartwright.studio.hearing import Hearing
from heartwright.studio.messages import AnyCommand
from heartwright.studio.microphones import Microphones
from heartwright.studio.mixing import Mixed, Mixing
from heartwright.studio.people import People, Person
from heartwright.studio.recorded import Recorded
from heartwright.studio.shelf import Shelf

if TYPE_CHECKING:
    from heartwright.design.room import RoomPlan
    from heartwright.studio.work import GoingWork

TICK = 1600  # samples
TICK_S = TICK / RATE_HZ
SHELF_EVERY = 3  # a work on a shelf moves and is shown every so many ticks
STATE_EVERY = 15  # ticks
DISCORD_EVERY, DISCORD_WEIGHT = 60, 0.3  # ticks; of the newest in the running mean
LATE_S = 0.25  # where the machine was late by more, the time is given up
_LOG = logging.getLogger("heartwright")


class Session:
    """Everything that goes on. Made inside a running event loop by `app`; `start` and `stop` frame its life."""

    def __init__(
        self,
        people: People | None = None,
        *,
        seed: int = 1,
        designs: tuple[str, ...] | None = None,
        plan: RoomPlan | None = None,
    ) -> None:
        self.people = people or People()
        self.shelf = Shelf(seed=seed, designs=designs, plan=plan)
        self.gallery = Gallery(self.shelf.standing, plan=plan, seed=seed)
        self.mixing = Mixing(plan, self._take_mixed)
        self.recorded = Recorded()
        self.lookers: set[Client] = set()
        self.listeners: set[Client] = set()
        self.speed, self.halted = 1.0, False
        self.beat_until: float | None = None  # one beat, then halt [s of the work]
        self.focus = 0
        self.address = ""  # as people reach it, set by who serves
        self.ticks = 0
        self.late_s = 0.0  # time given up, in all
        self.hearing = Hearing(self)
        self.rehearsing = care.Rehearsing(self)
        self.dreaming = Dreaming(self)
        self.microphones = Microphones(self)
        self.seconds = 0.0  # of the session
        self.discord = 0.0
        self._to_put: dict[int, tuple[float, float]] = {}  # works that still have to feel the room
        self._heard: deque[NDArray[np.float32]] = deque(maxlen=RATE_HZ // TICK)  # the last second, without the chamber
        self._voiced: set[str] = set()  # what has its place in the hall
        self.lists: dict[str, Any] = {}
        self._greeting: asyncio.Task[None] | None = None
        self.works_changed = False
        self._touches = 0
        self._sequence = 0
        self._pcm = np.zeros((2, 0), np.float32)
        self._changed = True
        self._task: asyncio.Task[None] | None = None
        self._opening: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------------------------------ life

    async def start(self) -> None:
        """Begin: at once with the recorded heart, and with the going works as soon as their kernels are there."""
        self.mixing.open()
        self._task = asyncio.create_task(self._run(), name="session")
        self._opening = asyncio.create_task(self._open(), name="opening")

    async def stop(self) -> None:
        """End cleanly: nobody is left waiting."""
        for task in (self._opening, self._greeting, self._task):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        await self.rehearsing.close()
        await self.microphones.close()
        await self.hearing.close()
        self.gallery.close()
        self.mixing.close()
        for client in (*self.lookers, *self.listeners):
            client.close()

    async def _open(self) -> None:
        """Build the works, the focus first, in a thread; what goes wrong is told, not lost."""
        try:
            await self._open_all()
        except Exception as why:
            _LOG.exception("the works could not be opened")
            self.refuse("opening", f"the works could not all be opened: {why}")

    async def _open_all(self) -> None:
        """The movements, the recorded heart playing meanwhile, then what stands on shelves."""
        async for work in self.shelf.open():
            work.at_speed(self.speed)
            if self.recorded.playing and work.id == self.focus:
                self.recorded.playing = False
                self._pcm = np.zeros((2, 0), np.float32)
                self.hearing.ear.ready()
                self.focus_on(self.focus)
                self.hearing.want(self.focus)
            self.changed(works=True)
        async for made in self.shelf.furnish():
            try:
                if isinstance(made, str):
                    raise ValueError(made)
                await asyncio.wrap_future(self.gallery.put(made))
            except ValueError as why:
                self.refuse("opening", str(why))
            self.changed(works=True)
        gc.freeze()  # what is there now stays: no pauses to look through it

    @property
    def compiling(self) -> dict[str, Any]:
        return {"on": self.recorded.playing, "text": self.shelf.why_recorded() if self.recorded.playing else ""}

    @property
    def going(self) -> list[GoingWork]:
        return list(self.shelf.going.values())

    @property
    def work(self) -> GoingWork | None:
        """The going work in focus."""
        return self.shelf.going.get(self.focus)

    @property
    def still(self) -> bool:
        """Whether the room stands still: halted, or while a touch is rehearsed on copies."""
        return self.halted or self.rehearsing.on

    # ------------------------------------------------------------------------------------------ time

    async def _run(self) -> None:
        due = time.monotonic()
        while True:
            due += TICK_S
            late = time.monotonic() - due
            if late > LATE_S:
                due, self.late_s = due + late, self.late_s + late
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.tick()

    def tick(self) -> None:
        """One beat of the session."""
        self.ticks, self.seconds = self.ticks + 1, self.seconds + TICK_S
        speed = 0.0 if self.still else self.speed
        self._put_one()
        if self.recorded.playing:
            self._play_recorded(speed)
        else:
            self.gallery.tick(TICK, speed, self.focus, seen=bool(self.lookers))
            self._go_on(speed)
            self._show_gallery()
        self.hearing.look()
        if self.work and not self.recorded.playing and self.ticks % STATE_EVERY == 0:
            self.send(instruments.message(self.work))
        self.dreaming.look(TICK_S)
        if self._changed or self.ticks % STATE_EVERY == 0:
            self.send(saying.state(self) | saying.lately(self))
            self._changed = False

    def _go_on(self, speed: float) -> None:
        said = dict(self.gallery.hear())
        focus = self.work
        for work in self.going:
            if work.failed:
                continue
            try:
                self._move(work, speed, front=work is focus)
            except Exception as why:  # one work that cannot go on does not take the others with it
                work.failed = str(why) or type(why).__name__
                _LOG.exception("%s does not go on", work.before.name)
                self.refuse("going on", f"{work.title} cannot be run on: {work.failed}", work=work.id)
            said[str(work.id)] = work.hear(TICK)
        standing = self.gallery.works.get(self.focus)
        if focus is not None and self.beat_until is not None and focus.time >= self.beat_until - 1e-9:
            self.beat_until, self.halted = None, True
            self.changed()
        if standing is not None:
            self._mix(said, standing.work.time, min(speed, FASTEST))
        else:
            self._mix(said, focus.time if focus is not None else self.recorded.time, speed)

    def _mix(self, said: dict[str, NDArray[np.float32]], time_s: float, speed: float) -> None:
        """Have what was said mixed; until the hall is ready, the work in focus is heard plainly."""
        if not self.mixing.ready:
            plain = said.get(str(self.focus), np.zeros(TICK, np.float32))
            self._sound(np.stack([plain, plain]), time_s, speed)
            return
        for key in said.keys() - self._voiced:
            self._voiced.add(key)
            self._give_voice(key)
        self.mixing.attend(str(self.focus))
        self.mixing.send(said, TICK, time_s=time_s, speed=speed)

    def _give_voice(self, key: str) -> None:
        """Let what is heard for the first time have its place in the hall."""
        from heartwright.studio import voices

        plan, going = self.shelf.plan, self.shelf.going
        if not key.isdigit():
            voice, middle = voices.of_shelf(plan, key.removeprefix(SHELF_KEY))
            self.mixing.stand(key, voice, middle=middle)
        elif int(key) in going:
            kinds = {id: work.live.design.kind for id, work in going.items() if 0 < id < int(key)}
            kind = going[int(key)].live.design.kind
            nth = sum((other == "pendulum") == (kind == "pendulum") for other in kinds.values()) if int(key) else -1
            self.mixing.stand(key, voices.of_movement(plan, going[int(key)].title, kind, nth))
        else:
            voice, middle = voices.of_standing(plan, self.gallery.works[int(key)])
            self.mixing.stand(key, voice, middle=middle)

    def _take_mixed(self, mixed: Mixed) -> None:
        self._measure_discord(mixed.plain)
        self._sound(mixed.ears, mixed.time_s, mixed.speed)

    def _move(self, work: GoingWork, speed: float, *, front: bool) -> None:
        """Let a work go on, and show it."""
        piece = None
        if front:
            piece = work.advance(TICK_S * self._step_of(work, speed), TICK)
        elif self.ticks % SHELF_EVERY == work.id % SHELF_EVERY:
            piece = work.advance(SHELF_EVERY * TICK_S * speed, SHELF_EVERY * TICK)
        self.dreaming.step(work, piece)
        self._show(work, speed)

    def _step_of(self, work: GoingWork, speed: float) -> float:
        """The speed of this tick: the last one of a single beat is cut short."""
        if self.beat_until is None or speed <= 0.0:
            return speed
        return min(speed, max(0.0, self.beat_until - work.time) / TICK_S)

    def _show(self, work: GoingWork, speed: float) -> None:
        """Send the fresh poses and contacts of a work."""
        if not work.fresh:
            return
        found = work.poses() if self.lookers else None
        if found is not None:
            t0, dt, values = found
            shown = frames.Poses(work.id, len(work.live.rotors), time.time(), t0, dt, speed, values)
            self.show(shown.pack())
        if work.id == self.focus and self.lookers:
            contacts = [row for piece in work.fresh for row in saying.contacts(piece)]
            if contacts:
                self.send({"type": "contacts", "work": work.id, "list": contacts})
        work.fresh.clear()

    def _show_gallery(self) -> None:
        """Send what came about on the shelves."""
        news = self.gallery.news()
        for client in self.lookers:
            for id, frame in news.pictures.items():
                client.picture(id, frame)
        for message in news.words:
            self.send(message)

    def _play_recorded(self, speed: float) -> None:
        t0, dt, values, samples = self.recorded.next(TICK_S * speed, TICK)
        if len(values) and self.lookers:
            self.show(frames.Poses(0, len(self.recorded.rotors), time.time(), t0, dt, speed, values).pack())
        self._sound(np.stack([samples, samples]), self.recorded.time, speed)

    def _sound(self, ears: NDArray[np.float32], time_s: float, speed: float) -> None:
        """Send whole blocks of [2, n] samples; the time is that of the work at the block's first sample."""
        self._pcm = np.concatenate([self._pcm, ears], axis=1)
        while self._pcm.shape[1] >= BLOCK:
            at = time_s - self._pcm.shape[1] / RATE_HZ * speed
            block = frames.sound_block(self._sequence, RATE_HZ, at, self._pcm[:, :BLOCK])
            self._pcm = self._pcm[:, BLOCK:]
            self._sequence += 1
            for client in self.listeners:
                client.show(block)

    def _measure_discord(self, plain: NDArray[np.float32]) -> None:
        """The sensory dissonance of the last second of what is heard, every two seconds, smoothed."""
        self._heard.append(plain)
        if self.ticks % DISCORD_EVERY == 0 and not self.still:
            from heartwright.sound import discord

            heard = np.concatenate(self._heard).astype(np.float64)
            self.discord += DISCORD_WEIGHT * (discord.of_sound(heard, RATE_HZ) - self.discord)

    # ------------------------------------------------------------------------------------------ telling

    def show(self, frame: bytes) -> None:
        for client in self.lookers:
            client.show(frame)

    def send(self, message: dict[str, Any]) -> None:
        """A message to everybody."""
        if self.lookers:
            text = text_of(message)
            for client in self.lookers:
                client.tell(text)

    def refuse(self, of: str, reason: str, **more: Any) -> None:
        """Tell everybody of something that was asked for and came to nothing."""
        self.send({"type": "refused", "id": 0, "of": of, "reason": reason, "allowed": None, **more})

    def changed(self, *, works: bool = False) -> None:
        """Something changed: the state goes out with the next tick (with works and sliders, where they changed)."""
        self._changed = True
        self.works_changed |= works

    async def greet(self) -> None:
        """Have ready what a greeting needs: the first time it is imported, in a thread."""
        if self._greeting is None:
            self._greeting = asyncio.create_task(self._prepare(), name="greeting")
        await asyncio.shield(self._greeting)

    async def _prepare(self) -> None:
        self.lists = await aside(saying.lists)

    def focus_on(self, id: int) -> None:
        """Put a work in focus: its figures, contacts and sound are what everybody gets."""
        self.focus, self.beat_until = id, None
        if self.work:
            self.send(instruments.message(self.work, all_of_them=True))
        if id in self.hearing.heard:
            self.send(self.hearing.message(id))
        self.changed(works=True)

    def next_seed(self) -> int:
        """A seed for the next touch: another each time, the same in the same session."""
        self._touches += 1
        return self.shelf.seed * 1_000_003 + self._touches

    async def do(self, person: Person, command: AnyCommand) -> dict[str, Any]:
        """Do what somebody asks; the answer: done, or refused and why."""
        return await desk.do(self, person, command)

    def place(self, *, tilt_deg: float | None, temperature_c: float | None, wind: float | None) -> None:
        """Put all works elsewhere; what is None stays."""
        now = saying.room(self)
        if wind is not None and self.work is not None:
            self.work.live.place(wind=wind)
            self.work.since_s = self.work.live.time
            self.hearing.want(self.focus)
        self.put(
            now["tilt_deg"] if tilt_deg is None else tilt_deg,
            now["temperature_c"] if temperature_c is None else temperature_c,
        )
        self.changed()

    def put(self, tilt_deg: float, temperature_c: float) -> None:
        """Tilt and temperature of the room: the work in focus feels them at once, the others one each tick."""
        for work in self.going:
            if (work.live.tilt_deg, work.live.temperature_c) != (tilt_deg, temperature_c):
                self._to_put[work.id] = (tilt_deg, temperature_c)
        self.gallery.place(tilt_deg, temperature_c)
        if self.mixing.ready:
            self.mixing.air(temperature_c)
        if self.focus in self._to_put:
            self._put_one(self.focus)
            if not self.dreaming.on:
                self.hearing.want(self.focus)

    def _put_one(self, id: int | None = None) -> None:
        """Let one of the works that wait for it feel the room."""
        if not self._to_put:
            return
        id = next(iter(self._to_put)) if id is None else id
        tilt_deg, temperature_c = self._to_put.pop(id)
        work = self.shelf.going.get(id)
        if work is not None:
            work.live.place(tilt_deg=tilt_deg, temperature_c=temperature_c)
            work.since_s = work.live.time
