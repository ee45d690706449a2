"""The three words: hesitant (irregular in time), forced (driven against its own motion), hollow (nothing behind it).

A score is 0 at the median of healthy movements of the kind, 0.5 at the limit, 1 at twice that distance, linear and
clipped; its interval is the statistic's, carried over. A word holds when the low end of its score is above 0.5. Of
several statistics the one that speaks loudest is taken. For want of data a word is *not measurable*, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from heartwright.judge.bench import Bench
from heartwright.judge.features import (
    Displaced,
    displaced_per_thousand,
    first_over_second,
    reserve,
    tooth_pattern,
    wander,
)
from heartwright.judge.figures import why_no_amplitude
from heartwright.judge.limits import Limit
from heartwright.judge.phrase import digits_for, listed, plain, span
from heartwright.records import Interval, Reading, Sentence, Voice, Word

NAMES: Final = ("hesitant", "forced", "hollow")
NO_RESERVE: Final = "reserve not measured: wind fully and listen again, or listen in a vertical position"
_NONE: Final = ", and there is none"  # the reason why is in the word, and said once with the amplitude
ONE_TAKE: Final = "knocking is all that one take can show"
_WORTH_SHOWING: Final = 0.25  # score from which the moments of a statistic are evidence
_SCATTER: Final = "its beats scatter by {figure} ms, where health allows {limit}"
_STRAYED: Final = "of a thousand beats {figure} left the ranks, where health allows {limit}"
_WANDER: Final = "over ten seconds its rate wanders by {figure} s a day, where health allows {limit}"
_TURN: Final = "with every turn of the escape wheel a shift of {figure} ms comes back, where health allows {limit}"
_KNOCK: Final = "it swings {figure} degrees, and knocking begins near {limit}"
_DAY: Final = "a day after winding it still swings {figure} degrees, where health keeps {limit}"
_RESERVE: Final = (
    "its swing stands {figure} of its own scatters above the {stop} degrees at which it stops, where health has {limit}"
)
_VALVES: Final = (
    "S1, the first valve, sounds at {first} dB and S2, the second, at {second} dB: a difference of {figure} dB, "
    "where healthy hearts keep above {limit}"
)
_SAID: Final = {  # holds; may hold; does not hold; not measurable
    "hesitant": ("It hesitates", "It may hesitate", "It does not hesitate", "Whether it hesitates is not measurable"),
    "forced": ("It is forced", "It may be forced", "It is not forced", "Whether it is forced is not measurable"),
    "hollow": ("It is hollow", "It may be hollow", "It is not hollow", "Whether it is hollow is not measurable"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One statistic that a word may rest on, with the limit it is weighed against."""

    name: str
    says: str  # a clause with places for {figure} and {limit}
    figure: Interval
    limit: Limit
    rising: bool  # whether more of it is worse
    evidence_s: tuple[float, ...] = ()

    def score(self) -> Interval:
        """The score of this statistic alone, 0..1."""
        ends = [self._score_at(x) for x in (self.figure.value, self.figure.low, self.figure.high)]
        return Interval(ends[0], min(ends), max(ends))

    def _score_at(self, value: float) -> float:
        distance = self.limit.distance(value)
        return min(1.0, max(0.0, 0.5 * (distance if self.rising else -distance)))

    def tell(self) -> str:
        """The figure beside its limit, in words."""
        edge = (self.limit.high if self.rising else self.limit.low) or 0.0
        most = (3 if self.figure.half_width < 0.01 else 2) if self.name.endswith("_ms") else 1
        digits = digits_for(self.figure, most=most)
        if self.name.endswith("_deg") and self.figure.half_width >= 0.5:
            digits = 0
        edge_digits = 0 if self.name.endswith("_deg") else max(digits, 1)
        told = self.says.format(figure=span(self.figure, digits), limit=plain(edge, edge_digits))
        return f"{told} (simulated)" if self.limit.origin == "simulated" else told


def weigh_words(
    reading: Reading, bench: Bench, moved: tuple[Displaced, ...]
) -> tuple[dict[str, Word], tuple[Sentence, ...]]:
    """The three words and a sentence for each."""
    parts = {
        "hesitant": _hesitant(reading, bench, moved),
        "forced": _forced(reading, bench, moved),
        "hollow": _hollow(reading, bench),
    }
    words = {name: _word(part) for name, part in parts.items()}
    return words, tuple(_sentence(name, words[name], parts[name]) for name in NAMES)


