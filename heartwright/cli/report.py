"""The report: one quiet, self-contained HTML page of a reading and what the judge says of it.

No network is needed to read it: drawings are SVG, the sound is packed in, the style and the little script stand inside.
It is written whole or not at all.
"""

from __future__ import annotations

import os
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from heartwright.cli import report_charts as charts
from heartwright.cli import report_parts as parts
from heartwright.cli import report_wheels
from heartwright.cli.report_sound import Clip, pack
from heartwright.judge.phrase import plain
from heartwright.judge.words import speaks_of
from heartwright.listen.timing.shape import SLOWEST_LEVER_S
from heartwright.records import Reading, Recording, Sentence, Trace, Verdict

if TYPE_CHECKING:
    from heartwright.design import Design

_ABOUT_TAPE = "Each dot is a beat. A line that climbs gains"
_ABOUT_SIDES = "two lines apart are the beat error"
_ABOUT_FOLD = "All beats laid on each other, tick above and tock below."
_ABOUT_SWING = (
    "How far the balance swings, beat by beat; the line is its running mean, the band the mean's 95 % interval."
)
_ABOUT_RATE = (
    "Seconds gained a day, stretch by stretch, with 95 % intervals; the band is the whole take's, clock included."
)
_ABOUT_VOICE = "Each sound stands where it comes, and as high as it is loud."
_ABOUT_PUMP = "From the simulation itself, not from listening: what the valves stand between."
_ABOUT_WORDS = (
    "Left is the middle of health, the line in the centre its limit. "
    "A word holds when its whole interval lies beyond the line."
)
_ABOUT_CAUSES = "Faults that no ear can part stand together; undecided is an answer."
_ABOUT_ENERGY = "Every joule is accounted for, to"


def write(
    path: str | os.PathLike[str],
    *,
    reading: Reading,
    verdict: Verdict | None = None,
    recording: Recording | None = None,
    trace: Trace | None = None,
    design: Design | None = None,
) -> None:
    """Write the page. What is not given is left out. Raises OSError where the disk does not take it."""
    text = page(reading=reading, verdict=verdict, recording=recording, trace=trace, design=design)
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def page(
    *,
    reading: Reading,
    verdict: Verdict | None = None,
    recording: Recording | None = None,
    trace: Trace | None = None,
    design: Design | None = None,
) -> str:
    """The page as text. What is not given is left out."""
    clip = pack(recording, _moments(verdict)) if recording is not None else None
    return _page(reading, verdict, clip, trace, design)


def _moments(verdict: Verdict | None) -> tuple[float, ...]:
    """Every moment that a sentence or a word points to."""
    if verdict is None:
        return ()
    said = [t for s in verdict.sentences for t in s.evidence_s]
    return tuple(sorted({*said, *(t for w in verdict.words.values() for t in w.evidence_s)}))


def _slow(reading: Reading) -> bool:
    """Beats slower than any lever's."""
    heard = reading.beat_rate_bph.value if reading.beat_rate_bph is not None else None
    beats = reading.nominal_bph or heard
    return beats is not None and beats <= 3600.0 / SLOWEST_LEVER_S


