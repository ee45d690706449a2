"""The hand: where the tip of a finger or tool really is, as a seeded random process, and how it yields when pressed.

Constants, frozen before any share of endings was computed. Of eye surgeons at the microscope, arm rested:
- tremor 38 um rms (vector magnitude), in the band of 8 to 12 Hz [singh2002];
- total error 49 um rms holding still, 133 um acting [riviere1997], taken as vector magnitudes; what is not tremor is
  drift, and of voluntary movement 98.9 % of the power lies below 2 Hz [riviere1997].
That is the reference: wrist supported, ten times magnified, calm. From there:
- without support everything is 2.67 times larger: a gelled wrist rest took tremor down by 2.67 [coulson2010]; that it
  acts on drift as well is assumed;
- magnification up to ten steadies, more does not [safwat2009, vasilakos1998]; the eye corrects slowly, so it acts on
  the drift alone: twice the drift at x 1, by the logarithm between (the size is chosen);
- a tool or finger that rests on the work itself ("braced") halves both (chosen).
Pressed, a braced fingertip is a spring of some 200 to 800 N/m and more with the force it holds, and a damper of some 2
to 7 N s/m [hajian1997]; here 1,000 N/m and 5 N s/m for a finger, and for a held tool, whose own shaft is stiffer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from heartwright.records import Floats
from heartwright.repair import arousal as law

TREMOR_M: Final = 38e-6
STILL_M, ACTING_M = 49e-6, 133e-6
TREMOR_BAND_HZ: Final = (8.0, 12.0)
DRIFT_TOP_HZ: Final = 2.0
SUPPORT: Final = {"none": 2.67, "wrist": 1.0, "braced": 0.5}
UNAIDED_DRIFT: Final = 2.0
FULL_MAGNIFICATION: Final = 10.0
STIFFNESS_N_M: Final = 1000.0
DAMPING_N_S_M: Final = 5.0
_RECORD_S: Final = 32.0  # length of the record that a path is cut from: lines 1/32 Hz apart


@dataclass(frozen=True, slots=True)
class Hand:
    """A hand at work. `arousal` 0..1; `error` 0 is a hand without error (a machine's), for tests of the law."""

    support: str = "none"
    magnification: float = 1.0
    arousal: float = law.FLOOR
    error: float = 1.0

    def __post_init__(self) -> None:
        if self.support not in SUPPORT:
            raise ValueError(f"support {self.support!r}: {', '.join(SUPPORT)} are known")
        if not 1.0 <= self.magnification <= 100.0:
            raise ValueError(f"magnification {self.magnification:g}: 1 (the bare eye) to 100 is allowed, e.g. 10")
        if not 0.0 <= self.arousal <= 1.0:
            raise ValueError(f"arousal {self.arousal:g}: it lies between 0 (calm) and 1")

    @property
    def slowness(self) -> float:
        """How much longer than a calm hand it takes."""
        return law.slowness(self.arousal)

    @property
    def tremor_m(self) -> float:
        """Tremor, vector rms [m]."""
        return self.error * SUPPORT[self.support] * law.tremor_factor(self.arousal) * TREMOR_M

    def drift_m(self, *, acting: bool = True) -> float:
        """Slow drift, vector rms [m]."""
        calm = math.sqrt((ACTING_M if acting else STILL_M) ** 2 - TREMOR_M**2)
        seen = 1.0 + (UNAIDED_DRIFT - 1.0) * (1.0 - math.log(min(self.magnification, FULL_MAGNIFICATION), 10.0))
        return self.error * SUPPORT[self.support] * law.drift_factor(self.arousal) * seen * calm

    def rms_m(self, *, acting: bool = True) -> float:
        """Total error, vector rms [m]."""
        return math.hypot(self.tremor_m, self.drift_m(acting=acting))

    def path(self, seconds: float, rate_hz: float, seed: int, *, acting: bool = True) -> Floats:
        """Position error [m], shape [n, 3]: three independent axes, the third along the tool (+ presses on).

        Each is a sum of lines of random phase and Rayleigh amplitude (a Gaussian process): the drift's spectrum falls
        as a raised cosine to nothing at 2 Hz, the tremor's is a raised cosine over its band.
        """
        rng = np.random.default_rng([seed, 0xA4D])
        record = max(_RECORD_S, 2.0 * seconds)
        lines = np.arange(1, int(TREMOR_BAND_HZ[1] * record) + 1) / record
        drift = np.where(lines < DRIFT_TOP_HZ, 0.5 + 0.5 * np.cos(np.pi * lines / DRIFT_TOP_HZ), 0.0)
        low, high = TREMOR_BAND_HZ
        inside = (lines > low) & (lines < high)
        tremor = np.where(inside, 0.5 - 0.5 * np.cos(2.0 * np.pi * (lines - low) / (high - low)), 0.0)
        power = self.drift_m(acting=acting) ** 2 * drift / drift.sum() + self.tremor_m**2 * tremor / tremor.sum()
        weight = rng.standard_normal((2, len(lines), 3)) * np.sqrt(power / 3.0)[None, :, None]
        t = np.arange(max(1, round(seconds * rate_hz))) / rate_hz
        used = np.flatnonzero(power > 0.0)
        angle = 2.0 * np.pi * np.outer(t, lines[used])
        return np.asarray(np.cos(angle) @ weight[0, used] + np.sin(angle) @ weight[1, used])
