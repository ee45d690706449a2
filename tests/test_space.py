"""Sound in a chamber against closed forms: distance, air, delay, direction, early echoes, late tail, blocks, motion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from heartwright.sound.air import Air
from heartwright.sound.chamber import BANDS_HZ, Chamber
from heartwright.sound.ears import Listener
from heartwright.sound.paths import GRID
from heartwright.sound.space import TAPS, Source, Space
from heartwright.sound.tail import _decibels, _losses

RATE = 48_000.0
HERE = Listener(place=(0.0, 1.5, 0.0), ears="headphones")
MIDDLE = Listener(place=(0.0, 1.5, 0.0), ears="speakers")
DRY = Air(20.0, 50.0)


def impulse(n: int, *, sources: int = 1, at: int = 0) -> np.ndarray:
    x = np.zeros((sources, n))
    x[:, at] = 1.0
    return x


def answer(
    place: tuple[float, float, float], *, listener: Listener = HERE, n: int = 4096, **options: object
) -> np.ndarray:
    """What two ears hear of an impulse of 1 Pa at 1 m."""
    options.setdefault("echoes", False)
    options.setdefault("air", DRY)
    return Space([Source("it", place)], Chamber((40.0, 10.0, 40.0)), listener, **options).block(impulse(n))  # type: ignore[arg-type]


def level(h: np.ndarray, hz: float) -> float:
    """Amplitude of the response at a frequency."""
    return float(abs(np.sum(h * np.exp(-2j * np.pi * hz / RATE * np.arange(len(h))))))


def delay_s(h: np.ndarray, low: float = 300.0, high: float = 6000.0) -> float:
    """Delay by the slope of the phase between two frequencies, by least squares [s]."""
    spectrum = np.fft.rfft(h)
    f = np.fft.rfftfreq(len(h), 1.0 / RATE)
    inside = (f > low) & (f < high)
    phase = np.unwrap(np.angle(spectrum[inside]))
    return float(-np.polyfit(f[inside], phase, 1)[0] / (2.0 * np.pi))


# ------------------------------------------------------------------------------------------ air


@pytest.mark.parametrize(
    ("celsius", "humid", "db_km"),
    [
        (10.0, 70.0, (0.1, 0.4, 1.0, 1.9, 3.7, 9.7, 32.8, 117.0)),
        (20.0, 70.0, (0.1, 0.3, 1.1, 2.8, 5.0, 9.0, 22.9, 76.6)),
        (15.0, 50.0, (0.1, 0.5, 1.2, 2.2, 4.2, 10.8, 36.2, 129.0)),
    ],
)
def test_air_takes_what_the_table_of_iso_9613_says(celsius: float, humid: float, db_km: tuple[float, ...]) -> None:
    octaves = 1000.0 * 10.0 ** (0.3 * np.arange(-4, 4))  # exact midbands
    found = 1000.0 * Air(celsius, humid).absorption_db_m(octaves)
    assert found == pytest.approx(np.array(db_km), rel=0.01, abs=0.06)


def test_sound_goes_faster_in_warm_air() -> None:
    assert Air(20.0).speed_m_s == pytest.approx(343.2)
    assert Air(0.0).speed_m_s == pytest.approx(331.3, abs=0.1)


def test_a_long_way_through_air_dims_high_notes_by_its_law() -> None:
    far, near = answer((0.0, 1.5, -18.0), listener=MIDDLE), answer((0.0, 1.5, -2.0), listener=MIDDLE)
    for hz in (1000.0, 4000.0, 8000.0, 12_000.0):
        lost = 20.0 * np.log10(level(near[0], hz) * 2.0 / (level(far[0], hz) * 18.0))
        assert lost == pytest.approx(16.0 * float(DRY.absorption_db_m(hz)), abs=0.02)


# ------------------------------------------------------------------------------------------ distance and delay


@pytest.mark.parametrize("listener", [HERE, MIDDLE])
def test_pressure_falls_as_one_over_the_distance(listener: Listener) -> None:
    power = {}
    for r in (1.0, 2.0, 4.0, 8.0):
        h = answer((0.0, 1.5, -r), listener=listener)
        power[r] = np.sqrt(sum(level(row, 200.0) ** 2 for row in h))
    for r in (2.0, 4.0, 8.0):
        assert power[r] * r == pytest.approx(power[1.0], rel=2e-3)
    whole = 1.0 if listener is MIDDLE else np.sqrt(2.0)  # speakers share it between two, ears have it each
    assert power[1.0] == pytest.approx(whole, rel=0.02)


@pytest.mark.parametrize("r", [1.0, 2.345, 7.7123])
@pytest.mark.parametrize("celsius", [0.0, 23.0])
def test_sound_comes_late_by_its_way_to_a_hundredth_of_a_sample(r: float, celsius: float) -> None:
    air = Air(celsius)
    h = answer((0.0, 1.5, -r), listener=MIDDLE, air=air)
    assert delay_s(h[0]) * RATE == pytest.approx(r / air.speed_m_s * RATE, abs=0.01)


@pytest.mark.parametrize("rate", [44_100.0, 96_000.0])
def test_other_rates_hear_the_same(rate: float) -> None:
    space = Space(
        [Source("it", (0.0, 1.5, -3.0))], Chamber((40.0, 10.0, 40.0)), MIDDLE, air=DRY, rate_hz=rate, echoes=False
    )
    h = space.block(impulse(8192))[0]
    f = 1000.0
    spectrum = np.sum(h * np.exp(-2j * np.pi * f / rate * np.arange(len(h))))
    assert abs(spectrum) * 3.0 * np.sqrt(2.0) == pytest.approx(1.0, rel=2e-3)
    turns = 3.0 / DRY.speed_m_s * f
    assert np.exp(1j * np.angle(spectrum)) == pytest.approx(np.exp(-2j * np.pi * turns), abs=1e-3)


# ------------------------------------------------------------------------------------------ direction


@pytest.mark.parametrize("degrees", [-90.0, -45.0, 0.0, 20.0, 60.0, 90.0, 135.0])
def test_the_far_ear_hears_later_as_woodworth_says(degrees: float) -> None:
    azimuth = np.radians(degrees)
    h = answer((4.0 * np.sin(azimuth), 1.5, -4.0 * np.cos(azimuth)))
    lateral = np.arcsin(np.sin(azimuth))
    woodworth = HERE.head_radius_m / DRY.speed_m_s * (lateral + np.sin(lateral))
    later = delay_s(h[0], 8000.0, 18_000.0) - delay_s(h[1], 8000.0, 18_000.0)  # left after right
    assert later == pytest.approx(woodworth, abs=6e-6)


def test_low_notes_are_later_by_half_as_much_again_and_hardly_softer() -> None:
    """Kuhn (1977): 3 (a/c) sin theta at low notes against some 2 (a/c) sin theta at high ones, for small angles."""
    azimuth = np.radians(30.0)
    h = answer((4.0 * np.sin(azimuth), 1.5, -4.0 * np.cos(azimuth)), n=16384)
    low = delay_s(h[0], 60.0, 250.0) - delay_s(h[1], 60.0, 250.0)
    assert low == pytest.approx(3.0 * HERE.head_radius_m / DRY.speed_m_s * np.sin(azimuth), rel=0.12)
    assert 20.0 * np.log10(level(h[1], 100.0) / level(h[0], 100.0)) < 0.6


def test_the_head_throws_a_shadow_on_high_notes() -> None:
    h = answer((4.0, 1.5, 0.0))
    for hz, low, high in ((300.0, 0.3, 4.0), (3000.0, 9.0, 18.0), (10_000.0, 14.0, 27.0)):
        assert low < 20.0 * np.log10(level(h[1], hz) / level(h[0], hz)) < high
    mirror = answer((-4.0, 1.5, 0.0))
    assert mirror[0] == pytest.approx(h[1], abs=1e-7)


def test_turning_the_head_turns_the_room() -> None:
    ahead = answer((0.0, 1.5, -3.0))
    turned = answer((3.0, 1.5, 0.0), listener=Listener(place=HERE.place, facing=(1.0, 0.0, 0.0)))
    assert turned == pytest.approx(ahead, abs=1e-7)


def test_speakers_pan_by_the_tangent_law_at_constant_power() -> None:
    for degrees in (0.0, 10.0, -20.0, 30.0, 80.0):
        azimuth = np.radians(degrees)
        h = answer((3.0 * np.sin(azimuth), 1.5, -3.0 * np.cos(azimuth)), listener=MIDDLE)
        left, right = level(h[0], 500.0), level(h[1], 500.0)
        inside = np.radians(np.clip(degrees, -30.0, 30.0))
        assert (right - left) / (right + left) == pytest.approx(np.tan(inside) / np.tan(np.radians(30.0)), abs=1e-3)
        assert np.hypot(left, right) * 3.0 == pytest.approx(1.0, rel=2e-3)


# ------------------------------------------------------------------------------------------ early echoes


def test_images_stand_where_the_mirrors_put_them() -> None:
    chamber = Chamber((5.0, 3.0, 4.0))
    images = chamber.images(2)
    assert [int((images.order == k).sum()) for k in (1, 2)] == [6, 18]
    at = np.array([1.0, 0.5, 3.0])
    first = images.sign[images.order == 1] * at + images.shift[images.order == 1]
    mirrored = [(-1, 0.5, 3), (9, 0.5, 3), (1, -0.5, 3), (1, 5.5, 3), (1, 0.5, -3), (1, 0.5, 5)]
    assert sorted(map(tuple, first.tolist())) == sorted(tuple(map(float, m)) for m in mirrored)
    for where, hits in zip(first, images.hits[images.order == 1], strict=True):
        wall = [where[0] < 0, where[0] > 5, where[1] < 0, where[1] > 3, where[2] < 0, where[2] > 4]
        assert np.array_equal(np.array(wall, int), hits)


def test_early_echoes_have_the_time_and_energy_of_their_images() -> None:
    """One wall that gives back: direct sound and one image, its amplitude root(1 - a) / r, at its time."""
    a = 0.36
    walls = ["open"] * 6
    walls[2] = (a,) * 7  # type: ignore[call-overload]
    chamber = Chamber((20.0, 9.0, 20.0), tuple(walls))
    space = Space([Source("it", (0.0, 1.2, -3.0))], chamber, MIDDLE, air=DRY)
    h = space.block(impulse(3000)).sum(axis=0) / np.sqrt(2.0)
    direct, echo = np.hypot(3.0, 0.3), np.hypot(3.0, 2.7)
    late = round(echo / DRY.speed_m_s * RATE)
    early = h[late - 20 : late + 20]
    assert level(early, 1500.0) == pytest.approx(np.sqrt(1.0 - a) / echo, rel=0.02)
    assert delay_s(np.concatenate([np.zeros(late - 20), early, np.zeros(3000)]), 1000.0, 5000.0) == pytest.approx(
        echo / DRY.speed_m_s, abs=0.1 / RATE
    )
    first = round(direct / DRY.speed_m_s * RATE)
    assert level(h[first - 40 : first + 40], 1500.0) == pytest.approx(1.0 / direct, rel=0.02)


def test_a_wall_that_drinks_high_notes_gives_back_low_ones() -> None:
    walls = ["open"] * 6
    walls[2] = (0.0, 0.0, 0.0, 0.1, 0.5, 0.9, 0.9)  # type: ignore[call-overload]
    space = Space([Source("it", (0.0, 1.5, -3.0))], Chamber((20.0, 9.0, 20.0), tuple(walls)), MIDDLE, air=DRY)
    h = space.block(impulse(3000))[0] * np.sqrt(2.0)
    echo = np.hypot(3.0, 3.0)
    late = round(echo / DRY.speed_m_s * RATE)
    part = h[late - 20 : late + 20] * echo
    assert level(part, 600.0) ** 2 == pytest.approx(0.95, abs=0.08)
    assert level(part, 5000.0) ** 2 == pytest.approx(0.10, abs=0.05)


# ------------------------------------------------------------------------------------------ the late tail


LOW_DB, HIGH_DB = -5.0, -50.0


def decay_s(h: np.ndarray, band: float) -> float:
    """T60 in an octave from -5 to -50 dB, both ears together, by Schroeder's backward sum [s]."""
    sos = signal.butter(4, [band / np.sqrt(2.0), band * np.sqrt(2.0)], "bandpass", fs=RATE, output="sos")
    left = np.cumsum(np.sum(signal.sosfiltfilt(sos, h, axis=1) ** 2, axis=0)[::-1])[::-1]
    db = 10.0 * np.log10(left / left[0] + 1e-20)
    first, last = int(np.argmax(db < LOW_DB)), int(np.argmax(db < HIGH_DB))
    slope = np.polyfit(np.arange(first, last) / RATE, db[first:last], 1)[0]
    return float(-60.0 / slope)


