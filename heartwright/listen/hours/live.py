"""Listening while it sounds: a rolling window over a stream of samples, measured again each second.

Aim: what a timegrapher shows. The first figure comes after 2 s of sound, is marked settled when it is, and whatever
spoils the take is told with its cure. Method: the last `window_s` seconds are kept and given to `listen.measure`; the
trace keeps the beats that have left the window. `Live` does no input or output, starts no thread and reads no clock, so
a terminal, a page and a test can all drive it:

    live = Live(48_000.0, lift_deg=52.0)
    for block in microphone:              # any length, float, full scale +-1
        live.add(block, at_s=time.monotonic())
        if live.due:                      # at most once a second: this is the costly part (a thread of its own is fine,
            reading = live.reading()      # as long as add() and reading() do not run at the same time)
            show(reading, live.trace(), live.trouble(time.monotonic()))

Conventions: times in seconds of the stream (sample index over rate) unless a name says `at_s` or `now_s`, which are any
steady clock of the caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heartwright.listen.ear import measure
from heartwright.records import Floats, Ints, Reading, Recording

FIRST_S = 2.0  # the shortest take that is measured
WINDOW_S = 40.0
TRACE_S = 300.0
EVERY_S = 1.0
_EARLY_S = 0.5  # until there is a first figure
_DEAD_S = 2.0
_FLAT = 1e-7  # a swing below this is no microphone: 24 bits resolve 1.2e-7
_STALLED_S = 2.0
_RATE_S, _RATE_OFF = 8.0, 0.02  # how long the arrival of samples is watched, and how far it may be off
_ENOUGH_HZ = 32_000.0
_PAPER_OFF = 0.01


@dataclass(frozen=True, slots=True)
class Tape:
    """What a timegrapher draws: a dot a beat, arrays [n].

    `early_ms` is how much earlier than the paper's pace the beat came, wrapped to +-half a beat of the paper: a line
    that climbs gains, two lines apart are the beat error. `beat_s` is that pace: the nominal beat, else the one heard.
    """

    time_s: Floats  # of the stream
    side: Ints  # +1 / -1
    early_ms: Floats
    beat_s: float


class Live:
    """A rolling reading of a stream of mono samples at `rate_hz`; the options are those of `listen.measure`.

    `window_s` is the length that a reading covers at most, `trace_s` how far back the tape goes.
    """

    def __init__(
        self,
        rate_hz: float,
        *,
        bph: float | None = None,
        lift_deg: float | None = None,
        movement_bph: float | None = None,
        clock_ppm: tuple[float, float] = (0.0, 30.0),
        window_s: float = WINDOW_S,
        trace_s: float = TRACE_S,
    ) -> None:
        if not rate_hz > 0.0 or not window_s >= FIRST_S:
            raise ValueError(
                f"rate {rate_hz} Hz and window {window_s} s given; both must be positive, e.g. 48000 and 40"
            )
        self.rate_hz = float(rate_hz)
        self.told = {"bph": bph, "lift_deg": lift_deg, "movement_bph": movement_bph, "clock_ppm": clock_ppm}
        self._size = int(window_s * rate_hz)
        self._ring = np.zeros(2 * self._size, dtype=np.float32)  # the window is its end; moved down when full
        self._used = 0
        self._total = 0
        self._trace_s = trace_s
        self._start = 0  # of the window that was measured last [samples]
        self._measured = 0
        self._reading: Reading | None = None
        self._tape = (np.zeros(0), np.zeros(0, dtype=np.int64))
        self._beat_s = 0.0
        self._losses = 0
        self._clock: list[tuple[float, int]] = []

    # ------------------------------------------------------------------------------------------- what comes in

    def add(self, samples: NDArray[np.floating], *, at_s: float | None = None) -> None:
        """Take a block of samples, shape [n], full scale +-1; `at_s` is when it came (watches the device's rate)."""
        block = np.nan_to_num(np.asarray(samples, dtype=np.float32).ravel(), posinf=0.0, neginf=0.0)
        self._total += len(block)
        if at_s is not None:
            self._note_arrival(at_s)
        block = block[-self._size :]
        if self._used + len(block) > len(self._ring):
            keep = self._size - len(block)
            self._ring[:keep] = self._ring[self._used - keep : self._used]
            self._used = keep
        self._ring[self._used : self._used + len(block)] = block
        self._used += len(block)

    def lost(self) -> None:
        """Say that sound went missing before the next block: the count cannot be carried over, a new window begins."""
        self._losses += 1
        self.restart()

    def restart(self) -> None:
        """Begin a new window here, as after turning the watch; the tape goes on."""
        self._used = 0
        self._reading = None
        self._measured = self._total
        self._clock.clear()

    def _note_arrival(self, at_s: float) -> None:
        self._clock.append((at_s, self._total))
        while at_s - self._clock[0][0] > 4.0 * _RATE_S:
            self._clock.pop(0)

    # ------------------------------------------------------------------------------------------ what comes out

    @property
    def seconds(self) -> float:
        """Sound taken in since the beginning [s]."""
        return self._total / self.rate_hz

    @property
    def window_s(self) -> float:
        """Sound that the next reading would cover [s]."""
        return min(self._used, self._size) / self.rate_hz

    @property
    def start_s(self) -> float:
        """Where in the stream the window of the last reading began: add it to the times of its table [s]."""
        return self._start / self.rate_hz

    @property
    def due(self) -> bool:
        """Whether enough has come in since the last measurement for a new one."""
        heard = self._reading is not None and self._reading.status == "ok"
        step = EVERY_S if heard else _EARLY_S
        return self.window_s >= FIRST_S and (
            self._reading is None or self._total - self._measured >= step * self.rate_hz
        )

    @property
    def level_dbfs(self) -> float:
        """Peak of the last second [dB re full scale], -inf where it is silent."""
        peak = float(np.max(np.abs(self._last(1.0)), initial=0.0))
        return 20.0 * float(np.log10(peak)) if peak > 0.0 else -float("inf")

    def samples(self) -> NDArray[np.float32]:
        """The window: the last seconds of sound, shape [n]."""
        return self._ring[self._used - min(self._used, self._size) : self._used]

    def reading(self) -> Reading | None:
        """The reading of the window, measured now if one is due; None before the first 2 s.

        Its status may be any; a figure is there when it is "ok", and has settled when `settled` says so.
        """
        if self.due:
            self._measure()
        return self._reading

    def finish(self) -> Reading | None:
        """The last reading: of the window as it stands now, however little came since it was measured."""
        if self.window_s >= FIRST_S and self._measured < self._total:
            self._measure()
        return self._reading

    @property
    def newest(self) -> Reading | None:
        """The newest reading, without measuring."""
        return self._reading

    def _measure(self) -> None:
        window = self.samples()
        recording = Recording(window.copy(), self.rate_hz, source="live")
        self._start = self._total - len(window)
        self._measured = self._total
        self._reading = measure(recording, shortest_s=FIRST_S, **self.told)  # type: ignore[arg-type]
        self._draw(self._reading)

    def trace(self) -> Tape:
        """The tape of the last `trace_s` seconds."""
        time_s, side = self._tape
        beat = self._beat_s
        if not len(time_s) or beat <= 0.0:
            return Tape(np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0), beat)
        turns = time_s / beat
        phase = np.exp(2j * np.pi * turns)
        middle = float(np.angle(phase[-40:].mean())) / (2.0 * np.pi)  # the newest beats stand in the middle
        off = turns - middle
        return Tape(time_s, side, -1e3 * beat * (off - np.round(off)), beat)

    def _draw(self, reading: Reading) -> None:
        """Put the beats of a reading in the place of those that the tape has of the same time."""
        table, bph = reading.table, reading.nominal_bph
        if reading.status != "ok" or table is None or reading.beat_rate_bph is None:
            return
        beat = 3600.0 / (bph or reading.beat_rate_bph.value)
        if self._beat_s <= 0.0 or bph is not None or abs(beat / self._beat_s - 1.0) > _PAPER_OFF:
            self._beat_s = beat
        heard = table.flag != "missed"
        time_s = table.time_s[heard] + self.start_s
        before = self._tape[0] < (time_s[0] if len(time_s) else 0.0) - 0.3 * beat
        side = self._continue_sides(np.asarray(table.side[heard], dtype=np.int64), time_s)
        joined = np.concatenate([self._tape[0][before], time_s])
        sides = np.concatenate([self._tape[1][before], side])
        keep = joined > self.seconds - self._trace_s
        self._tape = joined[keep], sides[keep]

    def _continue_sides(self, side: Ints, time_s: Floats) -> Ints:
        """The sides of new beats, so named that a beat keeps the side (and the colour) it had."""
        old_s, old = self._tape
        if not len(old) or not len(side):
            return side
        at = np.clip(np.searchsorted(old_s, time_s), 1, len(old_s) - 1) if len(old_s) > 1 else np.zeros(len(side), int)
        near = np.where(np.abs(old_s[at - 1] - time_s) < np.abs(old_s[at] - time_s), at - 1, at)
        same = np.abs(old_s[near] - time_s) < 0.2 * self._beat_s
        return -side if same.any() and float(np.mean(old[near][same] * side[same])) < 0.0 else side

    # ------------------------------------------------------------------------------------------------- trouble

    def trouble(self, now_s: float | None = None) -> tuple[str, ...]:
        """What spoils the take now, each sentence with its usual cure; empty where nothing does.

        `now_s` is the caller's clock (as `at_s`): with it a stream that stands still is noticed.
        """
        stalled = self._stalled(now_s)
        if stalled:
            return (stalled,)
        dead = self._dead()
        if dead:
            return (dead,)
        told = [self._slow_device(), self._odd_rate()]
        if self._losses:
            told.append(
                f"sound was lost {_times(self._losses)} on its way (the computer was too busy): the count began anew; "
                "close other programs or choose another input"
            )
        warnings = self._reading.warnings if self._reading is not None else ()
        return (*(sentence for sentence in told if sentence), *warnings)

    def _stalled(self, now_s: float | None) -> str:
        if now_s is None or not self._clock or now_s - self._clock[-1][0] < _STALLED_S:
            return ""
        return (
            f"no sound has come for {now_s - self._clock[-1][0]:.0f} s: the microphone was unplugged, or another "
            "program holds it; plug it in again and start anew"
        )

    def _dead(self) -> str:
        last = self._last(_DEAD_S)
        if len(last) < _DEAD_S * self.rate_hz or float(np.ptp(last)) > _FLAT:
            return ""
        what = "only zeros" if not last.any() else "one unchanging value"
        return (
            f"the microphone gives {what}: it is muted, switched off, or this program may not use it; unmute it, and "
            "allow the microphone in the system's privacy settings (and in the browser's, on a page)"
        )

    def _slow_device(self) -> str:
        if self.rate_hz >= _ENOUGH_HZ:
            return ""
        return (
            f"{self.rate_hz:g} Hz: too low for the sounds within a tick; a headset over Bluetooth does that: choose "
            "another input, or 48000 Hz in the system's sound settings"
        )

    def _odd_rate(self) -> str:
        """Samples that come faster or slower than the rate says: the device runs at another rate."""
        if len(self._clock) < 3:
            return ""
        (early, first), (late, last) = self._clock[0], self._clock[-1]
        if late - early < _RATE_S:
            return ""
        found = (last - first) / (late - early)
        if abs(found / self.rate_hz - 1.0) < _RATE_OFF:
            return ""
        return (
            f"samples come at {found:,.0f} a second where {self.rate_hz:,.0f} were agreed, so every figure is wrong by "
            "as much: set the device's rate in the system's sound settings, or another with --rate-hz"
        )

    def _last(self, seconds: float) -> NDArray[np.float32]:
        return self._ring[max(0, self._used - int(seconds * self.rate_hz)) : self._used]


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
