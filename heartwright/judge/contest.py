"""Contesting a finding: a counter-claim is tested against the data and upheld, or the finding is sustained.

One claim so far: *the beat error is meant*. What is meant is steady: it stands the whole take through, and it does not
go with the swing. The take is cut into blocks; in each the beat error is had by itself. The claim is upheld where the
blocks agree within their own scatter (chi-squared), where no trend in time is left, and where the error does not go
with the amplitude more than a meant one must (an offset d of the rest position gives 2 asin(d / A) / w, which falls as
1 / A; that share is taken out first). Else the finding stands. Too short a take decides nothing, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

from heartwright.records import BeatTable, Floats, Interval, Reading

CLAIMS: Final = ("the beat error is meant",)
BLOCK_BEATS: Final = 16
FEWEST_BLOCKS: Final = 4
LEVEL: Final = 0.01  # of each test; three of them, so a steady error is refused in 3 of 100 takes


@dataclass(frozen=True, slots=True)
class Contest:
    """`ruling`: upheld (the counter-claim), sustained (the finding), or undecided; with reason and figures."""

    claim: str
    ruling: str
    reason: str
    figures: dict[str, float]

    @property
    def sentence(self) -> str:
        """The ruling in one line."""
        head = {"upheld": "Upheld", "sustained": "The finding stands", "undecided": "Undecided"}[self.ruling]
        return f"{head}: {self.reason}."


def contest(reading: Reading, claim: str = CLAIMS[0]) -> Contest:
    """Test a counter-claim against a reading. Raises ValueError for a claim that is not known."""
    if claim not in CLAIMS:
        raise ValueError(f"claim {claim!r}: there is {', '.join(repr(c) for c in CLAIMS)}")
    table = reading.table
    if table is None:
        return Contest(claim, "undecided", "no table of beats could be made from this take", {})
    blocks = _blocks(table)
    if len(blocks) < FEWEST_BLOCKS:
        need = FEWEST_BLOCKS * BLOCK_BEATS
        reason = f"the take has too few clear beats, {need} and more are needed"
        return Contest(claim, "undecided", reason, {"blocks": float(len(blocks))})
    error = reading.beat_error_ms
    if error is not None and error.low <= 0.0 and abs(error.value) < 0.05:
        return Contest(claim, "undecided", "there is no beat error to be meant", {"beat_error_ms": error.value})
    return _ruled(claim, blocks)


def _blocks(table: BeatTable) -> Floats:
    """Rows of (time [s], beat error [ms], its standard error, mean amplitude [deg]) of stretches of beats."""
    ok = np.isfinite(table.time_s) & (table.flag != "missed")
    gap = 1e3 * np.diff(table.time_s)
    good = ok[1:] & ok[:-1] & (table.side[1:] != table.side[:-1])
    signed = gap * table.side[1:]
    rows = []
    for i in range(0, len(gap) - BLOCK_BEATS + 1, BLOCK_BEATS):
        use = np.flatnonzero(good[i : i + BLOCK_BEATS]) + i
        pairs = [j for j in use if j + 1 in set(use)]
        if len(pairs) < BLOCK_BEATS // 2:
            continue
        # neighbouring intervals share a tick; half their signed sum is free of the period
        each = 0.5 * np.array([signed[j] + signed[j + 1] for j in pairs])
        # overlapping differences of neighbours are correlated: a block has about a third as many free ones
        error = float(np.std(each, ddof=1)) / np.sqrt(len(each) / 3.0)
        swing = table.amplitude_deg[i : i + BLOCK_BEATS]
        seen = swing[np.isfinite(swing)]
        level = float(np.mean(seen)) if len(seen) else np.nan
        rows.append((float(table.time_s[i]), float(each.mean()), error, level))
    return np.array(rows).reshape(-1, 4)


def _ruled(claim: str, blocks: Floats) -> Contest:
    t, error, sigma, swing = blocks.T
    sigma = np.maximum(sigma, 1e-3)
    known = np.isfinite(swing)
    raw = error.copy()
    if known.all():  # what a fixed rest position gives at the mean swing of the take
        error = error * swing / float(np.mean(swing))
    weight = 1.0 / sigma**2
    mean = float(np.sum(weight * error) / np.sum(weight))
    chi2 = float(np.sum(weight * (error - mean) ** 2))
    p_steady = float(stats.chi2.sf(chi2, len(t) - 1))
    slope, p_trend = _slope(t, error, sigma)
    figures = {"beat_error_ms": mean, "p_steady": p_steady, "trend_ms_per_min": 60.0 * slope, "p_trend": p_trend}
    figures |= {"blocks": float(len(t)), "scatter_ms": float(np.std(error, ddof=1))}
    p_swing = 1.0
    if known.sum() >= FEWEST_BLOCKS and float(np.ptp(swing[known])) > 1.0:
        meant = mean * float(np.mean(swing[known])) / swing[known]
        per_deg, p_swing = _slope(swing[known], raw[known] - meant, sigma[known])
        figures |= {"ms_per_deg": per_deg, "p_swing": p_swing}
    size = Interval.from_sigma(abs(mean), float(1.0 / np.sqrt(np.sum(weight))))
    figures |= {"low": size.low, "high": size.high}
    told = f"{abs(mean):.2f} ms ({size.low:.2f} to {size.high:.2f})"
    if p_trend < LEVEL:
        why = f"the beat error creeps by {60.0 * slope:+.2f} ms a minute; what is meant does not creep"
        return Contest(claim, "sustained", why, figures)
    if p_swing < LEVEL:
        why = "the beat error goes with the swing more than a fixed rest position explains"
        return Contest(claim, "sustained", why, figures)
    if p_steady < LEVEL:
        why = f"the beat error wanders by {figures['scatter_ms']:.2f} ms from stretch to stretch"
        return Contest(claim, "sustained", why, figures)
    return Contest(claim, "upheld", f"the beat error is {told}, steady, and does not go with the swing", figures)


def _slope(x: Floats, y: Floats, sigma: Floats) -> tuple[float, float]:
    """Weighted slope of y over x and its two-sided p-value, the scatter taken from the residuals where it is larger."""
    w = 1.0 / sigma**2
    xm, ym = float(np.average(x, weights=w)), float(np.average(y, weights=w))
    sxx = float(np.sum(w * (x - xm) ** 2))
    if sxx <= 0.0:
        return 0.0, 1.0
    slope = float(np.sum(w * (x - xm) * (y - ym))) / sxx
    rest = float(np.sum(w * (y - ym - slope * (x - xm)) ** 2)) / max(len(x) - 2, 1)
    return slope, float(2.0 * stats.t.sf(abs(slope) * np.sqrt(sxx / max(rest, 1.0)), max(len(x) - 2, 1)))
