"""Long recordings read piece by piece: one file or many segments, hours of them, in bounded memory.

A run of segments has one clock, which begins with the first sample. Each segment starts where it is told to (a table of
starts, or a date and time in its name), else where the one before it ended. A piece is a stretch of one channel of one
segment; it overlaps the piece before it, so that every beat lies whole in one of them.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from heartwright.listen.take import channels
from heartwright.listen.take.blocks import open_blocks
from heartwright.listen.take.decode import MEDIA_SUFFIXES, Samples, Unreadable
from heartwright.listen.take.files import check_rate
from heartwright.records import Recording

SOUND_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".caf", ".w64", ".rf64"}) | MEDIA_SUFFIXES
PIECE_S, OVERLAP_S = 60.0, 2.0
JOINED_S = 1.6  # starts written in whole seconds, this near the end of the segment before, mean that nothing is missing
WHOLE_SECOND_S = 0.3  # one sigma of a start written in whole seconds
EXACT_S = 2e-3  # of one written with decimals
_STAMP = re.compile(r"(?<!\d)(\d{4})-?(\d\d)-?(\d\d)[T _-]+(\d\d)[-:h.]?(\d\d)[-:m.]?(\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of the run; `start_s` is when it was begun, in seconds of the run, None: where the one before it ended."""

    path: Path
    start_s: float | None = None
    sigma_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of sound at `start_s` of the run [s]. `first` and `last` say that it begins or ends its segment.

    `seam` tells how a first piece follows what was before: "" (the very first), "joined" (nothing told, so nothing
    missing), or "gap" (its start is told, to `sigma_s`).
    """

    recording: Recording
    start_s: float
    segment: int
    first: bool
    last: bool
    seam: str = ""
    sigma_s: float = 0.0

    @property
    def end_s(self) -> float:
        return self.start_s + self.recording.seconds


@dataclass(frozen=True, slots=True)
class _Cut:
    """A piece as samples: where in its segment it begins, samples read so far, and the channel taken."""

    samples: Samples
    at: int
    first: bool
    last: bool
    read: int
    channel: channels.Channel


@dataclass
class Source:
    """Segments to be read as pieces of `piece_s` that overlap by `overlap_s`; `notes` fills up while reading."""

    segments: Sequence[Segment]
    channel: str = ""  # "left", "right", "mid" or a number from 1; "" takes the clearest of the first piece
    piece_s: float = PIECE_S
    overlap_s: float = OVERLAP_S
    notes: list[str] = field(default_factory=list)
    done: float = 0.0  # share of all bytes read so far
    start_utc: datetime | None = None  # of the run's beginning, where names or table tell it

    def pieces(self) -> Iterator[Piece]:
        """Every piece in order of time. Raises Unreadable where the first segment holds no sound."""
        sizes = [max(_size(s.path), 1) for s in self.segments]
        chosen: channels.Channel | None = None
        end_s = 0.0
        for index, segment in enumerate(self.segments):
            seam, start_s, sigma_s = self._start(index, segment, end_s)
            before = sum(sizes[:index])
            try:
                with open_blocks(segment.path) as blocks:
                    check_rate(segment.path, blocks.rate_hz)
                    for cut in self._cut(blocks.read, blocks.rate_hz, chosen):
                        chosen = cut.channel
                        share = cut.read / blocks.frames if blocks.frames else 0.5
                        self.done = (before + sizes[index] * min(share, 1.0)) / sum(sizes)
                        yield Piece(
                            Recording(cut.samples, blocks.rate_hz, source=segment.path.name),
                            start_s + cut.at / blocks.rate_hz,
                            index,
                            cut.first,
                            cut.last,
                            seam if cut.first else "",
                            sigma_s if cut.first else 0.0,
                        )
                        end_s = start_s + (cut.at + len(cut.samples)) / blocks.rate_hz
                    self.notes += [f"{segment.path.name}: {note}" for note in blocks.notes]
            except Unreadable as problem:
                if len(self.segments) == 1:
                    raise
                self.notes.append(str(problem))
        self.done = 1.0

    def _start(self, index: int, segment: Segment, end_s: float) -> tuple[str, float, float]:
        """How the segment follows the one before, its start and how well that is known [s]."""
        if index == 0:
            return "", 0.0, 0.0
        if segment.start_s is None:
            return "joined", end_s, 0.0
        missing = segment.start_s - end_s
        if abs(missing) < JOINED_S and segment.sigma_s > 10.0 * EXACT_S:
            return "joined", end_s, 0.0
        if missing < -3.0 * max(segment.sigma_s, EXACT_S):
            self.notes.append(
                f"{segment.path.name} begins {-missing:.1f} s before the segment before it ends: taken as joined; are "
                "the starts right?"
            )
            return "joined", end_s, 0.0
        return "gap", segment.start_s, segment.sigma_s

    def _cut(self, read: Callable[[int], Samples], rate_hz: float, channel: channels.Channel | None) -> Iterator[_Cut]:
        """Pieces of a stream of blocks."""
        size, overlap = int(self.piece_s * rate_hz), int(self.overlap_s * rate_hz)
        tail = np.zeros(0, dtype=np.float32)
        at = total = 0
        fresh: Samples = read(size)
        while len(fresh):
            if channel is None:
                channel = channels.choose(fresh, rate_hz, self.channel)
                self.notes += channel.notes
            mono = np.nan_to_num(channel.of(fresh), posinf=0.0, neginf=0.0)
            total += len(fresh)
            fresh = read(size - overlap)
            yield _Cut(np.concatenate([tail, mono]), at, at == 0, not len(fresh), total, channel)
            tail = np.concatenate([tail, mono])[-overlap:] if overlap else tail
            at = total - len(tail)


def segments(
    paths: Sequence[str | os.PathLike[str]], *, starts: Mapping[str, tuple[float, float]] | None = None
) -> tuple[list[Segment], datetime | None]:
    """The segments of files and folders in order of time, and when the first began (UTC), where it is told.

    A folder stands for the sound files in it. `starts` gives the start of a file by its name: (epoch or run seconds,
    sigma); without it a date and time in each of the names is taken, else the order of the names. Raises Unreadable.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = [p for p in path.iterdir() if p.suffix.lower() in SOUND_SUFFIXES and not p.name.startswith(".")]
            if not inside:
                raise Unreadable(f"{path}: no sound file in this folder; is it the right one?")
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise Unreadable(f"{path}: no such file; give a sound file, several, or a folder of them")
    if starts:
        missing = [p.name for p in found if p.name not in starts]
        if missing:
            raise Unreadable(f"the table of starts has no row for {missing[0]}; give one for each segment, or none")
        known = {p: starts[p.name] for p in found}
    else:
        stamps = {p: _stamp(p.name) for p in found}
        told = (
            len(found) > 1 and all(s is not None for s in stamps.values()) and len(set(stamps.values())) == len(found)
        )
        if not told:
            return [Segment(p) for p in sorted(found, key=_natural)], None
        known = {p: (s, WHOLE_SECOND_S) for p, s in stamps.items() if s is not None}
    order = sorted(found, key=lambda p: known[p][0])
    zero = known[order[0]][0]
    utc = datetime.fromtimestamp(zero, UTC) if zero > 1e8 else None
    return [Segment(p, known[p][0] - zero, known[p][1]) for p in order], utc


