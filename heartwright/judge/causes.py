"""Likely causes: a posterior over sound classes, wide on purpose.

Each feature of the reading is put on one scale, its distance from the healthy middle (1 = the limit of health), with
the standard deviation that its interval gives. In health a distance is normal with its 99th percentile at 1, with a
thin broad tail; where a class moves a feature, it is half-normal (or normal, where either sign occurs) of three widths
alike: nobody documents how large faults are, so small, plain and gross ones are let through. *None of these* lets every
feature go anywhere. Likelihood times prior is tempered (features share their noise) and normalised. *Undecided* is the
share of the prior's entropy that the take did not remove. These likelihoods are simple by intent, not yet calibrated.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import stats
from scipy.special import logsumexp

from heartwright.judge.bench import Bench
from heartwright.judge.features import Displaced, displaced_per_thousand, first_over_second, tooth_pattern, wander
from heartwright.judge.figures import percent_of_beat
from heartwright.judge.phrase import lowered
from heartwright.records import Cause, Interval, Reading

_HEALTHY_SIGMA: Final = 1.0 / 2.326  # the limit is the 99th percentile
_TAIL: Final = 0.005  # healthy movements that stray, share and width
_FAULT_SIGMAS: Final = (1.5, 5.0, 15.0)  # small, plain and gross, equally likely
_TEMPER: Final = 0.8  # exponent of the likelihood: features are not independent
_STRANGE_PRIOR: Final = 0.05
_SPOILT: Final = ("clipping", "noise gate", "noise suppression", "automatic gain")  # warnings that begin so
_SPOILT_ODDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class SoundClass:
    """One row of causes.toml."""

    name: str
    members: tuple[str, ...]
    prior: float
    kinds: tuple[str, ...]
    effects: dict[str, str]
    next: str
    source: str


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a reading on the common scale: 0 the healthy middle, +-1 the limits of health."""

    distance: float
    sigma: float
    one_sided: bool  # cannot be less than health (a scatter, a count)


@cache
def catalogue() -> tuple[SoundClass, ...]:
    """The sound classes of causes.toml."""
    rows = tomllib.loads(Path(__file__).with_name("causes.toml").read_text(encoding="utf-8"))["class"]
    return tuple(_sound_class(row) for row in rows)


def _sound_class(row: dict[str, Any]) -> SoundClass:
    return SoundClass(**{**row, "members": tuple(row["members"]), "kinds": tuple(row["kinds"])})


def weigh_causes(reading: Reading, bench: Bench, moved: tuple[Displaced, ...]) -> tuple[Cause, ...]:
    """Probabilities of the sound classes, `undecided` and `none_of_these` among them; likeliest first, sum 1."""
    rows = [row for row in catalogue() if set(row.kinds) & set(bench.kinds)]
    heard = features(reading, bench, moved)
    spoilt = any(line.startswith(_SPOILT) for line in reading.warnings)
    priors = np.array([*(_prior(row, spoilt) for row in rows), _STRANGE_PRIOR])
    logs = [sum(_log_density(f, row.effects.get(name, "")) for name, f in heard.items()) for row in rows]
    logs.append(sum(_log_strange(f) for f in heard.values()))
    weights = np.log(priors) + _TEMPER * np.array(logs, dtype=float)
    posterior = np.exp(weights - weights.max())
    posterior /= posterior.sum()
    undecided = min(1.0, _entropy(posterior) / _entropy(priors / priors.sum()))
    shares = posterior * (1.0 - undecided)
    found = [Cause(row.name, row.members, float(p)) for row, p in zip(rows, shares[:-1], strict=True)]
    found.append(Cause("none_of_these", (), float(shares[-1])))
    found.append(Cause("undecided", (), float(1.0 - shares.sum())))
    return tuple(sorted(found, key=lambda cause: -cause.probability))


def _prior(row: SoundClass, spoilt: bool) -> float:
    """The prior of a class; a recording that was tampered with makes the recorder a likelier culprit."""
    return row.prior * (_SPOILT_ODDS if spoilt and row.name == "not the watch" else 1.0)


def no_causes() -> tuple[Cause, ...]:
    """The answer to a take in which nothing could be read."""
    return (Cause("undecided", (), 1.0), Cause("healthy", (), 0.0), Cause("none_of_these", (), 0.0))


