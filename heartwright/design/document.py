"""What is declared in a file of its own: written as TOML with units in the text, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from heartwright.design.quantities import Part


class Document(Part):
    """A declaration that can be written down."""

    def to_toml(self) -> str:
        """It as TOML with units in the text; reads back as the same."""
        import tomli_w

        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude_none=True)
        return tomli_w.dumps(data)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as TOML, whole or not at all. Raises OSError if the disk does not take it."""
        target = Path(path)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            part.write_text(self.to_toml(), encoding="utf-8")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
