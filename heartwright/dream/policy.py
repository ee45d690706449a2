"""Ways to dream by rule, for benches and the terminal: panic, patient, still, and a control without a critic.

They differ in hand and choice only: the heart, its noise and the room are the same for one seed.

panic    at the first moment it can: a bare, unsupported, aroused hand, on what it sees
patient  breathes until calm, supports the wrist, takes a glass of ten, rehearses, and touches once or not at all
still    touches nothing
control  does what panic does, with no critic in the room
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from heartwright.dream.heart import heart
from heartwright.dream.play import QUANTUM_S, Laws, Play
from heartwright.dream.scenario import Scenario

CALM: Final = 0.25
CRACK: Final = ("close the crack", 0.65)
WHERE_LATE: Final = (("wind", 0.3), ("press the follower", 1.0))  # tried too where strokes came late
WORTH_IT: Final = 0.10  # a touch must be worth so much more than leaving it alone
TRIALS, TRIAL_S = 12, 8.0


def panic(play: Play) -> None:
    """Touch at once: knock where the last strokes came late, else go for the crack."""
    if "touch" in play.choices and not play.told.touches:
        recent = [t for t in play.late if t > play.live.time - 20.0]
        play.act("touch", touch="knock the follower" if recent else "close the crack")


def patient(play: Play) -> None:
    """Breathe; rehearse each candidate once calm; touch once with the best, or leave it alone."""
    if play.arousal > CALM:
        if "breathe" in play.choices and play.time >= play._breathing_until:
            play.act("breathe")
        if play.share < 0.8 or "touch" not in play.choices:
            return
    if "rehearse" not in play.choices or play.told.odds:
        return
    aids = {"support": "wrist", "magnification": 10.0}
    found = [
        play.act("rehearse", touch=name, amount=amount, trials=TRIALS, seconds=TRIAL_S, **aids)
        for name, amount in (CRACK, *(WHERE_LATE if play.late else ()))
    ]
    best = max(found, key=lambda odds: odds.worth - odds.alone_worth)
    if best.worth - best.alone_worth > WORTH_IT:
        play.act("touch", touch=best.touch, amount=best.amount, **aids)


def still(play: Play) -> None:
    """Touch nothing."""


POLICIES: Final[dict[str, tuple[Callable[[Play], None], str | None]]] = {
    "panic": (panic, None),
    "patient": (patient, None),
    "still": (still, None),
    "control": (panic, ""),
}


def dream(
    policy: str,
    seed: int,
    *,
    scenario: Scenario | str = "the-short-dream",
    ears: bool = False,
    laws: Laws | None = None,
    watch: Callable[[Play], None] | None = None,
) -> Play:
    """Dream to the end by a policy. Raises ValueError for one that is not known."""
    choose, critic = chosen(policy)
    play = Play(heart(seed, poses_hz=0.0), scenario, seed=seed, critic=critic, ears=ears, laws=laws)
    return finish(play, choose, watch)


def chosen(policy: str) -> tuple[Callable[[Play], None], str | None]:
    """Rule and critic of a policy."""
    if policy not in POLICIES:
        raise ValueError(f"policy {policy!r}: there are {', '.join(POLICIES)}")
    return POLICIES[policy]


def finish(play: Play, choose: Callable[[Play], None], watch: Callable[[Play], None] | None = None) -> Play:
    """Go on with a play to its end, choosing by rule."""
    while play.ending is None:
        choose(play)
        play.step(QUANTUM_S)
        if watch:
            watch(play)
    return play
