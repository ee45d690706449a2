"""Make heartwright/data/recorded-heart.npz: eight strokes of the heart, from the engine and a seed.

It plays in the studio while the kernels are compiled. Run from the root: python examples/make_recorded_heart.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import signal

from heartwright.design import Design
from heartwright.sound.stream import LATENCY_S
from heartwright.studio.frames import POSES_HZ, RATE_HZ
from heartwright.studio.work import EXTRAS, GoingWork

SECONDS, SEED = 8.0, 1
SOUND_HZ = 24_000.0
TARGET = Path(__file__).parent.parent / "heartwright" / "data" / "recorded-heart.npz"


def main() -> None:
    """Run, listen, and pack: angles and extras as 16-bit numbers with a scale for each column."""
    work = GoingWork.start(0, Design.load("heart"), seed=SEED)
    n = round(SECONDS * RATE_HZ)
    late = round(LATENCY_S * RATE_HZ)
    work.stream.noise_level = 0.0
    work.advance(SECONDS, n)
    found = work.poses()
    assert found is not None
    _, _, values = found
    ends = values[-1] + (values[-1] - values[-2])
    turns = np.round(ends - values[0], 9) * np.array([1.0] + [0.0] * (values.shape[1] - 1))  # the escape wheel goes on
    arbor = 3 + EXTRAS.index("arbor_angle")
    turns[arbor] = ends[arbor] - values[0, arbor]
    values = values - np.where(turns != 0.0, values[0], 0.0)
    scale = np.maximum(np.abs(values).max(axis=0), 1e-12) / 32767.0
    work.advance(LATENCY_S, late)
    sound = work.hear(n + late)[late:]
    sound = signal.resample_poly(sound, 1, round(RATE_HZ / SOUND_HZ))
    np.savez_compressed(
        TARGET,
        values=np.rint(values / scale).astype(np.int16),
        scale=scale.astype(np.float64),
        turns=turns.astype(np.float64),
        sound=np.rint(sound * 32767.0).astype(np.int16),
        hz=POSES_HZ,
        sound_hz=SOUND_HZ,
        rotors=np.array(work.live.rotors),
        extras=np.array(EXTRAS),
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e3:.0f} kB, {SECONDS:g} s")


if __name__ == "__main__":
    main()
