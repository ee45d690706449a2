"""`Symphony`: any set of works, advanced together and heard together by somebody in the room.

    symphony = Symphony([clock, web], {"clock": (-1, 1.2, -2), "web": (1, 1.5, -2)}, Listener())
    samples = symphony.block(1600)                  # live: [1600, 2] within +-1
    Symphony.of_room(room, plan)                    # works that stand on shelves and shake each other

What each work says (`Work.heard`, Pa at 1 m) goes through `sound.space` to the ears. Works go on in ticks of 16 ms of
their own time, whatever blocks are asked for, so the same seed gives the same bits. A work that fails, or whose sound
holds NaN, falls silent and is named in `troubles`; the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from heartwright.records import Floats
from heartwright.sound import discord as rough
from heartwright.sound.air import Air
from heartwright.sound.chamber import Chamber
from heartwright.sound.ears import Listener
from heartwright.sound.loudness import P0_PA, Scale
from heartwright.sound.space import Source, Space
from heartwright.work import STILL, Ground, Vector, Work
from heartwright.works.light import room_light

if TYPE_CHECKING:
    from heartwright.design.room import RoomPlan

TICK_S = 0.016
RATE_HZ = 48_000
KEPT_S = 1.0  # of what each work said, for `shares`
LOWEST_HZ = 16.0  # what lies below no ear hears and no loudspeaker gives
USUAL_SPL = 84.0  # what full scale stands for until somebody sets it


@dataclass(frozen=True, slots=True)
class Level:
    """How loud a work is where one listens: mean and peak [dB re 20 uPa], the gain from 1 m away, and what the mixing
    desk has in it [dB]."""

    spl_db: float
    peak_db: float
    gain: float
    desk_db: float = 0.0


class Stage(Protocol):
    """What lets works go on together: `works.coupled.Coupled`, or `Apart`."""

    @property
    def time(self) -> float: ...
    @property
    def works(self) -> Mapping[str, Work]: ...
    def advance(self, seconds: float) -> object: ...


class Voice(Protocol):
    """What is heard and is no work: the groaning of a shelf."""

    def heard(self, n: int, rate_hz: int) -> NDArray[np.float32]: ...


class Apart:
    """Works that share nothing but the air. Raises ValueError for two of one name."""

    def __init__(self, works: Sequence[Work], *, ground: Ground = STILL) -> None:
        names = [w.name for w in works]
        if len(set(names)) != len(names):
            raise ValueError(f"works named {', '.join(names)}: each needs a name of its own")
        self.works = {w.name: w for w in works}
        self.ground, self.time = ground, 0.0
        self.failed: dict[str, str] = {}

    def advance(self, seconds: float) -> None:
        self.time += seconds
        for name, work in self.works.items():
            if name in self.failed:
                continue
            try:
                work.advance(seconds, self.ground)
            except Exception as why:  # one work that cannot go on does not take the others with it
                self.failed[name] = str(why) or type(why).__name__


class Symphony:
    """The running sound of a room. `samples` counts what was made; `scale` is set once, by hand or `set_level`."""

    def __init__(
        self,
        works: Stage | Sequence[Work],
        places: Mapping[str, Vector],
        listener: Listener | None = None,
        *,
        chamber: Chamber | None = None,
        air: Air | None = None,
        rate_hz: int = RATE_HZ,
        scale: Scale | None = None,
        stems: bool = False,
        echoes: bool = True,
        besides: Mapping[str, Voice] | None = None,
        desk: Mapping[str, float] | None = None,
    ) -> None:
        """`stems`: keep what is heard of each work apart (a whole chamber for each); `besides`: what sounds and is no
        work; `desk`: what a mixing desk adds to each that is named [dB]. Raises ValueError for a work without a place,
        or a place outside the chamber."""
        self.stage: Stage = Apart(works) if isinstance(works, Sequence) else works
        self.voices: dict[str, Voice] = {**self.stage.works, **(besides or {})}
        lost = [name for name in self.voices if name not in places]
        if lost:
            raise ValueError(f"no place for {', '.join(lost)}; each work needs one, x, y, z in metres")
        self.places = {name: places[name] for name in self.voices}
        self.rate_hz, self.scale = rate_hz, scale or Scale(USUAL_SPL)
        self.desk = dict(desk or {})
        gains = {name: 10.0 ** (self.desk.get(name, 0.0) / 20.0) for name in self.places}
        sources = [Source(name, place, gains[name]) for name, place in self.places.items()]
        self.space = Space(sources, chamber, listener, air=air, rate_hz=rate_hz, echoes=echoes)
        self._alone = [Space([s], chamber, listener, air=air, rate_hz=rate_hz, echoes=echoes) for s in sources if stems]
        self.troubles: dict[str, str] = {}
        self.samples = 0
        self._begun = self.stage.time
        self._high = signal.butter(2, LOWEST_HZ, "highpass", fs=rate_hz, output="sos")
        self._low, self._low_apart = np.zeros((1, 2, 2)), np.zeros((1, len(self._alone), 2, 2))
        self._ready = np.zeros((2, 0))
        self._stems_ready = np.zeros((len(self._alone), 2, 0))
        self.stems = np.zeros((len(self._alone), 2, 0))  # Pa, of the block that was asked for last
        self._said = np.zeros((len(sources), round(KEPT_S * rate_hz)), np.float32)
        self._energy, self._loudest = np.zeros(len(sources)), np.zeros(len(sources))

    @property
    def has_stems(self) -> bool:
        return bool(self._alone) or not self.places

    @classmethod
    def of_room(
        cls, room: Stage, plan: RoomPlan, *, ears: str = "headphones", rate_hz: int = RATE_HZ,
        scale: Scale | None = None, stems: bool = False,
    ) -> Symphony:  # fmt: skip
        """The symphony of a room by its plan: its chamber, air, listener and mixing desk, each work where it stands,
        each shelf."""
        air = Air(temperature_c=plan.temperature_c)
        size = (plan.chamber.width, plan.chamber.height, plan.chamber.depth)
        places: dict[str, Vector] = {name: plan.place_of(name) for name in room.works}
        groaning: Mapping[str, Voice] = getattr(room, "groans", {})
        for name in groaning:
            x, y, z = plan.shelf(name).place
            places[f"{name} (shelf)"] = (x + 0.5 * plan.shelf(name).length, y, z)
        return cls(
            room,
            places,
            Listener(place=plan.listener, ears=ears),
            chamber=Chamber.echoing(size, plan.chamber.echo, air),
            air=air,
            rate_hz=rate_hz,
            scale=scale,
            stems=stems,
            besides={f"{name} (shelf)": voice for name, voice in groaning.items()},
            desk={name: db for name in room.works if (db := plan.shelf(plan.work(name).shelf).mix_db)},
        )

    # ------------------------------------------------------------------------------------------ sounding

    def pressures(self, n: int) -> Floats:
        """The next `n` samples at the two ears [2, n] [Pa]."""
        while self._ready.shape[1] < n:
            self._tick()
        out, self._ready = self._ready[:, :n], self._ready[:, n:]
        self.stems, self._stems_ready = self._stems_ready[:, :, :n], self._stems_ready[:, :, n:]
        return out

    def block(self, n: int) -> NDArray[np.float32]:
        """The next `n` samples [n, 2] within +-1."""
        return np.ascontiguousarray(self.scale.apply(self.pressures(n)).T, dtype=np.float32)

    def _tick(self) -> None:
        """Let the works go on by a tick, and mix what they say."""
        before = self.stage.time
        self.stage.advance(TICK_S)
        if self.stage.time <= before:  # a room that stands; its sound dies away
            self._begun -= TICK_S
        until = round((self.stage.time - self._begun) * self.rate_hz)
        n, self.samples = until - self.samples, until
        said = np.zeros((len(self.voices), n), np.float32)
        for k, (name, voice) in enumerate(self.voices.items()):
            said[k] = self._hear(name, voice, n)
        self._keep(said, until)
        self._energy += np.square(said, dtype=float).sum(axis=1)
        self._loudest = np.maximum(self._loudest, np.abs(said).max(axis=1, initial=0.0))
        heard, self._low = signal.sosfilt(self._high, self.space.block(said), axis=1, zi=self._low)
        self._ready = np.concatenate([self._ready, heard], axis=1)
        if self._alone:
            apart = np.stack([space.block(row[None]) for space, row in zip(self._alone, said, strict=True)])
            apart, self._low_apart = signal.sosfilt(self._high, apart, axis=2, zi=self._low_apart)
            self._stems_ready = np.concatenate([self._stems_ready, apart], axis=2)

    def _keep(self, said: NDArray[np.float32], until: int) -> None:
        """Remember what each work said, in a ring that ends at sample `until`."""
        size = self._said.shape[1]
        late = said[:, -size:]
        self._said[:, np.arange(until - late.shape[1], until) % size] = late

    @property
    def said(self) -> NDArray[np.float32]:
        """What each work said in the last second, [n_work, n] [Pa at 1 m]."""
        return np.roll(self._said, -self.samples % self._said.shape[1], axis=1)

    def _hear(self, name: str, work: Voice, n: int) -> NDArray[np.float32]:
        """What a work says in `n` samples [Pa at 1 m]; silence from one in trouble."""
        failed = getattr(self.stage, "failed", {}).get(name)
        if failed:
            self.troubles.setdefault(name, failed)
        if name in self.troubles:
            return np.zeros(n, np.float32)
        try:
            sound = np.asarray(work.heard(n, self.rate_hz), np.float32)
        except Exception as why:
            self.troubles[name] = str(why) or type(why).__name__
            return np.zeros(n, np.float32)
        if sound.shape != (n,) or not np.isfinite(sound).all():
            what = f"{sound.shape} samples instead of {n}" if sound.shape != (n,) else "NaN or infinity in its sound"
            self.troubles[name] = f"{what}: it is left out"
            return np.zeros(n, np.float32)
        return sound

    def set_level(self, *, seconds: float = 2.0, head_db: float = 6.0) -> Scale:
        """Set once what full scale stands for, by the loudest of the next `seconds`, which are not played."""
        peak = float(np.max(np.abs(self.pressures(round(seconds * self.rate_hz))), initial=0.0))
        self.scale = Scale.for_peak(peak, head_db=head_db)
        return self.scale

    # ------------------------------------------------------------------------------------------ telling

    def discord(self) -> float:
        """How rough the last second is: all works as loud as they are where one listens, before the chamber."""
        return rough.of_sound(self.loudness_of() @ self.said, self.rate_hz)

    def shares(self) -> rough.Shares:
        """Whose discord it is, in the last second: partials of each work, as loud as they are where one listens."""
        heard = self.said * self.loudness_of()[:, None].astype(np.float32)
        return rough.by_work(heard, list(self.places), self.rate_hz)

    def loudness_of(self) -> Floats:
        """What becomes of each work's pressure at 1 m where one listens [1]: direct sound and the room's together, past
        the desk."""
        return np.array([self.space.gain_of(name) for name in self.places])

    def levels(self) -> dict[str, Level]:
        """How loud each work, and each shelf that sounded, was since the start, where one listens, past the desk."""
        gains, count = self.loudness_of(), max(self.samples, 1)
        rows = zip(self.places, gains, self._energy, self._loudest, strict=True)
        return {
            name: Level(_db(gain**2 * energy / count), _db((gain * peak) ** 2), float(gain), self.desk.get(name, 0.0))
            for name, gain, energy, peak in rows
            if name in self.stage.works or energy > 0.0
        }

    @property
    def light(self) -> float:
        """How bright the room looks from where one listens."""
        return room_light(self.stage.works, self.places, self.space.listener.place)


def _db(square_pa: float) -> float:
    return 10.0 * float(np.log10(square_pa / P0_PA**2)) if square_pa > 0.0 else -np.inf
