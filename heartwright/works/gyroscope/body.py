"""What a gyroscope is made of: its measures, and the inertia and friction that follow from them.

Frame of the rotor: y along the shaft from the point (or from the gimbals' centre), x and z across.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from heartwright.records import Floats
from heartwright.work import G
from heartwright.works.gyroscope import motion as K

AIR_DENSITY, AIR_VISCOSITY = 1.19, 1.54e-5  # at 23 C [kg/m3], [m2/s]
_SMALL = 1e-6  # squares of the inertia smaller than this share are left out of the body


@dataclass(frozen=True, slots=True)
class Build:
    """Measures of a gyroscope, SI. The defaults are those of a good toy: a brass rotor in ball bearings, on a stand."""

    mount: str = "point"  # "point" | "gimbals"
    rotor_mass: float = 0.112
    rotor_radius: float = 0.0265
    rotor_thickness: float = 0.0115
    rim: float = 0.65  # axial inertia over mass x radius^2: 0.5 for a disc, 1 for a thin rim
    frame_mass: float = 0.031  # 0: a plain top
    frame_radius: float = 0.031
    pivot_to_centre: float = 0.040
    imbalance: float = 4e-6  # the rotor's centre of mass off its shaft [m]
    skew: float = 2e-4  # its principal axis off the shaft [rad]
    bearing_friction: float = 0.0015  # dry, at the bearing's radius
    bearing_radius: float = 0.002
    bearing_viscous: float = 5e-9  # [N m s]
    air: float = 1.0  # share of a free disc's air drag
    pivot_friction: float = 0.15
    pivot_radius: float = 0.5e-3
    pivot_viscous: float = 0.0  # [N m s]
    touch: float = math.radians(110.0)  # the lean at which it touches its stand [rad]
    height: float = 0.10  # of the point (or the gimbals' centre) above the foot [m]
    stand_mass: float = 0.15
    stand_radius: float = 0.045
    spool_radius: float = 0.003
    motor_stall: float = 0.010  # [N m]
    motor_no_load: float = 1257.0  # [rad/s]
    balls: int = 7  # of each bearing; 0: plain pivots
    full_spin: float = 1257.0  # the spin at which it glows fully [rad/s]
    outer_ring: float = 6e-5  # inertia of the outer ring about the upright axis [kg m2]
    inner_ring: float = 3e-5  # of the inner ring about its own axis
    ring_friction: float = 2e-6  # dry, of each ring's bearings [N m]
    ring_viscous: float = 1e-7  # [N m s]
    overweight: float = 0.0  # first moment of a weight on the shaft, in gimbals [kg m]
    moments: tuple[float, float, float] | None = None  # of a bare body, instead of all that; free of weight

    def __post_init__(self) -> None:
        if self.mount not in ("point", "gimbals"):
            raise ValueError(f"mount {self.mount!r} given; 'point' or 'gimbals' is allowed")
        for f in fields(self):
            value = getattr(self, f.name)
            wrong = isinstance(value, float | int) and not (math.isfinite(value) and value >= 0.0)
            if wrong and f.name != "overweight":
                raise ValueError(f"{f.name} = {value} given; a number of 0 or more is wanted, in SI units")
        for name in ("rotor_mass", "rotor_radius", "rotor_thickness", "rim"):
            if getattr(self, name) <= 0.0:
                raise ValueError(f"{name} = {getattr(self, name):g} given; more than 0 is wanted, in SI units (kg, m)")
        if self.rotor_radius > 2.0 or self.pivot_to_centre > 2.0 or self.rotor_mass > 2000.0:
            raise ValueError("a rotor of metres or tonnes given; did you give millimetres or grams? SI is wanted")
        if self.imbalance > 0.2 * self.rotor_radius or self.skew > 0.2:
            raise ValueError(
                f"imbalance {self.imbalance:g} m with skew {self.skew:g} rad given; up to a fifth of the radius and "
                "0.2 rad are allowed"
            )
        if self.moments is not None and not _can_be(self.moments):
            raise ValueError(f"moments {self.moments} given; each must be positive, and no more than the other two")

    @property
    def moving_mass(self) -> float:
        return self.rotor_mass + self.frame_mass

    @property
    def mass(self) -> float:
        return self.moving_mass + self.stand_mass

    @property
    def axial(self) -> float:
        """Inertia of the rotor about its shaft [kg m2]."""
        return self.rim * self.rotor_mass * self.rotor_radius**2

    @property
    def across(self) -> float:
        """Inertia of the rotor about a diameter through its centre [kg m2]."""
        return 0.5 * self.axial + self.rotor_mass * self.rotor_thickness**2 / 12.0


def _can_be(moments: tuple[float, float, float]) -> bool:
    low, middle, high = sorted(moments)
    return low > 0.0 and math.isfinite(high) and high <= (low + middle) * (1.0 + 1e-12)


def read(path: str | Path) -> Build:
    """The measures in a TOML file. Raises ValueError: what is wrong, what is allowed."""
    try:
        given = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not TOML ({error}); one line a measure is wanted, e.g. rotor_mass = 0.112") from None
    return changed(Build(), given, where=f"{path}: ")


def changed(build: Build, given: dict[str, Any], *, where: str = "") -> Build:
    """`build` with other measures. Raises ValueError for unknown names or wrong kinds."""
    known = {f.name for f in fields(Build)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{where}{name!r} is no measure of a gyroscope; what is: {', '.join(sorted(known))}")
        if name == "mount":
            right = isinstance(value, str)
        elif name == "moments":
            right = isinstance(value, list | tuple) and len(value) == 3 and all(_is_number(v) for v in value)
        else:
            right = _is_number(value)
        if not right:
            raise ValueError(f"{where}{name} = {value!r}: a plain number in SI units is wanted")
    if "moments" in given and given["moments"] is not None:
        given = {**given, "moments": tuple(float(v) for v in given["moments"])}
    return replace(build, **given)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def inertia(build: Build, direction: float) -> Floats:
    """Inertia about the point that belongs to the rotor's turning, shape (3, 3); `direction` of the imbalance [rad]."""
    if build.moments is not None:
        return np.diag(build.moments)
    axial, across = build.axial, build.across
    c, s = math.cos(direction), math.sin(direction)
    shaft = np.array([math.sin(build.skew) * c, math.cos(build.skew), math.sin(build.skew) * s])
    own = across * np.eye(3) + (axial - across) * np.outer(shaft, shaft)
    arm = build.pivot_to_centre if build.mount == "point" else 0.0
    r = np.array([build.imbalance * c, arm, build.imbalance * s])
    own += build.rotor_mass * (float(r @ r) * np.eye(3) - np.outer(r, r))
    frame = frame_across(build) + build.frame_mass * arm**2
    return own + np.diag([frame, 0.0, frame])