def expected_s(chamber: Chamber, air: Air, band: float, law: str) -> float:
    """T60, likewise, of an octave of noise whose every frequency falls by Eyring's or Sabine's law [s]."""
    f = np.geomspace(band / 3.0, band * 3.0, 600)
    sos = signal.butter(4, [band / np.sqrt(2.0), band * np.sqrt(2.0)], "bandpass", fs=RATE, output="sos")
    weight = np.abs(signal.sosfreqz(sos, f, fs=RATE)[1]) ** 4 * np.gradient(f)
    echo = chamber.reverberation_s(f, air, law=law)
    t = np.linspace(0.0, 2.0 * echo.max(), 2000)
    left = (weight * echo) @ np.exp(-6.0 * np.log(10.0) * t / echo[:, None])
    db = 10.0 * np.log10(left / left[0])
    inside = (db < LOW_DB) & (db > HIGH_DB)
    return float(-60.0 / np.polyfit(t[inside], db[inside], 1)[0])


@pytest.mark.parametrize("chamber", [Chamber(), Chamber.echoing((9.0, 4.5, 7.0), 0.8, Air())], ids=["hall", "workshop"])
def test_the_echo_dies_away_as_eyring_says(chamber: Chamber) -> None:
    air = Air()
    h = Space([Source("it", (-2.0, 1.2, -2.0))], chamber, HERE, air=air).block(impulse(144_000))
    late = h[:, round(0.08 * RATE) :]
    for band in BANDS_HZ[:-1]:
        assert decay_s(late, band) == pytest.approx(expected_s(chamber, air, band, "eyring"), rel=0.10)


