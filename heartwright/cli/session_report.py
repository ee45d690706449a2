"""The page of a session that the owner keeps: one sheet, self-contained, quiet.

Rates stand by position, the standard figures with their intervals, the verticals on a dial, what was done, and what was
before. It borrows its style from the report of a take (report.css).
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from heartwright.cli import session_polar as polar
from heartwright.cli import session_say as text
from heartwright.cli.report_parts import told
from heartwright.judge.phrase import digits_for, plain, signed
from heartwright.records import Interval
from heartwright.sessions import Hands, Poise, Session, Summary, hands, poise, summary
from heartwright.sessions.poise import FEWEST

_STYLE = """
.sheet { display: grid; grid-template-columns: 3fr 2fr; gap: 0 36px; align-items: start; }
.sheet section { margin-top: 34px; } .sheet + section, .sheet ~ section { margin-top: 30px; }
.line { font-size: 15px; margin: 0 0 .45em; max-width: 50em; }
svg.dial { max-width: 340px; margin: 4px auto 0; }
svg .ring { fill: none; stroke: var(--faint); } svg .mean { fill: none; stroke: var(--soft); stroke-dasharray: 4 3; }
svg .fit { fill: none; stroke: var(--brass); stroke-width: 1.8; } svg .at { fill: var(--steel); }
svg .reach { stroke: var(--steel); stroke-width: 2.4; opacity: .45; } svg .heavy { fill: var(--ruby); }
@media screen and (max-width: 760px) { .sheet { display: block; } }
@page { size: A4; margin: 11mm; }
@media print {
  body { font-size: 9.5pt; line-height: 1.32; } h1 { font-size: 17pt; } h2 { font-size: 12pt; }
  .maker { margin-bottom: 6px; } .lead { font-size: 12pt; margin: 8px 0 10px; }
  .sheet { gap: 0 22px; } .sheet section, .sheet ~ section { margin-top: 8px; }
  .line { font-size: 9pt; margin: 0 0 2px; } table { font-size: 9pt; } th, td { padding: 1px 6px; }
  .figure { padding: 6px 10px 6px 0; } .figures .figure .value { font-size: 18pt; }
  .small, .key, h2 + p.about { font-size: 8.5pt; margin-bottom: 3px; } svg.dial { max-width: 210px; }
}
"""
_ABOUT_DIAL = (
    "Each at the direction that is up; further out is faster. Dashed is their mean, the curve the first harmonic, red "
    "outside the heavy side at rest."
)


def page(held: Session, *, before: Session | None = None) -> str:
    """The page as text; `before` is the session before the work, where there is one."""
    found, hand, balance = summary(held), hands(held), poise(held)
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8") + _STYLE
    title = text.watch_line(held)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    head += f'<title>{escape(title)}</title><meta name="color-scheme" content="light dark"><style>{style}</style>'
    body = [
        f'<p class="maker">heartwright &middot; readings by position</p><h1>{escape(title)}</h1>',
        f'<p class="facts">{_facts(held)}</p><p class="lead">{told(_lead(found))}</p>',
        _figures(found),
        f'<div class="sheet"><div>{_left(held, found, hand, before)}</div><div>{_right(found, balance)}</div></div>',
        _section("How it was measured", "", _method(held, found)),
    ]
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{"".join(body)}</main></body></html>\n'


def _left(held: Session, found: Summary, hand: Hands, before: Session | None) -> str:
    parts = (
        _section("Positions", _state(found), _table(found)),
        _section("Before and after", "", _compared(before, held) if before is not None else ""),
        _section("What was done", "", _paragraphs(held.work)),
        _section("Hands", "", _lines(_hands(hand))),
        _section("Notes", "", _lines(_notes(held, found))),
    )
    return "".join(parts)


def _right(found: Summary, balance: Poise) -> str:
    drawn = _section("The verticals", _ABOUT_DIAL, polar.dial(found, balance))
    return drawn + _section("Poise", "", _lines(_poise(balance)))


def _facts(held: Session) -> str:
    w = held.watch
    days = sorted({e.time.astimezone().date() for e in held.reading})
    when = [f"{d.day} {d:%B %Y}" for d in (days or [held.created.date()])]
    dates = when[0] if len(when) == 1 else f"{when[0]} to {when[-1]}"
    facts = [dates, f"{len(held.reading)} readings"]
    facts += [f"{w.nominal_bph:,.0f} beats an hour"] if w.nominal_bph else []
    facts += [f"lift {w.lift_deg:g}°"] if w.lift_deg else []
    return " &middot; ".join(escape(f) for f in facts)


def _lead(found: Summary) -> str:
    """The page's one large sentence."""
    if found.x is None:
        return "Too few positions yet for more than the rates themselves."
    verb = "gains" if found.x.value >= 0.0 else "loses"
    digits = digits_for(found.x, most=1)
    said = f"It {verb} {plain(abs(found.x.value), digits)} s a day over {len(found.x_positions)} positions"
    if found.d is not None:
        said += f", which differ by {plain(found.d.value, digits_for(found.d, most=1))} s a day at most"
    return said + "."


