"""The event-located stepper: second order between impacts, every impact found at its own time.

Within a step the contacts that touch form a complementarity problem on speeds whose bias carries the second derivative
of the gap, so that the end of the step satisfies the constraint to second order. If any other contact would overlap,
the step is shortened until that contact just touches, and the impact is resolved there; it also ends where a contact
slides off its face and where a sliding direction reverses. With train and lever at rest the oscillator jumps along its
free arc in closed form.
"""

# ruff: noqa: I001  (column names are imported in blocks)
from __future__ import annotations

import math

from numba import njit

from heartwright.engine.gaps import evaluate, gap_of, scan, spend
from heartwright.engine.impact import feature, ledger_contact, lift, resolve
from heartwright.engine.layout import (
    ADD_TORQUE, BIAS, CHATTER, CMU, C_PEAK, C_T, C_W, DIRT_TORQUE, DRIVEN, DRY, EVENTS, E_DRIVE, E_DRY, E_SLEEP,
    E_VISCOUS, FACE, FRICTION, GAP, GAP_TOL, H, HAA, HAB, HBB, H_MESH, H_RIDING, INV_I, JA, JB, JIT, JIT_INLINE, JUMPS,
    LIMIT_PAIR, LOG_FULL, MAX_CONTACTS, MAX_OPS, MOMENT_X, MOMENT_Y, NO_PROGRESS, N_CLOSED, OSC, O_FEATURE, O_MID,
    O_OSC, O_PAIR, O_T, O_TOOTH, PAIR_A, PAIR_B, PAIR_LOSS, PAIR_N, PAIR_TOOTH, PEAK, QUIET, REACHED, REST, SLEEP,
    STEPS, STEP_NOW, STIFF, STUCK, TICK, TOO_MANY_STEPS, TORQUE, TRIALS, T_NOW, V_REST, WINDOW, WINDOW_HELD, WTT,
    W_SLEEP,
)  # fmt: skip
from heartwright.engine.motion import condense, half_arc, kick, ledger_step, release
from heartwright.engine.solve import normal_speed, prepare, slide_speed, solve

TWO_PI = 6.283185307179586
QUIET_STEPS = 5
STUCK_ROUNDS = 400
CHATTER_ROUNDS = 1000  # impacts in a row without a whole step between them
STILL = 1e-9  # sliding slower than this is at rest [m/s]
LEAST_SHARE = 1e-3  # of a step, below which a reversal is taken as already there
HOLD_SWEEPS = 8
CORNER = 10.0  # gap tolerances by which a contact is past the end of its face


@njit(**JIT_INLINE)
def hold(m, s, k, c):
    """Take out of the trial's end what closed contact c has drifted from its face in the step; that drift."""
    n = MAX_CONTACTS - 1
    evaluate(m, s, k.end, s.closed, c, k.contact, n, k.who)
    a, b = k.who[n, 0], k.who[n, 1]
    wnn = k.contact[n, JA] ** 2 * m.rotor[a, INV_I]
    if a != b:
        wnn += k.contact[n, JB] ** 2 * m.rotor[b, INV_I]
    x = -k.contact[n, GAP] / wnn
    k.end[a] += m.rotor[a, INV_I] * k.contact[n, JA] * x
    if a != b:
        k.end[b] += m.rotor[b, INV_I] * k.contact[n, JB] * x
    return k.contact[n, GAP]


@njit(**JIT)
def trial(m, s, k, h):
    """A step h of the touching contacts only, which stay on their faces: k.end, k.free, k.normal, k.tangent."""
    kick(m, s, k, h)
    if m.mesh.shape[0] > 0:
        condense(m, s, k, h)
    n = s.counter[N_CLOSED]
    for c in range(n):
        evaluate(m, s, k.middle, s.closed, c, k.contact, c, k.who)
        a, b = k.who[c, 0], k.who[c, 1]
        prepare(k.inverse, k.contact, c, a, b)
        wa = s.speed[a]
        wb = s.speed[b] if a != b else 0.0
        bend = k.contact[c, HAA] * wa * wa + 2.0 * k.contact[c, HAB] * wa * wb + k.contact[c, HBB] * wb * wb
        k.contact[c, BIAS] = 0.5 * h * bend
    if n > 0:
        solve(m, k.inverse, k.contact, k.who, n, k.free, k.normal, k.tangent, k.matrix)
    if m.mesh.shape[0] > 0:
        release(m, s, k)
    for b in range(m.rotor.shape[0]):
        k.end[b] = k.middle[b] + k.drift[b] * k.free[b]
        k.moved[b] = k.end[b]
    for _ in range(HOLD_SWEEPS if n > 1 else n):
        worst = 0.0
        for c in range(n):
            if k.normal[c] > 0.0:
                worst = max(worst, abs(hold(m, s, k, c)))
        if worst < 0.25 * m.option_f[GAP_TOL]:
            break
    for b in range(m.rotor.shape[0]):
        k.moved[b] = k.end[b] - k.moved[b]
    s.counter[TRIALS] += 1


