"""The reduced model of two clocks on one cart: slow amplitudes and phases, averaged over a swing.

With theta_i = Re z_i exp(i w t), z_i = A_i exp(i phi_i), and the cart's answer x = G F to a force at w,

    z_i' = (g(A_i) + i d(A_i) + i D_i) z_i - i k (z_1 + z_2),      k = m w^3 G / 2,  G = 1 / (K - M w^2 + i B w),

where g is what escapement, friction and air make of the amplitude, d what circular and escapement error make of the
rate, and D_i the clock's own difference. Everything is taken from the design; nothing is fitted. docs/support.md
derives it, and from it the Adler-like equation psi' = D + 2 (|Im k| - nu Re k / Gamma) sin psi of weak coupling
(compare Bennett et al. 2002; Oliveira and Melo 2015).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heartwright.design import Design
from heartwright.design.escapement import Graham
from heartwright.design.works import Pendulum
from heartwright.records import Floats
from heartwright.work import G
from heartwright.works import train

STEP_S = 1.0


@dataclass(frozen=True, slots=True)
class Swing:
    """A clock as its averaged swing sees it. SI, rad."""

    inertia: float
    frequency: float  # of small swings [rad/s]
    decay: float  # of the amplitude, by air and spring [1/s]
    impulse: float  # torque on the pendulum while a tooth drives it by an impulse face [N m]
    back: float  # torque against it where it drives the tooth back up that face [N m]
    dead: float  # friction torque of a tooth on a dead face [N m]
    begins: float  # the impulse begins so far before the middle [rad]
    ends: float  # and ends so far behind it: an arc less than this drops no tooth

    @classmethod
    def of(cls, design: Design, *, wind: float = 1.0) -> Swing:
        """From a design with pendulum and Graham escapement. Raises ValueError for another."""
        esc, osc = design.escapement, design.oscillator
        if not (isinstance(esc, Graham) and isinstance(osc, Pendulum)):
            raise ValueError(f"{design.name} has no pendulum with a Graham escapement; the design graham has")
        torque = train.last_arbor_torque(design, wind)
        leverage = math.tan(0.5 * esc.span * esc.pitch)  # the tooth's force acts along the line to the anchor's arbor
        slope = math.atan((0.5 * esc.pitch - esc.drop) / (esc.lift * leverage))
        w = math.sqrt(G / osc.length)
        return cls(
            inertia=osc.inertia,
            frequency=w,
            decay=0.5 * w / osc.q,
            impulse=torque * leverage * math.tan(slope - math.atan(esc.pallet_friction)),
            back=torque * leverage * math.tan(slope + math.atan(esc.pallet_friction)),
            dead=esc.pallet_friction * torque * leverage,
            begins=0.5 * (esc.lift - esc.lock),
            ends=0.5 * (esc.lift + esc.lock),
        )

    def growth(self, amplitude: float) -> float:
        """A'/A [1/s]: what the impulses give, less air and dead faces.

        Below the drop the tooth stays on one pallet, slides to and fro, and only takes.
        """
        scale = math.pi * self.inertia * self.frequency * max(amplitude, 1e-6) ** 2
        if amplitude <= self.ends:
            face = amplitude + min(amplitude, self.begins)
            lost = (self.back - self.impulse) * face + 2.0 * self.dead * max(amplitude - self.begins, 0.0)
            return -0.5 * lost / scale - self.decay
        lift = self.begins + self.ends
        work = self.impulse * lift - self.dead * (2.0 * amplitude - lift)
        return work / scale - self.decay

    def shift(self, amplitude: float) -> float:
        """Its frequency less that of small free swings [rad/s]: circular error and escapement error (Airy)."""
        out = -self.frequency * amplitude**2 / 16.0
        if amplitude > self.ends:
            arms = math.sqrt(amplitude**2 - self.begins**2) - math.sqrt(amplitude**2 - self.ends**2)
            out -= (self.impulse + self.dead) * arms / (math.pi * self.inertia * self.frequency * amplitude**2)
        return out

    @property
    def amplitude(self) -> float:
        """The steady amplitude on a rigid stand [rad]; 0 where it cannot run."""
        from scipy.optimize import brentq

        low = self.ends * (1.0 + 1e-9)
        return float(brentq(self.growth, low, 1.0)) if self.growth(low) > 0.0 else 0.0

    def relaxation(self) -> float:
        """Rate at which the amplitude comes back to its steady value [1/s]."""
        a, e = self.amplitude, 1e-6
        return -(self.growth(a * (1 + e)) - self.growth(a * (1 - e))) / (2 * e)

    def isochronism(self) -> float:
        """Change of frequency with the logarithm of the amplitude [rad/s]."""
        a, e = self.amplitude, 1e-6
        return (self.shift(a * (1 + e)) - self.shift(a * (1 - e))) / (2 * e)


def coupling(bob: float, w: float, *, mass: float, stiffness: float, damping: float) -> complex:
    """k of two clocks with such bobs on a cart whose whole mass (bobs too) is `mass` [1/s]."""
    return 0.5 * bob * w**3 / complex(stiffness - mass * w * w, damping * w)


def adler(swing: Swing, k: complex) -> float:
    """S in psi' = D + S sin psi, weak coupling [1/s]: above 0 opposed phases attract, below 0 equal ones."""
    return 2.0 * (abs(k.imag) - swing.isochronism() * k.real / swing.relaxation())


@dataclass(frozen=True, slots=True)
class Slow:
    """A run of the reduced model: times [s], phase (second less first, unwrapped) [rad], amplitudes [rad]."""

    time: Floats
    phase: Floats
    amplitude: Floats  # [n, 2]


def run(
    swings: tuple[Swing, Swing],
    k: complex,
    *,
    seconds: float,
    phase: float,
    amplitude: tuple[float, float] | None = None,
) -> Slow:
    """The averaged equations from a phase difference on (Runge-Kutta of fourth order)."""
    first, second = swings
    start = amplitude or (first.amplitude, second.amplitude)
    z = np.array([start[0], start[1] * np.exp(1j * phase)])
    apart = second.frequency - first.frequency
    n = max(int(math.ceil(seconds / STEP_S)), 2)
    h = seconds / n
    out = np.zeros((n + 1, 2), complex)
    out[0] = z

    def rate(z: np.ndarray) -> np.ndarray:
        a1, a2 = abs(z[0]), abs(z[1])
        pull = -1j * k * (z[0] + z[1])
        return np.array(
            [
                (first.growth(a1) + 1j * first.shift(a1)) * z[0] + pull,
                (second.growth(a2) + 1j * (second.shift(a2) + apart)) * z[1] + pull,
            ]
        )

    for i in range(n):
        a = rate(z)
        b = rate(z + 0.5 * h * a)
        c = rate(z + 0.5 * h * b)
        z = z + h / 6.0 * (a + 2 * b + 2 * c + rate(z + h * c))
        out[i + 1] = z
    turned = np.unwrap(np.angle(out[:, 1] * np.conj(out[:, 0])))
    turned += 2 * math.pi * round((phase - float(turned[0])) / (2 * math.pi))
    return Slow(np.linspace(0.0, seconds, n + 1), turned, np.abs(out))
