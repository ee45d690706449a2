"""Plain standing works for tests of the studio: each moves and sounds in a way that can be foretold."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from heartwright.records import Ledger
from heartwright.work import STILL, Deed, Figure, Ground, Reaction, Span, amounts_of


class Fake:
    """A work that hums at `hz` and counts what is done to it."""

    kind, name, mass = "gyroscope", "fake", 0.3
    status, advice, light = "running", "", 0.5
    deeds: tuple[Deed, ...] = (
        Deed("tap", "Tap it", "with a finger", {"force": Span(0.0, 2.0, 0.5, "N"), "time": Span(0.0, 1.0, 0.1, "s")}),
        Deed("stop", "Stop it"),
    )

    def __init__(self, hz: float = 440.0, pressure: float = 2e-3) -> None:
        self.time, self.hz, self.pressure = 0.0, hz, pressure
        self.taps: list[float] = []
        self.grounds: list[Ground] = []
        self.breaks = False
        self._heard = 0

    def advance(self, seconds: float, ground: Ground = STILL) -> Reaction:
        if self.breaks:
            raise ValueError("its axle broke")
        self.time += seconds
        self.grounds.append(ground)
        return Reaction()

    def seen(self) -> NDArray[np.float32]:
        turn = 2.0 * math.pi * self.time
        return np.array([1, 0, 0, 0, turn % (2 * math.pi), 6.28, 0.0, 0.05, 0.0], np.float32)

    def heard(self, n: int, rate_hz: int) -> NDArray[np.float32]:
        at = (self._heard + np.arange(n)) / rate_hz
        self._heard += n
        return (self.pressure * np.sin(2.0 * math.pi * self.hz * at)).astype(np.float32)

    def ledger(self) -> Ledger:
        return Ledger(1.0, {"bearing": 0.25}, 0.75, 0.0)

    def figures(self) -> dict[str, Figure]:
        return {"spin": Figure(1.0, "rev/s", 0.9, 1.1, "turns a second"), "taps": Figure(float(len(self.taps)), "")}

    def do(self, deed: str, **amounts: float) -> str:
        given = amounts_of(self.deeds, deed, amounts)
        if deed == "tap":
            self.taps.append(given["force"])
        return f"{deed} at {self.time:.1f} s"


class FakeGyroscope(Fake):
    rotor_radius, rotor_thickness, pivot_to_centre, mount = 0.03, 0.01, 0.05, "point"


class FakeOrb(Fake):
    """Bodies that go round the axis."""

    kind = "galaxy"

    def __init__(self, n: int = 200, radius: float = 0.12) -> None:
        super().__init__(110.0)
        self.n, self.radius = n, radius
        self.group = np.arange(n) % 2
        rng = np.random.default_rng(1)
        self._start = rng.normal(0.0, 0.3, (n, 3)).clip(-0.55, 0.55)

    def brightness(self) -> NDArray[np.float64]:
        return np.exp(-np.sum(self._start**2, axis=1))

    def seen(self) -> NDArray[np.float32]:
        c, s = math.cos(self.time), math.sin(self.time)
        turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        return (self._start @ turn).astype(np.float32).ravel()


class FakeWeb(Fake):
    """A ring of nodes with spokes; one thought runs round for ever."""

    kind = "web"

    def __init__(self, nodes: int = 12) -> None:
        super().__init__(220.0)
        around = 2.0 * math.pi * np.arange(nodes) / nodes
        ring = 0.2 * np.column_stack([np.cos(around), np.sin(around), np.zeros(nodes)])
        self.places = np.concatenate([np.zeros((1, 3)), ring])
        self.normals = np.tile([0.0, 0.0, 1.0], (nodes + 1, 1))
        spokes = [(0, i + 1) for i in range(nodes)]
        rim = [(i + 1, (i + 1) % nodes + 1) for i in range(nodes)]
        self.threads = np.array(spokes + rim)
        self.names = ["middle", *(f"note {i}" for i in range(nodes))]
        self.shown_scale = 1e-3

    def seen(self) -> NDArray[np.float32]:
        swing = np.sin(2.0 * math.pi * self.time + np.arange(len(self.places)))
        loud = 0.5 + 0.5 * np.sin(self.time + np.arange(len(self.threads)))
        thoughts = np.tile([-1.0, 0.0, 0.0], (16, 1))
        thoughts[0] = (int(self.time * 2.0) % len(self.threads), self.time * 2.0 % 1.0, 1.0)
        return np.concatenate([swing, loud, thoughts.ravel()]).astype(np.float32)
