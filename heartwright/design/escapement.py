"""Escapements: the Swiss lever (club tooth) and the Graham dead-beat, in the trade's construction terms.

Angles at the wheel are turns of the escape wheel, angles at the fork or anchor turns of that part. Faults are fields
too (a stone pushed in, a tooth missing), zero in a healthy design, so that an `Edit` can reach them.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import Field, model_validator

from heartwright.design.quantities import Angle, Fraction, Friction, Inertia, Length, Offset, Part, Ratio, Width

Teeth = Annotated[int, Ge(6), Le(120)]


def _deg(angle: float) -> str:
    return f"{math.degrees(angle):.4g} deg"


class Escapement(Part):
    """What every escapement has: a wheel whose teeth can be missing or bent, and its contact law."""

    teeth: Teeth = Field(description="teeth of the escape wheel")
    wheel_radius: Length = Field(description="radius of the tooth tips (lever: toes)")
    drop: Width = Field(description="free turn of the wheel from release to the next landing")
    wheel_inertia: Inertia = Field(description="escape wheel with pinion, and the train reflected to it if lumped")
    pallet_friction: Friction = Field(0.12, description="Coulomb friction of tooth on pallet")
    pallet_restitution: Fraction = Field(0.25, description="restitution of tooth on pallet")
    missing_teeth: tuple[Annotated[int, Ge(0)], ...] = Field((), description="indices of broken-off teeth, from 0")
    bent_teeth: dict[Annotated[int, Ge(0)], Angle] = Field(
        default_factory=dict, description="tooth index -> turn of that tooth against its place"
    )

    @property
    def pitch(self) -> float:
        """Angle from tooth to tooth [rad]."""
        return 2.0 * math.pi / self.teeth

    @model_validator(mode="after")
    def _teeth_exist(self) -> Escapement:
        for key in ("missing_teeth", "bent_teeth"):
            wrong = [index for index in getattr(self, key) if index >= self.teeth]
            if wrong:
                raise ValueError(
                    f"{key} names tooth {wrong[0]}, but a wheel of {self.teeth} teeth has 0 to {self.teeth - 1}"
                )
        if len(set(self.missing_teeth)) == self.teeth:
            raise ValueError("missing_teeth names every tooth: a wheel needs at least one")
        return self


class SwissLever(Escapement):
    """Swiss lever with club teeth. Fork angles: lock, run, lifts, draw; wheel angles: stone width, drop."""

    type: Literal["swiss-lever"]
    span: float = Field(description="pitches between the pallets, half a number over a whole one (2.5 for 15 teeth)")
    stone_width: Width = Field(description="width of a pallet stone, as turn of the wheel")
    lock: Width = Field(description="lock at landing, before the run to banking (fork)")
    run: Width = Field(description="run to banking after the lock (fork)")
    lift_stone: Width = Field(description="lift on the stone's impulse face (fork)")
    lift_tooth: Width = Field(description="lift on the tooth's impulse face (fork)")
    draw_entry: Width = Field(description="draw of the entry stone's locking face")
    draw_exit: Width = Field(description="draw of the exit stone's locking face")
    undercut: Width = Field(description="lean of the tooth's front behind the radius")
    lift_roller: Width = Field(description="balance angle from jewel contact to jewel contact, geometric lift")
    jewel_circle_radius: Length = Field(description="balance staff to impulse jewel centre")
    jewel_width: Length = Field(description="width of the impulse jewel")
    notch_shake: Length = Field(description="clearance of the jewel in the notch, both sides together")
    horn_end: Width = Field(description="balance angle up to which the horns guard")
    horn_clearance: Length = Field(description="jewel to horn, fork banked")
    guard_clearance: Length = Field(description="guard pin to safety roller, fork banked")
    guard_tip_radius: Length = Field(description="radius of the guard pin's tip")
    roller_ratio: Ratio = Field(0.70, description="safety roller radius over jewel circle radius")
    banking_arm: Length = Field(description="fork pivot to banking, lever arm of that impact")
    fork_inertia: Inertia = Field(description="fork with stones")
    notch_friction: Friction = Field(0.12, description="Coulomb friction of jewel on notch, horns and guard")
    notch_restitution: Fraction = Field(0.25, description="restitution of jewel on notch")
    banking_restitution: Fraction = Field(0.25, description="restitution of fork on banking")
    entry_depth: Offset = Field(0.0, description="entry stone pushed in (+ deeper)")
    exit_depth: Offset = Field(0.0, description="exit stone pushed in (+ deeper)")
    entry_tilt: Angle = Field(0.0, description="entry stone turned in its slot (+ counter-clockwise)")
    exit_tilt: Angle = Field(0.0, description="exit stone turned in its slot (+ counter-clockwise)")
    banking_shift: Angle = Field(0.0, description="both bankings opened (+) or closed (-)")

    @property
    def lift(self) -> float:
        """Turn of the fork during the impulse, stone and tooth together [rad]."""
        return self.lift_stone + self.lift_tooth

    @property
    def bank_angle(self) -> float:
        """Fork angle on its banking, from the line of centres [rad]."""
        return 0.5 * (self.lift + self.lock) + self.run + self.banking_shift

    @model_validator(mode="after")
    def _meshes(self) -> SwissLever:
        half_pitch = 0.5 * self.pitch
        tooth = half_pitch - self.stone_width - self.drop
        if tooth <= 0.0:
            raise ValueError(
                f"teeth cannot mesh: stone_width {_deg(self.stone_width)} and drop {_deg(self.drop)} leave no tooth in "
                f"half a pitch of {_deg(half_pitch)}; their sum must stay below it (usual: stone 0.5, drop 0.1 of it)"
            )
        if self.lock >= self.lift:
            raise ValueError(
                f"teeth cannot mesh: lock {_deg(self.lock)} reaches the lift {_deg(self.lift)} (lift_stone + "
                "lift_tooth); usual: lock 1.5 to 2 deg, lift 9 to 10 deg"
            )
        half = self.span % 1.0
        if half != 0.5 or not 0.0 < self.span * half_pitch < math.radians(60.0):
            raise ValueError(
                f"span {self.span:g} pitches does not fit {self.teeth} teeth: it must be a whole number and a half, "
                "and span x half a pitch below 60 deg (2.5 for 15 teeth, 3.5 for 20)"
            )
        if self.undercut <= max(self.draw_entry, self.draw_exit):
            raise ValueError(
                f"undercut {_deg(self.undercut)} must exceed the draw {_deg(max(self.draw_entry, self.draw_exit))}, "
                "or the tooth's front meets the stone (usual: 24 to 28 deg)"
            )
        if self.bank_angle <= 0.5 * (self.lift - self.lock):
            raise ValueError(
                f"banking_shift {_deg(self.banking_shift)} closes the bankings below the lock; usual: -0.5 to +1 deg"
            )
        if self.horn_end <= 0.5 * self.lift_roller:
            raise ValueError(f"horn_end {_deg(self.horn_end)} must exceed half of lift_roller {_deg(self.lift_roller)}")
        return self


class Graham(Escapement):
    """Graham dead-beat: tangential anchor, dead faces as arcs round the anchor's pivot."""

    type: Literal["graham"]
    span: float = Field(7.5, description="pitches between the pallets, half a number over a whole one")
    lift: Width = Field(description="turn of the anchor during an impulse")
    lock: Width = Field(description="turn of the anchor on the dead face beyond the corner at landing")
    rest: Width = Field(description="length of the dead faces, as turn of the anchor")
    root_ratio: Annotated[float, Ge(0.3), Le(0.98)] = Field(0.80, description="root radius over wheel radius")
    tooth_undercut: Angle = Field(description="root of the tooth's front behind its tip")
    tooth_back: Width = Field(description="root of the tooth's back behind its tip")

    @model_validator(mode="after")
    def _meshes(self) -> Graham:
        if self.drop >= 0.5 * self.pitch:
            raise ValueError(
                f"teeth cannot mesh: drop {_deg(self.drop)} leaves no impulse in half a pitch of "
                f"{_deg(0.5 * self.pitch)}"
            )
        if self.lock >= self.lift:
            raise ValueError(
                f"teeth cannot mesh: lock {_deg(self.lock)} reaches the lift {_deg(self.lift)} (usual: lift 2 deg, "
                "lock 0.5 deg)"
            )
        half = self.span % 1.0
        if half != 0.5 or self.span * 0.5 * self.pitch >= math.radians(75.0):
            raise ValueError(
                f"span {self.span:g} pitches does not fit {self.teeth} teeth: it must be a whole number and a half, "
                "and span x half a pitch below 75 deg (7.5 for 30 teeth)"
            )
        if not self.tooth_undercut < self.tooth_back < self.pitch:
            raise ValueError(
                f"tooth_back {_deg(self.tooth_back)} must lie between tooth_undercut {_deg(self.tooth_undercut)} and "
                f"the pitch {_deg(self.pitch)}"
            )
        return self
