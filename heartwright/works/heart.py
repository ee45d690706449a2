"""The clockwork heart: one train that once a second makes a stroke of the pump and rewinds a remontoire, which alone
drives the lever escapement; the escapement's star lets the train go.

The contact engine runs the escapement, `pump` the rest; they meet where they are joined: the remontoire's spring and
the star. The two are stepped in turn, first the pump with the escape wheel held, then the escapement with the spring's
anchor held, so that the spring's energy is exchanged exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from heartwright.design import Design
from heartwright.engine import layout as L
from heartwright.engine.layout import E_DIRT, N_CLOSED, QUIET
from heartwright.engine.simulate import Simulation
from heartwright.records import Happening, Ledger, Trace, Waveform
from heartwright.works import dirt as dirt_
from heartwright.works import landmarks, pump, train
from heartwright.works.build import WHEEL, assemble, carry, stored_energy
from heartwright.works.exchange import run_heart

if TYPE_CHECKING:
    from heartwright.works.movement import Setting

PUMP_STEP = 2e-5
RECORD_HZ = 1000.0
CHUNK = 2.0  # whether it stands is looked at so often [s]
RECORD_COLUMNS = 1 + len(pump.RECORD)
EVENT_ROWS = 20_000
#: The head of oil between pump and artery when the works are tilted: the artery's distance along three o'clock [m].
ARTERY_REACH = 0.03
USUAL_AMPLITUDE = math.radians(280.0)
OWED_MOST = 1.1  # strokes
START_AT = math.radians(1.0)  # the wheel starts this far before its first lock, as `build` sets it


class GoingHeart:
    """A heart that goes."""

    def __init__(self, design: Design, setting: Setting, temperature_c: float) -> None:
        assert design.pump is not None and design.remontoire is not None
        self.design, self.setting = design, setting
        self.spring = design.remontoire
        ticks = int(setting.seconds * design.beat_hz * 1.5) + 400
        drawn = dirt_.draw(design, seed=setting.seed, ticks=ticks, on=setting.dirt)
        wound = self.spring.stiffness * self.spring.prewind
        from heartwright.works.movement import longest_step

        escapement = dirt_.Dirt(drawn.pitch_error, drawn.tick, np.zeros((0, 3)))
        self.built = assemble(
            design, escapement, step=setting.step or longest_step(design), position=setting.position,
            tilt=setting.tilt, torque=wound, seed=setting.seed, sequential=setting.sequential,
        )  # fmt: skip
        self.wave = drawn.wave
        self.noise = np.ascontiguousarray(0.3 * drawn.tick)  # a stroke averages the ticks of its train
        state = self.built.state
        state.drive[WHEEL, L.TORQUE] = 0.0
        self.torque = train.last_arbor_torque(design, setting.wind) if setting.torque is None else setting.torque
        self.wheel_start = float(state.angle[WHEEL])
        self.turns0 = 0.0  # of the pump arbor, at which the setting's wind held
        head = design.pump.oil_density * 9.80665 * ARTERY_REACH * math.sin(setting.tilt)
        self.pp = pump.parameters(
            design.pump, self.spring, torque=self.torque, wheel=float(state.angle[WHEEL]) + START_AT,
            star=float(state.angle[WHEEL]) + START_AT + self.spring.star_offset, temperature_c=temperature_c, head=head,
        )  # fmt: skip
        self.ps, self.pe = np.zeros(pump.N_STATE), np.zeros(pump.N_LEDGER)
        self.ps[pump.ON_CAM], self.ps[pump.DRIVE] = 1.0, self.torque
        self.still = (np.zeros((0, 3)), np.zeros((0, 2)))
        self.record_dt = self.before = self.mass0 = self.released = 0.0
        self.record, self.events = np.zeros((0, RECORD_COLUMNS)), np.zeros((EVENT_ROWS, 3))
        self.count = np.zeros(3, np.int64)
        self.kept: list[np.ndarray] = []
        self.kept_events: list[np.ndarray] = []
        pose_dt = 1.0 / setting.poses_hz if setting.poses_hz > 0 else 0.0
        self.sim = Simulation(self.built.model, state, pose_dt=pose_dt, rows=setting.rows)

    def step(self, model: L.Model, *, clean: bool) -> Callable[[float], int]:
        """The stepper that the simulation calls instead of its own."""
        wave, noise = self.still if clean or not self.setting.dirt else (self.wave, self.noise)

        def go(until: float) -> int:
            return int(
                run_heart(
                    model, self.built.state, self.sim.scratch, self.sim.log, until, self.ps, self.pp, self.pe,
                    self.spring.release_window, self.spring.release_friction, PUMP_STEP, self.record, self.record_dt,
                    self.events, self.count, wave, noise,
                )
            )  # fmt: skip

        return go

    def run(self, seconds: float, *, clean: bool = False) -> int:
        """Run on by `seconds`, keeping what was written down."""
        model = self.built.model
        if clean:
            model = model._replace(tick=np.zeros((0, 2)), offset=np.zeros_like(model.offset))
        code = self.sim.run(self.sim.time + seconds, step=self.step(model, clean=clean))
        if self.count[0]:
            self.kept.append(self.record[: self.count[0]].copy())
        if self.count[1]:
            self.kept_events.append(self.events[: self.count[1]].copy())
        self.count[:2] = 0
        return code

    def forget(self) -> None:
        """Start clock and books anew from the present state."""
        self.kept.clear()
        self.kept_events.clear()
        self.pe[:] = 0.0
        self.count[:] = 0
        self.sim.forget()

    def warm_up(self, amplitude: float) -> None:
        """Settle artery and swing: clean runs of whole strokes, the swing extrapolated by secant between them."""
        state, osc = self.built.state, self.built.oscillator
        rotor = self.built.model.rotor[osc]
        decay = 2.0 / (rotor[L.VISC] * rotor[L.INV_I])
        tried: list[tuple[float, float]] = []
        # the artery starts at the mean pressure of whole strokes: each is one turn of a star point
        strokes_hz = self.spring.points * 0.5 * self.design.beat_hz / self.design.escapement.teeth
        delivered = self.pp[pump.AREA] * self.pp[pump.LIFT] * strokes_hz
        self.ps[pump.P_ARTERY] = self.pp[pump.R_LOAD] * delivered
        for seconds in (4.0, 2.0, 2.0):
            scale = amplitude / max(abs(float(state.number[L.PEAK])), 1e-3) if tried else 1.0
            self._rescale(amplitude, scale)
            self.run(seconds, clean=True)
            peaks = self.sim.written().crossing[:, L.C_PEAK]
            if len(peaks) < 10:
                break
            per = 4 * int(round(seconds)) // 8 * 4
            tail = peaks[-per:]
            half = len(tail) // 2
            span = half * math.pi / self.built.frequency
            drift = float(tail[half:].mean() - tail[:half].mean()) / (1.0 - math.exp(-span / decay))
            now = float(tail[half:].mean())
            tried.append((now, drift))
            step = drift
            if len(tried) > 1 and tried[-1][1] != tried[-2][1]:
                (a0, d0), (a1, d1) = tried[-2:]
                step = -d1 * (a1 - a0) / (d1 - d0)
            amplitude = float(np.clip(now + step, 0.7 * now, min(1.4 * now, math.radians(335))))
            self.forget()
        self._rescale(amplitude, amplitude / max(abs(float(state.number[L.PEAK])), 1e-3))
        self.run(2.25 * math.pi / self.built.frequency, clean=True)
        self.forget()
        state.counter[L.TICK] = 0

    def _rescale(self, amplitude: float, scale: float) -> None:
        """Hold the balance out at the next turning point with another amplitude."""
        state, osc = self.built.state, self.built.oscillator
        if scale == 1.0:
            state.angle[osc], state.speed[osc] = -amplitude, 0.0
            state.number[L.PEAK] = amplitude
            return
        # run to a moment when the balance is out on its free arc, then stretch the arc
        for _ in range(400):
            self.run(0.25 * math.pi / self.built.frequency / 4, clean=True)
            if abs(state.angle[osc]) > math.radians(60) and state.counter[QUIET] > 4 and state.counter[N_CLOSED] > 0:
                break
        peak = math.hypot(state.angle[osc], state.speed[osc] / self.built.frequency)
        state.angle[osc] *= amplitude / peak
        state.speed[osc] *= amplitude / peak
        state.budget[:] = -1.0
        state.number[L.PEAK] = amplitude

    def adopt(self, old: GoingHeart, *, rewound: bool) -> None:
        """Go on where `old` is: of another design or in another place. `rewound`: wound just now."""
        carry(self.built, old.built)
        self.built.state.drive[WHEEL] = old.built.state.drive[WHEEL]  # the remontoire as it is wound
        self.sim.carry_on(old.sim)
        self.ps[:], self.pe[:], self.count[:] = old.ps, old.pe, old.count
        self.kept, self.kept_events = old.kept, old.kept_events
        self.record, self.record_dt = old.record, old.record_dt
        shift = old.wheel_start - self.wheel_start
        self.wheel_start = old.wheel_start
        self.pp[[pump.OFFSET, pump.STAR]] += shift
        self.released, self.mass0 = old.released, old.mass0 + self._volume() - old._volume()
        self.turns0 = float(self.ps[pump.ARBOR]) / (2 * math.pi) if rewound else old.turns0
        self.unwind()
        self.before = old.before + self.stored() - old.stored()

    @property
    def wind(self) -> float:
        """Share of the mainspring that is still wound."""
        turns = float(self.ps[pump.ARBOR]) / (2 * math.pi) - self.turns0
        return train.unwound(self.design, self.setting.wind, turns)

    def unwind(self) -> None:
        """The mainspring gives less as it runs down."""
        if self.setting.torque is None:
            self.pp[pump.TORQUE] = train.last_arbor_torque(self.design, self.wind)

    def revive(self) -> None:
        """Let the engine try again where it could not go on."""
        self.built.state.counter[L.CHATTER] = self.built.state.counter[L.STUCK] = 0
        self.ps[pump.SPENT_FOR] = 0.0

    def ticks(self) -> tuple[np.ndarray, ...]:
        """The tables that each tick's dirt is drawn from: the escapement's and the train's."""
        return self.built.model.tick, self.noise

    def volumes(self) -> dict[str, float]:
        """Strokes made, and what passed the valve and the load since the start [cm3]."""
        return {
            "strokes": float(self.ps[pump.RELEASED]) - self.released,
            "delivered_cm3": float(self.pe[pump.V_OUT_TOTAL] * 1e6),
            "load_cm3": float(self.pe[pump.V_LOAD] * 1e6),
        }

    def take_pump(self, after: float, until: float) -> tuple[tuple[Waveform, ...], tuple[Happening, ...]]:
        """The pump's record and events in (after, until]; what is older is forgotten."""
        record = np.concatenate([np.zeros((0, RECORD_COLUMNS)), *self.kept])
        events = np.concatenate([np.zeros((0, 3)), *self.kept_events])
        self.kept[:] = [record[record[:, 0] > until]]
        self.kept_events[:] = [events[events[:, 0] > until]]
        now, then = ((rows[:, 0] > after) & (rows[:, 0] <= until) for rows in (record, events))
        return waveforms(record[now]), happenings(events[then])

    def press(self, stiffness: float, damping: float, at: float, speed: float) -> None:
        """A finger on the follower from now on: its tip at `at` [m of bellows travel], moving with `speed` [m/s];
        stiffness 0 lifts it."""
        hand = (pump.HAND_K, pump.HAND_C, pump.HAND_X, pump.HAND_V, pump.HAND_T)
        self.pp[list(hand)] = stiffness, damping, at, speed, self.sim.time

    def stored(self) -> float:
        """Energy in escapement, remontoire and pump [J]."""
        return stored_energy(self.built.model, self.built.state) + pump.stored(self.ps, self.pp)

    def go(self, progress: Callable[[float], None] | None) -> Trace:
        s, state = self.setting, self.built.state
        self.start()
        status, advice = "running", ""
        while self.sim.time < s.seconds - 1e-9:
            t0, wheel = self.sim.time, float(state.angle[WHEEL])
            code = self.run(min(CHUNK, s.seconds - t0))
            if code != L.REACHED or self.stands(wheel, self.sim.time - t0):
                status, advice = self.why(code)
                break
            if progress:
                progress(min(self.sim.time / s.seconds, 1.0))
        return self._trace(status, advice)

    def start(self) -> None:
        """Set it going, and open its books."""
        s, state = self.setting, self.built.state
        start = (state.angle.copy(), self.ps.copy())
        if s.start_deg is None:
            self.warm_up(USUAL_AMPLITUDE)
        if s.start_deg is not None or self._owed() > OWED_MOST:
            # started by hand; or the train does not keep up: show that from a healthy swing on, not from its end
            self.sim.restart(start[0])
            self.ps[:] = start[1]
            self._join()
            self.forget()
            self._rescale(USUAL_AMPLITUDE if s.start_deg is None else math.radians(s.start_deg), 1.0)
        self.record_dt = 1.0 / RECORD_HZ
        self.record = np.zeros((int(CHUNK * RECORD_HZ) + 10, RECORD_COLUMNS))
        self.before, self.mass0 = self.stored(), self._volume()
        self.released = float(self.ps[pump.RELEASED])

    def _join(self) -> None:
        """Let the escape wheel feel the remontoire as it stands wound: its energy is in the books from the start."""
        anchor = self.pp[pump.OFFSET] + self.ps[pump.ARBOR] / self.pp[pump.RATIO]
        held = self.built.state.drive[WHEEL]
        held[L.REST], held[L.STIFF] = anchor, self.pp[pump.K_REM] if anchor > self.built.state.angle[WHEEL] else 0.0

    def stands(self, wheel: float, seconds: float) -> bool:
        """Whether the escape wheel has advanced less than a tenth of what the beats would make it."""
        turned = float(self.built.state.angle[WHEEL]) - wheel
        expected = 0.5 * self.built.wheel_pitch * self.design.beat_hz * seconds
        return seconds > 0.9 * CHUNK and turned < 0.1 * expected

    def why(self, code: int) -> tuple[str, str]:
        """Status and advice of a heart that stands, or cannot go on (`code`)."""
        from heartwright.works.movement import JAM_ADVICE, STOP_ADVICE

        if not self._wound():
            return "stopped", HEART_STOPPED
        return ("stopped", STOP_ADVICE) if code == L.REACHED else ("jammed", JAM_ADVICE)

    def _owed(self) -> float:
        """Turns that the pump arbor is behind its releases."""
        return float(self.ps[pump.RELEASED] - self.ps[pump.ARBOR] / (2 * math.pi))

    def _wound(self) -> bool:
        """Whether the remontoire still drives."""
        anchor = self.pp[pump.OFFSET] + self.ps[pump.ARBOR] / self.pp[pump.RATIO]
        return bool(anchor - self.built.state.angle[WHEEL] > 0.1 * self.spring.prewind)

    def _volume(self) -> float:
        return float(self.pp[pump.C_CHAMBER] * self.ps[pump.P_CHAMBER])

    def _trace(self, status: str, advice: str) -> Trace:
        design, built, sim = self.design, self.built, self.sim
        written = sim.written()
        events = np.concatenate([np.zeros((0, 3)), *self.kept_events])
        record = np.concatenate([np.zeros((0, RECORD_COLUMNS)), *self.kept])
        return Trace(
            design_name=design.name,
            kind=design.kind,
            seconds=sim.time,
            seed=self.setting.seed,
            status=status,
            advice=advice,
            nominal_bph=design.nominal_bph,
            beats=landmarks.beats(written, lever=True, half_period=0.5 / design.beat_hz),
            impacts=landmarks.impacts(written, built.pairs),
            pairs=(*built.pairs, "banking"),
            ledger=self.ledger(),
            poses=written.pose,
            rotors=built.rotors,
            waveforms=waveforms(record),
            happenings=happenings(events),
            figures=self._figures(events, record),
            cpu_s=sim.cpu_s,
        )

    def ledger(self) -> Ledger:
        """The books since the start."""
        from heartwright.works.movement import ledger

        pe = self.pe
        escapement = ledger(self.sim.written(), self.built.pairs, 0.0)
        spent = {"detent" if k == "pivots" else k: v for k, v in escapement.spent_j.items()}
        spent |= {
            "fly": pe[pump.L_FLY],
            "arbor pivots": pe[pump.L_PIVOT],
            "cam roller": pe[pump.L_ROLLER],
            "stop": pe[pump.L_STOP],
            "follower landing": pe[pump.L_LANDING],
            "bellows leather": pe[pump.L_LEATHER],
            "valves": pe[pump.L_VALVES],
            "leaks": pe[pump.L_LEAKS],
            "entry to artery": pe[pump.L_ENTRY],
            "reeds": pe[pump.L_REEDS],
            "reed seats": pe[pump.L_SEATS],
            "load": pe[pump.L_LOAD],
            "fall from the artery": pe[pump.L_FALL],
        }
        drive = float(pe[pump.L_DRIVE] + pe[pump.L_OUTSIDE] + self.sim.log.ledger[E_DIRT])
        stored = self.stored() - self.before
        return Ledger(drive, {k: float(v) for k, v in spent.items()}, stored, drive - sum(spent.values()) - stored)

    def _figures(self, events: np.ndarray, record: np.ndarray) -> dict[str, float]:
        pe, strokes = self.pe, float(self.ps[pump.RELEASED]) - self.released
        moved = pe[pump.V_IN_TOTAL] + pe[pump.V_BELLOWS] - pe[pump.V_OUT_TOTAL] - (self._volume() - self.mass0)
        out = {
            "strokes": strokes,
            "mass_residual": float(abs(moved) / max(pe[pump.V_OUT_TOTAL], 1e-30)),
            "mean_pressure_pa": float(record[:, 4].mean()) if len(record) else float("nan"),
            "peak_chamber_pa": float(record[:, 3].max()) if len(record) else float("nan"),
            "flow_cm3_per_s": float(pe[pump.V_LOAD] / max(self.sim.time, 1e-9) * 1e6),
            "clipped_impacts": float(self.built.state.counter[L.CLIPPED]),
        }
        if strokes > 0:
            out["stroke_cm3"] = float(pe[pump.V_OUT_TOTAL] / strokes * 1e6)
            out["work_per_stroke_uj"] = float(pe[pump.W_EJECT] / strokes * 1e6)
            out["drive_per_stroke_uj"] = float(pe[pump.L_DRIVE] / strokes * 1e6)
            out["load_per_stroke_uj"] = float(pe[pump.L_LOAD] / strokes * 1e6)
        return out | stroke_times(events)


