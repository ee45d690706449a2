"""The late echo: a feedback delay network whose decay is the chamber's [jot1991].

Sixteen delay lines feed each other through a Hadamard matrix, which keeps energy; what is lost is lost in each line's
filter, whose decibels a second are those of the reverberation time at every octave: a gain and eight first-order
shelves, fitted in decibels. Delays are primes about the chamber's mean free path.

Level. Image sources of a box arrive ever denser but fainter: their energy per second is constant, 4 pi c / V of that at
1 m, but for the walls [kuttruff2009]. The tail has this level, and begins where the early echoes, which are rendered
one by one, leave off.

Ears in a diffuse field hear low notes alike and high ones each for itself: for headphones the two outputs are mixed so
that their coherence is 1 / (1 + (f / 275 Hz)^2), near that of a sphere of a head's size [lindevald1986].
"""

from __future__ import annotations

import numpy as np
from numba import njit

from heartwright.records import Floats, Ints
from heartwright.sound.air import Air
from heartwright.sound.chamber import Chamber

LINES = 16
SHELVES_HZ = (88.0, 177.0, 354.0, 707.0, 1414.0, 2828.0, 5656.0, 11_300.0)
ALIKE_HZ = 275.0
_SHORTEST, _LONGEST = 0.45, 2.3  # delays [mean free times]
_TINY = 1e-30


class Tail:
    """The running late echo of a chamber for one bus of sound [Pa at 1 m]."""

    def __init__(self, chamber: Chamber, air: Air, *, rate_hz: float, alike: bool, late: float) -> None:
        """`late`: when the echoes that are left to it begin, were they to begin at full density [samples]."""
        free = chamber.free_path_m / air.speed_m_s * rate_hz
        self.delays = _primes(np.geomspace(_SHORTEST * free, _LONGEST * free, LINES))
        self.rate_hz, self.alike = rate_hz, alike
        self._shelves, self._gains = _losses(chamber, air, self.delays, rate_hz)
        rng = np.random.default_rng(1991)
        self._into = np.where(rng.random(LINES) < 0.5, -1.0, 1.0)
        first = np.where(rng.random(LINES) < 0.5, -1.0, 1.0)
        second = first * np.where(np.arange(LINES) % 2 == 0, 1.0, -1.0)  # at right angles to the first
        self._out = np.stack([first, second])
        size = 1 << int(np.ceil(np.log2(self.delays.max() + 2)))
        self._lines = np.zeros((size, LINES))
        self._states = np.zeros((len(SHELVES_HZ), LINES))
        self._apart = np.zeros(4)
        self._clock = 0
        begins, rate = self._lossless()
        density = 4.0 * np.pi * air.speed_m_s / (chamber.volume_m3 * rate_hz)  # energy a sample, of that at 1 m
        self._out *= np.sqrt(density / rate * (1.0 if alike else 0.5))  # loudspeakers share the power
        self.enters = max(0.0, late - begins)  # when a sound is put on the bus, after it was made [samples]
        before, kept = _losses(chamber, air, np.array([self.enters]), rate_hz)
        self._before, self._kept = np.ascontiguousarray(before[:, :, 0]), float(kept[0])
        self._entered = np.zeros(len(before))

    def block(self, bus: Floats) -> Floats:
        """The late echo at two ears [2, n] of the next samples of the bus [n]."""
        out = np.zeros((2, len(bus)))
        _feed(
            bus, self._clock, self._kept, self._before, self._entered, self.delays, self._gains, self._shelves,
            self._into, self._out, self._lines, self._states, out,
        )  # fmt: skip
        self._clock += len(bus)
        pole = np.exp(-2.0 * np.pi * ALIKE_HZ / self.rate_hz)
        _part(out, pole, self.alike, self._apart)
        return out

    def _lossless(self) -> tuple[float, float]:
        """When the energy of the network without its losses would begin if it came evenly [samples], and how fast it
        comes [1/sample] from a unit impulse, at each output: a straight line through what has come."""
        n = 16 * int(self.delays.max())
        bus, out = np.zeros(n), np.zeros((2, n))
        bus[0] = 1.0
        _feed(
            bus, 0, 1.0, np.zeros((0, 3)), np.zeros(0), self.delays, np.ones(LINES), np.zeros((0, 3, LINES)),
            self._into, self._out, np.zeros_like(self._lines), np.zeros((0, LINES)), out,
        )  # fmt: skip
        come = np.cumsum(0.5 * (out**2).sum(axis=0))
        t = np.arange(int(self.delays.max()), n)
        rate, at_0 = np.polyfit(t, come[t], 1)
        return float(-at_0 / rate), float(rate)


def _primes(about: Floats) -> Ints:
    """Primes near given lengths, all of them different."""
    found: list[int] = []
    for length in about:
        k = max(7, int(length)) | 1
        while k in found or any(k % d == 0 for d in range(3, int(k**0.5) + 1, 2)):
            k += 2
        found.append(k)
    return np.array(found, np.int64)