@njit(**JIT_INLINE)
def look(m, s, k):
    """Least gap at the trial's end outside the closed list; k.offender names its contact."""
    spend(m, s.budget, s.angle, k.end, k.budget)
    return scan(m, k.end, k.budget, s.closed, s.counter[N_CLOSED], k.touch, 0, -1.0, k.offender)[0]


@njit(**JIT)
def closing(m, s, k):
    """Rate of change of the gap of k.offender at the start of the step."""
    n = MAX_CONTACTS - 1
    for j in range(4):
        k.touch[n, j] = k.offender[j]
    k.touch[n, 4] = -1
    evaluate(m, s, s.angle, k.touch, n, k.contact, n, k.who)
    return normal_speed(k.contact, n, k.who[n, 0], k.who[n, 1], s.speed)


@njit(**JIT)
def find_touch(m, s, k, h):
    """Step length in (0, h) at which k.offender, overlapping after h, just touches; 0 where it cannot move at all.

    The first guess is the root of the parabola through the gap, its rate at the start, and the overlap at the end; then
    regula falsi (Illinois). A contact that touches already is deflated: gap / time is bracketed instead.
    """
    tol = m.option_f[GAP_TOL]
    p, kk, v, way = k.offender[0], k.offender[1], k.offender[2], k.offender[3]
    g0, rate = gap_of(m, s.angle, p, kk, v, way), closing(m, s, k)
    touching = g0 <= tol
    if touching and rate <= 0.0:
        return 0.0
    lo, hi, end = 0.0, h, gap_of(m, k.end, p, kk, v, way)
    y_lo, y_hi = (rate, end / h) if touching else (g0, end)
    bend = (end - g0 - rate * h) / (h * h)
    if touching:
        x = -rate / bend
    else:
        x = -2.0 * g0 / (rate - math.sqrt(max(rate * rate - 4.0 * bend * g0, 0.0)))
    for i in range(60):
        if not lo < x < hi or i % 8 == 7:
            x = 0.5 * (lo + hi)
        trial(m, s, k, x)
        g = gap_of(m, k.end, p, kk, v, way)
        if -tol <= g <= tol:
            return x
        y = g / x if touching else g
        if g > 0.0:
            lo, y_lo = x, y
            y_hi *= 0.5 if i > 1 else 1.0
        else:
            hi, y_hi = x, y
            y_lo *= 0.5 if i > 1 else 1.0
        if hi - lo < 1e-14:
            break
        x = lo + (hi - lo) * y_lo / (y_lo - y_hi)
    trial(m, s, k, hi)
    return hi


@njit(**JIT)
def locate(m, s, k, h):
    """Longest step <= h after which nothing overlaps, once a full step was found to overlap."""
    for _ in range(20):
        h = find_touch(m, s, k, h)
        if h == 0.0:
            break
        deepest = look(m, s, k)
        if deepest >= -2.0 * m.option_f[GAP_TOL]:
            break
        if gap_of(m, s.angle, k.offender[0], k.offender[1], k.offender[2], k.offender[3]) <= deepest:
            break  # it overlapped before, and parts
    return h