def test_every_line_of_the_tail_loses_what_eyring_says() -> None:
    """Its filter alone, without the chance of a measured decay: decibels a sample, at every octave."""
    air = Air()
    for chamber in (Chamber(), Chamber.echoing((9.0, 4.5, 7.0), 0.8, air)):
        delay = np.array([1000.0])
        shelves, gain = _losses(chamber, air, delay, RATE)
        bands = np.array(BANDS_HZ)
        lost = 20.0 * np.log10(gain[0]) + sum(_decibels(shelf[:, 0], bands, RATE) for shelf in shelves)
        echo = -60.0 * delay / RATE / lost
        assert echo == pytest.approx(chamber.reverberation_s(bands, air), rel=0.04)
        assert np.mean(np.abs(echo / chamber.reverberation_s(bands, air) - 1.0)) < 0.025


def test_sabine_and_eyring_by_hand() -> None:
    """A cube of 10 m, 20 % everywhere, air left out at 125 Hz: 0.161 V / A."""
    cube = Chamber((10.0, 10.0, 10.0), ((0.2,) * 7,) * 6)
    f = np.array([125.0])
    assert float(cube.reverberation_s(f, DRY, law="sabine")[0]) == pytest.approx(0.161 * 1000.0 / 120.0, rel=0.01)
    assert float(cube.reverberation_s(f, DRY)[0]) == pytest.approx(0.161 * 1000.0 / (600.0 * 0.2231), rel=0.01)
    assert float(cube.reverberation_s(np.array([8000.0]), DRY)[0]) < 0.8 * float(cube.reverberation_s(f, DRY)[0])


