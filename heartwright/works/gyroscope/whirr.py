"""What a spinning rotor sounds like, 1 m away [Pa].

- Once a turn: imbalance pulls at the stand with m e w^2, a skewed axis with (C - A) skew w^2 over the foot's radius.
  The foot answers as a mass on felt and speaks as a piston in a floor, p = rho S a / 2 pi r (morse1968, section 7.4).
- Balls: each passes the outer ring's waviness Z (1 - d/D) / 2 times a turn, and pulls with contact stiffness x waviness
  (harris2006); plain pivots pull twice a turn with a share of their friction.
- Air: the rim's turbulence is a dipole, power K rho U^6 S / c^3 (curle1955), in a band about 0.2 U / thickness.
- Blows: the frame is a ring, f_n ~ n (n^2 - 1) / sqrt(n^2 + 1) (rayleigh1894, section 233).
Pitch and level follow the spin. K, waviness, stiffness and the foot's felt are typical orders, not measured ones.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heartwright.records import Floats
from heartwright.work import G
from heartwright.works.gyroscope.body import AIR_DENSITY, Build

SOUND = 345.0  # speed of sound [m/s]
WAVINESS, STIFFNESS = 50e-9, 5e5  # of a small ball bearing's rings [m], [N/m]
BALL_SHARE = 0.3  # ball diameter over pitch diameter
PLAIN_SHARE = 0.1  # share of a plain pivot's friction that varies over a turn
FELT_HZ, FELT_Q = 60.0, 3.0  # the foot on its shelf
TURBULENCE = 1e-5  # K of a rim's edge
STROUHAL = 0.2
RING_Q = 300.0
BRASS = 8500.0, 1.0e11  # density [kg/m3], Young's modulus [Pa]
N_PARTIAL, N_MODE = 4, 3
SLOW = 50.0  # below this spin the bearing falls silent in proportion [rad/s]
_PIECE = 64  # samples over which a partial's pitch stands


class Whirr:
    """The going sound of one gyroscope; `rate_hz` may change from call to call."""

    def __init__(self, build: Build, *, seed: int) -> None:
        rng = np.random.default_rng([seed, 0x3417])
        self.build = build
        self.phase = rng.uniform(0.0, 2.0 * np.pi, N_PARTIAL)
        self.noise = np.array([rng.integers(1, 2**62)], dtype=np.uint64)
        self.band = np.zeros(2)
        self.modes = np.zeros(2 * N_MODE)  # re, im of each ring mode now [Pa]
        self.mode_hz = ring_hz(build)
        self.laws = laws(build)
        self.spin = 0.0

    def strike(self, impulse: float) -> None:
        """A blow of that impulse [N s] on the frame."""
        b = self.build
        mass = max(b.frame_mass, 0.05 * b.rotor_mass)
        area = 2.0 * math.pi * b.frame_radius * wire(b)
        for k, hz in enumerate(self.mode_hz):
            # velocity impulse / mass, acceleration w times that, a piston's pressure, less what both sides cancel
            w = 2.0 * math.pi * hz
            short = min(1.0, w * wire(b) / SOUND)
            level = AIR_DENSITY * area * w * impulse / mass / (2.0 * math.pi) * short
            self.modes[2 * k + 1] += level / (k + 1.0)

    def heard(self, n: int, rate_hz: int, spin: float) -> NDArray[np.float32]:
        """The next n samples, over which the spin goes from what it was to `spin` [rad/s]."""
        out = np.zeros(n)
        if n > 0:
            _speak(self.laws, self.spin, spin, self.phase, self.band, self.noise, self.mode_hz, self.modes,
                   rate_hz, out)  # fmt: skip
        self.spin = spin
        return out.astype(np.float32)

    def partials(self, spin: float) -> Floats:
        """Angular frequency [rad/s] and rms pressure at 1 m [Pa] of each partial, shape (2, 4)."""
        out = np.zeros((2, N_PARTIAL))
        _partials(self.laws, abs(spin), out)
        return out

    def rush(self, spin: float) -> tuple[float, float]:
        """Middle of the air's band [Hz] and its rms pressure at 1 m [Pa]."""
        return abs(spin) * float(self.laws[-2]), abs(spin) ** 3 * float(self.laws[-1])


def laws(build: Build) -> Floats:
    """What the sound follows from, shape (12,): per partial its turns and its force [N], the imbalance's force over
    spin^2, the foot's pressure over force [Pa/N], and middle [Hz] and pressure [Pa] of the air over spin and spin^3."""
    b = build
    if b.balls:
        pulls, outer = STIFFNESS * WAVINESS, 0.5 * b.balls * (1.0 - BALL_SHARE)
        turns, forces = (1.0, 2.0, outer, 2.0 * outer), (0.0, 0.0, pulls, 0.3 * pulls)
    else:
        pulls = PLAIN_SHARE * b.bearing_friction * b.moving_mass * G
        turns, forces = (1.0, 2.0, 3.0, 4.0), (0.0, pulls, 0.5 * pulls, 0.3 * pulls)
    once = b.rotor_mass * b.imbalance + abs(b.axial - b.across) * b.skew / max(b.stand_radius, 1e-3)
    foot = AIR_DENSITY * math.pi * b.stand_radius**2 / max(b.stand_mass, 0.1 * b.rotor_mass) / (2.0 * math.pi)
    power = b.air * TURBULENCE * AIR_DENSITY * b.rotor_radius**6 * 2.0 * math.pi * b.rotor_radius**2 / SOUND**3
    level = math.sqrt(power * AIR_DENSITY * SOUND / (4.0 * math.pi))
    return np.array([*turns, *forces, once, foot, STROUHAL * b.rotor_radius / b.rotor_thickness, level])


