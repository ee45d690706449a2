"""What the commands print through: messages and progress on standard error, answers on standard output."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

OK, BAD_INPUT, NO_READING = 0, 2, 3
PATIENCE_S = 2.0  # work that takes longer shows that it is under way


class Refused(Exception):
    """Bad input, found by a command: the message says what was given, what is allowed and the usual fix."""


def answers() -> Console:
    """Where answers go (standard output)."""
    return Console(highlight=False, soft_wrap=True)


def messages() -> Console:
    """Where messages and progress go (standard error)."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(payload: Any) -> None:
    """One object on standard output, without NaN."""
    print(json.dumps(payload, indent=2, allow_nan=False, ensure_ascii=False))


@contextmanager
def under_way(what: str, *, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """Show a progress line once the work in the block has taken 2 s.

    Yields a function of the fraction done (0..1); calling it is optional. Nothing is shown where `quiet`.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=messages(), transient=True
    )
    task = progress.add_task(what, total=1.0)
    begun = time.monotonic()
    shown = False

    def tell(fraction: float) -> None:
        nonlocal shown
        if not shown and not quiet and time.monotonic() - begun > PATIENCE_S:
            progress.start()
            shown = True
        progress.update(task, completed=fraction)

    try:
        yield tell
    finally:
        if shown:
            progress.stop()


def tell_compiling() -> None:
    """Say, before the first use on this machine, that the kernels are compiled now and kept."""
    folder = Path(os.environ.get("NUMBA_CACHE_DIR", ""))
    if not any(folder.rglob("*.nbc")):
        messages().print(f"Compiling the engine for this machine: once, about a minute. Kept in {folder}.")
