"""The third sounds of one side: lock, banking and bounce, parted.

The mixtures of lock and banking are learnt from the take by expectation-maximisation: the bounce has the lock's
mixture times a restitution, the banking its own; where it should come is told from outside (both sides together).
The lock is ten times as loud as what hides behind it, so that a fault of a few degrees in the phase of a mode leaves a
remainder like a soft blow. The lock may therefore ring a little out of phase, the more the nearer a mode lies to the
end of the microphone's band, where its filter turns the phase most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.timing import modal
from heartwright.listen.timing.modal import Modes, Pair, Prior, Whitener
from heartwright.records import Floats, Ints

WINDOW_S = (0.4e-3, 1.5e-3)  # before and after the lock
LATEST_SPAN = 0.058  # last banking after the lock, in spans from sound 1 to the lock
BOUNCE_SPANS = (0.015, 0.07)  # bounce of the tooth after the lock, likewise
BOUNCE_SHARE = (0.2, 0.15)  # restitution of steel on ruby, 0.1..0.35
LOCK_SHAPE, LOCK_LEVEL = 0.25, 0.2  # how locks vary from beat to beat, each mode and all together
LOCK_JITTER_S = 2e-6
LOCK_PHASE = (0.1, 1.0)  # fault of a mode's phase [rad]: everywhere, and more at the highest mode (by frequency cubed)
CLUTTER = 0.06  # small blows that are not modelled, share of the lock
LEARN = 48  # beats a side that teach the mixtures
NEAR_S = 12e-6  # how near bankings come to where their neighbours' are [one sigma]
STEP_S = (8e-6, 5e-6)  # between bankings tried while learning and at last, for spans up to 10 ms
GUESS_S = 25e-6  # how near they come to where the locks' swing puts them [one sigma]


@dataclass(frozen=True, slots=True)
class Timed:
    """One sound of one side: times [s], one-sigma, what it is like; `evidence` is the mean log odds for it."""

    time_s: Floats
    sigma_s: Floats
    prior: Prior
    evidence: float = 0.0
    misfit: float = 1.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Windows [n_beat, n] round the locks of one side, and what is known of their third sounds."""

    rows: Floats
    start_s: Floats  # time of column 0 [s]
    rate_hz: float
    quiet: Floats
    modes: Modes
    lock: Timed
    unlock_s: Floats
    power: Floats
    learner: Learner | None = None
    found: Found | None = None
    evidence: float = 0.0

    @property
    def span_s(self) -> Floats:
        """From sound 1 to the banking as last found [s]."""
        assert self.found is not None
        return self.lock.time_s + self.found.time_s - self.unlock_s

    @property
    def likelihood(self) -> float:
        """Mean log-likelihood of the windows as last found."""
        assert self.found is not None
        return self.found.likelihood

    def part(self, most: int) -> tuple[Cluster, Ints]:
        """At most `most` beats spread over the take, and which."""
        n = len(self.rows)
        few = np.linspace(0, n - 1, min(n, most)).astype(np.int64)
        lock = Timed(self.lock.time_s[few], self.lock.sigma_s[few], self.lock.prior)
        small = replace(
            self, rows=self.rows[few], start_s=self.start_s[few], lock=lock, unlock_s=self.unlock_s[few], found=None
        )
        return small, few

    def look(self) -> tuple[Floats, Floats]:
        """Columns [n, n_beat] with every lock at time 0, and their time axis [s]."""
        before, after = (int(w * self.rate_hz) for w in WINDOW_S)
        exact = (self.lock.time_s - self.start_s) * self.rate_hz
        column = np.clip(np.floor(exact).astype(np.int64), before + 16, self.rows.shape[1] - after - 16)
        index = column[:, None] + np.arange(-before - 16, after + 16)
        rows = np.take_along_axis(self.rows, index, axis=1)
        return modal.shift_rows(rows, exact - column)[:, 16:-16].T, np.arange(-before, after) / self.rate_hz

    def attempts(self, spans_s: list[Floats]) -> Floats:
        """Mean log-likelihood with bankings at about each of `spans_s` [n_beat] after sound 1, mixtures learnt under
        that belief, shape [n_try]."""
        look, time_s = self.look()
        start = self._teach(look, time_s)
        scanned = start.scan(look)
        out = np.empty(len(spans_s))
        for i, span_s in enumerate(spans_s):
            after = span_s - (self.lock.time_s - self.unlock_s)
            learner = replace(start)
            learner.learn(look, learner.weigh(scanned, after, GUESS_S), 0)
            out[i] = learner.weigh(learner.scan(look), after, GUESS_S).likelihood
        return out

    def settle(self, span_s: Floats, turn: int) -> Cluster:
        """Learn on some beats, find bankings and bounces of all, and time the locks again without them."""
        small, few = self.part(LEARN)
        near = (2.0 * GUESS_S, GUESS_S, NEAR_S, NEAR_S)[turn]
        after = span_s - (self.lock.time_s - self.unlock_s)
        learner = self.learner
        if turn < 3 or learner is None:
            look, time_s = small.look()
            learner = replace(learner) if learner is not None else small._teach(look, time_s)
            for _ in range(2):
                learner.learn(look, learner.weigh(learner.scan(look), after[few], near), turn)
        if turn == 3:
            learner = learner.finer(float(np.median(self.lock.time_s - self.unlock_s)))
        look, time_s = self.look()
        scanned = learner.scan(look)
        found = learner.weigh(scanned, after, near)
        evidence = learner.evidence(scanned, found) if turn == 3 else 0.0
        reach = 16e-6
        shift, sigma = learner.relock(look, found, np.arange(-reach, 1.01 * reach, reach / 16.0))
        found.time_s = found.time_s - shift
        lock = Timed(self.lock.time_s + shift, sigma, self.lock.prior)
        return replace(self, lock=lock, learner=learner, found=found, evidence=evidence)

    def banked(self) -> Timed:
        """The bankings as last found."""
        assert self.found is not None and self.learner is not None
        time = self.lock.time_s + self.found.time_s
        return Timed(time, self.found.sigma_s, self.learner.bank, self.evidence, self.found.misfit)

    def _teach(self, look: Floats, time_s: Floats) -> Learner:
        span = float(np.median(self.lock.time_s - self.unlock_s))
        return Learner.of(look, time_s, self.quiet, self.modes, self.lock, self.power, span)


