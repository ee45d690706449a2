"""A blow that others follow, timed against what they do to it.

Lock and impulse are followed within some tenths of a millisecond by louder or softer blows (banking, bounce, the jewel
on the other side of its notch) that ring into theirs and come at ever other times. Before the first of them comes the
blow is alone, and its own mixture of modes is all that varies: that part alone puts each beat where it belongs, without
bias from what follows. What the beats so aligned leave over later is then what the followers do, whatever they are:
its covariance is measured, in the directions that stand over the noise, and the whole window is used under it by
generalised least squares (Kay 1993, section 6.4). Each turn aligns the beats better and so tells the followers better.
A beat that the mean fits badly may stand a period of some mode beside it, and is looked for again near by.

Conventions as in `coherent`, rows are beats; but what whitens here looks back only, so that what follows stays behind.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heartwright.listen.timing import modal, waveforms
from heartwright.listen.timing.coherent import Complexes, Heard, Rows, Singles
from heartwright.listen.timing.modal import Modes, Whitener
from heartwright.listen.timing.onset.origin import Origin
from heartwright.records import Floats

TURNS = 3
MOST_DIRECTIONS = 20
AFTER_S = 1.2e-3  # of the window, after its zero: what comes later tells little of when the sound began
LATEST = 1.5  # samples that a beat moves in one turn
FEWEST = 12  # beats from which a covariance is learnt
LEAST_OWN, LEAST_LEAD = 5, 4  # samples of the blow alone, and before it
SHOWS, SURELY = 3, 6.0  # what follows shows in so many samples together, by so many sigmas of the beats' variance
MISFIT = 1.6  # squares that a beat leaves over beyond which it may have slipped [of most beats']
SLIPS = np.arange(-16.0, 16.1)  # how far a beat that slipped is looked for [samples]


@dataclass(frozen=True, slots=True)
class Model:
    """Level and shift of a beat (`basis` [2, n]) in noise and what `varies` [k, n], all white.

    `weights` [2, n] give them, `inverse` [2, 2] is their covariance for a beat of mean level.
    """

    basis: Floats
    varies: Floats
    small: Floats
    weights: Floats
    inverse: Floats

    @classmethod
    def of(cls, basis: Floats, varies: Floats) -> Model:
        """Least squares under the covariance I + varies^T varies (Woodbury's identity)."""
        small = np.asarray(np.linalg.inv(np.eye(len(varies)) + varies @ varies.T), dtype=np.float64)
        dual = basis - basis @ varies.T @ small @ varies
        inverse = np.asarray(np.linalg.inv(dual @ basis.T), dtype=np.float64)
        return cls(basis, varies, small, inverse @ dual, inverse)

    def misfit(self, white: Floats) -> Floats:
        """Squares that beats [n_beat, n] leave over under the covariance, [n_beat]."""
        left = white - (white @ self.weights.T) @ self.basis
        inner = left @ self.varies.T
        return np.asarray(np.einsum("ij,ij->i", left, left) - np.einsum("ij,ij->i", inner @ self.small, inner))


def refined(heard: Heard, quiet: Floats, origin: Origin, share: float, own_s: float) -> Heard:
    """The beats timed again.

    The blow begins at `origin`; its modes vary by `share` from beat to beat and it is alone for `own_s` [s] and for as
    long as nothing else shows. `quiet` are rows of noise.
    """
    rows, rate = heard.rows, heard.rows.rate_hz
    ok = np.flatnonzero(np.isfinite(heard.time_s))
    length = min(rows.length, rows.before + int(AFTER_S * rate))
    begun = rows.before + int(origin.start_s * rate)
    alone = min(max(begun + int(own_s * rate), begun + LEAST_OWN), length)
    if len(ok) < FEWEST or begun < LEAST_LEAD:
        return heard
    spectrum, at = rows.plain[ok], (heard.time_s - rows.expected_s)[ok] * rate
    moved = rows.shifted(spectrum, at, length)
    whiten = _whitener(moved[:, : begun - 2], quiet, origin.modes, length, rate)
    own = whiten((share * origin.parts(length, rows.before, rate)[: len(origin.modes)]).T).T
    level, varies = heard.level[ok], own[:, :alone]
    for turn in range(TURNS):
        white, whole = whiten(moved.T.astype(np.float64)).T, whiten(_basis(moved, level).T).T
        model = Model.of(whole[:, : varies.shape[1]], varies)
        found = white[:, : varies.shape[1]] @ model.weights.T
        level = np.maximum(found[:, 0], 0.1)
        step = np.clip(-found[:, 1] / level, -LATEST, LATEST)
        at = at + step - float(np.median(step))
        if turn == TURNS - 1:
            break
        misfit = model.misfit(white[:, : varies.shape[1]])
        slipped = misfit > MISFIT * float(np.median(misfit))
        if turn == 1 and slipped.any():
            at[slipped] = _caught(rows, spectrum[slipped], at[slipped], whiten, model)
        rest = _rest((white - found @ whole)[~slipped], own, model)
        alone = _until(rest, alone)
        varies = np.concatenate([own, _followers(rest, alone)])
        moved = rows.shifted(spectrum, at, length)
    time_s, sigma_s = np.full((2, len(heard.time_s)), np.nan)
    time_s[ok], sigma_s[ok] = rows.expected_s[ok] + at / rate, np.sqrt(model.inverse[1, 1]) / level / rate
    sway = 0.0
    if origin.later:
        stretched = whiten(origin.stretched(length, rows.before, rate))
        sway = -float(model.weights[1] @ stretched[: model.weights.shape[1]]) / rate
    return replace(heard, time_s=time_s, sigma_s=sigma_s, sway_s=sway)


def _whitener(before: Singles, quiet: Floats, modes: Modes, length: int, rate_hz: float) -> Whitener:
    """What makes noise, and what rings on from blows before (as it varies in `before` [n_beat, n]), white."""
    noise = modal.noise_covariance(quiet, length)
    power = float(np.mean((before - before.mean(axis=0)) ** 2)) - float(np.mean(quiet**2))
    older = modal.decay(modes, np.arange(length) / rate_hz)
    return Whitener.of(noise + max(power, 0.0) / len(modes) * older @ older.T)


def _basis(moved: Singles, level: Floats) -> Floats:
    """The mean beat and its slope, [2, n]."""
    wave = (level @ moved) / max(float(level @ level), 1e-30)
    return np.stack([wave, waveforms.slope(wave)])


def _caught(rows: Rows, spectrum: Complexes, at: Floats, whiten: Whitener, model: Model) -> Floats:
    """Where near `at` [n_beat] the mean beat fits best [samples]."""
    tried = at[:, None] + SLIPS
    moved = rows.shifted(np.repeat(spectrum, len(SLIPS), axis=0), tried.ravel(), len(whiten.factor))
    misfit = model.misfit(whiten(moved.T.astype(np.float64)).T[:, : model.basis.shape[1]]).reshape(tried.shape)
    return np.asarray(tried[np.arange(len(at)), np.argmin(misfit, axis=1)])


def _rest(left: Floats, own: Floats, model: Model) -> Floats:
    """What aligned beats leave over [n_beat, n] less what the blow's `own` mixture of modes is likely to have left."""
    shares = model.small[: len(own)] @ model.varies
    return np.asarray(left - left[:, : shares.shape[1]] @ shares.T @ own)


def _until(rest: Floats, alone: int) -> int:
    """The column from `alone` on where something else begins to show in the beats' variance."""
    power = np.convolve(np.mean(rest**2, axis=0), np.ones(SHOWS) / SHOWS, "valid")[alone:]
    shown = power > 1.0 + SURELY * np.sqrt(2.0 / (SHOWS * len(rest)))
    return alone + (int(np.argmax(shown)) if shown.any() else 0)


def _followers(rest: Floats, alone: int) -> Floats:
    """What comes after the column `alone` beyond the noise, as waveforms in shares of one sigma [k, n]."""
    later = rest[:, alone:]
    values, vectors = np.linalg.eigh(later.T @ later / len(later))
    keep = np.flatnonzero(values > waveforms.limit(rest.shape[1], len(rest)))[-MOST_DIRECTIONS:]
    out = np.zeros((len(keep), rest.shape[1]))
    out[:, alone:] = (vectors[:, keep] * np.sqrt(values[keep] - 1.0)).T
    return out