@njit(**JIT)
def past_end(m, s, k, q):
    """How far closed contact q is past the end of its face at the trial's end, and how fast that grows: the gap to its
    whole solid less the gap to its face. What the step has let the contact drift cancels."""
    n = MAX_CONTACTS - 1
    evaluate(m, s, k.end, s.closed, q, k.contact, n, k.who)
    gap, rate = k.contact[n, GAP], normal_speed(k.contact, n, k.who[n, 0], k.who[n, 1], k.free)
    for j in range(4):
        k.touch[n, j] = s.closed[q, j]
    k.touch[n, 4] = -1
    evaluate(m, s, k.end, k.touch, n, k.contact, n, k.who)
    return k.contact[n, GAP] - gap, normal_speed(k.contact, n, k.who[n, 0], k.who[n, 1], k.free) - rate


@njit(**JIT)
def past_corner(m, s, k):
    """The first closed contact that has slid past the end of its face in the trial, -1 where there is none."""
    for q in range(s.counter[N_CLOSED]):
        p = s.closed[q, 0]
        if p >= 0 and k.normal[q] > 0.0 and s.closed[q, 4] >= 0:
            if past_end(m, s, k, q)[0] > CORNER * m.option_f[GAP_TOL]:
                return q
    return -1


@njit(**JIT)
def to_corner(m, s, k, q, h):
    """Step length in (0, h] after which closed contact q, past the end of its face after h, has just reached it.

    Newton from the far side, where the excess is smooth; halved where that leaves the bracket.
    """
    least = CORNER * m.option_f[GAP_TOL]
    lo, hi = 0.0, h
    for _ in range(50):
        past, rate = past_end(m, s, k, q)
        x = hi - (past - 2.0 * least) / rate if rate > 0.0 else lo
        if not lo < x < hi:
            x = 0.5 * (lo + hi)
        trial(m, s, k, x)
        past = past_end(m, s, k, q)[0]
        if least <= past <= 3.0 * least:
            return x
        if past < least:
            lo = x
            trial(m, s, k, hi)
        else:
            hi = x
        if hi - lo < 1e-13:
            break
    trial(m, s, k, hi)
    return hi


@njit(**JIT)
def turn_share(m, s, k, h):
    """Share of the trial at which a sliding direction first reverses (or sticks), 1 where none does.

    Friction is constant within a step, so a step must end where it changes. The moment is that at which full friction
    in the first direction would have stopped the sliding.
    """
    share = 1.0
    for c in range(s.counter[N_CLOSED]):
        if k.normal[c] > 0.0 and k.contact[c, CMU] > 0.0:
            a, b = k.who[c, 0], k.who[c, 1]
            before = slide_speed(k.contact, c, a, b, s.speed)
            if abs(before) < STILL:
                continue
            full = -k.contact[c, CMU] * k.normal[c] * (1.0 if before > 0.0 else -1.0)
            after = slide_speed(k.contact, c, a, b, k.free) + k.contact[c, WTT] * (full - k.tangent[c])
            if before * after < 0.0:
                share = min(share, before / (before - after))
    for b in range(m.rotor.shape[0]):
        w = s.speed[b]
        if s.drive[b, DRY] > 0.0 and w != 0.0 and w * k.free[b] <= 0.0:
            full = -s.drive[b, DRY] * h * (1.0 if w > 0.0 else -1.0)
            after = k.free[b] + k.inverse[b] * (full - k.drag[b])
            share = min(share, w / (w - after))
    return share if share > LEAST_SHARE else 1.0


@njit(**JIT_INLINE)
def next_tick(m, s):
    """The oscillator has turned: draw the next tick's dirt and the train's torque wave from their tables."""
    s.counter[TICK] += 1
    extra = 0.0
    if m.tick.shape[0] > 0:
        i = s.counter[TICK] % m.tick.shape[0]
        extra, s.number[FRICTION] = m.tick[i, 0], m.tick[i, 1]
    for i in range(m.wave.shape[0]):
        extra += m.wave[i, 1] * math.sin(m.wave[i, 0] * s.angle[m.option_i[DRIVEN]] + m.wave[i, 2])
    s.number[ADD_TORQUE] = extra * m.option_f[DIRT_TORQUE]


