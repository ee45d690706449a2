"""The chamber: a box of six surfaces that gives sound back.

Early echoes come from image sources [allen1979]: each reflection is a copy of the source behind the wall, as far away
as the path is long, dimmed by the walls it met (an amplitude root(1 - absorption) each time). The late tail falls as
Eyring's formula says [eyring1930, kuttruff2009], the air's absorption included:

    T60 = 24 ln 10 V / (c (4 m V - S ln(1 - a)))

Sabine's has S a in place of -S ln(1 - a). Absorption by octave band is tabulated in [vorlaender2008].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from scipy.optimize import brentq

from heartwright.records import Floats, Ints
from heartwright.sound.air import DB_PER_NEPER, Air
from heartwright.work import Vector

BANDS_HZ = (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
MATERIALS: Mapping[str, tuple[float, ...]] = {
    "rendered brick": (0.01, 0.02, 0.02, 0.03, 0.03, 0.04, 0.04),
    "limestone": (0.02, 0.02, 0.03, 0.04, 0.05, 0.05, 0.05),
    "wood on planks": (0.18, 0.12, 0.10, 0.09, 0.08, 0.07, 0.07),
    "wooden lining": (0.27, 0.23, 0.22, 0.15, 0.10, 0.07, 0.06),
    "glass": (0.08, 0.04, 0.03, 0.03, 0.02, 0.02, 0.02),
    "curtains": (0.30, 0.45, 0.65, 0.56, 0.59, 0.71, 0.71),
    "open": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
}
WALLS = ("left", "right", "floor", "ceiling", "back", "front")  # low and high end of x, y, z; front is the viewer's
_WORKSHOP = ("wooden lining", "wooden lining", "wood on planks", "wooden lining", "wooden lining", "rendered brick")
_DECAY = 24.0 * np.log(10.0)


@dataclass(frozen=True, slots=True)
class Images:
    """The reflections of a box: an image stands at `sign` x place + `shift` [m], from its low corner.

    `sign` and `shift` are [n, 3], `hits` [n, 6] how often each wall was met, in the order of `WALLS`.
    """

    sign: Floats
    shift: Floats
    hits: Ints

    @property
    def order(self) -> Ints:
        return np.asarray(self.hits.sum(axis=1))


@dataclass(frozen=True)
class Chamber:
    """A box of `size` [m] (x, y, z), its floor at y = 0 and its middle at x = z = 0, with six `walls` of materials.

    A material is a name of `MATERIALS` or seven absorption coefficients, for 125 Hz to 8 kHz.
    """

    size: Vector = (12.0, 7.0, 10.0)
    walls: tuple[str | tuple[float, ...], ...] = _WORKSHOP
    _absorption: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.size) != 3 or not all(1.0 <= v <= 200.0 for v in self.size):
            raise ValueError(f"chamber of {self.size} m given; three lengths of 1 to 200 m are allowed")
        if len(self.walls) != 6:
            raise ValueError(f"{len(self.walls)} walls given; six are wanted: {', '.join(WALLS)}")
        object.__setattr__(self, "_absorption", np.array([_of_material(w) for w in self.walls]))

    @classmethod
    def echoing(
        cls, size: Vector, echo_s: float, air: Air, *, walls: tuple[str | tuple[float, ...], ...] = _WORKSHOP
    ) -> Chamber:
        """A chamber whose walls are scaled, alike at every frequency, so that it echoes for `echo_s` at 1 kHz.

        Raises ValueError where air alone ends the echo sooner.
        """
        plain, at = cls(size, walls), np.array([1000.0])
        longest = float(cls(size, ((0.0,) * len(BANDS_HZ),) * 6).reverberation_s(at, air)[0])
        shortest = float(plain.thicker(40.0).reverberation_s(at, air)[0])
        if not shortest < echo_s < longest:
            raise ValueError(
                f"echo of {echo_s:g} s given; {shortest:.2g} s (walls that keep all) to {longest:.2g} s (air alone) "
                "is allowed in a chamber of this size"
            )
        times = brentq(lambda k: float(plain.thicker(k).reverberation_s(at, air)[0]) - echo_s, 1e-6, 40.0)
        return plain.thicker(float(times))

    def thicker(self, times: float) -> Chamber:
        """The same with walls that keep as much as this many layers of theirs."""
        kept = (1.0 - np.minimum(self._absorption, 0.9999)) ** times
        return Chamber(self.size, tuple(tuple(float(a) for a in 1.0 - row) for row in kept))

    @property
    def low(self) -> Floats:
        """Its low corner [m]."""
        return np.array([-0.5 * self.size[0], 0.0, -0.5 * self.size[2]])

    @property
    def volume_m3(self) -> float:
        return float(np.prod(self.size))

    @property
    def areas_m2(self) -> Floats:
        """Of the six walls."""
        x, y, z = self.size
        return np.array([y * z, y * z, x * z, x * z, x * y, x * y])

    @property
    def free_path_m(self) -> float:
        """Mean way between two reflections, 4 V / S."""
        return 4.0 * self.volume_m3 / float(self.areas_m2.sum())

    def absorption(self, frequency_hz: Floats) -> Floats:
        """Of the six walls [6, n], straight lines over the octaves, the outermost bands carried on."""
        at = np.log2(np.maximum(frequency_hz, 1.0))
        bands = np.log2(BANDS_HZ)
        return np.array([np.interp(at, bands, row) for row in self._absorption])

    def reverberation_s(self, frequency_hz: Floats, air: Air, *, law: str = "eyring") -> Floats:
        """T60 [s] at each frequency by "eyring" or "sabine"."""
        f = np.asarray(frequency_hz, float)
        mean = self.areas_m2 @ self.absorption(f) / self.areas_m2.sum()
        lost = mean if law == "sabine" else -np.log1p(-np.minimum(mean, 0.9999))
        in_air = 8.0 * air.absorption_db_m(f) / DB_PER_NEPER * self.volume_m3  # 4 m V, m of energy
        return np.asarray(
            _DECAY * self.volume_m3 / (air.speed_m_s * np.maximum(lost * self.areas_m2.sum() + in_air, 1e-9))
        )

    def inside(self, place: Floats | Vector, what: str = "place") -> Floats:
        """The place [m] from the low corner. Raises ValueError where it is not in the chamber."""
        at = np.asarray(place, float)
        if at.shape != (3,) or not np.all(np.isfinite(at)):
            raise ValueError(f"{what}: {place} given; three finite lengths x, y, z in metres are wanted")
        inner = at - self.low
        if np.any(inner < 0.0) or np.any(inner > np.asarray(self.size)):
            x, y, z = self.size
            raise ValueError(
                f"{what} at ({at[0]:g}, {at[1]:g}, {at[2]:g}) m is outside the chamber: x {-x / 2:g} to {x / 2:g}, "
                f"y 0 to {y:g}, z {-z / 2:g} to {z / 2:g} are inside; a higher or wider chamber would hold it"
            )
        return np.asarray(inner)

    def images(self, most: int) -> Images:
        """All reflections of order 1 to `most`, the fewest walls first."""
        found = []
        for mirrored in product((0, 1), repeat=3):
            for cell in product(range(-most, most + 1), repeat=3):
                hits = [abs(c - m) if low else abs(c) for c, m in zip(cell, mirrored, strict=True) for low in (1, 0)]
                if 1 <= sum(hits) <= most:
                    found.append((sum(hits), mirrored, cell, hits))
        found.sort(key=lambda row: row[0])
        length = np.asarray(self.size)
        sign = np.array([[1.0 - 2.0 * m for m in row[1]] for row in found]).reshape(-1, 3)
        shift = np.array([2.0 * np.array(row[2]) * length for row in found]).reshape(-1, 3)
        return Images(sign, shift, np.array([row[3] for row in found], np.int64).reshape(-1, 6))

    def reflected(self, images: Images, frequency_hz: Floats) -> Floats:
        """Amplitude that the walls left of each image at each frequency, [n, n_frequency]."""
        kept = 0.5 * np.log(np.maximum(1.0 - self.absorption(frequency_hz), 1e-12))
        return np.asarray(np.exp(images.hits @ kept))


def _of_material(wall: str | tuple[float, ...]) -> tuple[float, ...]:
    if isinstance(wall, str):
        if wall not in MATERIALS:
            raise ValueError(f"wall of {wall!r} given; known: {', '.join(MATERIALS)}; or seven coefficients")
        return MATERIALS[wall]
    if len(wall) != len(BANDS_HZ) or not all(0.0 <= a <= 1.0 for a in wall):
        raise ValueError(f"absorption {wall} given; seven numbers of 0 to 1 are wanted, for 125 Hz to 8 kHz")
    return tuple(float(a) for a in wall)
