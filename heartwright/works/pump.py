# ruff: noqa: I001  (column names are imported in blocks)
"""The heart's pump: cam, follower and bellows, two reed valves, oil, and a three-element Windkessel.

The pump arbor makes one turn a stroke between the single-turn stop's blows; a cam lifts the follower, which presses
the bellows through a 2:1 lever; a spring fills it again. A reed is the tip lift of a tongue on its slot (Rayleigh-Ritz
on the tip-loaded cantilever) with a squeeze film under it; flow is an orifice in series with a narrow land. Chamber
and artery are compliances, and every volume is moved between the same two accounts, so mass is conserved to rounding.
Detent and stop are reduced elements: an ideal dead lock that opens as the star passes, and a blow with restitution.
SI, pressures are gauge. Sources: docs/theory.md, "The heart".
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heartwright.design.pump import Pump, Reed, Remontoire
from heartwright.engine.layout import JIT, JIT_INLINE

Floats = NDArray[np.float64]

# state columns
ARBOR, SPEED, BELLOWS, BELLOWS_V, P_CHAMBER, P_ARTERY, X_IN, V_IN, X_OUT, V_OUT = range(10)
RELEASED, ON_CAM, T_RELEASE, OPEN_IN, OPEN_OUT, DRIVE, Q_OUT, Q_LOAD, SPENT_FOR, HAND_FORCE = range(10, 20)
N_STATE = 20
# parameter columns
TORQUE, J, FLY, PIVOT, K_REM, OFFSET, RATIO, STAR, STAR_PITCH, LOCK_E = range(10)
AREA, LIFT, F0, KS, MASS, LEATHER, C_CHAMBER, ROLLER = range(10, 18)
R1, R2, R3, R4, RAMP = range(18, 23)
C_ARTERY, R_LOAD, R_ENTRY, HEAD, RHO, MU, CD, ROUGH, SEAT_E, STOP, FORCE = range(23, 34)
REED_IN, REED_OUT = 34, 48  # first column of each reed's block
# a finger or tool on the follower: stiffness, damping, where its tip is at HAND_T in bellows travel, and its speed
HAND_K, HAND_C, HAND_X, HAND_V, HAND_T = range(62, 67)
N_PARAM = 67
# within a reed's block
K, M, C, SET, A, W_FLOW, W_LAND, LAND, SQUEEZE, CRACK_W, CRACK_GAP, CRACK_L, LEAK_W, LEAK_GAP = range(14)
# ledger rows
(
    L_DRIVE, L_REMONTOIRE, L_FLY, L_PIVOT, L_ROLLER, L_STOP, L_LANDING, L_LEATHER, L_VALVES, L_LEAKS, L_ENTRY, L_REEDS,
    L_SEATS, L_LOAD, L_FALL, L_OUTSIDE, V_IN_TOTAL, V_OUT_TOTAL, V_LOAD, V_BELLOWS, W_EJECT, W_FILL,
) = range(22)  # fmt: skip
N_LEDGER = 22
# event kinds
RELEASE, INLET_CLOSES, OUTLET_CLOSES, STOPPED, LANDING = range(5)
KINDS = ("release", "inlet_closes", "outlet_closes", "stop", "landing")
# record columns
RECORD = ("arbor_angle", "bellows", "chamber_pressure", "artery_pressure", "inlet_lift", "outlet_lift", "outlet_flow",
          "load_flow", "remontoire_torque", "hand_force")  # fmt: skip
RECORD_UNITS = ("rad", "m", "Pa", "Pa", "m", "m", "m3/s", "m3/s", "N m", "N")

TWO_PI = 2.0 * math.pi
NOTICE_LIFT = 20e-6  # a reed that lifted less than this closes without a sound [m]
ON_CAM_GAP = 1e-9
OFF_CAM_GAP = 5e-6


@njit(**JIT)
def cam(pp, angle):
    """Bellows travel that the cam asks for, and its slope: rise and fall at constant speed with sin2 ramps."""
    x = angle - TWO_PI * math.floor(angle / TWO_PI)
    if x <= pp[R1] or x >= pp[R4]:
        return 0.0, 0.0
    if pp[R2] <= x <= pp[R3]:
        return pp[LIFT], 0.0
    if x < pp[R2]:
        slope = 1.0 / (pp[R2] - pp[R1])
        u = (x - pp[R1]) * slope
    else:
        slope = -1.0 / (pp[R4] - pp[R3])
        u = (x - pp[R4]) * slope
    r = pp[RAMP]
    top = 1.0 / (1.0 - r)
    q = min(u, 1.0 - u)
    if q < r:
        part = top * (0.5 * q - r / TWO_PI * math.sin(math.pi * q / r))
        v = top * 0.5 * (1.0 - math.cos(math.pi * q / r))
    else:
        part = top * (q - 0.5 * r)
        v = top
    return pp[LIFT] * (part if u < 0.5 else 1.0 - part), pp[LIFT] * v * slope


@njit(**JIT_INLINE)
def orifice(pp, dp, x, width, land_width, land, series):
    """Flow through a lip of opening x: Bernoulli with discharge coefficient, plane Poiseuille over the land, and a
    resistance in series."""
    if x < 1e-9 or width <= 0.0:
        return 0.0
    area = pp[CD] * width * x
    a = 0.5 * pp[RHO] / (area * area)
    b = 12.0 * pp[MU] * land / (land_width * x * x * x) + series
    d = abs(dp)
    q = 2.0 * d / (b + math.sqrt(b * b + 4.0 * a * d))
    return q if dp > 0 else -q


@njit(**JIT_INLINE)
def valve_flow(pp, r, dp, x, series):
    """Flow through reed block r at tip lift x, and through its crack and leak."""
    q = orifice(pp, dp, x + pp[ROUGH], pp[r + W_FLOW], pp[r + W_LAND], pp[r + LAND], series)
    leak = orifice(pp, dp, pp[r + CRACK_GAP], pp[r + CRACK_W], pp[r + CRACK_W], pp[r + CRACK_L], series)
    leak += orifice(pp, dp, pp[r + LEAK_GAP], pp[r + LEAK_W], pp[r + LEAK_W], pp[r + CRACK_L], series)
    return q, leak


@njit(**JIT_INLINE)
def reed_step(pp, pe, r, dp, x, v, h):
    """Advance a reed by h: new lift and speed, and the speed it struck its seat with (0 where it did not)."""
    c = pp[r + C] + pp[r + SQUEEZE] / (x + pp[ROUGH]) ** 3
    w = (v + h / pp[r + M] * (pp[r + A] * dp - pp[r + K] * (x + pp[r + SET]))) / (1.0 + h * c / pp[r + M])
    new, struck, wall = x + h * w, 0.0, -1.0
    if new < 0.0:
        wall = 0.0
    elif new > pp[STOP]:
        wall = pp[STOP]
    if wall >= 0.0:
        back = -pp[SEAT_E] * w
        if wall == 0.0 and back < 2e-4:
            back = 0.0
        if wall > 0.0 or x > 0.0:
            pe[L_SEATS] += 0.5 * pp[r + M] * (w * w - back * back)
            struck = abs(w) if wall == 0.0 else 0.0
        pe[L_REEDS] += c * w * (wall - x)
        return wall, back, struck
    pe[L_REEDS] += c * w * (new - x)
    return new, w, 0.0


@njit(**JIT_INLINE)
def note(events, count, t, kind, strength):
    """Write down an event."""
    n = count[1]
    if n < events.shape[0]:
        events[n, 0], events[n, 1], events[n, 2] = t, kind, strength
        count[1] = n + 1


@njit(**JIT_INLINE)
def hand_force(pp, y, vy, t):
    """What a finger presses the follower with: its pad is a spring and a damper, and it cannot pull."""
    if pp[HAND_K] <= 0.0:
        return 0.0
    deep = pp[HAND_X] + pp[HAND_V] * (t - pp[HAND_T]) - y
    if deep <= 0.0:
        return 0.0
    return max(pp[HAND_K] * deep + pp[HAND_C] * (pp[HAND_V] - vy), 0.0)


@njit(**JIT)
def arbor_step(ps, pp, pe, wheel, t, h, events, count):
    """Advance arbor, follower and bellows by h; returns the bellows' travel."""
    angle, speed, y, vy = ps[ARBOR], ps[SPEED], ps[BELLOWS], ps[BELLOWS_V]
    rise, slope = cam(pp, angle)
    spring = max(pp[K_REM] * (pp[OFFSET] + angle / pp[RATIO] - wheel) / pp[RATIO], 0.0)
    w = speed + h * (ps[DRIVE] - spring - pp[FLY] * speed * abs(speed)) / pp[J]
    most = h * pp[PIVOT] / pp[J]
    w = w - most if w > most else (w + most if w < -most else 0.0)
    outside = pp[FORCE] + hand_force(pp, y, vy, t)
    force = -ps[P_CHAMBER] * pp[AREA] - pp[F0] - pp[KS] * y + outside
    v = (vy + h * force / pp[MASS]) / (1.0 + h * pp[LEATHER] / pp[MASS])
    if y - rise <= ON_CAM_GAP:
        way = 1.0 if w >= 0 else -1.0
        lever = slope + way * pp[ROLLER]
        closing = v - slope * w
        if closing < 0.0:
            den = 1.0 / pp[MASS] + slope * lever / pp[J]
            if den < 1e-9:
                den = 1.0 / pp[MASS]
            push = -closing / den
            if ps[ON_CAM] == 0.0:
                note(events, count, t, LANDING, push)
                pe[L_LANDING] += 0.5 * push * (-closing)
            v += push / pp[MASS]
            slower = w - lever * push / pp[J]
            pe[L_ROLLER] += way * pp[ROLLER] * push * 0.5 * (w + slower)
            w = slower
            ps[ON_CAM] = 1.0
    elif y - rise > OFF_CAM_GAP:
        ps[ON_CAM] = 0.0
    new = angle + h * w
    gate = TWO_PI * ps[RELEASED]
    if new >= gate:
        if w > 0.05:
            note(events, count, t, STOPPED, pp[J] * w)
        back = -pp[LOCK_E] * w
        back = 0.0 if back > -0.2 else back
        if angle < gate:
            pe[L_STOP] += 0.5 * pp[J] * (w * w - back * back)
        new, w = gate, back
    click = TWO_PI * math.floor(angle / TWO_PI + 1e-6)
    if new < click < gate:  # a slack train is not driven back past its last stop by the remontoire
        pe[L_STOP] += 0.5 * pp[J] * w * w
        new, w = click, 0.0
    turn = new - angle
    mid = max(pp[K_REM] * (pp[OFFSET] + 0.5 * (angle + new) / pp[RATIO] - wheel) / pp[RATIO], 0.0)
    pe[L_DRIVE] += ps[DRIVE] * turn
    pe[L_REMONTOIRE] += mid * turn
    pe[L_FLY] += pp[FLY] * speed * abs(speed) * turn
    pe[L_PIVOT] += pp[PIVOT] * abs(turn)
    lowest = max(cam(pp, new)[0], 0.0)
    yn = max(y + h * v, lowest)
    pe[L_LEATHER] += pp[LEATHER] * v * (yn - y)
    pe[L_OUTSIDE] += outside * (yn - y)
    ps[HAND_FORCE] = outside - pp[FORCE]
    ps[ARBOR], ps[SPEED], ps[BELLOWS], ps[BELLOWS_V] = new, w, yn, v
    return yn - y


