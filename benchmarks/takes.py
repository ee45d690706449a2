"""Takes made from event times: sound at 48 kHz whose truth is known to the nanosecond, made by the thousand.

A lever's beat sounds as the twin's does: unlocking (jewel on the notch), impulse (tooth on the stone, jewel on the
notch again), then lock, banking and the tooth's bounce. A pendulum's beat is the tooth on the dead face alone. The
balance swings as a sine, so that the times of a beat follow from its centre and its amplitude:

    unlock = centre - (T / 2 pi) asin(lift / 2A),    bank = centre + (T / 2 pi) asin(lift / 2A),    T two beats.

Dirt, all drawn from the seed: the amplitude wanders with the memory of the balance's Q (AR(1)), the phase walks at
random (each impulse kicks it), every beat has white jitter of its own, teeth come to the stones at uneven times, each
tick has its own level and each impact its own mixture of modes. The lead of the lock over the banking and the formula's
error (torque and friction bend the swing off the sine) are drawn once a take.

Sound: an impact starts the modes of the case as sines; behind the anti-alias filter (elliptic, order 8, to 0.42 of the
rate) the answer is a sum of damped exponentials, evaluated at any fraction of a sample exactly (as in
`heartwright.sound.modes`, with an impact that takes no time). Each take is a movement of its own: frequencies, quality
factors and mixtures are drawn round those of its case.

    take = takes.make(takes.Plan(bph=28_800.0, amplitude_deg=270.0), seed=1)
    recording = takes.record(take, snr_db=20.0, seed=2)              # white noise
    recording = takes.record(take, snr_db=6.0, seed=2, noise=hum)    # any noise [n], scaled to that SNR
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, ellip, sosfilt, sosfreqz

from heartwright.records import Floats, Ints, Recording
from heartwright.sound.body import CLOCK, WATCH, Mode, mode_pattern

RATE_HZ = 48_000.0
DAY_S = 86_400.0
_EDGE, _ORDER = 0.42, 8
_SILENT_DB = 60.0  # a ring is cut when its slowest mode has fallen by this much
_SNR_SOS = butter(4, 3000.0, "high", fs=RATE_HZ, output="sos")

# Modes of three cases of levers and of a clock; the first is the one of the tests of listening.
CASES: dict[str, tuple[Mode, ...]] = {
    "plain": tuple(
        Mode(f, q, 20.0 * float(np.log10(g)))
        for f, q, g in ((3300, 16, 0.6), (5100, 18, 1.0), (7400, 19, 0.9), (10300, 20, 0.7), (14100, 22, 0.5))
    ),
    "watch": tuple(m for m in WATCH.modes if m.frequency_hz < 0.4 * RATE_HZ),
    "dull": tuple(
        Mode(f, q, 20.0 * float(np.log10(g)))
        for f, q, g in ((1700, 12, 0.7), (2600, 14, 1.0), (3900, 15, 0.9), (5800, 16, 0.5), (8600, 18, 0.25))
    ),
    "clock": CLOCK.modes,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is recorded. `kind` "lever" or "pendulum"; a pendulum has no amplitude and no lift.

    Scatter: `scatter_deg` standard deviation of the beats' amplitude, `jitter_s` white jitter of each beat,
    `tooth_s` of each blow on a stone, `walk_s` random step of the phase per beat. `lock_lead` is how far the lock comes
    before the banking and `formula_sigma` the formula's relative error (`None`, the default, draws the lead evenly from
    0.015 to 0.045) [shares of the span from unlocking to banking].
    """

    kind: str = "lever"
    case: str = "plain"
    seconds: float = 30.0
    bph: float = 21_600.0
    rate_s_per_day: float = 0.0
    beat_error_ms: float = 0.4
    amplitude_deg: float = 270.0
    lift_deg: float = 50.0
    q: float = 220.0
    scatter_deg: float = 3.0
    jitter_s: float = 10e-6
    tooth_s: float = 15e-6
    walk_s: float = 2e-6
    level_sd_db: float = 1.0
    shape_sd: float = 0.1
    lock_lead: float | None = None
    formula_sigma: float = 4.3e-4
    own: bool = True  # a movement of its own: frequencies (6 %), quality (15 %) and mixtures drawn with the take


