"""`Web`: a net of threads under tension that goes on, is seen and heard, shakes and is shaken.

Every node and thread moves along the web's normal, a little (slopes well below 1); in its surface the web is held.
Threads are wound silk: heavy for their stiffness, so that waves are slow enough to be seen. Waves and modes are one
state (`waves`, `mesh`): a thought is a pulse in it, a hum its ringing. It is heard through its frame, a sounding board
that each anchor drives by its own share. Losses: air, alike for all (sigma), and the threads' own viscosity (eta).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats, Ledger
from heartwright.work import STILL, Deed, Figure, G, Ground, Reaction, Vector, amounts_of
from heartwright.works.web import deeds, waves
from heartwright.works.web.mesh import Mesh, mesh
from heartwright.works.web.modes import Aside, Modes, modes
from heartwright.works.web.net import count, gather
from heartwright.works.web.strung import hang, string
from heartwright.works.web.voice import Voice

FEW_MODES = 12
FINER, MOST_ROWS = 4.0, 30_000  # how much finer for modes, as long as the points are no more than that
MOST_THOUGHTS = 16
SHOWN_SLOPE = 0.05


class Web:
    """A web of thread as a `Work`. Raises ValueError for a graph without threads and for amounts that make no sense."""

    kind = "web"
    shown_scale = 1e-3  # [m]
    stale = False  # whether the lowest modes are those before the last change

    def __init__(
        self,
        graph: Any,
        *,
        seed: int = 1,
        name: str = "",
        size: float | None = None,
        surface: str = "dome",
        tension: float = 1.0,
        uneven: float = 0.1,
        density: float = 2e-3,
        bending: float = 1e-8,
        bead: float = 1e-5,
        drag: float = 0.8,
        viscosity: float = 3e-7,
        thinking_hz: float = 0.5,
        frame: float = 0.5,
        anchors: Sequence[Any] | None = None,
        places: Floats | None = None,
        step: float | None = None,
    ) -> None:
        """`graph`: a networkx graph, pairs of names, or a `Net`. size: its width [m], else 0.6, or more for thousands
        of threads; tension [N] the mean, `uneven` its relative scatter, times each thread's weight over the median;
        density [kg/m], bending EI [N m2], bead [kg] of each node, drag sigma [1/s], viscosity eta [s]; thinking_hz:
        thoughts a second that it has by itself; frame [kg]; anchors by name or number, else the outermost; places
        [n_node, 3] [m], else laid out; step [s]."""
        _sensible(size=1.0 if size is None else size, tension=tension, density=density, frame=frame)
        _sensible(zero=True, uneven=uneven, bending=bending, bead=bead, drag=drag, viscosity=viscosity)
        self.net = gather(graph)
        self.told = list(self.net.told)
        self.name = name or (Path(self.net.source).stem if self.net.source else "web")
        self.seed, self.drag, self.viscosity, self.thinking_hz, self.frame = seed, drag, viscosity, thinking_hz, frame
        self.names, self.threads = self.net.names, self.net.ends
        self.rng = np.random.default_rng([seed, 77])
        hung = hang(self.net, seed=seed, size=size, surface=surface, places=places, anchors=anchors, node=self.node)
        self.places, self.normals, self.anchored = hung.places, hung.normals, hung.anchored
        self.strings, self.step, told = string(
            self.net, self.places, seed=seed, tension=tension, uneven=uneven, density=density, bending=bending,
            viscosity=viscosity, step=step,
        )  # fmt: skip
        self.told += [*hung.told, *told]
        self.bead = np.full(len(self.names), bead)
        self.mesh = mesh(self.strings, self.bead, self.anchored, self.step)
        self.u, self.w = np.zeros((2, self.mesh.first[-1]))
        self.node_u, self.node_w = np.zeros((2, len(self.names)))
        share = 1.0 + 0.5 * np.random.default_rng([seed, 78]).standard_normal(len(self.names))
        self.ear = np.where(self.anchored, share, 0.0)
        self.voice = Voice(self.step)
        self.forces: list[tuple[float, ...]] = []
        self.asked_s, self.done = 0.0, 0
        self.drive_j = self.stand_j = 0.0
        self.spent_j = {"threads and air": 0.0, "cut": 0.0}
        self.hung_kg = float(np.sum(self.mesh.mass) + np.sum(self.mesh.node_mass))
        self.follow(self.mesh)
        self.next_thought_s = self._wait()
        self.lowest, self._aside = self.modes(FEW_MODES), Aside()

    @classmethod
    def read(cls, path: str | os.PathLike[str], **options: Any) -> Web:
        """From GraphML, an edge list (text, CSV) or a folder of Markdown notes. Raises ValueError for what is none."""
        from heartwright.works.web.read import read

        return cls(read(path), **options)

    def modes(self, most: int) -> Modes:
        """The lowest modes of the web as it is now, its threads cut finer than they live where there are not many."""
        finer = min(FINER, max(1.0, MOST_ROWS / max(len(self.u), 1)))
        fine = mesh(self.strings, self.bead, self.anchored, self.step / finer)
        return modes(fine, self.threads, self.ear, most=most, drag=self.drag, viscosity=self.viscosity, seed=self.seed)

    def follow(self, new: Mesh) -> None:
        """Go on with a mesh of the same web whose state is in place; what hangs on the mesh is made anew."""
        self.mesh = new
        self.push, self.node_push = np.zeros(new.first[-1]), np.zeros(len(self.names))
        self.u_next, self.w_next = self.u.copy(), self.w.copy()
        self._arm = np.hstack([self.normals, np.cross(self.places, self.normals)])
        self._laid_on = b""
        self._moments = self._moments_now()

    # ------------------------------------------------------------------------------------------------- going on

    @property
    def mass(self) -> float:
        return self.frame + self.hung_kg

    @property
    def momentum(self) -> Floats:
        """Of all that moves in it, relative to its stand, and angular momentum about the mount, [6]."""
        momentum: Floats = self._moments[0] / self.step
        return momentum

    @property
    def sway(self) -> float:
        """First moment of how far its threads stand out [kg m]: to and fro with its lowest mode as a whole."""
        return float(self._moments[1][:3] @ self.normals.mean(axis=0))

    @property
    def time(self) -> float:
        return self.asked_s

    @property
    def status(self) -> str:
        return "running" if np.any(self.strings.alive) else "stopped"

    @property
    def advice(self) -> str:
        return "" if self.status == "running" else "every thread is cut; make the web anew"

    def advance(self, seconds: float, ground: Ground = STILL) -> Reaction:
        """Go on by `seconds` [s]; what it did to its stand, as means over them."""
        if not 0.0 <= seconds < 3600.0:
            raise ValueError(f"seconds={seconds:g}: 0 to 3600 is allowed")
        self.asked_s += seconds
        while self.thinking_hz > 0.0 and self.next_thought_s < self.asked_s:
            free = np.flatnonzero(~deeds.fast(self))
            if len(free):
                deeds.think(self, int(self.rng.choice(free)), float(self.rng.uniform(0.3, 1.0)))
            self.next_thought_s += self._wait()
        steps = max(0, round(self.asked_s / self.step) - self.done)
        gravity = ground.gravity().tolist()
        load = self._load(gravity, ground.turning)
        w_before, u_before = self._moments
        if steps:
            self._run(steps)
            self._moments = self._moments_now()
        w_after, u_after = self._moments
        self.stand_j += float(load @ (u_after - u_before + 0.5 * (w_before - w_after)))
        if seconds == 0.0:
            return Reaction()
        fx, fy, fz, mx, my, mz = ((w_before - w_after) / (self.step * seconds)).tolist()
        (x, y, z), (gx, gy, gz) = u_after[:3].tolist(), gravity  # weights moved aside: their moment is (x, y, z) x g
        return Reaction((fx, fy, fz), (mx + y * gz - z * gy, my + z * gx - x * gz, mz + x * gy - y * gx))

    def _load(self, gravity: list[float], turning: Vector) -> Floats:
        """Accelerations that a moving stand lays on the web against an upright one at rest, [6]; sets the push."""
        load = np.array([gravity[0], gravity[1] + G, gravity[2], -turning[0], -turning[1], -turning[2]])
        if load.tobytes() != self._laid_on:
            m = self.mesh
            waves.lay_on(
                self.step**2 * load, self._arm, m.anchored, self.threads, m.first, m.segments, self.push, self.node_push
            )
            self._laid_on = load.tobytes()
        return load

    def _run(self, steps: int) -> None:
        m = self.mesh
        self.forces = [f for f in self.forces if f[3] + f[4] > self.done]
        forces = np.array(self.forces, float).reshape(-1, 5)
        sound = np.empty(steps)
        lost, work = waves.run(
            steps, self.done, self.u, self.w, self.node_u, self.node_w, self.push, self.node_push,
            m.pull, m.bend, m.mass, m.node_mass, m.anchored, self.threads, m.first, m.segments, m.spring, m.hinge,
            self.ear, self.step, self.viscosity / self.step, self.drag * self.step, forces, self.u_next, self.w_next,
            sound,
        )  # fmt: skip
        self.done += steps
        self.spent_j["threads and air"] += lost
        self.drive_j += work
        self.voice.write(sound)

    def _moments_now(self) -> Floats:
        """Momenta over speeds of a metre a step, and first moments: linear, then about the mount, [2, 6]."""
        m, out = self.mesh, np.zeros((2, 6))
        for points, nodes, row in ((self.w, self.node_w, out[0]), (self.u, self.node_u, out[1])):
            waves.moments(
                points, nodes, self._arm, m.anchored, self.threads, m.first, m.segments, m.mass, m.node_mass, row
            )
        return out

    def _wait(self) -> float:
        return float(self.rng.exponential(1.0 / self.thinking_hz)) if self.thinking_hz > 0.0 else np.inf

    # --------------------------------------------------------------------------------------------- seen and heard

    def _energies(self) -> tuple[float, Floats, Floats]:
        m = self.mesh
        own, middle = np.zeros((2, len(m.segments)))
        total = waves.energies(
            self.u, self.w, self.node_w, m.first, m.segments, m.mass, m.spring, m.hinge, m.node_mass,
            self.step, own, middle,
        )  # fmt: skip
        return total, own, middle

    @property
    def energy(self) -> float:
        """Of its vibration [J]."""
        return self._energies()[0]

    @property
    def light(self) -> float:
        s = self.strings
        bright = 0.5 * float(np.sum((s.tension * s.length)[s.alive])) * (0.2 * SHOWN_SLOPE) ** 2
        energy = max(0.0, self.energy)
        return float(np.sqrt(energy / (energy + bright))) if bright > 0.0 else 0.0

    def seen(self) -> NDArray[np.float32]:
        """Each node's displacement along its normal, in units of `shown_scale` [n_node]; each thread's brightness, the
        root of its energy over that of slopes of 0.05, up to 1 [n_thread]; then 16 times (thread, share along it 0..1,
        strength), the threads on which energy stands out most: where thoughts are. Unused ones are (-1, 0, 0)."""
        _, own, middle = self._energies()
        own = np.maximum(own, 0.0)
        s = self.strings
        bright = np.sqrt(own / (0.5 * s.tension * s.length * SHOWN_SLOPE**2))
        thoughts = np.tile(np.array([-1.0, 0.0, 0.0]), (MOST_THOUGHTS, 1))
        dense = own / s.length
        first = np.argsort(-dense, kind="stable")[:MOST_THOUGHTS]
        floor = 1.5 * float(np.mean(dense[s.alive])) if np.any(s.alive) else np.inf
        out = [j for j in first if dense[j] > floor and bright[j] > 1e-3]
        for row, j in enumerate(out):
            thoughts[row] = (j, middle[j], min(1.0, bright[j]))
        shown = np.concatenate([self.node_u / self.shown_scale, np.minimum(bright, 1.0), thoughts.ravel()])
        return shown.astype(np.float32)

    def heard(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        """The next `n` samples of its sound, 1 m away [Pa], 12 of its steps late."""
        return self.voice.read(n, rate_hz)

    def ledger(self) -> Ledger:
        """Its books: drive is what plucks, thoughts and tightening put in; stored is vibration about its rest."""
        stored = self.energy
        residual = self.drive_j + self.stand_j - sum(self.spent_j.values()) - stored
        return Ledger(self.drive_j, dict(self.spent_j), stored, residual, self.stand_j)

    def figures(self) -> dict[str, Figure]:
        """What someone who strings webs reads off it now."""
        if self.stale:
            self._aside.find(self.mesh, lambda: self.modes(FEW_MODES))
            if (fresh := self._aside.found(self.mesh)) is not None:
                self.lowest, self.stale = fresh, False
        s, low = self.strings, self.lowest
        alive = s.tension[s.alive]
        found = {
            "threads": Figure(int(np.sum(s.alive)), "", says=f"of {count(len(s.alive), 'thread')}"),
            "nodes": Figure(len(self.names), "", says=f"{int(np.sum(self.anchored))} of them anchored"),
            "pieces": Figure(self.net.pieces, "", says="parts that do not hang together"),
            "energy": Figure(1e3 * self.energy, "mJ", says="of its vibration"),
        }
        if len(alive):
            found["tension"] = Figure(float(np.mean(alive)), "N", says=f"{alive.min():.3g} to {alive.max():.3g} N")
        for i in range(min(5, len(low))):
            says = f"falls to 1/e in {1.0 / low.decay[i]:.2g} s" if low.decay[i] > 0.0 else ""
            says = "as it was before the last change" if self.stale else says
            found[f"mode {i + 1}"] = Figure(float(low.frequency_hz[i]), "Hz", says=says)
        return found

    # ------------------------------------------------------------------------------------------------------ deeds

    @property
    def deeds(self) -> tuple[Deed, ...]:
        return deeds.known(self)

    def node(self, which: Any) -> int:
        """The number of a node given by number or by name. Raises ValueError."""
        if isinstance(which, str):
            if which not in self.names:
                like = ", ".join([name for name in self.names if which.lower() in name.lower()][:3])
                raise ValueError(f"no node is called {which!r}" + (f"; did you mean {like}?" if like else ""))
            return self.names.index(which)
        if which != int(which) or not 0 <= which < len(self.names):
            raise ValueError(f"node {which}: whole numbers from 0 to {len(self.names) - 1} are allowed")
        return int(which)

    def between(self, thread: int) -> str:
        """A thread in words."""
        a, b = self.threads[thread]
        return f"the thread from {self.names[a]} to {self.names[b]}"

    def do(self, deed: str, **amounts: float) -> str:
        """Pluck, thought, cut or tighten; what came of it. Raises ValueError for what it does not know or allow."""
        return deeds.do(self, deed, amounts_of(self.deeds, deed, amounts))


def _sensible(zero: bool = False, **given: float) -> None:
    for name, value in given.items():
        if not (np.isfinite(value) and (value >= 0.0 if zero else value > 0.0)):
            raise ValueError(f"{name}={value:g}: a number {'of 0 or more' if zero else 'above 0'} is allowed")
