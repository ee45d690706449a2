"""`perform`: a symphony to a file, with what there is to say of it: loudness, discord, who was how loud.

The sound is first made in pascals and kept beside the output; when the loudest is known, full scale is set once and the
whole is written at 24 bits. Stems, one file a work, have the same scale and add up to the mix.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from heartwright.records import Floats, Interval
from heartwright.sound import discord as rough
from heartwright.sound.chamber import BANDS_HZ
from heartwright.sound.loudness import Meter, Scale
from heartwright.sound.stereo import Writer, check_name
from heartwright.works.symphony import Level, Symphony

BLOCK_S = 0.1
HEAD_DB = 1.0
MOST_SHARES = 20  # stretches of a second whose discord is told by work
_SHARE_OF_WORK, _SHARE_OF_WRITING = 0.9, 0.1  # of the progress


@dataclass(frozen=True, slots=True)
class Performance:
    """What a symphony was like. Levels are dB re 20 uPa where one listens."""

    seconds: float
    path: Path | None
    stems: tuple[Path, ...]
    spl_db: float
    spl_a_db: float
    peak_db: float
    lufs: float
    scale: Scale
    discord: Interval
    discord_s: tuple[Floats, Floats]  # middles of windows [s], discord of each
    shares: rough.Shares
    levels: dict[str, Level]
    reverberation_s: dict[float, float]  # by octave band
    light: tuple[float, float]  # at the start and at the end
    troubles: dict[str, str]


def perform(
    symphony: Symphony,
    seconds: float,
    *,
    out: str | Path | None = None,
    stems: str | Path | None = None,
    full_scale_spl: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> Performance:
    """Let it play for `seconds` and write it to `out` (.wav or .flac), stems to a folder.

    full_scale_spl: what full scale stands for [dB]; None: as little as the loudest moment allows. Raises ValueError
    for a bad name or a symphony made without stems, NotWritten where the disk refuses; nothing half-written is left.
    """
    targets = _targets(symphony, out, stems)
    rate, total = symphony.rate_hz, round(seconds * symphony.rate_hz)
    said = progress or (lambda share: None)
    ear = _Ear(symphony, total)
    light = symphony.light
    with ExitStack() as stack:
        kept = [_keep(stack, target) for target in targets]
        while ear.meter.count < total:
            n = min(round(BLOCK_S * rate), total - ear.meter.count)
            pressures = symphony.pressures(n)
            ear.add(pressures)
            for file, heard in zip(kept, _heard(symphony, pressures, out is not None), strict=True):
                file.write(heard.T.astype(np.float32).tobytes())
            said(_SHARE_OF_WORK * ear.meter.count / total)
        scale = Scale.for_peak(ear.meter.peak, head_db=HEAD_DB) if full_scale_spl is None else Scale(full_scale_spl)
        writers = [stack.enter_context(Writer(target, rate_hz=rate)) for target in targets]
        for k, (file, writer) in enumerate(zip(kept, writers, strict=True)):
            _write(file, writer, scale if k == 0 else Scale(scale.full_scale_spl), round(rate * 10.0))
            said(_SHARE_OF_WORK + _SHARE_OF_WRITING * (k + 1) / len(targets))
    return ear.told(symphony, scale, targets, out is not None, light)


class _Ear:
    """Follows what is heard: loudness, discord of the better ear every half second, and whose it is now and then."""

    def __init__(self, symphony: Symphony, total: int) -> None:
        self.rate = symphony.rate_hz
        self.meter = Meter(self.rate)
        self.symphony = symphony
        self._times: list[float] = []
        self._values: list[float] = []
        self._shares: list[rough.Shares] = []
        self._every = max(self.rate, total // MOST_SHARES)

    def add(self, pressures: Floats) -> None:
        window, hop = round(rough.WINDOW_S * self.rate), round(rough.HOP_S * self.rate)
        before = self.meter.count
        self.meter.add(pressures)
        after = self.meter.count
        if after // hop > before // hop and after >= window:
            self._times.append(after / self.rate - 0.5 * rough.WINDOW_S)
            self._values.append(self.symphony.discord())
        if after // self._every > before // self._every:
            self._shares.append(self.symphony.shares())

    def told(self, symphony: Symphony, scale: Scale, targets: list[Path], mixed: bool, light: float) -> Performance:
        values = np.array(self._values)
        bands = np.array(BANDS_HZ)
        echo = symphony.space.chamber.reverberation_s(bands, symphony.space.air)
        return Performance(
            seconds=self.meter.count / self.rate,
            path=targets[0] if mixed else None,
            stems=tuple(targets[1:] if mixed else targets),
            spl_db=self.meter.spl_db(),
            spl_a_db=self.meter.spl_a_db(),
            peak_db=self.meter.peak_db(),
            lufs=self.meter.lufs(scale.per_pascal),
            scale=scale,
            discord=rough.steady(values),
            discord_s=(np.array(self._times), values),
            shares=rough.pooled(self._shares),
            levels=symphony.levels(),
            reverberation_s={float(f): float(t) for f, t in zip(bands, echo, strict=True)},
            light=(light, symphony.light),
            troubles=dict(symphony.troubles),
        )


def _targets(symphony: Symphony, out: str | Path | None, stems: str | Path | None) -> list[Path]:
    """The files to write: the mix first. The folder of the stems is made."""
    targets = [check_name(out)] if out is not None else []
    if stems is not None:
        if not symphony.has_stems:
            raise ValueError("stems wanted of a symphony that keeps none; make it with stems=True")
        folder = Path(stems)
        folder.mkdir(parents=True, exist_ok=True)
        suffix = targets[0].suffix if targets else ".flac"
        names = [re.sub(r"[^\w.-]+", "-", name).strip("-.") or "work" for name in symphony.places]
        twice = {n for n in names if names.count(n) > 1}
        targets += [folder / f"{n}{f'-{k + 1}' if n in twice else ''}{suffix}" for k, n in enumerate(names)]
    return targets


def _keep(stack: ExitStack, target: Path) -> IO[bytes]:
    """A nameless file in the target's folder, for sound in pascals."""
    return stack.enter_context(tempfile.TemporaryFile(dir=target.parent))


def _heard(symphony: Symphony, pressures: Floats, mixed: bool) -> list[Floats]:
    return ([pressures] if mixed else []) + list(symphony.stems)


def _write(file: IO[bytes], writer: Writer, scale: Scale, n: int) -> None:
    """From pascals to the file, a stretch at a time."""
    file.seek(0)
    while chunk := file.read(8 * n):
        writer.write(scale.apply(np.frombuffer(chunk, np.float32).reshape(-1, 2).astype(float)))
