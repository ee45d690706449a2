"""Running a movement: from a design to its trace, tooth by tooth.

    trace = movement.run(Design.load("watch-6497"), seconds=60, seed=1)
    edits = movement.regulate(design, rate=0, beat=0)

The heart is run by `heartwright.works.heart`, through the same door.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heartwright.design import Design
from heartwright.design.escapement import SwissLever
from heartwright.design.works import Balance
from heartwright.engine import layout as L
from heartwright.engine.simulate import LOG_ROWS, Simulation, Written
from heartwright.records import Ledger, Trace
from heartwright.works import dirt as dirt_
from heartwright.works import landmarks, train
from heartwright.works.build import MESH_STEP, Assembly, assemble, carry, stored_energy
from heartwright.works.regulation import beat_error_ms as beat_error_ms
from heartwright.works.regulation import regulate as regulate

STEP_PENDULUM = 5e-4
#: The impulse jewel may cross this share of its notch shake in a step: what is met and left within one is not seen.
SHAKE_SHARE = 0.5
LARGEST_AMPLITUDE = 5.5  # rad, at which the share is taken
CHUNK_BEATS = 20
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything a run is asked for besides the design."""

    seconds: float
    seed: int = 1
    dirt: bool = True
    position: str = "CH"
    tilt: float = 0.0
    wind: float = 1.0
    torque: float | None = None
    step: float | None = None
    located: bool = True
    start_deg: float | None = None
    poses_hz: float = 0.0
    sequential: bool = False
    rows: int = LOG_ROWS  # of log at a time


def run(
    design: Design,
    *,
    seconds: float,
    seed: int = 1,
    dirt: bool = True,
    position: str = "CH",
    tilt_deg: float = 0.0,
    wind: float = 1.0,
    temperature_c: float = 23.0,
    torque: float | None = None,
    step: float | None = None,
    located: bool = True,
    start_deg: float | None = None,
    poses_hz: float = 0.0,
    sequential: bool = False,
    progress: Progress | None = None,
) -> Trace:
    """Run a design for `seconds`.

    position: CH, CB, 12H, 3H, 6H or 9H; wind: share of the mainspring still wound; torque: at the escape wheel, instead
    of the train's [N m]; start_deg: release the oscillator from there (else from its steady amplitude, after short
    rehearsals); step: longest step [s]; located False takes the fixed stepper; progress is called with the share done.
    Raises ValueError for an unknown position or a non-positive time. A movement that stops or jams is a status.
    """
    if not seconds > 0.0:
        raise ValueError(f"seconds={seconds!r}: a run needs a positive time, e.g. seconds=60")
    setting = Setting(
        seconds, seed, dirt, position, math.radians(tilt_deg), wind, torque, step, located, start_deg, poses_hz,
        sequential,
    )  # fmt: skip
    if design.kind == "heart":
        from heartwright.works import heart

        return heart.run(design, setting, temperature_c=temperature_c, progress=progress)
    return Going(design, setting).go(progress)


