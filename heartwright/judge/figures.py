"""The standard figures, first and in plain words: beat, rate, beat error, amplitude, each against its limit."""

from __future__ import annotations

import re

from heartwright.judge.bench import Bench
from heartwright.judge.features import Displaced
from heartwright.judge.limits import Limit
from heartwright.judge.phrase import count, digits_for, ends, listed, lowered, opened, plain, signed, span
from heartwright.records import Interval, Reading, Sentence

_SORTS = {"late": "late", "early": "early", "missed": "not heard", "double": "sounded twice"}
_TOLD = 3  # displaced beats that are told one by one


def speak(reading: Reading, bench: Bench, moved: tuple[Displaced, ...]) -> tuple[Sentence, ...]:
    """Sentences of the standard figures, in the order of the trade."""
    found = [_beat(reading), _rate(reading, bench), _beat_error(reading, bench), _amplitude(reading, bench)]
    found.extend(_displaced(moved))
    found.append(_voice(reading, bench))
    return tuple(s for s in found if s is not None)


def why_no_amplitude(reading: Reading) -> str:
    """The reason why there is no amplitude, and what would give one; no capital at its head, no stop at its end."""
    if reading.status != "ok" and reading.advice:
        return lowered(reading.advice[0])
    if reading.lift_deg is None:
        return "no lift angle was given (--lift-deg 52 or --movement would do it)"
    for line in reading.advice:
        if line.startswith("No amplitude"):
            plainly = re.sub(r"^No amplitude from ([\d.]+ s):", r"the take is only \1 long;", line)
            return lowered(plainly.removeprefix("No amplitude: ").split(". ")[0])
    if reading.duration_s < 10.0:
        return f"the take is only {plain(reading.duration_s, 1)} s long; record 60 s"
    return "the third sound of the beat could not be told from the noise; a quieter room may bring it"


def _beat(reading: Reading) -> Sentence | None:
    rate = reading.beat_rate_bph
    if rate is None:
        return None
    digits = digits_for(rate, most=1)
    figures = {"beat_rate_bph": rate.value, "low": rate.low, "high": rate.high, "beats": float(reading.beats)}
    heard = f"{count(reading.beats, 'beat', 'beats')} heard in {plain(reading.duration_s, 0)} s"
    if reading.nominal_bph is not None:
        named = plain(reading.nominal_bph, 0)
        return Sentence(f"It beats {named} times an hour: {heard}.", {**figures, "nominal_bph": reading.nominal_bph})
    return Sentence(f"It beats {span(rate, digits)} times an hour: {heard}. No standard rate lies near.", figures)


def _rate(reading: Reading, bench: Bench) -> Sentence | None:
    rate = reading.rate_s_per_day
    if rate is None:
        return None
    digits = digits_for(rate, most=1)
    amount = plain(abs(rate.value), digits)
    verb = "gains" if rate.value >= 0.0 else "loses"
    head = f"It {verb} {amount} s a day" if amount.strip("0.,") else "It neither gains nor loses"
    limit = bench.limit("rate_s_per_day")
    figures = {"rate_s_per_day": rate.value, "low": rate.low, "high": rate.high, **_ends_of(limit)}
    tail = _against(rate, limit, "s a day", sign=True)
    return Sentence(f"{head} ({ends(rate, digits, sign=True)}){tail}.", figures)


def _beat_error(reading: Reading, bench: Bench) -> Sentence | None:
    error = reading.beat_error_ms
    if error is None:
        return None
    digits = digits_for(error, most=3 if error.half_width < 0.005 else 2)
    figures = {"beat_error_ms": error.value, "low": error.low, "high": error.high}
    text = f"Tick and tock are uneven by {plain(error.value, digits)} ms (beat error, {ends(error, digits)})"
    limit = bench.limit("beat_error_ms")
    if limit is not None:
        return Sentence(f"{text}{_against(error, limit, 'ms', sign=False)}.", {**figures, **_ends_of(limit)})
    limit, share = bench.limit("beat_error_percent"), percent_of_beat(reading)
    if limit is not None and share is not None:
        figures |= {"beat_error_percent": share.value, **_ends_of(limit)}
        shown = f", {plain(share.value, 1)} per cent of a beat"
        return Sentence(f"{text}{shown}{_against(share, limit, 'per cent', sign=False)}.", figures)
    return Sentence(f"{text}.", figures)


def percent_of_beat(reading: Reading) -> Interval | None:
    """Tick minus tock (twice the beat error) in per cent of a beat, as clockmakers state it."""
    error, rate = reading.beat_error_ms, reading.beat_rate_bph
    if error is None or rate is None or rate.value <= 0.0:
        return None
    scale = 200.0 / (3.6e6 / rate.value)
    return Interval(scale * error.value, scale * error.low, scale * error.high)


