"""The JSON objects that outsiders may rely on: a reading, a verdict, a run. Numbers are finite or null."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartwright.cli import oddly
from heartwright.records import Cause, Interval, Reading, Sentence, Trace, Verdict, Voice, Word

if TYPE_CHECKING:
    from heartwright.design import Design
    from heartwright.edit import Edit

Json = dict[str, Any]


def reading(record: Reading) -> Json:
    """The object that `heartwright listen --json` prints."""
    return {
        "status": record.status,
        "advice": list(record.advice),
        "beats": int(record.beats),
        "duration_s": number(record.duration_s) or 0.0,
        "snr_db": number(record.snr_db),
        "nominal_bph": number(record.nominal_bph),
        "settled": bool(record.settled),
        "voices": voice(record.voice),
        "beat_rate_bph": interval(record.beat_rate_bph),
        "rate_s_per_day": interval(record.rate_s_per_day),
        "rate_low_repeat": number(record.rate_low_repeat),
        "rate_high_repeat": number(record.rate_high_repeat),
        "beat_error_ms": interval(record.beat_error_ms),
        "amplitude_deg": interval(record.amplitude_deg),
        "amplitude_any_lift_deg": interval(record.amplitude_any_lift_deg),
        "amplitude_sides_deg": [interval(side) for side in record.amplitude_sides_deg or ()] or None,
        "rate_heard_s_per_day": interval(record.rate_heard_s_per_day),
        "beat_error_heard_ms": interval(record.beat_error_heard_ms),
        "beat_timed": record.beat_timed,
        "count_odds": [{"bph": number(bph), "probability": number(odds)} for bph, odds in record.count_odds],
        "tone": None
        if record.tone is None
        else {
            "frequency_hz": interval(record.tone.frequency_hz),
            "nominal_hz": number(record.tone.nominal_hz),
            "level_dbfs": number(record.tone.level_dbfs),
        },
        "rivals": [{"bph": number(bph), "level_db": number(level)} for bph, level in record.rivals],
        **oddly.payload(record),
    }


def verdict(record: Verdict) -> Json:
    """The object that `heartwright judge --json` prints."""
    return {
        "status": record.status,
        "reading": reading(record.reading),
        "intricacy": plain(record.intricacy),
        "words": {name: word(w) for name, w in record.words.items()},
        "conviction": record.conviction,
        "sentences": [sentence(s) for s in record.sentences],
        "causes": [cause(c) for c in record.causes],
    }


def unjudged(record: Reading) -> Json:
    """A verdict's object where there is nothing to judge."""
    return {
        "status": record.status,
        "reading": reading(record),
        "intricacy": None,
        "words": {},
        "conviction": None,
        "sentences": [],
        "causes": [],
    }


def run(trace: Trace, *, sound: Path | None = None, truth: Path | None = None, edits: tuple[Edit, ...] = ()) -> Json:
    """The object that `heartwright run --json` prints; a verdict may be added as "verdict"."""
    return {
        "status": trace.status,
        "advice": [trace.advice] if trace.advice else [],
        "design": trace.design_name,
        "kind": trace.kind,
        "seconds": number(trace.seconds),
        "seed": trace.seed,
        "nominal_bph": number(trace.nominal_bph),
        "beats": len(trace.beats),
        "rate_s_per_day": number(trace.rate_s_per_day),
        "amplitude_deg": number(trace.amplitude_deg),
        "ledger": {
            "drive_j": number(trace.ledger.drive_j),
            "spent_j": plain(trace.ledger.spent_j),
            "stored_j": number(trace.ledger.stored_j),
            "residual_j": number(trace.ledger.residual_j),
            "residual_ratio": number(trace.ledger.residual_ratio),
        },
        "figures": plain(trace.figures),
        "cpu_s": number(trace.cpu_s),
        "edits": [{"path": e.path, "old": e.old, "new": e.new, "reversible": e.reversible} for e in edits],
        "sound": str(sound) if sound else None,
        "truth": str(truth) if truth else None,
    }


def design(record: Design) -> Json:
    """What `heartwright designs --json` says of a design."""
    return {
        "name": record.name,
        "title": record.title,
        "kind": record.kind,
        "nominal_bph": number(record.nominal_bph),
        "teeth": record.escapement.teeth,
        "lift_deg": number(record.lift_deg),
        "escapement": record.escapement.type,
        "oscillator": record.oscillator.type,
        "train_ratio": number(record.train.ratio),
        "notes": record.notes,
    }


def interval(value: Interval | None) -> dict[str, float] | None:
    """{"value", "low", "high"}, or null where one of them is not finite."""
    if value is None or not all(math.isfinite(x) for x in (value.value, value.low, value.high)):
        return None
    return {"value": float(value.value), "low": float(value.low), "high": float(value.high)}


def voice(record: Voice | None) -> Json | None:
    if record is None:
        return None
    return {
        "period_s": interval(record.period_s),
        "sounds": [
            {"name": sound.name, "time_s": interval(sound.time_s), "level_db": interval(sound.level_db)}
            for sound in record.sounds
        ],
    }


def word(record: Word) -> Json:
    return {
        "score": number(record.score),
        "low": number(record.low),
        "high": number(record.high),
        "holds": None if record.holds is None else bool(record.holds),
        "reason": record.reason,
        "evidence_s": _seconds(record.evidence_s),
    }


def sentence(record: Sentence) -> Json:
    return {"text": record.text, "figures": plain(record.figures), "evidence_s": _seconds(record.evidence_s)}


def cause(record: Cause) -> Json:
    return {
        "sound_class": record.sound_class,
        "members": list(record.members),
        "probability": number(record.probability),
    }


def plain(figures: dict[str, float] | None) -> dict[str, float | None] | None:
    return None if figures is None else {name: number(value) for name, value in figures.items()}


def number(value: float | None) -> float | None:
    """A finite float, else null."""
    return None if value is None or not math.isfinite(value) else float(value)


def _seconds(times: tuple[float, ...]) -> list[float]:
    return [float(t) for t in times if math.isfinite(t)]