@njit(cache=True)
def felt(hz: float) -> float:
    """Acceleration of the foot over that of a free mass."""
    x = hz / FELT_HZ
    return x * x / math.hypot(1.0 - x * x, x / FELT_Q)


def wire(build: Build) -> float:
    """Thickness of the frame's two rings, by their mass [m]."""
    mass = max(build.frame_mass, 0.05 * build.rotor_mass)
    return math.sqrt(4.0 / math.pi * mass / (BRASS[0] * 4.0 * math.pi * max(build.frame_radius, 1e-3)))


def ring_hz(build: Build) -> Floats:
    """The frame's first bending modes, n = 2, 3, 4 [Hz]."""
    n = np.arange(2, 2 + N_MODE)
    speed = math.sqrt(BRASS[1] / BRASS[0]) * 0.25 * wire(build) / max(build.frame_radius, 1e-3) ** 2
    return n * (n**2 - 1) / np.sqrt(n**2 + 1) * speed / (2.0 * np.pi)


@njit(cache=True)
def _partials(laws: Floats, spin: float, out: Floats) -> None:
    """Frequency [rad/s] and rms pressure [Pa] of each partial, out [2, 4]; laws [12]."""
    going = min(1.0, spin / SLOW)
    for k in range(N_PARTIAL):
        force = laws[N_PARTIAL + k] * going
        if k == 0:
            force += laws[2 * N_PARTIAL] * spin * spin
        out[0, k] = laws[k] * spin
        out[1, k] = laws[2 * N_PARTIAL + 1] * force * felt(out[0, k] / (2.0 * math.pi))


@njit(cache=True)
def _speak(
    laws: Floats, spin0: float, spin1: float, phase: Floats, band: Floats, noise: NDArray[np.uint64],
    mode_hz: Floats, modes: Floats, rate_hz: int, out: Floats,
) -> None:  # fmt: skip
    """out [n] += partials, air and ringing modes, while the spin goes from spin0 to spin1 [rad/s].

    laws [12]; phase [4], band [2], noise [1] and modes [2 n_mode] go on from call to call.
    """
    before, after = np.empty((2, N_PARTIAL)), np.empty((2, N_PARTIAL))
    _partials(laws, abs(spin0), before)
    _partials(laws, abs(spin1), after)
    speed = 0.5 * (abs(spin0) + abs(spin1))
    n = out.shape[0]
    for k in range(before.shape[1]):
        if before[1, k] <= 0.0 and after[1, k] <= 0.0:
            continue
        at = phase[k]
        start = 0
        while start < n:
            stop = min(start + _PIECE, n)
            share = 0.5 * (start + stop) / n
            step = ((1.0 - share) * before[0, k] + share * after[0, k]) / rate_hz
            here = (1.0 - start / n) * before[1, k] + start / n * after[1, k]
            there = (1.0 - stop / n) * before[1, k] + stop / n * after[1, k]
            rise = (there - here) / (stop - start)
            audible = 1.0 if step < 2.7 else 0.0
            c, s = math.cos(at), math.sin(at)
            tc, ts = math.cos(step), math.sin(step)
            for i in range(start, stop):
                out[i] += audible * (here + rise * (i - start)) * 1.4142135623730951 * s
                c, s = c * tc - s * ts, s * tc + c * ts
            at += step * (stop - start)
            start = stop
        phase[k] = at % 6.283185307179586
    w = 2.0 * math.pi * min(laws[2 * N_PARTIAL + 2] * speed, 0.45 * rate_hz) / rate_hz
    radius = math.exp(-0.35 * w)  # a band about as wide as it is high
    level = laws[2 * N_PARTIAL + 3] * speed**3
    if level > 0.0 and w > 0.0:
        # two poles, scaled so that white noise of unit variance comes out with unit variance
        a1, a2 = 2.0 * radius * math.cos(w), radius * radius
        gain = math.sqrt((1.0 - a2) * ((1.0 + a2) ** 2 - a1 * a1) / (1.0 + a2))
        y1, y2, word = band[0], band[1], noise[0]
        for i in range(n):
            word ^= word << np.uint64(13)
            word ^= word >> np.uint64(7)
            word ^= word << np.uint64(17)
            # uniform on -sqrt 3 .. sqrt 3
            drawn = (float(word >> np.uint64(11)) * 1.1102230246251565e-16 * 2.0 - 1.0) * 1.7320508075688772
            y = gain * drawn + a1 * y1 - a2 * y2
            y2, y1 = y1, y
            out[i] += level * y
        band[0], band[1], noise[0] = y1, y2, word
    for k in range(mode_hz.shape[0]):
        re, im = modes[2 * k], modes[2 * k + 1]
        if abs(re) + abs(im) < 1e-9:
            modes[2 * k] = modes[2 * k + 1] = 0.0
            continue
        turn = 6.283185307179586 * mode_hz[k] / rate_hz
        if turn > 2.7:
            continue
        shrink = math.exp(-0.5 * turn / RING_Q)
        c, s = shrink * math.cos(turn), shrink * math.sin(turn)
        for i in range(n):
            out[i] += re
            re, im = re * c - im * s, im * c + re * s
        modes[2 * k], modes[2 * k + 1] = re, im
