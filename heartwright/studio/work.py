"""One work of the session: a going `Live` with its sound, its last minute, and what was changed on it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.design import Design
from heartwright.edit import Edit, EditError, compose, undo
from heartwright.records import Floats, Trace
from heartwright.sound.stream import Stream
from heartwright.studio import takes
from heartwright.studio.frames import POSES_HZ, RATE_HZ
from heartwright.studio.instruments import Tape
from heartwright.studio.standing import Label
from heartwright.works import pump
from heartwright.works.live import Live

HISTORY_S = 60.0  # of the work, kept for listening
HEAD_START_S = 24.0  # each work has run so long when the room opens: there is something to judge at once
EXTRAS = tuple(pump.RECORD)  # of a heart, columns of its poses behind the rotors


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done to a work: the edits of one fault, repair, touch or slider."""

    id: int
    text: str
    edits: tuple[Edit, ...]
    time_s: float

    @property
    def undoable(self) -> bool:
        return bool(self.edits) and all(edit.reversible for edit in self.edits)

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "text": self.text, "undoable": self.undoable}


@dataclass(slots=True)
class GoingWork:
    """A design that runs. `since_s`: when it was last changed or put elsewhere; a verdict looks no further back."""

    id: int
    live: Live
    stream: Stream
    title: str
    before: Design  # as it came
    tape: Tape
    healthy_rad: float = 0.0  # its swing when it came
    history: deque[Trace] = field(default_factory=deque)
    done: list[Done] = field(default_factory=list)
    since_s: float = 0.0
    poses_hz: float = POSES_HZ
    label: Label | None = None  # what is said of it; None: what its design says
    failed: str = ""  # why the engine could not run it on
    sound: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    fresh: list[Trace] = field(default_factory=list)  # pieces whose poses and contacts are not sent yet
    untold: list[Trace] = field(default_factory=list)  # pieces whose figures are not sent yet
    ahead: list[Trace] = field(default_factory=list)  # what has happened and is still to be seen (a touch)
    _next: int = 1
    _pose_end: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    _pose_next: int = 0
    _wave_end: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)

    @classmethod
    def start(cls, id: int, design: Design, *, seed: int) -> GoingWork:
        """Build a work, let it run in, and set the level of its sound by what it did."""
        return cls.going_on(id, Live(design, seed=seed, poses_hz=POSES_HZ))

    @classmethod
    def going_on(cls, id: int, live: Live) -> GoingWork:
        """A work that was built already (its poses `POSES_HZ` a second)."""
        design = live.design
        stream = Stream(design, kind=design.kind, rate_hz=RATE_HZ, seed=live.seed)
        pieces = [live.advance(1.0) for _ in range(int(HEAD_START_S))]
        stream.set_level(pieces[-1] if len(pieces[-1].impacts) else pieces[0])
        work = cls(id, live, stream, design.title or design.name, design, Tape(1.0 / design.beat_hz))
        for piece in pieces:
            work.history.append(replace(piece, poses=piece.poses[:0]))
            work.tape.add(piece.beats)
        rows = work.tape.since(live.time - 6.0)
        work.healthy_rad = float(np.nanmean(rows[:, 3])) if len(rows) else 0.0
        return work

    @property
    def time(self) -> float:
        """What is seen and heard now [s of the work]; the work itself is ahead of it by a touch that is being shown."""
        return takes.started(self.ahead[0]) if self.ahead else self.live.time

    @property
    def extras(self) -> tuple[str, ...]:
        return EXTRAS if self.live.design.pump is not None else ()

    def at_speed(self, speed: float) -> None:
        """Take poses so often that the page always gets as many a second."""
        hz = POSES_HZ / speed
        if hz != self.poses_hz:
            self.live, self.poses_hz, self._pose_next = self.live.copy(poses_hz=hz), hz, 0

    def advance(self, seconds: float, n: int) -> Trace | None:
        """Go on by `seconds` of the work, and hear them in the next `n` samples; what happened, None for no time."""
        piece = self._next_piece(seconds) if seconds > 0.0 else None
        self.sound = np.concatenate([self.sound, self.stream.block(n, piece)])
        if piece is not None:
            self.keep(piece)
        return piece

    def _next_piece(self, seconds: float) -> Trace:
        """What is to be seen next: first what a touch has let happen already, then what the work does."""
        parts: list[Trace] = []
        until = self.time + seconds
        while self.ahead and takes.started(self.ahead[0]) < until - 1e-12:
            first = self.ahead.pop(0)
            if takes.ended(first) > until + 1e-12:
                first, rest = takes.cut(first, until)
                self.ahead.insert(0, rest)
            parts.append(first)
        if not self.ahead and until > self.live.time + 1e-12:
            parts.append(self.live.advance(until - self.live.time))
        return parts[0] if len(parts) == 1 else takes.merged(parts)

    def keep(self, piece: Trace) -> None:
        """Remember a piece; forget what is older than `HISTORY_S`."""
        self.history.append(replace(piece, poses=piece.poses[:0]))
        self.tape.add(piece.beats)
        self.fresh.append(piece)
        self.untold.append(self.history[-1])
        while takes.started(self.history[0]) < self.time - HISTORY_S:
            self.history.popleft()

    def hear(self, n: int) -> NDArray[np.float32]:
        """The next `n` samples; silence where there are not yet so many."""
        out, self.sound = self.sound[:n], self.sound[n:]
        return out if len(out) == n else np.concatenate([np.zeros(n - len(out), np.float32), out])

    def take(self, seconds: float) -> tuple[Trace, ...]:
        """The last pieces since the last change, `seconds` at most."""
        from_s = max(self.since_s, self.time - seconds) - 1e-9
        return tuple(p for p in self.history if takes.started(p) >= from_s)

    def poses(self) -> tuple[float, float, NDArray[np.float32]] | None:
        """Time of the first sample, step [s], and values [n_sample, n_rotor + n_extra] of the fresh pieces.

        The engine notes a pose at the end of the step in which it is due; here poses stand at whole multiples of the
        step of time, by straight lines between those that were noted.
        """
        rows = [p.poses for p in self.fresh if len(p.poses)]
        if not rows:
            return None
        table = np.concatenate([self._pose_end, *rows] if len(self._pose_end) else rows)
        first, last = math.ceil(table[0, 0] * self.poses_hz - 1e-9), math.floor(table[-1, 0] * self.poses_hz + 1e-9)
        first = max(first, self._pose_next)
        self._pose_end, self._pose_next = table[-1:], last + 1
        if first > last:
            return None
        at = np.arange(first, last + 1) / self.poses_hz
        columns = [np.interp(at, table[:, 0], table[:, k]) for k in range(1, table.shape[1])]
        columns += [self._extra(name, at) for name in self.extras]
        return float(at[0]), 1.0 / self.poses_hz, np.column_stack(columns).astype(np.float32)

    def _extra(self, name: str, at: Floats) -> Floats:
        """A waveform at the times of the poses, carried on straight where it is not yet written down."""
        times, values = self._wave_end.get(name, (np.zeros(0), np.zeros(0)))
        for piece in self.fresh:
            for wave in piece.waveforms:
                if wave.name == name:
                    times, values = np.concatenate([times, wave.time_s]), np.concatenate([values, wave.value])
        if not len(times):
            return np.zeros(len(at))
        self._wave_end[name] = (times[-2:], values[-2:])
        out = np.interp(at, times, values)
        if len(times) > 1 and times[-1] > times[-2]:
            slope = (values[-1] - values[-2]) / (times[-1] - times[-2])
            out += np.where(at > times[-1], slope * np.minimum(at - times[-1], 1.5e-3), 0.0)
        return out

    # ------------------------------------------------------------------------------------------ changing

    def change(self, edits: Iterable[Edit], text: str) -> Done:
        """Do edits on the going work. Raises EditError; nothing is changed then."""
        kept = compose(edits)
        self.live.change(kept)
        return self.note(kept, text)

    def note(self, edits: Iterable[Edit], text: str) -> Done:
        """Write down what was done to the work already."""
        done = Done(self._next, text, tuple(edits), self.live.time)
        self._next += 1
        self.done.append(done)
        self.since_s = self.live.time
        return done

    def slide(self, edits: Iterable[Edit], text: str) -> Done:
        """Like `change`; a slider that is moved on and on is one thing to undo."""
        done = self.change(edits, text)
        if len(self.done) > 1 and self.done[-2].text == text:
            whole = compose((*self.done[-2].edits, *done.edits))
            self.done[-2:] = [replace(done, edits=whole)] if whole else []
        return done

    def undo(self) -> Done | None:
        """Take back what was done last. Raises EditError where metal cannot be undone."""
        if not self.done:
            return None
        last = self.done[-1]
        if not last.edits:
            raise EditError(f"{last.text}: it changed no part, so there is nothing to put back")
        self.live.change(undo(last.edits))
        self.done.pop()
        self.since_s = self.live.time
        return last

    def as_json(self) -> dict[str, Any]:
        design = self.live.design
        return {
            "id": self.id,
            "kind": "design",
            "design": self.before.name,
            "title": self.title,
            "live": True,
            "movement_kind": design.kind,
            "rotors": list(self.live.rotors),
            "extras": list(self.extras),
            "lift_deg": design.lift_deg,
            "nominal_bph": design.nominal_bph,
            **(self.label or Label("heartwright", intent=design.notes)).as_json(),
            "status": self.live.status,
        }
