"""Blows that ring into each other: what they sound like is learnt, how they follow is found, each beat is timed."""

from __future__ import annotations

import numpy as np
import pytest

from heartwright.listen.timing.joint import bank, learning, lessons, sequels, unravel, volley
from heartwright.listen.timing.joint.bank import Bank, Blow, Circle, Mean, Poles
from heartwright.listen.timing.joint.learning import Lesson
from heartwright.listen.timing.joint.unravel import Found
from heartwright.listen.timing.joint.volley import Volley
from heartwright.records import Floats

RATE_HZ = 48_000.0
FREQUENCY = np.array([3300.0, 5100.0, 7400.0, 10_300.0, 14_100.0])
POLE = (2.0 * np.pi * FREQUENCY * (1j - 0.5 / np.array([16.0, 18.0, 19.0, 20.0, 22.0]))) / RATE_HZ
WHITE = Circle(np.array([1.0]))  # noise of one a sample
ZERO, COUNT = 19, 115  # of windows
LOCK = np.array([[60.0, 100.0, -90.0, 70.0, 50.0], [16.0, -27.0, 22.0, 20.0, -14.0], [14.0, 24.0, -22.0, 17.0, 12.0]])
MIXTURES = np.array([[0.6, 1.0, -0.8, 0.7, 0.5], [-0.7, 0.5, 0.9, -0.6, 0.8]])  # of both sides' unlockings
LATE = np.array([0.0, 11.6, 16.8])  # lock, banking and bounce of a quick watch [samples]


def microphone() -> Floats:
    """A filter that ends the band at 0.4 of the rate: a sinc under a window, some samples late."""
    n = np.arange(bank.TAPS) - bank.EARLY - 1.3
    return np.asarray(np.sinc(0.8 * n) * np.exp(-np.abs(n) / 4.0))


@pytest.fixture(scope="module")
def case() -> Bank:
    return Bank.of(WHITE, POLE, microphone())


def rung(case: Bank, time: Floats, gain: Floats, n: int = COUNT, zero: int = ZERO) -> Floats:
    """Windows [beat, n] of blows at `time` [beat, blow] with mixtures `gain` [beat, blow, mode]."""
    out = np.zeros((len(time), n))
    for k in range(time.shape[1]):
        wave, slope, behind = case.at(time[:, k], n, zero)
        out += np.einsum("im,imn->in", gain[:, k], wave + behind[:, None, None] * slope)
    return out


def locks(case: Bank, seed: int, count: int = 100) -> tuple[Floats, Floats]:
    """Lock-like windows, white, and the true times of their blows."""
    rng = np.random.default_rng(seed)
    time = LATE + np.array([0.02, 0.72, 1.0]) * rng.standard_normal((count, 3))
    gain = LOCK * (1.0 + 0.1 * rng.standard_normal((count, 3, len(POLE))))
    return rung(case, time, gain) + rng.standard_normal((count, COUNT)), time


def test_two_means_teach_what_a_third_blow_sounds_like(case: Bank) -> None:
    """Mixtures, filter and onsets are unknown; the first guess of the onsets is some hundredths of a sample off."""
    rng = np.random.default_rng(7)
    mixtures = 18.0 * MIXTURES
    apart = 0.37
    waves = rung(case, np.array([[0.0], [apart]]), mixtures[:, None], 75, 16) + 0.1 * rng.standard_normal((2, 75))
    taught = [
        Lesson.of(Mean(wave, 16, 0.01), Blow(at, np.zeros(0))) for wave, at in zip(waves, (1.3, 1.6), strict=True)
    ]
    found, blows, left = learning.learn(WHITE, taught, Poles.of(POLE, 0.01), None, 20)
    assert left < 1.3
    assert blows[1].time - blows[0].time == pytest.approx(apart, abs=0.01)
    third = rung(case, np.zeros((1, 1)), LOCK[:1][None])[0]
    best = min(_misfit(found, third, blows[0].time + late) for late in np.arange(-0.2, 0.2, 0.01))
    assert best < 10**-2.8  # -28 dB


def unlockings(case: Bank, seed: int) -> list[Mean]:
    """Mean waveforms of the unlockings of both sides."""
    rng = np.random.default_rng(seed)
    mixtures = 18.0 * MIXTURES
    waves = rung(case, np.array([[0.0], [0.37]]), mixtures[:, None], 75, 16) + 0.1 * rng.standard_normal((2, 75))
    return [Mean(wave, 16, 0.01) for wave in waves]


