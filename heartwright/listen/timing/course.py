"""Beats too faint to teach what they sound like one by one, learnt from all of them along the course they keep.

Model: beat k of a side is `a w(t - t_k)` in noise that is white (`coherent.Rows`), its time is a course that both sides
share, a slow random walk about the chain's mean beat, and a jitter of its own; seldom it comes anywhere. Given the
waveforms the times are a hidden Markov chain, whose forward and backward sums (Rabiner 1989) give each beat's
likelihood of every shift under all others; given those, each waveform is the mean of its beats over their likely shifts
(Dempster, Laird & Rubin 1977: expectation and maximisation). Nothing is decided beat by beat, so that a single beat of
4 sigmas, which noise within reach often tops, still counts for what it is worth.

It begins from stacks: a few neighbouring beats laid on each other where the mean beat has them, for within so few the
course does not turn. Where their energy is loudest is the sound; of some stacks the one begins the learning under which
the take is likeliest, and of some places the one that ends likeliest is kept.

`gain` is that log likelihood over that of noise alone. It is below zero where nothing strikes: what a mean of noise
holds is taken out of it (`waveforms.less_noise`) before anything is looked for by it (of 47 made takes' noise between
the beats, five places each, seeds from 1,000, none gained).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import convolve1d, uniform_filter1d

from heartwright.listen.beat.track import Chain
from heartwright.listen.timing import waveforms
from heartwright.listen.timing.coherent import Rows, Window
from heartwright.records import Floats, Ints

Singles = NDArray[np.float32]

# Step of the course from beat to beat, and what a beat has of its own [one sigma], of a watch and of a slow clock (the
# steadiest of nine recorded household clocks scatter by 0.3 to 0.4 ms; 0.08 to 0.4 time made ones alike).
WALK_S, JITTER_S = (6e-6, 20e-6), (40e-6, 300e-6)
FAR = 0.02  # prior odds of a beat that comes anywhere
STACK, STACKS = 8, 3  # beats of a stack at most, and stacks tried
FEW, SINGLES = 32, 3  # beats of a side below which single loud ones are tried, too, and how many
SHORT_S = 1.0e-3  # the loudest part of a sound
WINDOW = Window(1.2e-3, 0.5e-3, 2.5e-3)
REACH_S, SLOW_REACH = 8e-3, 0.1  # how far off the chain a sound is looked for [s; beats of a slow clock]
PLACES, LOUD = 3, 0.35  # places tried, and how loud they are at least [of the loudest]
LEAST_LEVEL, MOST_LEVEL = 1.0, 30.0  # sigmas of a mean beat
CLEAR = 5.0  # sigmas by which the loudest part of a slow clock's stacks stands out of noise, or is looked for near by
TURNS, STILL = 12, 0.3  # and the gain by which another turn no longer pays
# By how much a stack may be smeared end to end [s]; how far the mean beat may be off, and steps of it tried each way.
SMEARED_S, PACE_SIGMAS, MOST_PACES = 150e-6, 2.5, 3
SMOOTHED, WANDERS = 31, 3.0  # beats of which a mean tells how they wander, if by more than so many sigmas


@dataclass(frozen=True, slots=True)
class Learnt:
    """Where the beats of one side are: `beats` of the chain [n], `course_s` where the course has them, `time_s`."""

    beats: Ints
    course_s: Floats
    time_s: Floats


@dataclass(frozen=True, slots=True)
class Course:
    """Both sides, and the log likelihood of what they sound like over that of noise."""

    sides: list[Learnt]
    gain: float


def learn(samples: Floats, rate_hz: float, chain: Chain, quiet: Floats, slow: bool) -> Course | None:
    """Where both sides' beats are; None where too few lie whole in the take.

    A `slow` clock has one sound, which each side is looked for by itself; else both have the same one.
    """
    expected = _expected(chain)
    reach_s = max(REACH_S, SLOW_REACH * chain.beat_s) if slow else REACH_S
    margin = reach_s + WINDOW.reach_s + WINDOW.after_s + 4e-3
    beats = np.flatnonzero((expected > margin) & ((expected + margin) * rate_hz < len(samples)))
    side = chain.side[beats]
    if min((side == s).sum() for s in range(2)) < 4:
        return None
    count = chain.number[beats] - chain.number[beats].mean()
    tried = []
    for pace_s in _paces(chain):
        paced = expected[beats] + pace_s * count
        for later_s in _places(samples, rate_hz, paced, side, quiet, reach_s, slow):
            at = paced + later_s[side]
            rows = [Rows(samples, rate_hz, at[side == s], WINDOW, quiet).even() for s in range(2)]
            hidden = Hidden(rows, side, rate_hz, slow)
            tried.append((pace_s, later_s[0], at, hidden, hidden.begun()))
    best = max(tried, key=lambda t: t[4].gain)
    last = [t for t in tried if t[0] == best[0] and t[4].gain >= LOUD * best[4].gain]
    _pace, _later, at, hidden, state = max(last, key=lambda t: float(t[1])) if last else best
    found, rows = hidden.learnt(state), hidden.rows
    lag = np.arange(-rows[0].reach, rows[0].reach + 1)
    course_s = at + found.course @ lag / rate_hz
    out = []
    for s in range(2):
        mine = side == s
        out.append(Learnt(beats[mine], course_s[mine], at[mine] + lag[np.argmax(found.share[s], axis=1)] / rate_hz))
    return Course(out, found.gain)


def _expected(chain: Chain) -> Floats:
    """Where the mean beat has each [s]; where the beats surely wander, where their neighbours do."""
    design = np.stack([np.ones(len(chain)), chain.number - chain.number.mean(), chain.side - 0.5], axis=1)
    mean = design @ np.linalg.lstsq(design, chain.time_s, rcond=None)[0]
    off = chain.time_s - mean
    if len(off) < SMOOTHED:
        return np.asarray(mean)
    slow = uniform_filter1d(off, SMOOTHED, mode="nearest")
    noise = float(np.std(off - slow)) / np.sqrt(SMOOTHED)
    return np.asarray(mean + slow if float(np.std(slow)) > WANDERS * noise else mean)


def _paces(chain: Chain) -> Floats:
    """By how much the mean beat may be longer than the chain has it [s]: so many that none smears a stack much."""
    count = len(chain)
    sigma = float(np.nanmedian(chain.sigma_s)) * float(np.sqrt(12.0 / count**3))
    step = SMEARED_S / (2.0 * len(_stacks(count // 2)[0]))
    most = min(int(np.ceil(PACE_SIGMAS * sigma / step - 0.5)), MOST_PACES)
    return np.asarray(np.arange(-most, most + 1) * step, dtype=np.float64)


def _stacks(count: int) -> list[Ints]:
    """Neighbouring beats of a side."""
    return np.array_split(np.arange(count), max(1, count // int(np.clip(count // 2, 4, STACK))))


def _places(
    samples: Floats, rate_hz: float, expected_s: Floats, side: Ints, quiet: Floats, reach_s: float, slow: bool
) -> list[Floats]:
    """How much later than expected a sound may come on each side [2]: where stacks are loudest."""
    short = int(SHORT_S * rate_hz)
    loud = []
    for s in range(2):
        rows = Rows(samples, rate_hz, expected_s[side == s], Window(reach_s, 0.0, SHORT_S), quiet).even()
        spectrum = np.stack([rows.spectrum[k].sum(axis=0) / np.sqrt(len(k)) for k in _stacks(len(rows.expected_s))])
        wave = irfft(spectrum, rows.noise.size, axis=1)
        wave = np.concatenate([wave[:, -rows.reach :], wave[:, : rows.reach + short + rows.before]], axis=1)
        total = np.concatenate([[0.0], np.cumsum(np.mean(wave**2, axis=0) - 1.0)])
        loud.append(total[short:] - total[:-short])
    before = rows.before + rows.reach
    if slow:
        clear = CLEAR * np.sqrt(2.0 * short / len(spectrum))
        near = np.abs(np.arange(len(loud[0])) - before) < REACH_S * rate_hz
        tops = [int(np.argmax(power if power.max() > clear else np.where(near, power, -np.inf))) for power in loud]
        return [(np.array(tops) - before) / rate_hz]
    both = loud[0] + loud[1]
    out: list[Floats] = []
    left = both.copy()
    while not out or (len(out) < PLACES and left.max() > LOUD * both.max()):
        top = int(np.argmax(left))
        out.append(np.full(2, (top - before) / rate_hz))
        left[max(0, top - 2 * short) : top + 2 * short] = -np.inf
    return out


@dataclass(frozen=True, slots=True)
class State:
    """Likely shifts of each side's beats [n_beat, n_lag], of the course, and the gain of all of it."""

    share: list[Floats]
    course: Floats
    gain: float


