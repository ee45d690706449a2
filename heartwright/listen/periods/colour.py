"""What colours a series of beats: a memory, noise, and noise of times that are differenced.

    S(f) = A / (1 + (s / c)^2) + W + 4 B s^2,    s = sin(pi f), f in cycles a beat

A balance keeps what a tick gave it for Q / pi beats (its energy falls by 2 pi / Q a swing, two beats, and each impulse
is worth the same), so that ticks that differ at random make its amplitude a first-order autoregression; errors of
timing are white, and in steps from beat to beat blue. Fitted by Whittle's likelihood (whittle1953): powers of noise
follow an exponential law about S. Parameters are [ln A, ln c, ln W, ln B].
"""

from __future__ import annotations

import numpy as np

from heartwright.records import Floats

# Beats of a memory and one sigma of their logarithm: of a watch's balance (Q of 100 to 300 or so), and of anything.
MEMORIES = ((60.0, 0.5), (300.0, 2.0))
LOOSE = 3.0  # one sigma of the logarithms of the levels about where the search for them begins
_TRIED = (8.0, 25.0, 70.0, 200.0, 600.0)  # beats
_STEPS = 60
_LEAST = 1e-4  # of the power of the fast half: no part is less


def sines(bins: Floats, last: int) -> Floats:
    """s^2 at the bins of an FFT whose last bin, `last`, stands for half a cycle a beat."""
    return np.asarray(np.sin(0.5 * np.pi * bins / last) ** 2)


def corner(memory: float) -> float:
    """ln c of a memory of so many beats."""
    return float(np.log(0.5 / memory))


def logarithm(told: Floats, sine: Floats) -> Floats:
    """ln S [n]."""
    part = _parts(told, sine)
    return np.asarray(np.logaddexp(np.logaddexp(part[0], part[1]), part[2]))


def slopes(told: Floats, sine: Floats) -> Floats:
    """Derivatives of ln S by the parameters, columns [n, 4]."""
    share = np.exp(_parts(told, sine) - logarithm(told, sine))
    bend = share[0] * 2.0 * sine / (sine + np.exp(2.0 * told[1]))
    return np.column_stack([share[0], bend, share[1], share[2]])


def begin(power: Floats, number: Floats, sine: Floats) -> Floats:
    """Parameters to start from: for a few memories the likeliest levels, by updates that only raise the likelihood.

    `power` is the mean over `number` bins about `sine`, all [n], the slowest first.
    """
    high = float(np.average(power[sine > 0.5 * sine[-1]], weights=number[sine > 0.5 * sine[-1]]))
    least = _LEAST * high
    best, likeliest = np.zeros(4), -np.inf
    for memory in _TRIED:
        ln_c = corner(memory)
        part = np.array([1.0 / (1.0 + sine * np.exp(-2.0 * ln_c)), np.ones_like(sine), 4.0 * sine])
        level = np.array([max(float(power[:30].mean()), least), 0.5 * high, 0.25 * high])
        for _step in range(_STEPS):
            total = level @ part
            rise = (part @ (number * power / total**2)) / (part @ (number / total))
            level = np.maximum(level * np.sqrt(rise), least)
        total = level @ part
        likely = -float(np.sum(number * (np.log(total) + power / total)))
        if likely > likeliest:
            best, likeliest = np.array([np.log(level[0]), ln_c, np.log(level[1]), np.log(level[2])]), likely
    return best


def _parts(told: Floats, sine: Floats) -> Floats:
    """Logarithms of the three parts, [3, n]."""
    ln_a, ln_c, ln_w, ln_b = told
    return np.array([ln_a - np.log1p(sine * np.exp(-2.0 * ln_c)), np.full(len(sine), ln_w), ln_b + np.log(4.0 * sine)])
