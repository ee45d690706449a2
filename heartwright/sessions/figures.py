"""X, D, DVH and Di of a session, with intervals.

X is the mean rate of the positions, D the greatest minus the least, DVH the mean of the verticals minus the mean of the
flat ones, Di = X(24 h) - X(full wind) over the positions that both have (ISO 3159 and the trade's usage [witschi2016]).
Only the six standard positions enter. Each position counts once, however often it was recorded.

Errors: the takes' own (rate without the recorder's clock), the clock's, common to all readings of one recorder, and how
well a position repeats, learnt from positions that were recorded more than once. As one covariance over the readings
they make the clock cancel in D, DVH and Di and stay in X. D is no linear figure: the greatest of several uncertain
rates lies too high by itself, so that its low end takes off the noise's own spread over all positions that could be
first or last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heartwright.records import Floats, Interval
from heartwright.sessions.model import Entry, Session
from heartwright.sessions.positions import ISO, STANDARD

LABEL = "ISO-style figures, not a certificate"
FULL_H, DAY_H = (0.0, 4.0), (20.0, 28.0)  # hours since winding that count as full wind and as 24 h
WARM_K = 4.0  # readings further apart in temperature are remarked on
SETTLE_S = (20.0, 60.0)
_REACH = 4.0  # sigmas within which a position could be first or last
_DRAWS = 8_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A position in one state of wind: its mean rate (clock left out), amplitude, beat error and how often recorded."""

    position: str
    wind: str  # full | 24 h | wind not told | 12 h, ...
    rate_s_per_day: Interval
    amplitude_deg: Interval | None
    beat_error_ms: Interval | None
    readings: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of a session. A figure that could not be made is None; `advice` says what to record next.

    X, D and DVH are those of `wind`; all intervals 95 %, in s/d.
    """

    label: str
    wind: str
    cells: tuple[Cell, ...]
    x: Interval | None
    d: Interval | None
    dvh: Interval | None
    di: Interval | None
    x_positions: tuple[str, ...]
    di_positions: tuple[str, ...]
    repeat_sigma_s_per_day: float | None  # how well a position repeats beyond the takes' own noise, None where unknown
    advice: tuple[str, ...]
    remarks: tuple[str, ...]


def wind_name(hours: float | None) -> str:
    """The state of wind that a reading counts for."""
    if hours is None:
        return "wind not told"
    if FULL_H[0] <= hours <= FULL_H[1]:
        return "full"
    if DAY_H[0] <= hours <= DAY_H[1]:
        return "24 h"
    return f"{hours:.0f} h"


def summary(session: Session) -> Summary:
    """The figures of `session`."""
    entries = session.reading
    groups = _groups(entries)
    noise, repeat = covariance(entries)
    rates = np.array([e.rate_s_per_day.value for e in entries])
    winds = [w for _, w in groups]
    wind = next((w for w in ("full", "wind not told", "24 h") if w in winds), winds[0] if winds else "full")
    held = {p: _weights(members, noise) for (p, w), members in groups.items() if w == wind and p in STANDARD}
    day = {p: _weights(members, noise) for (p, w), members in groups.items() if w == "24 h" and p in STANDARD}
    both = [p for p in STANDARD if p in held and p in day] if wind != "24 h" else []
    x = _linear(_mean(held, list(held)), rates, noise) if len(held) >= 2 else None
    flat, upright = _parted(held)
    can_part = len(flat) >= 1 and len(upright) >= 2
    dvh = _linear(_mean(held, upright) - _mean(held, flat), rates, noise) if can_part else None
    di = _linear(_mean(day, both) - _mean(held, both), rates, noise) if len(both) >= 2 else None
    d = _range(np.array([held[p] for p in held]), rates, noise) if len(held) >= 2 else None
    return Summary(
        label=LABEL,
        wind=wind,
        cells=tuple(_cell(key, members, entries, noise) for key, members in groups.items()),
        x=x,
        d=d,
        dvh=dvh,
        di=di,
        x_positions=tuple(p for p in STANDARD if p in held),
        di_positions=tuple(both) if di is not None else (),
        repeat_sigma_s_per_day=repeat,
        advice=_advice(held, day, wind, repeat),
        remarks=_remarks(entries),
    )


def _groups(entries: Sequence[Entry]) -> dict[tuple[str, str], list[int]]:
    """Indices of the readings by position and wind, the standard positions first."""
    found: dict[tuple[str, str], list[int]] = {}
    for i, e in enumerate(entries):
        found.setdefault((e.position, wind_name(e.wind_h)), []).append(i)
    order = {p: k for k, p in enumerate(STANDARD)}

    def place(item: tuple[tuple[str, str], list[int]]) -> tuple[int, int]:
        return order.get(item[0][0], len(order)), item[1][0]

    return dict(sorted(found.items(), key=place))


def covariance(entries: Sequence[Entry]) -> tuple[Floats, float | None]:
    """Covariance of the readings' rates, shape [n, n] [(s/d)2], and the repeatability's sigma [s/d]."""
    own = np.array([e.rate_repeat.sigma for e in entries])
    clock = np.array([e.clock_sigma for e in entries])
    name = np.array([e.recorder for e in entries], dtype=object)
    shared = (name[:, None] == name[None, :]) if len(entries) else np.zeros((0, 0))
    repeat, widened = _repeatability(entries, own)
    return np.diag(own**2 + widened**2) + np.outer(clock, clock) * shared, repeat


def _repeatability(entries: Sequence[Entry], own: Floats) -> tuple[float | None, float]:
    """How well a position repeats [s/d], and the same widened for the few repeats it rests on (Student)."""
    from scipy.special import stdtrit

    squares, expected, free = 0.0, 0.0, 0
    for members in _groups(entries).values():
        if len(members) > 1:
            rates = np.array([entries[i].rate_s_per_day.value for i in members])
            squares += float(np.sum((rates - rates.mean()) ** 2))
            expected += float(np.mean(own[members] ** 2)) * (len(members) - 1)
            free += len(members) - 1
    if not free:
        return None, 0.0
    sigma = float(np.sqrt(max(squares - expected, 0.0) / free))
    return sigma, sigma * float(stdtrit(free, 0.975)) / 1.96


def _weights(members: list[int], noise: Floats) -> Floats:
    """Weights of the readings of one position, shape [n], by the inverse of their own variance."""
    out = np.zeros(len(noise))
    variance = np.maximum(np.diag(noise)[members], 1e-12)
    out[members] = (1.0 / variance) / np.sum(1.0 / variance)
    return out


def _mean(cells: dict[str, Floats], positions: list[str]) -> Floats:
    return np.mean([cells[p] for p in positions], axis=0) if positions else np.zeros(0)


def _parted(cells: dict[str, Floats]) -> tuple[list[str], list[str]]:
    return [p for p in cells if p in ("CH", "CB")], [p for p in cells if p not in ("CH", "CB")]


def _linear(weights: Floats, rates: Floats, noise: Floats) -> Interval:
    return Interval.from_sigma(float(weights @ rates), float(np.sqrt(np.maximum(weights @ noise @ weights, 0.0))))


def _range(weights: Floats, rates: Floats, noise: Floats) -> Interval:
    """Greatest minus least of the positions' rates; `weights` has shape [n_position, n_reading]."""
    rate = weights @ rates
    cov = weights @ noise @ weights.T
    pair = np.sqrt(np.maximum(np.add.outer(np.diag(cov), np.diag(cov)) - 2.0 * cov, 0.0))
    gap = rate[:, None] - rate[None, :]
    value, high = float(gap.max()), float(np.max(gap + 1.96 * pair))
    first, last = int(np.argmax(rate)), int(np.argmin(rate))
    firsts = rate[first] - rate <= _REACH * pair[first]
    lasts = rate - rate[last] <= _REACH * pair[last]
    root = np.linalg.cholesky(cov + 1e-12 * np.eye(len(cov)))
    drawn = np.random.default_rng(0).standard_normal((_DRAWS, len(cov))) @ root.T
    spread = np.max(drawn[:, firsts], axis=1) - np.min(drawn[:, lasts], axis=1)
    return Interval(value, max(0.0, value - float(np.quantile(spread, 0.975))), high)


