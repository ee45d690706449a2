"""The rest of the going works: oscillator, train, dirt and sound of a design."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import Field, model_validator

from heartwright.design.quantities import (
    Angle,
    Frequency,
    Friction,
    Gap,
    Inertia,
    Length,
    Level,
    LevelSpread,
    Mass,
    Part,
    Ratio,
    Relative,
    Spread,
    Stiffness,
    Torque,
    Unpoise,
)

Leaves = Annotated[int, Ge(5), Le(400)]


class Balance(Part):
    """Balance and hairspring."""

    type: Literal["balance"]
    inertia: Inertia = Field(description="balance with staff and roller")
    stiffness: Stiffness = Field(description="hairspring")
    q: Ratio = Field(description="quality factor of the free swing, air and spring")
    collet_offset: Angle = Field(0.0, description="rest position off the line of centres (out of beat)")
    mass: Mass = Field(description="balance with staff and roller")
    pivot_radius: Length = Field(description="rubbing radius of the pivots, staff horizontal (vertical positions)")
    pivot_end_radius: Length = Field(description="rubbing radius of the pivot's end, staff upright (dial up or down)")
    pivot_friction: Friction = Field(0.10, description="Coulomb friction of the pivots")
    unpoise: Unpoise = Field(0.0, description="mass x distance of the balance's centre of mass")
    unpoise_angle: Angle = Field(0.0, description="its direction on the balance at rest, from six o'clock")


class Pendulum(Part):
    """Pendulum as a point bob on a massless rod, with its crutch."""

    type: Literal["pendulum"]
    mass: Mass = Field(description="bob")
    length: Length = Field(description="suspension to centre of oscillation")
    q: Ratio = Field(description="quality factor of the free swing")
    crutch_offset: Angle = Field(0.0, description="anchor against the pendulum at rest (out of beat)")

    @property
    def inertia(self) -> float:
        """Moment of inertia about the suspension [kg m2]."""
        return self.mass * self.length**2


class Barrel(Part):
    """Mainspring barrel, or the drum of a weight (then the curve is flat)."""

    teeth: Leaves = Field(description="teeth of the great wheel")
    turns: Ratio = Field(description="development: turns of the barrel from full wind to run down")
    curve_turns: Annotated[tuple[Relative, ...], MinLen(2)] = Field(description="turns still wound, rising from 0")
    curve_torque: Annotated[tuple[Torque, ...], MinLen(2)] = Field(
        description="torque at the barrel for each of curve_turns"
    )
    inertia: Inertia = Field(description="barrel with great wheel")
    module: Length = Field(description="tooth module of the great wheel")

    @model_validator(mode="after")
    def _curve(self) -> Barrel:
        if len(self.curve_turns) != len(self.curve_torque):
            raise ValueError(
                f"curve_turns has {len(self.curve_turns)} values and curve_torque {len(self.curve_torque)}: they must "
                "pair up"
            )
        if self.curve_turns[0] != 0.0 or any(b <= a for a, b in pairwise(self.curve_turns)):
            raise ValueError(f"curve_turns {list(self.curve_turns)} must begin at 0 and rise")
        if self.curve_turns[-1] < self.turns:
            raise ValueError(
                f"curve_turns ends at {self.curve_turns[-1]:g}, before the development of {self.turns:g} turns"
            )
        return self


class Arbor(Part):
    """One arbor of the train: a pinion driven by the wheel before, and a wheel."""

    name: str
    pinion: Leaves = Field(description="leaves of the pinion")
    wheel: Leaves = Field(description="teeth of the wheel on the same arbor")
    inertia: Inertia = Field(description="arbor with pinion and wheel")
    module: Length = Field(description="tooth module of the wheel")
    ripple: Relative = Field(0.0, description="torque wave once a turn of this arbor, relative amplitude; 0: drawn")


class Train(Part):
    """Barrel to escape wheel (the heart: to pump arbor)."""

    model: Literal["lumped", "meshes"] = Field("lumped", description="one inertia at the escape wheel, or every mesh")
    barrel: Barrel
    arbors: Annotated[tuple[Arbor, ...], MinLen(1)] = Field(
        description="from the centre to the last before the escape wheel"
    )
    escape_pinion: Leaves = Field(description="leaves on the escape arbor (the heart: on the pump arbor)")
    mesh_efficiency: Annotated[float, Gt(0), Le(1)] = Field(0.95, description="share of power that each mesh passes on")
    mesh_stiffness: Annotated[float, Gt(0)] = Field(2e6, description="stiffness of a mesh at the pitch circle [N/m]")
    backlash: Gap = Field(10e-6, description="play of a mesh at the pitch circle")

    @property
    def ratio(self) -> float:
        """Turns of the last arbor for one turn of the barrel."""
        wheels = [self.barrel.teeth, *(arbor.wheel for arbor in self.arbors)]
        pinions = [*(arbor.pinion for arbor in self.arbors), self.escape_pinion]
        return math.prod(wheels) / math.prod(pinions)

    @property
    def efficiency(self) -> float:
        """Share of the barrel's power that reaches the last arbor."""
        return self.mesh_efficiency ** (len(self.arbors) + 1)


class Dirt(Part):
    """How a real one differs from paper: standard deviations, drawn per tooth and per tick."""

    tooth_pitch: Spread = Field(0.0, description="place of each escape tooth")
    torque_tick: Relative = Field(0.0, description="driving torque of each tick, relative")
    friction_tick: Relative = Field(0.0, description="friction of each tick, relative")
    mesh_torque: Relative = Field(0.0, description="torque wave of each mesh, relative amplitude")
    mesh_error: Gap = Field(0.0, description="transmission error of each mesh, amplitude at the pitch circle")
    sound_level: LevelSpread = Field(0.0, description="level of each impact's sound")
    sound_shape: Relative = Field(0.0, description="shares of the modes in each impact's sound, relative")


class Mode(Part):
    """One mode of plate and case."""

    frequency: Frequency
    q: Ratio
    gain: float = Field(1.0, description="share of this mode, relative")


class Microphone(Part):
    """Pass band of the microphone."""

    low: Frequency
    high: Frequency

    @model_validator(mode="after")
    def _band(self) -> Microphone:
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} Hz must lie below high {self.high:g} Hz")
        return self


class SoundBody(Part):
    """How impacts are heard: modes they ring, a level for each pair of parts, the microphone."""

    modes: Annotated[tuple[Mode, ...], MinLen(1)] = Field(description="modes of plate and case")
    gains: dict[str, Level] = Field(default_factory=dict, description="pair of parts -> level of its impacts")
    pump_radiation: Level = Field(0.0, description="level of the pressures on the pump's walls")
    microphone: Microphone = Microphone(low=100.0, high=20_000.0)