def speaks_of(sentence: Sentence, name: str) -> bool:
    """Whether a sentence of a verdict is the one about this word."""
    return sentence.text.startswith(tuple(f"{head}:" for head in _SAID[name]))


def unmeasured(reason: str) -> dict[str, Word]:
    """All three words, not measurable for one reason."""
    return {name: Word(None, None, None, None, reason) for name in NAMES}


def _word(part: list[Part] | str) -> Word:
    if isinstance(part, str):
        return Word(None, None, None, None, part)
    loudest = _loudest(part)
    score = loudest.score()
    evidence = tuple(sorted({t for p in part for t in p.evidence_s if p.score().value >= _WORTH_SHOWING}))
    reason = "; ".join(p.tell() for p in part)
    return Word(score.value, score.low, score.high, score.low > 0.5, reason, evidence)


def _loudest(parts: list[Part]) -> Part:
    """The part whose score is surest to be high: by its low end first, then by its value."""
    return max(parts, key=lambda p: (p.score().low, p.score().value))


def _sentence(name: str, word: Word, parts: list[Part] | str) -> Sentence:
    holds, may, not_so, unknown = _SAID[name]
    if isinstance(parts, str):
        return Sentence(f"{unknown}: {parts.split(_NONE)[0]}{_NONE if _NONE in parts else ''}.", {})
    loudest = _loudest(parts)
    score = loudest.score()
    head = holds if word.holds else (may if score.value > 0.5 else not_so)
    figures = {
        "score": score.value,
        "score_low": score.low,
        "score_high": score.high,
        loudest.name: loudest.figure.value,
        "low": loudest.figure.low,
        "high": loudest.figure.high,
    }
    tail = f"; {ONE_TAKE}" if name == "forced" and not word.holds else ""
    if name == "hollow" and word.holds and loudest.name == "s1_over_s2_db":
        tail = "; it beats with skill, but it does not bleed as it should"
    return Sentence(f"{head}: {loudest.tell()}{tail}.", figures, word.evidence_s)


# ------------------------------------------------------------------------------------------------------- hesitant


def _hesitant(reading: Reading, bench: Bench, moved: tuple[Displaced, ...]) -> list[Part] | str:
    times = tuple(m.time_s for m in moved)
    strayed = displaced_per_thousand(reading, moved)
    offered: list[tuple[str, str, Interval | None, tuple[float, ...]]] = [
        ("beat_scatter_ms", _SCATTER, reading.beat_scatter_ms, _restless(reading)),
        ("displaced_per_thousand", _STRAYED, strayed, times),
        ("wander_s_per_day", _WANDER, wander(reading), ()),
        *_turning(reading, bench),
    ]
    heard = [row for row in offered if row[2] is not None]
    if not heard:
        return "no table of beats could be made from this take; record 60 s in a quiet room"
    parts = []
    for name, says, figure, evidence in heard:
        limit = bench.limit(name)
        if limit is not None and figure is not None:
            parts.append(Part(name, says, figure, limit, True, evidence))
    if not parts:
        return _no_scatter(bench)
    return parts


def _no_scatter(bench: Bench) -> str:
    """Why scatter cannot be weighed: the kind was not told, or nobody knows its health."""
    known = [kind for kind in bench.kinds if bench.knows(kind, "beat_scatter_ms")]
    if known and not bench.told:
        return f"healthy scatter is known for a {listed(known, joint='or')} only; say its kind (--kind) if it is one"
    return f"no healthy scatter is known for a {bench.named}; a row of your own in the limits would mend that"


def _turning(reading: Reading, bench: Bench) -> list[tuple[str, str, Interval | None, tuple[float, ...]]]:
    """What comes back with every turn of the escape wheel; its teeth are known from a design only."""
    found = tooth_pattern(reading, bench.design.escapement.teeth) if bench.design is not None else None
    return [] if found is None else [("tooth_pattern_ms", _TURN, *found)]


def _restless(reading: Reading) -> tuple[float, ...]:
    """The three moments at which the beat strayed farthest from its steady line."""
    table = reading.table
    if table is None or len(table) < 3:
        return ()
    pairs = zip(np.abs(table.residual_ms), table.time_s, strict=True)
    ranked = sorted((-float(r), float(t)) for r, t in pairs if np.isfinite(r) and np.isfinite(t))
    return tuple(sorted(t for _, t in ranked[:3]))


