"""What the tests of engine and works share: designs with values changed, clean runs, single rotors."""

from __future__ import annotations

from typing import Any

from heartwright.design import Design
from heartwright.edit import Edit
from heartwright.engine import layout
from heartwright.engine.simulate import Simulation
from heartwright.engine.system import Options, System
from heartwright.works import build, dirt


def edited(name: str, values: dict[str, Any]) -> Design:
    """The bundled design `name` with values changed by their paths."""
    design = Design.load(name)
    for path, value in values.items():
        design = Edit.of(design, path, value).apply(design)
    return design


def clean(
    design: Design, *, step: float, torque: float | None = None, start: float, sleep: bool = True, **options: Any
) -> tuple[build.Assembly, Simulation]:
    """A movement without dirt, its oscillator held out at the angle `start` [rad], ready to be run."""
    drawn = dirt.draw(design, seed=1, ticks=1, on=False)
    built = build.assemble(design, drawn, step=step, torque=torque, **options)
    built.state.angle[built.oscillator] = start
    if not sleep:
        built.model.option_i[layout.SLEEP] = 0
    return built, Simulation(built.model, built.state)


def rotor(options: Options, *, inertia: float = 1.0, located: bool = True, **values: Any) -> Simulation:
    """A single rotor with nothing to touch."""
    system = System()
    system.rotor("rotor", inertia, **values)
    model, state = system.build(options, oscillator=0, driven=0)
    return Simulation(model, state, located=located)


def run_far(sim: Simulation, until: float, *, chunk: float = 5.0) -> None:
    """Run in chunks, as a movement does: one call of the stepper has a budget of steps."""
    while sim.time < until:
        assert sim.run(min(until, sim.time + chunk)) == layout.REACHED


def run_until(sim: Simulation, target: float, *, step: float = 0.01, longest: float = 1e3) -> float:
    """Run a single rotor until its angle passes `target` with rising sign of (target - start); the time then.

    The last approach is by Newton on the time, each round a call of the engine.
    """
    state = sim.state
    way = 1.0 if target > state.angle[0] else -1.0
    end = sim.time + longest
    while sim.time < end:
        left = (target - state.angle[0]) * way
        speed = state.speed[0] * way
        if speed > 0.0 and left < speed * step:
            for _ in range(8):
                left = (target - state.angle[0]) * way
                if left <= 1e-13 * max(1.0, abs(target)):
                    return sim.time
                sim.run(sim.time + left / (state.speed[0] * way))
            return sim.time
        sim.run(sim.time + step)
    raise AssertionError(f"the rotor never reached {target}")
