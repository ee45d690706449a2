"""Impulses of the contacts that touch: unilateral, with Coulomb friction.

Closed form for one contact, a direct active set for a few, block projected Gauss-Seidel where that fails. A contact row
asks for J w + bias >= 0 with normal impulse n >= 0 complementary to it, and |t| <= mu n opposing the sliding. After
Moreau (1988) and Jean (1999) in the velocity-impulse form; see docs/theory.md.
"""

from __future__ import annotations

from numba import njit

from heartwright.engine.layout import BIAS, CMU, JA, JB, JIT, JIT_INLINE, MAX_IT, TA, TB, TOL, WNN, WNT, WTT


@njit(**JIT_INLINE)
def prepare(inverse, contact, c, a, b):
    """Inverse masses felt at contact c: normal, tangential and mixed."""
    ma = inverse[a]
    mb = inverse[b] if a != b else 0.0
    ja, jb, ta, tb = contact[c, JA], contact[c, JB], contact[c, TA], contact[c, TB]
    contact[c, WNN] = ja * ja * ma + jb * jb * mb
    contact[c, WTT] = ta * ta * ma + tb * tb * mb
    contact[c, WNT] = ja * ta * ma + jb * tb * mb


@njit(**JIT_INLINE)
def normal_speed(contact, c, a, b, w):
    """Rate of change of the gap at contact c."""
    return contact[c, JA] * w[a] + (contact[c, JB] * w[b] if a != b else 0.0)


@njit(**JIT_INLINE)
def slide_speed(contact, c, a, b, w):
    """Sliding speed at contact c."""
    return contact[c, TA] * w[a] + (contact[c, TB] * w[b] if a != b else 0.0)


@njit(**JIT_INLINE)
def push(inverse, contact, c, a, b, n, t, w):
    """Apply impulses n, t of contact c to the speeds w."""
    w[a] += inverse[a] * (contact[c, JA] * n + contact[c, TA] * t)
    if a != b:
        w[b] += inverse[b] * (contact[c, JB] * n + contact[c, TB] * t)


@njit(**JIT)
def one_contact(contact, c, vn, vt):
    """Impulses (n, t) of a single contact with approach vn (bias included) and sliding vt before it."""
    wnn, wnt, wtt, mu = contact[c, WNN], contact[c, WNT], contact[c, WTT], contact[c, CMU]
    if vn >= 0.0:
        return 0.0, 0.0
    if mu <= 0.0 or wtt <= 0.0:
        return -vn / wnn, 0.0
    sign = 1.0 if vt > 0 else -1.0
    for _ in range(2):  # slides on, or slides back
        den = wnn - mu * sign * wnt
        if den > 1e-12 * wnn:
            n = -vn / den
            if (vt + wnt * n - wtt * mu * sign * n) * sign >= 0.0:
                return n, -mu * sign * n
        sign = -sign
    det = wnn * wtt - wnt * wnt
    if det > 1e-13 * wnn * wtt:  # sticks
        n = (-vn * wtt + vt * wnt) / det
        if n > 0.0:
            return n, (-vt * wnn + vn * wnt) / det
    return -vn / wnn, 0.0


@njit(**JIT_INLINE)
def coupling(inverse, contact, who, i, j, mu_j):
    """Change of normal speed at contact i for a unit normal impulse at j sliding with signed friction mu_j."""
    ai, bi, aj, bj = who[i, 0], who[i, 1], who[j, 0], who[j, 1]
    ja, jb = contact[j, JA] - mu_j * contact[j, TA], contact[j, JB] - mu_j * contact[j, TB]
    x = 0.0
    if ai == aj:
        x += contact[i, JA] * inverse[ai] * ja
    if bi != ai and bi == bj and bj != aj:
        x += contact[i, JB] * inverse[bi] * jb
    if bj != aj and ai == bj:
        x += contact[i, JA] * inverse[ai] * jb
    if bi != ai and bi == aj:
        x += contact[i, JB] * inverse[bi] * ja
    return x


@njit(**JIT)
def eliminate(matrix, n, x):
    """Gauss elimination with partial pivoting of matrix[:n, :n+1]; False where singular."""
    for i in range(n):
        best = i
        for r in range(i + 1, n):
            if abs(matrix[r, i]) > abs(matrix[best, i]):
                best = r
        if abs(matrix[best, i]) < 1e-300:
            return False
        if best != i:
            for j in range(i, n + 1):
                matrix[i, j], matrix[best, j] = matrix[best, j], matrix[i, j]
        for r in range(i + 1, n):
            f = matrix[r, i] / matrix[i, i]
            if f != 0.0:
                for j in range(i, n + 1):
                    matrix[r, j] -= f * matrix[i, j]
    for i in range(n - 1, -1, -1):
        y = matrix[i, n]
        for j in range(i + 1, n):
            y -= matrix[i, j] * x[j]
        x[i] = y / matrix[i, i]
    return True


