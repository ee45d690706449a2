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
from heartwright.listen.level import Level
from heartwright.listen.modal import Complexes, Prior, Whitener
from heartwright.listen.shape import Shape
from heartwright.listen.track import Chain
from heartwright.records import Floats, Ints

LOWEST_RATE_HZ = 30_000.0
FEWEST_A_SIDE = 8
LEAD_S, TAIL_S = 1.8e-3, 5.2e-3  # window before sound 1 and after the lock
BANK_SPANS = (0.001, 0.048)  # banking after the lock, in spans from sound 1 to the lock
BOUNCE_SPANS = (0.015, 0.07)  # bounce of the tooth after the lock, likewise
BOUNCE_SHARE = (0.2, 0.15)  # restitution of steel on ruby, 0.1..0.35
SIDES_AGREE_S = 30e-6
ROUGH_S = 20e-6
POOL = 15  # beats of both sides whose spans are pooled
COMMON_SAMPLES = 0.05  # what the model leaves of all beats of a side in common [samples]
LEARN = 48  # beats a side that teach the mixtures
TURNS = 4
LOCK_JITTER_S = 2e-6
CLUTTER = 0.06  # small blows that are not modelled, share of the lock


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
    a, b = windows.zero + int(0.7e-3 * rate_hz), windows.zero + int(3.4e-3 * rate_hz)
    pole = modal.poles(windows.rows[usable, a:b], rate_hz, float(np.mean(quiet**2)))
    if len(pole) < 2:
        return coarse
    return _fine(windows, quiet, pole, sides, chain, shape, coarse)


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
    rows = modal.flatten(rows, rate_hz)
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
        off = off - _running_median(off, 9)
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
    rows = modal.flatten(rows, rate_hz)[:, margin:-margin]
    power = (rows**2).mean(axis=1)
    return rows[power <= np.quantile(power, 0.8)]


def _fine(
    windows: Windows, quiet: Floats, pole: Complexes, sides: list[Ints], chain: Chain, shape: Shape, coarse: Landmarks
) -> Landmarks:
    """Modal timing of both sides."""
    n = len(chain)
    out = {name: np.full(n, np.nan) for name in ("unlock", "lock", "bank", "sigma", "bank_sigma")}
    evidence = []
    locks = [_time_lock(windows, quiet, pole, beats) for beats in sides]
    power = np.mean([lock.prior.mean**2 for lock in locks], axis=0)
    unlocks = [
        _time_unlock(windows, quiet, pole, sides[s], locks[s], float(shape.first_s[s]), power) for s in range(2)
    ]
    banks = _time_banks(windows, quiet, pole, sides, locks, unlocks, power)
    for beats, lock, unlock, bank in zip(sides, locks, unlocks, banks, strict=True):
        out["unlock"][beats], out["sigma"][beats] = unlock.time_s, unlock.sigma_s
        out["lock"][beats] = lock.time_s
        out["bank"][beats], out["bank_sigma"][beats] = bank.time_s, bank.sigma_s
        evidence.append(bank.evidence)
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
        "banking" if min(evidence) > 4.0 else "lock or banking",
        COMMON_SAMPLES / windows.rate_hz,
        COMMON_SAMPLES / windows.rate_hz,
        float(min(evidence)),
        float(np.nanmedian(out["bank_sigma"])),
    )


@dataclass(frozen=True, slots=True)
class Timed:
    """One sound of one side: times [s], one-sigma, what it is like; `evidence` is the mean log odds for it."""

    time_s: Floats
    sigma_s: Floats
    prior: Prior
    evidence: float = 0.0


