"""The motion of a spinning body on a point: a Lie-group variational integrator.

A rotor turns on a shaft in a light frame, and both turn about a fixed point (Kelvin's gyrostat); a plain top is the
same without the frame. Attitude is a quaternion `q` of the shaft (its local +y), which does not spin, the rotor's angle
`psi` and the frame's angle `turn` about it. Momentum is kept in space: `pi` about the point, and the frame's own axial
part `p`.

    H = |P_perp|^2 / 2 A + P_3^2 / 2 C + p^2 / 2 D  +  P . M_res P / 2  -  (first moment) . g,    P = R' pi - p e_y

The discrete Lagrangian is the exact action of the free body less the potential by the trapezium rule; its discrete
Euler-Lagrange equations are kick, free flight, kick [marsden2001]. Free flight needs no Newton iteration, unlike
Moser and Veselov's or Lee, Leok and McClamroch's: `pi` stands, q <- exp(h pi / A) q, and each square of what an unequal
body adds, lambda (u . P)^2 / 2, turns the body about its own u by h lambda (u . P) (touma1994). So the momentum about
the vertical is conserved to the last bit, however fast the body spins. Five such steps of Suzuki's (1990) weights make
one of fourth order.

Friction is taken out once a step, momentum first, and its joules are the fall of the energy: never negative.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from heartwright.records import Floats
from heartwright.work import G, turned

Four = tuple[float, float, float, float]
_turned = njit(cache=True)(turned)

# state
QW, QX, QY, QZ, PSI, TURN, PX, PY, PZ, P = range(10)
N_STATE = 10
# body: inertia across [kg m2], along (rotor), along (frame; 0: a plain top), first moments [kg m] along the shaft and
# of the rotor's imbalance, bearing (viscous, dry), air (laminar, turbulent), pivot (viscous, dry), cosine of the lean
# at which it touches, then up to three squares (lambda, ux, uy, uz)
A, C, D, ML, MEX, MEZ, VISCOUS, DRY, LAMINAR, TURBULENT, PIVOT_VISCOUS, PIVOT_DRY, TOUCH, N_SQUARE, SQUARES = range(15)
N_BODY = SQUARES + 12
# books: joules spent, and the impulse of the pivot's friction on the stand [N m s]
SPENT_BEARING, SPENT_AIR, SPENT_PIVOT, JX, JY, JZ = range(6)
N_BOOK = 6

_W = 1.0 / (4.0 - 4.0 ** (1.0 / 3.0))
WEIGHTS = np.array([_W, _W, 1.0 - 4.0 * _W, _W, _W])
SECOND_ORDER = np.array([1.0])


@njit(cache=True, inline="always")
def _square_in_space(q: Four, c: float, s: float, body: Floats, at: int) -> tuple[tuple[float, float, float], float]:
    """The axis u of the square at `body[at]` in space, where the rotor's angle has cosine c and sine s; u along the
    shaft besides."""
    w, x, y, z = q
    u1, u2, u3 = body[at + 1] * c + body[at + 3] * s, body[at + 2], body[at + 3] * c - body[at + 1] * s
    # u in space, q u q*
    tx, ty, tz = 2.0 * (y * u3 - z * u2), 2.0 * (z * u1 - x * u3), 2.0 * (x * u2 - y * u1)
    return (u1 + w * tx + y * tz - z * ty, u2 + w * ty + z * tx - x * tz, u3 + w * tz + x * ty - y * tx), u2


@njit(cache=True, inline="always")
def _squares(
    q: Four, psi: float, turn: float, px: float, py: float, pz: float, p: float, body: Floats, h: float, forwards: bool
) -> tuple[Four, float]:
    """The turning that an unequal body adds over h, square by square, forwards or backwards through them."""
    w, x, y, z = q
    c, s = math.cos(psi), math.sin(psi)
    n = int(body[N_SQUARE])
    for k in range(n):
        at = SQUARES + 4 * (k if forwards else n - 1 - k)
        (vx, vy, vz), u2 = _square_in_space((w, x, y, z), c, s, body, at)
        angle = h * body[at] * (px * vx + py * vy + pz * vz - p * u2)
        half = 0.5 * angle
        if abs(half) < 1e-3:
            ch, sh = 1.0 - 0.5 * half * half, half * (1.0 - half * half / 6.0)
        else:
            ch, sh = math.cos(half), math.sin(half)
        ex, ey, ez = sh * vx, sh * vy, sh * vz
        w, x, y, z = (
            ch * w - ex * x - ey * y - ez * z,
            ch * x + ex * w + ey * z - ez * y,
            ch * y + ey * w + ez * x - ex * z,
            ch * z + ez * w + ex * y - ey * x,
        )
        turn -= angle * u2
    return (w, x, y, z), turn


@njit(cache=True, inline="always")
def _fly(
    q: Four, psi: float, turn: float, px: float, py: float, pz: float, p: float, body: Floats, h: float
) -> tuple[Four, float, float]:
    """Free flight of the body's symmetric part over h: about pi by h |pi| / A, the rotor about the shaft besides."""
    w, x, y, z = q
    a = body[A]
    ax, ay, az = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
    along = px * ax + py * ay + pz * az
    psi += h * ((along - p) / body[C] - along / a)
    turn += h * ((p / body[D] if body[D] > 0.0 else 0.0) - along / a)
    size = math.sqrt(px * px + py * py + pz * pz)
    half = 0.5 * h * size / a
    ch = math.cos(half)
    sh = math.sin(half) / size if size > 0.0 else 0.0
    ex, ey, ez = sh * px, sh * py, sh * pz
    return (
        (
            ch * w - ex * x - ey * y - ez * z,
            ch * x + ex * w + ey * z - ez * y,
            ch * y + ey * w + ez * x - ex * z,
            ch * z + ez * w + ex * y - ey * x,
        ),
        psi,
        turn,
    )


