"""`Stream`: the sound of a work that runs on, block by block, as `render` would make it of the whole.

    stream = Stream(design, kind=design.kind, seed=1)
    stream.set_level(live.advance(2.0))        # the recorder's level, once; it is never touched again
    block = stream.block(1600, live.advance(1600 / 48_000))

The same body, the same banks of modes and the same draw for each tick as in `render`; what still rings at the end of a
block rings on in the next. Sound comes `LATENCY_S` late: a pressure wave is smoothed forwards and backwards, and that
needs what comes after. A piece may be spread over more or less time than it took (slow motion, fast motion): its
moments move apart or together and every ring keeps its pitch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from heartwright.records import Floats, Ints, Trace
from heartwright.sound import microphone
from heartwright.sound.body import Body, mode_pattern
from heartwright.sound.mix import CEILING, TICK_LEVEL, beat_edges, median_tick, patterns
from heartwright.sound.modes import SILENCE, Bank, bank, draw_gains, strike
from heartwright.sound.wallstream import WallStream

LATENCY_S = 0.020
SNR_DB = 46.0  # of the microphone's self-noise; `microphone` defines it
_SILENT_LEVEL = 1.0  # where nothing ticks at the start [full scale / N]
_LONGEST_RING_S = 2.0


class Stream:
    """The running sound of one work. `level` [full scale / N] is 0 until it is set."""

    def __init__(
        self,
        body: Any = None,
        *,
        kind: str = "",
        rate_hz: float = 48_000.0,
        seed: int = 1,
        snr_db: float | None = SNR_DB,
    ) -> None:
        self.body, self.kind = Body.of(body, kind=kind), kind
        self.rate_hz, self.seed, self.snr_db = rate_hz, seed, snr_db
        self.level, self.noise_level = 0.0, 0.0
        case, high_hz = self.body, self.body.microphone.high_hz
        self._ticks = bank(case.modes, contact_s=case.contact_s, high_hz=high_hz, rate_hz=rate_hz)
        self._blows = {
            kind: bank(case.low_modes + case.modes, contact_s=contact_s, high_hz=high_hz, rate_hz=rate_hz)
            for kind, contact_s in case.happening_contact_s.items()
        }
        self._latency = round(LATENCY_S * rate_hz)
        self._tail = round(_longest_ring((self._ticks, *self._blows.values())) * rate_hz) + 1
        self._ahead = np.zeros(self._latency + self._tail)
        self._walls = WallStream(case, rate_hz=rate_hz)
        self._corner = signal.butter(2, case.microphone.low_hz, "highpass", fs=rate_hz, output="sos")
        self._corner_state = np.zeros((len(self._corner), 2))
        self._variation, hiss = np.random.default_rng(seed).spawn(2)
        self._hiss = microphone.Hiss(corner_hz=case.microphone.noise_corner_hz, rate_hz=rate_hz, rng=hiss)
        self._patterns = np.zeros((0, 0))
        self._gains = np.zeros((0, 0))  # of the latest tick, [n_pair, n_mode]
        self._tick_from = -np.inf  # its first impact [s of the work]

    def set_level(self, trace: Trace) -> None:
        """Set the recorder's level by a piece of the work: its median tick peaks at -9 dBFS, and nothing clips.

        Where nothing ticks the level is that of the body, quiet.
        """
        edges = beat_edges(trace)
        tick = median_tick(trace, self.body, edges, self.rate_hz)
        if tick <= 0.0:
            self.level = self.level or _SILENT_LEVEL
            return
        trial = Stream(self.body, kind=self.kind, rate_hz=self.rate_hz, seed=self.seed, snr_db=None)
        clean = trial._force(round(trace.seconds * self.rate_hz), trace)
        top = float(np.max(np.abs(clean)))
        self.level = min(TICK_LEVEL / tick, 0.9 * CEILING / top)
        peak = microphone.median_peak(microphone.above_3_khz(clean, self.rate_hz), beat_edges(_at_zero(trace)))
        if self.snr_db is not None:
            self.noise_level = peak * 10.0 ** (-self.snr_db / 20.0) / self._hiss.rms_above_3_khz()

    def block(self, n: int, piece: Trace | None = None) -> NDArray[np.float32]:
        """The next `n` samples; what happens in `piece` is spread over the time that they take."""
        out = self._force(n, piece)
        if self.noise_level > 0.0:
            out = out + self.noise_level * self._hiss.take(n)
        return np.clip(out * self.level, -1.0, 1.0).astype(np.float32)

    def _force(self, n: int, piece: Trace | None) -> Floats:
        """The next `n` samples without noise and level: the signal of the contact microphone [N]."""
        if len(self._ahead) < self._latency + n + self._tail:
            self._ahead = np.concatenate([self._ahead, np.zeros(self._latency + n + self._tail - len(self._ahead))])
        if piece is not None and piece.seconds > 0.0:
            self._strike_impacts(piece, n)
            self._strike_happenings(piece, n)
        self._walls.add(self._ahead[: self._latency + n], n, piece, latency=self._latency)
        out = self._ahead[:n].copy()
        self._ahead = np.concatenate([self._ahead[n:], np.zeros(n)])
        out, self._corner_state = signal.sosfilt(self._corner, out, zi=self._corner_state)
        return np.asarray(out)

    def _heard_at(self, time_s: Floats, piece: Trace, n: int) -> Floats:
        """Times of the work [s] as times in the buffer [s]."""
        share = (time_s - piece.figures.get("started_s", 0.0)) / piece.seconds
        return (self._latency + share * n) / self.rate_hz

    def _strike_impacts(self, piece: Trace, n: int) -> None:
        impacts = piece.impacts
        if len(impacts) == 0 or not piece.pairs:
            return
        if len(self._patterns) != len(piece.pairs):
            self._patterns = patterns(piece.pairs, self.body, len(self._ticks.residues))
            self._gains = self._draw()
        gains, row = self._gains_for(impacts.time_s, 3600.0 / piece.nominal_bph)
        strike(
            self._ahead,
            self._ticks,
            time_s=self._heard_at(impacts.time_s, piece, n),
            impulse_ns=impacts.impulse_ns,
            gains=gains,
            row=(row * len(piece.pairs) + impacts.pair).astype(np.int64),
            rate_hz=self.rate_hz,
        )

    def _gains_for(self, time_s: Floats, beat_s: float) -> tuple[Floats, Ints]:
        """Gains of the ticks of these impacts, the one under way first, and which tick each impact belongs to."""
        rows, drawn = np.zeros(len(time_s), np.int64), [self._gains]
        for i, t in enumerate(time_s):
            if t - self._tick_from > 0.5 * beat_s:
                if np.isfinite(self._tick_from):
                    drawn.append(self._draw())
                self._tick_from = float(t)
            rows[i] = len(drawn) - 1
        self._gains = drawn[-1]
        return np.concatenate(drawn), rows

    def _draw(self) -> Floats:
        return draw_gains(self.body, self._patterns, n_tick=1, rng=self._variation)

    def _strike_happenings(self, piece: Trace, n: int) -> None:
        for kind, sound in self._blows.items():
            blows = [h for h in piece.happenings if h.kind == kind and h.strength > 0.0]
            if not blows:
                continue
            gain = 10.0 ** (self.body.pair_gain_db.get(kind, 0.0) / 20.0)
            strike(
                self._ahead,
                sound,
                time_s=self._heard_at(np.array([h.time_s for h in blows]), piece, n),
                impulse_ns=np.array([h.strength for h in blows]),
                gains=gain * mode_pattern(kind, len(sound.residues))[None, :],
                row=np.zeros(len(blows), np.int64),
                rate_hz=self.rate_hz,
            )


def _longest_ring(banks: tuple[Bank, ...]) -> float:
    """Time until the slowest mode of any bank has fallen to silence [s]."""
    slowest = min(float(-sound.poles[:-1].real.max()) for sound in banks)
    return float(min(_LONGEST_RING_S, -np.log(SILENCE) / slowest))


def _at_zero(trace: Trace) -> Any:
    """The trace's beats as if it began at 0, delayed as the stream delays them: what `beat_edges` looks at."""
    from dataclasses import replace

    shift = LATENCY_S - trace.figures.get("started_s", 0.0)
    return replace(trace, beats=replace(trace.beats, centre_s=trace.beats.centre_s + shift))
