"""Leaps: sound lost or given twice is told to the sample, and rate, count and beat error go on across it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from listen_takes import LIFT_DEG, Take, pendulum, watch

from heartwright import listen
from heartwright.listen import joined
from heartwright.listen.beat.leaps import Leap
from heartwright.listen.hours import long, long_figures
from heartwright.listen.take.streaming import Piece
from heartwright.records import BeatTable, Reading, Recording

RATE_HZ = 48_000.0


def cut(take: Take, *cuts: tuple[float, int]) -> Recording:
    """The take's sound with samples lost at each time [s], or given twice where the number is negative."""
    samples, parts, begin = np.asarray(take.recording.samples), [], 0
    for at_s, count in cuts:
        place = round(at_s * take.recording.rate_hz)
        parts.append(samples[begin:place])
        begin = place + count
    return replace(take.recording, samples=np.concatenate([*parts, samples[begin:]]))


@pytest.mark.parametrize("lost", [96, 256, 1024, 3000, 4800, -128, -2048])
def test_a_lost_or_repeated_buffer_is_told_to_the_sample(lost: int) -> None:
    take = watch(rate_hz=RATE_HZ, snr_db=30.0, seed=3)
    whole = listen.measure(take.recording, lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0))
    reading = listen.measure(cut(take, (9.37, lost)), lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0))
    (leap,) = reading.leaps
    assert abs(leap.early_ms * RATE_HZ / 1e3 - lost) <= 1.0 + 1e-6 and leap.half_width_ms < 0.1
    assert leap.time_s == pytest.approx(9.37, abs=0.2)
    (mark,) = reading.marks
    assert mark.kind == "leap" and mark.p < 1e-6 and mark.off_ms == pytest.approx(-leap.early_ms)
    assert reading.rate_s_per_day is not None and whole.rate_s_per_day is not None
    assert abs(reading.rate_s_per_day.value - whole.rate_s_per_day.value) < 0.3
    assert reading.beat_error_ms is not None and reading.beat_error_ms.low < 0.4 < reading.beat_error_ms.high
    assert reading.amplitude_deg is not None
    assert reading.duration_s == pytest.approx(20.0 - lost / RATE_HZ)
    assert reading.warnings[-1].startswith("the beat leaps once at 9.")


def test_lost_buffers_of_a_slow_clock_are_told() -> None:
    """Two or three beats stand between them: only together do they tell what each lost."""
    take = pendulum(seconds=30.0, snr_db=30.0)
    cuts = ((6.2, 2048), (9.3, 512), (14.1, 1024), (21.6, 4096))
    reading = listen.measure(cut(take, *cuts), clock_ppm=(0.0, 0.0))
    lost = [count / take.recording.rate_hz * 1e3 for _, count in cuts]
    assert [leap.early_ms for leap in reading.leaps] == pytest.approx(lost, abs=0.05)
    assert reading.beat_rate_bph is not None
    assert abs(reading.beat_rate_bph.value / take.bph - 1.0) * 86_400.0 < 2.0


@pytest.mark.parametrize("snr_db", [6.0, 15.0, 30.0])
def test_a_take_without_leaps_has_none(snr_db: float) -> None:
    for seed in range(3):
        take = watch(seconds=15.0, rate_hz=RATE_HZ, snr_db=snr_db, seed=seed, beat_error_ms=2.0)
        assert listen.measure(take.recording).leaps == ()


def test_a_second_clock_that_grows_louder_is_no_leap() -> None:
    """Of nearly the same rate, loud in the second half: both beat on, so the beat did not leap."""
    first, second = (watch(seconds=24.0, rate_hz=RATE_HZ, bph=b, seed=s) for b, s in ((21_600.0, 1), (21_603.0, 2)))
    n = len(first.recording.samples)
    rises = np.linspace(0.05, 1.0, n)
    both = np.asarray(first.recording.samples) * rises[::-1] + np.roll(second.recording.samples, 2500) * rises
    reading = listen.measure(replace(first.recording, samples=both.astype(np.float32)))
    assert reading.leaps == ()


