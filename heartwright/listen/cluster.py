"""The third sounds of one side: lock, banking and bounce, parted.

The mixtures of lock and banking are learnt from the take by expectation-maximisation: the bounce has the lock's
mixture times a restitution, the banking its own; where it should come is told from outside (both sides together).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen import modal
from heartwright.listen.modal import Modes, Prior, Whitener
from heartwright.records import Floats, Ints

WINDOW_S = (0.4e-3, 1.5e-3)  # before and after the lock
LATEST_SPAN = 0.058  # last banking after the lock, in spans from sound 1 to the lock
BOUNCE_SPANS = (0.015, 0.07)  # bounce of the tooth after the lock, likewise
BOUNCE_SHARE = (0.2, 0.15)  # restitution of steel on ruby, 0.1..0.35
LOCK_SHAPE, LOCK_LEVEL = 0.25, 0.2  # how locks vary from beat to beat, each mode and all together
LOCK_JITTER_S = 2e-6
CLUTTER = 0.06  # small blows that are not modelled, share of the lock
LEARN = 48  # beats a side that teach the mixtures
NEAR_S = 12e-6  # how near bankings come to where they should [one sigma]


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

    @property
    def span_s(self) -> Floats:
        """From sound 1 to the banking as last found [s]."""
        assert self.found is not None
        return self.lock.time_s + self.found.time_s - self.unlock_s

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

    def attempt(self, span_s: Floats) -> float:
        """Mean log-likelihood with bankings at about `span_s` after sound 1, mixtures learnt under that belief."""
        look, time_s = self.look()
        learner = self._teach(look, time_s, 8e-6)
        after = span_s - (self.lock.time_s - self.unlock_s)
        for turn in range(2):
            learner.learn(look, learner.expect(look, after), turn)
        return learner.expect(look, after).likelihood

    def settle(self, span_s: Floats, turn: int) -> Cluster:
        """Learn on some beats, find bankings and bounces of all, and time the locks again without them."""
        small, few = self.part(LEARN)
        look, time_s = small.look()
        learner = self.learner or small._teach(look, time_s, 5e-6)
        after = span_s - (self.lock.time_s - self.unlock_s)
        if turn < 3:
            for _ in range(2):
                learner.learn(look, learner.expect(look, after[few]), turn)
        look, time_s = self.look()
        found = learner.expect(look, after)
        reach = 16e-6
        shift, sigma = learner.relock(look, found, np.arange(-reach, 1.01 * reach, reach / 16.0))
        found.time_s = found.time_s - shift
        lock = Timed(self.lock.time_s + shift, sigma, self.lock.prior)
        return replace(self, lock=lock, learner=learner, found=found)

    def banked(self) -> Timed:
        """The bankings as last found."""
        assert self.found is not None and self.learner is not None
        return Timed(
            self.lock.time_s + self.found.time_s, self.found.sigma_s, self.learner.bank, self.found.evidence,
            self.found.misfit,
        )  # fmt: skip

    def _teach(self, look: Floats, time_s: Floats, step_s: float) -> Learner:
        span = float(np.median(self.lock.time_s - self.unlock_s))
        return Learner.of(look, time_s, self.quiet, self.modes, self.lock, self.power, span, step_s)


@dataclass(slots=True)
class Found:
    """What one expectation step finds: banking times after the lock, amplitudes and bounces, per beat."""

    time_s: Floats
    sigma_s: Floats
    bank: Floats  # [n_beat, n_mode]
    first: Ints
    second: Ints
    share: Floats
    evidence: float  # mean log odds against lock and bounce alone
    likelihood: float  # mean log-likelihood of the windows under the mixtures
    misfit: float  # mean square of the whitened remainder: 1 where the model holds


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

    @classmethod
    def of(
        cls, look: Floats, time: Floats, quiet: Floats, modes: Modes, lock: Timed, power: Floats,
        span: float, step_s: float,
    ) -> Learner:  # fmt: skip
        noise = modal.noise_covariance(quiet, len(time))
        older = modal.decay(modes, time)
        early = float(np.mean(look[:20] ** 2)) + noise[0, 0]
        small = modal.rings(modes, time, np.arange(0.0, 1.2e-3, 20e-6))
        wide = max(1.0, span / 10e-3)
        clutter = CLUTTER**2 * np.einsum("gim,m,gjm->ij", small, power, small) * (1.5 / len(small))
        return cls(
            modes,
            time,
            noise + 4.0 * early * older @ older.T + clutter,
            Prior.about(lock.prior.mean, shape=LOCK_SHAPE, level=LOCK_LEVEL, floor=0.1 * power),
            Prior.broad(0.06 * power + 0.01 * power.mean()),
            power,
            np.arange(1e-3 * span, LATEST_SPAN * span, step_s * wide),
            np.arange(BOUNCE_SPANS[0] * span, BOUNCE_SPANS[1] * span, 1.2 * step_s * wide),
            modal.ring(modes, time, 0.0),
            (modal.ring(modes, time, 1e-6) - modal.ring(modes, time, -1e-6)) / 2e-6,
        )

    def expect(self, look: Floats, expected_s: Floats, near_s: float = NEAR_S) -> Found:
        """Posterior of the banking's time given the mixtures; `expected_s` [n_beat] is where it should be."""
        late = (self.late @ self.lock.mean) * LOCK_JITTER_S
        whiten = Whitener.of(self.noise + self.unit @ self.lock.covariance @ self.unit.T + np.outer(late, late))
        rest = look - (self.unit @ self.lock.mean)[:, None]
        pair = modal.scan_pair(
            rest,
            whiten,
            self.modes,
            self.time_s,
            self.first_s,
            self.second_s,
            prior=self.bank,
            echo=self.lock.mean,
            echo_share=BOUNCE_SHARE,
        )
        odds = pair.likelihood
        odds = odds - 0.5 * (((self.first_s[:, None] - expected_s) / near_s) ** 2)[:, None, :]
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
        whole = np.log(total) + top - 0.5 * (whiten(rest) ** 2).sum(axis=0) - np.log(np.diag(whiten.factor)).sum()
        remains = (whiten(rest) ** 2).sum(axis=0) - 2.0 * pair.likelihood[i, j, np.arange(n)]
        misfit = float(np.median(remains)) / len(self.time_s)
        known = self.bank.mean @ np.linalg.solve(self.bank.covariance, self.bank.mean)
        whole -= 0.5 * known + 0.5 * np.linalg.slogdet(self.bank.covariance)[1]
        return Found(at, spread, bank, i, j, echo, float(np.mean(gain)), float(np.mean(whole)), misfit)

    def _without(self, rest: Floats, whiten: Whitener) -> Floats:
        """Log-likelihood of lock and bounce alone, on the scale of the pair, best bounce averaged over, [n_beat]."""
        white = whiten(rest)
        echo = whiten((modal.rings(self.modes, self.time_s, self.second_s) @ self.lock.mean).T)
        precision = (echo**2).sum(axis=0) + 1.0 / BOUNCE_SHARE[1] ** 2
        right = echo.T @ white + BOUNCE_SHARE[0] / BOUNCE_SHARE[1] ** 2
        value = 0.5 * right**2 / precision[:, None] - 0.5 * np.log(precision)[:, None]
        inverse = np.linalg.inv(self.bank.covariance)
        value = value + 0.5 * self.bank.mean @ inverse @ self.bank.mean - 0.5 * np.linalg.slogdet(inverse)[1]
        top = value.max(axis=0)
        return np.asarray(top + np.log(np.exp(value - top).mean(axis=0)))

    def learn(self, look: Floats, found: Found, turn: int) -> None:
        """New mixtures from the amplitudes found."""
        mean = np.mean(found.bank, axis=0)
        floor = 0.05 * np.full(len(mean), np.mean(mean**2))
        self.bank = Prior.about(mean, shape=0.5 if turn < 1 else 0.2, level=0.15, floor=floor)
        bank = self.later(found)
        whiten = Whitener.of(self.noise)
        unit, rest = whiten(self.unit), whiten(look - bank - (self.unit @ self.lock.mean)[:, None])
        inverse = np.linalg.inv(self.lock.covariance)
        step = np.linalg.solve(unit.T @ unit + inverse, unit.T @ rest)
        mean = self.lock.mean + step.mean(axis=1)
        self.lock = Prior.about(mean, shape=LOCK_SHAPE, level=LOCK_LEVEL, floor=0.02 * self.power)

    def later(self, found: Found) -> Floats:
        """Waveforms of bankings and bounces as found, [n, n_beat]."""
        first = modal.rings(self.modes, self.time_s, self.first_s)
        second = modal.rings(self.modes, self.time_s, self.second_s) @ self.lock.mean
        bank = np.einsum("bnm,bm->nb", first[found.first], found.bank)
        return np.asarray(bank + (found.share[:, None] * second[found.second]).T)

    def relock(self, look: Floats, found: Found, grid_s: Floats) -> tuple[Floats, Floats]:
        """Shift of the lock from time 0 once bankings and bounces are taken away, and its one-sigma, [n_beat]."""
        rest = look - self.later(found)
        prior = Prior.about(self.lock.mean, shape=LOCK_SHAPE, level=LOCK_LEVEL, floor=0.02 * self.power)
        likelihood, _amplitude = modal.scan(rest, Whitener.of(self.noise), self.modes, self.time_s, grid_s, prior)
        shift, _top, sigma = modal.peak(likelihood, grid_s)
        return shift, sigma
