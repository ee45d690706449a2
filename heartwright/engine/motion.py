"""Motion between contacts: the drift-kick-drift step, compliant meshes, and the oscillator's free arc in closed form.

The step is exact for a linear oscillator: a rotation by w h is a shear by tan(w h / 2) / w, a kick by sin(w h) / w and
the same shear again. Meshes (spring, damper, backlash, transmission error) are taken implicitly and eliminated from the
barrel down, so that contacts see the escape wheel with the effective inertia of all that pushes it.
"""

# ruff: noqa: I001  (column names are imported in blocks)
from __future__ import annotations

import math

from numba import njit

from heartwright.engine.layout import (
    ADD_TORQUE, DRIVEN, DRY, E_CORRECT, E_DIRT, E_DRIVE, E_DRY, E_MESH, E_VISCOUS, GX, GY, INV_I, JIT, JIT_INLINE,
    MOMENT_X, MOMENT_Y, M_A, M_B, M_C, M_ERR, M_ETA, M_HALF, M_HARM, M_K, M_PHASE, M_RA, M_RB, PAIR_A, PAIR_B,
    REACH_A, REACH_B, REST, STIFF, TORQUE, TORQUE_SLOPE, VISC,
)  # fmt: skip

MESH_FLANK, MESH_P0, MESH_G, MESH_DELTA, MESH_RHS, MESH_IMPULSE = range(6)


@njit(**JIT_INLINE)
def gravity_torque(m, b, angle):
    """Torque of gravity on a rotor's first moment of mass [N m]."""
    mx, my = m.rotor[b, MOMENT_X], m.rotor[b, MOMENT_Y]
    if mx == 0.0 and my == 0.0:
        return 0.0
    c, s = math.cos(angle), math.sin(angle)
    return (c * mx - s * my) * m.option_f[GY] - (s * mx + c * my) * m.option_f[GX]


@njit(**JIT_INLINE)
def gravity_energy(m, b, angle):
    """Potential energy of a rotor's first moment of mass [J]."""
    mx, my = m.rotor[b, MOMENT_X], m.rotor[b, MOMENT_Y]
    c, s = math.cos(angle), math.sin(angle)
    return -((c * mx - s * my) * m.option_f[GX] + (s * mx + c * my) * m.option_f[GY])


@njit(**JIT)
def kick(m, s, k, h):
    """Angles at mid-step and speeds at the end of a step h with no contact; k.push, k.drag receive the impulses."""
    for b in range(m.rotor.shape[0]):
        inv = m.rotor[b, INV_I]
        stiff = s.drive[b, STIFF]
        hang = -(m.rotor[b, MOMENT_X] * m.option_f[GX] + m.rotor[b, MOMENT_Y] * m.option_f[GY])
        hang = -hang if hang < 0.0 else 0.0
        x2 = 0.25 * h * h * (stiff + hang) * inv
        drift = 0.5 * h * (1.0 + x2 * (1 / 3.0 + x2 * (2 / 15.0 + x2 * 17 / 315.0)))
        f = h * (1.0 - x2 * (2 / 3.0 - x2 * (2 / 15.0 - x2 * 4 / 315.0)))
        x = s.angle[b] + drift * s.speed[b]
        torque = s.drive[b, TORQUE] + s.drive[b, TORQUE_SLOPE] * x - stiff * (x - s.drive[b, REST])
        torque += gravity_torque(m, b, x)
        if b == m.option_i[DRIVEN]:
            torque += s.number[ADD_TORQUE]
        q = 0.5 * h * m.rotor[b, VISC] * inv
        w = (s.speed[b] * (1.0 - q) + f * torque * inv) / (1.0 + q)
        k.drag[b] = 0.0
        if s.drive[b, DRY] > 0.0:
            most = s.drive[b, DRY] * h * inv
            new = w - most if w > most else (w + most if w < -most else 0.0)
            k.drag[b] = (new - w) / inv
            w = new
        k.drift[b], k.middle[b], k.free[b], k.push[b], k.inverse[b] = drift, x, w, f * torque, inv


@njit(**JIT_INLINE)
def mesh_overlap(m, q, xa, xb):
    """Overlap of mesh q along its line of action before backlash, transmission error included [m]."""
    r = m.mesh[q]
    return r[M_RA] * xa - r[M_RB] * xb + r[M_ERR] * math.sin(r[M_HARM] * xa + r[M_PHASE])


