"""Pressure inside a pump, heard through its walls.

A pressure p on a wall of area A is a force p A on the block that carries it. The block on its rest is stiff below its
suspension and breaks into panel modes above, between the two it is heard in proportion to the force: the model is flat
from `wall_low_hz` to `wall_high_hz` (second order below, fourth above) and silent outside. S1 and S2 are then the
20-200 Hz transients of the chamber's force as the inlet and the outlet shut.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy import signal
from scipy.interpolate import PchipInterpolator

from heartwright.records import Floats, Waveform
from heartwright.sound.body import Body

GRID_HZ = 4000.0


def radiate(out: Floats, waveforms: tuple[Waveform, ...], body: Body, *, rate_hz: float) -> None:
    """Add to `out` [n_sample] the sound of every waveform that `body` gives an area."""
    seconds = len(out) / rate_hz
    grid = np.arange(int(np.ceil(seconds * GRID_HZ)) + 3) / GRID_HZ
    force = np.zeros_like(grid)
    for wave in waveforms:
        area = body.wall_area_m2.get(wave.name, 0.0)
        if area > 0.0 and len(wave.time_s) > 3:
            inside = np.clip(grid, wave.time_s[0], wave.time_s[-1])
            force += area * PchipInterpolator(wave.time_s, wave.value)(inside)
    if not np.any(force):
        return
    low = signal.butter(2, body.wall_low_hz, "highpass", fs=GRID_HZ, output="sos")
    high = signal.butter(2, body.wall_high_hz, "lowpass", fs=GRID_HZ, output="sos")
    heard = signal.sosfiltfilt(high, signal.sosfilt(low, force - force[0]))
    _add_smoothly(body.wall_gain * heard, GRID_HZ / rate_hz, out)


@njit(cache=True)
def _add_smoothly(coarse: Floats, step: float, out: Floats) -> None:
    """out [n] += coarse [m] read every `step` of its samples by a cubic through four neighbours (Catmull-Rom)."""
    last = coarse.shape[0] - 3
    for i in range(out.shape[0]):
        x = i * step
        k = int(x)
        u = x - k
        k = min(max(k, 1), last)
        p0, p1, p2, p3 = coarse[k - 1], coarse[k], coarse[k + 1], coarse[k + 2]
        out[i] += p1 + 0.5 * u * (p2 - p0 + u * (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3 + u * (3.0 * (p1 - p2) + p3 - p0)))
