"""From pascals to full scale, and how loud it is.

`Scale` says once what full scale stands for and never changes by itself: a recorder set by hand. What would clip is
bent softly from -1 dB on, counted, and told. Loudness is that of ITU-R BS.1770-4 [itu1770] (K-weighting, 400 ms blocks,
gates at -70 LUFS and 10 LU under the mean); sound pressure levels are dB re 20 uPa, A-weighted by IEC 61672 [iec61672].
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from heartwright.records import Floats

P0_PA = 20e-6
_KNEE = 10.0 ** (-1.0 / 20.0)
_ABSOLUTE, _RELATIVE = -70.0, -10.0


def spl_db(pressure: Floats) -> float:
    """Sound pressure level of samples [Pa] of any shape, dB re 20 uPa; -inf for silence."""
    return _db(float(np.mean(np.square(pressure))) / P0_PA**2) if np.size(pressure) else -np.inf


class Scale:
    """What full scale stands for: a sine of `full_scale_spl` [dB] just reaches +-1.

    94 dB SPL (1 Pa) is then at 94 - `full_scale_spl` dBFS. `over` counts the samples that were bent by the clip guard.
    """

    def __init__(self, full_scale_spl: float) -> None:
        if not -60.0 <= full_scale_spl <= 200.0:
            raise ValueError(
                f"full scale of {full_scale_spl:g} dB SPL given; -60 to 200 allowed; a workshop needs 60-90"
            )
        self.full_scale_spl = float(full_scale_spl)
        self.over = 0

    @classmethod
    def for_peak(cls, peak_pa: float, *, head_db: float = 6.0) -> Scale:
        """The scale, in whole decibels, under which a peak [Pa] stays `head_db` below full scale."""
        if peak_pa <= 0.0:
            return cls(94.0)
        return cls(float(np.clip(np.ceil(spl_db(np.array([peak_pa])) - 3.0103 + head_db), -60.0, 200.0)))

    @property
    def calibration_dbfs(self) -> float:
        """Where 94 dB SPL (1 Pa rms of a sine) lies [dB re a sine of full scale]."""
        return 94.0 - self.full_scale_spl

    @property
    def per_pascal(self) -> float:
        return 1.0 / (np.sqrt(2.0) * P0_PA * 10.0 ** (self.full_scale_spl / 20.0))

    def apply(self, pressure: Floats) -> Floats:
        """Samples within +-1. Above -1 dBFS they are bent and never clipped hard; how many is in `over`."""
        x = np.asarray(pressure, float) * self.per_pascal
        size = np.abs(x)
        hot = size > _KNEE
        if hot.any():
            self.over += int(hot.sum())
            room = 1.0 - _KNEE
            x = np.where(hot, np.sign(x) * (_KNEE + room * np.tanh((size - _KNEE) / room)), x)
        return x

    def told(self) -> str:
        """A sentence where the guard had to bend anything, else an empty one."""
        if not self.over:
            return ""
        return (
            f"{self.over} samples were above -1 dBFS and were bent; a full scale of more than "
            f"{self.full_scale_spl:g} dB SPL would hold them"
        )


class Meter:
    """Loudness of a sound that comes in pieces: `add` them, then ask. Samples are [channel, n], Pa or full scale."""

    def __init__(self, rate_hz: float, *, channels: int = 2) -> None:
        self._k, self._a = _k_filter(rate_hz), _a_filter(rate_hz)
        self._k_state = np.zeros((len(self._k), channels, 2))
        self._a_state = np.zeros((len(self._a), channels, 2))
        self._step = round(0.1 * rate_hz)
        self._rest = np.zeros(0)
        self._steps: list[float] = []  # K-weighted energy of every 100 ms, all channels
        self._power = self._power_a = 0.0
        self.count, self.peak = 0, 0.0

    def add(self, samples: Floats) -> None:
        x = np.atleast_2d(samples)
        self.count += x.shape[1]
        self.peak = max(self.peak, float(np.abs(x).max(initial=0.0)))
        self._power += float(np.square(x).sum()) / x.shape[0]
        heard, self._a_state = signal.sosfilt(self._a, x, axis=-1, zi=self._a_state)
        self._power_a += float(np.square(heard).sum()) / x.shape[0]
        heard, self._k_state = signal.sosfilt(self._k, x, axis=-1, zi=self._k_state)
        energy = np.concatenate([self._rest, np.square(heard).sum(axis=0)])
        whole = len(energy) // self._step
        self._steps += energy[: whole * self._step].reshape(whole, self._step).sum(axis=1).tolist()
        self._rest = energy[whole * self._step :]

    def spl_db(self) -> float:
        """Mean level of the channels, of samples in Pa [dB re 20 uPa]."""
        return _db(self._power / max(self.count, 1) / P0_PA**2)

    def spl_a_db(self) -> float:
        """The same, A-weighted [dB(A)]."""
        return _db(self._power_a / max(self.count, 1) / P0_PA**2)

    def peak_db(self) -> float:
        """Of the loudest sample, in Pa [dB re 20 uPa]."""
        return _db((self.peak / P0_PA) ** 2)

    def lufs(self, scale: float = 1.0) -> float:
        """Integrated loudness, `scale` making full scale of samples [LUFS]; -inf for silence or under 400 ms."""
        steps = np.array(self._steps) * scale**2
        if len(steps) < 4:
            return -np.inf
        mean = np.convolve(steps, np.ones(4), "valid") / (4 * self._step)
        floor = 10.0 ** ((_ABSOLUTE + 0.691) / 10.0)
        loud = mean[mean > floor]
        if not len(loud):
            return -np.inf
        gate = max(float(loud.mean()) * 10.0 ** (_RELATIVE / 10.0), floor)
        return -0.691 + _db(float(mean[mean > gate].mean()))


def lufs(samples: Floats, rate_hz: float) -> float:
    """Integrated loudness of samples [channel, n] at full scale 1 [LUFS]."""
    meter = Meter(rate_hz, channels=len(np.atleast_2d(samples)))
    meter.add(samples)
    return meter.lufs()


def _db(power: float) -> float:
    return 10.0 * float(np.log10(power)) if power > 0.0 else -np.inf


def _k_filter(rate_hz: float) -> Floats:
    """The two filters of BS.1770, carried over to any rate by their analogue forms."""
    shelf = _shelf(1681.974450955533, 3.999843853973347, 0.7071752369554196, rate_hz)
    return np.array([shelf, _high(38.13547087602444, 0.5003270373238773, rate_hz)])


def _a_filter(rate_hz: float) -> Floats:
    """The A-weighting of IEC 61672, 0 dB at 1 kHz (within 0.3 dB to 8 kHz at 48 kHz)."""
    low, second, third, high = 2.0 * np.pi * np.array([20.598997, 107.65265, 737.86223, 12194.217])
    poles = -np.array([low, low, second, third, high, high])
    z, p, k = signal.bilinear_zpk(np.zeros(4), poles, high**2, rate_hz)
    at_1_khz = np.abs(signal.freqz_zpk(z, p, k, [1000.0], fs=rate_hz)[1][0])
    return np.asarray(signal.zpk2sos(z, p, k / float(at_1_khz)))


def _shelf(hz: float, gain_db: float, q: float, rate_hz: float) -> Floats:
    """High shelf of BS.1770's first stage."""
    w, high = np.tan(np.pi * hz / rate_hz), 10.0 ** (gain_db / 20.0)
    middle = high**0.4996667741545416
    a0 = 1.0 + w / q + w * w
    b = np.array([high + middle * w / q + w * w, 2.0 * (w * w - high), high - middle * w / q + w * w]) / a0
    return np.array([*b, 1.0, 2.0 * (w * w - 1.0) / a0, (1.0 - w / q + w * w) / a0])


def _high(hz: float, q: float, rate_hz: float) -> Floats:
    """High-pass of BS.1770's second stage."""
    w = np.tan(np.pi * hz / rate_hz)
    a0 = 1.0 + w / q + w * w
    return np.array([1.0, -2.0, 1.0, 1.0, 2.0 * (w * w - 1.0) / a0, (1.0 - w / q + w * w) / a0])
