"""The fixed stepper: Moreau-Jean at a constant step, impacts resolved at the step they fall in.

First order in the times of impacts, simple and robust: the plain reference for the located one. The rest speed should
grow with the step; overlaps are bled off at a fifth a step. Newton's restitution is taken back to a plastic impact
where it would create energy, and that is counted.
"""

from __future__ import annotations

from numba import njit

from heartwright.engine.gaps import evaluate, scan, spend
from heartwright.engine.impact import ledger_contact, log_impact
from heartwright.engine.layout import (
    BIAS, CE, CLIPPED, EVENTS, E_IMPACT, GAP, H, INV_I, JA, JB, JIT, LOG_FULL, N_CLOSED, OSC, PAIR_LOSS, QUIET,
    REACHED, STEPS, T_NOW, VN0, V_REST, WNN, W_SLEEP,
)  # fmt: skip
from heartwright.engine.located import fly, may_fly, pose, watch
from heartwright.engine.motion import condense, kick, ledger_step, release
from heartwright.engine.solve import normal_speed, prepare, slide_speed, solve

BLEED = 0.2


@njit(**JIT)
def meet_all(m, s, k, n):
    """Evaluate and solve the n overlapping contacts k.touch at mid-step, Newton restitution on the fast ones."""
    for c in range(n):
        evaluate(m, s, k.middle, k.touch, c, k.contact, c, k.who)
        a, b = k.who[c, 0], k.who[c, 1]
        prepare(k.inverse, k.contact, c, a, b)
        v = normal_speed(k.contact, c, a, b, s.speed)
        k.contact[c, VN0] = v
        k.contact[c, BIAS] = k.contact[c, CE] * v if v < -m.option_f[V_REST] else 0.0
    for b in range(m.rotor.shape[0]):
        k.plastic[b] = k.free[b]
    solve(m, k.inverse, k.contact, k.who, n, k.free, k.normal, k.tangent, k.matrix)
    if contact_work(s, k, n) > 0.0:  # Newton's law would create energy here: resolve it plastically
        s.counter[CLIPPED] += 1
        for c in range(n):
            k.contact[c, BIAS] = 0.0
        for b in range(m.rotor.shape[0]):
            k.free[b] = k.plastic[b]
        solve(m, k.inverse, k.contact, k.who, n, k.free, k.normal, k.tangent, k.matrix)


@njit(**JIT)
def contact_work(s, k, n):
    """Work of the n contacts' impulses on the rotors over the step [J]."""
    work = 0.0
    for c in range(n):
        a, b = k.who[c, 0], k.who[c, 1]
        vn = normal_speed(k.contact, c, a, b, s.speed) + normal_speed(k.contact, c, a, b, k.free)
        vt = slide_speed(k.contact, c, a, b, s.speed) + slide_speed(k.contact, c, a, b, k.free)
        work += 0.5 * (k.normal[c] * vn + k.tangent[c] * vt)
    return work


@njit(**JIT)
def book_contacts(m, s, k, g, n):
    """Ledger and impact log of a step's contacts; keep those that carry an impulse as the closed list."""
    gain = contact_work(s, k, n)
    kept = 0
    for c in range(n):
        loss = ledger_contact(m, g, k, c, k.touch[c, 0], s.speed, k.free, PAIR_LOSS)
        if k.normal[c] <= 0.0:
            continue
        if k.contact[c, VN0] < -m.option_f[V_REST]:
            s.counter[EVENTS] += 1
            g.ledger[E_IMPACT] -= loss
            log_impact(m, s, g, k, k.touch, c, loss, gain)
        for j in range(5):
            s.closed[kept, j] = k.touch[c, j]
        kept += 1
    s.counter[N_CLOSED] = kept


@njit(**JIT)
def step_fixed(m, s, k, g, h):
    """One step."""
    osc = m.option_i[OSC]
    kick(m, s, k, h)
    if m.mesh.shape[0] > 0:
        condense(m, s, k, h)
    spend(m, s.budget, s.angle, k.middle, k.budget)
    n = scan(m, k.middle, k.budget, s.closed, 0, k.touch, 0, 0.0, k.offender)[1]
    if n > 0:
        meet_all(m, s, k, n)
    if m.mesh.shape[0] > 0:
        release(m, s, k)
    for b in range(m.rotor.shape[0]):
        k.end[b] = k.middle[b] + k.drift[b] * k.free[b]
    ledger_step(m, s, k, g, h)
    book_contacts(m, s, k, g, n)
    watch(m, s, g, s.angle[osc], s.speed[osc], k.end[osc], k.free[osc], h)
    spend(m, k.budget, k.middle, k.end, s.budget)
    quiet = True
    for b in range(m.rotor.shape[0]):
        s.angle[b], s.speed[b] = k.end[b], k.free[b]
        if b != osc and abs(s.speed[b]) > m.option_f[W_SLEEP]:
            quiet = False
    for c in range(n):
        gap = k.contact[c, GAP]
        if gap < 0.0 and k.normal[c] > 0.0:
            a, b = k.who[c, 0], k.who[c, 1]
            x = -BLEED * gap / k.contact[c, WNN]
            s.angle[a] += m.rotor[a, INV_I] * k.contact[c, JA] * x
            if a != b:
                s.angle[b] += m.rotor[b, INV_I] * k.contact[c, JB] * x
    for c in range(n):
        if k.touch[c, 0] >= 0:
            s.budget[k.touch[c, 0]] = -1.0
    s.counter[QUIET] = s.counter[QUIET] + 1 if quiet else 0
    s.number[T_NOW] += h
    s.counter[STEPS] += 1


@njit(**JIT)
def advance_fixed(m, s, k, g, until):
    """Run to `until` at a fixed step. Returns REACHED or LOG_FULL."""
    while s.number[T_NOW] < until - 1e-14:
        if g.count[0] + 64 > g.impact.shape[0] or g.count[2] + 2 > g.crossing.shape[0]:
            return LOG_FULL
        if may_fly(m, s):
            fly(m, s, g, until)
            continue
        step_fixed(m, s, k, g, min(m.option_f[H], until - s.number[T_NOW]))
        pose(s, g)
    return REACHED
