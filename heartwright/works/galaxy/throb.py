"""What an orb sounds like: a low tone that swells as the galaxy's mass is thrown in and out.

The law, declared: the glass is driven by the second derivative of what gravity keeps of the bodies' places.

- pitch: `OCTAVES` octaves above the frequency at which a body swings through the centre, sqrt(4 pi G rho / 3) / 2 pi
  with rho the density that one body in a hundred exceeds (the fall through the centre takes a quarter of that time);
- loudness: `LOUDEST` Pa of amplitude at 1 m times |s|, s = (1/2) I'' / |W|, the share by which the virial theorem is
  out of balance, its slow part (the wall's press, the softening) taken out: a galaxy at rest is silent but for its
  noise, and each pulse swells twice, higher when it is closed, lower when it is open;
- its octave sounds by the same law with the traceless part of I'': what is flattened or spins a bar is heard there.

Of itself all of this lies near half a hertz; no ear would hear it where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heartwright.records import Floats

OCTAVES = 8
LOUDEST = 0.06  # [Pa]
SLOW = 3.0  # time constant over which the balance is taken to be the usual one [pulses]
LOW_HZ, HIGH_HZ = 30.0, 600.0


@dataclass(slots=True)
class Throb:
    """A tone that goes on: fed with what was measured, asked for samples."""

    slow_s: float  # time constant of the usual balance [s]
    time: Floats = field(default_factory=lambda: np.zeros(1))  # [n] of what it was fed with [s]
    fed: Floats = field(default_factory=lambda: np.zeros((1, 3)))  # [n, 3]: tone [Pa], octave [Pa], pitch [Hz]
    usual: Floats | None = None
    heard_s: float = 0.0
    phase: float = 0.0

    def feed(self, time: Floats, swell: Floats, stretch: Floats, centre_hz: Floats) -> None:
        """Take what was measured at rising times [n]: both shares of the balance, and the centre's frequency [Hz]."""
        rows = np.empty((len(time), 3))
        before = float(self.time[-1])
        for k in range(len(time)):
            now = np.array([swell[k], stretch[k]])
            if self.usual is None:
                self.usual = now
            share = 1.0 - np.exp(-max(time[k] - before, 0.0) / self.slow_s)
            self.usual = self.usual + share * (now - self.usual)
            before = time[k]
            rows[k, :2] = LOUDEST * np.abs(now - self.usual)
        rows[:, 2] = np.clip(2.0**OCTAVES * centre_hz, LOW_HZ, HIGH_HZ)
        keep = max(int(np.searchsorted(self.time, self.heard_s)) - 1, 0)
        if self.time[-1] == 0.0 and len(rows):
            self.fed[-1] = rows[0]
        self.time = np.concatenate([self.time[keep:], time])
        self.fed = np.concatenate([self.fed[keep:], rows])

    def heard(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        """The next `n` samples [Pa]."""
        out = np.empty(n, np.float32)
        self.phase = tone(self.heard_s, rate_hz, self.phase, self.time, self.fed, out)
        self.heard_s += n / rate_hz
        return out


@njit(cache=True, nogil=True, error_model="numpy")
def tone(start: float, rate_hz: float, phase: float, time: Any, fed: Any, out: Any) -> float:
    """out [n]: tone and octave after `start` [s], as fed [m, 3] at times [m] says, in lines; the last phase."""
    k = 0
    for i in range(out.shape[0]):
        t = start + (i + 1) / rate_hz
        while k + 1 < time.shape[0] and time[k + 1] <= t:
            k += 1
        share = 0.0
        after = min(k + 1, time.shape[0] - 1)
        if t > time[k] and after > k:
            share = (t - time[k]) / (time[after] - time[k])
        pitch = fed[k, 2] + share * (fed[after, 2] - fed[k, 2])
        phase = (phase + 2.0 * np.pi * pitch / rate_hz) % (2.0 * np.pi)
        first = fed[k, 0] + share * (fed[after, 0] - fed[k, 0])
        second = fed[k, 1] + share * (fed[after, 1] - fed[k, 1])
        out[i] = first * np.sin(phase) + second * np.sin(2.0 * phase)
    return phase
