"""Hours of sound to one reading: `follow(source)` measures piece by piece and joins the beats.

Method: each piece goes through `listen.measure`, told the beat of the one before; `count.Counter` numbers its beats in
the whole; what is kept of a beat is 26 bytes. `long_figures.summarise` makes the figures. What is interrupted is summed
up as far as it went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from heartwright.listen.ear import measure
from heartwright.listen.hours.count import Counted, Counter, Doubt
from heartwright.listen.take.streaming import Piece
from heartwright.records import Floats, Ints, Leapt, Reading

SAME_BEAT = 0.01  # a piece whose beat differs by more than this heard something else
_LOST_AFTER = 3  # pieces in a row that agree on another beat: the movement was changed
_DROWNED = 8.0  # times the usual uncertainty of a piece's rate, beyond which its beats are not taken


@dataclass(frozen=True, slots=True)
class Beats:
    """Every beat that was heard, arrays [n]; numbers run on within a stretch, no figure reaches across two."""

    number: Ints
    time_s: Floats  # of the run
    side: Ints  # +1 / -1
    sigma_s: np.ndarray  # float32
    amplitude_deg: np.ndarray  # float32, NaN where not measured
    flag: Ints  # 0 "", 2 late, 3 early, 4 double
    stretch: Ints

    def __len__(self) -> int:
        return len(self.number)

    def part(self, keep: np.ndarray) -> Beats:
        """The beats of a mask."""
        return Beats(*(getattr(self, name)[keep] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Heard:
    """What one piece gave: its time in the run [s] and its status.

    "ok"; "other beat", "another sound", "off the beat" or "too quick" where it was set aside; else the reading's.
    """

    from_s: float
    to_s: float
    status: str
    rate_bph: float
    snr_db: float


@dataclass(frozen=True, slots=True)
class Run:
    """A run as far as its beats: `summarise` makes figures of it."""

    beats: Beats
    pieces: tuple[Heard, ...]
    doubts: tuple[Doubt, ...]
    warnings: tuple[str, ...]
    nominal_bph: float | None
    lift_deg: float | None
    amplitude_timed: str
    clock_ppm: tuple[float, float]
    interrupted: bool
    slips: int  # pieces whose own numbering contradicted their times, and was mended
    leaps: tuple[Leapt, ...] = ()  # where sound was lost or given twice; beats after it are later by as much

    @property
    def duration_s(self) -> float:
        """From the first sample to the last, gaps included [s]."""
        return self.pieces[-1].to_s if self.pieces else 0.0


@dataclass
class Follower:
    """Takes pieces in order of time; `run()` is valid at any moment."""

    bph: float | None = None
    lift_deg: float | None = None
    movement_bph: float | None = None
    clock_ppm: tuple[float, float] = (0.0, 30.0)
    overlap_s: float = 2.0
    counter: Counter = field(default_factory=Counter)
    _columns: list[list[np.ndarray]] = field(default_factory=lambda: [[] for _ in Beats.__slots__])
    _pieces: list[Heard] = field(default_factory=list)
    _warnings: dict[str, list[float]] = field(default_factory=dict)
    _leaps: list[Leapt] = field(default_factory=list)
    _nominal: float | None = None
    _timed: str = ""
    _others: list[float] = field(default_factory=list)
    _apart: bool | None = None  # whether the sounds of a beat are heard apart
    _unlike: int = 0
    _sigmas: list[float] = field(default_factory=list)

    def add(self, piece: Piece) -> Reading:
        """Measure a piece and join its beats; returns its reading."""
        known = self.bph or (3600.0 / self.counter.beat_s if self.counter.beat_s else None)
        reading = self._measure(piece, known)
        if reading.status != "ok" and known and len(self._pieces) < 3:
            reading = self._measure(piece, None)
        status = reading.status
        rate = reading.beat_rate_bph.value if reading.beat_rate_bph is not None else np.nan
        if status == "ok" and reading.table is None:  # a stopwatch: no beat is timed by itself
            status = "too quick"
        if status == "ok" and self._is_other(rate):
            status = "other beat"
        if status == "ok":
            status = self._fit(reading)
        if status == "ok":
            self._join(piece, reading)
            status = "ok" if self.counter.astray is None else "off the beat"
        snr = np.nan if reading.snr_db is None else reading.snr_db
        self._pieces.append(Heard(piece.start_s, piece.end_s, status, float(rate), float(snr)))
        for sentence in reading.warnings[: -1 if reading.leaps else None]:  # the last one tells of leaps
            self._warnings.setdefault(sentence.split(":")[0], []).append(piece.start_s)
        return reading

    def _measure(self, piece: Piece, bph: float | None) -> Reading:
        return measure(
            piece.recording, bph=bph, lift_deg=self.lift_deg, movement_bph=self.movement_bph, clock_ppm=(0.0, 0.0)
        )

    def _is_other(self, rate_bph: float) -> bool:
        """Whether a piece's beat is not that of the run; after three that agree on it, the run takes it over."""
        beat = self.counter.beat_s
        if not beat or abs(rate_bph * beat / 3600.0 - 1.0) < SAME_BEAT:
            self._others.clear()
            return False
        if self._others and abs(rate_bph / self._others[-1] - 1.0) > SAME_BEAT:
            self._others.clear()
        self._others.append(rate_bph)
        if len(self._others) < _LOST_AFTER:
            return True
        self._others.clear()
        self.counter.part(f"from here on another beat: {rate_bph:,.0f} an hour")
        self.counter.forget()
        return False

    def _fit(self, reading: Reading) -> str:
        """ "ok", or why a piece's times do not fit in with those before: timed at another sound, or drowned in noise.

        Where all three sounds are heard a beat is timed at its first, else at its loudest, some milliseconds later.
        After three pieces that are timed alike the run goes over to that, in a new stretch.
        """
        assert reading.table is not None and reading.beat_rate_bph is not None
        apart = bool(np.isfinite(reading.table.lock_s).mean() > 0.5)
        sigma = reading.beat_rate_bph.half_width / reading.beat_rate_bph.value
        if self._apart is None:
            self._apart = apart
        if apart != self._apart:
            self._unlike += 1
            if self._unlike < _LOST_AFTER:
                return "another sound"
            self._apart = apart
            self._sigmas.clear()
            self.counter.stretch += 1
        self._unlike = 0
        if len(self._sigmas) >= _LOST_AFTER and sigma > _DROWNED * float(np.median(self._sigmas)):
            return "too noisy"
        self._sigmas = [*self._sigmas[-20:], sigma]
        return "ok"

    def _join(self, piece: Piece, reading: Reading) -> None:
        table, rate, error = reading.table, reading.beat_rate_bph, reading.beat_error_ms
        assert table is not None and rate is not None
        half = 0.5 * self.overlap_s
        begin, end = (-np.inf if piece.first else half), (np.inf if piece.last else piece.end_s - piece.start_s - half)
        mine = [leap for leap in reading.leaps if begin <= leap.time_s < end]
        early_s = 1e-3 * sum(leap.early_ms for leap in self._leaps)
        late_s = early_s + 1e-3 * sum(leap.early_ms for leap in mine)
        told_before_s = 1e-3 * sum(
            leap.early_ms for leap in reading.leaps if leap.time_s < begin
        )  # by the piece before
        counted = self.counter.place(
            table,
            piece.start_s + early_s - told_before_s,
            beat_s=3600.0 / rate.value,
            beat_sigma_s=3600.0 / rate.value * rate.half_width / 1.96 / rate.value,
            error_s=1e-3 * (reading.beat_error_signed_ms or 0.0),
            error_sigma_s=1e-3 * error.half_width / 1.96 if error is not None else 1.0,
            keep_s=(piece.start_s + begin + early_s, piece.start_s + end + late_s),
            sigma_s=piece.sigma_s,
            joined=piece.seam != "gap",
            continuing=not piece.first,
        )
        if self.counter.astray is None:
            self._leaps += [replace(leap, time_s=piece.start_s + leap.time_s) for leap in mine]
        self._nominal = self._nominal or reading.nominal_bph
        self._timed = reading.amplitude_timed or self._timed
        if counted is not None:
            self._keep(counted)

    def _keep(self, counted: Counted) -> None:
        kinds = (np.int64, np.float64, np.int8, np.float32, np.float32, np.int8)
        names = ("number", "time_s", "side", "sigma_s", "amplitude_deg", "flag")
        for column, name, kind in zip(self._columns, names, kinds, strict=False):
            column.append(np.asarray(getattr(counted, name)).astype(kind))
        self._columns[-1].append(np.full(len(counted.number), self.counter.stretch, dtype=np.int16))

    def run(self, *, interrupted: bool = False) -> Run:
        """What was heard so far."""
        columns = [np.concatenate(c) if c else np.zeros(0) for c in self._columns]
        return Run(
            Beats(*columns),  # type: ignore[arg-type]
            tuple(self._pieces),
            tuple(self.counter.doubts),
            tuple(self._told(*item) for item in self._warnings.items()),
            self.bph or self.movement_bph or self._nominal,
            self.lift_deg,
            self._timed,
            self.clock_ppm,
            interrupted,
            self.counter.slips,
            tuple(self._leaps),
        )

    def _told(self, what: str, at_s: list[float]) -> str:
        share = f"in {len(at_s)} of {len(self._pieces)} pieces" if len(self._pieces) > 1 else "in the take"
        return f"{what} {share}, first at {clock_time(at_s[0])}"


def follow(
    pieces: Iterable[Piece],
    *,
    bph: float | None = None,
    lift_deg: float | None = None,
    movement_bph: float | None = None,
    clock_ppm: tuple[float, float] = (0.0, 30.0),
    overlap_s: float = 2.0,
    tell: Callable[[], None] | None = None,
) -> Run:
    """Listen to pieces that overlap by `overlap_s`, the options as those of `listen.measure`.

    `tell` is called after each piece. Ctrl-C (KeyboardInterrupt) ends the run here: it is marked `interrupted`.
    """
    follower = Follower(bph, lift_deg, movement_bph, clock_ppm, overlap_s)
    try:
        for piece in pieces:
            follower.add(piece)
            if tell is not None:
                tell()
    except KeyboardInterrupt:
        return follower.run(interrupted=True)
    return follower.run()


def clock_time(seconds: float) -> str:
    """Hours, minutes and seconds of a time of the run: 26:03:07."""
    whole = int(max(seconds, 0.0))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
