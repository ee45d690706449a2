"""The report: one self-contained page, whole or not at all, nothing unescaped."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import synthetic_reading as made

from heartwright import judge
from heartwright.cli import report
from heartwright.cli import report_parts as parts
from heartwright.cli.report_charts import energy, rate_in_blocks, tape
from heartwright.cli.report_sound import LONGEST_S, pack
from heartwright.cli.report_svg import number, padded, ticks
from heartwright.records import BeatTable, Interval, Leapt, Mark, Reading, Recording

VOID = {"meta", "input", "br", "rect", "path", "circle"}


class Balanced(HTMLParser):
    """Fails where an element is left open or closed twice."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)


def page(path: Path) -> tuple[str, str]:
    """The page's source and its visible words, with plain blanks."""
    source = path.read_text(encoding="utf-8")
    parser = Balanced()
    parser.feed(source)
    assert parser.open == []
    return source, " ".join(" ".join(parser.words).replace("\u00a0", " ").split())


def test_a_watch_has_figures_pictures_words_causes_and_sound(tmp_path: Path) -> None:
    reading = made.watch()
    verdict = judge.weigh(reading, kind="modern lever", position="CH")  # its wind is not told
    report.write(tmp_path / "r.html", reading=reading, verdict=verdict, recording=made.ticking(reading))
    source, words = page(tmp_path / "r.html")
    for part in ("+4.2", "−0.3 to +8.7", "279", "278 to 280", "0.10", "The trace", "One beat", "The swing", "The rate"):
        assert part in words
    for part in ("Three words", "hesitant", "forced", "hollow", "not measurable", "undecided", "How it was measured"):
        assert part in words
    assert source.count("<svg") == 4
    assert "data:audio/" in source
    assert list(tmp_path.iterdir()) == [tmp_path / "r.html"]


def test_it_needs_no_network(tmp_path: Path) -> None:
    reading = made.heart()
    verdict = judge.weigh(reading)
    report.write(tmp_path / "r.html", reading=reading, verdict=verdict, recording=made.ticking(reading))
    source, _ = page(tmp_path / "r.html")
    assert all(found == "data:" for found in re.findall(r'(?:src|href)="(.{5})', source))
    assert "http" not in re.sub(r"data:audio/[^\"]*", "", source)
    assert len(source) < 4_500_000


def test_the_heart_has_its_second_voice_pump_and_ledger(tmp_path: Path) -> None:
    reading = made.heart()
    report.write(tmp_path / "r.html", reading=reading, verdict=judge.weigh(reading), trace=made.heart_trace())
    _, words = page(tmp_path / "r.html")
    for part in (
        "The second voice",
        "S1",
        "S2",
        "The pump",
        "chamber pressure",
        "Where the energy goes",
        "2 smaller ones",
    ):
        assert part in words
    assert "seed 1" in words


def test_everything_written_by_others_is_escaped(tmp_path: Path) -> None:
    nasty = '<script>alert("x")</script>.wav'
    table = made.beat_table()
    flag = table.flag.copy().astype("<U40")
    flag[3] = "<b>late</b>"
    reading = made.watch(source=f"/tmp/{nasty}", warnings=(nasty,), advice=(nasty,), table=replace(table, flag=flag))
    report.write(tmp_path / "r.html", reading=reading, verdict=judge.weigh(reading))
    source, words = page(tmp_path / "r.html")
    assert "<script>alert" not in source
    assert "<b>late" not in source
    assert 'alert("x")' in words


@pytest.mark.parametrize("status", ["unreadable", "no_beat"])
def test_nothing_heard_still_makes_a_page(tmp_path: Path, status: str) -> None:
    reading = Reading(status=status, advice=("put the microphone on the crown",), duration_s=4.0)
    report.write(tmp_path / "r.html", reading=reading, verdict=judge.weigh(reading))
    _, words = page(tmp_path / "r.html")
    assert "put the microphone on the crown" in words
    assert "The trace" not in words


def test_without_a_verdict_or_sound_it_is_a_reading(tmp_path: Path) -> None:
    report.write(tmp_path / "r.html", reading=made.watch())
    source, words = page(tmp_path / "r.html")
    assert "<audio" not in source
    assert "Three words" not in words
    assert "The trace" in words


def test_without_a_beat_error_two_lines_are_not_said_to_be_one(tmp_path: Path) -> None:
    reading = replace(made.watch(), beat_error_ms=None, advice=("Not settled (+-2.5 s/d): listen longer.",))
    for told, wanted in ((made.watch(), True), (reading, False)):
        report.write(tmp_path / "r.html", reading=told)
        _source, words = page(tmp_path / "r.html")
        assert "A line that climbs gains" in words and ("two lines apart are the beat error" in words) is wanted
    assert "(±2.5" in words and "+−" not in words


def test_a_leap_stands_on_the_trace(tmp_path: Path) -> None:
    plain = made.watch()
    leapt = replace(plain, leaps=(Leapt(6.0, 21.3, 0.02),), marks=(*plain.marks, Mark(6.02, "leap", 1e-9, -21.3)))
    for told, wanted in ((plain, False), (leapt, True)):
        report.write(tmp_path / "r.html", reading=told)
        assert ("Dashed: the beat leaps there" in page(tmp_path / "r.html")[1]) is wanted
    assert tape(leapt)[0].count('class="mark"') == tape(plain)[0].count('class="mark"') + 1


def test_the_name_of_an_option_stays_in_one_line() -> None:
    told = parts.told("give it (--lift-deg 52) <script>--x</script>")
    assert told == ('give it <span class="option">(--lift-deg</span> 52) &lt;script&gt;--x&lt;/script&gt;')