def faint(case: Bank, seed: int) -> tuple[list[Mean], Floats]:
    """Means of 15 faint beats of either side, some 19 dB out of the noise (10 log10 2E/N0), and their waveforms."""
    rng = np.random.default_rng(seed)
    waves = rung(case, np.array([[0.0], [0.37]]), 1.5 * MIXTURES[:, None], 115, 16)
    return [Mean(w + rng.standard_normal(115) / np.sqrt(15.0), 16, 1.0 / 15.0) for w in waves], waves


def test_few_faint_beats_tell_no_more_modes_than_show(case: Bank) -> None:
    """Of five modes four are told, and two that there are not; what is learnt is nearer to the truth without these."""
    false = 2.0 * np.pi * np.array([12_300.0, 17_000.0]) * (1j - 0.5 / 40.0) / RATE_HZ
    told = Poles.of(np.concatenate([np.delete(POLE, 1), false]), 0.13)
    off: dict[str, list[float]] = {"first": [], "few": []}
    for seed in range(5):
        means, waves = faint(case, seed)
        first, few = (learnt(WHITE, means, [1.3, 1.6], told) for learnt in (lessons.first, lessons.few))
        for name, taught in (("first", first), ("few", few)):
            for mean, wave, blow in zip(means, waves, taught.blows, strict=True):
                heard, slope, late = taught.bank.at(np.array([blow.time]), 115, mean.zero)
                off[name].append(float(np.sum((blow.gain @ (heard[0] + late[0] * slope[0]) - wave) ** 2)))
        frequency = few.bank.pole.imag
        assert np.abs(frequency / POLE[1].imag - 1.0).min() < 0.03
        assert len(frequency) == len(POLE)
    assert np.mean(off["few"]) < 0.6 * np.mean(off["first"])


def test_a_drift_means_nothing_to_the_bank(case: Bank) -> None:
    slow = 4.0 * np.linspace(-0.4, 1.0, 75) ** 2
    means = [Mean(mean.values + slow, mean.zero, mean.variance) for mean in unlockings(case, 8)]
    assert lessons.first(WHITE, means, [1.3, 1.6], Poles.of(POLE, 0.01)).left < 1.3


def test_a_mode_that_the_ringing_did_not_tell_is_found(case: Bank) -> None:
    """It rings out before the ringing is looked at; without it a hundred times the noise is left."""
    told = Poles.of(POLE[:-1], 0.01)
    means = unlockings(case, 9)
    taught = [Lesson.of(mean, Blow(at, np.zeros(0))) for mean, at in zip(means, (1.3, 1.6), strict=True)]
    without = learning.learn(WHITE, taught, told, None, 20)[2]
    found = lessons.first(WHITE, means, [1.3, 1.6], told)
    assert without > 100.0 and found.left < 2.0
    assert found.bank.pole.imag.max() == pytest.approx(POLE[-1].imag, rel=0.02)


def test_two_blows_that_ring_into_each_other_teach_the_bank(case: Bank) -> None:
    """A bank learnt from faint unlockings is told better by the means of loud beats, though neither blow stands alone
    and the second comes at ever other times."""
    rng = np.random.default_rng(18)
    faint = [Mean(m.values + 1.2 * rng.standard_normal(75), 16, 1.45) for m in unlockings(case, 18)]
    begun = lessons.first(WHITE, faint, [1.3, 1.6], Poles.of(POLE, 0.01))
    pair = np.array([[20.0, -36.0, 30.0, 22.0, 16.0], [40.0, 44.0, -52.0, 30.0, -30.0]])
    time = np.array([0.0, 9.4]) + np.array([0.05, 0.72]) * rng.standard_normal((60, 2))
    gain = pair * (1.0 + 0.1 * rng.standard_normal((60, 2, len(POLE))))
    white = rung(case, time, gain) + rng.standard_normal((60, COUNT))
    usual = Volley(
        np.array([begun.blows[0].time, begun.blows[0].time + 9.4]), np.array([0.3, 0.72]), pair, 0.3 * abs(pair)
    )
    taught = begun
    for _turn in range(3):
        fit = volley.looked(white, ZERO, taught.bank, usual, 2.0)
        usual = fit.volley(usual)
        taught = lessons.again(taught.bank, Poles.of(POLE, 0.01), [lessons.of(fit, ZERO, taught.bank)])
    third = rung(case, np.zeros((1, 1)), LOCK[:1][None])[0]

    def best(one: Bank) -> float:
        return min(_misfit(one, third, late) for late in np.arange(-3.0, 3.0, 0.01))

    assert best(taught.bank) < 0.3 * best(begun.bank)
    assert taught.left < 1.5


