"""The plan of a room: its floor, its shelves, and the works that stand on them; TOML with units, like a design.

    plan = RoomPlan.load("workshop")          # a bundled name or a TOML path
    plan.place_of("heart")                    # (0.0, 0.95, 0.3) [m]
    plan.save("mine.toml")

Places are in room coordinates [m]: x right, y up, z towards the viewer; the origin is the middle of the floor's top. A
shelf runs along x from its left end, and its works stand on its top. The schema is described in docs/support.md.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from annotated_types import Ge, Gt, Le
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from heartwright.design.document import Document
from heartwright.design.errors import DesignError, explain
from heartwright.design.quantities import Density, Frequency, Gap, Length, Mass, Modulus, Offset, Part, SpringRate, Unit

Place = tuple[Offset, Offset, Offset]
Seconds = Annotated[float, Gt(0), Unit("time")]
DampingShare = Annotated[float, Gt(0), Le(0.5)]
Option = bool | int | float | str
WorkKind = Literal["clockwork", "gyroscope", "galaxy", "web", "recording"]
KINDS: tuple[str, ...] = get_args(WorkKind)
#: What a work of each kind is made from: a bundled design, a file, or either.
NEEDS = {"clockwork": "design", "web": "file", "recording": "file"}


class Chamber(Part):
    """The air of the room: its size, and how long it echoes."""

    width: Length = Field(8.0, description="along x")
    height: Length = Field(4.0, description="along y")
    depth: Length = Field(6.0, description="along z")
    echo: Seconds = Field(0.7, description="time in which its echo falls by 60 dB")


class Floor(Part):
    """The floor: a rigid plate on springs, as large as the chamber."""

    mass: Mass = Field(1500.0, description="the plate, without what stands on it")
    heave: Frequency = Field(14.0, description="of its bounce up and down, bare")
    sway: Frequency = Field(9.0, description="of its motion sideways, bare")
    rock: Frequency = Field(18.0, description="of its rocking about either axis, bare")
    damping: DampingShare = Field(0.03, description="share of critical")


class Shelf(Part):
    """A shelf: a beam of rectangular section, held at both ends or let into the wall at its left one."""

    name: str
    place: Place = Field(description="left end of its top, middle of its depth")
    length: Length
    depth: Length = Field(0.30)
    thickness: Length = Field(0.030)
    held: Literal["ends", "wall"] = Field("ends", description="two supports, or a cantilever from its left end")
    density: Density = Field(640.0, description="oak, EN 338 D30 (mean)")
    young_modulus: Modulus = Field(11e9, description="oak, EN 338 D30 (mean)")
    strength: Modulus = Field(30e6, description="bending strength; oak, EN 338 D30 (5 % fractile)")
    sway_stiffness: SpringRate = Field(4e5, description="of its brackets along its length")
    depth_stiffness: SpringRate = Field(8e5, description="of its brackets along its depth")
    damping: DampingShare = Field(0.01, description="share of critical")
    mix_db: Annotated[float, Ge(-60), Le(20)] = Field(
        0.0, description="what a mixing desk adds to what stands on it [dB]; nothing physical"
    )


class Standing(Part):
    """A work on a shelf."""

    kind: WorkKind
    name: str
    shelf: str
    along: Gap = Field(description="from the shelf's left end")
    design: str | None = Field(None, description="bundled name or TOML file of a clockwork")
    file: str | None = Field(None, description="snapshot, graph, folder of notes or recording; seen from the plan")
    changes: dict[str, str | int | float] = Field(
        default_factory=dict, description="edits of the design, path = new value"
    )
    options: dict[str, Option] = Field(default_factory=dict, description="passed to the work as they are")
    seed: Annotated[int, Ge(0)] = 1
    author: str = ""
    date: str = ""
    intent: str = ""
    weakness: str = ""

    @model_validator(mode="before")
    @classmethod
    def _known(cls, data: Any) -> Any:
        kind = data.get("kind") if isinstance(data, dict) else None
        if isinstance(kind, str) and kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise ValueError(f"kind {kind!r} is not known{hint}; allowed: {', '.join(KINDS)}")
        return data

    @model_validator(mode="after")
    def _made_from(self) -> Standing:
        needed = NEEDS.get(self.kind)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"a {self.kind} needs {needed} = ..., and {self.name!r} has none")
        if self.changes and self.kind != "clockwork":
            raise ValueError(f"changes are edits of a design, and {self.name!r} is a {self.kind}: use options")
        return self


class RoomPlan(Document):
    """A room as declared. Attributes are the TOML keys, SI inside."""

    title: str
    notes: str = ""
    chamber: Chamber = Chamber()
    floor: Floor = Floor()
    listener: Place = Field((0.0, 1.6, 2.0), description="where the listener's ears are")
    temperature_c: Annotated[float, Ge(-20), Le(50)] = Field(23.0, description="of the air [C]")
    shelves: tuple[Shelf, ...]
    works: tuple[Standing, ...] = ()
    _folder: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _fits(self) -> RoomPlan:
        for what, names in (("shelf", [s.name for s in self.shelves]), ("work", [w.name for w in self.works])):
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                raise ValueError(f"two of the name {twice[0]!r}: each {what} needs a name of its own")
        for work in self.works:
            check_place(work.name, work.along, self.shelf(work.shelf))
        return self

    def shelf(self, name: str) -> Shelf:
        """A shelf by name. Raises ValueError, naming those that there are."""
        for shelf in self.shelves:
            if shelf.name == name:
                return shelf
        names = [s.name for s in self.shelves]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ValueError(f"there is no shelf {name!r}{hint}; there are: {', '.join(names) or 'none'}")

    def work(self, name: str) -> Standing:
        """A work by name. Raises ValueError, naming those that there are."""
        for work in self.works:
            if work.name == name:
                return work
        raise ValueError(f"there is no work {name!r}; there are: {', '.join(w.name for w in self.works) or 'none'}")

    def place_of(self, name: str) -> tuple[float, float, float]:
        """Where a work stands, in room coordinates [m]."""
        work = self.work(name)
        x, y, z = self.shelf(work.shelf).place
        return (x + work.along, y, z)

    @property
    def folder(self) -> Path | None:
        """The folder that the plan was read from; its files are looked for there."""
        return self._folder

    def path_of(self, name: str) -> Path:
        """The file that a work is made from; a relative one is looked for beside the plan."""
        file = Path(self.work(name).file or "")
        return file if file.is_absolute() or self._folder is None else self._folder / file

    @classmethod
    def load(cls, source: str | os.PathLike[str]) -> RoomPlan:
        """Read a bundled room by name ("workshop") or a TOML file by path.

        Raises DesignError, naming file, key, value and what is allowed.
        """
        text, label, folder = _read(source)
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise DesignError(label, [f"not TOML: {error}. Texts stand in quotes, tables in [brackets]."]) from None
        plan = cls.from_dict(data, source=label, from_text=True)
        plan._folder = folder
        return plan

    @classmethod
    def from_dict(cls, data: dict[str, Any], *, source: str = "room", from_text: bool = False) -> RoomPlan:
        """Validate plain data; bare numbers are SI unless `from_text`. Raises DesignError with `source` in front."""
        try:
            return cls.model_validate(data, context={"from_text": from_text})
        except ValidationError as error:
            found = explain(source, cls, data, error)
            raise DesignError(source, [problem.removeprefix("design: ") for problem in found.problems]) from None


def check_place(name: str, along: float, shelf: Shelf) -> None:
    """Raise ValueError where a work would stand beside its shelf."""
    if not 0.0 <= along <= shelf.length:
        raise ValueError(
            f"{name!r} would stand {along:g} m along the shelf {shelf.name!r}, which is {shelf.length:g} m long; "
            f"0 to {shelf.length:g} m is allowed"
        )


def rooms() -> tuple[str, ...]:
    """Names of the rooms that come with the package."""
    folder = resources.files("heartwright") / "rooms"
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


def _read(source: str | os.PathLike[str]) -> tuple[str, str, Path | None]:
    """Text of a plan, the label that messages call it by, and the folder that its files are looked for in."""
    name = os.fspath(source)
    if not name.endswith(".toml") and os.sep not in name and not Path(name).is_file():
        if name in rooms():
            folder = Path(str(resources.files("heartwright") / "rooms"))
            return (folder / f"{name}.toml").read_text("utf-8"), f"{name}.toml", folder
        raise DesignError(
            name, [f"no bundled room of that name. There are: {', '.join(rooms())}; or give a .toml file."]
        )
    path = Path(name)
    try:
        return path.read_text("utf-8"), name, path.resolve().parent
    except UnicodeDecodeError:
        raise DesignError(name, ["not a text file in UTF-8, so not a plan of a room."]) from None
    except OSError as error:
        raise DesignError(
            name, [f"cannot be read: {error.strerror or error}. Give a bundled name or a .toml file."]
        ) from None
