"""The motion of a rotor in two gimbal rings, with the rings' own inertia: a variational integrator in their angles.

The outer ring turns by `phi` about the stand's upright (y), the inner by `theta` about a level axis n, the rotor by
`psi` about its shaft a, which leans by theta from the upright. With momenta p of the three angles,

    H = p_theta^2 / 2 A + (p_phi - p_psi cos theta)^2 / 2 B(theta) + p_psi^2 / 2 C - (first moment) . g
    B = (across + 2 ring) sin^2 theta + ring cos^2 theta + outer          (whittaker1937, section 65, with the rings)

Each term is flown exactly, in a palindrome: kick, phi, theta and psi, phi, kick; five such of Suzuki's weights make a
step of fourth order. B never vanishes, so that gimbal lock is stiff and not singular. Of the imbalance the offset acts
on the motion; the skew of the axis is heard and not felt here. The stand's turning enters as -w x L - J dw/dt, with L
the rotor's.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from heartwright.records import Floats

THETA, PHI, PSI, PT, PF, PS = range(6)
N_STATE = 6
A, ACROSS, INNER, OUTER, C, ML, MEX, MEZ, VISCOUS, DRY, LAMINAR, TURBULENT, RING_VISCOUS, RING_DRY = range(14)
N_BODY = 14
SPENT_BEARING, SPENT_AIR, SPENT_PIVOT, STAND, JX, JY, JZ = range(7)
N_BOOK = 7


@njit(cache=True, inline="always")
def _moment(theta: float, phi: float, psi: float, body: Floats) -> tuple[float, float, float]:
    """First moment of mass about the centre, in the stand's frame [kg m]: of a weight on the shaft, of imbalance."""
    st, ct, sf, cf = math.sin(theta), math.cos(theta), math.sin(phi), math.cos(phi)
    ml, c, s = body[ML], math.cos(psi), math.sin(psi)
    # in the inner ring's frame (x' across, y' shaft, z' = -n), then by -theta about z, then by phi about y
    x, z = body[MEX] * c + body[MEZ] * s, body[MEZ] * c - body[MEX] * s
    u, v = x * ct + ml * st, ml * ct - x * st
    return u * cf + z * sf, v, z * cf - u * sf


@njit(cache=True, inline="always")
def _phi(
    theta: float, phi: float, psi: float, pt: float, pf: float, ps: float, body: Floats, h: float
) -> tuple[float, float, float]:
    """Exact flow of (pf - ps cos theta)^2 / 2 B over h."""
    s, c = math.sin(theta), math.cos(theta)
    b = (body[ACROSS] + 2.0 * body[INNER]) * s * s + body[INNER] * c * c + body[OUTER]
    slope = 2.0 * (body[ACROSS] + body[INNER]) * s * c
    rate = (pf - ps * c) / b
    return phi + h * rate, psi - h * rate * c, pt - h * rate * (ps * s - 0.5 * rate * slope)


@njit(cache=True)
def rates(state: Floats, body: Floats) -> tuple[float, float, float]:
    """Rates of theta, phi and of the rotor in space about its shaft [rad/s]; state [6], body [14]."""
    s, c = math.sin(state[THETA]), math.cos(state[THETA])
    b = (body[ACROSS] + 2.0 * body[INNER]) * s * s + body[INNER] * c * c + body[OUTER]
    return state[PT] / body[A], (state[PF] - state[PS] * c) / b, state[PS] / body[C]


@njit(cache=True)
def kinetic(state: Floats, body: Floats) -> float:
    """Kinetic energy [J]; state [6], body [14]."""
    turning, rate, spin = rates(state, body)
    return 0.5 * (state[PT] * turning + (state[PF] - state[PS] * math.cos(state[THETA])) * rate + state[PS] * spin)


@njit(cache=True)
def first_moment(state: Floats, body: Floats) -> tuple[float, float, float]:
    """First moment of mass about the centre, in the stand's frame [kg m]; state [6], body [14]."""
    return _moment(state[THETA], state[PHI], state[PSI], body)


