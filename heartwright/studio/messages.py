"""What the page may ask: one small model for each command, told apart by "do". Everything else is refused.

command = read('{"do": "speed", "id": 3, "value": 0.1}')
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from heartwright.studio.people import NAME_MOST, Role

TEXT_MOST = 2000
Name = Annotated[str, StringConstraints(max_length=64)]
Text = Annotated[str, StringConstraints(max_length=TEXT_MOST)]
Processing = Literal["echo cancellation", "noise suppression", "automatic gain"]
WorkId = Annotated[int, Field(ge=0, le=65_535)]


class Command(BaseModel):
    """What all commands have: `id`, which the answer repeats."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    id: Annotated[int, Field(ge=0, le=2**53)] = 0


class Speed(Command):
    do: Literal["speed"]
    value: Annotated[float, Field(ge=0.01, le=20.0)]


class Halt(Command):
    do: Literal["halt"]


class Go(Command):
    do: Literal["go"]


class Beat(Command):
    do: Literal["beat"]


class Focus(Command):
    do: Literal["focus"]
    work: WorkId


class Place(Command):
    do: Literal["place"]
    tilt_deg: Annotated[float, Field(ge=-90.0, le=90.0)] | None = None
    temperature_c: Annotated[float, Field(ge=-20.0, le=60.0)] | None = None
    wind: Annotated[float, Field(ge=0.0, le=1.0)] | None = None


class Slider(Command):
    do: Literal["slider"]
    lock_deg: Annotated[float, Field(gt=0.0, le=10.0)] | None = None
    draw_deg: Annotated[float, Field(ge=0.0, le=40.0)] | None = None
    drop_deg: Annotated[float, Field(gt=0.0, le=20.0)] | None = None


class Fault(Command):
    do: Literal["fault"]
    name: Name
    severity: float | None = None


class Repair(Command):
    do: Literal["repair"]
    name: Name


class Undo(Command):
    do: Literal["undo"]


class Nudge(Command):
    do: Literal["nudge"]


class Verdict(Command):
    do: Literal["verdict"]
    work: WorkId | None = None


class Blind(Command):
    do: Literal["blind"]
    text: Text


class Contest(Command):
    do: Literal["contest"]
    finding: Name
    claim: Text = ""


class _Handled(Command):
    """A touch through the hand."""

    name: Name
    amount: float | None = None
    support: Name = "wrist"
    magnification: Annotated[float, Field(ge=1.0, le=40.0)] = 1.0


class Touch(_Handled):
    do: Literal["touch"]


class Rehearse(_Handled):
    do: Literal["rehearse"]
    trials: Annotated[int, Field(ge=4, le=400)] = 60
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = None


class Cancel(Command):
    do: Literal["cancel"]


class Breathe(Command):
    do: Literal["breathe"]


class Dream(Command):
    do: Literal["dream"]
    scenario: Name = ""
    seed: Annotated[int, Field(ge=0, lt=2**53)] = 1
    critic: Name = ""


class Act(Command):
    """A choice in the dream; what it takes besides its name is the dream's to check."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)
    do: Literal["act"]
    name: Name

    @property
    def more(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Do(Command):
    """Something done to a standing work; amounts that are not given are what the work says."""

    do: Literal["deed"]
    work: WorkId | None = None
    name: Name
    amounts: Annotated[dict[Name, float], Field(max_length=16)] = {}


class Invite(Command):
    do: Literal["invite"]
    role: Role


class SetName(Command):
    do: Literal["name"]
    name: Annotated[str, StringConstraints(max_length=4 * NAME_MOST)]


class _OfTheWatch(Command):
    """What is told of the watch under the microphone; lifts: all that the table of movements gives."""

    bph: Annotated[float, Field(ge=1800.0, le=72_000.0)] | None = None
    movement_bph: Annotated[float, Field(ge=1800.0, le=72_000.0)] | None = None
    lifts_deg: Annotated[list[Annotated[float, Field(ge=10.0, le=90.0)]], Field(max_length=8)] = []
    movement: Name = ""
    clock_ppm: tuple[Annotated[float, Field(ge=-1e4, le=1e4)], Annotated[float, Field(ge=0.0, le=1e4)]] = (0.0, 30.0)


class Listen(_OfTheWatch):
    """A microphone on the page; `processing` is what the browser would not switch off."""

    do: Literal["listen"]
    rate_hz: Annotated[float, Field(ge=8_000.0, le=96_000.0)]
    device: Annotated[str, StringConstraints(max_length=200)] = ""
    processing: Annotated[list[Processing], Field(max_length=3)] = []


class ToldOfIt(_OfTheWatch):
    do: Literal["told"]
    mic: Annotated[int, Field(ge=0)]


class Enough(Command):
    """The microphone is closed; its take is kept or left."""

    do: Literal["enough"]
    mic: Annotated[int, Field(ge=0)]
    keep: bool = True
    name: Annotated[str, StringConstraints(max_length=200)] = ""
    intent: Annotated[str, StringConstraints(max_length=200)] = ""


AnyCommand = (
    Speed | Halt | Go | Beat | Focus | Place | Slider | Fault | Repair | Undo | Nudge | Verdict | Blind | Contest
    | Touch | Rehearse | Cancel | Breathe | Dream | Act | Invite | SetName | Listen | ToldOfIt | Enough
    | Do
)  # fmt: skip
_READER: TypeAdapter[AnyCommand] = TypeAdapter(Annotated[AnyCommand, Field(discriminator="do")])
KNOWN = ("speed", "halt", "go", "beat", "focus", "place", "slider", "fault", "repair", "undo", "nudge", "verdict",
         "blind", "contest", "touch", "rehearse", "cancel", "breathe", "dream", "act", "invite", "name",
         "listen", "told", "enough", "deed")  # fmt: skip


class NotUnderstood(ValueError):
    """A message that is no command; the text says what was wrong and what is allowed."""


def read(text: str) -> AnyCommand:
    """The command that `text` holds. Raises NotUnderstood."""
    try:
        return _READER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
            raise NotUnderstood(f"no such command; known are: {', '.join(KNOWN)}") from None
        where = ".".join(str(part) for part in first["loc"] if part not in KNOWN)
        raise NotUnderstood(f"{where}: {first['msg']}" if where else str(first["msg"])) from None
    except (ValueError, RecursionError):
        raise NotUnderstood("no JSON that can be read") from None


def what_it_was(text: str) -> tuple[int, str]:
    """The id and the name that a message which is no command gives itself, as far as it does."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return 0, "message"
    if not isinstance(told, dict):
        return 0, "message"
    id, name = told.get("id"), told.get("do")
    number = id if isinstance(id, int) and not isinstance(id, bool) else 0
    return number, name[:64] if isinstance(name, str) else "message"