# --------------------------------------------------------------------------------------------------------- forced


def _forced(reading: Reading, bench: Bench, moved: tuple[Displaced, ...]) -> list[Part] | str:
    if bench.kind_is("pendulum"):
        return "a pendulum does not knock; two takes with different weights would show whether the drive overrules it"
    if reading.amplitude_deg is None:
        return f"knocking is read from the amplitude{_NONE}: {why_no_amplitude(reading)}"
    limit = bench.limit("knock_deg")
    if limit is None:
        return f"the swing at which a {bench.named} knocks is not known; say which kind it is"
    doubled = tuple(m.time_s for m in moved if m.name == "double")
    evidence = doubled or _widest(reading)
    return [Part("amplitude_deg", _KNOCK, reading.amplitude_deg, limit, True, evidence)]


def _widest(reading: Reading) -> tuple[float, ...]:
    """The three moments of widest swing."""
    if reading.table is None:
        return ()
    pairs = zip(reading.table.amplitude_deg, reading.table.time_s, strict=True)
    ranked = sorted((-float(a), float(t)) for a, t in pairs if np.isfinite(a) and np.isfinite(t))
    return tuple(sorted(t for _, t in ranked[:3]))


# --------------------------------------------------------------------------------------------------------- hollow


def _hollow(reading: Reading, bench: Bench) -> list[Part] | str:
    if bench.kind_is("heart"):
        return _hollow_heart(reading, bench)
    if bench.kind_is("pendulum"):
        return "a pendulum's swing cannot be heard; its arc, read at full wind and a week later, would tell"
    if reading.amplitude_deg is None:
        return f"reserve is read from the amplitude{_NONE}: {why_no_amplitude(reading)}"
    if bench.wind is None:
        return NO_RESERVE
    if bench.wind == "24 h":
        limit = bench.limit("amplitude_deg")
        if limit is None:
            return f"no healthy swing after a day is known for a {bench.named}; say which kind it is"
        return [Part("amplitude_deg", _DAY, reading.amplitude_deg, limit, False)]
    stop, limit = bench.limit("stopping_deg"), bench.limit("reserve_scatters")
    if stop is None or stop.median is None or limit is None:
        return f"the swing at which a {bench.named} stops is not known; listen again a day after winding"
    figure = reserve(reading, stop.median)
    if figure is None:
        return "the swing of single beats could not be measured; record 60 s in a quiet room"
    return [Part("reserve_scatters", _RESERVE.replace("{stop}", plain(stop.median, 0)), figure, limit, False)]


def _hollow_heart(reading: Reading, bench: Bench) -> list[Part] | str:
    if reading.voice is None:
        return "the valves were not heard beside the tick; put the microphone on the pump's block and record 60 s"
    figure = first_over_second(reading)
    if figure is None:
        return _one_valve(reading.voice)
    limit = bench.limit("s1_over_s2_db")
    if limit is None:
        return "no healthy level of S1 against S2 is known; a row of your own in the limits would mend that"
    levels = {s.name: s.level_db for s in reading.voice.sounds}
    says = _VALVES.replace("{first}", plain(levels["S1"].value, 1)).replace("{second}", plain(levels["S2"].value, 1))
    return [Part("s1_over_s2_db", says, figure, limit, False, _strokes(reading))]


def _one_valve(voice: Voice) -> str:
    """Why the valves cannot be weighed against each other, from those that were heard."""
    names = [sound.name for sound in voice.sounds]
    if "S2" in names:
        return (
            "S2 was heard and S1 was not: the first valve is faint or the take is noisy, and a quieter take would tell"
        )
    heard = listed(names) or "nothing"
    return f"S1 and S2 are both needed and only {heard} was heard; move the microphone nearer to the pump's block"


def _strokes(reading: Reading) -> tuple[float, ...]:
    """S1 of the first three strokes: moments to hear it."""
    voice = reading.voice
    if voice is None:
        return ()
    first = next((s.time_s.value for s in voice.sounds if s.name == "S1"), 0.0)
    times = (first + k * voice.period_s.value for k in range(3))
    return tuple(t for t in times if t < reading.duration_s)