def features(reading: Reading, bench: Bench, moved: tuple[Displaced, ...]) -> dict[str, Feature]:
    """Whatever the take and the limits allow, on the common scale; what is missing is left out, not guessed."""
    teeth = bench.design.escapement.teeth if bench.design is not None else 15
    pattern = None if bench.kind_is("pendulum") and bench.design is None else tooth_pattern(reading, teeth)
    voice = reading.voice
    offered: dict[str, tuple[str, Interval | None]] = {
        "rate": ("rate_s_per_day", reading.rate_s_per_day),
        "amplitude": ("amplitude_deg", reading.amplitude_deg),
        "knocking": ("knock_deg", reading.amplitude_deg),
        "scatter": ("beat_scatter_ms", reading.beat_scatter_ms),
        "displaced": ("displaced_per_thousand", displaced_per_thousand(reading, moved)),
        "wander": ("wander_s_per_day", wander(reading)),
        "tooth_pattern": ("tooth_pattern_ms", pattern[0] if pattern is not None else None),
        "first_over_second": ("s1_over_s2_db", first_over_second(reading)),
        "stroke": ("stroke_period_s", voice.period_s if voice is not None else None),
    }
    if bench.kind_is("pendulum"):
        offered["beat_error"] = ("beat_error_percent", percent_of_beat(reading))
    else:
        offered["beat_error"] = ("beat_error_ms", reading.beat_error_ms)
    found = {name: _feature(quantity, figure, bench) for name, (quantity, figure) in offered.items()}
    return {name: feature for name, feature in found.items() if feature is not None}


def next_measurement(reading: Reading, bench: Bench, causes: tuple[Cause, ...]) -> str:
    """The cheapest measurement that would decide more: what costs nothing first, then what parts likely causes."""
    if reading.status != "ok":
        return (
            lowered(reading.advice[0]) if reading.advice else "record 60 s in a quiet room, the microphone on the crown"
        )
    if reading.duration_s < 30.0:
        return "listen for 60 s: every interval would narrow"
    lever = not bench.kind_is("pendulum")
    if lever and reading.amplitude_deg is None and reading.lift_deg is None:
        return "tell the lift angle (--lift-deg, or --movement): the same take then gives the amplitude"
    if lever and reading.amplitude_deg is None:
        return "record again in a quieter room, the microphone on the crown: that would bring the amplitude"
    named = [c for c in causes if c.sound_class not in ("healthy", "undecided", "none_of_these")]
    healthy = next((c.probability for c in causes if c.sound_class == "healthy"), 0.0)
    if named and named[0].probability > healthy:
        return next(row.next for row in catalogue() if row.name == named[0].sound_class)
    if bench.wind is None and lever and not bench.kind_is("heart"):
        return "wind fully and listen again, or listen in a vertical position: that shows the reserve"
    return next(row.next for row in catalogue() if row.name == "healthy")


def _feature(quantity: str, figure: Interval | None, bench: Bench) -> Feature | None:
    limit = bench.limit(quantity)
    if figure is None or limit is None:
        return None
    ends = [limit.distance(x) for x in (figure.value, figure.low, figure.high)]
    return Feature(ends[0], (max(ends) - min(ends)) / 3.92, limit.low is None)


def _log_density(feature: Feature, effect: str) -> float:
    """log p(distance | class), the class moving this feature by `effect` ("" = not at all)."""
    d, s = feature.distance, feature.sigma
    if effect == "":
        strays = np.log(_TAIL) + _log_either(d, s)
        return float(np.logaddexp(np.log1p(-_TAIL) + _log_normal(d, _HEALTHY_SIGMA, s), strays))
    if effect == "*" and not feature.one_sided:
        return _log_either(d, s)
    return _log_one_way(-d if effect == "-" else d, s)


def _log_strange(feature: Feature) -> float:
    one_way = feature.one_sided
    return _log_one_way(feature.distance, feature.sigma) if one_way else _log_either(feature.distance, feature.sigma)


def _log_either(distance: float, noise: float) -> float:
    """log density of a moved feature where either sign occurs."""
    return float(logsumexp([_log_normal(distance, w, noise) for w in _FAULT_SIGMAS]) - np.log(len(_FAULT_SIGMAS)))


def _log_one_way(distance: float, noise: float) -> float:
    """log density of a feature moved to the positive side."""
    return float(logsumexp([_log_half_normal(distance, w, noise) for w in _FAULT_SIGMAS]) - np.log(len(_FAULT_SIGMAS)))


def _log_normal(distance: float, width: float, noise: float) -> float:
    return float(stats.norm.logpdf(distance, 0.0, np.hypot(width, noise)))


def _log_half_normal(distance: float, width: float, noise: float) -> float:
    """Half-normal of `width` on the positive side, seen through normal noise (closed form)."""
    noise = max(noise, 0.05)
    total = float(np.hypot(width, noise))
    inside = stats.norm.logcdf(distance * width / (noise * total))
    return float(np.log(2.0) + stats.norm.logpdf(distance, 0.0, total) + inside)


def _entropy(p: np.ndarray) -> float:
    return float(-np.sum(p * np.log(np.maximum(p, 1e-300))))
