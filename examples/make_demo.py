"""Makes the synthetic watch that comes with the package: `heartwright listen demo`, and its truth beside it.

A 6497-class watch, dial up at full wind, out of beat by half a degree of collet and 8 s/d slow, heard for 24 s at
30 dB. Run it after a change of engine or sound: `python examples/make_demo.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile

import heartwright
from heartwright import Design, Edit, sound
from heartwright.works import movement

DATA = Path(heartwright.__file__).parent / "data"
SECONDS, RATE_HZ, SEED = 24.0, 44_100, 6497
LOSS_S_PER_DAY = 8.0


def make(folder: Path) -> Path:
    """Write demo-watch.flac (16 bit) and demo-watch.truth.json into `folder`; return the sound's path."""
    watch = Design.load("watch-6497")
    watch = Edit.of(watch, "oscillator.collet_offset", "0.5 deg").apply(watch)
    assert watch.oscillator.type == "balance"
    slower = watch.oscillator.stiffness * (1.0 - 2.0 * LOSS_S_PER_DAY / 86_400.0)
    watch = Edit.of(watch, "oscillator.stiffness", slower).apply(watch)
    trace = movement.run(watch, seconds=SECONDS, seed=SEED)
    audio = sound.render(trace, rate_hz=RATE_HZ, body=watch, snr_db=30.0, seed=SEED)
    target = folder / "demo-watch.flac"
    sound.write(target, audio, trace)
    part = folder / f".demo.{os.getpid()}.flac"
    soundfile.write(part, np.clip(audio.samples, -1.0, 1.0), RATE_HZ, subtype="PCM_16")
    part.replace(target)
    return target


if __name__ == "__main__":
    print(make(DATA))
