"""`measure`: a recording to a reading.

Order of work: onsets -> pulse -> chain of beats -> folded beat -> landmarks of each beat -> figures with intervals.
Where the beat leaps, since sound was lost, the take is joined there and listened to anew.
What cannot be measured is None, with a line of advice; bad input is a status, never an exception.
Conventions of the figures: beat error (t1 - t2)/2 from sound 1; amplitude = lift / (2 sin(pi t / T)), t from sound 1
to the banking, T two beats; all intervals 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from heartwright.listen import advice, joined, quick, tone, voices
from heartwright.listen.beat import leaps, level, onsets, pulse, rivals, stretch, track
from heartwright.listen.calm import one_thread
from heartwright.listen.findings import extras, figures, kinds, oddities
from heartwright.listen.take import gate, mains, quality
from heartwright.listen.take.files import Reach
from heartwright.listen.thin import LOW_RATE_HZ, low_band
from heartwright.listen.timing import agree, shape, together
from heartwright.listen.timing.landmarks import Landmarks, sharpen, time_sounds
from heartwright.records import Floats, Reading, Recording

SHORTEST_S = 3.0
FEWEST_BEATS = 5
_CLEAR_Z, _PERHAPS_Z = 8.5, 7.5  # combs and folds of noise alone reach 8
# Probability of the beat rate against its half and double below which no rate is told. The odds are no bolder than they
# may be: of 380 made takes of 3 to -3 dB (white and pink noise, speech, clicks, a second clock) in 24 the likeliest had
# 0.85 to 0.998, and was right in all; in eight others it was wrong, and had less than 0.74.
_SURE_COUNT = 0.95
_QUICK_S = 0.19  # two beats in less are those of no common watch; a tone shows one, a stopwatch others
_SHARP_S = 50e-6  # error of single faint beats below which how they wander shows, and tells how well the rate is told
# Error that a noise gate leaves in where all sounds of a side begin [one sigma]: where it opens at the sound timed, and
# where an earlier sound of the beat had opened it (some 80 made takes).
GATED_S, GATED_LOCK_S = 4e-4, 3e-5
CODED_S, LOW_HZ = 3e-6, 32e3  # the same of a codec that cuts the treble, and of a rate below which there is none
SUPPRESSED_S = 1e-4  # what noise suppression leaves of where a lever's soft sounds begin [one sigma]
HUM_S = 30.0  # of a take that hum is looked for in


@dataclass(frozen=True, slots=True)
class Heard:
    """A take as far as its beats: samples less hum, onsets, the strength that shows them best, chain, fold, level."""

    samples: Floats
    rate_hz: float
    strike: onsets.Onsets
    strength: onsets.Singles
    chain: track.Chain
    shape: shape.Shape
    level: level.Level
    low: Floats | None  # the take at 2 kHz, hum and all
    gated: bool  # and so filled between the sounds
    counts: tuple[tuple[float, float], ...]
    rivals: tuple[tuple[float, float], ...]


def measure(
    recording: Recording,
    *,
    bph: float | None = None,
    lift_deg: float | None = None,
    movement_bph: float | None = None,
    clock_ppm: tuple[float, float] = (0.0, 30.0),
    shortest_s: float = SHORTEST_S,
) -> Reading:
    """Listen to `recording`.

    `bph` is the nominal beat if told [beats/h], `movement_bph` that of a named movement; `lift_deg` the lift angle
    [deg] (None: no amplitude); `clock_ppm` the recorder's clock, offset (> 0 runs fast) and one-sigma uncertainty
    [ppm]; takes under `shortest_s` [s] are not measured (live listening asks for less). Raises ValueError for a lift
    outside 10..90 deg, a beat outside 1,800..72,000 and 90,000..400,000 (stopwatches), or a negative sigma.
    """
    _check(bph or movement_bph, lift_deg, clock_ppm)
    asked = _Asked(bph, lift_deg, movement_bph, clock_ppm, shortest_s)

    @cache
    def faults() -> dict[str, str]:
        return _faults(recording, Reach.of(recording.samples))

    def again(take: Recording, seams: tuple[joined.Seam, ...]) -> Reading:
        reading = _measure(take, asked, seams, faults())
        assert isinstance(reading, Reading)  # in a joined take no leaps are looked for
        return reading

    reading = joined.measured(recording, _measure(recording, asked), again)
    return replace(reading, warnings=(*reading.warnings, joined.sentence(reading.leaps))) if reading.leaps else reading


@dataclass(frozen=True, slots=True)
class _Asked:
    """What `measure` was asked."""

    bph: float | None
    lift_deg: float | None
    movement_bph: float | None
    clock_ppm: tuple[float, float]
    shortest_s: float


def _measure(
    recording: Recording,
    asked: _Asked,
    seams: tuple[joined.Seam, ...] | None = None,
    faults: dict[str, str] | None = None,
) -> Reading | tuple[leaps.Leap, ...]:
    """The reading of a take, or its leaps where it has some; in one that was joined at `seams` none are looked for.

    `faults` are those of the take before it was joined.
    """
    base = Reading(
        "no_beat",
        (),
        recording.seconds if recording.rate_hz > 0 else 0.0,
        lift_deg=asked.lift_deg,
        source=recording.source,
    )
    reach = Reach.of(recording.samples)
    heard = _hear(recording, reach, base, asked, joined_already=seams is not None)
    if isinstance(heard, tuple):
        return heard
    if isinstance(heard, Reading):
        faults = dict(faults or _faults(recording, reach))
        if heard.status == "ok":  # a stopwatch, whose own beats stand where hum would
            faults.pop("hum", None)
        return replace(heard, warnings=(*recording.notes, *faults.values()))
    high = heard.strike.filtered
    if faults is None:
        faults = _faults(recording, reach, None if heard.gated else high, heard.low)
    if heard.chain.faint:
        with one_thread():
            marks = _sharpened(heard)
    else:
        with one_thread():
            marks = time_sounds(heard.samples, heard.rate_hz, heard.chain, heard.shape, heard.level)
        marks = agree.held(marks, heard.chain, heard.shape.match)
    marks = marks.spoilt(_spoilt_s(recording, heard, faults, marks.landmark), gated=heard.gated)
    apart = _stretched(heard, marks)
    marks = marks if apart is None else marks.unswayed(heard.chain.number, apart)
    if seams:
        marks = marks.without(joined.beside(seams, heard.rate_hz, heard.chain.time_s))
        beats = heard.chain.number, heard.chain.side, marks.time_s
        marks = marks.doubted(*joined.doubts_s(seams, heard.rate_hz, beats))
    drift_s = 0.0 if apart is None else apart.drift_s
    reading = figures.reading(
        base,
        heard.chain,
        heard.shape,
        heard.level,
        marks,
        bph=asked.bph,
        movement_bph=asked.movement_bph,
        clock_ppm=asked.clock_ppm,
        drift_s=drift_s,
    )
    if heard.chain.faint and float(np.nanmedian(marks.sigma_s)) > _SHARP_S:
        reading = together.rated(reading, heard.chain, marks.time_s - drift_s * heard.chain.number, asked.clock_ppm)
    if reading.table is not None:
        reading = replace(reading, marks=oddities.held_against(reading.marks, reading.table, high, heard.rate_hz))
    reading = kinds.recognise(replace(reading, extras=extras.find(high, heard.rate_hz, reading)))
    voice = voices.find(recording, heard.chain.beat_s, marks.time_s, low=heard.low)
    warnings = (*recording.notes, *faults.values())
    return replace(reading, warnings=warnings, voice=voice, count_odds=heard.counts, rivals=heard.rivals)


def _check(bph: float | None, lift_deg: float | None, clock_ppm: tuple[float, float]) -> None:
    ranges = ((pulse.SLOWEST_BPH, pulse.FASTEST_BPH), (quick.SLOWEST_BPH, quick.FASTEST_BPH))
    if bph is not None and not any(low <= bph <= high for low, high in ranges):
        raise ValueError(
            f"a beat of {bph:g} an hour given; {pulse.SLOWEST_BPH:,.0f} to {pulse.FASTEST_BPH:,.0f} are allowed, "
            f"{quick.SLOWEST_BPH:,.0f} to {quick.FASTEST_BPH:,.0f} of a stopwatch; "
            "did you give hertz or seconds? (2.5 Hz is 18,000 an hour)"
        )
    if lift_deg is not None and not 10.0 <= lift_deg <= 90.0:
        raise ValueError(
            f"a lift angle of {lift_deg:g} deg given; 10 to 90 are allowed, most movements have 38 to 54; "
            "did you give radians or the amplitude?"
        )
    if clock_ppm[1] < 0 or abs(clock_ppm[0]) > 1e5:
        raise ValueError(
            f"clock_ppm {clock_ppm} given; offset within +-100,000 and sigma >= 0, both in ppm; the usual is (0, 30)"
        )


def _hear(
    recording: Recording, reach: Reach, base: Reading, asked: _Asked, *, joined_already: bool
) -> Heard | Reading | tuple[leaps.Leap, ...]:
    """As far as the beats, or the reading that says why not, or where the beat leaps."""
    told, clock_ppm = asked.bph or asked.movement_bph, asked.clock_ppm
    samples = onsets.clean(recording, reach.mean)
    rate = float(recording.rate_hz)
    if onsets.silent(samples):
        return replace(base, advice=(advice.silent(),))
    if base.duration_s < 1.0:
        return replace(base, status="too_short", advice=(advice.too_short(base.duration_s, 0),))
    strike = onsets.find(samples, rate)
    shut = gate.find(gate.levels(strike.filtered, max(8, round(gate.BLOCK_S * rate))))
    if shut is not None:
        samples = gate.opened(samples, strike.filtered, rate, shut)
        strike = onsets.find(samples, rate)
    clocks = rivals.listen(strike, told)
    found = clocks.pulse
    if found is None or found.z < _CLEAR_Z or found.period_s < _QUICK_S:
        perhaps = found is not None and found.z > _PERHAPS_Z
        hums = tone.instead(samples, rate, base, clock_ppm, beats=perhaps)
        if hums is not None and hums.tone is not None:
            return hums
        stopwatch = quick.find(samples, strike)
        if stopwatch is not None:
            return quick.reading(base, stopwatch, told, clock_ppm)
        if hums is not None:
            return hums
    short = base.duration_s < asked.shortest_s
    if found is None or found.z < _PERHAPS_Z:
        if short:
            return replace(base, status="too_short", advice=(advice.too_short(base.duration_s, 0),))
        return replace(base, advice=(advice.no_beat(),))
    if not joined_already:
        leapt = leaps.find(clocks.strength, strike.block_rate_hz, found)
        if leapt:
            return leapt
    chain = track.follow(clocks.strength, strike.block_rate_hz, found)
    count = len(chain) if chain is not None else 0
    if not short and count < FEWEST_BEATS < base.duration_s / (0.5 * found.period_s) - 2:
        return replace(base, advice=(advice.no_beat(),))
    if chain is None or short or count < FEWEST_BEATS:
        return replace(base, status="too_short", beats=count, advice=(advice.too_short(base.duration_s, count),))
    unsure = found.counts[0][1] < _SURE_COUNT
    if found.z < _CLEAR_Z or unsure or (not chain.faint and chain.looseness > track.LOOSE):
        return replace(base, status="too_noisy", advice=(advice.too_noisy(None),), count_odds=found.counts)
    low = low_band(samples, rate) if rate >= LOW_RATE_HZ else None
    hum = None if low is None else mains.find(low[: round(HUM_S * LOW_RATE_HZ)])
    if low is not None and hum is not None:
        samples = mains.without(samples, rate, low, hum)
    if chain.faint:
        dim = together.shape(strike, chain)
        return Heard(
            samples,
            rate,
            strike,
            clocks.strength,
            chain,
            dim,
            together.level(dim, chain.beat_s),
            low,
            shut is not None,
            found.counts,
            clocks.others,
        )
    energy, fine_hz = shape.fine_energy(strike.filtered, rate)
    folded = shape.fold(energy, fine_hz, chain)
    heard = level.measure(samples, rate, folded.time_s[folded.good], folded.axis_s, folded.fold, chain.beat_s)
    return Heard(
        samples, rate, strike, clocks.strength, chain, folded, heard, low, shut is not None, found.counts, clocks.others
    )


def _sharpened(heard: Heard) -> Landmarks:
    """The chain's times, sharpened by the waveform of the mean beat where that tells anything."""
    coarse = together.landmarks(heard.chain)
    try:
        return sharpen(coarse, heard.samples, heard.rate_hz, heard.chain, heard.shape, heard.level)
    except np.linalg.LinAlgError:  # a mean beat of nothing but noise
        return coarse


