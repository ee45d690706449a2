"""The dream on the bench: its heart takes the stand, the session steps it, the play follows; and arousal outside it.

The scenario's tilt and cold are the room's: the works on the shelves feel them too. What is listened to in the dream is
listened to by the session's ear, in its own process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartwright.repair.arousal import Arousal
from heartwright.studio.aside import aside
from heartwright.studio.people import clean_text

if TYPE_CHECKING:
    from heartwright.dream import Play
    from heartwright.records import Trace
    from heartwright.repair.hand import Hand
    from heartwright.repair.rehearse import Odds
    from heartwright.repair.touching import Touched
    from heartwright.studio.session import Session
    from heartwright.studio.work import GoingWork

STAND = 0
TELL_EVERY = 10  # ticks
BREATH_S = 10.0
WAKE = "wake"
CONTESTS = ({"finding": "beat error", "title": "The beat error is meant", "claim": "the beat error is meant"},)


class Dreaming:
    """The one dream that may be under way, and the arousal of who touches."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.play: Play | None = None
        self.level = Arousal()
        self._breathing_until = -1.0  # [s of the session]
        self._kept: GoingWork | None = None  # the heart that stood there before
        self._ended = False

    @property
    def on(self) -> bool:
        """Whether a dream is under way (one that has ended is still looked at)."""
        return self.play is not None and self.play.ending is None

    @property
    def arousal(self) -> float:
        return self.play.arousal if self.play is not None and self.on else self.level.level

    @property
    def throat_open(self) -> bool:
        return self.play.throat_open if self.play is not None and self.on else self.level.throat_open

    async def begin(self, scenario: str, seed: int, critic: str | None) -> None:
        """Build the dream's heart in a thread, put it on the stand, and begin. Raises ValueError for unknown names."""
        from heartwright import dream

        chosen = dream.Scenario.load(_bundled(scenario, "scenarios") or "the-short-dream")
        looks = dream.Critic.load(_bundled(critic, "critics")) if critic else None
        work = await aside(_dream_heart, seed)
        session = self.session
        shelf = session.shelf
        if self._kept is None:
            self._kept = shelf.going.get(STAND)
        works = (*[id for id in shelf.going if id != STAND], STAND)
        play = dream.Play(
            work.live, chosen, seed=seed, critic=looks, works=works, ear=session.hearing.ear, places=False
        )
        shelf.going[STAND] = work
        work.at_speed(session.speed)
        play.live = work.live
        self.play, self._ended = play, False
        session.hearing.forget(STAND)
        session.halted = False
        session.changed(works=True)
        session.focus_on(STAND)

    def step(self, work: GoingWork, piece: Trace | None) -> None:
        """The play goes on with what its heart did."""
        play = self.play
        if play is None or piece is None or play.ending is not None or work.id != STAND:
            return
        play.live = work.live
        play.step(piece.seconds, (piece,))
        room = play.room
        self.session.put(float(round(room["tilt_deg"])), float(round(room["temperature_c"])))

    def look(self, seconds: float) -> None:
        """Each tick: arousal falls where nobody dreams; the page is told of the dream."""
        session = self.session
        if not self.on:
            breathing = session.seconds < self._breathing_until
            self.level = self.level.after(seconds, breathing=breathing)
        if self.play is None or self._ended:
            self._look_back()
            return
        if self.play.ending is not None:
            self._ended = True
            self.level = self.play.level
            session.send(self.message())
        elif session.ticks % TELL_EVERY == 0:
            session.send(self.message())

    def _look_back(self) -> None:
        """What would have been better may be known only after the end."""
        play, ticks = self.play, self.session.ticks
        if play is None or play.ending is None or play.ending.better or ticks % TELL_EVERY:
            return
        play._look_back()
        if play.ending.better:
            self.session.send(self.message())

    def message(self) -> dict[str, Any]:
        """The dream as the page shows it."""
        return {"type": "dream", **self.play.as_json()} if self.play is not None else {"type": "dream", "phase": ""}

    # ------------------------------------------------------------------------------------------ acts

    def breathe(self) -> None:
        """Breathe slowly for a while. Raises dream.Refused (a ValueError) where that is no choice now."""
        if self.on and self.play is not None:
            self.play.act("breathe")
        else:
            self._breathing_until = max(self.session.seconds, self._breathing_until) + BREATH_S

    def act(self, name: str, more: dict[str, Any]) -> Any:
        """A choice of the dream that needs neither hand nor ear. Raises ValueError."""
        if name == WAKE:
            self.wake()
            return None
        if self.play is None:
            raise ValueError("nobody dreams: begin a dream first")
        if name in ("touch", "rehearse", "contest"):
            raise ValueError(f"{name} has its own command, with what is touched or said")
        if more:
            raise ValueError(f"{name} takes nothing besides its name; {clean_text(', '.join(more), 80)} given")
        return self.play.act(name)

    def allow(self, act: str) -> None:
        """Raises ValueError where a dream is under way and `act` is no choice in it now."""
        if self.on and self.play is not None and act not in self.play.choices:
            now = ", ".join(self.play.choices) or "to look on"
            raise ValueError(f"{act}: not now ({self.play.phase}); what is possible: {now}")

    def refuse_here(self, what: str) -> None:
        """Raises ValueError for what cannot be done while somebody dreams: the room is the dream's."""
        if self.on:
            raise ValueError(f"{what}: not in a dream; leave it first")

    def hand(self, support: str, magnification: float) -> Hand:
        """The hand as it is now. Raises ValueError for a support that is not known."""
        from heartwright.repair.hand import Hand

        if self.on and self.play is not None:
            return self.play.hand(support, magnification)
        return Hand(support, magnification, self.arousal)

    def touched(self, done: Touched, hand: Hand) -> None:
        """Write a touch into the dream."""
        if self.on and self.play is not None:
            self.play.act(
                "touch", touch=done.touch, amount=done.meant, support=hand.support,
                magnification=hand.magnification, touched=done,
            )  # fmt: skip

    def rehearsed(self, odds: Odds, hand: Hand) -> None:
        """Write a rehearsal into the dream."""
        if self.on and self.play is not None and "rehearse" in self.play.choices:
            self.play.act(
                "rehearse", touch=odds.touch, amount=odds.amount, support=hand.support,
                magnification=hand.magnification, trials=odds.total, odds=odds,
            )  # fmt: skip

    def contest(self, claim: str) -> Any:
        """Contest a finding: in a dream if the throat is open, else of what was heard last. Raises ValueError."""
        from heartwright.judge.contest import CLAIMS, contest

        if self.on and self.play is not None:
            return self.play.act("contest", claim=claim or CLAIMS[0])
        if not self.throat_open:
            raise ValueError("no word comes: the throat is tight. Breathe, and wait")
        heard = self.session.hearing.heard.get(self.session.focus)
        if heard is None:
            raise ValueError("nothing was heard yet that could be contested: ask for the verdict first")
        return contest(heard.reading, claim or CLAIMS[0])

    def wake(self) -> None:
        """Wake: the heart that stood there before stands there again."""
        if self.play is None:
            raise ValueError("nobody dreams")
        self.play = None
        session = self.session
        if self._kept is not None:
            self._kept.at_speed(session.speed)
            session.shelf.going[STAND], self._kept = self._kept, None
        session.hearing.forget(STAND)
        session.put(0.0, 23.0)
        session.send(self.message())
        session.changed(works=True)
        session.focus_on(STAND)
        session.hearing.want(STAND)


def lists() -> dict[str, Any]:
    """Scenarios and critics that come with the package."""
    from heartwright import dream

    scenarios = [(name, dream.Scenario.load(name)) for name in dream.bundled("scenarios")]
    critics = [(name, dream.Critic.load(name)) for name in dream.bundled("critics")]
    return {
        "scenarios": [{"name": n, "title": s.title, "seconds": s.seconds} for n, s in scenarios],
        "critics": [{"name": n, "title": c.name, "face": c.face} for n, c in critics],
        "contests": list(CONTESTS),
    }


def _bundled(name: str | None, folder: Any) -> str:
    """A bundled name; files by path are for the command line, not for a page. Raises ValueError."""
    from heartwright import dream

    known = dream.bundled(folder)
    if name and name not in known:
        raise ValueError(f"{name}: there are {', '.join(known)}")
    return name or ""


def _dream_heart(seed: int) -> GoingWork:
    from heartwright.dream.heart import heart
    from heartwright.studio.work import GoingWork

    return GoingWork.going_on(STAND, heart(seed))