def test_a_single_late_beat_is_no_leap() -> None:
    reading = listen.measure(watch(rate_hz=RATE_HZ, moved={40: 3e-3}, seed=6).recording)
    assert reading.leaps == () and [mark.kind for mark in reading.marks] == ["late"]


def test_a_cut_of_an_odd_beat_changes_the_sides_over() -> None:
    """A stretch of seven beats and a half cut out: the side that follows tells by how much the beat leapt."""
    take = watch(rate_hz=RATE_HZ, beat_error_ms=2.0, snr_db=35.0, seed=8)
    lost = round(7.5 * 3600.0 / take.bph * RATE_HZ)
    reading = listen.measure(cut(take, (8.0, lost)), clock_ppm=(0.0, 0.0))
    assert reading.beat_error_ms is not None and reading.beat_error_ms.low < 2.0 < reading.beat_error_ms.high
    (leap,) = reading.leaps
    whole = 2e3 * 3600.0 / take.bph  # whole oscillations cannot be told
    assert (1e3 * lost / RATE_HZ - leap.early_ms + 0.5 * whole) % whole == pytest.approx(0.5 * whole, abs=0.05)


@pytest.mark.parametrize("at_s", [20.0, 57.3, 58.6, 59.5, 70.0])
def test_a_long_run_goes_on_across_a_leap(at_s: float) -> None:
    """Wherever it is: within a piece of 60 s, or in the 2 s that two pieces share."""
    take = watch(seconds=150.0, rate_hz=RATE_HZ, snr_db=30.0, seed=2)
    whole = cut(take, (at_s, 1024))
    samples, pieces, begin = np.asarray(whole.samples), [], 0.0
    while not pieces or not pieces[-1].last:
        end = min(begin + 60.0, whole.seconds)
        sound = replace(whole, samples=samples[round(begin * RATE_HZ) : round(end * RATE_HZ)])
        pieces.append(Piece(sound, begin, 0, first=begin == 0.0, last=end == whole.seconds))
        begin = end - 2.0
    run = long.follow(pieces, lift_deg=LIFT_DEG, clock_ppm=(0.0, 0.0))
    (leap,) = run.leaps
    assert leap.early_ms == pytest.approx(1024e3 / RATE_HZ, abs=0.2) and leap.time_s == pytest.approx(at_s, abs=0.3)
    assert not run.doubts and all(piece.status == "ok" for piece in run.pieces)
    told = long_figures.summarise(run)
    assert told.rate_s_per_day is not None and abs(told.rate_s_per_day.value) < 0.5
    assert any(line.startswith("The beat leaps once, first at 0:0") for line in told.advice)


def test_joining_puts_in_what_is_missing_and_cuts_what_came_twice() -> None:
    take = Recording(np.arange(100, dtype=np.float32), 10.0)
    seams = (joined.Seam(20, 5), joined.Seam(60, -10))
    samples = joined.join(take, seams).samples
    assert len(samples) == 95
    assert np.array_equal(samples[:20], np.arange(20)) and np.array_equal(samples[25:65], np.arange(20, 60))
    assert np.all((samples[20:25] > 19) & (samples[20:25] < 20)) and np.array_equal(samples[65:], np.arange(70, 100))
    assert joined.times_s(seams, 10.0) == pytest.approx([2.25, 6.5])
    assert joined.Seam.of(Leap(1.0, 2.0, 0.5), 10.0) == joined.Seam(15, 5)
    assert joined.Seam.of(Leap(1.0, 3.0, -1.0), 10.0) == joined.Seam(15, -10)


def test_beats_beside_a_seam_are_not_timed_finely() -> None:
    time_s = np.arange(40) * 0.5
    found = joined.beside((joined.Seam(101, 1),), 10.0, time_s)
    assert np.flatnonzero(found).tolist() == [20, 21]
    few = joined.beside((joined.Seam(21, 1),), 10.0, time_s)  # five beats before it
    assert np.flatnonzero(few).tolist() == [5]


