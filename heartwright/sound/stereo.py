"""`Writer`: a long file of sound, a block at a time, to WAV or FLAC (24 bit); whole or not there at all.

The file grows under a temporary name in the same folder and gets its own when it is complete; what interrupts it
(Ctrl-C, a full disk) leaves whatever stood there before.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from heartwright.sound.store import NotWritten

_FORMATS = {".wav": "WAV", ".flac": "FLAC"}
_LEAST = 2.0**-23


def check_name(path: str | os.PathLike[str]) -> Path:
    """The path. Raises ValueError for another suffix than .wav or .flac, or a folder that is not there."""
    target = Path(path)
    if target.suffix.lower() not in _FORMATS:
        raise ValueError(f"{target.name}: suffix {target.suffix!r} given; .wav or .flac allowed; rename the output")
    if not target.parent.is_dir():
        raise ValueError(f"{target.parent}: no such folder; make it first, or write elsewhere")
    return target


class Writer:
    """A file being written; used in a `with`. Raises NotWritten where the disk refuses."""

    def __init__(self, path: str | os.PathLike[str], *, rate_hz: float, channels: int = 2) -> None:
        self.path = check_name(path)
        self._part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        self._rate, self._channels = round(rate_hz), channels
        self._file: soundfile.SoundFile | None = None

    def __enter__(self) -> Writer:
        try:
            self._file = soundfile.SoundFile(
                self._part, "w", self._rate, self._channels, "PCM_24", format=_FORMATS[self.path.suffix.lower()]
            )
        except (OSError, soundfile.LibsndfileError) as problem:
            raise self._refused(problem) from problem
        return self

    def write(self, samples: np.ndarray) -> None:
        """Add samples [n, channel] within +-1."""
        assert self._file is not None
        try:
            self._file.write(np.clip(samples, -1.0, 1.0 - _LEAST))
        except (OSError, soundfile.LibsndfileError) as problem:
            raise self._refused(problem) from problem

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        try:
            self._file.close()
            if kind is None:
                os.replace(self._part, self.path)
        except (OSError, soundfile.LibsndfileError) as problem:
            raise self._refused(problem) from problem
        finally:
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)

    def _refused(self, problem: Exception) -> NotWritten:
        return NotWritten(
            getattr(problem, "errno", None) or 5,
            f"{self.path}: {problem}; nothing was written; free some space or choose another folder",
        )
