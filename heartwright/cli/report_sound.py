"""The sound of a report: at most half a minute, levelled for listening, packed into the page as a data URI."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from math import gcd
from typing import Final

import numpy as np
import soundfile
from scipy.signal import resample_poly

from heartwright.records import Floats, Recording

LONGEST_S: Final = 30.0
_LARGEST_BYTES: Final = 3_000_000
_PEAK: Final = 0.89  # -1 dB of full scale
_RATE_HZ: Final = 48_000
_WAYS: Final = (
    ("MP3", "MPEG_LAYER_III", "audio/mpeg"),
    ("OGG", "VORBIS", "audio/ogg"),
    ("FLAC", "PCM_16", "audio/flac"),
)


@dataclass(frozen=True, slots=True)
class Clip:
    """Packed sound: the stretch of the take that it holds [s], and where it can be played from."""

    start_s: float
    end_s: float
    uri: str
    gain_db: float

    def holds(self, time_s: float) -> bool:
        return self.start_s <= time_s <= self.end_s


def pack(recording: Recording, moments_s: tuple[float, ...]) -> Clip | None:
    """The half minute that holds most of `moments_s`; None where the sound is empty or no encoder takes it."""
    start = _start(recording.seconds, moments_s)
    first = int(start * recording.rate_hz)
    last = min(len(recording.samples), int((start + LONGEST_S) * recording.rate_hz))
    samples = np.nan_to_num(np.asarray(recording.samples[first:last], dtype=float), posinf=0.0, neginf=0.0)
    samples -= samples.mean() if len(samples) else 0.0
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak <= 0.0:
        return None
    samples, rate_hz = _at_most_48k(samples * (_PEAK / peak), recording.rate_hz)
    for container, coding, media in _WAYS:
        data = _encoded(samples, rate_hz, container, coding)
        if data is not None and len(data) <= _LARGEST_BYTES:
            uri = f"data:{media};base64,{base64.b64encode(data).decode('ascii')}"
            return Clip(start, start + len(samples) / rate_hz, uri, float(20.0 * np.log10(_PEAK / peak)))
    return None


def _start(seconds: float, moments_s: tuple[float, ...]) -> float:
    latest = max(0.0, seconds - LONGEST_S)
    offered = [0.0, *(min(max(0.0, t - 2.0), latest) for t in moments_s)]
    return max(offered, key=lambda s: (sum(s <= t <= s + LONGEST_S for t in moments_s), -s))


def _at_most_48k(samples: Floats, rate_hz: float) -> tuple[Floats, int]:
    rate = round(rate_hz)
    if rate <= _RATE_HZ:
        return samples, rate
    common = gcd(rate, _RATE_HZ)
    fewer = np.asarray(resample_poly(samples, _RATE_HZ // common, rate // common), dtype=float)
    return np.clip(fewer, -1.0, 1.0), _RATE_HZ


def _encoded(samples: Floats, rate_hz: int, container: str, coding: str) -> bytes | None:
    held = io.BytesIO()
    try:
        soundfile.write(held, samples, rate_hz, format=container, subtype=coding)
    except (soundfile.LibsndfileError, ValueError):
        return None
    return held.getvalue()
