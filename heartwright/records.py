"""What is stored or sent: the records that pass between the verbs.

A record is frozen, holds SI values unless its name says otherwise (the unit comes last in a name), and knows nothing of
how it was made. `Trace` is what a run leaves behind, `Recording` is sound, `Reading` is what listening finds, `Verdict`
is what judging says, `Outcome` is what one trial comes to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the ends of its 95 % interval, all in one unit."""

    value: float
    low: float
    high: float

    @classmethod
    def from_sigma(cls, value: float, sigma: float) -> Interval:
        """The normal 95 % interval round `value` for one standard deviation `sigma`."""
        return cls(float(value), float(value - 1.96 * sigma), float(value + 1.96 * sigma))

    @property
    def half_width(self) -> float:
        return 0.5 * (self.high - self.low)

    def as_json(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}


# --------------------------------------------------------------------------------------------------- trace


@dataclass(frozen=True, slots=True)
class Impacts:
    """Every impact of a run, in order of time; all arrays have shape [n_impact]."""

    time_s: Floats
    pair: Ints  # index into Trace.pairs
    tooth: Ints  # which tooth of the pair's first rotor (0 where it has none)
    impulse_ns: Floats  # normal impulse [N s]
    speed_m_s: Floats  # approach speed, positive [m/s]
    loss_j: Floats  # kinetic energy lost in the impact, >= 0 [J]
    oscillator_rad: Floats  # angle of the oscillator

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True, slots=True)
class Beats:
    """One row per beat heard by an ideal ear; all arrays have shape [n_beat], NaN where the event did not happen.

    A beat begins when the oscillator is at its turning point and ends at the next one. `side` is +1 where the
    oscillator passes its centre with rising angle.
    """

    centre_s: Floats  # time of passage through the line of centres
    side: Ints
    amplitude_rad: Floats  # mean of the two turning points of the beat
    unlock_s: Floats  # sound 1: impulse jewel on the fork (pendulum: none, NaN)
    impulse_s: Floats  # sound 2: tooth meets the impulse face
    drop_s: Floats  # tooth leaves the pallet (silent)
    lock_s: Floats  # sound 3a: tooth on the locking face (pendulum: on the dead face)
    bank_s: Floats  # sound 3b: fork on its banking

    def __len__(self) -> int:
        return len(self.centre_s)


@dataclass(frozen=True, slots=True)
class Waveform:
    """A sampled quantity of the works that sounds or is drawn, e.g. the chamber pressure of a pump."""

    name: str  # "chamber_pressure", "artery_pressure", "outlet_flow", ...
    unit: str
    time_s: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class Happening:
    """A named event of the slow works: "release", "inlet_closes" (S1), "outlet_closes" (S2), "stop", "landing"."""

    time_s: float
    kind: str
    strength: float  # impulse [N s] of what strikes


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every joule of a run: drive + stand = spent + stored + residual."""

    drive_j: float
    spent_j: dict[str, float]  # by sink, each >= 0
    stored_j: float  # change of stored energy since the start
    residual_j: float
    stand_j: float = 0.0  # work that a moving stand did on it

    @property
    def residual_ratio(self) -> float:
        """|residual| over what passed through the books: the larger of drive and dissipation."""
        scale = max(abs(self.drive_j), sum(self.spent_j.values())) or 1.0
        return abs(self.residual_j) / scale


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run leaves behind: the truth of a simulated movement.

    `status` is "running", "stopped" or "jammed"; `advice` says what to do about the latter two.
    """

    design_name: str
    kind: str  # modern lever | vintage lever | pin-pallet | pendulum | heart
    seconds: float
    seed: int
    status: str
    advice: str
    nominal_bph: float
    beats: Beats
    impacts: Impacts
    pairs: tuple[str, ...]  # "entry stone", "exit stone", "notch left", "notch right", "guard", "banking", ...
    ledger: Ledger
    poses: Floats  # [n_sample, 1 + n_rotor]: time, then rotor angles; empty unless asked for
    rotors: tuple[str, ...]
    waveforms: tuple[Waveform, ...] = ()
    happenings: tuple[Happening, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)  # e.g. flow_cm3_per_stroke, mean_pressure_pa, mass_residual
    cpu_s: float = 0.0

    @property
    def amplitude_deg(self) -> float:
        """Mean amplitude over the beats of the run [deg]."""
        return float(np.degrees(np.nanmean(self.beats.amplitude_rad))) if len(self.beats) else float("nan")

    @property
    def rate_s_per_day(self) -> float:
        """Gain against the nominal beat [s/d], over whole oscillations."""
        t = self.beats.centre_s
        n = (len(t) - 1) // 2 * 2
        if n < 2:
            return float("nan")
        return float((n * 3600.0 / self.nominal_bph / (t[n] - t[0]) - 1.0) * 86400.0)


