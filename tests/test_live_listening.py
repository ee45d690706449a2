"""Live listening: a stream in blocks gives a figure within 3 s, settles, and says what spoils it."""

from __future__ import annotations

import numpy as np
import pytest
from listen_takes import watch

from heartwright.listen.hours.live import Live
from heartwright.records import Floats

RATE = 48_000


def play(live: Live, samples: Floats, *, block: int = 1024) -> float:
    """Add samples in blocks as they would come, measuring whenever due; returns when the first figure was there [s]."""
    first = np.inf
    for at in range(0, len(samples), block):
        live.add(samples[at : at + block], at_s=live.seconds)
        if live.due:
            reading = live.reading()
            if reading is not None and reading.status == "ok":
                first = min(first, live.seconds)
    return float(first)


def sound(**given: float) -> Floats:
    return np.asarray(watch(rate_hz=RATE, **given).recording.samples)  # type: ignore[arg-type]


@pytest.mark.parametrize("bph", [18_000.0, 28_800.0])
def test_the_first_figure_comes_within_three_seconds(bph: float) -> None:
    live = Live(RATE)
    assert play(live, sound(seconds=3.5, bph=bph, snr_db=25.0)) < 3.0
    reading = live.reading()
    assert reading is not None and reading.rate_s_per_day is not None and reading.nominal_bph == bph
    assert reading.rate_s_per_day.low < 0.0 < reading.rate_s_per_day.high


def test_it_settles_and_forgets_what_left_the_window() -> None:
    live = Live(RATE, lift_deg=44.0, window_s=12.0)
    live.add(sound(seconds=12.0, bph=28_800.0))
    live.add(sound(seconds=13.0, bph=21_600.0))
    reading = live.reading()
    assert reading is not None and reading.nominal_bph == 21_600.0
    assert reading.duration_s == pytest.approx(12.0) and reading.amplitude_deg is not None
    assert live.start_s == pytest.approx(13.0)
    assert reading.settled


def test_noise_gives_no_figure() -> None:
    live = Live(RATE)
    assert play(live, 0.01 * np.random.default_rng(1).standard_normal(6 * RATE), block=2 * RATE) == np.inf
    reading = live.reading()
    assert reading is not None and reading.status != "ok" and reading.advice


def test_the_tape_climbs_where_the_watch_gains() -> None:
    """A beat 0.2 % fast gains 2 ms each second; its sides keep their places."""
    live = Live(RATE, bph=21_600.0)
    play(live, sound(seconds=12.0, bph=21_600.0 * 1.002, beat_error_ms=4.0), block=3 * RATE)
    tape = live.trace()
    assert tape.beat_s == pytest.approx(1 / 6) and len(tape.time_s) > 60 and (np.diff(tape.time_s) > 0).all()
    assert (np.diff(tape.side) != 0).mean() > 0.97
    for side in (1, -1):
        own = tape.side == side
        slope = np.polyfit(tape.time_s[own], np.unwrap(tape.early_ms[own], period=1e3 * tape.beat_s), 1)[0]
        assert slope == pytest.approx(2.0, abs=0.1)


def test_a_dead_microphone_is_told() -> None:
    live = Live(RATE)
    live.add(np.zeros(3 * RATE))
    assert "only zeros" in live.trouble()[0] and "privacy settings" in live.trouble()[0]
    live.add(np.full(3 * RATE, 0.25))
    assert "one unchanging value" in live.trouble()[0]
    assert live.level_dbfs == pytest.approx(-12.04, abs=0.01)


def test_a_stream_that_stands_still_is_told() -> None:
    live = Live(RATE)
    live.add(sound(seconds=3.0), at_s=100.0)
    assert not any("no sound has come" in line for line in live.trouble(101.0))
    assert "no sound has come for 5 s" in live.trouble(105.0)[0]


def test_a_device_at_another_rate_is_told() -> None:
    live = Live(RATE)
    for k in range(12):
        live.add(sound(seconds=1.0)[:44_100], at_s=float(k))
    assert any("44,100 a second" in line for line in live.trouble())
    assert any("Bluetooth" in line for line in Live(8_000.0).trouble())


def test_lost_sound_begins_a_new_window() -> None:
    live = Live(RATE)
    live.add(sound(seconds=6.0))
    live.lost()
    assert live.window_s == 0.0 and live.reading() is None and live.seconds == pytest.approx(6.0)
    assert any("lost once" in line for line in live.trouble())


def test_bad_input_is_refused_or_mended() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Live(0.0)
    live = Live(RATE)
    live.add(np.array([np.nan, np.inf, 0.5]))
    assert live.samples().tolist() == [0.0, 0.0, 0.5]
