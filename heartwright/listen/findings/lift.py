"""The lift angle where it is not known: taken over all lifts of its kind, or measured with a swing that is.

Amplitude is in proportion to the lift (A = L / (2 sin(pi t / T))), so that an amplitude heard with one lift serves for
all. *Unknown*: the lifts of the movements of the package's table whose beat is of the same kind (data/movements.csv;
each movement counts once, a disputed one is shared among its values) are the prior, and the amplitude's interval holds
them all. *Measured*: let the movement run down until the balance swings just 180 deg to each side, where an arm stops
at both turning points in one and the same place, half a turn from where it rests, and record it; the lift follows from
the swing that is known.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from heartwright.records import Floats, Interval

TRIAL_DEG = 50.0  # lift with which a take is heard whose lift is looked for
PLAUSIBLE_DEG = (30.0, 75.0)  # lifts of levers that are built
_FASTEST_VINTAGE_BPH, _SLOWEST_LEVER_BPH = 27_000.0, 17_000.0  # as the judge parts the kinds by their beat


@dataclass(frozen=True, slots=True)
class Lifts:
    """The lifts of one kind [deg] with their weights, shape [n] each; weights add up to 1."""

    kind: str
    lift_deg: Floats
    weight: Floats
    movements: int

    @property
    def reach_deg(self) -> tuple[float, float]:
        """Least and greatest."""
        return float(self.lift_deg.min()), float(self.lift_deg.max())


def prior(bph: float) -> Lifts | None:
    """Lifts of the lever movements that beat as fast as `bph` [beats/h]; None where no lever of the table does."""
    if bph < _SLOWEST_LEVER_BPH:
        return None
    modern = bph >= _FASTEST_VINTAGE_BPH
    rows = [lifts for beat, lifts in _table() if (beat >= _FASTEST_VINTAGE_BPH) == modern]
    values = np.array([lift for lifts in rows for lift in lifts])
    weight = np.array([1.0 / len(lifts) for lifts in rows for _ in lifts])
    return Lifts("modern levers" if modern else "levers, modern or vintage", values, weight / weight.sum(), len(rows))


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[float, tuple[float, ...]], ...]:
    """(beat, lifts) of every movement of the table that has both and beats as a lever does."""
    text = (resources.files("heartwright") / "data" / "movements.csv").read_text("utf-8")
    found = []
    for row in csv.DictReader(text.splitlines()):
        beats = _numbers(row["bph"], _SLOWEST_LEVER_BPH, 72_000.0)
        lifts = _numbers(row["lift_angle_deg"], *PLAUSIBLE_DEG)
        if beats and lifts:
            found.append((beats[0], lifts))
    return tuple(found)


def _numbers(text: str, low: float, high: float) -> tuple[float, ...]:
    values = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
    return tuple(dict.fromkeys(value for value in values if low <= value <= high))


def over_all(amplitude: Interval, lift_deg: float, lifts: Lifts) -> Interval:
    """The amplitude over all lifts of the kind [deg], from one heard with `lift_deg`.

    The median and the 95 % interval of the mixture: each lift's normal interval, weighted.
    """
    scale = lifts.lift_deg / lift_deg
    middle, sigma = amplitude.value * scale, amplitude.half_width / 1.96 * scale
    low, value, high = (_quantile(q, middle, sigma, lifts.weight) for q in (0.025, 0.5, 0.975))
    return Interval(value, low, high)


def _quantile(share: float, middle: Floats, sigma: Floats, weight: Floats) -> float:
    """The value below which `share` of a mixture of normals lies, by bisection."""
    from scipy.special import ndtr

    sigma = np.maximum(sigma, 1e-9)
    low, high = float(np.min(middle - 10.0 * sigma)), float(np.max(middle + 10.0 * sigma))
    for _ in range(60):
        half = 0.5 * (low + high)
        below = float(np.sum(weight * ndtr((half - middle) / sigma)))
        low, high = (half, high) if below < share else (low, half)
    return 0.5 * (low + high)


def from_swing(amplitude: Interval, trial_deg: float, swing_deg: float, within_deg: float) -> Interval:
    """The lift [deg] of a take heard with lift `trial_deg` while the balance really swung `swing_deg`.

    `within_deg` is half of the 95 % interval of the swing as it was seen.
    """
    lift = trial_deg * swing_deg / amplitude.value
    timed = np.array([amplitude.value - amplitude.low, amplitude.high - amplitude.value]) / amplitude.value
    seen = within_deg / swing_deg
    high, low = (lift * float(np.hypot(t, seen)) for t in timed)
    return Interval(lift, lift - low, lift + high)
