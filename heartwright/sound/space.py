"""`Space`: sources in a chamber, heard by somebody in it, on and on.

    space = Space([Source("web", (-2, 1.4, -1)), Source("heart", (0, 1.0, 0))], Chamber(), Listener())
    ears = space.block(pressures)      # [2, n] Pa at 1 m  ->  [2, n] Pa at the ears

Each source reaches each ear directly and by its first and second reflections (image sources), each path with its own
delay, distance, air, walls and direction; what comes later is one tail for all (`tail`). Sources beyond the
`own_echoes` that are heard best have a direct sound only and give their early echoes to the tail's bus. Sources that
stand close together may share their echoes: each is heard "directly", and their sum once more "by its echoes" from
their middle.

All delays, gains and filters of a path are one FIR. A path that changes is faded into its successor over `GRID`
samples of an absolute clock (echoes: four times that); so output does not depend on how it is cut into blocks, bit for
bit, and a source that glides is heard with its Doppler shift. A listener who moves or turns, and a change of air, fade
over `TURN` (echoes: four times that).

Level: a block is Pa; `loudness.Scale` makes it full scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heartwright.records import Floats, Ints
from heartwright.sound.air import Air
from heartwright.sound.chamber import Chamber, Images
from heartwright.sound.ears import NEAREST_M, Listener, Singles, hears
from heartwright.sound.paths import GRID, Bools, write
from heartwright.sound.tail import Tail
from heartwright.sound.ways import Glide, Group
from heartwright.work import Vector

TURN = 2048  # samples
ECHO_TURN = 4 * TURN
PIECE = 2048  # longest stretch done at once [samples]
OWN_ECHOES = 32
ECHO_GRID = 4 * GRID
DIRECT, BUS = 0, 3  # groups of paths; between them the first and the second reflections
FASTEST_M_S = 5.0  # no source glides faster; what should, arrives later
TAPS = (64, 32, 16)  # of direct sound, first and second reflections
_MID_HZ = 1000.0
_ENTRIES = ((0.35, 1.0), (1.0, -1.0), (1.65, 1.0))  # into the tail: time over `tail.enters`, sign


WAYS = ("wholly", "directly", "by its echoes")


@dataclass(frozen=True, slots=True)
class Source:
    """Something that sounds: its name, its place in the room [m], a gain on its pressure, and what is heard of it:
    one of `WAYS` (late echoes go with the early ones)."""

    name: str
    place: Vector
    gain: float = 1.0
    heard: str = "wholly"

    def __post_init__(self) -> None:
        if self.heard not in WAYS:
            raise ValueError(f"{self.name}: heard {self.heard!r} given; {', '.join(WAYS)} are allowed")
        if not 0.0 <= self.gain <= 1e3:
            raise ValueError(f"{self.name}: gain {self.gain:g} given; 0 to 1000 is allowed; 1 is as loud as it is")


class Space:
    """A chamber with sources and a listener. `time` is in samples."""

    def __init__(
        self,
        sources: Sequence[Source],
        chamber: Chamber | None = None,
        listener: Listener | None = None,
        *,
        air: Air | None = None,
        rate_hz: float = 48_000.0,
        own_echoes: int = OWN_ECHOES,
        echoes: bool = True,
    ) -> None:
        """`echoes` False leaves the walls out: free field. Raises ValueError for what is outside, or named twice."""
        if not 32_000 <= rate_hz <= 192_000:
            raise ValueError(f"sample rate {rate_hz:g} Hz given; 32000 to 192000 Hz allowed; 48000 suits")
        self.chamber, self.listener = chamber or Chamber(), listener or Listener()
        self.air, self.rate_hz, self.own_echoes, self.echoes = air or Air(), rate_hz, own_echoes, echoes
        self.time = 0
        self.chamber.inside(self.listener.place, "listener")
        images = self.chamber.images(2)
        self._images = tuple(_only(images, images.order == order) for order in (1, 2)) if echoes else ()
        self._walls = tuple(self._wall_gains(i, n) for i, n in zip(self._images, TAPS[1:], strict=False))
        late, alike = self._late_after(images), self.listener.ears == "headphones"
        self.tail = Tail(self.chamber, self.air, rate_hz=rate_hz, alike=alike, late=late)
        longest = 3.0 * float(np.linalg.norm(self.chamber.size)) / 320.0 * rate_hz
        self._memory = int(longest + max(share for share, _ in _ENTRIES) * self.tail.enters) + TURN  # [samples]
        self._size = 1 << int(np.ceil(np.log2(self._memory + PIECE + GRID)))
        self.sources: list[Source] = []
        self._glides: list[Glide] = []
        self._set_up(list(sources))

    # ------------------------------------------------------------------------------------------ what is there

    def _set_up(self, sources: list[Source]) -> None:
        names = [s.name for s in sources]
        if len(set(names)) != len(names):
            raise ValueError(f"sources named {', '.join(names)}: each needs a name of its own")
        for source in sources:
            self.chamber.inside(source.place, source.name)
        n = len(sources)
        self.sources = sources
        self._glides = [Glide(0, 0, np.asarray(s.place, float), np.asarray(s.place, float)) for s in sources]
        self._ring = np.zeros((n, 2 * self._size), np.float32)
        paths = (1, *(len(i.hits) for i in self._images))
        steps = (GRID, ECHO_GRID, ECHO_GRID)
        self._groups = [Group(n, p, t, step=step) for p, t, step in zip(paths, TAPS, steps, strict=False)]
        self._groups += [Group(n, len(_ENTRIES), 8, step=ECHO_GRID, ears=1)] if self.echoes else []
        self._heard_until = np.full(n, -(1 << 60), np.int64)
        self._arrive = np.zeros(n, np.int64)
        self._rank = self._ranks()
        everyone = np.arange(n)
        for k, group in enumerate(self._groups):
            self._design(k, everyone, self.time, length=0)
            group.settle(everyone)

    def add(self, source: Source) -> None:
        """One more source, from now on. The others go on undisturbed."""
        self._keep([*self.sources, source])

    def remove(self, name: str) -> None:
        """Leave a source out from now on (what it said already is cut; let it fall silent first)."""
        self._keep([s for s in self.sources if s.name != self.sources[self.index(name)].name])

    def _keep(self, sources: list[Source]) -> None:
        """Set up anew, and take over what goes on under the same name."""
        names, glides, ring = [s.name for s in self.sources], self._glides, self._ring
        groups, heard, ranks = self._groups, self._heard_until, self._rank
        self._set_up(sources)
        for new, source in enumerate(sources):
            if source.name not in names:
                continue
            was = names.index(source.name)
            self._glides[new], self._ring[new], self._heard_until[new] = glides[was], ring[was], heard[was]
            self._arrive[new] = glides[was].end
            for group, before in zip(self._groups, groups, strict=True):
                group.adopt(new, before, was)
                group.stale[new] |= self._near(int(self._rank[new])) != self._near(int(ranks[was]))

    def index(self, name: str) -> int:
        names = [s.name for s in self.sources]
        if name not in names:
            raise ValueError(f"no source {name!r}; there are: {', '.join(names) or 'none'}")
        return names.index(name)

    def place_of(self, name: str) -> Floats:
        """Where a source is now [m]."""
        return self._glides[self.index(name)].at(self.time)

    def gain_of(self, name: str) -> float:
        """Pressure where one listens over that at 1 m: direct sound and diffuse field at 1 kHz, by power."""
        return float(self.gains()[self.index(name)])

    def gains(self) -> Floats:
        """`gain_of` of each source; 0 of one that is but the echoes of others, for whom they count already."""
        diffuse = 0.0
        if self.echoes:
            echo = float(self.chamber.reverberation_s(np.array([_MID_HZ]), self.air)[0])
            diffuse = 4.0 * np.pi * self.air.speed_m_s / self.chamber.volume_m3 * echo / (6.0 * np.log(10.0))
        at = np.array([glide.at(self.time) for glide in self._glides]).reshape(-1, 3)
        away = np.maximum(NEAREST_M, np.linalg.norm(at - np.asarray(self.listener.place), axis=1))
        own = np.array([0.0 if s.heard == "by its echoes" else s.gain for s in self.sources])
        return np.asarray(own * np.sqrt(away**-2.0 + diffuse))

    # ------------------------------------------------------------------------------------------ moving

    def move(self, name: str, place: Vector, *, seconds: float = 0.1) -> None:
        """Let a source glide to a place [m]; it takes `seconds`, or as long as 5 m/s need."""
        self.chamber.inside(place, name)
        s = self.index(name)
        origin, goal = self._glides[s].at(self.time), np.asarray(place, float)
        takes = max(seconds, float(np.linalg.norm(goal - origin)) / FASTEST_M_S)
        start = -(-self.time // GRID) * GRID
        self._glides[s] = Glide(start, start + max(GRID, round(takes * self.rate_hz)), origin, goal)
        self._arrive[s] = self._glides[s].end
        self.sources[s] = replace(self.sources[s], place=(float(goal[0]), float(goal[1]), float(goal[2])))
        self._rank_anew()

    def set_gain(self, name: str, gain: float) -> None:
        """Make a source louder or softer, faded over `TURN` samples (echoes: `ECHO_TURN`)."""
        s = self.index(name)
        self.sources[s] = replace(self.sources[s], gain=gain)
        for group in self._groups:
            group.stale[s] = True
        self._rank_anew()

    def listen(self, listener: Listener) -> None:
        """Hear from elsewhere, or look elsewhere; faded over `TURN` samples (echoes: `ECHO_TURN`)."""
        self.chamber.inside(listener.place, "listener")
        if listener.ears != self.listener.ears:
            raise ValueError(f"ears cannot change from {self.listener.ears} while it goes; make a new Space")
        self.listener = listener
        self._change_all()

    def set_air(self, air: Air) -> None:
        """Other air from now on. The late tail keeps the decay it began with."""
        self.air = air
        self._change_all()

    def _change_all(self) -> None:
        for group in self._groups:
            group.stale[:] = True
        self._rank_anew()

    def _near(self, rank: int) -> bool:
        """Whether a source of this rank has echoes of its own."""
        return rank < self.own_echoes

    def _rank_anew(self) -> None:
        """Who has echoes of their own; those for whom that changes fade over."""
        before, self._rank = self._rank, self._ranks()
        for group in self._groups:
            group.stale |= (before < self.own_echoes) != (self._rank < self.own_echoes)

    def _ranks(self) -> Ints:
        """0 for the source that is heard best, by gain over distance; last those that have no echoes."""
        here = np.asarray(self.listener.place)
        best = [
            np.inf if s.heard == "directly" else -s.gain / max(0.3, float(np.linalg.norm(np.asarray(s.place) - here)))
            for s in self.sources
        ]
        return np.asarray(np.argsort(np.argsort(best, kind="stable"), kind="stable"))

    # ------------------------------------------------------------------------------------------ sounding

    def block(self, pressures: Floats | Singles) -> Floats:
        """The next samples: [n_source, n] Pa at 1 m from each, to [2, n] Pa at the two ears.

        Raises ValueError for another number of sources and for what is not finite, naming the source.
        """
        x = np.atleast_2d(np.asarray(pressures))
        if x.ndim != 2 or x.shape[0] != len(self.sources):
            raise ValueError(f"pressures of shape {x.shape} given; [{len(self.sources)}, n] is wanted, a row a source")
        if not np.isfinite(x).all():
            bad = self.sources[int(np.argmin(np.isfinite(x).all(axis=1)))].name
            raise ValueError(f"{bad}: its sound holds NaN or infinity; mend the work that made it, or leave it out")
        out = np.zeros((2, x.shape[1]))
        done = 0
        while done < x.shape[1]:
            n = self._until_change(min(PIECE, x.shape[1] - done))
            out[:, done : done + n] = self._piece(x[:, done : done + n].astype(np.float32))
            done += n
        return out

    def _until_change(self, n: int) -> int:
        """Look whether filters change now, and how many samples can be done before they may again."""
        if self.time % GRID == 0:
            for k in range(len(self._groups)):
                self._look(k)
        grid = self.time + GRID - self.time % GRID
        for group in self._groups:
            changing = self._changing(group)
            if changing.any():
                ends = np.where(group.length[changing] > 0, group.start[changing] + group.length[changing], grid)
                n = min(n, max(int(ends.min()), grid) - self.time)
        return n

    def _changing(self, group: Group) -> Bools:
        return group.stale | (group.length > 0) | (group.until < self._arrive)

    def _look(self, k: int) -> None:
        """End the fades that are over; begin the next where sources move or something else changed."""
        group, now = self._groups[k], self.time
        over = np.flatnonzero(self._changing(group) & (now >= group.start + group.length))
        if not len(over):
            return
        group.settle(over)
        under_way = np.array([self._glides[s].start <= now and group.until[s] < self._glides[s].end for s in over])
        glides = over[under_way]
        turns = over[~under_way & group.stale[over]]
        if len(glides):
            self._design(k, glides, now + group.step, length=group.step)
        if len(turns):
            self._design(k, turns, now, length=TURN if k == DIRECT else ECHO_TURN)
            group.stale[turns] = False

    def _piece(self, x: Singles) -> Floats:
        n = x.shape[1]
        write(x, self.time, self._ring)
        loud = x.any(axis=1)
        self._heard_until[loud] = self.time + n
        live = self._heard_until > self.time - self._memory
        whole = -(-n // GRID) * GRID
        out, bus = np.zeros((2, whole), np.float32), np.zeros((1, whole), np.float32)
        for k, group in enumerate(self._groups):
            group.add(self._ring, self.time, live, bus if k == BUS else out)
        self.time += n
        heard = out[:, :n].astype(np.float64)
        return heard + self.tail.block(bus[0, :n].astype(np.float64)) if self.echoes else heard

    # ------------------------------------------------------------------------------------------ paths

    def _design(self, k: int, who: Ints, when: int, *, length: int) -> None:
        """Make the filters of group k that these sources have at a time, to be faded to over `length` samples."""
        group = self._groups[k]
        at = np.array([self._glides[s].at(when) for s in who]).reshape(-1, 3) - self.chamber.low
        here = np.asarray(self.listener.place) - self.chamber.low
        has = np.array([self._has(k, self.sources[s], int(self._rank[s])) for s in who], bool)
        group.taps[1, who[~has]] = 0.0
        heard, places = who[has], at[has]
        gain = np.array([self.sources[s].gain for s in heard])[:, None, None]
        if k == BUS:
            for s, distance in zip(heard, np.linalg.norm(places - here, axis=1), strict=True):
                self._set_bus(group, int(s), float(distance), self._near(int(self._rank[s])))
        elif k == DIRECT:
            self._set(group, heard, places[:, None, :] - here, gain * np.ones(group.n_tap // 2 + 1))
        else:
            images = self._images[k - 1]
            self._set(group, heard, images.sign * places[:, None, :] + images.shift - here, self._walls[k - 1] * gain)
        group.sounds[who] |= group.taps[1, who].any(axis=(1, 2, 3))
        group.start[who], group.length[who], group.until[who] = self.time, length, when

    def _has(self, k: int, source: Source, rank: int) -> bool:
        """Whether a source of this rank has paths of group k."""
        if k == DIRECT:
            return source.heard != "by its echoes"
        return source.heard != "directly" and (k == BUS or self._near(rank))

    def _set(self, group: Group, who: Ints, way: Floats, left: Floats) -> None:
        """Filters of the paths `way` [n, path, 3] of n sources, of which walls and gain left [n, path, frequency]."""
        n, paths = way.shape[:2]
        distance = np.linalg.norm(way, axis=2).ravel()
        towards = way.reshape(-1, 3) / np.maximum(distance, 1e-9)[:, None]
        offset, taps = hears(
            self.listener, towards=towards, distance=distance, left=left.reshape(n * paths, left.shape[-1]),
            air=self.air, rate_hz=self.rate_hz, n_tap=group.n_tap,
        )  # fmt: skip
        group.offset[1, who], group.taps[1, who] = offset.reshape(n, paths, 2), taps.reshape(n, paths, 2, group.n_tap)

    def _set_bus(self, group: Group, s: int, distance: float, near: bool) -> None:
        """When and how loudly a source enters the tail: never so that it is heard before its own direct sound.

        It enters in three parts about `tail.enters`, since echoes of many walls begin bit by bit. The tail's level is
        right for who enters then; earlier or later is by so much louder or softer as the chamber's sound falls.
        """
        decay = 6.0 * np.log(10.0) / float(self.chamber.reverberation_s(np.array([_MID_HZ]), self.air)[0])
        direct = distance / self.air.speed_m_s * self.rate_hz - float(self.tail.delays.min())
        group.taps[1, s] = 0.0
        for p, (share, sign) in enumerate(_ENTRIES):
            enters = max(share * self.tail.enters if near else 0.0, direct)
            gain = sign * float(np.exp(0.5 * decay * (self.tail.enters - enters) / self.rate_hz))
            gain *= self.sources[s].gain / np.sqrt(len(_ENTRIES))
            whole, part = int(enters), enters - int(enters)
            if near:
                group.offset[1, s, p, 0] = whole
                group.taps[1, s, p, 0, :2] = gain * (1.0 - part), gain * part
        if not near:
            group.offset[1, s] = whole
            group.taps[1, s, 0, 0, :2] = np.sqrt(len(_ENTRIES)) * np.array([gain * (1.0 - part), gain * part])

    def _wall_gains(self, images: Images, n_tap: int) -> Floats:
        """What the walls leave, at the frequencies of an FFT of n_tap, as means over the width of each."""
        step = self.rate_hz / n_tap
        fine = np.asarray((np.arange(n_tap * 8) + 0.5) * step / 16.0, float)
        power = self.chamber.reflected(images, fine) ** 2
        rows = [power[:, max(0, 16 * k - 8) : 16 * k + 8].mean(axis=1) for k in range(n_tap // 2 + 1)]
        return np.sqrt(np.stack(rows, axis=1))

    def _late_after(self, images: Images) -> float:
        """When echoes of more than two walls begin, were they to begin at once at their full density [samples].

        The energy of direct sound and echoes of one and two walls, walls that take nothing, as a mean over chance
        places, over the energy that comes in a second (`tail`).
        """
        rng = np.random.default_rng(1979)
        size = np.asarray(self.chamber.size)
        source, here = rng.random((2, 4000, 3)) * size
        few = (np.sum((source - here) ** 2, axis=1) + NEAREST_M**2) ** -1.0
        for sign, shift in zip(images.sign, images.shift, strict=True):
            few += np.sum((sign * source + shift - here) ** 2, axis=1) ** -1.0
        density = 4.0 * np.pi * self.air.speed_m_s / self.chamber.volume_m3
        return float(few.mean()) / density * self.rate_hz


def _only(images: Images, which: Floats) -> Images:
    return Images(images.sign[which], images.shift[which], images.hits[which])
