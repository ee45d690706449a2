"""Scenarios and critics as TOML. A scenario sets critic, gaze, tilt, temperature and light, and nothing inside a work.

    scenario = Scenario.load("the-short-dream")

Both are closed: a key that is not listed here is refused, so that no scenario can say what a heart then does.
"""

from __future__ import annotations

import os
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Choice = Literal["breathe", "rehearse", "touch", "contest", "wait", "leave"]
Gaze = Literal["none", "away", "sweep", "heart"]
Share = Annotated[float, Ge(0), Le(1)]
CALM_C, CALM_TILT_DEG = 23.0, 0.0


class ScenarioError(ValueError):
    """A scenario or critic that cannot be read; the message names file and key."""


class Closed(BaseModel):
    """Frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Phase(Closed):
    """One stretch of a dream. Tilt, temperature and light are reached over the first third of it."""

    name: str
    seconds: Annotated[float, Gt(0), Le(3600)]
    tilt_deg: Annotated[float, Ge(-30), Le(30)] = CALM_TILT_DEG
    temperature_c: Annotated[float, Ge(-10), Le(45)] = CALM_C
    light: Share = 1.0
    critic: bool = Field(False, description="whether the critic is in the room")
    gaze: Gaze = Field("none", description="where it looks: nowhere, away, over all works, at the heart")
    verdict: bool = Field(False, description="whether the judge listens and speaks at the beginning")
    question: bool = Field(False, description="whether the missed beat is asked after")
    say: tuple[str, ...] = ()
    air: str = ""
    scent: str = ""
    cold: str = ""
    heat: str = ""
    choices: tuple[Choice, ...] = ()


class Scenario(Closed):
    """A dream's outer course."""

    name: str
    title: str
    critic: str = "the-quiet-one"
    arousal: Share = Field(0.05, description="arousal at the beginning")
    phase: Annotated[tuple[Phase, ...], MinLen(1)]

    @model_validator(mode="after")
    def _sees(self) -> Scenario:
        for p in self.phase:
            if p.gaze != "none" and not p.critic:
                raise ValueError(f"phase {p.name!r} has a gaze and no critic: set critic = true")
        return self

    @property
    def seconds(self) -> float:
        """Length of the dream [s]."""
        return sum(p.seconds for p in self.phase)

    @classmethod
    def load(cls, source: str | os.PathLike[str]) -> Scenario:
        """A bundled scenario by name, or a TOML file by path. Raises ScenarioError."""
        return _load(cls, "scenarios", source)


class Critic(Closed):
    """Who looks: a name, a face, how strictly (the weight of its gaze), and what it asks first."""

    name: str
    face: str
    kind: Literal["judge", "person"] = "judge"
    strictness: Share = 1.0
    asks: tuple[Literal["hesitant", "forced", "hollow"], ...] = ("hesitant", "forced", "hollow")

    @classmethod
    def load(cls, source: str | os.PathLike[str]) -> Critic:
        """A bundled critic by name, or a TOML file by path. Raises ScenarioError."""
        return _load(cls, "critics", source)


NOBODY = Critic(name="", face="", strictness=0.0)
Model = TypeVar("Model", bound=Closed)


def bundled(folder: Literal["scenarios", "critics"]) -> tuple[str, ...]:
    """Names of the scenarios or critics that come with the package."""
    place = resources.files("heartwright.dream") / folder
    return tuple(sorted(f.name.removesuffix(".toml") for f in place.iterdir() if f.name.endswith(".toml")))


def _load(model: type[Model], folder: Literal["scenarios", "critics"], source: str | os.PathLike[str]) -> Model:
    name = os.fspath(source)
    try:
        if name in bundled(folder):
            text = (resources.files("heartwright.dream") / folder / f"{name}.toml").read_text("utf-8")
        elif name.endswith(".toml"):
            text = Path(name).read_text("utf-8")
        else:
            known = ", ".join(bundled(folder))
            raise ScenarioError(f"{name}: none of the bundled {folder} ({known}), and no .toml file.")
        return model.model_validate(tomllib.loads(text))
    except OSError as error:
        raise ScenarioError(f"{name}: cannot be read: {error.strerror or error}.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{name}: not TOML in UTF-8: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(k) for k in first["loc"]) or "scenario"
        if first["type"] == "extra_forbidden":
            allowed = "a scenario sets critic, gaze, tilt, temperature and light, and nothing inside a work"
            raise ScenarioError(f"{name}: {key}: unknown key; {allowed}.") from None
        raise ScenarioError(f"{name}: {key}: {first['msg']}.") from None
