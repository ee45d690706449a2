"""What the bank of a case's modes is learnt from: mean waveforms of blows, the others taken out.

The unlockings, which stand alone, teach it first. Modes that ring out before the ringing is looked at show in what it
leaves over of them. Blows that were parted from others teach it better; those of a side that does not go with what the
others teach were parted wrongly. Conventions: as in `bank`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from heartwright.listen.timing.joint import bank
from heartwright.listen.timing.joint.bank import Bank, Blow, Circle, Mean, Poles
from heartwright.listen.timing.joint.volley import Fit

LEARNT, AGAIN = 20, 8  # turns, first and with what is known
HIGHEST = 0.42  # of the rate: modes above are not the case's
APART = (0.0, 1.0, -1.0)  # samples by which the sides are moved against each other to begin learning from
# What is left of the means (1: noise) below which the bank is good, and beyond which some blows were parted wrongly.
WELL_LEFT, CLEAR_LEFT = 1.2, 2.5
MISSED, PAYS = 2, 0.7  # modes looked for that the ringing did not tell; what must be left over of the rest to pay
ODD = 5.0  # sigmas by which a beat's cost exceeds most beats', beyond which it holds other blows
TAUGHT, TAUGHT_ZERO = 72, 12  # samples of the means that teach the bank, and of these before the blow
TEACHES = 0.002  # least error of such a mean [of its peak]: other blows are taken out of it


@dataclass(frozen=True, slots=True)
class Lesson:
    """A mean waveform of one blow, and how it was struck."""

    mean: Mean
    blow: Blow


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
        frequency = bank.missed(best.bank, means, best.blows, 2.0 * np.pi * HIGHEST)
        better = _alone(circle, means, [b.time for b in best.blows], best.poles.joined(frequency))
        if better.left > PAYS * best.left:
            break
        best = better
    return best


def _alone(circle: Circle, means: list[Mean], begun: list[float], poles: Poles) -> Taught:
    own, blows, left = bank.learn(circle, means, [Blow(at, np.zeros(0)) for at in begun], poles, None, LEARNT)
    return Taught(own, left, poles, blows)


def again(own: Bank, poles: Poles, lessons: list[Lesson]) -> Taught:
    """The bank that explains `lessons`, from what it was before."""
    means, blows = [lesson.mean for lesson in lessons], [lesson.blow for lesson in lessons]
    found, blows, left = bank.learn(own.circle, means, blows, poles, own, AGAIN)
    return Taught(found, left, poles, blows)


def chosen(own: Bank, poles: Poles, sure: list[Lesson], sides: list[list[Lesson]]) -> tuple[Taught, list[int]]:
    """The bank that `sure` lessons teach with those of the sides, and the sides that go with them."""
    heard = [s for s, lessons in enumerate(sides) if lessons]
    every = again(own, poles, sure + [lesson for lessons in sides for lesson in lessons])
    if every.left < CLEAR_LEFT or len(heard) < 2:
        return every, heard
    single = {s: again(own, poles, sure + sides[s]) for s in heard}
    best = min(heard, key=lambda s: single[s].left)
    return (single[best], [best]) if single[best].left < PAYS * every.left else (every, heard)


def of(found: Fit, zero: int, own: Bank) -> list[Lesson]:
    """What the blows of beats teach: each one's mean waveform."""
    n, cost = found.rest.shape[1], found.cost()
    good = cost < float(np.median(cost)) * (1.0 + ODD * np.sqrt(2.0 / np.median(cost)))
    size = next_fast_len(n + 64, real=True)
    rest = rfft(found.rest[good], size, axis=1)
    out = []
    for k in range(found.time.shape[1]):
        time, gain = found.time[good, k], found.gain[good, k].mean(axis=0)
        turn = np.exp(2j * np.pi * rfftfreq(size) * (time + (zero - TAUGHT_ZERO))[:, None])
        length = min(TAUGHT, int(n - zero - time.max()) + TAUGHT_ZERO - 2)
        values = irfft((rest * turn).mean(axis=0), size)[:length]
        values = values - values[: TAUGHT_ZERO - 3].mean()
        values = values + gain @ own.wave(np.zeros(1, dtype=np.int64), length, TAUGHT_ZERO)[0]
        error = TEACHES * float(np.abs(values).max())
        out.append(Lesson(Mean(values, TAUGHT_ZERO, 1.0 / len(time) + error**2), Blow(0.0, gain)))
    return out
