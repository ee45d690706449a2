"""Writing the report page, with errors in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from heartwright.cli.console import Refused
from heartwright.cli.files import unwritable


def write_report(path: Path, **parts: Any) -> None:
    """Write the self-contained page (see `heartwright.cli.report`). Raises Refused where the disk refuses."""
    from heartwright.cli import report

    try:
        report.write(path, **parts)
    except OSError as error:
        raise Refused(unwritable(path, error)) from None
