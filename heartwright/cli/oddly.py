"""What a reading tells beside its figures: odd beats, other sounds, wheels, wander; in text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartwright.records import Extra, Mark, Part, Reading, Wheels

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
_WIDTH = 14
_MOST_MARKS = 6


def say(record: Reading, console: Console) -> None:
    """Print marks, extra sounds and wheels, where there are any."""
    for label, text in lines(record):
        console.print(f"  {label:{_WIDTH}} {text}", markup=False)


def lines(record: Reading) -> list[tuple[str, str]]:
    """(label, sentence) of what stands out."""
    out: list[tuple[str, str]] = []
    if record.escapement:
        out.append(("escapement", record.escapement))
    out += [("marked" if k == 0 else "", text) for k, text in enumerate(_marks(record.marks))]
    out += [(extra.kind, f"{extra.text} ({chance(extra.p)})") for extra in record.extras]
    if record.wheels is not None:
        out += _wheels(record.wheels)
    return out


def chance(p: float) -> str:
    """A false-alarm probability in words."""
    return "chance: below 1 in 10,000 takes" if p < 1e-4 else f"chance: {100.0 * p:.2g} of 100 takes"


def _marks(marks: tuple[Mark, ...]) -> list[str]:
    from heartwright.listen.findings.oddities import missed_text

    told = [f"{_mark(mark)} ({chance(mark.p)})" for mark in marks if mark.kind != "missed"]
    rest = len(told) - _MOST_MARKS
    told = told[:_MOST_MARKS] + ([f"and {rest} more (--beats, --json)"] if rest > 0 else [])
    lost = [mark for mark in marks if mark.kind == "missed"]
    if lost:
        moments = ", ".join(f"{mark.time_s:.1f}" for mark in lost[:_MOST_MARKS]) + (" ..." if len(lost) > 6 else "")
        p = max(mark.p for mark in lost)
        told.append(f"{missed_text(marks)} At {moments} s{f' ({chance(p)})' if p < 1.0 else ''}.")
    return told


def _mark(mark: Mark) -> str:
    if mark.kind == "double":
        return f"a second sound in the beat at {mark.time_s:.2f} s"
    if mark.kind == "leap":
        size = abs(mark.off_ms or 0.0)
        return f"all beats from {mark.time_s:.2f} s on {size:.3g} ms {'late' if (mark.off_ms or 0.0) > 0 else 'early'}"
    return f"a beat {abs(mark.off_ms or 0.0):.2g} ms {mark.kind} at {mark.time_s:.2f} s"


def _wheels(found: Wheels) -> list[tuple[str, str]]:
    out = [("wheels", f"{found.train}" if found.train else "no tooth counts told: any period is searched")]
    names = list(dict.fromkeys(part.wheel for part in found.parts))
    out += [("", _wheel(name, [p for p in found.parts if p.wheel == name])) for name in names]
    if not names and found.tested:
        out.append(("", f"nothing recurs at {', '.join(found.tested)}"))
    for hit in found.passings:
        what = f"something once in the {hit.of} from {hit.start_s:.1f} to {hit.end_s:.1f} s"
        out.append(("", f"{what}, wheel undecided: a slow wheel needs five turns ({chance(hit.p)})"))
    if found.untested:
        out.append(("", f"too short for {'; '.join(found.untested)}"))
    out += [("", line) for line in found.advice]
    if names:
        out.append(("", "A period says where to look, not what is wrong: healthy wheels show one too."))
    return out


def _wheel(name: str, parts: list[Part]) -> str:
    """One line on a wheel: its period and what recurs with it."""
    first = parts[0]
    sizes = ", ".join(f"{part.of} +-{part.size.value:.2g} {part.unit}" for part in parts)
    beats = f"{first.period_beats:.4g} beats"
    rivals = f"; or {' or '.join(first.rivals)}: the take is too short to part them" if first.rivals else ""
    p = min(part.p for part in parts)
    return f"{name}, {first.period_s:.3g} s ({beats}): {sizes} over {first.cycles:.0f} turns ({chance(p)}){rivals}"


# ---------------------------------------------------------------------------------------------------- JSON


def payload(record: Reading) -> Json:
    """The keys that marks, extra sounds, wander and wheels add to a reading's object."""
    found: Json = {
        "escapement": record.escapement or None,
        "marks": [{"time_s": m.time_s, "kind": m.kind, "p": m.p, "off_ms": m.off_ms} for m in record.marks],
        "leaps": [{"time_s": x.time_s, "early_ms": x.early_ms, "half_width_ms": x.half_width_ms} for x in record.leaps],
        "extras": [_extra(extra) for extra in record.extras],
        "allan": None,
        "wheels": None,
    }
    if record.allan is not None:
        names = ("tau_s", "deviation", "low", "high", "floor")
        found["allan"] = {name: [float(v) for v in getattr(record.allan, name)] for name in names}
    if record.wheels is not None:
        wheels = record.wheels
        found["wheels"] = {
            "train": wheels.train or None,
            "alarm": wheels.alarm,
            "parts": [_part(part) for part in wheels.parts],
            "passings": [{"start_s": h.start_s, "end_s": h.end_s, "of": h.of, "p": h.p} for h in wheels.passings],
            "tested": list(wheels.tested),
            "untested": list(wheels.untested),
        }
    return found


def _extra(extra: Extra) -> Json:
    return {
        "kind": extra.kind,
        "text": extra.text,
        "at_ms": extra.at_ms,
        "level_db": extra.level_db,
        "p": extra.p,
        "evidence_s": list(extra.evidence_s),
    }


def _part(part: Part) -> Json:
    return {
        "wheel": part.wheel,
        "period_beats": part.period_beats,
        "period_s": part.period_s,
        "of": part.of,
        "unit": part.unit,
        "size": part.size.as_json(),
        "p": part.p,
        "cycles": part.cycles,
        "cycle": [None if v != v else float(v) for v in part.cycle],
        "rivals": list(part.rivals),
    }
