"""One standing work of the session: a `Work` with its place, its sound, what is said of it, and what was done to it."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Ledger
from heartwright.studio import frames
from heartwright.studio.frames import RATE_HZ
from heartwright.work import STILL, Figure, Ground, Reaction, Work

#: Ticks of the session from one picture of a work to the next.
SHOWN_EVERY = {"gyroscope": 1, "clockwork": 1}  # of what is in focus
USUAL_EVERY = 2
HEAVY = ("galaxy", "web")  # their kernels let go of the interpreter for milliseconds: they go on beside the others
#: Step of the exchange with the shelf [s] where the live room takes a longer one than the work would: a web hardly
#: moves its shelf, and a gyroscope foretells its own force (the books close as well as with 2 ms).
EXCHANGE_S = {"web": 0.016, "gyroscope": 0.004}
#: Ticks of sound that are asked for at once where asking is dear; so much later it is heard.
HEARD_EVERY = {"clockwork": 3}
DONE_MOST = 40
COST_WEIGHT = 0.5  # a second, of the newest in the running mean of the cost
#: How many of the last numbers that a work is seen by must be exact: a web's thoughts name threads by number.
FINE = {"galaxy": 0, "web": 48}
_LOG = logging.getLogger("heartwright")


@dataclass(frozen=True, slots=True)
class Label:
    """What is said of a work: who made it, when, what was meant, what it owns to."""

    author: str = ""
    date: str = ""
    intent: str = ""
    weakness: str = ""

    def as_json(self) -> dict[str, str]:
        return {"author": self.author, "date": self.date, "intent": self.intent, "weakness": self.weakness}


class Kept:
    """A work as its shelf knows it: it has a name of its own, and where it breaks the others go on.

    A heavy one goes on beside the others, on another core: what it did to its shelf then reaches it one step of its own
    late (16 ms). All that a work may tell besides (what hangs loose in it, its momentum, its
    own step) is passed on.
    """

    def __init__(self, work: StandingWork, name: str, beside: Executor | None = None) -> None:
        self._of, self._work, self.name = work, work.work, name
        self._beside = beside if work.work.kind in HEAVY else None
        self._pending: Future[Reaction] | None = None
        self._late = Reaction()
        self._books = Ledger(0.0, {}, 0.0, 0.0)

    def __getattr__(self, name: str) -> Any:
        if name == "coupling_s" and self._work.kind in EXCHANGE_S:
            return EXCHANGE_S[self._work.kind]
        return getattr(self._work, name)

    def advance(self, seconds: float, ground: Ground = STILL) -> Reaction:
        if self._beside is None:
            return self._go_on(seconds, ground)
        self.settle()
        late, self._late = self._late, Reaction()
        self._pending = self._beside.submit(self._go_on, seconds, ground)
        return late

    def settle(self) -> None:
        """Wait until it has done its step."""
        if self._pending is not None:
            self._late, self._pending = self._pending.result(), None

    def _go_on(self, seconds: float, ground: Ground) -> Reaction:
        if self._of.failed:
            return Reaction()
        began = time.perf_counter()
        try:
            return self._work.advance(seconds, ground)
        except Exception as why:
            self._of.fail(why)
            return Reaction()
        finally:
            self._of.cost += COST_WEIGHT * (time.perf_counter() - began - seconds * self._of.cost)

    def ledger(self) -> Ledger:
        """Its books; of one that broke those that were told last."""
        self.settle()
        if not self._of.failed:
            self._books = self._work.ledger()
        return self._books


@dataclass(slots=True)
class StandingWork:
    """A work on a shelf. Everything but `as_json` is called by the gallery's thread alone."""

    id: int
    work: Work
    title: str = ""
    label: Label = field(default_factory=Label)
    shelf: str = ""
    along: float = 0.0  # [m]
    notes: tuple[str, ...] = ()  # on what it was made from
    failed: str = ""  # why it could not go on
    told: bool = False  # that it could not
    done: deque[str] = field(default_factory=lambda: deque(maxlen=DONE_MOST))
    on_shelf: Kept | None = None
    cost: float = 0.0  # seconds of the machine for each second of its own, smoothed
    _sound: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    _due: list[int] = field(default_factory=list)  # samples of the ticks that were not asked for yet

    def kept(self, taken: set[str], beside: Executor | None) -> Kept:
        """It for its shelf, by its title, with a number where that is taken."""
        name, k = self.title or self.work.name, 2
        while name in taken:
            name, k = f"{self.title or self.work.name} {k}", k + 1
        self.on_shelf = Kept(self, name, beside)
        return self.on_shelf

    def settle(self) -> None:
        """Wait until it has done its step, before it is asked for anything."""
        if self.on_shelf is not None:
            self.on_shelf.settle()

    @property
    def heavy(self) -> bool:
        return self.work.kind in HEAVY

    def every(self, *, in_focus: bool) -> int:
        """Ticks from one picture to the next."""
        return SHOWN_EVERY.get(self.work.kind, USUAL_EVERY) if in_focus else USUAL_EVERY

    def fail(self, why: Exception) -> None:
        """It cannot go on."""
        self.failed = str(why) or type(why).__name__
        _LOG.error("%s does not go on", self.title, exc_info=why)

    def listen(self, n: int) -> None:
        """Take the next `n` samples of it, or of some ticks at once."""
        self._due.append(n)
        if len(self._due) < HEARD_EVERY.get(self.work.kind, 1):
            return
        n, self._due = sum(self._due), []
        self.settle()
        heard = np.asarray(self.work.heard(n, RATE_HZ), np.float32)
        if len(heard) != n:
            raise ValueError(f"{self.title} gave {len(heard)} samples for {n}")
        if not math.isfinite(float(heard.sum())):
            heard = np.nan_to_num(heard, nan=0.0, posinf=0.0, neginf=0.0)
        self._sound = np.concatenate([self._sound, heard])

    def hear(self, n: int) -> NDArray[np.float32]:
        """The next `n` samples [Pa, 1 m away]; silence where there are not so many."""
        out, self._sound = self._sound[:n], self._sound[n:]
        return out if len(out) == n else np.concatenate([np.zeros(n - len(out), np.float32), out])

    def shown(self, speed: float) -> bytes:
        """The frame that shows it now."""
        values = np.asarray(self.work.seen(), np.float32).ravel()
        fine = FINE.get(self.work.kind, len(values))
        seen = frames.Seen(
            self.id, max(0, len(values) - fine), self.work.light, time.time(), self.work.time, speed, values
        )
        return seen.pack()

    def do(self, deed: str, amounts: dict[str, float]) -> str:
        """Do something to it; what came of it. Raises ValueError for what it does not know or allow."""
        if self.failed:
            raise ValueError(f"{self.title} does not go on: {self.failed}")
        said = self.work.do(deed, **amounts)
        title = next((d.title for d in self.work.deeds if d.name == deed), deed)
        self.done.append(f"{title}: {said}" if said else title)
        return said

    def message(self) -> dict[str, Any]:
        """Its figures, books and what was done to it, as the page is told them twice a second."""
        work = self.work
        return {
            "type": "figures",
            "work": self.id,
            "time_s": work.time,
            "status": self.status,
            "advice": self.failed or work.advice,
            "light": work.light,
            "figures": {name: figure_json(f) for name, f in work.figures().items()},
            "ledger": books(work.ledger()),
            "done": list(self.done),
            "cost": self.cost,
            "beats": [],
            "happenings": [],
        }

    @property
    def status(self) -> str:
        return "failed" if self.failed else self.work.status

    def as_json(self) -> dict[str, Any]:
        work = self.work
        return {
            "id": self.id,
            "kind": "standing",
            "design": f"{work.kind} {work.name}",
            "title": self.title or work.name,
            "live": True,
            "movement_kind": work.kind,
            "rotors": list(getattr(work, "rotors", ())),
            "extras": [],
            "lift_deg": None,
            "nominal_bph": None,
            **self.label.as_json(),
            "status": self.status,
            "shelf": self.shelf,
            "along_m": self.along,
            "mass_kg": work.mass,
            "notes": list(self.notes),
            "deeds": [
                {
                    "name": deed.name,
                    "title": deed.title,
                    "says": deed.says,
                    "amounts": {
                        name: {"low": s.low, "high": s.high, "default": s.default, "unit": s.unit}
                        for name, s in deed.amounts.items()
                    },
                }
                for deed in work.deeds
            ],
        }


def figure_json(figure: Figure) -> dict[str, Any]:
    """A figure as plain data; bounds that are not there are left out."""
    out: dict[str, Any] = {"value": figure.value, "unit": figure.unit, "says": figure.says}
    if figure.low is not None and figure.high is not None and math.isfinite(figure.low + figure.high):
        out |= {"low": figure.low, "high": figure.high}
    return out


def books(ledger: Ledger) -> dict[str, Any]:
    """A ledger as plain data."""
    return {
        "drive_j": ledger.drive_j,
        "stand_j": ledger.stand_j,
        "spent": ledger.spent_j,
        "stored_j": ledger.stored_j,
        "residual_j": ledger.residual_j,
        "residual_ratio": ledger.residual_ratio,
    }