# --------------------------------------------------------------------------------------------------- sound


@dataclass(frozen=True, slots=True)
class Recording:
    """Mono sound. `notes` says what was met in reading it ("right channel silent, left used", "8-bit").

    `smear_s` is by how much the codec of its file moves where a sound begins [s, one sigma]; 0: not at all.
    """

    samples: NDArray[np.float32]  # [n], full scale is +-1
    rate_hz: float
    source: str = ""
    notes: tuple[str, ...] = ()
    smear_s: float = 0.0

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate_hz


# --------------------------------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class BeatTable:
    """Per-beat results of listening, all arrays [n_beat], NaN where a sound could not be timed."""

    time_s: Floats  # sound 1 (or the beat's timed landmark where there is one sound only)
    side: Ints  # +1 / -1, alternating
    impulse_s: Floats  # sound 2
    lock_s: Floats  # sound 3a (the loud third sound)
    bank_s: Floats  # sound 3b, NaN where not separable from the lock
    sigma_s: Floats  # timing uncertainty of time_s (one sigma)
    amplitude_deg: Floats  # NaN without a lift
    residual_ms: Floats  # time_s minus the best steady beat (what a timegrapher draws)
    level_db: Floats  # level of the beat's loudest sound over the noise
    flag: NDArray[np.str_]  # "", "missed", "late", "early", "double"
    faint_span_s: Floats | None = None  # sound 1 to lock, up to a constant: sound 1 is too faint to time beats by

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True, slots=True)
class Voice:
    """A second, slower pattern under the tick (the heart's lub-dub)."""

    period_s: Interval
    sounds: tuple[VoiceSound, ...]  # in order within the period


@dataclass(frozen=True, slots=True)
class VoiceSound:
    """One sound of a voice: name ("S1", "S2", "stop"), time after the period's start, level."""

    name: str
    time_s: Interval
    level_db: Interval  # level in its own band [dB re full scale]


@dataclass(frozen=True, slots=True)
class Mark:
    """One beat out of the ordinary."""

    time_s: float
    kind: str  # missed | late | early | double | leap: it and all after it
    p: float  # how often chance alone would mark a beat of a whole take like this
    off_ms: float | None = None  # after (+) or before its neighbours' beat; a missed one has none


@dataclass(frozen=True, slots=True)
class Leapt:
    """Where every beat comes early or late by the same time from then on: sound was lost or given twice, or the
    movement was jolted. Whole oscillations more cannot be told."""

    time_s: float  # of the take as it was recorded; the table's beats after it are later by `early_ms`
    early_ms: float  # late where it is negative
    half_width_ms: float  # of its 95 % interval


@dataclass(frozen=True, slots=True)
class Extra:
    """Sounds that are none of the three of a beat: knocking, guard, extra, rubbing; or a first sound not heard."""

    kind: str
    text: str  # one sentence for people
    at_ms: float | None  # after the beat's reference on the averaged beat; None where it has no place of its own
    level_db: float | None  # over the quiet floor
    p: float  # how often chance alone would show this in a whole take
    evidence_s: tuple[float, ...] = ()  # moments of the take that show it [s]


@dataclass(frozen=True, slots=True)
class Allan:
    """Overlapping Allan deviation of the beats, arrays [n]; the bounds are those of a 95 % interval."""

    tau_s: Floats
    deviation: Floats
    low: Floats
    high: Floats
    floor: Floats  # what the take's own timing noise alone (white phase) would show


@dataclass(frozen=True, slots=True)
class Part:
    """A periodic part of the beat at a wheel's period. It says where to look, not what is wrong.

    `cycle` is the average over the period in steps of equal length, with one sigma; `raster` [n_cycle, n_step] is
    each turn by itself, NaN where nothing was heard. Unit: ms of the beat or its span, deg (or %) of the swing.
    """

    wheel: str
    period_beats: float
    period_s: float
    of: str  # "rate" | "amplitude" | "landing"
    unit: str  # ms | deg | %
    size: Interval  # half of its swing from lowest to highest
    p: float  # how often chance alone would name any period at all in a take like this
    cycles: float
    cycle: Floats
    cycle_sigma: Floats
    raster: Floats
    rivals: tuple[str, ...] = ()  # other wheels that the take is too short to part from it


@dataclass(frozen=True, slots=True)
class Passing:
    """Something that happened once, for longer than a beat: a slow wheel would need more turns to be named."""

    start_s: float
    end_s: float
    of: str  # "rate" | "amplitude" | "landing"
    p: float


