"""The live bench under load: what a session costs, what goes over the wire, how soon an edit shows, how old frames are.

    make bench NAME=studio [QUICK=1]

The server is the command as a person gives it, in a process of its own; this process plays its onlookers. Age of a
frame: from its packing at the server to its arrival here, on one machine and clock. Latency of an edit: from the
command's sending to the first frame of poses that reaches beyond the moment at which the edit was done.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
import urllib.request
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.common import bar, calibration_s, cpu_of, metric, quick
from heartwright.design import Design
from heartwright.repair import rehearse
from heartwright.repair.hand import Hand
from heartwright.studio.frames import POSES, Poses
from heartwright.works.live import Live

ONLOOKERS = 10
AGE_MS, EDIT_MS, ANSWER_S, LIVE_S, TRIALS_S = 150.0, 100.0, 3.0, 5.0, 20.0
FRAMES_HZ = 30.0


class Server:
    """The command under test."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        command = [sys.executable, "-m", "heartwright.cli", "studio", "--no-open", "--port", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = None
        while found is None:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        self.port = int(found[1])

    def answers_after(self) -> float:
        """Seconds from the command until the page is served."""
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5).read()
                return time.monotonic() - self.began
            except OSError:
                time.sleep(0.02)

    def cpu_s(self) -> float:
        """CPU seconds of the server's own process so far (where the system tells)."""
        return cpu_of(self.process.pid)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class Onlooker:
    """One who only looks: counts, bytes, ages of frames [s]."""

    def __init__(self) -> None:
        self.bytes, self.frames, self.ages = 0, 0, list[float]()

    async def look(self, address: str, seconds: float) -> None:
        async with connect(address, max_size=2**24, compression=None) as socket:
            start = time.monotonic() + 1.5  # the greeting and what was missed are not the running cost
            while time.monotonic() < start:
                await socket.recv()
            while time.monotonic() < start + seconds:
                got = await socket.recv()
                self.bytes += len(got)
                if isinstance(got, bytes) and got[0] == POSES:
                    self._take(got)

    def _take(self, frame: bytes) -> None:
        age = time.time() - Poses.unpack(frame).sent_s
        self.ages.append(age)
        self.frames += Poses.unpack(frame).work == 0


async def until(socket: ClientConnection, kind: str, **wanted: Any) -> dict[str, Any]:
    """The next message of this type with these values."""
    while True:
        got = await socket.recv()
        if isinstance(got, str):
            told: dict[str, Any] = json.loads(got)
            if told["type"] == kind and all(told.get(k) == v for k, v in wanted.items()):
                return told


async def edits(address: str, n: int) -> list[float]:
    """Latencies of `n` edits [s]."""
    out = []
    async with connect(address, max_size=2**24, compression=None) as socket:
        await until(socket, "state", status="running")
        for i in range(n):
            rest = time.monotonic() + 0.35
            while time.monotonic() < rest:
                await socket.recv()
            sent = time.monotonic()
            await socket.send(json.dumps({"do": "slider", "id": i + 1, "lock_deg": 1.70 + 0.05 * (i % 2)}))
            done, changed = None, False
            while not changed:
                got = await socket.recv()
                if isinstance(got, str):
                    told = json.loads(got)
                    if told.get("id") == i + 1:
                        assert told["type"] == "done", told
                        done = told["time_s"]
                elif done is not None and got[0] == POSES:
                    poses = Poses.unpack(got)
                    changed = poses.work == 0 and poses.t0_s + len(poses.values) * poses.dt_s > done
            out.append(time.monotonic() - sent)
        await socket.send(json.dumps({"do": "undo", "id": n + 1}))
    return out


async def listened(address: str, seconds: float) -> tuple[int, int]:
    """Bytes and gaps of the sound of `seconds`."""
    total, gaps, last = 0, 0, None
    async with connect(address, compression=None) as socket:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            block = await socket.recv()
            assert isinstance(block, bytes)
            sequence = int.from_bytes(block[:4], "little")
            gaps += last is not None and sequence != last + 1
            total, last = total + len(block), sequence
    return total, gaps


async def measure(server: Server) -> None:
    seconds = 10.0 if quick() else 40.0
    live, sound = (f"ws://127.0.0.1:{server.port}/{path}" for path in ("live", "sound"))
    async with connect(live, max_size=2**24, compression=None) as socket:
        await until(socket, "state", status="running")
        began = time.monotonic() - server.began
        metric("live_after_s", began)
        bar("live", began < LIVE_S, f"{began:.1f} s, {LIVE_S:g} wanted")
        await until(socket, "sentence", work=0)
        metric("first_sentence_after_s", time.monotonic() - server.began)
    await asyncio.sleep(2.0)
    for n in (1, ONLOOKERS):
        lookers = [Onlooker() for _ in range(n)]
        before, clock = server.cpu_s(), time.monotonic()
        *_, heard = await asyncio.gather(*(o.look(live, seconds) for o in lookers), listened(sound, seconds))
        share = (server.cpu_s() - before) / (time.monotonic() - clock)
        ages = 1e3 * np.concatenate([o.ages for o in lookers])
        metric(f"server_cpu_s_per_s_{n}_onlookers", share)
        metric(f"bytes_per_s_{n}_onlookers_each", np.mean([o.bytes for o in lookers]) / seconds)
        metric(f"sound_bytes_per_s_{n}_onlookers", heard[0] / seconds)
        metric(f"sound_gaps_{n}_onlookers", heard[1])
        metric(f"frames_hz_{n}_onlookers", float(np.mean([o.frames for o in lookers])) / seconds)
        for q in (50, 99):
            metric(f"frame_age_p{q}_ms_{n}_onlookers", float(np.percentile(ages, q)))
    p99, hz = float(np.percentile(ages, 99)), float(np.mean([o.frames for o in lookers])) / seconds
    bar("ten_onlookers", p99 < AGE_MS and hz > 0.95 * FRAMES_HZ, f"p99 {p99:.0f} ms at {hz:.1f} Hz")
    delays = 1e3 * np.array(await edits(live, 10 if quick() else 30))
    metric("edit_to_frame_median_ms", float(np.median(delays)))
    metric("edit_to_frame_p95_ms", float(np.percentile(delays, 95)))
    late = float(np.percentile(delays, 95))
    bar("edit", late < EDIT_MS, f"p95 {late:.0f} ms, {EDIT_MS:g} wanted")


def rehearse_sixty() -> float:
    """Wall time of 60 trials of a touch on the heart of the dream, two workers, started before [s]."""
    live = Live(Design.load("heart-of-the-dream"), seed=1, poses_hz=0.0)
    live.advance(5.0)
    rehearse.warm(2)
    began = time.monotonic()
    rehearse.rehearse(live, "close the crack", None, Hand(), trials=60, seed=1, workers=2)
    took = time.monotonic() - began
    rehearse.close()
    return took


def main() -> None:
    metric("calibration_loop_s", calibration_s())
    took = rehearse_sixty()
    metric("sixty_trials_s", took)
    bar("sixty_trials", took <= TRIALS_S, f"{took:.1f} s, {TRIALS_S:g} wanted")
    server = Server()
    try:
        answered = server.answers_after()
        metric("answers_after_s", answered)
        bar("answer", answered < ANSWER_S, f"{answered:.1f} s, {ANSWER_S:g} wanted")
        asyncio.run(measure(server))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
