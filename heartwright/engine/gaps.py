"""Gaps between solids, exact for arcs and edges.

A solid is an intersection of faces (half-plane, disc, hole) with vertices (points, full or half discs). The gap of a
vertex to a solid is the largest of its gaps to the faces: a lower bound of the distance, exact where they touch, and
Lipschitz in the vertex' motion, which is what lets far pairs be skipped. Pairs are tested vertex-to-face both ways.
"""

# ruff: noqa: I001  (column names are imported in blocks)
from __future__ import annotations

import math

from numba import njit

from heartwright.engine.layout import (
    CE, CMU, F0, FACE, FRICTION, GAP, HAA, HAB, HBB, JA, JB, JIT, JIT_INLINE, LIMIT_ARM, LIMIT_E, LIMIT_HI,
    LIMIT_LO, LIMIT_PAIR, MAX_CONTACTS, MU, NF, NV, PAIR_A, PAIR_B, PAIR_N, PAIR_SOLID, PAIR_TOOTH, PITCH, PX, PY,
    REACH_A, REACH_B, REST_E, TA, TB, V0, WIN_AT, WIN_HALF,
)  # fmt: skip

FAR = 1e300


@njit(**JIT_INLINE)
def support(vertex, v, nx, ny, cd, sd):
    """Offset from a disc vertex' centre to its point nearest a face with outward normal (nx, ny), and whether that is
    the edge of a half disc (a point)."""
    rho = vertex[v, 2]
    ux, uy = vertex[v, 3], vertex[v, 4]
    ax, ay = -(cd * nx + sd * ny), sd * nx - cd * ny
    edge = (ux != 0.0 or uy != 0.0) and ax * ux + ay * uy < 0.0
    if edge:
        q = 1.0 if (-uy * ax + ux * ay) > 0 else -1.0
        ax, ay = -uy * q, ux * q
    return rho * (cd * ax - sd * ay), rho * (sd * ax + cd * ay), edge


@njit(**JIT_INLINE)
def vertex_gap(vertex, v, face, f0, nf, x, y, cd, sd):
    """Gap of vertex `v`, centred at (x, y) in the solid's frame: gap, face, offset of the touching point, normal."""
    round_ = vertex[v, 2] > 0.0
    best, at = -FAR, f0
    bnx, bny, box, boy = 0.0, 0.0, 0.0, 0.0
    for i in range(f0, f0 + nf):
        if face[i, 0] == 0.0:
            nx, ny = face[i, 1], face[i, 2]
            g = nx * x + ny * y - face[i, 3]
        else:
            dx, dy = x - face[i, 1], y - face[i, 2]
            r = math.sqrt(dx * dx + dy * dy)
            s = face[i, 4]
            g = s * (r - face[i, 3])
            s /= r
            nx, ny = s * dx, s * dy
        ox, oy = 0.0, 0.0
        if round_:
            ox, oy, edge = support(vertex, v, nx, ny, cd, sd)
            if edge and face[i, 0] != 0.0:  # a point against an arc: its own distance and normal
                dx, dy = x + ox - face[i, 1], y + oy - face[i, 2]
                r = math.sqrt(dx * dx + dy * dy)
                g = face[i, 4] * (r - face[i, 3])
                nx, ny = face[i, 4] * dx / r, face[i, 4] * dy / r
            else:
                g += ox * nx + oy * ny
        if g > best:
            best, at, bnx, bny, box, boy = g, i, nx, ny, ox, oy
    return best, at, box, boy, bnx, bny


@njit(**JIT_INLINE)
def frame(rotor, a, b, angle_a, angle_b, shift):
    """Arbor of a in the frame of b, and the rotation from a's tooth frame to b's frame."""
    cb, sb = math.cos(angle_b), math.sin(angle_b)
    ex, ey = rotor[a, PX] - rotor[b, PX], rotor[a, PY] - rotor[b, PY]
    d = angle_a + shift - angle_b
    return cb * ex + sb * ey, -sb * ex + cb * ey, math.cos(d), math.sin(d)


@njit(**JIT_INLINE)
def window(m, p, angle_a):
    """Tooth counts inside the window of pair `p`, and a bound on the gap of the next ones to come in."""
    pitch, half = m.pair_f[p, PITCH], m.pair_f[p, WIN_HALF]
    q, dq = (m.pair_f[p, WIN_AT] - angle_a) / pitch, half / pitch
    lo, hi = int(math.ceil(q - dq)), int(math.floor(q + dq))
    bound = min(q - dq - (lo - 1.0), hi + 1.0 - (q + dq)) * pitch * m.pair_f[p, REACH_A]
    return lo, hi, max(bound, 1e-12)


