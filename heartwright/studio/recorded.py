"""The recorded heart: a few strokes that play again and again while the kernels are compiled.

`data/recorded-heart.npz` is made by examples/make_recorded_heart.py from the engine and a seed: poses and extras at
240 Hz, sound at 24 kHz. Nothing here needs a kernel.
"""

from __future__ import annotations

from importlib import resources

import numpy as np
from numpy.typing import NDArray


class Recorded:
    """The player. `time` [s] runs on over the end of the loop."""

    def __init__(self) -> None:
        with (resources.files("heartwright") / "data" / "recorded-heart.npz").open("rb") as file, np.load(file) as held:
            self.values = held["values"].astype(np.float32) * held["scale"].astype(np.float32)
            self.turns = held["turns"].astype(np.float64)  # of each column, over the loop
            self.sound = held["sound"].astype(np.float32) / 32768.0
            self.hz, self.sound_hz = float(held["hz"]), float(held["sound_hz"])
            self.rotors = tuple(str(name) for name in held["rotors"])
            self.extras = tuple(str(name) for name in held["extras"])
        self.seconds = len(self.values) / self.hz
        self.playing, self.time = True, 0.0

    def next(self, seconds: float, n: int) -> tuple[float, float, NDArray[np.float32], NDArray[np.float32]]:
        """Go on: time of the first pose [s], step [s], values of the poses, and `n` samples at 48 kHz."""
        first, last = int(np.ceil(self.time * self.hz)), int(np.ceil((self.time + seconds) * self.hz))
        k = np.arange(first, last)
        rounds, at = np.divmod(k, len(self.values))
        values = (self.values[at] + rounds[:, None] * self.turns).astype(np.float32)
        times = (self.time + seconds * np.arange(n) / n) * self.sound_hz
        samples = np.interp(np.mod(times, len(self.sound)), np.arange(len(self.sound)), self.sound)
        if seconds <= 0.0:
            samples = np.zeros(n)
        self.time += seconds
        return first / self.hz, 1.0 / self.hz, values, samples.astype(np.float32)
