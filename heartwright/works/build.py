"""From a design to the engine's arrays: which rotors there are, which solids may meet, where gravity points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heartwright.design import Design
from heartwright.design.escapement import Graham, SwissLever
from heartwright.design.works import Balance, Pendulum
from heartwright.engine import layout as L
from heartwright.engine.gaps import scan
from heartwright.engine.system import Options, System
from heartwright.geometry.graham import graham
from heartwright.geometry.swiss_lever import swiss_lever
from heartwright.works import train
from heartwright.works.dirt import Dirt

G = 9.80665
MESH_STEP = 4e-6  # first step after an impact where teeth ring against each other [s]
RIDING = 3.0  # longest step while a part rides on the balance, in usual steps: between two that touch nothing is missed
DEG = math.pi / 180
#: Direction of gravity in the movement's plane (twelve o'clock along +y, three o'clock along +x, seen from the dial).
POSITIONS: dict[str, tuple[float, float]] = {
    "CH": (0.0, 0.0),
    "CB": (0.0, 0.0),
    "12H": (0.0, -1.0),
    "3H": (-1.0, 0.0),
    "6H": (0.0, 1.0),
    "9H": (1.0, 0.0),
}
WHEEL, FORK, BALANCE = range(3)
ANCHOR = 1


@dataclass(frozen=True, slots=True)
class Assembly:
    """A built movement: its model, its state at the start, and the names of its parts."""

    model: L.Model
    state: L.State
    rotors: tuple[str, ...]
    pairs: tuple[str, ...]
    oscillator: int
    wheel_pitch: float
    barrel: int | None
    frequency: float  # of the free oscillator [rad/s]


def gravity(position: str, tilt: float, *, upright: bool) -> tuple[float, float]:
    """Gravity in the plane of the movement [m/s2]; `tilt` turns the movement in its plane [rad].

    Raises ValueError for an unknown position.
    """
    if position not in POSITIONS:
        raise ValueError(f"position {position!r} is not known; allowed: {', '.join(POSITIONS)} (CH = dial up)")
    x, y = (0.0, -1.0) if upright else POSITIONS[position]
    c, s = math.cos(tilt), math.sin(tilt)
    return (c * x + s * y) * G, (-s * x + c * y) * G


def assemble(
    design: Design,
    dirt: Dirt,
    *,
    step: float,
    position: str = "CH",
    tilt: float = 0.0,
    wind: float = 1.0,
    torque: float | None = None,
    sequential: bool = False,
    mesh_step: float = MESH_STEP,
    seed: int = 1,
) -> Assembly:
    """Build a movement. `torque` at the escape wheel overrides the train's [N m]."""
    g = gravity(position, tilt, upright=isinstance(design.oscillator, Pendulum))
    drive = train.last_arbor_torque(design, wind) if torque is None else torque
    meshes = design.train.model == "meshes" and torque is None and design.kind != "heart"
    most = 200_000 + int(60.0 / (design.beat_hz * step))
    system = System()
    if isinstance(design.escapement, SwissLever):
        flat = position in ("CH", "CB")
        oscillator, pitch, angles, freq = _lever(system, design, dirt, drive, flat=flat, meshes=meshes)
        clear = math.degrees(0.5 * design.escapement.lift_roller) + 1.0
        options = Options(
            step=step, mesh_step=mesh_step, riding_step=RIDING * step, sleep=True, window=45 * DEG,
            window_held=clear * DEG, gravity=g, sequential=sequential, most_steps=most,
        )  # fmt: skip
    else:
        oscillator, pitch, angles, freq = _graham(system, design, dirt, drive, meshes=meshes)
        options = Options(
            step=step, mesh_step=mesh_step, gravity=g, sequential=sequential, rest_speed=1e-4, most_steps=most
        )
    barrel = train.add_meshes(system, design, WHEEL, wind) if meshes else None
    model, state = system.build(
        options, oscillator=oscillator, driven=WHEEL, dirt_torque=drive, tick=dirt.tick, wave=dirt.wave, seed=seed
    )
    state.angle[: len(angles)] = angles
    return Assembly(model, state, tuple(system.rotors), tuple(system.pairs), oscillator, pitch, barrel, freq)