@njit(**JIT)
def condense(m, s, k, h):
    """Eliminate the train: k.free and k.inverse of each driven rotor become those of the chain behind it.

    Mesh impulse P = p0 + g * (closing speed), from the force k x + c x' at the end of the step; efficiency eta is paid
    by the side that receives power.
    """
    for q in range(m.mesh.shape[0]):
        r = m.mesh[q]
        a, b = int(r[M_A]), int(r[M_B])
        x = mesh_overlap(m, q, k.middle[a], k.middle[b])
        ahead = x + 0.5 * h * (r[M_RA] * k.free[a] - r[M_RB] * k.free[b])
        flank = 1.0 if ahead > r[M_HALF] else (-1.0 if ahead < -r[M_HALF] else 0.0)
        k.mesh[q, MESH_FLANK] = flank
        if flank == 0.0:
            continue
        p0 = h * r[M_K] * (x - flank * r[M_HALF])
        g = h * (0.5 * h * r[M_K] + r[M_C])
        da, db = 1.0 / k.inverse[a], 1.0 / k.inverse[b]
        eta = r[M_ETA]
        delta = da + r[M_RA] * r[M_RA] * g
        rhs = da * k.free[a]
        new = db + eta * r[M_RB] * r[M_RB] * g * da / delta
        load = db * k.free[b] + eta * r[M_RB] * (p0 + g * r[M_RA] * (rhs - r[M_RA] * p0) / delta)
        k.mesh[q, MESH_P0], k.mesh[q, MESH_G], k.mesh[q, MESH_DELTA], k.mesh[q, MESH_RHS] = p0, g, delta, rhs
        k.inverse[b] = 1.0 / new
        k.free[b] = load / new


@njit(**JIT)
def release(m, s, k):
    """Give back the speeds of the train once that of the escape wheel is known."""
    for q in range(m.mesh.shape[0] - 1, -1, -1):
        if k.mesh[q, MESH_FLANK] == 0.0:
            k.mesh[q, MESH_IMPULSE] = 0.0
            continue
        r = m.mesh[q]
        a, b = int(r[M_A]), int(r[M_B])
        p0, g, delta, rhs = k.mesh[q, MESH_P0], k.mesh[q, MESH_G], k.mesh[q, MESH_DELTA], k.mesh[q, MESH_RHS]
        wa = (rhs - r[M_RA] * p0 + r[M_RA] * r[M_RB] * g * k.free[b]) / delta
        k.mesh[q, MESH_IMPULSE] = p0 + g * (r[M_RA] * wa - r[M_RB] * k.free[b])
        k.free[a] = wa


@njit(**JIT_INLINE)
def mesh_energy(m, q, xa, xb):
    """Elastic energy of mesh q [J]."""
    x = abs(mesh_overlap(m, q, xa, xb)) - m.mesh[q, M_HALF]
    return 0.5 * m.mesh[q, M_K] * x * x if x > 0.0 else 0.0


@njit(**JIT_INLINE)
def held_energy(m, s, b, x):
    """Energy in spring and gravity of rotor b at angle x."""
    return gravity_energy(m, b, x) + 0.5 * s.drive[b, STIFF] * (x - s.drive[b, REST]) ** 2


@njit(**JIT)
def ledger_step(m, s, k, g, h):
    """Book an accepted step from s.speed to k.free (torques, viscous and dry losses, meshes)."""
    for b in range(m.rotor.shape[0]):
        mean = 0.5 * (s.speed[b] + k.free[b])
        turned = k.end[b] - k.moved[b] - s.angle[b]
        if k.moved[b] != 0.0:
            g.ledger[E_CORRECT] += held_energy(m, s, b, k.end[b]) - held_energy(m, s, b, k.end[b] - k.moved[b])
        work = (s.drive[b, TORQUE] + s.drive[b, TORQUE_SLOPE] * k.middle[b]) * turned
        g.ledger[E_DRIVE] += work
        if b == m.option_i[DRIVEN]:
            g.ledger[E_DIRT] += s.number[ADD_TORQUE] * turned
        g.ledger[E_VISCOUS] -= m.rotor[b, VISC] * mean * mean * h
        if k.drag[b] != 0.0:
            g.ledger[E_DRY] += k.drag[b] * mean
    for q in range(m.mesh.shape[0]):
        a, b = int(m.mesh[q, M_A]), int(m.mesh[q, M_B])
        p = k.mesh[q, MESH_IMPULSE]
        wa, wb = 0.5 * (s.speed[a] + k.free[a]), 0.5 * (s.speed[b] + k.free[b])
        work = p * (m.mesh[q, M_ETA] * m.mesh[q, M_RB] * wb - m.mesh[q, M_RA] * wa)
        stored = mesh_energy(m, q, k.end[a], k.end[b]) - mesh_energy(m, q, s.angle[a], s.angle[b])
        g.ledger[E_MESH] += work + stored


