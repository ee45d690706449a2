"""Impacts to sound in closed form, at their exact times.

An impact is a half-sine force of duration t_c. It passes a mode, then the microphone and its anti-alias filter (an
elliptic analogue low-pass of order 8: flat to 0.42 of the rate, -33 dB at 0.5, -80 dB from 0.59). A half sine is a sine
switched on at t0 and the same sine switched on again at t0 + t_c, which cancels the first; and the whole chain is
rational. So the answer to each switching is a sum of damped exponentials, y(t) = Re sum_m c_m exp(s_m (t - t0)), one
for each pole of the modes and of the filter, plus the sine itself while the contact lasts; c_m are residues. Evaluated
at any t it is exact and band-limited, and no time is ever rounded to a sample.

Filter prototype: scipy.signal.ellip; residues by the product formula for simple poles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import signal

from heartwright.records import Floats, Ints
from heartwright.sound.body import FORCE_RAD_S, Body, Mode

Complexes = NDArray[np.complex128]

_BAND_EDGE = 0.42  # pass band of the anti-alias filter as a fraction of the rate
SILENCE = 3e-6  # a ring is cut when it has fallen to this fraction of the loudest impact (-110 dB)


@dataclass(frozen=True, slots=True)
class Bank:
    """The answer of a set of modes to a contact of unit impulse.

    `poles` [n_pole] [1/s], the last one that of the force itself; `residues` [n_mode, n_pole]; `delay_s` is that of
    the filter at low frequency, taken out of every sound.
    """

    poles: Complexes
    residues: Complexes
    contact_s: float
    delay_s: float


def bank(modes: tuple[Mode, ...], *, contact_s: float, high_hz: float, rate_hz: float) -> Bank:
    """The poles and residues of `modes` behind a microphone that reaches to `high_hz`, for one contact duration [s]."""
    kept = tuple(m for m in modes if m.frequency_hz < 0.48 * rate_hz)
    edge = 2.0 * np.pi * min(high_hz, _BAND_EDGE * rate_hz)
    zeros, roots, gain = signal.ellip(8, 0.1, 80.0, edge, analog=True, output="zpk")
    omega = 2.0 * np.pi * np.array([m.frequency_hz for m in kept])
    decay = omega / (2.0 * np.array([m.q for m in kept]))
    damped = np.sqrt(omega**2 - decay**2)
    level = FORCE_RAD_S * 10.0 ** (np.array([m.gain_db for m in kept]) / 20.0)
    force_rad_s = np.pi / contact_s
    poles = np.concatenate([-decay + 1j * damped, roots[roots.imag > 0.0], [1j * force_rad_s]])

    def without(p: complex, all_roots: Complexes) -> complex:
        return complex(np.prod((p - all_roots)[np.abs(all_roots - p) > 1e-9 * abs(p)]))

    residues = np.zeros((len(kept), len(poles)), np.complex128)
    for k in range(len(kept)):
        denominators = np.concatenate([[poles[k], poles[k].conjugate()], roots, [1j * force_rad_s, -1j * force_rad_s]])
        numerator = gain * level[k] * damped[k] * 0.5 * force_rad_s**2
        for i, p in enumerate(poles):
            if i == k or i >= len(kept):
                residues[k, i] = 2.0 * numerator * np.prod(p - zeros) / without(p, denominators)
    delay = float(np.sum(1.0 / zeros).real - np.sum(1.0 / roots).real)
    return Bank(poles, residues, contact_s, delay)


def strike(
    out: Floats, sound: Bank, *, time_s: Floats, impulse_ns: Floats, gains: Floats, row: Ints, rate_hz: float
) -> None:
    """Add to `out` [n_sample] the rings of impacts [n_impact]; `gains` [n_row, n_mode], `row` [n_impact] picks one."""
    if len(time_s) == 0 or gains.shape[1] == 0:
        return
    coefficients = gains @ sound.residues
    loudest = float(np.max(np.abs(impulse_ns) * np.max(np.abs(coefficients), axis=1)[row]))
    if loudest <= 0.0:
        return
    start = time_s - sound.delay_s
    floor = SILENCE * loudest
    _ring(start, impulse_ns, row, coefficients, sound.poles, sound.contact_s, floor, rate_hz, out)
    coefficients[:, -1] = 0.0
    _ring(start + sound.contact_s, impulse_ns, row, coefficients, sound.poles, sound.contact_s, floor, rate_hz, out)


@njit(cache=True, fastmath=True)
def _ring(
    time_s: Floats,
    impulse_ns: Floats,
    row: Ints,
    coefficients: Complexes,
    poles: Complexes,
    contact_s: float,
    silence: float,
    rate_hz: float,
    out: Floats,
) -> None:
    """out [n_sample] += sum of Re c exp(s (t - t0)); coefficients [n_row, n_pole], poles [n_pole], last undamped."""
    n_sample = out.shape[0]
    dt = 1.0 / rate_hz
    for i in range(time_s.shape[0]):
        first = max(0, int(np.ceil(time_s[i] * rate_hz)))
        if first >= n_sample:
            continue
        late = first * dt - time_s[i]
        for m in range(poles.shape[0]):
            c = impulse_ns[i] * coefficients[row[i], m]
            size = abs(c)
            if size <= silence:
                continue
            if m == poles.shape[0] - 1:
                n = int(np.floor((contact_s - late) * rate_hz)) + 1 if late <= contact_s else 0
            else:
                n = int(np.log(size / silence) / (-poles[m].real * dt)) + 1
            n = min(n, n_sample - first)
            z = c * np.exp(poles[m] * late)
            turn = np.exp(poles[m] * dt)
            # a two-term real recursion: y[k] = 2 Re(turn) y[k-1] - |turn|^2 y[k-2]
            a = 2.0 * turn.real
            b = -(turn.real * turn.real + turn.imag * turn.imag)
            before = (z / turn).real
            now = z.real
            for k in range(first, first + n):
                out[k] += now
                before, now = now, a * now + b * before


def draw_gains(body: Body, patterns: Floats, *, n_tick: int, rng: np.random.Generator) -> Floats:
    """Gains of every contact at every tick, shape [n_tick * n_pair, n_mode], from patterns [n_pair, n_mode].

    Level (dB) and shape (each mode's gain) are drawn once for each tick and contact, never for each micro-bounce, so
    that a finer run of the same movement is heard with the same variation.
    """
    n_pair, n_mode = patterns.shape
    drawn = rng.standard_normal((n_tick, n_pair, 1 + n_mode))
    level = 10.0 ** (body.level_sd_db * drawn[:, :, :1] / 20.0)
    gains = patterns[None] * level * (1.0 + body.shape_sd * drawn[:, :, 1:])
    return gains.reshape(n_tick * n_pair, n_mode)