def _figures(found: Summary) -> str:
    cells = []
    for key, (name, meaning) in text.NAMES.items():
        value: Interval | None = getattr(found, key)
        title = f'<div class="name">{name}, {meaning}</div>'
        if value is None:
            cells.append(f'<div class="figure">{title}<div class="value none">not measured</div></div>')
            continue
        digits = digits_for(value, most=1)
        show = plain if key == "d" else signed
        span = told(f"{show(value.low, digits)} to {show(value.high, digits)}")
        number = f'<div class="value">{told(show(value.value, digits))}<small>s/d</small></div>'
        cells.append(f'<div class="figure">{title}{number}<div class="span">{span}</div></div>')
    return f'<div class="figures">{"".join(cells)}</div>'


def _state(found: Summary) -> str:
    wind = {"full": "at full wind", "wind not told": "wind not told"}.get(found.wind, f"{found.wind} after winding")
    return f"{found.label}; X, D and DVH {wind}. Rates without the recorder's clock, with 95 % intervals."


def _table(found: Summary) -> str:
    if not found.cells:
        return ""
    rows = []
    for cell in found.cells:
        values = [cell.position, cell.wind, _span(cell.rate_s_per_day, most=1, sign=True)]
        values += [_span(cell.amplitude_deg, most=0), _span(cell.beat_error_ms, most=2)]
        rows.append(f"<tr>{''.join(f'<td>{told(v)}</td>' for v in values)}</tr>")
    heads = ("position", "wind", "rate, s/d", "amplitude, °", "beat error, ms")
    head = "".join(f"<th>{h}</th>" for h in heads)
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _span(value: Interval | None, *, most: int, sign: bool = False) -> str:
    if value is None:
        return "-"
    digits = digits_for(value, most=most)
    show = signed if sign else plain
    return f"{show(value.value, digits)} ({show(value.low, digits)} to {show(value.high, digits)})"


def _poise(found: Poise) -> list[str]:
    if found.status == "declined":
        return list(found.advice) if len(found.positions) >= FEWEST else []
    return [*(f"{line[:1].upper()}{line[1:]}." for line in text.poise_lines(found)), *found.advice]


def _hands(found: Hands) -> list[str]:
    if found.hand_rate_s_per_day is None:
        return []
    hand, beat = found.hand_rate_s_per_day, found.beat_rate_s_per_day
    lines = [f"The hands gain {_span(hand, most=1, sign=True)} s/d over {found.over_s / 3600.0:.0f} h."]
    if beat is not None:
        lines.append(f"The beat gains {_span(beat, most=1, sign=True)} s/d in the positions measured.")
    return [*lines, *found.meaning]


def _compared(before: Session, after: Session) -> str:
    first, second = summary(before), summary(after)
    rows = []
    for key, (name, _) in text.NAMES.items():
        values = [getattr(first, key), getattr(second, key), text.change(first, second, key)]
        shown = "".join(f"<td>{told(_span(v, most=1, sign=True))}</td>" for v in values)
        rows.append(f"<tr><td>{name}</td>{shown}</tr>")
    for cell in second.cells:
        same = [c for c in first.cells if (c.position, c.wind) == (cell.position, cell.wind)]
        if same:
            shown = "".join(f"<td>{told(_span(c.rate_s_per_day, most=1, sign=True))}</td>" for c in (same[0], cell))
            rows.append(f"<tr><td>{escape(cell.position)}, {escape(cell.wind)}</td>{shown}<td></td></tr>")
    head = "".join(f"<th>{h}</th>" for h in ("s/d", "before", "after", "change"))
    return f'<div class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _notes(held: Session, found: Summary) -> list[str]:
    own = [f"{e.position}, {text.wind_text(e.wind_h)}: {e.note}" for e in held.reading if e.note]
    return [*([held.note] if held.note else []), *own, *found.remarks]


def _method(held: Session, found: Summary) -> str:
    said = [f"{found.label}. Every figure stands with its 95 % interval."]
    if any(e.clock_sigma > 0.0 for e in held.reading):
        said.append("The recorder's clock is in that of X, and cancels in D, DVH and Di.")
    warm = sorted({e.temperature_c for e in held.reading if e.temperature_c is not None})
    if warm:
        said.append(f"Temperature {warm[0]:g}" + (f" to {warm[-1]:g}" if warm[1:] else "") + " °C.")
    waited = [e.waited_s for e in held.reading if e.waited_s is not None]
    if waited:
        said.append(f"The watch settled for {min(waited):g} s or more after each turn.")
    lifts = sorted({e.lift_deg for e in held.reading if e.lift_deg is not None})
    if lifts:
        said.append(f"Lift {' and '.join(f'{v:g}' for v in lifts)}°.")
    if found.repeat_sigma_s_per_day is not None:
        said.append(f"A position repeats within {found.repeat_sigma_s_per_day:.2g} s/d (one sigma).")
    return f'<p class="small">{told(" ".join(said))}</p>'


def _section(title: str, about: str, body: str) -> str:
    said = f'<p class="about">{told(about)}</p>' if about else ""
    return f"<section><h2>{escape(title)}</h2>{said}{body}</section>" if body else ""


def _lines(said: list[str]) -> str:
    return "".join(f'<p class="line">{told(line)}</p>' for line in said)


def _paragraphs(said: str) -> str:
    return _lines([part for part in said.splitlines() if part.strip()])