def frame_along(build: Build) -> float:
    """Inertia of the frame about the shaft: half of it a ring about the shaft, half one through it [kg m2]."""
    return 0.75 * build.frame_mass * build.frame_radius**2


def frame_across(build: Build) -> float:
    return 0.625 * build.frame_mass * build.frame_radius**2


def air_drag(build: Build) -> tuple[float, float]:
    """Factors of spin^1.5 (laminar) and spin^1.8 (turbulent) in the drag of a free disc, both faces [N m, rad/s].

    Moment coefficients 3.87 / Re^0.5 and 0.146 / Re^0.2, Re = spin R^2 / nu (schlichting2017).
    """
    r2 = build.rotor_radius**2
    size = build.air * 0.5 * AIR_DENSITY * build.rotor_radius**5
    return size * 3.87 * (AIR_VISCOSITY / r2) ** 0.5, size * 0.146 * (AIR_VISCOSITY / r2) ** 0.2


def point_body(build: Build, direction: float, *, friction: bool = True) -> Floats:
    """The array that the kernels know a body on a point by, shape (27,); see `motion`."""
    body = np.zeros(K.N_BODY)
    own = inertia(build, direction)
    inverse = np.linalg.inv(own)
    body[K.A] = 2.0 / (inverse[0, 0] + inverse[2, 2])
    body[K.C] = 1.0 / inverse[1, 1]
    rest = inverse - np.diag([1.0 / body[K.A], 1.0 / body[K.C], 1.0 / body[K.A]])
    size, axes = np.linalg.eigh(rest)
    kept = [k for k in range(3) if abs(size[k]) > _SMALL * inverse[1, 1]]
    body[K.N_SQUARE] = len(kept)
    for row, k in enumerate(kept):
        at = K.SQUARES + 4 * row
        body[at : at + 4] = size[k], *axes[:, k]
    body[K.TOUCH] = -2.0
    if build.moments is not None:
        return body
    body[K.TOUCH] = math.cos(build.touch) if build.touch < math.pi else -2.0
    body[K.D] = frame_along(build)
    body[K.ML] = build.moving_mass * build.pivot_to_centre
    body[K.MEX] = build.rotor_mass * build.imbalance * math.cos(direction)
    body[K.MEZ] = build.rotor_mass * build.imbalance * math.sin(direction)
    if friction:
        body[K.VISCOUS] = build.bearing_viscous
        body[K.DRY] = build.bearing_friction * build.bearing_radius * build.rotor_mass * G
        body[K.LAMINAR], body[K.TURBULENT] = air_drag(build)
        body[K.PIVOT_VISCOUS] = build.pivot_viscous
        body[K.PIVOT_DRY] = build.pivot_friction * build.pivot_radius * build.moving_mass * G
    return body