def test_a_chamber_echoes_as_long_as_is_asked() -> None:
    for size, echo in (((9.0, 4.5, 7.0), 0.8), ((20.0, 12.0, 30.0), 3.0)):
        chamber = Chamber.echoing(size, echo, Air())
        assert float(chamber.reverberation_s(np.array([1000.0]), Air())[0]) == pytest.approx(echo, rel=1e-6)
    with pytest.raises(ValueError, match="echo of 90 s"):
        Chamber.echoing((9.0, 4.5, 7.0), 90.0, Air())


@pytest.mark.parametrize("ears", ["headphones", "speakers"])
def test_the_energy_comes_when_the_images_say(ears: str) -> None:
    """Early and late together against the whole image model [Allen and Berkley], 20 ms at a time, at 1 kHz."""
    chamber, absorbed = Chamber((9.0, 4.5, 7.0), ((0.22,) * 7,) * 6), 0.22
    images = chamber.images(16)
    here = Listener((1.0, 1.6, 2.0), ears=ears)
    octave = signal.butter(4, [700.0, 1400.0], "bandpass", fs=RATE, output="sos")
    probe = np.sum(signal.sosfilt(octave, np.eye(1, 8192)[0]) ** 2)
    edges = np.arange(0.0, 0.121, 0.02)
    ours, theirs = np.zeros(6), np.zeros(6)
    for place in np.random.default_rng(8).uniform((-4.0, 0.5, -3.0), (4.0, 4.0, 3.0), (12, 3)):
        way = images.sign * chamber.inside(place) + images.shift - chamber.inside(here.place)
        direct = np.linalg.norm(place - here.place)
        r = np.concatenate([[direct], np.linalg.norm(way, axis=1)])
        kept = (1.0 - absorbed) ** np.concatenate([[0], images.order])
        power = kept / r**2 * np.exp(-float(DRY.absorption_db_m(1000.0)) / 4.343 * r)
        theirs += np.histogram((r - direct) / DRY.speed_m_s + 1e-3, edges, weights=power)[0]
        h = Space([Source("it", tuple(place))], chamber, here, air=DRY).block(impulse(9000))
        heard = np.sum(signal.sosfilt(octave, h, axis=1) ** 2, axis=0) / probe
        at = np.round((direct / DRY.speed_m_s + edges - 1e-3) * RATE).astype(int)
        ours += np.add.reduceat(heard[: at[-1]], np.maximum(at[:-1], 0))
    shared = 2.0 if ears == "headphones" else 1.0  # each ear hears it; loudspeakers share it
    off = 10.0 * np.log10(ours / shared / theirs)
    assert np.abs(off[1:] if ears == "headphones" else off).max() < 1.0  # the head itself sends some back at first
    assert abs(off[0]) < 2.0


