"""Metals: what bends, folds and tears, with the source of every number.

Frozen before any share of endings was computed (see docs/dream.md). Producer and data-base values, *typical*, none
measured on these parts: C26000 hard to spring temper [olin260] lists a yield of 495 to 595 MPa and a tensile strength
of 490 to 690, [makeitfrom260] for H08 510 and 650 MPa, fatigue strength 160 MPa. A reed's root has been bent to
set it, so the yield is taken a little below all of these. Cracks: long-crack threshold 2 to 3.5 MPa sqrt(m), Paris
coefficient 3e-12 to 3e-11 m a cycle, exponent 3.3, toughness of thin sheet 30 to 60 MPa sqrt(m): handbook ranges whose
middle is taken, not verified against a primary source.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metal:
    """Elastic, plastic and crack constants; stresses in Pa, stress intensities in Pa sqrt(m)."""

    name: str
    young: float
    poisson: float
    yield_stress: float
    ultimate: float
    fatigue: float
    toughness: float
    threshold: float
    paris_c: float  # [m a cycle at 1 MPa sqrt(m)]
    paris_m: float


BRASS = Metal("C26000, hard to spring temper", 105e9, 0.34, 450e6, 550e6, 145e6, 45e6, 2.0e6, 1.0e-11, 3.3)

#: Hardened and tempered carbon steel of an escape wheel; yield chosen in the middle of 700 to 1,200 MPa.
STEEL = Metal("carbon steel, hardened and tempered", 206e9, 0.29, 900e6, 1_100e6, 450e6, 50e6, 5.0e6, 1.0e-11, 3.0)

#: A fully plastic rectangle carries this times its first-yield moment.
SHAPE_FACTOR = 1.5

#: Plastic turn of a cracked section beyond which the crack runs [rad]: crack-tip opening angles of thin ductile sheet
#: are some 4 to 12 degrees, chosen in between. Under a pressure there is no such mercy: at collapse it runs.
TEARING_ANGLE = 0.10
#: Length of a plastic hinge at a cracked root, in thicknesses; chosen.
HINGE_LENGTH = 2.0
#: What is left of a torn tongue's root: it hangs by this share of its width; chosen.
HANGS_BY = 0.05
#: How far a torn tongue stands off its seat, in lengths of the slit; chosen.
TORN_GAPE = 0.10

# An escape tooth as a cantilever, in radii of the wheel: neck to tip, thickness of the neck, width of the wheel. Chosen
# from the proportions of club teeth; a tooth of the heart (radius 6.75 mm) yields at about 1.1 N on its tip.
TOOTH_LENGTH, TOOTH_NECK, TOOTH_WIDTH = 0.15, 0.02, 0.06

#: Force that pulls the bellows' return spring off its hook [N]. Chosen: a hook that holds 25 times the spring's pull.
SPRING_HOOK_N = 0.33
