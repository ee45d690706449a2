"""When each sound of each beat happened: unlocking, lock, banking.

A lever's sounds are timed by the modal likelihood of `modal`. The mixture of modes of each sound is learnt from the
take itself, per side, and then serves as the template. The third sound is a cluster: the lock, the banking 10-12 dB
softer 0.1-0.4 ms later, and the tooth's bounce on the same stone between and after them. The bounce has the lock's
mixture, the banking its own: that tells them apart. Banking follows the jewel, so from beat to beat it keeps its
time after the unlocking but for the slow change of amplitude; that steadies single beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heartwright.listen import modal
from heartwright.listen.cluster import WINDOW_S, Cluster, Timed
from heartwright.listen.level import Level
from heartwright.listen.modal import Modes, Prior, Whitener
from heartwright.listen.shape import Shape
from heartwright.listen.track import Chain
from heartwright.records import Floats, Ints

LOWEST_RATE_HZ = 30_000.0
FEWEST_A_SIDE = 8
LEAD_S, TAIL_S = 1.8e-3, 5.2e-3  # window before sound 1 and after the lock
# Mean time from lock to banking, in spans from sound 1 to the lock: healthy levers have 0.012 to 0.045.
BANK_SPANS, BANK_STEP = (0.009, 0.050), 0.0025
SURE = 4.0  # log odds for a banking below which it is not told from the lock
FITS = 7.0  # remainder (1 for a perfect model) beyond which the mixtures are not believed
SIDES_AGREE = 3.5e-3  # the banking comes equally long after the unlocking on both sides [share of the span]
# At 48 kHz and below the sound has not the bandwidth to part them surely: takes were 2 to 5 deg off when it was tried.
NARROW_HZ = 50_000.0
TRY = 20  # beats a side on which mean spans are tried
POOL = 15  # beats of both sides whose spans are pooled
COMMON_SAMPLES = 0.05  # what the model leaves of all beats of a side in common [samples]


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Times of the sounds of the chain's beats, shape [n], NaN where not timed.

    `time_s` is the beat's landmark (sound 1 of a lever, else the loudest sound) and `sigma_s` its random one-sigma
    error; `common_s` is the one-sigma error that all beats of a side share (it enters the beat error),
    `span_common_s` that of the span from sound 1 to the banking. `timed` names what ends the span: "banking",
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


@dataclass(frozen=True, slots=True)
class Windows:
    """Flattened windows of the beats: `rows` [n_beat, n], the sample of column `zero` is the coarse lock."""

    rows: Floats
    first: Ints  # sample index of column 0, [n_beat]
    zero: int
    rate_hz: float

    def cut(self, beats: Ints, centre: Ints, before: int, after: int) -> Floats:
        """Rows of `beats` from `before` samples before `centre` (columns) to `after` after it."""
        return np.take_along_axis(self.rows[beats], centre[:, None] + np.arange(-before, after), axis=1)


def time_sounds(samples: Floats, rate_hz: float, chain: Chain, shape: Shape, level: Level) -> Landmarks:
    """Time the sounds of every beat of cleaned samples."""
    coarse = _coarse(chain, shape)
    if not shape.lever or rate_hz < LOWEST_RATE_HZ:
        return coarse
    windows = _windows(samples, rate_hz, shape)
    quiet = _quiet(samples, rate_hz, shape, level)
    usable = _usable(windows, chain, shape)
    sides = [usable[chain.side[usable] == s] for s in range(2)]
    if min(len(s) for s in sides) < FEWEST_A_SIDE or quiet is None:
        return coarse
    reach = modal.flat_margin(rate_hz)
    a, b = windows.zero + int(0.7e-3 * rate_hz) - reach, windows.zero + int(3.4e-3 * rate_hz) + reach
    ringing = modal.flatten(windows.rows[usable, a:b], rate_hz)[:, reach:-reach]
    modes = Modes.plain(modal.poles(ringing, rate_hz, float(np.mean(quiet**2))))
    if len(modes) < 2:
        return coarse
    return _fine(windows, quiet, modes, sides, chain, shape, coarse)


def _coarse(chain: Chain, shape: Shape) -> Landmarks:
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
    return Landmarks(time, sigma, nothing, nothing, nothing, False, time, common_s=5e-5, buried=shape.buried)


def _windows(samples: Floats, rate_hz: float, shape: Shape) -> Windows:
    """Flattened windows from before sound 1 to after the lock; beats cut by an end of the take are NaN."""
    before = int((LEAD_S - float(np.nanmin(shape.first_s))) * rate_hz)
    after = int(TAIL_S * rate_hz)
    lock = np.round(shape.time_s * rate_hz).astype(np.int64)
    first = lock - before
    inside = (first >= 0) & (lock + after < len(samples))
    rows = samples[np.clip(first, 0, len(samples) - before - after - 1)[:, None] + np.arange(before + after)]
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows[~inside] = np.nan
    return Windows(rows, first, before, rate_hz)


def _usable(windows: Windows, chain: Chain, shape: Shape) -> Ints:
    """Beats that lie whole in the take, near where their neighbours put them, and about as loud as the others."""
    rows = windows.rows
    whole = shape.good & np.isfinite(rows[:, 0])
    near = slice(windows.zero, windows.zero + int(1e-3 * windows.rate_hz))
    loud = np.sqrt(np.mean(rows[:, near] ** 2, axis=1))
    for s in range(2):
        mine = whole & (chain.side == s)
        if mine.sum() < 4:
            continue
        off = shape.time_s[mine] - chain.number[mine] * chain.beat_s
        off = off - running_median(off, 9)
        typical = float(np.median(loud[mine]))
        whole[mine] = (np.abs(off) < 0.8e-3) & (loud[mine] > 0.3 * typical) & (loud[mine] < 4.0 * typical)
    return np.flatnonzero(whole)


def _quiet(samples: Floats, rate_hz: float, shape: Shape, level: Level) -> Floats | None:
    """Flattened rows of the stillest stretch of some beats, [n, n_quiet]."""
    size, margin = int(3.5e-3 * rate_hz), int(0.7e-3 * rate_hz)
    middle = 0.5 * sum(level.quiet_s)
    at = np.round((shape.time_s + middle) * rate_hz).astype(np.int64) - size // 2 - margin
    at = at[(at >= 0) & (at + size + 2 * margin < len(samples))][:200]
    if not len(at):
        return None
    rows = samples[at[:, None] + np.arange(size + 2 * margin)]
    rows = rows[:, margin:-margin] - rows[:, margin:-margin].mean(axis=1, keepdims=True)
    power = (np.diff(rows, axis=1) ** 2).mean(axis=1)
    return rows[power <= np.quantile(power, 0.8)]


def _fine(
    windows: Windows, quiet: Floats, modes: Modes, sides: list[Ints], chain: Chain, shape: Shape, coarse: Landmarks
) -> Landmarks:
    """Modal timing of both sides."""
    n = len(chain)
    out = {name: np.full(n, np.nan) for name in ("unlock", "lock", "bank", "sigma", "bank_sigma")}
    evidence, misfit = [], []
    modes, locks, unlocks = _time_singles(windows, quiet, modes, sides, shape)
    power = np.mean([lock.prior.mean**2 for lock in locks], axis=0)
    locks, banks = _time_banks(windows, quiet, modes, sides, locks, unlocks, power)
    for beats, lock, unlock, bank in zip(sides, locks, unlocks, banks, strict=True):
        out["unlock"][beats], out["sigma"][beats] = unlock.time_s, unlock.sigma_s
        out["lock"][beats] = lock.time_s
        out["bank"][beats], out["bank_sigma"][beats] = bank.time_s, bank.sigma_s
        evidence.append(bank.evidence)
        misfit.append(bank.misfit)
    spans = [float(np.median(bank.time_s - unlock.time_s)) for bank, unlock in zip(banks, unlocks, strict=True)]
    parted = min(evidence) > SURE and max(misfit) < FITS and abs(spans[0] - spans[1]) < SIDES_AGREE * spans[0]
    parted = parted and windows.rate_hz > NARROW_HZ
    offset = [float(np.nanmedian((out["unlock"] - coarse.time_s)[chain.side == s])) for s in range(2)]
    rough = np.where(np.isfinite(out["unlock"]), out["unlock"], coarse.time_s + np.array(offset)[chain.side])
    impulse = coarse.time_s + (shape.impulse_s)[chain.side]
    return Landmarks(
        out["unlock"],
        out["sigma"],
        np.where(np.isfinite(out["unlock"]), impulse, np.nan),
        out["lock"],
        out["bank"],
        True,
        rough,
        "banking" if parted else "lock or banking",
        COMMON_SAMPLES / windows.rate_hz,
        COMMON_SAMPLES / windows.rate_hz,
        float(min(evidence)),
        float(np.nanmedian(out["bank_sigma"])),
    )


def _time_singles(
    windows: Windows, quiet: Floats, modes: Modes, sides: list[Ints], shape: Shape
) -> tuple[Modes, list[Timed], list[Timed]]:
    """Locks and unlockings of both sides, first with sines, then with the phases that their averages show."""
    for turn in range(2):
        locks = [_time_lock(windows, quiet, modes, beats) for beats in sides]
        power = np.mean([lock.prior.mean**2 for lock in locks], axis=0)
        unlocks = [
            _time_unlock(windows, quiet, modes, beats, lock, float(first), power)
            for beats, lock, first in zip(sides, locks, shape.first_s, strict=True)
        ]
        if turn == 0:
            heard = []
            for beats, lock, unlock in zip(sides, locks, unlocks, strict=True):
                heard.append(_average(windows, quiet, beats, lock.time_s, 0.08e-3))
                heard.append(_average(windows, quiet, beats, unlock.time_s, 0.26e-3))
            modes = modal.turned(modes, heard)
    return modes, locks, unlocks


def _average(
    windows: Windows, quiet: Floats, beats: Ints, at_s: Floats, after_s: float
) -> tuple[Floats, Floats, float]:
    """Mean waveform of a sound aligned to fractions of a sample, with its time axis and one-sigma error."""
    rate, margin = windows.rate_hz, 16
    before, after = int(0.1e-3 * rate), max(6, int(after_s * rate))
    exact = at_s * rate - windows.first[beats]
    column = np.clip(np.floor(exact).astype(np.int64), before + margin, windows.rows.shape[1] - after - margin - 1)
    rows = windows.cut(beats, column, before + margin, after + margin)
    mean = modal.shift_rows(rows, exact - column)[:, margin:-margin].mean(axis=0)
    sigma = float(np.sqrt(np.mean(quiet**2) / len(beats) + (0.01 * np.abs(mean).max()) ** 2))
    return np.arange(-before, after) / rate, mean, sigma


def _time_lock(windows: Windows, quiet: Floats, modes: Modes, beats: Ints) -> Timed:
    """The lock: coarse search on a few beats for the common shift, then all beats, then with the learnt mixture."""
    rate = windows.rate_hz
    before, after = int(0.5e-3 * rate), int(1.5e-3 * rate)
    time = np.arange(-before, after) / rate
    noise = modal.noise_covariance(quiet, len(time))
    centre = np.full(len(beats), windows.zero)
    few = beats[np.linspace(0, len(beats) - 1, min(len(beats), 40)).astype(np.int64)]
    look = windows.cut(few, np.full(len(few), windows.zero), before, after).T
    older = modal.decay(modes, time)
    power = float(np.mean(look[: before // 2] ** 2)) + noise[0, 0]
    later = modal.rings(modes, time, np.arange(60e-6, 600e-6, 40e-6))
    spread = 0.1 * float(np.mean(np.max(look**2, axis=0))) / len(modes)
    clutter = spread * np.einsum("gim,gjm->ij", later, later) / len(later)
    whiten = Whitener.of(noise + power * older @ older.T + clutter)
    broad = Prior.broad(np.full(len(modes), 2.0 * float(np.mean(np.max(look**2, axis=0))) / len(modes)))
    grid = np.arange(-0.35e-3, 0.45e-3, 8e-6)
    likelihood, _a = modal.scan(look, whiten, modes, time, grid, broad)
    shift = float(np.median(grid[np.argmax(likelihood, axis=0)]))
    centre = centre + int(round(shift * rate))
    look = windows.cut(beats, centre, before, after).T
    prior = broad
    grid = np.arange(-0.16e-3, 0.16e-3, 0.25 / rate)
    at = np.zeros(len(beats))
    for turn in range(3):
        if turn:
            move = int(round(float(np.median(at)) * rate))
            centre = np.clip(centre + move, before, windows.rows.shape[1] - after - 1)
            look = windows.cut(beats, centre, before, after).T
        likelihood, amplitude = modal.scan(look, whiten, modes, time, grid, prior)
        if turn:  # a period away it may fit as well: keep near where the side's other beats have it
            likelihood = likelihood - 0.5 * (grid[:, None] / 25e-6) ** 2
        at, k, sigma = modal.peak(likelihood, grid)
        own = amplitude[k, :, np.arange(len(beats))]
        mean = np.median(own, axis=0)
        prior = Prior.about(mean, shape=0.25, level=0.15, floor=0.05 * np.full(len(modes), np.mean(mean**2)))
    start = windows.first[beats] + centre
    return Timed(start / rate + at, sigma, prior)


def _time_unlock(
    windows: Windows, quiet: Floats, modes: Modes, beats: Ints, lock: Timed, first_s: float, power: Floats
) -> Timed:
    """Sound 1: wide search with a free mixture, then a narrow one that ends before its own bounce."""
    rate = windows.rate_hz
    before, after = int(0.9e-3 * rate), int(1.0e-3 * rate)
    time = np.arange(-before, after) / rate
    noise = modal.noise_covariance(quiet, len(time))
    column = np.round((lock.time_s + first_s) * rate).astype(np.int64) - windows.first[beats]
    column = np.clip(column, before, windows.rows.shape[1] - after - 1)
    look = windows.cut(beats, column, before, after).T
    whiten = Whitener.of(noise)
    prior = Prior.broad(0.06 * power + 0.02 * power.mean())
    grid = np.arange(-0.8e-3, 0.7e-3, 1.0 / rate)
    at = np.zeros(len(beats))
    for turn in range(2):
        likelihood, amplitude = modal.scan(look, whiten, modes, time, grid, prior)
        if turn:  # keep near where the side's other beats have it
            likelihood = likelihood - 0.5 * ((grid[:, None] - np.median(at)) / 0.35e-3) ** 2
        at, k, sigma = modal.peak(likelihood, grid)
        own = amplitude[k, :, np.arange(len(beats))]
        mean = np.median(own, axis=0)
        prior = Prior.about(mean, shape=0.3, level=0.3, floor=0.05 * np.full(len(modes), np.mean(mean**2)))
    column = column + np.round(at * rate).astype(np.int64)
    before, after = int(0.35e-3 * rate), int(0.24e-3 * rate)
    column = np.clip(column, before, windows.rows.shape[1] - after - 1)
    time = np.arange(-before, after) / rate
    look = windows.cut(beats, column, before, after).T
    whiten = Whitener.of(modal.noise_covariance(quiet, len(time)))
    grid = np.arange(-7.0, 7.01, 0.25) / rate
    for _turn in range(2):
        likelihood, amplitude = modal.scan(look, whiten, modes, time, grid, prior)
        at, k, sigma = modal.peak(likelihood, grid)
        own = amplitude[k, :, np.arange(len(beats))]
        mean = np.mean(own, axis=0)
        prior = Prior.about(mean, shape=0.2, level=0.2, floor=0.05 * np.full(len(modes), np.mean(mean**2)))
    start = windows.first[beats] + column
    gain = likelihood.max(axis=0) - _nothing(look, whiten, prior)
    return Timed(start / rate + at, sigma, prior, float(np.mean(gain)))


def _nothing(look: Floats, whiten: Whitener, prior: Prior) -> Floats:
    """Log-likelihood of no blow at all on the scale of `modal.scan`, [n_beat]."""
    inverse = np.linalg.inv(prior.covariance)
    right = inverse @ prior.mean
    value = 0.5 * right @ prior.covariance @ right - 0.5 * np.linalg.slogdet(inverse)[1]
    return np.full(look.shape[1], float(value))


def _time_banks(
    windows: Windows,
    quiet: Floats,
    modes: Modes,
    sides: list[Ints],
    locks: list[Timed],
    unlocks: list[Timed],
    power: Floats,
) -> tuple[list[Timed], list[Timed]]:
    """Locks, timed again, and bankings of both sides.

    The banking follows the jewel: it comes equally long after the unlocking on both sides, but for the slow change of
    amplitude. So each possible mean span is tried on a few beats of both sides together, and the one that explains
    their sound best leads: what else follows a lock (its bounce) follows the escape wheel and jumps from beat to beat.
    """
    when = np.concatenate([u.time_s for u in unlocks])
    order = np.argsort(when)
    spans = [lock.time_s - unlock.time_s for lock, unlock in zip(locks, unlocks, strict=True)]
    swing = np.concatenate([span - np.median(span) for span in spans])[order]
    swing = np.interp(when, when[order], running_median(swing, 2 * POOL + 1))
    parts = np.split(swing, [len(spans[0])])
    middle = float(np.mean([np.median(span) for span in spans]))
    tasks = [
        _cluster(windows, quiet, modes, beats, lock, unlock.time_s, power)
        for beats, lock, unlock in zip(sides, locks, unlocks, strict=True)
    ]
    tries = [task.part(TRY) for task in tasks]
    guesses = middle * (1.0 + np.arange(*BANK_SPANS, BANK_STEP))
    scores = [
        sum(task.attempt(guess + part[rows]) for (task, rows), part in zip(tries, parts, strict=True))
        for guess in guesses
    ]
    guess = float(modal.peak(np.array(scores)[:, None], guesses)[0][0])
    expected = [guess + part for part in parts]
    for turn in range(3):
        tasks = [task.settle(e, turn) for task, e in zip(tasks, expected, strict=True)]
        pooled = np.concatenate([task.span_s for task in tasks])[order]
        local = np.interp(when, when[order], running_median(pooled, POOL))
        expected = np.split(local, [len(spans[0])])
    tasks = [task.settle(e, 3) for task, e in zip(tasks, expected, strict=True)]
    return [task.lock for task in tasks], [task.banked() for task in tasks]


def _cluster(
    windows: Windows, quiet: Floats, modes: Modes, beats: Ints, lock: Timed, unlock_s: Floats, power: Floats
) -> Cluster:
    """The third sounds of some beats, cut wide enough to move the lock by 0.4 ms."""
    rate = windows.rate_hz
    before, after = (int((w + 0.4e-3) * rate) for w in WINDOW_S)
    column = np.floor(lock.time_s * rate - windows.first[beats]).astype(np.int64)
    column = np.clip(column, before, windows.rows.shape[1] - after)
    rows = windows.cut(beats, column, before, after)
    return Cluster(rows, (windows.first[beats] + column - before) / rate, rate, quiet, modes, lock, unlock_s, power)


def running_median(values: Floats, width: int) -> Floats:
    half = width // 2
    padded = np.pad(values, half, mode="reflect") if len(values) > half else np.pad(values, half, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1))