@njit(**JIT)
def valve_step(ps, pp, pe, t, h, events, count):
    """Advance both reeds by h: volumes through outlet and inlet, and what the books need of them."""
    dp_out, dp_in = ps[P_CHAMBER] - ps[P_ARTERY] - pp[HEAD], -ps[P_CHAMBER]
    q_out, leak_out = valve_flow(pp, REED_OUT, dp_out, ps[X_OUT], pp[R_ENTRY])
    q_in, leak_in = valve_flow(pp, REED_IN, dp_in, ps[X_IN], 0.0)
    swept = q_out + leak_out + pp[REED_OUT + A] * ps[V_OUT]
    x_out, ps[V_OUT], hit_out = reed_step(pp, pe, REED_OUT, dp_out - pp[R_ENTRY] * swept, ps[X_OUT], ps[V_OUT], h)
    x_in, ps[V_IN], hit_in = reed_step(pp, pe, REED_IN, dp_in, ps[X_IN], ps[V_IN], h)
    if hit_out > 0.0:
        if ps[OPEN_OUT] > NOTICE_LIFT:
            note(events, count, t, OUTLET_CLOSES, pp[REED_OUT + M] * hit_out)
        ps[OPEN_OUT] = 0.0
    if hit_in > 0.0:
        if ps[OPEN_IN] > NOTICE_LIFT:
            note(events, count, t, INLET_CLOSES, pp[REED_IN + M] * hit_in)
        ps[OPEN_IN] = 0.0
    d_out, d_in = x_out - ps[X_OUT], x_in - ps[X_IN]
    ps[X_OUT], ps[X_IN] = x_out, x_in
    ps[OPEN_OUT], ps[OPEN_IN] = max(ps[OPEN_OUT], x_out), max(ps[OPEN_IN], x_in)
    pe[L_ENTRY] += h * pp[R_ENTRY] * (q_out * q_out + leak_out * leak_out)
    pe[L_ENTRY] += pp[R_ENTRY] * swept * pp[REED_OUT + A] * d_out
    return (q_out, leak_out, q_in, leak_in, pp[REED_OUT + A] * d_out, pp[REED_IN + A] * d_in)