def test_ears_hear_the_late_echo_alike_at_low_notes_only() -> None:
    x = np.random.default_rng(3).standard_normal((1, 480_000))
    for listener, alike in ((HERE, True), (MIDDLE, False)):
        space = Space([Source("it", (3.0, 1.0, -3.0))], Chamber(), listener)
        late = space.tail.block(x[0])
        f, both = signal.csd(late[0], late[1], fs=RATE, nperseg=1 << 15)
        one, other = (signal.welch(late[k], fs=RATE, nperseg=1 << 15)[1] for k in (0, 1))
        for low, high in ((60.0, 120.0), (2000.0, 8000.0)):
            band = (f > low) & (f < high)
            coherent = float(np.real(both[band].sum()) / np.sqrt(one[band].sum() * other[band].sum()))
            assert (coherent > 0.6) is (alike and high < 500.0)
            assert abs(coherent) < 0.2 or high < 500.0


# ------------------------------------------------------------------------------------------ blocks and motion


def many(n: int, *, listener: Listener = HERE, own_echoes: int = 24) -> tuple[Space, np.ndarray]:
    rng = np.random.default_rng(5)
    sources = [Source(f"s{k}", tuple(rng.uniform((-5.0, 0.3, -4.0), (5.0, 5.0, 4.0)))) for k in range(n)]
    return Space(sources, Chamber(), listener, own_echoes=own_echoes), rng.standard_normal((n, 12_000))


@pytest.mark.parametrize("sizes", [(12_000,), (1,) * 300 + (11_700,), (127, 129, 3000, 2047, 2049, 4648), (480,) * 25])
def test_blocks_of_any_size_give_the_same_bits(sizes: tuple[int, ...]) -> None:
    def sounded(parts: tuple[int, ...]) -> np.ndarray:
        space, x = many(5)
        space.move("s0", (4.0, 2.0, 3.0), seconds=0.1)
        at, out = 0, []
        for n in parts:
            out.append(space.block(x[:, at : at + n]))
            at += n
        return np.concatenate(out, axis=1)

    assert np.array_equal(sounded(sizes), sounded((1600,) * 7 + (800,)))


