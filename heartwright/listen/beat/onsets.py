"""From sound to onset strength: what every later step of listening stands on.

Aim: a signal that rises where something strikes, whatever the loudness of the take, and is blind to what is not a tick
(hum, speech, the 20-200 Hz of a pump). Method: the energy of a bank of bands from 1.5 to 20 kHz in Hann windows of
1.3 ms, each band over its own local floor (half a second), so that noise of any colour and slow swell counts alike in
all of them; their mean, compressed above the level of a typical tick, less its mean over 40 ms, in units of its own
scatter, and cut at a typical tick: a click or a word counts no more than a beat.

The bands' windows are orthogonal to cubics, so that a pump 60 dB above the tick does not leak into them.
Conventions: times in seconds from the first sample; block k is centred on `(k + 1) * hop` samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.listen import filters
from heartwright.records import Floats, Recording

HIGH_PASS_HZ = 1000.0  # below every tick, two octaves above every pump sound
BLOCK_S = 1.0 / 1500.0
BAND_HZ, HIGHEST_HZ, HIGHEST_SHARE = 1500.0, 20_000.0, 0.43  # spacing of the bands, and where they end
FLOOR_S, FLOOR_QUANTILE = 0.5, 0.4
GROUP = 16  # blocks that share one value of the floor
SOME = 1024  # blocks whose energies are found at a time: what is worked on stays in the cache
LOCAL_S = 0.04  # an onset stands over the mean of this long
TYPICAL_S = 0.25  # the typical loudest moment of stretches this long is a tick where beats are quick, else noise
LEAST_CUT, LOWEST = 5.0, -4.0  # sigmas at which strength is cut at the nearest, above and below
HIGHEST = 1000.0  # sigmas of a typical tick at most: what scatters less (gated silence) is no measure of anything
ROUNDING = 2.0**-24  # of the peak: the steps of the noise that is laid under a gate's digital silence

Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Onsets:
    """Onset strength of a take.

    `bands` are energies over their local floor, shape [n_block, n_band] (noise: mean 1, exponential); `strength` their
    summary, shape [n_block], of unit scatter where nothing strikes; `filtered` the high-passed samples, shape [n].
    """

    filtered: NDArray[Any]
    rate_hz: float
    bands: Singles
    strength: Singles
    block_rate_hz: float

    @property
    def seconds(self) -> float:
        """Length of the take [s]."""
        return len(self.strength) / self.block_rate_hz


def clean(recording: Recording, mean: float | None = None) -> NDArray[Any]:
    """Samples in single precision without their mean, NaN and infinities set to zero [full scale +-1].

    Digital silence, as a noise gate leaves it, gets the noise of 24-bit rounding: nothing later divides by nought.
    `mean` is theirs where the caller has it.
    """
    samples = np.asarray(recording.samples, dtype=np.float32).ravel()
    if not len(samples):
        return samples
    if mean is None:
        mean = float(samples.mean())
    if not np.isfinite(mean):
        samples = np.where(np.isfinite(samples), samples, np.float32(0.0))
        mean = float(samples.mean())
    still = np.flatnonzero(samples == 0.0)
    samples = np.asarray(samples - np.float32(mean))
    if 0 < len(still) < len(samples):
        step = ROUNDING * float(max(samples.max(), -samples.min()))
        samples[still] = step * np.random.default_rng(0).uniform(-0.5, 0.5, len(still))
    return samples


def silent(samples: NDArray[Any]) -> bool:
    """Whether nothing moves in cleaned samples (the first of them mostly tell)."""
    return all(not len(part) or float(part.max() - part.min()) <= 1e-9 for part in (samples[:SOME], samples))


def high_pass(samples: Singles, rate_hz: float, cut_hz: float) -> Singles:
    """Causal 4th-order Butterworth high-pass; a cut above 0.4 of the rate is lowered to that (8 kHz takes).

    Single precision's rounding lies 80 dB below a tick that a pump is 60 dB above.
    """
    cut = min(cut_hz, 0.4 * rate_hz)
    return filters.apply(filters.butter(4, cut, "high", rate_hz=rate_hz), samples)


def find(samples: NDArray[Any], rate_hz: float) -> Onsets:
    """Onset strength of cleaned samples."""
    single = samples.astype(np.float32, copy=False)
    energy, block_rate_hz = band_energies(single, rate_hz)
    bands = over_floor(energy, block_rate_hz)
    filtered = high_pass(single, rate_hz, HIGH_PASS_HZ)
    return Onsets(filtered, rate_hz, bands, strength(bands, block_rate_hz), block_rate_hz)


def band_energies(samples: Singles, rate_hz: float) -> tuple[Singles, float]:
    """Energy of each band in each block, shape [n_block, n_band], and the block rate [Hz]."""
    hop = max(2, round(BLOCK_S * rate_hz))
    bank = _bank(hop, rate_hz)
    count = len(samples) // hop
    rows = samples[: count * hop].reshape(count, hop)
    if count < 2:
        return np.zeros((0, bank.shape[1] // 2), np.float32), rate_hz / hop
    half = bank.shape[1] // 2
    energy, both = np.empty((count - 1, half), np.float32), np.tile(np.eye(half, dtype=np.float32), (2, 1))
    for at in range(0, count - 1, SOME):
        some = rows[at : at + SOME + 1]
        wave = some[:-1] @ bank[:hop]
        wave += some[1:] @ bank[hop:]
        wave *= wave
        np.matmul(wave, both, out=energy[at : at + SOME])  # of cosine and sine
    return energy, rate_hz / hop


def _bank(hop: int, rate_hz: float) -> Singles:
    """Cosines and sines of the bands under a Hann window, freed of cubics, shape [2 hop, 2 n_band]."""
    centre = BAND_HZ * np.arange(1, int(HIGHEST_HZ / BAND_HZ) + 1)
    centre = centre[centre <= max(HIGHEST_SHARE * rate_hz, BAND_HZ)]
    place = (np.arange(2 * hop) + 0.5) / (2 * hop)
    turn = 2.0 * np.pi * np.outer(place * 2 * hop / rate_hz, centre)
    bank = np.sin(np.pi * place)[:, None] ** 2 * np.concatenate([np.cos(turn), np.sin(turn)], axis=1)
    cubics = np.linalg.qr(np.vander(place - 0.5, min(4, hop)))[0]
    bank -= cubics @ (cubics.T @ bank)
    return (bank / np.maximum(np.linalg.norm(bank, axis=0), 1e-9)).astype(np.float32)


def over_floor(energy: Singles, block_rate_hz: float) -> Singles:
    """Energies over the local floor of their band: of exponential noise the mean is 1, whatever its level."""
    size = max(1, min(int(FLOOR_S * block_rate_hz), len(energy)))
    count = len(energy) // size
    if count == 0:
        return energy
    pieces = energy[: count * size].reshape(count, size, -1)[:, :: 3 if size > 30 else 1].transpose(0, 2, 1).copy()
    at = int(FLOOR_QUANTILE * pieces.shape[2])
    pieces.partition(at, axis=2)
    floor = pieces[:, :, at] / -np.log(1.0 - FLOOR_QUANTILE)
    mean = np.ones(len(energy), np.float32) @ energy / len(energy)
    least = np.maximum(0.02 * filters.medians(floor), 1e-5 * mean)
    inverse = 1.0 / np.maximum(floor, np.maximum(least, np.float32(1e-30)))
    if count == 1:
        return energy * inverse
    groups = -(-len(energy) // GROUP)
    place = np.clip((np.arange(groups) + 0.5) * GROUP / size - 0.5, 0.0, count - 1.0)
    left = np.minimum(place.astype(np.int64), count - 2)
    part = (place - left).astype(np.float32)[:, None]
    scale = np.asarray(inverse[left] * (1.0 - part) + inverse[left + 1] * part, dtype=np.float32)
    whole = len(energy) // GROUP
    out = np.empty_like(energy)
    body = energy[: whole * GROUP].reshape(whole, GROUP, -1)
    np.multiply(body, scale[:whole, None], out=out[: whole * GROUP].reshape(whole, GROUP, -1))
    out[whole * GROUP :] = energy[whole * GROUP :] * scale[-1]
    return out


def strength(bands: Singles, block_rate_hz: float, weights: Singles | None = None) -> Singles:
    """Onset strength of bands over their floor (`weights` [n_band], None: all alike), shape [n_block]."""
    if len(bands) < 16:
        return np.zeros(len(bands), np.float32)
    total = bands @ (np.full(bands.shape[1], 1.0 / bands.shape[1], np.float32) if weights is None else weights)
    soft = max(1.0, 0.1 * typical_top(total, block_rate_hz))
    return _stands(np.log(1.0 + total / soft), block_rate_hz)


def even_strength(bands: Singles, block_rate_hz: float, weights: Singles) -> Singles:
    """The same of cube roots, whose noise is even about its mean (Wilson and Hilferty 1931).

    Few cycles folded of noise that is skew reach heights that the sigma does not tell.
    """
    if len(bands) < 16:
        return np.zeros(len(bands), np.float32)
    return _stands(np.cbrt(bands @ weights), block_rate_hz)


def _stands(level: Singles, block_rate_hz: float) -> Singles:
    """A level over its local mean, in units of its scatter, cut at a typical tick."""
    level -= local_mean(level, int(LOCAL_S * block_rate_hz) | 1)
    top = typical_top(level, block_rate_hz)
    scatter = max(filters.mad(level), top / HIGHEST)
    if scatter <= 1e-9:
        return np.zeros(len(level), np.float32)
    level /= scatter
    level = np.clip(level, LOWEST, max(LEAST_CUT, top / scatter))
    return np.asarray(level - level.mean(), dtype=np.float32)


def local_mean(values: Singles, width: int) -> Singles:
    """Mean of the `width` (odd) blocks about each, fewer at the ends; same length."""
    half, count = width // 2, len(values)
    total = np.zeros(count + width)  # before the first block and after the last it stays as it is
    np.cumsum(values, dtype=np.float64, out=total[half + 1 : half + 1 + count])
    total[half + 1 + count :] = total[half + count]
    sums = total[width:] - total[:count]
    edge = min(half, count)
    inside = np.full(count, float(width))
    inside[:edge] -= np.arange(half, half - edge, -1)
    inside[count - edge :] -= np.arange(half - edge + 1, half + 1)
    return np.asarray(sums / inside, dtype=np.float32)


def typical_top(values: Singles, block_rate_hz: float) -> float:
    """Median over stretches of a quarter of a second of their highest value."""
    size = max(1, min(int(TYPICAL_S * block_rate_hz), len(values)))
    count = len(values) // size
    return filters.median(values[: count * size].reshape(count, size).max(axis=1))


def smooth(values: Floats, width: int) -> Floats:
    """Hann-weighted running mean over `width` blocks (odd), same length."""
    if width <= 1:
        return values
    kernel = np.hanning(width + 2)[1:-1]
    return np.convolve(values, kernel / kernel.sum(), "same")
