"""What people in the field read off a gyroscope: spin, lean, precession, nutation, time to topple.

On a point they follow from the constants of the motion by the top's closed form; the forecast lets a twin's mean motion
run down: momentum about the shaft by air and bearing, about the upright by the point's friction.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from heartwright.work import Figure, G
from heartwright.works.gyroscope import motion as K
from heartwright.works.gyroscope import rings as R
from heartwright.works.gyroscope.mounts import InGimbals, OnPoint
from heartwright.works.gyroscope.top import TopMotion, sleeping_spin, top_motion

if TYPE_CHECKING:
    from heartwright.works.gyroscope import Gyroscope

RPM = math.pi / 30.0


def told(work: Gyroscope) -> dict[str, Figure]:
    """The figures of a gyroscope now."""
    held = work.held
    out = {"spin": Figure(held.spin / RPM, "rpm", says="turns a minute")}
    out["lean"] = Figure(math.degrees(held.lean), "deg", says="of the shaft from the upright")
    if isinstance(held, InGimbals):
        turning, outer, _ = R.rates(held.state, held.body)
        out["precession"] = Figure(math.degrees(outer), "deg/s", says="of the outer ring, now")
        out["nodding"] = Figure(math.degrees(turning), "deg/s", says="of the inner ring, now")
        out["nutation"] = Figure(ring_nutation(held), "Hz", says="of a fast rotor in its rings")
        return out
    motion = motion_of(held) if work.status == "running" and held.pull > 0.0 else None
    if motion is not None:
        out["precession"] = Figure(math.degrees(motion.precession), "deg/s", says="mean over a nutation")
        out["nutation"] = Figure(motion.nutation_hz, "Hz")
        out["nutation_amplitude"] = Figure(math.degrees(motion.amplitude), "deg", says="half of the swing of its lean")
        out["sleeping"] = Figure(
            sleeping_spin(across=held.across, along=held.along, pull=held.pull) / RPM, "rpm",
            says="upright it falls below this",
        )  # fmt: skip
    if motion is not None and work.friction:
        left = time_to_topple(work)
        if left is not None:
            out["topples_in"] = Figure(left, "s", says="by its friction, as it spins now")
    return out


def motion_of(held: OnPoint) -> TopMotion | None:
    """The closed form that its constants say, the imbalance left out; None where they say none."""
    s, b = held.state, held.body
    axis = held.axis
    p = s[K.PX : K.PZ + 1].tolist()
    axial = sum(p[k] * axis[k] for k in range(3))
    aside = sum((p[k] - axial * axis[k]) ** 2 for k in range(3))
    energy = 0.5 * aside / b[K.A] + held.pull * axis[1]
    try:
        return top_motion(across=held.across, pull=held.pull, axial=axial, vertical=float(p[1]), energy=float(energy))
    except (ValueError, ZeroDivisionError):
        return None


def ring_nutation(held: InGimbals) -> float:
    """Frequency of a fast rotor's small nutation in its rings [Hz]: C spin sin(theta) / sqrt(A B) (whittaker1937)."""
    s, c = math.sin(held.state[R.THETA]), math.cos(held.state[R.THETA])
    b = held.body
    level = (b[R.ACROSS] + 2.0 * b[R.INNER]) * s * s + b[R.INNER] * c * c + b[R.OUTER]
    return float(abs(held.state[R.PS] * s) / math.sqrt(b[R.A] * level) / (2.0 * math.pi))


def time_to_topple(work: Gyroscope, *, longest: float = 7200.0) -> float | None:
    """How long until it falls by its friction [s], nutation left out; None where it will not within `longest`."""
    held, build = work.held, work.build
    assert isinstance(held, OnPoint)
    body = held.body
    axial, upright = held.axial, float(held.state[K.PY])
    pull, across = held.pull, held.across
    bearing = body[K.DRY]
    touch = math.cos(build.touch)
    u, t = held.axis[1], 0.0
    while t < longest:
        spin = abs(axial) / body[K.C]
        level = _steady_lean(across, pull, axial, upright, u)
        if level is None or level < touch:
            return t
        u = level
        rate = (upright - axial * u) / max(across * (1.0 - u * u), 1e-12)
        air = max(body[K.LAMINAR] * spin**1.5, body[K.TURBULENT] * spin**1.8)
        if body[K.D] > 0.0:
            # the frame stays behind: bearing drags it round, the point holds it; air alone slows the whole
            axial_loss = air + min(bearing + body[K.VISCOUS] * spin, body[K.PIVOT_DRY])
            upright_loss = u * axial_loss + math.copysign(body[K.PIVOT_DRY], rate) * (1.0 - u * u)
        else:
            axial_loss = air + body[K.PIVOT_DRY]
            upright_loss = u * air + body[K.PIVOT_DRY] * u
        loss = axial_loss / max(abs(axial), 1e-12)
        slow = max(abs(upright), 0.1 * abs(axial)) / max(abs(upright_loss), 1e-15)
        step = min(0.02 / max(loss, 1e-9), 0.02 * slow, 30.0)
        axial -= math.copysign(axial_loss, axial) * step
        upright -= math.copysign(1.0, axial) * upright_loss * step
        t += step
    return None


def _steady_lean(across: float, pull: float, axial: float, upright: float, near: float) -> float | None:
    """Cosine of the lean of precession without nutation with those momenta, nearest `near`; None where none is left."""
    # the least of (upright - axial u)^2 / 2 A (1 - u^2) + m g l u, sought by Newton from where it was
    u = min(max(near, -0.999999), 0.999999)
    for _ in range(60):
        w, free = upright - axial * u, across * (1.0 - u * u)
        slope = -axial * w / free + w * w * u * across / free**2 + pull
        curve = (axial * axial / free - 4.0 * axial * w * u * across / free**2
                 + w * w * across / free**2 + 4.0 * w * w * u * u * across**2 / free**3)  # fmt: skip
        if curve <= 0.0:
            return None
        step = -slope / curve
        step = max(min(step, 0.05), -0.05)
        u_new = min(max(u + step, -0.999999), 0.999999)
        if abs(u_new - u) < 1e-10:
            return u_new
        u = u_new
    return u


__all__ = ["G", "motion_of", "ring_nutation", "time_to_topple", "told"]