def _cell(key: tuple[str, str], members: list[int], entries: Sequence[Entry], noise: Floats) -> Cell:
    """One position's row: means over its readings; the clock is left out of the rate's interval."""
    mine = [entries[i] for i in members]
    clock = np.array([e.clock_sigma for e in mine])
    own = noise[np.ix_(members, members)] - np.diag(clock**2)
    weights = _weights(members, noise)[members]
    value = float(weights @ np.array([e.rate_s_per_day.value for e in mine]))
    sigma = float(np.sqrt(max(float(np.sum(weights**2 * np.diag(own))), 0.0)))
    amplitudes = [e.amplitude_deg.interval for e in mine if e.amplitude_deg is not None]
    errors = [e.beat_error_ms.interval for e in mine if e.beat_error_ms is not None]
    return Cell(key[0], key[1], Interval.from_sigma(value, sigma), _pooled(amplitudes), _pooled(errors), len(mine))


def _pooled(found: list[Interval]) -> Interval | None:
    """Plain mean of values and ends: what the takes share (the lift, the landmark) does not average out."""
    if not found:
        return None
    middle, low, high = (float(np.mean(ends)) for ends in zip(*((f.value, f.low, f.high) for f in found), strict=True))
    return Interval(middle, low, high)


def _advice(held: dict[str, Floats], day: dict[str, Floats], wind: str, repeat: float | None) -> tuple[str, ...]:
    """What to record next, the most useful first."""
    if not held:
        return ("No reading in a standard position yet: wind fully, lay it dial up (CH), wait 20-60 s, record 60 s.",)
    lines = []
    state = {"wind not told": "", "full": " at full wind"}.get(wind, f" at {wind}")
    missing = [p for p in ISO if p not in held]
    flat, upright = _parted(held)
    if len(held) < 2:
        lines.append(f"X and D need two positions or more: record {missing[0]} next.")
    if not flat or len(upright) < 2:
        wanted = [p for p in missing if (p in ("CH", "CB")) == (not flat)] or missing
        lines.append(f"DVH needs a flat position and two verticals: record {', '.join(wanted[:2])} next{state}.")
    elif not any({a, b} <= set(upright) for a, b in (("3H", "9H"), ("6H", "12H"))):
        lines.append("DVH is of verticals that do not face each other: want of poise enters it; record the opposite.")
    if missing and len(held) >= 2:
        lines.append(
            f"Of the five positions of ISO 3159, {', '.join(missing)} {'are' if missing[1:] else 'is'} missing."
        )
    if wind == "wind not told":
        lines.append("The wind was not told: give --wind full (or hours since winding), else Di cannot be made.")
    elif wind == "full" and len([p for p in held if p in day]) < 2:
        lines.append("Di needs two positions again 24 h after full wind: let it run, then record them with --wind 24.")
    if repeat is None:
        lines.append(
            "The intervals are the takes' own: record one position twice, turned away in between, to learn how well "
            "it repeats."
        )
    return tuple(lines)


def _remarks(entries: Sequence[Entry]) -> tuple[str, ...]:
    """What in the readings themselves makes the figures less than they seem."""
    lines = []
    warm = [e.temperature_c for e in entries if e.temperature_c is not None]
    if warm and max(warm) - min(warm) > WARM_K:
        lines.append(f"The readings span {min(warm):g} to {max(warm):g} deg C: temperature is in D and Di too.")
    hasty = [e.position for e in entries if e.waited_s is not None and e.waited_s < SETTLE_S[0]]
    if hasty:
        lines.append(f"{', '.join(hasty)}: recorded under 20 s after the turn; a watch settles for 20-60 s.")
    if len({e.recorder for e in entries}) > 1:
        lines.append("Several recorders were used: their clocks do not cancel between them and stand in the intervals.")
    unsettled = [e.position for e in entries if not e.settled]
    if unsettled:
        lines.append(f"Not settled when recorded: {', '.join(dict.fromkeys(unsettled))}; longer takes would narrow it.")
    nominal = {e.nominal_bph for e in entries if e.nominal_bph is not None}
    if len(nominal) > 1:
        lines.append("The readings name different nominal beats: is one of another watch, or wrongly counted?")
    return tuple(lines)
