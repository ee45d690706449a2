"""Run as a program: decode the first sound stream of a file with PyAV to Sun AU on the standard output.

    python pyav_stream.py FILE LONGEST_S

It stands alone (no import of heartwright) and in a process of its own, because a damaged AAC stream can bring PyAV down
with a segmentation fault (seen with 18.1.0), which must not take the listener with it.
"""

from __future__ import annotations

import struct
import sys


def stream(path: str, longest_s: float) -> int:
    """Write the samples as 32-bit big-endian floats, interleaved; returns the exit status."""
    import av

    out = sys.stdout.buffer
    width, rate, read = 0, 0, 0
    with av.open(path) as container:
        if not container.streams.audio:
            print("no sound stream", file=sys.stderr)
            return 1
        resampler = av.AudioResampler(format="fltp")
        for frame in container.decode(audio=0):
            for plain in resampler.resample(frame):
                block = plain.to_ndarray()
                if not width:
                    width, rate = block.shape[0], plain.sample_rate
                    out.write(b".snd" + struct.pack(">5I", 24, 0xFFFFFFFF, 6, rate, width))
                if block.shape[0] != width or plain.sample_rate != rate:
                    print("the stream changes its channels or its rate", file=sys.stderr)
                    return 1
                out.write(block.T.astype(">f4").tobytes())
                read += block.shape[1]
            if rate and read > longest_s * rate:
                break
    out.flush()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(stream(sys.argv[1], float(sys.argv[2])))
    except Exception as problem:
        print(str(problem).splitlines()[0] if str(problem) else type(problem).__name__, file=sys.stderr)
        sys.exit(1)
