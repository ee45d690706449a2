"""How a dream ends: decided by the state of the heart, never written beforehand.

Three stretches of the heart's figures are compared, each of twenty seconds: *first*, before anyone looked; *low*,
before the hand touched (or before it could have); *last*. What counts as a change is the bar of
`heartwright.repair.outcome`.

stopped: it stands. broken: metal went that nobody meant to part with. worse: the last is worse than the first.
truer than before: the last is better than the first. restored: it had strayed and is back. unchanged: none of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from heartwright.design import Design
from heartwright.edit import Edit
from heartwright.records import Trace
from heartwright.repair.outcome import FIGURES, Scale, ruin

NAMES: Final = ("stopped", "broken", "worse", "unchanged", "restored", "truer than before")
_TEXT: Final = {
    "stopped": "The heart stands. What drove it no longer comes.",
    "broken": "It is broken: {why}.",
    "worse": "It goes on, and less well than before: {why}.",
    "unchanged": "It beats as it beat before anyone looked.",
    "restored": "It had faltered, and it is back.",
    "truer than before": "It beats truer than before anyone looked: {why}.",
}
_SPOKEN: Final = {
    "amplitude_deg": "the balance swings {now:.0f} degrees, before {then:.0f}",
    "beat_error_ms": "tick and tock are uneven by {now:.2f} ms, before {then:.2f}",
    "rate_off_s_per_day": "it is off by {now:.0f} s a day, before {then:.0f}",
    "bleeds_percent": "it delivers {now:.0f} per cent of a healthy stroke, before {then:.0f}",
    "slips_back_percent": "{now:.1f} per cent slips back through the valve, before {then:.1f}",
    "late_percent": "{now:.0f} of a hundred strokes come late, before {then:.0f}",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """Name, one sentence, the figures it rests on, and the dreamer's composure (0..1)."""

    name: str
    text: str
    figures: dict[str, dict[str, float]]
    composure: float
    better: str = ""

    def said_better(self, text: str) -> Ending:
        """The same ending with what would have been better."""
        return replace(self, better=text)

    def as_json(self) -> dict[str, Any]:
        plain = {"name": self.name, "text": self.text, "figures": self.figures}
        return {**plain, "composure": self.composure, "better": self.better}


def decide(
    design: Design,
    before: Design,
    piece: Trace,
    stretches: dict[str, dict[str, float]],
    arisen: Sequence[Edit],
    slips: Sequence[str],
    composure: float,
) -> Ending:
    """The ending of a heart that is `design` now and was `before`; `piece` is the last stretch, `arisen` unmeant."""
    first, low, last = (stretches.get(k, {}) for k in ("first", "low", "last"))
    why = ruin(design, before, piece)
    if piece.status != "running":
        return Ending("stopped", _TEXT["stopped"], stretches, composure)
    teeth = [e for e in arisen if e.path.startswith("escapement.bent_teeth")]
    if why or teeth:
        reason = why or (slips[-1] if slips else "a tooth is bent")
        return Ending("broken", _TEXT["broken"].format(why=reason), stretches, composure)
    scale = Scale(first, {name: FIGURES[name][0] for name in first})
    gain, name = scale.gain(last)
    if abs(gain) > 1.0:
        told = _SPOKEN[name].format(now=last[name], then=first[name])
        sort = "truer than before" if gain > 0.0 else "worse"
        return Ending(sort, _TEXT[sort].format(why=told), stretches, composure)
    strayed, _ = scale.gain(low)
    sort = "restored" if strayed < -1.0 else "unchanged"
    return Ending(sort, _TEXT[sort], stretches, composure)
