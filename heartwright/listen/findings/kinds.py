"""Movements that are no Swiss lever: what can be said of them, and what is withheld and why.

An amplitude is that of a lever: it needs the balance angle between the first and third sound. Others sound otherwise,
so that a lift angle gives a number without meaning. Rate and beat error need only the beats.

A quartz movement is recognised by its steps: one every half, one or two seconds to a hundredth of a per cent, both of
every pair alike in time and sound. A pendulum that beats seconds is not: its two sides differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from heartwright.records import Interval, Reading

DAY_S = 86400.0


class KindError(ValueError):
    """An escapement that is not known; the message lists those that are."""


@dataclass(frozen=True, slots=True)
class Kind:
    """An escapement: whether the lever's amplitude holds for it, why not, and what else to know of its figures."""

    name: str
    amplitude: bool
    why: str = ""
    note: str = ""
    every_other: bool = False  # impulse, and the loud sound, at every other swing


KINDS: Final = (
    Kind("lever", True),
    Kind("pin-pallet", True, note="A pin-pallet's first sound is the jewel on the fork as in a lever, but its lock is "
         "softer: the amplitude is less certain."),
    Kind("co-axial", False, "a co-axial's impulses come through two paths, at other angles on either side: the span "
         "between its sounds is not that of one lift angle"),
    Kind("cylinder", False, "a cylinder's tooth rubs on the balance all through its swing and there is no fork: the "
         "sounds do not mark two angles of the balance"),
    Kind("duplex", False, "a duplex gives impulse once in two swings from a second set of teeth: no lift angle of a "
         "lever is in its sounds", every_other=True),
    Kind("detent", False, "a detent's balance unlocks and takes its impulse once in two swings, without a fork: no "
         "lift angle of a lever is in its sounds", note="The soft swing's sound is the passing spring: the beat error "
         "compares the two and is no fault of the collet.", every_other=True),
    Kind("pendulum", False, "a pendulum's swing is not in the times of its sounds: read it at a scale behind the bob"),
    Kind("verge", False, "a verge recoils through its whole swing: the sounds do not mark two angles of the balance"),
    Kind("quartz", False, "a quartz movement has no balance"),
)  # fmt: skip


def named(name: str) -> Kind:
    """The escapement of that name. Raises KindError."""
    wanted = name.strip().lower().replace(" ", "-").replace("coaxial", "co-axial").replace("swiss-lever", "lever")
    for kind in KINDS:
        if kind.name == wanted:
            return kind
    raise KindError(f"escapement {name!r} is not known; there are {', '.join(kind.name for kind in KINDS)}")


def told(reading: Reading, name: str) -> Reading:
    """A reading of a movement whose escapement was told. Raises KindError for an unknown one."""
    kind = named(name)
    if kind.name == "quartz":
        return _quartz(reading)
    out = replace(reading, escapement=kind.name)
    if reading.status != "ok":
        return out
    lines = list(reading.advice)
    if not kind.amplitude:
        lines = [line for line in lines if "amplitude" not in line.lower()]
        lines.append(f"No amplitude: {kind.why}.")
        out = _without_amplitude(out)
    if kind.every_other:
        out, line = _every_other(out)
        lines += [line] if line else []
    if kind.note:
        lines.append(kind.note)
    return replace(out, advice=tuple(lines))


def _without_amplitude(reading: Reading) -> Reading:
    table = reading.table
    if table is not None:
        table = replace(table, amplitude_deg=np.full(len(table), np.nan))
    return replace(
        reading, table=table, amplitude_deg=None, amplitude_timed="", amplitude_scatter_deg=None,
        amplitude_any_lift_deg=None,
    )  # fmt: skip


def _every_other(reading: Reading) -> tuple[Reading, str]:
    """Where only every other swing was heard, the rate is taken against half the nominal beat."""
    beat, nominal = reading.beat_rate_bph, reading.nominal_bph
    if beat is None or nominal is None or not abs(2.0 * beat.value / nominal - 1.0) < 0.02:
        return reading, ""

    def rate(bph: float) -> float:
        return (2.0 * bph / nominal - 1.0) * DAY_S

    found = Interval(rate(beat.value), rate(beat.low), rate(beat.high))
    line = f"Only every other swing is heard: {beat.value:,.0f} sounds an hour are {2 * beat.value:,.0f} swings."
    return replace(reading, rate_s_per_day=found, rate_low_repeat=None, rate_high_repeat=None), line


# ---------------------------------------------------------------------------------------------------- quartz

_STEPS_S = (0.5, 1.0, 2.0)
_NEAR = 1e-4  # of the step: 9 s/d, a quartz and a recorder's clock together
_PAIR_S = 3e-4  # two steps of a pair never come so much apart
_REGULAR = 4e-4  # scatter of the steps [of a step]
_ALIKE = 0.97  # correlation of the two sides' averaged sounds
_FEWEST_STEPS = 8


def recognise(reading: Reading) -> Reading:
    """The reading, and where its beats are the steps of a quartz movement, said so."""
    return _quartz(reading) if is_quartz(reading) else reading


def is_quartz(reading: Reading) -> bool:
    """Whether the beats of a reading are the steps of a quartz movement."""
    table, beat = reading.table, reading.beat_rate_bph
    if reading.status != "ok" or table is None or beat is None or reading.beats < _FEWEST_STEPS:
        return False
    step = 3600.0 / beat.value
    unsure = beat.half_width / beat.value
    if not any(abs(step / s - 1.0) < _NEAR + min(unsure, _NEAR) for s in _STEPS_S):
        return False
    error = reading.beat_error_signed_ms
    if error is None or abs(2e-3 * error) > _PAIR_S:
        return False
    regular = np.diff(table.residual_ms[np.isfinite(table.residual_ms)])
    scatter = 1.4826e-3 * float(np.median(np.abs(regular))) / np.sqrt(2.0)
    return scatter < _REGULAR * step and _alike(reading)


def _alike(reading: Reading) -> bool:
    """Whether both sides of the averaged beat sound the same."""
    fold = reading.fold_envelope
    if fold is None or len(fold) < 2 or not np.all(np.isfinite(fold)):
        return False
    a, b = (np.log(np.maximum(side, 1e-3 * side.max()) + 1e-30) for side in fold)
    return bool(np.std(a) > 0 and np.std(b) > 0 and np.corrcoef(a, b)[0, 1] > _ALIKE)


def _quartz(reading: Reading) -> Reading:
    """What is left of a reading of a quartz movement: its rate, with the recorder's clock in the interval."""
    out = replace(_without_amplitude(reading), escapement="quartz")
    if reading.status != "ok" or reading.beat_rate_bph is None:
        return out
    step = 3600.0 / reading.beat_rate_bph.value
    line = (
        f"A quartz movement, a step every {step:.3g} s: there is no beat to judge; its rate is that of its quartz, and "
        "a recorder's clock is no better than it. Measure it against NTP (--clock-ppm, or a long run with a clock log)."
    )
    return replace(out, beat_error_ms=None, beat_error_signed_ms=None, beat_error_drop_ms=None, advice=(line,))
