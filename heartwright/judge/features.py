"""Statistics of a reading that the words and the causes rest on. They read the beat table, never a trace.

Wander is the Allan deviation of the beat over ten seconds with the white-phase floor of the take's own timing noise
taken out (Allan 1966; Riley 2008, NIST SP 1065, for the equivalent degrees of freedom). Displaced beats are counted
against a running median, so that a slow drift does not pass for them. The intervals of counts are Garwood's (1936).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from heartwright.records import BeatTable, Floats, Interval, Reading

SECONDS_PER_DAY: Final = 86_400.0
WANDER_S: Final = 10.0  # averaging time of the wander
_STANDS_OUT: Final = 7.0  # robust standard deviations by which a displaced beat leaves its neighbours
_FAINT_DB: Final = 20.0  # below this a missing sound is more often weak than a fault
_SLIPS: Final = 0.02  # share of displaced beats from which a faint take is not believed
_LEAST_MS: Final = 0.5  # and no less than this: dirt alone moves a beat by tenths
_ROBUST: Final = 1.4826  # of a median absolute deviation, for a normal law
_NEIGHBOURS: Final = 9  # beats of one side in the running median


@dataclass(frozen=True, slots=True)
class Displaced:
    """One beat that left the ranks: when, by how much (+ late), and what it is called."""

    time_s: float
    shift_ms: float  # NaN where the beat was missed
    name: str  # late | early | missed | double


def displaced(reading: Reading) -> tuple[Displaced, ...]:
    """Beats that came late, early, twice or not at all, in order of time.

    The first and the last of a take may be cut by its ends and are left out. Where many are displaced in a faint take,
    it is the timing that slips, not the movement: none is told.
    """
    table = reading.table
    if table is None or not len(table):
        return ()
    shift = _shift_ms(table)
    scale = _ROBUST * _finite_median(np.abs(shift))
    noise = 1e3 * np.nan_to_num(np.asarray(table.sigma_s, dtype=float))
    far = np.abs(shift) > np.maximum(_LEAST_MS, _STANDS_OUT * np.maximum(scale, noise))
    found: list[Displaced] = []
    heard = np.flatnonzero(table.flag != "missed")  # before the first and after the last beat nothing is missing
    for i in range(heard[0] + 1, heard[-1]) if len(heard) else ():
        if not np.isfinite(table.time_s[i]):
            continue
        flag = str(table.flag[i])
        if flag in ("missed", "double"):
            found.append(Displaced(float(table.time_s[i]), float("nan"), flag))
        elif far[i]:
            found.append(Displaced(float(table.time_s[i]), float(shift[i]), "late" if shift[i] > 0 else "early"))
    slips = _is_faint(reading) and len(found) > max(1.0, _SLIPS * len(table))
    return () if slips else tuple(found)


def counted(reading: Reading, moved: tuple[Displaced, ...]) -> int:
    """How many of the displaced beats count against the movement: a beat missed in a faint take may only be faint."""
    faint = _is_faint(reading)
    return sum(m.name != "missed" or not faint for m in moved)


def _is_faint(reading: Reading) -> bool:
    return reading.snr_db is not None and reading.snr_db < _FAINT_DB


def displaced_per_thousand(reading: Reading, moved: tuple[Displaced, ...]) -> Interval | None:
    """Displaced beats in a thousand with Garwood's exact 95 % interval; None without a table."""
    table, count = reading.table, counted(reading, moved)
    if table is None or not len(table):
        return None
    scale = 1000.0 / len(table)
    low = 0.5 * float(stats.chi2.ppf(0.025, 2 * count)) if count else 0.0
    high = 0.5 * float(stats.chi2.ppf(0.975, 2 * count + 2))
    return Interval(scale * count, scale * low, scale * high)


def wander(reading: Reading) -> Interval | None:
    """Wander of the rate over ten seconds [s/d], timing noise taken out; None in takes shorter than four times that."""
    table = reading.table
    if table is None or len(table) < 16:
        return None
    phase = _sides_levelled(table)
    pairs = len(phase) // 2
    if pairs < 8:
        return None
    phase = 0.5e-3 * (phase[0 : 2 * pairs : 2] + phase[1 : 2 * pairs : 2])
    step = _finite_median(np.diff(table.time_s)) * 2.0
    phase = _without_outliers(phase[np.isfinite(phase)])
    span = round(WANDER_S / step) if step > 0 else 0
    if span < 1 or len(phase) < 4 * span:
        return None
    second = phase[2 * span :] - 2.0 * phase[span:-span] + phase[: -2 * span]
    tau = span * step
    variance = float(np.mean(second**2)) / (2.0 * tau**2)
    noise = 1e-3 * (reading.timing_noise_ms or 0.0) / np.sqrt(2.0)
    floor = 3.0 * noise**2 / tau**2
    freedom = max(1.0, len(phase) / span - 1.0)
    low = freedom / float(stats.chi2.ppf(0.975, freedom))
    high = freedom / float(stats.chi2.ppf(0.025, freedom))
    ends = [SECONDS_PER_DAY * float(np.sqrt(max(0.0, variance * k - floor))) for k in (1.0, low, high)]
    return Interval(*ends)


