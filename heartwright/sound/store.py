"""`write`: a recording to WAV or FLAC (24 bit), and beside it the truth it was made from.

Both files are written whole under temporary names in the same directory and then renamed, so that a full disk or Ctrl-C
leaves either the old file or the new one, never half of one.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from heartwright.records import Floats, Recording, Trace

_FORMATS = {".wav": "WAV", ".flac": "FLAC"}


class NotWritten(OSError):
    """The sound could not be stored; nothing was left behind."""


def write(path: str | Path, recording: Recording, trace: Trace | None = None) -> Path | None:
    """Write `recording` to `path` and, with a trace, every event to `<stem>.truth.json` beside it.

    Returns the path of the truth, None without a trace. Raises ValueError for another suffix than .wav or .flac, and
    NotWritten (an OSError) where the disk refuses.
    """
    target = Path(path)
    kind = _FORMATS.get(target.suffix.lower())
    if kind is None:
        raise ValueError(f"{target.name}: suffix {target.suffix!r} given; .wav or .flac allowed; rename the output")
    files = {target: _encode(recording, kind)}
    truth_path = None
    if trace is not None:
        truth_path = target.with_name(target.stem + ".truth.json")
        files[truth_path] = json.dumps(truth(trace, recording), allow_nan=False).encode()
    try:
        _replace_all(files)
    except OSError as problem:
        raise NotWritten(
            problem.errno,
            f"{target}: {problem.strerror or problem}; nothing was written; free some space or choose another folder "
            f"({sum(map(len, files.values())) / 1e6:.1f} MB are needed)",
        ) from problem
    return truth_path


def _encode(recording: Recording, kind: str) -> bytes:
    samples = np.nan_to_num(recording.samples.astype(np.float64))
    top = float(np.max(np.abs(samples))) if len(samples) else 0.0
    if top > 1.0 - 2.0**-23:
        samples *= (1.0 - 2.0**-23) / top
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, round(recording.rate_hz), format=kind, subtype="PCM_24")
    return buffer.getvalue()


@contextlib.contextmanager
def _temporary(target: Path, content: bytes) -> Iterator[Path]:
    """A finished, synced copy of `content` beside `target`; gone on leaving unless it was renamed."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        yield Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _replace_all(files: dict[Path, bytes]) -> None:
    with contextlib.ExitStack() as stack:
        ready = [(stack.enter_context(_temporary(target, content)), target) for target, content in files.items()]
        for part, target in ready:
            os.replace(part, target)


def truth(trace: Trace, recording: Recording | None = None) -> dict[str, Any]:
    """Every event of `trace` as plain JSON values: times in s, null where an event did not happen."""
    beats, impacts = trace.beats, trace.impacts
    rate = trace.rate_s_per_day
    return {
        "design": trace.design_name,
        "kind": trace.kind,
        "status": trace.status,
        "seconds": trace.seconds,
        "seed": trace.seed,
        "sample_rate_hz": None if recording is None else recording.rate_hz,
        "nominal_bph": trace.nominal_bph,
        "rate_s_per_day": _number(rate),
        "amplitude_deg": _number(trace.amplitude_deg),
        "beats": {
            "centre_s": _column(beats.centre_s),
            "side": [int(v) for v in beats.side],
            "amplitude_deg": _column(np.degrees(beats.amplitude_rad), 4),
            "unlock_s": _column(beats.unlock_s),
            "impulse_s": _column(beats.impulse_s),
            "drop_s": _column(beats.drop_s),
            "lock_s": _column(beats.lock_s),
            "bank_s": _column(beats.bank_s),
        },
        "impacts": {
            "pairs": list(trace.pairs),
            "time_s": _column(impacts.time_s),
            "pair": [int(v) for v in impacts.pair],
            "tooth": [int(v) for v in impacts.tooth],
            "impulse_ns": [float(f"{v:.5g}") for v in impacts.impulse_ns],
        },
        "happenings": [
            {"time_s": round(h.time_s, 9), "kind": h.kind, "strength_ns": float(h.strength)} for h in trace.happenings
        ],
        "figures": {name: _number(value) for name, value in trace.figures.items()},
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _column(values: Floats, digits: int = 9) -> list[float | None]:
    return [round(float(v), digits) if np.isfinite(v) else None for v in values]
