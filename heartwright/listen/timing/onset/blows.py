"""Mean waveforms of a lever's third sound taken apart into the blows that follow one another in them.

Lock, banking and bounce ring into each other. In the mean of all beats they stand so far out of the noise that the
onset of the first can be told all the same. Each side's onset is first that of a single blow; then banking and bounce
are tried at every pair of gaps, on both sides alike: the banking of any mixture, the bounce of the lock's, both linear,
so that a pair costs a small system of equations. The likeliest pairs are fitted (`strikes`), and the likeliest end is
believed; where that leaves too much over, or noise hides more than the model leaves, other onsets that one blow
explains nearly as well are tried too.
Conventions as in `origin`; gaps in seconds after the lock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.timing.modal import Complexes, Modes
from heartwright.listen.timing.onset import origin, strikes
from heartwright.listen.timing.onset.answers import Answers
from heartwright.listen.timing.onset.origin import Origin
from heartwright.listen.timing.onset.strikes import Part, Strikes, Wave
from heartwright.records import Floats, Ints

BANK_SPANS, BOUNCE_SPANS = (0.007, 0.055), (0.02, 0.075)  # after the lock, in spans from unlocking to lock
STEP_S, STEP_HZ = 20e-6, 7e3  # between gaps tried, where half of the modes ring above; more where they ring lower
ALONE_S, AFTER_S = 0.9e-3, 1.6e-3  # of the waveform that is fitted by one blow, and by all
LOOK_S = (0.25e-3, 0.10e-3)  # how far before and after its energy begins the first onset is looked for
BEGUN = 0.01  # share of its energy by which a sound has begun
ALONE, LEFT = (0.01, 0.03), (0.01, 0.01)  # what one blow, and what all leave over, early and later [share of the peak]
WEAK = 0.05  # modes that are struck less than this are not used [of the loudest]
RIVALS, NEARLY = 3, 0.10  # onsets of a side that are tried, as in `origin`
EXACT, PAIRS = 48, 2  # pairs of gaps whose likelihood is found exactly, and that are fitted
FITS = 1.5  # what may be left over (1: what is expected) before other onsets are tried
TRIAL_TURNS = 4
# What right fits mostly leave over (the shares above are ample). What is left beyond is blows elsewhere, not noise:
# onsets are further off by as much, at most by this much, and by a little in any case (500 made takes of 10 to 20 dB,
# seeds from 5,000).
USUAL, MOST, SURER = 0.6, 8.0, 1.1


def find(waves: list[Wave], modes: Modes, rate_hz: float, span_s: float, unsure: float) -> list[Origin] | None:
    """Onsets of the first blows of waveforms that share `modes`; None where there are too few modes.

    `span_s` is the time from unlocking to lock, by which the later blows are looked for, `unsure` as in `origin`.
    """
    pole = origin.heard(modes, rate_hz)
    if len(pole) < 2:
        return None
    rings = strikes.older(pole, rate_hz, span_s)
    struck, first = _begun(waves, pole, rate_hz, rings)
    step = STEP_S * max(1.0, 2.0 * np.pi * STEP_HZ / float(np.median(struck.imag)))
    step = max(1, round(step * rate_hz)) / rate_hz
    bank, bounce = (np.arange(low * span_s, high * span_s, step) for low, high in (BANK_SPANS, BOUNCE_SPANS))
    look = _Look(waves, rate_hz, rings, bank, bounce)
    guess = Strikes.guessed(struck, np.zeros(len(waves)), np.zeros(2), unsure)
    ends = look.again(look.ends(guess, [side[:1] for side in first]))
    if (ends[0].left > FITS or unsure > LEFT[0]) and any(len(side) > 1 for side in first):
        ends = strikes.ranked(ends + look.again(look.ends(guess, first)))
    told = strikes.fitted(look.parts(ends[0].start_s), rate_hz, ends[0].with_modes(pole))
    own = (SURER * float(np.clip(told.rest / USUAL, 1.0, MOST))) ** 2 * told.covariance
    return origin.origins(replace(told, covariance=own + strikes.unsettled(ends)), rate_hz)


@dataclass(frozen=True, slots=True)
class _Look:
    """Waveforms in which banking and bounce are looked for at gaps `bank_s` [a] and `bounce_s` [b] after the lock."""

    waves: list[Wave]
    rate_hz: float
    rings: Complexes
    bank_s: Floats
    bounce_s: Floats

    def parts(self, start_s: Floats) -> list[Part]:
        """What of the waveforms is fitted where they begin at `start_s` [side]."""
        pairs = zip(self.waves, start_s, strict=True)
        return [Part.of(wave, self.rate_hz, float(start), AFTER_S, LEFT, self.rings) for wave, start in pairs]

    def ends(self, rest: Strikes, starts: list[list[tuple[float, Floats]]]) -> list[Strikes]:
        """The likeliest ends from some onsets of each side with their mixtures, all else as in `rest`; best first."""
        sharp = Answers.of(rest.pole, rest.bend, self.rate_hz)
        tried = [
            [
                _Trial.of(
                    Part.of(wave, self.rate_hz, start, AFTER_S, LEFT, self.rings),
                    sharp, start, mixture, self.bank_s, self.bounce_s,
                )
                for start, mixture in side
            ]
            for wave, side in zip(self.waves, starts, strict=True)
        ]  # fmt: skip
        ends = []
        for chosen, bank, bounce in _likeliest(tried):
            gap = np.tile([self.bank_s[bank], self.bounce_s[bounce]], (len(chosen), 1))
            guess = replace(rest, start_s=np.array([trial.start_s for trial in chosen]), gap_s=gap)
            ends.append(strikes.fitted([trial.part for trial in chosen], self.rate_hz, guess, TRIAL_TURNS))
        return strikes.ranked(ends)

    def again(self, ends: list[Strikes]) -> list[Strikes]:
        """`ends` and those from the onsets, modes and phases that the best came to: gaps are told better from there."""
        best = ends[0]
        pairs = zip(best.start_s, best.amplitude[:, 0], strict=True)
        return strikes.ranked(ends + self.ends(best, [[(float(start), a)] for start, a in pairs]))


def _begun(
    waves: list[Wave], pole: Complexes, rate_hz: float, rings: Complexes
) -> tuple[Complexes, list[list[tuple[float, Floats]]]]:
    """Modes that are struck at all, and the onsets of each side that one blow explains best, with their mixtures."""
    sharp = Answers.of(pole, 0.0, rate_hz)
    starts, mixtures = [], []
    for wave in waves:
        at = origin.begun(wave, rate_hz, BEGUN)
        part = Part.of(wave, rate_hz, at, ALONE_S, ALONE, rings)
        grid, gain, mixture = origin.single(part, sharp, at - LOOK_S[0], at + LOOK_S[1])
        top = origin.tops(gain, RIVALS, NEARLY * part.whole)
        starts.append([float(s) for s in grid[top]])
        mixtures.append(list(mixture[top]))
    power = np.sum([(side[0] / np.abs(side[0]).max()) ** 2 for side in mixtures], axis=0)
    struck = power > WEAK**2 * power.max()
    if struck.sum() < 2:
        struck[:] = True
    sides = zip(starts, mixtures, strict=True)
    return pole[struck], [[(s, a[struck]) for s, a in zip(*side, strict=True)] for side in sides]


@dataclass(frozen=True, slots=True)
class _Trial:
    """One onset of one side with all bounces [b] and bankings [a] tried: the blocks of their normal equations.

    The bounce's waveform is the lock's mixture again, so lock and bounce are one block of m unknowns, the banking
    another. A small delay of the lock is taken out of all of them: the onset is known to a few microseconds only.
    """

    start_s: float
    part: Part
    alone: Floats  # what lock and bounce explain [b]
    first: Floats  # inverse of their block [b, m, m]
    solved: Floats  # their mixture without a banking [b, m]
    second: Floats  # the banking's block [a, m, m]
    toward: Floats  # and its right side [a, m]
    cross: Floats  # [b, a, m, m]

    @classmethod
    def of(
        cls, part: Part, sharp: Answers, start_s: float, mixture: Floats, bank_s: Floats, bounce_s: Floats
    ) -> _Trial:
        """Gaps `bank_s` [a] and `bounce_s` [b] are whole samples apart."""
        n, m = len(part.values), len(mixture)
        lock, late, soon = sharp.rings(sharp.sine, n, part.zero, start_s + np.array([0.0, 2e-6, -2e-6]))
        delay = part.white @ (mixture @ (late - soon))
        delay = delay / max(float(np.linalg.norm(delay)), 1e-30)
        white = part.white.T - np.outer(delay @ part.white, delay)  # and without the delay

        def after(gap_s: Floats) -> Floats:
            step = round((gap_s[1] - gap_s[0]) * sharp.rate_hz)
            return sharp.slid(n, part.zero, start_s + gap_s[0], len(gap_s), 1, step=step, blur_s=strikes.BLUR_S)

        bank, bounce = after(bank_s) @ white, (lock + strikes.ECHO[0] * after(bounce_s)) @ white
        right = part.values - (part.values @ delay) * delay
        ridge = np.eye(m) * (m / (strikes.LOOSE * part.peak**2))
        first = np.asarray(np.linalg.inv(bounce @ bounce.transpose(0, 2, 1) + ridge), dtype=np.float64)
        own = bounce @ right
        solved = (first @ own[:, :, None])[:, :, 0]
        cross = (bank.reshape(-1, n) @ bounce.reshape(-1, n).T).reshape(len(bank), m, len(bounce), m)
        return cls(
            start_s,
            part,
            (own * solved).sum(axis=1),
            first,
            solved,
            bank @ bank.transpose(0, 2, 1) + ridge,
            bank @ right,
            cross.transpose(2, 0, 1, 3),
        )

    def roughly(self) -> Floats:
        """What every pair [b, a] explains at least, less the whole: the banking's block is taken for its own."""
        rest = self.toward - (self.cross @ self.solved[:, None, :, None])[..., 0]
        gain = (rest * (np.linalg.inv(self.second) @ rest[..., None])[..., 0]).sum(axis=2)
        return np.asarray(self.alone[:, None] + gain - self.part.whole)

    def exactly(self, bounce: Ints, bank: Ints) -> Floats:
        """What some pairs [k] explain, less the whole."""
        cross = self.cross[bounce, bank]
        rest = self.toward[bank] - (cross @ self.solved[bounce][:, :, None])[:, :, 0]
        block = self.second[bank] - cross @ self.first[bounce] @ cross.transpose(0, 2, 1)
        gain = (rest * np.linalg.solve(block, rest[:, :, None])[:, :, 0]).sum(axis=1)
        return np.asarray(self.alone[bounce] + gain - self.part.whole)


def _likeliest(tried: list[list[_Trial]]) -> list[tuple[list[_Trial], int, int]]:
    """Onsets of both sides with banking and bounce (places in their grids) that explain most, no two neighbours."""
    rough = sum(np.max([trial.roughly() for trial in side], axis=0) for side in tried)
    bounce, bank = np.unravel_index(np.argsort(-rough, axis=None)[:EXACT], rough.shape)
    exact = [np.array([trial.exactly(bounce, bank) for trial in side]) for side in tried]
    total = sum(side.max(axis=0) for side in exact)
    out: list[tuple[list[_Trial], int, int]] = []
    for k in np.argsort(-total):
        if all(max(abs(int(bank[k]) - a), abs(int(bounce[k]) - b)) > 1 for _chosen, a, b in out):
            chosen = [side[int(np.argmax(gain[:, k]))] for side, gain in zip(tried, exact, strict=True)]
            out.append((chosen, int(bank[k]), int(bounce[k])))
        if len(out) == PAIRS:
            break
    return out
