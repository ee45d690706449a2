"""Filters, resampling, peaks and two distributions, in numpy and scipy.fft alone.

Why not scipy.signal and scipy.stats: importing them takes 0.8 s, more than listening to a minute does. What is here
gives the same numbers (tests compare). A recursive filter is applied by rows of samples, as products of matrices: what
a row holds answers within it by the filter's first answers to a click, and beyond it by what rings in each pole at its
end, which dies away from row to row. Poles must differ, as those of a Butterworth filter do.
Source: Butterworth prototype and bilinear transform as in any text (Oppenheim and Schafer, ch. 7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import irfft, next_fast_len, rfft

from heartwright.records import Floats, Ints

Kind = Literal["high", "low", "band"]
_ROW, _ROWS = 32, 512  # samples of a row of the recursion, and rows filtered at a time: they stay in the cache
_REAL = 1e-12  # imaginary part below which a pole is real
_PIECE = 1 << 13  # samples convolved at a time
_WIDEST = 160  # columns up to which resampling by rows costs less than by phases
_HUSH = 1e-9  # the ring of a filter is over when this is left of it
_LONG, _SOME, _SURE = 8192, 1024, 4.0  # values of which some are ranked first, how many, and sigmas they may be off by


@dataclass(frozen=True, slots=True)
class Filter:
    """A digital filter by its zeros, poles (of z) and gain, at `rate_hz`."""

    zeros: NDArray[np.complex128]
    poles: NDArray[np.complex128]
    gain: float
    rate_hz: float

    @property
    def ring(self) -> int:
        """Samples after which the response to a click has died away."""
        slowest = float(np.abs(self.poles).max())
        return int(np.ceil(np.log(_HUSH) / np.log(slowest))) + 8 if slowest > 0.0 else 8


def butter(order: int, cut_hz: float | tuple[float, float], kind: Kind, *, rate_hz: float) -> Filter:
    """Butterworth filter of `order` (a band-pass has twice as many poles), -3 dB at `cut_hz`."""
    pole = np.exp(1j * np.pi * (2 * np.arange(order) + order + 1) / (2 * order))
    warped = 2.0 * np.tan(np.pi * np.atleast_1d(cut_hz) / rate_hz)
    zeros = np.zeros(0, dtype=np.complex128)
    gain = 1.0
    if kind == "low":
        pole, gain = pole * warped[0], float(warped[0] ** order)
    elif kind == "high":
        pole, zeros = warped[0] / pole, np.zeros(order, dtype=np.complex128)
    else:
        width, middle = float(warped[1] - warped[0]), float(warped[0] * warped[1])
        half = 0.5 * width * pole
        root = np.sqrt(half**2 - middle)
        pole = np.concatenate([half + root, half - root])
        zeros, gain = np.zeros(order, dtype=np.complex128), width**order
    scale = np.prod(2.0 - zeros) / np.prod(2.0 - pole)
    z = np.concatenate([(2.0 + zeros) / (2.0 - zeros), -np.ones(len(pole) - len(zeros))])
    return Filter(z, (2.0 + pole) / (2.0 - pole), gain * float(np.real(scale)), rate_hz)


def apply(kernel: Filter, samples: ArrayLike, *, axis: int = -1) -> NDArray[Any]:
    """What the causal filter makes of `samples` from rest, same shape; float32 stays so, other types become float64."""
    x = np.moveaxis(np.asarray(samples), axis, -1)
    x = x if x.dtype == np.float32 else x.astype(np.float64)
    n = x.shape[-1]
    if x.size == 0:
        return x.copy()
    count = -(-n // _ROW)
    if n % _ROW:
        x = np.concatenate([x, np.zeros((*x.shape[:-1], count * _ROW - n), x.dtype)], axis=-1)
    rows = x.reshape(-1, _ROW)
    within, into, out_of, decay = _by_poles(kernel, x.dtype)
    rung = np.ascontiguousarray((rows @ into).T)  # a row for each pole: sums along them are long ones
    left = _left(rung.reshape(len(rung), -1, count), decay).reshape(len(rung), -1)
    y = np.empty(rows.shape, dtype=x.dtype)
    for at in range(0, len(rows), _ROWS):
        part = y[at : at + _ROWS]
        np.matmul(rows[at : at + _ROWS], within, out=part)
        part += left[:, at : at + _ROWS].T @ out_of
    return np.ascontiguousarray(np.moveaxis(y.reshape(x.shape)[..., :n], -1, axis))


def _by_poles(kernel: Filter, kind: np.dtype[Any]) -> tuple[NDArray[Any], ...]:
    """Matrices that filter rows of samples: within a row [row, row], into what rings in each pole at its end
    [row, 2 m], out of that into the next row [2 m, row] (real and imaginary parts), and its decay over a row [m].

    By partial fractions: the answer to a click is the gain, and from the next sample on a sum over poles of
    `share * pole**n`; of a conjugate pair one pole is kept.
    """
    share = [
        kernel.gain * np.prod(pole - kernel.zeros) / np.prod(pole - np.delete(kernel.poles, k))
        for k, pole in enumerate(kernel.poles)
    ]
    half = kernel.poles.imag > -_REAL
    pole = kernel.poles[half]
    share = np.where(pole.imag > _REAL, 2.0, 1.0) * np.array(share)[half]
    powers = pole[:, None] ** np.arange(_ROW)
    rung = share[:, None] * powers
    click = np.concatenate([np.zeros(_ROW - 1), [kernel.gain], rung.real.sum(axis=0)[:-1]])
    within = np.lib.stride_tricks.sliding_window_view(click, _ROW)[::-1]
    into, out_of = np.concatenate([powers.real, powers.imag])[:, ::-1].T, np.concatenate([rung.real, -rung.imag])
    matrices = (np.ascontiguousarray(part, dtype=kind) for part in (within, into, out_of))
    return (*matrices, (pole**_ROW).astype(np.result_type(kind, np.complex64)))


def _left(rung: NDArray[Any], decay: NDArray[Any]) -> NDArray[Any]:
    """What rings in the poles when each row begins, of what each row adds to it; both [2 m, n, n_row].

    Sums over one, two, four, ... rows before, as far as anything is left of them.
    """
    m, count = len(decay), rung.shape[2]
    out = np.zeros((m, *rung.shape[1:]), dtype=decay.dtype)
    out.real[:, :, 1:], out.imag[:, :, 1:] = rung[:m, :, :-1], rung[m:, :, :-1]
    back, decay = 1, decay[:, None, None]
    while back < count and np.abs(decay).max() > _HUSH:
        out[:, :, back:] += decay * out[:, :, :-back]
        decay, back = decay * decay, 2 * back
    return np.concatenate([out.real, out.imag])


def both_ways(kernel: Filter, samples: Floats) -> Floats:
    """Forward and backward, so that nothing is delayed; the ends are continued by point reflection, shape [n]."""
    edge = min(max(3 * len(kernel.poles) + 6, kernel.ring), len(samples) - 1)
    if edge < 1:
        return np.zeros(len(samples))
    head = 2.0 * samples[0] - samples[edge:0:-1]
    tail = 2.0 * samples[-1] - samples[-2 : -edge - 2 : -1]
    wide = np.concatenate([head, samples, tail])
    there = apply(kernel, wide)
    return apply(kernel, there[::-1])[::-1][edge : edge + len(samples)].copy()


def resample(samples: ArrayLike, up: int, down: int) -> NDArray[Any]:
    """`samples` [n] at `up / down` times their rate: Kaiser-windowed sinc (beta 5, ten zeros a side), in phase.

    Keeps float32; other types become float64.
    """
    x = np.asarray(samples)
    x = x if x.dtype == np.float32 else x.astype(np.float64)
    shared = int(np.gcd(up, down))
    up, down = up // shared, down // shared
    if up == down:
        return x.copy()
    most = max(up, down)
    half = 10 * most
    tap = np.arange(-half, half + 1) / most
    kernel = np.sinc(tap) * np.kaiser(2 * half + 1, 5.0)
    kernel *= up / kernel.sum()
    count = -(-len(x) * up // down)
    rows = -(-half // (up * down)) + 1
    if up * (2 * rows + 1) <= _WIDEST:
        return _by_rows(x, up, down, kernel, half, rows)[:count]
    reach = half // up + 1  # taps of one phase on either side
    padded = np.concatenate([np.zeros(reach, x.dtype), x, np.zeros(reach + 1, x.dtype)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    out = np.empty(count, dtype=x.dtype)
    lag = np.arange(-reach, reach + 1)
    for phase in range(min(up, count)):
        mine = np.arange(phase, count, up)
        middle, rest = divmod(mine[0] * down, up)
        at = half + rest - lag * up  # kernel index for each neighbour
        weight = np.where((at >= 0) & (at <= 2 * half), kernel[np.clip(at, 0, 2 * half)], 0.0).astype(x.dtype)
        out[mine] = windows[middle::down][: len(mine)] @ weight
    return out


def _by_rows(x: NDArray[Any], up: int, down: int, kernel: Floats, half: int, rows: int) -> NDArray[Any]:
    """Resampling as one product of matrices: rows of `down` samples give `up` samples of the result each.

    A sample of the result draws on `rows` rows before and after its own; their shares are added up.
    """
    count = -(-len(x) // down)
    grid = np.zeros(count * down, dtype=x.dtype)
    grid[: len(x)] = x
    before = np.arange(-rows, rows + 1)
    # kernel index of input sample (row + before, column) for result `phase` of a row
    at = half + np.arange(up)[None, :, None] * down - (before[:, None, None] * down + np.arange(down)) * up
    weight = np.where((at >= 0) & (at <= 2 * half), kernel[np.clip(at, 0, 2 * half)], 0.0).astype(x.dtype)
    shares = grid.reshape(count, down) @ weight.reshape(-1, down).T  # [row, (before, phase)]
    shares = shares.reshape(count, 2 * rows + 1, up)
    out = np.zeros((count, up), dtype=x.dtype)
    for k, shift in enumerate(range(-rows, rows + 1)):
        low, high = max(0, -shift), min(count, count - shift)
        if low < high:
            out[low:high] += shares[low + shift : high + shift, k]
    return out.ravel()


def convolve(samples: Floats, kernel: Floats) -> Floats:
    """Full linear convolution of two sequences, by pieces, shape [n + m - 1]."""
    n, m = len(samples), len(kernel)
    if n == 0 or m == 0:
        return np.zeros(max(n + m - 1, 0))
    step = n if n <= 8 * _PIECE or m > _PIECE else 4 * _PIECE
    length = next_fast_len(step + m - 1, True)
    spectrum = rfft(kernel, length)
    out = np.zeros(n + m - 1)
    for at in range(0, n, step):
        stop = min(len(out), at + length)
        out[at:stop] += irfft(rfft(samples[at : at + step], length) * spectrum, length)[: stop - at]
    return out


def peaks(
    values: Floats, *, height: float | None = None, prominence: float | None = None, distance: int | None = None
) -> Ints:
    """Indices of local maxima of `values` [n] (the middle of a flat one).

    Kept where they are at least `height`, clear of each other by `distance` samples (the higher stays) and prominent by
    `prominence`, in this order. What is no number counts as the lowest, what is infinite as +-1e300.
    """
    x = np.nan_to_num(np.asarray(values, dtype=np.float64), nan=-1e300, posinf=1e300, neginf=-1e300)  # ends are higher
    if len(x) < 3:
        return np.zeros(0, dtype=np.int64)
    step = np.sign(np.diff(x)).astype(np.int64)
    moving = np.flatnonzero(step)
    turn = np.flatnonzero((step[moving[:-1]] > 0) & (step[moving[1:]] < 0))
    found = (moving[turn] + 1 + moving[turn + 1]) // 2
    if height is not None:
        found = found[x[found] >= height]
    if distance is not None:
        found = _apart(x, found, distance)
    if prominence is not None:
        found = found[_prominence(x, found) >= prominence]
    return found.astype(np.int64)


def _apart(x: Floats, found: Ints, distance: int) -> Ints:
    """Peaks at least `distance` from any higher one that was kept."""
    keep = np.ones(len(found), dtype=bool)
    lows, highs = (np.searchsorted(found, found + step).tolist() for step in (1 - distance, distance))
    for j in np.argsort(x[found], kind="stable")[::-1].tolist():
        if keep[j]:
            keep[lows[j] : highs[j]] = False
            keep[j] = True
    return found[keep]


def _prominence(x: Floats, found: Ints) -> Floats:
    """How far each peak stands over the higher of the lowest points on the way to a higher peak or an end."""
    if not len(found):
        return np.zeros(0)
    walled = np.concatenate([[np.inf], x, [np.inf]])  # an end is as good as a higher peak
    base = np.full(len(found), -np.inf)
    for side in (-1, 1):
        lowest = np.empty(len(found))
        left, reach = np.arange(len(found)), 64
        while len(left):  # look further and further for what is higher
            peak = found[left] + 1
            away = np.arange(reach + 1)
            at = np.minimum(np.maximum(peak[:, None] + side * away, 0), len(x) + 1)
            values = walled[at]
            higher = values > x[found[left]][:, None]
            stop = np.argmax(higher, axis=1)
            ends = higher[np.arange(len(left)), stop]
            before = away < np.where(ends, stop, reach + 1)[:, None]
            lowest[left] = np.where(before, values, np.inf).min(axis=1)
            left = left[~ends]
            reach *= 4
        base = np.maximum(base, lowest)
    return x[found] - base


# ------------------------------------------------------------------------------------------------ distributions


def median(values: NDArray[Any]) -> float:
    """Median of a long sequence [n] without NaN: numpy's own takes some eight times as long."""
    part, k = _parted(values, len(values) // 2)
    return float(part[k]) if len(values) % 2 else 0.5 * (float(part[k]) + float(part[:k].max()))


def quantile(values: NDArray[Any], share: float) -> float:
    """The value below which a `share` of a long sequence [n] without NaN lies, between two of them in proportion."""
    place = share * (len(values) - 1)
    part, k = _parted(values, int(place))
    low, above = float(part[k]), place - int(place)
    return low + above * (float(part[k + 1 :].min()) - low) if above > 0.0 else low


def _parted(values: NDArray[Any], k: int) -> tuple[NDArray[Any], int]:
    """Values [n] parted at the `k`-th smallest (from 0), or those near it, and its place in them.

    Of many, some tell between which values it and its neighbours lie; only these are parted (Floyd & Rivest 1975).
    """
    if len(values) > _LONG:
        some = np.sort(values[:: len(values) // _SOME])
        place, off = k * len(some) / len(values), 0.5 * _SURE * float(np.sqrt(len(some)))
        low, high = some[max(int(place - off), 0)], some[min(int(place + off) + 1, len(some) - 1)]
        near, less = values[(values >= low) & (values <= high)], int(np.count_nonzero(values < low))
        if less < k < less + len(near) - 1:
            values, k = near, k - less
    return np.partition(values, k), k


def medians(rows: NDArray[Any]) -> NDArray[Any]:
    """Median of each column of rows [n, m] without NaN."""
    n = len(rows)
    return np.asarray(np.sort(rows, axis=0)[(n - 1) // 2 : n // 2 + 1].mean(axis=0))


def mad(values: NDArray[Any]) -> float:
    """Robust scatter of a long sequence [n]: its median absolute departure, of unit size for a normal law."""
    return 1.4826 * median(np.abs(values - values.dtype.type(median(values))))


def student_tail(t: ArrayLike, freedom: float) -> Floats:
    """Chance that Student's t exceeds `t`."""
    from scipy.special import stdtr

    return np.asarray(stdtr(freedom, -np.asarray(t, dtype=np.float64)))


def student_quantile(p: float, freedom: float) -> float:
    """Student's t below which a share `p` lies."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, p))


def normal_tail(z: ArrayLike) -> Floats:
    """Chance that a normal variable exceeds `z` sigmas."""
    from scipy.special import ndtr

    return np.asarray(ndtr(-np.asarray(z, dtype=np.float64)))


def chi2_quantile(p: float, freedom: float) -> float:
    """Chi squared below which a share `p` lies."""
    from scipy.special import gammaincinv

    return float(2.0 * gammaincinv(0.5 * freedom, p))
