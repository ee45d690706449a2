"""Long runs: pieces are joined without a slip over seams, gaps, noise and silence; what cannot be known is said."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from listen_takes import Take, watch

from heartwright.listen import Unreadable
from heartwright.listen.hours import long, long_figures
from heartwright.listen.hours.count import Counter
from heartwright.listen.take import blocks, streaming
from heartwright.records import BeatTable, Floats, Recording

RATE = 48_000


@pytest.fixture(scope="module", name="take")
def _take() -> Take:
    return watch(seconds=60.0, rate_hz=RATE, snr_db=30.0, bph=21_600.0 * 1.0004, beat_error_ms=1.0)


def follow(path: Path, *, piece_s: float = 20.0, starts: dict | None = None, **told: float) -> long.Run:
    found, _ = streaming.segments([path], starts=starts)
    return long.follow(streaming.Source(found, piece_s=piece_s).pieces(), **told)  # type: ignore[arg-type]


def true_numbers(take: Take, time_s: Floats) -> np.ndarray:
    """The number in the take of the beat nearest to each time."""
    return np.argmin(np.abs(take.unlock_s[None, :] - time_s[:, None]), axis=1)


def write(path: Path, samples: Floats) -> None:
    soundfile.write(path, samples, RATE, subtype="PCM_16")


def test_pieces_join_without_a_slip(tmp_path: Path, take: Take) -> None:
    write(tmp_path / "a.flac", take.recording.samples)
    run = follow(tmp_path / "a.flac")
    assert len(run.pieces) == 4 and not run.doubts and not run.slips
    assert len(run.beats) == len(take.unlock_s)
    assert len(set(true_numbers(take, run.beats.time_s) - run.beats.number)) == 1
    reading = long_figures.summarise(run)
    assert reading.rate_low_repeat is not None and reading.rate_high_repeat is not None
    count = (len(take.unlock_s) - 2) // 2 * 2
    truth = (count / 6.0 / (take.unlock_s[count] - take.unlock_s[0]) - 1.0) * 86_400
    assert reading.rate_low_repeat < truth < reading.rate_high_repeat
    assert reading.nominal_bph == 21_600.0 and reading.missed == 0


def test_a_folder_of_segments_in_natural_order_with_told_gaps(tmp_path: Path, take: Take) -> None:
    x = take.recording.samples
    for name, a, b in (("p1.flac", 0, 20), ("p2.flac", 20, 32), ("p10.flac", 40.05, 60)):
        write(tmp_path / name, x[int(a * RATE) : int(b * RATE)])
    starts = {"p1.flac": (0.0, 2e-3), "p2.flac": (20.0, 2e-3), "p10.flac": (40.05, 2e-3)}
    run = follow(tmp_path, starts=starts)
    assert not run.doubts and len(run.beats) > 300
    assert len(set(true_numbers(take, run.beats.time_s) - run.beats.number)) == 1
    guessed = follow(tmp_path)  # nothing told: 8.05 s are missing, a fraction of a beat shows it
    assert len(guessed.doubts) == 1 and "sound is missing here" in guessed.doubts[0].why
    assert len(set(guessed.beats.stretch.tolist())) == 2
    advice = long_figures.summarise(guessed).advice
    assert any("Between 0:00:31 and 0:00:32 the count is not sure" in line for line in advice)


def test_a_stretch_of_noise_is_counted_over(tmp_path: Path, take: Take) -> None:
    """12 s of loud noise in a row: the count goes on by time and rate."""
    x = np.array(take.recording.samples)
    x[24 * RATE : 36 * RATE] = 0.3 * np.random.default_rng(2).standard_normal(12 * RATE)
    write(tmp_path / "a.wav", x)
    run = follow(tmp_path / "a.wav", piece_s=10.0)
    outside = (run.beats.time_s < 23.0) | (run.beats.time_s > 37.0)
    assert len(set((true_numbers(take, run.beats.time_s) - run.beats.number)[outside])) == 1 and not run.doubts
    assert long_figures.summarise(run).missed > 20


def test_a_piece_that_noise_drowns_is_set_aside(take: Take) -> None:
    """Half a piece under noise as loud as its ticks is timed at the loudest sound, if at all: it does not fit in."""
    x = np.array(take.recording.samples)
    x[25 * RATE : 40 * RATE] += 0.3 * np.random.default_rng(2).standard_normal(15 * RATE).astype(np.float32)
    follower = long.Follower(overlap_s=2.0)
    for at in (0, 18, 36):
        samples = x[at * RATE : (at + 20) * RATE]
        follower.add(streaming.Piece(Recording(samples, RATE), float(at), 0, at == 0, at == 36))
    run = follower.run()
    near = take.unlock_s[true_numbers(take, run.beats.time_s)]
    clear = (run.beats.time_s < 24.5) | (run.beats.time_s > 40.5)
    assert run.pieces[0].status == "ok" and not run.doubts
    assert len(set((true_numbers(take, run.beats.time_s) - run.beats.number).tolist())) == 1
    assert np.abs(run.beats.time_s - near)[clear].max() < 1e-3


def test_interrupting_leaves_a_valid_result(tmp_path: Path, take: Take) -> None:
    write(tmp_path / "a.wav", take.recording.samples)
    found, _ = streaming.segments([tmp_path / "a.wav"])

    def stop() -> None:
        raise KeyboardInterrupt

    run = long.follow(streaming.Source(found, piece_s=20.0).pieces(), tell=stop)
    reading = long_figures.summarise(run)
    assert run.interrupted and reading.status == "ok" and reading.advice[0].startswith("Interrupted")


def test_silence_is_an_answer() -> None:
    piece = streaming.Piece(Recording(np.zeros(5 * RATE, np.float32), RATE), 0.0, 0, True, True)
    reading = long_figures.summarise(long.follow([piece]))
    assert reading.status == "no_beat" and "0 beats were heard in 0:00:05" in reading.advice[0]
    assert len(reading.windows.from_s) == 0


# ---------------------------------------------------------------------------------------------------- the count


def table(time_s: Floats) -> BeatTable:
    nothing = np.full(len(time_s), np.nan)
    side = np.where(np.arange(len(time_s)) % 2 == 0, 1, -1)
    flag = np.full(len(time_s), "", dtype="<U8")
    return BeatTable(time_s, side, nothing, nothing, nothing, nothing, nothing, nothing, nothing, flag)


@pytest.mark.parametrize(("silent_s", "sure"), [(0.0, True), (300.0, True), (2 * 3600.0, False)])
def test_the_count_is_doubted_after_a_long_silence(silent_s: float, sure: bool) -> None:
    """A rate known to 12 ppm carries the count of fifths of a second over five minutes, not over two hours."""
    rng = np.random.default_rng(1)
    beat = 0.2
    counter = Counter()
    first = table(beat * np.arange(300) + rng.normal(0, 1e-4, 300))
    skipped = round(silent_s / beat)
    second = table(beat * (300 + skipped + np.arange(300)) + rng.normal(0, 1e-4, 300))
    counter.place(first, 0.0, beat_s=beat, beat_sigma_s=1e-7, error_s=0.0, error_sigma_s=1e-5)
    found = counter.place(second, 0.0, beat_s=beat, beat_sigma_s=1e-7, error_s=0.0, error_sigma_s=1e-5, joined=False)
    assert found is not None and (not counter.doubts) is sure
    if sure:
        assert found.number[0] == 300 + skipped
    else:
        assert "nothing was heard for 7200 s" in counter.doubts[0].why and counter.stretch == 1


def test_the_sides_weigh_in_where_the_clock_is_out_of_beat() -> None:
    """A pendulum 158 ms out of beat, its second piece begun on the other side."""
    beat, off = 1.0, 0.158
    time_s = beat * np.arange(60) - 0.5 * off * np.where(np.arange(60) % 2 == 0, 1, -1)
    counter = Counter()
    whole = []
    for a, b in ((0, 31), (31, 60)):
        error = off if a % 2 == 0 else -off
        got = counter.place(table(time_s[a:b]), 0.0, beat_s=beat, beat_sigma_s=1e-5, error_s=error, error_sigma_s=1e-3)
        assert got is not None
        whole.append(got.number)
    assert np.concatenate(whole).tolist() == list(range(60)) and not counter.doubts


def test_a_piece_off_the_beat_is_set_aside_until_another_agrees() -> None:
    """One piece of 0.3 of a beat amiss is left out; of two that agree the second is taken, with a doubt."""
    counter = Counter()
    whole = 0.2 * np.arange(600)

    def place(a: int, b: int, off: float) -> bool:
        placed = counter.place(table(whole[a:b] + off), 0.0, beat_s=0.2, beat_sigma_s=1e-6, continuing=a > 0)
        return placed is not None

    assert place(0, 100, 0.0) and not place(100, 200, 0.06) and counter.astray == pytest.approx(0.3, abs=0.01)
    assert place(200, 300, 0.0) and counter.astray is None and not counter.doubts
    assert not place(300, 400, 0.06) and place(400, 500, 0.06)
    assert "the beat jumped by +0.30" in counter.doubts[0].why and counter.stretch == 1


def test_a_table_that_slipped_is_mended_by_its_times() -> None:
    time_s = 0.2 * np.delete(np.arange(100), 50)  # a beat is missing and no row marks it
    counter = Counter()
    found = counter.place(table(time_s), 0.0, beat_s=0.2, beat_sigma_s=1e-6)
    assert found is not None and found.number[-1] == 99 and counter.slips == 1


# --------------------------------------------------------------------------------------------------- the figures


def synthetic(hours: float, rate: Floats, *, seed: int = 1) -> long.Run:
    """A run whose rate over time [s/d] is `rate`, interpolated; beats of 18,000 an hour with 0.1 ms of scatter."""
    rng = np.random.default_rng(seed)
    n = int(hours * 18_000)
    pace = 0.2 / (1.0 + np.interp(np.arange(n), np.linspace(0, n, len(rate)), rate) / 86_400.0)
    time_s = np.cumsum(pace) + rng.normal(0, 1e-4, n)
    swing = 270.0 + rng.normal(0, 3.0, n)
    side = np.where(np.arange(n) % 2 == 0, 1, -1)
    zero = np.zeros(n, np.int64)
    beats = long.Beats(np.arange(n), time_s, side, np.full(n, 1e-4), swing, zero, zero)
    piece = long.Heard(0.0, float(time_s[-1]), "ok", 18_000.0, 30.0)
    return long.Run(beats, (piece,), (), (), 18_000.0, 52.0, "lock", (0.0, 1.0), False, 0)


def test_a_trend_is_found() -> None:
    """A fall of 3 s/d over 2 h is found (what is none: test_wander)."""
    fall = long_figures.summarise(synthetic(2.0, np.linspace(5.0, 2.0, 50)), window_s=300.0).vario["rate_s_per_day"]
    assert fall.trend_per_hour is not None
    assert fall.trend_per_hour.low < -1.5 < fall.trend_per_hour.high < 0.0
    assert fall.high == pytest.approx(5.0, abs=0.3) and fall.high_s < 600.0 < 6600.0 < fall.low_s


def test_a_second_column_is_regressed(tmp_path: Path) -> None:
    """A rate that loses 0.3 s/d per kelvin."""
    hours = np.linspace(0, 3, 80)
    warm = 20.0 + 5.0 * np.sin(2 * np.pi * hours / 1.5)
    file = tmp_path / "warm.csv"
    file.write_text(
        "time_s,temperature_c\n" + "".join(f"{h * 3600:.0f},{w:.3f}\n" for h, w in zip(hours, warm, strict=True))
    )
    run = synthetic(3.0, 4.0 - 0.3 * (warm - 20.0))
    reading = long_figures.summarise(run, beside=long_figures.read_beside(file), window_s=300.0)
    assert reading.follows is not None and reading.follows.name == "temperature_c"
    slope = reading.follows.slope
    assert slope.low < -0.3 < slope.high and slope.high - slope.low < 0.1
    assert not long_figures.together(reading.follows)
    file.write_text("2026-11-26T08:00:00,20\n2026-11-26T09:00:00,21\n")
    with pytest.raises(Unreadable, match="--start"):
        long_figures.read_beside(file)
    shifted = long_figures.read_beside(file, start_utc_s=streaming.moment("2026-11-26T08:30:00"))
    assert shifted.time_s.tolist() == [-1800.0, 1800.0]


# --------------------------------------------------------------------------------------------------- the reading


def test_names_and_tables_tell_when_segments_began(tmp_path: Path) -> None:
    for name in ("rec_20261126_090000.wav", "rec_20261126_080000.wav"):
        (tmp_path / name).write_bytes(b"x")
    found, utc = streaming.segments([tmp_path])
    assert [s.start_s for s in found] == [0.0, 3600.0] and utc is not None and utc.hour == 8
    (tmp_path / "starts.csv").write_text("name,start\nrec_20261126_080000.wav,0.5\nrec_20261126_090000.wav,10.25\n")
    found, _ = streaming.segments([tmp_path], starts=streaming.read_starts(tmp_path / "starts.csv"))
    assert [s.start_s for s in found] == [0.0, 9.75]
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(Unreadable, match="no sound file in this folder"):
        streaming.segments([empty])
    with pytest.raises(Unreadable, match="no row for"):
        streaming.segments([tmp_path], starts={"other.wav": (0.0, 1.0)})


def test_blocks_are_the_file_and_a_broken_one_keeps_what_it_had(tmp_path: Path) -> None:
    x = np.random.default_rng(1).uniform(-0.5, 0.5, (3 * RATE, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.flac", x, RATE, subtype="PCM_24")
    source = streaming.Source([streaming.Segment(tmp_path / "a.flac")], channel="right", piece_s=1.0, overlap_s=0.25)
    pieces = list(source.pieces())
    assert [p.first for p in pieces] == [True, False, False, False] and pieces[-1].last
    assert pieces[1].start_s == 0.75 and pieces[-1].end_s == pytest.approx(3.0)
    for p in pieces:
        at = round(p.start_s * RATE)
        np.testing.assert_allclose(p.recording.samples, x[at : at + len(p.recording.samples), 1], atol=1e-6)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "b.flac").write_bytes(whole[: len(whole) // 2])
    with blocks.open_blocks(tmp_path / "b.flac") as broken:
        got = broken.read(4 * RATE)
        assert RATE < len(got) < 2 * RATE and "breaks off" in broken.notes[0]
    (tmp_path / "c.wav").write_text("<html>")
    with pytest.raises(Unreadable, match="text is inside"), blocks.open_blocks(tmp_path / "c.wav"):
        pass


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    """200 mutated files: finite samples, or `Unreadable`; nothing else."""
    rng = np.random.default_rng(3)
    x = rng.uniform(-0.5, 0.5, (8_000, 2)).astype(np.float32)
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, x, 8_000)
        whole = np.frombuffer((tmp_path / name).read_bytes(), np.uint8)
        for _ in range(100):
            damaged = whole.copy()
            at = rng.integers(0, min(len(damaged), int(rng.choice([64, 400, len(damaged)]))), 5)
            damaged[at] = rng.integers(0, 256, 5)
            (tmp_path / name).write_bytes(damaged[: int(rng.integers(1, len(damaged) + 1))].tobytes())
            source = streaming.Source([streaming.Segment(tmp_path / name)], piece_s=0.5, overlap_s=0.1)
            try:
                for piece in source.pieces():
                    assert np.isfinite(piece.recording.samples).all()
            except Unreadable as problem:
                assert "usual fix" in str(problem) or "allowed" in str(problem)


def test_a_pipe_is_read_in_blocks(tmp_path: Path) -> None:
    x = np.random.default_rng(1).uniform(-0.5, 0.5, (1000, 2)).astype(np.float32)
    soundfile.write(tmp_path / "a.au", x, RATE, format="AU", subtype="FLOAT", endian="BIG")
    piped = blocks._Pipe(io.BytesIO((tmp_path / "a.au").read_bytes()), tmp_path / "a.m4a")
    assert piped.rate_hz == RATE and piped.channels == 2
    np.testing.assert_array_equal(np.concatenate([piped.read(700), piped.read(700)]), x)
    with pytest.raises(Unreadable, match="could not be decoded"):
        blocks._Pipe(io.BytesIO(b""), tmp_path / "a.m4a")
