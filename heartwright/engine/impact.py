"""Impacts that never create energy.

The law: (1) a plastic simultaneous impact with Coulomb friction gives impulses p and speeds w0; (2) restitution adds
s * sum(e_i M^-1 J_i^T p_i), normal and tangential impulses scaled alike, so they stay in the friction cone. With one
common e dissipation is provable; with unequal ones s in [0, 1] is the largest for which the kinetic energy does not
rise, in closed form, and clipping is counted; (3) contacts left approaching start another round. Newton's law contact
by contact can create energy where sliding stops or reverses (Kane and Levinson 1985).

Where several contacts touch at once the rounds may instead be taken one contact at a time in a random order
(`SEQUENTIAL`); the spread between orders is a property of the rigid model, and is reported, not hidden.
"""

# ruff: noqa: I001  (column names are imported in blocks)
from __future__ import annotations

import math

from numba import njit

from heartwright.engine.gaps import evaluate, gap_of
from heartwright.engine.layout import (
    BIAS, CE, CHATTER, CLIPPED, E_IMPACT, E_LIMIT, F0, FACE, INV_I, I_FACE, I_FEATURE, I_LOSS, I_MAX_GAIN, I_MID,
    I_OSC, I_PAIR, I_PN, I_T, I_TOOTH, I_V, JA, JB, JIT, JIT_INLINE, LIMIT_PAIR, ORDERED, OSC, PAIR_LOSS, PAIR_N,
    PAIR_SOLID, PAIR_TOOTH, RNG, SEQUENTIAL, STUCK, TA, TB, T_NOW, V0, VN0, V_REST, WNN,
)  # fmt: skip
from heartwright.engine.motion import shift
from heartwright.engine.solve import normal_speed, prepare, push, solve

ROUNDS = 12
ZENO = 60  # impacts in a row without a whole step between them: from here on contacts come to rest
MID_ROTOR = 1  # the rotor whose angle is logged beside the oscillator's (a lever's fork)


@njit(**JIT_INLINE)
def kinetic(m, w):
    """Kinetic energy [J]."""
    x = 0.0
    for b in range(m.rotor.shape[0]):
        x += 0.5 * w[b] * w[b] / m.rotor[b, INV_I]
    return x


@njit(**JIT_INLINE)
def feature(m, p, v, kt, way):
    """Which vertex meets: 0.. of the first solid, 5.. of the second; for a banking its side."""
    if p == LIMIT_PAIR:
        return v
    if way == 0:
        return v - m.solid[m.tooth[kt], V0]
    return 5 + v - m.solid[m.pair_i[p, PAIR_SOLID], V0]


@njit(**JIT_INLINE)
def ledger_contact(m, g, k, c, p, w0, w1, pair_row):
    """Book the work of contact c's impulses between speeds w0 and w1; the work it took from the rotors, >= 0."""
    a, b = k.who[c, 0], k.who[c, 1]
    wa = 0.5 * (w0[a] + w1[a])
    wb = 0.5 * (w0[b] + w1[b]) if a != b else 0.0
    wn = k.normal[c] * (k.contact[c, JA] * wa + k.contact[c, JB] * wb)
    wt = k.tangent[c] * (k.contact[c, TA] * wa + k.contact[c, TB] * wb)
    if p == LIMIT_PAIR:
        g.ledger[E_LIMIT] += wn
    else:
        g.ledger[pair_row + 2 * p] += wn
        g.ledger[pair_row + 2 * p + 1] += wt
    return -(wn + wt)


@njit(**JIT)
def restitution_scale(m, s, k, n, resting, w0_kin):
    """Largest share in [0, 1] of the restitution speeds k.free that does not raise the kinetic energy over w0_kin.

    k.plastic holds the plastic speeds; k.free is filled with the sum of e_i M^-1 J_i^T p_i.
    """
    nb = m.rotor.shape[0]
    for b in range(nb):
        k.free[b] = 0.0
    for c in range(n):
        e = 0.0 if (k.contact[c, VN0] >= -m.option_f[V_REST] or resting) else k.contact[c, CE]
        if e > 0.0 and k.normal[c] > 0.0:
            push(k.inverse, k.contact, c, k.who[c, 0], k.who[c, 1], e * k.normal[c], e * k.tangent[c], k.free)
    cross, square = 0.0, 0.0
    for b in range(nb):
        cross += k.plastic[b] * k.free[b] / m.rotor[b, INV_I]
        square += 0.5 * k.free[b] * k.free[b] / m.rotor[b, INV_I]
    lost = kinetic(m, k.plastic) - w0_kin
    if square <= 0.0 or lost + cross + square <= 0.0:
        return 1.0
    s.counter[CLIPPED] += 1
    root = math.sqrt(max(cross * cross - 4.0 * square * min(lost, 0.0), 0.0))
    return min(max((-cross + root) / (2.0 * square), 0.0), 1.0) * 0.999999