@njit(**JIT)
def active_set(inverse, contact, who, n, w, normal, tangent, matrix):
    """Direct solve with sliding directions guessed from the free speeds; True (and w updated) where consistent."""
    for i in range(n):
        vt = slide_speed(contact, i, who[i, 0], who[i, 1], w)
        matrix[n + i, 0] = (1.0 if vt > 0 else -1.0) * contact[i, CMU]
        matrix[n + i, 1] = 1.0
        matrix[n + i, 2] = -(normal_speed(contact, i, who[i, 0], who[i, 1], w) + contact[i, BIAS])
    solved = False
    for _ in range(2 * n):
        for i in range(n):
            live = matrix[n + i, 1] != 0.0
            for j in range(n):
                both = live and matrix[n + j, 1] != 0.0
                matrix[i, j] = coupling(inverse, contact, who, i, j, matrix[n + j, 0]) if both else 0.0
            if not live:
                matrix[i, i] = 1.0
            matrix[i, n] = matrix[n + i, 2] if live else 0.0
        if not eliminate(matrix, n, normal):
            return False
        worst = -1
        for i in range(n):
            if normal[i] < 0.0 and (worst < 0 or normal[i] < normal[worst]):
                worst = i
        if worst < 0:
            solved = True
            break
        matrix[n + worst, 1] = 0.0
    if not solved:
        return False
    for i in range(n):
        tangent[i] = -matrix[n + i, 0] * normal[i]
        push(inverse, contact, i, who[i, 0], who[i, 1], normal[i], tangent[i], w)
    for i in range(n):
        a, b = who[i, 0], who[i, 1]
        opens = matrix[n + i, 1] == 0.0 and normal_speed(contact, i, a, b, w) + contact[i, BIAS] < -1e-11
        turns = matrix[n + i, 1] != 0.0 and slide_speed(contact, i, a, b, w) * matrix[n + i, 0] < 0.0
        if opens or turns:
            for j in range(n):
                push(inverse, contact, j, who[j, 0], who[j, 1], -normal[j], -tangent[j], w)
            return False
    return True


@njit(**JIT)
def gauss_seidel(inverse, contact, who, n, w, normal, tangent, max_it, tol):
    """Block projected Gauss-Seidel: each contact in turn solved exactly with its own impulse taken out."""
    for i in range(n):
        normal[i], tangent[i] = 0.0, 0.0
    for _ in range(max_it):
        moved = 0.0
        for c in range(n):
            a, b = who[c, 0], who[c, 1]
            vn = normal_speed(contact, c, a, b, w) + contact[c, BIAS]
            vt = slide_speed(contact, c, a, b, w)
            vn -= contact[c, WNN] * normal[c] + contact[c, WNT] * tangent[c]
            vt -= contact[c, WNT] * normal[c] + contact[c, WTT] * tangent[c]
            nn, tt = one_contact(contact, c, vn, vt)
            dn, dt = nn - normal[c], tt - tangent[c]
            if dn != 0.0 or dt != 0.0:
                normal[c], tangent[c] = nn, tt
                push(inverse, contact, c, a, b, dn, dt, w)
                moved = max(moved, abs(dn) * contact[c, WNN] + abs(dt) * contact[c, WTT])
        if moved <= tol:
            break


@njit(**JIT)
def solve(m, inverse, contact, who, n, w, normal, tangent, matrix):
    """Impulses of n contacts; the speeds w are taken from before to after them."""
    if n == 1:
        a, b = who[0, 0], who[0, 1]
        vn = normal_speed(contact, 0, a, b, w) + contact[0, BIAS]
        normal[0], tangent[0] = one_contact(contact, 0, vn, slide_speed(contact, 0, a, b, w))
        push(inverse, contact, 0, a, b, normal[0], tangent[0], w)
    elif n > 1:
        if n > 9 or not active_set(inverse, contact, who, n, w, normal, tangent, matrix):
            gauss_seidel(inverse, contact, who, n, w, normal, tangent, m.option_i[MAX_IT], m.option_f[TOL])
