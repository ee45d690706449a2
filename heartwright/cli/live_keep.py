"""What live listening keeps: the sound, written whole or not at all, and stamps for the recorder's clock."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.cli.console import Refused
from heartwright.cli.files import remove, unwritable

_SUBTYPES = {".flac": "PCM_24", ".wav": "FLOAT"}
_EVERY_S = 10.0


class Take:
    """A sound file that grows under another name and takes its own when it is complete."""

    def __init__(self, path: Path, rate_hz: float) -> None:
        if path.suffix.lower() not in _SUBTYPES:
            raise Refused(f"--save {path}: .flac or .wav is allowed, e.g. --save {path.stem or 'take'}.flac.")
        self._path, self._rate_hz = path, rate_hz
        self._part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
        self._file: Any = None

    def __enter__(self) -> Take:
        import soundfile

        kind = _SUBTYPES[self._path.suffix.lower()]
        with self._refusing():
            self._file = soundfile.SoundFile(str(self._part), "w", int(self._rate_hz), 1, kind)
        return self

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append a block. Raises Refused where the disk is full."""
        with self._refusing():
            self._file.write(samples)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._refusing():
                self._file.close()
                if kind is None or kind is KeyboardInterrupt:
                    self._part.replace(self._path)
        finally:
            remove(self._part)

    def _refusing(self) -> _Refusing:
        return _Refusing(self._path)


class _Refusing:
    """Turns what the disk or libsndfile says into a refusal."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise Refused(unwritable(self._path, error)) from None
        if isinstance(error, RuntimeError):  # libsndfile
            raise Refused(unwritable(self._path, OSError(str(error)))) from None


class Stamps:
    """Pairs of sample index and UTC, one in ten seconds: of each ten, the block that came with the least delay."""

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._read = 0
        self._best: tuple[float, int, float] | None = None
        self._rows: list[tuple[int, float]] = []
        self._begun: float | None = None

    def add(self, count: int, utc_s: float) -> None:
        """Say that `count` more samples had come at `utc_s`."""
        self._read += count
        late = utc_s - self._read / self._rate_hz
        if self._best is None or late < self._best[0]:
            self._best = late, self._read, utc_s
        self._begun = self._begun or utc_s
        if utc_s - self._begun >= _EVERY_S:
            self._rows.append(self._best[1:])
            self._best, self._begun = None, utc_s

    def csv(self) -> str:
        """What `heartwright clock` reads."""
        rows = [*self._rows, *([self._best[1:]] if self._best is not None else [])]
        lines = [
            f"{sample},{datetime.fromtimestamp(utc, UTC).isoformat(timespec='microseconds')}" for sample, utc in rows
        ]
        return "\n".join(["sample,utc", *lines]) + "\n"
