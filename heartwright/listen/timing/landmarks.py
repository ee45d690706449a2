"""When each sound of each beat happened: unlocking, lock, banking.

A lever's sounds are timed by the modal likelihood of `modal`. The mixture of modes of each sound is learnt from the
take itself, per side, and then serves as the template. The third sound is a cluster: the lock, the banking 10-12 dB
softer 0.1-0.4 ms later, and the tooth's bounce on the same stone between and after them. The bounce has the lock's
mixture, the banking its own: that tells them apart. Banking follows the jewel, so from beat to beat it keeps its
time after the unlocking but for the slow change of amplitude; that steadies single beats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from heartwright.listen.beat.level import Level
from heartwright.listen.beat.stretch import Stretch
from heartwright.listen.beat.track import Chain
from heartwright.listen.timing import along, modal, sounds
from heartwright.listen.timing.bankings import time_banks
from heartwright.listen.timing.cluster import Timed
from heartwright.listen.timing.landing import time_landings
from heartwright.listen.timing.modal import Modes
from heartwright.listen.timing.shape import Shape
from heartwright.listen.timing.singles import NARROW_HZ, time_singles
from heartwright.listen.timing.windows import Windows, band_end_hz, quiet_rows, usable
from heartwright.records import Floats, Ints

LOWEST_RATE_HZ = 15_000.0
COARSE_COMMON_S, COARSE_SAMPLES = 5e-5, 1.7  # by which energy alone puts one side off the other, at least [one sigma]
FEWEST_A_SIDE = 8
# The case rings freely from 0.7 ms after the lock on for 2.7 ms; in a slow beat later, its bounces over [spans].
RINGS_S, RINGS_SPANS = (0.7e-3, 2.7e-3), 0.09
SURE = 4.0  # mean log odds of a beat for a banking below which it is not told from the lock
CLEAR = 2.0  # mean log odds of a beat of each side against any other span below which it is not told from that
FITS = 4.0  # remainder (1 for a perfect model) beyond which the mixtures are not believed
SIDES_AGREE = 3.5e-3  # the banking comes equally long after the unlocking on both sides [share of the span]
WILD_S = 60e-6  # a lock's own jitter may make it less even than the energy of lock and banking by this much
UNEVEN = 1.25  # scatter of onsets beyond that of the energy's times at which they are not believed
# Where nothing is heard above, the microphone's own filter may turn the modes that time the sounds; the errors that all
# beats of a side then share were measured on takes whose microphone ends at 15 to 20 kHz: of sound 1, of the span [s].
NARROW_BAND_HZ, NARROW_COMMON_S = 24e3, (5e-6, 12e-6)
MOST_SWAY_S = 0.05  # of a beat's blows none comes later after the first
SWAY_DOUBT_S = 20e-6  # of the sway of beats timed by their lock [one sigma; 360 made takes]
COMMON_SAMPLES = 0.06  # what the model leaves of all beats of a side in common [samples]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Times of the sounds of the chain's beats, shape [n], NaN where not timed.

    `time_s` is the beat's landmark (sound 1 of a lever, else the loudest sound) and `sigma_s` its random one-sigma
    error; `common_s` is the one-sigma error that all beats of a side share (it enters the beat error),
    `span_common_s` that of the span from sound 1 to the banking, which is the same on both sides, so that half their
    difference is part of it. `timed` names what ends the span: "banking",
    "lock or banking", or "" where there is no span.
    """

    time_s: Floats
    sigma_s: Floats
    impulse_s: Floats
    lock_s: Floats
    bank_s: Floats
    lever: bool
    rough_s: Floats  # the landmark of every beat of the chain, also of those that could not be timed finely
    timed: str = ""
    common_s: float = 0.0
    span_common_s: float = 0.0
    evidence: float = 0.0
    bank_sigma_s: float = 0.0  # random one-sigma of a single banking
    buried: bool = False  # a lever whose first or third sound the noise hides
    landmark: str = "loudest"  # the sound whose time is the beat's: "unlocking", "lock", "loudest"
    faint_span_s: Floats | None = None  # from a sound 1 too faint to time beats by to the lock, up to a constant
    sway_s: float = 0.0  # by how much beats seem later where their sounds lie apart by as much again
    trend_sigma_s: float = 0.0  # one-sigma error that grows from beat to beat [a beat]
    gated: bool = False  # a noise gate may have cut the first sounds off
    one_side: bool = False  # one side's sound alone is heard: where the other is, is not told

    def without(self, beats: NDArray[np.bool_]) -> Landmarks:
        """The same with `beats` [n] not timed finely."""
        kept = (
            np.where(beats, np.nan, x) for x in (self.time_s, self.sigma_s, self.impulse_s, self.lock_s, self.bank_s)
        )
        time_s, sigma_s, impulse_s, lock_s, bank_s = kept
        return replace(self, time_s=time_s, sigma_s=sigma_s, impulse_s=impulse_s, lock_s=lock_s, bank_s=bank_s)

    def spoilt(self, common_s: float, *, gated: bool) -> Landmarks:
        """The same where the recorder may have moved all beginnings of a sound by `common_s` [s, one sigma]; behind a
        gate, which may have cut first sounds off, no span is told."""
        common, span = (float(np.hypot(x, common_s)) for x in (self.common_s, self.span_common_s))
        if not gated:
            return replace(self, common_s=common, span_common_s=span)
        return replace(self, common_s=common, lever=False, timed="", gated=True)

    def doubted(self, trend_s: float, common_s: float) -> Landmarks:
        """The same with more doubt of the trend [a beat] and of what a side's beats share [s, one sigma]."""
        common, trend = float(np.hypot(self.common_s, common_s)), float(np.hypot(self.trend_sigma_s, trend_s))
        return replace(self, common_s=common, trend_sigma_s=trend)

    def unswayed(self, number: Ints, apart: Stretch) -> Landmarks:
        """The same without what blows that follow do to the beats `number` [n] as all sounds draw `apart`."""
        if not 0.0 < abs(self.sway_s) < MOST_SWAY_S:  # of modes that do not decay it has no bound
            return self
        each = self.sway_s * apart.share / apart.beats
        doubt = float(np.hypot(self.sway_s * apart.sigma, SWAY_DOUBT_S * apart.share)) / apart.beats
        timed = number[np.isfinite(self.time_s)]
        return replace(self, time_s=self.time_s - each * (number - timed.mean()), trend_sigma_s=doubt)