def _time_lock(windows: Windows, quiet: Floats, pole: Complexes, beats: Ints) -> Timed:
    """The lock: coarse search on a few beats for the common shift, then all beats, then with the learnt mixture."""
    rate = windows.rate_hz
    before, after = int(0.5e-3 * rate), int(1.5e-3 * rate)
    time = np.arange(-before, after) / rate
    noise = modal.noise_covariance(quiet, len(time))
    centre = np.full(len(beats), windows.zero)
    few = beats[np.linspace(0, len(beats) - 1, min(len(beats), 40)).astype(np.int64)]
    look = windows.cut(few, np.full(len(few), windows.zero), before, after).T
    older = modal.decay(pole, time)
    power = float(np.mean(look[: before // 2] ** 2)) + noise[0, 0]
    later = modal.rings(pole, time, np.arange(60e-6, 600e-6, 40e-6))
    spread = 0.1 * float(np.mean(np.max(look**2, axis=0))) / len(pole)
    clutter = spread * np.einsum("gim,gjm->ij", later, later) / len(later)
    whiten = Whitener.of(noise + power * older @ older.T + clutter)
    broad = Prior.broad(np.full(len(pole), 2.0 * float(np.mean(np.max(look**2, axis=0))) / len(pole)))
    grid = np.arange(-0.35e-3, 0.45e-3, 8e-6)
    likelihood, _a = modal.scan(look, whiten, pole, time, grid, broad)
    shift = float(np.median(grid[np.argmax(likelihood, axis=0)]))
    centre = centre + int(round(shift * rate))
    look = windows.cut(beats, centre, before, after).T
    prior = broad
    grid = np.arange(-0.16e-3, 0.16e-3, 0.25 / rate)
    for _turn in range(2):
        likelihood, amplitude = modal.scan(look, whiten, pole, time, grid, prior)
        at, k, sigma = modal.peak(likelihood, grid)
        own = amplitude[k, :, np.arange(len(beats))]
        mean = np.median(own, axis=0)
        prior = Prior.about(mean, shape=0.25, level=0.15, floor=0.05 * np.full(len(pole), np.mean(mean**2)))
    start = windows.first[beats] + centre
    return Timed(start / rate + at, sigma, prior)


def _time_unlock(
    windows: Windows, quiet: Floats, pole: Complexes, beats: Ints, lock: Timed, first_s: float, power: Floats
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
    for turn in range(2):
        likelihood, amplitude = modal.scan(look, whiten, pole, time, grid, prior)
        if turn:  # keep near where the side's other beats have it
            likelihood = likelihood - 0.5 * ((grid[:, None] - np.median(at)) / 0.35e-3) ** 2
        at, k, sigma = modal.peak(likelihood, grid)
        own = amplitude[k, :, np.arange(len(beats))]
        mean = np.median(own, axis=0)
        prior = Prior.about(mean, shape=0.3, level=0.3, floor=0.05 * np.full(len(pole), np.mean(mean**2)))
    column = column + np.round(at * rate).astype(np.int64)
    before, after = int(0.35e-3 * rate), int(0.24e-3 * rate)
    column = np.clip(column, before, windows.rows.shape[1] - after - 1)
    time = np.arange(-before, after) / rate
    look = windows.cut(beats, column, before, after).T
    whiten = Whitener.of(modal.noise_covariance(quiet, len(time)))
    grid = np.arange(-7.0, 7.01, 0.25) / rate
    for _turn in range(2):
        likelihood, amplitude = modal.scan(look, whiten, pole, time, grid, prior)
        at, k, sigma = modal.peak(likelihood, grid)
        own = amplitude[k, :, np.arange(len(beats))]
        mean = np.mean(own, axis=0)
        prior = Prior.about(mean, shape=0.2, level=0.2, floor=0.05 * np.full(len(pole), np.mean(mean**2)))
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
    pole: Complexes,
    sides: list[Ints],
    locks: list[Timed],
    unlocks: list[Timed],
    power: Floats,
) -> list[Timed]:
    """Bankings of both sides, which come equally long after the unlocking.

    Each side is tried alone; where they disagree or one is rough, the smoother one leads the other: what is not the
    banking (a bounce, the lock's own shape) follows the escape wheel and jumps from beat to beat.
    """
    tasks = [_Cluster.of(windows, quiet, pole, sides[s], locks[s], unlocks[s].time_s, power) for s in range(2)]
    alone = [task.solve(None) for task in tasks]
    rough = [_roughness(solved.span_s) for solved in alone]
    best = alone
    if abs(np.median(alone[0].span_s) - np.median(alone[1].span_s)) > SIDES_AGREE_S or max(rough) > ROUGH_S:
        lead = int(np.argmin(rough))
        led = _between(alone[lead].span_s, unlocks[lead].time_s, unlocks[1 - lead].time_s)
        other = tasks[1 - lead].solve(led)
        best = [alone[lead], other] if lead == 0 else [other, alone[lead]]
    when = np.concatenate([u.time_s for u in unlocks])
    order = np.argsort(when)
    for last in (False, False, True):
        spans = np.concatenate([solved.span_s for solved in best])
        swing = _running_median(spans[order], POOL)
        best = [
            task.refine(solved, np.interp(unlock.time_s, when[order], swing), last)
            for task, solved, unlock in zip(tasks, best, unlocks, strict=True)
        ]
    return [
        Timed(lock.time_s + solved.found.time_s, solved.found.sigma_s, solved.learner.bank, solved.found.evidence)
        for lock, solved in zip(locks, best, strict=True)
    ]


def _roughness(span_s: Floats) -> float:
    """Robust scatter of a side's spans about their running median [s]: small where they are the banking's."""
    return float(1.4826 * np.median(np.abs(span_s - _running_median(span_s, 9))))


def _between(span_s: Floats, when_s: Floats, at_s: Floats) -> Floats:
    """Running median of one side's spans, read at the other side's times."""
    return np.asarray(np.interp(at_s, when_s, _running_median(span_s, 9)))


@dataclass(slots=True)
class _Solved:
    """State of one side's cluster: mixtures, last expectation, span from sound 1 to the banking [n_beat]."""

    learner: _Learner
    found: _Found
    span_s: Floats


@dataclass(frozen=True, slots=True)
class _Cluster:
    """The third sounds of one side: `look` [n, n_beat] with the lock at time 0."""

    look: Floats
    time_s: Floats
    quiet: Floats
    pole: Complexes
    lock: Timed
    unlock_s: Floats
    power: Floats

    @classmethod
    def of(
        cls,
        windows: Windows,
        quiet: Floats,
        pole: Complexes,
        beats: Ints,
        lock: Timed,
        unlock_s: Floats,
        power: Floats,
    ) -> _Cluster:
        rate, margin = windows.rate_hz, 16
        before, after = int(0.4e-3 * rate), int(1.5e-3 * rate)
        exact = lock.time_s * rate - windows.first[beats]
        column = np.floor(exact).astype(np.int64)
        rows = windows.cut(beats, column, before + margin, after + margin)
        look = modal.shift_rows(rows, exact - column)[:, margin:-margin].T
        return cls(look, np.arange(-before, after) / rate, quiet, pole, lock, unlock_s, power)

    def solve(self, led_s: Floats | None) -> _Solved:
        """Banking and bounce together, mixtures learnt by expectation-maximisation; `led_s` [n_beat] is the span
        from sound 1 to the banking that the other side found."""
        span = self.lock.time_s - self.unlock_s
        learner = _Learner.of(
            self.look, self.time_s, self.quiet, self.pole, self.lock, self.power, float(np.median(span))
        )
        few = self._few()
        expected = None if led_s is None else led_s - span
        for turn in range(TURNS):
            found = learner.expect(self.look[:, few], None if expected is None else expected[few], 8e-6)
            learner.learn(self.look[:, few], found, turn)
        found = learner.expect(self.look, expected)
        return _Solved(learner, found, found.time_s + span)

    def refine(self, solved: _Solved, swing_s: Floats, last: bool) -> _Solved:
        """Another turn with the span that the beats of both sides have on average round each beat."""
        span = self.lock.time_s - self.unlock_s
        expected = swing_s - span
        if not last:
            few = self._few()
            found = solved.learner.expect(self.look[:, few], expected[few])
            solved.learner.learn(self.look[:, few], found, TURNS)
        found = solved.learner.expect(self.look, expected)
        return _Solved(solved.learner, found, found.time_s + span)

    def _few(self) -> Ints:
        n = self.look.shape[1]
        return np.linspace(0, n - 1, min(n, LEARN)).astype(np.int64)


def _running_median(values: Floats, width: int) -> Floats:
    half = width // 2
    padded = np.pad(values, half, mode="reflect") if len(values) > half else np.pad(values, half, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1))


@dataclass(slots=True)
class _Found:
    """What one expectation step finds: banking times after the lock, amplitudes and bounces, per beat."""

    time_s: Floats
    sigma_s: Floats
    bank: Floats  # [n_beat, n_mode]
    first: Ints
    second: Ints
    share: Floats
    evidence: float


@dataclass(slots=True)
class _Learner:
    """Mixtures of lock and banking of one side, updated turn by turn."""

    pole: Complexes
    time_s: Floats
    noise: Floats
    lock: Prior
    bank: Prior
    power: Floats
    first_s: Floats
    second_s: Floats
    unit: Floats
    late: Floats  # change of `unit` per second of delay

    @classmethod
    def of(
        cls, look: Floats, time: Floats, quiet: Floats, pole: Complexes, lock: Timed, power: Floats, span: float
    ) -> _Learner:
        noise = modal.noise_covariance(quiet, len(time))
        older = modal.decay(pole, time)
        early = float(np.mean(look[:20] ** 2)) + noise[0, 0]
        small = modal.rings(pole, time, np.arange(0.0, 1.2e-3, 20e-6))
        wide = max(1.0, span / 10e-3)
        clutter = CLUTTER**2 * np.einsum("gim,m,gjm->ij", small, power, small) * (1.5 / len(small))
        return cls(
            pole,
            time,
            noise + 4.0 * early * older @ older.T + clutter,
            Prior.about(lock.prior.mean, shape=0.2, level=0.1, floor=0.1 * power),
            Prior.broad(0.06 * power + 0.01 * power.mean()),
            power,
            np.arange(BANK_SPANS[0] * span, BANK_SPANS[1] * span, 5e-6 * wide),
            np.arange(BOUNCE_SPANS[0] * span, BOUNCE_SPANS[1] * span, 6e-6 * wide),
            modal.ring(pole, time, 0.0),
            (modal.ring(pole, time, 1e-6) - modal.ring(pole, time, -1e-6)) / 2e-6,
        )

    def expect(self, look: Floats, expected_s: Floats | None, near_s: float = 15e-6) -> _Found:
        """Posterior of the banking's time given the mixtures; `expected_s` [n_beat] is where it should be."""
        late = (self.late @ self.lock.mean) * LOCK_JITTER_S
        whiten = Whitener.of(self.noise + self.unit @ self.lock.covariance @ self.unit.T + np.outer(late, late))
        rest = look - (self.unit @ self.lock.mean)[:, None]
        pair = modal.scan_pair(
            rest,
            whiten,
            self.pole,
            self.time_s,
            self.first_s,
            self.second_s,
            prior=self.bank,
            echo=self.lock.mean,
            echo_share=BOUNCE_SHARE,
        )
        odds = pair.likelihood
        if expected_s is not None:
            away = (self.first_s[:, None] - expected_s) / near_s
            odds = odds - 0.5 * (away**2)[:, None, :]
        top = odds.max(axis=(0, 1))
        share = np.exp(odds - top)
        total = share.sum(axis=(0, 1))
        share /= total
        first = share.sum(axis=1)
        n = look.shape[1]
        flat = odds.reshape(-1, n).argmax(axis=0)
        i, j = np.divmod(flat, len(self.second_s))
        along = odds[:, j, np.arange(n)]
        at, _k, curve = modal.peak(along, self.first_s)
        mean = first.T @ self.first_s
        spread = np.sqrt(np.maximum(first.T @ self.first_s**2 - mean**2, curve**2))
        bank, echo = pair.mean_amplitude(share)
        none = self._without(rest, whiten)
        grid = np.log(len(self.first_s) * len(self.second_s))
        gain = np.log(total) + top - grid - none
        return _Found(at, spread, bank, i, j, echo, float(np.mean(gain)))

    def _without(self, rest: Floats, whiten: Whitener) -> Floats:
        """Log-likelihood of lock and bounce alone, on the scale of the pair, best bounce averaged over, [n_beat]."""
        white = whiten(rest)
        echo = whiten((modal.rings(self.pole, self.time_s, self.second_s) @ self.lock.mean).T)
        precision = (echo**2).sum(axis=0) + 1.0 / BOUNCE_SHARE[1] ** 2
        right = echo.T @ white + BOUNCE_SHARE[0] / BOUNCE_SHARE[1] ** 2
        value = 0.5 * right**2 / precision[:, None] - 0.5 * np.log(precision)[:, None]
        inverse = np.linalg.inv(self.bank.covariance)
        value = value + 0.5 * self.bank.mean @ inverse @ self.bank.mean - 0.5 * np.linalg.slogdet(inverse)[1]
        top = value.max(axis=0)
        return np.asarray(top + np.log(np.exp(value - top).mean(axis=0)))

    def learn(self, look: Floats, found: _Found, turn: int) -> None:
        """New mixtures from the amplitudes found."""
        mean = np.mean(found.bank, axis=0)
        floor = 0.05 * np.full(len(mean), np.mean(mean**2))
        self.bank = Prior.about(mean, shape=0.5 if turn < 1 else 0.2, level=0.15, floor=floor)
        first = modal.rings(self.pole, self.time_s, self.first_s)
        second = modal.rings(self.pole, self.time_s, self.second_s) @ self.lock.mean
        bank = np.einsum("bnm,bm->nb", first[found.first], found.bank) + (found.share[:, None] * second[found.second]).T
        whiten = Whitener.of(self.noise)
        unit, rest = whiten(self.unit), whiten(look - bank - (self.unit @ self.lock.mean)[:, None])
        inverse = np.linalg.inv(self.lock.covariance)
        step = np.linalg.solve(unit.T @ unit + inverse, unit.T @ rest)
        mean = self.lock.mean + step.mean(axis=1)
        self.lock = Prior.about(mean, shape=0.12, level=0.1, floor=0.02 * self.power)
