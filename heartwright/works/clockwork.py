"""`Clockwork`: a movement or the heart as a `Work`, on a stand that moves.

    clock = Clockwork(Design.load("graham"), seed=1)
    reaction = clock.advance(0.01, Ground(acceleration=(0.02, 0.0, 0.0)))

The contact engine runs in the frame of the stand. What a moving stand does there is gravity g - a - alpha x r at the
oscillator's arbor r, and a torque -I alpha on oscillator and fork; both are set before each step, nothing is built
anew. The reaction is the change of momentum of the oscillator's unbalanced mass and of the angular momentum of wheel,
fork and oscillator over the step, so that blows are in it exactly, and the moment of the weight that has moved aside.

Left out: gyroscopic moments of a stand that turns about another axis than the arbors', accelerations along the arbors
(a pendulum is stiff that way), centrifugal terms of the stand's turning, and what barrel, train and pump do to the
stand. A balance in poise shakes its stand by its moment alone.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from heartwright.design import Design
from heartwright.design.works import Pendulum
from heartwright.engine import layout as L
from heartwright.records import Floats, Ledger, Trace
from heartwright.sound.mix import TICK_LEVEL
from heartwright.sound.stream import Stream
from heartwright.work import STILL, Deed, Figure, G, Ground, Reaction, Span, amounts_of, rotated
from heartwright.works import pump
from heartwright.works.figures_now import now
from heartwright.works.heart import ARTERY_REACH, GoingHeart
from heartwright.works.live import Live

#: A movement's axes in the room, by position: rows x to three o'clock, y to twelve, z towards who reads the dial.
AXES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "12H": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "3H": ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
    "6H": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "9H": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    "CH": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "CB": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
}
#: Peak of the median tick 1 m away [Pa]: a regulator at 54 dB, a watch at 28 dB (laid on wood), the heart at 48 dB.
TICK_PA = {"pendulum": 0.010, "heart": 0.005}
WATCH_TICK_PA = 0.0005
#: What lies on the stand besides the oscillator [kg]: case, plates, weight or barrel.
DEAD_KG = {"pendulum": 6.0, "heart": 3.0}
WATCH_KG = 0.08
CLEARANCE = 0.15  # of a bob above the stand [m]
ARBOR_HEIGHT = {"heart": 0.06}  # of the balance above the stand [m]
WATCH_HEIGHT = 0.005
COUPLING_S = {"pendulum": 0.010}  # a pendulum's force hardly changes within; a balance turns faster
LEVER_COUPLING_S = 0.004
PIECE_S = 1.0  # what nobody listens to is told so often
KEPT_PIECES = 6
FIGURES_S = 20.0  # figures are those of so much time
TEMPERATURE_STEP = 0.05  # a smaller change is not felt [K]


class Clockwork:
    """A going movement on a stand. `live` is the movement itself, in the frame of its stand.

    position: CH, CB, 12H, 3H, 6H or 9H (a pendulum hangs, whatever is said); mass: all that it lays on its stand [kg],
    None for the usual of its kind; step: the engine's longest [s], None for its own. Raises ValueError for an unknown
    position or a mass that is too small.
    """

    def __init__(
        self,
        design: Design,
        *,
        seed: int = 1,
        name: str = "",
        position: str = "CH",
        mass: float | None = None,
        dirt: bool = True,
        wind: float = 1.0,
        start_deg: float | None = None,
        temperature_c: float = 23.0,
        poses_hz: float = 0.0,
        step: float | None = None,
    ) -> None:
        position = "12H" if isinstance(design.oscillator, Pendulum) else position
        self.live = Live(
            design, seed=seed, dirt=dirt, position=position, wind=wind, start_deg=start_deg,
            temperature_c=temperature_c, poses_hz=poses_hz, step=step,
        )  # fmt: skip
        self.kind, self.name = "clockwork", name or design.name
        self.axes = np.array(AXES[position], float)
        self.coupling_s = COUPLING_S.get(design.kind, LEVER_COUPLING_S)
        swinging = design.oscillator.mass
        self.mass = mass if mass is not None else swinging + DEAD_KG.get(design.kind, WATCH_KG)
        if not self.mass >= swinging:
            raise ValueError(f"mass={mass!r} kg: it must hold the oscillator's {swinging:g} kg at least")
        self._height = _arbor_height(design)  # of the oscillator's arbor above the mount [m]
        self._inertia = self._inertias()
        self.stand_j = 0.0
        self._torque_j = 0.0  # part of the engine's drive that is the stand's
        self._gravity = self.axes[:2] @ (0.0, -G, 0.0)
        self._told, self._pieces = self.live.time, deque[Trace](maxlen=KEPT_PIECES)
        self._beats: deque[Trace] = deque()
        self._stream: Stream | None = None
        self._swing0 = max(self.swing_j, 1e-30)

    # ------------------------------------------------------------------------------------------ what it is now

    @property
    def design(self) -> Design:
        return self.live.design

    @property
    def time(self) -> float:
        return self.live.time

    @property
    def status(self) -> str:
        return self.live.status

    @property
    def advice(self) -> str:
        return self.live.advice

    @property
    def rotors(self) -> tuple[str, ...]:
        """Names of the rotors, in the order of `seen`."""
        return self.live.rotors

    @property
    def loose(self) -> tuple[float, tuple[float, float, float]]:
        """The mass that sideways motion of the stand leaves behind, and where it is at rest from the mount [kg, m]."""
        osc = self.design.oscillator
        if not isinstance(osc, Pendulum):
            return 0.0, (0.0, 0.0, 0.0)
        return osc.mass, (0.0, self._height - osc.length, 0.0)

    @property
    def swing_j(self) -> float:
        """Energy of the oscillator above its rest [J]."""
        built = self._built
        state, b = built.state, built.oscillator
        rotor, stiff = built.model.rotor[b], state.drive[b, L.STIFF]
        spring = 0.5 * stiff * (state.angle[b] - state.drive[b, L.REST]) ** 2
        moved = self._first_moment() - self._first_moment(rest=True)
        return float(0.5 * state.speed[b] ** 2 / rotor[L.INV_I] + spring - self._gravity @ moved)

    @property
    def light(self) -> float:
        """Energy of the swing against that of its start, at most 1."""
        return min(max(self.swing_j / self._swing0, 0.0), 1.0)

    @property
    def deeds(self) -> tuple[Deed, ...]:
        top = 8.0 if isinstance(self.design.oscillator, Pendulum) else 270.0
        usual = 2.0 if isinstance(self.design.oscillator, Pendulum) else 180.0
        return (
            Deed("nudge", "Start it by hand", "released from there", {"start_deg": Span(0.1, top, usual, "deg")}),
            Deed("wind", "Wind it", "up to this share of its spring", {"wind": Span(0.0, 1.0, 1.0)}),
        )

    @property
    def momentum(self) -> Floats:
        """Momentum relative to the stand [kg m/s], then angular about the mount [kg m2/s], room axes, shape (6,)."""
        built = self._built
        state, osc = built.state, built.oscillator
        x, y = self._first_moment()
        w = float(state.speed[osc])
        px, py, pz = (self.axes[:2].T @ (-w * y, w * x)).tolist()
        spin = float(state.speed[: osc + 1] @ self._inertia)
        sx, sy, sz = (spin * self.axes[2]).tolist()
        h = self._height
        return np.array((px, py, pz, sx + h * pz, sy, sz - h * px))

    # ------------------------------------------------------------------------------------------ going on

    def advance(self, seconds: float, ground: Ground = STILL) -> Reaction:
        """Go on by `seconds` on a stand that moves so; a stopped or jammed one stands, and time goes on."""
        if abs(ground.temperature_c - self.live.temperature_c) > TEMPERATURE_STEP:
            self._live_placed(temperature_c=ground.temperature_c)
        a, b, c = ground.tilt
        turning, h = ground.turning, self._height
        true = rotated((0.0, -G, 0.0), (-a, -b, -c))
        pushed = ground.gravity() - true + (h * turning[2], 0.0, -h * turning[0])
        self._turn_gravity(self.axes[:2] @ true)
        before, aside0 = self.momentum, self._aside()
        self._push(self.axes[:2] @ pushed, float(self.axes[2] @ turning), seconds)
        after, aside1 = self.momentum, self._aside()
        fx, fy, fz, mx, my, mz = ((before - after) / seconds).tolist()
        (x, y, z), (gx, gy, gz) = (0.5 * (aside0 + aside1)).tolist(), true.tolist()
        if self.live.time - self._told > PIECE_S:
            self._tell()
        moment = (mx + y * gz - z * gy, my + z * gx - x * gz, mz + x * gy - y * gx)
        return Reaction((fx, fy, fz), moment)

    def _push(self, pushed: Floats, turning: float, seconds: float) -> None:
        """Step the engine with gravity and torques of a moving stand, and book their work."""
        built = self._built
        state, option = built.state, built.model.option_f
        turned = slice(1, built.oscillator + 1)  # fork (or anchor) and oscillator
        torque = -turning * self._inertia[1:]
        angle, moment = state.angle[turned].copy(), self._first_moment()
        option[L.GX], option[L.GY] = self._gravity + pushed
        state.drive[turned, L.TORQUE] = torque
        self._set_head(self._gravity + pushed)
        self.live.go(seconds)
        built = self._built
        option, state = built.model.option_f, built.state
        option[L.GX], option[L.GY] = self._gravity
        state.drive[turned, L.TORQUE] = 0.0
        by_turning = float(torque @ (state.angle[turned] - angle))
        self._torque_j += by_turning
        self.stand_j += by_turning + float(pushed @ (self._first_moment() - moment))

    def _turn_gravity(self, gravity: Floats) -> None:
        """The stand is turned: what that does to the weights that have moved aside is its work on them."""
        if gravity[0] == self._gravity[0] and gravity[1] == self._gravity[1]:
            return
        change = self._gravity - gravity
        jump, dead = float(change @ self._first_moment()), float(change @ self._first_moment(rest=True))
        option = self._built.model.option_f
        option[L.GX], option[L.GY] = self._gravity = gravity
        self.stand_j += jump - dead
        self.live._going.before += dead

    def _set_head(self, gravity: Floats) -> None:
        """The head of oil between pump and artery, which lies towards three o'clock."""
        going = self.live._going
        if isinstance(going, GoingHeart):
            going.pp[pump.HEAD] = -going.pp[pump.RHO] * float(gravity[0]) * ARTERY_REACH

    def _live_placed(self, **where: float) -> None:
        """Put the movement elsewhere; gravity stays as it is."""
        self.live.place(**where)  # type: ignore[arg-type]
        going = self.live._going
        held = going.stored()
        option = self._built.model.option_f
        option[L.GX], option[L.GY] = self._gravity
        going.before += going.stored() - held

    @property
    def _built(self):  # type: ignore[no-untyped-def]
        return self.live._going.built

    def _inertias(self) -> Floats:
        """Of wheel, fork (or anchor) and oscillator [kg m2]."""
        built = self._built
        return np.asarray(1.0 / built.model.rotor[: built.oscillator + 1, L.INV_I])

    def _first_moment(self, *, rest: bool = False) -> Floats:
        """First moment of the oscillator's mass about its arbor, now or at rest, in the movement's plane [kg m]."""
        built = self._built
        b = built.oscillator
        row = built.model.rotor[b]
        mx, my = float(row[L.MOMENT_X]), float(row[L.MOMENT_Y])
        angle = float(built.state.drive[b, L.REST]) if rest else float(built.state.angle[b])
        c, s = math.cos(angle), math.sin(angle)
        return np.array([c * mx - s * my, s * mx + c * my])

    def _aside(self) -> Floats:
        """First moment of the mass that has moved aside, room axes [kg m]."""
        return np.asarray(self.axes[:2].T @ (self._first_moment() - self._first_moment(rest=True)))

    # ------------------------------------------------------------------------------------------ telling

    def _tell(self) -> Trace:
        """What went on since it was last told."""
        piece = self.live.piece(self._told)
        self._told = self.live.time
        self._pieces.append(piece)
        self._beats.append(piece)
        while self._beats[0].figures["started_s"] < self._told - FIGURES_S:
            self._beats.popleft()
        return piece

    def seen(self) -> np.ndarray:
        """Angles of the rotors [rad], in the order of `rotors`."""
        return np.asarray(self.live.angles, np.float32)

    def heard(self, n: int, rate_hz: int) -> np.ndarray:
        """The next `n` samples 1 m away [Pa]; its median tick peaks at `TICK_PA` of its kind."""
        if self._stream is None or self._stream.rate_hz != rate_hz:
            self._stream = self._tuned(rate_hz)
        if self.live.time > self._told:
            self._tell()
        pieces, self._pieces = list(self._pieces), deque(maxlen=KEPT_PIECES)
        scale = TICK_PA.get(self.design.kind, WATCH_TICK_PA) / TICK_LEVEL
        whole = sum(piece.seconds for piece in pieces)
        if not pieces:
            return self._stream.block(n) * np.float32(scale)
        done, at, out = 0.0, 0, []
        for piece in pieces:
            done += piece.seconds
            end = round(n * done / whole)
            if end > at:
                out.append(self._stream.block(end - at, piece))
            at = end
        return np.concatenate(out) * np.float32(scale) if out else np.zeros(0, np.float32)

    def _tuned(self, rate_hz: int) -> Stream:
        """Its sound, the level set by what a twin does in two seconds and more."""
        stream = Stream(self.design, kind=self.design.kind, rate_hz=float(rate_hz), seed=self.live.seed, snr_db=None)
        seconds = max(2.0, 6.0 / self.design.beat_hz)
        twin = self.live.copy()
        twin.piece(self._told)
        stream.set_level(twin.advance(seconds))
        return stream

    def ledger(self) -> Ledger:
        """The books since the start."""
        books = self.live._going.ledger()
        drive = books.drive_j - self._torque_j
        spent = sum(books.spent_j.values())
        return Ledger(drive, books.spent_j, books.stored_j, drive + self.stand_j - spent - books.stored_j, self.stand_j)

    def figures(self) -> dict[str, Figure]:
        """Rate, amplitude and beat error of its latest beats, as an ideal ear reads them; wind; a heart's strokes."""
        if self.live.time > self._told and not self._stream:
            self._tell()
        return now(self.design, tuple(self._beats), wind=self.live.wind)

    def do(self, deed: str, **amounts: float) -> str:
        """Nudge it, or wind it. Raises ValueError for what it does not know or allow."""
        given = amounts_of(self.deeds, deed, amounts)
        if deed == "nudge":
            self.live.nudge(given["start_deg"])
            return f"Released from {given['start_deg']:g} degrees."
        self._live_placed(wind=given["wind"])
        return f"Wound to {100 * given['wind']:.0f} %."


def _arbor_height(design: Design) -> float:
    osc = design.oscillator
    if isinstance(osc, Pendulum):
        return osc.length + CLEARANCE
    return ARBOR_HEIGHT.get(design.kind, WATCH_HEIGHT)
