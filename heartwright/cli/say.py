"""Readings, runs and verdicts in plain text for a terminal."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from heartwright.cli import oddly
from heartwright.records import BeatTable, Interval, Reading, Tone, Trace, Verdict, Word

if TYPE_CHECKING:
    from heartwright.design import Design
    from heartwright.edit import Edit

_WORTH_SAYING = 1e-3  # odds of another count
_WIDTH = 14


def reading(record: Reading, console: Console, *, name: str) -> None:
    """Print the standard figures of a reading, each with its 95 % interval, then the advice."""
    snr = f", {record.snr_db:.0f} dB over the noise" if record.snr_db is not None else ""
    what = "a tone" if record.tone is not None else f"{record.beats} beats"
    console.print(f"[bold]{_plain(name)}[/bold]: {record.duration_s:.1f} s, {what}{snr}")
    if record.tone is not None:
        _hum(record, record.tone, console)
    elif record.status != "ok":
        console.print(f"  no reading: {record.status.replace('_', ' ')}")
    if record.beat_rate_bph is not None:
        _figures(record, console)
    if record.voice is not None:
        console.print(f"  {'second voice':{_WIDTH}} period {_value(record.voice.period_s, 's')}")
        for part in record.voice.sounds:
            console.print(f"  {'  ' + part.name:{_WIDTH}} at {_value(part.time_s, 's')}, {_value(part.level_db, 'dB')}")
    oddly.say(record, console)
    if record.status in ("ok", "tone") and not record.settled:
        console.print("  not settled: a longer take would narrow the rate")
    for line in (*record.warnings, *record.advice):
        console.print(f"  - {line}", markup=False)


def _hum(record: Reading, tone: Tone, console: Console) -> None:
    """The lines of a tuning fork's tone."""
    _line(console, "tone", tone.frequency_hz, "Hz", f"   nominal {tone.nominal_hz:g}, {tone.level_dbfs:.0f} dBFS")
    _line(console, "rate", record.rate_s_per_day, "s/d", _repeat(record))


def _figures(record: Reading, console: Console) -> None:
    """The lines of the standard figures."""
    nominal = f"   nominal {record.nominal_bph:,.0f}" if record.nominal_bph else ""
    _line(console, "beat rate", record.beat_rate_bph, "bph", nominal)
    for bph, odds in record.count_odds[1:]:
        if odds > _WORTH_SAYING and record.beat_rate_bph is not None:
            console.print(f"  {'':{_WIDTH}} or {bph:,.0f} bph (probability {100.0 * odds:.2g} %)", markup=False)
    for bph, level in record.rivals:
        console.print(f"  {'also heard':{_WIDTH}} another clock: {bph:,.0f} bph, {-level:.0f} dB softer", markup=False)
    no_nominal = record.rate_s_per_day is None and record.nominal_bph is None
    beside = " without a nominal (--bph)" if no_nominal else _repeat(record)
    _line(console, "rate", record.rate_s_per_day, "s/d", beside)
    _line(console, "beat error", record.beat_error_ms, "ms")
    timed = f"   timed at the {record.amplitude_timed}" if record.amplitude_timed else ""
    lift = f", lift {record.lift_deg:g} deg" if record.lift_deg is not None else ""
    if record.amplitude_deg is None and record.amplitude_any_lift_deg is not None:
        _line(console, "amplitude", record.amplitude_any_lift_deg, "deg", "   lift unknown")
    else:
        _line(console, "amplitude", record.amplitude_deg, "deg", timed + lift if record.amplitude_deg else "")


def verdict(record: Verdict, console: Console) -> None:
    """Print the sentences, the three words and the likely causes of a verdict."""
    console.print()
    for sentence in record.sentences:
        moments = ", ".join(f"{t:.1f}" for t in sentence.evidence_s[:6])
        console.print(f"{sentence.text}{f'  [at {moments} s]' if moments else ''}", markup=False)
    if record.words:
        console.print()
    for name, word in record.words.items():
        console.print(f"  {name:{_WIDTH}} {_word(word)}", markup=False)
    likely = [cause for cause in record.causes if cause.probability >= 0.05][:5]
    if likely:
        text = ", ".join(f"{cause.sound_class} {100 * cause.probability:.0f} %" for cause in likely)
        console.print(f"  {'causes':{_WIDTH}} {text}", markup=False)
    if record.conviction is not None:
        console.print(f"  {'conviction':{_WIDTH}} {'yes' if record.conviction else 'no'}")


