"""What a contact microphone on the heart hears, and what the judge says of it: sound, listening and judging composed.

The pieces that a live work leaves are joined to one trace, rendered as a recording, measured and weighed; the missed
beat is asked of the strokes in that recording. Nothing of the trace reaches the judge but through the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heartwright import judge, listen, sound
from heartwright.design import Design
from heartwright.listen.findings import missed
from heartwright.records import Beats, Happening, Impacts, Recording, Trace, Verdict, Waveform
from heartwright.sound import discord
from heartwright.works.figures import banking_lift_deg

HEARD_S = 20.0
RATE_HZ = 96_000
BLOCK_S = 4.0  # of the recording, for its discord


@dataclass(frozen=True, slots=True)
class Heard:
    """One listening: the recording, the verdict, the answer about missed strokes, the discord of its last seconds."""

    recording: Recording
    verdict: Verdict
    missed: missed.Missed
    discord: float


def listen_to(
    pieces: Sequence[Trace], design: Design, *, seconds: float = HEARD_S, lift_deg: float | None = None
) -> Heard:
    """Hear the last `seconds` of what happened, and judge it."""
    trace = last(pieces, seconds)
    audio = sound.render(trace, rate_hz=RATE_HZ, body=design)
    lift = banking_lift_deg(design) if lift_deg is None else lift_deg
    reading = listen.measure(audio, lift_deg=lift)
    verdict = judge.weigh(reading, design=design)
    block = np.asarray(audio.samples[-round(BLOCK_S * RATE_HZ) :], np.float64)
    asked = missed.of_times(missed.strokes(audio))
    return Heard(audio, verdict, asked, discord.of_sound(block, RATE_HZ))


def last(pieces: Sequence[Trace], seconds: float) -> Trace:
    """The last `seconds` of successive pieces as one trace whose times begin at 0. Raises ValueError for no piece."""
    if not pieces:
        raise ValueError("nothing has happened yet: let the work go on for some seconds before listening")
    end = pieces[-1].figures["started_s"] + pieces[-1].seconds
    start = max(end - seconds, pieces[0].figures["started_s"])
    used = [p for p in pieces if p.figures["started_s"] + p.seconds > start + 1e-9]
    final = used[-1]
    impacts = Impacts(*(np.concatenate([getattr(p.impacts, n) for p in used]) for n in Impacts.__slots__))
    beats = Beats(*(np.concatenate([getattr(p.beats, n) for p in used]) for n in Beats.__slots__))
    late = impacts.time_s > start
    impacts = Impacts(*(getattr(impacts, n)[late] for n in Impacts.__slots__))
    whole = beats.centre_s > start
    beats = Beats(*(getattr(beats, n)[whole] for n in Beats.__slots__))
    timed = {n: getattr(beats, n) - start for n in Beats.__slots__ if n.endswith("_s")}
    blows = tuple(
        Happening(h.time_s - start, h.kind, h.strength) for p in used for h in p.happenings if h.time_s > start
    )
    return replace(
        final,
        seconds=end - start,
        impacts=replace(impacts, time_s=impacts.time_s - start),
        beats=replace(beats, **timed),
        happenings=blows,
        waveforms=_waves(used, start),
        poses=np.zeros((0, 1 + len(final.rotors))),
    )


def _waves(used: Sequence[Trace], start: float) -> tuple[Waveform, ...]:
    found: dict[str, tuple[str, list[np.ndarray], list[np.ndarray]]] = {}
    for piece in used:
        for wave in piece.waveforms:
            _, times, values = found.setdefault(wave.name, (wave.unit, [], []))
            now = wave.time_s > start
            times.append(wave.time_s[now] - start)
            values.append(wave.value[now])
    return tuple(Waveform(n, unit, np.concatenate(t), np.concatenate(v)) for n, (unit, t, v) in found.items())
