"""From a design to its reading, composed once: run, sound, listen. No verdict: the judge stands above.

    outcome = trial(Design.load("watch-6497"), (), seed=1, conditions=Conditions(seconds=60))

Rehearsal, atlas, fleet and the coverage benchmarks are this one function, spread over workers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from heartwright import listen, sound
from heartwright.design import Design
from heartwright.edit import Edit, apply
from heartwright.records import Outcome, Trace
from heartwright.works import figures, movement


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a trial is run and heard. `wind`: share of the mainspring still wound; `hear` False: no sound, no reading.

    `knows_lift` False keeps the design's lift angle from the listener.
    """

    seconds: float = 60.0
    position: str = "CH"
    tilt_deg: float = 0.0
    wind: float = 1.0
    temperature_c: float = 23.0
    torque: float | None = None
    dirt: bool = True
    start_deg: float | None = None
    hear: bool = True
    knows_lift: bool = True
    rate_hz: int = 96_000
    snr_db: float = 40.0
    clock_ppm: tuple[float, float] = (0.0, 30.0)


def trial(design: Design, edits: Iterable[Edit] = (), seed: int = 1, conditions: Conditions | None = None) -> Outcome:
    """Run `design` with `edits` done, listen to it, and say how it ended.

    Raises EditError where an edit does not fit. A movement that stops or jams, or cannot be heard, is a value.
    """
    c = conditions or Conditions()
    changed = apply(edits, design)
    trace = movement.run(
        changed, seconds=c.seconds, seed=seed, dirt=c.dirt, position=c.position, tilt_deg=c.tilt_deg, wind=c.wind,
        temperature_c=c.temperature_c, torque=c.torque, start_deg=c.start_deg,
    )  # fmt: skip
    reading = None
    if c.hear and len(trace.impacts):
        lift = figures.banking_lift_deg(changed) if c.knows_lift else None
        audio = sound.render(trace, rate_hz=c.rate_hz, body=changed, snr_db=c.snr_db, seed=seed)
        reading = listen.measure(audio, lift_deg=lift, clock_ppm=c.clock_ppm)
    return Outcome(trace.status, trace.advice, summary(trace), reading)


def summary(trace: Trace) -> dict[str, float]:
    """Counts and means of a trace: what is worth keeping of it."""
    b = trace.beats
    out = {"seconds": trace.seconds, "beats": float(len(b)), "impacts": float(len(trace.impacts))}
    if len(b) > 3:
        out |= {
            "amplitude_deg": trace.amplitude_deg,
            "amplitude_sd_deg": float(np.degrees(np.nanstd(b.amplitude_rad))),
            "rate_s_per_day": trace.rate_s_per_day,
            "beat_error_ms": movement.beat_error_ms(trace),
        }
    out["residual_ratio"] = trace.ledger.residual_ratio
    return out | trace.figures
