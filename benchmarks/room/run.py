"""The whole room, live: the heart, two clocks, 12 gyroscopes, 3 orbs of 2,000 bodies and a web of 1,000 threads.

    make bench NAME=room [QUICK=1]

The server is the command as a person gives it (`heartwright studio --room workshop`), in a process of its own; this
process plays one onlooker who looks and listens, and a maker who, on a script, puts one work after the other in focus
and does something to it. Pace: seconds of a work over seconds of the clock, while it is measured. CPU is that of the
server's own process, all its threads. The ledger is that of all that stands on the shelves with floor and shelves, and
the heart's own; out by |residual| over the larger of drive and dissipation (the tops only spend what they were given).
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.common import bar, calibration_s, cpu_of, metric, quick
from heartwright.studio.frames import Poses, Seen, read_sound

ROOM = {"clockwork": 2, "gyroscope": 12, "galaxy": 3, "web": 1}
PACE, LEDGER, ORBS_BYTES = 0.995, 0.01, 600_000.0  # a pace is read to some thousandths; the rest is time given up
OPEN_S = 600.0  # kernels may still have to be compiled
SCRIPT: tuple[tuple[str, str], ...] = (
    ("gyroscope", "tap"),
    ("web", "thought"),
    ("galaxy", "pulse"),
    ("clockwork", ""),
    ("heart", ""),
)


class Server:
    """The command under test."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "heartwright.cli", "studio", "--no-open", "--port", "0", "--room", "workshop"]
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = None
        while found is None:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        self.address = f"ws://127.0.0.1:{found[1]}"

    def cpu_s(self) -> float:
        """CPU seconds of the server's process so far (where the system tells)."""
        return cpu_of(self.process.pid)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class Onlooker:
    """One who looks and listens: bytes and frames by work, its times, the state as it was told last."""

    def __init__(self) -> None:
        self.bytes, self.frames = defaultdict[int, int](int), defaultdict[int, int](int)
        self.times = defaultdict[int, list[tuple[float, float]]](list)  # of the clock, of the work
        self.ages = list[float]()
        self.state: dict[str, Any] = {}
        self.ledgers: dict[int, dict[str, Any]] = {}
        self.gaps = self.blocks = 0
        self.loudest = 0

    async def look(self, address: str, until: float) -> None:
        async with connect(f"{address}/live", max_size=2**24, compression=None) as socket:
            while time.monotonic() < until:
                self._take(await socket.recv())

    def _take(self, got: str | bytes) -> None:
        if isinstance(got, str):
            told = json.loads(got)
            if told["type"] == "state":
                self.state = told
            elif told["type"] == "figures" and "ledger" in told:
                self.ledgers[told["work"]] = told["ledger"]
            return
        now = time.monotonic()
        if got[0] == 2:
            seen = Seen.unpack(got)
            work, at, sent = seen.work, seen.time_s, seen.sent_s
        else:
            poses = Poses.unpack(got)
            work, at, sent = poses.work, poses.t0_s + len(poses.values) * poses.dt_s, poses.sent_s
        self.bytes[work] += len(got)
        self.frames[work] += 1
        self.times[work].append((now, at))
        self.ages.append(time.time() - sent)

    async def listen(self, address: str, until: float) -> None:
        last = None
        async with connect(f"{address}/sound", compression=None) as socket:
            while time.monotonic() < until:
                block = await socket.recv()
                assert isinstance(block, bytes)
                number, _, _, samples = read_sound(block)
                self.gaps += last is not None and number != last + 1
                last, self.blocks = number, self.blocks + 1
                self.loudest = max(self.loudest, int(np.max(np.abs(samples.astype(int)))))

    def pace(self, work: int) -> float:
        """Seconds of the work for each second of the clock, by a line through all its frames."""
        rows = np.array(self.times[work])
        return float(np.polyfit(rows[:, 0], rows[:, 1], 1)[0]) if len(rows) > 2 else 0.0


async def answer(socket: ClientConnection, id: int) -> dict[str, Any]:
    while True:
        got = await socket.recv()
        if isinstance(got, str) and json.loads(got).get("id") == id:
            return dict(json.loads(got))


async def furnished(address: str) -> dict[str, list[int]]:
    """The works by kind, once all of them stand."""
    end = time.monotonic() + OPEN_S
    while time.monotonic() < end:
        async with connect(f"{address}/live", max_size=2**24, compression=None) as socket:
            told = json.loads(await socket.recv())
        kinds = defaultdict[str, list[int]](list)
        for work in told["works"]:
            if work["live"]:
                kinds[work["movement_kind"]].append(work["id"])
        if "heart" in kinds and all(len(kinds[kind]) >= n for kind, n in ROOM.items()):
            return kinds
        await asyncio.sleep(1.0)
    raise SystemExit(f"the room did not open within {OPEN_S:g} s")


