"""What a design says of itself: lock, draw, drop and run on paper, their order in motion, and the acoustic lift angles.

The lift of a timed sound is the one that gives back the true amplitude, A = lift / (2 sin(pi t / T)) with t
from the unlocking to that sound; it is derived by running the design, clean, at its own amplitude.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heartwright.design import Design
from heartwright.design.escapement import Graham, SwissLever
from heartwright.geometry.swiss_lever import swiss_lever
from heartwright.records import Trace
from heartwright.works import movement

BEATS = 60


@dataclass(frozen=True, slots=True)
class Lifts:
    """Acoustic lift angles [deg] by timed sound; NaN where a design has no such sound."""

    drop: float
    lock: float
    bank: float


def on_paper(design: Design) -> dict[str, float]:
    """The escapement's figures by construction, each named with its unit."""
    esc = design.escapement
    if isinstance(esc, Graham):
        return {
            "teeth": float(esc.teeth),
            "lift_deg": math.degrees(esc.lift),
            "lock_deg": math.degrees(esc.lock),
            "drop_deg": math.degrees(esc.drop),
        }
    assert isinstance(esc, SwissLever)
    g = swiss_lever(esc)
    return {
        "teeth": float(esc.teeth),
        "lock_deg": math.degrees(g.lock),
        "run_deg": math.degrees(g.bank - g.impulse_end),
        "total_lock_deg": math.degrees(g.lock + g.bank - g.impulse_end),
        "draw_entry_deg": math.degrees(esc.draw_entry),
        "draw_exit_deg": math.degrees(esc.draw_exit),
        "drop_exit_deg": math.degrees(g.drop_exit),
        "drop_entry_deg": math.degrees(g.drop_entry),
        "guard_shake_deg": math.degrees(g.guard_shake),
        "lift_deg": math.degrees(esc.lift_roller),
    }


def in_motion(design: Design) -> dict[str, float]:
    """Order and lifts in a clean run: time from drop to lock and from lock to banking, least over both sides [us]."""
    trace = movement.run(design, seconds=BEATS / design.beat_hz, dirt=False)
    b = trace.beats
    if trace.status != "running" or len(b) < 8:
        return {}
    lifts = acoustic_lifts(trace)
    out = {"amplitude_deg": trace.amplitude_deg, "rate_s_per_day": trace.rate_s_per_day}
    if np.isfinite(b.bank_s).any():
        out["drop_to_lock_us"] = 1e6 * float(np.nanmin(b.lock_s - b.drop_s))
        out["lock_to_bank_us"] = 1e6 * float(np.nanmin(b.bank_s - b.lock_s))
    out |= {f"lift_{name}_deg": getattr(lifts, name) for name in ("drop", "lock", "bank")}
    return {k: v for k, v in out.items() if math.isfinite(v)}


def banking_lift_deg(design: Design) -> float | None:
    """The acoustic lift of the banking [deg], which gives the true amplitude whatever sets it; None for a pendulum.

    A design that does not run has no sound to time: its geometric lift is returned.
    """
    if design.lift_deg is None:
        return None
    return in_motion(design).get("lift_bank_deg", design.lift_deg)


def acoustic_lifts(trace: Trace) -> Lifts:
    """Lift angle for each sound that can be timed, both sides averaged, from a trace's own events and amplitude."""
    b, period = trace.beats, 7200.0 / trace.nominal_bph

    def lift(at: np.ndarray) -> float:
        share = np.sin(math.pi * (at - b.unlock_s) / period)
        each = 2.0 * np.degrees(b.amplitude_rad) * share
        sides = [each[(b.side == side) & np.isfinite(each)] for side in (1, -1)]
        return float(np.mean([s.mean() for s in sides])) if all(len(s) for s in sides) else float("nan")

    return Lifts(lift(b.drop_s), lift(b.lock_s), lift(b.bank_s))
