"""`Reference`: the universal rhythm, and what any beats do against it.

    found = against(beats, Reference.metronome(bpm=60))
    found.ratio, found.phase, found.lock, found.allan

A reference is a phase in cycles at any time: UTC's second by the system's clock, a metronome, another work's beats, or
a recording's. Beats may stand to it as n : m in small numbers. Phase is in beats, + where the beat is ahead. Intervals
are 95 %; how well time itself is known (a sound card's clock, NTP) is in them.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from heartwright.listen.findings import allan
from heartwright.records import Allan, BeatTable, Floats, Interval, Trace
from heartwright.works import reference_lock as locks
from heartwright.works import reference_phase as phases

FEWEST = 16  # beats
SPREAD_PPM = 100.0  # how far two free clocks stand apart in rate, one sigma: some 9 s a day
MOST = 12  # the largest number in a simple ratio
NEAR = 0.02  # a simple ratio is looked for so near
UNSAID_S = 1.0  # a system's clock that does not say how well it goes is taken to be within this [s]


@dataclass(frozen=True, slots=True)
class Beats:
    """Moments of beats [s] on their own time base, rising; sigma of their timing [s], and of that time base [ppm].

    side: +1 / -1 where beats alternate (their own means are then taken out), else empty.
    """

    time_s: Floats
    name: str = ""
    sigma_s: float = 0.0
    clock_ppm: tuple[float, float] = (0.0, 0.0)
    side: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, slots=True)
class Reference:
    """A rhythm to hold beats against: `hz` and the moment of a cycle's start, or the moments of its own beats.

    `offset_sigma_s` is how well the moment itself is known; `ppm` one sigma of its rate. Made by `utc`, `metronome`,
    `of_beats`.
    """

    name: str
    hz: float
    start_s: float = 0.0
    times_s: Floats | None = None
    offset_sigma_s: float = 0.0
    ppm: float = 0.0
    says: str = ""
    placed: bool = True  # whether its moment is known at all

    @classmethod
    def utc(cls, start_unix: float | None = None, *, uncertainty_s: float | None = None) -> Reference:
        """UTC's second; `start_unix` is the system's time at the beats' zero (None: unknown, so is the phase)."""
        said, how = system_clock() if uncertainty_s is None else (uncertainty_s, "as told")
        start = 0.0 if start_unix is None else -math.fmod(start_unix, 1.0)
        return cls("UTC", 1.0, start, offset_sigma_s=said, says=how, placed=start_unix is not None)

    @classmethod
    def metronome(cls, bpm: float, *, start_s: float | None = None, ppm: float = 0.0) -> Reference:
        """A metronome of `bpm` whose first beat is at `start_s` (None: anywhere)."""
        if not (math.isfinite(bpm) and 1.0 <= bpm <= 100_000.0):
            raise ValueError(f"a metronome of {bpm:g} a minute given; 1 to 100,000 are allowed, e.g. 60")
        return cls(f"metronome {bpm:g}", bpm / 60.0, start_s or 0.0, ppm=abs(ppm), placed=start_s is not None)

    @classmethod
    def of_beats(cls, beats: Beats, *, placed: bool = True) -> Reference:
        """Another work's or a recording's beats. Raises ValueError for fewer than 16."""
        times = _moments(beats.time_s, what=beats.name or "the reference")
        n = _numbers(times)
        offset, sigma = beats.clock_ppm
        times = _sided(times, n, beats.side) / (1.0 + 1e-6 * offset)
        hz = (n[-1] - n[0]) / (times[-1] - times[0])
        whole = np.interp(np.arange(n[0], n[-1] + 1), n, times)
        return cls(beats.name or "beats", float(hz), float(times[0]), whole, ppm=sigma, placed=placed)

    def phase(self, time_s: Floats) -> Floats:
        """Cycles since its first; NaN where its beats were not heard."""
        if self.times_s is None:
            return np.asarray((time_s - self.start_s) * self.hz)
        return np.interp(time_s, self.times_s, np.arange(len(self.times_s)), left=np.nan, right=np.nan)


@dataclass(frozen=True, slots=True)
class Against:
    """What beats do against a reference. What could not be measured is None; `advice` says why and what would help."""

    status: str  # ok | too_short | no_beat
    advice: tuple[str, ...]
    reference: str
    beats: int = 0
    seconds: float = 0.0
    ratio: Interval | None = None  # beats per cycle of the reference
    simple: tuple[int, int] | None = None  # n : m, n beats to m cycles
    rate_s_per_day: Interval | None = None  # gain on the simple ratio
    phase_beats: Interval | None = None  # at the end, within half a beat of the reference
    phase_s: Interval | None = None
    lock: str = ""  # locked | free | undecided
    p: float | None = None  # how often a free pair would look so
    spread_ppm: float = SPREAD_PPM
    locking_value: Interval | None = None
    slips: int | None = None
    slip_times_s: tuple[float, ...] = ()
    pull: locks.Pull | None = None
    allan: Allan | None = None
    time_s: Floats = field(default_factory=lambda: np.zeros(0))  # of the phase's blocks
    drift_beats: Floats = field(default_factory=lambda: np.zeros(0))  # the phase at them, unwrapped