@dataclass(frozen=True, slots=True)
class Take:
    """Sound without noise and its truth; all of the truth [n_beat], times in seconds from the first sample.

    `sound` is the rings of the blows over `scale`, so that the median peak of its beats' loudest sounds is 1 behind the
    3 kHz high-pass of the SNR.
    `landmark_s` is sound 1 of a lever, the one sound of a pendulum; NaN marks sounds that there are not.
    """

    plan: Plan
    sound: NDArray[np.float32]
    side: Ints  # 0, 1, 0, ...
    landmark_s: Floats
    impulse_s: Floats
    lock_s: Floats
    bank_s: Floats
    amplitude_deg: Floats
    scale: float

    def pace(self, heard: NDArray[np.bool_] | None = None) -> tuple[float, float]:
        """Rate [s/d] and signed beat error [ms] of the beats (of those `heard`): least squares on their true times."""
        number = np.arange(len(self.side))
        ok = np.isfinite(self.landmark_s) if heard is None else heard
        design = np.stack([np.ones(len(number)), number, self.side], axis=1)[ok]
        found = np.linalg.lstsq(design, self.landmark_s[ok], rcond=None)[0]
        return float((3600.0 / self.plan.bph / found[1] - 1.0) * DAY_S), float(1e3 * found[2])


# One blow of a beat: which contact, its strength, where it falls.
# A place is a share of half the lift (the balance's angle); that of the lock and of the blows after it is a time.
_BLOWS = (("notch", 0.18), ("stone", 0.45), ("notch", 0.60), ("stone", 1.00), ("banking", 0.27), ("stone", 0.24))
IMPULSE_AT, SECOND_AT = -0.445, -0.391  # of half the lift
BOUNCE_AFTER = 0.016  # of the span, after the banking


def make(plan: Plan, *, seed: int) -> Take:
    """Event times by the plan's dirt, and their sound."""
    rng = np.random.default_rng(seed)
    beat = 3600.0 / plan.bph / (1.0 + plan.rate_s_per_day / DAY_S)
    start = 0.15 + float(rng.uniform(0.0, 1.0)) * min(beat, 0.3)
    count = int((plan.seconds - start - 0.12 - 1e-3 * abs(plan.beat_error_ms)) / beat)
    side = np.arange(count) % 2
    centre = start + beat * np.arange(count) + 0.5e-3 * plan.beat_error_ms * (2 * side - 1)
    centre += np.cumsum(rng.normal(0.0, plan.walk_s, count)) + rng.normal(0.0, plan.jitter_s, count)
    if plan.kind == "pendulum":
        return _pendulum(plan, side, centre, rng, seed)
    return _lever(plan, side, centre, beat, rng, seed)


def wander(count: int, sigma: float, q: float, rng: np.random.Generator) -> Floats:
    """An amplitude's departures [count]: AR(1) with the memory of a quality factor, a beat being half a period."""
    memory = float(np.exp(-np.pi / (2.0 * q)))
    steps = rng.normal(0.0, sigma * np.sqrt(1.0 - memory**2), count)
    out = np.empty(count)
    value = float(rng.normal(0.0, sigma))
    for k in range(count):
        value = memory * value + steps[k]
        out[k] = value
    return out


def scatter(plan: Plan, count: int, single_s: float = 0.0) -> Floats:
    """Covariance of the times of a plan's landmarks round its steady beat [s^2], each timed to `single_s`."""
    number = np.arange(1, count + 1)
    out = np.eye(count) * (single_s**2 + plan.jitter_s**2) + plan.walk_s**2 * np.minimum.outer(number, number)
    if plan.kind == "lever":
        half = 0.5 * plan.lift_deg / plan.amplitude_deg
        step = 3600.0 / plan.bph / np.pi * half / np.sqrt(1 - half**2) * plan.scatter_deg / plan.amplitude_deg
        memory = np.exp(-np.pi / (2 * plan.q))
        out += step**2 * memory ** np.abs(np.subtract.outer(number, number))
    return np.asarray(out)