@njit(**JIT)
def pump_step(ps, pp, pe, wheel, t, h, events, count):
    """One step of everything, volumes moved between the same two accounts."""
    q_out, leak_out, q_in, leak_in, swept_out, swept_in = valve_step(ps, pp, pe, t, h, events, count)
    travel = arbor_step(ps, pp, pe, wheel, t, h, events, count)
    pc, pa = ps[P_CHAMBER], ps[P_ARTERY]
    v_out, v_in = h * (q_out + leak_out) + swept_out, h * (q_in + leak_in) + swept_in
    load = pa / pp[R_LOAD]  # the capillary ends in the open at the artery's height; the oil falls back from there
    dpc = (pp[AREA] * travel + v_in - v_out) / pp[C_CHAMBER]
    dpa = (v_out - h * load) / pp[C_ARTERY]
    chamber, artery = pc + 0.5 * dpc, pa + 0.5 * dpa
    if travel > 0:
        pe[W_EJECT] += chamber * pp[AREA] * travel
    else:
        pe[W_FILL] += chamber * pp[AREA] * travel
    over = chamber - artery - pp[HEAD]
    pe[L_VALVES] += h * q_out * (over - pp[R_ENTRY] * q_out) - h * q_in * chamber
    pe[L_LEAKS] += h * leak_out * (over - pp[R_ENTRY] * leak_out) - h * leak_in * chamber
    pe[L_LOAD] += h * load * artery
    pe[L_FALL] += v_out * pp[HEAD]
    pe[V_OUT_TOTAL] += v_out
    pe[V_IN_TOTAL] += v_in
    pe[V_LOAD] += h * load
    pe[V_BELLOWS] += pp[AREA] * travel
    ps[P_CHAMBER], ps[P_ARTERY] = pc + dpc, pa + dpa
    ps[Q_OUT], ps[Q_LOAD] = v_out / h, load


