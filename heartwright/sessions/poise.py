"""Poise: the heavy side of the balance from four or more verticals.

A mass m at distance r from the staff pulls a balance of inertia I that swings theta = A cos(w t) with the torque
-m g r sin(theta + d), where d is the direction of the mass at rest, from down. The first-order average of Krylov and
Bogoliubov over a swing, with int sin(A cos p) cos p dp = 2 pi J1(A) [andronov1966], gives

    rate = 86400 (m g r / (I w^2)) (J1(A) / A) cos d      [s/d, + gains]

so that the rate is a first harmonic of the position: heavy side down at rest gains below A = 219.5 deg, the first zero
of J1, and loses above it. Near it the verticals agree whatever the poise is, and nothing can be said. The cosine and
sine of the harmonic are fitted by least squares weighted with the readings' covariance, each position with its own
amplitude's J1(A)/A; whether more than a first harmonic is there is a chi-square of what is left.
The mass centre of the hairspring gives the same harmonic: the rate cannot part it from the balance's.

Conventions: directions on the dial, clockwise from twelve, balance at rest; seen from the back they run the other way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heartwright.records import Floats, Interval
from heartwright.sessions.figures import covariance, wind_name
from heartwright.sessions.model import Entry, Session

ZERO_DEG = 219.54  # first zero of J1, 3.8317 rad
CLOSE_DEG = 15.0
GOOD_DEG = (140.0, 180.0)
FEWEST = 4
G = 9.80665
DAY_S = 86400.0
SPRING = "The hairspring's mass centre gives the same harmonic: the rate cannot part it from the balance's poise."


@dataclass(frozen=True, slots=True)
class Poise:
    """The first harmonic of rate against position, or why there is none.

    status: ok | no_side (harmonic without a heavy side) | balanced | declined. Angles on the dial [deg].
    """

    status: str
    advice: tuple[str, ...]
    positions: tuple[str, ...] = ()
    wind: str = ""
    mean_s_per_day: float | None = None  # mean of the verticals
    size_s_per_day: Interval | None = None  # amplitude of the harmonic: opposite verticals differ by up to twice it
    fastest_up_deg: Interval | None = None  # the direction that is up where the rate is greatest; may pass 360
    heavy_deg: Interval | None = None  # direction of the heavy side at rest; may pass 360
    amplitude_deg: float | None = None  # mean swing of the verticals
    unbalance_kg_m: Interval | None = None  # m r, where the balance's inertia is known
    left_chi2: float | None = None  # what the first harmonic leaves, chi-square
    left_free: int = 0  # its degrees of freedom
    left_p: float | None = None  # its probability were the first harmonic all
    fitted_s_per_day: tuple[tuple[str, float], ...] = ()


def gain_factor(amplitude_deg: Floats) -> Floats:
    """J1(A)/A, the rate's share of an unbalance: positive below 219.5 deg, negative above."""
    from scipy.special import j1

    a = np.radians(np.asarray(amplitude_deg, dtype=float))
    return np.asarray(j1(a) / a)


def poise(session: Session, *, inertia_kg_m2: float | None = None) -> Poise:
    """The poise of the session's verticals: those of one state of wind, the one with most positions."""
    entries, wind = _verticals(session.reading)
    positions = tuple(dict.fromkeys(e.position for e in entries))
    refused = _unfit(entries, positions)
    if refused:
        return Poise("declined", refused, positions, wind)
    return _fit(entries, positions, wind, inertia_kg_m2 or session.watch.inertia_kg_m2, _beat_bph(session, entries))


def _verticals(entries: Sequence[Entry]) -> tuple[list[Entry], str]:
    groups: dict[str, list[Entry]] = {}
    for e in entries:
        if not e.place.flat:
            groups.setdefault(wind_name(e.wind_h), []).append(e)
    if not groups:
        return [], ""
    wind = max(groups, key=lambda w: len({e.position for e in groups[w]}))
    return groups[wind], wind


def _unfit(entries: Sequence[Entry], positions: tuple[str, ...]) -> tuple[str, ...]:
    """Why no poise can be told from these readings, "" where it can."""
    if len(positions) < FEWEST:
        missing = [p for p in ("12H", "3H", "6H", "9H") if p not in positions]
        return (
            f"Poise needs four verticals or more in one state of wind, {len(positions)} are there: record "
            f"{', '.join(missing[: FEWEST - len(positions)]) or 'other angles'} next, at 140 to 180 deg.",
        )
    up = np.radians([e.place.up_deg or 0.0 for e in entries])
    if np.linalg.cond(np.column_stack([np.ones_like(up), np.cos(up), np.sin(up)])) > 10.0:
        return ("The verticals lie too close together to tell a harmonic: record positions all round, 90 deg apart.",)
    near = [e for e in entries if e.amplitude_deg is not None and _touches(e.amplitude_deg.interval)]
    if near:
        told = ", ".join(f"{e.position} {e.amplitude_deg.value:.0f}" for e in near if e.amplitude_deg is not None)
        return (
            f"Amplitude within 15 deg of 219.5 ({told} deg): there an unbalance leaves the rate alone and the "
            "verticals agree whatever the poise is. Let it run down to 140-180 deg and record them again.",
        )
    return ()


def _touches(amplitude: Interval) -> bool:
    within = abs(amplitude.value - ZERO_DEG) < CLOSE_DEG
    return within or amplitude.low < ZERO_DEG < amplitude.high


def _swing(entry: Entry) -> Interval | None:
    """The amplitude; without a lift that over all lifts, if it lies clear of the zero whatever the lift."""
    if entry.amplitude_deg is not None:
        return entry.amplitude_deg.interval
    loose = entry.amplitude_any_lift_deg
    if loose is None or (loose.low < ZERO_DEG + CLOSE_DEG and loose.high > ZERO_DEG - CLOSE_DEG):
        return None
    return loose.interval


