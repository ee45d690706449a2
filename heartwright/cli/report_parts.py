"""The parts of a report's page as HTML: figures, sentences, words, causes, tables. All text is escaped here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from heartwright.judge.figures import why_no_amplitude
from heartwright.judge.phrase import digits_for, plain, signed
from heartwright.judge.words import speaks_of
from heartwright.records import BeatTable, Cause, Interval, Reading, Sentence, Verdict, Word

if TYPE_CHECKING:
    from heartwright.cli.report_sound import Clip

_EXCERPT: Final = 12
_NAMED: Final = {"undecided": "undecided", "none_of_these": "none of these", "healthy": "healthy"}
_TOLD: Final = {
    "undecided": "the share of the doubt that this take did not remove",
    "none_of_these": "something that is not on the list",
    "healthy": "nothing is wrong",
}


def told(text: str) -> str:
    """Escaped text with true signs of minus and plus or minus; figures and units, and options, stay in one line."""
    signed_right = re.sub(r"(?<![\w.-])-(?=\d)", "−", escape(text).replace("+-", "±"))
    in_one = re.sub(r"(?<=\d) (?=(?:s|ms|%|dB|degrees|Pa|ppm)\b|%)", "\u00a0", signed_right)
    return re.sub(r"(?<!\S)\(?--[a-z-]+", r'<span class="option">\g<0></span>', in_one)


def figures(reading: Reading, *, pendulum: bool) -> str:
    """The big figures with their intervals."""
    rate, error, swing, beat = (
        reading.rate_s_per_day,
        reading.beat_error_ms,
        reading.amplitude_deg,
        reading.beat_rate_bph,
    )
    cells = [_figure("Rate", rate, "s/d", most=1, sign=True, missing="no standard rate is near")]
    if not pendulum:
        missing = "" if swing is not None else why_no_amplitude(reading)
        cells.append(_figure("Amplitude", swing, "°", most=0, missing=missing))
    cells.append(_figure("Beat error", error, "ms", most=3 if error is not None and error.half_width < 0.005 else 2))
    cells.append(_figure("Beats an hour", beat, "", most=1 if beat is not None and beat.half_width < 5.0 else 0))
    return f'<div class="figures">{"".join(cells)}</div>'


def tone(reading: Reading) -> str:
    """The figures of a tuning fork watch; nothing where there is none."""
    if reading.tone is None:
        return ""
    cells = [
        _figure("Rate", reading.rate_s_per_day, "s/d", most=2, sign=True),
        _figure("Tone", reading.tone.frequency_hz, "Hz", most=4),
        _figure("Beat error", None, "ms", most=2, missing="a tuning fork has no beats"),
        _figure("Amplitude", None, "°", most=0, missing="a tuning fork has no balance"),
    ]
    return f'<div class="figures">{"".join(cells)}</div>'


def _figure(name: str, found: Interval | None, unit: str, *, most: int, sign: bool = False, missing: str = "") -> str:
    if found is None:
        why = told(missing) or "this take does not show it"
        none = '<div class="value none">not measurable</div>'
        return f'<div class="figure"><div class="name">{name}</div>{none}<div class="span">{why}</div></div>'
    show = signed if sign else plain
    digits = min(most, digits_for(found, most=most))
    value = told(show(found.value, digits))
    span = told(f"{show(found.low, digits)} to {show(found.high, digits)}")
    mark = "<sup>°</sup>" if unit == "°" else f"<small>{unit}</small>"
    shown = f'<div class="value">{value}{mark}</div>'
    return f'<div class="figure"><div class="name">{name}</div>{shown}<div class="span">{span}</div></div>'


def sentences(said: Sequence[Sentence], clip: Clip | None) -> str:
    """The verdict's sentences, each with the moments that can be heard."""
    rows = "".join(f"<li>{told(s.text)}{moments(s.evidence_s, clip)}</li>" for s in said)
    return f'<ol class="said">{rows}</ol>'


