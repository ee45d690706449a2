"""Listening: a sound file or a recording to a reading.

`load(path)` decodes a file, `measure(recording)` times its beats; `Unreadable` says why a file could not be read.
"""

from heartwright.listen.ear import measure
from heartwright.listen.take.files import Unreadable, load

__all__ = ["Unreadable", "load", "measure"]
