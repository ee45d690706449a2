"""Odd beats: marked where they are, not where chance makes them; a beat that is only soft is not called missed."""

from __future__ import annotations

from dataclasses import replace

import beat_tables as hand
import numpy as np
import pytest

from heartwright.listen.findings import oddities
from heartwright.records import BeatTable


def _flagged(table: BeatTable, **flags: str) -> BeatTable:
    flag = np.array(table.flag)
    for index, kind in flags.items():
        flag[int(index[1:])] = kind
    return replace(table, flag=flag)


def test_displacement_is_against_the_neighbours_not_the_drift() -> None:
    values = 0.05 * np.arange(40.0)
    values[20] += 3.0
    off = oddities.displaced(values)
    assert off[20] == pytest.approx(3.0, abs=0.01)
    assert np.abs(np.delete(off, 20)).max() < 0.3
    for i in (0, 3, 17, 39):  # the same as the median of up to four on either side, written out
        near = [values[k] for k in range(i - 4, i + 5) if k != i and 0 <= k < 40]
        assert off[i] == pytest.approx(values[i] - np.median(near))


@pytest.mark.parametrize("beats", [8, 16, 60, 400])
def test_a_take_of_chance_is_marked_no_more_often_than_its_p_says(beats: int) -> None:
    rng = np.random.default_rng(beats)
    least = [oddities.displaced_p(oddities.displaced(rng.standard_normal(beats)), 0.0).min() for _ in range(400)]
    assert np.mean(np.array(least) < 0.05) < 0.08
    assert np.mean(np.array(least) < 0.01) < 0.025


def test_a_late_beat_is_marked_with_its_displacement() -> None:
    late = np.zeros(300)
    late[120] = 2.0
    table = _flagged(hand.table(beats=300, late_ms=late), b120="late")
    (mark,) = oddities.marks(table)
    assert mark.kind == "late" and mark.p < 1e-4
    assert mark.off_ms == pytest.approx(2.0, abs=0.15)
    assert mark.time_s == table.time_s[120]


def test_a_silent_beat_is_missed_only_where_the_others_are_loud() -> None:
    loud = hand.table(beats=300, lost=(150,))
    loud = replace(loud, level_db=loud.level_db + 20.0)
    soft = replace(loud, level_db=np.where(np.isfinite(loud.level_db), 10.0 + 4.0 * np.sin(np.arange(300.0)), np.nan))
    assert oddities.marks(loud)[0].p < 0.01
    assert "missing" in oddities.missed_text(oddities.marks(loud))
    assert oddities.marks(soft)[0].p > 0.2
    assert "not timed" in oddities.missed_text(oddities.marks(soft))
    assert oddities.missed_text(()) == ""


def test_a_double_sound_counts_where_noise_is_never_so_loud() -> None:
    table = _flagged(hand.table(beats=300), b40="double")
    assert oddities.marks(table)[0].p < 1e-6
    assert oddities.marks(replace(table, level_db=table.level_db - 12.0))[0].p > 0.5


def test_a_missed_beat_where_something_or_nothing_at_all_sounds_was_not_timed() -> None:
    table, rate_hz = hand.table(beats=100, lost=(50,)), 8_000.0
    (mark,) = oddities.marks(replace(table, level_db=table.level_db + 20.0))
    sound = np.full(int(rate_hz * (table.time_s[-1] + 1.0)), 1e-3)
    sound[np.round(table.time_s * rate_hz).astype(int)] = 1.0
    quiet, silent, place = sound.copy(), sound.copy(), round(table.time_s[50] * rate_hz)
    quiet[place] = 1e-3
    silent[place - 400 : place + 401] = 0.0  # a recording that falls silent proves no missed beat
    assert oddities.held_against((mark,), table, quiet, rate_hz) == (mark,)
    for other in (sound, silent):
        (held,) = oddities.held_against((mark,), table, other, rate_hz)
        assert held.p == 1.0 and "not timed" in oddities.missed_text((held,))
