"""What a session holds: the watch, its readings by position and wind, and readings of its dial.

A `Session` is a pydantic model of what stands in the file (see `store`); numbers are finite and bounded, unknown keys
are refused. Units as the names say; intervals are 95 %. The rate's interval is kept twice, with the recorder's clock
(`rate_s_per_day`) and without it (`rate_repeat`): the clock is common to the readings of one `recorder` and cancels in
every difference.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from heartwright.records import Interval, Reading
from heartwright.sessions.positions import Position

FORMAT = "heartwright session"
VERSION = 1
LONGEST_TEXT = 2000
MOST_ENTRIES = 1000
LONGEST_WIND_H = 2000.0  # a year clock runs 400 days; nothing is noted beyond 83 days since winding

Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Line = Annotated[str, Field(max_length=200)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Span(Part):
    """A value with the ends of its 95 % interval."""

    value: float = Field(ge=-1e9, le=1e9)
    low: float = Field(ge=-1e9, le=1e9)
    high: float = Field(ge=-1e9, le=1e9)

    @model_validator(mode="after")
    def _in_order(self) -> Span:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"the value {self.value:g} lies outside its interval {self.low:g} to {self.high:g}")
        return self

    @classmethod
    def of(cls, found: Interval | None) -> Span | None:
        """The span of an interval, to the sixth decimal; None where there is none."""
        if found is None:
            return None
        value, low, high = (round(x, 6) + 0.0 for x in (found.value, found.low, found.high))
        return cls(value=value, low=low, high=high)

    @property
    def interval(self) -> Interval:
        return Interval(self.value, self.low, self.high)

    @property
    def sigma(self) -> float:
        """One standard deviation, were the interval normal."""
        return (self.high - self.low) / 3.92


class Watch(Part):
    """What is known of the watch. `movement` is its name in the table of movements, if it stands there."""

    name: Line = ""
    owner: Line = ""
    movement: Line = ""
    serial: Line = ""
    nominal_bph: float | None = Field(None, ge=600.0, le=100_000.0)
    lift_deg: float | None = Field(None, ge=10.0, le=120.0)
    inertia_kg_m2: float | None = Field(None, gt=0.0, le=1e3, description="balance with staff and roller")


class Entry(Part):
    """One reading: where the watch lay, how long ago it was wound, and what was heard."""

    position: Line
    wind_h: float | None = Field(None, ge=0.0, le=LONGEST_WIND_H, description="hours since it was fully wound")
    temperature_c: float | None = Field(None, ge=-60.0, le=120.0)
    waited_s: float | None = Field(None, ge=0.0, le=1e6, description="settled for so long after the last turn")
    time: AwareDatetime
    recorder: Line = ""
    source: Line = ""
    note: Text = ""
    duration_s: float = Field(0.0, ge=0.0, le=1e8)
    beats: int = Field(0, ge=0, le=10**12)
    settled: bool = False
    nominal_bph: float | None = Field(None, ge=600.0, le=100_000.0)
    rate_s_per_day: Span
    rate_repeat: Span = Field(description="the same rate, the recorder's clock left out")
    beat_error_ms: Span | None = None
    amplitude_deg: Span | None = None
    lift_deg: float | None = Field(None, ge=10.0, le=120.0)
    amplitude_any_lift_deg: Span | None = Field(None, description="over all lifts of the kind, where none was told")
    remarks: list[Text] = Field(default_factory=list, max_length=50)

    @field_validator("position")
    @classmethod
    def _known(cls, text: str) -> str:
        return Position.read(text).name

    @property
    def place(self) -> Position:
        return Position.read(self.position)

    @property
    def clock_sigma(self) -> float:
        """What the recorder's clock adds to the rate's uncertainty (one sigma) [s/d]."""
        return max(self.rate_s_per_day.sigma**2 - self.rate_repeat.sigma**2, 0.0) ** 0.5


class DialReading(Part):
    """The dial read once: at the true time `time` the hands showed `shown_s` seconds more (+ fast) than it."""

    time: AwareDatetime
    shown_s: float = Field(ge=-50_000.0, le=50_000.0, description="shown minus true")
    within_s: float = Field(1.0, gt=0.0, le=3600.0, description="half of the 95 % interval of the reading")
    note: Text = ""


class Session(Part):
    """Readings of one watch. `work` says what was done to it before this session."""

    format: Literal["heartwright session"] = "heartwright session"
    version: Literal[1] = 1
    created: AwareDatetime
    work: Text = ""
    note: Text = ""
    watch: Watch = Field(default_factory=Watch)
    reading: list[Entry] = Field(default_factory=list, max_length=MOST_ENTRIES)
    dial: list[DialReading] = Field(default_factory=list, max_length=MOST_ENTRIES)

    def with_entry(self, added: Entry) -> Session:
        """The session with one more reading."""
        return self.model_validate({**dict(self), "reading": [*self.reading, added]})

    def with_dial(self, added: DialReading) -> Session:
        """The session with one more reading of the dial."""
        return self.model_validate({**dict(self), "dial": [*self.dial, added]})

    def without(self, number: int) -> Session:
        """The session without reading `number`, counted from 1. Raises ValueError where there is none."""
        if not 1 <= number <= len(self.reading):
            raise ValueError(f"reading {number} is not there: 1 to {len(self.reading)} are")
        kept = [e for i, e in enumerate(self.reading, 1) if i != number]
        return self.model_validate({**dict(self), "reading": kept})


def entry(
    reading: Reading,
    *,
    position: str,
    wind_h: float | None = None,
    temperature_c: float | None = None,
    waited_s: float | None = None,
    time: datetime | None = None,
    recorder: str = "",
    note: str = "",
) -> Entry:
    """An entry of a `Reading` that has a rate; see `Entry` for the rest.

    Raises ValueError for a reading without a rate, or a position that is not known.
    """
    rate = Span.of(reading.rate_s_per_day)
    if rate is None:
        reason = reading.advice[0] if reading.advice else "no rate was found"
        raise ValueError(f"this take gives no rate to keep: {reason}")
    low, high = reading.rate_low_repeat, reading.rate_high_repeat
    middle = reading.rate_s_per_day
    repeat = Span.of(Interval(middle.value, low, high)) if middle and low is not None and high is not None else None
    return Entry(
        position=position,
        wind_h=wind_h,
        temperature_c=temperature_c,
        waited_s=waited_s,
        time=(time or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0),
        recorder=recorder,
        source=reading.source[:200],
        note=note,
        duration_s=reading.duration_s,
        beats=reading.beats,
        settled=reading.settled,
        nominal_bph=reading.nominal_bph,
        rate_s_per_day=rate,
        rate_repeat=repeat or rate,
        beat_error_ms=Span.of(reading.beat_error_ms),
        amplitude_deg=Span.of(reading.amplitude_deg),
        lift_deg=reading.lift_deg,
        amplitude_any_lift_deg=Span.of(reading.amplitude_any_lift_deg),
        remarks=[line[:LONGEST_TEXT] for line in reading.warnings][:50],
    )