@njit(cache=True, inline="always")
def _moment(q: Four, psi: float, body: Floats) -> tuple[float, float, float]:
    """First moment of mass about the point, in space [kg m]."""
    w, x, y, z = q
    ml = body[ML]
    mx, my, mz = ml * 2.0 * (x * y - w * z), ml * (1.0 - 2.0 * (x * x + z * z)), ml * 2.0 * (y * z + w * x)
    if body[MEX] != 0.0 or body[MEZ] != 0.0:
        c, s = math.cos(psi), math.sin(psi)
        e1, e3 = body[MEX] * c + body[MEZ] * s, body[MEZ] * c - body[MEX] * s
        mx += e1 * (1.0 - 2.0 * (y * y + z * z)) + e3 * 2.0 * (x * z + w * y)
        my += e1 * 2.0 * (x * y + w * z) + e3 * 2.0 * (y * z - w * x)
        mz += e1 * 2.0 * (x * z - w * y) + e3 * (1.0 - 2.0 * (x * x + y * y))
    return mx, my, mz


@njit(cache=True)
def first_moment(state: Floats, body: Floats) -> tuple[float, float, float]:
    """First moment of mass about the point [kg m], in space; state [10], body [27]."""
    return _moment((state[QW], state[QX], state[QY], state[QZ]), state[PSI], body)


@njit(cache=True, inline="always")
def _rub(q: Four, px: float, py: float, pz: float, p: float, body: Floats, h: float, books: Floats) -> Four:
    """Friction over h: air on the rotor, the rotor's bearing in the frame, the point under the frame."""
    w, x, y, z = q
    ax, ay, az = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
    a, c, d = body[A], body[C], body[D]
    along = px * ax + py * ay + pz * az
    rotor = (along - p) / c
    speed = abs(rotor)
    # air: of both faces of a disc, laminar or turbulent, whichever is more
    if speed > 0.0 and body[LAMINAR] > 0.0:
        drag = max(body[LAMINAR] * speed**1.5, body[TURBULENT] * speed**1.8)
        after = rotor / (1.0 + h * drag / (c * speed))
        books[SPENT_AIR] += 0.5 * c * (rotor * rotor - after * after)
        change = c * (after - rotor)
        px, py, pz = px + change * ax, py + change * ay, pz + change * az
        along += change
        rotor = after
    least = c
    turning = rotor
    if d > 0.0:
        least = d
        turning = p / d
        both = c * d / (c + d)
        slip = rotor - turning
        after = slip / (1.0 + h * body[VISCOUS] / both)
        loss = h * body[DRY] / both
        after = math.copysign(max(abs(after) - loss, 0.0), after)
        books[SPENT_BEARING] += 0.5 * both * (slip * slip - after * after)
        p += both * (slip - after)
        turning = p / d
    if body[PIVOT_VISCOUS] > 0.0 or body[PIVOT_DRY] > 0.0:
        wx = (px - along * ax) / a + turning * ax
        wy = (py - along * ay) / a + turning * ay
        wz = (pz - along * az) / a + turning * az
        rate = math.sqrt(wx * wx + wy * wy + wz * wz)
        share = h * body[PIVOT_VISCOUS] + h * body[PIVOT_DRY] / (rate + h * body[PIVOT_DRY] / least + 1e-12)
        share /= 1.0 + h * body[PIVOT_VISCOUS] / least
        # the mean rate over the kick makes the joules exact
        axial = wx * ax + wy * ay + wz * az
        across = rate * rate - axial * axial
        books[SPENT_PIVOT] += share * (across * (1.0 - 0.5 * share / a) + axial * axial * (1.0 - 0.5 * share / least))
        px, py, pz = px - share * wx, py - share * wy, pz - share * wz
        books[JX] += share * wx
        books[JY] += share * wy
        books[JZ] += share * wz
        if d > 0.0:
            p -= share * axial
    return px, py, pz, p