HEART_STOPPED = (
    "The remontoire is spent: the train no longer comes to rewind it. Wind the barrel, thin the oil (it may be cold) "
    "or ease the load; then start the balance by hand."
)


def waveforms(record: np.ndarray) -> tuple[Waveform, ...]:
    """The pump's record as sampled quantities."""
    names = zip(pump.RECORD, pump.RECORD_UNITS, strict=True)
    return tuple(Waveform(name, unit, record[:, 0], record[:, 1 + i]) for i, (name, unit) in enumerate(names))


def happenings(events: np.ndarray) -> tuple[Happening, ...]:
    """The pump's events by name."""
    return tuple(Happening(float(t), pump.KINDS[int(kind)], float(p)) for t, kind, p in events)


def stroke_times(events: np.ndarray) -> dict[str, float]:
    """Mean times after the release of S1 (inlet closes), S2 (outlet closes) and the stop's first blow [ms]."""
    at = {kind: events[events[:, 1] == i, 0] for i, kind in enumerate(pump.KINDS)}
    release = at["release"]
    out: dict[str, float] = {}
    if len(release) < 2:
        return out
    out["stroke_period_s"] = float(np.diff(release).mean())
    out["stroke_period_spread_s"] = float(np.ptp(np.diff(release)))
    for kind, name, which in (("inlet_closes", "s1_ms", 0), ("outlet_closes", "s2_ms", -1), ("stop", "stop_ms", 0)):
        times = at[kind]
        found = []
        for a, b in zip(release[:-1], release[1:], strict=True):
            inside = times[(times >= a) & (times < b)]
            if len(inside):
                found.append(float(inside[which] - a))
        if found:
            out[name] = 1e3 * float(np.mean(found))
    return out


def run(design: Design, setting: Setting, *, temperature_c: float, progress: Callable[[float], None] | None) -> Trace:
    """Run a heart; see `movement.run`."""
    return GoingHeart(design, setting, temperature_c).go(progress)