@njit(cache=True)
def turning_momentum(state: Floats, body: Floats) -> tuple[float, float, float]:
    """Angular momentum of rotor and rings about the centre, in the stand's frame [N m s]; state [6], body [14]."""
    st, ct, sf, cf = math.sin(state[THETA]), math.cos(state[THETA]), math.sin(state[PHI]), math.cos(state[PHI])
    _, rate, _ = rates(state, body)
    along = state[PS] + body[INNER] * rate * ct
    aside = (body[ACROSS] + 2.0 * body[INNER]) * rate * st
    # a = (st cf, ct, -st sf); across it, away from the upright's foot, (-ct cf, st, ct sf); n = -(sf, 0, cf)
    level = along * st - aside * ct
    return (level * cf - state[PT] * sf, along * ct + aside * st + body[OUTER] * rate, -level * sf - state[PT] * cf)


@njit(cache=True)
def momentum(state: Floats, body: Floats) -> tuple[float, float, float]:
    """Momentum of what lies off the centre [N s], in the stand's frame; state [6], body [14]."""
    turning, rate, spin = rates(state, body)
    st, ct, sf, cf = math.sin(state[THETA]), math.cos(state[THETA]), math.sin(state[PHI]), math.cos(state[PHI])
    mx, my, mz = _moment(state[THETA], state[PHI], state[PSI], body)
    # the shaft's turning, and the rotor's own about the shaft besides, seen from the rings
    wx, wy, wz = -turning * sf, rate, -turning * cf
    own = spin - rate * ct
    ax, ay, az = st * cf, ct, -st * sf
    wx, wy, wz = wx + own * ax, wy + own * ay, wz + own * az
    return wy * mz - wz * my, wz * mx - wx * mz, wx * my - wy * mx


@njit(cache=True, inline="always")
def _slowed(p: float, inertia: float, viscous: float, dry: float, h: float) -> tuple[float, float]:
    """A momentum after viscous and dry friction over h, and the joules spent."""
    after = p / (1.0 + h * viscous / inertia)
    after = math.copysign(max(abs(after) - h * dry, 0.0), after)
    return after, 0.5 * (p * p - after * after) / inertia


@njit(cache=True, inline="always")
def _rub(
    theta: float, phi: float, pt: float, pf: float, ps: float, body: Floats, h: float, books: Floats
) -> tuple[float, float, float]:
    """Friction over h: air on the rotor, its bearings in the inner ring, the bearings of both rings."""
    s, c = math.sin(theta), math.cos(theta)
    b = (body[ACROSS] + 2.0 * body[INNER]) * s * s + body[INNER] * c * c + body[OUTER]
    spin = abs(ps / body[C])
    if body[LAMINAR] > 0.0:
        drag = max(body[LAMINAR] * spin**1.5, body[TURBULENT] * spin**1.8)
        after = ps / (1.0 + h * drag / (body[C] * spin + 1e-30))
        books[SPENT_AIR] += 0.5 * (ps * ps - after * after) / body[C]
        pf += (after - ps) * c
        books[JX] += (after - ps) * s * math.cos(phi)
        books[JY] += (after - ps) * c
        books[JZ] -= (after - ps) * s * math.sin(phi)
        ps = after
    # the bearing feels psi's own rate, ps / C - cos theta x phi's: inertia of that slip 1 / (1 / C + cos^2 / B)
    slip = ps / body[C] - c * (pf - ps * c) / b
    yielding = 1.0 / (1.0 / body[C] + c * c / b)
    after, spent = _slowed(slip * yielding, yielding, body[VISCOUS], body[DRY], h)
    books[SPENT_BEARING] += spent
    ps += after - slip * yielding
    pt, spent = _slowed(pt, body[A], body[RING_VISCOUS], body[RING_DRY], h)
    books[SPENT_PIVOT] += spent
    u = pf - ps * c
    after, spent = _slowed(u, b, body[RING_VISCOUS], body[RING_DRY], h)
    books[SPENT_PIVOT] += spent
    return pt, pf + after - u, ps