def _wheel(system: System, design: Design, drive: float, *, meshes: bool) -> int:
    if meshes:
        return system.rotor("escape wheel", train.escape_inertia(design))
    return system.rotor("escape wheel", design.escapement.wheel_inertia, torque=drive)


def _lever(
    system: System, design: Design, dirt: Dirt, drive: float, *, flat: bool, meshes: bool
) -> tuple[int, float, list[float], float]:
    esc, osc = design.escapement, design.oscillator
    assert isinstance(esc, SwissLever) and isinstance(osc, Balance)
    g = swiss_lever(esc)
    freq = math.sqrt(osc.stiffness / osc.inertia)
    rubbing = osc.pivot_end_radius if flat else osc.pivot_radius
    wheel = _wheel(system, design, drive, meshes=meshes)
    fork = system.rotor(
        "fork",
        esc.fork_inertia,
        at=(0.0, g.centre_wheel_fork),
        banking=(-g.bank, g.bank),
        banking_arm=esc.banking_arm,
        banking_restitution=esc.banking_restitution,
    )
    heavy = osc.unpoise_angle - math.pi / 2  # measured from six o'clock
    balance = system.rotor(
        "balance",
        osc.inertia,
        at=(0.0, g.centre_wheel_fork + g.centre_fork_staff),
        stiffness=osc.stiffness,
        rest=osc.collet_offset,
        viscous=osc.inertia * freq / osc.q,
        dry=osc.pivot_friction * osc.mass * G * rubbing,
        moment=(osc.unpoise * math.cos(heavy), osc.unpoise * math.sin(heavy)),
    )
    solids = {
        name: system.solid(getattr(g, name))
        for name in ("tooth", "entry", "exit", "prong_left", "prong_right", "jewel", "dart", "roller")
    }
    teeth = [-1 if i in esc.missing_teeth else solids["tooth"] for i in range(esc.teeth)]
    size = 15.0 / esc.teeth * DEG
    for name, at in (("entry", g.entry_direction), ("exit", g.exit_direction)):
        system.pair(
            f"{name} stone", wheel, teeth, fork, solids[name], pitch=g.pitch, at=at + 3 * size, half_width=14 * size,
            restitution=esc.pallet_restitution, friction=esc.pallet_friction, offsets=list(dirt.pitch_error),
        )  # fmt: skip
    for name, a, part, b, body, half_width in (
        ("notch left", balance, "jewel", fork, "prong_left", 75 * DEG),
        ("notch right", balance, "jewel", fork, "prong_right", 75 * DEG),
        ("guard", fork, "dart", balance, "roller", 170 * DEG),
    ):
        system.pair(
            name, a, [solids[part]], b, solids[body], pitch=2 * math.pi, at=0.0, half_width=half_width,
            restitution=esc.notch_restitution, friction=esc.notch_friction,
        )  # fmt: skip
    # fork banked on the exit stone, a tooth a little behind the lock, the balance on the negative side
    return balance, g.pitch, [g.exit_direction % g.pitch - size, g.bank, -1.0], freq


