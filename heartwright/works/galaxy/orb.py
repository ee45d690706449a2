"""`Galaxy`: a self-gravitating galaxy in a glass sphere, as a work of the room.

    orb = Galaxy("plummer", n=2_000, seed=1)
    orb.do("pulse", strength=0.1)
    orb.advance(5.0)
    print(orb.figures()["pulse_period"])

The bodies float: the room's gravity does not reach into the orb (a uniform pull could not be felt inside a falling
frame anyway, and here the glass alone stands on the shelf). So nothing outside moves them but the wall of the glass.
Shaken, it moves and they stay, until they meet it; tilted, it turns about them and takes no hold, being smooth and
round. They lay nothing on the shelf: `mass` is that of glass and foot; all that the shelf feels of them is what they
hand to the wall, through the middle of the glass.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Floats, Ints, Ledger
from heartwright.work import STILL, Deed, Figure, Ground, Reaction, amounts_of, rotated
from heartwright.works.galaxy import models
from heartwright.works.galaxy.cluster import Cluster
from heartwright.works.galaxy.deeds import DEEDS
from heartwright.works.galaxy.figures import figures, measured
from heartwright.works.galaxy.force import RHO, Forces
from heartwright.works.galaxy.look import Look
from heartwright.works.galaxy.pulse import Pulse
from heartwright.works.galaxy.spheres import Bodies
from heartwright.works.galaxy.throb import Throb
from heartwright.works.galaxy.units import PULSE, Scale
from heartwright.works.galaxy.wall import LETS_GO, REFLECTS

GLASS_KG: Final = 0.9
FOOT: Final = 0.03  # how far the glass stands above the shelf [m]
KEPT: Final = 20_000  # measured steps that are kept
AS_MADE: Final = 0.75  # light of an orb as it was made
LIVE: Final = 8_000  # bodies that a work can go on with in real time beside others


class Galaxy:
    """A galaxy in an orb. Implements `heartwright.work.Work`; its attributes beyond that:

    n, radius [m], group [n] of each body, scale (the map of units), pulse_s: what the map takes a pulse to last [s].
    """

    kind = "galaxy"

    def __init__(
        self,
        model: str | Bodies = "plummer",
        n: int = 2_000,
        seed: int = 1,
        *,
        name: str = "",
        radius: float = 0.12,
        wall: float = 4.0,
        mass: float = 0.25,
        pulse_s: float = 8.0,
        pulse: float = 0.0,
        softening: float | None = None,
        step: float | None = None,
        lets_go: bool = False,
        way: str = "",
        notes: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        """Make an orb.

        model: plummer, hernquist, uniform, disc (options: halo, toomre_q), or bodies of your own; radius: of the glass
        [m], wall: the same in virial radii; mass: of the bodies [kg]; pulse_s: the map's pulse [s]; pulse: its first
        one, as a share of all velocities; softening and step in Henon units, by the number of bodies where None;
        lets_go: whether the glass is open; way: "direct", "tree" or "" for the quicker. Raises ValueError.
        """
        bodies = (
            models.made(model, n, wall=wall, seed=seed, soft=softening, **options) if isinstance(model, str) else model
        )
        if not isinstance(model, str) and options:
            raise ValueError(f"bodies of one's own take no {', '.join(options)}: that is for a model")
        models.check(bodies, softening=softening)
        models.bounded(radius=radius, wall=wall, mass=mass, pulse_s=pulse_s, pulse=pulse, step=step)
        bodies, left_out = models.within(bodies, wall)
        made_as = model if isinstance(model, str) else ""
        soft = models.softening(made_as, len(bodies)) if softening is None else softening
        self.name = name or made_as or "galaxy"
        self.radius, self.seed = radius, seed
        self.group: Ints = bodies.group
        self.scale = Scale.of(radius=radius, wall=wall, pulse_s=pulse_s, mass=mass)
        self.notes = notes + left_out
        self._forces = Forces(soft, way)
        if made_as not in ("", "disc"):  # a disc is made for its softening
            bodies = models.softened(bodies, self._forces)
        self._made = bodies
        self._cluster = Cluster.of(
            bodies,
            wall=wall,
            step=step or models.step(soft, made_as),
            forces=self._forces,
            way=LETS_GO if lets_go else REFLECTS,
        )
        self._history: deque[Look] = deque(maxlen=KEPT)
        self._calm = 0.0  # when it was last disturbed, Henon units
        self._measured: Pulse | None = None
        self._measured_at = -1.0
        self._tilt, self._turning, self._mount = np.zeros(3), np.zeros(3), np.zeros(3)  # [rad], [rad/s], [m/s]
        self._reference = max(self._cluster.now.dense, 1e-12)
        self._throb = Throb(3.0 * pulse_s)
        self._listen([self._cluster.now])
        if pulse:
            self.do("pulse", strength=pulse) if -0.5 <= pulse <= 0.5 else self._swell(pulse)

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        seed: int = 1,
        n: int | None = None,
        thin: int | None = None,
        g: float | None = None,
        **options: Any,
    ) -> Galaxy:
        """From a snapshot: CSV with a header m,x,y,z,vx,vy,vz, or Gadget or SWIFT HDF5 (see `snapshot`).

        n or thin: take so many bodies by chance; g: the constant of gravity in its units; options: as on making.
        Raises ValueError, OSError.
        """
        from heartwright.works.galaxy import snapshot

        bodies, notes = snapshot.read(path, thin=n if thin is None else thin, g=g, seed=seed)
        options.setdefault("wall", models.roomy(bodies))
        options.setdefault("name", Path(path).stem)
        return cls(bodies, seed=seed, notes=notes, **options)

    # ------------------------------------------------------------------------------------------ what it is now

    @property
    def n(self) -> int:
        """Number of bodies it was made with."""
        return len(self.group)

    @property
    def mass(self) -> float:
        """Of glass and foot [kg]: the bodies float."""
        return GLASS_KG

    @property
    def momentum(self) -> Floats:
        """Of what rides on its stand, relative to it [kg m/s, kg m2/s]: none, since the bodies float, shape (6,)."""
        return np.zeros(6)

    @property
    def sway(self) -> float:
        """Half-mass radius [m]: to and fro once a pulse."""
        return self._cluster.now.half_mass * self.scale.metre

    @property
    def pulse_s(self) -> float:
        """What the map takes a pulse to last [s]; figure "pulse_period" is what it does last."""
        return PULSE * self.scale.second

    @property
    def softening(self) -> float:
        """Of gravity, in virial radii."""
        return self._forces.softening

    @property
    def step_s(self) -> float:
        """Step of the leapfrog [s]."""
        return self._cluster.step * self.scale.second

    @property
    def time(self) -> float:
        return self._cluster.time * self.scale.second

    @property
    def left(self) -> int:
        """Number of bodies in the glass."""
        return int(self._cluster.inside.sum())

    @property
    def status(self) -> str:
        return "running" if self.left > 1 else "stopped"

    @property
    def advice(self) -> str:
        if self.status == "stopped":
            return "All bodies have left the glass; close it and make a new one."
        if self.n > LIVE:
            return f"{self.n} bodies: more than {LIVE} hardly go on in real time beside other works."
        return ""

    @property
    def light(self) -> float:
        """In proportion to the density of its densest part: `AS_MADE` as it was made, 1 a third denser.

        Without a softening there is no density to go by: it stays as it was made.
        """
        if self._forces.softening == 0.0:
            return AS_MADE if self.left else 0.0
        return float(np.clip(AS_MADE * self._cluster.now.dense / self._reference, 0.0, 1.0))

    @property
    def deeds(self) -> tuple[Deed, ...]:
        return DEEDS

    def brightness(self) -> NDArray[np.float32]:
        """0 to 1 of each body, [n]: logarithm of the density about it, over three decades; 0 of one let go."""
        rho = self._cluster.field_[:, RHO] / self._reference
        out = np.clip(1.0 + np.log10(np.maximum(rho, 1e-9)) / 3.0, 0.0, 1.0)
        out[~self._cluster.inside] = 0.0
        return out.astype(np.float32)

    def seen(self) -> NDArray[np.float32]:
        """Places [n, 3] flattened, in radii of the glass, as the glass sees them; one let go stays where it left."""
        places = self._cluster.place / self._cluster.wall
        if self._tilt.any():
            turn = np.stack([rotated(axis, -self._tilt) for axis in np.eye(3)], axis=1)
            places = places @ turn.T
        return places.astype(np.float32).ravel()

    def places(self) -> Floats:
        """Places of the bodies [m], [n, 3], from the middle of the glass, in the room's axes."""
        return self._cluster.place * self.scale.metre

    def velocities(self) -> Floats:
        """Their velocities [m/s], [n, 3], in the frame that does not accelerate."""
        return self._cluster.velocity * self.scale.speed

    def henon(self) -> dict[str, Floats]:
        """The bodies that are left as columns m, x, y, z, vx, vy, vz in Henon's units, as `read` takes them."""
        left = self._cluster.inside
        columns = np.column_stack([self._cluster.mass, self._cluster.place, self._cluster.velocity])[left].T
        return dict(zip(("m", "x", "y", "z", "vx", "vy", "vz"), columns, strict=True))

    # ------------------------------------------------------------------------------------------ going on

    def advance(self, seconds: float, ground: Ground = STILL) -> Reaction:
        """Go on by `seconds` on a stand that moves so; what the bodies handed to the wall, as a mean, in its own frame.

        The middle of the glass goes with its foot: its velocity is that of the mount and of the turning about it.
        """
        if seconds <= 0.0:
            return Reaction()
        scale, arm = self.scale, FOOT + self.radius
        self._tilt = np.asarray(ground.tilt, float)
        self._mount += seconds * np.asarray(ground.acceleration)
        self._turning += seconds * np.asarray(ground.turning)
        at_end = self._tilt + 0.5 * seconds * self._turning  # the tilt told is the mean of the step
        middle = self._mount + _cross(self._turning, rotated(np.array([0.0, arm, 0.0]), at_end))
        swifter = (middle / scale.speed - self._cluster.glass) * scale.second / seconds
        given = self._cluster.advance(seconds / scale.second, swifter)
        if self._cluster.looks:
            looks, self._cluster.looks = self._cluster.looks, []
            self._listen(looks)
        if not given.any():
            return Reaction()
        fx, fy, fz = (float(v) for v in rotated(given * (-scale.momentum / seconds), -self._tilt))
        return Reaction((fx, fy, fz), (arm * fz, 0.0, -arm * fx))

    def heard(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        """The next `n` samples of its throb, 1 m away [Pa] (see `throb` for the law)."""
        return self._throb.heard(n, rate_hz)

    def ledger(self) -> Ledger:
        """The books at the end of the last step of the leapfrog.

        Drive: what deeds did, and the lifting of bodies that an open glass takes though they are still bound. Stand:
        the wall's work on the bodies as the glass moves. Spent: what bodies let go took with them.
        """
        books, joule = self._cluster.closed, self.scale.joule
        return Ledger(
            drive_j=float(books.drive * joule),
            spent_j={"let go": float(books.let_go * joule)},
            stored_j=float((self._cluster.energy - self._cluster.start) * joule),
            residual_j=float(self._cluster.residual * joule),
            stand_j=float(books.stand * joule),
        )

    def figures(self) -> dict[str, Figure]:
        """Virial ratio, half-mass radius, pulse, crossing and relaxation time, bodies let go, energy error."""
        now = self._cluster.time
        if not self._calm <= self._measured_at <= now < self._measured_at + 0.1 * PULSE:
            self._measured, self._measured_at = measured(self._history, self._calm), now
        return figures(self._cluster, self._measured, self.scale, self.n - self.left)

    def record(self) -> dict[str, Floats]:
        """What was measured at the end of each step, the latest `KEPT` of them, by name and unit; arrays [n]."""
        meter, second, joule = self.scale.metre, self.scale.second, self.scale.joule
        kept = list(self._history)
        rows = np.array([(k.time, k.half_mass, k.kinetic, k.potential, k.inner, k.pull, k.dense) for k in kept])
        time, half, kinetic, potential, inner, pull, dense = rows.reshape(-1, 7).T
        return {
            "time_s": time * second,
            "half_mass_radius_m": half * meter,
            "kinetic_j": kinetic * joule,
            "potential_j": potential * joule,
            "virial_ratio": 2.0 * inner / np.maximum(-pull, 1e-300),
            "density": dense / self._reference,
        }

    # ------------------------------------------------------------------------------------------ deeds

    def do(self, deed: str, **amounts: float) -> str:
        """Pulse, shake, stir or gather it, open or close the glass. Raises ValueError."""
        given = amounts_of(DEEDS, deed, amounts)
        cluster = self._cluster
        if deed == "let_go":
            cluster.way = LETS_GO
            return "The glass is open: whatever comes to it goes through."
        if deed == "reflect":
            cluster.way = REFLECTS
            return f"The glass is closed; {self.left} of {self.n} bodies are in it."
        if deed == "pulse":
            return self._swell(given["strength"])
        if deed == "gather":
            cluster.gather(self._made)
            self._calm, self._measured_at = cluster.time, -1.0
            return f"All {self.n} bodies are back as they were made."
        if deed == "shake":
            angle = np.radians(given["angle"])
            blow = given["speed"] / self.scale.speed * np.array([np.cos(angle), 0.0, -np.sin(angle)])
            self._disturb(lambda: np.subtract(cluster.velocity, blow, out=cluster.velocity))
            return f"The bodies drift at {abs(given['speed']) * 1e3:.3g} mm/s towards the glass."
        turn = 2.0 * np.pi * given["turns"] * self.scale.second
        self._disturb(lambda: np.add(cluster.velocity, np.cross([0.0, turn, 0.0], cluster.place), out=cluster.velocity))
        return f"It turns {given['turns']:+.3g} times a second more than before."

    def _swell(self, strength: float) -> str:
        v = self._cluster.velocity
        self._disturb(lambda: np.multiply(v, 1.0 + strength, out=v))
        return (
            f"All velocities are {abs(strength):.0%} {'larger' if strength >= 0 else 'smaller'}: it swells or falls in."
        )

    def _disturb(self, deed: Any) -> None:
        self._cluster.carry_out(deed)
        self._calm, self._measured_at = self._cluster.time, -1.0

    def _listen(self, looks: list[Look]) -> None:
        """Keep what was measured, and let it sound."""
        self._history.extend(looks)
        rows = np.array([(k.time, k.swell, k.stretch, -k.pull, k.dense) for k in looks])
        weight = np.maximum(rows[:, 3], 1e-12)
        centre = np.sqrt(4.0 * np.pi / 3.0 * np.maximum(rows[:, 4], 0.0)) / (2.0 * np.pi * self.scale.second)
        self._throb.feed(rows[:, 0] * self.scale.second, rows[:, 1] / weight, rows[:, 2] / weight, centre)


def _cross(a: Floats, b: Floats) -> Floats:
    """The vector product of two vectors (numpy's own takes ten times as long)."""
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
