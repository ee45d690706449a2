"""heartwright: a workbench for things that beat.

The root exports nouns; verbs live in their modules: `works.movement.run`, `sound.render`, `listen.measure`,
`judge.weigh`.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Design", "Edit", "Outcome", "Reading", "Recording", "Trace", "Verdict"]

if TYPE_CHECKING:
    from heartwright.design import Design
    from heartwright.edit import Edit
    from heartwright.records import Outcome, Reading, Recording, Trace, Verdict

_HOMES = {"Design": "heartwright.design", "Edit": "heartwright.edit"} | dict.fromkeys(
    ("Outcome", "Reading", "Recording", "Trace", "Verdict"), "heartwright.records"
)


def _cache_folder() -> Path:
    """Where compiled kernels survive between runs: the user's cache, one folder for each state of the kernels' source.

    numba looks at the file that holds a kernel, not at the files it calls into; hence the digest over all of them.
    """
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for source in sorted((*here.glob("engine/*.py"), *here.glob("works/*.py"))):
        text = source.read_bytes()
        if b"njit" in text or source.name == "layout.py":
            digest.update(text)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "heartwright" / "numba" / digest.hexdigest()[:12]


if "numba" not in sys.modules:
    os.environ.setdefault("NUMBA_CACHE_DIR", str(_cache_folder()))


def __getattr__(name: str) -> Any:
    """Nouns are imported at their first use, so that `import heartwright` costs nothing."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'heartwright' has no attribute {name!r}; it exports {', '.join(__all__)}")
