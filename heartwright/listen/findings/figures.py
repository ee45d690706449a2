"""From timed beats to the figures of a reading, each with its 95 % interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from heartwright.listen import advice
from heartwright.listen.beat.level import Level
from heartwright.listen.beat.track import Chain
from heartwright.listen.findings import allan, lift, oddities, steady, swing
from heartwright.listen.findings.steady import Steady
from heartwright.listen.findings.table import lay
from heartwright.listen.timing.landmarks import Landmarks
from heartwright.listen.timing.shape import SLOWEST_LEVER_S, Shape
from heartwright.records import BeatTable, Interval, Reading

DAY_S = 86400.0
PPM_TO_S_PER_DAY = 0.0864
# Beats an hour of common watches and clocks (seconds pendulum, half seconds, alarm clocks, watches).
STANDARD_BPH = (
    3600.0, 7200.0, 9000.0, 12000.0, 14400.0, 16200.0, 18000.0, 19800.0, 21600.0, 25200.0, 28800.0, 36000.0, 43200.0,
    72000.0,
)  # fmt: skip
NEAR_STANDARD = 0.005
SETTLED_S_PER_DAY = 2.0
PLAUSIBLE_DEG = (60.0, 350.0)  # beyond, the jewel knocks on the far side of the fork
SHORTEST_FOR_AMPLITUDE_S = 5.0


def reading(
    base: Reading,
    chain: Chain,
    shape: Shape,
    level: Level,
    marks: Landmarks,
    *,
    bph: float | None,
    movement_bph: float | None,
    clock_ppm: tuple[float, float],
    drift_s: float = 0.0,
) -> Reading:
    """The reading of a take whose beats have been timed.

    `drift_s` is by how much each beat the sound timed falls behind the middle of the swing, whose rate is told [s].
    """
    pace = steady.measure(chain.number, marks.time_s, chain.side)
    if pace is None:
        return replace(base, status="too_noisy", advice=(advice.too_noisy(level.snr_db),))
    beat_s, lines = pace.beat_s - drift_s, []
    heard_bph = 3600.0 / beat_s * (1.0 + 1e-6 * clock_ppm[0])
    nominal = bph or movement_bph or standard(heard_bph)
    if nominal is None:
        lines.append(advice.no_nominal(heard_bph))
    elif abs(heard_bph / nominal - 1.0) > 0.02:
        lines.append(advice.told_otherwise(nominal, heard_bph))
    relative = float(np.hypot(pace.beat_sigma_s, marks.trend_sigma_s)) / beat_s
    whole = float(np.hypot(relative, 1e-6 * clock_ppm[1]))
    table = lay(chain, marks, shape, level, pace, base.lift_deg)
    settled, why = _settled(chain, marks, relative * DAY_S)
    if not settled:
        lines.append(why)
    out = replace(
        base,
        status="ok",
        beats=int((table.flag != "missed").sum()),
        snr_db=level.snr_db,
        nominal_bph=nominal,
        settled=settled,
        beat_rate_bph=Interval.from_sigma(heard_bph, heard_bph * whole),
        beat_error_ms=_magnitude(1e3 * pace.error_s, 1e3 * float(np.hypot(pace.error_sigma_s, marks.common_s))),
        beat_error_signed_ms=1e3 * pace.error_s,
        beat_scatter_ms=_scatter(pace, marks),
        timing_noise_ms=1e3 * float(np.nanmedian(marks.sigma_s)),
        table=table,
        marks=oddities.marks(table),
        allan=allan.of_table(table),
    )
    if nominal is not None:
        rate = (heard_bph / nominal - 1.0) * DAY_S
        slope = heard_bph / nominal * DAY_S
        out = replace(
            out,
            rate_s_per_day=Interval.from_sigma(rate, slope * whole),
            rate_low_repeat=rate - 1.96 * slope * relative,
            rate_high_repeat=rate + 1.96 * slope * relative,
        )
    out = _with_heard(
        out, chain, marks, clock_ppm, np.isin(table.flag[chain.number - chain.number[0]], ["late", "early"])
    )
    out = _with_fold(_with_drop_error(out, chain, marks), shape)
    out, more = _with_amplitude(out, chain, marks, table, pace)
    if marks.one_side:
        out, more = _without_beat_error(out), (advice.one_side(), *more)
    return replace(out, advice=(*lines, *more))


def _without_beat_error(reading: Reading) -> Reading:
    """`reading` with nothing said of how the sides differ."""
    return replace(
        reading, beat_error_ms=None, beat_error_signed_ms=None, beat_error_drop_ms=None, beat_error_heard_ms=None
    )


def _with_heard(
    out: Reading, chain: Chain, marks: Landmarks, clock_ppm: tuple[float, float], displaced: NDArray[np.bool_]
) -> Reading:
    """Rate and beat error of the very beats heard: intervals of the take's errors, the watch's scatter no part.

    Beats that are `displaced` [n] may be other sounds, and are left out.
    """
    time_s = np.where(displaced, np.nan, marks.time_s)
    found = steady.heard(chain.number, time_s, chain.side, marks.sigma_s)
    if found is None:
        return out
    beat_s, beat_sigma_s, error_s, error_sigma_s = found
    beat_sigma_s = float(np.hypot(beat_sigma_s, marks.trend_sigma_s))
    out = replace(
        out,
        beat_timed=marks.landmark,
        beat_error_heard_ms=_magnitude(1e3 * error_s, 1e3 * float(np.hypot(error_sigma_s, marks.common_s))),
    )
    if out.nominal_bph is None:
        return out
    heard_bph = 3600.0 / beat_s * (1.0 + 1e-6 * clock_ppm[0])
    slope = heard_bph / out.nominal_bph * DAY_S
    sigma = slope * float(np.hypot(beat_sigma_s / beat_s, 1e-6 * clock_ppm[1]))
    return replace(out, rate_heard_s_per_day=Interval.from_sigma(slope - DAY_S, sigma))


def standard(bph: float) -> float | None:
    """The standard beat within 0.5 % of `bph`, if any."""
    near = min(STANDARD_BPH, key=lambda s: abs(s / bph - 1.0))
    return near if abs(bph / near - 1.0) <= NEAR_STANDARD else None


def _magnitude(value: float, sigma: float) -> Interval:
    """|value| with its interval folded at zero."""
    size = abs(value)
    return Interval(size, max(0.0, size - 1.96 * sigma), size + 1.96 * sigma)


def _settled(chain: Chain, marks: Landmarks, sigma_s_per_day: float) -> tuple[bool, str]:
    """Design's definition: repeat interval within +-2 s/d, and the last third agrees with the first two."""
    half = 1.96 * sigma_s_per_day
    if half > SETTLED_S_PER_DAY:
        return False, advice.unsettled(half)
    cut = len(chain) - len(chain) // 3
    parts = [
        steady.measure(chain.number[a:b], marks.time_s[a:b], chain.side[a:b]) for a, b in ((0, cut), (cut, len(chain)))
    ]
    first, last = parts
    if first is None or last is None:
        return False, advice.unsettled(half)
    gap = abs(first.beat_s - last.beat_s)
    joint = float(np.hypot(first.beat_sigma_s, last.beat_sigma_s))
    return (True, "") if gap < 2.58 * joint else (False, advice.unsettled(None))


