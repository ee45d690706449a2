"""The session's file: TOML that a person can read and mend, written whole or not at all.

A file is written beside itself and then put in place, so that a crash, a full disk or a kill leaves the old file as it
was. A file that cannot be read is never written over: `SessionError` says what is wrong with it and where.
"""

from __future__ import annotations

import glob
import os
import re
import secrets
import time
import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from heartwright.sessions.model import FORMAT, VERSION, Session, Watch

LARGEST_BYTES = 8_000_000
# A figure as tomli_w writes it, in a table of its own; it reads better on one line.
_SPAN = re.compile(r"\n\[reading\.(\w+)\]\n(value = \S+)\n(low = \S+)\n(high = \S+)\n")
_HEAD = "# A session of heartwright: readings of one watch. Written by the program; notes may be mended by hand.\n"


class SessionError(ValueError):
    """A session's file that cannot be read or written; the message says why and the usual fix."""


def new(watch: Watch, *, work: str = "", note: str = "") -> Session:
    """A session without readings, begun now."""
    return Session(created=datetime.now(UTC).replace(microsecond=0), work=work, note=note, watch=watch)


def load(path: str | os.PathLike[str]) -> Session:
    """The session in the file at `path`. Raises SessionError for anything else than a sound session."""
    source = Path(path)
    try:
        if source.is_dir():
            raise SessionError(f"{source}: a folder; name a session's file, e.g. watch.toml")
        if source.exists() and not source.is_file():
            raise SessionError(f"{source}: neither file nor folder; name a session's file, e.g. watch.toml")
        with source.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise SessionError(f"{source}: no such file; begin one with: heartwright session new {source.name}") from None
    except (OSError, ValueError) as problem:
        if isinstance(problem, SessionError):
            raise
        reason = getattr(problem, "strerror", None) or str(problem)
        raise SessionError(f"{source}: cannot be read ({reason}); check its name and permissions") from None
    return parse(data, name=str(source))


def parse(data: bytes, *, name: str) -> Session:
    """The session that `data` spells, `name` for messages. Raises SessionError."""
    if len(data) > LARGEST_BYTES:
        raise SessionError(f"{name}: over {LARGEST_BYTES // 1_000_000} MB, no session is; was another file meant?")
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise SessionError(_damaged(name, f"byte {problem.start} is not text")) from None
    except RecursionError:
        raise SessionError(_damaged(name, "it is nested too deeply")) from None
    except ValueError as problem:
        raise SessionError(_damaged(name, str(problem)[:300])) from None
    if tree.get("format") != FORMAT:
        raise SessionError(f'{name}: not a session (format = "{FORMAT}" is missing); was another file meant?')
    version = tree.get("version")
    if isinstance(version, int) and version > VERSION:
        raise SessionError(f"{name}: of version {version}, this program reads {VERSION}; install a newer heartwright")
    return _checked(tree, name)


def _checked(tree: dict[str, Any], name: str) -> Session:
    from pydantic import ValidationError

    try:
        return Session.model_validate(tree)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
        more = f", and {problem.error_count() - 1} more" if problem.error_count() > 1 else ""
        reason = first["msg"].removeprefix("Value error, ")
        raise SessionError(_damaged(name, f"{where or 'the file'}: {reason}{more}"[:400])) from None


def _damaged(name: str, reason: str) -> str:
    return f"{name}: damaged or not a session: {reason}. It was left as it is; mend that place or take a copy of it"


def text(session: Session) -> str:
    """The session as it stands in its file."""
    import tomli_w

    dumped: str = tomli_w.dumps(session.model_dump(exclude_none=True), multiline_strings=False)
    return _HEAD + _SPAN.sub(r"\1 = { \2, \3, \4 }\n", dumped)


def save(session: Session, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
    """Put the session in the file at `path`, whole or not at all.

    Raises SessionError where the disk or folder refuses, where `overwrite` is False and there is a file, and where what
    was written cannot be read again.
    """
    target = Path(path)
    if not overwrite and target.exists():
        raise SessionError(f"{target}: is there already; add to it (heartwright session add), or choose another name")
    data = text(session).encode("utf-8")
    parse(data, name=str(target))  # what cannot be read again is not written
    try:
        _replace(target.resolve() if target.is_symlink() else target, data)
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise SessionError(
            f"{target}: not written ({reason}); what was there is untouched. Free some space or choose another folder"
        ) from None


def _replace(target: Path, data: bytes) -> None:
    """Write beside the target, flush to the disk, then take its place; parts left by a killed program go."""
    _sweep(target)
    part = target.with_name(f"{_stem(target)}{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(part, target.stat().st_mode & 0o777)
        os.replace(part, target)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _stem(target: Path) -> str:
    return f".{target.name[:100]}."


def _sweep(target: Path) -> None:
    """Remove parts of this file that are older than an hour: nobody writes for so long."""
    for old in target.parent.glob(f"{glob.escape(_stem(target))}*.part"):
        with suppress(OSError):
            if time.time() - old.stat().st_mtime > 3600.0:
                old.unlink()