def test_a_band_whose_end_comes_later_is_learnt(case: Bank) -> None:
    """An elliptic filter delays the end of its band by radians; begun from none, modes there are told wrongly."""
    omega = np.linspace(0.0, np.pi, 129)
    phase = 4.5 * (omega / np.pi) ** 4 + omega * 64
    late = np.fft.irfft(np.exp(-1j * phase) * (omega < 0.84 * np.pi), 256)[64 - bank.EARLY :][: bank.TAPS]
    pole = np.append(POLE, 2.0 * np.pi * 18_500.0 * (1j - 0.5 / 22.0) / RATE_HZ)
    own = Bank.of(WHITE, pole, np.asarray(late))
    rng = np.random.default_rng(19)
    mixtures = 18.0 * np.array([[0.6, 1.0, -0.8, 0.7, 0.9, 0.8], [-0.7, 0.5, 0.9, -0.6, 0.8, -0.9]])
    waves = rung(own, np.array([[0.0], [0.37]]), mixtures[:, None], 75, 16) + 0.1 * rng.standard_normal((2, 75))
    found = lessons.first(WHITE, [Mean(w, 16, 0.01) for w in waves], [0.3, 0.6], Poles.of(pole, 0.01))
    third = rung(own, np.zeros((1, 1)), np.append(LOCK[0], 80.0)[None, None])[0]
    assert found.left < 1.3
    assert min(_misfit(found.bank, third, late) for late in np.arange(-3.0, 3.0, 0.01)) < 10**-2.5


def test_blows_that_do_not_go_with_the_others_are_left_out(case: Bank) -> None:
    """One side's impulse is that of the case, the other's was parted wrongly and is half another blow."""
    rng = np.random.default_rng(10)
    gains = 15.0 * rng.standard_normal((4, len(POLE)))
    waves = rung(case, np.zeros((4, 1)), gains[:, None], 72, 12) + 0.1 * rng.standard_normal((4, 72))
    waves[3, 30:] += 0.5 * waves[2, :-30]
    each = [Lesson.of(Mean(w, 12, 0.01), Blow(0.0, g)) for w, g in zip(waves, gains, strict=True)]
    taught, agree = lessons.chosen(case, Poles.of(POLE, 0.01), each[:2], [each[2], each[3]])
    assert agree == [0] and taught.left < 1.5


def test_impulses_that_were_taken_for_the_blow_after_them_are_told() -> None:
    def found(behind: float, left: float) -> Found:
        usual = Volley(np.array([0.0, behind]), np.ones(2), np.ones((2, 5)), np.ones((2, 5)))
        return Found(usual, left, 100.0 * left)

    assert sequels.after_the_second([found(17.2, 0.9), found(17.6, 1.1)], RATE_HZ) == []
    assert sequels.after_the_second([found(4.2, 1.2), None], RATE_HZ) == []
    likely = sequels.after_the_second([found(4.2, 1.2), found(17.2, 0.9)], RATE_HZ)
    assert [side for side, _sooner_s in likely] == [0, 1]
    assert likely[0][1] == pytest.approx(17.2 / RATE_HZ)


def _misfit(found: Bank, wave: Floats, late: float) -> float:
    own, slope, behind = found.at(np.array([late]), COUNT, ZERO)
    basis = (own + behind[:, None, None] * slope)[0].astype(np.float64)
    left = wave - np.linalg.lstsq(basis.T, wave, rcond=None)[0] @ basis
    return float(left @ left / (wave @ wave))


def test_each_lock_is_timed_as_well_as_its_error_says_and_better_than_its_blows_would_let_it(case: Bank) -> None:
    """The later blows scatter by more than a radian of the highest mode; one that is linear in them errs by 0.02."""
    white, time = locks(case, 11)
    usual = Volley(LATE, np.array([0.3, 0.72, 1.0]), LOCK, volley.usual(LOCK))
    found = volley.settled(white, ZERO, case, usual, 0.0)
    error = found.time[:, 0] - time[:, 0]
    assert 0.85 < float(np.std(error)) / float(np.sqrt(np.mean(found.sigma[:, 0] ** 2))) < 1.2
    assert float(np.std(error)) < 0.01
    assert float(np.median(found.left)) == pytest.approx(1.0, abs=0.2)