def moments(times: tuple[float, ...], clip: Clip | None, *, most: int = 4) -> str:
    """Buttons that play a moment of the take; plain times where the page does not hold that stretch."""
    parts = []
    for time in times[:most]:
        label = f"{time:.2f} s"
        if clip is not None and clip.holds(time):
            parts.append(
                f'<button class="hear" data-at="{time:.3f}" aria-label="hear {label}">&#9656; {label}</button>'
            )
    return " ".join(parts)


def words(verdict: Verdict, clip: Clip | None) -> str:
    """The three words as scales with whiskers and their sentence, or not measurable with the reason."""
    said = {name: next((s.text for s in verdict.sentences if speaks_of(s, name)), "") for name in verdict.words}
    rows = "".join(_word(name, word, said[name], clip) for name, word in verdict.words.items())
    ends = '<div class="ends"><span>0, the healthy middle</span><span>the limit</span><span>1</span></div>'
    return rows + (ends if any(w.score is not None for w in verdict.words.values()) else "")


def _word(name: str, word: Word, said: str, clip: Clip | None) -> str:
    text = said if said and word.score is not None else f"{word.reason[:1].upper()}{word.reason[1:]}."
    why = f'<div class="why">{told(text)}{moments(word.evidence_s, clip)}</div>'
    head = f'<div class="name">{escape(name)}</div>'
    if word.score is None or word.low is None or word.high is None:
        return f'<div class="word">{head}<div class="unknown">not measurable</div>{why}</div>'
    state = "holds" if word.holds else ("calm" if word.high <= 0.5 else "open")
    reach = f'<span class="reach" style="left:{100 * word.low:.1f}%;width:{100 * (word.high - word.low):.1f}%"></span>'
    dot = f'<span class="dot" style="left:{100 * word.score:.1f}%"></span>'
    label = escape(f"{name}: {word.score:.2f}, from {word.low:.2f} to {word.high:.2f}", quote=True)
    edge = '<span class="edge"></span>'
    scale = f'<div class="scale {state}" role="img" aria-label="{label}">{edge}{reach}{dot}</div>'
    return f'<div class="word">{head}{scale}{why}</div>'


def causes(found: tuple[Cause, ...], *, most: int = 7) -> str:
    """The likeliest sound classes as bars."""
    rows = []
    for cause in [c for c in found if c.probability >= 0.005][:most]:
        blank = " blank" if cause.sound_class in _NAMED else ""
        name = escape(_NAMED.get(cause.sound_class, cause.sound_class))
        members = escape(_TOLD.get(cause.sound_class, ", ".join(cause.members)))
        share = f"{100.0 * cause.probability:.0f} %"
        track = f'<div class="track"><b style="width:{100.0 * cause.probability:.1f}%"></b></div>'
        who = f'<div class="name">{name}<small>{members}</small></div><div class="share">{share}</div>'
        rows.append(f'<div class="cause{blank}">{who}{track}</div>')
    return "".join(rows)


def beats(table: BeatTable) -> str:
    """The first beats, and whichever were flagged."""
    flagged = [int(i) for i in np.flatnonzero(table.flag != "")][:_EXCERPT]
    rows = sorted({*range(min(_EXCERPT, len(table))), *flagged})
    head = "".join(
        f"<th>{h}</th>"
        for h in ("at, s", "side", "off the steady beat, ms", "1 to 3, ms", "amplitude, °", "level, dB", "")
    )
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(_beat(table, i) for i in rows)}</table></div>'


def _beat(table: BeatTable, i: int) -> str:
    third = table.bank_s[i] if np.isfinite(table.bank_s[i]) else table.lock_s[i]
    cells = (
        _cell(table.time_s[i], 4),
        "tick" if table.side[i] > 0 else "tock",
        _cell(table.residual_ms[i], 3),
        _cell(1e3 * (third - table.time_s[i]), 2),
        _cell(table.amplitude_deg[i], 0),
        _cell(table.level_db[i], 0),
        escape(str(table.flag[i])),
    )
    kind = ' class="flag"' if table.flag[i] else ""
    return f"<tr{kind}>{''.join(f'<td>{c}</td>' for c in cells)}</tr>"


def _cell(value: float, digits: int) -> str:
    return told(plain(float(value), digits)) if np.isfinite(value) else "–"
