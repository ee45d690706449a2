"""What the dreamer can do: breathe, rehearse, touch, contest, wait, leave. Each is written down as an input.

The session of a studio calls the same through `Play.act`; a rehearsal or touch that it carried out itself is handed in
with `odds=` or `touched=`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from heartwright.judge.contest import CLAIMS, Contest, contest
from heartwright.repair.rehearse import Odds, rehearse
from heartwright.repair.touch import named
from heartwright.repair.touching import Touched

if TYPE_CHECKING:
    from heartwright.dream.play import Play


def act(play: Play, name: str, **kw: Any) -> Any:
    """Carry an act out. Raises Refused where it is not possible now."""
    from heartwright.dream.play import Refused

    acts: dict[str, Callable[..., Any]] = {
        "breathe": _breathe, "rehearse": _rehearse, "touch": _touch, "contest": _contest, "wait": _wait,
        "leave": _leave,
    }  # fmt: skip
    if name not in acts:
        raise Refused(f"{name!r} is no act; there are {', '.join(acts)}")
    if play.ending is not None:
        raise Refused("the dream is over")
    if name not in play.choices:
        now = ", ".join(play.choices) or "nothing but to look on"
        raise Refused(f"{name}: not now ({play.phase}); what is possible: {now}")
    return acts[name](play, **kw)


def _breathe(play: Play) -> None:
    play.note("breathe")
    play.breathe()


def _wait(play: Play) -> None:
    play.note("wait")


def _leave(play: Play) -> None:
    play.note("leave")
    play._end()


def _hand(support: str, magnification: float) -> dict[str, Any]:
    return {"support": support, "magnification": magnification}


def _rehearse(
    play: Play,
    touch: str = "close the crack",
    amount: float | None = None,
    support: str = "none",
    magnification: float = 1.0,
    *,
    trials: int = 60,
    seconds: float = 12.0,
    workers: int = 1,
    odds: Odds | None = None,
    progress: Callable[[Odds], None] | None = None,
) -> Odds:
    """Try it on copies, with the hand as it is now; the room stands still meanwhile."""
    found = odds or rehearse(
        play.live, touch, amount, play.hand(support, magnification), trials=trials, seconds=seconds,
        seed=_seed(play, 1), workers=workers, progress=progress,
    )  # fmt: skip
    play.note("rehearse", touch=touch, amount=amount, trials=trials, seconds=seconds, **_hand(support, magnification))
    play.told.odds.append(found)
    return found


def _touch(
    play: Play,
    touch: str = "close the crack",
    amount: float | None = None,
    support: str = "none",
    magnification: float = 1.0,
    *,
    touched: Touched | None = None,
) -> Touched:
    """Touch the heart itself, with the hand as it is now."""
    from heartwright.dream.says import Line

    if "low" not in play.stretches:
        play._mark("low")
    play.note("touch", touch=touch, amount=amount, **_hand(support, magnification))
    done = touched or named(touch).perform(play.live, amount, play.hand(support, magnification), _seed(play, 2))
    play.told.touches.append(done)
    if touched is None:
        play._take(list(done.pieces))
    force = f" with {done.force_n:.2f} N" if done.force_n >= 0.005 else ""
    said = f"You {_done(touch)}{force}." if not done.slip else f"You {_done(touch)}{force}: {done.slip}."
    play._say(Line("you", said, False))
    return done


def _done(touch: str) -> str:
    return {
        "press the follower": "pressed the follower", "knock the follower": "knocked at the follower",
        "close the crack": "pressed the crack together", "set the beat": "turned the stud",
        "oil the pallets": "oiled the pallets", "wind": "wound it", "straighten a tooth": "bent a tooth back",
    }.get(touch, touch)  # fmt: skip


def _contest(play: Play, claim: str = CLAIMS[0]) -> Contest:
    """Explain: only while the throat is open, and of what was heard."""
    from heartwright.dream.play import Refused
    from heartwright.dream.says import Line

    if not play.throat_open:
        raise Refused("no word comes: the throat is tight. Breathe, and wait")
    if play.reading is None:
        raise Refused("nothing was heard yet that could be contested")
    play.note("contest", claim=claim)
    ruling = contest(play.reading, claim)
    play.told.contests.append({"claim": claim, "ruling": ruling.ruling, "reason": ruling.reason,
                               "figures": ruling.figures})  # fmt: skip
    play._say(Line("you", f"{claim[:1].upper()}{claim[1:]}.", False), Line(play.critic.name, ruling.sentence, True))
    return ruling


def _seed(play: Play, use: int) -> int:
    """Seed of the next use of the hand: of the dream's seed and of how many there were."""
    uses = len(play.told.touches) if use == 2 else len(play.told.odds)
    return 1_000_003 * play.seed + 101 * use + uses