def time_sounds(samples: Floats, rate_hz: float, chain: Chain, shape: Shape, level: Level) -> Landmarks:
    """Time the sounds of every beat of cleaned samples."""
    coarse = _coarse(chain, shape, rate_hz)
    quiet = quiet_rows(samples, rate_hz, shape, level) if rate_hz >= LOWEST_RATE_HZ else None
    if quiet is None:
        return coarse
    if rate_hz < NARROW_HZ:
        return _apart(coarse, samples, rate_hz, chain, shape, quiet)
    if not shape.lever:
        return _landed(coarse, samples, rate_hz, chain, shape, quiet)
    windows = Windows.of(samples, rate_hz, shape)
    whole = usable(windows, chain, shape)
    sides = [whole[chain.side[whole] == s] for s in range(2)]
    if min(len(s) for s in sides) < FEWEST_A_SIDE:
        return coarse
    reach = modal.flat_margin(rate_hz)
    free = max(RINGS_S[0], RINGS_SPANS * -float(np.mean(shape.first_s)))
    a, b = windows.zero + int(free * rate_hz) - reach, windows.zero + int((free + RINGS_S[1]) * rate_hz) + reach
    ringing = modal.flatten(windows.rows[whole, a:b], rate_hz)[:, reach:-reach]
    modes = Modes.plain(modal.poles(ringing, rate_hz, float(np.mean(quiet**2))))
    if len(modes) < 2:
        return coarse
    return _fine(windows, quiet, modes, sides, chain, shape, coarse)


