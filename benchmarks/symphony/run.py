"""What mixing sources in a chamber costs, live, against their number; and how near its echo is to the room's.

Beside it in the same run, with the same sources: plain convolution of each source with its two impulse responses
(`scipy.signal.oaconvolve`), the whole file at once, which is not live, and block by block, which is; and, where it is
installed, the image model of pyroomacoustics for the energy. `QUICK=1`: fewer sources, shorter sound.
"""

from __future__ import annotations

import time
from functools import partial

import numpy as np
from scipy import signal

from benchmarks.common import bar, calibration_s, least_cpu, metric, quick
from heartwright.design.room import RoomPlan
from heartwright.sound import discord
from heartwright.sound.air import Air
from heartwright.sound.chamber import Chamber
from heartwright.sound.ears import Listener
from heartwright.sound.space import Source, Space
from heartwright.studio.hall import Hall, Voice

RATE, BLOCK = 48_000, 1600
CPU_OF_TWENTY = 0.15  # s per s
COUNTS = (1, 5, 20, 80, 200)
RT_SHARE = 0.10
WALLS = ((0.15, 0.18, 0.2, 0.22, 0.25, 0.28, 0.3),) * 6
PLAIN = Chamber((9.0, 4.5, 7.0), WALLS)


def places(n: int, chamber: Chamber) -> list[Source]:
    rng = np.random.default_rng(11)
    low, high = chamber.low + 0.5, chamber.low + np.array(chamber.size) - 0.5
    return [Source(f"s{k}", tuple(rng.uniform(low, high))) for k in range(n)]  # type: ignore[arg-type]


def live(space: Space, x: np.ndarray) -> None:
    for first in range(0, x.shape[1], BLOCK):
        space.block(x[:, first : first + BLOCK])