def edits(made: tuple[Edit, ...], console: Console) -> None:
    """Print what was changed before a run."""
    for each in made:
        console.print(f"  {each}", markup=False)


def trace(record: Trace, design: Design, console: Console) -> None:
    """Print what a run came to."""
    speed = f", {record.seconds / record.cpu_s:,.0f} x real time" if record.cpu_s > 0 else ""
    console.print(
        f"[bold]{record.design_name}[/bold]: {_plain(design.title)}; {record.seconds:g} s, seed {record.seed}{speed}"
    )
    if record.status != "running":
        console.print(f"  {record.status}: {record.advice}", markup=False)
    console.print(f"  {'beats':{_WIDTH}} {len(record.beats)} at {record.nominal_bph:,.0f} bph nominal")
    if len(record.beats) > 2:
        console.print(f"  {'rate':{_WIDTH}} {record.rate_s_per_day:+.2f} s/d")
        console.print(f"  {'amplitude':{_WIDTH}} {record.amplitude_deg:.4g} deg")
    for name, value in record.figures.items():
        console.print(f"  {name.replace('_', ' '):{2 * _WIDTH}} {value:.4g}", markup=False)
    ledger = record.ledger
    largest = sorted(ledger.spent_j.items(), key=lambda item: -item[1])[:4]
    spent = ", ".join(f"{sink} {_joule(joule)}" for sink, joule in largest)
    console.print(
        f"  {'energy':{_WIDTH}} {_joule(ledger.drive_j)} in; {spent}; residual {ledger.residual_ratio:.1e} of all"
    )


def _joule(energy: float) -> str:
    """An energy with a prefix: 7.40 uJ."""
    for unit, factor in (("J", 1.0), ("mJ", 1e-3), ("uJ", 1e-6)):
        if abs(energy) >= factor:
            return f"{energy / factor:.3g} {unit}"
    return f"{energy / 1e-9:.3g} nJ"


def written(console: Console, *paths: Path | None) -> None:
    """Say which files were written."""
    for path in paths:
        if path is not None:
            console.print(f"  wrote {path}", markup=False)


def beats_csv(table: BeatTable) -> str:
    """The per-beat table as CSV text; empty cells where a sound could not be timed."""
    columns = {
        "time_s": table.time_s,
        "side": table.side,
        "impulse_s": table.impulse_s,
        "lock_s": table.lock_s,
        "bank_s": table.bank_s,
        "sigma_s": table.sigma_s,
        "amplitude_deg": table.amplitude_deg,
        "residual_ms": table.residual_ms,
        "level_db": table.level_db,
        "flag": table.flag,
    }
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["beat", *columns])
    for i in range(len(table)):
        rows.writerow([i, *(_cell(values[i]) for values in columns.values())])
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.9g}" if np.isfinite(value) else ""
    return str(value)


def _line(console: Console, name: str, value: Interval | None, unit: str, after: str = "") -> None:
    shown = "not measured" if value is None else _value(value, unit)
    console.print(f"  {name:{_WIDTH}} {shown}{after}", markup=False)


def _value(value: Interval, unit: str) -> str:
    """A value with the ends of its interval, to two figures of its half width."""
    digits = decimals(value.half_width)
    sign = "+" if unit == "s/d" else ""
    middle, low, high = (f"{round(x, digits) + 0.0:{sign},.{digits}f}" for x in (value.value, value.low, value.high))
    return f"{middle} {unit}  ({low} to {high})"


def decimals(half_width: float) -> int:
    """Decimals that show two figures of an interval's half width."""
    if not np.isfinite(half_width) or half_width <= 0.0:
        return 3
    return int(np.clip(1 - np.floor(np.log10(half_width)), 0, 6))


def _repeat(record: Reading) -> str:
    if record.rate_low_repeat is None or record.rate_high_repeat is None:
        return ""
    return f"   without the recorder's clock {record.rate_low_repeat:+.1f} to {record.rate_high_repeat:+.1f}"


def _word(word: Word) -> str:
    if word.score is None or word.low is None or word.high is None:
        return f"not measurable: {word.reason}"
    holds = "holds" if word.holds else "does not hold"
    return f"{word.score:.2f} ({word.low:.2f} to {word.high:.2f}), {holds}"


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