@njit(cache=True, inline="always")
def _shaken(
    theta: float, phi: float, pt: float, pf: float, ps: float, body: Floats, h: float,
    w: tuple[float, float, float], dw: tuple[float, float, float], books: Floats,
) -> tuple[float, float, float]:  # fmt: skip
    """The stand's turning w [rad/s] and its change dw [rad/s2], over h: -w x L - J dw on each angle."""
    s, c, sf, cf = math.sin(theta), math.cos(theta), math.sin(phi), math.cos(phi)
    b = (body[ACROSS] + 2.0 * body[INNER]) * s * s + body[INNER] * c * c + body[OUTER]
    before = 0.5 * (pt * pt / body[A] + (pf - ps * c) ** 2 / b + ps * ps / body[C])
    ax, ay, az = s * cf, c, -s * sf
    tx, ty, tz = ps * (w[2] * ay - w[1] * az), ps * (w[0] * az - w[2] * ax), ps * (w[1] * ax - w[0] * ay)
    along = -body[C] * (dw[0] * ax + dw[1] * ay + dw[2] * az)
    pt += h * (-tx * sf - tz * cf + body[A] * (dw[0] * sf + dw[2] * cf))
    pf += h * (ty - (b * dw[1]) + along * c)
    ps += h * along
    books[STAND] += 0.5 * (pt * pt / body[A] + (pf - ps * c) ** 2 / b + ps * ps / body[C]) - before
    return pt, pf, ps


@njit(cache=True)
def go(
    state: Floats, body: Floats, books: Floats, weights: Floats, n: int, h: float, g: tuple[float, float, float],
    w: tuple[float, float, float], dw: tuple[float, float, float],
) -> int:  # fmt: skip
    """n steps of h [s] under the apparent gravity g [m/s2] on a stand turning at w [rad/s], dw [rad/s2]; returns n.

    state [6] and books [7] are changed (joules by sink, the stand's work, impulse of weight and air [N m s]);
    body [14], weights [n_stage]; all vectors in the stand's frame.
    """
    theta, phi, psi = state[THETA], state[PHI], state[PSI]
    pt, pf, ps = state[PT], state[PF], state[PS]
    pulled = body[ML] != 0.0 or body[MEX] != 0.0 or body[MEZ] != 0.0
    rubbed = body[LAMINAR] + body[VISCOUS] + body[DRY] + body[RING_VISCOUS] + body[RING_DRY] > 0.0
    shaken = w[0] != 0.0 or w[1] != 0.0 or w[2] != 0.0 or dw[0] != 0.0 or dw[1] != 0.0 or dw[2] != 0.0
    for _ in range(n):
        for j in range(weights.shape[0] + 1):
            if pulled:
                left = weights[j - 1] if j > 0 else 0.0
                right = weights[j] if j < weights.shape[0] else 0.0
                kick = 0.5 * h * (left + right)
                mx, my, mz = _moment(theta, phi, psi, body)
                tx, ty, tz = my * g[2] - mz * g[1], mz * g[0] - mx * g[2], mx * g[1] - my * g[0]
                sf, cf, st, ct = math.sin(phi), math.cos(phi), math.sin(theta), math.cos(theta)
                pt -= kick * (tx * sf + tz * cf)
                pf += kick * ty
                ps += kick * (tx * st * cf + ty * ct - tz * st * sf)
                books[JX] += kick * tx
                books[JY] += kick * ty
                books[JZ] += kick * tz
            if j == weights.shape[0]:
                break
            flight = weights[j] * h
            phi, psi, pt = _phi(theta, phi, psi, pt, pf, ps, body, 0.5 * flight)
            theta += flight * pt / body[A]
            psi += flight * ps / body[C]
            phi, psi, pt = _phi(theta, phi, psi, pt, pf, ps, body, 0.5 * flight)
        if shaken:
            pt, pf, ps = _shaken(theta, phi, pt, pf, ps, body, h, w, dw, books)
        if rubbed:
            pt, pf, ps = _rub(theta, phi, pt, pf, ps, body, h, books)
    state[THETA], state[PHI], state[PSI] = theta, phi, psi
    state[PT], state[PF], state[PS] = pt, pf, ps
    return n


def ring_body(
    *, across: float, along: float, inner: float, outer: float, overweight: float, imbalance: tuple[float, float],
    bearing: tuple[float, float], air: tuple[float, float], rings: tuple[float, float],
) -> Floats:  # fmt: skip
    """The array that the kernels know a gimballed rotor by, shape (14,)."""
    return np.array(
        [across + inner, across, inner, outer, along, overweight, *imbalance, *bearing, *air, *rings], dtype=float
    )
