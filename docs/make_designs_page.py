"""Writes docs/designs.md from the models, so that page and package cannot drift apart."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from heartwright import units
from heartwright.design.escapement import Graham, SwissLever
from heartwright.design.model import Design
from heartwright.design.pump import Pump, Reed, Remontoire
from heartwright.design.quantities import Unit
from heartwright.design.works import Arbor, Balance, Barrel, Dirt, Microphone, Mode, Pendulum, SoundBody, Train

PAGE = Path(__file__).parent / "designs.md"

HEAD = """# Designs
A design is a TOML file. Quantities are texts with their units (`"12.5 mm"`, `"21600 bph"`, `"0.56 uN m"`); a space
multiplies, powers follow their unit (`"16 mg cm2"`). Counts and ratios are plain numbers. Unknown keys are errors. In
Python the attributes have the same names and hold SI floats (radians for angles); `beat_rate` is `beat_hz`, in beats
per second. Begin with a copy of a bundled one:

```sh
heartwright designs
heartwright designs watch-6497 --toml > mine.toml
heartwright run mine.toml --seconds 10
```

A key without a default must be given. An [edit](tutorial.md#4-change-something) names a value by its path with dots,
`escapement.lock` or `train.arbors.2.pinion`.

This page is written by `docs/make_designs_page.py` from the models.
"""

TABLES: list[tuple[str, str, type[BaseModel]]] = [
    ("The design", "Top of the file.", Design),
    ('[escapement], type = "swiss-lever"', "Angles at the fork unless the wheel is named.", SwissLever),
    ('[escapement], type = "graham"', "Angles at the anchor unless the wheel is named.", Graham),
    ('[oscillator], type = "balance"', "", Balance),
    ('[oscillator], type = "pendulum"', "", Pendulum),
    ("[train]", "The ratio from barrel to escape wheel follows from the counts.", Train),
    ("[train.barrel]", "", Barrel),
    ("[[train.arbors]]", "One table for each arbor, from the centre to the last before the escape wheel.", Arbor),
    ("[dirt]", "Standard deviations; all default to a clean movement.", Dirt),
    ("[sound]", "", SoundBody),
    ("sound.modes", "", Mode),
    ("sound.microphone", "", Microphone),
    ("[remontoire]", "Kind heart only.", Remontoire),
    ("[pump]", "Kind heart only.", Pump),
    ("[pump.inlet], [pump.outlet]", "", Reed),
]


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, text, model in TABLES:
        rows = [_row(name, field) for name, field in model.model_fields.items()]
        intro = f"{text}\n\n" if text else ""
        parts.append(
            f"## {title}\n{intro}| key | value | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
        )
    return "\n".join(parts)


def _row(name: str, field: FieldInfo) -> str:
    default = "" if field.is_required() else _default(field)
    kind = _kind(field.annotation, field.metadata).replace("|", "\\|")
    return f"| `{field.alias or name}` | {kind} | {default} | {field.description or ''} |"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "none"
    if isinstance(value, BaseModel):
        return "all defaults"
    unit = next((m for m in field.metadata if isinstance(m, Unit)), None)
    if unit is not None:
        return f'`"{units.best(value, unit.dimension)}"`'
    return "empty" if value in ((), {}, "") else f"`{value}`"


def _kind(annotation: Any, metadata: list[Any]) -> str:
    """What may stand in a field, in words."""
    bounds = "".join(_bound(mark) for mark in metadata)
    unit = next((m for m in metadata if isinstance(m, Unit)), None)
    if unit is not None:
        return f'{unit.dimension.replace("_", " ")}, e.g. `"{units.DIMENSIONS[unit.dimension].example}"`{bounds}'
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *marks = get_args(annotation)
        return _kind(base, [*marks, *metadata])
    if origin is tuple:
        return f"list of {_kind(get_args(annotation)[0], [])}{bounds}"
    if origin is dict:
        key, value = get_args(annotation)
        return f"table: {_kind(key, [])} = {_kind(value, [])}"
    if origin in (Union, types.UnionType):
        return (
            "table" if any(_is_model(a) for a in get_args(annotation)) else "or ".join(map(str, get_args(annotation)))
        )
    if _is_model(annotation):
        return "table"
    if isinstance(annotation, type):
        return {"int": "whole number", "float": "number", "str": "text"}.get(annotation.__name__, "") + bounds
    return ", ".join(f'`"{option}"`' for option in get_args(annotation))


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _bound(mark: Any) -> str:
    if isinstance(mark, Gt):
        return f", above {mark.gt}"
    if isinstance(mark, Ge):
        return f", from {mark.ge}"
    if isinstance(mark, Le):
        return f", to {mark.le}"
    return f", at least {mark.min_length}" if isinstance(mark, MinLen) else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
