"""Takes for the noise benchmark: clocks drawn from event times, and the noises that real rooms put over them.

The sounds are written down here in closed form, apart from the sound module that the ear was built against: every
contact rings a handful of modes drawn for the take, in a mixture of its own. What a real movement adds is added: the
amplitude wanders as an AR(1), every beat is jittered and a little louder or softer than the last, and the phase walks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

RATE_HZ = 48_000
SECONDS = 40.0
LEVER_BPH = (14400.0, 16200.0, 16266.0, 18000.0, 19800.0, 21600.0, 25200.0, 28800.0, 36000.0, 12233.0)
PENDULUM_BPH = (3600.0, 3923.0, 4800.0, 5444.0, 6000.0, 7200.0)
NOISES = ("white", "pink", "speech", "clicks", "clock")
# balance angle after the line of centres [share of half the lift], strength, contact
IMPACTS = (
    (-1.00, 0.18, 0), (-0.45, 0.45, 1), (-0.39, 0.60, 0), (0.95, 1.00, 1), (1.00, 0.27, 2), (1.03, 0.24, 1),
)  # fmt: skip
HIGH_PASS = butter(4, 3000.0, "high", fs=RATE_HZ, output="sos")


@dataclass(frozen=True)
class Clock:
    """Sound of one clock [n] and the times of its beats' first sounds [s]."""

    sound: np.ndarray
    time_s: np.ndarray
    peak: float  # median over beats of the peak behind the 3 kHz high-pass

    def rate_bph(self) -> float:
        """Mean beats an hour over the beats heard, the beat error apart."""
        k = np.arange(len(self.time_s))
        design = np.stack([np.ones(len(k)), k, k % 2], axis=1)
        return float(3600.0 / np.linalg.lstsq(design, self.time_s, rcond=None)[0][1])


def draw_bph(rng: np.random.Generator, *, pendulum: bool) -> float:
    """Near a rate that clocks have (+-200 s/d), or anywhere."""
    some = PENDULUM_BPH if pendulum else LEVER_BPH
    if rng.random() < 0.3:
        return float(
            np.exp(rng.uniform(np.log(3600.0 if pendulum else 11_000.0), np.log(7200.0 if pendulum else 36e3)))
        )
    return float(rng.choice(some)) * (1.0 + rng.uniform(-200.0, 200.0) / 86400.0)


def clock(rng: np.random.Generator, *, pendulum: bool, bph: float) -> Clock:
    """A clock of its own: modes, mixtures, amplitude, beat error and dirt are drawn."""
    beat = 3600.0 / bph
    count = int((SECONDS - 0.1) / beat) - 1
    k = np.arange(count)
    if pendulum:
        error = beat * rng.uniform(0.0, 0.12) * rng.integers(0, 2) + rng.uniform(0.0, 2e-3)
    else:
        error = rng.choice([rng.uniform(0.0, 1e-3), rng.uniform(0.0, 6e-3)])
    jitter, walk = (1e-4, 2e-5) if pendulum else (2e-5, 1e-5)
    centre = rng.uniform(0.03, 0.03 + beat) + beat * k + 0.5 * error * (-1.0) ** k
    centre += rng.normal(0.0, jitter, count) + np.cumsum(rng.normal(0.0, walk, count))
    low, high = (1500.0, 9000.0) if pendulum else (2800.0, 15_000.0)
    modes = np.exp(rng.uniform(np.log(low), np.log(high), 5))
    quality = rng.uniform(10.0, 25.0, 5)
    gains = rng.uniform(0.4, 1.0, 5)
    mixtures = rng.uniform(0.5, 1.2, (2, 3, 5)) * rng.choice([-1.0, 1.0], (2, 3, 5))
    level = 10 ** (rng.normal(0.0, 1.2, count) / 20) * 10 ** (rng.uniform(0.0, 3.0) / 20 * (k % 2))
    events = [(centre, level, 1)] if pendulum else _lever(rng, centre, level, beat, count)
    out = np.zeros(int(SECONDS * RATE_HZ))
    for at, strength, contact in events:
        _ring(out, rng, at, strength, modes, quality, gains * mixtures[k % 2, contact])
    high_passed = np.abs(sosfilt(HIGH_PASS, out))
    heard = centre - 0.01
    edges = np.clip((np.stack([heard, heard + 0.6 * beat]) * RATE_HZ).astype(int), 0, len(out) - 1)
    peaks = [float(high_passed[a : b + 1].max()) for a, b in edges.T]
    return Clock(out, events[0][0], float(np.median(peaks)))


def _lever(
    rng: np.random.Generator, centre: np.ndarray, level: np.ndarray, beat: float, count: int
) -> list[tuple[np.ndarray, np.ndarray, int]]:
    swing = rng.uniform(190.0, 310.0) + rng.uniform(2.0, 7.0) * lfilter([0.12], [1.0, -0.993], rng.normal(0, 1, count))
    half_lift = 0.5 * rng.uniform(44.0, 53.0)
    events = []
    for share, strength, contact in IMPACTS:
        at = centre + np.arcsin(share * half_lift / swing) * beat / np.pi
        if contact == 1:
            at = at + rng.normal(0.0, 15e-6, count)
        events.append((at, strength * level, contact))
    return events


def _ring(
    out: np.ndarray,
    rng: np.random.Generator,
    at: np.ndarray,
    strength: np.ndarray,
    modes: np.ndarray,
    quality: np.ndarray,
    mixture: np.ndarray,
) -> None:
    size = int(0.012 * RATE_HZ)
    first = np.ceil(at * RATE_HZ).astype(int)
    pole = -np.pi * modes / quality + 2j * np.pi * modes
    drawn = strength[:, None] * mixture * (1.0 + 0.1 * rng.standard_normal((len(at), len(modes))))
    start = drawn * np.exp(pole * (first / RATE_HZ - at)[:, None])
    ringing = (start @ np.exp(pole[:, None] * np.arange(size) / RATE_HZ)).imag
    for begin, row in zip(first, ringing, strict=True):
        if 0 <= begin < len(out):
            out[begin : begin + size] += row[: len(out) - begin]