def _graham(
    system: System, design: Design, dirt: Dirt, drive: float, *, meshes: bool
) -> tuple[int, float, list[float], float]:
    esc, osc = design.escapement, design.oscillator
    assert isinstance(esc, Graham) and isinstance(osc, Pendulum)
    g = graham(esc)
    freq, bob = math.sqrt(G / osc.length), osc.mass * osc.length
    wheel = _wheel(system, design, drive, meshes=meshes)
    anchor = system.rotor(
        "pendulum",
        osc.inertia,
        at=(0.0, g.centre_distance),
        viscous=osc.inertia * freq / osc.q,
        moment=(bob * math.sin(osc.crutch_offset), -bob * math.cos(osc.crutch_offset)),
        swing=(-0.2, 0.2),
    )
    tooth = system.solid(g.tooth)
    teeth = [-1 if i in esc.missing_teeth else tooth for i in range(esc.teeth)]
    for name, at, body in (("entry pallet", g.entry_direction, g.entry), ("exit pallet", g.exit_direction, g.exit)):
        system.pair(
            name, wheel, teeth, anchor, system.solid(body), pitch=g.pitch, at=at, half_width=0.9 * g.pitch,
            restitution=esc.pallet_restitution, friction=esc.pallet_friction, offsets=list(dirt.pitch_error),
        )  # fmt: skip
    return anchor, g.pitch, [g.start_angle % g.pitch - 0.05 * DEG, -0.03], freq


def stored_energy(model: L.Model, state: L.State) -> float:
    """Kinetic, spring, gravity and mesh energy [J]."""
    from heartwright.engine.motion import gravity_energy, mesh_energy

    rotor, drive = model.rotor, state.drive
    kinetic = 0.5 * np.sum(state.speed**2 / rotor[:, L.INV_I])
    spring = 0.5 * np.sum(drive[:, L.STIFF] * (state.angle - drive[:, L.REST]) ** 2)
    weight = sum(gravity_energy(model, b, state.angle[b]) for b in range(len(rotor)))
    meshes = 0.0
    for q, row in enumerate(model.mesh):
        meshes += mesh_energy(model, q, state.angle[int(row[L.M_A])], state.angle[int(row[L.M_B])])
    return float(kinetic + spring + weight + meshes)


def same_shapes(one: L.Model, other: L.Model) -> bool:
    """Whether two models of the same rotors have the same solids in the same places."""
    parts = ("rotor", "vertex", "face", "solid", "pair_i", "tooth", "offset")
    columns = [L.PX, L.PY, L.LIMIT_LO, L.LIMIT_HI]
    for name in parts:
        a, b = getattr(one, name), getattr(other, name)
        if name == "rotor":
            a, b = a[:, columns], b[:, columns]
        if a.shape != b.shape or not np.array_equal(a, b):
            return False
    return True


def carry(new: Assembly, old: Assembly) -> None:
    """Put the state of `old` into `new`. Where shapes changed, what would overlap is moved apart: the fork onto its
    bankings, the wheel back by as little as frees it."""
    mine, theirs = new.state, old.state
    mine.angle[:], mine.speed[:] = theirs.angle, theirs.speed
    mine.number[:], mine.counter[:] = theirs.number, theirs.counter
    if same_shapes(new.model, old.model):
        mine.closed[:], mine.budget[:] = theirs.closed, theirs.budget
    else:
        free(new)


def free(built: Assembly) -> None:
    """Let nothing touch or overlap."""
    state, rotor = built.state, built.model.rotor
    state.counter[L.N_CLOSED] = state.counter[L.QUIET] = state.counter[L.CHATTER] = 0
    state.budget[:] = -1.0
    for b in range(len(rotor)):
        if rotor[b, L.LIMIT_ARM] != 0.0:
            state.angle[b] = float(np.clip(state.angle[b], rotor[b, L.LIMIT_LO], rotor[b, L.LIMIT_HI]))
    scratch = L.new_scratch(len(rotor), len(built.model.pair_i), len(built.model.mesh))
    for _ in range(400):
        budget = np.full(len(built.model.pair_i), -1.0)
        least, _ = scan(built.model, state.angle, budget, state.closed, 0, scratch.touch, 0, -1.0, scratch.offender)
        if least >= 0.0:
            return
        turn_back(built, built.wheel_pitch / 400)


def turn_back(built: Assembly, by: float) -> None:
    """Turn the escape wheel back, and the train with it [rad]."""
    angle = built.state.angle
    angle[WHEEL] -= by
    for row in built.model.mesh[::-1]:
        by *= row[L.M_RB] / row[L.M_RA]
        angle[int(row[L.M_A])] -= by
