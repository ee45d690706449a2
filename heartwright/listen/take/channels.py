"""Which channel of a recording is listened to: the one asked for, or the one in which ticks stand out most.

A recorder with two microphones hears a watch on one of them far better, and a second clock on the other. The mid of two
channels is their mean: noise that differs between them falls by up to 3 dB, but a tick that reaches them at unlike
times is blurred, so that mid is taken only where it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen import filters
from heartwright.listen.take.decode import Samples, Unreadable

ALLOWED = "left, right, mid (the mean of all), or a number from 1"
_SIDES = {"left": 0, "right": 1}
_MID = "mid"
_DEAD = 1e-3  # a channel this much softer than the loudest carries no sound (-60 dB)
_ALIKE = 1.02  # contrasts of ticks within this ratio: the same microphone twice


@dataclass(frozen=True, slots=True)
class Channel:
    """Channels [0..n) whose mean is listened to, and notes on why."""

    used: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def of(self, samples: Samples) -> Samples:
        """The sound of samples [n_frame, n_channel], shape [n_frame]; of fewer channels than were counted, the last."""
        used = sorted({min(i, samples.shape[1] - 1) for i in self.used})
        if len(used) == 1:
            return np.ascontiguousarray(samples[:, used[0]])
        return np.asarray(samples[:, used].mean(axis=1), dtype=np.float32)


def check(asked: str) -> str:
    """`asked` in lower case, where it can name a channel of some recording ("" the clearest). Raises Unreadable."""
    name = asked.strip().lower()
    if name in ("", _MID, *_SIDES) or (name.isdecimal() and int(name) >= 1):
        return name
    raise Unreadable(f"channel {asked!r} asked for; allowed are {ALLOWED}; usual fix: leave it out for the clearest")


def choose(samples: Samples, rate_hz: float, asked: str = "") -> Channel:
    """The channel `asked` for of samples [n_frame, n_channel], or without a name the clearest. Raises Unreadable."""
    name, count = check(asked), samples.shape[1]
    if not name:
        return clearest(samples, rate_hz)
    if name == _MID:
        return Channel(tuple(range(count)), (f"{count} channels, their mean used (asked for)",) if count > 1 else ())
    index = _SIDES.get(name, int(name) - 1 if name.isdecimal() else 0)
    if index >= count:
        raise Unreadable(
            f"channel {asked!r} asked for; the sound has {count} channel{'s' if count > 1 else ''}; "
            f"allowed are {ALLOWED}; usual fix: leave it out for the clearest"
        )
    told = (f"{count} channels, {_names(count)[index]} used (asked for)",) if count > 1 else ()
    return Channel((index,), told)


def clearest(samples: Samples, rate_hz: float) -> Channel:
    """The channel in which ticks stand highest over the noise, with a note where there was a choice.

    Ticks and noise above 3 kHz: the highest 0.05 % of the samples over their median.
    """
    n = samples.shape[1]
    if n == 1:
        return Channel((0,))
    spread = np.std(samples.astype(np.float64), axis=0)
    names = _names(n)
    loudest = float(np.max(spread))
    alive = [i for i in range(n) if loudest > 0.0 and spread[i] > _DEAD * loudest]
    if len(alive) <= 1:
        used = alive[0] if alive else 0
        dead = [names[i] for i in range(n) if i != used and loudest > 0.0]
        return Channel((used,), (f"{' and '.join(dead)} silent, {names[used]} used",) if dead else ())
    kernel = filters.butter(2, min(3_000.0, 0.2 * rate_hz), "high", rate_hz=rate_hz)
    size = np.abs(filters.apply(kernel, samples[:, alive], axis=0))
    contrast = np.quantile(size, 0.9995, axis=0) / np.maximum(np.median(size, axis=0), 1e-12)
    used = alive[int(np.argmax(contrast))]
    if contrast.max() < _ALIKE * contrast.min():
        return Channel((used,), (f"{n} channels, {names[used]} used (ticks stand equally high in each)",))
    lead_db = 20.0 * np.log10(contrast.max() / max(float(np.partition(contrast, -2)[-2]), 1e-12))
    return Channel(
        (used,), (f"{n} channels, {names[used]} used (its ticks stand highest over the noise, by {lead_db:.1f} dB)",)
    )


def _names(count: int) -> tuple[str, ...]:
    return ("left", "right") if count == 2 else tuple(f"channel {i + 1}" for i in range(count))
