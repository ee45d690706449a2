"""Unlocking, impulse and lock of a lever's beats, each timed against all that rings with it.

The unlockings, which stand alone, first teach the bank of the case's modes (`bank`); with it the impulse parts from the
second blow on the jewel (`unravel`, `volley`), whose rings teach the bank better; then the lock parts from banking and
bounce. What earlier blows of a beat leave ringing is taken out of each window as it was found. What does not bear (too
few beats or modes, a bank that leaves too much of the means, blows that leave too much of the beats) gives no times.
Conventions: as in `bank`; times of the interface in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from heartwright.listen.timing.joint import bank, unravel, volley
from heartwright.listen.timing.joint.bank import Bank, Blow, Circle, Mean, Poles
from heartwright.listen.timing.joint.struck import FEWEST, Beats, Side, places
from heartwright.listen.timing.joint.unravel import Found, Plan, Survey
from heartwright.listen.timing.joint.volley import Fit, Volley
from heartwright.listen.timing.modal import Complexes
from heartwright.records import Floats

LOWEST_RATE_HZ = 40e3  # below it blows a tenth of a millisecond apart are not parted
LEAST_RING = 1.0  # energy of a mode in the ringing of the mean locks, below which it is none [of a sample's noise]
TWIN = 0.5  # how near poles are that are one mode [of its decay]
HIGHEST = 0.42  # of the rate: modes above are not the case's
SCATTER_S = 15e-6  # by which blows on uneven teeth scatter
SECOND, GRID = (60e-6, 500e-6), 0.5  # how much later than the impulse the second blow comes; steps [samples]
LEARNT, AGAIN = 20, 8  # turns
LEARNT_FROM = 48  # beats from which what is usual is learnt
SHOWN, ALIKE, RIVAL = 3, 0.5, 8.0  # times that a side is shown the other's delays, if apart [samples] and it does worse
# What is left of the beats (1: noise) beyond which blows are not followed further, and beyond which unlocking and
# impulse, and lock, are not believed: of loud locks, the bank leaves as much as the noise.
LOOSE_LEFT, MOST_LEFT = 3.0, (1.3, 1.3, 2.0)
# Left of impulses, and how unlike their delays are on the sides (four sigmas of what uneven teeth make of some beats),
# beyond which their blows are looked for everywhere.
UNSURE_LEFT, UNLIKE_S = 2.5, 20e-6
TEACHES_MORE = 1.05  # left of locks beyond which they teach the bank
# The same of the means that teach the bank: beyond which it is none, with more of them no better, and below which good.
BANK_LEFT, TAUGHT_LEFT, WELL_LEFT = 6.0, 3.0, 1.2
LATER_SPANS = (0.007, 0.075)  # when the blows after a lock come [spans from unlocking to lock]
MISSED, MISSED_PAYS = 2, 0.7  # modes looked for that the ringing did not tell; what each must leave over of the rest
APART = (0.0, 1.0, -1.0)  # samples by which the sides are moved against each other to begin learning from
ODD = 5.0  # sigmas by which a beat's cost exceeds most beats', beyond which it holds other blows
TAUGHT, TAUGHT_ZERO = 72, 12  # samples of the means that teach the bank, and of these before the blow
TEACHES = 0.002  # least error of such a mean [of its peak]: other blows are taken out of it


@dataclass(frozen=True, slots=True)
class Timed:
    """One landmark of a side's beats: `time_s` and `sigma_s` [n_beat], NaN where it was not told; `begun_s` is its
    onset after the zero of what it was timed by before, up to a delay that all landmarks of the take share, `left` what
    is left over of each value (1: noise)."""

    time_s: Floats
    sigma_s: Floats
    begun_s: float
    left: float


def time(
    sides: list[Side], samples: Floats, rate_hz: float, quiet: Floats, pole: Complexes, unsure: float
) -> list[list[Timed | None]]:
    """Unlocking, impulse and lock of each side; None where they are not told.

    `pole` [m] are those of the ringing [1/s], `unsure` is the share of noise in it.
    """
    try:
        told = _time(sides, samples, rate_hz, quiet, pole, unsure) if rate_hz >= LOWEST_RATE_HZ else None
    except np.linalg.LinAlgError:  # sound of which no bank can be made
        told = None
    return told or [[None, None, None] for _ in sides]


def _time(
    sides: list[Side], samples: Floats, rate_hz: float, quiet: Floats, pole: Complexes, unsure: float
) -> list[list[Timed | None]] | None:
    if min(len(side.whole()) for side in sides) < FEWEST:
        return None
    circle = Circle(bank.predictor(quiet))
    beats = [Beats(side, samples, rate_hz, quiet, circle) for side in sides]
    poles = Poles.of(_ringing(pole / rate_hz, beats), unsure)
    if len(poles) < 2:
        return None
    means = [_mean(b.unlock, b.side.unlock.rows.before) for b in beats]
    own, taught, left, poles = _learnt(circle, means, [b.side.begun_s * rate_hz for b in beats], poles)
    if left > BANK_LEFT:
        return None
    usual = [Volley(np.array([b.time]), np.ones(1), b.gain[None], volley.usual(b.gain[None])) for b in taught]
    few = [b.part(LEARNT_FROM) for b in beats]
    unlocked = [_unlocked(b, own, v) for b, v in zip(few, usual, strict=True)]
    struck = _struck(few, own)
    impulses = [_impulse(b, own, found, volley.looked) for b, found in zip(few, struck, strict=True)]
    lessons: list[Mean] = []
    known: list[Blow] = []
    if any(fit is not None for fit in impulses):
        for b, unlock, impulse in zip(few, unlocked, impulses, strict=True):
            _teach(lessons, known, b.unlock.shape[1], b.side.unlock.rows.before, unlock, own)
            if impulse is not None:
                _teach(lessons, known, b.impulse.shape[1], b.rows.before, impulse, own)
        better, _blows, left = bank.learn(circle, lessons, known, poles, own, AGAIN)
        if left < TAUGHT_LEFT:
            own = better
    usual = [fit.volley(v) for fit, v in zip(unlocked, usual, strict=True)]
    struck = [
        None if fit is None or found is None else replace(found, volley=fit.volley(found.volley))
        for fit, found in zip(impulses, struck, strict=True)
    ]
    unlocked = [_unlocked(b, own, v) for b, v in zip(beats, usual, strict=True)]
    impulses = [_impulse(b, own, found, volley.settled) for b, found in zip(beats, struck, strict=True)]
    windows = [b.less_older(b.lock, b.side.lock.time_s, b.side.lock.rows.before, own) for b in beats]
    locks = _locks(beats, windows, own, _locked(beats, windows, own), lessons, known, poles)
    out = []
    for s, b in enumerate(beats):
        fits = (b.side.unlock.time_s, unlocked[s]), (b.expected, impulses[s]), (b.side.lock.time_s, locks[s])
        out.append(
            [None if fit is None else _timed(b, at, fit, most) for (at, fit), most in zip(fits, MOST_LEFT, strict=True)]
        )
    return out


def _learnt(
    circle: Circle, means: list[Mean], begun: list[float], poles: Poles
) -> tuple[Bank, list[Blow], float, Poles]:
    """The bank that explains `means`, whose blows are at `begun` or, where that ends badly, a little beside.

    A mode that rings out before the locks' ringing is looked at is not in `poles`; it shows in what is left over.
    """
    best = None
    for apart in APART:
        first = [Blow(at + apart * s, np.zeros(0)) for s, at in enumerate(begun)]
        found = bank.learn(circle, means, first, poles, None, LEARNT)
        if best is None or found[2] < best[2]:
            best = found
        if best[2] < WELL_LEFT:
            break
    assert best is not None
    own, blows, left = best
    for _mode in range(MISSED):
        if left < WELL_LEFT:
            break
        more = poles.joined(bank.missed(own, means, blows, 2.0 * np.pi * HIGHEST))
        better = bank.learn(circle, means, [Blow(b.time, np.zeros(0)) for b in blows], more, None, LEARNT)
        if better[2] > MISSED_PAYS * left:
            break
        (own, blows, left), poles = better, more
    return own, blows, left, poles


def _ringing(pole: Complexes, beats: list[Beats]) -> Complexes:
    """The poles that ring on after the locks, each mode once."""
    pole = pole[pole.imag < 2.0 * np.pi * HIGHEST]
    energy = np.zeros(len(pole))
    for b in beats:
        turning = np.exp(pole[:, None] * np.arange(len(b.ring)))
        basis = np.concatenate([turning.real, turning.imag, bank.drift(len(b.ring))])
        amplitude = np.linalg.lstsq(basis.T, b.ring, rcond=1e-9)[0][: 2 * len(pole)]
        energy += (amplitude.reshape(2, -1) ** 2).sum(axis=0) / (-4.0 * pole.real)
    order = [int(i) for i in np.argsort(-energy) if energy[i] > LEAST_RING]
    apart: list[int] = []
    for i in order:
        if all(abs(pole[i] - pole[j]) > -TWIN * pole[j].real for j in apart):
            apart.append(i)
    return pole[np.sort(apart).astype(np.int64)]


def _mean(windows: Floats, zero: int) -> Mean:
    values = windows.mean(axis=0)
    return Mean(values - values[: zero // 2].mean(), zero, 1.0 / len(windows))


def _unlocked(b: Beats, own: Bank, usual: Volley) -> Fit:
    b.blows.clear()
    start = np.tile(usual.time, (len(b.unlock), 1))
    found = volley.fit(b.unlock, b.side.unlock.rows.before, own, usual, start)
    b.add(b.side.unlock.time_s, found)
    return found


def _struck(beats: list[Beats], own: Bank) -> list[Found | None]:
    """How impulse and second blow follow each other on each side."""
    surveys, tried, rate = [], [], beats[0].rate_hz
    for b in beats:
        if not b.hears:
            continue
        zero = b.rows.before
        windows = b.less_older(b.impulse, b.expected, zero, own)
        n = windows.shape[1]
        size = next_fast_len(n + 64, real=True)
        turn = np.exp(2j * np.pi * rfftfreq(size) * b.aligned[:, None])
        windows = irfft(rfft(windows, size, axis=1) * turn, size, axis=1)[:, :n]
        seen = unravel.survey(windows, zero, own, Plan(b.side.alone_s[0] * rate, (0.0, SCATTER_S * rate)))
        surveys.append(seen)
        tried.append(unravel.seconds(seen, (SECOND[0] * rate, SECOND[1] * rate, GRID)))
    out = _shown(surveys, tried, own)
    later = SECOND[0] * rate, SECOND[1] * rate
    _everywhere(surveys, out, own, UNLIKE_S * rate, lambda seen: unravel.pairs(seen, later))
    found = iter(out)
    return [next(found) if b.hears else None for b in beats]


def _everywhere(
    surveys: list[Survey],
    out: list[Found | None],
    own: Bank,
    unlike: float,
    places_of: Callable[[Survey], list[tuple[float, Floats]]],
) -> None:
    """Looks for all blows wherever they may be on sides of `out` that are told badly, until both sides are alike.

    Sides are `unlike` if their delays differ by more than that [samples].
    """
    left = [np.inf if f is None else f.left for f in out]
    for s in sorted(range(len(out)), key=lambda s: -left[s]):
        behind = np.array([f.volley.time[1:] - f.volley.time[0] for f in out if f is not None])
        if len(behind) == len(out) and np.ptp(behind, axis=0).max() < unlike and max(left) < UNSURE_LEFT:
            return
        found = known = out[s]
        for first, delay in places_of(surveys[s]):
            found = unravel.judged(replace(surveys[s], firsts=[first]), own, [delay], found)
        if found is not None and (known is None or found.score < known.score - RIVAL):
            out[s] = found
        left[s] = np.inf if found is None else found.left


def _impulse(
    b: Beats, own: Bank, found: Found | None, how: Callable[[Floats, int, Bank, Volley, float], Fit]
) -> Fit | None:
    if found is None or found.left > LOOSE_LEFT:
        return None
    windows = b.less_older(b.impulse, b.expected, b.rows.before, own)
    fit = how(windows, b.rows.before, own, found.volley, volley.FAR)
    b.add(b.expected, fit)
    return fit


def _shown(surveys: list[Survey], tried: list[list[Floats]], own: Bank) -> list[Found | None]:
    """How blows follow each other on the sides surveyed; what one side shows is tried on the other."""
    out = [unravel.judged(seen, own, some, None) for seen, some in zip(surveys, tried, strict=True)]
    if len(out) < 2:
        return out
    side = int(np.argmax([np.inf if f is None else f.score for f in out]))
    for _turn in range(SHOWN):
        other, mine = out[1 - side], out[side]
        if other is not None:
            behind = other.volley.time[1:] - other.volley.time[0]
            if mine is None or (
                mine.score > other.score + RIVAL
                and np.abs(mine.volley.time[1:] - mine.volley.time[0] - behind).max() > ALIKE
            ):
                out[side] = unravel.judged(surveys[side], own, [behind], mine)
        side = 1 - side
    return out


def _locked(beats: list[Beats], windows: list[Floats], own: Bank) -> list[Found | None]:
    """How lock, banking and bounce follow each other on each side."""
    if any(len(b.side.after_s) != 2 for b in beats):
        return [None for _ in beats]
    surveys = []
    for b, rows in zip(beats, windows, strict=True):
        scatter = SCATTER_S * b.rate_hz
        plan = Plan(b.side.alone_s[1] * b.rate_hz, (0.0, scatter, scatter * float(np.sqrt(2.0))))
        surveys.append(unravel.survey(rows, b.side.lock.rows.before, own, plan))
    out = _shown(surveys, [[np.sort(b.side.after_s) * b.rate_hz] for b in beats], own)
    rate = beats[0].rate_hz
    span = float(np.mean([np.median((b.side.lock.time_s - b.side.unlock.time_s)[b.ok]) for b in beats])) * rate
    later = LATER_SPANS[0] * span, LATER_SPANS[1] * span
    _everywhere(surveys, out, own, UNLIKE_S * rate, lambda seen: unravel.triples(seen, later))
    return out


def _locks(
    beats: list[Beats],
    windows: list[Floats],
    own: Bank,
    found: list[Found | None],
    lessons: list[Mean],
    known: list[Blow],
    poles: Poles,
) -> list[Fit | None]:
    """The locks of each side; loud ones that leave much teach the bank too, after the `lessons` it has had."""
    zero = [b.side.lock.rows.before for b in beats]
    usual = [None if f is None or f.left > LOOSE_LEFT else f.volley.known() for f in found]
    some = [rows[places(len(rows), LEARNT_FROM)] for rows in windows]

    def few(bank_now: Bank, now: list[Volley | None]) -> list[Fit | None]:
        return [
            None if v is None else volley.looked(rows, z, bank_now, v, 0.0)
            for rows, z, v in zip(some, zero, now, strict=True)
        ]

    fits = few(own, usual)
    usual = [None if f is None or v is None else f.volley(v) for f, v in zip(fits, usual, strict=True)]
    left = [float(np.median(f.left)) for f in fits if f is not None]
    if left and max(left) > TEACHES_MORE:
        for fit, z in zip(fits, zero, strict=True):
            if fit is not None:
                _teach(lessons, known, fit.rest.shape[1], z, fit, own)
        better, _blows, _left = bank.learn(own.circle, lessons, known, poles, own, AGAIN)
        again = few(better, usual)
        if sum(float(np.median(f.left)) for f in again if f is not None) < sum(left):
            own, fits = better, again
            usual = [None if f is None or v is None else f.volley(v) for f, v in zip(fits, usual, strict=True)]
    return [
        None if v is None else volley.settled(rows, z, own, v, 0.0)
        for rows, z, v in zip(windows, zero, usual, strict=True)
    ]


def _teach(lessons: list[Mean], known: list[Blow], n: int, zero: int, found: Fit, own: Bank) -> None:
    """Adds the mean waveform of each blow, the others taken out."""
    cost = found.cost()
    good = cost < float(np.median(cost)) * (1.0 + ODD * np.sqrt(2.0 / np.median(cost)))
    size = next_fast_len(n + 64, real=True)
    rest = rfft(found.rest[good], size, axis=1)
    for k in range(found.time.shape[1]):
        time, gain = found.time[good, k], found.gain[good, k].mean(axis=0)
        turn = np.exp(2j * np.pi * rfftfreq(size) * (time + (zero - TAUGHT_ZERO))[:, None])
        length = min(TAUGHT, int(n - zero - time.max()) + TAUGHT_ZERO - 2)
        values = irfft((rest * turn).mean(axis=0), size)[:length]
        values = values - values[: TAUGHT_ZERO - 3].mean()
        values = values + gain @ own.wave(np.zeros(1, dtype=np.int64), length, TAUGHT_ZERO)[0]
        error = TEACHES * float(np.abs(values).max())
        lessons.append(Mean(values, TAUGHT_ZERO, 1.0 / len(time) + error**2))
        known.append(Blow(0.0, gain))


def _timed(b: Beats, start_s: Floats, found: Fit, most: float) -> Timed | None:
    """Times of the first blow of all beats."""
    left = float(np.median(found.left))
    if left > most:
        return None
    time_s, sigma_s = np.full((2, len(start_s)), np.nan)
    begun = float(np.median(found.time[:, 0]))
    cost = found.cost()
    middle = float(np.median(cost))
    good = cost < middle + ODD * float(np.sqrt(2.0 * middle))
    at = b.ok[good]
    time_s[at] = start_s[at] + (found.time[good, 0] - begun) / b.rate_hz
    sigma_s[at] = found.sigma[good, 0] * np.sqrt(max(left, 1.0)) / b.rate_hz
    return Timed(time_s, sigma_s, begun / b.rate_hz, left)