@njit(**JIT_INLINE)
def swing(u0, w0, lam, wd, t):
    """Damped free swing about its rest: displacement and speed after t."""
    c, s = math.cos(wd * t), math.sin(wd * t)
    b = (w0 + lam * u0) / wd
    e = math.exp(-lam * t)
    u = e * (u0 * c + b * s)
    return u, e * ((b * wd - lam * u0) * c - (u0 * wd + lam * b) * s)


@njit(**JIT)
def swing_until(u0, w0, lam, wd, target, t_lo, t_hi):
    """First time in [t_lo, t_hi] at which the swing passes `target`; the bracket must hold one crossing."""
    rising = swing(u0, w0, lam, wd, t_lo)[0] < target
    t = 0.5 * (t_lo + t_hi)
    for _ in range(60):
        u, w = swing(u0, w0, lam, wd, t)
        if (u < target) == rising:
            t_lo = t
        else:
            t_hi = t
        step = t - (u - target) / w if w != 0.0 else t_lo
        new = step if t_lo < step < t_hi else 0.5 * (t_lo + t_hi)
        if abs(new - t) < 1e-15 + 1e-14 * t:
            return new
        t = new
    return t


@njit(**JIT)
def half_arc(m, s, b, angle, speed, near, far, most):
    """Advance rotor b alone, in closed form, until it turns, comes in to `near`, goes out to `far`, or `most` passes.

    Constant dry friction shifts the rest angle by the sign of the motion. Returns (time, angle, speed).
    """
    inv, stiff = m.rotor[b, INV_I], s.drive[b, STIFF]
    lam = 0.5 * m.rotor[b, VISC] * inv
    wd = math.sqrt(stiff * inv - lam * lam)
    way = 1.0 if (speed > 0.0 or (speed == 0.0 and angle < 0.0)) else -1.0
    rest = s.drive[b, REST] + (s.drive[b, TORQUE] - way * s.drive[b, DRY]) / stiff
    u0 = angle - rest
    side = 1.0 if angle > 0.0 else -1.0
    outward = side * way > 0.0
    b0 = (speed + lam * u0) / wd
    turn = math.atan2(abs(speed), way * (u0 * wd + lam * b0)) / wd
    if not outward:
        turn = math.pi / wd if turn <= 0.0 else turn
    bound = far if outward else near
    t = min(turn, most)
    if (
        side * (swing(u0, speed, lam, wd, t)[0] + rest) > bound
        if outward
        else (side * (swing(u0, speed, lam, wd, t)[0] + rest) < bound)
    ):
        t = swing_until(u0, speed, lam, wd, side * bound - rest, 0.0, t)
    u, w = swing(u0, speed, lam, wd, t)
    if t == turn and outward:
        w = 0.0
    return t, u + rest, w


@njit(**JIT)
def shift(m, s, g, b, turn):
    """Correct the angle of rotor b by `turn`, booking the energy this puts into springs, gravity and meshes."""
    if turn == 0.0:
        return
    x = s.angle[b]
    was, now = held_energy(m, s, b, x), held_energy(m, s, b, x + turn)
    for q in range(m.mesh.shape[0]):
        i, j = int(m.mesh[q, M_A]), int(m.mesh[q, M_B])
        if i == b or j == b:
            was += mesh_energy(m, q, s.angle[i], s.angle[j])
            now += mesh_energy(m, q, s.angle[i] + (turn if i == b else 0.0), s.angle[j] + (turn if j == b else 0.0))
    s.angle[b] = x + turn
    g.ledger[E_CORRECT] += now - was
    for p in range(m.pair_i.shape[0]):
        if m.pair_i[p, PAIR_A] == b:
            s.budget[p] -= abs(turn) * m.pair_f[p, REACH_A]
        if m.pair_i[p, PAIR_B] == b:
            s.budget[p] -= abs(turn) * m.pair_f[p, REACH_B]
