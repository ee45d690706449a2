"""The same Graham in this package, in MuJoCo and in pymunk; each returns one scored point."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.graham_vs_peers.scene import TORQUE, Floats, G, Point, Scene, rising, score
from heartwright.design import Design
from heartwright.engine import layout as L
from heartwright.engine.simulate import Simulation
from heartwright.works import build, dirt

SAMPLE_S = 1e-3  # the peers are sampled about this often: cubics through angle and speed err by 1e-13 s there
LOST_RAD = 0.5
CHUNK_S = 10.0


@dataclass(frozen=True, slots=True)
class Span:
    """Simulated time: `settle` seconds that are not scored, then `measure` seconds."""

    settle: float
    measure: float

    @property
    def total(self) -> float:
        return self.settle + self.measure


def ours(scene: Scene, step: float, span: Span, period: float, *, located: bool = True) -> Point:
    """This package's engine at one longest step."""
    design = Design.load("graham")
    clean = dirt.draw(design, seed=1, ticks=1, on=False)
    built = build.assemble(design, clean, step=step, torque=TORQUE)
    state = built.state
    state.angle[:] = scene.start_wheel, scene.start_pendulum
    sim = Simulation(built.model, state, located=located)
    started = time.process_time()
    _run(sim, span.settle)
    wheel = float(state.angle[0])
    _run(sim, span.total)
    cost = (time.process_time() - started) / span.total
    rows = sim.written().crossing
    ups = rows[(rows[:, L.C_W] > 0) & (rows[:, L.C_T] > span.settle), L.C_T]
    name = "located" if located else "fixed"
    teeth = (float(state.angle[0]) - wheel) / scene.pitch
    return score(f"ours-{name}", "", step, cost=cost, ups=ups, teeth=teeth, window=span.measure, period=period)


def _run(sim: Simulation, until: float) -> None:
    """Run in chunks, as a movement does: one call of the stepper has a budget of steps."""
    while sim.time < until:
        code = sim.run(min(until, sim.time + CHUNK_S))
        if code != L.REACHED:
            raise RuntimeError(f"the engine came back with code {code} at {sim.time:.3f} s")


# ------------------------------------------------------------------------------------------------------ MuJoCo


@dataclass(frozen=True, slots=True)
class MujocoOptions:
    """MuJoCo's contact options: `time_constant` in steps (solref), `impedance` d0, d1, width (solimp)."""

    integrator: str = "implicitfast"
    cone: str = "elliptic"
    impratio: float = 10.0
    time_constant: float = 2.0
    damping_ratio: float = 1.0
    impedance: tuple[float, float, float] = (0.99, 0.999, 1e-5)
    solver: str = "Newton"

    def __str__(self) -> str:
        d0, d1, width = self.impedance
        return (
            f"{self.integrator} {self.cone} impratio {self.impratio:g} solref {self.time_constant:g}h "
            f"{self.damping_ratio:g} solimp {d0:g} {d1:g} {width:g}"
        )


def mujoco_xml(scene: Scene, step: float, o: MujocoOptions) -> str:
    """The scene in MJCF: two hinges, prisms for teeth and pallet pieces."""

    def prism(points: Floats, half: float) -> str:
        return " ".join(f"{c:.12g}" for z in (-half, half) for x, y in points for c in (x, y, z))

    contact = (
        f'friction="{scene.friction} 0 0" condim="3" solref="{o.time_constant * step:.8g} {o.damping_ratio}" '
        f'solimp="{o.impedance[0]} {o.impedance[1]} {o.impedance[2]}" margin="0" mass="0"'
    )
    meshes = [f'<mesh name="p{i}" vertex="{prism(p, 1.5e-3)}"/>' for i, p in enumerate(scene.pallets)]
    anchor = [f'<geom type="mesh" mesh="p{i}" class="pallet"/>' for i in range(len(scene.pallets))]
    teeth = [
        f'<geom type="mesh" mesh="tooth" class="tooth" euler="0 0 {k * scene.pitch:.15g}"/>' for k in range(scene.teeth)
    ]
    return f"""<mujoco><compiler angle="radian" inertiafromgeom="false" boundinertia="0"/>
<option timestep="{step}" gravity="0 {-G} 0" integrator="{o.integrator}" cone="{o.cone}" impratio="{o.impratio}"
 solver="{o.solver}" iterations="50" tolerance="1e-10" ls_tolerance="1e-6" ccd_tolerance="1e-9" ccd_iterations="100"/>
<size memory="64M"/>
<default><default class="pallet"><geom contype="1" conaffinity="2" {contact}/></default>
<default class="tooth"><geom contype="2" conaffinity="1" {contact}/></default></default>
<asset><mesh name="tooth" vertex="{prism(scene.tooth, 1e-3)}"/>{"".join(meshes)}</asset>
<worldbody><body name="anchor" pos="0 {scene.centre_distance} 0">
<joint type="hinge" axis="0 0 1" damping="{scene.damping}"/>
<inertial pos="0 {-scene.length} 0" mass="{scene.mass}" diaginertia="1e-9 1e-9 1e-9"/>{"".join(anchor)}</body>
<body name="wheel"><joint type="hinge" axis="0 0 1"/>
<inertial pos="0 0 0" mass="0.01" diaginertia="{scene.wheel_inertia} {scene.wheel_inertia} {scene.wheel_inertia}"/>
{"".join(teeth)}</body></worldbody></mujoco>"""