@njit(**JIT_INLINE)
def crossing_share(x0, w0, x1, w1, h):
    """Share of the step h at which a cubic through both ends passes zero."""
    f = x0 / (x0 - x1)
    a, b = w0 * h, w1 * h
    for _ in range(6):
        y = ((2 * x0 - 2 * x1 + a + b) * f + (-3 * x0 + 3 * x1 - 2 * a - b)) * f * f + a * f + x0
        d = (3 * (2 * x0 - 2 * x1 + a + b) * f + 2 * (-3 * x0 + 3 * x1 - 2 * a - b)) * f + a
        if d == 0.0:
            break
        f -= y / d
    return min(max(f, 0.0), 1.0)


@njit(**JIT_INLINE)
def watch(m, s, g, x0, w0, x1, w1, h):
    """Log the oscillator's passages through the line of centres and its turning points over a step."""
    if w0 != 0.0 and w0 * w1 <= 0.0:
        f = w0 / (w0 - w1)
        s.number[PEAK] = max(s.number[PEAK], abs(x0 + 0.5 * f * h * w0))
        next_tick(m, s)
    s.number[PEAK] = max(s.number[PEAK], abs(x1))
    if (x0 < 0.0) != (x1 < 0.0):
        n = g.count[2]
        if n < g.crossing.shape[0]:
            f = crossing_share(x0, w0, x1, w1, h)
            g.crossing[n, C_T], g.crossing[n, C_W] = s.number[T_NOW] + f * h, w0 + f * (w1 - w0)
            g.crossing[n, C_PEAK] = s.number[PEAK]
            g.count[2] = n + 1
        s.number[PEAK] = 0.0


@njit(**JIT_INLINE)
def pose(s, g):
    """Write a pose where one is due."""
    n = g.count[3]
    if g.pose_at[1] > 0.0 and s.number[T_NOW] >= g.pose_at[0] - 1e-12 and n < g.pose.shape[0]:
        g.pose[n, 0] = s.number[T_NOW]
        for b in range(s.angle.shape[0]):
            g.pose[n, 1 + b] = s.angle[b]
        g.count[3] = n + 1
        g.pose_at[0] += g.pose_at[1]
        if g.pose_at[0] <= s.number[T_NOW]:
            g.pose_at[0] = s.number[T_NOW] + g.pose_at[1]


@njit(**JIT)
def log_opening(m, s, g, q):
    """Write down that closed contact q has opened."""
    n = g.count[1]
    p, kk, v, way = s.closed[q, 0], s.closed[q, 1], s.closed[q, 2], s.closed[q, 3]
    if n >= g.opening.shape[0] or p == LIMIT_PAIR:
        return
    tooth = kk % m.pair_i[p, PAIR_N]
    row = g.opening[n]
    row[O_T], row[O_PAIR], row[O_TOOTH] = s.number[T_NOW], p, tooth
    row[O_FEATURE] = feature(m, p, v, m.pair_i[p, PAIR_TOOTH] + tooth, way)
    row[O_OSC], row[O_MID] = s.angle[m.option_i[OSC]], s.angle[min(1, s.angle.shape[0] - 1)]
    g.count[1] = n + 1


@njit(**JIT)
def accept(m, s, k, g, h, leaving):
    """Take the trial step: book it, watch the oscillator, drop contacts with no impulse and the one that leaves."""
    n = s.counter[N_CLOSED]
    ledger_step(m, s, k, g, h)
    for c in range(n):
        ledger_contact(m, g, k, c, s.closed[c, 0], s.speed, k.free, PAIR_LOSS)
    osc = m.option_i[OSC]
    watch(m, s, g, s.angle[osc], s.speed[osc], k.end[osc], k.free[osc], h)
    quiet = True
    for b in range(m.rotor.shape[0]):
        s.angle[b], s.speed[b] = k.end[b], k.free[b]
        if b != osc and abs(s.speed[b]) > m.option_f[W_SLEEP]:
            quiet = False
    s.counter[QUIET] = s.counter[QUIET] + 1 if quiet else 0
    s.number[T_NOW] += h
    s.counter[STEPS] += 1
    s.counter[STUCK] = 0
    kept = 0
    for q in range(n):
        if k.normal[q] > 0.0 and q != leaving:
            for j in range(5):
                s.closed[kept, j] = s.closed[q, j]
            kept += 1
        else:
            log_opening(m, s, g, q)
            if s.closed[q, 0] >= 0:
                s.budget[s.closed[q, 0]] = -1.0
    s.counter[N_CLOSED] = kept