@njit(**JIT)
def log_impact(m, s, g, k, rows, c, loss, gain):
    """One row of the impact log."""
    n = g.count[0]
    if n >= g.impact.shape[0]:
        return
    p, kk, v, way = rows[c, 0], rows[c, 1], rows[c, 2], rows[c, 3]
    tooth, kt, first_face = 0, 0, 0
    if p >= 0:
        tooth = kk % m.pair_i[p, PAIR_N]
        kt = m.pair_i[p, PAIR_TOOTH] + tooth
        first_face = m.solid[m.pair_i[p, PAIR_SOLID], F0] if way == 0 else m.solid[m.tooth[kt], F0]
    row = g.impact[n]
    row[I_T], row[I_PAIR], row[I_TOOTH] = s.number[T_NOW], p, tooth
    row[I_FEATURE], row[I_FACE] = feature(m, p, v, kt, way), k.contact[c, FACE] - first_face
    row[I_PN], row[I_V], row[I_LOSS], row[I_MAX_GAIN] = k.normal[c], -k.contact[c, VN0], loss, gain
    row[I_OSC] = s.angle[m.option_i[OSC]]
    row[I_MID] = s.angle[min(MID_ROTOR, s.angle.shape[0] - 1)]
    g.count[0] = n + 1


@njit(**JIT_INLINE)
def draw(s, n):
    """A number in 0..n-1 from the state's own generator (xorshift)."""
    x = s.counter[RNG]
    x ^= (x << 13) & 0x7FFFFFFFFFFFFFFF
    x ^= x >> 7
    x ^= (x << 17) & 0x7FFFFFFFFFFFFFFF
    s.counter[RNG] = x
    return (x & 0x7FFFFFFF) % n


@njit(**JIT)
def choose_one(s, k, n):
    """Keep a single approaching contact, drawn at random, by silencing the others for this round."""
    approaching = 0
    for c in range(n):
        if k.contact[c, VN0] < -1e-9:
            approaching += 1
    if approaching < 2:
        return
    s.counter[ORDERED] += 1
    chosen = draw(s, approaching)
    for c in range(n):
        if k.contact[c, VN0] < -1e-9:
            if chosen != 0:
                k.contact[c, BIAS] = 1e3  # far from approaching: takes no impulse
            chosen -= 1
        else:
            k.contact[c, BIAS] = 1e3


@njit(**JIT)
def one_round(m, s, k, g, n):
    """One plastic impact with restitution on the touching contacts; True while something still approaches."""
    nb = m.rotor.shape[0]
    approaching = False
    for c in range(n):
        evaluate(m, s, s.angle, k.touch, c, k.contact, c, k.who)
        prepare(k.inverse, k.contact, c, k.who[c, 0], k.who[c, 1])
        v = normal_speed(k.contact, c, k.who[c, 0], k.who[c, 1], s.speed)
        k.contact[c, VN0], k.contact[c, BIAS] = v, 0.0
        if v < -1e-9:
            approaching = True
    if not approaching:
        return False
    if m.option_i[SEQUENTIAL] != 0:
        choose_one(s, k, n)
    before = kinetic(m, s.speed)
    for b in range(nb):
        k.plastic[b] = s.speed[b]
    solve(m, k.inverse, k.contact, k.who, n, k.plastic, k.normal, k.tangent, k.matrix)
    resting = s.counter[STUCK] > 20 or s.counter[CHATTER] > ZENO
    scale = restitution_scale(m, s, k, n, resting, before)
    for b in range(nb):
        k.free[b] = k.plastic[b] + scale * k.free[b]
    for c in range(n):
        if not resting and k.contact[c, VN0] < -m.option_f[V_REST]:
            k.normal[c] *= 1.0 + scale * k.contact[c, CE]
            k.tangent[c] *= 1.0 + scale * k.contact[c, CE]
    gain = kinetic(m, k.free) - before
    for c in range(n):
        loss = ledger_contact(m, g, k, c, k.touch[c, 0], s.speed, k.free, PAIR_LOSS)
        g.ledger[E_IMPACT] -= loss
        if k.normal[c] > 0.0:
            log_impact(m, s, g, k, k.touch, c, loss, gain)
    for b in range(nb):
        s.speed[b] = k.free[b]
    return True


@njit(**JIT)
def resolve(m, s, k, g, n):
    """Resolve the impact of the n touching contacts k.touch, then lift what overlaps."""
    for b in range(m.rotor.shape[0]):
        k.inverse[b] = m.rotor[b, INV_I]
    for _ in range(ROUNDS):
        if not one_round(m, s, k, g, n):
            break
    for _ in range(4):
        for c in range(n):
            gap = gap_of(m, s.angle, k.touch[c, 0], k.touch[c, 1], k.touch[c, 2], k.touch[c, 3])
            if gap < 0.0:
                lift(m, s, k, g, c, gap)


@njit(**JIT_INLINE)
def lift(m, s, k, g, c, gap):
    """Move contact c's rotors apart by its overlap, in proportion to their inverse inertia."""
    a, b = k.who[c, 0], k.who[c, 1]
    x = -gap / k.contact[c, WNN]
    shift(m, s, g, a, m.rotor[a, INV_I] * k.contact[c, JA] * x)
    if a != b:
        shift(m, s, g, b, m.rotor[b, INV_I] * k.contact[c, JB] * x)