class Going:
    """A lever or pendulum movement that goes."""

    def __init__(self, design: Design, setting: Setting) -> None:
        self.design, self.setting = design, setting
        self.lever = isinstance(design.oscillator, Balance)
        ticks = int(setting.seconds * design.beat_hz * 1.5) + 400
        self.dirt = dirt_.draw(design, seed=setting.seed, ticks=ticks, on=setting.dirt)
        self.built = self._assemble(self.dirt)
        pose_dt = 1.0 / setting.poses_hz if setting.poses_hz > 0 else 0.0
        self.sim = Simulation(
            self.built.model, self.built.state, located=setting.located, pose_dt=pose_dt, rows=setting.rows
        )
        self.before = self.wheel0 = 0.0

    def _assemble(self, drawn: dirt_.Dirt) -> Assembly:
        s = self.setting
        usual = longest_step(self.design)
        step = s.step or usual
        return assemble(
            self.design, drawn, step=step, position=s.position, tilt=s.tilt, wind=s.wind, torque=s.torque,
            sequential=s.sequential, mesh_step=MESH_STEP * min(step / usual, 1.0), seed=s.seed,
        )  # fmt: skip

    def go(self, progress: Progress | None) -> Trace:
        s, state = self.setting, self.built.state
        self.start()
        status, advice, chunk = "running", "", CHUNK_BEATS / self.design.beat_hz
        while self.sim.time < s.seconds - 1e-9:
            wheel, t0 = float(state.angle[0]), self.sim.time
            code = self.run(min(s.seconds - t0, chunk))
            if code != L.REACHED or self.stands(wheel, self.sim.time - t0):
                status, advice = self.why(code)
                break
            if progress:
                progress(min(self.sim.time / s.seconds, 1.0))
        return self._trace(status, advice)

    def start(self) -> None:
        """Set it going, and open its books."""
        built, state = self.built, self.built.state
        if self.setting.start_deg is None:
            warm_up(self.sim, built, self.guess())
        else:
            self.nudge(self.setting.start_deg)
        self.before = self.stored()
        self.wheel0 = float(state.angle[0])

    def nudge(self, start_deg: float) -> None:
        """Release the oscillator from there, everything else where it stands [deg]."""
        _release_at(self.sim, self.built, self.built.state.angle.copy(), math.radians(start_deg))

    def run(self, seconds: float) -> int:
        """Run on by `seconds`; why it came back (a code of `layout`)."""
        code = self.sim.run(self.sim.time + seconds)
        self._unwind()
        return code

    def why(self, code: int) -> tuple[str, str]:
        """Status and advice of a movement that stands, or cannot go on (`code`)."""
        driven = float(self.built.state.drive[:, L.TORQUE].max()) > 0.0
        return ("jammed", JAM_ADVICE) if driven and code != L.REACHED else ("stopped", STOP_ADVICE)

    def stored(self) -> float:
        """Energy in it [J]."""
        return stored_energy(self.built.model, self.built.state)

    def adopt(self, old: Going, *, rewound: bool) -> None:
        """Go on where `old` is: the same rotors, of another design or in another place. `rewound`: wound just now."""
        carry(self.built, old.built)
        self.sim.carry_on(old.sim)
        self.wheel0 = float(self.built.state.angle[0]) if rewound else old.wheel0
        self._unwind()
        self.before = old.before + self.stored() - old.stored()

    def revive(self) -> None:
        """Let the engine try again where it could not go on."""
        self.built.state.counter[L.CHATTER] = self.built.state.counter[L.STUCK] = 0

    def ticks(self) -> tuple[np.ndarray, ...]:
        """The tables that each tick's dirt is drawn from."""
        return (self.built.model.tick,)

    def volumes(self) -> dict[str, float]:
        """What a pump has moved: nothing here."""
        return {}

    @property
    def wind(self) -> float:
        """Share of the mainspring that is still wound."""
        turned = float(self.built.state.angle[0]) - self.wheel0
        return train.unwound(self.design, self.setting.wind, turned / (2 * math.pi))

    def ledger(self) -> Ledger:
        """The books since the start."""
        return ledger(self.sim.written(), self.built.pairs, self.stored() - self.before)

    def guess(self) -> float:
        """Steady amplitude from the balance of energy: half the drive reaches the swing [rad]."""
        m, built = self.built.model, self.built
        drive = train.last_arbor_torque(self.design, self.setting.wind)
        if self.setting.torque is not None:
            drive = self.setting.torque
        osc = built.oscillator
        beat_energy = 0.5 * drive * 0.5 * built.wheel_pitch
        inertia = 1.0 / m.rotor[osc, L.INV_I]
        # viscous: pi c w A^2 / 2 a beat; dry: 2 T A
        a, b = 0.5 * math.pi * m.rotor[osc, L.VISC] * built.frequency, 2.0 * built.state.drive[osc, L.DRY]
        amplitude = (-b + math.sqrt(b * b + 4 * a * beat_energy)) / (2 * a) if inertia > 0 else 0.0
        return float(np.clip(amplitude, 0.02, math.radians(330)))

    def stands(self, wheel: float, seconds: float) -> bool:
        """Whether the escape wheel has advanced less than a tenth of what the beats would make it."""
        turned = float(self.built.state.angle[0]) - wheel
        expected = 0.5 * self.built.wheel_pitch * self.design.beat_hz * seconds
        return seconds > 2.0 / self.design.beat_hz and turned < 0.1 * expected

    def _unwind(self) -> None:
        """The mainspring gives less as it runs down."""
        if self.setting.torque is not None:
            return
        wind = self.wind
        if self.built.barrel is None:
            self.built.state.drive[0, L.TORQUE] = train.last_arbor_torque(self.design, wind)
        else:
            self.built.state.drive[self.built.barrel, L.TORQUE] = train.barrel_torque(self.design, wind)

    def _trace(self, status: str, advice: str) -> Trace:
        design, built, sim = self.design, self.built, self.sim
        written = sim.written()
        return Trace(
            design_name=design.name,
            kind=design.kind,
            seconds=sim.time,
            seed=self.setting.seed,
            status=status,
            advice=advice,
            nominal_bph=design.nominal_bph,
            beats=landmarks.beats(written, lever=self.lever, half_period=0.5 / design.beat_hz),
            impacts=landmarks.impacts(written, built.pairs),
            pairs=(*built.pairs, "banking"),
            ledger=self.ledger(),
            poses=written.pose,
            rotors=built.rotors,
            figures={
                "clipped_impacts": float(built.state.counter[L.CLIPPED]),
                "ordered_impacts": float(built.state.counter[L.ORDERED]),
                "wheel_turns": float(built.state.angle[0]) / (2 * math.pi),
            },
            cpu_s=sim.cpu_s,
        )