def _lever(plan: Plan, side: Ints, centre: Floats, beat: float, rng: np.random.Generator, seed: int) -> Take:
    n = len(centre)
    swing = plan.amplitude_deg + wander(n, plan.scatter_deg, plan.q, rng)
    half = 0.5 * plan.lift_deg / swing
    reach = np.arcsin(half) * beat / np.pi
    lead = float(rng.uniform(0.015, 0.045)) if plan.lock_lead is None else plan.lock_lead
    bent = 1.0 + plan.formula_sigma * float(rng.standard_normal())
    unlock, bank = centre - reach * bent, centre + reach * bent
    span = bank - unlock
    tooth = rng.normal(0.0, plan.tooth_s, (3, n))
    impulse = centre + np.arcsin(IMPULSE_AT * half) * beat / np.pi + tooth[0]
    second = centre + np.arcsin(SECOND_AT * half) * beat / np.pi
    lock = bank - lead * span + tooth[1]
    bounce = bank + BOUNCE_AFTER * span + tooth[2]
    times = np.stack([unlock, impulse, second, lock, bank, bounce], axis=1)
    sound = _sound(plan, times, _BLOWS, side, rng, seed)
    scale = _level(sound, centre)
    return Take(plan, sound / np.float32(scale), side, unlock, impulse, lock, bank, swing, scale)


def _pendulum(plan: Plan, side: Ints, centre: Floats, rng: np.random.Generator, seed: int) -> Take:
    sound = _sound(plan, centre[:, None], (("stone", 1.0),), side, rng, seed)
    nothing = np.full(len(centre), np.nan)
    scale = _level(sound, centre)
    return Take(plan, sound / np.float32(scale), side, centre, nothing, nothing, nothing, nothing, scale)


def _sound(
    plan: Plan, times: Floats, blows: tuple[tuple[str, float], ...], side: Ints, rng: np.random.Generator, seed: int
) -> NDArray[np.float32]:
    """The rings of all blows; `times` [n_beat, n_blow]."""
    case = Case.of(plan.case, seed if plan.own else None)
    gains = np.stack([[case.pattern(contact, s) for contact, _ in blows] for s in range(2)])[side]
    gains = gains * np.array([strength for _, strength in blows])[:, None]
    gains = gains * 10.0 ** (rng.normal(0.0, plan.level_sd_db, (len(side), 1, 1)) / 20.0)
    gains = gains * (1.0 + plan.shape_sd * rng.standard_normal(gains.shape))
    return case.ring(times.ravel(), gains.reshape(-1, gains.shape[2]), round(plan.seconds * RATE_HZ))


@dataclass(frozen=True, slots=True)
class Case:
    """What rings: `poles` [n_pole] [1/s] of modes and filter, and `residues` [n_mode, n_pole]: a mode that is struck
    once is heard as Re sum_p r_mp exp(s_p t). `name` seeds how strongly each contact drives each mode."""

    name: str
    poles: NDArray[np.complex128]
    residues: NDArray[np.complex128]

    @classmethod
    def of(cls, name: str, seed: int | None = None) -> Case:
        """A case of `CASES`, or with a seed a case like it."""
        modes = CASES[name]
        if seed is None:
            return cls(name, *_answer(modes))
        rng = np.random.default_rng((seed, 77))
        drawn = rng.standard_normal((3, len(modes)))
        frequency = np.array([m.frequency_hz for m in modes]) * np.exp(0.06 * drawn[0])
        quality = np.array([m.q for m in modes]) * np.exp(0.15 * drawn[1])
        gain = np.array([m.gain_db for m in modes]) + 2.0 * drawn[2]
        own = tuple(Mode(*(float(x) for x in row)) for row in zip(frequency, quality, gain, strict=True))
        return cls(f"{name} {seed}", *_answer(own))

    def pattern(self, contact: str, side: int) -> Floats:
        """How strongly a contact of a side drives each mode [n_mode]."""
        return mode_pattern(f"{contact} {'entry' if side == 0 else 'exit'} of a {self.name} case", len(self.residues))

    def ring(self, time_s: Floats, gains: Floats, n: int) -> NDArray[np.float32]:
        """Sound [n] of impacts at `time_s` [n_impact] that drive the modes by `gains` [n_impact, n_mode]."""
        slowest = float(np.max(self.poles.real))
        size = min(int(_SILENT_DB / 8.686 / -slowest * RATE_HZ) + 2, n)
        steps = np.exp(self.poles[:, None] * np.arange(size) / RATE_HZ)
        zeros, roots, _gain = _filter()
        time_s = time_s - float(np.sum(1.0 / zeros).real - np.sum(1.0 / roots).real)  # the filter's delay
        first = np.ceil(time_s * RATE_HZ).astype(np.int64)
        start = (gains @ self.residues) * np.exp(self.poles * (first / RATE_HZ - time_s)[:, None])
        both = np.hstack([start.real, -start.imag]).astype(np.float32)
        bursts = both @ np.vstack([steps.real, steps.imag]).astype(np.float32)
        out = np.zeros(n + size, np.float32)
        for k, at in enumerate(first.tolist()):
            if 0 <= at < n:
                out[at : at + size] += bursts[k]
        return out[:n]


