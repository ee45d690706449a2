"""Whoever listens: what distance, direction and air make of a sound at two ears, as short filters.

Headphones: a rigid sphere. Its shadow is the one-pole filter of Brown and Duda [brown1998]

    H = (1 + j alpha w / 2 w0) / (1 + j w / 2 w0),   w0 = c / a,   alpha = 1.05 + 0.95 cos(1.2 theta),

theta being the angle between the ear's axis and the sound; the delay is Woodworth's ray to the ear [woodworth1954]:
-(a/c) cos theta on the near side, (a/c)(theta - pi/2) round the far one. Loudspeakers: amplitude panning by the tangent
law over +-30 degrees [pulkki1997], both channels at one time. A sphere has no pinnae: behind sounds like before.

Every path is one short FIR and a whole delay. The fraction of a sample is in the FIR, so no delay is ever rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats, Ints
from heartwright.sound.air import DB_PER_NEPER, Air
from heartwright.work import Vector

Singles = NDArray[np.float32]
NEAREST_M = 0.3  # nothing is heard as if it were nearer than a hand's breadth from the ear
SPEAKERS_RAD = np.radians(30.0)
EARS = ("headphones", "speakers")


@dataclass(frozen=True, slots=True)
class Listener:
    """Where somebody stands [m], whither they look, and through what they hear: "headphones" or "speakers"."""

    place: Vector = (0.0, 1.6, 3.0)
    facing: Vector = (0.0, 0.0, -1.0)
    ears: str = "headphones"
    head_radius_m: float = 0.0875

    def __post_init__(self) -> None:
        if self.ears not in EARS:
            raise ValueError(f"ears={self.ears!r} given; {' or '.join(EARS)} is allowed")
        if not 0.05 <= self.head_radius_m <= 0.15:
            raise ValueError(f"head of {self.head_radius_m:g} m given; 0.05 to 0.15 m is allowed; most have 0.0875")
        if not np.all(np.isfinite(self.facing)) or np.hypot(self.facing[0], self.facing[2]) < 1e-6:
            raise ValueError(f"facing {self.facing} given; a direction that is not straight up or down is wanted")

    @property
    def right(self) -> Floats:
        """Unit vector to the right ear."""
        x, _, z = self.facing
        return np.array([-z, 0.0, x]) / np.hypot(x, z)


def hears(
    listener: Listener, *, towards: Floats, distance: Floats, left: Floats, air: Air, rate_hz: float, n_tap: int
) -> tuple[Ints, Singles]:
    """Whole delays [n, 2] [samples] and FIRs [n, 2, n_tap] of n paths to the left and the right ear.

    towards: unit vectors to where the sound comes from [n, 3]; distance: length of the path [m], shape [n]; left: what
    is left of the amplitude by walls and gain, [n, n_tap // 2 + 1], at the frequencies of an FFT of n_tap.
    """
    f, taken, band = _at(air, rate_hz, n_tap)
    r = np.maximum(distance, NEAREST_M)
    level = left * band / r[:, None] * np.exp(-taken * r[:, None])
    lateral = np.clip(towards @ listener.right, -1.0, 1.0)
    shadow: NDArray[Any]
    if listener.ears == "headphones":
        late, shadow = _sphere(np.stack([-lateral, lateral], axis=1), f, listener, air)
    else:
        late, shadow = np.zeros((len(r), 2)), _panned(lateral)[:, :, None]
    centre = n_tap // 4
    delay = rate_hz * (r[:, None] / air.speed_m_s + late)
    whole = np.floor(delay).astype(np.int64)
    turn = np.exp((-2j * np.pi / rate_hz) * f * (delay - whole + centre)[:, :, None])
    taps = np.fft.irfft(level[:, None, :] * shadow * turn, n_tap, axis=2)
    return np.maximum(whole - centre, 0), taps.astype(np.float32)


@lru_cache(maxsize=32)
def _at(air: Air, rate_hz: float, n_tap: int) -> tuple[Floats, Floats, Floats]:
    """Frequencies of an FFT of n_tap [Hz], what the air takes there [1/m], and a soft end of the band.

    The end is the softer the shorter the filter, so that a fraction of a sample needs few taps.
    """
    f = np.fft.rfftfreq(n_tap, 1.0 / rate_hz).astype(float)
    end = 0.5 * rate_hz
    begin = end * (1.0 - 1.6 / np.sqrt(n_tap))
    band = 0.5 + 0.5 * np.cos(np.pi * np.clip((f - begin) / (end - begin), 0.0, 1.0))
    return f, air.absorption_db_m(f) / DB_PER_NEPER, band


def _sphere(cosine: Floats, f: Floats, listener: Listener, air: Air) -> tuple[Floats, NDArray[np.complex128]]:
    """Delay [s] and shadow of a rigid sphere at its ears, for the cosine of the angle to each ear's axis [n, 2]."""
    theta = np.arccos(cosine)
    around = listener.head_radius_m / air.speed_m_s
    late = around * np.where(theta < 0.5 * np.pi, -cosine, theta - 0.5 * np.pi)
    alpha = 1.05 + 0.95 * np.cos(1.2 * theta)
    x = 1j * np.pi * f * around  # j w / (2 w0)
    return late, (1.0 + alpha[:, :, None] * x) / (1.0 + x)


def _panned(lateral: Floats) -> Floats:
    """Gains of left and right loudspeaker [n, 2], of power one; what stands behind is heard from before."""
    angle = np.clip(np.arcsin(lateral), -SPEAKERS_RAD, SPEAKERS_RAD)
    share = np.tan(angle) / np.tan(SPEAKERS_RAD)
    gains = np.stack([1.0 - share, 1.0 + share], axis=1)
    return np.asarray(gains / np.linalg.norm(gains, axis=1, keepdims=True))
