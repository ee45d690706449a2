"""The clockwork heart's own works: the one-second remontoire and the pump with its two reed valves.

Geometry and symbols follow docs/theory.md, "The heart"; pressures are gauge.
"""

from __future__ import annotations

import math
from itertools import pairwise

from pydantic import Field, model_validator

from heartwright.design.quantities import (
    Angle,
    Area,
    Compliance,
    Count,
    Damping,
    Density,
    FanDrag,
    FlowResistance,
    Force,
    Fraction,
    Gap,
    Inertia,
    Length,
    Mass,
    Modulus,
    Part,
    Pressure,
    Ratio,
    Relative,
    SpringRate,
    Stiffness,
    TemperatureSpan,
    Torque,
    Viscosity,
    Width,
)


class Remontoire(Part):
    """Spring between train and escape arbor, rewound once a release; a star on the escape arbor releases the train."""

    stiffness: Stiffness = Field(description="remontoire spring, at the escape arbor")
    prewind: Width = Field(description="wind of the spring just after a rewind, at the escape arbor")
    ratio: Ratio = Field(8.0, description="turns of the pump arbor for one of the remontoire wheel")
    points: Count = Field(8, description="points of the releasing star, one release each")
    release_friction: Torque = Field(description="friction of the detent on the escape arbor while it is pushed")
    release_window: Width = Field(description="turn of the escape arbor over which the detent is pushed")
    star_offset: Angle = Field(0.0, description="place of the release inside the step of one beat")


class Reed(Part):
    """Brass tongue on a slot, opened by the pressure across it; a crack at its root weakens it and leaks."""

    width: Length = Field(description="tongue")
    slot: Length = Field(description="width of the slot under it")
    length: Length = Field(description="root to tip")
    thickness: Length
    opening_pressure: Pressure = Field(description="pressure at which the set tongue lifts")
    land: Length = Field(description="width of the seat round the slot")
    damping_ratio: Relative = Field(0.10, description="of the reed's first mode")
    crack: Fraction = Field(0.0, description="length of the edge crack at the root over the width")
    gape: Relative = Field(0.01, description="opening of the crack over its length")
    leak_width: Gap = Field(0.0, description="length of a leaking part of the seat")
    leak_gap: Gap = Field(0.0, description="height of that leak")


class Pump(Part):
    """Pump arbor with cam, fly and stop; lever, bellows, chamber, valves, artery (three-element Windkessel)."""

    drive_torque: Torque = Field(description="nominal torque of the train at the pump arbor")
    arbor_inertia: Inertia
    fly: FanDrag = Field(description="air drag of the fly at the pump arbor, torque over speed squared")
    arbor_friction: Torque = Field(description="pivots of the pump arbor")
    stop_restitution: Fraction = Field(description="single-turn stop")
    cam_lift: Length = Field(description="rise of the cam")
    cam_base_radius: Length
    lever_ratio: Ratio = Field(2.0, description="travel at the cam over travel at the bellows")
    rise_start: Angle
    rise_end: Angle
    fall_start: Angle
    fall_end: Angle
    ramp: Fraction = Field(0.15, description="share of rise and fall spent in each smooth ramp")
    roller_friction: Relative = Field(description="loss of the roller: torque = friction x radius x bellows force")
    roller_radius: Length
    bellows_area: Area
    spring_force: Force = Field(description="return spring, bellows at rest")
    spring_rate: SpringRate = Field(description="return spring")
    moving_mass: Mass = Field(description="follower and bellows, at the bellows")
    damping: Damping = Field(description="bellows leather")
    chamber_compliance: Compliance
    oil_density: Density
    oil_viscosity: Viscosity = Field(description="at 23 degrees Celsius")
    viscosity_halving: TemperatureSpan = Field(27.0, description="warming that halves the viscosity")
    inlet: Reed
    outlet: Reed
    young_modulus: Modulus = Field(description="reed metal")
    metal_density: Density = Field(description="reed metal")
    seat_roughness: Length = Field(description="gap that a seated reed leaves")
    seat_restitution: Fraction
    lift_stop: Length = Field(description="largest lift of a reed's tip")
    discharge: Fraction = Field(0.62, description="orifice coefficient")
    capillary: FlowResistance = Field(description="load, artery to reservoir")
    artery_compliance: Compliance
    entry_resistance: FlowResistance = Field(description="outlet valve to artery")

    @model_validator(mode="after")
    def _cam(self) -> Pump:
        angles = (0.0, self.rise_start, self.rise_end, self.fall_start, self.fall_end, 2.0 * math.pi)
        if any(b < a for a, b in pairwise(angles)):
            raise ValueError("rise_start, rise_end, fall_start, fall_end must follow each other within one turn")
        if not self.ramp < 0.5:
            raise ValueError(f"ramp {self.ramp:g} must stay below 0.5: there is one at each end")
        return self
