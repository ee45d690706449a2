"""Impacts under each other's ringing, parted by what rings.

Model: the case answers every impact with the same damped modes, each starting as a sine (a blow gives velocity, not
displacement), in a mixture that depends on what struck: `y(t) = sum_e sum_m a_em Im exp(s_m (t - t_e))` for t > t_e.
The poles `s_m` are the take's own, found by ESPRIT (Roy & Kailath 1989) on the free decays after the beats. Given the
poles, amplitudes are linear with a Gaussian prior and integrate out in closed form; what is left is a likelihood of
time alone, scanned on a grid. Conventions: windows are columns, shape [n, n_beat]; times in seconds after the window's
zero; a whitened quantity has the noise covariance (and nuisances) removed by a Cholesky factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, eigh, solve_triangular, toeplitz

from heartwright.records import Floats

Complexes = NDArray[np.complex128]

LOWEST_HZ = 900.0
LEAST_Q, MOST_Q = 3.0, 200.0
MOST_MODES = 12
SPAN_S = 1.3e-3  # subspace length


@dataclass(frozen=True, slots=True)
class Modes:
    """What rings: poles [1/s] and the unit turn exp(i phase) each mode's answer has from the microphone, [n_mode]."""

    pole: Complexes
    turn: Complexes

    @classmethod
    def plain(cls, pole: Complexes) -> Modes:
        """Modes that begin as sines."""
        return cls(pole, np.ones(len(pole), dtype=np.complex128))

    def __len__(self) -> int:
        return len(self.pole)


def flatten(rows: Floats, rate_hz: float) -> Floats:
    """Rows [n_beat, n] less their slow part (two running means of half a millisecond, zero phase); ends are lost.

    Hum, rumble and a pump's pressure go, no tick mode is turned: the passband keeps its phase.
    """
    width = max(3, int(0.5e-3 * rate_hz) | 1)
    reach = flat_margin(rate_hz)
    total = np.cumsum(np.pad(rows, ((0, 0), (1, 0))), axis=1)
    once = (total[:, width:] - total[:, :-width]) / width
    total = np.cumsum(np.pad(once, ((0, 0), (1, 0))), axis=1)
    twice = (total[:, width:] - total[:, :-width]) / width
    out = np.zeros_like(rows)
    out[:, reach:-reach] = rows[:, reach:-reach] - twice
    return out


def flat_margin(rate_hz: float) -> int:
    """Samples at each end of a row that `flatten` cannot fill."""
    return max(3, int(0.5e-3 * rate_hz) | 1) - 1


