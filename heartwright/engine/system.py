"""Building a model: rotors, solids, pairs and meshes by name, then the arrays the kernels take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heartwright.engine import layout as L
from heartwright.geometry.shapes import Solid

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Options:
    """How to step. Lengths [m], speeds [m/s], angles [rad], times [s].

    `mesh_step`: step just after an impact where there are meshes, doubled from one to the next.
    `riding_step`: longest step while a part touches the oscillator and stays on it (0: as `step`).
    `window`: beyond this angle the oscillator touches nothing (0 where it always does); `sleep` lets it jump there.
    `window_held`: the same while another rotor rests on its banking (0: as `window`).
    `most_steps` in one call of the stepper: more is a movement that chatters.
    `sequential` resolves simultaneous impacts one at a time in a random order.
    """

    step: float = 2e-5
    mesh_step: float = 4e-6
    riding_step: float = 0.0
    gap_tolerance: float = 1e-10
    rest_speed: float = 1e-3
    window: float = 0.0
    window_held: float = 0.0
    sleep: bool = False
    sleep_speed: float = 1e-3
    gravity: tuple[float, float] = (0.0, 0.0)
    sequential: bool = False
    max_iterations: int = 200
    tolerance: float = 1e-12
    most_steps: int = 10_000_000


@dataclass(slots=True)
class System:
    """A model under construction. Rotors, solids and pairs are added, then `build` freezes them."""

    rotors: list[str] = field(default_factory=list)
    pairs: list[str] = field(default_factory=list)
    _rotor: list[list[float]] = field(default_factory=list)
    _drive: list[list[float]] = field(default_factory=list)
    _vertex: list[Floats] = field(default_factory=list)
    _face: list[Floats] = field(default_factory=list)
    _solid: list[tuple[int, int, int, int]] = field(default_factory=list)
    _pair_i: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    _pair_f: list[list[float]] = field(default_factory=list)
    _tooth: list[int] = field(default_factory=list)
    _offset: list[float] = field(default_factory=list)
    _mesh: list[list[float]] = field(default_factory=list)
    _swing: list[tuple[float, float] | None] = field(default_factory=list)

    def rotor(
        self,
        name: str,
        inertia: float,
        *,
        at: tuple[float, float] = (0.0, 0.0),
        viscous: float = 0.0,
        dry: float = 0.0,
        moment: tuple[float, float] = (0.0, 0.0),
        banking: tuple[float, float] | None = None,
        banking_arm: float = 0.0,
        banking_restitution: float = 0.0,
        torque: float = 0.0,
        torque_slope: float = 0.0,
        stiffness: float = 0.0,
        rest: float = 0.0,
        swing: tuple[float, float] | None = None,
    ) -> int:
        """Add a rotor; its index. `moment` is mass times centre of mass in its own frame [kg m]; `swing` its range."""
        lo, hi = banking or (0.0, 0.0)
        self.rotors.append(name)
        self._rotor.append(
            [*at, 1.0 / inertia, viscous, *moment, lo, hi, banking_restitution, banking_arm if banking else 0.0]
        )
        self._drive.append([torque, torque_slope, stiffness, rest, dry])
        self._swing.append(swing or banking)
        return len(self.rotors) - 1

    def solid(self, solid: Solid) -> int:
        """Add a solid; its index."""
        v0, f0 = sum(map(len, self._vertex)), sum(map(len, self._face))
        self._solid.append((v0, len(solid.vertices), f0, len(solid.faces)))
        self._vertex.append(solid.vertices)
        self._face.append(solid.faces)
        return len(self._solid) - 1

    def pair(
        self,
        name: str,
        a: int,
        teeth: Sequence[int],
        b: int,
        solid: int,
        *,
        pitch: float,
        at: float,
        half_width: float,
        restitution: float,
        friction: float,
        offsets: Sequence[float] | None = None,
    ) -> None:
        """Let the copies `teeth` (solid index each, -1 = missing) on rotor a meet `solid` on rotor b.

        Only teeth within `half_width` of the direction `at` [rad] are tested; offsets are pitch errors [rad].
        """
        self._pair_i.append((a, len(self._tooth), len(teeth), b, solid))
        self._tooth.extend(teeth)
        self._offset.extend(offsets if offsets is not None else [0.0] * len(teeth))
        reach_a, reach_b = self._reach(a, teeth, b, solid, at, half_width)
        self._pair_f.append([at, half_width, pitch, restitution, friction, reach_a, reach_b])
        self.pairs.append(name)

    def _reach(
        self, a: int, teeth: Sequence[int], b: int, solid: int, at: float, half_width: float
    ) -> tuple[float, float]:
        """Bounds on how fast any gap of the pair closes per radian of each rotor [m]."""

        def radius(i: int) -> float:
            v = self._vertex[i]
            return float(np.max(np.hypot(v[:, 0], v[:, 1]) + v[:, 2])) if len(v) else 0.0

        ax, ay = self._rotor[a][:2]
        bx, by = self._rotor[b][:2]
        apart = math.hypot(ax - bx, ay - by)
        ra = max((radius(i) for i in set(teeth) if i >= 0), default=0.0)
        rb = radius(solid)
        # vertices of a as seen from b's arbor while inside the window, and the other way round
        turn = np.linspace(at - half_width, at + half_width, 181)
        spread = 0.15  # a tooth is no wider than this to either side of its direction [rad]
        far_a = float(np.max(np.hypot(ax + ra * np.cos(turn) - bx, ay + ra * np.sin(turn) - by))) + ra * spread
        far_b = apart + rb
        swing = self._swing[b]
        if swing is not None and rb > 0.0:
            v = self._vertex[solid]
            q = np.linspace(swing[0] - 0.05, swing[1] + 0.05, 41)
            x = bx + np.outer(np.cos(q), v[:, 0]) - np.outer(np.sin(q), v[:, 1])
            y = by + np.outer(np.sin(q), v[:, 0]) + np.outer(np.cos(q), v[:, 1])
            far_b = float(np.max(np.hypot(x - ax, y - ay) + v[:, 2]))
        has_a_faces = any(len(self._face[i]) for i in set(teeth) if i >= 0)
        has_b_faces = len(self._face[solid]) > 0
        reach_a = max(ra if has_b_faces else 0.0, far_b if has_a_faces and rb > 0.0 else 0.0)
        reach_b = max(far_a if has_b_faces and ra > 0.0 else 0.0, rb if has_a_faces else 0.0)
        return 1.02 * reach_a, 1.02 * reach_b

    def mesh(
        self,
        driver: int,
        driven: int,
        *,
        radius_driver: float,
        radius_driven: float,
        backlash: float,
        stiffness: float,
        damping: float,
        efficiency: float,
        error: float = 0.0,
        harmonic: float = 0.0,
        phase: float = 0.0,
    ) -> None:
        """Let `driver` push `driven` through a pair of wheels; add them from the slowest arbor to the escape wheel."""
        self._mesh.append(
            [driver, driven, radius_driver, radius_driven, 0.5 * backlash, stiffness, damping, efficiency, error,
             harmonic, phase]
        )  # fmt: skip

    def build(
        self,
        options: Options,
        *,
        oscillator: int,
        driven: int,
        dirt_torque: float = 0.0,
        tick: Floats | None = None,
        wave: Floats | None = None,
        seed: int = 1,
    ) -> tuple[L.Model, L.State]:
        """The model and a state at rest at zero angles."""

        def table(rows: list, width: int) -> Floats:
            return np.ascontiguousarray(np.array(rows, float).reshape(-1, width))

        o = options
        option_f = np.zeros(12)
        option_f[[L.H, L.GAP_TOL, L.V_REST, L.WINDOW, L.W_SLEEP, L.GX, L.GY, L.DIRT_TORQUE, L.TOL, L.WINDOW_HELD,
                  L.H_MESH, L.H_RIDING]] = [
            o.step, o.gap_tolerance, o.rest_speed, o.window, o.sleep_speed, *o.gravity, dirt_torque, o.tolerance,
            o.window_held or o.window, min(o.mesh_step, o.step), o.riding_step or o.step,
        ]  # fmt: skip
        option_i = np.zeros(6, np.int64)
        option_i[[L.OSC, L.SLEEP, L.MAX_IT, L.SEQUENTIAL, L.MAX_OPS, L.DRIVEN]] = [
            oscillator, o.sleep, o.max_iterations, o.sequential, o.most_steps, driven,
        ]  # fmt: skip
        model = L.Model(
            rotor=table(self._rotor, L.N_ROTOR_COLS),
            vertex=np.concatenate([*self._vertex, np.zeros((0, 5))]),
            face=np.concatenate([*self._face, np.zeros((0, 5))]),
            solid=np.array(self._solid, np.int64).reshape(-1, 4),
            pair_i=np.array(self._pair_i, np.int64).reshape(-1, 5),
            pair_f=table(self._pair_f, 7),
            tooth=np.array(self._tooth, np.int64),
            offset=np.array(self._offset, float),
            mesh=table(self._mesh, 11),
            tick=np.zeros((0, 2)) if tick is None else np.ascontiguousarray(tick, float),
            wave=np.zeros((0, 3)) if wave is None else np.ascontiguousarray(wave, float),
            option_f=option_f,
            option_i=option_i,
        )
        n = len(self.rotors)
        counter = np.zeros(L.N_COUNTERS, np.int64)
        counter[L.RNG] = 88172645463325252 + seed
        state = L.State(
            angle=np.zeros(n),
            speed=np.zeros(n),
            drive=table(self._drive, L.N_DRIVE_COLS),
            closed=np.zeros((L.MAX_CONTACTS, 5), np.int64),
            budget=np.full(len(self.pairs), -1.0),
            number=np.array([0.0] * L.STEP_NOW + [min(o.mesh_step, o.step)]),
            counter=counter,
        )
        return model, state
