"""Light from energy: how bright a work glows, and how bright the room looks. One law in one place.

Light adds up as power does: each work gives its share `Work.light` (0 to 1) of what it gives in full health, and the
eye gets from each by the square of the distance, and a part thrown back by the walls alike everywhere. How bright
that looks is a cube root, as the lightness of a surface is [cie1976]:

    L = 1.16 Y^(1/3) - 0.16 (9.033 Y below Y = 0.008856),   Y = light over light of the same room in full health.

So a room that has lost half of its energy looks three quarters as bright, and one that has lost nine tenths, 0.38.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from heartwright.work import Vector, Work

THROWN_BACK = 0.15  # of a lamp's light at 1 m, what walls send everywhere
NEAREST_M = 0.5


def lightness(share: float) -> float:
    """How bright a share of full light looks, 0 to 1 (CIE 1976 L*, over 100)."""
    y = min(max(float(share), 0.0), 1.0)
    return float(1.16 * np.cbrt(y) - 0.16) if y > 0.008856 else 9.033 * y


def glow(energy_j: float, full_j: float) -> float:
    """The `light` of a work that holds `energy_j` where it holds `full_j` in full health: its share of power."""
    if not full_j > 0.0:
        raise ValueError(f"full_j={full_j:g} J given; more than 0 is wanted: the energy of the work in full health")
    return min(max(energy_j / full_j, 0.0), 1.0)


def room_light(works: Mapping[str, Work], places: Mapping[str, Vector], eye: Vector) -> float:
    """How bright the room looks from `eye` [m], 0 to 1; 0 for an empty room."""
    now = full = 0.0
    for name, work in works.items():
        away = float(np.linalg.norm(np.subtract(places[name], eye)))
        weight = max(away, NEAREST_M) ** -2.0 + THROWN_BACK
        glows = float(work.light)
        now += weight * (min(max(glows, 0.0), 1.0) if np.isfinite(glows) else 0.0)
        full += weight
    return lightness(now / full) if full > 0.0 else 0.0
