"""Listening and judging, away from the session: a process of its own, so that poses and sound never wait for it.

What goes in are records (a trace and its design, or a file), what comes out is a `Heard`: reading, verdict, and the
take as a small WAV, so that each sentence can be heard where it points.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from heartwright.design import Design
from heartwright.records import Reading, Recording, Trace, Verdict

TAKE_S = 24.0  # of the work, listened to
TAKE_LEAST_S = 20.0
HEARD_HZ = 96_000
CLIP_HZ = 48_000
SNR_DB = 40.0  # of the contact microphone
FILE_LONGEST_S = 600.0
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Heard:
    """A take that was listened to and judged. `from_s`: when it began [s of the work], 0 of a file."""

    reading: Reading
    verdict: Verdict
    clip: bytes  # WAV
    from_s: float = 0.0
    trace: Trace | None = None
    notes: tuple[str, ...] = ()


class Ear:
    """The process that listens, started when it is first needed or told to get ready.

    `nice`: how far it gives way to the session, which has to be on time.
    """

    def __init__(self, nice: int = 1) -> None:
        self.nice = nice
        self._pool: ProcessPoolExecutor | None = None

    def ready(self) -> None:
        """Start the process and let it import what it needs."""
        self._opened().submit(_warm)

    async def ask(self, what: Callable[..., Result], *given: Any) -> Result:
        """What the function makes of what is given, in the other process."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._opened(), what, *given)

    def submit(self, what: Callable[..., Result], *given: Any) -> Future[Result]:
        """The same as a future that can be looked at."""
        return self._opened().submit(what, *given)

    def close(self) -> None:
        """End the process, in the middle of its work too."""
        pool, self._pool = self._pool, None
        if pool is not None:
            processes = list((pool._processes or {}).values())
            for process in processes:
                process.terminate()
            pool.shutdown(wait=True, cancel_futures=True)

    def _opened(self) -> ProcessPoolExecutor:
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_behave, initargs=(self.nice,))
        return self._pool


def _behave(nice: int) -> None:
    """Give way to the session; leave Ctrl-C to it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(nice)


def _warm() -> None:
    from heartwright import judge, listen, sound  # noqa: F401


def hear_work(trace: Trace, design: Design, position: str, wind: float) -> Heard:
    """A going work through the contact microphone on its case: sound, reading, verdict."""
    from heartwright import judge, listen, sound
    from heartwright.works import figures

    recording = sound.render(trace, rate_hz=HEARD_HZ, body=design, snr_db=SNR_DB)
    lift = figures.banking_lift_deg(design) if trace.status == "running" else design.lift_deg
    reading = listen.measure(recording, bph=design.nominal_bph, lift_deg=lift, clock_ppm=(0.0, 0.0))
    verdict = judge.weigh(reading, design=design, position=position, wind="full" if wind > 0.95 else None)
    return Heard(reading, verdict, wav(recording), float(trace.figures.get("started_s", 0.0)), trace)


def check_file(path: Path) -> tuple[float, tuple[str, ...]]:
    """Length [s] and notes of a sound file. Raises listen.Unreadable."""
    from heartwright import listen

    recording = listen.load(path)
    return recording.seconds, recording.notes


def hear_file(path: Path, name: str, bph: float | None, lift_deg: float | None) -> Heard:
    """A dropped recording: reading and verdict. Raises listen.Unreadable."""
    from heartwright import judge, listen

    recording = listen.load(path)
    kept = recording.samples[: int(FILE_LONGEST_S * recording.rate_hz)]
    notes = recording.notes
    if len(kept) < len(recording.samples):
        notes += (f"the first {FILE_LONGEST_S:g} s were listened to",)
    recording = replace(recording, samples=kept, source=name)
    reading = listen.measure(recording, bph=bph, lift_deg=lift_deg)
    return Heard(reading, judge.weigh(reading), wav(recording), notes=notes)


def wav(recording: Recording) -> bytes:
    """A 16-bit WAV of a recording, at 48 kHz at most."""
    import numpy as np
    import soundfile
    from scipy import signal

    samples, rate = recording.samples, recording.rate_hz
    if rate > CLIP_HZ:
        down = max(2, round(rate / CLIP_HZ))
        samples, rate = signal.resample_poly(samples, 1, down).astype(np.float32), rate / down
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(samples, -1.0, 1.0), round(rate), format="WAV", subtype="PCM_16")
    return buffer.getvalue()