def against(
    beats: Beats, reference: Reference, *, simple: tuple[int, int] | None = None, spread_ppm: float = SPREAD_PPM,
    seed: int = 0,
) -> Against:  # fmt: skip
    """Hold beats against a reference; `simple` = (n, m) where n beats to m cycles are asked for.

    Raises ValueError for times that are not moments in seconds, rising. Too few beats are a status.
    """
    if not 0.0 < spread_ppm <= 1e5:
        raise ValueError(f"spread_ppm={spread_ppm:g}: more than 0 and up to 100,000 is allowed; 100 is usual")
    if len(beats.time_s) == 0:
        return Against("no_beat", ("No beats were given: is anything going, and was it heard?",), reference.name)
    if len(beats.time_s) < FEWEST:
        return Against("too_short", (_short(len(beats.time_s)),), reference.name, len(beats.time_s))
    times = _moments(beats.time_s, what=beats.name or "the beats")
    number = _numbers(times)
    times = _sided(times, number, beats.side) / (1.0 + 1e-6 * beats.clock_ppm[0])
    cycles = reference.phase(times)
    heard = np.isfinite(cycles)
    if heard.sum() < FEWEST:
        return Against("too_short", (_short(int(heard.sum()), both=True),), reference.name, int(heard.sum()))
    return _measure(times[heard], number[heard], cycles[heard], beats, reference, simple, spread_ppm, seed)


def _measure(
    times: Floats, number: Floats, cycles: Floats, beats: Beats, reference: Reference, asked: tuple[int, int] | None,
    spread_ppm: float, seed: int,
) -> Against:  # fmt: skip
    rough = float((number[-1] - number[0]) / (cycles[-1] - cycles[0]))
    told = asked or simplest(rough)
    share = told[0] / told[1] if told else rough
    beat_hz = reference.hz * share
    drift = number - number[0] - share * cycles
    t, x, per = phases.blocks(times, drift)
    fit = phases.fit(t, x, per=per, until_s=float(times[-1]))
    clock = 1e-6 * math.hypot(beats.clock_ppm[1], reference.ppm)
    slope = _wider(fit.slope, clock * beat_hz)
    ratio = Interval(*(share + v / reference.hz for v in (slope.value, slope.low, slope.high)))
    advice = []
    common = {
        "reference": reference.name, "beats": len(times), "seconds": float(times[-1] - times[0]), "ratio": ratio,
        "spread_ppm": spread_ppm, "time_s": t, "drift_beats": x,
        "allan": allan.of_residuals(_residuals(times, number, drift / beat_hz), 1.0 / beat_hz,
                                    timing_noise_s=beats.sigma_s),
    }  # fmt: skip
    if told is None:
        advice.append(f"Its beats stand to the reference as {rough:.5g}: no simple ratio, so no lock was looked for.")
        return Against("ok", tuple(advice), lock="free", **common)  # type: ignore[arg-type]
    rate = Interval(*(86400.0 * v / beat_hz for v in (slope.value, slope.low, slope.high)))
    p = locks.chance(fit, beat_hz=beat_hz, spread=1e-6 * spread_ppm, seed=seed)
    when, _ = locks.slips(t, x)
    verdict = _verdict(slope, p, len(when))
    phase = _wrapped(_wider(fit.last, reference.offset_sigma_s * beat_hz)) if reference.placed else None
    advice += _advice(verdict, reference, slope, clock * beat_hz, spread_ppm, beat_hz, times)
    return Against(
        "ok", tuple(advice), simple=told, rate_s_per_day=rate, phase_beats=phase,
        phase_s=None if phase is None else Interval(*(v / beat_hz for v in (phase.value, phase.low, phase.high))),
        lock=verdict, p=p, locking_value=locks.locking_value(drift), slips=len(when),
        slip_times_s=tuple(float(v) for v in when), pull=locks.pulled(t, x, beat_hz=beat_hz), **common,  # type: ignore[arg-type]
    )  # fmt: skip


def _verdict(slope: Interval, p: float, slipped: int) -> str:
    if slope.low > 0.0 or slope.high < 0.0:
        return "free"
    return "locked" if p < locks.RARE and slipped == 0 else "undecided"


def _advice(
    verdict: str, reference: Reference, slope: Interval, clock: float, spread_ppm: float, beat_hz: float, times: Floats
) -> list[str]:
    out = []
    if verdict == "undecided":
        wide = 0.5 * (slope.high - slope.low) / beat_hz * 1e6
        if 1.96 * clock > 0.7 * 0.5 * (slope.high - slope.low):
            out.append(
                f"The recorder's clock leaves {wide:.2g} ppm open: calibrate it (heartwright clock) to tell a lock "
                "from two rates that are nearly equal."
            )
        else:
            out.append(
                f"Over {times[-1] - times[0]:.0f} s two free clocks ({spread_ppm:g} ppm apart as a rule) can stand so "
                "near each other: listen longer."
            )
    if not reference.placed:
        out.append("The moment of the reference is not known, so its phase is not told; ratio, lock and slips are.")
    return out