def read_starts(path: str | os.PathLike[str]) -> dict[str, tuple[float, float]]:
    """A table `name,start` (CSV, a header is allowed): start in seconds, or a date and time (UTC unless it says so).

    Raises Unreadable.
    """
    out: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(csv_rows(path)):
        if len(row) < 2 or (number == 0 and moment(row[1]) is None):
            continue
        begun = moment(row[1])
        if begun is None:
            raise Unreadable(
                f"{path}: row {number + 1}: {row[1]!r} is no time; write name,2026-11-26T08:00:00 or seconds"
            )
        exact = "." in row[1] or not re.search(r"[T:]", row[1])
        out[row[0]] = (begun, EXACT_S if exact else WHOLE_SECOND_S)
    if not out:
        raise Unreadable(f"{path}: no row name,start in it, e.g. part1.flac,2026-11-26T08:00:00.000")
    return out


def csv_rows(path: str | os.PathLike[str]) -> list[list[str]]:
    """Rows of a CSV file, cells stripped, empty rows and those that begin with # left out. Raises Unreadable."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise Unreadable(f"{path}: cannot be read as text ({problem}); give a CSV file") from None
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines())]
    return [row for row in rows if any(row) and not row[0].startswith("#")]


def moment(text: str) -> float | None:
    """Seconds from a number or a date and time (UTC unless it names a zone)."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _stamp(name: str) -> float | None:
    """The date and time in a file's name, as seconds."""
    found = _STAMP.search(name)
    if found is None:
        return None
    try:
        return datetime(*(int(g) for g in found.groups()), tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def _natural(path: Path) -> tuple[object, ...]:
    """Order in which part2 comes before part10."""
    return tuple((0, int(w), "") if w.isdigit() else (1, 0, w.lower()) for w in re.findall(r"\d+|\D+", path.name))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