def _coarse(chain: Chain, shape: Shape, rate_hz: float) -> Landmarks:
    """Timing by the energy of the loudest sound alone; beats that fit it badly keep the chain's time."""
    nothing = np.full(len(chain), np.nan)
    time = shape.time_s.copy()
    for s in range(2):
        mine = chain.side == s
        known = mine & shape.good
        if known.any():
            offset = float(np.median((shape.time_s - chain.time_s)[known]))
            time[mine & ~shape.good] = chain.time_s[mine & ~shape.good] + offset
    interval = np.diff(time)[np.diff(chain.number) == 1]
    spread = 1.4826 * float(np.median(np.abs(interval[2:] - interval[:-2]))) / 2.0 if len(interval) > 4 else 1e-3
    sigma = np.full(len(chain), min(5e-4, max(2e-5, 0.5 * spread)))
    common = max(COARSE_COMMON_S, COARSE_SAMPLES / rate_hz)
    return Landmarks(time, sigma, nothing, nothing, nothing, False, time, common_s=common, buried=shape.buried)


def _landed(coarse: Landmarks, samples: Floats, rate_hz: float, chain: Chain, shape: Shape, quiet: Floats) -> Landmarks:
    """The onsets of the loudest sounds, unless their modes tell them less evenly than their energy does."""
    found = time_landings(samples, rate_hz, chain, shape, quiet)
    if found is None:
        return coarse
    time, sigma = (np.full(len(chain), np.nan) for _ in range(2))
    time[found.beats], sigma[found.beats] = found.time_s, found.sigma_s
    if _unevenness(time, chain) > UNEVEN * _unevenness(coarse.time_s, chain):
        return coarse
    return replace(coarse, time_s=time, sigma_s=sigma, common_s=found.common_s, rough_s=_filled(time, coarse, chain))


def sharpen(coarse: Landmarks, samples: Floats, rate_hz: float, chain: Chain, shape: Shape, level: Level) -> Landmarks:
    """`coarse` times of beats that are heard only together, by their loudest sound's own waveform where it shows."""
    quiet = quiet_rows(samples, rate_hz, shape, level) if rate_hz >= LOWEST_RATE_HZ else None
    found = None if quiet is None else along.time(samples, rate_hz, chain, quiet)
    if found is None:
        return coarse
    sharp = np.where(found.lock_sigma_s < coarse.sigma_s, found.lock_s, np.nan)
    if _unevenness(sharp, chain) > min(2.0 * WILD_S, _unevenness(coarse.time_s, chain)):
        return coarse
    rough = _filled(found.lock_s, coarse, chain)
    return replace(
        coarse,
        time_s=found.lock_s,
        sigma_s=found.lock_sigma_s,
        common_s=found.common_s,
        rough_s=rough,
        sway_s=found.sway_s,
        one_side=found.one_side,
    )


def _apart(coarse: Landmarks, samples: Floats, rate_hz: float, chain: Chain, shape: Shape, quiet: Floats) -> Landmarks:
    """Every sound by its own waveform, unless that tells the beats less evenly than their energy does."""
    found = sounds.time(samples, rate_hz, chain, shape, quiet)
    if found is None or _unevenness(found.lock_s, chain) > WILD_S + 2.0 * _unevenness(coarse.time_s, chain):
        return coarse
    if not found.unlocks:
        return replace(
            coarse,
            time_s=found.lock_s,
            sigma_s=found.lock_sigma_s,
            common_s=found.common_s,
            rough_s=_filled(found.lock_s, coarse, chain),
            buried=coarse.buried or shape.lever,
            landmark="lock" if shape.lever else "loudest",
            faint_span_s=found.faint_span_s,
            sway_s=found.sway_s,
        )
    return replace(
        coarse,
        time_s=found.unlock_s,
        sigma_s=found.sigma_s,
        impulse_s=found.impulse_s,
        lock_s=found.lock_s,
        lever=True,
        rough_s=_filled(found.unlock_s, coarse, chain),
        timed="lock or banking",
        common_s=found.common_s,
        span_common_s=float(np.hypot(found.common_s, found.lock_common_s)),
        bank_sigma_s=float(np.nanmedian(found.lock_sigma_s)),
        landmark="unlocking",
    )


