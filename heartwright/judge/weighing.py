"""Weighing: a reading, and the design if given, become a verdict. The trace is never read.

The standard figures come first, then intricacy (with a design), then the three words; causes and the cheapest next
measurement last. What was not told is not assumed: limits widen, or a word is not measurable and says why.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from heartwright.judge.bench import Bench
from heartwright.judge.causes import next_measurement, no_causes, weigh_causes
from heartwright.judge.features import displaced
from heartwright.judge.figures import speak
from heartwright.judge.intricacy import intricacy
from heartwright.judge.phrase import lowered, opened, plain
from heartwright.judge.words import unmeasured, weigh_words
from heartwright.records import Cause, Reading, Sentence, Verdict, Word

if TYPE_CHECKING:
    from heartwright.design import Design

_QUICKEST_BPH = 80_000.0
_NOTHING = {
    "unreadable": "the file cannot be read",
    "no_beat": "no beat was heard",
    "tone": "no verdict on beats: a tuning fork",
    "ok": "no verdict on beats: a stopwatch, whose beats are too quick to be timed one by one",
    "too_short": "the take is too short",
    "too_noisy": "the take is too noisy",
}


def weigh(
    reading: Reading,
    *,
    design: Design | None = None,
    kind: str | None = None,
    position: str | None = None,
    wind: str | None = None,
    limits: str | Path | None = None,
) -> Verdict:
    """Judge a reading.

    `kind` is one of the five kinds (else the design's, else what the beat leaves open); `position` CH, CB, 3H, 6H, 9H,
    12H, "flat" or "vertical"; `wind` "full" or "24 h"; `limits` a table of your own (see judge/limits.toml). Raises
    LimitsError, a ValueError, for words or tables that are not known.
    """
    bench = Bench.lay(reading, design=design, kind=kind, position=position, wind=wind, limits=limits)
    counted = intricacy(design) if design is not None else None
    if reading.table is None and (reading.status != "ok" or _too_quick(reading)):
        return _nothing(reading, counted)
    moved = displaced(reading)
    words, spoken = weigh_words(reading, bench, moved)
    causes = weigh_causes(reading, bench, moved) if reading.table is not None else no_causes()
    step = next_measurement(reading, bench, causes)
    conviction = _conviction(reading, bench, words)
    sentences = speak(reading, bench, moved) + _intricacy_said(counted) + spoken + _conviction_said(conviction)
    sentences += _cause_said(causes) + _next_said(step)
    if not bench.told:
        sentences += (Sentence(f"It is judged as a {bench.named}, since its kind was not told.", {}),)
    return Verdict(
        status=reading.status,
        reading=reading,
        words=words,
        sentences=sentences,
        causes=causes,
        conviction=conviction,
        intricacy=counted,
        next_measurement=step,
    )


def _too_quick(reading: Reading) -> bool:
    """Whether it beats quicker than any watch that limits are known of."""
    return reading.beat_rate_bph is not None and reading.beat_rate_bph.value > _QUICKEST_BPH


def _nothing(reading: Reading, counted: dict[str, float] | None) -> Verdict:
    """The verdict on a take in which there is no beat: words without numbers, and what would mend it."""
    what = _NOTHING.get(reading.status, "nothing could be read")
    answered = reading.status in ("ok", "tone")  # there is a reading, and nothing to mend
    mend = lowered(reading.advice[0]) if reading.advice and not answered else ""
    reason = f"{what}: {mend}" if mend else what
    advice = tuple(Sentence(f"{opened(line.rstrip('.'))}.", {}) for line in reading.advice)
    return Verdict(
        status=reading.status,
        reading=reading,
        words=unmeasured(reason),
        sentences=(Sentence(f"{opened(what)}.", {"duration_s": reading.duration_s}), *advice),
        causes=no_causes(),
        conviction=None,
        intricacy=counted,
        next_measurement=mend,
    )


def _conviction(reading: Reading, bench: Bench, words: dict[str, Word]) -> bool | None:
    """True: keeps time, has reserve, no word holds. False: one of them is surely lost. None: not enough is known."""
    limit = bench.limit("rate_s_per_day")
    rate = reading.rate_s_per_day
    astray = limit.unhealthy(rate) if limit is not None and rate is not None else None
    room, swing = bench.limit("amplitude_deg"), reading.amplitude_deg
    spent = room is not None and swing is not None and room.low is not None and swing.high < room.low
    holds = [word.holds for word in words.values()]
    if astray or spent or any(holds):
        return False
    surely_not = all(w.holds is False and w.high is not None and w.high <= 0.5 for w in words.values())
    return True if astray is False and surely_not and reading.settled else None


def _conviction_said(conviction: bool | None) -> tuple[Sentence, ...]:
    if conviction is None:
        return (Sentence("Whether it beats with conviction stays open.", {}),)
    said = "It beats with conviction." if conviction else "It does not beat with conviction."
    return (Sentence(said, {}),)


def _intricacy_said(counted: dict[str, float] | None) -> tuple[Sentence, ...]:
    if counted is None:
        return ()
    parts, meshes, loops = (int(counted[k]) for k in ("parts", "meshes", "independent_loops"))
    bits = plain(counted["description_length_bit"], 0)
    text = f"{parts} parts touch in {meshes} meshes and {loops} independent loops; it takes {bits} bits to say how"
    return (Sentence(f"{text}.", dict(counted)),)


def _cause_said(causes: tuple[Cause, ...]) -> tuple[Sentence, ...]:
    first = causes[0]
    figures = {cause.sound_class: cause.probability for cause in causes}
    share = plain(100.0 * first.probability, 0)
    if first.sound_class == "undecided":
        text = f"What is behind it stays undecided ({share} per cent of the doubt remains)"
    elif first.sound_class == "none_of_these":
        text = f"None of the causes on the list fits ({share} per cent)"
    elif first.sound_class == "healthy":
        text = f"Most likely it is healthy ({share} per cent)"
    else:
        text = f"Most likely: {first.sound_class} ({share} per cent), which no ear can part further"
    return (Sentence(f"{text}.", figures),)


def _next_said(step: str) -> tuple[Sentence, ...]:
    return (Sentence(f"To know more: {step.rstrip('.')}.", {}),) if step else ()
