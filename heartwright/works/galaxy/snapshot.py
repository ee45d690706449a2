"""A user's snapshot: CSV, or the HDF5 of Gadget and SWIFT. (Written next.)"""

from __future__ import annotations

from pathlib import Path

from heartwright.works.galaxy.spheres import Bodies


def read(
    path: str | Path, *, thin: int | None = None, g: float | None = None, seed: int = 1
) -> tuple[Bodies, tuple[str, ...]]:
    raise NotImplementedError
