"""From a trace to a recording: impacts and pressures excite plate and case, a microphone hears them.

    audio = sound.render(trace, rate_hz=96_000, snr_db=40, seed=1)
    sound.write("beat.wav", audio, trace)

`sound` knows the trace and never the listener: it shares with `listen` only `records.Recording`.
"""

from heartwright.sound.body import Body, Microphone, Mode
from heartwright.sound.mix import render
from heartwright.sound.store import NotWritten, write

__all__ = ["Body", "Microphone", "Mode", "NotWritten", "render", "write"]
