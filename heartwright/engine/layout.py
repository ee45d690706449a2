"""The engine's memory: what each array holds, by column.

A `Model` is what does not change in a run, a `State` what does, a `Scratch` what one step needs, a `Log` what is
written down. All are named tuples of flat arrays so that compiled kernels may take them as they are. Angles in rad, SI
throughout; every rotor turns about a fixed arbor and has one angle.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

#: Compiler options of every kernel. No reference counting: kernels allocate nothing, and the counting of many array
#: arguments costs more than the work they do. No reassociation, so that the same seed gives the same bits.
JIT: Final[dict[str, Any]] = {
    "cache": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp"},
    "_nrt": False,
}
#: For the small helpers on the hot path.
JIT_INLINE: Final[dict[str, Any]] = {**JIT, "forceinline": True}

MAX_CONTACTS: Final = 24

# rotor columns
PX, PY, INV_I, VISC, MOMENT_X, MOMENT_Y, LIMIT_LO, LIMIT_HI, LIMIT_E, LIMIT_ARM = range(10)
N_ROTOR_COLS: Final = 10
# drive columns (may be changed between calls: a remontoire moves its anchor)
TORQUE, TORQUE_SLOPE, STIFF, REST, DRY = range(5)
N_DRIVE_COLS: Final = 5
# pair columns, integers: rotor a, first row in the tooth table, number of teeth, rotor b, solid of b
PAIR_A, PAIR_TOOTH, PAIR_N, PAIR_B, PAIR_SOLID = range(5)
# pair columns, floats: centre and half width of the window in which teeth can touch, pitch, restitution, friction,
# bounds on how fast a gap can close per radian of a and of b
WIN_AT, WIN_HALF, PITCH, REST_E, MU, REACH_A, REACH_B = range(7)
# mesh columns: driver, driven (as floats), radii, half backlash, stiffness, damping, efficiency, error amplitude,
# error harmonic (per turn of the driver), error phase
M_A, M_B, M_RA, M_RB, M_HALF, M_K, M_C, M_ETA, M_ERR, M_HARM, M_PHASE = range(11)
# solid columns: first vertex, number, first face, number
V0, NV, F0, NF = range(4)

# float options
H, GAP_TOL, V_REST, WINDOW, W_SLEEP, GX, GY, DIRT_TORQUE, TOL, WINDOW_HELD, H_MESH, H_RIDING = range(12)
# integer options
OSC, SLEEP, MAX_IT, SEQUENTIAL, MAX_OPS, DRIVEN = range(6)

# contact columns
JA, JB, TA, TB, CE, CMU, GAP, FACE, WNN, WTT, WNT, HAA, HAB, HBB, BIAS, VN0 = range(16)
N_CONTACT_COLS: Final = 16

# state numbers
T_NOW, PEAK, ADD_TORQUE, FRICTION, STEP_NOW = range(5)
N_NUMBERS: Final = 5
# state counters
N_CLOSED, QUIET, TICK, STUCK, STEPS, EVENTS, TRIALS, JUMPS, CLIPPED, ORDERED, RNG, CHATTER = range(12)
N_COUNTERS: Final = 12

# ledger rows; two rows a pair follow from PAIR_LOSS on: normal, tangential
E_DRIVE, E_VISCOUS, E_DRY, E_LIMIT, E_MESH, E_SLEEP, E_DIRT, E_IMPACT, E_CORRECT = range(9)
PAIR_LOSS: Final = 9

# impact log columns
I_T, I_PAIR, I_TOOTH, I_FEATURE, I_FACE, I_PN, I_V, I_LOSS, I_OSC, I_MID, I_MAX_GAIN = range(11)
N_IMPACT_COLS: Final = 11
# opening log columns
O_T, O_PAIR, O_TOOTH, O_FEATURE, O_OSC, O_MID = range(6)
# crossing log columns: time, speed, peak before it
C_T, C_W, C_PEAK = range(3)

LIMIT_PAIR: Final = -1  # contact with a rotor's own banking

# why a call came back
REACHED, LOG_FULL, NO_PROGRESS, TOO_MANY_STEPS = range(4)


class Model(NamedTuple):
    """What does not change in a run."""

    rotor: np.ndarray  # [n_rotor, N_ROTOR_COLS]
    vertex: np.ndarray  # [n_vertex, 5]: x, y, radius, axis x, axis y (axis 0: full disc; else half disc)
    face: np.ndarray  # [n_face, 5]: half-plane (0, nx, ny, d, 0) or circle (1, cx, cy, r, +1 disc / -1 hole)
    solid: np.ndarray  # [n_solid, 4]
    pair_i: np.ndarray  # [n_pair, 5]
    pair_f: np.ndarray  # [n_pair, 7]
    tooth: np.ndarray  # solid index per tooth, -1 = missing
    offset: np.ndarray  # pitch error per tooth [rad]
    mesh: np.ndarray  # [n_mesh, 11], from the slowest arbor to the escape wheel
    tick: np.ndarray  # [n_tick, 2]: torque and friction factors of each tick, less one
    wave: np.ndarray  # [n_wave, 3]: turns per turn of the driven rotor, relative torque amplitude, phase
    option_f: np.ndarray
    option_i: np.ndarray


class State(NamedTuple):
    """What changes in a run; enough to go on from."""

    angle: np.ndarray  # [n_rotor]
    speed: np.ndarray  # [n_rotor]
    drive: np.ndarray  # [n_rotor, N_DRIVE_COLS]
    closed: np.ndarray  # [MAX_CONTACTS, 5]: pair, tooth count, vertex, direction, face (-1 = any)
    budget: np.ndarray  # [n_pair] how far each pair is known to be from touching
    number: np.ndarray
    counter: np.ndarray


class Scratch(NamedTuple):
    """What one step needs."""

    touch: np.ndarray  # [MAX_CONTACTS, 5]
    contact: np.ndarray  # [MAX_CONTACTS, N_CONTACT_COLS]
    who: np.ndarray  # [MAX_CONTACTS, 2] rotors of each contact
    normal: np.ndarray  # [MAX_CONTACTS] impulses
    tangent: np.ndarray
    free: np.ndarray  # [n_rotor] speeds at the end of the step
    plastic: np.ndarray
    middle: np.ndarray  # angles at mid-step
    end: np.ndarray
    moved: np.ndarray  # how far `end` was moved to keep closed contacts on their faces
    drift: np.ndarray
    push: np.ndarray  # impulse of applied torques, friction left out
    drag: np.ndarray  # impulse of dry bearing friction
    inverse: np.ndarray  # inverse inertia seen by contacts in this step
    budget: np.ndarray
    matrix: np.ndarray
    mesh: np.ndarray  # [n_mesh, 6]
    offender: np.ndarray  # the contact that would overlap first


class Log(NamedTuple):
    """What is written down."""

    impact: np.ndarray
    opening: np.ndarray
    crossing: np.ndarray
    pose: np.ndarray
    count: np.ndarray  # type: ignore[assignment]  # rows used of the four
    ledger: np.ndarray
    pose_at: np.ndarray  # [next time, interval]


def new_scratch(n_rotor: int, n_pair: int, n_mesh: int) -> Scratch:
    """Scratch memory for a model of this size."""
    n = MAX_CONTACTS

    def zeros(*shape: int) -> np.ndarray:
        return np.zeros(shape)

    return Scratch(
        touch=np.zeros((n, 5), np.int64),
        contact=zeros(n, N_CONTACT_COLS),
        who=np.zeros((n, 2), np.int64),
        normal=zeros(n),
        tangent=zeros(n),
        free=zeros(n_rotor),
        plastic=zeros(n_rotor),
        middle=zeros(n_rotor),
        end=zeros(n_rotor),
        moved=zeros(n_rotor),
        drift=zeros(n_rotor),
        push=zeros(n_rotor),
        drag=zeros(n_rotor),
        inverse=zeros(n_rotor),
        budget=zeros(n_pair),
        matrix=zeros(2 * n, n + 4),
        mesh=zeros(max(n_mesh, 1), 6),
        offender=np.zeros(4, np.int64),
    )


def new_log(n_pair: int, *, impacts: int, crossings: int, poses: int, n_rotor: int, pose_dt: float) -> Log:
    """An empty log with room for this many rows."""
    return Log(
        impact=np.zeros((impacts, N_IMPACT_COLS)),
        opening=np.zeros((impacts, 6)),
        crossing=np.zeros((crossings, 3)),
        pose=np.zeros((poses, 1 + n_rotor)),
        count=np.zeros(4, np.int64),
        ledger=np.zeros(PAIR_LOSS + 2 * n_pair),
        pose_at=np.array([0.0, pose_dt]),
    )