def _page(
    reading: Reading, verdict: Verdict | None, clip: Clip | None, trace: Trace | None, design: Design | None
) -> str:
    here = Path(__file__)
    style, script = (here.with_name(f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    pendulum = design.kind == "pendulum" if design is not None else _slow(reading)
    title = _title(reading, design)
    body = [
        f'<p class="maker">heartwright &middot; a listening report</p><h1>{escape(title)}</h1>',
        f'<p class="facts">{_facts(reading, design)}</p><p class="lead">{parts.told(_lead(reading, verdict))}</p>',
        parts.figures(reading, pendulum=pendulum) if reading.beats else parts.tone(reading),
        _notes(reading),
        _found(verdict, clip),
        *_pictures(reading),
        *(_section(*found) for found in report_wheels.sections(reading)),
        *_second_voice(reading, trace),
        *_judged(verdict, clip),
        _energy(trace),
        _beats(reading),
        _section("How it was measured", "", _method(reading, clip, trace)),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    head += f'<title>{escape(title)}</title><meta name="color-scheme" content="light dark"><style>{style}</style>'
    end = f"{_player(clip)}<script>{script}</script>" if clip is not None else ""
    main = f"<main>{''.join(body)}</main>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{main}{end}</body></html>\n'


def _title(reading: Reading, design: Design | None) -> str:
    if design is not None:
        return design.title
    return Path(reading.source).name or "A recording"


def _facts(reading: Reading, design: Design | None) -> str:
    found = [datetime.now().astimezone().strftime("%-d %B %Y, %H:%M")]
    if design is not None and reading.source:
        found.append(escape(Path(reading.source).name))
    found.append(f"{plain(reading.duration_s, 1)} s of sound")
    if reading.beats:
        found.append(f"{plain(reading.beats, 0)} beats")
    if reading.snr_db is not None:
        found.append(f"{plain(reading.snr_db, 0)} dB over the noise")
    return " &middot; ".join(found)


def _lead(reading: Reading, verdict: Verdict | None) -> str:
    """The page's one large sentence."""
    if reading.tone is not None:
        return f"It hums: a tuning fork of {reading.tone.nominal_hz:g} Hz, which has no beats to judge."
    if verdict is None:
        return "It was heard, and not judged." if reading.beats else "No beat was heard."
    if not reading.beats:
        return verdict.sentences[0].text
    held = [name for name, word in verdict.words.items() if word.holds]
    heads = {"hesitant": "It hesitates", "forced": "It is forced", "hollow": "It is hollow"}
    found = [s.text for s in verdict.sentences if any(s.text.startswith(heads[name]) for name in held)]
    stray = [s.text for s in verdict.sentences if s.text.startswith("At ") or "left the ranks" in s.text]
    spent = [s.text for s in verdict.sentences if "it is spent" in s.text]
    rate = next((s.text for s in verdict.sentences if "s a day (" in s.text), verdict.sentences[0].text)
    if found or spent:
        return " ".join([*found, *spent][:2])
    if stray:
        return f"{rate} {stray[0]}"
    if verdict.conviction:
        return "It beats with conviction: it keeps time, it has reserve, and none of the three words holds."
    astray = verdict.conviction is not None
    rest = "It does not keep the time it should" if astray else "Nothing in this take speaks against it"
    unknown = sum(word.score is None for word in verdict.words.values())
    if unknown == len(verdict.words):
        rest += "; none of the three words could be measured"
    elif unknown:
        rest += f"; {('one', 'two')[unknown - 1]} of the three words could not be measured"
    return f"{rate} {rest}."


def _notes(reading: Reading) -> str:
    rows = [*reading.warnings, *reading.advice]
    return f'<ul class="notes">{"".join(f"<li>{parts.told(r)}</li>" for r in rows)}</ul>' if rows else ""


def _found(verdict: Verdict | None, clip: Clip | None) -> str:
    """The sentences, without those that stand with the words and the causes further down."""
    if verdict is None:
        return ""
    words = [s for s in verdict.sentences if any(speaks_of(s, name) for name in verdict.words)]
    elsewhere = (*words, *_of_causes(verdict))
    return _section("What was found", "", parts.sentences([s for s in verdict.sentences if s not in elsewhere], clip))


def _of_causes(verdict: Verdict) -> tuple[Sentence, ...]:
    return tuple(s for s in verdict.sentences if "undecided" in s.figures or s.text.startswith("To know more:"))


def _section(title: str, about: str, body: str) -> str:
    said = f'<p class="about">{parts.told(about)}</p>' if about else ""
    return f"<section><h2>{escape(title)}</h2>{said}{body}</section>" if body else ""


def _pictures(reading: Reading) -> list[str]:
    tape, width = charts.tape(reading)
    sides = '<p class="key"><span><i class="i-steel"></i>tick</span><span><i class="i-brass"></i>tock</span></p>'
    heads = [name.split()[0] for name, _ in reading.fold_marks_ms]
    glosses = [f"{head} {charts.GLOSS[head]}" for head in heads if head in charts.GLOSS]
    gloss = f" {'; '.join(glosses)}." if glosses else ""
    lines = _ABOUT_TAPE if reading.beat_error_ms is None else f"{_ABOUT_TAPE}; {_ABOUT_SIDES}"
    joins = " Dashed: the beat leaps there, and is joined." if reading.leaps else ""
    about = f"{lines}. The paper is {width:g} ms wide and wraps.{joins}"
    return [
        _section("The trace", about, f"{tape}{sides}" if tape else ""),
        _section("One beat", f"{_ABOUT_FOLD}{gloss}", charts.folded(reading)),
        _section("The swing", _ABOUT_SWING, charts.swing(reading)),
        _section("The rate", _ABOUT_RATE, charts.rate(reading)),
    ]


def _second_voice(reading: Reading, trace: Trace | None) -> list[str]:
    found = []
    if reading.voice is not None:
        stroke = f"Under the tick, the pump: one stroke lasts {plain(reading.voice.period_s.value, 3)} s."
        found.append(_section("The second voice", f"{stroke} {_ABOUT_VOICE}", charts.strokes(reading.voice)))
    if trace is not None:
        found.append(_section("The pump", _ABOUT_PUMP, charts.pressures(trace)))
    return found


def _judged(verdict: Verdict | None, clip: Clip | None) -> list[str]:
    if verdict is None:
        return []
    head = next((s.text + " " for s in _of_causes(verdict) if s.figures), "")
    step = verdict.next_measurement.rstrip(".")
    more = f'<p class="key">To know more: {parts.told(step)}.</p>' if step else ""
    return [
        _section("Three words", _ABOUT_WORDS, parts.words(verdict, clip)),
        _section("What may be behind it", f"{head}{_ABOUT_CAUSES}", parts.causes(verdict.causes) + more),
    ]


def _energy(trace: Trace | None) -> str:
    if trace is None:
        return ""
    ledger = trace.ledger
    drive = f"{1e6 * ledger.drive_j / trace.seconds:.3g} µW" if trace.seconds > 0 else f"{ledger.drive_j:.3g} J"
    exact = f"{_ABOUT_ENERGY} {ledger.residual_ratio:.1e} of what passed through."
    about = f"From the simulation: the drive gives {drive}. {exact}"
    return _section("Where the energy goes", about, charts.energy(ledger))


def _beats(reading: Reading) -> str:
    if reading.table is None or not len(reading.table):
        return ""
    return _section("The beats", "The first of them, and any that left the ranks.", parts.beats(reading.table))


def _method(reading: Reading, clip: Clip | None, trace: Trace | None) -> str:
    said = ["Every figure stands with its 95 % interval."]
    if reading.rate_s_per_day is not None:
        said.append("That of the rate includes the recorder's clock (30 ppm, one sigma, unless another was given)")
        low, high = reading.rate_low_repeat, reading.rate_high_repeat
        if low is not None and high is not None:
            said[-1] += f"; without it the rate lies between {low:+.1f} and {high:+.1f} s/d"
        said[-1] += "."
    if reading.amplitude_deg is not None and reading.lift_deg is not None:
        timed = reading.amplitude_timed or "third sound"
        said.append(f"Amplitude = lift / (2 sin(pi t / T)), lift {reading.lift_deg:g}°, timed to the {timed}.")
    if reading.tone is None:
        said.append("Beat error is half of tick minus tock.")
    if reading.timing_noise_ms is not None:
        said.append(f"A single beat was timed to {1e3 * reading.timing_noise_ms:.0f} µs (one sigma).")
    if trace is not None:
        said.append(f"The sound was simulated: {trace.seconds:g} s of {trace.design_name}, seed {trace.seed}.")
    if clip is not None:
        stretch = f"The sound in this page is {clip.start_s:.0f} to {clip.end_s:.0f} s of the take"
        said.append(f"{stretch}, levelled by {clip.gain_db:+.0f} dB and compressed; the figures are from the original.")
    said.append("One take in one position is not a certificate.")
    return f'<p class="small">{parts.told(" ".join(said))}</p>'


def _player(clip: Clip) -> str:
    stretch = f'data-from="{clip.start_s:.3f}" data-to="{clip.end_s:.3f}"'
    sound = f'<audio controls preload="auto" src="{clip.uri}" {stretch}></audio>'
    slow = '<label><input type="checkbox" id="slow"> slow, a quarter</label>'
    return f'<div class="player"><div>{sound}{slow}</div></div>'
