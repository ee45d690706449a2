"""`render`: everything a trace has that sounds, in one recording.

Level: the recorder is set once, as a person would, so that the median tick peaks at -9 dBFS; only a recording that
would clip is turned down as a whole, and its notes say so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from heartwright.records import Floats, Ints, Recording, Trace
from heartwright.sound import microphone
from heartwright.sound.body import Body, mode_pattern
from heartwright.sound.modes import bank, draw_gains, strike
from heartwright.sound.walls import radiate

TICK_LEVEL = 10.0 ** (-9.0 / 20.0)
CEILING = 10.0 ** (-0.3 / 20.0)
_SILENT_NOISE = 1e-3  # noise of a recording without a single beat [full scale]


def render(
    trace: Trace, *, rate_hz: float = 96_000, body: Any = None, snr_db: float | None = 40.0, seed: int | None = None
) -> Recording:
    """The recording a microphone on the case would make of `trace`.

    `body` is a `Body`, a design (its sound table, dirt and pump are used), a design's sound table alone, or None for
    the default of the trace's kind. `snr_db` is defined in `sound.microphone` (None: no noise). `seed` (the trace's
    where None) draws the variation from tick to tick and the noise: the same seed gives the same samples, bit for bit.
    Raises ValueError for a rate outside 44.1-192 kHz.
    """
    if not 44_100 <= rate_hz <= 192_000:
        raise ValueError(f"sample rate {rate_hz:g} Hz given; 44100 to 192000 Hz allowed; 96000 suits a watch")
    case = Body.of(body, kind=trace.kind)
    variation, noise = np.random.default_rng(trace.seed if seed is None else seed).spawn(2)
    edges = beat_edges(trace)
    clean = np.zeros(round(trace.seconds * rate_hz))
    _strike_impacts(clean, trace, case, edges, rate_hz, variation)
    tick = median_tick(trace, case, edges, rate_hz)
    _strike_happenings(clean, trace, case, rate_hz)
    radiate(clean, trace.waveforms, case, rate_hz=rate_hz)
    clean = microphone.low_corner(clean, case.microphone.low_hz, rate_hz)
    peak = microphone.median_peak(microphone.above_3_khz(clean, rate_hz), edges)
    hiss = None
    if snr_db is not None:
        hiss = microphone.self_noise(len(clean), corner_hz=case.microphone.noise_corner_hz, rate_hz=rate_hz, rng=noise)
        sample = microphone.above_3_khz(hiss[: int(10 * rate_hz)], rate_hz)
        rms = float(np.sqrt(np.mean(sample**2))) if len(sample) else 1.0
        hiss *= (peak * 10.0 ** (-snr_db / 20.0) if peak > 0.0 else 1.0) / rms
    return _set_level(clean, hiss, tick, rate_hz, trace.design_name)


def beat_edges(trace: Trace) -> Floats:
    """Times that part the beats [s], shape [n_beat + 1]: half-way between passages through the centre."""
    centre = trace.beats.centre_s[np.isfinite(trace.beats.centre_s)]
    if len(centre) < 2:
        period = 3600.0 / trace.nominal_bph if trace.nominal_bph > 0 else 1.0
        return np.arange(0.0, trace.seconds + period, period)
    middle = 0.5 * (centre[1:] + centre[:-1])
    return np.concatenate([[2 * centre[0] - middle[0]], middle, [2 * centre[-1] - middle[-1]]])


def _strike_impacts(
    out: Floats, trace: Trace, body: Body, edges: Floats, rate_hz: float, rng: np.random.Generator
) -> None:
    """Add every impact; its level and shape are those drawn for its contact at its tick."""
    impacts = trace.impacts
    if len(impacts) == 0 or not trace.pairs:
        return
    sound = bank(body.modes, contact_s=body.contact_s, high_hz=body.microphone.high_hz, rate_hz=rate_hz)
    n_mode = len(sound.residues)
    gains = draw_gains(body, patterns(trace.pairs, body, n_mode), n_tick=len(edges) + 1, rng=rng)
    tick = np.searchsorted(edges, impacts.time_s)
    row: Ints = (tick * len(trace.pairs) + impacts.pair).astype(np.int64)
    strike(out, sound, time_s=impacts.time_s, impulse_ns=impacts.impulse_ns, gains=gains, row=row, rate_hz=rate_hz)


def _strike_happenings(out: Floats, trace: Trace, body: Body, rate_hz: float) -> None:
    """Add the slow works' blows: each kind strikes all modes, low ones included, with its own contact duration."""
    for kind, contact_s in body.happening_contact_s.items():
        blows = [h for h in trace.happenings if h.kind == kind and h.strength > 0.0]
        if not blows:
            continue
        sound = bank(body.low_modes + body.modes, contact_s=contact_s, high_hz=body.microphone.high_hz, rate_hz=rate_hz)
        gain = 10.0 ** (body.pair_gain_db.get(kind, 0.0) / 20.0)
        strike(
            out,
            sound,
            time_s=np.array([h.time_s for h in blows]),
            impulse_ns=np.array([h.strength for h in blows]),
            gains=gain * mode_pattern(kind, len(sound.residues))[None, :],
            row=np.zeros(len(blows), np.int64),
            rate_hz=rate_hz,
        )


def median_tick(trace: Trace, body: Body, edges: Floats, rate_hz: float) -> float:
    """Median over beats of the peak of the loudest impact's sound, variation left out.

    Neither the pump nor the dirt sets the level: recordings of one movement differ by what it does, not by the seed.
    """
    impacts = trace.impacts
    if len(impacts) == 0 or not trace.pairs:
        return 0.0
    sound = bank(body.modes, contact_s=body.contact_s, high_hz=body.microphone.high_hz, rate_hz=rate_hz)
    peaks = np.zeros(len(trace.pairs))
    one = np.ones(1)
    for i, gains in enumerate(patterns(trace.pairs, body, len(sound.residues))):
        ring = np.zeros(round(0.02 * rate_hz))
        strike(
            ring,
            sound,
            time_s=1e-3 * one,
            impulse_ns=one,
            gains=gains[None],
            row=np.zeros(1, np.int64),
            rate_hz=rate_hz,
        )
        peaks[i] = np.max(np.abs(ring))
    loud = np.abs(impacts.impulse_ns) * peaks[impacts.pair]
    tick = np.searchsorted(edges, impacts.time_s)
    most = np.zeros(len(edges) + 1)
    np.maximum.at(most, tick, loud)
    return float(np.median(most[most > 0.0])) if np.any(most > 0.0) else 0.0


def patterns(pairs: tuple[str, ...], body: Body, n_mode: int) -> Floats:
    """Gains of every contact without dirt, shape [n_pair, n_mode]."""
    rows = [mode_pattern(p, n_mode) * 10.0 ** (body.pair_gain_db.get(p, 0.0) / 20.0) for p in pairs]
    return np.array(rows).reshape(len(pairs), n_mode)


def _set_level(clean: Floats, hiss: Floats | None, tick: float, rate_hz: float, name: str) -> Recording:
    """Scale to the recording's level and join the noise; never clips."""
    sound = clean if hiss is None else clean + hiss
    level = TICK_LEVEL / tick if tick > 0.0 else _SILENT_NOISE
    top = float(np.max(np.abs(sound))) * level if len(sound) else 0.0
    notes: tuple[str, ...] = ()
    if top > CEILING:
        notes = (f"turned down by {20 * np.log10(top / CEILING):.1f} dB so that the loudest sound does not clip",)
        level *= CEILING / top
    return Recording((sound * level).astype(np.float32), float(rate_hz), source=f"simulated {name}", notes=notes)
