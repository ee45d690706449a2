"""`Playing`: a recording on a shelf, played round and round: it is heard, and does nothing to its stand."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats, Ledger
from heartwright.work import STILL, Deed, Figure, Ground, Reaction, Span, amounts_of

FULL_SCALE_PA = 0.02  # 60 dB at the peak, 1 m away
LONGEST_S = 3600.0


class Playing:
    """A recording that plays. samples: full scale 1, mono; rate_hz: its own."""

    kind = "recording"
    status, advice = "running", ""
    deeds = (Deed("level", "Turn it up or down", "", {"db": Span(-60.0, 12.0, 0.0, "dB")}),)

    def __init__(self, samples: Floats, rate_hz: float, *, name: str = "recording", mass: float = 0.5) -> None:
        if not len(samples) or not np.all(np.isfinite(samples)):
            raise ValueError("a recording needs samples, and all of them finite numbers")
        self.name, self.mass, self.rate_hz, self.time = name, mass, float(rate_hz), 0.0
        self._samples, self._gain = np.asarray(samples, float), 1.0
        self._at_rate: dict[int, Floats] = {}
        self._from = 0.0

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, name: str = "", mass: float = 0.5) -> Playing:
        """From a sound file, channels averaged. Raises ValueError for what is none, or longer than an hour."""
        import soundfile

        if not Path(path).is_file():
            raise ValueError(f"there is no recording {os.fspath(path)!r}")
        try:
            with soundfile.SoundFile(path) as file:
                if file.frames > LONGEST_S * file.samplerate:
                    raise ValueError(f"{os.fspath(path)}: longer than an hour; cut it first")
                samples, rate = file.read(dtype="float64", always_2d=True), file.samplerate
        except soundfile.LibsndfileError as error:
            raise ValueError(f"{os.fspath(path)}: no sound file that can be read ({error}); WAV or FLAC is") from None
        return cls(samples.mean(axis=1), rate, name=name or Path(path).stem, mass=mass)

    @property
    def light(self) -> float:
        """Level now over its loudest."""
        n = max(round(0.05 * self.rate_hz), 1)
        at = round(self.time * self.rate_hz) % len(self._samples)
        loudest = float(np.max(np.abs(self._samples))) or 1.0
        return float(np.max(np.abs(self._samples[at : at + n]))) / loudest

    def advance(self, seconds: float, ground: Ground = STILL) -> Reaction:
        """Play on."""
        self.time += seconds
        return Reaction()

    def seen(self) -> NDArray[np.float32]:
        """Where it is [s], how long it is [s], and its level now, 0 to 1."""
        seconds = len(self._samples) / self.rate_hz
        return np.array([self.time % seconds, seconds, self.light], np.float32)

    def heard(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        """The next `n` samples 1 m away [Pa]."""
        sound = self._resampled(rate_hz)
        first = round(self._from * rate_hz)
        self._from += n / rate_hz
        return (self._gain * FULL_SCALE_PA * sound[(first + np.arange(n)) % len(sound)]).astype(np.float32)

    def _resampled(self, rate_hz: int) -> Floats:
        if rate_hz not in self._at_rate:
            from scipy.signal import resample_poly

            share = Fraction(rate_hz, round(self.rate_hz))
            self._at_rate[rate_hz] = resample_poly(self._samples, share.numerator, share.denominator)
        return self._at_rate[rate_hz]

    def ledger(self) -> Ledger:
        """A recording has no works, and no books."""
        return Ledger(0.0, {}, 0.0, 0.0)

    def figures(self) -> dict[str, Figure]:
        """Its length and its own rate."""
        return {
            "length": Figure(len(self._samples) / self.rate_hz, "s"),
            "rate": Figure(self.rate_hz, "Hz", says="samples a second"),
        }

    def do(self, deed: str, **amounts: float) -> str:
        """Turn it up or down. Raises ValueError for what it does not know or allow."""
        given = amounts_of(self.deeds, deed, amounts)
        self._gain = 10.0 ** (given["db"] / 20.0)
        return f"{given['db']:+g} dB."
