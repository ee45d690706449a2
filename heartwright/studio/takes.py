"""Pieces of a going work: cut, joined, and joined to one take as `movement.run` would have left it (times from 0)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heartwright.records import Beats, Happening, Impacts, Trace, Waveform

_TIMES = ("centre_s", "unlock_s", "impulse_s", "drop_s", "lock_s", "bank_s")


def started(piece: Trace) -> float:
    """When a piece began [s of the work]."""
    return float(piece.figures.get("started_s", 0.0))


def ended(piece: Trace) -> float:
    """When it ended [s of the work]."""
    return started(piece) + piece.seconds


def merged(pieces: Sequence[Trace]) -> Trace:
    """One piece of pieces that follow on each other, with the work's own times. Raises ValueError for none."""
    if not pieces:
        raise ValueError("no pieces of a run: let it run for a while first")
    last = pieces[-1]
    whole = [p for p in pieces if p.pairs == last.pairs]
    return replace(
        last,
        seconds=ended(last) - started(pieces[0]),
        impacts=Impacts(*(np.concatenate([getattr(p.impacts, name) for p in whole]) for name in Impacts.__slots__)),
        beats=Beats(*(np.concatenate([getattr(p.beats, name) for p in whole]) for name in Beats.__slots__)),
        poses=np.concatenate([p.poses for p in whole]),
        waveforms=_waves(whole),
        happenings=tuple(h for p in whole for h in p.happenings),
        figures=last.figures | {"started_s": started(pieces[0])},
    )


def _waves(pieces: Sequence[Trace]) -> tuple[Waveform, ...]:
    """The waveforms that the last piece has, from all pieces."""
    out = []
    for wave in pieces[-1].waveforms:
        parts = [w for p in pieces for w in p.waveforms if w.name == wave.name]
        times = np.concatenate([w.time_s for w in parts])
        out.append(Waveform(wave.name, wave.unit, times, np.concatenate([w.value for w in parts])))
    return tuple(out)


def cut(piece: Trace, until: float) -> tuple[Trace, Trace]:
    """A piece in two, at the time `until` of the work; a beat goes where it ends (half a beat after its centre)."""
    half = 0.5 * 3600.0 / piece.nominal_bph if piece.nominal_bph > 0 else 0.0
    sides = []
    for first in (True, False):

        def kept(times: np.ndarray, first: bool = first) -> np.ndarray:
            return times <= until if first else times > until

        hit, beat = kept(piece.impacts.time_s), kept(piece.beats.centre_s + half)
        begin = started(piece) if first else until
        sides.append(
            replace(
                piece,
                seconds=(until if first else ended(piece)) - begin,
                impacts=Impacts(*(getattr(piece.impacts, name)[hit] for name in Impacts.__slots__)),
                beats=Beats(*(getattr(piece.beats, name)[beat] for name in Beats.__slots__)),
                poses=piece.poses[kept(piece.poses[:, 0])],
                waveforms=tuple(
                    Waveform(w.name, w.unit, w.time_s[kept(w.time_s)], w.value[kept(w.time_s)]) for w in piece.waveforms
                ),
                happenings=tuple(h for h in piece.happenings if (h.time_s <= until) == first),
                figures=piece.figures | {"started_s": begin},
            )
        )
    return sides[0], sides[1]


def joined(pieces: Sequence[Trace]) -> Trace:
    """A take of pieces that follow on each other: times from 0; `figures["started_s"]` keeps when the first began."""
    take = merged(pieces)
    start = started(take)
    beats = replace(take.beats, **{name: getattr(take.beats, name) - start for name in _TIMES})
    return replace(
        take,
        impacts=replace(take.impacts, time_s=take.impacts.time_s - start),
        beats=beats,
        poses=np.zeros((0, take.poses.shape[1])),
        waveforms=tuple(Waveform(w.name, w.unit, w.time_s - start, w.value) for w in take.waveforms),
        happenings=tuple(Happening(h.time_s - start, h.kind, h.strength) for h in take.happenings),
    )