def _answer(modes: tuple[Mode, ...]) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Poles of modes and filter, and their residues (product formula for simple poles)."""
    zeros, roots, gain = _filter()
    omega = 2 * np.pi * np.array([m.frequency_hz for m in modes])
    decay = omega / (2 * np.array([m.q for m in modes]))
    damped = np.sqrt(omega**2 - decay**2)
    poles = np.concatenate([-decay + 1j * damped, roots[roots.imag > 0]])
    residues = np.zeros((len(modes), len(poles)), np.complex128)
    for m in range(len(modes)):
        every = np.concatenate([[poles[m], poles[m].conjugate()], roots])
        level = gain * damped[m] * 10.0 ** (modes[m].gain_db / 20.0)
        for p, pole in enumerate(poles):
            if p == m or p >= len(modes):
                others = every[np.abs(every - pole) > 1e-9 * abs(pole)]
                residues[m, p] = 2.0 * level * np.prod(pole - zeros) / np.prod(pole - others)
    return poles, residues


@cache
def _filter() -> tuple[NDArray[np.complex128], NDArray[np.complex128], float]:
    """Zeros, poles and gain of the anti-alias filter."""
    zeros, roots, gain = ellip(_ORDER, 0.1, 80.0, 2 * np.pi * _EDGE * RATE_HZ, analog=True, output="zpk")
    return zeros, roots, float(gain)


def _level(sound: NDArray[np.float32], centre: Floats) -> float:
    """Median peak of the beats of `sound` behind the 3 kHz high-pass (some forty beats are looked at)."""
    some = centre[np.linspace(0, len(centre) - 1, min(40, len(centre))).astype(np.int64)]
    at = np.clip((some * RATE_HZ).astype(np.int64) - 1500, 0, len(sound) - 3600)
    rows = sosfilt(_SNR_SOS, sound[at[:, None] + np.arange(3600)].astype(np.float64), axis=1)
    return float(np.median(np.abs(rows[:, 60:]).max(axis=1)))


@cache
def white_gain() -> float:
    """Rms that white noise of unit rms keeps behind the 3 kHz high-pass."""
    answer = sosfreqz(_SNR_SOS, 8192)[1]
    return float(np.sqrt(np.mean(np.abs(answer) ** 2)))


def noise_for(noise: Floats | NDArray[np.float32], snr_db: float) -> NDArray[np.float32]:
    """Any noise [n] scaled to lie `snr_db` under a take's sound (the SNR of the field, behind the 3 kHz high-pass)."""
    heard = sosfilt(_SNR_SOS, np.asarray(noise, np.float64))
    return (np.asarray(noise) * (10 ** (-snr_db / 20) / float(np.sqrt(np.mean(heard[100:] ** 2))))).astype(np.float32)


def record(take: Take, *, snr_db: float, seed: int, noise: Floats | NDArray[np.float32] | None = None) -> Recording:
    """The take with noise (white where none is given) at `snr_db`; full scale is five times the loudest ticks."""
    if noise is None:
        rng = np.random.default_rng(seed)
        added = rng.standard_normal(len(take.sound), dtype=np.float32)
        added *= np.float32(10 ** (-snr_db / 20) / white_gain())
    else:
        added = noise_for(noise, snr_db)
    added += take.sound
    peak = max(float(added.max()), -float(added.min()), 5.0)
    added *= np.float32(1.0 / peak)
    return Recording(added, RATE_HZ, source="made from event times")
