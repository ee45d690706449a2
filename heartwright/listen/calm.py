"""One thread for small matrices.

The matrices of listening are a few hundred wide. OpenBLAS spreads them over all cores all the same, and its threads
then wait for each other: on a busy machine that costs ten times the work. Wheels of numpy and scipy carry their
OpenBLAS in a folder beside the package; where none is found there nothing is done.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy

_NAMES = ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", "openblas_{}_num_threads")


@cache
def _pools() -> tuple[tuple[Any, Any], ...]:
    """(get, set) of every OpenBLAS that numpy and scipy brought along."""
    found = []
    for package in (np, scipy):
        home = Path(str(package.__file__)).parent
        for folder in (home.with_name(f"{home.name}.libs"), home / ".dylibs"):
            for file in sorted(folder.glob("*openblas*")):
                try:
                    library = ctypes.CDLL(str(file))
                except OSError:
                    continue
                for name in _NAMES:
                    if hasattr(library, name.format("get")) and hasattr(library, name.format("set")):
                        found.append((getattr(library, name.format("get")), getattr(library, name.format("set"))))
                        break
    return tuple(found)


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it linear algebra runs on one thread; afterwards as before."""
    before = [get() for get, _ in _pools()]
    for _, put in _pools():
        put(1)
    try:
        yield
    finally:
        for count, (_, put) in zip(before, _pools(), strict=True):
            put(count)