def test_a_clock_on_no_list_is_asked_for_no_lift(tmp_path: Path) -> None:
    slow = replace(
        made.watch(), nominal_bph=None, beat_rate_bph=Interval(5_123.0, 5_122.0, 5_124.0), amplitude_deg=None
    )
    report.write(tmp_path / "r.html", reading=slow)
    _source, words = page(tmp_path / "r.html")
    assert "lift angle" not in words


def test_a_failure_leaves_the_old_page_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "r.html"
    path.write_text("old", encoding="utf-8")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        report.write(path, reading=made.watch())
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_clip_is_short_and_holds_the_evidence() -> None:
    rng = np.random.default_rng(1)
    recording = Recording((0.01 * rng.normal(size=90 * 96_000)).astype(np.float32), 96_000.0)
    clip = pack(recording, (70.0, 75.0))
    assert clip is not None
    assert clip.end_s - clip.start_s <= LONGEST_S + 0.01
    assert clip.holds(70.0)
    assert clip.holds(75.0)
    assert len(clip.uri) < 4_000_000
    assert clip.gain_db > 10.0


def test_silence_and_not_a_number_make_no_clip_or_a_clean_one() -> None:
    assert pack(Recording(np.zeros(48_000, dtype=np.float32), 48_000.0), ()) is None
    broken = np.full(48_000, np.nan, dtype=np.float32)
    broken[100:200] = 0.5
    assert pack(Recording(broken, 48_000.0), ()) is not None


def test_the_rate_over_time_finds_a_known_change() -> None:
    table = made.beat_table(seconds=60.0, scatter_ms=0.01)
    time = table.time_s
    late_half = np.where(time > 30.0, (time - 30.0) * 10.0 * 1000.0 / 86_400.0, 0.0)  # 10 s/d slower after 30 s
    middle, rate, sigma = rate_in_blocks(replace(table, residual_ms=table.residual_ms + late_half), 5.0, 4.2)
    assert rate[middle < 28].mean() == pytest.approx(4.2, abs=0.3)
    assert rate[middle > 32].mean() == pytest.approx(-5.8, abs=0.3)
    assert (sigma > 0).all()


def test_the_tape_wraps_what_runs_off_its_edge() -> None:
    svg, width = tape(made.watch(rate_s_per_day=None))
    assert svg.startswith("<svg")
    assert width == 2.0
    assert tape(Reading("ok", (), 10.0)) == ("", 0.0)


def test_both_lines_of_a_clock_far_out_of_beat_are_on_the_tape() -> None:
    reading = made.watch(rate_s_per_day=None)
    assert reading.table is not None
    residual = np.where(reading.table.side == 1, 40.0, 0.0)
    table = replace(reading.table, residual_ms=residual)
    svg, width = tape(replace(reading, table=table, beat_error_ms=Interval(40.0, 39.9, 40.1)))
    assert width == 100.0
    height = {float(y) for y in re.findall(r"M[\d.]+ ([\d.]+)h0", svg)}
    assert len(height) == 2 and min(height) > 20.0 and max(height) - min(height) > 50.0


def test_sinks_of_the_ledger_sum_to_a_hundred() -> None:
    svg = energy(made.heart_trace().ledger)
    assert sum(float(x) for x in re.findall(r"([\d.]+) %", svg)) == pytest.approx(100.0, abs=0.3)


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.0, 60.0, most=7) == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    assert ticks(-5.0, 5.0) == [-4.0, -2.0, 0.0, 2.0, 4.0]
    assert ticks(1.0, 1.0) == [1.0]
    assert number(-0.5) == "−0.5"
    assert padded([float("nan")], least=2.0) == (-1.0, 1.0)


def wounded(rng: np.random.Generator) -> Reading:
    """A reading with fields missing, a table cut short, and holes in its columns."""
    base = made.watch() if rng.random() < 0.5 else made.heart()
    may_lack = (
        "snr_db",
        "nominal_bph",
        "beat_rate_bph",
        "rate_s_per_day",
        "beat_error_ms",
        "amplitude_deg",
        "lift_deg",
    )
    may_lack += ("beat_scatter_ms", "amplitude_scatter_deg", "timing_noise_ms", "voice", "fold_envelope")
    changes: dict[str, object] = {name: None for name in may_lack if rng.random() < 0.3}
    assert base.table is not None
    count = int(rng.choice([0, 1, 2, 5, 17, 40, 240]))
    columns = {}
    for column in fields(BeatTable):
        whole = getattr(base.table, column.name)
        if whole is None:
            continue
        values = whole[:count].copy()
        if values.dtype == float and rng.random() < 0.4:
            values[rng.random(count) < rng.choice([0.1, 0.5, 1.0])] = np.nan
        columns[column.name] = values
    columns["flag"][rng.random(count) < rng.choice([0.0, 0.1, 1.0])] = rng.choice(["missed", "late", "double"])
    duration = float(rng.choice([0.0, 3.1, 60.0, 900.0]))
    return replace(base, table=BeatTable(**columns), duration_s=duration, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_missing_a_page_is_written_without_holes(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    reading = wounded(rng)
    kind = rng.choice(["modern lever", "vintage lever", "pin-pallet", "pendulum", "heart"])
    verdict = judge.weigh(reading, kind=str(kind), position="CH", wind=str(rng.choice(["full", "24 h"])))
    assert sum(c.probability for c in verdict.causes) == pytest.approx(1.0)
    for word in verdict.words.values():
        if word.score is not None:
            assert word.low is not None
            assert word.high is not None
            assert 0.0 <= word.low <= word.score <= word.high <= 1.0
    report.write(tmp_path / "r.html", reading=reading, verdict=verdict)
    source, words = page(tmp_path / "r.html")
    assert not re.search(r"\bnan\b", source.split("</style>")[1])
    assert "None" not in words
