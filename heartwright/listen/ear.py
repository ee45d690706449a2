"""`measure`: a recording to a reading.

Order of work: onsets -> pulse -> chain of beats -> folded beat -> landmarks of each beat -> figures with intervals.
What cannot be measured is None, with a line of advice; bad input is a status, never an exception.
Conventions of the figures: beat error (t1 - t2)/2 from sound 1; amplitude = lift / (2 sin(pi t / T)), t from sound 1
to the banking, T two beats; all intervals 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen import advice, quick, tone, voices
from heartwright.listen.beat import level, onsets, pulse, rivals, stretch, track
from heartwright.listen.calm import one_thread
from heartwright.listen.findings import extras, figures, kinds, oddities
from heartwright.listen.take import quality
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
_LOOSE = 0.05  # scatter of the chain beyond which the count is not trusted [beats]


@dataclass(frozen=True, slots=True)
class Heard:
    """A take as far as its beats: onsets, the strength that shows them best, chain, fold, level."""

    samples: Floats
    rate_hz: float
    strike: onsets.Onsets
    strength: onsets.Singles
    chain: track.Chain
    shape: shape.Shape
    level: level.Level
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
    base = Reading(
        "no_beat", (), recording.seconds if recording.rate_hz > 0 else 0.0, lift_deg=lift_deg, source=recording.source
    )
    reach = Reach.of(recording.samples)
    heard = _hear(recording, reach, bph or movement_bph, base, shortest_s, clock_ppm)
    if isinstance(heard, Reading):
        told = _warnings(recording, reach)
        if heard.status == "ok":  # a stopwatch, whose own beats stand where hum would
            told = tuple(line for line in told if not line.startswith("mains hum"))
        return replace(heard, warnings=told)
    if heard.chain.faint:
        with one_thread():
            marks = _sharpened(heard)
    else:
        with one_thread():
            marks = time_sounds(heard.samples, heard.rate_hz, heard.chain, heard.shape, heard.level)
        marks = agree.held(marks, heard.chain, heard.shape.match)
    marks = _smeared(marks, recording.smear_s)
    apart = _stretched(heard, marks)
    marks = marks if apart is None else marks.unswayed(heard.chain.number, apart)
    drift_s = 0.0 if apart is None else apart.drift_s
    reading = figures.reading(
        base,
        heard.chain,
        heard.shape,
        heard.level,
        marks,
        bph=bph,
        movement_bph=movement_bph,
        clock_ppm=clock_ppm,
        drift_s=drift_s,
    )
    if heard.chain.faint and float(np.nanmedian(marks.sigma_s)) > _SHARP_S:
        reading = together.rated(reading, heard.chain, marks.time_s - drift_s * heard.chain.number, clock_ppm)
    high = heard.strike.filtered
    if reading.table is not None:
        reading = replace(reading, marks=oddities.held_against(reading.marks, reading.table, high, heard.rate_hz))
    reading = kinds.recognise(replace(reading, extras=extras.find(high, heard.rate_hz, reading)))
    low = low_band(heard.samples, heard.rate_hz) if heard.rate_hz >= LOW_RATE_HZ else None
    voice = voices.find(recording, heard.chain.beat_s, marks.time_s, low=low)
    warnings = _warnings(recording, reach, high, low)
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
    recording: Recording,
    reach: Reach,
    told: float | None,
    base: Reading,
    shortest_s: float,
    clock_ppm: tuple[float, float],
) -> Heard | Reading:
    """As far as the beats, or the reading that says why not."""
    samples = onsets.clean(recording, reach.mean)
    rate = float(recording.rate_hz)
    if onsets.silent(samples):
        return replace(base, advice=(advice.silent(),))
    if base.duration_s < 1.0:
        return replace(base, status="too_short", advice=(advice.too_short(base.duration_s, 0),))
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
    short = base.duration_s < shortest_s
    if found is None or found.z < _PERHAPS_Z:
        if short:
            return replace(base, status="too_short", advice=(advice.too_short(base.duration_s, 0),))
        return replace(base, advice=(advice.no_beat(),))
    chain = track.follow(clocks.strength, strike.block_rate_hz, found)
    count = len(chain) if chain is not None else 0
    if not short and count < FEWEST_BEATS < base.duration_s / (0.5 * found.period_s) - 2:
        return replace(base, advice=(advice.no_beat(),))
    if chain is None or short or count < FEWEST_BEATS:
        return replace(base, status="too_short", beats=count, advice=(advice.too_short(base.duration_s, count),))
    unsure = found.counts[0][1] < _SURE_COUNT
    if found.z < _CLEAR_Z or unsure or (not chain.faint and _looseness(chain) > _LOOSE):
        return replace(base, status="too_noisy", advice=(advice.too_noisy(None),), count_odds=found.counts)
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
            found.counts,
            clocks.others,
        )
    energy, fine_hz = shape.fine_energy(strike.filtered, rate)
    folded = shape.fold(energy, fine_hz, chain)
    heard = level.measure(samples, rate, folded.time_s[folded.good], folded.axis_s, folded.fold, chain.beat_s)
    return Heard(samples, rate, strike, clocks.strength, chain, folded, heard, found.counts, clocks.others)


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


def _smeared(marks: Landmarks, smear_s: float) -> Landmarks:
    """`marks` with what the file's codec may have moved the beginning of each sound by [s, one sigma]."""
    return replace(
        marks,
        common_s=float(np.hypot(marks.common_s, smear_s)),
        span_common_s=float(np.hypot(marks.span_common_s, smear_s)),
    )


def _looseness(chain: track.Chain) -> float:
    """Robust scatter of the intervals of the chain about its two means [beats]."""
    step = np.diff(chain.number) == 1
    gap = np.diff(chain.time_s)[step]
    side = chain.side[:-1][step]
    off = [gap[side == s] - np.median(gap[side == s]) for s in range(2) if (side == s).any()]
    return float(1.4826 * np.median(np.abs(np.concatenate(off)))) / chain.beat_s if off else 1.0


def _warnings(
    recording: Recording, reach: Reach, high: onsets.Singles | None = None, low: Floats | None = None
) -> tuple[str, ...]:
    """What the decoder met, and what spoils the take."""
    found = quality.inspect(recording, reach=reach, high=high, low=low) if recording.rate_hz > 0 else ()
    return (*recording.notes, *found)
