"""One sound of every beat of a side, timed by what the take itself says that sound is.

Model: in a window round the sound, beat k is `a_k w(t - t_k)` + what else varies from beat to beat + noise. The noise's
spectrum is measured in the quiet between the beats and whitens everything. The waveform w is learnt: the beat that the
others resemble most serves first, then the mean of all aligned beats, again and again; a blur from misalignment costs
the high frequencies first, and these come back as the alignment sharpens (generalised Procrustes analysis, Gower 1975).
Each beat is where its correlation with w peaks, under a prior: near where the neighbours of its side put it, or,
seldom, anywhere within reach, so that a beat that is late is found late and a cycle is not slipped for a little noise.

The last step is linear. What the aligned beats leave over has directions of its own (a mixture of modes that varies, a
later blow that comes at ever other times); those that stand over the noise (Marchenko & Pastur 1967) join the noise's
covariance C, and time and level follow by generalised least squares on w and its derivative, with the one-sigma error
1 / sqrt(a^2 w'^T C^-1 w') (less what the level takes). Where nothing else varies this is the Cramer-Rao bound.

Conventions: rows [n_beat, n]; times in seconds; `zero` of a waveform is where its beats' times point.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from heartwright.listen import filters
from heartwright.listen.timing import waveforms
from heartwright.listen.timing.peaks import Peaks, neighbours
from heartwright.records import Floats

Singles = NDArray[np.float32]
Complexes = NDArray[np.complex64]

LOWEST_HZ = (700.0, 1200.0)  # below the first nothing is used, above the second everything
HIGHEST = 0.46  # of the rate
LEAST_NOISE = 0.02  # of its median: where the noise is less there is no sound either (codecs, gates)
SEEDS, FAR_SEEDS = 3, 10
SOME = 40  # beats by which they are compared
TURNS = 4
FAR_S = 1.9e-3  # with a reach beyond this a window may miss the sound
STILL = 0.02  # shift of most beats by which another turn no longer pays [samples]
NEAR_S = 120e-6  # beats lie this near their neighbours' median [one sigma]
LEAST_NEAR_S, LOOSER = 15e-6, 1.3  # how near they are at least taken to lie, and how much looser than they show
FLOOR = 3.0  # peak of a correlation, in sigmas, below which a beat was not heard
LEAST_FLOOR = 2.0  # the same of beats whose course is known, so that little noise is within reach
SOFTEST = 0.35  # height of a correlation below which it is of something else [of most beats']
# By how much more than the noise is taken out of means by which beats of a known course are aligned, and by which they
# are timed where else nothing is left of them (30 made clocks of 3 dB, seeds from 1,000: 3 of 52 sides more are told).
LEAST_SURELY = 1.0
DOUBT_S = 40e-6  # rms of what else is likely, beyond which a beat was not heard either
LOUDER = 2.0  # energy of a faint beat's window over that of most, beyond which it is turned down
LEAST_MEAN = 9.0  # squared height of the mean of all beats in sigmas, below which there is no sound
BEGUN = 0.04  # share of its energy by which a sound has begun


@dataclass(frozen=True, slots=True)
class Noise:
    """One over the square root of the noise's spectrum on a grid of `size` samples, [size // 2 + 1]."""

    white: Floats
    size: int
    rate_hz: float

    @classmethod
    def of(cls, quiet: Floats, size: int, rate_hz: float) -> Noise:
        """From quiet rows [n_row, n]; `white` is such that whitened noise has unit variance a sample."""
        n = quiet.shape[1]
        taper = np.hanning(n + 2)[1:-1]
        rows = quiet.astype(np.float32, copy=False)
        wave = rfft((rows - rows.mean(axis=1, keepdims=True)) * taper.astype(np.float32), axis=1)
        own = np.mean(wave.real**2 + wave.imag**2, axis=0, dtype=np.float64) / float(taper @ taper)
        frequency = np.arange(size // 2 + 1) * (rate_hz / size)
        power = np.interp(frequency, np.arange(n // 2 + 1) * (rate_hz / n), np.convolve(own, np.ones(3) / 3, "same"))
        used = (frequency > LOWEST_HZ[1]) & (frequency < HIGHEST * rate_hz)
        floor = LEAST_NOISE * filters.median(power[used]) or 1e-30
        rise = np.clip((frequency - LOWEST_HZ[0]) / (LOWEST_HZ[1] - LOWEST_HZ[0]), 0.0, 1.0)
        return cls(rise * (frequency < HIGHEST * rate_hz) / np.sqrt(np.maximum(power, floor)), size, rate_hz)


@dataclass(frozen=True, slots=True)
class Window:
    """Where a sound is looked for: how far from where it is expected, and how much of it is used [s]."""

    reach_s: float
    before_s: float
    after_s: float
    near_s: float = NEAR_S


class Rows:
    """Windows of some beats in the frequency domain, with room for shifts by the reach."""

    def __init__(self, samples: Floats, rate_hz: float, expected_s: Floats, window: Window, quiet: Floats) -> None:
        self.rate_hz = rate_hz
        self.reach = int(np.ceil(window.reach_s * rate_hz)) + 2
        self.before = max(8, int(window.before_s * rate_hz))
        self.length = self.before + max(12, int(window.after_s * rate_hz))
        pad = 16
        size = next_fast_len(self.length + 2 * self.reach + 2 * pad, real=True)
        exact = expected_s * rate_hz
        self.first = np.floor(exact).astype(np.int64) - self.before - self.reach - pad
        inside = np.clip(self.first, 0, max(0, len(samples) - size))
        rows = np.lib.stride_tricks.sliding_window_view(samples, size)[inside].astype(np.float32, copy=False)
        edge = (0.5 - 0.5 * np.cos(np.pi * (np.arange(pad) + 0.5) / pad)).astype(np.float32)
        rows = rows - rows.mean(axis=1, keepdims=True)
        rows[:, :pad] *= edge
        rows[:, -pad:] *= edge[::-1]
        self.noise = Noise.of(quiet, size, rate_hz)
        self.turn = (2 * np.pi * rfftfreq(size)).astype(np.float32)
        # now the window of a beat expected where it is expected begins at column 0
        self.plain: Complexes = rfft(rows, axis=1) * self.turned(exact - inside - self.before)
        self.spectrum: Complexes = self.plain * self.noise.white.astype(np.float32)
        self.expected_s = expected_s

    def even(self) -> Rows:
        """These, those much louder than most turned down: of faint beats a click or a word counts for no more."""
        energy = np.einsum("ij,ij->i", self.spectrum, self.spectrum.conj()).real
        by = np.sqrt(np.minimum(1.0, LOUDER * np.median(energy) / np.maximum(energy, 1e-30))).astype(np.float32)
        self.spectrum, self.plain = self.spectrum * by[:, None], self.plain * by[:, None]
        return self

    def whitened(self, waves: Floats) -> Floats:
        """Waveforms [k, length] as the whitened windows hold them."""
        size = self.noise.size
        white = irfft(rfft(waves, size, axis=1) * self.noise.white, size, axis=1)
        return np.asarray(white[:, : self.length])

    def turned(self, at: Floats) -> Complexes:
        """What moves spectra earlier by `at` samples [n_beat, n_frequency]."""
        phase = at.astype(np.float32)[:, None] * self.turn
        out = np.empty(phase.shape, dtype=np.complex64)
        out.real = np.cos(phase)  # faster than into its place
        out.imag = np.sin(phase, out=phase)
        return out

    def shifted(self, spectrum: Complexes, at: Floats | None, length: int) -> Singles:
        """The windows of beats that come `at` samples after where they are expected (None: there), [n_beat, length]."""
        if at is None:
            return np.asarray(irfft(spectrum, self.noise.size, axis=1)[:, :length])
        turned = self.turned(at)
        turned *= spectrum
        return np.asarray(irfft(turned, self.noise.size, axis=1, overwrite_x=True)[:, :length])

    def summed(self, spectrum: Complexes, weight: NDArray[np.floating], at: Floats) -> Complexes:
        """Spectrum of the sum of these windows, each `weight` times, [n_frequency]: one transform instead of many."""
        turned = self.turned(at)
        turned *= spectrum
        return np.asarray(weight.astype(np.float32) @ turned)

    def wave(self, spectrum: Complexes) -> Singles:
        """A window of some spectrum, [length]."""
        return np.asarray(irfft(spectrum, self.noise.size)[: self.length])

    def correlate(self, wave: Singles, every: int = 1) -> Singles:
        """Correlation with a whitened waveform [length] of norm 1 at shifts -reach..reach, [n_beat, 2 reach + 1].

        With several [k, length] a table for each. `every` leaves all but each so-manieth beat out.
        """
        known = np.conj(rfft(wave, self.noise.size))[..., None, :]
        full = irfft(self.spectrum[::every] * known, self.noise.size, overwrite_x=True)
        return np.concatenate([full[..., -self.reach :], full[..., : self.reach + 1]], axis=-1)


@dataclass(frozen=True, slots=True)
class Heard:
    """Times [s] of one sound of some beats with their one-sigma errors, NaN where it was not heard.

    `score` is the height of each beat's correlation in sigmas of the noise, `level` its size over the mean one;
    `wave` is the mean waveform (not whitened) from `before` samples before its zero on. `weights` [n] are those by
    which a whitened window gives the shift of a beat of mean level [samples], `varied` is the share of the sound's
    energy by which beats differ; `sway_s` is by how much beats seem later where what follows comes later by as much
    again, if that was told.
    """

    time_s: Floats
    sigma_s: Floats
    score: Floats
    level: Floats
    wave: Floats
    before: int
    weights: Floats
    varied: float
    rows: Rows
    sway_s: float = 0.0

    def moved_by(self, waves: Floats) -> Floats:
        """Shifts [samples] that waveforms [k, n] added to a beat of mean level make it seem to have."""
        return np.asarray(self.rows.whitened(waves) @ self.weights)

    def stands(self) -> float:
        """How far the energy of the mean of all beats that are timed lies over that of noise [sigmas]."""
        rows = self.rows
        at = (self.time_s - rows.expected_s) * rows.rate_hz
        ok = np.isfinite(at)
        mean = rows.wave(rows.summed(rows.spectrum[ok], np.ones(int(ok.sum())), at[ok]))
        return float((mean @ mean / max(int(ok.sum()), 1) - rows.length) / np.sqrt(2.0 * rows.length))

    def hidden(self, waves: Floats) -> NDArray[np.bool_]:
        """Which waveforms [k, n], added to beats in shares of one sigma, the noise hides from the directions found."""
        white = self.rows.whitened(waves)
        return np.asarray(
            (white**2).sum(axis=1) < waveforms.limit(len(self.weights), int(np.isfinite(self.time_s).sum()))
        )


def hear(
    samples: Floats,
    rate_hz: float,
    expected_s: Floats,
    window: Window,
    quiet: Floats,
    *,
    first_s: float = np.inf,
    known_s: Floats | None = None,
    course: bool = False,
) -> Heard | None:
    """Time a sound of some beats of one side, expected at `expected_s`; None where the beats have nothing in common.

    `first_s` ends the part of the window that is the sound's own: what comes later may move against it. Beats that are
    already aligned begin from `known_s` [s after they are expected]; else they are first compared with some of them.
    With `course` they are faint, and none counts for more than a beat.
    """
    rows = Rows(samples, rate_hz, expected_s, window, quiet)
    if course:
        rows = rows.even()
    at, score, slip = _aligned(rows, window, None if known_s is None else known_s * rate_hz)
    floor = FLOOR if known_s is None else LEAST_FLOOR
    heard = (score > max(floor, SOFTEST * filters.median(score))) & (slip < DOUBT_S * rate_hz)
    if heard.sum() < 4:
        return None
    own = min(rows.length, rows.before + max(6, int(min(first_s, 1.0) * rate_hz)))
    sharp = _sharpened(rows, at, heard, own, waveforms.SURELY)
    if sharp is None and known_s is not None:
        sharp = _sharpened(rows, at, heard, own, LEAST_SURELY)
    if sharp is None:
        return None
    at, sigma, level, weights, varied = sharp
    at = np.where(heard, at, np.nan)
    mean = rows.wave(rows.summed(rows.plain, heard / heard.sum(), np.where(heard, at, 0.0))).astype(np.float64)
    sigma_s = np.where(heard, sigma / rate_hz, np.nan)
    return Heard(expected_s + at / rate_hz, sigma_s, score, level, mean, rows.before, weights, varied, rows)


def refined(heard: Heard, drawn: Floats) -> Heard:
    """The beats timed again, what differs between them known: waveforms `drawn` [k, n], each in shares of one sigma.

    What a blow's own mixture of modes does to its time cannot be seen in what is left of aligned beats, since they are
    aligned by it; a model of the blow tells.
    """
    rows = heard.rows
    ok = np.isfinite(heard.time_s)
    at = np.where(ok, (heard.time_s - rows.expected_s) * rows.rate_hz, 0.0)
    white = rows.whitened(drawn)
    small = np.eye(len(white)) + white @ white.T
    weight = np.where(ok, heard.level, 0.0).astype(np.float32)
    total = max(float(weight @ weight), 1e-30)
    level, weights, sigma = heard.level, heard.weights, heard.sigma_s
    for _turn in range(2):
        moved = rows.shifted(rows.spectrum, at, rows.length)
        wave = waveforms.less_noise((weight @ moved).astype(np.float64) / total, 1.0 / total)
        if float(wave @ wave) * total < LEAST_MEAN:
            return heard
        basis = np.stack([wave, waveforms.slope(wave)])
        dual = basis - np.linalg.solve(small, white @ basis.T).T @ white
        both = np.linalg.solve(dual @ basis.T, dual)
        found = (moved @ both.T.astype(np.float32)).astype(np.float64)
        weights, level = both[1], np.maximum(found[:, 0], 0.1)
        sigma = np.asarray(np.linalg.norm(weights) / level / rows.rate_hz)
        step = np.clip(-found[:, 1] / level, -1.5, 1.5)
        at = at + step - float(np.median(step[ok]))
    time_s, sigma_s = (np.where(ok, x, np.nan) for x in (rows.expected_s + at / rows.rate_hz, sigma))
    return replace(heard, time_s=time_s, sigma_s=sigma_s, level=level, weights=weights)


def _aligned(rows: Rows, window: Window, known: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Shifts [samples], heights [sigmas] and doubts [samples] of all beats after the first alignment."""
    lag = np.arange(-rows.reach, rows.reach + 1)
    most = window.near_s * rows.rate_hz
    if known is None:
        peaks = Peaks.of(rows.correlate(waveforms.unit(_seed(rows, window))), lag, None, most)
        score = peaks.height
        at = _centred(rows, peaks.at - filters.median(peaks.at), score)
    else:
        score = np.ones(len(known))
        at = _centred(rows, known, score)
    for _turn in range(TURNS):
        weight = (np.clip(score, 0.0, None) / max(float(score.max()), 1e-30)).astype(np.float32) ** 2
        mean = rows.wave(rows.summed(rows.spectrum, weight, at))
        wave = waveforms.less_noise(mean, float(weight @ weight), waveforms.SURELY if known is None else LEAST_SURELY)
        before, middle = at, filters.median(at)
        near = neighbours(at)
        spread = min(max(LOOSER * 1.4826 * filters.median(np.abs(at - near)), LEAST_NEAR_S * rows.rate_hz), most)
        peaks = Peaks.of(rows.correlate(waveforms.unit(wave)), lag, near, spread)
        score = peaks.height
        at = peaks.at - (filters.median(peaks.at) - middle)  # the mean may drift with its beats; it is held
        if filters.median(np.abs(at - before)) < STILL:
            break
    return at, score, peaks.slip()


def _seed(rows: Rows, window: Window) -> Singles:
    """The beat among some loud ones that the others resemble most."""
    whole = rows.shifted(rows.spectrum, None, rows.length)
    order = np.argsort(np.einsum("ij,ij->i", whole, whole))
    far = window.reach_s > FAR_S
    seeds = FAR_SEEDS if far else SEEDS
    loud = order[len(order) // 2 :][:: max(1, len(order) // (2 * seeds))][:seeds]
    lag = np.arange(-rows.reach, rows.reach + 1)
    every = max(1, len(order) // SOME)
    begun = [_loudest(rows, beat) if far else whole[beat] for beat in loud]
    curve = rows.correlate(np.stack([waveforms.unit(seed) for seed in begun]), every)
    near = [neighbours(lag[top].astype(np.float64)) for top in np.argmax(np.maximum(curve, 0.0), axis=2)]
    peaks = Peaks.of(curve.reshape(-1, len(lag)), lag, np.concatenate(near), window.near_s * rows.rate_hz)
    return begun[int(np.argmax(filters.medians(peaks.height.reshape(len(loud), -1).T)))]


def _loudest(rows: Rows, beat: int) -> Singles:
    """The window within reach of a beat that holds the loudest millisecond, a third of a millisecond into it."""
    lag = np.arange(-rows.reach, rows.reach + 1)
    short, lead = int(1e-3 * rows.rate_hz), int(0.3e-3 * rows.rate_hz)
    whole = irfft(rows.spectrum[beat], rows.noise.size)
    power = np.concatenate([[0.0], np.cumsum(np.concatenate([whole[-rows.reach :], whole[: rows.reach + short]]) ** 2)])
    first = lag[int(np.argmax(power[short : short + len(lag)] - power[: len(lag)]))] - lead
    return np.asarray(np.roll(whole, -first)[: rows.length])


def _centred(rows: Rows, at: Floats, score: Floats) -> Floats:
    """Shifts moved together so that the mean of the beats begins where their windows have it."""
    weight = np.clip(score, 0.0, None).astype(np.float32) ** 2
    weight /= max(float(weight.sum()), 1e-30)
    for _turn in range(2):
        wave = rows.wave(rows.summed(rows.spectrum, weight, at))
        energy = np.cumsum(np.maximum(wave**2 - 4.0 * float(weight @ weight), 0.0))
        if energy[-1] <= 0.0:  # noise hides where it begins
            break
        at = at + (int(np.argmax(energy >= BEGUN * energy[-1])) - rows.before)
        at = np.clip(at, -rows.reach, rows.reach)
    return at


def _sharpened(
    rows: Rows, at: Floats, heard: NDArray[np.bool_], own: int, surely: float
) -> tuple[Floats, Floats, Floats, Floats, float] | None:
    """Shifts [samples], one-sigma errors [samples], levels, weights and `varied` by generalised least squares.

    None where the mean of the beats does not stand out of what their noise leaves in it.

    The first turns look at the sound's own part alone (columns below `own`), the last at all of the window with what
    moves against the sound taken out.
    """
    level: Floats = np.ones(len(at))
    last = (rows.length, True)
    turns = ((own, False), (own, False), (own, True), last, last) if own < rows.length else ((own, False), last, last)
    for length, directions in turns:
        moved = rows.shifted(rows.spectrum, at, length)
        weight = np.where(heard, level, 0.0).astype(np.float32)
        total = max(float(weight @ weight), 1e-30)
        wave = waveforms.less_noise((weight @ moved).astype(np.float64) / total, 1.0 / total, surely)
        if float(wave @ wave) * total < LEAST_MEAN:
            return None
        basis = np.stack([wave, waveforms.slope(wave)])
        dual = basis
        if directions:
            fixed = basis if length == own else basis[:1]
            dual = basis - _less(basis, moved if heard.all() else moved[heard], fixed)
        both = np.linalg.solve(dual @ basis.T, dual)
        found = (moved @ both.T.astype(np.float32)).astype(np.float64)
        level = np.maximum(found[:, 0], 0.1)
        step = np.clip(-found[:, 1] / level, -1.5, 1.5)
        at = at + step - filters.median(step[heard])
    left = moved[heard] - (found[heard] @ basis).astype(np.float32)
    varied = max(float(np.mean(left**2)) - 1.0, 0.0) * length / float(wave @ wave)
    return at, np.asarray(np.linalg.norm(both[1]) / level), level, np.asarray(both[1]), varied


def _less(basis: Floats, moved: Singles, fixed: Floats) -> Floats:
    """What `basis` [k, n] loses under the inverse covariance of noise and of what varies in `moved` [n_beat, n].

    `fixed` are the waveforms taken out before looking. The derivative is one of them where the window holds one sound
    only. Where a later blow moves against the sound the derivative of the whole window is none: beats that stand right
    by the first part show the later one moving, and its motion alone is to be taken out.
    """
    single = fixed.astype(np.float32)
    fit = np.linalg.solve(fixed @ fixed.T, (single @ moved.T).astype(np.float64)).astype(np.float32)
    value, vector = waveforms.directions(moved - fit.T @ single)
    return np.asarray((basis @ vector * (1.0 - 1.0 / value)) @ vector.T)