def costs(seconds: float, repeats: int) -> dict[int, float]:
    """CPU seconds for a second of sound, by the number of sources; of the convolution beside."""
    listener, found = Listener((0.0, 1.6, 2.0)), {}
    for n in COUNTS[:4] if quick() else COUNTS:
        x = 0.01 * np.random.default_rng(n).standard_normal((n, round(seconds * RATE))).astype(np.float32)
        space = Space(places(n, PLAIN), PLAIN, listener)
        live(space, x[:, : 2 * BLOCK])
        ours = least_cpu(partial(live, space, x), times=repeats)[0] / seconds
        metric(f"sources_{n}_cpu_per_s", ours)
        found[n] = ours
        if n <= 20:
            responses = [respond(source, listener) for source in places(n, PLAIN)]

            def plain(x: np.ndarray = x, responses: list[np.ndarray] = responses) -> None:
                for row, h in zip(x, responses, strict=True):
                    for ear in (0, 1):
                        signal.oaconvolve(row, h[ear].astype(np.float32))

            theirs = least_cpu(plain, times=repeats)[0] / seconds
            metric(f"sources_{n}_convolution_cpu_per_s", theirs)
            metric(f"sources_{n}_convolution_over_ours", theirs / ours)
        if n <= 5:
            piece = x[:, : RATE // 2]
            blocks = least_cpu(partial(by_blocks, piece, responses), times=2)[0] / 0.5
            metric(f"sources_{n}_block_convolution_cpu_per_s", blocks)
            metric(f"sources_{n}_block_convolution_over_ours", blocks / ours)
    return found


def by_blocks(x: np.ndarray, responses: list[np.ndarray]) -> np.ndarray:
    """Plain convolution, live: each block when it comes, what rings on carried over."""
    tail = responses[0].shape[1]
    out = np.zeros((2, x.shape[1] + tail))
    for first in range(0, x.shape[1], BLOCK):
        block = x[:, first : first + BLOCK]
        for row, h in zip(block, responses, strict=True):
            for ear in (0, 1):
                heard = signal.oaconvolve(row, h[ear].astype(np.float32))
                out[ear, first : first + len(heard)] += heard
    return out


def respond(source: Source, listener: Listener, seconds: float = 1.2) -> np.ndarray:
    """Impulse responses at the two ears."""
    x = np.zeros((1, round(seconds * RATE)))
    x[0, 0] = 1.0
    return Space([source], PLAIN, listener).block(x)


def moving(seconds: float, repeats: int) -> float:
    """What one of twenty sources costs more while it glides."""
    x = 0.01 * np.random.default_rng(1).standard_normal((20, round(seconds * RATE)))
    space = Space(places(20, PLAIN), PLAIN, Listener((0.0, 1.6, 2.0)))
    live(space, x[:, : 2 * BLOCK])

    def glide() -> None:
        space.move("s0", (3.0, 1.0, -2.0) if space.place_of("s0")[0] < 0.0 else (-3.0, 1.0, -2.0), seconds=seconds)
        live(space, x)

    return least_cpu(glide, times=repeats)[0] / seconds


def live_room(seconds: float, repeats: int) -> tuple[float, float]:
    """What the workshop's live mix costs, all of it sounding: while one stands, and while one walks."""
    plan = RoomPlan.load("workshop")
    hall = Hall(plan)
    for work in plan.works:
        middle = plan.place_of(work.name)
        hall.stand(work.name, Voice(middle, work.shelf if work.shelf != "bench" else ""), middle=middle)
    rng = np.random.default_rng(1005)
    said = {w.name: 1e-3 * rng.standard_normal(BLOCK).astype(np.float32) for w in plan.works}

    def stand() -> None:
        for _ in range(round(seconds * RATE / BLOCK)):
            hall.mix(said, BLOCK)

    def walk() -> None:
        for k in range(round(seconds * RATE / BLOCK)):
            if k % 30 == 0:
                hall.attend("first orb" if hall.focus != "first orb" else "first regulator")
            hall.mix(said, BLOCK)

    stand()
    return least_cpu(stand, times=repeats)[0] / seconds, least_cpu(walk, times=repeats)[0] / seconds


def decay(h: np.ndarray, band: float) -> float:
    """T30 of an octave [s]."""
    sos = signal.butter(4, [band / np.sqrt(2.0), band * np.sqrt(2.0)], "bandpass", fs=RATE, output="sos")
    left = np.cumsum(signal.sosfiltfilt(sos, h)[::-1] ** 2)[::-1]
    db = 10.0 * np.log10(left / left[0] + 1e-20)
    first, last = int(np.argmax(db < -5.0)), int(np.argmax(db < -35.0))
    return float(-60.0 / np.polyfit(np.arange(first, last) / RATE, db[first:last], 1)[0])


def echo() -> None:
    """Decay by octave against Eyring, and against the image model of pyroomacoustics where it is there."""
    air, listener = Air(), Listener((1.0, 1.6, 2.0), ears="speakers")
    sources = places(4, PLAIN)
    worst = 0.0
    ours = {s.name: Space([s], PLAIN, listener, air=air).block(np.eye(1, 2 * RATE)) for s in sources}
    for band in (125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0):
        measured = float(np.mean([decay(h[0, round(0.04 * RATE) :], band) for h in ours.values()]))
        said = float(PLAIN.reverberation_s(np.array([band]), air)[0])
        metric(f"echo_{band:g}_hz_s", measured)
        metric(f"echo_{band:g}_hz_over_eyring", measured / said)
        worst = max(worst, abs(measured / said - 1.0))
    bar("echo", worst < RT_SHARE, f"worst octave off by {100 * worst:.1f} %, {100 * RT_SHARE:g} % wanted")
    images(sources, listener, air, ours)


def images(sources: list[Source], listener: Listener, air: Air, ours: dict[str, np.ndarray]) -> None:
    """Energy and early energy of each response in the octave of 1 kHz, over those of pyroomacoustics' image model."""
    try:
        import pyroomacoustics as pra
    except ImportError:
        print("pyroomacoustics is not installed: its image model is left out")
        return
    sos = signal.butter(4, [707.0, 1414.0], "bandpass", fs=RATE, output="sos")
    whole, early, late = [], [], []
    material = pra.Material(
        energy_absorption={"coeffs": list(WALLS[0][:7]), "center_freqs": [125, 250, 500, 1000, 2000, 4000, 8000]}
    )
    for source in sources:
        room = pra.ShoeBox(
            PLAIN.size, fs=RATE, materials=material, max_order=40, air_absorption=True,
            temperature=air.temperature_c, humidity=air.humidity_percent,
        )  # fmt: skip
        room.add_source(list(PLAIN.inside(source.place)))
        room.add_microphone(np.array(PLAIN.inside(listener.place))[:, None])
        room.compute_rir()
        # its images stand 1 / r high and come half a filter late
        theirs = np.asarray(room.rir[0][0], float)[pra.constants.get("frac_delay_length") // 2 :]
        t0 = float(np.linalg.norm(np.subtract(source.place, listener.place))) / air.speed_m_s
        a = np.sum(signal.sosfilt(sos, ours[source.name], axis=1) ** 2, axis=0)
        b = signal.sosfilt(sos, theirs) ** 2
        cut = [round((t0 + s) * RATE) for s in (0.0, 0.05, 0.08)]
        whole.append(a.sum() / b.sum())
        early.append(a[: cut[1]].sum() / b[: cut[1]].sum())
        late.append(a[cut[2] :].sum() / b[cut[2] :].sum())
    for name, ratio in (("whole", whole), ("first_50_ms", early), ("after_80_ms", late)):
        metric(f"energy_{name}_over_images_db", float(10.0 * np.log10(np.mean(ratio))))


def listening(repeats: int) -> None:
    """What discord costs for a second of sound."""
    t = np.arange(RATE) / RATE
    tones = [np.sin(2 * np.pi * f * t) for f in (220.0, 233.0, 440.0, 466.0, 700.0)]
    hum = np.asarray(sum(tones)) + 0.1 * np.random.default_rng(0).standard_normal(RATE)
    metric("discord_cpu_per_window", least_cpu(lambda: discord.of_sound(hum, float(RATE)), times=repeats)[0])


def main() -> None:
    started = time.perf_counter()
    repeats, seconds = (3, 2.0) if quick() else (7, 5.0)
    metric("calibration_loop_s", calibration_s())
    found = costs(seconds, repeats)
    bar("twenty_sources", found[20] < CPU_OF_TWENTY, f"{found[20]:.3f} s per s, {CPU_OF_TWENTY} wanted")
    metric("twenty_sources_one_gliding_cpu_per_s", moving(seconds, repeats))
    standing, walking = live_room(seconds, repeats)
    metric("live_room_cpu_per_s", standing)
    metric("live_room_while_walking_cpu_per_s", walking)
    echo()
    listening(repeats)
    metric("wall_s", time.perf_counter() - started)


if __name__ == "__main__":
    main()