def simplest(ratio: float, *, near: float = NEAR, most: int = MOST) -> tuple[int, int] | None:
    """The simple ratio n : m that is meant, the least n + m within `near` of it; None where there is none."""
    found = [
        (n + m, abs(ratio * m / n - 1.0), n, m)
        for m in range(1, most + 1)
        for n in range(1, most + 1)
        if math.gcd(n, m) == 1 and abs(ratio * m / n - 1.0) < near / (n * m) ** 0.5
    ]
    whole = round(ratio) if ratio >= 1.0 else round(1.0 / ratio)
    if whole > most and abs((ratio if ratio >= 1.0 else 1.0 / ratio) / whole - 1.0) < near / whole:
        found.append((whole + 1, 0.0, whole, 1) if ratio >= 1.0 else (whole + 1, 0.0, 1, whole))
    if not found:
        return None
    _, _, n, m = min(found)
    return Fraction(n, m).as_integer_ratio()


# ------------------------------------------------------------------------------------------ where beats come from


def of_trace(trace: Trace) -> Beats:
    """The beats of a simulated movement: passages through the centre, timed exactly."""
    return Beats(np.asarray(trace.beats.centre_s), trace.design_name, side=np.asarray(trace.beats.side, float))


def of_table(table: BeatTable, *, name: str = "", clock_ppm: tuple[float, float] = (0.0, 0.0)) -> Beats:
    """The beats of a reading; missed ones are left out."""
    good = (table.flag != "missed") & np.isfinite(table.time_s)
    sigma = float(np.nanmedian(table.sigma_s[good])) if good.any() else 0.0
    return Beats(table.time_s[good], name, sigma, clock_ppm, table.side[good].astype(float))


def of_times(times_s: Sequence[float], *, name: str = "", sigma_s: float = 0.0) -> Beats:
    """Any moments [s]."""
    return Beats(np.asarray(times_s, float), name, sigma_s)


def _moments(times: Floats, *, what: str) -> Floats:
    """Checked moments. Raises ValueError."""
    times = np.asarray(times, float)
    if times.ndim != 1 or not np.isfinite(times).all():
        raise ValueError(f"{what}: moments in seconds are wanted, one a beat, all finite; leave out what was not heard")
    if len(times) < FEWEST:
        raise ValueError(f"{what}: {len(times)} beats given; {FEWEST} at least are wanted: a longer take")
    if not (np.diff(times) > 0.0).all():
        raise ValueError(f"{what}: moments must rise from beat to beat; are two takes joined, or beats told twice?")
    return times


def _numbers(times: Floats) -> Floats:
    """The number of each beat, gaps counted by the time they take against the beats around them."""
    gap = np.diff(times)
    # pairs, so that beats which alternate do not pass for gaps
    pair = times[2:] - times[:-2]
    beat = 0.5 * float(np.median(pair))
    steps = np.maximum(np.round(gap / beat), 1.0)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _sided(times: Floats, number: Floats, side: Floats) -> Floats:
    """Times without the alternation of the two sides."""
    if len(side) != len(times) or len(np.unique(side)) < 2:
        return times
    line = np.polyfit(number, times, 1)
    left = times - np.polyval(line, number)
    own = np.where(side > 0, np.median(left[side > 0]), np.median(left[side <= 0]))
    return np.asarray(times - (own - own.mean()))


def _residuals(times: Floats, number: Floats, ahead_s: Floats) -> Floats:
    """Time residuals by the number of the beat, late is +; NaN in gaps."""
    n = (number - number[0]).astype(int)
    out = np.full(n[-1] + 1, np.nan)
    out[n] = -ahead_s
    return out


def _wider(interval: Interval, sigma: float) -> Interval:
    """With an independent uncertainty added."""
    low, high = interval.value - interval.low, interval.high - interval.value
    return Interval(
        interval.value, interval.value - math.hypot(low, 1.96 * sigma), interval.value + math.hypot(high, 1.96 * sigma)
    )


def _wrapped(interval: Interval) -> Interval:
    """Moved by whole beats to within half a beat."""
    whole = round(interval.value)
    return Interval(interval.value - whole, interval.low - whole, interval.high - whole)


def _short(n: int, *, both: bool = False) -> str:
    where = " while both were heard" if both else ""
    return f"{n} beats{where}: {FEWEST} at least are wanted, some minutes are better. Listen longer."


# ------------------------------------------------------------------------------------------ the system's clock


class _Timex(ctypes.Structure):
    """The head of Linux' struct timex; the rest is left room for."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def system_clock() -> tuple[float, str]:
    """How well the system's clock keeps UTC, one sigma [s], and who says so (adjtimex, where there is one)."""
    try:
        call = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError, TypeError):
        return UNSAID_S, "the system does not say"
    told = _Timex()
    state = call(ctypes.byref(told))
    unsynchronised = 0x40
    if state < 0 or told.status & unsynchronised or told.maxerror <= 0:
        return UNSAID_S, "the system's clock is not synchronised"
    return max(1e-6 * told.maxerror / 3.0, 1e-6), "by NTP: a third of its largest error"