def test_a_lock_is_found_by_delays_that_are_a_little_off_and_not_by_wrong_ones(case: Bank) -> None:
    white, _time = locks(case, 12, 40)
    seen = unravel.survey(white, ZERO, [case, case.blurred(0.72), case.blurred(1.0)], 8.0)
    near = unravel.judged(seen, case, unravel.shown(seen, LATE[1:] + np.array([0.3, -0.4])))[0]
    far = unravel.judged(seen, case, unravel.shown(seen, np.array([6.0, 13.0])))[0]
    assert near.volley.time - near.volley.time[0] == pytest.approx(LATE, abs=0.5)
    assert near.left < 1.2 and far.left > 2.0 and near.score < far.score


def test_locks_are_found_wherever_their_blows_may_be(case: Bank) -> None:
    """Of the first blow no more is known than that it comes within nine samples, of the others, in 36 more."""
    white, time = locks(case, 16)
    seen = unravel.survey(white, ZERO, [case, case.blurred(0.72), case.blurred(1.0)], 8.0)
    assert seen.begun[1] - seen.begun[0] > 9.0
    found = unravel.judged(seen, case, unravel.everywhere(seen, (3.0, 36.0), []))[0]
    assert found.volley.time == pytest.approx(np.median(time, axis=0), abs=0.6)
    assert found.volley.time[0] == pytest.approx(0.0, abs=0.05)
    assert found.left < 1.2


def test_beats_cost_no_more_than_they_hold_where_the_model_is_right(case: Bank) -> None:
    """Twice the negative log posterior at its least: as much as there are values where priors are as wide as they
    should be, a little less as they are wider here."""
    white, _time = locks(case, 17)
    values = COUNT - bank.SLOW - 1
    sure = 3.0 * np.sqrt(2.0 * values / len(white))
    usual = Volley(LATE, np.array([0.3, 0.72, 1.0]), LOCK, volley.usual(LOCK))
    right = volley.looked(white, ZERO, case, usual, 0.0)
    wrong = volley.looked(white, ZERO, case, Volley(LATE + np.array([0.0, -5.0, 0.0]), *_rest(usual)), 0.0)
    assert 0.8 * values < float(np.median(right.cost())) < values + sure
    assert float(np.median(wrong.cost())) - values > 2.0 * sure


def _rest(usual: Volley) -> tuple[Floats, Floats, Floats]:
    return usual.spread, usual.gain, usual.share


def test_a_second_blow_is_found_without_being_told_where(case: Bank) -> None:
    rng = np.random.default_rng(13)
    time = np.array([0.0, 9.4]) + np.array([0.05, 0.72]) * rng.standard_normal((40, 2))
    pair = np.array([[20.0, -36.0, 30.0, 22.0, 16.0], [40.0, 44.0, -52.0, 30.0, -30.0]])
    gain = pair * (1.0 + 0.1 * rng.standard_normal((40, 2, len(POLE))))
    white = rung(case, time, gain) + rng.standard_normal((40, COUNT))
    seen = unravel.survey(white, ZERO, [case, case.blurred(0.72)], 8.0)
    tried = [one for delay in unravel.seconds(seen, (3.0, 24.0, 0.5)) for one in unravel.shown(seen, delay)]
    found = unravel.judged(seen, case, tried)[0]
    assert found.volley.time[1] - found.volley.time[0] == pytest.approx(9.4, abs=0.4)
    assert found.left < 1.2


def test_a_beat_started_at_the_wrong_period_is_looked_for_elsewhere(case: Bank) -> None:
    """Where the grid's best is kept from being found at first, the next look leaves it out."""
    white, time = locks(case, 14, 30)
    usual = Volley(LATE, np.array([0.3, 0.72, 1.0]), LOCK, volley.usual(LOCK))
    first, left = volley.look(white, ZERO, case, usual, 0.0)
    other, more = volley.look(white, ZERO, case, usual, 0.0, first)
    assert (np.abs(first[:, 1:] - time[:, 1:]).max(axis=1) < 0.6).mean() > 0.9
    assert (np.abs(other - first).max(axis=1) >= 1.0).all()
    assert (more > left).all()


def test_the_predictor_makes_coloured_noise_white() -> None:
    rng = np.random.default_rng(15)
    rows = rng.standard_normal((80, 200))
    coloured = 0.03 * (rows[:, 2:] + 0.8 * rows[:, 1:-1] + 0.3 * rows[:, :-2])
    known = bank.predictor(coloured)
    white = np.array([np.convolve(row, known, "valid") for row in coloured])
    assert float(np.mean(white**2)) == pytest.approx(1.0, rel=0.03)
    assert abs(float(np.mean(white[:, 1:] * white[:, :-1]))) < 0.03