def test_the_doubt_of_seams_is_what_steps_do_to_a_line() -> None:
    """Against lines through beats that step at random."""
    rng = np.random.default_rng(4)
    number = np.arange(61)
    side, time_s = number % 2, 0.2 * number
    seams = tuple(joined.Seam(round(1000 * t), 1, s) for t, s in ((3.01, 1e-4), (7.31, 3e-4)))
    beat, error = joined.doubts_s(seams, 1000.0, (number, side, time_s))
    design = np.stack([np.ones(61), number, side], axis=1)
    later = time_s[:, None] > joined.times_s(seams, 1000.0)
    drawn = later @ (rng.standard_normal((2, 4000)) * np.array([[1e-4], [3e-4]]))
    lines = np.linalg.lstsq(design, drawn, rcond=None)[0]
    assert [beat, error] == pytest.approx(lines[1:].std(axis=1), rel=0.05)
    assert joined.doubts_s((), 1000.0, (number, side, time_s)) == (0.0, 0.0)


def steps(*, leap_s: float, changed: bool = False) -> Reading:
    """A reading whose beats step by `leap_s` after the 30th and, if `changed`, whose sides are the other way round."""
    n = 60
    side = np.where(np.arange(n) % 2 == 0, 1, -1)
    late = np.arange(n) >= 30
    off = 1e-3 * np.where(late & changed, -side, side) + leap_s * late + 1e-5 * np.random.default_rng(1).normal(size=n)
    nan = np.full(n, np.nan)
    time_s, flag = 0.2 * np.arange(n) + off, np.full(n, "", dtype="<U8")
    table = BeatTable(time_s, side, nan, nan, nan, np.full(n, 1e-5), nan, 1e3 * off, np.full(n, 20.0), flag)
    whole = listen.measure(watch(seconds=6.0, rate_hz=RATE_HZ).recording)
    assert whole.beat_rate_bph is not None
    rate = replace(whole.beat_rate_bph, value=18_000.0, low=17_999.0, high=18_001.0)
    return replace(whole, table=table, beat_rate_bph=rate, beats=n, marks=())


def test_a_step_of_the_table_is_mended_and_one_that_vanishes_forgotten() -> None:
    take = Recording(np.zeros(12_000, np.float32), 1000.0)
    asked: list[tuple[joined.Seam, ...]] = []

    def again(joined_take: Recording, seams: tuple[joined.Seam, ...]) -> Reading:
        asked.append(seams)
        return steps(leap_s=0.0)

    reading = joined.measured(take, steps(leap_s=-3e-3), again)
    assert [seam.missing for seam in asked[0]] == [3] and [x.early_ms for x in reading.leaps] == [3.0]
    unproved = joined.measured(take, (Leap(5.9, 6.0, 0.0),), again)  # a leap of nothing
    assert asked[-1] == () and unproved.leaps == ()


def test_a_step_that_is_taken_back_within_a_few_beats_is_none() -> None:
    reading = steps(leap_s=0.0)
    assert reading.table is not None
    time_s, off_ms = reading.table.time_s.copy(), reading.table.residual_ms.copy()
    time_s[30:33] += 2e-3
    off_ms[30:33] += 2.0
    bent = replace(reading, table=replace(reading.table, time_s=time_s, residual_ms=off_ms))
    assert joined.measured(Recording(np.zeros(12_000, np.float32), 1000.0), bent, lambda *_: bent) is bent


def test_sides_that_are_changed_over_make_the_leap_a_beat_more_or_less() -> None:
    take = Recording(np.zeros(12_000, np.float32), 1000.0)
    asked: list[int] = []

    def again(joined_take: Recording, seams: tuple[joined.Seam, ...]) -> Reading:
        asked.append(seams[0].missing)
        return steps(leap_s=0.0, changed=len(asked) == 1)

    joined.measured(take, (Leap(5.9, 6.0, 0.03),), again)
    assert asked == [30, 30 - 200]