@njit(**JIT_INLINE)
def forget(m, s, rows, n):
    """The pairs of these contacts must be measured anew."""
    for c in range(n):
        if rows[c, 0] >= 0:
            s.budget[rows[c, 0]] = -1.0


@njit(**JIT)
def strike(m, s, k, g, moved):
    """Resolve the impact at the current angles and decide which contacts stay closed."""
    s.counter[EVENTS] += 1
    s.counter[QUIET] = 0
    s.number[STEP_NOW] = m.option_f[H_MESH]
    forget(m, s, s.closed, s.counter[N_CLOSED])
    for p in range(m.pair_i.shape[0]):
        if s.budget[p] <= 4.0 * m.option_f[GAP_TOL]:
            s.budget[p] = -1.0
    n = scan(m, s.angle, s.budget, s.closed, 0, k.touch, 0, 2.0 * m.option_f[GAP_TOL], k.offender)[1]
    resolve(m, s, k, g, n)
    kept = 0
    for c in range(n):
        v = normal_speed(k.contact, c, k.who[c, 0], k.who[c, 1], s.speed)
        if (v <= m.option_f[V_REST] * 1e-2 or not moved) and kept < MAX_CONTACTS:
            for j in range(4):
                s.closed[kept, j] = k.touch[c, j]
            s.closed[kept, 4] = int(k.contact[c, FACE])
            kept += 1
    s.counter[N_CLOSED] = kept
    forget(m, s, k.touch, n)


@njit(**JIT_INLINE)
def wake_at(m, s):
    """Angle below which the oscillator may touch something: smaller while a part rests on its banking, where the
    construction keeps it clear of the oscillator."""
    for q in range(s.counter[N_CLOSED]):
        if s.closed[q, 0] == LIMIT_PAIR:
            return m.option_f[WINDOW_HELD]
    return m.option_f[WINDOW]


@njit(**JIT)
def part(m, s, k, g):
    """Whether k.offender overlapped already while parting; it is then lifted, and the step is to be tried anew."""
    gap = gap_of(m, s.angle, k.offender[0], k.offender[1], k.offender[2], k.offender[3])
    if gap >= -0.5 * m.option_f[GAP_TOL] or s.counter[STUCK] > STUCK_ROUNDS or closing(m, s, k) <= 0.0:
        return False
    n = MAX_CONTACTS - 1
    for b in range(m.rotor.shape[0]):
        k.inverse[b] = m.rotor[b, INV_I]
    prepare(k.inverse, k.contact, n, k.who[n, 0], k.who[n, 1])
    lift(m, s, k, g, n, gap)
    s.counter[STUCK] += 1
    return True


@njit(**JIT)
def may_fly(m, s):
    """Whether the oscillator is alone: out of the window, everything else at rest and no contact on it."""
    osc = m.option_i[OSC]
    x, near = abs(s.angle[osc]), wake_at(m, s)
    if m.option_i[SLEEP] == 0 or s.counter[QUIET] < QUIET_STEPS or x < near or x >= TWO_PI - m.option_f[WINDOW]:
        return False
    outward = s.speed[osc] * s.angle[osc] > 0.0
    if (outward and x > (TWO_PI - m.option_f[WINDOW]) * 0.9999999) or (not outward and x < near * 1.0000001):
        return False
    if m.rotor[osc, MOMENT_X] != 0.0 or m.rotor[osc, MOMENT_Y] != 0.0:
        return False
    for q in range(s.counter[N_CLOSED]):
        p = s.closed[q, 0]
        if p >= 0 and (m.pair_i[p, PAIR_A] == osc or m.pair_i[p, PAIR_B] == osc):
            return False
    return True


