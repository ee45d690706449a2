"""One playing of a dream: a scenario over a live heart.

    play = Play(heart(seed=3), "the-short-dream", seed=3)
    while play.ending is None:
        play.step(0.5)                                   # or play.step(dt, pieces) where somebody else steps the heart
    play.record()

The scenario moves critic, gaze, tilt, temperature and light. Arousal follows its one law; what the heart does is the
engine's; what is said of it is the judge's. A play that steps its heart itself is replayable to the bit from its record
(scenario, critic, seed, inputs); one that is stepped from outside is replayable in what was done, not in every bit.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from heartwright.dream import hearing, hindsight
from heartwright.dream.ending import Ending, decide
from heartwright.dream.gaze import Gaze
from heartwright.dream.says import Line, question_answered, verdict_lines
from heartwright.dream.scenario import CALM_C, NOBODY, Critic, Phase, Scenario
from heartwright.edit import Edit
from heartwright.records import Reading, Trace
from heartwright.repair.arousal import Arousal
from heartwright.repair.hand import Hand
from heartwright.repair.outcome import LATE_STROKE, figures, stroke_times
from heartwright.repair.rehearse import Odds
from heartwright.repair.touching import Touched
from heartwright.works.live import Live

QUANTUM_S: Final = 0.5
KEPT_S: Final = 26.0
STRETCH_S: Final = 20.0
BREATH_S: Final = 10.0  # one act of breathing slowly lasts so long
STANDS_S: Final = 12.0  # a heart that stands for so long ends the dream
HEART: Final = 0


class Ear(Protocol):
    """What listens and looks back meanwhile."""

    def submit(self, what: Callable[..., Any], *given: Any) -> Future[Any]: ...


class Refused(ValueError):
    """An act that is not possible now; the message says why and what is."""


@dataclass(frozen=True, slots=True)
class Laws:
    """The laws of the dream, each 1; at 0 it is cut (for tests that hold every law to what it does)."""

    tilt: float = 1.0
    cold: float = 1.0
    hand: float = 1.0
    gaze: float = 1.0


@dataclass(slots=True)
class Told:
    """What was said and done so far."""

    lines: list[Line] = field(default_factory=list)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    touches: list[Touched] = field(default_factory=list)
    odds: list[Odds] = field(default_factory=list)
    contests: list[dict[str, Any]] = field(default_factory=list)
    sentences: list[dict[str, Any]] = field(default_factory=list)
    arousal: list[tuple[float, float]] = field(default_factory=list)


class Play:
    """A dream under way. `ears` False leaves listening and judging out (the physics is the same without them)."""

    def __init__(
        self,
        live: Live,
        scenario: Scenario | str = "the-short-dream",
        *,
        seed: int = 1,
        critic: Critic | str | None = None,
        works: Sequence[int] = (HEART,),
        ears: bool = True,
        ear: Ear | None = None,
        places: bool = True,
        laws: Laws | None = None,
    ) -> None:
        """`works`: ids from the oldest to the newest, the heart last; `ear`: what listens meanwhile (else it waits);
        `places`: tilt and chill the heart here (else whoever reads `room` does); critic "" for a dream without one."""
        self.scenario = Scenario.load(scenario) if isinstance(scenario, str) else scenario
        name = self.scenario.critic if critic is None else critic
        self.critic = name if isinstance(name, Critic) else (Critic.load(name) if name else NOBODY)
        self.live, self.seed, self.ears, self.places = live, seed, ears, places
        self.laws = laws or Laws()
        self.time = 0.0
        self.ending: Ending | None = None
        self.stuttered: bool | None = None  # whether strokes really came late, once it was asked
        self.level = Arousal(self.scenario.arousal)
        self.told = Told()
        self.heard: hearing.Heard | None = None
        self.stretches: dict[str, dict[str, float]] = {}
        self.late: list[float] = []  # when strokes came late since the chill (truth, for the record)
        self.before, self._gaze = live.design, Gaze(list(works))
        self._pieces: list[Trace] = []
        self._owed, self._breathing_until, self._phase, self._phase_at = 0.0, -1.0, 0, 0.0
        self._landed, self._stood = float("nan"), 0.0
        self._light = self._energy = 1.0
        self._placed = (live.tilt_deg, live.temperature_c)
        self._from = (live.tilt_deg, live.temperature_c, 0.0)
        self._composure: list[float] = []
        self._at_urge: Live | None = None
        self._ear = ear
        self._listening: Future[hearing.Heard] | None = None
        self._looking_back: Future[str] | None = None
        self._asked = False
        self._open_phase()

    # ------------------------------------------------------------------------------------------------ what it is now

    @property
    def here(self) -> Phase:
        """The phase."""
        return self.scenario.phase[min(self._phase, len(self.scenario.phase) - 1)]

    @property
    def phase(self) -> str:
        return self.here.name

    @property
    def arousal(self) -> float:
        return self.level.level

    @property
    def throat_open(self) -> bool:
        return self.level.throat_open

    @property
    def lines(self) -> list[Line]:
        return self.told.lines

    @property
    def share(self) -> float:
        """Share of the phase that is over."""
        return min((self.time - self._phase_at) / self.here.seconds, 1.0)

    @property
    def watched(self) -> bool:
        """Whether a critic is in the room."""
        return self.here.critic and bool(self.critic.name)

    @property
    def gaze(self) -> dict[str, Any]:
        """Which work is looked at, and for how long [s]."""
        work, dwell = self._gaze.at(self.here.gaze if self.watched else "none", self.share)
        return {"work": work, "dwell": dwell * self.here.seconds}

    @property
    def words(self) -> list[dict[str, Any]]:
        """The words of the last verdict that could be measured, with their scores."""
        found = self.heard.verdict.words if self.heard else {}
        order = [n for n in self.critic.asks if n in found]
        scored = [(n, found[n]) for n in order if found[n].score is not None]
        return [{"name": n, "score": w.score, "low": w.low, "high": w.high} for n, w in scored]

    @property
    def room(self) -> dict[str, float]:
        """Tilt [deg], temperature [C], light (scenario times the heart's own energy), discord of what was heard."""
        tilt, cold, light = self._asked_room()
        discord = self.heard.discord if self.heard else 0.0
        return {"tilt_deg": tilt, "temperature_c": cold, "light": light * self._energy, "discord": discord}

    @property
    def choices(self) -> tuple[str, ...]:
        return () if self.ending else tuple(self.here.choices)

    def hand(self, support: str = "none", magnification: float = 1.0) -> Hand:
        """The dreamer's hand as it is now."""
        return Hand(support, magnification, min(self.arousal, 1.0), self.laws.hand)

    # ------------------------------------------------------------------------------------------------ going on

    def step(self, dt: float, pieces: Sequence[Trace] | None = None) -> tuple[Trace, ...]:
        """Go on by `dt` [s]; the pieces of trace that came of it. With `pieces` given the heart was stepped outside."""
        if self.ending is not None:
            return tuple(pieces or ())
        if pieces is not None:
            self._tick(dt, list(pieces))
            return tuple(pieces)
        self._owed += dt
        out = []
        while self._owed >= QUANTUM_S - 1e-9 and self.ending is None:
            self._owed -= QUANTUM_S
            out.append(self.live.advance(QUANTUM_S))
            self._tick(QUANTUM_S, out[-1:])
        return tuple(out)

    def _tick(self, dt: float, pieces: list[Trace]) -> None:
        self._take(pieces)
        felt = self._gaze.felt(self.here.gaze if self.watched else "none", self.share)
        weight = felt * self.critic.strictness * self.laws.gaze
        self.level = self.level.after(dt, gaze=weight, breathing=self.time < self._breathing_until)
        self.time += dt
        if int(self.time) % 5 == 0 and (not self.told.arousal or self.time - self.told.arousal[-1][0] > 4.0):
            self.told.arousal.append((round(self.time, 2), round(self.arousal, 4)))
        self._place()
        self._hear_out()
        self._stood = self._stood + dt if self.live.status != "running" else 0.0
        if self._stood > STANDS_S:
            self._end()
        elif self.time - self._phase_at >= self.here.seconds - 1e-9:
            self._next_phase()

    def _take(self, pieces: list[Trace]) -> None:
        """Keep what happened; note strokes that came late, and the energy that the light follows."""
        self._pieces += pieces
        while len(self._pieces) > 2 and self._pieces[-1].figures["started_s"] - self._pieces[1].figures[
            "started_s"] > KEPT_S:  # fmt: skip
            self._pieces.pop(0)
        for piece in pieces:
            for t in stroke_times(piece):
                if t - self._landed > LATE_STROKE and self._asked:
                    self.late.append(float(t))
                self._landed = float(t)
            seen = figures(piece) if len(piece.beats) >= 1 and len(piece.waveforms) else {}
            swing = piece.amplitude_deg if len(piece.beats) else 0.0 if self.live.status != "running" else None
            if swing is not None and swing == swing:
                flow = seen.get("bleeds_percent", 100.0) / 100.0
                now = 0.5 * min((swing / 280.0) ** 2, 1.2) + 0.5 * min(flow, 1.2)
                self._energy += 0.1 * (now - self._energy)

    def _asked_room(self) -> tuple[float, float, float]:
        """What the scenario asks of the room now."""
        k = min(3.0 * self.share, 1.0)
        p = self.here
        goal = (self.laws.tilt * p.tilt_deg, CALM_C + self.laws.cold * (p.temperature_c - CALM_C), p.light)
        tilt, cold, light = (a + k * (b - a) for a, b in zip(self._from, goal, strict=True))
        return tilt, cold, light

    def _place(self) -> None:
        tilt, cold, self._light = self._asked_room()
        at = (float(round(tilt)), float(round(cold)))  # whole degrees: each is a new build of the work
        if self.places and at != self._placed:
            self.live.place(tilt_deg=at[0], temperature_c=at[1])
            self._placed = at

    def _next_phase(self) -> None:
        here = self.here
        if here.question:
            self.stuttered = bool(self.late)
            self._say(*question_answered(self.heard, self.late if not self.ears else None))
        if self._phase + 1 >= len(self.scenario.phase):
            self._end()
            return
        self._from = self._asked_room()
        self._phase += 1
        self._phase_at = self.time
        if not here.critic and self.here.critic and "first" not in self.stretches:
            self._mark("first")
        if here.choices and "touch" in here.choices and "low" not in self.stretches:
            self._mark("low")
        self._open_phase()

    def _open_phase(self) -> None:
        p = self.here
        for text in p.say:
            self._say(Line("room", text, False))
        self._asked = self._asked or p.temperature_c < CALM_C
        if "touch" in p.choices and self._at_urge is None:
            self._at_urge = self.live.copy(poses_hz=0.0)
        if p.verdict and self.watched:
            self._listen()
        last = self._phase + 1 == len(self.scenario.phase)
        if last and self._ear is not None and self.ears and self._at_urge is not None:
            self._looking_back = self._ear.submit(hindsight.better, self._at_urge, self.seed)

    def _mark(self, name: str) -> None:
        if self._pieces:
            self.stretches[name] = figures(hearing.last(self._pieces, STRETCH_S))

    # ------------------------------------------------------------------------------------------------ hearing

    def _listen(self) -> None:
        if not self.ears or not self._pieces or self._listening is not None:
            return
        pieces, design = list(self._pieces), self.live.design
        if self._ear is None:
            self._hear(hearing.listen_to(pieces, design))
        else:
            self._listening = self._ear.submit(hearing.listen_to, pieces, design)

    def _hear_out(self) -> None:
        if self.here.question and self.share >= 0.6 and self.ears and not self._question_heard():
            self.told.sentences.append({"time_s": self.time, "asked": True})
            self._listen()
        if self._listening is not None and self._listening.done():
            done, self._listening = self._listening, None
            self._hear(done.result())

    def _question_heard(self) -> bool:
        return any(s.get("asked") for s in self.told.sentences)

    def _hear(self, heard: hearing.Heard) -> None:
        self.heard = heard
        said = [s.text for s in heard.verdict.sentences]
        self.told.sentences.append({"time_s": self.time, "said": said, "discord": heard.discord,
                                    "missed": heard.missed.sentence, "missed_p": heard.missed.p})  # fmt: skip
        if not self.here.question:
            self._say(*verdict_lines(heard, self.critic, first=not self._spoken()))

    def _spoken(self) -> bool:
        return any(line.who == self.critic.name for line in self.lines)

    def _say(self, *lines: Line) -> None:
        self.told.lines += [replace(line, time_s=self.time) for line in lines]

    @property
    def reading(self) -> Reading | None:
        """The reading of the last listening."""
        return self.heard.verdict.reading if self.heard else None

    # ------------------------------------------------------------------------------------------------ the end

    def act(self, name: str, **kw: Any) -> Any:
        """Do something: see `heartwright.dream.acts`. Raises Refused where it is not possible now."""
        from heartwright.dream.acts import act

        return act(self, name, **kw)

    def breathe(self) -> None:
        """Breathe slowly for a while."""
        self._breathing_until = max(self.time, self._breathing_until) + BREATH_S

    def note(self, name: str, **kw: Any) -> None:
        """Write an input down."""
        self.told.inputs.append({"time_s": self.time, "act": name, **kw})

    def _end(self) -> None:
        if self.ending is not None:
            return
        for name in ("first", "low", "last"):
            if name == "last" or name not in self.stretches:
                self._mark(name)
        piece = hearing.last(self._pieces, STRETCH_S)
        arisen: list[Edit] = [e for t in self.told.touches for e in t.edits if t.slip]
        slips = [t.slip for t in self.told.touches if t.slip]
        recent = [a for t, a in self.told.arousal if t > self.time - 60.0] or [self.arousal]
        composure = 1.0 - sum(recent) / len(recent)
        self.ending = decide(self.live.design, self.before, piece, self.stretches, arisen, slips, composure)
        self._look_back()

    def _look_back(self) -> None:
        """Add what would have been better; from a thread only where it is ready, so that nobody waits."""
        if self.ending is None or self._at_urge is None or not self.ears:
            return
        if self._ear is None:
            self.ending = self.ending.said_better(hindsight.better(self._at_urge, self.seed))
        elif self._looking_back is not None and self._looking_back.done():
            self.ending = self.ending.said_better(self._looking_back.result())

    def fork(self) -> Play:
        """An independent play in the same state: to see what another choice comes to."""
        twin = copy.copy(self)
        twin.live = self.live.copy()
        twin.told = Told(*(list(getattr(self.told, n)) for n in Told.__slots__))
        twin.stretches, twin.late, twin._pieces = dict(self.stretches), list(self.late), list(self._pieces)
        return twin

    def record(self) -> dict[str, Any]:
        """Everything said, heard and done: JSON, enough to replay it."""
        from heartwright.dream.keep import record

        return record(self)

    def as_json(self) -> dict[str, Any]:
        """What a page shows of it."""
        from heartwright.dream.keep import shown

        return shown(self)