def in_mujoco(scene: Scene, step: float, span: Span, period: float, options: MujocoOptions) -> Point:
    """MuJoCo at one step and one choice of contact options. Raises ImportError where it is not installed."""
    import mujoco

    model = mujoco.MjModel.from_xml_string(mujoco_xml(scene, step, options))
    data = mujoco.MjData(model)
    data.qpos[:] = scene.start_pendulum, scene.start_wheel
    data.qfrc_applied[1] = TORQUE
    every = max(1, round(SAMPLE_S / step))

    def advance() -> tuple[float, float, float]:
        mujoco.mj_step(model, data, nstep=every)
        return float(data.qpos[0]), float(data.qvel[0]), float(data.qpos[1])

    return _sampled("mujoco", str(options), step, every, advance, scene, span, period)


# ------------------------------------------------------------------------------------------------------ pymunk

MM = 1000.0  # pymunk works in millimetres here: its tolerances are made for numbers of that size


def in_pymunk(scene: Scene, step: float, span: Span, period: float, *, mode: str) -> Point:
    """pymunk at one step: `torque` (no joints, gravity as a torque) or `natural` (a bob on a pivot joint).

    Raises ImportError where it is not installed.
    """
    import pymunk

    space = pymunk.Space()
    space.iterations, space.collision_slop, space.collision_bias, space.damping = 20, 1e-5, 0.0, 1.0
    anchor, wheel, lever = _pymunk_bodies(scene, space, natural=mode == "natural")
    every = max(1, round(SAMPLE_S / step))
    weight, drag, drive = scene.weight * MM**2, scene.damping * MM**2, TORQUE * MM**2
    hangs = 0.0 if lever else weight

    def advance() -> tuple[float, float, float]:
        for _ in range(every):
            anchor.torque = -drag * anchor.angular_velocity - hangs * math.sin(anchor.angle)
            wheel.torque = drive
            space.step(step)
        return anchor.angle, anchor.angular_velocity, wheel.angle

    return _sampled("pymunk", mode, step, every, advance, scene, span, period)


def _pymunk_bodies(scene: Scene, space, *, natural: bool) -> tuple:  # type: ignore[no-untyped-def]
    """Anchor, wheel, and the distance from the anchor's pivot to its body's centre [mm]."""
    import pymunk

    heavy, lever, start = 1e9, 0.0, scene.start_pendulum
    if natural:  # a disc of 30 mm as bob, hung so that the small swing keeps its period
        centroid = scene.mass * 0.03**2 / 2
        lever = (scene.length + math.sqrt(scene.length**2 - 4 * centroid / scene.mass)) / 2 * MM
        space.gravity = (0, -G * MM)
        anchor, wheel = pymunk.Body(scene.mass, centroid * MM**2), pymunk.Body(0.01, scene.wheel_inertia * MM**2)
    else:
        anchor, wheel = pymunk.Body(heavy, scene.inertia * MM**2), pymunk.Body(heavy, scene.wheel_inertia * MM**2)
    pivot = (0.0, scene.centre_distance * MM)
    anchor.angle, wheel.angle = start, scene.start_wheel
    anchor.position = (lever * math.sin(start), pivot[1] - lever * math.cos(start))
    space.add(anchor, wheel)
    if natural:
        for body, at in ((anchor, pivot), (wheel, (0.0, 0.0))):
            joint = pymunk.PivotJoint(space.static_body, body, at)
            joint.collide_bodies = False
            space.add(joint)
    turns = [k * scene.pitch for k in range(scene.teeth)]
    teeth = [scene.tooth @ np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]]) for a in turns]
    for body, parts, group, up in ((anchor, scene.pallets, 1, lever), (wheel, teeth, 2, 0.0)):
        for points in parts:
            shape = pymunk.Poly(body, [(x * MM, y * MM + up) for x, y in points])
            shape.friction, shape.elasticity = math.sqrt(scene.friction), 0.0  # frictions are multiplied
            shape.filter = pymunk.ShapeFilter(group=group)
            space.add(shape)
    return anchor, wheel, lever


def _sampled(
    engine: str,
    setting: str,
    step: float,
    every: int,
    advance: Callable[[], tuple[float, float, float]],
    scene: Scene,
    span: Span,
    period: float,
) -> Point:
    """Run a peer from sample to sample and score it."""
    n = round(span.total / (every * step))
    rows = np.zeros((n, 3))
    started, used = time.process_time(), n
    for i in range(n):
        rows[i] = advance()
        if not abs(rows[i, 0]) < LOST_RAD:
            used = i
            break
    cost = (time.process_time() - started) / (max(used, 1) * every * step)
    t = (1 + np.arange(used)) * every * step
    rows = rows[:used]
    late = t > span.settle
    if late.sum() < 100:
        return score(engine, setting, step, cost=cost, ups=np.zeros(0), teeth=0.0, window=0.0, period=period)
    teeth = (rows[late][-1, 2] - rows[late][0, 2]) / scene.pitch
    ups = rising(t[late], rows[late, 0], rows[late, 1])
    return score(
        engine, setting, step, cost=cost, ups=ups, teeth=teeth, window=float(t[late][-1] - t[late][0]), period=period
    )