@njit(cache=True)
def go(
    state: Floats, body: Floats, books: Floats, weights: Floats, n: int, h: float, g: tuple[float, float, float],
    up: tuple[float, float, float],
) -> int:  # fmt: skip
    """n steps of h [s] under the apparent gravity g [m/s2]; returns how many, fewer where it touched what it stands on.

    state [10] and books [6] are changed; body [27], weights [n_stage]; `up` is the stand's own upright.
    """
    gx, gy, gz = g
    q = (state[QW], state[QX], state[QY], state[QZ])
    psi, turn, p = state[PSI], state[TURN], state[P]
    px, py, pz = state[PX], state[PY], state[PZ]
    last = weights.shape[0] - 1
    pulled = body[ML] != 0.0 or body[MEX] != 0.0 or body[MEZ] != 0.0
    rubbed = body[LAMINAR] > 0.0 or body[VISCOUS] > 0.0 or body[DRY] > 0.0
    rubbed = rubbed or body[PIVOT_VISCOUS] > 0.0 or body[PIVOT_DRY] > 0.0
    done = n
    unequal = body[N_SQUARE] > 0.0
    for i in range(n):
        for j in range(last + 1):
            flight = weights[j] * h
            if pulled:
                kick = 0.5 * flight + (0.5 * weights[j - 1] * h if j > 0 else 0.0)
                mx, my, mz = _moment(q, psi, body)
                px += kick * (my * gz - mz * gy)
                py += kick * (mz * gx - mx * gz)
                pz += kick * (mx * gy - my * gx)
            if unequal:
                q, psi, turn = _fly(q, psi, turn, px, py, pz, p, body, 0.5 * flight)
                q, turn = _squares(q, psi, turn, px, py, pz, p, body, 0.5 * flight, True)
                q, turn = _squares(q, psi, turn, px, py, pz, p, body, 0.5 * flight, False)
                q, psi, turn = _fly(q, psi, turn, px, py, pz, p, body, 0.5 * flight)
            else:
                q, psi, turn = _fly(q, psi, turn, px, py, pz, p, body, flight)
        if pulled:
            kick = 0.5 * weights[last] * h
            mx, my, mz = _moment(q, psi, body)
            px += kick * (my * gz - mz * gy)
            py += kick * (mz * gx - mx * gz)
            pz += kick * (mx * gy - my * gx)
        w, x, y, z = q
        scale = 1.5 - 0.5 * (w * w + x * x + y * y + z * z)
        q = (w * scale, x * scale, y * scale, z * scale)
        if rubbed:
            px, py, pz, p = _rub(q, px, py, pz, p, body, h, books)
        w, x, y, z = q
        lean = 2.0 * (x * y - w * z) * up[0] + (1.0 - 2.0 * (x * x + z * z)) * up[1] + 2.0 * (y * z + w * x) * up[2]
        if lean < body[TOUCH]:
            done = i + 1
            break
    state[QW], state[QX], state[QY], state[QZ] = q
    state[PSI], state[TURN], state[P] = psi, turn, p
    state[PX], state[PY], state[PZ] = px, py, pz
    return done


@njit(cache=True)
def momentum(state: Floats, body: Floats) -> tuple[float, float, float]:
    """Momentum of the moving parts [N s], in space; state [10], body [27]."""
    w, x, y, z = state[QW], state[QX], state[QY], state[QZ]
    ax, ay, az = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
    px, py, pz = state[PX], state[PY], state[PZ]
    along = px * ax + py * ay + pz * az
    # the imbalance turns with the rotor, what lies on the shaft with the shaft
    mx, my, mz = _moment((w, x, y, z), state[PSI], body)
    spin = (along - state[P]) / body[C] - along / body[A]
    ex, ey, ez = mx - body[ML] * ax, my - body[ML] * ay, mz - body[ML] * az
    wx, wy, wz = px / body[A], py / body[A], pz / body[A]
    c, s = math.cos(state[PSI]), math.sin(state[PSI])
    for k in range(int(body[N_SQUARE])):
        at = SQUARES + 4 * k
        (vx, vy, vz), u2 = _square_in_space((w, x, y, z), c, s, body, at)
        turning = body[at] * (px * vx + py * vy + pz * vz - state[P] * u2)
        wx, wy, wz = wx + turning * vx, wy + turning * vy, wz + turning * vz
    return (
        wy * mz - wz * my + spin * (ay * ez - az * ey),
        wz * mx - wx * mz + spin * (az * ex - ax * ez),
        wx * my - wy * mx + spin * (ax * ey - ay * ex),
    )


