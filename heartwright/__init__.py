"""heartwright: a workbench for things that beat.

The root exports nouns; verbs live in their modules: `works.movement.run`, `sound.render`, `listen.measure`,
`judge.weigh`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Design", "Edit"]

if TYPE_CHECKING:
    from heartwright.design import Design
    from heartwright.edit import Edit


def __getattr__(name: str) -> Any:
    """Nouns are imported at their first use, so that `import heartwright` costs nothing."""
    if name == "Design":
        from heartwright.design import Design

        return Design
    if name == "Edit":
        from heartwright.edit import Edit

        return Edit
    raise AttributeError(f"module 'heartwright' has no attribute {name!r}; it exports {', '.join(__all__)}")
