"""What was heard, as messages: the first sentence with its figure and moment, the words, the causes, the reading."""

from __future__ import annotations

from typing import Any

import numpy as np

from heartwright.judge.words import NAMES, speaks_of
from heartwright.records import Cause, Interval, Reading, Sentence, Verdict, Word
from heartwright.studio.listening import Heard

_ASTRAY = (", outside the ", ": it is spent", "left the ranks")
_DOTS_MOST = 3_000
_FOLD_MOST = 700


def sentence(work: int, heard: Heard, *, sound: str, blind: str = "") -> dict[str, Any]:
    """The message that says what was heard; moments count from the begin of the take, which `sound` plays."""
    verdict = heard.verdict
    first = headline(verdict)
    return {
        "type": "sentence",
        "work": work,
        **_line(first),
        "from_s": heard.from_s,
        "sound": sound,
        "words": {name: _word(word) for name, word in verdict.words.items()},
        "causes": [_cause(cause) for cause in verdict.causes[:6]],
        "conviction": verdict.conviction,
        "more": [_line(s) for s in verdict.sentences],
        "next_measurement": verdict.next_measurement,
        "reading": reading(heard.reading),
        "notes": list(heard.notes),
        "blind": blind,
    }


def headline(verdict: Verdict) -> Sentence:
    """One line: what is wrong first, and its likely cause; else that it beats with conviction, and its rate.

    Where no moment is named, one plain beat of the take shows it.
    """
    said = verdict.sentences
    holding = [s for name in NAMES if (w := verdict.words.get(name)) and w.holds for s in said if speaks_of(s, name)]
    astray = [s for s in said if any(mark in s.text for mark in _ASTRAY)]
    of_cause = [s for s in said if verdict.causes and s.text.startswith("Most likely: ")]
    if holding or astray:
        parts = [*(holding or astray)[:1], *of_cause[:1]]
    elif verdict.conviction is not None:
        of_rate = [s for s in said if "rate_s_per_day" in s.figures]
        parts = [*[s for s in said if s.text.startswith("It beats with conviction")], *of_rate[:1]] or list(said[:1])
    else:
        parts = list(said[:2])
    moments = tuple(t for s in parts for t in s.evidence_s) or plain_beat(verdict.reading)
    figures = {name: value for s in parts if s not in of_cause for name, value in s.figures.items()}
    if any(s in of_cause for s in parts):
        figures[verdict.causes[0].sound_class] = verdict.causes[0].probability
    return Sentence(" ".join(s.text for s in parts) or "Nothing was heard.", figures, moments)


def plain_beat(reading: Reading) -> tuple[float, ...]:
    """The moment of the beat that strays least from the others [s], for a sentence that holds for all of them."""
    table = reading.table
    if table is None or not len(table):
        return ()
    stray = np.abs(table.residual_ms - np.nanmedian(table.residual_ms))
    stray = np.where((table.time_s > 1.0) & np.isfinite(stray), stray, np.inf)
    return (float(table.time_s[int(np.argmin(stray))]),)


def reading(record: Reading) -> dict[str, Any]:
    """A reading for the instruments: figures, dots, fold, second voice."""
    out: dict[str, Any] = {
        "status": record.status,
        "advice": list(record.advice),
        "warnings": list(record.warnings),
        "duration_s": record.duration_s,
        "beats": record.beats,
        "snr_db": record.snr_db,
        "settled": record.settled,
        "lift_deg": record.lift_deg,
        "nominal_bph": record.nominal_bph,
        "amplitude_timed": record.amplitude_timed,
    }
    for name in ("beat_rate_bph", "rate_s_per_day", "beat_error_ms", "amplitude_deg", "beat_scatter_ms"):
        out[name] = interval(getattr(record, name))
    out["beats_table"] = dots(record)
    out["fold"] = fold(record)
    out["voice"] = None if record.voice is None else {
        "period_s": interval(record.voice.period_s),
        "sounds": [[s.name, s.time_s.value, s.level_db.value] for s in record.voice.sounds],
    }  # fmt: skip
    return out


def dots(record: Reading) -> list[list[float | int | None]]:
    """Time, residual, side and amplitude of each beat; of very long takes every second, third, ... pair of beats."""
    table = record.table
    if table is None:
        return []
    step = 2 * (1 + len(table) // (2 * _DOTS_MOST)) - 1
    rows = range(0, len(table), step)
    return [
        [round(float(table.time_s[i]), 5), _number(table.residual_ms[i], 4), int(table.side[i]),
         _number(table.amplitude_deg[i], 2)]
        for i in rows
    ]  # fmt: skip


def fold(record: Reading) -> dict[str, Any] | None:
    """The folded beat, thinned by its peaks."""
    if record.fold_time_ms is None or record.fold_envelope is None:
        return None
    time, envelope = record.fold_time_ms, record.fold_envelope
    step = max(1, len(time) // _FOLD_MOST)
    n = len(time) // step * step
    peaks = envelope[:, :n].reshape(len(envelope), -1, step).max(axis=2)
    return {
        "t_ms": [round(float(t), 4) for t in time[:n:step]],
        "envelope": [[float(f"{v:.4g}") for v in row] for row in peaks],
        "marks": [[name, float(t)] for name, t in record.fold_marks_ms],
    }


def interval(value: Interval | None) -> dict[str, float] | None:
    return None if value is None else value.as_json()


def _line(said: Sentence) -> dict[str, Any]:
    return {"text": said.text, "figures": dict(said.figures), "evidence_s": [float(t) for t in said.evidence_s]}


def _word(word: Word) -> dict[str, Any]:
    return {
        "score": word.score,
        "low": word.low,
        "high": word.high,
        "holds": None if word.holds is None else bool(word.holds),
        "reason": word.reason,
        "evidence_s": [float(t) for t in word.evidence_s],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {"sound_class": cause.sound_class, "members": list(cause.members), "probability": cause.probability}


def _number(value: float, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None
