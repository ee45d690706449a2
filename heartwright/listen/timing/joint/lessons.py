"""What the bank of a case's modes is learnt from: mean waveforms of blows.

The unlockings, which stand alone, teach it first. Modes that ring out before the ringing is looked at show in what it
leaves over of them. Blows that were parted from others teach it better; those of a side that does not go with what the
others teach were parted wrongly. Conventions: as in `bank`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from heartwright.listen.timing.joint import learning
from heartwright.listen.timing.joint.bank import LEAD, Bank, Blow, Circle, Mean, Poles
from heartwright.listen.timing.joint.learning import Lesson
from heartwright.listen.timing.joint.volley import Fit
from heartwright.listen.timing.modal import Complexes

LEARNT, AGAIN = 20, 8  # turns, first and with what is known
HIGHEST = 0.42  # of the rate: modes above are not the case's
APART = (0.0, 1.0, -1.0)  # samples by which the sides are moved against each other to begin learning from
# What is left of the means (1: noise) below which the bank is good, and beyond which some blows were parted wrongly.
WELL_LEFT, CLEAR_LEFT = 0.9, 2.5
MISSED, MISSED_PAYS = 2, 0.88  # modes looked for that the ringing did not tell; what must be left with one more
# Of few faint beats: modes that may join, and squares of sigmas by which a mode shows or is dropped (of 100 sides of
# made clocks of 2 and 3.5 dB, seeds of 9,700 and on, errors were up to a twentieth larger at 6 and 12, a tenth at 16).
MORE, SHOWS = 3, 9.0
PAYS = 0.7  # what must be left where one side teaches alone
ODD = 5.0  # sigmas by which a beat's cost exceeds most beats', beyond which it holds other blows
TAUGHT, TAUGHT_ZERO = 72, 12  # samples of the means that teach the bank, and of these before the blow
TEACHES = 0.002  # least error of such a mean [of its peak]: its beats are not struck alike


@dataclass(frozen=True, slots=True)
class Taught:
    """A bank, what it leaves over of what it was learnt from (1: noise), the poles it may have, and the blows."""

    bank: Bank
    left: float
    poles: Poles
    blows: list[Blow]


def first(circle: Circle, means: list[Mean], begun: list[float], poles: Poles) -> Taught:
    """The bank that explains `means`, whose blows are at `begun` or, where that ends badly, a little beside."""
    best: Taught | None = None
    for apart in APART:
        found = _alone(circle, means, [at + apart * s for s, at in enumerate(begun)], poles)
        if best is None or found.left < best.left:
            best = found
        if best.left < WELL_LEFT:
            break
    assert best is not None
    for _mode in range(MISSED):
        if best.left < WELL_LEFT:
            break
        frequency = learning.missed(best.bank, means, best.blows, 2.0 * np.pi * HIGHEST)
        better = _alone(circle, means, [b.time for b in best.blows], best.poles.joined(frequency))
        if better.left > MISSED_PAYS * best.left:
            break
        best = better
    return best


def _alone(circle: Circle, means: list[Mean], begun: list[float], poles: Poles) -> Taught:
    lessons = _each(means, [Blow(at, np.zeros(0)) for at in begun])
    own, blows, left = learning.learn(circle, lessons, poles, None, LEARNT)
    return Taught(own, left, poles, blows)


def _each(means: list[Mean], blows: list[Blow]) -> list[Lesson]:
    """Means of one blow each."""
    return [Lesson.of(mean, blow) for mean, blow in zip(means, blows, strict=True)]


def few(circle: Circle, means: list[Mean], begun: list[float], poles: Poles) -> Taught:
    """The bank that explains `means` of few faint beats: no more than shows in them.

    Of their ringing noise alone makes modes, whose mixtures then follow the noise of the means; such are dropped, one
    by one, and modes that show in what is left join.
    """
    best = _shown(means, first(circle, means, begun, replace(poles, few=True)))
    for _mode in range(MORE):
        frequency = learning.missed(best.bank, means, best.blows, 2.0 * np.pi * HIGHEST)
        joined = best.poles.joined(frequency)
        blows = [Blow(blow.time, np.append(blow.gain, 0.0)) for blow in best.blows]
        more = _shown(means, _anew(means, best, joined, np.append(best.bank.pole, joined.value[-1]), blows, LEARNT))
        if len(more.poles) <= len(best.poles):
            break
        best = more
    return best


def _shown(means: list[Mean], taught: Taught) -> Taught:
    """What was taught with those modes alone that show in the means."""
    while len(taught.poles) > 2:
        shows = learning.shows(_each(means, taught.blows), taught.poles, taught.bank)
        worst = int(np.argmin(shows))
        if shows[worst] > SHOWS:
            break
        blows = [Blow(blow.time, np.delete(blow.gain, worst)) for blow in taught.blows]
        pole = np.delete(taught.bank.pole, worst)
        taught = _anew(means, taught, taught.poles.without(worst), pole, blows, AGAIN)
    return taught


def _anew(means: list[Mean], before: Taught, poles: Poles, pole: Complexes, blows: list[Blow], turns: int) -> Taught:
    """What few beats teach of other modes, from what they taught before."""
    begun = Bank.of(before.bank.circle, pole, before.bank.taps)
    own, blows, left = learning.learn(begun.circle, _each(means, blows), poles, begun, turns)
    return Taught(own, left, poles, blows)


def again(own: Bank, poles: Poles, lessons: list[Lesson]) -> Taught:
    """The bank that explains `lessons`, from what it was before."""
    found, blows, left = learning.learn(own.circle, lessons, poles, own, AGAIN)
    return Taught(found, left, poles, blows)


def chosen(own: Bank, poles: Poles, sure: list[Lesson], sides: list[Lesson | None]) -> tuple[Taught, list[int]]:
    """The bank that `sure` lessons teach with those of the sides, and the sides that go with them."""
    told = {s: lesson for s, lesson in enumerate(sides) if lesson is not None}
    every = again(own, poles, [*sure, *told.values()])
    if every.left < CLEAR_LEFT or len(told) < 2:
        return every, list(told)
    single = {s: again(own, poles, [*sure, lesson]) for s, lesson in told.items()}
    best = min(told, key=lambda s: single[s].left)
    return (single[best], [best]) if single[best].left < PAYS * every.left else (every, list(told))


def of(found: Fit, zero: int, own: Bank) -> Lesson:
    """What the blows of beats teach: their mean waveform, aligned at each of them."""
    n, cost, circle = found.rest.shape[1], found.cost(), own.circle
    good = cost < float(np.median(cost)) * (1.0 + ODD * np.sqrt(2.0 / np.median(cost)))
    size = next_fast_len(n + 64, real=True)
    rest, time, gain = rfft(found.rest[good], size, axis=1), found.time[good], found.gain[good].mean(axis=0)
    struck = gain @ circle.heard(own.pole, own.taps)
    means, late = [], []
    for k in range(time.shape[1]):
        turn = np.exp(2j * np.pi * rfftfreq(size) * (time[:, k] + (zero - TAUGHT_ZERO))[:, None])
        length = min(TAUGHT, int(n - zero - time[:, k].max()) + TAUGHT_ZERO - 2)
        phases = np.array([circle.phases(one - time[:, k]) for one in time.T])
        blows = circle.waves((struck * phases).sum(axis=0))[LEAD - TAUGHT_ZERO :][:length]
        values = irfft((rest * turn).mean(axis=0), size)[:length] + blows
        error = TEACHES * float(np.abs(values).max())
        means.append(Mean(values, TAUGHT_ZERO, 1.0 / len(time) + error**2))
        late.append(phases)
    return Lesson(means, [Blow(0.0, g) for g in gain], np.array(late))