@njit(**JIT)
def fly(m, s, g, until):
    """Move the oscillator along its free arc, in closed form, to where it comes in again (or to `until`)."""
    osc = m.option_i[OSC]
    near = wake_at(m, s)
    for b in range(m.rotor.shape[0]):
        if b != osc:
            g.ledger[E_SLEEP] -= 0.5 * s.speed[b] * s.speed[b] / m.rotor[b, INV_I]
            s.speed[b] = 0.0
    for _ in range(2):
        most = until - s.number[T_NOW]
        if g.pose_at[1] > 0.0:
            most = min(most, max(g.pose_at[0] - s.number[T_NOW], 0.0) + 1e-13)
        if most <= 0.0:
            break
        x0, w0 = s.angle[osc], s.speed[osc]
        t, x, w = half_arc(m, s, osc, x0, w0, near, TWO_PI - m.option_f[WINDOW], most)
        turned = x - x0
        kin = 0.5 * (w * w - w0 * w0) / m.rotor[osc, INV_I]
        pot = 0.5 * s.drive[osc, STIFF] * ((x - s.drive[osc, REST]) ** 2 - (x0 - s.drive[osc, REST]) ** 2)
        dry = s.drive[osc, DRY] * abs(turned)
        work = s.drive[osc, TORQUE] * turned
        g.ledger[E_DRIVE] += work
        g.ledger[E_DRY] -= dry
        g.ledger[E_VISCOUS] += kin + pot + dry - work
        s.angle[osc], s.speed[osc] = x, w
        s.number[T_NOW] += t
        s.number[PEAK] = max(s.number[PEAK], abs(x))
        if w == 0.0:
            next_tick(m, s)
        pose(s, g)
        if w != 0.0:
            break
    s.counter[JUMPS] += 1
    for p in range(m.pair_i.shape[0]):
        s.budget[p] = -1.0
    if abs(s.angle[osc]) <= near * 1.0000001:
        s.counter[QUIET] = 0


@njit(**JIT_INLINE)
def next_step(m, s):
    """The step to try: the longest, longer while a part rides on the oscillator and nothing can be missed between
    them, but with meshes short after an impact, while teeth ring against each other."""
    if m.mesh.shape[0] == 0:
        osc = m.option_i[OSC]
        for q in range(s.counter[N_CLOSED]):
            p = s.closed[q, 0]
            if p >= 0 and (m.pair_i[p, PAIR_A] == osc or m.pair_i[p, PAIR_B] == osc):
                return m.option_f[H_RIDING]
        return m.option_f[H]
    h = s.number[STEP_NOW]
    s.number[STEP_NOW] = min(2.0 * h, m.option_f[H])
    return h


@njit(**JIT)
def advance(m, s, k, g, until):
    """Run to `until`. Returns why it came back: REACHED, LOG_FULL, NO_PROGRESS (conflicting contacts: a jam) or
    TOO_MANY_STEPS."""
    budget = m.option_i[MAX_OPS]
    while s.number[T_NOW] < until - 1e-14:
        if g.count[0] + 64 > g.impact.shape[0] or g.count[1] + 64 > g.opening.shape[0]:
            return LOG_FULL
        if g.count[2] + 2 > g.crossing.shape[0]:
            return LOG_FULL
        if may_fly(m, s):
            fly(m, s, g, until)
            continue
        h = min(next_step(m, s), until - s.number[T_NOW])
        trial(m, s, k, h)
        overlaps = look(m, s, k) < -m.option_f[GAP_TOL]
        if overlaps and part(m, s, k, g):
            continue
        if overlaps:
            h = locate(m, s, k, h)
        corner = past_corner(m, s, k) if h > 0.0 else -1
        if corner >= 0:
            shorter = to_corner(m, s, k, corner, h)
            overlaps = overlaps and shorter == h
            h = shorter
            spend(m, s.budget, s.angle, k.end, k.budget)
        share = turn_share(m, s, k, h) if h > 0.0 else 1.0
        if share < 1.0:
            h, overlaps, corner = share * h, False, -1
            trial(m, s, k, h)
            spend(m, s.budget, s.angle, k.end, k.budget)
        if h > 0.0:
            for p in range(m.pair_i.shape[0]):
                s.budget[p] = k.budget[p]
            accept(m, s, k, g, h, corner)
        else:
            s.counter[STUCK] += 1
            if s.counter[STUCK] > STUCK_ROUNDS:
                return NO_PROGRESS
        s.counter[CHATTER] = s.counter[CHATTER] + 1 if overlaps else 0
        if s.counter[CHATTER] > CHATTER_ROUNDS:
            return NO_PROGRESS
        if overlaps:
            strike(m, s, k, g, h > 0.0)
        pose(s, g)
        budget -= 1
        if budget < 0:
            return TOO_MANY_STEPS
    return REACHED