@dataclass(slots=True)
class Found:
    """What one expectation step finds: banking times after the lock, amplitudes and bounces, per beat."""

    time_s: Floats
    sigma_s: Floats
    bank: Floats  # [n_beat, n_mode]
    first: Ints
    second: Ints
    share: Floats
    total: Floats  # log-likelihood of lock, banking and bounce, all times weighed [n_beat]
    likelihood: float  # mean log-likelihood of the windows under the mixtures
    misfit: float  # mean square of the whitened remainder: 1 where the model holds


@dataclass(frozen=True, slots=True)
class Scanned:
    """Windows less their locks, whitened, with every banking and bounce tried."""

    white: Floats  # [n, n_beat]
    whiten: Whitener
    pair: Pair


@dataclass(slots=True)
class Learner:
    """Mixtures of lock and banking of one side, updated turn by turn."""

    modes: Modes
    time_s: Floats
    noise: Floats
    lock: Prior
    bank: Prior
    power: Floats
    first_s: Floats
    second_s: Floats
    unit: Floats
    late: Floats  # change of `unit` per second of delay
    turned: Floats  # `unit` a quarter turn ahead, by the fault that its phase may have
    first: Floats  # answers at `first_s`, [n_first, n, n_mode]
    second: Floats  # answers at `second_s`, likewise

    @classmethod
    def of(
        cls, look: Floats, time: Floats, quiet: Floats, modes: Modes, lock: Timed, power: Floats,
        span: float,
    ) -> Learner:  # fmt: skip
        noise = modal.noise_covariance(quiet, len(time))
        older = modal.decay(modes, time)
        early = float(np.mean(look[:20] ** 2)) + noise[0, 0]
        small = modal.rings(modes, time, np.arange(0.0, 1.2e-3, 20e-6))
        clutter = modal.stacked(small * np.sqrt(power * CLUTTER**2 * 1.5 / len(small)))
        first, second = _grids(span, STEP_S[0])
        fault = LOCK_PHASE[0] + LOCK_PHASE[1] * (modes.pole.imag / modes.pole.imag.max()) ** 3
        return cls(
            modes,
            time,
            noise + 4.0 * early * older @ older.T + clutter @ clutter.T,
            Prior.about(lock.prior.mean, shape=LOCK_SHAPE, level=LOCK_LEVEL, floor=0.1 * power),
            Prior.broad(0.06 * power + 0.01 * power.mean()),
            power,
            first,
            second,
            modal.ring(modes, time, 0.0),
            (modal.ring(modes, time, 1e-6) - modal.ring(modes, time, -1e-6)) / 2e-6,
            modal.ring(Modes(modes.pole, 1j * modes.turn), time, 0.0) * fault,
            modal.rings(modes, time, first),
            modal.rings(modes, time, second),
        )

    def finer(self, span: float) -> Learner:
        """The same mixtures, with bankings tried more closely."""
        first, second = _grids(span, STEP_S[1])
        answers = modal.rings(self.modes, self.time_s, first), modal.rings(self.modes, self.time_s, second)
        return replace(self, first_s=first, second_s=second, first=answers[0], second=answers[1])

    def _noise(self) -> Floats:
        """Noise with what the phases of the lock may be off by."""
        turned = self.turned * self.lock.mean
        return np.asarray(self.noise + turned @ turned.T)

    def scan(self, look: Floats) -> Scanned:
        """Every banking and bounce tried on windows [n, n_beat], given the mixtures."""
        late = (self.late @ self.lock.mean) * LOCK_JITTER_S
        whiten = Whitener.of(self._noise() + self.unit @ self.lock.covariance @ self.unit.T + np.outer(late, late))
        white = whiten(look - (self.unit @ self.lock.mean)[:, None])
        echo = whiten((self.second @ self.lock.mean).T).T
        first = modal.white_rings(whiten, self.first)
        return Scanned(white, whiten, modal.scan_pair(white, first, echo, self.bank, BOUNCE_SHARE))

    def weigh(self, scanned: Scanned, expected_s: Floats, near_s: float) -> Found:
        """Posterior of the banking's time; `expected_s` [n_beat] is where it should be, `near_s` how nearly."""
        pair, n = scanned.pair, scanned.white.shape[1]
        rest = (scanned.white**2).sum(axis=0)
        misfit = float(np.median(rest - 2.0 * pair.likelihood.max(axis=(0, 1)))) / len(self.time_s)
        heat = max(1.0, misfit)  # what the model leaves counts as noise: odds are worth so much less
        off = -0.5 * ((self.first_s[:, None] - expected_s) / near_s) ** 2
        odds = pair.likelihood * np.float32(1.0 / heat) + off.astype(np.float32)[:, None, :]
        flat = odds.reshape(-1, n).argmax(axis=0)
        i, j = np.divmod(flat, len(self.second_s))
        beat = np.arange(n)
        top = odds[i, j, beat]
        at, _k, curve = modal.peak(odds[:, j, beat], self.first_s)
        share = np.exp(odds - top)
        total = share.sum(axis=(0, 1), dtype=np.float64)
        share /= total.astype(np.float32)
        first = share.sum(axis=1, dtype=np.float64)
        mean = first.T @ self.first_s
        spread = np.sqrt(np.maximum(first.T @ self.first_s**2 - mean**2, curve**2))
        bank, echo = pair.mean_amplitude(share)
        total = np.log(total) + top
        whole = (
            total
            - 0.5 * rest / heat
            - np.log(np.diag(scanned.whiten.factor)).sum()
            - 0.5 * len(self.time_s) * np.log(heat)
        )
        known = self.bank.mean @ np.linalg.solve(self.bank.covariance, self.bank.mean)
        whole -= 0.5 * known + 0.5 * np.linalg.slogdet(self.bank.covariance)[1]
        return Found(at, spread, bank, i, j, echo, heat * total, float(np.mean(whole)), misfit)

    def evidence(self, scanned: Scanned, found: Found) -> float:
        """Mean log odds of the bankings against lock and bounce alone, best bounce averaged over."""
        echo = scanned.whiten((self.second @ self.lock.mean).T)
        precision = (echo**2).sum(axis=0) + 1.0 / BOUNCE_SHARE[1] ** 2
        right = echo.T @ scanned.white + BOUNCE_SHARE[0] / BOUNCE_SHARE[1] ** 2
        value = 0.5 * right**2 / precision[:, None] - 0.5 * np.log(precision)[:, None]
        inverse = np.linalg.inv(self.bank.covariance)
        value = value + 0.5 * self.bank.mean @ inverse @ self.bank.mean - 0.5 * np.linalg.slogdet(inverse)[1]
        top = value.max(axis=0)
        none = top + np.log(np.exp(value - top).mean(axis=0))
        return float(np.mean(found.total - np.log(len(self.first_s) * len(self.second_s)) - none))

    def learn(self, look: Floats, found: Found, turn: int) -> None:
        """New mixtures from the amplitudes found."""
        mean = np.mean(found.bank, axis=0)
        floor = 0.05 * np.full(len(mean), np.mean(mean**2))
        self.bank = Prior.about(mean, shape=0.5 if turn < 1 else 0.2, level=0.15, floor=floor)
        bank = self.later(found)
        whiten = Whitener.of(self._noise())
        unit, rest = whiten(self.unit), whiten(look - bank - (self.unit @ self.lock.mean)[:, None])
        inverse = np.linalg.inv(self.lock.covariance)
        step = np.linalg.solve(unit.T @ unit + inverse, unit.T @ rest)
        mean = self.lock.mean + step.mean(axis=1)
        self.lock = Prior.about(mean, shape=LOCK_SHAPE, level=LOCK_LEVEL, floor=0.02 * self.power)

    def later(self, found: Found) -> Floats:
        """Waveforms of bankings and bounces as found, [n, n_beat]."""
        second = self.second @ self.lock.mean
        bank = (self.first[found.first] @ found.bank[:, :, None])[:, :, 0]
        return np.asarray((bank + found.share[:, None] * second[found.second]).T)

    def relock(self, look: Floats, found: Found, grid_s: Floats) -> tuple[Floats, Floats]:
        """Shift of the lock from time 0 once bankings and bounces are taken away, and its one-sigma, [n_beat]."""
        rest = look - self.later(found)
        prior = Prior.about(self.lock.mean, shape=LOCK_SHAPE, level=LOCK_LEVEL, floor=0.02 * self.power)
        whiten = Whitener.of(self._noise())
        answers = modal.white_rings(whiten, modal.rings(self.modes, self.time_s, grid_s))
        likelihood, _amplitude = modal.scan(whiten(rest), answers, prior)
        shift, _top, sigma = modal.peak(likelihood, grid_s)
        return shift, sigma


def _grids(span: float, step_s: float) -> tuple[Floats, Floats]:
    """Times after the lock at which bankings and bounces are tried [s]."""
    step = step_s * max(1.0, span / 10e-3)
    first = np.arange(1e-3 * span, LATEST_SPAN * span, step)
    return first, np.arange(BOUNCE_SPANS[0] * span, BOUNCE_SPANS[1] * span, 1.2 * step)