def _stretched(heard: Heard, marks: Landmarks) -> stretch.Stretch | None:
    """By how much a lever's sounds draw apart in the take; None where the beats are timed by the unlocking."""
    chain = heard.chain
    if marks.landmark == "unlocking" or chain.beat_s >= shape.SLOWEST_LEVER_S:
        return None
    first_s = float(np.nanmean(heard.shape.first_s)) if heard.shape.lever else None
    beats = (chain.number, chain.side, marks.time_s)
    return stretch.told(heard.strength, heard.strike.block_rate_hz, beats, chain.beat_s, first_s)


def _faults(
    recording: Recording, reach: Reach, high: onsets.Singles | None = None, low: Floats | None = None
) -> dict[str, str]:
    """What spoils the take, as `quality.faults` has it."""
    return quality.faults(recording, reach=reach, high=high, low=low) if recording.rate_hz > 0 else {}


def _spoilt_s(recording: Recording, heard: Heard, faults: dict[str, str], landmark: str) -> float:
    """What codec, gate and suppression may have moved where a side's sounds begin by [s, one sigma]."""
    gated_s = 0.0 if not heard.gated else GATED_LOCK_S if landmark == "lock" else GATED_S
    suppressed_s = SUPPRESSED_S if "suppression" in faults and heard.chain.beat_s < shape.SLOWEST_LEVER_S else 0.0
    coded_s = CODED_S if "codec" in faults or heard.rate_hz < LOW_HZ else 0.0
    return float(np.linalg.norm([recording.smear_s, gated_s, suppressed_s, coded_s]))
