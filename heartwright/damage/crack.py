"""An edge crack at the root of a reed: stress intensity, growth over years, and the stress that runs it through.

Stress intensity K = F(a/b) S sqrt(pi a) with Tada's edge crack in tension [tada2000, 0.5 % for any a/b], S the nominal
(gross) stress at the outer fibre. A reed is bent, not pulled: for plate bending of a through crack K is smaller by
(1 + nu) / (3 + nu) = 0.40; the truth lies between the two forms, so both are offered.
"""

from __future__ import annotations

import math

from heartwright.damage.material import BRASS, SHAPE_FACTOR, Metal

SECONDS_A_YEAR = 365.25 * 86400.0


def shape_factor(share: float) -> float:
    """F of an edge crack over `share` (0..1) of the width."""
    if not 0.0 <= share < 1.0:
        raise ValueError(f"a crack over {share:g} of the width: 0 to below 1 is allowed")
    b = 0.5 * math.pi * share
    if b == 0.0:
        return 1.122
    return math.sqrt(math.tan(b) / b) * (0.752 + 2.02 * share + 0.37 * (1.0 - math.sin(b)) ** 3) / math.cos(b)


def intensity(stress: float, crack: float, width: float, *, bending: bool = False, metal: Metal = BRASS) -> float:
    """Stress intensity [Pa sqrt(m)] of a crack [m] under a nominal stress [Pa]; the tension form unless `bending`."""
    form = (1.0 + metal.poisson) / (3.0 + metal.poisson) if bending else 1.0
    return form * shape_factor(crack / width) * stress * math.sqrt(math.pi * crack)


def collapse_stress(share: float, metal: Metal = BRASS) -> float:
    """Nominal elastic stress [Pa] at which the ligament beside a crack over `share` of the width is fully plastic."""
    return SHAPE_FACTOR * metal.yield_stress * (1.0 - share)


def first_yield(share: float, metal: Metal = BRASS) -> float:
    """Nominal elastic stress [Pa] at which the ligament's outer fibre yields."""
    return metal.yield_stress * (1.0 - share)


def grown(
    crack: float, width: float, stress_range: float, cycles: float, *, bending: bool = False, metal: Metal = BRASS
) -> float:
    """Length of the crack [m] after `cycles` of a nominal stress range [Pa], by Paris and Erdogan: da/dN = C dK^m.

    Below the threshold it does not grow at all. It is followed to nine tenths of the width and no further.
    """
    left = cycles
    while left > 0.0 and crack < 0.9 * width:
        dk = intensity(stress_range, crack, width, bending=bending, metal=metal)
        if crack <= 0.0 or dk < metal.threshold:
            return crack
        rate = metal.paris_c * (dk / 1e6) ** metal.paris_m
        step = min(0.002 * width, 0.01 * crack, rate * left)
        crack += step
        left -= step / rate
    return min(crack, 0.9 * width)


def years_to(
    share: float, crack: float, width: float, stress_range: float, *, hz: float = 1.0, metal: Metal = BRASS
) -> float:
    """Years of `hz` cycles a second until a crack [m] reaches `share` of the width; infinite below the threshold."""
    cycles = 0.0
    while crack < share * width:
        dk = intensity(stress_range, crack, width, metal=metal)
        if dk < metal.threshold:
            return math.inf
        step = min(0.002 * width, 0.01 * crack)
        cycles += step / (metal.paris_c * (dk / 1e6) ** metal.paris_m)
        crack += step
    return cycles / hz / SECONDS_A_YEAR