def tooth_pattern(reading: Reading, teeth: int) -> tuple[Interval, tuple[float, ...]] | None:
    """The largest delay that comes back with every turn of an escape wheel of `teeth` teeth [ms], and when it came.

    None in takes of fewer than four turns. The interval is that of the mean of the turns heard.
    """
    table = reading.table
    period = 2 * teeth
    if table is None or len(table) < 4 * period:
        return None
    phase = np.nan_to_num(_sides_levelled(table))
    turns = len(phase) // period
    slow = np.convolve(np.pad(phase, teeth, mode="edge"), np.full(period, 1.0 / period), mode="same")[teeth:-teeth]
    folded = (phase - slow)[: turns * period].reshape(turns, period)
    middle = np.median(folded, axis=0)
    worst = int(np.argmax(np.abs(middle)))
    sigma = _ROBUST * float(np.median(np.abs(folded[:, worst] - middle[worst]))) * 1.2533 / np.sqrt(turns)
    size = abs(float(middle[worst]))
    times = tuple(float(t) for t in table.time_s[worst : turns * period : period] if np.isfinite(t))
    return Interval(size, max(0.0, size - 1.96 * sigma), size + 1.96 * sigma), times


def first_over_second(reading: Reading) -> Interval | None:
    """Level of the heart's S1 over its S2 [dB]: whatever the microphone's gain, the two share it. None without both."""
    levels = {s.name: s.level_db for s in reading.voice.sounds} if reading.voice is not None else {}
    if "S1" not in levels or "S2" not in levels:
        return None
    first, second = levels["S1"], levels["S2"]
    half = float(np.hypot(first.half_width, second.half_width))
    value = first.value - second.value
    return Interval(value, value - half, value + half)


def reserve(reading: Reading, stopping_deg: float) -> Interval | None:
    """(Amplitude - stopping amplitude) / scatter of the amplitude; None where either was not measured."""
    amplitude, scatter = reading.amplitude_deg, reading.amplitude_scatter_deg
    if amplitude is None or scatter is None or scatter.value <= 0.0:
        return None
    value = (amplitude.value - stopping_deg) / scatter.value
    low = (amplitude.low - stopping_deg) / max(scatter.high, scatter.value)
    high = (amplitude.high - stopping_deg) / (scatter.low if scatter.low > 0.0 else 0.1 * scatter.value)
    return Interval(value, min(low, value), max(high, value))


def _finite_median(values: Floats) -> float:
    """Median of the finite values, 0 where there are none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else 0.0


def _shift_ms(table: BeatTable) -> Floats:
    """Residual of each beat from the running median of its own side [ms], shape [n_beat]."""
    residual = np.asarray(table.residual_ms, dtype=float)
    shift = np.full(len(residual), np.nan)
    for side in (1, -1):
        rows = np.flatnonzero((table.side == side) & np.isfinite(residual))
        if len(rows):
            own = residual[rows]
            shift[rows] = own - _running_median(own, _NEIGHBOURS)
    return shift


def _running_median(values: Floats, width: int) -> Floats:
    half = min(width // 2, max(0, (len(values) - 1) // 2))
    padded = np.pad(values, half, mode="reflect") if half else values
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    return np.asarray(np.median(windows, axis=1), dtype=float)


def _sides_levelled(table: BeatTable) -> Floats:
    """Residuals with the beat error (the constant difference of the two sides) taken out [ms]."""
    phase = np.array(table.residual_ms, dtype=float)
    for side in (1, -1):
        own = table.side == side
        phase[own] -= _finite_median(phase[own])
    return phase


def _without_outliers(phase: Floats) -> Floats:
    """Displaced beats are a figure of their own: they are set to their neighbours' middle before wander is measured."""
    if len(phase) < 3:
        return phase
    smooth = _running_median(phase, _NEIGHBOURS)
    rest = phase - smooth
    scale = _ROBUST * float(np.median(np.abs(rest)))
    return np.where(np.abs(rest) > _STANDS_OUT * scale, smooth, phase) if scale > 0 else phase