class Hidden:
    """The beats' shifts as a hidden Markov chain: windows of both sides, and the `side` of each beat in order."""

    def __init__(self, rows: list[Rows], side: Ints, rate_hz: float, slow: bool) -> None:
        self.rows, self.side = rows, side
        self.step = 0.5 * min(WALK_S[slow] * rate_hz, 0.7) ** 2  # probability of a step of one sample
        spread = JITTER_S[slow] * rate_hz
        reach = int(np.ceil(3.0 * spread))
        jitter = np.exp(-0.5 * (np.arange(-reach, reach + 1) / spread) ** 2)
        self.jitter = jitter / jitter.sum()

    def begun(self) -> State:
        """The shifts under those of some beginnings that make each side likeliest."""
        best = [self._begun(s) for s in range(2)]
        return self.under([curve for _gain, curve, _level in best], [level for _gain, _curve, level in best])

    def _begun(self, s: int) -> tuple[float, Singles, float]:
        """Gain, correlations and level of a side's beats under the stack or beat that makes them likeliest."""
        rows = self.rows[s]
        parts = _stacks(len(rows.expected_s))
        tried = [parts[round(place * (len(parts) - 1))] for place in np.linspace(0.0, 1.0, min(STACKS, len(parts)))]
        if len(rows.expected_s) < FEW:
            whole = rows.shifted(rows.spectrum, np.zeros(len(rows.expected_s)), rows.length)
            tried += [np.array([k]) for k in np.argsort(np.einsum("ij,ij->i", whole, whole))[-SINGLES:]]
        out = []
        for some in tried:
            wave = rows.wave(rows.spectrum[some].mean(axis=0))
            noise = rows.length / len(some)
            energy = max(float(wave @ wave) - noise, 1.0)
            curve, level = rows.correlate(waveforms.unit(wave)), energy / float(np.sqrt(energy + noise))
            likely, _shown, most = self._likely(_gain(curve, level))
            out.append((self._forward(likely)[1] + most, curve, level))
        return max(out, key=lambda found: found[0])

    def learnt(self, state: State) -> State:
        """The shifts under the waveforms that they make, again and again."""
        for _turn in range(TURNS):
            curves, level = [], []
            for r, share in zip(self.rows, state.share, strict=True):
                wave = waveforms.less_noise(self._mean(r, share), 1.0 / len(share))
                curve = r.correlate(waveforms.unit(wave))
                curves.append(curve)
                level.append(float(np.sum(share * curve)) / len(share))
            before, state = state.gain, self.under(curves, level)
            if abs(state.gain - before) < STILL:
                break
        return state

    def _mean(self, rows: Rows, share: Floats) -> Floats:
        """Mean waveform of a side's beats over their likely shifts, [length]."""
        held = np.zeros((len(share), rows.noise.size), np.float32)
        held[:, : rows.reach + 1], held[:, -rows.reach :] = share[:, rows.reach :], share[:, : rows.reach]
        wave = (rows.spectrum * np.conj(rfft(held, axis=1))).mean(axis=0)
        return np.asarray(rows.wave(wave), dtype=np.float64)

    def under(self, curves: list[Singles], level: list[float]) -> State:
        """Likely shifts under correlations of each side's beats with its waveform, expected to be `level` high."""
        gain = np.empty((len(self.side), curves[0].shape[1]))
        for s in range(2):
            gain[self.side == s] = _gain(curves[s], level[s])
        likely, shown, most = self._likely(gain)
        before, total = self._forward(likely)
        around = before * self._backward(likely)
        around /= around.sum(axis=1, keepdims=True)
        share = shown * ((1.0 - FAR) * convolve1d(around, self.jitter, axis=1, mode="constant") + FAR / gain.shape[1])
        share /= share.sum(axis=1, keepdims=True)
        course = around * likely
        course /= course.sum(axis=1, keepdims=True)
        return State([share[self.side == s] for s in range(2)], course, total + most)

    def _likely(self, gain: Floats) -> tuple[Floats, Floats, float]:
        """Likelihood of each beat for each place of the course, and for each shift, over factors of their beats whose
        logarithms come to the last."""
        top = gain.max(axis=1, keepdims=True)
        shown = np.exp(gain - top)
        likely = (1.0 - FAR) * convolve1d(shown, self.jitter, axis=1, mode="constant")
        return likely + FAR * shown.mean(axis=1, keepdims=True), shown, float(top.sum())

    def _forward(self, likely: Floats) -> tuple[Floats, float]:
        """Probability of the course at each beat given the beats before it, and the log likelihood of all."""
        out, total = np.empty_like(likely), 0.0
        now = np.full(likely.shape[1], 1.0 / likely.shape[1])
        for k, row in enumerate(likely):
            out[k] = now
            now = now * row
            whole = float(now.sum())
            total += float(np.log(whole))
            now = self._walked(now / whole)
        return out, total

    def _backward(self, likely: Floats) -> Floats:
        """How likely the beats after each are, for each place of the course (up to a factor)."""
        out = np.ones_like(likely)
        for k in range(len(likely) - 2, -1, -1):
            now = self._walked(out[k + 1] * likely[k + 1])
            out[k] = now / now.max()
        return out

    def _walked(self, now: Floats) -> Floats:
        out = (1.0 - 2.0 * self.step) * now
        out[1:] += self.step * now[:-1]
        out[:-1] += self.step * now[1:]
        return out


def _gain(curve: Singles, level: float) -> Floats:
    """Log likelihood ratio at each shift of a sound that is `level` high; no beat says more than one twice as high."""
    a = float(np.clip(level, LEAST_LEVEL, MOST_LEVEL))
    return np.asarray(a * np.minimum(curve, 2.0 * a) - 0.5 * a * a, dtype=np.float64)
