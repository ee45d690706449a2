"""Writing text whole or not at all, with errors that say what to do."""

from __future__ import annotations

import os
from pathlib import Path

from heartwright.cli.console import Refused


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` to `path` through a temporary file beside it. Raises Refused where the disk or folder refuses."""
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        raise Refused(unwritable(target, error)) from None
    finally:
        remove(part)


def unwritable(path: Path | str, error: OSError) -> str:
    """What to say of a file that could not be written."""
    reason = error.strerror or str(error)
    return f"{path}: not written: {reason}. Nothing was left behind; free some space or choose another folder."


def remove(path: Path) -> None:
    """Remove a temporary file, if it is there and can be."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raises Refused before the work is done if the folder of `path` is not there."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise Refused(f"{path}: there is no folder {str(folder)!r}. Make it first, or write elsewhere.")
