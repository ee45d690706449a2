"""The mixing of the room's sound, on a thread of its own: what was said goes in each tick, stereo comes back soon.

So no filter delays a beat. Jobs are done in the order in which they were given; the chamber is built by the first of
them, and until it is ready the sound goes past it, alike in both ears. Where the thread falls behind by more than
`BEHIND` ticks, ticks are left out and counted.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from heartwright.design.room import RoomPlan
    from heartwright.studio.hall import Hall, Voice
    from heartwright.work import Vector

Singles = NDArray[np.float32]
BEHIND = 12  # ticks
_LOG = logging.getLogger("heartwright")


@dataclass(frozen=True, slots=True)
class Mixed:
    """What was mixed: `ears` [2, n] within +-1, `plain` [n] without the chamber [Pa], and the time and speed of the
    work in focus, as they were told with it."""

    ears: Singles
    plain: Singles
    time_s: float
    speed: float


class Mixing:
    """The thread and its hall. Made and used on the event loop; `heard` is called there with what was mixed."""

    def __init__(self, plan: RoomPlan | None, heard: Callable[[Mixed], None]) -> None:
        self._plan, self._heard = plan, heard
        self._hall: Hall | None = None
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._waiting = 0  # ticks
        self.left_out = 0  # ticks, in all
        self.focus = ""

    def open(self) -> None:
        """Begin: the chamber is built first; what is imported and compiled for it is waited for by nobody."""
        self._jobs.put(self._build)
        threading.Thread(target=self._run, name="mixing", daemon=True).start()

    def close(self) -> None:
        """End the thread once it has done what it is doing."""
        self._jobs.put(None)

    @property
    def ready(self) -> bool:
        return self._hall is not None

    def stand(self, key: str, voice: Voice, *, middle: Vector | None = None) -> None:
        """Let something sound in the hall from now on (`Hall.stand`)."""
        self._jobs.put(lambda: self._there.stand(key, voice, middle=middle))

    def attend(self, key: str) -> None:
        """Step up to what is in focus."""
        if key != self.focus:
            self.focus = key
            self._jobs.put(lambda: self._there.attend(key))

    def air(self, temperature_c: float) -> None:
        """Let the air of the room be so warm."""
        self._jobs.put(lambda: self._there.air(temperature_c))

    def send(self, said: Mapping[str, Singles], n: int, *, time_s: float, speed: float) -> None:
        """Have the next `n` samples mixed of what each says; `heard` gets them."""
        if self._waiting >= BEHIND:
            self.left_out += 1
            return
        self._waiting += 1
        loop = asyncio.get_running_loop()

        def mix() -> None:
            mixed = None
            try:
                ears = self._there.mix(said, n)
                mixed = Mixed(ears, self._there.plain, time_s, speed)
            finally:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(self._take, mixed)

        self._jobs.put(mix)

    def _take(self, mixed: Mixed | None) -> None:
        self._waiting -= 1
        if mixed is not None:
            self._heard(mixed)

    # ------------------------------------------------------------------------------------------ in the thread

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # one moment that cannot be mixed does not end the sound
                _LOG.exception("something could not be done in the hall")

    def _build(self) -> None:
        from heartwright.studio.hall import Hall

        hall = Hall(self._plan)
        hall.mix({}, 256)  # compiles
        self._hall = hall

    @property
    def _there(self) -> Hall:
        if self._hall is None:
            raise RuntimeError("the hall could not be built")
        return self._hall
