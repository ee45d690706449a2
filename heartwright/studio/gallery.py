"""The gallery: the standing works of the room on their shelves, in a thread of their own.

The session's tick tells it how far the room's time goes on; the thread carries that out, and hands back pictures, what
each work says, and words, which the next ticks send. So a heavy step of an orb delays no beat of the heart. Sound comes
`AHEAD` ticks late; where the thread falls behind by more than `BEHIND_S`, time is given up and counted, not made up.

The works stand on the plan's shelves and floor (`works.coupled`): they shake each other. The movement on the stand and
the watches beside it are the session's own and stand outside of this. Standing works follow the speed of the bench
below 1 and keep real time above it.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from heartwright.studio.frames import RATE_HZ
from heartwright.studio.standing import StandingWork, books

if TYPE_CHECKING:
    from heartwright.design.room import RoomPlan
    from heartwright.works.coupled import Coupled
    from heartwright.works.support import Statics

BEHIND_S = 0.4
AHEAD = 4  # ticks of sound that are ready before the first is played
FASTEST = 1.0
TELL_EVERY = 15  # ticks
BESIDE = 2  # threads for what is heavy
HANDED_ON_S = 3e-4  # the interpreter is handed on so soon where threads wait for it
TILT_S = 1.0  # in which the floor leans
SPARE, SPARE_M, SPARE_APART_M = "new works", 2.6, 0.22  # the shelf of what is dropped
SPARE_PLACE = (-1.2, 1.0, -2.0)
_LOG = logging.getLogger("heartwright")
Said = dict[str, NDArray[np.float32]]
SHELF_KEY = "shelf "  # before the name of a shelf that creaks, among the ids of works


@dataclass(frozen=True, slots=True)
class Tick:
    """One beat of the session as the gallery needs to know it."""

    n: int  # samples
    speed: float
    focus: int
    seen: bool  # whether anybody looks


@dataclass(slots=True)
class News:
    """What is ready to be sent: pictures by work, and messages."""

    pictures: dict[int, bytes] = field(default_factory=dict)
    words: list[dict[str, Any]] = field(default_factory=list)


class Gallery:
    """The standing works by id. Made and used on the event loop; its thread begins with the first work."""

    def __init__(
        self, works: dict[int, StandingWork] | None = None, *, plan: RoomPlan | None = None, seed: int = 1
    ) -> None:
        self.works: dict[int, StandingWork] = {} if works is None else works
        self.plan, self.seed = plan, seed
        self.room: Coupled | None = None  # made with the first work
        self.shelves: list[dict[str, Any]] = []  # how each bears what stands on it
        self.books: dict[str, Any] = {}  # of all that stands here together, with floor and shelves
        self.late_s = 0.0  # time given up, in all
        self.gaps = 0  # ticks for which no sound was ready
        self.load = 0.0  # share of the time for which the thread was busy, smoothed
        self.seconds = 0.0  # of the gallery's time
        self._ticks: deque[Tick] = deque()
        self._jobs: deque[Callable[[], None]] = deque()
        self._news = News()
        self._sound: deque[Said] = deque()
        self._filled = False
        self._turn = 0
        self._wake = threading.Condition()
        self._air = (0.0, 23.0)
        self._leant = 0.0
        self._beside = ThreadPoolExecutor(BESIDE, "beside")
        self._ended = False
        self._thread: threading.Thread | None = None

    # ------------------------------------------------------------------------------------ on the event loop

    def put(self, work: StandingWork) -> Future[None]:
        """Let a work stand here; one without a shelf goes to that of new works. ValueError where it would break."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="gallery", daemon=True)
            self._thread.start()
        return self.ask(lambda: self._put(work))

    def place(self, tilt_deg: float, temperature_c: float) -> None:
        """Lean the floor (+ anticlockwise as the viewer sees it) and change the air."""
        self._air = (tilt_deg, temperature_c)
        if self._thread is not None:
            self.ask(self._lean)

    def tick(self, n: int, speed: float, focus: int, *, seen: bool) -> None:
        """The room's time goes on by `n` samples at this speed (0: it stands still)."""
        if self._thread is None:
            return
        with self._wake:
            self._ticks.append(Tick(n, min(speed, FASTEST), focus, seen))
            while len(self._ticks) * n > BEHIND_S * RATE_HZ:
                self.late_s += self._ticks.popleft().n / RATE_HZ
            self._wake.notify()

    def hear(self) -> Said:
        """What each says in the next tick; nothing while there is none ready."""
        if not self._filled and len(self._sound) < AHEAD:
            return {}
        self._filled = True
        try:
            return self._sound.popleft()
        except IndexError:
            self._filled, self.gaps = False, self.gaps + 1
            return {}

    def news(self) -> News:
        """What came about since the last tick."""
        with self._wake:
            out, self._news = self._news, News()
        return out

    def ask(self, job: Callable[[], Any]) -> Future[Any]:
        """Have something done between two steps; its result or error comes back."""
        answer: Future[Any] = Future()

        def run() -> None:
            try:
                answer.set_result(job())
            except BaseException as why:
                answer.set_exception(why)

        if self._thread is None:
            run()
        else:
            with self._wake:
                self._jobs.append(run)
                self._wake.notify()
        return answer

    def state(self) -> dict[str, Any]:
        """How it goes: time given up [s], share of the time that the thread was busy, gaps of the sound, books."""
        return {"late_s": self.late_s, "load": self.load, "gaps": self.gaps, "books": self.books}

    def close(self) -> None:
        """End the thread."""
        with self._wake:
            self._ended = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(2.0)
        self._beside.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------------------------ in the thread

    def _run(self) -> None:
        sys.setswitchinterval(min(sys.getswitchinterval(), HANDED_ON_S))
        try:
            self._go_round()
        except (RuntimeError, CancelledError):
            if not self._ended:  # else what goes on beside was ended under it
                raise

    def _go_round(self) -> None:
        while True:
            with self._wake:
                while not (self._ticks or self._jobs or self._ended):
                    self._wake.wait(1.0)
                if self._ended:
                    return
                tick = self._ticks.popleft() if self._ticks else None
            if self._jobs:
                for work in self.works.values():
                    work.settle()
            while self._jobs:
                self._jobs.popleft()()
            if tick is not None:
                began = time.perf_counter()
                self._step(tick)
                busy = (time.perf_counter() - began) * RATE_HZ / tick.n
                self.load += 0.03 * (busy - self.load)

    def _put(self, work: StandingWork) -> None:
        from heartwright.works.seats import On

        room = self._room()
        if not work.shelf:
            self._give_place(work)
        kept = work.kept(set(room.works), self._beside)
        state = room.add(On(kept, work.shelf, work.along))
        if state.status == "broken":
            raise ValueError(f"the shelf would break under it. {state.advice}".strip())
        self.works[work.id] = work
        self._weigh()

    def _room(self) -> Coupled:
        """Shelves and floor, made when they are wanted first."""
        if self.room is None:
            from heartwright.design.room import Shelf
            from heartwright.works.coupled import Coupled
            from heartwright.works.support import Support

            spare = Shelf(name=SPARE, place=SPARE_PLACE, length=SPARE_M)
            plan = self.plan
            shelves = (*plan.shelves, spare) if plan else (spare,)
            support = Support(shelves, floor=plan.floor if plan else None, chamber=plan.chamber if plan else None)
            self.room = Coupled([], support, seed=self.seed)
            self._lean()
        return self.room

    def _give_place(self, work: StandingWork) -> None:
        """The next free place on the shelf of new works."""
        taken = sum(other.shelf == SPARE for other in self.works.values())
        along = 0.5 * SPARE_APART_M + taken * SPARE_APART_M
        if along > SPARE_M:
            raise ValueError(f"the shelf of {SPARE} holds {taken} works, and that is the most; start the studio anew")
        work.shelf, work.along = SPARE, along

    def _lean(self) -> None:
        if self.room is None:
            return
        tilt_deg, self.room.temperature_c = self._air
        if tilt_deg != self._leant:
            self.room.tilt(tilt_deg, seconds=TILT_S)
            self._leant = tilt_deg

    def _weigh(self) -> None:
        """How each shelf bears what stands on it."""
        if self.room is not None:
            desk = {shelf.name: shelf.mix_db for shelf in self.plan.shelves} if self.plan else {}
            self.shelves = [
                _borne(state) | {"moves_um_s": 0.0, "mix_db": desk.get(state.shelf, 0.0)}
                for state in self.room.statics()
                if state.load_kg > 0.0
            ]

    def _step(self, tick: Tick) -> None:
        """One tick: the works go on, are heard, and those are shown whose turn it is."""
        self._turn += 1
        works = list(self.works.values())
        if tick.speed > 0.0 and self.room is not None:
            self.seconds += tick.n / RATE_HZ * tick.speed
            self.room.advance(self.seconds - self.room.time)
            for work in works:  # the heavy ones last: they have longest to end their step
                self._guarded(work, lambda w: None if w.heavy else w.listen(tick.n))
            for work in works:
                self._guarded(work, lambda w: w.listen(tick.n) if w.heavy else None)
        self._sound.append(self._said(works, tick))
        while len(self._sound) > 3 * AHEAD:
            self._sound.popleft()
        if tick.seen:
            for work in works:
                if self._shows(work, tick):
                    self._guarded(work, lambda w: self._show(w, tick.speed))
        for work in works:
            if work.failed and not work.told:
                self._tell_failed(work)
        if self._turn % TELL_EVERY == 0:
            self._look(tick.focus)

    def _look(self, focus: int) -> None:
        """Twice a second: the figures of what is in focus, the books, and how the shelves move."""
        if focus in self.works:
            self._guarded(self.works[focus], lambda w: self._tell(w.message()))
        if self.room is not None:
            self.books = books(self.room.ledger())
            moves: dict[str, float] = {}
            for work in self.works.values():
                if work.on_shelf is not None:
                    _, velocity = self.room.stand(work.on_shelf.name)
                    moves[work.shelf] = max(moves.get(work.shelf, 0.0), float(np.linalg.norm(velocity[:3])))
            self.shelves = [state | {"moves_um_s": 1e6 * moves.get(state["name"], 0.0)} for state in self.shelves]

    def _shows(self, work: StandingWork, tick: Tick) -> bool:
        every = work.every(in_focus=work.id == tick.focus)
        return self._turn % every == work.id % every

    def _show(self, work: StandingWork, speed: float) -> None:
        frame = work.shown(speed)
        with self._wake:
            self._news.pictures[work.id] = frame

    def _tell(self, message: dict[str, Any]) -> None:
        with self._wake:
            self._news.words.append(message)

    def _said(self, works: list[StandingWork], tick: Tick) -> Said:
        """What each work says in this tick [Pa at 1 m], by its id, and each shelf that creaks."""
        said = {str(work.id): work.hear(tick.n) for work in works}
        if self.room is not None and tick.speed > 0.0:
            for name, groans in self.room.groans.items():
                creaking = groans.heard(tick.n, RATE_HZ)
                if creaking.any():
                    said[SHELF_KEY + name] = creaking
        return said

    def _guarded(self, work: StandingWork, what: Callable[[StandingWork], None]) -> None:
        """Do something with a work; one that cannot go on does not take the others with it."""
        if work.failed:
            return
        try:
            what(work)
        except Exception as why:
            work.fail(why)

    def _tell_failed(self, work: StandingWork) -> None:
        work.told = True
        reason = f"{work.title} cannot go on: {work.failed}"
        refused = {"type": "refused", "id": 0, "of": "going on", "reason": reason, "allowed": None}
        self._tell(refused | {"work": work.id})


def _borne(state: Statics) -> dict[str, Any]:
    """How a shelf bears what stands on it, as plain data."""
    return {
        "name": state.shelf,
        "load_kg": state.load_kg,
        "sag_mm": 1e3 * state.sag,
        "share": state.use,
        "status": state.status,
        "advice": state.advice,
    }
