"""Sensory dissonance: Plomp and Levelt's curve, Sethares' fit, published orders; noise and clicks have none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal
from scipy.stats import spearmanr

from heartwright.sound import discord

RATE = 48_000.0
JUST = {
    "unison": 1.0, "minor second": 16 / 15, "major second": 9 / 8, "minor third": 6 / 5, "major third": 5 / 4,
    "fourth": 4 / 3, "tritone": 45 / 32, "fifth": 3 / 2, "minor sixth": 8 / 5, "major sixth": 5 / 3,
    "minor seventh": 9 / 5, "major seventh": 15 / 8, "octave": 2.0,
}  # fmt: skip


def _tone(*hz: float, seconds: float = 1.0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * f * t) for f in hz)  # type: ignore[return-value]


def _interval(ratio: float, *, partials: int = 6, root_hz: float = 261.63) -> float:
    """Dissonance of two tones of so many harmonics, each 0.88 of the one below [Sethares 1993]."""
    f, a = root_hz * np.arange(1, partials + 1), 0.88 ** np.arange(partials)
    return discord.of_partials(np.r_[f, ratio * f], np.r_[a, a])


def _clicks(per_s: float, *, hertz: float = 3000.0, ring_s: float = 2e-3) -> np.ndarray:
    out = np.zeros(round(RATE))
    t = np.arange(round(0.1 * RATE)) / RATE
    for k in range(int(per_s)):
        at = round(k * RATE / per_s) + 100
        n = min(len(t), len(out) - at)
        out[at : at + n] += (np.exp(-t / ring_s) * np.sin(2 * np.pi * hertz * t))[:n]
    return out


# ------------------------------------------------------------------------------------------ the curve


def test_a_pure_tone_and_silence_have_none() -> None:
    assert discord.of_partials(np.array([440.0]), np.array([1.0])) == 0.0
    for hertz in (50.0, 440.0, 441.3, 3000.0):
        assert discord.of_sound(_tone(hertz), RATE) == 0.0
    assert discord.of_sound(np.zeros(4800), RATE) == 0.0


@pytest.mark.parametrize("centre", [250.0, 500.0, 1000.0, 2000.0])
def test_two_tones_are_roughest_near_a_quarter_of_the_critical_band(centre: float) -> None:
    apart = np.linspace(0.5, 600.0, 4000)
    curve = discord.pair(centre, centre + apart)
    worst = float(apart[np.argmax(curve)])
    band = 94.0 + 71.0 * (centre / 1000.0) ** 1.5  # Zwicker and Terhardt's critical band, rounded [Hz]
    assert 0.15 * band < worst < 0.40 * band
    assert float(curve.max()) == pytest.approx(0.182, abs=0.01)  # of the fit: e^-3.5x - e^-5.75x at its top
    assert curve[-1] < 0.1 * curve.max() or centre > 1000.0
    assert float(discord.pair(centre, centre)) == 0.0


def test_the_curve_is_the_published_one() -> None:
    """b1 = 3.5, b2 = 5.75; the top lies at ln(b2 / b1) / (b2 - b1) = 0.22, Sethares' d* = 0.24 rounded up."""
    top = np.log(5.75 / 3.5) / (5.75 - 3.5)
    for low in (100.0, 440.0, 3000.0):
        step = (0.0207 * low + 18.96) / 0.24
        assert float(discord.pair(low, low + top * step)) == pytest.approx(np.exp(-3.5 * top) - np.exp(-5.75 * top))
        assert float(discord.pair(low, low + step)) == pytest.approx(np.exp(-3.5) - np.exp(-5.75))
        a = np.linspace(0.0, 3.0, 3001) * step
        assert a[np.argmax(discord.pair(low, low + a))] == pytest.approx(top * step, rel=0.01)
    assert float(discord.pair(440.0, 470.0, 1.0, 0.25)) == pytest.approx(0.25 * float(discord.pair(440.0, 470.0)))
    assert float(discord.pair(470.0, 440.0, 0.25, 1.0)) == float(discord.pair(440.0, 470.0, 1.0, 0.25))


@pytest.mark.parametrize("apart", [3.0, 8.0, 15.0, 30.0, 60.0, 120.0, 400.0])
def test_two_tones_that_sound_follow_the_curve(apart: float) -> None:
    heard = discord.of_sound(_tone(500.0, 500.0 + apart, seconds=2.0), RATE)
    assert heard == pytest.approx(float(discord.pair(500.0, 500.0 + apart)) / 2.0, abs=2e-4)


# ------------------------------------------------------------------------------------------ intervals


