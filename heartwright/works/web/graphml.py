"""GraphML, read as a stream: nodes, edges, the names and weights that their data carry.

No document type and no entity is taken from a file, so that none can grow in reading. Hyperedges and ports are passed
over. Once the web is full, edges are only counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.parsers import expat

from heartwright.works.web.net import Gathered, shown

_CHUNK = 1 << 16
_NAMES, _WEIGHTS = ("label", "name", "title"), ("weight", "tension")
_LONGEST = 1_000  # characters of one value that are kept


def looks(path: Path) -> bool:
    """Whether a file is XML, or says that it is GraphML."""
    with path.open("rb") as file:
        head = file.read(256).lstrip(b"\xef\xbb\xbf \t\r\n")
    utf16 = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    return path.suffix.lower() in (".graphml", ".xml") or head.startswith(b"<") or utf16


def gather(path: Path, found: Gathered) -> None:
    """Read GraphML into `found`. Raises ValueError for what is broken or is another sort of XML."""
    reader = _Reader(path.name, found)
    with path.open("rb") as file:
        try:
            for chunk in iter(lambda: file.read(_CHUNK), b""):
                reader.parser.Parse(chunk, False)
                if found.full:
                    break
            else:
                reader.parser.Parse(b"", True)
        except expat.ExpatError as error:
            why = expat.errors.messages[error.code] if error.code in expat.errors.messages else str(error)
            raise ValueError(
                f"{path.name}: broken GraphML: {why}, line {error.lineno}; write the file anew, or give an edge list"
            ) from None
        reader.finish()
        rest = b""
        if found.full:
            rest = chunk[chunk.rfind(b"<") :] if chunk.rfind(b"<") > chunk.rfind(b">") else b""
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            block = rest + chunk
            found.left_out += block.count(b"<edge ")
            rest = block[-5:]
    if not reader.graphml:
        raise ValueError(f"{path.name}: XML, but not GraphML (its first element is {reader.root!r})")


class _Reader:
    """What expat calls as it goes through a file."""

    def __init__(self, name: str, found: Gathered) -> None:
        self.name, self.found = name, found
        self.root = ""
        self.graphml = False
        self.keys: dict[str, str] = {}  # key id: attribute name
        self.open: dict[str, Any] | None = None  # the node or edge that is open
        self.key: str | None = None
        self.text: list[str] = []
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler = self.data
        parser.StartDoctypeDeclHandler = self.refuse
        parser.EntityDeclHandler = self.refuse
        parser.buffer_text = True
        self.parser = parser

    def refuse(self, *_: Any) -> None:
        raise ValueError(f"{self.name}: declares a document type or entities, which GraphML needs not; take them out")

    def start(self, tag: str, given: dict[str, str]) -> None:
        kind = tag.rpartition(":")[2]
        if not self.root:
            self.root, self.graphml = kind, kind == "graphml"
            if not self.graphml:
                raise ValueError(f"{self.name}: XML, but not GraphML (its first element is {kind!r})")
        if kind == "key":
            self.keys[given.get("id", "")] = given.get("attr.name", given.get("id", "")).lower()
        elif kind in ("node", "edge"):
            self.finish()
            self.open = {"kind": kind, "weight": 1.0, "name": ""} | given
        elif kind == "data" and self.open is not None:
            self.key, self.text = self.keys.get(given.get("key", ""), given.get("key", "").lower()), []

    def data(self, text: str) -> None:
        if self.key is not None and sum(map(len, self.text)) < _LONGEST:
            self.text.append(text[:_LONGEST])

    def end(self, tag: str) -> None:
        kind = tag.rpartition(":")[2]
        if kind == "data" and self.open is not None and self.key is not None:
            said = "".join(self.text).strip()
            if self.open["kind"] == "node" and self.key in _NAMES and said:
                self.open["name"] = said
            if self.open["kind"] == "edge" and self.key in _WEIGHTS and said:
                self.open["weight"] = said
            self.key = None
        elif kind in ("node", "edge", "graph"):
            self.finish()

    def finish(self) -> None:
        """Take the node or edge that was open."""
        one, self.open = self.open, None
        if one is None:
            return
        if one["kind"] == "node":
            if "id" in one and len(self.found.names) < 2 * self.found.held:
                self.found.node(one["id"], shown(one["name"]) if one["name"] else "")
        elif "source" in one and "target" in one:
            self.found.thread(one["source"], one["target"], one["weight"])