@njit(**JIT)
def gap_of(m, angle, p, kk, v, way):
    """Gap of one contact (pair, tooth count, vertex, way) at these angles."""
    if p == LIMIT_PAIR:
        arm = m.rotor[kk, LIMIT_ARM]
        if v == 0:
            return (angle[kk] - m.rotor[kk, LIMIT_LO]) * arm
        return (m.rotor[kk, LIMIT_HI] - angle[kk]) * arm
    a, b = m.pair_i[p, PAIR_A], m.pair_i[p, PAIR_B]
    kt = m.pair_i[p, PAIR_TOOTH] + kk % m.pair_i[p, PAIR_N]
    sa, sb = m.tooth[kt], m.pair_i[p, PAIR_SOLID]
    ax, ay, cd, sd = frame(m.rotor, a, b, angle[a], angle[b], kk * m.pair_f[p, PITCH] + m.offset[kt])
    vx, vy = m.vertex[v, 0], m.vertex[v, 1]
    if way == 0:
        x, y = ax + cd * vx - sd * vy, ay + sd * vx + cd * vy
        return vertex_gap(m.vertex, v, m.face, m.solid[sb, F0], m.solid[sb, NF], x, y, cd, sd)[0]
    x, y = -(cd * ax + sd * ay) + cd * vx + sd * vy, sd * ax - cd * ay - sd * vx + cd * vy
    return vertex_gap(m.vertex, v, m.face, m.solid[sa, F0], m.solid[sa, NF], x, y, cd, -sd)[0]


@njit(**JIT_INLINE)
def fill(m, v, f0, nf, rx, ry, ax, ay, cd, sd, out, c, way):
    """Gap, velocity rows and second derivatives of one contact into out[c]; `way` 0: the vertex belongs to a."""
    vertex, face = m.vertex, m.face
    x, y = ax + rx, ay + ry
    g, at, ox, oy, nx, ny = vertex_gap(vertex, v, face, f0, nf, x, y, cd, sd)
    px, py = rx + ox, ry + oy
    qx, qy = ax + px, ay + py
    own, other = px * ny - py * nx, -(qx * ny - qy * nx)
    t_own, t_other = px * nx + py * ny, -(qx * nx + qy * ny)
    cx, cy, rho = rx, ry, vertex[v, 2]
    if rho > 0.0 and (ox * nx + oy * ny) > -rho * (1 - 1e-12):
        cx, cy, x, y = px, py, qx, qy  # the edge of a half disc: a point
    nu, na = nx * cx + ny * cy, nx * (ax + cx) + ny * (ay + cy)
    h_own, h_mix, h_other = -nu, nu, -na
    if face[at, 0] != 0.0:
        tx, ty = -ny, nx
        a1 = -tx * cy + ty * cx
        b1 = tx * (ay + cy) - ty * (ax + cx)
        dx, dy = x - face[at, 1], y - face[at, 2]
        k = face[at, 4] / math.sqrt(dx * dx + dy * dy)
        h_own += k * a1 * a1
        h_mix += k * a1 * b1
        h_other += k * b1 * b1
    out[c, GAP], out[c, HAB], out[c, FACE] = g, h_mix, at
    if way == 0:
        out[c, JA], out[c, JB], out[c, TA], out[c, TB] = own, other, t_own, t_other
        out[c, HAA], out[c, HBB] = h_own, h_other
    else:
        out[c, JB], out[c, JA], out[c, TB], out[c, TA] = own, other, t_own, t_other
        out[c, HBB], out[c, HAA] = h_own, h_other


@njit(**JIT)
def evaluate(m, s, angle, rows, r, out, c, who):
    """Evaluate contact rows[r] at these angles into out[c], its rotors into who[c].

    A row that names its face is measured against that face alone, so that a closed contact stays on it to its end.
    """
    p, kk, v, way, on = rows[r, 0], rows[r, 1], rows[r, 2], rows[r, 3], rows[r, 4]
    if p == LIMIT_PAIR:
        arm = m.rotor[kk, LIMIT_ARM]
        sign = 1.0 if v == 0 else -1.0
        edge = m.rotor[kk, LIMIT_LO] if v == 0 else m.rotor[kk, LIMIT_HI]
        out[c, GAP] = sign * (angle[kk] - edge) * arm
        out[c, JA], out[c, JB], out[c, TA], out[c, TB] = sign * arm, 0.0, 0.0, 0.0
        out[c, CE], out[c, CMU], out[c, FACE] = m.rotor[kk, LIMIT_E], 0.0, v
        out[c, HAA], out[c, HAB], out[c, HBB] = 0.0, 0.0, 0.0
        who[c, 0], who[c, 1] = kk, kk
        return
    a, b = m.pair_i[p, PAIR_A], m.pair_i[p, PAIR_B]
    kt = m.pair_i[p, PAIR_TOOTH] + kk % m.pair_i[p, PAIR_N]
    sa, sb = m.tooth[kt], m.pair_i[p, PAIR_SOLID]
    ax, ay, cd, sd = frame(m.rotor, a, b, angle[a], angle[b], kk * m.pair_f[p, PITCH] + m.offset[kt])
    out[c, CE] = m.pair_f[p, REST_E]
    out[c, CMU] = m.pair_f[p, MU] * (1.0 + s.number[FRICTION])
    vx, vy = m.vertex[v, 0], m.vertex[v, 1]
    who[c, 0], who[c, 1] = a, b
    if way == 0:
        f0, nf = (on, 1) if on >= 0 else (m.solid[sb, F0], m.solid[sb, NF])
        fill(m, v, f0, nf, cd * vx - sd * vy, sd * vx + cd * vy, ax, ay, cd, sd, out, c, 0)
    else:
        f0, nf = (on, 1) if on >= 0 else (m.solid[sa, F0], m.solid[sa, NF])
        fill(m, v, f0, nf, cd * vx + sd * vy, -sd * vx + cd * vy, -(cd * ax + sd * ay), sd * ax - cd * ay, cd, -sd,
             out, c, 1)  # fmt: skip