def test_intervals_of_harmonic_tones_stand_in_their_order() -> None:
    of = {name: _interval(ratio) for name, ratio in JUST.items()}
    assert of["octave"] < of["unison"] < of["fifth"] < of["fourth"] < of["major third"] < of["minor third"]
    assert of["minor third"] < of["tritone"] < of["major second"] < of["minor second"]
    assert of["fifth"] < of["major sixth"] < of["major third"] and of["major sixth"] < of["minor sixth"]


def test_the_order_is_that_of_listeners_and_of_the_west() -> None:
    """Pleasantness as young listeners rank it [Bones and Plack 2015, table 1]; classes of Helmholtz (1877)."""
    listeners = (
        "fifth", "fourth", "major sixth", "major third", "minor sixth", "minor third", "minor seventh", "tritone",
        "major seventh", "major second", "minor second",
    )  # fmt: skip
    found = [_interval(JUST[name]) for name in listeners]
    assert spearmanr(range(len(found)), found)[0] > 0.85
    classes = (
        ("unison", "octave"), ("fifth", "fourth"), ("major sixth", "major third"), ("minor third", "minor sixth"),
        ("major second", "major seventh", "minor seventh", "minor second", "tritone"),
    )  # fmt: skip
    means = [np.mean([_interval(JUST[name]) for name in names]) for names in classes]
    assert np.all(np.diff(means) > 0.0)


def test_the_curve_of_six_harmonics_has_its_dips_at_just_intervals() -> None:
    """[Plomp and Levelt 1965, figure 9; Sethares 1993, figure 3]"""
    ratio = np.linspace(1.02, 2.1, 10_801)
    curve = np.array([_interval(r) for r in ratio])
    dips = ratio[signal.argrelmin(curve)[0]]
    for name in ("minor third", "major third", "fourth", "fifth", "major sixth", "octave"):
        nearest = dips[np.argmin(np.abs(dips - JUST[name]))]
        assert abs(1200.0 * np.log2(nearest / JUST[name])) < 4.0, name


def test_intervals_that_sound_stand_in_the_same_order() -> None:
    def heard(ratio: float) -> float:
        t = np.arange(round(2.0 * RATE)) / RATE
        both = sum(
            0.88**k * np.sin(2 * np.pi * f * (k + 1) * t + k) for f in (261.63, 261.63 * ratio) for k in range(6)
        )
        return discord.of_sound(both + 1e-3 * np.random.default_rng(1).standard_normal(len(t)), RATE)

    names = ("octave", "fifth", "fourth", "major third", "minor third", "major second", "minor second")
    assert np.all(np.diff([heard(JUST[n]) for n in names]) > 0.0)


# ------------------------------------------------------------------------------------------ what sounds


def test_the_sound_agrees_with_its_partials_and_not_with_its_level() -> None:
    rough = discord.of_sound(_tone(440.0, 470.0), RATE)
    assert rough == pytest.approx(discord.of_partials(np.array([440.0, 470.0]), np.ones(2)) / 2.0, rel=0.01)
    assert discord.of_sound(0.01 * _tone(440.0, 470.0), RATE) == pytest.approx(rough, rel=1e-6)
    assert discord.of_sound(_tone(440.0, 880.0), RATE) < 0.1 * rough


def test_noise_is_no_discord() -> None:
    rng = np.random.default_rng(11)
    white = [rng.standard_normal(round(RATE)) for _ in range(40)]
    shown = sum(len(discord.partials(x, RATE)[0]) > 0 for x in white)
    assert shown <= 1  # 1 in 1,000 is promised
    assert np.median([discord.of_sound(x, RATE) for x in white]) == 0.0
    red = np.cumsum(white[0])
    pink = signal.lfilter([0.05, -0.095, 0.045], [1.0, -2.4, 1.9, -0.5 + 0.0025], white[1])
    assert discord.of_sound(red, RATE) == 0.0
    assert np.isfinite(pink).all() and discord.of_sound(pink[: round(RATE)], RATE) < 0.05


@pytest.mark.parametrize("per_s", [2.0, 4.0, 5.0, 6.0, 8.0, 10.0])
def test_clicks_are_no_discord_though_their_spectrum_is_a_comb(per_s: float) -> None:
    rng = np.random.default_rng(4)
    clicks = _clicks(per_s)
    for noise in (0.0, 0.01, 0.1):
        assert discord.of_sound(clicks + noise * rng.standard_normal(len(clicks)), RATE) == 0.0