def test_silence_gives_silence_and_two_sounds_add() -> None:
    space, x = many(3)
    assert not space.block(np.zeros((3, 3000))).any()
    both = many(3)[0].block(x)
    one, other = x.copy(), x.copy()
    one[1:], other[0] = 0.0, 0.0
    assert many(3)[0].block(one) + many(3)[0].block(other) == pytest.approx(both, abs=2e-5 * np.abs(both).max())


def test_a_source_that_glides_is_heard_with_its_doppler_shift_and_without_a_click() -> None:
    speed, seconds = 3.0, 1.0
    space = Space([Source("it", (0.0, 1.5, -5.0))], Chamber((40.0, 9.0, 40.0)), MIDDLE, air=DRY, echoes=False)
    t = np.arange(round(1.6 * RATE)) / RATE
    tone = np.sin(2 * np.pi * 1000.0 * t)[None]
    head = space.block(tone[:, :4800])
    space.move("it", (0.0, 1.5, -5.0 + speed * seconds), seconds=seconds)
    h = np.concatenate([head, space.block(tone[:, 4800:])], axis=1)[0]
    moving = h[round(0.4 * RATE) : round(0.9 * RATE)] * np.hanning(round(0.5 * RATE))
    spectrum = np.abs(np.fft.rfft(moving, 1 << 18))
    found = float(np.argmax(spectrum)) * RATE / (1 << 18)
    assert found == pytest.approx(1000.0 * (1.0 + speed / DRY.speed_m_s), abs=0.6)
    rest = signal.sosfilt(signal.butter(6, 4000.0, "highpass", fs=RATE, output="sos"), h)[4000:]
    assert np.max(np.abs(rest)) < 5e-4  # without the fades of `GRID` it is 50 times that
    assert space.place_of("it") == pytest.approx([0.0, 1.5, -2.0])


def test_a_gain_is_faded_to() -> None:
    space = Space([Source("it", (0.0, 1.5, -3.0))], Chamber((40.0, 9.0, 40.0)), MIDDLE, air=DRY, echoes=False)
    tone = np.sin(2 * np.pi * 400.0 * np.arange(24_000) / RATE)[None]
    first = space.block(tone)
    space.set_gain("it", 0.25)
    h = space.block(tone)
    assert np.std(h[:, 12_000:]) == pytest.approx(0.25 * np.std(first[:, 12_000:]), rel=1e-3)
    assert np.abs(np.diff(h[0])).max() < 1.1 * np.abs(np.diff(first[0][4000:])).max()


def test_a_listener_who_turns_hears_no_click() -> None:
    space = Space([Source("it", (3.0, 1.5, 0.0))], Chamber(), HERE, air=DRY)
    t = np.arange(48_000) / RATE
    tone = (np.sin(2 * np.pi * 500.0 * t) * np.minimum(1.0, t / 0.2))[None]
    first = space.block(tone[:, :24_000])
    space.listen(Listener(place=(0.0, 1.5, 0.0), facing=(1.0, 0.0, 0.0)))
    h = np.concatenate([first, space.block(tone[:, 24_000:])], axis=1)
    rest = signal.sosfilt(signal.butter(6, 4000.0, "highpass", fs=RATE, output="sos"), h, axis=1)[:, 12_000:]
    assert np.max(np.abs(rest)) < 3e-4 * np.max(np.abs(h))
    assert np.std(h[1, 20_000:24_000]) > 1.1 * np.std(h[0, 20_000:24_000])


def test_direct_sound_and_echoes_apart_make_up_the_whole() -> None:
    """One source heard wholly, and one heard directly beside one heard by its echoes: the same."""
    x = 0.01 * np.random.default_rng(1003).standard_normal((1, 6000)).astype(np.float32)
    x[:, 4000:] = 0.0
    place = (-1.5, 1.2, -1.0)
    whole = Space([Source("it", place)], listener=HERE).block(x)
    parts = [Source("it", place, heard="directly"), Source("its echoes", place, heard="by its echoes")]
    both = Space(parts, listener=HERE).block(np.concatenate([x, x]))
    assert both == pytest.approx(whole, abs=1e-6 * float(np.abs(whole).max()))
    direct = Space(parts[:1], listener=HERE).block(x)
    assert np.abs(direct[:, 5000:]).max() == 0.0 < np.abs(whole[:, 5000:]).max()
    with pytest.raises(ValueError, match="heard 'loudly' given"):
        Source("it", place, heard="loudly")


