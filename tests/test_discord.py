"""Sensory dissonance: Plomp and Levelt's curve, the published order of intervals; noise and clicks have none."""

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


#: Dissonance of two tones of ten harmonics, the n-th of amplitude 1/n, the lower on middle C, equally tempered: in the
#: order and with the values of Hutchinson and Knopoff [hutchinson1978], who read Plomp and Levelt's curve from a table.
PUBLISHED = {
    12: 0.0014, 7: 0.0221, 5: 0.0451, 9: 0.0477, 4: 0.0551, 8: 0.0843, 6: 0.0930, 10: 0.0998, 3: 0.1109, 11: 0.2312,
    2: 0.2690, 1: 0.4886,
}  # fmt: skip
MIDDLE_C_HZ = 440.0 * 2.0 ** (-9.0 / 12.0)


def _chord(ratios: list[float], *, partials: int = 10, root_hz: float = MIDDLE_C_HZ) -> float:
    """Dissonance of tones of so many harmonics, the n-th of amplitude 1/n."""
    n = np.arange(1.0, partials + 1.0)
    return discord.of_partials(np.concatenate([root_hz * r * n for r in ratios]), np.tile(1.0 / n, len(ratios)))


def _interval(ratio: float) -> float:
    return _chord([1.0, ratio])


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
def test_two_tones_are_roughest_a_quarter_of_the_critical_band_apart_and_smooth_beyond_it(centre: float) -> None:
    """What Plomp and Levelt found [plomp1965, abstract], about one mean frequency."""
    band = float(discord.critical_band(centre))
    apart = np.linspace(0.0, 2.0, 4001) * band
    curve = discord.pair(centre - 0.5 * apart, centre + 0.5 * apart)
    assert apart[np.argmax(curve)] == pytest.approx(0.25 * band, rel=0.01) and curve.max() == pytest.approx(1.0)
    assert curve[0] == 0.0 and np.all(curve[apart > band] < 0.04) and np.all(curve[apart > 1.2 * band] == 0.0)
    zwicker = 25.0 + 75.0 * (1.0 + 1.4 * (centre / 1000.0) ** 2) ** 0.69  # the band as is measured by loudness [Hz]
    assert 0.5 * zwicker < band < 1.1 * zwicker


def test_the_curve_is_the_published_one() -> None:
    """Values of the curve and the band in a peer's own tests (R package dycon, after [mashinter2006])."""
    for mean, band in ((420.0, 87.225), (390.0, 83.123)):
        assert float(discord.critical_band(mean)) == pytest.approx(band, abs=5e-4)
    band = float(discord.critical_band(1000.0))
    for share, value in ((0.5, 0.5413), (1.0, 0.0397), (1.21, 0.0), (1.5, 0.0)):
        found = float(discord.pair(1000.0 - 0.5 * share * band, 1000.0 + 0.5 * share * band))
        assert found == pytest.approx(value, abs=5e-5), share
    assert float(discord.pair(440.0, 470.0, 1.0, 0.25)) == pytest.approx(0.25 * float(discord.pair(440.0, 470.0)))
    assert float(discord.pair(470.0, 440.0, 0.25, 1.0)) == float(discord.pair(440.0, 470.0, 1.0, 0.25))


@pytest.mark.parametrize("apart", [3.0, 8.0, 15.0, 30.0, 60.0, 120.0, 400.0])
def test_two_tones_that_sound_follow_the_curve(apart: float) -> None:
    heard = discord.of_sound(_tone(500.0, 500.0 + apart, seconds=2.0), RATE)
    assert heard == pytest.approx(float(discord.pair(500.0, 500.0 + apart)) / 2.0, abs=2e-4)


# ------------------------------------------------------------------------------------------ intervals


def test_the_twelve_intervals_stand_in_the_published_order() -> None:
    """All twelve in Hutchinson and Knopoff's order, and near their values; the sevenths after the thirds."""
    found = {k: _interval(2.0 ** (k / 12.0)) for k in range(1, 13)}
    assert sorted(found, key=lambda k: found[k]) == list(PUBLISHED)
    for k, value in PUBLISHED.items():
        assert found[k] == pytest.approx(value, abs=0.02), k
    assert found[10] > found[4] and found[11] > found[3] and _interval(1.0) < 0.01


def test_chords_have_the_values_of_the_fields_own_code() -> None:
    """By an implementation after [mashinter2006] (R package dycon, its own tests); keys over middle C."""
    for keys, partials, value in (
        ((0, 1), 1, 0.499), ((9, 10), 1, 0.491), ((0, 1), 11, 0.484), ((0, 4, 7), 11, 0.120), ((0, 3, 7), 11, 0.130),
    ):  # fmt: skip
        assert _chord([2.0 ** (k / 12.0) for k in keys], partials=partials) == pytest.approx(value, abs=1e-3)


def test_the_order_is_that_of_listeners_and_of_the_west() -> None:
    """Pleasantness as young listeners rank it [Bones and Plack 2015, table 1]; classes of Helmholtz (1877)."""
    listeners = (
        "fifth", "fourth", "major sixth", "major third", "minor sixth", "minor third", "minor seventh", "tritone",
        "major seventh", "major second", "minor second",
    )  # fmt: skip
    found = [_interval(JUST[name]) for name in listeners]
    assert spearmanr(range(len(found)), found)[0] > 0.95
    classes = (
        ("unison", "octave"), ("fifth", "fourth"), ("major sixth", "major third"), ("minor third", "minor sixth"),
        ("major second", "major seventh", "minor seventh", "minor second", "tritone"),
    )  # fmt: skip
    means = [np.mean([_interval(JUST[name]) for name in names]) for names in classes]
    assert np.all(np.diff(means) > 0.0)


def test_the_curve_of_six_harmonics_has_its_dips_at_just_intervals() -> None:
    """[Plomp and Levelt 1965, figure 9]: six harmonics of one amplitude, the lower tone at 250 Hz."""
    ratio = np.linspace(1.02, 2.1, 10_801)
    n = np.arange(1.0, 7.0)
    curve = np.array([discord.of_partials(np.r_[250.0 * n, 250.0 * r * n], np.ones(12)) for r in ratio])
    dips = ratio[signal.argrelmin(curve)[0]]
    for name in ("minor third", "major third", "fourth", "fifth", "major sixth", "octave"):
        nearest = dips[np.argmin(np.abs(dips - JUST[name]))]
        assert abs(1200.0 * np.log2(nearest / JUST[name])) < 4.0, name


def test_intervals_that_sound_stand_in_the_same_order() -> None:
    def heard(keys: int) -> float:
        t = np.arange(round(2.0 * RATE)) / RATE
        both = sum(
            np.sin(2 * np.pi * f * k * t + k) / k
            for f in (MIDDLE_C_HZ, MIDDLE_C_HZ * 2.0 ** (keys / 12.0))
            for k in range(1, 11)
        )
        return discord.of_sound(both + 1e-3 * np.random.default_rng(1).standard_normal(len(t)), RATE)

    assert np.all(np.diff([heard(keys) for keys in PUBLISHED]) > 0.0)


# ------------------------------------------------------------------------------------------ what sounds


def test_the_sound_agrees_with_its_partials_and_not_with_its_level() -> None:
    rough = discord.of_sound(_tone(440.0, 470.0), RATE)
    assert rough == pytest.approx(discord.of_partials(np.array([440.0, 470.0]), np.ones(2)), rel=0.01)
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
    def hums(other_hz: float) -> float:
        return discord.of_partials(np.array([200.0, other_hz]), np.ones(2))

    assert hums(212.0) > 0.4 and hums(400.0) == 0.0


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