def _amplitude(reading: Reading, bench: Bench) -> Sentence | None:
    amplitude = reading.amplitude_deg
    if bench.kind_is("pendulum"):
        return None
    if amplitude is None:
        return Sentence(f"Amplitude not measurable: {why_no_amplitude(reading)}.", {})
    limit = bench.limit("amplitude_deg")
    figures = {"amplitude_deg": amplitude.value, "low": amplitude.low, "high": amplitude.high, **_ends_of(limit)}
    digits = 1 if amplitude.half_width < 0.5 else 0
    swing = f"{plain(amplitude.value, digits)} degrees to either side (amplitude, {ends(amplitude, digits)})"
    text = f"The balance swings {swing}"
    if limit is None:
        return Sentence(f"{text}; no limit is known for a {bench.named}.", figures)
    if limit.low is not None and amplitude.high < limit.low:
        return Sentence(
            f"{text}: it is spent, below the {plain(limit.low, 0)} that health asks{_where(bench)}.", figures
        )
    return Sentence(f"{text}{_against(amplitude, limit, 'degrees', sign=False)}{_where(bench)}.", figures)


def _where(bench: Bench) -> str:
    """Position and wind as the sentence needs them; said so where they are not known."""
    if bench.kind_is("heart"):
        return ""
    if bench.position is None and bench.wind is None:
        return ", whatever its position and wind"
    posed = {"flat": "lying flat", "vertical": "standing", None: "in whatever position"}[bench.position]
    wound = {"full": "fully wound", "24 h": "a day after winding", None: "at whatever wind"}[bench.wind]
    return f", {posed} and {wound}"


def _against(figure: Interval, limit: Limit | None, unit: str, *, sign: bool) -> str:
    """ ", within the ... that are allowed" and its opposites."""
    if limit is None:
        return ""
    show = signed if sign else plain
    digits = 1 if limit.high is not None and limit.high < 5.0 else 0
    if limit.low is not None and limit.high is not None:
        room = f"{show(limit.low, digits)} to {show(limit.high, digits)} {unit}"
    elif limit.high is not None:
        room = f"{show(limit.high, digits)} {unit}"
    else:
        room = f"{show(limit.low or 0.0, digits)} {unit} and more"
    verdict = limit.unhealthy(figure)
    if verdict is None:
        return f", which does not decide whether it keeps to the {room} of health"
    return f", outside the {room} of health" if verdict else f", within the {room} of health"


def _ends_of(limit: Limit | None) -> dict[str, float]:
    if limit is None:
        return {}
    pairs = {"limit_low": limit.low, "limit_high": limit.high}
    return {key: value for key, value in pairs.items() if value is not None}


def _displaced(moved: tuple[Displaced, ...]) -> list[Sentence]:
    """The displaced beats, one by one while they are few, else together."""
    if len(moved) > _TOLD:
        counts = {said: sum(m.name == name for m in moved) for name, said in _SORTS.items()}
        kinds = [f"{number} {said}" for said, number in counts.items() if number]
        text = f"{opened(count(len(moved), 'beat', 'beats'))} left the ranks: {listed(kinds)}"
        first = f"; the first at {plain(moved[0].time_s, 2)} s"
        return [Sentence(f"{text}{first}.", {"displaced": float(len(moved))}, tuple(m.time_s for m in moved))]
    return [_one_displaced(m) for m in moved]


def _one_displaced(beat: Displaced) -> Sentence:
    when = plain(beat.time_s, 2)
    if beat.name == "missed":
        return Sentence(f"At {when} s a beat was not heard.", {"time_s": beat.time_s}, (beat.time_s,))
    if beat.name == "double":
        return Sentence(f"At {when} s one beat sounded twice.", {"time_s": beat.time_s}, (beat.time_s,))
    size = plain(abs(beat.shift_ms), 1)
    figures = {"time_s": beat.time_s, "shift_ms": beat.shift_ms}
    return Sentence(f"At {when} s one beat came {size} ms {beat.name}.", figures, (beat.time_s,))


def _voice(reading: Reading, bench: Bench) -> Sentence | None:
    voice = reading.voice
    if voice is None:
        return None
    rate = 60.0 / voice.period_s.value
    figures = {"period_s": voice.period_s.value, "low": voice.period_s.low, "high": voice.period_s.high}
    heard = []
    for sound in voice.sounds:
        figures |= {f"{sound.name}_s": sound.time_s.value, f"{sound.name}_db": sound.level_db.value}
        heard.append(f"{sound.name} at {plain(1e3 * sound.time_s.value, 0)} ms")
    text = f"Under the tick a second voice strokes {plain(rate, 1)} times a minute"
    limit = bench.limit("stroke_period_s")
    if limit is not None and limit.unhealthy(voice.period_s):
        figures |= _ends_of(limit)
        text += f", every {plain(voice.period_s.value, 2)} s, where health asks {plain(limit.median or 1.0, 2)} s"
    return Sentence(f"{text}: {listed(heard)} of each stroke." if heard else f"{text}.", figures)
