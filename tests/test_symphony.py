"""A symphony of works, made up or real: together, in time, to a file, with who is heard and whose discord it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scipy import signal

from heartwright.records import Ledger
from heartwright.sound.chamber import Chamber
from heartwright.sound.ears import Listener
from heartwright.sound.loudness import Meter, Scale, lufs, spl_db
from heartwright.sound.stereo import Writer
from heartwright.work import STILL, Deed, Figure, Ground, Reaction, Work
from heartwright.works import light
from heartwright.works.performance import perform
from heartwright.works.symphony import Apart, Symphony

RATE = 48_000


class Hum:
    """A work that hums: tones of one amplitude [Pa at 1 m], told by its own time."""

    kind, mass, status, advice = "hum", 1.0, "running", ""
    deeds: tuple[Deed, ...] = ()

    def __init__(self, name: str, *hertz: float, pascal: float = 0.02, light: float = 1.0) -> None:
        self.name, self.hertz, self.pascal, self.light = name, hertz, pascal, light
        self.time, self.count, self.broken = 0.0, 0, ""

    def advance(self, seconds: float, ground: Ground = STILL) -> Reaction:
        if self.broken == "advance":
            raise ValueError("its spring is off")
        self.time += seconds
        return Reaction()

    def seen(self) -> np.ndarray:
        return np.zeros(0, np.float32)

    def heard(self, n: int, rate_hz: int) -> np.ndarray:
        t = (self.count + np.arange(n)) / rate_hz
        self.count += n
        if self.broken == "nan":
            return np.full(n, np.nan, np.float32)
        return np.asarray(sum(self.pascal * np.sin(2 * np.pi * f * t) for f in self.hertz) + 0.0 * t, np.float32)

    def ledger(self) -> Ledger:
        return Ledger(0.0, {}, 0.0, 0.0)

    def figures(self) -> dict[str, Figure]:
        return {}

    def do(self, deed: str, **amounts: float) -> str:
        raise ValueError("nothing can be done to it")


PLACES = {"web": (-2.0, 1.4, -2.0), "gyroscope": (2.0, 1.2, -1.0), "heart": (0.0, 1.0, 0.5)}
ROOM = Chamber((9.0, 4.5, 7.0))


def trio(**options: object) -> Symphony:
    works = [Hum("web", 220.0, 440.0), Hum("gyroscope", 235.0), Hum("heart", 55.0, pascal=0.005)]
    return Symphony(works, PLACES, Listener((0.0, 1.6, 2.5)), chamber=ROOM, **options)  # type: ignore[arg-type]


def test_a_made_up_work_is_a_work() -> None:
    assert isinstance(Hum("it"), Work)


def test_blocks_of_any_size_give_the_same_bits_and_time_goes_with_the_sound() -> None:
    one, other = trio(), trio()
    whole = one.block(9000)
    assert np.array_equal(whole, np.concatenate([other.block(n) for n in (1, 799, 1600, 4000, 2600)]))
    assert one.stage.time == pytest.approx(9000 / RATE, abs=0.017)
    assert whole.shape == (9000, 2) and whole.dtype == np.float32


def test_the_scale_is_set_once_and_says_what_it_bent() -> None:
    symphony = trio()
    scale = symphony.set_level(seconds=0.5, head_db=6.0)
    loud = symphony.block(24_000)
    assert 10 ** (-12 / 20) < np.abs(loud).max() <= 10 ** (-4 / 20)
    assert scale.over == 0 and scale.told() == ""
    symphony.scale = Scale(scale.full_scale_spl - 20.0)
    hot = symphony.block(4800)
    assert np.abs(hot).max() <= 1.0 and symphony.scale.over > 100 and "were bent" in symphony.scale.told()
    assert Scale(80.0).calibration_dbfs == 14.0
    tone = np.sqrt(2.0) * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)
    assert spl_db(tone) == pytest.approx(93.98, abs=0.01)
    assert np.abs(Scale(94.0 + 6.0).apply(tone)).max() == pytest.approx(10 ** (-6 / 20), rel=4e-3)
    with pytest.raises(ValueError, match="full scale"):
        Scale(500.0)


def test_a_work_in_trouble_falls_silent_and_the_others_play_on() -> None:
    symphony = trio()
    symphony.block(4800)
    symphony.stage.works["web"].broken = "nan"  # type: ignore[attr-defined]
    symphony.stage.works["heart"].broken = "advance"  # type: ignore[attr-defined]
    later = symphony.block(48_000)[24_000:]
    assert np.isfinite(later).all() and np.std(later) > 1e-4
    assert "NaN" in symphony.troubles["web"] and symphony.troubles["heart"] == "its spring is off"
    assert "gyroscope" not in symphony.troubles


def test_who_is_loud_and_between_whom_the_buzz_is() -> None:
    symphony = trio()
    symphony.pressures(2 * RATE + 777)
    said, web = symphony.said, Hum("web", 220.0, 440.0)
    assert np.array_equal(said[0], web.heard(symphony.samples, RATE)[-RATE:])
    shares = symphony.shares()
    one, other, share = shares.worst()
    assert {one, other} == {"web", "gyroscope"} and share > 0.9
    assert shares.told().startswith("The buzz is between")
    levels = symphony.levels()
    assert levels["heart"].spl_db < levels["web"].spl_db - 10.0


def test_levels_where_one_listens_add_up_to_what_is_heard() -> None:
    """Of noise about 1 kHz: a tone has standing waves, and stands out or falls by 6 dB from place to place."""
    octave = signal.butter(4, [700.0, 1400.0], "bandpass", fs=RATE, output="sos")
    works = [Hum(name) for name in PLACES]
    for k, work in enumerate(works):
        noise = signal.sosfilt(octave, np.random.default_rng(k).standard_normal(4 * RATE)).astype(np.float32)
        work.heard = lambda n, rate_hz, noise=noise, work=work: np.roll(noise, -round(work.time * RATE))[:n]  # type: ignore[method-assign]
    symphony = Symphony(works, PLACES, Listener((0.0, 1.6, 2.5)), chamber=ROOM)
    heard = symphony.pressures(3 * RATE)[:, RATE:]
    power = sum(10 ** (level.spl_db / 10) for level in symphony.levels().values())
    assert 10 * np.log10(power) == pytest.approx(spl_db(heard), abs=1.5)


def test_a_shelf_near_its_strength_is_heard_from_its_middle(small: Path) -> None:
    from heartwright.design.room import RoomPlan
    from heartwright.works.room import build

    plan = RoomPlan.load(small)
    room = build(plan)
    room.groans["shelf"].load(0.95)
    symphony = Symphony.of_room(room, plan)
    assert symphony.places["shelf (shelf)"] == (0.0, 1.0, -1.0)
    symphony.pressures(2 * RATE)
    assert symphony.levels()["shelf (shelf)"].peak_db > 30.0
    calm = Symphony.of_room(build(plan), plan)
    calm.pressures(RATE // 10)
    assert set(calm.levels()) == {"one", "other"}


def test_a_chamber_makes_no_discord_of_ticks_and_noise() -> None:
    rng = np.random.default_rng(6)
    noisy, ticking = Hum("web"), Hum("heart")
    noisy.heard = lambda n, rate_hz: (0.01 * rng.standard_normal(n)).astype(np.float32)  # type: ignore[method-assign]

    def ticks(n: int, rate_hz: int) -> np.ndarray:
        out = np.zeros(n, np.float32)
        if round(ticking.time / 0.016) % 16 == 0:
            out[:96] = 0.5 * np.sin(2 * np.pi * 3000.0 / rate_hz * np.arange(96)) * np.exp(-np.arange(96) / 40.0)
        return out

    ticking.heard = ticks  # type: ignore[method-assign]
    symphony = Symphony([noisy, ticking], PLACES, chamber=Chamber())
    found = []
    for _ in range(5):
        symphony.pressures(RATE)
        found.append(symphony.discord())
    assert max(found) == 0.0 and symphony.shares().total == 0.0


def test_what_no_ear_hears_is_left_out() -> None:
    hum = Hum("web")
    hum.heard = lambda n, rate_hz: np.full(n, 0.1, np.float32)  # type: ignore[method-assign]
    heard = Symphony([hum], PLACES, chamber=ROOM).pressures(2 * RATE)[:, -RATE // 4 :]
    assert np.abs(heard).max() < 1e-5


def test_a_room_that_stands_still_dies_away() -> None:
    class Stopped(Apart):
        def advance(self, seconds: float) -> None:
            if self.time < 0.1:
                super().advance(seconds)

    hum = Hum("web", 300.0)
    hum.heard = lambda n, rate_hz: np.zeros(n, np.float32) if hum.time > 0.1 else Hum.heard(hum, n, rate_hz)  # type: ignore[method-assign]
    symphony = Symphony(Stopped([hum]), PLACES, chamber=ROOM)
    heard = symphony.pressures(3 * RATE)
    assert spl_db(heard[:, -4800:]) < spl_db(heard[:, :4800]) - 60.0


def test_stems_add_up_to_the_mix(tmp_path: Path) -> None:
    symphony = trio(stems=True)
    played = perform(symphony, 1.0, out=tmp_path / "all.wav", stems=tmp_path / "stems")
    mix, rate = soundfile.read(tmp_path / "all.wav")
    parts = [soundfile.read(p)[0] for p in played.stems]
    assert rate == RATE and mix.shape == (RATE, 2) and len(parts) == 3
    assert sum(parts) == pytest.approx(mix, abs=2e-6)
    assert soundfile.info(tmp_path / "all.wav").subtype == "PCM_24"
    assert 10 ** (-2.2 / 20) < np.abs(mix).max() <= 10 ** (-0.9 / 20)
    assert played.peak_db - played.scale.full_scale_spl == pytest.approx(
        3.01 + 20 * np.log10(np.abs(mix).max()), abs=0.01
    )
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == [
        "all.wav", "gyroscope.wav", "heart.wav", "web.wav"
    ]  # fmt: skip


def test_a_performance_tells_what_it_was_like(tmp_path: Path) -> None:
    played = perform(trio(), 3.0, out=tmp_path / "all.flac", full_scale_spl=80.0)
    mix, _ = soundfile.read(tmp_path / "all.flac")
    assert played.scale.full_scale_spl == 80.0 and played.seconds == pytest.approx(3.0)
    assert lufs(mix.T, RATE) == pytest.approx(played.lufs, abs=0.1)
    assert 20 * np.log10(np.std(mix)) + 80.0 + 3.01 == pytest.approx(played.spl_db, abs=0.1)
    assert len(played.discord_s[1]) == 5 and 0.02 < played.discord.value < 0.5
    assert played.discord.low <= played.discord.value <= played.discord.high
    assert played.reverberation_s[1000.0] == pytest.approx(
        float(ROOM.reverberation_s(np.array([1000.0]), trio().space.air)[0])
    )
    assert played.light == pytest.approx((1.0, 1.0)) and not played.troubles


def test_what_is_interrupted_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "all.flac"
    target.write_bytes(b"what stood there")

    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(trio(), 1.0, out=target, progress=stop)
    with pytest.raises(RuntimeError), Writer(target, rate_hz=RATE) as writer:
        writer.write(np.zeros((100, 2)))
        raise RuntimeError
    assert target.read_bytes() == b"what stood there" and list(tmp_path.iterdir()) == [target]


def test_bad_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no place for lost"):
        Symphony([Hum("lost", 1.0)], PLACES)
    with pytest.raises(ValueError, match="name of its own"):
        Symphony([Hum("web", 1.0), Hum("web", 2.0)], PLACES)
    with pytest.raises(ValueError, match="outside the chamber"):
        Symphony([Hum("web", 1.0)], {"web": (50.0, 1.0, 0.0)})
    with pytest.raises(ValueError, match=r"\.wav or \.flac"):
        perform(trio(), 1.0, out=tmp_path / "all.mp3")
    with pytest.raises(ValueError, match="stems=True"):
        perform(trio(), 1.0, stems=tmp_path)


def test_a_room_without_works_is_silent() -> None:
    symphony = Symphony([], {}, chamber=ROOM)
    assert not symphony.block(4800).any() and symphony.light == 0.0 and symphony.shares().told().startswith("Nothing")


# ------------------------------------------------------------------------------------------ loudness and light


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_loudness_is_that_of_bs_1770(rate: int) -> None:
    """A full-scale sine of 997 Hz in one channel reads -3.01 LKFS (BS.1770-4); both channels 0; gates leave silence."""
    t = np.arange(6 * rate) / rate
    tone = np.sin(2 * np.pi * 997.0 * t)
    assert lufs(tone, rate) == pytest.approx(-3.01, abs=0.02)
    assert lufs(np.stack([tone, tone]) * 10 ** (-23 / 20), rate) == pytest.approx(-23.0, abs=0.03)
    half = np.concatenate([tone, 1e-5 * tone])
    assert lufs(half, rate) == pytest.approx(-3.01, abs=0.15)  # three blocks lie across the end
    assert lufs(np.zeros(rate), rate) == -np.inf
    meter = Meter(rate)
    for piece in np.array_split(np.stack([tone, tone]), 7, axis=1):
        meter.add(piece)
    assert meter.lufs() == pytest.approx(0.0, abs=0.02) and meter.lufs(0.1) == pytest.approx(-20.0, abs=0.02)


@pytest.mark.parametrize(
    ("hertz", "gain"), [(31.5, -39.4), (100.0, -19.1), (1000.0, 0.0), (4000.0, 1.0), (8000.0, -1.1)]
)
def test_a_weighting_is_that_of_iec_61672(hertz: float, gain: float) -> None:
    meter = Meter(96_000, channels=1)
    meter.add(np.sin(2 * np.pi * hertz * np.arange(4 * 96_000) / 96_000))
    assert meter.spl_a_db() - meter.spl_db() == pytest.approx(gain, abs=0.2)


def test_light_is_a_share_of_power_and_looks_like_its_cube_root() -> None:
    assert light.lightness(1.0) == pytest.approx(1.0) and light.lightness(0.0) == 0.0
    assert light.lightness(0.184) == pytest.approx(0.50, abs=0.005)  # CIE: middle grey
    assert light.glow(2.0, 8.0) == 0.25 and light.glow(9.0, 8.0) == 1.0 and light.glow(-1.0, 8.0) == 0.0
    with pytest.raises(ValueError, match="full_j"):
        light.glow(1.0, 0.0)
    near, far = Hum("near", light=0.0), Hum("far", light=1.0)
    works, eye = {"near": near, "far": far}, (0.0, 1.6, 2.0)
    places = {"near": (0.0, 1.0, 1.0), "far": (0.0, 1.0, -4.0)}
    dark = light.room_light(works, places, eye)  # type: ignore[arg-type]
    near.light, far.light = 1.0, 0.0
    assert 0.0 < dark < light.room_light(works, places, eye) < 1.0  # type: ignore[arg-type]
    near.light = float("nan")
    assert light.room_light(works, places, eye) == 0.0  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------ the command


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A room of two gyroscopes at pitches that rub."""
    plan = tmp_path / "small.toml"
    plan.write_text(
        'title = "small"\n[[shelves]]\nname = "shelf"\nplace = ["-1 m", "1 m", "-1 m"]\nlength = "2 m"\n'
        + "".join(
            f'[[works]]\nkind = "gyroscope"\nname = "{name}"\nshelf = "shelf"\nalong = "{along} m"\n'
            f"[works.options]\nrpm = {rpm}\n"
            for name, along, rpm in (("one", 0.5, 12_000.0), ("other", 1.5, 13_200.0))
        )
    )
    return plan


def test_the_command_writes_a_symphony_and_says_whose_the_buzz_is(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import typer.testing
    from typer import Typer

    from heartwright.cli.symphony import symphony

    app = Typer()
    app.command()(symphony)
    out = tmp_path / "all.flac"
    run = typer.testing.CliRunner().invoke(app, [str(small), "--seconds", "2", "--out", str(out), "--json"])
    assert run.exit_code == 0, run.output
    told = json.loads(run.output[run.output.index("{") :])
    assert told["discord_between"] == ["one", "other"] and told["discord"]["value"] > 0.01
    assert set(told["works"]) == {"one", "other"} and told["spl_db"] > 20.0
    assert soundfile.info(out).frames == 2 * RATE
    plain = typer.testing.CliRunner().invoke(app, [str(small), "--seconds", "1", "--speakers"])
    assert "The buzz is between one and other" in plain.output and "dB SPL" in plain.output
