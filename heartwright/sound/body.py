"""What rings: the modes of plate and case, how well each contact drives them, and the microphone.

Conventions. A mode answers an impulse J [N s] at t = 0 with g J W exp(-w t / 2Q) sin(w_d t), W = 2 pi 5 kHz: the
force-equivalent signal [N] of a contact microphone on the case; a wall force F [N] is heard as `wall_gain` F.
Only ratios matter: the level of a recording is set by `mix.render`.

The frequencies and ring times are typical of what is seen in recordings of watches (2.5-35 kHz, 0.2-2 ms); they are
chosen, not measured on one calibre. Contact durations are Hertz's for a sphere on a flat,
t_c = 2.87 (m^2 / (R E*^2 v))^(1/5) [johnson1985]: about 5 us for a lever of 5 mg mm2 landing at 0.1 m/s on R = 0.1 mm.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from heartwright.records import Floats

FORCE_RAD_S = 2.0 * np.pi * 5_000.0  # turns an impulse into the force its ring is compared with [1/s]


@dataclass(frozen=True, slots=True)
class Mode:
    """One resonance: frequency [Hz], quality factor, gain [dB]."""

    frequency_hz: float
    q: float
    gain_db: float = 0.0

    @property
    def ring_s(self) -> float:
        """Time in which the mode falls by a factor e [s]."""
        return self.q / (np.pi * self.frequency_hz)


@dataclass(frozen=True, slots=True)
class Microphone:
    """Band of the microphone [Hz] and the colour of its self-noise (corner above which the noise is white [Hz])."""

    low_hz: float = 40.0
    high_hz: float = 40_000.0
    noise_corner_hz: float = 500.0


@dataclass(frozen=True, slots=True)
class Body:
    """Everything between an impact and a sample.

    `pair_gain_db` is the coupling of each named contact (0 dB where absent); `happening_gain_db` that of the slow
    events, which strike with `happening_contact_s`; `wall_area_m2` turns a named pressure waveform into a force.
    """

    modes: tuple[Mode, ...]
    low_modes: tuple[Mode, ...] = ()
    contact_s: float = 5e-6
    pair_gain_db: Mapping[str, float] = field(default_factory=dict)
    happening_contact_s: Mapping[str, float] = field(default_factory=dict)
    wall_area_m2: Mapping[str, float] = field(default_factory=dict)
    wall_gain: float = 1.0
    wall_low_hz: float = 8.0
    wall_high_hz: float = 400.0
    microphone: Microphone = Microphone()
    level_sd_db: float = 1.0
    shape_sd: float = 0.1

    @classmethod
    def for_kind(cls, kind: str) -> Body:
        """The default body of a kind of movement (a watch where the kind is not known)."""
        return {"pendulum": CLOCK, "heart": HEART}.get(kind, WATCH)

    @classmethod
    def of(cls, source: Any, *, kind: str = "") -> Body:
        """The body that `source` describes: a Body, a design's sound table, a whole Design, or None for the default.

        Of a whole Design the dirt gives the variation from tick to tick and the pump the area of its bellows; what is
        not said is taken from the default of `kind`.
        """
        if isinstance(source, Body):
            return source
        base = cls.for_kind(getattr(source, "kind", kind))
        if source is None:
            return base
        if hasattr(source, "sound") and hasattr(source, "dirt"):
            body = cls.of(source.sound, kind=source.kind)
            areas = dict(body.wall_area_m2)
            if source.pump is not None:
                areas["chamber_pressure"] = float(source.pump.bellows_area)
            return replace(
                body, level_sd_db=source.dirt.sound_level, shape_sd=source.dirt.sound_shape, wall_area_m2=areas
            )
        modes = tuple(Mode(m.frequency, m.q, 20.0 * float(np.log10(m.gain))) for m in source.modes if m.gain > 0.0)
        return replace(
            base,
            modes=modes or base.modes,
            pair_gain_db={**base.pair_gain_db, **source.gains},
            microphone=replace(base.microphone, low_hz=source.microphone.low, high_hz=source.microphone.high),
            wall_gain=base.wall_gain * 10.0 ** (source.pump_radiation / 20.0),
        )


def mode_pattern(pair: str, n_mode: int) -> Floats:
    """How strongly a contact drives each mode, shape [n_mode]: sign and +-5 dB, fixed by the contact's name.

    The force of each contact acts at another place of the plate, so each has its own mixture of modes. The name's
    CRC-32 seeds the draw: the same contact sounds alike in every run and on every machine.
    """
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(pair.encode())))
    return np.where(rng.random(n_mode) < 0.5, -1.0, 1.0) * 10.0 ** (rng.uniform(-5.0, 5.0, n_mode) / 20.0)


def _modes(*rows: tuple[float, float, float]) -> tuple[Mode, ...]:
    return tuple(Mode(f, q, gain) for f, q, gain in rows)


WATCH = Body(
    modes=_modes(
        (2_900.0, 14.0, -12.7),
        (4_100.0, 16.0, -6.7),
        (5_600.0, 17.0, -3.0),
        (7_300.0, 18.0, -1.7),
        (9_200.0, 19.0, -1.7),
        (11_600.0, 20.0, -2.7),
        (14_300.0, 21.0, -4.9),
        (17_800.0, 22.0, -7.0),
        (22_500.0, 24.0, -9.9),
        (27_500.0, 25.0, -13.2),
        (34_000.0, 26.0, -17.3),
    )
)

CLOCK = Body(
    modes=_modes(
        (820.0, 20.0, -21.7),
        (1_270.0, 20.0, -13.9),
        (1_900.0, 22.0, -8.4),
        (2_750.0, 22.0, -6.2),
        (3_900.0, 24.0, -5.2),
        (5_400.0, 26.0, -5.3),
        (7_400.0, 28.0, -6.6),
        (10_200.0, 30.0, -8.8),
        (14_000.0, 32.0, -13.1),
    ),
    contact_s=40e-6,
    microphone=Microphone(low_hz=40.0, high_hz=20_000.0),
)

HEART = Body(
    modes=_modes(
        (1_600.0, 12.0, -18.9),
        (2_300.0, 14.0, -12.7),
        (3_200.0, 15.0, -7.9),
        (4_300.0, 16.0, -5.3),
        (5_700.0, 17.0, -4.9),
        (7_500.0, 18.0, -5.5),
        (9_800.0, 19.0, -7.2),
        (12_600.0, 20.0, -10.0),
        (16_200.0, 22.0, -12.8),
        (20_500.0, 24.0, -15.7),
    ),
    low_modes=_modes((110.0, 3.0, -36.0), (210.0, 4.0, -32.0), (430.0, 6.0, -30.0), (820.0, 9.0, -30.0)),
    contact_s=12e-6,
    happening_contact_s={"landing": 3e-3, "stop": 80e-6, "outlet_closes": 300e-6, "inlet_closes": 300e-6},
    wall_area_m2={"chamber_pressure": 6.0e-5, "artery_pressure": 1.0e-4},
    wall_gain=10.0,
    microphone=Microphone(low_hz=18.0, high_hz=30_000.0),
)