@njit(**JIT_INLINE)
def listed(rows, n, p, kk, v, way):
    """Whether this contact is among the first n rows."""
    for q in range(n):
        if rows[q, 0] == p and rows[q, 1] == kk and rows[q, 2] == v and rows[q, 3] == way:
            return True
    return False


@njit(**JIT_INLINE)
def meet(rows, n, p, kk, v, way):
    """Append a contact to the list if there is room; the new length."""
    if n < MAX_CONTACTS:
        rows[n, 0], rows[n, 1], rows[n, 2], rows[n, 3], rows[n, 4] = p, kk, v, way, -1
        return n + 1
    return n


@njit(**JIT)
def scan_tooth(m, p, kk, angle, closed, n_closed, touch, n_touch, below, offender, least):
    """Gaps between one tooth of pair `p` and its solid, both ways: the least gap outside the closed list, and the
    length of the touch list. `offender` is set where the overall `least` is undercut."""
    a, b = m.pair_i[p, PAIR_A], m.pair_i[p, PAIR_B]
    kt = m.pair_i[p, PAIR_TOOTH] + kk % m.pair_i[p, PAIR_N]
    sa, sb = m.tooth[kt], m.pair_i[p, PAIR_SOLID]
    here = FAR
    if sa < 0:
        return here, n_touch
    ax, ay, cd, sd = frame(m.rotor, a, b, angle[a], angle[b], kk * m.pair_f[p, PITCH] + m.offset[kt])
    bx, by = -(cd * ax + sd * ay), sd * ax - cd * ay
    for way in range(2):
        own, other = (sa, sb) if way == 0 else (sb, sa)
        if m.solid[other, NF] == 0:
            continue
        for v in range(m.solid[own, V0], m.solid[own, V0] + m.solid[own, NV]):
            vx, vy = m.vertex[v, 0], m.vertex[v, 1]
            if way == 0:
                x, y, s_ = ax + cd * vx - sd * vy, ay + sd * vx + cd * vy, sd
            else:
                x, y, s_ = bx + cd * vx + sd * vy, by - sd * vx + cd * vy, -sd
            g = vertex_gap(m.vertex, v, m.face, m.solid[other, F0], m.solid[other, NF], x, y, cd, s_)[0]
            if g <= below:
                n_touch = meet(touch, n_touch, p, kk, v, way)
            if g < here and (n_closed == 0 or not listed(closed, n_closed, p, kk, v, way)):
                here = g
                if g < least:
                    least = g
                    offender[0], offender[1], offender[2], offender[3] = p, kk, v, way
    return here, n_touch


@njit(**JIT)
def scan(m, angle, budget, closed, n_closed, touch, n_touch, below, offender):
    """Least gap over all contacts outside the closed list; budgets of the visited pairs are renewed, contacts with gap
    <= `below` appended to `touch` (closed ones too). Pairs with budget left are skipped.

    Returns (least gap, length of touch); `offender` receives the contact of the least gap.
    """
    least = FAR
    for p in range(m.pair_i.shape[0]):
        if budget[p] > 0.0:
            if budget[p] < least:
                least = budget[p]
                offender[0] = -2
            continue
        lo, hi, here = window(m, p, angle[m.pair_i[p, PAIR_A]])
        for kk in range(lo, hi + 1):
            g, n_touch = scan_tooth(m, p, kk, angle, closed, n_closed, touch, n_touch, below, offender, least)
            here = min(here, g)
            least = min(least, g)
        budget[p] = here
    for b in range(m.rotor.shape[0]):
        arm = m.rotor[b, LIMIT_ARM]
        if arm == 0.0:
            continue
        for side in range(2):
            g = (angle[b] - m.rotor[b, LIMIT_LO]) * arm if side == 0 else (m.rotor[b, LIMIT_HI] - angle[b]) * arm
            if g <= below:
                n_touch = meet(touch, n_touch, LIMIT_PAIR, b, side, 0)
            if g < least and (n_closed == 0 or not listed(closed, n_closed, LIMIT_PAIR, b, side, 0)):
                least = g
                offender[0], offender[1], offender[2], offender[3] = LIMIT_PAIR, b, side, 0
    return least, n_touch


@njit(**JIT_INLINE)
def spend(m, budget, angle0, angle1, out):
    """Budgets left after moving from angle0 to angle1."""
    for p in range(m.pair_i.shape[0]):
        a, b = m.pair_i[p, PAIR_A], m.pair_i[p, PAIR_B]
        out[p] = budget[p] - (
            abs(angle1[a] - angle0[a]) * m.pair_f[p, REACH_A] + abs(angle1[b] - angle0[b]) * m.pair_f[p, REACH_B]
        )
