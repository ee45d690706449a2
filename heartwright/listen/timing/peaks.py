"""Where correlations of beats with a waveform peak, and how surely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heartwright.listen.timing.windows import running_median
from heartwright.records import Floats, Ints

Singles = NDArray[np.float32]

FAR_ODDS = 0.02  # prior odds of a beat that comes anywhere within reach
NEIGHBOURS = 9


@dataclass(frozen=True, slots=True)
class Peaks:
    """Most likely shift of each beat [samples, parabola] and the height of its correlation there, shape [n_beat].

    `value` are log likelihoods at the shifts `lag`, `top` is the likeliest of each beat.
    """

    at: Floats
    height: Floats
    value: Singles
    lag: Ints
    top: Ints

    @classmethod
    def of(cls, curve: Singles, lag: Ints, near: Floats | None, spread: float) -> Peaks:
        """Of correlations `curve`; `near` is where the neighbours put each beat (None: where they alone would),
        `spread` how near they lie [samples]."""
        gain = np.maximum(curve, np.float32(0.0))
        gain *= gain
        gain *= np.float32(0.5)
        if near is None:
            near = neighbours(lag[np.argmax(gain, axis=1)].astype(np.float64))
        value = lag.astype(np.float32) - near.astype(np.float32)[:, None]
        value *= np.float32(1.0 / spread)
        value *= value
        value *= np.float32(-0.5)
        np.exp(value, out=value)
        value += np.float32(FAR_ODDS * spread * np.sqrt(2 * np.pi) / len(lag))
        np.log(value, out=value)
        value += gain
        top = np.clip(np.argmax(value, axis=1), 1, len(lag) - 2)
        beat = np.arange(len(top))
        a, b, c = curve[beat, top - 1], curve[beat, top], curve[beat, top + 1]
        bend = np.minimum(a - 2 * b + c, -1e-12)
        move = np.clip(0.5 * (a - c) / bend, -0.5, 0.5)
        return cls(lag[top] + move, b - 0.25 * (a - c) * move, value, lag, top)

    def slip(self) -> Floats:
        """How far the other likely shifts lie [samples, rms]."""
        share = self.value - self.value.max(axis=1, keepdims=True)
        np.exp(share, out=share)
        away = self.lag.astype(np.float32) - self.lag[self.top].astype(np.float32)[:, None]
        away *= away
        far = np.einsum("ij,ij->i", share, away).astype(np.float64)
        return np.asarray(np.sqrt(far / share.sum(axis=1, dtype=np.float64)))


def neighbours(at: Floats) -> Floats:
    """Where its neighbours put each beat."""
    return running_median(at, NEIGHBOURS) if len(at) > 2 * NEIGHBOURS else np.full(len(at), np.median(at))
