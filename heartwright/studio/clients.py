"""One connection and what waits to be sent on it. A slow line loses old poses, pictures and sound, never words.

What was handed to the line is out of reach: the buffers of two systems and of a browser that is busy drawing hold
seconds of it. So a page tells how many pictures it has taken up (`frames.receipt`), and no more than `UNDER_WAY` are
ever on their way to it; of each standing work only the newest picture waits. Who sends no receipts gets what the line
bears.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from heartwright.studio.people import Person

FRAMES_MOST = 60  # frames or blocks that may wait
WORDS_MOST = 2_000  # messages that may wait; a line that is so far behind is cut
UNDER_WAY = 40  # pictures; a room of 20 works and a line of 100 ms there and back have as many


@dataclass(slots=True, eq=False)
class Client:
    """A connection. `closed` is set when it is to be cut."""

    person: Person | None = None
    frames: deque[bytes] = field(default_factory=lambda: deque(maxlen=FRAMES_MOST))
    pictures: dict[int, bytes] = field(
        default_factory=dict
    )  # of each standing work the newest, in the order of waiting
    sent: int = 0  # pictures
    taken: int | None = None  # of them, by the page's receipts; None: it sends none
    words: deque[str] = field(default_factory=deque)
    closed: bool = False
    lost: int = 0
    _ready: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, frame: bytes) -> None:
        """Queue a frame; where too many wait, the oldest is lost."""
        self.lost += len(self.frames) == FRAMES_MOST
        self.frames.append(frame)
        self._ready.set()

    def picture(self, work: int, frame: bytes) -> None:
        """Queue what is seen of a standing work now; an older picture that still waits is lost."""
        self.lost += work in self.pictures
        self.pictures[work] = frame
        self._ready.set()

    def took(self, count: int) -> None:
        """The page says how many pictures it has taken up since it came."""
        self.taken = max(self.taken or 0, min(count, self.sent))
        self._ready.set()

    @property
    def _may_see(self) -> bool:
        """Whether a picture waits, and may go."""
        return bool(self.pictures) and (self.taken is None or self.sent - self.taken < UNDER_WAY)

    def tell(self, message: str) -> None:
        """Queue a message."""
        if len(self.words) >= WORDS_MOST:
            self.closed = True
        else:
            self.words.append(message)
        self._ready.set()

    def close(self) -> None:
        self.closed = True
        self._ready.set()

    async def next(self) -> list[str | bytes]:
        """What is to be sent, words first, and of pictures the one that has waited longest: the others may still be
        replaced while it is on its way. Waits until there is something. Empty: the connection is to be cut."""
        while not (self.words or self.frames or self._may_see or self.closed):
            self._ready.clear()
            await self._ready.wait()
        if self.closed:
            return []
        out: list[str | bytes] = [*self.words, *self.frames]
        self.words.clear()
        self.frames.clear()
        if self._may_see:
            out.append(self.pictures.pop(next(iter(self.pictures))))
            self.sent += 1
        return out


def text_of(message: dict[str, Any]) -> str:
    """A message as JSON; what is not finite becomes null."""
    try:
        return json.dumps(message, allow_nan=False, separators=(",", ":"))
    except ValueError:
        return json.dumps(finite(message), allow_nan=False, separators=(",", ":"))


def finite(value: Any) -> Any:
    """`value` with null for every number that is not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    return value