@njit(**JIT)
def release(ps, pp, wheel, t, wave, noise, events, count):
    """Let the arbor go where the star has passed; the train's torque is drawn anew for the stroke."""
    n = math.floor((wheel - pp[STAR]) / pp[STAR_PITCH]) + 1.0
    if n <= ps[RELEASED]:
        return
    ps[RELEASED], ps[T_RELEASE] = n, t
    note(events, count, t, RELEASE, 0.0)
    share = 1.0
    if noise.shape[0] > 0:
        share += noise[int(n) % noise.shape[0], 0]
    for i in range(wave.shape[0]):
        share += wave[i, 1] * math.sin(wave[i, 0] * ps[ARBOR] + wave[i, 2])
    ps[DRIVE] = pp[TORQUE] * share


@njit(**JIT)
def advance_pump(ps, pp, pe, wheel, t, dt, longest, record, record_dt, events, count):
    """Advance by dt in steps <= longest while the escape wheel stands at `wheel`."""
    n = int(math.ceil(dt / longest))
    h = dt / n
    for i in range(n):
        pump_step(ps, pp, pe, wheel, t + i * h, h, events, count)
        now = t + (i + 1) * h
        if record_dt > 0.0 and now >= count[2] * record_dt and count[0] < record.shape[0]:
            row = record[count[0]]
            row[0], row[1], row[2] = now, ps[ARBOR], ps[BELLOWS]
            row[3], row[4], row[5], row[6] = ps[P_CHAMBER], ps[P_ARTERY], ps[X_IN], ps[X_OUT]
            row[7], row[8] = ps[Q_OUT], ps[Q_LOAD]
            row[9] = max(pp[K_REM] * (pp[OFFSET] + ps[ARBOR] / pp[RATIO] - wheel), 0.0)
            row[10] = ps[HAND_FORCE]
            count[0] += 1
            count[2] = int(now / record_dt) + 1