def test_a_source_heard_directly_takes_no_place_among_those_with_echoes() -> None:
    near, far = Source("near", (0.0, 1.5, -1.0), heard="directly"), Source("far", (0.0, 1.5, -3.0))
    space = Space([near, far], listener=HERE, own_echoes=1)
    assert [space._near(int(rank)) for rank in space._rank] == [False, True]


def test_sources_far_off_share_the_echo_and_keep_their_energy() -> None:
    own, x = many(6)
    shared, _ = many(6, own_echoes=0)
    a, b = own.block(np.tile(x, 3)), shared.block(np.tile(x, 3))
    assert 10.0 * np.log10(np.mean(a**2) / np.mean(b**2)) == pytest.approx(0.0, abs=1.5)


def test_the_late_echo_is_as_loud_whenever_a_source_enters_it() -> None:
    """Near or far, with early echoes of its own or without: the diffuse field falls with the chamber alone."""
    chamber, late = Chamber((20.0, 10.0, 20.0), ((0.3,) * 7,) * 6), slice(round(0.3 * RATE), None)
    octave = signal.butter(4, [700.0, 1400.0], "bandpass", fs=RATE, output="sos")
    here, levels = Listener((0.0, 2.0, 9.0)), []
    for place in ((0.0, 2.0, 8.0), (8.0, 8.0, -9.0)):
        for own in (1, 0):
            space = Space([Source("it", place)], chamber, here, own_echoes=own)
            levels.append(
                10.0 * np.log10(np.sum(signal.sosfilt(octave, space.block(impulse(48_000)), axis=1)[:, late] ** 2))
            )
    assert np.ptp(levels) < 1.0


def test_many_sources_are_borne() -> None:
    space, x = many(80)
    assert np.isfinite(space.block(x[:, :2000])).all()


def test_a_source_comes_and_another_goes_without_touching_the_rest() -> None:
    space, x = many(2)
    alone, _ = many(2)
    before = space.block(x[:, :5000])
    assert np.array_equal(before, alone.block(x[:, :5000]))
    space.add(Source("new", (1.0, 1.0, 1.0)))
    silent = np.vstack([x[:, 5000:8000], np.zeros(3000)])
    assert np.array_equal(space.block(silent), alone.block(x[:, 5000:8000]))
    space.remove("new")
    assert np.array_equal(space.block(x[:, 8000:]), alone.block(x[:, 8000:]))


def test_no_constant_pressure_is_made() -> None:
    space, x = many(4)
    h = space.block(np.tile(x - x.mean(axis=1, keepdims=True), 4))
    assert np.abs(h.mean(axis=1)).max() < 2e-2 * h.std()


# ------------------------------------------------------------------------------------------ bad input


def test_bad_input_is_refused_with_what_is_allowed() -> None:
    space, x = many(2)
    x[1, 7] = np.nan
    with pytest.raises(ValueError, match="s1: its sound holds NaN"):
        space.block(x)
    with pytest.raises(ValueError, match=r"\[2, n\] is wanted"):
        space.block(x[:1])
    with pytest.raises(ValueError, match="outside the chamber"):
        space.move("s0", (99.0, 1.0, 0.0))
    with pytest.raises(ValueError, match="no source 'who'"):
        space.move("who", (0.0, 1.0, 0.0))
    with pytest.raises(ValueError, match="finite lengths"):
        Space([Source("it", (np.nan, 1.0, 0.0))])
    with pytest.raises(ValueError, match="name of its own"):
        Space([Source("it", (0.0, 1.0, 0.0))] * 2)
    with pytest.raises(ValueError, match="known: rendered brick"):
        Chamber(walls=("cheese",) * 6)
    with pytest.raises(ValueError, match="0.0 to 1|0 to 1"):
        Chamber(walls=((2.0,) * 7,) * 6)
    with pytest.raises(ValueError, match="headphones or speakers"):
        Listener(ears="one")
    with pytest.raises(ValueError, match="humidity_percent"):
        Air(20.0, 0.0)
    with pytest.raises(ValueError, match="gain"):
        Source("it", (0.0, 1.0, 0.0), gain=-1.0)
    assert TAPS[0] % 8 == 0 and GRID % 8 == 0
