"""What would have been better: the touches there were, tried on the heart as it stood when a hand first could.

The hand is a calm one with the wrist at rest and a glass of ten: what breathing and a moment's care would have given.
"""

from __future__ import annotations

from typing import Final

from heartwright.repair.hand import Hand
from heartwright.repair.rehearse import Odds, rehearse
from heartwright.works.live import Live

TRIED: Final = (("close the crack", 0.65), ("wind", 0.3))
TRIALS, TRIAL_S = 8, 8.0
CALM: Final = Hand("wrist", 10.0, 0.1)
_NAMED: Final = {"close the crack": "pressing the crack together", "wind": "winding it"}


def better(live: Live, seed: int) -> str:
    """One sentence with its odds. `live` is not touched."""
    found = [
        rehearse(live, name, amount, CALM, trials=TRIALS, seconds=TRIAL_S, seed=seed, workers=1)
        for name, amount in TRIED
    ]
    best = max(found, key=lambda odds: odds.worth)
    if best.worth <= best.alone_worth:
        return f"Nothing that was tried: of {_told(best)}. To leave it alone was as good."
    return f"Breathe, rest the wrist, take the glass: of {_told(best)}."


def _told(odds: Odds) -> str:
    count = {name: round(share.value * odds.done) for name, share in odds.shares.items()}
    named = _NAMED.get(odds.touch, odds.touch)
    return f"{odds.done} tries at {named} {count['better']} made it better and {count['ruined']} ruined it"
