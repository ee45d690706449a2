"""Pieces of a going work joined to one take, as `movement.run` would have left it: times begin at 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heartwright.records import Beats, Happening, Impacts, Trace, Waveform

_TIMES = {"centre_s", "unlock_s", "impulse_s", "drop_s", "lock_s", "bank_s"}


def started(piece: Trace) -> float:
    """When a piece began [s of the work]."""
    return float(piece.figures.get("started_s", 0.0))


def joined(pieces: Sequence[Trace]) -> Trace:
    """One trace of pieces that follow on each other; `figures["started_s"]` keeps when the first began.

    Raises ValueError for no pieces.
    """
    if not pieces:
        raise ValueError("no pieces of a run: let it run for a while first")
    start, last = started(pieces[0]), pieces[-1]
    whole = [p for p in pieces if p.pairs == last.pairs]
    impacts = Impacts(*(np.concatenate([getattr(p.impacts, name) for p in whole]) for name in Impacts.__slots__))
    beats = Beats(*(np.concatenate([getattr(p.beats, name) for p in whole]) for name in Beats.__slots__))
    impacts = replace(impacts, time_s=impacts.time_s - start)
    beats = replace(beats, **{name: getattr(beats, name) - start for name in _TIMES})
    return replace(
        last,
        seconds=started(last) + last.seconds - start,
        impacts=impacts,
        beats=beats,
        poses=np.zeros((0, 1 + len(last.rotors))),
        waveforms=_waves(whole, start),
        happenings=tuple(Happening(h.time_s - start, h.kind, h.strength) for p in whole for h in p.happenings),
        figures=last.figures | {"started_s": start},
    )


def _waves(pieces: Sequence[Trace], start: float) -> tuple[Waveform, ...]:
    """The waveforms that the last piece has, from all pieces."""
    out = []
    for wave in pieces[-1].waveforms:
        parts = [w for p in pieces for w in p.waveforms if w.name == wave.name]
        times = np.concatenate([w.time_s for w in parts]) - start
        out.append(Waveform(wave.name, wave.unit, times, np.concatenate([w.value for w in parts])))
    return tuple(out)
