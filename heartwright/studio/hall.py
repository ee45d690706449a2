"""The hall: all that sounds in the live room, as it is heard by who stands in it, in stereo.

    hall = Hall(plan)
    hall.stand("heart", Voice((0.0, 0.9, 0.0)))
    hall.attend("heart")                           # step up to it
    ears = hall.mix({"heart": pressures}, 1600)    # [2, 1600] within +-1

It is `sound.space` in the plan's chamber. Everybody hears from one place: `NEAR_M` before the work in focus, on the way
from the plan's listener to it; when the focus changes one walks there. They look into the room (-z), as the page does.
Works of one shelf share their echoes, which come from its middle; each has a direct sound of its own.

Level: full scale is a sine of `FULL_SCALE_SPL`, always. A mixing desk (`RoomPlan`, `mix_db` of each shelf) lowers what
would drown the rest, and what is in focus half as many decibels. Where all together would pass `LOUDEST` of full scale
they are turned down as a whole, and slowly up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from heartwright.records import Floats
from heartwright.sound.air import Air
from heartwright.sound.chamber import Chamber
from heartwright.sound.ears import Listener
from heartwright.sound.loudness import Scale
from heartwright.sound.space import Source, Space
from heartwright.studio.frames import RATE_HZ
from heartwright.work import Vector
from heartwright.works.symphony import LOWEST_HZ

if TYPE_CHECKING:
    from heartwright.design.room import RoomPlan

Singles = NDArray[np.float32]
FULL_SCALE_SPL = 54.0  # the heart, 48 dB at 1 m, peaks 9 dB below full scale
NEAR_M = 1.0  # from who listens to what is in focus
WALK_M_S, WALK_LEAST_S, WALK_MOST_S = 5.0, 0.4, 1.0  # a long walk is dear: all filters change
LOUDEST = 0.85  # share of full scale
RISE = 0.02  # of the way back, each block
FADE_S = 0.5  # of the desk
INSIDE_M = 0.05  # what a plan sets into a wall or beyond is heard from so far before it
TEMPERATURE_STEP = 1.0  # a smaller change of the air is not heard [K]


@dataclass(frozen=True, slots=True)
class Voice:
    """Where something sounds [m], on which shelf ("": on none), how many pascals a sample of 1 is at 1 m, and what the
    mixing desk makes of it out of focus and in focus."""

    place: Vector
    shelf: str = ""
    pascals: float = 1.0
    desk: float = 1.0
    near: float = 1.0


class Hall:
    """The running mix. `plain` is what was heard in the latest block without the chamber, in one channel [Pa]."""

    def __init__(self, plan: RoomPlan | None = None) -> None:
        air = Air(temperature_c=plan.temperature_c) if plan else Air()
        chamber = Chamber()
        if plan:
            size = (plan.chamber.width, plan.chamber.height, plan.chamber.depth)
            chamber = Chamber.echoing(size, plan.chamber.echo, air)
        self.home = self._within(chamber, plan.listener if plan else Listener().place)
        self.space = Space([], chamber, Listener(self.home), air=air, rate_hz=RATE_HZ)
        self.scale = Scale(FULL_SCALE_SPL)
        self.voices: dict[str, Voice] = {}
        self.focus = ""
        self.plain = np.zeros(0, np.float32)
        self._desk: dict[str, float] = {}  # of each voice now
        self._walk = Walk(self.home, self.home, 0.0)
        self._loud: Singles | None = None  # pressure where one listens over that at 1 m, by source; None: to be found
        self._high = signal.butter(2, LOWEST_HZ, "highpass", fs=RATE_HZ, output="sos")
        self._low = np.zeros((1, 2, 2))
        self._gain = 1.0

    # ------------------------------------------------------------------------------------------ what sounds

    def stand(self, key: str, voice: Voice, *, middle: Vector | None = None) -> None:
        """Let something sound here from now on; in place of what had its key. `middle`: of its shelf."""
        here = self._within(self.space.chamber, voice.place)
        if key in self.voices:
            self.leave(key)
        self.voices[key], self._desk[key] = replace(voice, place=here), voice.desk
        if voice.shelf and (echo := _echo_of(voice.shelf)) not in [s.name for s in self.space.sources]:
            place = self._within(self.space.chamber, middle or here)
            self.space.add(Source(echo, place, heard="by its echoes"))
        self.space.add(Source(key, here, heard="directly" if voice.shelf else "wholly"))
        self._loud = None
        if key == self.focus:
            self.attend(key)

    def leave(self, key: str) -> None:
        """It sounds no more."""
        del self.voices[key], self._desk[key]
        self.space.remove(key)
        self._loud = None

    def air(self, temperature_c: float) -> None:
        """Other air from now on, where that can be heard."""
        temperature = float(np.clip(temperature_c, -20.0, 50.0))
        if abs(temperature - self.space.air.temperature_c) >= TEMPERATURE_STEP:
            self.space.set_air(replace(self.space.air, temperature_c=temperature))

    # ------------------------------------------------------------------------------------------ who listens

    def attend(self, key: str) -> None:
        """Step up to a work; what does not sound here is attended to from the plan's place."""
        self.focus = key
        voice = self.voices.get(key)
        goal = self.home if voice is None else self._before(voice.place)
        here = self.space.listener.place
        if goal != self._walk.goal:
            way = float(np.linalg.norm(np.subtract(goal, here)))
            self._walk = Walk(here, goal, float(np.clip(way / WALK_M_S, WALK_LEAST_S, WALK_MOST_S)))

    def _before(self, place: Vector) -> Vector:
        """`NEAR_M` from a place towards the plan's listener."""
        way = np.subtract(self.home, place)
        far = float(np.linalg.norm(way))
        if far <= NEAR_M:
            return self.home
        return self._within(self.space.chamber, _vector(np.asarray(place) + NEAR_M / far * way))

    @staticmethod
    def _within(chamber: Chamber, place: Vector) -> Vector:
        low = chamber.low + INSIDE_M
        return _vector(np.clip(place, low, low + np.asarray(chamber.size) - 2.0 * INSIDE_M))

    # ------------------------------------------------------------------------------------------ sounding

    def mix(self, said: Mapping[str, Singles | Floats], n: int) -> Singles:
        """What is heard in the next `n` samples, [2, n] within +-1, of what each says; silence of who says nothing."""
        if not self._walk.over:
            self.space.listen(replace(self.space.listener, place=self._walk.on(n / RATE_HZ)))
            self._loud = None
        rows = np.zeros((len(self.space.sources), n), np.float32)
        at = {source.name: k for k, source in enumerate(self.space.sources)}
        for key, samples in said.items():
            voice = self.voices.get(key)
            if voice is None:
                continue
            row = self._faded(key, voice, n) * samples
            rows[at[key]] += row
            if voice.shelf:
                rows[at[_echo_of(voice.shelf)]] += row
        heard, self._low = signal.sosfilt(self._high, self.space.block(rows), axis=1, zi=self._low)
        if self._loud is None:
            self._loud = self.space.gains().astype(np.float32)
        self.plain = self._loud @ rows
        return self._turned_down(heard)

    def _faded(self, key: str, voice: Voice, n: int) -> Singles | np.float32:
        """What becomes pascals of a voice's next samples, past the desk: what comes into focus is faded up."""
        now, goal = self._desk[key], voice.near if key == self.focus else voice.desk
        step = n / (FADE_S * RATE_HZ) * abs(voice.near - voice.desk)
        then = min(goal, now + step) if goal > now else max(goal, now - step)
        self._desk[key] = then
        if then == now:
            return np.float32(voice.pascals * now)
        return (voice.pascals * np.linspace(now, then, n)).astype(np.float32)

    def _turned_down(self, pressure: Floats) -> Singles:
        size = np.abs(pressure).max(axis=0) * self.scale.per_pascal
        wanted = LOUDEST / max(float(np.max(size, initial=0.0)), LOUDEST)
        gain, by = self._gain + RISE * (wanted - self._gain), len(size)
        if wanted < self._gain:  # it is there before the first sample that would be too loud
            gain, by = wanted, max(1, int(np.argmax(size * self._gain > LOUDEST)))
        turned = pressure * np.interp(np.arange(len(size)), (0, by), (self._gain, gain))
        self._gain = gain
        return self.scale.apply(turned).astype(np.float32)


@dataclass(slots=True)
class Walk:
    """A way from one place to another, begun and ended gently."""

    origin: Vector
    goal: Vector
    seconds: float
    gone_s: float = 0.0

    @property
    def over(self) -> bool:
        return self.gone_s >= self.seconds

    def on(self, seconds: float) -> Vector:
        """Where one is so much later."""
        self.gone_s = min(self.seconds, self.gone_s + seconds)
        share = self.gone_s / self.seconds
        share *= share * (3.0 - 2.0 * share)
        return _vector((1.0 - share) * np.asarray(self.origin) + share * np.asarray(self.goal))


def _echo_of(shelf: str) -> str:
    return f"echo of {shelf}"


def _vector(values: Floats) -> Vector:
    return (float(values[0]), float(values[1]), float(values[2]))