def _beat_bph(session: Session, entries: Sequence[Entry]) -> float | None:
    return session.watch.nominal_bph or next((e.nominal_bph for e in entries if e.nominal_bph), None)


def _fit(
    entries: list[Entry], positions: tuple[str, ...], wind: str, inertia: float | None, bph: float | None
) -> Poise:
    rate = np.array([e.rate_s_per_day.value for e in entries])
    up = np.radians([e.place.up_deg or 0.0 for e in entries])
    noise, _ = covariance(entries)
    heard = [_swing(e) for e in entries]
    swings = np.array([a.value if a is not None else np.nan for a in heard])
    known = bool(np.isfinite(swings).all())
    exact = all(e.amplitude_deg is not None for e in entries)
    mean_swing = float(swings.mean()) if known else None
    factor = gain_factor(swings) if known else np.ones(len(entries))
    centre = float(np.mean(factor))
    basis = np.column_stack([np.ones(len(up)), factor / centre * np.cos(up), factor / centre * np.sin(up)])
    inverse = np.linalg.inv(noise + 1e-10 * np.eye(len(noise)))
    cov = np.linalg.inv(basis.T @ inverse @ basis)
    found = cov @ basis.T @ inverse @ rate
    left = rate - basis @ found
    chi2, free = float(left @ inverse @ left), len(entries) - 3
    size, fastest, certain = _polar(found[1:], cov[1:, 1:])
    side = _heavy(fastest, mean_swing) if certain else None
    p_left = _survival(chi2, free)
    return Poise(
        status="ok" if side is not None else "balanced" if not certain else "no_side",
        advice=_advice(size, certain, swings if known else None, p_left),
        positions=positions,
        wind=wind,
        mean_s_per_day=float(found[0]),
        size_s_per_day=size,
        fastest_up_deg=fastest if certain else None,
        heavy_deg=side,
        amplitude_deg=mean_swing,
        unbalance_kg_m=_unbalance(size, mean_swing, centre, inertia, bph) if certain and exact else None,
        left_chi2=chi2,
        left_free=free,
        left_p=p_left,
        fitted_s_per_day=tuple(zip((e.position for e in entries), (float(v) for v in basis @ found), strict=True)),
    )


def _polar(pair: Floats, cov: Floats) -> tuple[Interval, Interval, bool]:
    """Size and direction [deg] of a harmonic (cosine, sine) with covariance [2, 2]; whether it is there at all.

    It is there where the 95 % ellipse leaves out the origin. The size's low end is then that of the ellipse's normal
    interval along the direction, 0 otherwise.
    """
    size = float(np.hypot(*pair))
    direction = float(np.arctan2(pair[1], pair[0]))
    along = np.array([np.cos(direction), np.sin(direction)])
    across = np.array([-along[1], along[0]])
    certain = bool(pair @ np.linalg.inv(cov) @ pair > 5.991)
    sigma = float(np.sqrt(along @ cov @ along))
    turn = np.degrees(float(np.sqrt(across @ cov @ across)) / size) if size > 0 else 180.0
    reach = min(1.96 * turn, 180.0)
    centre = np.degrees(direction) % 360.0
    low = max(0.0, size - 1.96 * sigma) if certain else 0.0
    return Interval(size, low, size + 1.96 * sigma), Interval(centre, centre - reach, centre + reach), certain


def _heavy(fastest: Interval, swing_deg: float | None) -> Interval | None:
    """The heavy side: down where it is fastest below 219.5 deg, up above; None where the swing is not known."""
    if swing_deg is None:
        return None
    turn = 180.0 if swing_deg < ZERO_DEG else 0.0
    centre = (fastest.value + turn) % 360.0
    return Interval(centre, centre - fastest.half_width, centre + fastest.half_width)


def _unbalance(
    size: Interval, swing_deg: float | None, factor: float, inertia: float | None, bph: float | None
) -> Interval | None:
    """m r [kg m] of the harmonic, from the formula above; None where inertia or beat are not known."""
    if inertia is None or bph is None or swing_deg is None:
        return None
    omega = np.pi * bph / 3600.0
    scale = inertia * omega**2 / (DAY_S * G * abs(factor))
    return Interval(*(float(scale * v) for v in (size.value, size.low, size.high)))


def _survival(chi2: float, free: int) -> float | None:
    from scipy.special import chdtrc

    return float(chdtrc(free, chi2)) if free > 0 else None


def _advice(size: Interval, certain: bool, swings: Floats | None, p_left: float | None) -> tuple[str, ...]:
    lines = []
    if not certain:
        lines.append(
            f"No heavy side stands out of the readings' noise: opposite verticals differ by less than "
            f"{2.0 * size.high:.2g} s/d."
        )
    if swings is None:
        lines.append(
            "The amplitude of every vertical is not known well enough: which side is heavy depends on it (below "
            "219.5 deg the heavy side gains when down, above it loses). Give the lift angle and record again."
        )
    elif float(np.min(swings)) < GOOD_DEG[0] or float(np.max(swings)) > GOOD_DEG[1]:
        lines.append(
            f"Amplitude {float(np.min(swings)):.0f} to {float(np.max(swings)):.0f} deg: 140 to 180 is where an "
            "unbalance shows most and escapement and hairspring least; let it run down and record again to be sure."
        )
    if p_left is not None and p_left < 0.01:
        lines.append(
            f"More than a first harmonic is there (p = {p_left:.2g}): side shake, the hairspring between its pins or a "
            "take that had not settled also differ between verticals; the intervals do not hold them."
        )
    return (*lines, SPRING)
