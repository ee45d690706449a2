"""What is said: the judge's own sentences in the critic's order, and the answer about the missed beat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from heartwright.design import Design, bundled
from heartwright.judge.intricacy import intricacy
from heartwright.judge.words import speaks_of

if TYPE_CHECKING:
    from heartwright.dream.hearing import Heard
    from heartwright.dream.scenario import Critic

REMARKABLE = 0.5  # of the shelf is no more intricate


@dataclass(frozen=True, slots=True)
class Line:
    """One line: who says it ("room", "you", a critic's name), whether it is said aloud, and when [s]."""

    who: str
    text: str
    spoken: bool
    time_s: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {"who": self.who, "text": self.text, "spoken": self.spoken, "time_s": round(self.time_s, 2)}


@cache
def _shelf() -> tuple[float, ...]:
    """Description lengths of the bundled designs [bit]."""
    return tuple(intricacy(Design.load(name))["description_length_bit"] for name in bundled())


def verdict_lines(heard: Heard, critic: Critic, *, first: bool) -> list[Line]:
    """The intricacy (once), then the judge's sentence on each word as the critic asks for them, the loudest in full."""
    verdict = heard.verdict
    out = []
    if first and verdict.intricacy is not None:
        bits, parts = verdict.intricacy["description_length_bit"], verdict.intricacy["parts"]
        share = sum(b <= bits for b in _shelf()) / max(len(_shelf()), 1)
        head = "The intricacy is remarkable" if share >= REMARKABLE else "It is simply made"
        out.append(Line(critic.name, f"{head}: {parts:.0f} parts, {bits:.0f} bits to say how they touch.", True))
    for name in critic.asks:
        out += [Line(critic.name, s.text, True) for s in verdict.sentences if speaks_of(s, name)]
    if verdict.status != "ok" and not out:
        out += [Line(critic.name, s.text, True) for s in verdict.sentences[:1]]
    ends = [s for s in verdict.sentences if "conviction" in s.text]
    return out + [Line(critic.name, s.text, True) for s in ends[:1]]


def question_answered(heard: Heard | None, truth: list[float] | None) -> list[Line]:
    """The answer to "did it miss a beat?": of the ear; without ears, of what happened."""
    if heard is not None:
        return [Line("room", heard.missed.sentence, False)]
    if truth is None:
        return []
    text = f"It did: {len(truth)} strokes came late." if truth else "It did not: it was imagination."
    return [Line("room", text, False)]
