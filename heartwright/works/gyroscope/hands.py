"""A gyroscope in hands: the frame is held, and only the spin goes on, under cord, motor, finger or its own friction.

One step of the spin is C dw = (torque - air - bearing) dt; joules are torque times the angle of the mean spin, so that
the books close to rounding whatever the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartwright.work import G
from heartwright.works.gyroscope.body import air_drag

if TYPE_CHECKING:
    from heartwright.works.gyroscope import Gyroscope

GRIND = 0.3  # friction of a fallen rim on the stand
FINGER = 0.3  # of a finger on the rim
STEP = 1e-3  # [s]


@dataclass(slots=True)
class Hands:
    """What hands do to a held gyroscope: for so long (a cord: until it has run out), then they let go."""

    seconds: float
    deed: str
    force: float = 0.0
    cord: float = 0.0


def handle(work: Gyroscope, hands: Hands, seconds: float) -> float:
    """Go on in hands for `seconds` at most; the time that is left once they let go. Their own time runs down."""
    while seconds > 1e-12 and hands.seconds > 1e-12:
        step = min(seconds, STEP, hands.seconds)
        if hands.deed == "cord":
            step = _draw(work, hands, step)
        elif hands.deed == "motor":
            _drive(work, step)
        elif hands.deed == "brake":
            resist(work, step, FINGER * hands.force * work.build.rotor_radius, "hands")
        else:
            resist(work, step, 0.0, "hands")
        seconds -= step
        hands.seconds -= step
    return seconds


def grind(work: Gyroscope, seconds: float) -> None:
    """Its rim grinds on the stand."""
    resist(work, seconds, GRIND * work.build.moving_mass * G * work.build.rotor_radius, "stand")


def _draw(work: Gyroscope, hands: Hands, step: float) -> float:
    """Draw the cord with its force; the last step is as long as the cord that is left. Its work is force x length."""
    held, radius = work.held, work.build.spool_radius
    if radius <= 0.0:
        hands.seconds = 0.0
        return step
    torque = hands.force * radius
    ahead = max(held.spin, 0.0) + step * torque / held.along
    if 0.5 * (max(held.spin, 0.0) + ahead) * radius * step >= hands.cord:
        # w t + torque t^2 / 2 C = cord / radius
        push, spin = torque / held.along, held.spin
        step = min(step, ((spin * spin + 2.0 * push * hands.cord / radius) ** 0.5 - spin) / push)
        hands.seconds = step
    before = held.spin
    push_on(work, step, torque)
    hands.cord -= radius * 0.5 * (before + held.spin) * step
    return step


def _drive(work: Gyroscope, step: float) -> None:
    """A motor with a straight line from its stall torque to no torque at its no-load speed; implicit in the spin."""
    b, held = work.build, work.held
    if b.motor_no_load <= 0.0:
        return
    eased = 1.0 + 0.5 * step * b.motor_stall / (b.motor_no_load * held.along)
    push_on(work, step, b.motor_stall * (1.0 - held.spin / b.motor_no_load) / eased)


def friction(work: Gyroscope) -> tuple[float, float]:
    """Torques of air and bearing against the spin now [N m]."""
    if not work.friction:
        return 0.0, 0.0
    b, spin = work.build, abs(work.held.spin)
    laminar, turbulent = air_drag(b)
    bearing = b.bearing_viscous * spin + b.bearing_friction * b.bearing_radius * b.rotor_mass * G
    return max(laminar * spin**1.5, turbulent * spin**1.8), bearing


def push_on(work: Gyroscope, seconds: float, torque: float) -> None:
    """One step under a driving torque [N m]."""
    held, before = work.held, work.held.spin
    air, bearing = friction(work)
    way = 1.0 if before >= 0.0 else -1.0
    after = before + seconds * (torque - way * (air + bearing)) / held.along
    turned = 0.5 * seconds * (before + after)
    work.drive_j += torque * turned
    work.spent["held air"] += way * air * turned
    work.spent["held bearing"] += way * bearing * turned
    held.turn(turned)
    held.respin(after)


def resist(work: Gyroscope, seconds: float, torque: float, sink: str) -> None:
    """One step under a resisting torque [N m], no further than to a stand."""
    held, before = work.held, work.held.spin
    air, bearing = friction(work)
    whole = air + bearing + torque
    if before == 0.0 or whole == 0.0:
        held.turn(seconds * before)
        return
    seconds = min(seconds, abs(before) * held.along / whole)
    after = max(abs(before) - seconds * whole / held.along, 0.0)
    turned = 0.5 * seconds * (abs(before) + after)
    work.spent["held air"] += air * turned
    work.spent["held bearing"] += bearing * turned
    work.spent[sink] += torque * turned
    held.turn(turned if before > 0.0 else -turned)
    held.respin(after if before > 0.0 else -after)
