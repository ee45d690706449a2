"""Hand rate beside beat rate: the dial read at two moments or more.

The beat rate is heard at the escapement, the hand rate is what the wearer sees: shown time against true time, by
weighted least squares over the readings of the dial. They agree in a sound watch. The causes of a difference are those
that the trade documents (data/fault_signatures.csv), and a missing escape tooth: each pallet misses it once a turn,
and each time the wheel runs one pitch further to the next tooth, so that n teeth give 2 n - 4 beats a turn (so it is on
the contact-level twin too) and the hands gain 2 / (n - 2) of all time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heartwright.records import Interval
from heartwright.sessions.figures import covariance
from heartwright.sessions.model import DialReading, Session

DAY_S = 86400.0
SHORTEST_S = 600.0
FEWEST_TEETH, MOST_TEETH = 12, 40  # of an escape wheel of a watch or clock


@dataclass(frozen=True, slots=True)
class Hands:
    """Hand rate, beat rate and their difference [s/d], 95 %; None where they cannot be had. `meaning` says what of."""

    hand_rate_s_per_day: Interval | None
    beat_rate_s_per_day: Interval | None
    difference_s_per_day: Interval | None
    differs: bool | None
    over_s: float
    meaning: tuple[str, ...]
    advice: tuple[str, ...]


def hands(session: Session) -> Hands:
    """The hand rate of the session's dial readings, beside the mean beat rate of its takes."""
    dial = sorted(session.dial, key=lambda d: d.time)
    over = (dial[-1].time - dial[0].time).total_seconds() if dial else 0.0
    beat = _beat_rate(session)
    if len(dial) < 2 or over < SHORTEST_S:
        need = "Read the dial twice, a day apart is good" if len(dial) < 2 else "The dial readings span too little time"
        return Hands(None, beat, None, None, over, (), (f"{need}: heartwright session dial FILE --shown 10:08:30.",))
    hand = _slope(dial)
    advice = _advice(dial, hand, beat)
    if beat is None:
        return Hands(hand, None, None, None, over, (), advice)
    sigma = float(np.hypot(hand.half_width, beat.half_width)) / 1.96
    gap = Interval.from_sigma(hand.value - beat.value, sigma)
    differs = not gap.low <= 0.0 <= gap.high
    return Hands(hand, beat, gap, differs, over, _meaning(gap, differs), advice)


def _slope(dial: Sequence[DialReading]) -> Interval:
    """Seconds gained a true day; with more than two readings also by how well they lie on a line."""
    day = np.array([(d.time - dial[0].time).total_seconds() for d in dial]) / DAY_S
    shown = np.array([d.shown_s for d in dial])
    weight = np.array([1.96 / d.within_s for d in dial]) ** 2
    centre = float(np.average(day, weights=weight))
    spread = float(np.sum(weight * (day - centre) ** 2))
    slope = float(np.sum(weight * (day - centre) * shown) / spread)
    sigma = spread**-0.5
    free = len(dial) - 2
    if free > 0:
        left = shown - np.average(shown, weights=weight) - slope * (day - centre)
        sigma *= max(1.0, float(np.sqrt(np.sum(weight * left**2) / free)))
    return Interval.from_sigma(slope, sigma)


def _beat_rate(session: Session) -> Interval | None:
    """Mean of the takes' rates, the clock included, and as wide as the positions differ: the wrist is no position."""
    entries = session.reading
    if not entries:
        return None
    noise, _ = covariance(entries)
    rates = np.array([e.rate_s_per_day.value for e in entries])
    share = np.full(len(rates), 1.0 / len(rates))
    sigma = float(np.sqrt(share @ noise @ share))
    mean = float(rates.mean())
    low, high = min(float(rates.min()), mean), max(float(rates.max()), mean)
    return Interval(mean, low - 1.96 * sigma, high + 1.96 * sigma)


def _meaning(gap: Interval, differs: bool) -> tuple[str, ...]:
    """What the trade knows of hands that do not go with the beat."""
    if not differs:
        return (
            "Hands and beat agree within their uncertainty: what the dial shows is the escapement's own rate "
            "(regulator, hairspring, magnetism, poise).",
        )
    if gap.value < 0.0:
        return (
            "The hands fall behind the beat: the cannon pinion (the friction of the motion work) slips, often at "
            "random; it cannot be heard. Or the movement stood for a while: was it worn and wound all along?",
        )
    teeth = _teeth(gap.value)
    lines = [
        "The hands run ahead of the beat: an escape tooth is missing, or worn pins or teeth let one slip by. Listen "
        "for a beat out of place once a turn of the escape wheel."
    ]
    low, high = _teeth(gap.high), _teeth(gap.low)
    counts = [n for n in range(FEWEST_TEETH, MOST_TEETH + 1) if low <= n <= high]
    if counts:
        named = ", ".join(str(n) for n in counts[:4])
        lines.append(f"One tooth missing of {named} would send them ahead by just that ({teeth:.1f} computed).")
    elif teeth > MOST_TEETH:
        lines.append("It is less than one tooth missing at every turn would give: now and then one slips by.")
    lines.append("Or they were set between the readings.")
    return tuple(lines)


def _teeth(gain_s_per_day: float) -> float:
    """Teeth of the escape wheel of which one missing gives this gain."""
    return 2.0 + 2.0 * DAY_S / gain_s_per_day


def _advice(dial: Sequence[DialReading], hand: Interval, beat: Interval | None) -> tuple[str, ...]:
    lines = []
    if beat is None:
        lines.append("No take of the beat in this session: add one (heartwright session add FILE take.wav).")
    if hand.half_width > 5.0:
        lines.append(f"The hand rate is known to +-{hand.half_width:.0f} s/d only: read the dial again a day later.")
    return tuple(lines)
