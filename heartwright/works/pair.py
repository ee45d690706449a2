"""Two movements on one cart, stepped close to the engine: the inner loop of Huygens' experiment.

The same exchange as in `coupled` (the works first, the cart follows; what a clock was told is kept and made up), for
one sideways coordinate and two movements whose masses hang loose. A cart is [x, v, v as told, force 1, force 2], then
its books: work on the clocks, work on the cart, lost, and what moves. Its coefficients are exact for a held force.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from heartwright.engine.layout import GX, JIT, JIT_INLINE, LOG_FULL, MOMENT_X, MOMENT_Y, OSC, REACHED, T_NOW
from heartwright.engine.located import advance
from heartwright.records import Floats

X, V, TOLD, F1, F2, ON_CLOCKS, ON_CART, LOST, MOVING = range(9)
N_CART = 9
DT, XX, XV, VX, VV, XF, VF, LIGHT, SPRING, LOOSE1, LOOSE2 = range(11)
ROOM = 200  # rows of log that one step may need


@njit(**JIT_INLINE)
def aside(m: Any, s: Any) -> Any:
    """First moment of the oscillator's mass along x, and its rate [kg m, kg m/s]."""
    b = m.option_i[OSC]
    c, i = math.cos(s.angle[b]), math.sin(s.angle[b])
    mx, my = m.rotor[b, MOMENT_X], m.rotor[b, MOMENT_Y]
    return c * mx - i * my, -s.speed[b] * (i * mx + c * my)


@njit(**JIT_INLINE)
def full(g: Any) -> bool:
    """Whether a log may overflow in the next step."""
    if g.count[0] + ROOM > g.impact.shape[0] or g.count[1] + ROOM > g.opening.shape[0]:
        return True
    return g.count[2] + ROOM > g.crossing.shape[0]


@njit(**JIT)
def run_pair(
    m1: Any, s1: Any, k1: Any, g1: Any, m2: Any, s2: Any, k2: Any, g2: Any, cart: Any, p: Any, steps: int
) -> tuple[int, int]:
    """`steps` steps of the exchange; why it came back, and how many were done."""
    for n in range(steps):
        if full(g1) or full(g2):
            return LOG_FULL, n
        dt, force = p[DT], cart[F1] + cart[F2]
        ahead = p[VX] * cart[X] + p[VV] * cart[V] + p[VF] * force
        told = (ahead - cart[TOLD]) / dt
        cart[TOLD] = ahead
        r1, v1 = aside(m1, s1)
        m1.option_f[GX] = -told
        code = advance(m1, s1, k1, g1, s1.number[T_NOW] + dt)
        m1.option_f[GX] = 0.0
        if code != REACHED:
            return code, n
        r2, v2 = aside(m2, s2)
        m2.option_f[GX] = -told
        code = advance(m2, s2, k2, g2, s2.number[T_NOW] + dt)
        m2.option_f[GX] = 0.0
        if code != REACHED:
            return code, n
        q1, w1 = aside(m1, s1)
        q2, w2 = aside(m2, s2)
        cart[F1] = (v1 - w1) / dt - p[LOOSE1] * told
        cart[F2] = (v2 - w2) / dt - p[LOOSE2] * told
        force = cart[F1] + cart[F2]
        x = p[XX] * cart[X] + p[XV] * cart[V] + p[XF] * force
        v = p[VX] * cart[X] + p[VV] * cart[V] + p[VF] * force
        held = 0.5 * p[LIGHT] * (v * v - cart[V] * cart[V]) + 0.5 * p[SPRING] * (x * x - cart[X] * cart[X])
        cart[ON_CLOCKS] -= told * (q1 - r1 + q2 - r2)
        cart[ON_CART] += force * (x - cart[X])
        cart[LOST] += force * (x - cart[X]) - held
        cart[MOVING] = v * (w1 + w2) + 0.5 * (p[LOOSE1] + p[LOOSE2]) * v * v
        cart[X], cart[V] = x, v
    return REACHED, steps


def coefficients(dt: float, *, light: float, stiffness: float, damping: float, loose: tuple[float, float]) -> Floats:
    """What `run_pair` needs of a cart: `light` is its mass without what hangs loose [kg]."""
    from scipy.linalg import expm

    a = np.zeros((3, 3))
    a[0, 1] = 1.0
    a[1] = -stiffness / light, -damping / light, 1.0 / light
    e = expm(a * dt)
    return np.array([dt, e[0, 0], e[0, 1], e[1, 0], e[1, 1], e[0, 2], e[1, 2], light, stiffness, *loose])
