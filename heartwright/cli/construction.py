"""What a design's construction comes to: lock, draw, drop, run, and the acoustic lift of each sound that can be timed.

The acoustic lift of a landmark is 2 A sin(pi t / T), with t from the unlocking to the landmark and A the amplitude of
the same beat, over a clean run at full wind: what has to be entered for that landmark to give the true amplitude.
"""

from __future__ import annotations

import math

import numpy as np

from heartwright.design import Design
from heartwright.design.escapement import SwissLever
from heartwright.records import Beats, Floats

RUN_S = 10.0


def construction(design: Design) -> dict[str, float]:
    """Angles of the escapement as built [deg]; a lever's at the fork unless the wheel is named."""
    esc = design.escapement
    if not isinstance(esc, SwissLever):
        angles = {"lift_deg": esc.lift, "lock_deg": esc.lock, "drop_at_wheel_deg": esc.drop, "rest_deg": esc.rest}
        return {name: math.degrees(angle) for name, angle in angles.items()}
    angles = {
        "lock_deg": esc.lock,
        "run_deg": esc.run,
        "total_lock_deg": esc.lock + esc.run,
        "draw_entry_deg": esc.draw_entry,
        "draw_exit_deg": esc.draw_exit,
        "drop_at_wheel_deg": esc.drop,
        "lift_stone_deg": esc.lift_stone,
        "lift_tooth_deg": esc.lift_tooth,
        "banking_deg": esc.bank_angle,
        "geometric_lift_at_balance_deg": esc.lift_roller,
    }
    return {name: math.degrees(angle) for name, angle in angles.items()}


def acoustic(design: Design) -> dict[str, float]:
    """Acoustic lifts [deg] and the time from lock to banking [us], medians over a clean run; empty for a pendulum."""
    from heartwright.works import movement

    if not isinstance(design.escapement, SwissLever):
        return {}
    beats = movement.run(design, seconds=RUN_S, dirt=False).beats
    period = 2.0 / design.beat_hz
    found = {
        f"acoustic_lift_{name}_deg": _lift(beats, times, period)
        for name, times in (("drop", beats.drop_s), ("lock", beats.lock_s), ("banking", beats.bank_s))
    }
    run = beats.bank_s - beats.lock_s
    found["lock_to_banking_us"] = float(1e6 * np.nanmedian(run)) if np.isfinite(run).any() else float("nan")
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _lift(beats: Beats, times: Floats, period: float) -> float:
    lift = 2.0 * beats.amplitude_rad * np.sin(np.pi * (times - beats.unlock_s) / period)
    return float(np.degrees(np.nanmedian(lift))) if np.isfinite(lift).any() else float("nan")