@njit(cache=True)
def kinetic(state: Floats, body: Floats) -> float:
    """Kinetic energy [J], what an unequal body adds included; state [10], body [27]."""
    w, x, y, z = state[QW], state[QX], state[QY], state[QZ]
    ax, ay, az = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
    px, py, pz, p = state[PX], state[PY], state[PZ], state[P]
    along = px * ax + py * ay + pz * az
    # |pi - along a|^2 without the cancellation of |pi|^2 - along^2
    rx, ry, rz = px - along * ax, py - along * ay, pz - along * az
    out = 0.5 * (rx * rx + ry * ry + rz * rz) / body[A] + 0.5 * (along - p) ** 2 / body[C]
    if body[D] > 0.0:
        out += 0.5 * p * p / body[D]
    c, s = math.cos(state[PSI]), math.sin(state[PSI])
    for k in range(int(body[N_SQUARE])):
        at = SQUARES + 4 * k
        (vx, vy, vz), u2 = _square_in_space((w, x, y, z), c, s, body, at)
        out += 0.5 * body[at] * (px * vx + py * vy + pz * vz - p * u2) ** 2
    return out


@njit(cache=True, inline="always")
def _steps(state: Floats, body: Floats, seconds: float, turn_a_step: float, longest: float) -> int:
    """How many steps `seconds` [s] take where the fastest turning goes by `turn_a_step` [rad] in one at most."""
    size = math.sqrt(state[PX] ** 2 + state[PY] ** 2 + state[PZ] ** 2)
    rate = (size + abs(state[P])) / body[C] + size / body[A]
    return max(1, math.ceil(seconds * max(rate / turn_a_step, 1.0 / longest)))


@njit(cache=True)
def foretold(state: Floats, body: Floats, seconds: float, turn_a_step: float, longest: float) -> tuple[
    float, float, float
]:  # fmt: skip
    """Mean force [N] on a stand that stands still and level over the next `seconds` [s], by steps of second order."""
    ahead, books = state.copy(), np.zeros(N_BOOK)
    n = _steps(ahead, body, seconds, turn_a_step, longest)
    ux, uy, uz = momentum(ahead, body)
    go(ahead, body, books, SECOND_ORDER, n, seconds / n, (0.0, -G, 0.0), (0.0, 1.0, 0.0))
    vx, vy, vz = momentum(ahead, body)
    return (ux - vx) / seconds, (uy - vy) / seconds, (uz - vz) / seconds


@njit(cache=True)
def advance(
    state: Floats, body: Floats, books: Floats, weights: Floats, seconds: float, turn_a_step: float, longest: float,
    pushed: tuple[float, float, float], tilt: tuple[float, float, float], done: Floats,
) -> None:  # fmt: skip
    """`seconds` [s] on a stand that is turned by `tilt` [rad], its point accelerated by `pushed` [m/s2].

    Writes into `done` [9]: means of the force [N] and of the moment about the point [N m] on the stand, in its own
    frame, the stand's work [J], whether it touched, and the spin now [rad/s].
    """
    back = (-tilt[0], -tilt[1], -tilt[2])
    up = _turned((0.0, 1.0, 0.0), tilt)
    n = _steps(state, body, seconds, turn_a_step, longest)
    jx, jy, jz = books[JX], books[JY], books[JZ]
    ux, uy, uz = momentum(state, body)
    mx, my, mz = first_moment(state, body)
    ran = go(state, body, books, weights, n, seconds / n, (-pushed[0], -G - pushed[1], -pushed[2]), up)
    vx, vy, vz = momentum(state, body)
    rx, ry, rz = first_moment(state, body)
    force = ((ux - vx) / seconds, (uy - vy) / seconds, (uz - vz) / seconds)
    moment = ((books[JX] - jx) / seconds, (books[JY] - jy) / seconds, (books[JZ] - jz) / seconds)
    done[0], done[1], done[2] = _turned(force, back)
    done[3], done[4], done[5] = _turned(moment, back)
    done[6] = -(pushed[0] * (rx - mx) + pushed[1] * (ry - my) + pushed[2] * (rz - mz))
    w, x, y, z = state[QW], state[QX], state[QY], state[QZ]
    ax, ay, az = 2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)
    low = ax * up[0] + ay * up[1] + az * up[2] < body[TOUCH]
    done[7] = 1.0 if ran < n or low else 0.0
    done[8] = (state[PX] * ax + state[PY] * ay + state[PZ] * az - state[P]) / body[C]
