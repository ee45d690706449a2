"""`Gyroscope`: a spinning body on a point or in gimbals, as a work that stands in the room.

    toy = Gyroscope(rpm=8000, lean_deg=70, seed=3)
    reaction = toy.advance(0.002, Ground(acceleration=(0.01, 0.0, 0.0)))
    toy.figures()["precession"]

It spins down by air, bearing and point, sinks, wakes and falls by itself; nobody says when. Motion: `motion` (on a
point) and `rings` (in gimbals); measures: `body`; sound: `whirr`; closed forms: `top`. While it is held (cord, motor,
brake, hold) the hands take every force, and the stand feels none.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Ledger
from heartwright.work import STILL, ZERO, Deed, Figure, G, Ground, Reaction, Span, Vector, amounts_of
from heartwright.works.gyroscope import body as bodies
from heartwright.works.gyroscope.body import Build
from heartwright.works.gyroscope.figures import told
from heartwright.works.gyroscope.hands import Hands, grind, handle
from heartwright.works.gyroscope.mounts import InGimbals, OnPoint, hold
from heartwright.works.gyroscope.whirr import Whirr

RPM = math.pi / 30.0  # [rad/s]
_STILL_SPIN = 0.5  # below this it has stopped [rad/s]

_DEEDS = (
    Deed("cord", "Pull the cord", "hold it, and draw the cord from its spool", {
        "force_n": Span(0.5, 60.0, 15.0, "N"), "length_m": Span(0.05, 1.5, 0.6, "m")}),
    Deed("motor", "Spin it up", "hold it against the motor for so long", {"seconds": Span(0.1, 60.0, 6.0, "s")}),
    Deed("brake", "Brake it", "a finger on the rim", {
        "force_n": Span(0.05, 20.0, 1.0, "N"), "seconds": Span(0.05, 30.0, 1.0, "s")}),
    Deed("hold", "Hold it", "the frame stands, the rotor turns", {"seconds": Span(0.05, 60.0, 2.0, "s")}),
    Deed("lean", "Set it at a lean", "and let go", {"lean_deg": Span(0.0, 100.0, 60.0, "deg")}),
    Deed("tap", "Tap it", "on the end of the shaft", {
        "impulse_ns": Span(1e-5, 0.1, 2e-3, "N s"), "direction_deg": Span(0.0, 360.0, 0.0, "deg")}),
)  # fmt: skip


class Gyroscope:
    """A gyroscope that goes. `status` is "running", "fallen" (it lies on its stand) or "stopped" (the rotor stands).

    rpm: its spin at the start; lean_deg: of the shaft from the upright; release: "steady" (in its slow precession) or
    "rest" (let go from rest: it nods). Other measures by name as in `Build`, or a whole `build`; friction=False leaves
    all friction out; order: 2 or 4, of the integrator. Raises ValueError for measures that no gyroscope has.
    """

    kind = "gyroscope"

    def __init__(
        self,
        build: Build | None = None,
        *,
        name: str = "gyroscope",
        seed: int = 1,
        rpm: float = 8000.0,
        lean_deg: float = 60.0,
        release: str = "steady",
        friction: bool = True,
        order: int = 4,
        **measures: object,
    ) -> None:
        self.build = bodies.changed(build or Build(), measures) if measures else build or Build()
        if not (math.isfinite(rpm) and abs(rpm) <= 200_000.0):
            raise ValueError(f"rpm={rpm:g}: up to 200,000 turns a minute are allowed; did you give rad/s or degrees?")
        if not 0.0 <= lean_deg <= 180.0:
            raise ValueError(f"lean_deg={lean_deg:g}: 0 (upright) to 180 (hanging) is allowed")
        if release not in ("steady", "rest"):
            raise ValueError(f"release={release!r}: 'steady' or 'rest' is allowed")
        if order not in (2, 4):
            raise ValueError(f"order={order}: 2 or 4 is allowed")
        if self.build.mount == "point" and self.build.moments is None and math.radians(lean_deg) >= self.build.touch:
            raise ValueError(
                f"lean_deg={lean_deg:g}: it touches its stand at {math.degrees(self.build.touch):.0f}; lean it less"
            )
        self.name, self.seed, self.time = name, seed, 0.0
        direction = float(np.random.default_rng([seed, 0x6A0]).uniform(0.0, 2.0 * np.pi))
        self.held: OnPoint | InGimbals = hold(self.build, direction=direction, order=order, friction=friction)
        self.held.let_go(rpm * RPM, math.radians(lean_deg), steady=release == "steady")
        self.status, self.advice = "running", ""
        self.friction, self.release = friction, release
        self._lean = min(math.radians(lean_deg), 0.95 * self.build.touch)
        self._tilt: Vector = ZERO
        self._hands: Hands | None = None
        self.drive_j = 0.0
        self.spent = {"hands": 0.0, "stand": 0.0, "held bearing": 0.0, "held air": 0.0}
        self._start_j = self.held.energy
        self._push: Vector = ZERO  # impulse that a fall hands to the stand [N s]
        self._whirr = Whirr(self.build, seed=seed)
        self._whirr.spin = self.held.spin
        self._look()

    # ------------------------------------------------------------------------------------------ ways to make one

    @classmethod
    def read(cls, path: str | Path, **options: object) -> Gyroscope:
        """One by the measures in a TOML file."""
        return cls(bodies.read(path), **options)  # type: ignore[arg-type]

    @classmethod
    def heavy_top(
        cls, *, mass: float = 0.1, radius: float = 0.03, pivot_to_centre: float = 0.03, **options: object
    ) -> Gyroscope:
        """A plain top (a disc on a spike) that spins on a table, in balance."""
        build = Build(
            rotor_mass=mass, rotor_radius=radius, rotor_thickness=0.3 * radius, rim=0.5, frame_mass=0.0, balls=0,
            pivot_to_centre=pivot_to_centre, imbalance=0.0, skew=0.0, touch=math.atan2(pivot_to_centre, radius),
            height=0.0, stand_mass=0.0,
        )  # fmt: skip
        return cls(build, **({"rpm": 2000.0, "lean_deg": 20.0} | options))  # type: ignore[arg-type]

    @classmethod
    def free_body(cls, moments: tuple[float, float, float], **options: object) -> Gyroscope:
        """A bare body free of weight, of those moments about x, y (its shaft) and z [kg m2]: for Dzhanibekov's flip."""
        build = Build(moments=moments, frame_mass=0.0, touch=math.pi, imbalance=0.0, skew=0.0)
        return cls(build, **({"friction": False, "lean_deg": 0.0} | options))  # type: ignore[arg-type]

    # ------------------------------------------------------------------------------------------ what it is now

    @property
    def mass(self) -> float:
        return self.build.mass

    @property
    def mount(self) -> str:
        return self.build.mount

    @property
    def rotor_radius(self) -> float:
        return self.build.rotor_radius

    @property
    def rotor_thickness(self) -> float:
        return self.build.rotor_thickness

    @property
    def pivot_to_centre(self) -> float:
        return self.build.pivot_to_centre if self.build.mount == "point" else 0.0

    @property
    def spin(self) -> float:
        """Of the rotor about its shaft [rad/s]."""
        return self.held.spin

    @property
    def sway(self) -> float:
        """How far its shaft leans to the right, -1 to 1: to and fro once in a turn of its precession."""
        w, x, y, z = self.held.pose(self._tilt)[:4]
        return 2.0 * (x * y - w * z)

    @property
    def in_hands(self) -> bool:
        """Whether hands hold it still."""
        return self._hands is not None

    @property
    def light(self) -> float:
        """Energy of the spin over that at full spin, at most 1."""
        return min(1.0, (self.spin / self.build.full_spin) ** 2) if self.build.full_spin > 0.0 else 0.0

    @property
    def deeds(self) -> tuple[Deed, ...]:
        return _DEEDS

    @property
    def loose(self) -> tuple[float, Vector]:
        """The mass that sideways motion of the stand leaves behind, and where it is from the mount [kg, m]."""
        if isinstance(self.held, InGimbals) or self._hands or self.status == "fallen":
            return 0.0, ZERO
        return self.held.pull**2 / G**2 / self.held.across, (0.0, self.build.height, 0.0)

    # ------------------------------------------------------------------------------------------ going on

    def advance(self, seconds: float, ground: Ground = STILL) -> Reaction:
        """Go on by `seconds` [s] on a stand that moves so."""
        if not seconds > 0.0:
            raise ValueError(f"seconds={seconds!r}: more than 0 s is wanted")
        self.time += seconds
        self._tilt = ground.tilt
        if self._hands is not None:
            left = handle(self, self._hands, seconds)
            if left > 1e-12 or self._hands.seconds <= 1e-12:
                self._hands = None
                self._set_free(None)
            if left <= 1e-12:
                return Reaction()
            seconds = left
        if self.status == "fallen":
            grind(self, seconds)
            return Reaction()
        force, moment = self.held.advance(seconds, ground)
        if self.held.touched:
            self._fall()
        if abs(self.held.spin) < _STILL_SPIN or self.status == "stopped":
            self._look()
        return Reaction(force, self._about_foot(force, moment))

    def foretold(self, seconds: float) -> tuple[float, ...]:
        """Mean force [N] and moment [N m] on a stand that stands still, over the next `seconds` [s], six numbers.

        At 8,000 turns a minute its imbalance goes a quarter round in a step of the exchange, so that the force of the
        step before tells nothing of the next.
        """
        if self._hands is not None or self.status == "fallen":
            return (0.0,) * 6
        force, moment = self.held.foretold(seconds, self._tilt)
        return *force, *self._about_foot(force, moment)

    def _about_foot(self, force: Vector, moment: Vector) -> Vector:
        """The moment about the foot of what works at the point, or at the gimbals' centre."""
        height = self.build.height
        return moment[0] + height * force[2], moment[1], moment[2] - height * force[0]

    def _look(self) -> None:
        """Has the rotor stopped?"""
        if self.status == "fallen":
            return
        if self.build.moments is None and abs(self.held.spin) < _STILL_SPIN:
            self.status, self.advice = "stopped", "The rotor stands: pull the cord or hold it to the motor."
        else:
            self.status, self.advice = "running", ""

    def _fall(self) -> None:
        """It lies on its stand: what it moved with is lost there, the spin grinds on."""
        blow = self.held.rest()
        self.spent["stand"] += blow
        self.status = "fallen"
        self.advice = "It fell onto its stand: pull the cord (that sets it up again), faster or less leant."
        mass = self.build.moving_mass
        self._whirr.strike(mass * math.sqrt(2.0 * max(blow, 0.0) / mass))

    # ------------------------------------------------------------------------------------------ hands

    def _seize(self, hands: Hands) -> None:
        """Hands take the frame: what it moved with is theirs. A fallen one is lifted to its lean."""
        self.spent["hands"] += self.held.rest()
        if self.status == "fallen":
            before = self.held.energy
            self.held.let_go(self.held.spin, self._lean, steady=False)
            self.drive_j += self.held.energy - before
        self._hands, self.status, self.advice = hands, "running", ""

    def _set_free(self, lean: float | None) -> None:
        before = self.held.energy
        self.held.let_go(self.held.spin, lean, steady=self.release == "steady")
        self.drive_j += self.held.energy - before
        self._look()

    def do(self, deed: str, **amounts: float) -> str:
        """Do something to it; what came of it, in words. Raises ValueError for what it does not know or allow."""
        given = amounts_of(_DEEDS, deed, amounts)
        if deed == "cord":
            self._seize(Hands(60.0, "cord", given["force_n"], given["length_m"]))
            return f"{given['length_m']:g} m of cord are drawn with {given['force_n']:g} N."
        if deed in ("motor", "brake", "hold"):
            self._seize(Hands(given["seconds"], deed, given.get("force_n", 0.0)))
            said = {"motor": "The motor spins it up.", "brake": "A finger lies on its rim.", "hold": "It is held."}
            return said[deed]
        if deed == "lean":
            lean = math.radians(given["lean_deg"])
            if self.mount == "point" and lean >= self.build.touch:
                raise ValueError(f"lean_deg={given['lean_deg']:g}: it touches at {math.degrees(self.build.touch):.0f}")
            self._seize(Hands(0.0, "hold"))
            self._hands, self._lean = None, lean
            self._set_free(lean)
            return f"Set at {given['lean_deg']:g} degrees, and let go."
        if self.status == "fallen" or self._hands is not None:
            return "It is not free: the tap does nothing."
        before = self.held.energy
        self.held.tap(given["impulse_ns"], math.radians(given["direction_deg"]))
        self.drive_j += self.held.energy - before
        self._whirr.strike(given["impulse_ns"])
        return f"Tapped with {given['impulse_ns']:g} N s."

    # ------------------------------------------------------------------------------------------ telling

    def seen(self) -> NDArray[np.float32]:
        """Shape (9,): attitude of the frame as a quaternion (w, x, y, z; the shaft is its local +y), angle of the rotor
        in it (mod 2 pi) [rad], spin [rad/s], centre of the body from its point or the gimbals' centre [m]."""
        return np.array(self.held.pose(self._tilt), np.float32)

    def heard(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        """The next `n` samples of its sound, 1 m away [Pa]: the spin goes from what it was to what it is."""
        return self._whirr.heard(n, rate_hz, self.held.spin)

    def ledger(self) -> Ledger:
        """The books since the start."""
        spent = {name: joules for name, joules in (self.held.spent | self.spent).items() if joules != 0.0}
        stored, stand = self.held.energy - self._start_j, self.held.stand_j
        return Ledger(self.drive_j, spent, stored, self.drive_j + stand - sum(spent.values()) - stored, stand)

    def figures(self) -> dict[str, Figure]:
        """Spin, lean, precession, nutation, and how long it will stand."""
        return told(self)