def _scaled(noise: np.ndarray, rms: float) -> np.ndarray:
    """`noise` with `rms` behind the 3 kHz high-pass."""
    return noise * (rms / float(np.std(sosfilt(HIGH_PASS, noise))))


def pink(rng: np.random.Generator, count: int) -> np.ndarray:
    """Noise of 3 dB less an octave, from 20 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1.0 / RATE_HZ)
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(frequency, 20.0)), count)


def speech(rng: np.random.Generator, count: int) -> np.ndarray:
    """Syllables, some four a second with pauses: voiced ones through formants, hissed ones at 3-8 kHz."""
    out = np.zeros(count)
    at = 0.1
    while at < count / RATE_HZ - 0.5:
        length = rng.uniform(0.08, 0.3)
        n = int(length * RATE_HZ)
        envelope = np.sin(np.pi * np.arange(n) / n) ** rng.uniform(0.5, 2.0)
        if rng.random() < 0.3:
            low = rng.uniform(2500.0, 4500.0)
            sound = 0.5 * sosfilt(butter(2, [low, 2 * low], "band", fs=RATE_HZ, output="sos"), rng.standard_normal(n))
        else:
            sound = _vowel(rng, n)
        first = int(at * RATE_HZ)
        out[first : first + n] += (envelope * sound / (np.std(sound) or 1.0) * rng.uniform(0.3, 1.0))[: count - first]
        at += length * rng.uniform(0.7, 1.2) + (rng.uniform(0.3, 1.2) if rng.random() < 0.12 else 0.0)
    return out + 0.003 * rng.standard_normal(count)


def _vowel(rng: np.random.Generator, n: int) -> np.ndarray:
    pitch = rng.uniform(90.0, 230.0) * (1.0 + 0.1 * np.linspace(-1, 1, n) * rng.uniform(-1, 1))
    phase = np.cumsum(pitch) / RATE_HZ
    source = (np.diff(np.floor(phase), prepend=0.0) > 0) + 0.02 * rng.standard_normal(n)
    out = np.zeros(n)
    for low, high, gain in ((300, 900, 1.0), (900, 2400, 0.6), (2300, 3400, 0.4), (3400, 5000, 0.25)):
        centre = rng.uniform(low, high)
        r = np.exp(-np.pi * rng.uniform(60.0, 160.0) / RATE_HZ)
        poles = [1.0, -2 * r * np.cos(2 * np.pi * centre / RATE_HZ), r * r]
        sound = lfilter([1.0 - r], poles, source)
        out += gain * sound / (np.std(sound) or 1.0)
    return out


def clicks(rng: np.random.Generator, count: int, peak: float) -> np.ndarray:
    """Two clicks a second on average, at no set time, from 6 dB softer than the tick to 20 dB louder."""
    out = np.zeros(count)
    for at in rng.uniform(0.0, count / RATE_HZ, rng.poisson(2.0 * count / RATE_HZ)):
        n = int(rng.uniform(1e-3, 8e-3) * RATE_HZ)
        t = np.arange(n) / RATE_HZ
        ring = np.exp(-t * rng.uniform(4.0, 8.0) / (n / RATE_HZ)) * np.sin(2 * np.pi * rng.uniform(1500.0, 9000.0) * t)
        first = int(at * RATE_HZ)
        out[first : first + n] += (peak * 10 ** (rng.uniform(-6.0, 20.0) / 20) * ring)[: count - first]
    return out


@dataclass(frozen=True)
class Scene:
    """A take with its truth: `rival` is the second clock's beats an hour and its level against the first's [dB]."""

    samples: np.ndarray
    bph: float
    rival: tuple[float, float] | None


def draw(noise: str, snr_db: float, seed: int, *, rival_db: tuple[float, float] = (-14.0, -6.0)) -> Scene:
    """A take of `SECONDS` with `noise` (one of `NOISES`, or "alone-..." for that noise without a clock)."""
    rng = np.random.default_rng([seed, NOISES.index(noise.removeprefix("alone-")), round(10 * snr_db) + 1000])
    pendulum = bool(rng.random() < 0.2)
    first = clock(rng, pendulum=pendulum, bph=draw_bph(rng, pendulum=pendulum))
    count, rms = len(first.sound), first.peak * 10 ** (-snr_db / 20)
    out, rival = (np.zeros(count) if noise.startswith("alone-") else first.sound.copy()), None
    kind = noise.removeprefix("alone-")
    if kind == "pink":
        out += _scaled(pink(rng, count), rms)
    elif kind == "speech":
        out += _scaled(speech(rng, count), rms)
    else:
        out += _scaled(rng.standard_normal(count), rms)
    if kind == "clicks":
        out += clicks(rng, count, first.peak)
    if noise == "clock":
        other = bool(rng.random() < 0.2)
        bph = draw_bph(rng, pendulum=other)
        while any(abs(bph / first.rate_bph() / r - 1.0) < 0.004 for r in (0.5, 1.0, 2.0)):
            bph = draw_bph(rng, pendulum=other)
        second = clock(rng, pendulum=other, bph=bph)
        level = rng.uniform(*rival_db)
        out += second.sound * (first.peak / second.peak * 10 ** (level / 20))
        rival = (second.rate_bph(), level)
    samples = (0.3 * out / np.abs(out).max()).astype(np.float32)
    return Scene(samples, first.rate_bph(), rival)