def _unevenness(time_s: Floats, chain: Chain) -> float:
    """Robust scatter of the times against the middle of their neighbours of the same side [s]."""
    off = []
    for s in range(2):
        mine = np.flatnonzero((chain.side == s) & np.isfinite(time_s))
        number, time = chain.number[mine], time_s[mine]
        even = (number[2:] - number[1:-1] == 2) & (number[1:-1] - number[:-2] == 2)
        off.append((time[1:-1] - 0.5 * (time[2:] + time[:-2]))[even])
    joined = np.concatenate(off)
    return float(np.median(np.abs(joined))) if len(joined) else np.inf


def _filled(time_s: Floats, coarse: Landmarks, chain: Chain) -> Floats:
    """`time_s` with beats that were not timed at the coarse time, moved by what the others of their side moved."""
    offset = [float(np.nanmedian((time_s - coarse.time_s)[chain.side == s])) for s in range(2)]
    return np.where(np.isfinite(time_s), time_s, coarse.time_s + np.array(offset)[chain.side])


def _fine(
    windows: Windows, quiet: Floats, modes: Modes, sides: list[Ints], chain: Chain, shape: Shape, coarse: Landmarks
) -> Landmarks:
    """Modal timing of both sides."""
    n = len(chain)
    out = {name: np.full(n, np.nan) for name in ("unlock", "lock", "bank", "sigma", "bank_sigma")}
    evidence, misfit = [], []
    modes, locks, unlocks = time_singles(windows, quiet, modes, sides, shape)
    power = np.mean([lock.prior.mean**2 for lock in locks], axis=0)
    third = time_banks(windows, quiet, modes, sides, locks, unlocks, power)
    for beats, lock, unlock, bank in zip(sides, third.locks, unlocks, third.banks, strict=True):
        out["unlock"][beats], out["sigma"][beats] = unlock.time_s, unlock.sigma_s
        out["lock"][beats] = lock.time_s
        out["bank"][beats], out["bank_sigma"][beats] = bank.time_s, bank.sigma_s
        evidence.append(bank.evidence)
        misfit.append(bank.misfit)
    spans = [float(np.median(bank.time_s - unlock.time_s)) for bank, unlock in zip(third.banks, unlocks, strict=True)]
    alike = abs(spans[0] - spans[1]) < SIDES_AGREE * spans[0]
    sure = min(evidence) > SURE and third.margin > CLEAR and max(misfit) < FITS
    parted = sure and alike and windows.rate_hz > NARROW_HZ
    impulse = coarse.time_s + (shape.impulse_s)[chain.side]
    common, span_common = _common(windows, quiet, sides, third.locks)
    return Landmarks(
        out["unlock"],
        out["sigma"],
        np.where(np.isfinite(out["unlock"]), impulse, np.nan),
        out["lock"],
        out["bank"],
        True,
        _filled(out["unlock"], coarse, chain),
        "banking" if parted else "lock or banking",
        common,
        float(np.hypot(span_common, 0.5 * (spans[0] - spans[1]))),
        float(min(evidence)),
        float(np.nanmedian(out["bank_sigma"])),
        landmark="unlocking",
    )


def _common(windows: Windows, quiet: Floats, sides: list[Ints], locks: list[Timed]) -> tuple[float, float]:
    """What all beats of a side share of the error of sound 1 and of the span [s, one sigma]."""
    rate = windows.rate_hz
    before, after = int(0.3e-3 * rate), int(2.0e-3 * rate)
    waves = [windows.mean(beats, lock.time_s, before, after) for beats, lock in zip(sides, locks, strict=True)]
    end = band_end_hz(waves, quiet, rate, min(len(s) for s in sides))
    least = COMMON_SAMPLES / rate
    return NARROW_COMMON_S if end < NARROW_BAND_HZ else (least, least)
