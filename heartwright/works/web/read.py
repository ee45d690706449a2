"""Graphs from files: GraphML, an edge list in text or CSV, or the links of a folder of Markdown notes."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from heartwright.works.web.net import HELD, MOST_THREADS, Gathered, Net


def read(path: str | os.PathLike[str], *, most: int = MOST_THREADS, held: int = HELD) -> Net:
    """What the file or folder holds, no more than `most` threads of its first `held`. Raises ValueError."""
    from heartwright.works.web import edges, graphml, notes

    source, started = Path(path), time.perf_counter()
    found = Gathered(most, held)
    try:
        if source.is_dir():
            notes.gather(source, found)
        elif not source.exists():
            raise ValueError(f"{source}: there is no such file or folder; check the path")
        elif not source.is_file():
            raise ValueError(f"{source}: not a file; GraphML, an edge list, or a folder of Markdown notes is wanted")
        elif graphml.looks(source):
            graphml.gather(source, found)
        else:
            edges.gather(source, found)
    except OSError as error:
        raise ValueError(f"{source}: cannot be read: {error.strerror or error}") from None
    net = found.net(source.name)
    if net.left_out:
        net = replace(net, told=(*net.told, f"reading took {time.perf_counter() - started:.1f} s"))
    return net
