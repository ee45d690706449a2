"""Turning what validation found into sentences: the file, the key, the value, what is allowed, the usual fix."""

from __future__ import annotations

import difflib
import types
import typing
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from heartwright import units
from heartwright.design.quantities import Unit


class DesignError(ValueError):
    """A design that cannot be read or built. `problems` has one sentence for each thing that is wrong."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.source = source
        self.problems = problems
        super().__init__("\n".join(f"{source}: {problem}" for problem in problems))


def explain(source: str, model: type[BaseModel], data: Any, error: ValidationError) -> DesignError:
    """Put a validation error of `model` for `data`, read from `source`, into plain sentences."""
    problems = []
    for found in error.errors(include_url=False):
        owner, keys = _owner(model, list(found["loc"]))
        item = dict(found)
        if item["type"] != "missing":
            item["input"] = _given(data, keys, item["input"])
        problems.append(_sentence(owner, keys, item))
    return DesignError(source, problems)


def _given(data: Any, keys: list[str], otherwise: Any) -> Any:
    """What stood at `keys` before it was read: the text "-16 mg cm2", not its SI number."""
    for key in keys:
        if isinstance(data, list) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        elif isinstance(data, dict) and key in data:
            data = data[key]
        else:
            return otherwise
    return data


def _sentence(owner: type[BaseModel] | None, keys: list[str], item: dict[str, Any]) -> str:
    """One sentence for one pydantic error at the dotted `keys`; `owner` is the table that holds the last key."""
    key, kind, value = ".".join(keys) or "design", item["type"], item["input"]
    if kind == "extra_forbidden":
        return f"{key}: unknown key. {_nearest(keys[-1], owner)}"
    if kind == "missing":
        example = _example(owner, keys[-1])
        return f"{key}: missing. {f'Add {keys[-1]} = {example}.' if example else 'Add it.'}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        allowed = item["ctx"].get("expected_tags", "see docs/designs.md")
        given = item["ctx"].get("tag")
        return f"{key}.type: {f'{given!r} is not known' if given else 'missing'}. Allowed: {allowed}."
    if kind == "value_error":
        return f"{key}: {item['ctx']['error']}."
    given = f"{value!r}" if not isinstance(value, (dict, list)) else f"a {type(value).__name__}"
    if kind == "quantity":
        return f"{key} = {given}: {item['ctx']['reason']}"
    example = _example(owner, keys[-1]) if keys else ""
    message = item["msg"].replace("Input should", "it must").replace("Value error, ", "")
    shown = f", e.g. {example}" if example and "greater" not in message else ""
    return f"{key} = {given}: {message}{shown}. {_fix(kind)}".rstrip()


def _fix(kind: str) -> str:
    if kind in ("greater_than", "greater_than_equal"):
        return "Was a sign or a unit slipped in?"
    if kind in ("int_parsing", "int_type", "int_from_float"):
        return "Counts are whole numbers without a unit."
    return ""


def _nearest(key: str, owner: type[BaseModel] | None) -> str:
    names = _names(owner) if owner else []
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else f"Allowed: {', '.join(names)}."


def _names(owner: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in owner.model_fields.items()]


def _example(owner: type[BaseModel] | None, key: str) -> str:
    """A value that the field could hold, as it would stand in TOML; empty where none comes to mind."""
    field = next((f for name, f in owner.model_fields.items() if key in (name, f.alias)), None) if owner else None
    if field is None:
        return ""
    for mark in field.metadata:
        if isinstance(mark, Unit):
            return f'"{units.DIMENSIONS[mark.dimension].example}"'
    return ""


def _owner(model: type[BaseModel], path: list[int | str]) -> tuple[type[BaseModel] | None, list[str]]:
    """Follow a pydantic location; return the table that holds its last key, and the dotted keys without union tags."""
    here: Any = model
    keys: list[str] = []
    owner: type[BaseModel] | None = model
    for step in path:
        options = _models(here)
        tagged = [m for m in options if step in _tags(m)]
        if tagged and len(options) > 1:
            here = tagged[0]
            continue
        keys.append(str(step))
        if len(options) == 1:
            owner = options[0]
            field = next((f for name, f in owner.model_fields.items() if step in (name, f.alias)), None)
            here = field.annotation if field else None
        else:
            here = next((a for a in get_args(here) if _models(a)), None) if isinstance(step, int) else None
    return owner, keys


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation can hold directly (itself, or the members of a union)."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is typing.Annotated:
        return _models(get_args(annotation)[0])
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return [m for a in get_args(annotation) for m in _models(a)]
    return []


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    field = model.model_fields.get("type")
    return get_args(field.annotation) if field else ()
