"""One connection and what waits to be sent on it. A slow line loses old poses, pictures and sound, never words."""

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


@dataclass(slots=True, eq=False)
class Client:
    """A connection. `closed` is set when it is to be cut."""

    person: Person | None = None
    frames: deque[bytes] = field(default_factory=lambda: deque(maxlen=FRAMES_MOST))
    pictures: dict[int, bytes] = field(default_factory=dict)  # of each standing work the newest
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
        """All that waits, words first; waits until there is something. Empty: the connection is to be cut."""
        while not (self.words or self.frames or self.pictures or self.closed):
            self._ready.clear()
            await self._ready.wait()
        if self.closed:
            return []
        out: list[str | bytes] = [*self.words, *self.frames, *self.pictures.values()]
        self.words.clear()
        self.pictures.clear()
        self.frames.clear()
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
