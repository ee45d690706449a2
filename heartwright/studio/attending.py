"""What the listening process does for a microphone: it feeds a rolling ear (`listen.live`) and says what that tells.

In a process of its own: nothing here is called by the session itself, which only sends samples and gets messages back.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Interval, Reading
from heartwright.studio.microphone import Told

if TYPE_CHECKING:
    from heartwright.listen.hours.live import Live

TRACE_S = 120.0
BEAT_ERROR_FROM_S = (
    5.0  # before that tick and tock may be timed at different sounds of theirs: 4.4 ms were seen for 0.6
)
_DOTS_MOST = 1_600
_EARS: dict[int, Attended] = {}  # by microphone


@dataclass(slots=True)
class Attended:
    """One microphone as this process knows it. `turn`: how often it began anew; `from_s`: where this ear began."""

    live: Live
    turn: int
    told: Told
    from_s: float


def ready() -> None:
    """Import what is needed, before there is a microphone."""
    import heartwright.listen.hours.live
    import heartwright.listen.take.quality  # noqa: F401


def attend(
    mic: int, turn: int, rate_hz: float, told: Told, samples: NDArray[np.float32], before_s: float
) -> dict[str, Any]:
    """Hear more of microphone `mic`; what is to be said of it now.

    `turn` counts its beginnings; `samples` (float32 [n]) begin `before_s` after its first sample. When they came is
    not looked at: a network brings them in bursts.
    """
    from heartwright.listen.hours.live import Live

    known = _EARS.get(mic)
    if known is None or known.turn != turn:
        known = _EARS[mic] = Attended(Live(rate_hz, trace_s=TRACE_S, **_known(told)), turn, told, before_s)
    elif known.told != told:
        known.told = told
        known.live.told.update(_known(told))
    known.live.add(samples)
    return figures(known)


def let_go(mic: int) -> None:
    """Forget a microphone."""
    _EARS.pop(mic, None)


def figures(known: Attended) -> dict[str, Any]:
    """The reading as a message: figures with their intervals, settled or not; trace; troubles with their cure."""
    live = known.live
    found = live.reading()
    reading = over_lifts(found, known.told) if found is not None else Reading("too_short", (), live.window_s)
    out: dict[str, Any] = {
        "status": reading.status,
        "settled": reading.settled,
        "beats": reading.beats,
        "heard_s": reading.duration_s,
        "snr_db": reading.snr_db,
        "nominal_bph": reading.nominal_bph,
        "lift_deg": reading.lift_deg,
        "rate_low_repeat": reading.rate_low_repeat,
        "rate_high_repeat": reading.rate_high_repeat,
        "advice": list(reading.advice) if found is not None else [],
        "troubles": list(live.trouble()),
        "trace": trace(known, reading),
    }
    for name in ("beat_rate_bph", "rate_s_per_day", "beat_error_ms", "amplitude_deg"):
        value: Interval | None = getattr(reading, name)
        out[name] = None if value is None else value.as_json()
    if reading.duration_s < BEAT_ERROR_FROM_S:
        out["beat_error_ms"] = None
    return out


def over_lifts(reading: Reading, told: Told) -> Reading:
    """Where the table gives several lifts, the amplitude's interval covers all of them: it goes with the lift."""
    swing = reading.amplitude_deg
    if swing is None or len(told.lifts_deg) < 2:
        return reading
    least, most = (bound(told.lifts_deg) / told.lifts_deg[0] for bound in (min, max))
    return replace(reading, amplitude_deg=Interval(swing.value, swing.low * least, swing.high * most))


def trace(known: Attended, reading: Reading) -> dict[str, Any] | None:
    """The paper of a timegrapher: rows of time [s], how early the beat came [ms] and its side; None without beats."""
    tape = known.live.trace()
    if len(tape.time_s) < 2:
        return None
    at = tape.time_s[-_DOTS_MOST:] + known.from_s
    return {
        "beat_ms": 1e3 * tape.beat_s,
        "nominal": reading.nominal_bph is not None,
        "dots": [
            [round(float(t), 3), round(float(early), 3), int(side)]
            for t, early, side in zip(at, tape.early_ms[-_DOTS_MOST:], tape.side[-_DOTS_MOST:], strict=True)
        ],
    }


def store(raw: Path, path: Path, rate_hz: float, piece: tuple[int, int]) -> float:
    """Samples `piece[0]` to `piece[1]` of a raw take as a FLAC of 24 bits; its length [s]. The raw one is gone then."""
    import soundfile

    samples = np.memmap(raw, "<f4", "r")[piece[0] : piece[1]]
    try:
        with soundfile.SoundFile(path, "w", round(rate_hz), 1, "PCM_24", format="FLAC") as file:
            for at in range(0, len(samples), 1 << 18):
                file.write(np.clip(samples[at : at + (1 << 18)], -1.0, 1.0))
        return len(samples) / rate_hz
    finally:
        del samples
        with contextlib.suppress(OSError):
            raw.unlink()


def _known(told: Told) -> dict[str, Any]:
    """What is told, as `listen.measure` takes it: a movement's beat counts where none was typed."""
    lift = told.lifts_deg[0] if told.lifts_deg else None
    return {"bph": told.bph, "movement_bph": told.movement_bph, "lift_deg": lift, "clock_ppm": told.clock_ppm}