@dataclass(frozen=True, slots=True)
class Wheels:
    """What was found at the periods of the train; `untested` names the wheels that the take is too short for."""

    train: str  # the tooth counts, "" where none were told
    parts: tuple[Part, ...]
    passings: tuple[Passing, ...]
    tested: tuple[str, ...]
    untested: tuple[str, ...]
    alarm: float  # the false-alarm probability of the whole take that a part must stay below
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tone:
    """The tone of a tuning fork watch: frequency [Hz], the pitch it should have [Hz], amplitude [dB of full scale]."""

    frequency_hz: Interval
    nominal_hz: float
    level_dbfs: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What listening found. Fields that could not be measured are None; `advice` says why and what would mend it."""

    status: str  # ok | tone | too_short | too_noisy | no_beat | unreadable
    advice: tuple[str, ...]
    duration_s: float
    beats: int = 0
    snr_db: float | None = None
    nominal_bph: float | None = None
    settled: bool = False
    beat_rate_bph: Interval | None = None
    rate_s_per_day: Interval | None = None
    rate_low_repeat: float | None = None  # interval of the rate with the recorder's clock left out [s/d]
    rate_high_repeat: float | None = None
    beat_error_ms: Interval | None = None
    beat_error_signed_ms: float | None = None
    beat_error_drop_ms: Interval | None = None
    amplitude_deg: Interval | None = None
    amplitude_timed: str = ""  # "banking", "lock", "lock or banking", "" where not measured
    lift_deg: float | None = None
    beat_scatter_ms: Interval | None = None  # scatter of the beats themselves, the take's timing noise taken out
    amplitude_scatter_deg: Interval | None = None
    timing_noise_ms: float | None = None  # one-sigma onset noise of this take
    voice: Voice | None = None
    table: BeatTable | None = None
    fold_time_ms: Floats | None = None  # averaged beat, per side: time axis [n]
    fold_envelope: Floats | None = None  # [2, n]
    fold_marks_ms: tuple[tuple[str, float], ...] = ()  # (name, time) of the sounds on the averaged beat
    warnings: tuple[str, ...] = ()  # clipping, automatic gain, gating, noise suppression, hum
    source: str = ""
    marks: tuple[Mark, ...] = ()  # missed, late, early and double beats, and leaps
    extras: tuple[Extra, ...] = ()  # sounds beside the three of a beat
    allan: Allan | None = None
    escapement: str = ""  # as told, or "quartz" where that was recognised; "" where nothing is known
    wheels: Wheels | None = None  # where tooth counts were told
    amplitude_any_lift_deg: Interval | None = None  # over all lifts of the kind, where no lift was told
    # What the very beats heard did; the intervals of rate_s_per_day and beat_error_ms say what a repeat would find.
    rate_heard_s_per_day: Interval | None = None
    beat_error_heard_ms: Interval | None = None
    beat_timed: str = ""  # the sound that times the beats: "unlocking", "lock", "loudest"
    amplitude_sides_deg: tuple[Interval, Interval] | None = None  # of each side's beats
    count_odds: tuple[tuple[float, float], ...] = ()  # (beats an hour, probability): the count, its half or double
    rivals: tuple[tuple[float, float], ...] = ()  # other clocks heard: (beats an hour, level against this one [dB])
    leaps: tuple[Leapt, ...] = ()  # where sound was lost or given twice; all else is of the take joined there
    tone: Tone | None = None  # of a tuning fork watch, which has no beats (status "tone")


# --------------------------------------------------------------------------------------------------- verdict


@dataclass(frozen=True, slots=True)
class Word:
    """One of hesitant, forced, hollow: a score in 0..1 with its interval, or None and why it is not measurable."""

    score: float | None
    low: float | None
    high: float | None
    holds: bool | None
    reason: str
    evidence_s: tuple[float, ...] = ()  # moments of the take that show it [s]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One plain sentence, the figures it rests on and the moments that show it."""

    text: str
    figures: dict[str, float]
    evidence_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """A sound class (faults no ear can part) with its probability."""

    sound_class: str
    members: tuple[str, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says of a reading (and a design, if given)."""

    status: str
    reading: Reading
    words: dict[str, Word]
    sentences: tuple[Sentence, ...]
    causes: tuple[Cause, ...]
    conviction: bool | None
    intricacy: dict[str, float] | None = None
    next_measurement: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One trial: how a design with some edits ended, what was heard, and what changed by itself. No verdict."""

    status: str
    advice: str
    events: dict[str, float]  # summary: counts and means
    reading: Reading | None
    arisen: tuple[Any, ...] = ()  # edits that arose in the run