def _losses(chamber: Chamber, air: Air, delays: Ints, rate_hz: float) -> tuple[Floats, Floats]:
    """Shelves [n_shelf, 3, n] (b0, b1, a1) and gains [n] of the filters of lines of these delays.

    A first-order shelf of g dB at low notes and none at high ones has a shape that hardly depends on g while g is
    small; so the shares of the shelves are found once, per sample of delay, and scaled to each line.
    """
    f = np.geomspace(88.0, 15_000.0, 24)
    wanted = -60.0 / (rate_hz * chamber.reverberation_s(f, air))  # dB a sample
    corners = [hz for hz in SHELVES_HZ if hz < 0.4 * rate_hz]
    shapes = np.array([_decibels(_shelf(np.ones(1), hz, rate_hz)[:, 0], f, rate_hz) for hz in corners])
    table = np.vstack([shapes, np.ones(len(f))]).T
    share = np.linalg.lstsq(table / wanted[:, None], np.ones(len(f)), rcond=1e-3)[0]
    shelves = np.stack([_shelf(share[k] * delays, hz, rate_hz) for k, hz in enumerate(corners)])
    return shelves, 10.0 ** (share[-1] * delays / 20.0)


def _shelf(gain_db: Floats, corner_hz: float, rate_hz: float) -> Floats:
    """First-order low shelves [3, n]: b0, b1, a1, half of their decibels at the corner (bilinear)."""
    root = 10.0 ** (np.asarray(gain_db) / 40.0)
    w = np.tan(np.pi * corner_hz / rate_hz)
    scale = 1.0 + w / root
    return np.stack([(1.0 + w * root) / scale, (w * root - 1.0) / scale, (w / root - 1.0) / scale])


def _decibels(shelf: Floats, f: Floats, rate_hz: float) -> Floats:
    z = np.exp(-2j * np.pi * f / rate_hz)
    return np.asarray(20.0 * np.log10(np.abs((shelf[0] + shelf[1] * z) / (1.0 + shelf[2] * z))))


@njit(cache=True, nogil=True)
def _feed(
    bus: Floats, clock: int, kept: float, before: Floats, entered: Floats, delays: Ints, gains: Floats,
    shelves: Floats, into: Floats, taken: Floats, lines: Floats, states: Floats, out: Floats,
) -> None:  # fmt: skip
    """bus [n], through the gain kept and the shelves before [n_shelf, 3] with states entered [n_shelf]; delays, gains,
    into [L]; shelves [n_shelf, 3, L]; taken [2, L]; lines [size, L] (a ring, size a power of two); states [n_shelf, L];
    out [2, n] is added to."""
    n_line = LINES
    mask = lines.shape[0] - 1
    scale = 1.0 / np.sqrt(n_line)
    y = np.zeros(n_line)
    for i in range(bus.shape[0]):
        at = clock + i
        x = kept * bus[i]
        for k in range(before.shape[0]):
            new = before[k, 0] * x + entered[k]
            entered[k] = before[k, 1] * x - before[k, 2] * new
            x = new
        for j in range(n_line):
            y[j] = gains[j] * lines[(at - delays[j]) & mask, j]
        for k in range(shelves.shape[0]):
            for j in range(n_line):
                new = shelves[k, 0, j] * y[j] + states[k, j]
                states[k, j] = shelves[k, 1, j] * y[j] - shelves[k, 2, j] * new
                y[j] = new
        left, right = 0.0, 0.0
        for j in range(n_line):
            left += taken[0, j] * y[j]
            right += taken[1, j] * y[j]
        out[0, i] += left
        out[1, i] += right
        for half in (8, 4, 2, 1):
            for first in range(0, n_line, 2 * half):
                for j in range(first, first + half):
                    a, b = y[j], y[j + half]
                    y[j], y[j + half] = a + b, a - b
        row = at & mask
        for j in range(n_line):
            value = scale * y[j] + into[j] * x
            lines[row, j] = value if abs(value) > _TINY else 0.0


@njit(cache=True, nogil=True)
def _part(out: Floats, pole: float, alike: bool, state: Floats) -> None:
    """Mix two independent signals out [2, n] to two ears, alike at low notes where asked, else independent.

    Middle and side have the powers (1 + k) / 2 and (1 - k) / 2, k = 1 / (1 + (f / corner)^2): one-pole filters whose
    powers add to one. state [4]: the low-passed middle and side.
    """
    root = np.sqrt(0.5)
    for i in range(out.shape[1]):
        middle, side = out[0, i], out[1, i]
        low_m, low_s = 0.0, 0.0
        if alike:
            state[0] = middle * (1.0 - pole) + pole * state[0]
            state[1] = side * (1.0 - pole) + pole * state[1]
            low_m, low_s = state[0], state[1]
        m = root * middle + (1.0 - root) * low_m
        s = root * (side - low_s)
        out[0, i], out[1, i] = m + s, m - s
