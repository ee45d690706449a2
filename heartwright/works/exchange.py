"""The heart's escapement and pump stepped in turn.

First the pump with the escape wheel held, then the escapement with the remontoire's anchor held: the spring's energy is
exchanged exactly.
"""

from __future__ import annotations

import math

from numba import njit

from heartwright.engine.layout import DRY, JIT, NO_PROGRESS, REACHED, REST, STIFF, T_NOW
from heartwright.engine.located import advance, may_fly
from heartwright.works import pump

WHEEL = 0  # the escape wheel's rotor
EXCHANGE_AWAKE, EXCHANGE_ASLEEP = 1e-4, 1e-3
SPENT_LONGEST = 0.5  # a heart whose remontoire is slack for so long has stopped [s]


@njit(**JIT)
def run_heart(m, s, k, g, until, ps, pp, pe, window, friction, longest, record, record_dt, events, count, wave, noise):
    """Run escapement and pump in turn to `until`; why the escapement came back."""
    while s.number[T_NOW] < until - 1e-14:
        t = s.number[T_NOW]
        wheel = s.angle[WHEEL]
        dt = EXCHANGE_ASLEEP if may_fly(m, s) else EXCHANGE_AWAKE
        dt = min(dt, until - t)
        pump.release(ps, pp, wheel, t, wave, noise, events, count)
        pump.advance_pump(ps, pp, pe, wheel, t, dt, longest, record, record_dt, events, count)
        anchor = pp[pump.OFFSET] + ps[pump.ARBOR] / pp[pump.RATIO]
        s.drive[WHEEL, REST] = anchor
        s.drive[WHEEL, STIFF] = pp[pump.K_REM] if anchor > wheel else 0.0  # a stop pin: it cannot push back
        ahead = (pp[pump.STAR] - wheel) / pp[pump.STAR_PITCH]
        ahead = (ahead - math.floor(ahead)) * pp[pump.STAR_PITCH]
        s.drive[WHEEL, DRY] = friction if ahead < window else 0.0
        ps[pump.SPENT_FOR] = ps[pump.SPENT_FOR] + dt if anchor <= wheel else 0.0
        if ps[pump.SPENT_FOR] > SPENT_LONGEST:
            return NO_PROGRESS
        code = advance(m, s, k, g, t + dt)
        if code != REACHED:
            return code
    return REACHED
