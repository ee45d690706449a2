"""Edits: everything that changes a design is one of these. A fault is a hypothetical edit, a repair a chosen one.

    edit = Edit.of(design, "escapement.lock", "2 deg")    # remembers the old value
    deeper = edit.apply(design)                           # a new design, validated again
    edit.undo().apply(deeper) == design

A path is the TOML path with dots, list items by number: "train.arbors.2.pinion", "escapement.bent_teeth.3". Values may
be text with units, or SI numbers.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, TypeVar


class Editable(Protocol):
    """What an edit can change: a validated model that dumps to plain data and is read back from it (a `Design`)."""

    @property
    def name(self) -> str: ...

    def model_dump(self) -> dict[str, Any]: ...

    @classmethod
    def from_dict(cls, data: dict[str, Any], *, source: str = "") -> Self: ...


Model = TypeVar("Model", bound=Editable)


class EditError(ValueError):
    """An edit that does not fit its design; the message says what the design holds and what is allowed."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one value. `reversible` is False for what metal cannot undo (a filed stone, a crack)."""

    path: str
    old: Any
    new: Any
    reversible: bool = True

    @classmethod
    def of(cls, design: Editable, path: str, new: Any, *, reversible: bool = True) -> Edit:
        """The edit that sets `path` of `design` to `new`. Raises EditError for an unknown path or a bad value."""
        data = design.model_dump()
        old = _get(data, path)
        changed = _validated(design, data, path, new)
        return cls(path, old, _get(changed.model_dump(), path), reversible)

    def apply(self, design: Model) -> Model:
        """The design with this edit done.

        Raises EditError if the path is unknown, the design does not hold `old`, or the result is not a valid design.
        """
        data = design.model_dump()
        held = _get(data, self.path)
        old = self.old
        if isinstance(old, str) and not isinstance(held, str):
            old = _get(_validated(design, data, self.path, old).model_dump(), self.path)
        if not _same(held, old):
            raise EditError(
                f"{self.path}: the design {design.name!r} holds {held!r}, the edit expects {self.old!r}. "
                "Apply edits in their order, or make a fresh one with Edit.of(design, path, new)."
            )
        return _validated(design, design.model_dump(), self.path, self.new)

    def undo(self) -> Edit:
        """The inverse edit. Raises EditError if this one cannot be undone."""
        if not self.reversible:
            raise EditError(
                f"{self.path}: from {self.old!r} to {self.new!r} cannot be undone. Replace the part instead."
            )
        return replace(self, old=self.new, new=self.old)

    def __str__(self) -> str:
        return f"{self.path}: {self.old} -> {self.new}"


def apply(edits: Iterable[Edit], design: Model) -> Model:
    """The design with all `edits` done in their order."""
    for edit in edits:
        design = edit.apply(design)
    return design


def undo(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The inverse edits in reverse order. Raises EditError if one cannot be undone."""
    return tuple(edit.undo() for edit in reversed(tuple(edits)))


def compose(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The same change in the fewest edits: one for each path, none where nothing changed, in order of first touch.

    Raises EditError if two edits of one path do not follow on each other.
    """
    merged: dict[str, Edit] = {}
    for edit in edits:
        before = merged.get(edit.path)
        if before is not None and not _same(before.new, edit.old):
            raise EditError(
                f"{edit.path}: an edit to {before.new!r} is followed by one from {edit.old!r}; they do not join."
            )
        merged[edit.path] = (
            edit if before is None else Edit(edit.path, before.old, edit.new, before.reversible and edit.reversible)
        )
    return tuple(edit for edit in merged.values() if not _same(edit.old, edit.new))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-12 * max(abs(a), abs(b))
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_same(a[key], b[key]) for key in a)
    return bool(a == b)


def _validated(design: Model, data: dict[str, Any], path: str, new: Any) -> Model:
    *parents, last = _steps(path)
    here = _walk(data, parents, path)
    if isinstance(here, dict):
        key = _key(here, last)
        if new is None and key in here and isinstance(key, int):
            del here[key]
        elif key in here or _open(here, parents):
            here[key] = new
        else:
            raise EditError(_lost(path, last, here))
        if _open(here, parents) and new is None:
            here.pop(key, None)
    else:
        here[_index(here, last, path)] = new
    return type(design).from_dict(data, source=f"{design.name}, edit of {path}")


def _get(data: dict[str, Any], path: str) -> Any:
    *parents, last = _steps(path)
    here = _walk(data, parents, path)
    if isinstance(here, list):
        return here[_index(here, last, path)]
    key = _key(here, last)
    if key not in here and not _open(here, parents):
        raise EditError(_lost(path, last, here))
    return here.get(key)


def _walk(data: dict[str, Any], parents: list[str], path: str) -> Any:
    """The list or table that holds the last step; lists are opened for change on the way."""
    here: Any = data
    for step in parents:
        key: Any = _index(here, step, path) if isinstance(here, list) else _key(here, step)
        if isinstance(here, dict) and key not in here:
            raise EditError(_lost(path, step, here))
        if isinstance(here[key], tuple):
            here[key] = list(here[key])
        here = here[key]
        if not isinstance(here, (dict, list)):
            raise EditError(f"{path}: {step!r} is a value, nothing lies below it.")
    return here


_OPEN = ("bent_teeth", "gains")  # tables whose keys are free


def _open(here: dict[Any, Any], parents: list[str]) -> bool:
    return bool(parents) and parents[-1] in _OPEN


def _key(here: dict[Any, Any], step: str) -> Any:
    if step == "beat_rate" and "beat_hz" in here:
        return "beat_hz"
    return int(step) if step.isdigit() else step


def _index(here: list[Any], step: str, path: str) -> int:
    if not step.isdigit() or int(step) >= len(here):
        raise EditError(f"{path}: {step!r} is not an item of a list of {len(here)}. Allowed: 0 to {len(here) - 1}.")
    return int(step)


def _lost(path: str, step: str, here: dict[Any, Any]) -> str:
    names = [str(key) for key in here]
    near = difflib.get_close_matches(step, names, n=1)
    return (
        f"{path}: no {step!r} there. {f'Did you mean {near[0]!r}?' if near else 'There are: ' + ', '.join(names) + '.'}"
    )


def _steps(path: str) -> list[str]:
    steps = path.split(".")
    if not all(steps):
        raise EditError(
            f"{path!r} is not a path. Write names with dots, e.g. 'escapement.lock' or 'train.arbors.2.pinion'."
        )
    return steps