def poles(
    decays: Floats, rate_hz: float, noise: float, *, span_s: float = SPAN_S, lowest_hz: float = LOWEST_HZ
) -> Complexes:
    """Poles [1/s] (upper half plane, by frequency) of the modes that ring in `decays` [n_beat, n].

    `noise` is the mean square of the background; modes that do not stand over it are not returned.
    """
    length = min(int(span_s * rate_hz), decays.shape[1] // 2)
    covariance = np.zeros((length, length))
    count = 0
    for row in decays:
        lags = np.lib.stride_tricks.sliding_window_view(row, length)
        covariance += lags.T @ lags
        count += len(lags)
    values, vectors = eigh(covariance / max(count, 1))
    floor = max(float(np.median(values[: length // 2])), 1e-3 * noise)
    order = int(np.clip(2 * (((values > 1.6 * floor).sum() + 1) // 2), 2, 2 * MOST_MODES))
    basis = vectors[:, -order:]
    step = np.linalg.lstsq(basis[:-1], basis[1:], rcond=None)[0]
    found = np.log(np.linalg.eigvals(step).astype(np.complex128)) * rate_hz
    found = found[found.imag > 0]
    frequency = found.imag / (2 * np.pi)
    quality = -found.imag / (2 * np.minimum(found.real, -1e-9))
    keep = (frequency > lowest_hz) & (frequency < 0.46 * rate_hz) & (quality > LEAST_Q) & (quality < MOST_Q)
    keep &= found.real < 0
    return np.asarray(found[keep][np.argsort(frequency[keep])])


def ring(modes: Modes, time_s: Floats, start_s: float) -> Floats:
    """Unit answers of the modes to a blow at `start_s`, shape [n, n_mode]."""
    after = time_s[:, None] - start_s
    on = after > 0
    return np.asarray((np.exp(np.where(on, after, 0.0) * modes.pole) * modes.turn).imag * on)


def ring_and_slope(modes: Modes, time_s: Floats, start_s: float) -> tuple[Floats, Floats]:
    """`ring` and its derivative by the start [1/s], both of shape [n, n_mode]."""
    after = time_s[:, None] - start_s
    on = after > 0
    turning = np.exp(np.where(on, after, 0.0) * modes.pole) * modes.turn * on
    return np.asarray(turning.imag), np.asarray(-(turning * modes.pole).imag)


def rings(modes: Modes, time_s: Floats, starts_s: Floats) -> Floats:
    """`ring` for many starts at once, shape [n_start, n, n_mode]."""
    late = modes.turn * np.exp(-starts_s[:, None] * modes.pole)
    turned = np.exp(time_s[:, None] * modes.pole)[None] * late[:, None]
    return np.asarray(turned.imag * (time_s[:, None] > starts_s[:, None, None]))


def decay(modes: Modes, time_s: Floats) -> Floats:
    """Free decays of any phase over the whole window, shape [n, 2 n_mode]: what still rings from before."""
    value = np.exp((time_s - time_s[0])[:, None] * modes.pole)
    return np.hstack([value.real, value.imag])


def turned(modes: Modes, heard: list[tuple[Floats, Floats, float]]) -> Modes:
    """`modes` with the phases that averaged sounds show.

    `heard` holds (time_s [n], waveform [n], one-sigma error) of sounds whose onset lies near time 0. A low-pass turns a
    mode by a delay, which does not matter, and by the next odd power of frequency: one number, found by Gauss-Newton
    together with amplitudes and onset of each sound (prior 0.5 rad at the highest mode).
    """
    cube = (modes.pole.imag / modes.pole.imag.max()) ** 3
    bend = 0.0
    start = np.zeros(len(heard))
    m, k = len(modes), len(heard)
    for _turn in range(12):
        now = Modes(modes.pole, np.exp(1j * bend * cube))
        quarter = Modes(modes.pole, 1j * np.exp(1j * bend * cube))
        rows, right = [np.append(np.zeros(k * m + k), 2.0)[None]], [np.array([-2.0 * bend])]
        for i, (time_s, wave, sigma) in enumerate(heard):
            unit = ring(now, time_s, start[i]) / sigma
            amplitude = np.linalg.lstsq(unit, wave / sigma, rcond=1e-6)[0]
            later = (ring(now, time_s, start[i] + 1e-7) - ring(now, time_s, start[i] - 1e-7)) @ amplitude
            block = np.zeros((len(wave), k * m + k + 1))
            block[:, i * m : (i + 1) * m] = unit
            block[:, k * m + i] = later * (1e-6 / 2e-7 / sigma)
            block[:, -1] = ring(quarter, time_s, start[i]) @ (amplitude * cube) / sigma
            rows.append(block)
            right.append(wave / sigma - unit @ amplitude)
        step = np.linalg.lstsq(np.vstack(rows), np.concatenate(right), rcond=1e-8)[0]
        start += np.clip(step[k * m : k * m + k] * 1e-6, -4e-6, 4e-6)
        bend += float(np.clip(step[-1], -0.3, 0.3))
    return Modes(modes.pole, np.exp(1j * bend * cube))


def noise_covariance(quiet: Floats, n: int) -> Floats:
    """Covariance [n, n] of the background from quiet rows [n_row, n_quiet]: Toeplitz, a little white added.

    What is slower than the window (hum, rumble, a pump) enters as free polynomials up to the square.
    """
    size = quiet.shape[1]
    x = np.linspace(-1.0, 1.0, size)
    fit = np.polynomial.legendre.legvander(x, 3)
    quiet = quiet - (np.linalg.lstsq(fit, quiet.T, rcond=None)[0].T @ fit.T)
    spectrum = np.abs(np.fft.rfft(quiet - quiet.mean(axis=1, keepdims=True), 2 * size, axis=1)) ** 2
    lags = np.fft.irfft(spectrum.mean(axis=0))[: min(size, 96)] / size
    out = np.zeros(n)
    taper = 0.5 * (1 + np.cos(np.pi * np.arange(len(lags)) / len(lags)))
    m = min(n, len(lags))
    out[:m] = (lags * taper)[:m]
    out[0] *= 1.02
    slow = np.polynomial.legendre.legvander(np.linspace(-1.0, 1.0, n), 3)
    return np.asarray(toeplitz(out) + 1e3 * out[0] * (slow @ slow.T))


@dataclass(frozen=True, slots=True)
class Prior:
    """Amplitudes of one kind of impact: mean [n_mode] and covariance [n_mode, n_mode]."""

    mean: Floats
    covariance: Floats

    @classmethod
    def broad(cls, power: Floats) -> Prior:
        return cls(np.zeros(len(power)), np.diag(power))

    @classmethod
    def about(cls, mean: Floats, *, shape: float, level: float, floor: Floats) -> Prior:
        """A known mixture: each mode may vary by `shape`, all together by `level` (relative sd)."""
        return cls(mean, np.diag(shape**2 * (mean**2 + floor)) + level**2 * np.outer(mean, mean))


@dataclass(frozen=True, slots=True)
class Whitener:
    """Cholesky factor of noise and nuisances of one window."""

    factor: Floats

    @classmethod
    def of(cls, covariance: Floats) -> Whitener:
        return cls(np.asarray(cholesky(covariance, lower=True)))

    def __call__(self, columns: Floats) -> Floats:
        return np.asarray(solve_triangular(self.factor, columns, lower=True, check_finite=False))


def scan(white: Floats, answers: Floats, prior: Prior) -> tuple[Floats, Floats]:
    """Log-likelihood of one blow at each of some times, [n_grid, n_beat], and amplitudes [n_grid, n_mode, n_beat].

    `white` [n, n_beat] are whitened windows, `answers` [n_grid, n_mode, n] the whitened answers to the blow.
    """
    inverse = np.linalg.inv(prior.covariance)
    precision = answers @ answers.transpose(0, 2, 1) + inverse
    right = answers @ white + (inverse @ prior.mean)[:, None]
    amplitude = np.linalg.solve(precision, right)
    likelihood = 0.5 * (right * amplitude).sum(axis=1) - 0.5 * np.linalg.slogdet(precision)[1][:, None]
    return likelihood, np.asarray(amplitude, dtype=np.float64)


def white_rings(whiten: Whitener, answers: Floats) -> Floats:
    """Answers [n_start, n, n_mode] whitened, shape [n_start, n_mode, n]."""
    starts, n, count = answers.shape
    columns = whiten(answers.transpose(1, 0, 2).reshape(n, -1))
    return np.ascontiguousarray(columns.reshape(n, starts, count).transpose(1, 2, 0))


def stacked(answers: Floats) -> Floats:
    """Answers [n_start, n, n_mode] side by side, shape [n, n_start * n_mode]."""
    return np.ascontiguousarray(answers.transpose(1, 0, 2).reshape(answers.shape[1], -1))


@dataclass(frozen=True, slots=True)
class Pair:
    """A blow of free mixture at `first` and an echo of known mixture at `second`, scanned together.

    `likelihood` [n_first, n_second, n_beat]; amplitudes follow from `alone` [n_first, n_mode, n_beat] (the blow where
    there is no echo), `pull` [n_first, n_second, n_mode] (its change per unit of echo) and `echo` [n_first, n_second,
    n_beat].
    """

    likelihood: Floats
    alone: Floats
    pull: Floats
    echo: Floats

    def mean_amplitude(self, share: Floats) -> tuple[Floats, Floats]:
        """Amplitudes of the blow [n_beat, n_mode] and of the echo [n_beat] under weights of `likelihood`'s shape."""
        beats = share.shape[2]
        blow = np.einsum("gb,gmb->bm", share.sum(axis=1), self.alone)
        weighted = share * self.echo
        pulled = weighted.reshape(-1, beats).T @ self.pull.reshape(-1, self.pull.shape[2])
        return blow - pulled, weighted.sum(axis=(0, 1))


def scan_pair(white: Floats, first: Floats, second: Floats, prior: Prior, echo_share: tuple[float, float]) -> Pair:
    """Scan two blows together on whitened windows `white` [n, n_beat].

    The first has the whitened answers `first` [n_first, n_mode, n] and `prior`; the second is an echo with the whitened
    waveforms `second` [n_second, n] times a share (mean, sd). Single precision: log-likelihoods of some hundreds keep
    four decimals.
    """
    inverse = np.linalg.inv(prior.covariance)
    rows, blow, heard = (np.ascontiguousarray(x, dtype=np.float32) for x in (white, first, second))
    precision = (blow @ blow.transpose(0, 2, 1)).astype(np.float64) + inverse  # [g, m, m]
    right = blow @ rows + (inverse @ prior.mean).astype(np.float32)[:, None]  # [g, m, b]
    cross = blow @ heard.T  # [g, m, h]
    weight = np.linalg.inv(precision).astype(np.float32)
    alone, pull = weight @ right, weight @ cross
    rest = (heard**2).sum(axis=1) + np.float32(echo_share[1] ** -2) - (cross * pull).sum(axis=1)  # [g, h]
    toward = (heard @ rows + np.float32(echo_share[0] / echo_share[1] ** 2))[None] - cross.transpose(0, 2, 1) @ alone
    echo = toward / rest[:, :, None]
    own = 0.5 * (right * alone).sum(axis=1) - 0.5 * np.linalg.slogdet(precision)[1][:, None]
    likelihood = toward
    likelihood *= echo
    likelihood *= np.float32(0.5)
    likelihood += own.astype(np.float32)[:, None, :] - np.float32(0.5) * np.log(rest)[:, :, None]
    return Pair(likelihood, alone, np.ascontiguousarray(pull.transpose(0, 2, 1)), echo)


def peak(likelihood: Floats, grid_s: Floats) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Time of the highest likelihood (parabola), its grid index and the one-sigma of its curvature, shape [n_beat]."""
    top = np.clip(np.argmax(likelihood, axis=0), 1, len(grid_s) - 2)
    beat = np.arange(likelihood.shape[1])
    a, b, c = likelihood[top - 1, beat], likelihood[top, beat], likelihood[top + 1, beat]
    bend = np.minimum(a - 2 * b + c, -1e-9)
    step = grid_s[1] - grid_s[0]
    shift = np.clip(0.5 * (a - c) / bend, -1.0, 1.0)
    return grid_s[top] + shift * step, top, step / np.sqrt(-bend)


def shift_rows(rows: Floats, samples: Floats) -> Floats:
    """Each row [n_beat, n] moved earlier by a fraction of a sample (Fourier); a margin of some samples is spoilt."""
    n = rows.shape[1]
    turn = np.exp(2j * np.pi * np.fft.rfftfreq(n) * np.asarray(samples)[:, None])
    return np.asarray(np.fft.irfft(np.fft.rfft(rows, axis=1) * turn, n, axis=1))
