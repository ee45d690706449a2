"""The design: everything that is declared of a movement, validated, in SI; the thing that edits change and works run.

    design = Design.load("watch-6497")        # a bundled name or a TOML path
    design.escapement.lock                    # 0.0305 [rad], "1.75 deg" in the file
    design.save("mine.toml")

A design is frozen: change it through `heartwright.edit.Edit`. The TOML schema is described in docs/designs.md.
"""

from __future__ import annotations

import math
import os
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from heartwright.design.document import Document
from heartwright.design.errors import DesignError, explain
from heartwright.design.escapement import Graham, SwissLever
from heartwright.design.pump import Pump, Remontoire
from heartwright.design.quantities import Rate
from heartwright.design.works import Balance, Dirt, Pendulum, SoundBody, Train

Kind = Literal["modern lever", "vintage lever", "pin-pallet", "pendulum", "heart"]


class Design(Document):
    """A movement as declared. Attributes are the TOML keys, SI inside (`beat_rate` is `beat_hz`, beats per second)."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="short name, small letters and dashes")]
    title: str = Field(description="one line for people")
    kind: Kind = Field(description="which limits the judge applies")
    beat_hz: Rate = Field(alias="beat_rate", description="nominal beat rate, as beats per second inside")
    notes: str = ""
    escapement: Annotated[SwissLever | Graham, Field(discriminator="type")]
    oscillator: Annotated[Balance | Pendulum, Field(discriminator="type")]
    train: Train
    dirt: Dirt = Dirt()
    sound: SoundBody
    remontoire: Remontoire | None = None
    pump: Pump | None = None

    @model_validator(mode="after")
    def _fits(self) -> Design:
        if (self.kind == "pendulum") != isinstance(self.oscillator, Pendulum):
            raise ValueError(f"kind {self.kind!r} and oscillator.type {self.oscillator.type!r} do not go together")
        if isinstance(self.escapement, Graham) != isinstance(self.oscillator, Pendulum):
            raise ValueError(
                f"escapement.type {self.escapement.type!r} and oscillator.type {self.oscillator.type!r} do not go "
                "together: a swiss-lever drives a balance, a graham a pendulum"
            )
        if (self.kind == "heart") != (self.remontoire is not None and self.pump is not None):
            raise ValueError("tables [remontoire] and [pump] belong to kind 'heart', and a heart needs both")
        return self

    @property
    def nominal_bph(self) -> float:
        """Nominal beat rate [beats per hour]."""
        return self.beat_hz * 3600.0

    @property
    def lift_deg(self) -> float | None:
        """Geometric lift angle of the balance [deg]; None for a pendulum."""
        lift = getattr(self.escapement, "lift_roller", None)
        return None if lift is None else math.degrees(lift)

    @classmethod
    def load(cls, source: str | os.PathLike[str]) -> Design:
        """Read a bundled design by name ("heart") or a TOML file by path.

        Raises DesignError, naming file, key, value and what is allowed.
        """
        text, label = _read(source)
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise DesignError(label, [f"not TOML: {error}. Texts stand in quotes, tables in [brackets]."]) from None
        return cls.from_dict(data, source=label, from_text=True)

    @classmethod
    def from_dict(cls, data: dict[str, Any], *, source: str = "design", from_text: bool = False) -> Design:
        """Validate plain data; bare numbers are SI unless `from_text`. Raises DesignError with `source` in front."""
        try:
            return cls.model_validate(data, context={"from_text": from_text})
        except ValidationError as error:
            raise explain(source, cls, data, error) from None


def bundled() -> tuple[str, ...]:
    """Names of the designs that come with the package."""
    folder = resources.files("heartwright") / "designs"
    return tuple(sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml")))


def _read(source: str | os.PathLike[str]) -> tuple[str, str]:
    """Text of a design and the label that messages call it by."""
    name = os.fspath(source)
    if not name.endswith(".toml") and os.sep not in name and not Path(name).is_file():
        if name in bundled():
            return (resources.files("heartwright") / "designs" / f"{name}.toml").read_text("utf-8"), f"{name}.toml"
        raise DesignError(
            name, [f"no bundled design of that name. There are: {', '.join(bundled())}; or give a .toml file."]
        )
    path = Path(name)
    try:
        return path.read_text("utf-8"), name
    except UnicodeDecodeError:
        raise DesignError(name, ["not a text file in UTF-8, so not a design."]) from None
    except OSError as error:
        raise DesignError(
            name, [f"cannot be read: {error.strerror or error}. Give a bundled name or a .toml file."]
        ) from None
