"""What the commands print through: messages and progress on standard error, answers on standard output."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console

OK, BAD_INPUT, NO_READING, INTERRUPTED = 0, 2, 3, 130
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
    print(json.dumps(payload, indent=2, allow_nan=False))


@contextmanager
def under_way(what: str, *, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """Show a progress line once the work in the block has taken 2 s.

    Yields a function of the fraction done (0..1); calling it is optional. Nothing is shown where `quiet`.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(pulse_style="dim"), TimeElapsedColumn())
    progress = Progress(*columns, console=messages(), transient=True)
    task = progress.add_task(what, total=None)
    patience = threading.Timer(PATIENCE_S, progress.start)
    patience.daemon = True
    quiet = quiet or not progress.console.is_interactive
    if not quiet:
        patience.start()
    try:
        yield lambda fraction: progress.update(task, total=1.0, completed=fraction)
    finally:
        patience.cancel()
        if not quiet:
            patience.join()
        if progress.live.is_started:
            progress.stop()


@contextmanager
def compiling(what: str) -> Iterator[None]:
    """Say, before the first use of some kernels on this machine, that they are compiled now and kept."""
    folder = Path(os.environ.get("NUMBA_CACHE_DIR", ""))
    mark = folder / f"{what.replace(' ', '-')}.compiled"
    if not mark.exists():
        messages().print(f"Compiling the engine for a {what}: once, about a minute; kept in {folder}", markup=False)
    yield
    with suppress(OSError):
        mark.touch()