def test_a_hum_under_ticks_and_in_noise_is_heard() -> None:
    rng = np.random.default_rng(2)
    expected = float(discord.pair(440.0, 470.0)) / 2.0
    ticking = 0.05 * _tone(440.0, 470.0) + _clicks(8.0)
    assert discord.of_sound(ticking, RATE) == pytest.approx(expected, rel=0.02)
    same_band = 0.1 * _tone(443.0, 473.0) + _clicks(2.0, hertz=450.0, ring_s=4e-3)  # the ticks are far louder
    assert discord.partials(same_band, RATE)[0] == pytest.approx([443.0, 473.0], abs=0.1)
    for noise in (0.1, 1.0, 2.0):
        noisy = _tone(440.0, 470.0) + noise * rng.standard_normal(round(RATE))
        assert discord.of_sound(noisy, RATE) == pytest.approx(expected, rel=0.03)


def test_a_note_that_dies_away_is_heard() -> None:
    t = np.arange(round(RATE)) / RATE
    f, _ = discord.partials(_tone(440.0, 470.0) * np.exp(-t / 0.3), RATE)
    assert f == pytest.approx([440.0, 470.0], abs=0.01)


def test_a_tone_that_glides_or_sways_is_one_and_one_that_trembles_is_rough() -> None:
    t = np.arange(round(RATE)) / RATE
    for rate in (2.0, 10.0, 30.0):
        assert discord.of_sound(np.sin(2 * np.pi * (300.0 * t + 0.5 * rate * t**2)), RATE) == 0.0
    assert discord.of_sound(np.sin(2 * np.pi * 400.0 * t + 1.2 * np.sin(2 * np.pi * 6.0 * t)), RATE) == 0.0
    glide_by_tone = np.sin(2 * np.pi * (300.0 * t + 3.0 * t**2)) + np.sin(2 * np.pi * 350.0 * t)
    assert discord.of_sound(glide_by_tone, RATE) == pytest.approx(float(discord.pair(303.0, 350.0)) / 2.0, rel=0.1)
    trembling = (1.0 + np.sin(2 * np.pi * 12.0 * t)) * np.sin(2 * np.pi * 400.0 * t)
    assert discord.of_sound(trembling, RATE) > 0.05
    for apart in (5.0, 8.0, 14.0):  # steady ones beat, and are two
        assert len(discord.partials(_tone(400.0, 400.0 + apart), RATE)[0]) == 2
        assert len(discord.partials(_tone(400.0) + 0.2 * _tone(400.0 + apart), RATE)[0]) == 2


def test_discord_over_time_with_its_interval() -> None:
    smooth, rough = _tone(440.0, 880.0, seconds=4.0), _tone(440.0, 470.0, seconds=4.0)
    t, values = discord.over_time(np.r_[smooth, rough], RATE)
    assert t[0] == 0.5 and t[1] - t[0] == 0.5 and len(t) == 15
    assert np.all(values[t < 3.0] < 0.01) and np.all(values[t > 5.0] > 0.08)
    even = discord.steady(values[t > 5.0])
    assert even.low <= even.value <= even.high and even.high - even.low < 1e-3
    whole = discord.steady(values)
    assert whole.high - whole.low > 0.02
    assert discord.steady(np.zeros(0)).value == 0.0


# ------------------------------------------------------------------------------------------ who it is


def test_works_that_hum_apart_are_rough_and_in_octaves_smooth() -> None:
    assert discord.of_hums(np.array([200.0, 212.0]), np.ones(2)) > 5 * discord.of_hums(
        np.array([200.0, 400.0]), np.ones(2)
    )


def test_it_says_between_which_works_the_buzz_is() -> None:
    sounds = np.stack([_tone(220.0, 440.0), _tone(233.0), _tone(1200.0), _clicks(4.0)])
    shares = discord.by_work(sounds, ["web", "third gyroscope", "orb", "clock"], RATE)
    assert shares.worst()[:2] == ("web", "third gyroscope") and shares.worst()[2] > 0.95
    assert shares.told() == f"The buzz is between web and third gyroscope ({100 * shares.worst()[2]:.0f} % of it)."
    assert shares.total == pytest.approx(discord.of_sound(sounds.sum(axis=0), RATE), rel=0.02)
    assert shares.table == pytest.approx(shares.table.T) and shares.table.sum() == pytest.approx(shares.total)
    assert not shares.table[3].any()


def test_a_work_may_be_rough_by_itself() -> None:
    shares = discord.by_work(np.stack([_tone(300.0, 320.0), 0.1 * _tone(900.0)]), ["cracked", "sound"], RATE)
    assert shares.worst()[:2] == ("cracked", "cracked") and "in cracked itself" in shares.told()
    assert discord.pooled([shares, shares]).total == pytest.approx(shares.total)
    assert discord.pooled([]).told() == "Nothing in it is rough."


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        discord.of_partials(np.array([1.0, 2.0]), np.array([1.0]))
    with pytest.raises(ValueError, match="NaN"):
        discord.of_sound(np.r_[_tone(440.0), np.nan], RATE)
    assert len(discord.partials(np.zeros(10), RATE)[0]) == 0