def _scatter(pace: Steady, marks: Landmarks) -> Interval:
    """Scatter of the beats themselves [ms]: white part plus half the walk's step, the onset noise taken out."""
    noise = float(np.nanmedian(marks.sigma_s)) ** 2
    total = pace.white_s**2 + 0.5 * pace.walk_s**2
    error = 2.0 * float(np.hypot(pace.white_s * pace.white_sigma_s, 0.5 * pace.walk_s * pace.walk_sigma_s))
    error = float(np.hypot(error, 0.3 * noise))
    own = np.sqrt(np.maximum([total - noise, total - noise - 1.96 * error, total - noise + 1.96 * error], 0.0))
    return Interval(*(float(1e3 * v) for v in own))


def _with_drop_error(out: Reading, chain: Chain, marks: Landmarks) -> Reading:
    """The beat error timed at the third sound, beside that of the first."""
    third = marks.lock_s
    if not marks.lever or np.isfinite(third).sum() < 8:
        return out
    pace = steady.measure(chain.number, third, chain.side)
    if pace is None:
        return out
    sigma = float(np.hypot(pace.error_sigma_s, marks.common_s))
    return replace(out, beat_error_drop_ms=_magnitude(1e3 * pace.error_s, 1e3 * sigma))


def _with_fold(out: Reading, shape: Shape) -> Reading:
    """The folded beat, its marks; time counts from sound 1 of a lever, else from the loudest sound."""
    zero = float(np.nanmean(shape.first_s)) if shape.lever else 0.0
    axis = 1e3 * (shape.axis_s - zero)
    marks: tuple[tuple[str, float], ...] = ()
    if shape.lever:
        marks = (
            ("1 unlocking", 0.0),
            ("2 impulse", 1e3 * (float(np.nanmean(shape.impulse_s)) - zero)),
            ("3a lock", -1e3 * zero),
        )
    span = -1e3 * zero if shape.lever else np.inf
    keep = (axis > -0.6 * span) & (axis < 2.2 * span)
    return replace(
        out, fold_time_ms=axis[keep], fold_envelope=np.sqrt(np.maximum(shape.fold[:, keep], 0.0)), fold_marks_ms=marks
    )


