"""Sessions: several readings of one watch, kept in one file, and the figures that need several of them.

`load(path)` and `save(session, path)` keep a `Session` (TOML, versioned, written whole or not at all; `SessionError`
says what is wrong with a file); `entry(reading, ...)` makes an entry of a reading; `summary(session)` gives X, D, DVH
and Di, `poise(session)` the balance's heavy side, `hands(session)` the hand rate beside the beat rate.
These are ISO-style figures of a short session, not a certificate [iso3159].
"""

from heartwright.sessions.dial import Hands, hands
from heartwright.sessions.figures import Summary, summary
from heartwright.sessions.model import DialReading, Entry, Session, Watch, entry
from heartwright.sessions.poise import Poise, poise
from heartwright.sessions.positions import Position
from heartwright.sessions.store import SessionError, load, new, save

__all__ = [
    "DialReading",
    "Entry",
    "Hands",
    "Poise",
    "Position",
    "Session",
    "SessionError",
    "Summary",
    "Watch",
    "entry",
    "hands",
    "load",
    "new",
    "poise",
    "save",
    "summary",
]