def reed_block(pump: Pump, reed: Reed, viscosity: float) -> list[float]:
    """Reduced coefficients of one reed."""
    e, rho = pump.young_modulus, pump.metal_density
    k = e * reed.width * reed.thickness**3 / (4 * reed.length**3)
    crack = reed.crack * reed.width
    share = 1.0 - (1.0 - min(1.0, crack / reed.length)) ** 3
    softer = k / (1.0 + share * reed.crack / (1.0 - reed.crack)) if reed.crack > 0 else k
    mass = 33 / 140 * rho * reed.width * reed.thickness * reed.length
    mass += 33 / 140 * pump.oil_density * math.pi / 4 * reed.width**2 * reed.length
    area = 3 / 8 * reed.slot * reed.length
    flow_width, land_width = reed.slot + 0.75 * reed.length, reed.slot + 0.3456 * reed.length
    return [
        softer, mass, 2 * reed.damping_ratio * math.sqrt(k * mass), reed.opening_pressure * area / k, area, flow_width,
        land_width, reed.land, viscosity * reed.land**3 * land_width, crack, reed.gape * crack, reed.thickness,
        reed.leak_width, reed.leak_gap,
    ]  # fmt: skip


def parameters(
    pump: Pump, remontoire: Remontoire, *, torque: float, wheel: float, star: float, temperature_c: float, head: float
) -> Floats:
    """The kernel's parameters. `wheel`: angle of the escape wheel at the start; `star`: at the first release."""
    thin = 2.0 ** (-(temperature_c - 23.0) / pump.viscosity_halving)
    mu = pump.oil_viscosity * thin
    pp = np.zeros(N_PARAM)
    pp[: STOP + 1] = [
        torque, pump.arbor_inertia, pump.fly, pump.arbor_friction, remontoire.stiffness, wheel + remontoire.prewind,
        remontoire.ratio, star, TWO_PI / remontoire.points, pump.stop_restitution,
        pump.bellows_area, pump.cam_lift / pump.lever_ratio, pump.spring_force, pump.spring_rate, pump.moving_mass,
        pump.damping, pump.chamber_compliance, pump.roller_friction * pump.roller_radius,
        pump.rise_start, pump.rise_end, pump.fall_start, pump.fall_end, pump.ramp,
        pump.artery_compliance, pump.capillary * thin, pump.entry_resistance, head, pump.oil_density, mu,
        pump.discharge, pump.seat_roughness, pump.seat_restitution, pump.lift_stop,
    ]  # fmt: skip
    pp[REED_IN : REED_IN + 14] = reed_block(pump, pump.inlet, mu)
    pp[REED_OUT : REED_OUT + 14] = reed_block(pump, pump.outlet, mu)
    return pp


def stored(ps: Floats, pp: Floats) -> float:
    """Energy stored in the pump, the remontoire left out [J]."""
    reeds = 0.0
    for r, x, v in ((REED_IN, ps[X_IN], ps[V_IN]), (REED_OUT, ps[X_OUT], ps[V_OUT])):
        reeds += 0.5 * pp[r + M] * v**2 + 0.5 * pp[r + K] * ((x + pp[r + SET]) ** 2 - pp[r + SET] ** 2)
    bellows = 0.5 * pp[MASS] * ps[BELLOWS_V] ** 2 + pp[F0] * ps[BELLOWS] + 0.5 * pp[KS] * ps[BELLOWS] ** 2
    oil = 0.5 * pp[C_CHAMBER] * ps[P_CHAMBER] ** 2 + 0.5 * pp[C_ARTERY] * ps[P_ARTERY] ** 2
    return float(0.5 * pp[J] * ps[SPEED] ** 2 + bellows + oil + reeds)
