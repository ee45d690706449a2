"""Edge lists: one edge a line, two names and perhaps a weight, parted by comma, semicolon, tab or blanks.

Lines that begin with # or % are comments; a first line of column names is passed over. What networkx writes
(`a b {'weight': 2.0}`) is read as well. Files are read line by line; once the web is full, lines are only counted.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import BinaryIO

from heartwright.works.web.net import Gathered

_HEADS = {"source", "target", "from", "to", "src", "dst", "node1", "node2", "id1", "id2"}
_WEIGHT = re.compile(r"'weight':\s*([-+0-9.eE]+)")
_LONGEST = 10_000  # a line longer than this is no edge
_CHUNK = 1 << 20


def gather(path: Path, found: Gathered) -> None:
    """Read an edge list into `found`. Raises ValueError for a file that holds none."""
    with path.open("rb") as file:
        head = file.read(4096)
        if b"\0" in head:
            raise ValueError(f"{path.name}: not text; GraphML, an edge list, or a folder of Markdown notes is wanted")
        file.seek(3 if head.startswith(b"\xef\xbb\xbf") else 0)
        strays, lines = _lines(file, _parting(head.decode("utf-8", "replace")), found)
        found.left_out += sum(block.count(b"\n") for block in iter(lambda: file.read(_CHUNK), b""))
    if strays and not found.ends:
        raise ValueError(
            f"{path.name}: no edge in {lines:,} lines; one edge a line is wanted: two names, parted by comma, "
            "semicolon, tab or blank"
        )
    if strays:
        found.told.append(f"{strays:,} line{'' if strays == 1 else 's'} without two names passed over")


def _lines(file: BinaryIO, parting: str, found: Gathered) -> tuple[int, int]:
    """Take lines until the web is full; how many were no edge, and how many there were."""
    strays = lines = 0
    replaced = False
    while not found.full:
        raw = file.readline(_LONGEST)
        if not raw:
            break
        lines += 1
        if len(raw) >= _LONGEST:
            strays += 1
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(_CHUNK)
            continue
        text = raw.decode("utf-8", "replace").strip()
        replaced |= "\ufffd" in text
        if not text or text[0] in "#%":
            continue
        words = _words(text, parting)
        if len(words) < 2 or not words[0] or not words[1]:
            strays += 1
        elif not (lines == 1 and {w.lower() for w in words[:2]} <= _HEADS):
            found.thread(words[0], words[1], _weight(words[2:], text))
    if replaced:
        found.told.append("some names are not UTF-8: what could not be read is marked")
    return strays, lines


def _parting(head: str) -> str:
    """What parts the names of this file: the first of comma, semicolon and tab that its first edge has, else blanks."""
    for line in head.splitlines():
        text = line.strip()
        if text and text[0] not in "#%":
            bare = text.split("{")[0]
            return next((p for p in (",", ";", "\t") if p in bare), "")
    return ""


def _words(text: str, parting: str) -> list[str]:
    if not parting:
        return text.split()
    if '"' in text:
        return [word.strip() for word in next(csv.reader([text.replace("\r", " ")], delimiter=parting), [])]
    return [word.strip() for word in text.split(parting)]


def _weight(rest: list[str], text: str) -> str | float:
    if not rest or not rest[0]:
        return 1.0
    if rest[0].startswith("{"):
        found = _WEIGHT.search(text)
        return found.group(1) if found else 1.0
    return rest[0]