async def follow_script(address: str, kinds: dict[str, list[int]], until: float) -> int:
    """Put one work after the other in focus, and do something to those that take it; how many deeds were done."""
    done, id, step = 0, 0, 0
    async with connect(f"{address}/live", max_size=2**24, compression=None) as socket:
        while time.monotonic() < until - 2.0:
            kind, deed = SCRIPT[step % len(SCRIPT)]
            work = kinds[kind][(step // len(SCRIPT)) % len(kinds[kind])]
            asked = [{"do": "focus", "work": work}]
            asked += [{"do": "deed", "work": work, "name": deed}] if deed else []
            for command in asked:
                id += 1
                await socket.send(json.dumps(command | {"id": id}))
                done += (await answer(socket, id))["type"] == "done" and command["do"] == "deed"
            rest = time.monotonic() + 2.0
            while time.monotonic() < rest:
                await socket.recv()
            step += 1
    return done


def out_by(books: dict[str, Any]) -> float:
    """|residual| over the larger of drive and dissipation."""
    scale = max(abs(books["drive_j"]), sum(books["spent"].values()))
    residual = books.get("residual_j", books["residual_ratio"] * (abs(books["drive_j"]) or scale))
    return abs(residual) / scale if scale > 0.0 else 0.0


async def measure(server: Server) -> None:
    kinds = await furnished(server.address)
    metric("all_stand_after_s", time.monotonic() - server.began)
    await asyncio.sleep(3.0)
    seconds = 20.0 if quick() else 120.0
    one, until, before, clock = Onlooker(), time.monotonic() + seconds, server.cpu_s(), time.monotonic()
    late = await state_of(server.address)
    *_, deeds = await asyncio.gather(
        one.look(server.address, until), one.listen(server.address, until), follow_script(server.address, kinds, until)
    )
    took = time.monotonic() - clock
    metric("cpu_s_per_s", (server.cpu_s() - before) / took)
    paces = {id: one.pace(id) for ids in kinds.values() for id in ids}
    for kind, ids in kinds.items():
        metric(f"{kind}_works", len(ids))
        metric(f"{kind}_pace_least", min(paces[id] for id in ids))
        metric(f"{kind}_frames_a_second_least", min(one.frames[id] for id in ids) / took)
        metric(f"{kind}_bytes_a_second", sum(one.bytes[id] for id in ids) / took)
    given_up = one.state["standing"]["late_s"] - late["standing"]["late_s"]
    metric("time_given_up_s", given_up)
    metric("standing_load", one.state["standing"]["load"])
    metric("sound_gaps_of_the_line", one.gaps)
    metric("sound_gaps_of_the_shelves", one.state["standing"]["gaps"] - late["standing"]["gaps"])
    metric("sound_loudest_share", one.loudest / 32767)
    for q in (50, 99):
        metric(f"frame_age_p{q}_ms", float(np.percentile(1e3 * np.array(one.ages), q)))
    metric("deeds_done", deeds)
    shelves = out_by(one.state["standing"]["books"])
    heart = out_by(one.ledgers[kinds["heart"][0]])
    metric("ledger_of_the_shelves_out_by", shelves)
    metric("ledger_of_the_heart_out_by", heart)
    books = one.state["standing"]["books"]
    driven = abs(books["drive_j"]) + abs(books["stand_j"])
    metric("ledger_of_the_shelves_over_drive_and_stand", abs(books["residual_j"]) / driven if driven else 0.0)
    slowest = min(paces.values())
    bar("pace", slowest >= PACE and given_up == 0.0, f"{slowest:.3f}, {given_up:.1f} s given up; 1 and none wanted")
    gaps = one.gaps + one.state["standing"]["gaps"] - late["standing"]["gaps"]
    bar("sound", gaps == 0, f"{gaps} gaps")
    bar("ledger", max(shelves, heart) < LEDGER, f"{100 * max(shelves, heart):.2f} %, 1 % wanted")
    orbs = sum(one.bytes[id] for id in kinds["galaxy"]) / took
    bar("orbs_on_the_wire", orbs <= ORBS_BYTES, f"{orbs:.0f} bytes a second, {ORBS_BYTES:.0f} allowed")


async def state_of(address: str) -> dict[str, Any]:
    async with connect(f"{address}/live", max_size=2**24, compression=None) as socket:
        while True:
            got = await socket.recv()
            if isinstance(got, str) and (told := json.loads(got))["type"] == "state":
                return dict(told)


def main() -> None:
    metric("calibration_loop_s", calibration_s())
    server = Server()
    try:
        asyncio.run(measure(server))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
