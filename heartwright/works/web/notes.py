"""The links of a folder of Markdown notes: [[wiki]] links and [text](note.md), code left out.

A wiki link is resolved as note-taking programs do: by path from the folder, else by the note's name, letters' case
aside, the shortest path where several have it. Hidden folders are passed over, links of the file system not followed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from heartwright.works.web.net import Gathered, count, shown

MOST_NOTES = 20_000
MOST_FILES = 200_000  # of any sort that are looked at
MOST_BYTES = 1 << 20  # of one note that are read
_SUFFIXES = (".md", ".markdown")
_CODE = re.compile(r"(?<!`)(`{1,3})(?!`)[^\n]*?(?<!`)\1(?!`)")
_WIKI = re.compile(r"\[\[([^\[\]\n|#^]{1,300})(?:[#^|][^\[\]\n]{0,300})?\]\]")
_LINK = re.compile(
    r"\[[^\[\]\n]{0,300}\]\(\s*(?:<([^<>\n]{1,500})>|([^\s()<>]{1,500}(?:\([^\s()<>]{0,200}\)[^\s()<>]{0,200})?))"
)
_WEB = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def gather(folder: Path, found: Gathered) -> None:
    """Read a folder's notes into `found`. Raises ValueError where there are none."""
    notes = _notes(folder, found)
    if not notes:
        raise ValueError(
            f"{folder.name or folder}: a folder without Markdown notes (.md); name the folder that has them"
        )
    by_path = {_key(note.with_suffix("")): note for note in reversed(notes)}
    by_name = {_key(note.stem): note for note in reversed(notes)}
    for note in notes:
        found.node(note, shown(note.stem))
    strays: list[str] = []
    unread = 0
    for note in notes:
        try:
            with (folder / note).open("rb") as file:
                text = file.read(MOST_BYTES).decode("utf-8", "replace")
        except OSError:
            unread += 1
            continue
        for kind, target in links(text):
            other = _resolved(kind, target, note, by_path, by_name)
            if other is None:
                strays.append(f"{note.stem} -> {target}")
            else:
                found.thread(note, other)
    if strays:
        few = "; ".join(shown(s) for s in strays[:3])
        found.told.append(f"{count(len(strays), 'link')} to notes that are not there: {few}{' ..' * (len(strays) > 3)}")
    if unread:
        found.told.append(f"{count(unread, 'note')} could not be read")


def links(text: str) -> Iterator[tuple[str, str]]:
    """What a note links to, as ("wiki" | "path", target); pages of the web and other sorts of files left out."""
    text = _CODE.sub("", _without_fences(text))
    for match in _WIKI.finditer(text):
        target = match.group(1).strip().rstrip("\\").strip()
        if target and (PurePosixPath(target).suffix.lower() in ("", *_SUFFIXES) or not _is_file(target)):
            yield "wiki", target
    for match in _LINK.finditer(text):
        target = unquote((match.group(1) or match.group(2)).strip())
        if _WEB.match(target) or target.startswith(("#", "//")):
            continue
        target = target.split("#")[0].split("?")[0]
        if target.lower().endswith(_SUFFIXES):
            yield "path", target


def _without_fences(text: str) -> str:
    """The lines that stand in no fenced block of code."""
    kept, fence = [], ""
    for row in text.split("\n"):
        mark = row.lstrip(" ")[:3]
        if not fence and mark in ("```", "~~~"):
            fence = mark
        elif fence:
            fence = "" if mark == fence and not row.strip(" \t\r`~") else fence
        else:
            kept.append(row)
    return "\n".join(kept)


def _is_file(target: str) -> bool:
    """Whether a wiki link means a picture or other file rather than a note with a full stop in its name."""
    return re.fullmatch(r"\.[A-Za-z0-9]{1,5}", PurePosixPath(target).suffix) is not None


def _notes(folder: Path, found: Gathered) -> list[PurePosixPath]:
    """Notes below a folder by path, the shortest path first."""
    notes: list[PurePosixPath] = []
    seen = 0
    for where, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        seen += len(files)
        for name in sorted(files):
            if name.lower().endswith(_SUFFIXES) and not name.startswith("."):
                notes.append(PurePosixPath(Path(where, name).relative_to(folder).as_posix()))
        if len(notes) > MOST_NOTES or seen > MOST_FILES:
            found.told.append(f"more than {MOST_NOTES:,} notes or {MOST_FILES:,} files: the rest is left out")
            break
    notes = notes[:MOST_NOTES]
    return sorted(notes, key=lambda note: (len(note.parts), str(note)))


def _key(path: PurePosixPath | str) -> str:
    return str(path).casefold()


def _resolved(
    kind: str, target: str, note: PurePosixPath, by_path: dict[str, PurePosixPath], by_name: dict[str, PurePosixPath]
) -> PurePosixPath | None:
    bare = target[: -len(PurePosixPath(target).suffix)] if target.lower().endswith(_SUFFIXES) else target
    bare = bare.replace("\\", "/")
    if kind == "wiki":
        wanted = _key(bare.lstrip("/"))
        return by_path.get(wanted) or (by_name.get(wanted) if "/" not in wanted else None)
    start = "" if bare.startswith("/") else str(note.parent)
    return by_path.get(_key(os.path.normpath(os.path.join(start, bare.lstrip("/"))).replace(os.sep, "/")))