def _with_amplitude(
    out: Reading, chain: Chain, marks: Landmarks, table: BeatTable, pace: Steady
) -> tuple[Reading, tuple[str, ...]]:
    """Amplitude with its interval, or the line of advice that says why not."""
    if marks.gated and pace.beat_s < SLOWEST_LEVER_S:
        return out, (advice.gated(),)
    if out.lift_deg is None:
        return _with_any_lift(out, chain, marks, pace)
    if out.duration_s < SHORTEST_FOR_AMPLITUDE_S:
        return out, (advice.short_for_amplitude(out.duration_s),)
    if not marks.lever:
        buried = marks.buried and out.snr_db is not None
        return out, (advice.third_buried(out.snr_db or 0.0) if buried else advice.no_pattern(out.beats),)
    found = swing.measure(marks, chain.side, pace.beat_s, out.lift_deg)
    if found is None:
        return out, (advice.no_pattern(out.beats),)
    if not PLAUSIBLE_DEG[0] <= found.amplitude_deg.value <= PLAUSIBLE_DEG[1]:
        return out, (advice.implausible(found.amplitude_deg.value, out.lift_deg),)
    lines = (advice.lock_or_banking(),) if marks.timed != "banking" else ()
    heard = replace(
        out,
        amplitude_deg=found.amplitude_deg,
        amplitude_timed=marks.timed,
        amplitude_scatter_deg=found.scatter_deg,
        amplitude_sides_deg=found.sides_deg,
    )
    return heard, lines


def _with_any_lift(out: Reading, chain: Chain, marks: Landmarks, pace: Steady) -> tuple[Reading, tuple[str, ...]]:
    """Amplitude over all lifts of the kind, where none was told; beats slower than any lever's have none to ask for."""
    if pace.beat_s >= SLOWEST_LEVER_S:
        return out, ()
    lifts = lift.prior(out.nominal_bph or 3600.0 / pace.beat_s)
    long_enough = marks.lever and out.duration_s >= SHORTEST_FOR_AMPLITUDE_S
    found = swing.measure(marks, chain.side, pace.beat_s, lift.TRIAL_DEG) if lifts and long_enough else None
    if found is None or lifts is None:
        return out, (advice.no_lift(),)
    amplitude = lift.over_all(found.amplitude_deg, lift.TRIAL_DEG, lifts)
    if not PLAUSIBLE_DEG[0] <= amplitude.value <= PLAUSIBLE_DEG[1]:
        return out, (advice.no_lift(),)
    told = advice.any_lift(amplitude, lifts.kind, lifts.reach_deg, lifts.movements)
    return replace(out, amplitude_any_lift_deg=amplitude), (told,)