def longest_step(design: Design) -> float:
    """The default step of the event-located stepper [s]: error and blindness both well below the dirt."""
    esc, osc = design.escapement, design.oscillator
    if not (isinstance(esc, SwissLever) and isinstance(osc, Balance)):
        return STEP_PENDULUM
    fastest = esc.jewel_circle_radius * math.sqrt(osc.stiffness / osc.inertia) * LARGEST_AMPLITUDE
    return SHAKE_SHARE * esc.notch_shake / fastest


JAM_ADVICE = (
    "Parts press against each other and nothing can move. Look at lock, drop and run: a stone too deep by some 20 um, "
    "a drop below half a degree, or bankings closed onto the lock jam a lever."
)
STOP_ADVICE = (
    "The escape wheel stands. Wind it, give it more torque or less friction, or start it by hand (start_deg); if it "
    "stops again look at the depth of lock and at the guard."
)


def warm_up(sim: Simulation, built: Assembly, amplitude: float, *, beats: int = 14) -> None:
    """Set the oscillator going at its steady amplitude: short clean runs, each extrapolated, then by secant."""
    state, osc = built.state, built.oscillator
    rotor = built.model.rotor[osc]
    decay = 1.0 / (rotor[L.VISC] * rotor[L.INV_I])  # of the swing's energy: each beat puts in the same again
    start = state.angle.copy()
    still = built.model._replace(tick=np.zeros((0, 2)), wave=np.zeros((0, 3)), offset=np.zeros_like(built.model.offset))
    rehearsal = Simulation(still, state, located=sim.located)
    tried: list[tuple[float, float]] = []
    for _ in range(4):
        _release_at(rehearsal, built, start, amplitude)
        if rehearsal.run(beats * math.pi / built.frequency) != L.REACHED:
            break
        peaks = rehearsal.written().crossing[:, L.C_PEAK]
        if len(peaks) < beats - 2:
            break
        span = (len(peaks) - 5) * math.pi / built.frequency
        drift = float(peaks[-2:].mean() - peaks[3:5].mean()) / (1.0 - math.exp(-span / decay))
        tried.append((amplitude, drift))
        step = drift
        if len(tried) > 1:
            (a0, d0), (a1, d1) = tried[-2:]
            step = -d1 * (a1 - a0) / (d1 - d0) if d1 != d0 else 0.0
        amplitude = float(np.clip(amplitude + step, 0.6 * amplitude, min(1.6 * amplitude, math.radians(340))))
        if abs(drift) < 2e-3 * amplitude:
            break
    _release_at(sim, built, start, amplitude)
    sim.run(2.25 * math.pi / built.frequency)
    state.counter[L.TICK] = 0
    sim.forget()


def _release_at(sim: Simulation, built: Assembly, start: np.ndarray, amplitude: float) -> None:
    """Put the parts back to `start` with the oscillator held out at -amplitude."""
    angles = start.copy()
    angles[built.oscillator] = -amplitude
    sim.restart(angles)


def ledger(written: Written, pairs: tuple[str, ...], stored: float) -> Ledger:
    """The books of a run; negative work on the rotors is what was spent."""
    e = written.ledger
    spent = {
        "air and spring": -e[L.E_VISCOUS],
        "pivots": -e[L.E_DRY],
        "bankings": -e[L.E_LIMIT],
        "meshes": -e[L.E_MESH],
        "coming to rest": -e[L.E_SLEEP],
        "position corrections": -e[L.E_CORRECT],
    }
    for i, name in enumerate(pairs):
        spent[f"{name}, contact"] = -e[L.PAIR_LOSS + 2 * i]
        spent[f"{name}, friction"] = -e[L.PAIR_LOSS + 2 * i + 1]
    drive = float(e[L.E_DRIVE] + e[L.E_DIRT])
    return Ledger(drive, spent, stored, drive - sum(spent.values()) - stored)
