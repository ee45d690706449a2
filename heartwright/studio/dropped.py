"""What is dropped becomes a work: a graph or notes a web, a snapshot an orb, measures or a design what they describe.

The bytes are bounded before anything reads them (`uploads`), the readers of each work bound what they make of them, and
nothing of an archive is written outside of the folder that it is unpacked into.
"""

from __future__ import annotations

import csv
import tomllib
import zipfile
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heartwright.design import Design
    from heartwright.work import Work

GRAPHS = (".graphml", ".xml")
TABLES = (".csv", ".txt", ".tsv", ".edges", ".edgelist")
SNAPSHOTS = (".hdf5", ".h5")
NOTES = (".md", ".markdown", ".txt")
BODIES = 2_000  # of a snapshot, live here
THREADS = 5_000  # of a web, live here
TOML_MOST = 256 * 2**10  # bytes
UNPACKED_MOST, NOTE_MOST, NOTES_MOST = 64 * 2**20, 2 * 2**20, 20_000  # bytes, bytes of one, how many
LOOKED_AT = 4_096  # bytes from which a table is told


def kind_of(path: Path) -> str:
    """What a file is taken for: "web", "notes", "snapshot", "toml", else "recording", which the decoder then judges."""
    suffix = path.suffix.lower()
    if suffix in GRAPHS:
        return "web"
    if suffix == ".zip":
        return "notes"
    if suffix in SNAPSHOTS:
        return "snapshot"
    if suffix in TABLES:
        return "snapshot" if _names_places(path) else "web"
    return "toml" if suffix == ".toml" else "recording"


def _names_places(path: Path) -> bool:
    """Whether a table's first row names places, as a snapshot's does."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        head = next(csv.reader(islice(file, 1)), []) if file.readable() else []
    return {"x", "y", "z"} <= {name.strip().lower() for name in head[:64]}


def work_of(path: Path, kind: str, name: str, *, seed: int) -> tuple[Work, tuple[str, ...]]:
    """The work that a file describes, and notes on what was left out. Raises ValueError with what is wrong with it."""
    if kind == "snapshot":
        from heartwright.works.galaxy import Galaxy

        galaxy = Galaxy.read(path, thin=BODIES, seed=seed)
        return galaxy, tuple(getattr(galaxy, "notes", ()))
    if kind == "toml":
        from heartwright.works.gyroscope import Gyroscope

        return Gyroscope.read(path, seed=seed), ()
    from heartwright.works.web import Web

    source = unpacked(path) if kind == "notes" else path
    web = Web.read(source, seed=seed, name=name)
    if len(web.threads) > THREADS:
        raise ValueError(f"{len(web.threads)} threads: {THREADS} go live here; take part of the graph")
    return web, tuple(getattr(web, "told", ()))


def design_of(path: Path) -> Design | None:
    """The design that a TOML file holds; None where it holds a gyroscope's measures. Raises ValueError."""
    from heartwright.design import Design

    if path.stat().st_size > TOML_MOST:
        raise ValueError(f"{path.name}: {path.stat().st_size} bytes, {TOML_MOST} are the most that a design may have")
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path.name}: not TOML: {error}. Texts stand in quotes, tables in [brackets]") from None
    if "shelves" in data:
        raise ValueError(f"{path.name}: a plan of a room; open it with: heartwright studio --room {path.name}")
    return Design.load(path) if "escapement" in data or "oscillator" in data else None


def unpacked(path: Path) -> Path:
    """The notes of an archive, in a folder beside it. Raises ValueError for what is no archive, or too much of one."""
    folder = path.with_suffix(".notes")
    folder.mkdir()
    try:
        with zipfile.ZipFile(path) as archive:
            notes = [m for m in archive.infolist() if _is_note(m)]
            if not notes:
                raise ValueError(f"{path.name}: no notes in it ({', '.join(NOTES)} are read)")
            if len(notes) > NOTES_MOST:
                raise ValueError(f"{path.name}: {len(notes)} notes, {NOTES_MOST} are the most")
            _unpack(archive, notes, folder, path.name)
    except (zipfile.BadZipFile, RuntimeError, EOFError, OSError) as error:
        raise ValueError(f"{path.name}: no archive that can be read: {error}") from None
    return folder


def _is_note(member: zipfile.ZipInfo) -> bool:
    """Whether a member is a note at a place inside the archive: no folder, no link, nowhere above or outside."""
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    link = (member.external_attr >> 28) == 0xA
    outside = not parts or ".." in parts or parts[0] == "/" or ":" in parts[0]
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return not (member.is_dir() or link or outside or hidden) and member.filename.lower().endswith(NOTES)


def _unpack(archive: zipfile.ZipFile, notes: list[zipfile.ZipInfo], folder: Path, name: str) -> None:
    """Write notes into a folder, counting what really comes out of each."""
    left = UNPACKED_MOST
    for member in notes:
        target = folder.joinpath(*PurePosixPath(member.filename.replace("\\", "/")).parts)
        if not target.resolve().is_relative_to(folder.resolve()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as packed:
            text = packed.read(min(NOTE_MOST, left) + 1)
        left -= len(text)
        if len(text) > NOTE_MOST or left < 0:
            raise ValueError(f"{name}: more than {UNPACKED_MOST >> 20} MB of notes, or one above {NOTE_MOST >> 20} MB")
        target.write_bytes(text)
